//! Services that the account offers: CreateVpcEndpointServiceConfiguration,
//! DescribeVpcEndpointServiceConfigurations, ModifyVpcEndpointServiceConfiguration,
//! DeleteVpcEndpointServiceConfigurations, StartVpcEndpointServicePrivateDnsVerification,
//! ModifyVpcEndpointServicePayerResponsibility.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{
    Context, EndpointService, EndpointServiceChange, EndpointServiceError, EndpointServiceId, EndpointType, IpFamily,
    Model, NewEndpointService, Region, Zone,
};

use crate::filter::Fields;
use crate::operations::describe::{Describable, Single, created};
use crate::operations::unsuccessful::Unsuccessful;
use crate::operations::{Done, Operation, Output};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

/// A service's state; here it is there at once.
const STATE: &str = "Available";

values! {
    IpFamily { Ipv4 "ipv4", Ipv6 "ipv6" }
}

impl Describable for EndpointService {
    type Id = EndpointServiceId;
    type Item = ServiceItem;

    const ACTION: &'static str = "DescribeVpcEndpointServiceConfigurations";
    const IDS: &'static str = "ServiceId";
    const SET: &'static str = "serviceConfigurationSet";
    const MAX_RESULTS: RangeInclusive<u32> = 1..=u32::MAX;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("service-id", |_, service| vec![service.id.to_string()]),
            ("service-name", |model, service| vec![service.name(model.region())]),
            ("service-state", |_, _| vec![STATE.to_owned()]),
            ("supported-ip-address-types", |_, service| service.ip_families.iter().map(ToString::to_string).collect()),
        ],
        tags: Some(|service| &service.tags),
    };

    fn id(&self) -> &EndpointServiceId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &EndpointServiceId) -> Option<&'a Self> {
        model.offered_service(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.offered_services().collect()
    }

    fn missing(id: &EndpointServiceId) -> ApiError {
        EndpointServiceError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> ServiceItem {
        ServiceItem { service: self.clone(), region: model.region().clone(), zones: model.zones() }
    }
}

/// A service as its owner sees it.
#[derive(Debug)]
pub(crate) struct ServiceItem {
    service: EndpointService,
    region: Region,
    zones: Vec<Zone>,
}

impl Output for ServiceItem {
    fn write(&self, xml: &mut Xml) {
        let service = &self.service;
        xml.list("serviceType", [service.kind()], |xml, kind| xml.text("serviceType", kind));
        xml.text("serviceId", &service.id);
        xml.text("serviceName", service.name(&self.region));
        xml.text("serviceState", STATE);
        xml.texts("availabilityZoneIdSet", self.zones.iter().map(|zone| &zone.id));
        xml.texts("availabilityZoneSet", self.zones.iter().map(|zone| &zone.name));
        xml.text("acceptanceRequired", service.acceptance_required);
        xml.text("managesVpcEndpoints", false);
        write_load_balancers(xml, service);
        xml.texts("supportedIpAddressTypeSet", &service.ip_families);
        xml.texts("baseEndpointDnsNameSet", service.base_names(&self.region));
        if let Some(private) = &service.private_name {
            xml.text("privateDnsName", &private.name);
            xml.element("privateDnsNameConfiguration", |xml| {
                xml.text("state", private.state());
                xml.text("type", "TXT");
                xml.text("value", &private.value);
                xml.text("name", &private.record);
            });
        }
        if service.owner_pays {
            xml.text("payerResponsibility", "ServiceOwner");
        }
        xml.tags(&service.tags);
        xml.list("supportedRegionSet", &service.regions, |xml, region| {
            xml.text("region", region);
            xml.text("serviceState", STATE);
        });
        xml.text("remoteAccessEnabled", service.regions.len() > 1);
    }
}

/// The ARNs of a service's load balancers, in the set of their kind.
pub(super) fn write_load_balancers(xml: &mut Xml, service: &EndpointService) {
    let set = match service.kind() {
        EndpointType::GatewayLoadBalancer => "gatewayLoadBalancerArnSet",
        EndpointType::Gateway | EndpointType::Interface => "networkLoadBalancerArnSet",
    };
    xml.texts(set, &service.load_balancers);
}

fn families(query: &mut Query, name: &str) -> Result<BTreeSet<IpFamily>, ApiError> {
    Ok(query.list(name)?.into_iter().collect())
}

fn regions(query: &mut Query, name: &str) -> Result<BTreeSet<String>, ApiError> {
    Ok(query.list(name)?.into_iter().collect())
}

#[derive(Debug)]
pub(super) struct CreateVpcEndpointServiceConfiguration {
    new: NewEndpointService,
    client_token: Option<String>,
}

impl Operation for CreateVpcEndpointServiceConfiguration {
    const ACTION: &'static str = "CreateVpcEndpointServiceConfiguration";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateServiceOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let new = NewEndpointService {
            network_load_balancers: query.list("NetworkLoadBalancerArn")?,
            gateway_load_balancers: query.list("GatewayLoadBalancerArn")?,
            acceptance_required: query.or("AcceptanceRequired", true)?,
            private_name: query.optional("PrivateDnsName")?,
            ip_families: families(query, "SupportedIpAddressType")?,
            regions: regions(query, "SupportedRegion")?,
            tags: tag_specification::decode_one(query, &["vpc-endpoint-service"])?,
        };
        Ok(Self { new, client_token: query.client_token().map(str::to_owned) })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_endpoint_service(cx, self.new)?;
        let service = created::<EndpointService>("serviceConfiguration", model, cx.now, &id)?;
        Ok(CreateServiceOutput { service, client_token: self.client_token })
    }
}

#[derive(Debug)]
pub(super) struct CreateServiceOutput {
    service: Single<ServiceItem>,
    client_token: Option<String>,
}

impl Output for CreateServiceOutput {
    fn write(&self, xml: &mut Xml) {
        self.service.write(xml);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpcEndpointServiceConfiguration {
    id: EndpointServiceId,
    change: EndpointServiceChange,
}

impl Operation for ModifyVpcEndpointServiceConfiguration {
    const ACTION: &'static str = "ModifyVpcEndpointServiceConfiguration";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let private_name = match (query.optional("PrivateDnsName")?, query.flag("RemovePrivateDnsName")?) {
            (Some(_), true) => {
                return Err(ApiError::combination("A private DNS name cannot be set and removed at the same time"));
            }
            (name, remove) => (name.is_some() || remove).then_some(name),
        };
        let mut remove_load_balancers: Vec<String> = query.list("RemoveNetworkLoadBalancerArn")?;
        remove_load_balancers.extend(query.list("RemoveGatewayLoadBalancerArn")?);
        let change = EndpointServiceChange {
            private_name,
            acceptance_required: query.optional("AcceptanceRequired")?,
            add_load_balancers: [query.list("AddNetworkLoadBalancerArn")?, query.list("AddGatewayLoadBalancerArn")?],
            remove_load_balancers,
            add_ip_families: families(query, "AddSupportedIpAddressType")?,
            remove_ip_families: families(query, "RemoveSupportedIpAddressType")?,
            add_regions: regions(query, "AddSupportedRegion")?,
            remove_regions: regions(query, "RemoveSupportedRegion")?,
        };
        Ok(Self { id: query.required("ServiceId")?, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_endpoint_service(cx, &self.id, self.change)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DeleteVpcEndpointServiceConfigurations {
    ids: Vec<EndpointServiceId>,
}

impl Operation for DeleteVpcEndpointServiceConfigurations {
    const ACTION: &'static str = "DeleteVpcEndpointServiceConfigurations";
    type Output = Unsuccessful;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("ServiceId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        Ok(Unsuccessful::each(&self.ids, |id| match model.delete_endpoint_service(id) {
            // Here EC2's code is another one than elsewhere.
            Err(EndpointServiceError::NotFound(id)) => Err(ApiError::new(
                Code::INVALID_VPC_ENDPOINT_SERVICE_NOT_FOUND,
                format!("The VpcEndpointService Id '{id}' does not exist"),
            )),
            result => result.map_err(ApiError::from),
        }))
    }
}

#[derive(Debug)]
pub(super) struct StartVpcEndpointServicePrivateDnsVerification {
    id: EndpointServiceId,
}

impl Operation for StartVpcEndpointServicePrivateDnsVerification {
    const ACTION: &'static str = "StartVpcEndpointServicePrivateDnsVerification";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("ServiceId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.verify_private_name(&self.id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpcEndpointServicePayerResponsibility {
    id: EndpointServiceId,
}

impl Operation for ModifyVpcEndpointServicePayerResponsibility {
    const ACTION: &'static str = "ModifyVpcEndpointServicePayerResponsibility";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let payer: String = query.required("PayerResponsibility")?;
        if payer != "ServiceOwner" {
            return Err(ApiError::invalid("PayerResponsibility", &payer, "Expected one of: ServiceOwner"));
        }
        Ok(Self { id: query.required("ServiceId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.pay_for_endpoints(&self.id)?;
        Ok(Done)
    }
}
