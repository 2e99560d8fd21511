//! Instances.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>.

mod attribute;
mod change;
mod error;
mod launch;
mod life_cycle;
pub mod options;
mod profile;
#[cfg(test)]
mod tests;
mod vcpu_quota;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use attribute::{InstanceAttribute, MetadataChange};
pub use change::PlacementChange;
pub use error::InstanceError;
pub use launch::{LaunchInterface, LaunchSource, NewInstances};
pub use life_cycle::StateChange;
pub use options::InstanceOptions;
pub use profile::ProfileAssociation;

use crate::{
    CapacityReservationId, ImageId, InstanceId, ReservationId, SecurityGroupId, SubnetId, Tags, VolumeId, VpcId,
    ZoneName,
};

/// An instance. Its network interfaces are found by their attachments.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// What launched it.
    pub reservation_id: ReservationId,
    /// Its position within the reservation.
    pub ami_launch_index: u32,
    /// Its image.
    pub image_id: ImageId,
    /// Its type, such as `m5.large`.
    pub instance_type: String,
    /// Its state.
    pub state: InstanceState,
    /// Why it last changed state, as `StateTransitionReason` shows it.
    pub state_reason: Option<String>,
    /// Its primary ENI's VPC.
    pub vpc_id: VpcId,
    /// Its primary ENI's subnet.
    pub subnet_id: SubnetId,
    /// Its primary ENI's zone.
    pub zone: ZoneName,
    /// Its primary ENI's groups, kept for when that is gone.
    pub groups: Vec<SecurityGroupId>,
    /// The key pair's name.
    pub key_name: Option<String>,
    /// The instance profile's ARN.
    pub iam_instance_profile: Option<String>,
    /// Since when it has that, where it was changed after the launch.
    pub profile_since: Option<Timestamp>,
    /// User data, decoded.
    pub user_data: Option<Vec<u8>>,
    /// How IMDS serves it.
    pub metadata_options: MetadataOptions,
    /// The capacity reservation it has taken.
    pub capacity_reservation: Option<CapacityReservationId>,
    /// When it was launched.
    pub launch_time: Timestamp,
    /// When it was terminated.
    pub terminated: Option<Timestamp>,
    /// The launch's idempotency token.
    pub client_token: Option<String>,
    /// What a shutdown from within does to it.
    pub shutdown_behavior: ShutdownBehavior,
    /// Whether TerminateInstances is refused.
    pub disable_api_termination: bool,
    /// Whether StopInstances is refused.
    pub disable_api_stop: bool,
    /// What it was launched with beyond its network.
    pub options: InstanceOptions,
    /// Its volumes, the root volume first.
    pub volumes: Vec<VolumeId>,
    /// Its tags.
    pub tags: Tags,
}

/// How long a terminated instance is still shown.
const TERMINATED_SHOWN: SignedDuration = SignedDuration::from_hours(1);

impl Instance {
    /// Whether it is gone, and shown for a while only.
    pub fn is_terminated(&self) -> bool {
        self.state == InstanceState::Terminated
    }

    /// Whether EC2 has forgotten it.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.forgotten_at().is_some_and(|at| at <= now)
    }

    /// When EC2 forgets it, once it is terminated.
    pub fn forgotten_at(&self) -> Option<Timestamp> {
        self.terminated.and_then(|at| at.checked_add(TERMINATED_SHOWN).ok())
    }
}

/// What a shutdown from within does to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ShutdownBehavior {
    /// It stops.
    #[default]
    Stop,
    /// It is terminated.
    Terminate,
}

impl fmt::Display for ShutdownBehavior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Terminate => "terminate",
        })
    }
}

/// An instance's state; the numbers are EC2's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstanceState {
    /// 0: its network is being made.
    Pending,
    /// 16.
    Running,
    /// 32: being terminated.
    ShuttingDown,
    /// 48: gone, listed for another hour.
    Terminated,
    /// 64: being stopped.
    Stopping,
    /// 80.
    Stopped,
}

impl InstanceState {
    /// Its number in replies.
    pub fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

/// How the instance metadata service serves an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataOptions {
    /// Whether session tokens (IMDSv2) are required.
    pub tokens_required: bool,
    /// How many hops a token's reply may travel, 1 to 64.
    pub hop_limit: u8,
    /// Whether the service answers at all.
    pub endpoint_enabled: bool,
    /// Whether it answers over IPv6.
    pub ipv6_enabled: bool,
    /// Whether it shows the instance's tags.
    pub tags_enabled: bool,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self { tokens_required: false, hop_limit: 1, endpoint_enabled: true, ipv6_enabled: false, tags_enabled: false }
    }
}
