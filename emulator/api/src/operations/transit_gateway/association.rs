//! Which attachments use which route tables: AssociateTransitGatewayRouteTable,
//! DisassociateTransitGatewayRouteTable, EnableTransitGatewayRouteTablePropagation,
//! DisableTransitGatewayRouteTablePropagation, and what lists them.

use std::fmt;
use std::marker::PhantomData;

use vpc_model::{
    Context, Model, TransitGatewayAttachmentId, TransitGatewayError, TransitGatewayRouteTable,
    TransitGatewayRouteTableId,
};

use super::listing::Listed;
use crate::filter::Fields;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

/// How the model does an action.
type Run = fn(
    &mut Model,
    &mut Context<'_>,
    &TransitGatewayRouteTableId,
    &TransitGatewayAttachmentId,
) -> Result<(), TransitGatewayError>;

/// An action on a route table and an attachment.
pub(super) trait PairAction: fmt::Debug + 'static {
    /// Its name.
    const ACTION: &'static str;
    /// The element in the reply.
    const SHOWN: &'static str;
    /// The state it leaves.
    const STATE: &'static str;
    /// Whether it can be about an announced route table instead of an attachment.
    const ANNOUNCEMENTS: bool;
    /// How the model does it.
    const RUN: Run;
}

/// A call of such an action.
#[derive(Debug)]
pub(super) struct OnPair<A> {
    table_id: TransitGatewayRouteTableId,
    attachment_id: TransitGatewayAttachmentId,
    action: PhantomData<A>,
}

impl<A: PairAction> Operation for OnPair<A> {
    const ACTION: &'static str = A::ACTION;
    type Output = Shown;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        if A::ANNOUNCEMENTS
            && let Some(id) = query.optional::<String>("TransitGatewayRouteTableAnnouncementId")?
        {
            let code = Code::INVALID_TRANSIT_GATEWAY_ROUTE_TABLE_ANNOUNCEMENT_ID_NOT_FOUND;
            return Err(ApiError::not_found(code, "transitGatewayRouteTableAnnouncement", id));
        }
        let table_id = query.required("TransitGatewayRouteTableId")?;
        Ok(Self { table_id, attachment_id: query.required("TransitGatewayAttachmentId")?, action: PhantomData })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        (A::RUN)(model, cx, &self.table_id, &self.attachment_id)?;
        let link = Link::of(model, &self.table_id, &self.attachment_id, A::STATE)?;
        Ok(Shown { name: A::SHOWN, link })
    }
}

/// Declares such actions.
macro_rules! on_pair {
    ($($name:ident $run:ident $shown:literal $state:literal $announcements:literal;)*) => {$(
        #[derive(Debug)]
        pub(super) enum $name {}

        impl PairAction for $name {
            const ACTION: &'static str = stringify!($name);
            const SHOWN: &'static str = $shown;
            const STATE: &'static str = $state;
            const ANNOUNCEMENTS: bool = $announcements;
            const RUN: Run = Model::$run;
        }
    )*};
}

on_pair! {
    AssociateTransitGatewayRouteTable associate_transit_gateway_route_table "association" "associating" false;
    DisassociateTransitGatewayRouteTable
        disassociate_transit_gateway_route_table "association" "disassociating" false;
    EnableTransitGatewayRouteTablePropagation enable_transit_gateway_propagation "propagation" "enabled" true;
    DisableTransitGatewayRouteTablePropagation disable_transit_gateway_propagation "propagation" "disabled" true;
}

/// An association or propagation of an attachment.
#[derive(Debug, Clone)]
struct Link {
    table_id: TransitGatewayRouteTableId,
    attachment_id: TransitGatewayAttachmentId,
    resource_id: String,
    resource_type: &'static str,
    state: &'static str,
}

impl Link {
    fn of(
        model: &Model,
        table_id: &TransitGatewayRouteTableId,
        attachment_id: &TransitGatewayAttachmentId,
        state: &'static str,
    ) -> Result<Self, ApiError> {
        let attachment = model.transit_gateway_attachment(attachment_id);
        let attachment = attachment.ok_or_else(|| TransitGatewayError::AttachmentNotFound(attachment_id.clone()))?;
        Ok(Self {
            table_id: table_id.clone(),
            attachment_id: attachment_id.clone(),
            resource_id: attachment.resource_id().to_owned(),
            resource_type: attachment.resource_type(),
            state,
        })
    }

    /// Writes it where the table is known.
    fn write_attachment(&self, xml: &mut Xml) {
        xml.text("transitGatewayAttachmentId", &self.attachment_id);
        xml.text("resourceId", &self.resource_id);
        xml.text("resourceType", self.resource_type);
        xml.text("state", self.state);
    }
}

/// The answer of an action on a pair.
#[derive(Debug)]
pub(super) struct Shown {
    name: &'static str,
    link: Link,
}

impl Output for Shown {
    fn write(&self, xml: &mut Xml) {
        xml.element(self.name, |xml| {
            xml.text("transitGatewayRouteTableId", &self.link.table_id);
            self.link.write_attachment(xml);
        });
    }
}

/// A route table by its id.
pub(super) fn find_table<'a>(
    model: &'a Model,
    id: &TransitGatewayRouteTableId,
) -> Result<&'a TransitGatewayRouteTable, ApiError> {
    model.transit_gateway_route_table(id).ok_or_else(|| TransitGatewayError::TableNotFound(id.clone()).into())
}

/// Declares the lists of a table's links: of associations and of propagations.
macro_rules! links_of_table {
    ($($name:ident $action:literal $set:literal |$table:ident| $all:expr;)*) => {$(
        #[derive(Debug, Clone)]
        pub(super) struct $name(Link);

        impl Listed for $name {
            type About = TransitGatewayRouteTableId;

            const ACTION: &'static str = $action;
            const SET: &'static str = $set;
            const FIELDS: Fields<Model, Self> = Fields {
                by_name: &[
                    ("resource-id", |_, row| vec![row.0.resource_id.clone()]),
                    ("resource-type", |_, row| vec![row.0.resource_type.to_owned()]),
                    ("transit-gateway-attachment-id", |_, row| vec![row.0.attachment_id.to_string()]),
                ],
                tags: None,
            };

            fn decode(query: &mut Query) -> Result<Self::About, ApiError> {
                query.required("TransitGatewayRouteTableId")
            }

            fn rows(model: &Model, id: &Self::About) -> Result<Vec<Self>, ApiError> {
                let $table = find_table(model, id)?;
                $all.map(|(attachment, state)| Link::of(model, id, attachment, state).map(Self)).collect()
            }

            fn key(&self) -> String {
                self.0.attachment_id.to_string()
            }

            fn write(&self, xml: &mut Xml) {
                self.0.write_attachment(xml);
            }
        }
    )*};
}

links_of_table! {
    Association "GetTransitGatewayRouteTableAssociations" "associations"
        |table| table.associations.iter().map(|one| (&one.attachment_id, one.state()));
    Propagation "GetTransitGatewayRouteTablePropagations" "transitGatewayRouteTablePropagations"
        |table| table.propagations.iter().map(|id| (id, "enabled"));
}

/// A table that an attachment propagates to.
#[derive(Debug, Clone)]
pub(super) struct PropagationTo(TransitGatewayRouteTableId);

impl Listed for PropagationTo {
    type About = TransitGatewayAttachmentId;

    const ACTION: &'static str = "GetTransitGatewayAttachmentPropagations";
    const SET: &'static str = "transitGatewayAttachmentPropagations";
    const FIELDS: Fields<Model, Self> =
        Fields { by_name: &[("transit-gateway-route-table-id", |_, row| vec![row.0.to_string()])], tags: None };

    fn decode(query: &mut Query) -> Result<Self::About, ApiError> {
        query.required("TransitGatewayAttachmentId")
    }

    fn rows(model: &Model, id: &Self::About) -> Result<Vec<Self>, ApiError> {
        if model.transit_gateway_attachment(id).is_none() {
            return Err(TransitGatewayError::AttachmentNotFound(id.clone()).into());
        }
        let tables = model.transit_gateway_route_tables().filter(|table| table.propagations.contains(id));
        Ok(tables.map(|table| Self(table.id.clone())).collect())
    }

    fn key(&self) -> String {
        self.0.to_string()
    }

    fn write(&self, xml: &mut Xml) {
        xml.text("transitGatewayRouteTableId", &self.0);
        xml.text("state", "enabled");
    }
}
