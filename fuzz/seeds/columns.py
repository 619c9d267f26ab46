"""Seeds in columns. Each begins with a byte that chooses the mapping, in the order of `COLUMNAR` in `fuzz/src/lib.rs`."""

import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq

HOMEWORK, ATTENDANCE, INTERACTION, BOARDS, MARKS = range(5)
MOMENT = 1_795_132_800_000_000


def moments(unit="us", zone="+08:00"):
    per = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": None}[unit]
    value = MOMENT * 1000 if per is None else MOMENT // per
    return pa.array([value, value, None], pa.timestamp(unit, zone))


def homework(text=pa.string()):
    return pa.table({
        "assignment": pa.array(["a1", "a1", "a2"], text),
        "school": pa.array(["s1", "s1", None], text),
        "class": pa.array(["c1", "c1", "c1"], text),
        "grade": pa.array([13, 14, 99], pa.int16()),
        "subject": pa.array(["math", "数学", "x"], text),
        "student": pa.array([1, 2, 3], pa.int64()),
        "assigned_at": moments(),
        "status": pa.array(["submitted", "missing", " "], text),
        "minutes": pa.array([12.5, None, float("inf")], pa.float32()),
        "minutes_source": pa.array(["measured", "自报", None], text),
        "marked": pa.array([True, False, None], pa.bool_()),
    })


def attendance():
    def listed(values, keys=pa.int8()):
        return pa.array(values, pa.string()).dictionary_encode().cast(pa.dictionary(keys, pa.string()))

    return pa.table({
        "school": listed(["s1", "s1", None]),
        "class": listed(["c1", "c2", "c1"], pa.int32()),
        "student": listed(["1", "2", "3"]),
        "at": moments("ms"),
        "place": listed(["lesson", "门口", "lesson"]),
        "period": listed(["1", "2", " "]),
        "status": listed(["present", "迟到", "x"], pa.uint16()),
        "minutes_late": pa.array([0, 5, None], pa.uint64()),
    })


def interaction():
    """Types that no field has as they are."""
    return pa.table({
        "event": pa.array([b"e1", b"e2", b"\xff"], pa.binary()),
        "school": pa.array([{"id": "s1"}, None, {"id": "s2"}]),
        "class": pa.array([["c1"], [], None], pa.list_(pa.string())),
        "grade": pa.array([decimal.Decimal("13.00"), None, decimal.Decimal("-1.25")]),
        "subject": pa.array(["math", "math", "math"], pa.string_view()),
        "lesson": pa.nulls(3),
        "student": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "teacher": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["t1", None])),
        "at": moments("ns", None),
        "act": pa.array([1, None, 86_399], pa.time32("s")),
        "correct": pa.array([1, 0, None], pa.int8()),
        "response_ms": pa.array([1500, None, -1], pa.duration("ms")),
        "item": pa.array([1, None, 20_000], pa.date32()),
        "knowledge_point": pa.array([b"kp00", None, b"kp01"], pa.binary(4)),
    })


def boards():
    return pa.table({
        "学校标识码": ["2132990001"] * 3,
        "班牌班级": ["1", "1", "2"],
        "年级": pa.array([12, 13, None], pa.uint8()),
        "学籍号": ["G1", "G2", "G3"],
        "节次": ["第1节", "第2节", None],
        "考勤时间": ["2026/11/13 8:13:52", "2026/11/13 8:13:52", "x"],
        "考勤状态": pa.array([4, 2, 3], pa.int8()),
        "请假类别": ["0", "0", "病假"],
        "迟到分钟": pa.array([0.0, 5.0, None]),
    })


def marks():
    return pa.table({
        "考试编号": ["e1", "e1"],
        "考试日期": ["2026年06月25日", ""],
        "学校标识码": ["2132990001"] * 2,
        "年级": ["13", "13"],
        "学籍号": ["G1", "G2"],
        "语文": pa.array([59.5, None]),
        "数学": pa.array([-1, 74], pa.int32()),
    })


def stream(table, mapping, file=False, rows=2, **options):
    out = io.BytesIO()
    open_writer = pa.ipc.new_file if file else pa.ipc.new_stream
    with open_writer(out, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return bytes([mapping]) + out.getvalue()


def other_dictionaries():
    """A stream in which a dictionary is replaced, and one in which it grows."""
    whole = attendance().slice(0, 1).combine_chunks().to_batches()[0]
    made = {}
    for name, grows in [("replaced", False), ("grown", True)]:
        out = io.BytesIO()
        with pa.ipc.new_stream(out, whole.schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=grows)) as writer:
            for texts in (["s1"], ["s1", "s2"]):
                school = pa.DictionaryArray.from_arrays(pa.array([len(texts) - 1], pa.int8()), pa.array(texts))
                writer.write_batch(whole.set_column(0, whole.schema.field(0), school))
        made[name] = bytes([ATTENDANCE]) + out.getvalue()
    return made


def arrow():
    return {
        "homework": stream(homework(), HOMEWORK),
        "homework-large": stream(homework(pa.large_string()), HOMEWORK, file=True),
        "homework-views": stream(homework(pa.string_view()), HOMEWORK, rows=3),
        "homework-zstd": stream(homework(), HOMEWORK, compression="zstd", rows=3),
        "attendance": stream(attendance(), ATTENDANCE, rows=3),
        "attendance-file": stream(attendance(), ATTENDANCE, file=True, rows=3),
        "attendance-lz4": stream(attendance(), ATTENDANCE, compression="lz4", rows=3),
        "interaction": stream(interaction(), INTERACTION, rows=3),
        "boards": stream(boards(), BOARDS, rows=3),
        "marks": stream(marks(), MARKS, file=True),
        **other_dictionaries(),
    }


def pages(table, mapping, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **{"compression": "none", "store_schema": False, "row_group_size": 2, **options})
    return bytes([mapping]) + out.getvalue()


def parquet():
    plain = {"use_dictionary": False, "write_statistics": False, "row_group_size": 3}
    few = homework().drop_columns(["minutes_source"])
    nested = interaction().drop_columns(["teacher", "response_ms"])
    deltas = {
        "assignment": "DELTA_BYTE_ARRAY", "school": "DELTA_LENGTH_BYTE_ARRAY", "class": "DELTA_BYTE_ARRAY", "grade": "PLAIN",
        "subject": "PLAIN", "student": "DELTA_BINARY_PACKED", "assigned_at": "DELTA_BINARY_PACKED",
        "status": "DELTA_LENGTH_BYTE_ARRAY", "minutes": "BYTE_STREAM_SPLIT", "marked": "RLE",
    }
    return {
        "homework": pages(few, HOMEWORK),
        "homework-plain": pages(few, HOMEWORK, **plain),
        "homework-schema": pages(few, HOMEWORK, **plain, store_schema=True),
        "homework-deltas": pages(few, HOMEWORK, **plain, column_encoding=deltas, data_page_version="2.0"),
        "homework-zstd": pages(few, HOMEWORK, compression="zstd", row_group_size=3),
        "homework-snappy": pages(few, HOMEWORK, compression="snappy", data_page_version="2.0", row_group_size=3),
        "homework-index": pages(few, HOMEWORK, write_page_index=True, row_group_size=3),
        "attendance": pages(attendance(), ATTENDANCE, store_schema=True, write_statistics=False, row_group_size=3),
        "interaction": pages(nested, INTERACTION, **plain),
        "boards": pages(boards(), BOARDS, **plain),
        "marks": pages(marks(), MARKS, **plain, write_page_checksum=True),
    }
