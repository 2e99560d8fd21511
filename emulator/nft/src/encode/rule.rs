//! Rules as expressions, with the dependencies nft would add.

use ipnet::IpNet;

use super::expression::{Compare, Expressions, MAX_EXPRESSIONS};
use super::scope::{BadTarget, Scope};
use super::wire::{FIRST_REGISTER, FIRST_SHORT_REGISTER, rule as attr};
use super::writer::Writer;
use crate::field::{Layout, META_IIFTYPE, META_L4PROTO, META_NFPROTO, META_PROTOCOL, Needs, Order, Source};
use crate::key::INTERFACE_NAME;
use crate::{ConnectionState, Family, Field, KeyType, Op, Rule, RuleError, Set, Statement, Value};

/// nft's limit for comments.
const MAX_COMMENT: usize = 128;

const IPV4: u8 = 2;
const IPV6: u8 = 10;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const ETHERNET: u16 = 1;
/// `RTN_LOCAL`: an address of this host.
const LOCAL: u32 = 2;

/// Writes a rule's attributes, table and chain apart.
pub(crate) fn write(w: &mut Writer, rule: &Rule, scope: &Scope<'_>) -> Result<(), RuleError> {
    w.try_nested(attr::EXPRESSIONS, |w| write_expressions(w, rule, scope))?;
    match &rule.comment {
        Some(comment) if comment.len() > MAX_COMMENT => Err(RuleError::CommentLength(comment.len())),
        Some(comment) => {
            let mut data = vec![attr::USERDATA_COMMENT, comment.len() as u8 + 1];
            data.extend_from_slice(comment.as_bytes());
            data.push(0);
            w.bytes(attr::USERDATA, &data);
            Ok(())
        }
        None => Ok(()),
    }
}

fn write_expressions(w: &mut Writer, rule: &Rule, scope: &Scope<'_>) -> Result<(), RuleError> {
    let mut encoder = Encoder { out: Expressions::new(w), scope, known: Known::of(scope.family) };
    for statement in &rule.statements {
        encoder.statement(statement)?;
    }
    match encoder.out.count {
        count if count > MAX_EXPRESSIONS => Err(RuleError::TooLong(count)),
        _ => Ok(()),
    }
}

/// What the rule has asked for so far, so it need not be asked again.
#[derive(Debug, Clone, Copy)]
struct Known {
    ethernet: bool,
    network: Option<u8>,
    transport: Option<u8>,
}

impl Known {
    fn of(family: Family) -> Self {
        Self { ethernet: family == Family::Netdev, network: (family == Family::Ip).then_some(IPV4), transport: None }
    }
}

struct Encoder<'a> {
    out: Expressions<'a>,
    scope: &'a Scope<'a>,
    known: Known,
}

impl Encoder<'_> {
    fn statement(&mut self, statement: &Statement) -> Result<(), RuleError> {
        match statement {
            Statement::Match { field, op, value } => self.compare(*field, *op, value)?,
            Statement::Lookup { fields, set, negated } => {
                self.load_key(fields, set, false)?;
                self.out.lookup(FIRST_REGISTER, set, *negated);
            }
            Statement::VerdictMap { fields, map } => {
                self.load_key(fields, map, true)?;
                self.out.verdict_map(FIRST_REGISTER, map);
            }
            Statement::Counter => self.out.counter(),
            Statement::SetMark { value, mask } => {
                self.marked(Field::Mark, *value, *mask);
                self.out.set_packet_mark(FIRST_REGISTER);
            }
            Statement::SetConnectionMark { value, mask } => {
                self.marked(Field::ConnectionMark, *value, *mask);
                self.out.set_connection_mark(FIRST_REGISTER);
            }
            Statement::RestoreMark { mask } => {
                self.load(Field::ConnectionMark.layout());
                if *mask != u32::MAX {
                    self.out.bitwise(FIRST_REGISTER, &mask.to_ne_bytes(), &[0; 4]);
                }
                self.out.set_packet_mark(FIRST_REGISTER);
            }
            Statement::SourceNat { address, fully_random } => {
                self.out.immediate(FIRST_REGISTER, &address.octets());
                self.out.source_nat(FIRST_REGISTER, *fully_random);
            }
            Statement::DestinationNat { address } => {
                self.out.immediate(FIRST_REGISTER, &address.octets());
                self.out.destination_nat(FIRST_REGISTER);
            }
            Statement::ResetTcp => self.out.reset_tcp(),
            Statement::Verdict(verdict) => {
                self.scope.check_target(verdict).map_err(|(problem, chain)| match problem {
                    BadTarget::Missing => RuleError::UnknownChain(chain),
                    BadTarget::Base => RuleError::JumpToBase(chain),
                })?;
                self.out.verdict(verdict);
            }
        }
        Ok(())
    }

    fn load(&mut self, layout: Layout) {
        self.out.load(layout.source, layout.width, FIRST_REGISTER);
    }

    /// Puts a mark's new value in the first register.
    fn marked(&mut self, field: Field, value: u32, mask: u32) {
        let kept = !(mask | value);
        if kept == 0 {
            return self.out.immediate(FIRST_REGISTER, &value.to_ne_bytes());
        }
        self.load(field.layout());
        self.out.bitwise(FIRST_REGISTER, &kept.to_ne_bytes(), &value.to_ne_bytes());
    }

    /// Loads the fields a set is asked for, one after another.
    fn load_key(&mut self, fields: &[Field], name: &str, verdicts: bool) -> Result<(), RuleError> {
        let set = self.scope.set(name).ok_or_else(|| RuleError::UnknownSet(name.to_owned()))?;
        check_key(fields, set, verdicts)?;
        for field in fields {
            self.require(*field)?;
        }
        let mut register = if fields.len() == 1 { FIRST_REGISTER } else { FIRST_SHORT_REGISTER };
        for (field, part) in fields.iter().zip(&set.key) {
            let layout = field.layout();
            self.out.load(layout.source, layout.width, register);
            if set.interval && layout.order == Order::Host {
                self.out.swap_to_network(register);
            }
            register += (part.padded_width() / 4) as u32;
        }
        Ok(())
    }

    /// Asks for what must be true before the field may be looked at, unless the rule has done so.
    fn require(&mut self, field: Field) -> Result<(), RuleError> {
        match field.layout().needs {
            Needs::Nothing => Ok(()),
            Needs::Ethernet => {
                self.require_ethernet();
                Ok(())
            }
            Needs::Ip4 => self.require_network(field, IPV4),
            Needs::Ip6 => self.require_network(field, IPV6),
            // Who asks for ICMP itself need not ask for the family.
            Needs::Icmp if self.known.transport == Some(ICMP) => Ok(()),
            Needs::Icmpv6 if self.known.transport == Some(ICMPV6) => Ok(()),
            Needs::Icmp => {
                self.require_network(field, IPV4)?;
                self.require_transport(field, ICMP)
            }
            Needs::Icmpv6 => {
                self.require_network(field, IPV6)?;
                self.require_transport(field, ICMPV6)
            }
        }
    }

    fn require_ethernet(&mut self) {
        if !std::mem::replace(&mut self.known.ethernet, true) {
            self.out.load(Source::Meta(META_IIFTYPE), 2, FIRST_REGISTER);
            self.out.compare(FIRST_REGISTER, Compare::Equal, &ETHERNET.to_ne_bytes());
        }
    }

    fn require_network(&mut self, field: Field, wanted: u8) -> Result<(), RuleError> {
        match self.known.network {
            Some(known) if known == wanted => return Ok(()),
            Some(_) if self.scope.family == Family::Ip => return Err(RuleError::Family(field, Family::Ip)),
            Some(_) => return Err(RuleError::Contradiction(field)),
            None => self.known.network = Some(wanted),
        }
        if self.scope.family == Family::Netdev {
            // Frames have no family yet; the Ethernet type tells.
            let protocol: u16 = if wanted == IPV4 { 0x0800 } else { 0x86dd };
            self.out.load(Source::Meta(META_PROTOCOL), 2, FIRST_REGISTER);
            self.out.compare(FIRST_REGISTER, Compare::Equal, &protocol.to_be_bytes());
        } else {
            self.out.load(Source::Meta(META_NFPROTO), 1, FIRST_REGISTER);
            self.out.compare(FIRST_REGISTER, Compare::Equal, &[wanted]);
        }
        Ok(())
    }

    fn require_transport(&mut self, field: Field, wanted: u8) -> Result<(), RuleError> {
        match self.known.transport {
            Some(known) if known == wanted => return Ok(()),
            Some(_) => return Err(RuleError::Contradiction(field)),
            None => self.known.transport = Some(wanted),
        }
        self.out.load(Source::Meta(META_L4PROTO), 1, FIRST_REGISTER);
        self.out.compare(FIRST_REGISTER, Compare::Equal, &[wanted]);
        Ok(())
    }

    fn compare(&mut self, field: Field, op: Op, value: &Value) -> Result<(), RuleError> {
        self.require(field)?;
        let layout = field.layout();
        let compare = match op {
            Op::Equal => Compare::Equal,
            Op::NotEqual => Compare::NotEqual,
        };
        let bad = || RuleError::Value { field, value: format!("{value:?}") };
        match (value, field) {
            (Value::Number(number), _) => {
                let bytes = Bytes::number(*number, field, layout).ok_or_else(bad)?;
                self.load(layout);
                self.out.compare(FIRST_REGISTER, compare, bytes.get());
                self.learn(field, op, *number);
            }
            (Value::Range(from, to), _) if from > to => return Err(RuleError::EmptyRange(*from, *to)),
            (Value::Range(from, to), _) => {
                let ordered = Layout { order: Order::Network, ..layout };
                let from = Bytes::number(*from, field, ordered).ok_or_else(bad)?;
                let to = Bytes::number(*to, field, ordered).ok_or_else(bad)?;
                self.load(layout);
                if layout.order == Order::Host {
                    self.out.swap_to_network(FIRST_REGISTER);
                }
                self.out.range(FIRST_REGISTER, compare, from.get(), to.get());
            }
            (Value::Masked { value, mask }, _) => {
                let value = Bytes::number(*value, field, layout).ok_or_else(bad)?;
                let mask = Bytes::number(*mask, field, layout).ok_or_else(bad)?;
                self.load(layout);
                self.out.bitwise(FIRST_REGISTER, mask.get(), &[0; 4][..layout.width]);
                self.out.compare(FIRST_REGISTER, compare, value.get());
            }
            (Value::Address(address), _) => self.network(field, compare, IpNet::from(*address)).ok_or_else(bad)?,
            (Value::Network(net), _) => self.network(field, compare, *net).ok_or_else(bad)?,
            (Value::Mac(mac), Field::EtherSource) => {
                self.load(layout);
                self.out.compare(FIRST_REGISTER, compare, mac);
            }
            (Value::Interface(name), Field::InputInterface | Field::OutputInterface) => {
                let bytes = Bytes::interface(name).ok_or_else(|| RuleError::InterfaceName(name.clone()))?;
                self.load(layout);
                self.out.compare(FIRST_REGISTER, compare, bytes.get());
            }
            (Value::States(states), Field::ConnectionState) => self.states(states, op)?,
            (Value::LocalAddress, Field::FibDestinationType) => {
                self.load(layout);
                self.out.compare(FIRST_REGISTER, compare, &LOCAL.to_ne_bytes());
            }
            _ => return Err(bad()),
        }
        Ok(())
    }

    /// Remembers a protocol the rule has asked for.
    fn learn(&mut self, field: Field, op: Op, number: u32) {
        match (field, op, u8::try_from(number)) {
            (Field::NfProtocol, Op::Equal, Ok(number)) => self.known.network = Some(number),
            (Field::L4Protocol, Op::Equal, Ok(number)) => self.known.transport = Some(number),
            _ => (),
        }
    }

    /// Compares an address with a network; `None` if the field is not an address of its kind.
    fn network(&mut self, field: Field, compare: Compare, net: IpNet) -> Option<()> {
        let layout = field.layout();
        let kind = match net {
            IpNet::V4(_) => KeyType::Ipv4Address,
            IpNet::V6(_) => KeyType::Ipv6Address,
        };
        if layout.key != Some(kind) {
            return None;
        }
        let (address, mask) = (octets(net.network()), octets(net.netmask()));
        let whole = usize::from(net.prefix_len() / 8);
        // Whole bytes need no mask. The kernel loads 1, 2 and 4 bytes without a call; 3 it does not, so a mask is
        // cheaper then.
        let unmasked = net.prefix_len().is_multiple_of(8) && !matches!(whole, 0 | 3);
        match layout.source {
            _ if whole == layout.width => self.load(layout),
            source @ Source::Payload(..) if unmasked => self.out.load(source, whole, FIRST_REGISTER),
            _ => {
                self.load(layout);
                self.out.bitwise(FIRST_REGISTER, &mask[..layout.width], &[0; 16][..layout.width]);
                self.out.compare(FIRST_REGISTER, compare, &address[..layout.width]);
                return Some(());
            }
        }
        self.out.compare(FIRST_REGISTER, compare, &address[..whole]);
        Some(())
    }

    /// Any of the states has its bit set; or none has.
    fn states(&mut self, states: &[ConnectionState], op: Op) -> Result<(), RuleError> {
        if states.is_empty() {
            return Err(RuleError::NoStates);
        }
        let mask = states.iter().fold(0, |mask, state| mask | state_bit(*state));
        self.load(Field::ConnectionState.layout());
        self.out.bitwise(FIRST_REGISTER, &mask.to_ne_bytes(), &[0; 4]);
        let any = match op {
            Op::Equal => Compare::NotEqual,
            Op::NotEqual => Compare::Equal,
        };
        self.out.compare(FIRST_REGISTER, any, &[0; 4]);
        Ok(())
    }
}

fn check_key(fields: &[Field], set: &Set, verdicts: bool) -> Result<(), RuleError> {
    if set.verdicts != verdicts {
        let wanted = if verdicts { "verdict map" } else { "plain set" };
        return Err(RuleError::WrongKind(set.name.clone(), wanted));
    }
    if fields.len() != set.key.len() {
        let (fields, parts) = (fields.len(), set.key.len());
        return Err(RuleError::FieldCount { set: set.name.clone(), fields, parts });
    }
    for (&field, &expected) in fields.iter().zip(&set.key) {
        if field.layout().key != Some(expected) {
            return Err(RuleError::FieldNotInKey { set: set.name.clone(), field, expected });
        }
    }
    Ok(())
}

/// `NF_CT_STATE_BIT` of each state.
fn state_bit(state: ConnectionState) -> u32 {
    match state {
        ConnectionState::Invalid => 1,
        ConnectionState::Established => 2,
        ConnectionState::Related => 4,
        ConnectionState::New => 8,
        ConnectionState::Untracked => 64,
    }
}

fn octets(address: std::net::IpAddr) -> [u8; 16] {
    let mut bytes = [0; 16];
    match address {
        std::net::IpAddr::V4(address) => bytes[..4].copy_from_slice(&address.octets()),
        std::net::IpAddr::V6(address) => bytes = address.octets(),
    }
    bytes
}

/// A value of up to 16 bytes.
struct Bytes {
    bytes: [u8; INTERFACE_NAME],
    length: usize,
}

impl Bytes {
    fn of(value: &[u8]) -> Self {
        let mut bytes = [0; INTERFACE_NAME];
        bytes[..value.len()].copy_from_slice(value);
        Self { bytes, length: value.len() }
    }

    fn get(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// A number in the field's width and order; `None` if the field is no number or too narrow.
    fn number(number: u32, field: Field, layout: Layout) -> Option<Self> {
        let address = layout.key == Some(KeyType::Ipv4Address);
        match (layout.width, layout.order) {
            (1, _) => Some(Self::of(&[u8::try_from(number).ok()?])),
            (2, _) => Some(Self::of(&u16::try_from(number).ok()?.to_be_bytes())),
            (4, _) if address || field == Field::ConnectionState => None,
            (4, Order::Host) => Some(Self::of(&number.to_ne_bytes())),
            (4, Order::Network) => Some(Self::of(&number.to_be_bytes())),
            _ => None,
        }
    }

    /// A whole name with its padding, or the part before a final `*`.
    fn interface(name: &str) -> Option<Self> {
        match name.strip_suffix('*') {
            Some(stem) if !stem.is_empty() && stem.len() < INTERFACE_NAME => Some(Self::of(stem.as_bytes())),
            None if !name.is_empty() && name.len() < INTERFACE_NAME => {
                Some(Self { length: INTERFACE_NAME, ..Self::of(name.as_bytes()) })
            }
            _ => None,
        }
    }
}
