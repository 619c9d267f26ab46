//! The drop folder, as someone who puts files into it meets it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use xueqing_pipeline::{Doors, InboxOptions, Ingest, Language, SourceState, Sources};

use crate::world::{World, homework};

const SETTLE: Duration = Duration::from_millis(200);

/// A watched folder.
struct Drop {
    folder: TempDir,
    sources: Sources,
}

impl Drop {
    fn open(ingest: &Ingest, language: Language) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("inbox")).expect("made");
        let sources = Self::watch(ingest, folder.path(), language);
        Self { folder, sources }
    }

    fn watch(ingest: &Ingest, folder: &Path, language: Language) -> Sources {
        let inbox = InboxOptions {
            folder: folder.to_owned(),
            settle: SETTLE,
            patience: SETTLE * 4,
            poll: Duration::from_millis(20),
            side_by_side: 2,
            language,
        };
        let doors = Doors { inbox: Some(inbox), mqtt: None, kafka: None, chance: Arc::new(|| 0.0) };
        Sources::start(ingest, doors).expect("started")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, content: &[u8]) {
        let path = self.path("inbox").join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, content).expect("written");
    }

    /// Waits for a file to be put away; gives its report.
    async fn report(&self, name: &str) -> String {
        eventually(name, || self.path(name).exists()).await;
        std::fs::read_to_string(self.path(&format!("{name}.report.txt"))).expect("a report beside the file")
    }

    fn state(&self) -> SourceState {
        self.sources.states()[0].1.clone()
    }
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-data").join(name);
    std::fs::read(path).expect("a file of the sample data")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    std::io::Read::read_to_end(&mut flate2::bufread::GzEncoder::new(text, flate2::Compression::fast()), &mut packed)
        .expect("packed");
    packed
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_ends_where_its_report_says() {
    let world = World::new();
    let ingest = world.start().await;
    let drop = Drop::open(&ingest, Language::Zh);
    let good = sample("demo_banpai/kaoqin-2026-11-13.csv");
    let half = gzip(&sample("demo_banpai/kaoqin-2026-11-16.csv"));
    drop.put("demo_banpai/好的.csv", &good);
    drop.put("demo_zuoye_gbk/作业.csv", &sample("demo_zuoye_gbk/作业-2026-11-13.csv"));
    drop.put("demo_banpai/一半.csv.gz", &half[..half.len() / 2]);
    drop.put("demo_menjin/放错了.csv", &good);
    drop.put("班牌/不认识.csv", &good);
    drop.put("没有文件夹.csv", &good);
    drop.put("demo_banpai/空.csv", b"");

    let report = drop.report("done/demo_banpai/好的.csv").await;
    assert!(report.contains("已收下") || report.contains("全部收下"), "{report}");
    assert!(drop.report("done/demo_zuoye_gbk/作业.csv").await.contains("收下"));
    let report = drop.report("failed/demo_banpai/一半.csv.gz").await;
    assert!(report.contains("文件不完整") && report.contains("重新传送"), "{report}");
    let report = drop.report("failed/demo_menjin/放错了.csv").await;
    assert!(report.contains("缺少必需的列") && report.contains("inbox/demo_banpai/"), "{report}");
    assert!(drop.report("failed/班牌/不认识.csv").await.contains("没有名为“班牌”"));
    assert!(drop.report("failed/没有文件夹.csv").await.contains("没有放在"));
    assert!(drop.report("failed/demo_banpai/空.csv").await.contains("文件是空的"));
    eventually("an empty inbox", || files_below(&drop.path("inbox")).is_empty()).await;

    let rows = || async { world.query("SELECT count(*) AS n FROM attendance").await };
    let once = rows().await;
    drop.put("demo_banpai/好的.csv", &good);
    let report = drop.report("done/demo_banpai/好的-2.csv").await;
    assert!(report.contains("以前已经收过") && report.contains("不用做什么"), "{report}");
    assert_eq!(rows().await, once, "the same content again changes nothing");
    drop.sources.stop().await;
    assert_eq!(drop.state(), SourceState::Stopped);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { files.extend(files_below(&entry)) } else { files.push(entry) }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_is_left_until_it_rests() {
    let world = World::new();
    let ingest = world.start().await;
    let drop = Drop::open(&ingest, Language::En);
    let lines: Vec<String> = (0..6).map(|n| homework("2026-11-20", "a1", &n.to_string(), "submitted", "")).collect();
    for n in 1..=lines.len() {
        drop.put("homework/slow.ndjson", lines[..n].join("\n").as_bytes());
        tokio::time::sleep(SETTLE / 2).await;
        assert!(drop.path("inbox/homework/slow.ndjson").exists(), "taken while it grew");
    }
    drop.put("homework/on-its-way.ndjson.part", b"{}");
    let report = drop.report("done/homework/slow.ndjson").await;
    assert!(report.contains("6 rows read: 6 accepted"), "{report}");
    assert!(drop.path("inbox/homework/on-its-way.ndjson.part").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_paused_too_long_loses_nothing() {
    let world = World::new();
    let ingest = world.start().await;
    let drop = Drop::open(&ingest, Language::En);
    let line = |n: u32| format!("{}\n", homework("2026-11-20", "a1", &n.to_string(), "submitted", ""));
    drop.put("homework/paused.ndjson", line(1).as_bytes());
    let mut writer = std::fs::OpenOptions::new().append(true).open(drop.path("inbox/homework/paused.ndjson")).expect("open");
    drop.report("done/homework/paused.ndjson").await;
    std::io::Write::write_all(&mut writer, line(2).as_bytes()).expect("written");
    let report = drop.path("done/homework/paused.ndjson.report.txt");
    eventually("both rows", || std::fs::read_to_string(&report).is_ok_and(|text| text.contains("2 rows read"))).await;
    let rows = world.query("SELECT count(*) AS n FROM homework").await;
    assert!(rows.contains("| 2 |"), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_stay_while_the_lake_takes_nothing_and_go_in_by_themselves() {
    let world = World::new();
    let ingest = world.start().await;
    let drop = Drop::open(&ingest, Language::En);
    // Where the lock file should be lies a folder: no writer gets the lock.
    let lock = world.folder.path().join(".lock");
    std::fs::remove_file(&lock).expect("removed");
    std::fs::create_dir(&lock).expect("made");
    drop.put("homework/a.ndjson", homework("2026-11-20", "a1", "1", "submitted", "").as_bytes());
    let waits = |state: SourceState| matches!(state, SourceState::Waiting { awaited, .. } if awaited == "the lake");
    eventually("waiting for the lake", || waits(drop.state())).await;
    assert!(drop.path("inbox/homework/a.ndjson").exists());
    std::fs::remove_dir(&lock).expect("removed");
    assert!(drop.report("done/homework/a.ndjson").await.contains("all taken"));
    eventually("running again", || drop.state() == SourceState::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_watcher_waits_for_the_first() {
    let world = World::new();
    let ingest = world.start().await;
    let drop = Drop::open(&ingest, Language::En);
    eventually("the first runs", || drop.state() == SourceState::Running).await;
    let second = Drop::watch(&ingest, drop.folder.path(), Language::En);
    let state = || second.states()[0].1.clone();
    let told = |state: SourceState| matches!(state, SourceState::Waiting { reason, .. } if reason.contains("another process"));
    eventually("the second waits", || told(state())).await;
    drop.sources.stop().await;
    eventually("the second runs", || state() == SourceState::Running).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_leaves_its_files_for_the_next() {
    let world = World::new();
    let ingest = world.start().await;
    let drop = Drop::open(&ingest, Language::En);
    let lines: Vec<String> = (0..20_000).map(|n| homework("2026-11-20", "a1", &n.to_string(), "submitted", "")).collect();
    for file in 0..8 {
        drop.put(&format!("homework/{file}.ndjson"), lines.join("\n").as_bytes());
    }
    eventually("the first file", || files_below(&drop.path("inbox")).len() < 8).await;
    drop.sources.stop().await;
    ingest.shutdown().await;
    let next = world.start().await;
    let sources = Drop::watch(&next, drop.folder.path(), Language::En);
    eventually("all files", || (0..8).all(|file| drop.path(&format!("done/homework/{file}.ndjson")).exists())).await;
    sources.stop().await;
    let rows = world.query("SELECT count(*) AS n FROM homework").await;
    assert!(rows.contains("| 20000 |"), "{rows}");
}
