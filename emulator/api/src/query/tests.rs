use std::net::Ipv4Addr;

use rstest::rstest;
use vpc_model::{ImageId, VpcId};

use super::*;

fn query(form: &str) -> Query {
    Query::parse(form.as_bytes()).expect("a form")
}

#[test]
fn lists_go_by_number() {
    let mut query = query("Id.10=c&Id.2=b&Id.1=a&Idle=x");
    assert_eq!(query.list::<String>("Id"), Ok(vec!["a".into(), "b".into(), "c".into()]));
    assert_eq!(query.list::<String>("Id"), Ok(vec![]));
    assert_eq!(query.finish(), Err(ApiError::unknown("Idle")));
}

#[test]
fn structures_nest() {
    let mut query = query("Tag.2.Key=b&Tag.1.Key=a&Tag.1.Value=1&Attachment.DeleteOnTermination=true");
    let tags = query.structs("Tag", |tag| Ok((tag.required::<String>("Key")?, tag.optional::<String>("Value")?)));
    assert_eq!(tags, Ok(vec![("a".into(), Some("1".into())), ("b".into(), None)]));
    assert_eq!(query.structure("Attachment", |inside| inside.flag("DeleteOnTermination")), Ok(Some(true)));
    assert_eq!(query.structure("Attachment", |inside| inside.flag("DeleteOnTermination")), Ok(None));
    assert_eq!(query.finish(), Ok(()));
}

#[rstest]
#[case::top("Id=1", "Id")]
#[case::in_list("Filter.1.Nome=x", "Filter.1.Nome")]
#[case::index_zero("Filter.0.Name=x", "Filter.0.Name")]
#[case::index_with_zero("Filter.01.Name=x", "Filter.01.Name")]
#[case::not_an_index("Filter.x.Name=x", "Filter.x.Name")]
fn what_is_left_is_named_in_full(#[case] form: &str, #[case] name: &str) {
    let mut query = query(form);
    let decoded = query.structs("Filter", |filter| filter.optional::<String>("Name"));
    assert_eq!(decoded.and_then(|_| query.finish()), Err(ApiError::unknown(name)));
}

#[rstest]
#[case::missing("", "MissingParameter", "The request must contain the parameter Filter.1.Name")]
#[case::wrong_type(
    "Filter.1.Name=x",
    "InvalidParameterValue",
    "Value (x) for parameter filter.1.Name is invalid. Expected a boolean."
)]
fn errors_name_the_parameter(#[case] form: &str, #[case] code: &str, #[case] message: &str) {
    let mut query = query(&format!("Filter.1.Value=x&{form}"));
    let err = query.structs("Filter", |filter| filter.required::<bool>("Name")).expect_err("refused");
    assert_eq!((err.code().name(), err.message()), (code, message));
}

#[rstest]
#[case::vpc_other_kind(Query::required::<VpcId>, "subnet-01234567", "InvalidVpcID.Malformed",
    "Invalid id: \"subnet-01234567\" (expecting \"vpc-...\")")]
#[case::vpc_odd_digits(Query::required::<VpcId>, "vpc-1", "InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist")]
fn ids(
    #[case] take: fn(&mut Query, &str) -> Result<VpcId, ApiError>,
    #[case] text: &str,
    #[case] code: &str,
    #[case] message: &str,
) {
    let err = take(&mut query(&format!("Id={text}")), "Id").expect_err("refused");
    assert_eq!((err.code().name(), err.message()), (code, message));
}

#[test]
fn malformed_image() {
    let err = query("ImageId=ami-xyz").required::<ImageId>("ImageId").expect_err("refused");
    assert_eq!((err.code().name(), err.message()), ("InvalidAMIID.Malformed", "Invalid id: \"ami-xyz\""));
}

#[rstest]
#[case::good("10.0.0.1", true)]
#[case::too_large("10.0.0.256", false)]
#[case::empty("", false)]
fn addresses(#[case] text: &str, #[case] accepted: bool) {
    assert_eq!(query(&format!("Ip={text}")).required::<Ipv4Addr>("Ip").is_ok(), accepted);
}

#[rstest]
#[case::padded("aGk%3D", Some("hi"))]
#[case::broken_into_lines("aG%0Ak%3D", Some("hi"))]
#[case::not_base64("!", None)]
fn binary(#[case] text: &str, #[case] expected: Option<&str>) {
    let data = query(&format!("Data={text}")).required::<Base64>("Data").ok();
    assert_eq!(data.map(|data| data.0), expected.map(|text| text.as_bytes().to_vec()));
}

#[rstest]
#[case::twice(b"A=1&A=2".as_slice())]
#[case::control_character(b"A=%01")]
#[case::long_name(&[b'A'; 300])]
fn malformed_requests(#[case] form: &[u8]) {
    assert_eq!(Query::parse(form).map(|_| ()).map_err(|err| err.code().name()), Err("MalformedQueryString"));
}

#[test]
fn authentication_is_not_asked_for_anything() {
    assert_eq!(query("X-Amz-Signature=abc&AWSAccessKeyId=AKIA&Signature=x").finish(), Ok(()));
}

#[test]
fn presence() {
    let query = query("Tag.1.Key=a&Tagged=1&Plain=x");
    for (name, expected) in [("Tag", true), ("Tagged", true), ("Plain", true), ("Ta", false), ("Other", false)] {
        assert_eq!(query.has(name), expected, "{name}");
    }
}
