//! ModifySubnetAttribute.

use vpc_model::{Context, HostnameType, Model, SubnetAttribute, SubnetId};

use crate::ApiError;
use crate::operations::{Done, Operation};
use crate::query::{Query, values};

values! {
    HostnameType { IpName "ip-name", ResourceName "resource-name" }
}

#[derive(Debug)]
pub(super) struct ModifySubnetAttribute {
    id: SubnetId,
    attribute: SubnetAttribute,
}

impl Operation for ModifySubnetAttribute {
    const ACTION: &'static str = "ModifySubnetAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Deviation: customer-owned pools belong to Outposts, which are not here.
        query.refuse_unsupported(&["CustomerOwnedIpv4Pool", "MapCustomerOwnedIpOnLaunch"])?;
        let id = query.required("SubnetId")?;
        match decode_attributes(query)?.as_slice() {
            [attribute] => Ok(Self { id, attribute: *attribute }),
            [] => Err(ApiError::missing("MapPublicIpOnLaunch or AssignIpv6AddressOnCreation")),
            _ => Err(ApiError::combination("Only one attribute can be modified at a time")),
        }
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_subnet_attribute(&self.id, self.attribute)?;
        Ok(Done)
    }
}

fn decode_attributes(query: &mut Query) -> Result<Vec<SubnetAttribute>, ApiError> {
    let mut given = Vec::new();
    let mut take = |name, attribute: fn(bool) -> SubnetAttribute| -> Result<(), ApiError> {
        given.extend(query.structure(name, |inside| inside.required("Value"))?.map(attribute));
        Ok(())
    };
    take("MapPublicIpOnLaunch", SubnetAttribute::MapPublicIpOnLaunch)?;
    take("AssignIpv6AddressOnCreation", SubnetAttribute::AssignIpv6AddressOnCreation)?;
    take("EnableDns64", SubnetAttribute::Dns64)?;
    take("EnableResourceNameDnsARecordOnLaunch", SubnetAttribute::ResourceNameARecord)?;
    take("EnableResourceNameDnsAAAARecordOnLaunch", SubnetAttribute::ResourceNameAaaaRecord)?;
    let hostname_type = query.optional("PrivateDnsHostnameTypeOnLaunch")?;
    given.extend(hostname_type.map(SubnetAttribute::HostnameType));
    let lni = query.optional("EnableLniAtDeviceIndex")?;
    given.extend(lni.map(|index| SubnetAttribute::LniAtDeviceIndex(Some(index))));
    if query.structure("DisableLniAtDeviceIndex", |inside| inside.required("Value"))?.unwrap_or(false) {
        given.push(SubnetAttribute::LniAtDeviceIndex(None));
    }
    Ok(given)
}
