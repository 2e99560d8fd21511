//! Routes to prefix lists: CreateTransitGatewayPrefixListReference, ModifyTransitGatewayPrefixListReference,
//! DeleteTransitGatewayPrefixListReference, GetTransitGatewayPrefixListReferences.

use vpc_model::{
    Context, Model, PrefixListId, TransitGatewayError, TransitGatewayRouteTableId, TransitPrefixListReference,
    TransitTarget,
};

use super::association::find_table;
use super::listing::Listed;
use super::route::{Hop, decode_target};
use crate::ApiError;
use crate::filter::Fields;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// A route to a prefix list as replies show it.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    table_id: TransitGatewayRouteTableId,
    prefix_list_id: PrefixListId,
    owner: String,
    state: &'static str,
    is_blackhole: bool,
    hop: Option<Hop>,
}

impl Reference {
    fn of(model: &Model, table_id: &TransitGatewayRouteTableId, reference: &TransitPrefixListReference) -> Self {
        let is_aws = model.prefix_list(&reference.prefix_list_id).is_some_and(|list| list.is_aws);
        Self {
            table_id: table_id.clone(),
            prefix_list_id: reference.prefix_list_id.clone(),
            owner: if is_aws { "AWS".to_owned() } else { model.account().to_string() },
            state: reference.life.state(),
            is_blackhole: reference.target == TransitTarget::Blackhole,
            hop: Hop::of(model, &reference.target),
        }
    }
}

impl Listed for Reference {
    type About = TransitGatewayRouteTableId;

    const ACTION: &'static str = "GetTransitGatewayPrefixListReferences";
    const SET: &'static str = "transitGatewayPrefixListReferenceSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("attachment.resource-id", |_, row| {
                let [_, id, _] = Hop::fields(row.hop.as_ref());
                id
            }),
            ("attachment.resource-type", |_, row| {
                let [_, _, kind] = Hop::fields(row.hop.as_ref());
                kind
            }),
            ("attachment.transit-gateway-attachment-id", |_, row| {
                let [id, _, _] = Hop::fields(row.hop.as_ref());
                id
            }),
            ("is-blackhole", |_, row| vec![row.is_blackhole.to_string()]),
            ("prefix-list-id", |_, row| vec![row.prefix_list_id.to_string()]),
            ("prefix-list-owner-id", |_, row| vec![row.owner.clone()]),
            ("state", |_, row| vec![row.state.to_owned()]),
        ],
        tags: None,
    };

    fn decode(query: &mut Query) -> Result<Self::About, ApiError> {
        query.required("TransitGatewayRouteTableId")
    }

    fn rows(model: &Model, id: &Self::About) -> Result<Vec<Self>, ApiError> {
        Ok(find_table(model, id)?.references.iter().map(|reference| Self::of(model, id, reference)).collect())
    }

    fn key(&self) -> String {
        self.prefix_list_id.to_string()
    }

    fn write(&self, xml: &mut Xml) {
        xml.text("transitGatewayRouteTableId", &self.table_id);
        xml.text("prefixListId", &self.prefix_list_id);
        xml.text("prefixListOwnerId", &self.owner);
        xml.text("state", self.state);
        xml.text("blackhole", self.is_blackhole);
        if let Some(hop) = &self.hop {
            xml.element("transitGatewayAttachment", |xml| hop.write(xml));
        }
    }
}

/// The answer of an action on one reference.
#[derive(Debug)]
pub(super) struct OneReference(Reference);

impl OneReference {
    fn find(model: &Model, table: &TransitGatewayRouteTableId, list: &PrefixListId) -> Result<Self, ApiError> {
        let mut references = find_table(model, table)?.references.iter();
        let found = references.find(|reference| reference.prefix_list_id == *list);
        let found = found.ok_or_else(|| TransitGatewayError::ReferenceNotFound(list.clone()))?;
        Ok(Self(Reference::of(model, table, found)))
    }
}

impl Output for OneReference {
    fn write(&self, xml: &mut Xml) {
        xml.element("transitGatewayPrefixListReference", |xml| self.0.write(xml));
    }
}

/// Declares the actions on a reference, with the target where they set one.
macro_rules! on_reference {
    ($($name:ident $run:ident $(($target:ident $decode:expr))?;)*) => {$(
        #[derive(Debug)]
        pub(super) struct $name {
            table_id: TransitGatewayRouteTableId,
            prefix_list_id: PrefixListId,
            $($target: TransitTarget,)?
        }

        impl Operation for $name {
            const ACTION: &'static str = stringify!($name);
            type Output = OneReference;

            fn decode(query: &mut Query) -> Result<Self, ApiError> {
                Ok(Self {
                    table_id: query.required("TransitGatewayRouteTableId")?,
                    prefix_list_id: query.required("PrefixListId")?,
                    $($target: $decode(query)?,)?
                })
            }

            fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
                model.$run(cx, &self.table_id, &self.prefix_list_id $(, self.$target)?)?;
                OneReference::find(model, &self.table_id, &self.prefix_list_id)
            }
        }
    )*};
}

on_reference! {
    CreateTransitGatewayPrefixListReference create_transit_gateway_reference (target decode_target);
    ModifyTransitGatewayPrefixListReference modify_transit_gateway_reference (target decode_target);
    DeleteTransitGatewayPrefixListReference delete_transit_gateway_reference;
}
