//! VPCs that are attached to transit gateways, by one ENI in a subnet of each zone.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{AttachedResource, TransitGatewayAttachment, TransitGatewayError};
use crate::network_interface::InterfaceType;
use crate::{
    Context, Model, NetworkInterfaceId, NewInterface, SubnetId, Tags, TransitGatewayAttachmentId, TransitGatewayId,
    VpcId, WantedAddresses, life_span,
};

/// A VPC as it is attached to a transit gateway.
#[derive(Debug, Clone)]
pub struct VpcAttachment {
    /// The VPC.
    pub vpc_id: VpcId,
    /// The subnets with the gateway's ENIs, in the order given.
    pub subnets: Vec<(SubnetId, NetworkInterfaceId)>,
    /// What can be chosen.
    pub options: VpcAttachmentOptions,
}

/// What can be chosen of a VPC's attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VpcAttachmentOptions {
    /// Whether public names are resolved to private addresses across VPCs.
    pub dns_support: bool,
    /// Whether groups' rules can name groups of other VPCs.
    pub security_group_referencing_support: bool,
    /// Whether IPv6 blocks are propagated.
    pub ipv6_support: bool,
    /// Whether a flow keeps to one zone.
    pub appliance_mode_support: bool,
}

impl Default for VpcAttachmentOptions {
    fn default() -> Self {
        Self {
            dns_support: true,
            security_group_referencing_support: true,
            ipv6_support: false,
            appliance_mode_support: false,
        }
    }
}

impl VpcAttachmentOptions {
    /// The options after a change.
    #[must_use]
    pub fn changed(self, change: &VpcAttachmentChange) -> Self {
        Self {
            dns_support: change.dns_support.unwrap_or(self.dns_support),
            security_group_referencing_support: change
                .security_group_referencing_support
                .unwrap_or(self.security_group_referencing_support),
            ipv6_support: change.ipv6_support.unwrap_or(self.ipv6_support),
            appliance_mode_support: change.appliance_mode_support.unwrap_or(self.appliance_mode_support),
        }
    }
}

/// What CreateTransitGatewayVpcAttachment asks for.
#[derive(Debug, Clone)]
pub struct NewVpcAttachment {
    /// The gateway.
    pub gateway_id: TransitGatewayId,
    /// The VPC.
    pub vpc_id: VpcId,
    /// One subnet of each zone.
    pub subnet_ids: Vec<SubnetId>,
    /// What is chosen.
    pub options: VpcAttachmentOptions,
    /// Its tags.
    pub tags: Tags,
}

/// What ModifyTransitGatewayVpcAttachment asks for.
#[derive(Debug, Clone, Default)]
pub struct VpcAttachmentChange {
    /// Subnets to add.
    pub add_subnets: Vec<SubnetId>,
    /// Subnets to remove.
    pub remove_subnets: Vec<SubnetId>,
    /// What is chosen; what is not said stays.
    pub dns_support: Option<bool>,
    /// The same.
    pub security_group_referencing_support: Option<bool>,
    /// The same.
    pub ipv6_support: Option<bool>,
    /// The same.
    pub appliance_mode_support: Option<bool>,
}

impl Model {
    /// Attaches a VPC to a transit gateway.
    pub fn create_transit_gateway_vpc_attachment(
        &mut self,
        cx: &mut Context,
        new: NewVpcAttachment,
    ) -> Result<TransitGatewayAttachmentId, TransitGatewayError> {
        self.check_can_attach(&new.gateway_id)?;
        if !self.vpcs.contains_key(&new.vpc_id) {
            return Err(TransitGatewayError::VpcNotFound(new.vpc_id));
        }
        self.check_subnets(&new.vpc_id, new.subnet_ids.iter())?;
        self.check_room_for_attachment(&new.gateway_id, &new.vpc_id)?;
        let id: TransitGatewayAttachmentId = cx.ids.next();
        let subnets = self.make_transit_interfaces(cx, &id, new.subnet_ids, new.options.ipv6_support)?;
        let vpc = VpcAttachment { vpc_id: new.vpc_id, subnets, options: new.options };
        self.insert_transit_attachment(cx, id.clone(), &new.gateway_id, AttachedResource::Vpc(vpc), new.tags);
        Ok(id)
    }

    /// Begins to change an attachment.
    ///
    /// Deviation: ENIs that are there keep their addresses when IPv6 is turned on or off.
    pub fn modify_transit_gateway_vpc_attachment(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
        change: VpcAttachmentChange,
    ) -> Result<(), TransitGatewayError> {
        let vpc = self.steady_vpc_attachment(id)?;
        let is_attached = |subnet: &SubnetId| vpc.subnets.iter().any(|(known, _)| known == subnet);
        if let Some(subnet) = change.remove_subnets.iter().find(|subnet| !is_attached(subnet)) {
            return Err(TransitGatewayError::NotAttached(subnet.clone()));
        }
        if let Some(subnet) = change.add_subnets.iter().find(|subnet| is_attached(subnet)) {
            return Err(TransitGatewayError::AlreadyAttached(subnet.clone()));
        }
        let stay = vpc.subnets.iter().map(|(subnet, _)| subnet);
        let after: Vec<&SubnetId> =
            stay.filter(|subnet| !change.remove_subnets.contains(subnet)).chain(&change.add_subnets).collect();
        if after.is_empty() {
            return Err(TransitGatewayError::LastSubnet(id.clone()));
        }
        self.check_subnets(&vpc.vpc_id, after)?;
        let options = vpc.options.changed(&change);
        let added = self.make_transit_interfaces(cx, id, change.add_subnets, options.ipv6_support)?;
        let attachment = self.transit_gateway_attachments.get_mut(id).expect("it was just found");
        attachment.life.change(cx.now);
        let AttachedResource::Vpc(vpc) = &mut attachment.resource else { unreachable!("it was just found as a VPC's") };
        let (gone, mut subnets): (Vec<_>, Vec<_>) =
            vpc.subnets.drain(..).partition(|(subnet, _)| change.remove_subnets.contains(subnet));
        subnets.extend(added);
        (vpc.subnets, vpc.options) = (subnets, options);
        for (_, interface) in &gone {
            self.remove_interface(interface);
        }
        self.touch();
        Ok(())
    }

    /// Begins to take an attachment away that carries no Connect attachment.
    pub fn delete_transit_gateway_vpc_attachment(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.steady_vpc_attachment(id)?;
        if self.is_transport(id) {
            return Err(TransitGatewayError::IsTransport(id.clone()));
        }
        self.end_transit_attachment(cx, id);
        Ok(())
    }

    /// Accepts an attachment that waits for it. In one account, none does.
    pub fn accept_transit_gateway_vpc_attachment(
        &mut self,
        _: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.live_vpc_attachment(id)?;
        Err(TransitGatewayError::State(id.to_string()))
    }

    /// Whether packets get from a VPC to a transit gateway.
    pub(crate) fn is_vpc_attached(&self, vpc_id: &VpcId, gateway_id: &TransitGatewayId) -> bool {
        self.attachments_of_transit_gateway(gateway_id)
            .any(|attachment| is_of_vpc(attachment, vpc_id) && attachment.life.is_up())
    }

    /// A VPC's attachment that is not gone.
    fn live_vpc_attachment(
        &self,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(&TransitGatewayAttachment, &VpcAttachment), TransitGatewayError> {
        let attachment = self.live_transit_attachment(id)?;
        let vpc = attachment.vpc().ok_or_else(|| TransitGatewayError::AttachmentNotFound(id.clone()))?;
        Ok((attachment, vpc))
    }

    /// A VPC's attachment that is there and not being changed.
    fn steady_vpc_attachment(&self, id: &TransitGatewayAttachmentId) -> Result<&VpcAttachment, TransitGatewayError> {
        let (attachment, vpc) = self.live_vpc_attachment(id)?;
        if attachment.life.is_steady() { Ok(vpc) } else { Err(TransitGatewayError::State(id.to_string())) }
    }

    /// Checks that subnets are a VPC's, each in a zone of its own.
    fn check_subnets<'a>(
        &self,
        vpc_id: &VpcId,
        ids: impl IntoIterator<Item = &'a SubnetId>,
    ) -> Result<(), TransitGatewayError> {
        let mut zones = BTreeSet::new();
        for id in ids {
            let subnet = self.subnets.get(id).ok_or_else(|| TransitGatewayError::SubnetNotFound(id.clone()))?;
            if subnet.vpc_id != *vpc_id {
                return Err(TransitGatewayError::SubnetElsewhere(id.clone()));
            }
            if !zones.insert(&subnet.zone) {
                return Err(TransitGatewayError::SameZone(id.clone()));
            }
        }
        Ok(())
    }

    fn check_room_for_attachment(
        &self,
        gateway_id: &TransitGatewayId,
        vpc_id: &VpcId,
    ) -> Result<(), TransitGatewayError> {
        if self.attachments_of_transit_gateway(gateway_id).any(|attachment| is_of_vpc(attachment, vpc_id)) {
            return Err(TransitGatewayError::Duplicate(gateway_id.clone()));
        }
        let limit = self.quotas.transit_gateways_per_vpc;
        let all = self.transit_gateway_attachments.values();
        let of_vpc = all.filter(|attachment| is_of_vpc(attachment, vpc_id) && !attachment.life.is_over());
        if of_vpc.count() >= limit { Err(TransitGatewayError::TooManyAttachments(limit)) } else { Ok(()) }
    }

    /// Makes an attachment's ENI in each of some subnets, or in none.
    fn make_transit_interfaces(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
        subnet_ids: Vec<SubnetId>,
        ipv6: bool,
    ) -> Result<Vec<(SubnetId, NetworkInterfaceId)>, TransitGatewayError> {
        let mut made: Vec<(SubnetId, NetworkInterfaceId)> = Vec::with_capacity(subnet_ids.len());
        for subnet_id in subnet_ids {
            let has_ipv6 =
                self.subnets.get(&subnet_id).is_some_and(|subnet| subnet.ipv6_cidr_blocks().next().is_some());
            let new = NewInterface {
                description: format!("Network Interface for Transit Gateway Attachment {id}"),
                interface_type: InterfaceType::TransitGateway,
                addresses: WantedAddresses { ipv6_count: usize::from(ipv6 && has_ipv6), ..WantedAddresses::default() },
                source_dest_check: false,
                ..NewInterface::in_subnet(subnet_id.clone())
            };
            match self.create_service_interface(cx, new) {
                Ok(interface) => made.push((subnet_id, interface)),
                Err(err) => {
                    made.iter().for_each(|(_, interface)| self.remove_interface(interface));
                    return Err(err.into());
                }
            }
        }
        Ok(made)
    }

    /// Completes what was begun on attachments; a VPC's ENIs go with it.
    pub(super) fn advance_transit_attachments(&mut self, now: Timestamp) {
        let mut ended = Vec::new();
        let spans: life_span::Spans<'_, _, _> = (&mut self.transit_gateway_attachments, |found| &mut found.life.span);
        life_span::advance_to_end(spans, self.delays.transit_gateway, now, |attachment| {
            ended.extend(attachment.vpc().into_iter().flat_map(|vpc| vpc.subnets.clone()));
        });
        ended.iter().for_each(|(_, interface)| self.remove_interface(interface));
    }
}

fn is_of_vpc(attachment: &TransitGatewayAttachment, id: &VpcId) -> bool {
    attachment.vpc().is_some_and(|vpc| vpc.vpc_id == *id)
}
