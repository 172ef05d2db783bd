//! Each setting of sign, of authenticate and of their answers changes what is sent or how a signature is read and verified.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::answer;
use common::answers::{CONTENT, asked, asked_rsa, base64, beside, cms, jws, pages, raw};
use common::signature::{ANNA, BERTA, NOW, authenticate, sign, signers};
use serde_json::{Value, json};
use smartid_core::Endpoint;
use smartid_core::dialect::{overlay, settings};
use smartid_hermod::answers::{SignatureExpectation, SignaturePolicy};
use smartid_hermod::{CommandReport, Entry, HermodDialect, Outcome};
use smartid_trust::OfficerSigner;

/// Every setting of the answers, another value for it, and the case that must come out otherwise.
const CHANGES: &[(&str, &str, &str)] = &[
    ("certificate", "'/response/cert'", "bare"),
    ("chain", "'/response/issuers'", "bare, two issuers"),
    ("covers", "'concatenated'", "two pages"),
    ("covers_without_tbs", "'entries'", "no tbs"),
    ("data", "'/response/second'", "two signatures"),
    ("format", "'/response/kind'", "two formats"),
    ("formats.jws", "['jose']", "jws"),
    ("formats.pkcs7", "['cms']", "pkcs7"),
    ("formats.raw", "['bare']", "bare"),
    ("item_data", "'/s'", "items"),
    ("item_key", "'/id'", "items"),
    ("key_id", "'/response/key'", "key"),
    ("payload.description", "'/told'", "payload"),
    ("payload.nonce", "'/jti'", "payload"),
    ("payload.tbs", "'/signed'", "payload"),
    ("payload.user_id", "'/sub'", "payload"),
    ("search", "false", "elsewhere"),
];

/// The settings that every command has, another value, and whether the request or the answer changes.
const OF_A_COMMAND: &[(&str, &str, usize)] = &[
    ("body", "{ installation = 7 }", 0),
    ("path", "'elsewhere'", 0),
    ("request", "[{ set = '/x', value = 1 }]", 0),
    ("response", "[{ move = '/id', to = '/commandId' }]", 1),
    ("success", "[202]", 1),
    ("to", "['user-9@example.com']", 0),
    ("verb", "'PUT'", 0),
    ("wrapper", "'otherCommand'", 0),
];

struct Case {
    name: &'static str,
    response: Value,
    asked: SignatureExpectation,
    /// Where the case is about what is signed.
    base: &'static str,
}

fn cases() -> Vec<Case> {
    let case = |name, asked, response| Case {
        name,
        response,
        asked,
        base: "",
    };
    let (certificate, chain) = beside(&ANNA);
    let bare = raw(&ANNA, CONTENT);
    let issuer = chain[0].clone();
    let root = base64(&common::provision::trust("certs/root.der"));
    let described = |mut asked: SignatureExpectation| {
        asked.description = vec![Entry::text("requester", "Bank")];
        asked
    };
    let mut nothing = described(asked("jws"));
    nothing.tbs.clear();
    let mut whole = described(asked("jws")).user("user-1");
    whole.nonce = Some("1".into());
    let tbs = serde_json::to_value(&whole.tbs).unwrap();
    let told = serde_json::to_value(&whole.description).unwrap();
    let payload = json!({"tbs": tbs, "description": told, "nonce": "1", "userid": "user-1", "signed": [], "told": [], "jti": "2", "sub": "2"});
    let items = json!([{"key": "tbs0", "id": "tbs9", "data": cms(&ANNA, b"one"), "s": cms(&ANNA, b"two")}]);
    vec![
        case("jws", asked("jws"), json!({"data": jws(&ANNA, CONTENT)})),
        case("pkcs7", asked("pkcs7"), json!({"data": cms(&ANNA, CONTENT)})),
        case(
            "bare",
            asked_rsa("raw"),
            json!({"data": bare, "certificate": certificate, "chain": chain}),
        ),
        case(
            "bare, two issuers",
            asked_rsa("raw"),
            json!({"data": bare, "certificate": certificate, "chain": [], "issuers": [issuer, root]}),
        ),
        case(
            "two pages",
            pages("jws", &["one", "two"]),
            json!({"data": jws(&ANNA, b"onetwo")}),
        ),
        case(
            "no tbs",
            nothing,
            json!({"data": jws(&ANNA, told.to_string().as_bytes())}),
        ),
        case(
            "two signatures",
            asked("pkcs7"),
            json!({"data": cms(&ANNA, CONTENT), "second": cms(&BERTA, CONTENT)}),
        ),
        case(
            "two formats",
            asked("jws"),
            json!({"format": "jws", "kind": "x", "data": jws(&ANNA, CONTENT)}),
        ),
        case("items", pages("pkcs7", &["one"]), json!({"data": items})),
        case(
            "key",
            asked_rsa("raw"),
            json!({"data": bare, "keyid": "a", "key": "b"}),
        ),
        Case {
            base: "answers.signature.covers = 'entries'\n",
            ..case(
                "payload",
                whole,
                json!({"data": jws(&ANNA, payload.to_string().as_bytes())}),
            )
        },
        case("elsewhere", asked("jws"), json!({"x": jws(&ANNA, CONTENT)})),
    ]
}

/// What comes of a case: read, what was let pass, verified by whom and bound to what, or why not.
fn observe(case: &Case, setting: &str) -> String {
    let dialect: HermodDialect = overlay(&format!("{}{setting}", case.base)).unwrap();
    let body = json!({"commandId": "1", "state": "SUCCESS", "response": case.response}).to_string();
    let report = CommandReport::read(body.into(), &dialect).unwrap();
    let outcome = report.sign(&dialect, &case.asked);
    let Outcome::Succeeded(answer) = outcome else {
        return format!("{outcome:?}");
    };
    let data = &answer.signatures()[0].data;
    let policy = SignaturePolicy::new(case.asked.clone(), &signers()).danger_accepting_unbound();
    let verified = answer.verify(&policy, NOW);
    let verified = verified.map(|verified| {
        let who = verified.proof().signer().unwrap().subject().to_string();
        let statement = verified.into_parts().0;
        (who, statement.bound, statement.not_bound)
    });
    let beside = match data {
        smartid_hermod::answers::SignatureData::Raw(signature) => {
            let signature = signature.danger_unverified();
            format!("{:?} {}", signature.key_id(), signature.certificates().len())
        }
        _ => String::new(),
    };
    format!("{:?} {beside} {verified:?}", answer.lints)
}

#[test]
fn every_setting_of_the_answer_changes_what_it_says() {
    let prefix = "answers.signature.";
    let all = settings::<HermodDialect>();
    let known: Vec<&str> = all
        .iter()
        .filter_map(|(key, _)| key.strip_prefix(prefix))
        .collect();
    let changed: Vec<&str> = CHANGES.iter().map(|(key, _, _)| *key).collect();
    assert_eq!(known, changed, "one change for each setting, in their order");
    let cases = cases();
    for (key, value, name) in CHANGES {
        let case = cases.iter().find(|case| case.name == *name).unwrap();
        let setting = format!("{prefix}{key} = {value}");
        assert_ne!(observe(case, ""), observe(case, &setting), "{key}");
    }
    // Without a change they are what they should be.
    for name in [
        "jws",
        "pkcs7",
        "bare",
        "bare, two issuers",
        "items",
        "payload",
        "elsewhere",
        "two signatures",
        "no tbs",
    ] {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let seen = observe(case, "");
        let expected = ANNA.chain()[0].subject().to_string();
        assert!(seen.contains(&expected), "{name}: {seen}");
    }
}

fn command(dialect: &HermodDialect, name: &str) -> [String; 2] {
    fn of<E>(command: &E, dialect: &HermodDialect) -> [String; 2]
    where
        E: Endpoint<Dialect = HermodDialect, Output: std::fmt::Debug, Error: std::fmt::Debug>,
    {
        let request = command.request(dialect).unwrap();
        let body = String::from_utf8_lossy(request.body_bytes());
        let incoming = answer(200, r#"{"commandId":"1","id":"2","state":"IN_PROGRESS"}"#);
        [
            format!("{} {} {body}", request.method(), request.target()),
            format!("{:?}", command.response(dialect, incoming)),
        ]
    }
    match name {
        "sign" => of(&sign("request_minimal.json").unwrap().command, dialect),
        // The one that leaves the destination to the dialect.
        _ => of(&authenticate("request_tmp.json").unwrap().command, dialect),
    }
}

#[test]
fn every_setting_of_the_commands_changes_what_it_says() {
    for name in ["sign", "authenticate"] {
        let all = settings::<HermodDialect>();
        let prefix = format!("{name}.");
        let known: Vec<&str> = all
            .iter()
            .filter_map(|(key, _)| key.strip_prefix(&prefix))
            .collect();
        let changed: Vec<&str> = OF_A_COMMAND.iter().map(|(key, _, _)| *key).collect();
        assert_eq!(known, changed);
        let before = command(&HermodDialect::default(), name);
        for (key, value, what) in OF_A_COMMAND {
            let dialect: HermodDialect = overlay(&format!("{name}.{key} = {value}")).unwrap();
            let after = command(&dialect, name);
            assert_ne!(before[*what], after[*what], "{name}.{key}");
        }
    }
}

#[test]
fn what_a_setting_cannot_be_is_refused_when_it_is_read() {
    for text in [
        "answers.signature.covers = 'first'",
        "answers.signature.covers = ['only']",
        "answers.signature.covers_without_tbs = 'only'",
        "answers.signature.formats.xml = ['xmldsig']",
        "answers.signature.formats.jws = 'jws'",
        "answers.signature.payload.tbs = 'tbs'",
        "answers.signature.search = 'yes'",
    ] {
        assert!(overlay::<HermodDialect>(text).is_err(), "{text}");
    }
}
