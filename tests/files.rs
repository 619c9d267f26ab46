//! Files as districts have them: workbooks, archives, patterns, and a folder in which some are broken.

mod support;

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Stdio;

use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value;
use support::{District, files_below, sample_data};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn number(told: &Value, name: &str) -> u64 {
    told[name].as_u64().unwrap_or_else(|| panic!("no {name} in {told}"))
}

fn sample(file: &str) -> String {
    let bytes = std::fs::read(sample_data().join(file)).expect("a sample file");
    let text = String::from_utf8(bytes).unwrap_or_else(|error| encoding_rs::GB18030.decode(error.as_bytes()).0.into_owned());
    text.trim_start_matches('\u{feff}').to_owned()
}

fn zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("closed").into_inner()
}

/// The records as a sheet, numbers as numbers, below `titles` rows of titles.
fn sheet(workbook: &mut Workbook, name: &str, records: &[Vec<String>], titles: u32) {
    let sheet = workbook.add_worksheet().set_name(name).expect("a name");
    if titles > 0 {
        sheet.merge_range(0, 0, titles - 1, 4, "登记表", &Format::new()).expect("merged");
    }
    for (row, record) in records.iter().enumerate() {
        for (column, cell) in record.iter().enumerate() {
            let place = (titles + row as u32, column as u16);
            // A number of more digits than a spreadsheet keeps is written as text, as a careful school does.
            match cell.parse::<f64>() {
                Ok(value) if cell.len() < 15 => sheet.write_number(place.0, place.1, value).map(drop),
                _ => sheet.write_string(place.0, place.1, cell).map(drop),
            }
            .expect("written");
        }
    }
}

fn records(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn a_workbook_gives_what_its_text_gives() {
    let district = District::new();
    let text = "demo_banpai/kaoqin-2026-11-20.csv";
    let mut workbook = Workbook::new();
    sheet(&mut workbook, "五年级", &records(&sample(text)), 2);
    workbook.save(district.path("kaoqin.xlsx")).expect("saved");
    let plain = sample_data().join(text);
    let by_text = district.json(&["ingest", "--vendor", "demo_banpai", "--json", &plain.to_string_lossy()]);
    let by_sheet = District::new();
    std::fs::copy(district.path("kaoqin.xlsx"), by_sheet.path("kaoqin.xlsx")).expect("copied");
    let told = by_sheet.json(&["ingest", "--vendor", "demo_banpai", "--json", "kaoqin.xlsx"]);
    for name in ["read", "accepted", "rejected"] {
        assert_eq!(number(&told, name), number(&by_text, name), "{name}");
    }
    assert_eq!(told["files"][0]["source"], "kaoqin.xlsx[五年级]");
    let ask = |district: &District| district.json(&["metric", "attendance/rate", "--by", "class", "--json"])["rows"].take();
    assert!(support::same(&ask(&by_sheet), &ask(&district)));
}

#[test]
fn a_sheet_that_does_not_fit_is_left_out_by_name_and_a_row_is_found_again() {
    let district = District::new();
    let mut marks = records(&sample("demo_chengji/成绩-2026-2027-1-期中.csv"));
    marks.truncate(4);
    marks[2][0] = String::new();
    let mut workbook = Workbook::new();
    sheet(&mut workbook, "说明", &records("填表说明\n请如实填写"), 0);
    sheet(&mut workbook, "成绩", &marks, 1);
    workbook.add_worksheet().set_name("Sheet3").expect("a name");
    workbook.save(district.path("cj.xlsx")).expect("saved");
    let told = district.json(&["ingest", "--vendor", "demo_chengji", "--json", "cj.xlsx"]);
    assert_eq!((told["files"].as_array().map(Vec::len), told["left_out"].as_array().map(Vec::len)), (Some(1), Some(1)), "{told}");
    assert_eq!(told["left_out"][0]["source"], "cj.xlsx[说明]");
    assert!(told["left_out"][0]["reason"].as_str().is_some_and(|why| why.contains("填表说明")), "{told}");
    let rejects = district.json(&["quarantine", "list", "--source", "cj.xlsx[成绩]", "--json"]);
    // One title, the header, one record: the record without an exam stands in row 4.
    assert!(rejects.as_array().is_some_and(|rows| !rows.is_empty() && rows.iter().all(|row| row["line"] == 4)), "{rejects}");
    let none = district.refused(&["ingest", "--vendor", "demo_banpai", "cj.xlsx"]);
    assert!(!none.contains("Sheet3"), "an empty sheet needs no mention: {none}");
    assert!(none.contains("cj.xlsx[成绩]") && none.contains("--vendor demo_chengji"), "{none}");
}

#[test]
fn what_was_taken_before_is_not_taken_again() {
    let district = District::new();
    let text = std::fs::read(sample_data().join("demo_banpai/kaoqin-2026-11-20.csv")).expect("readable");
    let mut workbook = Workbook::new();
    sheet(&mut workbook, "五年级", &records(&sample("demo_banpai/kaoqin-2026-11-20.csv")), 1);
    workbook.save(district.path("a.xlsx")).expect("saved");
    std::fs::write(district.path("a.csv"), &text).expect("written");
    std::fs::write(district.path("a.zip"), zip(&[("in/b.csv".to_owned(), [text, b"\n".to_vec()].concat())])).expect("written");
    for file in ["a.xlsx", "a.csv", "a.zip"] {
        let once = district.json(&["ingest", "--vendor", "demo_banpai", "--json", file]);
        assert_eq!(number(&once, "repeated"), 0, "{file}");
        let again = district.json(&["ingest", "--vendor", "demo_banpai", "--json", file]);
        assert_eq!(number(&again, "repeated"), number(&once, "read"), "{file}");
        assert!(district.text(&["ingest", "--vendor", "demo_banpai", file]).contains("已导入过"), "{file}");
    }
}

#[test]
fn an_archive_with_folders_is_the_folder() {
    let district = District::new();
    let root = sample_data();
    let name = |path: &Path| path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
    let entries: Vec<(String, Vec<u8>)> =
        files_below(&root).iter().map(|path| (name(path), std::fs::read(path).expect("readable"))).collect();
    std::fs::write(district.path("all.zip"), zip(&entries)).expect("written");
    let packed = district.json(&["ingest", "--json", "all.zip"]);
    let folder = District::new().json(&["ingest", "--json", &root.to_string_lossy()]);
    for name in ["read", "accepted", "rejected"] {
        assert_eq!(number(&packed, name), number(&folder, name), "{name}");
    }
    let told = district.refused(&["ingest", "--vendor", "demo_banpai", "--source", "s", "none*.csv"]);
    assert!(told.starts_with("error[no_match]"), "{told}");
}

#[test]
fn an_archive_without_known_folders_asks_for_a_mapping_and_comes_by_standard_input() {
    let district = District::new();
    let text = std::fs::read(sample_data().join("demo_banpai/kaoqin-2026-11-20.csv")).expect("readable");
    let archive = zip(&[("导出/考勤.csv".to_owned(), text)]);
    std::fs::write(district.path("x.zip"), &archive).expect("written");
    assert!(district.refused(&["ingest", "x.zip"]).starts_with("error[mapping_missing]"));
    let mut command = district.command(&["ingest", "--vendor", "demo_banpai", "--source", "banpai", "--json", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    child.stdin.take().expect("piped").write_all(&archive).expect("sent");
    let done = child.wait_with_output().expect("it ends");
    let told: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(told["files"][0]["source"], "banpai/导出/考勤.csv");
    assert!(number(&told, "accepted") > 0);
}

#[test]
fn each_file_of_a_messy_folder_ends_where_its_report_says() {
    let district = District::new();
    std::fs::create_dir(district.path("in")).expect("made");
    let put = |name: &str, bytes: &[u8]| std::fs::write(district.path("in").join(name), bytes).expect("written");
    let good = sample("demo_zuoye_gbk/作业-2026-11-20.csv");
    let (gbk, ..) = encoding_rs::GB18030.encode(&good);
    put("1-good.csv", good.as_bytes());
    put("2-gbk.csv", &gbk);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(good.as_bytes()).expect("packed");
    let packed = packer.finish().expect("packed");
    put("3-half.csv.gz", &packed[..packed.len() / 2]);
    put("4-repeated.csv", good.as_bytes());
    put("5-wrong.csv", sample("demo_banpai/kaoqin-2026-11-20.csv").as_bytes());
    let archive = zip(&[("a.csv".to_owned(), good.clone().into_bytes())]);
    put("6-half.zip", &archive[..archive.len() - 40]);
    let done = district.run(&["ingest", "--vendor", "demo_zuoye_gbk", "in/*"]);
    let (told, failed) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!(done.status.code(), Some(1));
    for name in ["1-good.csv", "2-gbk.csv", "4-repeated.csv"] {
        assert!(told.contains(name), "{name}: {told}");
    }
    for (name, why) in [
        ("in/3-half.csv.gz", "the gzip stream is truncated"),
        ("in/5-wrong.csv", "--vendor demo_banpai"),
        ("in/6-half.zip", "the zip archive is cut off"),
    ] {
        let place = failed.find(name).unwrap_or_else(|| panic!("{name}: {failed}"));
        assert!(failed[place..].contains(why), "{name}: {failed}");
    }
}
