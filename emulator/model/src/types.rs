//! Small value types that several resource families share.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// A twelve-digit AWS account id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub String);

/// A region name such as `us-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(pub String);

/// An availability zone's name such as `us-east-1a`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneName(pub String);

/// An availability zone's id such as `use1-az1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneId(pub String);

/// Which addresses something has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IpAddressType {
    /// IPv4 ones.
    Ipv4,
    /// Both.
    Dualstack,
    /// IPv6 ones.
    Ipv6,
}

impl IpAddressType {
    /// Whether IPv4 addresses are among them.
    pub fn has_ipv4(self) -> bool {
        self != Self::Ipv6
    }

    /// Whether IPv6 addresses are among them.
    pub fn has_ipv6(self) -> bool {
        self != Self::Ipv4
    }
}

impl fmt::Display for IpAddressType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::Ipv6 => "ipv6",
        })
    }
}

macro_rules! text {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}
text!(AccountId Region ZoneName ZoneId);

impl Region {
    /// The domain of instances' private names: `ec2.internal` in us-east-1.
    ///
    /// See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html>.
    pub fn internal_domain(&self) -> String {
        if self.0 == "us-east-1" { "ec2.internal".to_owned() } else { format!("{}.compute.internal", self.0) }
    }

    /// The private name that an address has by default, such as `ip-10-0-1-5.ec2.internal`.
    pub fn private_dns_name(&self, address: Ipv4Addr) -> String {
        let [a, b, c, d] = address.octets();
        format!("ip-{a}-{b}-{c}-{d}.{}", self.internal_domain())
    }

    /// The public name that an address has, such as `ec2-203-0-113-25.compute-1.amazonaws.com`.
    pub fn public_dns_name(&self, address: Ipv4Addr) -> String {
        let [a, b, c, d] = address.octets();
        let domain = if self.0 == "us-east-1" { "compute-1".to_owned() } else { format!("{}.compute", self.0) };
        format!("ec2-{a}-{b}-{c}-{d}.{domain}.amazonaws.com")
    }
}

/// An Ethernet address, shown in lower case with colons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not an Ethernet address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an Ethernet address (six hexadecimal pairs with colons)")]
pub struct InvalidMac(pub String);

impl FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let invalid = || InvalidMac(text.to_owned());
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(invalid)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| invalid())?;
        }
        if parts.next().is_some() { Err(invalid()) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("02:0a:ff:00:01:02", Some("02:0a:ff:00:01:02"))]
    #[case::upper_case("02:0A:FF:00:01:02", Some("02:0a:ff:00:01:02"))]
    #[case::short("02:0a:ff:00:01", None)]
    #[case::long("02:0a:ff:00:01:02:03", None)]
    #[case::not_hex("02:0a:ff:00:01:0g", None)]
    #[case::one_digit("2:0a:ff:00:01:02", None)]
    fn mac_text(#[case] text: &str, #[case] shown: Option<&str>) {
        assert_eq!(text.parse::<Mac>().ok().map(|mac| mac.to_string()).as_deref(), shown);
    }
}
