//! The aggregates `histogram` and `histogram_sum`.

use std::sync::Arc;

use arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray, BinaryBuilder, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, TypeSignature, Volatility,
};

use super::clamped;
use super::form::{Form, encode_into};
use crate::{OneGroup, each_alone, is_counted};

/// Both functions.
pub(super) fn functions() -> [AggregateUDF; 2] {
    let whole = DataType::Int64;
    let one_or_two = vec![TypeSignature::Exact(vec![whole.clone()]), TypeSignature::Exact(vec![whole.clone(), whole])];
    let of_values = Signature::one_of(one_or_two, Volatility::Immutable);
    let of_histograms = Signature::one_of(super::either(&[]), Volatility::Immutable);
    let make = |name, signature, adds| AggregateUDF::from(Gather { name, signature, adds });
    [make("histogram", of_values, Adds::Values), make("histogram_sum", of_histograms, Adds::Histograms)]
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Adds {
    /// Whole numbers, perhaps with how often each counts.
    Values,
    Histograms,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Gather {
    name: &'static str,
    signature: Signature,
    adds: Adds,
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[{}]", args.name, self.name), DataType::Binary, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(Groups { adds: self.adds, groups: vec![Group::default()] })))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups { adds: self.adds, groups: Vec::new() }))
    }
}

#[derive(Clone, Debug)]
struct Groups {
    adds: Adds,
    groups: Vec<Group>,
}

/// What a group has so far.
#[derive(Clone, Debug, Default)]
struct Group {
    /// One histogram as it came: where there are about as many groups as rows, most stay so.
    came: Vec<u8>,
    /// The counts by value of all others.
    counts: Vec<u64>,
}

impl Group {
    /// Everything as counts.
    #[inline]
    fn counts(&mut self) -> &mut Vec<u64> {
        if !self.came.is_empty() {
            add(&mut self.counts, &std::mem::take(&mut self.came));
        }
        &mut self.counts
    }

    #[inline]
    fn add(&mut self, histogram: &[u8]) {
        match self.came.is_empty() && self.counts.is_empty() {
            true => self.came.extend(histogram),
            false => add(self.counts(), histogram),
        }
    }
}

/// Adds a histogram to counts.
#[inline]
fn add(into: &mut Vec<u64>, histogram: &[u8]) {
    match Form::of(histogram) {
        Form::Pairs(pairs) => pairs.for_each(|(value, times)| count(into, value, times)),
        Form::Bytes(first, counts) => count_from(into, first, counts.iter().map(|times| u64::from(*times))),
        Form::Run(first, counts) => count_from(into, first, counts.iter().map(|times| u64::from(u32::from_le_bytes(*times)))),
    }
}

/// Counts by value, a little beyond the highest that occurs.
#[inline]
fn count(counts: &mut Vec<u64>, value: u32, times: u64) {
    let value = value as usize;
    if value >= counts.len() {
        counts.resize((value + 1).next_multiple_of(64), 0);
    }
    counts[value] += times;
}

/// Counts of values from the first on.
#[inline]
fn count_from(counts: &mut Vec<u64>, first: u32, more: impl ExactSizeIterator<Item = u64>) {
    let first = first as usize;
    if counts.len() < first + more.len() {
        counts.resize((first + more.len()).next_multiple_of(64), 0);
    }
    counts[first..].iter_mut().zip(more).for_each(|(count, times)| *count += times);
}

impl Groups {
    fn add(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, adds: Adds) {
        let counts = |row: usize| is_counted(filter, row);
        match adds {
            Adds::Values => {
                let values = columns[0].as_primitive::<Int64Type>();
                let times = columns.get(1).map(|times| times.as_primitive::<Int64Type>());
                for (row, group) in groups.iter().enumerate().filter(|(row, _)| values.is_valid(*row) && counts(*row)) {
                    let times = times.map_or(1, |times| if times.is_valid(row) { times.value(row) } else { 0 });
                    count(self.groups[*group].counts(), clamped(values.value(row)), u64::try_from(times).unwrap_or_default());
                }
            }
            Adds::Histograms => match columns[0].as_binary_view_opt() {
                Some(views) => self.add_histograms(views, groups, counts),
                None => self.add_histograms(columns[0].as_binary::<i32>(), groups, counts),
            },
        }
    }

    fn add_histograms<'a>(
        &mut self,
        histograms: impl ArrayAccessor<Item = &'a [u8]>,
        groups: &[usize],
        counts: impl Fn(usize) -> bool,
    ) {
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| histograms.is_valid(*row) && counts(*row)) {
            self.groups[*group].add(histograms.value(row));
        }
    }

    fn reach(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Group::default);
        }
    }

    fn emit(&mut self, to: EmitTo) -> ArrayRef {
        let emitted = to.take_needed(&mut self.groups);
        let mut column = BinaryBuilder::with_capacity(emitted.len(), emitted.len() * 64);
        let mut bytes = Vec::new();
        for group in &emitted {
            bytes.clear();
            let histogram = if group.came.is_empty() {
                encode_into(&mut bytes, &group.counts);
                &bytes
            } else {
                &group.came
            };
            column.append_option((!histogram.is_empty()).then_some(histogram));
        }
        Arc::new(column.finish())
    }

    fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Group>()
            + self.groups.iter().map(|group| group.came.capacity() + group.counts.capacity() * 8).sum::<usize>()
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.reach(total);
        self.add(columns, groups, filter, self.adds);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        self.add(states, groups, None, Adds::Histograms);
        Ok(())
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        Ok(self.emit(to))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.emit(to)])
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        if let (Adds::Histograms, None) = (self.adds, filter) {
            return Ok(vec![cast(&columns[0], &DataType::Binary)?]);
        }
        each_alone(Self { adds: self.adds, groups: Vec::new() }, columns, filter)
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn added_up(histograms: &arrow::array::BinaryArray) -> Option<Vec<u8>> {
        let mut groups = Groups { adds: Adds::Histograms, groups: Vec::new() };
        let column: ArrayRef = Arc::new(histograms.clone());
        groups.update_batch(&[column], &vec![0; histograms.len()], None, 1).expect("added");
        let sum = groups.emit(EmitTo::All);
        let sum = sum.as_binary::<i32>();
        sum.is_valid(0).then(|| sum.value(0).to_vec())
    }
}
