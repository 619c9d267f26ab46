"""Every published figure over `sample-data/`, computed from the raw files: `sample.py SAMPLE_DATA METRICS`.

Writes METRICS/<group>/<name>.expected.json, three to five cases each; homework load is computed in Polars (`load_cases.py`), the rest with pandas. The definitions are the words in the front matter of each
figure's file; the computation is this one's own. Pseudonyms never show in a figure, so it needs no key.
"""

import datetime
import math
import statistics
import sys
from pathlib import Path

import alerting
import load_cases
import numpy as np
import pandas as pd
import rejects
import sample_files as files
from exams import standardise, summary
from figures import answer, groups, hundredths, one, ratio, write
from tonight import tonight_rows

LIMITS = {"11": 0, "12": 0, "13": 60, "14": 60, "15": 60, "16": 60, "21": 90, "22": 90, "23": 90}
LIMITS_SINCE = datetime.date(2021, 7, 24)
SCHOOL_DAYS = ("school_day", "make_up", "no_homework")
EXPECTED = ("submitted", "late", "missing")
THERE = ("present", "late", "early_leave")


class District:
    """The sample district as frames, each row with its day, week and month as text."""

    def __init__(self, folder):
        self.homework = dated(files.homework(folder))
        self.assignments = dated(files.assignments(folder))
        self.attendance = dated(files.attendance(folder))
        self.interactions = dated(files.interactions(folder))
        self.results = dated(standardise(files.results(folder)))
        self.roster = files.roster(folder)
        self.classes = files.classes(folder)
        self.schools = files.schools(folder)
        self.calendar = files.calendar(folder)
        self.class_size = self.roster.groupby(["school", "class"])["student"].nunique().to_dict()

    def limit(self, grade, date):
        """The limit of written homework in seconds, or None where there is no number."""
        kind = self.calendar.get(date, "school_day" if date.weekday() < 5 else "weekend")
        return LIMITS[grade] * 60 if kind in SCHOOL_DAYS and date >= LIMITS_SINCE and grade in LIMITS else None


def dated(frame):
    dates = frame["day"]
    monday = [day - datetime.timedelta(days=day.weekday()) for day in dates]
    return frame.assign(
        date=dates, day=[str(d) for d in dates], week=[str(m) for m in monday], month=[f"{d:%Y-%m}" for d in dates]
    )


def only(frame, params):
    """The rows that the parameters leave: `from` and `to` are days, both inclusive; the others are equalities."""
    for name, value in params.items():
        if name == "from":
            frame = frame[frame["day"] >= value]
        elif name == "to":
            frame = frame[frame["day"] <= value]
        elif name in frame.columns:
            frame = frame[frame[name] == value]
    return frame


# ---- homework -------------------------------------------------------------------------------------------------------


def pieces(part):
    """Pieces expected, and pieces with known minutes by source."""
    known = part[part["seconds"].notna()]["source"].value_counts()
    return int(part["status"].isin(EXPECTED).sum()), {
        name: int(known.get(name, 0)) for name in ("measured", "reported", "estimated")
    }


def daily_minutes(district, part, source=None):
    """The figures of one group, over all sources of minutes or over one of them."""
    expected, known = pieces(part)
    known = {name: count if source in (None, name) else 0 for name, count in known.items()}
    timed = part[part["seconds"].notna() & ((part["source"] == source) if source else True)]
    days = [rows for _, rows in timed.groupby(["student", "day"])]
    values = [rows["seconds"].sum() for rows in days]
    minutes = [math.ceil(seconds / 60) for seconds in values]
    # A limit of 0 forbids written work and is no limit in minutes.
    limits = {district.limit(grade, date) for grade, date in zip(part["grade"], part["date"])} - {None, 0}
    judged = [over(district, rows) for rows in days if district.limit(rows["grade"].iloc[0], rows["date"].iloc[0])]
    written = [rows[rows["form"] == "written"]["seconds"].sum() > 0 for rows in days]
    total = sum(known.values())
    return {
        "students": most_at_once(timed),
        "student_days": len(values),
        "mean_minutes": ratio(sum(values) / 60, len(values)),
        "median_minutes": float(np.percentile(minutes, 50)) if values else None,
        "p90_minutes": float(np.percentile(minutes, 90)) if values else None,
        "limit_minutes": limits.pop() // 60 if len(limits) == 1 else None,
        "over_limit_share": None if source else ratio(sum(judged), len(judged)),
        "written_share": None if source else ratio(sum(written), len(written)),
        **{f"{name}_share": ratio(count, total) for name, count in known.items()},
        "coverage": ratio(total, expected),
    }


def most_at_once(timed):
    """The students of the day that has most of them."""
    return int(timed.groupby("day")["student"].nunique().max()) if len(timed) else 0


def over(district, rows):
    """Whether one student's written work of one day took longer than the limit."""
    written = rows[rows["form"] == "written"]["seconds"].sum()
    return bool(written > district.limit(rows["grade"].iloc[0], rows["date"].iloc[0]))


def daily_minutes_rows(district, by, params):
    rows = only(district.homework, params)
    if "minutes_source" not in by:
        return answer(rows, by, lambda part: daily_minutes(district, part), n="students")
    others = [name for name in by if name != "minutes_source"]
    found = []
    for keys, part in groups(rows, others):
        for source in sorted(set(part[part["seconds"].notna()]["source"])):
            keyed = dict(zip(others, keys)) | {"minutes_source": source}
            found.append(one({name: keyed[name] for name in by}, daily_minutes(district, part, source), n="students"))
    return found


def subject_minutes_rows(district, by, params):
    others = [name for name in by if name != "subject"]
    whole = only(district.homework, {k: v for k, v in params.items() if k != "subject"})
    totals = dict(groups(whole, others))
    group = lambda frame: tuple(frame[name].iloc[0] for name in others)

    def measure(part):
        everything = totals[group(part)]
        timed = everything[everything["seconds"].notna()]
        expected, known = pieces(part)
        sets = part.groupby(["day", "school", "grade", "class", "subject"])["assignment"].nunique()
        return {
            "students": most_at_once(timed),
            "pieces": int(sets.sum()),
            "minutes_per_student_day": ratio(part["seconds"].sum() / 60, timed.groupby(["student", "day"]).ngroups),
            "share": ratio(part["seconds"].sum(), timed["seconds"].sum()),
            "coverage": ratio(sum(known.values()), expected),
        }

    return answer(only(district.homework, params), by, measure, n="students")


def submission(part):
    status = part["status"].value_counts()
    count = {name: int(status.get(name, 0)) for name in (*EXPECTED, "exempt")}
    expected = sum(count[name] for name in EXPECTED)
    at_once = part.groupby(["day", "subject", "school", "grade", "class"])["student"].nunique().groupby(["day", "subject"]).sum()
    return {
        "students": int(at_once.max()),
        "expected": expected,
        **count,
        "submission_rate": ratio(count["submitted"] + count["late"], expected),
        "on_time_rate": ratio(count["submitted"], expected),
    }


def coverage(district, by, params):
    work = only(district.homework, params)
    listed = only(district.assignments, params)
    by_assignment = dict(list(district.homework.groupby("assignment")))
    works, sheets = dict(groups(work, by)), dict(groups(listed, by))
    rows = []
    for key in sorted(works.keys() | sheets.keys()):
        own, sheet = works.get(key, work[:0]), sheets.get(key, listed[:0])
        sizes = [district.class_size.get((a.school, a["class"])) for _, a in sheet.iterrows()]
        arrived = [len(by_assignment.get(a.assignment, ())) for _, a in sheet.iterrows()]
        expected, known = pieces(own)
        wanted = sum(size for size in sizes if size is not None)
        there = sum(count for size, count in zip(sizes, arrived) if size is not None)
        biases = list(filter(None, (bias(a, by_assignment.get(a.assignment)) for _, a in sheet.iterrows())))
        total = sum(known.values())
        rows.append(
            dict(zip(by, key))
            | {
                "assignments": len(sheet),
                "expected": wanted,
                "rows": there,
                "row_coverage": ratio(there, wanted),
                "minutes_coverage": ratio(total, expected),
                **{f"{name}_share": ratio(count, total) for name, count in known.items()},
                "estimate_bias": statistics.median(biases) / 100 if biases else None,
            }
        )
    return rows


def bias(assignment, works):
    if works is None or not assignment.estimated or np.isnan(assignment.estimated):
        return None
    measured = works[works["source"] == "measured"]["seconds"].dropna()
    return hundredths(statistics.median(measured) / 60, assignment.estimated) if len(measured) else None


# ---- attendance and lessons -----------------------------------------------------------------------------------------


def attendance_rate(min_days):
    def measure(part):
        there = part["status"].isin(THERE)
        days = part.assign(there=there).groupby(["student", "day"])["there"].any().groupby("student").agg(["size", "sum"])
        judged = days[days["size"] >= min_days]
        chronic = judged[(judged["size"] - judged["sum"]) * 10 >= judged["size"]]
        return {
            "students": part["student"].nunique(),
            "checkpoints": len(part),
            "present": int(there.sum()),
            "attendance_rate": ratio(int(there.sum()), len(part)),
            "late_rate": ratio(int((part["status"] == "late").sum()), len(part)),
            "judged_students": len(judged),
            "chronic_students": len(chronic),
            "chronic_absence_share": ratio(len(chronic), len(judged)),
        }

    return measure


def attendance_rows(district, by, params):
    rows = only(district.attendance, params)
    known = rows[(rows["recording"] == "all") & (rows["status"] != "unknown")]
    return answer(known, by, attendance_rate(int(params.get("min_days", 10))), n="students")


def incident_rows(district, by, params):
    rows = only(district.attendance, params)
    counts = lambda part: {"incidents": len(part), "students": part["student"].nunique()}
    return answer(rows[rows["incident"].notna()], by, counts)


def participation(district):
    members = district.roster.groupby(["school", "class"])["student"].agg(set).to_dict()

    def measure(part):
        named = part[part["student"].notna()]
        lessons = [key for key, _ in part.groupby(["school", "class", "day", "lesson"])]
        rostered = [key for key in lessons if key[:2] in members]
        seats = sum(len(members[key[:2]]) for key in rostered)
        seen = named[[(s, c) in members for s, c in zip(named["school"], named["class"])]]
        reached = seen.groupby(["school", "class", "day", "lesson"])["student"].nunique().sum()
        pupils = set().union(*(members[key[:2]] for key in rostered))
        judged = named["correct"].dropna()
        return {
            "students": max(len(pupils), named["student"].nunique()),
            "lessons": len({(s, c, l) for s, c, _, l in lessons}),
            "participants": named["student"].nunique(),
            "participation_rate": ratio(int(reached), seats),
            "acts": len(named),
            "acts_per_student_lesson": ratio(len(seen), seats),
            "answer_correct_rate": ratio(int(judged.sum()), len(judged)),
        }

    return measure


def class_rows(district, params):
    seen = pd.concat(
        [
            district.homework[["school", "class", "day"]],
            district.attendance[district.attendance["recording"] == "all"][["school", "class", "day"]],
            district.interactions[district.interactions["student"].notna()][["school", "class", "day"]],
        ]
    )
    latest = seen.groupby(["school", "class"])["day"].max().to_dict()
    rows = [
        {
            "school": c.school,
            "school_name": district.schools[c.school],
            "class": c["class"],
            "class_name": c["name"],
            "grade": c.grade,
            "students": district.class_size[c.school, c["class"]],
            "latest_day": latest[c.school, c["class"]],
        }
        for _, c in district.classes.iterrows()
    ]
    kept = [row for row in rows if all(row[name] == value for name, value in params.items())]
    return sorted(kept, key=lambda row: (row["school"], row["grade"], row["class"]))


# ---- cases ----------------------------------------------------------------------------------------------------------


def cases(rows_of, *asked):
    """(by, params) → case. No dimension at all is asked for with the word `all`."""
    return [{"by": by or ["all"], "params": params, "rows": rows_of(by, params)} for by, params in asked]


def figures(d):
    days = sorted(d.homework["day"].unique())
    first, last = days[0], days[-1]
    school = d.schools.index[0]
    klass = sorted(d.roster["class"].unique())[0]
    grade = sorted(d.roster["grade"].unique())[-2]
    return {
        "workload/daily_minutes": cases(
            lambda by, p: daily_minutes_rows(d, by, p),
            (["day"], {}),
            (["day", "class"], {"school": school}),
            (["week", "grade"], {}),
            (["school", "minutes_source"], {}),
            ([], {"from": last, "to": last}),
        ),
        "workload/subject_minutes": cases(
            lambda by, p: subject_minutes_rows(d, by, p),
            (["subject"], {}),
            (["day", "class", "subject"], {"school": school}),
            (["school", "subject"], {"subject": "math"}),
            (["month"], {"grade": grade}),
        ),
        "workload/tonight": cases(
            lambda by, p: tonight_rows(d, by, p),
            (["day", "class"], {"from": days[-2]}),
            (["day", "class", "subject", "assignment"], {"from": last, "to": last, "school": school}),
            (["school"], {}),
            (["grade", "subject"], {"from": days[1], "to": days[-2]}),
            ([], {"from": days[0], "to": days[2], "class": klass}),
        ),
        "homework/submission_rate": cases(
            lambda by, p: answer(only(d.homework, p), by, submission, n="students"),
            (["day"], {}),
            (["class", "subject"], {"from": first, "to": last}),
            (["school", "grade"], {"subject": "chinese"}),
            ([], {"class": klass}),
        ),
        "quality/coverage": cases(
            lambda by, p: coverage(d, by, p),
            (["school"], {}),
            (["class", "subject"], {"school": school}),
            (["day", "grade"], {}),
            ([], {"from": last}),
        ),
        "attendance/rate": cases(
            lambda by, p: attendance_rows(d, by, p),
            (["day"], {}),
            (["class"], {"min_days": "5"}),
            (["school", "grade"], {"min_days": "1", "to": last}),
            (["month"], {"class": klass}),
        ),
        "attendance/incidents": cases(
            lambda by, p: incident_rows(d, by, p),
            (["incident"], {}),
            (["class", "month"], {}),
            (["day", "school"], {"from": last}),
        ),
        "classroom/participation": cases(
            lambda by, p: answer(only(d.interactions, p), by, participation(d), n="students"),
            (["subject"], {}),
            (["day", "class"], {}),
            (["school", "subject"], {"from": last}),
            ([], {"class": klass}),
        ),
        "exam/summary": cases(
            lambda by, p: answer(only(d.results, p), by, summary, n="students"),
            (["exam", "subject"], {}),
            (["class", "subject"], {}),
            (["school", "grade"], {"subject": "math"}),
            (["term"], {"school": school}),
        ),
        "directory/classes": [
            {"by": [], "params": params, "rows": class_rows(d, params)} for params in ({}, {"school": school}, {"class": klass})
        ],
    }


def main(data, metrics):
    write(Path(metrics) / "quality/quarantine.expected.json", rejects.cases(data))
    district = District(data)
    days, classes = sorted(district.homework["day"].unique()), sorted(district.roster["class"].unique())
    found_all = figures(district) | alerting.figures(district, cases, days[-1], classes[0])
    for name, found in (found_all | load_cases.figures(data, district.roster)).items():
        write(Path(metrics) / f"{name}.expected.json", found)


if __name__ == "__main__":
    main(*sys.argv[1:3])
