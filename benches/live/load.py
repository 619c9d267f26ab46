"""Loads a running server over HTTP at a steady rate, and tells how long it takes until what is acknowledged shows in a figure.

A district's classes send events in bodies of a thousand; one in ten is a correction of an event sent before. With `--mix day` a student
has what a school day brings (3 pieces of homework in 15 states, 10 checkpoints, 64 acts in lessons), else homework only. Beside them a probe sends a class of its own, waits for the acknowledgement, and asks the figure until the class is in it. Prints a line a
second and, at the end, one line of JSON with the rates, the latencies and the server's processor time (also by eighths of the run, the "hours") and memory.
usage: load.py [--address 127.0.0.1:8080] [--rate 100000] [--seconds 300] [--students 100000] [--days 5] [--mix homework|day] [--pid PID]
"""

import argparse
import asyncio
import datetime
import itertools
import json
import os
import random
import time

BODY = 1000
CLASS = 40
SUBJECTS = ["chinese", "math", "english", "physics", "chemistry"]


# What a round sends: the kind, the number of the round among its kind's keys, the revision.
HOMEWORK = [("homework", number - (number % 10 == 9), int(number % 10 == 9)) for number in range(1000)]
DAY = [("homework", turn % 3, turn // 3) for turn in range(15)] + [("attendance", turn, 0) for turn in range(10)]
DAY = random.Random(3).sample(DAY + [("interaction", turn, 0) for turn in range(64)], 89)


def template(students, kind):
    """The bodies of one round over the district: one event of every student, with marks where the round goes."""
    pick = random.Random(7)
    bodies, lines = [], []
    for student in range(students):
        room = student // CLASS
        minutes, begin = pick.randrange(20, 450), pick.randrange(960, 1200)
        clock = f"{begin // 60:02d}:{begin % 60:02d}:00"
        common = f'"school":"21330{room // 48:05d}","class":"{room}","grade":"13","student":"G{student}"'
        lines.append("{" + common + "," + {
            "homework": f'"assignment":"A@@DAY@@-@@ROUND@@-{room}","subject":"@@SUBJECT@@","assigned_at":"@@DAY@@T15:40:00+08:00","form":"written",'
            f'"status":"submitted","started_at":"@@DAY@@T{clock}+08:00","minutes":{minutes / 10},"minutes_source":"measured",'
            f'"score_rate":{pick.randrange(40, 101) / 100},"place":"home","revision":@@REVISION@@',
            "attendance": f'"at":"@@DAY@@T{clock}+08:00","place":"lesson","period":"@@ROUND@@","revision":@@REVISION@@,'
            f'"status":"{pick.choices(["present", "late", "sick_leave"], [95, 3, 2])[0]}"',
            "interaction": f'"event":"E@@DAY@@-@@ROUND@@-{student}","lesson":"L@@SUBJECT@@{room}","subject":"@@SUBJECT@@",'
            f'"at":"@@DAY@@T{clock}+08:00","act":"answer","correct":{"true" if minutes % 3 else "false"},"response_ms":{minutes * 90}',
        }[kind] + "}")
        if len(lines) == BODY:
            bodies.append("\n".join(lines).encode())
            lines = []
    return bodies


class Connection:
    """One kept connection."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.reader = self.writer = None

    async def ask(self, method, path, body=b""):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        await self.writer.drain()
        status = int((await self.reader.readline()).split()[1])
        length = 0
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, await self.reader.readexactly(length)


class Load:
    def __init__(self, given):
        host, port = given.address.rsplit(":", 1)
        self.given, self.host, self.port = given, host, int(port)
        self.sent = self.refused = 0
        self.acknowledged, self.visible = [], []
        self.rounds = DAY if given.mix == "day" else HOMEWORK
        self.bodies = {kind: template(given.students, kind) for kind in {round[0] for round in self.rounds}}
        self.ends = time.monotonic() + given.seconds
        self.next = time.monotonic()
        self.turn = itertools.count()
        self.sending = 0
        self.hours = []

    def day(self):
        """The day that is under way: each takes its share of the time, or its rounds."""
        past = 1 - (self.ends - time.monotonic()) / self.given.seconds
        through = min(int(past * self.given.days), self.given.days - 1)
        return str(datetime.date(2026, 3, 2) + datetime.timedelta(self.sending if self.given.mix == "day" else through))

    def body(self):
        number, place = divmod(next(self.turn), self.given.students // BODY)
        self.sending, number = divmod(number, len(self.rounds))
        kind, key, revision = self.rounds[number]
        marks = {b"@@ROUND@@": str(key).encode(), b"@@SUBJECT@@": SUBJECTS[key % 5].encode()}
        marks |= {b"@@DAY@@": self.day().encode(), b"@@REVISION@@": str(revision).encode()}
        body = self.bodies[kind][place]
        for mark, text in marks.items():
            body = body.replace(mark, text)
        return kind, body

    async def send(self):
        connection = Connection(self.host, self.port)
        while (now := time.monotonic()) < self.ends:
            due, self.next = self.next, self.next + BODY / self.given.rate
            if due > now:
                await asyncio.sleep(due - now)
            began = time.monotonic()
            kind, body = self.body()
            status, answer = await connection.ask("POST", f"/v1/events/{kind}", body)
            if status == 200 and json.loads(answer)["accepted"] == BODY:
                self.sent += BODY
                self.acknowledged.append(time.monotonic() - began)
            else:
                self.refused += 1
                self.next += 0.1

    async def probe(self):
        connection = Connection(self.host, self.port)
        for number in itertools.count():
            if time.monotonic() >= self.ends:
                return
            day, room = self.day(), f"probe{number}"
            line = (
                f'{{"assignment":"P{number}","school":"probe","class":"{room}","grade":"13","subject":"math","student":"P%d",'
                f'"assigned_at":"{day}T15:40:00+08:00","status":"submitted","minutes":20,"minutes_source":"measured"}}'
            )
            await connection.ask("POST", "/v1/events/homework", "\n".join(line % student for student in range(12)).encode())
            began = time.monotonic()
            asked = f"/v1/metrics/workload/daily_minutes?school=probe&class={room}&from={day}&to={day}"
            while True:
                status, answer = await connection.ask("GET", asked)
                rows = json.loads(answer).get("rows", [])
                if status == 200 and rows and rows[0].get("students") == 12:
                    break
                await asyncio.sleep(0.05)
            self.visible.append(time.monotonic() - began)
            await asyncio.sleep(0.5)

    async def tell(self):
        before = 0
        while time.monotonic() < self.ends:
            await asyncio.sleep(1)
            if self.given.verbose:
                print(f"{self.sent - before:8d} events/s, visible after {max(self.visible[-3:], default=0):.2f} s", flush=True)
            before = self.sent

    async def watch(self):
        """The processor time of each eighth."""
        for hour in range(1, 9):
            sent, spent = self.sent, processor_time(self.given.pid)
            await asyncio.sleep(max(self.ends - self.given.seconds * (1 - hour / 8) - time.monotonic(), 0))
            self.hours.append(round((processor_time(self.given.pid) - spent) / max(self.sent - sent, 1) * 1e6, 2))

    async def run(self):
        began = time.monotonic()
        before = processor_time(self.given.pid)
        await asyncio.gather(self.tell(), self.probe(), self.watch(), *(self.send() for _ in range(self.given.connections)))
        took = time.monotonic() - began
        spent = processor_time(self.given.pid) - before
        told = {
            "events": self.sent, "seconds": round(took, 1), "events_per_second": round(self.sent / took),
            "refused_requests": self.refused, "acknowledged": spread(self.acknowledged), "visible": spread(self.visible),
            "processor_seconds_per_million_events": round(spent / self.sent * 1e6, 2), "memory_mib": memory(self.given.pid),
            "by_hour": self.hours, "days_in_memory": await self.in_memory(),
        }
        print(json.dumps(told))


    async def in_memory(self):
        """How many, and what they take by student."""
        _, text = await Connection(self.host, self.port).ask("GET", "/metrics")
        counts = dict(line.split(" ") for line in text.decode().splitlines() if not line.startswith("#"))
        days, taken = int(counts["xueqing_rollup_days"]), int(counts["xueqing_rollup_bytes"])
        return {"days": days, "mib": taken >> 20, "bytes_per_student_and_day": taken // max(days * self.given.students, 1)}


def spread(seconds):
    ordered = sorted(seconds)
    at = lambda share: round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else None
    return {"n": len(ordered), "p50": at(0.5), "p99": at(0.99), "max": at(1)}


def processor_time(pid):
    if not pid:
        return 0.0
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    if not pid:
        return None
    lines = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status") if ":" in line)
    return {"now": int(lines["VmRSS"].split()[0]) // 1024, "peak": int(lines["VmHWM"].split()[0]) // 1024}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--address", default="127.0.0.1:8080")
    arguments.add_argument("--rate", type=int, default=100_000)
    arguments.add_argument("--seconds", type=int, default=300)
    arguments.add_argument("--students", type=int, default=100_000)
    arguments.add_argument("--days", type=int, default=5)
    arguments.add_argument("--mix", choices=["homework", "day"], default="homework")
    arguments.add_argument("--connections", type=int, default=200)
    arguments.add_argument("--pid", type=int, default=0)
    arguments.add_argument("--verbose", action="store_true")
    asyncio.run(Load(arguments.parse_args()).run())
