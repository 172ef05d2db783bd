//! The signature algorithms of certificates, in the form that webpki takes them.
//!
//! webpki chooses by the exact octets of the algorithm identifiers of signature and key. So there is one entry for each way to write
//! them that is allowed or common: parameters NULL or absent, RSA-PSS keys with and without parameters, every digest with every curve.
//! The signature itself is checked by [`PublicKey`], as everywhere in this crate.

use std::sync::LazyLock;

use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use crate::algorithm::{EC_PUBLIC_KEY, ED25519, MGF1, RSA_ENCRYPTION, RSA_PSS};
use crate::der::{self, Oid, Reader, tag};
use crate::{AlgorithmSet, DigestAlgorithm, PublicKey, SignatureAlgorithm};

const DIGESTS: [DigestAlgorithm; 3] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

/// One way to write a signature algorithm, with one way to write the type of the key.
#[derive(Debug)]
struct Written {
    algorithm: SignatureAlgorithm,
    signature: &'static [u8],
    key: &'static [u8],
}

impl SignatureVerificationAlgorithm for Written {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let algorithm = der::tlv(tag::SEQUENCE, self.key);
        let spki = der::sequence(&[&algorithm, &der::bit_string(public_key)]);
        PublicKey::from_spki_der(&spki)
            .and_then(|key| key.verify(self.algorithm, message, signature))
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(self.key)
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(self.signature)
    }
}

static ALL: LazyLock<Vec<Written>> = LazyLock::new(every);

/// Those that `set` allows.
pub(super) fn allowed(set: AlgorithmSet) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    ALL.iter()
        .filter(|written| set.contains(written.algorithm))
        .map(|written| written as &dyn SignatureVerificationAlgorithm)
        .collect()
}

/// Octets that stay until the program ends: they are made once, and webpki asks for that.
fn keep(octets: Vec<u8>) -> &'static [u8] {
    Box::leak(octets.into_boxed_slice())
}

/// The contents of the algorithm identifier as this crate writes it.
fn usual(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let whole = algorithm.identifier();
    Reader::new(&whole)
        .next()
        .map(|element| element.contents.to_vec())
        .unwrap_or_default()
}

fn with_null(oid: &Oid) -> Vec<u8> {
    [der::oid(oid), der::null()].concat()
}

fn every() -> Vec<Written> {
    let mut all = Vec::new();
    let mut add = |algorithm, signatures: &[Vec<u8>], keys: &[Vec<u8>]| {
        let keys: Vec<_> = keys.iter().map(|key| keep(key.clone())).collect();
        for signature in signatures {
            let signature = keep(signature.clone());
            for key in &keys {
                all.push(Written {
                    algorithm,
                    signature,
                    key,
                });
            }
        }
    };
    let rsa_keys = [with_null(&RSA_ENCRYPTION), der::oid(&RSA_ENCRYPTION)];
    for digest in DIGESTS {
        let algorithm = SignatureAlgorithm::RsaPkcs1(digest);
        let null = usual(algorithm);
        // RFC 4055 5 demands NULL; absent is common.
        let absent = null.strip_suffix(&[tag::NULL, 0]).unwrap_or(&null).to_vec();
        add(algorithm, &[null, absent], &rsa_keys);
    }
    for (digest, curve) in DIGESTS.into_iter().flat_map(|digest| {
        ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"].map(|curve| (digest, curve))
    }) {
        let algorithm = SignatureAlgorithm::Ecdsa(digest);
        let absent = usual(algorithm);
        let null = [absent.as_slice(), &der::null()].concat();
        let curve = curve.parse().map(|curve| der::oid(&curve)).unwrap_or_default();
        add(
            algorithm,
            &[absent, null],
            &[[der::oid(&EC_PUBLIC_KEY), curve].concat()],
        );
    }
    add(
        SignatureAlgorithm::Ed25519,
        &[usual(SignatureAlgorithm::Ed25519)],
        &[der::oid(&ED25519)],
    );
    for digest in DIGESTS {
        // The salt that everybody takes, the default, and the longest that fits keys of 2048, 3072 and 4096 bits.
        let longest = [256, 384, 512].map(|octets| octets - digest.len() - 2);
        for salt_len in [digest.len(), DEFAULT_SALT_LEN].into_iter().chain(longest) {
            let algorithm = SignatureAlgorithm::RsaPss { digest, salt_len };
            let with_null = der::sequence(&[&der::oid(&digest.oid()), &der::null()]);
            let mut signatures = Vec::new();
            for identifier in [with_null, digest.identifier()] {
                signatures.push(pss(&identifier, Some(salt_len)));
                if salt_len == DEFAULT_SALT_LEN {
                    signatures.push(pss(&identifier, None));
                }
            }
            let mut keys = rsa_keys.to_vec();
            keys.push(der::oid(&RSA_PSS));
            keys.extend_from_slice(&signatures);
            add(algorithm, &signatures, &keys);
        }
    }
    all
}

/// The salt that is meant when the parameters name none (RFC 4055 3.1).
const DEFAULT_SALT_LEN: u16 = 20;

/// id-RSASSA-PSS with its parameters; `digest` is an AlgorithmIdentifier.
fn pss(digest: &[u8], salt_len: Option<u16>) -> Vec<u8> {
    let mask = der::sequence(&[&der::oid(&MGF1), digest]);
    let salt = salt_len.map(|salt_len| der::explicit(2, &der::integer(&salt_len.to_be_bytes())));
    let parameters = der::sequence(&[
        &der::explicit(0, digest),
        &der::explicit(1, &mask),
        &salt.unwrap_or_default(),
    ]);
    [der::oid(&RSA_PSS), parameters].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_says_in_octets_what_it_means() {
        for written in ALL.iter() {
            assert_eq!(
                SignatureAlgorithm::from_identifier(written.signature, None),
                Ok(written.algorithm)
            );
        }
        assert_eq!(allowed(AlgorithmSet::default()).len(), ALL.len());
        assert!(allowed(AlgorithmSet::none()).is_empty());
    }

    #[test]
    fn what_rustls_knows_is_known_here() {
        use rustls_pki_types::alg_id;
        let known = |signature: AlgorithmIdentifier, key: AlgorithmIdentifier| {
            ALL.iter()
                .any(|written| *written.signature == *signature.as_ref() && *written.key == *key.as_ref())
        };
        for (signature, key) in [
            (alg_id::RSA_PKCS1_SHA256, alg_id::RSA_ENCRYPTION),
            (alg_id::RSA_PKCS1_SHA384, alg_id::RSA_ENCRYPTION),
            (alg_id::RSA_PKCS1_SHA512, alg_id::RSA_ENCRYPTION),
            (alg_id::RSA_PSS_SHA256, alg_id::RSA_ENCRYPTION),
            (alg_id::RSA_PSS_SHA384, alg_id::RSA_ENCRYPTION),
            (alg_id::RSA_PSS_SHA512, alg_id::RSA_ENCRYPTION),
            (alg_id::ECDSA_SHA256, alg_id::ECDSA_P256),
            (alg_id::ECDSA_SHA512, alg_id::ECDSA_P256),
            (alg_id::ECDSA_SHA384, alg_id::ECDSA_P384),
            (alg_id::ECDSA_SHA512, alg_id::ECDSA_P521),
            (alg_id::ED25519, alg_id::ED25519),
        ] {
            assert!(known(signature, key), "{signature:?} {key:?}");
        }
    }
}
