//! A node's trunk ENI: found on the instance, or made and attached.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use ec2_client::{
    AttachNetworkInterface, Client as Ec2, CreateNetworkInterface, Filter, Instance, NetworkInterface, Query,
};
use tracing::{info, warn};

use crate::tags;
use crate::vlan::Vlans;
use crate::{Config, limits};

/// How the wait for an attachment goes: from here, doubling, so many times.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const WAITS: u32 = 13;

/// A node's trunk, ready to carry branches.
#[derive(Debug)]
pub struct Trunk {
    /// The instance.
    pub instance_id: String,
    /// The trunk ENI.
    pub trunk_id: String,
    /// The subnet of its branches.
    pub subnet_id: String,
    /// The subnet's IPv4 block.
    pub subnet_cidr: String,
    /// The subnet's IPv6 block, or nothing.
    pub subnet_v6_cidr: String,
    /// The instance's groups: what branches get when nothing else holds.
    pub groups: Vec<String>,
    /// How many branches the type takes.
    pub limit: u16,
    vlans: Mutex<Vlans>,
}

impl Trunk {
    /// The VLAN ids in use.
    pub(crate) fn vlans(&self) -> MutexGuard<'_, Vlans> {
        self.vlans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds or makes the trunk of an instance; `None` if its type takes none.
    ///
    /// # Errors
    /// EC2 refuses, or the instance is not what it should be.
    pub(crate) async fn of_instance(ec2: &Ec2, config: &Config, instance_id: &str) -> anyhow::Result<Option<Self>> {
        let found = ec2.describe_instances(&Query::id(instance_id)).await?;
        let instance = found.into_iter().next().with_context(|| format!("there is no instance {instance_id}"))?;
        let Some(limit) = limits::branch_interfaces(&instance.instance_type) else { return Ok(None) };
        let primary = primary(&instance)?;
        let subnets = ec2.describe_subnets(&Query::id(&primary.subnet_id)).await?;
        let subnet = subnets.first().with_context(|| format!("there is no subnet {}", primary.subnet_id))?;
        let existing = instance.network_interfaces.iter().find(|eni| eni.interface_type == "trunk");
        let trunk_id = match existing {
            Some(trunk) => {
                wait_attached(ec2, &trunk.id).await?;
                trunk.id.clone()
            }
            None => create(ec2, config, &instance, primary).await?,
        };
        Ok(Some(Self {
            instance_id: instance_id.to_owned(),
            trunk_id,
            subnet_id: subnet.id.clone(),
            subnet_cidr: subnet.cidr_block.map(|block| block.to_string()).unwrap_or_default(),
            subnet_v6_cidr: subnet.ipv6_cidr_blocks.first().map(ToString::to_string).unwrap_or_default(),
            groups: primary.groups.clone(),
            limit,
            vlans: Mutex::new(Vlans::new(limit)),
        }))
    }

    /// The branches EC2 knows of this trunk, by the tags they were made with.
    pub(crate) async fn branches(&self, ec2: &Ec2) -> anyhow::Result<Vec<NetworkInterface>> {
        let of_trunk =
            Query::filters([Filter::tag(tags::TRUNK, &self.trunk_id), Filter::new("subnet-id", &self.subnet_id)]);
        Ok(ec2.describe_network_interfaces(&of_trunk).await?)
    }
}

fn primary(instance: &Instance) -> anyhow::Result<&NetworkInterface> {
    let primary = instance
        .network_interfaces
        .iter()
        .find(|eni| eni.attachment.as_ref().is_some_and(|it| it.device_index == 0 && it.network_card_index == 0));
    primary.with_context(|| format!("instance {} has no primary ENI", instance.id))
}

async fn create(ec2: &Ec2, config: &Config, instance: &Instance, primary: &NetworkInterface) -> anyhow::Result<String> {
    let device_index = free_index(ec2, instance).await?;
    let new = CreateNetworkInterface {
        subnet_id: primary.subnet_id.clone(),
        description: "aws-k8s-trunk-eni".into(),
        interface_type: Some("trunk".into()),
        groups: primary.groups.clone(),
        tags: tags::common(&config.cluster, &instance.id),
        ..CreateNetworkInterface::default()
    };
    let trunk = ec2.create_network_interface(&new).await.context("create the trunk ENI")?.id;
    match attach(ec2, config, instance, &trunk, device_index).await {
        Ok(()) => {
            info!(trunk, instance = instance.id, device_index, "trunk attached");
            Ok(trunk)
        }
        Err(err) => {
            // A trunk that serves nobody must not stay behind; cleaners find it by its tags if this fails too.
            if let Err(err) = ec2.delete_network_interface(&trunk).await {
                warn!(trunk, error = %err, "a trunk that could not be attached stays behind");
            }
            Err(err)
        }
    }
}

/// The highest device index nobody uses: the node's agent takes the low ones.
async fn free_index(ec2: &Ec2, instance: &Instance) -> anyhow::Result<u32> {
    let types = ec2.describe_instance_types(&Query::id(&instance.instance_type)).await?;
    let limit = types.first().context("EC2 does not know the instance's type")?.maximum_network_interfaces;
    let used: Vec<_> = instance.network_interfaces.iter().filter_map(|eni| eni.attachment.as_ref()).collect();
    let free = (1..limit).rev().find(|index| !used.iter().any(|it| it.device_index == *index));
    free.with_context(|| format!("all {limit} device indexes of instance {} are in use", instance.id))
}

async fn attach(ec2: &Ec2, config: &Config, instance: &Instance, trunk: &str, device_index: u32) -> anyhow::Result<()> {
    ec2.create_network_interface_permission(trunk, &config.account).await.context("permit the attachment")?;
    let attach = AttachNetworkInterface {
        network_interface_id: trunk.to_owned(),
        instance_id: instance.id.clone(),
        device_index,
        network_card_index: None,
    };
    let attachment = ec2.attach_network_interface(&attach).await.context("attach the trunk ENI")?;
    ec2.modify_network_interface_delete_on_termination(trunk, &attachment, true).await?;
    wait_attached(ec2, trunk).await
}

async fn wait_attached(ec2: &Ec2, trunk: &str) -> anyhow::Result<()> {
    let mut wait = FIRST_WAIT;
    for _ in 0..WAITS {
        let eni = ec2.network_interface(trunk).await?.with_context(|| format!("trunk {trunk} is gone"))?;
        if eni.attachment.is_some_and(|it| it.status == "attached") {
            return Ok(());
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    bail!("trunk {trunk} is still not attached")
}
