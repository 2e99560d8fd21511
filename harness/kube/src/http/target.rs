//! What a path means.

/// A path of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// A fixed text.
    Plain(&'static str),
    Version,
    Discovery(Discovery),
    /// A document below `/openapi`.
    OpenApi(String),
    Resource(Target),
    Unknown,
}

/// Where discovery is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Discovery {
    Root,
    Core,
    Groups,
    Group(String),
    Resources { group: String, version: String },
}

/// A resource, perhaps one object, perhaps a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub group: String,
    pub version: String,
    pub namespace: Option<String>,
    pub plural: String,
    pub name: Option<String>,
    pub subresource: Option<String>,
    /// The old `/watch/` form of a path.
    pub watch: bool,
}

impl Path {
    /// Reads a path.
    pub(super) fn parse(path: &str) -> Self {
        let decoded: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(percent_decoded).collect();
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] => Path::Discovery(Discovery::Root),
            ["healthz" | "readyz" | "livez", ..] => Path::Plain("ok"),
            ["version"] => Path::Version,
            ["openapi", rest @ ..] => Path::OpenApi(rest.join("/")),
            ["api"] => Path::Discovery(Discovery::Core),
            ["apis"] => Path::Discovery(Discovery::Groups),
            ["apis", group] => Path::Discovery(Discovery::Group((*group).to_owned())),
            ["api", version, rest @ ..] => below("", version, rest),
            ["apis", group, version, rest @ ..] => below(group, version, rest),
            _ => Path::Unknown,
        }
    }
}

fn below(group: &str, version: &str, rest: &[&str]) -> Path {
    let owned = |text: &str| text.to_owned();
    let mut target = Target { group: owned(group), version: owned(version), ..Target::default() };
    let rest = match rest {
        ["watch", rest @ ..] => {
            target.watch = true;
            rest
        }
        rest => rest,
    };
    let rest = match rest {
        [] => return Path::Discovery(Discovery::Resources { group: owned(group), version: owned(version) }),
        // `/namespaces/x/status` is about the namespace itself.
        ["namespaces", _, "status" | "finalize"] => rest,
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
            target.namespace = Some(owned(namespace));
            rest
        }
        rest => rest,
    };
    match rest {
        [plural] => target.plural = owned(plural),
        [plural, name] => (target.plural, target.name) = (owned(plural), Some(owned(name))),
        [plural, name, subresource] => {
            target.plural = owned(plural);
            target.name = Some(owned(name));
            target.subresource = Some(owned(subresource));
        }
        _ => return Path::Unknown,
    }
    Path::Resource(target)
}

fn percent_decoded(part: &str) -> String {
    let mut out = Vec::with_capacity(part.len());
    let bytes = part.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let hex = part.get(index + 1..index + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[index], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                index += 3;
            }
            (byte, _) => {
                out.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn show(path: &Path) -> String {
        let Path::Resource(target) = path else { return format!("{path:?}") };
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let Target { group, version, plural, .. } = target;
        let (namespace, name, sub) = (or(&target.namespace), or(&target.name), or(&target.subresource));
        format!("{group}/{version} {namespace} {plural} {name} {sub}{}", if target.watch { " watch" } else { "" })
    }

    #[rstest]
    #[case::list("/api/v1/pods", "/v1 - pods - -")]
    #[case::namespaced("/api/v1/namespaces/a/pods/b/status", "/v1 a pods b status")]
    #[case::namespace("/api/v1/namespaces/a", "/v1 - namespaces a -")]
    #[case::namespace_status("/api/v1/namespaces/a/status", "/v1 - namespaces a status")]
    #[case::group("/apis/apps/v1/namespaces/a/deployments", "apps/v1 a deployments - -")]
    #[case::old_watch("/api/v1/watch/namespaces/a/pods", "/v1 a pods - - watch")]
    #[case::encoded(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
        "rbac.authorization.k8s.io/v1 - clusterroles system:node -"
    )]
    #[case::resources("/apis/apps/v1", "Discovery(Resources { group: \"apps\", version: \"v1\" })")]
    #[case::health("/readyz", "Plain(\"ok\")")]
    #[case::unknown("/metrics", "Unknown")]
    fn paths(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(show(&Path::parse(path)), expected);
    }
}
