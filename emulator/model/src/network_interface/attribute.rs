//! Attributes of ENIs and permissions on them.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>.

use super::{
    ConnectionTracking, EnaSrd, Grantee, InterfaceError, InterfacePermission, NetworkInterface, PublicNameType,
};
use crate::{AttachmentId, Context, InterfacePermissionId, Model, NetworkInterfaceId, SecurityGroupId, index};

/// An attribute that ModifyNetworkInterfaceAttribute sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceAttribute {
    /// Free text.
    Description(String),
    /// Whether packets must have one of its addresses as source or destination.
    SourceDestCheck(bool),
    /// Its security groups, instead of those before.
    Groups(Vec<SecurityGroupId>),
    /// Whether it goes when its instance does.
    DeleteOnTermination {
        /// The attachment it has.
        attachment_id: AttachmentId,
        /// Whether it goes.
        on: bool,
    },
    /// Idle timeouts of tracked connections.
    ConnectionTracking(ConnectionTracking),
    /// Whether its first IPv6 address stays as long as the ENI; once it does, it cannot be undone.
    PrimaryIpv6(bool),
    /// What its public name stands for.
    PublicName(PublicNameType),
    /// Scalable reliable datagrams of its attachment.
    EnaSrd(EnaSrd),
    /// How many queues its attachment has; the default number when none is given.
    EnaQueueCount {
        /// The attachment it has.
        attachment_id: AttachmentId,
        /// How many.
        count: Option<u16>,
    },
}

impl Model {
    /// Changes one attribute of an ENI.
    pub fn modify_network_interface(
        &mut self,
        id: &NetworkInterfaceId,
        attribute: InterfaceAttribute,
    ) -> Result<(), InterfaceError> {
        self.check_callers_own(id)?;
        if let InterfaceAttribute::Groups(groups) = attribute {
            return self.replace_groups(id, &groups);
        }
        let interface = self.network_interfaces.get_mut(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        match attribute {
            InterfaceAttribute::Description(text) => interface.description = text,
            InterfaceAttribute::SourceDestCheck(on) => interface.source_dest_check = on,
            InterfaceAttribute::DeleteOnTermination { attachment_id, on } => {
                let attachment = interface.attachment.as_mut().filter(|attachment| attachment.id == attachment_id);
                attachment.ok_or(InterfaceError::AttachmentNotFound(attachment_id))?.delete_on_termination = on;
            }
            InterfaceAttribute::ConnectionTracking(timeouts) => {
                timeouts.check()?;
                interface.connection_tracking = timeouts;
            }
            InterfaceAttribute::PrimaryIpv6(on) => {
                if interface.primary_ipv6 && !on {
                    return Err(InterfaceError::PrimaryIpv6Stays(id.clone()));
                }
                if on && interface.ipv6_addresses.is_empty() {
                    return Err(InterfaceError::NoIpv6Address(id.clone()));
                }
                interface.primary_ipv6 = on;
            }
            InterfaceAttribute::PublicName(kind) => interface.public_name = Some(kind),
            InterfaceAttribute::EnaSrd(ena_srd) => {
                let attachment = interface.attachment.as_mut();
                attachment.ok_or_else(|| InterfaceError::NotAttached(id.clone()))?.ena_srd = Some(ena_srd);
            }
            InterfaceAttribute::EnaQueueCount { attachment_id, count } => {
                let attachment = interface.attachment.as_mut().filter(|attachment| attachment.id == attachment_id);
                attachment.ok_or(InterfaceError::AttachmentNotFound(attachment_id))?.ena_queue_count = count;
            }
            InterfaceAttribute::Groups(_) => unreachable!("handled above"),
        }
        self.touch();
        Ok(())
    }

    /// Gives an ENI other groups, whoever made it.
    pub(crate) fn replace_groups(
        &mut self,
        id: &NetworkInterfaceId,
        wanted: &[SecurityGroupId],
    ) -> Result<(), InterfaceError> {
        let interface = self.network_interfaces.get(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        let subnet = self.subnets.get(&interface.subnet_id).expect("an eni's subnet stays as long as the eni");
        let groups = self.groups_for(subnet, wanted)?;
        for group in &groups {
            index::insert(&mut self.index.interfaces_by_group, group.clone(), id.clone());
        }
        let interface = self.network_interfaces.get_mut(id).expect("it was just found");
        let before = std::mem::replace(&mut interface.groups, groups);
        for group in before.iter().filter(|group| !interface.groups.contains(group)) {
            index::remove(&mut self.index.interfaces_by_group, group, id);
        }
        self.touch();
        Ok(())
    }

    /// The ENIs that carry a security group, in the order of their ids.
    pub fn interfaces_with_group(&self, group_id: &SecurityGroupId) -> impl Iterator<Item = &NetworkInterface> {
        let ids = self.index.interfaces_by_group.get(group_id);
        ids.into_iter().flatten().filter_map(|id| self.network_interfaces.get(id))
    }

    /// Lets another account or a service use an ENI; a repeated permission is the one there is.
    pub fn create_interface_permission(
        &mut self,
        cx: &mut Context,
        id: &NetworkInterfaceId,
        grantee: Grantee,
        permission: &str,
    ) -> Result<InterfacePermission, InterfaceError> {
        self.check_callers_own(id)?;
        let interface = self.network_interfaces.get_mut(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        let same = |known: &&InterfacePermission| known.grantee == grantee && known.permission == permission;
        if let Some(known) = interface.permissions.iter().find(same) {
            return Ok(known.clone());
        }
        let new = InterfacePermission { id: cx.ids.next(), grantee, permission: permission.to_owned() };
        interface.permissions.push(new.clone());
        self.touch();
        Ok(new)
    }

    /// All permissions, each with its ENI.
    pub fn interface_permissions(&self) -> impl Iterator<Item = (&NetworkInterface, &InterfacePermission)> {
        let interfaces = self.network_interfaces.values();
        interfaces.flat_map(|interface| interface.permissions.iter().map(move |permission| (interface, permission)))
    }

    /// Takes a permission away; while the ENI is attached that needs force.
    pub fn delete_interface_permission(
        &mut self,
        id: &InterfacePermissionId,
        force: bool,
    ) -> Result<(), InterfaceError> {
        let has = |interface: &&mut NetworkInterface| interface.permissions.iter().any(|known| known.id == *id);
        let interface = self.network_interfaces.values_mut().find(has);
        let interface = interface.ok_or_else(|| InterfaceError::PermissionNotFound(id.clone()))?;
        if interface.live_attachment().is_some() && !force {
            return Err(InterfaceError::PermissionInUse(id.clone()));
        }
        interface.permissions.retain(|known| known.id != *id);
        self.touch();
        Ok(())
    }
}

impl ConnectionTracking {
    /// Checks each timeout against its range.
    pub(super) fn check(&self) -> Result<(), InterfaceError> {
        let ranges = [
            ("TcpEstablishedTimeout", self.tcp_established_timeout_seconds, 60, 432_000),
            ("UdpStreamTimeout", self.udp_stream_timeout_seconds, 60, 180),
            ("UdpTimeout", self.udp_timeout_seconds, 30, 60),
        ];
        for (name, value, min, max) in ranges {
            if let Some(value) = value.filter(|value| !(min..=max).contains(value)) {
                return Err(InterfaceError::Timeout { name, value, min, max });
            }
        }
        Ok(())
    }
}
