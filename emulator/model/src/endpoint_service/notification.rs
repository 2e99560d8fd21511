//! Notifications about endpoints: messages to a topic when one connects, is accepted, rejected or deleted.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html>.

use std::collections::BTreeSet;

use super::EndpointServiceError;
use crate::{ConnectionNotificationId, Context, EndpointServiceId, Model, VpcEndpointId};

/// What can be told about.
const EVENTS: [&str; 4] = ["Accept", "Connect", "Delete", "Reject"];

/// A notification.
///
/// Deviation: there are no topics here, so nobody is told anything.
#[derive(Debug, Clone)]
pub struct ConnectionNotification {
    /// Its id.
    pub id: ConnectionNotificationId,
    /// What it is about.
    pub about: Noticed,
    /// The topic's ARN.
    pub topic: String,
    /// The events that are told.
    pub events: BTreeSet<String>,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// All endpoints to a service of the account's.
    Service(EndpointServiceId),
    /// One endpoint.
    Endpoint(VpcEndpointId),
}

impl ConnectionNotification {
    /// Whether it is about a service.
    pub(super) fn is_about_service(&self, id: &EndpointServiceId) -> bool {
        matches!(&self.about, Noticed::Service(service) if service == id)
    }
}

impl Model {
    /// Makes a notification.
    pub fn create_connection_notification(
        &mut self,
        cx: &mut Context,
        about: Noticed,
        topic: String,
        events: BTreeSet<String>,
    ) -> Result<ConnectionNotificationId, EndpointServiceError> {
        match &about {
            Noticed::Service(id) => self.check_offered(id)?,
            Noticed::Endpoint(id) => {
                let endpoint = self.vpc_endpoints.get(id).filter(|endpoint| endpoint.is_alive());
                endpoint.ok_or_else(|| EndpointServiceError::EndpointNotFound(id.clone()))?;
            }
        }
        check_topic(&topic)?;
        check_events(&events)?;
        let id: ConnectionNotificationId = cx.ids.next();
        let notification = ConnectionNotification { id: id.clone(), about, topic, events };
        self.connection_notifications.insert(id.clone(), notification);
        self.touch();
        Ok(id)
    }

    /// Changes a notification.
    pub fn modify_connection_notification(
        &mut self,
        id: &ConnectionNotificationId,
        topic: Option<String>,
        events: BTreeSet<String>,
    ) -> Result<(), EndpointServiceError> {
        let notification = self.connection_notifications.get_mut(id);
        let notification = notification.ok_or_else(|| EndpointServiceError::NotificationNotFound(id.clone()))?;
        topic.as_ref().map_or(Ok(()), |topic| check_topic(topic))?;
        if !events.is_empty() {
            check_events(&events)?;
            notification.events = events;
        }
        if let Some(topic) = topic {
            notification.topic = topic;
        }
        self.touch();
        Ok(())
    }

    /// Takes a notification away.
    pub fn delete_connection_notification(
        &mut self,
        id: &ConnectionNotificationId,
    ) -> Result<(), EndpointServiceError> {
        self.connection_notifications
            .remove(id)
            .ok_or_else(|| EndpointServiceError::NotificationNotFound(id.clone()))?;
        self.touch();
        Ok(())
    }

    /// Takes the notifications about endpoints away that are gone.
    pub(crate) fn drop_notifications_of_gone_endpoints(&mut self) {
        let endpoints = &self.vpc_endpoints;
        self.connection_notifications.retain(|_, notification| match &notification.about {
            Noticed::Service(_) => true,
            Noticed::Endpoint(id) => endpoints.get(id).is_some_and(|endpoint| !endpoint.is_deleted()),
        });
    }
}

fn check_topic(topic: &str) -> Result<(), EndpointServiceError> {
    let mut parts = topic.split(':');
    let is_topic = parts.next() == Some("arn") && parts.nth(1) == Some("sns") && parts.count() == 3;
    if is_topic { Ok(()) } else { Err(EndpointServiceError::Topic(topic.to_owned())) }
}

fn check_events(events: &BTreeSet<String>) -> Result<(), EndpointServiceError> {
    let wrong = events.iter().find(|event| !EVENTS.contains(&event.as_str()));
    wrong.map_or(Ok(()), |event| Err(EndpointServiceError::Event(event.clone())))
}
