//! Calls over a real socket, against a peer that answers with given bytes.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;
use std::time::Duration;

use cni_rpc::wire::{decode_request, encode};
use cni_rpc::*;

/// Answers one connection with `answer` and returns what was asked; `None` hangs up without a word.
fn peer(dir: &tempfile::TempDir, answer: Option<Vec<u8>>) -> (Client, JoinHandle<String>) {
    let path = dir.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        if let Some(answer) = answer {
            stream.write_all(&answer).unwrap();
        }
        line
    });
    (Client::new(path, Duration::from_secs(5)), asked)
}

fn attachment() -> Attachment {
    Attachment { network: "aws-cni".to_owned(), container_id: "c1".to_owned(), ifname: "eth0".to_owned() }
}

fn add() -> AddRequest {
    let pod = Pod { name: "web".to_owned(), namespace: "default".to_owned(), uid: String::new() };
    AddRequest { attachment: attachment(), netns: "/proc/1/fd/7".to_owned(), pod }
}

#[test]
fn add_is_one_line_each_way() {
    let reply = AddReply {
        addresses: vec![PodAddress { address: "10.0.1.7".parse().unwrap(), device_number: 1, route_table: 2 }],
        branch: Some(Branch {
            vlan_id: 3,
            mac: "0a:00:00:00:00:01".parse().unwrap(),
            subnet_gateway: "10.0.1.1".parse().unwrap(),
            trunk_link: "eth2".to_owned(),
        }),
        vpc_cidrs: vec!["10.0.0.0/16".parse().unwrap()],
        external_snat: false,
    };
    let dir = tempfile::tempdir().unwrap();
    let (client, asked) = peer(&dir, Some(encode(&Reply::Added(reply.clone()))));
    assert_eq!(client.add(add()).unwrap(), reply);
    let line = asked.join().unwrap();
    assert_eq!(
        line,
        "{\"version\":1,\"request\":\"add\",\"network\":\"aws-cni\",\"containerId\":\"c1\",\"ifname\":\"eth0\",\
         \"netns\":\"/proc/1/fd/7\",\"pod\":{\"name\":\"web\",\"namespace\":\"default\"}}\n"
    );
    assert_eq!(decode_request(line.as_bytes()), Ok(Request::Add(add())));
}

#[test]
fn a_refusal_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let refusal = Refusal::new(RefusalKind::TryAgain, "no free address");
    let (client, asked) = peer(&dir, Some(encode(&Reply::Refused(refusal))));
    let error = client.status().unwrap_err();
    assert_eq!(error.to_string(), "agent refuses: no free address");
    asked.join().unwrap();
}

#[test]
fn another_version_is_refused_on_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let (client, asked) = peer(&dir, Some(b"{\"version\":2,\"reply\":\"ready\"}\n".to_vec()));
    let expected = "the other side speaks version 2 of the protocol, this one 1";
    assert_eq!(client.status().unwrap_err().to_string(), expected);
    asked.join().unwrap();
    let Err(Reply::Refused(refusal)) = decode_request(b"{\"version\":2,\"request\":\"status\"}") else {
        panic!("a request of another version was taken")
    };
    assert_eq!((refusal.kind, refusal.message.as_str()), (RefusalKind::Incompatible, expected));
}

#[test]
fn a_peer_that_hangs_up_or_stays_silent_does_not_block() {
    let dir = tempfile::tempdir().unwrap();
    let (client, asked) = peer(&dir, None);
    assert!(matches!(client.status(), Err(CallError::HungUp)));
    asked.join().unwrap();
    let silent = dir.path().join("silent.sock");
    let _listener = UnixListener::bind(&silent).unwrap();
    let client = Client::new(&silent, Duration::from_millis(20));
    assert!(matches!(client.status(), Err(CallError::TimedOut(_))));
    let nobody = Client::new(dir.path().join("nobody.sock"), Duration::from_secs(1));
    assert!(nobody.status().unwrap_err().is_unreachable());
}
