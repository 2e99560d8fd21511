//! DescribeFleetHistory.

use jiff::Timestamp;
use vpc_model::fleet::{FleetEvent, FleetEventKind};
use vpc_model::{FleetId, Model};

use crate::ApiError;
use crate::operations::{Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::{Query, values};
use crate::xml::Xml;

values! {
    FleetEventKind { Instance "instance-change", Fleet "fleet-change", Error "service-error" }
}

#[derive(Debug)]
pub(super) struct DescribeFleetHistory {
    id: FleetId,
    since: Timestamp,
    kind: Option<FleetEventKind>,
    page: PageRequest,
}

impl ReadOperation for DescribeFleetHistory {
    const ACTION: &'static str = "DescribeFleetHistory";
    type Output = History;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            id: query.required("FleetId")?,
            since: query.required("StartTime")?,
            kind: query.optional("EventType")?,
            page: PageRequest::decode(query, 1..=1000)?,
        })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<History, ApiError> {
        let fleet = model.fleet(&self.id).filter(|fleet| fleet.is_known(now));
        let fleet = fleet.ok_or_else(|| super::not_found(&self.id))?;
        let told = fleet.history(self.since, now).filter(|event| self.kind.is_none_or(|kind| kind == event.kind));
        // The number keeps events of one time apart.
        let numbered: Vec<(usize, FleetEvent)> = told.cloned().enumerate().collect();
        let page = self.page.page(numbered, |(at, event)| format!("{:020}/{at:06}", event.time.as_microsecond()));
        Ok(History { id: self.id, since: self.since, now, page })
    }
}

#[derive(Debug)]
pub(super) struct History {
    id: FleetId,
    since: Timestamp,
    now: Timestamp,
    page: Page<(usize, FleetEvent)>,
}

impl Output for History {
    fn write(&self, xml: &mut Xml) {
        xml.list("historyRecordSet", &self.page.items, |xml, (_, event)| {
            xml.element("eventInformation", |xml| {
                xml.optional("eventDescription", event.description.as_ref());
                xml.text("eventSubType", event.what);
                xml.optional("instanceId", event.instance.as_ref());
            });
            xml.text("eventType", event.kind.as_str());
            xml.timestamp("timestamp", event.time);
        });
        match &self.page.next_token {
            Some(token) => xml.text("nextToken", token),
            None => xml.timestamp("lastEvaluatedTime", self.now),
        }
        xml.text("fleetId", &self.id);
        xml.timestamp("startTime", self.since);
    }
}
