//! The configuration that AWS writes for the customer's device: XML as a text in XML.
//!
//! See <https://docs.aws.amazon.com/vpn/latest/s2svpn/cgw-dynamic-routing-examples.html>.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use vpc_model::{Model, TunnelChoice, TunnelNumber, VpnConnection, VpnTarget, VpnTunnel};

use crate::xml::Xml;

/// What both ends do, as the configuration has it for one of them.
struct End {
    outside: Option<IpAddr>,
    inside: Option<Ipv4Addr>,
    asn: Option<u64>,
}

/// The configuration of a connection.
pub(super) fn of(model: &Model, connection: &VpnConnection) -> String {
    let customer = model.customer_gateway(&connection.customer_gateway_id).map(|gateway| &gateway.device);
    let amazons_asn = amazons_asn(model, connection);
    let has_bgp = !connection.options.static_routes_only;
    let body = Xml::fragment(|xml| {
        xml.text("customer_gateway_id", &connection.customer_gateway_id);
        xml.text("vpn_gateway_id", connection.vpn_gateway_id().map(ToString::to_string).unwrap_or_default());
        xml.optional("transit_gateway_id", connection.transit_gateway_id());
        xml.text("vpn_connection_type", "ipsec.1");
        if !has_bgp {
            xml.text("vpn_connection_attributes", "NoBGPVPNConnection");
        }
        for tunnel in &connection.tunnels {
            let inside = |at| tunnel.options.inside.and_then(|block: Ipv4Net| block.hosts().nth(at));
            let customers = End {
                outside: customer.and_then(|device| device.ip_address),
                inside: inside(1),
                asn: customer.map(|device| device.bgp_asn.into()).filter(|_| has_bgp),
            };
            let amazons =
                End { outside: Some(tunnel.outside.into()), inside: inside(0), asn: amazons_asn.filter(|_| has_bgp) };
            xml.element("ipsec_tunnel", |xml| {
                xml.element("customer_gateway", |xml| write_end(xml, &customers));
                xml.element("vpn_gateway", |xml| write_end(xml, &amazons));
                xml.element("ike", |xml| write_ike(xml, tunnel));
                xml.element("ipsec", |xml| write_ipsec(xml, tunnel));
            });
        }
    });
    let body = String::from_utf8(body).expect("fragments are UTF-8");
    let id = &connection.id;
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<vpn_connection id=\"{id}\">{body}</vpn_connection>")
}

/// The number of Amazon's side of BGP sessions.
fn amazons_asn(model: &Model, connection: &VpnConnection) -> Option<u64> {
    match connection.target.as_ref()? {
        VpnTarget::Virtual(id) => model.vpn_gateway(id).map(|gateway| gateway.amazon_side_asn),
        VpnTarget::Transit(id) => model.transit_gateway(id).map(|gateway| gateway.options.amazon_side_asn.into()),
    }
}

fn write_end(xml: &mut Xml, end: &End) {
    xml.element("tunnel_outside_address", |xml| xml.optional("ip_address", end.outside));
    xml.element("tunnel_inside_address", |xml| {
        xml.optional("ip_address", end.inside);
        xml.text("network_mask", "255.255.255.252");
        xml.text("network_cidr", 30);
    });
    if let Some(asn) = end.asn {
        xml.element("bgp", |xml| {
            xml.text("asn", asn);
            xml.text("hold_time", 30);
        });
    }
}

fn number(tunnel: &VpnTunnel, number: TunnelNumber, default: u32) -> u32 {
    tunnel.options.numbers.get(&number).copied().unwrap_or(default)
}

fn first<'a>(tunnel: &'a VpnTunnel, choice: TunnelChoice, default: &'a str) -> &'a str {
    tunnel.options.choices.get(&choice).and_then(|values| values.first()).map_or(default, String::as_str)
}

/// `AES128` is `aes-128-cbc` here; what has a mode in its name keeps it.
fn encryption(name: &str) -> String {
    match name {
        "AES128" => "aes-128-cbc".to_owned(),
        "AES256" => "aes-256-cbc".to_owned(),
        other => other.to_lowercase(),
    }
}

fn write_ike(xml: &mut Xml, tunnel: &VpnTunnel) {
    xml.text("authentication_protocol", first(tunnel, TunnelChoice::Phase1Integrity, "SHA1").to_lowercase());
    xml.text("encryption_protocol", encryption(first(tunnel, TunnelChoice::Phase1Encryption, "AES128")));
    xml.text("lifetime", number(tunnel, TunnelNumber::Phase1Lifetime, 28_800));
    xml.text("perfect_forward_secrecy", format!("group{}", first(tunnel, TunnelChoice::Phase1Groups, "2")));
    xml.text("mode", "main");
    xml.optional("pre_shared_key", tunnel.options.pre_shared_key.as_ref());
}

fn write_ipsec(xml: &mut Xml, tunnel: &VpnTunnel) {
    let integrity = match first(tunnel, TunnelChoice::Phase2Integrity, "SHA1") {
        "SHA1" => "hmac-sha1-96".to_owned(),
        other => format!("hmac-{}", other.to_lowercase()),
    };
    xml.text("protocol", "esp");
    xml.text("authentication_protocol", integrity);
    xml.text("encryption_protocol", encryption(first(tunnel, TunnelChoice::Phase2Encryption, "AES128")));
    xml.text("lifetime", number(tunnel, TunnelNumber::Phase2Lifetime, 3600));
    xml.text("perfect_forward_secrecy", format!("group{}", first(tunnel, TunnelChoice::Phase2Groups, "2")));
    xml.text("mode", "tunnel");
    xml.text("clear_df_bit", true);
    xml.text("fragmentation_before_encryption", true);
    xml.text("tcp_mss_adjustment", 1379);
    xml.element("dead_peer_detection", |xml| {
        xml.text("interval", 10);
        xml.text("retries", 3);
    });
}
