//! CreateVpcEndpoint.

use vpc_model::{Context, DnsRecordIpType, Model, NewVpcEndpoint, VpcEndpoint};

use super::item::EndpointItem;
use super::{decode_places, decode_type, policy};
use crate::operations::describe::{Single, created};
use crate::operations::{Operation, Output};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

values! {
    DnsRecordIpType {
        Ipv4 "ipv4", Dualstack "dualstack", Ipv6 "ipv6", ServiceDefined "service-defined",
    }
}

/// DNS options as a call gives them.
#[derive(Debug, Default)]
pub(super) struct GivenDnsOptions {
    pub(super) record_ip_type: Option<DnsRecordIpType>,
    pub(super) only_for_inbound_resolver: Option<bool>,
}

/// Takes the DNS options. Some are for resource endpoints, which are not here.
pub(super) fn decode_dns_options(query: &mut Query) -> Result<GivenDnsOptions, ApiError> {
    let options = query.structure("DnsOptions", |inside| {
        inside.refuse_unsupported(&["PrivateDnsPreference", "PrivateDnsSpecifiedDomain"])?;
        Ok(GivenDnsOptions {
            record_ip_type: inside.optional("DnsRecordIpType")?,
            only_for_inbound_resolver: inside.optional("PrivateDnsOnlyForInboundResolverEndpoint")?,
        })
    })?;
    Ok(options.unwrap_or_default())
}

#[derive(Debug)]
pub(super) struct CreateVpcEndpoint {
    new: NewVpcEndpoint,
    service_region: Option<String>,
    client_token: Option<String>,
}

impl Operation for CreateVpcEndpoint {
    const ACTION: &'static str = "CreateVpcEndpoint";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateVpcEndpointOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let kind = decode_type(query)?;
        query.refuse_unsupported(&["ServiceNetworkArn", "ResourceConfigurationArn"])?;
        let dns_options = decode_dns_options(query)?;
        let new = NewVpcEndpoint {
            vpc_id: query.required("VpcId")?,
            service_name: query.required("ServiceName")?,
            kind,
            policy: policy::decode(query)?,
            route_tables: query.list("RouteTableId")?,
            places: decode_places(query, "SubnetId")?,
            groups: query.list("SecurityGroupId")?,
            ip_address_type: query.optional("IpAddressType")?,
            record_ip_type: dns_options.record_ip_type,
            only_for_inbound_resolver: dns_options.only_for_inbound_resolver,
            private_dns: query.optional("PrivateDnsEnabled")?,
            tags: tag_specification::decode_one(query, &["vpc-endpoint"])?,
        };
        let client_token = query.client_token().map(str::to_owned);
        Ok(Self { new, service_region: query.optional("ServiceRegion")?, client_token })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        // Services of other regions are not known here.
        if let Some(region) = self.service_region.filter(|region| *region != model.region().0) {
            return Err(ApiError::unsupported(&format!("ServiceRegion {region}")));
        }
        let id = model.create_vpc_endpoint(cx, self.new)?;
        let endpoint = created::<VpcEndpoint>("vpcEndpoint", model, cx.now, &id)?;
        Ok(CreateVpcEndpointOutput { endpoint, client_token: self.client_token })
    }
}

#[derive(Debug)]
pub(super) struct CreateVpcEndpointOutput {
    endpoint: Single<EndpointItem>,
    client_token: Option<String>,
}

impl Output for CreateVpcEndpointOutput {
    fn write(&self, xml: &mut Xml) {
        self.endpoint.write(xml);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}
