//! What replies show of Spot Instances' requests, and what they can be filtered by.

use jiff::Timestamp;
use vpc_model::instance::options::SpotMarket;
use vpc_model::{Instance, Model, SpotRequest, SpotRequestId, instance_type, spot_price};

use crate::ApiError;
use crate::filter::Fields;
use crate::operations::Output;
use crate::operations::describe::Describable;
use crate::operations::instance::{filters, item};
use crate::xml::{self, Xml};

fn instance<'a>(model: &'a Model, request: &SpotRequest) -> Option<&'a Instance> {
    model.instance(&request.instance_id)
}

fn market<'a>(model: &'a Model, request: &SpotRequest) -> Option<&'a SpotMarket> {
    instance(model, request)?.options.market.as_ref()
}

/// The most that is paid for an hour: without a limit, what On-Demand costs.
fn price(model: &Model, request: &SpotRequest) -> String {
    let given = market(model, request).and_then(|market| market.max_price.as_ref()?.parse::<f64>().ok());
    let known = instance(model, request).and_then(|instance| instance_type::find(&instance.instance_type));
    let usual = known.map_or(0.0, |known| spot_price::on_demand(known) as f64 / 1e6);
    format!("{:.6}", given.unwrap_or(usual))
}

fn kind(model: &Model, request: &SpotRequest) -> &'static str {
    if market(model, request).is_some_and(|market| market.is_persistent) { "persistent" } else { "one-time" }
}

/// What a filter sees of the request's instance.
macro_rules! of_instance {
    (|$model:ident, $own:ident| $value:expr) => {
        |model, request| {
            let of = |$model: &Model, $own: &Instance| -> Vec<String> { $value };
            instance(model, request).map(|own| of(model, own)).unwrap_or_default()
        }
    };
}

/// The filter that DescribeNetworkInterfaces has by a name.
macro_rules! interface {
    ($name:literal) => {
        of_instance!(|model, own| filters::as_described(model, own, $name))
    };
}

impl Describable for SpotRequest {
    type Id = SpotRequestId;
    type Item = RequestItem;

    const ACTION: &'static str = "DescribeSpotInstanceRequests";
    const IDS: &'static str = "SpotInstanceRequestId";
    const SET: &'static str = "spotInstanceRequestSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("availability-zone-group", |_, _| Vec::new()),
            ("create-time", |_, request| vec![xml::time(request.created)]),
            ("fault-code", |_, _| Vec::new()),
            ("fault-message", |_, _| Vec::new()),
            ("instance-id", |_, request| vec![request.instance_id.to_string()]),
            ("launch-group", |_, _| Vec::new()),
            // There are no volumes.
            ("launch.block-device-mapping.delete-on-termination", |_, _| Vec::new()),
            ("launch.block-device-mapping.device-name", |_, _| Vec::new()),
            ("launch.block-device-mapping.snapshot-id", |_, _| Vec::new()),
            ("launch.block-device-mapping.volume-size", |_, _| Vec::new()),
            ("launch.block-device-mapping.volume-type", |_, _| Vec::new()),
            ("launch.group-id", of_instance!(|model, own| filters::each(item::groups(model, own)))),
            ("launch.group-name", interface!("group-name")),
            ("launch.image-id", of_instance!(|_model, own| vec![own.image_id.to_string()])),
            ("launch.instance-type", of_instance!(|_model, own| vec![own.instance_type.clone()])),
            ("launch.kernel-id", of_instance!(|_model, own| filters::each(own.options.text("KernelId")))),
            ("launch.key-name", of_instance!(|_model, own| filters::each(&own.key_name))),
            ("launch.monitoring-enabled", of_instance!(|_model, own| vec![own.options.monitoring.to_string()])),
            ("launch.ramdisk-id", of_instance!(|_model, own| filters::each(own.options.text("RamdiskId")))),
            ("launched-availability-zone", of_instance!(|_model, own| vec![own.zone.to_string()])),
            (
                "launched-availability-zone-id",
                of_instance!(|model, own| filters::each(model.zone(&own.zone).map(|zone| zone.id))),
            ),
            ("network-interface.addresses.primary", interface!("addresses.primary")),
            ("network-interface.delete-on-termination", interface!("attachment.delete-on-termination")),
            ("network-interface.description", interface!("description")),
            ("network-interface.device-index", interface!("attachment.device-index")),
            ("network-interface.group-id", interface!("group-id")),
            ("network-interface.network-interface-id", interface!("network-interface-id")),
            ("network-interface.private-ip-address", interface!("private-ip-address")),
            ("network-interface.subnet-id", interface!("subnet-id")),
            ("product-description", |_, _| vec!["Linux/UNIX".to_owned()]),
            ("spot-instance-request-id", |_, request| vec![request.id.to_string()]),
            ("spot-price", |model, request| vec![price(model, request)]),
            ("state", |model, request| vec![request.status(model).state.to_owned()]),
            ("status-code", |model, request| vec![request.status(model).code.to_owned()]),
            ("status-message", |model, request| vec![request.status(model).message.to_owned()]),
            ("type", |model, request| vec![kind(model, request).to_owned()]),
            ("valid-from", |_, _| Vec::new()),
            ("valid-until", |model, request| {
                filters::each(market(model, request).and_then(|market| market.valid_until).map(xml::time))
            }),
        ],
        tags: Some(|request| &request.tags),
    };

    fn id(&self) -> &SpotRequestId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &SpotRequestId) -> Option<&'a Self> {
        model.spot_request(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.spot_requests().collect()
    }

    fn missing(id: &SpotRequestId) -> ApiError {
        super::missing(id)
    }

    fn item(&self, model: &Model, _: Timestamp) -> RequestItem {
        RequestItem(Xml::fragment(|xml| write(xml, model, self)))
    }
}

/// A request as replies show it.
#[derive(Debug)]
pub(crate) struct RequestItem(Vec<u8>);

impl Output for RequestItem {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.0);
    }
}

fn write(xml: &mut Xml, model: &Model, request: &SpotRequest) {
    let (status, instance) = (request.status(model), instance(model, request));
    xml.text("spotInstanceRequestId", &request.id);
    xml.text("spotPrice", price(model, request));
    xml.text("type", kind(model, request));
    xml.text("state", status.state);
    xml.element("status", |xml| {
        xml.text("code", status.code);
        xml.timestamp("updateTime", request.updated(model));
        xml.text("message", status.message);
    });
    if let Some(instance) = instance {
        xml.element("launchSpecification", |xml| write_specification(xml, model, instance));
    }
    xml.text("instanceId", &request.instance_id);
    xml.timestamp("createTime", request.created);
    xml.text("productDescription", "Linux/UNIX");
    xml.tags(&request.tags);
    if let Some(instance) = instance {
        xml.text("launchedAvailabilityZone", &instance.zone);
        xml.optional("launchedAvailabilityZoneId", model.zone(&instance.zone).map(|zone| zone.id));
    }
    if let Some(market) = market(model, request) {
        xml.optional("validUntil", market.valid_until.map(xml::time));
        xml.text("instanceInterruptionBehavior", market.interruption);
    }
}

/// What was asked for, as it was fulfilled.
fn write_specification(xml: &mut Xml, model: &Model, instance: &Instance) {
    xml.text("imageId", &instance.image_id);
    xml.optional("keyName", instance.key_name.as_ref());
    item::write_groups(xml, model, item::groups(model, instance));
    xml.text("instanceType", &instance.instance_type);
    xml.element("placement", |xml| {
        xml.text("availabilityZone", &instance.zone);
        xml.optional("groupName", instance.options.placement.group_name.as_ref());
        xml.text("tenancy", item::tenancy(model, instance));
    });
    if let Some(arn) = &instance.iam_instance_profile {
        xml.element("iamInstanceProfile", |xml| xml.text("arn", arn));
    }
    xml.element("monitoring", |xml| xml.text("enabled", instance.options.monitoring));
    xml.text("ebsOptimized", instance.options.is_on("EbsOptimized"));
    xml.optional("kernelId", instance.options.text("KernelId"));
    xml.optional("ramdiskId", instance.options.text("RamdiskId"));
    if !instance.is_terminated() {
        xml.text("subnetId", &instance.subnet_id);
    }
}
