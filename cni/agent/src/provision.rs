//! EC2 calls that change what the node has: ENIs and their addresses.

use std::time::Duration;

use cni_ipam::Amount;
use ec2_client::{
    AssignedAddresses, AttachNetworkInterface, Client, CreateNetworkInterface, Error, Filter, NetworkInterface,
    NewAddresses, Query, Subnet, Tags,
};
use tracing::{info, warn};

use crate::config::Settings;
use crate::metadata::NodeFacts;
use crate::subnets;

/// Tag of the instance that an ENI was made for.
pub const INSTANCE_TAG: &str = "node.k8s.amazonaws.com/instance_id";
const CREATED_TAG: &str = "node.k8s.amazonaws.com/createdAt";
const CLUSTER_TAG: &str = "cluster.k8s.amazonaws.com/name";
const OWNER_TAG: &str = "eks:eni:owner";
/// Attempts to delete an ENI that is being detached.
const DELETE_ATTEMPTS: u32 = 12;

/// Makes and gives back ENIs and addresses of one node.
#[derive(Debug, Clone)]
pub struct Provisioner {
    /// The client.
    pub ec2: Client,
    /// The node.
    pub facts: NodeFacts,
    /// Whether tagged subnets are used too.
    pub subnet_discovery: bool,
    /// The cluster.
    pub cluster_name: Option<String>,
    /// Tags for ENIs.
    pub additional_tags: Tags,
}

/// An ENI that was made and attached.
#[derive(Debug, Clone)]
pub struct NewEni {
    /// The ENI, as it was before it was attached.
    pub eni: NetworkInterface,
    /// Its device number.
    pub device_number: u32,
    /// Its subnet.
    pub subnet: Subnet,
}

impl Provisioner {
    /// For a node.
    pub fn new(ec2: Client, facts: NodeFacts, settings: &Settings) -> Self {
        Self {
            ec2,
            facts,
            subnet_discovery: settings.subnet_discovery,
            cluster_name: settings.cluster_name.clone(),
            additional_tags: settings.additional_tags.clone(),
        }
    }

    /// Makes an ENI and attaches it; nothing is left if that fails.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn create_eni(&self, amount: Amount, groups: &[String]) -> Result<NewEni, Error> {
        let (eni, subnet) = self.create_in_some_subnet(amount, groups).await?;
        match self.attach(&eni.id).await {
            Ok(device_number) => {
                info!(eni = %eni.id, device_number, subnet = %subnet.id, "ENI attached");
                Ok(NewEni { eni, device_number, subnet })
            }
            Err(error) => {
                warn!(eni = %eni.id, %error, "ENI cannot be attached, deleting it");
                if let Err(error) = self.free(&eni.id).await {
                    warn!(eni = %eni.id, %error, "ENI is left behind");
                }
                Err(error)
            }
        }
    }

    async fn create_in_some_subnet(
        &self,
        amount: Amount,
        groups: &[String],
    ) -> Result<(NetworkInterface, Subnet), Error> {
        let subnets = self.subnets().await?;
        let none = Error {
            code: "NoUsableSubnet".to_owned(),
            message: format!("no subnet of {} may be used for pods", self.facts.availability_zone),
            status: 0,
        };
        let mut outcome = Err(none);
        for subnet in subnets::candidates(&subnets, &self.facts.subnet_id, self.cluster_name.as_deref()) {
            match self.ec2.create_network_interface(&self.new_eni(subnet, amount, groups)).await {
                Ok(eni) => return Ok((eni, subnet.clone())),
                Err(error) => {
                    warn!(subnet = %subnet.id, %error, "ENI cannot be made");
                    outcome = Err(error);
                }
            }
        }
        outcome
    }

    async fn subnets(&self) -> Result<Vec<Subnet>, Error> {
        let query = if self.subnet_discovery {
            let zone = Filter::new("availability-zone", &self.facts.availability_zone);
            Query::filters([Filter::new("vpc-id", &self.facts.vpc_id), zone])
        } else {
            Query::id(&self.facts.subnet_id)
        };
        self.ec2.describe_subnets(&query).await
    }

    fn new_eni(&self, subnet: &Subnet, amount: Amount, groups: &[String]) -> CreateNetworkInterface {
        let mut tags = self.tags();
        tags.insert(CREATED_TAG.to_owned(), now_text());
        let (secondary_private_ip_address_count, ipv4_prefix_count) = match amount {
            Amount::Addresses(count) => (Some(count), None),
            Amount::Prefixes(count) => (None, Some(count)),
        };
        CreateNetworkInterface {
            subnet_id: subnet.id.clone(),
            description: format!("aws-K8S-{}", self.facts.instance_id),
            groups: groups.to_vec(),
            tags,
            secondary_private_ip_address_count,
            ipv4_prefix_count,
            ..CreateNetworkInterface::default()
        }
    }

    /// The tags that every ENI of the agent's has.
    pub fn tags(&self) -> Tags {
        let mut tags = self.additional_tags.clone();
        tags.insert(INSTANCE_TAG.to_owned(), self.facts.instance_id.clone());
        if let Some(cluster) = &self.cluster_name {
            tags.insert(CLUSTER_TAG.to_owned(), cluster.clone());
            tags.insert(OWNER_TAG.to_owned(), "amazon-vpc-cni".to_owned());
        }
        tags
    }

    /// Puts the tags on an ENI that lacks some.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn tag(&self, eni: &NetworkInterface) -> Result<(), Error> {
        let mut missing = self.tags();
        missing.retain(|key, value| eni.tags.get(key) != Some(value));
        if missing.is_empty() { Ok(()) } else { self.ec2.create_tags(&[&eni.id], &missing).await }
    }

    async fn attach(&self, id: &str) -> Result<u32, Error> {
        let device_index = self.free_device().await?;
        let attach = AttachNetworkInterface {
            network_interface_id: id.to_owned(),
            instance_id: self.facts.instance_id.clone(),
            device_index,
            network_card_index: Some(0),
        };
        let attachment = self.ec2.attach_network_interface(&attach).await?;
        self.ec2.modify_network_interface_delete_on_termination(id, &attachment, true).await?;
        Ok(device_index)
    }

    async fn free_device(&self) -> Result<u32, Error> {
        let instances = self.ec2.describe_instances(&Query::id(&self.facts.instance_id)).await?;
        let enis = instances.iter().flat_map(|instance| &instance.network_interfaces);
        let taken: Vec<_> = enis
            .filter_map(|eni| eni.attachment.as_ref())
            .filter(|attachment| attachment.network_card_index == 0)
            .map(|attachment| attachment.device_index)
            .collect();
        Ok((1..).find(|index| !taken.contains(index)).expect("an instance has fewer devices than there are numbers"))
    }

    /// Detaches and deletes an ENI; one that is gone is fine.
    ///
    /// # Errors
    /// EC2's refusal, after several attempts.
    pub async fn free(&self, id: &str) -> Result<(), Error> {
        let Some(eni) = self.ec2.network_interface(id).await? else { return Ok(()) };
        if let Some(attachment) = eni.attachment.filter(|attachment| attachment.status != "detached") {
            match self.ec2.detach_network_interface(&attachment.id).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        // While the detaching goes on, EC2 refuses to delete: in use.
        let mut wait = Duration::from_millis(100);
        for attempt in 1.. {
            match self.ec2.delete_network_interface(id).await {
                Err(error) if error.is_not_found() => break,
                Err(error) if attempt >= DELETE_ATTEMPTS => return Err(error),
                Err(_) => tokio::time::sleep(wait).await,
                Ok(()) => break,
            }
            wait = (wait * 2).min(Duration::from_secs(10));
        }
        info!(eni = id, "ENI freed");
        Ok(())
    }

    /// Gives an ENI more addresses. If EC2 cannot give so many, asks for one.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn assign(&self, id: &str, amount: Amount) -> Result<AssignedAddresses, Error> {
        let (many, one) = match amount {
            Amount::Addresses(count) => (NewAddresses::Secondary(count), NewAddresses::Secondary(1)),
            Amount::Prefixes(count) => (NewAddresses::Prefixes(count), NewAddresses::Prefixes(1)),
        };
        match self.ec2.assign_private_ip_addresses(id, many).await {
            Err(error) if many != one && error.code != "PrivateIpAddressLimitExceeded" && !error.is_throttled() => {
                self.ec2.assign_private_ip_addresses(id, one).await
            }
            outcome => outcome,
        }
    }
}

/// Now, as RFC 3339 to the second.
fn now_text() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
