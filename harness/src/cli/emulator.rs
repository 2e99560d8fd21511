//! `emulator`: its flags, and the file they may be in.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value};
use vpcbox_emulator::Emulator;
use vpcbox_emulator::settings::{self, Layer, Problems};

use super::{Ended, Misuse, run};

/// Where the emulator listens unless told otherwise.
const LISTEN: &str = "127.0.0.1:4566";

#[derive(Debug, clap::Args)]
pub(super) struct EmulatorArgs {
    /// A YAML or JSON file of settings; flags and the environment come before it
    #[arg(long, value_name = "FILE", env = "VPCBOX_CONFIG")]
    config: Option<PathBuf>,
    /// The address to listen on; it has to be on loopback [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS", env = "VPCBOX_LISTEN")]
    listen: Option<String>,
    /// Where instances' metadata can be read as at the IPv6 endpoint, such as [::1]:4567: of instances with
    /// HttpProtocolIpv6 enabled
    #[arg(long, value_name = "ADDRESS", env = "VPCBOX_METADATA_IPV6")]
    metadata_ipv6: Option<String>,
    /// Do not build VPCs in the kernel: only the API answers, no privilege is needed
    #[arg(long)]
    no_fabric: bool,
    /// Launch images that DescribeImages shows only; else any well-formed id is taken for one
    #[arg(long, env = "VPCBOX_STRICT_IMAGES")]
    strict_images: bool,
    /// The AWS region [default: us-east-1]
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,
    /// The AWS account [default: 123456789012]
    #[arg(long, env = "VPCBOX_ACCOUNT")]
    account: Option<String>,
    /// Keep accepted changes in this file and begin with those in it
    #[arg(long, value_name = "FILE", env = "VPCBOX_JOURNAL")]
    journal: Option<String>,
    /// Write every call to this file, as CloudTrail's records, one a line
    #[arg(long, value_name = "FILE", env = "VPCBOX_TRAIL_FILE")]
    trail_file: Option<String>,
    /// The account that an access key stands for, such as AKIAEXAMPLE=444455556666; behind colons its secret and
    /// the name of the IAM user it belongs to, such as AKIAEXAMPLE=444455556666:SECRET:alice
    #[arg(
        long = "key",
        value_name = "KEY=ACCOUNT[:SECRET[:USER]]",
        env = "VPCBOX_KEYS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    keys: Vec<String>,
    /// Answer only requests that are signed with the secret of a key, or with credentials that were handed out
    #[arg(long, env = "VPCBOX_VERIFY_SIGNATURES")]
    verify_signatures: bool,
    /// Makes ids the same in every run
    #[arg(long, env = "VPCBOX_SEED")]
    seed: Option<String>,
    /// A YAML or JSON file of faults that calls meet
    #[arg(long, value_name = "FILE", env = "VPCBOX_FAULTS")]
    faults: Option<PathBuf>,
    /// A quota, such as elasticIps=50
    #[arg(long = "quota", value_name = "NAME=NUMBER")]
    quotas: Vec<String>,
    /// How long something takes, such as natGateway=30s or instance=2s
    #[arg(long = "delay", value_name = "NAME=TIME")]
    delays: Vec<String>,
}

/// Serves the EC2 and STS APIs until the end.
pub(super) fn emulator(args: &EmulatorArgs) -> Ended {
    let config = settings::config(&args.layers()?).map_err(|problems| misuse(&problems))?;
    if config.fabric {
        run::enter_own_namespaces()?;
    }
    run::runtime()?.block_on(async move {
        let emulator = Emulator::start(config).await.context("start the emulator")?;
        println!("EC2 and STS answer on http://{}; end with Ctrl-C", emulator.endpoint());
        if let Some(address) = emulator.metadata_ipv6() {
            println!("instances' metadata over IPv6 is on http://{address}");
        }
        run::wait_for_the_end().await?;
        emulator.shutdown().await;
        Ok(true)
    })
}

/// What is wrong with the settings: one thing on the line that says `error:`, several on lines of their own.
fn misuse(problems: &Problems) -> Misuse {
    match &problems.0[..] {
        [problem] => Misuse(problem.clone()),
        several => Misuse(format!("{} settings cannot be used:\n  {}", several.len(), several.join("\n  "))),
    }
}

impl EmulatorArgs {
    /// The settings, the strongest first.
    fn layers(&self) -> anyhow::Result<Vec<Layer>> {
        let mut layers = vec![Layer { source: "flag or environment".to_owned(), values: self.values()? }];
        if let Some(path) = &self.config {
            let Value::Object(values) = read(path)? else {
                return Err(Misuse(format!("{} does not hold names and values", path.display())).into());
            };
            layers.push(Layer { source: path.display().to_string(), values });
        }
        let values = Map::from_iter([("listen".to_owned(), LISTEN.into())]);
        layers.push(Layer { source: "default".to_owned(), values });
        Ok(layers)
    }

    fn values(&self) -> anyhow::Result<Map<String, Value>> {
        let texts = [
            ("listen", &self.listen),
            ("metadataIpv6", &self.metadata_ipv6),
            ("region", &self.region),
            ("account", &self.account),
            ("journal", &self.journal),
            ("seed", &self.seed),
            ("trailFile", &self.trail_file),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?.into())));
        let mut values: Map<String, Value> = texts.collect();
        if self.no_fabric {
            values.insert("fabric".to_owned(), false.into());
        }
        if self.strict_images {
            values.insert("strictImages".to_owned(), true.into());
        }
        if self.verify_signatures {
            values.insert("verifySignatures".to_owned(), true.into());
        }
        if let Some(path) = &self.faults {
            values.insert("faults".to_owned(), read(path)?);
        }
        values.insert("quotas".to_owned(), pairs("--quota", &self.quotas)?.into());
        values.insert("keys".to_owned(), pairs("--key", &self.keys)?.into());
        values.insert("delays".to_owned(), pairs("--delay", &self.delays)?.into());
        Ok(values)
    }
}

/// Names and values of a flag that may be given several times.
fn pairs(flag: &str, given: &[String]) -> Result<Map<String, Value>, Misuse> {
    let pair = |text: &String| {
        let (name, value) =
            text.split_once('=').ok_or_else(|| Misuse(format!("{flag} {text}: NAME=VALUE is meant")))?;
        Ok((name.to_owned(), value.into()))
    };
    given.iter().map(pair).collect()
}

/// A file of YAML, of which JSON is a part.
fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|err| Misuse(format!("read {}: {err}", path.display())))?;
    serde_saphyr::from_str(&text).map_err(|err| Misuse(format!("read {}: {err}", path.display())).into())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one(&["quotas.x: no"], "quotas.x: no")]
    #[case::two(&["quotas.x: no", "seed: no"], "2 settings cannot be used:\n  quotas.x: no\n  seed: no")]
    fn the_first_line_says_what_is_wrong(#[case] problems: &[&str], #[case] expected: &str) {
        let problems = Problems(problems.iter().map(|problem| (*problem).to_owned()).collect());
        assert_eq!(misuse(&problems).to_string(), expected);
    }
}
