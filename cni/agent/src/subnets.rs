//! In which subnets an ENI for pods may be made.
//!
//! Follows subnet discovery of the production CNI
//! (<https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html>): the node's own subnet, and those of its zone
//! that are tagged for it.

use ec2_client::Subnet;

const ROLE_TAG: &str = "kubernetes.io/role/cni";
const CLUSTER_TAG_PREFIX: &str = "cni.networking.k8s.aws/cluster/";

/// The subnets to try, those with most free addresses first.
pub fn candidates<'a>(subnets: &'a [Subnet], primary: &str, cluster: Option<&str>) -> Vec<&'a Subnet> {
    let mut usable: Vec<_> = subnets.iter().filter(|subnet| is_usable(subnet, primary, cluster)).collect();
    usable.sort_by_key(|subnet| std::cmp::Reverse(subnet.available_ip_address_count));
    usable
}

/// Whether pods may have addresses of a subnet.
pub fn is_usable(subnet: &Subnet, primary: &str, cluster: Option<&str>) -> bool {
    if subnet.cidr_block.is_none() {
        // Pods have IPv4 addresses here.
        return false;
    }
    match subnet.tags.get(ROLE_TAG).map(String::as_str) {
        Some("0") => return false,
        None | Some("") if subnet.id != primary => return false,
        None | Some("") => return true,
        Some(_) => {}
    }
    let Some(cluster) = cluster else { return true };
    let mut clusters = subnet.tags.keys().filter_map(|key| key.strip_prefix(CLUSTER_TAG_PREFIX)).peekable();
    clusters.peek().is_none() || clusters.any(|named| named == cluster)
}

#[cfg(test)]
mod tests {
    use ec2_client::Tags;
    use rstest::rstest;

    use super::*;

    fn subnet(id: &str, free: u32, tags: &[(&str, &str)]) -> Subnet {
        Subnet {
            id: id.to_owned(),
            vpc_id: "vpc-1".to_owned(),
            availability_zone: "us-west-2a".to_owned(),
            cidr_block: Some("10.0.1.0/24".parse().unwrap()),
            ipv6_cidr_blocks: Vec::new(),
            available_ip_address_count: free,
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Tags>(),
        }
    }

    #[rstest]
    #[case::primary_untagged("primary", &[], true)]
    #[case::primary_excluded("primary", &[(ROLE_TAG, "0")], false)]
    #[case::secondary_untagged("other", &[], false)]
    #[case::secondary_tagged("other", &[(ROLE_TAG, "1")], true)]
    #[case::secondary_excluded("other", &[(ROLE_TAG, "0")], false)]
    #[case::of_this_cluster("other", &[(ROLE_TAG, "1"), ("cni.networking.k8s.aws/cluster/mine", "shared")], true)]
    #[case::of_another_cluster("other", &[(ROLE_TAG, "1"), ("cni.networking.k8s.aws/cluster/its", "shared")], false)]
    #[case::old_cluster_tag_is_ignored("other", &[(ROLE_TAG, "1"), ("kubernetes.io/cluster/its", "owned")], true)]
    fn usable(#[case] id: &str, #[case] tags: &[(&str, &str)], #[case] expected: bool) {
        assert_eq!(is_usable(&subnet(id, 1, tags), "primary", Some("mine")), expected);
    }

    #[test]
    fn the_emptiest_comes_first() {
        let subnets = [subnet("primary", 3, &[]), subnet("big", 100, &[(ROLE_TAG, "1")]), subnet("not", 200, &[])];
        let ids: Vec<_> = candidates(&subnets, "primary", None).iter().map(|subnet| subnet.id.as_str()).collect();
        assert_eq!(ids, ["big", "primary"]);
    }
}
