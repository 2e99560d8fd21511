//! What each side of a peering connection can switch on.

use super::{PeeringConnection, PeeringError, PeeringStatus};
use crate::{Model, PeeringConnectionId};

/// What a side of a peering connection has switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeeringOptions {
    /// The other side's instances resolve this side's public names to private addresses.
    pub dns_resolution: bool,
    /// Traffic between the regions may take several ways.
    pub multipath: bool,
}

/// Changes to a side's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeeringOptionChange {
    /// Name resolution.
    pub dns_resolution: Option<bool>,
    /// Several ways.
    pub multipath: Option<bool>,
}

impl PeeringOptionChange {
    fn apply(self, options: &mut PeeringOptions) {
        options.dns_resolution = self.dns_resolution.unwrap_or(options.dns_resolution);
        options.multipath = self.multipath.unwrap_or(options.multipath);
    }
}

impl PeeringConnection {
    /// Whether traffic takes several ways, between regions.
    pub fn multipath_status(&self) -> Option<&'static str> {
        let sides = [self.requester.options.multipath, self.accepter.options.multipath];
        self.is_inter_region().then_some(match sides {
            [true, true] => "enabled",
            [false, false] => "disabled",
            _ => "pending",
        })
    }
}

impl Model {
    /// Changes options of one or both sides of a connection in use.
    pub fn modify_peering_options(
        &mut self,
        id: &PeeringConnectionId,
        requester: Option<PeeringOptionChange>,
        accepter: Option<PeeringOptionChange>,
    ) -> Result<(), PeeringError> {
        let peering = self.shown_peering(id)?;
        if peering.status != PeeringStatus::Active {
            return Err(PeeringError::NotActive(id.clone()));
        }
        let sides = [
            (&peering.requester, requester, "modify requester peering options of"),
            (&peering.accepter, accepter, "modify accepter peering options of"),
        ];
        for (side, change, action) in sides {
            let Some(change) = change else { continue };
            if side.owner != self.account {
                return Err(self.not_yours(id, action));
            }
            self.must_be_here(id, side, "modified")?;
            if change.multipath == Some(true) && !peering.is_inter_region() {
                return Err(PeeringError::OneRegion(id.clone()));
            }
        }
        let peering = self.peering_mut(id)?;
        requester.unwrap_or_default().apply(&mut peering.requester.options);
        accepter.unwrap_or_default().apply(&mut peering.accepter.options);
        self.touch();
        Ok(())
    }
}
