//! The socket in a fabric.

use std::io;

use linux_net::packets::{Packets, Wanted};
use tokio::io::unix::AsyncFd;
use vpc_model::VpcId;

use super::lease::Lease;
use super::{v4, v6};
use crate::Shared;

/// How many questions are answered before others get their turn.
const BURST: usize = 32;

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// For IPv4.
    V4,
    /// For IPv6.
    V6,
}

impl Version {
    /// Which packets are questions.
    pub(crate) fn questions(self) -> Wanted {
        match self {
            Self::V4 => Wanted::DatagramsV4(v4::SERVER_PORT),
            Self::V6 => Wanted::DatagramsV6(v6::SERVER_PORT),
        }
    }
}

/// Answers until dropped.
///
/// # Errors
/// The socket is of no use any more.
pub(crate) async fn questions(shared: &Shared, vpc: &VpcId, version: Version, packets: Packets) -> io::Result<()> {
    #[expect(deprecated, reason = "what replaces it is unsafe; the socket stays open as long as it is registered")]
    let packets = AsyncFd::new(packets)?;
    loop {
        let mut ready = packets.readable().await?;
        for _ in 0..BURST {
            let Some((link, frame)) = packets.get_ref().receive() else {
                ready.clear_ready();
                break;
            };
            let lease = |mac| shared.read(|model| Lease::of(model, vpc, mac));
            let answer = match version {
                Version::V4 => v4::answer(&frame, lease),
                Version::V6 => v6::answer(&frame, lease),
            };
            match answer {
                Some(answer) => packets.get_ref().send(link, &answer),
                None => tracing::trace!(%vpc, ?version, "dhcp question dropped"),
            }
        }
        tokio::task::yield_now().await;
    }
}
