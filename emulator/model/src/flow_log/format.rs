//! The fields that a flow log's records can have.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html> and
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html>.

/// The fields of VPCs, subnets and ENIs where none are named.
pub(super) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                                  bytes start end action log-status";

/// The other fields of VPCs, subnets and ENIs.
const MORE: &str = "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
                    sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction \
                    traffic-path ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn \
                    ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name \
                    ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status";

/// The fields of transit gateways where none are named: all there are, but for addresses as they were sent.
pub(super) const TRANSIT_DEFAULT: &str = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id \
     tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id \
     tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
     log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded \
     packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service";

/// Checks a format: fields such as `${srcaddr}`, with spaces between them.
///
/// # Errors
/// The fields that there are not.
pub fn check(format: &str, is_transit: bool) -> Result<(), Vec<String>> {
    let is_known = |name: &str| {
        let known = if is_transit { [TRANSIT_DEFAULT, ""] } else { [DEFAULT, MORE] };
        known.iter().flat_map(|fields| fields.split_whitespace()).any(|field| field == name)
    };
    let unknown: Vec<String> = format
        .split_whitespace()
        .filter(|field| {
            let name = field.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            !name.is_some_and(is_known)
        })
        .map(str::to_owned)
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(unknown) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all("${version} ${srcaddr}  ${encryption-status}", false, &[])]
    #[case::no_braces("$version ${srcaddr}", false, &["$version"])]
    #[case::transit("${tgw-id} ${pkt-src-aws-service}", true, &[])]
    #[case::transit_only("${tgw-id}", false, &["${tgw-id}"])]
    #[case::not_transit("${vpc-id} ${action}", true, &["${vpc-id}", "${action}"])]
    fn formats(#[case] format: &str, #[case] is_transit: bool, #[case] unknown: &[&str]) {
        assert_eq!(check(format, is_transit).err().unwrap_or_default(), unknown);
    }
}
