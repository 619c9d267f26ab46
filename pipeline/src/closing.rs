//! Which days are closed, and how a kind's days are laid out.
//!
//! Promises: a day is closed on its own only when it has been over for the time that the options give, and again when rows
//! have come since; by hand at any time. Closing changes no current row.

use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Serialize;
use xueqing_lake::{CloseOptions, Closed, Error as LakeError, Table};
use xueqing_schema::time::{date, school_day};
use xueqing_schema::{DAY, FieldType, Kind, Standard};

use crate::commit::Tables;
use crate::{Clock, Ingest, Result, Setup};

/// Where a class is looked for, and in it a pupil.
const SORT: [&str; 3] = ["school", "class", "student"];

/// What day it is in the district, and for how long days stay open.
#[derive(Clone)]
pub(crate) struct Calendar {
    pub(crate) clock: Clock,
    pub(crate) zone: Tz,
    /// How long after its end a day is closed; never when not set.
    pub(crate) close_after: Option<Duration>,
}

/// A day that was closed by hand.
#[derive(Debug, Clone, Serialize)]
pub struct ClosedDay {
    pub table: String,
    pub day: String,
    #[serde(flatten)]
    pub done: Closed,
}

impl Calendar {
    pub(crate) fn of(setup: &Setup) -> Self {
        let Setup { clock, timezone, options, .. } = setup;
        Self { clock: Arc::clone(clock), zone: *timezone, close_after: options.close_after }
    }

    /// The first day that is still open.
    fn open_from(&self) -> Option<i32> {
        let after = i64::try_from(self.close_after?.as_micros()).ok()?;
        Some(school_day((self.clock)().saturating_sub(after), self.zone))
    }

    pub(crate) fn today(&self) -> i32 {
        school_day((self.clock)(), self.zone)
    }
}

impl Ingest {
    /// Closes days: of one table or all, the given one or all that are over.
    ///
    /// # Errors
    /// What the lake says; the days closed before stay closed.
    pub async fn close_days(&self, table: Option<&str>, day: Option<i32>) -> Result<Vec<ClosedDay>> {
        let calendar = Calendar::of(self.setup());
        let mut closed = Vec::new();
        for (kind, of) in dated(&self.setup().standard, self.tables())? {
            if table.is_some_and(|wanted| wanted != of.name() && wanted != kind.name) {
                continue;
            }
            of.refresh().await?;
            let over = |other: &i32| day.map_or(*other < calendar.today(), |day| day == *other);
            for day in of.days().into_iter().filter(over) {
                if let Some(done) = of.close_day(day, &options(&kind)).await? {
                    closed.push(ClosedDay { table: of.name().to_owned(), day: date(day).to_string(), done });
                }
            }
        }
        Ok(closed)
    }
}

/// The kinds of events, with their tables.
pub(crate) fn dated(standard: &Standard, tables: &Tables) -> Result<Vec<(Arc<Kind>, Table)>> {
    let dated = standard.kinds().filter(|kind| kind.partition().is_some());
    dated.map(|kind| Ok((Arc::clone(kind), tables.kind(kind)?.clone()))).collect()
}

/// Closes the days of a table that have been over for long enough.
pub(crate) async fn close_past(kind: &Arc<Kind>, table: &Table, calendar: &Calendar) -> Result<(), LakeError> {
    let Some(open_from) = calendar.open_from() else { return Ok(()) };
    table.refresh().await?;
    for day in table.days().into_iter().filter(|day| *day < open_from) {
        if !table.is_closed(day) {
            table.close_day(day, &options(kind)).await?;
        }
    }
    Ok(())
}

pub(crate) fn options(kind: &Kind) -> CloseOptions {
    let key = kind.key.iter().filter(|name| *name != DAY).cloned().collect();
    let sort = SORT.iter().filter(|name| kind.field(name).is_some()).map(|name| (*name).to_owned()).collect();
    CloseOptions { key, sort, bloom: bloom(kind), ..CloseOptions::default() }
}

/// Persons, and texts that tell records apart: what is looked up by single values.
pub(crate) fn bloom(kind: &Kind) -> Vec<String> {
    let single = |field: &&xueqing_schema::Field| match field.kind {
        FieldType::Identifier => true,
        FieldType::Text => kind.key.contains(&field.name),
        _ => false,
    };
    kind.fields.iter().filter(single).map(|field| field.name.clone()).collect()
}
