//! The AWS CLI, as typed.

use std::process::Output;

use rstest::rstest;

use crate::clients::{Clients, Endpoint};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the CLI prints UTF-8").trim()
}

#[track_caller]
fn printed(output: &Output) -> &str {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

const TYPE_LIMITS: &str = "InstanceTypes[].[InstanceType, NetworkInfo.MaximumNetworkInterfaces, \
                           NetworkInfo.Ipv4AddressesPerInterface]";

#[rstest]
#[case::limits_of_a_type(
    &["ec2", "describe-instance-types", "--instance-types", "t3.large", "--query", TYPE_LIMITS],
    "t3.large\t3\t12"
)]
#[case::default_vpc(
    &["ec2", "describe-vpcs", "--filters", "Name=is-default,Values=true", "--query", "Vpcs[].CidrBlock"],
    "172.31.0.0/16"
)]
#[case::new_vpc(&["ec2", "create-vpc", "--cidr-block", "10.0.0.0/16", "--query", "Vpc.State"], "pending")]
#[case::caller(&["sts", "get-caller-identity", "--query", "Account"], "123456789012")]
fn answers(#[case] arguments: &[&str], #[case] expected: &str) {
    let Some(clients) = Clients::find() else { return };
    let endpoint = Endpoint::start();
    let mut command = clients.aws(&endpoint, arguments);
    let output = command.args(["--output", "text"]).output().expect("the CLI runs");
    assert_eq!(printed(&output), expected);
}

#[test]
fn pages_are_put_together() {
    let Some(clients) = Clients::find() else { return };
    let endpoint = Endpoint::start();
    let paged = ["ec2", "describe-instance-types", "--page-size", "5", "--max-items", "7", "--output", "json"];
    let mut command = clients.aws(&endpoint, &paged);
    let output = command.args(["--query", "length(InstanceTypes)"]).output().expect("the CLI runs");
    assert_eq!(printed(&output), "7");
}

#[rstest]
#[case::not_there(
    &["ec2", "describe-vpcs", "--vpc-ids", "vpc-0123456789abcdef0"],
    "An error occurred (InvalidVpcID.NotFound) when calling the DescribeVpcs operation: \
     The vpc ID 'vpc-0123456789abcdef0' does not exist"
)]
#[case::dry_run(
    &["ec2", "create-vpc", "--cidr-block", "10.0.0.0/16", "--dry-run"],
    "An error occurred (DryRunOperation) when calling the CreateVpc operation: \
     Request would have succeeded, but DryRun flag is set."
)]
fn refusals(#[case] arguments: &[&str], #[case] expected: &str) {
    let Some(clients) = Clients::find() else { return };
    let output = clients.aws(&Endpoint::start(), arguments).output().expect("the CLI runs");
    assert_eq!(output.status.code(), Some(255), "the CLI's exit code for refusals");
    assert!(text(&output.stderr).ends_with(expected), "{}", text(&output.stderr));
}
