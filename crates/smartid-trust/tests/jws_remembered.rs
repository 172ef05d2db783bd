//! What a policy remembers changes no answer: whatever it has seen before, in any order, at any time and from any number of threads, it
//! answers as one that has seen nothing.
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

use std::sync::{Arc, LazyLock};
use std::thread;

use jws_support::*;
use proptest::prelude::*;
use smartid_core::Timestamp;
use smartid_trust::jws::{JwkSet, Jws, JwsAlgorithm, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose, RevocationList, WebpkiVerifier};
use smartid_trust::{AlgorithmSet, Certificate, Check, PublicKey, Refusal};

/// Two keys with a name, a root, and a list on which one of its signers stands until April 2026.
struct World {
    root: Certificate,
    list: RevocationList,
    named: [Key; 2],
    messages: Vec<String>,
    times: Vec<Timestamp>,
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (pki, strangers) = (Pki::new(), Pki::new());
    let signer = Key::of(Kind::P256);
    let (revoked, other) = (Key::generate(Kind::P256), Key::generate(Kind::P256));
    let named = [Key::generate(Kind::Ed25519), Key::generate(Kind::Ed25519)];
    let chain_of = |key: &Key| x5c(&pki.chain(key));
    let (good, revoked_chain) = (chain_of(signer), pki.chain(&revoked));
    let short = pki.issue_until(signer, (2026, 2, 1));
    let short_end = short.not_after().as_millis();
    let list = pki.list(&revoked_chain[0]);
    let list_end = list.next_update().as_millis();
    let (first, second) = (&named[0], &named[1]);

    let mut messages = Vec::new();
    let mut add = |key: &Key, more: &str| {
        for payload in [&b"one"[..], b"two"] {
            messages.push(key.message(more, payload));
        }
        // The same header with the signature of somebody else.
        messages.push(Key::generate(key.kind).message(more, b"one"));
    };
    add(signer, &good);
    add(signer, &format!("{good} "));
    add(signer, &format!(r#"{good},"typ":"JOSE""#));
    add(signer, &format!(r#"{good},"kid":"unknown""#));
    add(signer, &format!(r#"{good},"kid":"first""#));
    add(signer, &format!(r#"{good},"jku":"https://example.com""#));
    add(signer, &format!(r#"{good},"x5t#S256":"AA""#));
    add(signer, &x5c(&[short, pki.intermediate.clone()]));
    add(signer, &chain_of(&other));
    add(&revoked, &x5c(&revoked_chain));
    add(&other, &x5c(&strangers.chain(&other)));
    add(&other, "");
    add(first, r#","kid":"first""#);
    add(second, r#","kid":"first""#);
    add(second, r#","kid":"second","typ":"JOSE""#);
    add(first, r#","kid":"third""#);
    add(first, &format!(r#","kid":"first"{good}"#));
    add(first, "");
    add(second, "");
    // More headers than are remembered.
    for count in 0..70 {
        messages.push(first.message(&format!(r#","kid":"first","x":{count}"#), b"one"));
    }
    let day = 86_400_000;
    let edges = [
        pki.root.not_before().as_millis(),
        list.this_update().as_millis(),
        short_end,
        list_end,
    ]
    .into_iter()
    .chain([pki.root.not_after().as_millis()])
    .flat_map(|edge| {
        [
            edge - 1000,
            edge - 1,
            edge,
            edge + 1,
            edge + 1000,
            edge + 30 * day,
        ]
    });
    let times = edges.map(at).chain([NOW, at(0), at(u64::MAX / 2)]).collect();
    World {
        root: pki.root.clone(),
        list,
        named,
        messages,
        times,
    }
});

fn chains() -> Arc<ChainPolicy> {
    let verifier = WebpkiVerifier::builder()
        .root(WORLD.root.clone())
        .revocation_lists([WORLD.list.clone()])
        .build()
        .unwrap();
    Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing()))
}

fn keys() -> JwkSet {
    JwkSet::new([WORLD.named[0].named("first"), WORLD.named[1].named("second")])
}

type Change = fn(JwsPolicy) -> JwsPolicy;

const CHANGES: &[Change] = &[
    |policy| policy,
    |policy| policy.or_keys(JwkSet::new([WORLD.named[1].named("first")])),
    |policy| policy.or_keys(JwkSet::default()),
    |policy| {
        policy.or_certificates(Arc::new(ChainPolicy::new(
            Arc::new(Roots::new(Vec::new())),
            Purpose::signing(),
        )))
    },
    |policy| policy.or_certificates(chains()),
    |policy| policy.with_algorithms(AlgorithmSet::none().ecdsa()),
    |policy| policy.allowing([JwsAlgorithm::EdDsa]),
    |policy| policy.expecting_payload("one"),
    |policy| policy.with_type("JOSE"),
    JwsPolicy::trying_every_key,
    JwsPolicy::ignoring_key_sources,
];

const SOURCES: &[fn() -> JwsPolicy] = &[
    || JwsPolicy::certificates(chains()),
    || JwsPolicy::keys(keys()),
    || JwsPolicy::certificates(chains()).or_keys(keys()),
];

/// Everything that a caller sees.
type Answer = Result<(Vec<u8>, PublicKey, Vec<Certificate>, Vec<Check>, Vec<Check>), Refusal>;

fn answer(policy: &JwsPolicy, message: &str, at: Timestamp) -> Answer {
    let (fact, proof) = Jws::parse(message)?.verify(policy, at)?.into_parts();
    assert_eq!(proof.at, at);
    Ok((
        fact.payload.to_vec(),
        proof.key,
        proof.chain,
        proof.checked,
        proof.not_checked,
    ))
}

#[test]
fn the_messages_have_every_kind_of_answer() {
    let policy = SOURCES[2]();
    let mut reasons: Vec<_> = WORLD
        .messages
        .iter()
        .map(|message| verdict(message, &policy, NOW).err())
        .collect();
    reasons.sort_by_key(|reason| reason.map(|reason| reason.code()));
    reasons.dedup();
    let codes: Vec<_> = reasons
        .into_iter()
        .flatten()
        .map(|reason| reason.code())
        .collect();
    let expected = [
        "algorithm-does-not-fit-key",
        "bad-chain-signature",
        "bad-signature",
        "jws-key-ambiguous",
        "jws-key-source",
        "jws-key-unknown",
        "revoked",
        "x5t-mismatch",
    ];
    assert_eq!(codes, expected);
    // At other times other messages are believed: certificates and the list begin and end.
    let count = |at| {
        WORLD
            .messages
            .iter()
            .filter(|message| verdict(message, &policy, at).is_ok())
            .count()
    };
    let counts: Vec<_> = WORLD.times.iter().map(|time| count(*time)).collect();
    let mut different = counts.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 2, "{counts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_seen_before_changes_no_answer(
        source in 0..SOURCES.len(),
        change in 0..CHANGES.len(),
        // A few messages, so that they meet again.
        chosen in proptest::collection::vec(any::<prop::sample::Index>(), 1..5),
        seen in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..24),
    ) {
        let fresh = || CHANGES[change](SOURCES[source]());
        let used = fresh();
        for (message, time) in seen {
            let message = chosen[message.index(chosen.len())].get(&WORLD.messages);
            let time = *time.get(&WORLD.times);
            prop_assert_eq!(answer(&used, message, time), answer(&fresh(), message, time));
        }
    }
}

#[test]
fn a_policy_that_is_changed_after_use_answers_as_one_that_was_not_used() {
    for source in SOURCES {
        for change in CHANGES {
            let used = source();
            for message in &WORLD.messages {
                let _ = answer(&used, message, NOW);
            }
            let (used, fresh) = (change(used), change(source()));
            for message in &WORLD.messages[..57] {
                assert_eq!(answer(&used, message, NOW), answer(&fresh, message, NOW));
            }
        }
    }
}

/// Threads that verify different messages as of different times, with more headers than are remembered, each get their own answer.
#[test]
fn threads_do_not_disturb_each_other() {
    let shared = SOURCES[2]();
    let right: Vec<Vec<Answer>> = WORLD
        .messages
        .iter()
        .map(|message| {
            WORLD
                .times
                .iter()
                .map(|time| answer(&SOURCES[2](), message, *time))
                .collect()
        })
        .collect();
    let (shared, right) = (&shared, &right);
    thread::scope(|scope| {
        for seed in 0..8_usize {
            scope.spawn(move || {
                for step in 0..600 {
                    let message = (step * 31 + seed * 17) % WORLD.messages.len();
                    let time = (step * 7 + seed * 5) % WORLD.times.len();
                    let got = answer(shared, &WORLD.messages[message], WORLD.times[time]);
                    assert_eq!(got, right[message][time], "{message} {time}");
                }
            });
        }
    });
}

/// A header that is known from a whole message says nothing about a detached payload, and the other way round.
#[test]
fn detached_and_whole_messages_share_a_header_only() {
    let key = &WORLD.named[0];
    let policy = SOURCES[1]();
    let whole = key.message(r#","kid":"first""#, b"payload");
    let parts: Vec<_> = whole.split('.').collect();
    let detached = format!("{}..{}", parts[0], parts[2]);
    let says = |payload: &'static str| {
        Jws::parse_detached(&detached, payload)
            .unwrap()
            .verify(&policy, NOW)
            .is_ok()
    };
    for _ in 0..2 {
        assert!(answer(&policy, &whole, NOW).is_ok());
        assert!(says("payload"));
        assert!(!says("another"));
        assert!(!says(""));
        assert!(answer(&policy, &detached, NOW).is_err());
    }
}
