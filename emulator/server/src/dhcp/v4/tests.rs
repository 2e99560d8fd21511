use rstest::rstest;

use super::*;
use crate::dhcp::lease;

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];
const ANY: [u8; 4] = [0; 4];
const OWN: [u8; 4] = [10, 0, 1, 5];
const OTHER: [u8; 4] = [10, 0, 1, 6];
const ROUTER: [u8; 4] = [10, 0, 1, 1];

/// A client's message: the address in its head, and its options.
fn message(own: [u8; 4], options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; HEAD_BYTES];
    bytes[..8].copy_from_slice(&[1, 1, 6, 0, 0xca, 0xfe, 0xba, 0xbe]);
    bytes[12..16].copy_from_slice(&own);
    bytes[28..34].copy_from_slice(&MAC);
    bytes.extend(COOKIE);
    options.iter().for_each(|(code, value)| put(&mut bytes, *code, value));
    bytes.push(option::END);
    bytes
}

fn framed(content: Vec<u8>) -> Vec<u8> {
    let addresses = [Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into()];
    Datagram { macs: [Mac(MAC), Mac([0xff; 6])], addresses, ports: [68, 67], content }.frame()
}

fn ask(content: Vec<u8>) -> Option<Vec<u8>> {
    answer(&framed(content), |mac| (mac == Mac(MAC)).then(lease::example))
}

/// An option's value in an answer.
fn value(answer: &[u8], wanted: u8) -> Option<Vec<u8>> {
    let content = Datagram::parse(answer)?.content;
    let mut rest = content.get(HEAD_BYTES + COOKIE.len()..)?;
    loop {
        let code = take(&mut rest, 1)?[0];
        let length = take(&mut rest, 1).filter(|_| code != option::END)?[0];
        let value = take(&mut rest, length.into())?;
        if code == wanted {
            return Some(value.to_vec());
        }
    }
}

#[rstest]
#[case::discover(1, ANY, None, None, Some(kind::OFFER))]
#[case::request_of_the_offer(3, ANY, Some(ROUTER), Some(OWN), Some(kind::ACK))]
#[case::request_from_another_server(3, ANY, Some(OTHER), Some(OWN), None)]
#[case::request_of_another_address(3, ANY, Some(ROUTER), Some(OTHER), Some(kind::NAK))]
#[case::reboot(3, ANY, None, Some(OWN), Some(kind::ACK))]
#[case::reboot_after_a_move(3, ANY, None, Some(OTHER), Some(kind::NAK))]
#[case::renew(3, OWN, None, None, Some(kind::ACK))]
#[case::renew_another(3, OTHER, None, None, Some(kind::NAK))]
#[case::request_of_nothing(3, ANY, None, None, None)]
#[case::inform(8, OWN, None, None, Some(kind::ACK))]
#[case::inform_without_address(8, ANY, None, None, None)]
#[case::decline(4, ANY, Some(ROUTER), Some(OWN), None)]
#[case::release(7, OWN, Some(ROUTER), None, None)]
fn answers(
    #[case] kind: u8,
    #[case] own: [u8; 4],
    #[case] server: Option<[u8; 4]>,
    #[case] requested: Option<[u8; 4]>,
    #[case] expected: Option<u8>,
) {
    let kind = [kind];
    let mut options: Vec<(u8, &[u8])> = vec![(option::MESSAGE_TYPE, &kind)];
    options.extend(server.iter().map(|server| (option::SERVER, &server[..])));
    options.extend(requested.iter().map(|requested| (option::REQUESTED_ADDRESS, &requested[..])));
    let kind = ask(message(own, &options)).map(|answer| value(&answer, option::MESSAGE_TYPE).expect("a kind")[0]);
    assert_eq!(kind, expected);
}

#[test]
fn malformed_options() {
    assert_eq!(ask(message(ANY, &[(50, &OWN)])), None, "no kind");
    assert_eq!(ask(message(ANY, &[(53, &[1, 1])])), None, "a kind of two bytes");
    assert_eq!(ask(message(ANY, &[(53, &[3]), (50, &[10, 0, 1])])), None, "an address of three");
}

#[test]
fn what_a_client_is_told() {
    let answer = ask(message(ANY, &[(53, &[1]), (61, b"\x01client")])).expect("an offer");
    let told = |code| value(&answer, code);
    assert_eq!(told(option::SUBNET_MASK).unwrap(), [255, 255, 255, 0]);
    assert_eq!(told(option::ROUTERS).unwrap(), ROUTER);
    assert_eq!(told(option::SERVER).unwrap(), ROUTER);
    assert_eq!(told(option::BROADCAST).unwrap(), [10, 0, 1, 255]);
    assert_eq!(told(option::NAME_SERVERS).unwrap(), [10, 0, 0, 2], "of IPv4 only");
    assert_eq!(told(option::HOST_NAME).unwrap(), b"ip-10-0-1-5");
    assert_eq!(told(option::DOMAIN_NAME).unwrap(), b"ec2.internal");
    assert_eq!(told(option::LEASE).unwrap(), 3600_u32.to_be_bytes());
    assert_eq!(told(option::MTU).unwrap(), 9001_u16.to_be_bytes());
    assert_eq!(told(option::CLIENT).unwrap(), b"\x01client");
    assert_eq!(told(option::TIME_SERVERS), None);
    let read = Datagram::parse(&answer).unwrap();
    assert_eq!(read.content[16..20], OWN);
    assert_eq!(read.content[4..8], [0xca, 0xfe, 0xba, 0xbe]);
    assert_eq!((read.macs[1], read.addresses[1]), (Mac(MAC), IpAddr::from(OWN)));
    assert!(read.content.len() >= LEAST_BYTES);
}

#[test]
fn where_answers_go() {
    let mut flagged = message(ANY, &[(53, &[1])]);
    flagged[10] = 0x80;
    let cases = [
        ("a refusal is for everybody", message(ANY, &[(53, &[3]), (50, &OTHER)]), [255; 4]),
        ("to the address it has", message(OWN, &[(53, &[3])]), OWN),
        ("to the address it gets", message(ANY, &[(53, &[1])]), OWN),
        ("to everybody if it asks for that", flagged, [255; 4]),
    ];
    for (name, content, to) in cases {
        let answer = ask(content).expect(name);
        let read = Datagram::parse(&answer).expect(name);
        assert_eq!((read.addresses[1], read.macs[1]), (IpAddr::from(to), Mac(MAC)), "{name}");
    }
}

#[rstest]
#[case::answer(0, 2)]
#[case::no_ethernet(1, 6)]
#[case::longer_address(2, 16)]
#[case::by_a_relay(24, 10)]
#[case::for_another_address(33, 8)]
#[case::no_cookie(236, 0)]
#[case::option_beyond_the_end(241, 200)]
fn malformed(#[case] at: usize, #[case] byte: u8) {
    let mut content = message(ANY, &[(53, &[1])]);
    content[at] = byte;
    assert_eq!(ask(content), None);
}

#[test]
fn cut_short() {
    let content = message(ANY, &[(53, &[1]), (61, &[7; 9])]);
    assert!((0..content.len()).all(|length| ask(content[..length].to_vec()).is_none()));
}

#[test]
fn strangers_and_ipv6_only_subnets_hear_nothing() {
    let frame = framed(message(ANY, &[(53, &[1])]));
    assert_eq!(answer(&frame, |_| None), None);
    assert_eq!(answer(&frame, |_| Some(Lease { v4: None, ..lease::example() })), None);
}
