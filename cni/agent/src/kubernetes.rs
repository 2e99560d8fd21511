//! The Kubernetes API's client.

use anyhow::Context;
use kube::{Client, Config};

/// A client for the API that the environment names: `KUBECONFIG`, or a pod's service account.
///
/// # Errors
/// It names none, or what it says cannot be used.
pub async fn client() -> anyhow::Result<Client> {
    let config = Config::infer().await.context("find the Kubernetes API")?;
    Client::try_from(with_roots(config)).context("make a Kubernetes client")
}

/// Without roots of its own the client reads the machine's, and refuses to start where there are none, as in many
/// container images. Plain HTTP needs none.
fn with_roots(mut config: Config) -> Config {
    if config.cluster_url.scheme_str() == Some("http") {
        config.root_cert.get_or_insert_default();
    }
    config
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("http://169.254.171.2:6443", true)]
    #[case::tls("https://169.254.171.2:6443", false)]
    fn certificates_of_the_machine_are_for_tls_only(#[case] url: &str, #[case] has_own: bool) {
        let config = Config::new(url.parse().expect("a URL"));
        assert_eq!(with_roots(config).root_cert.is_some(), has_own);
    }
}
