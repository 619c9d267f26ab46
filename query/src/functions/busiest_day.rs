//! `busiest_day(day, number)`: what a group's numbers add up to on the day on which they add up to most.
//!
//! Promise: the same whatever the order of rows and however they are shared out; a row without a day or a number does not count, and a
//! group without one that counts gives NULL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Builder, Int64Array, Int64Builder, ListBuilder};
use arrow::datatypes::{DataType, Date32Type, Field, FieldRef, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use xueqing_lake::{OneGroup, each_alone, is_counted};

pub(super) fn function() -> AggregateUDF {
    let arguments = vec![DataType::Date32, DataType::Int64];
    AggregateUDF::from(BusiestDay { signature: Signature::exact(arguments, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BusiestDay {
    signature: Signature,
}

impl AggregateUDFImpl for BusiestDay {
    fn name(&self) -> &'static str {
        "busiest_day"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |part: &str, kind| {
            Arc::new(Field::new_list(format!("{}[{part}]", args.name), Field::new_list_field(kind, true), true))
        };
        Ok(vec![list("days", DataType::Date32), list("sums", DataType::Int64)])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(Groups(vec![Vec::new()]))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::<Groups>::default())
    }
}

/// Of each group its days, in their order, with what the numbers add up to.
#[derive(Clone, Debug, Default)]
struct Groups(Vec<Vec<(i32, i64)>>);

/// Rows mostly come day after day.
#[inline]
fn add(days: &mut Vec<(i32, i64)>, day: i32, number: i64) {
    match days.last_mut() {
        Some((last, sum)) if *last == day => *sum += number,
        Some((last, _)) if *last > day => match days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => days[place].1 += number,
            Err(place) => days.insert(place, (day, number)),
        },
        _ => days.push((day, number)),
    }
}

fn most(days: &[(i32, i64)]) -> Option<i64> {
    days.iter().map(|(_, sum)| *sum).max()
}

impl Groups {
    fn reach(&mut self, groups: usize) {
        if self.0.len() < groups {
            self.0.resize_with(groups, Vec::new);
        }
    }

    fn take(&mut self, to: EmitTo) -> Vec<Vec<(i32, i64)>> {
        to.take_needed(&mut self.0)
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
        let (days, numbers) = (columns[0].as_primitive::<Date32Type>(), columns[1].as_primitive::<Int64Type>());
        let counts = |row: usize| days.is_valid(row) && numbers.is_valid(row) && is_counted(filter, row);
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| counts(*row)) {
            add(&mut self.0[*group], days.value(row), numbers.value(row));
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        let (days, sums) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        let (all, numbers) = (days.values().as_primitive::<Date32Type>(), sums.values().as_primitive::<Int64Type>());
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| days.is_valid(*row)) {
            let from = sums.value_offsets()[row] - days.value_offsets()[row];
            for place in days.value_offsets()[row]..days.value_offsets()[row + 1] {
                add(&mut self.0[*group], all.value(place as usize), numbers.value((place + from) as usize));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(self.take(to).iter().map(|days| most(days)).collect::<Int64Array>()))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (mut days, mut sums) = (ListBuilder::new(Date32Builder::new()), ListBuilder::new(Int64Builder::new()));
        for group in self.take(to) {
            for (day, sum) in group {
                days.values().append_value(day);
                sums.values().append_value(sum);
            }
            days.append(true);
            sums.append(true);
        }
        Ok(vec![Arc::new(days.finish()), Arc::new(sums.finish())])
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        each_alone(Self::default(), columns, filter)
    }

    fn size(&self) -> usize {
        let days: usize = self.0.iter().map(|days| days.capacity() * size_of::<(i32, i64)>()).sum();
        self.0.capacity() * size_of::<Vec<(i32, i64)>>() + days
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::{SessionConfig, SessionContext};

    async fn ask(partitions: usize, sql: &str) -> String {
        let context =
            SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions).with_batch_size(64));
        context.register_udaf(super::function());
        let batches = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
        pretty_format_batches(&batches).expect("text").to_string()
    }

    #[tokio::test]
    async fn it_is_the_largest_of_the_sums_by_day() {
        let rows = "SELECT v % 7 AS g, DATE '2026-03-02' + CAST(v * 11 % 23 AS INT) AS day, CASE WHEN v % 5 > 0 THEN v % 13 END AS n \
                    FROM (SELECT unnest(range(0, 5000)) AS v)";
        for key in ["g", "1"] {
            let ours =
                format!("SELECT {key} AS k, busiest_day(day, n) FILTER (WHERE n <> 4) AS m FROM ({rows}) GROUP BY k ORDER BY k");
            let plain = format!(
                "SELECT k, max(n) AS m FROM (SELECT {key} AS k, day, sum(n) FILTER (WHERE n <> 4) AS n FROM ({rows}) GROUP BY k, day) \
                 GROUP BY k ORDER BY k"
            );
            for partitions in [1, 3] {
                assert_eq!(ask(partitions, &ours).await, ask(partitions, &plain).await);
            }
        }
        let whole = format!("SELECT busiest_day(day, n) AS m FROM ({rows})");
        let plain = format!("SELECT max(n) AS m FROM (SELECT sum(n) AS n FROM ({rows}) GROUP BY day)");
        assert_eq!(ask(2, &whole).await, ask(2, &plain).await);
    }

    #[tokio::test]
    async fn groups_that_are_emitted_early_are_whole() {
        let rows = "SELECT v / 100 AS g, DATE '2026-03-02' + CAST(v % 3 AS INT) AS day, v FROM (SELECT unnest(range(0, 3000)) AS v) ORDER BY g";
        let ours = format!("SELECT g, busiest_day(day, v) AS m FROM ({rows}) GROUP BY g ORDER BY g");
        let plain =
            format!("SELECT g, max(n) AS m FROM (SELECT g, sum(v) AS n FROM ({rows}) GROUP BY g, day) GROUP BY g ORDER BY g");
        assert_eq!(ask(1, &ours).await, ask(1, &plain).await);
    }

    #[tokio::test]
    async fn nothing_gives_null() {
        let sql = "SELECT busiest_day(column1, column2) AS m FROM (VALUES (DATE '2026-03-02', CAST(NULL AS BIGINT)), (CAST(NULL AS DATE), 3))";
        let found = ask(1, sql).await;
        assert!(found.contains("|   |"), "{found}");
    }
}
