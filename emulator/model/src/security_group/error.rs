//! Why an operation on a security group is refused.

use super::{IpProtocol, NewRule};
use crate::{PrefixListId, SecurityGroupId, SecurityGroupRuleId, VpcId};

/// Why an operation on a security group is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecurityGroupError {
    /// No such group.
    #[error("security group {0} does not exist")]
    NotFound(SecurityGroupId),
    /// A group of a VPC that nothing connects with the rule's.
    #[error("security group {0} belongs to another network")]
    OtherNetwork(SecurityGroupId),
    /// Default groups, and those of the default VPC, stay where they are; and none comes to the default VPC.
    #[error("security group {group} cannot be associated with vpc {vpc}")]
    NotAssociable {
        /// The group.
        group: SecurityGroupId,
        /// The VPC.
        vpc: VpcId,
    },
    /// The VPC has the group already.
    #[error("security group {group} is associated with vpc {vpc} already")]
    AlreadyAssociated {
        /// The group.
        group: SecurityGroupId,
        /// The VPC.
        vpc: VpcId,
    },
    /// The VPC has not got the group.
    #[error("security group {group} is not associated with vpc {vpc}")]
    NotAssociated {
        /// The group.
        group: SecurityGroupId,
        /// The VPC.
        vpc: VpcId,
    },
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// Names are unique in a VPC.
    #[error("vpc {vpc_id} has a security group {name:?} already")]
    DuplicateName {
        /// The name.
        name: String,
        /// The VPC.
        vpc_id: VpcId,
    },
    /// The name of the group every VPC comes with.
    #[error("the name {0:?} is reserved")]
    ReservedName(String),
    /// Not a name: empty, too long, like an id, or with other characters than names have.
    #[error("{0:?} is not a security group's name")]
    InvalidName(String),
    /// Not a description: empty, too long, or with other characters than descriptions have.
    #[error("{0:?} is not a security group's description")]
    InvalidDescription(String),
    /// Not a rule's description: too long, or with other characters than descriptions have.
    #[error("{0:?} is not a security group rule's description")]
    InvalidRuleDescription(String),
    /// ENIs carry it, or rules of other groups name it.
    #[error("security group {0} is in use")]
    HasDependents(SecurityGroupId),
    /// A VPC's default group stays as long as the VPC.
    #[error("security group {0} is its vpc's default one")]
    IsDefault(SecurityGroupId),
    /// The group has the rule already.
    #[error("the rule exists already: {0}")]
    DuplicateRule(NewRule),
    /// The group has no such rule.
    #[error("the rule does not exist in this group")]
    RuleNotFound,
    /// No rule of that id in the group.
    #[error("security group rule {0} does not exist")]
    RuleIdNotFound(SecurityGroupRuleId),
    /// No such prefix list.
    #[error("prefix list {0} does not exist")]
    PrefixListNotFound(PrefixListId),
    /// TCP and UDP need a range of ports.
    #[error("a rule for {0} needs both ports")]
    MissingPorts(IpProtocol),
    /// Not ports, or the first above the last.
    #[error("{from}-{to} is not a range of ports")]
    InvalidPorts {
        /// The first.
        from: i32,
        /// The last.
        to: i32,
    },
    /// Not an ICMP type and code.
    #[error("{icmp_type}/{icmp_code} is not an icmp type and code")]
    InvalidIcmp {
        /// The type.
        icmp_type: i32,
        /// The code.
        icmp_code: i32,
    },
    /// More groups than a region may have.
    #[error("a region has at most {0} security groups")]
    TooMany(usize),
    /// More rules than a group may have.
    #[error("a security group has at most {0} rules a direction")]
    TooManyRules(usize),
}
