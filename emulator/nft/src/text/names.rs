//! nft's names for numbers.

/// Names every machine's protocol list has; the rest is left in figures.
pub(super) fn protocol(number: u32) -> Option<&'static str> {
    match number {
        1 => Some("icmp"),
        2 => Some("igmp"),
        6 => Some("tcp"),
        17 => Some("udp"),
        47 => Some("gre"),
        50 => Some("esp"),
        51 => Some("ah"),
        58 => Some("ipv6-icmp"),
        132 => Some("sctp"),
        _ => None,
    }
}

pub(super) fn icmp_type(number: u32) -> Option<&'static str> {
    match number {
        0 => Some("echo-reply"),
        3 => Some("destination-unreachable"),
        4 => Some("source-quench"),
        5 => Some("redirect"),
        8 => Some("echo-request"),
        9 => Some("router-advertisement"),
        10 => Some("router-solicitation"),
        11 => Some("time-exceeded"),
        12 => Some("parameter-problem"),
        13 => Some("timestamp-request"),
        14 => Some("timestamp-reply"),
        _ => None,
    }
}

pub(super) fn icmpv6_type(number: u32) -> Option<&'static str> {
    match number {
        1 => Some("destination-unreachable"),
        2 => Some("packet-too-big"),
        3 => Some("time-exceeded"),
        4 => Some("parameter-problem"),
        128 => Some("echo-request"),
        129 => Some("echo-reply"),
        133 => Some("nd-router-solicit"),
        134 => Some("nd-router-advert"),
        135 => Some("nd-neighbor-solicit"),
        136 => Some("nd-neighbor-advert"),
        137 => Some("nd-redirect"),
        _ => None,
    }
}
