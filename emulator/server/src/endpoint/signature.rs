//! Signature Version 4, as a service verifies it: the same signature is made again and compared.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

#[cfg(test)]
mod tests;

use ec2_api::{ApiError, Code, Service};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, Uri};
use jiff::{SignedDuration, Timestamp, civil};
use sha2::{Digest as _, Sha256};

use super::credential::Credential;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the clock of who signed may be off, with most services.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How far it may be off with EC2, where it says `RequestExpired` beyond.
///
/// See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
const EC2_SKEW: SignedDuration = SignedDuration::from_mins(15);
/// The longest that a presigned request can be good for: a week.
const LONGEST_SECONDS: i64 = 604_800;
/// Carries the token of temporary credentials.
const TOKEN: &str = "x-amz-security-token";
/// The form of times in signatures.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// The secret of an access key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secret<'a> {
    pub(super) key: &'a str,
    /// The token that has to be sent along, and when both are over: with temporary credentials.
    pub(super) session: Option<(&'a str, Timestamp)>,
}

/// Why a request is not taken for its sender's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not signed.
    Unsigned,
    /// Something that a signature needs is not there.
    Incomplete(&'static str),
    /// There is no such access key, or another token belongs to it.
    UnknownKey,
    /// The credentials are over.
    CredentialsOver,
    /// It was signed too long ago: at a time, which is before the earliest one.
    Late { signed: Timestamp, earliest: Timestamp, now: Timestamp },
    /// It was signed in the future: at a time, which is after the latest one.
    Early { signed: Timestamp, latest: Timestamp, now: Timestamp },
    /// The signature is another one.
    Mismatch,
}

/// Checks that a request is signed with the secret of its access key.
///
/// # Errors
/// It is not, or not for now.
pub(super) fn verify(
    head: &Parts,
    body: &[u8],
    credential: &Credential,
    secret: Option<Secret<'_>>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let claim = Claim::of(head)?;
    let secret = secret.ok_or(Refusal::UnknownKey)?;
    match (secret.session, &claim.token) {
        (None, None) => {}
        (Some((token, expires)), Some(sent)) if token == sent => {
            if expires <= now {
                return Err(Refusal::CredentialsOver);
            }
        }
        _ => return Err(Refusal::UnknownKey),
    }
    let skew = if credential.service == "ec2" { EC2_SKEW } else { SKEW };
    claim.check_time(now, skew)?;
    if !claim.time.starts_with(&credential.date) || !claim.signed_headers.iter().any(|name| name == "host") {
        return Err(Refusal::Mismatch);
    }
    let text = claim.string_to_sign(head, body, credential);
    let signature = unhex(&claim.signature).ok_or(Refusal::Mismatch)?;
    let mac = hmac(&signing_key(secret.key, credential)).chain_update(text);
    mac.verify_slice(&signature).map_err(|_| Refusal::Mismatch)
}

/// What a request says about its signature.
#[derive(Debug)]
struct Claim {
    signed_headers: Vec<String>,
    signature: String,
    /// When it was signed, as it is written.
    time: String,
    at: Timestamp,
    /// For how many seconds it is good, where that is said: a presigned request.
    expires: Option<i64>,
    token: Option<String>,
    is_presigned: bool,
}

impl Claim {
    fn of(head: &Parts) -> Result<Self, Refusal> {
        let claim = match head.headers.get(AUTHORIZATION) {
            Some(header) => {
                let header = header.to_str().map_err(|_| Refusal::Incomplete("Authorization"))?;
                Self::of_header(header, &head.headers)?
            }
            None => Self::of_query(&head.uri)?,
        };
        Ok(claim)
    }

    fn of_header(header: &str, headers: &HeaderMap) -> Result<Self, Refusal> {
        let fields = header.strip_prefix(ALGORITHM).ok_or(Refusal::Incomplete("Authorization"))?;
        let field = |wanted: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            fields.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
        };
        let sent = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let time = sent("x-amz-date").ok_or(Refusal::Incomplete("X-Amz-Date"))?;
        Ok(Self {
            signed_headers: names(&field("SignedHeaders").ok_or(Refusal::Incomplete("SignedHeaders"))?),
            signature: field("Signature").ok_or(Refusal::Incomplete("Signature"))?,
            at: read_time(&time)?,
            time,
            expires: None,
            token: sent(TOKEN),
            is_presigned: false,
        })
    }

    fn of_query(uri: &Uri) -> Result<Self, Refusal> {
        let find = |wanted: &str| {
            let mut parameters = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
            parameters.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let needed = |name: &'static str| find(name).ok_or(Refusal::Incomplete(name));
        if find("X-Amz-Credential").is_none() {
            return Err(Refusal::Unsigned);
        }
        if needed("X-Amz-Algorithm")? != ALGORITHM {
            return Err(Refusal::Incomplete("X-Amz-Algorithm"));
        }
        let expires: i64 = needed("X-Amz-Expires")?.parse().map_err(|_| Refusal::Incomplete("X-Amz-Expires"))?;
        if !(0..=LONGEST_SECONDS).contains(&expires) {
            return Err(Refusal::Incomplete("X-Amz-Expires"));
        }
        let time = needed("X-Amz-Date")?;
        Ok(Self {
            signed_headers: names(&needed("X-Amz-SignedHeaders")?),
            signature: needed("X-Amz-Signature")?,
            at: read_time(&time)?,
            time,
            expires: Some(expires),
            token: find("X-Amz-Security-Token"),
            is_presigned: true,
        })
    }

    /// Signatures are good for a while after they are made, and before only as far as clocks differ.
    fn check_time(&self, now: Timestamp, skew: SignedDuration) -> Result<(), Refusal> {
        let good_for = self.expires.map_or(skew, SignedDuration::from_secs);
        let earliest = now.saturating_sub(good_for).unwrap_or(Timestamp::MIN);
        let latest = now.saturating_add(skew).unwrap_or(Timestamp::MAX);
        let signed = self.at;
        if signed < earliest {
            return Err(Refusal::Late { signed, earliest, now });
        }
        if signed > latest {
            return Err(Refusal::Early { signed, latest, now });
        }
        Ok(())
    }

    fn string_to_sign(&self, head: &Parts, body: &[u8], credential: &Credential) -> String {
        let Credential { date, region, service, .. } = credential;
        let request = hex(&Sha256::digest(self.canonical_request(head, body)));
        format!("{ALGORITHM}\n{}\n{date}/{region}/{service}/aws4_request\n{request}", self.time)
    }

    fn canonical_request(&self, head: &Parts, body: &[u8]) -> String {
        let query = canonical_query(head.uri.query().unwrap_or_default(), self.is_presigned);
        let headers: String = self.signed_headers.iter().map(|name| canonical_header(head, name)).collect();
        let names = self.signed_headers.join(";");
        let (path, body) = (canonical_path(head.uri.path()), hex(&Sha256::digest(body)));
        format!("{}\n{path}\n{query}\n{headers}\n{names}\n{body}", head.method)
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(';').map(str::to_ascii_lowercase).collect()
}

fn read_time(text: &str) -> Result<Timestamp, Refusal> {
    let time = civil::DateTime::strptime(TIME, text).map_err(|_| Refusal::Incomplete("X-Amz-Date"))?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| Refusal::Incomplete("X-Amz-Date"))?;
    Ok(zoned.timestamp())
}

/// The path without empty and dotted parts, each part encoded once more than it was sent.
fn canonical_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let mut canonical: String = parts.iter().map(|part| format!("/{}", encoded(part))).collect();
    if canonical.is_empty() || is_folder {
        canonical.push('/');
    }
    canonical
}

/// The parameters in the order of their encoded names and values, without the signature itself.
fn canonical_query(query: &str, is_presigned: bool) -> String {
    let parameters = form_urlencoded::parse(query.as_bytes());
    let signed = parameters.filter(|(name, _)| !(is_presigned && name == "X-Amz-Signature"));
    let mut pairs: Vec<_> = signed.map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A header's line: its values without surrounding and repeated blanks.
fn canonical_header(head: &Parts, name: &str) -> String {
    let mut values: Vec<String> = head.headers.get_all(name).iter().map(|value| tidy(value.as_bytes())).collect();
    // HTTP/2 and absolute addresses have the host elsewhere.
    if values.is_empty() && name == HOST.as_str() {
        values.extend(head.uri.authority().map(|authority| authority.to_string()));
    }
    format!("{name}:{}\n", values.join(","))
}

fn tidy(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// All but unreserved characters as `%XY`.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The key for one day, region and service.
fn signing_key(secret: &str, credential: &Credential) -> Vec<u8> {
    let Credential { date, region, service, .. } = credential;
    let texts = [date.as_str(), region.0.as_str(), service, "aws4_request"];
    texts.iter().fold(format!("AWS4{secret}").into_bytes(), |key, text| {
        hmac(&key).chain_update(text).finalize().into_bytes().to_vec()
    })
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

impl Refusal {
    /// How a service words it. EC2 has codes of its own for the same things.
    pub(super) fn error(&self, service: Service) -> ApiError {
        let (code, message) = match service {
            Service::Ec2 => self.of_ec2(),
            Service::Sts | Service::AutoScaling => self.of_sts(),
        };
        ApiError::new(code, message).to(service)
    }

    fn of_ec2(&self) -> (Code, String) {
        let invalid = "AWS was not able to validate the provided access credentials";
        match self {
            Self::Unsigned => {
                (Code::MISSING_AUTHENTICATION_TOKEN, "Request is missing Authentication Token".to_owned())
            }
            Self::Incomplete(name) => (Code::INCOMPLETE_SIGNATURE, incomplete(name)),
            Self::UnknownKey => (Code::AUTH_FAILURE, invalid.to_owned()),
            Self::CredentialsOver | Self::Late { .. } | Self::Early { .. } => {
                (Code::REQUEST_EXPIRED, "Request has expired.".to_owned())
            }
            Self::Mismatch => (Code::SIGNATURE_DOES_NOT_MATCH, mismatch()),
        }
    }

    fn of_sts(&self) -> (Code, String) {
        let time = |at: &Timestamp| at.strftime(TIME).to_string();
        match self {
            Self::Unsigned => {
                (Code::MISSING_AUTHENTICATION_TOKEN, "Request is missing Authentication Token".to_owned())
            }
            Self::Incomplete(name) => (Code::INCOMPLETE_SIGNATURE, incomplete(name)),
            Self::UnknownKey => {
                (Code::INVALID_CLIENT_TOKEN_ID, "The security token included in the request is invalid.".to_owned())
            }
            Self::CredentialsOver => {
                (Code::EXPIRED_TOKEN, "The security token included in the request is expired".to_owned())
            }
            Self::Late { signed, earliest, now } => {
                let (signed, earliest, minutes) = (time(signed), time(earliest), minutes(*now, *earliest));
                let now = time(now);
                let message =
                    format!("Signature expired: {signed} is now earlier than {earliest} ({now} - {minutes} min.)");
                (Code::SIGNATURE_DOES_NOT_MATCH, message)
            }
            Self::Early { signed, latest, now } => {
                let (signed, latest, minutes) = (time(signed), time(latest), minutes(*latest, *now));
                let now = time(now);
                let message = format!(
                    "Signature not yet current: {signed} is still later than {latest} ({now} + {minutes} min.)"
                );
                (Code::SIGNATURE_DOES_NOT_MATCH, message)
            }
            Self::Mismatch => (Code::SIGNATURE_DOES_NOT_MATCH, mismatch()),
        }
    }
}

fn minutes(later: Timestamp, earlier: Timestamp) -> i64 {
    later.duration_since(earlier).as_mins()
}

fn incomplete(name: &str) -> String {
    format!("The signature of the request needs a valid {name}.")
}

fn mismatch() -> String {
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key \
     and signing method. Consult the service documentation for details."
        .to_owned()
}
