//! The internet checksum, see <https://www.rfc-editor.org/rfc/rfc1071>.

/// The checksum over parts, of which all but the last are of even length.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u64 = words.map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum();
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded >> 16) + (folded & 0xffff);
    }
    !u16::try_from(folded).expect("folded")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1071, section 3, and what has its own sum in it.
    #[test]
    fn sums() {
        let words = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&[&words]), !0xddf2);
        assert_eq!(checksum(&[&words[..2], &words[2..]]), !0xddf2);
        assert_eq!(checksum(&[&words, &(!0xddf2_u16).to_be_bytes()]), 0);
        assert_eq!(checksum(&[&[1]]), !0x0100, "a last byte has a zero behind it");
    }
}
