//! How many vCPUs can run at once, apart by what is bought and by what it is bought for.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances-limits.html>. Deviation: all families
//! have the same quota.

use std::collections::BTreeMap;

use super::{Instance, InstanceError, InstanceState};
use crate::{InstanceId, Model, instance_type};

/// The families that have a quota together, by the letters that begin their names; all others are the standard ones.
const APART: &[&[&str]] = &[&["dl"], &["f"], &["g", "gr", "vt"], &["hpc"], &["inf"], &["p"], &["trn"], &["u"], &["x"]];

/// What is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VcpuRoom {
    left: usize,
    limit: usize,
    is_spot: bool,
}

impl VcpuRoom {
    /// Takes the vCPUs of an instance of a type.
    pub(crate) fn take(&mut self, instance_type: &str) -> Result<(), InstanceError> {
        match self.left.checked_sub(vcpus(instance_type)) {
            Some(left) => self.left = left,
            None if self.is_spot => return Err(InstanceError::SpotLimit),
            None => return Err(InstanceError::VcpuLimit(self.limit)),
        }
        Ok(())
    }
}

impl Model {
    /// Whether stopped instances can be started: within the quotas, and where there is capacity.
    pub(crate) fn check_start(&mut self, ids: &[InstanceId]) -> Result<(), InstanceError> {
        let mut rooms = BTreeMap::new();
        for id in ids {
            let Some(instance) = self.instances.get(id) else { continue };
            let (is_spot, kind) = (instance.options.market.is_some(), instance.instance_type.clone());
            let zone = instance.zone.clone();
            let room = rooms.entry((is_spot, group(&kind))).or_insert_with(|| self.vcpu_room(&kind, is_spot));
            room.take(&kind)?;
            self.check_sold_out(&kind, &zone)?;
        }
        Ok(())
    }

    /// What is left for instances of a type.
    pub(crate) fn vcpu_room(&self, instance_type: &str, is_spot: bool) -> VcpuRoom {
        let own = group(instance_type);
        let limit = if is_spot { self.quotas.spot_vcpus } else { self.quotas.on_demand_vcpus };
        let is_same = |other: &&Instance| {
            matches!(other.state, InstanceState::Pending | InstanceState::Running)
                && other.options.market.is_some() == is_spot
                && group(&other.instance_type) == own
        };
        let used: usize = self.instances.values().filter(is_same).map(|other| vcpus(&other.instance_type)).sum();
        VcpuRoom { left: limit.saturating_sub(used), limit, is_spot }
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
