//! From a table to a multilevel model's moments: one aggregate by the model's groups, wherever the engine runs.
//!
//! Promise: each row is counted once – used, without a response, without a prior, or without a group – and none is held in memory.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, cast as cast_to, ident, lit, when};

use super::comoments::{COUNTS, comoments};
use super::multilevel::{CellMoments, Coverage, Factor, Model, Moments};

const CELL: &str = "comoments";
const MOVED: &str = "moved";

/// The moments of `model` over the rows of `frame`, which holds its columns by name.
pub async fn gather(frame: DataFrame, model: &Model) -> Result<Moments> {
    let batches = aggregate(frame, model)?.collect().await?;
    read(&batches, model)
}

fn aggregate(frame: DataFrame, model: &Model) -> Result<DataFrame> {
    let number = |column: &String| cast_to(ident(column), DataType::Float64);
    let columns: Vec<Expr> = model.covariates.iter().map(|c| &c.column).chain([&model.response]).map(number).collect();
    let complete = columns.iter().cloned().map(Expr::is_not_null).reduce(Expr::and);
    let mut figures = vec![comoments().call(columns).alias(CELL)];
    if let (Some(moved), Some(complete)) = (&model.moved, complete) {
        let counted = when(complete.and(cast_to(ident(moved), DataType::Boolean)), lit(1_i64)).otherwise(lit(0_i64))?;
        figures.push(sum(counted).alias(MOVED));
    }
    let keys = || model.groupings.iter().rev().map(|grouping| ident(&grouping.column));
    // In an order of their own, so that answers can be repeated.
    frame.aggregate(keys().rev().collect(), figures)?.sort(keys().map(|key| key.sort(true, false)).collect())
}

fn read(batches: &[RecordBatch], model: &Model) -> Result<Moments> {
    let (levels, columns) = (model.groupings.len(), model.covariates.len() + 1);
    let mut coverage = Coverage { moved: model.moved.is_some().then_some(0), ..Coverage::default() };
    let mut factors: Vec<Names> = (0..levels).map(|_| Names::default()).collect();
    let mut cells = Vec::new();
    for batch in batches {
        let keys = batch.columns()[..levels].iter().map(|key| cast(key, &DataType::Utf8)).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<&StringArray> = keys.iter().map(|key: &ArrayRef| key.as_string()).collect();
        let lists = batch.column(levels).as_fixed_size_list();
        let size = lists.value_length() as usize;
        let values = lists.values().as_primitive::<Float64Type>().values();
        for row in 0..batch.num_rows() {
            let cell = &values[row * size..(row + 1) * size];
            let known = keys.iter().all(|key| key.is_valid(row));
            coverage.add(cell, known);
            if !known || cell[0] == 0.0 {
                continue;
            }
            if let Some(moved) = &mut coverage.moved {
                *moved += batch.column(levels + 1).as_primitive::<Int64Type>().value(row) as u64;
            }
            factors.iter_mut().zip(&keys).for_each(|(factor, key)| factor.add(key.value(row)));
            cells.extend_from_slice(cell);
        }
    }
    let moments = |cell: &'_ [f64]| (cell[0], COUNTS + columns);
    let size = COUNTS + columns + columns * (columns + 1) / 2;
    let cells = cells.chunks_exact(size).map(|cell| {
        let (n, products) = moments(cell);
        CellMoments { n, means: &cell[COUNTS..products], products: &cell[products..] }
    });
    Ok(Moments::from_cells(factors.into_iter().map(|names| names.factor).collect(), columns, cells, coverage))
}

impl Coverage {
    /// Counts the rows of a cell, whose groups are all known or not.
    fn add(&mut self, cell: &[f64], known: bool) {
        let [complete, no_response, no_prior] = [cell[0], cell[1], cell[2]].map(|count| count as u64);
        self.pupils += complete + no_response + no_prior;
        self.no_response += no_response;
        self.no_prior += no_prior;
        if known { self.complete += complete } else { self.no_group += complete }
    }
}

/// The names of a grouping, in the order in which they come.
#[derive(Default)]
struct Names {
    factor: Factor,
    places: HashMap<String, u32>,
}

impl Names {
    fn add(&mut self, name: &str) {
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            let next = self.factor.names.len() as u32;
            self.factor.names.push(name.to_owned());
            self.places.insert(name.to_owned(), next);
            next
        });
        self.factor.of_cell.push(place);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float32Array, Int64Array};
    use arrow::datatypes::{Field, Schema};
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    fn table(rows: usize) -> RecordBatch {
        let schools: StringArray = (0..rows).map(|i| (i % 97 != 0).then(|| format!("s{}", i % 7))).collect();
        let classes: Int64Array = (0..rows).map(|i| Some(i as i64 % 3)).collect();
        let x: Float32Array = (0..rows).map(|i| (i % 11 != 0).then_some(1e6 + (i * i % 64) as f32)).collect();
        let y: Int64Array = (0..rows).map(|i| (i % 13 != 0).then_some((i * 31 % 101) as i64)).collect();
        let moved: arrow::array::BooleanArray = (0..rows).map(|i| Some(i % 5 == 0)).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("School", Arc::new(schools)),
            ("class", Arc::new(classes)),
            ("x", Arc::new(x)),
            ("y", Arc::new(y)),
            ("moved", Arc::new(moved)),
        ];
        let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
        let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
        RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, column)| column).collect()).unwrap()
    }

    #[tokio::test]
    async fn the_aggregate_gives_what_the_rows_give() {
        let whole = table(5000);
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3).with_batch_size(64));
        let parts = (0..10).map(|part| whole.slice(part * 500, 500));
        let source = datafusion::datasource::MemTable::try_new(whole.schema(), parts.map(|part| vec![part]).collect()).unwrap();
        context.register_table("t", Arc::new(source)).unwrap();
        let text = r#"
            response = "y"
            covariates = [{ column = "x" }]
            groupings = [{ column = "class", grain = "class" }, { column = "School", grain = "school" }]
            moved = "moved"
        "#;
        let own = gather(context.table("t").await.unwrap(), &toml::from_str(text).unwrap()).await.unwrap();
        let usable: Vec<usize> = (0..5000).filter(|i| i % 11 != 0 && i % 13 != 0 && i % 97 != 0).collect();
        let keys = [usable.iter().map(|i| (i % 3).to_string()).collect(), usable.iter().map(|i| format!("s{}", i % 7)).collect()];
        let columns =
            [usable.iter().map(|i| 1e6 + (i * i % 64) as f64).collect(), usable.iter().map(|i| (i * 31 % 101) as f64).collect()];
        let rows = Moments::from_rows(&keys, &columns);
        let count = |test: &dyn Fn(&usize) -> bool| (0..5000).filter(|i| test(i)).count() as u64;
        let coverage = Coverage {
            pupils: 5000,
            complete: usable.len() as u64,
            no_response: count(&|i| i % 13 == 0),
            no_prior: count(&|i| i % 13 != 0 && i % 11 == 0),
            no_group: count(&|i| i % 13 != 0 && i % 11 != 0 && i % 97 == 0),
            moved: Some(usable.iter().filter(|i| *i % 5 == 0).count() as u64),
        };
        assert_eq!(own.coverage, coverage);
        assert_eq!(own.cells(), rows.cells());
        own.means.iter().zip(&rows.means).for_each(|(own, row)| assert!((own - row).abs() <= 1e-12 * row.abs()));
        let sorted = |moments: &Moments| {
            let name = |level: usize, cell: usize| {
                let factor = &moments.factors[level];
                factor.names[factor.of_cell[cell] as usize].clone()
            };
            let cells = moments.products.chunks(9).enumerate();
            cells
                .map(|(cell, products)| ((name(0, cell), name(1, cell)), products.to_vec()))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        for (own, row) in sorted(&own).into_iter().zip(sorted(&rows)) {
            assert_eq!(own.0, row.0);
            own.1
                .iter()
                .zip(&row.1)
                .for_each(|(own, row)| assert!((own - row).abs() <= 1e-11 * 1e5_f64.max(row.abs()), "{own} {row}"));
        }
    }

    #[tokio::test]
    async fn whole_runs_of_a_group_give_what_the_rows_give() {
        let rows = 3000;
        let names: Vec<String> = (0..rows).map(|i| format!("s{}", i / 170)).collect();
        let x: Vec<f64> = (0..rows).map(|i| 500.0 + (i * i % 64) as f64).collect();
        let y: Vec<f64> = (0..rows).map(|i| if i == 77 { f64::INFINITY } else { (i * 31 % 101) as f64 }).collect();
        let column = |values: &Vec<f64>| Arc::new(arrow::array::Float64Array::from(values.clone())) as ArrayRef;
        let school = Arc::new(StringArray::from(names.clone())) as ArrayRef;
        let batch = RecordBatch::try_from_iter([("school", school), ("x", column(&x)), ("y", column(&y))]).unwrap();
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2).with_batch_size(1000));
        let frame = context.read_batch(batch).unwrap();
        let text =
            "response = \"y\"\ncovariates = [{ column = \"x\" }]\ngroupings = [{ column = \"school\", grain = \"school\" }]";
        let own = gather(frame, &toml::from_str(text).unwrap()).await.unwrap();
        let kept = Moments::from_rows(&[names], &[x, y]);
        assert_eq!(own.coverage, kept.coverage);
        assert_eq!(own.coverage.no_response, 1);
        let order = |moments: &Moments| {
            moments.factors[0].of_cell.iter().map(|group| moments.factors[0].names[*group as usize].clone()).collect::<Vec<_>>()
        };
        for (name, cell) in order(&own).iter().zip(own.products.chunks(9)) {
            let at = order(&kept).iter().position(|other| other == name).unwrap();
            cell.iter().zip(&kept.products[at * 9..]).for_each(|(own, row)| assert!((own - row).abs() < 1e-8, "{own} {row}"));
        }
    }
}
