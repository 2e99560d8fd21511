//! The ends of a connection and its port, as scenario files write them.

use std::fmt;

/// Pods of a Deployment: `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workload {
    /// The namespace.
    pub namespace: String,
    /// The Deployment's name.
    pub name: String,
}

impl Workload {
    /// Reads `namespace/name`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { namespace: namespace.into(), name: name.into() })
            }
            _ => Err(format!("\"{text}\" must name a Deployment as namespace/name")),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// Every pod of a Deployment: `namespace/name`.
    Pods(Workload),
    /// An instance outside the cluster: `instance/name`.
    Instance(String),
    /// A node itself: `node/name`.
    Node(String),
}

impl Endpoint {
    /// Reads `namespace/deployment`, `instance/name` or `node/name`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some(("instance", name)) => Ok(Self::Instance(name.into())),
            Some(("node", name)) => Ok(Self::Node(name.into())),
            _ => Workload::parse(text)
                .map(Self::Pods)
                .map_err(|_| format!("\"{text}\" must be namespace/deployment, instance/name or node/name")),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pods(workload) => f.write_str(&workload.name),
            Self::Instance(name) | Self::Node(name) => f.write_str(name),
        }
    }
}

/// A protocol with its ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the protocols' own names")]
pub enum Port {
    Tcp { from: u16, to: u16 },
    Udp { from: u16, to: u16 },
    Icmp,
    All,
}

impl Port {
    /// Reads `tcp/8080`, `udp/5000-5010`, `icmp` or `all`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" must be tcp/PORT, udp/PORT, tcp/FROM-TO, udp/FROM-TO, icmp or all");
        match text.split_once('/') {
            None if text == "icmp" => Ok(Self::Icmp),
            None if text == "all" => Ok(Self::All),
            Some((protocol @ ("tcp" | "udp"), range)) => {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let (from, to) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
                if from > to || from == 0 {
                    return Err(format!("the ports of \"{text}\" run backwards or begin at 0"));
                }
                Ok(if protocol == "tcp" { Self::Tcp { from, to } } else { Self::Udp { from, to } })
            }
            _ => Err(wrong()),
        }
    }

    /// Reads a single port (`tcp/8080`, `udp/53`) or `icmp`: something one can connect to.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse_single(text: &str) -> Result<Self, String> {
        match Self::parse(text)? {
            Self::All => Err("\"all\" is not something to connect to; name tcp/PORT, udp/PORT or icmp".into()),
            Self::Tcp { from, to } | Self::Udp { from, to } if from != to => {
                Err(format!("\"{text}\" must be a single port"))
            }
            port => Ok(port),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Icmp => f.write_str("icmp"),
            Self::All => f.write_str("all"),
            Self::Tcp { from, to } if from == to => write!(f, "tcp/{from}"),
            Self::Tcp { from, to } => write!(f, "tcp/{from}-{to}"),
            Self::Udp { from, to } if from == to => write!(f, "udp/{from}"),
            Self::Udp { from, to } => write!(f, "udp/{from}-{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::tcp("tcp/8080", Some("tcp/8080"))]
    #[case::range("udp/5000-5010", Some("udp/5000-5010"))]
    #[case::icmp("icmp", Some("icmp"))]
    #[case::all("all", Some("all"))]
    #[case::backwards("tcp/9-8", None)]
    #[case::zero("tcp/0", None)]
    #[case::too_large("tcp/65536", None)]
    #[case::unknown("sctp/1", None)]
    #[case::no_port("tcp", None)]
    fn port_text(#[case] text: &str, #[case] shown: Option<&str>) {
        assert_eq!(Port::parse(text).ok().map(|port| port.to_string()).as_deref(), shown);
    }

    #[rstest]
    #[case::pods("production/frontend", true)]
    #[case::instance("instance/database", true)]
    #[case::no_namespace("frontend", false)]
    #[case::three_parts("a/b/c", false)]
    #[case::empty("/b", false)]
    fn endpoint_text(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(Endpoint::parse(text).is_ok(), accepted);
    }
}
