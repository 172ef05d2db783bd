//! Signers with certificates: the chain, and what a policy remembers about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod jws_support;

use std::sync::Arc;
use std::time::Duration;

use jws_support::*;
use smartid_core::Timestamp;
use smartid_core::base64::{Flavour, encode};
use smartid_trust::jws::{JwkSet, Jws, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose};
use smartid_trust::{Check, Reason};

fn policy(roots: &Arc<Roots>) -> JwsPolicy {
    JwsPolicy::certificates(Arc::new(ChainPolicy::new(
        Arc::clone(roots) as Arc<_>,
        Purpose::signing(),
    )))
}

fn thumbprint(certificate: &smartid_trust::Certificate) -> String {
    url(aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        certificate.der(),
    ))
}

#[test]
fn every_kind_of_key_signs_with_its_certificate() {
    let pki = Pki::new();
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let policy = policy(&roots);
    for kind in KINDS {
        let chain = pki.chain(Key::of(kind));
        let message = Key::of(kind).message(&x5c(&chain), b"payload");
        let verified = Jws::parse(&message).unwrap().verify(&policy, NOW).unwrap();
        assert_eq!(verified.fact().payload, "payload");
        let proof = verified.proof();
        assert_eq!(
            proof.chain,
            [chain[0].clone(), chain[1].clone(), pki.root.clone()]
        );
        assert_eq!(proof.key, Key::of(kind).public());
        assert_eq!(
            proof.checked,
            [Check::Signature, Check::Chain, Check::Validity, Check::Purpose]
        );
        assert_eq!(
            proof.not_checked,
            [
                Check::RevocationOfSigner,
                Check::RevocationOfIntermediates,
                Check::ExpectedContent
            ]
        );
    }
}

#[test]
fn what_can_be_wrong_with_x5c() {
    let pki = Pki::new();
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let key = Key::of(Kind::P256);
    let chain = pki.chain(key);
    let standard = |index: usize| encode(Flavour::Standard, chain[index].der());
    let reason = |more: &str| verdict(key.message(more, b"x"), &policy(&roots), NOW).err();

    assert_eq!(reason(&x5c(&chain)), None);
    assert_eq!(reason(""), Some(Reason::JwsNoKey));
    assert_eq!(reason(r#","kid":"one""#), Some(Reason::JwsNoKey));
    assert_eq!(reason(&x5c(&[])), Some(Reason::JwsNoKey));
    assert_eq!(reason(&x5c(&chain[..1])), Some(Reason::UnknownIssuer));
    assert_eq!(
        reason(&x5c(&vec![chain[0].clone(); 10])),
        Some(Reason::UnknownIssuer)
    );
    assert_eq!(reason(&x5c(&vec![chain[0].clone(); 11])), Some(Reason::TooLarge));
    assert_eq!(
        reason(&format!(r#","x5c":"{}""#, standard(0))),
        Some(Reason::JwsHeader)
    );
    assert_eq!(reason(r#","x5c":[1]"#), Some(Reason::JwsHeader));
    assert_eq!(reason(r#","x5c":null"#), Some(Reason::JwsHeader));
    for wrong in [
        url(chain[0].der()),
        standard(0).trim_end_matches('=').to_owned() + "=====",
        format!(" {}", standard(0)),
        format!("{}\\n{}", &standard(0)[..64], &standard(0)[64..]),
    ] {
        let more = format!(r#","x5c":["{wrong}","{}"]"#, standard(1));
        assert_eq!(reason(&more), Some(Reason::X5cEncoding), "{wrong}");
    }
    let mut trailing = chain[0].der().to_vec();
    trailing.push(0);
    let more = format!(r#","x5c":["{}"]"#, encode(Flavour::Standard, &trailing));
    assert_eq!(reason(&more), Some(Reason::Malformed));

    let leaf_of_other = pki.chain(&Key::generate(Kind::P256));
    assert_eq!(reason(&x5c(&leaf_of_other)), Some(Reason::BadSignature));
    assert_eq!(
        reason(&x5c(&pki.chain(Key::of(Kind::Rsa)))),
        Some(Reason::AlgorithmDoesNotFitKey)
    );
    let issuer_first: Vec<_> = chain.iter().rev().cloned().collect();
    assert_eq!(reason(&x5c(&issuer_first)), Some(Reason::KeyUsage));

    let digest = |text: &str| format!(r#"{},"x5t#S256":"{text}""#, x5c(&chain));
    assert_eq!(reason(&digest(&thumbprint(&chain[0]))), None);
    assert_eq!(reason(&digest(&thumbprint(&chain[1]))), Some(Reason::X5tMismatch));
    assert_eq!(reason(&digest("")), Some(Reason::X5tMismatch));
    assert_eq!(
        reason(&format!(r#"{},"x5t#S256":1"#, x5c(&chain))),
        Some(Reason::JwsHeader)
    );
}

#[test]
fn with_both_sources_the_name_of_a_key_decides() {
    let pki = Pki::new();
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let (named, certified) = (Key::of(Kind::P256), Key::generate(Kind::P256));
    let both = || policy(&roots).or_keys(JwkSet::new([named.named("one")]));
    let chain = x5c(&pki.chain(&certified));

    assert_eq!(
        verdict(named.message(r#","kid":"one""#, b"x"), &both(), NOW),
        Ok(b"x".to_vec())
    );
    assert_eq!(
        verdict(certified.message(&chain, b"x"), &both(), NOW),
        Ok(b"x".to_vec())
    );
    let other_name = format!(r#"{chain},"kid":"other""#);
    assert_eq!(
        verdict(certified.message(&other_name, b"x"), &both(), NOW),
        Ok(b"x".to_vec())
    );
    let this_name = format!(r#"{chain},"kid":"one""#);
    assert_eq!(
        verdict(certified.message(&this_name, b"x"), &both(), NOW),
        Err(Reason::BadSignature)
    );
    assert_eq!(
        verdict(named.message(&this_name, b"x"), &both(), NOW),
        Ok(b"x".to_vec())
    );
    assert_eq!(
        verdict(named.message(&other_name, b"x"), &both(), NOW),
        Err(Reason::BadSignature)
    );
    // The other way round it is the same policy.
    let keys_first = named.policy().or_certificates(Arc::new(ChainPolicy::new(
        Arc::clone(&roots) as Arc<_>,
        Purpose::signing(),
    )));
    assert_eq!(
        verdict(certified.message(&chain, b"x"), &keys_first, NOW),
        Ok(b"x".to_vec())
    );
    // A policy with keys alone does not look at certificates.
    assert_eq!(
        verdict(certified.message(&chain, b"x"), &named.policy(), NOW),
        Err(Reason::BadSignature)
    );
}

#[test]
fn a_remembered_chain_lets_no_other_signature_through() {
    let pki = Pki::new();
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let policy = policy(&roots);
    let key = Key::of(Kind::P256);
    let header = x5c(&pki.chain(key));
    assert_eq!(
        verdict(key.message(&header, b"first"), &policy, NOW),
        Ok(b"first".to_vec())
    );
    assert_eq!(
        verdict(key.message(&header, b"second"), &policy, NOW),
        Ok(b"second".to_vec())
    );
    assert_eq!(roots.asked(), 1);

    let stranger = Key::generate(Kind::P256);
    assert_eq!(
        verdict(stranger.message(&header, b"third"), &policy, NOW),
        Err(Reason::BadSignature)
    );
    let good = key.message(&header, b"fourth");
    let mut parts = good.split('.');
    let (head, _, signature) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let swapped = format!("{head}.{}.{signature}", url("fifth"));
    assert_eq!(verdict(swapped, &policy, NOW), Err(Reason::BadSignature));
    let short = format!("{head}.{}.{}", url("fourth"), url([1; 63]));
    assert_eq!(verdict(short, &policy, NOW), Err(Reason::JwsSignatureLength));
    // One letter more in the header is another header.
    assert_eq!(
        verdict(stranger.message(&format!("{header} "), b"x"), &policy, NOW),
        Err(Reason::BadSignature)
    );
    assert_eq!(verdict(good, &policy, NOW), Ok(b"fourth".to_vec()));
}

#[test]
fn a_remembered_chain_is_not_used_outside_its_time() {
    let pki = Pki::new();
    let key = Key::of(Kind::P256);
    let header = x5c(&pki.chain(key));
    let end = pki.root.not_after();
    let seconds = |count| Duration::from_secs(count);
    let before = |time: Timestamp| Timestamp::from_millis(time.as_millis() - 1000);

    // Until the first certificate ends, as the verifier says.
    let mut roots = Roots::new(vec![pki.root.clone()]);
    roots.good_until = Some(end);
    let roots = Arc::new(roots);
    let by_certificates = policy(&roots);
    let message = key.message(&header, b"x");
    assert!(verdict(&message, &by_certificates, NOW).is_ok());
    assert!(verdict(&message, &by_certificates, end).is_ok());
    assert_eq!(roots.asked(), 1);
    assert_eq!(
        verdict(&message, &by_certificates, end + seconds(1)),
        Err(Reason::Malformed)
    );
    assert_eq!(roots.asked(), 2);
    assert!(verdict(&message, &by_certificates, NOW).is_ok());

    // Nor before it was asked about, unless the verifier says that the answer holds for earlier times.
    let asked = roots.asked();
    assert!(verdict(&message, &by_certificates, before(NOW)).is_ok());
    assert_eq!(roots.asked(), asked + 1);

    // Until a list ends.
    let mut soon = Roots::new(vec![pki.root.clone()]);
    soon.good_until = Some(NOW + seconds(60));
    let soon = Arc::new(soon);
    let by_list = policy(&soon);
    assert!(verdict(&message, &by_list, NOW).is_ok());
    assert!(verdict(&message, &by_list, NOW + seconds(60)).is_ok());
    assert_eq!(soon.asked(), 1);
    assert!(verdict(&message, &by_list, NOW + seconds(61)).is_ok());
    assert_eq!(soon.asked(), 2);

    // Not at all.
    let mut never = Roots::new(vec![pki.root.clone()]);
    never.good_until = None;
    let never = Arc::new(never);
    let each_time = policy(&never);
    for count in 1..4 {
        assert!(verdict(&message, &each_time, NOW).is_ok());
        assert_eq!(never.asked(), count);
    }
}

#[test]
fn what_one_policy_remembers_another_does_not_know() {
    let pki = Pki::new();
    let key = Key::of(Kind::P256);
    let message = key.message(&x5c(&pki.chain(key)), b"x");
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let ours = policy(&roots);
    assert!(verdict(&message, &ours, NOW).is_ok());
    let strangers = Arc::new(Roots::new(vec![Pki::new().root]));
    assert_eq!(
        verdict(&message, &policy(&strangers), NOW),
        Err(Reason::UnknownIssuer)
    );
    // A policy that is changed after use starts anew.
    let now_with_keys = ours.or_keys(JwkSet::new([Key::of(Kind::Rsa).named("one")]));
    assert!(verdict(&message, &now_with_keys, NOW).is_ok());
    let changed = now_with_keys.or_certificates(Arc::new(ChainPolicy::new(
        Arc::clone(&strangers) as Arc<_>,
        Purpose::signing(),
    )));
    assert_eq!(verdict(&message, &changed, NOW), Err(Reason::UnknownIssuer));
    let without = key.policy();
    assert!(verdict(key.message("", b"x"), &without, NOW).is_ok());
    let other_keys = without.or_keys(JwkSet::new([Key::generate(Kind::P256).named("one")]));
    assert_eq!(
        verdict(key.message("", b"x"), &other_keys, NOW),
        Err(Reason::BadSignature)
    );
}

#[test]
fn a_purpose_that_does_not_fit_is_refused() {
    let pki = Pki::new();
    let key = Key::of(Kind::P256);
    let message = key.message(&x5c(&pki.chain(key)), b"x");
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let purpose = Purpose::any().with_key_usage(vec![smartid_trust::KeyUsage::KeyEncipherment]);
    let policy = JwsPolicy::certificates(Arc::new(ChainPolicy::new(roots, purpose)));
    assert_eq!(verdict(&message, &policy, NOW), Err(Reason::KeyUsage));
}
