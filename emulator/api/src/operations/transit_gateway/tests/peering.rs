//! Transit gateways that are attached to each other.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::{Delays, Quotas};

use super::attachment::attached;
use super::world;
use crate::testing::{Reply, World};

struct Net {
    world: World,
    requester: String,
    accepter: String,
}

/// Two transit gateways. Things take a minute.
fn net() -> Net {
    let (mut world, requester) = world();
    let accepter = world.call("CreateTransitGateway", "").ok().text("transitGatewayId").to_owned();
    world.model.settle(world.now);
    let minute = SignedDuration::from_secs(60);
    world.model.set_delays(Delays { transit_gateway: minute, ..Delays::default() });
    Net { world, requester, accepter }
}

impl Net {
    fn ask(&mut self, more: &str) -> Reply {
        let gateways = format!("TransitGatewayId={}&PeerTransitGatewayId={}", self.requester, self.accepter);
        let form = format!("{gateways}&PeerAccountId=111122223333&PeerRegion=us-east-1&{more}");
        self.world.call("CreateTransitGatewayPeeringAttachment", &form)
    }

    fn wait(&mut self) {
        self.world.now += SignedDuration::from_secs(60);
        self.world.model.advance(self.world.now);
    }

    /// The requester's and the accepter's attachment, of which nobody has answered the latter.
    fn asked(&mut self) -> [String; 2] {
        let made = self.ask("").ok();
        self.wait();
        let ids = ["transitGatewayAttachmentId", "accepterTransitGatewayAttachmentId"];
        ids.map(|name| made.text(name).to_owned())
    }

    fn act(&mut self, verb: &str, id: &str) -> Reply {
        let action = format!("{verb}TransitGatewayPeeringAttachment");
        self.world.call(&action, &format!("TransitGatewayAttachmentId={id}"))
    }

    fn states(&mut self) -> Vec<String> {
        let all = self.world.call("DescribeTransitGatewayPeeringAttachments", "").ok();
        all.texts("state").into_iter().map(ToOwned::to_owned).collect()
    }
}

#[test]
fn two_gateways_from_request_to_end() {
    let mut net = net();
    let tags = "TagSpecification.1.ResourceType=transit-gateway-attachment&TagSpecification.1.Tag.1.Key=k";
    let made = net.ask(&format!("Options.DynamicRouting=disable&{tags}")).ok();
    insta::assert_snapshot!(made.lines());
    let ids = ["transitGatewayAttachmentId", "accepterTransitGatewayAttachmentId"];
    let [own, peer] = ids.map(|name| made.text(name).to_owned());
    assert_eq!(net.act("Accept", &peer).code, Some("IncorrectState"), "it has not arrived");
    net.wait();
    assert_eq!(net.states(), ["pendingAcceptance"; 2]);
    let table = net.world.call("DescribeTransitGatewayAttachments", "").ok();
    assert!(table.texts("transitGatewayRouteTableId").is_empty(), "not associated before it is accepted");
    assert_eq!(net.act("Accept", &own).code, Some("InvalidParameterValue"));
    assert_eq!(net.act("Accept", &peer).ok().text("state"), "pending");
    net.wait();
    assert_eq!(net.states(), ["available"; 2]);
    assert_eq!(net.act("Accept", &peer).code, Some("IncorrectState"));
    assert_eq!(net.act("Modify", &own).ok().text("state"), "modifying");
    net.wait();
    insta::assert_snapshot!("any", net.world.call("DescribeTransitGatewayAttachments", "").ok().lines());
    let of_gateway = format!("Filter.1.Name=transit-gateway-id&Filter.1.Value.1={}", net.accepter);
    let found = net.world.call("DescribeTransitGatewayPeeringAttachments", &of_gateway).ok();
    assert_eq!(found.texts("transitGatewayAttachmentId"), [peer.as_str()]);
    let gateway = format!("TransitGatewayId={}", net.accepter);
    assert_eq!(net.world.call("DeleteTransitGateway", &gateway).code, Some("IncorrectState"));
    assert_eq!(net.act("Delete", &peer).ok().text("state"), "deleting");
    net.wait();
    assert_eq!(net.states(), ["deleted"; 2]);
    assert_eq!(net.act("Delete", &own).code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
    net.world.call("DeleteTransitGateway", &gateway).ok();
}

#[rstest]
#[case::rejected_by_accepter("Reject", 1, Ok("rejecting"))]
#[case::rejected_by_requester("Reject", 0, Err("InvalidParameterValue"))]
#[case::withdrawn("Delete", 0, Ok("deleting"))]
#[case::deleted_by_accepter("Delete", 1, Ok("deleting"))]
#[case::changed("Modify", 0, Err("IncorrectState"))]
fn before_an_answer(#[case] verb: &str, #[case] side: usize, #[case] expected: Result<&str, &str>) {
    let mut net = net();
    let ids = net.asked();
    let reply = net.act(verb, &ids[side]);
    match expected {
        Ok(state) => assert_eq!(reply.ok().text("state"), state),
        Err(code) => assert_eq!(reply.code, Some(code)),
    }
    net.wait();
    let after = match (verb, expected) {
        (_, Err(_)) => "pendingAcceptance",
        ("Reject", _) => "rejected",
        _ => "deleted",
    };
    assert_eq!(net.states(), [after; 2]);
    assert_eq!(net.ask("").code.is_none(), expected.is_ok(), "there is one request at a time");
}

#[rstest]
#[case::region("PeerAccountId=111122223333&PeerRegion=eu-west-1", "UnsupportedOperation")]
#[case::account("PeerAccountId=444455556666&PeerRegion=us-east-1", "UnsupportedOperation")]
#[case::no_region("PeerAccountId=111122223333", "MissingParameter")]
#[case::routing(
    "PeerAccountId=111122223333&PeerRegion=us-east-1&Options.DynamicRouting=enable",
    "UnsupportedOperation"
)]
#[case::resilience(
    "PeerAccountId=111122223333&PeerRegion=us-east-1&Options.AllowMultipathResilience=true",
    "InvalidParameterCombination"
)]
fn requests_that_cannot_be(#[case] form: &str, #[case] code: &str) {
    let mut net = net();
    let form = format!("TransitGatewayId={}&PeerTransitGatewayId={}&{form}", net.requester, net.accepter);
    assert_eq!(net.world.call("CreateTransitGatewayPeeringAttachment", &form).code, Some(code));
}

#[rstest]
#[case::itself("REQUESTER", "InvalidParameterValue")]
#[case::gone("tgw-01234567", "InvalidTransitGatewayID.NotFound")]
fn peers_that_cannot_be(#[case] peer: &str, #[case] code: &str) {
    let mut net = net();
    net.accepter = peer.replace("REQUESTER", &net.requester);
    assert_eq!(net.ask("").code, Some(code));
}

#[test]
fn gateways_route_to_each_other_by_static_routes() {
    let mut net = net();
    let [own, peer] = net.asked();
    net.act("Accept", &peer).ok();
    net.wait();
    let of = format!("Filter.1.Name=transit-gateway-id&Filter.1.Value.1={}", net.requester);
    let table = net.world.call("DescribeTransitGatewayRouteTables", &of).ok();
    let table = format!("TransitGatewayRouteTableId={}", table.text("transitGatewayRouteTableId"));
    let pair = format!("{table}&TransitGatewayAttachmentId={own}");
    let refused = net.world.call("EnableTransitGatewayRouteTablePropagation", &pair);
    assert_eq!(refused.code, Some("InvalidParameterValue"));
    let route = net.world.call("CreateTransitGatewayRoute", &format!("{pair}&DestinationCidrBlock=10.8.0.0/16")).ok();
    assert_eq!((route.text("resourceType"), route.text("resourceId")), ("peering", net.accepter.as_str()));
    net.act("Delete", &peer).ok();
    let search = format!("{table}&Filter.1.Name=type&Filter.1.Value.1=static");
    assert_eq!(net.world.call("SearchTransitGatewayRoutes", &search).ok().texts("state"), ["blackhole"]);
}

#[test]
fn a_gateway_has_so_many_peers() {
    let mut net = net();
    net.world.model.set_quotas(Quotas { transit_gateway_peerings: 0, ..Quotas::default() });
    assert_eq!(net.ask("").code, Some("TransitGatewayAttachmentLimitExceeded"));
}

#[test]
fn attachments_of_other_kinds_are_not_found() {
    let (mut world, _, vpc) = attached();
    for verb in ["Accept", "Reject", "Modify", "Delete"] {
        let action = format!("{verb}TransitGatewayPeeringAttachment");
        let refused = world.call(&action, &format!("TransitGatewayAttachmentId={vpc}"));
        assert_eq!(refused.code, Some("InvalidTransitGatewayAttachmentID.NotFound"), "{verb}");
    }
}
