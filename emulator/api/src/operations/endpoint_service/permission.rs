//! Whom services are offered to: ModifyVpcEndpointServicePermissions, DescribeVpcEndpointServicePermissions.

use jiff::Timestamp;
use vpc_model::{AllowedPrincipal, Context, EndpointServiceError, EndpointServiceId, Model};

use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

const FIELDS: Fields<Model, AllowedPrincipal> = Fields {
    by_name: &[
        ("permission-type", |_, allowed| vec![allowed.permission.to_owned()]),
        ("principal", |_, allowed| vec![allowed.principal.clone()]),
        ("principal-type", |_, allowed| vec![allowed.kind().to_owned()]),
    ],
    tags: None,
};

/// What is allowed, by its name.
fn permission(name: &str) -> Result<&'static str, ApiError> {
    let known = ["vpc-endpoint", "transit-gateway-attachment"];
    known.into_iter().find(|known| *known == name).ok_or_else(|| {
        ApiError::invalid("PermissionType", name, "Expected one of: vpc-endpoint transit-gateway-attachment")
    })
}

fn write_principal(xml: &mut Xml, allowed: &AllowedPrincipal, service: &EndpointServiceId) {
    xml.text("principalType", allowed.kind());
    xml.text("principal", &allowed.principal);
    xml.text("servicePermissionId", &allowed.id);
    xml.text("serviceId", service);
    xml.text("permissionType", allowed.permission);
}

#[derive(Debug)]
pub(super) struct ModifyVpcEndpointServicePermissions {
    id: EndpointServiceId,
    permission: &'static str,
    add: Vec<String>,
    remove: Vec<String>,
}

impl Operation for ModifyVpcEndpointServicePermissions {
    const ACTION: &'static str = "ModifyVpcEndpointServicePermissions";
    type Output = Added;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let name: Option<String> = query.optional("PermissionType")?;
        Ok(Self {
            id: query.required("ServiceId")?,
            permission: permission(name.as_deref().unwrap_or("vpc-endpoint"))?,
            add: query.list("AddAllowedPrincipals")?,
            remove: query.list("RemoveAllowedPrincipals")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let added = model.modify_service_permissions(cx, &self.id, self.permission, &self.add, &self.remove)?;
        Ok(Added { id: self.id, added })
    }
}

#[derive(Debug)]
pub(super) struct Added {
    id: EndpointServiceId,
    added: Vec<AllowedPrincipal>,
}

impl Output for Added {
    fn write(&self, xml: &mut Xml) {
        xml.list("addedPrincipalSet", &self.added, |xml, allowed| write_principal(xml, allowed, &self.id));
        xml.text("return", true);
    }
}

#[derive(Debug)]
pub(super) struct DescribeVpcEndpointServicePermissions {
    id: EndpointServiceId,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeVpcEndpointServicePermissions {
    const ACTION: &'static str = "DescribeVpcEndpointServicePermissions";
    type Output = Permissions;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, filters) = (query.required("ServiceId")?, Filters::decode(query)?);
        Ok(Self { id, filters, page: PageRequest::decode(query, 1..=u32::MAX)?.or_at_most(super::MOST) })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let service = model.offered_service(&self.id);
        let service = service.ok_or_else(|| EndpointServiceError::NotFound(self.id.clone()))?;
        let found = self.filters.select(&FIELDS, model, &service.allowed)?.into_iter().cloned();
        Ok(Permissions { page: self.page.page(found, |allowed| allowed.id.to_string()), id: self.id })
    }
}

#[derive(Debug)]
pub(super) struct Permissions {
    id: EndpointServiceId,
    page: Page<AllowedPrincipal>,
}

impl Output for Permissions {
    fn write(&self, xml: &mut Xml) {
        xml.list("allowedPrincipals", &self.page.items, |xml, allowed| {
            write_principal(xml, allowed, &self.id);
            xml.list("tagSet", [(); 0], |_, ()| ());
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}
