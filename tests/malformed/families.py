"""Families of malformed files. Each gets a random source and a kind, and gives the bytes and the extension of one file."""

import gzip
import json
import zlib

from rows import DAY, GOOD, WRONG, cell, csv_text, good, lines, row, spoil


def truncated(pick, kind):
    data = good(pick, kind)
    return data[: pick.randrange(len(data))], "ndjson"


def wrong_types(pick, kind):
    record = row(pick, kind, 1)
    for field in pick.sample(list(record), pick.randrange(1, len(record) + 1)):
        record[field] = pick.choice(WRONG)
    return good(pick, kind) + json.dumps(record).encode() + b"\n" + good(pick, kind), "ndjson"


def missing_fields(pick, kind):
    record = row(pick, kind, 1)
    for field in pick.sample(list(record), pick.randrange(1, len(record) + 1)):
        del record[field]
    return json.dumps(record).encode() + b"\n" + good(pick, kind), "ndjson"


def nul(pick, kind):
    return spoil(pick, good(pick, kind), pick.randrange(1, 9), lambda: b"\0"), "ndjson"


def invalid_utf8(pick, kind):
    bad = [b"\xff", b"\xc3", b"\xe4\xb8", b"\xf8\x88\x80\x80\x80", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"]
    return spoil(pick, good(pick, kind), pick.randrange(1, 9), lambda: pick.choice(bad)), "ndjson"


def nested(pick, kind):
    depth = pick.choice([100, 127, 128, 129, 1000, 20_000, 120_000])
    opening, closing = pick.choice([("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
    bomb = opening * depth + "1" + (closing * depth if pick.random() < 0.7 else "")
    where = pick.random()
    if where < 0.4:
        return cell(pick, kind, bomb), "ndjson"
    if where < 0.7:
        return f'{{"unknown":{bomb}}}\n'.encode() + good(pick, kind), "ndjson"
    return bomb.encode() + b"\n" + good(pick, kind), pick.choice(["ndjson", "json", "csv"])


def numbers(pick, kind):
    odd = [
        "1e400",
        "-1e400",
        "1" * 400,
        "0." + "3" * 4000,
        "01",
        "+1",
        ".5",
        "5.",
        "0x10",
        "NaN",
        "Infinity",
        "-0",
        "1e-999",
        "1_000",
        "１２",
    ]
    return cell(pick, kind, pick.choice(odd)), "ndjson"


def escapes(pick, kind):
    odd = [
        '"\\ud800"',
        '"\\udc00\\ud800"',
        '"\\x41"',
        '"\\u12"',
        '"\\',
        '"unclosed',
        "'single'",
        '"tab\tinside"',
        '"\\u0000"',
        '"\u2028"',
    ]
    return cell(pick, kind, pick.choice(odd)), "ndjson"


def dates(pick, kind):
    odd = [
        "2026-02-30",
        "9999-12-31T23:59:59Z",
        "99999-01-01",
        "0000-00-00T00:00:00",
        "-0001-01-01",
        "1e10",
        "1767225600",
        "2026-03-02T24:00:00",
        "2026-03-02T23:59:60Z",
        "2026/3/2 8:1",
        "262143-12-31T00:00:00Z",
        "２０２６-03-02",
        "2026-03-02T00:00:00+99:99",
    ]
    record = row(pick, kind, 1)
    for field in record:
        if str(record[field]).startswith(DAY):
            record[field] = pick.choice(odd)
    return good(pick, kind) + json.dumps(record).encode() + b"\n", "ndjson"


def repeated_keys(pick, kind):
    record = json.dumps(row(pick, kind, 1))[:-1]
    field = pick.choice(list(GOOD[kind]))
    return (record + f',"{field}":"x"' * pick.choice([1, 3, 5000]) + ',"":1}\n').encode() + good(pick, kind), "ndjson"


def many_keys(pick, kind):
    count = pick.choice([1000, 40_000])
    return ("{" + ",".join(f'"k{n}":{n}' for n in range(count)) + "}\n").encode() + good(pick, kind), "ndjson"


def arrays(pick, kind):
    inner = b",".join(lines(pick, kind, 3))
    shapes = [
        b"[" + inner,
        b"[" + inner + b",]",
        b"[" + inner + b"]]",
        b'[1,2,"x",null,' + inner + b"]",
        b"[[" + inner + b"]]",
        b"[]",
        b"[",
        b"]",
        b"[" + inner + b"]" + inner,
        b"[" + inner[: pick.randrange(len(inner))] + b"]",
        inner,
        b"[,]",
        b" \n [" + inner + b"]\n\n x",
    ]
    return pick.choice(shapes), pick.choice(["json", "ndjson"])


def random_bytes(pick, kind):
    return pick.randbytes(pick.choice([1, 10, 1000, 50_000])), pick.choice(["ndjson", "csv", "txt", "gz", "zst", "json"])


def mutated(pick, kind):
    data = good(pick, kind) if pick.random() < 0.6 else csv_text(pick, kind, pick.random() < 0.5).encode()
    extension = "ndjson" if data.startswith(b"{") else "csv"
    return spoil(pick, data, pick.randrange(1, 30), lambda: pick.randbytes(1)), extension


def line_ends(pick, kind):
    odd = [b"\r", b"\r\n", b"\n\r", b"\n\n\n", b"\x0b", b"\x0c", b"\xe2\x80\xa8", b"\xc2\x85", b"\0\n", b""]
    return b"".join(one + pick.choice(odd) for one in lines(pick, kind, 6)), "ndjson"


def empties(pick, kind):
    odd = [
        b"",
        b"\n",
        b"\n" * 5000,
        b" ",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\0",
        b"{}",
        b"{}\n{}\n",
        b"null\n",
        b'""\n',
        b",\n",
        b",,,\n,,,\n",
        b'"\n',
        ",".join(GOOD[kind]).encode(),
        ",".join(GOOD[kind]).encode() + b"\n\n\n",
    ]
    return pick.choice(odd), pick.choice(["ndjson", "csv", "json", "txt"])


def wrong_boms(pick, kind):
    text = good(pick, kind).decode() if pick.random() < 0.5 else csv_text(pick, kind)
    coded = text.encode(pick.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "gb18030", "utf-7"]))
    cut = pick.randrange(3)
    return pick.choice([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]) + coded[: len(coded) - cut], "ndjson" if text.startswith(
        "{"
    ) else "csv"


def csv_quotes(pick, kind):
    text = csv_text(pick, kind, quote=pick.random() < 0.7)
    for _ in range(pick.randrange(1, 4)):
        at = pick.randrange(len(text))
        text = text[:at] + pick.choice(['"', '""', '"\n', '",', '\\"']) + text[at:]
    return (text + csv_text(pick, kind)).encode(), "csv"


def csv_fields(pick, kind):
    head, body = csv_text(pick, kind).split("\n", 1)
    odd = pick.choice(["," * pick.choice([1, 50, 100_000]), "", "a", "," * 3 + "a" * 9000, "\t" * 40, ";".join("abc")])
    if pick.random() < 0.5:
        return f"{head}\n{odd}\n{body}{odd}\n{body}".encode(), "csv"
    return f"{head}{odd}\n{body}".encode(), "csv"


def csv_headers(pick, kind):
    head, body = csv_text(pick, kind).split("\n", 1)
    names = head.split(",")
    odd = [
        names[::-1],
        names + names,
        [""] * len(names),
        names[:1],
        ["x"] * len(names),
        [n.upper() for n in names],
        [f" {n} " for n in names],
        ['"' + n for n in names],
    ]
    return f"{pick.choice([',', ';', chr(9), '|']).join(pick.choice(odd))}\n{body}".encode(), "csv"


def gbk_cut(pick, kind):
    record = row(pick, kind, 1) | {"title": "语文作业一二三"}
    data = (json.dumps(record, ensure_ascii=False) + "\n").encode("gb18030") * 3
    return data[: pick.randrange(1, len(data))] + b"\x81\x30\x81", pick.choice(["ndjson", "csv"])


def broken_gzip(pick, kind):
    data = gzip.compress(b"\n".join(lines(pick, kind, 40)) + b"\n", mtime=0)
    at = pick.randrange(len(data))
    shapes = [
        data[:at],
        data + data[:at],
        data + b"rubbish",
        data[:at] + b"\xff" + data[at + 1 :],
        data[:-8] + b"\0" * 8,
        b"\x1f\x8b",
        gzip.compress(data, mtime=0),
        b"\x28\xb5\x2f\xfd" + pick.randbytes(200),
        zlib.compress(data),
    ]
    return pick.choice(shapes), pick.choice(["ndjson.gz", "gz", "ndjson", "csv.gz", "zst"])


def pretenders(pick, kind):
    magic = [
        b"PK\x03\x04",
        b"PAR1",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"SQLite format 3\0",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"<html>",
        b"ARROW1\0\0",
    ]
    return pick.choice(magic) + pick.randbytes(300), pick.choice(["ndjson", "csv", "xlsx", "json"])


def long_values(pick, kind):
    size = pick.choice([5_000, 70_000, 300_000])
    return cell(pick, kind, json.dumps(pick.choice('a一\\"') * size)), "ndjson"


def long_lines(pick, kind):
    if pick.random() < 0.9:
        return long_values(pick, kind)
    size = pick.choice([(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
    return good(pick, kind) + pick.choice([b"a", b"{", b'"', b"\0", b",", "一".encode()]) * size + b"\n" + good(
        pick, kind
    ), pick.choice(["ndjson", "csv"])


FAMILIES = [
    truncated,
    wrong_types,
    missing_fields,
    nul,
    invalid_utf8,
    nested,
    numbers,
    escapes,
    dates,
    repeated_keys,
    many_keys,
    arrays,
    random_bytes,
    mutated,
    line_ends,
    empties,
    wrong_boms,
    csv_quotes,
    csv_fields,
    csv_headers,
    gbk_cut,
    broken_gzip,
    pretenders,
    long_values,
    long_lines,
]
