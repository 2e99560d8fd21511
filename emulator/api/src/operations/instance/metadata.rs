//! How IMDS serves instances: ModifyInstanceMetadataOptions, the same options in RunInstances, and the account's
//! GetInstanceMetadataDefaults and ModifyInstanceMetadataDefaults.

use jiff::Timestamp;
use vpc_model::instance::MetadataChange;
use vpc_model::{Context, InstanceId, MetadataOptions, Model};

use crate::ApiError;
use crate::operations::{Done, Operation, Output, ReadOperation};
use crate::query::{Query, values};
use crate::xml::Xml;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tokens {
    Optional,
    Required,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    Enabled,
    Disabled,
}

values! {
    Tokens { Optional "optional", Required "required" }
    Switch { Enabled "enabled", Disabled "disabled" }
}

/// Takes the options that a call names.
pub(super) fn decode(query: &mut Query) -> Result<MetadataChange, ApiError> {
    let endpoint_enabled = switch(query, "HttpEndpoint")?;
    let ipv6_enabled = switch(query, "HttpProtocolIpv6")?;
    let tags_enabled = switch(query, "InstanceMetadataTags")?;
    let hop_limit: Option<u8> = query.optional("HttpPutResponseHopLimit")?;
    if let Some(limit) = hop_limit.filter(|limit| !(1..=64).contains(limit)) {
        let name = query.full_name("HttpPutResponseHopLimit");
        return Err(ApiError::invalid(&name, &limit.to_string(), "Expected an integer from 1 to 64."));
    }
    let tokens: Option<Tokens> = query.optional("HttpTokens")?;
    let tokens_required = tokens.map(|tokens| tokens == Tokens::Required);
    Ok(MetadataChange { tokens_required, hop_limit, endpoint_enabled, ipv6_enabled, tags_enabled })
}

fn switch(query: &mut Query, name: &str) -> Result<Option<bool>, ApiError> {
    Ok(query.optional::<Switch>(name)?.map(|switch| switch == Switch::Enabled))
}

/// Writes the options. A change is in force at once.
pub(super) fn write(xml: &mut Xml, name: &'static str, options: &MetadataOptions) {
    let switch = |on: bool| if on { "enabled" } else { "disabled" };
    xml.element(name, |xml| {
        xml.text("state", "applied");
        xml.text("httpTokens", if options.tokens_required { "required" } else { "optional" });
        xml.text("httpPutResponseHopLimit", options.hop_limit);
        xml.text("httpEndpoint", switch(options.endpoint_enabled));
        xml.text("httpProtocolIpv6", switch(options.ipv6_enabled));
        xml.text("instanceMetadataTags", switch(options.tags_enabled));
    });
}

#[derive(Debug)]
pub(super) struct ModifyInstanceMetadataOptions {
    instance_id: InstanceId,
    change: MetadataChange,
}

impl Operation for ModifyInstanceMetadataOptions {
    const ACTION: &'static str = "ModifyInstanceMetadataOptions";
    type Output = Modified;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { instance_id: query.required("InstanceId")?, change: decode(query)? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Modified, ApiError> {
        let options = model.modify_metadata_options(cx.now, &self.instance_id, &self.change)?;
        Ok(Modified { instance_id: self.instance_id, options })
    }
}

#[derive(Debug)]
pub(super) struct Modified {
    instance_id: InstanceId,
    options: MetadataOptions,
}

impl Output for Modified {
    fn write(&self, xml: &mut Xml) {
        xml.text("instanceId", &self.instance_id);
        write(xml, "instanceMetadataOptions", &self.options);
    }
}

/// What no account-wide choice is called.
const NO_PREFERENCE: &str = "no-preference";

/// Takes a choice: `None` where nothing is said, and inside where nothing is preferred.
fn choice(query: &mut Query, name: &str, [on, off]: [&str; 2]) -> Result<Option<Option<bool>>, ApiError> {
    let Some(text) = query.optional::<String>(name)? else { return Ok(None) };
    match text.as_str() {
        NO_PREFERENCE => Ok(Some(None)),
        text if text == on => Ok(Some(Some(true))),
        text if text == off => Ok(Some(Some(false))),
        text => Err(ApiError::invalid(name, text, &format!("Expected one of: {on} {off} {NO_PREFERENCE}"))),
    }
}

#[derive(Debug)]
pub(super) struct ModifyInstanceMetadataDefaults {
    tokens: Option<Option<bool>>,
    hop_limit: Option<Option<u8>>,
    endpoint: Option<Option<bool>>,
    tags: Option<Option<bool>>,
}

impl Operation for ModifyInstanceMetadataDefaults {
    const ACTION: &'static str = "ModifyInstanceMetadataDefaults";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["HttpTokensEnforced"])?;
        let hop_limit: Option<i32> = query.optional("HttpPutResponseHopLimit")?;
        let hop_limit = hop_limit.map(|limit| match u8::try_from(limit) {
            _ if limit == -1 => Ok(None),
            Ok(limit @ 1..=64) => Ok(Some(limit)),
            _ => {
                let expected = "Expected an integer from 1 to 64, or -1.";
                Err(ApiError::invalid("HttpPutResponseHopLimit", &limit.to_string(), expected))
            }
        });
        Ok(Self {
            tokens: choice(query, "HttpTokens", ["required", "optional"])?,
            hop_limit: hop_limit.transpose()?,
            endpoint: choice(query, "HttpEndpoint", ["enabled", "disabled"])?,
            tags: choice(query, "InstanceMetadataTags", ["enabled", "disabled"])?,
        })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Done, ApiError> {
        let mut defaults = model.metadata_defaults().clone();
        defaults.tokens_required = self.tokens.unwrap_or(defaults.tokens_required);
        defaults.hop_limit = self.hop_limit.unwrap_or(defaults.hop_limit);
        defaults.endpoint_enabled = self.endpoint.unwrap_or(defaults.endpoint_enabled);
        defaults.tags_enabled = self.tags.unwrap_or(defaults.tags_enabled);
        model.set_metadata_defaults(defaults);
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct GetInstanceMetadataDefaults;

impl ReadOperation for GetInstanceMetadataDefaults {
    const ACTION: &'static str = "GetInstanceMetadataDefaults";
    type Output = Defaults;

    fn decode(_: &mut Query) -> Result<Self, ApiError> {
        Ok(Self)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Defaults, ApiError> {
        Ok(Defaults(model.metadata_defaults().clone()))
    }
}

/// The account's choices; where it prefers nothing, nothing is shown.
#[derive(Debug)]
pub(super) struct Defaults(MetadataChange);

impl Output for Defaults {
    fn write(&self, xml: &mut Xml) {
        let switch = |on: bool| if on { "enabled" } else { "disabled" };
        xml.element("accountLevel", |xml| {
            xml.optional("httpTokens", self.0.tokens_required.map(|on| if on { "required" } else { "optional" }));
            xml.optional("httpPutResponseHopLimit", self.0.hop_limit);
            xml.optional("httpEndpoint", self.0.endpoint_enabled.map(switch));
            xml.optional("instanceMetadataTags", self.0.tags_enabled.map(switch));
            xml.text("managedBy", "account");
        });
    }
}
