//! What the policy says about signers: which certificates and keys are believed, and which of several signers must verify.

use std::sync::Arc;

use smartid_trust::cms::{CmsPolicy, SignedData, SignerIdentifier};
use smartid_trust::path::{ChainPolicy, Purpose};
use smartid_trust::{Certificate, Check, DigestAlgorithm, PublicKey, Reason, SignatureAlgorithm};

use crate::support::*;

fn good() -> Message {
    Message::of(&Signer::new())
}

#[test]
fn named_certificates_and_keys() {
    let signer = officer(Kind::P256);
    let named = |certificates: Vec<Certificate>| CmsPolicy::named_certificates(certificates);
    let own = named(vec![issuing(), signer.certificate().clone()]);
    let verified = verify(&good().der(), &own).unwrap();
    let proof = verified.proof();
    assert!(proof.was_checked(Check::KeyNamedByVerifier) && !proof.was_checked(Check::Chain));
    assert_eq!(proof.chain, [signer.certificate().clone()]);
    for check in [
        Check::Chain,
        Check::Validity,
        Check::Purpose,
        Check::RevocationOfSigner,
        Check::ExpectedContent,
    ] {
        assert!(proof.not_checked.contains(&check), "{check:?}");
    }
    assert_eq!(
        reason(&good().der(), &named(vec![issuing()])),
        Some(Reason::SignerNotNamed)
    );
    assert_eq!(
        reason(&good().der(), &named(vec![])),
        Some(Reason::SignerNotNamed)
    );
    // A certificate that answers to the identifier, with another key.
    let twin = issue(Key::new(Kind::P256), 10, Made::default());
    let twin = named(vec![twin.certificate().clone()]);
    assert_eq!(reason(&good().der(), &twin), Some(Reason::BadSignature));

    let key = |officer: &Officer| officer.certificate().public_key().unwrap();
    let keys = |keys: Vec<PublicKey>| CmsPolicy::keys(keys);
    let without = good().with(|message| message.certificates.clear()).der();
    let verified = verify(&without, &keys(vec![key(&officer(Kind::Rsa)), key(&signer)])).unwrap();
    assert_eq!(verified.proof().key, key(&signer));
    assert!(verified.proof().chain.is_empty() && verified.proof().was_checked(Check::KeyNamedByVerifier));
    let stranger = issue(Key::new(Kind::P256), 50, Made::default());
    assert_eq!(
        reason(&without, &keys(vec![key(&stranger)])),
        Some(Reason::BadSignature)
    );
    assert_eq!(
        reason(&without, &keys(vec![key(&stranger), key(&officer(Kind::Rsa))])),
        Some(Reason::SignerNotNamed)
    );
    assert_eq!(reason(&without, &keys(vec![])), Some(Reason::SignerNotNamed));
}

fn two_signers(second: &Signer) -> Vec<u8> {
    let first = Signer::new();
    Message::of(&first)
        .with(|message| {
            message.infos.push(second.info(CONTENT));
            message
                .certificates
                .push(second.officer.certificate().der().to_vec());
        })
        .der()
}

#[test]
fn several_signers_are_reported_one_by_one() {
    let other = Signer::of(officer(Kind::Ed25519)).with(|signer| {
        let officer = issue(signer.officer.key.clone(), 60, Made::default());
        signer.name = issuer_and_serial(officer.certificate());
        signer.officer = officer;
    });
    let broken = other.clone().with(|signer| {
        signer.attributes = Some(standard_attributes(SHA512, b"other"));
    });
    let both = verify(&two_signers(&other), &policy()).unwrap();
    assert_eq!(both.fact().signers.len(), 2);
    assert!(both.fact().signers.iter().all(|signer| signer.outcome.is_ok()));
    assert_eq!(both.proof().signer(), Some(Signer::new().officer.certificate()));

    let half = two_signers(&broken);
    assert_eq!(reason(&half, &policy()), Some(Reason::MessageDigestDiffers));
    let reports = SignedData::parse(half.clone()).unwrap().reports(&policy(), NOW);
    assert!(reports[0].outcome.is_ok());
    assert_eq!(
        reports[1].outcome.as_ref().unwrap_err().reason(),
        Reason::MessageDigestDiffers
    );
    assert_eq!(
        reports[1].identifier,
        SignerIdentifier::of(other.officer.certificate())
    );

    let any = verify(&half, &policy().any_signer()).unwrap();
    assert!(any.fact().signers[0].outcome.is_ok() && any.fact().signers[1].outcome.is_err());
    // When nobody passes, one of many does not either.
    let stranger = CmsPolicy::named_certificates(vec![issuing()]);
    assert_eq!(
        reason(&half, &stranger.any_signer()),
        Some(Reason::SignerNotNamed)
    );

    let certificate = |signer: &Signer| signer.officer.certificate().clone();
    let demanding = |all: Vec<Certificate>| policy().demanding_signers(all);
    let first = certificate(&Signer::new());
    assert_eq!(reason(&half, &demanding(vec![first.clone()])), None);
    assert_eq!(
        reason(&half, &demanding(vec![first.clone(), certificate(&other)])),
        Some(Reason::MessageDigestDiffers)
    );
    let pair = two_signers(&other);
    let verified = verify(&pair, &demanding(vec![certificate(&other), first.clone()])).unwrap();
    assert_eq!(
        verified.proof().signer(),
        Some(&certificate(&other)),
        "the first named"
    );
    assert_eq!(
        reason(&pair, &demanding(vec![first.clone(), issuing()])),
        Some(Reason::DemandedSignerMissing)
    );
    assert_eq!(
        reason(&pair, &demanding(vec![])),
        Some(Reason::DemandedSignerMissing)
    );
    let key = first.public_key().unwrap();
    let by_key = |demanded| CmsPolicy::keys(vec![key.clone()]).demanding_signers(vec![demanded]);
    assert_eq!(reason(&pair, &by_key(first)), None);
    assert_eq!(
        reason(&good().der(), &by_key(issuing())),
        Some(Reason::DemandedSignerMissing)
    );
}

#[test]
fn a_chain_is_validated_once() {
    let verifier = Arc::new(Chains {
        roots: vec![root()],
        asked: 0.into(),
    });
    let policy = CmsPolicy::certificates(Arc::new(ChainPolicy::new(
        Arc::clone(&verifier) as Arc<_>,
        Purpose::signing(),
    )));
    for _ in 0..3 {
        assert_eq!(reason(&good().der(), &policy), None);
    }
    assert_eq!(verifier.asked.load(std::sync::atomic::Ordering::Relaxed), 1);
    // The purpose is the policy's.
    let server = Purpose::any().with_extended_use(smartid_trust::path::ExtendedUse::OneOf(vec![
        "1.3.6.1.5.5.7.3.4".parse().unwrap(),
    ]));
    let policy = CmsPolicy::certificates(Arc::new(ChainPolicy::new(verifier, server)));
    assert_eq!(reason(&good().der(), &policy), Some(Reason::ExtendedKeyUsage));
}

#[test]
fn proofs_name_key_algorithm_and_time() {
    let verified = verify(&good().der(), &policy()).unwrap();
    let proof = verified.proof();
    assert_eq!(
        proof.algorithm,
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)
    );
    assert_eq!(proof.at, NOW);
    assert_eq!(proof.chain.last(), Some(&root()));
    assert!(proof.was_checked(Check::Chain) && proof.was_checked(Check::Signature));
    assert!(proof.not_checked.contains(&Check::RevocationOfSigner));
}
