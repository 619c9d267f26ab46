"""Homework load over `sample-data/`, computed in Polars from the raw files: the figures of `workload/`, `homework/` and `quality/` that
`sample.py` does not compute with pandas.

The definitions are the words in the front matter of each figure's file; the computation is this one's own.
"""

import datetime
import math
import statistics

import polars as pl
import sample_files as files
from figures import one, ratio

LIMITS = {"13": 60, "14": 60, "15": 60, "16": 60, "21": 90, "22": 90, "23": 90}
WRITTEN_FORBIDDEN = ("11", "12")
LIMITS_SINCE = datetime.date(2021, 7, 24)
BEDTIME = {"primary": datetime.time(21, 20), "junior": datetime.time(22), "senior": datetime.time(23)}
MORNING = datetime.time(5)
TAUGHT = ("school_day", "make_up", "no_homework")
AREA = {"11": "城区", "12": "镇区", "2": "乡村"}
EXPECTED = ("submitted", "late", "missing")


class Load:
    """The sample district in Polars, each row with every dimension as text."""

    def __init__(self, folder):
        self.schools = {row["学校标识码"]: row for row in files.sheet_rows(folder / "school" / "schools.csv", "utf-8")}
        self.calendar = files.calendar(folder)
        self.homework = self.placed(files.homework(folder))
        self.assignments = self.placed(files.assignments(folder))
        self.attendance = self.placed(files.attendance(folder))
        self.interactions = self.placed(files.interactions(folder))
        self.results = self.placed(files.results(folder))
        self.classes = files.classes(folder).to_dict("records")

    def placed(self, rows):
        rows = rows if isinstance(rows, list) else rows.astype(object).where(rows.notna(), None).to_dict("records")
        return pl.DataFrame([row | self.dimensions(row) for row in rows], infer_schema_length=None)

    def dimensions(self, row):
        day, school = row["day"], self.schools.get(row["school"], {})
        code = school.get("城乡分类", "")
        return {
            "date": day,
            "day": str(day),
            "week": str(monday(day)),
            "month": f"{day:%Y-%m}",
            "term": term(day),
            "region": school["行政区划"][:4] + "00" if school else "",
            "county": school.get("行政区划", ""),
            "school_type": school.get("办学类型", ""),
            "urban_rural": code,
            "area": next((area for start, area in AREA.items() if code.startswith(start)), ""),
            "public": {"是": "public", "否": "private"}.get(school.get("公办"), ""),
            "stage": stage(row.get("grade")),
        }

    def school_day(self, date):
        return self.calendar.get(date, "school_day" if date.weekday() < 5 else "weekend") in TAUGHT

    def limit(self, grade, date):
        """Seconds of written homework, or None where there is no limit in minutes."""
        return LIMITS[grade] * 60 if grade in LIMITS and date >= LIMITS_SINCE and self.school_day(date) else None


def monday(day):
    return day - datetime.timedelta(days=day.weekday())


def term(day):
    first = day.year if day.month >= 9 else day.year - 1
    return f"{first}-{first + 1}-{1 if day.month >= 9 or day.month == 1 else 2}"


def stage(grade):
    return {"1": "primary", "2": "junior", "3": "senior"}.get((grade or "")[:1], "")


def only(rows, params):
    for name, value in params.items():
        if name == "from":
            rows = rows.filter(pl.col("day") >= value)
        elif name == "to":
            rows = rows.filter(pl.col("day") <= value)
        elif name == "region":
            rows = rows.filter(pl.col("region") == value)
        elif name in rows.columns:
            rows = rows.filter(pl.col(name) == value)
    return rows


def parts(rows, by):
    """(keys, rows) of each group; everything as one group when `by` is empty."""
    if not by:
        return [((), rows)] if len(rows) else []
    return sorted(rows.partition_by(by, as_dict=True).items())


def answers(rows, by, measure, n=None):
    found = ((dict(zip(by, keys)), measure(part)) for keys, part in parts(rows, by))
    return [one(keys, values, n) for keys, values in found if values is not None]


def share(part, condition):
    return ratio(len(part.filter(condition)), len(part))


def known(rows):
    return rows.filter(pl.col("seconds").is_not_null())


def expected(rows):
    return len(rows.filter(pl.col("status").is_in(EXPECTED)))


def sources(rows):
    """Where the known minutes come from, and how many of the pieces expected have any."""
    timed = known(rows)
    shares = {f"{source}_share": share(timed, pl.col("source") == source) for source in ("measured", "reported", "estimated")}
    return shares | {"coverage": ratio(len(timed), expected(rows))}


def handed_in(rows):
    return rows.filter(pl.col("status").is_in(["submitted", "late"]))


def quantile(values, share):
    """Linear interpolation between the sorted values, at (n - 1) x share."""
    values = sorted(values)
    place = (len(values) - 1) * share
    low = math.floor(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


# ---- against the limit ----------------------------------------------------------------------------------------------


def student_days(rows, over=("student", "date", "grade")):
    """Known seconds, and those of written work, of each student-day with any known minutes."""
    written = pl.when(pl.col("form") == "written").then(pl.col("seconds")).otherwise(0)
    return known(rows).group_by(list(over)).agg(pl.col("seconds").sum(), written.sum().alias("written"))


def most_at_once(days):
    """Of student-days: the students of the day that has most of them."""
    return max((len(day) for _, day in parts(days, ["date"])), default=0)


def compliance(load):
    def measure(part):
        limited = part.filter(
            pl.struct("grade", "date").map_elements(lambda r: load.limit(r["grade"], r["date"]) is not None, pl.Boolean)
        )
        if not len(limited):
            return None
        judged = [
            row | {"over": row["written"] > load.limit(row["grade"], row["date"])} for row in student_days(limited).to_dicts()
        ]
        classes = student_days(limited, ("student", "date", "grade", "school", "class")).to_dicts()
        class_days = {}
        for row in classes:
            class_days.setdefault((row["school"], row["class"], row["date"]), []).append(
                (row["written"], load.limit(row["grade"], row["date"]))
            )
        within = sum(sum(w for w, _ in day) / len(day) <= day[0][1] for day in class_days.values())
        return {
            "students": most_at_once(student_days(limited)),
            "student_days": len(judged),
            "within_share": ratio(sum(not row["over"] for row in judged), len(judged)),
            "class_days": len(class_days),
            "class_days_within_share": ratio(within, len(class_days)),
            **sources(limited),
        }

    return measure


def pupils_over(load, days):
    def measure(part):
        limited = part.filter(
            pl.struct("grade", "date").map_elements(lambda r: load.limit(r["grade"], r["date"]) is not None, pl.Boolean)
        )
        if not len(limited):
            return None
        over = {}
        for row in student_days(limited).to_dicts():
            over[row["student"]] = over.get(row["student"], 0) + (row["written"] > load.limit(row["grade"], row["date"]))
        often = sum(count >= days for count in over.values())
        return {
            "students": len(over),
            "students_over": often,
            "students_over_share": ratio(often, len(over)),
            "coverage": sources(limited)["coverage"],
        }

    return measure


def over_limit_rows(load, by, params):
    rows = only(load.homework, {name: value for name, value in params.items() if name != "subject"})
    days = {}
    for row in student_days(rows, ("student", "date", "grade", "school", "class")).to_dicts():
        if load.limit(row["grade"], row["date"]) is not None:
            days.setdefault((row["school"], row["class"], row["date"]), []).append(
                (row["written"], load.limit(row["grade"], row["date"]))
            )
    written = only(known(rows).filter((pl.col("form") == "written") & (pl.col("seconds") > 0)), params)

    def measure(part):
        own = {}
        for row in part.select("school", "class", "date", "seconds").to_dicts():
            key = row["school"], row["class"], row["date"]
            if key in days:
                own[key] = own.get(key, 0) + row["seconds"]
        over = [key for key in own if sum(w for w, _ in days[key]) > days[key][0][1] * len(days[key])]
        if not over:
            return None
        whole = rows.filter(pl.struct("school", "class", "date").map_elements(lambda r: tuple(r.values()) in over, pl.Boolean))
        pupils, total = sum(len(days[key]) for key in over), sum(w for key in over for w, _ in days[key])
        return {
            "students": max(len(days[key]) for key in over),
            "class_days": len(own),
            "class_days_over": len(over),
            "over_share": ratio(len(over), len(own)),
            "mean_minutes": total / 60 / pupils,
            "subject_minutes": sum(own[key] for key in over) / 60 / pupils,
            "subject_share": ratio(sum(own[key] for key in over), total),
            **sources(whole),
        }

    return answers(written, by, measure, n="students")


def break_rows(load, by, params):
    """Work set on the last school day before a run of free days, or within it; the run's first day dates it."""
    kept = []
    for row in load.homework.to_dicts():
        first, length, kind = free_days_after(load, row["date"])
        if length:
            kept.append(
                {name: row[name] for name in ("school", "grade", "class", "student", "status", "seconds", "source")}
                | {"day": first, "free": length, "break_kind": kind}
            )

    def measure(part):
        timed = known(part).group_by("student", "date").agg(pl.col("seconds").sum(), pl.col("free").first())
        values = timed["seconds"].to_list()
        minutes = [math.ceil(seconds / 60) for seconds in values]
        return {
            "students": timed["student"].n_unique(),
            "student_breaks": len(values),
            "mean_minutes": sum(values) / 60 / len(values),
            "median_minutes": quantile(minutes, 0.5),
            "p90_minutes": quantile(minutes, 0.9),
            "minutes_per_free_day": sum(values) / 60 / timed["free"].sum(),
            **sources(part),
        }

    return answers(only(load.placed(kept), params), by, measure, n="students")


def free_days_after(load, date):
    one_day = datetime.timedelta(days=1)
    first = date + one_day if load.school_day(date) else date
    while not load.school_day(date) and not load.school_day(first - one_day):
        first -= one_day
    free, day = [], first
    while not load.school_day(day):
        free.append(day)
        day += one_day
    kinds = {load.calendar.get(day, "weekend") for day in free}
    kind = next((kind for kind in ("vacation", "holiday") if kind in kinds), "weekend")
    return first, len(free), kind


# ---- what was set ---------------------------------------------------------------------------------------------------


def publication(part):
    told = part.filter(pl.col("published").is_not_null())
    return {
        "assignments": len(part),
        "known": len(told),
        "published": len(told.filter("published")),
        "publication_rate": share(told, pl.col("published")),
        "coverage": ratio(len(told), len(part)),
    }


def layering(part):
    layered = part.filter(pl.col("layer").is_not_null())
    sets = part.group_by("school", "class", "subject", "date").agg(pl.col("layer").drop_nulls().n_unique())
    return {
        "assignments": len(part),
        "layered": len(layered),
        "layered_share": ratio(len(layered), len(part)),
        **{f"{name}_share": share(layered, pl.col("layer") == name) for name in ("basic", "consolidate", "extend")},
        "class_subject_days": len(sets),
        "several_layers_share": share(sets, pl.col("layer") > 1),
    }


def early_written_rows(load, by, params):
    listed = only(load.assignments, params).with_columns(listed=pl.lit(True))
    names = set(load.assignments["assignment"])
    done = only(load.homework, params).filter((pl.col("form") == "written") & ~pl.col("assignment").is_in(list(names)))
    done = done.unique(["assignment", "class", "date"]).with_columns(listed=pl.lit(False))
    pieces = pl.concat([listed, done], how="diagonal_relaxed").filter(pl.col("grade").is_in(WRITTEN_FORBIDDEN))

    def measure(part):
        written = part.filter(pl.col("form") == "written")
        return {
            "assignments": len(part.filter("listed")),
            "written": len(written.filter("listed")),
            "unlisted_written": len(written.filter(~pl.col("listed"))),
            "written_times": len(written),
            "class_days_with_written": len(written.unique(["school", "class", "date"])),
        }

    return answers(pieces, by, measure)


# ---- what became of it ----------------------------------------------------------------------------------------------


def marking(part):
    told = part.filter(pl.col("marked").is_not_null())
    marked = told.filter("marked")
    whole = part.group_by("assignment").agg(
        pl.col("marked").count().alias("told"), pl.col("marked").fill_null(False).all().alias("all")
    )
    whole = whole.filter(pl.col("told") > 0)
    waits = [
        math.ceil((at - since).total_seconds() / 360)
        for at, since in marked.select("marked_at", "submitted").iter_rows()
        if at and since and at >= since
    ]
    correctable = marked.filter((pl.col("rate").is_null() | (pl.col("rate") < 1)) & pl.col("corrected").is_not_null())
    return {
        "students": part["student"].n_unique(),
        "handed_in": len(part),
        "marking_rate": ratio(len(marked), len(told)),
        "marking_coverage": ratio(len(told), len(part)),
        "assignments": len(whole),
        "all_marked_share": share(whole, pl.col("all")),
        "self_marked_share": None,
        "median_feedback_hours": statistics.median(waits) / 10 if waits else None,
        "feedback_coverage": ratio(len(waits), len(marked)),
        "correction_rate": share(correctable, pl.col("corrected")),
    }


def done_at_school(part):
    told = part.filter(pl.col("place").is_not_null())
    at_school = pl.col("place").is_in(["school", "after_school"])
    days = told.group_by("student", "date").agg(at_school.all().alias("all"))
    return {
        "students": told["student"].n_unique(),
        "pieces": len(told),
        "at_school_share": share(told, at_school),
        "student_days": len(days),
        "all_at_school_share": share(days, pl.col("all")),
        "coverage": ratio(len(told), len(part)),
    }


def late_night(part):
    timed = part.filter(pl.col("submitted").is_not_null()).to_dicts()
    late = [row for row in timed if row["submitted"].time() > BEDTIME[row["stage"]] or row["submitted"].time() < MORNING]
    students, awake = {row["student"] for row in timed}, {row["student"] for row in late}
    return {
        "students": len(students),
        "pieces": len(timed),
        "late_pieces": len(late),
        "late_share": ratio(len(late), len(timed)),
        "students_late": len(awake),
        "students_late_share": ratio(len(awake), len(students)),
        "coverage": ratio(len(timed), len(part)),
    }
