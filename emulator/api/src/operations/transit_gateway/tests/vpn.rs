//! VPN connections that end at transit gateways.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::{Delays, Quotas};

use super::attachment::attached;
use super::world;
use crate::testing::{Reply, World};

/// The parameters of connections from a new customer gateway to a transit gateway.
fn ends(world: &mut World, gateway: &str) -> String {
    let new = "Type=ipsec.1&IpAddress=198.51.100.7&BgpAsn=65010";
    let customer = world.call("CreateCustomerGateway", new).ok().text("customerGatewayId").to_owned();
    world.model.settle(world.now);
    format!("Type=ipsec.1&CustomerGatewayId={customer}&TransitGatewayId={gateway}")
}

/// A transit gateway and a connection that ends at it, by static routes.
fn connected() -> (World, String, String) {
    let (mut world, gateway) = world();
    let form = format!("{}&Options.StaticRoutesOnly=true", ends(&mut world, &gateway));
    let id = world.call("CreateVpnConnection", &form).ok().text("vpnConnectionId").to_owned();
    world.model.settle(world.now);
    (world, gateway, id)
}

/// The attachments of VPN connections.
fn attachments(world: &mut World) -> Reply {
    let form = "Filter.1.Name=resource-type&Filter.1.Value.1=vpn";
    world.call("DescribeTransitGatewayAttachments", form).ok()
}

fn modify(world: &mut World, id: &str, form: &str) -> Reply {
    world.call("ModifyVpnConnection", &format!("VpnConnectionId={id}&{form}"))
}

#[test]
fn a_connection_has_an_attachment() {
    let (mut world, gateway) = world();
    let minute = SignedDuration::from_secs(60);
    let ends = ends(&mut world, &gateway);
    world.model.set_delays(Delays { transit_gateway: minute, vpn: minute, ..Delays::default() });
    let made = world.call("CreateVpnConnection", &ends).ok();
    assert_eq!((made.text("state"), made.text("transitGatewayId")), ("pending", gateway.as_str()));
    assert!(made.texts("vpnGatewayId").is_empty());
    let id = made.text("vpnConnectionId").to_owned();
    let later = |world: &mut World| {
        world.now += minute;
        world.model.advance(world.now);
    };
    assert_eq!(attachments(&mut world).texts("state"), ["pending", "associating"]);
    later(&mut world);
    insta::assert_snapshot!(attachments(&mut world).lines());
    let by_gateway = format!("Filter.1.Name=transit-gateway-id&Filter.1.Value.1={gateway}");
    assert_eq!(world.call("DescribeVpnConnections", &by_gateway).ok().text("vpnConnectionId"), id);
    assert!(world.call("DescribeTransitGatewayVpcAttachments", "").ok().texts("state").is_empty());
    let refused = world.call("DeleteTransitGateway", &format!("TransitGatewayId={gateway}"));
    assert_eq!(refused.code, Some("IncorrectState"));
    world.call("DeleteVpnConnection", &format!("VpnConnectionId={id}")).ok();
    assert_eq!(attachments(&mut world).texts("state"), ["deleting", "disassociating"]);
    later(&mut world);
    assert_eq!(attachments(&mut world).texts("state"), ["deleted"]);
    world.call("DeleteTransitGateway", &format!("TransitGatewayId={gateway}")).ok();
}

#[test]
fn a_vpc_attachments_actions_do_not_find_it() {
    let (mut world, ..) = connected();
    let attachment = attachments(&mut world).text("transitGatewayAttachmentId").to_owned();
    let named = format!("TransitGatewayAttachmentId={attachment}");
    for action in [
        "DeleteTransitGatewayVpcAttachment",
        "AcceptTransitGatewayVpcAttachment",
        "RejectTransitGatewayVpcAttachment",
        "ModifyTransitGatewayVpcAttachment",
    ] {
        let refused = world.call(action, &named);
        assert_eq!(refused.code, Some("InvalidTransitGatewayAttachmentID.NotFound"), "{action}");
    }
    let described = format!("TransitGatewayAttachmentIds.1={attachment}");
    let refused = world.call("DescribeTransitGatewayVpcAttachments", &described);
    assert_eq!(refused.code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
}

#[test]
fn routes_are_the_gateways() {
    let (mut world, _, id) = connected();
    let own = format!("VpnConnectionId={id}&DestinationCidrBlock=192.168.0.0/16");
    assert_eq!(world.call("CreateVpnConnectionRoute", &own).code, Some("InvalidVpnConnection.InvalidType"));
    let attachment = attachments(&mut world).text("transitGatewayAttachmentId").to_owned();
    let table = world.call("DescribeTransitGatewayRouteTables", "").ok().text("transitGatewayRouteTableId").to_owned();
    let propagations =
        world.call("GetTransitGatewayAttachmentPropagations", &format!("TransitGatewayAttachmentId={attachment}")).ok();
    assert_eq!(propagations.text("transitGatewayRouteTableId"), table);
    let route = format!(
        "TransitGatewayRouteTableId={table}&DestinationCidrBlock=192.168.0.0/16&TransitGatewayAttachmentId={attachment}"
    );
    let made = world.call("CreateTransitGatewayRoute", &route).ok();
    assert_eq!((made.text("resourceType"), made.text("resourceId")), ("vpn", id.as_str()));
    let search =
        format!("TransitGatewayRouteTableId={table}&Filter.1.Name=attachment.resource-type&Filter.1.Value.1=vpn");
    assert_eq!(world.call("SearchTransitGatewayRoutes", &search).ok().texts("state"), ["active"]);
    world.call("DeleteVpnConnection", &format!("VpnConnectionId={id}")).ok();
    world.model.settle(world.now);
    assert_eq!(world.call("SearchTransitGatewayRoutes", &search).ok().texts("state"), ["blackhole"]);
}

#[test]
fn a_connection_moves_between_gateways() {
    let (mut world, gateway, id) = connected();
    let virtual_gateway = world.call("CreateVpnGateway", "Type=ipsec.1").ok().text("vpnGatewayId").to_owned();
    world.model.settle(world.now);
    let same = modify(&mut world, &id, &format!("TransitGatewayId={gateway}")).ok();
    assert_eq!(same.text("state"), "modifying");
    world.model.settle(world.now);
    assert_eq!(attachments(&mut world).texts("transitGatewayAttachmentId").len(), 1);
    let away = modify(&mut world, &id, &format!("VpnGatewayId={virtual_gateway}")).ok();
    assert_eq!((away.text("vpnGatewayId"), away.texts("transitGatewayId").len()), (virtual_gateway.as_str(), 0));
    world.model.settle(world.now);
    assert_eq!(attachments(&mut world).texts("state"), ["deleted"]);
    let route = format!("VpnConnectionId={id}&DestinationCidrBlock=192.168.0.0/16");
    world.call("CreateVpnConnectionRoute", &route).ok();
    world.model.settle(world.now);
    let back = format!("TransitGatewayId={gateway}");
    assert_eq!(modify(&mut world, &id, &back).code, Some("IncorrectState"));
    world.call("DeleteVpnConnectionRoute", &route).ok();
    world.model.settle(world.now);
    assert_eq!(modify(&mut world, &id, &back).ok().text("transitGatewayId"), gateway);
    world.model.settle(world.now);
    assert_eq!(attachments(&mut world).texts("state").len(), 3, "the old one, the new one and its association");
    let both = format!("{back}&VpnGatewayId={virtual_gateway}");
    assert_eq!(modify(&mut world, &id, &both).code, Some("InvalidParameterCombination"));
    assert_eq!(modify(&mut world, &id, "TransitGatewayId=tgw-01234567").code, Some("InvalidTransitGatewayID.NotFound"));
}

#[rstest]
#[case::acceleration("Options.EnableAcceleration=true")]
#[case::ipv6("Options.TunnelInsideIpVersion=ipv6")]
fn what_virtual_gateways_do_not_have(#[case] form: &str) {
    let (mut world, gateway) = world();
    let ends = ends(&mut world, &gateway);
    let made = world.call("CreateVpnConnection", &format!("{ends}&{form}")).ok();
    let id = made.text("vpnConnectionId").to_owned();
    assert_eq!(made.text("enableAcceleration"), form.contains("Acceleration").to_string());
    let virtual_gateway = world.call("CreateVpnGateway", "Type=ipsec.1").ok().text("vpnGatewayId").to_owned();
    world.model.settle(world.now);
    let moved = modify(&mut world, &id, &format!("VpnGatewayId={virtual_gateway}"));
    assert_eq!(moved.code, Some("InvalidParameterCombination"));
}

#[test]
fn a_gateway_has_room_for_some_attachments() {
    let (mut world, gateway, _) = attached();
    let ends = ends(&mut world, &gateway);
    world.model.set_quotas(Quotas { transit_gateway_attachments: 1, ..Quotas::default() });
    assert_eq!(world.call("CreateVpnConnection", &ends).code, Some("TransitGatewayAttachmentLimitExceeded"));
}
