//! Flow logs: what is recorded about the traffic of a VPC, subnet or ENI, and where it goes.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>.
//!
//! Deviation: nothing is recorded or delivered; the destinations cannot be looked up, so any is taken for there.

mod format;

use std::fmt;

use jiff::Timestamp;

pub use self::format::check as check_format;
use crate::{AccountId, Context, FlowLogId, Model, Region, Tags};

/// A flow log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLog {
    /// Its id.
    pub id: FlowLogId,
    /// The VPC, subnet, ENI or transit gateway it is about.
    pub resource_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it records and where.
    pub settings: FlowLogSettings,
    /// Its tags.
    pub tags: Tags,
}

/// What a flow log records, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLogSettings {
    /// Which traffic; transit gateways have no choice.
    pub traffic: Option<TrafficType>,
    /// Where the records go.
    pub destination: LogDestination,
    /// The role that delivers them.
    pub permission_arn: Option<String>,
    /// The role that delivers them to another account.
    pub cross_account_role: Option<String>,
    /// The fields of a record.
    pub format: String,
    /// How long flows are summed up at most, in seconds.
    pub max_aggregation_interval: u32,
    /// How files are written.
    pub file_options: Option<FileOptions>,
    /// The tags that records show, by the kind of resource that has them.
    pub tag_fields: Vec<(String, Vec<String>)>,
}

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDestination {
    /// The service.
    pub kind: DestinationKind,
    /// The log group, bucket or stream.
    pub arn: String,
    /// The log group's name, where it is one.
    pub group: Option<String>,
}

/// The service that takes the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestinationKind {
    /// CloudWatch Logs.
    CloudWatch,
    /// S3.
    S3,
    /// Amazon Data Firehose.
    Firehose,
}

/// Which traffic is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrafficType {
    /// What is let through.
    Accept,
    /// What is not.
    Reject,
    /// Both.
    All,
}

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileOptions {
    /// Parquet rather than plain text.
    pub parquet: bool,
    /// Prefixes that Hive reads.
    pub hive_partitions: bool,
    /// A partition an hour rather than a day.
    pub hourly: bool,
}

/// What a flow log can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// An ENI.
    NetworkInterface,
    /// A transit gateway.
    TransitGateway,
    /// A transit gateway's attachment.
    TransitGatewayAttachment,
    /// A regional NAT gateway.
    NatGateway,
}

/// Why an operation on flow logs is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowLogError {
    /// No such flow logs.
    #[error("there are no flow logs {0:?}")]
    NotFound(Vec<FlowLogId>),
    /// There is one about the same resource that goes to the same place.
    #[error("{0} has a flow log to the same destination")]
    AlreadyExists(String),
}

impl fmt::Display for DestinationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudWatch => "cloud-watch-logs",
            Self::S3 => "s3",
            Self::Firehose => "kinesis-data-firehose",
        })
    }
}

impl fmt::Display for TrafficType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "ACCEPT",
            Self::Reject => "REJECT",
            Self::All => "ALL",
        })
    }
}

impl Logged {
    /// What ids of its kind start with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Vpc => "vpc-",
            Self::Subnet => "subnet-",
            Self::NetworkInterface => "eni-",
            Self::TransitGateway => "tgw-",
            Self::TransitGatewayAttachment => "tgw-attach-",
            Self::NatGateway => "nat-",
        }
    }

    /// Whether it is part of a transit gateway, whose records differ.
    pub const fn is_transit(self) -> bool {
        matches!(self, Self::TransitGateway | Self::TransitGatewayAttachment)
    }

    /// The fields of a record where none are named.
    pub fn default_format(self) -> String {
        let fields = if self.is_transit() { format::TRANSIT_DEFAULT } else { format::DEFAULT };
        fields.split(' ').map(|field| format!("${{{field}}}")).collect::<Vec<_>>().join(" ")
    }
}

impl LogDestination {
    /// A log group of a name.
    pub fn group(region: &Region, account: &AccountId, name: String) -> Self {
        let arn = format!("arn:aws:logs:{region}:{account}:log-group:{name}");
        Self { kind: DestinationKind::CloudWatch, arn, group: Some(name) }
    }
}

impl Model {
    /// Whether there is a resource that a flow log can be about.
    pub fn can_log(&self, resource_id: &str) -> bool {
        self.tags_of(resource_id).is_some()
    }

    /// Makes a flow log for each of some resources, or none at all.
    pub fn create_flow_logs(
        &mut self,
        cx: &mut Context,
        resource_ids: &[String],
        settings: &FlowLogSettings,
        tags: &Tags,
    ) -> Result<Vec<FlowLogId>, FlowLogError> {
        let goes_there = |log: &FlowLog| log.settings.destination.arn == settings.destination.arn;
        let mut taken = self.flow_logs.values().filter(|log| goes_there(log));
        if let Some(log) = taken.find(|log| resource_ids.contains(&log.resource_id)) {
            return Err(FlowLogError::AlreadyExists(log.resource_id.clone()));
        }
        let mut again = resource_ids.iter().enumerate().filter(|(at, id)| resource_ids[..*at].contains(id));
        if let Some((_, twice)) = again.next() {
            return Err(FlowLogError::AlreadyExists(twice.clone()));
        }
        let mut ids = Vec::with_capacity(resource_ids.len());
        for resource_id in resource_ids {
            let id: FlowLogId = cx.ids.next();
            let (resource_id, created) = (resource_id.clone(), cx.now);
            let log = FlowLog { id: id.clone(), resource_id, created, settings: settings.clone(), tags: tags.clone() };
            self.flow_logs.insert(id.clone(), log);
            ids.push(id);
        }
        self.touch();
        Ok(ids)
    }

    /// Takes flow logs away: all of them or, when one is missing, none.
    pub fn delete_flow_logs(&mut self, ids: &[FlowLogId]) -> Result<(), FlowLogError> {
        let missing: Vec<FlowLogId> = ids.iter().filter(|id| !self.flow_logs.contains_key(id)).cloned().collect();
        if !missing.is_empty() {
            return Err(FlowLogError::NotFound(missing));
        }
        self.flow_logs.retain(|id, _| !ids.contains(id));
        self.touch();
        Ok(())
    }
}
