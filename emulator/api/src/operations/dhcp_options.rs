//! DHCP options: CreateDhcpOptions, DeleteDhcpOptions, AssociateDhcpOptions, DescribeDhcpOptions.

use jiff::Timestamp;
use vpc_model::{AccountId, Context, DhcpOptions, DhcpOptionsError, DhcpOptionsId, Model, Tags, VpcId};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateDhcpOptions>(),
    write::<DeleteDhcpOptions>(),
    write::<AssociateDhcpOptions>(),
    read::<Describe<DhcpOptions>>(),
];

impl Describable for DhcpOptions {
    type Id = DhcpOptionsId;
    type Item = OptionsItem;

    const ACTION: &'static str = "DescribeDhcpOptions";
    const IDS: &'static str = "DhcpOptionsId";
    const SET: &'static str = "dhcpOptionsSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("dhcp-options-id", |_, set| vec![set.id.to_string()]),
            ("key", |_, set| set.options.iter().map(|(key, _)| key.clone()).collect()),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("value", |_, set| set.options.iter().flat_map(|(_, values)| values.clone()).collect()),
        ],
        tags: Some(|set| &set.tags),
    };

    fn id(&self) -> &DhcpOptionsId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &DhcpOptionsId) -> Option<&'a Self> {
        model.dhcp_options_set(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.dhcp_options().collect()
    }

    fn missing(id: &DhcpOptionsId) -> ApiError {
        DhcpOptionsError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> OptionsItem {
        OptionsItem { owner: model.account().clone(), set: self.clone() }
    }
}

/// A set of options as replies show it.
#[derive(Debug)]
pub(crate) struct OptionsItem {
    owner: AccountId,
    set: DhcpOptions,
}

impl Output for OptionsItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("dhcpOptionsId", &self.set.id);
        xml.text("ownerId", &self.owner);
        xml.list("dhcpConfigurationSet", &self.set.options, |xml, (key, values)| {
            xml.text("key", key);
            xml.list("valueSet", values, |xml, value| xml.text("value", value));
        });
        xml.tags(&self.set.tags);
    }
}

#[derive(Debug)]
struct CreateDhcpOptions {
    options: Vec<(String, Vec<String>)>,
    tags: Tags,
}

impl Operation for CreateDhcpOptions {
    const ACTION: &'static str = "CreateDhcpOptions";
    type Output = Single<OptionsItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            options: query
                .structs("DhcpConfiguration", |option| Ok((option.required("Key")?, option.required_list("Value")?)))?,
            tags: tag_specification::decode_one(query, &["dhcp-options"])?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_dhcp_options(cx, self.options, self.tags)?;
        created::<DhcpOptions>("dhcpOptions", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct DeleteDhcpOptions {
    id: DhcpOptionsId,
}

impl Operation for DeleteDhcpOptions {
    const ACTION: &'static str = "DeleteDhcpOptions";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("DhcpOptionsId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_dhcp_options(&self.id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct AssociateDhcpOptions {
    /// `None` is what EC2 calls `default`: no options at all.
    id: Option<DhcpOptionsId>,
    vpc_id: VpcId,
}

impl Operation for AssociateDhcpOptions {
    const ACTION: &'static str = "AssociateDhcpOptions";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let given: String = query.required("DhcpOptionsId")?;
        let id = if given == "default" { None } else { Some(Value::from_text("DhcpOptionsId", given)?) };
        Ok(Self { id, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.associate_dhcp_options(self.id.as_ref(), &self.vpc_id)?;
        Ok(Done)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[test]
    fn the_default_set() {
        insta::assert_snapshot!(World::with_default_vpc().call("DescribeDhcpOptions", "").ok().lines());
    }

    const OWN: &str = "DhcpConfiguration.1.Key=domain-name-servers&DhcpConfiguration.1.Value.1=10.2.5.1&\
                       DhcpConfiguration.1.Value.2=AmazonProvidedDNS&DhcpConfiguration.2.Key=domain-name&\
                       DhcpConfiguration.2.Value.1=example.com";

    #[test]
    fn a_life() {
        let mut world = World::with_default_vpc();
        let tags = "TagSpecification.1.ResourceType=dhcp-options&TagSpecification.1.Tag.1.Key=k";
        let made = world.call("CreateDhcpOptions", &format!("{OWN}&{tags}")).ok();
        insta::assert_snapshot!(made.lines());
        let id = format!("DhcpOptionsId={}", made.text("dhcpOptionsId"));
        let vpc = world.call("DescribeVpcs", "").ok().text("vpcId").to_owned();
        world.call("AssociateDhcpOptions", &format!("{id}&VpcId={vpc}")).ok();
        assert_eq!(world.call("DescribeVpcs", "").ok().text("dhcpOptionsId"), made.text("dhcpOptionsId"));
        assert_eq!(world.call("DeleteDhcpOptions", &id).code, Some("DependencyViolation"));
        world.call("AssociateDhcpOptions", &format!("DhcpOptionsId=default&VpcId={vpc}")).ok();
        assert_eq!(world.call("DescribeVpcs", "").ok().text("dhcpOptionsId"), "default");
        world.call("DeleteDhcpOptions", &id).ok();
        assert_eq!(world.call("DeleteDhcpOptions", &id).code, Some("InvalidDhcpOptionID.NotFound"));
    }

    #[test]
    fn a_new_vpc_has_the_default_set() {
        let mut world = World::with_default_vpc();
        let default = world.call("DescribeDhcpOptions", "").ok().text("dhcpOptionsId").to_owned();
        let vpc = world.call("DescribeVpcs", "").ok().text("vpcId").to_owned();
        let own = world.call("CreateDhcpOptions", OWN).ok().text("dhcpOptionsId").to_owned();
        world.call("AssociateDhcpOptions", &format!("DhcpOptionsId={own}&VpcId={vpc}")).ok();
        assert_eq!(world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("dhcpOptionsId"), default);
    }

    #[rstest]
    #[case::nothing("CreateDhcpOptions", "", "MissingParameter")]
    #[case::key(
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=colour&DhcpConfiguration.1.Value.1=x",
        "InvalidParameterValue"
    )]
    #[case::no_value("CreateDhcpOptions", "DhcpConfiguration.1.Key=domain-name", "MissingParameter")]
    #[case::value(
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=ntp-servers&DhcpConfiguration.1.Value.1=x",
        "InvalidParameterValue"
    )]
    #[case::node_type(
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=netbios-node-type&DhcpConfiguration.1.Value.1=3",
        "InvalidParameterValue"
    )]
    #[case::short_lease(
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=ipv6-address-preferred-lease-time&DhcpConfiguration.1.Value.1=139",
        "InvalidParameterValue"
    )]
    #[case::long_lease(
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=ipv6-address-preferred-lease-time&DhcpConfiguration.1.Value.1=2147483648",
        "InvalidParameterValue"
    )]
    #[case::servers(
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=ntp-servers&DhcpConfiguration.1.Value.1=10.0.0.1&DhcpConfiguration.1.Value.2=10.0.0.2&\
         DhcpConfiguration.1.Value.3=10.0.0.3&DhcpConfiguration.1.Value.4=10.0.0.4&DhcpConfiguration.1.Value.5=10.0.0.5",
        "InvalidParameterValue"
    )]
    #[case::delete("DeleteDhcpOptions", "DhcpOptionsId=dopt-01234567", "InvalidDhcpOptionID.NotFound")]
    #[case::malformed("DeleteDhcpOptions", "DhcpOptionsId=opt-01234567", "InvalidDhcpOptionsId.Malformed")]
    #[case::associate(
        "AssociateDhcpOptions",
        "DhcpOptionsId=dopt-01234567&VpcId=vpc-01234567",
        "InvalidDhcpOptionID.NotFound"
    )]
    #[case::no_vpc("AssociateDhcpOptions", "DhcpOptionsId=default&VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }

    #[test]
    fn an_unknown_set() {
        let reply = World::new().call("DescribeDhcpOptions", "DhcpOptionsId.1=dopt-01234567");
        assert_eq!(reply.code, Some("InvalidDhcpOptionID.NotFound"));
    }
}
