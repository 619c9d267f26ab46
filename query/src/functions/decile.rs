//! The aggregate `decile(value, number)`: the value below which so many tenths of a group lie, 5 being the median.
//!
//! Promise: exact. The place is (n − 1) × number ÷ 10 in whole numbers, and between two values it is interpolated (numpy's default). Values
//! are whole numbers; a null is none, and a group without any has no decile.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use datafusion::physical_expr::expressions::Literal;
use xueqing_lake::OneGroup;

pub(super) fn function() -> AggregateUDF {
    let signature = Signature::exact(vec![DataType::Int64, DataType::Int64], Volatility::Immutable);
    AggregateUDF::from(Decile { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Decile {
    signature: Signature,
}

fn item() -> FieldRef {
    Arc::new(Field::new("item", DataType::Int64, false))
}

impl AggregateUDFImpl for Decile {
    fn name(&self) -> &str {
        "decile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[decile]", args.name), DataType::List(item()), true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(Values { number: number(&args)?, groups: vec![Vec::new()] })))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Values { number: number(&args)?, groups: Vec::new() }))
    }
}

fn number(args: &AccumulatorArgs) -> Result<i64> {
    let literal = args.exprs.get(1).and_then(|expr| expr.downcast_ref::<Literal>());
    match literal.map(Literal::value) {
        Some(ScalarValue::Int64(Some(number @ 0..=10))) => Ok(*number),
        _ => plan_err!("decile takes a column of whole numbers and a number from 0 to 10 that is written out"),
    }
}

/// The values of all groups.
#[derive(Clone, Debug)]
struct Values {
    number: i64,
    groups: Vec<Vec<i64>>,
}

impl Values {
    fn reach(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Vec::new);
        }
    }

    fn emit(&mut self, to: EmitTo) -> Vec<Vec<i64>> {
        match to {
            EmitTo::All => std::mem::take(&mut self.groups),
            EmitTo::First(n) => {
                let rest = self.groups.split_off(n);
                std::mem::replace(&mut self.groups, rest)
            }
        }
    }

    fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Vec<i64>>() + self.groups.iter().map(|group| group.capacity() * 8).sum::<usize>()
    }
}

fn decile(mut values: Vec<i64>, number: i64) -> Option<f64> {
    let last = i64::try_from(values.len()).ok()?.checked_sub(1).filter(|last| *last >= 0)?;
    let (place, tenths) = (usize::try_from(last * number / 10).ok()?, last * number % 10);
    let (_, low, above) = values.select_nth_unstable(place);
    let low = *low as f64;
    let high = if tenths == 0 { low } else { above.iter().min().map_or(low, |high| *high as f64) };
    Some(low + (high - low) * (tenths as f64 / 10.0))
}

fn lists(groups: Vec<Vec<i64>>) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
    let values: ScalarBuffer<i64> = groups.into_iter().flatten().collect();
    Arc::new(ListArray::new(item(), offsets, Arc::new(Int64Array::new(values, None)), None))
}

impl GroupsAccumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.reach(total);
        let values = values[0].as_primitive::<Int64Type>();
        for (row, group) in groups.iter().enumerate() {
            if values.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)) {
                self.groups[*group].push(values.value(row));
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        let lists = values[0].as_list::<i32>();
        for (row, group) in groups.iter().enumerate() {
            if lists.is_valid(row) {
                self.groups[*group].extend_from_slice(lists.value(row).as_primitive::<Int64Type>().values());
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        let number = self.number;
        Ok(Arc::new(self.emit(to).into_iter().map(|group| decile(group, number)).collect::<Float64Array>()))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![lists(self.emit(to))])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = values[0].as_primitive::<Int64Type>();
        let counts = |row: usize| values.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        let each = (0..values.len()).map(|row| if counts(row) { vec![values.value(row)] } else { Vec::new() });
        Ok(vec![lists(each.collect())])
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(&[], 5, None)]
    #[case::one(&[7], 9, Some(7.0))]
    #[case::median_between(&[4, 1, 3, 2], 5, Some(2.5))]
    // numpy.percentile([1, 2, 3, 4], 90) = 3.7; of eleven values the ninth decile is one of them.
    #[case::between(&[4, 1, 3, 2], 9, Some(3.7))]
    #[case::exactly(&[0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 9, Some(90.0))]
    #[case::ends(&[5, 9], 10, Some(9.0))]
    fn it_is_the_value_at_the_place(#[case] values: &[i64], #[case] number: i64, #[case] expected: Option<f64>) {
        assert_eq!(decile(values.to_vec(), number), expected);
    }

    #[tokio::test]
    async fn it_is_the_same_however_the_rows_are_shared_out() {
        let context = SessionContext::new();
        context.register_udaf(function());
        let ask = async |sql: &str| {
            let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
            arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
        };
        let rows = "SELECT column1 % 3 AS k, column1 * 7 % 101 AS v FROM (SELECT unnest(range(0, 20000)) AS column1)";
        let by = ask(&format!("SELECT k, decile(v, 5) FILTER (WHERE v > 9) AS d FROM ({rows}) GROUP BY k ORDER BY k")).await;
        let one = ask(&format!("SELECT 0 AS k, decile(v, 5) FILTER (WHERE v > 9) AS d FROM ({rows}) WHERE k = 0")).await;
        let line = |text: &str| text.lines().nth(3).unwrap().to_owned();
        assert_eq!(line(&by), line(&one), "{by}\n{one}");
        let error = context.sql(&format!("SELECT decile(v, k) FROM ({rows})")).await.unwrap().collect().await.unwrap_err();
        assert!(error.to_string().contains("number from 0 to 10"), "{error}");
    }
}
