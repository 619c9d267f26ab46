//! A whole parcel into the lake, and what became of each thing in it.
//!
//! Promises: items go in one after another, and one that cannot be taken does not keep the next ones out. A sheet that does not fit the
//! mapping is left out by name when another sheet of its workbook fits; when none does, it is a failure that lists the headers found.

use std::collections::BTreeSet;

use tokio::task::spawn_blocking;

use super::{Item, Parcel};
use crate::decode::fit;
use crate::receipt::SHOWN;
use crate::{Error, Format, Identity, Ingest, Origin, Progress, Receipt};

/// What became of a parcel.
#[derive(Debug, Default)]
pub struct Delivery {
    pub taken: Vec<Taken>,
    /// Sheets that do not fit beside ones that do, and items for which there was no origin.
    pub left_out: Vec<NotTaken>,
    /// Items that were not taken to their end.
    pub failed: Vec<NotTaken>,
}

/// One item that is in.
#[derive(Debug)]
pub struct Taken {
    pub source: String,
    pub mapping: String,
    pub receipt: Receipt,
}

/// One item that is not in, or not in whole.
#[derive(Debug)]
pub struct NotTaken {
    pub source: String,
    /// Empty when there was no origin for it.
    pub mapping: String,
    /// None when there was no origin for it.
    pub error: Option<Error>,
}

impl Ingest {
    /// Takes everything that a parcel holds; `origin` says how an item is read, and None leaves it out. Everything that is told as taken
    /// is durable when this returns. Calls `progress` with an item's source.
    pub async fn submit_parcel(
        &self,
        mut parcel: Parcel,
        origin: impl Fn(&Item) -> Option<Origin> + Send,
        progress: impl Fn(&str, Progress) + Send + Sync,
    ) -> Delivery {
        let mut delivery = Delivery::default();
        loop {
            let (next, rest) = match spawn_blocking(move || (parcel.next(), parcel)).await {
                Ok(step) => step,
                Err(stopped) => {
                    let error = Some(Error::Read { reason: stopped.to_string() });
                    delivery.failed.push(NotTaken { source: String::new(), mapping: String::new(), error });
                    break;
                }
            };
            parcel = rest;
            let Some(item) = next else { break };
            let origin = origin(&item);
            self.submit_item(item, origin, &progress, &mut delivery).await;
        }
        delivery.settle();
        delivery
    }

    async fn submit_item(
        &self,
        item: Item,
        origin: Option<Origin>,
        progress: &(impl Fn(&str, Progress) + Send + Sync),
        delivery: &mut Delivery,
    ) {
        let source = item.source.clone();
        let Some(mut origin) = origin else {
            return delivery.left_out.push(NotTaken { source, mapping: String::new(), error: None });
        };
        if item.sheet.is_some() {
            origin.format = Format::Csv;
        }
        if let Identity::Named(name) = &origin.identity {
            origin.identity = Identity::Named(format!("{name} {source}"));
        }
        let mapping = origin.mapping.clone();
        let outcome = match item.open() {
            Ok(feed) => self.submit_file(feed, origin, |state| progress(&source, state)).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(receipt) => delivery.taken.push(Taken { source, mapping, receipt }),
            Err(error) => {
                let error = Some(fit::suggest(error, &mapping, self.standard()));
                delivery.failed.push(NotTaken { source, mapping, error });
            }
        }
    }
}

impl Delivery {
    /// All that was taken, as one receipt; the version is the highest.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        let mut whole = Receipt::default();
        for Taken { receipt, .. } in &self.taken {
            whole.read += receipt.read;
            whole.accepted += receipt.accepted;
            whole.rejected += receipt.rejected;
            whole.repeated += receipt.repeated;
            whole.version = whole.version.max(receipt.version);
            let room = SHOWN.saturating_sub(whole.rejects.len());
            whole.rejects.extend(receipt.rejects.iter().take(room).cloned());
        }
        whole
    }

    /// Sheets that do not fit are no failure where another sheet of their workbook fits; empty ones need no mention beside others.
    fn settle(&mut self) {
        let filled = self.taken.iter().filter(|taken| taken.receipt.read > 0).filter_map(|taken| workbook(&taken.source));
        let filled: BTreeSet<String> = filled.collect();
        let failed: BTreeSet<String> = self.failed.iter().filter_map(|failed| workbook(&failed.source)).collect();
        let among = |names: &BTreeSet<String>, source: &str| workbook(source).is_some_and(|name| names.contains(&name));
        let spoken_of = |source: &str| among(&filled, source) || among(&failed, source);
        self.taken.retain(|taken| taken.receipt.read > 0 || !spoken_of(&taken.source));
        let misfit = |error: &Option<Error>| matches!(error, Some(Error::Columns { .. } | Error::Header { .. }));
        for failed in std::mem::take(&mut self.failed) {
            let beside = misfit(&failed.error) && among(&filled, &failed.source);
            if beside { &mut self.left_out } else { &mut self.failed }.push(failed);
        }
    }
}

/// The workbook that a sheet lies in.
fn workbook(source: &str) -> Option<String> {
    Some(source.strip_suffix(']')?.rsplit_once('[')?.0.to_owned())
}
