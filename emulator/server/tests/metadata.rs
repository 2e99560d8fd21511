//! Instances' metadata and what it is good for elsewhere: credentials, and what is told ahead.

mod common;

use std::time::Duration;

use common::{send, signed};
use vpcbox_emulator::{Config, Emulator};

/// An emulator, and an instance with a profile that belongs to another account than the home account.
async fn instance() -> (Emulator, String) {
    let emulator = Emulator::start(Config { fabric: false, seed: Some(1), ..Config::default() }).await.expect("a port");
    let run = "Action=RunInstances&Version=2016-11-15&ImageId=ami-0123456789abcdef0&InstanceType=m5.large\
               &MinCount=1&MaxCount=1\
               &IamInstanceProfile.Arn=arn:aws:iam::444455556666:instance-profile/apps/node";
    let launched = send(emulator.endpoint(), &of_account("eu-west-1", "ec2", "444455556666"), run).await;
    let (_, rest) = launched.body().split_once("<instanceId>").expect("an instance");
    let id = rest.split('<').next().expect("an id").to_owned();
    (emulator, id)
}

fn of_account(region: &str, service: &str, key: &str) -> String {
    signed(region, service).replace("Credential=AK/", &format!("Credential={key}/"))
}

#[tokio::test]
async fn an_instances_credentials_speak_for_its_role() {
    let (emulator, id) = instance().await;
    let read = format!("GET /_vpcbox/imds/{id}/latest/meta-data/iam/security-credentials/node HTTP/1.1");
    let credentials = send(emulator.endpoint(), &read, "").await;
    let (_, rest) = credentials.body().split_once("\"AccessKeyId\" : \"").expect("a key");
    let head = of_account("eu-west-1", "ec2", rest.split('"').next().expect("a key"));
    let seen = send(emulator.endpoint(), &head, "Action=DescribeInstances&Version=2016-11-15").await;
    assert!(seen.body().contains(&id), "{}", seen.reply);
    assert!(seen.body().contains("<ownerId>444455556666</ownerId>"), "{}", seen.reply);
}

#[tokio::test]
async fn an_interruption_is_told_and_comes() {
    let (emulator, id) = instance().await;
    let notices = |method: &str| format!("{method} /_vpcbox/notices/{id} HTTP/1.1");
    let told = async || {
        let read = format!("GET /_vpcbox/imds/{id}/latest/meta-data/spot/instance-action HTTP/1.1");
        send(emulator.endpoint(), &read, "").await
    };
    assert_eq!(told().await.status(), "404");
    let later = r#"{"spotInterruption": {"action": "stop", "time": "2100-01-01T00:00:00Z"}}"#;
    assert_eq!(send(emulator.endpoint(), &notices("PUT"), later).await.status(), "200");
    assert_eq!(told().await.body(), r#"{"action": "stop", "time": "2100-01-01T00:00:00Z"}"#);
    assert!(send(emulator.endpoint(), &notices("GET"), "").await.body().contains("2100-01-01"));
    assert_eq!(send(emulator.endpoint(), &notices("DELETE"), "").await.status(), "200");
    assert_eq!(told().await.status(), "404");

    let now = r#"{"spotInterruption": {"time": "2026-01-01T00:00:00Z"}}"#;
    assert_eq!(send(emulator.endpoint(), &notices("POST"), now).await.status(), "200");
    let form = format!("Action=DescribeInstances&Version=2016-11-15&InstanceId.1={id}");
    let head = of_account("eu-west-1", "ec2", "444455556666");
    let gone = async {
        while !send(emulator.endpoint(), &head, &form).await.body().contains("<name>terminated</name>") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the instance is terminated");
}

#[tokio::test]
async fn notices_that_cannot_be() {
    let (emulator, id) = instance().await;
    let put = |instance: &str| format!("PUT /_vpcbox/notices/{instance} HTTP/1.1");
    for body in ["", r#"{"spot": {}}"#, r#"{"spotInterruption": {"action": "freeze"}}"#] {
        assert_eq!(send(emulator.endpoint(), &put(&id), body).await.status(), "400", "{body}");
    }
    for nobody in ["i-0123456789abcdef0", "somebody"] {
        assert_eq!(send(emulator.endpoint(), &put(nobody), "{}").await.status(), "404", "{nobody}");
    }
}
