//! Who signed, with what, and whom the policy believes.

use std::sync::Arc;

use smartid_trust::cms::{CmsPolicy, SignedData, SignerIdentifier};
use smartid_trust::path::{ChainPolicy, Purpose};
use smartid_trust::{
    AlgorithmSet, Certificate, Check, DigestAlgorithm, PublicKey, Reason, SignatureAlgorithm,
};

use crate::support::*;

fn good() -> Message {
    Message::of(&Signer::new())
}

fn outcome(signer: &Signer) -> Option<Reason> {
    reason(&message(signer), &policy())
}

#[test]
fn algorithms_are_the_verifiers_and_fit_the_key() {
    assert_eq!(outcome(&Signer::new()), None);
    let only = |set| reason(&message(&Signer::new()), &policy().with_algorithms(set));
    assert_eq!(only(AlgorithmSet::none().ecdsa()), None);
    assert_eq!(
        only(AlgorithmSet::none().rsa_pkcs1().rsa_pss().ed25519()),
        Some(Reason::AlgorithmNotAllowed)
    );
    assert_eq!(
        only(AlgorithmSet::default().with_digest_at_least(DigestAlgorithm::Sha384)),
        Some(Reason::AlgorithmNotAllowed)
    );
    let sha1 = Signer::new().with(|signer| {
        signer.digest = SHA1;
        signer.attributes = Some(standard_attributes(SHA1, CONTENT));
    });
    assert_eq!(outcome(&sha1), Some(Reason::AlgorithmUnknown));
    let ecdsa_sha1 =
        Signer::new().with(|signer| signer.signature_algorithm = identifier("1.2.840.10045.4.1"));
    assert_eq!(outcome(&ecdsa_sha1), Some(Reason::AlgorithmUnknown));
    let rsa = Signer::new().with(|signer| {
        signer.signature_algorithm = tlv(0x30, &[&oid("1.2.840.113549.1.1.1"), b"\x05\x00"]);
    });
    assert_eq!(outcome(&rsa), Some(Reason::AlgorithmDoesNotFitKey));
    // id-ecPublicKey leaves the digest to the digest algorithm.
    let key_type = Signer::new().with(|signer| signer.signature_algorithm = identifier("1.2.840.10045.2.1"));
    assert_eq!(outcome(&key_type), None);
}

#[test]
fn one_digest_for_content_and_attributes() {
    let differs = Signer::new().with(|signer| {
        signer.digest = SHA512;
        signer.attributes = Some(standard_attributes(SHA512, CONTENT));
    });
    assert_eq!(outcome(&differs), Some(Reason::DigestAlgorithmsDiffer));
    // Ed25519 names none, so any digest goes with it; the verifier's least counts all the same.
    let ed25519 = Signer::of(officer(Kind::Ed25519));
    let short = ed25519.clone().with(|signer| {
        signer.digest = SHA256;
        signer.attributes = Some(standard_attributes(SHA256, CONTENT));
    });
    assert_eq!(outcome(&ed25519), None);
    assert_eq!(outcome(&short), None);
    let long =
        policy().with_algorithms(AlgorithmSet::default().with_digest_at_least(DigestAlgorithm::Sha512));
    assert_eq!(reason(&message(&ed25519), &long), None);
    assert_eq!(reason(&message(&short), &long), Some(Reason::AlgorithmNotAllowed));
    // Without attributes the message itself is signed, and the digest is only a name.
    let bare = short.with(|signer| signer.attributes = None);
    assert_eq!(reason(&message(&bare), &long), None);
}

#[test]
fn the_signature_is_over_these_bytes_by_this_key() {
    let other_key = Signer::new().with(|signer| {
        signer.officer.key = Key::new(Kind::P256);
    });
    assert_eq!(outcome(&other_key), Some(Reason::BadSignature));
    let bare = Signer::new().with(|signer| signer.attributes = None);
    let other_content = Message::of(&bare).with(|message| message.infos = vec![bare.info(b"other")]);
    assert_eq!(
        reason(&other_content.der(), &policy()),
        Some(Reason::BadSignature)
    );
}

#[test]
fn the_certificate_comes_from_the_message_or_from_the_verifier() {
    let none = good().with(|message| message.certificates.clear()).der();
    assert_eq!(reason(&none, &policy()), Some(Reason::SignerCertificateMissing));
    let supplied = policy().with_certificates(officer(Kind::P256).chain);
    assert_eq!(reason(&none, &supplied), None);
    assert_eq!(reason(&good().der(), &supplied), None);
    let alone = good().with(|message| message.certificates.truncate(1)).der();
    assert_eq!(reason(&alone, &policy()), Some(Reason::UnknownIssuer));
    assert_eq!(reason(&alone, &policy().with_certificates(vec![issuing()])), None);
    let unreadable = good()
        .with(|message| message.certificates = vec![tlv(0x30, &[])])
        .der();
    let refusal = SignedData::parse(unreadable)
        .unwrap()
        .verify(&policy(), NOW)
        .unwrap_err();
    assert_eq!(refusal.reason(), Reason::SignerCertificateMissing);
    assert!(refusal.detail().contains("cannot be read: 1"), "{refusal}");
    // Serial number right, issuer wrong, and the other way round.
    let chain = officer(Kind::P256).chain;
    let wrong_issuer = tlv(0x30, &[chain[1].issuer().der(), b"\x02\x02\x0a\x77"]);
    let wrong_serial = tlv(0x30, &[chain[0].issuer().der(), b"\x02\x02\x0b\x77"]);
    for name in [wrong_issuer, wrong_serial] {
        let signer = Signer::new().with(|signer| signer.name = name);
        assert_eq!(outcome(&signer), Some(Reason::SignerCertificateMissing));
    }
    let odd = Signer::new().with(|signer| signer.name = tlv(0x81, &[b"odd"]));
    assert_eq!(outcome(&odd), Some(Reason::Malformed));
}

#[test]
fn issuer_names_in_another_string_type_are_the_same() {
    let name = |tag: u8, text: &[u8]| {
        let pair = tlv(0x30, &[&oid("2.5.4.3"), &tlv(tag, &[text])]);
        let issuer = tlv(0x30, &[&tlv(0x31, &[&pair])]);
        let signer = Signer::new();
        signer.with(|signer| signer.name = tlv(0x30, &[&issuer, b"\x02\x02\x0a\x77"]))
    };
    assert_eq!(outcome(&name(0x0c, b"Issuing CA")), None);
    assert_eq!(outcome(&name(0x13, b"issuing  ca")), None);
    assert_eq!(
        outcome(&name(0x0c, b"Issuing CB")),
        Some(Reason::SignerCertificateMissing)
    );
}

#[test]
fn the_subject_key_identifier_names_the_signer() {
    let id = [7; 20];
    let named = Made {
        with_key_id: Some(id),
        ..Made::default()
    };
    let with_extension = issue(Key::new(Kind::P256), 20, named);
    let by_id = |officer: &Officer, id: &[u8]| {
        Signer::of(officer.clone()).with(|signer| {
            signer.name = tlv(0x80, &[id]);
            signer.version = 3;
        })
    };
    assert_eq!(outcome(&by_id(&with_extension, &id)), None);
    assert_eq!(
        outcome(&by_id(&with_extension, &[8; 20])),
        Some(Reason::SignerCertificateMissing)
    );
    assert_eq!(outcome(&by_id(&with_extension, &[])), Some(Reason::Malformed));
    assert_eq!(
        outcome(&by_id(&with_extension, &[7; 129])),
        Some(Reason::Malformed)
    );
    // Without the extension the SHA-1 digest of the key stands in.
    let without = officer(Kind::P256);
    let spki = without.certificate().spki_der();
    let bits = &spki[spki.len() - 65..];
    assert_eq!(outcome(&by_id(&without, &hash(SHA1, bits))), None);
    assert_eq!(outcome(&by_id(&without, &hash(SHA1, spki))), None);
    // With it, nothing stands in.
    let spki = with_extension.certificate().spki_der();
    assert_eq!(
        outcome(&by_id(&with_extension, &hash(SHA1, spki))),
        Some(Reason::SignerCertificateMissing)
    );
}

#[test]
fn of_several_certificates_exactly_one_must_pass() {
    let id = Some([9; 20]);
    let key = Key::new(Kind::P256);
    let current = issue(
        key.clone(),
        30,
        Made {
            with_key_id: id,
            ..Made::default()
        },
    );
    let renewed = issue(
        key.clone(),
        31,
        Made {
            with_key_id: id,
            ..Made::default()
        },
    );
    let expired = issue(
        key,
        32,
        Made {
            with_key_id: id,
            expired: true,
            ..Made::default()
        },
    );
    let forged = issue(
        Key::new(Kind::P256),
        30,
        Made {
            with_key_id: id,
            by_stranger: true,
            ..Made::default()
        },
    );
    let signer = |name: Vec<u8>| Signer::of(current.clone()).with(|signer| signer.name = name);
    let by_id = signer(tlv(0x80, &[&[9; 20]]));
    let by_serial = signer(issuer_and_serial(current.certificate()));
    let with = |signer: &Signer, others: &[&Officer]| {
        let mut message = Message::of(signer);
        for other in others {
            message.certificates.insert(0, other.certificate().der().to_vec());
        }
        message.der()
    };
    let outcome = |message: &[u8]| match verify(message, &policy()) {
        Ok(verified) => {
            assert_eq!(verified.proof().signer(), Some(current.certificate()));
            None
        }
        Err(reason) => Some(reason),
    };
    assert_eq!(outcome(&with(&by_id, &[])), None);
    assert_eq!(
        outcome(&with(&by_id, &[&current])),
        None,
        "the same one twice is one"
    );
    assert_eq!(outcome(&with(&by_id, &[&forged])), None);
    assert_eq!(outcome(&with(&by_serial, &[&forged])), None);
    assert_eq!(outcome(&with(&by_id, &[&expired])), None);
    assert_eq!(
        outcome(&with(&by_id, &[&renewed])),
        Some(Reason::SignerCertificateAmbiguous)
    );
    let crowd: Vec<Officer> = (40..44)
        .map(|serial| {
            issue(
                Key::new(Kind::P256),
                serial,
                Made {
                    with_key_id: id,
                    ..Made::default()
                },
            )
        })
        .collect();
    let three: Vec<&Officer> = crowd.iter().skip(1).collect();
    assert_eq!(outcome(&with(&by_id, &three)), None);
    let four: Vec<&Officer> = crowd.iter().collect();
    assert_eq!(
        outcome(&with(&by_id, &four)),
        Some(Reason::SignerCertificateAmbiguous)
    );
    // The verifier's own naming settles it, and so does the issuer and the serial number.
    let named = CmsPolicy::named_certificates(vec![current.certificate().clone()]);
    assert_eq!(reason(&with(&by_id, &[&renewed]), &named), None);
    assert_eq!(outcome(&with(&by_serial, &[&renewed])), None);
    // None passes: the refusal of the one whose key fits.
    let message = Message::of(
        &Signer::of(expired.clone()).with(|signer| signer.name = tlv(0x80, &[&[9; 20]])),
    )
    .with(|message| {
        message
            .certificates
            .insert(0, forged.certificate().der().to_vec())
    });
    assert_eq!(reason(&message.der(), &policy()), Some(Reason::UnknownIssuer));
    let message = message.with(|message| message.certificates.swap(0, 1));
    assert_eq!(reason(&message.der(), &policy()), Some(Reason::UnknownIssuer));
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
    let by_key = CmsPolicy::keys(vec![key]).demanding_signers(vec![first]);
    assert_eq!(reason(&pair, &by_key), None);
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
