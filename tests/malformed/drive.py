"""Feeds malformed input to the real binary, through `xueqing ingest` and through HTTP, and checks what must hold.

    drive.py --binary target/debug/xueqing [--count 10000] [--folder FOLDER] [--only ingest|http]

Of every call: no panic, no signal, no 5xx; read = accepted + rejected; the memory peak stays under 1 GiB; and after all of
it the lake still answers. Exits 1 and lists what broke.
"""

import argparse
import collections
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import make

LIMIT_MIB = 1024
PER_CALL = 200
SAMPLED = 10  # every file goes through HTTP, one in ten through the command line too: a file there is a commit of its own
PARALLEL = 64
failures = []


def fail(what, where, detail=""):
    failures.append(f"{what}: {where} {detail}".strip())


def calls(paths):
    """One file in `SAMPLED`, in calls of up to `PER_CALL` files of one kind. A giant is a call of its own."""
    kinds = collections.defaultdict(list)
    for path in [*paths[::SAMPLED], *(path for path in paths if "giant" in path.name)]:
        if "giant" in path.name:
            yield path.parent.name, [path]
        else:
            kinds[path.parent.name].append(path)
    for kind, files in kinds.items():
        for start in range(0, len(files), PER_CALL):
            yield kind, files[start : start + PER_CALL]


def run(command, env):
    """Exit code, output, errors and memory peak in MiB of one process."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return child.returncode, out.read().decode(), err.read().decode(errors="replace"), usage.ru_maxrss / 1024


def receipt(text):
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    return json.loads(text) if text.strip() else None


def ingest(binary, env, kind, files, totals):
    """One call. A file that cannot be read at all is named in the receipt and does not keep the others out."""
    code, out, err, peak = run([binary, "ingest", "--kind", kind, "--json", *files], env)
    where = f"{files[0].name} and {len(files) - 1} more" if len(files) > 1 else files[0].name
    totals["calls"] += 1
    totals["peak_mib"] = max(totals["peak_mib"], round(peak, 1))
    if code not in (0, 1) or "panicked" in err:
        return fail("panic or signal", where, f"exit {code} {err[-500:]}")
    if peak > LIMIT_MIB:
        fail("memory", where, f"{peak:.0f} MiB")
    told = receipt(out)
    if told:
        count(told, where, totals)
        if len(told["files"]) + len(told.get("failed", [])) != len(files):
            fail("a file is not accounted for", where)
    messages = [failed["error"] for failed in told.get("failed", [])] if told else err.splitlines()
    totals["refused"] += len(messages) if told else 1
    if code == 1 and not any(message.startswith("error[") for message in messages):
        fail("no clear message", where, f"exit {code} {err[-300:]}")


def count(told, where, totals):
    if told["read"] != told["accepted"] + told["rejected"]:
        fail("rows lost", where, f"{told['read']} read, {told['accepted']} accepted, {told['rejected']} rejected")
    for name in ("read", "accepted", "rejected"):
        totals[name] += told[name]


class Server:
    """`xueqing serve` on a free loopback port."""

    def __init__(self, binary, env):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            [binary, "serve", "--address", f"127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log, env=env
        )
        for _ in range(300):
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"the server did not start\n{self.text()}")

    def get(self, path):
        call = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        call.request("GET", path)
        answer = call.getresponse()
        return answer.status, answer.read()

    def post(self, path, body, headers):
        call = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            call.request("POST", path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a body that is too large is refused before it was sent whole; the answer waits in the socket
        answer = call.getresponse()
        if answer.status == 429:  # too many at once: wait, as the answer asks
            time.sleep(1)
            if not isinstance(body, bytes):
                body.seek(0)
            return self.post(path, body, headers)
        return answer.status, answer.read()

    def peak_mib(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(next(row for row in status.splitlines() if row.startswith("VmHWM")).split()[1]) / 1024

    def text(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return "no exit within a minute"


def post(server, path, totals, guard):
    kind, size = path.parent.name, path.stat().st_size
    body = path.open("rb") if size > 64 << 20 else path.read_bytes()
    with contextlib.nullcontext() if isinstance(body, bytes) else body:
        try:
            status, answer = server.post(f"/v1/events/{kind}?source={path.name}", body, {"content-length": str(size)})
        except (OSError, http.client.HTTPException) as error:
            if size <= 64 << 20:
                fail("connection", path.name, repr(error))
            status, answer = 413, b""
    with guard:
        totals["calls"] += 1
        totals[str(status)] = totals.get(str(status), 0) + 1
        if status >= 500:
            fail("server error", path.name, f"{status} {answer[:300]!r}")
        elif status == 200:
            count(json.loads(answer), path.name, totals)
        elif answer and "detail" not in json.loads(answer):
            fail("no detail", path.name, f"{status} {answer[:300]!r}")
        totals["refused"] += status != 200


def through_http(binary, scratch, paths):
    """Every file as one body, many at once."""
    totals, guard, server = fresh(), threading.Lock(), Server(binary, lake(scratch / "lake-http"))
    try:
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(lambda path: post(server, path, totals, guard), paths))
        totals["peak_mib"] = round(server.peak_mib(), 1)
        if server.get("/readyz")[0] != 200:
            fail("not ready", "after all requests")
    finally:
        code = server.stop()
    if code != 0:
        fail("shutdown", "server", f"exit {code}")
    if "panicked" in server.text():
        fail("panic", "server", server.text().split("panicked", 1)[1][:500])
    if totals["peak_mib"] > LIMIT_MIB:
        fail("memory", "server", f"{totals['peak_mib']:.0f} MiB")
    return totals


def through_ingest(binary, scratch, paths):
    """Batches go into lakes of their own, so that no lake grows to thousands of commits; single files share one."""
    totals = fresh()
    for number, (kind, files) in enumerate(calls(paths)):
        name = "shared" if len(files) == 1 else str(number)
        ingest(binary, lake(scratch / f"lake-{name}"), kind, files, totals)
        if name != "shared":
            shutil.rmtree(scratch / f"lake-{name}", ignore_errors=True)
    return totals


def lake(folder):
    """The environment of a process that works on this lake."""
    return dict(os.environ, XUEQING_LAKE=str(folder), RUST_BACKTRACE="0")


def fresh():
    return {"calls": 0, "read": 0, "accepted": 0, "rejected": 0, "refused": 0, "peak_mib": 0.0}


def show():
    """How many of each kind broke, with the first few of each."""
    kinds = collections.defaultdict(list)
    for failure in failures:
        kinds[failure.split(":")[0]].append(failure)
    for kind, found in kinds.items():
        print(f"{len(found)} x {kind}", *found[:10], sep="\n  ")
    print(f"{len(failures)} failures")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, required=True)
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--folder", type=Path, help="kept and reused when given")
    arguments.add_argument("--only", choices=["ingest", "http"])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="xueqing-malformed-") as scratch:
        folder = given.folder or Path(scratch) / "input"
        if not folder.exists():
            make.make(folder, given.count)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        for name, way in {"http": through_http, "ingest": through_ingest}.items():
            if given.only not in (None, name):
                continue
            began = time.perf_counter()
            totals = way(given.binary.resolve(), Path(scratch), paths)
            print(
                json.dumps({"way": name, "files": len(paths), "seconds": round(time.perf_counter() - began, 1), **totals}),
                flush=True,
            )
        for place in filter(Path.is_dir, Path(scratch).glob("lake-*")):
            code, _, err, _ = run([given.binary.resolve(), "query", "--json", "SELECT count(*) AS n FROM homework"], lake(place))
            if code != 0:
                fail("the lake does not answer", place.name, err[-500:])
    show()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
