//! `xueqing completions` – what a shell needs to complete our commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing completions bash > ~/.local/share/bash-completion/completions/xueqing
  xueqing completions zsh > ~/.zfunc/_xueqing";

/// Arguments of `xueqing completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Which shell · 哪种终端
    pub shell: Shell,
}

/// Writes the script.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "xueqing", &mut script);
    output::bytes(&script)
}
