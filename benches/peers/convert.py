"""One peer converts one file of NDJSON or of an Arrow stream (.arrows) to one Parquet file with two threads, and says how long that took.

Each peer uses its own default compression and schema inference. Loading the library is not part of the time.
"""

import json
import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"
os.environ["RAYON_NUM_THREADS"] = "2"
os.environ["TOKIO_WORKER_THREADS"] = "2"


def is_arrow(source):
    return source.endswith(".arrows")


def stream(source):
    import pyarrow

    return pyarrow.ipc.open_stream(pyarrow.memory_map(source))


def duckdb(source, target):
    import duckdb as engine

    connection = engine.connect()
    connection.execute("SET threads = 2")
    yield
    rows = f"read_json('{source}', format = 'newline_delimited')"
    if is_arrow(source):
        reader = stream(source)
        rows = "reader"
    connection.execute(f"COPY (SELECT * FROM {rows}) TO '{target}' (FORMAT parquet)")


def chdb(source, target):
    from chdb import session

    connection = session.Session()
    form = "ArrowStream" if is_arrow(source) else "JSONEachRow"
    yield
    connection.query(
        f"INSERT INTO FUNCTION file('{target}', 'Parquet') SELECT * FROM file('{source}', '{form}') SETTINGS max_threads = 2"
    )


def polars(source, target):
    import polars as engine

    yield
    if is_arrow(source):
        engine.read_ipc_stream(source).write_parquet(target)
    else:
        engine.scan_ndjson(source).sink_parquet(target)


def datafusion(source, target):
    from datafusion import SessionConfig, SessionContext

    context = SessionContext(SessionConfig().with_target_partitions(2))
    yield
    if is_arrow(source):
        rows = context.from_arrow(stream(source))
    else:
        rows = context.read_json(source, file_extension=".ndjson")
    rows.write_parquet(target)


PEERS = {"duckdb": duckdb, "chdb": chdb, "polars": polars, "datafusion": datafusion}

if __name__ == "__main__":
    name, source, target = sys.argv[1:]
    steps = PEERS[name](source, target)
    next(steps)
    began = time.perf_counter()
    next(steps, None)
    print(json.dumps({"seconds": time.perf_counter() - began}))
