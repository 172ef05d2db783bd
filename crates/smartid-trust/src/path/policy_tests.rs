//! What is remembered and for how long; and that hostile certificates beside the signer's cost little.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::test_ca::{leaf as leaf_spec, *};
use super::*;
use crate::evidence::Check;
use crate::{Reason, Unverified};

/// Counts how often it was asked.
#[derive(Debug)]
struct Counting {
    inner: WebpkiVerifier,
    asked: AtomicUsize,
}

impl ChainVerifier for Counting {
    fn verify_chain(&self, request: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.verify_chain(request)
    }
}

fn counting(builder: VerifierBuilder) -> (Arc<Counting>, ChainPolicy) {
    let inner = builder.build().unwrap();
    let verifier = Arc::new(Counting {
        inner,
        asked: AtomicUsize::new(0),
    });
    (
        Arc::clone(&verifier),
        ChainPolicy::new(verifier, Purpose::signing()),
    )
}

fn asked(verifier: &Counting) -> usize {
    verifier.asked.swap(0, Ordering::Relaxed)
}

fn chain() -> (Certificate, Vec<Certificate>) {
    (leaf().sign(&key(2)), vec![intermediate().sign(&key(1))])
}

#[test]
fn a_chain_is_validated_once_and_remembered_while_it_is_valid() {
    let (verifier, policy) = counting(builder());
    let (leaf, cas) = chain();
    let passed = policy.passed(&leaf, &cas, NOW).unwrap();
    assert_eq!((passed.from, passed.until), (days(-10), days(10)));
    for at in [NOW, days(-10), days(-1), days(10)] {
        policy.validate(&leaf, &cas, at).unwrap();
    }
    assert_eq!(asked(&verifier), 1);
    for (at, reason) in [(days(11), Reason::Expired), (days(-11), Reason::NotYetValid)] {
        assert_eq!(policy.validate(&leaf, &cas, at).unwrap_err().reason(), reason);
    }
    assert_eq!(asked(&verifier), 2, "refusals are not remembered");
    policy.validate(&leaf, &cas, NOW).unwrap();
    assert_eq!(asked(&verifier), 0, "nor do they put out what passed");
}

#[test]
fn a_list_ends_the_answer() {
    let list = ListSpec::of("CN=CA").sign(&key(2));
    let (verifier, policy) = counting(builder().revocation_lists([list]));
    let (leaf, cas) = chain();
    policy.validate(&leaf, &cas, NOW).unwrap();
    let last = Timestamp::from_millis(days(1).as_millis() - 1);
    policy.validate(&leaf, &cas, last).unwrap();
    assert_eq!(asked(&verifier), 1);
    assert_eq!(
        policy.validate(&leaf, &cas, days(1)).unwrap_err().reason(),
        Reason::CrlExpired
    );
    assert_eq!(
        policy.validate(&leaf, &cas, days(-2)).unwrap_err().reason(),
        Reason::CrlNotYetValid
    );
}

#[test]
fn what_was_refused_is_asked_again_and_other_certificates_are_another_question() {
    let (verifier, policy) = counting(builder());
    let (leaf, cas) = chain();
    for _ in 0..2 {
        assert_eq!(
            policy.validate(&leaf, &[], NOW).unwrap_err().reason(),
            Reason::UnknownIssuer
        );
    }
    assert_eq!(asked(&verifier), 2);
    policy.validate(&leaf, &cas, NOW).unwrap();
    // The same leaf without its intermediates is still refused, and another leaf is not taken for this one.
    assert_eq!(
        policy.validate(&leaf, &[], NOW).unwrap_err().reason(),
        Reason::UnknownIssuer
    );
    let forged = leaf_spec().sign(&key(9));
    assert_eq!(
        policy.validate(&forged, &cas, NOW).unwrap_err().reason(),
        Reason::BadChainSignature
    );
    assert_eq!(asked(&verifier), 3);
}

#[test]
fn a_verifier_that_says_nothing_about_times_is_asked_each_time() {
    #[derive(Debug)]
    struct Silent(AtomicUsize);
    impl ChainVerifier for Silent {
        fn verify_chain(&self, request: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(ValidatedChain::new(vec![request.end_entity.clone()]))
        }
    }
    let verifier = Arc::new(Silent(AtomicUsize::new(0)));
    let policy = ChainPolicy::new(Arc::<Silent>::clone(&verifier), Purpose::any());
    for _ in 0..3 {
        let passed = policy.passed(&chain().0, &[], NOW).unwrap();
        assert!(passed.holds_at(NOW) && !passed.holds_at(days(1)));
    }
    assert_eq!(verifier.0.load(Ordering::Relaxed), 3);
}

#[test]
fn the_memory_has_a_cap_and_forgets_what_was_not_used() {
    let (verifier, policy) = counting(builder());
    let ca = [intermediate().sign(&key(1))];
    let leaves: Vec<_> = (0..65)
        .map(|serial| leaf().serial(&[serial]).sign(&key(2)))
        .collect();
    for leaf in &leaves[..64] {
        policy.validate(leaf, &ca, NOW).unwrap();
    }
    policy.validate(&leaves[0], &ca, NOW).unwrap();
    assert_eq!(asked(&verifier), 64);
    policy.validate(&leaves[64], &ca, NOW).unwrap();
    policy.validate(&leaves[0], &ca, NOW).unwrap();
    assert_eq!(asked(&verifier), 1, "the one that was used stays");
    policy.validate(&leaves[1], &ca, NOW).unwrap();
    assert_eq!(asked(&verifier), 1, "the one that was not used is gone");
    // What is too large to be kept passes all the same.
    let large = Spec::leaf("CN=Junk", "CN=Nobody", &key(7)).with(extension("1.2.3", false, &[0; 60_000]));
    let with_junk = [
        ca[0].clone(),
        large.sign(&key(8)),
        large.serial(&[9]).sign(&key(8)),
    ];
    for _ in 0..2 {
        policy.validate(&leaves[0], &with_junk, NOW).unwrap();
    }
    assert_eq!(asked(&verifier), 2);
}

#[test]
fn a_certificate_alone_is_verified_without_a_signature() {
    let (_, policy) = counting(builder());
    let (leaf, cas) = chain();
    let verified = policy.verify(&leaf, &cas, NOW).unwrap();
    assert_eq!(verified.fact(), &leaf);
    let proof = verified.proof();
    assert_eq!(proof.signer(), Some(&leaf));
    assert_eq!(proof.chain.len(), 3);
    assert_eq!(proof.checked, [Check::Chain, Check::Validity, Check::Purpose]);
    assert_eq!(
        proof.not_checked,
        [
            Check::Signature,
            Check::RevocationOfSigner,
            Check::RevocationOfIntermediates
        ]
    );
    for (purpose, demands) in [
        (Purpose::any(), false),
        (
            Purpose::any().with_key_usage(vec![crate::KeyUsage::DigitalSignature]),
            true,
        ),
        (
            Purpose::any().with_extended_use(ExtendedUse::OneOfIfPresent(Vec::new())),
            true,
        ),
    ] {
        let policy = ChainPolicy::new(Arc::new(builder().build().unwrap()), purpose);
        let verified = policy.verify(&leaf, &cas, NOW).unwrap();
        assert_eq!(verified.proof().was_checked(Check::Purpose), demands);
        assert_eq!(verified.proof().not_checked.contains(&Check::Purpose), !demands);
    }
    let direct = Spec::leaf("CN=Leaf", "CN=Root", &key(3)).sign(&key(1));
    assert_eq!(
        Unverified::new(direct.clone())
            .verify(&policy, NOW)
            .unwrap()
            .fact(),
        &direct
    );
    assert!(Unverified::new(leaf).verify(&policy, NOW).is_err());
}

#[test]
fn too_many_certificates_are_refused_at_once() {
    let (leaf, mut cas) = chain();
    // Other signers' certificates, and what belongs to nobody, are no hindrance.
    cas.extend((0..120).map(|serial| leaf_spec().serial(&[1, serial]).sign(&key(2))));
    verify(builder(), &leaf, &cas).unwrap();
    cas.truncate(1);
    let forged = |serial| {
        Spec::ca("CN=CA", "CN=Root", &key(7))
            .serial(&[1, serial])
            .sign(&key(8))
    };
    cas.extend((0..31).map(forged));
    verify(builder(), &leaf, &cas).unwrap();
    cas.push(forged(31));
    assert_eq!(
        verify(builder(), &leaf, &cas).unwrap_err().reason(),
        Reason::TooLarge
    );
    let same: Vec<_> = std::iter::repeat_n(cas[0].clone(), 129).collect();
    assert_eq!(
        verify(builder(), &leaf, &same).unwrap_err().reason(),
        Reason::TooLarge
    );
}

#[test]
fn an_answer_for_another_certificate_is_no_answer() {
    #[derive(Debug)]
    struct Answers(Vec<Certificate>);
    impl ChainVerifier for Answers {
        fn verify_chain(&self, _: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal> {
            Ok(ValidatedChain::new(self.0.clone()))
        }
    }
    let (leaf, cas) = chain();
    let verdict = |answer: &[&Certificate]| {
        let answer = answer.iter().map(|one| (*one).clone()).collect();
        let policy = ChainPolicy::new(Arc::new(Answers(answer)), Purpose::any());
        policy.verify(&leaf, &[], NOW).map_err(|refusal| refusal.reason())
    };
    assert!(verdict(&[&leaf, &cas[0]]).is_ok());
    for wrong in [&[][..], &[&cas[0]], &[&cas[0], &leaf]] {
        assert_eq!(verdict(wrong).unwrap_err(), Reason::ChainAnswer);
    }
}

/// Path building without a brake would try all orders of these.
#[test]
fn a_mesh_of_cas_that_nobody_trusts_is_cut_off() {
    let (leaf, mut cas) = chain();
    // All of one name, each with another key, signed in a ring, and one that claims the root's signature.
    cas.extend((0..30).map(|n| Spec::ca("CN=CA", "CN=CA", &key(100 + n)).sign(&key(101 + n))));
    cas.push(Spec::ca("CN=CA", "CN=Root", &key(140)).sign(&key(141)));
    let chain = verify(builder(), &leaf, &cas).unwrap();
    assert_eq!(chain.certificates.len(), 3);
    let without = verify(builder(), &leaf, &cas[1..]).unwrap_err();
    assert!(
        matches!(
            without.reason(),
            Reason::BadChainSignature | Reason::UnknownIssuer
        ),
        "{without}"
    );
}

#[test]
fn a_mesh_of_cas_that_are_trusted_has_a_cap() {
    let cas: Vec<_> = (0..30)
        .map(|n| Spec::ca("CN=CA", "CN=Root", &key(100 + n)).sign(&key(1)))
        .collect();
    let leaf = leaf().sign(&key(2));
    assert_eq!(
        verify(builder(), &leaf, &cas).unwrap_err().reason(),
        Reason::TooLarge
    );
    let refusal = verify(builder(), &leaf, &cas[..16]).unwrap_err();
    assert_eq!(refusal.reason(), Reason::BadChainSignature);
}
