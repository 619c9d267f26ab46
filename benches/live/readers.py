"""Opens many readers of the live feed on as many classes as there are, and tells how soon each is told of what load.py sends.

Run it beside load.py: a reader's delay is from the moment that the load acknowledges a body with its class to the event. Here it is
measured by a probe: every second a class is sent an event, and all readers of that class are awaited. Prints one line of JSON.
usage: readers.py [--address 127.0.0.1:8080] [--readers 2000] [--classes 500] [--seconds 60] [--day 2026-03-02]
"""

import argparse
import asyncio
import json
import time

from load import Connection, spread


class Readers:
    def __init__(self, given):
        host, port = given.address.rsplit(":", 1)
        self.given, self.host, self.port = given, host, int(port)
        self.told = [0.0] * given.readers
        self.events = 0
        self.delays = []

    async def read(self, number):
        """One reader: notes when it was last told of something."""
        room = number % self.given.classes
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        writer.write(f"GET /v1/live?class=live{room} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b"event: changed"):
                self.told[number] = time.monotonic()
                self.events += 1

    async def probe(self):
        connection = Connection(self.host, self.port)
        ends = time.monotonic() + self.given.seconds
        turn = 0
        while time.monotonic() < ends:
            room = turn % self.given.classes
            turn += 1
            line = (
                f'{{"assignment":"L{turn}","school":"live","class":"live{room}","grade":"13","subject":"math","student":"L{turn}",'
                f'"assigned_at":"{self.given.day}T15:40:00+08:00","status":"submitted"}}'
            )
            began = time.monotonic()
            await connection.ask("POST", "/v1/events/homework", line.encode())
            acknowledged = time.monotonic()
            concerned = [number for number in range(self.given.readers) if number % self.given.classes == room]
            while any(self.told[number] < began for number in concerned) and time.monotonic() < acknowledged + 30:
                await asyncio.sleep(0.02)
            self.delays += [max(self.told[number] - acknowledged, 0) if self.told[number] >= began else 30 for number in concerned]
            await asyncio.sleep(0.2)

    async def run(self):
        readers = [asyncio.create_task(self.read(number)) for number in range(self.given.readers)]
        await asyncio.sleep(5)
        await self.probe()
        print(json.dumps({"readers": self.given.readers, "events": self.events, "told_after": spread(self.delays)}))
        [reader.cancel() for reader in readers]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--address", default="127.0.0.1:8080")
    arguments.add_argument("--readers", type=int, default=2000)
    arguments.add_argument("--classes", type=int, default=500)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--day", default="2026-03-02")
    asyncio.run(Readers(arguments.parse_args()).run())
