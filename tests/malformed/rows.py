"""Good rows of each kind, and values that belong in none, from which malformed files are made."""

import json

DAY = "2026-03-02"
GOOD = {
    "homework": {
        "assignment": "A1",
        "school": "2133000001",
        "class": "C1",
        "grade": "13",
        "subject": "math",
        "student": "G1",
        "assigned_at": f"{DAY}T15:40:00+08:00",
        "form": "written",
        "status": "submitted",
        "minutes": 23.5,
        "minutes_source": "measured",
        "started_at": f"{DAY}T18:00:00+08:00",
        "submitted_at": f"{DAY}T18:24:00+08:00",
        "score_rate": 0.9,
        "marked": True,
        "marked_by": "teacher",
        "corrected": False,
        "place": "home",
    },
    "attendance": {
        "school": "2133000001",
        "class": "C1",
        "grade": "13",
        "student": "G1",
        "at": f"{DAY}T08:01:00+08:00",
        "place": "lesson",
        "period": "1",
        "status": "late",
        "minutes_late": 3,
    },
    "assessment": {
        "exam": "E1",
        "held_on": DAY,
        "school": "2133000001",
        "class": "C1",
        "subject": "math",
        "student": "G1",
        "score": 81.5,
        "full_score": 100,
        "status": "scored",
    },
    "interaction": {
        "event": "V1",
        "school": "2133000001",
        "class": "C1",
        "grade": "13",
        "subject": "math",
        "lesson": "L1",
        "student": "G1",
        "at": f"{DAY}T09:00:00+08:00",
        "act": "answer",
        "correct": True,
        "response_ms": 5120,
    },
}
WRONG = [
    None,
    True,
    False,
    0,
    -1,
    1e308,
    -1e308,
    2**63,
    2**64,
    10**40,
    0.1,
    "",
    " ",
    "\t",
    "\u0000",
    "NaN",
    "Infinity",
    "1e999",
    "null",
    [],
    {},
    [[]],
    [1, 2],
    {"a": 1},
    "一二三",
    "\u202e",
    "\ufeff",
    "\ud83d\ude00",
    "x" * 5000,
    "2026-02-30T25:61:00",
    "0000-00-00",
    "+999999-01-01T00:00:00Z",
    "-1",
    "1/0",
    "'; DROP TABLE homework; --",
    "../../etc/passwd",
    "{{by}}",
    "$class",
    "%s%n",
    "=1+1",
]


def row(pick, kind, number):
    record = dict(GOOD[kind])
    record["student"] = f"G{pick.randrange(10**6)}"
    record[next(iter(record))] = f"M{number}"
    return record


def lines(pick, kind, count):
    return [json.dumps(row(pick, kind, n), ensure_ascii=pick.random() < 0.5).encode("utf-8", "replace") for n in range(count)]


def good(pick, kind):
    return b"\n".join(lines(pick, kind, pick.randrange(1, 6))) + b"\n"


def csv_text(pick, kind, quote=False):
    rows = [row(pick, kind, n) for n in range(pick.randrange(1, 6))]
    mark = '"' if quote else ""
    head = ",".join(rows[0])
    return "\n".join([head] + [",".join(f"{mark}{v}{mark}" for v in r.values()) for r in rows]) + "\n"


def cell(pick, kind, value):
    """Good lines, and in the middle one whose random field holds `value` as raw JSON text."""
    record = row(pick, kind, 7)
    field = pick.choice(list(record))
    text = "{" + ",".join(f'"{k}":' + (value if k == field else json.dumps(v)) for k, v in record.items()) + "}"
    return good(pick, kind) + text.encode("utf-8", "surrogatepass") + b"\n" + good(pick, kind)


def spoil(pick, data, count, draw):
    data = bytearray(data)
    for _ in range(count):
        at = pick.randrange(len(data))
        data[at : at + pick.randrange(2)] = draw()
    return bytes(data)
