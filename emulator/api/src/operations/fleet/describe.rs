//! DescribeFleets and DescribeFleetInstances.

use jiff::Timestamp;
use vpc_model::fleet::FleetKind;
use vpc_model::launch_template::parameters;
use vpc_model::{Fleet, FleetId, Instance, InstanceState, Model};

use super::data::FLEET;
use super::{not_found, write_outcome};
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code, shape};

fn text(fleet: &Fleet, name: &str) -> Vec<String> {
    parameters::text(&fleet.request, name).into_iter().map(str::to_owned).collect()
}

const FIELDS: Fields<Model, Fleet> = Fields {
    by_name: &[
        ("activity-status", |model, fleet| vec![activity(model, fleet).replace('_', "-")]),
        ("excess-capacity-termination-policy", |_, fleet| {
            let policy = text(fleet, "ExcessCapacityTerminationPolicy");
            policy.into_iter().map(|policy| (policy == "termination").to_string()).collect()
        }),
        ("fleet-state", |model, fleet| vec![fleet.state(model).replace('_', "-")]),
        ("replace-unhealthy-instances", |_, fleet| text(fleet, "ReplaceUnhealthyInstances")),
        ("type", |_, fleet| vec![fleet.kind.as_str().to_owned()]),
    ],
    tags: Some(|fleet| &fleet.tags),
};

/// How far a fleet is with what it has to do.
fn activity(model: &Model, fleet: &Fleet) -> &'static str {
    let target = fleet.target;
    let is_short = fleet.fulfilled(model, false) < f64::from(target.on_demand)
        || fleet.fulfilled(model, true) < f64::from(target.spot);
    match (fleet.state(model), is_short) {
        ("deleted_terminating", _) => "pending_termination",
        (_, true) if !fleet.failures.is_empty() => "error",
        (_, true) => "pending_fulfillment",
        _ => "fulfilled",
    }
}

#[derive(Debug)]
pub(super) struct DescribeFleets {
    ids: Vec<FleetId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeFleets {
    const ACTION: &'static str = "DescribeFleets";
    type Output = Shown;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (ids, filters) = (query.list("FleetId")?, Filters::decode(query)?);
        Ok(Self { ids, filters, page: PageRequest::decode(query, 1..=1000)? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Shown, ApiError> {
        let known = |id: &FleetId| model.fleet(id).filter(|fleet| fleet.is_known(now)).ok_or_else(|| not_found(id));
        let asked: Vec<&Fleet> = if self.ids.is_empty() {
            // Instant fleets are told to those only who know them.
            let is_listed = |fleet: &&Fleet| fleet.is_known(now) && fleet.kind != FleetKind::OneTime;
            model.fleets().filter(is_listed).collect()
        } else {
            self.ids.iter().map(known).collect::<Result<_, _>>()?
        };
        let found = self.filters.select(&FIELDS, model, asked)?;
        let page = self.page.page(found, |fleet| fleet.id.to_string());
        let content = Xml::fragment(|xml| {
            xml.list("fleetSet", page.items, |xml, fleet| write_fleet(xml, model, fleet));
            xml.optional("nextToken", page.next_token);
        });
        Ok(Shown(content))
    }
}

#[derive(Debug)]
pub(super) struct Shown(Vec<u8>);

impl Output for Shown {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.0);
    }
}

fn write_fleet(xml: &mut Xml, model: &Model, fleet: &Fleet) {
    xml.text("activityStatus", activity(model, fleet));
    xml.timestamp("createTime", fleet.created);
    xml.text("fleetId", &fleet.id);
    xml.text("fleetState", fleet.state(model));
    xml.optional("clientToken", fleet.client_token.as_ref());
    let (on_demand, spot) = (fleet.fulfilled(model, false), fleet.fulfilled(model, true));
    xml.text("fulfilledCapacity", format_args!("{:?}", on_demand + spot));
    xml.text("fulfilledOnDemandCapacity", format_args!("{on_demand:?}"));
    shape::write(xml, FLEET, &fleet.request);
    xml.tags(&fleet.tags);
    if fleet.kind == FleetKind::OneTime {
        write_outcome(xml, model, &fleet.launches, &fleet.failures);
    }
}

const INSTANCE_FIELDS: Fields<Model, Instance> =
    Fields { by_name: &[("instance-type", |_, instance| vec![instance.instance_type.clone()])], tags: None };

#[derive(Debug)]
pub(super) struct DescribeFleetInstances {
    id: FleetId,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeFleetInstances {
    const ACTION: &'static str = "DescribeFleetInstances";
    type Output = Active;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, filters) = (query.required("FleetId")?, Filters::decode(query)?);
        Ok(Self { id, filters, page: PageRequest::decode(query, 1..=1000)? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Active, ApiError> {
        let fleet = model.fleet(&self.id).filter(|fleet| fleet.is_known(now)).ok_or_else(|| not_found(&self.id))?;
        if fleet.kind == FleetKind::OneTime {
            return Err(ApiError::new(
                Code::UNSUPPORTED_OPERATION,
                "DescribeFleetInstances does not support fleets of type instant. Use DescribeFleets instead.",
            ));
        }
        let runs = |instance: &&Instance| matches!(instance.state, InstanceState::Pending | InstanceState::Running);
        let active = fleet.instances().filter_map(|id| model.instance(id)).filter(runs);
        let found = self.filters.select(&INSTANCE_FIELDS, model, active)?.into_iter().cloned();
        Ok(Active { page: self.page.page(found, |instance| instance.id.to_string()), id: self.id })
    }
}

#[derive(Debug)]
pub(super) struct Active {
    id: FleetId,
    page: Page<Instance>,
}

impl Output for Active {
    fn write(&self, xml: &mut Xml) {
        xml.list("activeInstanceSet", &self.page.items, |xml, instance| {
            xml.text("instanceId", &instance.id);
            xml.text("instanceType", &instance.instance_type);
            let market = instance.options.market.as_ref();
            xml.optional("spotInstanceRequestId", market.and_then(|market| market.request_id.as_ref()));
            xml.text("instanceHealth", "healthy");
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
        xml.text("fleetId", &self.id);
    }
}
