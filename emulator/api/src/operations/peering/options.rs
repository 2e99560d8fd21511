//! What each side of a peering connection can switch on: ModifyVpcPeeringConnectionOptions.

use vpc_model::{Context, Model, PeeringConnectionId, PeeringOptionChange, PeeringOptions};

use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// The one way in which traffic between regions takes several ways.
pub(super) const MODE: &str = "always-on";

/// Takes the options that a request can come with.
pub(super) fn decode_multipath(query: &mut Query) -> Result<PeeringOptionChange, ApiError> {
    let mode: Option<String> = query.optional("MultipathResilienceMode")?;
    if let Some(other) = mode.filter(|mode| mode != MODE) {
        return Err(ApiError::invalid("MultipathResilienceMode", &other, "Expected one of: always-on"));
    }
    Ok(PeeringOptionChange { dns_resolution: None, multipath: query.optional("AllowMultipathResilience")? })
}

/// What a side begins with.
pub(super) fn begin_with(change: PeeringOptionChange) -> PeeringOptions {
    PeeringOptions {
        dns_resolution: change.dns_resolution.unwrap_or_default(),
        multipath: change.multipath.unwrap_or_default(),
    }
}

/// Takes all options. EC2-Classic is no more, so links with it cannot be switched on.
fn decode(query: &mut Query) -> Result<PeeringOptionChange, ApiError> {
    query.refuse_flag("AllowEgressFromLocalClassicLinkToRemoteVpc")?;
    query.refuse_flag("AllowEgressFromLocalVpcToRemoteClassicLink")?;
    let dns_resolution = query.optional("AllowDnsResolutionFromRemoteVpc")?;
    Ok(PeeringOptionChange { dns_resolution, ..decode_multipath(query)? })
}

#[derive(Debug)]
pub(super) struct ModifyVpcPeeringConnectionOptions {
    id: PeeringConnectionId,
    requester: Option<PeeringOptionChange>,
    accepter: Option<PeeringOptionChange>,
}

impl Operation for ModifyVpcPeeringConnectionOptions {
    const ACTION: &'static str = "ModifyVpcPeeringConnectionOptions";
    type Output = Modified;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id = query.required("VpcPeeringConnectionId")?;
        let requester = query.structure("RequesterPeeringConnectionOptions", decode)?;
        let accepter = query.structure("AccepterPeeringConnectionOptions", decode)?;
        if requester.is_none() && accepter.is_none() {
            return Err(ApiError::missing("RequesterPeeringConnectionOptions or AccepterPeeringConnectionOptions"));
        }
        Ok(Self { id, requester, accepter })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_peering_options(&self.id, self.requester, self.accepter)?;
        let peering = model.peering(&self.id);
        let of = |side: Option<PeeringOptions>, change: Option<PeeringOptionChange>| change.and(side);
        Ok(Modified {
            requester: of(peering.map(|peering| peering.requester.options), self.requester),
            accepter: of(peering.map(|peering| peering.accepter.options), self.accepter),
        })
    }
}

/// The options of the sides that were changed.
#[derive(Debug)]
pub(super) struct Modified {
    requester: Option<PeeringOptions>,
    accepter: Option<PeeringOptions>,
}

impl Output for Modified {
    fn write(&self, xml: &mut Xml) {
        let sides = [
            ("accepterPeeringConnectionOptions", self.accepter),
            ("requesterPeeringConnectionOptions", self.requester),
        ];
        for (name, options) in sides {
            if let Some(options) = options {
                xml.element(name, |xml| write(xml, options));
            }
        }
    }
}

/// Writes a side's options.
pub(super) fn write(xml: &mut Xml, options: PeeringOptions) {
    xml.text("allowDnsResolutionFromRemoteVpc", options.dns_resolution);
    xml.text("allowEgressFromLocalClassicLinkToRemoteVpc", false);
    xml.text("allowEgressFromLocalVpcToRemoteClassicLink", false);
    if options.multipath {
        xml.text("allowMultipathResilience", true);
        xml.text("multipathResilienceMode", MODE);
    }
}
