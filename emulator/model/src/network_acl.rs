//! Network ACLs: the stateless lists at a subnet's edge. Every VPC has its default one, which lets all through.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{
    Context, Direction, IpProtocol, Model, NetworkAclAssociationId, NetworkAclId, PortRange, SubnetId, Tags, VpcId,
};

/// The number of the entry that denies what is left, and cannot be changed.
const LAST_ENTRY: u16 = 32767;
/// The same for IPv6.
const LAST_IPV6_ENTRY: u16 = 32768;
/// How many entries an ACL has in a direction, besides the last.
const MAX_ENTRIES: usize = 20;
/// How many ACLs a VPC has.
const MAX_ACLS: usize = 200;

/// A network ACL.
#[derive(Debug, Clone)]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Whether it is its VPC's default one.
    pub is_default: bool,
    /// Its entries in the order they are tried.
    pub entries: Vec<NetworkAclEntry>,
    /// The subnets that use it.
    pub associations: Vec<(NetworkAclAssociationId, SubnetId)>,
    /// Its tags.
    pub tags: Tags,
}

/// One entry of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkAclEntry {
    /// Its number; 32767 is the last one, which denies the rest.
    pub number: u16,
    /// Whether it is about packets that leave the subnet.
    pub egress: bool,
    /// Whether it lets them through.
    pub allow: bool,
    /// The protocol's number; `None` is every protocol.
    pub protocol: Option<u8>,
    /// The other end.
    pub block: IpNet,
    /// The ports; type and code for ICMP, where -1 means any.
    pub ports: Option<PortRange>,
}

impl NetworkAclEntry {
    /// Its protocol, as security group rules have it.
    pub fn ip_protocol(&self) -> IpProtocol {
        match self.protocol {
            None => IpProtocol::All,
            Some(1) => IpProtocol::Icmp,
            Some(6) => IpProtocol::Tcp,
            Some(17) => IpProtocol::Udp,
            Some(58) => IpProtocol::Icmpv6,
            Some(number) => IpProtocol::Number(number),
        }
    }
}

/// Why an operation on a network ACL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkAclError {
    /// No such ACL.
    #[error("network acl {0} does not exist")]
    NotFound(NetworkAclId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// No such association.
    #[error("network acl association {0} does not exist")]
    AssociationNotFound(NetworkAclAssociationId),
    /// A VPC keeps its default ACL.
    #[error("network acl {0} is its vpc's default one")]
    Default(NetworkAclId),
    /// Subnets use it.
    #[error("network acl {0} is in use")]
    HasDependencies(NetworkAclId),
    /// The VPC has as many as it may have.
    #[error("vpc {0} has as many network acls as it may have")]
    TooMany(VpcId),
    /// Entries have numbers from 1 to 32766.
    #[error("{0} is not the number of an entry")]
    Number(u16),
    /// There is an entry of that number in that direction.
    #[error("entry {0} exists already")]
    EntryExists(u16),
    /// There is none.
    #[error("entry {number} does not exist in {acl}")]
    EntryNotFound {
        /// The ACL.
        acl: NetworkAclId,
        /// The number.
        number: u16,
    },
    /// The ACL has as many in that direction as it may have.
    #[error("network acl {0} has as many entries as it may have")]
    TooManyEntries(NetworkAclId),
    /// ACL and subnet belong to different VPCs.
    #[error("network acl {acl} and subnet {subnet} belong to different vpcs")]
    SubnetElsewhere {
        /// The ACL.
        acl: NetworkAclId,
        /// The subnet.
        subnet: SubnetId,
    },
}

impl NetworkAcl {
    /// The entries of one direction in the order they are tried; the first that matches decides.
    pub fn entries_of(&self, direction: Direction) -> impl Iterator<Item = &NetworkAclEntry> {
        self.entries.iter().filter(move |entry| entry.egress == (direction == Direction::Egress))
    }

    fn position(&self, number: u16, egress: bool) -> Option<usize> {
        self.entries.iter().position(|entry| entry.number == number && entry.egress == egress)
    }
}

/// An entry about every protocol.
fn whole(number: u16, egress: bool, allow: bool, block: IpNet) -> NetworkAclEntry {
    NetworkAclEntry { number, egress, allow, protocol: None, block, ports: None }
}

fn check_number(number: u16) -> Result<(), NetworkAclError> {
    if (1..LAST_ENTRY).contains(&number) { Ok(()) } else { Err(NetworkAclError::Number(number)) }
}

impl Model {
    /// Makes a VPC's default network ACL.
    pub(crate) fn create_default_network_acl(&mut self, cx: &mut Context, vpc_id: &VpcId) -> NetworkAclId {
        let anywhere = IpNet::V4(Ipv4Net::default());
        let entry = |number, egress, allow| whole(number, egress, allow, anywhere);
        let id: NetworkAclId = cx.ids.next();
        let acl = NetworkAcl {
            id: id.clone(),
            vpc_id: vpc_id.clone(),
            is_default: true,
            entries: vec![
                entry(100, true, true),
                entry(LAST_ENTRY, true, false),
                entry(100, false, true),
                entry(LAST_ENTRY, false, false),
            ],
            associations: Vec::new(),
            tags: Tags::new(),
        };
        self.network_acls.insert(id.clone(), acl);
        id
    }

    /// A VPC has IPv6 from now on: its ACLs decide about it too. The default one lets it through unless its
    /// entries were changed.
    pub(crate) fn add_ipv6_acl_entries(&mut self, vpc_id: &VpcId) {
        let anywhere = IpNet::V6(Ipv6Net::default());
        for acl in self.network_acls.values_mut().filter(|acl| acl.vpc_id == *vpc_id) {
            for egress in [true, false] {
                if acl.position(LAST_IPV6_ENTRY, egress).is_some() {
                    continue;
                }
                let own = acl.entries.iter().filter(|entry| entry.egress == egress);
                let is_as_made = own.map(|entry| entry.number).eq([100, LAST_ENTRY]);
                if acl.is_default && is_as_made {
                    acl.entries.push(whole(101, egress, true, anywhere));
                }
                acl.entries.push(whole(LAST_IPV6_ENTRY, egress, false, anywhere));
            }
            acl.entries.sort_by_key(|entry| (!entry.egress, entry.number));
        }
    }

    /// Makes a network ACL that lets nothing through.
    pub fn create_network_acl(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        tags: Tags,
    ) -> Result<NetworkAclId, NetworkAclError> {
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| NetworkAclError::VpcNotFound(vpc_id.clone()))?;
        if self.network_acls.values().filter(|acl| acl.vpc_id == *vpc_id).count() >= MAX_ACLS {
            return Err(NetworkAclError::TooMany(vpc_id.clone()));
        }
        let has_ipv6 = vpc.ipv6_cidr_blocks().next().is_some();
        let mut entries = Vec::new();
        for egress in [true, false] {
            entries.push(whole(LAST_ENTRY, egress, false, Ipv4Net::default().into()));
            entries.extend(has_ipv6.then(|| whole(LAST_IPV6_ENTRY, egress, false, Ipv6Net::default().into())));
        }
        let id: NetworkAclId = cx.ids.next();
        let (vpc_id, associations) = (vpc_id.clone(), Vec::new());
        let acl = NetworkAcl { id: id.clone(), vpc_id, is_default: false, entries, associations, tags };
        self.network_acls.insert(id.clone(), acl);
        self.touch();
        Ok(id)
    }

    /// Takes a network ACL away that no subnet uses.
    pub fn delete_network_acl(&mut self, id: &NetworkAclId) -> Result<(), NetworkAclError> {
        let acl = self.acl_mut(id)?;
        if acl.is_default {
            return Err(NetworkAclError::Default(id.clone()));
        }
        if !acl.associations.is_empty() {
            return Err(NetworkAclError::HasDependencies(id.clone()));
        }
        self.network_acls.remove(id);
        self.touch();
        Ok(())
    }

    /// Adds an entry.
    pub fn create_network_acl_entry(
        &mut self,
        id: &NetworkAclId,
        entry: NetworkAclEntry,
    ) -> Result<(), NetworkAclError> {
        let acl = self.acl_mut(id)?;
        check_number(entry.number)?;
        if acl.position(entry.number, entry.egress).is_some() {
            return Err(NetworkAclError::EntryExists(entry.number));
        }
        let is_like = |other: &&NetworkAclEntry| other.egress == entry.egress && other.number < LAST_ENTRY;
        if acl.entries.iter().filter(is_like).count() >= MAX_ENTRIES {
            return Err(NetworkAclError::TooManyEntries(id.clone()));
        }
        acl.entries.push(entry);
        acl.entries.sort_by_key(|entry| (!entry.egress, entry.number));
        self.touch();
        Ok(())
    }

    /// Puts an entry in the place of the one with its number and direction.
    pub fn replace_network_acl_entry(
        &mut self,
        id: &NetworkAclId,
        entry: NetworkAclEntry,
    ) -> Result<(), NetworkAclError> {
        let acl = self.acl_mut(id)?;
        check_number(entry.number)?;
        let at = acl.position(entry.number, entry.egress);
        let at = at.ok_or_else(|| NetworkAclError::EntryNotFound { acl: id.clone(), number: entry.number })?;
        acl.entries[at] = entry;
        self.touch();
        Ok(())
    }

    /// Removes an entry.
    pub fn delete_network_acl_entry(
        &mut self,
        id: &NetworkAclId,
        number: u16,
        egress: bool,
    ) -> Result<(), NetworkAclError> {
        let acl = self.acl_mut(id)?;
        check_number(number)?;
        let at = acl.position(number, egress);
        let at = at.ok_or_else(|| NetworkAclError::EntryNotFound { acl: id.clone(), number })?;
        acl.entries.remove(at);
        self.touch();
        Ok(())
    }

    /// Makes the subnet of an association use another ACL.
    pub fn replace_network_acl_association(
        &mut self,
        cx: &mut Context,
        id: &NetworkAclAssociationId,
        new_acl: &NetworkAclId,
    ) -> Result<NetworkAclAssociationId, NetworkAclError> {
        let mut all = self.network_acls.values().flat_map(|acl| acl.associations.iter().map(move |one| (acl, one)));
        let found = all.find(|(_, (association, _))| association == id);
        let (old, (_, subnet)) = found.ok_or_else(|| NetworkAclError::AssociationNotFound(id.clone()))?;
        let (old_acl, vpc_id, subnet) = (old.id.clone(), old.vpc_id.clone(), subnet.clone());
        if self.acl_mut(new_acl)?.vpc_id != vpc_id {
            return Err(NetworkAclError::SubnetElsewhere { acl: new_acl.clone(), subnet });
        }
        self.acl_mut(&old_acl)?.associations.retain(|(association, _)| association != id);
        let new_id: NetworkAclAssociationId = cx.ids.next();
        self.acl_mut(new_acl)?.associations.push((new_id.clone(), subnet));
        self.touch();
        Ok(new_id)
    }

    fn acl_mut(&mut self, id: &NetworkAclId) -> Result<&mut NetworkAcl, NetworkAclError> {
        self.network_acls.get_mut(id).ok_or_else(|| NetworkAclError::NotFound(id.clone()))
    }

    /// The network ACL of a subnet.
    pub fn network_acl_of(&self, subnet_id: &SubnetId) -> Option<&NetworkAcl> {
        let vpc_id = &self.subnet(subnet_id)?.vpc_id;
        self.network_acls
            .values()
            .filter(|acl| acl.vpc_id == *vpc_id)
            .find(|acl| acl.associations.iter().any(|(_, subnet)| subnet == subnet_id))
    }
}
