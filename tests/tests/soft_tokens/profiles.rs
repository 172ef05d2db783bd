//! Every form of container that the simulator makes, opened.

use smartid::trust::pkcs12::{OpenedToken, Pkcs12Policy};
use smartid::trust::{Curve, KeyType, KeyUsage, Reason};
use smartid_tests::certificates::{CmWorld, TOKEN_PASSWORD, ask, why};

/// A token made with these switches of `cm.soft_tokens`.
async fn made(switches: &str) -> (CmWorld, smartid::trust::SoftToken) {
    let world = CmWorld::with(&format!(
        "[cm.soft_tokens]\n{switches}\n[cm.signing]\nmode = 'vro'"
    ))
    .await;
    let issued = world.token(&ask("Alice")).await;
    let token = issued.unwrap_or_else(|error| panic!("{switches}: {error}")).token;
    (world, token)
}

async fn opened(switches: &str) -> (CmWorld, OpenedToken) {
    let (world, token) = made(switches).await;
    let opened = world.good_token(&token, TOKEN_PASSWORD, "CN=Alice,C=SE").await;
    (world, opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_profile_opens_in_both_encodings() {
    for profile in [
        "modern",
        "legacy",
        "triple-des",
        "rc2-128",
        "early-aes",
        "strong",
        "plain-certificates",
    ] {
        for encoding in ["der", "ber"] {
            let switches = format!("profile = '{profile}'\nencoding = '{encoding}'");
            let (world, opened) = opened(&switches).await;
            let key = opened.the_one_key().unwrap();
            assert_eq!(key.chain().len(), 3, "{switches}");
            assert!(opened.certificates().is_empty(), "{switches}");
            let token = world.sim.cm().soft_tokens().remove(0);
            let ber = token.file.starts_with(&[0x30, 0x80]);
            assert_eq!(ber, encoding == "ber", "{switches}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mac_is_verified() {
    for mac in ["sha1", "sha256", "sha384", "sha512", "pbmac1"] {
        for profile in ["modern", "legacy"] {
            let switches = format!("mac = '{mac}'\nprofile = '{profile}'");
            let (world, token) = made(&switches).await;
            world.good_token(&token, TOKEN_PASSWORD, "CN=Alice,C=SE").await;
            let refused = world.open(&token, "another password").await;
            assert_eq!(why(refused), Reason::WrongPassword, "{switches}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_without_mac_is_refused_and_opened_on_request() {
    for profile in ["modern", "legacy", "plain-certificates"] {
        let (world, token) = made(&format!("mac = 'none'\nprofile = '{profile}'")).await;
        let refused = world.open(&token, TOKEN_PASSWORD).await;
        assert_eq!(why(refused), Reason::NoMac, "{profile}");
        let policy = Pkcs12Policy::default().danger_accept_without_mac();
        let opened = world.open_with(&token, TOKEN_PASSWORD, &policy).await.unwrap();
        world.check_token(&opened, "CN=Alice,C=SE");
        let refused = world.open_with(&token, "another password", &policy).await;
        assert_eq!(why(refused), Reason::WrongPassword, "{profile}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_put_in_order_however_it_came() {
    for profile in ["modern", "legacy"] {
        for keys in [false, true] {
            for (chain, count) in [("full", 3), ("none", 1), ("repeated", 3), ("reversed", 3)] {
                let switches = format!("profile = '{profile}'\ntwo_keys = {keys}\nchain = '{chain}'");
                let (_world, opened) = opened(&switches).await;
                for key in opened.keys() {
                    assert_eq!(key.chain().len(), count, "{switches}");
                }
                assert!(opened.certificates().is_empty(), "{switches}: {opened:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_have_each_its_own_certificate_with_and_without_links() {
    for links in [true, false] {
        for encoding in ["der", "ber"] {
            let switches = format!(
                "two_keys = true\nfriendly_name = '{{commonname}} {{number}}'\nlocal_key_id = {links}\nencoding = '{encoding}'"
            );
            let (world, opened) = opened(&switches).await;
            let [one, two] = opened.keys() else {
                panic!("{opened:?}")
            };
            let names = (one.friendly_name(), two.friendly_name());
            assert_eq!(names, (Some("Alice 1"), Some("Alice 2")), "{switches}");
            assert_eq!(one.local_key_id().is_some(), links, "{switches}");
            assert_ne!(one.certificate(), two.certificate());
            let signs = [one, two].map(|key| {
                let usage = key.certificate().unwrap().key_usage().unwrap().unwrap();
                usage.iter().any(|usage| usage == KeyUsage::NonRepudiation)
            });
            assert_eq!(signs, [false, true], "authentication first, then signing");
            assert_eq!(opened.the_one_key().unwrap_err().reason(), Reason::SeveralKeys);
            assert_eq!(opened.signer().unwrap_err().reason(), Reason::SeveralKeys);
            let token = world.sim.cm().soft_tokens().remove(0);
            let serials: Vec<_> = [one, two]
                .iter()
                .map(|key| key.certificate().unwrap().der().to_vec())
                .collect();
            for (certid, der) in token.certids.iter().zip(&serials) {
                let stored = world.sim.cm().certificate(certid).unwrap();
                assert_eq!(stored.der.as_deref(), Some(der.as_slice()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_keys_are_read_or_missing() {
    for (name, expected) in [
        ("{commonname}", Some("Alice")),
        ("", None),
        (
            "Schl\u{fc}ssel \u{1f511} von {commonname}",
            Some("Schl\u{fc}ssel \u{1f511} von Alice"),
        ),
        ("UPPER lower", Some("UPPER lower")),
    ] {
        for links in [true, false] {
            let (_world, opened) = opened(&format!("friendly_name = '{name}'\nlocal_key_id = {links}")).await;
            assert_eq!(opened.keys()[0].friendly_name(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_every_type_come_out() {
    for (key, expected) in [
        ("p256", KeyType::Ec(Curve::P256)),
        ("p384", KeyType::Ec(Curve::P384)),
        ("ed25519", KeyType::Ed25519),
        ("rsa2048", KeyType::Rsa { bits: 2048 }),
        ("rsa3072", KeyType::Rsa { bits: 3072 }),
    ] {
        for profile in ["modern", "legacy"] {
            let (_world, opened) = opened(&format!("key = '{key}'\nprofile = '{profile}'")).await;
            let public = opened.keys()[0].key().unwrap().public_key().clone();
            assert_eq!(public.key_type(), expected, "{profile}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_cost_no_more_than_the_policy_allows() {
    for profile in ["modern", "legacy", "strong"] {
        let (world, token) = made(&format!(
            "profile = '{profile}'\niterations = 20000\nmac_iterations = 1"
        ))
        .await;
        let open = |policy: Pkcs12Policy| {
            let (world, token) = (&world, &token);
            async move { world.open_with(token, TOKEN_PASSWORD, &policy).await }
        };
        let most = Pkcs12Policy::default();
        let refused = open(most.with_max_iterations(19_999)).await;
        assert_eq!(why(refused), Reason::KdfIterations, "{profile}");
        // The number itself is allowed.
        let opened = open(most.with_max_iterations(20_000)).await;
        world.check_token(&opened.unwrap(), "CN=Alice,C=SE");
        // All together must not take too long either.
        let refused = open(most.with_max_work(1_000_000)).await;
        assert_eq!(why(refused), Reason::KdfIterations, "{profile}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_container_is_told_apart() {
    for (flaw, reason) in [
        ("garbled", Reason::WrongPassword),
        ("other-password", Reason::WrongPassword),
        ("other-key", Reason::KeyCertificateMismatch),
        ("no-key", Reason::NoKey),
    ] {
        let (world, token) = made(&format!("flaw = '{flaw}'")).await;
        let refused = world.open(&token, TOKEN_PASSWORD).await;
        assert_eq!(why(refused), reason, "{flaw}");
    }
    // Base64 in place of octets is still the container.
    let (world, token) = made("flaw = 'base64'").await;
    world.good_token(&token, TOKEN_PASSWORD, "CN=Alice,C=SE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_beyond_ascii_open_every_profile() {
    for profile in ["modern", "legacy", "strong"] {
        for mac in ["profile", "pbmac1"] {
            let world = CmWorld::with(&format!(
                "[cm.soft_tokens]\nprofile = '{profile}'\nmac = '{mac}'\n[cm.signing]\nmode = 'vro'"
            ))
            .await;
            for password in ["Gr\u{fc}\u{df}e", "\u{738b}\u{1f511}\u{10ffff}", "\u{ffff}"] {
                let mut request = ask("Alice");
                request.password = smartid::SecretString::new(password);
                let issued = world.token(&request).await.unwrap();
                world.good_token(&issued.token, password, "CN=Alice,C=SE").await;
            }
        }
    }
}
