//! How long ids are: DescribeIdFormat, DescribeIdentityIdFormat, DescribeAggregateIdFormat. They have been long for
//! years, for everybody, and nobody can choose any more.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>.

use jiff::Timestamp;
use vpc_model::Model;

use super::{Action, Output, ReadOperation, read};
use crate::ApiError;
use crate::query::Query;
use crate::xml::Xml;

pub(crate) const ACTIONS: &[Action] =
    &[read::<DescribeIdFormat>(), read::<DescribeIdentityIdFormat>(), read::<DescribeAggregateIdFormat>()];

/// What once had short ids.
const RESOURCES: &[&str] = &[
    "bundle",
    "conversion-task",
    "customer-gateway",
    "dhcp-options",
    "elastic-ip-allocation",
    "elastic-ip-association",
    "export-task",
    "flow-log",
    "image",
    "import-task",
    "instance",
    "internet-gateway",
    "network-acl",
    "network-acl-association",
    "network-interface",
    "network-interface-attachment",
    "prefix-list",
    "reservation",
    "route-table",
    "route-table-association",
    "security-group",
    "snapshot",
    "subnet",
    "subnet-cidr-block-association",
    "volume",
    "vpc",
    "vpc-cidr-block-association",
    "vpc-endpoint",
    "vpc-peering-connection",
    "vpn-connection",
    "vpn-gateway",
];

/// Takes the kind of resource asked about: one of them, or all.
fn decode_resource(query: &mut Query) -> Result<Vec<&'static str>, ApiError> {
    let Some(asked) = query.optional::<String>("Resource")? else { return Ok(RESOURCES.to_vec()) };
    match RESOURCES.iter().find(|known| **known == asked) {
        Some(known) => Ok(vec![known]),
        None => Err(ApiError::invalid("Resource", &asked, "Expected a type of resource that supports longer IDs.")),
    }
}

/// The formats of some kinds of ids.
#[derive(Debug)]
struct Formats(Vec<&'static str>);

impl Output for Formats {
    fn write(&self, xml: &mut Xml) {
        xml.list("statusSet", &self.0, |xml, resource| {
            xml.text("resource", resource);
            xml.text("useLongIds", true);
        });
    }
}

#[derive(Debug)]
struct DescribeIdFormat(Vec<&'static str>);

impl ReadOperation for DescribeIdFormat {
    const ACTION: &'static str = "DescribeIdFormat";
    type Output = Formats;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_resource(query).map(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Formats, ApiError> {
        Ok(Formats(self.0))
    }
}

#[derive(Debug)]
struct DescribeIdentityIdFormat(Vec<&'static str>);

impl ReadOperation for DescribeIdentityIdFormat {
    const ACTION: &'static str = "DescribeIdentityIdFormat";
    type Output = Formats;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // It is the same for every principal.
        let principal: String = query.required("PrincipalArn")?;
        if principal != "all" && !principal.starts_with("arn:") {
            return Err(ApiError::invalid("PrincipalArn", &principal, "Expected an ARN."));
        }
        decode_resource(query).map(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Formats, ApiError> {
        Ok(Formats(self.0))
    }
}

#[derive(Debug)]
struct DescribeAggregateIdFormat;

impl ReadOperation for DescribeAggregateIdFormat {
    const ACTION: &'static str = "DescribeAggregateIdFormat";
    type Output = Aggregate;

    fn decode(_: &mut Query) -> Result<Self, ApiError> {
        Ok(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Aggregate, ApiError> {
        Ok(Aggregate)
    }
}

/// The formats of all kinds of ids.
#[derive(Debug)]
struct Aggregate;

impl Output for Aggregate {
    fn write(&self, xml: &mut Xml) {
        xml.text("useLongIdsAggregated", true);
        Formats(RESOURCES.to_vec()).write(xml);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[rstest]
    #[case::all("DescribeIdFormat", "", 31)]
    #[case::one("DescribeIdFormat", "Resource=vpc", 1)]
    #[case::of_somebody("DescribeIdentityIdFormat", "PrincipalArn=arn:aws:iam::123456789012:root", 31)]
    #[case::aggregate("DescribeAggregateIdFormat", "", 31)]
    fn all_ids_are_long(#[case] action: &str, #[case] form: &str, #[case] expected: usize) {
        assert_eq!(World::new().call(action, form).ok().texts("useLongIds"), vec!["true"; expected]);
    }

    #[rstest]
    #[case::resource("DescribeIdFormat", "Resource=colour", "InvalidParameterValue")]
    #[case::nobody("DescribeIdentityIdFormat", "", "MissingParameter")]
    #[case::principal("DescribeIdentityIdFormat", "PrincipalArn=me", "InvalidParameterValue")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }
}
