//! How packets are told apart by protocol, ports, type and code; security groups and network ACLs do it alike.

use nft_ruleset::{Field, Op, Statement, Value};
use vpc_model::{IpProtocol, PortRange};

/// What a rule says about protocol, ports, type and code.
pub(super) fn protocol(protocol: IpProtocol, range: Option<PortRange>) -> Vec<Statement> {
    let is = |number: u8| equal(Field::L4Protocol, Value::Number(number.into()));
    match protocol {
        IpProtocol::All => vec![],
        IpProtocol::Tcp => [is(6)].into_iter().chain(ports(range)).collect(),
        IpProtocol::Udp => [is(17)].into_iter().chain(ports(range)).collect(),
        IpProtocol::Icmp => [is(1)].into_iter().chain(types(range, Field::IcmpType, Field::IcmpCode)).collect(),
        IpProtocol::Icmpv6 => [is(58)].into_iter().chain(types(range, Field::Icmpv6Type, Field::Icmpv6Code)).collect(),
        IpProtocol::Number(number) => vec![is(number)],
    }
}

fn ports(range: Option<PortRange>) -> Option<Statement> {
    let number = |port: i32| u32::try_from(port).ok();
    let PortRange { from, to } = range?;
    let (from, to) = (number(from)?, number(to)?);
    match (from, to) {
        (0, 65535) => None,
        (from, to) if from == to => Some(equal(Field::DestinationPort, Value::Number(from))),
        (from, to) => Some(equal(Field::DestinationPort, Value::Range(from, to))),
    }
}

/// For ICMP the range is type and code; -1 is any.
fn types(range: Option<PortRange>, icmp_type: Field, icmp_code: Field) -> impl Iterator<Item = Statement> {
    let fields = range.map(|range| [(icmp_type, range.from), (icmp_code, range.to)]).into_iter().flatten();
    fields.filter_map(|(field, wanted)| Some(equal(field, Value::Number(u32::try_from(wanted).ok()?))))
}

/// Goes on only where a field has a value.
pub(super) fn equal(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::Equal, value }
}
