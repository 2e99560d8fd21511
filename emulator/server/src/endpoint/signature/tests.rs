//! AWS's published examples of signatures, and requests that are not what they were when they were signed.

use http::Request;
use rstest::rstest;
use vpc_model::Region;

use super::*;

/// The key, secret, region, service and time of AWS's examples.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SIGNED_AT: &str = "20150830T123600Z";
const SESSION_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo\
                             IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5V\
                             SXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yj\
                             c8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

fn credential() -> Credential {
    Credential {
        access_key_id: "AKIDEXAMPLE".into(),
        date: "20150830".into(),
        region: Region::from("us-east-1"),
        service: "service".into(),
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)], signature: &str) -> Parts {
    let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.extend(["host".to_owned(), "x-amz-date".to_owned()]);
    names.sort_unstable();
    names.dedup();
    let scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
    let names = names.join(";");
    let authorization = format!("{ALGORITHM} Credential={scope}, SignedHeaders={names}, Signature={signature}");
    let mut request = Request::builder().method(method).uri(path).header("Host", "example.amazonaws.com");
    request = request.header("X-Amz-Date", SIGNED_AT).header("Authorization", authorization);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

fn now() -> Timestamp {
    read_time(SIGNED_AT).expect("a time")
}

const PLAIN: Secret<'static> = Secret { key: SECRET, session: None };

const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const UNRESERVED: &str = "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\
                          =-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: (&str, &str) = ("Content-Length", "13");
const DIGEST: (&str, &str) =
    ("X-Amz-Content-Sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e");
const FORM_UTF8: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[rstest]
#[case::get_vanilla("GET", "/", &[], "", VANILLA)]
#[case::get_vanilla_query_order("GET", "/?Param2=value2&Param1=value1", &[], "",
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")]
#[case::get_vanilla_empty_query_key("GET", "/?Param1=value1", &[], "",
    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb")]
#[case::get_header_key_duplicate("GET", "/",
    &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")], "",
    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea")]
#[case::get_header_value_multiline("GET", "/",
    &[("My-Header1", "value1"), ("My-Header1", "value2"), ("My-Header1", "value3")], "",
    "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790")]
#[case::get_header_value_order("GET", "/",
    &[("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")], "",
    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01")]
#[case::get_header_value_trim("GET", "/", &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")], "",
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")]
#[case::get_unreserved("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", &[], "",
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f")]
#[case::get_vanilla_utf8_query("GET", "/?%E1%88%B4=bar", &[], "",
    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04")]
#[case::get_vanilla_query_order_encoded("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", &[], "",
    "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac")]
#[case::get_vanilla_query_unreserved("GET", UNRESERVED, &[], "",
    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197")]
#[case::normalize_path_relative("GET", "/example/..", &[], "", VANILLA)]
#[case::normalize_path_relative_relative("GET", "/example1/example2/../..", &[], "", VANILLA)]
#[case::normalize_path_slash("GET", "//", &[], "", VANILLA)]
#[case::normalize_path_dot_slash("GET", "/./", &[], "", VANILLA)]
#[case::normalize_path_pointless_dot("GET", "/./example", &[], "",
    "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5")]
#[case::normalize_path_slashes("GET", "//example//", &[], "",
    "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84")]
#[case::post_vanilla("POST", "/", &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
#[case::post_vanilla_query("POST", "/?Param1=value1", &[], "",
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11")]
#[case::post_header_key_sort("POST", "/", &[("My-Header1", "value1")], "",
    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c")]
#[case::post_header_value_case("POST", "/", &[("My-Header1", "VALUE1")], "",
    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d")]
#[case::post_form("POST", "/", &[FORM], "Param1=value1",
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")]
#[case::post_form_with_length("POST", "/", &[FORM, LENGTH, DIGEST], "Param1=value1",
    "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b")]
#[case::post_form_with_parameters("POST", "/", &[FORM_UTF8, LENGTH, DIGEST], "Param1=value1",
    "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422")]
fn published(
    #[case] method: &str,
    #[case] path: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &str,
    #[case] signature: &str,
) {
    let request = head(method, path, headers, signature);
    assert_eq!(verify(&request, body.as_bytes(), &credential(), Some(PLAIN), now()), Ok(()));
    let last = if signature.ends_with('0') { "1" } else { "0" };
    let forged = head(method, path, headers, &format!("{}{last}", &signature[..63]));
    let refused = verify(&forged, body.as_bytes(), &credential(), Some(PLAIN), now());
    assert_eq!(refused, Err(Refusal::Mismatch));
}

/// The same examples as presigned requests, good for an hour.
#[rstest]
#[case::get_vanilla("GET", "/?", &[], "", "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d")]
#[case::get_vanilla_empty_query_key("GET", "/?Param1=value1&", &[], "",
    "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de")]
#[case::get_vanilla_query_order_key_case("GET", "/?Param2=value2&Param1=value1&", &[], "",
    "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5")]
#[case::get_vanilla_query_order_encoded("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1&", &[], "",
    "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787")]
#[case::get_vanilla_query_unreserved("GET", &format!("{UNRESERVED}&"), &[], "",
    "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf")]
#[case::post_header_key_case("POST", "/?", &[], "",
    "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b")]
#[case::post_form("POST", "/?", &[FORM, LENGTH], "Param1=value1",
    "89a40deed0f26f9461242825a082d2222717248abc7ab41f552ad84a94ad46e9")]
#[case::post_form_with_parameters("POST", "/?", &[FORM_UTF8, LENGTH], "Param1=value1",
    "0dbeb9b026c7b6675f266b8427efec9b4fa8b1f6ef1477d717aea231106eab4d")]
fn published_presigned(
    #[case] method: &str,
    #[case] query: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &str,
    #[case] signature: &str,
) {
    let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.push("host".to_owned());
    names.sort_unstable();
    let uri = format!(
        "{query}X-Amz-Algorithm={ALGORITHM}&X-Amz-Date={SIGNED_AT}&X-Amz-Expires=3600\
         &X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request\
         &X-Amz-SignedHeaders={}&X-Amz-Signature={signature}",
        names.join("%3B")
    );
    let mut request = Request::builder().method(method).uri(uri).header("Host", "example.amazonaws.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("a request").into_parts().0;
    assert_eq!(verify(&request, body.as_bytes(), &credential(), Some(PLAIN), now()), Ok(()));
}

/// The examples with paths that have to be encoded: there what the application meant, on the wire encoded already.
#[rstest]
#[case::get_space("/example space/", "/example%20space/")]
#[case::get_utf8("/\u{1234}", "/%E1%88%B4")]
#[case::on_the_wire("/example%20space/", "/example%2520space/")]
fn paths_are_encoded_once_more(#[case] path: &str, #[case] canonical: &str) {
    assert_eq!(canonical_path(path), canonical);
}

#[rstest]
#[case::as_signed(SESSION_TOKEN, SESSION_TOKEN, 1, Ok(()))]
#[case::another_token("other", SESSION_TOKEN, 1, Err(Refusal::UnknownKey))]
#[case::over(SESSION_TOKEN, SESSION_TOKEN, 0, Err(Refusal::CredentialsOver))]
fn session_tokens(#[case] token: &str, #[case] sent: &str, #[case] left: i64, #[case] expected: Result<(), Refusal>) {
    let signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
    let request = head("POST", "/", &[("X-Amz-Security-Token", sent)], signature);
    let secret = Secret { key: SECRET, session: Some((token, now() + SignedDuration::from_secs(left))) };
    assert_eq!(verify(&request, b"", &credential(), Some(secret), now()), expected);
}

#[rstest]
#[case::at_once("sts", 0, Ok(()))]
#[case::still_good("sts", 300, Ok(()))]
#[case::late("sts", 301, Err("SignatureDoesNotMatch"))]
#[case::clock_behind("sts", -300, Ok(()))]
#[case::early("sts", -301, Err("SignatureDoesNotMatch"))]
#[case::ec2_still_good("ec2", 900, Ok(()))]
#[case::ec2_late("ec2", 901, Err("RequestExpired"))]
#[case::ec2_clock_behind("ec2", -900, Ok(()))]
#[case::ec2_early("ec2", -901, Err("RequestExpired"))]
fn times(#[case] service: &str, #[case] seconds: i64, #[case] expected: Result<(), &str>) {
    let now = now() + SignedDuration::from_secs(seconds);
    let credential = Credential { service: service.into(), ..credential() };
    let unsigned = head("GET", "/", &[], "");
    let request = head("GET", "/", &[], &signature(&unsigned, &credential));
    let refused = verify(&request, b"", &credential, Some(PLAIN), now);
    let by = if service == "ec2" { Service::Ec2 } else { Service::Sts };
    assert_eq!(refused.map_err(|refusal| refusal.error(by).code().name()), expected);
}

#[test]
fn what_sts_says_about_time() {
    let late =
        verify(&head("GET", "/", &[], VANILLA), b"", &credential(), Some(PLAIN), now() + SignedDuration::from_mins(6));
    let early =
        verify(&head("GET", "/", &[], VANILLA), b"", &credential(), Some(PLAIN), now() - SignedDuration::from_mins(6));
    let text = |refused: Result<(), Refusal>| refused.expect_err("refused").error(Service::Sts).message().to_owned();
    assert_eq!(
        text(late),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T124200Z - 5 min.)"
    );
    assert_eq!(
        text(early),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T123000Z + 5 min.)"
    );
}

/// How a client signs a request.
fn signature(unsigned: &Parts, credential: &Credential) -> String {
    let text = Claim::of(unsigned).expect("a claim").string_to_sign(unsigned, b"", credential);
    hex(&hmac(&signing_key(SECRET, credential)).chain_update(text).finalize().into_bytes())
}

/// Signs a query, as a client would.
fn presigned(expires: &str) -> Parts {
    let query = |signature: &str| {
        format!(
            "/?Action=X&X-Amz-Algorithm={ALGORITHM}&X-Amz-Date={SIGNED_AT}&X-Amz-Expires={expires}\
             &X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request\
             &X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
        )
    };
    let request = |signature: &str| {
        let request = Request::get(query(signature)).header("Host", "example.amazonaws.com");
        request.body(()).expect("a request").into_parts().0
    };
    let unsigned = request("");
    if Claim::of(&unsigned).is_err() {
        return unsigned;
    }
    request(&signature(&unsigned, &credential()))
}

#[rstest]
#[case::good("60", 60, Ok(()))]
#[case::over("60", 61, Err("RequestExpired"))]
#[case::too_long("604801", 0, Err("IncompleteSignature"))]
#[case::no_number("soon", 0, Err("IncompleteSignature"))]
fn presigned_requests(#[case] expires: &str, #[case] seconds: i64, #[case] expected: Result<(), &str>) {
    let now = now() + SignedDuration::from_secs(seconds);
    let refused = verify(&presigned(expires), b"", &credential(), Some(PLAIN), now);
    assert_eq!(refused.map_err(|refusal| refusal.error(Service::Ec2).code().name()), expected);
}

#[rstest]
#[case::another_body("GET", "/", "x", Some(PLAIN), Err(Refusal::Mismatch))]
#[case::another_path("GET", "/other", "", Some(PLAIN), Err(Refusal::Mismatch))]
#[case::another_method("POST", "/", "", Some(PLAIN), Err(Refusal::Mismatch))]
#[case::another_secret("GET", "/", "", Some(Secret { key: "other", session: None }), Err(Refusal::Mismatch))]
#[case::no_such_key("GET", "/", "", None, Err(Refusal::UnknownKey))]
fn refused(
    #[case] method: &str,
    #[case] path: &str,
    #[case] body: &str,
    #[case] secret: Option<Secret<'_>>,
    #[case] expected: Result<(), Refusal>,
) {
    assert_eq!(verify(&head(method, path, &[], VANILLA), body.as_bytes(), &credential(), secret, now()), expected);
}

#[test]
fn the_host_has_to_be_signed() {
    let mut request = head("GET", "/", &[], VANILLA);
    let text = request.headers[AUTHORIZATION].to_str().expect("ASCII").replace("host;", "");
    request.headers.insert(AUTHORIZATION, text.parse().expect("a header"));
    assert_eq!(verify(&request, b"", &credential(), Some(PLAIN), now()), Err(Refusal::Mismatch));
}
