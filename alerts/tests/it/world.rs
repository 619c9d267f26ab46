//! A lake with attendance, a clock that tests move, and alerts over both.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use xueqing_alerts::{Address, Alert, Alerts, Filter, Kind, Options, Receiver, Secret, Setup};
use xueqing_lake::Lake;
use xueqing_pipeline::{Format, Identity, Ingest, Raw};
use xueqing_query::Engine;
use xueqing_query::alert::{Rules, Severity};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

/// Friday 2026-11-20, 18:00 in the district.
pub const FRIDAY_EVENING: i64 = 1_795_168_800_000_000;
pub const SECOND: i64 = 1_000_000;
pub const HOUR: i64 = 3600 * SECOND;
pub const CLUSTER: &str = "attendance/illness_cluster";
pub const NO_LEAVE: &str = "attendance/no_leave";

pub struct World {
    folder: TempDir,
    pub ingest: Ingest,
    pub lake: Lake,
    clock: Arc<AtomicI64>,
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
        let clock = Arc::new(AtomicI64::new(FRIDAY_EVENING));
        let time = Arc::clone(&clock);
        let setup = xueqing_pipeline::Setup {
            lake: lake.clone(),
            standard: Arc::new(Standard::builtin().unwrap()),
            ids: Pseudonyms::new(b"a key for tests"),
            timezone: chrono_tz::Asia::Shanghai,
            rollup_files: Vec::new(),
            options: xueqing_pipeline::Options { commit_interval: Duration::from_millis(5), ..Default::default() },
            clock: Arc::new(move || time.load(Ordering::SeqCst)),
        };
        Self { folder, ingest: Ingest::start(setup).await.unwrap(), lake, clock }
    }

    /// Alerts as a start of the program opens them: with a handle of their own on the lake, quick to gather and to try again.
    pub async fn open(&self, receivers: Vec<Receiver>) -> Alerts {
        self.open_with(receivers, &[]).await.unwrap()
    }

    pub async fn open_with(&self, receivers: Vec<Receiver>, files: &[(&str, &str)]) -> xueqing_alerts::Result<Alerts> {
        let standard = Arc::new(Standard::builtin().unwrap());
        let engine = Engine::open(xueqing_query::Setup {
            lake: self.lake.clone(),
            standard: Arc::clone(&standard),
            timezone: chrono_tz::Asia::Shanghai,
            metric_files: Vec::new(),
            options: xueqing_query::Options::default(),
        });
        let (engine, clock) = (engine.unwrap(), Arc::clone(&self.clock));
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Alerts::open(Setup {
            lake: Lake::open(self.folder.path().to_str().unwrap()).unwrap(),
            rules: Rules::load(&engine, &files)?,
            engine,
            standard,
            receivers,
            timezone: chrono_tz::Asia::Shanghai,
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            page: Some("https://xueqing.example".to_owned()),
            options: Options {
                settle: Duration::from_millis(50),
                gather: Duration::from_secs(10),
                first_retry: Duration::from_secs(30),
                attempts: 4,
                timeout: Some(Duration::from_millis(700)),
                ..Options::default()
            },
        })
        .await
    }

    pub fn pass(&self, micros: i64) {
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }

    /// So many of a class of twelve are on sick leave with a fever on that day, the others there.
    pub async fn ill(&self, day: &str, class: &str, cases: usize) {
        let lines = (0..12).map(|student| match student < cases {
            true => checkpoint(day, class, student, "sick_leave", Some("发热")),
            false => checkpoint(day, class, student, "present", None),
        });
        self.send(lines.collect()).await;
    }

    /// The first `truants` of a class of twelve are absent without leave on that day.
    pub async fn truant(&self, day: &str, class: &str, truants: usize) {
        let status = |student| if student < truants { "truant" } else { "present" };
        self.send((0..12).map(|student| checkpoint(day, class, student, status(student), None)).collect()).await;
    }

    async fn send(&self, lines: Vec<Value>) {
        let bytes = Bytes::from(lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        let (mapping, source) = ("attendance".to_owned(), "test".to_owned());
        let raw = Raw { bytes, mapping, format: Format::Ndjson, encoding: None, source, identity: Identity::Content };
        assert_eq!(self.ingest.submit(raw).await.unwrap().rejected, 0);
        self.ingest.settled().await.unwrap();
    }
}

fn checkpoint(day: &str, class: &str, student: usize, status: &str, symptom: Option<&str>) -> Value {
    json!({"school": "s1", "class": class, "grade": "13", "student": format!("{class}-{student}"), "at": format!("{day}T08:20:00+08:00"),
           "place": "lesson", "period": "1", "status": status, "symptom": symptom})
}

/// A receiver of everything.
pub fn receiver(name: &str, kind: Kind, url: &str, secret: Option<&str>) -> Receiver {
    Receiver {
        name: name.to_owned(),
        kind,
        address: Address::Http(Secret::new(url), secret.map(Secret::new)),
        english: false,
        severity: Severity::Info,
        schools: Vec::new(),
        classes: Vec::new(),
        rules: Vec::new(),
        audience: Vec::new(),
        quiet_hours: None,
        resolved: true,
    }
}

pub async fn judge(alerts: &Alerts, rule: &str) {
    let rule = alerts.rules().get(rule).unwrap().clone();
    alerts.judge(&rule).await.unwrap();
    alerts.resolve().await.unwrap();
}

pub fn open(alerts: &Alerts) -> Vec<Alert> {
    alerts.list(&Filter { open: Some(true), ..Filter::default() })
}
