//! The protocol's errors, and results by version.

use std::process::Command;

use rstest::rstest;
use serde_json::{Value, json};

use crate::world::*;

/// (command, change to the configuration, change to the environment) → (code, what the message names).
#[rstest]
#[case::unknown_command("EAT", json!({}), None, 4, "CNI_COMMAND")]
#[case::no_command("ADD", json!({}), Some(("CNI_COMMAND", "")), 4, "CNI_COMMAND")]
#[case::no_container("ADD", json!({}), Some(("CNI_CONTAINERID", "")), 4, "CNI_CONTAINERID")]
#[case::bad_container("ADD", json!({}), Some(("CNI_CONTAINERID", "-a")), 4, "CNI_CONTAINERID")]
#[case::no_ifname("ADD", json!({}), Some(("CNI_IFNAME", "")), 4, "CNI_IFNAME")]
#[case::long_ifname("ADD", json!({}), Some(("CNI_IFNAME", "abcdefghijklmnop")), 4, "CNI_IFNAME")]
#[case::ifname_with_slash("ADD", json!({}), Some(("CNI_IFNAME", "a/b")), 4, "CNI_IFNAME")]
#[case::no_netns("ADD", json!({}), Some(("CNI_NETNS", "")), 4, "CNI_NETNS")]
#[case::netns_does_not_exist("ADD", json!({}), Some(("CNI_NETNS", "/proc/self/ns/absent")), 8, "CNI_NETNS")]
#[case::netns_is_the_nodes("ADD", json!({}), Some(("CNI_NETNS", "/proc/self/ns/net")), 8, "CNI_NETNS")]
#[case::no_pod("ADD", json!({}), Some(("CNI_ARGS", "IgnoreUnknown=1")), 4, "CNI_ARGS")]
#[case::args_not_pairs("ADD", json!({}), Some(("CNI_ARGS", "x")), 4, "CNI_ARGS")]
#[case::too_old("ADD", json!({ "cniVersion": "0.3.1" }), None, 1, "version")]
#[case::no_version("ADD", json!({ "cniVersion": null }), None, 6, "configuration")]
#[case::too_new("ADD", json!({ "cniVersion": "2.0.0" }), None, 1, "version")]
#[case::gc_came_later("GC", json!({ "cniVersion": "1.0.0" }), None, 1, "version")]
#[case::status_came_later("STATUS", json!({ "cniVersion": "1.0.0" }), None, 1, "version")]
#[case::no_name("ADD", json!({ "name": "" }), None, 7, "name")]
#[case::bad_mtu("ADD", json!({ "mtu": "20000" }), None, 7, "mtu")]
#[case::bad_mode("ADD", json!({ "podSGEnforcingMode": "lax" }), None, 7, "podSGEnforcingMode")]
#[case::bad_prefix("ADD", json!({ "vethPrefix": "vlan" }), None, 7, "vethPrefix")]
#[case::long_prefix("ADD", json!({ "vethPrefix": "toolong" }), None, 7, "vethPrefix")]
#[case::nothing_to_give("ADD", json!({}), None, 11, "nothing to give")]
#[case::no_agent("ADD", json!({ "socket": "/nowhere" }), None, 11, "agent")]
#[case::not_ready("STATUS", json!({}), None, 50, "nothing to give")]
#[case::no_agent_for_status("STATUS", json!({ "socket": "/nowhere" }), None, 50, "agent")]
#[case::foreign_result("CHECK", json!({ "prevResult": { "interfaces": [], "ips": [] } }), None, 7, "prevResult")]
fn errors(
    #[case] command: &str,
    #[case] change: Value,
    #[case] variable: Option<(&str, &str)>,
    #[case] code: u64,
    #[case] names: &str,
) {
    let Some(mut world) = World::start() else { return };
    for (key, value) in change.as_object().unwrap() {
        world.conf[key] = value.clone();
    }
    let set = |plugin: &mut Command| {
        if let Some((name, value)) = variable {
            plugin.env(name, value);
        }
    };
    let output = world.run_with(command, &world.conf.to_string(), set);
    assert!(!output.ok);
    let error = output.json();
    assert_eq!(error["code"], code, "{error}");
    assert!(error["msg"].as_str().unwrap().contains(names), "{error}");
    assert!(error["cniVersion"].is_string());
    world.expect_clean();
}

#[test]
fn broken_json_is_a_decoding_error() {
    let Some(world) = World::start() else { return };
    assert_eq!(world.run_with("ADD", "{", |_| {}).code(), 6);
    assert_eq!(world.run_with("VERSION", "", |_| {}).code(), 6);
}

#[test]
fn version_lists_what_is_spoken() {
    let Some(world) = World::start() else { return };
    let output = world.run_with("VERSION", r#"{"cniVersion":"1.0.0"}"#, |_| {});
    assert_eq!(output.json(), json!({ "cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0", "1.1.0"] }));
}

#[test]
fn status_is_silent_when_all_is_well() {
    let Some(world) = World::start() else { return };
    world.agent.give(regular());
    let output = world.run("STATUS");
    assert_eq!((output.ok, output.stdout.as_str()), (true, ""));
}

#[rstest]
#[case::with_family("0.4.0", json!("4"))]
#[case::without("1.0.0", json!(null))]
fn results_by_version(#[case] version: &str, #[case] family: Value) {
    let Some(mut world) = World::start() else { return };
    world.conf["cniVersion"] = json!(version);
    world.agent.give(regular());
    let result = world.run("ADD").json();
    assert_eq!((&result["cniVersion"], &result["ips"][0]["version"]), (&json!(version), &family));
}

#[test]
fn commands_are_noted_in_the_log_file() {
    let Some(mut world) = World::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plugin.log");
    world.conf["pluginLogFile"] = json!(path);
    assert_eq!(world.run("ADD").code(), 11);
    let line: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!((&line["command"], &line["error"]["code"]), (&json!("ADD"), &json!(11)));
}
