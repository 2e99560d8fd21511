//! Names of the addresses of instances and ENIs, and the way back from an address to its name.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html> and
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vpc_model::{Instance, InstanceId, NetworkInterface, PeeringStatus, Vpc, VpcId};

use super::zone::{Answer, Zones, is_within};

/// The zone of IPv4 addresses' names.
const REVERSE_V4: &str = "in-addr.arpa";
/// The zone of IPv6 addresses' names.
const REVERSE_V6: &str = "ip6.arpa";

impl Zones<'_> {
    /// Whatever AWS says about names of addresses.
    pub(super) fn of_addresses(&self, name: &str) -> Answer {
        let domain = self.model.region().internal_domain();
        if is_within(name, &domain) {
            let label = name[..name.len() - domain.len()].strip_suffix('.');
            return match label {
                Some(label) => self.private(label, &domain).unwrap_or(Answer::NoSuchName { zone: domain }),
                None => Answer::records(domain, vec![]),
            };
        }
        // The domain of public names, without the address in the first label.
        let public = self.model.region().public_dns_name(Ipv4Addr::UNSPECIFIED);
        if let Some((_, domain)) = public.split_once('.').filter(|(_, domain)| is_within(name, domain)) {
            let label = name[..name.len() - domain.len()].strip_suffix('.');
            let address = label.and_then(|label| address_of_label(label, "ec2-"));
            let absent = || Answer::NoSuchName { zone: domain.to_owned() };
            return address.and_then(|address| self.public(address, domain)).unwrap_or_else(absent);
        }
        if let Some(address) = name.strip_suffix(&format!(".{REVERSE_V4}")).and_then(reversed_v4) {
            return self.reverse_v4(address);
        }
        match name.strip_suffix(&format!(".{REVERSE_V6}")).and_then(reversed_v6) {
            Some(address) => self.reverse_v6(address),
            None => Answer::NotOurs,
        }
    }

    /// `ip-10-0-1-5` stands for that address as long as an ENI has it, `i-0abc…` for an instance; which records the
    /// latter has is the instance's option.
    fn private(&self, label: &str, zone: &str) -> Option<Answer> {
        if let Some(address) = address_of_label(label, "ip-") {
            let eni = self.model.eni_by_address(&self.vpc.id, IpAddr::V4(address));
            return eni.map(|_| Answer::addresses(zone, [address.into()]));
        }
        let id: InstanceId = label.parse().ok()?;
        let instance = self.model.instance(&id).filter(|instance| instance.vpc_id == self.vpc.id)?;
        let (primary, options) = (self.primary(instance)?, instance.dns_names());
        let v4 = primary.primary_ip().filter(|_| options.resource_name_a_record).map(IpAddr::V4);
        let v6 = primary.ipv6_addresses.first().filter(|_| options.resource_name_aaaa_record);
        Some(Answer::addresses(zone, v4.into_iter().chain(v6.map(|address| IpAddr::V6(*address)))))
    }

    fn primary(&self, instance: &Instance) -> Option<&NetworkInterface> {
        let mut interfaces = self.model.interfaces_of(&instance.id);
        interfaces.find(|eni| eni.attachment.as_ref().is_some_and(|attachment| attachment.device_index == 0))
    }

    /// A public name leads to the private address where the VPC, or the peered VPC that allows it, can use that.
    fn public(&self, address: Ipv4Addr, zone: &str) -> Option<Answer> {
        let (eni, private) = self.behind(address)?;
        let owner = self.model.vpc(&eni.vpc_id).filter(|vpc| vpc.enable_dns_hostnames && vpc.enable_dns_support)?;
        let is_private = owner.id == self.vpc.id || self.peer_allows(&owner.id);
        Some(Answer::addresses(zone, [if is_private { private } else { address }.into()]))
    }

    /// The ENI that a public address is mapped to, and its address.
    fn behind(&self, public: Ipv4Addr) -> Option<(&NetworkInterface, Ipv4Addr)> {
        if let Ok(elastic) = self.model.elastic_ip_by_address(public) {
            let association = elastic.association.as_ref()?;
            let eni = self.model.network_interface(&association.network_interface_id)?;
            return Some((eni, association.private_ip));
        }
        let eni = self.model.network_interfaces().find(|eni| eni.public_ip == Some(public))?;
        Some((eni, eni.primary_ip()?))
    }

    /// Whether a peered VPC lets this one's instances resolve its public names to private addresses.
    fn peer_allows(&self, peer: &VpcId) -> bool {
        let connection = self.model.peering_between(&self.vpc.id, peer);
        let connection = connection.filter(|connection| connection.status == PeeringStatus::Active);
        let across = connection.and_then(|connection| connection.across(&self.vpc.id));
        across.is_some_and(|side| side.vpc_id == *peer && side.options.dns_resolution)
    }

    /// Of private addresses all are the resolver's own, whether they have a name or not.
    fn reverse_v4(&self, address: Ipv4Addr) -> Answer {
        let is_of = |vpc: &Vpc| vpc.cidr_associations.iter().any(|(_, block)| block.contains(&address));
        let peers = self.model.vpcs().filter(|vpc| self.peer_allows(&vpc.id));
        let owner = std::iter::once(self.vpc).chain(peers).find(|vpc| is_of(vpc));
        let name = owner.filter(|owner| self.model.eni_by_address(&owner.id, IpAddr::V4(address)).is_some());
        match name {
            Some(_) => Answer::name(REVERSE_V4, &self.model.region().private_dns_name(address)),
            None if owner.is_some() || address.is_private() || address.is_link_local() => {
                Answer::NoSuchName { zone: REVERSE_V4.to_owned() }
            }
            None => Answer::NotOurs,
        }
    }

    /// An IPv6 address has its instance's name, if that leads back to it.
    fn reverse_v6(&self, address: Ipv6Addr) -> Answer {
        let mut blocks = self.vpc.ipv6_cidr_associations.iter();
        if !blocks.any(|association| association.block.contains(&address)) {
            return Answer::NotOurs;
        }
        let eni = self.model.eni_by_address(&self.vpc.id, IpAddr::V6(address));
        let instance = eni.and_then(|eni| self.model.instance(&eni.live_attachment()?.instance_id));
        match instance.filter(|instance| instance.dns_names().resource_name_aaaa_record) {
            Some(instance) => {
                Answer::name(REVERSE_V6, &format!("{}.{}", instance.id, self.model.region().internal_domain()))
            }
            None => Answer::NoSuchName { zone: REVERSE_V6.to_owned() },
        }
    }
}

/// `5.1.0.10` is 10.0.1.5.
fn reversed_v4(labels: &str) -> Option<Ipv4Addr> {
    let address: Ipv4Addr = labels.parse().ok()?;
    let [d, c, b, a] = address.octets();
    Some(Ipv4Addr::new(a, b, c, d))
}

/// Thirty-two hexadecimal digits, the last one first.
fn reversed_v6(labels: &str) -> Option<Ipv6Addr> {
    let mut number: u128 = 0;
    let mut digits = 0;
    for label in labels.rsplit('.') {
        let [digit] = label.as_bytes() else { return None };
        number = number << 4 | u128::from(char::from(*digit).to_digit(16)?);
        digits += 1;
    }
    (digits == 32).then(|| Ipv6Addr::from(number))
}

/// The address that the first label of a name stands for.
fn address_of_label(label: &str, prefix: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = label.strip_prefix(prefix)?.split('-');
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("ip-10-0-1-5", Some([10, 0, 1, 5]))]
    #[case::too_big("ip-10-0-1-256", None)]
    #[case::too_short("ip-10-0-1", None)]
    #[case::too_long("ip-10-0-1-5-6", None)]
    #[case::sign("ip-10-0-1-+5", None)]
    #[case::other("db", None)]
    fn address_of_a_label(#[case] label: &str, #[case] octets: Option<[u8; 4]>) {
        assert_eq!(address_of_label(label, "ip-"), octets.map(Ipv4Addr::from));
    }

    #[rstest]
    #[case::whole("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2", Some("2001:db8::1"))]
    #[case::partial("0.0.8.b.d.0.1.0.0.2", None)]
    #[case::no_digit("g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2", None)]
    #[case::empty("", None)]
    fn reversed_ipv6(#[case] labels: &str, #[case] address: Option<&str>) {
        assert_eq!(reversed_v6(labels), address.map(|address| address.parse().expect("an address")));
    }
}
