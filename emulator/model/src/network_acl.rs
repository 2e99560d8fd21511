//! Network ACLs: the stateless lists at a subnet's edge. Every VPC has its default one, which lets all through.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>.

use ipnet::IpNet;

use crate::{Context, Model, NetworkAclAssociationId, NetworkAclId, SubnetId, Tags, VpcId};

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
}

impl Model {
    /// Makes a VPC's default network ACL.
    pub(crate) fn create_default_network_acl(&mut self, cx: &mut Context, vpc_id: &VpcId) -> NetworkAclId {
        let anywhere = IpNet::V4(ipnet::Ipv4Net::default());
        let entry = |number, egress, allow| NetworkAclEntry { number, egress, allow, protocol: None, block: anywhere };
        let id: NetworkAclId = cx.ids.next();
        let acl = NetworkAcl {
            id: id.clone(),
            vpc_id: vpc_id.clone(),
            is_default: true,
            entries: vec![
                entry(100, true, true),
                entry(32767, true, false),
                entry(100, false, true),
                entry(32767, false, false),
            ],
            associations: Vec::new(),
            tags: Tags::new(),
        };
        self.network_acls.insert(id.clone(), acl);
        id
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
