//! Numbers made from names, for what AWS made up and is not known here: the same in every run.

/// The number of a text. Texts that begin alike differ in all bits.
pub(crate) fn of(text: &str) -> u64 {
    // FNV-1a.
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    stir(text.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// A number in which each bit depends on all bits of another: the last steps of SplitMix64.
pub(crate) fn stir(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
