"""Homework load between sources, schools and results, and the school's week, in Polars; see `load.py`."""

import math
import statistics
from pathlib import Path

import polars as pl
import sample_week as week
from figures import deviation, hundredths, mean, one, ratio
from load import answers, known, monday, most_at_once, only, parts, share, sources, student_days

FINALS = {"11": 0, "12": 0} | {grade: 1 for grade in ("13", "14", "15", "16")} | {grade: 2 for grade in ("21", "22", "23")}
FIRST_LESSON = {"primary": 8 * 60 + 20, "junior": 8 * 60, "senior": 8 * 60}
PE_LESSONS = {"11": 4, "12": 4} | {grade: 3 for grade in ("13", "14", "15", "16", "21", "22", "23")}


class Week:
    """The school's week, and the class-days on which anything was recorded."""

    def __init__(self, load, folder):
        self.stays = load.placed(week.stays(folder))
        self.timetable = week.timetable(folder)
        self.plans = week.day_plans(folder)
        self.exams = week.exam_plans(folder)
        self.teaching = week.teaching(folder)
        told = [
            load.homework.select("school", "class", "grade", "date"),
            load.attendance.filter(pl.col("recording") == "all").select("school", "class", "grade", "date"),
            load.interactions.filter(pl.col("student").is_not_null()).select("school", "class", "grade", "date"),
        ]
        days = pl.concat(told).unique().rename({"date": "day"})
        self.class_days = load.placed(days.to_dicts())


def cut_off(weeks):
    """Student-days with measured minutes, and those that closing left at a lower bound: the measure of a part of the homework."""
    closes = {(plan["school"], plan["grade"], plan["weekday"]): plan["closes"] for plan in weeks.plans}

    def unfinished(row, closing):
        if row["status"] == "missing":
            return True
        at = row["submitted"]
        on_time = at is None or at.date() != row["date"] or at.hour * 60 + at.minute < closing
        return row["source"] == "measured" and not on_time

    def measure(part):
        days = {}
        for row in part.to_dicts():
            seconds = row["seconds"] if row["source"] == "measured" else None
            closing = closes.get((row["school"], row["grade"], row["date"].isoweekday()))
            day = days.setdefault((row["student"], row["date"]), {"seconds": [], "closes": False, "cut": False})
            day["closes"] |= closing is not None
            day["cut"] |= closing is not None and unfinished(row, closing)
            day["seconds"] += [] if seconds is None else [seconds]
        timed = {key: day for key, day in days.items() if day["seconds"]}
        if not timed:
            return None
        closing_days = sum(day["closes"] for day in timed.values())
        cut_days = sum(day["cut"] for day in timed.values())
        return {
            "students": len({student for student, _ in timed}),
            "student_days": len(timed),
            "closing_days": closing_days,
            "cut_off_days": cut_days,
            "cut_off_share": ratio(cut_days, closing_days),
            "recorded_minutes": sum(sum(day["seconds"]) for day in timed.values()) / 60 / len(timed),
        }

    return measure


def no_homework_rows(load, weeks, by, params):
    worked = set(load.homework.select("school", "class", "date").iter_rows()) | set(
        load.assignments.select("school", "class", "date").iter_rows()
    )
    planned = {(plan["school"], plan["grade"], plan["weekday"]) for plan in weeks.plans if plan["no_homework"]}
    days = only(weeks.class_days, params).to_dicts()
    days = [day for day in days if load.school_day(day["date"])]
    for day in days:
        day["worked"] = (day["school"], day["class"], day["date"]) in worked
        day["planned"] = (day["school"], day["grade"], day["date"].isoweekday()) in planned

    def measure(part):
        rows, by_week = part.to_dicts(), {}
        for row in rows:
            by_week.setdefault((row["school"], row["class"], monday(row["date"])), []).append(row["worked"])
        full = [worked for worked in by_week.values() if len(worked) >= 4]
        planned_days = [row["worked"] for row in rows if row["planned"]]
        free = sum(not all(worked) for worked in full)
        return {
            "planned_class_days": len(planned_days),
            "kept": planned_days.count(False),
            "kept_share": ratio(planned_days.count(False), len(planned_days)),
            "class_weeks": len(full),
            "free_weeks": free,
            "free_week_share": ratio(free, len(full)),
        }

    return answers(pl.DataFrame(days), by, measure)


def reporting_rows(load, by, params):
    reports = set(load.homework.select("school", "class", "date").iter_rows())
    days = sorted({date for _, _, date in reports if load.school_day(date)})
    grid = [{"school": c["school"], "class": c["class"], "grade": c["grade"], "day": day} for day in days for c in load.classes]
    grid = load.placed(grid)
    said = [(row["school"], row["class"], row["date"]) in reports for row in grid.to_dicts()]

    def measure(part):
        there = part.filter("said")
        counts = lambda names: (len(part.unique(names)), len(there.unique(names)))
        (schools, telling), (classes, telling_classes) = counts(["school"]), counts(["school", "class"])
        return {
            "schools": schools,
            "reporting_schools": telling,
            "reporting_schools_share": ratio(telling, schools),
            "classes": classes,
            "reporting_classes": telling_classes,
            "reporting_classes_share": ratio(telling_classes, classes),
            "class_days": len(part),
            "class_days_share": ratio(len(there), len(part)),
        }

    return answers(only(grid.with_columns(said=pl.Series(said)), params), by, measure)


def agreement_rows(load, by, params):
    estimates = {row["assignment"]: row["estimated"] for row in load.assignments.to_dicts() if row["estimated"]}
    timed = only(known(load.homework), params).filter(pl.col("source") != "estimated")
    place = ["date", "school", "grade", "class", "subject"]
    pairs = []
    for keys, part in parts(timed, [*place, "assignment", "source"]):
        if keys[-2] in estimates:
            row = dict(zip(place, keys)) | {"pair": f"{keys[-1]}-estimated", "pupils": len(part)}
            pairs.append(row | {"x": statistics.median(part["seconds"]) / 60, "y": estimates[keys[-2]]})
    for keys, part in parts(timed, place):
        of = {source: part.filter(pl.col("source") == source)["seconds"] for source in ("measured", "reported")}
        if all(len(values) for values in of.values()):
            x, y = (statistics.median(values) / 60 for values in of.values())
            pairs.append(dict(zip(place, keys)) | {"pair": "measured-reported", "pupils": len(part), "x": x, "y": y})

    def measure(part):
        x, y = part["x"].to_list(), part["y"].to_list()
        apart = [a - b for a, b in zip(x, y)]
        spread, centre = deviation(apart, 1), mean(apart)
        together = mean((a - mean(x)) * (b - mean(y)) for a, b in zip(x, y))
        scatter = deviation(x, 0) ** 2 + deviation(y, 0) ** 2 + (mean(x) - mean(y)) ** 2
        return {
            "students": part["pupils"].sum(),
            "pairs": len(part),
            "mean_difference": centre,
            "sd_difference": spread,
            "low_agreement": None if spread is None else centre - 1.96 * spread,
            "high_agreement": None if spread is None else centre + 1.96 * spread,
            "concordance": 2 * together / scatter if len(part) > 1 and scatter > 0 else None,
            "median_ratio": statistics.median(hundredths(a, b) for a, b in zip(x, y)) / 100,
        }

    rows = load.placed([row | {"day": row["date"]} for row in pairs])
    return answers(rows, by, measure, n="students")


def equity(part):
    minutes = lambda rows: (lambda days: ratio(days["seconds"].sum() / 60, len(days)))(student_days(rows))
    schools = [(most_at_once(student_days(own)), minutes(own)) for _, own in parts(part, ["school"]) if len(known(own))]
    weight = sum(pupils for pupils, _ in schools)
    centre = ratio(math.fsum(pupils * x for pupils, x in schools), weight)
    spread = math.sqrt(math.fsum(pupils * (x - centre) ** 2 for pupils, x in schools) / weight)
    city, town, village = (minutes(part.filter(pl.col("area") == area)) for area in ("城区", "镇区", "乡村"))
    return {
        "students": weight,
        "schools": len(schools),
        "mean_minutes": centre,
        "school_cv": spread / centre if len(schools) > 1 else None,
        "city_minutes": city,
        "town_minutes": town,
        "village_minutes": village,
        "village_city_ratio": village / city if village and city else None,
        **sources(part),
    }


def ratio_variance(drawn):
    """Of the sum of y over the sum of x, over what was drawn at random."""
    rate, n = drawn["y"].sum() / drawn["x"].sum(), len(drawn)
    left = drawn["y"].to_numpy() - rate * drawn["x"].to_numpy()
    return float((left**2).sum()) * n / (n - 1) / drawn["x"].sum() ** 2 if n > 1 else None


def together_variance(exams):
    """Of the mean over all pupils of all exams, whose errors go together."""
    if any(len(exam) < 2 for exam in exams):
        return None
    error = lambda exam: deviation(exam, 1) / math.sqrt(len(exam))
    return (math.fsum(len(exam) * error(exam) for exam in exams) / sum(len(exam) for exam in exams)) ** 2


def quadrant_rows(load, by, params):
    work = only(
        load.homework, {name: value for name, value in params.items() if name in ("from", "to", "school", "grade", "county")}
    )
    results = load.results.filter(pl.col("status") == "scored")
    results = only(results, {name: params[name] for name in ("exam", "term") if name in params})
    group = ["exam", "subject", "grade"]
    score, sigma = pl.col("score"), pl.col("score").std(ddof=0)
    results = results.with_columns(z=((score - score.mean()) / pl.when(sigma > 0).then(sigma)).over(group))
    units = []
    for (school, grade), part in parts(work, ["school", "grade"]):
        days = student_days(part)
        for subject in part["subject"].unique():
            own = results.filter((pl.col("school") == school) & (pl.col("grade") == grade) & (pl.col("subject") == subject))
            own = own.filter(pl.col("z").is_not_null())
            if len(own) and len(days) and params.get("subject", subject) == subject:
                units.append(
                    {
                        "school": school,
                        "grade": grade,
                        "subject": subject,
                        "day": days["date"][0],
                        "minutes": part.filter(pl.col("subject") == subject)["seconds"].sum() / 60 / len(days),
                        "z": own["z"].mean(),
                        "timed": most_at_once(days),
                        "days": days["date"].n_unique(),
                    }
                )
                held = known(part.filter(pl.col("subject") == subject)).group_by("date").agg(y=pl.col("seconds").sum() / 60)
                spent = days.group_by("date").len("x").join(held, on="date", how="left").fill_null(0)
                exams = [exam["z"].to_list() for _, exam in parts(own, ["exam"])]
                units[-1] |= {"minutes_variance": ratio_variance(spent), "z_variance": together_variance(exams)}
                scored = max(len(exam) for exam in exams)
                units[-1] |= {"weight": scored, "scored": scored, "students": min(units[-1]["timed"], scored)}
    rows = load.placed(units)
    weighted = lambda part, name: math.fsum(w * x for w, x in part.select("weight", name).iter_rows()) / part["weight"].sum()
    middle = weighted(rows, "minutes"), weighted(rows, "z")

    def measure(part):
        minutes, quality = weighted(part, "minutes"), weighted(part, "z")
        side = lambda value, centre, high, low: high if round(value - centre, 9) >= 0 else low
        error = lambda name: math.sqrt(math.fsum(w * w * v for w, v in part.select("weight", name).iter_rows())) / part["weight"].sum()
        return {
            "students": part["students"].sum(),
            "minutes": minutes,
            "quality": quality,
            "minutes_error": None if part["minutes_variance"].null_count() else error("minutes_variance"),
            "quality_error": None if part["z_variance"].null_count() else error("z_variance"),
            "students_timed": part["timed"].sum(),
            "students_scored": part["scored"].sum(),
            "days": part["days"].min(),
            "minutes_middle": middle[0],
            "quality_middle": middle[1],
            "quadrant": f"{side(minutes, middle[0], 'heavy', 'light')}-{side(quality, middle[1], 'high', 'low')}",
        }

    return answers(rows, by, measure, n="students")


# ---- the school's week ----------------------------------------------------------------------------------------------


def exam_rows(load, weeks, by, params):
    registered = {}
    for c in load.classes:
        registered.setdefault((c["school"], c["grade"]), set()).add(c["class"])
    exams = {}
    for (exam, subject, school, grade), part in parts(load.results, ["exam", "subject", "school", "grade"]):
        if part["class"].n_unique() >= len(registered.get((school, grade), "x")):
            exams[exam, subject, school, grade] = {"day": part["date"].min(), "planned_only": True, "unregistered": False}
            exams[exam, subject, school, grade]["planned_only"] = False
    for plan in weeks.exams:
        key = plan["exam"], plan["subject"], plan["school"], plan["grade"]
        own = exams.setdefault(key, {"day": plan["day"], "planned_only": True, "unregistered": False})
        own["day"], own["unregistered"] = min(own["day"], plan["day"]), own["unregistered"] or not plan["registered"]
    rows = [dict(zip(("exam", "subject", "school", "grade"), key)) | own for key, own in exams.items()]

    def measure(part):
        units = [(keys[1], len(own)) for keys, own in parts(part, ["school", "grade", "subject", "term"])]
        over = sum(count > FINALS[grade] for grade, count in units)
        return {
            "units": len(units),
            "exams": len(part),
            "mean_exams": ratio(len(part), len(units)),
            "most_exams": max(count for _, count in units),
            "units_over": over,
            "units_over_share": ratio(over, len(units)),
            "planned_only": len(part.filter("planned_only")),
            "unregistered": len(part.filter("unregistered")),
            "joint": 0,
        }

    return answers(only(load.placed(rows), params), by, measure)


def service_rows(load, weeks, roster, by, params):
    days = sorted(set(weeks.stays["date"]))
    everyone = load.placed([pupil | {"day": day} for day in days for pupil in roster])
    taught = load.placed([entry | {"day": day} for day in days for entry in weeks.teaching])
    staying, teaching = dict(parts(only(weeks.stays, params), by)), dict(parts(only(taught, params), by))
    found = []
    for keys, pupils in parts(only(everyone, params), by):
        stays = staying.get(keys, weeks.stays[:0])
        served = stays.filter("counts")
        own = [part.to_dicts() for _, part in parts(served, ["student", "date"])]
        whole = [rows for rows in own if all(row["ends"] for row in rows)]
        hours = [sum((row["ends"] - row["starts"]).total_seconds() for row in rows) / 3600 for rows in whole]
        ends = [max(row["ends"].hour * 60 + row["ends"].minute for row in rows) for rows in whole]
        teachers = teaching[keys]["teacher"].n_unique() if keys in teaching else 0
        students = served["student"].n_unique()
        values = {
            "students": students,
            "schools": pupils["school"].n_unique(),
            "schools_share": ratio(served["school"].n_unique(), pupils["school"].n_unique()),
            "roster": pupils["student"].n_unique(),
            "participation": ratio(students, pupils["student"].n_unique()),
            "student_days": len(own),
            "days_per_week": ratio(len(own), len({(rows[0]["student"], monday(rows[0]["date"])) for rows in own})),
            "mean_hours": mean(hours),
            "hours_coverage": ratio(len(whole), len(own)),
            "two_hours_share": ratio(sum(hour >= 2 for hour in hours), len(hours)),
            "median_end": statistics.median(ends) if ends else None,
            "teachers": served["teacher"].drop_nulls().n_unique(),
            "teacher_share": ratio(served["teacher"].drop_nulls().n_unique(), teachers),
            "not_service_days": len(stays.filter(~pl.col("counts")).unique(["student", "date"])),
        }
        found.append(one(dict(zip(by, keys)), values, "students"))
    return found


def first_lesson_rows(load, weeks, by, params):
    today = max(load.calendar)
    first = {}
    for lesson in weeks.timetable:
        key = lesson["school"], lesson["class"], lesson["grade"], lesson["weekday"]
        first[key] = min(lesson["starts"], first.get(key, lesson["starts"]))
    rows = [
        {
            "school": p["school"],
            "grade": p["grade"],
            "planned": True,
            "starts": p["first_lesson"],
            "arrives": p["arrival"],
            "day": today,
        }
        for p in weeks.plans
    ]
    rows += [
        {"school": k[0], "grade": k[2], "planned": False, "starts": start, "arrives": None, "day": today}
        for k, start in first.items()
    ]

    def measure(part):
        plans, lessons = part.filter("planned"), part.filter(~pl.col("planned"))
        early = lambda rows: sum(start < FIRST_LESSON[stage] for start, stage in rows.select("starts", "stage").iter_rows())
        return {
            "plan_days": len(plans),
            "early_plans": early(plans),
            "early_plans_share": ratio(early(plans), len(plans)),
            "earliest": plans["starts"].min(),
            "arrival_lead": (plans["starts"] - plans["arrives"]).mean(),
            "class_days": len(lessons),
            "early_class_days": early(lessons),
            "early_class_days_share": ratio(early(lessons), len(lessons)),
        }

    return answers(only(load.placed(rows), params), by, measure)


def device_rows(load, weeks, by, params):
    taught = {}
    for lesson in weeks.timetable:
        taught.setdefault((lesson["school"], lesson["class"], lesson["weekday"]), []).append(lesson["ends"] - lesson["starts"])
    acts = {}
    for row in load.interactions.select("school", "class", "date", "lesson", "at").to_dicts():
        acts.setdefault((row["school"], row["class"], row["date"]), {}).setdefault(row["lesson"], []).append(row["at"])
    days = only(weeks.class_days, params).to_dicts()
    days = [day for day in days if (day["school"], day["class"], day["date"].isoweekday()) in taught]

    def measure(part):
        weekly, spans, minutes = {}, 0, 0
        for row in part.to_dicts():
            lessons = taught[row["school"], row["class"], row["date"].isoweekday()]
            used = acts.get((row["school"], row["class"], row["date"]), {})
            own = weekly.setdefault((row["school"], row["class"], monday(row["date"])), [0, 0])
            own[0], own[1], minutes = own[0] + len(lessons), own[1] + len(used), minutes + sum(lessons)
            spans += sum((max(at) - min(at)).total_seconds() for at in used.values())
        lessons, used = (sum(own[i] for own in weekly.values()) for i in (0, 1))
        return {
            "class_days": len(part),
            "lessons": lessons,
            "device_lessons": used,
            "device_lessons_share": ratio(used, lessons),
            "span_share": ratio(spans / 60, minutes),
            "over_share": ratio(sum(own[1] / own[0] > float(params.get("limit", 0.3)) for own in weekly.values()), len(weekly)),
        }

    return answers(pl.DataFrame(days), by, measure)


def pe_rows(load, weeks, by, params):
    classes = {}
    for lesson in weeks.timetable:
        classes.setdefault((lesson["school"], lesson["class"], lesson["grade"]), []).append(lesson)
    rows = []
    for (school, klass, grade), lessons in classes.items():
        sport = [lesson["ends"] - lesson["starts"] for lesson in lessons if lesson["subject"] == "pe"]
        weekdays = len({lesson["weekday"] for lesson in lessons})
        row = {
            "school": school,
            "class": klass,
            "grade": grade,
            "day": max(load.calendar),
            "lessons": len(sport),
            "minutes": sum(sport),
        }
        rows.append(row | {"daily": sum(sport) / weekdays, "asked": PE_LESSONS[grade]})
    short = pl.col("lessons") < pl.col("asked")
    measure = lambda part: {
        "classes": len(part),
        "pe_lessons": part["lessons"].mean(),
        "pe_minutes": part["minutes"].mean(),
        "daily_minutes": part["daily"].mean(),
        "required_lessons": part["asked"].mean(),
        "short_classes": len(part.filter(short)),
        "short_share": share(part, short),
    }
    return answers(only(load.placed(rows), params), by, measure)


def term_rows(folder):
    rows = list(week.sheet_rows(Path(folder) / "calendar" / "calendar.csv", "utf-8"))
    by_term = {}
    for row in rows:
        by_term.setdefault(row["term"], []).append(row)
    return [
        {
            "term": term,
            "first_day": min(row["date"] for row in told),
            "last_day": max(row["date"] for row in told),
            "school_days": sum(row["day_kind"] in ("school_day", "make_up", "no_homework") for row in told),
        }
        for term, told in sorted(by_term.items())
    ]
