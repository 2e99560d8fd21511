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
#[case::prefix_list(
    &["ec2", "create-managed-prefix-list", "--prefix-list-name", "one", "--max-entries", "2", "--address-family", "IPv4",
      "--entries", "Cidr=10.0.0.0/8,Description=ours", "--query", "PrefixList.[State, Version, MaxEntries]"],
    "create-in-progress\t1\t2"
)]
#[case::address(&["ec2", "allocate-address", "--domain", "vpc", "--query", "[Domain, NetworkBorderGroup]"], "vpc\tus-east-1")]
#[case::zones(
    &["ec2", "describe-availability-zones", "--zone-names", "us-east-1a", "--query", "AvailabilityZones[].[State, OptInStatus, ZoneType]"],
    "available\topt-in-not-required\tavailability-zone"
)]
#[case::tagged_vpc(
    &["ec2", "create-vpc", "--cidr-block", "10.0.0.0/16", "--tag-specifications",
      "ResourceType=vpc,Tags=[{Key=Name,Value=one}]", "--query", "Vpc.Tags[].[Key, Value]"],
    "Name\tone"
)]
#[case::no_logs(&["ec2", "describe-flow-logs", "--query", "length(FlowLogs)"], "0")]
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
#[case::no_such_filter(
    &["ec2", "describe-subnets", "--filters", "Name=colour,Values=blue"],
    "An error occurred (InvalidParameterValue) when calling the DescribeSubnets operation: \
     The filter 'colour' is invalid"
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
