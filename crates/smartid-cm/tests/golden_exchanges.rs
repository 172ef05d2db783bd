//! The golden exchanges of signed writes: in which order what is sent, and where it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::golden::{Entry, Index, root};
use common::verdict::{Verdict, judge};
use common::{Answers, BASE, compare, dialect};
use smartid_cm::operations::{Register, RegistrationKind, Reinstate, Revoke};
use smartid_cm::{AccountId, CertId, CertificateManager, RevocationReason, Write};
use smartid_core::{ManualRuntime, Outgoing, Timestamp, TransportError, TransportProblem};
use smartid_trust::cms::SignedData;
use smartid_trust::{MemorySigner, OfficerSigner};

fn officer() -> Arc<dyn OfficerSigner> {
    let text = |name: &str| std::fs::read_to_string(root().join("pki").join(name)).unwrap();
    let (key, certificate) = (text("officer-rsa.test.key"), text("officer-rsa.pem"));
    Arc::new(MemorySigner::from_pem(&[&key, &certificate], None).unwrap())
}

/// What was signed in the second step of a request.
fn signed_content(outgoing: &Outgoing) -> Vec<u8> {
    let body = String::from_utf8(outgoing.body_bytes().to_vec()).unwrap();
    let (_, rest) = body.split_once("signature").unwrap();
    let (_, rest) = rest.split_once("MII").unwrap();
    let base64: String = "MII"
        .chars()
        .chain(rest.chars())
        .filter(|letter| !letter.is_whitespace())
        .take_while(|letter| letter.is_ascii_alphanumeric() || "+/=".contains(*letter))
        .collect();
    let flavour = smartid_core::base64::Flavour::Standard;
    let (cms, _) = smartid_core::base64::decode_lenient(flavour, &base64).unwrap();
    let signed = SignedData::parse(cms).unwrap();
    signed.danger_unverified().embedded_content().unwrap().to_vec()
}

fn run<W: Write>(entry: &Entry, write: &W)
where
    W::Output: std::fmt::Debug,
{
    let files = entry.texts("steps");
    let steps: Vec<_> = files
        .iter()
        .map(|file| (file != "(none)").then(|| entry.other(file)))
        .collect();
    let next = Arc::new(Mutex::new(0));
    let at = Arc::clone(&next);
    let answer = move |outgoing: &Outgoing| {
        let mut at = at.lock().unwrap();
        let request = steps
            .get(*at)
            .unwrap_or_else(|| panic!("more is sent than the exchange has"));
        let request = request.as_ref().unwrap();
        // Our signature is another one; what it signs is checked instead.
        compare::request_but(outgoing, request, "signature");
        if *at == 2 {
            let data = steps[1].as_ref().unwrap();
            assert_eq!(signed_content(outgoing), data.octets(data.text("data_to_sign")));
        }
        let answer = steps[*at + 1].as_ref().map(Entry::incoming);
        *at += 2;
        answer.ok_or_else(|| TransportError::new(TransportProblem::Broken, "the answer is lost"))
    };
    let runtime = ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000));
    let multipart = "[requests]\nbinary_lines = true\n[revoke]\nencoding = 'multipart'\n[reinstate]\nencoding = 'multipart'";
    let cm = CertificateManager::builder(BASE)
        .dialect(dialect(multipart))
        .signer(officer())
        .build(Arc::new(Answers::new(answer)), Arc::new(runtime.clone()))
        .unwrap();
    let verdict = match runtime.block_on(cm.write(write)).unwrap() {
        Ok(output) => Verdict::Ok(output),
        Err(error) if error.transport_error().is_some() => {
            // A lost answer is no answer at all, which the index calls unreadable.
            assert!(entry.allows("unreadable"), "{entry}: {error}");
            assert_eq!(
                Some(common::verdict::perhaps_done(&error)),
                entry.flag("perhaps_done"),
                "{entry}"
            );
            assert_eq!(error.attempts(), 1, "{entry}: it is not sent again");
            assert_eq!(*next.lock().unwrap(), files.len(), "{entry}");
            return;
        }
        Err(error) => Verdict::Error(error),
    };
    judge(&verdict, entry, false);
    assert_eq!(*next.lock().unwrap(), files.len(), "{entry}: not all was sent");
}

#[test]
fn withdrawing() {
    let certid = || CertId::new("4711").unwrap();
    let mut count = 0;
    for entry in Index::of("revoke").exchanges() {
        run(&entry, &Revoke::new(certid(), RevocationReason::KeyCompromise));
        count += 1;
    }
    for entry in Index::of("hold").exchanges() {
        run(&entry, &Revoke::hold(certid()));
        count += 1;
    }
    for entry in Index::of("reinstate").exchanges() {
        run(&entry, &Reinstate::new(certid()));
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn registering() {
    let exchanges = Index::of("registrations").exchanges();
    assert!(!exchanges.is_empty());
    for entry in exchanges {
        let call = entry.other(&entry.texts("steps")[0]).call();
        let text = |name: &str| call[name].as_str().unwrap();
        let register = Register::new(AccountId::new(text("account")).unwrap(), RegistrationKind::Est)
            .fqdn(text("fqdn"))
            .realm(text("realm"))
            .username(text("username"))
            .password(text("password"))
            .status(text("status").into())
            .valid_for_days(7);
        run(&entry, &register);
    }
}
