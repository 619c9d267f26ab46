"""Loads a running server over HTTP at a steady rate, and tells how long it takes until what is acknowledged shows in a figure.

A district's classes send homework in bodies of a thousand events; one in ten is a correction of an event sent before. Beside
them a probe sends a class of its own, waits for the acknowledgement, and asks the figure until the class is in it. Prints a line a
second and, at the end, one line of JSON with the rates, the latencies and the server's processor time and memory.
usage: load.py [--address 127.0.0.1:8080] [--rate 100000] [--seconds 300] [--students 100000] [--days 5] [--pid PID]
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import time

BODY = 1000
CLASS = 40
SUBJECTS = ["chinese", "math", "english", "physics", "chemistry"]


def template(students):
    """The bodies of one round over the district: every student's homework in one subject, with a mark where the round goes."""
    pick = random.Random(7)
    bodies, lines = [], []
    for student in range(students):
        room = student // CLASS
        minutes, begin = pick.randrange(20, 450), pick.randrange(960, 1200)
        clock = f"{begin // 60:02d}:{begin % 60:02d}:00"
        lines.append(
            f'{{"assignment":"A@@ROUND@@-{room}","school":"21330{room // 48:05d}","class":"{room}","grade":"13",'
            f'"subject":"@@SUBJECT@@","student":"G{student}","assigned_at":"@@DAY@@T15:40:00+08:00","form":"written",'
            f'"status":"submitted","started_at":"@@DAY@@T{clock}+08:00","minutes":{minutes / 10},"minutes_source":"measured",'
            f'"score_rate":{pick.randrange(40, 101) / 100},"place":"home","revision":@@REVISION@@}}'
        )
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
        self.bodies = template(given.students)
        self.ends = time.monotonic() + given.seconds
        self.next = time.monotonic()
        self.turn = itertools.count()

    def day(self):
        """Every day takes its share of the time."""
        past = 1 - (self.ends - time.monotonic()) / self.given.seconds
        return f"2026-03-{2 + min(int(past * self.given.days), self.given.days - 1):02d}"

    def body(self):
        turn = next(self.turn)
        number, place = divmod(turn, len(self.bodies))
        # Every tenth round sends the one before again, corrected.
        again = number % 10 == 9
        number -= again
        marks = {b"@@ROUND@@": str(number).encode(), b"@@SUBJECT@@": SUBJECTS[number % 5].encode()}
        marks |= {b"@@DAY@@": self.day().encode(), b"@@REVISION@@": b"1" if again else b"0"}
        body = self.bodies[place]
        for mark, text in marks.items():
            body = body.replace(mark, text)
        return body

    async def send(self):
        connection = Connection(self.host, self.port)
        while (now := time.monotonic()) < self.ends:
            due, self.next = self.next, self.next + BODY / self.given.rate
            if due > now:
                await asyncio.sleep(due - now)
            began = time.monotonic()
            status, answer = await connection.ask("POST", "/v1/events/homework", self.body())
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

    async def run(self):
        began = time.monotonic()
        before = processor_time(self.given.pid)
        await asyncio.gather(self.tell(), self.probe(), *(self.send() for _ in range(self.given.connections)))
        took = time.monotonic() - began
        spent = processor_time(self.given.pid) - before
        told = {
            "events": self.sent, "seconds": round(took, 1), "events_per_second": round(self.sent / took),
            "refused_requests": self.refused, "acknowledged": spread(self.acknowledged), "visible": spread(self.visible),
            "processor_seconds_per_million_events": round(spent / self.sent * 1e6, 2), "memory_mib": memory(self.given.pid),
        }
        print(json.dumps(told))


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
    arguments.add_argument("--connections", type=int, default=200)
    arguments.add_argument("--pid", type=int, default=0)
    arguments.add_argument("--verbose", action="store_true")
    asyncio.run(Load(arguments.parse_args()).run())
