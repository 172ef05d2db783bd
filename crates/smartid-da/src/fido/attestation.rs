//! The attestation object: a CBOR map of format, statement and authenticator data.

use minicbor::Decoder;
use minicbor::data::Type;

use super::auth_data::AuthenticatorData;
use super::cbor::{self, Problem};

/// An attestation object, or something inside it, that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// CBOR that ends early, nests too deeply, has a member twice, or is something else.
    #[error("the attestation object is malformed: {0}")]
    Cbor(&'static str),
    /// A member is absent.
    #[error("the attestation object has no {0}")]
    Missing(&'static str),
    /// Bytes behind the end.
    #[error("there are bytes behind the end of the {0}")]
    Trailing(&'static str),
    /// The authenticator data ends early, or a part of it is something else.
    #[error("the authenticator data is malformed: {0}")]
    AuthData(&'static str),
    /// The credential's public key is not of the shape that its algorithm wants.
    #[error("the public key is malformed: {0}")]
    Key(&'static str),
    /// The credential id has no bytes.
    #[error("the credential id in the authenticator data is empty")]
    EmptyId,
    /// The credential id is longer than 1023 bytes.
    #[error("the credential id has {0} bytes; 1023 are the most that WebAuthn allows")]
    IdTooLong(usize),
}

impl AttestationError {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cbor(_) => "malformed-cbor",
            Self::Missing(_) => "missing-member",
            Self::Trailing(_) => "trailing-data",
            Self::AuthData(_) => "malformed-auth-data",
            Self::Key(_) => "malformed-key",
            Self::EmptyId => "empty",
            Self::IdTooLong(_) => "credential-id-too-long",
        }
    }
}

impl From<Problem> for AttestationError {
    fn from(problem: Problem) -> Self {
        Self::Cbor(match problem {
            Problem::End => "it ends early",
            Problem::Malformed => "it is not the CBOR that it should be",
            Problem::Deep => "it nests more than 16 levels deep",
            Problem::Repeated => "a member stands there twice",
        })
    }
}

impl From<minicbor::decode::Error> for AttestationError {
    fn from(error: minicbor::decode::Error) -> Self {
        Problem::from(error).into()
    }
}

/// Most members that an attestation object may have; real ones have three.
const MAX_MEMBERS: usize = 32;

/// An attestation object. Its statement is not verified here, but by [`Attestation`](super::Attestation).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttestationObject {
    /// `fmt`: the format of the statement, such as `none` or `packed`.
    pub format: String,
    /// `attStmt`: the statement, as CBOR.
    pub statement: Vec<u8>,
    /// `authData`: the bytes that the authenticator signs.
    pub auth_data: Vec<u8>,
}

impl AttestationObject {
    /// Reads an attestation object. Members may stand in any order and unknown ones are stepped over, because authenticators and
    /// browsers add some; a member that stands there twice is refused.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        let object = Self::with_any_statement(bytes)?;
        match Decoder::new(&object.statement).datatype()? {
            Type::Map | Type::MapIndef => Ok(object),
            _ => Err(AttestationError::Cbor("attStmt is not a map")),
        }
    }

    /// As [`parse`](Self::parse), with a statement that may be no map: what that means is for its format to say.
    pub(crate) fn with_any_statement(bytes: &[u8]) -> Result<Self, AttestationError> {
        let mut decoder = Decoder::new(bytes);
        let mut format = None;
        let mut statement = None;
        let mut auth_data = None;
        let length = decoder.map()?;
        let mut names: Vec<String> = Vec::new();
        cbor::repeat(&mut decoder, length, |decoder| {
            let name = cbor::text(decoder)?;
            if names.contains(&name) {
                return Err(Problem::Repeated.into());
            }
            if names.len() >= MAX_MEMBERS {
                return Err(AttestationError::Cbor("it has more than 32 members"));
            }
            match name.as_str() {
                "fmt" => format = Some(cbor::text(decoder)?),
                "authData" => auth_data = Some(cbor::bytes(decoder)?),
                "attStmt" => {
                    let start = decoder.position();
                    cbor::skip(decoder)?;
                    let slice = bytes.get(start..decoder.position()).unwrap_or_default();
                    statement = Some(slice.to_vec());
                }
                _ => cbor::skip(decoder)?,
            }
            names.push(name);
            Ok(())
        })?;
        if decoder.position() != bytes.len() {
            return Err(AttestationError::Trailing("attestation object"));
        }
        Ok(Self {
            auth_data: auth_data.ok_or(AttestationError::Missing("authData"))?,
            format: format.ok_or(AttestationError::Missing("fmt"))?,
            statement: statement.ok_or(AttestationError::Missing("attStmt"))?,
        })
    }

    /// Reads the authenticator data.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn authenticator_data(&self) -> Result<AuthenticatorData, AttestationError> {
        AuthenticatorData::parse(&self.auth_data)
    }
}
