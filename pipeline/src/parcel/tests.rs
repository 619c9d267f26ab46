//! Parcels of every sort, and broken ones.

use std::io::{Cursor, Write};

use rstest::rstest;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook as Writer};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// An item's name, and its text or why there is none.
type Found = (String, Result<String, String>);

fn unpacked(bytes: impl Into<Vec<u8>>, name: &str) -> Result<Vec<Found>, String> {
    let parcel = Parcel::of_reader(Box::new(Cursor::new(bytes.into())), name).map_err(|error| error.to_string())?;
    Ok(parcel.map(|item| (item.source.clone(), text(item))).collect())
}

fn text(item: Item) -> Result<String, String> {
    let mut text = Vec::new();
    let feed = item.open().map_err(|error| error.to_string())?;
    feed.open().and_then(|mut reader| reader.read_to_end(&mut text)).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn refusal(bytes: impl Into<Vec<u8>>) -> String {
    unpacked(bytes, "x").expect_err("refused")
}

fn zip(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn deflated(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zip(CompressionMethod::Deflated, entries)
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
    bytes
}

fn workbook(fill: impl Fn(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    fill(&mut writer);
    writer.save_to_buffer().unwrap()
}

fn one_sheet() -> Vec<u8> {
    workbook(|writer| {
        writer.add_worksheet().set_name("高一").unwrap().write_row(0, 0, ["a", "b"]).unwrap();
    })
}

#[test]
fn a_plain_file_is_itself() {
    let gzip = b"\x1f\x8b\x08 not looked into";
    for bytes in [b"a,b\n".as_slice(), b"", gzip] {
        let expected = String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(unpacked(bytes, "a.csv").unwrap(), [("a.csv".to_owned(), Ok(expected))]);
    }
}

#[test]
fn an_archive_is_its_files_and_those_of_archives_within() {
    let inner = deflated(&[("c.csv", b"c")]);
    let archive = deflated(&[
        ("kaoqin/b.csv", b"b"),
        ("a.csv", b"a"),
        ("inner.zip", &inner),
        ("__MACOSX/._a.csv", b"-"),
        ("kaoqin/.DS_Store", b"-"),
        ("cj.xlsx", &one_sheet()),
        ("rest.rar", b"Rar!\x1a\x07\x01\x00"),
    ]);
    let found = unpacked(archive, "x.zip").unwrap();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x.zip/a.csv", "x.zip/cj.xlsx[高一]", "x.zip/inner.zip/c.csv", "x.zip/kaoqin/b.csv", "x.zip/rest.rar"]);
    assert_eq!(found[1].1, Ok("\u{feff}a,b\n".to_owned()));
    assert_eq!(found[2].1, Ok("c".to_owned()));
    assert!(found[4].1.as_ref().unwrap_err().contains("RAR"), "{found:?}");
}

#[test]
fn names_of_windows_in_china_are_read_and_folders_known() {
    let archive = replaced(&deflated(&[("AAAA/a.csv", b"a")]), b"AAAA", b"\xbf\xbc\xc7\xda");
    let item = Parcel::of_reader(Box::new(Cursor::new(archive)), "x.zip").unwrap().next().unwrap();
    assert_eq!((item.source.as_str(), item.folder()), ("x.zip/考勤/a.csv", Some("考勤")));
}

#[test]
fn a_broken_entry_does_not_keep_the_others_out() {
    let archive = zip(CompressionMethod::Stored, &[("a.csv", b"first"), ("b.csv", b"second"), ("c.csv", b"third")]);
    let found = unpacked(replaced(&archive, b"second", b"sEcond"), "x.zip").unwrap();
    assert_eq!((&found[0].1, &found[2].1), (&Ok("first".to_owned()), &Ok("third".to_owned())));
    assert!(found[1].1.as_ref().unwrap_err().contains("checksum"), "{found:?}");
}

#[test]
fn an_encrypted_entry_says_so() {
    let archive = deflated(&[("a.csv", b"a")]);
    // The first flag of each header.
    let local = replaced(&archive, b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01");
    let place = local.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let mut both = local;
    both[place + 8] |= 1;
    assert!(unpacked(both, "x.zip").unwrap()[0].1.as_ref().unwrap_err().contains("encrypted"));
}

#[rstest]
#[case::zip(deflated(&[("a.csv", &b"0123456789\n".repeat(1000))]), "the zip archive is cut off")]
#[case::workbook(one_sheet(), "the workbook is cut off")]
fn what_is_cut_off_is_told(#[case] whole: Vec<u8>, #[case] told: &str) {
    for cut in [whole.len() / 2, whole.len() - 30] {
        let refused = refusal(&whole[..cut]);
        assert!(refused.contains(told) && refused.contains("send it again"), "{refused}");
    }
}

#[test]
fn archives_that_cheat_are_refused() {
    let mut nested = deflated(&[("a.csv", b"a")]);
    for _ in 0..5 {
        nested = deflated(&[("x.zip", &nested)]);
    }
    assert!(unpacked(nested, "x.zip").unwrap()[0].1.as_ref().unwrap_err().contains("deep"));
    let twice = replaced(&deflated(&[("a.csv", b"a"), ("b.csv", b"b")]), b"b.csv", b"a.csv");
    assert!(refusal(twice).contains("same name"));
    let mut shared = deflated(&[("a.csv", b"a"), ("b.csv", b"b")]);
    let second = shared.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    shared[second + 42..second + 46].fill(0);
    assert!(refusal(shared).contains("share bytes"));
}

#[test]
fn a_sheet_reads_as_people_see_it() {
    let bytes = workbook(|writer| {
        let day = Format::new().set_num_format("yyyy/m/d");
        let sheet = writer.add_worksheet().set_name("成绩").unwrap();
        sheet.merge_range(0, 0, 0, 5, "期中成绩表", &Format::new()).unwrap();
        sheet.merge_range(2, 0, 3, 0, "学号", &Format::new()).unwrap();
        sheet.merge_range(2, 1, 2, 2, "语文", &Format::new()).unwrap();
        sheet.write_row(3, 1, ["成绩", "排名"]).unwrap();
        sheet.write_number(4, 0, 13893.0).unwrap().write_number(4, 1, 81.5).unwrap();
        sheet.write_formula(4, 2, Formula::new("=1+1").set_result("2")).unwrap();
        sheet.write_datetime_with_format(4, 3, ExcelDateTime::parse_from_str("2026-11-20").unwrap(), &day).unwrap();
        sheet.write_string(4, 4, "a,\"b\"\nc").unwrap().write_boolean(4, 5, true).unwrap();
        sheet.write_formula(6, 0, Formula::new("=NA()").set_result("#N/A")).unwrap();
        writer.add_worksheet().set_name("空").unwrap();
        writer.add_worksheet().set_name("暗").unwrap().set_hidden(true).write_string(0, 0, "x").unwrap();
    });
    let found = unpacked(bytes, "x.xlsx").unwrap();
    let title = ["期中成绩表"; 6].join(",");
    let expected = format!(
        "\u{feff}{title}\n\n学号,语文,语文,,,\n学号,成绩,排名,,,\n13893,81.5,2,2026-11-20,\"a,\"\"b\"\" c\",true\n\n#N/A,,,,,\n"
    );
    assert_eq!(found[0], ("x.xlsx[成绩]".to_owned(), Ok(expected)));
    assert_eq!(found[1], ("x.xlsx[空]".to_owned(), Ok("\u{feff}".to_owned())));
    assert_eq!(found[2], ("x.xlsx[暗]".to_owned(), Ok("\u{feff}x\n".to_owned())));
}

#[test]
fn sheets_may_be_passed_over() {
    let bytes = workbook(|writer| {
        for sheet in 0..3 {
            let worksheet = writer.add_worksheet();
            (0..20_000).for_each(|row| drop(worksheet.write_string(row, 0, "0123456789".repeat(10 * sheet + 10))));
        }
    });
    let mut parcel = Parcel::of_reader(Box::new(Cursor::new(bytes)), "x.xlsx").unwrap();
    drop(parcel.next());
    let begun = parcel.next().unwrap().open().unwrap();
    begun.open().unwrap().read_exact(&mut [0; 1000]).unwrap();
    begun.open().unwrap().read_exact(&mut [0; 1000]).unwrap();
    assert_eq!(text(parcel.next().unwrap()).unwrap().lines().count(), 20_000);
}

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(body.len() as u16).to_le_bytes(), body].concat()
}

fn label(&(row, column, text): &(u16, u16, &str)) -> Vec<u8> {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let numbers = [row, column, 0, (utf16.len() / 2) as u16].map(u16::to_le_bytes).concat();
    record(0x0204, &[numbers, vec![1], utf16].concat())
}

/// A workbook of the older form, of which `sheets` lead to the same records.
fn compound(globals: &[u8], sheets: usize, records: &[u8]) -> Vec<u8> {
    let opening = |kind: u16| record(0x0809, &[&[0, 6], kind.to_le_bytes().as_slice(), &[0; 12]].concat());
    let end = record(0x000a, &[]);
    let start = opening(5).len() + globals.len() + sheets * (4 + 8 + 2) + end.len();
    let bound = |number: usize| {
        let name = format!("S{}", number + 1);
        record(0x0085, &[&(start as u32).to_le_bytes(), [0, 0, 2, 0].as_slice(), name.as_bytes()].concat())
    };
    let bounds: Vec<u8> = (0..sheets).flat_map(bound).collect();
    let stream = [opening(5).as_slice(), globals, &bounds, &end, &opening(0x10), records, &end].concat();
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/Workbook").unwrap().write_all(&stream).unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

/// One with one sheet.
fn older(cells: &[(u16, u16, &str)], merge: Option<[u16; 4]>, locked: bool) -> Vec<u8> {
    let lock = if locked { record(0x002f, &[1, 0, 1, 0]) } else { Vec::new() };
    let merged = merge.map(|merge| record(0x00e5, &[vec![1, 0], merge.map(u16::to_le_bytes).concat()].concat()));
    compound(&lock, 1, &[cells.iter().flat_map(label).collect(), merged.unwrap_or_default()].concat())
}

#[test]
fn a_workbook_of_the_older_form_is_read() {
    let bytes = older(&[(0, 0, "学号"), (0, 1, "语文"), (1, 0, "1"), (1, 1, "缺考")], Some([1, 1, 1, 2]), false);
    assert_eq!(unpacked(bytes, "x.xls").unwrap(), [("x.xls[S1]".to_owned(), Ok("\u{feff}学号,语文,\n1,缺考,缺考\n".to_owned()))]);
}

#[test]
fn what_an_older_workbook_states_of_itself_is_not_believed() {
    let spans = record(0x0200, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    let formula = record(0x0006, &[[1, 0, 0, 0, 0, 0].as_slice(), &2_f64.to_le_bytes(), &[0; 6], &[0xff; 8]].concat());
    let found = unpacked(compound(&[], 1, &[spans, label(&(0, 0, "学号")), formula].concat()), "x.xls").unwrap();
    assert_eq!(found, [("x.xls[S1]".to_owned(), Ok("\u{feff}学号\n2\n".to_owned()))]);
    assert!(refusal(compound(&[], 2, &label(&(0, 0, "a")))).contains("share bytes"));
    let mut lying = label(&(0, 0, "a"));
    lying[10..12].fill(0xff);
    assert!(refusal(compound(&[], 1, &lying.repeat(2000))).contains("MiB of text"));
}

#[test]
fn texts_that_cells_share_count_for_each_of_them() {
    let shared = |row: u16, text: u8| record(0x00fd, &[&row.to_le_bytes(), [0, 0, 0, 0, text, 0, 0, 0].as_slice()].concat());
    // The second is longer than a record, and goes on in narrow characters.
    let begun = [&[0; 8], [1, 0, 8, 1, 0, b'b', 9, 9, 9, 9].as_slice(), &[0x20, 0x4e, 1, 0x66, 0x5b]].concat();
    let rest = record(0x003c, &[&[0], b"a".repeat(19_999).as_slice(), &[1, 0, 0, b'c']].concat());
    let globals = [record(0x00fc, &begun), rest].concat();
    let found = unpacked(compound(&globals, 1, &[shared(0, 0), shared(1, 2)].concat()), "x.xls").unwrap();
    assert_eq!(found[0].1, Ok("\u{feff}b\nc\n".to_owned()));
    let cells = |text: u8| (0..5000).flat_map(|row| shared(row, text)).collect::<Vec<u8>>();
    assert!(unpacked(compound(&globals, 1, &cells(2)), "x.xls").is_ok());
    assert!(refusal(compound(&globals, 1, &cells(1))).contains("MiB of text"));
}

#[test]
fn passwords_are_told() {
    assert!(refusal(older(&[(0, 0, "a")], None, true)).contains("password"));
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/EncryptedPackage").unwrap().write_all(&[7; 5000]).unwrap();
    file.flush().unwrap();
    assert!(refusal(file.into_inner().into_inner()).contains("password"));
}

fn document(content: &str) -> Vec<u8> {
    let mime = "application/vnd.oasis.opendocument.spreadsheet";
    let manifest = "<?xml version=\"1.0\"?><manifest:manifest></manifest:manifest>";
    deflated(&[
        ("mimetype", mime.as_bytes()),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", manifest.as_bytes()),
    ])
}

fn open_document(table: &str) -> Vec<u8> {
    document(&format!(
        "<?xml version=\"1.0\"?><office:document-content><office:body><office:spreadsheet><table:table table:name=\"S1\">{table}\
         </table:table></office:spreadsheet></office:body></office:document-content>"
    ))
}

#[test]
fn an_open_document_is_read_and_one_that_spreads_too_far_refused() {
    let cell = |text: &str| format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>");
    let row = |cells: &str| format!("<table:table-row>{cells}</table:table-row>");
    let rest = "<table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let table = [row(&(cell("学号") + &cell("语文"))), row(&(cell("1") + &cell("81"))), rest.to_owned()].concat();
    let found = unpacked(open_document(&table), "x.ods").unwrap();
    assert_eq!(found, [("x.ods[S1]".to_owned(), Ok("\u{feff}学号,语文\n1,81\n".to_owned()))]);
    let wide = "<table:table-row table:number-rows-repeated=\"100000\">\
        <table:table-cell office:value=\"1\" table:number-columns-repeated=\"16384\"/></table:table-row>";
    assert!(refusal(open_document(wide)).contains("more than"));
}

#[rstest]
#[case::repeated(&format!("<table:table-cell table:number-columns-repeated=\"9999\">{}</table:table-cell>", "a".repeat(100_000)))]
#[case::spaces("<table:table-cell office:value-type=\"string\"><text:s text:c=\"99999999999\"/></table:table-cell>")]
fn text_that_an_open_document_only_states_is_counted(#[case] cell: &str) {
    let told = refusal(open_document(&format!("<table:table-row>{cell}</table:table-row>")));
    assert!(told.contains("MiB of text"), "{told}");
}

#[rstest]
#[case::end("<table:table table:name=\"S1\"><table:table-row>", "in the middle")]
#[case::other_end("<table:table table:name=\"S1\"></x>", "expected")]
#[case::cells("<table:table-row><table:table-cell><table:table-cell/></table:table-cell></table:table-row>", "in another")]
#[case::attribute("<table:table-row table:number-rows-repeated=1/>", "attribute")]
fn an_open_document_whose_parts_do_not_end_is_refused(#[case] content: &str, #[case] told: &str) {
    let refused = refusal(document(content));
    assert!(refused.contains(told), "{refused}");
}

#[test]
fn workbooks_that_claim_too_much_are_refused() {
    assert!(refusal(older(&[(0, 0, "a"), (65_535, 255, "b")], None, false)).contains("more than"));
    let strings =
        b"<?xml version=\"1.0\"?><!-- uniqueCount=\"1\" --><sst uniqueCount\n=\"99999999999999\"><si><t>a</t></si></sst>";
    let forged =
        deflated(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<x/>"), ("xl/sharedStrings.xml", strings)]);
    assert!(refusal(forged).contains("cannot be read"));
    let document = deflated(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<x/>")]);
    assert!(refusal(document).contains("document"));
}
