//! What the operator sees at `/metrics`, in the OpenMetrics text that Prometheus reads.
//!
//! Invariants: every series belongs to one `Telemetry` handle (two servers in one process do not share counts); labels
//! take values from fixed sets only – route patterns, methods, statuses, names of mappings and rules – so the number of series is bounded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use xueqing_pipeline::{Load, Receipt};

const SECONDS: [f64; 12] = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Mapping {
    mapping: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Rule {
    mapping: String,
    rule: String,
}

/// Counts of one server; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram>,
    in_flight: Gauge,
    accepted: Family<Mapping, Counter>,
    rejected: Family<Mapping, Counter>,
    repeated: Family<Mapping, Counter>,
    rules: Family<Rule, Counter>,
    bytes: Counter,
    waited: Histogram,
    queue: Gauge,
    pending: Gauge,
    days: Gauge,
    memory: Gauge,
    commits: Family<Mapping, Counter>,
    versions: Arc<Mutex<BTreeMap<String, i64>>>,
}

impl Telemetry {
    pub(crate) fn new() -> Telemetry {
        let mut telemetry = Telemetry {
            registry: Arc::default(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            in_flight: Gauge::default(),
            accepted: Family::default(),
            rejected: Family::default(),
            repeated: Family::default(),
            rules: Family::default(),
            bytes: Counter::default(),
            waited: Histogram::new(SECONDS),
            queue: Gauge::default(),
            pending: Gauge::default(),
            days: Gauge::default(),
            memory: Gauge::default(),
            commits: Family::default(),
            versions: Arc::default(),
        };
        let mut registry = Registry::with_prefix("xueqing");
        registry.register("http_requests", "Answered requests", telemetry.requests.clone());
        registry.register("http_request_seconds", "Time to the answer's head", telemetry.seconds.clone());
        registry.register("http_in_flight", "Requests being answered", telemetry.in_flight.clone());
        registry.register("ingest_rows_accepted", "Rows committed to the lake", telemetry.accepted.clone());
        registry.register("ingest_rows_rejected", "Rows put into quarantine", telemetry.rejected.clone());
        registry.register("ingest_rows_repeated", "Rows of bodies that were sent again", telemetry.repeated.clone());
        registry.register("ingest_rejects", "Rows put into quarantine, by the rule that they broke", telemetry.rules.clone());
        registry.register("ingest_bytes", "Bytes received as events", telemetry.bytes.clone());
        registry.register("ingest_receipt_seconds", "From the end of a body to its commit", telemetry.waited.clone());
        registry.register("ingest_queue", "Submissions that wait for their commit", telemetry.queue.clone());
        registry.register("ingest_pending_bytes", "Bytes of rows that wait for their commit", telemetry.pending.clone());
        registry.register("rollup_days", "Days whose rollups are in memory", telemetry.days.clone());
        registry.register("rollup_bytes", "About what these days take in memory", telemetry.memory.clone());
        registry.register("ingest_commits", "Distinct table versions that receipts named", telemetry.commits.clone());
        telemetry.registry = Arc::new(registry);
        telemetry
    }

    /// Counts one receipt, and how long it took after the last byte had come.
    pub(crate) fn received(&self, mapping: &str, bytes: u64, receipt: &Receipt, waited: Option<Duration>) {
        let label = Mapping { mapping: mapping.to_owned() };
        // Rows of an earlier attempt were counted then.
        let rejected = receipt.rules.values().sum();
        self.accepted.get_or_create(&label).inc_by(receipt.read.saturating_sub(receipt.repeated + rejected));
        self.rejected.get_or_create(&label).inc_by(rejected);
        self.repeated.get_or_create(&label).inc_by(receipt.repeated);
        for (rule, rows) in &receipt.rules {
            let rule = Rule { mapping: mapping.to_owned(), rule: rule.clone() };
            self.rules.get_or_create(&rule).inc_by(*rows);
        }
        self.bytes.inc_by(bytes);
        if let Some(waited) = waited {
            self.waited.observe(waited.as_secs_f64());
        }
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = versions.entry(mapping.to_owned()).or_insert(i64::MIN);
        if receipt.accepted > 0 && receipt.version > *newest {
            *newest = receipt.version;
            self.commits.get_or_create(&label).inc();
        }
    }

    /// All counts as text, with what waits now, and the days in memory and their bytes.
    pub(crate) fn encode(&self, load: &Load, (days, bytes): (usize, usize)) -> Result<String, std::fmt::Error> {
        self.days.set(days as i64);
        self.memory.set(bytes as i64);
        self.queue.set(load.submissions as i64);
        self.pending.set(load.bytes as i64);
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

/// Holds the gauge up while a request is answered, also when it is dropped half-way.
struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts and times one request.
pub(crate) async fn measure(State(telemetry): State<Telemetry>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = known(request.method());
    telemetry.in_flight.inc();
    let flight = InFlight(telemetry.in_flight.clone());
    let start = Instant::now();
    let response = next.run(request).await;
    telemetry.seconds.get_or_create(&Route { route: route.clone() }).observe(start.elapsed().as_secs_f64());
    telemetry.requests.get_or_create(&Answered { method, route, status: response.status().as_u16() }).inc();
    drop(flight);
    response
}

fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
