"""Three invented series, and what statsmodels says of them: segmented regression with HAC (Newey-West) errors.

    python interrupted.py > interrupted.json      # statsmodels 0.15, numpy 2

The design is the one of query/src/policy/interrupted/design.rs.
"""
import datetime
import json
import math
from collections import Counter

import numpy as np
import statsmodels.api as sm

WEEK_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def school_days(start, count, pause=None):
    day, days = start, []
    while len(days) < count:
        in_pause = pause and pause[0] <= day <= pause[1]
        if day.weekday() < 5 and not in_pause:
            days.append(day)
        day += datetime.timedelta(days=1)
    return days


def errors(random, count, phi, scale):
    values, last = [], 0.0
    for _ in range(count):
        last = phi * last + scale * random.standard_normal()
        values.append(last)
    return np.array(values)


def design(step, days, date, waves):
    weeks = np.array([(day - date).days / 7 for day in days])
    columns = {
        "level_before": np.ones(len(days)),
        "slope_before": weeks,
        "level_change": np.array([float(day >= date) for day in days]),
        "slope_change": np.maximum(weeks, 0),
    }
    if step == "day":
        counts = Counter(day.weekday() for day in days)
        base = min(counts, key=lambda day: (-counts[day], day))
        rare = [day for day in counts if day != base and counts[day] < 3]
        for week_day in sorted(day for day in counts if day != base and counts[day] >= 3):
            columns[WEEK_DAYS[week_day]] = np.array([float(day.weekday() == week_day) for day in days])
        if rare:
            columns["make_up_day"] = np.array([float(day.weekday() in rare) for day in days])
    for wave in range(1, waves + 1):
        angle = [2 * math.pi * wave * (day.timetuple().tm_yday - 1) / 365.25 for day in days]
        columns[f"season_cos_{wave}"] = np.cos(angle)
        columns[f"season_sin_{wave}"] = np.sin(angle)
    return columns


def case(name, step, days, date, waves, values, lags, small_sample):
    columns = design(step, days, date, waves)
    matrix = np.column_stack(list(columns.values()))
    kwds = {"maxlags": lags, "use_correction": small_sample}
    fit = sm.OLS(values, matrix).fit(cov_type="HAC", cov_kwds=kwds, use_t=True)
    low, high = fit.conf_int(0.05).T
    without = matrix.copy()
    without[:, 2:4] = 0
    after = np.array([day >= date for day in days])
    return {
        "name": name, "step": step, "date": str(date), "season_waves": waves, "lags": lags, "small_sample": small_sample,
        "days": [str(day) for day in days], "values": list(values), "columns": list(columns),
        "coefficients": list(fit.params), "standard_errors": list(fit.bse), "low": list(low), "high": list(high),
        "p_values": list(fit.pvalues), "fitted": list(fit.fittedvalues), "counterfactual": list((without @ fit.params)[after]),
        "mean_effect": float(((matrix - without) @ fit.params)[after].mean()),
    }


def term():
    random = np.random.default_rng(1)
    days = school_days(datetime.date(2026, 9, 1), 96) + [datetime.date(2026, 9, 20), datetime.date(2026, 10, 10)]
    days.sort()
    date = datetime.date(2026, 11, 2)
    change = np.array([-9.0 - 0.7 * (day - date).days / 7 if day >= date else 0.0 for day in days])
    friday = np.array([-12.0 if day.weekday() == 4 else 0.0 for day in days])
    return case("a term of days with make-up days", "day", days, date, 0, 72 + change + friday + errors(random, len(days), 0.5, 5), 3, True)


def weeks():
    random = np.random.default_rng(2)
    days = [datetime.date(2024, 9, 2) + datetime.timedelta(weeks=week) for week in range(44)]
    date = datetime.date(2025, 2, 17)
    change = np.array([0.04 if day >= date else 0.0 for day in days])
    return case("weeks of a share", "week", days, date, 0, 0.81 + change + errors(random, len(days), 0.3, 0.02), 4, False)


def years():
    random = np.random.default_rng(3)
    pause = (datetime.date(2026, 1, 24), datetime.date(2026, 2, 23))
    days = school_days(datetime.date(2025, 3, 3), 400, pause)
    date = datetime.date(2025, 11, 3)
    season = np.array([4 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 1) / 365.25) for day in days])
    change = np.array([-5.0 if day >= date else 0.0 for day in days])
    return case("days over a year and a half, with season", "day", days, date, 1, 64 + season + change + errors(random, len(days), 0.6, 6), 9, True)


if __name__ == "__main__":
    print(json.dumps([term(), weeks(), years()], indent=1))
