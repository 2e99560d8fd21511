//! What a launch template can hold: every launch parameter, as requests and as replies call it.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html>.

use vpc_model::{ImageId, Model};

pub(crate) use super::requirements::REQUIREMENTS;
use crate::shape::Kind::{Data, Flag, Inside, Many, Number, One, Text, Texts, Time};
use crate::shape::Member;

/// The whole of it.
pub(crate) const DATA: &[Member] = &[
    ("KernelId", "kernelId", Text),
    ("EbsOptimized", "ebsOptimized", Flag),
    ("IamInstanceProfile", "iamInstanceProfile", Inside(PROFILE)),
    ("BlockDeviceMapping", "blockDeviceMappingSet", Many(DEVICE)),
    ("NetworkInterface", "networkInterfaceSet", Many(INTERFACE)),
    ("ImageId", "imageId", Text),
    ("InstanceType", "instanceType", Text),
    ("KeyName", "keyName", Text),
    ("Monitoring", "monitoring", Inside(MONITORING)),
    ("Placement", "placement", Inside(PLACEMENT)),
    ("RamDiskId", "ramDiskId", Text),
    ("DisableApiTermination", "disableApiTermination", Flag),
    ("InstanceInitiatedShutdownBehavior", "instanceInitiatedShutdownBehavior", One(&["stop", "terminate"])),
    ("UserData", "userData", Data),
    ("TagSpecification", "tagSpecificationSet", Many(TAGS)),
    ("ElasticGpuSpecification", "elasticGpuSpecificationSet", Many(GPU)),
    ("ElasticInferenceAccelerator", "elasticInferenceAcceleratorSet", Many(ACCELERATOR)),
    ("SecurityGroupId", "securityGroupIdSet", Texts("item")),
    ("SecurityGroup", "securityGroupSet", Texts("item")),
    ("InstanceMarketOptions", "instanceMarketOptions", Inside(MARKET)),
    ("CreditSpecification", "creditSpecification", Inside(CREDIT)),
    ("CpuOptions", "cpuOptions", Inside(CPU)),
    ("CapacityReservationSpecification", "capacityReservationSpecification", Inside(RESERVATION)),
    ("LicenseSpecification", "licenseSet", Many(LICENSE)),
    ("HibernationOptions", "hibernationOptions", Inside(HIBERNATION)),
    ("MetadataOptions", "metadataOptions", Inside(METADATA)),
    ("EnclaveOptions", "enclaveOptions", Inside(ENCLAVE)),
    ("InstanceRequirements", "instanceRequirements", Inside(REQUIREMENTS)),
    ("PrivateDnsNameOptions", "privateDnsNameOptions", Inside(DNS_NAMES)),
    ("MaintenanceOptions", "maintenanceOptions", Inside(MAINTENANCE)),
    ("DisableApiStop", "disableApiStop", Flag),
    ("Operator", "operator", Inside(OPERATOR)),
    ("NetworkPerformanceOptions", "networkPerformanceOptions", Inside(NETWORK_PERFORMANCE)),
    ("SecondaryInterface", "secondaryInterfaceSet", Many(SECONDARY_INTERFACE)),
];

const SECONDARY_INTERFACE: &[Member] = &[
    ("DeleteOnTermination", "deleteOnTermination", Flag),
    ("DeviceIndex", "deviceIndex", Number),
    ("PrivateIpAddress", "privateIpAddressesSet", Many(SECONDARY_ADDRESS)),
    ("PrivateIpAddressCount", "privateIpAddressCount", Number),
    ("SecondarySubnetId", "secondarySubnetId", Text),
    ("InterfaceType", "interfaceType", One(&["secondary"])),
    ("NetworkCardIndex", "networkCardIndex", Number),
];

const SECONDARY_ADDRESS: &[Member] = &[("PrivateIpAddress", "privateIpAddress", Text)];

pub(crate) const NETWORK_PERFORMANCE: &[Member] =
    &[("BandwidthWeighting", "bandwidthWeighting", One(&["default", "vpc-1", "ebs-1"]))];

const OPERATOR: &[Member] = &[("Principal", "principal", Text)];

pub(crate) const MAINTENANCE: &[Member] = &[("AutoRecovery", "autoRecovery", One(&["default", "disabled"]))];

const DNS_NAMES: &[Member] = &[
    ("HostnameType", "hostnameType", One(&["ip-name", "resource-name"])),
    ("EnableResourceNameDnsARecord", "enableResourceNameDnsARecord", Flag),
    ("EnableResourceNameDnsAAAARecord", "enableResourceNameDnsAAAARecord", Flag),
];

pub(crate) const ENCLAVE: &[Member] = &[("Enabled", "enabled", Flag)];

pub(crate) const METADATA: &[Member] = &[
    ("HttpTokens", "httpTokens", One(&["optional", "required"])),
    ("HttpPutResponseHopLimit", "httpPutResponseHopLimit", Number),
    ("HttpEndpoint", "httpEndpoint", One(&["disabled", "enabled"])),
    ("HttpProtocolIpv6", "httpProtocolIpv6", One(&["disabled", "enabled"])),
    ("InstanceMetadataTags", "instanceMetadataTags", One(&["disabled", "enabled"])),
];

pub(crate) const HIBERNATION: &[Member] = &[("Configured", "configured", Flag)];

pub(crate) const LICENSE: &[Member] = &[("LicenseConfigurationArn", "licenseConfigurationArn", Text)];

pub(crate) const RESERVATION: &[Member] = &[
    (
        "CapacityReservationPreference",
        "capacityReservationPreference",
        One(&["capacity-reservations-only", "open", "none"]),
    ),
    ("CapacityReservationTarget", "capacityReservationTarget", Inside(RESERVATION_TARGET)),
];

const RESERVATION_TARGET: &[Member] = &[
    ("CapacityReservationId", "capacityReservationId", Text),
    ("CapacityReservationResourceGroupArn", "capacityReservationResourceGroupArn", Text),
];

pub(crate) const CPU: &[Member] = &[
    ("CoreCount", "coreCount", Number),
    ("ThreadsPerCore", "threadsPerCore", Number),
    ("AmdSevSnp", "amdSevSnp", One(&["enabled", "disabled"])),
    ("NestedVirtualization", "nestedVirtualization", One(&["enabled", "disabled"])),
];

pub(crate) const CREDIT: &[Member] = &[("CpuCredits", "cpuCredits", Text)];

const MARKET: &[Member] = &[
    ("MarketType", "marketType", One(&["spot", "capacity-block", "interruptible-capacity-reservation", "on-demand"])),
    ("SpotOptions", "spotOptions", Inside(SPOT)),
];

const SPOT: &[Member] = &[
    ("MaxPrice", "maxPrice", Text),
    ("SpotInstanceType", "spotInstanceType", One(&["one-time", "persistent"])),
    ("BlockDurationMinutes", "blockDurationMinutes", Number),
    ("ValidUntil", "validUntil", Time),
    ("InstanceInterruptionBehavior", "instanceInterruptionBehavior", One(&["hibernate", "stop", "terminate"])),
];

pub(crate) const ACCELERATOR: &[Member] = &[("Type", "type", Text), ("Count", "count", Number)];

const GPU: &[Member] = &[("Type", "type", Text)];

const TAGS: &[Member] = &[("ResourceType", "resourceType", Text), ("Tag", "tagSet", Many(TAG))];

const TAG: &[Member] = &[("Key", "key", Text), ("Value", "value", Text)];

const PLACEMENT: &[Member] = &[
    ("AvailabilityZone", "availabilityZone", Text),
    ("AvailabilityZoneId", "availabilityZoneId", Text),
    ("Affinity", "affinity", Text),
    ("GroupName", "groupName", Text),
    ("HostId", "hostId", Text),
    ("Tenancy", "tenancy", One(&["default", "dedicated", "host"])),
    ("SpreadDomain", "spreadDomain", Text),
    ("HostResourceGroupArn", "hostResourceGroupArn", Text),
    ("PartitionNumber", "partitionNumber", Number),
    ("GroupId", "groupId", Text),
];

const MONITORING: &[Member] =
    &[("Enabled", "enabled", Flag), ("MetricCategoryId", "metricCategoryIdSet", Texts("item"))];

const INTERFACE: &[Member] = &[
    ("AssociateCarrierIpAddress", "associateCarrierIpAddress", Flag),
    ("AssociatePublicIpAddress", "associatePublicIpAddress", Flag),
    ("DeleteOnTermination", "deleteOnTermination", Flag),
    ("Description", "description", Text),
    ("DeviceIndex", "deviceIndex", Number),
    ("SecurityGroupId", "groupSet", Texts("groupId")),
    ("InterfaceType", "interfaceType", Text),
    ("Ipv6AddressCount", "ipv6AddressCount", Number),
    ("Ipv6Addresses", "ipv6AddressesSet", Many(IPV6_ADDRESS)),
    ("NetworkInterfaceId", "networkInterfaceId", Text),
    ("PrivateIpAddress", "privateIpAddress", Text),
    ("PrivateIpAddresses", "privateIpAddressesSet", Many(ADDRESS)),
    ("SecondaryPrivateIpAddressCount", "secondaryPrivateIpAddressCount", Number),
    ("SubnetId", "subnetId", Text),
    ("NetworkCardIndex", "networkCardIndex", Number),
    ("Ipv4Prefix", "ipv4PrefixSet", Many(IPV4_PREFIX)),
    ("Ipv4PrefixCount", "ipv4PrefixCount", Number),
    ("Ipv6Prefix", "ipv6PrefixSet", Many(IPV6_PREFIX)),
    ("Ipv6PrefixCount", "ipv6PrefixCount", Number),
    ("PrimaryIpv6", "primaryIpv6", Flag),
    ("EnaSrdSpecification", "enaSrdSpecification", Inside(ENA_SRD)),
    ("ConnectionTrackingSpecification", "connectionTrackingSpecification", Inside(CONNECTION_TRACKING)),
    ("EnaQueueCount", "enaQueueCount", Number),
];

const CONNECTION_TRACKING: &[Member] = &[
    ("TcpEstablishedTimeout", "tcpEstablishedTimeout", Number),
    ("UdpStreamTimeout", "udpStreamTimeout", Number),
    ("UdpTimeout", "udpTimeout", Number),
];

const ENA_SRD: &[Member] = &[
    ("EnaSrdEnabled", "enaSrdEnabled", Flag),
    ("EnaSrdUdpSpecification", "enaSrdUdpSpecification", Inside(ENA_SRD_UDP)),
];

const ENA_SRD_UDP: &[Member] = &[("EnaSrdUdpEnabled", "enaSrdUdpEnabled", Flag)];

const IPV6_PREFIX: &[Member] = &[("Ipv6Prefix", "ipv6Prefix", Text)];

const IPV4_PREFIX: &[Member] = &[("Ipv4Prefix", "ipv4Prefix", Text)];

const ADDRESS: &[Member] = &[("Primary", "primary", Flag), ("PrivateIpAddress", "privateIpAddress", Text)];

const IPV6_ADDRESS: &[Member] = &[("Ipv6Address", "ipv6Address", Text)];

pub(crate) const DEVICE: &[Member] = &[
    ("DeviceName", "deviceName", Text),
    ("VirtualName", "virtualName", Text),
    ("Ebs", "ebs", Inside(EBS)),
    ("NoDevice", "noDevice", Text),
];

const EBS: &[Member] = &[
    ("Encrypted", "encrypted", Flag),
    ("DeleteOnTermination", "deleteOnTermination", Flag),
    ("Iops", "iops", Number),
    ("KmsKeyId", "kmsKeyId", Text),
    ("SnapshotId", "snapshotId", Text),
    ("VolumeSize", "volumeSize", Number),
    ("VolumeType", "volumeType", Text),
    ("Throughput", "throughput", Number),
    ("VolumeInitializationRate", "volumeInitializationRate", Number),
    ("EbsCardIndex", "ebsCardIndex", Number),
];

pub(crate) const PROFILE: &[Member] = &[("Arn", "arn", Text), ("Name", "name", Text)];

/// The image that a public parameter of AWS Systems Manager stands for, where it is known.
pub(crate) fn image_behind<'a>(model: &'a Model, text: &str) -> Option<&'a ImageId> {
    let name = text.strip_prefix("resolve:ssm:")?;
    model.image_of_parameter(name).map(|image| &image.id)
}
