//! What actions answer that take many ids and go on where one of them fails.

use std::fmt;

use super::Output;
use crate::ApiError;
use crate::xml::Xml;

/// The ids that nothing was done with, and why.
#[derive(Debug, Default)]
pub(crate) struct Unsuccessful(Vec<(String, ApiError)>);

impl Unsuccessful {
    /// Does something with each id.
    pub(crate) fn each<I: fmt::Display, E: Into<ApiError>>(
        ids: &[I],
        mut act: impl FnMut(&I) -> Result<(), E>,
    ) -> Self {
        Self(ids.iter().filter_map(|id| act(id).err().map(|err| (id.to_string(), err.into()))).collect())
    }
}

impl Output for Unsuccessful {
    fn write(&self, xml: &mut Xml) {
        xml.list("unsuccessful", &self.0, |xml, (id, err)| {
            xml.element("error", |xml| {
                xml.text("code", err.code());
                xml.text("message", err.message());
            });
            xml.text("resourceId", id);
        });
    }
}
