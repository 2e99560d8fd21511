//! Where a field is found, how wide it is and what must be known of the packet before it may be looked at.

use crate::{Field, KeyType};

/// Where the kernel takes a field from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the packet: which header, and how far in.
    Payload(Header, u32),
    /// From what the kernel notes of the packet (`NFT_META_*`).
    Meta(u32),
    /// From the tracked connection (`NFT_CT_*`).
    Connection(u32),
    /// From a random number below this.
    Random(u32),
    /// From the routing tables: the destination's address type.
    AddressType,
    /// From the route the packet takes (`NFT_RT_*`); the kernel matches nothing for packets of the other family.
    Route(u32),
}

/// A header of a packet, as `NFT_PAYLOAD_*_HEADER` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Link = 0,
    Network = 1,
    Transport = 2,
}

/// How the kernel keeps a field's bytes in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As a number in network order, or a string of bytes.
    Network,
    /// As a number in this machine's order.
    Host,
}

/// What must be true before a field may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// The packet came over Ethernet.
    Ethernet,
    Ip4,
    Ip6,
    /// The packet is ICMP over IPv4.
    Icmp,
    /// The packet is ICMPv6.
    Icmpv6,
}

/// All that is to know of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub source: Source,
    /// Its width in bytes.
    pub width: usize,
    pub order: Order,
    pub needs: Needs,
    /// The type of a set's key it may be looked up in.
    pub key: Option<KeyType>,
}

pub(crate) const META_MARK: u32 = 3;
pub(crate) const META_IIFTYPE: u32 = 8;
pub(crate) const META_PROTOCOL: u32 = 1;
pub(crate) const META_NFPROTO: u32 = 15;
pub(crate) const META_L4PROTO: u32 = 16;
pub(crate) const CT_MARK: u32 = 3;
const META_IIFNAME: u32 = 6;
const META_OIFNAME: u32 = 7;
const CT_STATE: u32 = 0;
const CT_DIRECTION: u32 = 1;
const RT_NEXTHOP4: u32 = 1;
const RT_NEXTHOP6: u32 = 2;

impl Field {
    /// Where it is found and how it looks.
    pub(crate) fn layout(self) -> Layout {
        use Header::{Link, Network, Transport};
        use Source::{AddressType, Connection, Meta, Payload, Random, Route};
        let field = |source, width, needs, key| Layout { source, width, order: Order::Network, needs, key };
        let host = |source, key| Layout { source, width: 4, order: Order::Host, needs: Needs::Nothing, key };
        match self {
            Self::EtherSource => field(Payload(Link, 6), 6, Needs::Ethernet, Some(KeyType::EtherAddress)),
            Self::Ip4Source => field(Payload(Network, 12), 4, Needs::Ip4, Some(KeyType::Ipv4Address)),
            Self::Ip4Destination => field(Payload(Network, 16), 4, Needs::Ip4, Some(KeyType::Ipv4Address)),
            Self::Ip6Source => field(Payload(Network, 8), 16, Needs::Ip6, Some(KeyType::Ipv6Address)),
            Self::Ip6Destination => field(Payload(Network, 24), 16, Needs::Ip6, Some(KeyType::Ipv6Address)),
            Self::Ip4NextHop => field(Route(RT_NEXTHOP4), 4, Needs::Nothing, Some(KeyType::Ipv4Address)),
            Self::Ip6NextHop => field(Route(RT_NEXTHOP6), 16, Needs::Nothing, Some(KeyType::Ipv6Address)),
            Self::L4Protocol => field(Meta(META_L4PROTO), 1, Needs::Nothing, Some(KeyType::InetProtocol)),
            Self::NfProtocol => field(Meta(META_NFPROTO), 1, Needs::Nothing, None),
            Self::SourcePort => field(Payload(Transport, 0), 2, Needs::Nothing, Some(KeyType::InetService)),
            Self::DestinationPort => field(Payload(Transport, 2), 2, Needs::Nothing, Some(KeyType::InetService)),
            Self::IcmpType => field(Payload(Transport, 0), 1, Needs::Icmp, None),
            Self::IcmpCode => field(Payload(Transport, 1), 1, Needs::Icmp, None),
            Self::Icmpv6Type => field(Payload(Transport, 0), 1, Needs::Icmpv6, None),
            Self::Icmpv6Code => field(Payload(Transport, 1), 1, Needs::Icmpv6, None),
            Self::InputInterface => field(Meta(META_IIFNAME), 16, Needs::Nothing, Some(KeyType::InterfaceName)),
            Self::OutputInterface => field(Meta(META_OIFNAME), 16, Needs::Nothing, Some(KeyType::InterfaceName)),
            Self::Mark => host(Meta(META_MARK), Some(KeyType::Mark)),
            Self::ConnectionMark => host(Connection(CT_MARK), Some(KeyType::Mark)),
            Self::ConnectionState => host(Connection(CT_STATE), None),
            Self::ConnectionDirection => field(Connection(CT_DIRECTION), 1, Needs::Nothing, None),
            Self::Random(modulus) => host(Random(modulus), None),
            Self::FibDestinationType => host(AddressType, None),
        }
    }
}

impl KeyType {
    /// The width of a value in bytes, before padding.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Ipv4Address | Self::Mark => 4,
            Self::Ipv6Address | Self::InterfaceName => 16,
            Self::EtherAddress => 6,
            Self::InetProtocol => 1,
            Self::InetService => 2,
        }
    }

    /// The width within a concatenation: registers are four bytes each.
    pub(crate) fn padded_width(self) -> usize {
        self.width().next_multiple_of(4)
    }

    /// nft's own number for the type. The kernel only hands it back to whoever lists the set.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Ipv4Address => 7,
            Self::Ipv6Address => 8,
            Self::EtherAddress => 9,
            Self::InetProtocol => 12,
            Self::InetService => 13,
            Self::Mark => 19,
            Self::InterfaceName => 41,
        }
    }
}
