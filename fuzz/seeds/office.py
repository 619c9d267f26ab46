"""Seeds of workbooks and archives: as parts, which `fuzz/src/parts.rs` packs, and as they are."""

import io
import struct
import zipfile

TABLE = [
    ["学校", "班级", "学号", "时间", "场所", "节次", "状态"],
    ["s1", "c1", "1", "2026-11-20", "lesson", "1", "出勤"],
    ["s1", "c1", "2", "2026-11-20", "lesson", "1", "x"],
]
WIDTH = len(TABLE[0])
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def parts(files):
    return b"\n".join(b"=== " + name.encode() + b"\n" + data for name, data in files.items())


def packed(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 8, 0, 0)), data, method)
    return out.getvalue()


def relations(links):
    found = "".join(f'<Relationship Id="{key}" Type="{TYPE}{sort}" Target="{target}"/>' for key, sort, target in links)
    return (HEAD + f"<Relationships {RELATIONS}>{found}</Relationships>").encode()


def xlsx():
    shared = [cell for row in TABLE for cell in row]
    rows = "".join(
        f'<row r="{at + 3}">' + "".join(f'<c r="{"ABCDEFG"[c]}{at + 3}" t="s"><v>{at * WIDTH + c}</v></c>' for c in range(WIDTH)) + "</row>"
        for at in range(3)
    )
    odd = (
        '<row r="7"><c r="A7"><v>13893</v></c><c r="B7" s="1"><v>46346.5</v></c><c r="C7" t="str"><f>A7&amp;1</f><v>x</v></c>'
        '<c r="D7" t="b"><v>1</v></c><c r="E7" t="e"><v>#N/A</v></c><c r="F7" t="inlineStr"><is><t>a,"b"</t></is></c></row>'
    )
    sheet = (
        f'<worksheet {MAIN}><dimension ref="A1:G7"/><sheetData>'
        f'<row r="1"><c r="A1" t="inlineStr"><is><r><t>考勤</t></r><r><t>表</t></r></is></c></row>{rows}{odd}</sheetData>'
        '<mergeCells count="2"><mergeCell ref="A1:G1"/><mergeCell ref="A5:A6"/></mergeCells></worksheet>'
    )
    strings = "".join(f"<si><t>{text}</t></si>" for text in shared)
    sheets = '<sheet name="S1" sheetId="1" r:id="rId1"/><sheet name="S2" sheetId="2" state="hidden" r:id="rId1"/>'
    links = [("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml")]
    links += [("rId3", "styles", "styles.xml")]
    return {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": relations([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook {MAIN} {LINKS}><workbookPr date1904="0"/><sheets>{sheets}</sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": relations(links),
        "xl/sharedStrings.xml": f'<sst {MAIN} count="21" uniqueCount="21">{strings}</sst>'.encode(),
        "xl/styles.xml": (
            f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="164" formatCode="yyyy/m/d"/></numFmts>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet.encode(),
    }


def ods():
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'.format
    rows = "".join("<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in TABLE)
    odd = (
        '<table:table-row table:number-rows-repeated="2">'
        '<table:table-cell office:value-type="float" office:value="1.5" table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="date" office:date-value="2026-11-20T08:00:00"/>'
        '<table:table-cell office:value-type="time" office:time-value="PT08H30M00S"/><table:covered-table-cell/>'
        '<table:table-cell office:value-type="boolean" office:boolean-value="true" table:formula="of:=1"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    content = f'<table:table table:name="S1">{rows}{odd}</table:table><table:table table:name="S2"/>'
    return {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": (
            f"<office:document-content><office:body><office:spreadsheet>{content}"
            "</office:spreadsheet></office:body></office:document-content>"
        ).encode(),
        "META-INF/manifest.xml": b"<manifest:manifest></manifest:manifest>",
    }


def wide(text):
    return struct.pack("<I", len(text.encode("utf-16le")) // 2) + text.encode("utf-16le")


def binary(kind, body=b""):
    return (bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])) + bytes([len(body)]) + body


def xlsb():
    cells = [binary(0, struct.pack("<I", 0))]
    cells += [binary(7, struct.pack("<III", column, 0, column)) for column in range(WIDTH)]
    cells += [binary(0, struct.pack("<I", 2)), binary(6, struct.pack("<II", 0, 0) + wide("1"))]
    cells += [binary(5, struct.pack("<IId", 1, 1, 46346.5)), binary(2, struct.pack("<IIi", 2, 0, 7 << 2 | 2))]
    cells += [binary(4, struct.pack("<IIB", 3, 0, 1)), binary(3, struct.pack("<IIB", 4, 0, 0x2A))]
    opening = binary(0x81) + binary(0x94, struct.pack("<IIII", 0, 2, 0, WIDTH - 1)) + binary(0x91)
    strings = b"".join(binary(0x13, b"\0" + wide(text)) for text in TABLE[0])
    bundle = binary(0x9C, struct.pack("<II", 0, 1) + wide("rId1") + wide("S1"))
    formats = binary(0x267, struct.pack("<I", 1)) + binary(0x2C, struct.pack("<H", 164) + wide("yyyy/m/d"))
    formats += binary(0x269, struct.pack("<I", 2)) + binary(0x2F, struct.pack("<HH", 0, 0)) + binary(0x2F, struct.pack("<HH", 0, 164))
    return {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.bin": binary(0x83) + binary(0x99, bytes(4)) + bundle + binary(0x90) + binary(0x9D) + binary(0x84),
        "xl/_rels/workbook.bin.rels": relations([("rId1", "worksheet", "worksheets/sheet1.bin")]),
        "xl/sharedStrings.bin": binary(0x9F, struct.pack("<II", WIDTH, WIDTH)) + strings,
        "xl/styles.bin": formats,
        "xl/worksheets/sheet1.bin": opening + b"".join(cells) + binary(0x92),
    }


def record(kind, body=b""):
    return struct.pack("<HH", kind, len(body)) + body


def records():
    """A workbook of the older form: records of the book, then of a sheet."""
    def opening(kind):
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))

    def label(row, column, text):
        return record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16le"))

    texts = b"".join(struct.pack("<HB", len(text), 1) + text.encode("utf-16le") for text in TABLE[0])
    before = opening(5) + record(0x42, struct.pack("<H", 1200)) + record(0xE0, bytes(20)) + record(0xE0, struct.pack("<HH", 0, 14) + bytes(16))
    shared = record(0xFC, struct.pack("<II", WIDTH, WIDTH) + texts)
    start = len(before) + len(shared) + (4 + 8 + 2) + 4
    sheet = record(0x200, struct.pack("<IIHHH", 0, 4, 0, WIDTH, 0))
    sheet += b"".join(record(0xFD, struct.pack("<HHHI", 0, column, 0, column)) for column in range(WIDTH))
    sheet += label(1, 0, "1") + record(0x203, struct.pack("<HHHd", 1, 1, 1, 46346.5)) + label(1, 2, "出勤")
    sheet += record(0x27E, struct.pack("<HHHi", 2, 0, 0, 7 << 2 | 2))
    sheet += record(0xBD, struct.pack("<HHHiHiH", 2, 1, 0, 6, 0, 10, 2))
    sheet += record(0x205, struct.pack("<HHHBB", 3, 0, 0, 1, 0)) + record(0x6, struct.pack("<HHHdHIH", 3, 1, 0, 2.0, 0, 0, 0))
    sheet += record(0xE5, struct.pack("<HHHHH", 1, 1, 2, 2, 2))
    bound = record(0x85, struct.pack("<IBBBB", start, 0, 0, 2, 0) + b"S1")
    return before + shared + bound + record(0xA) + opening(0x10) + sheet + record(0xA)


def compound(stream):
    """The file that holds the records: one stream of 512-byte sectors behind its table and its folder."""
    data = stream.ljust(4096, b"\0")
    count = len(data) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE] + [at + 1 for at in range(2, count + 1)] + [0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))

    def entry(name, kind, child, start, size):
        raw = (name + "\0").encode("utf-16le")
        head = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
        return head + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", start, size)

    empty = bytes(68) + struct.pack("<III", *[0xFFFFFFFF] * 3) + bytes(48)
    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(data)) + empty * 2
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return head + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108) + table + folder + data


def workbooks():
    return {
        "xlsx": parts(xlsx()), "xlsx-whole": packed(xlsx()), "ods": parts(ods()), "ods-whole": packed(ods()),
        "xlsb": parts(xlsb()), "xls": records(), "xls-whole": compound(records()),
    }


def archives():
    csv = b"school,class,student,at,place,period,status\ns1,c1,1,2026-11-20T08:00:00+08:00,lesson,1,present\n"
    gbk = "学校标识码,班级,学号,时间,考勤地点,节次,状态\ns1,c1,1,2026-11-20,lesson,1,迟到\n".encode("gbk")
    files = {"kaoqin/a.csv": csv, "b.csv": gbk, "__MACOSX/._a.csv": b"-", "README.md": b"-", "c/../d.ndjson": b'{"school":"s1"}\n'}
    book = packed(xlsx())
    inner = packed({"a.csv": csv})
    renamed = packed({"AAAA/a.csv": csv}, zipfile.ZIP_STORED).replace(b"AAAA", "考勤".encode("gbk"))
    return {
        "parts": b"\0" + parts(files), "parts-deep": b"\3" + parts({"a.csv": csv}), "parts-too-deep": b"\4" + parts({"a.csv": csv}),
        "parts-mixed": b"\1" + parts({"a.zip": inner, "b.xlsx": book, "c.rar": b"Rar!\x1a\x07\x01\0", "d.gz": b"\x1f\x8b\x08"}),
        "whole": b"\0" + packed(files), "whole-stored": b"\0" + packed({"a.csv": csv, "b.zip": inner}, zipfile.ZIP_STORED),
        "whole-gbk": b"\0" + renamed, "whole-empty": b"\0" + packed({}), "whole-cut": b"\0" + packed(files)[:-30],
    }
