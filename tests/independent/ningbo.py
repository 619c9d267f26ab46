"""The figures of the Ningbo records, computed from the raw files: `ningbo.py DATA OUT`.

Writes OUT/exam_scores.json and OUT/chengji.json (exam/summary) and OUT/kaoqin.json (attendance/incidents).
"""

import sys
from pathlib import Path

import pandas as pd
from exams import standardise, summary
from figures import answer, write

SCHOOL = "3433000000"
SUBJECTS = {
    "语文": "chinese",
    "数学": "math",
    "英语": "english",
    "物理": "physics",
    "化学": "chemistry",
    "生物": "biology",
    "历史": "history",
    "地理": "geography",
    "政治": "politics",
    "技术": "technology",
}
STATUS = {-1: "cheating", -2: "absent", -3: "exempt"}
INCIDENTS = {
    "迟到_晚到": "late",
    "迟到[移动考勤机]": "late",
    "早退[移动考勤机]": "early_leave",
    "校服[移动考勤机]": "uniform",
    "离校[移动考勤机]": "gate_out",
    "进校[移动考勤机]": "gate_in",
}
GRADES = {"高一": "31", "高二": "32", "高三": "33"}


def read(path, encoding):
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding)
    return frame.apply(lambda column: column.str.strip())


def best(results):
    """A pupil who stands in an exam and subject twice counts once, with the higher score; any score beats none."""
    order = results.sort_values("raw", kind="stable")
    return order.drop_duplicates(["exam", "subject", "student"], keep="last")


def exam_scores(data):
    raw = read(data / "exam_scores_gbk.csv", "gbk")
    results = pd.DataFrame(
        {
            "exam": raw["exam_number"],
            "term": raw["exam_term"],
            "school": SCHOOL,
            "class": raw["cla_id"],
            "subject": raw["exam_sub"].map(SUBJECTS),
            "student": raw["stu_id"],
            "raw": raw["exam_score"].astype(float),
        }
    )
    results = best(results)
    return results.assign(status="scored", score=results["raw"])


def chengji(data):
    raw = read(data / "5_chengji_part.csv", "utf-8-sig")
    results = best(
        pd.DataFrame(
            {
                "exam": raw["exam_number"],
                "term": raw["exam_term"],
                "school": SCHOOL,
                "class": None,
                "subject": raw["mes_sub_name"].map(SUBJECTS),
                "student": raw["mes_StudentID"],
                "raw": raw["mes_Score"].astype(float),
            }
        )
    )
    status = results["raw"].map(STATUS).fillna("scored")
    return results.assign(status=status, score=results["raw"].where(status == "scored"))


def incident(row):
    """The sports-ground machine and the badge machine tell two things apart by the task."""
    if row["controler_name"] == "操场考勤机":
        return "exercise_leave" if row["control_task_order_id"] == "300200" else "exercise"
    if row["controler_name"] == "校徽_早退":
        return "leave" if row["control_task_order_id"] == "200200" else "uniform"
    return INCIDENTS[row["controler_name"]]


def kaoqin(data):
    raw = read(data / "3_kaoqin.csv", "utf-8-sig")
    raw = raw.drop_duplicates(["bf_studentID", "DataDateTime", "control_task_order_id"])
    when = pd.to_datetime(raw["DataDateTime"], format="%Y/%m/%d %H:%M:%S")
    grade = raw["cla_Name"].map(lambda name: next(code for part, code in GRADES.items() if part in name))
    return pd.DataFrame(
        {
            "school": SCHOOL,
            "class": raw["bf_classid"],
            "grade": grade,
            "student": raw["bf_studentID"],
            "month": when.dt.strftime("%Y-%m"),
            "incident": raw.apply(incident, axis=1),
        }
    )


def incidents(part):
    return {"incidents": len(part), "students": part["student"].nunique()}


def exam_cases(results):
    results = standardise(results)
    ways = [["class", "subject"], ["subject"], ["exam", "subject"], ["term", "class"], ["school"]]
    cases = [{"by": by, "params": {}, "rows": answer(results, by, summary, n="students")} for by in ways]
    maths = results[results["subject"] == "math"]
    return [*cases, {"by": ["class"], "params": {"subject": "math"}, "rows": answer(maths, ["class"], summary, n="students")}]


def incident_cases(events):
    ways = [["class", "month"], ["month", "incident"], ["grade", "incident"], ["school"]]
    return [{"by": by, "params": {}, "rows": answer(events, by, incidents)} for by in ways]


def main(data, out):
    write(out / "exam_scores.json", exam_cases(exam_scores(data)))
    write(out / "chengji.json", exam_cases(chengji(data)))
    write(out / "kaoqin.json", incident_cases(kaoqin(data)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
