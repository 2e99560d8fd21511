//! Protocols as security group rules write them: `tcp`, `udp`, `icmp`, `icmpv6`, `-1`, or a number.
//!
//! See <https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml> for the numbers.

use std::fmt;
use std::str::FromStr;

use super::IpProtocol;

/// A text that names no protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ip protocol")]
pub struct InvalidProtocol(pub String);

impl FromStr for IpProtocol {
    type Err = InvalidProtocol;

    fn from_str(text: &str) -> Result<Self, InvalidProtocol> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "-1" | "all" => Self::All,
            "tcp" | "6" => Self::Tcp,
            "udp" | "17" => Self::Udp,
            "icmp" | "1" => Self::Icmp,
            "icmpv6" | "58" => Self::Icmpv6,
            number => Self::Number(number.parse().map_err(|_| InvalidProtocol(text.to_owned()))?),
        })
    }
}

impl fmt::Display for IpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("-1"),
            Self::Tcp => f.write_str("tcp"),
            Self::Udp => f.write_str("udp"),
            Self::Icmp => f.write_str("icmp"),
            Self::Icmpv6 => f.write_str("icmpv6"),
            Self::Number(number) => number.fmt(f),
        }
    }
}
