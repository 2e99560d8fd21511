//! Instance types by what they have, as launch templates and fleets can ask for them.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceRequirementsRequest.html>.

use crate::shape::Kind::{Decimal, Flag, Inside, Many, Number, One, Text, Texts};
use crate::shape::Member;

/// The whole of it.
pub(crate) const REQUIREMENTS: &[Member] = &[
    ("VCpuCount", "vCpuCount", Inside(NUMBERS)),
    ("MemoryMiB", "memoryMiB", Inside(NUMBERS)),
    ("CpuManufacturer", "cpuManufacturerSet", Texts("item")),
    ("MemoryGiBPerVCpu", "memoryGiBPerVCpu", Inside(DECIMALS)),
    ("ExcludedInstanceType", "excludedInstanceTypeSet", Texts("item")),
    ("InstanceGeneration", "instanceGenerationSet", Texts("item")),
    ("SpotMaxPricePercentageOverLowestPrice", "spotMaxPricePercentageOverLowestPrice", Number),
    ("OnDemandMaxPricePercentageOverLowestPrice", "onDemandMaxPricePercentageOverLowestPrice", Number),
    ("BareMetal", "bareMetal", One(&["included", "required", "excluded"])),
    ("BurstablePerformance", "burstablePerformance", One(&["included", "required", "excluded"])),
    ("RequireHibernateSupport", "requireHibernateSupport", Flag),
    ("NetworkInterfaceCount", "networkInterfaceCount", Inside(NUMBERS)),
    ("LocalStorage", "localStorage", One(&["included", "required", "excluded"])),
    ("LocalStorageType", "localStorageTypeSet", Texts("item")),
    ("TotalLocalStorageGB", "totalLocalStorageGB", Inside(DECIMALS)),
    ("BaselineEbsBandwidthMbps", "baselineEbsBandwidthMbps", Inside(NUMBERS)),
    ("AcceleratorType", "acceleratorTypeSet", Texts("item")),
    ("AcceleratorCount", "acceleratorCount", Inside(NUMBERS)),
    ("AcceleratorManufacturer", "acceleratorManufacturerSet", Texts("item")),
    ("AcceleratorName", "acceleratorNameSet", Texts("item")),
    ("AcceleratorTotalMemoryMiB", "acceleratorTotalMemoryMiB", Inside(NUMBERS)),
    ("NetworkBandwidthGbps", "networkBandwidthGbps", Inside(DECIMALS)),
    ("AllowedInstanceType", "allowedInstanceTypeSet", Texts("item")),
    ("MaxSpotPriceAsPercentageOfOptimalOnDemandPrice", "maxSpotPriceAsPercentageOfOptimalOnDemandPrice", Number),
    ("BaselinePerformanceFactors", "baselinePerformanceFactors", Inside(BASELINE)),
    ("RequireEncryptionInTransit", "requireEncryptionInTransit", Flag),
];

const NUMBERS: &[Member] = &[("Min", "min", Number), ("Max", "max", Number)];

const DECIMALS: &[Member] = &[("Min", "min", Decimal), ("Max", "max", Decimal)];

const BASELINE: &[Member] = &[("Cpu", "cpu", Inside(BASELINE_CPU))];

const BASELINE_CPU: &[Member] = &[("Reference", "referenceSet", Many(BASELINE_REFERENCE))];

const BASELINE_REFERENCE: &[Member] = &[("InstanceFamily", "instanceFamily", Text)];
