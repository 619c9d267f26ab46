//! Histograms as values of a column: how often each whole number occurs.
//!
//! | in SQL | gives |
//! |---|---|
//! | `histogram(value)`, `histogram(value, times)` | the histogram of a group's values, each counted once or so many times |
//! | `histogram_of(value)`, `histogram_of(value, times)` | that of one value |
//! | `histogram_sum(histogram)` | several of them added up |
//! | `histogram_count(histogram)` | how many values it holds |
//! | `histogram_most(histogram)` | how often the value occurs that occurs most |
//! | `histogram_above(histogram, limit)` | how many of them are greater than a limit |
//! | `histogram_decile(histogram, number)` | the value below which so many tenths lie, 5 being the median |
//!
//! Invariants: what is added can be taken away again exactly; equal histograms are written in equal bytes; one that holds nothing is null.
//! Values are whole numbers from 0 to [`HIGHEST`]; their width (a minute, say) is the definition's own, so that a count above a
//! limit is exact where the limit is a multiple of it.

mod aggregate;
mod form;
mod scalar;

use arrow::datatypes::DataType;
use datafusion::logical_expr::TypeSignature;
use datafusion::prelude::SessionContext;

use self::form::{encode, entries};

/// The highest value; what is above counts as this.
pub const HIGHEST: u32 = (1 << 14) - 1;

/// Makes the functions known to a session.
pub fn register(context: &SessionContext) {
    aggregate::functions().into_iter().for_each(|function| context.register_udaf(function));
    scalar::functions().into_iter().for_each(|function| context.register_udf(function));
}

/// The types of a column of histograms, each with what else a function takes: as stored, or as views, which are not copied by joins.
fn either(more: &[DataType]) -> Vec<TypeSignature> {
    let of = |kind| TypeSignature::Exact([&[kind], more].concat());
    [DataType::Binary, DataType::BinaryView].map(of).into()
}

/// One histogram that is added to and taken from: values with their counts, in the order of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(Vec<(u32, i32)>);

impl Histogram {
    /// Adds `other`, which is [`Histogram::encode`]d, so many times.
    pub fn add(&mut self, other: &[u8], times: i64) {
        for (value, count) in entries(other) {
            let count = i32::try_from(count as i64 * times).unwrap_or(i32::MAX);
            match self.0.binary_search_by_key(&value, |(value, _)| *value) {
                Ok(place) if self.0[place].1 + count == 0 => drop(self.0.remove(place)),
                Ok(place) => self.0[place].1 += count,
                Err(place) => self.0.insert(place, (value, count)),
            }
        }
    }

    /// The bytes of a column's value; none for a histogram that holds nothing.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        encode(self.0.iter().map(|(value, count)| (*value, u64::try_from(*count).unwrap_or_default())))
    }

    /// About what it takes in memory besides itself.
    #[must_use]
    pub fn footprint(&self) -> usize {
        self.0.capacity() * size_of::<(u32, i32)>()
    }
}

fn clamped(value: i64) -> u32 {
    u32::try_from(value.max(0)).map_or(HIGHEST, |value| value.min(HIGHEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::BinaryArray;
    use arrow::util::pretty::pretty_format_batches;
    use proptest::prelude::*;

    /// Each of the values so many times.
    fn of(values: &[u32], times: u64) -> Vec<u8> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        encode(sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64 * times))).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn what_is_taken_away_leaves_what_was(
            kept in prop::collection::vec(0..300u32, 0..40), gone in prop::collection::vec(0..=HIGHEST, 0..40),
            times in prop_oneof![Just(1), 100..200u64]
        ) {
            let mut histogram = Histogram::default();
            histogram.add(&of(&kept, times), 1);
            let before = histogram.clone();
            histogram.add(&of(&gone, times), 1);
            let both: Vec<u32> = kept.iter().chain(&gone).copied().collect();
            prop_assert_eq!(histogram.encode().unwrap_or_default(), of(&both, times));
            histogram.add(&of(&gone, times), -1);
            prop_assert_eq!(histogram.encode().unwrap_or_default(), of(&kept, times));
            prop_assert_eq!(histogram, before);
        }

        #[test]
        fn added_up_it_holds_what_its_parts_hold(parts in prop::collection::vec((0..=HIGHEST, 1..70u32, 1..300u64), 0..9)) {
            let (mut one_by_one, mut all) = (Histogram::default(), Vec::new());
            for (first, number, count) in parts {
                let part = encode((first..).take_while(|value| *value <= HIGHEST).take(number as usize).map(|value| (value, count)));
                one_by_one.add(part.as_deref().unwrap_or_default(), 1);
                all.push(part);
            }
            let parts: BinaryArray = all.iter().map(Option::as_deref).collect();
            prop_assert_eq!(aggregate::tests::added_up(&parts), one_by_one.encode());
        }
    }

    async fn ask(sql: &str) -> String {
        let context = SessionContext::new();
        register(&context);
        let batches = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
        pretty_format_batches(&batches).expect("text").to_string()
    }

    #[tokio::test]
    async fn sums_counts_limits_and_deciles_are_those_of_the_values() {
        let values = "SELECT column1 % 3 AS k, column1 * 7 % 101 AS v FROM (SELECT unnest(range(0, 60000)) AS column1)";
        let by_parts = format!(
            "SELECT k, histogram_count(h) AS n, histogram_above(h, 60) AS above, histogram_decile(h, 5) AS median, \
             histogram_decile(h, 9) AS p90 FROM (SELECT k, histogram_sum(h) AS h FROM \
             (SELECT k, v % 5 AS part, histogram(v) FILTER (WHERE v <> 8) AS h FROM ({values}) GROUP BY k, v % 5) GROUP BY k) ORDER BY k"
        );
        let plain = format!(
            "SELECT k, count(*) AS n, count(*) FILTER (WHERE v > 60) AS above, \
             percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(v AS DOUBLE)) AS median, \
             percentile_cont(0.9) WITHIN GROUP (ORDER BY CAST(v AS DOUBLE)) AS p90 \
             FROM ({values}) WHERE v <> 8 GROUP BY k ORDER BY k"
        );
        assert_eq!(ask(&by_parts).await, ask(&plain).await);
    }

    #[tokio::test]
    async fn views_are_read_as_the_bytes_are() {
        let asked = |column: &str| {
            format!(
                "SELECT g % 2 AS k, histogram_count(histogram_sum(h)) AS n, sum(histogram_above(h, 30)) AS above, \
                 histogram_decile(histogram_sum(h), 9) AS p90 FROM (SELECT g, {column} AS h FROM (SELECT v % 7 AS g, histogram(v) AS h \
                 FROM (SELECT unnest(range(0, 900)) % 97 AS v) GROUP BY v % 7)) GROUP BY g % 2 ORDER BY k"
            )
        };
        let plain = ask(&asked("h")).await;
        assert!(plain.contains("| 0 |"), "{plain}");
        assert_eq!(ask(&asked("arrow_cast(h, 'BinaryView')")).await, plain);
    }

    #[tokio::test]
    async fn a_value_may_count_several_times_and_nothing_is_null() {
        let sql = "SELECT histogram_count(h) AS n, histogram_decile(h, 5) AS median FROM (SELECT histogram(column1, column2) AS h \
                   FROM (VALUES (4, 3), (9, 0), (1, 1), (NULL, 5), (-2, 1)))";
        let found = ask(sql).await;
        assert!(found.contains("| 5 | 4.0    |"), "{found}");
        let nothing =
            ask("SELECT h IS NULL AS none, histogram_count(h) AS n, histogram_above(h, 1) AS a, histogram_decile(h, 5) AS m \
             FROM (SELECT histogram(column1) FILTER (WHERE column1 > 9) AS h FROM (VALUES (1), (2)))")
            .await;
        assert!(nothing.contains("| true | 0 | 0 |   |"), "{nothing}");
    }

    #[tokio::test]
    async fn one_value_is_a_histogram_too() {
        let sql = "SELECT histogram_decile(histogram_sum(histogram_of(column1)), 5) AS m FROM (VALUES (7), (4), (NULL))";
        assert!(ask(sql).await.contains("| 5.5 |"));
    }

    #[tokio::test]
    async fn what_occurs_most_is_counted_whatever_lies_far_below_it() {
        let most = "SELECT histogram_most(histogram_sum(histogram_of(column1, column2))) AS most, histogram_count(histogram_of(NULL, 3)) AS none FROM";
        let found = ask(&format!("{most} (VALUES (9000, 3), (8000, 5), (9000, 4), (12000, 0), (3, 6), (7, NULL))")).await;
        assert!(found.contains("| 7    | 0    |"), "{found}");
        assert!(ask(&format!("{most} (VALUES (5, 0))")).await.contains("| 0    | 0    |"));
    }

    #[tokio::test]
    async fn a_decile_is_written_out() {
        let context = SessionContext::new();
        register(&context);
        let asked = context.sql("SELECT histogram_decile(histogram(column1), 11) FROM (VALUES (1))").await.expect("a plan");
        let refused = asked.collect().await.expect_err("refused").to_string();
        assert!(refused.contains("from 0 to 10"), "{refused}");
    }
}
