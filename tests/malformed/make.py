"""Makes malformed input files, the same ones for the same seed: `make.py FOLDER [COUNT]`.

The files lie as `<kind>/<number>-<family>.<ext>`, which is the folder layout that `xueqing ingest FOLDER` takes. The families are
in `families.py`. Two giants come last: a line of 1 GB, and the same line as a small gzip.
"""

import gzip
import json
import random
import sys
from pathlib import Path

from families import FAMILIES
from rows import GOOD


def giant_line(out, size):
    out.write(b'{"assignment":"')
    for _ in range(size >> 20):
        out.write(b"a" * (1 << 20))
    out.write(b'"}\n' + json.dumps(GOOD["homework"]).encode() + b"\n")


def make(folder, count=10_000, seed=7, giant=1 << 30):
    """Writes `count` files, the two giants among them, and returns their paths."""
    paths = []
    for number in range(count - 2):
        pick = random.Random(seed * 1_000_003 + number)
        kind = pick.choice(list(GOOD))
        family = FAMILIES[number % len(FAMILIES)]
        data, extension = family(pick, kind)
        path = Path(folder) / kind / f"{number:05d}-{family.__name__}.{extension}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(path)
    plain, packed = (Path(folder) / "homework" / f"giant-line.{end}" for end in ("ndjson", "ndjson.gz"))
    with open(plain, "wb") as out:
        giant_line(out, giant)
    with gzip.GzipFile(packed, "wb", compresslevel=1, mtime=0) as out:
        giant_line(out, giant)
    return [*paths, plain, packed]


if __name__ == "__main__":
    made = make(sys.argv[1], *map(int, sys.argv[2:3]))
    print(f"{len(made)} files, {sum(p.stat().st_size for p in made) / 2**20:.0f} MiB")
