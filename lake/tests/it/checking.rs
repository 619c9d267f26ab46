//! Verify: each kind of damage is found and named.

use std::path::{Path, PathBuf};

use rstest::rstest;
use xueqing_lake::{CompactOptions, FaultKind, MaintainOptions, Verdict};

use crate::district::*;

fn file(folder: &Path, path: &str) -> PathBuf {
    folder.join(TABLE).join(path)
}

async fn verified(folder: &tempfile::TempDir, deep: bool) -> Verdict {
    open(folder).verify(TABLE, deep).await.unwrap()
}

fn kinds(verdict: &Verdict) -> Vec<FaultKind> {
    verdict.faults.iter().map(|fault| fault.kind).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() - 20]).unwrap();
}

fn spoil_footer(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    flip(path, bytes.len() - 2);
}

fn spoil_first_page(path: &Path) {
    flip(path, 40);
}

#[rstest]
#[case::missing(|path: &Path| std::fs::remove_file(path).unwrap(), true, FaultKind::Missing)]
#[case::missing_at_a_glance(|path: &Path| std::fs::remove_file(path).unwrap(), false, FaultKind::Missing)]
#[case::cut(cut, true, FaultKind::Size)]
#[case::cut_at_a_glance(cut, false, FaultKind::Size)]
#[case::footer_at_a_glance(spoil_footer, false, FaultKind::Footer)]
#[case::flipped_bit(spoil_first_page, true, FaultKind::Checksum)]
#[tokio::test]
async fn a_damaged_file_is_named(#[case] damage: fn(&Path), #[case] deep: bool, #[case] kind: FaultKind) {
    let (folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 1, 0, 1), ("b", 1, 2, 0, 2)]).await;
    add(&table, &[("a", 2, 1, 0, 3)]).await;
    assert!(verified(&folder, deep).await.faults.is_empty());
    let hit = table.files()[0].clone();
    damage(&file(folder.path(), &hit.path));
    let verdict = verified(&folder, deep).await;
    assert_eq!(kinds(&verdict), [kind], "{verdict:?}");
    assert_eq!((&verdict.faults[0].path, verdict.faults[0].day), (&hit.path, hit.day));
    assert_eq!((verdict.files, verdict.rows), (2, 3));
}

#[tokio::test]
async fn checksums_live_through_checkpoints_and_compaction() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=3 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    add(&table, &[("b", 2, 1, 0, 9)]).await;
    let now = MaintainOptions { checkpoint_every: 1, ..MaintainOptions::default() };
    assert!(table.maintain_with(now).await.unwrap().checkpointed);
    assert!(verified(&folder, true).await.faults.is_empty());
    for hit in table.files() {
        spoil_first_page(&file(folder.path(), &hit.path));
    }
    assert_eq!(kinds(&verified(&folder, true).await), [FaultKind::Checksum; 2]);
    assert!(verified(&folder, false).await.faults.is_empty(), "a glance does not read pages");
}

#[tokio::test]
async fn the_log_is_looked_at_too() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=4 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    let entry = |version: i64| file(folder.path(), &format!("_delta_log/{version:020}.json"));
    let kept = std::fs::read(entry(3)).unwrap();
    std::fs::write(entry(3), "{\"add\":").unwrap();
    assert!(kinds(&verified(&folder, true).await).contains(&FaultKind::LogEntry));
    std::fs::remove_file(entry(3)).unwrap();
    let verdict = verified(&folder, false).await;
    assert!(kinds(&verdict).contains(&FaultKind::LogGap), "{verdict:?}");
    assert!(verdict.faults[0].path.ends_with("00003.json"));
    std::fs::write(entry(3), kept).unwrap();
    assert!(verified(&folder, true).await.faults.is_empty());
}

#[tokio::test]
async fn orphans_are_told_apart_from_what_readers_may_need() {
    let (folder, _, table) = new_table().await;
    for seq in 1..=3 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    let day = file(folder.path(), "day=1970-01-02");
    std::fs::write(day.join("part-orphan.zstd.parquet"), "x").unwrap();
    std::fs::write(day.join(format!("part-half.zstd.parquet#{}000000000001", u32::MAX)), "xy").unwrap();
    table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    let verdict = verified(&folder, true).await;
    assert_eq!((verdict.retired, verdict.orphans.len()), (3, 2), "{verdict:?}");
    assert_eq!(verdict.orphans.iter().map(|orphan| orphan.bytes).sum::<u64>(), 3);
    assert!(verdict.faults.is_empty());
}
