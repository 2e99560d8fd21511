//! VPN connections through the wire.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::{Delays, Quotas};

use crate::testing::{Reply, World};

struct Net {
    world: World,
    vpc: String,
    customer: String,
    gateway: String,
}

/// The default VPC with a gateway attached, and a customer's. Things take ten seconds.
fn net() -> Net {
    let mut world = World::with_default_vpc();
    let vpc = world.call("DescribeVpcs", "").ok().text("vpcId").to_owned();
    let new = "Type=ipsec.1&IpAddress=198.51.100.7&BgpAsn=65010";
    let customer = world.call("CreateCustomerGateway", new).ok().text("customerGatewayId").to_owned();
    let gateway = world.call("CreateVpnGateway", "Type=ipsec.1").ok().text("vpnGatewayId").to_owned();
    world.call("AttachVpnGateway", &format!("VpnGatewayId={gateway}&VpcId={vpc}")).ok();
    world.model.settle(world.now);
    world.model.set_delays(Delays { vpn: SignedDuration::from_secs(10), ..Delays::default() });
    Net { world, vpc, customer, gateway }
}

impl Net {
    fn create(&mut self, form: &str) -> Reply {
        let ends = format!("CustomerGatewayId={}&VpnGatewayId={}", self.customer, self.gateway);
        self.world.call("CreateVpnConnection", &format!("Type=ipsec.1&{ends}&{form}"))
    }

    fn wait(&mut self) {
        self.world.now += SignedDuration::from_secs(10);
        self.world.model.advance(self.world.now);
    }

    /// A connection with static routes that is available.
    fn connection(&mut self) -> String {
        let id = self.create("Options.StaticRoutesOnly=true").ok().text("vpnConnectionId").to_owned();
        self.wait();
        id
    }

    fn describe(&mut self, id: &str) -> Reply {
        self.world.call("DescribeVpnConnections", &format!("VpnConnectionId.1={id}")).ok()
    }
}

#[test]
fn a_connection_from_beginning_to_end() {
    let mut net = net();
    let made = net
        .create(
            "Options.TunnelOptions.1.TunnelInsideCidr=169.254.44.240/30&Options.TunnelOptions.1.PreSharedKey=1secret_key\
             &Options.TunnelOptions.1.IKEVersion.1.Value=ikev2&Options.TunnelOptions.1.Phase1LifetimeSeconds=3600\
             &Options.TunnelOptions.1.DPDTimeoutAction=restart&Options.TunnelOptions.1.Phase2DHGroupNumber.1.Value=14\
             &Options.TunnelOptions.1.LogOptions.CloudWatchLogOptions.LogEnabled=false",
        )
        .ok();
    assert_eq!(made.text("state"), "pending");
    let id = made.text("vpnConnectionId").to_owned();
    net.wait();
    insta::assert_snapshot!("available", net.describe(&id).lines());
    let delete = format!("VpnGatewayId={}", net.gateway);
    let both = format!("{delete}&VpcId={}", net.vpc);
    net.world.call("DetachVpnGateway", &both).ok();
    net.wait();
    assert_eq!(net.world.call("DeleteVpnGateway", &delete).code, Some("IncorrectState"));
    let customer = format!("CustomerGatewayId={}", net.customer);
    assert_eq!(net.world.call("DeleteCustomerGateway", &customer).code, Some("IncorrectState"));
    let connection = format!("VpnConnectionId={id}");
    net.world.call("DeleteVpnConnection", &connection).ok();
    assert_eq!(net.describe(&id).text("state"), "deleting");
    net.wait();
    let gone = net.describe(&id);
    assert_eq!(gone.text("state"), "deleted");
    assert!(gone.texts("customerGatewayConfiguration").is_empty());
    assert_eq!(net.world.call("DeleteVpnConnection", &connection).code, Some("InvalidVpnConnectionID.NotFound"));
    net.world.call("DeleteCustomerGateway", &customer).ok();
    net.world.call("DeleteVpnGateway", &delete).ok();
}

#[test]
fn static_routes_are_propagated() {
    let mut net = net();
    let id = net.connection();
    let table = net.world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
    let propagate = format!("RouteTableId={table}&GatewayId={}", net.gateway);
    net.world.call("EnableVgwRoutePropagation", &propagate).ok();
    let route = format!("VpnConnectionId={id}&DestinationCidrBlock=192.168.0.0/16");
    net.world.call("CreateVpnConnectionRoute", &route).ok();
    assert_eq!(net.describe(&id).texts("state"), ["available", "pending"]);
    net.wait();
    let shown = net.describe(&id);
    assert_eq!((shown.texts("state"), shown.text("acceptedRouteCount")), (vec!["available", "available"], "1"));
    let by_origin = "Filter.1.Name=route.origin&Filter.1.Value.1=EnableVgwRoutePropagation";
    let found = net.world.call("DescribeRouteTables", by_origin).ok();
    let last = |name: &str| found.texts(name).last().map(|text| (*text).to_owned());
    assert_eq!(last("destinationCidrBlock").as_deref(), Some("192.168.0.0/16"));
    assert_eq!(last("origin").as_deref(), Some("EnableVgwRoutePropagation"));
    net.world.call("DeleteVpnConnectionRoute", &route).ok();
    assert!(net.world.call("DescribeRouteTables", by_origin).ok().texts("routeTableId").is_empty());
    net.wait();
    assert_eq!(net.world.call("DeleteVpnConnectionRoute", &route).code, Some("InvalidRoute.NotFound"));
    let dynamic = net.create("").ok().text("vpnConnectionId").to_owned();
    let other = format!("VpnConnectionId={dynamic}&DestinationCidrBlock=192.168.0.0/16");
    let refused = net.world.call("CreateVpnConnectionRoute", &other);
    assert_eq!(refused.code, Some("InvalidVpnConnection.InvalidType"));
}

#[test]
fn changes() {
    let mut net = net();
    let id = net.connection();
    let before = net.describe(&id);
    let outside = before.text("outsideIpAddress").to_owned();
    let options = format!("VpnConnectionId={id}&LocalIpv4NetworkCidr=10.9.0.0/16");
    let changed = net.world.call("ModifyVpnConnectionOptions", &options).ok();
    assert_eq!((changed.text("state"), changed.text("localIpv4NetworkCidr")), ("modifying", "10.9.0.0/16"));
    net.wait();
    let tunnel = format!("VpnConnectionId={id}&VpnTunnelOutsideIpAddress={outside}&TunnelOptions.StartupAction=start");
    assert_eq!(net.world.call("ModifyVpnTunnelOptions", &tunnel).ok().texts("startupAction"), ["start"]);
    net.wait();
    let nobody = format!("VpnConnectionId={id}&VpnTunnelOutsideIpAddress=1.2.3.4&TunnelOptions.StartupAction=start");
    assert_eq!(net.world.call("ModifyVpnTunnelOptions", &nobody).code, Some("InvalidParameterValue"));
    let other = net.world.call("CreateVpnGateway", "Type=ipsec.1").ok().text("vpnGatewayId").to_owned();
    net.wait();
    let moved = format!("VpnConnectionId={id}&VpnGatewayId={other}");
    assert_eq!(net.world.call("ModifyVpnConnection", &moved).ok().text("vpnGatewayId"), other);
    net.wait();
    assert_eq!(net.describe(&id).text("state"), "available");
    let nothing = format!("VpnConnectionId={id}");
    assert_eq!(net.world.call("ModifyVpnConnection", &nothing).code, Some("MissingParameter"));
}

#[test]
fn the_same_connection_is_not_made_twice() {
    let mut net = net();
    let first = net.connection();
    assert_eq!(net.create("Options.StaticRoutesOnly=true").ok().text("vpnConnectionId"), first);
    net.world.model.set_quotas(Quotas { vpn_connections_per_gateway: 1, ..Quotas::default() });
    assert_eq!(net.create("").code, Some("VpnConnectionLimitExceeded"));
}

#[rstest]
#[case::reserved("Options.TunnelOptions.1.TunnelInsideCidr=169.254.0.0/30")]
#[case::elsewhere("Options.TunnelOptions.1.TunnelInsideCidr=10.0.0.0/30")]
#[case::length("Options.TunnelOptions.1.TunnelInsideCidr=169.254.9.0/29")]
#[case::twice(
    "Options.TunnelOptions.1.TunnelInsideCidr=169.254.9.0/30&Options.TunnelOptions.2.TunnelInsideCidr=169.254.9.0/30"
)]
#[case::key("Options.TunnelOptions.1.PreSharedKey=0secret_key")]
#[case::short_key("Options.TunnelOptions.1.PreSharedKey=secret")]
#[case::lifetime("Options.TunnelOptions.1.Phase2LifetimeSeconds=60")]
#[case::encryption("Options.TunnelOptions.1.Phase1EncryptionAlgorithm.1.Value=DES")]
#[case::bandwidth("Options.TunnelBandwidth=huge")]
fn values_that_cannot_be(#[case] form: &str) {
    assert_eq!(net().create(form).code, Some("InvalidParameterValue"));
}

#[rstest]
#[case::acceleration("Options.EnableAcceleration=true", "InvalidParameterCombination")]
#[case::ipv6("Options.TunnelInsideIpVersion=ipv6", "InvalidParameterCombination")]
#[case::two_gateways("TransitGatewayId=tgw-01234567", "InvalidParameterCombination")]
#[case::private("Options.OutsideIpAddressType=PrivateIpv4", "UnsupportedOperation")]
#[case::storage("PreSharedKeyStorage=SecretsManager", "UnsupportedOperation")]
fn refused(#[case] form: &str, #[case] code: &str) {
    assert_eq!(net().create(form).code, Some(code));
}

#[rstest]
#[case::customer("CustomerGatewayId=cgw-01234567", "InvalidCustomerGatewayID.NotFound")]
#[case::gateway("CustomerGatewayId=CGW&VpnGatewayId=vgw-01234567", "InvalidVpnGatewayID.NotFound")]
#[case::transit_gateway("CustomerGatewayId=CGW&TransitGatewayId=tgw-01234567", "InvalidTransitGatewayID.NotFound")]
#[case::no_customer("VpnGatewayId=vgw-01234567", "MissingParameter")]
fn ends_that_are_missing(#[case] form: &str, #[case] code: &str) {
    let mut net = net();
    let form = format!("Type=ipsec.1&{}", form.replace("CGW", &net.customer));
    assert_eq!(net.world.call("CreateVpnConnection", &form).code, Some(code));
}

#[test]
fn ends_are_replaced() {
    let mut net = net();
    let id = net.connection();
    let shown = net.describe(&id);
    let tunnel = format!("VpnConnectionId={id}&VpnTunnelOutsideIpAddress={}", shown.text("outsideIpAddress"));
    let before = net.world.call("GetActiveVpnTunnelStatus", &tunnel).ok();
    assert_eq!(before.text("provisioningStatus"), "available");
    assert_eq!(net.world.call("ReplaceVpnTunnel", &tunnel).ok().text("return"), "true");
    let during = net.world.call("GetActiveVpnTunnelStatus", &tunnel).ok();
    assert_eq!((during.text("provisioningStatus"), net.describe(&id).text("state")), ("pending", "modifying"));
    net.wait();
    let status = net.world.call("GetVpnTunnelReplacementStatus", &tunnel).ok();
    assert_eq!(status.text("vpnGatewayId"), net.gateway);
    assert_eq!(net.world.call("ModifyVpnTunnelCertificate", &tunnel).ok().text("state"), "modifying");
    net.wait();
    assert_eq!(net.describe(&id).texts("preSharedKey"), shown.texts("preSharedKey"));
    let nobody = format!("VpnConnectionId={id}&VpnTunnelOutsideIpAddress=1.2.3.4");
    for action in ["ReplaceVpnTunnel", "GetVpnTunnelReplacementStatus", "GetActiveVpnTunnelStatus"] {
        assert_eq!(net.world.call(action, &nobody).code, Some("InvalidParameterValue"), "{action}");
    }
}

#[test]
fn samples_for_devices() {
    let mut net = net();
    let id = net.connection();
    let devices = net.world.call("GetVpnConnectionDeviceTypes", "MaxResults=200").ok();
    assert!(devices.texts("vendor").contains(&"Fortinet"));
    let device = devices.text("vpnConnectionDeviceTypeId").to_owned();
    let action = "GetVpnConnectionDeviceSampleConfiguration";
    let form = format!("VpnConnectionId={id}&VpnConnectionDeviceTypeId={device}");
    let sample = net.world.call(action, &format!("{form}&InternetKeyExchangeVersion=ikev2")).ok();
    let shown = net.describe(&id);
    assert_eq!(sample.text("vpnConnectionDeviceSampleConfiguration"), shown.text("customerGatewayConfiguration"));
    for (more, code) in [
        ("&SampleType=recommended&InternetKeyExchangeVersion=ikev1", "UnsupportedOperation"),
        ("&SampleType=other", "InvalidParameterValue"),
    ] {
        assert_eq!(net.world.call(action, &format!("{form}{more}")).code, Some(code), "{more}");
    }
    let unknown = net.world.call(action, &form.replace(&device, "01234567"));
    assert_eq!(unknown.code, Some("InvalidParameterValue"));
    let gone = net.world.call(action, &form.replace(&id, "vpn-01234567"));
    assert_eq!(gone.code, Some("InvalidVpnConnectionID.NotFound"));
}
