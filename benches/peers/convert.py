"""One peer converts one NDJSON file to one Parquet file with two threads, and says how long the conversion took.

Each peer uses its own default compression and schema inference. Loading the library is not part of the time.
"""

import json
import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"
os.environ["RAYON_NUM_THREADS"] = "2"
os.environ["TOKIO_WORKER_THREADS"] = "2"


def duckdb(source, target):
    import duckdb as engine

    connection = engine.connect()
    connection.execute("SET threads = 2")
    yield
    connection.execute(f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited')) TO '{target}' (FORMAT parquet)")


def chdb(source, target):
    from chdb import session

    connection = session.Session()
    yield
    connection.query(
        f"INSERT INTO FUNCTION file('{target}', 'Parquet') SELECT * FROM file('{source}', 'JSONEachRow') SETTINGS max_threads = 2"
    )


def polars(source, target):
    import polars as engine

    yield
    engine.scan_ndjson(source).sink_parquet(target)


def datafusion(source, target):
    from datafusion import SessionConfig, SessionContext

    context = SessionContext(SessionConfig().with_target_partitions(2))
    yield
    context.read_json(source, file_extension=".ndjson").write_parquet(target)


PEERS = {"duckdb": duckdb, "chdb": chdb, "polars": polars, "datafusion": datafusion}

if __name__ == "__main__":
    name, source, target = sys.argv[1:]
    steps = PEERS[name](source, target)
    next(steps)
    began = time.perf_counter()
    next(steps, None)
    print(json.dumps({"seconds": time.perf_counter() - began}))
