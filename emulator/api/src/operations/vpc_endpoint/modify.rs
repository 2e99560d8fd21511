//! ModifyVpcEndpoint.

use vpc_model::{Context, EndpointChange, Model, VpcEndpointId};

use super::create::decode_dns_options;
use super::{decode_places, policy};
use crate::ApiError;
use crate::operations::{Done, Operation};
use crate::query::Query;

#[derive(Debug)]
pub(super) struct ModifyVpcEndpoint {
    id: VpcEndpointId,
    change: EndpointChange,
}

impl Operation for ModifyVpcEndpoint {
    const ACTION: &'static str = "ModifyVpcEndpoint";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (policy, reset) = (policy::decode(query)?, query.flag("ResetPolicy")?);
        if policy.is_some() && reset {
            return Err(ApiError::combination("A policy cannot be set and reset at the same time"));
        }
        let dns_options = decode_dns_options(query)?;
        let change = EndpointChange {
            policy: (policy.is_some() || reset).then_some(policy),
            add_tables: query.list("AddRouteTableId")?,
            remove_tables: query.list("RemoveRouteTableId")?,
            add_places: decode_places(query, "AddSubnetId")?,
            remove_subnets: query.list("RemoveSubnetId")?,
            add_groups: query.list("AddSecurityGroupId")?,
            remove_groups: query.list("RemoveSecurityGroupId")?,
            ip_address_type: query.optional("IpAddressType")?,
            record_ip_type: dns_options.record_ip_type,
            only_for_inbound_resolver: dns_options.only_for_inbound_resolver,
            private_dns: query.optional("PrivateDnsEnabled")?,
        };
        Ok(Self { id: query.required("VpcEndpointId")?, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_vpc_endpoint(cx, &self.id, self.change)?;
        Ok(Done)
    }
}
