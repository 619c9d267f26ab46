//! `weighted_deviation(value, weight)`: √(Σw(x − x̄)² ÷ Σw), x̄ being the weighted mean.
//!
//! Promise: one pass over the rows and no cancellation (West 1979; parts are joined as by Chan et al. 1983). A row without a value or with
//! a weight that is not above zero does not count; a group without one that counts gives NULL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use xueqing_lake::{OneGroup, each_alone, is_counted};

pub(super) fn function() -> AggregateUDF {
    let arguments = vec![DataType::Float64; 2];
    AggregateUDF::from(WeightedDeviation { signature: Signature::exact(arguments, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WeightedDeviation {
    signature: Signature,
}

impl AggregateUDFImpl for WeightedDeviation {
    fn name(&self) -> &'static str {
        "weighted_deviation"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let part = |name: &str| Arc::new(Field::new(format!("{}[{name}]", args.name), DataType::Float64, false));
        Ok(["weight", "mean", "squares"].map(part).into())
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(Groups(vec![Part::default()]))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::<Groups>::default())
    }
}

/// Values together: their weight, their mean, and the weighted squares of their distances from it.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Part {
    fn add(&mut self, other: &Self) {
        if other.weight > 0.0 {
            let (weight, distance) = (self.weight + other.weight, other.mean - self.mean);
            self.mean += distance * (other.weight / weight);
            self.squares += other.squares + distance * distance * (self.weight * other.weight / weight);
            self.weight = weight;
        }
    }

    fn deviation(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| (self.squares / self.weight).sqrt())
    }
}

#[derive(Clone, Debug, Default)]
struct Groups(Vec<Part>);

impl Groups {
    fn reach(&mut self, groups: usize) {
        self.0.resize(self.0.len().max(groups), Part::default());
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
        let [values, weights]: [&Float64Array; 2] = std::array::from_fn(|place| columns[place].as_primitive::<Float64Type>());
        let counts = |row: usize| values.is_valid(row) && weights.is_valid(row) && is_counted(filter, row);
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| counts(*row)) {
            self.0[*group].add(&Part { weight: weights.value(row), mean: values.value(row), squares: 0.0 });
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        let [weights, means, squares]: [&Float64Array; 3] =
            std::array::from_fn(|place| states[place].as_primitive::<Float64Type>());
        for (row, group) in groups.iter().enumerate() {
            self.0[*group].add(&Part { weight: weights.value(row), mean: means.value(row), squares: squares.value(row) });
        }
        Ok(())
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(to.take_needed(&mut self.0).iter().map(Part::deviation).collect::<Float64Array>()))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        let parts = to.take_needed(&mut self.0);
        let column = |of: fn(&Part) -> f64| Arc::new(Float64Array::from_iter_values(parts.iter().map(of))) as ArrayRef;
        Ok(vec![column(|part| part.weight), column(|part| part.mean), column(|part| part.squares)])
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        each_alone(Self::default(), columns, filter)
    }

    fn size(&self) -> usize {
        self.0.capacity() * size_of::<Part>()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;
    use datafusion::prelude::{SessionConfig, SessionContext};

    async fn ask(partitions: usize, sql: &str) -> Vec<Option<f64>> {
        let context =
            SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions).with_batch_size(64));
        context.register_udaf(super::function());
        let batches = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
        batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Float64Type>().iter().collect::<Vec<_>>()).collect()
    }

    #[tokio::test]
    async fn it_is_that_of_the_formula() {
        // Far from zero, where a difference of sums of squares would lose eight digits.
        let rows = "SELECT v % 7 AS g, 1e6 + (v * 31 % 97) / 8.0 AS x, CAST(v % 5 AS DOUBLE) AS w FROM (SELECT unnest(range(0, 5000)) AS v)";
        for key in ["g", "g * 0"] {
            let ours = format!("SELECT weighted_deviation(x, w) FROM ({rows}) GROUP BY {key} ORDER BY {key}");
            let plain = format!(
                "SELECT sqrt(sum(w * power(x - m, 2)) / sum(w)) FROM (SELECT *, sum(w * (x - 1e6)) OVER (PARTITION BY {key}) / sum(w) OVER (PARTITION BY {key}) \
                 + 1e6 AS m FROM ({rows})) GROUP BY {key} ORDER BY {key}"
            );
            for partitions in [1, 3] {
                let (ours, plain) = (ask(partitions, &ours).await, ask(1, &plain).await);
                assert_eq!(ours.len(), plain.len());
                let near = |pair: (&Option<f64>, &Option<f64>)| (pair.0.expect("some") - pair.1.expect("some")).abs() < 1e-9;
                assert!(ours.iter().zip(&plain).all(near), "{ours:?} {plain:?}");
            }
        }
    }

    #[tokio::test]
    async fn nothing_gives_null_and_one_gives_zero() {
        let of = |rows: &str| format!("SELECT weighted_deviation(column1, column2) FROM (VALUES {rows})");
        assert_eq!(ask(2, &of("(CAST(NULL AS DOUBLE), 1.0), (3.0, 0.0)")).await, [None]);
        assert_eq!(ask(2, &of("(7.0, 2.5), (8.0, CAST(NULL AS DOUBLE))")).await, [Some(0.0)]);
    }
}
