//! Who signed, and with what.

use smartid_trust::cms::{CmsPolicy, SignedData, SignerIdentifier};
use smartid_trust::{AlgorithmSet, DigestAlgorithm, Reason};

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
    let more = tlv(0x30, &[chain[0].issuer().der(), b"\x02\x02\x0a\x77\x05\x00"]);
    let more = Signer::new().with(|signer| signer.name = more);
    assert_eq!(outcome(&more), Some(Reason::Malformed));
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

/// Making letters equal is dear, and the names are the sender's: a message full of long ones took half a minute.
#[test]
fn long_names_are_compared_byte_by_byte() {
    let own = officer(Kind::P256);
    let named = |spaces: usize| SignerIdentifier::IssuerAndSerialNumber {
        issuer: format!("CN=issuing{}ca", " ".repeat(spaces)).parse().unwrap(),
        serial_number: own.certificate().serial_number().clone(),
    };
    assert!(named(1).matches(own.certificate()) && named(4000).matches(own.certificate()));
    assert!(!named(4100).matches(own.certificate()));
}
