//! DescribePublicIpv4Pools, DescribeByoipCidrs: what an account brought along, which is nothing.

use jiff::Timestamp;
use vpc_model::{Model, Tags};

use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

/// Pools can be filtered by their tags alone.
const FIELDS: Fields<Model, Tags> = Fields { by_name: &[], tags: Some(|tags| tags) };

/// An empty set of a name.
#[derive(Debug)]
pub(super) struct Nothing(&'static str);

impl Output for Nothing {
    fn write(&self, xml: &mut Xml) {
        xml.list(self.0, [(); 0], |_, ()| ());
    }
}

/// Takes ids and filters, and refuses ids: there is no pool.
fn decode_pools(query: &mut Query, most: u32) -> Result<Filters, ApiError> {
    let ids: Vec<String> = query.list("PoolId")?;
    if let Some(id) = ids.first() {
        let code = Code::INVALID_PUBLIC_IPV4_POOL_ID_NOT_FOUND;
        return Err(ApiError::new(code, format!("The pool ID '{id}' does not exist.")));
    }
    PageRequest::decode(query, 1..=most)?;
    Filters::decode(query)
}

#[derive(Debug)]
pub(super) struct DescribePublicIpv4Pools(Filters);

impl ReadOperation for DescribePublicIpv4Pools {
    const ACTION: &'static str = "DescribePublicIpv4Pools";
    type Output = Nothing;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_pools(query, 10).map(Self)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Nothing, ApiError> {
        self.0.select(&FIELDS, model, [])?;
        Ok(Nothing("publicIpv4PoolSet"))
    }
}

#[derive(Debug)]
pub(super) struct DescribeByoipCidrs;

impl ReadOperation for DescribeByoipCidrs {
    const ACTION: &'static str = "DescribeByoipCidrs";
    type Output = Nothing;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        if !query.has("MaxResults") {
            return Err(ApiError::missing("MaxResults"));
        }
        PageRequest::decode(query, 1..=100)?;
        Ok(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Nothing, ApiError> {
        Ok(Nothing("byoipCidrSet"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[rstest]
    #[case::pools("DescribePublicIpv4Pools", "Filter.1.Name=tag:k&Filter.1.Value.1=v", None)]
    #[case::id("DescribePublicIpv4Pools", "PoolId.1=ipv4pool-ec2-01234567", Some("InvalidPublicIpv4PoolID.NotFound"))]
    #[case::filter("DescribePublicIpv4Pools", "Filter.1.Name=k&Filter.1.Value.1=v", Some("InvalidParameterValue"))]
    #[case::page("DescribePublicIpv4Pools", "MaxResults=11", Some("InvalidParameterValue"))]
    #[case::cidrs("DescribeByoipCidrs", "MaxResults=10", None)]
    #[case::no_page("DescribeByoipCidrs", "", Some("MissingParameter"))]
    fn nothing(#[case] action: &str, #[case] form: &str, #[case] code: Option<&str>) {
        assert_eq!(World::new().call(action, form).code, code);
    }
}
