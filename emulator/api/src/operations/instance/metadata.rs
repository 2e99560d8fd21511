//! How IMDS serves instances: ModifyInstanceMetadataOptions, and the same options in RunInstances.

use vpc_model::instance::MetadataChange;
use vpc_model::{Context, InstanceId, MetadataOptions, Model};

use crate::ApiError;
use crate::operations::{Operation, Output};
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
