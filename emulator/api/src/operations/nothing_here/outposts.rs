//! What belongs to an Outpost: local gateways, their tables and interfaces, customer-owned addresses.

use super::Filterable::Of;
use super::{ROW, Row, decode, many, one, rows};
use crate::Code;

rows! {
    DescribeLocalGateways "localGatewaySet" {
        id: many("LocalGatewayId", Code::INVALID_LOCAL_GATEWAY_ID_NOT_FOUND),
        filters: Of(&["local-gateway-id", "outpost-arn", "owner-id", "state"]),
        tags: true,
    }
    DescribeLocalGatewayRouteTables "localGatewayRouteTableSet" {
        id: many("LocalGatewayRouteTableId", Code::INVALID_LOCAL_GATEWAY_ROUTE_TABLE_ID_NOT_FOUND),
        filters: Of(&[
            "local-gateway-id", "local-gateway-route-table-arn", "local-gateway-route-table-id", "outpost-arn",
            "owner-id", "state",
        ]),
        tags: true,
    }
    DescribeLocalGatewayRouteTableVpcAssociations "localGatewayRouteTableVpcAssociationSet" {
        id: many(
            "LocalGatewayRouteTableVpcAssociationId",
            Code::INVALID_LOCAL_GATEWAY_ROUTE_TABLE_VPC_ASSOCIATION_ID_NOT_FOUND,
        ),
        filters: Of(&[
            "local-gateway-id", "local-gateway-route-table-arn", "local-gateway-route-table-id",
            "local-gateway-route-table-vpc-association-id", "owner-id", "state", "vpc-id",
        ]),
        tags: true,
    }
    DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations
    "localGatewayRouteTableVirtualInterfaceGroupAssociationSet" {
        id: many(
            "LocalGatewayRouteTableVirtualInterfaceGroupAssociationId",
            Code::INVALID_LOCAL_GATEWAY_ROUTE_TABLE_VIRTUAL_INTERFACE_GROUP_ASSOCIATION_ID_NOT_FOUND,
        ),
        filters: Of(&[
            "local-gateway-id", "local-gateway-route-table-arn", "local-gateway-route-table-id",
            "local-gateway-route-table-virtual-interface-group-association-id",
            "local-gateway-route-table-virtual-interface-group-id", "owner-id", "state",
        ]),
        tags: true,
    }
    DescribeLocalGatewayVirtualInterfaceGroups "localGatewayVirtualInterfaceGroupSet" {
        id: many(
            "LocalGatewayVirtualInterfaceGroupId",
            Code::INVALID_LOCAL_GATEWAY_VIRTUAL_INTERFACE_GROUP_ID_NOT_FOUND,
        ),
        filters: Of(&[
            "local-gateway-id", "local-gateway-virtual-interface-group-id", "local-gateway-virtual-interface-id",
            "owner-id",
        ]),
        tags: true,
    }
    DescribeLocalGatewayVirtualInterfaces "localGatewayVirtualInterfaceSet" {
        id: many("LocalGatewayVirtualInterfaceId", Code::INVALID_LOCAL_GATEWAY_VIRTUAL_INTERFACE_ID_NOT_FOUND),
        filters: Of(&[
            "local-address", "local-bgp-asn", "local-gateway-id", "local-gateway-virtual-interface-id", "owner-id",
            "peer-address", "peer-bgp-asn", "vlan",
        ]),
        tags: true,
    }
    DescribeOutpostLags "outpostLagSet" {
        id: many("OutpostLagId", Code::INVALID_OUTPOST_LAG_ID_NOT_FOUND),
        filters: Of(&[
            "service-link-virtual-interface-id", "service-link-virtual-interface-arn", "outpost-id", "outpost-arn",
            "owner-id", "vlan", "local-address", "peer-address", "peer-bgp-asn", "outpost-lag-id",
            "configuration-state",
        ]),
        tags: true,
    }
    DescribeServiceLinkVirtualInterfaces "serviceLinkVirtualInterfaceSet" {
        id: many("ServiceLinkVirtualInterfaceId", Code::INVALID_SERVICE_LINK_VIRTUAL_INTERFACE_ID_NOT_FOUND),
        filters: Of(&[
            "outpost-lag-id", "outpost-arn", "owner-id", "state", "vlan", "service-link-virtual-interface-id",
            "local-gateway-virtual-interface-id",
        ]),
        tags: true,
    }
    DescribeCoipPools "coipPoolSet" {
        id: many("PoolId", Code::INVALID_POOL_ID_NOT_FOUND),
        filters: Of(&["coip-pool.local-gateway-route-table-id", "coip-pool.pool-id"]),
        tags: true,
    }
    GetCoipPoolUsage "coipAddressUsageSet" {
        id: one("PoolId", Code::INVALID_POOL_ID_NOT_FOUND),
        filters: Of(&[
            "coip-address-usage.allocation-id", "coip-address-usage.aws-account-id",
            "coip-address-usage.aws-service", "coip-address-usage.co-ip",
        ]),
    }
}
