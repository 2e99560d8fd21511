//! The frames of neighbour discovery: what hosts ask their router, and its answers. See RFC 4861, section 4.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use crate::Mac;

const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

const ETHERNET: usize = 14;
const IPV6: usize = 40;
/// Where in a frame the ICMPv6 message begins.
const ICMPV6: usize = ETHERNET + IPV6;
const NEXT_HEADER_ICMPV6: u8 = 58;
/// Nobody beyond the link can have sent a message that still has it (RFC 4861, section 11.2).
const HOP_LIMIT: u8 = 255;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// For how long a router is believed in, in seconds: ten minutes apart, two advertisements may be lost.
const LIFETIME: u16 = 1800;

/// What a host asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    /// The host's Ethernet address.
    pub(super) asker: Mac,
    /// Its IPv6 address; unspecified while it has none.
    pub(super) source: Ipv6Addr,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Is there a router?
    Router,
    /// Which Ethernet address has this neighbour?
    Neighbour(Ipv6Addr),
}

/// A router on one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) mac: Mac,
    pub(super) link_local: Ipv6Addr,
    pub(super) mtu: u32,
}

/// Reads a frame; gives none of what is not a valid question.
pub(super) fn parse(frame: &[u8]) -> Option<Question> {
    let ip = frame.get(ETHERNET..ICMPV6)?;
    let length = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
    let message = frame.get(ICMPV6..ICMPV6 + length)?;
    let (kind, code) = (*message.first()?, *message.get(1)?);
    if ip[6] != NEXT_HEADER_ICMPV6 || ip[7] != HOP_LIMIT || code != 0 {
        return None;
    }
    let address = |bytes: &[u8]| Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?));
    let kind = match kind {
        ROUTER_SOLICITATION if message.len() >= 8 => Kind::Router,
        NEIGHBOUR_SOLICITATION => Kind::Neighbour(address(message.get(8..24)?)?),
        _ => return None,
    };
    Some(Question { asker: frame.get(6..12)?.try_into().ok()?, source: address(&ip[8..24])?, kind })
}

/// The frame that says: frames for `target` go to this router.
pub(super) fn neighbour_advertisement(sender: &Sender, to: (Mac, Ipv6Addr), target: Ipv6Addr) -> Vec<u8> {
    const ROUTER: u8 = 0x80;
    const SOLICITED: u8 = 0x40;
    const OVERRIDE: u8 = 0x20;
    let role = if target == sender.link_local { ROUTER } else { 0 };
    let mut message = vec![NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, role | SOLICITED | OVERRIDE, 0, 0, 0];
    message.extend(target.octets());
    message.extend(link_layer_option(2, sender.mac));
    frame(sender.mac, target, to, message)
}

/// The frame that tells a host of this router and of the blocks on its link. Addresses come by DHCPv6 alone.
pub(super) fn router_advertisement(sender: &Sender, to: Mac, blocks: impl Iterator<Item = Ipv6Net>) -> Vec<u8> {
    const MANAGED: u8 = 0x80;
    const OTHER: u8 = 0x40;
    let [high, low] = LIFETIME.to_be_bytes();
    let mut message = vec![ROUTER_ADVERTISEMENT, 0, 0, 0, 0, MANAGED | OTHER, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend(link_layer_option(1, sender.mac));
    message.extend([5, 1, 0, 0]);
    message.extend(sender.mtu.to_be_bytes());
    for block in blocks {
        const ON_LINK: u8 = 0x80;
        let lifetime = u32::from(LIFETIME).to_be_bytes();
        message.extend([3, 4, block.prefix_len(), ON_LINK]);
        message.extend(lifetime);
        message.extend(lifetime);
        message.extend([0; 4]);
        message.extend(block.network().octets());
    }
    frame(sender.mac, sender.link_local, (to, ALL_NODES), message)
}

/// An option with an Ethernet address: the source's (1) or the target's (2).
fn link_layer_option(kind: u8, mac: Mac) -> impl Iterator<Item = u8> {
    [kind, 1].into_iter().chain(mac)
}

/// Puts the heads before a message, and the checksum into it.
fn frame(from: Mac, source: Ipv6Addr, (to, destination): (Mac, Ipv6Addr), mut message: Vec<u8>) -> Vec<u8> {
    let sum = checksum(source, destination, &message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let length = u16::try_from(message.len()).expect("a few options");
    let mut frame = Vec::with_capacity(ICMPV6 + message.len());
    frame.extend(to);
    frame.extend(from);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
    frame.extend(length.to_be_bytes());
    frame.extend([NEXT_HEADER_ICMPV6, HOP_LIMIT]);
    frame.extend(source.octets());
    frame.extend(destination.octets());
    frame.extend(message);
    frame
}

/// The checksum over the message and the pseudo header, RFC 8200, section 8.1.
fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let length = u32::try_from(message.len()).expect("a message fits into a packet").to_be_bytes();
    crate::checksum(&[&source.octets(), &destination.octets(), &length, &[0, 0, 0, NEXT_HEADER_ICMPV6], message])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HOST: Mac = [2, 0, 0, 0, 0, 9];
    const ROUTER: Sender = Sender {
        mac: [0xfe, 0, 0, 0, 0, 1],
        link_local: Ipv6Addr::new(0xfe80, 0, 0, 0, 0xfc00, 0xff, 0xfe00, 1),
        mtu: 9001,
    };

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    /// A question as a host's kernel writes it.
    fn question(source: &str, hop_limit: u8, message: &[u8]) -> Vec<u8> {
        let mut asked = frame(HOST, ip(source), ([0x33, 0x33, 0, 0, 0, 2], ip("ff02::2")), message.to_vec());
        asked[21] = hop_limit;
        asked
    }

    fn solicitation(kind: u8, target: &str) -> Vec<u8> {
        let mut message = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        message.extend(ip(target).octets());
        message
    }

    #[rstest]
    #[case::neighbour(question("2001:db8::9", 255, &solicitation(135, "2001:db8::7")), Some(Kind::Neighbour(ip("2001:db8::7"))))]
    #[case::router(question("fe80::9", 255, &[133, 0, 0, 0, 0, 0, 0, 0]), Some(Kind::Router))]
    #[case::from_beyond_the_link(question("2001:db8::9", 64, &solicitation(135, "2001:db8::7")), None)]
    #[case::another_code(question("fe80::9", 255, &[133, 1, 0, 0, 0, 0, 0, 0]), None)]
    #[case::short(question("2001:db8::9", 255, &solicitation(135, "2001:db8::7")[..20]), None)]
    #[case::an_answer(question("2001:db8::9", 255, &solicitation(136, "2001:db8::7")), None)]
    #[case::cut(question("2001:db8::9", 255, &solicitation(135, "2001:db8::7"))[..70].to_vec(), None)]
    #[case::no_ip(vec![0; 20], None)]
    fn questions(#[case] frame: Vec<u8>, #[case] kind: Option<Kind>) {
        let asked = parse(&frame);
        assert_eq!(asked.map(|question| question.kind), kind);
        assert!(asked.is_none_or(|question| question.asker == HOST));
    }

    /// A message's own checksum makes the sum over it come out as nothing.
    fn is_sound(frame: &[u8]) -> bool {
        let address = |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&frame[at..at + 16]).unwrap());
        checksum(address(22), address(38), &frame[ICMPV6..]) == 0
    }

    #[rstest]
    #[case::for_a_neighbour("2001:db8::7", 0x60)]
    #[case::for_the_router("fe80::fc00:ff:fe00:1", 0xe0)]
    fn answers_about_neighbours(#[case] target: &str, #[case] flags: u8) {
        let answer = neighbour_advertisement(&ROUTER, (HOST, ip("2001:db8::9")), ip(target));
        assert!(is_sound(&answer));
        assert_eq!((&answer[..6], &answer[6..12]), (&HOST[..], &ROUTER.mac[..]));
        assert_eq!((answer[ICMPV6], answer[ICMPV6 + 4]), (136, flags));
        assert_eq!(answer[ICMPV6 + 8..ICMPV6 + 24], ip(target).octets());
        assert_eq!(answer[ICMPV6 + 24..], [2, 1, 0xfe, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn advertisements() {
        let block: Ipv6Net = "2001:db8:0:1::/64".parse().unwrap();
        let answer = router_advertisement(&ROUTER, HOST, [block].into_iter());
        assert!(is_sound(&answer));
        let message = &answer[ICMPV6..];
        assert_eq!((message[0], message[5], &message[6..8]), (134, 0xc0, &1800_u16.to_be_bytes()[..]));
        assert_eq!(message[16..24], [1, 1, 0xfe, 0, 0, 0, 0, 1]);
        assert_eq!(message[24..32], [5, 1, 0, 0, 0, 0, 0x23, 0x29]);
        assert_eq!((&message[32..36], &message[48..64]), (&[3, 4, 64, 0x80][..], &block.network().octets()[..]));
    }
}
