//! Reading links from the kernel's answers.

use libc::{
    IFLA_ADDRESS, IFLA_CARRIER, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA,
    IFLA_INFO_SLAVE_KIND, IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, RTM_NEWLINK,
};

use super::{
    super::message, BridgePort, FIXED, IFF_UP, IFLA_BRPORT_BCAST_FLOOD, IFLA_BRPORT_ISOLATED, IFLA_BRPORT_LEARNING,
    IFLA_BRPORT_LOCKED, IFLA_BRPORT_MCAST_FLOOD, IFLA_BRPORT_NEIGH_SUPPRESS, IFLA_BRPORT_UNICAST_FLOOD, IFLA_VLAN_ID,
    Link,
};

/// The link that an answer tells of.
pub(super) fn link(kind: u16, payload: &[u8]) -> Option<Link> {
    if kind != RTM_NEWLINK {
        return None;
    }
    let mut link = Link {
        index: message::u32_at(payload, 4)?,
        name: String::new(),
        mac: None,
        mtu: 0,
        up: message::u32_at(payload, 8)? & IFF_UP != 0,
        carrier: false,
        master: None,
        parent: None,
        parent_elsewhere: false,
        alias: None,
        kind: None,
        vlan_id: None,
        port: None,
    };
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            IFLA_IFNAME => link.name = message::text(value),
            IFLA_ADDRESS => link.mac = value.try_into().ok(),
            IFLA_MTU => link.mtu = message::u32_at(value, 0)?,
            IFLA_CARRIER => link.carrier = value.first() == Some(&1),
            IFLA_MASTER => link.master = message::u32_at(value, 0),
            IFLA_LINK => link.parent = message::u32_at(value, 0).filter(|parent| *parent != 0),
            IFLA_LINK_NETNSID => link.parent_elsewhere = true,
            IFLA_IFALIAS => link.alias = Some(message::text(value)),
            IFLA_LINKINFO => decode_info(value, &mut link),
            _ => {}
        }
    }
    Some(link)
}

fn decode_info(info: &[u8], link: &mut Link) {
    for (kind, value) in message::attributes(info, 0) {
        match kind {
            IFLA_INFO_KIND => link.kind = Some(message::text(value)),
            IFLA_INFO_DATA if link.kind.as_deref() == Some("vlan") => {
                let mut attributes = message::attributes(value, 0);
                link.vlan_id =
                    attributes.find(|(kind, _)| *kind == IFLA_VLAN_ID).and_then(|(_, id)| message::u16_at(id, 0));
            }
            IFLA_INFO_SLAVE_KIND if message::text(value) == "bridge" => link.port = Some(BridgePort::default()),
            IFLA_INFO_SLAVE_DATA => {
                if let Some(port) = &mut link.port {
                    decode_port(value, port);
                }
            }
            _ => {}
        }
    }
}

fn decode_port(data: &[u8], port: &mut BridgePort) {
    for (kind, value) in message::attributes(data, 0) {
        let flag = match kind {
            IFLA_BRPORT_ISOLATED => &mut port.isolated,
            IFLA_BRPORT_LOCKED => &mut port.locked,
            IFLA_BRPORT_LEARNING => &mut port.learning,
            IFLA_BRPORT_UNICAST_FLOOD => &mut port.flood,
            IFLA_BRPORT_MCAST_FLOOD => &mut port.mcast_flood,
            IFLA_BRPORT_BCAST_FLOOD => &mut port.bcast_flood,
            IFLA_BRPORT_NEIGH_SUPPRESS => &mut port.neigh_suppress,
            _ => continue,
        };
        *flag = value.first() == Some(&1);
    }
}
