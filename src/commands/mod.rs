//! The verbs. Each reads its arguments, has [`House`] put the parts together, and writes one answer.

pub mod alert;
pub mod answer;
pub mod care;
pub mod completions;
pub mod demo;
pub mod generate;
pub mod ingest;
pub mod lake;
pub mod metric;
pub mod policy;
pub mod quarantine;
pub mod query;
pub mod report;
pub mod schema;
pub mod serve;
pub mod value_added;

use crate::cli::{Cli, Command};
use crate::config::{Config, Environment};
use crate::wiring::House;

/// Carries out one call.
pub async fn run(cli: Cli, environment: &Environment) -> anyhow::Result<()> {
    let Cli { globals, command } = cli;
    if let Command::Completions(arguments) = command {
        return completions::run(&arguments);
    }
    let config = Config::load(&globals, environment)?;
    let machine = globals.json;
    match command {
        Command::Demo(arguments) => demo::run(arguments, config, &globals, environment).await,
        Command::Serve(arguments) => serve::run(arguments, House::new(config)?, environment, machine).await,
        Command::Ingest(arguments) => ingest::run(arguments, &House::new(config)?, machine).await,
        Command::Generate(arguments) => generate::run(&arguments, &House::new(config)?, machine),
        Command::Query(arguments) => query::run(arguments, &House::new(config)?, machine).await,
        Command::Metric(arguments) => metric::run(arguments, &House::new(config)?, machine).await,
        Command::ValueAdded(arguments) => value_added::run(arguments, &House::new(config)?, machine).await,
        Command::Report(arguments) => report::run(arguments, &House::new(config)?, machine).await,
        Command::Policy(arguments) => policy::run(arguments, &House::new(config)?, machine).await,
        Command::Schema(arguments) => schema::run(&arguments, &House::new(config)?, machine),
        Command::Lake(arguments) => lake::run(arguments, &House::new(config)?, machine).await,
        Command::Quarantine(arguments) => quarantine::run(arguments, &House::new(config)?, machine).await,
        Command::Alert(arguments) => alert::run(arguments, &House::new(config)?, environment, machine).await,
        Command::Completions(_) => Ok(()),
    }
}
