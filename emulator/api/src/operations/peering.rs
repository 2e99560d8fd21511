//! VPC peering: CreateVpcPeeringConnection, AcceptVpcPeeringConnection, RejectVpcPeeringConnection,
//! DeleteVpcPeeringConnection, DescribeVpcPeeringConnections here; their options in the submodule.

mod options;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Model, NewPeering, PeeringConnection, PeeringConnectionId, PeeringError, PeeringSide,
    PeeringStatus, Region,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::{Xml, time};
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateVpcPeeringConnection>(),
    write::<AcceptVpcPeeringConnection>(),
    write::<RejectVpcPeeringConnection>(),
    write::<DeleteVpcPeeringConnection>(),
    write::<options::ModifyVpcPeeringConnectionOptions>(),
    read::<Describe<PeeringConnection>>(),
];

impl Describable for PeeringConnection {
    type Id = PeeringConnectionId;
    type Item = PeeringItem;

    const ACTION: &'static str = "DescribeVpcPeeringConnections";
    const IDS: &'static str = "VpcPeeringConnectionId";
    const SET: &'static str = "vpcPeeringConnectionSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("accepter-vpc-info.cidr-block", |model, peering| blocks(model, &peering.accepter)),
            ("accepter-vpc-info.owner-id", |_, peering| vec![peering.accepter.owner.to_string()]),
            ("accepter-vpc-info.vpc-id", |_, peering| vec![peering.accepter.vpc_id.to_string()]),
            ("expiration-time", |_, peering| expiration(peering).map(time).into_iter().collect()),
            ("requester-vpc-info.cidr-block", |model, peering| blocks(model, &peering.requester)),
            ("requester-vpc-info.owner-id", |_, peering| vec![peering.requester.owner.to_string()]),
            ("requester-vpc-info.vpc-id", |_, peering| vec![peering.requester.vpc_id.to_string()]),
            ("status-code", |_, peering| vec![peering.status.code().to_owned()]),
            ("status-message", |_, peering| vec![peering.message()]),
            ("vpc-peering-connection-id", |_, peering| vec![peering.id.to_string()]),
        ],
        tags: Some(|peering| &peering.tags),
    };

    fn id(&self) -> &PeeringConnectionId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &PeeringConnectionId) -> Option<&'a Self> {
        model.peering(id).filter(|peering| model.is_peering_shown(peering))
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.peerings().filter(|peering| model.is_peering_shown(peering)).collect()
    }

    fn missing(id: &PeeringConnectionId) -> ApiError {
        PeeringError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> PeeringItem {
        let [requester, accepter] = [&self.requester, &self.accepter].map(|side| model.peering_side(side));
        PeeringItem { requester, accepter, peering: self.clone() }
    }
}

fn blocks(model: &Model, side: &PeeringSide) -> Vec<String> {
    model.peering_side(side).ipv4_blocks.iter().map(ToString::to_string).collect()
}

/// Only requests that have not been answered have an end.
fn expiration(peering: &PeeringConnection) -> Option<Timestamp> {
    let is_open = matches!(peering.status, PeeringStatus::Initiating | PeeringStatus::PendingAcceptance);
    is_open.then_some(peering.expires)
}

/// A connection as replies show it, with its VPCs as they are now.
#[derive(Debug)]
pub(crate) struct PeeringItem {
    requester: PeeringSide,
    accepter: PeeringSide,
    peering: PeeringConnection,
}

impl Output for PeeringItem {
    fn write(&self, xml: &mut Xml) {
        let peering = &self.peering;
        xml.element("accepterVpcInfo", |xml| write_side(xml, &self.accepter));
        xml.optional("expirationTime", expiration(peering).map(time));
        xml.element("requesterVpcInfo", |xml| write_side(xml, &self.requester));
        xml.element("status", |xml| {
            xml.text("code", peering.status.code());
            xml.text("message", peering.message());
        });
        xml.tags(&peering.tags);
        xml.text("vpcPeeringConnectionId", &peering.id);
        xml.optional("multipathResilienceStatus", peering.multipath_status());
    }
}

/// Writes a VPC. Of one that has not accepted, only its name is known.
fn write_side(xml: &mut Xml, side: &PeeringSide) {
    if let Some(primary) = side.ipv4_blocks.first() {
        xml.text("cidrBlock", primary);
        xml.list("ipv6CidrBlockSet", &side.ipv6_blocks, |xml, block| xml.text("ipv6CidrBlock", block));
        xml.list("cidrBlockSet", &side.ipv4_blocks, |xml, block| xml.text("cidrBlock", block));
    }
    xml.text("ownerId", &side.owner);
    if !side.ipv4_blocks.is_empty() {
        xml.element("peeringOptions", |xml| options::write(xml, side.options));
    }
    xml.text("vpcId", &side.vpc_id);
    xml.text("region", &side.region);
}

#[derive(Debug)]
struct CreateVpcPeeringConnection(NewPeering);

impl Operation for CreateVpcPeeringConnection {
    const ACTION: &'static str = "CreateVpcPeeringConnection";
    type Output = Single<PeeringItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let options = query.structure("RequesterPeeringConnectionOptions", options::decode_multipath)?;
        Ok(Self(NewPeering {
            vpc_id: query.required("VpcId")?,
            peer_vpc_id: query.required("PeerVpcId")?,
            peer_owner: query.optional::<AccountId>("PeerOwnerId")?,
            peer_region: query.optional::<String>("PeerRegion")?.map(region).transpose()?,
            options: options::begin_with(options.unwrap_or_default()),
            tags: tag_specification::decode_one(query, &["vpc-peering-connection"])?,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_peering(cx, self.0)?;
        created::<PeeringConnection>("vpcPeeringConnection", model, cx.now, &id)
    }
}

fn region(name: String) -> Result<Region, ApiError> {
    let region = Region(name);
    match region.facts() {
        Some(_) => Ok(region),
        None => Err(ApiError::invalid("PeerRegion", &region.0, "There is no such region.")),
    }
}

#[derive(Debug)]
struct AcceptVpcPeeringConnection {
    id: PeeringConnectionId,
}

impl Operation for AcceptVpcPeeringConnection {
    const ACTION: &'static str = "AcceptVpcPeeringConnection";
    type Output = Single<PeeringItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpcPeeringConnectionId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.accept_peering(cx, &self.id)?;
        created::<PeeringConnection>("vpcPeeringConnection", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
struct RejectVpcPeeringConnection {
    id: PeeringConnectionId,
}

impl Operation for RejectVpcPeeringConnection {
    const ACTION: &'static str = "RejectVpcPeeringConnection";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpcPeeringConnectionId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.reject_peering(cx, &self.id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DeleteVpcPeeringConnection {
    id: PeeringConnectionId,
}

impl Operation for DeleteVpcPeeringConnection {
    const ACTION: &'static str = "DeleteVpcPeeringConnection";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpcPeeringConnectionId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_peering(cx, &self.id)?;
        Ok(Done)
    }
}
