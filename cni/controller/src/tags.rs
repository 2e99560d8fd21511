//! Tags that say whose an ENI is; cleaners find left-overs by them.

use ec2_client::Tags;

/// Who made the ENI.
pub const OWNER: (&str, &str) = ("eks:eni:owner", "eks-vpc-resource-controller");

/// The instance it was made for.
pub const INSTANCE: &str = "node.k8s.amazonaws.com/instance_id";

/// A branch's trunk.
pub const TRUNK: &str = "vpcresources.k8s.aws/trunk-eni-id";

/// A branch's VLAN.
pub const VLAN: &str = "vpcresources.k8s.aws/vlan-id";

/// What trunks and branches carry.
pub fn common(cluster: &str, instance: &str) -> Tags {
    Tags::from([
        (OWNER.0.into(), OWNER.1.into()),
        (format!("kubernetes.io/cluster/{cluster}"), "owned".into()),
        (INSTANCE.into(), instance.into()),
    ])
}

/// What branches carry.
pub fn branch(cluster: &str, instance: &str, trunk: &str, vlan: u16) -> Tags {
    let mut tags = common(cluster, instance);
    tags.insert(TRUNK.into(), trunk.into());
    tags.insert(VLAN.into(), vlan.to_string());
    tags
}
