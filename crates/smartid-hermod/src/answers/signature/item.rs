//! One signature, by its form.

use std::fmt;

use smartid_trust::Unverified;
use smartid_trust::cms::SignedData;
use smartid_trust::jws::Jws;
use smartid_trust::raw::RawSignature;

use crate::dialect::SignatureFormatNames;
use crate::signature_kind::SignatureFormat;

/// One signature of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignatureItem {
    /// The key of the entry that it signs, when the answer says so.
    pub key: Option<String>,
    /// The signature.
    pub data: SignatureData,
}

/// A signature by its form. Its content is reached by verification, or through methods with `danger` in their name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignatureData {
    /// CMS SignedData, with its content inside or detached.
    Pkcs7(Unverified<SignedData>),
    /// A JWS. The payload of a detached one is empty until it is verified.
    Jws(Unverified<Jws>),
    /// A bare signature.
    Raw(Unverified<RawSignature>),
    /// Of a form that is not verified, such as an XML signature.
    Other(Unverified<OtherSignature>),
}

/// A signature of a form that is not verified here. It stays unverified.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherSignature {
    /// The format that the answer names, or that was asked for.
    pub format: SignatureFormat,
    /// The data as they came, as a text.
    pub data: String,
}

impl fmt::Debug for OtherSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, data } = self;
        f.debug_struct("OtherSignature")
            .field("format", format)
            .field("data_len", &data.len())
            .finish()
    }
}

/// What a format name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs7,
    Jws,
    Raw,
    Other,
}

impl Form {
    pub(super) fn of(format: &SignatureFormat, names: &SignatureFormatNames) -> Self {
        let among = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(format.as_str()));
        if among(&names.pkcs7) {
            Self::Pkcs7
        } else if among(&names.jws) {
            Self::Jws
        } else if among(&names.raw) {
            Self::Raw
        } else {
            Self::Other
        }
    }
}
