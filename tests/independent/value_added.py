"""Agreement, kappa and sensitivity of value added, computed apart from the Rust code: numpy only, no look at it.

    python tests/independent/value_added.py query/tests/value_added

writes agreement.json (held by query/src/value_added/agreement.rs) and sensitivity.json (held by sensitivity.rs there). The data come
from generators that any language repeats exactly.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

Z = 1.959963984540054


def ranks(values):
    order = np.argsort(values, kind="stable")
    found = np.empty(len(values))
    found[order] = np.arange(1, len(values) + 1)
    for value in np.unique(values):
        found[values == value] = found[values == value].mean()
    return found


def fisher(r, variance, n):
    reach = Z * math.sqrt(variance / (n - 3))
    return [math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)]


def agreement(one, other):
    n = len(one)
    r = np.corrcoef(one, other)[0, 1]
    rho = np.corrcoef(ranks(one), ranks(other))[0, 1]
    standard = [(x - x.mean()) / x.std(ddof=1) for x in (one, other)]
    same_side = np.mean((one >= np.median(one)) == (other >= np.median(other)))
    return {
        "groups": n,
        "correlation": r,
        "interval": fisher(r, 1, n),
        "rank_correlation": rho,
        "rank_interval": fisher(rho, 1 + rho**2 / 2, n),
        "mean_difference": np.abs(standard[0] - standard[1]).mean(),
        "same_side": same_side,
    }


def calls(one, other):
    n = len(one)
    table = np.zeros((3, 3), dtype=int)
    for a, b in zip(one, other):
        table[a, b] += 1
    share = np.trace(table) / n
    chance = (table.sum(axis=1) / n) @ (table.sum(axis=0) / n)
    kappa = (share - chance) / (1 - chance)
    middle, scale = share + Z**2 / (2 * n), 1 + Z**2 / n
    reach = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    ends = [max(0, (middle - reach) / scale), min(1, (middle + reach) / scale)]
    return {
        "groups": n,
        "same": {"count": int(np.trace(table)), "of": n, "share": share, "interval": ends},
        "kappa": kappa,
        "kappa_interval": [(end - chance) / (1 - chance) for end in ends],
        "table": table.tolist(),
    }


def agreements():
    cases = []
    for groups, weight in [(8, 0.9), (25, 0.5), (60, 0.0), (200, -0.4)]:
        i = np.arange(groups)
        own = lambda a, b, m: ((i * a + i * i * b) % m - (m - 1) / 2) / (m / 4)  # noqa: E731
        one = np.round(own(37, 11, 101), 1)
        other = np.round(weight * one + (1 - abs(weight)) * own(53, 29, 97), 1)
        call = lambda x: np.where(x > 0.5, 2, np.where(x < -0.5, 0, 1))  # noqa: E731
        cases.append(
            {
                "one": one.tolist(),
                "other": other.tolist(),
                "agreement": agreement(one, other),
                "calls": calls(call(one), call(other)),
            }
        )
    return cases


def pupils():
    """24 schools of about 31 pupils; every seventh pupil moved, every eleventh lacks both priors."""
    rows = []
    for i in range(750):
        school = (i * i + i // 5) % 24
        able, again, noise = i * 37 % 101, (i * i * 7 + i * 31) % 97, (i * i * 3 + i * 61) % 89
        score = 20 + 0.5 * able + 0.2 * again + 0.3 * noise + school * 29 % 17 / 2 + (3 if i % 7 == 0 and school % 2 else 0)
        lacks = i % 11 == 0
        rows.append((school, np.nan if lacks else able, np.nan if lacks else able * 0.5 + again, score, i % 7 == 0))
    return rows


def reml(school, columns, y):
    """Random intercepts by REML: the ratio of variances by golden section, effects and errors by Henderson's equations."""
    names = sorted(set(school))
    z = np.array([[float(own == name) for name in names] for own in school])
    x = np.column_stack([np.ones(len(y))] + [column - column.mean() for column in columns])
    n, p, q = len(y), x.shape[1], len(names)

    def solve(log_ratio):
        ratio = math.exp(log_ratio)
        left = np.block([[x.T @ x, x.T @ z], [z.T @ x, z.T @ z + np.eye(q) / ratio]])
        right = np.concatenate([x.T @ y, z.T @ y])
        solution = np.linalg.solve(left, right)
        residual_variance = (y @ y - solution @ right) / (n - p)
        # −2 log REML up to a constant: ln|V| + ln|X'V⁻¹X| = ln|left| + q ln ratio, over the residual variance.
        deviance = np.linalg.slogdet(left)[1] + q * log_ratio + (n - p) * math.log(residual_variance)
        return deviance, solution[p:], np.sqrt(np.diag(np.linalg.inv(left))[p:] * residual_variance)

    low, high, golden = -9.0, 3.0, (math.sqrt(5) - 1) / 2
    while high - low > 1e-10:
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if solve(a)[0] < solve(b)[0] else (a, high)
    _, effects, errors = solve((low + high) / 2)
    return dict(zip(names, zip(effects, errors)))


def changes(published, again):
    shifts = np.array([(again[name][0] - effect) / error for name, (effect, error) in published.items()])
    call = lambda effect, error: int(effect > Z * error) - int(effect < -Z * error)  # noqa: E731
    return {
        "groups": len(shifts),
        "largest": np.abs(shifts).max(),
        "root_mean_square": math.sqrt((shifts**2).mean()),
        "calls_changed": int(sum(call(*published[name]) != call(*again[name]) for name in published)),
    }


def sensitivity():
    rows = pupils()
    school, prior, second, score, moved = (np.array(column) for column in zip(*rows))
    known = ~np.isnan(prior)
    fit = lambda use, extra=(): reml(school[use], [prior[use], second[use], *extra], score[use])  # noqa: E731
    published = fit(known)
    stayed = fit(known & ~moved)
    # Whatever stands for what lacks: the indicator takes it up.
    lacks = (~known).astype(float)
    prior, second = np.where(known, prior, prior[known].mean()), np.where(known, second, second[known].mean())
    kept = fit(np.ones(len(score), dtype=bool), [lacks])
    return {
        "stayed": {"pupils": int((known & ~moved).sum()), "changes": [changes(published, stayed)]},
        "missing_priors": {"pupils": len(score), "changes": [changes(published, kept)]},
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, found in [("agreement", agreements()), ("sensitivity", sensitivity())]:
        text = ",\n".join(json.dumps(case) for case in found) if isinstance(found, list) else json.dumps(found)
        (folder / f"{name}.json").write_text(f"[\n{text}\n]\n" if isinstance(found, list) else f"{text}\n")
