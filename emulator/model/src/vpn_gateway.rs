//! Virtual private gateways: the VPC's side of VPN connections.
//!
//! See <https://docs.aws.amazon.com/vpn/latest/s2svpn/how_it_works.html>.

use jiff::Timestamp;

use crate::{Context, LifeSpan, Model, Phase, RouteTable, Tags, VpcId, VpnGatewayId, life_span};

/// A virtual private gateway.
#[derive(Debug, Clone)]
pub struct VpnGateway {
    /// Its id.
    pub id: VpnGatewayId,
    /// The number of its side of BGP sessions.
    pub amazon_side_asn: u64,
    /// The zone that was asked for.
    pub zone: Option<String>,
    /// Its attachment, be it one that comes, goes or is merely still shown.
    pub attachments: Vec<VpnAttachment>,
    /// Its tags.
    pub tags: Tags,
    span: LifeSpan,
}

/// A gateway's attachment to a VPC.
#[derive(Debug, Clone)]
pub struct VpnAttachment {
    /// The VPC.
    pub vpc_id: VpcId,
    span: LifeSpan,
}

impl VpnAttachment {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.span.phase() {
            Phase::Pending => "attaching",
            Phase::Available => "attached",
            Phase::Deleting => "detaching",
            Phase::Deleted => "detached",
        }
    }
}

impl VpnGateway {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        self.span.phase().as_str()
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }

    /// The VPC it is attached to and not being detached from.
    pub fn vpc_id(&self) -> Option<&VpcId> {
        let mut alive = self.attachments.iter().filter(|attachment| attachment.span.phase().is_alive());
        alive.next().map(|attachment| &attachment.vpc_id)
    }

    /// The VPC it is attached to, though it may be being detached.
    fn held_by(&self) -> Option<&VpcId> {
        let mut held = self.attachments.iter().filter(|attachment| attachment.span.phase() != Phase::Deleted);
        held.next().map(|attachment| &attachment.vpc_id)
    }
}

/// Why an operation on a virtual private gateway is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VpnGatewayError {
    /// No such gateway.
    #[error("vpn gateway {0} does not exist")]
    NotFound(VpnGatewayId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// A region has no more gateways.
    #[error("a region has at most {0} vpn gateways")]
    TooMany(usize),
    /// Not a private number of 16 or 32 bits.
    #[error("{0} is not a private asn")]
    Asn(u64),
    /// It is attached to a VPC.
    #[error("vpn gateway {gateway} is attached to {vpc}")]
    AlreadyAttached {
        /// The gateway.
        gateway: VpnGatewayId,
        /// The VPC.
        vpc: VpcId,
    },
    /// A VPC has one gateway.
    #[error("vpc {0} has a vpn gateway already")]
    VpcHasOne(VpcId),
    /// It is not attached to that VPC.
    #[error("vpn gateway {gateway} is not attached to {vpc}")]
    NotAttached {
        /// The gateway.
        gateway: VpnGatewayId,
        /// The VPC.
        vpc: VpcId,
    },
    /// It is not available.
    #[error("vpn gateway {id} is {state}")]
    State {
        /// The gateway.
        id: VpnGatewayId,
        /// Its state.
        state: &'static str,
    },
    /// It is attached, or connections end at it.
    #[error("vpn gateway {0} is in use")]
    InUse(VpnGatewayId),
}

impl Model {
    /// Makes a virtual private gateway.
    pub fn create_vpn_gateway(
        &mut self,
        cx: &mut Context,
        amazon_side_asn: u64,
        zone: Option<String>,
        tags: Tags,
    ) -> Result<VpnGatewayId, VpnGatewayError> {
        if !matches!(amazon_side_asn, 1..=4_294_967_294) {
            return Err(VpnGatewayError::Asn(amazon_side_asn));
        }
        let limit = self.quotas.vpn_gateways;
        if self.vpn_gateways.values().filter(|gateway| gateway.is_alive()).count() >= limit {
            return Err(VpnGatewayError::TooMany(limit));
        }
        let id: VpnGatewayId = cx.ids.next();
        let span = self.vpn_span(cx.now);
        let gateway = VpnGateway { id: id.clone(), amazon_side_asn, zone, attachments: Vec::new(), tags, span };
        self.vpn_gateways.insert(id.clone(), gateway);
        self.touch();
        Ok(id)
    }

    /// Begins to take a gateway away that is not attached and where no connection ends.
    pub fn delete_vpn_gateway(&mut self, cx: &mut Context, id: &VpnGatewayId) -> Result<(), VpnGatewayError> {
        let gateway = self.vpn_gateways.get(id).ok_or_else(|| VpnGatewayError::NotFound(id.clone()))?;
        if gateway.held_by().is_some() || self.has_vpn_connections(id) {
            return Err(VpnGatewayError::InUse(id.clone()));
        }
        if gateway.is_alive() {
            self.vpn_gateway_mut(id)?.span.end(cx.now);
            self.touch();
        }
        Ok(())
    }

    /// Begins to attach a gateway to a VPC.
    pub fn attach_vpn_gateway(
        &mut self,
        cx: &mut Context,
        id: &VpnGatewayId,
        vpc_id: &VpcId,
    ) -> Result<(), VpnGatewayError> {
        let gateway = self.vpn_gateways.get(id).ok_or_else(|| VpnGatewayError::NotFound(id.clone()))?;
        if !self.vpcs.contains_key(vpc_id) {
            return Err(VpnGatewayError::VpcNotFound(vpc_id.clone()));
        }
        if !gateway.is_alive() {
            return Err(VpnGatewayError::State { id: id.clone(), state: gateway.state() });
        }
        match gateway.held_by() {
            // Attaching it where it is changes nothing.
            Some(vpc) if gateway.vpc_id() == Some(vpc_id) && vpc == vpc_id => return Ok(()),
            Some(vpc) => {
                return Err(VpnGatewayError::AlreadyAttached { gateway: id.clone(), vpc: vpc.clone() });
            }
            None => {}
        }
        if self.vpn_gateways.values().any(|other| other.held_by() == Some(vpc_id)) {
            return Err(VpnGatewayError::VpcHasOne(vpc_id.clone()));
        }
        let attachment = VpnAttachment { vpc_id: vpc_id.clone(), span: LifeSpan::begin(cx.now) };
        self.vpn_gateway_mut(id)?.attachments = vec![attachment];
        self.touch();
        Ok(())
    }

    /// Begins to detach a gateway; routes that lead to it become black holes, and those it propagates go.
    pub fn detach_vpn_gateway(
        &mut self,
        cx: &mut Context,
        id: &VpnGatewayId,
        vpc_id: &VpcId,
    ) -> Result<(), VpnGatewayError> {
        let gateway = self.vpn_gateway_mut(id)?;
        let attachments = gateway.attachments.iter_mut();
        let mut alive = attachments.filter(|one| one.vpc_id == *vpc_id && one.span.phase().is_alive());
        let not_attached = || VpnGatewayError::NotAttached { gateway: id.clone(), vpc: vpc_id.clone() };
        alive.next().ok_or_else(not_attached)?.span.end(cx.now);
        self.end_edge_association(&id.clone().into());
        let names = |table: &&RouteTable| table.propagating_gateways.contains(id);
        let tables: Vec<_> = self.route_tables.values().filter(names).map(|table| table.id.clone()).collect();
        for table in tables {
            if let Some(table) = self.route_tables.get_mut(&table) {
                table.propagating_gateways.retain(|gateway| gateway != id);
            }
        }
        self.touch();
        Ok(())
    }

    /// Whether a virtual private gateway is attached to a VPC, or still being detached.
    pub(crate) fn has_vpn_gateway(&self, vpc_id: &VpcId) -> bool {
        self.vpn_gateways.values().any(|gateway| gateway.held_by() == Some(vpc_id))
    }

    /// The beginning of a gateway, which is there at once unless it is to take a while.
    pub(crate) fn vpn_span(&self, now: Timestamp) -> LifeSpan {
        if self.delays.vpn.is_zero() { LifeSpan::there_since(now) } else { LifeSpan::begin(now) }
    }

    /// Completes what was begun on virtual private gateways. Whether anything was.
    pub(crate) fn advance_vpn_gateways(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.vpn;
        let mut moved = life_span::advance((&mut self.vpn_gateways, |gateway| &mut gateway.span), delay, now);
        for gateway in self.vpn_gateways.values_mut() {
            moved |= life_span::advance_list(&mut gateway.attachments, |one| &mut one.span, delay, now);
        }
        moved
    }

    /// When something that was begun on a virtual private gateway is complete.
    pub(crate) fn vpn_gateways_due(&self) -> Option<Timestamp> {
        let attachments = self.vpn_gateways.values().flat_map(|gateway| &gateway.attachments);
        let spans = self.vpn_gateways.values().map(|gateway| &gateway.span).chain(attachments.map(|one| &one.span));
        life_span::first_due(spans, self.delays.vpn)
    }

    fn vpn_gateway_mut(&mut self, id: &VpnGatewayId) -> Result<&mut VpnGateway, VpnGatewayError> {
        self.vpn_gateways.get_mut(id).ok_or_else(|| VpnGatewayError::NotFound(id.clone()))
    }
}
