//! What a fleet's request has inside, as requests and as replies call it. Some of it is not shown again.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html>.

use crate::operations::launch_template::data::{self, REQUIREMENTS};
use crate::shape::Kind::{Decimal, Flag, Inside, Many, Number, One, Text, Time};
use crate::shape::Member;

/// The request.
pub(super) const FLEET: &[Member] = &[
    ("SpotOptions", "spotOptions", Inside(SPOT)),
    ("OnDemandOptions", "onDemandOptions", Inside(ON_DEMAND)),
    ("ExcessCapacityTerminationPolicy", "excessCapacityTerminationPolicy", One(&["no-termination", "termination"])),
    ("LaunchTemplateConfigs", "launchTemplateConfigs", Many(CONFIG)),
    ("TargetCapacitySpecification", "targetCapacitySpecification", Inside(CAPACITY)),
    ("TerminateInstancesWithExpiration", "terminateInstancesWithExpiration", Flag),
    ("Type", "type", One(&["request", "maintain", "instant"])),
    ("ValidFrom", "validFrom", Time),
    ("ValidUntil", "validUntil", Time),
    ("ReplaceUnhealthyInstances", "replaceUnhealthyInstances", Flag),
    ("Context", "context", Text),
];

/// What ModifyFleet changes.
pub(super) const CHANGE: &[Member] = &[
    ("ExcessCapacityTerminationPolicy", "", One(&["no-termination", "termination"])),
    ("LaunchTemplateConfig", "", Many(CONFIG)),
    ("TargetCapacitySpecification", "", Inside(CAPACITY)),
    ("Context", "", Text),
];

const CAPACITY: &[Member] = &[
    ("TotalTargetCapacity", "totalTargetCapacity", Number),
    ("OnDemandTargetCapacity", "onDemandTargetCapacity", Number),
    ("SpotTargetCapacity", "spotTargetCapacity", Number),
    (
        "DefaultTargetCapacityType",
        "defaultTargetCapacityType",
        One(&["spot", "on-demand", "capacity-block", "reserved-capacity"]),
    ),
    ("TargetCapacityUnitType", "targetCapacityUnitType", One(&["vcpu", "memory-mib", "units"])),
];

const CONFIG: &[Member] = &[
    ("LaunchTemplateSpecification", "launchTemplateSpecification", Inside(TEMPLATE)),
    ("Overrides", "overrides", Many(OVERRIDE)),
];

/// What is otherwise than in the template.
pub(super) const OVERRIDE: &[Member] = &[
    ("InstanceType", "instanceType", Text),
    ("MaxPrice", "maxPrice", Text),
    ("SubnetId", "subnetId", Text),
    ("AvailabilityZone", "availabilityZone", Text),
    ("WeightedCapacity", "weightedCapacity", Decimal),
    ("Priority", "priority", Decimal),
    ("Placement", "placement", Inside(PLACEMENT)),
    ("KeyName", "", Text),
    ("BlockDeviceMapping", "blockDeviceMappingSet", Many(data::DEVICE)),
    ("IamInstanceProfile", "", Inside(data::PROFILE)),
    ("MetadataOptions", "", Inside(data::METADATA)),
    ("InstanceRequirements", "instanceRequirements", Inside(REQUIREMENTS)),
    ("ImageId", "imageId", Text),
    ("AvailabilityZoneId", "availabilityZoneId", Text),
];

const PLACEMENT: &[Member] = &[
    ("AvailabilityZoneId", "", Text),
    ("Affinity", "", Text),
    ("GroupName", "groupName", Text),
    ("PartitionNumber", "", Number),
    ("HostId", "", Text),
    ("Tenancy", "", One(&["default", "dedicated", "host"])),
    ("SpreadDomain", "", Text),
    ("HostResourceGroupArn", "", Text),
    ("GroupId", "", Text),
    ("AvailabilityZone", "", Text),
];

/// A template's version.
pub(super) const TEMPLATE: &[Member] = &[
    ("LaunchTemplateId", "launchTemplateId", Text),
    ("LaunchTemplateName", "launchTemplateName", Text),
    ("Version", "version", Text),
    ("LaunchTemplateSpecificationUserData", "", Text),
];

const ON_DEMAND: &[Member] = &[
    ("AllocationStrategy", "allocationStrategy", One(&["lowest-price", "prioritized"])),
    ("CapacityReservationOptions", "capacityReservationOptions", Inside(RESERVATIONS)),
    ("SingleInstanceType", "singleInstanceType", Flag),
    ("SingleAvailabilityZone", "singleAvailabilityZone", Flag),
    ("MinTargetCapacity", "minTargetCapacity", Number),
    ("MaxTotalPrice", "maxTotalPrice", Text),
];

const RESERVATIONS: &[Member] = &[("UsageStrategy", "usageStrategy", One(&["use-capacity-reservations-first"]))];

const SPOT: &[Member] = &[
    (
        "AllocationStrategy",
        "allocationStrategy",
        One(&[
            "lowest-price",
            "diversified",
            "capacity-optimized",
            "capacity-optimized-prioritized",
            "price-capacity-optimized",
        ]),
    ),
    ("MaintenanceStrategies", "maintenanceStrategies", Inside(STRATEGIES)),
    ("InstanceInterruptionBehavior", "instanceInterruptionBehavior", One(&["hibernate", "stop", "terminate"])),
    ("InstancePoolsToUseCount", "instancePoolsToUseCount", Number),
    ("SingleInstanceType", "singleInstanceType", Flag),
    ("SingleAvailabilityZone", "singleAvailabilityZone", Flag),
    ("MinTargetCapacity", "minTargetCapacity", Number),
    ("MaxTotalPrice", "maxTotalPrice", Text),
];

const STRATEGIES: &[Member] = &[("CapacityRebalance", "capacityRebalance", Inside(REBALANCE))];

const REBALANCE: &[Member] = &[
    ("ReplacementStrategy", "replacementStrategy", One(&["launch", "launch-before-terminate"])),
    ("TerminationDelay", "terminationDelay", Number),
];
