//! The commands of CNI, one module each.

pub mod add;
pub mod check;
pub mod del;
pub mod gc;
pub mod status;
pub mod version;

use std::time::Duration;

use cni_rpc::Client;

use crate::config::NetConf;
use crate::environment::Attachment;

/// ADD may have to wait for an address or a branch ENI.
const ADD_DEADLINE: Duration = Duration::from_secs(30);
const DEADLINE: Duration = Duration::from_secs(5);

fn agent(conf: &NetConf) -> Client {
    Client::new(&conf.socket, DEADLINE)
}

fn patient_agent(conf: &NetConf) -> Client {
    Client::new(&conf.socket, ADD_DEADLINE)
}

/// The interface in the agent's words.
fn key(conf: &NetConf, attachment: &Attachment) -> cni_rpc::Attachment {
    cni_rpc::Attachment {
        network: conf.name.clone(),
        container_id: attachment.container_id.clone(),
        ifname: attachment.ifname.clone(),
    }
}
