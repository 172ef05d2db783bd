//! Which token, which key, which certificate.

use rcgen::KeyPair;
use smartid_trust::pkcs11::{KeySelector, Pin, Pkcs11Module, TokenSelector};
use smartid_trust::{OfficerSigner, Reason};

use crate::common;
use crate::support::{
    PIN, administration, import, init_token, library, open, provision, reason, rsa, signs_with_everything,
    with_token, write_certificate,
};

#[test]
#[ignore = "needs SoftHSM 2"]
fn what_is_not_there_or_not_clear_is_refused() {
    with_token(
        "selection::what_is_not_there_or_not_clear_is_refused",
        |directory| {
            let (key, twin) = (rsa(), KeyPair::generate().unwrap());
            let (leaf, _) = provision(directory, &key);
            let any = KeySelector::any;
            assert_eq!(reason(open(any().with_label("other"), PIN)), Reason::NoKey);
            assert_eq!(reason(open(any().with_id([9]), PIN)), Reason::NoKey);
            let (stranger, _) = common::certify("stranger", &twin);
            assert_eq!(
                reason(open(any().with_certificate(stranger.clone()), PIN)),
                Reason::NoKey
            );
            assert!(open(any(), PIN).is_ok());

            // A second key of the same name.
            import(directory, &twin, "signing", "46");
            assert_eq!(reason(open(any(), PIN)), Reason::SeveralKeys);
            assert_eq!(
                reason(open(any().with_label("signing"), PIN)),
                Reason::SeveralKeys
            );
            assert!(open(any().with_id([0x45]), PIN).is_ok());
            assert!(open(any().with_certificate(leaf), PIN).is_ok());
            // It has no certificate on the token; one can be given.
            let second = || any().with_id([0x46]);
            assert_eq!(reason(open(second(), PIN)), Reason::NoCertificate);
            let given = open(second().with_certificate(stranger.clone()), PIN).unwrap();
            assert_eq!(given.chain(), std::slice::from_ref(&stranger));
            signs_with_everything(&given);
            drop(given);
            // Its identifier is on the certificate of another key.
            let session = administration();
            let (wrong, _) = common::certify("wrong", &KeyPair::generate().unwrap());
            write_certificate(&session, &wrong, "wrong", &[0x46]);
            session.logout().unwrap();
            drop(session);
            assert_eq!(reason(open(second(), PIN)), Reason::KeyCertificateMismatch);
            // It is certified twice.
            let session = administration();
            write_certificate(&session, &stranger, "first", &[0x46]);
            let (renewed, _) = common::certify("renewed", &twin);
            write_certificate(&session, &renewed, "second", &[0x46]);
            session.logout().unwrap();
            drop(session);
            assert_eq!(reason(open(second(), PIN)), Reason::SeveralCertificates);
            let chosen = open(second().with_certificate(renewed.clone()), PIN).unwrap();
            assert_eq!(chosen.chain(), [renewed]);

            let module = Pkcs11Module::load(library()).unwrap();
            let on = |token: TokenSelector| reason(module.signer(token, any(), Pin::known(PIN.into())));
            assert_eq!(
                on(TokenSelector::any().with_label("another")),
                Reason::TokenMissing
            );
            assert_eq!(
                on(TokenSelector::any().with_serial_number("0")),
                Reason::TokenMissing
            );
            let seen = module.tokens().unwrap();
            assert_eq!((seen.len(), seen[0].label.as_str()), (1, "officer"));
            let right = TokenSelector::any().with_serial_number(&seen[0].serial_number);
            assert!(
                module
                    .signer(right, any().with_id([0x45]), Pin::known(PIN.into()))
                    .is_ok()
            );
        },
    );
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn two_tokens_need_a_choice() {
    with_token("selection::two_tokens_need_a_choice", |directory| {
        init_token(&directory.join("softhsm2.conf"), "second");
        assert_eq!(reason(open(KeySelector::any(), PIN)), Reason::SeveralTokens);
        let module = Pkcs11Module::load(library()).unwrap();
        let second = TokenSelector::any().with_label("second");
        let empty = module.signer(second, KeySelector::any(), Pin::known(PIN.into()));
        assert_eq!(reason(empty), Reason::NoKey);
    });
}
