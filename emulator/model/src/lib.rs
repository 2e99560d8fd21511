//! The VPC as a value: VPCs, subnets, network interfaces, trunks, security groups, route tables and
//! instances, and the rules between them.
//!
//! Everything here is plain data and synchronous functions. Time and ids come in through [`Context`],
//! so that every outcome can be reproduced from its inputs.

pub mod client_token;
pub mod ids;
pub mod instance;
pub mod instance_type;
pub mod model;
pub mod network_interface;
pub mod region;
pub mod route_table;
pub mod security_group;
pub mod subnet;
pub mod tags;
pub mod trunk;
pub mod types;
pub mod vpc;

pub use client_token::{ClientTokens, TokenKey, TokenRecord};
pub use ids::*;
pub use instance::{Instance, InstanceState, MetadataOptions};
pub use instance_type::InstanceType;
pub use model::{Context, Model};
pub use network_interface::{
    Attachment, AttachmentStatus, InterfaceStatus, InterfaceType, NetworkInterface, PrivateIp,
};
pub use region::Zone;
pub use route_table::{InternetGateway, Route, RouteOrigin, RouteTable, RouteTableAssociation, RouteTarget};
pub use security_group::{Direction, IpProtocol, PortRange, RulePeer, SecurityGroup, SecurityGroupRule};
pub use subnet::Subnet;
pub use tags::{TagError, Tags};
pub use trunk::{TrunkAssociation, VlanId};
pub use types::{AccountId, Mac, Region, ZoneId, ZoneName};
pub use vpc::{DhcpOptions, Vpc};
