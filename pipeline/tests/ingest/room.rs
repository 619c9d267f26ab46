//! A full disk: ingest stops, says so, and goes on by itself.

use std::process::Command;
use std::time::Duration;

use xueqing_pipeline::Intake;

use crate::world::{World, homework, raw, send};

/// A small file system of its own below the lake's folder, unmounted when dropped.
struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(folder: &std::path::Path, mebibytes: u32) -> Disk {
        let options = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "xueqing-test"]).arg(folder).status();
        assert!(mounted.is_ok_and(|status| status.success()), "this test must be able to mount a small tmpfs: run it as root");
        Disk(folder.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the small disk could not be unmounted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_stops_and_goes_on_by_itself_and_loses_nothing() {
    let world = World::new();
    let disk = Disk::mount(world.folder.path(), 16);
    let ingest = world.start().await;
    send(&ingest, "homework", &[homework("2026-11-16", "a", "1", "submitted", "")]).await;
    ingest.settled().await.expect("rolled up");
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 32 << 20]).expect_err("the disk fills up");
    let lines = [homework("2026-11-16", "a", "2", "submitted", ""), homework("2026-11-16", "a", "3", "nonsense", "")];
    let refused = ingest.submit(raw("homework", "test", &lines)).await.expect_err("no room");
    assert_eq!(refused.code(), "lake_full", "{refused:?}");
    assert_eq!(ingest.intake(), Intake::Full { since: (world.clock)() });
    let at_once = ingest.submit(raw("homework", "test", &lines)).await.expect_err("no room");
    assert_eq!(at_once.code(), "lake_full");
    assert!(world.query("SELECT count(*) AS n FROM homework").await.contains("| 1 |"), "queries go on");
    // A process that starts now serves what is there.
    let second = world.start().await;
    assert!(world.query("SELECT count(*) AS n FROM stored_student_day").await.contains("| 1 |"));
    second.shutdown().await;
    std::fs::remove_file(&filler).expect("removed");
    let goes_on = async {
        while ingest.intake() != Intake::Accepting {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), goes_on).await.expect("ingest goes on by itself");
    let receipt = send(&ingest, "homework", &lines).await;
    assert_eq!((receipt.accepted, receipt.rejected), (1, 1));
    ingest.settled().await.expect("rolled up");
    assert!(world.query("SELECT count(*) AS n, count(DISTINCT student) AS m FROM homework").await.contains("| 2 | 2 |"));
    assert!(world.query("SELECT count(*) AS n FROM stored_student_day").await.contains("| 2 |"));
    ingest.shutdown().await;
    drop(disk);
}
