//! Waiting for changes of collections, several of them coalesced into one.

use std::time::Duration;

use futures::future::{FutureExt, select_all};
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// Changes that arrive together within this time are one pass.
const COALESCE: Duration = Duration::from_millis(5);

/// Wakes a controller when something it looks at changed.
pub(super) struct Changes {
    receivers: Vec<Receiver<u64>>,
    stop: CancellationToken,
    /// The state before the first pass is news, too.
    first: bool,
}

impl Changes {
    /// Of these collections.
    pub(super) fn of(store: &Store, collections: &[&str], stop: CancellationToken) -> Self {
        let receivers = collections.iter().map(|collection| store.subscribe(collection)).collect();
        Self { receivers, stop, first: true }
    }

    /// Of objects that are removed or wait for it.
    pub(super) fn deletions(store: &Store, stop: CancellationToken) -> Self {
        Self { receivers: vec![store.subscribe_deletions()], stop, first: true }
    }

    /// Waits for a change, at most `limit`; false when the server stops.
    pub(super) async fn next(&mut self, limit: Duration) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        if std::mem::take(&mut self.first) {
            return true;
        }
        let changed = select_all(self.receivers.iter_mut().map(|receiver| receiver.changed().boxed()));
        tokio::select! {
            () = self.stop.cancelled() => return false,
            _ = changed => {}
            () = tokio::time::sleep(limit) => return true,
        }
        tokio::time::sleep(COALESCE).await;
        for receiver in &mut self.receivers {
            receiver.borrow_and_update();
        }
        true
    }
}
