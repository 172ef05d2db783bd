//! Which of the verifier's keys a message can mean, and that it brings none of its own.
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

use jws_support::*;
use smartid_trust::Reason;
use smartid_trust::jws::{JwkSet, JwsPolicy};

#[test]
fn keys_that_the_message_brings() {
    let stranger = Key::generate(Kind::Ed25519);
    let sources = [
        format!(r#","jwk":{}"#, stranger.jwk("")),
        format!(r#","jwk":{}"#, ed().jwk("")),
        r#","jku":"https://example.com/keys""#.to_owned(),
        r#","x5u":"https://example.com/chain.pem""#.to_owned(),
        r#","jwk":null"#.to_owned(),
    ];
    let lenient = ed().policy().ignoring_key_sources();
    for source in &sources {
        let beside = format!(r#","kid":"one"{source}"#);
        for key in [ed(), &stranger] {
            // By default not at all.
            for more in [source, &beside] {
                assert_eq!(
                    reason(key.message(more, b"x")),
                    Some(Reason::JwsKeySource),
                    "{more}"
                );
            }
            // As the only source never.
            assert_eq!(
                verdict(key.message(source, b"x"), &lenient, NOW),
                Err(Reason::JwsKeySource)
            );
            let unknown = format!(r#","kid":"two"{source}"#);
            assert_eq!(
                verdict(key.message(&unknown, b"x"), &lenient, NOW),
                Err(Reason::JwsKeySource)
            );
        }
        // Passed over beside a key of the verifier's, which alone counts.
        assert_eq!(
            verdict(ed().message(&beside, b"x"), &lenient, NOW),
            Ok(b"x".to_vec())
        );
        assert_eq!(
            verdict(stranger.message(&beside, b"x"), &lenient, NOW),
            Err(Reason::BadSignature)
        );
    }
}

#[test]
fn which_key() {
    let (first, second) = (Key::generate(Kind::P256), Key::generate(Kind::P256));
    let set = |keys: &[(&Key, &str)]| JwkSet::new(keys.iter().map(|(key, id)| key.named(id)));
    let both = || JwsPolicy::keys(set(&[(&first, "first"), (&second, "second"), (ed(), "ed")]));
    let says =
        |key: &Key, more: &str, policy: &JwsPolicy| verdict(key.message(more, b"x"), policy, NOW).err();

    assert_eq!(says(&first, r#","kid":"first""#, &both()), None);
    assert_eq!(
        says(&first, r#","kid":"second""#, &both()),
        Some(Reason::BadSignature)
    );
    assert_eq!(
        says(&first, r#","kid":"ed""#, &both()),
        Some(Reason::AlgorithmDoesNotFitKey)
    );
    assert_eq!(
        says(&first, r#","kid":"First""#, &both()),
        Some(Reason::JwsKeyUnknown)
    );
    assert_eq!(says(&first, r#","kid":"""#, &both()), Some(Reason::JwsKeyUnknown));
    assert_eq!(says(&first, "", &both()), Some(Reason::JwsKeyAmbiguous));
    assert_eq!(says(ed(), "", &both()), None);
    assert_eq!(
        says(ed(), "", &JwsPolicy::keys(JwkSet::default())),
        Some(Reason::JwsNoKey)
    );

    let every = both().trying_every_key();
    assert_eq!(says(&first, "", &every), None);
    assert_eq!(says(&second, "", &every), None);
    assert_eq!(
        says(&Key::generate(Kind::P256), "", &every),
        Some(Reason::BadSignature)
    );
    assert_eq!(
        says(&first, r#","kid":"second""#, &every),
        Some(Reason::BadSignature)
    );
    let crowd: Vec<_> = (0..17).map(|_| Key::generate(Kind::Ed25519)).collect();
    let crowd: Vec<_> = crowd.iter().map(|key| (key, "")).collect();
    let sixteen = JwsPolicy::keys(set(&crowd[..16])).trying_every_key();
    assert_eq!(says(crowd[15].0, "", &sixteen), None);
    let seventeen = JwsPolicy::keys(set(&crowd)).trying_every_key();
    assert_eq!(says(crowd[0].0, "", &seventeen), Some(Reason::TooLarge));

    // Two keys of one name: a key that was replaced under its name.
    let replaced = JwsPolicy::keys(set(&[(&first, "one"), (&second, "one"), (ed(), "one")]));
    for key in [&first, &second, ed()] {
        assert_eq!(says(key, r#","kid":"one""#, &replaced), None);
    }
    // One key twice is one key.
    let twice = JwsPolicy::keys(set(&[(&first, "a"), (&first, "b")]));
    assert_eq!(says(&first, "", &twice), None);

    // A key without a name contradicts no name; one with a name does.
    let nameless = JwsPolicy::keys(JwkSet::from_json(first.jwk("")).unwrap());
    assert_eq!(says(&first, r#","kid":"anything""#, &nameless), None);
    assert_eq!(
        says(&second, r#","kid":"anything""#, &nameless),
        Some(Reason::BadSignature)
    );
}

#[test]
fn a_key_that_cannot_be_used_says_why_when_it_would_be_chosen() {
    let good = Key::of(Kind::P256);
    let set = format!(
        r#"{{"keys":[{},{},{}]}}"#,
        good.jwk(r#","kid":"bad","keystate":"revoked""#),
        good.jwk(r#","kid":"good""#),
        r#"{"kty":"future","kid":"odd"}"#,
    );
    let policy = JwsPolicy::keys(JwkSet::from_json(set).unwrap());
    let says = |kid: &str| verdict(good.message(kid, b"x"), &policy, NOW).err();
    assert_eq!(says(r#","kid":"good""#), None);
    assert_eq!(says(""), None);
    assert_eq!(says(r#","kid":"bad""#), Some(Reason::JwkNotActive));
    assert_eq!(says(r#","kid":"odd""#), Some(Reason::KeyUnsupported));
}
