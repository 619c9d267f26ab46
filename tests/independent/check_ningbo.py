"""Runs the Ningbo records through the real binary and compares its figures with the independent ones.

    check_ningbo.py --binary target/debug/xueqing --data FOLDER

Every file goes in twice, in a fresh lake: every row is accounted for, no figure changes, and each figure equals the one of
`ningbo.py` to 1e-9. Exits 1 and says what differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ningbo

FILES = {
    "ningbo_teacher": ("1_teacher.csv", 3088),
    "ningbo_student": ("2_student_info.csv", 1765),
    "ningbo_kaoqin": ("3_kaoqin.csv", 23630),
    "ningbo_kaoqintype": ("4_kaoqintype.csv", 15),
    "ningbo_chengji": ("5_chengji_part.csv", 13161),
    "ningbo_exam_type": ("6_exam_type.csv", 21),
    "ningbo_exam_scores": ("exam_scores_gbk.csv", 56344),
}
NEAR = 1e-9


class Xueqing:
    """The binary over one lake."""

    def __init__(self, binary, lake):
        self.binary, self.env = binary, dict(os.environ, XUEQING_LAKE=str(lake))

    def run(self, *arguments):
        done = subprocess.run([self.binary, *map(str, arguments)], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"xueqing {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def metric(self, name, by, params):
        given = [part for key, value in params.items() for part in ("--param", f"{key}={value}")]
        told = self.run("metric", name, "--by", ",".join(by), *given, "--format", "json")
        return told["rows"] if isinstance(told, dict) else told


def same(ours, theirs):
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return abs(ours - theirs) <= NEAR * max(1.0, abs(theirs))
    return ours == theirs


def differences(name, case, rows):
    """What of the answer differs from the expected case, row by row."""
    key = lambda row: tuple(str(row.get(by)) for by in case["by"])
    ours, theirs = ({key(row): row for row in part} for part in (rows, case["rows"]))
    where = f"{name} by {','.join(case['by'])} {case['params'] or ''}".strip()
    for missing in theirs.keys() - ours.keys():
        yield f"{where}: no row for {missing}"
    for extra in ours.keys() - theirs.keys():
        yield f"{where}: unexpected row {ours[extra]}"
    for shared in theirs.keys() & ours.keys():
        for column, value in theirs[shared].items():
            if not same(ours[shared].get(column), value):
                yield f"{where}: {shared} {column} is {ours[shared].get(column)}, expected {value}"


def ingest(xueqing, data, only):
    for vendor in only:
        file, rows = FILES[vendor]
        told = xueqing.run("ingest", "--vendor", vendor, "--json", data / file)
        print(f"{vendor}: {told}")
        if told["read"] != rows or told["accepted"] + told["rejected"] != rows:
            yield f"{file} has {rows} rows: {told}"


def compare(xueqing, name, cases):
    for case in cases:
        rows = xueqing.metric(name, case["by"], case["params"])
        found = list(differences(name, case, rows))
        print(f"{name} by {','.join(case['by'])} {case['params'] or ''}: {len(case['rows'])} rows, {len(found)} differences")
        yield from found


def check(binary, data):
    """The two score files are checked in lakes of their own, because a figure by subject would mix them."""
    parts = [
        (["ningbo_exam_scores"], "exam/summary", ningbo.exam_cases(ningbo.exam_scores(data))),
        (["ningbo_chengji"], "exam/summary", ningbo.exam_cases(ningbo.chengji(data))),
        (
            ["ningbo_teacher", "ningbo_student", "ningbo_kaoqintype", "ningbo_exam_type", "ningbo_kaoqin"],
            "attendance/incidents",
            ningbo.incident_cases(ningbo.kaoqin(data)),
        ),
    ]
    for vendors, metric, cases in parts:
        with tempfile.TemporaryDirectory(prefix="xueqing-ningbo-") as lake:
            xueqing = Xueqing(binary, lake)
            for _ in range(2):
                yield from ingest(xueqing, data, vendors)
                yield from compare(xueqing, metric, cases)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=lambda text: Path(text).resolve(), required=True)
    arguments.add_argument("--data", type=Path, required=True)
    given = arguments.parse_args()
    found = list(check(given.binary, given.data))
    print("\n".join(found[:40]))
    print(f"{len(found)} differences")
    sys.exit(1 if found else 0)
