//! DescribeAddressesAttribute, ModifyAddressAttribute, ResetAddressAttribute: the names of reverse look-ups.

use jiff::Timestamp;
use vpc_model::{AllocationId, Context, ElasticIp, ElasticIpError, Model};

use crate::ApiError;
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::{Query, values};
use crate::xml::Xml;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    DomainName,
}

values! {
    Attribute { DomainName "domain-name" }
}

#[derive(Debug)]
pub(super) struct DescribeAddressesAttribute {
    ids: Vec<AllocationId>,
    page: PageRequest,
}

impl ReadOperation for DescribeAddressesAttribute {
    const ACTION: &'static str = "DescribeAddressesAttribute";
    type Output = DescribeAddressesAttributeOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let _only_one: Option<Attribute> = query.optional("Attribute")?;
        Ok(Self { ids: query.list("AllocationId")?, page: PageRequest::decode(query, 1..=1000)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let find = |id: &AllocationId| model.elastic_ip(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()));
        let asked: Vec<&ElasticIp> = match self.ids.as_slice() {
            [] => model.elastic_ips().collect(),
            ids => ids.iter().map(find).collect::<Result<_, _>>()?,
        };
        let page = self.page.page(asked, |own| own.id.to_string());
        let items = page.items.into_iter().map(NameItem::of).collect();
        Ok(DescribeAddressesAttributeOutput { items, next_token: page.next_token })
    }
}

#[derive(Debug)]
pub(super) struct DescribeAddressesAttributeOutput {
    items: Vec<NameItem>,
    next_token: Option<String>,
}

impl Output for DescribeAddressesAttributeOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("addressSet", &self.items, |xml, item| item.write(xml));
        xml.optional("nextToken", self.next_token.as_ref());
    }
}

/// An address' name as replies show it.
#[derive(Debug)]
struct NameItem {
    elastic_ip: ElasticIp,
    /// What was asked for just now; EC2 answers before the name servers know.
    update: Option<String>,
}

impl NameItem {
    fn of(elastic_ip: &ElasticIp) -> Self {
        Self { elastic_ip: elastic_ip.clone(), update: None }
    }
}

impl Output for NameItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("publicIp", self.elastic_ip.public_ip);
        xml.text("allocationId", &self.elastic_ip.id);
        xml.optional("ptrRecord", self.elastic_ip.domain_name.as_ref());
        if let Some(name) = &self.update {
            xml.element("ptrRecordUpdate", |xml| {
                xml.text("value", name);
                xml.text("status", "PENDING");
            });
        }
    }
}

#[derive(Debug)]
pub(super) struct ModifyAddressAttribute {
    id: AllocationId,
    name: String,
}

impl Operation for ModifyAddressAttribute {
    const ACTION: &'static str = "ModifyAddressAttribute";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, name): (_, String) = (query.required("AllocationId")?, query.required("DomainName")?);
        if name.trim_end_matches('.').is_empty() {
            return Err(ApiError::invalid("DomainName", &name, "Expected a domain name."));
        }
        Ok(Self { id, name: format!("{}.", name.trim_end_matches('.')) })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.set_address_name(&self.id, Some(self.name.clone()))?;
        changed(model, &self.id, Some(self.name))
    }
}

#[derive(Debug)]
pub(super) struct ResetAddressAttribute {
    id: AllocationId,
}

impl Operation for ResetAddressAttribute {
    const ACTION: &'static str = "ResetAddressAttribute";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let _only_one: Attribute = query.required("Attribute")?;
        Ok(Self { id: query.required("AllocationId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.set_address_name(&self.id, None)?;
        changed(model, &self.id, None)
    }
}

fn changed(model: &Model, id: &AllocationId, update: Option<String>) -> Result<Changed, ApiError> {
    let elastic_ip = model.elastic_ip(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()))?.clone();
    Ok(Changed(NameItem { elastic_ip, update }))
}

#[derive(Debug)]
pub(super) struct Changed(NameItem);

impl Output for Changed {
    fn write(&self, xml: &mut Xml) {
        xml.element("address", |xml| self.0.write(xml));
    }
}
