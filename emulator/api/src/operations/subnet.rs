//! Subnets: CreateSubnet, CreateDefaultSubnet, DeleteSubnet, DescribeSubnets, ModifySubnetAttribute.

use ipnet::{Ipv4Net, Ipv6Net};
use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Model, NewSubnet, Region, Subnet, SubnetAttribute, SubnetError, SubnetId, Tags, VpcId, ZoneId,
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
    write::<ModifySubnetAttribute>(),
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
            ("cidr", |_, subnet| vec![subnet.cidr_block.to_string()]),
            ("cidr-block", |_, subnet| vec![subnet.cidr_block.to_string()]),
            ("cidrBlock", |_, subnet| vec![subnet.cidr_block.to_string()]),
            ("default-for-az", |_, subnet| vec![subnet.default_for_az.to_string()]),
            ("defaultForAz", |_, subnet| vec![subnet.default_for_az.to_string()]),
            ("ipv6-cidr-block-association.ipv6-cidr-block", |_, subnet| {
                subnet.ipv6_cidr_blocks.iter().map(ToString::to_string).collect()
            }),
            ("ipv6-native", |_, _| vec!["false".to_owned()]),
            ("map-public-ip-on-launch", |_, subnet| vec![subnet.map_public_ip_on_launch.to_string()]),
            ("owner-id", |model, _| vec![model.account().to_string()]),
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
            subnet: self.clone(),
        }
    }
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
        xml.text("cidrBlock", subnet.cidr_block);
        xml.list("ipv6CidrBlockAssociationSet", &subnet.ipv6_cidr_blocks, |xml, block| {
            // A subnet has one IPv6 block, so its own id tells the association apart.
            let digits = subnet.id.as_str().trim_start_matches("subnet-");
            xml.text("associationId", format!("subnet-cidr-assoc-{digits}"));
            xml.text("ipv6CidrBlock", block);
            xml.element("ipv6CidrBlockState", |xml| xml.text("state", "associated"));
            xml.text("ipv6AddressAttribute", "public");
            xml.text("ipSource", "amazon");
        });
        xml.text("availableIpAddressCount", self.available);
        xml.text("availabilityZone", &subnet.zone);
        xml.text("availabilityZoneId", &subnet.zone_id);
        xml.text("defaultForAz", subnet.default_for_az);
        xml.text("mapPublicIpOnLaunch", subnet.map_public_ip_on_launch);
        xml.text("mapCustomerOwnedIpOnLaunch", false);
        xml.text("assignIpv6AddressOnCreation", subnet.assign_ipv6_address_on_creation);
        xml.text("enableDns64", false);
        xml.text("ipv6Native", false);
        xml.element("privateDnsNameOptionsOnLaunch", |xml| {
            xml.text("hostnameType", "ip-name");
            xml.text("enableResourceNameDnsARecord", false);
            xml.text("enableResourceNameDnsAAAARecord", false);
        });
        xml.element("blockPublicAccessStates", |xml| xml.text("internetGatewayBlockMode", "off"));
        xml.tags(&subnet.tags);
    }
}

#[derive(Debug)]
struct CreateSubnet {
    vpc_id: VpcId,
    cidr_block: Ipv4Net,
    ipv6_cidr_block: Option<Ipv6Net>,
    zone: Option<ZoneName>,
    zone_id: Option<ZoneId>,
    tags: Tags,
}

impl Operation for CreateSubnet {
    const ACTION: &'static str = "CreateSubnet";
    type Output = Single<SubnetItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_flag("Ipv6Native")?;
        query.refuse_unsupported(&[
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6IpamPoolId",
            "Ipv6NetmaskLength",
            "OutpostArn",
        ])?;
        let (zone, zone_id) = (query.optional("AvailabilityZone")?, query.optional("AvailabilityZoneId")?);
        if zone.is_some() && zone_id.is_some() {
            return Err(ApiError::combination("AvailabilityZone and AvailabilityZoneId cannot be used together"));
        }
        Ok(Self {
            vpc_id: query.required("VpcId")?,
            cidr_block: query.required("CidrBlock")?,
            ipv6_cidr_block: query.optional("Ipv6CidrBlock")?,
            zone,
            zone_id,
            tags: tag_specification::decode_one(query, &["subnet"])?,
        })
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

#[derive(Debug)]
struct CreateDefaultSubnet {
    zone: Option<ZoneName>,
    zone_id: Option<ZoneId>,
}

impl Operation for CreateDefaultSubnet {
    const ACTION: &'static str = "CreateDefaultSubnet";
    type Output = Single<SubnetItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_flag("Ipv6Native")?;
        match (query.optional("AvailabilityZone")?, query.optional("AvailabilityZoneId")?) {
            (None, None) => Err(ApiError::missing("AvailabilityZone")),
            (Some(_), Some(_)) => {
                Err(ApiError::combination("AvailabilityZone and AvailabilityZoneId cannot be used together"))
            }
            (zone, zone_id) => Ok(Self { zone, zone_id }),
        }
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_default_subnet(cx, self.zone, self.zone_id)?;
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

#[derive(Debug)]
struct ModifySubnetAttribute {
    id: SubnetId,
    attribute: SubnetAttribute,
}

impl Operation for ModifySubnetAttribute {
    const ACTION: &'static str = "ModifySubnetAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&[
            "CustomerOwnedIpv4Pool",
            "DisableLniAtDeviceIndex",
            "EnableDns64",
            "EnableLniAtDeviceIndex",
            "EnableResourceNameDnsAAAARecordOnLaunch",
            "EnableResourceNameDnsARecordOnLaunch",
            "MapCustomerOwnedIpOnLaunch",
            "PrivateDnsHostnameTypeOnLaunch",
        ])?;
        let id = query.required("SubnetId")?;
        let mut given = Vec::new();
        let mut take = |name, attribute: fn(bool) -> SubnetAttribute| -> Result<(), ApiError> {
            given.extend(query.structure(name, |inside| inside.required("Value"))?.map(attribute));
            Ok(())
        };
        take("MapPublicIpOnLaunch", SubnetAttribute::MapPublicIpOnLaunch)?;
        take("AssignIpv6AddressOnCreation", SubnetAttribute::AssignIpv6AddressOnCreation)?;
        match given.as_slice() {
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    fn world() -> (World, String) {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
        (world, vpc)
    }

    #[test]
    fn create() {
        let (mut world, vpc) = world();
        let form = format!("VpcId={vpc}&CidrBlock=10.0.2.0/28&AvailabilityZoneId=use1-az2");
        insta::assert_snapshot!(world.call("CreateSubnet", &form).ok().lines());
    }

    #[test]
    fn a_default_one_again() {
        let mut world = World::with_default_vpc();
        let filter = "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1b";
        let old = world.call("DescribeSubnets", filter).ok();
        let twice = world.call("CreateDefaultSubnet", "AvailabilityZone=us-east-1b");
        assert_eq!(twice.code, Some("DefaultSubnetAlreadyExistsInAvailabilityZone"));
        world.call("DeleteSubnet", &format!("SubnetId={}", old.text("subnetId"))).ok();
        let new = world.call("CreateDefaultSubnet", "AvailabilityZoneId=use1-az2").ok();
        for name in ["cidrBlock", "availabilityZone", "defaultForAz", "mapPublicIpOnLaunch"] {
            assert_eq!(new.text(name), old.text(name), "{name}");
        }
        assert_eq!(world.model.check_invariants(), Ok(()));
    }

    #[rstest]
    #[case::no_vpc("AvailabilityZone=us-east-1a", "DefaultVpcDoesNotExist")]
    #[case::no_zone("", "MissingParameter")]
    #[case::two("AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az1", "InvalidParameterCombination")]
    #[case::native("AvailabilityZone=us-east-1a&Ipv6Native=true", "UnsupportedOperation")]
    fn no_default_one(#[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call("CreateDefaultSubnet", form).code, Some(code));
    }

    #[rstest]
    #[case::inside("CidrBlock=10.0.2.0/24", None)]
    #[case::canonical("CidrBlock=10.0.2.7/24", None)]
    #[case::outside("CidrBlock=10.1.0.0/24", Some("InvalidSubnet.Range"))]
    #[case::too_small("CidrBlock=10.0.2.0/29", Some("InvalidSubnet.Range"))]
    #[case::same("CidrBlock=10.0.1.0/24", Some("InvalidSubnet.Conflict"))]
    #[case::within("CidrBlock=10.0.1.64/26", Some("InvalidSubnet.Conflict"))]
    #[case::around("CidrBlock=10.0.0.0/20", Some("InvalidSubnet.Conflict"))]
    #[case::zone("CidrBlock=10.0.2.0/24&AvailabilityZone=us-west-2a", Some("InvalidParameterValue"))]
    #[case::two_zones(
        "CidrBlock=10.0.2.0/24&AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az1",
        Some("InvalidParameterCombination")
    )]
    #[case::outpost("CidrBlock=10.0.2.0/24&OutpostArn=arn:aws:outposts:x", Some("UnsupportedOperation"))]
    #[case::native("CidrBlock=10.0.2.0/24&Ipv6Native=true", Some("UnsupportedOperation"))]
    #[case::not_native("CidrBlock=10.0.2.0/24&Ipv6Native=false", None)]
    #[case::no_ipv6("CidrBlock=10.0.2.0/24&Ipv6CidrBlock=2001:db8::/64", Some("InvalidSubnet.Range"))]
    fn blocks(#[case] form: &str, #[case] code: Option<&str>) {
        let (mut world, vpc) = world();
        assert_eq!(world.call("CreateSubnet", &format!("VpcId={vpc}&{form}")).code, code);
    }

    #[rstest]
    #[case::vpc("CreateSubnet", "VpcId=vpc-01234567&CidrBlock=10.0.2.0/24", "InvalidVpcID.NotFound")]
    #[case::delete("DeleteSubnet", "SubnetId=subnet-01234567", "InvalidSubnetID.NotFound")]
    #[case::modify(
        "ModifySubnetAttribute",
        "SubnetId=subnet-01234567&MapPublicIpOnLaunch.Value=true",
        "InvalidSubnetID.NotFound"
    )]
    #[case::nothing_to_modify("ModifySubnetAttribute", "SubnetId=subnet-01234567", "MissingParameter")]
    #[case::describe("DescribeSubnets", "SubnetId.1=subnet-01234567", "InvalidSubnetID.NotFound")]
    #[case::describe_malformed("DescribeSubnets", "SubnetId.1=net-01234567", "InvalidSubnetID.Malformed")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }

    #[test]
    fn a_subnet_with_an_interface_stays() {
        let (mut world, _) = world();
        let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
        world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
        assert_eq!(world.call("DeleteSubnet", &format!("SubnetId={subnet}")).code, Some("DependencyViolation"));
        let described = world.call("DescribeSubnets", &format!("SubnetId.1={subnet}")).ok();
        assert_eq!(described.text("availableIpAddressCount"), "250");
    }

    #[rstest]
    #[case::zone("availability-zone", "us-east-1?", 6)]
    #[case::one_zone("availability-zone", "us-east-1b", 1)]
    #[case::default("default-for-az", "true", 6)]
    #[case::cidr("cidr-block", "172.31.16.0/20", 1)]
    #[case::free("available-ip-address-count", "4091", 6)]
    #[case::tag_key("tag-key", "Name", 0)]
    fn filters(#[case] name: &str, #[case] value: &str, #[case] found: usize) {
        let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let reply = World::with_default_vpc().call("DescribeSubnets", &form).ok();
        assert_eq!(reply.texts("subnetId").len(), found);
    }

    #[test]
    fn pages() {
        let mut world = World::with_default_vpc();
        let first = world.call("DescribeSubnets", "MaxResults=5").ok();
        assert_eq!(first.texts("subnetId").len(), 5);
        let next = format!("MaxResults=5&NextToken={}", first.text("nextToken"));
        let last = world.call("DescribeSubnets", &next).ok();
        assert_eq!((last.texts("subnetId").len(), last.texts("nextToken").len()), (1, 0));
    }
}
