//! How long the events of each kind are kept.
//!
//! Promises: a kind without a term is kept for ever; what goes is said before it goes (dry run). The figures of days that went
//! stay as they were: rollups keep those days and never compute them anew from what is left (see [`crate::rollup`]), so a late
//! event for such a day changes no figure and goes with the next round.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use xueqing_lake::{Error as LakeError, Table};
use xueqing_schema::Kind;
use xueqing_schema::time::date;

use crate::closing::{self, Calendar};
use crate::{Ingest, Result};

/// Days that the events of a kind are kept, by the district; they go before the kind's own.
pub(crate) type Terms = BTreeMap<String, u32>;

/// What went of one kind, or would go.
#[derive(Debug, Clone, Serialize)]
pub struct Expired {
    pub kind: String,
    pub table: String,
    /// Days that its events are kept.
    pub retention_days: u32,
    /// The first day that stays.
    pub from: String,
    pub days: usize,
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
}

impl Ingest {
    /// Takes out the days that are older than their kind's term; with `dry_run` only says which. Kinds that are kept for ever
    /// are not named.
    ///
    /// # Errors
    /// What the lake says; the days taken out before are gone.
    pub async fn retain(&self, dry_run: bool) -> Result<Vec<Expired>> {
        let setup = self.setup();
        let (calendar, terms) = (Calendar::of(setup), &setup.options.retention);
        let mut expired = Vec::new();
        for (kind, table) in closing::dated(&setup.standard, self.tables())? {
            let Some((retention_days, from)) = first_kept(&kind, terms, &calendar) else { continue };
            table.refresh().await?;
            let gone = if dry_run { table.before(from) } else { table.drop_before(from).await? };
            expired.push(Expired {
                kind: kind.name.clone(),
                table: table.name().to_owned(),
                retention_days,
                from: date(from).to_string(),
                days: gone.days.len(),
                files: gone.files,
                rows: gone.rows,
                bytes: gone.bytes,
            });
        }
        Ok(expired)
    }
}

/// Takes out what is older than the kind's term.
pub(crate) async fn retire(kind: &Arc<Kind>, table: &Table, terms: &Terms, calendar: &Calendar) -> Result<(), LakeError> {
    if let Some((_, from)) = first_kept(kind, terms, calendar) {
        table.drop_before(from).await?;
    }
    Ok(())
}

/// The term of a kind and the first day that it leaves.
fn first_kept(kind: &Kind, terms: &Terms, calendar: &Calendar) -> Option<(u32, i32)> {
    let days = terms.get(&kind.name).copied().or(kind.retention_days)?;
    Some((days, calendar.today().saturating_sub(i32::try_from(days).unwrap_or(i32::MAX))))
}
