//! ADD: asks the agent for an address, then makes links, routes and rules. If that fails, undoes all of it.

use std::net::{IpAddr, Ipv4Addr};

use cni_rpc::{AddReply, AddRequest, DelReason, DelRequest, PodAddress};
use linux_net::Netns;

use super::{agent, key, patient_agent};
use crate::config::{Enforcing, NetConf};
use crate::dataplane::branch::{self, Branch};
use crate::dataplane::pod::PodLink;
use crate::dataplane::{Host, regular};
use crate::environment::Attachment;
use crate::error::Failure;
use crate::log;
use crate::names;
use crate::result::Connected;

/// Connects the interface; gives the result's text.
pub fn run(conf: &NetConf, attachment: &Attachment) -> Result<String, Failure> {
    if attachment.pod.name.is_empty() || attachment.pod.namespace.is_empty() {
        return Err(Failure::environment("CNI_ARGS has no K8S_POD_NAME and K8S_POD_NAMESPACE"));
    }
    let sandbox = attachment.netns.clone().unwrap_or_default().display().to_string();
    let host = Host::open()?;
    let pod_netns = Netns::open(&sandbox)
        .map_err(|err| Failure::new(Failure::NETNS, "CNI_NETNS cannot be opened").with_details(err))?;
    if pod_netns == host.netns {
        return Err(Failure::new(Failure::NETNS, "CNI_NETNS is the plugin's own network namespace"));
    }
    let request = AddRequest { attachment: key(conf, attachment), netns: sandbox.clone(), pod: attachment.pod.clone() };
    let given = log::timed(|| patient_agent(conf).add(request))?;
    let connection = Connection { conf, attachment, host: &host, pod_netns: &pod_netns };
    match connection.make(&given, sandbox) {
        Ok(connected) => Ok(serde_json::to_string(&connected.to_result(&conf.cni_version))
            .expect("a result has string keys and no failing parts")),
        Err(failure) => {
            connection.undo(&given);
            Err(failure)
        }
    }
}

struct Connection<'a> {
    conf: &'a NetConf,
    attachment: &'a Attachment,
    host: &'a Host,
    pod_netns: &'a Netns,
}

impl Connection<'_> {
    fn make(&self, given: &AddReply, sandbox: String) -> Result<Connected, Failure> {
        let (pod, address) = first_ipv4(given)?;
        let host_link = self.host_link(given);
        let alias = format!("{}{}/{}", crate::HOST_END, self.attachment.pod.namespace, self.attachment.pod.name);
        let link = PodLink {
            netns: self.pod_netns,
            host_link: &host_link,
            ifname: &self.attachment.ifname,
            mtu: self.conf.mtu,
            address,
            alias: &alias,
        };
        let index = link.connect(self.host)?;
        let route_table = match &given.branch {
            None => {
                regular::connect(self.host, address, index, pod.route_table)?;
                pod.route_table
            }
            Some(branch) => self.connect_branch(branch, address, index, &host_link)?,
        };
        Ok(Connected {
            ifname: self.attachment.ifname.clone(),
            sandbox,
            address: pod.address,
            route_table,
            device_number: pod.device_number,
            vlan_id: given.branch.as_ref().map(|branch| branch.vlan_id),
            gateway: given.branch.as_ref().map(|branch| IpAddr::V4(branch.subnet_gateway)),
            dummy: names::host_link("dummy", &self.attachment.pod.namespace, &self.attachment.pod.name),
            host_link,
        })
    }

    fn connect_branch(
        &self,
        branch: &cni_rpc::Branch,
        address: Ipv4Addr,
        index: u32,
        host_link: &str,
    ) -> Result<u32, Failure> {
        let vlan = Branch {
            vlan_id: branch.vlan_id,
            mac: branch.mac.0,
            gateway: branch.subnet_gateway,
            trunk: &branch.trunk_link,
            mtu: self.conf.mtu,
        };
        vlan.connect(self.host)?;
        let table = names::vlan_table(branch.vlan_id);
        match self.conf.enforcing {
            Enforcing::Strict => branch::tie(self.host, branch.vlan_id, address, index, host_link)?,
            Enforcing::Standard => regular::connect(self.host, address, index, table)?,
        }
        Ok(table)
    }

    fn host_link(&self, given: &AddReply) -> String {
        let strict = given.branch.is_some() && self.conf.enforcing == Enforcing::Strict;
        let prefix = if strict { names::BRANCH_PREFIX } else { &self.conf.veth_prefix };
        names::host_link(prefix, &self.attachment.pod.namespace, &self.attachment.pod.name)
    }

    /// Removes what was made and gives the address back. The first failure is the one to report, not these.
    fn undo(&self, given: &AddReply) {
        let host_link = self.host_link(given);
        let _ = self.host.netlink.delete_link(host_link.as_str());
        for pod in &given.addresses {
            let _ = self.host.remove_address(pod.address.into());
        }
        if let Some(branch) = &given.branch {
            let _ = branch::disconnect(self.host, branch.vlan_id, &host_link);
        }
        let request = DelRequest {
            attachment: key(self.conf, self.attachment),
            pod: self.attachment.pod.clone(),
            reason: DelReason::SetUpFailed,
        };
        let _ = agent(self.conf).del(request);
    }
}

fn first_ipv4(given: &AddReply) -> Result<(PodAddress, Ipv4Addr), Failure> {
    let found = given.addresses.iter().find_map(|pod| match pod.address {
        IpAddr::V4(address) => Some((*pod, address)),
        IpAddr::V6(_) => None,
    });
    found.ok_or_else(|| Failure::new(Failure::AGENT, "agent gave no IPv4 address"))
}
