//! How many calls there were and how long they took, in Prometheus' text format.
//!
//! See <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// How many calls there were and how long they took.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// By action and error code; an empty code for success.
    requests: BTreeMap<(&'static str, &'static str), u64>,
    faults: BTreeMap<&'static str, u64>,
    durations: BTreeMap<&'static str, Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    /// One more than there are bounds: what exceeds them all.
    buckets: [u64; BOUNDS.len() + 1],
    seconds: f64,
}

impl Metrics {
    /// Counts a call. Actions that there are not have no name, so that callers cannot add series.
    pub(crate) fn observe(&self, action: &'static str, code: Option<&'static str>, by_fault: bool, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.requests.entry((action, code.unwrap_or_default())).or_default() += 1;
        if by_fault {
            *counts.faults.entry(action).or_default() += 1;
        }
        let histogram = counts.durations.entry(action).or_default();
        let seconds = took.as_secs_f64();
        histogram.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        histogram.seconds += seconds;
    }

    /// Everything counted so far.
    pub fn text(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = counts.write(&mut text);
        text
    }
}

impl Counts {
    fn write(&self, text: &mut String) -> std::fmt::Result {
        header(text, "vpcbox_requests_total", "counter", "Calls answered, by action and error code.")?;
        for ((action, code), count) in &self.requests {
            writeln!(text, "vpcbox_requests_total{{action=\"{action}\",code=\"{code}\"}} {count}")?;
        }
        header(text, "vpcbox_faults_total", "counter", "Calls that an injected fault hit, by action.")?;
        for (action, count) in &self.faults {
            writeln!(text, "vpcbox_faults_total{{action=\"{action}\"}} {count}")?;
        }
        let name = "vpcbox_request_duration_seconds";
        header(text, name, "histogram", "How long calls took, by action, injected delays included.")?;
        for (action, histogram) in &self.durations {
            let mut below = 0;
            for (bound, count) in BOUNDS.iter().zip(&histogram.buckets) {
                below += count;
                writeln!(text, "{name}_bucket{{action=\"{action}\",le=\"{bound}\"}} {below}")?;
            }
            let all: u64 = histogram.buckets.iter().sum();
            writeln!(text, "{name}_bucket{{action=\"{action}\",le=\"+Inf\"}} {all}")?;
            writeln!(text, "{name}_sum{{action=\"{action}\"}} {}", histogram.seconds)?;
            writeln!(text, "{name}_count{{action=\"{action}\"}} {all}")?;
        }
        Ok(())
    }
}

fn header(text: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text() {
        let metrics = Metrics::default();
        metrics.observe("DescribeVpcs", None, false, Duration::from_micros(200));
        metrics.observe("DescribeVpcs", Some("RequestLimitExceeded"), true, Duration::from_secs(7));
        insta::assert_snapshot!(metrics.text());
    }
}
