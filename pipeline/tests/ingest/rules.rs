//! A kind's rules, as a district's own kind has them.

use std::sync::Arc;

use xueqing_pipeline::Filter;
use xueqing_schema::Standard;

use crate::world::{World, send};

const KIND: &str = "
title = { zh = '体温', en = 'Temperature' }
description = { zh = '每日体温', en = 'A daily reading' }
role = 'event'
key = ['reading']
time = 'at'
[[field]]
name = 'reading'
type = 'text'
required = true
title = { zh = '编号', en = 'Reading' }
[[field]]
name = 'at'
type = 'timestamp'
required = true
title = { zh = '时间', en = 'At' }
[[field]]
name = 'text'
type = 'text'
title = { zh = '读数', en = 'Text' }
[[field]]
name = 'place'
type = 'text'
title = { zh = '地点', en = 'Place' }
";

fn world(rules: &str) -> World {
    let mut world = World::new();
    let standard = Standard::builtin().expect("the built-in standard");
    let files = [("kinds/temperature.toml".to_owned(), format!("{KIND}{rules}"))];
    world.standard = Arc::new(standard.extend(files).expect("a well-formed kind"));
    world
}

fn rule(name: &str, check: &str) -> String {
    format!("[[rule]]\nname = '{name}'\ncheck = \"{check}\"\nmessage = {{ zh = '不符', en = 'broken' }}\n")
}

fn reading(n: u32, more: &str) -> String {
    format!(r#"{{"reading":"r{n}","at":"2026-11-20T08:00:00+08:00"{more}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_broken_rule_counts_null_passes_and_a_failing_check_costs_its_row_only() {
    let world = world(&(rule("warm", "CAST(text AS INT) > 30") + &rule("inside", "place <> 'outside'")));
    let ingest = world.start().await;
    let lines = [
        reading(1, r#","text":"36","place":"inside""#),
        reading(2, ""),
        reading(3, r#","text":"20","place":"outside""#),
        reading(4, r#","text":"warm""#),
        reading(5, r#","text":"37","place":"outside""#),
    ];
    let receipt = send(&ingest, "temperature", &lines).await;
    assert_eq!((receipt.read, receipt.accepted, receipt.rejected), (5, 2, 3));
    let listed = ingest.quarantine(Filter::default()).await.expect("a listing");
    let found: Vec<_> = listed.iter().map(|row| (row.line, row.rule.as_str(), row.reason.zh.as_str())).collect();
    assert_eq!(found, [(3, "warm", "不符"), (4, "warm", "不符"), (5, "inside", "不符")]);
}

#[rstest::rstest]
#[case::not_a_question("place")]
#[case::no_such_field("height > 1")]
#[case::no_expression("place >")]
#[tokio::test]
async fn a_rule_that_does_not_compile_stops_the_start(#[case] check: &str) {
    let Err(error) = world(&rule("odd", check)).try_start().await else { panic!("started with {check}") };
    assert_eq!(error.code(), "rule");
    assert!(error.to_string().starts_with("rule `odd` of kind `temperature` does not compile"), "{error}");
}
