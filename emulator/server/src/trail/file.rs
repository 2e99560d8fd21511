//! The trail in a file: one record a line, written by a thread of its own.

use std::fs::OpenOptions;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::Record;

/// How many records may wait for the disk; further ones are lost rather than hold calls up.
const WAITING: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct TrailFile {
    records: Option<SyncSender<Arc<Record>>>,
    writer: Option<JoinHandle<()>>,
}

impl TrailFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let (records, waiting) = sync_channel(WAITING);
        let writer = thread::Builder::new().name("trail".to_owned());
        let writer = writer.spawn(move || write(BufWriter::new(file), &waiting))?;
        Ok(Self { records: Some(records), writer: Some(writer) })
    }

    pub(super) fn write(&self, record: Arc<Record>) {
        if self.records.as_ref().is_some_and(|records| records.try_send(record).is_err()) {
            tracing::warn!("the trail's file misses a call");
        }
    }
}

impl Drop for TrailFile {
    fn drop(&mut self) {
        self.records = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Writes what comes, and to the disk as soon as nothing more does.
fn write(mut file: impl io::Write, records: &Receiver<Arc<Record>>) {
    while let Ok(first) = records.recv() {
        let more = std::iter::from_fn(|| records.try_recv().ok());
        for record in std::iter::once(first).chain(more) {
            let written = writeln!(file, "{}", record.event());
            report(written);
        }
        report(file.flush());
    }
}

fn report(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "trail incomplete");
    }
}
