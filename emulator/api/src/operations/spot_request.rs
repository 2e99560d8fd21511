//! Spot Instances by request: RequestSpotInstances, DescribeSpotInstanceRequests, CancelSpotInstanceRequests. RunInstances
//! and fleets make the same requests. DescribeSpotDatafeedSubscription finds none.

mod describe;
mod request;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{Context, Model, SpotRequest, SpotRequestId};

use super::describe::Describe;
use super::{Action, Done, Operation, Output, ReadOperation, read, write};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[
    write::<request::RequestSpotInstances>(),
    write::<CancelSpotInstanceRequests>(),
    read::<Describe<SpotRequest>>(),
    read::<DescribeSpotDatafeedSubscription>(),
];

fn missing(id: &SpotRequestId) -> ApiError {
    ApiError::new(
        Code::INVALID_SPOT_INSTANCE_REQUEST_ID_NOT_FOUND,
        format!("The spot instance request ID '{id}' does not exist"),
    )
}

#[derive(Debug)]
struct CancelSpotInstanceRequests {
    ids: Vec<SpotRequestId>,
}

impl Operation for CancelSpotInstanceRequests {
    const ACTION: &'static str = "CancelSpotInstanceRequests";
    type Output = Cancelled;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("SpotInstanceRequestId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Cancelled, ApiError> {
        if let Some(id) = self.ids.iter().find(|id| model.spot_request(id).is_none()) {
            return Err(missing(id));
        }
        for id in &self.ids {
            model.cancel_spot_request(cx.now, id).ok_or_else(|| missing(id))?;
        }
        Ok(Cancelled(self.ids))
    }
}

#[derive(Debug)]
struct Cancelled(Vec<SpotRequestId>);

impl Output for Cancelled {
    fn write(&self, xml: &mut Xml) {
        xml.list("spotInstanceRequestSet", &self.0, |xml, id| {
            xml.text("spotInstanceRequestId", id);
            xml.text("state", "cancelled");
        });
    }
}

/// Where EC2 writes what Spot Instances cost: nowhere, for nobody subscribes here.
#[derive(Debug)]
struct DescribeSpotDatafeedSubscription;

impl ReadOperation for DescribeSpotDatafeedSubscription {
    const ACTION: &'static str = "DescribeSpotDatafeedSubscription";
    type Output = Done;

    fn decode(_: &mut Query) -> Result<Self, ApiError> {
        Ok(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Done, ApiError> {
        Err(ApiError::new(Code::INVALID_SPOT_DATAFEED_NOT_FOUND, "Spot datafeed subscription does not exist."))
    }
}
