//! `plan`: what the reconciler would do to the kernel now, and why; with `--apply` it does it.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;

use super::{Ended, Output, WorldArg, admin};

#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    world: WorldArg,
    /// An emulator that listens here, rather than a world's
    #[arg(long, value_name = "ADDRESS", conflicts_with = "world")]
    endpoint: Option<SocketAddr>,
    /// Do it too, at once
    #[arg(long)]
    apply: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// Prints a pass's steps. With `--apply`, steps that do not work count as failed.
pub(super) async fn plan(args: PlanArgs) -> Ended {
    let endpoint = match args.endpoint {
        Some(endpoint) => endpoint,
        None => admin::endpoint_of_world(args.world.world.as_deref())?,
    };
    let (method, path) = if args.apply { ("POST", "/_vpcbox/reconcile") } else { ("GET", "/_vpcbox/plan") };
    let answer = admin::request(endpoint, method, path).await?;
    match args.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&answer)?),
        Output::Text => print!("{}", text(&answer)),
    }
    Ok(answer["failed"].as_array().is_none_or(Vec::is_empty))
}

fn text(answer: &Value) -> String {
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let mut text = String::new();
    for step in list("steps") {
        let _ = write!(text, "{}\n    {}", said(&step["op"]), said(&step["reason"]));
        let before = &step["failedBefore"];
        if !before.is_null() {
            let _ = write!(text, "; failed {} times before: {}", before["attempts"], said(&before["error"]));
        }
        text.push('\n');
    }
    for unseen in list("unseen") {
        let _ = writeln!(text, "not looked at: {}", said(&unseen));
    }
    if list("steps").is_empty() {
        let _ = writeln!(text, "nothing to do: the kernel is as the model says (generation {})", answer["generation"]);
    }
    if !answer["done"].is_null() {
        for failed in list("failed") {
            let _ = writeln!(text, "✗ {}\n    {}", said(&failed["op"]), said(&failed["error"]));
        }
        let (failed, waiting) = (list("failed").len(), &answer["waiting"]);
        let _ = writeln!(text, "{} done, {failed} failed, {waiting} wait for those", answer["done"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn nothing_to_do() {
        let answer = json!({"generation": 7, "steps": [], "unseen": [], "done": null, "waiting": 0, "failed": []});
        assert_eq!(super::text(&answer), "nothing to do: the kernel is as the model says (generation 7)\n");
    }

    #[test]
    fn a_pass_with_a_failure() {
        let failed = json!({"op": "+ vpc-1 sn-1", "error": "cannot add it (EEXIST)", "errno": "EEXIST", "attempts": 2});
        let steps = json!([
            {"action": "change", "object": "vpc-1 rules", "op": "~ vpc-1 rules: 2 sets, 3 chains",
             "reason": "altered in the kernel: no table", "failedBefore": null},
            {"action": "add", "object": "vpc-1 sn-1", "op": "+ vpc-1 sn-1", "reason": "new in the model", "failedBefore": failed},
        ]);
        let answer = json!({"steps": steps, "unseen": [], "done": 1, "waiting": 3, "failed": [failed]});
        insta::assert_snapshot!(super::text(&answer), @r"
        ~ vpc-1 rules: 2 sets, 3 chains
            altered in the kernel: no table
        + vpc-1 sn-1
            new in the model; failed 2 times before: cannot add it (EEXIST)
        ✗ + vpc-1 sn-1
            cannot add it (EEXIST)
        1 done, 1 failed, 3 wait for those
        ");
    }
}
