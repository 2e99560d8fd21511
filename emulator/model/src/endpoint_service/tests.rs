//! AWS's own services.

use std::collections::BTreeSet;

use rstest::rstest;

use super::*;
use crate::testing::Account;

#[test]
fn ids_are_distinct() {
    let services = Account::new().model.endpoint_services();
    let ids: BTreeSet<_> = services.iter().map(|service| &service.id).collect();
    assert_eq!(ids.len(), services.len());
}

#[rstest]
#[case::plain("kms", "kms.us-west-2.vpce.amazonaws.com", &["kms.us-west-2.amazonaws.com"])]
#[case::api("ecr.api", "api.ecr.us-west-2.vpce.amazonaws.com", &["api.ecr.us-west-2.amazonaws.com"])]
#[case::wildcard("ecr.dkr", "dkr.ecr.us-west-2.vpce.amazonaws.com", &["*.dkr.ecr.us-west-2.amazonaws.com"])]
#[case::other_domain("eks-auth", "eks-auth.us-west-2.vpce.amazonaws.com", &["eks-auth.us-west-2.api.aws"])]
#[case::nameless("dynamodb", "dynamodb.us-west-2.vpce.amazonaws.com", &[])]
fn names(#[case] service: &str, #[case] base: &str, #[case] private: &[&str]) {
    let services = Account::new().model.endpoint_services();
    let is_it = |found: &&ServiceDetail| {
        found.name == format!("com.amazonaws.us-west-2.{service}") && found.kind == EndpointType::Interface
    };
    let found = services.iter().find(is_it).expect("it is in the table");
    assert_eq!(found.base_names, [base]);
    assert_eq!(found.private_names, private);
}
