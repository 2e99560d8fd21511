//! Connect peers: CreateTransitGatewayConnectPeer, DeleteTransitGatewayConnectPeer,
//! DescribeTransitGatewayConnectPeers.

use jiff::Timestamp;
use vpc_model::{ConnectPeerError, Context, Model, NewConnectPeer, TransitConnectPeer, TransitGatewayConnectPeerId};

use super::one::{OneAction, Run};
use crate::filter::Fields;
use crate::operations::describe::{Describable, Single, created};
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// The element around a Connect peer.
const SHOWN: &str = "transitGatewayConnectPeer";

impl Describable for TransitConnectPeer {
    type Id = TransitGatewayConnectPeerId;
    type Item = PeerItem;

    const ACTION: &'static str = "DescribeTransitGatewayConnectPeers";
    const IDS: &'static str = "TransitGatewayConnectPeerIds";
    const SET: &'static str = "transitGatewayConnectPeerSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("state", |_, peer| vec![peer.life.state().to_owned()]),
            ("transit-gateway-attachment-id", |_, peer| vec![peer.attachment_id.to_string()]),
            ("transit-gateway-connect-peer-id", |_, peer| vec![peer.id.to_string()]),
        ],
        tags: Some(|peer| &peer.tags),
    };

    fn id(&self) -> &TransitGatewayConnectPeerId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &TransitGatewayConnectPeerId) -> Option<&'a Self> {
        model.transit_gateway_connect_peer(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.transit_gateway_connect_peers().collect()
    }

    fn missing(id: &TransitGatewayConnectPeerId) -> ApiError {
        ConnectPeerError::NotFound(id.clone()).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> PeerItem {
        PeerItem(self.clone())
    }
}

/// A Connect peer as replies show it.
#[derive(Debug)]
pub(crate) struct PeerItem(TransitConnectPeer);

impl Output for PeerItem {
    fn write(&self, xml: &mut Xml) {
        let peer = &self.0;
        xml.text("transitGatewayAttachmentId", &peer.attachment_id);
        xml.text("transitGatewayConnectPeerId", &peer.id);
        xml.text("state", peer.life.state());
        xml.timestamp("creationTime", peer.created);
        xml.element("connectPeerConfiguration", |xml| write_configuration(xml, peer));
        xml.tags(&peer.tags);
    }
}

/// How the tunnel is set up. Nobody is at its other end, so the sessions are down.
fn write_configuration(xml: &mut Xml, peer: &TransitConnectPeer) {
    xml.text("transitGatewayAddress", peer.gateway_address);
    xml.text("peerAddress", peer.peer_address);
    xml.texts("insideCidrBlocks", &peer.inside_blocks);
    xml.text("protocol", "gre");
    xml.list("bgpConfigurations", peer.sessions(), |xml, (gateway, appliance)| {
        xml.text("transitGatewayAsn", peer.gateway_asn);
        xml.text("peerAsn", peer.peer_asn);
        xml.text("transitGatewayAddress", gateway);
        xml.text("peerAddress", appliance);
        xml.text("bgpStatus", "down");
    });
}

#[derive(Debug)]
pub(super) struct CreateTransitGatewayConnectPeer(NewConnectPeer);

impl Operation for CreateTransitGatewayConnectPeer {
    const ACTION: &'static str = "CreateTransitGatewayConnectPeer";
    type Output = Single<PeerItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self(NewConnectPeer {
            attachment_id: query.required("TransitGatewayAttachmentId")?,
            gateway_address: query.optional("TransitGatewayAddress")?,
            peer_address: query.required("PeerAddress")?,
            inside_blocks: query.required_list("InsideCidrBlocks")?,
            peer_asn: query.structure("BgpOptions", |options| options.optional("PeerAsn"))?.flatten(),
            tags: tag_specification::decode_one(query, &["transit-gateway-connect-peer"])?,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_transit_gateway_connect_peer(cx, self.0)?;
        created::<TransitConnectPeer>(SHOWN, model, cx.now, &id)
    }
}

#[derive(Debug)]
pub(super) enum DeleteTransitGatewayConnectPeer {}

impl OneAction for DeleteTransitGatewayConnectPeer {
    type Resource = TransitConnectPeer;

    const ACTION: &'static str = "DeleteTransitGatewayConnectPeer";
    const ID: &'static str = "TransitGatewayConnectPeerId";
    const SHOWN: &'static str = SHOWN;
    const RUN: Run<Self> = Model::delete_transit_gateway_connect_peer;
}
