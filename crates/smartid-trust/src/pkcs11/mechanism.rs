//! From signature algorithms to mechanisms and back.
//!
//! Tokens differ in where they hash: most take a digest, some only the message. Both are used, whichever the token has; what it wants
//! prepared (the DigestInfo of PKCS #1, the digest for ECDSA) is prepared here, and the two numbers of an ECDSA signature become ASN.1.

use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};

use crate::der;
use crate::{DigestAlgorithm, SignatureAlgorithm};

/// How a token is to be asked for a signature.
pub(super) struct Plan {
    pub(super) mechanism: Mechanism<'static>,
    prepare: Prepare,
    /// Whether the mechanism takes the message in parts, which keys that want the PIN for each signature need: the PIN is given
    /// between the beginning and the end.
    pub(super) in_parts: bool,
}

#[derive(Clone, Copy)]
enum Prepare {
    /// The token hashes.
    Message,
    Digest(DigestAlgorithm),
    DigestInfo(DigestAlgorithm),
}

impl Plan {
    /// `None` when the token has no mechanism for it.
    pub(super) fn new(
        algorithm: SignatureAlgorithm,
        offered: &[MechanismType],
        in_parts: bool,
    ) -> Option<Self> {
        candidates(algorithm)?
            .into_iter()
            .map(|(mechanism, prepare)| Self {
                in_parts,
                mechanism,
                prepare,
            })
            .find(|plan| {
                let hashes = matches!(plan.prepare, Prepare::Message)
                    && !matches!(plan.mechanism, Mechanism::Eddsa(_));
                offered.contains(&plan.mechanism.mechanism_type()) && (hashes || !in_parts)
            })
    }

    /// What the token is given.
    pub(super) fn data(&self, message: &[u8]) -> Vec<u8> {
        match self.prepare {
            Prepare::Message => message.to_vec(),
            Prepare::Digest(digest) => digest.of(message).as_ref().to_vec(),
            // RFC 8017 9.2: the algorithm with NULL.
            Prepare::DigestInfo(digest) => der::sequence(&[
                &der::sequence(&[&der::oid(&digest.oid()), &der::null()]),
                &der::octet_string(digest.of(message).as_ref()),
            ]),
        }
    }
}

/// What can be asked for, the preferred first.
fn candidates(algorithm: SignatureAlgorithm) -> Option<[(Mechanism<'static>, Prepare); 2]> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    Some(match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => {
            let combined = match digest {
                Sha256 => Mechanism::Sha256RsaPkcs,
                Sha384 => Mechanism::Sha384RsaPkcs,
                Sha512 => Mechanism::Sha512RsaPkcs,
            };
            [
                (combined, Prepare::Message),
                (Mechanism::RsaPkcs, Prepare::DigestInfo(digest)),
            ]
        }
        SignatureAlgorithm::RsaPss { digest, salt_len } => {
            let (hash_alg, mgf) = match digest {
                Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
                Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
                Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
            };
            let s_len = u64::from(salt_len).into();
            let parameters = PkcsPssParams { hash_alg, mgf, s_len };
            let combined = match digest {
                Sha256 => Mechanism::Sha256RsaPkcsPss(parameters),
                Sha384 => Mechanism::Sha384RsaPkcsPss(parameters),
                Sha512 => Mechanism::Sha512RsaPkcsPss(parameters),
            };
            [
                (Mechanism::RsaPkcsPss(parameters), Prepare::Digest(digest)),
                (combined, Prepare::Message),
            ]
        }
        SignatureAlgorithm::Ecdsa(digest) => {
            let combined = match digest {
                Sha256 => Mechanism::EcdsaSha256,
                Sha384 => Mechanism::EcdsaSha384,
                Sha512 => Mechanism::EcdsaSha512,
            };
            [
                (Mechanism::Ecdsa, Prepare::Digest(digest)),
                (combined, Prepare::Message),
            ]
        }
        // Nothing is signed with SHA-1.
        SignatureAlgorithm::LegacyRsaPkcs1Sha1 => return None,
        SignatureAlgorithm::Ed25519 => {
            let eddsa = || Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
            [(eddsa(), Prepare::Message), (eddsa(), Prepare::Message)]
        }
    })
}

/// The signature as everybody else writes it: for ECDSA the two numbers, side by side, become ASN.1 (RFC 3279 2.2.3). `None` when they
/// are no two numbers.
pub(super) fn finish(algorithm: SignatureAlgorithm, signature: Vec<u8>) -> Option<Vec<u8>> {
    if !matches!(algorithm, SignatureAlgorithm::Ecdsa(_)) {
        return Some(signature);
    }
    if signature.is_empty() || !signature.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = signature.split_at_checked(signature.len() / 2)?;
    Some(der::sequence(&[&der::integer(r), &der::integer(s)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(
        algorithm: SignatureAlgorithm,
        offered: &[MechanismType],
        in_parts: bool,
    ) -> Option<MechanismType> {
        Plan::new(algorithm, offered, in_parts).map(|plan| plan.mechanism.mechanism_type())
    }

    #[test]
    fn the_token_decides_who_hashes() {
        let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
        let pss = SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha384);
        let ecdsa = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512);
        let raw = [
            MechanismType::RSA_PKCS,
            MechanismType::RSA_PKCS_PSS,
            MechanismType::ECDSA,
        ];
        let combined = [
            MechanismType::SHA256_RSA_PKCS,
            MechanismType::SHA384_RSA_PKCS_PSS,
            MechanismType::ECDSA_SHA512,
        ];
        let both = [raw, combined].concat();
        for (algorithm, alone_raw, alone_combined, preferred) in [
            (pkcs1, raw[0], combined[0], combined[0]),
            (pss, raw[1], combined[1], raw[1]),
            (ecdsa, raw[2], combined[2], raw[2]),
        ] {
            assert_eq!(plan(algorithm, &raw, false), Some(alone_raw));
            assert_eq!(plan(algorithm, &combined, false), Some(alone_combined));
            assert_eq!(plan(algorithm, &both, false), Some(preferred));
            assert_eq!(plan(algorithm, &both, true), Some(alone_combined));
            assert_eq!(plan(algorithm, &raw, true), None);
            assert_eq!(plan(algorithm, &[], false), None);
        }
        let eddsa = [MechanismType::EDDSA];
        assert_eq!(plan(SignatureAlgorithm::Ed25519, &eddsa, false), Some(eddsa[0]));
        assert_eq!(plan(SignatureAlgorithm::Ed25519, &eddsa, true), None);
    }

    #[test]
    fn the_token_gets_what_it_wants_prepared() {
        let data = |algorithm, offered| Plan::new(algorithm, &[offered], false).unwrap().data(b"message");
        let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
        let digest = DigestAlgorithm::Sha256.of(b"message");
        assert_eq!(data(pkcs1, MechanismType::SHA256_RSA_PKCS), b"message");
        let info = data(pkcs1, MechanismType::RSA_PKCS);
        // RFC 8017 9.2, note 1.
        let prefix = [
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
            0x00, 0x04, 0x20,
        ];
        assert_eq!(info, [&prefix[..], digest.as_ref()].concat());
        let ecdsa = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
        assert_eq!(data(ecdsa, MechanismType::ECDSA), digest.as_ref());
    }

    #[test]
    fn two_numbers_become_asn1() {
        let ecdsa = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
        let finished = finish(ecdsa, vec![0, 1, 0x80, 2]).unwrap();
        assert_eq!(finished, [0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2]);
        assert_eq!(finish(ecdsa, vec![1, 2, 3]), None);
        assert_eq!(finish(ecdsa, Vec::new()), None);
        let rsa = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
        assert_eq!(finish(rsa, vec![1, 2, 3]), Some(vec![1, 2, 3]));
    }
}
