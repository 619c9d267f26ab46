"""The figures that alerts read, computed from the frames of the sample district; see `sample.py`."""

import datetime
import math
import re

import pandas as pd
from figures import groups, one, ratio

WORDS = {
    "respiratory": "发热|发烧|高烧|低烧|咳|流涕|鼻塞|咽|喉|感冒|流感|肺炎",
    "gastrointestinal": "呕|吐|腹泻|拉肚|恶心|腹痛|肚子|诺如",
    "rash": "疹|水痘|手足口|猩红热",
    "parotid": "腮",
    "eye": "红眼|结膜|眼红",
}
THERE = ("present", "late", "early_leave")
EXPECTED = ("submitted", "late", "missing", "exempt")
DAY = datetime.timedelta(days=1)


def symptom_groups(symptom):
    found = [name for name, pattern in WORDS.items() if re.search(pattern, symptom)]
    return found or (["other"] if symptom else ["unstated"])


def within(frame, params, names=("school", "grade", "class")):
    for name in names:
        if name in params:
            frame = frame[frame[name] == params[name]]
    return frame


def between(frame, first, last):
    return frame[[(first is None or day >= first) and (last is None or day <= last) for day in frame["date"]]]


def date(text):
    return datetime.date.fromisoformat(text) if text else None


def illness(d, by, params):
    sick = within(d.attendance[d.attendance["status"] == "sick_leave"], params)
    first, last = date(params.get("from")), date(params.get("to")) or max(d.attendance["date"])
    spread = []
    for _, case in sick.iterrows():
        for group in symptom_groups(case["symptom"]):
            for later in range(3):
                day = case["date"] + later * DAY
                if day <= last and (first is None or day >= first):
                    row = {"date": day, "day": str(day), "symptom_group": group, "first": later == 0}
                    spread.append(row | {name: case[name] for name in ("school", "grade", "class", "student")})
    spread = pd.DataFrame(spread)
    rows = []
    for keys, part in groups(spread, by):
        windows = [window for _, window in part.groupby("date")]
        sizes = [sum(d.class_size[key] for key in set(zip(w["school"], w["class"]))) for w in windows]
        rows.append(
            one(
                dict(zip(by, keys)),
                {
                    "students": max(sizes),
                    "cases_1_day": max(w[w["first"]]["student"].nunique() for w in windows),
                    "cases_3_days": max(w["student"].nunique() for w in windows),
                },
                n="students",
            )
        )
    return rows


def student_days(d, params):
    """One row for each student and day with known attendance: whether there at all, and whether truant at any checkpoint."""
    rows = between(within(d.attendance, params), date(params.get("from")), date(params.get("to")))
    rows = rows[(rows["recording"] == "all") & (rows["status"] != "unknown")]
    rows = rows.assign(there=rows["status"].isin(THERE), truant=rows["status"] == "truant")
    return rows.groupby(["school", "grade", "class", "student", "date"], as_index=False)[["there", "truant"]].any()


def no_leave(d, by, params):
    known = student_days(d, params)
    standing = []
    for (school, klass), members in known.groupby(["school", "class"]):
        last = max(members["date"])
        size = members[members["date"] == last]["student"].nunique()
        for _, days in members.groupby("student"):
            days = days.sort_values("date")
            if days["date"].iloc[-1] != last:
                continue
            run = 0
            for there, truant in zip(reversed(list(days["there"])), reversed(list(days["truant"]))):
                if there or not truant:
                    break
                run += 1
            if run:
                standing.append({"school": school, "class": klass, "grade": days["grade"].iloc[0], "run": run, "size": size, "last": str(last)})
    if not standing:
        return []
    rows = []
    for keys, part in groups(pd.DataFrame(standing), by):
        counts = {
            "students": int(part.drop_duplicates(["school", "class"])["size"].sum()),
            "absent": len(part),
            "day_1": int((part["run"] == 1).sum()),
            "day_2": int((part["run"] == 2).sum()),
            "day_3": int((part["run"] >= 3).sum()),
            "longest_days": int(part["run"].max()),
            "last_day": max(part["last"]),
        }
        rows.append(one(dict(zip(by, keys)), counts, n="students"))
    return rows


def tail(x, n, a, b):
    beta = lambda p, q: math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q)
    choose = lambda k: math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return min(1.0, math.fsum(math.exp(choose(k) + beta(k + a, n - k + b) - beta(a, b)) for k in range(x, n + 1))) if x > 0 else 1.0


def unusual_absence(d, by, params):
    known = student_days(d, {name: value for name, value in params.items() if name in ("school", "grade", "class")})
    today = date(params.get("day")) or max(known["date"])
    first = today - 7 * int(params.get("weeks", 4)) * DAY
    known = known[(known["date"] >= first) & (known["date"] <= today)]
    rows = []
    for keys, part in groups(known, by):
        now, before = part[part["date"] == today], part[part["date"] < today]
        if not len(now):
            continue
        absent, usual = int((~now["there"]).sum()), int((~before["there"]).sum())
        judged = len(before) >= int(params.get("min_days", 100))
        counts = {
            "students": len(now),
            "absent": absent,
            "absence_rate": ratio(absent, len(now)),
            "usual_days": len(before),
            "usual_absent": usual,
            "usual_rate": ratio(usual, len(before)),
            "chance": tail(absent, len(now), usual + 0.5, len(before) - usual + 0.5) if judged else None,
        }
        rows.append(one(dict(zip(by, keys)), counts, n="students"))
    return rows


def over_limit_runs(d, by, params):
    columns = ["school", "grade", "class", "student", "date"]
    boards = d.attendance[d.attendance["recording"] == "all"]
    acts = d.interactions[d.interactions["student"].notna()]
    everyone = pd.concat([d.homework[columns], boards[columns], acts[columns]]).drop_duplicates()
    everyone = between(within(everyone, params), date(params.get("from")), date(params.get("to")))
    timed = d.homework[d.homework["seconds"].notna()]
    written = timed[timed["form"] == "written"].groupby(["school", "class", "date"])["seconds"].sum().to_dict()
    pupils = timed.groupby(["school", "class", "date"])["student"].nunique().to_dict()
    runs = []
    for (school, grade, klass), part in everyone.groupby(["school", "grade", "class"]):
        days = [day for day in sorted(set(part["date"])) if d.limit(grade, day) is not None]
        if not days:
            continue
        run = 0
        for day in reversed(days):
            minutes = written.get((school, klass, day), 0)
            if not pupils.get((school, klass, day)) or minutes <= d.limit(grade, day) * pupils[school, klass, day]:
                break
            run += 1
        last = days[-1]
        runs.append(
            {
                "school": school,
                "grade": grade,
                "class": klass,
                "run": run,
                "students": part[part["date"] == last]["student"].nunique(),
                "seconds": written.get((school, klass, last), 0),
                "timed": pupils.get((school, klass, last), 0),
                "limit": d.limit(grade, last) // 60,
                "last": str(last),
            }
        )
    rows = []
    for keys, part in groups(pd.DataFrame(runs), by):
        limits = set(part["limit"])
        counts = {
            "students": int(part["students"].sum()),
            "classes": len(part),
            "classes_over": int((part["run"] >= int(params.get("min_run", 3))).sum()),
            "longest_run": int(part["run"].max()),
            "written_minutes": ratio(part["seconds"].sum() / 60, int(part["timed"].sum())),
            "limit_minutes": limits.pop() if len(limits) == 1 else None,
            "last_day": max(part["last"]),
        }
        rows.append(one(dict(zip(by, keys)), counts, n="students"))
    return rows


def sources(d, by, params):
    boards = d.attendance[(d.attendance["recording"] == "all") & (d.attendance["status"] != "unknown")]
    frames = {
        "homework": d.homework[d.homework["status"].isin(EXPECTED)],
        "attendance": boards,
        "interaction": d.interactions[d.interactions["student"].notna()],
    }
    last = date(params.get("to")) or max(max(frame["date"]) for frame in frames.values())
    before = last - 7 * min(int(params.get("weeks", 4)), 10) * DAY
    span = [before + (n + 1) * DAY for n in range((last - before).days)]
    kinds = ("school_day", "make_up", "no_homework")
    is_school_day = lambda day: d.calendar.get(day, "school_day" if day.weekday() < 5 else "weekend") in kinds
    school_days = [day for day in span if is_school_day(day)]
    found = []
    for kind, frame in frames.items():
        if params.get("kind", kind) != kind:
            continue
        frame = within(frame[(frame["date"] > before) & (frame["date"] <= last)], params, ("school",))
        for school, part in frame.groupby("school"):
            days = set(part["date"])
            latest = max(days)
            found.append(
                {
                    "school": school,
                    "kind": kind,
                    "last": latest,
                    "silent": sum(day > latest for day in school_days),
                    "active": len(days & set(school_days)),
                    "possible": sum(day <= latest for day in school_days),
                    "days": len(days),
                    "rows": len(part),
                }
            )
    rows = []
    for keys, part in groups(pd.DataFrame(found), by):
        counts = {
            "sources": len(part),
            "last_day": str(max(part["last"])),
            "silent_days": int(part["silent"].max()),
            "active_days": int(part["active"].sum()),
            "rhythm": ratio(int(part["active"].sum()), int(part["possible"].sum())),
            "rows": int(part["rows"].sum()),
            "rows_per_day": ratio(int(part["rows"].sum()), int(part["days"].sum())),
        }
        rows.append(one(dict(zip(by, keys)), counts))
    return rows


def figures(d, cases, last, klass):
    return {
        "attendance/illness_clusters": cases(
            lambda by, p: illness(d, by, p),
            (["day", "school", "class", "symptom_group"], {}),
            (["school", "symptom_group"], {"from": "2026-11-18", "to": "2026-11-19"}),
            (["class"], {}),
            ([], {"class": klass}),
        ),
        "attendance/no_leave": cases(
            lambda by, p: no_leave(d, by, p),
            (["school", "class"], {"to": "2026-11-16"}),
            (["school", "class"], {"to": "2026-11-17"}),
            (["grade"], {"from": "2026-11-16", "to": "2026-11-18"}),
            ([], {}),
        ),
        "attendance/unusual_absence": cases(
            lambda by, p: unusual_absence(d, by, p),
            (["school", "class"], {"min_days": "20"}),
            (["school"], {"day": "2026-11-18", "min_days": "50"}),
            (["grade"], {"day": last, "weeks": "1"}),
            ([], {"day": last, "min_days": "1"}),
        ),
        "workload/over_limit_runs": cases(
            lambda by, p: over_limit_runs(d, by, p),
            (["school", "class"], {}),
            (["school", "class"], {"to": "2026-11-18", "min_run": "1"}),
            (["grade"], {"from": "2026-11-17"}),
            ([], {"min_run": "2"}),
        ),
        "quality/sources": cases(
            lambda by, p: sources(d, by, p),
            (["school", "kind"], {}),
            (["kind"], {"to": "2026-11-24", "weeks": "1"}),
            (["school"], {"kind": "homework", "weeks": "2"}),
            ([], {}),
        ),
    }
