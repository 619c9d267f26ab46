//! The aggregates `pupils_in` and `pupils_on_days`.
//!
//! Sets are kept where they came in until a group is complete, then those of a day are joined and the days are counted for 64 pupils at a
//! time ([`Tally`]).

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, Date32Array, Int64Array, ListArray, new_empty_array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Date32Type, Field, FieldRef};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use datafusion::physical_expr::expressions::Literal;
use xueqing_lake::{OneGroup, each_alone, is_counted};

use super::tally::{Tally, Union};
use super::{IN, ON_DAYS, either, views};

/// Both functions. To be in a set on any day is to be there on one, and the days are all the same.
pub(super) fn functions() -> [AggregateUDF; 2] {
    let make = |name, before: &[DataType], after: &[DataType]| {
        AggregateUDF::from(OnDays { name, signature: Signature::one_of(either(before, after), Volatility::Immutable) })
    };
    [make(IN, &[], &[]), make(ON_DAYS, &[DataType::Date32], &[DataType::Int64])]
}

/// Nobody is there on as many days as this.
const MOST: u64 = 1 << 32;

#[derive(Debug, PartialEq, Eq, Hash)]
struct OnDays {
    name: &'static str,
    signature: Signature,
}

fn item(kind: DataType) -> FieldRef {
    Arc::new(Field::new_list_field(kind, false))
}

impl AggregateUDFImpl for OnDays {
    fn name(&self) -> &'static str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |part: &str, kind| Arc::new(Field::new(format!("{}[{part}]", args.name), DataType::List(item(kind)), true));
        Ok(vec![list("days", DataType::Date32), list("sets", DataType::BinaryView)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(Groups { groups: 1, ..Groups::new(&args)? })))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::new(&args)?))
    }
}

/// The set of a group's day: the array that it came in, and its row there.
#[derive(Clone, Copy, Debug)]
struct Of {
    group: usize,
    day: i32,
    array: u32,
    row: u32,
}

#[derive(Clone, Debug)]
struct Groups {
    /// The least number of days.
    least: u64,
    arrays: Vec<BinaryViewArray>,
    /// The sets of all groups as they came.
    sets: Vec<Of>,
    groups: usize,
}

impl Groups {
    fn new(args: &AccumulatorArgs) -> Result<Self> {
        if args.exprs.len() == 1 {
            return Ok(Self::of(1));
        }
        let literal = args.exprs.get(2).and_then(|expr| expr.downcast_ref::<Literal>());
        let Some(ScalarValue::Int64(Some(least))) = literal.map(Literal::value) else {
            return plan_err!("pupils_on_days takes a day, a set of pupils and a whole number that is written out");
        };
        Ok(Self::of(u64::try_from(*least).unwrap_or_default().clamp(1, MOST)))
    }

    const fn of(least: u64) -> Self {
        Self { least, arrays: Vec::new(), sets: Vec::new(), groups: 0 }
    }

    /// The sets of groups, group by group, and where those of each begin; the arrays stay.
    fn take(&mut self, to: EmitTo) -> (Vec<Of>, Vec<usize>) {
        let groups = match to {
            EmitTo::All => self.groups,
            EmitTo::First(number) => number,
        };
        self.groups -= groups;
        let (mut taken, rest) = std::mem::take(&mut self.sets).into_iter().partition::<Vec<_>, _>(|of| of.group < groups);
        self.sets = rest.into_iter().map(|of| Of { group: of.group - groups, ..of }).collect();
        // They mostly come in a few stretches that are in order, which this sort joins; those of a group stay as they came.
        taken.sort_by_key(|of| of.group);
        let begins = (0..=groups).map(|group| taken.partition_point(|of| of.group < group)).collect();
        (taken, begins)
    }

    fn bytes(&self, of: &Of) -> &[u8] {
        self.arrays[of.array as usize].value(of.row as usize)
    }

    /// Lets go of what no group has any more.
    fn forget(&mut self) {
        if self.groups == 0 {
            self.arrays.clear();
        }
    }

    fn pupils(&self, sets: &mut [Of], tally: &mut Tally, union: &mut Union) -> i64 {
        let bytes = |of: &Of| self.bytes(of);
        if let Some(pupils) = (self.least == 1).then(|| union.pupils(sets.iter().map(bytes))).flatten() {
            return i64::try_from(pupils).unwrap_or(i64::MAX);
        }
        sets.sort_by_key(|of| of.day);
        tally.begin(sets.iter().map(bytes), self.least);
        for day in sets.chunk_by(|a, b| a.day == b.day) {
            tally.add(day.iter().map(bytes));
        }
        i64::try_from(tally.pupils()).unwrap_or(i64::MAX)
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
        self.groups = self.groups.max(total);
        let (days, sets) = match columns {
            [sets] => (None, views(sets)?),
            _ => (Some(columns[0].as_primitive::<Date32Type>()), views(&columns[1])?),
        };
        let counts = |row: usize| sets.is_valid(row) && is_counted(filter, row) && days.is_none_or(|days| days.is_valid(row));
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| counts(*row)) {
            let day = days.map(|days| days.value(row)).unwrap_or_default();
            self.sets.push(Of { group: *group, day, array: self.arrays.len() as u32, row: row as u32 });
        }
        self.arrays.push(sets);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups = self.groups.max(total);
        let (days, sets) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        let all = days.values().as_primitive::<Date32Type>();
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| days.is_valid(*row)) {
            let (from, to) = (days.value_offsets()[row] as usize, days.value_offsets()[row + 1] as usize);
            let first = sets.value_offsets()[row] as usize;
            let array = self.arrays.len() as u32;
            let of = |at: usize| Of { group: *group, day: all.value(at), array, row: (at - from + first) as u32 };
            self.sets.extend((from..to).map(of));
        }
        self.arrays.push(sets.values().as_binary_view().clone());
        Ok(())
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        let (mut tally, mut union) = (Tally::default(), Union::default());
        let (mut sets, begins) = self.take(to);
        let pupils = begins.windows(2).map(|group| self.pupils(&mut sets[group[0]..group[1]], &mut tally, &mut union));
        let pupils = pupils.collect::<Int64Array>();
        self.forget();
        Ok(Arc::new(pupils))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (all, begins) = self.take(to);
        let offsets = OffsetBuffer::<i32>::from_lengths(begins.windows(2).map(|group| group[1] - group[0]));
        let days = ScalarBuffer::from_iter(all.iter().map(|of| of.day));
        let arrays: Vec<&dyn Array> = self.arrays.iter().map(|array| array as &dyn Array).collect();
        let sets = match all.is_empty() {
            true => new_empty_array(&DataType::BinaryView),
            false => interleave(&arrays, &all.iter().map(|of| (of.array as usize, of.row as usize)).collect::<Vec<_>>())?,
        };
        let list = |kind, values| ListArray::try_new(item(kind), offsets.clone(), values, None);
        let days = list(DataType::Date32, Arc::new(Date32Array::new(days, None)))?;
        self.forget();
        Ok(vec![Arc::new(days), Arc::new(list(DataType::BinaryView, sets)?)])
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        each_alone(Self::of(self.least), columns, filter)
    }

    /// What the sets take is mostly counted where they came from.
    fn size(&self) -> usize {
        let views: usize = self.arrays.iter().map(|array| array.len() * size_of::<u128>()).sum();
        self.sets.capacity() * size_of::<Of>() + views
    }
}
