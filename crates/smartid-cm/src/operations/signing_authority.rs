//! Has Certificate Manager's signing authority sign a hash (experimental).
//!
//! Known are the role "Signing Authority Requests" of 8.10 (vendor page: Officers and roles in Certificate Manager), and the names of
//! hashes and formats (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin). All else is inferred here after
//! the manner of the other operations: path, the fields `hashalgorithm`, `hash` (base64), `format` and `procname`, and the member
//! `signeddata` (base64) of the answer. The dialect says it otherwise: `signing_authority.rename` for fields, `.constants` for more of
//! them, `.response` for the answer's member.
//!
//! This is another signature than the one of the two steps: that is the officer's, this is the authority's. A second call signs again,
//! which changes nothing but the log. What comes back is not verified here.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use smartid_core::base64::{Flavour, decode_lenient};
use smartid_core::{BuildError, Incoming, Outgoing, ResponseError};
use smartid_trust::cms::SignedData;

use crate::answer;
use crate::body::{self, Fields, Value};
use crate::certificates::looks_like_certificates;
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::ProcedureName;
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// Another one.
            Other(Cow<'static, str>),
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }

            /// From the word on the wire.
            #[must_use]
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($word => Self::$variant,)*
                    other => Self::Other(Cow::Owned(other.to_owned())),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How the hash was made (names seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin).
    HashAlgorithm {
        /// 28 bytes.
        Sha224 = "SHA-224",
        /// 32 bytes.
        Sha256 = "SHA-256",
        /// 48 bytes.
        Sha384 = "SHA-384",
        /// 64 bytes.
        Sha512 = "SHA-512",
        /// 28 bytes.
        Sha512_224 = "SHA-512/224",
        /// 32 bytes.
        Sha512_256 = "SHA-512/256",
        /// 28 bytes.
        Sha3_224 = "SHA3-224",
        /// 32 bytes.
        Sha3_256 = "SHA3-256",
        /// 48 bytes.
        Sha3_384 = "SHA3-384",
        /// 64 bytes.
        Sha3_512 = "SHA3-512",
    }
}

words! {
    /// What comes back (names seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin; their meaning is inferred).
    SignatureFormat {
        /// A CMS message.
        SignedData = "SignedData",
        /// The bare signature.
        Signature = "Signature",
    }
}

impl HashAlgorithm {
    /// The length of its hashes in bytes; `None` for one that is not known here.
    #[must_use]
    pub const fn length(&self) -> Option<usize> {
        Some(match self {
            Self::Sha224 | Self::Sha512_224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
            Self::Other(_) => return None,
        })
    }
}

/// The longest hash of an algorithm that is not known here, in bytes.
const MAX_HASH: usize = 1024;

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_cm::operations::experimental::{HashAlgorithm, SignHash, SignatureFormat};
/// use smartid_cm::{Call, CmDialect, Step};
/// use smartid_core::{Endpoint, Incoming};
///
/// let dialect = CmDialect::from_toml("[signing_authority]\nrename = { hash = 'digest' }\nconstants = { keyname = 'code' }")?;
/// let sign = SignHash::new(HashAlgorithm::Sha256, vec![0; 32]).format(SignatureFormat::Signature);
/// let request = Call::new(&sign).request(&dialect)?;
/// let zeros = format!("{}A=", "A".repeat(42));
/// let body = format!(r#"{{"hashalgorithm":"SHA-256","digest":"{zeros}","format":"Signature","keyname":"code"}}"#);
/// assert_eq!(request.body_bytes(), &body);
///
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(r#"{"error":0,"signeddata":"AQID"}"#));
/// let Step::Done(signed) = Call::new(&sign).response(&dialect, answer).unwrap() else { panic!() };
/// assert_eq!(signed.signature, [1, 2, 3][..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignHash {
    /// How the hash was made.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub hash: Vec<u8>,
    /// What is to come back.
    pub format: SignatureFormat,
    /// Under which procedure, where there are several.
    pub procedure: Option<ProcedureName>,
}

impl SignHash {
    /// As a CMS message.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm, hash: Vec<u8>) -> Self {
        Self {
            algorithm,
            hash,
            format: SignatureFormat::SignedData,
            procedure: None,
        }
    }

    /// In this format.
    #[must_use]
    pub fn format(mut self, format: SignatureFormat) -> Self {
        self.format = format;
        self
    }

    /// Under this procedure.
    #[must_use]
    pub fn procedure(mut self, procedure: ProcedureName) -> Self {
        self.procedure = Some(procedure);
        self
    }
}

/// What the signing authority made. It is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedHash {
    /// The CMS message as DER, or the bare signature: what was asked for.
    pub signature: Bytes,
}

impl Write for SignHash {
    type Output = SignedHash;

    const NAME: &'static str = "cm.signing_authority";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.signing_authority
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let length = self.hash.len();
        let wrong = match self.algorithm.length() {
            Some(expected) => length != expected,
            None => !(1..=MAX_HASH).contains(&length),
        };
        if wrong {
            let algorithm = &self.algorithm;
            return Err(BuildError::Invalid(format!(
                "a hash of {length} bytes is not one of {algorithm}"
            )));
        }
        let fields = Fields::new()
            .text("hashalgorithm", self.algorithm.as_str())
            .with("hash", Value::Binary(self.hash.clone()))
            .text("format", self.format.as_str())
            .optional(
                "procname",
                self.procedure.as_ref().map(|name| Value::Text(name.to_string())),
            );
        body::write(dialect, &dialect.signing_authority, &[], fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<SignedHash, ResponseError<CmRefusal>> {
        #[derive(Deserialize)]
        struct Body {
            signeddata: String,
        }
        if looks_like_certificates(incoming.body()) && SignedData::parse(incoming.body().clone()).is_ok() {
            return Ok(SignedHash {
                signature: incoming.body().clone(),
            });
        }
        let incoming = answer::document(dialect, incoming)?;
        let unreadable = |reason| incoming.unreadable(reason).at(Some("signeddata".to_owned()));
        let signature = match decode_lenient(Flavour::Standard, &incoming.json::<Body>()?.signeddata) {
            Ok((signature, _)) if !signature.is_empty() => Bytes::from(signature),
            Ok(_) => return Err(unreadable("the signature is empty").into()),
            Err(_) => return Err(unreadable("the signature is not base64").into()),
        };
        if self.format == SignatureFormat::SignedData && SignedData::parse(signature.clone()).is_err() {
            return Err(unreadable("the signature is no CMS message").into());
        }
        Ok(SignedHash { signature })
    }
}
