//! The VPC as a value: VPCs, subnets, network interfaces, trunks, security groups, route tables and
//! instances, and the rules between them.
//!
//! Everything here is plain data and synchronous functions. Time and ids come in through [`Context`],
//! so that every outcome can be reproduced from its inputs.

pub mod address_pool;
pub mod auto_scaling;
pub mod capacity_reservation;
pub mod carrier_gateway;
pub mod client_token;
pub mod customer_gateway;
pub mod dhcp_options;
pub mod egress_only_gateway;
pub mod elastic_ip;
pub mod endpoint_service;
pub mod fleet;
pub mod flow_log;
mod hash;
pub mod ids;
pub mod image;
mod index;
pub mod instance;
pub mod instance_requirements;
pub mod instance_type;
pub mod internet_gateway;
mod invariants;
pub mod key_pair;
pub mod launch_template;
pub mod life_span;
pub mod map;
pub mod model;
pub mod nat_gateway;
pub mod network_acl;
pub mod network_insights;
pub mod network_interface;
pub mod outbox;
pub mod peering;
pub mod placement_group;
pub mod prefix_list;
pub mod public_access;
pub mod region;
pub mod route_table;
pub mod security_group;
pub mod settings;
pub mod sold_out;
pub mod spot_price;
pub mod spot_request;
pub mod subnet;
pub mod tags;
#[cfg(test)]
mod testing;
pub mod transit_gateway;
pub mod trunk;
pub mod types;
pub mod volume;
pub mod vpc;
pub mod vpc_endpoint;
pub mod vpn_connection;
pub mod vpn_gateway;

pub use address_pool::{AddressError, Addresses, WantedAddresses};
pub use auto_scaling::{AutoScalingError, AutoScalingGroup};
pub use capacity_reservation::{CapacityError, CapacityReservation};
pub use carrier_gateway::{CarrierGateway, CarrierGatewayError};
pub use client_token::{ClientTokens, TokenKey, TokenRecord};
pub use customer_gateway::{CustomerDevice, CustomerGateway, CustomerGatewayError};
pub use dhcp_options::{DhcpOptions, DhcpOptionsError};
pub use egress_only_gateway::{EgressOnlyGateway, EgressOnlyGatewayError};
pub use elastic_ip::{
    AddressAssociation, AddressOffer, AddressOrigin, AddressTarget, AddressTransfer, ElasticIp, ElasticIpError,
    PublicAddress,
};
pub use endpoint_service::{
    AllowedPrincipal, ConnectionNotification, EndpointService, EndpointServiceChange, EndpointServiceError,
    EndpointType, IpFamily, NewEndpointService, Noticed, PrivateName, ServiceDetail,
};
pub use fleet::{Fleet, FleetId};
pub use flow_log::{
    DestinationKind, FileOptions, FlowLog, FlowLogError, FlowLogSettings, LogDestination, Logged, TrafficType,
};
pub use ids::*;
pub use image::Image;
pub use instance::{Instance, InstanceError, InstanceOptions, InstanceState, MetadataOptions, ShutdownBehavior};
pub use instance_type::InstanceType;
pub use internet_gateway::{GatewayError, InternetGateway};
pub use key_pair::{KeyPair, KeyPairError, KeyType};
pub use launch_template::{LaunchParameter, LaunchParameters, LaunchTemplate, LaunchTemplateError};
pub use life_span::{Delays, LifeSpan, Phase};
pub use model::{Context, Model, Quotas};
pub use nat_gateway::{
    Connectivity, NatAddress, NatFailure, NatGateway, NatGatewayError, NewNatAddresses, NewNatGateway,
};
pub use network_acl::{NetworkAcl, NetworkAclEntry, NetworkAclError};
pub use network_insights::{
    Finding, Header, Hop, InsightsAnalysis, InsightsError, InsightsPath, NewInsightsAnalysis, NewInsightsPath,
    Obstacle, Passed, PathFilter, Transport,
};
pub use network_interface::{
    Attachment, AttachmentStatus, ConnectionTracking, EnaSrd, Grantee, InterfaceAttribute, InterfaceError,
    InterfacePermission, InterfaceStatus, InterfaceType, NetworkInterface, NewAttachment, NewInterface, PrivateIp,
    PublicNameType, ServiceAttachment,
};
pub use outbox::{Message, News, Place, Subject};
pub use peering::{
    NewPeering, PeeringConnection, PeeringError, PeeringOptionChange, PeeringOptions, PeeringSide, PeeringStatus,
};
pub use placement_group::{PlacementGroup, PlacementGroupError, PlacementStrategy};
pub use prefix_list::{NewPrefixList, PrefixList, PrefixListChange, PrefixListEntries, PrefixListError};
pub use public_access::{AccessBlock, AccessError, AccessExclusion, AccessOptions, AllowedAccess, Excluded};
pub use region::Zone;
pub use route_table::{
    Destination, EdgeGateway, Route, RouteError, RouteOrigin, RouteState, RouteTable, RouteTableAssociation,
    RouteTarget, TableUser,
};
pub use security_group::{
    Direction, GroupVpcAssociation, IpProtocol, NewRule, PeerGroup, PortRange, Revoked, RulePeer, RuleSelector,
    SecurityGroup, SecurityGroupError, SecurityGroupRule,
};
pub use settings::{AccountSettings, Credits, PublicSnapshots, SettingError};
pub use spot_request::{SpotRequest, SpotStatus};
pub use subnet::{
    HostnameType, NewReservation, NewSubnet, PrivateDnsNameOptions, ReservationType, Subnet, SubnetAttribute,
    SubnetCidrAssociation, SubnetCidrReservation, SubnetError,
};
pub use tags::{TagError, Tags};
pub use transit_gateway::{
    AttachedResource, ConnectPeerError, DefaultTable, NewConnectPeer, NewTransitGateway, NewVpcAttachment,
    TransitAssociation, TransitConnectPeer, TransitGateway, TransitGatewayAttachment, TransitGatewayChange,
    TransitGatewayError, TransitGatewayOptions, TransitGatewayRoute, TransitGatewayRouteTable, TransitLife,
    TransitPeering, TransitPrefixListReference, TransitSide, TransitTarget, VpcAttachment, VpcAttachmentChange,
    VpcAttachmentOptions,
};
pub use trunk::{TrunkAssociation, TrunkError, VlanId};
pub use types::{AccountId, IpAddressType, Mac, Region, ZoneId, ZoneName};
pub use volume::{Volume, VolumeError};
pub use vpc::{NewVpc, Vpc, VpcAttribute, VpcCidrAssociation, VpcError};
pub use vpc_endpoint::{
    Acceptance, ChargeScope, DnsEntry, DnsOptions, DnsRecordIpType, EndpointChange, EndpointPlace, NewVpcEndpoint,
    Payer, VpcEndpoint, VpcEndpointError,
};
pub use vpn_connection::{
    CloudWatchLogs, NewVpnConnection, TunnelChoice, TunnelNumber, TunnelOptions, VpnConnection, VpnConnectionChange,
    VpnConnectionError, VpnOptions, VpnRoute, VpnTarget, VpnTunnel,
};
pub use vpn_gateway::{VpnAttachment, VpnGateway, VpnGatewayError};
