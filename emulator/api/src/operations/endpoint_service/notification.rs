//! Notifications about endpoints: CreateVpcEndpointConnectionNotification,
//! DescribeVpcEndpointConnectionNotifications, ModifyVpcEndpointConnectionNotification,
//! DeleteVpcEndpointConnectionNotifications.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vpc_model::{
    ConnectionNotification, ConnectionNotificationId, Context, EndpointServiceError, Model, Noticed, Region,
};

use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::unsuccessful::Unsuccessful;
use crate::operations::{Done, Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

/// What a notification can be, and the state it is always in.
const TYPE: &str = "Topic";
const STATE: &str = "Enabled";

const FIELDS: Fields<Model, ConnectionNotification> = Fields {
    by_name: &[
        ("connection-notification-arn", |_, one| vec![one.topic.clone()]),
        ("connection-notification-id", |_, one| vec![one.id.to_string()]),
        ("connection-notification-state", |_, _| vec![STATE.to_owned()]),
        ("connection-notification-type", |_, _| vec![TYPE.to_owned()]),
        ("service-id", |_, one| match &one.about {
            Noticed::Service(id) => vec![id.to_string()],
            Noticed::Endpoint(_) => Vec::new(),
        }),
        ("vpc-endpoint-id", |_, one| match &one.about {
            Noticed::Endpoint(id) => vec![id.to_string()],
            Noticed::Service(_) => Vec::new(),
        }),
    ],
    tags: None,
};

fn write_notification(xml: &mut Xml, notification: &ConnectionNotification, region: &Region) {
    xml.text("connectionNotificationId", &notification.id);
    match &notification.about {
        Noticed::Service(id) => xml.text("serviceId", id),
        Noticed::Endpoint(id) => xml.text("vpcEndpointId", id),
    }
    xml.text("connectionNotificationType", TYPE);
    xml.text("connectionNotificationArn", &notification.topic);
    xml.texts("connectionEvents", &notification.events);
    xml.text("connectionNotificationState", STATE);
    xml.text("serviceRegion", region);
}

fn events(list: Vec<String>) -> BTreeSet<String> {
    list.into_iter().collect()
}

#[derive(Debug)]
pub(super) struct CreateVpcEndpointConnectionNotification {
    about: Noticed,
    topic: String,
    events: BTreeSet<String>,
    client_token: Option<String>,
}

impl Operation for CreateVpcEndpointConnectionNotification {
    const ACTION: &'static str = "CreateVpcEndpointConnectionNotification";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateNotificationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let about = match (query.optional("ServiceId")?, query.optional("VpcEndpointId")?) {
            (Some(id), None) => Noticed::Service(id),
            (None, Some(id)) => Noticed::Endpoint(id),
            (Some(_), Some(_)) => {
                return Err(ApiError::combination("You may specify a service ID or a VPC endpoint ID, but not both"));
            }
            (None, None) => return Err(ApiError::missing("ServiceId or VpcEndpointId")),
        };
        let topic = query.required("ConnectionNotificationArn")?;
        let events = events(query.required_list("ConnectionEvents")?);
        Ok(Self { about, topic, events, client_token: query.client_token().map(str::to_owned) })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_connection_notification(cx, self.about, self.topic, self.events)?;
        let notification = model.connection_notification(&id);
        let notification = notification.ok_or(EndpointServiceError::NotificationNotFound(id))?.clone();
        Ok(CreateNotificationOutput { notification, region: model.region().clone(), client_token: self.client_token })
    }
}

#[derive(Debug)]
pub(super) struct CreateNotificationOutput {
    notification: ConnectionNotification,
    region: Region,
    client_token: Option<String>,
}

impl Output for CreateNotificationOutput {
    fn write(&self, xml: &mut Xml) {
        xml.element("connectionNotification", |xml| write_notification(xml, &self.notification, &self.region));
        xml.optional("clientToken", self.client_token.as_ref());
    }
}

#[derive(Debug)]
pub(super) struct DescribeVpcEndpointConnectionNotifications {
    id: Option<ConnectionNotificationId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeVpcEndpointConnectionNotifications {
    const ACTION: &'static str = "DescribeVpcEndpointConnectionNotifications";
    type Output = Notifications;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, filters) = (query.optional("ConnectionNotificationId")?, Filters::decode(query)?);
        Ok(Self { id, filters, page: PageRequest::decode(query, 1..=u32::MAX)?.or_at_most(super::MOST) })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let asked: Vec<&ConnectionNotification> = match self.id {
            Some(id) => match model.connection_notification(&id) {
                Some(found) => vec![found],
                None => return Err(EndpointServiceError::NotificationNotFound(id).into()),
            },
            None => model.connection_notifications().collect(),
        };
        let found = self.filters.select(&FIELDS, model, asked)?.into_iter().cloned();
        let page = self.page.page(found, |notification| notification.id.to_string());
        Ok(Notifications { region: model.region().clone(), page })
    }
}

#[derive(Debug)]
pub(super) struct Notifications {
    region: Region,
    page: Page<ConnectionNotification>,
}

impl Output for Notifications {
    fn write(&self, xml: &mut Xml) {
        xml.list("connectionNotificationSet", &self.page.items, |xml, notification| {
            write_notification(xml, notification, &self.region);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpcEndpointConnectionNotification {
    id: ConnectionNotificationId,
    topic: Option<String>,
    events: BTreeSet<String>,
}

impl Operation for ModifyVpcEndpointConnectionNotification {
    const ACTION: &'static str = "ModifyVpcEndpointConnectionNotification";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, topic) = (query.required("ConnectionNotificationId")?, query.optional("ConnectionNotificationArn")?);
        Ok(Self { id, topic, events: events(query.list("ConnectionEvents")?) })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_connection_notification(&self.id, self.topic, self.events)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DeleteVpcEndpointConnectionNotifications {
    ids: Vec<ConnectionNotificationId>,
}

impl Operation for DeleteVpcEndpointConnectionNotifications {
    const ACTION: &'static str = "DeleteVpcEndpointConnectionNotifications";
    type Output = Unsuccessful;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("ConnectionNotificationId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        Ok(Unsuccessful::each(&self.ids, |id| model.delete_connection_notification(id)))
    }
}
