//! `trail`: the calls that an emulator answered.

use std::net::SocketAddr;

use anyhow::Context;
use serde_json::Value;

use super::admin::ask;
use super::{Ended, Output};

/// How many seconds the emulator keeps a follower waiting for the next call.
const WAIT_SECONDS: u64 = 30;

#[derive(Debug, clap::Args)]
pub(super) struct TrailArgs {
    /// Where the emulator listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566", env = "VPCBOX_LISTEN")]
    endpoint: SocketAddr,
    /// Only calls of this action
    #[arg(long, value_name = "ACTION")]
    name: Option<String>,
    /// Only calls from this time on, such as 2026-11-22T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<jiff::Timestamp>,
    /// Only calls that failed
    #[arg(long)]
    errors: bool,
    /// Go on with further calls as they come
    #[arg(long, short)]
    follow: bool,
    /// How calls are printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// Prints calls, the oldest first.
pub(super) async fn trail(args: TrailArgs) -> Ended {
    let mut after = 0;
    loop {
        let answer = ask(args.endpoint, &args.path(after)).await?;
        for record in answer["Records"].as_array().into_iter().flatten() {
            match args.output {
                Output::Json => println!("{record}"),
                Output::Text => println!("{}", line(record)),
            }
        }
        if !args.follow {
            return Ok(true);
        }
        after = answer["Next"].as_u64().context("the answer says nothing about what comes next")?;
    }
}

impl TrailArgs {
    fn path(&self, after: u64) -> String {
        let wait = if self.follow { WAIT_SECONDS } else { 0 };
        let mut path = format!("/_vpcbox/trail?after={after}&wait={wait}&errors={}", self.errors);
        if let Some(name) = &self.name {
            path.push_str(&format!("&name={name}"));
        }
        if let Some(since) = self.since {
            path.push_str(&format!("&since={since}"));
        }
        path
    }
}

fn line(record: &Value) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
    let error = record["errorCode"].as_str().map(|code| format!("  {code}: {}", text("errorMessage")));
    let (time, region, source, name) = (text("eventTime"), text("awsRegion"), text("eventSource"), text("eventName"));
    let service = source.split('.').next().unwrap_or_default();
    format!("{time}  {region}  {service}:{name}{}", error.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_failed_call_in_a_line() {
        let record = json!({"eventTime": "2026-11-22T12:00:00Z", "awsRegion": "us-east-1", "eventName": "CreateVpc",
            "eventSource": "ec2.amazonaws.com", "errorCode": "Client.VpcLimitExceeded", "errorMessage": "too many"});
        let expected = "2026-11-22T12:00:00Z  us-east-1  ec2:CreateVpc  Client.VpcLimitExceeded: too many";
        assert_eq!(super::line(&record), expected);
    }
}
