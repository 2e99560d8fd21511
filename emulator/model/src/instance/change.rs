//! Changes to what an instance was launched with: monitoring, placement, and options that are kept and shown.

use jiff::Timestamp;

use super::options::{DnsNameChoice, Placement};
use super::{InstanceError, InstanceState};
use crate::{InstanceId, LaunchParameter, LaunchParameters, Model};

/// What ModifyInstancePlacement changes; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacementChange {
    /// Another placement group; an empty name takes it out of its one.
    pub group_name: Option<String>,
    /// Another partition.
    pub partition_number: Option<u32>,
    /// Whether it shares hardware with other accounts.
    pub tenancy: Option<String>,
    /// Whether it stays on its host.
    pub affinity: Option<String>,
}

impl Model {
    /// Switches detailed monitoring of instances on or off.
    pub fn monitor_instances(&mut self, now: Timestamp, ids: &[InstanceId], on: bool) -> Result<(), InstanceError> {
        for found in self.find_instances(now, ids)? {
            if matches!(found.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
                return Err(InstanceError::State { id: found.id.clone(), verb: "monitored" });
            }
        }
        for id in ids {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.options.monitoring = on;
            }
        }
        self.touch();
        Ok(())
    }

    /// Changes members of an option that instances keep, such as `MaintenanceOptions`. Others stay unless the option
    /// is replaced whole.
    pub fn change_instance_option(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        option: &str,
        members: LaunchParameters,
        whole: bool,
    ) -> Result<(), InstanceError> {
        self.find_instances(now, std::slice::from_ref(id))?;
        if let Some(instance) = self.instances.get_mut(id) {
            let mut all = match instance.options.kept.remove(option) {
                Some(LaunchParameter::Structure(kept)) if !whole => kept,
                _ => LaunchParameters::new(),
            };
            all.extend(members);
            instance.options.kept.insert(option.to_owned(), LaunchParameter::Structure(all));
        }
        self.touch();
        Ok(())
    }

    /// Changes which reserved capacity a stopped instance takes when it starts.
    pub fn modify_capacity_use(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        specification: LaunchParameters,
    ) -> Result<(), InstanceError> {
        let found = self.find_instances(now, std::slice::from_ref(id))?[0];
        if found.state != InstanceState::Stopped {
            return Err(InstanceError::NotStopped(id.clone()));
        }
        self.change_instance_option(now, id, "CapacityReservationSpecification", specification, true)
    }

    /// Changes how an instance's private name is made. Of what its host name is made can only change while it is stopped.
    pub fn modify_private_dns_names(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        change: DnsNameChoice,
    ) -> Result<(), InstanceError> {
        let found = self.find_instances(now, std::slice::from_ref(id))?[0];
        let names = change.within(found.dns_names());
        if names.hostname_type != found.dns_names().hostname_type && found.state != InstanceState::Stopped {
            return Err(InstanceError::NotStopped(id.clone()));
        }
        if let Some(instance) = self.instances.get_mut(id) {
            instance.options.dns_names = names.into();
        }
        self.touch();
        Ok(())
    }

    /// Moves a stopped instance to another placement.
    pub fn modify_placement(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        change: PlacementChange,
    ) -> Result<(), InstanceError> {
        let found = self.find_instances(now, std::slice::from_ref(id))?[0];
        if found.state != InstanceState::Stopped {
            return Err(InstanceError::NotStopped(id.clone()));
        }
        let (zone, mut placement): (_, Placement) = (found.zone.clone(), found.options.placement.clone());
        if let Some(name) = change.group_name {
            placement.group_name = Some(name).filter(|name| !name.is_empty());
            placement.partition_number = None;
        }
        if let Some(name) = &placement.group_name {
            let asked = change.partition_number.or(placement.partition_number);
            placement.partition_number = self.partition_for(name, asked, &zone)?;
        }
        placement.tenancy = change.tenancy.or(placement.tenancy);
        placement.affinity = change.affinity.or(placement.affinity);
        if let Some(instance) = self.instances.get_mut(id) {
            instance.options.placement = placement;
        }
        self.touch();
        Ok(())
    }
}
