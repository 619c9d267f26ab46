//! JSON in its many shapes.

use super::*;
use rstest::rstest;

const ROW: &str = r#"{"student":"1","at":"2026-11-20 08:00:00"}"#;

#[rstest]
#[case::lines(format!("{ROW}\n{ROW}\n"))]
#[case::no_last_line_end(format!("{ROW}\n\n{ROW}"))]
#[case::crlf(format!("{ROW}\r\n{ROW}\r\n"))]
#[case::cr(format!("{ROW}\r{ROW}\r"))]
#[case::mark(format!("\u{feff}{ROW}\n{ROW}"))]
#[case::array(format!("[{ROW},{ROW}]"))]
#[case::pretty_array(format!("[\n  {ROW},\n  {ROW}\n]\n"))]
#[case::spread(format!("{0}\n{0}", ROW.replace('{', "{\n").replace('}', "\n}")))]
fn records_are_found(#[case] text: String) {
    let outcome = decode("reading", text);
    assert_eq!((outcome.rows(), outcome.rules(), &outcome.error), (2, vec![], &None));
}

#[test]
fn known_members_are_read_and_others_skipped() {
    let text = r#"{"extra":{"a":[1,{"b":2}]},"学号":"1","at":"2026-11-20 08:00:00","科目":"语文","minutes":"12.5","pages":3,
        "aloud":"是","due":"2026-11-21","note":"a\"b\u4e2d","more":[[[]]]}"#;
    let outcome = decode("reading", text.replace('\n', " "));
    assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
    for (field, value) in [("subject", "chinese"), ("minutes", "12.5"), ("pages", "3"), ("aloud", "true"), ("note", "a\"b中")] {
        assert_eq!(outcome.column(field), [value], "{field}");
    }
    assert_eq!(outcome.column("due"), ["2026-11-21"]);
}

#[test]
fn numbers_may_be_texts_and_texts_numbers() {
    let text = "{\"student\":1,\"at\":\"2026-11-20\",\"minutes\":\"5\",\"pages\":\"7\",\"aloud\":1,\"note\":2.5}\n\
        {\"student\":\"1\",\"at\":\"2026-11-20\",\"minutes\":5,\"pages\":7.0,\"aloud\":true,\"note\":true}";
    let outcome = decode("reading", text);
    assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
    assert_eq!(outcome.column("minutes"), ["5.0", "5.0"]);
    assert_eq!(outcome.column("pages"), ["7", "7"]);
    assert_eq!(outcome.column("aloud"), ["true", "true"]);
    assert_eq!(outcome.column("note"), ["2.5", "true"]);
    assert_eq!(outcome.column("student")[0], outcome.column("student")[1]);
}

#[rstest]
#[case::cut_off(r#"{"student":"1","at":"#, "json")]
#[case::no_object("17", "json")]
#[case::list("{\"student\":[1],\"at\":\"2026-11-20\"}", "type")]
#[case::twice(r#"{"student":"1","student":"2","at":"2026-11-20"}"#, "json")]
#[case::empty_required(r#"{"student":" ","at":"2026-11-20"}"#, "required")]
#[case::absent_required(r#"{"at":"2026-11-20"}"#, "required")]
#[case::no_time(r#"{"student":"1","at":"soon"}"#, "type")]
#[case::no_code(r#"{"student":"1","at":"2026-11-20","subject":"alchemy"}"#, "code")]
#[case::no_number(r#"{"student":"1","at":"2026-11-20","minutes":"many"}"#, "type")]
#[case::fraction(r#"{"student":"1","at":"2026-11-20","pages":1.5}"#, "type")]
#[case::inexact_number(r#"{"student":330200000000000000000001,"at":"2026-11-20"}"#, "type")]
#[case::huge_number(r#"{"student":"1","at":"2026-11-20","minutes":1e999}"#, "json")]
#[case::half_escape(r#"{"student":"\ud800","at":"2026-11-20"}"#, "json")]
#[case::nul("{\"student\":\"1\0\",\"at\":\"2026-11-20\"}", "encoding")]
#[case::behind(r#"{"student":"1","at":"2026-11-20"} {}"#, "json")]
fn a_bad_record_is_one_reject(#[case] text: &str, #[case] rule: &str) {
    let outcome = run(&decoder("reading", Format::Ndjson, None), format!("{ROW}\n{text}\n{ROW}\n").as_bytes());
    assert_eq!(outcome.rules(), [(2, rule)], "{:?}", outcome.rejects);
    assert_eq!((outcome.rows(), outcome.read), (2, 3));
    let reject = &outcome.rejects[0];
    assert_eq!(reject.raw, text);
    assert!(!reject.reason.zh.is_empty() && !reject.reason.en.is_empty());
}

#[rstest]
#[case("[", "]")]
#[case("{\"a\":", "}")]
fn nested_bombs_do_no_harm(#[case] open: &str, #[case] close: &str) {
    let bomb = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let deep = bomb(100_000);
    let known = format!("{{\"student\":{deep},\"at\":\"2026-11-20\"}}");
    let unknown = format!("{{\"student\":\"1\",\"at\":\"2026-11-20\",\"x\":{deep}}}");
    let text = format!("{ROW}\n{known}\n{unknown}\n{}\n{ROW}\n", open.repeat(200_000));
    let outcome = run(&decoder("reading", Format::Ndjson, None), text.as_bytes());
    assert_eq!(outcome.read, 5);
    assert!(outcome.rows() >= 2 && outcome.rejects.len() >= 2, "{:?}", outcome.rules());
    assert!(outcome.rejects.iter().all(|reject| reject.raw.len() <= super::super::RAW_LIMIT));
}

#[test]
fn the_elements_of_an_array_are_counted() {
    let outcome = decode("reading", format!("[{ROW},\n 17,\n{ROW}]"));
    assert_eq!(outcome.lines, [1, 3]);
    assert_eq!(outcome.rules(), [(2, "json")]);
}

#[test]
fn an_array_that_breaks_off_gives_what_it_had() {
    let outcome = decode("reading", format!("[{ROW},{ROW},{{\"student\":"));
    assert_eq!((outcome.rows(), outcome.rules()), (2, vec![(3, "json")]));
}

#[test]
fn the_order_of_members_may_change() {
    let text = "{\"student\":\"1\",\"at\":\"2026-11-20\",\"note\":\"a\"}\n{\"note\":\"b\",\"at\":\"2026-11-20\",\"student\":\"1\"}\n\
        {\"x\":1,\"student\":\"1\",\"at\":\"2026-11-20\",\"note\":\"c\"}";
    assert_eq!(decode("reading", text).column("note"), ["a", "b", "c"]);
}

#[test]
fn a_wide_record_becomes_rows() {
    let outcome = decode("wide", r#"{"no":7,"sj":"2026-11-20","语文":30,"数学":null}"#);
    assert_eq!((outcome.column("subject"), outcome.column("minutes")), (vec!["chinese".to_owned()], vec!["30.0".to_owned()]));
}

#[test]
fn plain_records_and_others_are_read_alike() {
    let plain = r#"{"student":"7","at":"2026-11-20","minutes":12.5,"pages":3,"aloud":true,"note":null,"other":"x"}"#;
    let escaped = plain.replace("\"7\"", "\"\\u0037\"");
    let outcome = decode("reading", format!("{plain}\n{escaped}\n{plain}\n"));
    assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
    for field in ["student", "at", "minutes", "pages", "aloud", "note"] {
        let values = outcome.column(field);
        assert!(values.iter().all(|value| *value == values[0]), "{field}: {values:?}");
    }
}

#[test]
fn values_that_repeat_from_record_to_record_are_what_they_say() {
    let row = |student: &str, note: &str, subject: &str| {
        format!(r#"{{"student":"{student}","at":"2026-11-20T08:00:00+08:00","note":"{note}","subject":"{subject}"}}"#)
    };
    let lines = [
        row("1", "a", "math"),
        row("1", "a", "math"),
        row("1", "b", "alchemy"),
        row("1", "b", "math"),
        row("1", "b\\n", "math"),
        row("1", "b", "math"),
        r#"{"student":"1","at":"2026-11-20T08:00:00+08:00","subject":"math"}"#.to_owned(),
        row("1", "b", "math"),
        "{".to_owned(),
        row("2", "b", "math"),
    ];
    let outcome = decode("reading", lines.join("\n"));
    assert_eq!(outcome.rules(), [(3, "code"), (9, "json")]);
    assert_eq!(outcome.column("note"), ["a", "a", "b", "b", "b", "-", "b", "b"]);
    assert_eq!(outcome.column("subject"), ["math"; 8]);
    let [one, two] = ["1", "2"].map(|student| ids().hash("student", "", student));
    assert_eq!(outcome.column("student"), [vec![one; 7], vec![two]].concat());
    let instant = outcome.column("at")[0].clone();
    assert_eq!(outcome.column("at"), vec![instant; 8]);
}

proptest::proptest! {
    #[test]
    fn records_read_together_are_those_read_alone(
        rows in proptest::collection::vec(("[12]", "[ab]{0,2}", "math|chinese|alchemy", "2026-11-2[01]|then", 0..8u8), 1..30)
    ) {
        let line = |(student, note, subject, at, odd): &(String, String, String, String, u8)| match odd {
            0 => format!(r#"{{"student":"{student}","at":"{at}"}}"#),
            1 => format!(r#"{{"at":"{at}","student":"{student}","note":"\\u0061{note}","subject":"{subject}"}}"#),
            2 => format!(r#"{{"student":null,"at":"{at}","note":{{"x":1}}}}"#),
            _ => format!(r#"{{"student":"{student}","at":"{at}","note":"{note}","subject":"{subject}"}}"#),
        };
        let lines: Vec<String> = rows.iter().map(line).collect();
        let together = decode("reading", lines.join("\n"));
        let alone: Vec<Outcome> = lines.iter().map(|line| decode("reading", line)).collect();
        for name in ["student", "at", "note", "subject"] {
            let alone: Vec<String> = alone.iter().flat_map(|outcome| outcome.column(name)).collect();
            proptest::prop_assert_eq!(together.column(name), alone);
        }
    }
}
