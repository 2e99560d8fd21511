//! What little of DER (X.690) signatures and certificates need.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// No parameters.
pub(crate) const NULL: &[u8] = &[0x05, 0x00];
/// `2.16.840.1.101.3.4.2.1`.
pub(crate) const SHA256: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// `1.2.840.113549.1.1.1`.
pub(crate) const RSA_ENCRYPTION: &[u8] = &pkcs(1, 1);
/// `1.2.840.113549.1.7.1`.
pub(crate) const DATA: &[u8] = &pkcs(7, 1);
/// `1.2.840.113549.1.7.2`.
pub(crate) const SIGNED_DATA: &[u8] = &pkcs(7, 2);
/// `1.2.840.113549.1.9.3`.
pub(crate) const CONTENT_TYPE: &[u8] = &pkcs(9, 3);
/// `1.2.840.113549.1.9.4`.
pub(crate) const MESSAGE_DIGEST: &[u8] = &pkcs(9, 4);
/// `1.2.840.113549.1.9.5`.
pub(crate) const SIGNING_TIME: &[u8] = &pkcs(9, 5);

/// An object identifier of a PKCS standard.
const fn pkcs(standard: u8, last: u8) -> [u8; 11] {
    [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, standard, last]
}

/// The tag of a structure's member with a number.
pub(crate) const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// A value of parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    match content.len() {
        short @ ..0x80 => bytes.push(short as u8),
        long => {
            let length: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | length.len() as u8);
            bytes.extend(length);
        }
    }
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty(0, &[0x04, 0x00])]
    #[case::longest_short(127, &[0x04, 0x7F])]
    #[case::one_byte(128, &[0x04, 0x81, 0x80])]
    #[case::two_bytes(256, &[0x04, 0x82, 0x01, 0x00])]
    fn lengths(#[case] length: usize, #[case] head: &[u8]) {
        let bytes = element(OCTET_STRING, &[&vec![7; length]]);
        assert_eq!(&bytes[..bytes.len() - length], head);
    }
}
