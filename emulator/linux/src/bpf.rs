//! Small BPF programs for tc, put together by hand and loaded with bpf(2), see the kernel's `bpf/standardization`.
//!
//! No compiler and no loader library: a program is a few instructions with its constants filled in.

use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

use crate::{Error, Result};

const BPF_PROG_LOAD: libc::c_int = 5;
const BPF_PROG_TYPE_SCHED_CLS: u32 = 3;
const HELPER_SKB_VLAN_PUSH: i32 = 18;
const HELPER_SKB_VLAN_POP: i32 = 19;
const HELPER_REDIRECT: i32 = 23;
/// Offsets in `struct __sk_buff`.
const SKB_VLAN_PRESENT: i16 = 20;
const SKB_VLAN_TCI: i16 = 24;
const VLAN_ID_BITS: i32 = 0xfff;
/// The next filter decides.
const TC_ACT_UNSPEC: i32 = -1;
const TC_ACT_SHOT: i32 = 2;

/// One instruction, as the kernel reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// Tags what it sees with a VLAN and sends it out by a link.
pub(crate) fn push_and_redirect(vlan_id: u16, to: u32) -> Vec<Instruction> {
    vec![
        set(2, i32::from((libc::ETH_P_8021Q as u16).to_be())),
        set(3, i32::from(vlan_id)),
        call(HELPER_SKB_VLAN_PUSH),
        jump_if_not(0, 0, 4),
        set(1, to.cast_signed()),
        set(2, 0),
        call(HELPER_REDIRECT),
        exit(),
        set(0, TC_ACT_SHOT),
        exit(),
    ]
}

/// Takes the tag off what has a VLAN's and sends it out by a link; leaves all else to the next filter.
pub(crate) fn pop_and_redirect(vlan_id: u16, to: u32) -> Vec<Instruction> {
    vec![
        load_from_skb(2, SKB_VLAN_PRESENT),
        jump_if(2, 0, 9),
        load_from_skb(2, SKB_VLAN_TCI),
        and(2, VLAN_ID_BITS),
        jump_if_not(2, i32::from(vlan_id), 6),
        call(HELPER_SKB_VLAN_POP),
        jump_if_not(0, 0, 6),
        set(1, to.cast_signed()),
        set(2, 0),
        call(HELPER_REDIRECT),
        exit(),
        set(0, TC_ACT_UNSPEC),
        exit(),
        set(0, TC_ACT_SHOT),
        exit(),
    ]
}

/// Drops what has a VLAN tag (a mere priority tag, with VLAN 0, is none).
pub(crate) fn drop_tagged() -> Vec<Instruction> {
    vec![
        load_from_skb(2, SKB_VLAN_PRESENT),
        jump_if(2, 0, 5),
        load_from_skb(2, SKB_VLAN_TCI),
        and(2, VLAN_ID_BITS),
        jump_if(2, 0, 2),
        set(0, TC_ACT_SHOT),
        exit(),
        set(0, TC_ACT_UNSPEC),
        exit(),
    ]
}

/// Loads a program for tc; it lives as long as the descriptor or a filter that uses it.
pub(crate) fn load(name: &str, program: &[Instruction]) -> Result<OwnedFd> {
    let mut attributes = LoadAttributes {
        program_type: BPF_PROG_TYPE_SCHED_CLS,
        instruction_count: program.len() as u32,
        instructions: program.as_ptr() as u64,
        license: c"Apache-2.0".as_ptr() as u64,
        ..LoadAttributes::default()
    };
    let name_bytes = name.bytes().take(attributes.name.len() - 1);
    attributes.name.iter_mut().zip(name_bytes).for_each(|(to, from)| *to = from);
    // SAFETY: the attributes point to the program and the license, which outlive the call, and give their lengths;
    // the size is the structure's own.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const attributes, size_of::<LoadAttributes>()) };
    let fd = Errno::result(fd).map_err(|errno| Error::new("load bpf program", name, errno))?;
    // SAFETY: the call gave a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) })
}

/// The part of `union bpf_attr` that loading a program uses.
#[derive(Debug, Default)]
#[repr(C)]
struct LoadAttributes {
    program_type: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
}

fn instruction(code: u8, destination: u8, offset: i16, immediate: i32) -> Instruction {
    Instruction { code, registers: registers(destination, 0), offset, immediate }
}

/// Two registers share a byte; which half is which depends on the byte order.
fn registers(destination: u8, source: u8) -> u8 {
    if cfg!(target_endian = "little") { source << 4 | destination } else { destination << 4 | source }
}

fn set(register: u8, value: i32) -> Instruction {
    instruction(0xb7, register, 0, value)
}

fn and(register: u8, value: i32) -> Instruction {
    instruction(0x57, register, 0, value)
}

/// Loads a word of the context. It is in register 1 until the first call.
fn load_from_skb(register: u8, offset: i16) -> Instruction {
    Instruction { code: 0x61, registers: registers(register, 1), offset, immediate: 0 }
}

fn jump_if(register: u8, equals: i32, over: i16) -> Instruction {
    instruction(0x15, register, over, equals)
}

fn jump_if_not(register: u8, equals: i32, over: i16) -> Instruction {
    instruction(0x55, register, over, equals)
}

fn call(helper: i32) -> Instruction {
    instruction(0x85, 0, 0, helper)
}

fn exit() -> Instruction {
    instruction(0x95, 0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every jump must land on the `set` before an `exit`.
    #[rstest::rstest]
    #[case::push(push_and_redirect(5, 7))]
    #[case::pop(pop_and_redirect(5, 7))]
    #[case::drop(drop_tagged())]
    fn jumps_land_on_a_verdict(#[case] program: Vec<Instruction>) {
        for (place, step) in program.iter().enumerate().filter(|(_, step)| matches!(step.code, 0x15 | 0x55)) {
            let target = place + 1 + step.offset as usize;
            assert_eq!((program[target].code, program[target + 1].code), (0xb7, 0x95), "jump at {place}");
        }
    }
}
