//! Tells other processes of this user where a running world's namespaces are.
//!
//! Whoever connects to the world's socket gets one JSON document and the end of the stream.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use linux_net::Netns;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::state::base;
use super::{Machine, StateDir};
use crate::kubelet::Sandboxes;

/// The socket's name in the world's folder.
const SOCKET: &str = "control.sock";

/// The namespaces of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Namespaces {
    /// Nodes and other instances.
    pub machines: Vec<MachineEntry>,
    /// Pods.
    pub pods: Vec<PodEntry>,
}

/// An instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MachineEntry {
    /// What the scenario calls it.
    pub name: String,
    /// Its id.
    pub instance_id: String,
    /// Its type.
    pub instance_type: String,
    /// Its primary address.
    pub address: std::net::Ipv4Addr,
    /// Its network namespace.
    pub netns: PathBuf,
}

/// A pod.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PodEntry {
    /// Its namespace in Kubernetes.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node's name in Kubernetes.
    pub node: String,
    /// Its address.
    pub address: Option<IpAddr>,
    /// Its network namespace.
    pub netns: PathBuf,
}

/// Serves a world's namespaces until the handle is aborted.
///
/// # Errors
/// The socket cannot be made.
pub fn serve(
    state: &StateDir,
    machines: &BTreeMap<String, Machine>,
    sandboxes: Arc<Sandboxes>,
) -> anyhow::Result<JoinHandle<()>> {
    let listener = UnixListener::bind(state.path(SOCKET)).context("make the world's control socket")?;
    let machines: Vec<_> = machines.values().map(entry).collect();
    Ok(tokio::spawn(async move {
        loop {
            // An error is about one connection; the next may be fine.
            let Ok((mut stream, _)) = listener.accept().await else { continue };
            let answer = Namespaces { machines: machines.clone(), pods: pods(&sandboxes) };
            if let Ok(text) = serde_json::to_vec(&answer) {
                // A caller that has gone needs no answer.
                let _ = stream.write_all(&text).await;
            }
        }
    }))
}

fn entry(machine: &Machine) -> MachineEntry {
    MachineEntry {
        name: machine.name.clone(),
        instance_id: machine.instance_id.clone(),
        instance_type: machine.instance_type.clone(),
        address: machine.address,
        netns: machine.netns.path(),
    }
}

fn pods(sandboxes: &Sandboxes) -> Vec<PodEntry> {
    let entries = sandboxes.all().into_iter().map(|((namespace, name), sandbox)| PodEntry {
        namespace,
        name,
        node: sandbox.node,
        address: sandbox.address,
        netns: Netns::path(&sandbox.netns),
    });
    entries.collect()
}

/// Asks a running world.
///
/// # Errors
/// It does not answer.
pub async fn ask(world: &str) -> anyhow::Result<Namespaces> {
    let path = base().join(world).join(SOCKET);
    let mut stream = UnixStream::connect(&path).await.with_context(|| format!("connect to {}", path.display()))?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.context("read the world's answer")?;
    serde_json::from_slice(&text).context("understand the world's answer")
}
