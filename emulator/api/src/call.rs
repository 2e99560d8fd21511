//! Calls: parsing a request, running it on the model, and the reply around what it says.

use std::sync::Arc;

use jiff::Timestamp;
use vpc_model::{Context, Model, TokenKey, TokenRecord};

use crate::operations::{self, Action, Handler, Plan};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

/// The version that STS has had since its beginning; EC2 never had it.
const STS_VERSION: &str = "2011-06-15";

/// The version that Auto Scaling has had since its beginning. EC2 had one of that name, which no client uses any more.
const AUTO_SCALING_VERSION: &str = "2011-01-01";

/// EC2's newest version; there are none after it.
const NEWEST_EC2_VERSION: &str = "2016-11-15";

/// Which of the services that share the endpoint a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Elastic Compute Cloud.
    Ec2,
    /// Security Token Service.
    Sts,
    /// Amazon EC2 Auto Scaling.
    AutoScaling,
}

impl Service {
    /// The service of a version; EC2 where nobody else has it.
    pub fn of_version(version: &str) -> Self {
        match version {
            STS_VERSION => Self::Sts,
            AUTO_SCALING_VERSION => Self::AutoScaling,
            _ => Self::Ec2,
        }
    }

    /// The service of a signature's scope.
    pub fn of_scope(name: &str) -> Self {
        match name {
            "sts" => Self::Sts,
            "autoscaling" => Self::AutoScaling,
            _ => Self::Ec2,
        }
    }

    /// Its name in scopes, policies and endpoints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::AutoScaling => "autoscaling",
        }
    }

    /// The namespace of its replies, where all have the same.
    const fn namespace(self) -> &'static str {
        match self {
            Self::Ec2 => "",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
        }
    }
}

/// Who makes a call, as GetCallerIdentity tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user, role session or federated user.
    pub arn: String,
    /// The unique id of it.
    pub user_id: String,
}

/// A call whose action is known and whose parameters are not looked at yet.
#[derive(Debug)]
pub struct Call {
    action: &'static Action,
    version: String,
    dry_run: bool,
    query: Query,
}

/// The answer to a call: XML in the form of the service asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body, `text/xml;charset=UTF-8`.
    pub body: Vec<u8>,
    /// The error's code, where it is one.
    pub code: Option<&'static str>,
}

/// Reads a request: a form body, or the query string of a GET.
///
/// # Errors
/// When it is no form, or names no action of a service that is here.
pub fn parse(body: &[u8]) -> Result<Call, ApiError> {
    let mut query = Query::parse(body)?;
    let version: Option<String> = query.optional("Version")?;
    let service = version.as_deref().map_or(Service::Ec2, Service::of_version);
    Call::from_parts(service, version, query).map_err(|err| err.to(service))
}

impl Call {
    fn from_parts(service: Service, version: Option<String>, mut query: Query) -> Result<Self, ApiError> {
        let name: String = query.optional("Action")?.ok_or_else(|| {
            ApiError::new(Code::MISSING_ACTION, "The request is missing an action or operation parameter")
        })?;
        let version = version.ok_or_else(|| ApiError::missing("Version"))?;
        if !is_version(&version) {
            return Err(ApiError::new(
                Code::NO_SUCH_VERSION,
                format!("The requested version ({version}) of service AmazonEC2 does not exist"),
            ));
        }
        let action = operations::find(service, &name).ok_or_else(|| {
            // Deviation: the services have more actions than are here; callers can tell one of those from a slip.
            if operations::is_known(service, &name) {
                ApiError::unsupported(&format!("The action {name}"))
            } else {
                ApiError::new(Code::INVALID_ACTION, format!("The action {name} is not valid for this web service."))
            }
        })?;
        let dry_run = service == Service::Ec2 && query.flag("DryRun")?;
        if action.takes_client_token {
            query.set_client_token_aside()?;
        }
        Ok(Self { action, version, dry_run, query })
    }

    /// The action's name.
    pub fn action(&self) -> &'static str {
        self.action.name
    }

    /// The service it is for.
    pub fn service(&self) -> Service {
        self.action.service
    }

    /// The same call, made by somebody.
    pub fn by(mut self, caller: Caller) -> Self {
        self.query.set_caller(caller);
        self
    }

    /// Whether it leaves the model as it is, so that [`dispatch_read`] will do.
    pub fn is_read_only(&self) -> bool {
        matches!(self.action.handler, Handler::Read(_))
    }

    /// The answer to this call when something else refuses it, such as throttling.
    pub fn refuse(&self, err: ApiError, request_id: &str) -> Response {
        err.to(self.service()).response(request_id)
    }

    /// The reply around what an action says. That can have megabytes, so it becomes the reply and is not copied.
    fn succeed(&self, mut content: Vec<u8>, request_id: &str) -> Response {
        let name = self.action.name;
        let id = Xml::fragment(|xml| match self.service() {
            Service::Ec2 => xml.text("requestId", request_id),
            Service::Sts | Service::AutoScaling => xml.text("RequestId", request_id),
        });
        let (head, tail) = match self.service() {
            Service::Ec2 => {
                let open = format!("<{name}Response xmlns=\"http://ec2.amazonaws.com/doc/{}/\">", self.version);
                ([DECLARATION, open.as_bytes(), &id].concat(), format!("</{name}Response>").into_bytes())
            }
            service => {
                let open = format!("<{name}Response xmlns=\"{}\">", service.namespace());
                // What has nothing to say has no result either.
                let (start, end) = match content.as_slice() {
                    [] => (String::new(), "<ResponseMetadata>".to_owned()),
                    _ => (format!("<{name}Result>"), format!("</{name}Result><ResponseMetadata>")),
                };
                let close = format!("</ResponseMetadata></{name}Response>");
                let head = [DECLARATION, open.as_bytes(), start.as_bytes()].concat();
                (head, [end.as_bytes(), &id, close.as_bytes()].concat())
            }
        };
        content.reserve(head.len() + tail.len());
        content.splice(0..0, head);
        content.extend_from_slice(&tail);
        Response { status: 200, body: content, code: None }
    }
}

const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Whether a text is a date that EC2 could have as a version.
fn is_version(text: &str) -> bool {
    let is_date = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date && ("2006-06-26"..=NEWEST_EC2_VERSION).contains(&text)
}

impl ApiError {
    /// The same refusal in the form of a service.
    pub fn to(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// The answer that tells it.
    pub fn response(&self, request_id: &str) -> Response {
        let (code, message) = (self.code().name(), self.message());
        let is_ec2 = self.service == Service::Ec2;
        let content = Xml::fragment(|xml| {
            if !is_ec2 {
                xml.text("Type", if self.code().status() < 500 { "Sender" } else { "Receiver" });
            }
            xml.text("Code", code);
            xml.text("Message", message);
        });
        let id = Xml::fragment(|xml| xml.text(if is_ec2 { "RequestID" } else { "RequestId" }, request_id));
        let open = format!("<ErrorResponse xmlns=\"{}\"><Error>", self.service.namespace());
        let (start, middle, end): (&[u8], &[u8], &[u8]) = if is_ec2 {
            (b"<Response><Errors><Error>", b"</Error></Errors>", b"</Response>")
        } else {
            (open.as_bytes(), b"</Error>", b"</ErrorResponse>")
        };
        let body = [DECLARATION, start, &content, middle, &id, end].concat();
        Response { status: self.code().status(), body, code: Some(code) }
    }
}

/// Runs a call that leaves the model as it is. A call that does not is refused with an internal error.
pub fn dispatch_read(call: Call, model: &Model, now: Timestamp, request_id: &str) -> Response {
    let Handler::Read(decode) = call.action.handler else {
        let err = ApiError::new(Code::INTERNAL_ERROR, format!("{} changes resources", call.action.name));
        return call.refuse(err, request_id);
    };
    let result = decode_whole(decode, &call.query).and_then(|operation| operation(model, now));
    finish(&call, result, request_id)
}

/// Runs a call.
pub fn dispatch(call: Call, model: &mut Model, cx: &mut Context<'_>, request_id: &str) -> Response {
    let Handler::Write(decode) = call.action.handler else {
        return dispatch_read(call, model, cx.now, request_id);
    };
    let result = decode_whole(decode, &call.query).and_then(|operation| {
        if call.dry_run && call.action.dry_run_is_formal {
            Ok(Vec::new())
        } else if call.dry_run {
            let mut ids = cx.ids.clone();
            once(&call, &mut model.clone(), &mut Context { now: cx.now, ids: &mut ids }, operation)
        } else {
            once(&call, model, cx, operation)
        }
    });
    finish(&call, result, request_id)
}

/// Decodes an operation and refuses what it did not take.
fn decode_whole<T: ?Sized>(
    decode: fn(&mut Query) -> Result<Box<T>, ApiError>,
    query: &Query,
) -> Result<Box<T>, ApiError> {
    let mut query = query.clone();
    let operation = decode(&mut query)?;
    query.finish()?;
    Ok(operation)
}

/// Runs an operation, unless a call with the same token has run already: then its answer is given again.
fn once(call: &Call, model: &mut Model, cx: &mut Context<'_>, operation: Box<Plan>) -> Result<Vec<u8>, ApiError> {
    let Some(token) = call.query.client_token() else { return operation(model, cx) };
    let key = TokenKey { action: call.action.name, token: token.to_owned() };
    let fingerprint = call.query.fingerprint();
    match model.client_tokens().find(cx.now, &key) {
        Some(record) if record.fingerprint == fingerprint => return Ok(record.answer.to_vec()),
        Some(_) => {
            return Err(ApiError::new(
                Code::IDEMPOTENT_PARAMETER_MISMATCH,
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            ));
        }
        None => {}
    }
    let content = operation(model, cx)?;
    let record = TokenRecord { fingerprint, answer: Arc::from(content.as_slice()) };
    model.remember_client_token(cx.now, key, record);
    Ok(content)
}

fn finish(call: &Call, result: Result<Vec<u8>, ApiError>, request_id: &str) -> Response {
    match result {
        Ok(_) if call.dry_run => {
            let message = "Request would have succeeded, but DryRun flag is set.";
            call.refuse(ApiError::new(Code::DRY_RUN_OPERATION, message), request_id)
        }
        Ok(content) => call.succeed(content, request_id),
        Err(err) => call.refuse(err, request_id),
    }
}

#[cfg(test)]
mod tests;
