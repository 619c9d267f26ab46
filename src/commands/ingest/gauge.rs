//! How far it has come: bytes read of the files, rows, rows a second, time left.
//!
//! Promise: nothing is written for machines, nor where nobody watches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use indicatif::{HumanCount, ProgressBar};
use xueqing_pipeline::Watch;

use super::jobs::Job;
use crate::output;

const KNOWN: &str = "taking in · 导入  {bar:24} {bytes}/{total_bytes}  {eta}  {msg}";
const UNKNOWN: &str = "taking in · 导入  {spinner} {elapsed}  {msg}";

pub struct Gauge {
    bar: ProgressBar,
    rows: Arc<AtomicU64>,
    begun: Instant,
}

/// The rows of one file, whose parts come one after another.
pub struct Count<'g> {
    gauge: &'g Gauge,
    /// The part that was last heard of, and its rows so far.
    last: Mutex<(String, u64)>,
}

impl Gauge {
    /// A stream's length is not known, and so not the whole.
    pub fn new(jobs: &[Job], machine: bool) -> Self {
        let lengths: Option<u64> = jobs.iter().map(|job| Some(std::fs::metadata(&job.path).ok()?.len())).sum();
        let streamed = jobs.iter().any(Job::is_stream);
        let bar = match lengths {
            _ if streamed => output::bar(0, UNKNOWN, machine),
            length => output::bar(length.unwrap_or(0), KNOWN, machine),
        };
        Self { bar, rows: Arc::new(AtomicU64::new(0)), begun: Instant::now() }
    }

    /// Moves the bar by what is read of the files.
    pub fn watch(&self) -> Watch {
        let bar = self.bar.clone();
        // A workbook's parts may be read twice.
        Arc::new(move |bytes| bar.set_position((bar.position() + bytes).min(bar.length().unwrap_or(u64::MAX))))
    }

    pub fn count(&self) -> Count<'_> {
        Count { gauge: self, last: Mutex::new((String::new(), 0)) }
    }

    pub fn rolling_up(&self) {
        self.bar.set_message("rollups · 汇总");
    }

    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Count<'_> {
    pub fn tell(&self, source: &str, read: u64) {
        let more = self.more(source, read);
        let rows = self.gauge.rows.fetch_add(more, Ordering::Relaxed) + more;
        if self.gauge.bar.is_hidden() {
            return;
        }
        let speed = rows as f64 / self.gauge.begun.elapsed().as_secs_f64().max(0.001);
        let (rows, speed) = (HumanCount(rows), HumanCount(speed as u64));
        self.gauge.bar.set_message(format!("{rows} rows · 行  {speed}/s  {source}"));
    }

    fn more(&self, source: &str, read: u64) -> u64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if last.0 == source { last.1 } else { 0 };
        *last = (source.to_owned(), read);
        read.saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_parts_add_up() {
        let gauge = Gauge::new(&[], true);
        let count = gauge.count();
        for (source, read) in [("a", 10), ("a", 25), ("b", 5), ("b", 5), ("c", 1)] {
            count.tell(source, read);
        }
        assert_eq!(gauge.rows.load(Ordering::Relaxed), 31);
    }
}
