//! How long a branch ENI outlives its pod: `branch-eni-cooldown` of ConfigMap `kube-system/amazon-vpc-cni`.
//!
//! Addresses that are used again too early meet stale neighbour entries and DNS answers.

use std::time::Duration;

use futures::TryStreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::watcher;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

const DEFAULT: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(30);
const NAME: &str = "amazon-vpc-cni";
const KEY: &str = "branch-eni-cooldown";

/// Follows the ConfigMap.
pub(crate) fn follow(client: Client, tasks: &TaskTracker, stop: CancellationToken) -> watch::Receiver<Duration> {
    let (sender, receiver) = watch::channel(DEFAULT);
    tasks.spawn(async move {
        let maps: Api<ConfigMap> = Api::namespaced(client, "kube-system");
        let only_this = watcher::Config::default().fields(&format!("metadata.name={NAME}"));
        let mut events = std::pin::pin!(watcher(maps, only_this));
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => break,
                event = events.try_next() => event,
            };
            match event {
                Ok(Some(watcher::Event::Apply(map) | watcher::Event::InitApply(map))) => {
                    let cooldown = of(&map);
                    info!(seconds = cooldown.as_secs(), "branch ENI cool-down");
                    sender.send_replace(cooldown);
                }
                Ok(Some(watcher::Event::Delete(_))) => {
                    sender.send_replace(DEFAULT);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(err) => {
                    warn!(error = %err, "watching ConfigMap {NAME}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    receiver
}

fn of(map: &ConfigMap) -> Duration {
    let Some(text) = map.data.as_ref().and_then(|data| data.get(KEY)) else { return DEFAULT };
    match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds).max(SHORTEST),
        Err(_) => {
            warn!(text, "{KEY} is not a number of seconds; {DEFAULT:?} holds");
            DEFAULT
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::absent(None, 60)]
    #[case::given(Some("45"), 45)]
    #[case::too_short(Some("5"), 30)]
    #[case::no_number(Some("soon"), 60)]
    fn cooldowns(#[case] text: Option<&str>, #[case] seconds: u64) {
        let data = text.map(|text| [(KEY.to_owned(), text.to_owned())].into());
        assert_eq!(of(&ConfigMap { data, ..ConfigMap::default() }), Duration::from_secs(seconds));
    }
}
