//! GC: removes what belongs to no interface that the runtime knows.

use cni_rpc::{Attachment, GcRequest};
use ipnet::IpNet;

use super::agent;
use crate::config::NetConf;
use crate::dataplane::{Host, branch};
use crate::error::Failure;
use crate::names::BRANCH_PREFIX;

/// Has the agent release addresses, then removes their rules and routes, and VLANs whose pod is gone.
pub fn run(conf: &NetConf) -> Result<(), Failure> {
    let valid = conf
        .valid_attachments
        .as_ref()
        .ok_or_else(|| Failure::new(Failure::CONFIGURATION, "cni.dev/valid-attachments is missing"))?;
    let valid = valid.iter().map(|known| Attachment {
        network: conf.name.clone(),
        container_id: known.container_id.clone(),
        ifname: known.ifname.clone(),
    });
    let request = GcRequest { network: conf.name.clone(), valid: valid.collect() };
    let released = agent(conf).gc(request)?.released;
    let host = Host::open()?;
    for pod in released {
        host.remove_address(IpNet::from(pod.address))?;
    }
    for (vlan_id, host_link) in branch::stale_ties(&host, BRANCH_PREFIX)? {
        branch::disconnect(&host, vlan_id, &host_link)?;
    }
    Ok(())
}
