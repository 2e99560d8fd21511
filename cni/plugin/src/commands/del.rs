//! DEL: removes everything ADD made, whatever is still there; doing it twice is fine.

use std::net::IpAddr;

use cni_rpc::{DelReason, DelRequest};
use ipnet::IpNet;
use linux_net::Netns;
use linux_net::netlink::table;

use super::{agent, key};
use crate::config::NetConf;
use crate::dataplane::{Host, branch, pod};
use crate::environment::Attachment;
use crate::error::Failure;
use crate::names;
use crate::result::Connected;

/// Disconnects the interface.
pub fn run(conf: &NetConf, attachment: &Attachment) -> Result<(), Failure> {
    let host = Host::open()?;
    let netns = match &attachment.netns {
        Some(path) => pod::open(path)?.filter(|netns| *netns != host.netns),
        None => None,
    };
    let known = conf.prev_result.as_ref().and_then(Connected::from_result);
    let tied = tied_vlan(&host, attachment, known.as_ref(), netns.as_ref())?;
    if let Some(netns) = &netns {
        pod::disconnect(netns, &attachment.ifname)?;
    }
    if let Some((vlan_id, host_link)) = tied {
        branch::disconnect(&host, vlan_id, &host_link)?;
    }
    let released = release(conf, attachment);
    // A node whose mode was switched may have either kind's rules, so the address goes in any case.
    for address in released.iter().flatten() {
        host.remove_address(IpNet::from(*address))?;
    }
    if let Some(known) = &known {
        remove_if_dead(&host, known.address)?;
    }
    match released {
        // With the previous result everything could be removed; the agent finds out by itself when it is back.
        Err(failure) if failure.code == Failure::TRY_AGAIN && known.is_some() => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// The addresses that the agent had for the interface; none if it does not know it.
fn release(conf: &NetConf, attachment: &Attachment) -> Result<Vec<IpAddr>, Failure> {
    let request =
        DelRequest { attachment: key(conf, attachment), pod: attachment.pod.clone(), reason: DelReason::PodDeleted };
    match agent(conf).del(request).map_err(Failure::from) {
        Ok(reply) => Ok(reply.addresses.iter().map(|pod| pod.address).collect()),
        Err(failure) if failure.code == Failure::UNKNOWN_CONTAINER => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// The VLAN to remove: from ADD's result, else from the rules that tie a host end of the pod's name to it.
fn tied_vlan(
    host: &Host,
    attachment: &Attachment,
    known: Option<&Connected>,
    netns: Option<&Netns>,
) -> Result<Option<(u16, String)>, Failure> {
    if let Some(known) = known {
        return Ok(known.vlan_id.map(|vlan_id| (vlan_id, known.host_link.clone())));
    }
    let name = names::host_link(names::BRANCH_PREFIX, &attachment.pod.namespace, &attachment.pod.name);
    let Some(vlan_id) = branch::tied_vlan(host, &name)? else { return Ok(None) };
    let ours = match host.netlink.link(name.as_str())? {
        None => true,
        // A younger pod of the same name may have it: it is this one's only if its other end is in this namespace.
        Some(link) => match netns {
            Some(netns) => linux_net::Netlink::open(netns)?
                .link(attachment.ifname.as_str())?
                .is_some_and(|end| end.parent == Some(link.index) && link.parent == Some(end.index)),
            None => false,
        },
    };
    Ok(ours.then_some((vlan_id, name)))
}

/// Removes an address's rules and route, unless the route leads to a link. The kernel drops a link's routes with the
/// link, so such a route is a younger pod's, which got the address after an earlier DEL.
fn remove_if_dead(host: &Host, address: IpAddr) -> Result<(), Failure> {
    let address = IpNet::from(address);
    let routes = host.netlink.routes_in(table::MAIN)?;
    if routes.iter().any(|route| route.destination == address && route.link.is_some()) {
        return Ok(());
    }
    Ok(host.remove_address(address)?)
}
