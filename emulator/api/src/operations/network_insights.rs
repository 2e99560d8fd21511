//! Network insights: CreateNetworkInsightsPath, DeleteNetworkInsightsPath, DescribeNetworkInsightsPaths here;
//! analyses in the submodules.

mod analysis;
mod component;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{Context, InsightsError, InsightsPath, InsightsPathId, Model, NewInsightsPath, PathFilter, Transport};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateNetworkInsightsPath>(),
    write::<DeleteNetworkInsightsPath>(),
    read::<Describe<InsightsPath>>(),
    write::<analysis::StartNetworkInsightsAnalysis>(),
    write::<analysis::DeleteNetworkInsightsAnalysis>(),
    read::<analysis::DescribeNetworkInsightsAnalyses>(),
];

fn at_source(path: &InsightsPath, look: fn(&PathFilter) -> Option<String>) -> Vec<String> {
    path.at_source.as_ref().and_then(look).into_iter().collect()
}

fn at_destination(path: &InsightsPath, look: fn(&PathFilter) -> Option<String>) -> Vec<String> {
    path.at_destination.as_ref().and_then(look).into_iter().collect()
}

fn source_address(filter: &PathFilter) -> Option<String> {
    filter.source_address.map(|address| address.to_string())
}

fn destination_address(filter: &PathFilter) -> Option<String> {
    filter.destination_address.map(|address| address.to_string())
}

fn source_ports(filter: &PathFilter) -> Option<String> {
    filter.source_ports.as_ref().map(ports)
}

fn destination_ports(filter: &PathFilter) -> Option<String> {
    filter.destination_ports.as_ref().map(ports)
}

fn ports(range: &RangeInclusive<u16>) -> String {
    format!("{}-{}", range.start(), range.end())
}

impl Describable for InsightsPath {
    type Id = InsightsPathId;
    type Item = PathItem;

    const ACTION: &'static str = "DescribeNetworkInsightsPaths";
    const IDS: &'static str = "NetworkInsightsPathId";
    const SET: &'static str = "networkInsightsPathSet";
    const MAX_RESULTS: RangeInclusive<u32> = 1..=100;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("destination", |_, path| path.destination.clone().into_iter().collect()),
            ("filter-at-destination.destination-address", |_, path| at_destination(path, destination_address)),
            ("filter-at-destination.destination-port-range", |_, path| at_destination(path, destination_ports)),
            ("filter-at-destination.source-address", |_, path| at_destination(path, source_address)),
            ("filter-at-destination.source-port-range", |_, path| at_destination(path, source_ports)),
            ("filter-at-source.destination-address", |_, path| at_source(path, destination_address)),
            ("filter-at-source.destination-port-range", |_, path| at_source(path, destination_ports)),
            ("filter-at-source.source-address", |_, path| at_source(path, source_address)),
            ("filter-at-source.source-port-range", |_, path| at_source(path, source_ports)),
            ("protocol", |_, path| vec![path.protocol.as_str().to_owned()]),
            ("source", |_, path| vec![path.source.clone()]),
        ],
        tags: Some(|path| &path.tags),
    };

    fn id(&self) -> &InsightsPathId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &InsightsPathId) -> Option<&'a Self> {
        model.insights_path(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.insights_paths().collect()
    }

    fn missing(id: &InsightsPathId) -> ApiError {
        InsightsError::PathNotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> PathItem {
        PathItem {
            arn: arn(model, "network-insights-path", &self.id.to_string()),
            source_arn: model.arn_of(&self.source),
            destination_arn: self.destination.as_deref().map(|id| model.arn_of(id)),
            path: self.clone(),
        }
    }
}

fn arn(model: &Model, kind: &str, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:{kind}/{id}", model.region(), model.account())
}

/// A path as replies show it.
#[derive(Debug)]
pub(crate) struct PathItem {
    path: InsightsPath,
    arn: String,
    source_arn: String,
    destination_arn: Option<String>,
}

impl Output for PathItem {
    fn write(&self, xml: &mut Xml) {
        let path = &self.path;
        xml.text("networkInsightsPathId", &path.id);
        xml.text("networkInsightsPathArn", &self.arn);
        xml.timestamp("createdDate", path.created);
        xml.text("source", &path.source);
        xml.optional("destination", path.destination.as_ref());
        xml.text("sourceArn", &self.source_arn);
        xml.optional("destinationArn", self.destination_arn.as_ref());
        xml.optional("sourceIp", path.source_ip);
        xml.optional("destinationIp", path.destination_ip);
        xml.text("protocol", path.protocol.as_str());
        xml.optional("destinationPort", path.destination_port);
        xml.tags(&path.tags);
        write_filter(xml, "filterAtSource", path.at_source.as_ref());
        write_filter(xml, "filterAtDestination", path.at_destination.as_ref());
    }
}

fn write_filter(xml: &mut Xml, name: &'static str, filter: Option<&PathFilter>) {
    let Some(filter) = filter else { return };
    xml.element(name, |xml| {
        xml.optional("sourceAddress", filter.source_address);
        write_ports(xml, "sourcePortRange", filter.source_ports.as_ref());
        xml.optional("destinationAddress", filter.destination_address);
        write_ports(xml, "destinationPortRange", filter.destination_ports.as_ref());
    });
}

fn write_ports(xml: &mut Xml, name: &'static str, range: Option<&RangeInclusive<u16>>) {
    let Some(range) = range else { return };
    xml.element(name, |xml| {
        xml.text("fromPort", range.start());
        xml.text("toPort", range.end());
    });
}

fn decode_filter(query: &mut Query, name: &str) -> Result<Option<PathFilter>, ApiError> {
    query.structure(name, |inside| {
        Ok(PathFilter {
            source_address: inside.optional("SourceAddress")?,
            source_ports: decode_ports(inside, "SourcePortRange")?,
            destination_address: inside.optional("DestinationAddress")?,
            destination_ports: decode_ports(inside, "DestinationPortRange")?,
        })
    })
}

fn decode_ports(query: &mut Query, name: &str) -> Result<Option<RangeInclusive<u16>>, ApiError> {
    let given = query.structure(name, |inside| {
        let from: Option<u16> = inside.optional("FromPort")?;
        Ok((from, inside.optional::<u16>("ToPort")?))
    })?;
    let Some((from, to)) = given else { return Ok(None) };
    let range = from.or(to).unwrap_or(0)..=to.or(from).unwrap_or(u16::MAX);
    if range.is_empty() { Err(ApiError::invalid(name, &ports(&range), "")) } else { Ok(Some(range)) }
}

/// Takes a resource by its id or its ARN; the id is kept.
fn resource(text: String) -> String {
    match text.rsplit_once('/') {
        Some((_, id)) if text.starts_with("arn:") => id.to_owned(),
        _ => text,
    }
}

fn protocol(text: &str) -> Result<Transport, ApiError> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Transport::Tcp),
        "udp" => Ok(Transport::Udp),
        _ => Err(ApiError::invalid("Protocol", text, "Expected one of: tcp udp")),
    }
}

#[derive(Debug)]
struct CreateNetworkInsightsPath(NewInsightsPath);

impl Operation for CreateNetworkInsightsPath {
    const ACTION: &'static str = "CreateNetworkInsightsPath";
    const CLIENT_TOKEN: bool = true;
    type Output = Single<PathItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let source_ip: Option<Ipv4Addr> = query.optional("SourceIp")?;
        let destination_ip: Option<Ipv4Addr> = query.optional("DestinationIp")?;
        let destination_port = query.optional("DestinationPort")?;
        let at_source = decode_filter(query, "FilterAtSource")?;
        let at_destination = decode_filter(query, "FilterAtDestination")?;
        if at_source.is_some() && (source_ip.is_some() || destination_port.is_some()) {
            return Err(ApiError::combination(
                "The filter at the source cannot be used with a source IP address or a destination port",
            ));
        }
        if at_destination.is_some() && destination_ip.is_some() {
            return Err(ApiError::combination(
                "The filter at the destination cannot be used with a destination IP address",
            ));
        }
        Ok(Self(NewInsightsPath {
            source: resource(query.required("Source")?),
            destination: query.optional("Destination")?.map(resource),
            source_ip,
            destination_ip,
            protocol: protocol(&query.required::<String>("Protocol")?)?,
            destination_port,
            at_source,
            at_destination,
            tags: tag_specification::decode_one(query, &["network-insights-path"])?,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_insights_path(cx, self.0)?;
        created::<InsightsPath>("networkInsightsPath", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct DeleteNetworkInsightsPath {
    id: InsightsPathId,
}

impl Operation for DeleteNetworkInsightsPath {
    const ACTION: &'static str = "DeleteNetworkInsightsPath";
    type Output = DeletedPath;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkInsightsPathId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_insights_path(&self.id)?;
        Ok(DeletedPath(self.id))
    }
}

#[derive(Debug)]
struct DeletedPath(InsightsPathId);

impl Output for DeletedPath {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInsightsPathId", &self.0);
    }
}
