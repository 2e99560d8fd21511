//! What RunInstances says beyond the network of its instances.

use vpc_model::instance::options::{DnsNameChoice, InstanceOptions, Interruption, Placement, SpotMarket};
use vpc_model::{HostnameType, ImageId, Model, PlacementGroupId, PrivateDnsNameOptions, Tags, ZoneId, ZoneName};

use crate::operations::launch_template::data;
use crate::query::{Query, Value, values};
use crate::shape::Kind::{Flag, Inside, Many, Number, Text};
use crate::shape::{self, Member};
use crate::xml::Xml;
use crate::{ApiError, Code};

values! {
    Interruption { Hibernate "hibernate", Stop "stop", Terminate "terminate" }
}

/// The disks of a launch, which can also say where their snapshots are copied to.
const DEVICE: &[Member] = &[
    ("DeviceName", "deviceName", Text),
    ("VirtualName", "virtualName", Text),
    ("Ebs", "ebs", Inside(EBS)),
    ("NoDevice", "noDevice", Text),
];

const EBS: &[Member] = &[
    ("AvailabilityZone", "availabilityZone", Text),
    ("AvailabilityZoneId", "availabilityZoneId", Text),
    ("DeleteOnTermination", "deleteOnTermination", Flag),
    ("EbsCardIndex", "ebsCardIndex", Number),
    ("Encrypted", "encrypted", Flag),
    ("Iops", "iops", Number),
    ("KmsKeyId", "kmsKeyId", Text),
    ("OutpostArn", "outpostArn", Text),
    ("SnapshotId", "snapshotId", Text),
    ("Throughput", "throughput", Number),
    ("VolumeInitializationRate", "volumeInitializationRate", Number),
    ("VolumeSize", "volumeSize", Number),
    ("VolumeType", "volumeType", Text),
];

/// What is kept as it was given. Instances here have no processors or hosts of their own, so little
/// follows from it; what replies show of it, they show by these names.
pub(crate) const KEPT: &[Member] = &[
    ("AdditionalInfo", "additionalInfo", Text),
    ("BlockDeviceMapping", "blockDeviceMappingSet", Many(DEVICE)),
    ("CapacityReservationSpecification", "capacityReservationSpecification", Inside(data::RESERVATION)),
    ("CpuOptions", "cpuOptions", Inside(data::CPU)),
    ("CreditSpecification", "creditSpecification", Inside(data::CREDIT)),
    ("EbsOptimized", "ebsOptimized", Flag),
    ("ElasticInferenceAccelerator", "elasticInferenceAcceleratorSet", Many(data::ACCELERATOR)),
    ("EnclaveOptions", "enclaveOptions", Inside(data::ENCLAVE)),
    ("HibernationOptions", "hibernationOptions", Inside(data::HIBERNATION)),
    ("KernelId", "kernelId", Text),
    ("LicenseSpecification", "licenseSet", Many(data::LICENSE)),
    ("MaintenanceOptions", "maintenanceOptions", Inside(data::MAINTENANCE)),
    ("NetworkPerformanceOptions", "networkPerformanceOptions", Inside(data::NETWORK_PERFORMANCE)),
    ("RamdiskId", "ramdiskId", Text),
];

/// Takes the options, where the placement is known already.
pub(super) fn decode(
    query: &mut Query,
    placement: Placement,
    request_tags: Option<Tags>,
) -> Result<InstanceOptions, ApiError> {
    let monitoring = query.structure("Monitoring", |inside| {
        let _categories: Vec<String> = inside.list("MetricCategoryId")?;
        inside.required("Enabled")
    })?;
    let market = query.structure("InstanceMarketOptions", |inside| market(inside, request_tags.unwrap_or_default()))?;
    let dns_names =
        query.structure("PrivateDnsNameOptions", |inside| dns_names_given(inside, "HostnameType"))?.unwrap_or_default();
    let kept = shape::decode(query, KEPT)?;
    let options = InstanceOptions {
        monitoring: monitoring.unwrap_or(false),
        placement,
        market: market.flatten(),
        dns_names,
        kept,
    };
    if options.is_on("HibernationOptions.Configured") {
        // Hibernation keeps what is in memory, and there is none.
        return Err(ApiError::unsupported("HibernationOptions.Configured"));
    }
    check_reservation(&options)?;
    Ok(options)
}

/// A launch can say how it uses reserved capacity, or which, but not both.
fn check_reservation(options: &InstanceOptions) -> Result<(), ApiError> {
    let target = "CapacityReservationSpecification.CapacityReservationTarget";
    let id = options.text(&format!("{target}.CapacityReservationId"));
    let group = options.text(&format!("{target}.CapacityReservationResourceGroupArn"));
    let preference = options.text("CapacityReservationSpecification.CapacityReservationPreference");
    if id.is_some() && group.is_some() || preference.is_some() && (id.is_some() || group.is_some()) {
        return Err(ApiError::combination(
            "Only one of CapacityReservationPreference, CapacityReservationId and \
             CapacityReservationResourceGroupArn may be specified",
        ));
    }
    Ok(())
}

/// Takes how instances are bought.
fn market(query: &mut Query, tags: Tags) -> Result<Option<SpotMarket>, ApiError> {
    let kind: Option<String> = query.optional("MarketType")?;
    let spot = query.structure("SpotOptions", |inside| spot(inside, tags.clone()))?;
    match kind.as_deref() {
        Some("spot") => Ok(Some(match spot {
            Some(spot) => spot,
            None => self::spot(&mut Query::of([].into(), None), tags)?,
        })),
        Some("on-demand") | None => match spot {
            None => Ok(None),
            Some(_) => Err(ApiError::combination("The parameter SpotOptions needs the market type 'spot'")),
        },
        Some("capacity-block" | "interruptible-capacity-reservation") => {
            Err(ApiError::unsupported(&format!("MarketType {}", kind.unwrap_or_default())))
        }
        Some(other) => Err(ApiError::invalid(
            "InstanceMarketOptions.MarketType",
            other,
            "Expected one of: spot capacity-block on-demand",
        )),
    }
}

fn spot(query: &mut Query, tags: Tags) -> Result<SpotMarket, ApiError> {
    let kind: String = query.or("SpotInstanceType", "one-time".to_owned())?;
    let is_persistent = match kind.as_str() {
        "one-time" => false,
        "persistent" => true,
        _ => return Err(ApiError::invalid("SpotInstanceType", &kind, "Expected one of: one-time persistent")),
    };
    let interruption = query.or("InstanceInterruptionBehavior", Interruption::Terminate)?;
    if is_persistent == (interruption == Interruption::Terminate) {
        return Err(ApiError::combination(
            "Persistent Spot Instance requests need the interruption behavior 'stop' or 'hibernate', and one-time \
             requests need 'terminate'",
        ));
    }
    let max_price: Option<String> = query.optional("MaxPrice")?;
    if let Some(price) = max_price.as_ref().filter(|price| !price.parse::<f64>().is_ok_and(|price| price > 0.0)) {
        return Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("Invalid maximum price: {price}")));
    }
    query.refuse_unsupported(&["BlockDurationMinutes"])?;
    Ok(SpotMarket {
        request_id: None,
        max_price,
        is_persistent,
        interruption,
        valid_until: query.optional("ValidUntil")?,
        tags,
    })
}

/// What is said of private names; the parameter for the type of host name has several names.
pub(crate) fn dns_names_given(query: &mut Query, hostname_type: &str) -> Result<DnsNameChoice, ApiError> {
    Ok(DnsNameChoice {
        hostname_type: query.optional::<HostnameType>(hostname_type)?,
        resource_name_a_record: query.optional("EnableResourceNameDnsARecord")?,
        resource_name_aaaa_record: query.optional("EnableResourceNameDnsAAAARecord")?,
    })
}

/// `<privateDnsNameOptions>`.
pub(crate) fn dns_names(xml: &mut Xml, options: &PrivateDnsNameOptions) {
    xml.element("privateDnsNameOptions", |xml| {
        xml.text("hostnameType", options.hostname_type);
        xml.text("enableResourceNameDnsARecord", options.resource_name_a_record);
        xml.text("enableResourceNameDnsAAAARecord", options.resource_name_aaaa_record);
    });
}

/// Where to launch.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) zone: Option<ZoneName>,
    pub(super) zone_id: Option<ZoneId>,
    pub(super) group_id: Option<PlacementGroupId>,
    pub(super) own: Placement,
}

/// Takes where to launch. There are no hosts or Outposts to choose from.
pub(super) fn placement(query: &mut Query) -> Result<Place, ApiError> {
    query.refuse_unsupported(&["HostId", "HostResourceGroupArn", "SpreadDomain"])?;
    let tenancy: Option<String> = query.optional("Tenancy")?;
    match tenancy.as_deref() {
        None | Some("default" | "dedicated") => {}
        Some("host") => return Err(ApiError::unsupported("Tenancy host")),
        Some(other) => {
            let name = query.full_name("Tenancy");
            return Err(ApiError::invalid(&name, other, "Expected one of: default dedicated host"));
        }
    }
    let affinity: Option<String> = query.optional("Affinity")?;
    if affinity.as_deref().is_some_and(|affinity| affinity != "default") {
        return Err(ApiError::combination("Affinity may only be specified together with the tenancy 'host'"));
    }
    // Some clients send an empty group name.
    let group_name = query.optional::<String>("GroupName")?.filter(|name| !name.is_empty());
    let group_id: Option<PlacementGroupId> = query.optional("GroupId")?;
    if group_name.is_some() && group_id.is_some() {
        return Err(ApiError::combination("A placement group's name and its ID may not both be specified"));
    }
    let partition_number: Option<u32> = query.optional("PartitionNumber")?;
    if partition_number.is_some() && group_name.is_none() && group_id.is_none() {
        return Err(ApiError::combination("A partition number may only be specified together with a placement group"));
    }
    Ok(Place {
        zone: query.optional("AvailabilityZone")?,
        zone_id: query.optional("AvailabilityZoneId")?,
        group_id,
        own: Placement { group_name, partition_number, tenancy, affinity },
    })
}

/// How a launch names its image.
#[derive(Debug)]
pub(super) enum ImageChoice {
    /// By its id.
    Id(ImageId),
    /// By a public parameter of Systems Manager.
    Alias(String),
}

impl Value for ImageChoice {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        if text.starts_with("resolve:ssm:") {
            Ok(Self::Alias(text))
        } else {
            ImageId::from_text(name, text).map(Self::Id)
        }
    }
}

impl ImageChoice {
    /// The image that is meant.
    pub(super) fn find(self, model: &Model) -> Result<ImageId, ApiError> {
        match self {
            Self::Id(id) => Ok(id),
            Self::Alias(text) => data::image_behind(model, &text).cloned().ok_or_else(|| {
                let message = format!("Invalid value '{text}' for ImageId. Unable to resolve the parameter.");
                ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
            }),
        }
    }
}
