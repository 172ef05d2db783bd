//! Who gives the PIN, and how often it is tried.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass};
use cryptoki::types::AuthPin;
use smartid_core::SecretString;
use smartid_trust::pkcs11::{KeySelector, Pin, PinSource, Pkcs11Module, TokenInfo, TokenSelector};
use smartid_trust::{OfficerSigner, Reason, Refusal, SignatureAlgorithm};

use crate::common;
use crate::support::{
    PIN, administration, administration_beside, library, open, provision, reason, rsa, signs_with_everything,
    with_token, write_certificate,
};

#[derive(Debug, Default)]
struct Person(AtomicUsize);

impl PinSource for Person {
    fn pin(&self, token: &TokenInfo) -> Result<SecretString, Refusal> {
        assert_eq!(token.label, "officer");
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Refusal::new(Reason::PasswordMissing, "cancelled")),
            _ => Ok(PIN.into()),
        }
    }
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_wrong_pin_is_tried_once() {
    with_token("pin::a_wrong_pin_is_tried_once", |directory| {
        provision(directory, &rsa());
        let detail = |pin: &str| {
            let refusal = open(KeySelector::any(), pin).unwrap_err();
            assert_eq!(refusal.reason(), Reason::PinRefused);
            refusal.detail().to_owned()
        };
        assert!(detail("0000").contains("PinIncorrect"));
        assert_eq!(detail("0000"), "it was refused before");
        assert!(detail("1111").contains("PinIncorrect"));
        let signer = open(KeySelector::any(), PIN).unwrap();
        signs_with_everything(&signer);

        // The PIN is changed under a signer that is open: its next login fails once and is not repeated.
        let session = administration_beside(&signer);
        session
            .set_pin(&AuthPin::from(PIN), &AuthPin::from("another"))
            .unwrap();
        session.logout().unwrap();
        drop(session);
        let algorithm = signer.algorithms()[0];
        let first = signer.sign(algorithm, b"m").unwrap_err().to_string();
        assert!(first.contains("PinIncorrect") && !first.contains(PIN), "{first}");
        let second = signer.sign(algorithm, b"m").unwrap_err().to_string();
        assert!(second.contains("refused before"), "{second}");
        signer.set_pin(Pin::known("another".into())).unwrap();
        signs_with_everything(&signer);
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn threads_that_come_together_try_a_wrong_pin_once() {
    with_token(
        "pin::threads_that_come_together_try_a_wrong_pin_once",
        |directory| {
            provision(directory, &rsa());
            let together = Barrier::new(8);
            let tried = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        together.wait();
                        let refusal = open(KeySelector::any(), "0000").unwrap_err();
                        if refusal.detail().contains("PinIncorrect") {
                            tried.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert_eq!(tried.into_inner(), 1);
        },
    );
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_person_is_asked_for_the_pin() {
    with_token("pin::a_person_is_asked_for_the_pin", |directory| {
        provision(directory, &rsa());
        let module = Pkcs11Module::load(library()).unwrap();
        let person = Arc::new(Person::default());
        let open = || {
            module.signer(
                TokenSelector::any(),
                KeySelector::any(),
                Pin::asked(person.clone()),
            )
        };
        assert_eq!(reason(open()), Reason::PasswordMissing);
        signs_with_everything(&open().unwrap());
        assert_eq!(person.0.load(Ordering::Relaxed), 2);
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_key_that_wants_the_pin_each_time_gets_it() {
    with_token("pin::a_key_that_wants_the_pin_each_time_gets_it", |_| {
        let key = rsa();
        let (leaf, _) = common::certify("officer", &key);
        let session = administration();
        write_certificate(&session, &leaf, "signing", &[0x45]);
        let mut numbers = integers(&key.serialize_der()).into_iter();
        let mut next = || numbers.next().unwrap();
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Sign(true),
            Attribute::AlwaysAuthenticate(true),
            Attribute::Id(vec![0x45]),
            Attribute::Modulus(next()),
            Attribute::PublicExponent(next()),
            Attribute::PrivateExponent(next()),
            Attribute::Prime1(next()),
            Attribute::Prime2(next()),
            Attribute::Exponent1(next()),
            Attribute::Exponent2(next()),
            Attribute::Coefficient(next()),
        ];
        let handle = session.create_object(&template).unwrap();
        // That it does want it.
        session.sign_init(&Mechanism::Sha256RsaPkcs, handle).unwrap();
        assert!(
            session
                .sign_update(b"m")
                .and_then(|()| session.sign_final())
                .is_err()
        );
        drop(session);
        let signer = open(KeySelector::any(), PIN).unwrap();
        signs_with_everything(&signer);
        assert!(signer.algorithms().contains(&SignatureAlgorithm::RsaPkcs1(
            smartid_trust::DigestAlgorithm::Sha256
        )));
        drop(signer);

        // A signature that was not let pass does not stand in the way of the next.
        #[derive(Debug)]
        struct Mistypes(AtomicUsize);
        impl PinSource for Mistypes {
            fn pin(&self, _: &TokenInfo) -> Result<SecretString, Refusal> {
                let wrong = self.0.fetch_add(1, Ordering::Relaxed) == 1;
                Ok(SecretString::new(if wrong { "canary-0000" } else { PIN }))
            }
        }
        let pin = Pin::asked(Arc::new(Mistypes(0.into())));
        let module = Pkcs11Module::load(library()).unwrap();
        let signer = module
            .signer(TokenSelector::any(), KeySelector::any(), pin)
            .unwrap();
        let algorithm = signer.algorithms()[0];
        let refused = signer.sign(algorithm, b"m").unwrap_err().to_string();
        assert!(refused.contains("PIN"), "{refused}");
        signer.sign(algorithm, b"m").unwrap();
    });
}

/// The numbers of an RSA key in PKCS #8, from the modulus on.
fn integers(pkcs8: &[u8]) -> Vec<Vec<u8>> {
    // Behind the octet string's header stands RSAPrivateKey, whose second number is the modulus of 257 octets.
    let start = pkcs8.windows(4).position(|part| part == [2, 0x82, 1, 1]).unwrap();
    let mut rest = &pkcs8[start..];
    let mut numbers = Vec::new();
    while let [2, first, after @ ..] = rest {
        let (length, body) = match first {
            0x81 => (usize::from(after[0]), &after[1..]),
            0x82 => (usize::from(after[0]) << 8 | usize::from(after[1]), &after[2..]),
            short => (usize::from(*short), after),
        };
        let number = body[..length].iter().copied().skip_while(|octet| *octet == 0);
        numbers.push(number.collect());
        rest = &body[length..];
    }
    assert_eq!(numbers.len(), 8);
    numbers
}
