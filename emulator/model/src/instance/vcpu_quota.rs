//! How many vCPUs can run at once, apart by what is bought and by what it is bought for.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances-limits.html>. Deviation: all families
//! have the same quota, and stopped instances can be started beyond it.

use super::{Instance, InstanceError, InstanceState, NewInstances};
use crate::{Model, instance_type};

/// The families that have a quota together, by the letters that begin their names; all others are the standard ones.
const APART: &[&[&str]] = &[&["dl"], &["f"], &["g", "gr", "vt"], &["hpc"], &["inf"], &["p"], &["trn"], &["u"], &["x"]];

/// What is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VcpuRoom {
    left: usize,
    limit: usize,
    each: usize,
    is_spot: bool,
}

impl VcpuRoom {
    /// Takes an instance's vCPUs.
    pub(crate) fn take(&mut self) -> Result<(), InstanceError> {
        match self.left.checked_sub(self.each) {
            Some(left) => self.left = left,
            None if self.is_spot => return Err(InstanceError::SpotLimit),
            None => return Err(InstanceError::VcpuLimit(self.limit)),
        }
        Ok(())
    }
}

impl Model {
    /// What is left for a launch.
    pub(crate) fn vcpu_room(&self, new: &NewInstances) -> VcpuRoom {
        let (is_spot, own) = (new.options.market.is_some(), group(&new.instance_type));
        let limit = if is_spot { self.quotas.spot_vcpus } else { self.quotas.on_demand_vcpus };
        let is_same = |other: &&Instance| {
            matches!(other.state, InstanceState::Pending | InstanceState::Running)
                && other.options.market.is_some() == is_spot
                && group(&other.instance_type) == own
        };
        let used: usize = self.instances.values().filter(is_same).map(|other| vcpus(&other.instance_type)).sum();
        VcpuRoom { left: limit.saturating_sub(used), limit, each: vcpus(&new.instance_type), is_spot }
    }
}

/// How many vCPUs a type has, where that is known.
fn vcpus(instance_type: &str) -> usize {
    instance_type::find(instance_type).and_then(instance_type::InstanceType::vcpus).unwrap_or(0) as usize
}

/// Which families a type shares its quota with; none for the standard ones.
fn group(instance_type: &str) -> Option<usize> {
    let letters = instance_type.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
    APART.iter().position(|families| families.contains(&letters))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::standard("m5.large", "t3.micro", true)]
    #[case::storage("im4gn.large", "z1d.large", true)]
    #[case::graphics("g4dn.xlarge", "vt1.3xlarge", true)]
    #[case::other("p3.2xlarge", "g4dn.xlarge", false)]
    #[case::high_memory("u-6tb1.56xlarge", "m5.large", false)]
    #[case::inferentia("inf1.xlarge", "i3.large", false)]
    fn groups(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
        assert_eq!(group(one) == group(other), same);
    }
}
