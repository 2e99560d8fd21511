//! Trunk and branch ENIs.

use super::network_interface::client_token;
use crate::client::Client;
use crate::error::Error;
use crate::params::Params;
use crate::types::TrunkInterfaceAssociation;

impl Client {
    /// CreateNetworkInterfacePermission (`INSTANCE-ATTACH`): lets an account attach the ENI.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn create_network_interface_permission(&self, id: &str, account: &str) -> Result<(), Error> {
        let params = Params::new()
            .set("NetworkInterfaceId", id)
            .set("AwsAccountId", account)
            .set("Permission", "INSTANCE-ATTACH");
        self.call_with("CreateNetworkInterfacePermission", &params).await.map(drop)
    }

    /// AssociateTrunkInterface: from now on the trunk carries the branch's frames under this VLAN id.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn associate_trunk_interface(
        &self,
        branch_interface_id: &str,
        trunk_interface_id: &str,
        vlan_id: u16,
    ) -> Result<TrunkInterfaceAssociation, Error> {
        let params = Params::new()
            .set("BranchInterfaceId", branch_interface_id)
            .set("TrunkInterfaceId", trunk_interface_id)
            .set("VlanId", vlan_id)
            .set("ClientToken", client_token());
        let reply = self.call_with("AssociateTrunkInterface", &params).await?;
        Ok(TrunkInterfaceAssociation {
            association_id: reply.parsed("interfaceAssociation/associationId")?,
            branch_interface_id: branch_interface_id.to_owned(),
            trunk_interface_id: trunk_interface_id.to_owned(),
            vlan_id: Some(vlan_id),
        })
    }

    /// DisassociateTrunkInterface.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn disassociate_trunk_interface(&self, association_id: &str) -> Result<(), Error> {
        let params = Params::new().set("AssociationId", association_id).set("ClientToken", client_token());
        self.call_with("DisassociateTrunkInterface", &params).await.map(drop)
    }
}
