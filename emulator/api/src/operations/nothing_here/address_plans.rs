//! Addresses that somebody plans or brings along: IPAM and its parts, IPv6 pools, addresses on the move.

use super::Filterable::{Any, Of};
use super::Kind::{Required, Tag, Text};
use super::{Id, ROW, Row, address, decode, many, one, rows};
use crate::Code;

rows! {
    DescribeIpams "ipamSet" {
        id: many("IpamId", Code::INVALID_IPAM_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamScopes "ipamScopeSet" {
        id: many("IpamScopeId", Code::INVALID_IPAM_SCOPE_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamPools "ipamPoolSet" {
        id: many("IpamPoolId", Code::INVALID_IPAM_POOL_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamPoolAllocations "ipamPoolAllocationSet" {
        id: many("IpamPoolAllocationId", Code::INVALID_IPAM_POOL_ALLOCATION_ID_NOT_FOUND),
        pages: Some((1000, 100000)),
        filters: Any,
    }
    DescribeIpamPolicies "ipamPolicySet" {
        id: many("IpamPolicyId", Code::INVALID_IPAM_POLICY_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamResourceDiscoveries "ipamResourceDiscoverySet" {
        id: many("IpamResourceDiscoveryId", Code::INVALID_IPAM_RESOURCE_DISCOVERY_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamResourceDiscoveryAssociations "ipamResourceDiscoveryAssociationSet" {
        id: many("IpamResourceDiscoveryAssociationId", Code::INVALID_IPAM_RESOURCE_DISCOVERY_ASSOCIATION_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamPrefixListResolvers "ipamPrefixListResolverSet" {
        id: many("IpamPrefixListResolverId", Code::INVALID_IPAM_PREFIX_LIST_RESOLVER_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamPrefixListResolverTargets "ipamPrefixListResolverTargetSet" {
        id: many("IpamPrefixListResolverTargetId", Code::INVALID_IPAM_PREFIX_LIST_RESOLVER_TARGET_ID_NOT_FOUND),
        members: &[("IpamPrefixListResolverId", Text)],
        filters: Any,
    }
    DescribeIpamExternalResourceVerificationTokens "ipamExternalResourceVerificationTokenSet" {
        id: many(
            "IpamExternalResourceVerificationTokenId",
            Code::INVALID_IPAM_EXTERNAL_RESOURCE_VERIFICATION_TOKEN_ID_NOT_FOUND,
        ),
        filters: Of(&[
            "ipam-arn", "ipam-external-resource-verification-token-arn",
            "ipam-external-resource-verification-token-id", "ipam-id", "ipam-region", "token-name", "token-value",
        ]),
        tags: true,
    }
    DescribeIpamInternetRegistryAssociations "ipamInternetRegistryAssociationSet" {
        id: many("IpamInternetRegistryAssociationId", Code::INVALID_IPAM_INTERNET_REGISTRY_ASSOCIATION_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeIpamByoasn "byoasnSet" {
        pages: Some((1, 100)),
    }
    GetIpamPoolAllocations "ipamPoolAllocationSet" {
        id: one("IpamPoolId", Code::INVALID_IPAM_POOL_ID_NOT_FOUND),
        members: &[("IpamPoolAllocationId", Text)],
        pages: Some((1000, 100000)),
        filters: Any,
    }
    GetIpamPoolCidrs "ipamPoolCidrSet" {
        id: one("IpamPoolId", Code::INVALID_IPAM_POOL_ID_NOT_FOUND),
        filters: Any,
    }
    GetIpamResourceCidrs "ipamResourceCidrSet" {
        id: one("IpamScopeId", Code::INVALID_IPAM_SCOPE_ID_NOT_FOUND),
        members: &[
            ("IpamPoolId", Text),
            ("ResourceId", Text),
            ("ResourceType", Text),
            ("ResourceTag", Tag),
            ("ResourceOwner", Text),
        ],
        filters: Any,
    }
    GetIpamDiscoveredAccounts "ipamDiscoveredAccountSet" {
        id: one("IpamResourceDiscoveryId", Code::INVALID_IPAM_RESOURCE_DISCOVERY_ID_NOT_FOUND),
        members: &[("DiscoveryRegion", Required)],
        filters: Any,
    }
    GetIpamDiscoveredPublicAddresses "ipamDiscoveredPublicAddressSet" {
        id: one("IpamResourceDiscoveryId", Code::INVALID_IPAM_RESOURCE_DISCOVERY_ID_NOT_FOUND),
        members: &[("AddressRegion", Required)],
        filters: Any,
    }
    GetIpamDiscoveredResourceCidrs "ipamDiscoveredResourceCidrSet" {
        id: one("IpamResourceDiscoveryId", Code::INVALID_IPAM_RESOURCE_DISCOVERY_ID_NOT_FOUND),
        members: &[("ResourceRegion", Required)],
        filters: Any,
    }
    DescribeIpv6Pools "ipv6PoolSet" {
        id: many("PoolId", Code::INVALID_POOL_ID_NOT_FOUND),
        pages: Some((1, 1000)),
        filters: Any,
    }
    GetAssociatedIpv6PoolCidrs "ipv6CidrAssociationSet" {
        id: one("PoolId", Code::INVALID_POOL_ID_NOT_FOUND),
        pages: Some((1, 1000)),
    }
    DescribeMovingAddresses "movingAddressStatusSet" {
        id: Id { is_here: address, ..many("PublicIp", Code::INVALID_ADDRESS_NOT_FOUND) },
        filters: Of(&["moving-status"]),
    }
}
