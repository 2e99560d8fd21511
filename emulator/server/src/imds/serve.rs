//! The service's sockets: finds out which instance asks, and how far the answer may travel.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::net::PromptListener;
use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::serve::IncomingStream;
use http::header::{CONTENT_TYPE, SERVER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use socket2::{SockRef, Socket};
use vpc_model::{InstanceId, InterfaceType, Model, VpcId};

use super::answer::{Endpoint, Reply, TOKEN_TTL, answer};
use crate::Shared;

/// The service inside one VPC.
#[derive(Debug, Clone)]
struct Service {
    shared: Arc<Shared>,
    vpc: VpcId,
}

/// Who is at the other end of a connection. The socket is kept to set its TTL.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    address: SocketAddr,
    socket: Option<Arc<Socket>>,
}

impl Connected<IncomingStream<'_, PromptListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, PromptListener>) -> Self {
        let socket = SockRef::from(stream.io()).try_clone();
        Self { address: *stream.remote_addr(), socket: socket.ok().map(Arc::new) }
    }
}

/// The service inside one VPC, to be served with [`Peer`] as connection information.
pub(crate) fn router(shared: Arc<Shared>, vpc: VpcId) -> Router {
    Router::new().fallback(handle).with_state(Service { shared, vpc })
}

async fn handle(State(service): State<Service>, ConnectInfo(peer): ConnectInfo<Peer>, request: Parts) -> Response {
    let now = Timestamp::now();
    let shared = &service.shared;
    // Who asks is known at once, also where what is told is behind.
    let reply = match shared.read(|model| caller(model, &service.vpc, peer.address.ip())) {
        Some(instance) => {
            let endpoint = if peer.address.is_ipv6() { Endpoint::Ipv6 } else { Endpoint::Ipv4 };
            let look = |model: &Model| answer(model, &instance, endpoint, &request, shared.imds(), now);
            shared.give(look(&shared.home().model_behind(now, shared.faults().imds_lag())))
        }
        None => Reply::error(StatusCode::NOT_FOUND),
    };
    tracing::debug!(peer = %peer.address, path = request.uri.path(), status = reply.status.as_u16(), "imds");
    if let Some(socket) = &peer.socket
        && let Err(error) = limit_hops(socket, &peer.address, reply.hop_limit)
    {
        // An answer that travels further than it may would let pods take what is the node's.
        tracing::warn!(peer = %peer.address, %error, "hop limit not applied");
        return response(Reply::error(StatusCode::INTERNAL_SERVER_ERROR));
    }
    response(reply)
}

fn limit_hops(socket: &Socket, peer: &SocketAddr, limit: u8) -> io::Result<()> {
    match peer {
        SocketAddr::V4(_) => socket.set_ttl_v4(u32::from(limit)),
        SocketAddr::V6(_) => socket.set_unicast_hops_v6(u32::from(limit)),
    }
}

/// The instance whose ENI has the caller's address.
///
/// A branch ENI belongs to a pod, not to an instance: what EC2 answers there is not documented, so it
/// gets what an unknown address gets, 404.
fn caller(model: &Model, vpc: &VpcId, address: IpAddr) -> Option<InstanceId> {
    let eni = model.eni_by_address(vpc, address.to_canonical())?;
    let attachment = eni.live_attachment().filter(|_| eni.interface_type != InterfaceType::Branch)?;
    Some(attachment.instance_id.clone())
}

/// A reply as HTTP. The body is of known length, so head and body leave in one write.
pub(crate) fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("EC2ws"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if let Some(seconds) = reply.token_ttl_seconds {
        headers.insert(TOKEN_TTL, HeaderValue::from(seconds));
    }
    response
}
