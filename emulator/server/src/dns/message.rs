//! Queries and answers on the wire.

use simple_dns::rdata::{OPT, RData, SOA};
use simple_dns::{CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE};

use super::zone::{Answer, TTL_SECONDS, Zones};

/// The longest reply over UDP to a client that does not say more (RFC 1035).
const PLAIN_UDP_BYTES: usize = 512;
/// The longest datagram that is sent or read, as every reply to a client that knows EDNS says.
pub(super) const UDP_BYTES: u16 = 4096;
/// A message's header.
const HEADER_BYTES: usize = 12;
/// How many CNAME records are followed for one question.
const LONGEST_CHAIN: usize = 8;

/// How a query came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram.
    Udp,
    /// On a connection.
    Tcp,
}

/// What is done about a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: it is a reply or a fragment, or the VPC's `enableDnsSupport` is off.
    Silence,
    /// It is answered.
    Reply(Vec<u8>),
    /// Somebody else is to be asked.
    Forward,
}

/// What is done about a query.
pub fn answer(zones: &Zones<'_>, query: &[u8], transport: Transport) -> Outcome {
    let is_reply = query.get(2).is_none_or(|flags| flags & 0x80 != 0);
    if is_reply || query.len() < HEADER_BYTES || !zones.vpc.enable_dns_support {
        return Outcome::Silence;
    }
    let reply = match Packet::parse(query) {
        Ok(query) => match reply(zones, &query) {
            Some(reply) => {
                let limit = query.opt().map_or(PLAIN_UDP_BYTES, |opt| usize::from(opt.udp_packet_size.min(UDP_BYTES)));
                fit(reply, limit, transport)
            }
            None => return Outcome::Forward,
        },
        Err(_) => failure(query, RCODE::FormatError),
    };
    reply.map_or(Outcome::Silence, Outcome::Reply)
}

/// The reply to a query, unless that has to be forwarded.
fn reply<'a>(zones: &Zones<'_>, query: &Packet<'a>) -> Option<Packet<'a>> {
    let mut reply = Packet::new_reply(query.id());
    *reply.opcode_mut() = query.opcode();
    reply.questions.clone_from(&query.questions);
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if query.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    *reply.opt_mut() = query.opt().map(|_| OPT { opt_codes: vec![], udp_packet_size: UDP_BYTES, version: 0 });
    let rcode = match (query.opcode(), query.questions.as_slice()) {
        _ if query.opt().is_some_and(|opt| opt.version != 0) => RCODE::BADVERS,
        (OPCODE::StandardQuery, [question]) => resolve(zones, question, &mut reply)?,
        (OPCODE::StandardQuery, _) => RCODE::FormatError,
        _ => RCODE::NotImplemented,
    };
    *reply.rcode_mut() = rcode;
    Some(reply)
}

/// Fills in a question's records and says how it went; nothing if somebody else is to be asked.
fn resolve(zones: &Zones<'_>, question: &Question<'_>, reply: &mut Packet<'_>) -> Option<RCODE> {
    if !matches!(question.qclass, QCLASS::CLASS(CLASS::IN) | QCLASS::ANY) {
        return Some(RCODE::Refused);
    }
    let mut owner = question.qname.clone().into_owned();
    for _ in 0..LONGEST_CHAIN {
        let (records, ttl, zone) = match zones.look_up(&owner.to_string().to_ascii_lowercase()) {
            Answer::Found { records, ttl, zone } => (records, ttl, zone),
            Answer::NoSuchName { zone } => {
                reply.name_servers.extend(start_of_authority(&zone));
                return Some(RCODE::NameError);
            }
            Answer::NotOurs if !reply.answers.is_empty() => return Some(RCODE::NoError),
            Answer::NotOurs => return (!zones.forwards).then_some(RCODE::Refused),
        };
        let (wanted, others): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| asks_for(question.qtype, record.type_code()));
        let alias = others.into_iter().find(|record| matches!(record, RData::CNAME(_)));
        match alias.filter(|_| wanted.is_empty()) {
            Some(RData::CNAME(target)) => {
                let next = target.0.clone();
                reply.answers.push(record(&owner, RData::CNAME(target), ttl));
                owner = next;
            }
            _ => {
                if wanted.is_empty() {
                    reply.name_servers.extend(start_of_authority(&zone));
                }
                reply.answers.extend(wanted.into_iter().map(|data| record(&owner, data, ttl)));
                return Some(RCODE::NoError);
            }
        }
    }
    Some(RCODE::ServerFailure)
}

fn asks_for(asked: QTYPE, found: TYPE) -> bool {
    asked == QTYPE::ANY || asked == QTYPE::TYPE(found)
}

fn record<'a>(name: &Name<'_>, data: RData<'a>, ttl: u32) -> ResourceRecord<'a> {
    ResourceRecord::new(name.clone().into_owned(), CLASS::IN, ttl, data)
}

/// Tells caches how long a name may be taken for absent (RFC 2308).
fn start_of_authority(zone: &str) -> Option<ResourceRecord<'static>> {
    let name = |text: String| Name::new(&text).map(Name::into_owned).ok();
    let (mname, rname) = (name(format!("ns0.{zone}"))?, name(format!("hostmaster.{zone}"))?);
    let minimum = TTL_SECONDS;
    let soa = SOA { mname, rname, serial: 1, refresh: 7200, retry: 900, expire: 1_209_600, minimum };
    Some(record(&name(zone.to_owned())?, RData::SOA(soa), TTL_SECONDS))
}

/// The reply's bytes; one too long for a datagram says that it is cut, so that the client asks over TCP.
fn fit(mut reply: Packet<'_>, limit: usize, transport: Transport) -> Option<Vec<u8>> {
    let bytes = reply.build_bytes_vec_compressed().ok()?;
    if transport == Transport::Tcp || bytes.len() <= limit.max(PLAIN_UDP_BYTES) {
        return Some(bytes);
    }
    reply.answers.clear();
    reply.name_servers.clear();
    reply.set_flags(PacketFlag::TRUNCATION);
    reply.build_bytes_vec_compressed().ok()
}

/// A reply that says no more than how it went. The header is there, so at least the id can be answered.
pub(super) fn failure(query: &[u8], rcode: RCODE) -> Option<Vec<u8>> {
    let mut reply = Packet::new_reply(u16::from_be_bytes(*query.first_chunk()?));
    if let Ok(query) = Packet::parse(query) {
        reply.questions.clone_from(&query.questions);
    }
    *reply.rcode_mut() = rcode;
    reply.build_bytes_vec_compressed().ok()
}
