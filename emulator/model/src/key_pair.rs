//! Key pairs. EC2 keeps their public halves only.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-key-pairs.html>.

use std::fmt;

use jiff::Timestamp;

use crate::{Context, KeyPairId, Model, Tags};

/// A key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// Its id.
    pub id: KeyPairId,
    /// Its name, unique in the region.
    pub name: String,
    /// Its kind.
    pub key_type: KeyType,
    /// The public key's digest.
    pub fingerprint: String,
    /// The public key in OpenSSH's form.
    pub public_key: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA.
    Rsa,
    /// Ed25519.
    Ed25519,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        })
    }
}

/// Why a key pair operation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyPairError {
    /// The name is taken.
    #[error("key pair {0:?} exists already")]
    Duplicate(String),
}

/// What the two calls that make key pairs ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKeyPair {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub key_type: KeyType,
    /// The public key's digest.
    pub fingerprint: String,
    /// The public key in OpenSSH's form.
    pub public_key: String,
    /// Its tags.
    pub tags: Tags,
}

impl Model {
    /// Keeps a key pair.
    pub fn create_key_pair(&mut self, cx: &mut Context<'_>, new: NewKeyPair) -> Result<KeyPairId, KeyPairError> {
        if self.key_pair_named(&new.name).is_some() {
            return Err(KeyPairError::Duplicate(new.name));
        }
        let id: KeyPairId = cx.ids.next();
        let pair = KeyPair {
            id: id.clone(),
            name: new.name,
            key_type: new.key_type,
            fingerprint: new.fingerprint,
            public_key: new.public_key,
            created: cx.now,
            tags: new.tags,
        };
        self.key_pairs.insert(id.clone(), pair);
        self.touch();
        Ok(id)
    }

    /// The key pair of a name.
    pub fn key_pair_named(&self, name: &str) -> Option<&KeyPair> {
        self.key_pairs.values().find(|pair| pair.name == name)
    }

    /// Forgets a key pair; instances that have it keep it. Gives it back if it was there.
    pub fn delete_key_pair(&mut self, id: &KeyPairId) -> Option<KeyPair> {
        let pair = self.key_pairs.remove(id)?;
        self.touch();
        Some(pair)
    }
}
