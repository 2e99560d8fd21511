//! Connect peers: GRE tunnels between a transit gateway and an appliance, with two BGP sessions in each.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-connect.html>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;

use super::{TransitGatewayError, TransitLife};
use crate::{Context, Model, Tags, TransitGatewayAttachmentId, TransitGatewayConnectPeerId, TransitGatewayId};

/// Where the inside of tunnels is taken from.
const INSIDE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);
/// The same for IPv6.
const INSIDE_IPV6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8);

/// A Connect peer.
#[derive(Debug, Clone)]
pub struct TransitConnectPeer {
    /// Its id.
    pub id: TransitGatewayConnectPeerId,
    /// Its Connect attachment.
    pub attachment_id: TransitGatewayAttachmentId,
    /// The gateway's end of the tunnel.
    pub gateway_address: IpAddr,
    /// The appliance's end of the tunnel.
    pub peer_address: IpAddr,
    /// The addresses inside the tunnel: an IPv4 block, and one for IPv6 where that was asked for.
    pub inside_blocks: Vec<IpNet>,
    /// The number of the gateway's autonomous system.
    pub gateway_asn: u32,
    /// The number of the appliance's autonomous system.
    pub peer_asn: u32,
    /// When it was made.
    pub created: Timestamp,
    /// How far it is.
    pub life: TransitLife,
    /// Its tags.
    pub tags: Tags,
}

impl TransitConnectPeer {
    /// The ends of its two BGP sessions, the gateway's first: both lead to the first address of the inside block.
    pub fn sessions(&self) -> Vec<(IpAddr, IpAddr)> {
        let ipv4 = self.inside_blocks.iter().find(|block| matches!(block, IpNet::V4(_)));
        let mut hosts = ipv4.into_iter().flat_map(IpNet::hosts);
        let Some(appliance) = hosts.next() else { return Vec::new() };
        hosts.take(2).map(|gateway| (gateway, appliance)).collect()
    }
}

/// What CreateTransitGatewayConnectPeer asks for.
#[derive(Debug, Clone)]
pub struct NewConnectPeer {
    /// The Connect attachment.
    pub attachment_id: TransitGatewayAttachmentId,
    /// The gateway's end of the tunnel; unless said, the first free address of the gateway's blocks.
    pub gateway_address: Option<IpAddr>,
    /// The appliance's end of the tunnel.
    pub peer_address: IpAddr,
    /// The addresses inside the tunnel.
    pub inside_blocks: Vec<IpNet>,
    /// The number of the appliance's autonomous system; unless said, the gateway's.
    pub peer_asn: Option<u32>,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on a Connect peer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectPeerError {
    /// No such peer.
    #[error("connect peer {0} does not exist")]
    NotFound(TransitGatewayConnectPeerId),
    /// A Connect attachment has no more peers.
    #[error("a connect attachment has at most {0} peers")]
    TooMany(usize),
    /// A tunnel has one IPv4 block inside, and at most one for IPv6.
    #[error("a tunnel has one ipv4 block inside, and at most one for ipv6")]
    InsideBlocks,
    /// A block cannot be the inside of a tunnel.
    #[error("{0} cannot be the inside of a tunnel")]
    Inside(IpNet),
    /// Another peer at the gateway has the block.
    #[error("{0} is the inside of another tunnel")]
    InsideInUse(IpNet),
    /// The ends of the tunnel are of different address families.
    #[error("one of {0} and {1} is an ipv4 address, the other one is not")]
    Families(IpAddr, IpAddr),
    /// The gateway's end is in none of the gateway's blocks.
    #[error("{0} is in none of the gateway's blocks")]
    Outside(IpAddr),
    /// The gateway has no block with a free address.
    #[error("transit gateway {0} has no address for that")]
    NoAddress(TransitGatewayId),
    /// There is a tunnel between the same ends.
    #[error("there is a tunnel between {0} and {1} already")]
    Exists(IpAddr, IpAddr),
}

impl Model {
    /// Makes a Connect peer.
    pub fn create_transit_gateway_connect_peer(
        &mut self,
        cx: &mut Context,
        new: NewConnectPeer,
    ) -> Result<TransitGatewayConnectPeerId, TransitGatewayError> {
        let gateway_id = self.steady_connect(&new.attachment_id)?.gateway_id.clone();
        let gateway_asn = self.live_transit_gateway(&gateway_id)?.options.amazon_side_asn;
        let limit = self.quotas.connect_peers_per_attachment;
        if self.peers_of_connect(&new.attachment_id).count() >= limit {
            return Err(ConnectPeerError::TooMany(limit).into());
        }
        let inside_blocks = self.check_inside_blocks(&gateway_id, &new.inside_blocks)?;
        let gateway_address = self.gateway_end(&gateway_id, new.gateway_address, new.peer_address)?;
        let id: TransitGatewayConnectPeerId = cx.ids.next();
        let peer = TransitConnectPeer {
            id: id.clone(),
            attachment_id: new.attachment_id,
            gateway_address,
            peer_address: new.peer_address,
            inside_blocks,
            gateway_asn,
            peer_asn: new.peer_asn.unwrap_or(gateway_asn),
            created: cx.now,
            life: TransitLife::begin(cx.now),
            tags: new.tags,
        };
        self.transit_gateway_connect_peers.insert(id.clone(), peer);
        self.touch();
        Ok(id)
    }

    /// Begins to take a Connect peer away.
    pub fn delete_transit_gateway_connect_peer(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayConnectPeerId,
    ) -> Result<(), TransitGatewayError> {
        let peer = self.transit_gateway_connect_peers.get_mut(id).filter(|peer| !peer.life.is_over());
        let peer = peer.ok_or_else(|| ConnectPeerError::NotFound(id.clone()))?;
        if !peer.life.is_steady() {
            return Err(TransitGatewayError::State(id.to_string()));
        }
        peer.life.end(cx.now);
        self.touch();
        Ok(())
    }

    /// The peers of a Connect attachment that are not gone.
    pub(super) fn peers_of_connect(
        &self,
        id: &TransitGatewayAttachmentId,
    ) -> impl Iterator<Item = &TransitConnectPeer> {
        let all = self.transit_gateway_connect_peers.values();
        all.filter(move |peer| peer.attachment_id == *id && !peer.life.is_over())
    }

    /// The peers of all Connect attachments of a gateway that are not gone.
    pub(super) fn peers_of_gateway(&self, id: &TransitGatewayId) -> impl Iterator<Item = &TransitConnectPeer> {
        self.attachments_of_transit_gateway(id).flat_map(|attachment| self.peers_of_connect(&attachment.id))
    }

    /// Checks the inside of a new tunnel, which no other one at the gateway may have.
    fn check_inside_blocks(
        &self,
        gateway: &TransitGatewayId,
        blocks: &[IpNet],
    ) -> Result<Vec<IpNet>, ConnectPeerError> {
        let ipv4 = blocks.iter().filter(|block| matches!(block, IpNet::V4(_))).count();
        if ipv4 != 1 || blocks.len() > 2 {
            return Err(ConnectPeerError::InsideBlocks);
        }
        if let Some(block) = blocks.iter().find(|block| !is_inside(block)) {
            return Err(ConnectPeerError::Inside(*block));
        }
        let is_used = |block: &&IpNet| self.peers_of_gateway(gateway).any(|peer| peer.inside_blocks.contains(block));
        match blocks.iter().find(is_used) {
            Some(block) => Err(ConnectPeerError::InsideInUse(*block)),
            None => Ok(blocks.to_vec()),
        }
    }

    /// The gateway's end of a new tunnel: what is asked for, or the first address that no other tunnel ends at.
    fn gateway_end(
        &self,
        gateway_id: &TransitGatewayId,
        asked: Option<IpAddr>,
        peer: IpAddr,
    ) -> Result<IpAddr, TransitGatewayError> {
        let blocks = &self.live_transit_gateway(gateway_id)?.options.cidr_blocks;
        let Some(address) = asked else {
            let hosts = |block: &IpNet| {
                let network = block.network();
                block.hosts().filter(move |host| *host != network)
            };
            let mut fitting = blocks.iter().flat_map(hosts).filter(|host| host.is_ipv4() == peer.is_ipv4());
            let is_used = |host: &IpAddr| self.peers_of_gateway(gateway_id).any(|peer| peer.gateway_address == *host);
            let free = fitting.find(|host| !is_used(host));
            return free.ok_or_else(|| ConnectPeerError::NoAddress(gateway_id.clone()).into());
        };
        if address.is_ipv4() != peer.is_ipv4() {
            return Err(ConnectPeerError::Families(address, peer).into());
        }
        if !blocks.iter().any(|block| block.contains(&address)) {
            return Err(ConnectPeerError::Outside(address).into());
        }
        let mut others = self.peers_of_gateway(gateway_id);
        if others.any(|other| (other.gateway_address, other.peer_address) == (address, peer)) {
            return Err(ConnectPeerError::Exists(address, peer).into());
        }
        Ok(address)
    }
}

/// Whether a block can be the inside of a tunnel: a few are AWS's own.
fn is_inside(block: &IpNet) -> bool {
    let is_placed = match block {
        IpNet::V4(block) => {
            let [_, _, third, fourth] = block.network().octets();
            let is_reserved = (third <= 5 && fourth == 0) || (third, fourth) == (169, 248);
            block.prefix_len() == 29 && INSIDE.contains(block) && !is_reserved
        }
        IpNet::V6(block) => block.prefix_len() == 125 && INSIDE_IPV6.contains(block),
    };
    is_placed && *block == block.trunc()
}
