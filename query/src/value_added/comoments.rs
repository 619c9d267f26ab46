//! The aggregate `comoments(x…, y)`: how many rows are complete, the means of the columns and their cross products, in one pass.
//!
//! Promise: sums are taken about a first value of each group and merged about the means (Chan, Golub and LeVeque 1979), so that no digits
//! are lost to the size of the values, however many rows, partitions or machines share the work.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, FixedSizeListArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, TypeSignature, Volatility,
};
use xueqing_lake::{OneGroup, is_counted};

/// Before the means: the complete rows, those without the last column, those with it and without another.
pub(super) const COUNTS: usize = 3;

/// The aggregate; its answer is a list of the counts, the means, and the lower triangle of the cross products about them, by rows.
pub fn comoments() -> AggregateUDF {
    let signature = Signature::new(TypeSignature::VariadicAny, Volatility::Immutable);
    AggregateUDF::from(Comoments { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Comoments {
    signature: Signature,
}

fn triangle(columns: usize) -> usize {
    columns * (columns + 1) / 2
}

fn item() -> FieldRef {
    Arc::new(Field::new("item", DataType::Float64, false))
}

fn list(columns: usize) -> DataType {
    DataType::FixedSizeList(item(), (COUNTS + columns + triangle(columns)) as i32)
}

impl AggregateUDFImpl for Comoments {
    fn name(&self) -> &str {
        "comoments"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(list(arguments.len()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[comoments]", args.name), list(args.input_fields.len()), true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let mut sums = Sums::new(args.exprs.len());
        sums.grow(1);
        Ok(Box::new(OneGroup::new(sums)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Sums::new(args.exprs.len())))
    }
}

/// The running sums of all groups, one stretch each: the counts, a first value of each column, the sums and the cross products about it.
#[derive(Clone, Debug)]
struct Sums {
    columns: usize,
    values: Vec<f64>,
}

impl Sums {
    fn new(columns: usize) -> Self {
        Self { columns, values: Vec::new() }
    }

    fn stride(&self) -> usize {
        COUNTS + 2 * self.columns + triangle(self.columns)
    }

    fn group(&mut self, group: usize) -> &mut [f64] {
        let stride = self.stride();
        &mut self.values[group * stride..(group + 1) * stride]
    }

    /// Adds one row; what is not finite is missing.
    fn add(&mut self, group: usize, row: &mut [f64]) {
        let k = self.columns;
        let own = self.group(group);
        if !row[k - 1].is_finite() {
            own[1] += 1.0;
            return;
        }
        if !row.iter().all(|value| value.is_finite()) {
            own[2] += 1.0;
            return;
        }
        let (counts, rest) = own.split_at_mut(COUNTS);
        let (first, rest) = rest.split_at_mut(k);
        let (sums, products) = rest.split_at_mut(k);
        if counts[0] == 0.0 {
            first.copy_from_slice(row);
        }
        counts[0] += 1.0;
        let mut at = 0;
        for i in 0..k {
            row[i] -= first[i];
            sums[i] += row[i];
            for j in 0..=i {
                products[at + j] += row[i] * row[j];
            }
            at += i + 1;
        }
    }

    /// Adds rows of one group that have every value, column by column.
    fn add_run(&mut self, group: usize, columns: &[&[f64]]) {
        let k = self.columns;
        let own = self.group(group);
        let (counts, rest) = own.split_at_mut(COUNTS);
        let (first, rest) = rest.split_at_mut(k);
        let (sums, products) = rest.split_at_mut(k);
        if counts[0] == 0.0 {
            first.iter_mut().zip(columns).for_each(|(first, column)| *first = column[0]);
        }
        counts[0] += columns[0].len() as f64;
        let mut products = products.iter_mut();
        for (i, (x, from)) in columns.iter().zip(&*first).enumerate() {
            sums[i] += x.iter().map(|x| x - from).sum::<f64>();
            for ((y, base), product) in columns[..=i].iter().zip(&*first).zip(&mut products) {
                *product += x.iter().zip(*y).map(|(x, y)| (x - from) * (y - base)).sum::<f64>();
            }
        }
    }

    /// Adds what another part of the data gave for a group.
    fn merge(&mut self, group: usize, part: &[f64]) {
        let k = self.columns;
        let own = self.group(group);
        let (counts, rest) = own.split_at_mut(COUNTS);
        let (first, rest) = rest.split_at_mut(k);
        let (sums, products) = rest.split_at_mut(k);
        let (more, parts) = part.split_at(COUNTS);
        let (means, others) = parts.split_at(k);
        if counts[0] == 0.0 {
            first.copy_from_slice(means);
        }
        counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        let mut at = 0;
        for i in 0..k {
            let gap = means[i] - first[i];
            sums[i] += more[0] * gap;
            for j in 0..=i {
                products[at] += others[at] + more[0] * gap * (means[j] - first[j]);
                at += 1;
            }
        }
    }

    /// What is known of the first `groups` groups, about their means.
    fn centred(&self, groups: usize) -> Vec<f64> {
        let k = self.columns;
        let mut centred = Vec::with_capacity(groups * (COUNTS + k + triangle(k)));
        for own in self.values.chunks_exact(self.stride()).take(groups) {
            let (n, sums, products) = (own[0].max(1.0), &own[COUNTS + k..COUNTS + 2 * k], &own[COUNTS + 2 * k..]);
            centred.extend_from_slice(&own[..COUNTS]);
            centred.extend((0..k).map(|i| own[COUNTS + i] + sums[i] / n));
            let pairs = (0..k).flat_map(|i| (0..=i).map(move |j| (i, j)));
            centred.extend(pairs.zip(products).map(|((i, j), product)| product - sums[i] * sums[j] / n));
        }
        centred
    }

    fn emit(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let all = self.values.len() / self.stride();
        let groups = match emit_to {
            EmitTo::All => all,
            EmitTo::First(n) => n,
        };
        let values = Float64Array::from(self.centred(groups));
        self.values.drain(..groups * self.stride());
        let size = (COUNTS + self.columns + triangle(self.columns)) as i32;
        Ok(Arc::new(FixedSizeListArray::try_new(item(), size, Arc::new(values), None)?))
    }

    fn grow(&mut self, groups: usize) {
        self.values.resize(groups * self.stride(), 0.0);
    }
}

impl GroupsAccumulator for Sums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let columns: Vec<&Float64Array> = values.iter().map(|values| values.as_primitive::<Float64Type>()).collect();
        let whole = columns.iter().all(|column| column.null_count() == 0) && opt_filter.is_none();
        let mut row = vec![0.0; self.columns];
        let mut start = 0;
        for run in group_indices.chunk_by(|one, next| one == next) {
            let rows = start..start + run.len();
            start = rows.end;
            let stretches: Vec<&[f64]> = columns.iter().map(|column| &column.values()[rows.clone()]).collect();
            if whole && stretches.iter().all(|values| values.iter().all(|value| value.is_finite())) {
                self.add_run(run[0], &stretches);
                continue;
            }
            for at in rows.filter(|at| is_counted(opt_filter, *at)) {
                for (value, column) in row.iter_mut().zip(&columns) {
                    *value = if column.is_valid(at) { column.value(at) } else { f64::NAN };
                }
                self.add(run[0], &mut row);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.grow(total_num_groups);
        let lists = values[0].as_fixed_size_list();
        let (size, values) = (lists.value_length() as usize, lists.values().as_primitive::<Float64Type>().values());
        for (at, &group) in group_indices.iter().enumerate().filter(|(at, _)| lists.is_valid(*at)) {
            let from = lists.value_offset(at) as usize;
            self.merge(group, &values[from..from + size]);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.emit(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.emit(emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self::new(self.columns);
        GroupsAccumulator::update_batch(&mut each, values, &(0..rows).collect::<Vec<_>>(), opt_filter, rows)?;
        Ok(vec![each.emit(EmitTo::All)?])
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<f64>()
    }
}
