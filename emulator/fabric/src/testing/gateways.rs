//! Ways out of a VPC.

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::nat_gateway::{Connectivity, NewNatAddresses, NewNatGateway};
use vpc_model::transit_gateway::{NewTransitGateway, NewVpcAttachment, VpcAttachmentChange, VpcAttachmentOptions};
use vpc_model::{
    AccessBlock, AllowedAccess, EgressOnlyGatewayId, Excluded, InternetGatewayId, NatGatewayId, RouteTarget, SubnetId,
    Tags, TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId,
};

use super::Account;

impl Account {
    /// An internet gateway of the VPC, to which the main table's default routes lead.
    pub fn internet_gateway(&mut self) -> InternetGatewayId {
        let vpc = self.vpc.clone();
        let id = self.change(|model, cx| model.create_internet_gateway(cx, Tags::new())).unwrap();
        self.model.attach_internet_gateway(&id, &vpc).unwrap();
        let main = self.model.vpc(&vpc).unwrap().main_route_table_id.clone();
        for everything in ["0.0.0.0/0", "::/0"] {
            let everything: IpNet = everything.parse().unwrap();
            self.model.create_route(&main, everything, RouteTarget::InternetGateway(id.clone())).unwrap();
        }
        id
    }

    /// An egress-only gateway of the VPC.
    pub fn egress_only_gateway(&mut self) -> EgressOnlyGatewayId {
        let vpc = self.vpc.clone();
        self.change(|model, cx| model.create_egress_only_gateway(cx, &vpc, Tags::new())).unwrap()
    }

    /// A NAT gateway in a subnet; a public one has as many Elastic IP addresses as said, a private one has none.
    pub fn nat_gateway(&mut self, subnet: &SubnetId, elastic_ips: usize) -> NatGatewayId {
        let mut allocations = (0..elastic_ips)
            .map(|_| self.change(|model, cx| model.allocate_address(cx, Tags::new())).unwrap())
            .collect::<Vec<_>>()
            .into_iter();
        let allocation_id = allocations.next();
        let new = NewNatGateway {
            subnet_id: subnet.clone(),
            connectivity: if allocation_id.is_some() { Connectivity::Public } else { Connectivity::Private },
            allocation_id,
            private_ip: None,
            secondary: NewNatAddresses { allocation_ids: allocations.collect(), ..NewNatAddresses::default() },
            tags: Tags::new(),
        };
        let id = self.change(|model, cx| model.create_nat_gateway(cx, new)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        id
    }

    /// Gives a public NAT gateway another Elastic IP address.
    pub fn grow_nat_gateway(&mut self, id: &NatGatewayId) {
        let allocation = self.change(|model, cx| model.allocate_address(cx, Tags::new())).unwrap();
        let more = NewNatAddresses { allocation_ids: vec![allocation], ..NewNatAddresses::default() };
        self.change(|model, cx| model.associate_nat_gateway_address(cx, id, &more)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// Keeps the region's VPCs from the internet, or does not.
    pub fn block_public_access(&mut self, block: AccessBlock) {
        self.change(|model, cx| model.set_public_access(cx, block));
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// Excepts a VPC or subnet from that.
    pub fn except_from_block(&mut self, of: Excluded, allowed: AllowedAccess) {
        self.change(|model, cx| model.create_access_exclusion(cx, of, allowed, Tags::new())).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// Takes a NAT gateway away.
    pub fn end_nat_gateway(&mut self, id: &NatGatewayId) {
        self.change(|model, cx| model.delete_nat_gateway(cx, id)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// A transit gateway, and its default route table.
    pub fn transit_gateway(&mut self) -> (TransitGatewayId, TransitGatewayRouteTableId) {
        let id = self.change(|model, cx| model.create_transit_gateway(cx, NewTransitGateway::default())).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        let table = self.model.transit_gateway(&id).unwrap().association_table.clone().unwrap();
        (id, table)
    }

    /// Attaches the VPC to a transit gateway by an ENI in each of some subnets.
    pub fn attach_to_transit(&mut self, id: &TransitGatewayId, subnets: &[&SubnetId]) -> TransitGatewayAttachmentId {
        let new = NewVpcAttachment {
            gateway_id: id.clone(),
            vpc_id: self.vpc.clone(),
            subnet_ids: subnets.iter().map(|subnet| (*subnet).clone()).collect(),
            options: VpcAttachmentOptions::default(),
            tags: Tags::new(),
        };
        let attachment = self.change(|model, cx| model.create_transit_gateway_vpc_attachment(cx, new)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        attachment
    }

    /// Changes an attachment.
    pub fn change_transit(&mut self, id: &TransitGatewayAttachmentId, change: VpcAttachmentChange) {
        self.change(|model, cx| model.modify_transit_gateway_vpc_attachment(cx, id, change)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// Takes an attachment away.
    pub fn detach_from_transit(&mut self, id: &TransitGatewayAttachmentId) {
        self.change(|model, cx| model.delete_transit_gateway_vpc_attachment(cx, id)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }
}
