//! A plan over the lake can be sent to another process.

use std::sync::Arc;

use arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion_proto::bytes::{physical_plan_from_bytes, physical_plan_to_bytes};
use xueqing_lake::register_current;

use crate::district::*;

#[tokio::test]
async fn a_plan_gives_the_same_rows_after_a_round_trip() {
    let (_folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 10, 0, 1), ("b", 2, 20, 0, 2)]).await;
    add(&table, &[("a", 1, 11, 1, 3), ("c", 3, 30, 0, 4)]).await;
    let ctx = context();
    register_current(&ctx, "t", &table, &["student".into()]).await.unwrap();
    // Days 1 and 2 remain, with the newer row of `a`; day 3 is 1970-01-04.
    let sql = "SELECT day, student, minutes FROM t WHERE day < DATE '1970-01-04' AND minutes > 10 ORDER BY 1, 2";
    let plan = ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let bytes = physical_plan_to_bytes(Arc::clone(&plan)).unwrap();

    let elsewhere = context();
    let sent: Arc<dyn ExecutionPlan> = physical_plan_from_bytes(&bytes, &elsewhere.task_ctx()).unwrap();
    let here = collect(plan, ctx.task_ctx()).await.unwrap();
    let there = collect(sent, elsewhere.task_ctx()).await.unwrap();
    assert_eq!(pretty_format_batches(&here).unwrap().to_string(), pretty_format_batches(&there).unwrap().to_string());
    assert_eq!(there.iter().map(|b| b.num_rows()).sum::<usize>(), 2);
}
