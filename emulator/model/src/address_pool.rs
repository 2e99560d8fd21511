//! The addresses of one subnet that are still free, kept so that no allocation scans the subnet.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html> for the reserved ones and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html> for delegated prefixes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{Ids, ReservationType};

/// The length of a delegated IPv4 prefix.
pub const IPV4_PREFIX_LENGTH: u8 = 28;
/// The length of a delegated IPv6 prefix.
pub const IPV6_PREFIX_LENGTH: u8 = 80;

/// How many addresses a delegated IPv4 prefix has.
const PREFIX_SIZE: u32 = 1 << (32 - IPV4_PREFIX_LENGTH);

/// How often a random IPv6 choice is repeated before the subnet counts as full.
const IPV6_TRIES: usize = 256;

/// Why an address or prefix cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Too few free addresses.
    #[error("the subnet has too few free addresses")]
    Exhausted,
    /// Enough free addresses, but no free aligned block.
    #[error("the subnet has no free block of that size")]
    NoPrefix,
    /// Too few free addresses for the prefixes; EC2 tells this from fragmentation.
    #[error("the subnet has too few free addresses for the prefixes")]
    TooFewForPrefixes,
    /// Someone has it.
    #[error("address {0} is in use")]
    InUse(IpAddr),
    /// Someone has it or a part of it.
    #[error("prefix {0} is in use")]
    PrefixInUse(IpNet),
    /// Not the subnet's.
    #[error("address {0} is outside the subnet")]
    Outside(IpAddr),
    /// The first four addresses and the last of a subnet are AWS's.
    #[error("address {0} is reserved")]
    Reserved(IpAddr),
    /// A delegated prefix has one length and starts at a multiple of it.
    #[error("{0} is not a prefix that can be delegated")]
    NotDelegable(IpNet),
    /// The subnet has no IPv4 block.
    #[error("the subnet has no ipv4 block")]
    NoIpv4,
    /// The subnet has no IPv6 block.
    #[error("the subnet has no ipv6 block")]
    NoIpv6,
}

/// Addresses and prefixes asked for, by value or by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedAddresses {
    /// These IPv4 addresses.
    pub ipv4: Vec<Ipv4Addr>,
    /// So many further IPv4 addresses.
    pub ipv4_count: usize,
    /// These /28 prefixes.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// So many further /28 prefixes.
    pub ipv4_prefix_count: usize,
    /// These IPv6 addresses.
    pub ipv6: Vec<Ipv6Addr>,
    /// So many further IPv6 addresses.
    pub ipv6_count: usize,
    /// These /80 prefixes.
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// So many further /80 prefixes.
    pub ipv6_prefix_count: usize,
}

impl WantedAddresses {
    /// How many of an ENI's IPv4 slots this takes: a prefix takes one like an address.
    pub fn ipv4_slots(&self) -> usize {
        self.ipv4.len() + self.ipv4_count + self.ipv4_prefixes.len() + self.ipv4_prefix_count
    }

    /// How many of an ENI's IPv6 slots this takes.
    pub fn ipv6_slots(&self) -> usize {
        self.ipv6.len() + self.ipv6_count + self.ipv6_prefixes.len() + self.ipv6_prefix_count
    }
}

/// Addresses and prefixes that changed hands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// IPv4 addresses.
    pub ipv4: Vec<Ipv4Addr>,
    /// /28 prefixes.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// IPv6 addresses.
    pub ipv6: Vec<Ipv6Addr>,
    /// /80 prefixes.
    pub ipv6_prefixes: Vec<Ipv6Net>,
}

impl Addresses {
    /// The single addresses of both families.
    pub fn singles(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.ipv4.iter().map(|ip| IpAddr::V4(*ip)).chain(self.ipv6.iter().map(|ip| IpAddr::V6(*ip)))
    }

    /// The prefixes of both families.
    pub fn prefixes(&self) -> impl Iterator<Item = IpNet> + '_ {
        let ipv4 = self.ipv4_prefixes.iter().map(|prefix| IpNet::V4(*prefix));
        ipv4.chain(self.ipv6_prefixes.iter().map(|prefix| IpNet::V6(*prefix)))
    }
}

/// What of one subnet is free (IPv4) and taken (IPv6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddressPool {
    cidr: Option<Ipv4Net>,
    /// Free ranges by their first address; both ends are inside, no two touch.
    free: BTreeMap<u32, u32>,
    free_count: u32,
    ipv6_cidr: Option<Ipv6Net>,
    ipv6_addresses: BTreeSet<Ipv6Addr>,
    ipv6_prefixes: BTreeSet<Ipv6Net>,
    /// Reserved parts and what for; no two overlap. What is reserved and not taken counts as free.
    reserved: BTreeMap<Ipv4Net, ReservationType>,
    ipv6_reserved: BTreeMap<Ipv6Net, ReservationType>,
}

impl AddressPool {
    /// The pool of a subnet without ENIs.
    pub(crate) fn new(cidr: Option<Ipv4Net>, ipv6_cidr: Option<Ipv6Net>) -> Self {
        let range = cidr.map(|cidr| (u32::from(cidr.network()) + 4, u32::from(cidr.broadcast()) - 1));
        Self {
            cidr,
            free: range.into_iter().collect(),
            free_count: range.map_or(0, |(first, last)| last - first + 1),
            ipv6_cidr,
            ipv6_addresses: BTreeSet::new(),
            ipv6_prefixes: BTreeSet::new(),
            reserved: BTreeMap::new(),
            ipv6_reserved: BTreeMap::new(),
        }
    }

    /// Gives the subnet an IPv6 block, or none; nothing of the one before may be taken.
    pub(crate) fn set_ipv6_block(&mut self, block: Option<Ipv6Net>) {
        self.ipv6_cidr = block;
    }

    /// Whether anything of the IPv6 block is taken.
    pub(crate) fn uses_ipv6(&self) -> bool {
        !(self.ipv6_addresses.is_empty() && self.ipv6_prefixes.is_empty())
    }

    /// Keeps a part for a use.
    pub(crate) fn reserve(&mut self, part: IpNet, reservation_type: ReservationType) {
        match part {
            IpNet::V4(part) => self.reserved.insert(part, reservation_type),
            IpNet::V6(part) => self.ipv6_reserved.insert(part, reservation_type),
        };
    }

    /// Ends that.
    pub(crate) fn unreserve(&mut self, part: IpNet) {
        match part {
            IpNet::V4(part) => self.reserved.remove(&part),
            IpNet::V6(part) => self.ipv6_reserved.remove(&part),
        };
    }

    /// How many IPv4 addresses are free.
    pub(crate) fn free_count(&self) -> u32 {
        self.free_count
    }

    /// Takes all that is wanted, or nothing.
    pub(crate) fn take(&mut self, wanted: &WantedAddresses, ids: &mut Ids) -> Result<Addresses, AddressError> {
        let mut taken = Addresses::default();
        match self.take_into(&mut taken, wanted, ids) {
            Ok(()) => Ok(taken),
            Err(error) => {
                self.give_back(&taken);
                Err(error)
            }
        }
    }

    /// Frees addresses and prefixes that were taken.
    pub(crate) fn give_back(&mut self, addresses: &Addresses) {
        for address in &addresses.ipv4 {
            self.give_back_range(u32::from(*address), u32::from(*address));
        }
        for prefix in &addresses.ipv4_prefixes {
            self.give_back_range(u32::from(prefix.network()), u32::from(prefix.broadcast()));
        }
        for address in &addresses.ipv6 {
            self.ipv6_addresses.remove(address);
        }
        for prefix in &addresses.ipv6_prefixes {
            self.ipv6_prefixes.remove(prefix);
        }
    }

    fn take_into(
        &mut self,
        taken: &mut Addresses,
        wanted: &WantedAddresses,
        ids: &mut Ids,
    ) -> Result<(), AddressError> {
        for address in &wanted.ipv4 {
            self.take_ipv4(*address)?;
            taken.ipv4.push(*address);
        }
        for prefix in &wanted.ipv4_prefixes {
            self.take_ipv4_prefix(*prefix)?;
            taken.ipv4_prefixes.push(*prefix);
        }
        if self.free_count < PREFIX_SIZE.saturating_mul(wanted.ipv4_prefix_count as u32) {
            return Err(AddressError::TooFewForPrefixes);
        }
        // Prefixes first: single addresses could otherwise break the last whole block.
        for _ in 0..wanted.ipv4_prefix_count {
            taken.ipv4_prefixes.push(self.take_free_ipv4_prefix()?);
        }
        for _ in 0..wanted.ipv4_count {
            taken.ipv4.push(self.take_lowest_ipv4()?);
        }
        for address in &wanted.ipv6 {
            self.take_ipv6(*address)?;
            taken.ipv6.push(*address);
        }
        for prefix in &wanted.ipv6_prefixes {
            self.take_ipv6_prefix(*prefix)?;
            taken.ipv6_prefixes.push(*prefix);
        }
        for _ in 0..wanted.ipv6_prefix_count {
            taken.ipv6_prefixes.push(self.take_free_ipv6_prefix(ids)?);
        }
        for _ in 0..wanted.ipv6_count {
            taken.ipv6.push(self.take_free_ipv6(ids)?);
        }
        Ok(())
    }

    /// The lowest free address that is not kept for something.
    fn take_lowest_ipv4(&mut self) -> Result<Ipv4Addr, AddressError> {
        let unreserved = |(first, last): (&u32, &u32)| {
            let mut address = *first;
            while let Some(part) = self.reservation_around(address.into()) {
                address = u32::from(part.broadcast()).checked_add(1)?;
            }
            (address <= *last).then_some(address)
        };
        let lowest = self.free.iter().find_map(unreserved).ok_or(AddressError::Exhausted)?;
        self.cut(lowest, lowest);
        Ok(Ipv4Addr::from(lowest))
    }

    fn take_ipv4(&mut self, address: Ipv4Addr) -> Result<(), AddressError> {
        let number = u32::from(address);
        let cidr = self.cidr.ok_or(AddressError::NoIpv4)?;
        if !cidr.contains(&address) {
            return Err(AddressError::Outside(address.into()));
        }
        let is_kept =
            self.reservation_around(address).is_some_and(|part| self.reserved[&part] == ReservationType::Prefix);
        if number < u32::from(cidr.network()) + 4 || address == cidr.broadcast() || is_kept {
            return Err(AddressError::Reserved(address.into()));
        }
        if !self.is_free(number, number) {
            return Err(AddressError::InUse(address.into()));
        }
        self.cut(number, number);
        Ok(())
    }

    /// The reserved part that an address is in. As parts do not overlap, only the last one before it can be.
    fn reservation_around(&self, address: Ipv4Addr) -> Option<Ipv4Net> {
        let (part, _) = self.reserved.range(..=Ipv4Net::from(address)).next_back()?;
        part.contains(&address).then_some(*part)
    }

    /// A free prefix, of what is kept for prefixes where there is one.
    fn take_free_ipv4_prefix(&mut self) -> Result<Ipv4Net, AddressError> {
        let kept = self.reserved.iter().filter(|(_, kind)| **kind == ReservationType::Prefix);
        let kept = kept.flat_map(|(part, _)| self.free_blocks(u32::from(part.network()), u32::from(part.broadcast())));
        let others = || self.free_blocks(0, u32::MAX).find(|first| !self.touches_reservation(*first));
        let first = kept.into_iter().next().or_else(others).ok_or(AddressError::NoPrefix)?;
        self.cut(first, first + (PREFIX_SIZE - 1));
        Ok(Ipv4Net::new_assert(Ipv4Addr::from(first), IPV4_PREFIX_LENGTH))
    }

    /// The first addresses of the free blocks of a prefix's size within bounds.
    fn free_blocks(&self, min: u32, max: u32) -> impl Iterator<Item = u32> + '_ {
        let start = self.range_around(min).map_or(min, |(start, _)| start);
        self.free.range(start..=max).flat_map(move |(first, last)| {
            let (first, last) = ((*first).max(min), (*last).min(max));
            let aligned = first.checked_next_multiple_of(PREFIX_SIZE);
            aligned.into_iter().flat_map(move |aligned| {
                let starts = (aligned..=last).step_by(PREFIX_SIZE as usize);
                starts.take_while(move |start| start.checked_add(PREFIX_SIZE - 1).is_some_and(|end| end <= last))
            })
        })
    }

    fn touches_reservation(&self, first: u32) -> bool {
        let block = delegable_ipv4(first.into());
        self.reservation_around(first.into()).is_some()
            || self.reserved.range(block..).next().is_some_and(|(part, _)| block.contains(part))
    }

    fn take_ipv4_prefix(&mut self, prefix: Ipv4Net) -> Result<(), AddressError> {
        if prefix.prefix_len() != IPV4_PREFIX_LENGTH || prefix != prefix.trunc() {
            return Err(AddressError::NotDelegable(prefix.into()));
        }
        if !self.cidr.ok_or(AddressError::NoIpv4)?.contains(&prefix) {
            return Err(AddressError::Outside(prefix.network().into()));
        }
        let (first, last) = (u32::from(prefix.network()), u32::from(prefix.broadcast()));
        if !self.is_free(first, last) {
            return Err(AddressError::PrefixInUse(prefix.into()));
        }
        self.cut(first, last);
        Ok(())
    }

    fn ipv6_block(&self) -> Result<Ipv6Net, AddressError> {
        self.ipv6_cidr.ok_or(AddressError::NoIpv6)
    }

    fn is_ipv6_free(&self, address: Ipv6Addr) -> bool {
        !self.ipv6_addresses.contains(&address) && !self.ipv6_prefixes.contains(&delegable_ipv6(address))
    }

    fn is_ipv6_prefix_free(&self, prefix: Ipv6Net) -> bool {
        let inside = self.ipv6_addresses.range(prefix.network()..=prefix.broadcast()).next();
        !self.ipv6_prefixes.contains(&prefix) && inside.is_none()
    }

    fn take_ipv6(&mut self, address: Ipv6Addr) -> Result<(), AddressError> {
        let block = self.ipv6_block()?;
        if !block.contains(&address) {
            return Err(AddressError::Outside(address.into()));
        }
        let around = self.ipv6_reservation_around(address);
        let is_kept = around.is_some_and(|part| self.ipv6_reserved[&part] == ReservationType::Prefix);
        if u128::from(address) - u128::from(block.network()) < 4 || address == block.broadcast() || is_kept {
            return Err(AddressError::Reserved(address.into()));
        }
        if !self.is_ipv6_free(address) {
            return Err(AddressError::InUse(address.into()));
        }
        self.ipv6_addresses.insert(address);
        Ok(())
    }

    fn take_ipv6_prefix(&mut self, prefix: Ipv6Net) -> Result<(), AddressError> {
        let block = self.ipv6_block()?;
        if prefix.prefix_len() != IPV6_PREFIX_LENGTH || prefix != prefix.trunc() {
            return Err(AddressError::NotDelegable(prefix.into()));
        }
        if !block.contains(&prefix) {
            return Err(AddressError::Outside(prefix.network().into()));
        }
        if prefix.contains(&block.network()) || prefix.contains(&block.broadcast()) {
            return Err(AddressError::Reserved(prefix.network().into()));
        }
        if !self.is_ipv6_prefix_free(prefix) {
            return Err(AddressError::PrefixInUse(prefix.into()));
        }
        self.ipv6_prefixes.insert(prefix);
        Ok(())
    }

    /// AWS spreads IPv6 addresses over the block, and so do we.
    fn random_ipv6(block: Ipv6Net, ids: &mut Ids) -> Ipv6Addr {
        let host_bits = 128 - u32::from(block.prefix_len());
        let mask = u128::MAX.checked_shr(128 - host_bits).unwrap_or(0);
        // Most blocks are a /64; only larger ones need more than one number.
        let high = if host_bits > 64 { u128::from(ids.number()) << 64 } else { 0 };
        Ipv6Addr::from(u128::from(block.network()) | ((high | u128::from(ids.number())) & mask))
    }

    fn take_free_ipv6(&mut self, ids: &mut Ids) -> Result<Ipv6Addr, AddressError> {
        let block = self.ipv6_block()?;
        for _ in 0..IPV6_TRIES {
            let address = Self::random_ipv6(block, ids);
            if self.ipv6_reservation_around(address).is_none() && self.take_ipv6(address).is_ok() {
                return Ok(address);
            }
        }
        Err(AddressError::Exhausted)
    }

    /// A free prefix, of what is kept for prefixes where there is one.
    fn take_free_ipv6_prefix(&mut self, ids: &mut Ids) -> Result<Ipv6Net, AddressError> {
        let whole = self.ipv6_block()?;
        let kept = self.ipv6_reserved.iter().filter(|(_, kind)| **kind == ReservationType::Prefix);
        let kept: Vec<Ipv6Net> = kept.map(|(part, _)| *part).collect();
        for block in kept.into_iter().chain([whole]) {
            for _ in 0..IPV6_TRIES {
                let prefix = delegable_ipv6(Self::random_ipv6(block, ids));
                let is_foreign = block == whole && self.touches_ipv6_reservation(prefix);
                if block.contains(&prefix) && !is_foreign && self.take_ipv6_prefix(prefix).is_ok() {
                    return Ok(prefix);
                }
            }
        }
        Err(AddressError::NoPrefix)
    }

    fn ipv6_reservation_around(&self, address: Ipv6Addr) -> Option<Ipv6Net> {
        let (part, _) = self.ipv6_reserved.range(..=Ipv6Net::from(address)).next_back()?;
        part.contains(&address).then_some(*part)
    }

    fn touches_ipv6_reservation(&self, prefix: Ipv6Net) -> bool {
        self.ipv6_reserved.keys().any(|part| part.contains(&prefix) || prefix.contains(part))
    }

    fn range_around(&self, first: u32) -> Option<(u32, u32)> {
        self.free.range(..=first).next_back().map(|(start, end)| (*start, *end))
    }

    fn is_free(&self, first: u32, last: u32) -> bool {
        self.range_around(first).is_some_and(|(_, end)| last <= end)
    }

    /// Takes a range that [`Self::is_free`] out of the free ones.
    fn cut(&mut self, first: u32, last: u32) {
        let (start, end) = self.range_around(first).expect("the range is free");
        self.free.remove(&start);
        if start < first {
            self.free.insert(start, first - 1);
        }
        if last < end {
            self.free.insert(last + 1, end);
        }
        self.free_count -= last - first + 1;
    }

    fn give_back_range(&mut self, mut first: u32, mut last: u32) {
        self.free_count += last - first + 1;
        if let Some((start, end)) = self.range_around(first)
            && end + 1 == first
        {
            self.free.remove(&start);
            first = start;
        }
        if let Some(end) = self.free.remove(&(last + 1)) {
            last = end;
        }
        self.free.insert(first, last);
    }
}

/// The /28 that an address would be delegated with.
pub(crate) fn delegable_ipv4(address: Ipv4Addr) -> Ipv4Net {
    Ipv4Net::new_assert(address, IPV4_PREFIX_LENGTH).trunc()
}

/// The /80 that an address would be delegated with.
pub(crate) fn delegable_ipv6(address: Ipv6Addr) -> Ipv6Net {
    Ipv6Net::new_assert(address, IPV6_PREFIX_LENGTH).trunc()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn pool(cidr: &str) -> AddressPool {
        AddressPool::new(Some(cidr.parse().unwrap()), Some("2001:db8::/64".parse().unwrap()))
    }

    fn ipv4(pool: &mut AddressPool, addresses: &[&str]) -> Result<Addresses, AddressError> {
        let ipv4 = addresses.iter().map(|address| address.parse().unwrap()).collect();
        pool.take(&WantedAddresses { ipv4, ..Default::default() }, &mut Ids::seeded(1))
    }

    fn counted(pool: &mut AddressPool, addresses: usize, prefixes: usize) -> Result<Addresses, AddressError> {
        let wanted = WantedAddresses { ipv4_count: addresses, ipv4_prefix_count: prefixes, ..Default::default() };
        pool.take(&wanted, &mut Ids::seeded(1))
    }

    #[rstest]
    #[case::smallest("10.0.0.0/28", 11)]
    #[case::usual("10.0.0.0/24", 251)]
    #[case::largest("10.0.0.0/16", 65531)]
    fn five_are_reserved(#[case] cidr: &str, #[case] free: u32) {
        assert_eq!(pool(cidr).free_count(), free);
    }

    #[rstest]
    #[case::network("10.0.0.0", AddressError::Reserved("10.0.0.0".parse().unwrap()))]
    #[case::router("10.0.0.1", AddressError::Reserved("10.0.0.1".parse().unwrap()))]
    #[case::future("10.0.0.3", AddressError::Reserved("10.0.0.3".parse().unwrap()))]
    #[case::broadcast("10.0.0.255", AddressError::Reserved("10.0.0.255".parse().unwrap()))]
    #[case::next_subnet("10.0.1.0", AddressError::Outside("10.0.1.0".parse().unwrap()))]
    #[case::taken("10.0.0.9", AddressError::InUse("10.0.0.9".parse().unwrap()))]
    fn refused(#[case] address: &str, #[case] error: AddressError) {
        let mut pool = pool("10.0.0.0/24");
        ipv4(&mut pool, &["10.0.0.9"]).unwrap();
        let before = pool.clone();
        assert_eq!(ipv4(&mut pool, &["10.0.0.20", address]), Err(error));
        assert_eq!(pool, before, "a refusal leaves nothing behind");
    }

    #[test]
    fn the_lowest_free_address_is_next() {
        let mut pool = pool("10.0.0.0/24");
        let taken = counted(&mut pool, 3, 0).unwrap();
        assert_eq!(
            taken.ipv4.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>(),
            ["10.0.0.4", "10.0.0.5", "10.0.0.6"]
        );
        pool.give_back(&Addresses { ipv4: vec!["10.0.0.5".parse().unwrap()], ..Default::default() });
        assert_eq!(counted(&mut pool, 1, 0).unwrap().ipv4, ["10.0.0.5".parse::<Ipv4Addr>().unwrap()]);
    }

    #[test]
    fn prefixes_are_aligned_and_run_out_by_fragmentation() {
        let mut pool = pool("10.0.0.0/26");
        ipv4(&mut pool, &["10.0.0.40"]).unwrap();
        // 0–15 holds reserved addresses, 32–47 the one taken, 48–63 the broadcast address.
        assert_eq!(counted(&mut pool, 0, 1).unwrap().ipv4_prefixes, ["10.0.0.16/28".parse::<Ipv4Net>().unwrap()]);
        assert_eq!(counted(&mut pool, 0, 1), Err(AddressError::NoPrefix));
        assert_eq!(pool.free_count(), 59 - 1 - 16);
        assert_eq!(counted(&mut pool, 0, 3), Err(AddressError::TooFewForPrefixes));
    }

    #[test]
    fn what_is_given_back_joins_again() {
        let mut pool = pool("10.0.0.0/24");
        let fresh = pool.clone();
        let mut held = vec![counted(&mut pool, 40, 3).unwrap(), counted(&mut pool, 7, 1).unwrap()];
        held.push(ipv4(&mut pool, &["10.0.0.200"]).unwrap());
        for addresses in held.iter().rev() {
            pool.give_back(addresses);
        }
        assert_eq!(pool, fresh);
    }

    #[test]
    fn an_exhausted_pool_stays_whole() {
        let mut pool = pool("10.0.0.0/28");
        let before = pool.clone();
        assert_eq!(counted(&mut pool, 12, 0), Err(AddressError::Exhausted));
        assert_eq!(pool, before);
        assert!(counted(&mut pool, 11, 0).is_ok());
    }

    #[test]
    fn ipv6_addresses_and_prefixes_exclude_each_other() {
        let mut pool = pool("10.0.0.0/24");
        let mut ids = Ids::seeded(3);
        let address = WantedAddresses { ipv6: vec!["2001:db8::2:0:0:7".parse().unwrap()], ..Default::default() };
        let prefix =
            WantedAddresses { ipv6_prefixes: vec!["2001:db8:0:0:1::/80".parse().unwrap()], ..Default::default() };
        pool.take(&prefix, &mut ids).unwrap();
        let inside = WantedAddresses { ipv6: vec!["2001:db8:0:0:1::7".parse().unwrap()], ..Default::default() };
        assert!(matches!(pool.take(&inside, &mut ids), Err(AddressError::InUse(_))));
        assert!(pool.take(&address, &mut ids).is_ok());
        assert!(matches!(pool.take(&prefix, &mut ids), Err(AddressError::PrefixInUse(_))));
        let random = WantedAddresses { ipv6_count: 3, ipv6_prefix_count: 2, ..Default::default() };
        let taken = pool.take(&random, &mut ids).unwrap();
        assert_eq!((taken.ipv6.len(), taken.ipv6_prefixes.len()), (3, 2));
    }
}
