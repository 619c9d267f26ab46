"""The city of `city.rs` for DuckDB and chDB, over the same Parquet files: `peers.py FOLDER CITY_OUTPUT`.

Each question (mean, median, ninth decile, share over the limit, coverage by two dimensions) is asked of the pupils' days, and the part of it that
sums can answer (mean, coverage) of `school_grade_day`, which has them ready; the best of three runs counts. Prints the ratio to our answer,
which has all of it.
"""

import json
import sys
import time
from pathlib import Path

import chdb.session
import duckdb

KEYS = {
    "week": "date_trunc('week', d.day)",
    "month": "date_trunc('month', d.day)",
    "grade": "d.grade",
    "county": "s.region",
    "school_type": "s.school_type",
    "urban_rural": "s.urban_rural",
}
LIMIT = "CASE WHEN d.grade BETWEEN '13' AND '16' THEN 3600 WHEN d.grade BETWEEN '21' AND '23' THEN 5400 END"
KNOWN = "d.seconds_measured + d.seconds_reported + d.seconds_estimated"
PIECES = "d.timed_measured + d.timed_reported + d.timed_estimated"


def days(by):
    quantiles = f"quantile_cont({KNOWN}, 0.5) FILTER (WHERE {PIECES} > 0), quantile_cont({KNOWN}, 0.9) FILTER (WHERE {PIECES} > 0)"
    return f"""SELECT {keys(by)}, count(*) FILTER (WHERE {PIECES} > 0), sum({KNOWN}) / 60.0 / count(*) FILTER (WHERE {PIECES} > 0), {quantiles},
        count(*) FILTER (WHERE {PIECES} > 0 AND d.written_seconds > {LIMIT}), sum({PIECES}) / sum(d.homework_expected)
        FROM student_day AS d JOIN school AS s ON s.school = d.school GROUP BY {places(by)}"""


def sums(by):
    return f"""SELECT {keys(by)}, sum(d.load_students), sum({KNOWN}) / 60.0 / sum(d.load_students), sum({PIECES}) / sum(d.homework_expected)
        FROM school_grade_day AS d JOIN school AS s ON s.school = d.school GROUP BY {places(by)}"""


def keys(by):
    return ", ".join(f"{KEYS[name]} AS k{place}" for place, name in enumerate(by))


def places(by):
    return ", ".join(str(place + 1) for place, _ in enumerate(by))


def chdb_sql(sql):
    sql = sql.replace("quantile_cont(" + KNOWN + ", 0.5) FILTER", "quantileExactInclusive(0.5)(" + KNOWN + ") FILTER")
    return sql.replace("quantile_cont(" + KNOWN + ", 0.9) FILTER", "quantileExactInclusive(0.9)(" + KNOWN + ") FILTER")


def best(ask):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        ask()
        times.append((time.perf_counter() - start) * 1e3)
    return min(times)


def main(folder, output):
    ours = {}
    for line in Path(output).read_text().splitlines():
        row = json.loads(line)
        if "question" in row:
            ours[row["question"]] = row["ms"]
    folder = Path(folder)
    table = lambda name: folder / "rollups" / name
    duck = duckdb.connect()
    duck.execute("SET threads TO 2")
    click = chdb.session.Session()
    click.query("SET max_threads = 2")
    # The day is the partition.
    for name in ("student_day", "school_grade_day"):
        duck.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{table(name)}/*/*.parquet', hive_partitioning = true)")
        click.query(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM file('{table(name)}/*/*.parquet', Parquet) SETTINGS use_hive_partitioning = 1")
    school = next((folder / "events").glob("school/**/*.parquet"), None) or next(folder.glob("**/school/**/*.parquet"))
    duck.execute(f"CREATE TABLE school AS SELECT * FROM read_parquet('{school}')")
    click.query(f"CREATE OR REPLACE VIEW school AS SELECT * FROM file('{school}', Parquet)")
    for question, ms in ours.items():
        by = question.split(",")
        row = {"question": question, "xueqing_ms": round(ms, 1)}
        for level, sql in (("student_days", days(by)), ("sums", sums(by))):
            peers = {"duckdb": lambda: duck.execute(sql).fetchall(), "chdb": lambda: click.query(chdb_sql(sql), "CSV").bytes()}
            for peer, ask in peers.items():
                try:
                    took = best(ask)
                except Exception as error:  # noqa: BLE001 - a peer that cannot answer is told as such
                    row[f"{level}_{peer}"] = str(error)[:200]
                    continue
                row[f"{level}_{peer}_ms"] = round(took, 1)
                row[f"{level}_{peer}_ratio"] = round(took / ms, 1)
        print(json.dumps(row), flush=True)


main(*sys.argv[1:3])
