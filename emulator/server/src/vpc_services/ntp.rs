//! The time service at 169.254.169.123: this machine's clock over NTP.
//!
//! Clocks are the machine's own even where the emulator's days pass faster: whoever asks here sets a system clock.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html> and RFC 5905.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::UdpSocket;
use vpc_model::VpcId;

use super::Pace;
use crate::Shared;

/// A packet without extensions.
const PACKET_BYTES: usize = 48;
/// NTP counts from 1900; so many seconds before Unix.
const SECONDS_BEFORE_UNIX: u64 = 2_208_988_800;
/// As far from a reference clock as clients on EC2 see it.
const STRATUM: u8 = 3;
/// The clock is read to about a microsecond: two to the power of -20 seconds.
const PRECISION: i8 = -20;
/// How far the clock may be off, in 2⁻¹⁶ seconds: some 200 µs.
const DISPERSION: u32 = 13;
/// What the clock is set by: an address, as of EC2's.
const REFERENCE: [u8; 4] = [169, 254, 169, 122];
const CLIENT: u8 = 3;
const SERVER: u8 = 4;

/// Answers until dropped.
pub(super) async fn datagrams(shared: &Shared, vpc: &VpcId, pace: &Pace, socket: UdpSocket) {
    let mut buffer = [0; 512];
    loop {
        // A reply that found nobody is reported on the next receive: not our failure.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        let received = SystemTime::now();
        if pace.admits(shared, vpc, peer.ip())
            && let Some(reply) = reply(&buffer[..length], received, SystemTime::now())
            && let Err(error) = socket.send_to(&reply, peer).await
        {
            tracing::debug!(%peer, %error, "ntp reply lost");
        }
    }
}

/// The reply to a client's packet. All else gets none, so that nobody can be flooded by way of this service.
fn reply(request: &[u8], received: SystemTime, sent: SystemTime) -> Option<[u8; PACKET_BYTES]> {
    let request: &[u8; PACKET_BYTES] = request.first_chunk()?;
    let (version, mode) = (request[0] >> 3 & 7, request[0] & 7);
    if mode != CLIENT || !(1..=4).contains(&version) {
        return None;
    }
    let mut reply = [0; PACKET_BYTES];
    reply[0] = version << 3 | SERVER;
    reply[1] = STRATUM;
    reply[2] = request[2];
    reply[3] = PRECISION.to_be_bytes()[0];
    reply[4..8].copy_from_slice(&DISPERSION.to_be_bytes());
    reply[8..12].copy_from_slice(&DISPERSION.to_be_bytes());
    reply[12..16].copy_from_slice(&REFERENCE);
    reply[16..24].copy_from_slice(&timestamp(received));
    let asked = &request[40..48];
    reply[24..32].copy_from_slice(asked);
    reply[32..40].copy_from_slice(&timestamp(received));
    reply[40..48].copy_from_slice(&timestamp(sent));
    Some(reply)
}

/// Seconds since 1900 and their fraction; the seconds begin anew in 2036.
fn timestamp(time: SystemTime) -> [u8; 8] {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = (since.as_secs() + SECONDS_BEFORE_UNIX) as u32;
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (u64::from(seconds) << 32 | fraction).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn request(first: u8) -> [u8; PACKET_BYTES] {
        let mut request = [0; PACKET_BYTES];
        request[0] = first;
        request[2] = 6;
        request[40..48].copy_from_slice(b"asked-at");
        request
    }

    #[test]
    fn a_client_learns_the_time() {
        let received = UNIX_EPOCH + Duration::new(1_000_000_000, 500_000_000);
        let reply = reply(&request(0x23), received, received + Duration::from_millis(250)).expect("a reply");
        assert_eq!((reply[0], reply[1], reply[2]), (0x24, STRATUM, 6));
        assert_eq!(&reply[24..32], b"asked-at");
        let seconds = (1_000_000_000 + SECONDS_BEFORE_UNIX) as u32;
        assert_eq!(reply[32..40], [&seconds.to_be_bytes()[..], &[0x80, 0, 0, 0]].concat());
        assert_eq!(reply[40..48], [&seconds.to_be_bytes()[..], &[0xc0, 0, 0, 0]].concat());
    }

    #[rstest]
    #[case::version_three(0x1b, 48, true)]
    #[case::short(0x23, 47, false)]
    #[case::server(0x24, 48, false)]
    #[case::control(0x26, 48, false)]
    #[case::private(0x17, 48, false)]
    #[case::version_zero(0x03, 48, false)]
    fn only_clients_are_answered(#[case] first: u8, #[case] length: usize, #[case] is_answered: bool) {
        assert_eq!(reply(&request(first)[..length], UNIX_EPOCH, UNIX_EPOCH).is_some(), is_answered);
    }
}
