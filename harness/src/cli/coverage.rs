//! `coverage`: what is here of EC2 and STS.

use clap::ValueEnum;
use vpcbox_emulator::Coverage;

use super::Ended;

/// How the coverage is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// A line a family
    #[default]
    Text,
    /// For programs, as `/_vpcbox/actions` has it
    Json,
    /// As in `emulator/COVERAGE.md`
    Markdown,
}

/// Prints what is here, what is not, and what differs.
pub(super) fn coverage(form: Form) -> Ended {
    let coverage = Coverage::now();
    match form {
        Form::Text => print!("{}", coverage.text()),
        Form::Json => println!("{:#}", coverage.json()),
        Form::Markdown => print!("{}", coverage.markdown()),
    }
    Ok(true)
}
