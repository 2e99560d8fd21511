//! Certificates (RFC 5280) over keys on the curve P-256.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};

use crate::der::{BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING, context, element};
use crate::net::octets;

const DAY: i64 = 24 * 60 * 60;
/// How long certificates are valid: longer than an emulator runs, and as long as clients at most accept.
const VALID_DAYS: i64 = 397;

/// `1.2.840.10045.4.3.2`, ECDSA with SHA-256.
const ECDSA_WITH_SHA256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `1.2.840.10045.2.1`.
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `1.2.840.10045.3.1.7`.
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `2.5.4.3`.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
/// `1.3.6.1.5.5.7.3.1`.
const SERVER_AUTHENTICATION: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// The last numbers of extensions' identifiers, which all begin `2.5.29`.
mod extension {
    pub(super) const SUBJECT_KEY: u8 = 14;
    pub(super) const KEY_USAGE: u8 = 15;
    pub(super) const SUBJECT_NAMES: u8 = 17;
    pub(super) const CONSTRAINTS: u8 = 19;
    pub(super) const AUTHORITY_KEY: u8 = 35;
    pub(super) const PURPOSES: u8 = 37;
}

/// Whoever signs certificates, and its own certificate.
pub(super) struct Authority {
    key: EcdsaKeyPair,
    name: Vec<u8>,
    certificate: Vec<u8>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let (key, _) = new_key();
        let number: Vec<String> = random::<4>().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = name(&format!("vpcbox {}", number.concat()));
        let public = key.public_key().as_ref().to_vec();
        let extensions = [
            critical(extension::CONSTRAINTS, &element(SEQUENCE, &[&element(BOOLEAN, &[&[0xff]])])),
            // Signs certificates and lists of revoked ones.
            critical(extension::KEY_USAGE, &element(BIT_STRING, &[&[1, 0x06]])),
            plain(extension::SUBJECT_KEY, &element(OCTET_STRING, &[&key_id(&public)])),
        ];
        let certificate = signed(&key, &[&name, &name], &public, &extensions.concat());
        Self { key, name, certificate }
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A certificate for a server of these names and addresses, and its key in PKCS #8.
    pub(super) fn issue(&self, names: &[String], addresses: &[IpAddr]) -> (Vec<u8>, Vec<u8>) {
        let (key, pkcs8) = new_key();
        let public = key.public_key().as_ref().to_vec();
        let own: Vec<Vec<u8>> = names
            .iter()
            .map(|name| element(0x82, &[name.as_bytes()]))
            .chain(addresses.iter().map(|address| element(0x87, &[&octets(*address)])))
            .collect();
        let own: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
        let authority = element(0x80, &[&key_id(self.key.public_key().as_ref())]);
        let extensions = [
            critical(extension::CONSTRAINTS, &element(SEQUENCE, &[])),
            // Signs what is agreed upon.
            critical(extension::KEY_USAGE, &element(BIT_STRING, &[&[7, 0x80]])),
            plain(extension::PURPOSES, &element(SEQUENCE, &[SERVER_AUTHENTICATION])),
            plain(extension::SUBJECT_KEY, &element(OCTET_STRING, &[&key_id(&public)])),
            plain(extension::AUTHORITY_KEY, &element(SEQUENCE, &[&authority])),
            plain(extension::SUBJECT_NAMES, &element(SEQUENCE, &own)),
        ];
        let subject = name("vpcbox endpoint");
        (signed(&self.key, &[&self.name, &subject], &public, &extensions.concat()), pkcs8)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A certificate as text, RFC 7468.
pub(super) fn pem(certificate: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A certificate of a public key: issuer and subject, and what the subject may.
fn signed(by: &EcdsaKeyPair, [issuer, subject]: &[&[u8]; 2], public: &[u8], extensions: &[u8]) -> Vec<u8> {
    let now = Timestamp::now().as_second();
    let time = |second: i64| {
        let time = Timestamp::from_second(second).expect("a year from now is a time");
        element(UTC_TIME, &[time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])
    };
    let mut serial = random::<16>();
    // Positive, and with no zeroes before it.
    serial[0] = serial[0] & 0x7f | 0x40;
    let algorithm = element(SEQUENCE, &[ECDSA_WITH_SHA256]);
    let content = element(
        SEQUENCE,
        &[
            &element(context(0), &[&element(INTEGER, &[&[2]])]),
            &element(INTEGER, &[&serial]),
            &algorithm,
            issuer,
            &element(SEQUENCE, &[&time(now - DAY), &time(now + VALID_DAYS * DAY)]),
            subject,
            &element(SEQUENCE, &[&element(SEQUENCE, &[EC_PUBLIC_KEY, P256]), &element(BIT_STRING, &[&[0], public])]),
            &element(context(3), &[&element(SEQUENCE, &[extensions])]),
        ],
    );
    let signature = by.sign(&SystemRandom::new(), &content).expect("the system has random numbers");
    element(SEQUENCE, &[&content, &algorithm, &element(BIT_STRING, &[&[0], signature.as_ref()])])
}

fn new_key() -> (EcdsaKeyPair, Vec<u8>) {
    let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("the system has random numbers");
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("it was just made");
    (key, pkcs8.as_ref().to_vec())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system has random numbers");
    bytes
}

/// A name that is one common name.
fn name(common: &str) -> Vec<u8> {
    let common = element(SEQUENCE, &[COMMON_NAME, &element(UTF8_STRING, &[common.as_bytes()])]);
    element(SEQUENCE, &[&element(SET, &[&common])])
}

/// What a key is known by.
fn key_id(public: &[u8]) -> [u8; 20] {
    *Sha256::digest(public).first_chunk().expect("a digest has 32 bytes")
}

fn plain(number: u8, value: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&[0x06, 0x03, 0x55, 0x1d, number], &element(OCTET_STRING, &[value])])
}

fn critical(number: u8, value: &[u8]) -> Vec<u8> {
    let is_critical = element(BOOLEAN, &[&[0xff]]);
    element(SEQUENCE, &[&[0x06, 0x03, 0x55, 0x1d, number], &is_critical, &element(OCTET_STRING, &[value])])
}
