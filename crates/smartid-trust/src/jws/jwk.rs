//! One public key as JSON (RFC 7517), with what its publisher says about it.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};
use smartid_core::base64::{self, Flavour};

use super::algorithm::{JwsAlgorithm, shown};
use super::strict_json;
use crate::{Curve, PublicKey, Reason, Refusal, SignatureAlgorithm};

/// Members that hold a private key: RFC 7518 6.2.2 and 6.3.2, RFC 8037 2.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// A public key as JSON.
///
/// The attestation key of the Smart ID apps is published in this form, in one line, with colons in `kid` and a member `keystate` that
/// no RFC knows (vendor page: Configure custom attestation keys \[documented\]). `keystate` must be `active`, in any letter case, when
/// it is there.
///
/// A key that cannot be used is a value too: [`key`](Self::key) says why, and so does a verification that would need it.
///
/// ```
/// use smartid_trust::jws::Jwk;
/// use smartid_trust::{KeyType, Reason};
///
/// let active = Jwk::from_json(
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
///         "kid":"attestation_2024-05-06T07:08:09GMT","use":"sig","keystate":"active"}"#,
/// )?;
/// assert_eq!(active.id(), Some("attestation_2024-05-06T07:08:09GMT"));
/// assert_eq!(active.key()?.key_type(), KeyType::Ed25519);
///
/// let withdrawn = Jwk::from_json(
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","keystate":"revoked"}"#,
/// )?;
/// assert_eq!(withdrawn.key().unwrap_err().reason(), Reason::JwkNotActive);
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone)]
pub struct Jwk {
    id: Option<String>,
    algorithm: Option<JwsAlgorithm>,
    key: Result<PublicKey, Refusal>,
}

impl Jwk {
    /// Reads one JWK. Members that are not known are passed over.
    ///
    /// # Errors
    /// [`Reason::JwkMalformed`] when it is not a JSON object, [`Reason::DuplicateMember`], [`Reason::TooLarge`]. Everything else that
    /// can be wrong with a key is told by [`key`](Self::key).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        let json = super::jwk_set::capped(json.as_ref())?;
        Ok(Self::from_members(&strict_json::object(
            json,
            Reason::JwkMalformed,
        )?))
    }

    /// The public key of one JWK, whatever it is for: `use`, `key_ops`, `alg` and `keystate` are not looked at. For a key that a device
    /// has made and that is going to be certified, where the one who asked for it decides what it is for. To check signatures with a
    /// key, read it by [`from_json`](Self::from_json).
    ///
    /// ```
    /// use smartid_trust::KeyType;
    /// use smartid_trust::jws::Jwk;
    ///
    /// let json = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"enc"}"#;
    /// assert!(Jwk::from_json(json)?.key().is_err(), "it must not check signatures");
    /// assert_eq!(Jwk::public_key_from_json(json)?.key_type(), KeyType::Ed25519);
    /// # Ok::<(), smartid_trust::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// [`Reason::JwkMalformed`], [`Reason::DuplicateMember`], [`Reason::JwkPrivate`], [`Reason::JwsSymmetric`],
    /// [`Reason::NotBase64Url`], [`Reason::KeyUnsupported`], [`Reason::KeyTooSmall`], [`Reason::KeyInvalid`], [`Reason::TooLarge`].
    pub fn public_key_from_json(json: impl AsRef<[u8]>) -> Result<PublicKey, Refusal> {
        let json = super::jwk_set::capped(json.as_ref())?;
        let members = strict_json::object(json, Reason::JwkMalformed)?;
        public_key(key_type_of(&members)?, &members)
    }

    /// Reads one JWK that somebody publishes to be sent secrets: `use` is `enc` or absent, `key_ops` has `encrypt` or `wrapKey` or is
    /// absent, `keystate` is as for other keys. Its `alg` is not looked at.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json) and [`key`](Self::key).
    pub fn encryption_key(json: impl AsRef<[u8]>) -> Result<PublicKey, Refusal> {
        let json = super::jwk_set::capped(json.as_ref())?;
        let members = strict_json::object(json, Reason::JwkMalformed)?;
        let key_type = key_type_of(&members)?;
        may(&members, "enc", &["encrypt", "wrapKey"])?;
        public_key(key_type, &members)
    }

    /// A key that was read from elsewhere: a certificate, a SubjectPublicKeyInfo.
    #[must_use]
    pub const fn from_public_key(key: PublicKey) -> Self {
        Self {
            id: None,
            algorithm: None,
            key: Ok(key),
        }
    }

    /// Names the key, as `kid` does.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Binds the key to one algorithm, as `alg` does.
    #[must_use]
    pub const fn with_algorithm(mut self, algorithm: JwsAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    pub(super) fn from_members(members: &Map<String, Value>) -> Self {
        let id = members.get("kid").and_then(Value::as_str).map(str::to_owned);
        match read(members) {
            Ok((key, algorithm)) => Self {
                id,
                algorithm,
                key: Ok(key),
            },
            Err(refusal) => Self {
                id,
                algorithm: None,
                key: Err(refusal),
            },
        }
    }

    /// `kid`: what messages call the key.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// `alg`: the one algorithm that the key is for, when its publisher says so.
    #[must_use]
    pub const fn algorithm(&self) -> Option<JwsAlgorithm> {
        self.algorithm
    }

    /// The key.
    ///
    /// # Errors
    /// Why it cannot be used: [`Reason::JwkNotActive`], [`Reason::JwkUse`], [`Reason::JwkPrivate`], [`Reason::JwkMalformed`],
    /// [`Reason::NotBase64Url`], [`Reason::JwsSymmetric`], [`Reason::AlgorithmUnknown`] (its `alg` is none that signs),
    /// [`Reason::KeyUnsupported`], [`Reason::KeyTooSmall`], [`Reason::KeyInvalid`], [`Reason::TooLarge`].
    pub fn key(&self) -> Result<&PublicKey, Refusal> {
        self.key.as_ref().map_err(Clone::clone)
    }

    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.key.as_ref().err()
    }

    /// The key, if it may check a signature of `algorithm`.
    pub(super) fn fitting(&self, algorithm: JwsAlgorithm) -> Result<&PublicKey, Refusal> {
        let key = self.key()?;
        match self.algorithm {
            Some(bound) if bound != algorithm => Err(Refusal::new(
                Reason::AlgorithmDoesNotFitKey,
                format!("{algorithm}, but the key is for {bound}"),
            )),
            _ => algorithm.fits(key).map(|()| key),
        }
    }

    /// The key, if it may check a bare signature of `algorithm`.
    pub(super) fn fitting_raw(&self, algorithm: SignatureAlgorithm) -> Result<&PublicKey, Refusal> {
        let key = self.key()?;
        match self.algorithm {
            Some(bound) if bound.signature_algorithm() != algorithm => Err(Refusal::new(
                Reason::AlgorithmDoesNotFitKey,
                format!("{algorithm:?}, but the key is for {bound}"),
            )),
            _ => key.fits(algorithm).map(|()| key),
        }
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, algorithm, key } = self;
        f.debug_struct("Jwk")
            .field("kid", id)
            .field("alg", algorithm)
            .field("key", key)
            .finish()
    }
}

fn malformed(detail: String) -> Refusal {
    Refusal::new(Reason::JwkMalformed, detail)
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(format!("{name} is no string"))),
    }
}

fn read(members: &Map<String, Value>) -> Result<(PublicKey, Option<JwsAlgorithm>), Refusal> {
    let key_type = key_type_of(members)?;
    text(members, "kid")?;
    may(members, "sig", &["verify"])?;
    let algorithm = text(members, "alg")?.map(JwsAlgorithm::from_name).transpose()?;
    Ok((public_key(key_type, members)?, algorithm))
}

/// The type of a key that has no private half in it.
fn key_type_of(members: &Map<String, Value>) -> Result<&str, Refusal> {
    let key_type = text(members, "kty")?.ok_or_else(|| malformed("kty is missing".to_owned()))?;
    if key_type == "oct" {
        return Err(Refusal::new(Reason::JwsSymmetric, "a key of type oct"));
    }
    if let Some(private) = PRIVATE.iter().find(|name| members.contains_key(**name)) {
        return Err(Refusal::new(Reason::JwkPrivate, format!("member {private}")));
    }
    Ok(key_type)
}

/// Whether it is published for this `use` and one of these `key_ops` (RFC 7517 4.2 and 4.3), and the vendor's `keystate`.
fn may(members: &Map<String, Value>, wanted: &str, operations: &[&str]) -> Result<(), Refusal> {
    if let Some(usage) = text(members, "use")?
        && usage != wanted
    {
        return Err(Refusal::new(Reason::JwkUse, format!("use is {}", shown(usage))));
    }
    if let Some(known) = members.get("key_ops") {
        let list = known.as_array().map(|list| list.iter().map(Value::as_str));
        let list: Vec<_> = list
            .and_then(Iterator::collect::<Option<_>>)
            .ok_or_else(|| malformed("key_ops is no list of strings".to_owned()))?;
        let names: BTreeSet<_> = list.iter().collect();
        if names.len() != list.len() {
            return Err(malformed("key_ops names an operation twice".to_owned()));
        }
        if !operations.iter().any(|operation| list.contains(operation)) {
            return Err(Refusal::new(
                Reason::JwkUse,
                format!("key_ops lacks {}", operations.join(" and ")),
            ));
        }
    }
    if let Some(state) = text(members, "keystate")?
        && !state.eq_ignore_ascii_case("active")
    {
        return Err(Refusal::new(
            Reason::JwkNotActive,
            format!("keystate is {}", shown(state)),
        ));
    }
    Ok(())
}

fn public_key(key_type: &str, members: &Map<String, Value>) -> Result<PublicKey, Refusal> {
    let number = |name: &'static str| {
        let letters = text(members, name)?.ok_or_else(|| malformed(format!("{name} is missing")))?;
        base64::decode(Flavour::Url, letters).map_err(|_| Refusal::new(Reason::NotBase64Url, name))
    };
    let curve = || text(members, "crv")?.ok_or_else(|| malformed("crv is missing".to_owned()));
    match key_type {
        "RSA" => {
            let (modulus, exponent) = (number("n")?, number("e")?);
            // RFC 7518 2, Base64urlUInt: the fewest octets that hold the number.
            if [&modulus, &exponent]
                .iter()
                .any(|octets| octets.first() == Some(&0))
            {
                return Err(Refusal::new(
                    Reason::KeyInvalid,
                    "n or e begins with a zero octet",
                ));
            }
            PublicKey::from_rsa(&modulus, &exponent, false)
        }
        "EC" => {
            let curve = match curve()? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                other => return Err(unsupported("crv", other)),
            };
            let (x, y) = (number("x")?, number("y")?);
            // RFC 7518 6.2.1.2: as long as a coordinate, leading zeros included.
            if x.len() != curve.coordinate_len() || y.len() != curve.coordinate_len() {
                return Err(Refusal::new(
                    Reason::KeyInvalid,
                    "x or y is not as long as a coordinate of the curve",
                ));
            }
            PublicKey::from_ec_point(curve, &[&[4][..], &x, &y].concat())
        }
        "OKP" => match curve()? {
            "Ed25519" => PublicKey::from_ed25519(&number("x")?),
            other => Err(unsupported("crv", other)),
        },
        other => Err(unsupported("kty", other)),
    }
}

fn unsupported(member: &str, value: &str) -> Refusal {
    Refusal::new(Reason::KeyUnsupported, format!("{member} {}", shown(value)))
}
