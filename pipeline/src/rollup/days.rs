//! The days in memory: of each the current rows as far as rollups look at them, and every rollup's rows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use xueqing_lake::{DataFile, Table};

use super::keyed::{Keyed, Touched};
use super::ledger::Ledger;
use super::live::{Class, Touch};
use super::{Maintained, Signed, Source};
use crate::texts::Texts;
use crate::{Error, Result};

/// Rows after which the SQL is run, when a day has many.
const CHUNK: usize = 1 << 17;

/// All of them, as of one moment.
#[derive(Default)]
pub(super) struct Days {
    pub by_day: BTreeMap<i32, Day>,
    /// The versions of the kinds' tables, added up: goes up with every commit.
    pub moment: i64,
    revisions: i64,
}

impl Days {
    /// The number of a day's change.
    pub fn next_revision(&mut self) -> i64 {
        self.revisions += 1;
        self.revisions
    }
}

/// One day. What readers see is shared with them, and copied only if they still look at it when it changes.
pub(super) struct Day {
    pub texts: Arc<Texts>,
    ledgers: BTreeMap<String, Ledger>,
    /// By rollup.
    pub states: Vec<Arc<Keyed>>,
    /// Whether the rollup is what its sources give: not for what retention has taken out of them.
    pub whole: Vec<bool>,
    /// The number of its last change: no two changes of days have the same.
    pub revision: i64,
    /// When events last came for it while it was in memory.
    pub streaming: Option<Instant>,
}

impl Day {
    pub fn new(ordered: &[Maintained], whole: Vec<bool>) -> Self {
        let states = ordered.iter().map(|maintained| Arc::new(Keyed::new(&maintained.shape))).collect();
        Self { texts: Arc::default(), ledgers: BTreeMap::new(), states, whole, revision: 0, streaming: None }
    }

    /// About what it takes in memory.
    pub fn footprint(&self) -> usize {
        let ledgers: usize = self.ledgers.values().map(Ledger::footprint).sum();
        self.texts.footprint() + ledgers + self.states.iter().map(|state| state.footprint()).sum::<usize>()
    }

    /// Takes in the rows of files, each of a kind; what that has touched.
    pub async fn take_in(
        &mut self,
        ordered: &[Maintained],
        kinds: &BTreeMap<String, Source>,
        files: &[(String, DataFile)],
    ) -> Result<Touch> {
        let mut touched: Vec<Touched> = Vec::new();
        touched.resize_with(ordered.len(), Touched::default);
        for (kind, Source { layout, .. }) in kinds {
            let rows: u64 = files.iter().filter(|(of, _)| of == kind).map(|(_, file)| file.rows).sum();
            self.ledgers.entry(kind.clone()).or_default().reserve(layout, usize::try_from(rows).unwrap_or_default());
        }
        // While the SQL runs over one chunk, the next is read.
        let (mut changes, mut runs, mut rows) = (Changes::new(), Runs::new(), 0);
        for (kind, file) in files {
            let Some(Source { table, layout }) = kinds.get(kind) else { continue };
            for batch in table.rows(file, &layout.columns()).await? {
                let ledger = self.ledgers.entry(kind.clone()).or_default();
                let change = ledger.apply(layout, Arc::make_mut(&mut self.texts), &batch?)?;
                rows += change.rows();
                changes.entry(kind.clone()).or_default().append(change);
                if rows >= CHUNK {
                    let next = begin(ordered, 0..ordered.len(), &std::mem::take(&mut changes));
                    self.merge(ordered, std::mem::replace(&mut runs, next), &mut touched).await?;
                    rows = 0;
                }
                tokio::task::yield_now().await;
            }
        }
        runs.extend(begin(ordered, 0..ordered.len(), &changes));
        self.merge(ordered, runs, &mut touched).await?;
        let touch = self.touch(ordered, files, &touched);
        self.hand_on(ordered, touched).await?;
        Ok(touch)
    }

    /// Adds up what the SQL gives.
    async fn merge(&mut self, ordered: &[Maintained], runs: Runs, touched: &mut [Touched]) -> Result<()> {
        for (index, sign, run) in runs {
            let batches = run.await.map_err(|stopped| Error::Read { reason: stopped.to_string() })??;
            let (state, texts) = (Arc::make_mut(&mut self.states[index]), Arc::make_mut(&mut self.texts));
            for batch in batches {
                state.merge(&ordered[index].shape, texts, &batch, sign, &mut touched[index])?;
            }
        }
        Ok(())
    }

    fn touch(&self, ordered: &[Maintained], files: &[(String, DataFile)], touched: &[Touched]) -> Touch {
        let kinds: BTreeSet<&String> = files.iter().map(|(kind, _)| kind).collect();
        let concerned = |maintained: &&Maintained| maintained.kinds.iter().any(|kind| kinds.contains(kind));
        let rollups = ordered.iter().filter(concerned).map(|maintained| &maintained.rollup.name);
        let tables = rollups.chain(kinds.iter().copied()).cloned().collect();
        let rows = ordered.iter().zip(&self.states).zip(touched).filter(|(_, touched)| !touched.is_empty());
        let classes = rows.map(|((maintained, state), touched)| state.classes(&maintained.shape, &self.texts, touched));
        let classes: Option<Vec<BTreeSet<Class>>> = classes.collect();
        Touch { tables, classes: classes.map(|classes| classes.into_iter().flatten().collect()) }
    }

    /// Hands on what has changed in the rollups of kinds, from rollup to rollup.
    async fn hand_on(&mut self, ordered: &[Maintained], mut touched: Vec<Touched>) -> Result<()> {
        for (index, maintained) in ordered.iter().enumerate() {
            let mut changes = Changes::new();
            for (place, source) in ordered[..index].iter().enumerate() {
                if maintained.rollup.from.contains(&source.rollup.name) && !touched[place].is_empty() {
                    let together = maintained.rollup.together.as_ref();
                    let read = maintained.reads.get(&source.rollup.name).map_or(&[] as &[usize], Vec::as_slice);
                    let change = self.states[place].signed(&source.shape, &self.texts, &touched[place], read, together)?;
                    changes.insert(source.rollup.name.clone(), change);
                }
            }
            self.merge(ordered, begin(ordered, index..index + 1, &changes), &mut touched).await?;
        }
        for (state, touched) in self.states.iter_mut().zip(&touched) {
            Arc::make_mut(state).settle(touched);
        }
        Ok(())
    }
}

/// By source.
type Changes = BTreeMap<String, Signed>;
/// SQL that runs, by rollup: over rows to be added, or to be taken away.
type Runs = Vec<(usize, i64, JoinHandle<Result<Vec<RecordBatch>>>)>;

/// Begins to run the SQL of rollups over the changes of their sources.
fn begin(ordered: &[Maintained], rollups: Range<usize>, changes: &Changes) -> Runs {
    let mut runs = Runs::new();
    for index in rollups {
        let Maintained { rollup, sql, .. } = &ordered[index];
        for sign in [-1, 1] {
            let side = |from: &String| Some((from.clone(), changes.get(from)?.side(sign).to_vec()));
            let inputs: Vec<_> = rollup.from.iter().filter_map(side).filter(|(_, batches)| !batches.is_empty()).collect();
            if !inputs.is_empty() {
                let sql = Arc::clone(sql);
                runs.push((index, sign, tokio::spawn(async move { sql.run(inputs).await })));
            }
        }
    }
    runs
}

/// The files of a day, of every kind that rollups read.
pub(super) fn files(kinds: &BTreeMap<String, Source>, day: i32) -> Vec<(String, DataFile)> {
    let of = |(kind, source): (&String, &Source)| {
        let files = Table::files(&source.table).into_iter().filter(|file| file.day == Some(day));
        files.map(|file| (kind.clone(), file)).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(of).collect()
}
