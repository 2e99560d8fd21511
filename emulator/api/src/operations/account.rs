//! Account attributes: DescribeAccountAttributes.

use jiff::Timestamp;
use vpc_model::Model;

use super::{Action, Output, ReadOperation, read};
use crate::ApiError;
use crate::query::{Query, values};
use crate::xml::Xml;

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeAccountAttributes>()];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    SupportedPlatforms,
    DefaultVpc,
    MaxInstances,
    GroupsPerInterface,
    MaxElasticIps,
    VpcMaxElasticIps,
}

values! {
    Attribute {
        SupportedPlatforms "supported-platforms",
        DefaultVpc "default-vpc",
        MaxInstances "max-instances",
        GroupsPerInterface "vpc-max-security-groups-per-interface",
        MaxElasticIps "max-elastic-ips",
        VpcMaxElasticIps "vpc-max-elastic-ips",
    }
}

impl Attribute {
    const ALL: [Self; 6] = [
        Self::SupportedPlatforms,
        Self::DefaultVpc,
        Self::MaxInstances,
        Self::GroupsPerInterface,
        Self::MaxElasticIps,
        Self::VpcMaxElasticIps,
    ];

    fn name_and_value(self, model: &Model) -> (&'static str, String) {
        match self {
            Self::SupportedPlatforms => ("supported-platforms", "VPC".to_owned()),
            Self::DefaultVpc => {
                let vpc = model.default_vpc();
                ("default-vpc", vpc.map_or_else(|| "none".to_owned(), |vpc| vpc.id.to_string()))
            }
            Self::MaxInstances => ("max-instances", "20".to_owned()),
            Self::GroupsPerInterface => {
                ("vpc-max-security-groups-per-interface", model.quotas().groups_per_interface.to_string())
            }
            Self::MaxElasticIps => ("max-elastic-ips", model.quotas().elastic_ips.to_string()),
            Self::VpcMaxElasticIps => ("vpc-max-elastic-ips", model.quotas().elastic_ips.to_string()),
        }
    }
}

#[derive(Debug)]
struct DescribeAccountAttributes {
    attributes: Vec<Attribute>,
}

impl ReadOperation for DescribeAccountAttributes {
    const ACTION: &'static str = "DescribeAccountAttributes";
    type Output = DescribeAccountAttributesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let asked: Vec<Attribute> = query.list("AttributeName")?;
        Ok(Self { attributes: if asked.is_empty() { Attribute::ALL.to_vec() } else { asked } })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let values = self.attributes.iter().map(|attribute| attribute.name_and_value(model)).collect();
        Ok(DescribeAccountAttributesOutput { values })
    }
}

#[derive(Debug)]
struct DescribeAccountAttributesOutput {
    values: Vec<(&'static str, String)>,
}

impl Output for DescribeAccountAttributesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("accountAttributeSet", &self.values, |xml, (name, value)| {
            xml.text("attributeName", name);
            xml.list("attributeValueSet", [value], |xml, value| xml.text("attributeValue", value));
        });
    }
}

#[cfg(test)]
mod tests {
    use vpc_model::Quotas;

    use crate::testing::World;

    #[test]
    fn attributes() {
        let mut world = World::new();
        let all = world.call("DescribeAccountAttributes", "").ok();
        assert_eq!(all.texts("attributeValue"), ["VPC", "none", "20", "5", "5", "5"]);
        let one = world.call("DescribeAccountAttributes", "AttributeName.1=default-vpc").ok();
        assert_eq!((one.text("attributeName"), one.text("attributeValue")), ("default-vpc", "none"));
        let other = world.call("DescribeAccountAttributes", "AttributeName.1=colour");
        assert_eq!(other.code, Some("InvalidParameterValue"));
    }

    #[test]
    fn quotas_show() {
        let mut world = World::new();
        world.model.set_quotas(Quotas { groups_per_interface: 16, elastic_ips: 50, ..Quotas::default() });
        let all = world.call("DescribeAccountAttributes", "").ok();
        assert_eq!(all.texts("attributeValue"), ["VPC", "none", "20", "16", "50", "50"]);
    }
}
