//! VPC peering over the wire.

use rstest::rstest;

use crate::testing::{Reply, World};

/// A world with two VPCs; gives their ids.
fn world() -> (World, String, String) {
    let mut world = World::new();
    let mut vpc = |block: &str| world.call("CreateVpc", &format!("CidrBlock={block}")).ok().text("vpcId").to_owned();
    let (one, other) = (vpc("10.0.0.0/16"), vpc("10.1.0.0/16"));
    (world, one, other)
}

fn ask(world: &mut World, one: &str, other: &str) -> String {
    let asked = world.call("CreateVpcPeeringConnection", &format!("VpcId={one}&PeerVpcId={other}")).ok();
    assert_eq!(asked.text("code"), "initiating-request");
    world.pass("0s");
    asked.text("vpcPeeringConnectionId").to_owned()
}

fn call(world: &mut World, verb: &str, id: &str) -> Reply {
    world.call(&format!("{verb}VpcPeeringConnection"), &format!("VpcPeeringConnectionId={id}"))
}

/// The code and message of the only connection; none when it is not shown.
fn status(world: &mut World) -> Option<(String, String)> {
    let found = world.call("DescribeVpcPeeringConnections", "").ok();
    let code = found.texts("code").first().map(|code| (*code).to_owned())?;
    Some((code, found.text("message").to_owned()))
}

fn code(world: &mut World) -> Option<String> {
    status(world).map(|(code, _)| code)
}

#[test]
fn from_request_to_end() {
    let (mut world, one, other) = world();
    let tag = "TagSpecification.1.ResourceType=vpc-peering-connection&TagSpecification.1.Tag.1.Key=Name";
    let form = format!("VpcId={one}&PeerVpcId={other}&PeerOwnerId=111122223333&PeerRegion=us-east-1&{tag}");
    let asked = world.call("CreateVpcPeeringConnection", &form).ok();
    insta::assert_snapshot!("asked", asked.lines());
    let id = asked.text("vpcPeeringConnectionId").to_owned();
    world.pass("0s");
    assert_eq!(status(&mut world), Some(("pending-acceptance".into(), "Pending Acceptance by 111122223333".into())));
    let accepted = call(&mut world, "Accept", &id).ok();
    assert_eq!(accepted.text("code"), "provisioning");
    world.pass("0s");
    insta::assert_snapshot!("active", world.call("DescribeVpcPeeringConnections", "").ok().lines());
    call(&mut world, "Delete", &id).ok();
    assert_eq!(status(&mut world), Some(("deleted".into(), "Deleted by 111122223333".into())));
    world.pass("1h");
    assert_eq!(code(&mut world).as_deref(), Some("deleted"));
    world.pass("1h");
    assert_eq!(code(&mut world), None);
}

#[rstest]
#[case::requester_asks(0, "10.2.0.0/16", false, Some("OperationNotPermitted"))]
#[case::accepter_is_asked(1, "10.2.0.0/16", false, None)]
#[case::in_use(0, "10.2.0.0/16", true, None)]
#[case::the_others(0, "10.1.128.0/20", true, Some("InvalidVpc.Range"))]
#[case::the_requesters(1, "10.0.128.0/20", true, Some("InvalidVpc.Range"))]
fn further_blocks(#[case] side: usize, #[case] block: &str, #[case] is_in_use: bool, #[case] code: Option<&str>) {
    let (mut world, one, other) = world();
    let id = ask(&mut world, &one, &other);
    if is_in_use {
        call(&mut world, "Accept", &id).ok();
        world.pass("0s");
    }
    let form = format!("VpcId={}&CidrBlock={block}", [one, other][side]);
    assert_eq!(world.call("AssociateVpcCidrBlock", &form).code, code);
    world.model.check_invariants().unwrap();
}

#[rstest]
#[case::itself("10.0.0.0/16", true)]
#[case::same_block("10.1.0.0/16", false)]
#[case::within("10.1.2.0/24", false)]
fn what_cannot_be_fails(#[case] block: &str, #[case] itself: bool) {
    let (mut world, one, other) = world();
    let third = world.call("CreateVpc", &format!("CidrBlock={block}")).ok().text("vpcId").to_owned();
    let (from, to) = if itself { (&one, &one) } else { (&other, &third) };
    let id = ask(&mut world, from, to);
    let message = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
    assert_eq!(status(&mut world), Some(("failed".into(), message.into())));
    for verb in ["Accept", "Reject", "Delete"] {
        assert_eq!(call(&mut world, verb, &id).code, Some("InvalidStateTransition"), "{verb}");
    }
    world.pass("2h");
    assert_eq!(code(&mut world), None);
}

#[test]
fn an_unknown_vpc_is_asked_in_vain() {
    let (mut world, one, _) = world();
    ask(&mut world, &one, "vpc-01234567");
    assert_eq!(code(&mut world).as_deref(), Some("failed"));
}

#[test]
fn a_request_ends_after_a_week() {
    let (mut world, one, other) = world();
    let id = ask(&mut world, &one, &other);
    world.pass("167h");
    assert_eq!(code(&mut world).as_deref(), Some("pending-acceptance"));
    world.pass("1h");
    assert_eq!(code(&mut world).as_deref(), Some("expired"));
    let refused = call(&mut world, "Accept", &id);
    let message = format!("Invalid state transition for {id}, attempted to transition from expired to provisioning");
    assert_eq!((refused.code, refused.text("Message")), (Some("InvalidStateTransition"), message.as_str()));
    world.pass("48h");
    assert_eq!(code(&mut world), None);
}

#[test]
fn a_request_can_be_turned_down() {
    let (mut world, one, other) = world();
    let id = ask(&mut world, &one, &other);
    call(&mut world, "Reject", &id).ok();
    assert_eq!(status(&mut world), Some(("rejected".into(), "Rejected by 111122223333".into())));
    assert_eq!(call(&mut world, "Delete", &id).code, Some("InvalidStateTransition"));
    ask(&mut world, &one, &other);
}

#[rstest]
#[case::same_way(false)]
#[case::other_way(true)]
fn two_vpcs_have_one_connection(#[case] turned: bool) {
    let (mut world, one, other) = world();
    ask(&mut world, &one, &other);
    let (from, to) = if turned { (&other, &one) } else { (&one, &other) };
    let again = world.call("CreateVpcPeeringConnection", &format!("VpcId={from}&PeerVpcId={to}"));
    assert_eq!(again.code, Some("VpcPeeringConnectionAlreadyExists"));
}

#[rstest]
#[case::of_another_account("PeerOwnerId=444455556666", "User (111122223333) cannot accept peering")]
#[case::in_another_region("PeerRegion=eu-west-1", "Incorrect region (us-east-1) specified for this request.")]
fn others_accept(#[case] form: &str, #[case] message: &str) {
    let (mut world, one, _) = world();
    let form = format!("VpcId={one}&PeerVpcId=vpc-01234567&{form}");
    let id = world.call("CreateVpcPeeringConnection", &form).ok().text("vpcPeeringConnectionId").to_owned();
    world.pass("0s");
    let refused = call(&mut world, "Accept", &id);
    assert_eq!(refused.code, Some("OperationNotPermitted"));
    assert!(refused.text("Message").starts_with(message), "{}", refused.body);
    assert_eq!(call(&mut world, "Reject", &id).code, Some("OperationNotPermitted"));
    call(&mut world, "Delete", &id).ok();
}

#[rstest]
#[case::no_vpc("CreateVpcPeeringConnection", "PeerVpcId=vpc-01234567", "MissingParameter")]
#[case::no_peer("CreateVpcPeeringConnection", "VpcId=vpc-01234567", "MissingParameter")]
#[case::vpc("CreateVpcPeeringConnection", "VpcId=vpc-01234567&PeerVpcId=vpc-01234567", "InvalidVpcID.NotFound")]
#[case::owner(
    "CreateVpcPeeringConnection",
    "VpcId=vpc-01234567&PeerVpcId=vpc-01234567&PeerOwnerId=1",
    "InvalidParameterValue"
)]
#[case::region(
    "CreateVpcPeeringConnection",
    "VpcId=vpc-01234567&PeerVpcId=vpc-01234567&PeerRegion=mars-1",
    "InvalidParameterValue"
)]
#[case::accept(
    "AcceptVpcPeeringConnection",
    "VpcPeeringConnectionId=pcx-01234567",
    "InvalidVpcPeeringConnectionID.NotFound"
)]
#[case::malformed("DeleteVpcPeeringConnection", "VpcPeeringConnectionId=x", "InvalidVpcPeeringConnectionId.Malformed")]
#[case::describe(
    "DescribeVpcPeeringConnections",
    "VpcPeeringConnectionId.1=pcx-01234567",
    "InvalidVpcPeeringConnectionID.NotFound"
)]
#[case::no_options("ModifyVpcPeeringConnectionOptions", "VpcPeeringConnectionId=pcx-01234567", "MissingParameter")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn options_are_for_connections_in_use() {
    let (mut world, one, other) = world();
    let id = ask(&mut world, &one, &other);
    let form = format!(
        "VpcPeeringConnectionId={id}&RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true\
         &AccepterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink=false"
    );
    let refused = world.call("ModifyVpcPeeringConnectionOptions", &form);
    let message = format!("Peering {id} is not active. Peering options can be added only to active peerings.");
    assert_eq!((refused.code, refused.text("Message")), (Some("OperationNotPermitted"), message.as_str()));
    call(&mut world, "Accept", &id).ok();
    world.pass("0s");
    insta::assert_snapshot!(world.call("ModifyVpcPeeringConnectionOptions", &form).ok().lines());
    let found = world.call("DescribeVpcPeeringConnections", "").ok();
    assert_eq!(found.texts("allowDnsResolutionFromRemoteVpc"), ["false", "true"], "the accepter comes first");
    let several = format!(
        "VpcPeeringConnectionId={id}&AccepterPeeringConnectionOptions.AllowMultipathResilience=true\
         &AccepterPeeringConnectionOptions.MultipathResilienceMode=always-on"
    );
    assert_eq!(world.call("ModifyVpcPeeringConnectionOptions", &several).code, Some("InvalidParameterValue"));
}

#[test]
fn routes_lead_over_connections_in_use() {
    let (mut world, one, other) = world();
    let third = world.call("CreateVpc", "CidrBlock=10.2.0.0/16").ok().text("vpcId").to_owned();
    let id = ask(&mut world, &one, &other);
    let table = |world: &mut World, vpc: &str| {
        let form = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        world.call("DescribeRouteTables", &form).ok().text("routeTableId").to_owned()
    };
    let is_dead = |world: &mut World, table: &str| {
        let form = format!("RouteTableId.1={table}");
        let found = world.call("DescribeRouteTables", &form).ok();
        found.texts("state").contains(&"blackhole")
    };
    let (mine, foreign) = (table(&mut world, &one), table(&mut world, &third));
    let route =
        |table: &str| format!("RouteTableId={table}&DestinationCidrBlock=10.1.0.0/16&VpcPeeringConnectionId={id}");
    assert_eq!(world.call("CreateRoute", &route(&foreign)).code, Some("InvalidParameterValue"));
    world.call("CreateRoute", &route(&mine)).ok();
    assert!(is_dead(&mut world, &mine));
    call(&mut world, "Accept", &id).ok();
    world.pass("0s");
    assert!(!is_dead(&mut world, &mine));
    call(&mut world, "Delete", &id).ok();
    assert!(is_dead(&mut world, &mine));
}

#[test]
fn a_vpc_takes_its_connections_along() {
    let (mut world, one, other) = world();
    let id = ask(&mut world, &one, &other);
    call(&mut world, "Accept", &id).ok();
    world.pass("0s");
    world.call("DeleteVpc", &format!("VpcId={other}")).ok();
    assert_eq!(code(&mut world).as_deref(), Some("deleted"));
}

#[rstest]
#[case::accepter_block("accepter-vpc-info.cidr-block", "10.1.0.0/16", 1)]
#[case::requester_block("requester-vpc-info.cidr-block", "10.1.0.0/16", 0)]
#[case::owner("accepter-vpc-info.owner-id", "111122223333", 1)]
#[case::status("status-code", "active", 1)]
#[case::message("status-message", "Act*", 1)]
#[case::no_expiration("expiration-time", "*", 0)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: usize) {
    let (mut world, one, other) = world();
    let id = ask(&mut world, &one, &other);
    call(&mut world, "Accept", &id).ok();
    world.pass("0s");
    let reply = world.call("DescribeVpcPeeringConnections", &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"));
    assert_eq!(reply.ok().texts("code").len(), found);
}
