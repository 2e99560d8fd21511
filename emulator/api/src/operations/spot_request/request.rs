//! RequestSpotInstances: a launch in other words.

use std::collections::BTreeMap;

use vpc_model::{Context, LaunchParameter, Model, SpotRequest};

use super::describe::RequestItem;
use crate::ApiError;
use crate::operations::describe::Describable;
use crate::operations::instance::launch::LaunchRequest;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;
use crate::{shape, tag_specification};

/// What a request says of how it is bought, and what RunInstances calls it.
const MARKET: &[(&str, &str)] = &[
    ("InstanceInterruptionBehavior", "InstanceInterruptionBehavior"),
    ("SpotPrice", "MaxPrice"),
    ("Type", "SpotInstanceType"),
    ("ValidUntil", "ValidUntil"),
];

#[derive(Debug)]
pub(crate) struct RequestSpotInstances {
    launch: LaunchRequest,
}

impl Operation for RequestSpotInstances {
    const ACTION: &'static str = "RequestSpotInstances";
    const CLIENT_TOKEN: bool = true;
    type Output = Requested;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // These are for requests that wait, and here none does.
        query.refuse_unsupported(&["AvailabilityZoneGroup", "BlockDurationMinutes", "LaunchGroup", "ValidFrom"])?;
        let tags = tag_specification::decode_one(query, &["spot-instances-request"])?;
        let count: u32 = query.or("InstanceCount", 1)?;
        let mut all: BTreeMap<String, String> = query
            .structure("LaunchSpecification", |inside| {
                // Addresses are always the VPC's.
                inside.ignore("AddressingType");
                let given = inside.parameters().clone();
                given.keys().for_each(|name| inside.ignore(name));
                Ok(given)
            })?
            .ok_or_else(|| ApiError::missing("LaunchSpecification"))?;
        let spot = "InstanceMarketOptions.SpotOptions";
        all.insert("InstanceMarketOptions.MarketType".to_owned(), "spot".to_owned());
        for (name, other) in MARKET {
            if let Some(value) = query.optional::<String>(name)? {
                all.insert(format!("{spot}.{other}"), value);
            }
        }
        // A persistent request's instance stops unless it is said otherwise.
        let kind = format!("{spot}.SpotInstanceType");
        if all.get(&kind).is_some_and(|kind| kind == "persistent") {
            all.entry(format!("{spot}.InstanceInterruptionBehavior")).or_insert("stop".to_owned());
        }
        all.insert("MinCount".to_owned(), count.to_string());
        all.insert("MaxCount".to_owned(), count.to_string());
        if !tags.is_empty() {
            let tags = LaunchParameter::List(vec![tag_specification::specification("spot-instances-request", &tags)]);
            all.extend(shape::flatten(&[("TagSpecification".to_owned(), tags)].into()));
        }
        let mut launch = Query::of(all, query.client_token()).within("LaunchSpecification");
        let request = LaunchRequest::decode(&mut launch)?;
        launch.finish()?;
        Ok(Self { launch: request.check()? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Requested, ApiError> {
        let new = self.launch.resolve(model, &[])?;
        let (_, ids) = model.run_instances(cx, &new)?;
        let of_these = model.spot_requests().filter(|request| ids.contains(&request.instance_id));
        Ok(Requested(of_these.map(|request: &SpotRequest| request.item(model, cx.now)).collect()))
    }
}

#[derive(Debug)]
pub(crate) struct Requested(Vec<RequestItem>);

impl Output for Requested {
    fn write(&self, xml: &mut Xml) {
        xml.list("spotInstanceRequestSet", &self.0, |xml, item| item.write(xml));
    }
}
