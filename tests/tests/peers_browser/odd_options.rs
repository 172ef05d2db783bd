//! Odd options, as the browser and as we take them, and pages that are not where they should be.

use serde_json::{Value, json};
use smartid_core::base64::{Flavour, decode, encode};
use smartid_da::fido::preflight::{self, OriginRule, Preflight};
use smartid_da::fido::{CreationOptions, Registration};
use smartid_tests::peers::{Browser, Texts};

use crate::through::{Expected, packed, through_our_types};
use crate::{ORIGIN, RP_ID, options, value};

/// Taken, or refused by this name.
type Said = Result<(), &'static str>;

/// The members of WebAuthn's options that matter here, with one changed, as the browser and as we take them.
#[test]
#[ignore = "needs Chromium and node"]
fn what_a_browser_makes_of_odd_options_is_known_for_each_that_we_take_or_refuse() {
    let mut browser = Browser::start();
    browser.authenticator(&json!({}));
    let first = browser.create(&options(&json!({}))).unwrap();
    let known = value(&first.to_json)["id"].clone();
    let user = |id: &str| json!({"user": {"id": id, "name": "alice", "displayName": "Alice"}});
    let rp = |id: Value| json!({"rp": {"id": id, "name": "Login"}});
    let offered = |list: Value| json!({"pubKeyCredParams": list});
    let excluded = |entry: Value| json!({"excludeCredentials": [entry]});
    let too_long = encode(Flavour::Url, &[7; 65]);
    let ok: Said = Ok(());
    // What is changed; what the browser says; what we say, by the short name of the refusal.
    let rows: Vec<(Value, Said, Said)> = vec![
        (
            excluded(json!({"type": "public-key", "id": known})),
            Err("InvalidStateError"),
            ok,
        ),
        (excluded(json!({"type": "public-key", "id": "AQI"})), ok, ok),
        (
            excluded(json!({"type": "public-key", "id": "AQI", "transports": ["usb", "of-tomorrow"]})),
            ok,
            ok,
        ),
        (
            excluded(json!({"type": "public-key", "id": "AQI="})),
            Err("EncodingError"),
            ok,
        ),
        (excluded(json!({"type": "of-tomorrow", "id": known})), ok, ok),
        (
            json!({"excludeCredentials": {}}),
            Err("TypeError"),
            Err("malformed-member"),
        ),
        (
            json!({"challenge": "AAECAwQFBgcICQoLDA0ODw=="}),
            Err("EncodingError"),
            ok,
        ),
        (
            json!({"challenge": "++++AwQFBgcICQoLDA0ODw"}),
            Err("EncodingError"),
            ok,
        ),
        (
            json!({"challenge": "AAEC AwQFBgcICQoLDA0ODw"}),
            Err("EncodingError"),
            ok,
        ),
        (
            json!({"challenge": "%"}),
            Err("EncodingError"),
            Err("malformed-member"),
        ),
        (
            json!({"challenge": null}),
            Err("TypeError"),
            Err("missing-member"),
        ),
        (
            json!({"challenge": "AAECAwQFBgcICQoLDA0O"}),
            ok,
            Err("short-challenge"),
        ),
        (user(""), ok, Err("user-id-length")),
        (user(&too_long), Err("TypeError"), Err("user-id-length")),
        (user("AQ=="), Err("EncodingError"), ok),
        (
            rp(json!("https://login.example.test")),
            Err("SecurityError"),
            Err("rp-id"),
        ),
        (
            rp(json!("login.example.test:443")),
            Err("SecurityError"),
            Err("rp-id"),
        ),
        (
            rp(json!("login.example.test.")),
            Err("SecurityError"),
            Err("rp-id"),
        ),
        (rp(json!("127.0.0.1")), Err("SecurityError"), Err("rp-id")),
        (rp(json!("")), Err("SecurityError"), Err("rp-id")),
        // A domain, but not one of this page.
        (rp(json!("login.example.org")), Err("SecurityError"), ok),
        (offered(json!([])), ok, Err("no-known-algorithm")),
        (
            offered(json!([{"type": "of-tomorrow", "alg": -7}])),
            Err("NotSupportedError"),
            Err("no-known-algorithm"),
        ),
        (offered(json!([{"type": "public-key", "alg": -7.0}])), ok, ok),
        (
            offered(json!([{"type": "public-key", "alg": "-7"}])),
            ok,
            Err("malformed-member"),
        ),
        (offered(json!({})), Err("TypeError"), Err("malformed-member")),
        (json!({"attestation": "of-tomorrow"}), ok, ok),
        (
            json!({"authenticatorSelection": {"userVerification": "of-tomorrow", "residentKey": 7}}),
            ok,
            ok,
        ),
        (json!({"timeout": "100"}), ok, ok),
        (
            json!({"extensions": {"of.tomorrow": 1, "credProps": "yes"}}),
            ok,
            ok,
        ),
        (json!({"hints": ["of-tomorrow"]}), ok, ok),
        (json!({"hints": "security-key"}), Err("TypeError"), ok),
    ];
    for (changes, browsers, ours) in rows {
        let text = options(&changes);
        let said = browser.create(&text).map(drop).map_err(|error| {
            // parseCreationOptionsFromJSON() throws a DOMException whose name stands in its text.
            if error == "DOMException" {
                "EncodingError".to_owned()
            } else {
                error
            }
        });
        assert_eq!(said, browsers.map_err(str::to_owned), "{changes}");
        let read = CreationOptions::parse(&text);
        let said = read
            .as_ref()
            .map_err(|error| error.name())
            .and_then(|read| read.validate().map_err(|error| error.name()));
        assert_eq!(said, ours, "{changes}");
        // What a browser cannot decode and we can leaves a word about it.
        if browsers == Err("EncodingError") && said.is_ok() {
            assert!(!read.unwrap().lints().is_empty(), "{changes}");
        }
    }
    let text = options(&excluded(json!({"type": "public-key", "id": known})));
    let id = decode(Flavour::Url, known.as_str().unwrap()).unwrap();
    assert!(CreationOptions::parse(&text).unwrap().excludes(&id));
    // The last one of two challenges counts in a browser; we do not guess.
    let twice = text.replacen('{', "{\"challenge\":\"AQECAwQFBgcICQoLDA0ODw\",", 1);
    assert_eq!(
        CreationOptions::parse(&twice).unwrap_err().name(),
        "malformed-json"
    );
    // An algorithm that this browser's authenticator does not have.
    for algorithm in [-35, -36, -258, -259] {
        let text = options(&offered(json!([{"type": "public-key", "alg": algorithm}])));
        match browser.create(&text) {
            Ok(made) => drop(through_our_types(
                &text,
                &made,
                &Expected {
                    algorithm,
                    ..packed()
                },
            )),
            Err(error) => assert_eq!(error, "NotAllowedError", "{algorithm}"),
        }
    }
}

#[test]
#[ignore = "needs Chromium and node"]
fn origin_and_relying_party_are_checked_as_the_page_had_them() {
    let mut browser = Browser::start();
    browser.authenticator(&json!({}));
    let said = |text: &str, made: &Texts, rules: &Preflight| {
        let options = CreationOptions::parse(text).unwrap();
        let registration = Registration::parse(&made.to_json).unwrap();
        preflight::check(&options, &registration, rules)
            .map(drop)
            .map_err(|error| error.name())
    };
    let listed = |origin: &str| Preflight::new().origin(OriginRule::Listed(vec![origin.to_owned()]));

    // A relying party above the page's host.
    let text = options(&json!({"rp": {"id": "example.test", "name": "Login"}}));
    let made = browser.create(&text).unwrap();
    assert_eq!(said(&text, &made, &Preflight::new()), Err("origin-mismatch"));
    through_our_types(
        &text,
        &made,
        &Expected {
            rules: listed(ORIGIN),
            ..packed()
        },
    );
    let other = options(&json!({}));
    assert_eq!(said(&other, &made, &Preflight::new()), Err("rp-id-mismatch"));

    // Options without rp.id: the page's host counts, which the caller has to say.
    let text = options(&json!({"rp": {"name": "Login"}}));
    let made = browser.create(&text).unwrap();
    assert_eq!(said(&text, &made, &Preflight::new().rp_id(RP_ID)), Ok(()));
    assert_eq!(
        said(
            &text,
            &made,
            &Preflight::new().rp_id("example.test").origin(OriginRule::Report)
        ),
        Err("rp-id-mismatch")
    );

    // The answer to other options.
    let text = options(&json!({"challenge": "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}));
    assert_eq!(said(&text, &made, &Preflight::new()), Err("challenge-mismatch"));
    // An algorithm that was not offered, user verification that is demanded.
    let text = options(&json!({"pubKeyCredParams": [{"type": "public-key", "alg": -257}]}));
    assert_eq!(
        said(&text, &made, &Preflight::new()),
        Err("algorithm-not-offered")
    );
    browser.authenticator(&json!({"hasUserVerification": false}));
    let made = browser.create(&options(&json!({}))).unwrap();
    let text = options(&json!({"authenticatorSelection": {"userVerification": "required"}}));
    assert_eq!(
        said(&text, &made, &Preflight::new()),
        Err("user-verification-missing")
    );
    // That authenticator cannot meet the demand, and the browser says so.
    assert_eq!(browser.create(&text).unwrap_err(), "NotAllowedError");

    // Plain HTTP on localhost, with its port in the origin.
    let page = browser.open("http://localhost/");
    let origin = page["origin"].as_str().unwrap();
    assert!(
        origin.starts_with("http://localhost:") && page["secure"] == true,
        "{page}"
    );
    browser.authenticator(&json!({}));
    let text = options(&json!({"rp": {"id": "localhost", "name": "Login"}}));
    let made = browser.create(&text).unwrap();
    assert_eq!(said(&text, &made, &Preflight::new()), Err("origin-mismatch"));
    through_our_types(
        &text,
        &made,
        &Expected {
            rules: listed(origin),
            ..packed()
        },
    );
}
