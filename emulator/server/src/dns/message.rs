//! Queries and answers on the wire.

use simple_dns::rdata::{RData, SOA};
use simple_dns::{CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE};

use super::zone::{Answer, Zones};

/// How long answers may be cached; EC2's private names carry a minute too.
const TTL_SECONDS: u32 = 60;
/// The longest reply over UDP to a client that does not say more (RFC 1035).
const PLAIN_UDP_BYTES: usize = 512;
/// The flags that make a message no query.
const HEADER_BYTES: usize = 12;

/// How a query came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram.
    Udp,
    /// On a connection.
    Tcp,
}

/// The reply to a query; `None` for what deserves none: replies, fragments, and everything while the
/// VPC's `enableDnsSupport` is off.
pub fn answer(zones: &Zones<'_>, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
    let is_reply = query.get(2).is_none_or(|flags| flags & 0x80 != 0);
    if is_reply || query.len() < HEADER_BYTES || !zones.vpc.enable_dns_support {
        return None;
    }
    let Ok(query) = Packet::parse(query) else { return malformed(query) };
    let mut reply = Packet::new_reply(query.id());
    *reply.opcode_mut() = query.opcode();
    reply.questions.clone_from(&query.questions);
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if query.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    reply.opt_mut().clone_from(&query.opt().cloned());
    let rcode = match (query.opcode(), query.questions.as_slice()) {
        (OPCODE::StandardQuery, [question]) => resolve(zones, question, &mut reply),
        (OPCODE::StandardQuery, _) => RCODE::FormatError,
        _ => RCODE::NotImplemented,
    };
    *reply.rcode_mut() = rcode;
    fit(reply, query.opt().map_or(PLAIN_UDP_BYTES, |opt| usize::from(opt.udp_packet_size)), transport)
}

/// Fills in a question's records and says how it went.
fn resolve(zones: &Zones<'_>, question: &Question<'_>, reply: &mut Packet<'_>) -> RCODE {
    if !matches!(question.qclass, QCLASS::CLASS(CLASS::IN) | QCLASS::ANY) {
        return RCODE::Refused;
    }
    let name = question.qname.to_string().to_ascii_lowercase();
    let (records, rcode, zone) = match zones.look_up(&name) {
        Answer::Host { ipv4, ipv6 } => {
            let v4 = ipv4.into_iter().map(|address| RData::A(address.into()));
            let v6 = ipv6.into_iter().map(|address| RData::AAAA(address.into()));
            (
                v4.chain(v6).collect(),
                RCODE::NoError,
                name.split_once('.').map_or(String::new(), |(_, zone)| zone.into()),
            )
        }
        Answer::Name(target) => {
            let target = Name::new(&target).map(Name::into_owned);
            (target.into_iter().map(|name| RData::PTR(name.into())).collect(), RCODE::NoError, "in-addr.arpa".into())
        }
        Answer::NoSuchName { zone } => (Vec::new(), RCODE::NameError, zone),
        Answer::NotOurs => return RCODE::Refused,
    };
    let wanted = records.into_iter().filter(|record| asks_for(question.qtype, record.type_code()));
    reply.answers.extend(wanted.map(|record| self::record(&question.qname, record)));
    if reply.answers.is_empty() {
        reply.name_servers.extend(start_of_authority(&zone));
    }
    rcode
}

fn asks_for(asked: QTYPE, found: TYPE) -> bool {
    asked == QTYPE::ANY || asked == QTYPE::TYPE(found)
}

fn record<'a>(name: &Name<'_>, data: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(name.clone().into_owned(), CLASS::IN, TTL_SECONDS, data)
}

/// Tells caches how long a name may be taken for absent (RFC 2308).
fn start_of_authority(zone: &str) -> Option<ResourceRecord<'static>> {
    let name = |text: String| Name::new(&text).map(Name::into_owned).ok();
    let (mname, rname) = (name(format!("ns0.{zone}"))?, name(format!("hostmaster.{zone}"))?);
    let minimum = TTL_SECONDS;
    let soa = SOA { mname, rname, serial: 1, refresh: 7200, retry: 900, expire: 1_209_600, minimum };
    Some(record(&name(zone.to_owned())?, RData::SOA(soa)))
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

/// The header is there, so at least the id can be answered.
fn malformed(query: &[u8]) -> Option<Vec<u8>> {
    let mut reply = Packet::new_reply(u16::from_be_bytes(*query.first_chunk()?));
    *reply.rcode_mut() = RCODE::FormatError;
    reply.build_bytes_vec_compressed().ok()
}
