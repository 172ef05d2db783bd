//! What is made verifies, in every combination.

use std::sync::Arc;

use smartid_core::{ManualRuntime, Timestamp};
use smartid_trust::cms::{self, CmsPolicy, SignOptions, SignedData};
use smartid_trust::{
    AlgorithmSet, Check, DigestAlgorithm, OfficerSigner, Reason, SignatureAlgorithm, SigningError,
};

use crate::support::*;

#[test]
fn every_algorithm_attached_and_detached_with_and_without_attributes() {
    for kind in Kind::ALL {
        for algorithm in kind.algorithms() {
            let officer = officer(kind).preferring(algorithm);
            for (detached, attributes) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut options = SignOptions::new().with_chain();
                if detached {
                    options = options.detached();
                }
                if !attributes {
                    options = options.without_signed_attributes();
                }
                let message = cms::sign(&officer, CONTENT, &options).unwrap();
                let mut parsed = SignedData::parse(message).unwrap();
                assert_eq!(parsed.danger_unverified().embedded_content().is_none(), detached);
                if detached {
                    assert_eq!(
                        verify_parsed(&parsed, &policy()).unwrap_err(),
                        Reason::ContentMissing
                    );
                    parsed = parsed.with_content(CONTENT);
                }
                let verified = verify_parsed(&parsed, &policy().expecting_content(CONTENT)).unwrap();
                assert_eq!(verified.fact().content, CONTENT);
                assert_eq!(verified.proof().algorithm, algorithm);
                assert_eq!(verified.proof().signer(), Some(officer.certificate()));
                assert_eq!(verified.proof().chain.len(), 3);
                assert!(verified.proof().was_checked(Check::ExpectedContent));
                let signer = verified.fact().signers[0].outcome.as_ref().unwrap();
                assert_eq!(signer.has_signed_attributes, attributes);
                assert_eq!(signer.claimed_signing_time, None);
            }
        }
    }
}

#[test]
fn the_default_is_what_the_certificate_manager_reads() {
    let officer = officer(Kind::Rsa);
    let message = cms::sign(&officer, CONTENT, &SignOptions::new()).unwrap();
    let parsed = SignedData::parse(message).unwrap();
    let unread = parsed.danger_unverified();
    assert_eq!(unread.content_type().to_string(), DATA);
    assert_eq!(unread.embedded_content().unwrap(), CONTENT);
    assert_eq!(unread.certificates(), [officer.certificate().clone()]);
    assert!(unread.signers().next().unwrap().matches(officer.certificate()));
    let policy = policy().with_certificates(vec![issuing()]);
    assert!(verify_parsed(&parsed, &policy.demanding_signed_attributes()).is_ok());
}

#[test]
fn what_is_made_is_der() {
    // The builder of the tests writes every field by itself; sorted sets and shortest lengths leave no choice.
    let officer = officer(Kind::Ed25519);
    let made = cms::sign(&officer, CONTENT, &SignOptions::new()).unwrap();
    let mut expected = Message::of(&Signer::of(officer.clone()).with(|signer| {
        signer.attributes.as_mut().unwrap().sort();
    }));
    expected.certificates.truncate(1);
    assert_eq!(made, expected.der());
}

#[test]
fn signing_time_and_signing_certificate_come_back() {
    let time = Timestamp::from_millis(1_700_000_000_000);
    let options = SignOptions::new()
        .with_chain()
        .with_signing_time(time)
        .with_signing_certificate();
    let message = cms::sign(&officer(Kind::P256), CONTENT, &options).unwrap();
    let verified = verify(&message, &policy()).unwrap();
    let signer = verified.fact().signers[0].outcome.as_ref().unwrap();
    assert_eq!(signer.claimed_signing_time, Some(time));
    let v2 = oid(SIGNING_CERTIFICATE_V2);
    assert!(message.windows(v2.len()).any(|window| window == v2));
}

#[test]
fn the_first_allowed_algorithm_of_the_key_is_taken() {
    let officer = officer(Kind::Rsa);
    let pss = SignOptions::new()
        .with_chain()
        .with_algorithms(AlgorithmSet::none().rsa_pss());
    let message = cms::sign(&officer, CONTENT, &pss).unwrap();
    assert_eq!(
        verify(&message, &policy()).unwrap().proof().algorithm,
        SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha256)
    );
    let ecdsa = SignOptions::new().with_algorithms(AlgorithmSet::none().ecdsa());
    assert!(matches!(
        cms::sign(&officer, CONTENT, &ecdsa),
        Err(SigningError::NoAlgorithm)
    ));
}

#[test]
fn a_key_that_is_not_its_certificates_is_found_before_sending() {
    let mut confused = officer(Kind::P256);
    confused.key = Key::new(Kind::P256);
    let refused = cms::sign(&confused, CONTENT, &SignOptions::new()).unwrap_err();
    assert!(
        matches!(&refused, SigningError::Refused(refusal) if refusal.reason() == Reason::BadSignature),
        "{refused}"
    );
    confused.chain.clear();
    let refused = cms::sign(&confused, CONTENT, &SignOptions::new()).unwrap_err();
    assert!(
        matches!(&refused, SigningError::Refused(refusal) if refusal.reason() == Reason::SignerCertificateMissing)
    );
}

#[test]
fn attributes_are_not_signed_as_content() {
    let attributes = standard_attributes(SHA256, b"something else");
    let set = tlv(0x31, &[&attributes.concat()]);
    let bare = SignOptions::new().without_signed_attributes();
    let refused = cms::sign(&officer(Kind::P256), &set, &bare).unwrap_err();
    assert!(
        matches!(&refused, SigningError::Refused(refusal) if refusal.reason() == Reason::AttributesAsContent)
    );
    assert!(cms::sign(&officer(Kind::P256), &set, &SignOptions::new()).is_ok());
    let other_set = tlv(0x31, &[b"\x02\x01\x00"]);
    assert!(cms::sign(&officer(Kind::P256), &other_set, &bare).is_ok());
}

#[test]
fn blocking_keys_sign_on_the_runtime() {
    let runtime = ManualRuntime::new(NOW);
    let signer: Arc<dyn OfficerSigner> = Arc::new(officer(Kind::P256));
    let named = CmsPolicy::named_certificates(vec![officer(Kind::P256).certificate().clone()]);
    let signing = cms::sign_blocking_on(&runtime, signer, CONTENT, SignOptions::new());
    let message = runtime.block_on(signing).unwrap().unwrap();
    assert!(verify(&message, &named).is_ok());
}
