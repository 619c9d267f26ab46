"""Reads the messy files of `sample-data/` into plain frames, keeping what a careful clerk would keep.

A row that is cut short, badly encoded, without a required value, with an unknown code, an impossible time or an impossible
number is left out. Of several rows about the same thing the one with the highest revision counts.
"""

import csv
import datetime
import gzip
import json
from pathlib import Path

import pandas as pd

SUBJECTS = {
    "YW": "chinese",
    "SX": "math",
    "YY": "english",
    "KX": "science",
    "DF": "politics",
    "WL": "physics",
    "HX": "chemistry",
    "SW": "biology",
    "LS": "history",
    "DL": "geography",
    "语文": "chinese",
    "数学": "math",
    "英语": "english",
    "科学": "science",
    "道德与法治": "politics",
    "物理": "physics",
    "化学": "chemistry",
    "生物": "biology",
    "历史": "history",
    "地理": "geography",
}
GRADES = {
    "一年级": "11",
    "二年级": "12",
    "三年级": "13",
    "四年级": "14",
    "五年级": "15",
    "六年级": "16",
    "七年级": "21",
    "八年级": "22",
    "九年级": "23",
} | {str(code): str(code) for code in (*range(11, 17), 21, 22, 23)}
FORMS = {"书面": "written", "阅读": "reading", "口头": "oral", "实践": "practical"}
STATES = {
    "2": "submitted",
    "3": "late",
    "0": "missing",
    "9": "exempt",
    "已交": "submitted",
    "补交": "late",
    "未交": "missing",
    "免做": "exempt",
}
SOURCES = {"自报": "reported", "估计": "estimated", "": None}
TOLD = {"true": True, "false": False, "是": True, "否": False, "": None}
PLACES = {"家中": "home", "课后服务": "after_school", "": None}
LAYERS = {"基础": "basic", "巩固": "consolidate", "拓展": "extend"}
INCIDENTS = {"2": "late", "3": "leave"}
LESSON_STATES = {
    "4": "present",
    "2": "late",
    "1": "truant",
    "3病假": "sick_leave",
    "3事假": "personal_leave",
    "3公假": "official_leave",
}
ACTS = {"PUSH": "push", "QUIZ": "quiz", "HAND": "hand_raise", "ANSWER": "answer", "CALL": "random_call", "LIKE": "praise"}
MARK_STATES = {-1: "cheating", -2: "absent", -3: "exempt"}


class Broken(Exception):
    """The row cannot be used."""


def sheet_rows(path, encoding):
    """Rows of a CSV file as dictionaries; a row with another number of cells than the header, or with bytes that are no text, is left out."""
    text = path.read_bytes().decode(encoding, errors="replace")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    header = next(csv.reader([lines[0].lstrip("\ufeff")]))
    for line in filter(None, lines[1:]):
        cells = next(csv.reader([line]))
        if len(cells) == len(header) and "\ufffd" not in line:
            yield {name: cell.strip() for name, cell in zip(header, cells)}


def json_rows(path):
    """Rows of an NDJSON file, compressed or not, every value as text and null as empty."""
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    for line in data.split(b"\n"):
        try:
            record = json.loads(line.decode("utf-8"))
        except ValueError:
            continue
        yield {name: said(value) for name, value in record.items()}


def said(value):
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def needed(text):
    if not text:
        raise Broken
    return text


def among(codes, text):
    if text not in codes:
        raise Broken
    return codes[text]


def number(text, low, high):
    """A number within bounds, or None for an empty cell."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise Broken from None
    if not low <= value <= high:
        raise Broken
    return value


def moment(text):
    """Local time; an impossible one breaks the row."""
    for form in ("%Y-%m-%dT%H:%M:%S+08:00", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"):
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            continue
    raise Broken


def frame(files, rows_of, read):
    """Every usable row of these files through `read`, which gives a dictionary or raises Broken."""
    kept = []
    for path in files:
        for row in rows_of(path):
            try:
                kept.append(read(row))
            except (Broken, KeyError):
                continue
    return pd.DataFrame(kept)


def current(rows, key):
    """The row with the highest revision of each key; among equals the one that came last."""
    order = rows.sort_values("revision", kind="stable")
    return order.drop_duplicates(key, keep="last").reset_index(drop=True)


def files(folder, mapping):
    return sorted(path for path in (Path(folder) / mapping).iterdir() if path.is_file())


def timed_work(row):
    begin, end = (moment(row[name]) if row[name] else None for name in ("beginTime", "commitTime"))
    if begin and end and end < begin:
        raise Broken
    spent = number(row["costSeconds"], 0, 36_000)
    number(row["scoreRate"], 0, 1)
    return {
        "assignment": needed(row["hwId"]),
        "school": needed(row["schoolCode"]),
        "class": needed(row["classCode"]),
        "grade": among(GRADES, row["grade"]),
        "subject": among(SUBJECTS, row["xk"]),
        "student": needed(row["stuNo"]),
        "day": moment(row["assignTime"]).date(),
        "form": row["form"] or "written",
        "status": among(STATES, row["state"]),
        "seconds": spent,
        "source": "measured" if spent is not None else None,
        "submitted": end,
        "marked": TOLD[row["marked"]],
        "marked_at": moment(row["checkTime"]) if row["checkTime"] else None,
        "corrected": TOLD[row["corrected"]],
        "rate": number(row["scoreRate"], 0, 1),
        "place": row["place"] or None,
        "revision": int(row["rev"]),
    }


def reported_work(row):
    minutes = number(row["用时(分钟)"], 0, 600)
    source = among(SOURCES, row["时长来源"])
    if minutes is not None and source is None:
        raise Broken
    number(row["得分率"], 0, 100)
    return {
        "assignment": needed(row["作业编号"]),
        "school": needed(row["学校标识码"]),
        "class": needed(row["班级编号"]),
        "grade": among(GRADES, row["年级"]),
        "subject": among(SUBJECTS, row["科目"]),
        "student": needed(row["学籍号"]),
        "day": moment(row["布置时间"]).date(),
        "form": among(FORMS, row["作业形式"]),
        "status": among(STATES, row["完成情况"]),
        "seconds": None if minutes is None else minutes * 60,
        "source": source,
        "submitted": moment(row["提交时间"]) if row["提交时间"] else None,
        "marked": TOLD[row["批改"]],
        "marked_at": None,
        "corrected": TOLD[row["订正"]],
        "rate": None if not row["得分率"] else number(row["得分率"], 0, 100) / 100,
        "place": PLACES[row["完成地点"]],
        "revision": int(row["修订号"] or 0),
    }


def homework(folder):
    timed = frame(files(folder, "demo_zuoye"), json_rows, timed_work)
    reported = frame(files(folder, "demo_zuoye_gbk"), lambda path: sheet_rows(path, "gbk"), reported_work)
    rows = pd.concat([timed, reported], ignore_index=True)
    return current(rows, ["assignment", "student", "day"])


def set_work(row):
    return {
        "assignment": needed(row["作业ID"]),
        "school": needed(row["学校"]),
        "class": needed(row["班级"]),
        "grade": among(GRADES, row["年级"]),
        "subject": among(SUBJECTS, row["科目"]),
        "day": moment(row["发布时间"]).date(),
        "estimated": number(row["预计时长"], 0, 600),
        "teacher": row["教师工号"] or None,
        "title": row["标题"] or None,
        "form": among(FORMS, row["形式"]),
        "layer": LAYERS.get(row["分层"]),
        "published": TOLD[row["公示"]],
        "revision": 0,
    }


def assignments(folder):
    rows = frame(files(folder, "demo_buzhi"), lambda path: sheet_rows(path, "utf-8-sig"), set_work)
    return current(rows, ["assignment", "day"])


def board(row):
    leave = row["请假类别"] if row["考勤状态"] == "3" else ""
    number(row["迟到分钟"], 0, 1440)
    return {
        "school": needed(row["学校标识码"]),
        "class": needed(row["班牌班级"]),
        "grade": among(GRADES, row["年级"]),
        "student": needed(row["学籍号"]),
        "day": moment(row["考勤时间"]).date(),
        "place": "lesson",
        "period": needed(row["节次"]),
        "status": among(LESSON_STATES, row["考勤状态"] + leave),
        "incident": INCIDENTS.get(row["考勤状态"]),
        "symptom": row["症状"],
        "recording": "all",
        "revision": 0,
    }


def gate(row):
    among({"1": "in", "2": "out"}, row["FX"])
    return {
        "school": needed(row["XXBSM"]),
        "class": needed(row["BJDM"]),
        "grade": None,
        "student": needed(row["XJH"]),
        "day": moment(row["DKSJ"]).date(),
        "place": "gate",
        "period": needed(row["ZJH"]),
        "status": "present",
        "symptom": "",
        "incident": "gate_in" if row["FX"] == "1" else "gate_out",
        "recording": "incidents",
        "revision": 0,
    }


def attendance(folder):
    boards = frame(files(folder, "demo_banpai"), lambda path: sheet_rows(path, "utf-8"), board)
    gates = frame(files(folder, "demo_menjin"), lambda path: sheet_rows(path, "utf-8"), gate)
    return current(pd.concat([boards, gates], ignore_index=True), ["school", "student", "day", "place", "period"])


def act(row):
    number(row["ms"], 0, 7_200_000)
    return {
        "event": needed(row["eid"]),
        "school": needed(row["school"]),
        "class": needed(row["cls"]),
        "grade": among(GRADES, row["grd"]),
        "subject": among(SUBJECTS, row["sub"]),
        "lesson": needed(row["lesson"]),
        "student": row["stu"] or None,
        "day": moment(row["ts"]).date(),
        "at": moment(row["ts"]),
        "act": among(ACTS, row["act"]),
        "correct": {"1": True, "0": False, "": None}[row["ok"]],
        "revision": 0,
    }


def interactions(folder):
    rows = frame(files(folder, "demo_ketang"), json_rows, act)
    return current(rows, ["event", "day"])


def marks(path):
    """A wide sheet, as one row for each pupil and subject with something in the cell."""
    for row in sheet_rows(path, "gbk"):
        for name, subject in SUBJECTS.items():
            if row.get(name):
                yield row | {"subject": subject, "mark": row[name]}


def result(row):
    mark = number(row["mark"], -3, 100)
    status = MARK_STATES.get(mark, "scored")
    if status == "scored" and mark < 0:
        raise Broken
    held = datetime.datetime.strptime(row["考试日期"], "%Y年%m月%d日").date() if "年" in row["考试日期"] else None
    if held is None or row["考试类型"] not in ("期中", "期末"):
        raise Broken
    return {
        "exam": needed(row["考试编号"]),
        "term": row["学期"],
        "school": needed(row["学校标识码"]),
        "class": row["班级"],
        "grade": among(GRADES, row["年级"]),
        "student": needed(row["学籍号"]),
        "subject": row["subject"],
        "day": held,
        "status": status,
        "score": mark if status == "scored" else None,
        "revision": 0,
    }


def results(folder):
    rows = frame(files(folder, "demo_chengji"), marks, result)
    return current(rows, ["school", "exam", "student", "subject", "day"])


def roster(folder):
    rows = sheet_rows(Path(folder) / "demo_xueji" / "学籍.csv", "utf-16")
    return pd.DataFrame(
        {"school": r["学校标识码"], "class": r["所在班级"], "grade": GRADES[r["所在年级"]], "student": r["学籍号"]} for r in rows
    )


def classes(folder):
    return pd.DataFrame(sheet_rows(Path(folder) / "class" / "classes.csv", "utf-8"))


def schools(folder):
    return pd.DataFrame(sheet_rows(Path(folder) / "school" / "schools.csv", "utf-8")).set_index("学校标识码")["学校名称"]


def calendar(folder):
    rows = sheet_rows(Path(folder) / "calendar" / "calendar.csv", "utf-8")
    return {datetime.date.fromisoformat(r["date"]): r["day_kind"] for r in rows}
