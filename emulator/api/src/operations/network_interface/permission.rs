//! CreateNetworkInterfacePermission, DeleteNetworkInterfacePermission, DescribeNetworkInterfacePermissions.

use jiff::Timestamp;
use vpc_model::{
    Context, Grantee, InterfaceError, InterfacePermission, InterfacePermissionId, Model, NetworkInterfaceId,
};

use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Done, Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::{Query, values};
use crate::xml::Xml;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    Attach,
    AssociateAddress,
}

values! {
    Permission { Attach "INSTANCE-ATTACH", AssociateAddress "EIP-ASSOCIATE" }
}

#[derive(Debug)]
pub(super) struct CreateNetworkInterfacePermission {
    id: NetworkInterfaceId,
    grantee: Grantee,
    permission: Permission,
}

impl Operation for CreateNetworkInterfacePermission {
    const ACTION: &'static str = "CreateNetworkInterfacePermission";
    type Output = CreateNetworkInterfacePermissionOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let account = query.optional("AwsAccountId")?.map(Grantee::Account);
        let service = query.optional("AwsService")?.map(Grantee::Service);
        if account.is_some() && service.is_some() {
            return Err(ApiError::combination("AwsAccountId and AwsService cannot be used together"));
        }
        Ok(Self {
            id: query.required("NetworkInterfaceId")?,
            grantee: account.or(service).ok_or_else(|| ApiError::missing("AwsAccountId"))?,
            permission: query.required("Permission")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let text = match self.permission {
            Permission::Attach => "INSTANCE-ATTACH",
            Permission::AssociateAddress => "EIP-ASSOCIATE",
        };
        let permission = model.create_interface_permission(cx, &self.id, self.grantee, text)?;
        Ok(CreateNetworkInterfacePermissionOutput(Granted { interface: self.id, permission }))
    }
}

#[derive(Debug)]
pub(super) struct CreateNetworkInterfacePermissionOutput(Granted);

impl Output for CreateNetworkInterfacePermissionOutput {
    fn write(&self, xml: &mut Xml) {
        xml.element("interfacePermission", |xml| self.0.write(xml));
    }
}

/// A permission and its interface.
#[derive(Debug, Clone)]
struct Granted {
    interface: NetworkInterfaceId,
    permission: InterfacePermission,
}

impl Output for Granted {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInterfacePermissionId", &self.permission.id);
        xml.text("networkInterfaceId", &self.interface);
        match &self.permission.grantee {
            Grantee::Account(account) => xml.text("awsAccountId", account),
            Grantee::Service(service) => xml.text("awsService", service),
        }
        xml.text("permission", &self.permission.permission);
        xml.element("permissionState", |xml| xml.text("state", "granted"));
    }
}

#[derive(Debug)]
pub(super) struct DeleteNetworkInterfacePermission {
    id: InterfacePermissionId,
    force: bool,
}

impl Operation for DeleteNetworkInterfacePermission {
    const ACTION: &'static str = "DeleteNetworkInterfacePermission";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkInterfacePermissionId")?, force: query.flag("Force")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_interface_permission(&self.id, self.force)?;
        Ok(Done)
    }
}

const FIELDS: Fields<Model, Granted> = Fields {
    by_name: &[
        ("network-interface-permission.aws-account-id", |_, granted| match &granted.permission.grantee {
            Grantee::Account(account) => vec![account.to_string()],
            Grantee::Service(_) => Vec::new(),
        }),
        ("network-interface-permission.aws-service", |_, granted| match &granted.permission.grantee {
            Grantee::Account(_) => Vec::new(),
            Grantee::Service(service) => vec![service.clone()],
        }),
        ("network-interface-permission.network-interface-id", |_, granted| vec![granted.interface.to_string()]),
        ("network-interface-permission.network-interface-permission-id", |_, granted| {
            vec![granted.permission.id.to_string()]
        }),
        ("network-interface-permission.permission", |_, granted| vec![granted.permission.permission.clone()]),
    ],
    tags: None,
};

#[derive(Debug)]
pub(super) struct DescribeNetworkInterfacePermissions {
    ids: Vec<InterfacePermissionId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeNetworkInterfacePermissions {
    const ACTION: &'static str = "DescribeNetworkInterfacePermissions";
    type Output = DescribeNetworkInterfacePermissionsOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            ids: query.list("NetworkInterfacePermissionId")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 5..=255)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let all: Vec<Granted> = model
            .interface_permissions()
            .map(|(interface, found)| Granted { interface: interface.id.clone(), permission: found.clone() })
            .filter(|granted| self.ids.is_empty() || self.ids.contains(&granted.permission.id))
            .collect();
        if let Some(missing) = self.ids.iter().find(|id| all.iter().all(|granted| granted.permission.id != **id)) {
            return Err(InterfaceError::PermissionNotFound(missing.clone()).into());
        }
        let selected = self.filters.select(&FIELDS, model, &all)?.into_iter().cloned();
        let page = self.page.page(selected, |granted| granted.permission.id.to_string());
        Ok(DescribeNetworkInterfacePermissionsOutput(page))
    }
}

#[derive(Debug)]
pub(super) struct DescribeNetworkInterfacePermissionsOutput(Page<Granted>);

impl Output for DescribeNetworkInterfacePermissionsOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("networkInterfacePermissions", &self.0.items, |xml, granted| granted.write(xml));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
