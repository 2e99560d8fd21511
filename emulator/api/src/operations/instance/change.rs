//! Changes to what an instance was launched with: MonitorInstances, UnmonitorInstances, ModifyInstancePlacement,
//! ModifyInstanceMaintenanceOptions, ModifyInstanceCapacityReservationAttributes, ModifyPrivateDnsNameOptions.

use vpc_model::instance::PlacementChange;
use vpc_model::instance::options::DnsNameChoice;
use vpc_model::{Context, InstanceId, LaunchParameter, LaunchParameters, Model};

use super::item;
use super::launch::{KEPT, dns_names_given};
use crate::ApiError;
use crate::operations::{Done, Operation, Output};
use crate::query::{Query, values};
use crate::shape::{self, Kind};
use crate::xml::Xml;

/// What monitoring is after a call, which is not yet complete then.
#[derive(Debug)]
pub(super) struct Monitored(Vec<(InstanceId, &'static str)>);

impl Output for Monitored {
    fn write(&self, xml: &mut Xml) {
        xml.list("instancesSet", &self.0, |xml, (id, state)| {
            xml.text("instanceId", id);
            xml.element("monitoring", |xml| xml.text("state", state));
        });
    }
}

macro_rules! monitoring {
    ($($(#[$doc:meta])* $action:ident $on:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $action {
            ids: Vec<InstanceId>,
        }

        impl Operation for $action {
            const ACTION: &'static str = stringify!($action);
            type Output = Monitored;

            fn decode(query: &mut Query) -> Result<Self, ApiError> {
                query.refuse_unsupported(&["MetricCategoryId"])?;
                Ok(Self { ids: query.required_list("InstanceId")? })
            }

            fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Monitored, ApiError> {
                let before = model.find_instances(cx.now, &self.ids)?;
                let shown = before.into_iter().map(|found| (found.id.clone(), under_way(item::monitoring(found), $on)));
                let shown = shown.collect();
                model.monitor_instances(cx.now, &self.ids, $on)?;
                Ok(Monitored(shown))
            }
        }
    )*};
}

monitoring! {
    /// Switches detailed monitoring on.
    MonitorInstances true;
    /// Switches it off.
    UnmonitorInstances false;
}

/// The state while a change is under way; without a change, the state.
fn under_way(before: &'static str, on: bool) -> &'static str {
    match (before, on) {
        ("disabled", true) => "pending",
        ("enabled" | "pending", false) => "disabling",
        (same, _) => same,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenancy {
    Default,
    Dedicated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Default,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recovery {
    Default,
    Disabled,
}

values! {
    Tenancy { Default "default", Dedicated "dedicated" }
    Affinity { Default "default" }
    Recovery { Default "default", Disabled "disabled" }
}

impl Recovery {
    fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Disabled => "disabled",
        }
    }
}

#[derive(Debug)]
pub(super) struct ModifyInstancePlacement {
    instance_id: InstanceId,
    group_id: Option<String>,
    change: PlacementChange,
}

impl Operation for ModifyInstancePlacement {
    const ACTION: &'static str = "ModifyInstancePlacement";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // There are no hosts of one's own.
        query.refuse_unsupported(&["HostId", "HostResourceGroupArn"])?;
        let tenancy = query.optional::<String>("Tenancy")?;
        if tenancy.as_deref() == Some("host") {
            return Err(ApiError::unsupported("Tenancy host"));
        }
        let tenancy = tenancy.map(|text| <Tenancy as crate::query::Value>::from_text("Tenancy", text)).transpose()?;
        let affinity: Option<Affinity> = query.optional("Affinity")?;
        let change = PlacementChange {
            group_name: query.optional("GroupName")?,
            partition_number: query.optional("PartitionNumber")?,
            tenancy: tenancy
                .map(|tenancy| if tenancy == Tenancy::Default { "default" } else { "dedicated" }.to_owned()),
            affinity: affinity.map(|_| "default".to_owned()),
        };
        let group_id = query.optional("GroupId")?;
        if group_id.is_some() && change.group_name.is_some() {
            return Err(ApiError::combination("The parameter GroupName cannot be used with GroupId"));
        }
        Ok(Self { instance_id: query.required("InstanceId")?, group_id, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        let mut change = self.change;
        if let Some(id) = self.group_id {
            let named = model.placement_groups().find(|group| group.id.as_str() == id);
            // A group that is not there is missing by its id, as it would be by its name.
            change.group_name = Some(named.map_or(id, |group| group.name.clone()));
        }
        model.modify_placement(cx.now, &self.instance_id, change)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ModifyInstanceMaintenanceOptions {
    instance_id: InstanceId,
    recovery: Option<Recovery>,
    reboot: Option<Recovery>,
}

impl Operation for ModifyInstanceMaintenanceOptions {
    const ACTION: &'static str = "ModifyInstanceMaintenanceOptions";
    type Output = Maintenance;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            instance_id: query.required("InstanceId")?,
            recovery: query.optional("AutoRecovery")?,
            reboot: query.optional("RebootMigration")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Maintenance, ApiError> {
        let named = [("AutoRecovery", self.recovery), ("RebootMigration", self.reboot)];
        let given = named.iter().filter_map(|(name, value)| {
            Some(((*name).to_owned(), LaunchParameter::Text((*value)?.as_str().to_owned())))
        });
        model.change_instance_option(cx.now, &self.instance_id, "MaintenanceOptions", given.collect(), false)?;
        Ok(Maintenance(self))
    }
}

#[derive(Debug)]
pub(super) struct Maintenance(ModifyInstanceMaintenanceOptions);

impl Output for Maintenance {
    fn write(&self, xml: &mut Xml) {
        xml.text("instanceId", &self.0.instance_id);
        xml.optional("autoRecovery", self.0.recovery.map(Recovery::as_str));
        xml.optional("rebootMigration", self.0.reboot.map(Recovery::as_str));
    }
}

#[derive(Debug)]
pub(super) struct ModifyInstanceCapacityReservationAttributes {
    instance_id: InstanceId,
    specification: LaunchParameters,
}

const SPECIFICATION: &str = "CapacityReservationSpecification";

impl Operation for ModifyInstanceCapacityReservationAttributes {
    const ACTION: &'static str = "ModifyInstanceCapacityReservationAttributes";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let members = KEPT.iter().find_map(|(name, _, kind)| match kind {
            Kind::Inside(members) if *name == SPECIFICATION => Some(*members),
            _ => None,
        });
        let members = members.unwrap_or_default();
        let specification = query.structure(SPECIFICATION, |inside| shape::decode(inside, members))?;
        Ok(Self {
            instance_id: query.required("InstanceId")?,
            specification: specification.ok_or_else(|| ApiError::missing(SPECIFICATION))?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        model.modify_capacity_use(cx.now, &self.instance_id, self.specification)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ModifyPrivateDnsNameOptions {
    instance_id: InstanceId,
    change: DnsNameChoice,
}

impl Operation for ModifyPrivateDnsNameOptions {
    const ACTION: &'static str = "ModifyPrivateDnsNameOptions";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            instance_id: query.required("InstanceId")?,
            change: dns_names_given(query, "PrivateDnsHostnameType")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        model.modify_private_dns_names(cx.now, &self.instance_id, self.change)?;
        Ok(Done)
    }
}
