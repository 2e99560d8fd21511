//! What becomes of a packet in the home region's VPCs, asked of the packet oracle.
//!
//! It is what AWS's documentation says, not what the kernel was told: where the two differ, one of them is wrong.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vpc_fabric::{Hop, Options, Packet, Path, Payload, path, reply};
use vpc_model::{InstanceId, Model, NetworkInterface, NetworkInterfaceId};

use crate::probe::Probed;

/// The port that connections are made from where none is said: the first ephemeral one, see
/// <https://www.rfc-editor.org/rfc/rfc6335#section-6>.
const EPHEMERAL: u16 = 49152;

/// Which packet.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Question {
    /// Who sends it: a network interface, an instance (its primary interface) or a private address.
    from: String,
    /// Who should get it: one of these, or any address.
    to: String,
    /// The protocol: `tcp` (which is meant where nothing is said), `udp`, `icmp` (an echo request) or a number.
    protocol: Option<String>,
    /// The port, for TCP and UDP.
    port: Option<u16>,
    /// The port it is sent from, which decides whether the answer passes network ACLs.
    source_port: Option<u16>,
    /// Whether a real packet is sent too.
    #[serde(default)]
    pub(crate) probe: bool,
}

/// What becomes of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The sender's address.
    source: IpAddr,
    /// Where it goes.
    destination: IpAddr,
    /// Whether packet and answer arrive.
    works: bool,
    /// The packet's way.
    there: Way,
    /// The answer's way, where there is something to answer.
    back: Option<Way>,
    /// What became of a real packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<Probed>,
    /// Whether the real packet fared as it should.
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<bool>,
    /// The packet that was asked about.
    #[serde(skip)]
    pub(crate) packet: Packet,
    /// The port it is sent from.
    #[serde(skip)]
    pub(crate) port: u16,
    /// The ENI it reaches.
    #[serde(skip)]
    pub(crate) receiver: Option<NetworkInterfaceId>,
    /// The source and destination it has there; no source where that is not sure.
    #[serde(skip)]
    pub(crate) at_end: (Option<IpAddr>, IpAddr),
}

/// A packet's way.
#[derive(Debug, Serialize)]
struct Way {
    /// Whether it arrives.
    arrives: bool,
    /// What it passes, in order.
    hops: Vec<String>,
    /// What becomes of it.
    verdict: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unclear {
    /// Neither an id nor an address.
    #[error("{0} is no network interface, instance or address")]
    NoEnd(String),
    /// Nothing has this id or address.
    #[error("no network interface belongs to {0}")]
    Nobody(String),
    /// VPCs may have the same addresses.
    #[error("several network interfaces have {address}: say which ({})", candidates.join(", "))]
    Several {
        /// The address.
        address: IpAddr,
        /// Whose it is.
        candidates: Vec<String>,
    },
    /// Packets are of one version.
    #[error("{from} and {to} are not of the same version of IP")]
    Versions {
        /// The sender's address.
        from: IpAddr,
        /// The receiver's.
        to: IpAddr,
    },
    /// No such protocol.
    #[error("{0} is no protocol: say tcp, udp, icmp or a number up to 255")]
    Protocol(String),
    /// TCP and UDP go to a port.
    #[error("{0} takes a port")]
    NoPort(String),
    /// Others do not.
    #[error("{0} has no ports")]
    Port(String),
}

/// Asks the oracle.
pub(crate) fn explain(model: &Model, options: &Options, question: &Question) -> Result<Answer, Unclear> {
    let (sender, source) = sender(model, &question.from)?;
    let (source, destination) = destination(model, sender, source, &question.to)?;
    let payload = payload(question.protocol.as_deref().unwrap_or("tcp"), question.port, destination)?;
    let packet = Packet { sender: sender.id.clone(), ethernet_source: None, source, destination, payload };
    let there = path(model, options, &packet);
    let port = question.source_port.unwrap_or(EPHEMERAL);
    let back = there.verdict.is_allowed().then(|| reply(model, options, &packet, port));
    let works = back.as_ref().is_some_and(|back| back.verdict.is_allowed());
    let receiver = there.hops.iter().rev().find_map(|hop| match hop {
        Hop::Arrives(eni) => Some(eni.clone()),
        _ => None,
    });
    let at_end = there.addresses_at_end(&packet);
    let (there, back) = (Way::of(&there), back.as_ref().map(Way::of));
    Ok(Answer { source, destination, works, there, back, probe: None, agrees: None, packet, port, receiver, at_end })
}

impl Answer {
    /// Puts what became of a real packet beside what should. Whether a host answers is its own affair, but an answer that
    /// should be lost is not to be seen.
    pub(crate) fn confirm(&mut self, probed: Probed) {
        let arrives_as_said = probed.arrived.is_none_or(|arrived| arrived == self.there.arrives);
        self.agrees = Some(arrives_as_said && (self.works || probed.answered.is_none()));
        self.probe = Some(probed);
    }
}

impl Way {
    fn of(path: &Path) -> Self {
        let hops = path.hops.iter().map(ToString::to_string).collect();
        Self { arrives: path.verdict.is_allowed(), hops, verdict: path.verdict.to_string() }
    }
}

/// The interface that sends, and the address it sends from if it was said.
fn sender<'a>(model: &'a Model, text: &str) -> Result<(&'a NetworkInterface, Option<IpAddr>), Unclear> {
    match end(model, text)? {
        End::Interface(eni) => Ok((eni, None)),
        End::Address(address) => {
            let mut owners: Vec<_> = model.network_interfaces().filter(|eni| eni.owns(address)).collect();
            match (owners.pop(), owners.is_empty()) {
                (None, _) => Err(Unclear::Nobody(text.to_owned())),
                (Some(only), true) => Ok((only, Some(address))),
                (Some(last), false) => {
                    let candidates = owners.into_iter().chain([last]).map(|eni| eni.id.to_string()).collect();
                    Err(Unclear::Several { address, candidates })
                }
            }
        }
    }
}

/// The receiver's address, and the sender's of the same version: where an end is a resource, it has both perhaps.
fn destination(
    model: &Model,
    sender: &NetworkInterface,
    source: Option<IpAddr>,
    text: &str,
) -> Result<(IpAddr, IpAddr), Unclear> {
    let destination = match end(model, text)? {
        End::Interface(eni) if eni.id == sender.id => {
            return Err(Unclear::Nobody(format!("{text} but the sender's own")));
        }
        End::Interface(eni) => {
            let is_ipv6 = source.map_or(sender.primary_ip().is_none(), |source| source.is_ipv6());
            primary(eni, is_ipv6, text)?
        }
        End::Address(address) => address,
    };
    let source = match source {
        Some(source) if source.is_ipv6() != destination.is_ipv6() => {
            return Err(Unclear::Versions { from: source, to: destination });
        }
        Some(source) => source,
        None => primary(sender, destination.is_ipv6(), sender.id.as_str())?,
    };
    Ok((source, destination))
}

/// One end as it was said.
enum End<'a> {
    Interface(&'a NetworkInterface),
    Address(IpAddr),
}

fn end<'a>(model: &'a Model, text: &str) -> Result<End<'a>, Unclear> {
    let nobody = || Unclear::Nobody(text.to_owned());
    if let Ok(address) = text.parse::<IpAddr>() {
        Ok(End::Address(address))
    } else if let Ok(id) = text.parse::<NetworkInterfaceId>() {
        model.network_interface(&id).map(End::Interface).ok_or_else(nobody)
    } else if let Ok(id) = text.parse::<InstanceId>() {
        let primary = |eni: &&NetworkInterface| eni.attachment.as_ref().is_some_and(|it| it.device_index == 0);
        model.interfaces_of(&id).find(primary).map(End::Interface).ok_or_else(nobody)
    } else {
        Err(Unclear::NoEnd(text.to_owned()))
    }
}

fn primary(eni: &NetworkInterface, is_ipv6: bool, text: &str) -> Result<IpAddr, Unclear> {
    let address = match is_ipv6 {
        false => eni.primary_ip().map(IpAddr::V4),
        true => eni.ipv6_addresses.first().map(|address| IpAddr::V6(*address)),
    };
    let version = if is_ipv6 { "IPv6" } else { "IPv4" };
    address.ok_or_else(|| Unclear::Nobody(format!("the {version} address of {text}")))
}

fn payload(protocol: &str, port: Option<u16>, destination: IpAddr) -> Result<Payload, Unclear> {
    let to_port = || port.ok_or_else(|| Unclear::NoPort(protocol.to_owned()));
    let number = match protocol {
        "tcp" => 6,
        "udp" => 17,
        "icmp" if destination.is_ipv6() => 58,
        "icmp" => 1,
        number => number.parse().map_err(|_| Unclear::Protocol(protocol.to_owned()))?,
    };
    match number {
        6 => Ok(Payload::Tcp(to_port()?)),
        17 => Ok(Payload::Udp(to_port()?)),
        _ if port.is_some() => Err(Unclear::Port(protocol.to_owned())),
        1 => Ok(Payload::Icmp { kind: 8, code: 0 }),
        58 => Ok(Payload::Icmpv6 { kind: 128, code: 0 }),
        number => Ok(Payload::Other(number)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use vpc_fabric::testing::{Account, interface};

    use super::*;

    /// An instance in each of two subnets of one VPC, with one group, and one with the first one's address in another.
    fn account() -> (Account, [NetworkInterfaceId; 3]) {
        let mut account = Account::with_vpc("10.0.0.0/16");
        let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
        let group = account.group("all");
        account.allow(&group, vpc_model::Direction::Ingress, vpc_fabric::testing::everything());
        let first = account.instance(interface(&one, &[&group])).1;
        let second = account.instance(interface(&two, &[&group])).1;
        account.go_to_vpc("10.0.0.0/16");
        let subnet = account.subnet("10.0.1.0/24");
        let other = account.instance(interface(&subnet, &[])).1;
        (account, [first, second, other])
    }

    fn ask(account: &Account, from: &str, to: &str, protocol: &str, port: Option<u16>) -> Result<Answer, Unclear> {
        let (from, to) = (from.to_owned(), to.to_owned());
        let question =
            Question { from, to, protocol: Some(protocol.to_owned()), port, source_port: None, probe: false };
        explain(&account.model, &Options::default(), &question)
    }

    #[test]
    fn interfaces_instances_and_addresses() {
        let (account, [first, second, _]) = account();
        let instance = account.get(&second).attachment.as_ref().unwrap().instance_id.clone();
        let address = account.get(&second).primary_ip().unwrap();
        for to in [second.to_string(), instance.to_string(), address.to_string()] {
            let answer = ask(&account, first.as_str(), &to, "tcp", Some(80)).unwrap();
            assert_eq!((answer.destination, answer.works), (IpAddr::V4(address), true), "{to}");
            assert_eq!(answer.there.hops.len(), 7, "{:?}", answer.there.hops);
            assert_eq!(answer.back.unwrap().hops.len(), 5);
        }
    }

    #[test]
    fn what_is_denied_has_no_answer() {
        let (account, [first, ..]) = account();
        let answer = ask(&account, first.as_str(), "10.0.2.99", "icmp", None).unwrap();
        assert!(!answer.works && answer.back.is_none());
        assert_eq!(answer.there.verdict, "denied: no network interface has the destination address");
    }

    #[rstest]
    #[case::ambiguous("10.0.1.4", "10.0.2.4", "tcp", Some(80), "several network interfaces have 10.0.1.4")]
    #[case::unknown("eni-0123456789abcdef0", "10.0.2.4", "tcp", Some(80), "no network interface belongs to eni-")]
    #[case::no_end("web", "10.0.2.4", "tcp", Some(80), "web is no network interface, instance or address")]
    #[case::no_port("10.0.2.4", "10.0.1.4", "udp", None, "udp takes a port")]
    #[case::a_port_too_many("10.0.2.4", "10.0.1.4", "icmp", Some(8), "icmp has no ports")]
    #[case::versions(
        "10.0.2.4",
        "2001:db8::1",
        "tcp",
        Some(80),
        "10.0.2.4 and 2001:db8::1 are not of the same version"
    )]
    #[case::no_protocol("10.0.2.4", "10.0.1.4", "tpc", Some(80), "tpc is no protocol")]
    fn refused(
        #[case] from: &str,
        #[case] to: &str,
        #[case] protocol: &str,
        #[case] port: Option<u16>,
        #[case] expected: &str,
    ) {
        let error = ask(&account().0, from, to, protocol, port).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
