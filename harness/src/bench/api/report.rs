//! The table of `vpcbox bench api`.

use std::fmt;
use std::time::Duration;

use super::{Row, ServerFigures};

/// Every server's figures, our own first.
#[derive(Debug, Clone)]
pub struct ApiFigures(pub Vec<ServerFigures>);

impl fmt::Display for ApiFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.0.first();
        for server in &self.0 {
            server.write(f, own.filter(|own| own.name != server.name))?;
        }
        Ok(())
    }
}

impl ServerFigures {
    fn write(&self, f: &mut fmt::Formatter<'_>, own: Option<&Self>) -> fmt::Result {
        writeln!(f, "{} with {} ENIs", self.name, self.enis)?;
        write!(
            f,
            "{:<36} {:>9} {:>9} {:>7} {:>9} {:>10}",
            "milliseconds", "p50", "p99", "samples", "CPU each", "bytes"
        )?;
        writeln!(f, "{}", if own.is_some() { "  p50 to ours" } else { "" })?;
        for row in &self.rows {
            row.write(f)?;
            match own.and_then(|own| own.rows.iter().find(|other| other.what == row.what)) {
                Some(other) => writeln!(f, " {:>11.1} ×", ratio(row.times.percentile(50), other.times.percentile(50)))?,
                None => writeln!(f)?,
            }
        }
        if let Some(start) = self.start {
            writeln!(f, "start to first answer: {:.1} ms", ms(start))?;
        }
        if let Some((idle, full)) = self.memory_kib {
            let each = (full.saturating_sub(idle) * 1024) as f64 / self.enis.max(1) as f64;
            writeln!(
                f,
                "memory: {:.1} MiB idle, {:.1} MiB with all ENIs, {each:.0} bytes an ENI",
                mib(idle),
                mib(full)
            )?;
        }
        writeln!(f)
    }
}

impl Row {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = self.cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{:.3}", ms(cpu)));
        let (half, most) = (ms(self.times.percentile(50)), ms(self.times.percentile(99)));
        let (what, count, bytes) = (self.what, self.times.count(), self.bytes);
        write!(f, "{what:<36} {half:>9.3} {most:>9.3} {count:>7} {cpu:>9} {bytes:>10}")
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(1e-9)
}
