//! Changing transit gateways.

use ipnet::IpNet;

use super::{TransitGatewayError, TransitGatewayOptions};
use crate::{Context, Model, Tags, TransitGatewayId, TransitGatewayRouteTableId};

/// How many blocks a transit gateway can have.
const MAX_BLOCKS: usize = 5;

/// What ModifyTransitGateway asks for; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct TransitGatewayChange {
    /// Free text.
    pub description: Option<String>,
    /// The number of its autonomous system.
    pub amazon_side_asn: Option<u32>,
    /// Blocks to add.
    pub add_blocks: Vec<IpNet>,
    /// Blocks to remove.
    pub remove_blocks: Vec<IpNet>,
    /// Whether other accounts' attachments need no consent.
    pub auto_accept_shared_attachments: Option<bool>,
    /// Whether VPN tunnels share the load.
    pub vpn_ecmp_support: Option<bool>,
    /// Whether public names are resolved to private addresses across VPCs.
    pub dns_support: Option<bool>,
    /// Whether groups' rules can name groups of other VPCs.
    pub security_group_referencing_support: Option<bool>,
    /// Whether new attachments are associated with a default table, and which.
    pub association: DefaultTable,
    /// Whether new attachments propagate to a default table, and which.
    pub propagation: DefaultTable,
}

/// A change of one of the default tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DefaultTable {
    /// Whether there shall be one.
    pub wanted: Option<bool>,
    /// Which.
    pub table: Option<TransitGatewayRouteTableId>,
}

impl Model {
    /// Begins to change a transit gateway. Attachments that are there already stay as they are.
    pub fn modify_transit_gateway(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayId,
        change: TransitGatewayChange,
    ) -> Result<(), TransitGatewayError> {
        let gateway = self.steady_transit_gateway(id)?;
        let (association, propagation) = (gateway.association_table.clone(), gateway.propagation_table.clone());
        let options = changed(&gateway.options, &change)?;
        let is_used = |block: &&IpNet| self.peers_of_gateway(id).any(|peer| block.contains(&peer.gateway_address));
        if let Some(block) = change.remove_blocks.iter().find(is_used) {
            return Err(TransitGatewayError::BlockInUse(*block));
        }
        self.check_default_table(id, options.default_association, &change.association)?;
        self.check_default_table(id, options.default_propagation, &change.propagation)?;
        // A default table that is wanted and not named is the other one's, or a new one.
        let known = association.clone().or_else(|| propagation.clone());
        let needs_new = |wanted: bool, given: &DefaultTable| wanted && given.table.is_none() && known.is_none();
        let is_new_needed = needs_new(options.default_association, &change.association)
            || needs_new(options.default_propagation, &change.propagation);
        let other = if is_new_needed { Some(self.insert_transit_route_table(cx, id, Tags::new())) } else { known };
        let pick = |wanted: bool, given: DefaultTable, now: Option<TransitGatewayRouteTableId>| {
            given.table.or(now).or_else(|| other.clone()).filter(|_| wanted)
        };
        let association_table = pick(options.default_association, change.association, association);
        let propagation_table = pick(options.default_propagation, change.propagation, propagation);
        let gateway = self.transit_gateways.get_mut(id).expect("it was just found");
        gateway.description = change.description.or_else(|| gateway.description.take());
        (gateway.association_table, gateway.propagation_table) = (association_table, propagation_table);
        gateway.options = options;
        gateway.life.change(cx.now);
        self.touch();
        Ok(())
    }

    /// Checks that a default table that is named belongs to the gateway, and that one is wanted.
    fn check_default_table(
        &self,
        gateway: &TransitGatewayId,
        is_wanted: bool,
        given: &DefaultTable,
    ) -> Result<(), TransitGatewayError> {
        let Some(id) = &given.table else { return Ok(()) };
        if self.steady_transit_route_table(id)?.gateway_id != *gateway {
            return Err(TransitGatewayError::TableNotFound(id.clone()));
        }
        if is_wanted { Ok(()) } else { Err(TransitGatewayError::NoDefaultTable(id.clone())) }
    }
}

/// The options after a change.
fn changed(
    old: &TransitGatewayOptions,
    change: &TransitGatewayChange,
) -> Result<TransitGatewayOptions, TransitGatewayError> {
    let amazon_side_asn = change.amazon_side_asn.unwrap_or(old.amazon_side_asn);
    check_asn(amazon_side_asn)?;
    let mut cidr_blocks = old.cidr_blocks.clone();
    for block in change.remove_blocks.iter().map(IpNet::trunc) {
        let at = cidr_blocks.iter().position(|known| *known == block);
        cidr_blocks.remove(at.ok_or(TransitGatewayError::NoSuchBlock(block))?);
    }
    let or = |new: Option<bool>, old: bool| new.unwrap_or(old);
    Ok(TransitGatewayOptions {
        amazon_side_asn,
        cidr_blocks: add_blocks(cidr_blocks, &change.add_blocks)?,
        auto_accept_shared_attachments: or(change.auto_accept_shared_attachments, old.auto_accept_shared_attachments),
        default_association: or(change.association.wanted, old.default_association),
        default_propagation: or(change.propagation.wanted, old.default_propagation),
        vpn_ecmp_support: or(change.vpn_ecmp_support, old.vpn_ecmp_support),
        dns_support: or(change.dns_support, old.dns_support),
        security_group_referencing_support: or(
            change.security_group_referencing_support,
            old.security_group_referencing_support,
        ),
        multicast_support: old.multicast_support,
    })
}

/// Only private numbers are possible.
pub(super) fn check_asn(asn: u32) -> Result<(), TransitGatewayError> {
    let is_private = matches!(asn, 64_512..=65_534 | 4_200_000_000..=4_294_967_294);
    if is_private { Ok(()) } else { Err(TransitGatewayError::Asn(asn)) }
}

/// Blocks with some more.
pub(super) fn add_blocks(mut blocks: Vec<IpNet>, more: &[IpNet]) -> Result<Vec<IpNet>, TransitGatewayError> {
    for block in more.iter().map(IpNet::trunc) {
        let longest = if matches!(block, IpNet::V4(_)) { 24 } else { 64 };
        if block.prefix_len() > longest {
            return Err(TransitGatewayError::BlockSize(block));
        }
        if blocks.iter().any(|known| known.contains(&block) || block.contains(known)) {
            return Err(TransitGatewayError::BlockOverlaps(block));
        }
        blocks.push(block);
    }
    if blocks.len() > MAX_BLOCKS { Err(TransitGatewayError::TooManyBlocks(MAX_BLOCKS)) } else { Ok(blocks) }
}
