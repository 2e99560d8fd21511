//! Flow logs: DescribeFlowLogs and DeleteFlowLogs here, CreateFlowLogs in the submodule.

mod create;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{Context, FlowLog, FlowLogError, FlowLogId, Model};

use super::describe::{Describable, Describe};
use super::{Action, Operation, Output, read, write};
use crate::ApiError;
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;

pub(crate) const ACTIONS: &[Action] =
    &[write::<create::CreateFlowLogs>(), write::<DeleteFlowLogs>(), read::<Describe<FlowLog>>()];

/// How delivery goes: always well.
const DELIVERY: &str = "SUCCESS";

impl Describable for FlowLog {
    type Id = FlowLogId;
    type Item = FlowLogItem;

    const ACTION: &'static str = "DescribeFlowLogs";
    const IDS: &'static str = "FlowLogId";
    const SET: &'static str = "flowLogSet";
    const MAX_RESULTS: RangeInclusive<u32> = 1..=1000;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("deliver-log-status", |_, _| vec![DELIVERY.to_owned()]),
            ("flow-log-id", |_, log| vec![log.id.to_string()]),
            ("log-destination-type", |_, log| vec![log.settings.destination.kind.to_string()]),
            ("log-group-name", |_, log| log.settings.destination.group.iter().cloned().collect()),
            ("resource-id", |_, log| vec![log.resource_id.clone()]),
            ("traffic-type", |_, log| log.settings.traffic.iter().map(ToString::to_string).collect()),
        ],
        tags: Some(|log| &log.tags),
    };

    fn id(&self) -> &FlowLogId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &FlowLogId) -> Option<&'a Self> {
        model.flow_log(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.flow_logs().collect()
    }

    fn missing(id: &FlowLogId) -> ApiError {
        FlowLogError::NotFound(vec![id.clone()]).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> FlowLogItem {
        FlowLogItem { log: self.clone() }
    }
}

/// A flow log as replies show it.
#[derive(Debug)]
pub(crate) struct FlowLogItem {
    log: FlowLog,
}

impl Output for FlowLogItem {
    fn write(&self, xml: &mut Xml) {
        let (log, settings) = (&self.log, &self.log.settings);
        xml.timestamp("creationTime", log.created);
        xml.optional("deliverLogsPermissionArn", settings.permission_arn.as_ref());
        xml.optional("deliverCrossAccountRole", settings.cross_account_role.as_ref());
        xml.text("deliverLogsStatus", DELIVERY);
        xml.text("flowLogId", &log.id);
        xml.text("flowLogStatus", "ACTIVE");
        xml.optional("logGroupName", settings.destination.group.as_ref());
        xml.text("resourceId", &log.resource_id);
        xml.optional("trafficType", settings.traffic);
        xml.text("logDestinationType", settings.destination.kind);
        xml.text("logDestination", &settings.destination.arn);
        xml.text("logFormat", &settings.format);
        xml.tags(&log.tags);
        xml.text("maxAggregationInterval", settings.max_aggregation_interval);
        if let Some(options) = settings.file_options {
            xml.element("destinationOptions", |xml| {
                xml.text("fileFormat", if options.parquet { "parquet" } else { "plain-text" });
                xml.text("hiveCompatiblePartitions", options.hive_partitions);
                xml.text("perHourPartition", options.hourly);
            });
        }
        if !settings.tag_fields.is_empty() {
            xml.list("tagFieldSpecificationSet", &settings.tag_fields, |xml, (kind, keys)| {
                xml.text("resourceType", kind);
                xml.texts("tagKeySet", keys);
            });
        }
    }
}

#[derive(Debug)]
struct DeleteFlowLogs {
    ids: Vec<FlowLogId>,
}

impl Operation for DeleteFlowLogs {
    const ACTION: &'static str = "DeleteFlowLogs";
    type Output = Deleted;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("FlowLogId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_flow_logs(&self.ids)?;
        Ok(Deleted)
    }
}

#[derive(Debug)]
struct Deleted;

impl Output for Deleted {
    fn write(&self, xml: &mut Xml) {
        xml.list("unsuccessful", [(); 0], |_, ()| ());
    }
}
