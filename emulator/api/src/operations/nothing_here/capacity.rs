//! Hosts, reservations, snapshots and tasks: what one buys, keeps or has made besides instances.

use super::Filterable::{Any, Of};
use super::Kind::{Span, Text, Texts};
use super::{ROW, Row, at_most_one, decode, many, rows};
use crate::Code;

rows! {
    DescribeHosts "hostSet" {
        id: many("HostId", Code::INVALID_HOST_ID_NOT_FOUND),
        pages: Some((5, 500)),
        filters: Of(&[
            "auto-placement", "availability-zone", "client-token", "host-reservation-id", "instance-type", "state",
        ]),
        tags: true,
    }
    DescribeMacHosts "macHostSet" {
        id: many("HostId", Code::INVALID_HOST_ID_NOT_FOUND),
        pages: Some((5, 500)),
        filters: Of(&["availability-zone", "instance-type"]),
    }
    DescribeHostReservations "hostReservationSet" {
        id: many("HostReservationIdSet", Code::INVALID_HOST_RESERVATION_ID_NOT_FOUND),
        filters: Of(&["instance-family", "payment-option", "state"]),
        tags: true,
    }
    DescribeCapacityBlocks "capacityBlockSet" {
        id: many("CapacityBlockId", Code::INVALID_CAPACITY_BLOCK_ID_NOT_FOUND),
        pages: Some((1, 1000)),
        filters: Of(&[
            "capacity-block-id", "ultraserver-type", "availability-zone", "start-date", "end-date", "create-date",
            "state",
        ]),
        tags: true,
    }
    DescribeCapacityReservationFleets "capacityReservationFleetSet" {
        id: many("CapacityReservationFleetId", Code::INVALID_CAPACITY_RESERVATION_FLEET_ID_NOT_FOUND),
        pages: Some((1, 100)),
        filters: Of(&["state", "instance-match-criteria", "tenancy", "allocation-strategy"]),
        tags: true,
    }
    DescribeReservedInstances "reservedInstancesSet" {
        id: many("ReservedInstancesId", Code::INVALID_RESERVED_INSTANCES_ID),
        members: &[("OfferingClass", Text), ("OfferingType", Text)],
        pages: None,
        filters: Of(&[
            "availability-zone", "availability-zone-id", "duration", "end", "fixed-price", "instance-type", "scope",
            "product-description", "reserved-instances-id", "start", "state", "usage-price",
        ]),
        tags: true,
    }
    DescribeReservedInstancesListings "reservedInstancesListingsSet" {
        id: at_most_one("ReservedInstancesId", Code::INVALID_RESERVED_INSTANCES_ID),
        members: &[("ReservedInstancesListingId", Text)],
        pages: None,
        filters: Of(&["reserved-instances-id", "reserved-instances-listing-id", "status", "status-message"]),
        tags: true,
    }
    DescribeReservedInstancesModifications "reservedInstancesModificationsSet" {
        id: many("ReservedInstancesModificationId", Code::INVALID_RESERVED_INSTANCES_MODIFICATION_ID),
        members: &[("NextToken", Text)],
        pages: None,
        filters: Of(&[
            "client-token", "create-date", "effective-date", "modification-result.reserved-instances-id",
            "modification-result.target-configuration.availability-zone",
            "modification-result.target-configuration.availability-zone-id",
            "modification-result.target-configuration.instance-count",
            "modification-result.target-configuration.instance-type", "reserved-instances-id",
            "reserved-instances-modification-id", "status", "status-message", "update-date",
        ]),
    }
    DescribeScheduledInstances "scheduledInstanceSet" {
        id: many("ScheduledInstanceId", Code::INVALID_SCHEDULED_INSTANCE),
        members: &[("SlotStartTimeRange", Span)],
        filters: Of(&["availability-zone", "instance-type", "platform"]),
    }
    DescribeSpotFleetRequests "spotFleetRequestConfigSet" {
        id: many("SpotFleetRequestId", Code::INVALID_SPOT_FLEET_REQUEST_ID_NOT_FOUND),
        pages: Some((1, 1000)),
    }
    DescribeSnapshots "snapshotSet" {
        id: many("SnapshotId", Code::INVALID_SNAPSHOT_NOT_FOUND),
        members: &[("Owner", Texts), ("RestorableBy", Texts)],
        filters: Of(&[
            "description", "encrypted", "owner-alias", "owner-id", "progress", "snapshot-id", "start-time", "status",
            "storage-tier", "transfer-type", "volume-id", "volume-size",
        ]),
        tags: true,
    }
    DescribeLockedSnapshots "snapshotSet" {
        id: many("SnapshotId", Code::INVALID_SNAPSHOT_NOT_FOUND),
        filters: Of(&["lock-state"]),
    }
    DescribeSnapshotTierStatus "snapshotTierStatusSet" {
        filters: Of(&["snapshot-id", "volume-id", "last-tiering-operation"]),
        tags: true,
    }
    DescribePrincipalIdFormat "principalSet" {
        members: &[("Resource", Texts)],
        pages: Some((1, 1000)),
    }
    DescribeFastSnapshotRestores "fastSnapshotRestoreSet" {
        pages: Some((0, 200)),
        filters: Of(&["availability-zone", "availability-zone-id", "owner-id", "snapshot-id", "state"]),
    }
    DescribeFpgaImages "fpgaImageSet" {
        id: many("FpgaImageId", Code::INVALID_FPGA_IMAGE_ID_NOT_FOUND),
        members: &[("Owner", Texts)],
        filters: Of(&[
            "create-time", "fpga-image-id", "fpga-image-global-id", "name", "owner-id", "product-code",
            "shell-version", "state", "update-time",
        ]),
        tags: true,
    }
    DescribeElasticGpus "elasticGpuSet" {
        id: many("ElasticGpuId", Code::INVALID_ELASTIC_GPU_ID_NOT_FOUND),
        pages: Some((10, 1000)),
        filters: Of(&[
            "availability-zone", "elastic-gpu-health", "elastic-gpu-state", "elastic-gpu-type", "instance-id",
        ]),
        tags: true,
    }
    DescribeBundleTasks "bundleInstanceTasksSet" {
        id: many("BundleId", Code::INVALID_BUNDLE_ID_NOT_FOUND),
        pages: None,
        filters: Of(&[
            "bundle-id", "error-code", "error-message", "instance-id", "progress", "s3-bucket", "s3-prefix",
            "start-time", "state", "update-time",
        ]),
    }
    DescribeConversionTasks "conversionTasks" {
        id: many("ConversionTaskId", Code::INVALID_CONVERSION_TASK_ID),
        pages: None,
    }
    DescribeExportTasks "exportTaskSet" {
        id: many("ExportTaskId", Code::INVALID_EXPORT_TASK_ID_NOT_FOUND),
        pages: None,
        filters: Any,
    }
    DescribeExportImageTasks "exportImageTaskSet" {
        id: many("ExportImageTaskId", Code::INVALID_EXPORT_TASK_ID_NOT_FOUND),
        pages: Some((1, 500)),
        filters: Any,
    }
    DescribeReplaceRootVolumeTasks "replaceRootVolumeTaskSet" {
        id: many("ReplaceRootVolumeTaskId", Code::INVALID_REPLACE_ROOT_VOLUME_TASK_ID_NOT_FOUND),
        pages: Some((1, 50)),
        filters: Of(&["instance-id"]),
        tags: true,
    }
    DescribeInstanceEventWindows "instanceEventWindowSet" {
        id: many("InstanceEventWindowId", Code::INVALID_INSTANCE_EVENT_WINDOW_ID_NOT_FOUND),
        pages: Some((20, 500)),
        filters: Of(&[
            "dedicated-host-id", "event-window-name", "instance-id", "instance-tag", "instance-tag-key",
            "instance-tag-value",
        ]),
        tags: true,
    }
    DescribeMacModificationTasks "macModificationTaskSet" {
        id: many("MacModificationTaskId", Code::INVALID_MAC_MODIFICATION_TASK_ID_NOT_FOUND),
        pages: Some((1, 500)),
        filters: Of(&[
            "instance-id", "task-state", "mac-system-integrity-protection-configuration.sip-status", "start-time",
            "task-type",
        ]),
        tags: true,
    }
    ListSnapshotsInRecycleBin "snapshotSet" {
        id: many("SnapshotId", Code::INVALID_SNAPSHOT_NOT_FOUND),
    }
    ListVolumesInRecycleBin "volumeSet" {
        id: many("VolumeId", Code::INVALID_VOLUME_NOT_FOUND),
    }
    ListImagesInRecycleBin "imageSet" {
        id: many("ImageId", Code::INVALID_AMI_ID_NOT_FOUND),
        pages: Some((1, 1000)),
    }
}
