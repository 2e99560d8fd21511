//! Why an operation on an ENI is refused.

use crate::{
    AddressError, AttachmentId, InstanceId, InterfacePermissionId, NetworkInterfaceId, SecurityGroupId, SubnetId,
};

/// Why an operation on an ENI is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceError {
    /// No such ENI.
    #[error("network interface {0} does not exist")]
    NotFound(NetworkInterfaceId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// No such security group.
    #[error("security group {0} does not exist")]
    GroupNotFound(SecurityGroupId),
    /// The group is in another VPC.
    #[error("security group {0} belongs to another vpc")]
    GroupInOtherVpc(SecurityGroupId),
    /// A region has no more ENIs.
    #[error("a region has at most {0} network interfaces")]
    TooMany(usize),
    /// More groups than an ENI may have.
    #[error("a network interface has at most {0} security groups")]
    TooManyGroups(usize),
    /// An address or prefix cannot be had.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A new ENI wants prefixes that the subnet has not; EC2's code for this differs from that of assigning.
    #[error("the subnet has too few free addresses or prefixes for the new interface")]
    NoPrefixForNew,
    /// The instance's type does not allow so many addresses and prefixes on an ENI.
    #[error("at most {limit} addresses and prefixes fit on an interface of a {instance_type}")]
    TooManyAddresses {
        /// The instance's type.
        instance_type: String,
        /// How many it allows.
        limit: usize,
    },
    /// These addresses or prefixes are not the ENI's.
    #[error("{addresses} are not assigned to {id}")]
    NotAssigned {
        /// The ENI.
        id: NetworkInterfaceId,
        /// What it has not.
        addresses: String,
    },
    /// The primary address stays as long as its ENI.
    #[error("the primary address of {0} cannot be taken away")]
    PrimaryAddress(NetworkInterfaceId),
    /// The primary IPv6 address stays as long as its ENI.
    #[error("the primary ipv6 address of {0} cannot be taken away")]
    PrimaryIpv6Stays(NetworkInterfaceId),
    /// It has no IPv6 address that could be the primary one.
    #[error("network interface {0} has no ipv6 address")]
    NoIpv6Address(NetworkInterfaceId),
    /// A service made it for itself.
    #[error("network interface {0} is a service's own")]
    ServiceOwned(NetworkInterfaceId),
    /// It is not attached.
    #[error("network interface {0} is not attached")]
    NotAttached(NetworkInterfaceId),
    /// It is attached, so it cannot be deleted.
    #[error("network interface {0} is in use")]
    InUse(NetworkInterfaceId),
    /// It is attached or associated, so it cannot be attached.
    #[error("network interface {0} is attached already")]
    AlreadyAttached(NetworkInterfaceId),
    /// No such instance.
    #[error("instance {0} does not exist")]
    InstanceNotFound(InstanceId),
    /// The instance is neither running nor stopped.
    #[error("instance {0} is not running")]
    InstanceState(InstanceId),
    /// Instance and ENI must share their zone.
    #[error("instance {instance} and interface {interface} are in different zones")]
    OtherZone {
        /// The instance.
        instance: InstanceId,
        /// The ENI.
        interface: NetworkInterfaceId,
    },
    /// Something is attached at the device index.
    #[error("instance {instance} has an interface at device index {device_index}")]
    DeviceIndexTaken {
        /// The instance.
        instance: InstanceId,
        /// The device index.
        device_index: u16,
    },
    /// The instance's type has no such device index.
    #[error("there is no device index {0}")]
    DeviceIndexRange(u16),
    /// The instance's type has no such network card.
    #[error("a {instance_type} has no network card {index}")]
    NoSuchCard {
        /// The instance's type.
        instance_type: String,
        /// The card asked for.
        index: u16,
    },
    /// The instance's type does not take so many ENIs.
    #[error("{count} interfaces are too many for a {instance_type}")]
    TooManyAttachments {
        /// The instance's type.
        instance_type: String,
        /// How many there would be.
        count: usize,
    },
    /// The instance's type cannot have a trunk.
    #[error("a {0} does not support trunk interfaces")]
    TrunkUnsupported(String),
    /// No such attachment.
    #[error("attachment {0} does not exist")]
    AttachmentNotFound(AttachmentId),
    /// The attachment is being taken away already.
    #[error("attachment {0} is being taken away")]
    AttachmentEnding(AttachmentId),
    /// The primary ENI stays as long as its instance.
    #[error("the interface at device index 0 cannot be detached")]
    PrimaryInterface,
    /// No such permission.
    #[error("permission {0} does not exist")]
    PermissionNotFound(InterfacePermissionId),
    /// The permission of an attached ENI goes only by force.
    #[error("permission {0} is in use")]
    PermissionInUse(InterfacePermissionId),
    /// A timeout is out of its range.
    #[error("{value} is not a {name} between {min} and {max}")]
    Timeout {
        /// The parameter's name.
        name: &'static str,
        /// What was given.
        value: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
}
