"""Writes an NDJSON file of events over and over to standard output, each time moved on by a week, until so many GiB are out.

    python3 benches/peers/endless.py FILE 20 | xueqing ingest --kind homework -
"""

import datetime
import sys

DAYS = [datetime.date(2026, 3, day) for day in range(2, 7)]
CHUNK = 8 << 20


def main(path, gibibytes):
    left, week = int(float(gibibytes) * (1 << 30)), 0
    while left > 0:
        moved = [(str(day).encode(), str(day + datetime.timedelta(weeks=week)).encode()) for day in DAYS]
        with open(path, "rb") as file:
            while left > 0 and (lines := b"".join(file.readlines(CHUNK))):
                for old, new in moved:
                    lines = lines.replace(old, new)
                sys.stdout.buffer.write(lines)
                left -= len(lines)
        week += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
