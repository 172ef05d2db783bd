//! Signature algorithms and the verifier's list of them.
//!
//! Which algorithm a message claims is never a reason to use it. The verifier's [`AlgorithmSet`] says which are allowed, the key's type
//! says which can be meant, and only what passes both is tried. MD5, DSA, and RSA without a digest are not implemented at all; SHA-1 only for
//! the certification requests of one published example, on demand.

use aws_lc_rs::digest;

use crate::der::{self, Oid, Reader, tag};
use crate::{Reason, Refusal};

/// A digest that signatures are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

pub(crate) const SHA256: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]);
pub(crate) const SHA384: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2]);
pub(crate) const SHA512: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3]);
pub(crate) const RSA_ENCRYPTION: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
pub(crate) const RSA_PSS: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]);
pub(crate) const MGF1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8]);
pub(crate) const RSA_SHA1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]);
pub(crate) const RSA_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]);
pub(crate) const RSA_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12]);
pub(crate) const RSA_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13]);
pub(crate) const EC_PUBLIC_KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
pub(crate) const ECDSA_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
pub(crate) const ECDSA_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]);
pub(crate) const ECDSA_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4]);
pub(crate) const ED25519: Oid = Oid::known(&[0x2b, 0x65, 0x70]);

impl DigestAlgorithm {
    pub(crate) fn aws(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The digest of `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.aws(), bytes)
    }

    /// How many bytes a digest has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no digest is empty")]
    pub const fn len(self) -> u16 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(crate) const fn oid(self) -> Oid {
        match self {
            Self::Sha256 => SHA256,
            Self::Sha384 => SHA384,
            Self::Sha512 => SHA512,
        }
    }

    /// Reads an AlgorithmIdentifier whose parameters are absent or NULL (RFC 5754 2: both must be accepted).
    pub(crate) fn from_identifier(contents: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(contents);
        let oid = reader.oid("a digest algorithm without its identifier")?;
        absent_or_null(&mut reader)?;
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|digest| digest.oid() == oid)
            .ok_or_else(|| Refusal::new(Reason::AlgorithmUnknown, format!("digest {oid}")))
    }

    /// An AlgorithmIdentifier without parameters (RFC 5754 2).
    pub(crate) fn identifier(self) -> Vec<u8> {
        der::sequence(&[&der::oid(&self.oid())])
    }
}

/// How a signature is made. The type of the key is part of it, the curve is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSA with PKCS #1 v1.5 padding (RFC 8017 8.2).
    RsaPkcs1(DigestAlgorithm),
    /// RSA-PSS (RFC 8017 8.1), MGF1 with the same digest.
    RsaPss {
        /// The digest of the message and of the mask generation function.
        digest: DigestAlgorithm,
        /// The length of the salt in bytes; most producers take that of the digest, the OpenSSL program takes what fits.
        salt_len: u16,
    },
    /// ECDSA; as ASN.1 in X.509 and CMS, as two numbers side by side in JWS.
    Ecdsa(DigestAlgorithm),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA PKCS #1 v1.5 with SHA-1. No [`AlgorithmSet`] has it, and [`PublicKey::verify`](crate::PublicKey::verify) refuses it: it
    /// stands only in the proof of a certification request whose policy accepts it by name
    /// ([`RequestPolicy::accept_sha1_self_signature`](crate::request::RequestPolicy::accept_sha1_self_signature)).
    LegacyRsaPkcs1Sha1,
}

impl SignatureAlgorithm {
    /// RSA-PSS with a salt as long as the digest.
    #[must_use]
    pub const fn rsa_pss(digest: DigestAlgorithm) -> Self {
        Self::RsaPss {
            digest,
            salt_len: digest.len(),
        }
    }

    /// The digest of the message; none for Ed25519, which takes the message itself, and for SHA-1, which is none of the list.
    #[must_use]
    pub const fn digest(self) -> Option<DigestAlgorithm> {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss { digest, .. } | Self::Ecdsa(digest) => Some(digest),
            Self::Ed25519 | Self::LegacyRsaPkcs1Sha1 => None,
        }
    }

    /// Reads the contents of an AlgorithmIdentifier. `digest` is what a CMS signer names beside it, for the identifiers that name a
    /// key type only (rsaEncryption; some Windows producers write id-ecPublicKey too).
    pub(crate) fn from_identifier(contents: &[u8], beside: Option<DigestAlgorithm>) -> Result<Self, Refusal> {
        let mut reader = Reader::new(contents);
        let oid = reader.oid("a signature algorithm without its identifier")?;
        let unknown = || Refusal::new(Reason::AlgorithmUnknown, format!("signature algorithm {oid}"));
        let (algorithm, null_allowed) = if oid == RSA_SHA256 {
            (Self::RsaPkcs1(DigestAlgorithm::Sha256), true)
        } else if oid == RSA_SHA384 {
            (Self::RsaPkcs1(DigestAlgorithm::Sha384), true)
        } else if oid == RSA_SHA512 {
            (Self::RsaPkcs1(DigestAlgorithm::Sha512), true)
        } else if oid == ECDSA_SHA256 {
            (Self::Ecdsa(DigestAlgorithm::Sha256), false)
        } else if oid == ECDSA_SHA384 {
            (Self::Ecdsa(DigestAlgorithm::Sha384), false)
        } else if oid == ECDSA_SHA512 {
            (Self::Ecdsa(DigestAlgorithm::Sha512), false)
        } else if oid == ED25519 {
            (Self::Ed25519, false)
        } else if oid == RSA_ENCRYPTION {
            (Self::RsaPkcs1(beside.ok_or_else(unknown)?), true)
        } else if oid == EC_PUBLIC_KEY {
            let digest = beside.ok_or_else(unknown)?;
            // The parameters, if any, name the curve; the curve of the key counts.
            reader.optional(tag::OID)?;
            (Self::Ecdsa(digest), true)
        } else if oid == RSA_PSS {
            return pss_parameters(&mut reader);
        } else {
            return Err(unknown());
        };
        if null_allowed {
            absent_or_null(&mut reader)?;
        } else {
            // RFC 5758 3.2 and RFC 8410 3 forbid parameters; some producers write NULL for ECDSA.
            reader.optional(tag::NULL)?;
        }
        reader.end()?;
        Ok(algorithm)
    }

    /// The AlgorithmIdentifier as it is written into a CMS message or a request.
    pub(crate) fn identifier(self) -> Vec<u8> {
        let plain = |oid: &Oid| der::sequence(&[&der::oid(oid)]);
        let with_null = |oid: &Oid| der::sequence(&[&der::oid(oid), &der::null()]);
        match self {
            Self::RsaPkcs1(DigestAlgorithm::Sha256) => with_null(&RSA_SHA256),
            Self::RsaPkcs1(DigestAlgorithm::Sha384) => with_null(&RSA_SHA384),
            Self::RsaPkcs1(DigestAlgorithm::Sha512) => with_null(&RSA_SHA512),
            Self::Ecdsa(DigestAlgorithm::Sha256) => plain(&ECDSA_SHA256),
            Self::Ecdsa(DigestAlgorithm::Sha384) => plain(&ECDSA_SHA384),
            Self::Ecdsa(DigestAlgorithm::Sha512) => plain(&ECDSA_SHA512),
            Self::Ed25519 => plain(&ED25519),
            Self::LegacyRsaPkcs1Sha1 => with_null(&RSA_SHA1),
            Self::RsaPss { digest, salt_len } => {
                // The digests inside carry NULL (RFC 4055 2.1: parsers accept both, old ones want it).
                let digest_identifier = with_null(&digest.oid());
                let parameters = der::sequence(&[
                    &der::explicit(0, &digest_identifier),
                    &der::explicit(1, &der::sequence(&[&der::oid(&MGF1), &digest_identifier])),
                    &der::explicit(2, &der::integer(&salt_len.to_be_bytes())),
                ]);
                der::sequence(&[&der::oid(&RSA_PSS), &parameters])
            }
        }
    }
}

fn absent_or_null(reader: &mut Reader<'_>) -> Result<(), Refusal> {
    if let Some(null) = reader.optional(tag::NULL)?
        && !null.contents.is_empty()
    {
        return Err(Refusal::new(Reason::Malformed, "a NULL with contents"));
    }
    Ok(reader.end()?)
}

/// RSASSA-PSS-params (RFC 4055 3.1). The defaults are SHA-1 and are refused as such.
fn pss_parameters(reader: &mut Reader<'_>) -> Result<SignatureAlgorithm, Refusal> {
    let sha1 = || Refusal::new(Reason::AlgorithmUnknown, "RSA-PSS with SHA-1");
    let mut parameters = reader.optional(tag::SEQUENCE)?.ok_or_else(sha1)?.reader();
    reader.end()?;
    let digest = parameters.optional(tag::context(0))?.ok_or_else(sha1)?;
    let digest = Reader::only(
        digest.contents,
        tag::SEQUENCE,
        "an RSA-PSS digest that is no sequence",
    )?;
    let digest = DigestAlgorithm::from_identifier(digest.contents)?;
    let mask = parameters.optional(tag::context(1))?.ok_or_else(sha1)?;
    let mut mask = Reader::only(
        mask.contents,
        tag::SEQUENCE,
        "an RSA-PSS mask that is no sequence",
    )?
    .reader();
    if mask.oid("an RSA-PSS mask without its identifier")? != MGF1 {
        return Err(Refusal::new(
            Reason::AlgorithmUnknown,
            "RSA-PSS with a mask other than MGF1",
        ));
    }
    let mask_digest = mask.expect(tag::SEQUENCE, "MGF1 without a digest")?;
    mask.end()?;
    if DigestAlgorithm::from_identifier(mask_digest.contents)? != digest {
        return Err(Refusal::new(
            Reason::AlgorithmUnknown,
            "RSA-PSS with two different digests",
        ));
    }
    let salt_len = match parameters.optional(tag::context(2))? {
        Some(salt) => Reader::only(
            salt.contents,
            tag::INTEGER,
            "an RSA-PSS salt length that is no integer",
        )?
        .small_integer()?,
        None => 20,
    };
    if let Some(trailer) = parameters.optional(tag::context(3))? {
        let trailer = Reader::only(
            trailer.contents,
            tag::INTEGER,
            "an RSA-PSS trailer that is no integer",
        )?;
        if trailer.small_integer()? != 1 {
            return Err(Refusal::new(Reason::Malformed, "an RSA-PSS trailer other than 1"));
        }
    }
    parameters.end()?;
    let salt_len = u16::try_from(salt_len).ok().filter(|length| *length <= 1024);
    let salt_len = salt_len.ok_or(Refusal::new(
        Reason::Malformed,
        "an RSA-PSS salt longer than any key",
    ))?;
    Ok(SignatureAlgorithm::RsaPss { digest, salt_len })
}

/// The verifier's list of allowed algorithms.
///
/// The default is all that are implemented. A narrower list is made from nothing:
///
/// ```
/// use smartid_trust::{AlgorithmSet, DigestAlgorithm, SignatureAlgorithm};
///
/// let only_pss = AlgorithmSet::none().rsa_pss();
/// assert!(only_pss.contains(SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha256)));
/// assert!(!only_pss.contains(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlgorithmSet {
    rsa_pkcs1: bool,
    rsa_pss: bool,
    ecdsa: bool,
    ed25519: bool,
    at_least: DigestAlgorithm,
}

impl Default for AlgorithmSet {
    fn default() -> Self {
        Self::none().rsa_pkcs1().rsa_pss().ecdsa().ed25519()
    }
}

impl AlgorithmSet {
    /// Allows nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rsa_pkcs1: false,
            rsa_pss: false,
            ecdsa: false,
            ed25519: false,
            at_least: DigestAlgorithm::Sha256,
        }
    }

    /// Allows RSA with PKCS #1 v1.5 padding too.
    #[must_use]
    pub const fn rsa_pkcs1(mut self) -> Self {
        self.rsa_pkcs1 = true;
        self
    }

    /// Allows RSA-PSS too.
    #[must_use]
    pub const fn rsa_pss(mut self) -> Self {
        self.rsa_pss = true;
        self
    }

    /// Allows ECDSA too.
    #[must_use]
    pub const fn ecdsa(mut self) -> Self {
        self.ecdsa = true;
        self
    }

    /// Allows Ed25519 too.
    #[must_use]
    pub const fn ed25519(mut self) -> Self {
        self.ed25519 = true;
        self
    }

    /// Refuses digests shorter than that of `digest`. Ed25519 has no digest to choose and is not affected.
    #[must_use]
    pub const fn with_digest_at_least(mut self, digest: DigestAlgorithm) -> Self {
        self.at_least = digest;
        self
    }

    /// Whether `algorithm` is allowed.
    #[must_use]
    pub fn contains(self, algorithm: SignatureAlgorithm) -> bool {
        let family = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => self.rsa_pkcs1,
            SignatureAlgorithm::RsaPss { .. } => self.rsa_pss,
            SignatureAlgorithm::Ecdsa(_) => self.ecdsa,
            SignatureAlgorithm::Ed25519 => self.ed25519,
            SignatureAlgorithm::LegacyRsaPkcs1Sha1 => false,
        };
        family && algorithm.digest().is_none_or(|digest| digest >= self.at_least)
    }

    /// Whether `digest` is long enough, where a message names one apart from its signature algorithm.
    pub(crate) fn check_digest(self, digest: DigestAlgorithm) -> Result<(), Refusal> {
        if digest >= self.at_least {
            return Ok(());
        }
        Err(Refusal::new(Reason::AlgorithmNotAllowed, format!("{digest:?}")))
    }

    pub(crate) fn check(self, algorithm: SignatureAlgorithm) -> Result<(), Refusal> {
        if self.contains(algorithm) {
            return Ok(());
        }
        Err(Refusal::new(
            Reason::AlgorithmNotAllowed,
            format!("{algorithm:?}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGESTS: [DigestAlgorithm; 3] = [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ];

    fn every() -> Vec<SignatureAlgorithm> {
        let mut all = vec![SignatureAlgorithm::Ed25519];
        for digest in DIGESTS {
            all.extend([
                SignatureAlgorithm::RsaPkcs1(digest),
                SignatureAlgorithm::rsa_pss(digest),
                SignatureAlgorithm::RsaPss { digest, salt_len: 0 },
                SignatureAlgorithm::RsaPss {
                    digest,
                    salt_len: 222,
                },
                SignatureAlgorithm::Ecdsa(digest),
            ]);
        }
        all
    }

    fn read(der: &[u8], beside: Option<DigestAlgorithm>) -> Result<SignatureAlgorithm, Reason> {
        let contents = Reader::only(der, tag::SEQUENCE, "?").unwrap().contents;
        SignatureAlgorithm::from_identifier(contents, beside).map_err(|refusal| refusal.reason())
    }

    #[test]
    fn identifiers_come_back() {
        for algorithm in every() {
            assert_eq!(read(&algorithm.identifier(), None), Ok(algorithm));
        }
        for digest in DIGESTS {
            let der = digest.identifier();
            let contents = Reader::only(&der, tag::SEQUENCE, "?").unwrap().contents;
            assert_eq!(DigestAlgorithm::from_identifier(contents), Ok(digest));
        }
    }

    #[test]
    fn a_key_type_is_an_algorithm_only_beside_a_digest() {
        let rsa = der::sequence(&[&der::oid(&RSA_ENCRYPTION), &der::null()]);
        assert_eq!(read(&rsa, None), Err(Reason::AlgorithmUnknown));
        assert_eq!(
            read(&rsa, Some(DigestAlgorithm::Sha384)),
            Ok(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384))
        );
        let p256: Oid = "1.2.840.10045.3.1.7".parse().unwrap();
        let ec = der::sequence(&[&der::oid(&EC_PUBLIC_KEY), &der::oid(&p256)]);
        assert_eq!(read(&ec, None), Err(Reason::AlgorithmUnknown));
        assert_eq!(
            read(&ec, Some(DigestAlgorithm::Sha256)),
            Ok(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256))
        );
    }

    #[test]
    fn sha1_is_unknown_wherever_it_hides() {
        let sha1: Oid = "1.3.14.3.2.26".parse().unwrap();
        let rsa_sha1: Oid = "1.2.840.113549.1.1.5".parse().unwrap();
        assert_eq!(
            read(&der::sequence(&[&der::oid(&rsa_sha1), &der::null()]), None),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            read(&der::sequence(&[&der::oid(&RSA_PSS)]), None),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            read(&der::sequence(&[&der::oid(&RSA_PSS), &der::sequence(&[])]), None),
            Err(Reason::AlgorithmUnknown)
        );
        let sha1 = der::sequence(&[&der::oid(&sha1)]);
        let sha256 = DigestAlgorithm::Sha256.identifier();
        let mask = |digest: &[u8]| der::explicit(1, &der::sequence(&[&der::oid(&MGF1), digest]));
        let pss = |parts: &[&[u8]]| der::sequence(&[&der::oid(&RSA_PSS), &der::sequence(parts)]);
        assert_eq!(
            read(&pss(&[&der::explicit(0, &sha1), &mask(&sha256)]), None),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            read(&pss(&[&der::explicit(0, &sha256), &mask(&sha1)]), None),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            read(&pss(&[&der::explicit(0, &sha256)]), None),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            read(&pss(&[&der::explicit(0, &sha256), &mask(&sha256)]), None),
            Ok(SignatureAlgorithm::RsaPss {
                digest: DigestAlgorithm::Sha256,
                salt_len: 20
            })
        );
    }

    #[test]
    fn odd_pss_parameters_are_refused() {
        let sha256 = DigestAlgorithm::Sha256.identifier();
        let sha384 = DigestAlgorithm::Sha384.identifier();
        let head = der::explicit(0, &sha256);
        let mask = |oid: &Oid, digest: &[u8]| der::explicit(1, &der::sequence(&[&der::oid(oid), digest]));
        let pss = |parts: &[&[u8]]| {
            read(
                &der::sequence(&[&der::oid(&RSA_PSS), &der::sequence(parts)]),
                None,
            )
        };
        let good = mask(&MGF1, &sha256);
        assert_eq!(
            pss(&[&head, &mask(&MGF1, &sha384)]),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            pss(&[&head, &mask(&RSA_PSS, &sha256)]),
            Err(Reason::AlgorithmUnknown)
        );
        assert_eq!(
            pss(&[&head, &good, &der::explicit(2, &der::integer(&[4, 1]))]),
            Err(Reason::Malformed)
        );
        assert_eq!(
            pss(&[&head, &good, &der::explicit(3, &der::integer(&[2]))]),
            Err(Reason::Malformed)
        );
        assert!(pss(&[&head, &good, &der::explicit(3, &der::integer(&[1]))]).is_ok());
        assert_eq!(pss(&[&head, &good, &der::null()]), Err(Reason::Malformed));
    }

    #[test]
    fn a_list_holds_what_was_put_on_it() {
        for algorithm in every() {
            assert!(AlgorithmSet::default().contains(algorithm));
            assert!(!AlgorithmSet::none().contains(algorithm));
        }
        let strict = AlgorithmSet::default().with_digest_at_least(DigestAlgorithm::Sha384);
        assert!(!strict.contains(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)));
        assert!(strict.contains(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512)));
        assert!(strict.contains(SignatureAlgorithm::Ed25519));
        let ecdsa = AlgorithmSet::none().ecdsa();
        assert_eq!(
            every()
                .into_iter()
                .filter(|algorithm| ecdsa.contains(*algorithm))
                .count(),
            3
        );
        assert_eq!(
            ecdsa.check(SignatureAlgorithm::Ed25519).unwrap_err().reason(),
            Reason::AlgorithmNotAllowed
        );
    }
}
