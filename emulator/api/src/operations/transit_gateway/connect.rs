//! Connect attachments: CreateTransitGatewayConnect, DeleteTransitGatewayConnect, DescribeTransitGatewayConnects.

use jiff::Timestamp;
use vpc_model::{Context, Model, Tags, TransitGatewayAttachment, TransitGatewayAttachmentId};

use super::attachment::{decode_ids, of_kind};
use super::listing::{Listed, Row, only};
use super::one::{Shown, on_attachment};
use crate::filter::Fields;
use crate::operations::Operation;
use crate::operations::describe::Single;
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// The element around a Connect attachment.
const SHOWN: &str = "transitGatewayConnect";

/// What tunnels are made of.
#[derive(Debug)]
enum Protocol {
    Gre,
}

values! { Protocol { Gre "gre" } }

/// A Connect attachment as replies show it.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    attachment: TransitGatewayAttachment,
    transport: TransitGatewayAttachmentId,
}

impl Connect {
    fn of(attachment: &TransitGatewayAttachment) -> Option<Self> {
        let transport = attachment.transport()?.clone();
        Some(Self { attachment: attachment.clone(), transport })
    }
}

impl Listed for Connect {
    /// The ids that are asked for, or none for all.
    type About = Vec<TransitGatewayAttachmentId>;

    const ACTION: &'static str = "DescribeTransitGatewayConnects";
    const SET: &'static str = "transitGatewayConnectSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("options.protocol", |_, _| vec!["gre".to_owned()]),
            ("state", |_, row| vec![row.attachment.life.state().to_owned()]),
            ("transit-gateway-attachment-id", |_, row| vec![row.attachment.id.to_string()]),
            ("transit-gateway-id", |_, row| vec![row.attachment.gateway_id.to_string()]),
            ("transport-transit-gateway-attachment-id", |_, row| vec![row.transport.to_string()]),
        ],
        tags: Some(|row| &row.attachment.tags),
    };

    fn decode(query: &mut Query) -> Result<Self::About, ApiError> {
        decode_ids(query)
    }

    fn rows(model: &Model, ids: &Self::About) -> Result<Vec<Self>, ApiError> {
        of_kind(model, ids, Self::of)
    }

    fn key(&self) -> String {
        self.attachment.id.to_string()
    }

    fn write(&self, xml: &mut Xml) {
        let attachment = &self.attachment;
        xml.text("transitGatewayAttachmentId", &attachment.id);
        xml.text("transportTransitGatewayAttachmentId", &self.transport);
        xml.text("transitGatewayId", &attachment.gateway_id);
        xml.text("state", attachment.life.state());
        xml.timestamp("creationTime", attachment.created);
        xml.element("options", |xml| xml.text("protocol", "gre"));
        xml.tags(&attachment.tags);
    }
}

impl Shown for Connect {
    type Id = TransitGatewayAttachmentId;
    type Item = Row<Self>;

    fn shown(name: &'static str, model: &Model, _: Timestamp, id: &Self::Id) -> Result<Single<Row<Self>>, ApiError> {
        only(name, model, &vec![id.clone()])
    }
}

#[derive(Debug)]
pub(super) struct CreateTransitGatewayConnect {
    transport: TransitGatewayAttachmentId,
    tags: Tags,
}

impl Operation for CreateTransitGatewayConnect {
    const ACTION: &'static str = "CreateTransitGatewayConnect";
    type Output = Single<Row<Connect>>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let transport = query.required("TransportTransitGatewayAttachmentId")?;
        // There is one protocol, which has to be named all the same.
        let _gre: Protocol = query
            .structure("Options", |options| options.required("Protocol"))?
            .ok_or_else(|| ApiError::missing("Options"))?;
        Ok(Self { transport, tags: tag_specification::decode_one(query, &["transit-gateway-attachment"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_transit_gateway_connect(cx, &self.transport, self.tags)?;
        Connect::shown(SHOWN, model, cx.now, &id)
    }
}

on_attachment! { Connect SHOWN;
    DeleteTransitGatewayConnect delete_transit_gateway_connect;
}
