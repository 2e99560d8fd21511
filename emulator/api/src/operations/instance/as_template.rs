//! GetLaunchTemplateData: what a launch template would have to say to launch an instance again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use vpc_model::instance::options::SpotMarket;
use vpc_model::{Instance, InstanceId, LaunchParameter, LaunchParameters, MetadataOptions, Model, NetworkInterface};

use super::item;
use crate::operations::launch_template::data::DATA;
use crate::operations::{Output, ReadOperation};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, shape};

#[derive(Debug)]
pub(super) struct GetLaunchTemplateData {
    instance_id: InstanceId,
}

impl ReadOperation for GetLaunchTemplateData {
    const ACTION: &'static str = "GetLaunchTemplateData";
    type Output = Data;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { instance_id: query.required("InstanceId")? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Data, ApiError> {
        let instance = model.find_instances(now, std::slice::from_ref(&self.instance_id))?[0];
        Ok(Data(data(model, instance)))
    }
}

#[derive(Debug)]
pub(super) struct Data(LaunchParameters);

impl Output for Data {
    fn write(&self, xml: &mut Xml) {
        xml.element("launchTemplateData", |xml| shape::write(xml, DATA, &self.0));
    }
}

fn structure(members: &[(&str, Option<String>)]) -> LaunchParameter {
    let given = members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    LaunchParameter::Structure(given.map(|(name, value)| (name, LaunchParameter::Text(value))).collect())
}

fn data(model: &Model, instance: &Instance) -> LaunchParameters {
    let options = &instance.options;
    let mut data = options.kept.clone();
    // One parameter has two spellings.
    if let Some(ramdisk) = data.remove("RamdiskId") {
        data.insert("RamDiskId".to_owned(), ramdisk);
    }
    let mut put = |name: &str, value: LaunchParameter| data.insert(name.to_owned(), value);
    put("ImageId", LaunchParameter::text(&instance.image_id));
    put("InstanceType", LaunchParameter::text(&instance.instance_type));
    put("EbsOptimized", LaunchParameter::text(options.is_on("EbsOptimized")));
    put("Monitoring", structure(&[("Enabled", Some(options.monitoring.to_string()))]));
    put("DisableApiTermination", LaunchParameter::text(instance.disable_api_termination));
    put("DisableApiStop", LaunchParameter::text(instance.disable_api_stop));
    put("InstanceInitiatedShutdownBehavior", LaunchParameter::text(instance.shutdown_behavior));
    put("MetadataOptions", metadata(&instance.metadata_options));
    put("Placement", placement(model, instance));
    let names = instance.dns_names();
    let names = [
        ("HostnameType", Some(names.hostname_type.to_string())),
        ("EnableResourceNameDnsARecord", Some(names.resource_name_a_record.to_string())),
        ("EnableResourceNameDnsAAAARecord", Some(names.resource_name_aaaa_record.to_string())),
    ];
    put("PrivateDnsNameOptions", structure(&names));
    let interfaces: Vec<_> = model.interfaces_of(&instance.id).map(interface).collect();
    if !interfaces.is_empty() {
        put("NetworkInterface", LaunchParameter::List(interfaces));
    }
    if let Some(name) = &instance.key_name {
        put("KeyName", LaunchParameter::text(name));
    }
    if let Some(arn) = &instance.iam_instance_profile {
        put("IamInstanceProfile", structure(&[("Arn", Some(arn.clone()))]));
    }
    if let Some(user_data) = &instance.user_data {
        put("UserData", LaunchParameter::Text(STANDARD.encode(user_data)));
    }
    if let Some(market) = &options.market {
        put("InstanceMarketOptions", spot(market));
    }
    if let Some(tags) = tags(instance) {
        put("TagSpecification", tags);
    }
    data
}

fn metadata(options: &MetadataOptions) -> LaunchParameter {
    let switch = |on: bool| Some(if on { "enabled" } else { "disabled" }.to_owned());
    structure(&[
        ("HttpTokens", Some(if options.tokens_required { "required" } else { "optional" }.to_owned())),
        ("HttpPutResponseHopLimit", Some(options.hop_limit.to_string())),
        ("HttpEndpoint", switch(options.endpoint_enabled)),
        ("HttpProtocolIpv6", switch(options.ipv6_enabled)),
        ("InstanceMetadataTags", switch(options.tags_enabled)),
    ])
}

fn placement(model: &Model, instance: &Instance) -> LaunchParameter {
    let own = &instance.options.placement;
    structure(&[
        ("AvailabilityZone", Some(instance.zone.to_string())),
        ("GroupName", Some(own.group_name.clone().unwrap_or_default())),
        ("PartitionNumber", own.partition_number.map(|number| number.to_string())),
        ("Tenancy", Some(item::tenancy(model, instance))),
    ])
}

fn interface(interface: &NetworkInterface) -> LaunchParameter {
    let attachment = interface.attachment.as_ref();
    let mut entry = structure(&[
        ("Description", Some(interface.description.clone())),
        ("NetworkInterfaceId", Some(interface.id.to_string())),
        ("SubnetId", Some(interface.subnet_id.to_string())),
        ("PrivateIpAddress", interface.primary_ip().map(|address| address.to_string())),
        ("InterfaceType", Some(interface.interface_type.to_string())),
        ("DeviceIndex", attachment.map(|own| own.device_index.to_string())),
        ("NetworkCardIndex", attachment.map(|own| own.network_card_index.to_string())),
        ("DeleteOnTermination", attachment.map(|own| own.delete_on_termination.to_string())),
        ("AssociatePublicIpAddress", Some(interface.wants_public_ip.to_string())),
    ]);
    let LaunchParameter::Structure(members) = &mut entry else { return entry };
    let groups = interface.groups.iter().map(LaunchParameter::text).collect();
    members.insert("SecurityGroupId".to_owned(), LaunchParameter::List(groups));
    let addresses = interface.private_ips.iter().map(|ip| {
        structure(&[("Primary", Some(ip.primary.to_string())), ("PrivateIpAddress", Some(ip.address.to_string()))])
    });
    members.insert("PrivateIpAddresses".to_owned(), LaunchParameter::List(addresses.collect()));
    let ipv6 = interface.ipv6_addresses.iter().map(|address| structure(&[("Ipv6Address", Some(address.to_string()))]));
    members.insert("Ipv6Addresses".to_owned(), LaunchParameter::List(ipv6.collect()));
    entry
}

fn spot(market: &SpotMarket) -> LaunchParameter {
    let kind = if market.is_persistent { "persistent" } else { "one-time" };
    let options = structure(&[
        ("MaxPrice", market.max_price.clone()),
        ("SpotInstanceType", Some(kind.to_owned())),
        ("ValidUntil", market.valid_until.map(crate::xml::time)),
        ("InstanceInterruptionBehavior", Some(market.interruption.to_string())),
    ]);
    LaunchParameter::Structure(LaunchParameters::from([
        ("MarketType".to_owned(), LaunchParameter::text("spot")),
        ("SpotOptions".to_owned(), options),
    ]))
}

/// The instance's tags, those of AWS apart.
fn tags(instance: &Instance) -> Option<LaunchParameter> {
    let own = instance.tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    let tags: Vec<_> =
        own.map(|(key, value)| structure(&[("Key", Some(key.clone())), ("Value", Some(value.clone()))])).collect();
    let specification = LaunchParameters::from([
        ("ResourceType".to_owned(), LaunchParameter::text("instance")),
        ("Tag".to_owned(), LaunchParameter::List(tags.clone())),
    ]);
    (!tags.is_empty()).then(|| LaunchParameter::List(vec![LaunchParameter::Structure(specification)]))
}
