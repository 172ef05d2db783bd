//! One module, many threads, and sessions that are lost.

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, ObjectClass};
use smartid_trust::pkcs11::{KeySelector, Pkcs11Module};
use smartid_trust::{OfficerSigner, Reason};

use crate::common;
use crate::support::{
    PIN, administration_beside, library, open, provision, reason, rsa, signs_with_everything, with_token,
    write_certificate,
};

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_module_is_initialised_once_whoever_loads_it() {
    with_token(
        "sessions::a_module_is_initialised_once_whoever_loads_it",
        |directory| {
            // Somebody else in the process was first.
            let other = Pkcs11::new(library()).unwrap();
            let flags = cryptoki::context::CInitializeFlags::OS_LOCKING_OK;
            other
                .initialize(cryptoki::context::CInitializeArgs::new(flags))
                .unwrap();
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| Pkcs11Module::load(library()).unwrap().tokens().unwrap());
                }
            });
            let link = directory.join("module.so");
            std::os::unix::fs::symlink(library(), &link).unwrap();
            drop(Pkcs11Module::load(&link).unwrap());
            provision(directory, &rsa());
            signs_with_everything(&open(KeySelector::any(), PIN).unwrap());
            assert_eq!(other.get_slots_with_initialized_token().unwrap().len(), 1);

            assert_eq!(
                reason(Pkcs11Module::load("/nowhere/module.so")),
                Reason::TokenModule
            );
            assert_eq!(
                reason(Pkcs11Module::load(directory.join("softhsm2.conf"))),
                Reason::TokenModule
            );
            assert_eq!(reason(Pkcs11Module::load("libc.so.6")), Reason::TokenModule);
        },
    );
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn threads_share_a_signer_and_signers_share_a_token() {
    with_token(
        "sessions::threads_share_a_signer_and_signers_share_a_token",
        |directory| {
            provision(directory, &rsa());
            let shared = open(KeySelector::any(), PIN).unwrap();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| signs_with_everything(&shared));
                    scope.spawn(|| signs_with_everything(&open(KeySelector::any(), PIN).unwrap()));
                }
            });
            signs_with_everything(&shared);
        },
    );
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_lost_session_is_opened_again() {
    with_token("sessions::a_lost_session_is_opened_again", |directory| {
        provision(directory, &rsa());
        let signer = open(KeySelector::any(), PIN).unwrap();
        for _ in 0..3 {
            // Logging out is the token's too, and it makes the handles of private keys invalid.
            administration_beside(&signer).logout().unwrap();
            signs_with_everything(&signer);
        }
        // The key is taken away: the error says so, and does not repeat itself for ever.
        let session = administration_beside(&signer);
        let private = [Attribute::Class(ObjectClass::PRIVATE_KEY)];
        let handle = session.find_objects(&private).unwrap()[0];
        session.destroy_object(handle).unwrap();
        let algorithm = signer.algorithms()[0];
        for _ in 0..2 {
            let error = signer.sign(algorithm, b"m").unwrap_err().to_string();
            assert!(
                error.contains("no private key") && !error.contains(PIN),
                "{error}"
            );
        }
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn another_certificate_than_before_is_noticed() {
    with_token(
        "sessions::another_certificate_than_before_is_noticed",
        |directory| {
            let key = rsa();
            provision(directory, &key);
            let signer = open(KeySelector::any(), PIN).unwrap();
            let session = administration_beside(&signer);
            let old = [
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::Id(vec![0x45]),
            ];
            session
                .destroy_object(session.find_objects(&old).unwrap()[0])
                .unwrap();
            let (renewed, _) = common::certify("renewed", &key);
            write_certificate(&session, &renewed, "signing", &[0x45]);
            session.logout().unwrap();
            let error = signer.sign(signer.algorithms()[0], b"m").unwrap_err();
            assert!(
                error.to_string().contains("another certificate than before"),
                "{error}"
            );
        },
    );
}
