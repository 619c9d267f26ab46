//! CSV in its many shapes, and the steps of a mapping.

use super::*;
use rstest::rstest;

#[rstest]
#[case::comma("学号,时间,用时\n1,2026-11-20,5\n")]
#[case::semicolon("学号;时间;用时\n1;2026-11-20;5\n")]
#[case::tab("学号\t时间\t用时\n1\t2026-11-20\t5\n")]
#[case::crlf("学号,时间,用时\r\n1,2026-11-20,5\r\n")]
#[case::cr("学号,时间,用时\r1,2026-11-20,5\r")]
#[case::no_last_line_end("学号,时间,用时\n1,2026-11-20,5")]
#[case::mark("\u{feff}学号,时间,用时\n1,2026-11-20,5\n")]
#[case::quoted("\"学号\",\"时间\",\"用时\"\n\"1\",\"2026-11-20\",\"5\"\n")]
#[case::spaces(" 学号 , 时间,用时\n 1 ,2026-11-20 ,5\n")]
#[case::unnamed_and_unknown(",学号,时间,用时,别的\n0,1,2026-11-20,5,x\n")]
#[case::blank_lines("\n学号,时间,用时\n\n1,2026-11-20,5\n  \n")]
#[case::trailing_commas("学号,时间,用时\n1,2026-11-20,5,,\n")]
#[case::header_over_two_lines("学号,时间,\"班级\n名称\",用时\n1,2026-11-20,x,5\n")]
fn shapes_of_one_row(#[case] text: &str) {
    for encoding in [encoding_rs::UTF_8, encoding_rs::GBK] {
        let (bytes, ..) = encoding.encode(text.trim_start_matches('\u{feff}'));
        let outcome = decode("reading", if encoding == encoding_rs::UTF_8 { text.as_bytes() } else { &bytes });
        assert_eq!((outcome.rules(), &outcome.error), (vec![], &None));
        assert_eq!(outcome.column("minutes"), ["5.0"], "{}", encoding.name());
    }
}

#[rstest]
#[case::empty("")]
#[case::white_space(" \n\n")]
#[case::header_only("student,at\n")]
#[case::header_without_line_end("student,at")]
fn nothing_in_it_is_no_error(#[case] text: &str) {
    let outcome = decode("reading", text);
    assert_eq!((outcome.read, outcome.error), (0, None));
}

#[test]
fn a_missing_column_is_an_error_that_lists_the_headers() {
    let error = decode("reading", "学号,日期\n1,2\n").error.expect("an error");
    assert_eq!(error, "no column for the required field `at`: expected one of [at, 时间, Time], the header has [学号, 日期]");
    let twice = decode("reading", "学号,时间,学号\n1,2,3\n").error.expect("an error");
    assert!(twice.contains("`学号` twice"), "{twice}");
}

#[rstest]
#[case::too_few("1,2026-11-20", "columns")]
#[case::too_many("1,2026-11-20,5,6", "columns")]
#[case::open_quote("1,2026-11-20,\"5", "csv")]
#[case::nul("1,2026-11-20,\0", "encoding")]
#[case::mistyped("1,2026-11-20,five", "type")]
#[case::empty_required("NULL,,5", "required")]
fn a_bad_record_is_one_reject(#[case] record: &str, #[case] rule: &str) {
    let outcome = decode("reading", format!("student,at,minutes\n1,2026-11-20,5\n{record}\n2,2026-11-20,6\n"));
    assert_eq!(outcome.rules(), [(3, rule)], "{:?}", outcome.rejects);
    assert_eq!(outcome.column("minutes"), ["5.0", "6.0"]);
    assert_eq!(outcome.rejects[0].raw, record);
}

#[test]
fn bytes_of_another_encoding_cost_their_record() {
    let rows = "1,2026-11-20,中文\n".repeat(20);
    let text = [b"student,at,note\n".as_slice(), rows.as_bytes(), b"2,2026-11-20,\xd6\n", rows.as_bytes()].concat();
    let outcome = decode("reading", text);
    assert_eq!((outcome.rows(), outcome.rules()), (40, vec![(22, "encoding")]));
}

#[test]
fn every_step_of_a_mapping_is_taken() {
    let text = "no,sj,xk,hours,school,class,place\n\
        7,2026/11/20 8:00:00,1,0.5,s,2.0,H\n\
        7,2026/11/20 8:00:00,高等数学,-1,s,NULL,\n\
        7,2026/11/20 8:00:00,语文,NULL,,3,Q\n";
    let outcome = decode("reader", text);
    assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
    assert_eq!(outcome.column("student")[0], ids().hash("student", "reader", "7"));
    assert_eq!(outcome.column("at"), ["2026-11-20T00:00:00Z"; 3]);
    assert_eq!(outcome.column("subject"), ["chinese", "math", "chinese"]);
    assert_eq!(outcome.column("minutes"), ["30.0", "-", "-"]);
    assert_eq!(outcome.column("note"), ["s@2", "-", "-"]);
    assert_eq!(outcome.column("place"), ["home", "elsewhere", "elsewhere"]);
}

#[test]
fn a_wide_sheet_becomes_rows() {
    let outcome = decode("wide", "no,sj,语文,数学\n7,2026-11-20,30,-1\n8,2026-11-20,,20\n9,2026-11-20,,\n5,soon,1,2\n");
    // The columns of a record are taken in the order of their names.
    assert_eq!(outcome.column("subject"), ["math", "chinese", "math"]);
    assert_eq!(outcome.column("minutes"), ["-", "30.0", "20.0"]);
    assert_eq!(outcome.column("note"), ["absent", "read", "read"]);
    assert_eq!(outcome.lines, [2, 2, 3]);
    assert_eq!(outcome.rules(), [(4, "required"), (5, "type"), (5, "type")]);
    let error = decode("wide", "no,sj,英语\n7,2026-11-20,30\n").error.expect("an error");
    assert!(error.contains("`minutes`") && error.contains("数学, 语文"), "{error}");
}

#[test]
fn an_open_quote_does_not_swallow_the_file() {
    let rows = "1,2026-11-20,5\n".repeat(100_000);
    let outcome = decode("reading", format!("student,at,minutes\n1,2026-11-20,\"5\n{rows}"));
    assert_eq!((outcome.rows(), outcome.rules()), (100_000, vec![(2, "csv")]));
}

#[test]
fn blocks_do_not_show() {
    let row = |n: usize| format!("{n},2026-11-20,\"n\"\"{n}\nmore\"\n");
    let rows: String = (0..400_000).map(row).collect();
    let text = format!("student,at,note\n{rows}");
    for threads in [1, 3] {
        let outcome = run(&decoder("reading", Format::Auto, None).with_threads(threads), text.as_bytes());
        assert_eq!((outcome.rows(), outcome.rules()), (400_000, vec![]));
        assert!(outcome.batches.iter().all(|batch| batch.num_rows() <= 65_536));
        assert!(outcome.lines.iter().enumerate().all(|(row, line)| *line == 2 + 2 * row as u64));
        assert_eq!(outcome.column("note")[399_999], "n\"399999\nmore");
    }
}
