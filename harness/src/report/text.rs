//! Progress and summary for people: lines with ✓ and ✗, and a spinner where stderr is a terminal.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Check, Phase, Report};

/// Shows what is going on and collects what becomes the report.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_quiet: bool,
    started: Instant,
    collected: Mutex<(Vec<Phase>, Vec<Check>)>,
}

impl Progress {
    /// Progress on stderr; `is_quiet` shows nothing (the report is still collected).
    pub fn new(is_quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal() && !is_quiet;
        let bar = if is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(80));
        Self { bar, is_quiet, started: Instant::now(), collected: Mutex::default() }
    }

    /// Says what is being worked on; only a terminal shows it.
    pub fn working_on(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// A phase is done.
    pub fn done(&self, name: impl Into<String>, since: Instant) {
        let phase = Phase { name: name.into(), elapsed: since.elapsed() };
        self.line(&format!("✓ {}  {}", phase.name, short(phase.elapsed)));
        self.lock().0.push(phase);
    }

    /// A check is done.
    pub fn checked(&self, check: Check) {
        let mark = if check.passed { '✓' } else { '✗' };
        let detail = if check.detail.is_empty() { String::new() } else { format!(" ({})", check.detail) };
        let place = if check.passed { String::new() } else { format!("  [line {}]", check.line) };
        self.line(&format!("{mark} {}{detail}{place}", check.name));
        self.lock().1.push(check);
    }

    /// A remark that stands by itself.
    pub fn line(&self, text: &str) {
        if self.is_quiet {
            return;
        }
        // Nobody is left to tell if stderr is closed.
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    /// Ends the progress and gives the report.
    pub fn finish(self, scenario: &str, error: Option<String>) -> Report {
        self.bar.finish_and_clear();
        let (phases, checks) = std::mem::take(&mut *self.lock());
        Report { scenario: scenario.into(), phases, checks, elapsed: self.started.elapsed(), error }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<Phase>, Vec<Check>)> {
        self.collected.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The last lines of a run.
pub fn summary(report: &Report) -> String {
    let mut text = String::new();
    for check in report.checks.iter().filter(|check| !check.passed) {
        text += &format!("✗ {}: {}\n", check.name, check.detail);
    }
    if let Some(error) = &report.error {
        text += &format!("✗ {error}\n");
    }
    let verdict = if report.is_success() { "passed" } else { "failed" };
    text + &format!(
        "{} {verdict}: {} checks passed, {} failed in {}\n",
        report.scenario,
        report.passed(),
        report.failed(),
        short(report.elapsed)
    )
}

/// A time as people read it.
fn short(elapsed: Duration) -> String {
    let ms = elapsed.as_secs_f64() * 1000.0;
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        ..1000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::tiny(1_234, "1.2 ms")]
    #[case::milliseconds(123_456, "123 ms")]
    #[case::seconds(12_345_678, "12.3 s")]
    fn times(#[case] micros: u64, #[case] shown: &str) {
        assert_eq!(short(Duration::from_micros(micros)), shown);
    }
}
