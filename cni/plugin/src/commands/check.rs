//! CHECK: is everything that ADD made still there?

use cni_rpc::CheckRequest;

use super::{agent, key};
use crate::config::{Enforcing, NetConf};
use crate::dataplane::{Host, branch, pod, regular};
use crate::environment::Attachment;
use crate::error::Failure;
use crate::names;
use crate::result::Connected;

/// Compares links, routes and rules with the previous result, and that with the agent's mind.
pub fn run(conf: &NetConf, attachment: &Attachment) -> Result<(), Failure> {
    let result =
        conf.prev_result.as_ref().ok_or_else(|| Failure::new(Failure::CONFIGURATION, "prevResult is missing"))?;
    let known = Connected::from_result(result)
        .ok_or_else(|| Failure::new(Failure::CONFIGURATION, "prevResult is not one of this plugin's"))?;
    if known.vlan_id.is_none() {
        // Branch ENIs are the controller's; the agent holds no address for their pods.
        let given = agent(conf).check(CheckRequest { attachment: key(conf, attachment) })?;
        if !given.addresses.iter().any(|pod| pod.address == known.address) {
            return Err(broken(format_args!("agent has another address than {} for it", known.address)));
        }
    }
    let path = attachment.netns.clone().unwrap_or_default();
    let netns = pod::open(&path)?
        .ok_or_else(|| Failure::new(Failure::NETNS, format_args!("CNI_NETNS {} does not exist", path.display())))?;
    let host = Host::open()?;
    let end = pod::check(&netns, &attachment.ifname, known.address)?.map_err(broken)?;
    match host.netlink.link(known.host_link.as_str())? {
        Some(link) if link.index == end && link.up => {}
        Some(link) if link.index == end => return Err(broken(format_args!("link {} is down", known.host_link))),
        _ => return Err(broken(format_args!("link {} is not the pod's other end", known.host_link))),
    }
    check_routing(conf, &host, &known, end)
}

fn check_routing(conf: &NetConf, host: &Host, known: &Connected, host_end: u32) -> Result<(), Failure> {
    let Some(vlan_id) = known.vlan_id else {
        return regular::check(host, known.address, host_end, known.route_table)?.map_err(broken);
    };
    branch::check_link(host, vlan_id)?.map_err(broken)?;
    match conf.enforcing {
        Enforcing::Strict => branch::check_tied(host, vlan_id, known.address, &known.host_link)?.map_err(broken),
        Enforcing::Standard => {
            regular::check(host, known.address, host_end, names::vlan_table(vlan_id))?.map_err(broken)
        }
    }
}

fn broken(what: impl std::fmt::Display) -> Failure {
    Failure::new(Failure::CHECK, what)
}
