//! Transit gateways: routers between VPCs, VPN connections and each other, with route tables of their own.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/what-is-transit-gateway.html>.

mod association;
mod attachment;
mod change;
mod connect;
mod connect_peer;
mod error;
mod life;
mod peering;
mod route;
mod route_table;
mod vpc_attachment;

use ipnet::IpNet;
use jiff::Timestamp;

pub use self::association::TransitAssociation;
pub use self::attachment::{AttachedResource, TransitGatewayAttachment};
pub use self::change::{DefaultTable, TransitGatewayChange};
pub use self::connect_peer::{ConnectPeerError, NewConnectPeer, TransitConnectPeer};
pub use self::error::TransitGatewayError;
pub use self::life::TransitLife;
pub use self::peering::{TransitPeering, TransitSide};
pub use self::route::{TransitGatewayRoute, TransitPrefixListReference, TransitTarget};
pub use self::route_table::TransitGatewayRouteTable;
pub use self::vpc_attachment::{NewVpcAttachment, VpcAttachment, VpcAttachmentChange, VpcAttachmentOptions};
use crate::{Context, Model, Phase, Tags, TransitGatewayId, TransitGatewayRouteTableId, life_span};

/// A transit gateway.
#[derive(Debug, Clone)]
pub struct TransitGateway {
    /// Its id.
    pub id: TransitGatewayId,
    /// Free text.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// What can be chosen.
    pub options: TransitGatewayOptions,
    /// The table that new attachments are associated with.
    pub association_table: Option<TransitGatewayRouteTableId>,
    /// The table that new attachments propagate their routes to.
    pub propagation_table: Option<TransitGatewayRouteTableId>,
    /// How far it is.
    pub life: TransitLife,
    /// Its tags.
    pub tags: Tags,
}

/// What can be chosen of a transit gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitGatewayOptions {
    /// The number of its autonomous system.
    pub amazon_side_asn: u32,
    /// Its own blocks, for tunnels.
    pub cidr_blocks: Vec<IpNet>,
    /// Whether other accounts' attachments need no consent.
    pub auto_accept_shared_attachments: bool,
    /// Whether new attachments are associated with the default table.
    pub default_association: bool,
    /// Whether new attachments propagate their routes to the default table.
    pub default_propagation: bool,
    /// Whether VPN tunnels share the load.
    pub vpn_ecmp_support: bool,
    /// Whether public names are resolved to private addresses across VPCs.
    pub dns_support: bool,
    /// Whether groups' rules can name groups of other VPCs.
    pub security_group_referencing_support: bool,
    /// Whether it can have multicast domains.
    pub multicast_support: bool,
}

impl Default for TransitGatewayOptions {
    fn default() -> Self {
        Self {
            amazon_side_asn: 64512,
            cidr_blocks: Vec::new(),
            auto_accept_shared_attachments: false,
            default_association: true,
            default_propagation: true,
            vpn_ecmp_support: true,
            dns_support: true,
            security_group_referencing_support: false,
            multicast_support: false,
        }
    }
}

/// What CreateTransitGateway asks for.
#[derive(Debug, Clone, Default)]
pub struct NewTransitGateway {
    /// Free text.
    pub description: Option<String>,
    /// What is chosen.
    pub options: TransitGatewayOptions,
    /// Its tags.
    pub tags: Tags,
}

impl Model {
    /// Makes a transit gateway, with its default route table where it uses one.
    pub fn create_transit_gateway(
        &mut self,
        cx: &mut Context,
        new: NewTransitGateway,
    ) -> Result<TransitGatewayId, TransitGatewayError> {
        let limit = self.quotas.transit_gateways;
        if self.transit_gateways.values().filter(|gateway| !gateway.life.is_over()).count() >= limit {
            return Err(TransitGatewayError::TooManyGateways(limit));
        }
        let mut options = new.options;
        change::check_asn(options.amazon_side_asn)?;
        options.cidr_blocks = change::add_blocks(Vec::new(), &options.cidr_blocks)?;
        let id: TransitGatewayId = cx.ids.next();
        let needs_table = options.default_association || options.default_propagation;
        let table = needs_table.then(|| self.insert_transit_route_table(cx, &id, Tags::new()));
        let gateway = TransitGateway {
            id: id.clone(),
            description: new.description,
            created: cx.now,
            association_table: table.clone().filter(|_| options.default_association),
            propagation_table: table.filter(|_| options.default_propagation),
            options,
            life: TransitLife::begin(cx.now),
            tags: new.tags,
        };
        self.transit_gateways.insert(id.clone(), gateway);
        self.touch();
        Ok(id)
    }

    /// Begins to take a transit gateway away that has no attachments; its route tables go with it.
    pub fn delete_transit_gateway(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayId,
    ) -> Result<(), TransitGatewayError> {
        self.steady_transit_gateway(id)?;
        let attachments: Vec<_> =
            self.attachments_of_transit_gateway(id).map(|attachment| attachment.id.clone()).collect();
        if !attachments.is_empty() {
            return Err(TransitGatewayError::HasAttachments { gateway: id.clone(), attachments });
        }
        let gateway = self.transit_gateways.get_mut(id).expect("it was just found");
        gateway.life.end(cx.now);
        for table in self.transit_gateway_route_tables.values_mut() {
            if table.gateway_id == *id && table.span.phase().is_alive() {
                table.span.end(cx.now);
            }
        }
        self.touch();
        Ok(())
    }

    /// A transit gateway that is not gone.
    pub(super) fn live_transit_gateway(&self, id: &TransitGatewayId) -> Result<&TransitGateway, TransitGatewayError> {
        let gateway = self.transit_gateways.get(id).filter(|gateway| !gateway.life.is_over());
        gateway.ok_or_else(|| TransitGatewayError::GatewayNotFound(id.clone()))
    }

    /// A transit gateway that is there and not being changed.
    fn steady_transit_gateway(&self, id: &TransitGatewayId) -> Result<&TransitGateway, TransitGatewayError> {
        let gateway = self.live_transit_gateway(id)?;
        if gateway.life.is_steady() { Ok(gateway) } else { Err(TransitGatewayError::State(id.to_string())) }
    }

    /// Completes what was begun on transit gateways and what belongs to them. Whether anything was.
    pub(crate) fn advance_transit_gateways(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.transit_gateway;
        if self.transit_gateways_due().is_none_or(|due| due > now) {
            return false;
        }
        life_span::advance((&mut self.transit_gateways, |gateway| &mut gateway.life.span), delay, now);
        self.advance_transit_attachments(now);
        life_span::advance((&mut self.transit_gateway_connect_peers, |peer| &mut peer.life.span), delay, now);
        life_span::advance((&mut self.transit_gateway_route_tables, |table| &mut table.span), delay, now);
        for table in self.transit_gateway_route_tables.values_mut() {
            life_span::advance_list(&mut table.associations, |one| &mut one.span, delay, now);
            // EC2 does not show associations that have ended.
            table.associations.retain(|one| one.span.phase() != Phase::Deleted);
            life_span::advance_list(&mut table.references, |one| &mut one.life.span, delay, now);
            table.references.retain(|one| !one.life.is_over());
        }
        true
    }

    /// When something that was begun on them is complete.
    pub(crate) fn transit_gateways_due(&self) -> Option<Timestamp> {
        let gateways = self.transit_gateways.values().map(|gateway| &gateway.life.span);
        let attachments = self.transit_gateway_attachments.values().map(|found| &found.life.span);
        let tables = self.transit_gateway_route_tables.values();
        let of_tables = tables.flat_map(|table| {
            let associations = table.associations.iter().map(|one| &one.span);
            associations.chain(table.references.iter().map(|one| &one.life.span)).chain([&table.span])
        });
        let peers = self.transit_gateway_connect_peers.values().map(|peer| &peer.life.span);
        life_span::first_due(gateways.chain(attachments).chain(peers).chain(of_tables), self.delays.transit_gateway)
    }
}
