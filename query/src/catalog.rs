//! What a query can see: the current rows of every kind by its name, the rollups by theirs, the code sets as `code_<set>`,
//! the rejects without their text as `rejects`.
//!
//! Invariants: a query sees one version of each table, all pinned together after they were refreshed – of rollups the days that are held
//! in memory, all of one moment, and the others from disk; nothing else is visible – not
//! the quarantine with its raw text, no file, no URL. A kind that has no rows yet is an empty table, not an error.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use chrono::NaiveDate;
use chrono_tz::Tz;
use datafusion::catalog::memory::{MemoryCatalogProvider, MemoryCatalogProviderList};
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::Result as EngineResult;
use datafusion::prelude::SessionContext;
use xueqing_lake::{Held, Lake, Table};
use xueqing_schema::{CodeSet, Kind, SEQ, Standard};

use crate::engine::{CATALOG, SCHEMA};
use crate::places::{Dated, PREPARED, Place, Places};
use crate::suppose::Supposed;
use crate::{Error, rejects};

const ROLLUPS: &str = "rollups/";

type Provider = Arc<dyn TableProvider>;

/// Names and where they lead.
pub(crate) struct Catalog {
    lake: Lake,
    kinds: BTreeMap<String, Arc<Kind>>,
    codes: BTreeMap<String, Provider>,
    timezone: Tz,
    /// The view of a table at the version last asked for.
    views: Mutex<HashMap<String, (i64, Provider)>>,
    places: Places,
}

/// The tables of one query, each at one version.
#[derive(Debug, Default)]
pub(crate) struct Pinned {
    names: BTreeSet<String>,
    /// What a statement names itself.
    pub asked: BTreeSet<String>,
    tables: BTreeMap<String, Provider>,
    /// Rollups, what is added up, and what is only behind that.
    moving: BTreeSet<String>,
    /// Whether all that is to be added up is.
    pub added_up: bool,
    pub as_of: BTreeMap<String, i64>,
}

impl Catalog {
    pub(crate) fn new(lake: Lake, standard: &Standard, timezone: Tz, places: Places) -> Result<Self, Error> {
        let kinds = standard.kinds().map(|kind| (kind.name.clone(), kind.clone())).collect();
        let named = |set: &Arc<CodeSet>| code_table(set).map(|table| (format!("code_{}", set.name), table));
        let codes = standard.code_sets().map(named).collect::<EngineResult<_>>().map_err(Error::internal)?;
        Ok(Self { lake, kinds, codes, timezone, views: Mutex::default(), places })
    }

    /// Every name that a query can use.
    pub(crate) async fn names(&self) -> Result<BTreeSet<String>, Error> {
        let stored = self.lake.names().await?;
        let rollups = stored.iter().filter_map(|name| name.strip_prefix(ROLLUPS)).map(str::to_owned);
        let rejects = [rejects::NAME.to_owned()];
        Ok(self.kinds.keys().chain(self.codes.keys()).cloned().chain(rollups).chain(rejects).collect())
    }

    /// Brings the `wanted` tables up to date, then pins them together. Names that lead nowhere are left out.
    pub(crate) async fn pin(&self, context: &SessionContext, wanted: &BTreeSet<String>) -> Result<Pinned, Error> {
        self.pin_for(context, wanted, self.places.question()).await
    }

    async fn pin_for(&self, context: &SessionContext, wanted: &BTreeSet<String>, question: u64) -> Result<Pinned, Error> {
        let places: Vec<Place> = wanted.iter().filter_map(|name| self.places.named(name)).collect();
        let behind: BTreeSet<String> = places.iter().flat_map(Place::reads).map(str::to_owned).collect();
        let (asked, wanted) = (wanted.clone(), &(wanted | &behind));
        let rollups = wanted.iter().filter(|name| !self.kinds.contains_key(*name)).map(|name| format!("{ROLLUPS}{name}"));
        let held = self.lake.held(&rollups.collect()).await;
        let mut found = Vec::new();
        for name in wanted.iter().filter(|name| !self.codes.contains_key(*name)) {
            if let Some(table) = self.table(name).await? {
                found.push((name, table));
            }
        }
        futures::future::try_join_all(found.iter().map(|(_, table)| table.refresh())).await?;
        let mut pinned = Pinned { names: wanted.clone(), asked, ..Pinned::default() };
        let mut dated = BTreeMap::new();
        for (name, table) in found {
            let held = held.get(table.name());
            let moves = table.name().starts_with(ROLLUPS);
            let by_day = moves || self.kinds.get(name).is_some_and(|kind| kind.partition().is_some());
            let (version, provider) = match held {
                _ if by_day && behind.contains(name) => {
                    let found = self.dated(context, name, &table, held)?;
                    let found = dated.entry(name.clone()).or_insert(found);
                    (found.version, Arc::clone(&found.provider))
                }
                Some(held) => (held.moment(), table.provider_over(Arc::clone(held))),
                None => self.view(context, name, &table)?,
            };
            pinned.moving.extend(moves.then(|| name.clone()));
            pinned.as_of.insert(name.clone(), version);
            pinned.tables.insert(name.clone(), provider);
        }
        self.add_unstored(wanted, &mut pinned);
        pinned.added_up = true;
        for place in &places {
            if !place.reads().all(|name| pinned.has(name)) {
                continue;
            }
            let table = self.places.table(context, place, &dated, &pinned, question).await;
            let (table, added_up) = table.map_err(|error| Error::from_engine(error, 0))?;
            pinned.added_up &= added_up;
            pinned.tables.insert(place.name.clone(), table);
            pinned.moving.insert(place.name.clone());
        }
        // What is behind rows that are added up is not in the statement's plan.
        if pinned.added_up {
            let hidden = behind.into_iter().filter(|name| !pinned.asked.contains(name)).collect::<Vec<_>>();
            pinned.moving.extend(hidden);
        }
        Ok(pinned)
    }

    /// Adds up what the rows in memory of all questions are made from, while there is room. What fails is told in the log, and added up when
    /// it is asked for.
    pub(crate) async fn add_up(&self, context: &SessionContext) {
        for name in self.places.first() {
            if let Err(error) = self.pin_for(context, &BTreeSet::from([name.clone()]), PREPARED).await {
                tracing::warn!(%error, name, "rows could not be added up beforehand");
            }
        }
    }

    /// Pins kinds as they were: each at the version that is asked for.
    pub(crate) async fn pin_at(&self, context: &SessionContext, wanted: &BTreeMap<String, i64>) -> Result<Pinned, Error> {
        let mut pinned = Pinned { names: wanted.keys().cloned().collect(), ..Pinned::default() };
        for (name, version) in wanted {
            let Some(kind) = self.kinds.get(name) else { return Err(Error::NotAKind { name: name.clone() }) };
            let Some(table) = self.table(name).await? else { continue };
            let table = table.at(*version).await?;
            let provider = xueqing_lake::current(context, &table, &kind.key, None)?.into_view();
            pinned.as_of.insert(name.clone(), *version);
            pinned.tables.insert(name.clone(), provider);
        }
        pinned.names.extend(self.codes.keys().cloned());
        pinned.tables.extend(self.codes.iter().map(|(name, codes)| (name.clone(), codes.clone())));
        Ok(pinned)
    }

    pub(crate) fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Whether a name is that of a kind, whose records can be read as they were.
    pub(crate) fn is_kind(&self, name: &str) -> bool {
        self.kinds.contains_key(name)
    }

    /// Puts supposed rows among those of their kind, if it is pinned.
    pub(crate) fn suppose(&self, context: &SessionContext, pinned: &mut Pinned, supposed: &Supposed) -> Result<(), Error> {
        let Supposed { kind: name, .. } = supposed;
        if let (Some(kind), Some(current)) = (self.kinds.get(name), pinned.tables.get(name)) {
            let provider = supposed.over(context, current.clone(), &kind.key).map_err(Error::internal)?;
            pinned.tables.insert(name.clone(), provider);
        }
        Ok(())
    }

    async fn table(&self, name: &str) -> Result<Option<Table>, Error> {
        let stored = match self.kinds.get(name) {
            Some(kind) => kind.table_name(),
            None if name == rejects::NAME => rejects::TABLE.to_owned(),
            None => format!("{ROLLUPS}{name}"),
        };
        match self.lake.existing(&stored).await {
            // A name that no table can have leads nowhere.
            Err(xueqing_lake::Error::Name { .. }) => Ok(None),
            other => Ok(other?),
        }
    }

    /// A table's newest version, with what there is of each day.
    fn dated(&self, context: &SessionContext, name: &str, table: &Table, held: Option<&Arc<dyn Held>>) -> Result<Dated, Error> {
        loop {
            let (version, days) = Dated::days(table, held);
            let (found, provider) = match held {
                Some(held) => {
                    let provider = table.provider_over(Arc::clone(held));
                    (table.version(), provider)
                }
                None => self.view(context, name, table)?,
            };
            if found == version {
                return Ok(Dated { version: held.map_or(version, |held| held.moment()), provider, days });
            }
        }
    }

    /// The table's newest version and the view of exactly that version: another task may move the table on meanwhile.
    fn view(&self, context: &SessionContext, name: &str, table: &Table) -> Result<(i64, Provider), Error> {
        loop {
            let version = table.version();
            if let Some((_, provider)) = self.views().get(name).filter(|(at, _)| *at == version) {
                return Ok((version, provider.clone()));
            }
            let provider = match self.kinds.get(name) {
                Some(kind) => xueqing_lake::current(context, table, &kind.key, None)?.into_view(),
                None if name == rejects::NAME => rejects::view(context, table, self.timezone).map_err(Error::internal)?,
                None => table.provider(),
            };
            if table.version() == version {
                self.views().insert(name.to_owned(), (version, provider.clone()));
                return Ok((version, provider));
            }
        }
    }

    fn views(&self) -> MutexGuard<'_, HashMap<String, (i64, Provider)>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_unstored(&self, wanted: &BTreeSet<String>, pinned: &mut Pinned) {
        for name in wanted {
            if let Some(codes) = self.codes.get(name) {
                pinned.tables.insert(name.clone(), codes.clone());
            } else if name == rejects::NAME && !pinned.tables.contains_key(name) {
                pinned.tables.insert(name.clone(), Arc::new(EmptyTable::new(rejects::schema())));
            } else if let Some(kind) = self.kinds.get(name).filter(|_| !pinned.tables.contains_key(name)) {
                pinned.tables.insert(name.clone(), Arc::new(EmptyTable::new(current_schema(kind))));
            }
        }
    }
}

impl Pinned {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, &Provider)> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Provider> {
        self.tables.get(name)
    }

    /// Whether a plan stays as it is when this table changes: it is of the same kind whatever it holds, or is not in the plan.
    pub(crate) fn moves(&self, name: &str) -> bool {
        self.moving.contains(name)
    }
}

#[async_trait]
impl SchemaProvider for Pinned {
    fn table_names(&self) -> Vec<String> {
        self.names.iter().filter(|name| self.has(name)).cloned().collect()
    }

    async fn table(&self, name: &str) -> EngineResult<Option<Provider>> {
        Ok(self.tables.get(name).cloned())
    }

    fn table_exist(&self, name: &str) -> bool {
        self.has(name)
    }
}

/// These tables, as those that a statement names without more.
pub(crate) fn listed(tables: Arc<dyn SchemaProvider>) -> EngineResult<Arc<dyn CatalogProviderList>> {
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, tables)?;
    let list = MemoryCatalogProviderList::new();
    list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    Ok(Arc::new(list))
}

/// The columns of a kind's current view: those of its table without `seq`.
fn current_schema(kind: &Kind) -> SchemaRef {
    let schema = kind.table_schema();
    let fields = schema.fields().iter().filter(|field| field.name() != SEQ).cloned();
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A code set as rows: code, titles, validity and one text column per attribute.
fn code_table(set: &CodeSet) -> EngineResult<Provider> {
    let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let date = |dates: Vec<Option<NaiveDate>>| {
        let days = dates.into_iter().map(|date| i32::try_from(date?.signed_duration_since(NaiveDate::default()).num_days()).ok());
        Arc::new(Date32Array::from_iter(days)) as ArrayRef
    };
    let entries = &set.entries;
    let mut columns = vec![
        ("code", text(entries.iter().map(|e| Some(e.code.as_str())).collect())),
        ("zh", text(entries.iter().map(|e| Some(e.title.zh.as_str())).collect())),
        ("en", text(entries.iter().map(|e| Some(e.title.en.as_str())).collect())),
        ("valid_from", date(entries.iter().map(|e| e.valid_from).collect())),
        ("valid_to", date(entries.iter().map(|e| e.valid_to).collect())),
    ];
    let attributes: BTreeSet<&str> = entries.iter().flat_map(|e| e.attributes.keys().map(String::as_str)).collect();
    for name in attributes {
        columns.push((name, text(entries.iter().map(|e| e.attributes.get(name).map(String::as_str)).collect())));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}
