"""What every independent computation here shares: how a figure is laid out, and the plain statistics behind it.

A case is {"by": [...], "params": {...}, "rows": [...]}: the answer that `xueqing metric NAME --by … --param …` must give.
Nothing here knows how xueqing works; numbers come from the raw files and the published definitions alone.
"""

import json
import math
from pathlib import Path

SMALL_GROUP = 10


def plain(value):
    """A Python value that JSON can hold: NaN and missing become null, numpy numbers become Python's."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "item"):
        return plain(value.item())
    return value


def groups(frame, by):
    """(keys, part) of each group, null keys included; one group of everything when `by` is empty."""
    if not by:
        return [((), frame)] if len(frame) else []
    return list(frame.groupby(by, dropna=False, sort=True))


def answer(frame, by, measure, n=None):
    """One row for each group. Where `n` names a count and it is small, every measure is withheld."""
    return [one(dict(zip(by, keys)), measure(part), n) for keys, part in groups(frame, by)]


def one(keys, values, n=None):
    """One row of an answer."""
    keys = {name: plain(key) for name, key in keys.items()}
    values = {name: plain(value) for name, value in values.items()}
    if n is None:
        return keys | values
    small = values[n] < SMALL_GROUP
    return keys | ({name: None for name in values} if small else values) | {"suppressed": small}


def ratio(part, whole):
    return part / whole if whole else None


def hundredths(part, whole):
    """How many hundredths of some minutes others are, both to half a second."""
    part, whole = round(part * 120), round(whole * 120)
    return (200 * part + whole) // (2 * whole)


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values) if values else None


def deviation(values, lost):
    """Standard deviation with `len - lost` as the divisor: 1 for a sample, 0 for the population itself."""
    values = list(values)
    if len(values) <= lost:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (len(values) - lost))


def write(path, cases):
    """One row a line, so that a change shows as the rows that changed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(map(laid_out, cases)) + "\n]\n", encoding="utf-8")
    print(f"{path}: {len(cases)} cases, {sum(len(case['rows']) for case in cases)} rows")


def laid_out(case):
    say = lambda value: json.dumps(value, ensure_ascii=False)
    rows = ",\n".join(f"    {say(row)}" for row in case["rows"])
    return f'  {{"by": {say(case["by"])}, "params": {say(case["params"])}, "rows": [\n{rows}\n  ]}}'
