//! ReplaceNetworkAclAssociation.

use vpc_model::{Context, Model, NetworkAclAssociationId, NetworkAclId};

use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct ReplaceNetworkAclAssociation {
    id: NetworkAclAssociationId,
    acl_id: NetworkAclId,
}

impl Operation for ReplaceNetworkAclAssociation {
    const ACTION: &'static str = "ReplaceNetworkAclAssociation";
    type Output = Replaced;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")?, acl_id: query.required("NetworkAclId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        Ok(Replaced(model.replace_network_acl_association(cx, &self.id, &self.acl_id)?))
    }
}

#[derive(Debug)]
pub(super) struct Replaced(NetworkAclAssociationId);

impl Output for Replaced {
    fn write(&self, xml: &mut Xml) {
        xml.text("newAssociationId", &self.0);
    }
}
