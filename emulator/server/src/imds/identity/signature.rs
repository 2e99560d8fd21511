//! The identity document's signatures: the bare one, and two in PKCS #7 (RFC 2315, CMS) with the document inside.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-instance-identity-documents.html>.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest as _, Sha256};

use crate::der::{self, INTEGER, OCTET_STRING, SEQUENCE, SET, UTC_TIME, element};

/// The certificate that verifies all signatures.
///
/// Deviation: every emulator has the same key, whose private half is in its source, and `pkcs7` is signed with it too
/// where AWS has a DSA key: a client can show that it verifies, not that nobody else signed. AWS's certificates
/// verify nothing here; `/_vpcbox/identity-certificate` has the one that does.
const CERTIFICATE: &[u8] = include_bytes!("certificate.der");
/// The certificate's serial number in it, and the name of who issued it.
const SERIAL_NUMBER: &[u8] = CERTIFICATE.split_at(13).1.split_at(3).0;
const ISSUER: &[u8] = CERTIFICATE.split_at(31).1.split_at(47).0;

static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("key.der")).expect("the key is one"));

/// A form of the signature, each with a path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::imds) enum Signature {
    /// `signature`: the bare signature.
    Bare,
    /// `pkcs7` and `rsa2048`.
    Pkcs7,
}

impl Signature {
    /// The signature of a document, in base64. What is signed in PKCS #7 has a time.
    pub(in crate::imds) fn of(self, document: &str, time: Timestamp) -> String {
        match self {
            Self::Bare => folded(&signed(document.as_bytes()), 76),
            Self::Pkcs7 => folded(&pkcs7(document.as_bytes(), time), 64),
        }
    }
}

/// The certificate in PEM.
pub(in crate::imds) fn certificate() -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", folded(CERTIFICATE, 64))
}

/// RSA with SHA-256, PKCS #1 version 1.5.
fn signed(message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; KEY.public().modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("there is room for it");
    signature
}

/// A `ContentInfo` of `SignedData`, with the document and without the certificate, as EC2 has it.
fn pkcs7(document: &[u8], time: Timestamp) -> Vec<u8> {
    let sha256 = element(SEQUENCE, &[der::SHA256, der::NULL]);
    let content = element(SEQUENCE, &[der::DATA, &element(der::context(0), &[&element(OCTET_STRING, &[document])])]);
    let version = element(INTEGER, &[&[1]]);
    let attributes = attributes(document, time);
    // What is signed is the set itself, not its place in the structure.
    let signature = signed(&element(SET, &[&attributes]));
    let signer = element(
        SEQUENCE,
        &[
            &version,
            &element(SEQUENCE, &[ISSUER, SERIAL_NUMBER]),
            &sha256,
            &element(der::context(0), &[&attributes]),
            &element(SEQUENCE, &[der::RSA_ENCRYPTION, der::NULL]),
            &element(OCTET_STRING, &[&signature]),
        ],
    );
    let data = element(SEQUENCE, &[&version, &element(SET, &[&sha256]), &content, &element(SET, &[&signer])]);
    element(SEQUENCE, &[der::SIGNED_DATA, &element(der::context(0), &[&data])])
}

/// Type, time and digest of what is signed, in the order of a DER set: the shortest first.
fn attributes(document: &[u8], time: Timestamp) -> Vec<u8> {
    let attribute = |name: &[u8], value: &[u8]| element(SEQUENCE, &[name, &element(SET, &[value])]);
    let time = time.strftime("%y%m%d%H%M%SZ").to_string();
    [
        attribute(der::CONTENT_TYPE, der::DATA),
        attribute(der::SIGNING_TIME, &element(UTC_TIME, &[time.as_bytes()])),
        attribute(der::MESSAGE_DIGEST, &element(OCTET_STRING, &[&Sha256::digest(document)])),
    ]
    .concat()
}

/// Base64 in lines of so many characters.
fn folded(bytes: &[u8], width: usize) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    const DOCUMENT: &str = "{\n  \"instanceId\" : \"i-0123456789abcdef0\"\n}";

    fn unfolded(text: &str) -> Vec<u8> {
        BASE64_STANDARD.decode(text.replace('\n', "")).expect("base64")
    }

    /// The public key that the certificate has.
    fn certified() -> UnparsedPublicKey<Vec<u8>> {
        let key = KEY.public_key().as_ref().to_vec();
        assert!(CERTIFICATE.windows(key.len()).any(|part| part == key), "the certificate is the key's");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
    }

    fn pkcs7_at(second: i64) -> Vec<u8> {
        let time = Timestamp::from_second(second).expect("within range");
        unfolded(&Signature::Pkcs7.of(DOCUMENT, time))
    }

    #[test]
    fn the_bare_signature_is_the_documents() {
        let signature = unfolded(&Signature::Bare.of(DOCUMENT, Timestamp::UNIX_EPOCH));
        assert_eq!(certified().verify(DOCUMENT.as_bytes(), &signature), Ok(()));
        assert!(certified().verify(b"another", &signature).is_err());
    }

    #[test]
    fn pkcs7_holds_the_document_and_signs_its_digest() {
        let data = pkcs7_at(1_764_150_000);
        assert!(data.windows(DOCUMENT.len()).any(|part| part == DOCUMENT.as_bytes()));
        let time = Timestamp::from_second(1_764_150_000).expect("within range");
        let attributes = element(SET, &[&attributes(DOCUMENT.as_bytes(), time)]);
        let signature = &data[data.len() - 256..];
        assert_eq!(certified().verify(&attributes, signature), Ok(()));
    }

    #[test]
    fn the_signer_is_named_as_in_the_certificate() {
        assert_eq!(SERIAL_NUMBER, element(INTEGER, &[&[1]]));
        let subject = CERTIFICATE[112..159].to_vec();
        assert_eq!(ISSUER, subject, "it signed itself");
        assert!(pkcs7_at(0).windows(ISSUER.len()).any(|part| part == ISSUER));
    }
}
