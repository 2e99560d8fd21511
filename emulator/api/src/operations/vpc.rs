//! VPCs: CreateVpc, CreateDefaultVpc, DeleteVpc, DescribeVpcs, ModifyVpcAttribute, DescribeVpcAttribute;
//! their further blocks in the submodule.

mod cidr_block;

use ipnet::Ipv4Net;
use jiff::Timestamp;
use vpc_model::{
    AccessBlock, AccountId, Context, Model, NewVpc, Region, Tags, Vpc, VpcAttribute, VpcCidrAssociationId, VpcError,
    VpcId,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, ReadOperation, read, write};
use crate::filter::Fields;
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateVpc>(),
    write::<CreateDefaultVpc>(),
    write::<DeleteVpc>(),
    read::<Describe<Vpc>>(),
    write::<ModifyVpcAttribute>(),
    read::<DescribeVpcAttribute>(),
    write::<ModifyVpcTenancy>(),
    write::<cidr_block::AssociateVpcCidrBlock>(),
    write::<cidr_block::DisassociateVpcCidrBlock>(),
];

impl Describable for Vpc {
    type Id = VpcId;
    type Item = VpcItem;

    const ACTION: &'static str = "DescribeVpcs";
    const IDS: &'static str = "VpcId";
    const SET: &'static str = "vpcSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("cidr", |_, vpc| vec![vpc.cidr_block.to_string()]),
            ("cidr-block-association.association-id", |_, vpc| texts(ipv4(vpc).map(|(id, ..)| id))),
            ("cidr-block-association.cidr-block", |_, vpc| texts(ipv4(vpc).map(|(_, net, _)| net))),
            ("cidr-block-association.state", |_, vpc| texts(ipv4(vpc).map(|(.., state)| state))),
            ("dhcp-options-id", |_, vpc| vec![dhcp_options(vpc)]),
            ("ipv6-cidr-block-association.association-id", |_, vpc| {
                texts(vpc.ipv6_cidr_associations.iter().map(|one| &one.id))
            }),
            ("ipv6-cidr-block-association.ipv6-cidr-block", |_, vpc| {
                texts(vpc.ipv6_cidr_associations.iter().map(|one| one.block))
            }),
            ("ipv6-cidr-block-association.ipv6-pool", |_, vpc| {
                texts(vpc.ipv6_cidr_associations.iter().map(|_| "Amazon"))
            }),
            ("ipv6-cidr-block-association.state", |_, vpc| {
                texts(vpc.ipv6_cidr_associations.iter().map(|one| cidr_block::state(one.life)))
            }),
            ("is-default", |_, vpc| vec![vpc.is_default.to_string()]),
            ("isDefault", |_, vpc| vec![vpc.is_default.to_string()]),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("state", |_, _| vec!["available".to_owned()]),
            ("vpc-id", |_, vpc| vec![vpc.id.to_string()]),
        ],
        tags: Some(|vpc| &vpc.tags),
    };

    fn id(&self) -> &VpcId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &VpcId) -> Option<&'a Self> {
        model.vpc(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.vpcs().collect()
    }

    fn missing(id: &VpcId) -> ApiError {
        VpcError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> VpcItem {
        VpcItem {
            owner: model.account().clone(),
            region: model.region().clone(),
            state: "available",
            access_block: model.access_block_of_vpc(&self.id),
            vpc: self.clone(),
        }
    }
}

/// The associations with IPv4 blocks, those that ended last.
fn ipv4(vpc: &Vpc) -> impl Iterator<Item = (&VpcCidrAssociationId, Ipv4Net, &'static str)> {
    let ended = vpc.ended_cidr_associations.iter().map(|one| (&one.id, one.block, cidr_block::state(one.life)));
    vpc.cidr_associations.iter().map(|(id, block)| (id, *block, "associated")).chain(ended)
}

fn texts<T: ToString>(values: impl Iterator<Item = T>) -> Vec<String> {
    values.map(|value| value.to_string()).collect()
}

/// The set of DHCP options in force; EC2 writes `default` where there is none.
fn dhcp_options(vpc: &Vpc) -> String {
    vpc.dhcp_options_id.as_ref().map_or_else(|| "default".to_owned(), ToString::to_string)
}

/// A VPC as replies show it.
#[derive(Debug)]
pub(crate) struct VpcItem {
    owner: AccountId,
    region: Region,
    state: &'static str,
    access_block: AccessBlock,
    vpc: Vpc,
}

impl Output for VpcItem {
    fn write(&self, xml: &mut Xml) {
        let vpc = &self.vpc;
        xml.text("vpcId", &vpc.id);
        xml.text("ownerId", &self.owner);
        xml.text("state", self.state);
        xml.text("cidrBlock", vpc.cidr_block);
        xml.list("cidrBlockAssociationSet", ipv4(vpc), |xml, (id, block, state)| {
            xml.text("associationId", id);
            xml.text("cidrBlock", block);
            xml.element("cidrBlockState", |xml| xml.text("state", state));
        });
        if !vpc.ipv6_cidr_associations.is_empty() {
            xml.list("ipv6CidrBlockAssociationSet", &vpc.ipv6_cidr_associations, |xml, one| {
                cidr_block::write_ipv6(xml, one, &self.region);
            });
        }
        xml.text("dhcpOptionsId", dhcp_options(vpc));
        xml.tags(&vpc.tags);
        xml.text("instanceTenancy", &vpc.instance_tenancy);
        xml.text("isDefault", vpc.is_default);
        xml.element("blockPublicAccessStates", |xml| xml.text("internetGatewayBlockMode", self.access_block.as_str()));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenancy {
    Default,
    Dedicated,
}

values! {
    Tenancy { Default "default", Dedicated "dedicated" }
}

/// Where blocks can come from besides the caller and Amazon.
const UNSUPPORTED_SOURCES: &[&str] =
    &["Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6NetmaskLength", "Ipv6Pool"];

#[derive(Debug)]
struct CreateVpc {
    cidr_block: Ipv4Net,
    ipv6_block: bool,
    border_group: Option<String>,
    tenancy: Tenancy,
    tags: Tags,
}

impl Operation for CreateVpc {
    const ACTION: &'static str = "CreateVpc";
    type Output = Single<VpcItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(UNSUPPORTED_SOURCES)?;
        query.refuse_unsupported(&["VpcEncryptionControl"])?;
        Ok(Self {
            cidr_block: query.required("CidrBlock")?,
            ipv6_block: query.flag("AmazonProvidedIpv6CidrBlock")?,
            border_group: query.optional("Ipv6CidrBlockNetworkBorderGroup")?,
            tenancy: query.or("InstanceTenancy", Tenancy::Default)?,
            tags: tag_specification::decode_one(query, &["vpc"])?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let instance_tenancy = match self.tenancy {
            Tenancy::Default => "default",
            Tenancy::Dedicated => "dedicated",
        };
        let new = NewVpc {
            cidr_block: self.cidr_block,
            ipv6_block: self.ipv6_block,
            border_group: self.border_group,
            instance_tenancy: instance_tenancy.to_owned(),
            tags: self.tags,
        };
        let id = model.create_vpc(cx, new)?;
        answer_pending(model, cx.now, &id)
    }
}

#[derive(Debug)]
struct CreateDefaultVpc;

impl Operation for CreateDefaultVpc {
    const ACTION: &'static str = "CreateDefaultVpc";
    type Output = Single<VpcItem>;

    fn decode(_: &mut Query) -> Result<Self, ApiError> {
        Ok(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_default_vpc(cx)?;
        answer_pending(model, cx.now, &id)
    }
}

/// EC2 answers before the VPC is ready, and says so; when it is looked for, it is.
fn answer_pending(model: &Model, now: Timestamp, id: &VpcId) -> Result<Single<VpcItem>, ApiError> {
    let mut answer = created::<Vpc>("vpc", model, now, id)?;
    answer.item.state = "pending";
    Ok(answer)
}

#[derive(Debug)]
struct DeleteVpc {
    id: VpcId,
}

impl Operation for DeleteVpc {
    const ACTION: &'static str = "DeleteVpc";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_vpc(cx, &self.id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct ModifyVpcAttribute {
    id: VpcId,
    attribute: VpcAttribute,
}

impl Operation for ModifyVpcAttribute {
    const ACTION: &'static str = "ModifyVpcAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id = query.required("VpcId")?;
        let mut given = Vec::new();
        let mut take = |name, attribute: fn(bool) -> VpcAttribute| -> Result<(), ApiError> {
            given.extend(query.structure(name, |inside| inside.required("Value"))?.map(attribute));
            Ok(())
        };
        take("EnableDnsSupport", VpcAttribute::DnsSupport)?;
        take("EnableDnsHostnames", VpcAttribute::DnsHostnames)?;
        take("EnableNetworkAddressUsageMetrics", VpcAttribute::NetworkAddressUsageMetrics)?;
        match given.as_slice() {
            [attribute] => Ok(Self { id, attribute: *attribute }),
            [] => Err(ApiError::missing("EnableDnsSupport or EnableDnsHostnames")),
            _ => Err(ApiError::combination("Only one attribute can be modified at a time")),
        }
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_vpc_attribute(&self.id, self.attribute)?;
        Ok(Done)
    }
}

/// The only tenancy that a VPC can be changed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NewTenancy {
    Default,
}

values! {
    NewTenancy { Default "default" }
}

#[derive(Debug)]
struct ModifyVpcTenancy {
    id: VpcId,
}

impl Operation for ModifyVpcTenancy {
    const ACTION: &'static str = "ModifyVpcTenancy";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let NewTenancy::Default = query.required("InstanceTenancy")?;
        Ok(Self { id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_vpc_attribute(&self.id, VpcAttribute::DefaultTenancy)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DescribeVpcAttribute {
    id: VpcId,
    attribute: String,
}

impl ReadOperation for DescribeVpcAttribute {
    const ACTION: &'static str = "DescribeVpcAttribute";
    type Output = DescribeVpcAttributeOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpcId")?, attribute: query.required("Attribute")? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let vpc = model.vpc(&self.id).ok_or_else(|| VpcError::NotFound(self.id.clone()))?;
        let (name, value) = match self.attribute.as_str() {
            "enableDnsSupport" => ("enableDnsSupport", vpc.enable_dns_support),
            "enableDnsHostnames" => ("enableDnsHostnames", vpc.enable_dns_hostnames),
            "enableNetworkAddressUsageMetrics" => {
                ("enableNetworkAddressUsageMetrics", vpc.enable_network_address_usage_metrics)
            }
            other => {
                return Err(ApiError::new(
                    Code::INVALID_PARAMETER_VALUE,
                    format!("Value ({other}) for parameter attribute is invalid. Unknown attribute."),
                ));
            }
        };
        Ok(DescribeVpcAttributeOutput { id: self.id, name, value })
    }
}

#[derive(Debug)]
struct DescribeVpcAttributeOutput {
    id: VpcId,
    name: &'static str,
    value: bool,
}

impl Output for DescribeVpcAttributeOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.id);
        xml.element(self.name, |xml| xml.text("value", self.value));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use vpc_model::Quotas;

    use crate::testing::World;

    #[test]
    fn create_and_describe() {
        let mut world = World::new();
        let form = "CidrBlock=10.0.0.5/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name\
            &TagSpecification.1.Tag.1.Value=net";
        let made = world.call("CreateVpc", form).ok();
        insta::assert_snapshot!(made.lines());
        let found = world.call("DescribeVpcs", "Filter.1.Name=tag:Name&Filter.1.Value.1=n?t").ok();
        assert_eq!(found.texts("state"), ["available", "associated"]);
        assert_eq!(found.texts("vpcId"), made.texts("vpcId"));
    }

    #[test]
    fn a_dedicated_vpc_becomes_an_ordinary_one() {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16&InstanceTenancy=dedicated").ok();
        let form = format!("VpcId={}&InstanceTenancy=", vpc.text("vpcId"));
        assert_eq!(world.call("ModifyVpcTenancy", &format!("{form}dedicated")).code, Some("InvalidParameterValue"));
        world.call("ModifyVpcTenancy", &format!("{form}default")).ok();
        assert_eq!(world.call("DescribeVpcs", "").ok().text("instanceTenancy"), "default");
    }

    #[rstest]
    #[case::too_large("CreateVpc", "CidrBlock=10.0.0.0/15", "InvalidVpc.Range")]
    #[case::too_small("CreateVpc", "CidrBlock=10.0.0.0/29", "InvalidVpc.Range")]
    #[case::loopback("CreateVpc", "CidrBlock=127.0.0.0/16", "InvalidVpc.Range")]
    #[case::no_block("CreateVpc", "", "MissingParameter")]
    #[case::not_a_block("CreateVpc", "CidrBlock=10.0.0.0", "InvalidParameterValue")]
    #[case::tenancy("CreateVpc", "CidrBlock=10.0.0.0/16&InstanceTenancy=shared", "InvalidParameterValue")]
    #[case::other_tags(
        "CreateVpc",
        "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=subnet",
        "InvalidParameterValue"
    )]
    #[case::leftover("CreateVpc", "CidrBlock=10.0.0.0/16&Cidr=x", "UnknownParameter")]
    #[case::dry_run("CreateVpc", "CidrBlock=10.0.0.0/16&DryRun=true", "DryRunOperation")]
    #[case::second_default("CreateDefaultVpc", "", "DefaultVpcAlreadyExists")]
    #[case::absent("DeleteVpc", "VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
    #[case::other_kind("DeleteVpc", "VpcId=subnet-01234567", "InvalidVpcID.Malformed")]
    #[case::absent_described("DescribeVpcs", "VpcId.1=vpc-01234567", "InvalidVpcID.NotFound")]
    #[case::filter("DescribeVpcs", "Filter.1.Name=name&Filter.1.Value.1=x", "InvalidParameterValue")]
    #[case::attribute("DescribeVpcAttribute", "VpcId=vpc-01234567&Attribute=x", "InvalidVpcID.NotFound")]
    #[case::two_at_once(
        "ModifyVpcAttribute",
        "VpcId=vpc-01234567&EnableDnsSupport.Value=true&EnableDnsHostnames.Value=true",
        "InvalidParameterCombination"
    )]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::with_default_vpc().call(action, form).code, Some(code));
    }

    #[test]
    fn a_vpc_goes_when_nothing_is_left_in_it() {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
        let refused = world.call("DeleteVpc", &format!("VpcId={vpc}"));
        assert_eq!(refused.code, Some("DependencyViolation"));
        let expected = format!("The vpc '{vpc}' has dependencies and cannot be deleted.");
        assert_eq!(refused.text("Message"), expected);
        world.call("DeleteSubnet", &format!("SubnetId={}", subnet.text("subnetId"))).ok();
        world.call("DeleteVpc", &format!("VpcId={vpc}")).ok();
        assert_eq!(world.call("DescribeVpcs", "").ok().texts("vpcId").len(), 0);
        world.model.check_invariants().unwrap();
    }

    #[test]
    fn attributes() {
        let mut world = World::with_default_vpc();
        let vpc = world.model.default_vpc().expect("it was made").id.clone();
        let get = format!("VpcId={vpc}&Attribute=enableDnsHostnames");
        assert_eq!(world.call("DescribeVpcAttribute", &get).ok().text("value"), "true");
        world.call("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=false")).ok();
        assert_eq!(world.call("DescribeVpcAttribute", &get).ok().text("value"), "false");
    }

    #[rstest]
    #[case::vpcs(Quotas { vpcs: 0, ..Quotas::default() }, "CreateVpc", "CidrBlock=10.1.0.0/16", "VpcLimitExceeded")]
    #[case::subnets(
        Quotas { subnets_per_vpc: 0, ..Quotas::default() },
        "CreateSubnet",
        "VpcId={vpc}&CidrBlock=10.0.1.0/24",
        "SubnetLimitExceeded"
    )]
    #[case::ipv4(
        Quotas { ipv4_blocks_per_vpc: 0, ..Quotas::default() },
        "AssociateVpcCidrBlock",
        "VpcId={vpc}&CidrBlock=10.1.0.0/16",
        "CidrLimitExceeded"
    )]
    #[case::ipv6(
        Quotas { ipv6_blocks_per_vpc: 0, ..Quotas::default() },
        "AssociateVpcCidrBlock",
        "VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true",
        "CidrLimitExceeded"
    )]
    #[case::interfaces(
        Quotas { network_interfaces: 0, ..Quotas::default() },
        "CreateNetworkInterface",
        "SubnetId={subnet}",
        "NetworkInterfaceLimitExceeded"
    )]
    #[case::groups(
        Quotas { security_groups: 0, ..Quotas::default() },
        "CreateSecurityGroup",
        "VpcId={vpc}&GroupName=web&GroupDescription=web",
        "SecurityGroupLimitExceeded"
    )]
    #[case::tables(
        Quotas { route_tables_per_vpc: 0, ..Quotas::default() },
        "CreateRouteTable",
        "VpcId={vpc}",
        "RouteTableLimitExceeded"
    )]
    #[case::routes(
        Quotas { routes_per_table: 0, ..Quotas::default() },
        "CreateRoute",
        "RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}",
        "RouteLimitExceeded"
    )]
    fn quotas(#[case] used_up: Quotas, #[case] action: &str, #[case] form: &str, #[case] code: &str) {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.0.0/24")).ok();
        let gateway = world.call("CreateInternetGateway", "").ok().text("internetGatewayId").to_owned();
        world.call("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}")).ok();
        let table = world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
        let form = form.replace("{vpc}", &vpc).replace("{subnet}", subnet.text("subnetId"));
        let form = form.replace("{table}", &table).replace("{gateway}", &gateway);
        world.model.set_quotas(used_up);
        assert_eq!(world.call(action, &form).code, Some(code));
        world.model.set_quotas(Quotas::default());
        world.call(action, &form).ok();
    }
}
