//! Resource ids: a prefix that names the kind and 17 hexadecimal digits, each kind a type of its own.
//!
//! An id stands in many places (its resource, those that refer to it, the indexes); they share its text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// An id that is not one of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id that starts with \"{prefix}\"")]
pub struct InvalidId {
    /// What the ids of this kind start with, hyphen included.
    pub prefix: &'static str,
    /// What was given.
    pub text: String,
}

/// What all id types have in common.
pub trait ResourceId: Sized + FromStr<Err = InvalidId> + fmt::Display + Clone + Ord {
    /// What ids of this kind start with, hyphen included.
    const PREFIX: &'static str;

    /// Makes an id of this kind from its hexadecimal digits.
    fn from_digits(digits: &str) -> Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The whole id, prefix included.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ResourceId for $name {
            const PREFIX: &'static str = $prefix;

            fn from_digits(digits: &str) -> Self {
                Self(format!("{}{digits}", $prefix).into())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match text.strip_prefix($prefix) {
                    Some(digits) if is_well_formed(digits) => Ok(Self(text.into())),
                    _ => Err(InvalidId { prefix: $prefix, text: text.to_owned() }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A VPC.
    VpcId "vpc-"
    /// A VPC's association with a CIDR block.
    VpcCidrAssociationId "vpc-cidr-assoc-"
    /// A subnet.
    SubnetId "subnet-"
    /// A subnet's association with an IPv6 block.
    SubnetCidrAssociationId "subnet-cidr-assoc-"
    /// A reserved part of a subnet.
    SubnetCidrReservationId "scr-"
    /// An elastic network interface.
    NetworkInterfaceId "eni-"
    /// An ENI's attachment to an instance.
    AttachmentId "eni-attach-"
    /// The attachment of an ENI that a service made for itself.
    ServiceAttachmentId "ela-attach-"
    /// A permission to attach an ENI from another account.
    InterfacePermissionId "eni-perm-"
    /// An Elastic IP address.
    AllocationId "eipalloc-"
    /// An Elastic IP address' mapping to a private address.
    AddressAssociationId "eipassoc-"
    /// A branch ENI's association with a trunk ENI.
    TrunkAssociationId "trunk-assoc-"
    /// A security group.
    SecurityGroupId "sg-"
    /// A rule of a security group.
    SecurityGroupRuleId "sgr-"
    /// A managed prefix list.
    PrefixListId "pl-"
    /// A network ACL.
    NetworkAclId "acl-"
    /// A network ACL's association with a subnet.
    NetworkAclAssociationId "aclassoc-"
    /// A route table.
    RouteTableId "rtb-"
    /// A route table's association with a subnet or gateway.
    RouteTableAssociationId "rtbassoc-"
    /// An internet gateway.
    InternetGatewayId "igw-"
    /// An egress-only internet gateway.
    EgressOnlyGatewayId "eigw-"
    /// A NAT gateway.
    NatGatewayId "nat-"
    /// A VPC peering connection.
    PeeringConnectionId "pcx-"
    /// A transit gateway.
    TransitGatewayId "tgw-"
    /// A transit gateway's attachment to something else.
    TransitGatewayAttachmentId "tgw-attach-"
    /// A peer of a transit gateway's Connect attachment.
    TransitGatewayConnectPeerId "tgw-connect-peer-"
    /// A transit gateway's route table.
    TransitGatewayRouteTableId "tgw-rtb-"
    /// A VPC endpoint.
    VpcEndpointId "vpce-"
    /// A VPC endpoint service.
    EndpointServiceId "vpce-svc-"
    /// A permission to make endpoints to a service.
    ServicePermissionId "vpce-svc-perm-"
    /// A notification about VPC endpoints.
    ConnectionNotificationId "vpce-nfn-"
    /// A path of network insights.
    InsightsPathId "nip-"
    /// An analysis of such a path.
    InsightsAnalysisId "nia-"
    /// An exclusion from VPC Block Public Access.
    AccessExclusionId "vpcbpa-exclude-"
    /// A carrier gateway.
    CarrierGatewayId "cagw-"
    /// A virtual private gateway.
    VpnGatewayId "vgw-"
    /// A customer gateway.
    CustomerGatewayId "cgw-"
    /// A VPN connection.
    VpnConnectionId "vpn-"
    /// A set of DHCP options.
    DhcpOptionsId "dopt-"
    /// A flow log.
    FlowLogId "fl-"
    /// An instance.
    InstanceId "i-"
    /// A reservation: what one RunInstances call made.
    ReservationId "r-"
    /// A request for Spot Instances.
    SpotRequestId "sir-"
    /// An EBS volume.
    VolumeId "vol-"
    /// A snapshot of a volume; here it is a name only.
    SnapshotId "snap-"
    /// A machine image.
    ImageId "ami-"
    /// A launch template.
    LaunchTemplateId "lt-"
    /// A capacity reservation.
    CapacityReservationId "cr-"
    /// A placement group.
    PlacementGroupId "pg-"
    /// An instance's association with an instance profile.
    ProfileAssociationId "iip-assoc-"
    /// A key pair.
    KeyPairId "key-"
}

/// AWS's ids carry 17 hexadecimal digits; those made before 2016 carry 8.
fn is_well_formed(digits: &str) -> bool {
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A seeded source of ids and other random choices, so that a run can be repeated.
#[derive(Debug, Clone)]
pub struct Ids(ChaCha8Rng);

impl Ids {
    /// A source that gives the same ids for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A new id.
    #[expect(clippy::should_implement_trait, reason = "the caller chooses the type, so it is no iterator")]
    pub fn next<T: ResourceId>(&mut self) -> T {
        let digits = format!("{:016x}{:x}", self.0.next_u64(), self.0.next_u32() & 0xf);
        T::from_digits(&digits)
    }

    /// A random number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::long("vpc-0123456789abcdef0", true)]
    #[case::short("vpc-01234567", true)]
    #[case::other_kind("subnet-0123456789abcdef0", false)]
    #[case::upper_case("vpc-0123456789ABCDEF0", false)]
    #[case::odd_length("vpc-012345678", false)]
    #[case::no_digits("vpc-", false)]
    fn form(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(text.parse::<VpcId>().is_ok(), accepted);
    }

    #[test]
    fn the_seed_decides() {
        let (mut one, mut same, mut other) = (Ids::seeded(7), Ids::seeded(7), Ids::seeded(8));
        let id: VpcId = one.next();
        assert_eq!(id, same.next());
        assert_ne!(id, other.next());
        assert_eq!(id.as_str().len(), "vpc-".len() + 17);
        assert_eq!(id.to_string().parse::<VpcId>(), Ok(id));
    }
}
