//! The `cni-controller` binary.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, bail};
use clap::Parser;
use cni_controller::Config;
use ec2_client::{Client, Credentials, Imds, endpoint_from_env};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Trunk and branch ENIs for pods with security groups of their own.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The cluster's name; ENIs are tagged with it
    #[arg(long)]
    cluster_name: String,
    /// The cluster's VPC
    #[arg(long)]
    vpc_id: String,
    /// Where the admission webhook listens; plain HTTP, so on loopback only
    #[arg(long, default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9443))]
    webhook_listen: SocketAddr,
    /// The AWS region; from AWS_REGION, else from instance metadata
    #[arg(long, env = "AWS_REGION")]
    aws_region: Option<String>,
    /// The account that may attach ENIs; else the owner of the VPC
    #[arg(long)]
    aws_account: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    // A provider that is there already does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let args = Args::parse();
    if !args.webhook_listen.ip().is_loopback() {
        bail!("{} is not on loopback: the webhook is served without TLS", args.webhook_listen);
    }
    let imds = Imds::from_env().context("make a metadata client")?;
    let region = match args.aws_region {
        Some(region) => region,
        None => imds.identity().await.context("read the region from instance metadata; or set AWS_REGION")?.region,
    };
    let credentials = Credentials::from_env_or_role(&imds);
    let endpoint = endpoint_from_env(&region);
    let ec2 = Client::new(ec2_client::Config { endpoint, region, credentials }).context("make an EC2 client")?;
    let account = match args.aws_account {
        Some(account) => account,
        None => account_of(&ec2, &args.vpc_id).await?,
    };
    let kube = cni_kube::client().await?;
    let config = Config { cluster: args.cluster_name, vpc_id: args.vpc_id, account, webhook: args.webhook_listen };
    let stop = CancellationToken::new();
    let ended = stop.clone();
    tokio::spawn(async move {
        let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        ended.cancel();
    });
    cni_controller::run(config, ec2, kube, stop).await
}

/// The account that owns the VPC; the EC2 API tells it without another service.
async fn account_of(ec2: &Client, vpc_id: &str) -> anyhow::Result<String> {
    let reply = ec2.call("DescribeVpcs", &[("VpcId.1", vpc_id.to_owned())]).await.context("DescribeVpcs")?;
    let vpc = reply.items("vpcSet").next().with_context(|| format!("there is no VPC {vpc_id}"))?;
    Ok(vpc.required("ownerId")?.to_owned())
}
