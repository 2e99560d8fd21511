//! Instances. The actions are in submodules: launching, looking, states, attributes.
//!
//! An instance here is a network: it has no disks, no console and no operating system of its own. Parameters
//! about these are taken and have no consequence.

mod as_template;
mod attribute;
mod change;
#[cfg(test)]
mod change_tests;
mod console;
mod credit;
mod describe;
pub(crate) mod filters;
mod interface;
pub(crate) mod item;
pub(crate) mod launch;
mod metadata;
mod options;
mod profile;
mod states;
mod status;
#[cfg(test)]
mod tests;

use super::{Action, read, write};

pub(crate) const ACTIONS: &[Action] = &[
    read::<as_template::GetLaunchTemplateData>(),
    write::<change::MonitorInstances>(),
    write::<change::UnmonitorInstances>(),
    write::<change::ModifyInstancePlacement>(),
    write::<change::ModifyInstanceMaintenanceOptions>(),
    write::<change::ModifyPrivateDnsNameOptions>(),
    write::<change::ModifyInstanceCapacityReservationAttributes>(),
    read::<console::GetConsoleOutput>(),
    read::<console::GetPasswordData>(),
    read::<credit::DescribeInstanceCreditSpecifications>(),
    write::<credit::ModifyInstanceCreditSpecification>(),
    write::<profile::AssociateIamInstanceProfile>(),
    write::<profile::DisassociateIamInstanceProfile>(),
    write::<profile::ReplaceIamInstanceProfileAssociation>(),
    read::<profile::DescribeIamInstanceProfileAssociations>(),
    read::<attribute::DescribeInstanceAttribute>(),
    write::<attribute::ModifyInstanceAttribute>(),
    read::<describe::DescribeInstances>(),
    write::<launch::RunInstances>(),
    read::<metadata::GetInstanceMetadataDefaults>(),
    write::<metadata::ModifyInstanceMetadataDefaults>(),
    write::<metadata::ModifyInstanceMetadataOptions>(),
    write::<attribute::ResetInstanceAttribute>(),
    write::<states::RebootInstances>(),
    write::<states::StartInstances>(),
    write::<states::StopInstances>(),
    write::<states::TerminateInstances>(),
    read::<status::DescribeInstanceStatus>(),
];
