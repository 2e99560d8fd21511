//! The fabrics of all VPCs as far as they are applied, and one pass over them.

use std::collections::BTreeMap;

use ipnet::IpNet;
use linux_net::vlan::Carrier;
use linux_net::{Errno, Netns, conntrack};
use vpc_fabric::{Desired, Drift, Key, Object, Op, Step, losses, plan};
use vpc_model::{InstanceId, NetworkInterfaceId, TransitGatewayId, VpcEndpointId, VpcId};

use super::apply;
use super::internet::Internet;
use super::namespace::Namespace;
use super::observe::{self, Observation, Stray};

/// The fabrics of all VPCs and the namespaces of all instances. Dropping it takes everything away.
#[derive(Debug, Default)]
pub struct Fabric {
    pub(super) applied: Desired,
    pub(super) vpcs: BTreeMap<VpcId, Namespace>,
    pub(super) instances: BTreeMap<InstanceId, Namespace>,
    /// The namespaces of interface endpoints' ENIs.
    pub(super) endpoints: BTreeMap<NetworkInterfaceId, Namespace>,
    /// The namespaces that stand for services behind gateway endpoints.
    pub(super) gateway_endpoints: BTreeMap<VpcEndpointId, Namespace>,
    /// The namespaces of transit gateways.
    pub(super) transit_gateways: BTreeMap<TransitGatewayId, Namespace>,
    /// The namespaces of NAT gateways, by their ENIs.
    pub(super) nat_gateways: BTreeMap<NetworkInterfaceId, Namespace>,
    pub(super) internet: Internet,
    pub(super) carrier: Option<Carrier>,
    /// Addresses that left their ENIs and whose connections are still tracked.
    released: BTreeMap<VpcId, Vec<IpNet>>,
    /// What the last look found and is not mended yet.
    drift: BTreeMap<Key, Drift>,
    strays: Vec<Stray>,
    /// What did not work in the last pass.
    failed: BTreeMap<Key, FailedBefore>,
}

/// How an operation on an object failed in the last pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedBefore {
    /// Why.
    pub error: String,
    /// The kernel's reason.
    pub errno: Option<Errno>,
    /// In how many passes in a row it has failed.
    pub attempts: u32,
}

/// What a pass would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is taken away first because it belongs to no object.
    pub strays: Vec<Stray>,
    /// The steps.
    pub steps: Vec<Step>,
    /// What of it failed in the last pass.
    pub failed: BTreeMap<Key, FailedBefore>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

/// What one pass did.
#[derive(Debug, Default)]
pub struct PassReport {
    /// How many operations worked.
    pub done: usize,
    /// What did not work.
    pub failures: Vec<Failure>,
    /// How many operations wait for failed ones.
    pub waiting: usize,
}

/// An operation that did not work.
#[derive(Debug, thiserror::Error)]
#[error("{op}")]
pub struct Failure {
    /// The operation as plans show it.
    pub op: String,
    /// In how many passes in a row it has failed.
    pub attempts: u32,
    /// Why.
    #[source]
    pub source: apply::ApplyError,
}

impl Fabric {
    /// Nothing applied yet. Without a carrier for 802.1Q frames branch ENIs are refused, all else works.
    pub fn new(carrier: Option<Carrier>) -> Self {
        Self { carrier, ..Self::default() }
    }

    /// What the kernel holds.
    pub fn applied(&self) -> &Desired {
        &self.applied
    }

    /// Does what is needed to get from what is applied to what is desired, and mends what the last look found.
    ///
    /// `ready` is told when the addresses of new fabrics can be bound, before any ENI is connected.
    pub fn pass(&mut self, desired: &Desired, ready: impl FnMut(&Self)) -> PassReport {
        self.follow(self.noted_plan(desired), ready)
    }

    /// Does what a plan says that was made of the last look, and since when nothing was done.
    pub(super) fn follow(&mut self, plan: Plan, mut ready: impl FnMut(&Self)) -> PassReport {
        let mut report = PassReport::default();
        self.remove_strays(&mut report);
        let lost: Vec<Key> = losses(&self.applied, &self.drift).cloned().collect();
        lost.iter().for_each(|key| self.applied.forget(key));
        let before = std::mem::take(&mut self.failed);
        let mut is_announced = false;
        for Step { op, .. } in plan.steps {
            if !is_announced && comes_after_addresses(&op) {
                is_announced = true;
                ready(self);
            }
            if self.failed.contains_key(op.key()) || op.needs().iter().any(|key| !self.applied.contains(key)) {
                report.waiting += 1;
                continue;
            }
            if let Err(source) = apply::apply(self, &op) {
                let attempts = 1 + before.get(op.key()).map_or(0, |before| before.attempts);
                let failed = FailedBefore { error: source.to_string(), errno: source.errno(), attempts };
                self.failed.insert(op.key().clone(), failed);
                report.failures.push(Failure { op: op.to_string(), attempts, source });
                continue;
            }
            op.apply_to(&mut self.applied);
            self.drift.remove(op.key());
            report.done += 1;
            match op.key() {
                Key::Neighbour(..) | Key::Route(..) | Key::InternetRoute(_) => self.release(&op),
                Key::Rules(vpc) => self.forget_released(&mut report, |other| other == vpc),
                _ => {}
            }
        }
        let rules_failed = |vpc: &VpcId, failed: &BTreeMap<Key, _>| failed.contains_key(&Key::Rules(vpc.clone()));
        let failed = std::mem::take(&mut self.failed);
        self.forget_released(&mut report, |vpc| !rules_failed(vpc, &failed));
        self.failed = failed;
        report
    }

    fn remove_strays(&mut self, report: &mut PassReport) {
        for stray in std::mem::take(&mut self.strays) {
            match stray.remove(self) {
                Ok(()) => report.done += 1,
                // It is found again.
                Err(source) => report.failures.push(Failure { op: stray.to_string(), attempts: 1, source }),
            }
        }
    }

    /// Notes addresses that leave their ENI.
    fn release(&mut self, op: &Op) {
        let (vpc, address) = match op {
            Op::Remove(Key::Neighbour(vpc, _, address), _) => (vpc, IpNet::from(*address)),
            Op::Remove(Key::Route(vpc, 0, prefix), _) | Op::Change { key: Key::Route(vpc, 0, prefix), .. } => {
                (vpc, *prefix)
            }
            // What is translated is known by both addresses; one that is public at another place is a new one.
            Op::Remove(Key::InternetRoute(public), Object::InternetRoute(route)) => (&route.vpc, *public),
            _ => return,
        };
        self.released.entry(vpc.clone()).or_default().push(address);
    }

    /// AWS tracks connections per ENI, the kernel per namespace: an address that moves to another ENI would take
    /// its tracked connections past the new ENI's groups. They are forgotten as soon as the VPC's rules know of
    /// the move, and before the address is reachable at its new place.
    fn forget_released(&mut self, report: &mut PassReport, knows: impl Fn(&VpcId) -> bool) {
        self.released.retain(|vpc, networks| {
            let Some(namespace) = self.vpcs.get(vpc) else { return false };
            if !knows(vpc) {
                return true;
            }
            match conntrack::forget(namespace.netns(), networks) {
                Ok(_) => false,
                Err(err) => {
                    let op = format!("- {vpc} connections of {} addresses", networks.len());
                    report.failures.push(Failure { op, attempts: 1, source: err.into() });
                    true
                }
            }
        });
    }

    /// Looks at the kernel and notes what is not as it was applied, for the next pass to mend.
    pub fn look(&mut self) -> Observation {
        let observation = observe::observe(self);
        // What is missing stays so until it is made again, even though it counts as applied no more.
        self.drift.retain(|key, drift| *drift == Drift::Missing && !self.applied.contains(key));
        self.drift.extend(observation.drift.clone());
        self.strays.clone_from(&observation.strays);
        observation
    }

    /// What a pass would do that looks at the kernel first. Nothing is done, and nothing noted.
    pub fn plan(&self, desired: &Desired) -> Plan {
        let observation = observe::observe(self);
        let noted = self.drift.iter().filter(|(key, _)| !self.applied.contains(key));
        let mut drift: BTreeMap<_, _> = noted.map(|(key, drift)| (key.clone(), drift.clone())).collect();
        drift.extend(observation.drift);
        let steps = plan(&self.applied, desired, &drift);
        Plan { strays: observation.strays, steps, failed: self.failed.clone(), unseen: observation.unseen }
    }

    /// What a pass would do, as far as the last look found drift.
    pub fn noted_plan(&self, desired: &Desired) -> Plan {
        let steps = plan(&self.applied, desired, &self.drift);
        Plan { strays: self.strays.clone(), steps, failed: self.failed.clone(), unseen: Vec::new() }
    }

    /// The namespace of a VPC's fabric.
    pub fn vpc_netns(&self, id: &VpcId) -> Option<&Netns> {
        self.vpcs.get(id).map(Namespace::netns)
    }

    /// The namespace of a host of the internet.
    pub fn internet_host(&self, name: &str) -> Option<&Netns> {
        self.internet.hosts.get(name).map(Namespace::netns)
    }

    /// The namespaces of all hosts of the internet, by name.
    pub fn internet_hosts(&self) -> impl Iterator<Item = (&str, &Netns)> {
        self.internet.hosts.iter().map(|(name, host)| (name.as_str(), host.netns()))
    }

    /// The namespace of an instance.
    pub fn instance_netns(&self, id: &InstanceId) -> Option<&Netns> {
        self.instances.get(id).map(Namespace::netns)
    }

    /// The namespaces of interface endpoints' ENIs that have their addresses.
    pub fn endpoint_namespaces(&self) -> impl Iterator<Item = (&VpcId, &NetworkInterfaceId, &Netns)> {
        let wires = self.applied.objects().filter_map(|(key, _)| match key {
            Key::EndpointWire(vpc, eni) => Some((vpc, eni)),
            _ => None,
        });
        wires.filter_map(|(vpc, eni)| Some((vpc, eni, self.endpoints.get(eni)?.netns())))
    }

    /// The namespaces that stand for services behind gateway endpoints, once they have their link.
    pub fn gateway_endpoint_namespaces(&self) -> impl Iterator<Item = (&VpcId, &VpcEndpointId, &Netns)> {
        let links = self.applied.objects().filter_map(|(key, _)| match key {
            Key::GatewayEndpointLink(vpc, id) => Some((vpc, id)),
            _ => None,
        });
        links.filter_map(|(vpc, id)| Some((vpc, id, self.gateway_endpoints.get(id)?.netns())))
    }

    /// The namespace of a NAT gateway.
    pub fn nat_gateway_netns(&self, eni: &NetworkInterfaceId) -> Option<&Netns> {
        self.nat_gateways.get(eni).map(Namespace::netns)
    }

    /// All fabrics' namespaces.
    pub fn vpc_namespaces(&self) -> impl Iterator<Item = (&VpcId, &Netns)> {
        self.vpcs.iter().map(|(id, namespace)| (id, namespace.netns()))
    }

    /// All instances' namespaces.
    pub fn instance_namespaces(&self) -> impl Iterator<Item = (&InstanceId, &Netns)> {
        self.instances.iter().map(|(id, namespace)| (id, namespace.netns()))
    }
}

fn comes_after_addresses(op: &Op) -> bool {
    let is_namespace = matches!(
        op.key(),
        Key::Fabric(_)
            | Key::Instance(_)
            | Key::Endpoint(_)
            | Key::NatGateway(_)
            | Key::GatewayEndpoint(_)
            | Key::TransitGateway(_)
    );
    !matches!(op, Op::Remove(..)) && !is_namespace && !matches!(op.key(), Key::ServiceAddress(..))
}
