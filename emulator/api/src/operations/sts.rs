//! STS on the same endpoint: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity, GetSessionToken,
//! GetFederationToken, GetAccessKeyInfo and, always refused, DecodeAuthorizationMessage.
//!
//! Deviation: there are no roles or policies, and users are names that access keys are configured with. Every other
//! caller without credentials of STS is the account's root, and every role can be assumed.
//!
//! See <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use vpc_model::{Context, Ids, Model};

use super::{Action, Operation, Output, ReadOperation, read, write};
use crate::call::{Caller, Service};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[
    sts(read::<GetCallerIdentity>()),
    sts(write::<AssumeRole>()),
    sts(write::<AssumeRoleWithWebIdentity>()),
    sts(write::<GetSessionToken>()),
    sts(write::<GetFederationToken>()),
    sts(read::<GetAccessKeyInfo>()),
    sts(read::<DecodeAuthorizationMessage>()),
];

const fn sts(action: Action) -> Action {
    Action { service: Service::Sts, ..action }
}

#[derive(Debug)]
struct GetCallerIdentity(Option<Caller>);

impl ReadOperation for GetCallerIdentity {
    const ACTION: &'static str = "GetCallerIdentity";
    type Output = Identity;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self(query.caller().cloned()))
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Identity, ApiError> {
        let account = model.account().to_string();
        let root = || Caller { arn: format!("arn:aws:iam::{account}:root"), user_id: account.clone() };
        Ok(Identity { caller: self.0.unwrap_or_else(root), account })
    }
}

#[derive(Debug)]
struct Identity {
    caller: Caller,
    account: String,
}

impl Output for Identity {
    fn write(&self, xml: &mut Xml) {
        xml.text("Arn", &self.caller.arn);
        xml.text("UserId", &self.caller.user_id);
        xml.text("Account", &self.account);
    }
}

/// Temporary credentials.
#[derive(Debug)]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: Timestamp,
}

impl Credentials {
    fn new(cx: &mut Context<'_>, seconds: u32) -> Self {
        Self {
            access_key_id: format!("ASIA{}", base32(cx.ids)),
            secret_access_key: base64(cx.ids, 5)[..40].to_owned(),
            session_token: base64(cx.ids, 30),
            expiration: cx.now + SignedDuration::from_secs(i64::from(seconds)),
        }
    }

    fn write(&self, xml: &mut Xml) {
        xml.element("Credentials", |xml| {
            xml.text("AccessKeyId", &self.access_key_id);
            xml.text("SecretAccessKey", &self.secret_access_key);
            xml.text("SessionToken", &self.session_token);
            xml.timestamp("Expiration", self.expiration);
        });
    }
}

/// Sixteen characters of the alphabet that access keys are made of.
fn base32(ids: &mut Ids) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut high, mut low) = (ids.number(), ids.number());
    (0..16)
        .map(|at| {
            let rest = if at < 8 { &mut high } else { &mut low };
            let digit = *rest % 32;
            *rest /= 32;
            char::from(ALPHABET[digit as usize])
        })
        .collect()
}

fn base64(ids: &mut Ids, words: usize) -> String {
    let bytes: Vec<u8> = (0..words).flat_map(|_| ids.number().to_be_bytes()).collect();
    STANDARD.encode(bytes)
}

/// Takes `DurationSeconds` between 15 minutes and a most that depends on the action.
fn duration(query: &mut Query, default: u32, max: u32) -> Result<u32, ApiError> {
    let seconds = query.or("DurationSeconds", default)?;
    if (900..=max).contains(&seconds) {
        return Ok(seconds);
    }
    Err(ApiError::new(
        Code::VALIDATION_ERROR,
        format!("Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: between 900 and {max}"),
    ))
}

/// The role and session of an AssumeRole call.
#[derive(Debug)]
struct Role {
    arn: String,
    session_name: String,
    seconds: u32,
}

impl Role {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Policies only take rights away, and there are none.
        let _policies = (
            query.optional::<String>("Policy")?,
            query.structs("PolicyArns.member", |policy| policy.required::<String>("arn"))?,
        );
        Ok(Self {
            arn: role_arn(query.required("RoleArn")?)?,
            session_name: session_name(query.required("RoleSessionName")?)?,
            seconds: duration(query, 3600, 43_200)?,
        })
    }

    fn assume(self, cx: &mut Context<'_>) -> AssumedRole {
        AssumedRole {
            credentials: Credentials::new(cx, self.seconds),
            role_id: format!("AROA{}", base32(cx.ids)),
            role: self,
        }
    }
}

/// Checks that a text names a role: `arn:aws:iam::<account>:role/<path and name>`.
fn role_arn(text: String) -> Result<String, ApiError> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_role = matches!(parts.as_slice(), ["arn", _, "iam", "", account, resource]
        if account.len() == 12 && resource.len() > "role/".len() && resource.starts_with("role/"));
    if is_role { Ok(text) } else { Err(ApiError::new(Code::VALIDATION_ERROR, format!("{text} is invalid"))) }
}

fn session_name(text: String) -> Result<String, ApiError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=64).contains(&text.len()) && text.chars().all(is_allowed) {
        return Ok(text);
    }
    Err(ApiError::new(
        Code::VALIDATION_ERROR,
        format!("Value '{text}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{{2,64}}"),
    ))
}

#[derive(Debug)]
struct AssumedRole {
    credentials: Credentials,
    role_id: String,
    role: Role,
}

impl Output for AssumedRole {
    fn write(&self, xml: &mut Xml) {
        let session = &self.role.session_name;
        let name = self.role.arn.rsplit('/').next().unwrap_or_default();
        let account = self.role.arn.split(':').nth(4).unwrap_or_default();
        self.credentials.write(xml);
        xml.element("AssumedRoleUser", |xml| {
            xml.text("AssumedRoleId", format_args!("{}:{session}", self.role_id));
            xml.text("Arn", format_args!("arn:aws:sts::{account}:assumed-role/{name}/{session}"));
        });
    }
}

#[derive(Debug)]
struct AssumeRole(Role);

impl Operation for AssumeRole {
    const ACTION: &'static str = "AssumeRole";
    type Output = AssumedRole;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Who calls and how the session is labelled has no consequence here.
        for name in ["ExternalId", "SerialNumber", "TokenCode", "SourceIdentity"] {
            query.optional::<String>(name)?;
        }
        query.structs("Tags.member", |tag| Ok((tag.required::<String>("Key")?, tag.required::<String>("Value")?)))?;
        query.list::<String>("TransitiveTagKeys.member")?;
        Role::decode(query).map(Self)
    }

    fn run(self, _: &mut Model, cx: &mut Context<'_>) -> Result<AssumedRole, ApiError> {
        Ok(self.0.assume(cx))
    }
}

#[derive(Debug)]
struct AssumeRoleWithWebIdentity(Role);

impl Operation for AssumeRoleWithWebIdentity {
    const ACTION: &'static str = "AssumeRoleWithWebIdentity";
    type Output = AssumedRole;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.required::<String>("WebIdentityToken")?;
        query.optional::<String>("ProviderId")?;
        Role::decode(query).map(Self)
    }

    fn run(self, _: &mut Model, cx: &mut Context<'_>) -> Result<AssumedRole, ApiError> {
        Ok(self.0.assume(cx))
    }
}

#[derive(Debug)]
struct GetSessionToken {
    seconds: u32,
}

impl Operation for GetSessionToken {
    const ACTION: &'static str = "GetSessionToken";
    type Output = Credentials;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let _device = (query.optional::<String>("SerialNumber")?, query.optional::<String>("TokenCode")?);
        Ok(Self { seconds: duration(query, 43_200, 129_600)? })
    }

    fn run(self, _: &mut Model, cx: &mut Context<'_>) -> Result<Credentials, ApiError> {
        Ok(Credentials::new(cx, self.seconds))
    }
}

impl Output for Credentials {
    fn write(&self, xml: &mut Xml) {
        Self::write(self, xml);
    }
}

#[derive(Debug)]
struct GetFederationToken {
    name: String,
    seconds: u32,
}

impl Operation for GetFederationToken {
    const ACTION: &'static str = "GetFederationToken";
    type Output = FederatedUser;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let _policies = (
            query.optional::<String>("Policy")?,
            query.structs("PolicyArns.member", |policy| policy.required::<String>("arn"))?,
        );
        query.structs("Tags.member", |tag| Ok((tag.required::<String>("Key")?, tag.required::<String>("Value")?)))?;
        Ok(Self { name: federated_name(query.required("Name")?)?, seconds: duration(query, 43_200, 129_600)? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<FederatedUser, ApiError> {
        let credentials = Credentials::new(cx, self.seconds);
        Ok(FederatedUser { credentials, account: model.account().to_string(), name: self.name })
    }
}

fn federated_name(text: String) -> Result<String, ApiError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=32).contains(&text.len()) && text.chars().all(is_allowed) {
        return Ok(text);
    }
    Err(ApiError::new(
        Code::VALIDATION_ERROR,
        format!("Value '{text}' at 'name' failed to satisfy constraint: [\\w+=,.@-]{{2,32}}"),
    ))
}

#[derive(Debug)]
struct FederatedUser {
    credentials: Credentials,
    account: String,
    name: String,
}

impl Output for FederatedUser {
    fn write(&self, xml: &mut Xml) {
        let Self { account, name, .. } = self;
        self.credentials.write(xml);
        xml.element("FederatedUser", |xml| {
            xml.text("FederatedUserId", format_args!("{account}:{name}"));
            xml.text("Arn", format_args!("arn:aws:sts::{account}:federated-user/{name}"));
        });
        xml.text("PackedPolicySize", 0);
    }
}

/// Deviation: every key is taken for the caller's account's.
#[derive(Debug)]
struct GetAccessKeyInfo;

impl ReadOperation for GetAccessKeyInfo {
    const ACTION: &'static str = "GetAccessKeyInfo";
    type Output = AccessKeyInfo;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id: String = query.required("AccessKeyId")?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if (16..=128).contains(&id.len()) && id.bytes().all(is_allowed) {
            return Ok(Self);
        }
        Err(ApiError::new(
            Code::VALIDATION_ERROR,
            format!("Value '{id}' at 'accessKeyId' failed to satisfy constraint: [\\w]{{16,128}}"),
        ))
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<AccessKeyInfo, ApiError> {
        Ok(AccessKeyInfo(model.account().to_string()))
    }
}

#[derive(Debug)]
struct AccessKeyInfo(String);

impl Output for AccessKeyInfo {
    fn write(&self, xml: &mut Xml) {
        xml.text("Account", &self.0);
    }
}

/// Deviation: nothing here encodes such messages, so there is none that could be decoded.
#[derive(Debug)]
struct DecodeAuthorizationMessage;

impl ReadOperation for DecodeAuthorizationMessage {
    const ACTION: &'static str = "DecodeAuthorizationMessage";
    type Output = AccessKeyInfo;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.required::<String>("EncodedMessage")?;
        Ok(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<AccessKeyInfo, ApiError> {
        Err(ApiError::new(Code::INVALID_AUTHORIZATION_MESSAGE, "Message is not valid"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[test]
    fn caller() {
        let reply = World::new().send("Action=GetCallerIdentity&Version=2011-06-15").ok();
        insta::assert_snapshot!(reply.lines());
    }

    #[test]
    fn role() {
        let form =
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::444455556666:role/eks/cni&RoleSessionName=me";
        insta::assert_snapshot!(World::new().send(form).ok().lines());
    }

    #[test]
    fn federated_user() {
        let reply = World::new().send("Action=GetFederationToken&Version=2011-06-15&Name=me").ok();
        insta::assert_snapshot!(reply.lines());
    }

    #[test]
    fn access_key_info() {
        let form = "Action=GetAccessKeyInfo&Version=2011-06-15&AccessKeyId=AKIAIOSFODNN7EXAMPLE";
        let reply = World::new().send(form).ok();
        assert!(reply.body.contains("<Account>111122223333</Account>"), "{}", reply.body);
    }

    #[test]
    fn an_error() {
        let reply = World::new().send("Action=AssumeRole&Version=2011-06-15&RoleSessionName=me");
        assert_eq!(reply.status, 400);
        insta::assert_snapshot!(reply.lines());
    }

    #[rstest]
    #[case::user("AssumeRole", "RoleArn=arn:aws:iam::444455556666:user/me&RoleSessionName=me", "ValidationError")]
    #[case::session("AssumeRole", "RoleArn=arn:aws:iam::444455556666:role/me&RoleSessionName=a/b", "ValidationError")]
    #[case::duration("GetSessionToken", "DurationSeconds=60", "ValidationError")]
    #[case::federated_name("GetFederationToken", "Name=a/b", "ValidationError")]
    #[case::key("GetAccessKeyInfo", "AccessKeyId=AKIA", "ValidationError")]
    #[case::message("DecodeAuthorizationMessage", "EncodedMessage=x", "InvalidAuthorizationMessageException")]
    #[case::ec2("DescribeRegions", "", "InvalidAction")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        let reply = World::new().send(&format!("Action={action}&Version=2011-06-15&{form}"));
        assert_eq!(reply.code, Some(code));
        assert!(reply.body.contains("<ErrorResponse "), "{}", reply.body);
    }
}
