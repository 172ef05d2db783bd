//! Types of keys, and keys that are particular.

use std::sync::Arc;

use cryptoki::object::{Attribute, ObjectClass};
use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use smartid_trust::pkcs11::KeySelector;
use smartid_trust::{OfficerIdentity, OfficerSigner, Reason};

use crate::common;
use crate::support::{
    PIN, administration, ed25519, import, open, reason, rsa, signs_with_everything, with_token,
    write_certificate,
};

#[test]
#[ignore = "needs SoftHSM 2"]
fn every_type_of_key_signs_and_authenticates() {
    let keys = [
        ("rsa", rsa(), 6),
        (
            "p256",
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
            1,
        ),
        (
            "p384",
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
            1,
        ),
        (
            "p521",
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap(),
            1,
        ),
        ("ed25519", ed25519(), 1),
    ];
    with_token("keys::every_type_of_key_signs_and_authenticates", |directory| {
        for (number, (label, key, _)) in (1_u8..).zip(&keys) {
            import(directory, key, label, &format!("{number:02}"));
        }
        for (number, (label, key, count)) in (1_u8..).zip(&keys) {
            let (leaf, root) = common::certify(label, key);
            let session = administration();
            write_certificate(&session, &leaf, label, &[number]);
            write_certificate(&session, &root, "root", &[]);
            session.logout().unwrap();
            drop(session);
            for selector in [
                KeySelector::any().with_label(*label),
                KeySelector::any().with_id([number]),
                KeySelector::any().with_certificate(leaf.clone()),
            ] {
                let signer = open(selector, PIN).unwrap();
                assert_eq!(signer.chain(), [leaf.clone(), root.clone()]);
                assert_eq!(signer.algorithms().len(), *count, "{label}");
                assert!(!format!("{signer:?}").contains(PIN));
            }
            let signer = open(KeySelector::any().with_label(*label), PIN).unwrap();
            signs_with_everything(&signer);
            let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
            for version in [&TLS12, &TLS13] {
                assert_eq!(
                    common::handshake(identity.clone(), &root, version).unwrap(),
                    *leaf.der()
                );
            }
        }
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_certificate_that_fits_by_its_identifier_alone_is_tested_by_signing() {
    let test = "keys::a_certificate_that_fits_by_its_identifier_alone_is_tested_by_signing";
    with_token(test, |directory| {
        // Private keys on elliptic curves do not tell their public half, and here nothing else does.
        let (right, wrong) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        import(directory, &right, "right", "01");
        import(directory, &wrong, "wrong", "02");
        let session = administration();
        for public in session
            .find_objects(&[Attribute::Class(ObjectClass::PUBLIC_KEY)])
            .unwrap()
        {
            session.destroy_object(public).unwrap();
        }
        let (certificate, _) = common::certify("right", &right);
        write_certificate(&session, &certificate, "right", &[1]);
        write_certificate(&session, &certificate, "wrong", &[2]);
        session.logout().unwrap();
        drop(session);
        signs_with_everything(&open(KeySelector::any().with_label("right"), PIN).unwrap());
        // Named together, they need not have an identifier in common.
        let (given, _) = common::certify("given", &wrong);
        let pair = KeySelector::any()
            .with_label("wrong")
            .with_certificate(given.clone());
        signs_with_everything(&open(pair, PIN).unwrap());
        let alone = KeySelector::any().with_certificate(given);
        assert_eq!(reason(open(alone, PIN)), Reason::NoKey);
        let signer = open(KeySelector::any().with_label("wrong"), PIN).unwrap();
        let error = signer.sign(signer.algorithms()[0], b"m").unwrap_err();
        assert!(error.to_string().contains("no certificate belongs"), "{error}");
    });
}
