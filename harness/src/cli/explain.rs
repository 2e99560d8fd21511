//! `explain`: what becomes of a packet and of its answer, and what decides.

use std::fmt::Write as _;
use std::net::{Ipv6Addr, SocketAddr};

use anyhow::Context;
use serde_json::Value;

use super::{Ended, Misuse, Output, WorldArg, admin, inspect};
use crate::world::control::{self, Namespaces};
use crate::world::state;

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    world: WorldArg,
    /// An emulator that listens here, rather than a world's
    #[arg(long, value_name = "ADDRESS", conflicts_with = "world")]
    endpoint: Option<SocketAddr>,
    /// Who sends: a network interface, an instance, a private address; in a world also a node or pod by its name
    from: String,
    /// Who should get it: one of these, or any address (an IPv6 address with a port in brackets); with a port for TCP and UDP
    #[arg(value_name = "TO[:PORT]")]
    to: String,
    /// tcp, udp, icmp (an echo request) or a protocol's number
    #[arg(long, default_value = "tcp")]
    protocol: String,
    /// The port it is sent from: answers have to pass network ACLs
    #[arg(long, value_name = "PORT")]
    source_port: Option<u16>,
    /// Send a real packet too, and see whether it fares as it should
    #[arg(long)]
    probe: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// Prints the way there and back. A packet that does not arrive, or whose answer does not, counts as failed.
pub(super) async fn explain(args: ExplainArgs) -> Ended {
    let (to, port) = to_and_port(&args.to)?;
    let (endpoint, from, to) = match args.endpoint {
        Some(endpoint) => (endpoint, args.from.clone(), to.to_owned()),
        None => {
            let world = state::find(args.world.world.as_deref()).map_err(|err| Misuse(format!("{err:#}")))?;
            let names = control::ask(&world.name).await?;
            let address = world.endpoint.trim_start_matches("http://").trim_end_matches('/');
            let endpoint = address.parse().with_context(|| format!("understand {address}"))?;
            (endpoint, end(&names, &args.from)?, end(&names, to)?)
        }
    };
    let mut path = format!("/_vpcbox/explain?from={from}&to={to}&protocol={}", args.protocol);
    for (name, value) in [("port", port), ("sourcePort", args.source_port)] {
        let _ = value.map(|value| write!(path, "&{name}={value}"));
    }
    if args.probe {
        path.push_str("&probe=true");
    }
    if path.contains(|it: char| !it.is_ascii_graphic()) {
        return Err(Misuse("names have no blanks and only ASCII characters".to_owned()).into());
    }
    let answer = admin::ask(endpoint, &path).await?;
    match args.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&answer)?),
        Output::Text => print!("{}", text(&answer)),
    }
    Ok(answer["works"] == true && answer["agrees"] != false)
}

/// Splits `TO[:PORT]`. An IPv6 address has colons of its own, so with a port it is in brackets.
fn to_and_port(text: &str) -> Result<(&str, Option<u16>), Misuse> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    let (to, port) = match text.rsplit_once(':') {
        Some((to, port)) if !port.ends_with(']') => (to, Some(port)),
        _ => (text, None),
    };
    let port = port.map(|port| port.parse::<u16>().map_err(|_| Misuse(format!("{port} is no port")))).transpose()?;
    Ok((to.trim_start_matches('[').trim_end_matches(']'), port))
}

/// What the emulator knows a node or pod by.
fn end(names: &Namespaces, text: &str) -> Result<String, Misuse> {
    if let Some(machine) = names.machines.iter().find(|machine| machine.name == text) {
        return Ok(machine.instance_id.clone());
    }
    match inspect::pod_of(names, text)? {
        Some(pod) => pod.address.map(|it| it.to_string()).ok_or_else(|| Misuse(format!("{text} has no address"))),
        None => Ok(text.to_owned()),
    }
}

fn text(answer: &Value) -> String {
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut text = format!("{} → {}\n", said(&answer["source"]), said(&answer["destination"]));
    for (way, title) in [(&answer["there"], None), (&answer["back"], Some("the answer"))] {
        if way.is_null() {
            continue;
        }
        let indent = title.map_or("  ", |title| {
            let _ = writeln!(text, "  {title}");
            "    "
        });
        for hop in way["hops"].as_array().into_iter().flatten() {
            let _ = writeln!(text, "{indent}✓ {}", said(hop));
        }
        if way["arrives"] != true {
            let _ = writeln!(text, "{indent}✗ {}", said(&way["verdict"]));
        }
    }
    if !answer["probe"].is_null() {
        let _ = writeln!(text, "  {}", probed(answer));
    }
    text
}

/// What became of a real packet.
fn probed(answer: &Value) -> String {
    let probe = &answer["probe"];
    let mut text = match (probe["arrived"].as_bool(), probe["microseconds"].as_u64()) {
        (Some(true), Some(took)) => format!("a real packet arrived after {took} µs"),
        (Some(true), None) => "a real packet arrived".to_owned(),
        (Some(false), _) => "a real packet did not arrive".to_owned(),
        (None, _) => "a real packet got no answer".to_owned(),
    };
    let _ = match probe["answered"].as_str() {
        Some("accepted") => write!(text, ", the connection was accepted"),
        Some("refused") => write!(text, ", the connection was refused: nobody listens"),
        Some("echo" | "datagram") => write!(text, " and was answered"),
        _ => Ok(()),
    };
    if answer["agrees"] == false {
        text.push_str(". That is not as it should be: see `vpcbox status`");
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::name("database", "database", None)]
    #[case::name_and_port("database:5432", "database", Some(5432))]
    #[case::ipv6("2001:db8::1", "2001:db8::1", None)]
    #[case::ipv6_and_port("[2001:db8::1]:80", "2001:db8::1", Some(80))]
    #[case::ipv6_in_brackets("[2001:db8::1]", "2001:db8::1", None)]
    fn ends_with_ports(#[case] text: &str, #[case] to: &str, #[case] port: Option<u16>) {
        assert_eq!(super::to_and_port(text).unwrap(), (to, port));
    }

    #[test]
    fn a_real_packet_that_fares_otherwise() {
        let probe = json!({"arrived": true, "answered": "refused", "microseconds": 120});
        let text = super::probed(&json!({"probe": probe, "agrees": false}));
        assert!(
            text.starts_with("a real packet arrived after 120 µs, the connection was refused: nobody listens. That")
        );
    }

    #[test]
    fn an_answer_that_is_lost() {
        let there = json!({"arrives": true, "hops": ["leaves eni-1", "reaches eni-2"], "verdict": "allowed"});
        let back = json!({"arrives": false, "hops": ["leaves eni-2"], "verdict": "denied: entry 100 of acl-1"});
        let answer =
            json!({"source": "10.0.1.4", "destination": "10.0.2.4", "works": false, "there": there, "back": back});
        let expected = "10.0.1.4 → 10.0.2.4\n  ✓ leaves eni-1\n  ✓ reaches eni-2\n  the answer\n    ✓ leaves eni-2\n    \
                        ✗ denied: entry 100 of acl-1\n";
        assert_eq!(super::text(&answer), expected);
    }
}
