//! Bodies in `application/vnd.kubernetes.protobuf`, which Go clients send for built-in kinds. Replies are JSON: these
//! clients accept it.
//!
//! Envelope: <https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding>; wire format:
//! <https://protobuf.dev/programming-guides/encoding/>.

use base64::Engine;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::status::ApiError;
use crate::types::{self, Field, Shape, Type};

const MAGIC: &[u8] = b"k8s\0";
/// Messages within messages; Kubernetes' types need about fifteen.
const DEPTH: usize = 64;

/// Why a body is no object.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum DecodeError {
    #[error("the body has no Kubernetes protobuf envelope")]
    Envelope,
    #[error("the message ends early")]
    Truncated,
    #[error("wire type {0} is not used")]
    WireType(u64),
    #[error("{kind} has no protobuf form here")]
    Kind { kind: String },
    #[error("{kind} has no field {number}")]
    Field { kind: String, number: u32 },
    #[error("a value does not fit its field's type")]
    Value,
    #[error("messages are nested too deep")]
    Depth,
}

/// Decodes a body.
pub(super) fn decode(body: &[u8]) -> Result<Value, ApiError> {
    decode_envelope(body).map_err(|err| match err {
        DecodeError::Kind { .. } => ApiError::unsupported_media_type(format!("{err}; send application/json")),
        err => ApiError::bad_request(format!("error decoding protobuf body: {err}")),
    })
}

fn decode_envelope(body: &[u8]) -> Result<Value, DecodeError> {
    let mut message = Reader(body.strip_prefix(MAGIC).ok_or(DecodeError::Envelope)?);
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    while let Some((number, wire)) = message.field()? {
        match (number, wire) {
            (1, Wire::Bytes(meta)) => {
                let mut meta = Reader(meta);
                while let Some((number, wire)) = meta.field()? {
                    match number {
                        1 => api_version = wire.text()?,
                        2 => kind = wire.text()?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let missing = || DecodeError::Kind { kind: kind.clone() };
    let found = types::of_kind(group, &kind).ok_or_else(missing)?;
    if !found.fields.iter().any(|field| field.number != 0) {
        return Err(missing());
    }
    let mut fields = Map::new();
    fields.insert("apiVersion".to_owned(), json!(api_version));
    fields.insert("kind".to_owned(), json!(kind));
    read_message(raw, found, &mut fields, DEPTH)?;
    Ok(Value::Object(fields))
}

/// One field's value as it is on the wire.
#[derive(Clone, Copy, Debug)]
enum Wire<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn bytes(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Wire::Bytes(bytes) => Ok(bytes),
            Wire::Varint(_) => Err(DecodeError::Value),
        }
    }

    fn text(self) -> Result<String, DecodeError> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| DecodeError::Value)
    }

    fn number(self) -> Result<i64, DecodeError> {
        match self {
            // Negative numbers are ten bytes of two's complement.
            Wire::Varint(number) => Ok(number as i64),
            Wire::Bytes(_) => Err(DecodeError::Value),
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(DecodeError::Truncated)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Value)
    }

    fn field(&mut self) -> Result<Option<(u32, Wire<'a>)>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| DecodeError::Value)?;
        let wire = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            other => return Err(DecodeError::WireType(other)),
        };
        Ok(Some((number, wire)))
    }
}

fn read_message(bytes: &[u8], found: &Type, out: &mut Map<String, Value>, depth: usize) -> Result<(), DecodeError> {
    let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
    let mut reader = Reader(bytes);
    while let Some((number, wire)) = reader.field()? {
        let unknown = || DecodeError::Field { kind: found.name.clone(), number };
        let field = found.fields.iter().find(|field| field.number == number).ok_or_else(unknown)?;
        read_field(field, wire, out, depth)?;
    }
    Ok(())
}

fn read_field(field: &Field, wire: Wire<'_>, out: &mut Map<String, Value>, depth: usize) -> Result<(), DecodeError> {
    match &field.shape {
        Shape::Type(name) if field.is_inline() => {
            let inner = types::find(name).ok_or_else(|| DecodeError::Kind { kind: name.clone() })?;
            return read_message(wire.bytes()?, inner, out, depth);
        }
        Shape::List(item) => {
            let list = out.entry(field.name.as_str()).or_insert_with(|| json!([]));
            let list = list.as_array_mut().ok_or(DecodeError::Value)?;
            if let (Shape::Integer, Wire::Bytes(packed)) = (&**item, wire) {
                let mut packed = Reader(packed);
                while !packed.0.is_empty() {
                    list.push(json!(packed.varint()? as i64));
                }
            } else {
                list.push(read_value(item, wire, depth)?);
            }
        }
        Shape::Map(item) => {
            let (key, value) = read_entry(wire.bytes()?, item, depth)?;
            let map = out.entry(field.name.as_str()).or_insert_with(|| json!({}));
            map.as_object_mut().ok_or(DecodeError::Value)?.insert(key, value);
        }
        shape => {
            let value = read_value(shape, wire, depth)?;
            // Go writes plain fields also when they are empty; JSON would leave them out.
            let empty = matches!(&value, Value::Null | Value::Bool(false)) || value == "" || value == 0;
            if !empty || (field.keeps_zero && !value.is_null()) {
                out.insert(field.name.clone(), value);
            }
        }
    }
    Ok(())
}

fn read_entry(bytes: &[u8], item: &Shape, depth: usize) -> Result<(String, Value), DecodeError> {
    let mut reader = Reader(bytes);
    let (mut key, mut value) = (String::new(), None);
    while let Some((number, wire)) = reader.field()? {
        match number {
            1 => key = wire.text()?,
            2 => value = Some(read_value(item, wire, depth)?),
            _ => {}
        }
    }
    let value = match value {
        Some(value) => value,
        None => read_value(item, Wire::Bytes(&[]), depth)?,
    };
    Ok((key, value))
}

fn read_value(shape: &Shape, wire: Wire<'_>, depth: usize) -> Result<Value, DecodeError> {
    Ok(match shape {
        Shape::String => json!(wire.text()?),
        Shape::Integer => json!(wire.number()?),
        Shape::Boolean => json!(wire.number()? != 0),
        Shape::Bytes => json!(base64::engine::general_purpose::STANDARD.encode(wire.bytes()?)),
        Shape::Quantity => part(wire.bytes()?, 1)?.map_or(Ok(json!("0")), |wire| wire.text().map(Value::from))?,
        Shape::Time => read_time(wire.bytes()?, "%Y-%m-%dT%H:%M:%SZ")?,
        Shape::MicroTime => read_time(wire.bytes()?, "%Y-%m-%dT%H:%M:%S%.6fZ")?,
        Shape::IntOrString => {
            let bytes = wire.bytes()?;
            let is_text = part(bytes, 1)?.map_or(Ok(0), Wire::number)? == 1;
            match (is_text, part(bytes, 2)?, part(bytes, 3)?) {
                (true, _, text) => json!(text.map_or(Ok(String::new()), Wire::text)?),
                (false, number, _) => json!(number.map_or(Ok(0), Wire::number)?),
            }
        }
        Shape::Items => {
            let mut reader = Reader(wire.bytes()?);
            let mut items = Vec::new();
            while let Some((_, item)) = reader.field()? {
                items.push(json!(item.text()?));
            }
            json!(items)
        }
        Shape::Any => match part(wire.bytes()?, 1)? {
            Some(raw) => serde_json::from_slice(raw.bytes()?).map_err(|_| DecodeError::Value)?,
            None => Value::Null,
        },
        Shape::Type(name) => {
            let found = types::find(name).ok_or_else(|| DecodeError::Kind { kind: name.clone() })?;
            let mut fields = Map::new();
            read_message(wire.bytes()?, found, &mut fields, depth)?;
            Value::Object(fields)
        }
        Shape::List(_) | Shape::Map(_) => return Err(DecodeError::Value),
    })
}

/// A field of a small message, the last one if it comes again.
fn part(bytes: &[u8], wanted: u32) -> Result<Option<Wire<'_>>, DecodeError> {
    let mut reader = Reader(bytes);
    let mut found = None;
    while let Some((number, wire)) = reader.field()? {
        if number == wanted {
            found = Some(wire);
        }
    }
    Ok(found)
}

/// A time; an empty message is none.
fn read_time(bytes: &[u8], format: &str) -> Result<Value, DecodeError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let seconds = part(bytes, 1)?.map_or(Ok(0), Wire::number)?;
    let nanos = part(bytes, 2)?.map_or(Ok(0), Wire::number)?;
    let nanos = i32::try_from(nanos).map_err(|_| DecodeError::Value)?;
    let time = Timestamp::new(seconds, nanos).map_err(|_| DecodeError::Value)?;
    Ok(json!(time.strftime(format).to_string()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn varint(number: u32, value: u64) -> Vec<u8> {
        let mut out = vec![(number << 3) as u8];
        let mut value = value;
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    }

    fn bytes(number: u32, bytes: &[u8]) -> Vec<u8> {
        let mut out = varint(number, bytes.len() as u64);
        out[0] |= 2;
        out.extend_from_slice(bytes);
        out
    }

    fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [bytes(1, api_version.as_bytes()), bytes(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), bytes(1, &meta), bytes(2, raw)].concat()
    }

    #[test]
    fn a_pod_with_everything_special() {
        let meta =
            [bytes(1, b"web"), bytes(3, b""), bytes(8, &[]), bytes(11, &[bytes(1, b"app"), bytes(2, b"a")].concat())];
        let resources = bytes(1, &[bytes(1, b"cpu"), bytes(2, &bytes(1, b"100m"))].concat());
        let probe = bytes(1, &bytes(2, &bytes(2, &varint(2, 8080))));
        let container = [bytes(1, b"main"), bytes(2, b"a:1"), bytes(8, &resources), bytes(10, &probe)].concat();
        let volume = [bytes(1, b"v"), bytes(2, &bytes(2, &[]))].concat();
        let grace = varint(4, 0);
        let spec = [bytes(1, &volume), bytes(2, &container), grace, varint(11, 0)].concat();
        let pod = [bytes(1, &meta.concat()), bytes(2, &spec)].concat();
        let decoded = decode_envelope(&envelope("v1", "Pod", &pod)).unwrap();
        assert_eq!(
            decoded,
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "a"}}, "spec": {
                "volumes": [{"name": "v", "emptyDir": {}}],
                "containers": [{"name": "main", "image": "a:1", "resources": {"limits": {"cpu": "100m"}},
                    "livenessProbe": {"httpGet": {"port": 8080}}}],
                "terminationGracePeriodSeconds": 0,
            }})
        );
    }

    #[test]
    fn times_and_negative_numbers() {
        let renew = bytes(4, &[varint(1, 1_767_225_600), varint(2, 123_456_000)].concat());
        let spec = [bytes(1, b"me"), varint(2, -1_i64 as u64), renew].concat();
        let lease = bytes(2, &spec);
        let decoded = decode_envelope(&envelope("coordination.k8s.io/v1", "Lease", &lease)).unwrap();
        assert_eq!(
            decoded["spec"],
            json!({"holderIdentity": "me", "leaseDurationSeconds": -1, "renewTime": "2026-01-01T00:00:00.123456Z"})
        );
    }

    #[rstest]
    #[case::no_magic(b"{}".to_vec(), DecodeError::Envelope)]
    #[case::cut(envelope("v1", "Pod", &bytes(1, b"abc")[..3]), DecodeError::Truncated)]
    #[case::unknown_kind(envelope("example.com/v1", "Gadget", &[]), DecodeError::Kind { kind: "Gadget".to_owned() })]
    #[case::unknown_field(envelope("v1", "Pod", &varint(15, 1)),
        DecodeError::Field { kind: "Pod".to_owned(), number: 15 })]
    #[case::wrong_type(envelope("v1", "Pod", &varint(1, 1)), DecodeError::Value)]
    fn refused(#[case] body: Vec<u8>, #[case] expected: DecodeError) {
        assert_eq!(decode_envelope(&body).unwrap_err(), expected);
    }
}
