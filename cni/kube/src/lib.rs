//! What every part that talks to a Kubernetes API needs: a client, and events that count up.

mod events;

use kube::{Client, Config};

pub use events::{Events, Kind};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment names no API, or one that cannot be understood.
    #[error("neither KUBECONFIG nor a service account names a Kubernetes API")]
    Infer(#[source] kube::config::InferConfigError),
    /// The address is no URL.
    #[error("{0:?} is not a URL")]
    Url(String),
    /// The client cannot be made of the configuration.
    #[error("the Kubernetes client cannot be made")]
    Client(#[source] kube::Error),
}

/// A client for the API that the environment names: `KUBECONFIG`, or a pod's service account.
///
/// # Errors
/// It names none, or what it says cannot be used.
pub async fn client() -> Result<Client, Error> {
    of_config(Config::infer().await.map_err(Error::Infer)?)
}

/// A client for the API at a URL, as nobody in particular.
///
/// # Errors
/// The URL cannot be used.
pub fn client_at(url: &str) -> Result<Client, Error> {
    of_config(Config::new(url.parse().map_err(|_| Error::Url(url.to_owned()))?))
}

fn of_config(config: Config) -> Result<Client, Error> {
    Client::try_from(with_roots(config)).map_err(Error::Client)
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

    #[test]
    fn an_address_that_is_no_url_is_named() {
        assert_eq!(client_at("").err().map(|err| err.to_string()).as_deref(), Some("\"\" is not a URL"));
    }
}
