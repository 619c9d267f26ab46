//! The real binary on a disk that fills up: it says so, queries go on, and it takes rows again as soon as there is room.
//!
//! The small disk is a tmpfs, so the test must be allowed to mount one.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "the crash test uses the rest")]
#[path = "crash/book.rs"]
mod book;
#[path = "crash/rows.rs"]
mod rows;
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::blocking::Response;

use book::Book;
use rows::Row;
use support::{District, Server};

const DISK: usize = 20 << 20;
const BALLAST: usize = 12 << 20;
/// More bodies than fit on the disk.
const MANY: usize = 1_000;
const ROWS: usize = 5_000;

/// A small disk; unmounted when dropped.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    fn mount(folder: PathBuf) -> Self {
        std::fs::create_dir(&folder).expect("made");
        let size = format!("size={DISK}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).status().expect("mount runs");
        assert!(mounted.success(), "cannot mount a tmpfs: run this test as root");
        Self { folder }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join(".ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.folder).status().ok();
    }
}

/// Bodies one after the other.
struct Sender {
    bodies: usize,
    book: Book,
}

impl Sender {
    /// Sends the next body; it is in the book when it was acknowledged.
    fn send(&mut self, server: &Server) -> Response {
        self.bodies += 1;
        let rows: Vec<Row> = (0..ROWS).map(|n| Row::new(format!("d{}-{n}", self.bodies), 0, self.bodies as u64 / 4)).collect();
        let answer = server.post("/v1/events/interaction", rows.iter().map(Row::line).collect::<String>());
        if answer.status() == 200 {
            self.book.acknowledge(&rows);
        }
        answer
    }

    fn fill(&mut self, server: &Server) {
        for _ in 0..MANY {
            let answer = self.send(server);
            if answer.status() != 200 {
                assert_full(answer);
                return;
            }
        }
        panic!("the disk does not fill up");
    }
}

fn assert_full(answer: Response) {
    assert_eq!(answer.status(), 507, "{}", answer.text().unwrap_or_default());
    assert!(answer.headers().contains_key("retry-after"));
    let problem: serde_json::Value = answer.json().expect("JSON");
    assert_eq!(problem["code"], "lake_full");
}

#[test]
fn a_full_disk_stops_ingest_only_and_only_until_there_is_room() {
    let district = District::new();
    std::fs::write(district.path("xueqing.toml"), "[commit]\ninterval_ms = 20\n[query]\nmax_rows = 100000000\n")
        .expect("written");
    let disk = Disk::mount(district.path("lake"));
    std::fs::write(disk.ballast(), vec![1; BALLAST]).expect("there is room for it");
    let server = district.serve();
    let mut sender = Sender { bodies: 0, book: Book::default() };
    sender.fill(&server);
    assert!(sender.book.len() > ROWS, "something was taken before");
    for _ in 0..3 {
        assert_full(sender.send(&server));
    }
    queries_go_on(&server, &sender.book);
    make_room(&disk.ballast());
    wait_until_taken(&mut sender, &server);
    queries_go_on(&server, &sender.book);
    assert!(server.stop().success());
    let server = district.serve();
    queries_go_on(&server, &sender.book);
    sender.book.compare_rollups(&server);
    drop(server);
}

fn queries_go_on(server: &Server, book: &Book) {
    let verdict = book.compare(server);
    assert_eq!((verdict.lost, verdict.twice), (0, 0));
    assert!(server.json("/v1/metrics")["metrics"].is_array());
    assert!(server.json("/v1/metrics/classroom/participation?by=day")["rows"].is_array());
}

fn make_room(ballast: &Path) {
    std::fs::remove_file(ballast).expect("removed");
}

/// Nobody restarts anything.
fn wait_until_taken(sender: &mut Sender, server: &Server) {
    let begun = Instant::now();
    loop {
        let answer = sender.send(server);
        if answer.status() == 200 {
            return;
        }
        assert_full(answer);
        assert!(begun.elapsed() < Duration::from_secs(60), "there is room, and nothing is taken");
        std::thread::sleep(Duration::from_millis(500));
    }
}
