//! Closing days, retention, erasure: what happens to old data, and what must not.

use xueqing_pipeline::Erasure;
use xueqing_schema::ids::Pseudonyms;

use crate::world::{World, attendance, homework, send};

const STUDENT_DAYS: &str = "SELECT * FROM stored_student_day ORDER BY day, student";
const HOMEWORK: &str = "SELECT day, student, assignment, status FROM homework ORDER BY day, student, assignment";

/// Two pupils over three days, with a correction, a resend and a reject.
async fn a_few_days(ingest: &xueqing_pipeline::Ingest) {
    for _ in 0..2 {
        for day in ["2026-11-16", "2026-11-17", "2026-11-18"] {
            send(ingest, "homework", &[homework(day, day, "13893", "submitted", ""), homework(day, day, "2", "late", "")]).await;
        }
    }
    send(ingest, "homework", &[homework("2026-11-16", "2026-11-16", "2", "missing", r#","revision":1"#)]).await;
    send(ingest, "attendance", &[attendance("2026-11-16", "13893", "1", "late"), attendance("2026-11-16", "2", "1", "present")])
        .await;
    send(
        ingest,
        "homework",
        &[homework("2026-11-16", "b", "13893", "nonsense", ""), homework("2026-11-16", "b", "113893", "nonsense", "")],
    )
    .await;
    ingest.settled().await.expect("rolled up");
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_changes_no_row_and_no_rollup() {
    let world = World::new();
    let ingest = world.start().await;
    a_few_days(&ingest).await;
    let before = (world.query(HOMEWORK).await, world.query(STUDENT_DAYS).await);
    let rollup = ingest.lake().existing("rollups/student_day").await.expect("readable").expect("there");
    let version = rollup.version();
    let closed = ingest.close_days(None, None).await.expect("closed");
    assert_eq!(closed.len(), 4, "three days of homework, one of attendance: {closed:?}");
    assert!(closed.iter().all(|day| day.done.files == 1));
    assert!(closed.iter().any(|day| day.done.rows_before == 5 && day.done.rows == 2));
    assert!(ingest.rollups().catch_up().await.expect("nothing to do").is_empty());
    assert_eq!(rollup.refresh().await.expect("readable"), version);
    assert_eq!((world.query(HOMEWORK).await, world.query(STUDENT_DAYS).await), before);
    assert!(ingest.close_days(Some("homework"), None).await.expect("closed").is_empty());
    // A late event opens its day again.
    send(&ingest, "homework", &[homework("2026-11-17", "late", "2", "submitted", "")]).await;
    ingest.settled().await.expect("rolled up");
    assert!(world.query(STUDENT_DAYS).await != before.1);
    let again = ingest.close_days(Some("events/homework"), None).await.expect("closed");
    assert_eq!(again.iter().map(|day| (day.day.as_str(), day.done.rows)).collect::<Vec<_>>(), [("2026-11-17", 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_takes_events_and_leaves_figures() {
    let mut world = World::new();
    world.options.retention = [("homework".to_owned(), 3)].into();
    let ingest = world.start().await;
    a_few_days(&ingest).await;
    let figures = world.query(STUDENT_DAYS).await;
    let dry = ingest.retain(true).await.expect("counted");
    assert_eq!((dry[0].kind.as_str(), dry[0].from.as_str(), dry[0].days, dry[0].rows), ("homework", "2026-11-17", 1, 5));
    assert!(world.query(HOMEWORK).await.contains("2026-11-16"), "a dry run takes nothing");
    let done = ingest.retain(false).await.expect("taken out");
    assert_eq!((done.len(), done[0].rows, ingest.retain(true).await.expect("counted")[0].rows), (1, 5, 0));
    assert!(!world.query(HOMEWORK).await.contains("2026-11-16"));
    // A late event for that day, and a new definition, leave its figures alone.
    send(&ingest, "attendance", &[attendance("2026-11-16", "13893", "2", "late")]).await;
    ingest.settled().await.expect("rolled up");
    assert_eq!(world.query(STUDENT_DAYS).await, figures);
    let text = ingest.rollups().files().find(|file| file.name == "student_day").expect("there").sql.clone();
    ingest.shutdown().await;
    let front = "/*---\ntitle.zh = \"学生日\"\ntitle.en = \"Student day\"\ndescription.zh = \"同\"\ndescription.en = \"same\"\n\
        from = [\"student_record_day\"]\nkey = [\"day\", \"school\", \"grade\", \"class\", \"student\"]\n\
        together = { by = [\"day\", \"school\", \"class\"], when_missing = \"grade\" }\n---*/\n";
    world.rollup_files = vec![("student_day.sql".to_owned(), format!("{front}{text} -- anew"))];
    let ingest = world.start().await;
    assert_eq!(world.query(STUDENT_DAYS).await, figures);
    ingest.shutdown().await;
}

fn erasure(number: &str) -> Erasure {
    Erasure {
        person: "student".to_owned(),
        number: number.to_owned(),
        namespace: None,
        reason: "letter of 2026-11-19".to_owned(),
        receipt: "r-1".to_owned(),
        dry_run: false,
        at_once: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_gone_from_tables_and_from_disk() {
    let world = World::new();
    let ingest = world.start().await;
    a_few_days(&ingest).await;
    ingest.close_days(Some("homework"), Some(20_773)).await.expect("closed");
    let pseudonym = Pseudonyms::new(b"test").hash("student", "", "13893");
    let there = ingest.lake().search(std::slice::from_ref(&pseudonym)).await.expect("searched").expect("local");
    assert!(there.found.len() > 10, "data, logs: {:?}", there.found);
    let dry = ingest.erase(&Erasure { dry_run: true, ..erasure("13893") }).await.expect("counted");
    assert!(dry.rows > 8 && dry.receipt.is_none() && world.query(HOMEWORK).await.contains(&pseudonym));
    let done = ingest.erase(&erasure("13893")).await.expect("erased");
    let tables: Vec<&str> = done.tables.iter().map(|table| table.table.as_str()).collect();
    assert!(
        tables.contains(&"events/homework") && tables.contains(&"events/attendance") && tables.contains(&"quarantine"),
        "{tables:?}"
    );
    assert_eq!((done.left, done.receipt.as_deref()), (0, Some("r-1")));
    let search = done.search.expect("a local lake is searched");
    assert!(search.found.is_empty() && search.unreadable.is_empty() && search.files > 10, "{search:?}");
    assert!(done.files_deleted > 0 && done.log_entries_deleted > 0);
    // The others are as they were, and what is computed anew is what the rows give.
    let left = ingest.quarantine(xueqing_pipeline::Filter::default()).await.expect("a listing");
    assert_eq!(left.iter().filter(|row| row.raw.contains("113893")).count(), left.len());
    let rows = world.query("SELECT count(DISTINCT student) AS n, count(*) AS m FROM stored_student_day").await;
    assert!(rows.contains("| 1 | 3 |"), "{rows}");
    let classes = world.query("SELECT max(students) AS most, min(homework_expected) AS least FROM stored_class_day").await;
    assert!(classes.contains("| 1    | 1     |"), "{classes}");
    let record = ingest.lake().existing("erasures").await.expect("readable").expect("there");
    assert_eq!(record.stats().rows, 1);
    for name in ingest.lake().names().await.expect("names") {
        assert!(ingest.lake().verify(&name, true).await.expect("looked at").faults.is_empty(), "{name}");
    }
    let again = ingest.erase(&erasure("13893")).await.expect("erased");
    assert_eq!((again.rows, again.receipt), (0, None));
    send(&ingest, "homework", &[homework("2026-11-16", "new", "2", "submitted", "")]).await;
    ingest.settled().await.expect("and ingest goes on");
}

#[rstest::rstest]
#[case::no_number("student", " ", "letter", "the number is empty")]
#[case::no_person("pupil", "1", "letter", "student or teacher")]
#[case::no_reason("student", "1", " ", "a reason is needed")]
#[case::telling_reason("student", "13893", "asked by 13893", "must not hold the number")]
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_cannot_be_meant_so_is_refused(
    #[case] person: &str,
    #[case] number: &str,
    #[case] reason: &str,
    #[case] told: &str,
) {
    let ingest = World::new().start().await;
    let erasure = Erasure { person: person.to_owned(), reason: reason.to_owned(), ..erasure(number) };
    let error = ingest.erase(&erasure).await.expect_err("refused");
    assert_eq!(error.code(), "erasure");
    assert!(error.to_string().contains(told), "{error}");
}
