//! Connections: what a token offers to TLS, and several at once.

use std::sync::{Arc, Barrier};

use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use smartid_core::{SignatureScheme, TlsIdentity};
use smartid_trust::pkcs11::KeySelector;
use smartid_trust::{OfficerIdentity, OfficerSigner};

use crate::common;
use crate::support::{
    PIN, administration, import, open, provision, rsa, signs_with_everything, with_token, with_token_that,
    write_certificate,
};

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_token_without_pss_offers_pkcs1_and_tls_1_2_accepts_it() {
    let without_pss =
        "slots.mechanisms = CKM_RSA_PKCS,CKM_SHA256_RSA_PKCS,CKM_SHA384_RSA_PKCS,CKM_SHA512_RSA_PKCS";
    let test = "tls::a_token_without_pss_offers_pkcs1_and_tls_1_2_accepts_it";
    with_token_that(test, without_pss, |directory| {
        let (leaf, root) = provision(directory, &rsa());
        let signer = open(KeySelector::any(), PIN).unwrap();
        signs_with_everything(&signer);
        let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
        assert_eq!(
            identity.schemes(),
            [
                SignatureScheme::RSA_PKCS1_SHA256,
                SignatureScheme::RSA_PKCS1_SHA384,
                SignatureScheme::RSA_PKCS1_SHA512,
            ]
        );
        let seen = common::handshake(identity.clone(), &root, &TLS12).unwrap();
        assert_eq!(seen, *leaf.der());
        let refused = common::handshake(identity, &root, &TLS13).unwrap_err();
        assert!(!refused.to_string().contains(PIN), "{refused}");
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_token_without_hashing_mechanisms_is_given_digests() {
    let bare = "slots.mechanisms = CKM_RSA_PKCS,CKM_ECDSA";
    with_token_that(
        "tls::a_token_without_hashing_mechanisms_is_given_digests",
        bare,
        |directory| {
            let (leaf, root) = provision(directory, &rsa());
            let signer = open(KeySelector::any(), PIN).unwrap();
            assert_eq!(signer.algorithms().len(), 3);
            signs_with_everything(&signer);
            let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
            assert_eq!(common::handshake(identity, &root, &TLS12).unwrap(), *leaf.der());
        },
    );
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn several_connections_at_once_share_a_token() {
    with_token("tls::several_connections_at_once_share_a_token", |directory| {
        let keys = [("rsa", rsa()), ("p256", KeyPair::generate().unwrap())];
        let mut officers = Vec::new();
        for (number, (label, key)) in (1_u8..).zip(&keys) {
            import(directory, key, label, &format!("{number:02}"));
            let (leaf, root) = common::certify(label, key);
            let session = administration();
            write_certificate(&session, &leaf, label, &[number]);
            session.logout().unwrap();
            officers.push((*label, leaf, root));
        }
        let identities: Vec<_> = officers
            .iter()
            .map(|(label, leaf, root)| {
                let signer = open(KeySelector::any().with_label(*label), PIN).unwrap();
                assert!(signer.blocks());
                let identity = OfficerIdentity::new(Arc::new(signer)).unwrap();
                assert!(identity.blocks());
                (Arc::new(identity), leaf, root)
            })
            .collect();
        let together = Barrier::new(8);
        std::thread::scope(|scope| {
            for version in [&TLS12, &TLS13, &TLS12, &TLS13] {
                for (identity, leaf, root) in &identities {
                    let together = &together;
                    scope.spawn(move || {
                        together.wait();
                        let seen = common::handshake(identity.clone(), root, version).unwrap();
                        assert_eq!(seen, *leaf.der());
                    });
                }
            }
        });
    });
}
