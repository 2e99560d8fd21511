//! What instance metadata tells about the node and its ENIs.

use std::net::Ipv4Addr;

use cni_rpc::MacAddress;
use ec2_client::Imds;
use ec2_client::imds::ImdsError;
use ipnet::Ipv4Net;

/// What does not change while the node lives.
#[derive(Debug, Clone)]
pub struct NodeFacts {
    /// The region.
    pub region: String,
    /// The zone.
    pub availability_zone: String,
    /// The instance.
    pub instance_id: String,
    /// Its type.
    pub instance_type: String,
    /// The primary ENI's MAC address.
    pub primary_mac: MacAddress,
    /// The primary ENI's subnet.
    pub subnet_id: String,
    /// The VPC.
    pub vpc_id: String,
    /// The node's own address.
    pub address: Ipv4Addr,
}

/// An attached ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataEni {
    /// `eni-…`.
    pub id: String,
    /// Its MAC address, by which its link is found.
    pub mac: MacAddress,
    /// Its device number.
    pub device_number: u32,
    /// Its network card.
    pub network_card: u32,
    /// Its subnet's network.
    pub subnet_cidr: Ipv4Net,
    /// Its primary address; an ENI without IPv4 has none.
    pub primary_address: Option<Ipv4Addr>,
    /// Its other addresses.
    pub secondary_addresses: Vec<Ipv4Addr>,
    /// Its delegated prefixes.
    pub prefixes: Vec<Ipv4Net>,
}

impl NodeFacts {
    /// Asks for them.
    ///
    /// # Errors
    /// If one is missing or malformed.
    pub async fn read(imds: &Imds) -> Result<Self, ImdsError> {
        let primary_mac = parsed(imds, "mac").await?;
        let of_primary = |name: &str| format!("network/interfaces/macs/{primary_mac}/{name}");
        Ok(Self {
            region: imds.identity().await?.region,
            availability_zone: imds.required("placement/availability-zone").await?,
            instance_id: imds.required("instance-id").await?,
            instance_type: imds.required("instance-type").await?,
            subnet_id: imds.required(&of_primary("subnet-id")).await?,
            vpc_id: imds.required(&of_primary("vpc-id")).await?,
            address: parsed(imds, "local-ipv4").await?,
            primary_mac,
        })
    }

    /// The VPC's IPv4 networks now.
    ///
    /// # Errors
    /// If metadata cannot be read, or has none.
    pub async fn vpc_cidrs(&self, imds: &Imds) -> Result<Vec<Ipv4Net>, ImdsError> {
        let path = format!("network/interfaces/macs/{}/vpc-ipv4-cidr-blocks", self.primary_mac);
        let cidrs = imds.values(&path).await?;
        if cidrs.is_empty() { Err(ImdsError::Missing(path)) } else { Ok(cidrs) }
    }

    /// The primary ENI's security groups now, in order of their ids.
    ///
    /// # Errors
    /// If metadata cannot be read.
    pub async fn security_groups(&self, imds: &Imds) -> Result<Vec<String>, ImdsError> {
        let mut groups =
            imds.lines(&format!("network/interfaces/macs/{}/security-group-ids", self.primary_mac)).await?;
        groups.sort();
        Ok(groups)
    }
}

/// The attached ENIs. One that is detached meanwhile is left out.
///
/// # Errors
/// If metadata cannot be read.
pub async fn interfaces(imds: &Imds) -> Result<Vec<MetadataEni>, ImdsError> {
    let macs = imds.lines("network/interfaces/macs").await?;
    let reads = macs.iter().map(|line| interface(imds, line.trim_end_matches('/')));
    let mut found = Vec::new();
    for outcome in futures::future::join_all(reads).await {
        match outcome {
            Err(ImdsError::Missing(_)) => {}
            outcome => found.push(outcome?),
        }
    }
    found.sort_by_key(|eni: &MetadataEni| (eni.network_card, eni.device_number));
    Ok(found)
}

async fn interface(imds: &Imds, mac: &str) -> Result<MetadataEni, ImdsError> {
    let base = format!("network/interfaces/macs/{mac}");
    let path = |name: &str| format!("{base}/{name}");
    let malformed = || ImdsError::Malformed { path: base.clone(), text: mac.to_owned() };
    let mut addresses = imds.values(&path("local-ipv4s")).await?.into_iter();
    Ok(MetadataEni {
        id: imds.required(&path("interface-id")).await?,
        mac: mac.parse().map_err(|_| malformed())?,
        device_number: parsed(imds, &path("device-number")).await?,
        network_card: imds.values(&path("network-card")).await?.first().copied().unwrap_or(0),
        subnet_cidr: parsed(imds, &path("subnet-ipv4-cidr-block")).await?,
        primary_address: addresses.next(),
        secondary_addresses: addresses.collect(),
        prefixes: imds.values(&path("ipv4-prefix")).await?,
    })
}

async fn parsed<T: std::str::FromStr>(imds: &Imds, path: &str) -> Result<T, ImdsError> {
    let text = imds.required(path).await?;
    text.parse().map_err(|_| ImdsError::Malformed { path: path.to_owned(), text })
}
