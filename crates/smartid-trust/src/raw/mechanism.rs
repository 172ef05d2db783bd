//! What a signer was asked to do, by the name of a PKCS #11 mechanism or a JWS algorithm.

use aws_lc_rs::digest::Digest;

use crate::der::{Reader, tag};
use crate::jws::JwsAlgorithm;
use crate::{DigestAlgorithm, Reason, Refusal, SignatureAlgorithm};

/// How a signature is made from what was sent to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RawMechanism {
    /// The signer hashes what it was sent: `CKM_SHA256_RSA_PKCS`, `RS256`, and so on.
    Message(SignatureAlgorithm),
    /// `CKM_RSA_PKCS`: it was sent a DigestInfo (RFC 8017 9.2), and pads and signs that.
    RsaDigestInfo,
    /// `CKM_RSA_PKCS_PSS`: it was sent a digest. The length says which; mask and salt are those of the digest.
    RsaPssDigest,
    /// `CKM_ECDSA`: it was sent a digest. The length says which.
    EcdsaDigest,
}

const SHA2: [(&str, DigestAlgorithm); 3] = [
    ("SHA256", DigestAlgorithm::Sha256),
    ("SHA384", DigestAlgorithm::Sha384),
    ("SHA512", DigestAlgorithm::Sha512),
];

impl RawMechanism {
    /// By the name of a PKCS #11 mechanism (`CKM_…`) or of a JWS algorithm. Names are case-sensitive.
    ///
    /// ```
    /// use smartid_trust::raw::RawMechanism;
    /// use smartid_trust::{DigestAlgorithm, Reason, SignatureAlgorithm};
    ///
    /// let published = RawMechanism::from_name("CKM_SHA256_RSA_PKCS")?;
    /// assert_eq!(published, RawMechanism::Message(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)));
    /// assert_eq!(RawMechanism::from_name("RS256")?, published);
    /// assert_eq!(RawMechanism::from_name("CKM_SHA1_RSA_PKCS").unwrap_err().reason(), Reason::AlgorithmUnknown);
    /// # Ok::<(), smartid_trust::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// [`Reason::AlgorithmUnknown`], also for digests that are no longer safe; for names of JWS as [`JwsAlgorithm::from_name`].
    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        let Some(mechanism) = name.strip_prefix("CKM_") else {
            return Ok(Self::Message(
                JwsAlgorithm::from_name(name)?.signature_algorithm(),
            ));
        };
        match mechanism {
            "RSA_PKCS" => return Ok(Self::RsaDigestInfo),
            "RSA_PKCS_PSS" => return Ok(Self::RsaPssDigest),
            "ECDSA" => return Ok(Self::EcdsaDigest),
            "EDDSA" => return Ok(Self::Message(SignatureAlgorithm::Ed25519)),
            _ => {}
        }
        SHA2.into_iter()
            .find_map(|(hash, digest)| {
                let algorithm = match mechanism.strip_prefix(hash) {
                    None if mechanism.strip_prefix("ECDSA_") == Some(hash) => {
                        SignatureAlgorithm::Ecdsa(digest)
                    }
                    Some("_RSA_PKCS") => SignatureAlgorithm::RsaPkcs1(digest),
                    Some("_RSA_PKCS_PSS") => SignatureAlgorithm::rsa_pss(digest),
                    _ => return None,
                };
                Some(Self::Message(algorithm))
            })
            .ok_or_else(|| {
                let shown: String = name.chars().take(64).collect();
                Refusal::new(Reason::AlgorithmUnknown, format!("mechanism {shown:?}"))
            })
    }

    /// Whether a signature of this mechanism is one of `algorithm`. The length of an RSA-PSS salt does not matter, and a mechanism that
    /// takes a digest says nothing about which.
    #[must_use]
    pub fn makes(self, algorithm: SignatureAlgorithm) -> bool {
        match (self, algorithm) {
            (
                Self::Message(SignatureAlgorithm::RsaPss { digest, .. }),
                SignatureAlgorithm::RsaPss { digest: made, .. },
            ) => digest == made,
            (Self::Message(asked), made) => asked == made,
            (Self::RsaDigestInfo, SignatureAlgorithm::RsaPkcs1(_))
            | (Self::RsaPssDigest, SignatureAlgorithm::RsaPss { .. })
            | (Self::EcdsaDigest, SignatureAlgorithm::Ecdsa(_)) => true,
            _ => false,
        }
    }

    /// The algorithm, and the digest where the content is one.
    pub(super) fn prepare(self, content: &[u8]) -> Result<(SignatureAlgorithm, Option<Digest>), Refusal> {
        let digest = match self {
            Self::Message(algorithm) => return Ok((algorithm, None)),
            Self::RsaDigestInfo => digest_info(content),
            Self::RsaPssDigest | Self::EcdsaDigest => by_length(content),
        };
        let (digest, octets) = digest.ok_or(Refusal::new(
            Reason::ContentNotPrepared,
            format!("{self:?} over {} bytes", content.len()),
        ))?;
        let algorithm = match self {
            Self::RsaPssDigest => SignatureAlgorithm::rsa_pss(digest),
            Self::EcdsaDigest => SignatureAlgorithm::Ecdsa(digest),
            Self::Message(_) | Self::RsaDigestInfo => SignatureAlgorithm::RsaPkcs1(digest),
        };
        let octets =
            Digest::import_less_safe(octets, digest.aws()).map_err(|_| Reason::ContentNotPrepared)?;
        Ok((algorithm, Some(octets)))
    }
}

/// A digest by itself.
fn by_length(content: &[u8]) -> Option<(DigestAlgorithm, &[u8])> {
    let digest = SHA2.into_iter().map(|(_, digest)| digest);
    let mut fitting = digest.filter(|digest| usize::from(digest.len()) == content.len());
    fitting.next().map(|digest| (digest, content))
}

/// DigestInfo (RFC 8017 9.2): the digest's identifier, and the digest.
fn digest_info(content: &[u8]) -> Option<(DigestAlgorithm, &[u8])> {
    let mut info = Reader::only(content, tag::SEQUENCE, "DigestInfo").ok()?.reader();
    let identifier = info.expect(tag::SEQUENCE, "DigestInfo").ok()?;
    let digest = DigestAlgorithm::from_identifier(identifier.contents).ok()?;
    let octets = info.expect(tag::OCTET_STRING, "DigestInfo").ok()?.contents;
    info.end().ok()?;
    (octets.len() == usize::from(digest.len())).then_some((digest, octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der;

    #[test]
    fn names_are_those_of_pkcs11_and_jws() {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        let message = RawMechanism::Message;
        for (name, mechanism) in [
            (
                "CKM_SHA256_RSA_PKCS",
                message(SignatureAlgorithm::RsaPkcs1(Sha256)),
            ),
            (
                "CKM_SHA512_RSA_PKCS",
                message(SignatureAlgorithm::RsaPkcs1(Sha512)),
            ),
            (
                "CKM_SHA384_RSA_PKCS_PSS",
                message(SignatureAlgorithm::rsa_pss(Sha384)),
            ),
            ("CKM_ECDSA_SHA256", message(SignatureAlgorithm::Ecdsa(Sha256))),
            ("CKM_ECDSA_SHA512", message(SignatureAlgorithm::Ecdsa(Sha512))),
            ("CKM_EDDSA", message(SignatureAlgorithm::Ed25519)),
            ("CKM_RSA_PKCS", RawMechanism::RsaDigestInfo),
            ("CKM_RSA_PKCS_PSS", RawMechanism::RsaPssDigest),
            ("CKM_ECDSA", RawMechanism::EcdsaDigest),
            ("ES384", message(SignatureAlgorithm::Ecdsa(Sha384))),
        ] {
            assert_eq!(RawMechanism::from_name(name).unwrap(), mechanism, "{name}");
        }
        for name in [
            "CKM_SHA1_RSA_PKCS",
            "CKM_SHA_1",
            "CKM_MD5_RSA_PKCS",
            "CKM_SHA224_RSA_PKCS",
            "CKM_ECDSA_SHA1",
            "CKM_ECDSA_",
            "CKM_",
            "CKM_RSA_X_509",
            "CKM_SHA256",
            "CKM_SHA256_RSA",
            "CKM_SHA256SHA256",
            "CKM_ECDSA__RSA_PKCS",
            "ckm_rsa_pkcs",
            "CKM_ECDSA_SHA384_RSA_PKCS",
            "RSA",
            "",
        ] {
            let refusal = RawMechanism::from_name(name).unwrap_err();
            assert_eq!(refusal.reason(), Reason::AlgorithmUnknown, "{name}");
        }
        assert_eq!(
            RawMechanism::from_name("none").unwrap_err().reason(),
            Reason::JwsNotSigned
        );
        assert_eq!(
            RawMechanism::from_name("HS256").unwrap_err().reason(),
            Reason::JwsSymmetric
        );
    }

    #[test]
    fn a_mechanism_makes_its_own_signatures_only() {
        let pss = RawMechanism::from_name("CKM_SHA256_RSA_PKCS_PSS").unwrap();
        let salt = |digest, salt_len| SignatureAlgorithm::RsaPss { digest, salt_len };
        assert!(pss.makes(salt(DigestAlgorithm::Sha256, 222)));
        assert!(!pss.makes(salt(DigestAlgorithm::Sha384, 48)));
        assert!(!pss.makes(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)));
        let rsa = RawMechanism::RsaDigestInfo;
        assert!(rsa.makes(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512)));
        assert!(!rsa.makes(SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha256)));
        assert!(!RawMechanism::EcdsaDigest.makes(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)));
        assert!(!RawMechanism::RsaPssDigest.makes(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)));
    }

    #[test]
    fn a_digest_info_is_whole_and_of_a_digest_that_is_safe() {
        let info = |digest: DigestAlgorithm, octets: &[u8], more: &[u8]| {
            der::sequence(&[&digest.identifier(), &der::octet_string(octets), more])
        };
        let good = info(DigestAlgorithm::Sha384, &[7; 48], &[]);
        let (algorithm, digest) = RawMechanism::RsaDigestInfo.prepare(&good).unwrap();
        assert_eq!(algorithm, SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384));
        assert_eq!(digest.unwrap().as_ref(), [7; 48]);
        let sha1 = der::sequence(&[
            &der::sequence(&[&der::oid(&"1.3.14.3.2.26".parse().unwrap()), &der::null()]),
            &der::octet_string(&[7; 20]),
        ]);
        for bad in [
            info(DigestAlgorithm::Sha256, &[7; 31], &[]),
            info(DigestAlgorithm::Sha256, &[7; 48], &[]),
            info(DigestAlgorithm::Sha256, &[7; 32], &der::null()),
            [good.clone(), vec![0]].concat(),
            sha1,
            b"the text that was to be signed".to_vec(),
            Vec::new(),
        ] {
            let refusal = RawMechanism::RsaDigestInfo.prepare(&bad).unwrap_err();
            assert_eq!(refusal.reason(), Reason::ContentNotPrepared);
        }
        for mechanism in [RawMechanism::EcdsaDigest, RawMechanism::RsaPssDigest] {
            assert!(mechanism.prepare(&[7; 64]).is_ok());
            assert_eq!(
                mechanism.prepare(&[7; 20]).unwrap_err().reason(),
                Reason::ContentNotPrepared
            );
        }
    }
}
