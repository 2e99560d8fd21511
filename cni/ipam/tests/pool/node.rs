//! A node with a pool, and an EC2 that does whatever the pool asks.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use cni_ipam::*;
use ipnet::Ipv4Net;

/// The pool, and what EC2 has given so far.
pub struct Node {
    pub pool: Pool,
    pub now: Time,
    next_address: u32,
    next_device: u32,
    pods: u32,
}

pub fn key(container_id: &str) -> Key {
    Key { network: "aws-cni".to_owned(), container_id: container_id.to_owned(), ifname: "eth0".to_owned() }
}

/// t3.small: 3 ENIs of 4 addresses, 11 pods (110 with prefixes).
pub fn t3_small(mode: Mode) -> Limits {
    let max_pods = if mode == Mode::Prefixes { 110 } else { 11 };
    Limits { max_enis: 3, ipv4_per_eni: 4, max_pods, unmanaged_enis: 0, reserve_trunk: false }
}

impl Node {
    /// A node with its primary ENI, brought to its targets.
    pub fn start(targets: Targets, limits: Limits) -> Self {
        let now = Duration::from_secs(1_000_000);
        let mut node =
            Self { pool: Pool::new(targets, limits), now, next_address: 0x0a00_0010, next_device: 1, pods: 0 };
        node.pool.observe(&eni("eni-0", 0, EniKind::Primary), now);
        node.settle();
        node
    }

    /// Does what the pool wants until it wants nothing more; returns what was done.
    pub fn settle(&mut self) -> Vec<Action> {
        let mut done = Vec::new();
        loop {
            let action = self.pool.next_action(Demand::default(), self.now);
            if action == Action::Nothing {
                return done;
            }
            self.perform(&action);
            done.push(action);
            assert!(done.len() < 100, "the pool never settles: {:?}", &done[90..]);
        }
    }

    /// Adds pods one after the other, each as soon as the pool has settled. Returns how many got an address.
    pub fn add_pods(&mut self, count: u32) -> u32 {
        let mut placed = 0;
        for _ in 0..count {
            self.pods += 1;
            let pod = key(&format!("pod-{}", self.pods));
            placed += u32::from(self.pool.assign(&pod, &Owner::default(), self.now).is_some());
            self.settle();
        }
        placed
    }

    /// Lets time go by.
    pub fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub fn stats(&self) -> Stats {
        self.pool.stats(self.now)
    }

    fn perform(&mut self, action: &Action) {
        match action {
            Action::Assign { eni, amount } => self.give(eni, *amount),
            Action::CreateEni { amount } => {
                let id = format!("eni-{}", self.next_device);
                self.pool.observe(&eni(&id, self.next_device, EniKind::Secondary), self.now);
                self.next_device += 1;
                self.give(&id, *amount);
            }
            Action::Unassign { eni, addresses, prefixes } => {
                let (gone, gone_prefixes) = self.pool.withdraw(eni, addresses, prefixes, self.now);
                assert_eq!((&gone, &gone_prefixes), (addresses, prefixes));
            }
            Action::FreeEni { eni } => assert!(self.pool.withdraw_eni(eni, self.now).is_some()),
            Action::Nothing => {}
        }
    }

    fn give(&mut self, eni: &str, amount: Amount) {
        let mut take = |count: u32| {
            let first = self.next_address;
            self.next_address += count;
            first
        };
        match amount {
            Amount::Addresses(count) => {
                let addresses: Vec<_> = (0..count).map(|_| Ipv4Addr::from(take(1))).collect();
                self.pool.add_addresses(eni, &addresses, &[]);
            }
            Amount::Prefixes(count) => {
                let prefix = |_| Ipv4Net::new(Ipv4Addr::from(take(16)), 28).unwrap();
                let prefixes: Vec<_> = (0..count).map(prefix).collect();
                self.pool.add_addresses(eni, &[], &prefixes);
            }
        }
    }
}

/// An ENI without addresses.
pub fn eni(id: &str, device_number: u32, kind: EniKind) -> ObservedEni {
    let (addresses, prefixes) = (BTreeSet::new(), BTreeSet::new());
    ObservedEni { id: id.to_owned(), device_number, kind, excluded: false, addresses, prefixes }
}
