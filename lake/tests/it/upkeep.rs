//! Compaction, checkpoints and cleaning up.

use std::path::Path;
use std::time::{Duration, Instant};

use xueqing_lake::{CompactOptions, MaintainOptions};

use crate::district::*;

const NOW: MaintainOptions = MaintainOptions { checkpoint_every: 1, keep_removed: Duration::ZERO };

fn parquet_files(folder: &Path) -> usize {
    let inside = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    inside.filter(|p| p.extension().is_some_and(|e| e == "parquet")).count()
}

#[tokio::test]
async fn compaction_keeps_rows_and_order_and_leaves_few_files() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=9 {
        add(&table, &[("a", 1, seq, 0, seq), ("b", 2, seq, 0, seq + 100)]).await;
    }
    add(&table, &[("c", 3, 1, 0, 1000)]).await;
    let before = rows(&table).await;
    let done = table.compact(CompactOptions { min_files: 8 }).await.unwrap();
    assert_eq!((done.removed, done.added, done.rows), (18, 2, 18));
    assert_eq!(table.files().len(), 3);
    assert_eq!(rows(&table).await, before);
    assert_eq!(homework(&open(&folder)).await.files(), table.files());
    let again = table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    assert_eq!((again.removed, again.added), (0, 0));
    let ctx = context();
    ctx.register_table("t", table.provider()).unwrap();
    assert_eq!(files_opened(&ctx, "SELECT * FROM t WHERE seq > 105").await, 2, "statistics live on");
}

#[tokio::test]
async fn a_checkpoint_keeps_rows_positions_and_history() {
    let (folder, _, table) = new_table().await;
    let slow = homework(&open(&folder)).await;
    for seq in 1..=5 {
        table.append(vec![batch(&[("a", 1, seq, 0, seq)])], &[position("f", seq), position("seq", seq)]).await.unwrap();
    }
    assert!(!table.maintain().await.unwrap().checkpointed, "too few commits");
    let done = table.maintain_with(NOW).await.unwrap();
    assert!(done.checkpointed);
    let log = folder.path().join(TABLE).join("_delta_log");
    assert!(log.join("_last_checkpoint").exists());

    table.append(vec![batch(&[("b", 1, 6, 0, 6)])], &[position("f", 6)]).await.unwrap();
    let again = homework(&open(&folder)).await;
    assert_eq!((again.position("f"), again.position("seq")), (Some(6), Some(5)));
    assert_eq!(rows(&again).await, rows(&table).await);
    let after = again.files().iter().map(|f| f.rows).collect::<Vec<_>>();
    assert_eq!(after, vec![1; 6], "statistics come through the checkpoint");

    // As when the log is cleaned up behind a reader.
    for version in 0..=5 {
        std::fs::remove_file(log.join(format!("{version:020}.json"))).unwrap();
    }
    let newer = homework(&open(&folder)).await;
    assert_eq!(rows(&newer).await, rows(&table).await);
    assert_eq!(slow.refresh().await.unwrap(), table.version());
    assert_eq!(rows(&slow).await, rows(&table).await);
    assert_eq!(newer.changes_since(2).await.unwrap_err().code(), "lake_history_gone");
}

#[tokio::test]
async fn cleaning_up_deletes_what_no_version_names() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=3 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    let day = folder.path().join(TABLE).join("day=1970-01-02");
    std::fs::copy(folder.path().join(TABLE).join(&table.files()[0].path), day.join("part-orphan.zstd.parquet")).unwrap();
    table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    assert_eq!(parquet_files(&day), 5);
    std::thread::sleep(Duration::from_millis(20));
    let before = rows(&table).await;
    let changes = table.version();
    assert_eq!(table.maintain_with(NOW).await.unwrap().files_deleted, 4);
    assert_eq!(parquet_files(&day), 1);
    assert_eq!(rows(&table).await, before);
    assert!(table.changes_since(changes).await.unwrap().days.is_empty());
    add(&table, &[("b", 1, 1, 0, 9)]).await;
    assert_eq!(rows(&homework(&open(&folder)).await).await, rows(&table).await);
}

/// Not a check but a figure: what one small append costs while the table has many live files.
#[tokio::test]
#[ignore = "prints a measurement"]
async fn append_latency() {
    let (_folder, _, table) = new_table().await;
    for files in [0, 100, 600] {
        while table.files().len() < files {
            add(&table, &[("a", 1, 1, 0, 1)]).await;
        }
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..50 {
            let start = Instant::now();
            add(&table, &[("a", 1, 1, 0, 1)]).await;
            times.push(start.elapsed());
        }
        times.sort();
        let start = Instant::now();
        for _ in 0..100 {
            table.refresh().await.unwrap();
        }
        println!("{files} files: append median {:?} p90 {:?}; refresh {:?}", times[25], times[45], start.elapsed() / 100);
        table.provider();
    }
}
