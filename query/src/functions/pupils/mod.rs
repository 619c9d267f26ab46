//! Sets of pupils as values of a column, so that figures count different pupils, and their days, without reading each again.
//!
//! | in SQL | gives |
//! |---|---|
//! | `pupil_set(student, school, grade)` | the pupils of a group |
//! | `pupil_union(set)` | those of any of its sets |
//! | `pupils_in(set)` | how many pupils are in any of its sets |
//! | `pupils_on_days(day, set, number)` | how many pupils are in the sets of so many different days or more; a number below 1 is 1 |
//!
//! Invariants: a set holds numbers that an engine gave the pupils while it was open (`numbers`), so it stays in memory and means nothing
//! to another engine; one that holds nobody is null. Its type is `LargeBinary`, or views of the same bytes: a histogram is `Binary`.

mod gather;
mod numbers;
mod on_days;
mod set;
mod tally;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::TypeSignature;
use datafusion::prelude::SessionContext;

/// The names of the functions: not for statements that anybody writes.
pub(crate) const NAMES: [&str; 4] = [NUMBERING, UNION, IN, ON_DAYS];
const NUMBERING: &str = "pupil_set";
const UNION: &str = "pupil_union";
const IN: &str = "pupils_in";
const ON_DAYS: &str = "pupils_on_days";
/// The type of a set that was just made.
pub(crate) const SET: DataType = DataType::LargeBinary;

/// Makes the functions known to a session; its pupils get numbers of their own.
pub(super) fn register(context: &SessionContext) {
    gather::functions(&Arc::default()).into_iter().for_each(|function| context.register_udaf(function));
    on_days::functions().into_iter().for_each(|function| context.register_udaf(function));
}

/// Whether statements of this session may use them, and so read what is added up in memory.
pub(crate) fn are_known(state: &SessionState) -> bool {
    state.aggregate_functions().contains_key(NUMBERING)
}

/// The arguments with a set as made or as views, between these others.
fn either(before: &[DataType], after: &[DataType]) -> Vec<TypeSignature> {
    let of = |kind| TypeSignature::Exact([before, &[kind], after].concat());
    [SET, DataType::BinaryView].map(of).into()
}

/// A column of sets as views.
fn views(column: &ArrayRef) -> Result<BinaryViewArray, ArrowError> {
    match column.as_binary_view_opt() {
        Some(views) => Ok(views.clone()),
        None => Ok(cast(column, &DataType::BinaryView)?.as_binary_view().clone()),
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::{SessionConfig, SessionContext};

    /// Pupils of several schools on many days, some of them in two schools on a day.
    const ROWS: &str = "SELECT v % 3 AS g, DATE '2026-03-02' + CAST(v * 7 % 23 AS INT) AS day, 's' || CAST(v % 11 AS VARCHAR) AS school, \
                        '13' AS grade, 'p' || CAST(v * v % 1999 AS VARCHAR) AS student, v % 5 > 0 AS counts FROM (SELECT unnest(range(0, 20000)) AS v)";

    async fn ask(partitions: usize, sql: &str) -> String {
        let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(64);
        let context = SessionContext::new_with_config(config);
        super::register(&context);
        let batches = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
        pretty_format_batches(&batches).expect("text").to_string()
    }

    #[tokio::test]
    async fn they_count_pupils_and_their_days() {
        let sets = format!(
            "SELECT g, day, school, pupil_set(student, school, grade) FILTER (WHERE counts) AS pupils FROM ({ROWS}) GROUP BY g, day, school, grade"
        );
        for (key, of) in [("g", "g AS k"), ("1", "1 AS k")] {
            for days in [1, 2, 5, 9, 40] {
                let plain = format!(
                    "SELECT k, count(*) AS pupils FROM (SELECT {of}, student, count(DISTINCT day) AS days FROM ({ROWS}) WHERE counts \
                     GROUP BY {key}, student) WHERE days >= {days} GROUP BY k ORDER BY k"
                );
                for form in ["pupils", "arrow_cast(pupils, 'BinaryView')"] {
                    let ours = format!(
                        "SELECT * FROM (SELECT {of}, pupils_on_days(day, {form}, {days}) AS pupils FROM ({sets}) GROUP BY {key}) \
                         WHERE pupils > 0 ORDER BY k"
                    );
                    for partitions in [1, 3] {
                        assert_eq!(ask(partitions, &ours).await, ask(partitions, &plain).await, "{days} days");
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn sets_that_are_joined_count_the_same() {
        let sets = format!(
            "SELECT g, day, school, pupil_set(student, school, grade) AS pupils FROM ({ROWS}) GROUP BY g, day, school, grade"
        );
        let joined = format!("SELECT g, day, pupil_union(pupils) AS pupils FROM ({sets}) GROUP BY g, day");
        let asked = |sets: &str| format!("SELECT g, pupils_on_days(day, pupils, 3) AS n FROM ({sets}) GROUP BY g ORDER BY g");
        assert_eq!(ask(2, &asked(&joined)).await, ask(2, &asked(&sets)).await);
        let whole = format!("SELECT pupils_in(pupils) AS n FROM ({joined})");
        assert_eq!(ask(3, &whole).await, ask(1, &format!("SELECT count(DISTINCT student) AS n FROM ({ROWS})")).await);
    }

    #[tokio::test]
    async fn nobody_is_a_null_and_counts_nothing() {
        let sets = format!("SELECT pupil_set(student, school, grade) FILTER (WHERE student = 'x') AS pupils FROM ({ROWS})");
        let found =
            ask(1, &format!("SELECT pupils IS NULL AS none, pupil_union(pupils) IS NULL AS no FROM ({sets}) GROUP BY 1")).await;
        assert!(found.contains("| true | true |"), "{found}");
        let counted = format!("SELECT pupils_on_days(DATE '2026-03-02', pupils, 0) AS n FROM ({sets})");
        assert!(ask(2, &counted).await.contains("| 0 |"));
        assert!(ask(2, &format!("SELECT pupils_in(pupils) AS n FROM ({sets})")).await.contains("| 0 |"));
        let context = SessionContext::new();
        super::register(&context);
        let sql = format!(
            "SELECT pupils_on_days(DATE '2026-03-02', pupils, v) FROM (SELECT pupils, count(*) AS v FROM ({sets}) GROUP BY pupils)"
        );
        let refused = context.sql(&sql).await.expect("a plan").collect().await.expect_err("refused").to_string();
        assert!(refused.contains("a whole number that is written out"), "{refused}");
    }
}
