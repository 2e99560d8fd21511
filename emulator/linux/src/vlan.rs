//! One link per VLAN of a trunk: how branch network interfaces share their trunk's wire (IEEE 802.1Q).
//!
//! Two carriers make the same link with the same frames on the wire. A VLAN device is the kernel's own. Kernels without
//! those get the tag shim: a veth pair whose one end is the link, while BPF programs move frames between its hidden end
//! and the trunk, pushing and popping the tag. Both ends of a wire use this code.

use std::{fmt, os::fd::AsFd};

use nix::errno::Errno;

use crate::{
    Error, Mac, Netlink, Netns, Result, bpf,
    features::{Feature, Features, Missing},
    netlink::{LinkSpec, tc::Filter},
};

/// Filters for single VLANs.
const VLAN_PRIORITY: u16 = 1;
/// The last filter, which drops what no VLAN's took.
const DROP_PRIORITY: u16 = 2;
const DROP_HANDLE: u32 = 1;

/// How a VLAN's frames get on and off the trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The kernel's own 802.1Q devices.
    VlanDevice,
    /// A veth pair and BPF programs that push and pop the tag.
    TagShim,
}

/// A VLAN's link on a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vlan {
    /// The VLAN.
    pub id: u16,
    /// The link's name.
    pub name: String,
    /// How it is carried.
    pub carrier: Carrier,
    /// Whether the link is there; a shim's filters stay when it alone is deleted.
    pub link_exists: bool,
}

/// The carrier for this kernel: VLAN devices where it has them.
///
/// # Errors
/// What is missing, if it has neither.
pub fn carrier(features: &Features) -> Result<Carrier, Missing> {
    if features.has(Feature::VlanDevice) {
        return Ok(Carrier::VlanDevice);
    }
    features.require(Feature::TagShim).map(|()| Carrier::TagShim)
}

/// Makes the link `name` for a VLAN of the trunk link, and gives its index. It is down, as a new VLAN device is.
///
/// With a tag shim, tagged frames of VLANs that have no link are dropped from now on; untagged ones pass as before.
pub fn add(netns: &Netns, trunk: &str, name: &str, vlan_id: u16, mac: Mac, mtu: u32, carrier: Carrier) -> Result<u32> {
    if !(1..=4094).contains(&vlan_id) {
        return Err(Error::new("add", format!("vlan {vlan_id} to {trunk}"), Errno::EINVAL));
    }
    let netlink = Netlink::open(netns)?;
    let trunk_index = netlink.index(trunk)?;
    let alias = format!("vpcbox:vlan {vlan_id} of {trunk}");
    let spec = LinkSpec::new(name).mac(mac).mtu(mtu).alias(&alias);
    match carrier {
        Carrier::VlanDevice => netlink.add_vlan(&spec, trunk_index, vlan_id)?,
        Carrier::TagShim => add_shim(&netlink, &spec, trunk_index, vlan_id)?,
    }
    netlink.index(name)
}

/// Removes what [`add`] made, however much of it is left.
pub fn remove(netns: &Netns, trunk: &str, name: &str, vlan_id: u16) -> Result<()> {
    let netlink = Netlink::open(netns)?;
    // The filter goes first: without its target it would only waste time on frames.
    let filter_gone = match netlink.link(trunk)? {
        Some(trunk) => forgiving(netlink.delete_ingress_filter(&vlan_filter(trunk.index, vlan_id, name))),
        None => Ok(()),
    };
    forgiving(netlink.delete_link(name)).and(filter_gone)
}

/// The VLANs that have a link on the trunk, in their order.
pub fn list(netns: &Netns, trunk: &str) -> Result<Vec<Vlan>> {
    let netlink = Netlink::open(netns)?;
    let trunk = netlink.index(trunk)?;
    let links = netlink.links()?;
    let devices = links.iter().filter(|link| link.parent == Some(trunk) && !link.parent_elsewhere).filter_map(|link| {
        let carrier = Carrier::VlanDevice;
        Some(Vlan { id: link.vlan_id?, name: link.name.clone(), carrier, link_exists: true })
    });
    let mut vlans: Vec<_> = devices.collect();
    let filters = netlink.ingress_filters(trunk)?;
    vlans.extend(filters.into_iter().filter(|filter| filter.priority == VLAN_PRIORITY).filter_map(|filter| {
        let link_exists = links.iter().any(|link| link.name == filter.name);
        let id = u16::try_from(filter.handle).ok()?;
        Some(Vlan { id, name: filter.name, carrier: Carrier::TagShim, link_exists })
    }));
    vlans.sort_by_key(|vlan| vlan.id);
    Ok(vlans)
}

/// Whether the trunk link with index `trunk` has the filter that gives a VLAN's frames to its link, as a tag shim needs.
pub fn has_filter(netlink: &Netlink, trunk: u32, vlan_id: u16) -> Result<bool> {
    let is_its = |filter: &Filter| filter.priority == VLAN_PRIORITY && filter.handle == u32::from(vlan_id);
    Ok(netlink.ingress_filters(trunk)?.iter().any(is_its))
}

fn add_shim(netlink: &Netlink, spec: &LinkSpec<'_>, trunk: u32, vlan_id: u16) -> Result<()> {
    let hidden_name = hidden_name(trunk, vlan_id);
    let hidden = LinkSpec { name: &hidden_name, mac: None, ..*spec }.quiet().up();
    netlink.add_veth(spec, &hidden, None)?;
    let connected = connect(netlink, spec.name, &hidden_name, trunk, vlan_id);
    connected.inspect_err(|_| drop(netlink.delete_link(spec.name)))
}

/// Hangs the programs on both ends; the trunk's comes last, when frames can go all the way.
fn connect(netlink: &Netlink, name: &str, hidden: &str, trunk: u32, vlan_id: u16) -> Result<()> {
    let hidden = netlink.index(hidden)?;
    netlink.add_clsact(hidden)?;
    let push = bpf::load("vpcbox_push", &bpf::push_and_redirect(vlan_id, trunk))?;
    netlink.replace_ingress_filter(&vlan_filter(hidden, vlan_id, name), push.as_fd())?;

    match netlink.add_clsact(trunk) {
        Err(err) if !err.is_exists() => return Err(err),
        _ => {}
    }
    let drop_tagged = bpf::load("vpcbox_drop", &bpf::drop_tagged())?;
    let last = Filter { link: trunk, priority: DROP_PRIORITY, handle: DROP_HANDLE, name: "vpcbox:drop".into() };
    netlink.replace_ingress_filter(&last, drop_tagged.as_fd())?;
    let pop = bpf::load("vpcbox_pop", &bpf::pop_and_redirect(vlan_id, hidden))?;
    netlink.replace_ingress_filter(&vlan_filter(trunk, vlan_id, name), pop.as_fd())
}

fn vlan_filter(link: u32, vlan_id: u16, name: &str) -> Filter {
    Filter { link, priority: VLAN_PRIORITY, handle: vlan_id.into(), name: name.to_owned() }
}

/// At most 15 bytes, and unique, since a trunk has each VLAN once.
fn hidden_name(trunk: u32, vlan_id: u16) -> String {
    format!("tag{trunk:x}-{vlan_id:x}")
}

fn forgiving(result: Result<()>) -> Result<()> {
    match result {
        Err(err) if err.is_not_found() => Ok(()),
        // A link without the hook has no filters to delete.
        Err(err) if err.operation() == "delete filter" && err.errno() == Errno::EINVAL => Ok(()),
        result => result,
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VlanDevice => "802.1Q device",
            Self::TagShim => "tc/BPF tag shim",
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn longest_hidden_name_fits() {
        assert!(super::hidden_name(i32::MAX as u32, 4094).len() <= 15);
    }
}
