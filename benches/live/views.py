"""Compares `xueqing ingest` with chDB (ClickHouse) keeping the same rollups by materialised views, over the same events in the same run.

ClickHouse adds up what is inserted: it takes nothing back, checks nothing and hashes nothing; what it does here is the part of the work
that both do. Its sums are complete when the insert ends; ours when the rollups are current and written. Each runs alone, the best of
several counts. Prints one line of JSON.
usage: views.py [--rows 3000000] [--repeat 3] --binary path/to/xueqing
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))

import events  # noqa: E402

FIELDS = (
    "assignment String, school String, class String, grade String, subject String, student String, assigned_at String, form String, "
    "status String, started_at String, submitted_at String, minutes Nullable(Float64), minutes_source String, score_rate Nullable(Float64), "
    "marked Nullable(Bool), marked_by String, corrected Nullable(Bool), place String"
)
DAY = "toDate(parseDateTimeBestEffort(assigned_at, 'Asia/Shanghai'))"
SUMS = """
  countIf(status IN ('submitted', 'late', 'missing')) AS expected, countIf(status = 'submitted') AS submitted,
  countIf(status = 'late') AS late, countIf(status = 'missing') AS missing, countIf(status = 'exempt') AS exempt,
  countIf(minutes IS NOT NULL AND minutes_source = 'measured') AS timed_measured,
  countIf(minutes IS NOT NULL AND minutes_source = 'reported') AS timed_reported,
  countIf(minutes IS NOT NULL AND minutes_source = 'estimated') AS timed_estimated,
  sumIf(toInt64(round(ifNull(minutes, 0) * 60)), minutes_source = 'measured') AS seconds_measured,
  sumIf(toInt64(round(ifNull(minutes, 0) * 60)), minutes_source = 'reported') AS seconds_reported,
  sumIf(toInt64(round(ifNull(minutes, 0) * 60)), minutes_source = 'estimated') AS seconds_estimated,
  sumIf(toInt64(round(ifNull(minutes, 0) * 60)), form = 'written') AS written_seconds
"""
STUDENT = "day, school, grade, class, student"
KEYS = {
    "student_day": STUDENT,
    "student_subject_day": "day, school, grade, class, subject, student",
    "assignment_day": "day, school, grade, class, subject, assignment",
    "class_day": "day, school, grade, class",
    "class_subject_day": "day, school, grade, class, subject",
    "school_grade_day": "day, school, grade",
}
CHDB = f"""
import json, sys, time
from chdb.session import Session
session = Session(sys.argv[2])
session.query("CREATE DATABASE d ENGINE = Atomic")
session.query("SET max_threads = 2")
columns = {FIELDS!r}
session.query(f"CREATE TABLE d.homework ({{columns}}, day Date) ENGINE = MergeTree ORDER BY (day, school, class, student)")
for name, key in {KEYS!r}.items():
    sums = {SUMS!r} if name != "student_subject_day" else "count() AS pieces"
    engine = "SummingMergeTree"
    if name.startswith(("class", "school")):
        # Students and pieces of a class are distinct ones.
        engine = "AggregatingMergeTree"
        sums = sums.replace("countIf(", "countIfState(").replace("sumIf(", "sumIfState(")
        sums += ", uniqExactState(student) AS students, uniqExactState(assignment) AS pieces"
    session.query(f"CREATE MATERIALIZED VIEW d.{{name}} ENGINE = {{engine}} ORDER BY ({{key}}) AS SELECT {{key}}, {{sums}} FROM d.homework GROUP BY {{key}}")
began = time.perf_counter()
session.query(f"INSERT INTO d.homework SELECT *, {DAY} AS day FROM file('{{sys.argv[1]}}', JSONEachRow, '{{columns}}') SETTINGS max_threads = 2, max_insert_threads = 2")
took = time.perf_counter() - began
rolled = json.loads(str(session.query("SELECT sum(expected) AS n FROM d.student_day", "JSONEachRow")))["n"]
rows = json.loads(str(session.query("SELECT count() AS n FROM d.homework", "JSONEachRow")))["n"]
print(json.dumps({{"seconds": took, "rows": int(rows), "rolled": int(rolled)}}))
"""


def chdb(source, folder, rows):
    shutil.rmtree(folder, ignore_errors=True)
    told = subprocess.run([sys.executable, "-c", CHDB, source, folder], check=True, capture_output=True, text=True).stdout
    told = json.loads(told.splitlines()[-1])
    if (told["rows"], told["rolled"]) != (rows, rows):
        raise SystemExit(f"chDB shows {told}, expected {rows}")
    return told["seconds"]


def xueqing(binary, source, folder, rows):
    shutil.rmtree(folder, ignore_errors=True)
    command = [binary, "--lake", str(folder), "ingest", "--kind", "homework", "--json", source]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if told["accepted"] != rows:
        raise SystemExit(f"xueqing accepted {told['accepted']} of {rows}")
    return told["seconds"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=3_000_000)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--binary", required=True)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "homework.ndjson"
        events.write(source, given.rows)
        best = {"chdb": float("inf"), "xueqing": float("inf")}
        for _ in range(given.repeat):
            best["chdb"] = min(best["chdb"], chdb(str(source), str(Path(folder) / "chdb"), given.rows))
            best["xueqing"] = min(best["xueqing"], xueqing(given.binary, str(source), Path(folder) / "lake", given.rows))
        speed = {name: round(given.rows / seconds) for name, seconds in best.items()}
        print(json.dumps({"rows": given.rows, "events_per_second": speed, "ratio": round(speed["xueqing"] / speed["chdb"], 2)}))


if __name__ == "__main__":
    main()
