//! Sets of DHCP options.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html>.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::{Context, DhcpOptionsId, Model, Tags, VpcId};

/// The value that stands for the VPC's own resolver.
const AMAZONS_RESOLVER: &str = "AmazonProvidedDNS";
/// How long an address from DHCPv6 can be preferred.
const LEASE_SECONDS: RangeInclusive<u32> = 140..=2_147_483_647;
/// How many servers an option can name.
const MAX_SERVERS: usize = 4;

/// A set of DHCP options.
#[derive(Debug, Clone)]
pub struct DhcpOptions {
    /// Its id.
    pub id: DhcpOptionsId,
    /// Option names and their values, such as `domain-name-servers` and `AmazonProvidedDNS`.
    pub options: Vec<(String, Vec<String>)>,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on DHCP options is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DhcpOptionsError {
    /// No such set.
    #[error("dhcp options {0} do not exist")]
    NotFound(DhcpOptionsId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// VPCs use it.
    #[error("dhcp options {0} are in use")]
    HasDependencies(DhcpOptionsId),
    /// A set has options.
    #[error("there are no options")]
    Empty,
    /// There is no such option, or it is there twice.
    #[error("{0:?} is not an option, or is there twice")]
    Key(String),
    /// The option cannot have that value, or so many.
    #[error("option {key} cannot be {value:?}")]
    Value {
        /// The option.
        key: String,
        /// Its values.
        value: String,
    },
}

impl Model {
    /// Makes a set of options.
    pub fn create_dhcp_options(
        &mut self,
        cx: &mut Context,
        options: Vec<(String, Vec<String>)>,
        tags: Tags,
    ) -> Result<DhcpOptionsId, DhcpOptionsError> {
        if options.is_empty() {
            return Err(DhcpOptionsError::Empty);
        }
        for (at, (key, values)) in options.iter().enumerate() {
            if options[..at].iter().any(|(other, _)| other == key) {
                return Err(DhcpOptionsError::Key(key.clone()));
            }
            check(key, values)?;
        }
        Ok(self.insert_dhcp_options(cx, options, tags))
    }

    /// Takes a set of options away that no VPC uses.
    pub fn delete_dhcp_options(&mut self, id: &DhcpOptionsId) -> Result<(), DhcpOptionsError> {
        if !self.dhcp_options.contains_key(id) {
            return Err(DhcpOptionsError::NotFound(id.clone()));
        }
        if self.vpcs.values().any(|vpc| vpc.dhcp_options_id.as_ref() == Some(id)) {
            return Err(DhcpOptionsError::HasDependencies(id.clone()));
        }
        self.dhcp_options.remove(id);
        self.touch();
        Ok(())
    }

    /// Makes a VPC use a set of options, or none.
    pub fn associate_dhcp_options(
        &mut self,
        id: Option<&DhcpOptionsId>,
        vpc_id: &VpcId,
    ) -> Result<(), DhcpOptionsError> {
        if let Some(id) = id.filter(|id| !self.dhcp_options.contains_key(id)) {
            return Err(DhcpOptionsError::NotFound(id.clone()));
        }
        let vpc = self.vpcs.get_mut(vpc_id).ok_or_else(|| DhcpOptionsError::VpcNotFound(vpc_id.clone()))?;
        vpc.dhcp_options_id = id.cloned();
        self.touch();
        Ok(())
    }

    /// The options every VPC begins with: Amazon's resolver and the region's internal domain.
    pub(crate) fn default_dhcp_options(&mut self, cx: &mut Context) -> DhcpOptionsId {
        let options = vec![
            ("domain-name".to_owned(), vec![self.region.internal_domain()]),
            ("domain-name-servers".to_owned(), vec![AMAZONS_RESOLVER.to_owned()]),
        ];
        let known = self.dhcp_options.values().find(|set| set.options == options);
        match known.map(|set| set.id.clone()) {
            Some(id) => id,
            None => self.insert_dhcp_options(cx, options, Tags::new()),
        }
    }

    fn insert_dhcp_options(
        &mut self,
        cx: &mut Context,
        options: Vec<(String, Vec<String>)>,
        tags: Tags,
    ) -> DhcpOptionsId {
        let id: DhcpOptionsId = cx.ids.next();
        self.dhcp_options.insert(id.clone(), DhcpOptions { id: id.clone(), options, tags });
        self.touch();
        id
    }
}

/// Checks an option's values.
fn check(key: &str, values: &[String]) -> Result<(), DhcpOptionsError> {
    let is_address = |value: &String| value.parse::<IpAddr>().is_ok();
    let are_servers =
        |is_server: &dyn Fn(&String) -> bool| (1..=MAX_SERVERS).contains(&values.len()) && values.iter().all(is_server);
    let is_right = match key {
        "domain-name-servers" => are_servers(&|value| value == AMAZONS_RESOLVER || is_address(value)),
        "ntp-servers" | "netbios-name-servers" => are_servers(&is_address),
        "domain-name" => matches!(values, [name] if !name.is_empty()),
        "netbios-node-type" => matches!(values, [kind] if ["1", "2", "4", "8"].contains(&kind.as_str())),
        "ipv6-address-preferred-lease-time" => {
            matches!(values, [time] if time.parse().is_ok_and(|seconds| LEASE_SECONDS.contains(&seconds)))
        }
        _ => return Err(DhcpOptionsError::Key(key.to_owned())),
    };
    if is_right { Ok(()) } else { Err(DhcpOptionsError::Value { key: key.to_owned(), value: values.join(", ") }) }
}
