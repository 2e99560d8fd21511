//! A model whose VPC is in the kernel, and hosts to send packets between.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipnet::{IpNet, Ipv4Net};
use jiff::Timestamp;
use linux_net::netlink::{Family, RouteSpec, RuleSpec};
use linux_net::vlan::Carrier;
use linux_net::{Netlink, Netns, features, vlan};
use vpc_fabric::testing::Account;
use vpc_fabric::{
    Arrival, Options, Packet, Payload, Verdict, answer_to_internet, compile, from_internet, names, reachability, reply,
};
use vpc_model::{InstanceId, NetworkInterfaceId, VpcEndpointId};
use vpcbox_emulator::LifeCycle;
use vpcbox_emulator::reconcile::{Fabric, transitions};

use crate::probe::{Ears, Try};

/// Stands for the ports that connections are made from; rules of tests name all of them or none.
const EPHEMERAL: u16 = 40_000;

/// A model whose VPC is in the kernel.
pub struct World {
    pub account: Account,
    pub options: Options,
    pub fabric: Fabric,
    pub carrier: Option<Carrier>,
}

/// An address of an ENI, and where it is.
#[derive(Clone)]
pub struct Host {
    pub name: &'static str,
    pub eni: NetworkInterfaceId,
    pub address: IpAddr,
    pub netns: Netns,
}

impl World {
    /// A VPC 10.0.0.0/16; nothing where this kernel, or our rights, do not allow one. Tests that get one without
    /// a carrier leave branch ENIs out.
    pub fn start(options: Options) -> Option<Self> {
        let features = features::probe();
        if let Some(missing) = features.obstacles().first() {
            println!("skipped: {missing}");
            return None;
        }
        if features.privilege != features::Privilege::Root {
            println!("skipped: needs root");
            return None;
        }
        let carrier = vlan::carrier(&features).inspect_err(|missing| println!("skipped: {missing}")).ok();
        let account = Account::with_vpc("10.0.0.0/16");
        Some(Self { account, options, fabric: Fabric::new(carrier), carrier })
    }

    /// Passes until nothing changes any more.
    pub fn settle(&mut self) -> Duration {
        let start = Instant::now();
        loop {
            let desired = compile(&self.account.model, &self.options);
            let report = self.fabric.pass(&desired, |_| ());
            assert!(report.failures.is_empty(), "{:#?}", report.failures);
            assert_eq!(report.waiting, 0);
            assert_eq!(self.fabric.applied(), &desired);
            let changes = transitions(&self.account.model, self.fabric.applied());
            if changes.is_empty() {
                let took = start.elapsed();
                let found = self.fabric.look();
                assert!(found.is_clean() && found.unseen.is_empty(), "{found:#?}");
                return took;
            }
            changes.iter().for_each(|change| complete(&mut self.account, change));
        }
    }

    /// The primary address of an ENI that is its instance's primary one.
    pub fn primary(&self, name: &'static str, instance: &InstanceId, eni: &NetworkInterfaceId) -> Host {
        let netns = self.fabric.instance_netns(instance).expect("the instance has its namespace").clone();
        let address = self.account.get(eni).primary_ip().unwrap().into();
        Host { name, eni: eni.clone(), address, netns }
    }

    /// An interface endpoint's ENI.
    pub fn endpoint(&self, name: &'static str, eni: &NetworkInterfaceId) -> Host {
        let mut all = self.fabric.endpoint_namespaces();
        let (_, _, netns) = all.find(|(_, id, _)| *id == eni).expect("the endpoint has its namespace");
        let address = self.account.get(eni).primary_ip().unwrap().into();
        Host { name, eni: eni.clone(), address, netns: netns.clone() }
    }

    /// What stands for the service behind a gateway endpoint; an address of it is one of many.
    pub fn gateway_endpoint(&self, name: &'static str, id: &VpcEndpointId, address: &str) -> Host {
        let mut all = self.fabric.gateway_endpoint_namespaces();
        let (_, _, netns) = all.find(|(_, other, _)| *other == id).expect("the endpoint has its namespace");
        let (eni, address) = ("eni-00000000".parse().unwrap(), address.parse().unwrap());
        Host { name, eni, address, netns: netns.clone() }
    }

    /// Another address, which the instance takes as a node agent would: with a route of its own by its ENI.
    pub fn further(
        &self,
        name: &'static str,
        near: &Host,
        device: &str,
        eni: &NetworkInterfaceId,
        at: impl Into<IpAddr>,
    ) -> Host {
        let (netlink, at) = (Netlink::open(&near.netns).unwrap(), at.into());
        let link = netlink.index(device).unwrap();
        netlink.set_up(link).unwrap();
        netlink.add_address(link, IpNet::from(at)).unwrap();
        let (router, table) = (self.router(eni, at), 1000 + link);
        netlink.replace_route(&RouteSpec::on_link(IpNet::from(router), link).table(table)).unwrap();
        netlink.replace_route(&RouteSpec::via(everything(at), router).link(link).table(table)).unwrap();
        let family = if at.is_ipv4() { Family::V4 } else { Family::V6 };
        netlink.add_rule(&RuleSpec::new(family, 500, table).from(IpNet::from(at))).unwrap();
        Host { name, eni: eni.clone(), address: at, netns: near.netns.clone() }
    }

    /// The router that an ENI's packets of an address's version go to.
    fn router(&self, eni: &NetworkInterfaceId, address: IpAddr) -> IpAddr {
        let subnet = self.account.model.subnet(&self.account.get(eni).subnet_id).unwrap();
        match address {
            IpAddr::V4(_) => subnet.router().unwrap().into(),
            IpAddr::V6(_) => names::router_link_local(&subnet.id).into(),
        }
    }

    /// A branch ENI's address in a namespace of its own, on the trunk's wire by a VLAN.
    pub fn branch(&self, name: &'static str, node: &Host, trunk: &str, eni: &NetworkInterfaceId) -> Host {
        let vlan_id = self.account.model.trunk_association_of(eni).unwrap().vlan_id.get();
        let (pod, own) = (Netns::create().unwrap(), self.account.get(eni));
        let link = format!("vlan.eth.{vlan_id}");
        Netlink::open(&node.netns).unwrap().set_up(trunk).unwrap();
        vlan::add(&node.netns, trunk, &link, vlan_id, own.mac.0, 9001, self.carrier.unwrap()).unwrap();
        Netlink::open(&node.netns).unwrap().move_to(&link, &pod).unwrap();
        let (netlink, address) = (Netlink::open(&pod).unwrap(), own.primary_ip().unwrap());
        let subnet = self.account.model.subnet(&own.subnet_id).unwrap();
        netlink.set_up(&link).unwrap();
        let with_prefix = Ipv4Net::new(address, subnet.cidr_block.unwrap().prefix_len()).unwrap();
        netlink.add_address(&link, IpNet::V4(with_prefix)).unwrap();
        let index = netlink.index(&link).unwrap();
        let v6 = own.ipv6_addresses.first().map(|address| IpAddr::V6(*address));
        v6.into_iter().for_each(|address| netlink.add_address(index, IpNet::from(address)).unwrap());
        for address in [address.into()].into_iter().chain(v6) {
            let default = RouteSpec::via(everything(address), self.router(eni, address));
            netlink.replace_route(&default.link(index)).unwrap();
        }
        Host { name, eni: eni.clone(), address: address.into(), netns: pod }
    }

    /// Gives an instance's link an address, rightly or wrongly.
    pub fn take_address(&self, host: &Host, device: &str, address: IpAddr) {
        Netlink::open(&host.netns).unwrap().add_address(device, IpNet::from(address)).unwrap();
    }

    /// Gives an instance's primary link an Ethernet address.
    pub fn take_mac(&self, netlink: &Netlink, mac: [u8; 6]) {
        netlink.set_mac("eth0", mac).unwrap();
    }

    /// What the oracle says; that a TCP connection is opened takes the answer to its first packet too.
    pub fn verdict(&self, from: &Host, source: IpAddr, to: IpAddr, payload: Payload) -> Verdict {
        if self.account.model.network_interface(&from.eni).is_none() {
            return self.verdict_from_internet(&Arrival { source, destination: to, payload });
        }
        let packet = Packet { sender: from.eni.clone(), ethernet_source: None, source, destination: to, payload };
        let first = reachability(&self.account.model, &self.options, &packet);
        let answer = || reply(&self.account.model, &self.options, &packet, EPHEMERAL).verdict;
        match payload {
            Payload::Tcp(_) if first.is_allowed() => Some(answer()).filter(|it| !it.is_allowed()).unwrap_or(first),
            _ => first,
        }
    }

    /// A host of the internet, which no ENI connects.
    pub fn internet_host(&self, name: &'static str) -> Host {
        let host = self.options.internet_hosts.iter().find(|host| host.name == name).unwrap();
        let netns = self.fabric.internet_host(name).expect("the internet is there").clone();
        Host { name, eni: "eni-00000000".parse().unwrap(), address: host.address, netns }
    }

    fn verdict_from_internet(&self, packet: &Arrival) -> Verdict {
        let first = from_internet(&self.account.model, &self.options, packet).verdict;
        let answer = || answer_to_internet(&self.account.model, &self.options, packet, EPHEMERAL).verdict;
        match packet.payload {
            Payload::Tcp(_) if first.is_allowed() => Some(answer()).filter(|it| !it.is_allowed()).unwrap_or(first),
            _ => first,
        }
    }

    /// Sends packets and compares what happens with what the oracle says; gives how many arrived.
    pub fn agree(&self, ears: &Ears, packets: &[(&Host, IpAddr, IpAddr, Payload)]) -> usize {
        let verdicts: Vec<Verdict> =
            packets.iter().map(|(from, source, to, payload)| self.verdict(from, *source, *to, *payload)).collect();
        let tries: Vec<Try> = packets
            .iter()
            .zip(&verdicts)
            .map(|((from, source, destination, payload), verdict)| Try {
                from: from.netns.clone(),
                source: *source,
                destination: *destination,
                payload: *payload,
                is_expected: verdict.is_allowed(),
            })
            .collect();
        let outcomes = ears.try_all(&tries);
        let differing: Vec<String> = packets
            .iter()
            .zip(&verdicts)
            .zip(&outcomes)
            .filter(|((_, verdict), arrived)| verdict.is_allowed() != **arrived)
            .map(|(((from, source, to, payload), verdict), arrived)| {
                format!("{} {source} → {to} {payload:?}: arrived {arrived}, oracle: {verdict}", from.name)
            })
            .collect();
        assert!(differing.is_empty(), "{} of {} differ:\n{}", differing.len(), packets.len(), differing.join("\n"));
        outcomes.into_iter().filter(|arrived| *arrived).count()
    }
}

/// The default route's destination.
fn everything(address: IpAddr) -> IpNet {
    if address.is_ipv4() { RouteSpec::default_v4() } else { RouteSpec::default_v6() }
}

fn complete(account: &mut Account, change: &LifeCycle) {
    let now = Timestamp::UNIX_EPOCH;
    match change {
        LifeCycle::AttachmentReady(eni) => account.model.attachment_ready(eni),
        LifeCycle::AttachmentGone(eni) => account.model.attachment_gone(eni),
        LifeCycle::InstanceGone(instance) => account.model.instance_gone(instance, now),
        LifeCycle::InstanceStopped(instance) => account.model.instance_stopped(instance),
        LifeCycle::InstanceReady(_) | LifeCycle::Settle | LifeCycle::Advance => {
            unreachable!("the fabric completes one thing at a time")
        }
    }
}
