//! Datagrams in Ethernet frames.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use linux_net::checksum;
use vpc_model::Mac;

use super::{take, take_u16};
use crate::net::octets;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const UDP: u8 = 17;

/// A datagram and who speaks to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram<T> {
    /// The sender's Ethernet address, and the receiver's.
    pub(super) macs: [Mac; 2],
    /// The sender's IP address, and the receiver's: both of one version.
    pub(super) addresses: [IpAddr; 2],
    /// The sender's port, and the receiver's.
    pub(super) ports: [u16; 2],
    pub(super) content: T,
}

impl<'a> Datagram<&'a [u8]> {
    /// Reads a frame. The checksums are not looked at: between links of one machine they may not have been made yet.
    pub(super) fn parse(frame: &'a [u8]) -> Option<Self> {
        let mut rest = frame;
        let to = Mac(take(&mut rest, 6)?.try_into().ok()?);
        let from = Mac(take(&mut rest, 6)?.try_into().ok()?);
        let (addresses, rest) = match take_u16(&mut rest)? {
            IPV4 => ip_v4(rest)?,
            IPV6 => ip_v6(rest)?,
            _ => return None,
        };
        let mut rest = rest;
        let ports = [take_u16(&mut rest)?, take_u16(&mut rest)?];
        let length = usize::from(take_u16(&mut rest)?);
        take_u16(&mut rest)?;
        let content = rest.get(..length.checked_sub(8)?)?;
        Some(Self { macs: [from, to], addresses, ports, content })
    }
}

fn ip_v4(packet: &[u8]) -> Option<([IpAddr; 2], &[u8])> {
    let head = packet.get(..20)?;
    let (length, total) = (usize::from(head[0] & 0xf) * 4, usize::from(u16::from_be_bytes([head[2], head[3]])));
    let is_fragment = u16::from_be_bytes([head[6], head[7]]) & 0x3fff != 0;
    if head[0] >> 4 != 4 || length < 20 || is_fragment || head[9] != UDP {
        return None;
    }
    let address = |at: usize| Ipv4Addr::new(head[at], head[at + 1], head[at + 2], head[at + 3]).into();
    Some(([address(12), address(16)], packet.get(length..total)?))
}

fn ip_v6(packet: &[u8]) -> Option<([IpAddr; 2], &[u8])> {
    let head = packet.get(..40)?;
    if head[0] >> 4 != 6 || head[6] != UDP {
        return None;
    }
    let address = |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(&head[at..at + 16]).ok()?).into());
    let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
    Some(([address(8)?, address(24)?], packet.get(40..40 + length)?))
}

impl Datagram<Vec<u8>> {
    /// Writes the frame.
    pub(super) fn frame(&self) -> Vec<u8> {
        let length = u16::try_from(self.content.len() + 8).expect("an answer fits into a frame");
        let mut udp = [self.ports[0].to_be_bytes(), self.ports[1].to_be_bytes(), length.to_be_bytes(), [0; 2]].concat();
        udp.extend(&self.content);
        let addresses = self.addresses.map(octets).concat();
        let [high, low] = length.to_be_bytes();
        let sum = checksum(&[&addresses, &[0, 0, high, low, 0, UDP], &udp]);
        // No sum at all would be a zero.
        udp[6..8].copy_from_slice(&if sum == 0 { 0xffff } else { sum }.to_be_bytes());
        let (kind, mut head) = if self.addresses[0].is_ipv4() {
            let [high, low] = (length + 20).to_be_bytes();
            (IPV4, vec![0x45, 0, high, low, 0, 0, 0x40, 0, 64, UDP, 0, 0])
        } else {
            (IPV6, vec![0x60, 0, 0, 0, high, low, UDP, 64])
        };
        head.extend(&addresses);
        if kind == IPV4 {
            let sum = checksum(&[&head]);
            head[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        let [Mac(from), Mac(to)] = self.macs;
        [&to[..], &from, &kind.to_be_bytes(), &head, &udp].concat()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn datagram(from: &str, to: &str) -> Datagram<Vec<u8>> {
        let addresses = [from, to].map(|address| address.parse().expect("an address"));
        Datagram { macs: [Mac([2; 6]), Mac([4; 6])], addresses, ports: [67, 68], content: b"hello".to_vec() }
    }

    #[rstest]
    #[case::v4("10.0.1.1", "10.0.1.5", 14 + 20 + 8 + 5)]
    #[case::v6("fe80::1", "fe80::2", 14 + 40 + 8 + 5)]
    fn written_and_read_again(#[case] from: &str, #[case] to: &str, #[case] length: usize) {
        let written = datagram(from, to);
        let frame = written.frame();
        assert_eq!(frame.len(), length);
        let read = Datagram::parse(&frame).expect("a datagram");
        assert_eq!((read.macs, read.addresses, read.ports), (written.macs, written.addresses, written.ports));
        assert_eq!(read.content, b"hello");
        assert!((0..length).all(|cut| Datagram::parse(&frame[..cut]).is_none()), "cut short");
    }

    /// Sums over what has its sum in it come out as nothing.
    #[test]
    fn checksums() {
        let frame = datagram("10.0.1.1", "10.0.1.5").frame();
        assert_eq!(checksum(&[&frame[14..34]]), 0);
        assert_eq!(checksum(&[&frame[26..34], &[0, UDP, 0, 13], &frame[34..]]), 0);
    }

    #[rstest]
    #[case::fragment(20, 0x20)]
    #[case::version(14, 0x65)]
    #[case::head_too_short(14, 0x44)]
    #[case::head_too_long(14, 0x4f)]
    #[case::protocol(23, 6)]
    #[case::total_too_long(16, 0xff)]
    #[case::total_within_the_head(17, 19)]
    #[case::datagram_too_long(38, 0xff)]
    #[case::datagram_without_its_head(39, 7)]
    fn malformed(#[case] at: usize, #[case] byte: u8) {
        let mut frame = datagram("10.0.1.1", "10.0.1.5").frame();
        frame[at] = byte;
        assert_eq!(Datagram::parse(&frame), None);
    }
}
