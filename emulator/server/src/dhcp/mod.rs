//! DHCP for every ENI, branches included: what an ENI's Ethernet address is entitled to is read from the model at each
//! question, so a change of its VPC's option set shows at the next renewal.
//!
//! Who asks is known by the frame's source: a port lets no other pass than its ENI's. Questions that are not well-formed,
//! come by a relay, or speak for another Ethernet address are dropped.
//!
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html>,
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html>
//! - RFC 2131 and 2132 ([`v4`]), RFC 8415 and 3646 ([`v6`])

mod frame;
mod lease;
pub(crate) mod serve;
mod v4;
mod v6;

/// Splits off a number of bytes, if there are so many.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

/// Splits off a number in network order.
fn take_u16(bytes: &mut &[u8]) -> Option<u16> {
    take(bytes, 2)?.try_into().ok().map(u16::from_be_bytes)
}
