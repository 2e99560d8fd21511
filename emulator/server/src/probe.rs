//! A real packet for a question: the kernel's answer beside the documentation's.
//!
//! The packet is put on the wire of the ENI that sends it, as if its instance had written it, whatever processes and
//! routes there are. It is looked for where the fabric hands it to the ENI that has its destination, and its answer where
//! the fabric hands that to the sender.

mod packet;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use linux_net::capture::{self, Capture};
use linux_net::{Netlink, Netns};
use serde::Serialize;
use vpc_fabric::{Payload, names};
use vpc_model::{Mac, Model, NetworkInterface, NetworkInterfaceId, SubnetId, VlanId, VpcId};

pub(crate) use self::packet::Answered;
use crate::board::Board;
use crate::explain::Answer;

/// How long a packet is waited for, and then its answer.
const LIMIT: Duration = Duration::from_millis(500);

/// What became of a probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Probed {
    /// Whether it arrived; unknown where no ENI has its destination.
    pub(crate) arrived: Option<bool>,
    /// How it was answered.
    pub(crate) answered: Option<Answered>,
    /// After how many microseconds it arrived.
    pub(crate) microseconds: Option<u64>,
}

/// Why there is no probe.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProbe {
    /// Nothing is in the kernel.
    #[error("{0} is not in the kernel: it is attached to no running instance, or vpcbox runs without its fabric")]
    NotThere(NetworkInterfaceId),
    /// The instance has no link with the ENI's Ethernet address.
    #[error("the instance has no link with the Ethernet address {0}")]
    NoLink(Mac),
    /// The kernel refused.
    #[error(transparent)]
    Kernel(#[from] linux_net::Error),
}

/// Which packet, and the wires it may be seen on.
#[derive(Debug)]
pub(crate) struct Probe {
    packet: packet::Packet,
    /// Its source and destination where it is looked for.
    at_end: (Option<IpAddr>, IpAddr),
    sender: Wire,
    receiver: Option<Wire>,
}

/// The two ends of an ENI's wire.
#[derive(Debug)]
struct Wire {
    /// The instance, or the trunk's.
    instance: Netns,
    /// The Ethernet address of the link there.
    link: Mac,
    /// A branch's tag.
    vlan: Option<VlanId>,
    mac: Mac,
    subnet: SubnetId,
    /// Its VPC's fabric, and the port's name there.
    fabric: Netns,
    port: String,
}

impl Probe {
    /// Finds the wires of a packet.
    pub(crate) fn of(model: &Model, board: &Board, answer: &Answer) -> Result<Self, NoProbe> {
        let Answer { packet, port, receiver, at_end, .. } = answer;
        let wire = |id: &NetworkInterfaceId| Wire::of(model, board, id).ok_or_else(|| NoProbe::NotThere(id.clone()));
        let vpc = model.network_interface(&packet.sender).map(|eni| &eni.vpc_id);
        let owner = receiver.as_ref().or_else(|| owner(model, vpc?, packet.destination));
        let vpc_fabric::Packet { source, destination, payload, .. } = *packet;
        let packet_of_probe = packet::Packet { source, destination, payload, port: *port };
        let receiver = owner.and_then(|id| wire(id).ok());
        Ok(Self { packet: packet_of_probe, at_end: *at_end, sender: wire(&packet.sender)?, receiver })
    }

    /// Sends the packet and waits; takes up to a second.
    pub(crate) fn send(&self) -> Result<Probed, NoProbe> {
        let receiver = self.receiver.as_ref().map(Wire::watch).transpose()?;
        let sender = self.sender.watch()?;
        let link = self.sender.link()?;
        let begin = Instant::now();
        capture::send(&self.sender.instance, &link, &self.frame())?;
        let arrived = match &receiver {
            Some(wire) => {
                Some(find(wire, begin + LIMIT, |bytes| self.packet.is_in(bytes, self.at_end).then(Instant::now))?)
            }
            None => None,
        };
        let is_lost = matches!(arrived, Some(None));
        let has_answer = !matches!(self.packet.payload, Payload::Other(_));
        let answered = match has_answer && !is_lost {
            true => find(&sender, Instant::now() + LIMIT, |bytes| self.packet.answered_by(bytes))?,
            false => None,
        };
        let took = arrived.flatten().map(|at| at.duration_since(begin).as_micros());
        let arrived = arrived.map(|at| at.is_some()).or_else(|| answered.map(|_| true));
        Ok(Probed { arrived, answered, microseconds: took.and_then(|took| u64::try_from(took).ok()) })
    }

    fn frame(&self) -> Vec<u8> {
        let (router, wire) = (names::router_mac(&self.sender.subnet), &self.sender);
        let mut frame = [router.0, wire.mac.0].concat();
        if let Some(vlan) = wire.vlan {
            frame.extend([0x81, 0x00]);
            frame.extend(vlan.get().to_be_bytes());
        }
        frame.extend(if self.packet.source.is_ipv4() { [0x08, 0x00] } else { [0x86, 0xdd] });
        frame.extend(self.packet.bytes());
        frame
    }
}

impl Wire {
    fn of(model: &Model, board: &Board, id: &NetworkInterfaceId) -> Option<Self> {
        let eni = model.network_interface(id)?;
        let association = model.trunk_association_of(id);
        let carrier = match association {
            Some(association) => model.network_interface(&association.trunk_id)?,
            None => eni,
        };
        let instance = board.instance(&carrier.live_attachment()?.instance_id)?;
        let port = if association.is_some() { names::branch_port(id) } else { names::port(id) };
        Some(Self {
            instance,
            link: carrier.mac,
            vlan: association.map(|association| association.vlan_id),
            mac: eni.mac,
            subnet: eni.subnet_id.clone(),
            fabric: board.vpc(&eni.vpc_id)?,
            port,
        })
    }

    fn watch(&self) -> Result<Capture, NoProbe> {
        Ok(Capture::open(&self.fabric, &self.port)?)
    }

    /// The link's name in the instance, which may have given it another.
    fn link(&self) -> Result<String, NoProbe> {
        let links = Netlink::open(&self.instance)?.links()?;
        let is_it = |link: &linux_net::netlink::Link| link.mac == Some(self.link.0) && link.parent_elsewhere;
        links.into_iter().find(is_it).map(|link| link.name).ok_or(NoProbe::NoLink(self.link))
    }
}

/// Waits until a frame is what is looked for.
fn find<T>(wire: &Capture, end: Instant, wanted: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, NoProbe> {
    while let Some(frame) = wire.next(end, LIMIT)? {
        if let Some(found) = wanted(&frame.packet) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The ENI that has an address: in the sender's VPC, or else in the only other one that knows it.
fn owner<'a>(model: &'a Model, vpc: &VpcId, address: IpAddr) -> Option<&'a NetworkInterfaceId> {
    let owners = || model.network_interfaces().filter(|eni| eni.owns(address));
    let near = owners().find(|eni: &&NetworkInterface| eni.vpc_id == *vpc);
    near.or_else(|| owners().next().filter(|_| owners().count() == 1)).map(|eni| &eni.id)
}
