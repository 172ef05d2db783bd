//! The names that keys and signatures go by: JOSE, PKCS #11 and X.509 call the same thing by three names.

use std::fmt;

use aws_lc_rs::digest;

use super::der::{self, Element};
use crate::SimError;

/// Which key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// Elliptic curve P-256.
    P256,
    /// Elliptic curve P-384.
    P384,
    /// Elliptic curve P-521.
    P521,
    /// Edwards curve Ed25519 (RFC 8410).
    Ed25519,
}

impl KeyKind {
    /// From `keytype` and `keylength` of a key generation request, for example `RSA` and `2048` (protocol notes: hermod 3.1, "Example:
    /// Smart ID Mobile App provisioning", D-ex; `EC` and its lengths I). For `EC` the length is the size of the curve in bits or its name.
    ///
    /// # Errors
    /// [`SimError::Pki`] for anything else; the text names it.
    pub fn from_request(keytype: &str, keylength: &str) -> Result<Self, SimError> {
        let length = keylength.trim();
        match keytype {
            "RSA" => match length {
                "2048" => Ok(Self::Rsa2048),
                "3072" => Ok(Self::Rsa3072),
                "4096" => Ok(Self::Rsa4096),
                _ => Err(unknown_kind(keytype, length)),
            },
            "EC" => match length {
                "256" | "P-256" | "secp256r1" => Ok(Self::P256),
                "384" | "P-384" | "secp384r1" => Ok(Self::P384),
                "521" | "P-521" | "secp521r1" => Ok(Self::P521),
                _ => Err(unknown_kind(keytype, length)),
            },
            _ => Err(unknown_kind(keytype, length)),
        }
    }

    /// Whether it is an RSA key.
    #[must_use]
    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The algorithm such a key signs with when nobody asks for another.
    #[must_use]
    pub fn default_alg(self) -> SigAlg {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => SigAlg::Rs256,
            Self::P256 => SigAlg::Es256,
            Self::P384 => SigAlg::Es384,
            Self::P521 => SigAlg::Es512,
            Self::Ed25519 => SigAlg::EdDsa,
        }
    }
}

fn unknown_kind(keytype: &str, length: &str) -> SimError {
    let short = |text: &str| text.chars().take(32).collect::<String>();
    SimError::Pki(format!(
        "no key of type {:?} and length {:?} can be made",
        short(keytype),
        short(length)
    ))
}

/// A message digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Digest {
    /// SHA-1, for what is old.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The digest of some bytes.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        digest::digest(self.algorithm(), bytes).as_ref().to_vec()
    }

    pub(crate) fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// RFC 8017 B.1 and RFC 5754.
    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2b, 0x0e, 0x03, 0x02, 0x1a],
            Self::Sha256 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
            Self::Sha384 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
            Self::Sha512 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        }
    }

    pub(crate) fn from_oid(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|digest| digest.oid() == oid)
    }

    /// `DigestInfo` (RFC 8017 9.2), whose algorithm carries NULL parameters.
    pub(crate) fn info(self, hash: &[u8]) -> Vec<u8> {
        let algorithm = der::seq(&[&der::oid(self.oid()), &der::null()]);
        der::seq(&[&algorithm, &der::octets(hash)])
    }
}

/// How to sign. The names are those of JWA (RFC 7518 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigAlg {
    /// RSA PKCS #1 v1.5 with SHA-1: only for what is old, never in JOSE.
    Rs1,
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS #1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS #1 v1.5 with SHA-512.
    Rs512,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// RSA-PSS with SHA-384.
    Ps384,
    /// RSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519 (RFC 8032); in CMS with SHA-512 as the digest of the content (RFC 8419 2.3, 3.1).
    EdDsa,
}

/// 1.2.840.113549.1.1
const PKCS1: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.3.101.112
pub(super) const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.2.840.10045.4.3
const ECDSA_SHA2: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];

impl SigAlg {
    const ALL: [Self; 11] = [
        Self::Rs1,
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

    /// All algorithms that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }

    /// Whether a key of this kind can sign with it.
    #[must_use]
    pub fn fits(self, kind: KeyKind) -> bool {
        if kind.is_rsa() {
            !self.is_ecdsa() && self != Self::EdDsa
        } else {
            kind.default_alg() == self
        }
    }

    /// From a JWA name (`RS256`) or a PKCS #11 mechanism that hashes by itself (`CKM_SHA256_RSA_PKCS`, protocol notes: hermod 3.4,
    /// "Example: Personal Desktop Client signing", D-ex; the other mechanism names are those of PKCS #11). `None` for others,
    /// `CKM_RSA_PKCS` included: that is [`Key::sign_unhashed`](super::Key::sign_unhashed). Ed25519 is not found either: no app has it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all()
            .filter(|alg| *alg != Self::EdDsa)
            .find(|alg| alg.mechanism() == name || (*alg != Self::Rs1 && alg.name() == name))
    }

    /// The JWA name; `RS1` for SHA-1, which JWA does not have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs1 => "RS1",
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

    /// The mechanism's name in PKCS #11.
    #[must_use]
    pub fn mechanism(self) -> &'static str {
        match self {
            Self::Rs1 => "CKM_SHA1_RSA_PKCS",
            Self::Rs256 => "CKM_SHA256_RSA_PKCS",
            Self::Rs384 => "CKM_SHA384_RSA_PKCS",
            Self::Rs512 => "CKM_SHA512_RSA_PKCS",
            Self::Ps256 => "CKM_SHA256_RSA_PKCS_PSS",
            Self::Ps384 => "CKM_SHA384_RSA_PKCS_PSS",
            Self::Ps512 => "CKM_SHA512_RSA_PKCS_PSS",
            Self::Es256 => "CKM_ECDSA_SHA256",
            Self::Es384 => "CKM_ECDSA_SHA384",
            Self::Es512 => "CKM_ECDSA_SHA512",
            Self::EdDsa => "CKM_EDDSA",
        }
    }

    /// The digest that is signed.
    #[must_use]
    pub fn digest(self) -> Digest {
        match self {
            Self::Rs1 => Digest::Sha1,
            Self::Rs256 | Self::Ps256 | Self::Es256 => Digest::Sha256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => Digest::Sha384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => Digest::Sha512,
        }
    }

    pub(crate) fn is_pss(self) -> bool {
        matches!(self, Self::Ps256 | Self::Ps384 | Self::Ps512)
    }

    pub(crate) fn is_ecdsa(self) -> bool {
        matches!(self, Self::Es256 | Self::Es384 | Self::Es512)
    }

    /// `AlgorithmIdentifier` of a signature in X.509 and PKCS #10 (RFC 4055, RFC 5758).
    pub(crate) fn identifier(self) -> Vec<u8> {
        let pkcs1 = |last: u8| der::oid(&[PKCS1.as_slice(), &[last]].concat());
        let ecdsa = |last: u8| der::seq(&[&der::oid(&[ECDSA_SHA2.as_slice(), &[last]].concat())]);
        match self {
            Self::Rs1 => der::seq(&[&pkcs1(5), &der::null()]),
            Self::Rs256 => der::seq(&[&pkcs1(11), &der::null()]),
            Self::Rs384 => der::seq(&[&pkcs1(12), &der::null()]),
            Self::Rs512 => der::seq(&[&pkcs1(13), &der::null()]),
            Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                // RSASSA-PSS-params: hash (with NULL, as RFC 4055 6 writes it), MGF1 with the same hash, salt as long as the hash.
                let digest = self.digest();
                let hash = der::seq(&[&der::oid(digest.oid()), &der::null()]);
                let mgf = der::seq(&[&pkcs1(8), &hash]);
                let salt = u64::try_from(digest.algorithm().output_len()).unwrap_or(0);
                let params = der::seq(&[
                    &der::context(0, &[&hash]),
                    &der::context(1, &[&mgf]),
                    &der::context(2, &[&der::number(salt)]),
                ]);
                der::seq(&[&pkcs1(10), &params])
            }
            Self::Es256 => ecdsa(2),
            Self::Es384 => ecdsa(3),
            Self::Es512 => ecdsa(4),
            Self::EdDsa => der::seq(&[&der::oid(OID_ED25519)]),
        }
    }

    /// The reverse of [`SigAlg::identifier`], to the byte; RSA without its NULL is taken too, because many leave it out.
    pub(crate) fn from_identifier(element: &Element<'_>) -> Option<Self> {
        Self::all().find(|alg| {
            let identifier = alg.identifier();
            if element.raw == identifier.as_slice() {
                return true;
            }
            let mut reader = element.reader();
            let oid = reader.expect(der::OID);
            !alg.is_pss()
                && !alg.is_ecdsa()
                && reader.is_empty()
                && oid.is_some_and(|oid| identifier.get(2..).is_some_and(|rest| rest.starts_with(oid.raw)))
        })
    }
}

impl fmt::Display for SigAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
