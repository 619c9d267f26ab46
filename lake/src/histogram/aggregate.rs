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
        Ok(Box::new(OneGroup::new(Groups::new(self.adds, vec![Group::default()]))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::new(self.adds, Vec::new())))
    }
}

#[derive(Clone, Debug)]
struct Groups {
    adds: Adds,
    groups: Vec<Group>,
    /// The bytes of all histograms that are as they came.
    came: Vec<u8>,
    /// What the counts of all groups take.
    counted: usize,
}

/// What a group has so far.
#[derive(Clone, Debug, Default)]
enum Group {
    #[default]
    Nothing,
    /// One histogram as it came: where there are about as many groups as rows, most stay so.
    Came {
        from: usize,
        length: usize,
    },
    Counts(Box<Counts>),
}

/// Counts by value, from a little below the lowest that occurs to a little beyond the highest.
#[derive(Clone, Debug, Default)]
struct Counts {
    first: usize,
    from_first: Vec<u64>,
}

/// There is room for so many values at a time.
const ROOM: usize = 64;

impl Counts {
    /// Adds a histogram.
    #[inline]
    fn add(&mut self, histogram: &[u8]) {
        match Form::of(histogram) {
            Form::Pairs(pairs) => pairs.for_each(|(value, times)| self.count(value, times)),
            Form::Bytes(first, counts) => self.count_from(first, counts.iter().map(|times| u64::from(*times))),
            Form::Run(first, counts) => {
                self.count_from(first, counts.iter().map(|times| u64::from(u32::from_le_bytes(*times))));
            }
        }
    }

    #[inline]
    fn count(&mut self, value: u32, times: u64) {
        self.count_from(value, std::iter::once(times));
    }

    /// Counts values from one on.
    #[inline]
    fn count_from(&mut self, value: u32, more: impl ExactSizeIterator<Item = u64>) {
        let (value, end) = (value as usize, value as usize + more.len());
        if value < self.first || end > self.first + self.from_first.len() {
            self.reach(value, end);
        }
        self.from_first[value - self.first..].iter_mut().zip(more).for_each(|(count, times)| *count += times);
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.from_first.capacity() * size_of::<u64>()
    }

    #[cold]
    fn reach(&mut self, value: usize, end: usize) {
        let first = value / ROOM * ROOM;
        if self.from_first.is_empty() {
            self.first = first;
        } else if first < self.first {
            self.from_first.splice(0..0, std::iter::repeat_n(0, self.first - first));
            self.first = first;
        }
        let length = (end - self.first).next_multiple_of(ROOM);
        if length > self.from_first.len() {
            self.from_first.resize(length, 0);
        }
    }
}

impl Groups {
    const fn new(adds: Adds, groups: Vec<Group>) -> Self {
        Self { adds, groups, came: Vec::new(), counted: 0 }
    }

    fn add(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, adds: Adds) {
        let counts = |row: usize| is_counted(filter, row);
        match adds {
            Adds::Values => {
                let values = columns[0].as_primitive::<Int64Type>();
                let times = columns.get(1).map(|times| times.as_primitive::<Int64Type>());
                for (row, group) in groups.iter().enumerate().filter(|(row, _)| values.is_valid(*row) && counts(*row)) {
                    let times = times.map_or(1, |times| if times.is_valid(row) { times.value(row) } else { 0 });
                    let times = u64::try_from(times).unwrap_or_default();
                    self.count(*group, |counts| counts.count(clamped(values.value(row)), times));
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
            let histogram = histograms.value(row);
            if matches!(self.groups[*group], Group::Nothing) {
                self.groups[*group] = Group::Came { from: self.came.len(), length: histogram.len() };
                self.came.extend(histogram);
            } else {
                self.count(*group, |counts| counts.add(histogram));
            }
        }
    }

    /// Counts in a group, which has everything as counts from now on.
    #[inline]
    fn count(&mut self, group: usize, more: impl FnOnce(&mut Counts)) {
        let group = &mut self.groups[group];
        if !matches!(group, Group::Counts(_)) {
            let mut counts = Box::<Counts>::default();
            if let Group::Came { from, length } = *group {
                counts.add(&self.came[from..from + length]);
            }
            self.counted += counts.bytes();
            *group = Group::Counts(counts);
        }
        if let Group::Counts(counts) = group {
            let before = counts.bytes();
            more(counts);
            self.counted += counts.bytes() - before;
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
            let histogram = match group {
                Group::Nothing => &[],
                Group::Came { from, length } => &self.came[*from..from + length],
                Group::Counts(counts) => {
                    self.counted -= counts.bytes();
                    encode_into(&mut bytes, counts.first as u32, &counts.from_first);
                    bytes.as_slice()
                }
            };
            column.append_option((!histogram.is_empty()).then_some(histogram));
        }
        // What is emitted goes; there may be much more of it than is left.
        let came = std::mem::take(&mut self.came);
        for group in &mut self.groups {
            if let Group::Came { from, length } = group {
                let at = self.came.len();
                self.came.extend(&came[*from..*from + *length]);
                *from = at;
            }
        }
        Arc::new(column.finish())
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
        each_alone(Self::new(self.adds, Vec::new()), columns, filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Group>() + self.came.capacity() + self.counted
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn added_up(histograms: &arrow::array::BinaryArray) -> Option<Vec<u8>> {
        let mut groups = Groups::new(Adds::Histograms, Vec::new());
        let column: ArrayRef = Arc::new(histograms.clone());
        groups.update_batch(&[column], &vec![0; histograms.len()], None, 1).expect("added");
        let sum = groups.emit(EmitTo::All);
        let sum = sum.as_binary::<i32>();
        sum.is_valid(0).then(|| sum.value(0).to_vec())
    }
}
