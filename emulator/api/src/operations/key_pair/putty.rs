//! Private keys as PuTTY keeps them, without encryption.
//!
//! See <https://the.earth.li/~sgtatham/putty/0.81/htmldoc/AppendixC.html>; this is version 2 of the format.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::openssh::put;

/// What the key of the authentication code is made of, where there is no passphrase.
const MAC_KEY: &[u8] = b"putty-private-key-file-mac-key";
/// The kind of key, and how it is encrypted.
const KIND: [&str; 2] = ["ssh-ed25519", "none"];

/// The file of an Ed25519 key: its public half as SSH writes it, and its seed.
pub(super) fn key_file(public: &[u8], seed: &[u8; 32], comment: &str) -> String {
    let mut private = Vec::new();
    put(&mut private, seed);
    let mut authentic = Vec::new();
    for part in [KIND[0].as_bytes(), KIND[1].as_bytes(), comment.as_bytes(), public, private.as_slice()] {
        put(&mut authentic, part);
    }
    let mut file = format!("PuTTY-User-Key-File-2: {}\nEncryption: {}\nComment: {comment}\n", KIND[0], KIND[1]);
    lines(&mut file, "Public-Lines", public);
    lines(&mut file, "Private-Lines", &private);
    file.push_str("Private-MAC: ");
    for byte in hmac(&Sha1::digest(MAC_KEY), &authentic) {
        write!(file, "{byte:02x}").expect("writing to memory does not fail");
    }
    file.push('\n');
    file
}

/// A count of lines, and as many of base64.
fn lines(file: &mut String, name: &str, data: &[u8]) {
    let encoded = STANDARD.encode(data);
    let all: Vec<&str> =
        encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    writeln!(file, "{name}: {}\n{}", all.len(), all.join("\n")).expect("writing to memory does not fail");
}

/// HMAC with SHA-1 (RFC 2104); the key is no longer than a block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha1::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha1::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The second and third cases of RFC 2202.
    #[rstest]
    #[case::text(b"Jefe".to_vec(), b"what do ya want for nothing?".to_vec(), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]
    #[case::bytes(vec![0xaa; 20], vec![0xdd; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3")]
    fn codes(#[case] key: Vec<u8>, #[case] message: Vec<u8>, #[case] expected: &str) {
        let code: String = hmac(&key, &message).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(code, expected);
    }
}
