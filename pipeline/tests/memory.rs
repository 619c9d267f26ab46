//! A long stream is taken in bounded memory. A test binary of its own, because it looks at the process.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xueqing_lake::Lake;
use xueqing_pipeline::{Format, Identity, Ingest, Options, Origin, Setup};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

/// Lines made while they are read: nothing holds the whole.
struct Lines {
    next: u64,
    rows: u64,
    line: Vec<u8>,
    at: usize,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.line.len() {
            if self.next == self.rows {
                return Ok(0);
            }
            let (assignment, student) = (self.next / 40, self.next % 40);
            self.line = format!(
                "{{\"assignment\":\"a{assignment}\",\"school\":\"S1\",\"class\":\"C1\",\"grade\":\"13\",\"subject\":\"math\",\"student\":\"{student}\",\
                 \"assigned_at\":\"2026-11-20T16:00:00+08:00\",\"status\":\"submitted\",\"minutes\":12.5,\"minutes_source\":\"reported\"}}\n"
            )
            .into_bytes();
            (self.next, self.at) = (self.next + 1, 0);
        }
        let read = buffer.len().min(self.line.len() - self.at);
        buffer[..read].copy_from_slice(&self.line[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("a Linux process");
    let pages: u64 = status.split(' ').nth(1).expect("a second field").parse().expect("a number");
    pages * 4096
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_long_stream_takes_bounded_memory() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let ingest = Ingest::start(Setup {
        lake: Lake::open(folder.path().to_str().expect("a plain path")).expect("a lake"),
        standard: Arc::new(Standard::builtin().expect("the built-in standard")),
        ids: Pseudonyms::new(b"test"),
        timezone: chrono_tz::Asia::Shanghai,
        rollup_files: Vec::new(),
        options: Options { commit_bytes: 32 << 20, max_pending: 64 << 20, ..Options::default() },
        clock: Arc::new(|| 0),
    })
    .await
    .expect("ingest starts");
    let rows = 1_500_000;
    let origin = Origin {
        mapping: "homework".to_owned(),
        format: Format::Ndjson,
        encoding: None,
        source: "long".to_owned(),
        identity: Identity::Unknown,
    };
    let (before, highest) = (resident_bytes(), Arc::new(AtomicU64::new(0)));
    let peak = Arc::clone(&highest);
    let watch = move |_| _ = peak.fetch_max(resident_bytes(), Ordering::Relaxed);
    let lines = Lines { next: 0, rows, line: Vec::new(), at: 0 };
    let receipt = ingest.submit_file(Box::new(lines), origin, watch).await.expect("accepted");
    assert_eq!((receipt.accepted, receipt.rejected), (rows, 0));
    let grown = highest.load(Ordering::Relaxed).saturating_sub(before) >> 20;
    eprintln!("grew by {grown} MiB");
    assert!(grown < 700, "grew by {grown} MiB over a stream of 300 MiB");
}
