//! The services that AWS itself offers in each region.
//!
//! Deviation: these are the services that networks are built with, not all of AWS's, each in every zone. Their ids
//! are made from their names; AWS's own differ by region.

use super::{EndpointType, IpFamily, ServiceDetail};
use crate::{EndpointServiceId, Region, ResourceId, Tags, Zone};

/// A service; in its names, `{}` stands for the region.
#[derive(Debug, Clone, Copy)]
struct Row {
    name: &'static str,
    kind: EndpointType,
    /// The public names it can be reached by, privately too; the first is what endpoints' names are made of.
    names: &'static [&'static str],
    has_private_names: bool,
    has_policies: bool,
    has_ipv6: bool,
}

impl Row {
    const fn named(name: &'static str, names: &'static [&'static str]) -> Self {
        Self {
            name,
            kind: EndpointType::Interface,
            names,
            has_private_names: true,
            has_policies: true,
            has_ipv6: false,
        }
    }

    /// A service whose public name is its own one.
    const fn plain(name: &'static str) -> Self {
        Self::named(name, &[])
    }

    const fn gateway(name: &'static str) -> Self {
        Self { kind: EndpointType::Gateway, ..Self::nameless(name) }
    }

    const fn nameless(name: &'static str) -> Self {
        Self { has_private_names: false, ..Self::plain(name) }
    }

    const fn without_policies(self) -> Self {
        Self { has_policies: false, ..self }
    }

    const fn ipv6_too(self) -> Self {
        Self { has_ipv6: true, ..self }
    }
}

const SERVICES: &[Row] = &[
    Row::plain("access-analyzer"),
    Row::plain("acm-pca"),
    Row::plain("application-autoscaling"),
    Row::plain("athena"),
    Row::plain("autoscaling").ipv6_too(),
    Row::plain("autoscaling-plans"),
    Row::plain("backup"),
    Row::plain("batch"),
    Row::plain("bedrock"),
    Row::plain("bedrock-runtime"),
    Row::plain("cloudformation"),
    Row::plain("cloudtrail"),
    Row::named("codeartifact.api", &["codeartifact.{}.amazonaws.com"]),
    Row::plain("codebuild"),
    Row::plain("codedeploy"),
    Row::plain("codepipeline"),
    Row::plain("cognito-idp"),
    Row::plain("config"),
    Row::plain("datasync"),
    Row::nameless("dynamodb"),
    Row::gateway("dynamodb"),
    Row::plain("ebs"),
    Row::plain("ec2").ipv6_too(),
    Row::plain("ec2messages").ipv6_too(),
    Row::named("ecr.api", &["api.ecr.{}.amazonaws.com"]).ipv6_too(),
    Row::named("ecr.dkr", &["*.dkr.ecr.{}.amazonaws.com"]).ipv6_too(),
    Row::plain("ecs"),
    Row::named("ecs-agent", &["ecs-a.{}.amazonaws.com"]),
    Row::named("ecs-telemetry", &["ecs-t.{}.amazonaws.com"]),
    Row::plain("eks").ipv6_too(),
    Row::named("eks-auth", &["eks-auth.{}.api.aws"]).ipv6_too(),
    Row::plain("elasticache"),
    Row::plain("elasticfilesystem"),
    Row::plain("elasticloadbalancing").ipv6_too(),
    Row::plain("elasticmapreduce"),
    Row::plain("email-smtp").without_policies(),
    Row::plain("events"),
    Row::named("execute-api", &["*.execute-api.{}.amazonaws.com"]),
    Row::plain("fsx"),
    Row::plain("glue"),
    Row::plain("guardduty-data"),
    Row::plain("imagebuilder"),
    Row::plain("inspector2"),
    Row::named("kinesis-firehose", &["firehose.{}.amazonaws.com"]),
    Row::named("kinesis-streams", &["kinesis.{}.amazonaws.com"]),
    Row::plain("kms").ipv6_too(),
    Row::plain("lambda").ipv6_too(),
    Row::plain("license-manager"),
    Row::plain("logs").ipv6_too(),
    Row::plain("monitoring").ipv6_too(),
    Row::plain("network-firewall"),
    Row::plain("rds"),
    Row::plain("rds-data"),
    Row::plain("redshift"),
    Row::named(
        "s3",
        &[
            "s3.{}.amazonaws.com",
            "*.s3.{}.amazonaws.com",
            "*.s3-accesspoint.{}.amazonaws.com",
            "*.s3-control.{}.amazonaws.com",
        ],
    )
    .ipv6_too(),
    Row::gateway("s3"),
    Row::named("sagemaker.api", &["api.sagemaker.{}.amazonaws.com"]),
    Row::named("sagemaker.runtime", &["runtime.sagemaker.{}.amazonaws.com"]),
    Row::plain("scheduler"),
    Row::plain("secretsmanager").ipv6_too(),
    Row::plain("securityhub"),
    Row::plain("servicecatalog"),
    Row::plain("servicediscovery"),
    Row::plain("sns").ipv6_too(),
    Row::plain("sqs").ipv6_too(),
    Row::plain("ssm").ipv6_too(),
    Row::plain("ssm-contacts"),
    Row::plain("ssm-incidents"),
    Row::plain("ssmmessages").ipv6_too(),
    Row::plain("states"),
    Row::plain("storagegateway"),
    Row::plain("sts").ipv6_too(),
    Row::plain("synthetics"),
    Row::plain("textract"),
    Row::plain("transfer"),
    Row::named("transfer.server", &["server.transfer.{}.amazonaws.com"]).without_policies(),
    Row::plain("xray"),
];

/// The services AWS offers in a region.
pub(super) fn services(region: &Region) -> Vec<ServiceDetail> {
    let zones = region.zones();
    SERVICES.iter().map(|row| detail(row, region, &zones)).collect()
}

fn detail(row: &Row, region: &Region, zones: &[Zone]) -> ServiceDetail {
    let plain = format!("{}.{region}.amazonaws.com", row.name);
    let names: Vec<String> = row.names.iter().map(|name| name.replace("{}", &region.0)).collect();
    let names = if names.is_empty() { vec![plain.clone()] } else { names };
    // Gateway endpoints leave the service's public names as they are.
    let base = if row.kind == EndpointType::Gateway { plain } else { base_name(&names[0], region) };
    let families: &[IpFamily] = if row.has_ipv6 { &[IpFamily::Ipv4, IpFamily::Ipv6] } else { &[IpFamily::Ipv4] };
    ServiceDetail {
        id: EndpointServiceId::from_digits(&digits(region, row)),
        name: format!("com.amazonaws.{region}.{}", row.name),
        kind: row.kind,
        zones: zones.to_vec(),
        owner: None,
        base_names: vec![base],
        private_names: if row.has_private_names { names } else { Vec::new() },
        verification: row.has_private_names.then_some("verified"),
        has_policies: row.has_policies,
        acceptance_required: false,
        ip_families: families.to_vec(),
        owner_pays: false,
        tags: Tags::new(),
    }
}

/// What endpoints' names end in: `*.dkr.ecr.us-east-1.amazonaws.com` makes `dkr.ecr.us-east-1.vpce.amazonaws.com`.
fn base_name(public: &str, region: &Region) -> String {
    let public = public.trim_start_matches("*.");
    let service = public.split(&format!(".{region}.")).next().unwrap_or(public);
    format!("{service}.{region}.vpce.amazonaws.com")
}

fn digits(region: &Region, row: &Row) -> String {
    // FNV-1a of 64 bits, which is enough to tell some dozens of names apart.
    let text = format!("{region}/{}/{}", row.name, row.kind);
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("0{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
}
