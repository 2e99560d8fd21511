//! Key pairs: CreateKeyPair, ImportKeyPair, DescribeKeyPairs, DeleteKeyPair.

mod openssh;
mod putty;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::key_pair::NewKeyPair;
use vpc_model::{Context, KeyPair, KeyPairId, KeyType, Model, Tags};

use super::{Action, Operation, Output, ReadOperation, read, write};
use crate::filter::{Fields, Filters};
use crate::query::{Base64, Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] =
    &[write::<CreateKeyPair>(), write::<DeleteKeyPair>(), read::<DescribeKeyPairs>(), write::<ImportKeyPair>()];

/// How a private key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyFormat {
    /// As OpenSSH reads it.
    Pem,
    /// As PuTTY does.
    Ppk,
}

values! {
    KeyType { Rsa "rsa", Ed25519 "ed25519" }
    KeyFormat { Pem "pem", Ppk "ppk" }
}

/// Takes a key pair's name.
fn key_name(query: &mut Query) -> Result<String, ApiError> {
    let name: String = query.required("KeyName")?;
    if name.is_empty() || name.len() > 255 || !name.is_ascii() {
        return Err(ApiError::invalid("KeyName", &name, "Expected 1 to 255 ASCII characters."));
    }
    Ok(name)
}

#[derive(Debug)]
struct CreateKeyPair {
    name: String,
    format: KeyFormat,
    tags: Tags,
}

impl Operation for CreateKeyPair {
    const ACTION: &'static str = "CreateKeyPair";
    type Output = Created;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Deviation: EC2 makes an RSA key where no type is said, here it is an Ed25519 one.
        if query.optional("KeyType")? == Some(KeyType::Rsa) {
            return Err(ApiError::unsupported("Making RSA keys (import one instead)"));
        }
        let format = query.or("KeyFormat", KeyFormat::Pem)?;
        Ok(Self { name: key_name(query)?, format, tags: tag_specification::decode_one(query, &["key-pair"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Created, ApiError> {
        let seed: Vec<u8> = (0..4).flat_map(|_| cx.ids.number().to_be_bytes()).collect();
        let seed: [u8; 32] = seed.try_into().expect("four times eight bytes");
        let key = openssh::generate(&seed, cx.ids.number() as u32, &self.name, self.format);
        let new = NewKeyPair {
            name: self.name,
            key_type: KeyType::Ed25519,
            fingerprint: key.public.fingerprint,
            public_key: key.public.text,
            tags: self.tags,
        };
        let id = model.create_key_pair(cx, new)?;
        let pair = model.key_pair(&id).expect("it was just made").clone();
        Ok(Created { pair, private_key: Some(key.private) })
    }
}

#[derive(Debug)]
struct ImportKeyPair {
    name: String,
    key: openssh::PublicKey,
    tags: Tags,
}

impl Operation for ImportKeyPair {
    const ACTION: &'static str = "ImportKeyPair";
    type Output = Created;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (name, Base64(material)) = (key_name(query)?, query.required("PublicKeyMaterial")?);
        let key = openssh::PublicKey::parse(&material)
            .ok_or_else(|| ApiError::new(Code::INVALID_KEY_FORMAT, "Key is not in valid OpenSSH public key format"))?;
        Ok(Self { name, key, tags: tag_specification::decode_one(query, &["key-pair"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Created, ApiError> {
        let new = NewKeyPair {
            name: self.name,
            key_type: self.key.key_type,
            fingerprint: self.key.fingerprint,
            public_key: self.key.text,
            tags: self.tags,
        };
        let id = model.create_key_pair(cx, new)?;
        Ok(Created { pair: model.key_pair(&id).expect("it was just made").clone(), private_key: None })
    }
}

/// A key pair just made, with its private half where EC2 made that.
#[derive(Debug)]
struct Created {
    pair: KeyPair,
    private_key: Option<String>,
}

impl Output for Created {
    fn write(&self, xml: &mut Xml) {
        xml.text("keyName", &self.pair.name);
        xml.text("keyFingerprint", &self.pair.fingerprint);
        xml.optional("keyMaterial", self.private_key.as_ref());
        xml.text("keyPairId", &self.pair.id);
        xml.tags(&self.pair.tags);
    }
}

#[derive(Debug)]
struct DeleteKeyPair {
    name: Option<String>,
    id: Option<KeyPairId>,
}

impl Operation for DeleteKeyPair {
    const ACTION: &'static str = "DeleteKeyPair";
    type Output = Deleted;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (name, id) = (query.optional("KeyName")?, query.optional("KeyPairId")?);
        if name.is_none() && id.is_none() {
            return Err(ApiError::missing("KeyName"));
        }
        Ok(Self { name, id })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Deleted, ApiError> {
        let named = self.name.and_then(|name| model.key_pair_named(&name).map(|pair| pair.id.clone()));
        // It is no error when there is none: then there is nothing left to do.
        let gone = self.id.or(named).and_then(|id| model.delete_key_pair(&id));
        Ok(Deleted(gone.map(|pair| pair.id)))
    }
}

#[derive(Debug)]
struct Deleted(Option<KeyPairId>);

impl Output for Deleted {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.optional("keyPairId", self.0.as_ref());
    }
}

#[derive(Debug)]
struct DescribeKeyPairs {
    names: Vec<String>,
    ids: Vec<KeyPairId>,
    with_public_key: bool,
    filters: Filters,
}

const FIELDS: Fields<Model, KeyPair> = Fields {
    by_name: &[
        ("fingerprint", |_, pair| vec![pair.fingerprint.clone()]),
        ("key-name", |_, pair| vec![pair.name.clone()]),
        ("key-pair-id", |_, pair| vec![pair.id.to_string()]),
    ],
    tags: Some(|pair| &pair.tags),
};

impl ReadOperation for DescribeKeyPairs {
    const ACTION: &'static str = "DescribeKeyPairs";
    type Output = DescribeKeyPairsOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            names: query.list("KeyName")?,
            ids: query.list("KeyPairId")?,
            with_public_key: query.flag("IncludePublicKey")?,
            filters: Filters::decode(query)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let missing = |text: &str| {
            ApiError::new(Code::INVALID_KEY_PAIR_NOT_FOUND, format!("The key pair '{text}' does not exist"))
        };
        if let Some(name) = self.names.iter().find(|name| model.key_pair_named(name).is_none()) {
            return Err(missing(name));
        }
        if let Some(id) = self.ids.iter().find(|id| model.key_pair(id).is_none()) {
            return Err(missing(id.as_str()));
        }
        let asked = model.key_pairs().filter(|pair| {
            (self.names.is_empty() || self.names.contains(&pair.name))
                && (self.ids.is_empty() || self.ids.contains(&pair.id))
        });
        let pairs = self.filters.select(&FIELDS, model, asked)?.into_iter().cloned().collect();
        Ok(DescribeKeyPairsOutput { pairs, with_public_key: self.with_public_key })
    }
}

#[derive(Debug)]
struct DescribeKeyPairsOutput {
    pairs: Vec<KeyPair>,
    with_public_key: bool,
}

impl Output for DescribeKeyPairsOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("keySet", &self.pairs, |xml, pair| {
            xml.text("keyPairId", &pair.id);
            xml.text("keyFingerprint", &pair.fingerprint);
            xml.text("keyName", &pair.name);
            xml.text("keyType", pair.key_type);
            xml.tags(&pair.tags);
            xml.optional("publicKey", Some(&pair.public_key).filter(|_| self.with_public_key));
            xml.timestamp("createTime", pair.created);
        });
    }
}
