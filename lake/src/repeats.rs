//! Which rows of some files a later row of the same key replaces.
//!
//! Invariants: of each key exactly the row with the highest (revision, seq) is left; memory depends on [`SHARE_ROWS`] and on
//! the number of repeats, not on the number of rows: keys are compared share by share, each share in a pass of its own over
//! the key columns. Keys are told apart by 128 bits of SHA-256.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::row::{RowConverter, SortField};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, ident};
use futures::StreamExt;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use sha2::{Digest, Sha256};

use crate::encode::SEQ;

const REVISION: &str = "revision";

/// Keys that are held at a time.
const SHARE_ROWS: u64 = 2_000_000;

/// The `seq` of every replaced row among `rows`, sorted. `count` is about how many rows there are.
pub(crate) async fn replaced(rows: &DataFrame, key: &[String], count: u64) -> PlanResult<Vec<i64>> {
    let shares = count.div_ceil(SHARE_ROWS).max(1);
    let revised = rows.schema().has_column_with_unqualified_name(REVISION);
    let columns = key.iter().map(String::as_str).chain(revised.then_some(REVISION)).chain([SEQ]);
    let columns: Vec<Expr> = columns.map(ident).collect();
    let mut replaced = Vec::new();
    for share in 0..shares {
        let mut stream = rows.clone().select(columns.clone())?.execute_stream().await?;
        let mut newest = Newest { best: HashMap::new(), replaced: &mut replaced, share, shares };
        while let Some(batch) = stream.next().await {
            newest.see(&batch?, key.len())?;
        }
    }
    replaced.sort_unstable();
    Ok(replaced)
}

/// The best row of each key of one share so far.
struct Newest<'a> {
    best: HashMap<u128, (i64, i64)>,
    replaced: &'a mut Vec<i64>,
    share: u64,
    shares: u64,
}

impl Newest<'_> {
    fn see(&mut self, batch: &RecordBatch, keys: usize) -> PlanResult<()> {
        let columns = &batch.columns()[..keys];
        let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(columns)?;
        let seq = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>();
        let revision = (batch.num_columns() > keys + 1).then(|| batch.column(keys).as_primitive::<Int64Type>());
        for (row, key) in rows.iter().enumerate() {
            let key = told_apart(key.as_ref());
            if (key >> 64) as u64 % self.shares == self.share {
                let revision = revision.filter(|column| column.is_valid(row)).map_or(i64::MIN, |column| column.value(row));
                self.keep(key, (revision, seq.value(row)));
            }
        }
        Ok(())
    }

    fn keep(&mut self, key: u128, candidate: (i64, i64)) {
        match self.best.entry(key) {
            Entry::Vacant(place) => {
                place.insert(candidate);
            }
            Entry::Occupied(mut place) => {
                let (winner, loser) = (candidate.max(*place.get()), candidate.min(*place.get()));
                self.replaced.push(loser.1);
                place.insert(winner);
            }
        }
    }
}

fn told_apart(key: &[u8]) -> u128 {
    let digest = Sha256::digest(key);
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(half)
}
