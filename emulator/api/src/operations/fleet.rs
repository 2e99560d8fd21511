//! EC2 Fleets: CreateFleet here; how it launches, and the other actions, in the submodules.

mod data;
mod delete;
mod describe;
mod history;
mod launch;
pub(crate) mod modify;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use vpc_model::fleet::{FleetFailure, FleetKind, FleetLaunch, FleetPool, FleetTarget, NewFleet};
use vpc_model::{Context, FleetId, LaunchParameter, LaunchParameters, Model, Tags};

use self::data::{FLEET, OVERRIDE, TEMPLATE};
use super::{Action, Operation, Output, read, write};
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code, shape, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateFleet>(),
    write::<delete::DeleteFleets>(),
    write::<modify::ModifyFleet>(),
    read::<describe::DescribeFleets>(),
    read::<describe::DescribeFleetInstances>(),
    read::<history::DescribeFleetHistory>(),
];

impl Value for FleetId {
    fn from_text(_: &str, text: String) -> Result<Self, ApiError> {
        let malformed =
            || ApiError::new(Code::INVALID_FLEET_ID_MALFORMED, format!("The fleet ID '{text}' is malformed"));
        text.parse().map_err(|_| malformed())
    }
}

fn not_found(id: &FleetId) -> ApiError {
    ApiError::not_found(Code::INVALID_FLEET_ID_NOT_FOUND, "fleet", id)
}

#[derive(Debug)]
struct CreateFleet {
    kind: FleetKind,
    request: LaunchParameters,
    target: FleetTarget,
    client_token: Option<String>,
    tags: BTreeMap<&'static str, Tags>,
}

impl Operation for CreateFleet {
    const ACTION: &'static str = "CreateFleet";
    const CLIENT_TOKEN: bool = true;
    const DRY_RUN_IS_FORMAL: bool = true;
    type Output = Created;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["ReservedCapacityOptions"])?;
        let mut request = shape::decode(query, FLEET)?;
        let kind = match request.get("Type").and_then(LaunchParameter::as_text) {
            Some("instant") => FleetKind::OneTime,
            Some("request") => FleetKind::Request,
            _ => FleetKind::Maintain,
        };
        // What is not launched at once has its instances' tags in the template.
        let taggable: &[&str] = match kind {
            FleetKind::OneTime => &["fleet", "instance", "network-interface", "volume"],
            FleetKind::Request | FleetKind::Maintain => &["fleet"],
        };
        let tags = tag_specification::decode(query, taggable)?;
        if request.get("LaunchTemplateConfigs").is_none_or(|configs| configs.entries().is_empty()) {
            return Err(ApiError::missing("LaunchTemplateConfigs"));
        }
        let target = target(&request)?;
        complete(&mut request, kind, target);
        Ok(Self { kind, request, target, client_token: query.client_token().map(str::to_owned), tags })
    }

    fn run(mut self, model: &mut Model, cx: &mut Context<'_>) -> Result<Created, ApiError> {
        let id = FleetId::new(cx.ids);
        let tags = self.tags.remove("fleet").unwrap_or_default();
        let (launches, failures) =
            launch::Launcher::new(model, &self.request, &id, &self.tags, self.kind)?.launch(model, cx, self.target)?;
        let shown = Xml::fragment(|xml| write_outcome(xml, model, &launches, &failures));
        let new = NewFleet {
            id: id.clone(),
            kind: self.kind,
            client_token: self.client_token,
            request: self.request,
            target: self.target,
            launches,
            failures,
            tags,
        };
        model.keep_fleet(cx, new);
        Ok(Created { id, outcome: (self.kind == FleetKind::OneTime).then_some(shown) })
    }
}

/// How much is asked for of what: what the total has beyond the parts is of the default kind.
fn target(request: &LaunchParameters) -> Result<FleetTarget, ApiError> {
    let text = |member: &str| request.get("TargetCapacitySpecification")?.member(member)?.as_text();
    let number = |member: &str| -> Result<Option<u32>, ApiError> {
        let name = format!("TargetCapacitySpecification.{member}");
        text(member).map(|value| u32::from_text(&name, value.to_owned())).transpose()
    };
    let total = number("TotalTargetCapacity")?
        .ok_or_else(|| ApiError::missing("TargetCapacitySpecification.TotalTargetCapacity"))?;
    let mut target = FleetTarget {
        on_demand: number("OnDemandTargetCapacity")?.unwrap_or(0),
        spot: number("SpotTargetCapacity")?.unwrap_or(0),
    };
    let rest = total.checked_sub(target.on_demand.saturating_add(target.spot)).ok_or_else(|| {
        ApiError::combination("The On-Demand and Spot target capacities are more than the total target capacity")
    })?;
    match text("DefaultTargetCapacityType") {
        Some("spot") => target.spot += rest,
        Some("on-demand") | None => target.on_demand += rest,
        Some(other) => return Err(ApiError::unsupported(&format!("DefaultTargetCapacityType {other}"))),
    }
    Ok(target)
}

/// Adds what EC2 has where a request says nothing.
fn complete(request: &mut LaunchParameters, kind: FleetKind, target: FleetTarget) {
    let plain = [
        ("Type", kind.as_str()),
        ("ExcessCapacityTerminationPolicy", "termination"),
        ("TerminateInstancesWithExpiration", "false"),
        ("ReplaceUnhealthyInstances", "false"),
    ];
    for (name, value) in plain {
        request.entry(name.to_owned()).or_insert_with(|| LaunchParameter::text(value));
    }
    let inside = [
        ("SpotOptions", "AllocationStrategy", "lowest-price".to_owned()),
        ("SpotOptions", "InstanceInterruptionBehavior", "terminate".to_owned()),
        ("OnDemandOptions", "AllocationStrategy", "lowest-price".to_owned()),
        ("TargetCapacitySpecification", "OnDemandTargetCapacity", target.on_demand.to_string()),
        ("TargetCapacitySpecification", "SpotTargetCapacity", target.spot.to_string()),
        ("TargetCapacitySpecification", "DefaultTargetCapacityType", "on-demand".to_owned()),
    ];
    for (name, member, value) in inside {
        let outer = request.entry(name.to_owned()).or_insert_with(|| LaunchParameter::Structure([].into()));
        if let LaunchParameter::Structure(members) = outer {
            members.entry(member.to_owned()).or_insert(LaunchParameter::Text(value));
        }
    }
}

/// The answer of CreateFleet. Only an instant fleet's says what came of it.
#[derive(Debug)]
struct Created {
    id: FleetId,
    outcome: Option<Vec<u8>>,
}

impl Output for Created {
    fn write(&self, xml: &mut Xml) {
        xml.text("fleetId", &self.id);
        if let Some(outcome) = &self.outcome {
            xml.raw(outcome);
        }
    }
}

/// Writes what was launched and what was not.
fn write_outcome(xml: &mut Xml, model: &Model, launches: &[FleetLaunch], failures: &[FleetFailure]) {
    xml.list("errorSet", failures, |xml, failure| {
        write_pool(xml, &failure.pool);
        xml.text("errorCode", &failure.code);
        xml.text("errorMessage", &failure.message);
    });
    xml.list("fleetInstanceSet", launches, |xml, launch| {
        write_pool(xml, &launch.pool);
        xml.texts("instanceIds", &launch.instances);
        // All of a pool are alike.
        let Some(instance) = launch.instances.first().and_then(|id| model.instance(id)) else { return };
        xml.text("instanceType", &instance.instance_type);
        xml.text("availabilityZone", &instance.zone);
        xml.optional("availabilityZoneId", model.zone(&instance.zone).map(|zone| zone.id));
        xml.text("subnetId", &instance.subnet_id);
    });
}

fn write_pool(xml: &mut Xml, pool: &FleetPool) {
    xml.element("launchTemplateAndOverrides", |xml| {
        xml.element("launchTemplateSpecification", |xml| shape::write(xml, TEMPLATE, &pool.template));
        xml.element("overrides", |xml| shape::write(xml, OVERRIDE, &pool.overrides));
    });
    xml.text("lifecycle", if pool.is_spot { "spot" } else { "on-demand" });
}
