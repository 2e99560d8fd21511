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
            "{:<36} {:>9} {:>9} {:>7} {:>9} {:>9} {:>10}",
            "milliseconds", "p50", "p99", "samples", "a second", "CPU each", "bytes"
        )?;
        writeln!(f, "{}", if own.is_some() { "   slower    more CPU" } else { "" })?;
        for row in &self.rows {
            row.write(f)?;
            if let Some(other) = own.and_then(|own| own.rows.iter().find(|other| other.what == row.what)) {
                row.compare(f, other)?;
            }
            match &row.wrong {
                Some(wrong) => writeln!(f, "  wrong answer: {wrong}")?,
                None => writeln!(f)?,
            }
        }
        match self.connections {
            (calls, 1) => writeln!(f, "connections: one for {calls} calls")?,
            (calls, many) => writeln!(f, "connections: {many} for {calls} calls, for the server closes them")?,
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
        let (what, count, rate, bytes) = (self.what, self.times.count(), self.rate, self.bytes);
        write!(f, "{what:<36} {half:>9.3} {most:>9.3} {count:>7} {rate:>9.1} {cpu:>9} {bytes:>10}")
    }

    /// How many times fewer calls a second are answered than by another server, and how many times its CPU time each takes.
    fn compare(&self, f: &mut fmt::Formatter<'_>, other: &Self) -> fmt::Result {
        write!(f, " {:>6.1} ×", other.rate / self.rate.max(1e-9))?;
        match self.cpu.zip(other.cpu) {
            Some((cpu, others)) => write!(f, " {:>9.1} ×", cpu.as_secs_f64() / others.as_secs_f64().max(1e-9)),
            None => write!(f, " {:>9}  ", "-"),
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
