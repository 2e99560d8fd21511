//! VLAN links over a trunk's wire: every carrier this kernel has, at both ends.

mod common;

use std::{
    io::{self, IoSliceMut},
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

use linux_net::{
    Netns, features,
    features::Feature,
    netlink::{BridgePort, LinkSpec},
    vlan::{self, Carrier},
};
use nix::sys::socket::{self, ControlMessageOwned, MsgFlags, sockopt};
use rstest::rstest;

use common::{DEADLINE, Host, mac, tcp_transfer, udp_exchange};

const MTU: u32 = 9001;

/// A node whose trunk `eth1` ends in the fabric as `trunk`; untagged, it is 10.0.1.2 ↔ 10.0.1.1.
fn trunk() -> (Host, Host) {
    let (node, fabric) = (Host::new(), Host::new());
    let near = LinkSpec::new("trunk").mac(mac(1)).mtu(MTU).up().quiet();
    let far = LinkSpec::new("eth1").mac(mac(2)).mtu(MTU).up().quiet();
    fabric.netlink.add_veth(&near, &far, Some(&node.netns)).expect("veth");
    fabric.address("trunk", "10.0.1.1/24");
    node.address("eth1", "10.0.1.2/24");
    (node, fabric)
}

/// Adds VLAN `id` at both ends; in it, the node is 10.0.<id>.2 and the fabric 10.0.<id>.1.
fn add(node: &Host, fabric: &Host, id: u8, carrier: Carrier) {
    for (host, trunk, link, last) in [(node, "eth1", node_link(id), 2), (fabric, "trunk", format!("branch{id}"), 1)] {
        let vlan_id = u16::from(id);
        let index = vlan::add(&host.netns, trunk, &link, vlan_id, [2, 0, 0, 0, id, last], MTU, carrier);
        assert_eq!(index.expect("vlan"), host.index(&link));
        host.netlink.set_up(&link).expect("up");
        host.address(&link, &format!("10.0.{id}.{last}/24"));
    }
}

fn node_link(id: u8) -> String {
    format!("vlan.eth.{id}")
}

/// Whether the carrier can be tried here; says so if not.
fn is_available(carrier: Carrier) -> bool {
    let needed = if carrier == Carrier::VlanDevice { Feature::VlanDevice } else { Feature::TagShim };
    let there = features::probe().require(needed);
    if let Err(missing) = there {
        println!("skipped: {needed} ({missing})");
    }
    there.is_ok()
}

#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn traffic_flows_in_each_vlan(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    for id in [5, 6] {
        add(&node, &fabric, id, carrier);
    }
    udp_exchange(&node, &fabric, "10.0.5.1:7000").expect("vlan 5 up");
    udp_exchange(&fabric, &node, "10.0.5.2:7000").expect("vlan 5 down");
    udp_exchange(&node, &fabric, "10.0.6.1:7000").expect("vlan 6");
    udp_exchange(&node, &fabric, "10.0.1.1:7000").expect("untagged");
    tcp_transfer(&node, &fabric, "10.0.5.1:7001", 8 << 20);
    tcp_transfer(&fabric, &node, "10.0.5.2:7001", 8 << 20);

    let listed = vlan::list(&node.netns, "eth1").expect("list");
    let expected = [5, 6].map(|id| vlan::Vlan { id: id.into(), name: node_link(id), carrier, link_exists: true });
    assert_eq!(listed, expected);
}

#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn segmentation_and_checksums_stay_offloaded(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    add(&node, &fabric, 5, carrier);
    let wire = Wire::tap(&fabric.netns, fabric.index("trunk"));
    tcp_transfer(&node, &fabric, "10.0.5.1:7001", 4 << 20);
    assert!(wire.longest_frame() > 2 * MTU as usize, "segments cross the wire together");
}

#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn largest_datagrams_pass_unfragmented(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    add(&node, &fabric, 5, carrier);
    let (client, server) = (node.udp("0.0.0.0:0"), fabric.udp("10.0.5.1:7000"));
    let wire = Wire::tap(&fabric.netns, fabric.index("trunk"));
    let largest = vec![7; MTU as usize - 20 - 8];
    client.send_to(&largest, "10.0.5.1:7000").expect("send");
    let mut received = vec![0; MTU as usize];
    assert_eq!(server.recv(&mut received).expect("receive"), largest.len());
    let (frame, vlan) = wire.frame_with(&largest);
    assert_eq!((frame.len(), vlan), (14 + MTU as usize, Some(5)), "the tag needs no room of its own");
}

#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn wire_carries_the_tag(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    add(&node, &fabric, 5, carrier);
    let wire = Wire::tap(&fabric.netns, fabric.index("trunk"));
    let (client, server) = (node.udp("0.0.0.0:0"), fabric.udp("10.0.5.1:7000"));
    client.send_to(b"tagged, please", "10.0.5.1:7000").expect("send");
    server.recv(&mut [0; 32]).expect("receive");
    assert_eq!(wire.vlan_of(b"tagged, please"), Some(5));

    let (client, server) = (node.udp("0.0.0.0:0"), fabric.udp("10.0.1.1:7000"));
    client.send_to(b"plain, please", "10.0.1.1:7000").expect("send");
    server.recv(&mut [0; 32]).expect("receive");
    assert_eq!(wire.vlan_of(b"plain, please"), None);
}

#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn unknown_vlan_reaches_nobody(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    for id in [5, 6] {
        add(&node, &fabric, id, carrier);
    }
    vlan::remove(&fabric.netns, "trunk", "branch5", 5).expect("remove");
    // The frames are made to suit the untagged interface in everything but the tag.
    fabric.address("trunk", "10.0.5.1/24");
    node.netlink.replace_neighbour(&node_link(5), [10, 0, 5, 1], mac(1)).expect("neighbour");
    let (client, server) = (node.udp("0.0.0.0:0"), fabric.udp("0.0.0.0:7000"));
    for round in 0..20u8 {
        client.send_to(b"leaked", "10.0.5.1:7000").expect("send tagged");
        client.send_to(&[round], "10.0.1.1:7000").expect("send untagged");
        let mut text = [0; 16];
        let length = server.recv(&mut text).expect("the untagged one");
        assert_eq!(&text[..length], &[round]);
    }
    udp_exchange(&node, &fabric, "10.0.6.1:7001").expect("the other vlan works on");
}

/// The kernel marks tagged frames that nobody takes as other hosts', but a bridge would still pass them on.
#[test]
fn unknown_vlan_never_enters_a_bridge() {
    if !is_available(Carrier::TagShim) {
        return;
    }
    let (node, fabric) = trunk();
    for id in [5, 6] {
        add(&node, &fabric, id, Carrier::TagShim);
    }
    vlan::remove(&fabric.netns, "trunk", "branch5", 5).expect("remove");
    fabric.netlink.add_bridge(&LinkSpec::new("subnet").mac(mac(0x20)).mtu(MTU).up().quiet()).expect("bridge");
    fabric.netlink.set_master("trunk", Some(fabric.index("subnet"))).expect("master");
    let bridge = Wire::tap(&fabric.netns, fabric.index("subnet"));
    node.netlink.replace_neighbour(&node_link(5), [10, 0, 5, 1], mac(0x20)).expect("neighbour");
    node.netlink.replace_neighbour("eth1", [10, 0, 1, 1], mac(0x20)).expect("neighbour");
    let client = node.udp("0.0.0.0:0");
    client.send_to(b"to the bridge, tagged", "10.0.5.1:7000").expect("send tagged");
    client.send_to(b"to the bridge, plain", "10.0.1.1:7000").expect("send untagged");
    let (frame, vlan) = bridge.frame_with(b"to the bridge");
    assert_eq!(vlan, None);
    assert!(frame.ends_with(b"plain"));
}

/// In the fabric, both the trunk's wire and the branch's link are ports of subnets' bridges.
#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn trunk_may_be_a_locked_bridge_port(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    add(&node, &fabric, 5, carrier);
    fabric.netlink.delete_address("trunk", common::net("10.0.1.1/24")).expect("delete");
    fabric.netlink.delete_address("branch5", common::net("10.0.5.1/24")).expect("delete");
    let port = BridgePort { isolated: true, locked: true, learning: false, flood: false, ..BridgePort::default() };
    for (bridge, member, far_mac, address) in
        [("subnet1", "trunk", mac(2), "10.0.1.1/24"), ("subnet5", "branch5", [2, 0, 0, 0, 5, 2], "10.0.5.1/24")]
    {
        fabric.netlink.add_bridge(&LinkSpec::new(bridge).mac(mac(0x20)).mtu(MTU).up().quiet()).expect("bridge");
        fabric.netlink.set_master(member, Some(fabric.index(bridge))).expect("master");
        fabric.netlink.set_bridge_port(member, port).expect("port");
        fabric.netlink.replace_fdb(member, far_mac).expect("entry");
        fabric.address(bridge, address);
    }
    udp_exchange(&node, &fabric, "10.0.1.1:7000").expect("untagged");
    udp_exchange(&node, &fabric, "10.0.5.1:7000").expect("vlan 5");
    tcp_transfer(&node, &fabric, "10.0.5.1:7001", 2 << 20);
}

#[rstest]
#[case::vlan_device(Carrier::VlanDevice)]
#[case::tag_shim(Carrier::TagShim)]
fn removal_copes_with_halves(#[case] carrier: Carrier) {
    if !is_available(carrier) {
        return;
    }
    let (node, fabric) = trunk();
    let remove = || vlan::remove(&node.netns, "eth1", &node_link(5), 5);
    remove().expect("nothing is there");

    add(&node, &fabric, 5, carrier);
    let links = node.netlink.links().expect("links").len();
    remove().expect("remove");
    assert!(node.netlink.links().expect("links").len() < links);
    assert!(vlan::list(&node.netns, "eth1").expect("list").is_empty());

    vlan::remove(&fabric.netns, "trunk", "branch5", 5).expect("remove");
    add(&node, &fabric, 5, carrier);
    node.netlink.delete_link(&node_link(5)).expect("delete");
    remove().expect("the link is gone");
    assert!(vlan::list(&node.netns, "eth1").expect("list").is_empty());

    vlan::remove(&fabric.netns, "trunk", "branch5", 5).expect("remove");
    add(&node, &fabric, 5, carrier);
    fabric.netlink.delete_link("trunk").expect("delete");
    remove().expect("the trunk is gone");
    assert_eq!(node.netlink.link(&node_link(5)).expect("look up"), None);
}

#[rstest]
#[case::zero(0)]
#[case::reserved(4095)]
fn vlan_id_is_checked(#[case] id: u16) {
    let (node, _fabric) = trunk();
    let err = vlan::add(&node.netns, "eth1", "v", id, mac(9), MTU, Carrier::TagShim).expect_err("no such vlan");
    assert_eq!(err.errno(), nix::errno::Errno::EINVAL);
}

#[test]
fn second_link_of_a_name_is_refused_and_the_first_stays() {
    if !is_available(Carrier::TagShim) {
        return;
    }
    let (node, fabric) = trunk();
    add(&node, &fabric, 5, Carrier::TagShim);
    let again = vlan::add(&node.netns, "eth1", &node_link(5), 5, mac(9), MTU, Carrier::TagShim);
    assert!(again.expect_err("there").is_exists());
    udp_exchange(&node, &fabric, "10.0.5.1:7000").expect("still works");
}

/// A packet socket that sees the frames a link receives, and their tags.
struct Wire {
    fd: OwnedFd,
}

impl Wire {
    fn tap(netns: &Netns, link: u32) -> Self {
        let fd = netns.run(|| open(link)).expect("run").expect("packet socket");
        let deadline = nix::sys::time::TimeVal::new(DEADLINE.as_secs() as i64, 0);
        socket::setsockopt(&fd, sockopt::ReceiveTimeout, &deadline).expect("timeout");
        Self { fd }
    }

    /// The next frame that contains `text`, and its VLAN.
    fn frame_with(&self, text: &[u8]) -> (Vec<u8>, Option<u16>) {
        loop {
            let (frame, vlan) = self.receive(MsgFlags::empty()).expect("a frame");
            if frame.windows(text.len()).any(|window| window == text) {
                return (frame, vlan);
            }
        }
    }

    fn vlan_of(&self, text: &[u8]) -> Option<u16> {
        self.frame_with(text).1
    }

    /// The length of the longest frame seen so far.
    fn longest_frame(&self) -> usize {
        let seen = std::iter::from_fn(|| self.receive(MsgFlags::MSG_DONTWAIT).ok());
        seen.map(|(frame, _)| frame.len()).max().unwrap_or(0)
    }

    fn receive(&self, flags: MsgFlags) -> nix::Result<(Vec<u8>, Option<u16>)> {
        let mut frame = vec![0; 70_000];
        let mut control = nix::cmsg_space!(libc::tpacket_auxdata);
        let mut parts = [IoSliceMut::new(&mut frame)];
        let fd = self.fd.as_raw_fd();
        let message = socket::recvmsg::<()>(fd, &mut parts, Some(&mut control), flags)?;
        let vlan = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Unknown(unknown) => tag(&unknown.data_bytes),
            _ => None,
        });
        let length = message.bytes;
        frame.truncate(length);
        Ok((frame, vlan))
    }
}

/// Reads the tag from `struct tpacket_auxdata`.
fn tag(bytes: &[u8]) -> Option<u16> {
    let status = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?);
    let tci = u16::from_ne_bytes(bytes.get(16..18)?.try_into().ok()?);
    (status & libc::TP_STATUS_VLAN_VALID != 0).then_some(tci & 0xfff)
}

fn open(link: u32) -> io::Result<OwnedFd> {
    let every_protocol = (libc::ETH_P_ALL as u16).to_be();
    // SAFETY: plain system calls; the address outlives the one that reads it, and the new descriptor has one owner.
    unsafe {
        let fd = libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, every_protocol.into());
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let fd = OwnedFd::from_raw_fd(fd);
        let mut address: libc::sockaddr_ll = std::mem::zeroed();
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = every_protocol;
        address.sll_ifindex = link.cast_signed();
        let length = size_of::<libc::sockaddr_ll>() as u32;
        let on: libc::c_int = 1;
        let option = (&raw const on).cast();
        if libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) < 0
            || libc::setsockopt(fd.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_AUXDATA, option, 4) < 0
        {
            return Err(io::Error::last_os_error());
        }
        Ok(fd)
    }
}
