//! Connect attachments and their peers.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::{Delays, Quotas};

use super::attachment::attached;
use crate::testing::{Reply, World};

/// A Connect attachment that a VPC's attachment carries. The gateway has a block of addresses.
struct Net {
    world: World,
    gateway: String,
    transport: String,
    connect: String,
}

fn net() -> Net {
    let (mut world, gateway, transport) = attached();
    let blocks = format!(
        "TransitGatewayId={gateway}&Options.AddTransitGatewayCidrBlocks.1=10.99.0.0/24\
         &Options.AddTransitGatewayCidrBlocks.2=2001:db8::/64"
    );
    world.call("ModifyTransitGateway", &blocks).ok();
    world.model.settle(world.now);
    let connect = create(&mut world, &transport, "").ok().text("transitGatewayAttachmentId").to_owned();
    world.model.settle(world.now);
    Net { world, gateway, transport, connect }
}

fn create(world: &mut World, transport: &str, more: &str) -> Reply {
    let form = format!("TransportTransitGatewayAttachmentId={transport}&Options.Protocol=gre&{more}");
    world.call("CreateTransitGatewayConnect", &form)
}

impl Net {
    fn peer(&mut self, form: &str) -> Reply {
        let form = format!("TransitGatewayAttachmentId={}&{form}", self.connect);
        self.world.call("CreateTransitGatewayConnectPeer", &form)
    }

    fn call(&mut self, action: &str, form: &str) -> Reply {
        let reply = self.world.call(action, form);
        self.world.model.settle(self.world.now);
        reply
    }
}

const PEER: &str = "PeerAddress=10.0.0.9&InsideCidrBlocks.1=169.254.6.0/29";

#[test]
fn an_attachments_life() {
    let (mut world, gateway, transport) = attached();
    let minute = SignedDuration::from_secs(60);
    world.model.set_delays(Delays { transit_gateway: minute, ..Delays::default() });
    let later = |world: &mut World| {
        world.now += minute;
        world.model.advance(world.now);
    };
    let tags = "TagSpecification.1.ResourceType=transit-gateway-attachment&TagSpecification.1.Tag.1.Key=k";
    let made = create(&mut world, &transport, tags).ok();
    assert_eq!(made.text("state"), "pending");
    let id = made.text("transitGatewayAttachmentId").to_owned();
    let named = format!("TransitGatewayAttachmentId={id}");
    assert_eq!(world.call("DeleteTransitGatewayConnect", &named).code, Some("IncorrectState"));
    later(&mut world);
    insta::assert_snapshot!(
        world.call("DescribeTransitGatewayConnects", "Filter.1.Name=tag-key&Filter.1.Value.1=k").ok().lines()
    );
    let any = world.call("DescribeTransitGatewayAttachments", &format!("TransitGatewayAttachmentIds.1={id}")).ok();
    assert_eq!((any.text("resourceType"), any.text("resourceId")), ("connect", transport.as_str()));
    assert_eq!(any.texts("state"), ["available", "associated"]);
    let carrier = format!("TransitGatewayAttachmentId={transport}");
    assert_eq!(world.call("DeleteTransitGatewayVpcAttachment", &carrier).code, Some("IncorrectState"));
    let gone = world.call("DeleteTransitGatewayConnect", &named).ok();
    assert_eq!((gone.text("state"), gone.text("transitGatewayId")), ("deleting", gateway.as_str()));
    later(&mut world);
    assert_eq!(world.call("DescribeTransitGatewayConnects", "").ok().texts("state"), ["deleted"]);
    let again = world.call("DeleteTransitGatewayConnect", &named);
    assert_eq!(again.code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
    world.call("DeleteTransitGatewayVpcAttachment", &carrier).ok();
}

#[rstest]
#[case::protocol("TransportTransitGatewayAttachmentId=TRANSPORT", "MissingParameter")]
#[case::other_protocol("TransportTransitGatewayAttachmentId=TRANSPORT&Options.Protocol=ipip", "InvalidParameterValue")]
#[case::by_itself("TransportTransitGatewayAttachmentId=CONNECT&Options.Protocol=gre", "InvalidParameterValue")]
#[case::not_there(
    "TransportTransitGatewayAttachmentId=tgw-attach-01234567&Options.Protocol=gre",
    "InvalidTransitGatewayAttachmentID.NotFound"
)]
fn attachments_that_cannot_be(#[case] form: &str, #[case] code: &str) {
    let mut net = net();
    let form = form.replace("TRANSPORT", &net.transport).replace("CONNECT", &net.connect);
    assert_eq!(net.call("CreateTransitGatewayConnect", &form).code, Some(code));
}

#[test]
fn attachments_of_other_kinds_are_not_found() {
    let mut net = net();
    let transport = format!("TransitGatewayAttachmentId={}", net.transport);
    for action in ["DeleteTransitGatewayConnect", "CreateTransitGatewayConnectPeer"] {
        let more = if action.starts_with("Create") { PEER } else { "" };
        let refused = net.call(action, &format!("{transport}&{more}"));
        assert_eq!(refused.code, Some("InvalidTransitGatewayAttachmentID.NotFound"), "{action}");
    }
    let described = format!("TransitGatewayAttachmentIds.1={}", net.transport);
    let refused = net.call("DescribeTransitGatewayConnects", &described);
    assert_eq!(refused.code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
    assert_eq!(net.call("DescribeTransitGatewayVpcAttachments", "").ok().texts("vpcId").len(), 1);
}

#[test]
fn a_peers_life() {
    let mut net = net();
    let minute = SignedDuration::from_secs(60);
    net.world.model.set_delays(Delays { transit_gateway: minute, ..Delays::default() });
    let later = |net: &mut Net| {
        net.world.now += minute;
        net.world.model.advance(net.world.now);
    };
    let tags = "TagSpecification.1.ResourceType=transit-gateway-connect-peer&TagSpecification.1.Tag.1.Key=k";
    let made = net.peer(&format!("{PEER}&BgpOptions.PeerAsn=65010&InsideCidrBlocks.2=fd00::8/125&{tags}")).ok();
    assert_eq!(made.text("state"), "pending");
    let id = made.text("transitGatewayConnectPeerId").to_owned();
    later(&mut net);
    let described =
        net.world.call("DescribeTransitGatewayConnectPeers", "Filter.1.Name=state&Filter.1.Value.1=available");
    insta::assert_snapshot!("peer", described.ok().lines());
    let connect = format!("TransitGatewayAttachmentId={}", net.connect);
    assert_eq!(net.world.call("DeleteTransitGatewayConnect", &connect).code, Some("IncorrectState"));
    let blocks = format!("TransitGatewayId={}&Options.RemoveTransitGatewayCidrBlocks.1=10.99.0.0/24", net.gateway);
    assert_eq!(net.world.call("ModifyTransitGateway", &blocks).code, Some("IncorrectState"));
    let peer = format!("TransitGatewayConnectPeerId={id}");
    assert_eq!(net.world.call("DeleteTransitGatewayConnectPeer", &peer).ok().text("state"), "deleting");
    assert_eq!(net.world.call("DeleteTransitGatewayConnectPeer", &peer).code, Some("IncorrectState"));
    later(&mut net);
    let again = net.world.call("DeleteTransitGatewayConnectPeer", &peer);
    assert_eq!(again.code, Some("InvalidTransitGatewayConnectPeerID.NotFound"));
    net.world.call("DeleteTransitGatewayConnect", &connect).ok();
    net.world.call("ModifyTransitGateway", &blocks).ok();
}

#[rstest]
#[case::next("PeerAddress=10.0.0.9&InsideCidrBlocks.1=169.254.7.0/29", "10.99.0.2")]
#[case::ipv6("PeerAddress=2001:db8:9::1&InsideCidrBlocks.1=169.254.7.0/29", "2001:db8::1")]
#[case::asked("PeerAddress=10.0.0.9&TransitGatewayAddress=10.99.0.77&InsideCidrBlocks.1=169.254.7.0/29", "10.99.0.77")]
#[case::shared("PeerAddress=10.0.0.8&TransitGatewayAddress=10.99.0.1&InsideCidrBlocks.1=169.254.7.0/29", "10.99.0.1")]
fn where_tunnels_end(#[case] form: &str, #[case] expected: &str) {
    let mut net = net();
    net.peer(PEER).ok();
    let made = net.peer(form).ok();
    assert_eq!(made.text("transitGatewayAddress"), expected);
    assert_eq!(made.text("peerAsn"), "64512", "the gateway's unless said");
}

#[rstest]
#[case::reserved("PeerAddress=10.0.0.8&InsideCidrBlocks.1=169.254.5.0/29")]
#[case::length("PeerAddress=10.0.0.8&InsideCidrBlocks.1=169.254.7.0/30")]
#[case::elsewhere("PeerAddress=10.0.0.8&InsideCidrBlocks.1=10.0.0.0/29")]
#[case::host_bits("PeerAddress=10.0.0.8&InsideCidrBlocks.1=169.254.7.1/29")]
#[case::used("PeerAddress=10.0.0.8&InsideCidrBlocks.1=169.254.6.0/29")]
#[case::ipv6_only("PeerAddress=10.0.0.8&InsideCidrBlocks.1=fd00::/125")]
#[case::two("PeerAddress=10.0.0.8&InsideCidrBlocks.1=169.254.7.0/29&InsideCidrBlocks.2=169.254.8.0/29")]
#[case::ipv6_elsewhere("PeerAddress=10.0.0.8&InsideCidrBlocks.1=169.254.7.0/29&InsideCidrBlocks.2=fe80::/125")]
#[case::families("PeerAddress=10.0.0.8&TransitGatewayAddress=2001:db8::1&InsideCidrBlocks.1=169.254.7.0/29")]
#[case::outside("PeerAddress=10.0.0.8&TransitGatewayAddress=10.98.0.1&InsideCidrBlocks.1=169.254.7.0/29")]
#[case::same("PeerAddress=10.0.0.9&TransitGatewayAddress=10.99.0.1&InsideCidrBlocks.1=169.254.7.0/29")]
fn tunnels_that_cannot_be(#[case] form: &str) {
    let mut net = net();
    net.peer(PEER).ok();
    assert_eq!(net.peer(form).code, Some("InvalidParameterValue"));
}

#[test]
fn a_gateway_without_blocks_has_no_tunnels() {
    let (mut world, gateway, transport) = attached();
    let connect = create(&mut world, &transport, "").ok().text("transitGatewayAttachmentId").to_owned();
    world.model.settle(world.now);
    let mut net = Net { world, gateway, transport, connect };
    assert_eq!(net.peer(PEER).code, Some("InvalidParameterValue"));
}

#[test]
fn an_attachment_has_four_peers() {
    let mut net = net();
    let mut peer = |at: u8| net.peer(&format!("PeerAddress=10.0.0.{at}&InsideCidrBlocks.1=169.254.{at}.0/29"));
    (6..10).for_each(|at| drop(peer(at).ok()));
    assert_eq!(peer(10).code, Some("TransitGatewayConnectPeerLimitExceeded"));
    net.world.model.set_quotas(Quotas { connect_peers_per_attachment: 5, ..Quotas::default() });
    net.peer("PeerAddress=10.0.0.10&InsideCidrBlocks.1=169.254.10.0/29").ok();
}
