//! The containers: profiles, chains, labels, flaws, rules for passwords.

use smartid_sim::config::{SoftTokenConfig, TokenChain, TokenEncoding, TokenFlaw, TokenMac, TokenProfile};
use smartid_sim::pki::{Certificate, KeyKind, p12};

use crate::common::{Bench, inside};

/// A token with some switches, as it comes.
async fn token(bench: &Bench, change: impl FnOnce(&mut SoftTokenConfig)) -> Vec<u8> {
    bench.sim.reconfigure(|config| {
        config.cm.soft_tokens = SoftTokenConfig::default();
        change(&mut config.cm.soft_tokens);
    });
    let answer = bench
        .ra
        .servlet("ast", &[("country", b"SE")], "password=pass")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(bench.sim.cm().soft_tokens().last().unwrap().file, answer.body);
    answer.body
}

fn holds(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

/// 1.2.840.113549.1.12.1.<last>
fn old(last: u8) -> Vec<u8> {
    vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, last]
}

/// 2.16.840.1.101.3.4.1.<last>: 2 is AES-128-CBC, 42 AES-256-CBC
fn aes(last: u8) -> Vec<u8> {
    vec![0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, last]
}

#[tokio::test]
async fn profiles_encrypt_as_they_say() {
    let bench = Bench::new("").await;
    for (profile, there, absent, opens) in [
        (TokenProfile::Modern, vec![aes(42)], vec![old(3), old(6)], true),
        (TokenProfile::Legacy, vec![old(3), old(6)], vec![aes(42)], false),
        (TokenProfile::TripleDes, vec![old(3)], vec![old(6)], false),
        (
            TokenProfile::Rc2With128Bits,
            vec![old(3), old(5)],
            vec![old(6)],
            false,
        ),
        (TokenProfile::EarlyAes, vec![aes(2)], vec![aes(42)], false),
        (TokenProfile::Strong, vec![aes(42)], vec![old(3)], true),
        (
            TokenProfile::PlainCertificates,
            vec![aes(42), b"Soft token".to_vec()],
            vec![old(3)],
            true,
        ),
    ] {
        let file = token(&bench, |tokens| tokens.profile = profile).await;
        assert!(there.iter().all(|part| holds(&file, part)), "{profile:?}");
        assert!(!absent.iter().any(|part| holds(&file, part)), "{profile:?}");
        assert_eq!(p12::open(&file, "pass").is_ok(), opens, "{profile:?}");
        assert!(p12::open(&file, "guess").is_err());
    }
}

/// The digest or mechanism in `MacData`, as the content of its identifier.
fn mac(file: &[u8]) -> Option<Vec<u8>> {
    let parts = inside(file);
    let data = &parts.get(2)?.1;
    let identifier = inside(&inside(&inside(data)[0].1)[0].1)[0].1.clone();
    Some(identifier[2..].to_vec())
}

#[tokio::test]
async fn macs_are_as_they_say() {
    let bench = Bench::new("").await;
    let sha = |last: u8| Some(vec![0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last]);
    let sha1 = Some(vec![0x2b, 0x0e, 0x03, 0x02, 0x1a]);
    for (profile, choice, wanted) in [
        (TokenProfile::Modern, TokenMac::Profile, sha(1)),
        (TokenProfile::Legacy, TokenMac::Profile, sha1.clone()),
        (TokenProfile::Strong, TokenMac::Profile, sha(3)),
        (TokenProfile::Modern, TokenMac::Sha1, sha1),
        (TokenProfile::Legacy, TokenMac::Sha256, sha(1)),
        (TokenProfile::Modern, TokenMac::Sha384, sha(2)),
        (TokenProfile::Modern, TokenMac::Sha512, sha(3)),
        (TokenProfile::Modern, TokenMac::None, None),
        (
            TokenProfile::Modern,
            TokenMac::Pbmac1,
            Some(vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0e]),
        ),
    ] {
        let file = token(&bench, |tokens| {
            (tokens.profile, tokens.mac) = (profile, choice);
        })
        .await;
        assert_eq!(mac(&file), wanted, "{profile:?} {choice:?}");
    }
}

#[tokio::test]
async fn keys_chains_and_labels() {
    let bench = Bench::new("").await;
    let opened = async |change: fn(&mut SoftTokenConfig)| {
        let file = token(&bench, change).await;
        (p12::open(&file, "pass").unwrap(), file)
    };
    let (entries, _) = opened(|_| ()).await;
    assert_eq!((entries.len(), entries[0].certificates.len()), (1, 3));
    let (entries, _) = opened(|tokens| tokens.chain = TokenChain::None).await;
    assert_eq!(entries[0].certificates.len(), 1);
    let (entries, _) = opened(|tokens| tokens.chain = TokenChain::Repeated).await;
    assert_eq!(entries[0].certificates.len(), 5);
    let (entries, _) = opened(|tokens| tokens.chain = TokenChain::Reversed).await;
    let root = bench.sim.cm().ca().unwrap().root_der().to_vec();
    // The reader puts that of the key first; behind it they stand as they came.
    assert_eq!(
        (entries[0].certificates.len(), &entries[0].certificates[1]),
        (3, &root)
    );
    for (kind, wanted) in [
        (smartid_sim::config::OfficerKey::P384, KeyKind::P384),
        (smartid_sim::config::OfficerKey::Rsa2048, KeyKind::Rsa2048),
    ] {
        let file = token(&bench, |tokens| tokens.key = kind).await;
        assert_eq!(p12::open(&file, "pass").unwrap()[0].key.kind(), wanted);
    }
    // Two keys, each with its own certificate for its own purpose.
    let (entries, _) = opened(|tokens| {
        tokens.two_keys = true;
        tokens.friendly_name = "{commonname} {number}".into();
    })
    .await;
    let usages: Vec<Vec<&str>> = entries
        .iter()
        .map(|entry| Certificate::parse(&entry.certificates[0]).unwrap().key_usages())
        .collect();
    assert_eq!(
        usages,
        [
            vec!["digitalSignature"],
            vec!["digitalSignature", "nonRepudiation"]
        ]
    );
    assert_ne!(entries[0].key.public_key(), entries[1].key.public_key());
    let token = bench.sim.cm().soft_tokens().last().unwrap().clone();
    assert_eq!(token.certids.len(), 2);
    assert_ne!(token.certids[0], token.certids[1]);
}

#[tokio::test]
async fn names_and_encodings() {
    let bench = Bench::new("").await;
    let plain = |tokens: &mut SoftTokenConfig| {
        tokens.profile = TokenProfile::PlainCertificates;
        tokens.chain = TokenChain::None;
    };
    let bmp = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let local_key_id = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x15];
    let file = token(&bench, plain).await;
    assert!(holds(&file, &bmp("Soft token")) && holds(&file, &local_key_id));
    let file = token(&bench, |tokens| {
        plain(tokens);
        tokens.friendly_name = "{number}: {commonname}!".into();
        tokens.local_key_id = false;
    })
    .await;
    assert!(holds(&file, &bmp("1: Soft token!")) && !holds(&file, &local_key_id));
    let file = token(&bench, |tokens| {
        plain(tokens);
        tokens.friendly_name = String::new();
    })
    .await;
    assert!(!holds(&file, &bmp("Soft token")) && holds(&file, &local_key_id));
    let rounds = |file: &[u8], number: [u8; 2]| {
        file.windows(4)
            .filter(|part| **part == [2, 2, number[0], number[1]])
            .count()
    };
    let file = token(&bench, |tokens| {
        (tokens.iterations, tokens.mac_iterations) = (3000, 3001);
    })
    .await;
    assert_eq!((rounds(&file, [0x0b, 0xb8]), rounds(&file, [0x0b, 0xb9])), (2, 1));
    let file = token(&bench, |tokens| tokens.encoding = TokenEncoding::Ber).await;
    assert!(file.starts_with(&[0x30, 0x80]) && file.ends_with(&[0, 0]));
    assert!(
        holds(&file, &[0x24, 0x80, 0x04, 0x82, 0x03, 0xe8]),
        "octet strings in pieces"
    );
}

#[tokio::test]
async fn flaws_are_in_the_file() {
    let bench = Bench::new("").await;
    for flaw in [
        TokenFlaw::Truncated,
        TokenFlaw::Garbled,
        TokenFlaw::OtherPassword,
        TokenFlaw::NoKey,
        TokenFlaw::Base64,
        TokenFlaw::Empty,
    ] {
        let file = token(&bench, |tokens| tokens.flaw = flaw).await;
        assert!(p12::open(&file, "pass").is_err(), "{flaw:?}");
        assert_eq!(file.is_empty(), flaw == TokenFlaw::Empty);
    }
    let file = token(&bench, |tokens| tokens.flaw = TokenFlaw::OtherPassword).await;
    assert_eq!(p12::open(&file, "not pass").unwrap().len(), 1);
    let file = token(&bench, |tokens| tokens.flaw = TokenFlaw::Trailing).await;
    assert_eq!(
        p12::open(file.strip_suffix(b"behind it").unwrap(), "pass")
            .unwrap()
            .len(),
        1
    );
    let file = token(&bench, |tokens| tokens.flaw = TokenFlaw::OtherKey).await;
    let entry = &p12::open(&file, "pass").unwrap()[0];
    assert!(
        entry
            .certificates
            .iter()
            .all(|der| Certificate::parse(der).unwrap().spki_der() != entry.key.public_spki_der())
    );
}

#[tokio::test]
async fn passwords_and_attributes_have_rules() {
    let toml = "[cm.soft_tokens]\npassword_min = 4\npassword_max = 6\npassword_ascii = true\nrequired_attributes = [\"countryname\"]\n\
                common_context = {organizationname = \"Example AB\", countryname = \"NO\"}";
    let bench = Bench::with(toml).await;
    let country: &[(&str, &[u8])] = &[("country", b"SE")];
    for (headers, body, word) in [
        (country, "password=123", "password_short"),
        (country, "password=1234567", "password_long"),
        (
            country,
            "password=%C3%A4%C3%A4%C3%A4%C3%A4",
            "password_characters",
        ),
        (country, "password=12%0034", "password_characters"),
        (&[], "password=1234", "field_missing"),
    ] {
        let answer = bench.ra.servlet("ast", headers, body).await;
        assert_eq!((answer.status, bench.word().as_str()), (400, word), "{body}");
    }
    assert_eq!(
        bench.ra.servlet("ast", country, "password=123456").await.status,
        200
    );
    let issued = &bench.sim.cm().soft_tokens()[0];
    assert_eq!(issued.subject, "O=Example AB, C=SE");
    // An attribute of the request counts before that of the common context.
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        issued.attributes,
        [pair("countryname", "SE"), pair("organizationname", "Example AB")]
    );
    bench.sim.reconfigure(|config| {
        config.cm.soft_tokens.password_min = 0;
        config.cm.soft_tokens.common_context = [("commonname".to_owned(), "a\nb".to_owned())].into();
    });
    let answer = bench.ra.servlet("ast", country, "password=").await;
    assert_eq!((answer.status, bench.word().as_str()), (400, "attribute_control"));
    bench
        .sim
        .reconfigure(|config| config.cm.soft_tokens.common_context.clear());
    let answer = bench.ra.servlet("ast", country, "password=").await;
    assert_eq!(p12::open(&answer.body, "").unwrap().len(), 1);
}
