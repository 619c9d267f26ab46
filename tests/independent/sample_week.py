"""Reads the files of `sample-data/` about the school's week: after-school service, timetable, day plans, exam calendar."""

import datetime
from pathlib import Path

from sample_files import GRADES, SUBJECTS, Broken, among, current, files, frame, moment, needed, sheet_rows

# What the data standard says of each service: whether it counts as after-school service.
SERVICES = {"作业辅导": True, "社团活动": True, "体育活动": True, "自主阅读": True, "晚自习": False}
LESSONS = SUBJECTS | {
    "体育与健康": "pe",
    "音乐": "music",
    "美术": "art",
    "信息科技": "it",
    "劳动": "labor",
    "综合实践活动": "practice",
}
KINDS = {"期中": "midterm", "期末": "final", "其他": "other"}


def stay(row):
    begin, end = moment(row["签到时间"]), moment(row["签退时间"]) if row["签退时间"] else None
    if end and end < begin:
        raise Broken
    return {
        "school": needed(row["学校标识码"]),
        "class": needed(row["班级"]),
        "grade": among(GRADES, row["年级"]),
        "student": needed(row["学籍号"]),
        "service": row["服务类型"],
        "counts": among(SERVICES, row["服务类型"]),
        "day": begin.date(),
        "starts": begin,
        "ends": end,
        "teacher": row["教师编号"] or None,
        "revision": 0,
    }


def stays(folder):
    rows = frame(files(folder, "after_school"), lambda path: sheet_rows(path, "utf-8"), stay)
    return current(rows, ["school", "student", "day", "service"])


def timetable(folder):
    return [
        {
            "school": row["学校标识码"],
            "class": row["班级"],
            "grade": GRADES[row["年级"]],
            "weekday": int(row["星期"]),
            "subject": LESSONS[row["学科"]],
            "starts": minutes(row["上课时间"]),
            "ends": minutes(row["下课时间"]),
        }
        for row in sheet_rows(Path(folder) / "timetable" / "课程表.csv", "utf-8")
    ]


def day_plans(folder):
    return [
        {
            "school": row["学校标识码"],
            "grade": GRADES[row["年级"]],
            "weekday": int(row["星期"]),
            "arrival": minutes(row["到校时间"]),
            "first_lesson": minutes(row["第一节课时间"]),
            "no_homework": row["无作业日"] == "是",
            "closes": minutes(row["作业系统关闭时间"]) if row["作业系统关闭时间"] else None,
        }
        for row in sheet_rows(Path(folder) / "day_plan" / "作息安排.csv", "utf-8")
    ]


def exam_plans(folder):
    return [
        {
            "school": row["学校标识码"],
            "grade": GRADES[row["年级"]],
            "exam": row["考试编号"],
            "kind": KINDS[row["考试类型"]],
            "subject": SUBJECTS[row["学科"]],
            "day": datetime.date.fromisoformat(row["考试日期"]),
            "registered": row["是否备案"] == "是",
        }
        for row in sheet_rows(Path(folder) / "exam_plan" / "考试安排.csv", "utf-8")
        if row["全年级统一"] == "是"
    ]


def teaching(folder):
    return [
        {"school": r["学校标识码"], "class": r["班级编号"], "grade": GRADES[r["年级"]], "teacher": r["工号"]}
        for r in sheet_rows(Path(folder) / "teaching" / "任课表.csv", "utf-8-sig")
    ]


def minutes(text):
    """Minutes after midnight of `HH:MM`."""
    return int(text[:2]) * 60 + int(text[3:])
