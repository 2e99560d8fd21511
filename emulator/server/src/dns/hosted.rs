//! Private hosted zones, as Route 53 keeps them: here they come from the configuration.
//!
//! See <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html>; wildcards follow
//! RFC 4592.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use simple_dns::rdata::{CNAME, MX, PTR, RData, SRV, TXT};
use simple_dns::{CharacterString, Name};
use vpc_model::Vpc;

use super::zone::{Answer, is_within};

/// How long records may be cached unless said.
const TTL_SECONDS: u32 = 300;

/// A private hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ZoneSetting")]
pub struct HostedZone {
    /// Its name, in lower case and without a dot at the end.
    pub name: String,
    /// The VPCs that see it, by their id or their tag `Name`; none means all.
    pub vpcs: Vec<String>,
    /// Records by their names; the first label may be `*`.
    records: BTreeMap<String, Vec<(u32, RData<'static>)>>,
}

impl HostedZone {
    /// Whether a VPC sees it.
    pub(super) fn is_of(&self, vpc: &Vpc) -> bool {
        let name = vpc.tags.get("Name");
        self.vpcs.is_empty() || self.vpcs.iter().any(|of| of == vpc.id.as_str() || name.is_some_and(|name| name == of))
    }

    /// What it says about a name within it.
    pub(super) fn look_up(&self, name: &str) -> Answer {
        let found = |records: &[(u32, RData<'static>)]| Answer::Found {
            ttl: records.iter().map(|(ttl, _)| *ttl).min().unwrap_or(TTL_SECONDS),
            records: records.iter().map(|(_, data)| data.clone()).collect(),
            zone: self.name.clone(),
        };
        if let Some(records) = self.records.get(name) {
            return found(records);
        }
        if self.exists(name) {
            return found(&[]);
        }
        // Only the closest ancestor that exists can have a wildcard for the name.
        let ancestors = std::iter::successors(name.split_once('.'), |(_, rest)| rest.split_once('.'));
        let closest = ancestors.map(|(_, ancestor)| ancestor).find(|ancestor| self.exists(ancestor));
        let wildcard = closest.and_then(|ancestor| self.records.get(&format!("*.{ancestor}")));
        wildcard.map_or_else(|| Answer::NoSuchName { zone: self.name.clone() }, |records| found(records))
    }

    /// Whether there are records at a name or below it.
    fn exists(&self, name: &str) -> bool {
        name == self.name || self.records.keys().any(|known| is_within(known, name))
    }
}

/// A zone as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneSetting {
    name: String,
    #[serde(default)]
    vpcs: Vec<String>,
    records: Vec<RecordSetting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordSetting {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "default_ttl")]
    ttl: u32,
    values: Vec<String>,
}

fn default_ttl() -> u32 {
    TTL_SECONDS
}

impl TryFrom<ZoneSetting> for HostedZone {
    type Error = String;

    fn try_from(setting: ZoneSetting) -> Result<Self, String> {
        let name = canonical(&setting.name)?;
        let mut records = BTreeMap::<String, Vec<_>>::new();
        for record in setting.records {
            let of = canonical(&record.name)?;
            if !is_within(&of, &name) {
                return Err(format!("record {of} is not within zone {name}: write its whole name"));
            }
            let data: Result<Vec<_>, String> =
                record.values.iter().map(|value| Ok((record.ttl, data(&record.kind, value)?))).collect();
            records.entry(of).or_default().extend(data?);
        }
        let alone = |records: &Vec<(u32, RData<'_>)>| {
            records.len() == 1 || records.iter().all(|(_, data)| !matches!(data, RData::CNAME(_)))
        };
        match records.iter().find(|(_, records)| !alone(records)) {
            Some((name, _)) => Err(format!("{name} has a CNAME record and others")),
            None => Ok(Self { name, vpcs: setting.vpcs, records }),
        }
    }
}

fn canonical(text: &str) -> Result<String, String> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    match Name::new(&name) {
        Ok(_) if !name.is_empty() => Ok(name),
        _ => Err(format!("{text:?} is not a DNS name")),
    }
}

/// A record's data, written as in a zone file.
fn data(kind: &str, value: &str) -> Result<RData<'static>, String> {
    let wrong = || format!("{value:?} is not the value of a record of type {kind}");
    let name = |text: &str| {
        let name = canonical(text)?;
        Name::new(&name).map(Name::into_owned).map_err(|_| wrong())
    };
    let parts: Vec<&str> = value.split_whitespace().collect();
    Ok(match (kind.to_ascii_uppercase().as_str(), parts.as_slice()) {
        ("A", [address]) => RData::A(parse::<std::net::Ipv4Addr>(address).ok_or_else(wrong)?.into()),
        ("AAAA", [address]) => RData::AAAA(parse::<std::net::Ipv6Addr>(address).ok_or_else(wrong)?.into()),
        ("CNAME", [target]) => RData::CNAME(CNAME(name(target)?)),
        ("PTR", [target]) => RData::PTR(PTR(name(target)?)),
        ("MX", [preference, target]) => {
            RData::MX(MX { preference: parse(preference).ok_or_else(wrong)?, exchange: name(target)? })
        }
        ("SRV", [priority, weight, port, target]) => {
            let number = |text: &str| parse(text).ok_or_else(wrong);
            let (priority, weight, port) = (number(priority)?, number(weight)?, number(port)?);
            RData::SRV(SRV { priority, weight, port, target: name(target)? })
        }
        ("TXT", _) => text(value).ok_or_else(wrong)?,
        ("A" | "AAAA" | "CNAME" | "PTR" | "MX" | "SRV", _) => return Err(wrong()),
        _ => return Err(format!("records of type {kind} are not known: use A, AAAA, CNAME, MX, PTR, SRV or TXT")),
    })
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// One text, or several in quotation marks.
fn text(value: &str) -> Option<RData<'static>> {
    let value = value.trim();
    let parts: Vec<&str> = match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(inner) => inner.split("\" \"").collect(),
        None => vec![value],
    };
    let mut texts = parts.into_iter().map(|part| CharacterString::new(part.as_bytes()).ok());
    texts.try_fold(TXT::new(), |txt, part| Some(txt.with_char_string(part?))).map(|txt| RData::TXT(txt.into_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn zone() -> HostedZone {
        let record = |name: &str, kind: &str, values: &[&str]| json!({"name": name, "type": kind, "values": values});
        let records = [
            record("Example.internal.", "A", &["10.0.0.1"]),
            record("*.example.internal", "A", &["10.0.0.2"]),
            record("a.b.example.internal", "AAAA", &["fd00::1"]),
            record("mail.example.internal", "MX", &["10 a.b.example.internal"]),
            record("_http._tcp.example.internal", "SRV", &["1 2 80 a.b.example.internal"]),
            record("text.example.internal", "TXT", &["\"one two\" \"three\""]),
        ];
        serde_json::from_value(json!({"name": "example.internal", "records": records})).expect("a zone")
    }

    #[rstest]
    #[case::apex("example.internal", Some(1))]
    #[case::exact("a.b.example.internal", Some(1))]
    #[case::wildcard("db.example.internal", Some(1))]
    #[case::wildcard_of_several_labels("x.y.example.internal", Some(1))]
    #[case::between_names("b.example.internal", Some(0))]
    #[case::below_a_name_that_exists("c.b.example.internal", None)]
    #[case::mail("mail.example.internal", Some(1))]
    #[case::service("_http._tcp.example.internal", Some(1))]
    fn names(#[case] name: &str, #[case] count: Option<usize>) {
        let found = match zone().look_up(name) {
            Answer::Found { records, .. } => Some(records.len()),
            _ => None,
        };
        assert_eq!(found, count);
    }

    #[rstest]
    #[case::elsewhere("other.internal", "A", "10.0.0.1")]
    #[case::not_an_address("example.internal", "A", "10.0.0.256")]
    #[case::not_a_number("example.internal", "MX", "ten mail.example.internal")]
    #[case::unknown_type("example.internal", "NAPTR", "1")]
    #[case::not_a_name("example..internal", "A", "10.0.0.1")]
    fn refused(#[case] name: &str, #[case] kind: &str, #[case] value: &str) {
        let setting = json!({"name": "example.internal", "records": [{"name": name, "type": kind, "values": [value]}]});
        assert!(serde_json::from_value::<HostedZone>(setting).is_err());
    }
}
