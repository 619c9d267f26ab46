//! Group commit, numbering, shutdown.

use std::time::Duration;

use xueqing_lake::Table;

use crate::world::{World, homework, raw, send};

async fn table(world: &World) -> Table {
    world.lake().await.existing("events/homework").await.expect("readable").expect("there")
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_submissions_become_one_version() {
    let mut world = World::new();
    world.options.commit_interval = Duration::from_millis(400);
    let ingest = world.start().await;
    let before = table(&world).await.version();
    let one = |n: u32| {
        let ingest = ingest.clone();
        let line = homework("2026-11-20", "a1", &n.to_string(), "submitted", "");
        tokio::spawn(async move { send(&ingest, "homework", &[line]).await })
    };
    let sent: Vec<_> = (0..30).map(one).collect();
    for receipt in sent {
        let receipt = receipt.await.expect("no panic");
        assert_eq!((receipt.accepted, receipt.version), (1, before + 1));
    }
    assert_eq!(table(&world).await.version(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_commits_what_was_accepted_and_takes_nothing_more() {
    let mut world = World::new();
    world.options.commit_interval = Duration::from_secs(30);
    let ingest = world.start().await;
    let waiting = {
        let ingest = ingest.clone();
        let line = homework("2026-11-20", "a1", "1", "submitted", "");
        tokio::spawn(async move { send(&ingest, "homework", &[line]).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    ingest.shutdown().await;
    assert_eq!(waiting.await.expect("no panic").accepted, 1);
    let rows = world.query("SELECT sum(students) AS n FROM stored_class_day").await;
    assert!(rows.contains("| 1 |"), "the rollups are current after a shutdown: {rows}");
    let late = ingest.submit(raw("homework", "test", &[])).await.expect_err("refused");
    assert_eq!(late.code(), "closed");
    ingest.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_unique_and_increasing_over_handles_and_restarts() {
    let world = World::new();
    for restart in 0..3 {
        let (one, other) = (world.start().await, world.start().await);
        for n in 0..5 {
            let line = |who: &str| [homework("2026-11-20", &format!("{restart}-{n}-{who}"), "1", "submitted", "")];
            let (lines, others) = (line("one"), line("other"));
            tokio::join!(send(&one, "homework", &lines), send(&other, "homework", &others));
        }
        one.shutdown().await;
        drop(other);
    }
    let numbers =
        "SELECT count(*) AS n, count(DISTINCT seq) AS different, min(seq) AS lowest, max(seq) AS highest FROM all_homework";
    let rows = world.query(numbers).await;
    assert!(rows.contains("| 30 | 30        | 0      | 29      |"), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn submitters_wait_for_room_and_all_get_through() {
    let mut world = World::new();
    world.options.max_pending = 64 << 10;
    let ingest = world.start().await;
    let body =
        |n: u32| (0..200).map(|row| homework("2026-11-20", &format!("{n}-{row}"), "1", "submitted", "")).collect::<Vec<_>>();
    let one = |n: u32| {
        let ingest = ingest.clone();
        tokio::spawn(async move { send(&ingest, "homework", &body(n)).await })
    };
    let sent: Vec<_> = (0..20).map(one).collect();
    for receipt in sent {
        assert_eq!(receipt.await.expect("no panic").accepted, 200);
    }
    let rows = world.query("SELECT count(*) AS n FROM homework").await;
    assert!(rows.contains("| 4000 |"), "{rows}");
}
