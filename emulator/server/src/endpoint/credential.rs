//! The credential scope of a signed request: who calls, which region and service are meant.
//!
//! Deviation: unless signatures are to be verified, keys are not looked up and the scope alone counts. Requests
//! that carry none are taken for the home region's then, so that people can use curl.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use vpc_model::Region;

/// The credential scope of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) access_key_id: String,
    pub(super) date: String,
    pub(super) region: Region,
    pub(super) service: String,
}

/// A request that claims to be signed, but not in a way that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnreadableSignature {
    #[error("the authorization header is not of the AWS4-HMAC-SHA256 scheme")]
    Scheme,
    #[error("the authorization header has no credential")]
    NoCredential,
    #[error("credential {0:?} is not <key>/<date>/<region>/<service>/aws4_request")]
    Scope(String),
}

/// The scope from the `Authorization` header or, with a presigned URL, the query; `None` without either.
pub(super) fn credential(headers: &HeaderMap, query: Option<&str>) -> Result<Option<Credential>, UnreadableSignature> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        return from_header(header.to_str().map_err(|_| UnreadableSignature::Scheme)?).map(Some);
    }
    let parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let presigned = parameters.into_iter().find(|(name, _)| name == "X-Amz-Credential");
    presigned.map(|(_, scope)| parse(&scope)).transpose()
}

fn from_header(header: &str) -> Result<Credential, UnreadableSignature> {
    let fields = header.strip_prefix("AWS4-HMAC-SHA256").ok_or(UnreadableSignature::Scheme)?;
    let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
    let (_, scope) = fields.find(|(name, _)| *name == "Credential").ok_or(UnreadableSignature::NoCredential)?;
    parse(scope)
}

/// An access key id holds no slash, so the scope can be read from either end.
fn parse(scope: &str) -> Result<Credential, UnreadableSignature> {
    match scope.split('/').collect::<Vec<_>>()[..] {
        [key, date, region, service, "aws4_request"] if !region.is_empty() => Ok(Credential {
            access_key_id: key.to_owned(),
            date: date.to_owned(),
            region: Region::from(region),
            service: service.to_owned(),
        }),
        _ => Err(UnreadableSignature::Scope(scope.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::botocore("AWS4-HMAC-SHA256 Credential=AK/20261122/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0", Ok(("eu-west-1", "ec2")))]
    #[case::no_blanks("AWS4-HMAC-SHA256 Credential=AK/20261122/us-east-1/sts/aws4_request,Signature=0", Ok(("us-east-1", "sts")))]
    #[case::other_scheme("Basic dTpw", Err(UnreadableSignature::Scheme))]
    #[case::no_credential("AWS4-HMAC-SHA256 Signature=0", Err(UnreadableSignature::NoCredential))]
    #[case::short("AWS4-HMAC-SHA256 Credential=AK/eu-west-1", Err(UnreadableSignature::Scope("AK/eu-west-1".into())))]
    fn headers(#[case] header: &str, #[case] expected: Result<(&str, &str), UnreadableSignature>) {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(header).expect("a header"))]);
        let found = credential(&headers, None).map(|found| found.expect("a credential"));
        let expected = expected.map(|(region, service)| Credential {
            access_key_id: "AK".into(),
            date: "20261122".into(),
            region: Region::from(region),
            service: service.into(),
        });
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::presigned(
        Some("Action=X&X-Amz-Credential=AK%2F20261122%2Fus-west-2%2Fec2%2Faws4_request"),
        Some("us-west-2")
    )]
    #[case::unsigned(Some("Action=X"), None)]
    #[case::no_query(None, None)]
    fn queries(#[case] query: Option<&str>, #[case] region: Option<&str>) {
        let found = credential(&HeaderMap::new(), query).expect("readable");
        assert_eq!(found.map(|found| found.region), region.map(Region::from));
    }
}
