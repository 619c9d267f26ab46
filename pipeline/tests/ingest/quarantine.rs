//! Rejects that are read again.

use std::sync::Arc;

use xueqing_pipeline::{Filter, Format, Identity, Ingest, Raw, Replay, Replayed};
use xueqing_schema::Standard;

use crate::world::{World, homework, raw, send};

fn vendor(values: &str) -> Arc<Standard> {
    let text = format!(
        "kind = \"attendance\"\ntitle = {{ zh = \"某\", en = \"some\" }}\n[columns]\n\
         school = {{ value = \"S1\" }}\nclass = {{ from = [\"班\"] }}\nstudent = {{ from = [\"学号\"] }}\nat = {{ from = [\"时间\"] }}\n\
         place = {{ value = \"lesson\" }}\nperiod = {{ value = \"1\" }}\nrecording = {{ value = \"all\" }}\n\
         status = {{ from = [\"状态\"], values = {{ {values} }} }}\n"
    );
    let standard = Standard::builtin().expect("the built-in standard");
    Arc::new(standard.extend([("vendors/some.toml".to_owned(), text)]).expect("a sound mapping"))
}

fn csv(lines: &[&str]) -> Raw {
    let text = ["班,学号,时间,状态"].iter().chain(lines).copied().collect::<Vec<_>>().join("\n");
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    Raw {
        bytes: bytes.into_owned().into(),
        mapping: "some".to_owned(),
        format: Format::Csv,
        encoding: Some("gb18030".to_owned()),
        source: "kaoqin.csv".to_owned(),
        identity: Identity::Unknown,
    }
}

async fn left(ingest: &Ingest) -> usize {
    ingest.quarantine(Filter::default()).await.expect("a listing").len()
}

async fn replay(ingest: &Ingest, replay: Replay) -> Replayed {
    ingest.replay(&replay).await.expect("read again")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repaired_mapping_lets_its_rejects_in() {
    let mut world = World::new();
    world.standard = vendor("\"1\" = \"present\"");
    let ingest = world.start().await;
    let lines = [
        "C1,1,2026-11-18 08:00:00,1",
        "\"C\n1\",2,2026-11-18 08:00:00,旷",
        "C1,3,2026-11-18 08:00:00,旷",
        "C1,,2026-11-18 08:00:00,1",
    ];
    let receipt = ingest.submit(csv(&lines)).await.expect("accepted");
    assert_eq!((receipt.accepted, receipt.rejected), (1, 3));
    ingest.submit(csv(&lines)).await.expect("a resend is harmless");
    assert_eq!(replay(&ingest, Replay::default()).await.replayed, 0, "nothing is repaired yet");
    ingest.shutdown().await;

    world.standard = vendor("\"1\" = \"present\", \"旷\" = \"truant\"");
    let ingest = world.start().await;
    assert_eq!(left(&ingest).await, 3);
    let dry = replay(&ingest, Replay { dry_run: true, ..Replay::default() }).await;
    assert_eq!((dry.records, dry.replayed, dry.rejected, left(&ingest).await), (3, 2, 1, 3));
    let done = replay(&ingest, Replay { source: Some("kaoqin.csv".to_owned()), ..Replay::default() }).await;
    assert_eq!((done.records, done.replayed, done.rows, done.rejected, done.unreadable), (3, 2, 2, 1, 0));
    assert_eq!((done.stays[0].rule.as_str(), done.stays[0].line), ("required", 6));
    assert_eq!(left(&ingest).await, 1, "what went in has left");
    let rows = world.query("SELECT count(*) AS n, count(*) FILTER (WHERE status = 'truant') AS m FROM attendance").await;
    assert!(rows.contains("| 3 | 2 |"), "{rows}");
    // As if stopped before the rejects were removed: they come back, go in again and change nothing.
    ingest.shutdown().await;
    world.standard = vendor("\"1\" = \"present\"");
    let ingest = world.start().await;
    ingest.submit(csv(&lines)).await.expect("accepted");
    ingest.shutdown().await;
    world.standard = vendor("\"1\" = \"present\", \"旷\" = \"truant\"");
    let ingest = world.start().await;
    assert_eq!(replay(&ingest, Replay { mapping: Some("attendance".to_owned()), ..Replay::default() }).await.replayed, 2);
    assert_eq!(world.query("SELECT count(*) AS n, count(*) FILTER (WHERE status = 'truant') AS m FROM attendance").await, rows);
    ingest.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_needs_no_header_and_what_was_cut_says_so() {
    let world = World::new();
    let ingest = world.start().await;
    let long = homework("2026-11-18", "a", "1", "nonsense", &format!(r#","note":"{}""#, "长".repeat(2_000)));
    let lines = [long, homework("2026-11-18", "a", "2", "nonsense", ""), "{\"torn\":".to_owned()];
    send(&ingest, "homework", &lines).await;
    let done = replay(&ingest, Replay::default()).await;
    assert_eq!((done.records, done.replayed, done.rejected, done.unreadable), (3, 0, 2, 1));
    let rules: Vec<&str> = done.stays.iter().map(|one| one.rule.as_str()).collect();
    assert!(rules.contains(&"cut") && rules.contains(&"code"), "{rules:?}");
    assert!(done.stays.iter().all(|one| !one.reason.zh.is_empty() && !one.reason.en.is_empty()));
    assert_eq!(replay(&ingest, Replay { rule: Some("json".to_owned()), ..Replay::default() }).await.records, 1);
    assert_eq!(replay(&ingest, Replay { source: Some("other".to_owned()), ..Replay::default() }).await, Replayed::default());
    assert_eq!(ingest.submit(raw("homework", "test", &[])).await.expect("still there").read, 0);
}
