//! Transit gateways: CreateTransitGateway, ModifyTransitGateway, DeleteTransitGateway, DescribeTransitGateways here;
//! what belongs to them in the submodules.

mod association;
mod attachment;
mod connect;
mod connect_peer;
mod export;
mod listing;
mod one;
mod peering;
mod reference;
mod route;
mod route_table;
#[cfg(test)]
mod tests;

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{
    Context, DefaultTable, Model, NewTransitGateway, TransitConnectPeer, TransitGateway, TransitGatewayAttachment,
    TransitGatewayChange, TransitGatewayError, TransitGatewayId, TransitGatewayOptions, TransitGatewayRouteTable,
};

use self::association::OnPair;
use self::listing::List;
use self::one::{OnOne, OneAction};
use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateTransitGateway>(),
    write::<ModifyTransitGateway>(),
    write::<OnOne<DeleteTransitGateway>>(),
    read::<Describe<TransitGateway>>(),
    write::<route_table::CreateTransitGatewayRouteTable>(),
    write::<OnOne<route_table::DeleteTransitGatewayRouteTable>>(),
    read::<Describe<TransitGatewayRouteTable>>(),
    write::<attachment::CreateTransitGatewayVpcAttachment>(),
    write::<attachment::ModifyTransitGatewayVpcAttachment>(),
    write::<OnOne<attachment::AcceptTransitGatewayVpcAttachment>>(),
    write::<OnOne<attachment::RejectTransitGatewayVpcAttachment>>(),
    write::<OnOne<attachment::DeleteTransitGatewayVpcAttachment>>(),
    read::<Describe<TransitGatewayAttachment>>(),
    read::<List<attachment::AnyAttachment>>(),
    write::<connect::CreateTransitGatewayConnect>(),
    write::<OnOne<connect::DeleteTransitGatewayConnect>>(),
    read::<List<connect::Connect>>(),
    write::<peering::CreateTransitGatewayPeeringAttachment>(),
    write::<peering::ModifyTransitGatewayPeeringAttachment>(),
    write::<OnOne<peering::AcceptTransitGatewayPeeringAttachment>>(),
    write::<OnOne<peering::RejectTransitGatewayPeeringAttachment>>(),
    write::<OnOne<peering::DeleteTransitGatewayPeeringAttachment>>(),
    read::<List<peering::Peering>>(),
    write::<connect_peer::CreateTransitGatewayConnectPeer>(),
    write::<OnOne<connect_peer::DeleteTransitGatewayConnectPeer>>(),
    read::<Describe<TransitConnectPeer>>(),
    write::<OnPair<association::AssociateTransitGatewayRouteTable>>(),
    write::<OnPair<association::DisassociateTransitGatewayRouteTable>>(),
    write::<OnPair<association::EnableTransitGatewayRouteTablePropagation>>(),
    write::<OnPair<association::DisableTransitGatewayRouteTablePropagation>>(),
    read::<List<association::Association>>(),
    read::<List<association::Propagation>>(),
    read::<List<association::PropagationTo>>(),
    write::<route::CreateTransitGatewayRoute>(),
    write::<route::ReplaceTransitGatewayRoute>(),
    write::<route::DeleteTransitGatewayRoute>(),
    read::<route::SearchTransitGatewayRoutes>(),
    read::<export::ExportTransitGatewayRoutes>(),
    write::<reference::CreateTransitGatewayPrefixListReference>(),
    write::<reference::ModifyTransitGatewayPrefixListReference>(),
    write::<reference::DeleteTransitGatewayPrefixListReference>(),
    read::<List<reference::Reference>>(),
];

/// How options are turned on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    Enable,
    Disable,
}

values! { Switch { Enable "enable", Disable "disable" } }

/// Takes an option that is turned on or off.
fn switch(query: &mut Query, name: &str) -> Result<Option<bool>, ApiError> {
    Ok(query.optional::<Switch>(name)?.map(|switch| switch == Switch::Enable))
}

/// How replies show an option.
fn switched(is_on: bool) -> &'static str {
    if is_on { "enable" } else { "disable" }
}

pub(super) fn optional_text(value: Option<&impl ToString>) -> Vec<String> {
    value.map(ToString::to_string).into_iter().collect()
}

impl Describable for TransitGateway {
    type Id = TransitGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeTransitGateways";
    const IDS: &'static str = "TransitGatewayIds";
    const SET: &'static str = "transitGatewaySet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("options.propagation-default-route-table-id", |_, gateway| {
                optional_text(gateway.propagation_table.as_ref())
            }),
            ("options.amazon-side-asn", |_, gateway| vec![gateway.options.amazon_side_asn.to_string()]),
            ("options.association-default-route-table-id", |_, gateway| {
                optional_text(gateway.association_table.as_ref())
            }),
            ("options.auto-accept-shared-attachments", |_, gateway| {
                vec![switched(gateway.options.auto_accept_shared_attachments).to_owned()]
            }),
            ("options.default-route-table-association", |_, gateway| {
                vec![switched(gateway.options.default_association).to_owned()]
            }),
            ("options.default-route-table-propagation", |_, gateway| {
                vec![switched(gateway.options.default_propagation).to_owned()]
            }),
            ("options.dns-support", |_, gateway| vec![switched(gateway.options.dns_support).to_owned()]),
            ("options.vpn-ecmp-support", |_, gateway| vec![switched(gateway.options.vpn_ecmp_support).to_owned()]),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("state", |_, gateway| vec![gateway.life.state().to_owned()]),
            ("transit-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
        ],
        tags: Some(|gateway| &gateway.tags),
    };

    fn id(&self) -> &TransitGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &TransitGatewayId) -> Option<&'a Self> {
        model.transit_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.transit_gateways().collect()
    }

    fn missing(id: &TransitGatewayId) -> ApiError {
        TransitGatewayError::GatewayNotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> GatewayItem {
        let owner = model.account().to_string();
        let arn = format!("arn:aws:ec2:{}:{owner}:transit-gateway/{}", model.region(), self.id);
        GatewayItem { owner, arn, gateway: self.clone() }
    }
}

/// A transit gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem {
    owner: String,
    arn: String,
    gateway: TransitGateway,
}

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        let gateway = &self.gateway;
        xml.text("transitGatewayId", &gateway.id);
        xml.text("transitGatewayArn", &self.arn);
        xml.text("state", gateway.life.state());
        xml.text("ownerId", &self.owner);
        xml.optional("description", gateway.description.as_ref());
        xml.timestamp("creationTime", gateway.created);
        xml.element("options", |xml| self.write_options(xml));
        xml.tags(&gateway.tags);
    }
}

impl GatewayItem {
    fn write_options(&self, xml: &mut Xml) {
        let (gateway, options) = (&self.gateway, &self.gateway.options);
        xml.text("amazonSideAsn", options.amazon_side_asn);
        if !options.cidr_blocks.is_empty() {
            xml.texts("transitGatewayCidrBlocks", &options.cidr_blocks);
        }
        xml.text("autoAcceptSharedAttachments", switched(options.auto_accept_shared_attachments));
        xml.text("defaultRouteTableAssociation", switched(options.default_association));
        xml.optional("associationDefaultRouteTableId", gateway.association_table.as_ref());
        xml.text("defaultRouteTablePropagation", switched(options.default_propagation));
        xml.optional("propagationDefaultRouteTableId", gateway.propagation_table.as_ref());
        xml.text("vpnEcmpSupport", switched(options.vpn_ecmp_support));
        xml.text("dnsSupport", switched(options.dns_support));
        xml.text("securityGroupReferencingSupport", switched(options.security_group_referencing_support));
        xml.text("multicastSupport", switched(options.multicast_support));
        xml.element("encryptionSupport", |xml| xml.text("encryptionState", "disabled"));
    }
}

/// Takes a number of an autonomous system, which the protocol carries as a long.
fn asn(query: &mut Query) -> Result<Option<u32>, ApiError> {
    query.optional("AmazonSideAsn")
}

#[derive(Debug)]
struct CreateTransitGateway(NewTransitGateway);

fn decode_options(query: &mut Query) -> Result<TransitGatewayOptions, ApiError> {
    let default = TransitGatewayOptions::default();
    let mut or = |name, default| Ok::<bool, ApiError>(switch(query, name)?.unwrap_or(default));
    Ok(TransitGatewayOptions {
        auto_accept_shared_attachments: or("AutoAcceptSharedAttachments", default.auto_accept_shared_attachments)?,
        default_association: or("DefaultRouteTableAssociation", default.default_association)?,
        default_propagation: or("DefaultRouteTablePropagation", default.default_propagation)?,
        vpn_ecmp_support: or("VpnEcmpSupport", default.vpn_ecmp_support)?,
        dns_support: or("DnsSupport", default.dns_support)?,
        security_group_referencing_support: or(
            "SecurityGroupReferencingSupport",
            default.security_group_referencing_support,
        )?,
        multicast_support: or("MulticastSupport", default.multicast_support)?,
        amazon_side_asn: asn(query)?.unwrap_or(default.amazon_side_asn),
        cidr_blocks: query.list("TransitGatewayCidrBlocks")?,
    })
}

impl Operation for CreateTransitGateway {
    const ACTION: &'static str = "CreateTransitGateway";
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self(NewTransitGateway {
            description: query.optional("Description")?,
            options: query.structure("Options", decode_options)?.unwrap_or_default(),
            tags: tag_specification::decode_one(query, &["transit-gateway"])?,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_transit_gateway(cx, self.0)?;
        created::<TransitGateway>("transitGateway", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct ModifyTransitGateway {
    id: TransitGatewayId,
    change: TransitGatewayChange,
}

fn decode_change(query: &mut Query) -> Result<TransitGatewayChange, ApiError> {
    if switch(query, "EncryptionSupport")? == Some(true) {
        return Err(ApiError::unsupported("Options.EncryptionSupport"));
    }
    let (add_blocks, remove_blocks): (Vec<IpNet>, Vec<IpNet>) =
        (query.list("AddTransitGatewayCidrBlocks")?, query.list("RemoveTransitGatewayCidrBlocks")?);
    Ok(TransitGatewayChange {
        description: None,
        amazon_side_asn: asn(query)?,
        add_blocks,
        remove_blocks,
        auto_accept_shared_attachments: switch(query, "AutoAcceptSharedAttachments")?,
        vpn_ecmp_support: switch(query, "VpnEcmpSupport")?,
        dns_support: switch(query, "DnsSupport")?,
        security_group_referencing_support: switch(query, "SecurityGroupReferencingSupport")?,
        association: DefaultTable {
            wanted: switch(query, "DefaultRouteTableAssociation")?,
            table: query.optional("AssociationDefaultRouteTableId")?,
        },
        propagation: DefaultTable {
            wanted: switch(query, "DefaultRouteTablePropagation")?,
            table: query.optional("PropagationDefaultRouteTableId")?,
        },
    })
}

impl Operation for ModifyTransitGateway {
    const ACTION: &'static str = "ModifyTransitGateway";
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id = query.required("TransitGatewayId")?;
        let change = query.structure("Options", decode_change)?.unwrap_or_default();
        Ok(Self { id, change: TransitGatewayChange { description: query.optional("Description")?, ..change } })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_transit_gateway(cx, &self.id, self.change)?;
        created::<TransitGateway>("transitGateway", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
enum DeleteTransitGateway {}

impl OneAction for DeleteTransitGateway {
    type Resource = TransitGateway;

    const ACTION: &'static str = "DeleteTransitGateway";
    const ID: &'static str = "TransitGatewayId";
    const SHOWN: &'static str = "transitGateway";
    const RUN: one::Run<Self> = Model::delete_transit_gateway;
}
