//! Where a table's header stands, and what it says when it is two rows.

use super::*;
use rstest::rstest;

#[rstest]
#[case::title("三年级晨读登记表\n学号,时间,用时\n1,2026-11-20,5\n", 3)]
#[case::titles("三年级晨读登记表,,\n,,\n制表：教务处,,2026\n\n学号,时间,用时\n1,2026-11-20,5\n", 6)]
#[case::merged_title("晨读,晨读,晨读\n学号,时间,用时\n1,2026-11-20,5\n", 3)]
#[case::group_above("学生,,晨读\n学号,时间,用时\n1,2026-11-20,5\n", 3)]
#[case::line_breaks_and_spaces("学 号,\"时\n间\",用 时\n1,2026-11-20,5\n", 3)]
#[case::two_rows_merged("学号,时间,晨读,晨读\n学号,时间,用时,页数\n1,2026-11-20,5,\n", 3)]
#[case::two_rows_with_blanks("学号,时间,晨读,\n,,用时,页数\n1,2026-11-20,5,\n", 3)]
#[case::title_and_two_rows("晨读\n学号,时间,晨读,\n,,用时,页数\n1,2026-11-20,5,\n", 4)]
fn the_header_is_found(#[case] text: &str, #[case] line: u64) {
    let outcome = decode("reading", text);
    assert_eq!((outcome.rules(), &outcome.error), (vec![], &None));
    assert_eq!((outcome.column("minutes"), &outcome.lines), (vec!["5.0".to_owned()], &vec![line]));
}

#[rstest]
#[case::merged("no,sj,语文,语文,数学,数学\nno,sj,成绩,排名,成绩,排名\n1,2026-11-20,10,1,20,2\n")]
#[case::blanks("no,sj,语文,,数学,\n,,成绩,排名,成绩,排名\n1,2026-11-20,10,1,20,2\n")]
#[case::rank_first("no,sj,语文,,数学,\n,,排名,成绩,排名,成绩\n1,2026-11-20,1,10,2,20\n")]
#[case::one_only("no,sj,语文,,数学\n,,排名,分数,\n1,2026-11-20,1,10,20\n")]
fn a_rank_is_never_taken_for_a_score(#[case] text: &str) {
    let outcome = decode("wide", text);
    assert_eq!((outcome.rules(), &outcome.error), (vec![], &None));
    assert_eq!(outcome.column("subject"), ["math", "chinese"]);
    assert_eq!(outcome.column("minutes"), ["20.0", "10.0"]);
}

#[test]
fn a_record_is_not_taken_for_the_headers_second_row() {
    let outcome = decode("reading", "学号,时间,备注\n1,2026-11-20,\n,,用时\n");
    assert_eq!((outcome.rows(), outcome.rules()), (1, vec![(3, "required")]));
    let outcome = decode("reading", "学号,时间,备注\n,2026-11-20,x\n2,2026-11-20,y\n");
    assert_eq!((outcome.column("note"), outcome.rules()), (vec!["y".to_owned()], vec![(2, "required")]));
}

#[rstest]
#[case::twice("no,sj,语文,语文\nno,sj,成绩,分数\n1,2026-11-20,10,1\n", "`语文` twice")]
#[case::no_score("no,sj,语文,语文\nno,sj,排名,等第\n1,2026-11-20,1,A\n", "twice")]
#[case::several_missing("甲,乙\n1,2\n", "`student` (one of [no]), `at` (one of [sj])")]
#[case::nearest("no,x\n题,目\n甲\n", "the header has [no, x]")]
fn a_header_that_will_not_do_is_told(#[case] text: &str, #[case] told: &str) {
    let error = decode("wide", text).error.expect("an error");
    assert!(error.contains(told), "{error}");
}

#[test]
fn a_delimiter_of_the_mapping_need_not_be_that_of_every_file() {
    let vendor = "kind = 'reading'\ntitle = { zh = '', en = '' }\ndelimiter = ';'\n\
        [columns]\nstudent = { from = ['no'] }\nat = { from = ['sj'] }\n";
    let standard = STANDARD.clone().extend([("vendors/semicolons.toml".to_owned(), vendor.to_owned())]).unwrap();
    let mapping = standard.mapping("semicolons").unwrap();
    let decoder = Decoder::new(&standard, mapping, &ids(), chrono_tz::Asia::Shanghai, Format::Auto, None).unwrap();
    for text in ["no;sj\n1;2026-11-20\n", "no,sj\n1,2026-11-20\n"] {
        assert_eq!(run(&decoder, text.as_bytes()).rows(), 1, "{text}");
    }
}

#[rstest]
#[case::rounded("3.30204E+17,2026-11-20", "student")]
#[case::failed("#N/A,2026-11-20", "student")]
#[case::failed_time("1,#VALUE!", "at")]
fn what_a_spreadsheet_spoilt_is_refused(#[case] record: &str, #[case] field: &str) {
    let outcome = decode("reading", format!("student,at\n{record}\n"));
    assert_eq!((outcome.rules(), outcome.rejects[0].field.as_deref()), (vec![(2, "type")], Some(field)));
}
