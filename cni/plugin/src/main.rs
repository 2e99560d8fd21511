//! The CNI plugin: connects a pod's network namespace to the VPC.
//!
//! Speaks the CNI specification 0.4.0 to 1.1.0 (<https://www.cni.dev/docs/spec/>): parameters in the environment,
//! configuration on stdin, the result or an error on stdout. Decides nothing itself: the node agent gives addresses,
//! the plugin makes links, routes and rules. No runtime, no threads of its own; it is gone after a few milliseconds.

mod commands;
mod config;
mod dataplane;
mod environment;
mod error;
mod log;
mod names;
mod result;

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Instant;

use config::NetConf;
use environment::{Command, Environment};
use error::Failure;
use result::Version;

/// How the alias of a pod's host end begins; pod's namespace and name follow.
const HOST_END: &str = "vpcbox:pod ";

fn main() -> ExitCode {
    let started = Instant::now();
    let mut input = String::new();
    let read = std::io::stdin().read_to_string(&mut input);
    let environment = Environment::of_process();
    let outcome = match read {
        Ok(_) => run(&environment, &input),
        Err(err) => Err(Failure::io("stdin", &err)),
    };
    let version = NetConf::version_of(&input);
    log::note(&input, &environment, &outcome, started.elapsed());
    let (text, code) = match outcome {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(failure) => (failure.to_json(&version), ExitCode::FAILURE),
    };
    // Nobody is left to tell if stdout is gone.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

/// Does what the runtime asks; gives what goes to stdout.
fn run(environment: &Environment, input: &str) -> Result<String, Failure> {
    let command = environment.command()?;
    if command == Command::Version {
        return commands::version::run(input);
    }
    let conf = NetConf::parse(input)?;
    Version::check(&conf.cni_version, command)?;
    match command {
        Command::Add => commands::add::run(&conf, &environment.attachment()?),
        Command::Del => commands::del::run(&conf, &environment.attachment()?).map(|()| String::new()),
        Command::Check => commands::check::run(&conf, &environment.attachment()?).map(|()| String::new()),
        Command::Gc => commands::gc::run(&conf).map(|()| String::new()),
        Command::Status => commands::status::run(&conf).map(|()| String::new()),
        Command::Version => unreachable!("answered above"),
    }
}
