//! Rules that name groups of other VPCs.

use rstest::rstest;

use crate::testing::{Reply, World};

/// Two peered VPCs with a group each.
struct Peers {
    world: World,
    vpcs: [String; 2],
    groups: [String; 2],
    peering: String,
}

fn peers() -> Peers {
    let mut world = World::new();
    let vpcs = ["10.0.0.0/16", "10.1.0.0/16"]
        .map(|block| world.call("CreateVpc", &format!("CidrBlock={block}")).ok().text("vpcId").to_owned());
    let groups = [0, 1].map(|at| {
        let form = format!("VpcId={}&GroupName=g{at}&GroupDescription=d", vpcs[at]);
        world.call("CreateSecurityGroup", &form).ok().text("groupId").to_owned()
    });
    let form = format!("VpcId={}&PeerVpcId={}", vpcs[0], vpcs[1]);
    let peering = world.call("CreateVpcPeeringConnection", &form).ok().text("vpcPeeringConnectionId").to_owned();
    world.pass("0s");
    Peers { world, vpcs, groups, peering }
}

impl Peers {
    fn peering(&mut self, verb: &str) {
        let form = format!("VpcPeeringConnectionId={}", self.peering);
        self.world.call(&format!("{verb}VpcPeeringConnection"), &form).ok();
        self.world.pass("0s");
    }

    /// Calls for a rule of the first group that names the second.
    fn rule(&mut self, action: &str, more: &str) -> Reply {
        let [one, other] = &self.groups;
        let form = format!(
            "GroupId={one}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80\
             &IpPermissions.1.Groups.1.GroupId={other}{more}"
        );
        self.world.call(action, &form)
    }
}

#[test]
fn a_peer_s_group_is_named_while_the_connection_is_in_use() {
    let mut peers = peers();
    let refused = peers.rule("AuthorizeSecurityGroupIngress", "");
    let message = "You have specified two resources that belong to different networks.";
    assert_eq!((refused.code, refused.text("Message")), (Some("InvalidGroup.NotFound"), message));
    peers.peering("Accept");
    let more = format!("&IpPermissions.1.Groups.1.VpcPeeringConnectionId={}", peers.peering);
    insta::assert_snapshot!("added", peers.rule("AuthorizeSecurityGroupIngress", &more).ok().lines());
    assert_eq!(peers.rule("AuthorizeSecurityGroupIngress", "").code, Some("InvalidPermission.Duplicate"));
    let group = format!("GroupId.1={}", peers.groups[0]);
    let found = peers.world.call("DescribeSecurityGroups", &group).ok();
    assert_eq!((found.text("peeringStatus"), found.texts("vpcId").len()), ("active", 2));
    let references = peers.world.call("DescribeSecurityGroupReferences", &format!("GroupId.1={}", peers.groups[1]));
    insta::assert_snapshot!("references", references.ok().lines());
    peers.world.model.check_invariants().unwrap();
}

#[rstest]
#[case::connection(true)]
#[case::group(false)]
fn what_is_gone_makes_rules_stale(#[case] connection: bool) {
    let mut peers = peers();
    peers.peering("Accept");
    peers.rule("AuthorizeSecurityGroupIngress", "").ok();
    let stale = |peers: &mut Peers| {
        let form = format!("VpcId={}", peers.vpcs[0]);
        peers.world.call("DescribeStaleSecurityGroups", &form).ok()
    };
    assert_eq!(stale(&mut peers).texts("groupId").len(), 0);
    if connection {
        peers.peering("Delete");
        insta::assert_snapshot!("stale", stale(&mut peers).lines());
        peers.world.pass("48h");
        assert_eq!(stale(&mut peers).text("peeringStatus"), "deleted");
    } else {
        let form = format!("GroupId={}", peers.groups[1]);
        peers.world.call("DeleteSecurityGroup", &form).ok();
        assert_eq!(stale(&mut peers).text("peeringStatus"), "active");
    }
    peers.rule("RevokeSecurityGroupIngress", "").ok();
    assert_eq!(stale(&mut peers).texts("groupId").len(), 0);
}

#[rstest]
#[case::nobody("&IpPermissions.1.Groups.1.UserId=444455556666", "InvalidGroup.NotFound")]
#[case::connection(
    "&IpPermissions.1.Groups.1.VpcPeeringConnectionId=pcx-01234567",
    "InvalidVpcPeeringConnectionID.NotFound"
)]
fn who_is_no_peer(#[case] more: &str, #[case] code: &str) {
    let mut peers = peers();
    peers.peering("Accept");
    assert_eq!(peers.rule("AuthorizeSecurityGroupIngress", more).code, Some(code));
}

#[rstest]
#[case::references("DescribeSecurityGroupReferences", "GroupId.1=sg-01234567", "InvalidGroup.NotFound")]
#[case::no_group("DescribeSecurityGroupReferences", "", "MissingParameter")]
#[case::stale("DescribeStaleSecurityGroups", "VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
#[case::pages("DescribeStaleSecurityGroups", "VpcId=vpc-01234567&MaxResults=256", "InvalidParameterValue")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}
