//! `xueqing` – the command line of a school district's data: take events in, keep figures current, serve them.
//!
//! Promise: standard output carries the answer and nothing else (one JSON document with `--json`); progress, notes and errors go to
//! standard error. Exit code 0: done, also when rows were rejected; 1: failed, with `error[code]: what, where, what to do`;
//! 2: wrong usage. The clock, the environment and chance are read here and in `wiring`, and handed on.
//!
//! ```text
//!   arguments ─► cli ─► config (flags › environment › xueqing.toml › defaults) ─► commands/<verb> ─► wiring
//!                                                                                    │   lake, standard, ingest, engine
//!                                                                     generate ◄─────┘
//! ```

mod alerting;
mod cli;
mod commands;
mod config;
mod doors;
mod failure;
mod generate;
mod heap;
mod key;
mod output;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use config::Environment;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    heap::few(&environment);
    let cli = Cli::parse();
    log_to_stderr(&environment);
    match run(cli, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", failure::describe(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, environment: &Environment) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(8 << 20).build()?;
    let done = runtime.block_on(commands::run(cli, environment));
    // A blocked read of standard input must not keep the process.
    runtime.shutdown_background();
    match done {
        Err(error) if failure::is_closed_pipe(&error) => Ok(()),
        done => done,
    }
}

/// Logs go to standard error: warnings, or what `XUEQING_LOG` asks for (`info`, `xueqing_pipeline=debug` …), and always who looked at
/// one pupil (`audit`).
fn log_to_stderr(environment: &Environment) {
    let filter = environment.get("XUEQING_LOG").unwrap_or("warn");
    let filter = tracing_subscriber::EnvFilter::try_new(format!("{filter},audit=info"));
    let filter = filter.unwrap_or_else(|_| "warn,audit=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
