"""The cases of homework load: which groupings and parameters of each figure are computed, with `load.py` and `load_between.py`."""

from pathlib import Path

import load as own
import load_between as between


def figures(data, roster):
    folder = Path(data)
    d = own.Load(folder)
    w = between.Week(d, folder)
    pupils = roster.to_dict("records")
    days = sorted(set(d.homework["day"]))
    last, school = days[-1], sorted(d.schools)[0]
    klass = sorted(set(d.homework["class"]))[0]
    work, handed_in = d.homework, own.handed_in(d.homework)
    over = lambda rows, measure, n="students": lambda by, p: own.answers(own.only(rows, p), by, measure, n)
    often = lambda by, p: own.answers(own.only(work, p), by, own.pupils_over(d, int(p.get("days", 3))), "students")
    county = {"county": d.schools[school]["行政区划"]}
    return {
        "workload/compliance": cases(
            over(work, own.compliance(d)),
            (["school"], {}),
            (["day", "class"], {}),
            (["term", "county", "stage"], county),
            (["area", "grade"], {}),
            ([], {"from": last}),
        ),
        "workload/pupils_over": cases(
            often,
            (["school"], {}),
            (["class"], {"days": "1"}),
            (["term", "county", "stage"], county),
            (["area", "grade"], {"days": "2"}),
            (["grade"], {"school_type": "312", "stage": "junior"}),
            ([], {"from": last}),
        ),
        "workload/over_limit": cases(
            lambda by, p: own.over_limit_rows(d, by, p),
            (["school", "grade", "subject"], {}),
            (["day", "class"], {}),
            (["month", "urban_rural", "subject"], {"subject": "math"}),
            ([], {"school": school}),
        ),
        "workload/break_minutes": cases(
            lambda by, p: own.break_rows(d, by, p),
            (["break_kind"], {}),
            (["day", "grade"], {}),
            (["month", "region", "class"], {"school": school}),
            ([], {"from": "2026-11-21"}),
        ),
        "homework/publication": cases(
            over(d.assignments, own.publication, None),
            (["school"], {}),
            (["subject", "form"], {}),
            (["week", "county", "grade"], {}),
            ([], {"class": klass}),
        ),
        "homework/layering": cases(
            over(d.assignments, own.layering, None),
            (["school"], {}),
            (["subject"], {"form": "written"}),
            (["month", "public", "stage"], {}),
            ([], {"to": days[0]}),
        ),
        "homework/early_written": cases(
            lambda by, p: own.early_written_rows(d, by, p),
            (["school", "grade"], {}),
            (["day", "class"], {}),
            ([], {}),
        ),
        "homework/marking": cases(
            over(handed_in, own.marking),
            (["school"], {}),
            (["class", "subject"], {"school": school}),
            (["term", "school_type", "form"], {}),
            (["day"], {}),
            ([], {"class": klass}),
        ),
        "homework/done_at_school": cases(
            over(handed_in, own.done_at_school),
            (["stage"], {}),
            (["day", "school"], {}),
            (["week", "area", "subject"], {}),
            ([], county),
        ),
        "homework/late_night": cases(
            over(handed_in, own.late_night),
            (["stage"], {}),
            (["day", "class"], {}),
            (["term", "region", "subject"], {}),
            ([], {"from": last}),
        ),
        "homework/no_homework_days": cases(
            lambda by, p: between.no_homework_rows(d, w, by, p),
            (["school"], {}),
            (["week", "grade"], {}),
            (["class"], {"school": school}),
            (["grade"], {"area": "镇区", "stage": "primary"}),
            ([], {"to": last}),
        ),
        "quality/reporting": cases(
            lambda by, p: between.reporting_rows(d, by, p),
            (["county"], {}),
            (["day", "school"], {}),
            (["term", "area", "grade"], {}),
            ([], {"from": last}),
        ),
        "quality/source_agreement": cases(
            lambda by, p: between.agreement_rows(d, by, p),
            (["pair"], {}),
            (["school", "subject", "pair"], {}),
            (["stage", "pair"], {"from": days[1]}),
            (["class", "pair"], {"school": school}),
        ),
        "workload/equity": cases(
            over(work, between.equity),
            (["stage"], {}),
            (["day", "stage"], {}),
            (["term", "county"], {}),
            (["grade"], county),
            (["stage"], {"area": "镇区"}),
            ([], {}),
        ),
        "workload/cut_off": cases(
            over(work, between.cut_off(w)),
            (["stage"], {}),
            (["day", "class"], {}),
            (["week", "school", "subject"], {"stage": "primary"}),
            (["area"], {"public": "public"}),
            ([], {"from": last}),
        ),
        "directory/terms": cases(lambda by, p: between.term_rows(data), ([], {})),
        "workload/quadrant": cases(
            lambda by, p: between.quadrant_rows(d, by, p),
            (["school", "subject"], {}),
            (["grade", "subject"], {"subject": "math"}),
            (["area"], {}),
            ([], {"term": "2026-2027-1"}),
        ),
        "exam/frequency": cases(
            lambda by, p: between.exam_rows(d, w, by, p),
            (["term", "grade"], {}),
            (["school", "grade", "subject"], {"grade": "22"}),
            (["school"], {"urban_rural": "121", "stage": "junior"}),
            (["stage"], {}),
            ([], {"from": "2026-09-01"}),
        ),
        "after_school/service": cases(
            lambda by, p: between.service_rows(d, w, pupils, by, p),
            (["school"], {}),
            (["day", "grade"], {}),
            (["week", "class"], {"school": school}),
            (["grade"], {"school_type": "211"}),
            ([], {}),
        ),
        "school_day/first_lesson": cases(
            lambda by, p: between.first_lesson_rows(d, w, by, p), (["school"], {}), (["stage", "grade"], {}), ([], {})
        ),
        "school_day/device_lessons": cases(
            lambda by, p: between.device_rows(d, w, by, p),
            (["school"], {}),
            (["day", "class"], {}),
            (["week", "stage"], {"limit": "0.2"}),
            ([], {}),
        ),
        "school_day/pe_minutes": cases(
            lambda by, p: between.pe_rows(d, w, by, p),
            (["school"], {}),
            (["grade"], {}),
            (["class"], {"school": school}),
            ([], {}),
        ),
    }


def cases(rows_of, *asked):
    return [{"by": by or ["all"], "params": params, "rows": rows_of(by, params)} for by, params in asked]
