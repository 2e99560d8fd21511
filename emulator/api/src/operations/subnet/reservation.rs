//! Reserved parts of subnets: CreateSubnetCidrReservation, DeleteSubnetCidrReservation, GetSubnetCidrReservations.

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Model, NewReservation, ReservationType, SubnetCidrReservation, SubnetCidrReservationId,
    SubnetError, SubnetId,
};

use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

values! {
    ReservationType { Prefix "prefix", Explicit "explicit" }
}

#[derive(Debug)]
pub(super) struct CreateSubnetCidrReservation(NewReservation);

impl Operation for CreateSubnetCidrReservation {
    const ACTION: &'static str = "CreateSubnetCidrReservation";
    type Output = ReservationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self(NewReservation {
            subnet_id: query.required("SubnetId")?,
            cidr: query.required("Cidr")?,
            reservation_type: query.required("ReservationType")?,
            description: query.optional("Description")?,
            tags: tag_specification::decode_one(query, &["subnet-cidr-reservation"])?,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_subnet_cidr_reservation(cx, self.0)?;
        let made = model.subnet_cidr_reservation(&id).cloned().ok_or(SubnetError::ReservationNotFound(id))?;
        let item = Item { reservation: made, owner: model.account().clone() };
        Ok(ReservationOutput { name: "subnetCidrReservation", item })
    }
}

#[derive(Debug)]
pub(super) struct DeleteSubnetCidrReservation {
    id: SubnetCidrReservationId,
}

impl Operation for DeleteSubnetCidrReservation {
    const ACTION: &'static str = "DeleteSubnetCidrReservation";
    type Output = ReservationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("SubnetCidrReservationId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let reservation = model.delete_subnet_cidr_reservation(&self.id)?;
        let item = Item { reservation, owner: model.account().clone() };
        Ok(ReservationOutput { name: "deletedSubnetCidrReservation", item })
    }
}

/// A reservation that was made or ended.
#[derive(Debug)]
pub(super) struct ReservationOutput {
    name: &'static str,
    item: Item,
}

impl Output for ReservationOutput {
    fn write(&self, xml: &mut Xml) {
        xml.element(self.name, |xml| self.item.write(xml));
    }
}

/// A reservation as replies show it.
#[derive(Debug)]
struct Item {
    reservation: SubnetCidrReservation,
    owner: AccountId,
}

impl Output for Item {
    fn write(&self, xml: &mut Xml) {
        xml.text("subnetCidrReservationId", &self.reservation.id);
        xml.text("subnetId", &self.reservation.subnet_id);
        xml.text("cidr", self.reservation.cidr);
        xml.text("reservationType", self.reservation.reservation_type);
        xml.text("ownerId", &self.owner);
        xml.optional("description", self.reservation.description.as_ref());
        xml.tags(&self.reservation.tags);
    }
}

const FIELDS: Fields<Model, SubnetCidrReservation> = Fields {
    by_name: &[
        ("reservationType", |_, found| vec![found.reservation_type.to_string()]),
        ("subnet-id", |_, found| vec![found.subnet_id.to_string()]),
    ],
    tags: Some(|found| &found.tags),
};

#[derive(Debug)]
pub(super) struct GetSubnetCidrReservations {
    subnet_id: SubnetId,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for GetSubnetCidrReservations {
    const ACTION: &'static str = "GetSubnetCidrReservations";
    type Output = GetSubnetCidrReservationsOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            subnet_id: query.required("SubnetId")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 5..=1000)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if model.subnet(&self.subnet_id).is_none() {
            return Err(SubnetError::NotFound(self.subnet_id).into());
        }
        let own = model.subnet_cidr_reservations().filter(|found| found.subnet_id == self.subnet_id);
        let selected = self.filters.select(&FIELDS, model, own)?;
        let page = self.page.page(selected, |found| found.id.to_string());
        let item = |found: &SubnetCidrReservation| Item { reservation: found.clone(), owner: model.account().clone() };
        let items = page.items.into_iter().map(item).collect();
        Ok(GetSubnetCidrReservationsOutput(Page { items, next_token: page.next_token }))
    }
}

#[derive(Debug)]
pub(super) struct GetSubnetCidrReservationsOutput(Page<Item>);

impl Output for GetSubnetCidrReservationsOutput {
    fn write(&self, xml: &mut Xml) {
        let is_ipv4 = |item: &&Item| matches!(item.reservation.cidr, IpNet::V4(_));
        let items = &self.0.items;
        xml.list("subnetIpv4CidrReservationSet", items.iter().filter(is_ipv4), |xml, item| item.write(xml));
        let ipv6 = items.iter().filter(|item| !is_ipv4(item));
        xml.list("subnetIpv6CidrReservationSet", ipv6, |xml, item| item.write(xml));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
