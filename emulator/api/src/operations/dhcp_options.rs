//! DHCP options: DescribeDhcpOptions.

use jiff::Timestamp;
use vpc_model::{AccountId, DhcpOptions, DhcpOptionsId, Model};

use super::describe::{Describable, Describe};
use super::{Action, Output, read};
use crate::filter::Fields;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[read::<Describe<DhcpOptions>>()];

impl Describable for DhcpOptions {
    type Id = DhcpOptionsId;
    type Item = OptionsItem;

    const ACTION: &'static str = "DescribeDhcpOptions";
    const IDS: &'static str = "DhcpOptionsId";
    const SET: &'static str = "dhcpOptionsSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("dhcp-options-id", |_, set| vec![set.id.to_string()]),
            ("key", |_, set| set.options.iter().map(|(key, _)| key.clone()).collect()),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("value", |_, set| set.options.iter().flat_map(|(_, values)| values.clone()).collect()),
        ],
        tags: Some(|set| &set.tags),
    };

    fn id(&self) -> &DhcpOptionsId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &DhcpOptionsId) -> Option<&'a Self> {
        model.dhcp_options_set(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.dhcp_options().collect()
    }

    fn missing(id: &DhcpOptionsId) -> ApiError {
        ApiError::not_found(Code::INVALID_DHCP_OPTION_ID_NOT_FOUND, "dhcpOption", id)
    }

    fn item(&self, model: &Model, _: Timestamp) -> OptionsItem {
        OptionsItem { owner: model.account().clone(), set: self.clone() }
    }
}

/// A set of options as replies show it.
#[derive(Debug)]
pub(crate) struct OptionsItem {
    owner: AccountId,
    set: DhcpOptions,
}

impl Output for OptionsItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("dhcpOptionsId", &self.set.id);
        xml.text("ownerId", &self.owner);
        xml.list("dhcpConfigurationSet", &self.set.options, |xml, (key, values)| {
            xml.text("key", key);
            xml.list("valueSet", values, |xml, value| xml.text("value", value));
        });
        xml.tags(&self.set.tags);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[test]
    fn the_default_set() {
        insta::assert_snapshot!(World::with_default_vpc().call("DescribeDhcpOptions", "").ok().lines());
    }

    #[test]
    fn an_unknown_set() {
        let reply = World::new().call("DescribeDhcpOptions", "DhcpOptionsId.1=dopt-01234567");
        assert_eq!(reply.code, Some("InvalidDhcpOptionID.NotFound"));
    }
}
