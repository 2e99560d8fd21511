//! Branch ENIs: made and associated for a pod, and taken away after it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ec2_client::{Client as Ec2, CreateNetworkInterface};
use tracing::{info, warn};

use crate::annotation::PodEni;
use crate::{Shared, Trunk, tags};

/// Between tries to delete: from here, doubling, up to [`LONGEST_WAIT`]. An ENI is never forgotten.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Makes a branch ENI on a VLAN that has been taken for it. Nothing stays behind if a step fails; the
/// VLAN is then free again as soon as EC2 has let go of the ENI.
pub(crate) async fn create(
    shared: &Arc<Shared>,
    trunk: &Arc<Trunk>,
    groups: &[String],
    vlan_id: u16,
) -> anyhow::Result<PodEni> {
    let config = &shared.config;
    let new = CreateNetworkInterface {
        subnet_id: trunk.subnet_id.clone(),
        description: "aws-k8s-branch-eni".into(),
        groups: groups.to_vec(),
        tags: tags::branch(&config.cluster, &trunk.instance_id, &trunk.trunk_id, vlan_id),
        ..CreateNetworkInterface::default()
    };
    let created = shared.ec2.create_network_interface(&new).await;
    let eni = match created {
        Ok(eni) => eni,
        Err(err) => {
            trunk.vlans().free(vlan_id);
            return Err(err).context("create the branch ENI");
        }
    };
    let mut branch = PodEni {
        eni_id: eni.id,
        if_address: eni.mac_address,
        private_ip: eni.private_ip_address.map(|ip| ip.to_string()).unwrap_or_default(),
        ipv6_addr: eni.ipv6_addresses.first().map(ToString::to_string).unwrap_or_default(),
        vlan_id,
        subnet_cidr: trunk.subnet_cidr.clone(),
        subnet_v6_cidr: trunk.subnet_v6_cidr.clone(),
        association_id: String::new(),
    };
    match associate(&shared.ec2, &config.account, trunk, &branch).await {
        Ok(association) => {
            branch.association_id = association;
            Ok(branch)
        }
        Err(err) => {
            release(shared, trunk, branch, Duration::ZERO);
            Err(err)
        }
    }
}

async fn associate(ec2: &Ec2, account: &str, trunk: &Trunk, branch: &PodEni) -> anyhow::Result<String> {
    ec2.create_network_interface_permission(&branch.eni_id, account).await.context("permit the association")?;
    let association = ec2.associate_trunk_interface(&branch.eni_id, &trunk.trunk_id, branch.vlan_id).await;
    Ok(association.context("associate the branch with its trunk")?.association_id)
}

/// Takes a branch away after a while; its VLAN is free once the ENI is gone.
pub(crate) fn release(shared: &Arc<Shared>, trunk: &Arc<Trunk>, branch: PodEni, after: Duration) {
    let (task, trunk) = (Arc::clone(shared), Arc::clone(trunk));
    shared.tasks.spawn(async move {
        tokio::time::sleep(after).await;
        let mut wait = FIRST_WAIT;
        while let Err(err) = delete(&task.ec2, &branch).await {
            warn!(eni = branch.eni_id, error = format!("{err:#}"), "a branch ENI is not gone yet");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        trunk.vlans().free(branch.vlan_id);
        info!(eni = branch.eni_id, vlan = branch.vlan_id, "branch freed");
        task.announce_progress();
    });
}

/// Disassociates and deletes; what is gone already is fine.
async fn delete(ec2: &Ec2, branch: &PodEni) -> anyhow::Result<()> {
    // A branch found after a restart may come without its association; deleting it drops that too.
    if !branch.association_id.is_empty() {
        let disassociated = ec2.disassociate_trunk_interface(&branch.association_id).await;
        if let Err(err) = disassociated.or_else(|err| if err.is_not_found() { Ok(()) } else { Err(err) }) {
            warn!(eni = branch.eni_id, error = %err, "not disassociated; deleting it drops the association");
        }
    }
    match ec2.delete_network_interface(&branch.eni_id).await {
        Err(err) if !err.is_not_found() => Err(err.into()),
        _ => Ok(()),
    }
}
