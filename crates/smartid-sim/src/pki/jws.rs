//! JSON Web Signatures in compact form (RFC 7515): what the apps answer to a provisioning command and, when asked for `jws`, to a
//! signature command (protocol notes: hermod 3.1 and 5.4; that answers are JWS D, header members beyond `alg` I). With ways to spoil
//! one, for tests of those who verify.

use serde_json::{Map, Value};

use super::Key;
use super::alg::SigAlg;
use super::public_key::PublicKey;
use crate::SimError;
use crate::webauthn::b64;

/// Longer texts are refused.
const MAX_LENGTH: usize = 8 * 1024 * 1024;

/// Header members beside `alg`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    members: Map<String, Value>,
    detached: bool,
}

impl Header {
    /// No member but `alg`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Any member.
    #[must_use]
    pub fn member(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Which key has signed.
    #[must_use]
    pub fn kid(self, kid: &str) -> Self {
        self.member("kid", Value::String(kid.to_owned()))
    }

    /// What the whole is, for example `JWT`.
    #[must_use]
    pub fn typ(self, typ: &str) -> Self {
        self.member("typ", Value::String(typ.to_owned()))
    }

    /// The signer's certificate and its issuers, as DER, the signer's first.
    #[must_use]
    pub fn x5c(self, chain: &[Vec<u8>]) -> Self {
        let chain = chain.iter().map(|der| Value::String(b64::encode_standard(der)));
        self.member("x5c", chain.collect())
    }

    /// Leaves the payload out of the text (RFC 7515 Appendix F).
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }
}

/// Signs a payload.
///
/// # Errors
/// [`SimError::Pki`] when the key cannot sign with that algorithm, or for [`SigAlg::Rs1`], which JOSE does not have.
///
/// ```
/// use smartid_sim::pki::{jws, Key, KeyKind, SigAlg};
///
/// let key = Key::generate(KeyKind::P256)?;
/// let text = jws::sign_compact(br#"{"nonce":"1"}"#, &key, SigAlg::Es256, &jws::Header::new().kid("signer"))?;
/// assert_eq!(jws::verify(&text, key.public_key())?, br#"{"nonce":"1"}"#);
/// assert!(jws::verify(&jws::with_broken_signature(&text)?, key.public_key()).is_err());
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
pub fn sign_compact(payload: &[u8], key: &Key, alg: SigAlg, header: &Header) -> Result<String, SimError> {
    if alg == SigAlg::Rs1 {
        return Err(SimError::pki("JOSE has no SHA-1 signature"));
    }
    let mut members = header.members.clone();
    members.insert("alg".to_owned(), Value::String(alg.name().to_owned()));
    let head = b64::encode(Value::Object(members).to_string().as_bytes());
    let body = b64::encode(payload);
    let signature = b64::encode(&key.sign(alg, format!("{head}.{body}").as_bytes())?);
    let shown = if header.detached { "" } else { body.as_str() };
    Ok(format!("{head}.{shown}.{signature}"))
}

/// A JWS that was read. Nothing of it is checked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Jws {
    /// The protected header.
    pub header: Value,
    /// The payload; empty when it is detached.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

fn unreadable() -> SimError {
    SimError::pki("this is no compact JWS")
}

fn parts(compact: &str) -> Result<[&str; 3], SimError> {
    if compact.len() > MAX_LENGTH {
        return Err(unreadable());
    }
    let mut parts = compact.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(head), Some(body), Some(signature), None) => Ok([head, body, signature]),
        _ => Err(unreadable()),
    }
}

/// Reads the three parts without checking anything.
///
/// # Errors
/// [`SimError::Pki`] when it is no compact JWS whose header is a JSON object, or longer than 8 MiB.
pub fn parse(compact: &str) -> Result<Jws, SimError> {
    let [head, body, signature] = parts(compact)?;
    let decode = |part: &str| b64::decode(part).ok_or_else(unreadable);
    let header: Value = serde_json::from_slice(&decode(head)?).map_err(|_| unreadable())?;
    if !header.is_object() {
        return Err(unreadable());
    }
    Ok(Jws {
        header,
        payload: decode(body)?,
        signature: decode(signature)?,
    })
}

/// Checks the signature with a key that the caller trusts, and gives the payload. Keys and certificates in the header are not looked
/// at; `crit` is refused, since no extension is understood.
///
/// # Errors
/// [`SimError::Pki`] when it is no JWS, its algorithm is not one for this key, or the signature is wrong.
pub fn verify(compact: &str, key: &PublicKey) -> Result<Vec<u8>, SimError> {
    let [head, body, _] = parts(compact)?;
    let jws = parse(compact)?;
    check(&jws, &format!("{head}.{body}"), key)?;
    Ok(jws.payload)
}

/// As [`verify`], for a JWS whose payload was sent apart.
///
/// # Errors
/// As [`verify`], and when the text holds a payload of its own.
pub fn verify_detached(compact: &str, payload: &[u8], key: &PublicKey) -> Result<(), SimError> {
    let [head, body, _] = parts(compact)?;
    if !body.is_empty() {
        return Err(SimError::pki("the payload is not detached"));
    }
    check(&parse(compact)?, &format!("{head}.{}", b64::encode(payload)), key)
}

fn check(jws: &Jws, signed: &str, key: &PublicKey) -> Result<(), SimError> {
    if jws.header.get("crit").is_some() {
        return Err(SimError::pki("the JWS has critical header members"));
    }
    let alg = jws
        .header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(|name| SigAlg::all().find(|alg| alg.name() == name))
        .filter(|alg| *alg != SigAlg::Rs1)
        .ok_or_else(|| SimError::pki("the JWS names no algorithm that is known"))?;
    key.verify_jose(alg, signed.as_bytes(), &jws.signature)
}

/// The same with one bit of the signature turned over.
///
/// # Errors
/// [`SimError::Pki`] when it is no compact JWS with a signature.
pub fn with_broken_signature(compact: &str) -> Result<String, SimError> {
    let [head, body, _] = parts(compact)?;
    let mut signature = parse(compact)?.signature;
    let last = signature.last_mut().ok_or_else(unreadable)?;
    *last ^= 1;
    Ok(format!("{head}.{body}.{}", b64::encode(&signature)))
}

/// The same with `alg` set to `none` and no signature.
///
/// # Errors
/// [`SimError::Pki`] when it is no compact JWS.
pub fn with_alg_none(compact: &str) -> Result<String, SimError> {
    let [_, body, _] = parts(compact)?;
    let mut header = parse(compact)?.header;
    if let Some(members) = header.as_object_mut() {
        members.insert("alg".to_owned(), Value::String("none".to_owned()));
    }
    Ok(format!("{}.{body}.", b64::encode(header.to_string().as_bytes())))
}

/// The same signature under another payload.
///
/// # Errors
/// [`SimError::Pki`] when it is no compact JWS.
pub fn with_payload(compact: &str, payload: &[u8]) -> Result<String, SimError> {
    let [head, _, signature] = parts(compact)?;
    Ok(format!("{head}.{}.{signature}", b64::encode(payload)))
}
