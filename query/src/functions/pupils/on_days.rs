//! The aggregate `pupils_on_days`.
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

use super::tally::Tally;
use super::{ON_DAYS, either, views};

pub(super) fn function() -> AggregateUDF {
    let signature = Signature::one_of(either(&[DataType::Date32], &[DataType::Int64]), Volatility::Immutable);
    AggregateUDF::from(OnDays { signature })
}

/// Nobody is there on as many days as this.
const MOST: u64 = 1 << 32;

#[derive(Debug, PartialEq, Eq, Hash)]
struct OnDays {
    signature: Signature,
}

fn item(kind: DataType) -> FieldRef {
    Arc::new(Field::new_list_field(kind, false))
}

impl AggregateUDFImpl for OnDays {
    fn name(&self) -> &'static str {
        ON_DAYS
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
        Ok(Box::new(OneGroup::new(Groups { groups: vec![Vec::new()], ..Groups::new(&args)? })))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::new(&args)?))
    }
}

/// The set of a day: the array that it came in, and its row there.
#[derive(Clone, Copy, Debug)]
struct Of {
    day: i32,
    array: usize,
    row: usize,
}

#[derive(Clone, Debug)]
struct Groups {
    /// The least number of days.
    least: u64,
    arrays: Vec<BinaryViewArray>,
    groups: Vec<Vec<Of>>,
}

impl Groups {
    fn new(args: &AccumulatorArgs) -> Result<Self> {
        let literal = args.exprs.get(2).and_then(|expr| expr.downcast_ref::<Literal>());
        let Some(ScalarValue::Int64(Some(least))) = literal.map(Literal::value) else {
            return plan_err!("pupils_on_days takes a day, a set of pupils and a whole number that is written out");
        };
        Ok(Self { least: u64::try_from(*least).unwrap_or_default().clamp(1, MOST), arrays: Vec::new(), groups: Vec::new() })
    }

    fn reach(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Vec::new);
        }
    }

    /// Lets go of what no group has any more.
    fn forget(&mut self) {
        if self.groups.is_empty() {
            self.arrays.clear();
        }
    }

    fn pupils(&self, mut sets: Vec<Of>, tally: &mut Tally) -> i64 {
        // They mostly come in a few stretches that are in order, which this sort joins.
        sets.sort_by_key(|of| of.day);
        let bytes = |of: &Of| self.arrays[of.array].value(of.row);
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
        self.reach(total);
        let (days, sets) = (columns[0].as_primitive::<Date32Type>(), views(&columns[1])?);
        let counts = |row: usize| days.is_valid(row) && sets.is_valid(row) && is_counted(filter, row);
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| counts(*row)) {
            self.groups[*group].push(Of { day: days.value(row), array: self.arrays.len(), row });
        }
        self.arrays.push(sets);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        let (days, sets) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        let all = days.values().as_primitive::<Date32Type>();
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| days.is_valid(*row)) {
            let (from, to) = (days.value_offsets()[row] as usize, days.value_offsets()[row + 1] as usize);
            let first = sets.value_offsets()[row] as usize;
            let array = self.arrays.len();
            self.groups[*group].extend((from..to).map(|at| Of { day: all.value(at), array, row: at - from + first }));
        }
        self.arrays.push(sets.values().as_binary_view().clone());
        Ok(())
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        let mut tally = Tally::default();
        let emitted = to.take_needed(&mut self.groups);
        let pupils = emitted.into_iter().map(|sets| self.pupils(sets, &mut tally)).collect::<Int64Array>();
        self.forget();
        Ok(Arc::new(pupils))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        let emitted = to.take_needed(&mut self.groups);
        let offsets = OffsetBuffer::<i32>::from_lengths(emitted.iter().map(Vec::len));
        let all: Vec<Of> = emitted.into_iter().flatten().collect();
        let days = ScalarBuffer::from_iter(all.iter().map(|of| of.day));
        let arrays: Vec<&dyn Array> = self.arrays.iter().map(|array| array as &dyn Array).collect();
        let sets = match all.is_empty() {
            true => new_empty_array(&DataType::BinaryView),
            false => interleave(&arrays, &all.iter().map(|of| (of.array, of.row)).collect::<Vec<_>>())?,
        };
        let list = |kind, values| ListArray::try_new(item(kind), offsets.clone(), values, None);
        let days = list(DataType::Date32, Arc::new(Date32Array::new(days, None)))?;
        self.forget();
        Ok(vec![Arc::new(days), Arc::new(list(DataType::BinaryView, sets)?)])
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        each_alone(Self { least: self.least, arrays: Vec::new(), groups: Vec::new() }, columns, filter)
    }

    /// What the sets take is mostly counted where they came from.
    fn size(&self) -> usize {
        let groups: usize = self.groups.iter().map(|sets| sets.capacity() * size_of::<Of>()).sum();
        let views: usize = self.arrays.iter().map(|array| array.len() * size_of::<u128>()).sum();
        groups + views + self.groups.capacity() * size_of::<Vec<Of>>()
    }
}
