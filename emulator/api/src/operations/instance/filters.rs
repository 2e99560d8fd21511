//! What DescribeInstances filters by.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>.

use std::fmt::Display;

use vpc_model::instance::options::{SpotMarket, profile_id};
use vpc_model::volume::VolumeAttachment;
use vpc_model::{Instance, Model, NetworkInterface, Volume};

use super::{item, options};
use crate::filter::Fields;
use crate::operations::describe::Describable;
use crate::xml;

/// The values that there are, as texts.
pub(crate) fn each<T: Display>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn switch(on: bool) -> Vec<String> {
    vec![if on { "enabled" } else { "disabled" }.to_owned()]
}

/// How its private name is made.
fn name_option(own: &Instance, value: fn(&vpc_model::PrivateDnsNameOptions) -> String) -> Vec<String> {
    vec![value(&own.dns_names())]
}

/// What the filter of a name sees of each of the instance's interfaces, as DescribeNetworkInterfaces has it.
pub(crate) fn as_described(model: &Model, own: &Instance, name: &str) -> Vec<String> {
    let field = NetworkInterface::FIELDS.by_name.iter().find(|(known, _)| *known == name);
    let Some((_, values)) = field else { return Vec::new() };
    model.interfaces_of(&own.id).flat_map(|eni| values(model, eni)).collect()
}

/// Something of each of the instance's interfaces.
fn of_interfaces<T: Display, I: IntoIterator<Item = T>>(
    model: &Model,
    own: &Instance,
    values: impl Fn(&NetworkInterface) -> I,
) -> Vec<String> {
    model.interfaces_of(&own.id).flat_map(|eni| each(values(eni))).collect()
}

fn state_reason(own: &Instance, part: fn((&'static str, &'static str)) -> &'static str) -> Vec<String> {
    each(item::state_reason(own.state).map(part))
}

/// One of the options that are kept, or its default.
macro_rules! option {
    ($path:literal, $default:literal) => {
        |_, own| vec![options::or(&own.options, $path, $default).to_owned()]
    };
    ($path:literal) => {
        |_, own| each(own.options.text($path))
    };
}

/// The filter that DescribeNetworkInterfaces has by a name.
macro_rules! interface {
    ($name:literal) => {
        |model, own| as_described(model, own, $name)
    };
}

fn of_volumes(model: &Model, own: &Instance, value: impl Fn(&Volume, &VolumeAttachment) -> String) -> Vec<String> {
    model.volumes_of(own).map(|(volume, place)| value(volume, place)).collect()
}

pub(super) const FIELDS: Fields<Model, Instance> = Fields {
    by_name: &[
        ("affinity", |_, own| each(&own.options.placement.affinity)),
        ("architecture", |_, own| each(item::architecture(own))),
        ("availability-zone", |_, own| vec![own.zone.to_string()]),
        ("availability-zone-id", |model, own| each(model.zone(&own.zone).map(|zone| zone.id))),
        ("block-device-mapping.attach-time", |model, own| {
            of_volumes(model, own, |_, place| crate::xml::time(place.attach_time))
        }),
        ("block-device-mapping.delete-on-termination", |model, own| {
            of_volumes(model, own, |_, place| place.delete_on_termination.to_string())
        }),
        ("block-device-mapping.device-name", |model, own| of_volumes(model, own, |_, place| place.device.clone())),
        ("block-device-mapping.status", |model, own| {
            of_volumes(model, own, |_, place| model.attachment_state(place).to_owned())
        }),
        ("block-device-mapping.volume-id", |model, own| of_volumes(model, own, |volume, _| volume.id.to_string())),
        ("boot-mode", |_, _| Vec::new()),
        ("capacity-reservation-id", |_, own| each(&own.capacity_reservation)),
        ("capacity-reservation-specification.capacity-reservation-preference", |_, own| {
            each(options::reservation_preference(&own.options))
        }),
        (
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
            option!("CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId"),
        ),
        (
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
            option!("CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationResourceGroupArn"),
        ),
        ("client-token", |_, own| each(&own.client_token)),
        ("current-instance-boot-mode", |_, own| vec![options::boot_mode(own).to_owned()]),
        ("dns-name", |model, own| each(item::public_address(model, own).map(|one| one.name))),
        ("ebs-optimized", option!("EbsOptimized", "false")),
        ("ena-support", |_, _| vec!["true".to_owned()]),
        ("enclave-options.enabled", option!("EnclaveOptions.Enabled", "false")),
        ("group-id", |model, own| each(item::groups(model, own))),
        ("hibernation-options.configured", option!("HibernationOptions.Configured", "false")),
        ("host-id", |_, _| Vec::new()),
        ("hypervisor", |_, _| vec!["xen".to_owned()]),
        ("iam-instance-profile.arn", |_, own| each(&own.iam_instance_profile)),
        ("iam-instance-profile.id", |_, own| each(own.iam_instance_profile.as_deref().map(profile_id))),
        ("image-id", |_, own| vec![own.image_id.to_string()]),
        ("instance-id", |_, own| vec![own.id.to_string()]),
        ("instance-lifecycle", |_, own| each(options::lifecycle(own))),
        ("instance-state-code", |_, own| vec![own.state.code().to_string()]),
        ("instance-state-name", |_, own| vec![own.state.to_string()]),
        ("instance-type", |_, own| vec![own.instance_type.clone()]),
        ("instance.group-id", |model, own| each(item::groups(model, own))),
        ("instance.group-name", |model, own| {
            each(item::groups(model, own).iter().filter_map(|id| Some(&model.security_group(id)?.name)))
        }),
        ("ip-address", |model, own| each(item::public_address(model, own).map(|one| one.address))),
        ("ipv6-address", |model, own| {
            each(item::primary(model, own).and_then(|primary| primary.ipv6_addresses.first()))
        }),
        ("kernel-id", option!("KernelId")),
        ("key-name", |_, own| each(&own.key_name)),
        ("launch-index", |_, own| vec![own.ami_launch_index.to_string()]),
        ("launch-time", |_, own| vec![xml::time(own.launch_time)]),
        ("maintenance-options.auto-recovery", option!("MaintenanceOptions.AutoRecovery", "default")),
        ("metadata-options.http-endpoint", |_, own| switch(own.metadata_options.endpoint_enabled)),
        ("metadata-options.http-protocol-ipv4", |_, own| switch(own.metadata_options.endpoint_enabled)),
        ("metadata-options.http-protocol-ipv6", |_, own| switch(own.metadata_options.ipv6_enabled)),
        ("metadata-options.http-put-response-hop-limit", |_, own| vec![own.metadata_options.hop_limit.to_string()]),
        ("metadata-options.http-tokens", |_, own| {
            vec![if own.metadata_options.tokens_required { "required" } else { "optional" }.to_owned()]
        }),
        ("metadata-options.instance-metadata-tags", |_, own| switch(own.metadata_options.tags_enabled)),
        ("metadata-options.state", |_, _| vec!["applied".to_owned()]),
        ("monitoring-state", |_, own| vec![item::monitoring(own).to_owned()]),
        ("network-interface.addresses.association.allocation-id", interface!("association.allocation-id")),
        ("network-interface.addresses.association.association-id", interface!("association.association-id")),
        ("network-interface.addresses.association.carrier-ip", |_, _| Vec::new()),
        ("network-interface.addresses.association.customer-owned-ip", |_, _| Vec::new()),
        ("network-interface.addresses.association.ip-owner-id", interface!("association.ip-owner-id")),
        ("network-interface.addresses.association.public-dns-name", interface!("association.public-dns-name")),
        ("network-interface.addresses.association.public-ip", interface!("addresses.association.public-ip")),
        ("network-interface.addresses.primary", interface!("addresses.primary")),
        ("network-interface.addresses.private-dns-name", |model, own| {
            let name = |ip: &vpc_model::PrivateIp| model.region().private_dns_name(ip.address);
            of_interfaces(model, own, |eni| eni.private_ips.iter().map(name).collect::<Vec<_>>())
        }),
        ("network-interface.addresses.private-ip-address", interface!("addresses.private-ip-address")),
        ("network-interface.association.allocation-id", interface!("association.allocation-id")),
        ("network-interface.association.association-id", interface!("association.association-id")),
        ("network-interface.association.carrier-ip", |_, _| Vec::new()),
        ("network-interface.association.customer-owned-ip", |_, _| Vec::new()),
        ("network-interface.association.ip-owner-id", interface!("association.ip-owner-id")),
        ("network-interface.association.public-dns-name", interface!("association.public-dns-name")),
        ("network-interface.association.public-ip", interface!("association.public-ip")),
        ("network-interface.attachment.attach-time", interface!("attachment.attach-time")),
        ("network-interface.attachment.attachment-id", interface!("attachment.attachment-id")),
        ("network-interface.attachment.delete-on-termination", interface!("attachment.delete-on-termination")),
        ("network-interface.attachment.device-index", interface!("attachment.device-index")),
        ("network-interface.attachment.instance-id", interface!("attachment.instance-id")),
        ("network-interface.attachment.instance-owner-id", interface!("attachment.instance-owner-id")),
        ("network-interface.attachment.network-card-index", |model, own| {
            of_interfaces(model, own, |eni| eni.attachment.as_ref().map(|found| found.network_card_index))
        }),
        ("network-interface.attachment.status", interface!("attachment.status")),
        ("network-interface.availability-zone", interface!("availability-zone")),
        ("network-interface.deny-all-igw-traffic", |_, _| Vec::new()),
        ("network-interface.description", interface!("description")),
        ("network-interface.group-id", interface!("group-id")),
        ("network-interface.group-name", interface!("group-name")),
        ("network-interface.ipv4-prefixes.ipv4-prefix", |model, own| {
            of_interfaces(model, own, |eni| eni.ipv4_prefixes.clone())
        }),
        ("network-interface.ipv6-address", interface!("ipv6-addresses.ipv6-address")),
        ("network-interface.ipv6-addresses.ipv6-address", interface!("ipv6-addresses.ipv6-address")),
        ("network-interface.ipv6-addresses.is-primary-ipv6", |model, own| {
            of_interfaces(model, own, |eni| {
                let flags = (0..eni.ipv6_addresses.len()).map(|at| eni.primary_ipv6 && at == 0);
                flags.collect::<Vec<_>>()
            })
        }),
        ("network-interface.ipv6-native", |model, own| of_interfaces(model, own, |eni| [eni.private_ips.is_empty()])),
        ("network-interface.ipv6-prefixes.ipv6-prefix", |model, own| {
            of_interfaces(model, own, |eni| eni.ipv6_prefixes.clone())
        }),
        ("network-interface.mac-address", interface!("mac-address")),
        ("network-interface.network-interface-id", interface!("network-interface-id")),
        ("network-interface.operator.managed", interface!("operator.managed")),
        ("network-interface.operator.principal", interface!("operator.principal")),
        ("network-interface.outpost-arn", |_, _| Vec::new()),
        ("network-interface.owner-id", interface!("owner-id")),
        ("network-interface.private-dns-name", interface!("private-dns-name")),
        ("network-interface.private-ip-address", interface!("private-ip-address")),
        ("network-interface.public-dns-name", interface!("association.public-dns-name")),
        ("network-interface.requester-id", interface!("requester-id")),
        ("network-interface.requester-managed", interface!("requester-managed")),
        ("network-interface.source-dest-check", interface!("source-dest-check")),
        ("network-interface.status", interface!("status")),
        ("network-interface.subnet-id", interface!("subnet-id")),
        ("network-interface.tag-key", |model, own| {
            of_interfaces(model, own, |eni| eni.tags.keys().cloned().collect::<Vec<_>>())
        }),
        ("network-interface.tag-value", |model, own| {
            of_interfaces(model, own, |eni| eni.tags.values().cloned().collect::<Vec<_>>())
        }),
        ("network-interface.vpc-id", interface!("vpc-id")),
        (
            "network-performance-options.bandwidth-weighting",
            option!("NetworkPerformanceOptions.BandwidthWeighting", "default"),
        ),
        ("operator.managed", |_, _| vec!["false".to_owned()]),
        ("operator.principal", |_, _| Vec::new()),
        ("outpost-arn", |_, _| Vec::new()),
        ("owner-id", |model, _| vec![model.account().to_string()]),
        ("placement-group-name", |_, own| each(&own.options.placement.group_name)),
        ("placement-partition-number", |_, own| each(own.options.placement.partition_number)),
        ("platform", |_, _| Vec::new()),
        ("platform-details", |_, _| vec!["Linux/UNIX".to_owned()]),
        ("private-dns-name", |model, own| each(model.private_name_of(own))),
        ("private-dns-name-options.enable-resource-name-dns-a-record", |_, own| {
            name_option(own, |options| options.resource_name_a_record.to_string())
        }),
        ("private-dns-name-options.enable-resource-name-dns-aaaa-record", |_, own| {
            name_option(own, |options| options.resource_name_aaaa_record.to_string())
        }),
        ("private-dns-name-options.hostname-type", |_, own| {
            name_option(own, |options| options.hostname_type.to_string())
        }),
        ("private-ip-address", |model, own| each(item::primary(model, own).and_then(|found| found.primary_ip()))),
        ("product-code", |_, _| Vec::new()),
        ("product-code.type", |_, _| Vec::new()),
        ("ramdisk-id", option!("RamdiskId")),
        ("reason", |_, own| each(&own.state_reason)),
        ("requester-id", |_, _| Vec::new()),
        ("reservation-id", |_, own| vec![own.reservation_id.to_string()]),
        ("root-device-name", |model, own| vec![model.root_device(own).to_owned()]),
        ("root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("source-dest-check", |model, own| each(item::primary(model, own).map(|found| found.source_dest_check))),
        ("spot-instance-request-id", |_, own| {
            let request = |market: &SpotMarket| market.request_id.clone();
            each(own.options.market.as_ref().and_then(request))
        }),
        ("state-reason-code", |_, own| state_reason(own, |(code, _)| code)),
        ("state-reason-message", |_, own| state_reason(own, |(_, message)| message)),
        ("subnet-id", |_, own| each((!own.is_terminated()).then_some(&own.subnet_id))),
        ("tenancy", |model, own| vec![item::tenancy(model, own)]),
        ("tpm-support", |_, _| Vec::new()),
        ("usage-operation", |_, _| vec!["RunInstances".to_owned()]),
        ("usage-operation-update-time", |_, own| vec![xml::time(own.launch_time)]),
        ("virtualization-type", |_, _| vec!["hvm".to_owned()]),
        ("vpc-id", |_, own| each((!own.is_terminated()).then_some(&own.vpc_id))),
    ],
    tags: Some(|own| &own.tags),
};

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::World;

    #[rstest]
    #[case("capacity-reservation-specification.capacity-reservation-preference", "none")]
    #[case("current-instance-boot-mode", "legacy-bios")]
    #[case("ebs-optimized", "true")]
    #[case("enclave-options.enabled", "false")]
    #[case("iam-instance-profile.id", "AIPA*")]
    #[case("instance-lifecycle", "spot")]
    #[case("maintenance-options.auto-recovery", "default")]
    #[case("metadata-options.http-protocol-ipv6", "disabled")]
    #[case("monitoring-state", "pending")]
    #[case("network-interface.addresses.primary", "true")]
    #[case("network-interface.addresses.private-dns-name", "ip-172-31-*")]
    #[case("network-interface.association.ip-owner-id", "amazon")]
    #[case("network-interface.attachment.network-card-index", "0")]
    #[case("network-interface.group-name", "default")]
    #[case("network-interface.requester-managed", "false")]
    #[case("network-interface.tag-key", "owner")]
    #[case("network-interface.tag-value", "me")]
    #[case("private-dns-name-options.hostname-type", "ip-name")]
    #[case("root-device-name", "/dev/*")]
    #[case("spot-instance-request-id", "sir-*")]
    #[case("state-reason-code", "pending")]
    #[case("tenancy", "dedicated")]
    fn some_filters(#[case] name: &str, #[case] value: &str) {
        let mut world = World::with_default_vpc();
        let form = "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&EbsOptimized=true&\
            CapacityReservationSpecification.CapacityReservationPreference=none&IamInstanceProfile.Name=node&\
            InstanceMarketOptions.MarketType=spot&Monitoring.Enabled=true&Placement.Tenancy=dedicated&\
            TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=owner&\
            TagSpecification.1.Tag.1.Value=me";
        world.call("RunInstances", form).ok();
        let mut count = |value: &str| {
            let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
            world.call("DescribeInstances", &filter).ok().texts("instanceId").len()
        };
        assert_eq!((count(value), count("something-else")), (1, 0));
    }

    #[test]
    fn filters_by_interfaces_are_there() {
        let source = include_str!("filters.rs");
        let names = source.split("interface!(\"").skip(1).filter_map(|rest| rest.split('"').next());
        for name in names {
            assert!(NetworkInterface::FIELDS.by_name.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
