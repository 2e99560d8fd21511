//! ENIs that services of AWS's make for themselves in a caller's subnet: VPC endpoints, NAT gateways, transit
//! gateway attachments. The caller sees them and cannot change them.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>.

use jiff::Timestamp;

use super::{InterfaceError, InterfaceType};
use crate::{Context, Model, NetworkInterfaceId, NewInterface, ServiceAttachmentId};

/// A service's use of an ENI, which is shown like an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAttachment {
    /// Its id.
    pub id: ServiceAttachmentId,
    /// When it was made.
    pub attach_time: Timestamp,
}

impl ServiceAttachment {
    /// The account that stands for the service where EC2 says who made an ENI.
    ///
    /// Deviation: AWS's services have an account each in each region; here it is one for all.
    pub const REQUESTER: &'static str = "727180483921";
    /// Who has what the ENI is attached to.
    pub const OWNER: &'static str = "amazon-aws";
    /// The device index, which is always the same.
    pub const DEVICE_INDEX: u16 = 1;
}

impl InterfaceType {
    /// Whether ENIs of this type have security groups.
    pub(super) fn has_groups(self) -> bool {
        !matches!(self, Self::GatewayLoadBalancerEndpoint | Self::NatGateway | Self::TransitGateway)
    }
}

impl Model {
    /// Makes an ENI for a service. It goes by `remove_interface`, as the service's resource does.
    pub(crate) fn create_service_interface(
        &mut self,
        cx: &mut Context,
        new: NewInterface,
    ) -> Result<NetworkInterfaceId, InterfaceError> {
        let id = self.create_network_interface(cx, new)?;
        let service = ServiceAttachment { id: cx.ids.next(), attach_time: cx.now };
        let interface = self.network_interfaces.get_mut(&id).expect("it was just made");
        interface.service = Some(service);
        Ok(id)
    }

    /// Refuses to let callers change what a service made for itself.
    pub(super) fn check_callers_own(&self, id: &NetworkInterfaceId) -> Result<(), InterfaceError> {
        let interface = self.network_interfaces.get(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        if interface.is_requester_managed() { Err(InterfaceError::ServiceOwned(id.clone())) } else { Ok(()) }
    }
}
