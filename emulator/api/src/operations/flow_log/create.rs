//! CreateFlowLogs.

use vpc_model::flow_log::check_format;
use vpc_model::{
    Context, DestinationKind, FileOptions, FlowLogId, FlowLogSettings, LogDestination, Logged, Model, Tags, TrafficType,
};

use crate::operations::{Operation, Output};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

values! {
    DestinationKind { CloudWatch "cloud-watch-logs", S3 "s3", Firehose "kinesis-data-firehose" }
    TrafficType { Accept "ACCEPT", Reject "REJECT", All "ALL" }
    Logged {
        Vpc "VPC",
        Subnet "Subnet",
        NetworkInterface "NetworkInterface",
        TransitGateway "TransitGateway",
        TransitGatewayAttachment "TransitGatewayAttachment",
        NatGateway "RegionalNatGateway",
    }
    FileFormat { PlainText "plain-text", Parquet "parquet" }
    TagHolder { NetworkInterface "network-interface", Instance "instance", AutoScalingGroup "auto-scaling-group" }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFormat {
    PlainText,
    Parquet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagHolder {
    NetworkInterface,
    Instance,
    AutoScalingGroup,
}

/// Where records go, as a call says it.
#[derive(Debug)]
enum Destination {
    Group(String),
    Arn(DestinationKind, String),
}

#[derive(Debug)]
pub(super) struct CreateFlowLogs {
    logged: Logged,
    resource_ids: Vec<String>,
    destination: Destination,
    traffic: Option<TrafficType>,
    permission_arn: Option<String>,
    cross_account_role: Option<String>,
    format: String,
    max_aggregation_interval: u32,
    file_options: Option<FileOptions>,
    tag_fields: Vec<(String, Vec<String>)>,
    tags: Tags,
    client_token: Option<String>,
}

/// A parameter that another one makes necessary.
fn dependent(name: &str, of: &str, value: &str) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER, format!("{name} can't be empty if {of} is {value}."))
}

fn decode_destination(query: &mut Query) -> Result<Destination, ApiError> {
    let kind: Option<DestinationKind> = query.optional("LogDestinationType")?;
    let group: Option<String> = query.optional("LogGroupName")?;
    let arn: Option<String> = query.optional("LogDestination")?;
    let kind_or_default = kind.unwrap_or(DestinationKind::CloudWatch);
    match (group, arn) {
        (Some(_), Some(_)) => {
            Err(ApiError::combination("Please only provide LogGroupName or only provide LogDestination."))
        }
        (Some(_), None) if kind_or_default != DestinationKind::CloudWatch => Err(ApiError::new(
            Code::INVALID_PARAMETER,
            "LogDestinationType type must be cloud-watch-logs if LogGroupName is provided.",
        )),
        (Some(group), None) => Ok(Destination::Group(group)),
        (None, Some(arn)) => check_arn(kind_or_default, &arn).map(|()| Destination::Arn(kind_or_default, arn)),
        (None, None) if kind_or_default == DestinationKind::CloudWatch => {
            Err(dependent("LogGroupName", "LogDestinationType", "cloud-watch-logs"))
        }
        (None, None) => Err(dependent("LogDestination", "LogDestinationType", &kind_or_default.to_string())),
    }
}

/// Checks that an ARN is of the service that is to take the records.
fn check_arn(kind: DestinationKind, arn: &str) -> Result<(), ApiError> {
    let service = match kind {
        DestinationKind::CloudWatch => "logs",
        DestinationKind::S3 => "s3",
        DestinationKind::Firehose => "firehose",
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, of, _, _, name] if partition.starts_with("aws") && *of == service && !name.is_empty() => {
            Ok(())
        }
        _ => Err(ApiError::new(Code::INVALID_PARAMETER, format!("LogDestination: {arn} is not a valid {kind} ARN."))),
    }
}

fn decode_file_options(query: &mut Query) -> Result<Option<FileOptions>, ApiError> {
    query.structure("DestinationOptions", |options| {
        Ok(FileOptions {
            parquet: options.or("FileFormat", FileFormat::PlainText)? == FileFormat::Parquet,
            hive_partitions: options.flag("HiveCompatiblePartitions")?,
            hourly: options.flag("PerHourPartition")?,
        })
    })
}

fn decode_tag_fields(query: &mut Query) -> Result<Vec<(String, Vec<String>)>, ApiError> {
    query.structs("TagFieldSpecification", |fields| {
        let holder = match fields.required("ResourceType")? {
            TagHolder::NetworkInterface => "network-interface",
            TagHolder::Instance => "instance",
            TagHolder::AutoScalingGroup => "auto-scaling-group",
        };
        Ok((holder.to_owned(), fields.required_list("TagKey")?))
    })
}

/// Transit gateways are summed up over a minute, everything else over ten unless said.
fn decode_interval(query: &mut Query, logged: Logged) -> Result<u32, ApiError> {
    let given = query.or("MaxAggregationInterval", if logged.is_transit() { 60 } else { 600 })?;
    match given {
        60 => Ok(given),
        600 if !logged.is_transit() => Ok(given),
        _ => Err(ApiError::new(Code::INVALID_PARAMETER, "Invalid Flow Log Max Aggregation Interval")),
    }
}

fn decode_format(query: &mut Query, logged: Logged) -> Result<String, ApiError> {
    let Some(format) = query.optional::<String>("LogFormat")?.filter(|format| !format.trim().is_empty()) else {
        return Ok(logged.default_format());
    };
    check_format(&format, logged.is_transit()).map_err(|unknown| {
        ApiError::new(
            Code::INVALID_PARAMETER,
            format!("Unknown fields provided in the flow log format: {}", unknown.join(", ")),
        )
    })?;
    Ok(format)
}

impl CreateFlowLogs {
    fn check(self) -> Result<Self, ApiError> {
        let is_transit = self.logged.is_transit();
        if self.traffic.is_none() && !is_transit {
            return Err(ApiError::missing("TrafficType"));
        }
        if self.traffic.is_some() && is_transit {
            return Err(ApiError::combination("TrafficType is not supported for transit gateway resource types."));
        }
        let to_logs = !matches!(self.destination, Destination::Arn(DestinationKind::S3 | DestinationKind::Firehose, _));
        if to_logs && self.permission_arn.is_none() {
            return Err(dependent("DeliverLogsPermissionArn", "LogDestinationType", "cloud-watch-logs"));
        }
        if self.file_options.is_some() && !matches!(self.destination, Destination::Arn(DestinationKind::S3, _)) {
            return Err(ApiError::new(
                Code::INVALID_PARAMETER,
                "DestinationOptions can only be specified if LogDestinationType is s3.",
            ));
        }
        if let Some(id) = self.resource_ids.iter().find(|id| !id.starts_with(self.logged.prefix())) {
            let expected = format!("Expected an ID that starts with \"{}\".", self.logged.prefix());
            return Err(ApiError::invalid("ResourceId", id, &expected));
        }
        Ok(self)
    }
}

impl Operation for CreateFlowLogs {
    const ACTION: &'static str = "CreateFlowLogs";
    const CLIENT_TOKEN: bool = true;
    type Output = Created;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let logged = query.required("ResourceType")?;
        Self {
            logged,
            resource_ids: query.required_list("ResourceId")?,
            destination: decode_destination(query)?,
            traffic: query.optional("TrafficType")?,
            permission_arn: query.optional("DeliverLogsPermissionArn")?,
            cross_account_role: query.optional("DeliverCrossAccountRole")?,
            format: decode_format(query, logged)?,
            max_aggregation_interval: decode_interval(query, logged)?,
            file_options: decode_file_options(query)?,
            tag_fields: decode_tag_fields(query)?,
            tags: tag_specification::decode_one(query, &["vpc-flow-log"])?,
            client_token: query.client_token().map(str::to_owned),
        }
        .check()
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let destination = match self.destination {
            Destination::Group(name) => LogDestination::group(model.region(), model.account(), name),
            Destination::Arn(kind, arn) => {
                let group = arn.split(":log-group:").nth(1).map(|name| name.trim_end_matches(":*").to_owned());
                LogDestination { kind, arn, group: group.filter(|_| kind == DestinationKind::CloudWatch) }
            }
        };
        let settings = FlowLogSettings {
            traffic: self.traffic,
            destination,
            permission_arn: self.permission_arn,
            cross_account_role: self.cross_account_role,
            format: self.format,
            max_aggregation_interval: self.max_aggregation_interval,
            file_options: self.file_options,
            tag_fields: self.tag_fields,
        };
        let (there, missing): (Vec<_>, Vec<_>) = self.resource_ids.into_iter().partition(|id| model.can_log(id));
        let ids = model.create_flow_logs(cx, &there, &settings, &self.tags)?;
        let client_token = self.client_token.unwrap_or_else(|| format!("{:016x}", cx.ids.number()));
        Ok(Created { ids, missing, logged: self.logged, client_token })
    }
}

#[derive(Debug)]
pub(super) struct Created {
    ids: Vec<FlowLogId>,
    missing: Vec<String>,
    logged: Logged,
    /// EC2 makes one up where the caller does not.
    client_token: String,
}

/// The code of a resource that is not there, and what EC2 calls its kind.
fn not_found(logged: Logged) -> (&'static str, &'static str) {
    match logged {
        Logged::Vpc => ("InvalidVpcID.NotFound", "vpc"),
        Logged::Subnet => ("InvalidSubnetID.NotFound", "subnet"),
        Logged::NetworkInterface => ("InvalidNetworkInterfaceID.NotFound", "networkInterface"),
        Logged::TransitGateway => ("InvalidTransitGatewayID.NotFound", "transitGateway"),
        Logged::TransitGatewayAttachment => ("InvalidTransitGatewayAttachmentID.NotFound", "transitGatewayAttachment"),
        Logged::NatGateway => ("NatGatewayNotFound", "natGateway"),
    }
}

impl Output for Created {
    fn write(&self, xml: &mut Xml) {
        xml.text("clientToken", &self.client_token);
        xml.texts("flowLogIdSet", &self.ids);
        let (code, noun) = not_found(self.logged);
        xml.list("unsuccessful", &self.missing, |xml, id| {
            xml.element("error", |xml| {
                xml.text("code", code);
                xml.text("message", format_args!("The {noun} ID '{id}' does not exist"));
            });
            xml.text("resourceId", id);
        });
    }
}
