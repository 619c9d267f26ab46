//! `xueqing alert` – what there is to act on, the rules, and what they would tell now.

use clap::{Args, Subcommand};
use serde_json::json;
use xueqing_alerts::{Alert, Alerts, Checked, Filter};
use xueqing_lake::Lake;
use xueqing_query::alert::{Rule, Severity};
use xueqing_schema::time;

use crate::config::Environment;
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing alert list                              open alerts, with what became of them · 未解除的预警
  xueqing alert list --all --severity critical --json
  xueqing alert rules                             the rules and their conditions · 规则
  xueqing alert check                             evaluate now; nothing is recorded or sent · 现在算一遍，不记录、不发送
  xueqing alert check --rule attendance/illness_cluster

`xueqing serve` evaluates the rules and delivers to the receivers under [alerts] in xueqing.toml. · 由 xueqing serve 判断并发送。";

/// Rules can be listed where there is no lake yet.
const NO_LAKE: &str = "memory:///";

/// Arguments of `xueqing alert`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Alerts as recorded, the newest first · 列出预警
    List {
        /// Resolved ones, too · 包括已解除的
        #[arg(long)]
        all: bool,
        /// One school's code · 学校
        #[arg(long)]
        school: Option<String>,
        /// One class's code · 班级
        #[arg(long)]
        class: Option<String>,
        /// Of this rule only · 规则
        #[arg(long)]
        rule: Option<String>,
        /// At least so grave: info, warning, critical · 最低级别
        #[arg(long)]
        severity: Option<Severity>,
    },
    /// The rules in force, a district's own included · 列出规则
    Rules,
    /// Evaluate now, and print what would be told · 试算
    Check {
        /// This rule only · 规则
        #[arg(long)]
        rule: Option<String>,
    },
}

/// Does it.
pub async fn run(arguments: Arguments, house: &House, environment: &Environment, machine: bool) -> anyhow::Result<()> {
    match arguments.what {
        What::Rules => {
            let rules = house.rules(&house.engine(&Lake::open(NO_LAKE)?)?)?;
            let all: Vec<&Rule> = rules.all().iter().map(AsRef::as_ref).collect();
            if machine { output::json(&json!({ "rules": all })) } else { output::print(&described(&all)) }
        }
        What::List { all, school, class, rule, severity } => {
            let filter = Filter { open: (!all).then_some(true), since: None, school, class, rule, severity };
            let alerts = Alerts::recorded(&house.existing_lake()?, &filter).await?;
            if machine { output::json(&json!({ "alerts": alerts })) } else { output::print(&listed(&alerts)) }
        }
        What::Check { rule } => {
            let lake = house.existing_lake()?;
            let engine = house.engine(&lake)?;
            let alerts = house.alerts(&lake, &engine, environment).await?;
            let rules = match rule {
                Some(name) => vec![alerts.rules().get(&name)?.clone()],
                None => alerts.rules().enabled().cloned().collect(),
            };
            let found = alerts.check(&rules).await?;
            if machine { output::json(&json!({ "would_tell": found })) } else { output::print(&checked(&found, rules.len())) }
        }
    }
}

fn described(rules: &[&Rule]) -> String {
    let one = |rule: &&Rule| {
        let off = if rule.enabled { "" } else { "  (off · 已停用)" };
        let levels = rule.levels.iter().map(|level| format!("    {}: {}", level.severity, level.when));
        let levels = levels.collect::<Vec<_>>().join("\n");
        format!("{}{off}  {} · {}\n  {} by {}\n{levels}", rule.name, rule.title.zh, rule.title.en, rule.figure, rule.by.join(","))
    };
    rules.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

fn listed(alerts: &[Alert]) -> String {
    if alerts.is_empty() {
        return "no alerts · 没有预警".to_owned();
    }
    let one = |alert: &Alert| {
        let severity = alert.severity.title();
        let state = match (&alert.resolved, &alert.acknowledged) {
            (Some(at), _) => format!("resolved · 已解除 {}", time::rfc3339_text(*at)),
            (None, Some(who)) => format!("acknowledged · 已确认 {}", who.who),
            (None, None) => "open · 未处理".to_owned(),
        };
        let told = alert.deliveries.iter().map(|one| {
            let state = json!(one.state).as_str().unwrap_or_default().to_owned();
            let error = one.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("\n    {} {state}, {} attempt(s){error}", one.receiver, one.attempts)
        });
        format!(
            "#{} {} · {}  {}  {state}\n    {}\n    {}{}",
            alert.id,
            severity.zh,
            severity.en,
            time::rfc3339_text(alert.raised),
            alert.reason.zh,
            alert.reason.en,
            told.collect::<String>()
        )
    };
    alerts.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn checked(found: &[Checked], rules: usize) -> String {
    if found.is_empty() {
        return format!("{rules} rules find nothing · {rules} 条规则均无发现");
    }
    let one = |one: &Checked| {
        let severity = one.severity.title();
        let known = one.alert.as_ref().map(|id| format!("  is #{id} already · 已有")).unwrap_or_default();
        format!("{} · {}  {}{known}\n    {}\n    {}", severity.zh, severity.en, one.rule, one.reason.zh, one.reason.en)
    };
    found.iter().map(one).collect::<Vec<_>>().join("\n")
}
