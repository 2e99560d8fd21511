//! Keys in OpenSSH's forms, and their fingerprints as EC2 computes them.
//!
//! See RFC 4253 section 6.6 and RFC 8709 for public keys, OpenSSH's `PROTOCOL.key` for private ones, and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html> for fingerprints.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_compact::{KeyPair, Seed};
use md5::Md5;
use sha2::{Digest, Sha256};
use vpc_model::KeyType;

use super::{KeyFormat, putty};

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub(super) key_type: KeyType,
    pub(super) fingerprint: String,
    /// The type, the key in base64 and the comment.
    pub(super) text: String,
}

/// A key pair that was just made.
#[derive(Debug)]
pub(super) struct NewKey {
    pub(super) public: PublicKey,
    /// The private half, as it was asked for.
    pub(super) private: String,
}

impl PublicKey {
    /// Reads a line such as `ssh-ed25519 AAAA… comment`.
    pub(super) fn parse(material: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(material).ok()?.trim();
        let mut words = text.split_whitespace();
        let (kind, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
        let mut reader = Reader(&blob);
        if reader.string()? != kind.as_bytes() {
            return None;
        }
        let (key_type, fingerprint) = match kind {
            "ssh-ed25519" => {
                (reader.string()?.len() == 32).then_some(())?;
                (KeyType::Ed25519, STANDARD.encode(Sha256::digest(&blob)))
            }
            "ssh-rsa" => {
                let (exponent, modulus) = (reader.string()?, reader.string()?);
                (KeyType::Rsa, colons(&Md5::digest(rsa_public_key_info(modulus, exponent))))
            }
            _ => return None,
        };
        reader.0.is_empty().then(|| Self { key_type, fingerprint, text: text.to_owned() })
    }
}

/// Makes an Ed25519 key pair of random numbers. `check` is what tells a reader that it could decrypt the key.
pub(super) fn generate(seed: &[u8; 32], check: u32, comment: &str, format: KeyFormat) -> NewKey {
    let pair = KeyPair::from_seed(Seed::new(*seed));
    let public = pair.pk.as_slice();
    let mut blob = Vec::new();
    put(&mut blob, b"ssh-ed25519");
    put(&mut blob, public);

    let mut secret = [check.to_be_bytes(), check.to_be_bytes()].concat();
    put(&mut secret, b"ssh-ed25519");
    put(&mut secret, public);
    put(&mut secret, &[seed.as_slice(), public].concat());
    put(&mut secret, comment.as_bytes());
    secret.extend((1..=8).take((8 - secret.len() % 8) % 8));

    let mut key = b"openssh-key-v1\0".to_vec();
    for text in ["none", "none", ""] {
        put(&mut key, text.as_bytes());
    }
    key.extend(1_u32.to_be_bytes());
    put(&mut key, &blob);
    put(&mut key, &secret);

    let text = format!("ssh-ed25519 {} {comment}", STANDARD.encode(&blob));
    let public = PublicKey { key_type: KeyType::Ed25519, fingerprint: STANDARD.encode(Sha256::digest(&blob)), text };
    let private = match format {
        KeyFormat::Pem => pem(&key),
        KeyFormat::Ppk => putty::key_file(&blob, seed, comment),
    };
    NewKey { public, private }
}

fn pem(key: &[u8]) -> String {
    let encoded = STANDARD.encode(key);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", lines.join("\n"))
}

/// An RSA key as `SubjectPublicKeyInfo` in DER, which EC2 takes the digest of.
fn rsa_public_key_info(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let algorithm = der(0x30, &[der(0x06, &RSA_ENCRYPTION), der(0x05, &[])].concat());
    // Both protocols write integers as two's complement without needless bytes.
    let key = der(0x30, &[der(0x02, modulus), der(0x02, exponent)].concat());
    der(0x30, &[algorithm, der(0x03, &[&[0], key.as_slice()].concat())].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let digits = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(0)..];
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
    }
    out.extend(content);
    out
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Appends a string as SSH writes it: its length, then its bytes.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn string(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        self.0 = rest;
        Some(text)
    }
}
