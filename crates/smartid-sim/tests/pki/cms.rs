//! CMS: every form that can be signed verifies, and nothing else does.

use smartid_sim::TestCa;
use smartid_sim::pki::cms::{self, Options, Signer};
use smartid_sim::pki::{Certificate, Digest, Key, KeyKind, Profile, SigAlg, Validity};

use crate::{NOW, ec, refused, rsa_keys, spoilt};

const CONTENT: &[u8] = b"pay 10 EUR";

fn signer(ca: &TestCa, name: &str, key: &Key) -> Signer {
    let subject = format!("CN={name}");
    let certificate = certificate(ca, &subject, key);
    Signer::new(key, certificate.der()).chain(&[ca.issuer_der().to_vec()])
}

fn certificate(ca: &TestCa, subject: &str, key: &Key) -> Certificate {
    ca.issue_for_key(subject, key, Profile::Signing, Validity::days(NOW, 30))
        .unwrap()
}

fn all_options() -> Vec<Options> {
    let mut out = Vec::new();
    for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        let base = Options::new().digest(digest);
        out.extend([
            base.clone(),
            base.clone().signing_time(NOW + 1),
            base.clone().without_attributes(),
            base.clone().digest_in_algorithm(),
            base.clone().detached(),
            base.clone().detached().without_attributes(),
        ]);
    }
    out
}

#[test]
fn every_form_goes_round() {
    let ca = TestCa::new(1, NOW).unwrap();
    let [one, two] = rsa_keys();
    let curve = ec(KeyKind::P384);
    let signers = [
        signer(&ca, "one", &one),
        signer(&ca, "two", &two),
        signer(&ca, "curve", &curve),
    ];
    for options in all_options() {
        for signers in [&signers[..1], &signers[2..], &signers[..]] {
            let message = cms::sign(CONTENT, signers, &options).unwrap();
            let apart = (!options.attached).then_some(CONTENT);
            let verified = cms::verify(&message, apart).unwrap();
            assert_eq!(verified.content, CONTENT);
            assert_eq!(verified.signers.len(), signers.len());
            // Each signer's certificate, and the authority's once.
            assert_eq!(verified.certificates.len(), signers.len() + 1);
            for signer in &verified.signers {
                ca.verify(&signer.certificate, NOW).unwrap();
                assert_eq!(signer.signed_attributes, options.signed_attributes);
                assert_eq!(signer.signing_time, options.signing_time);
                let wanted = match signer.certificate.common_name().as_deref() {
                    Some("curve") => Digest::Sha384,
                    _ => options.digest,
                };
                assert_eq!(signer.alg.digest(), wanted);
            }
        }
    }
}

#[test]
fn content_is_given_once() {
    let ca = TestCa::new(1, NOW).unwrap();
    let signers = [signer(&ca, "a", &ec(KeyKind::P256))];
    let inside = cms::sign(CONTENT, &signers, &Options::new()).unwrap();
    let apart = cms::sign(CONTENT, &signers, &Options::new().detached()).unwrap();
    refused(cms::verify(&inside, Some(CONTENT)), "given apart");
    refused(cms::verify(&apart, None), "not inside");
    refused(cms::verify(&apart, Some(b"pay 99 EUR")), "not what was signed");
    let bare = Options::new().detached().without_attributes();
    let apart = cms::sign(CONTENT, &signers, &bare).unwrap();
    refused(cms::verify(&apart, Some(b"pay 99 EUR")), "does not verify");
    let empty = cms::sign(b"", &signers, &Options::new()).unwrap();
    assert_eq!(cms::verify(&empty, None).unwrap().content, b"");
}

#[test]
fn a_certificate_that_is_not_the_keys_is_detected() {
    let ca = TestCa::new(1, NOW).unwrap();
    let (key, other) = (ec(KeyKind::P256), ec(KeyKind::P256));
    let certificate = certificate(&ca, "CN=a", &other);
    let forged = Signer::new(&key, certificate.der());
    let message = cms::sign(CONTENT, &[forged], &Options::new()).unwrap();
    refused(cms::verify(&message, None), "does not verify");
}

#[test]
fn one_wrong_signer_of_several_is_enough() {
    let ca = TestCa::new(1, NOW).unwrap();
    let (right, wrong) = (ec(KeyKind::P256), ec(KeyKind::P256));
    let good = signer(&ca, "good", &right);
    let certificate = certificate(&ca, "CN=bad", &right);
    let bad = Signer::new(&wrong, certificate.der());
    for signers in [[good.clone(), bad.clone()], [bad, good]] {
        let message = cms::sign(CONTENT, &signers, &Options::new()).unwrap();
        refused(cms::verify(&message, None), "does not verify");
    }
}

/// Replaces bytes by as many others, everywhere.
fn replaced(message: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = message.to_vec();
    let mut found = 0;
    for place in 0..=out.len() - from.len() {
        if &out[place..place + from.len()] == from {
            out[place..place + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
    out
}

#[test]
fn contradictions_are_refused() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = ec(KeyKind::P256);
    let signers = [signer(&ca, "a", &key)];
    let message = cms::sign(CONTENT, &signers, &Options::new()).unwrap();
    let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    let sha384 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
    refused(
        cms::verify(&replaced(&message, &sha256, &sha384), None),
        "contradict each other",
    );
    // Another content type outside than the one that was signed.
    let data = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    let other = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x05];
    let place = message.windows(9).position(|part| part == data).unwrap();
    let mut wrong = message.clone();
    wrong[place + 8] = 5;
    refused(cms::verify(&wrong, None), "content type is another");
    // Without attributes only plain data may be signed.
    let bare = cms::sign(CONTENT, &signers, &Options::new().without_attributes()).unwrap();
    refused(
        cms::verify(&replaced(&bare, &data, &other), None),
        "through attributes",
    );
    // The message digest left out under another name, and named twice.
    let digest = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
    let named = |last: u8| {
        let mut oid = digest;
        oid[8] = last;
        oid
    };
    refused(
        cms::verify(&replaced(&message, &digest, &named(0x63)), None),
        "can be read",
    );
    refused(
        cms::verify(&replaced(&message, &named(3), &digest), None),
        "can be read",
    );
    refused(cms::sign(CONTENT, &[], &Options::new()), "nobody signs");
    let nobody = Signer::new(&key, b"no certificate");
    refused(cms::sign(CONTENT, &[nobody], &Options::new()), "no certificate");
}

#[test]
fn what_is_changed_after_signing_is_detected_or_does_not_matter() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = ec(KeyKind::P256);
    let certificate = certificate(&ca, "CN=a", &key);
    let signer = Signer::new(&key, certificate.der());
    for options in [
        Options::new().signing_time(NOW),
        Options::new().without_attributes(),
    ] {
        let message = cms::sign(CONTENT, std::slice::from_ref(&signer), &options).unwrap();
        let mut survivors = 0;
        for wrong in spoilt(&message) {
            // A changed version number or certificate (whose own signature is the caller's to check) may pass; content and the
            // signer's key may not be others.
            if let Ok(verified) = cms::verify(&wrong, None) {
                assert_eq!(verified.content, CONTENT);
                assert_eq!(verified.signers[0].certificate.spki_der(), certificate.spki_der());
                assert_eq!(verified.signers[0].alg, SigAlg::Es256);
                assert_eq!(verified.signers[0].signing_time, options.signing_time);
                survivors += 1;
            }
        }
        // The certificate has some 400 bytes; nothing beyond it and a few numbers may be open to change.
        assert!(survivors < 3 * certificate.der().len(), "{survivors}");
    }
}

#[test]
fn garbage_and_too_much_are_refused() {
    let ca = TestCa::new(1, NOW).unwrap();
    let message = cms::sign(CONTENT, &[signer(&ca, "a", &ec(KeyKind::P256))], &Options::new()).unwrap();
    for length in 0..message.len() {
        refused(cms::verify(&message[..length], None), "can be read");
    }
    refused(
        cms::verify(&[message.as_slice(), &[0]].concat(), None),
        "can be read",
    );
    let key = ec(KeyKind::P256);
    let long = vec![b'x'; 8 * 1024 * 1024];
    let message = cms::sign(&long, &[signer(&ca, "a", &key)], &Options::new()).unwrap();
    refused(cms::verify(&message, None), "can be read");
    let crowd: Vec<Vec<u8>> = (0..64)
        .map(|number| {
            let subject = format!("CN={number}");
            certificate(&ca, &subject, &key).der().to_vec()
        })
        .collect();
    let signed = |crowd: &[Vec<u8>]| {
        let signer = signer(&ca, "a", &key).chain(crowd);
        cms::sign(CONTENT, &[signer], &Options::new()).unwrap()
    };
    refused(cms::verify(&signed(&crowd), None), "can be read");
    let verified = cms::verify(&signed(&crowd[..63]), None).unwrap();
    assert_eq!(verified.certificates.len(), 64);
    let many: Vec<Signer> = (0..17).map(|_| signer(&ca, "a", &key)).collect();
    let message = cms::sign(CONTENT, &many, &Options::new()).unwrap();
    refused(cms::verify(&message, None), "can be read");
    assert!(cms::verify(&cms::sign(CONTENT, &many[..16], &Options::new()).unwrap(), None).is_ok());
}

#[test]
fn nobody_having_signed_is_no_signature() {
    // SEQUENCE { signedData, [0] SEQUENCE { 1, {}, { data, [0] OCTET STRING "" }, {} } }
    let empty = b"\x30\x27\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x1a\x30\x18\x02\x01\x01\x31\x00\x30\x0f\x06\x09\x2a\x86\
                  \x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x04\x00\x31\x00";
    refused(cms::verify(empty, None), "nobody has signed");
}
