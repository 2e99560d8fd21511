//! DescribeInstanceStatus.

use jiff::Timestamp;
use vpc_model::{Instance, InstanceId, InstanceState, Model};

use super::{describe, item};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct DescribeInstanceStatus {
    ids: Vec<InstanceId>,
    all: bool,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeInstanceStatus {
    const ACTION: &'static str = "DescribeInstanceStatus";
    type Output = DescribeInstanceStatusOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No service manages instances here, so this one changes nothing.
        let _managed_too = query.flag("IncludeManagedResources")?;
        let (ids, all) = (query.list("InstanceId")?, query.flag("IncludeAllInstances")?);
        let (filters, page) = (Filters::decode(query)?, PageRequest::decode(query, 5..=1000)?);
        page.not_with_ids("instancesSet", ids.len())?;
        Ok(Self { ids, all, filters, page })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let mut asked = describe::asked_for(model, now, &self.ids)?;
        asked.retain(|instance| self.all || instance.state == InstanceState::Running);
        let found = self.filters.select(&FIELDS, model, asked)?;
        let page = self.page.page(found, |instance| instance.id.to_string());
        Ok(DescribeInstanceStatusOutput {
            items: page.items.into_iter().map(|instance| StatusItem::of(model, instance)).collect(),
            next_token: page.next_token,
        })
    }
}

/// Nothing ever breaks: a running instance is well, and of others there is nothing to say.
fn status(instance: &Instance) -> (&'static str, Option<&'static str>) {
    match instance.state {
        InstanceState::Running => ("ok", Some("passed")),
        _ => ("not-applicable", None),
    }
}

const FIELDS: Fields<Model, Instance> = Fields {
    by_name: &[
        ("availability-zone", |_, own| vec![own.zone.to_string()]),
        ("availability-zone-id", |model, own| {
            model.zone(&own.zone).into_iter().map(|zone| zone.id.to_string()).collect()
        }),
        ("event.code", |_, _| Vec::new()),
        ("event.description", |_, _| Vec::new()),
        ("event.instance-event-id", |_, _| Vec::new()),
        ("instance-state-code", |_, own| vec![own.state.code().to_string()]),
        ("instance-state-name", |_, own| vec![own.state.to_string()]),
        ("instance-status.reachability", |_, own| status(own).1.iter().map(ToString::to_string).collect()),
        ("instance-status.status", |_, own| vec![status(own).0.to_owned()]),
        ("system-status.reachability", |_, own| status(own).1.iter().map(ToString::to_string).collect()),
        ("system-status.status", |_, own| vec![status(own).0.to_owned()]),
    ],
    tags: None,
};

#[derive(Debug)]
struct StatusItem {
    instance: Instance,
    zone_id: Option<String>,
}

impl StatusItem {
    fn of(model: &Model, instance: &Instance) -> Self {
        Self { instance: instance.clone(), zone_id: model.zone(&instance.zone).map(|zone| zone.id.to_string()) }
    }
}

#[derive(Debug)]
pub(super) struct DescribeInstanceStatusOutput {
    items: Vec<StatusItem>,
    next_token: Option<String>,
}

impl Output for DescribeInstanceStatusOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("instanceStatusSet", &self.items, |xml, item| {
            xml.text("instanceId", &item.instance.id);
            xml.text("availabilityZone", &item.instance.zone);
            xml.optional("availabilityZoneId", item.zone_id.as_ref());
            item::write_state(xml, "instanceState", item.instance.state);
            for name in ["systemStatus", "instanceStatus"] {
                write_status(xml, name, &item.instance);
            }
        });
        xml.optional("nextToken", self.next_token.as_ref());
    }
}

fn write_status(xml: &mut Xml, name: &'static str, instance: &Instance) {
    let (status, reachability) = status(instance);
    xml.element(name, |xml| {
        xml.text("status", status);
        if let Some(reachability) = reachability {
            xml.list("details", [reachability], |xml, reachability| {
                xml.text("name", "reachability");
                xml.text("status", reachability);
            });
        }
    });
}
