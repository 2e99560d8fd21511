//! Prices of Spot Instances: DescribeSpotPriceHistory.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::spot_price::{self, HISTORY, PRODUCTS, Series};
use vpc_model::{Model, ZoneId, ZoneName, instance_type};

use super::{Action, Output, ReadOperation, read};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::{self, Xml};

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeSpotPriceHistory>()];

/// How many prices a page has at most.
const PAGE: usize = 1000;
/// What products of VPCs have at the end of their names, for those who remember others.
const IN_VPC: &str = " (Amazon VPC)";

/// A price and when it came into force.
#[derive(Debug, Clone)]
struct Price {
    zone: ZoneName,
    zone_id: ZoneId,
    instance_type: &'static str,
    product: &'static str,
    price: u64,
    time: Timestamp,
}

impl Price {
    fn in_dollars(&self) -> String {
        format!("{}.{:06}", self.price / 1_000_000, self.price % 1_000_000)
    }

    /// Orders the newest first, as replies have them.
    fn key(&self) -> String {
        let age = i64::MAX - self.time.as_second();
        format!("{age:020}/{}/{}/{}", self.instance_type, self.zone, self.product)
    }

    /// The time that a key begins with.
    fn time_of(key: &str) -> Option<Timestamp> {
        let age: i64 = key.split('/').next()?.parse().ok()?;
        Timestamp::from_second(i64::MAX.checked_sub(age)?).ok()
    }
}

const FIELDS: Fields<Model, Price> = Fields {
    by_name: &[
        ("availability-zone", |_, price| vec![price.zone.to_string()]),
        ("availability-zone-id", |_, price| vec![price.zone_id.to_string()]),
        ("instance-type", |_, price| vec![price.instance_type.to_owned()]),
        ("product-description", |_, price| vec![price.product.to_owned(), format!("{}{IN_VPC}", price.product)]),
        ("spot-price", |_, price| vec![price.in_dollars()]),
        ("timestamp", |_, price| vec![xml::time(price.time)]),
    ],
    tags: None,
};

#[derive(Debug)]
struct DescribeSpotPriceHistory {
    zone: Option<ZoneName>,
    zone_id: Option<ZoneId>,
    types: Vec<String>,
    products: Vec<String>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeSpotPriceHistory {
    const ACTION: &'static str = "DescribeSpotPriceHistory";
    type Output = History;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (zone, zone_id) = (query.optional("AvailabilityZone")?, query.optional("AvailabilityZoneId")?);
        if zone.is_some() && zone_id.is_some() {
            return Err(ApiError::combination("The parameter AvailabilityZone cannot be used with AvailabilityZoneId"));
        }
        let products: Vec<String> = query.list("ProductDescription")?;
        let products = products.iter().map(|name| name.trim_end_matches(IN_VPC).to_owned()).collect();
        Ok(Self {
            zone,
            zone_id,
            types: query.list("InstanceType")?,
            products,
            start: query.optional("StartTime")?,
            end: query.optional("EndTime")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 1..=1000)?.or_at_most(PAGE),
        })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let series = self.series(model)?;
        let oldest = now.checked_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let start = self.start.unwrap_or(oldest).max(oldest);
        let mut end = self.end.unwrap_or(now).min(now);
        if let Some(after) = self.page.after().and_then(Price::time_of) {
            end = end.min(after);
        }
        let mut found: Vec<Price> = Vec::new();
        // An empty window has the prices of its start still.
        let first = spot_price::span_of(start) - 1;
        for span in (first..=spot_price::span_of(end.max(start))).rev() {
            let prices: Vec<Price> = series.iter().filter_map(|one| price(one, span, start, end)).collect();
            let fitting = self.filters.select(&FIELDS, model, &prices)?;
            found.extend(fitting.into_iter().filter(|price| self.page.is_ahead(&price.key())).cloned());
            // Later spans have older prices only, so the page is full.
            if found.len() > self.page.size(PAGE) {
                break;
            }
        }
        Ok(History(self.page.page(found, Price::key)))
    }
}

/// The price that came into force in a span, if a time window shows it: it did so within, or it held at the start.
fn price(series: &Series, span: i64, start: Timestamp, end: Timestamp) -> Option<Price> {
    let change = series.change_in(span);
    if change.time > end.max(start) || series.until(span) <= start {
        return None;
    }
    Some(Price {
        zone: series.zone.name.clone(),
        zone_id: series.zone.id.clone(),
        instance_type: series.instance_type.name,
        product: series.product.name,
        price: change.price,
        time: change.time,
    })
}

impl DescribeSpotPriceHistory {
    /// The series asked for. Types and products that do not exist have no prices.
    fn series(&self, model: &Model) -> Result<Vec<Series>, ApiError> {
        if let Some(zone) = self.zone.as_ref().filter(|zone| model.zone(zone).is_none()) {
            return Err(ApiError::no_such_zone(zone));
        }
        if let Some(id) = self.zone_id.as_ref().filter(|id| model.zone_by_id(id).is_none()) {
            return Err(ApiError::no_such_zone(id));
        }
        let mut zones = model.zones();
        zones.retain(|zone| self.zone.as_ref().is_none_or(|name| *name == zone.name));
        zones.retain(|zone| self.zone_id.as_ref().is_none_or(|id| *id == zone.id));
        let is_asked = |asked: &[String], name: &str| asked.is_empty() || asked.iter().any(|one| one == name);
        let mut series = Vec::new();
        for known in instance_type::all().iter().filter(|known| is_asked(&self.types, known.name) && known.has_spot()) {
            for zone in &zones {
                let products = PRODUCTS.iter().filter(|product| is_asked(&self.products, product.name));
                series.extend(products.map(|product| Series::new(known, zone, *product)));
            }
        }
        Ok(series)
    }
}

#[derive(Debug)]
struct History(Page<Price>);

impl Output for History {
    fn write(&self, xml: &mut Xml) {
        xml.list("spotPriceHistorySet", &self.0.items, |xml, price| {
            xml.text("instanceType", price.instance_type);
            xml.text("productDescription", price.product);
            xml.text("spotPrice", price.in_dollars());
            xml.timestamp("timestamp", price.time);
            xml.text("availabilityZone", &price.zone);
            xml.text("availabilityZoneId", &price.zone_id);
        });
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
