//! Endpoints as a service's owner sees them: DescribeVpcEndpointConnections, AcceptVpcEndpointConnections,
//! RejectVpcEndpointConnections.

use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, DnsEntry, EndpointService, EndpointServiceId, Model, Region, ResourceId, VpcEndpoint,
    VpcEndpointId,
};

use super::configuration::write_load_balancers;
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::unsuccessful::Unsuccessful;
use crate::operations::vpc_endpoint::{write_dns_entry, write_payers};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

const FIELDS: Fields<Model, Connection> = Fields {
    by_name: &[
        ("ip-address-type", |_, one| vec![one.endpoint.ip_address_type.to_string()]),
        ("service-id", |_, one| vec![one.service.id.to_string()]),
        ("transit-gateway-attachment-id", |_, _| Vec::new()),
        ("vpc-endpoint-id", |_, one| vec![one.endpoint.id.to_string()]),
        ("vpc-endpoint-owner", |model, _| vec![model.account().to_string()]),
        ("vpc-endpoint-region", |model, _| vec![model.region().to_string()]),
        ("vpc-endpoint-state", |_, one| vec![one.endpoint.state().to_owned()]),
    ],
    tags: None,
};

/// An endpoint and the service it leads to.
#[derive(Debug, Clone)]
struct Connection {
    service: EndpointService,
    endpoint: VpcEndpoint,
    dns_entries: Vec<DnsEntry>,
}

impl Connection {
    /// A connection's id, which is the endpoint's in another form.
    fn id(&self) -> String {
        format!("vpce-con-{}", self.endpoint.id.as_str().trim_start_matches(VpcEndpointId::PREFIX))
    }
}

#[derive(Debug)]
pub(super) struct DescribeVpcEndpointConnections {
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeVpcEndpointConnections {
    const ACTION: &'static str = "DescribeVpcEndpointConnections";
    type Output = Connections;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let filters = Filters::decode(query)?;
        Ok(Self { filters, page: PageRequest::decode(query, 1..=u32::MAX)?.or_at_most(super::MOST) })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let connection = |(service, endpoint): (&EndpointService, &VpcEndpoint)| Connection {
            dns_entries: model.dns_entries(endpoint),
            service: service.clone(),
            endpoint: endpoint.clone(),
        };
        let all: Vec<Connection> = model.endpoint_connections().map(connection).collect();
        let found = self.filters.select(&FIELDS, model, &all)?.into_iter().cloned();
        Ok(Connections {
            owner: model.account().clone(),
            region: model.region().clone(),
            page: self.page.page(found, Connection::id),
        })
    }
}

#[derive(Debug)]
pub(super) struct Connections {
    owner: AccountId,
    region: Region,
    page: Page<Connection>,
}

impl Output for Connections {
    fn write(&self, xml: &mut Xml) {
        xml.list("vpcEndpointConnectionSet", &self.page.items, |xml, connection| {
            let endpoint = &connection.endpoint;
            xml.text("serviceId", &connection.service.id);
            xml.text("vpcEndpointId", &endpoint.id);
            xml.text("vpcEndpointOwner", &self.owner);
            xml.text("vpcEndpointState", endpoint.state());
            xml.timestamp("creationTimestamp", endpoint.created);
            xml.list("dnsEntrySet", &connection.dns_entries, write_dns_entry);
            write_load_balancers(xml, &connection.service);
            xml.text("ipAddressType", endpoint.ip_address_type);
            xml.text("vpcEndpointConnectionId", connection.id());
            xml.list("tagSet", [(); 0], |_, ()| ());
            xml.text("vpcEndpointRegion", &self.region);
            write_payers(xml, endpoint);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

/// What accepting and rejecting take.
#[derive(Debug)]
struct Named {
    service: EndpointServiceId,
    endpoints: Vec<VpcEndpointId>,
}

impl Named {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["TransitGatewayAttachmentId"])?;
        Ok(Self { service: query.required("ServiceId")?, endpoints: query.required_list("VpcEndpointId")? })
    }
}

#[derive(Debug)]
pub(super) struct AcceptVpcEndpointConnections(Named);

impl Operation for AcceptVpcEndpointConnections {
    const ACTION: &'static str = "AcceptVpcEndpointConnections";
    type Output = Unsuccessful;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Named::decode(query).map(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let Named { service, endpoints } = self.0;
        model.check_offered(&service)?;
        Ok(Unsuccessful::each(&endpoints, |id| model.accept_connection(cx, &service, id)))
    }
}

#[derive(Debug)]
pub(super) struct RejectVpcEndpointConnections(Named);

impl Operation for RejectVpcEndpointConnections {
    const ACTION: &'static str = "RejectVpcEndpointConnections";
    type Output = Unsuccessful;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Named::decode(query).map(Self)
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let Named { service, endpoints } = self.0;
        model.check_offered(&service)?;
        Ok(Unsuccessful::each(&endpoints, |id| model.reject_connection(&service, id)))
    }
}
