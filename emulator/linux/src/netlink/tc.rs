//! Traffic control: the `clsact` hook and its BPF filters, see tc(8), tc-bpf(8).

use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{
    NLM_F_CREATE, NLM_F_EXCL, RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWQDISC, RTM_NEWTFILTER, TCA_KIND, TCA_OPTIONS,
};

use super::{
    Netlink, Request,
    message::{self, Message},
};
use crate::Result;

const TCA_BPF_FD: u16 = 6;
const TCA_BPF_NAME: u16 = 7;
const TCA_BPF_FLAGS: u16 = 8;
/// The program's result is the verdict.
const TCA_BPF_FLAG_ACT_DIRECT: u32 = 1;
const CLSACT_HANDLE: u32 = 0xffff_0000;
const CLSACT_PARENT: u32 = 0xffff_fff1;
const CLSACT_INGRESS: u32 = 0xffff_fff2;
/// Size of `struct tcmsg`.
const FIXED: usize = 20;

/// A BPF filter on what a link receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The link's index.
    pub(crate) link: u32,
    /// Its place among the link's filters: lower is asked first.
    pub(crate) priority: u16,
    /// Its number among those of its priority, which are asked in the order they were added.
    pub(crate) handle: u32,
    /// A remark.
    pub(crate) name: String,
}

impl Netlink {
    /// Gives a link the hook that filters hang on; one that has it is an error that `is_exists` tells.
    pub(crate) fn add_clsact(&self, link: u32) -> Result<()> {
        let fixed = tcmsg(link, CLSACT_HANDLE, CLSACT_PARENT, 0);
        let mut message = Message::new(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &fixed);
        message.attr_str(TCA_KIND, "clsact");
        self.submit(Request { operation: "add clsact to", object: format!("link {link}"), message })
    }

    /// Adds a filter, or changes the program of the one with the same priority and handle.
    pub(crate) fn replace_ingress_filter(&self, filter: &Filter, program: BorrowedFd<'_>) -> Result<()> {
        let mut message = Message::new(RTM_NEWTFILTER, NLM_F_CREATE, &filter.header());
        message.attr_str(TCA_KIND, "bpf");
        message.nest(TCA_OPTIONS, |options| {
            options.attr_u32(TCA_BPF_FD, program.as_raw_fd().cast_unsigned());
            options.attr_str(TCA_BPF_NAME, &filter.name);
            options.attr_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
        });
        self.submit(Request { operation: "replace filter", object: filter.label(), message })
    }

    /// Deletes a filter by priority and handle.
    pub(crate) fn delete_ingress_filter(&self, filter: &Filter) -> Result<()> {
        let mut message = Message::new(RTM_DELTFILTER, 0, &filter.header());
        message.attr_str(TCA_KIND, "bpf");
        self.submit(Request { operation: "delete filter", object: filter.label(), message })
    }

    /// The BPF filters on what a link receives; none if it has no hook.
    pub(crate) fn ingress_filters(&self, link: u32) -> Result<Vec<Filter>> {
        let message = Message::new(RTM_GETTFILTER, 0, &tcmsg(link, 0, CLSACT_INGRESS, 0));
        self.dump("list filters in", &message, decode)
    }
}

impl Filter {
    fn header(&self) -> [u8; FIXED] {
        let protocol = (libc::ETH_P_ALL as u16).to_be();
        tcmsg(self.link, self.handle, CLSACT_INGRESS, u32::from(self.priority) << 16 | u32::from(protocol))
    }

    fn label(&self) -> String {
        format!("{} ({}:{}) on link {}", self.name, self.priority, self.handle, self.link)
    }
}

/// `struct tcmsg`.
fn tcmsg(link: u32, handle: u32, parent: u32, info: u32) -> [u8; FIXED] {
    let mut bytes = [0; FIXED];
    for (place, number) in [link, handle, parent, info].into_iter().enumerate() {
        bytes[4 + place * 4..8 + place * 4].copy_from_slice(&number.to_ne_bytes());
    }
    bytes
}

fn decode(kind: u16, payload: &[u8]) -> Option<Filter> {
    let handle = message::u32_at(payload, 8)?;
    // The kernel also lists each priority itself, with handle 0.
    if kind != RTM_NEWTFILTER || handle == 0 {
        return None;
    }
    let mut name = String::new();
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            TCA_KIND if message::text(value) != "bpf" => return None,
            TCA_OPTIONS => {
                let mut options = message::attributes(value, 0);
                name = options.find(|(kind, _)| *kind == TCA_BPF_NAME).map(|(_, name)| message::text(name))?;
            }
            _ => {}
        }
    }
    let priority = (message::u32_at(payload, 16)? >> 16) as u16;
    Some(Filter { link: message::u32_at(payload, 4)?, priority, handle, name })
}
