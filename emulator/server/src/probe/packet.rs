//! The packets of a probe: written as an instance's kernel would, and known again by what routers do not change.

use std::net::IpAddr;

use linux_net::checksum;
use vpc_fabric::Payload;

use crate::net::octets;

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// A packet of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) payload: Payload,
    /// The port it is sent from; of an echo request its identifier.
    pub(super) port: u16,
}

/// How a probe was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answered {
    /// A TCP connection is accepted.
    Accepted,
    /// A TCP connection is refused: nobody listens.
    Refused,
    /// An echo reply.
    Echo,
    /// A datagram.
    Datagram,
}

impl Packet {
    fn protocol(&self) -> u8 {
        match self.payload {
            Payload::Tcp(_) => TCP,
            Payload::Udp(_) => UDP,
            Payload::Icmp { .. } => ICMP,
            Payload::Icmpv6 { .. } => ICMPV6,
            Payload::Other(number) => number,
        }
    }

    /// The frame's content after the Ethernet head.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let body = self.body();
        let length = u16::try_from(body.len()).expect("a few bytes");
        let mut bytes = Vec::new();
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                bytes.extend([0x45, 0]);
                bytes.extend((length + 20).to_be_bytes());
                bytes.extend([0, 0, 0x40, 0, 64, self.protocol(), 0, 0]);
                bytes.extend(source.octets());
                bytes.extend(destination.octets());
                let sum = checksum(&[&bytes]);
                bytes[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            _ => {
                bytes.extend([0x60, 0, 0, 0]);
                bytes.extend(length.to_be_bytes());
                bytes.extend([self.protocol(), 64]);
                bytes.extend(octets(self.source));
                bytes.extend(octets(self.destination));
            }
        }
        bytes.extend(body);
        bytes
    }

    /// What comes after the head of IP.
    fn body(&self) -> Vec<u8> {
        let [high, low] = self.port.to_be_bytes();
        let (mut body, sum_at, is_over_addresses) = match self.payload {
            Payload::Tcp(port) => {
                let [to_high, to_low] = port.to_be_bytes();
                let head = [high, low, to_high, to_low, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, SYN, 0x40, 0, 0, 0, 0, 0];
                (head.to_vec(), 16, true)
            }
            Payload::Udp(port) => {
                let [to_high, to_low] = port.to_be_bytes();
                (vec![high, low, to_high, to_low, 0, 8, 0, 0], 6, true)
            }
            Payload::Icmp { kind, code } => (vec![kind, code, 0, 0, high, low, 0, 1], 2, false),
            Payload::Icmpv6 { kind, code } => (vec![kind, code, 0, 0, high, low, 0, 1], 2, true),
            Payload::Other(_) => return vec![0; 8],
        };
        let length = u32::try_from(body.len()).expect("a few bytes").to_be_bytes();
        let addresses = [octets(self.source), octets(self.destination)].concat();
        let pseudo = [&addresses[..], &length, &[0, 0, 0, self.protocol()]].concat();
        let sum = if is_over_addresses { checksum(&[&pseudo, &body]) } else { checksum(&[&body]) };
        body[sum_at..sum_at + 2].copy_from_slice(&sum.to_be_bytes());
        body
    }

    /// Whether bytes on a wire are this packet, which may have other addresses by then. Where its source is not known, its
    /// source port, or an echo request's identifier, is not either.
    pub(super) fn is_in(&self, bytes: &[u8], (source, destination): (Option<IpAddr>, IpAddr)) -> bool {
        Seen::parse(bytes).is_some_and(|seen| {
            let is_same = seen.destination == destination && seen.protocol == self.protocol();
            let [from, to] = self.ports();
            is_same
                && match (self.payload, source) {
                    (Payload::Other(_), source) => source.is_none_or(|source| seen.source == source),
                    (_, Some(source)) => seen.source == source && seen.ports == [from, to],
                    (Payload::Tcp(_) | Payload::Udp(_), None) => seen.ports[1] == to,
                    (Payload::Icmp { kind, .. } | Payload::Icmpv6 { kind, .. }, None) => seen.kind == kind,
                }
        })
    }

    /// How bytes on a wire answer this packet, if they do.
    pub(super) fn answered_by(&self, bytes: &[u8]) -> Option<Answered> {
        let seen = Seen::parse(bytes)?;
        if (seen.source, seen.destination, seen.protocol) != (self.destination, self.source, self.protocol()) {
            return None;
        }
        let [from, to] = self.ports();
        let is_back = seen.ports == [to, from];
        match self.payload {
            Payload::Tcp(_) if is_back && seen.flags & RST != 0 => Some(Answered::Refused),
            Payload::Tcp(_) if is_back && seen.flags & (SYN | ACK) == SYN | ACK => Some(Answered::Accepted),
            Payload::Udp(_) if is_back => Some(Answered::Datagram),
            Payload::Icmp { kind: 8, .. } if seen.kind == 0 && seen.ports == self.ports() => Some(Answered::Echo),
            Payload::Icmpv6 { kind: 128, .. } if seen.kind == 129 && seen.ports == self.ports() => Some(Answered::Echo),
            _ => None,
        }
    }

    /// What tells its flow from others: the ports, or an echo request's identifier twice.
    fn ports(&self) -> [u16; 2] {
        match self.payload {
            Payload::Tcp(port) | Payload::Udp(port) => [self.port, port],
            _ => [self.port; 2],
        }
    }
}

/// What of a packet on a wire is looked at.
struct Seen {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    ports: [u16; 2],
    /// The type, of ICMP.
    kind: u8,
    /// The flags, of TCP.
    flags: u8,
}

impl Seen {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let v4 = |at: usize| Some(IpAddr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
        let v6 = |at: usize| Some(IpAddr::from(<[u8; 16]>::try_from(bytes.get(at..at + 16)?).ok()?));
        let (source, destination, protocol, length) = match bytes.first()? >> 4 {
            4 => (v4(12)?, v4(16)?, *bytes.get(9)?, usize::from(bytes[0] & 0xf) * 4),
            6 => (v6(8)?, v6(24)?, *bytes.get(6)?, 40),
            _ => return None,
        };
        let body = bytes.get(length..)?;
        let number = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
        let ports = match protocol {
            ICMP | ICMPV6 => [number(4)?; 2],
            _ => [number(0)?, number(2)?],
        };
        Some(Self { source, destination, protocol, ports, kind: body[0], flags: body.get(13).copied().unwrap_or(0) })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn packet(source: &str, destination: &str, payload: Payload) -> Packet {
        Packet { source: source.parse().unwrap(), destination: destination.parse().unwrap(), payload, port: 49152 }
    }

    #[rstest]
    #[case::tcp(packet("10.0.1.4", "10.0.2.4", Payload::Tcp(80)), 40)]
    #[case::udp(packet("10.0.1.4", "10.0.2.4", Payload::Udp(53)), 28)]
    #[case::echo(packet("10.0.1.4", "10.0.2.4", Payload::Icmp { kind: 8, code: 0 }), 28)]
    #[case::tcp_over_ipv6(packet("2001:db8::4", "2001:db8:1::4", Payload::Tcp(80)), 60)]
    #[case::echo_over_ipv6(packet("2001:db8::4", "2001:db8:1::4", Payload::Icmpv6 { kind: 128, code: 0 }), 48)]
    #[case::other(packet("10.0.1.4", "10.0.2.4", Payload::Other(99)), 28)]
    fn written_and_known_again(#[case] packet: Packet, #[case] length: usize) {
        let bytes = packet.bytes();
        assert_eq!(bytes.len(), length);
        let ends = (Some(packet.source), packet.destination);
        assert!(packet.is_in(&bytes, ends));
        let elsewhere = Packet { source: "10.9.9.9".parse().unwrap(), ..packet };
        assert!(!elsewhere.is_in(&bytes, (Some(elsewhere.source), packet.destination)));
        assert!(elsewhere.is_in(&bytes, (None, packet.destination)), "by whatever address");
        assert!(elsewhere.is_in(&bytes, ends), "as it is by then");
        assert!(!packet.is_in(&bytes, (None, packet.source)));
        assert_eq!(packet.answered_by(&bytes), None, "it is no answer to itself");
        assert!((0..bytes.len().min(24)).all(|cut| !packet.is_in(&bytes[..cut], ends)));
    }

    /// A head with its checksum in it comes out as nothing.
    #[test]
    fn checksums() {
        let bytes = packet("10.0.1.4", "10.0.2.4", Payload::Icmp { kind: 8, code: 0 }).bytes();
        assert_eq!((checksum(&[&bytes[..20]]), checksum(&[&bytes[20..]])), (0, 0));
    }

    #[rstest]
    #[case::accepted(Payload::Tcp(80), 0x12, Some(Answered::Accepted))]
    #[case::refused(Payload::Tcp(80), 0x14, Some(Answered::Refused))]
    #[case::something_else(Payload::Tcp(80), 0x10, None)]
    #[case::datagram(Payload::Udp(80), 0, Some(Answered::Datagram))]
    fn answers(#[case] payload: Payload, #[case] flags: u8, #[case] expected: Option<Answered>) {
        let sent = packet("10.0.1.4", "10.0.2.4", payload);
        let to = |port| if matches!(payload, Payload::Tcp(_)) { Payload::Tcp(port) } else { Payload::Udp(port) };
        let back = Packet { port: 80, ..packet("10.0.2.4", "10.0.1.4", to(49152)) };
        let mut bytes = back.bytes();
        if bytes.len() == 40 {
            bytes[33] = flags;
        }
        assert_eq!(sent.answered_by(&bytes), expected);
        bytes[22] ^= 1;
        assert_eq!(sent.answered_by(&bytes), None, "to another port");
    }
}
