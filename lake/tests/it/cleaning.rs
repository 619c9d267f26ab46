//! Vacuum leaves alone what is read, and a full disk is told.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use xueqing_lake::{CompactOptions, Lake, VacuumOptions};

use crate::district::*;

const NOW: VacuumOptions = VacuumOptions { keep: Duration::ZERO, dry_run: false };

fn parquet_files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().filter(|e| e.as_ref().unwrap().path().to_string_lossy().contains("parquet")).count()
}

#[tokio::test]
async fn files_stay_for_the_keep_time_and_dry_runs_touch_nothing() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=3 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    let day = folder.path().join(TABLE).join("day=1970-01-02");
    let kept = table.vacuum(VacuumOptions::default()).await.unwrap();
    assert_eq!((kept.deleted.len(), kept.kept), (0, 3));
    let dry = table.vacuum(VacuumOptions { dry_run: true, ..NOW }).await.unwrap();
    assert_eq!((dry.deleted.len(), parquet_files(&day)), (3, 4));
    let half = day.join(format!("part-x.zstd.parquet#{}000000000001", u32::MAX));
    std::fs::write(&half, "torn").unwrap();
    let done = table.vacuum(NOW).await.unwrap();
    assert_eq!((done.deleted.len(), parquet_files(&day)), (4, 1));
    assert_eq!(rows(&table).await, ["a 1 1", "a 1 2", "a 1 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_query_keeps_its_files() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=3 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    let ctx = context();
    let plan = ctx.read_table(table.provider()).unwrap().create_physical_plan().await.unwrap();
    table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    let other = homework(&open(&folder)).await;
    let at_once = tokio::spawn(async move { other.vacuum(NOW).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!at_once.is_finished(), "another handle waits, as another process would");
    let mut stream = execute_stream(plan, ctx.task_ctx()).unwrap();
    let mut read = 0;
    while let Some(batch) = stream.next().await {
        read += batch.unwrap().num_rows();
    }
    assert_eq!(read, 3);
    drop(stream);
    assert_eq!(at_once.await.unwrap().unwrap().deleted.len(), 3);
    assert_eq!(rows(&table).await.len(), 3);
}

#[tokio::test]
async fn history_can_be_forgotten() {
    let (folder, _, table) = new_table().await;
    let slow = homework(&open(&folder)).await;
    for seq in 1..=3 {
        table.append(vec![batch(&[("secret", 1, seq, 0, seq)])], &[position("f", seq)]).await.unwrap();
    }
    let doomed = datafusion::prelude::col("seq").lt(datafusion::prelude::lit(3_i64));
    table.delete(&doomed, true, &[]).await.unwrap();
    add(&table, &[("b", 1, 7, 0, 7)]).await;
    assert!(table.forget_history().await.unwrap() >= 4);
    let again = homework(&open(&folder)).await;
    assert_eq!((rows(&again).await, again.position("f")), (rows(&table).await, Some(3)));
    add(&again, &[("c", 1, 8, 0, 8)]).await;
    slow.refresh().await.unwrap();
    assert_eq!(rows(&slow).await.len(), 3);
    assert!(open(&folder).verify(TABLE, true).await.unwrap().faults.is_empty());
}

/// A small file system of its own, unmounted when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of_mebibytes(size: u32) -> Disk {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "xueqing-test"]).arg(folder.path()).status();
        assert!(mounted.is_ok_and(|status| status.success()), "this test must be able to mount a small tmpfs: run it as root");
        Disk(folder)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the small disk could not be unmounted");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_half_written_stays() {
    let disk = Disk::of_mebibytes(8);
    let lake = Lake::open(disk.0.path().to_str().unwrap()).unwrap();
    let table = homework(&lake).await;
    add(&table, &[("a", 1, 1, 0, 1)]).await;
    let filler = disk.0.path().join("filler");
    let full = std::fs::write(&filler, vec![0; 16 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let refused = table.append(vec![batch(&[("b", 1, 2, 0, 2)])], &[]).await.unwrap_err();
    assert_eq!(refused.code(), "lake_full", "{refused:?}");
    assert_eq!(lake.probe(4096).await.unwrap_err().code(), "lake_full");
    assert_eq!(rows(&table).await, ["a 1 1"], "queries go on");
    std::fs::remove_file(&filler).unwrap();
    lake.probe(1 << 20).await.unwrap();
    assert_eq!(lake.probe(64 << 20).await.unwrap_err().code(), "lake_full");
    add(&table, &[("b", 1, 2, 0, 2)]).await;
    let verdict = lake.verify(TABLE, true).await.unwrap();
    assert!(verdict.faults.is_empty() && verdict.orphans.is_empty(), "{verdict:?}");
    assert!(!disk.0.path().join(".probe").exists());
}
