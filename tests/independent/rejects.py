"""The records of `sample-data/` that cannot be taken, and the rule each breaks: `rejects.py SAMPLE_DATA METRICS` writes the expected
results of quality/quarantine alone. Needs nothing but Python, and knows of each file only what its vendor's clerk would know.
"""

import collections
import csv
import datetime
import gzip
import io
import json
import re
import sys
from pathlib import Path

ENCODINGS = {"demo_xueji": "utf-16", "demo_chengji": "gb18030", "demo_zuoye_gbk": "gb18030"}
LOOKS_LIKE_A_TIME = re.compile(r"\d{4}/\d+/\d+( \d+:\d+(:\d+)?)?")
PUPIL = ("学籍号", "XJH")
NUMBERS = ("用时(分钟)", "costSeconds", "ms")
SUBJECTS = "语文 数学 英语 科学 道德与法治 物理 化学 生物 历史 地理 体育 音乐 美术 信息科技 劳动".split()
SWIPES = ("1", "2", "3", "4")
RESPONSE_LIMIT_MS = 7_200_000
LATE_LIMIT_MINUTES = 1_440


def rejects(folder):
    """(mapping, source, rule) of every record that breaks one; each breaks exactly one."""
    for path in sorted(Path(folder).glob("*/*")):
        mapping, source = path.parent.name, f"{path.parent.name}/{path.name}"
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rules = of_lines(data) if ".ndjson" in path.name else of_sheet(data, ENCODINGS.get(mapping, "utf-8-sig"))
        yield from ((mapping, source, rule) for rule in rules if rule)


def of_lines(data):
    for line in data.splitlines():
        try:
            yield broken(json.loads(line.decode("utf-8")))
        except UnicodeDecodeError:
            yield "encoding"
        except json.JSONDecodeError:
            yield "json"


def of_sheet(data, encoding):
    text = data.decode(encoding, errors="replace")
    header, *records = list(csv.reader(io.StringIO(text)))
    for cells in records:
        if "\ufffd" in "".join(cells):
            yield "encoding"
        elif len(cells) != len(header):
            yield "columns"
        else:
            yield broken(dict(zip(header, cells)))


def broken(record):
    """The rule that a whole record breaks, or None."""
    if any(LOOKS_LIKE_A_TIME.fullmatch(str(value)) and not is_a_time(str(value)) for value in record.values()):
        return "type"
    if any(record.get(name) not in (None, "") and not is_a_number(record[name]) for name in NUMBERS):
        return "type"
    if record.get("科目", "语文") not in SUBJECTS or record.get("考勤状态", "4") not in SWIPES:
        return "code"
    if any(record.get(name) == "" for name in PUPIL):
        return "required"
    if float(record.get("迟到分钟") or 0) > LATE_LIMIT_MINUTES:
        return "minutes_late_plausible"
    if float(record.get("ms") or 0) > RESPONSE_LIMIT_MS or float(record.get("ms") or 0) < 0:
        return "response_plausible"
    return None


def is_a_time(text):
    formats = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d")
    return any(parsed(text, form) for form in formats)


def parsed(text, form):
    try:
        return datetime.datetime.strptime(text, form)
    except ValueError:
        return None


def is_a_number(value):
    try:
        return float(value) == float(value)
    except (TypeError, ValueError):
        return False


def cases(folder):
    found = list(rejects(folder))
    names = ("mapping", "source", "rule")

    def case(by, params):
        kept = [row for row in found if all(row[names.index(name)] == value for name, value in params.items())]
        groups = collections.defaultdict(list)
        for row in kept:
            groups[tuple(row[names.index(name)] for name in by)].append(row)
        count = lambda rows: {"rejects": len(rows), "sources": len({row[1] for row in rows})}
        by = list(by)
        rows = [dict(zip(by, keys)) | count(rows) for keys, rows in sorted(groups.items())]
        return {"by": by or ["all"], "params": params, "rows": rows}

    return [case(("source", "rule"), {}), case(("mapping", "rule"), {}), case(("rule",), {}), case((), {"rule": "type"})]


def main(data, metrics):
    say = lambda value: json.dumps(value, ensure_ascii=False)
    laid_out = [
        f'  {{"by": {say(c["by"])}, "params": {say(c["params"])}, "rows": [\n'
        + ",\n".join(f"    {say(row)}" for row in c["rows"])
        + "\n  ]}"
        for c in cases(data)
    ]
    (Path(metrics) / "quality/quarantine.expected.json").write_text("[\n" + ",\n".join(laid_out) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
