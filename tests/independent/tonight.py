"""`workload/tonight`: the load of an evening from what is set, the textbook's way.

Dense matrices over single pieces throughout: variance components from projection matrices and traces, prediction by the full covariance
matrix of all past pieces (generalised least squares), where xueqing adds up cells and solves mixed-model equations.
"""

import datetime
import math

import numpy as np
from figures import one

Z = 1.2815515655446004
HISTORY, SEEN, FEWEST, KNOWN = datetime.timedelta(days=90), datetime.timedelta(days=30), 10, 5
FACTORS = ("teacher", "subject", "class")


def normal_above(x):
    return math.erfc(x / math.sqrt(2)) / 2


# ---- past pieces ----------------------------------------------------------------------------------------------------


def history(d, school, night):
    """Past pieces of the school with the logarithms that their minutes allow."""
    listed = d.assignments[(d.assignments["school"] == school) & (d.assignments["date"] < night) & (d.assignments["date"] >= night - HISTORY)]
    past = []
    for piece in listed.to_dict("records"):
        works = d.homework[(d.homework["assignment"] == piece["assignment"]) & (d.homework["class"] == piece["class"]) & (d.homework["school"] == school)]
        timed = works[works["source"].isin(["measured", "reported"]) & works["seconds"].notna()]
        n, seconds = len(timed), timed["seconds"].sum()
        usable = n >= 3 and seconds > 0
        estimated = (estimate(piece) or 0) * 60
        past.append(
            piece | {"records": len(works), "timed": n, "measured": int((timed["source"] == "measured").sum()), "mean": seconds / n if n else 0.0}
            | {"seconds_log": math.log(seconds / n) if usable else None, "ratio_log": math.log(seconds / n / estimated) if usable and estimated else None}
        )
    return past


def estimate(piece):
    value = piece["estimated"]
    return None if value is None or math.isnan(value) or value == 0 else value


def level(piece, factor):
    return piece["teacher"] or (piece["class"], piece["subject"]) if factor == "teacher" else piece[factor]


def incidence(pieces, factor):
    names = sorted({level(piece, factor) for piece in pieces}, key=str)
    return np.array([[float(level(piece, factor) == name) for name in names] for piece in pieces])


def components(past, y):
    """Variances by Henderson's first method; a negative one is zero and leaves the equations, the most negative first."""
    z = {factor: incidence(past, factor) for factor in FACTORS}
    n = len(past)
    mean = np.full((n, n), 1 / n)
    projections = {factor: z[factor] @ np.diag(1 / z[factor].sum(axis=0)) @ z[factor].T for factor in FACTORS}
    left = [factor for factor in FACTORS if z[factor].shape[1] > 1]
    while True:
        forms = [projections[factor] - mean for factor in left] + [np.eye(n) - mean]
        matrix = np.array([[np.trace(form @ z[of] @ z[of].T) for of in left] + [np.trace(form)] for form in forms])
        if np.linalg.matrix_rank(matrix, tol=1e-9 * abs(matrix).max()) < len(forms):
            left.pop()
            continue
        found = np.linalg.solve(matrix, [y @ form @ y for form in forms])
        lowest = min(range(len(left)), key=lambda place: found[place], default=None)
        if lowest is None or found[lowest] >= 0:
            return {factor: dict(zip(left, found)).get(factor, 0.0) for factor in FACTORS}, max(found[-1], 1e-4)
        left.pop(lowest)


def predict(past, y, pieces):
    """Means and covariances of what may come of `pieces`."""
    variances, rest = components(past, y)
    everything = past + pieces
    shared = sum(variances[factor] * (z := incidence(everything, factor)) @ z.T for factor in FACTORS)
    n = len(past)
    inverse = np.linalg.inv(shared[:n, :n] + rest * np.eye(n))
    ones = np.ones(n)
    centre = ones @ inverse @ y / (ones @ inverse @ ones)
    between = shared[n:, :n] @ inverse
    lack = 1 - between @ ones
    means = centre + between @ (y - centre)
    covariance = shared[n:, n:] + rest * np.eye(len(pieces)) - between @ shared[:n, n:] + np.outer(lack, lack) / (ones @ inverse @ ones)
    return means, covariance


# ---- students -------------------------------------------------------------------------------------------------------


def members(d, school, klass, night):
    roster = d.roster[(d.roster["school"] == school) & (d.roster["class"] == klass)]["student"]
    if len(roster):
        return sorted(set(roster))
    seen = d.homework[(d.homework["school"] == school) & (d.homework["class"] == klass) & (d.homework["date"] < night) & (d.homework["date"] >= night - SEEN)]
    return sorted(set(seen["student"]))


def pace_days(d, school, klass, night):
    """(student, weight, logarithm of own total / mates' mean) of each complete day."""
    rows = d.homework[(d.homework["school"] == school) & (d.homework["class"] == klass) & (d.homework["date"] < night) & (d.homework["date"] >= night - HISTORY)]
    found = []
    for day, of_day in rows.groupby("day"):
        known = of_day[of_day["source"].isin(["measured", "reported"]) & of_day["seconds"].notna()]
        means = [mean for mean in known.groupby("assignment")["seconds"].mean() if mean > 0]
        whole = []
        for student, own in of_day.groupby("student"):
            wanted = own[own["status"].isin(["submitted", "late", "missing"])]
            timed = own[own["source"].isin(["measured", "reported"]) & own["seconds"].notna()]
            if len(wanted) and len(timed) == len(wanted) and timed["seconds"].sum() > 0:
                whole.append((student, len(wanted), timed["seconds"].sum()))
        for student, count, seconds in whole:
            mates = [other for _, same, other in whole if same == count]
            if len(mates) >= 5 and means:
                weight = sum(means) ** 2 / sum(mean * mean for mean in means)
                found.append((student, weight, math.log(seconds / (sum(mates) / len(mates)))))
    return found


def paces(days, students):
    """student → (mean, variance of what is not known, variance of a day of one piece), or None where the past does not tell."""
    own = {student: [(w, q) for name, w, q in days if name == student] for student in students}
    seen = {student: rows for student, rows in own.items() if rows}
    freedom = sum(len(rows) - 1 for rows in seen.values())
    if len(seen) < 2 or freedom < 20:
        return None
    weight = {s: sum(w for w, _ in rows) for s, rows in seen.items()}
    mean = {s: sum(w * q for w, q in rows) / weight[s] for s, rows in seen.items()}
    within = sum(w * (q - mean[s]) ** 2 for s, rows in seen.items() for w, q in rows) / freedom
    total = sum(weight.values())
    grand = sum(weight[s] * mean[s] for s in seen) / total
    spread = sum(weight[s] * (mean[s] - grand) ** 2 for s in seen)
    between = max(0.0, (spread - (len(seen) - 1) * within) / (total - sum(w * w for w in weight.values()) / total))
    trust = {s: 1 / (between + within / weight[s]) for s in seen}
    centre = sum(trust[s] * mean[s] for s in seen) / sum(trust.values())
    shrunken = lambda s: (centre + between * trust[s] * (mean[s] - centre), between * (1 - between * trust[s]), within)
    return {s: shrunken(s) if s in seen else (centre, between, within) for s in students}


# ---- evenings -------------------------------------------------------------------------------------------------------


def lognormal_sum(logs, covariance):
    means = np.exp(logs + np.diag(covariance) / 2)
    mean = means.sum()
    variance = math.log1p((np.outer(means, means) * np.expm1(covariance)).sum() / mean**2)
    return math.log(mean) - variance / 2, variance, (means**2).sum() / mean**2


def interval(log, variance):
    return [math.exp(log + sign * Z * math.sqrt(variance)) / 60 for sign in (-1, 1)]


def above(limit, log, variance):
    return 1.0 if limit <= 0 else normal_above((math.log(limit) - log) / math.sqrt(variance))


def exceeded_with(probability, of):
    low, high = min(log for log, _ in of) - 10, max(log for log, _ in of) + 10
    for _ in range(200):
        middle = (low + high) / 2
        over = sum(normal_above((middle - log) / math.sqrt(variance)) for log, variance in of) / len(of)
        low, high = (middle, high) if over > probability else (low, middle)
    return math.exp(low) / 60


def reach(past, piece):
    same = [p for p in past if p["class"] == piece["class"] and p["records"]]
    most = {day: max(p["records"] for p in same if p["day"] == day) for day in {p["day"] for p in same}}
    shares = [p["records"] / most[p["day"]] for p in same if p["layer"] and p["layer"] == piece["layer"]]
    return sum(shares) / len(shares) if len(shares) >= 5 else 1.0


def evening(d, school, klass, night):
    """The class's evening and its pieces."""
    pieces = d.assignments[(d.assignments["school"] == school) & (d.assignments["class"] == klass) & (d.assignments["date"] == night)]
    pieces = sorted(pieces.to_dict("records"), key=lambda piece: piece["assignment"])
    past = history(d, school, night)
    assert all(estimate(piece) for piece in pieces), "the sample has an estimate for every piece"
    usable = [p for p in past if p["ratio_log"] is not None]
    logs = np.log([estimate(piece) * 60 for piece in pieces])
    covariance, founded = np.zeros((len(pieces), len(pieces))), len(usable) >= FEWEST
    if founded:
        means, covariance = predict(usable, np.array([p["ratio_log"] for p in usable]), pieces)
        logs = logs + means
    by_teacher = [sum(level(p, "teacher") == level(piece, "teacher") for p in usable) if founded else 0 for piece in pieces]
    bases = [("teacher" if n >= KNOWN else "school") if founded else "estimate" for n in by_teacher]
    reaches = np.log([reach(past, piece) for piece in pieces])
    timed = sum(p["timed"] for p in past)
    shared = {
        "past": len(usable) if founded else 0,
        "coverage": len(usable) / len(past) if past else None,
        "measured_share": sum(p["measured"] for p in past) / timed if timed else None,
        "school": school, "class": klass, "day": str(night), "grade": pieces[0]["grade"], "students": len(members(d, school, klass, night)),
    }  # fmt: skip
    limit = d.limit(pieces[0]["grade"], night)
    parts = [
        shared | {"subject": piece["subject"], "assignment": piece["assignment"], "assignments": 1, "estimated": estimate(piece), "title": piece["title"]}
        | {"expected": math.exp(log + covariance[i, i] / 2) / 60, "interval": interval(log, covariance[i, i]) if founded else None}
        | {"basis": bases[i], "by_teacher": by_teacher[i], "written": math.exp(log + covariance[i, i] / 2) / 60 if piece["form"] == "written" else 0.0}
        for i, (piece, log) in enumerate(zip(pieces, logs))
    ]  # fmt: skip
    written = [i for i, piece in enumerate(pieces) if piece["form"] == "written"]
    whole = shared | {
        "assignments": len(pieces), "estimated": sum(estimate(piece) for piece in pieces), "limit": None if limit is None else limit // 60,
        "basis": max(bases, key=["teacher", "school", "estimate"].index), "by_teacher": min(by_teacher),
    }  # fmt: skip
    return whole | load(d, whole, logs + reaches, covariance, written, night, founded), parts


def load(d, whole, logs, covariance, written, night, founded):
    limit = None if whole["limit"] is None else whole["limit"] * 60
    if not founded:
        over = None if limit is None else 0.0 if not written else 1.0 if limit == 0 else None
        sums = [float(np.exp(logs[places]).sum()) / 60 for places in (slice(None), written)]
        return {"expected": sums[0], "written": sums[1], "over": over, "interval": None, "range": None, "share": None}
    log, variance, uneven = lognormal_sum(logs, covariance)
    found = {"expected": math.exp(log + variance / 2) / 60, "interval": interval(log, variance), "written": 0.0, "over": None if limit is None else 0.0}
    part = lognormal_sum(logs[written], covariance[np.ix_(written, written)]) if written else None
    if part:
        found |= {"written": math.exp(part[0] + part[1] / 2) / 60, "over": None if limit is None else above(limit, part[0], part[1])}
    students = members(d, whole["school"], whole["class"], night)
    own = paces(pace_days(d, whole["school"], whole["class"], night), students)
    if not own:
        return found | {"range": None, "share": None}
    evenings = [(log + mean, variance + unsure + daily * uneven) for mean, unsure, daily in own.values()]
    shares = None
    if limit is not None:
        shares = [above(limit, part[0] + m, part[1] + u + w * part[2]) if part else 0.0 for m, u, w in own.values()]
    return found | {
        "range": [exceeded_with(0.9, evenings), exceeded_with(0.1, evenings)],
        "share": None if shares is None else sum(shares) / len(shares),
    }


# ---- the figure -----------------------------------------------------------------------------------------------------


def tonight_rows(d, by, params):
    listed = d.assignments
    for name in ("school", "class"):
        listed = listed[listed[name] == params[name]] if name in params else listed
    first, last = params.get("from"), params.get("to")
    if not first and not last:
        first = last = listed["day"].max()
    listed = listed[(listed["day"] >= (first or "")) & (listed["day"] <= (last or "9"))]
    keys = sorted({(row["school"], row["class"], row["date"]) for row in listed.to_dict("records")})
    found = [evening(d, *key) for key in keys]
    single = "subject" in by or "assignment" in by
    rows = [part for _, parts in found for part in parts] if single else [whole for whole, _ in found]
    together = {}
    for row in rows:
        together.setdefault(tuple(row[name] for name in by), []).append(row)
    return [one(dict(zip(by, key)), measure(rows), n="students") for key, rows in sorted(together.items())]


def measure(rows):
    evenings = {}
    for row in rows:
        evenings.setdefault((row["school"], row["class"], row["day"]), []).append(row)
    sizes = {key[:2]: max(part["students"] for part in parts) for key, parts in evenings.items()}

    def weighted(name):
        known = [(sum(p[name] for p in parts), parts[0]["students"]) for parts in evenings.values() if all(p.get(name) is not None for p in parts)]
        return sum(value * n for value, n in known) / sum(n for _, n in known) if known else None

    first, alone = rows[0], len(rows) == 1
    ends = lambda name: first.get(name) if alone and first.get(name) else [None, None]
    same = lambda name: first.get(name) if len({row.get(name) for row in rows}) == 1 else None
    overs = [row["over"] for row in rows if row.get("over") is not None]
    over, limit, written = sum(overs) / len(overs) if overs else None, same("limit"), weighted("written")
    warning = None
    if alone and limit is not None:
        certain = over >= 0.5 if over is not None else written > limit
        warning = "over" if certain else "risk" if (over or 0) >= 0.1 else "none"
    (low, high), (student_low, student_high) = ends("interval"), ends("range")
    return {
        "students": sum(sizes.values()),
        "evenings": len(evenings),
        "assignments": sum(row["assignments"] for row in rows),
        "without_estimate": 0,
        "estimated_minutes": weighted("estimated"),
        "expected_minutes": weighted("expected"),
        "low_minutes": low,
        "high_minutes": high,
        "student_low_minutes": student_low,
        "student_high_minutes": student_high,
        "written_minutes": written,
        "limit_minutes": limit,
        "over_limit_probability": over,
        "over_limit_share": weighted("share"),
        "warning": warning,
        "basis": same("basis"),
        "past_assignments": min(row["past"] for row in rows),
        "teacher_assignments": min(row["by_teacher"] for row in rows),
        "coverage": max((row["coverage"] for row in rows if row["coverage"] is not None), default=None),
        "measured_share": max((row["measured_share"] for row in rows if row["measured_share"] is not None), default=None),
        "title": first.get("title") if alone and first["assignments"] == 1 else None,
    }
