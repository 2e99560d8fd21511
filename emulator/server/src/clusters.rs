//! EKS clusters that somebody told the emulator of, so that nodes and tools find them by their names.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vpc_model::{Model, SubnetId, VpcId};

use crate::StateKey;

/// What is told of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// The Kubernetes version.
    #[serde(default = "newest_version")]
    pub version: String,
    /// The Kubernetes API's address.
    pub endpoint: String,
    /// The certificate of the authority that the API's own is from, in base64.
    #[serde(default)]
    pub certificate_authority: String,
    /// The block that services have addresses of.
    #[serde(default = "usual_services")]
    pub service_ipv4_cidr: String,
    /// The control plane's subnets; the first one's VPC is the cluster's.
    pub subnet_ids: Vec<String>,
    /// More groups of the control plane's interfaces.
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    /// The group that nodes and control plane share.
    #[serde(default)]
    pub cluster_security_group_id: Option<String>,
    /// The cluster's role.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// The cluster's tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn newest_version() -> String {
    "1.34".to_owned()
}

fn usual_services() -> String {
    "10.100.0.0/16".to_owned()
}

/// A cluster, and what is known of it besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownCluster {
    pub(crate) told: Cluster,
    pub(crate) vpc_id: VpcId,
    pub(crate) created: Timestamp,
}

/// Why a cluster cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error("a cluster's name begins with a letter or digit and has up to 100 letters, digits, - and _")]
    Name,
    #[error("subnetIds names no subnet; name at least one")]
    NoSubnet,
    #[error("there is no subnet {0:?} in this account and region")]
    UnknownSubnet(String),
}

/// All clusters, by where they are and their names.
#[derive(Debug, Default)]
pub(crate) struct Clusters(RwLock<BTreeMap<(StateKey, String), KnownCluster>>);

impl Clusters {
    /// Keeps a cluster in place of the one that had its name.
    pub(crate) fn set(
        &self,
        key: &StateKey,
        name: &str,
        told: Cluster,
        model: &Model,
        now: Timestamp,
    ) -> Result<(), ClusterError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins_well || name.len() > 100 || !name.chars().all(is_part) {
            return Err(ClusterError::Name);
        }
        let mut vpc_ids = Vec::new();
        for id in &told.subnet_ids {
            let subnet = id.parse::<SubnetId>().ok().and_then(|id| model.subnet(&id));
            vpc_ids.push(subnet.ok_or_else(|| ClusterError::UnknownSubnet(id.clone()))?.vpc_id.clone());
        }
        let vpc_id = vpc_ids.into_iter().next().ok_or(ClusterError::NoSubnet)?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let place = (key.clone(), name.to_owned());
        let created = all.get(&place).map_or(now, |known| known.created);
        all.insert(place, KnownCluster { told, vpc_id, created });
        Ok(())
    }

    /// Forgets a cluster; whether it was there.
    pub(crate) fn remove(&self, key: &StateKey, name: &str) -> bool {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(key.clone(), name.to_owned())).is_some()
    }

    /// A cluster by its name.
    pub(crate) fn find(&self, key: &StateKey, name: &str) -> Option<KnownCluster> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&(key.clone(), name.to_owned())).cloned()
    }

    /// The names of an account's clusters in a region, in order.
    pub(crate) fn names(&self, key: &StateKey) -> Vec<String> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.keys().filter(|(place, _)| place == key).map(|(_, name)| name.clone()).collect()
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
