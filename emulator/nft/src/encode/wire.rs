//! Numbers of the kernel's `nf_tables.h`, by what they are for.

/// Message types.
pub(crate) mod message {
    pub const NEW_TABLE: u16 = 0;
    pub const DELETE_TABLE: u16 = 2;
    pub const NEW_CHAIN: u16 = 3;
    pub const DELETE_CHAIN: u16 = 5;
    pub const NEW_RULE: u16 = 6;
    pub const DELETE_RULE: u16 = 8;
    pub const NEW_SET: u16 = 9;
    pub const DELETE_SET: u16 = 11;
    pub const NEW_ELEMENTS: u16 = 12;
    pub const DELETE_ELEMENTS: u16 = 14;
}

/// Message flags beyond those of every request.
pub(crate) mod flag {
    pub const CREATE: u16 = 0x400;
    pub const APPEND: u16 = 0x800;
}

/// Every list's element.
pub(crate) const LIST_ELEMENT: u16 = 1;

/// The register verdicts go to, the first 16-byte register, and the first of the 4-byte ones that overlay them.
pub(crate) const VERDICT_REGISTER: u32 = 0;
pub(crate) const FIRST_REGISTER: u32 = 1;
pub(crate) const FIRST_SHORT_REGISTER: u32 = 8;

pub(crate) mod table {
    pub const NAME: u16 = 1;
    pub const FLAGS: u16 = 2;
}

pub(crate) mod chain {
    pub const TABLE: u16 = 1;
    pub const NAME: u16 = 3;
    pub const HOOK: u16 = 4;
    pub const POLICY: u16 = 5;
    pub const TYPE: u16 = 7;
    pub const HOOK_NUMBER: u16 = 1;
    pub const HOOK_PRIORITY: u16 = 2;
}

pub(crate) mod rule {
    pub const TABLE: u16 = 1;
    pub const CHAIN: u16 = 2;
    pub const EXPRESSIONS: u16 = 4;
    pub const USERDATA: u16 = 7;
    /// The type of a comment within the user data, which is nft's own.
    pub const USERDATA_COMMENT: u8 = 0;
}

pub(crate) mod set {
    pub const TABLE: u16 = 1;
    pub const NAME: u16 = 2;
    pub const FLAGS: u16 = 3;
    pub const KEY_TYPE: u16 = 4;
    pub const KEY_LENGTH: u16 = 5;
    pub const DATA_TYPE: u16 = 6;
    pub const DESCRIPTION: u16 = 9;
    pub const ID: u16 = 10;
    pub const USERDATA: u16 = 13;
    pub const DESCRIPTION_CONCAT: u16 = 2;
    pub const FIELD_LENGTH: u16 = 1;
    pub const FLAG_INTERVAL: u32 = 0x4;
    pub const FLAG_MAP: u32 = 0x8;
    pub const FLAG_CONCAT: u32 = 0x80;
    pub const DATA_VERDICT: u32 = 0xffff_ff00;
    /// The type of the keys' byte order within the user data, and its values, which are nft's own.
    pub const USERDATA_KEY_ORDER: u8 = 0;
    pub const HOST_ORDER: u32 = 1;
    pub const NETWORK_ORDER: u32 = 2;
}

pub(crate) mod element {
    pub const TABLE: u16 = 1;
    pub const SET: u16 = 2;
    pub const LIST: u16 = 3;
    pub const KEY: u16 = 1;
    pub const DATA: u16 = 2;
    pub const FLAGS: u16 = 3;
    pub const KEY_END: u16 = 10;
    pub const FLAG_INTERVAL_END: u32 = 1;
}

pub(crate) mod data {
    pub const VALUE: u16 = 1;
    pub const VERDICT: u16 = 2;
    pub const VERDICT_CODE: u16 = 1;
    pub const VERDICT_CHAIN: u16 = 2;
}

pub(crate) mod verdict {
    pub const DROP: i32 = 0;
    pub const ACCEPT: i32 = 1;
    pub const JUMP: i32 = -3;
    pub const GOTO: i32 = -4;
    pub const RETURN: i32 = -5;
}

/// Expressions: the attributes of each.
pub(crate) mod expression {
    pub const NAME: u16 = 1;
    pub const DATA: u16 = 2;

    pub const IMMEDIATE_REGISTER: u16 = 1;
    pub const IMMEDIATE_DATA: u16 = 2;

    pub const PAYLOAD_REGISTER: u16 = 1;
    pub const PAYLOAD_BASE: u16 = 2;
    pub const PAYLOAD_OFFSET: u16 = 3;
    pub const PAYLOAD_LENGTH: u16 = 4;

    /// `meta`, `ct` and `rt` have the same first two.
    pub const KEYED_REGISTER: u16 = 1;
    pub const KEYED_KEY: u16 = 2;
    pub const META_SOURCE: u16 = 3;
    pub const CT_SOURCE: u16 = 4;

    pub const FIB_REGISTER: u16 = 1;
    pub const FIB_RESULT: u16 = 2;
    pub const FIB_FLAGS: u16 = 3;
    pub const FIB_RESULT_ADDRESS_TYPE: u32 = 3;
    pub const FIB_DESTINATION: u32 = 2;

    pub const CMP_REGISTER: u16 = 1;
    pub const CMP_OP: u16 = 2;
    pub const CMP_DATA: u16 = 3;

    pub const RANGE_REGISTER: u16 = 1;
    pub const RANGE_OP: u16 = 2;
    pub const RANGE_FROM: u16 = 3;
    pub const RANGE_TO: u16 = 4;

    pub const BITWISE_SOURCE: u16 = 1;
    pub const BITWISE_REGISTER: u16 = 2;
    pub const BITWISE_LENGTH: u16 = 3;
    pub const BITWISE_MASK: u16 = 4;
    pub const BITWISE_XOR: u16 = 5;

    pub const BYTEORDER_SOURCE: u16 = 1;
    pub const BYTEORDER_REGISTER: u16 = 2;
    pub const BYTEORDER_OP: u16 = 3;
    pub const BYTEORDER_LENGTH: u16 = 4;
    pub const BYTEORDER_SIZE: u16 = 5;
    pub const HOST_TO_NETWORK: u32 = 1;

    pub const LOOKUP_SET: u16 = 1;
    pub const LOOKUP_SOURCE: u16 = 2;
    pub const LOOKUP_REGISTER: u16 = 3;
    pub const LOOKUP_FLAGS: u16 = 5;
    pub const LOOKUP_INVERTED: u32 = 1;

    pub const COUNTER_BYTES: u16 = 1;
    pub const COUNTER_PACKETS: u16 = 2;

    pub const NAT_TYPE: u16 = 1;
    pub const NAT_FAMILY: u16 = 2;
    pub const NAT_ADDRESS: u16 = 3;
    pub const NAT_FLAGS: u16 = 7;
    pub const NAT_SOURCE: u32 = 0;
    pub const NAT_DESTINATION: u32 = 1;
    pub const NAT_FULLY_RANDOM: u32 = 0x10;

    pub const NUMGEN_REGISTER: u16 = 1;
    pub const NUMGEN_MODULUS: u16 = 2;
    pub const NUMGEN_TYPE: u16 = 3;
    pub const NUMGEN_RANDOM: u32 = 1;

    pub const REJECT_TYPE: u16 = 1;
    pub const REJECT_TCP_RESET: u32 = 1;
}
