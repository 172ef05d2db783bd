//! What is written is read; what must not be written is refused.

mod links;
mod opened;

use std::cell::Cell;
use std::collections::BTreeSet;

use aws_lc_rs::error::Unspecified;
use proptest::prelude::*;
use smartid_core::{ManualRuntime, SecretBytes, SecretString, Timestamp};

use super::*;
use crate::der;
use crate::pkcs12::{PassedOver, Pkcs12Policy, bags};

const KEYS: [&str; 5] = ["rsa1", "rsa2", "p256", "p384", "ed25519"];

fn pki(name: &str) -> Vec<u8> {
    let file = format!("{}/tests/pkcs12-corpus/pki/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(file).unwrap()
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_der(pki(&format!("{name}.der"))).unwrap()
}

fn pkcs8(name: &str) -> SecretBytes {
    SecretBytes::new(pki(&format!("{name}.test.key")))
}

fn key(name: &str) -> NewKey {
    NewKey::new(pkcs8(name), [name, "issuing", "root"].map(certificate)).unwrap()
}

fn quick(profile: Profile) -> WriteOptions {
    WriteOptions::new(profile).with_iterations(MIN_ITERATIONS)
}

fn secret(text: &str) -> SecretString {
    SecretString::new(text)
}

fn write(builder: Pkcs12Builder) -> Written {
    builder.write(&secret("new"), &quick(Profile::Modern)).unwrap()
}

fn reason(written: Result<Written, Refusal>) -> Option<Reason> {
    written.err().map(|refusal| refusal.reason())
}

fn open(token: &SoftToken, password: &str) -> Pkcs12 {
    Pkcs12::open(token.expose_octets(), &secret(password), &Pkcs12Policy::default()).unwrap()
}

type Row = (Vec<u8>, Option<String>, Option<Vec<u8>>);

/// Everything in a container, comparable.
fn contents(container: &Pkcs12) -> (Vec<Row>, BTreeSet<Row>) {
    let text = |name: Option<&str>| name.map(str::to_owned);
    let keys = container.keys().iter().map(|key| {
        let pkcs8 = key.pkcs8_der().expose().to_vec();
        (
            pkcs8,
            text(key.friendly_name()),
            key.local_key_id().map(<[u8]>::to_vec),
        )
    });
    let certificates = container.certificates().iter().map(|entry| {
        let id = entry.local_key_id().map(<[u8]>::to_vec);
        (
            entry.certificate().der().to_vec(),
            text(entry.friendly_name()),
            id,
        )
    });
    (keys.collect(), certificates.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_is_read(
        keys in prop::collection::vec((0..KEYS.len(), prop::option::of(".{0,12}")), 0..4),
        others in prop::collection::vec(prop::option::of(".{0,12}"), 0..3),
        password in ".{1,12}",
        compatible: bool,
    ) {
        prop_assume!(!keys.is_empty() || !others.is_empty());
        let mut builder = Pkcs12Builder::new();
        let mut expected = Vec::new();
        for (which, name) in &keys {
            let mut new = key(KEYS[*which]);
            if let Some(name) = name {
                new = new.with_friendly_name(name);
            }
            builder = builder.with_key(new);
            expected.push((pkcs8(KEYS[*which]).expose().to_vec(), name.clone()));
        }
        for name in &others {
            builder = match name {
                Some(name) => builder.with_named_certificate(name, certificate("stranger")),
                None => builder.with_certificate(certificate("stranger")),
            };
        }
        let profile = if compatible { Profile::Compatible } else { Profile::Modern };
        let written = builder.write(&secret(&password), &quick(profile)).unwrap();
        let container = open(written.token(), &password);
        let found: Vec<_> = container
            .keys()
            .iter()
            .map(|key| (key.pkcs8_der().expose().to_vec(), key.friendly_name().map(str::to_owned)))
            .collect();
        prop_assert_eq!(found, expected);
        for entry in container.keys() {
            prop_assert_eq!(container.chain(entry).unwrap().len(), 3);
            // The identifier leads to the key's own certificate and to no other.
            let id = entry.local_key_id().unwrap();
            let linked: Vec<_> =
                container.certificates().iter().filter(|other| other.local_key_id() == Some(id)).collect();
            let own = &container.chain(entry).unwrap()[0];
            prop_assert!(!linked.is_empty() && linked.iter().all(|other| other.certificate() == own));
        }
        let named: BTreeSet<_> = others.iter().flatten().cloned().collect();
        for name in named {
            prop_assert!(container.certificates().iter().any(|entry| entry.friendly_name() == Some(&name)));
        }
        // Again: nothing changes any more.
        let again = Pkcs12Builder::from_container(&container)
            .write(&secret("another"), &quick(Profile::Modern))
            .unwrap();
        prop_assert_eq!(contents(&open(again.token(), "another")), contents(&container));
    }
}

#[test]
fn the_chain_stands_once_and_the_leaf_has_the_keys_name_and_identifier() {
    let builder = Pkcs12Builder::new()
        .with_key(key("rsa1").with_friendly_name("one"))
        .with_key(key("p256").with_friendly_name("two"))
        .with_certificate(certificate("root"));
    let written = write(builder);
    assert_eq!(written.findings(), []);
    let container = open(written.token(), "new");
    let rows: Vec<_> = container
        .certificates()
        .iter()
        .map(|entry| {
            (
                entry.certificate().clone(),
                entry.friendly_name(),
                entry.local_key_id(),
            )
        })
        .collect();
    let id = |name| link::sha1(certificate(name).der());
    let (first, second) = (id("rsa1"), id("p256"));
    assert_eq!(
        rows,
        [
            (certificate("rsa1"), Some("one"), Some(first.as_slice())),
            (certificate("issuing"), None, None),
            (certificate("root"), None, None),
            (certificate("p256"), Some("two"), Some(second.as_slice())),
        ]
    );
    assert_eq!(container.keys()[1].local_key_id(), Some(second.as_slice()));
}

#[test]
fn the_same_random_bytes_make_the_same_container_and_each_draw_is_of_its_own() {
    let octets = |seed: u8| {
        let next = Cell::new(seed);
        let mut random = |bytes: &mut [u8]| {
            bytes.fill(next.replace(next.get().wrapping_add(1)));
            Ok(())
        };
        let builder = Pkcs12Builder::new().with_key(key("p256")).with_key(key("rsa1"));
        let written = builder
            .write_with(&secret("new"), quick(Profile::Modern), &mut random)
            .unwrap();
        // Two keys and the certificates, with salt and initial vector each, and the checksum's salt.
        assert_eq!(next.get(), seed + 7);
        written.into_token().expose_octets().to_vec()
    };
    assert_eq!(octets(1), octets(1));
    assert_ne!(octets(1), octets(2));
    der::Reader::only(&octets(1), der::tag::SEQUENCE, "?").unwrap();
    assert!(matches!(
        der::definite(&octets(1)).unwrap(),
        std::borrow::Cow::Borrowed(_)
    ));
}

#[test]
fn without_randomness_nothing_is_written() {
    let builder = Pkcs12Builder::new().with_key(key("p256"));
    let written = builder.write_with(&secret("new"), quick(Profile::Modern), &mut |_| Err(Unspecified));
    assert_eq!(reason(written), Some(Reason::RandomUnavailable));
}

#[test]
fn an_empty_password_must_be_asked_for() {
    let empty = secret("");
    for profile in [Profile::Modern, Profile::Compatible] {
        let options = quick(profile);
        let builder = || Pkcs12Builder::new().with_key(key("p256"));
        assert_eq!(
            reason(builder().write(&empty, &options)),
            Some(Reason::PasswordEmpty)
        );
        let written = builder()
            .write(&empty, &options.danger_allow_empty_password())
            .unwrap();
        assert_eq!(written.findings(), [Finding::PasswordEmpty]);
        assert_eq!(open(written.token(), "").keys().len(), 1);
    }
}

#[test]
fn a_password_that_java_refuses_is_told() {
    let findings = |password: &str| {
        let written = Pkcs12Builder::new().with_key(key("p256"));
        let written = written
            .write(&secret(password), &quick(Profile::Compatible))
            .unwrap();
        assert_eq!(open(written.token(), password).keys().len(), 1, "{password:?}");
        written.findings().to_vec()
    };
    for good in [" ", "~", "test-Passw0rd", "a b"] {
        assert_eq!(findings(good), [], "{good:?}");
    }
    for bad in ["\u{7f}", "\u{1f}", "pässword", "p\0q", "😀", "a\n"] {
        assert_eq!(findings(bad), [Finding::PasswordNotForJava], "{bad:?}");
    }
}

#[test]
fn iterations_are_written_as_asked_within_their_bounds() {
    let builder = || Pkcs12Builder::new().with_key(key("ed25519"));
    for bad in [0, MIN_ITERATIONS - 1, MAX_ITERATIONS + 1, u32::MAX] {
        let options = WriteOptions::default().with_iterations(bad);
        assert_eq!(
            reason(builder().write(&secret("new"), &options)),
            Some(Reason::IterationsOutOfRange),
            "{bad}"
        );
    }
    let written = builder()
        .write(&secret("new"), &WriteOptions::default().with_iterations(4321))
        .unwrap();
    let needle = der::integer(&4321_u32.to_be_bytes());
    let octets = written.token().expose_octets();
    let times = octets
        .windows(needle.len())
        .filter(|window| *window == needle)
        .count();
    assert_eq!(times, 3, "key, certificates, checksum");
}

#[test]
fn what_this_crate_would_not_open_is_not_written() {
    let one = key("rsa1");
    let of = |count: usize| Pkcs12Builder {
        keys: (0..count).map(|_| copy(&one.entry)).collect(),
        ..Pkcs12Builder::new().with_certificate(certificate("rsa1"))
    };
    let refused =
        |builder: Pkcs12Builder, options: WriteOptions| reason(builder.write(&secret("new"), &options));
    let dear = WriteOptions::new(Profile::Modern).with_iterations(MAX_ITERATIONS);
    assert_eq!(refused(of(3), dear), Some(Reason::KdfIterations));
    let old = WriteOptions::new(Profile::Compatible).with_iterations(MAX_ITERATIONS);
    assert_eq!(refused(of(2), old), Some(Reason::KdfIterations));
    // Every key has a derivation of its own; below the limit everything opens.
    let often = WriteOptions::new(Profile::Modern).with_iterations(200_000);
    assert_eq!(refused(of(20), often), Some(Reason::KdfIterations));
    let fewer = of(12).write(&secret("new"), &often).unwrap();
    assert_eq!(open(fewer.token(), "new").keys().len(), 12);
    // Keys are work too; below the limit everything opens.
    assert_eq!(
        refused(of(800), quick(Profile::Modern)),
        Some(Reason::KdfIterations)
    );
    let most = of(60).write(&secret("new"), &quick(Profile::Modern)).unwrap();
    assert_eq!(open(most.token(), "new").keys().len(), 60);

    let mut many = Pkcs12Builder::new();
    for number in 0..=MAX_BAGS {
        many = many.with_named_certificate(number.to_string(), certificate("stranger"));
    }
    assert_eq!(
        reason(many.write(&secret("new"), &quick(Profile::Modern))),
        Some(Reason::TooLarge)
    );
    let long =
        Pkcs12Builder::new().with_named_certificate("x".repeat(DEFAULT_MAX_LEN / 2), certificate("root"));
    assert_eq!(
        reason(long.write(&secret("new"), &quick(Profile::Modern))),
        Some(Reason::TooLarge)
    );
}

#[test]
fn nothing_is_no_container_and_certificates_alone_are_one() {
    let empty = Pkcs12Builder::new().write(&secret("new"), &quick(Profile::Modern));
    assert_eq!(reason(empty), Some(Reason::NoKey));
    let written = write(Pkcs12Builder::new().with_certificate(certificate("root")));
    assert_eq!(written.findings(), [Finding::NoKey]);
    assert_eq!(open(written.token(), "new").certificates().len(), 1);
}

#[test]
fn a_key_goes_with_its_own_certificate_only() {
    let refused = |name: &str, certificates: &[&str]| {
        let certificates = certificates.iter().map(|name| certificate(name));
        NewKey::new(pkcs8(name), certificates)
            .err()
            .map(|refusal| refusal.reason())
    };
    assert_eq!(refused("rsa1", &[]), Some(Reason::NoCertificate));
    assert_eq!(
        refused("rsa1", &["rsa2", "issuing"]),
        Some(Reason::KeyCertificateMismatch)
    );
    assert_eq!(
        refused("p256", &["p256", "renewed"]),
        Some(Reason::SeveralCertificates)
    );
    assert_eq!(refused("p256", &["root", "issuing", "p256"]), None);
    let not_a_key = |octets: &[u8]| {
        let key = NewKey::without_certificate(SecretBytes::new(octets.to_vec()));
        key.err().map(|refusal| refusal.reason())
    };
    assert_eq!(not_a_key(b""), Some(Reason::Malformed));
    assert_eq!(
        not_a_key(&pki("root.der")),
        Some(Reason::PasswordMissing),
        "it begins as an encrypted key does"
    );
    assert_eq!(not_a_key(&pki("rsa1.test.key")[..200]), Some(Reason::Malformed));
}

#[test]
fn a_key_of_another_type_is_kept_and_told() {
    // X25519, which agrees on keys and signs nothing.
    let mut other = pki("ed25519.test.key");
    let place = other
        .windows(3)
        .position(|window| window == [0x2b, 0x65, 0x70])
        .unwrap()
        + 2;
    other[place] = 0x6e;
    let new = NewKey::new(SecretBytes::new(other.clone()), [certificate("ed25519")]).unwrap();
    let written = write(Pkcs12Builder::new().with_key(new.with_friendly_name("x")));
    assert_eq!(written.findings(), [Finding::KeyNotChecked(Some("x".to_owned()))]);
    let container = open(written.token(), "new");
    assert_eq!(container.keys()[0].pkcs8_der().expose(), other);
    assert_eq!(
        container.keys()[0].local_key_id(),
        container.certificates()[0].local_key_id()
    );
    let again = Pkcs12Builder::from_container(&container);
    assert_eq!(contents(&open(write(again).token(), "new")), contents(&container));
}

#[test]
fn names_that_java_takes_for_one_are_told_once() {
    let builder = Pkcs12Builder::new()
        .with_key(key("rsa1").with_friendly_name("Key"))
        .with_key(key("rsa2").with_friendly_name("kEY"))
        .with_key(key("p256").with_friendly_name("key"))
        .with_key(key("p384").with_friendly_name("other"));
    let written = write(builder);
    assert_eq!(
        written.findings(),
        [Finding::FriendlyNameRepeated("kEY".to_owned())]
    );
}

#[test]
fn a_key_alone_is_told() {
    let key = NewKey::without_certificate(pkcs8("rsa1")).unwrap();
    let written = write(Pkcs12Builder::new().with_key(key));
    assert_eq!(written.findings(), [Finding::KeyWithoutCertificate(None)]);
    assert!(written.findings()[0].to_string().contains("without a name"));
    assert_eq!(open(written.token(), "new").keys()[0].local_key_id(), None);
}

#[test]
fn it_can_be_written_where_it_stalls_nobody() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let builder = Pkcs12Builder::new().with_key(key("p256"));
    let written = runtime
        .block_on(builder.write_on(&runtime, secret("new"), quick(Profile::Modern)))
        .unwrap()
        .unwrap();
    assert_eq!(open(written.token(), "new").keys().len(), 1);
    let refused =
        runtime.block_on(Pkcs12Builder::new().write_on(&runtime, secret("new"), quick(Profile::Modern)));
    assert_eq!(
        refused.unwrap().err(),
        Some(WriteError::Refused(Reason::NoKey.into()))
    );
}

#[test]
fn debug_shows_neither_key_nor_container() {
    let new = key("ed25519");
    let text = format!("{new:?}");
    let secret = new.entry.pkcs8.expose().to_vec();
    let builder = Pkcs12Builder::new().with_key(new);
    let text = format!("{text}{builder:?}");
    let text = format!("{text}{:?}", write(builder));
    assert!(
        !text.contains(&format!("{:?}", &secret[20..]).replace(['[', ']'], "")),
        "{text}"
    );
    assert!(text.contains("SoftToken(") && text.contains("NewKey"), "{text}");
}
