//! Capacity that is sold out, for those who want to see what becomes of it: launches that meet it are refused as
//! EC2 does when it has no room for instances of a type in a zone.

use crate::{InstanceError, Model, ZoneName};

/// Launches that find no capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldOut {
    /// The types, with `*` for any text.
    pub instance_type: String,
    /// The zones, with `*` for any text.
    pub zone: String,
    /// How many more launches are refused; all, if not given.
    pub left: Option<u64>,
    /// How many were.
    pub hits: u64,
}

impl Model {
    /// Says what is sold out, for the call that comes next.
    pub fn set_sold_out(&mut self, sold_out: Vec<SoldOut>) {
        self.sold_out = sold_out;
    }

    /// What was sold out for the call that was, and how often it met that. Nothing is any more.
    pub fn take_sold_out(&mut self) -> Vec<SoldOut> {
        std::mem::take(&mut self.sold_out)
    }

    /// Looks whether there is capacity for a launch.
    pub(crate) fn check_sold_out(&mut self, instance_type: &str, zone: &ZoneName) -> Result<(), InstanceError> {
        let is_meant =
            |rule: &&mut SoldOut| fits(&rule.instance_type, instance_type) && fits(&rule.zone, &zone.to_string());
        let Some(rule) = self.sold_out.iter_mut().filter(is_meant).find(|rule| rule.left != Some(0)) else {
            return Ok(());
        };
        rule.left = rule.left.map(|left| left - 1);
        rule.hits += 1;
        Err(InstanceError::SoldOut { instance_type: instance_type.to_owned(), zone: zone.clone() })
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any text.
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}
