//! `GET /v1/live`: which figures have changed, as server-sent events.
//!
//! Promises: an event says what has changed since the reader's last one, however long ago that was; a reader never waits for another,
//! and none holds up what comes in. Events carry no figures: whoever sees a change asks for the figure, within their rights.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;
use xueqing_pipeline::{Change, Class, Touch};
use xueqing_query::Engine;
use xueqing_schema::time;

use crate::params::Params;
use crate::router::Shared;
use crate::{Error, Problem};

/// Changes within this time are told together.
const GATHER: Duration = Duration::from_millis(250);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// More classes than this are not listed one by one.
const LISTED: usize = 100;
const KNOWN: &str = "school, class";

/// What has changed on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changed {
    #[schema(example = "2026-11-20")]
    day: String,
    /// Their names, as at `/v1/metrics`.
    figures: Vec<String>,
    /// The classes concerned; null when they are many or not known: any class may be.
    #[schema(value_type = Option<Vec<Value>>)]
    classes: Option<Vec<Class>>,
}

/// What a reader wants to know about.
struct Filter {
    school: Option<String>,
    class: Option<String>,
}

impl Filter {
    fn wants(&self, class: &Class) -> bool {
        let is = |wanted: &Option<String>, name: &String| wanted.as_ref().is_none_or(|wanted| wanted == name);
        is(&self.school, &class.school) && is(&self.class, &class.class)
    }

    /// What is left of a day's changes for this reader.
    fn of(&self, touch: &Touch) -> Option<Touch> {
        let Some(classes) = &touch.classes else { return Some(touch.clone()) };
        let classes: BTreeSet<Class> = classes.iter().filter(|class| self.wants(class)).cloned().collect();
        (!classes.is_empty()).then(|| Touch { tables: touch.tables.clone(), classes: Some(classes) })
    }
}

/// Which figures have changed, for which days and classes, as it happens.
///
/// Events are `changed`, with a list of days, `alerts`, when any alert has changed, and `reset`, which says that too much was missed: everything is to be asked for anew. Their
/// `id` is for `Last-Event-ID`, with which a reader goes on after an interruption, over restarts of the server too.
#[utoipa::path(get, operation_id = "watch_figures", path = "/v1/live", tag = "figures",
    params(
        ("school" = Option<String>, Query, description = "Only changes of this school"),
        ("class" = Option<String>, Query, description = "Only changes of this class"),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that was seen"),
    ),
    responses(
        (status = 200, description = "Events; the data of `changed` is a list of these", body = Vec<Changed>, content_type = "text/event-stream"),
        (status = 400, description = "An unknown parameter", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    ))]
pub(crate) async fn watch(
    State(shared): State<Shared>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let filter = Filter { school: params.take("school"), class: params.take("class") };
    params.finish(KNOWN)?;
    let seen = match headers.get("last-event-id") {
        None => None,
        Some(id) => {
            let value = String::from_utf8_lossy(id.as_bytes()).into_owned();
            let hint = "a number, as in an event's `id`".to_owned();
            let number = value.parse();
            Some(number.map_err(|_| Error::BadParameter { name: "Last-Event-ID".to_owned(), value, hint })?)
        }
    };
    let moments = shared.app.ingest.rollups().live().watch();
    let seen = seen.unwrap_or(*moments.borrow());
    let alerts = shared.app.alerts.watch();
    let reader = Reader { filter, seen, moments, alerts, stopping: shared.stopping.clone(), shared };
    let events = futures::stream::unfold(reader, |mut reader| async { Some((Ok(reader.next().await?), reader)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Reader {
    filter: Filter,
    /// The moment of the last event.
    seen: i64,
    moments: watch::Receiver<i64>,
    alerts: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    shared: Shared,
}

impl Reader {
    /// The next event; none when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let now = *self.moments.borrow_and_update();
            match self.shared.app.ingest.rollups().live().since(self.seen) {
                None => {
                    self.seen = now;
                    return Some(Event::default().event("reset").id(now.to_string()).data("{}"));
                }
                Some(changes) => {
                    self.seen = changes.last().map_or(self.seen, |change| change.moment);
                    let days = gathered(&self.filter, &changes);
                    if !days.is_empty() {
                        let told = told(&self.shared.app.engine, &days);
                        let data = serde_json::to_string(&told).unwrap_or_default();
                        return Some(Event::default().event("changed").id(self.seen.to_string()).data(data));
                    }
                }
            }
            let alerts = tokio::select! {
                changed = self.moments.changed() => changed.ok().map(|()| false)?,
                changed = self.alerts.changed() => changed.ok().map(|()| true)?,
                // Nobody may be there to say when.
                Ok(_) = self.stopping.wait_for(|stopping| *stopping) => return None,
            };
            tokio::time::sleep(GATHER).await;
            if alerts {
                self.alerts.mark_unchanged();
                // Without an id: the moment of the last figures stays what the reader goes on from.
                return Some(Event::default().event("alerts").data("{}"));
            }
        }
    }
}

/// What several changes have changed for a reader, by day.
fn gathered(filter: &Filter, changes: &[Arc<Change>]) -> BTreeMap<i32, Touch> {
    let mut days: BTreeMap<i32, Touch> = BTreeMap::new();
    for (day, touch) in changes.iter().flat_map(|change| &change.days) {
        let Some(touch) = filter.of(touch) else { continue };
        match days.get_mut(day) {
            None => drop(days.insert(*day, touch)),
            Some(known) => known.add(touch),
        }
    }
    days
}

fn told(engine: &Engine, days: &BTreeMap<i32, Touch>) -> Vec<Changed> {
    let changed = |(day, touch): (&i32, &Touch)| Changed {
        day: time::date(*day).to_string(),
        figures: engine.reading(&touch.tables).map(str::to_owned).collect(),
        classes: touch
            .classes
            .as_ref()
            .filter(|classes| classes.len() <= LISTED)
            .map(|classes| classes.iter().cloned().collect()),
    };
    days.iter().map(changed).collect()
}
