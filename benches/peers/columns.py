"""Turns an NDJSON file of homework events into the same events as an Arrow IPC stream, as a system that keeps columns sends them.

Times are timestamps, numbers are numbers; texts that repeat are dictionaries, or with --plain are texts. Batches have 65,536 rows.
"""

import argparse

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

TIMES = ["assigned_at", "started_at", "submitted_at"]
ROWS = 65_536


def columns(table, plain):
    for name in TIMES:
        zone = pc.strptime(pc.utf8_slice_codeunits(table[name], 0, 19), "%Y-%m-%dT%H:%M:%S", "us")
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pc.assume_timezone(zone, "Asia/Shanghai"))
    for at, field in enumerate(table.schema):
        if not plain and pa.types.is_string(field.type):
            table = table.set_column(at, field.name, table[field.name].dictionary_encode().unify_dictionaries())
    return table


def write(source, target, plain):
    options = pj.ReadOptions(block_size=64 << 20)
    parse = pj.ParseOptions(explicit_schema=pa.schema([(name, pa.string()) for name in TIMES]))
    table = columns(pj.read_json(source, read_options=options, parse_options=parse), plain)
    with pa.ipc.new_stream(target, table.schema) as out:
        out.write_table(table.combine_chunks(), max_chunksize=ROWS)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("source")
    arguments.add_argument("target")
    arguments.add_argument("--plain", action="store_true")
    given = arguments.parse_args()
    write(given.source, given.target, given.plain)
