//! Wycheproof (RSA PKCS #1 v1.5, RSA-PSS, ECDSA in both encodings, Ed25519) against `PublicKey`.
//!
//! What is invalid must never verify. What is valid must verify, unless the key or the algorithm is one that this crate does not do;
//! those are counted by their reason (curves by groups), and the counts are asserted, so that nothing drops out unseen.

use std::collections::BTreeMap;

use smartid_trust::{Curve, DigestAlgorithm, KeyType, PublicKey, Reason, SignatureAlgorithm};
use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// What happened, by its name.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    fn outcome(&mut self, result: TestResult, verdict: Result<(), smartid_trust::Refusal>, name: &str) {
        match (result, verdict) {
            (TestResult::Valid, Ok(())) => self.note("valid, verified"),
            (TestResult::Valid, Err(refusal)) => panic!("{name}: valid, but refused: {refusal}"),
            (TestResult::Invalid, Ok(())) => panic!("{name}: invalid, but verified"),
            (TestResult::Invalid, Err(_)) => self.note("invalid, refused"),
            (TestResult::Acceptable, Ok(())) => self.note("acceptable, verified"),
            (TestResult::Acceptable, Err(_)) => self.note("acceptable, refused"),
        }
    }

    /// The key of a group; none, and counted, on a curve that is not implemented.
    fn key(&mut self, der: &[u8]) -> Option<PublicKey> {
        match PublicKey::from_spki_der(der) {
            Err(refusal) if refusal.reason() == Reason::KeyUnsupported => {
                self.note("curve not implemented");
                None
            }
            other => Some(other.unwrap()),
        }
    }

    fn is(&self, expected: &[(&'static str, usize)]) {
        assert_eq!(self.0, expected.iter().copied().collect());
    }
}

fn digest(hash: HashFunction) -> Option<DigestAlgorithm> {
    match hash {
        HashFunction::Sha2_256 => Some(DigestAlgorithm::Sha256),
        HashFunction::Sha2_384 => Some(DigestAlgorithm::Sha384),
        HashFunction::Sha2_512 => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

#[test]
fn rsa_pkcs1() {
    let mut tally = Tally::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            assert!(matches!(key.key_type(), KeyType::Rsa { bits } if bits == group.key_size));
            for test in group.tests {
                let Some(digest) = digest(group.hash) else {
                    tally.note("digest not implemented");
                    continue;
                };
                let verdict = key.verify(SignatureAlgorithm::RsaPkcs1(digest), &test.msg, &test.sig);
                tally.outcome(test.result, verdict, &format!("{name:?} {}", test.tc_id));
            }
        }
    }
    tally.is(&[
        ("acceptable, refused", 12),
        ("digest not implemented", 3096),
        ("invalid, refused", 3005),
        ("valid, verified", 89),
    ]);
}

#[test]
fn rsa_pss() {
    let mut tally = Tally::default();
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let (Some(digest), true) = (digest(group.hash), group.mgf_hash == Some(group.hash)) else {
                    tally.note("digest or mask not implemented");
                    continue;
                };
                let salt_len = u16::try_from(group.salt_size).unwrap();
                let algorithm = SignatureAlgorithm::RsaPss { digest, salt_len };
                tally.outcome(
                    test.result,
                    key.verify(algorithm, &test.msg, &test.sig),
                    &format!("{name:?} {}", test.tc_id),
                );
            }
        }
    }
    tally.is(&[
        ("digest or mask not implemented", 1721),
        ("invalid, refused", 585),
        ("valid, verified", 1191),
    ]);
}

#[test]
fn ecdsa() {
    let mut tally = Tally::default();
    for name in ecdsa::TestName::all() {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let Some(key) = tally.key(&group.der) else {
                continue;
            };
            let two_numbers = format!("{name:?}").ends_with("P1363");
            for test in group.tests {
                let Some(digest) = digest(group.hash) else {
                    tally.note("digest not implemented");
                    continue;
                };
                let algorithm = SignatureAlgorithm::Ecdsa(digest);
                let verdict = if two_numbers {
                    key.verify_jose(algorithm, &test.msg, &test.sig)
                } else {
                    key.verify(algorithm, &test.msg, &test.sig)
                };
                let bound = match key.key_type() {
                    KeyType::Ec(Curve::P256) => digest == DigestAlgorithm::Sha256,
                    KeyType::Ec(Curve::P384) => digest == DigestAlgorithm::Sha384,
                    _ => digest == DigestAlgorithm::Sha512,
                };
                if two_numbers && !bound {
                    assert_eq!(verdict.unwrap_err().reason(), Reason::AlgorithmDoesNotFitKey);
                    tally.note("two numbers with a digest that JWS does not bind to the curve");
                    continue;
                }
                tally.outcome(test.result, verdict, &format!("{name:?} {}", test.tc_id));
            }
        }
    }
    tally.is(&[
        ("curve not implemented", 5100),
        ("digest not implemented", 5044),
        ("invalid, refused", 2125),
        (
            "two numbers with a digest that JWS does not bind to the curve",
            650,
        ),
        ("valid, verified", 1833),
    ]);
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for name in eddsa::TestName::all() {
        for group in eddsa::TestSet::load(name).unwrap().test_groups {
            let Some(key) = tally.key(&group.der) else {
                continue;
            };
            for test in group.tests {
                let verdict = key.verify(SignatureAlgorithm::Ed25519, &test.msg, &test.sig);
                tally.outcome(test.result, verdict, &format!("{name:?} {}", test.tc_id));
            }
        }
    }
    tally.is(&[
        ("curve not implemented", 15),
        ("invalid, refused", 63),
        ("valid, verified", 88),
    ]);
}
