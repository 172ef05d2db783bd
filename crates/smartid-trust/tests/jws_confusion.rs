//! Every algorithm that a header can name with every type of key: a message verifies only if the algorithm is one of that key, and only
//! if it was signed with that very algorithm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod jws_support;

use jws_support::*;
use smartid_trust::jws::{JwkSet, JwsAlgorithm, JwsPolicy};
use smartid_trust::{AlgorithmSet, DigestAlgorithm, Reason};

#[test]
fn every_header_with_every_key() {
    for kind in KINDS {
        let key = Key::of(kind);
        let policy = key.policy();
        for header in JwsAlgorithm::ALL {
            for made_with in key.native() {
                for kid in ["", r#","kid":"one""#] {
                    let text = format!(r#"{{"alg":"{header}"{kid}}}"#);
                    let got = verdict(key.token(&text, b"payload", *made_with), &policy, NOW);
                    let expected = if header == made_with {
                        Ok(b"payload".to_vec())
                    } else if key.native().contains(header) {
                        Err(Reason::BadSignature)
                    } else {
                        Err(Reason::AlgorithmDoesNotFitKey)
                    };
                    assert_eq!(got, expected, "{kind:?}: {header} made with {made_with}");
                }
            }
        }
    }
}

/// The same where all keys are in one set: the algorithm picks among the keys, and never widens what one of them may do.
#[test]
fn every_header_with_a_set_of_every_key() {
    let policy = JwsPolicy::keys(JwkSet::new(
        KINDS.map(|kind| Key::of(kind).named(&format!("{kind:?}"))),
    ));
    for kind in KINDS {
        let key = Key::of(kind);
        for header in JwsAlgorithm::ALL {
            for made_with in key.native() {
                let got = |kid: &str| {
                    let text = format!(r#"{{"alg":"{header}"{kid}}}"#);
                    verdict(key.token(&text, b"payload", *made_with), &policy, NOW).is_ok()
                };
                assert_eq!(
                    got(""),
                    header == made_with,
                    "{kind:?}: {header} made with {made_with}"
                );
                for named in KINDS {
                    assert_eq!(
                        got(&format!(r#","kid":"{named:?}""#)),
                        header == made_with && named == kind,
                        "{kind:?} called {named:?}: {header} made with {made_with}"
                    );
                }
            }
        }
    }
}

/// And where the key has an `alg` of its own.
#[test]
fn the_algorithm_of_the_key_binds() {
    let key = Key::of(Kind::Rsa);
    for bound in key.native() {
        let jwk = key.jwk(&format!(r#","alg":"{bound}""#));
        let policy = JwsPolicy::keys(JwkSet::from_json(jwk).unwrap());
        for header in key.native() {
            let got = verdict(
                key.token(&format!(r#"{{"alg":"{header}"}}"#), b"", *header),
                &policy,
                NOW,
            );
            let expected = if bound == header {
                Ok(Vec::new())
            } else {
                Err(Reason::AlgorithmDoesNotFitKey)
            };
            assert_eq!(got, expected, "{header} with a key for {bound}");
        }
    }
}

#[test]
fn the_list_of_the_verifier_binds() {
    let lists = [
        (AlgorithmSet::none(), &[][..]),
        (AlgorithmSet::none().rsa_pss(), &["PS256", "PS384", "PS512"]),
        (AlgorithmSet::none().rsa_pkcs1(), &["RS256", "RS384", "RS512"]),
        (AlgorithmSet::none().ecdsa(), &["ES256", "ES384", "ES512"]),
        (AlgorithmSet::none().ed25519(), &["EdDSA"]),
        (
            AlgorithmSet::default().with_digest_at_least(DigestAlgorithm::Sha512),
            &["RS512", "PS512", "ES512", "EdDSA"],
        ),
    ];
    for (list, names) in lists {
        for kind in KINDS {
            let key = Key::of(kind);
            let policy = key.policy().with_algorithms(list);
            for algorithm in key.native() {
                let message = key.token(&format!(r#"{{"alg":"{algorithm}"}}"#), b"x", *algorithm);
                // Twice: what the policy remembers must not go around the list.
                for _ in 0..2 {
                    let expected = if names.contains(&algorithm.name()) {
                        Ok(b"x".to_vec())
                    } else {
                        Err(Reason::AlgorithmNotAllowed)
                    };
                    assert_eq!(verdict(&message, &policy, NOW), expected, "{algorithm}");
                }
            }
        }
    }
}

#[test]
fn algorithms_can_be_allowed_one_by_one() {
    let key = Key::of(Kind::Rsa);
    for allowed in key.native() {
        let policy = key.policy().allowing([*allowed, JwsAlgorithm::EdDsa]);
        for algorithm in key.native() {
            let message = key.token(&format!(r#"{{"alg":"{algorithm}"}}"#), b"x", *algorithm);
            for _ in 0..2 {
                let expected = if algorithm == allowed {
                    Ok(b"x".to_vec())
                } else {
                    Err(Reason::AlgorithmNotAllowed)
                };
                assert_eq!(verdict(&message, &policy, NOW), expected, "{algorithm}");
            }
        }
    }
    // Both lists count.
    let message = key.message("", b"x");
    let both = key.policy().with_algorithms(AlgorithmSet::none().rsa_pss());
    assert_eq!(
        verdict(message, &both.allowing([JwsAlgorithm::Rs256]), NOW),
        Err(Reason::AlgorithmNotAllowed)
    );
}

#[test]
fn names_come_back() {
    for algorithm in JwsAlgorithm::ALL {
        assert_eq!(JwsAlgorithm::from_name(algorithm.name()).unwrap(), *algorithm);
    }
}
