//! The tunnels of a VPN connection, as calls ask for them and replies show them.

use std::collections::BTreeMap;

use vpc_model::{CloudWatchLogs, TunnelChoice, TunnelNumber, TunnelOptions, VpnTunnel};

use crate::ApiError;
use crate::query::Query;
use crate::xml::Xml;

/// The options that are numbers, with their elements in replies.
const NUMBERS: [(TunnelNumber, &str); 6] = [
    (TunnelNumber::Phase1Lifetime, "phase1LifetimeSeconds"),
    (TunnelNumber::Phase2Lifetime, "phase2LifetimeSeconds"),
    (TunnelNumber::RekeyMargin, "rekeyMarginTimeSeconds"),
    (TunnelNumber::RekeyFuzz, "rekeyFuzzPercentage"),
    (TunnelNumber::ReplayWindow, "replayWindowSize"),
    (TunnelNumber::DpdTimeout, "dpdTimeoutSeconds"),
];

/// The options that are one text.
const ACTIONS: [(TunnelChoice, &str); 2] =
    [(TunnelChoice::DpdAction, "dpdTimeoutAction"), (TunnelChoice::Startup, "startupAction")];

/// The options that are several texts.
const LISTS: [(TunnelChoice, &str); 7] = [
    (TunnelChoice::Phase1Encryption, "phase1EncryptionAlgorithmSet"),
    (TunnelChoice::Phase2Encryption, "phase2EncryptionAlgorithmSet"),
    (TunnelChoice::Phase1Integrity, "phase1IntegrityAlgorithmSet"),
    (TunnelChoice::Phase2Integrity, "phase2IntegrityAlgorithmSet"),
    (TunnelChoice::Phase1Groups, "phase1DHGroupNumberSet"),
    (TunnelChoice::Phase2Groups, "phase2DHGroupNumberSet"),
    (TunnelChoice::IkeVersion, "ikeVersionSet"),
];

/// Takes the options of one tunnel.
pub(super) fn decode(query: &mut Query) -> Result<TunnelOptions, ApiError> {
    query.refuse_unsupported(&["Phase1AdditionalKeyExchange", "Phase2AdditionalKeyExchange"])?;
    let mut numbers = BTreeMap::new();
    for (number, _) in NUMBERS {
        numbers.extend(query.optional(number.range().0)?.map(|value| (number, value)));
    }
    let mut choices = BTreeMap::new();
    for (choice, _) in ACTIONS {
        choices.extend(query.optional(choice.values().0)?.map(|value| (choice, vec![value])));
    }
    for (choice, _) in LISTS {
        let values: Vec<String> = query.structs(choice.values().0, |inside| inside.required("Value"))?;
        if !values.is_empty() {
            choices.insert(choice, values);
        }
    }
    let logs = query.structure("LogOptions", |inside| inside.structure("CloudWatchLogOptions", decode_logs))?;
    Ok(TunnelOptions {
        inside: query.optional("TunnelInsideCidr")?,
        inside_ipv6: query.optional("TunnelInsideIpv6Cidr")?,
        pre_shared_key: query.optional("PreSharedKey")?,
        numbers,
        choices,
        logs: logs.flatten(),
        lifecycle_control: query.optional("EnableTunnelLifecycleControl")?,
    })
}

fn decode_logs(query: &mut Query) -> Result<CloudWatchLogs, ApiError> {
    Ok(CloudWatchLogs {
        enabled: query.flag("LogEnabled")?,
        group: query.optional("LogGroupArn")?,
        format: super::one_of(query, "LogOutputFormat", &["json", "text"])?,
        bgp_enabled: query.flag("BgpLogEnabled")?,
        bgp_group: query.optional("BgpLogGroupArn")?,
        bgp_format: super::one_of(query, "BgpLogOutputFormat", &["json", "text"])?,
    })
}

/// What is shown of a tunnel: what was asked for, and what was chosen where nothing was.
pub(super) fn write(xml: &mut Xml, tunnel: &VpnTunnel) {
    let options = &tunnel.options;
    xml.text("outsideIpAddress", tunnel.outside);
    xml.optional("tunnelInsideCidr", options.inside);
    xml.optional("tunnelInsideIpv6Cidr", options.inside_ipv6);
    xml.optional("preSharedKey", options.pre_shared_key.as_ref());
    for (number, name) in NUMBERS {
        xml.optional(name, options.numbers.get(&number));
    }
    for (choice, name) in ACTIONS {
        xml.optional(name, options.choices.get(&choice).and_then(|values| values.first()));
    }
    for (choice, name) in LISTS {
        if let Some(values) = options.choices.get(&choice) {
            xml.list(name, values, |xml, value| xml.text("value", value));
        }
    }
    if let Some(logs) = &options.logs {
        xml.element("logOptions", |xml| {
            xml.element("cloudWatchLogOptions", |xml| {
                xml.text("logEnabled", logs.enabled);
                xml.optional("logGroupArn", logs.group.as_ref());
                xml.optional("logOutputFormat", logs.format.as_ref());
                xml.text("bgpLogEnabled", logs.bgp_enabled);
                xml.optional("bgpLogGroupArn", logs.bgp_group.as_ref());
                xml.optional("bgpLogOutputFormat", logs.bgp_format.as_ref());
            });
        });
    }
    xml.optional("enableTunnelLifecycleControl", options.lifecycle_control);
}
