//! Receipts and the quarantine.

use std::io::Cursor;

use xueqing_pipeline::{Filter, Format, Identity, Ingest, Origin, QuarantinedRow};

use crate::world::{World, homework, raw, send};

async fn listed(ingest: &Ingest, source: Option<&str>, rule: Option<&str>) -> Vec<QuarantinedRow> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    ingest.quarantine(Filter { source: text(source), rule: text(rule), limit: None }).await.expect("a listing")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receipt_counts_is_in_the_tables() {
    let world = World::new();
    let ingest = world.start().await;
    let lines = [
        homework("2026-11-20", "a1", "1", "submitted", r#","minutes":12.5,"minutes_source":"reported""#),
        homework("2026-11-20", "a1", "2", "submitted", r#","minutes":601,"minutes_source":"reported""#),
        homework("2026-11-20", "a1", "3", "nonsense", ""),
        homework("2026-11-20", "a1", "4", "missing", ""),
        "{\"broken\":".to_owned(),
    ];
    let receipt = send(&ingest, "homework", &lines).await;
    assert_eq!((receipt.read, receipt.accepted, receipt.rejected), (5, 2, 3));
    assert_eq!(receipt.rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [2, 3, 5]);
    let rows = world.query("SELECT count(*) AS n, min(seq) AS lowest, max(seq) AS highest FROM all_homework").await;
    assert!(rows.contains("| 2 | 0      | 1       |"), "{rows}");
    let listed = listed(&ingest, None, None).await;
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0].raw, lines[1]);
    assert_eq!((listed[0].line, listed[0].mapping.as_str(), listed[0].kind.as_str()), (2, "homework", "homework"));
    assert_eq!((listed[1].rule.as_str(), listed[1].field.as_deref()), ("code", Some("status")));
    assert!(!listed[0].reason.zh.is_empty() && !listed[0].reason.en.is_empty());
    assert_eq!(listed[2].raw, lines[4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_without_one_good_row_still_keeps_its_rejects() {
    let world = World::new();
    let ingest = world.start().await;
    let receipt = send(&ingest, "homework", &["{}".to_owned(), "nothing".to_owned()]).await;
    assert_eq!((receipt.read, receipt.accepted, receipt.rejected), (2, 0, 2));
    assert!(!listed(&ingest, Some("test"), None).await.is_empty());
    assert!(listed(&ingest, Some("another"), None).await.is_empty());
    let rules = listed(&ingest, None, Some("required")).await;
    assert!(!rules.is_empty() && rules.iter().all(|row| row.rule == "required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_body_again_lists_each_reject_once() {
    let world = World::new();
    let ingest = world.start().await;
    let lines = [homework("2026-11-20", "a1", "1", "nonsense", ""), homework("2026-11-20", "a1", "2", "nonsense", "")];
    for _ in 0..3 {
        send(&ingest, "homework", &lines).await;
    }
    assert_eq!(listed(&ingest, None, None).await.len(), 2);
    // Another body under the same source name hides nothing.
    send(&ingest, "homework", &[homework("2026-11-21", "a2", "1", "nonsense", "")]).await;
    assert_eq!(listed(&ingest, None, None).await.len(), 3);
    let limited = ingest.quarantine(Filter { limit: Some(1), ..Filter::default() }).await.expect("a listing");
    assert_eq!(limited.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_shows_a_hundred_rejects_and_quarantine_all() {
    let world = World::new();
    let ingest = world.start().await;
    let lines: Vec<String> = (0..250).map(|n| homework("2026-11-20", "a1", &n.to_string(), "nonsense", "")).collect();
    let receipt = send(&ingest, "homework", &lines).await;
    assert_eq!((receipt.rejected, receipt.rejects.len()), (250, 100));
    assert_eq!(listed(&ingest, None, None).await.len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_and_an_unknown_mapping() {
    let world = World::new();
    let ingest = world.start().await;
    let receipt = send(&ingest, "homework", &[]).await;
    assert_eq!((receipt.read, receipt.accepted, receipt.rejected), (0, 0, 0));
    let unknown = ingest.submit(raw("nothing", "test", &[])).await.expect_err("unknown");
    assert_eq!(unknown.code(), "unknown_mapping");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_many_commits_is_counted_whole_and_reports_its_progress() {
    let mut world = World::new();
    world.options.commit_bytes = 1 << 20;
    world.options.max_pending = 1 << 20;
    let ingest = world.start().await;
    let line = |n: u32| match n % 1000 {
        999 => homework("2026-11-20", &format!("a{n}"), "1", "nonsense", ""),
        _ => homework("2026-11-20", &format!("a{n}"), "1", "submitted", ""),
    };
    let text = (0..150_000).map(line).collect::<Vec<_>>().join("\n");
    let origin = Origin {
        mapping: "homework".to_owned(),
        format: Format::Auto,
        encoding: None,
        source: "big.ndjson".to_owned(),
        identity: Identity::Unknown,
    };
    let (seen, steps) = std::sync::mpsc::channel();
    let report = move |progress| seen.send(progress).expect("the test listens");
    let receipt = ingest.submit_file(Box::new(Cursor::new(text.into_bytes())), origin, report).await.expect("accepted");
    assert_eq!((receipt.read, receipt.accepted, receipt.rejected), (150_000, 149_850, 150));
    let steps: Vec<_> = steps.into_iter().collect();
    assert!(steps.len() > 1 && steps.is_sorted_by_key(|progress| (progress.bytes, progress.read)));
    assert_eq!(steps.last().map(|progress| progress.read), Some(150_000));
    assert_eq!(listed(&ingest, Some("big.ndjson"), Some("code")).await.len(), 150);
    let rows = world.query("SELECT count(*) AS n, count(DISTINCT seq) AS numbers FROM all_homework").await;
    assert!(rows.contains("| 149850 | 149850  |"), "{rows}");
    let table = world.lake().await.existing("events/homework").await.expect("readable").expect("there");
    assert_eq!(table.version(), receipt.version);
}
