//! The file door: `xueqing ingest`, killed and started again until the file is in.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;

use crate::book::Book;
use crate::rows::Row;
use crate::support::District;
use crate::{Killed, moment};

const ROWS: usize = 60_000;
/// A first guess at how long one file takes.
const GUESS: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Door {
    files: usize,
    rows: Vec<Row>,
    /// How long a run took that nobody killed.
    whole: Option<Duration>,
    pub book: Book,
}

impl Door {
    pub fn live(&mut self, district: &District, dice: &mut StdRng) -> Killed {
        if self.rows.is_empty() {
            self.write(district, dice);
        }
        let (begun, longest) = (Instant::now(), self.whole.unwrap_or(GUESS).mul_f64(1.05));
        let mut child = self.start(district);
        std::thread::sleep(moment(dice, longest));
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "ingest ended with {status}");
            self.whole = Some(self.whole.unwrap_or(GUESS).min(begun.elapsed()));
            self.ended();
            return Killed::Ended;
        }
        child.kill().expect("killed");
        if child.wait().expect("ended").success() {
            self.ended();
        }
        Killed::Yes
    }

    /// Lets the last file be taken in.
    pub fn finish(&mut self, district: &District) {
        if !self.rows.is_empty() {
            assert!(self.start(district).wait().expect("ended").success());
            self.ended();
        }
    }

    fn start(&self, district: &District) -> Child {
        let mut command = district.command(&["ingest", "--kind", "interaction", "--json", &self.name()]);
        command.stdout(Stdio::null()).spawn().expect("the binary starts")
    }

    fn write(&mut self, district: &District, dice: &mut StdRng) {
        self.files += 1;
        let day = 2_000 + self.files as u64;
        let event = |n| Row::new(format!("f{}-{n}", self.files), dice.random_range(0..3), day);
        let rows: Vec<Row> = (0..ROWS).map(event).collect();
        let text: String = rows.iter().map(Row::line).collect();
        std::fs::write(district.path(&self.name()), text).expect("written");
        self.rows = rows;
    }

    fn name(&self) -> String {
        format!("day-{}.ndjson", self.files)
    }

    fn ended(&mut self) {
        self.book.acknowledge(&std::mem::take(&mut self.rows));
    }
}
