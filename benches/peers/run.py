"""Compares `xueqing ingest` with other engines that only convert the same events to Parquet: from NDJSON, and from Arrow IPC.

The engines write a Parquet file and stop. xueqing validates every row, replaces the identifiers and commits to Delta with
fsync: that is the time compared; when its rollups are current, too, is told beside it. As with the engines, starting the
program is not part of the time. Arrow comes with dictionaries and with plain texts. Each runs alone, several times, and the
best run counts. Prints a table, then one line of JSON.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import events
from convert import PEERS

HERE = Path(__file__).resolve().parent


def measured(command, env=None):
    """Runs `command`; its last line of standard output as JSON, wall seconds and peak memory in MiB."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        text = out.read().decode()
        if child.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: exit {child.returncode}\n{err.read().decode()[-2000:]}")
    lines = [row for row in text.splitlines() if row.strip()]
    return json.loads(lines[-1] if lines[-1].startswith("{") else text), wall, usage.ru_maxrss / 1024


def peer(name, source, folder):
    target = folder / f"{name}.parquet"
    target.unlink(missing_ok=True)
    told, _, peak = measured([sys.executable, HERE / "convert.py", name.split()[0], source, target])
    size = target.stat().st_size if target.is_file() else sum(f.stat().st_size for f in target.rglob("*.parquet"))
    if target.is_dir():
        shutil.rmtree(target)
    return told["seconds"], peak, size


def xueqing(binary, source, folder, rows):
    lake = folder / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    env = dict(os.environ, XUEQING_LAKE=str(lake))
    told, _, peak = measured([binary, "ingest", "--kind", "homework", "--json", source], env)
    if (told["read"], told["accepted"]) != (rows, rows):
        raise SystemExit(f"xueqing accepted {told['accepted']} of {told['read']} rows; the file has {rows}")
    check(binary, env, rows)
    size = sum(f.stat().st_size for f in (lake / "events" / "homework").rglob("*.parquet"))
    return told["committed_seconds"], peak, size, told["seconds"]


def check(binary, env, rows):
    """What was ingested can be queried and is in the rollups."""
    sql = "SELECT (SELECT count(*) FROM homework) AS events, (SELECT sum(homework_expected) FROM class_day) AS rolled"
    told = subprocess.run([binary, "query", "--json", sql], env=env, check=True, capture_output=True, text=True).stdout
    answer = json.loads(told)
    row = (answer["rows"] if isinstance(answer, dict) else answer)[0]
    if (int(row["events"]), int(row["rolled"])) != (rows, rows):
        raise SystemExit(f"after the ingest the lake shows {row}, expected {rows} events, all rolled up")


def is_peer(name):
    return not name.startswith("xueqing")


def form(name):
    """What a run reads: nothing for NDJSON, or how its Arrow is made."""
    return name.partition(" ")[2]


def fastest(results, name):
    """The seconds of the fastest peer that reads the same; none when no peer ran."""
    return min((run[0] for peer, run in results.items() if is_peer(peer) and form(peer) == form(name)), default=float("nan"))


def table(results, rows):
    print(f"{'':22}{'seconds':>10}{'rows/s':>14}{'peak MiB':>10}{'written MiB':>13}{'to fastest peer':>17}{'rolled up at':>14}")
    for name, (seconds, peak, size, *rolled) in results.items():
        ratio = fastest(results, name) / seconds
        line = f"{name:22}{seconds:10.2f}{rows / seconds:14,.0f}{peak:10.0f}{size / 2**20:13.1f}{ratio:17.2f}"
        print(line + "".join(f"{at:12.2f} s" for at in rolled))


def sources(given):
    """The NDJSON file, and the same events as Arrow IPC."""
    text = given.folder / f"homework-{given.rows}.ndjson"
    if not text.exists():
        events.write(text, given.rows)
    files = {"": text}
    for name, plain in (("arrow", []), ("arrow text", ["--plain"])):
        files[name] = given.folder / f"homework-{given.rows}{'-plain' if plain else ''}.arrows"
        if not files[name].exists():
            subprocess.run([sys.executable, HERE / "columns.py", text, files[name], *plain], check=True)
    return files


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--binary", default=os.environ.get("XUEQING_BIN", "xueqing"))
    arguments.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "xueqing-peers")
    arguments.add_argument("--only", help="comma list of peers and xueqing")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    files = sources(given)
    for file in files.values():
        print(f"{file}: {given.rows:,} rows, {file.stat().st_size / 2**20:.0f} MiB")

    programs = given.only.split(",") if given.only else [*PEERS, "xueqing"]
    names = [f"{program} {read}".strip() for read in files for program in programs]
    runs = {name: [] for name in names}
    for _ in range(given.repeat):
        for name in names:
            source = files[form(name)]
            one = peer(name, source, given.folder) if is_peer(name) else None
            runs[name].append(one or xueqing(given.binary, source, given.folder, given.rows))
    best = {name: (min(all_)[0], max(r[1] for r in all_), *all_[0][2:]) for name, all_ in runs.items()}
    table(best, given.rows)
    out = {
        name: {
            "seconds": run[0],
            "rows_per_second": given.rows / run[0],
            "peak_mib": run[1],
            "written_bytes": run[2],
            "runs": [r[0] for r in runs[name]],
        }
        for name, run in best.items()
    }
    ratios = {name: fastest(best, name) / run[0] for name, run in best.items() if not is_peer(name) and any(map(is_peer, best))}
    print(json.dumps({"rows": given.rows, "results": out, "ratio_to_fastest_peer": ratios}))


if __name__ == "__main__":
    main()
