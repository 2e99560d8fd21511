//! The `vpcbox` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    vpcbox::cli::Cli::parse().run()
}
