use rstest::rstest;

use super::*;
use crate::dhcp::lease;

const CLIENT: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 9];
const SERVER: &[u8] = &[0, 3, 0, 1, 0xfe, 0, 0, 0, 0, 1];
const OWN: &str = "2001:db8::5";
const NEIGHBOURS: &str = "2001:db8::6";
const FAR: &str = "2001:db9::6";

fn association(addresses: &[&str]) -> Vec<u8> {
    let mut value = vec![0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    addresses.iter().for_each(|address| put_address(&mut value, address.parse().expect("an address"), 0, 0));
    value
}

fn message(kind: u8, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![kind, 1, 2, 3];
    options.iter().for_each(|(code, value)| put(&mut bytes, *code, value));
    bytes
}

fn ask(from: &str, content: Vec<u8>, lease: Lease) -> Option<Vec<u8>> {
    let addresses = [from, "ff02::1:2"].map(|address| address.parse().expect("an address"));
    let macs = [lease.mac, Mac([0x33, 0x33, 0, 1, 0, 2])];
    let frame = Datagram { macs, addresses, ports: [546, 547], content }.frame();
    let answer = answer(&frame, |_| Some(lease))?;
    Datagram::parse(&answer).map(|read| read.content.to_vec())
}

/// The options of an answer or of an association.
fn options(mut rest: &[u8]) -> Vec<(u16, &[u8])> {
    std::iter::from_fn(move || take_option(&mut rest)).collect()
}

/// What an answer says, for people.
fn outline(answer: &[u8]) -> String {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let mut words = vec![format!("{}", answer[0])];
    for (code, value) in options(&answer[4..]) {
        match code {
            option::ASSOCIATION => {
                for (code, value) in options(&value[12..]) {
                    words.push(match code {
                        option::ADDRESS => {
                            let address = Ipv6Addr::from(<[u8; 16]>::try_from(&value[..16]).unwrap());
                            format!("{address} {}/{}", number(&value[16..20]), number(&value[20..24]))
                        }
                        _ => format!("status {}", value[1]),
                    });
                }
            }
            option::STATUS => words.push(format!("status {}", value[1])),
            option::NAME_SERVERS => words.push("servers".to_owned()),
            option::DOMAINS => words.push("domains".to_owned()),
            _ => {}
        }
    }
    words.join(", ")
}

#[rstest]
#[case::solicit(kind::SOLICIT, false, &[], "2, 2001:db8::5 140/450")]
#[case::request(kind::REQUEST, true, &[OWN], "7, 2001:db8::5 140/450")]
#[case::request_of_another(kind::REQUEST, true, &[NEIGHBOURS], "7, 2001:db8::5 140/450")]
#[case::renew(kind::RENEW, true, &[OWN], "7, 2001:db8::5 140/450")]
#[case::renew_of_what_is_gone(kind::RENEW, true, &[NEIGHBOURS], "7, 2001:db8::5 140/450, 2001:db8::6 0/0")]
#[case::rebind(kind::REBIND, false, &[OWN], "7, 2001:db8::5 140/450")]
#[case::confirm(kind::CONFIRM, false, &[OWN, NEIGHBOURS], "7, status 0")]
#[case::confirm_of_elsewhere(kind::CONFIRM, false, &[OWN, FAR], "7, status 4")]
#[case::confirm_of_nothing(kind::CONFIRM, false, &[], "")]
#[case::release(kind::RELEASE, true, &[OWN], "7, status 0")]
#[case::solicit_of_one_server(kind::SOLICIT, true, &[], "")]
#[case::request_of_any_server(kind::REQUEST, false, &[OWN], "")]
#[case::an_answer(kind::REPLY, true, &[OWN], "")]
fn answers(#[case] kind: u8, #[case] names_the_server: bool, #[case] addresses: &[&str], #[case] expected: &str) {
    let association = association(addresses);
    let mut options = vec![(option::CLIENT, CLIENT), (option::ASSOCIATION, &association)];
    options.extend(names_the_server.then_some((option::SERVER, SERVER)));
    let answer = ask("fe80::9", message(kind, &options), lease::example());
    assert_eq!(answer.as_deref().map(outline).unwrap_or_default(), expected);
}

#[test]
fn where_there_is_ipv6_only_more_is_told() {
    let lease = || Lease { v4: None, ..lease::example() };
    let asked = message(kind::INFORMATION_REQUEST, &[(option::CLIENT, CLIENT)]);
    let answer = ask("fe80::9", asked, lease()).expect("an answer");
    assert_eq!(outline(&answer), "7, servers, domains");
    let told = options(&answer[4..]);
    assert!(told.contains(&(option::CLIENT, CLIENT)) && told.contains(&(option::SERVER, SERVER)));
    assert!(told.contains(&(option::DOMAINS, b"\x03ec2\x08internal\0")));
}

#[rstest]
#[case::ends(Lease { v6: vec![], ..lease::example() }, kind::SOLICIT, "2, status 2")]
#[case::nothing_to_renew(Lease { v6: vec![], ..lease::example() }, kind::RENEW, "7, status 3")]
#[case::no_ipv6(Lease { blocks_v6: vec![], ..lease::example() }, kind::SOLICIT, "")]
#[case::longest(Lease { preferred: u32::MAX, ..lease::example() }, kind::SOLICIT, "2, 2001:db8::5 4294967295/4294967295")]
fn leases(#[case] lease: Lease, #[case] kind: u8, #[case] expected: &str) {
    let association = association(&[]);
    let mut options = vec![(option::CLIENT, CLIENT), (option::ASSOCIATION, &association)];
    options.extend((kind == kind::RENEW).then_some((option::SERVER, SERVER)));
    let answer = ask("fe80::9", message(kind, &options), lease);
    assert_eq!(answer.as_deref().map(outline).unwrap_or_default(), expected);
}

#[test]
fn malformed() {
    let association = association(&[OWN]);
    let whole = message(kind::SOLICIT, &[(option::CLIENT, CLIENT), (option::ASSOCIATION, &association)]);
    let ask = |content: &[u8]| ask("fe80::9", content.to_vec(), lease::example());
    assert!(ask(&whole).is_some());
    let ends_of_options = [0, 4, 4 + 4 + CLIENT.len(), whole.len()];
    assert!(
        (0..whole.len()).filter(|length| !ends_of_options.contains(length)).all(|cut| ask(&whole[..cut]).is_none())
    );
    assert_eq!(ask(&message(kind::SOLICIT, &[(option::CLIENT, &[7; MAX_DUID + 1])])), None);
    assert_eq!(ask(&message(kind::SOLICIT, &[(option::CLIENT, CLIENT), (option::ASSOCIATION, &[0; 11])])), None);
}

#[test]
fn only_those_on_the_link_are_answered() {
    let content = || message(kind::SOLICIT, &[(option::CLIENT, CLIENT)]);
    assert!(ask("fe80::9", content(), lease::example()).is_some());
    assert_eq!(ask("2001:db8::9", content(), lease::example()), None);
}
