//! One account's resources in one region.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::image;
use crate::image::PublicImages;
use crate::index::Indexes;
use crate::instance::MetadataChange;
use crate::map::{Map, Set};
use crate::outbox::Outbox;
use crate::prefix_list;
use crate::settings::AccountSettings;
use crate::sold_out::SoldOut;
use crate::{
    AccessExclusion, AccessExclusionId, AccessOptions, AccountId, AddressOffer, AddressTransfer, AllocationId,
    AutoScalingGroup, CapacityReservation, CapacityReservationId, CarrierGateway, CarrierGatewayId, ClientTokens,
    ConnectionNotification, ConnectionNotificationId, CustomerGateway, CustomerGatewayId, Delays, DhcpOptions,
    DhcpOptionsId, EgressOnlyGateway, EgressOnlyGatewayId, ElasticIp, EndpointService, EndpointServiceId, Fleet,
    FleetId, FlowLog, FlowLogId, GroupVpcAssociation, Ids, Image, ImageId, InsightsAnalysis, InsightsAnalysisId,
    InsightsPath, InsightsPathId, Instance, InstanceId, InternetGateway, InternetGatewayId, KeyPair, KeyPairId,
    LaunchTemplate, LaunchTemplateId, NatGateway, NatGatewayId, NetworkAcl, NetworkAclId, NetworkInterface,
    NetworkInterfaceId, PeeringConnection, PeeringConnectionId, PlacementGroup, PlacementGroupId, PrefixList,
    PrefixListId, Region, RouteTable, RouteTableId, SecurityGroup, SecurityGroupId, SpotRequest, SpotRequestId, Subnet,
    SubnetCidrReservation, SubnetCidrReservationId, SubnetId, TokenKey, TokenRecord, TransitConnectPeer,
    TransitGateway, TransitGatewayAttachment, TransitGatewayAttachmentId, TransitGatewayConnectPeerId,
    TransitGatewayId, TransitGatewayRouteTable, TransitGatewayRouteTableId, TrunkAssociation, TrunkAssociationId,
    Volume, VolumeId, Vpc, VpcEndpoint, VpcEndpointId, VpcId, VpnConnection, VpnConnectionId, VpnGateway, VpnGatewayId,
};

/// What a change may draw on besides the model: the time and a source of ids.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time of the call.
    pub now: Timestamp,
    /// New ids.
    pub ids: &'a mut Ids,
}

/// One account's resources in one region.
///
/// Other crates read the maps; only this crate's methods change them, so that the indexes and the
/// rules between resources hold.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) generation: u64,
    pub(crate) client_tokens: ClientTokens,
    pub(crate) auto_scaling_groups: Map<String, AutoScalingGroup>,
    pub(crate) vpcs: Map<VpcId, Vpc>,
    pub(crate) subnets: Map<SubnetId, Subnet>,
    pub(crate) subnet_cidr_reservations: Map<SubnetCidrReservationId, SubnetCidrReservation>,
    pub(crate) network_interfaces: Map<NetworkInterfaceId, NetworkInterface>,
    pub(crate) trunk_associations: Map<TrunkAssociationId, TrunkAssociation>,
    pub(crate) security_groups: Map<SecurityGroupId, SecurityGroup>,
    pub(crate) instances: Map<InstanceId, Instance>,
    pub(crate) volumes: Map<VolumeId, Volume>,
    pub(crate) public_images: PublicImages,
    pub(crate) own_images: Map<ImageId, Image>,
    pub(crate) strict_images: bool,
    pub(crate) account_settings: AccountSettings,
    /// Only while a call runs.
    pub(crate) sold_out: Vec<SoldOut>,
    pub(crate) metadata_defaults: MetadataChange,
    pub(crate) capacity_reservations: Map<CapacityReservationId, CapacityReservation>,
    pub(crate) key_pairs: Map<KeyPairId, KeyPair>,
    pub(crate) launch_templates: Map<LaunchTemplateId, LaunchTemplate>,
    pub(crate) route_tables: Map<RouteTableId, RouteTable>,
    pub(crate) internet_gateways: Map<InternetGatewayId, InternetGateway>,
    pub(crate) dhcp_options: Map<DhcpOptionsId, DhcpOptions>,
    pub(crate) network_acls: Map<NetworkAclId, NetworkAcl>,
    pub(crate) egress_only_gateways: Map<EgressOnlyGatewayId, EgressOnlyGateway>,
    pub(crate) elastic_ips: Map<AllocationId, ElasticIp>,
    pub(crate) released_ips: Set<Ipv4Addr>,
    pub(crate) address_offers: Map<(AccountId, AllocationId), AddressOffer>,
    pub(crate) accepted_transfers: Map<AllocationId, AddressTransfer>,
    pub(crate) fleets: Map<FleetId, Fleet>,
    pub(crate) spot_requests: Map<SpotRequestId, SpotRequest>,
    pub(crate) placement_groups: Map<PlacementGroupId, PlacementGroup>,
    pub(crate) flow_logs: Map<FlowLogId, FlowLog>,
    pub(crate) prefix_lists: Map<PrefixListId, PrefixList>,
    pub(crate) nat_gateways: Map<NatGatewayId, NatGateway>,
    pub(crate) peerings: Map<PeeringConnectionId, PeeringConnection>,
    pub(crate) transit_gateways: Map<TransitGatewayId, TransitGateway>,
    pub(crate) transit_gateway_attachments: Map<TransitGatewayAttachmentId, TransitGatewayAttachment>,
    pub(crate) transit_gateway_connect_peers: Map<TransitGatewayConnectPeerId, TransitConnectPeer>,
    pub(crate) transit_gateway_route_tables: Map<TransitGatewayRouteTableId, TransitGatewayRouteTable>,
    pub(crate) vpc_endpoints: Map<VpcEndpointId, VpcEndpoint>,
    pub(crate) vpn_gateways: Map<VpnGatewayId, VpnGateway>,
    pub(crate) customer_gateways: Map<CustomerGatewayId, CustomerGateway>,
    pub(crate) insights_paths: Map<InsightsPathId, InsightsPath>,
    pub(crate) insights_analyses: Map<InsightsAnalysisId, InsightsAnalysis>,
    pub(crate) offered_services: Map<EndpointServiceId, EndpointService>,
    pub(crate) connection_notifications: Map<ConnectionNotificationId, ConnectionNotification>,
    pub(crate) vpn_connections: Map<VpnConnectionId, VpnConnection>,
    pub(crate) group_vpc_associations: Map<(SecurityGroupId, VpcId), GroupVpcAssociation>,
    pub(crate) carrier_gateways: Map<CarrierGatewayId, CarrierGateway>,
    pub(crate) public_access: AccessOptions,
    pub(crate) access_exclusions: Map<AccessExclusionId, AccessExclusion>,
    pub(crate) outbox: Outbox,
    pub(crate) quotas: Quotas,
    pub(crate) delays: Delays,
    pub(crate) index: Indexes,
}

/// Limits that AWS raises on request.
///
/// See <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Security groups per ENI: 5, at most 16.
    pub groups_per_interface: usize,
    /// Rules per security group and direction: 60.
    pub rules_per_group: usize,
    /// Elastic IP addresses: 5.
    pub elastic_ips: usize,
    /// VPCs per region, the default one included: 5.
    pub vpcs: usize,
    /// IPv4 blocks per VPC: 5.
    pub ipv4_blocks_per_vpc: usize,
    /// IPv6 blocks per VPC: 5.
    pub ipv6_blocks_per_vpc: usize,
    /// Subnets per VPC: 200.
    pub subnets_per_vpc: usize,
    /// ENIs per region: 5000.
    pub network_interfaces: usize,
    /// Security groups per region: 2500.
    pub security_groups: usize,
    /// Route tables per VPC, the main one included: 200.
    pub route_tables_per_vpc: usize,
    /// Routes per route table, IPv4 and IPv6 apart and local ones not counted: 500.
    pub routes_per_table: usize,
    /// Transit gateways: 5.
    pub transit_gateways: usize,
    /// Attachments per transit gateway: 5000.
    pub transit_gateway_attachments: usize,
    /// Peering attachments per transit gateway: 50.
    pub transit_gateway_peerings: usize,
    /// Peers per Connect attachment of a transit gateway: 4.
    pub connect_peers_per_attachment: usize,
    /// Transit gateways that a VPC can be attached to: 5.
    pub transit_gateways_per_vpc: usize,
    /// Static routes per transit gateway: 10,000.
    pub transit_gateway_routes: usize,
    /// Route tables per transit gateway: 20.
    pub transit_gateway_route_tables: usize,
    /// NAT gateways per zone: 5.
    pub nat_gateways_per_zone: usize,
    /// Elastic IP addresses per public NAT gateway: 2, at most 8.
    pub elastic_ips_per_nat_gateway: usize,
    /// VPC peering connections in use per VPC: 50.
    pub peerings_per_vpc: usize,
    /// Requests for VPC peering connections that nobody has answered yet: 25.
    pub open_peering_requests: usize,
    /// Gateway endpoints per region: 20.
    pub gateway_endpoints: usize,
    /// Interface and Gateway Load Balancer endpoints per VPC: 50.
    pub interface_endpoints_per_vpc: usize,
    /// Virtual private gateways per region: 5.
    pub vpn_gateways: usize,
    /// Customer gateways per region: 50.
    pub customer_gateways: usize,
    /// vCPUs of On-Demand Instances that run, in each group of families: 10,000.
    ///
    /// Deviation: AWS begins with fewer.
    pub on_demand_vcpus: usize,
    /// The same of Spot Instances: 10,000.
    pub spot_vcpus: usize,
    /// Launch templates per region: 5,000.
    pub launch_templates: usize,
    /// Versions per launch template: 10,000.
    pub launch_template_versions: usize,
    /// VPN connections per region: 50.
    pub vpn_connections: usize,
    /// VPN connections per virtual private gateway: 10.
    pub vpn_connections_per_gateway: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            groups_per_interface: 5,
            rules_per_group: 60,
            elastic_ips: 5,
            vpcs: 5,
            ipv4_blocks_per_vpc: 5,
            ipv6_blocks_per_vpc: 5,
            subnets_per_vpc: 200,
            network_interfaces: 5000,
            security_groups: 2500,
            route_tables_per_vpc: 200,
            routes_per_table: 500,
            transit_gateways: 5,
            transit_gateway_attachments: 5000,
            transit_gateway_peerings: 50,
            connect_peers_per_attachment: 4,
            transit_gateways_per_vpc: 5,
            transit_gateway_routes: 10_000,
            transit_gateway_route_tables: 20,
            nat_gateways_per_zone: 5,
            elastic_ips_per_nat_gateway: 2,
            peerings_per_vpc: 50,
            open_peering_requests: 25,
            gateway_endpoints: 20,
            interface_endpoints_per_vpc: 50,
            vpn_gateways: 5,
            customer_gateways: 50,
            on_demand_vcpus: 10_000,
            spot_vcpus: 10_000,
            launch_templates: 5_000,
            launch_template_versions: 10_000,
            vpn_connections: 50,
            vpn_connections_per_gateway: 10,
        }
    }
}

macro_rules! readers {
    ($($(#[$doc:meta])* $many:ident $one:ident: $id:ty => $value:ty;)*) => {$(
        $(#[$doc])*
        pub fn $many(&self) -> impl Iterator<Item = &$value> {
            self.$many.values()
        }

        /// One of them by its id.
        pub fn $one(&self, id: &$id) -> Option<&$value> {
            self.$many.get(id)
        }
    )*};
}

impl Model {
    /// An account without any resource, not even the default VPC.
    pub fn empty(account: AccountId, region: Region) -> Self {
        Self {
            account,
            prefix_lists: prefix_list::aws::lists(&region),
            public_images: image::public(&region),
            own_images: Map::new(),
            strict_images: false,
            account_settings: AccountSettings::default(),
            sold_out: Vec::new(),
            metadata_defaults: MetadataChange::default(),
            region,
            generation: 0,
            client_tokens: ClientTokens::default(),
            auto_scaling_groups: Map::new(),
            vpcs: Map::new(),
            subnets: Map::new(),
            subnet_cidr_reservations: Map::new(),
            network_interfaces: Map::new(),
            trunk_associations: Map::new(),
            security_groups: Map::new(),
            instances: Map::new(),
            volumes: Map::new(),
            capacity_reservations: Map::new(),
            key_pairs: Map::new(),
            launch_templates: Map::new(),
            route_tables: Map::new(),
            internet_gateways: Map::new(),
            dhcp_options: Map::new(),
            network_acls: Map::new(),
            egress_only_gateways: Map::new(),
            elastic_ips: Map::new(),
            released_ips: Set::new(),
            address_offers: Map::new(),
            accepted_transfers: Map::new(),
            fleets: Map::new(),
            spot_requests: Map::new(),
            placement_groups: Map::new(),
            flow_logs: Map::new(),
            nat_gateways: Map::new(),
            peerings: Map::new(),
            transit_gateways: Map::new(),
            transit_gateway_attachments: Map::new(),
            transit_gateway_connect_peers: Map::new(),
            transit_gateway_route_tables: Map::new(),
            vpc_endpoints: Map::new(),
            vpn_gateways: Map::new(),
            customer_gateways: Map::new(),
            insights_paths: Map::new(),
            insights_analyses: Map::new(),
            offered_services: Map::new(),
            connection_notifications: Map::new(),
            vpn_connections: Map::new(),
            group_vpc_associations: Map::new(),
            carrier_gateways: Map::new(),
            public_access: AccessOptions::default(),
            access_exclusions: Map::new(),
            outbox: Outbox::default(),
            quotas: Quotas::default(),
            delays: Delays::default(),
            index: Indexes::default(),
        }
    }

    /// A fresh account: the default VPC and what belongs to it.
    pub fn with_defaults(account: AccountId, region: Region, cx: &mut Context) -> Self {
        let mut model = Self::empty(account, region);
        model.create_default_vpc(cx).expect("an empty account has room for the default vpc");
        model
    }

    /// Begins the account anew. The generation goes on, so that whoever follows the model notices.
    pub fn reset(&mut self, cx: &mut Context) {
        let fresh = Self::with_defaults(self.account.clone(), self.region.clone(), cx);
        let generation = self.generation + fresh.generation + 1;
        let (quotas, delays, strict_images) = (self.quotas, self.delays, self.strict_images);
        *self = Self { generation, quotas, delays, strict_images, ..fresh };
    }

    /// The limits in force.
    pub fn quotas(&self) -> Quotas {
        self.quotas
    }

    /// Changes the limits; what exceeds them already stays.
    pub fn set_quotas(&mut self, quotas: Quotas) {
        let hard_limit = 16;
        self.quotas = Quotas { groups_per_interface: quotas.groups_per_interface.min(hard_limit), ..quotas };
        self.touch();
    }

    /// Completes what takes time in the background and is due. What the fabric completes is not among it.
    pub fn advance(&mut self, now: Timestamp) {
        if self.next_due().is_none_or(|due| due > now) {
            return;
        }
        self.forget_terminated(now);
        // One line a family: whether something of it moved on.
        let moved = [
            self.advance_subnet_blocks(now),
            self.advance_vpc_blocks(now),
            self.advance_prefix_lists(now),
            self.advance_nat_gateways(now),
            self.advance_peerings(now),
            self.advance_address_transfers(now),
            self.advance_transit_gateways(now),
            self.advance_capacity_reservations(now),
            self.advance_vpc_endpoints(now),
            self.advance_insights(now),
            self.advance_vpn_gateways(now),
            self.advance_customer_gateways(now),
            self.advance_vpn_connections(now),
            self.advance_group_associations(now),
            self.advance_carrier_gateways(now),
            self.advance_public_access(now),
        ];
        if moved.contains(&true) {
            self.touch();
        }
    }

    /// When [`Self::advance`] has something to do next.
    pub fn next_due(&self) -> Option<Timestamp> {
        // One line a family: when something of it moves on.
        let due = [
            self.next_forgotten(),
            self.next_subnet_block(),
            self.next_vpc_block(),
            self.prefix_lists_due(),
            self.nat_gateways_due(),
            self.peerings_due(),
            self.address_transfers_due(),
            self.transit_gateways_due(),
            self.capacity_reservations_due(),
            self.vpc_endpoints_due(),
            self.insights_due(),
            self.vpn_gateways_due(),
            self.customer_gateways_due(),
            self.vpn_connections_due(),
            self.group_associations_due(),
            self.carrier_gateways_due(),
            self.public_access_due(),
        ];
        due.into_iter().flatten().min()
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// How many changes there have been: whoever follows the model compares it with the last one seen.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Counts a change; every method that changes something calls it.
    pub(crate) fn touch(&mut self) {
        self.generation += 1;
    }

    /// What earlier calls with client tokens answered.
    pub fn client_tokens(&self) -> &ClientTokens {
        &self.client_tokens
    }

    /// Remembers the answer of a call with a client token.
    pub fn remember_client_token(&mut self, now: Timestamp, key: TokenKey, record: TokenRecord) {
        self.touch();
        self.client_tokens.remember(now, key, record);
    }

    /// All associations of security groups with VPCs besides their own, ended ones that are still shown included.
    pub fn group_vpc_associations(&self) -> impl Iterator<Item = &GroupVpcAssociation> {
        self.group_vpc_associations.values()
    }

    readers! {
        /// All VPCs in the order of their ids.
        vpcs vpc: VpcId => Vpc;
        /// All subnets in the order of their ids.
        subnets subnet: SubnetId => Subnet;
        /// All reserved parts of subnets in the order of their ids.
        subnet_cidr_reservations subnet_cidr_reservation: SubnetCidrReservationId => SubnetCidrReservation;
        /// All ENIs in the order of their ids.
        network_interfaces network_interface: NetworkInterfaceId => NetworkInterface;
        /// All trunk associations in the order of their ids.
        trunk_associations trunk_association: TrunkAssociationId => TrunkAssociation;
        /// All security groups in the order of their ids.
        security_groups security_group: SecurityGroupId => SecurityGroup;
        /// All volumes.
        volumes volume: VolumeId => Volume;
        /// All instances in the order of their ids, terminated ones included.
        instances instance: InstanceId => Instance;
        /// All capacity reservations in the order of their ids.
        capacity_reservations capacity_reservation: CapacityReservationId => CapacityReservation;
        /// All key pairs in the order of their ids.
        key_pairs key_pair: KeyPairId => KeyPair;
        /// All launch templates in the order of their ids.
        launch_templates launch_template: LaunchTemplateId => LaunchTemplate;
        /// All route tables in the order of their ids.
        route_tables route_table: RouteTableId => RouteTable;
        /// All internet gateways in the order of their ids.
        internet_gateways internet_gateway: InternetGatewayId => InternetGateway;
        /// All sets of DHCP options in the order of their ids.
        dhcp_options dhcp_options_set: DhcpOptionsId => DhcpOptions;
        /// All network ACLs in the order of their ids.
        network_acls network_acl: NetworkAclId => NetworkAcl;
        /// All egress-only internet gateways in the order of their ids.
        egress_only_gateways egress_only_gateway: EgressOnlyGatewayId => EgressOnlyGateway;
        /// All Elastic IP addresses in the order of their ids.
        elastic_ips elastic_ip: AllocationId => ElasticIp;
        /// All fleets in the order of their ids.
        fleets fleet: FleetId => Fleet;
        /// All requests of Spot Instances in the order of their ids.
        spot_requests spot_request: SpotRequestId => SpotRequest;
        /// All placement groups in the order of their ids.
        placement_groups placement_group: PlacementGroupId => PlacementGroup;
        /// All flow logs in the order of their ids.
        flow_logs flow_log: FlowLogId => FlowLog;
        /// All managed prefix lists in the order of their ids, AWS's own included.
        prefix_lists prefix_list: PrefixListId => PrefixList;
        /// All transit gateways in the order of their ids, deleted ones included for a while.
        transit_gateways transit_gateway: TransitGatewayId => TransitGateway;
        /// All attachments of transit gateways in the order of their ids, deleted ones included for a while.
        transit_gateway_attachments transit_gateway_attachment:
            TransitGatewayAttachmentId => TransitGatewayAttachment;
        /// All Connect peers in the order of their ids, deleted ones included for a while.
        transit_gateway_connect_peers transit_gateway_connect_peer:
            TransitGatewayConnectPeerId => TransitConnectPeer;
        /// All route tables of transit gateways in the order of their ids, deleted ones included for a while.
        transit_gateway_route_tables transit_gateway_route_table:
            TransitGatewayRouteTableId => TransitGatewayRouteTable;
        /// All NAT gateways in the order of their ids, those that failed or are gone included for a while.
        nat_gateways nat_gateway: NatGatewayId => NatGateway;
        /// All VPC peering connections in the order of their ids, ended ones that are still shown included.
        peerings peering: PeeringConnectionId => PeeringConnection;
        /// All VPC endpoints in the order of their ids, those deleted a while ago included.
        vpc_endpoints vpc_endpoint: VpcEndpointId => VpcEndpoint;
        /// All virtual private gateways in the order of their ids, those that are gone included for a while.
        vpn_gateways vpn_gateway: VpnGatewayId => VpnGateway;
        /// All customer gateways in the order of their ids, those that are gone included for a while.
        customer_gateways customer_gateway: CustomerGatewayId => CustomerGateway;
        /// All paths of network insights in the order of their ids.
        insights_paths insights_path: InsightsPathId => InsightsPath;
        /// All analyses of such paths in the order of their ids.
        insights_analyses insights_analysis: InsightsAnalysisId => InsightsAnalysis;
        /// All endpoint services of the account's in the order of their ids.
        offered_services offered_service: EndpointServiceId => EndpointService;
        /// All notifications about endpoints in the order of their ids.
        connection_notifications connection_notification: ConnectionNotificationId => ConnectionNotification;
        /// All VPN connections in the order of their ids, those that are gone included for a while.
        vpn_connections vpn_connection: VpnConnectionId => VpnConnection;
        /// All carrier gateways in the order of their ids, those that are gone included for a while.
        carrier_gateways carrier_gateway: CarrierGatewayId => CarrierGateway;
        /// All exclusions from VPC Block Public Access in the order of their ids, ended ones included for a while.
        access_exclusions access_exclusion: AccessExclusionId => AccessExclusion;
    }
}
