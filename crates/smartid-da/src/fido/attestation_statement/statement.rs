//! The statement as CBOR: a map of few members, whose types the formats ask for one by one.

use minicbor::Decoder;
use minicbor::data::Type;
use smartid_trust::{Certificate, Reason};

use super::reason::{AttestationWrong as Wrong, StatementNotChecked as NotChecked, Stop};
use crate::fido::cbor::{self, Problem};
use crate::fido::{AttestationError, CoseAlgorithm};

/// Most members that are looked at; real statements have six at most.
const MAX_MEMBERS: usize = 32;
/// Most certificates that are looked at; real chains have four at most.
pub(super) const MAX_CERTIFICATES: usize = 16;

/// A statement that is a map. Members whose name is no text are of no format, and stepped over.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    members: Vec<(String, Value)>,
    /// How many members there are, of whatever name.
    count: usize,
}

/// A member's value, as far as formats need it.
#[derive(Clone, Debug)]
enum Value {
    Number(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Entry>),
    Other,
}

/// An entry of `x5c`; `None` when it is not a byte string.
pub(super) type Entry = Option<Vec<u8>>;

impl Statement {
    /// `None` when the statement is no map.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, AttestationError> {
        let mut decoder = Decoder::new(bytes);
        if !matches!(decoder.datatype()?, Type::Map | Type::MapIndef) {
            return Ok(None);
        }
        let length = decoder.map()?;
        let mut statement = Self {
            members: Vec::new(),
            count: 0,
        };
        cbor::repeat(&mut decoder, length, |decoder| {
            statement.count += 1;
            let named = matches!(decoder.datatype()?, Type::String | Type::StringIndef);
            if !named || statement.count > MAX_MEMBERS {
                cbor::skip(decoder)?;
                return cbor::skip(decoder);
            }
            let name = cbor::text(decoder)?;
            if statement.members.iter().any(|(known, _)| *known == name) {
                return Err(Problem::Repeated);
            }
            let value = Value::read(decoder)?;
            statement.members.push((name, value));
            Ok(())
        })?;
        Ok(Some(statement))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Refuses what has more members than are looked at: one of them could be any.
    pub(super) fn within_caps(&self) -> Result<(), NotChecked> {
        if self.count > MAX_MEMBERS {
            return Err(NotChecked::TooManyMembers);
        }
        Ok(())
    }

    pub(super) fn algorithm(&self) -> Result<CoseAlgorithm, Wrong> {
        match self.get("alg") {
            Some(Value::Number(number)) => Ok(CoseAlgorithm(*number)),
            other => Err(absent_or_other("alg", other)),
        }
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<&[u8], Wrong> {
        match self.get(name) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            other => Err(absent_or_other(name, other)),
        }
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&str, Wrong> {
        match self.get(name) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(absent_or_other(name, other)),
        }
    }

    /// The entries of `x5c`, whatever they are; `None` when it is absent or no array.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match self.get("x5c") {
            Some(Value::Array(entries)) => Some(entries),
            _ => None,
        }
    }

    /// The certificates of `x5c`: one at least, each of them readable, no issuer before what it issued.
    pub(super) fn chain(&self) -> Result<(Certificate, Vec<Certificate>), Stop> {
        let entries = self
            .entries()
            .ok_or_else(|| absent_or_other("x5c", self.get("x5c")))?;
        if entries.len() > MAX_CERTIFICATES {
            return Err(NotChecked::TooManyCertificates.into());
        }
        let mut certificates = Vec::with_capacity(entries.len());
        for entry in entries {
            let der = entry.as_ref().ok_or(Wrong::Type("an entry of x5c"))?;
            let certificate =
                Certificate::from_der(der.clone()).map_err(|refusal| match refusal.reason() {
                    Reason::TooLarge => Stop::from(NotChecked::CertificateTooLarge),
                    _ => Wrong::CertificateMalformed.into(),
                })?;
            certificates.push(certificate);
        }
        let mut certificates = certificates.into_iter();
        let leaf = certificates.next().ok_or(Wrong::ChainEmpty)?;
        Ok((leaf, certificates.collect()))
    }
}

fn absent_or_other(name: &'static str, value: Option<&Value>) -> Wrong {
    match value {
        None => Wrong::MemberMissing(name),
        Some(_) => Wrong::Type(name),
    }
}

impl Value {
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, Problem> {
        Ok(match decoder.datatype()? {
            Type::U8 | Type::U16 | Type::U32 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                Self::Number(decoder.i64()?)
            }
            Type::Bytes | Type::BytesIndef => Self::Bytes(cbor::bytes(decoder)?),
            Type::String | Type::StringIndef => Self::Text(cbor::text(decoder)?),
            Type::Array | Type::ArrayIndef => {
                let length = decoder.array()?;
                let mut entries = Vec::new();
                cbor::repeat(decoder, length, |decoder| {
                    let bytes = matches!(decoder.datatype()?, Type::Bytes | Type::BytesIndef);
                    // One more than are looked at shows that there were more.
                    if entries.len() > MAX_CERTIFICATES {
                        return cbor::skip(decoder);
                    }
                    entries.push(if bytes {
                        Some(cbor::bytes(decoder)?)
                    } else {
                        cbor::skip(decoder)?;
                        None
                    });
                    Ok::<_, Problem>(())
                })?;
                Self::Array(entries)
            }
            _ => {
                cbor::skip(decoder)?;
                Self::Other
            }
        })
    }
}
