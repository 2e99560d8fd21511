//! How many packets a second an ENI may send to the services at link-local addresses, where that is limited.
//!
//! Deviation: resolver and time service count together, metadata does not.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html> ("DNS quotas").

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vpc_model::{NetworkInterfaceId, VpcId};

use crate::Shared;

/// How long packets count.
const WINDOW: Duration = Duration::from_secs(1);

/// The packets of one VPC's ENIs within this second.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: Option<u32>,
    second: Mutex<Second>,
}

#[derive(Debug)]
struct Second {
    since: Instant,
    packets: BTreeMap<NetworkInterfaceId, u32>,
}

impl Pace {
    pub(super) fn new(limit: Option<u32>) -> Self {
        Self { limit, second: Mutex::new(Second { since: Instant::now(), packets: BTreeMap::new() }) }
    }

    /// Counts a packet; whether it is answered.
    pub(crate) fn admits(&self, shared: &Shared, vpc: &VpcId, from: IpAddr) -> bool {
        let Some(limit) = self.limit else { return true };
        let eni = shared.read(|model| model.eni_by_address(vpc, from).map(|eni| eni.id.clone()));
        eni.is_none_or(|eni| {
            self.second.lock().unwrap_or_else(PoisonError::into_inner).admits(eni, limit, Instant::now())
        })
    }
}

impl Second {
    fn admits(&mut self, eni: NetworkInterfaceId, limit: u32, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            *self = Self { since: now, packets: BTreeMap::new() };
        }
        let count = self.packets.entry(eni).or_default();
        *count = count.saturating_add(1);
        *count <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_eni_has_its_own_limit_each_second() {
        let now = Instant::now();
        let mut second = Second { since: now, packets: BTreeMap::new() };
        let [one, other] = ["eni-0000000000000001a", "eni-0000000000000001b"]
            .map(|id| id.parse::<NetworkInterfaceId>().expect("an id"));
        let within: Vec<bool> = (0..3).map(|_| second.admits(one.clone(), 2, now)).collect();
        assert_eq!(within, [true, true, false]);
        assert!(second.admits(other, 2, now));
        assert!(second.admits(one, 2, now + WINDOW));
    }
}
