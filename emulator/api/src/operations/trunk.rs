//! Trunk interfaces: AssociateTrunkInterface, DisassociateTrunkInterface, DescribeTrunkInterfaceAssociations.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{Context, Model, NetworkInterfaceId, Tags, TrunkAssociation, TrunkAssociationId, TrunkError, VlanId};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] =
    &[write::<AssociateTrunkInterface>(), write::<DisassociateTrunkInterface>(), read::<Describe<TrunkAssociation>>()];

impl Value for VlanId {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        let number = text.parse().ok().and_then(VlanId::new);
        number.ok_or_else(|| ApiError::invalid(name, &text, "Expected a VLAN ID from 1 to 4094."))
    }
}

impl Describable for TrunkAssociation {
    type Id = TrunkAssociationId;
    type Item = AssociationItem;

    const ACTION: &'static str = "DescribeTrunkInterfaceAssociations";
    const IDS: &'static str = "AssociationId";
    const SET: &'static str = "interfaceAssociationSet";
    const MAX_RESULTS: RangeInclusive<u32> = 5..=255;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("gre-key", |_, _| Vec::new()),
            ("interface-protocol", |_, _| vec!["VLAN".to_owned()]),
            ("trunk-interface-association.association-id", |_, found| vec![found.id.to_string()]),
            ("trunk-interface-association.branch-interface-id", |_, found| vec![found.branch_id.to_string()]),
            ("trunk-interface-association.trunk-interface-id", |_, found| vec![found.trunk_id.to_string()]),
            ("vlan-id", |_, found| vec![found.vlan_id.to_string()]),
        ],
        tags: Some(|found| &found.tags),
    };

    fn id(&self) -> &TrunkAssociationId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &TrunkAssociationId) -> Option<&'a Self> {
        model.trunk_association(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.trunk_associations().collect()
    }

    fn missing(id: &TrunkAssociationId) -> ApiError {
        TrunkError::NotFound(id.clone()).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> AssociationItem {
        AssociationItem(self.clone())
    }
}

/// An association as replies show it.
#[derive(Debug)]
pub(crate) struct AssociationItem(TrunkAssociation);

impl Output for AssociationItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("associationId", &self.0.id);
        xml.text("branchInterfaceId", &self.0.branch_id);
        xml.text("trunkInterfaceId", &self.0.trunk_id);
        xml.text("interfaceProtocol", "VLAN");
        xml.text("vlanId", self.0.vlan_id);
        xml.tags(&self.0.tags);
    }
}

#[derive(Debug)]
struct AssociateTrunkInterface {
    branch_id: NetworkInterfaceId,
    trunk_id: NetworkInterfaceId,
    vlan_id: VlanId,
    client_token: Option<String>,
}

impl Operation for AssociateTrunkInterface {
    const ACTION: &'static str = "AssociateTrunkInterface";
    const CLIENT_TOKEN: bool = true;
    type Output = AssociateTrunkInterfaceOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Deviation: AWS can tunnel branches in GRE for its own services; nobody else uses that.
        if query.optional::<u32>("GreKey")?.is_some() {
            return Err(ApiError::new(Code::UNSUPPORTED_OPERATION, "The GRE protocol is not supported."));
        }
        Ok(Self {
            branch_id: query.required("BranchInterfaceId")?,
            trunk_id: query.required("TrunkInterfaceId")?,
            vlan_id: query.required("VlanId")?,
            client_token: query.client_token().map(str::to_owned),
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.associate_trunk_interface(cx, &self.trunk_id, &self.branch_id, self.vlan_id, Tags::new())?;
        let association = created::<TrunkAssociation>("interfaceAssociation", model, cx.now, &id)?;
        Ok(AssociateTrunkInterfaceOutput { association, client_token: self.client_token })
    }
}

#[derive(Debug)]
struct AssociateTrunkInterfaceOutput {
    association: Single<AssociationItem>,
    client_token: Option<String>,
}

impl Output for AssociateTrunkInterfaceOutput {
    fn write(&self, xml: &mut Xml) {
        self.association.write(xml);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}

#[derive(Debug)]
struct DisassociateTrunkInterface {
    id: TrunkAssociationId,
    client_token: Option<String>,
}

impl Operation for DisassociateTrunkInterface {
    const ACTION: &'static str = "DisassociateTrunkInterface";
    const CLIENT_TOKEN: bool = true;
    type Output = DisassociateTrunkInterfaceOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")?, client_token: query.client_token().map(str::to_owned) })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.disassociate_trunk_interface(&self.id)?;
        Ok(DisassociateTrunkInterfaceOutput { client_token: self.client_token })
    }
}

#[derive(Debug)]
struct DisassociateTrunkInterfaceOutput {
    client_token: Option<String>,
}

impl Output for DisassociateTrunkInterfaceOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}
