//! Customer gateways: what AWS knows of the other side of VPN connections.
//!
//! See <https://docs.aws.amazon.com/vpn/latest/s2svpn/cgw-options.html>.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Context, CustomerGatewayId, LifeSpan, Model, Tags, life_span};

/// A customer gateway.
#[derive(Debug, Clone)]
pub struct CustomerGateway {
    /// Its id.
    pub id: CustomerGatewayId,
    /// What is known of the device.
    pub device: CustomerDevice,
    /// Its tags.
    pub tags: Tags,
    span: LifeSpan,
}

/// What is known of a customer's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerDevice {
    /// The number of its side of BGP sessions.
    pub bgp_asn: u32,
    /// Its address.
    pub ip_address: Option<IpAddr>,
    /// The ARN of its certificate.
    pub certificate: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl CustomerGateway {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        self.span.phase().as_str()
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }
}

/// Why an operation on a customer gateway is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerGatewayError {
    /// No such gateway.
    #[error("customer gateway {0} does not exist")]
    NotFound(CustomerGatewayId),
    /// Neither an address nor a certificate.
    #[error("a customer gateway needs an address or a certificate")]
    NoAddress,
    /// The name is too long.
    #[error("the device name {0:?} is too long")]
    Name(String),
    /// Not an ARN of a certificate.
    #[error("{0:?} is not the arn of a certificate")]
    Certificate(String),
    /// A region has no more gateways.
    #[error("a region has at most {0} customer gateways")]
    TooMany(usize),
    /// Connections end at it.
    #[error("customer gateway {0} is in use")]
    InUse(CustomerGatewayId),
}

impl Model {
    /// Makes a customer gateway. One that is the same is not made twice.
    pub fn create_customer_gateway(
        &mut self,
        cx: &mut Context,
        device: CustomerDevice,
        tags: Tags,
    ) -> Result<CustomerGatewayId, CustomerGatewayError> {
        if device.ip_address.is_none() && device.certificate.is_none() {
            return Err(CustomerGatewayError::NoAddress);
        }
        if let Some(name) = device.name.as_ref().filter(|name| name.len() > 255) {
            return Err(CustomerGatewayError::Name(name.clone()));
        }
        if let Some(arn) = device.certificate.as_ref().filter(|arn| !arn.starts_with("arn:")) {
            return Err(CustomerGatewayError::Certificate(arn.clone()));
        }
        let alive = || self.customer_gateways.values().filter(|gateway| gateway.is_alive());
        if let Some(same) = alive().find(|gateway| gateway.device == device) {
            return Ok(same.id.clone());
        }
        let limit = self.quotas.customer_gateways;
        if alive().count() >= limit {
            return Err(CustomerGatewayError::TooMany(limit));
        }
        let id: CustomerGatewayId = cx.ids.next();
        let gateway = CustomerGateway { id: id.clone(), device, tags, span: self.vpn_span(cx.now) };
        self.customer_gateways.insert(id.clone(), gateway);
        self.touch();
        Ok(id)
    }

    /// Begins to take a customer gateway away where no connection ends.
    pub fn delete_customer_gateway(
        &mut self,
        cx: &mut Context,
        id: &CustomerGatewayId,
    ) -> Result<(), CustomerGatewayError> {
        if self.has_customer_connections(id) {
            return Err(CustomerGatewayError::InUse(id.clone()));
        }
        let gateway = self.customer_gateways.get_mut(id).filter(|gateway| gateway.is_alive());
        let gateway = gateway.ok_or_else(|| CustomerGatewayError::NotFound(id.clone()))?;
        gateway.span.end(cx.now);
        self.touch();
        Ok(())
    }

    /// Completes what was begun on customer gateways. Whether anything was.
    pub(crate) fn advance_customer_gateways(&mut self, now: Timestamp) -> bool {
        life_span::advance((&mut self.customer_gateways, |gateway| &mut gateway.span), self.delays.vpn, now)
    }

    /// When something that was begun on a customer gateway is complete.
    pub(crate) fn customer_gateways_due(&self) -> Option<Timestamp> {
        life_span::first_due(self.customer_gateways.values().map(|gateway| &gateway.span), self.delays.vpn)
    }
}
