//! Signature algorithms, read from and written into AlgorithmIdentifiers.

use super::*;
use crate::der;

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
