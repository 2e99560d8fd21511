//! What survives the agent: who has which address, in the production agent's file format.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::allocate::{Allocation, Key, Owner};
use crate::pool::Pool;

/// The format's name and version.
pub const FORMAT: &str = "vpc-cni-ipam/1";

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// [`FORMAT`].
    pub version: String,
    /// One entry an address that a pod has.
    pub allocations: Vec<CheckpointEntry>,
}

/// One address in a pod's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointEntry {
    /// The network configuration's name.
    pub network_name: String,
    /// The sandbox.
    #[serde(rename = "containerID")]
    pub container_id: String,
    /// The interface's name in it.
    pub if_name: String,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<Ipv4Addr>,
    /// Since when, in nanoseconds since the Unix epoch.
    pub allocation_timestamp: u64,
    /// The pod.
    pub metadata: EntryMetadata,
}

/// The pod of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EntryMetadata {
    /// Its namespace.
    #[serde(rename = "k8sPodNamespace", default)]
    pub namespace: String,
    /// Its name.
    #[serde(rename = "k8sPodName", default)]
    pub name: String,
    /// How many interfaces it has.
    #[serde(rename = "interfacesCount", default)]
    pub interfaces: u32,
}

/// Why a checkpoint cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It is of another format.
    #[error("checkpoint has format {0:?}, not {FORMAT}")]
    Format(String),
}

impl Pool {
    /// Who has which address now.
    pub fn checkpoint(&self) -> Checkpoint {
        let entry = |(key, allocation): (&Key, &Allocation)| CheckpointEntry {
            network_name: key.network.clone(),
            container_id: key.container_id.clone(),
            if_name: key.ifname.clone(),
            ipv4: Some(allocation.address),
            allocation_timestamp: u64::try_from(allocation.since.as_nanos()).unwrap_or(u64::MAX),
            metadata: EntryMetadata {
                namespace: allocation.owner.namespace.clone(),
                name: allocation.owner.name.clone(),
                interfaces: 1,
            },
        };
        Checkpoint { version: FORMAT.to_owned(), allocations: self.allocations.iter().map(entry).collect() }
    }

    /// Takes over a checkpoint, after the ENIs have been observed. Returns the entries whose address is on none of
    /// them, or already given.
    ///
    /// # Errors
    /// If it is of another format.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<Vec<CheckpointEntry>, RestoreError> {
        if checkpoint.version != FORMAT {
            return Err(RestoreError::Format(checkpoint.version.clone()));
        }
        let mut orphans = Vec::new();
        for entry in &checkpoint.allocations {
            if !self.restore_entry(entry) {
                orphans.push(entry.clone());
            }
        }
        Ok(orphans)
    }

    fn restore_entry(&mut self, entry: &CheckpointEntry) -> bool {
        let Some(address) = entry.ipv4 else { return false };
        let Some(eni) = self.enis.values_mut().find(|eni| eni.addresses.contains_key(&address)) else { return false };
        let slot = eni.addresses.get_mut(&address).expect("the ENI was picked because it has the address");
        if slot.assigned {
            return false;
        }
        slot.assigned = true;
        let key = Key {
            network: entry.network_name.clone(),
            container_id: entry.container_id.clone(),
            ifname: entry.if_name.clone(),
        };
        let owner = Owner { namespace: entry.metadata.namespace.clone(), name: entry.metadata.name.clone() };
        let since = Time::from_nanos(entry.allocation_timestamp);
        let allocation = Allocation { address, eni: eni.id.clone(), device_number: eni.device_number, owner, since };
        self.allocations.insert(key, allocation);
        true
    }
}
