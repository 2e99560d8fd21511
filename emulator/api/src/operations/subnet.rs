//! Subnets: CreateSubnet, CreateDefaultSubnet, DeleteSubnet, DescribeSubnets; their attributes, IPv6 blocks and
//! reservations in the submodules.

mod attribute;
mod cidr_block;
mod reservation;
#[cfg(test)]
mod tests;

use ipnet::{Ipv4Net, Ipv6Net};
use jiff::Timestamp;
use vpc_model::{
    AccessBlock, AccountId, Context, Model, NewSubnet, Region, Subnet, SubnetError, SubnetId, Tags, VpcId, ZoneId,
    ZoneName,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateSubnet>(),
    write::<CreateDefaultSubnet>(),
    write::<DeleteSubnet>(),
    read::<Describe<Subnet>>(),
    write::<attribute::ModifySubnetAttribute>(),
    write::<cidr_block::AssociateSubnetCidrBlock>(),
    write::<cidr_block::DisassociateSubnetCidrBlock>(),
    write::<reservation::CreateSubnetCidrReservation>(),
    write::<reservation::DeleteSubnetCidrReservation>(),
    read::<reservation::GetSubnetCidrReservations>(),
];

impl Describable for Subnet {
    type Id = SubnetId;
    type Item = SubnetItem;

    const ACTION: &'static str = "DescribeSubnets";
    const IDS: &'static str = "SubnetId";
    const SET: &'static str = "subnetSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("availability-zone", |_, subnet| vec![subnet.zone.to_string()]),
            ("availabilityZone", |_, subnet| vec![subnet.zone.to_string()]),
            ("availability-zone-id", |_, subnet| vec![subnet.zone_id.to_string()]),
            ("availabilityZoneId", |_, subnet| vec![subnet.zone_id.to_string()]),
            ("available-ip-address-count", |model, subnet| {
                vec![model.available_ip_address_count(&subnet.id).to_string()]
            }),
            ("cidr", |_, subnet| texts(subnet.cidr_block)),
            ("cidr-block", |_, subnet| texts(subnet.cidr_block)),
            ("cidrBlock", |_, subnet| texts(subnet.cidr_block)),
            ("default-for-az", |_, subnet| vec![subnet.default_for_az.to_string()]),
            ("defaultForAz", |_, subnet| vec![subnet.default_for_az.to_string()]),
            ("customer-owned-ipv4-pool", |_, _| Vec::new()),
            ("enable-dns64", |_, subnet| texts([subnet.enable_dns64])),
            ("enable-lni-at-device-index", |_, subnet| texts(subnet.lni_at_device_index)),
            ("ipv6-cidr-block-association.association-id", |_, subnet| {
                texts(subnet.ipv6_associations.iter().map(|one| &one.id))
            }),
            ("ipv6-cidr-block-association.ipv6-cidr-block", |_, subnet| {
                texts(subnet.ipv6_associations.iter().map(|one| one.block))
            }),
            ("ipv6-cidr-block-association.state", |_, subnet| {
                texts(subnet.ipv6_associations.iter().map(cidr_block::state))
            }),
            ("ipv6-native", |_, subnet| texts([subnet.is_ipv6_native()])),
            ("map-customer-owned-ip-on-launch", |_, _| texts([false])),
            ("map-public-ip-on-launch", |_, subnet| vec![subnet.map_public_ip_on_launch.to_string()]),
            ("outpost-arn", |_, _| Vec::new()),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("private-dns-name-options-on-launch.hostname-type", |_, subnet| {
                texts([subnet.private_dns_name_options.hostname_type])
            }),
            ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", |_, subnet| {
                texts([subnet.private_dns_name_options.resource_name_a_record])
            }),
            ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", |_, subnet| {
                texts([subnet.private_dns_name_options.resource_name_aaaa_record])
            }),
            ("state", |_, _| vec!["available".to_owned()]),
            ("subnet-arn", |model, subnet| vec![arn(model.region(), model.account(), &subnet.id)]),
            ("subnet-id", |_, subnet| vec![subnet.id.to_string()]),
            ("vpc-id", |_, subnet| vec![subnet.vpc_id.to_string()]),
        ],
        tags: Some(|subnet| &subnet.tags),
    };

    fn id(&self) -> &SubnetId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &SubnetId) -> Option<&'a Self> {
        model.subnet(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.subnets().collect()
    }

    fn missing(id: &SubnetId) -> ApiError {
        SubnetError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> SubnetItem {
        SubnetItem {
            arn: arn(model.region(), model.account(), &self.id),
            owner: model.account().clone(),
            available: model.available_ip_address_count(&self.id),
            access_block: model.access_block_of_subnet(&self.id),
            subnet: self.clone(),
        }
    }
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn arn(region: &Region, account: &AccountId, id: &SubnetId) -> String {
    format!("arn:aws:ec2:{region}:{account}:subnet/{id}")
}

/// A subnet as replies show it.
#[derive(Debug)]
pub(crate) struct SubnetItem {
    arn: String,
    owner: AccountId,
    available: u32,
    access_block: AccessBlock,
    subnet: Subnet,
}

impl Output for SubnetItem {
    fn write(&self, xml: &mut Xml) {
        let subnet = &self.subnet;
        xml.text("subnetId", &subnet.id);
        xml.text("subnetArn", &self.arn);
        xml.text("state", "available");
        xml.text("ownerId", &self.owner);
        xml.text("vpcId", &subnet.vpc_id);
        xml.optional("cidrBlock", subnet.cidr_block);
        xml.list("ipv6CidrBlockAssociationSet", &subnet.ipv6_associations, cidr_block::write_association);
        xml.text("availableIpAddressCount", self.available);
        xml.text("availabilityZone", &subnet.zone);
        xml.text("availabilityZoneId", &subnet.zone_id);
        xml.text("defaultForAz", subnet.default_for_az);
        xml.text("mapPublicIpOnLaunch", subnet.map_public_ip_on_launch);
        xml.text("mapCustomerOwnedIpOnLaunch", false);
        xml.text("assignIpv6AddressOnCreation", subnet.assign_ipv6_address_on_creation);
        xml.text("enableDns64", subnet.enable_dns64);
        xml.optional("enableLniAtDeviceIndex", subnet.lni_at_device_index);
        xml.text("ipv6Native", subnet.is_ipv6_native());
        xml.element("privateDnsNameOptionsOnLaunch", |xml| {
            let options = &subnet.private_dns_name_options;
            xml.text("hostnameType", options.hostname_type);
            xml.text("enableResourceNameDnsARecord", options.resource_name_a_record);
            xml.text("enableResourceNameDnsAAAARecord", options.resource_name_aaaa_record);
        });
        xml.element("blockPublicAccessStates", |xml| xml.text("internetGatewayBlockMode", self.access_block.as_str()));
        xml.tags(&subnet.tags);
    }
}

#[derive(Debug)]
struct CreateSubnet {
    vpc_id: VpcId,
    cidr_block: Option<Ipv4Net>,
    ipv6_cidr_block: Option<Ipv6Net>,
    zone: Option<ZoneName>,
    zone_id: Option<ZoneId>,
    tags: Tags,
}

impl Operation for CreateSubnet {
    const ACTION: &'static str = "CreateSubnet";
    type Output = Single<SubnetItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let ipam = ["Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6IpamPoolId", "Ipv6NetmaskLength", "OutpostArn"];
        query.refuse_unsupported(&ipam)?;
        let (zone, zone_id) = (query.optional("AvailabilityZone")?, query.optional("AvailabilityZoneId")?);
        if zone.is_some() && zone_id.is_some() {
            return Err(ApiError::combination("AvailabilityZone and AvailabilityZoneId cannot be used together"));
        }
        let (cidr_block, ipv6_cidr_block) = decode_blocks(query)?;
        let tags = tag_specification::decode_one(query, &["subnet"])?;
        Ok(Self { vpc_id: query.required("VpcId")?, cidr_block, ipv6_cidr_block, zone, zone_id, tags })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let new = NewSubnet {
            vpc_id: self.vpc_id,
            cidr_block: self.cidr_block,
            ipv6_cidr_block: self.ipv6_cidr_block,
            zone: self.zone,
            zone_id: self.zone_id,
            tags: self.tags,
        };
        let id = model.create_subnet(cx, new)?;
        created::<Subnet>("subnet", model, cx.now, &id)
    }
}

/// Takes the blocks: with IPv6 only, an IPv6 one and no other.
fn decode_blocks(query: &mut Query) -> Result<(Option<Ipv4Net>, Option<Ipv6Net>), ApiError> {
    let ipv6_native = query.flag("Ipv6Native")?;
    match (query.optional("CidrBlock")?, query.optional("Ipv6CidrBlock")?) {
        (None, _) if !ipv6_native => Err(ApiError::missing("CidrBlock")),
        (Some(_), _) if ipv6_native => {
            Err(ApiError::combination("The parameter CidrBlock cannot be used for an IPv6-only subnet"))
        }
        (None, None) => Err(ApiError::missing("Ipv6CidrBlock")),
        blocks => Ok(blocks),
    }
}

#[derive(Debug)]
struct CreateDefaultSubnet {
    zone: Option<ZoneName>,
    zone_id: Option<ZoneId>,
    ipv6_native: bool,
}

impl Operation for CreateDefaultSubnet {
    const ACTION: &'static str = "CreateDefaultSubnet";
    type Output = Single<SubnetItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let ipv6_native = query.flag("Ipv6Native")?;
        match (query.optional("AvailabilityZone")?, query.optional("AvailabilityZoneId")?) {
            (None, None) => Err(ApiError::missing("AvailabilityZone")),
            (Some(_), Some(_)) => {
                Err(ApiError::combination("AvailabilityZone and AvailabilityZoneId cannot be used together"))
            }
            (zone, zone_id) => Ok(Self { zone, zone_id, ipv6_native }),
        }
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_default_subnet(cx, self.zone, self.zone_id, self.ipv6_native)?;
        created::<Subnet>("subnet", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct DeleteSubnet {
    id: SubnetId,
}

impl Operation for DeleteSubnet {
    const ACTION: &'static str = "DeleteSubnet";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("SubnetId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_subnet(&self.id)?;
        Ok(Done)
    }
}
