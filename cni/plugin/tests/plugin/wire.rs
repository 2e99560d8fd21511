//! What really travels on a wire: frames as a packet socket sees them, VLAN tag included, see packet(7).

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use linux_net::{Mac, Netlink, Netns};

/// A listener on one link.
pub struct Wire {
    socket: OwnedFd,
}

/// A frame's outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub vlan: Option<u16>,
    pub source: Mac,
    pub ethertype: u16,
}

const ETH_P_ALL: u16 = (libc::ETH_P_ALL as u16).to_be();

impl Wire {
    /// Listens to what a link of a namespace sends and receives.
    pub fn listen(netns: &Netns, link: &str) -> Self {
        let index = Netlink::open(netns).unwrap().index(link).unwrap();
        let socket = netns.run(|| {
            // SAFETY: socket(2) takes no pointers; the result is checked before it is owned.
            let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_NONBLOCK, ETH_P_ALL.into()) };
            assert!(fd >= 0, "{}", std::io::Error::last_os_error());
            // SAFETY: the descriptor is open and nobody else's.
            unsafe { OwnedFd::from_raw_fd(fd) }
        });
        let wire = Self { socket: socket.unwrap() };
        wire.bind(index);
        wire
    }

    fn bind(&self, index: u32) {
        // SAFETY: all-zero is a valid sockaddr_ll.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = ETH_P_ALL;
        address.sll_ifindex = index as i32;
        let on = 1_i32;
        let fd = self.socket.as_raw_fd();
        // SAFETY: the pointers are to live values of the sizes given.
        let outcome = unsafe {
            libc::bind(fd, (&raw const address).cast(), size_of_val(&address) as u32)
                | libc::setsockopt(fd, libc::SOL_PACKET, libc::PACKET_AUXDATA, (&raw const on).cast(), 4)
        };
        assert_eq!(outcome, 0, "{}", std::io::Error::last_os_error());
    }

    /// The IPv4 frames so far.
    pub fn ipv4_frames(&self) -> Vec<Frame> {
        std::iter::from_fn(|| self.next()).filter(|frame| frame.ethertype == libc::ETH_P_IP as u16).collect()
    }

    fn next(&self) -> Option<Frame> {
        let mut data = [0_u8; 2048];
        let mut control = [0_u64; 16];
        let mut part = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
        // SAFETY: all-zero is a valid msghdr.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), size_of_val(&control));
        // SAFETY: the message's pointers are to live buffers of the lengths given.
        let count = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut message, 0) };
        if count < 14 {
            return None;
        }
        let mut vlan = None;
        // SAFETY: the kernel filled the control buffer, and the macros stay inside it; a packet socket's only control
        // message asked for is the auxiliary data.
        unsafe {
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            if !header.is_null() && (*header).cmsg_type == libc::PACKET_AUXDATA {
                let aux = libc::CMSG_DATA(header).cast::<libc::tpacket_auxdata>().read_unaligned();
                let valid = aux.tp_status & libc::TP_STATUS_VLAN_VALID != 0;
                vlan = valid.then_some(aux.tp_vlan_tci & 0xfff);
            }
        }
        let source = data[6..12].try_into().expect("six bytes");
        Some(Frame { vlan, source, ethertype: u16::from_be_bytes([data[12], data[13]]) })
    }
}
