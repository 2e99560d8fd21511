//! Why an operation on instances is refused.

use crate::{
    CapacityError, ImageId, InstanceId, InterfaceError, PlacementGroupError, ProfileAssociationId, SubnetId,
    VolumeError, ZoneName,
};

/// Why an operation on instances is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// No such instances.
    #[error("instances {0:?} do not exist")]
    NotFound(Vec<InstanceId>),
    /// The instance is not in a state for this.
    #[error("instance {id} is not in a state in which it can be {verb}")]
    State {
        /// The instance.
        id: InstanceId,
        /// What was asked for, such as `started`.
        verb: &'static str,
    },
    /// The instance has to be stopped for this.
    #[error("instance {0} is not stopped")]
    NotStopped(InstanceId),
    /// It has an instance profile already.
    #[error("instance {0} has an instance profile")]
    HasProfile(InstanceId),
    /// No such association.
    #[error("there is no association {0}")]
    NoSuchProfileAssociation(ProfileAssociationId),
    /// Terminating it is disabled.
    #[error("instance {0} is protected from being terminated")]
    TerminationProtected(InstanceId),
    /// Stopping it is disabled.
    #[error("instance {0} is protected from being stopped")]
    StopProtected(InstanceId),
    /// The request of a Spot Instance ends when that stops.
    #[error("instance {0} is of a one-time spot request")]
    OneTimeSpot(InstanceId),
    /// No such instance type.
    #[error("there is no instance type {0:?}")]
    NoSuchType(String),
    /// No such instance type to change to.
    #[error("there is no instance type {0:?} to change to")]
    NoTypeToChangeTo(String),
    /// No such image.
    #[error("there is no image {0}")]
    NoSuchImage(ImageId),
    /// The image is for another architecture.
    #[error("image {image} does not run on a {instance_type}")]
    OtherArchitecture {
        /// The image.
        image: ImageId,
        /// The instance type.
        instance_type: String,
    },
    /// No such key pair.
    #[error("there is no key pair {0:?}")]
    NoSuchKeyPair(String),
    /// There is neither a subnet nor a default VPC.
    #[error("there is no default vpc")]
    NoDefaultVpc,
    /// The default VPC has no default subnet there.
    #[error("the default vpc has no default subnet in the zone asked for")]
    NoDefaultSubnet,
    /// The zone asked for is not the subnet's.
    #[error("subnet {subnet} is not in zone {zone}")]
    SubnetInOtherZone {
        /// The subnet.
        subnet: SubnetId,
        /// The zone asked for.
        zone: ZoneName,
    },
    /// No interface has device index 0.
    #[error("no interface has device index 0")]
    NoPrimaryInterface,
    /// Several instances cannot share interfaces or addresses.
    #[error("interfaces or addresses are named, so there can be one instance only")]
    NamedForSeveral,
    /// There has to be one at least, and not fewer than the least number.
    #[error("{min} to {max} is no number of instances")]
    Count {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// User data is limited.
    #[error("user data has more than 16384 bytes")]
    UserDataLength,
    /// The attribute belongs to the interface, and there are several.
    #[error("instance {0} has several interfaces")]
    SeveralInterfaces(InstanceId),
    /// There is no capacity for it, on purpose.
    #[error("there is no capacity for {instance_type} in {zone}")]
    SoldOut {
        /// The instance type.
        instance_type: String,
        /// The zone.
        zone: ZoneName,
    },
    /// As many vCPUs run as may.
    #[error("no more than {0} vCPUs can run")]
    VcpuLimit(usize),
    /// As many Spot Instances run as may.
    #[error("no more spot instances can run")]
    SpotLimit,
    /// Something about a capacity reservation.
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    /// Something about its placement group.
    #[error(transparent)]
    PlacementGroup(#[from] PlacementGroupError),
    /// Something about its volumes.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// Something about an interface.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
}
