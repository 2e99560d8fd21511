//! A cursor over a request's parameters: each is taken once, by its name and type; what is left over at
//! the end is an unknown parameter.
//!
//! Lists and structures are flattened by the protocol: `Filter.1.Value.2` is the second value of the
//! first filter.

mod value;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

pub(crate) use value::{Base64, Value, values};

use crate::call::Caller;
use crate::{ApiError, Code};

/// How large a request's form may be. What calls need is far less: user data is at most 16 KiB.
///
/// Deviation: AWS says which error too large a request is, not from which size on.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// How many parameters a request may have.
const MAX_PARAMETERS: usize = 10_000;

/// How long a parameter's name may be.
const MAX_NAME_BYTES: usize = 256;

/// Parameters that say who calls, not what is asked.
const AUTHENTICATION: &[&str] = &[
    "AWSAccessKeyId",
    "Expires",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "X-Amz-Algorithm",
    "X-Amz-Content-Sha256",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// The parameters not taken yet.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// The path of the structure this is the inside of, with its final point; empty at the top.
    path: String,
    parameters: BTreeMap<String, String>,
    client_token: Option<String>,
    caller: Option<Caller>,
}

impl Query {
    /// Reads a form body, without the parameters about authentication.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let malformed = |message: String| ApiError::new(Code::MALFORMED_QUERY_STRING, message);
        if body.len() > MAX_BODY_BYTES {
            return Err(ApiError::too_large());
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if name.len() > MAX_NAME_BYTES || parameters.len() == MAX_PARAMETERS {
                return Err(malformed("The request has too many parameters, or names that are too long".to_owned()));
            }
            if AUTHENTICATION.contains(&name.as_ref()) {
                continue;
            }
            if let Some(bad) = name.chars().chain(value.chars()).find(|c| !is_xml_char(*c)) {
                return Err(malformed(format!("Parameter {} has the character {bad:?}", name.escape_debug())));
            }
            if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(malformed(format!("Parameter {name} is given more than once")));
            }
        }
        Ok(Self { path: String::new(), parameters, client_token: None, caller: None })
    }

    /// A digest of everything not taken yet.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for text in self.parameters.iter().flat_map(|(name, value)| [name, value]) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        digest.finalize().into()
    }

    /// Takes the idempotency token away from the parameters and keeps it apart.
    pub(crate) fn set_client_token_aside(&mut self) -> Result<(), ApiError> {
        self.client_token = self.optional("ClientToken")?;
        match &self.client_token {
            Some(token) if token.is_empty() || token.len() > 255 => {
                Err(ApiError::invalid("ClientToken", token, "Expected 1 to 255 characters."))
            }
            _ => Ok(()),
        }
    }

    /// Says who calls.
    pub(crate) fn set_caller(&mut self, caller: Caller) {
        self.caller = Some(caller);
    }

    /// Who calls, where that is known to be somebody else than the account's root.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The idempotency token, in actions that have one.
    pub(crate) fn client_token(&self) -> Option<&str> {
        self.client_token.as_deref()
    }

    /// A parameter's full name, as the caller wrote it.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// Whether a parameter, list or structure of this name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        let inside = format!("{name}.");
        self.parameters
            .range(name.to_owned()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(name))
            .any(|key| key == name || key.starts_with(&inside))
    }

    /// Takes a parameter that may be missing.
    pub(crate) fn optional<T: Value>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.parameters.remove(name) else { return Ok(None) };
        T::from_text(&self.full_name(name), text).map(Some)
    }

    /// Takes a parameter that must be there.
    pub(crate) fn required<T: Value>(&mut self, name: &str) -> Result<T, ApiError> {
        self.optional(name)?.ok_or_else(|| ApiError::missing(&self.full_name(name)))
    }

    /// Takes a parameter, or its default where it is missing.
    pub(crate) fn or<T: Value>(&mut self, name: &str, default: T) -> Result<T, ApiError> {
        Ok(self.optional(name)?.unwrap_or(default))
    }

    /// Takes a boolean parameter; missing means false.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        self.or(name, false)
    }

    /// Takes a list of plain values, `Name.1`, `Name.2` …, in the order of the numbers.
    pub(crate) fn list<T: Value>(&mut self, name: &str) -> Result<Vec<T>, ApiError> {
        let mut found: Vec<(u32, String)> = Vec::new();
        for key in self.keys_inside(name) {
            if let Some(index) = key.get(name.len() + 1..).and_then(index) {
                found.push((index, key));
            }
        }
        found.sort();
        found.iter().map(|(_, key)| self.required(key)).collect()
    }

    /// Takes a list of plain values that must have at least one.
    pub(crate) fn required_list<T: Value>(&mut self, name: &str) -> Result<Vec<T>, ApiError> {
        let list = self.list(name)?;
        if list.is_empty() { Err(ApiError::missing(&self.full_name(name))) } else { Ok(list) }
    }

    /// Takes a list of structures, `Name.1.Member`, `Name.2.Member` …, in the order of the numbers.
    pub(crate) fn structs<T>(
        &mut self,
        name: &str,
        mut decode: impl FnMut(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let mut indexes = BTreeSet::new();
        for key in self.keys_inside(name) {
            let number = key.get(name.len() + 1..).and_then(|rest| rest.split_once('.')).map(|(number, _)| number);
            indexes.extend(number.and_then(index));
        }
        let mut all = Vec::with_capacity(indexes.len());
        for index in indexes {
            all.extend(self.structure(&format!("{name}.{index}"), &mut decode)?);
        }
        Ok(all)
    }

    /// Takes a structure, `Name.Member`; `None` when nothing of it is there.
    pub(crate) fn structure<T>(
        &mut self,
        name: &str,
        decode: impl FnOnce(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let keys = self.keys_inside(name);
        if keys.is_empty() {
            return Ok(None);
        }
        let mut inside = Self {
            path: format!("{}{name}.", self.path),
            parameters: BTreeMap::new(),
            client_token: None,
            caller: None,
        };
        for key in keys {
            if let Some(value) = self.parameters.remove(&key) {
                inside.parameters.insert(key[name.len() + 1..].to_owned(), value);
            }
        }
        let decoded = decode(&mut inside)?;
        inside.finish()?;
        Ok(Some(decoded))
    }

    /// Parameters that come from elsewhere than the call's top, to be read as if they did.
    pub(crate) fn of(parameters: BTreeMap<String, String>, client_token: Option<&str>) -> Self {
        Self { path: String::new(), parameters, client_token: client_token.map(str::to_owned), caller: None }
    }

    /// The same, called by their names in a structure when something is wrong with them.
    pub(crate) fn within(self, structure: &str) -> Self {
        Self { path: format!("{structure}."), ..self }
    }

    /// What is not taken yet.
    pub(crate) fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// Takes a parameter, list or structure that has no consequence here.
    pub(crate) fn ignore(&mut self, name: &str) {
        self.parameters.remove(name);
        for key in self.keys_inside(name) {
            self.parameters.remove(&key);
        }
    }

    /// Refuses parameters that EC2 has, and that would have consequences which are missing here.
    pub(crate) fn refuse_unsupported(&self, names: &[&str]) -> Result<(), ApiError> {
        match names.iter().find(|name| self.has(name)) {
            Some(name) => Err(ApiError::unsupported(&self.full_name(name))),
            None => Ok(()),
        }
    }

    /// Takes a switch that EC2 has and that cannot be on here.
    pub(crate) fn refuse_flag(&mut self, name: &str) -> Result<(), ApiError> {
        if self.flag(name)? { Err(ApiError::unsupported(&self.full_name(name))) } else { Ok(()) }
    }

    /// Ends the reading: nothing may be left.
    pub(crate) fn finish(&self) -> Result<(), ApiError> {
        match self.parameters.keys().next() {
            Some(name) => Err(ApiError::unknown(&self.full_name(name))),
            None => Ok(()),
        }
    }

    /// The names of everything inside a list or structure.
    fn keys_inside(&self, name: &str) -> Vec<String> {
        let prefix = format!("{name}.");
        self.parameters
            .range(prefix.clone()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(&prefix))
            .cloned()
            .collect()
    }
}

/// A list index: a number from 1, without leading zeros so that each has one spelling.
fn index(text: &str) -> Option<u32> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Whether XML 1.0 can carry a character; replies show what requests gave.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests;
