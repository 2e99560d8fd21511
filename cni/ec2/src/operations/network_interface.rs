//! The life of an ENI: create, attach, modify, detach, delete.

use crate::client::Client;
use crate::error::Error;
use crate::params::Params;
use crate::types::{NetworkInterface, Tags};

/// CreateNetworkInterface's parameters. Exactly one of the counts may be set, or none.
#[derive(Debug, Clone, Default)]
pub struct CreateNetworkInterface {
    /// The subnet.
    pub subnet_id: String,
    /// What to write on it.
    pub description: String,
    /// `trunk`, `efa`, …; `None` for an ordinary one.
    pub interface_type: Option<String>,
    /// Its security groups; the VPC's default group if empty.
    pub groups: Vec<String>,
    /// Its tags, put on in the same step.
    pub tags: Tags,
    /// Its primary address; EC2 picks one if `None`.
    pub private_ip_address: Option<std::net::Ipv4Addr>,
    /// Secondary addresses besides the primary one.
    pub secondary_private_ip_address_count: Option<u32>,
    /// Delegated /28 prefixes.
    pub ipv4_prefix_count: Option<u32>,
    /// IPv6 addresses.
    pub ipv6_address_count: Option<u32>,
    /// The idempotency token; a fresh one if `None`.
    pub client_token: Option<String>,
}

/// AttachNetworkInterface's parameters.
#[derive(Debug, Clone)]
pub struct AttachNetworkInterface {
    /// The ENI.
    pub network_interface_id: String,
    /// The instance.
    pub instance_id: String,
    /// The device index, above 0.
    pub device_index: u32,
    /// The network card; not sent if `None`.
    pub network_card_index: Option<u32>,
}

/// A fresh idempotency token.
pub(crate) fn client_token() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Client {
    /// CreateNetworkInterface.
    ///
    /// # Errors
    /// EC2's refusal; [`Error::is_out_of_addresses`] if the subnet is full.
    pub async fn create_network_interface(&self, new: &CreateNetworkInterface) -> Result<NetworkInterface, Error> {
        let params = Params::new()
            .set("SubnetId", &new.subnet_id)
            .set("Description", &new.description)
            .maybe("InterfaceType", new.interface_type.as_deref())
            .list("SecurityGroupId", &new.groups)
            .maybe("PrivateIpAddress", new.private_ip_address)
            .maybe("SecondaryPrivateIpAddressCount", new.secondary_private_ip_address_count)
            .maybe("Ipv4PrefixCount", new.ipv4_prefix_count)
            .maybe("Ipv6AddressCount", new.ipv6_address_count)
            .tag_specification("network-interface", &new.tags)
            .set("ClientToken", new.client_token.clone().unwrap_or_else(client_token));
        let reply = self.call_with("CreateNetworkInterface", &params).await?;
        let created = reply.element("networkInterface");
        NetworkInterface::read(created.ok_or_else(|| Error::local(Error::MALFORMED_REPLY, "no networkInterface"))?)
    }

    /// AttachNetworkInterface; returns the attachment's id. The link appears at the instance some time later.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn attach_network_interface(&self, attach: &AttachNetworkInterface) -> Result<String, Error> {
        let params = Params::new()
            .set("NetworkInterfaceId", &attach.network_interface_id)
            .set("InstanceId", &attach.instance_id)
            .set("DeviceIndex", attach.device_index)
            .maybe("NetworkCardIndex", attach.network_card_index);
        self.call_with("AttachNetworkInterface", &params).await?.parsed("attachmentId")
    }

    /// DetachNetworkInterface; the ENI is free some time later.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn detach_network_interface(&self, attachment_id: &str) -> Result<(), Error> {
        let params = Params::new().set("AttachmentId", attachment_id);
        self.call_with("DetachNetworkInterface", &params).await.map(drop)
    }

    /// DeleteNetworkInterface.
    ///
    /// # Errors
    /// EC2's refusal, also while the ENI is attached.
    pub async fn delete_network_interface(&self, id: &str) -> Result<(), Error> {
        let params = Params::new().set("NetworkInterfaceId", id);
        self.call_with("DeleteNetworkInterface", &params).await.map(drop)
    }

    /// ModifyNetworkInterfaceAttribute: replaces the ENI's security groups.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn modify_network_interface_groups(&self, id: &str, groups: &[String]) -> Result<(), Error> {
        let params = Params::new().set("NetworkInterfaceId", id).list("SecurityGroupId", groups);
        self.call_with("ModifyNetworkInterfaceAttribute", &params).await.map(drop)
    }

    /// ModifyNetworkInterfaceAttribute: whether the ENI goes when its instance goes.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn modify_network_interface_delete_on_termination(
        &self,
        id: &str,
        attachment_id: &str,
        delete_on_termination: bool,
    ) -> Result<(), Error> {
        let params = Params::new()
            .set("NetworkInterfaceId", id)
            .set("Attachment.AttachmentId", attachment_id)
            .set("Attachment.DeleteOnTermination", delete_on_termination);
        self.call_with("ModifyNetworkInterfaceAttribute", &params).await.map(drop)
    }
}
