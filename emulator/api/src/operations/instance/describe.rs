//! DescribeInstances.

use jiff::Timestamp;
use vpc_model::{Instance, InstanceId, Model};

use super::filters::FIELDS;
use super::item::Reservation;
use crate::ApiError;
use crate::filter::Filters;
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct DescribeInstances {
    ids: Vec<InstanceId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeInstances {
    const ACTION: &'static str = "DescribeInstances";
    type Output = DescribeInstancesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No service manages instances here, so this one changes nothing.
        let _managed_too = query.flag("IncludeManagedResources")?;
        let (ids, filters) = (query.list("InstanceId")?, Filters::decode(query)?);
        let page = PageRequest::decode(query, 5..=1000)?;
        page.not_with_ids("instancesSet", ids.len())?;
        Ok(Self { ids, filters, page })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let asked = asked_for(model, now, &self.ids)?;
        let found = self.filters.select(&FIELDS, model, asked)?;
        // Instances of one reservation stay together.
        let page = self.page.page(found, |instance| {
            format!("{} {:05} {}", instance.reservation_id, instance.ami_launch_index, instance.id)
        });
        Ok(DescribeInstancesOutput {
            reservations: Reservation::group(model, &page.items),
            next_token: page.next_token,
        })
    }
}

/// The instances of some ids; all that are still shown where there are none.
pub(super) fn asked_for<'a>(
    model: &'a Model,
    now: Timestamp,
    ids: &[InstanceId],
) -> Result<Vec<&'a Instance>, ApiError> {
    if ids.is_empty() {
        return Ok(model.instances().filter(|instance| !instance.is_forgotten(now)).collect());
    }
    let mut distinct = ids.to_vec();
    distinct.sort();
    distinct.dedup();
    Ok(model.find_instances(now, &distinct)?)
}

#[derive(Debug)]
pub(super) struct DescribeInstancesOutput {
    reservations: Vec<Reservation>,
    next_token: Option<String>,
}

impl Output for DescribeInstancesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("reservationSet", &self.reservations, |xml, reservation| reservation.write(xml));
        xml.optional("nextToken", self.next_token.as_ref());
    }
}
