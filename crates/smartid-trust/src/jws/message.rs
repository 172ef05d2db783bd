//! A compact JWS as it arrived, taken apart and not believed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use smartid_core::base64::{self, Flavour};

use super::header::JwsHeader;
use super::strict_json;
use crate::{Reason, Refusal, Unverified};

/// Longest message, and longest detached payload, in bytes.
pub const MAX_JWS_LEN: usize = 4 * 1024 * 1024;

/// Longest header, in letters of base64url. It is read before the signature can be checked, and JSON that has been read takes many
/// times the room of its text.
pub const MAX_HEADER_LEN: usize = 512 * 1024;

/// A compact JWS (RFC 7515 7.1): header, payload and signature. There is no way to one but inside [`Unverified`].
/// Cloning is cheap.
#[derive(Clone)]
pub struct Jws {
    /// What the signature is over: encoded header, full stop, encoded payload.
    signed: Bytes,
    /// The encoded header.
    header_text: Bytes,
    /// Read when it is first asked for: a policy that has met the same text before need not.
    header: OnceLock<Result<Arc<JwsHeader>, Refusal>>,
    payload: Bytes,
    signature: Bytes,
}

impl Jws {
    /// Takes a compact JWS apart: three parts of canonical base64url. The header is read by
    /// [`verify`](Unverified::verify), and by [`header`](Self::header).
    ///
    /// A message whose payload was detached has an empty one here, and will not verify; see [`parse_detached`](Self::parse_detached).
    ///
    /// # Errors
    /// [`Reason::TooLarge`] above 4 MiB, or 512 KiB for the header, [`Reason::JwsParts`], [`Reason::JwsWhiteSpace`], [`Reason::NotBase64Url`];
    /// [`Reason::JwsCritical`] or [`Reason::JwsUnencodedPayload`] when that is why the payload is not base64url.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Unverified<Self>, Refusal> {
        let parts = Parts::of(text.as_ref())?;
        let text = Bytes::copy_from_slice(parts.signed.as_bytes());
        let payload = decode(parts.payload).map_err(|refusal| match header_refusal(parts.header) {
            // Not encoded, because the header says so: that is what is to be told.
            Some(why) if matches!(why.reason(), Reason::JwsCritical | Reason::JwsUnencodedPayload) => why,
            _ => refusal,
        })?;
        Self::assemble(&parts, text, payload)
    }

    /// Takes a JWS with detached content apart (RFC 7515 appendix F): the part between the full stops is empty, and `payload` is what
    /// was signed.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and [`Reason::JwsNotDetached`].
    pub fn parse_detached(
        text: impl AsRef<[u8]>,
        payload: impl Into<Bytes>,
    ) -> Result<Unverified<Self>, Refusal> {
        Self::parse(text)?.with_payload(payload)
    }

    /// A copy of the message with `payload` as what was signed.
    fn with_payload(&self, payload: Bytes) -> Result<Self, Refusal> {
        if payload.len() > MAX_JWS_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a detached payload"));
        }
        if !self.payload.is_empty() {
            return Err(Reason::JwsNotDetached.into());
        }
        let mut signed = Vec::with_capacity(self.signed.len() + payload.len() / 3 * 4 + 4);
        signed.extend_from_slice(&self.signed);
        signed.extend_from_slice(base64::encode(Flavour::Url, &payload).as_bytes());
        let signed = Bytes::from(signed);
        Ok(Self {
            header_text: signed.slice(..self.header_text.len()),
            signed,
            header: OnceLock::new(),
            payload,
            signature: self.signature.clone(),
        })
    }

    fn assemble(parts: &Parts<'_>, signed: Bytes, payload: Bytes) -> Result<Unverified<Self>, Refusal> {
        let header_text = signed.slice(..parts.header.len());
        let jws = Self {
            signed,
            header_text,
            header: OnceLock::new(),
            payload,
            signature: decode(parts.signature)?,
        };
        Ok(Unverified::new(jws))
    }

    /// The header, as the message has it.
    ///
    /// # Errors
    /// [`Reason::NotBase64Url`], [`Reason::JwsHeader`], [`Reason::DuplicateMember`], [`Reason::JwsCritical`],
    /// [`Reason::JwsUnencodedPayload`], [`Reason::JwsAlgorithmMissing`], [`Reason::JwsNotSigned`], [`Reason::JwsSymmetric`],
    /// [`Reason::AlgorithmUnknown`], [`Reason::X5cEncoding`], [`Reason::TooLarge`] (more than ten certificates), and
    /// [`Reason::Malformed`] (a certificate).
    pub fn header(&self) -> Result<&JwsHeader, Refusal> {
        match self.shared_header() {
            Ok(header) => Ok(header),
            Err(refusal) => Err(refusal.clone()),
        }
    }

    pub(super) fn shared_header(&self) -> Result<&Arc<JwsHeader>, &Refusal> {
        let read = || Ok(Arc::new(JwsHeader::parse(self.header_json()?)?));
        self.header.get_or_init(read).as_ref()
    }

    /// The header's JSON, whatever it says: for a message whose header cannot be read.
    ///
    /// # Errors
    /// [`Reason::NotBase64Url`] and [`Reason::JwsWhiteSpace`].
    pub fn header_json(&self) -> Result<Bytes, Refusal> {
        let text = std::str::from_utf8(&self.header_text).map_err(|_| not_base64url(&self.header_text))?;
        decode(text)
    }

    /// The payload.
    #[must_use]
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &Bytes {
        &self.signature
    }

    /// The encoded header: the same text for every message of one signer.
    pub(super) const fn header_text(&self) -> &Bytes {
        &self.header_text
    }

    /// What the signature is over.
    pub(super) const fn signed(&self) -> &Bytes {
        &self.signed
    }
}

impl Unverified<Jws> {
    /// Supplies the payload of a message that was taken apart before it was known to be detached: its payload is empty.
    ///
    /// # Errors
    /// [`Reason::JwsNotDetached`] when the message has a payload of its own, [`Reason::TooLarge`].
    pub fn with_payload(&self, payload: impl Into<Bytes>) -> Result<Self, Refusal> {
        self.danger_unverified()
            .with_payload(payload.into())
            .map(Self::new)
    }
}

impl fmt::Debug for Jws {
    /// Lengths: nobody has checked what it says, and it may be confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            signed,
            header_text: _,
            header: _,
            payload: _,
            signature,
        } = self;
        f.debug_struct("Jws")
            .field("signed_len", &signed.len())
            .field("signature_len", &signature.len())
            .finish_non_exhaustive()
    }
}

struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header, full stop, payload.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a [u8]) -> Result<Self, Refusal> {
        if text.len() > MAX_JWS_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a JWS"));
        }
        // As text, because its search for a letter looks at a word at a time.
        let text = std::str::from_utf8(text).map_err(|_| not_base64url(text))?;
        let parts = text.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            (!payload.contains('.')).then_some(Self {
                header,
                payload,
                signature,
                signed,
            })
        });
        match parts {
            Some(parts) if parts.header.len() > MAX_HEADER_LEN => {
                Err(Refusal::new(Reason::TooLarge, "the header of a JWS"))
            }
            Some(parts) => Ok(parts),
            None if white_space(text.as_bytes()) => Err(Reason::JwsWhiteSpace.into()),
            None => Err(Refusal::new(
                Reason::JwsParts,
                format!("{} parts", text.split('.').count()),
            )),
        }
    }
}

fn white_space(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_whitespace)
}

fn not_base64url(text: &[u8]) -> Refusal {
    if white_space(text) {
        Reason::JwsWhiteSpace.into()
    } else {
        Reason::NotBase64Url.into()
    }
}

fn header_refusal(text: &str) -> Option<Refusal> {
    decode(text).and_then(JwsHeader::parse).err()
}

fn decode(part: &str) -> Result<Bytes, Refusal> {
    match base64::decode(Flavour::Url, part) {
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => Err(not_base64url(part.as_bytes())),
    }
}

/// What a JWS says, once it is verified. The payload is bytes; what they mean is read after.
#[derive(Clone)]
#[non_exhaustive]
pub struct JwsContent {
    /// The payload.
    pub payload: Bytes,
    /// The protected header.
    pub header: Arc<JwsHeader>,
}

impl JwsContent {
    /// Reads the payload as JSON. A name that stands twice is refused, at any depth.
    ///
    /// ```
    /// # use smartid_trust::jws::JwsContent;
    /// #[derive(serde::Deserialize)]
    /// struct Provisioned {
    ///     nonce: String,
    /// }
    ///
    /// fn read(content: JwsContent) -> Result<Provisioned, smartid_trust::Refusal> {
    ///     content.json()
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Reason::PayloadUnreadable`] with the path where it is not a `T`, never with the value found there;
    /// [`Reason::DuplicateMember`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let value = strict_json::value(&self.payload, Reason::PayloadUnreadable)?;
        serde_path_to_error::deserialize(value)
            .map_err(|error| Refusal::new(Reason::PayloadUnreadable, format!("at {}", error.path())))
    }
}

impl fmt::Debug for JwsContent {
    /// The header and the length of the payload: a payload may be confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payload, header } = self;
        f.debug_struct("JwsContent")
            .field("payload_len", &payload.len())
            .field("header", header)
            .finish()
    }
}
