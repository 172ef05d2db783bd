//! The algorithm names of JWS.

use std::fmt;

use crate::{Curve, DigestAlgorithm, KeyType, PublicKey, Reason, Refusal, SignatureAlgorithm};

/// A signature algorithm by its JWS name (RFC 7518 3.1, RFC 8037 3.1, RFC 9864 2.2). Names are case-sensitive.
///
/// ```
/// use smartid_trust::jws::JwsAlgorithm;
/// use smartid_trust::Reason;
///
/// assert_eq!(JwsAlgorithm::from_name("ES256")?, JwsAlgorithm::Es256);
/// assert_eq!(JwsAlgorithm::from_name("Ed25519")?, JwsAlgorithm::from_name("EdDSA")?);
/// assert_eq!(JwsAlgorithm::from_name("none").unwrap_err().reason(), Reason::JwsNotSigned);
/// assert_eq!(JwsAlgorithm::from_name("HS256").unwrap_err().reason(), Reason::JwsSymmetric);
/// assert_eq!(JwsAlgorithm::from_name("es256").unwrap_err().reason(), Reason::AlgorithmUnknown);
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum JwsAlgorithm {
    /// `RS256`: RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// `RS384`: RSA PKCS #1 v1.5 with SHA-384.
    Rs384,
    /// `RS512`: RSA PKCS #1 v1.5 with SHA-512.
    Rs512,
    /// `PS256`: RSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// `PS384`: RSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// `PS512`: RSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384 with SHA-384.
    Es384,
    /// `ES512`: ECDSA on P-521 with SHA-512.
    Es512,
    /// `EdDSA`, which here is Ed25519 only, and `Ed25519`, the name that RFC 9864 puts in its place. Both are read, in messages and in
    /// keys, as one algorithm; `EdDSA` is written, which every reader knows.
    EdDsa,
}

impl JwsAlgorithm {
    /// Every algorithm that is implemented.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The name in the `alg` member; of two names the older.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// [`Reason::JwsNotSigned`] for `none` in any letter case, [`Reason::JwsSymmetric`] for the HMAC family,
    /// [`Reason::AlgorithmUnknown`] for any other name that is none of [`ALL`](Self::ALL).
    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        if let Some(known) = Self::ALL.iter().find(|known| known.name() == name) {
            return Ok(*known);
        }
        if name == "Ed25519" {
            return Ok(Self::EdDsa);
        }
        let family = name.get(..2).unwrap_or_default();
        let reason = if name.eq_ignore_ascii_case("none") {
            Reason::JwsNotSigned
        } else if family.eq_ignore_ascii_case("HS") {
            Reason::JwsSymmetric
        } else {
            Reason::AlgorithmUnknown
        };
        Err(Refusal::new(reason, format!("alg {}", shown(name))))
    }

    /// What it is, apart from the curve.
    #[must_use]
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::Rs256 => SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256),
            Self::Rs384 => SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384),
            Self::Rs512 => SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512),
            Self::Ps256 => SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha256),
            Self::Ps384 => SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha384),
            Self::Ps512 => SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha512),
            Self::Es256 => SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256),
            Self::Es384 => SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384),
            Self::Es512 => SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512),
            Self::EdDsa => SignatureAlgorithm::Ed25519,
        }
    }

    /// The curve that the algorithm is bound to (RFC 7518 3.4); `None` for RSA and Ed25519.
    #[must_use]
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Self::Es256 => Some(Curve::P256),
            Self::Es384 => Some(Curve::P384),
            Self::Es512 => Some(Curve::P521),
            _ => None,
        }
    }

    /// The length of a signature in bytes where the algorithm alone decides it: ECDSA and Ed25519.
    pub(super) const fn signature_len(self) -> Option<usize> {
        match self.curve() {
            Some(curve) => Some(2 * curve.coordinate_len()),
            None if matches!(self, Self::EdDsa) => Some(64),
            None => None,
        }
    }

    /// Whether `key` makes signatures of this algorithm: type, curve, and a certificate's restriction to RSA-PSS.
    ///
    /// # Errors
    /// [`Reason::AlgorithmDoesNotFitKey`].
    pub fn fits(self, key: &PublicKey) -> Result<(), Refusal> {
        key.fits(self.signature_algorithm())?;
        match (self.curve(), key.key_type()) {
            (Some(bound), KeyType::Ec(curve)) if bound != curve => Err(Refusal::new(
                Reason::AlgorithmDoesNotFitKey,
                format!("{self} with a key on {curve:?}"),
            )),
            _ => Ok(()),
        }
    }

    /// The algorithm that `algorithm` is in JWS for a key on `curve`; `None` where JWS has no name for it.
    pub(super) fn of(algorithm: SignatureAlgorithm) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.signature_algorithm() == algorithm)
    }
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that a stranger wrote, fit for an error: short, and without control characters.
pub(super) fn shown(name: &str) -> String {
    let start: String = name.chars().take(64).collect();
    format!("{:?}", start.escape_default().to_string())
}
