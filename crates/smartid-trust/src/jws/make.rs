//! Makes compact JWS.

use serde_json::{Map, Value};
use smartid_core::base64::{self, Flavour};

use super::algorithm::JwsAlgorithm;
use super::header::MAX_X5C;
use super::message::{MAX_HEADER_LEN, MAX_JWS_LEN};
use crate::der::{Reader, tag};
use crate::{OfficerSigner, Reason, Refusal, SigningError};

/// What the header of a message that we sign says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwsOptions {
    /// `alg`; by default the first of the signer's algorithms that JWS has a name for and that fits its key.
    pub algorithm: Option<JwsAlgorithm>,
    /// `kid`: the name by which the verifier knows the key.
    pub key_id: Option<String>,
    /// Whether `x5c` holds the signer's chain; by default it does when there is no `kid`.
    pub certificates: Option<bool>,
    /// `typ`: the media type of the message.
    pub message_type: Option<String>,
    /// `cty`: the media type of the payload.
    pub content_type: Option<String>,
}

impl JwsOptions {
    /// A header with the signer's chain.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one algorithm.
    #[must_use]
    pub const fn with_algorithm(mut self, algorithm: JwsAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Names the key, and leaves the chain out unless [`with_certificates`](Self::with_certificates) says otherwise.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Whether the signer's chain goes along.
    #[must_use]
    pub const fn with_certificates(mut self, certificates: bool) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// Sets the media type of the message, for instance `JOSE`.
    #[must_use]
    pub fn with_type(mut self, media_type: impl Into<String>) -> Self {
        self.message_type = Some(media_type.into());
        self
    }

    /// Sets the media type of the payload.
    #[must_use]
    pub fn with_content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }
}

/// Signs `payload` and writes the compact JWS. Blocks as [`OfficerSigner::sign`] does.
///
/// The back side of a visual ID card is such a message (vendor page: Visual ID \[documented\]), signed with a certificate or with a key
/// that is known by its name.
///
/// ```
/// use smartid_core::Timestamp;
/// use smartid_trust::jws::{Jwk, JwkSet, Jws, JwsOptions, JwsPolicy, sign};
/// # use smartid_trust::OfficerSigner;
///
/// # fn card(signer: &dyn OfficerSigner, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
/// let back = sign(signer, br#"{"image":"..."}"#, &JwsOptions::new().with_key_id("cards-2026"))?;
///
/// // And what the other side does, which knows the key by its name:
/// let keys = JwkSet::new([Jwk::from_public_key(signer.chain()[0].public_key()?).with_id("cards-2026")]);
/// let verified = Jws::parse(&back)?.verify(&JwsPolicy::keys(keys), now)?;
/// assert_eq!(verified.fact().header.key_id(), Some("cards-2026"));
/// # Ok(())
/// # }
/// ```
///
/// When the signer has a certificate, the new signature is checked against it before anyone else sees it: a key and a certificate that
/// do not belong together are found here. A signer whose [`chain`](OfficerSigner::chain) is empty can sign with a
/// [`key id`](JwsOptions::with_key_id).
///
/// # Errors
/// [`SigningError::NoAlgorithm`], [`SigningError::Key`] when the key does not sign, and [`SigningError::Refused`] with
/// [`Reason::JwsNoKey`] (neither `kid` nor a certificate), [`Reason::TooLarge`], [`Reason::JwsSignatureLength`] or
/// [`Reason::BadSignature`] (the key answered with something that is no signature of its certificate's key).
pub fn sign(
    signer: &dyn OfficerSigner,
    payload: &[u8],
    options: &JwsOptions,
) -> Result<String, SigningError> {
    let (header, body, signature) = parts(signer, payload, options)?;
    Ok(format!("{header}.{body}.{signature}"))
}

/// As [`sign`], leaving the payload out of the message (RFC 7515 appendix F).
///
/// # Errors
/// As [`sign`].
pub fn sign_detached(
    signer: &dyn OfficerSigner,
    payload: &[u8],
    options: &JwsOptions,
) -> Result<String, SigningError> {
    let (header, _, signature) = parts(signer, payload, options)?;
    Ok(format!("{header}..{signature}"))
}

fn parts(
    signer: &dyn OfficerSigner,
    payload: &[u8],
    options: &JwsOptions,
) -> Result<(String, String, String), SigningError> {
    let algorithm = algorithm(signer, options)?;
    let header = base64::encode(Flavour::Url, header(signer, options, algorithm)?.as_bytes());
    let body = base64::encode(Flavour::Url, payload);
    // What is made must be readable; 2048 is more than the longest signature takes in letters, RSA with 8192 bits.
    if header.len() > MAX_HEADER_LEN || header.len() + body.len() + 2048 > MAX_JWS_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a JWS").into());
    }
    let signed = format!("{header}.{body}");
    let made = signer.sign(algorithm.signature_algorithm(), signed.as_bytes())?;
    let signature = match algorithm.curve() {
        Some(curve) => fixed_from_der(&made, curve.coordinate_len())?,
        None => made,
    };
    if algorithm
        .signature_len()
        .is_some_and(|length| length != signature.len())
    {
        return Err(Refusal::from(Reason::JwsSignatureLength).into());
    }
    if let Some(certificate) = signer.chain().first() {
        certificate.public_key()?.verify_jose(
            algorithm.signature_algorithm(),
            signed.as_bytes(),
            &signature,
        )?;
    }
    Ok((header, body, base64::encode(Flavour::Url, &signature)))
}

fn algorithm(signer: &dyn OfficerSigner, options: &JwsOptions) -> Result<JwsAlgorithm, SigningError> {
    let key = signer.chain().first().map(|certificate| certificate.public_key());
    let key = key.transpose()?;
    signer
        .algorithms()
        .iter()
        .filter_map(|able| JwsAlgorithm::of(*able))
        .filter(|able| options.algorithm.is_none_or(|wanted| wanted == *able))
        .find(|able| key.as_ref().is_none_or(|key| able.fits(key).is_ok()))
        .ok_or(SigningError::NoAlgorithm)
}

fn header(
    signer: &dyn OfficerSigner,
    options: &JwsOptions,
    algorithm: JwsAlgorithm,
) -> Result<String, Refusal> {
    let JwsOptions {
        algorithm: _,
        key_id,
        certificates,
        message_type,
        content_type,
    } = options;
    let mut members = Map::new();
    members.insert("alg".to_owned(), algorithm.name().into());
    for (name, text) in [("kid", key_id), ("typ", message_type), ("cty", content_type)] {
        if let Some(text) = text {
            members.insert(name.to_owned(), text.as_str().into());
        }
    }
    if certificates.unwrap_or(key_id.is_none()) {
        let chain = signer.chain();
        if chain.is_empty() {
            return Err(Refusal::new(Reason::JwsNoKey, "the signer has no certificate"));
        }
        if chain.len() > MAX_X5C {
            return Err(Refusal::new(Reason::TooLarge, "certificates in x5c"));
        }
        let encoded = chain
            .iter()
            .map(|certificate| base64::encode(Flavour::Standard, certificate.der()).into());
        members.insert("x5c".to_owned(), Value::Array(encoded.collect()));
    } else if key_id.is_none() {
        return Err(Refusal::new(
            Reason::JwsNoKey,
            "neither kid nor certificates are asked for",
        ));
    }
    Ok(Value::Object(members).to_string())
}

/// ECDSA-Sig-Value (RFC 3279 2.2.3) as two numbers of `length` bytes each (RFC 7518 3.4).
pub(super) fn fixed_from_der(der: &[u8], length: usize) -> Result<Vec<u8>, Refusal> {
    let mut numbers = Reader::only(der, tag::SEQUENCE, "an ECDSA signature that is no sequence")?.reader();
    let mut fixed = Vec::with_capacity(2 * length);
    for name in ["r", "s"] {
        let number = numbers
            .expect(tag::INTEGER, "an ECDSA signature without its numbers")?
            .integer()?;
        let significant = match number {
            [0, rest @ ..] => rest,
            [first, ..] if first & 0x80 != 0 => {
                return Err(Refusal::new(Reason::BadSignature, format!("{name} is negative")));
            }
            whole => whole,
        };
        if significant.is_empty() {
            return Err(Refusal::new(Reason::BadSignature, format!("{name} is zero")));
        }
        let Some(padding) = length.checked_sub(significant.len()) else {
            return Err(Refusal::new(
                Reason::JwsSignatureLength,
                format!("{name} is longer than a coordinate of the curve"),
            ));
        };
        fixed.resize(fixed.len() + padding, 0);
        fixed.extend_from_slice(significant);
    }
    numbers.end()?;
    Ok(fixed)
}
