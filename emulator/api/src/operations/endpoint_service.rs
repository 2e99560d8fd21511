//! Endpoint services: DescribeVpcEndpointServices here; those of the account's own in the submodules.

mod configuration;
mod connection;
mod notification;
#[cfg(test)]
mod own_tests;
mod permission;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{EndpointService, Model, Region, ServiceDetail, VpcEndpointError};

use super::describe::Describe;
use super::{Action, Output, ReadOperation, read, write};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

pub(crate) const ACTIONS: &[Action] = &[
    read::<DescribeVpcEndpointServices>(),
    write::<configuration::CreateVpcEndpointServiceConfiguration>(),
    read::<Describe<EndpointService>>(),
    write::<configuration::ModifyVpcEndpointServiceConfiguration>(),
    write::<configuration::DeleteVpcEndpointServiceConfigurations>(),
    write::<configuration::StartVpcEndpointServicePrivateDnsVerification>(),
    write::<configuration::ModifyVpcEndpointServicePayerResponsibility>(),
    write::<permission::ModifyVpcEndpointServicePermissions>(),
    read::<permission::DescribeVpcEndpointServicePermissions>(),
    read::<connection::DescribeVpcEndpointConnections>(),
    write::<connection::AcceptVpcEndpointConnections>(),
    write::<connection::RejectVpcEndpointConnections>(),
    write::<notification::CreateVpcEndpointConnectionNotification>(),
    read::<notification::DescribeVpcEndpointConnectionNotifications>(),
    write::<notification::ModifyVpcEndpointConnectionNotification>(),
    write::<notification::DeleteVpcEndpointConnectionNotifications>(),
];

/// The most that a page has, whatever is asked for.
const MOST: usize = 1000;

const FIELDS: Fields<Model, ServiceDetail> = Fields {
    by_name: &[
        ("owner", |_, service| vec![owner(service)]),
        ("service-name", |_, service| vec![service.name.clone()]),
        ("service-region", |model, _| vec![model.region().to_string()]),
        ("service-type", |_, service| vec![service.kind.to_string()]),
        ("supported-ip-address-types", |_, service| service.ip_families.iter().map(ToString::to_string).collect()),
    ],
    tags: Some(|service| &service.tags),
};

fn owner(service: &ServiceDetail) -> String {
    service.owner.as_ref().map_or_else(|| "amazon".to_owned(), ToString::to_string)
}

#[derive(Debug)]
struct DescribeVpcEndpointServices {
    names: Vec<String>,
    regions: Vec<String>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeVpcEndpointServices {
    const ACTION: &'static str = "DescribeVpcEndpointServices";
    type Output = Services;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            names: query.list("ServiceName")?,
            regions: query.list("ServiceRegion")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 1..=u32::MAX)?.or_at_most(MOST),
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let all = model.endpoint_services();
        if let Some(name) = self.names.iter().find(|name| !all.iter().any(|service| service.name == **name)) {
            return Err(VpcEndpointError::ServiceNotFound(name.clone()).into());
        }
        let region = model.region().clone();
        // Services of other regions are not known here.
        let is_here = self.regions.is_empty() || self.regions.contains(&region.0);
        let is_asked =
            |service: &&ServiceDetail| is_here && (self.names.is_empty() || self.names.contains(&service.name));
        let found: Vec<ServiceDetail> =
            self.filters.select(&FIELDS, model, all.iter().filter(is_asked))?.into_iter().cloned().collect();
        let page = self.page.page(found, |service| format!("{} {}", service.name, service.kind));
        // A name that several types of a service share is told on the page where the first of them is.
        let told = self.page.after().and_then(|key| key.split_once(' ')).map(|(name, _)| name.to_owned());
        let mut names: Vec<String> = page.items.iter().map(|service| service.name.clone()).collect();
        names.dedup();
        names.retain(|name| Some(name) != told.as_ref());
        Ok(Services { region, names, page })
    }
}

#[derive(Debug)]
struct Services {
    region: Region,
    names: Vec<String>,
    page: Page<ServiceDetail>,
}

impl Output for Services {
    fn write(&self, xml: &mut Xml) {
        xml.texts("serviceNameSet", &self.names);
        xml.list("serviceDetailSet", &self.page.items, |xml, service| write_service(xml, service, &self.region));
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

fn write_service(xml: &mut Xml, service: &ServiceDetail, region: &Region) {
    xml.text("serviceName", &service.name);
    xml.text("serviceId", &service.id);
    xml.list("serviceType", [service.kind], |xml, kind| xml.text("serviceType", kind));
    xml.text("serviceRegion", region);
    xml.texts("availabilityZoneIdSet", service.zones.iter().map(|zone| &zone.id));
    xml.texts("availabilityZoneSet", service.zones.iter().map(|zone| &zone.name));
    xml.text("owner", owner(service));
    xml.texts("baseEndpointDnsNameSet", &service.base_names);
    if let Some(first) = service.private_names.first() {
        xml.text("privateDnsName", first);
        xml.list("privateDnsNameSet", &service.private_names, |xml, name| xml.text("privateDnsName", name));
    }
    xml.text("vpcEndpointPolicySupported", service.has_policies);
    xml.text("acceptanceRequired", service.acceptance_required);
    xml.text("managesVpcEndpoints", false);
    if service.owner_pays {
        xml.text("payerResponsibility", "ServiceOwner");
    }
    xml.tags(&service.tags);
    xml.optional("privateDnsNameVerificationState", service.verification);
    xml.texts("supportedIpAddressTypeSet", &service.ip_families);
}
