//! What is refused before it is sent, what is let pass with a lint, and what survives being written and read.

use std::time::Duration;

use proptest::prelude::*;
use smartid_trust::Curve;
use smartid_trust::request::RequestTemplate;

use super::*;
use crate::ids::ContentId;

fn header() -> CommandHeader {
    CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap()
}

fn new() -> Provision {
    Provision::new_profile(header(), "userA", "server", "name").nonce("1")
}

fn update() -> Provision {
    Provision::update(header().to(["userA"]), "userA", "70a1c6de").nonce("1")
}

fn key(id: &str) -> KeyRequest {
    KeyRequest::new(id, Usage::Signature, [KeyTypePriority::rsa(2048)])
}

fn fixture(name: &str) -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../smartid-trust/tests/fixtures/request"
    );
    std::fs::read(format!("{path}/{name}")).unwrap()
}

fn refusal(command: &Provision) -> String {
    let request = command.request(&HermodDialect::default());
    request.map_or_else(|error| error.to_string(), |_| "sent".to_owned())
}

#[test]
fn what_cannot_be_right_is_not_sent() {
    let many = |count| (0..count).fold(new(), |command, index| command.key(key(&index.to_string())));
    let with = |change: &dyn Fn(&mut KeyRequest)| {
        let mut key = key("signer");
        change(&mut key);
        new().key(key)
    };
    for good in [
        new(),
        update(),
        many(MAX_KEYS),
        with(&|key| key.storage.clear()),
        with(&|key| key.state = None),
        new().key(key("signer").template_der(vec![0; 64 * 1024])),
    ] {
        assert_eq!(refusal(&good), "sent");
    }
    let renamed = |change: &dyn Fn(&mut Provision)| {
        let mut command = new();
        change(&mut command);
        command
    };
    for (bad, says) in [
        (
            Provision::new_profile(header(), " ", "s", "n").nonce("1"),
            "user id is empty",
        ),
        (
            Provision::new_profile(header(), "u", "", "n").nonce("1"),
            "a server name and a name",
        ),
        (
            Provision::new_profile(header(), "u", "s", " ").nonce("1"),
            "a server name and a name",
        ),
        (
            Provision::update(header(), "u", "").nonce("1"),
            "profile id is empty",
        ),
        (Provision::new_profile(header(), "u", "s", "n"), "no nonce"),
        (renamed(&|command| command.nonce = None), "no nonce"),
        (new().nonce(""), "nonce is empty"),
        (many(MAX_KEYS + 1), "33 keys; the most is 32"),
        (
            new().key(key("a")).key(key("b")).key(key("a")),
            "two keys have the id \"a\"",
        ),
        (with(&|key| key.key_id = "".into()), "empty id"),
        (with(&|key| key.priorities.clear()), "keytypeprios"),
        (
            with(&|key| key.priorities[0].key_length.clear()),
            "empty keytype, keylength",
        ),
        (
            with(&|key| key.priorities[0].mechanism.clear()),
            "empty keytype, keylength",
        ),
        (
            with(&|key| key.priorities[0].key_type = "".into()),
            "empty keytype, keylength",
        ),
        (
            new().key(key("signer").template_der(Vec::new())),
            "empty template",
        ),
        (
            new().key(key("signer").template_der(vec![0; 64 * 1024 + 1])),
            "more than 65536",
        ),
        (
            new().visual(VisualData::default()),
            "neither a content id nor a side",
        ),
        (
            update().visual(VisualData::inline(&[], "WHITE")),
            "front of the card is empty",
        ),
    ] {
        assert!(refusal(&bad).contains(says), "{says}: {}", refusal(&bad));
    }
    let without = Provision::new_profile(header(), "u", "s", "n").danger_without_nonce();
    assert_eq!(refusal(&without), "sent");
    assert!(refusal(&without.nonce("")).contains("nonce is empty"));
}

fn lints(command: &Provision) -> Vec<String> {
    command.lints().iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_odd_leaves_a_lint() {
    let template = || RequestTemplate::passthrough(fixture("template-openssl.der"));
    for plain in [
        new(),
        update().key(key("signer").template(template())),
        new().key(KeyRequest::new(
            "k",
            Usage::Encryption,
            [
                KeyTypePriority::ec(Curve::P521),
                KeyTypePriority::rsa(2048).mechanism("PS512"),
            ],
        )),
    ] {
        // An update with a key changes something, and so does a new profile without one.
        assert_eq!(lints(&plain), Vec::<String>::new());
    }
    let of_kind = |kind| new().key(KeyRequest::new("k", Usage::Signature, [kind]));
    for (odd, says) in [
        (new().danger_without_nonce(), "nothing ties the answer"),
        (update(), "changes nothing"),
        (
            Provision::update(header(), "u", "p").nonce("1").key(key("k")),
            "temporary mailbox",
        ),
        (
            of_kind(KeyTypePriority::rsa(2048).mechanism("ES256")),
            "\"ES256\" is not an algorithm of RSA keys",
        ),
        (
            of_kind(KeyTypePriority::ec(Curve::P256).mechanism("RS256")),
            "not an algorithm of EC keys",
        ),
        (
            of_kind(KeyTypePriority::new("RSA", "many", "RS256")),
            "is not known here",
        ),
        (
            of_kind(KeyTypePriority::new("EC", "25519", "ES256")),
            "is not known here",
        ),
        (new().key(key("k").template_der(vec![1])), "cannot be read"),
        (
            new().key(key("k").template_der(fixture("quirk-version-2.der"))),
            "version 2",
        ),
        (
            new().key(key("k").template_der(fixture("quirk-sha1.der"))),
            "SHA-1",
        ),
        (new().visual(VisualData::inline(b"PNG", "WHITE")), "not a JPEG"),
    ] {
        let found = lints(&odd);
        assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}");
    }
    let equal = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(300)).unwrap();
    assert_eq!(
        lints(&Provision::new_profile(equal, "u", "s", "n").nonce("1")).len(),
        1
    );
}

#[test]
fn the_quirks_of_a_template_are_seen_and_only_those() {
    for (name, wanted) in [
        ("template-openssl.der", (false, false)),
        ("quirk-template.der", (true, true)),
        ("quirk-version-2.der", (true, false)),
        ("quirk-sha1.der", (false, true)),
        ("quirk-private-oid.der", (false, false)),
        ("bad-truncated.der", (false, false)),
    ] {
        assert_eq!(
            quirks(&RequestTemplate::passthrough(fixture(name))),
            wanted,
            "{name}"
        );
    }
}

#[test]
fn a_kind_is_understood_in_its_usual_spellings() {
    for (key_type, length, known) in [
        ("RSA", "2048", true),
        ("rsa", " 3072 ", true),
        ("EC", "256", true),
        ("ECC", "P-384", true),
        ("EC", "secp521r1", true),
        ("EC", "prime256v1", true),
        ("OKP", "255", true),
        ("RSA", "", false),
        ("EC", "2048", false),
        ("DSA", "2048", false),
    ] {
        let kind = KeyTypePriority::new(key_type, length, "X").requirement();
        assert_eq!(kind.is_some(), known, "{key_type} {length}");
    }
    let both =
        |second| KeyRequest::new("k", Usage::Signature, [KeyTypePriority::rsa(2048), second]).requirement();
    assert!(both(KeyTypePriority::ec(Curve::P256)).is_some());
    assert!(
        both(KeyTypePriority::new("X", "1", "Y")).is_none(),
        "any key might be it"
    );
    assert!(KeyRequest::new("k", Usage::Signature, []).requirement().is_none());
}

#[test]
fn a_length_that_is_a_number_is_read_and_written_as_text() {
    let number = r#"{"keytype":"RSA","keylength":2048,"responsemechanism":"RS256"}"#;
    let read: KeyTypePriority = serde_json::from_str(number).unwrap();
    assert_eq!(read, KeyTypePriority::rsa(2048));
    assert!(
        serde_json::to_string(&read)
            .unwrap()
            .contains(r#""keylength":"2048""#)
    );
    let certreq = r#"{"keyid":"k","usage":"SIG","keytypeprios":[],"certreq":"-"}"#;
    assert!(serde_json::from_str::<KeyRequest>(certreq).is_err());
}

#[test]
fn placeholders_are_those_of_the_command() {
    let dialect: HermodDialect = smartid_core::dialect::overlay(
        "[provision]\npath = 'provision/{user_id}'\nto = ['{profile_id}']\nwrapper = 'p'\nbody = { x = 1 }",
    )
    .unwrap();
    let command = Provision::update(header(), "a/b", "70a1c6de").nonce("1");
    let request = command.request(&dialect).unwrap();
    assert_eq!(request.target(), "provision/a%2Fb");
    let body = std::str::from_utf8(request.body_bytes()).unwrap();
    assert!(
        body.contains(r#""to":["70a1c6de"]"#) && body.ends_with(r#","x":1}}"#),
        "{body}"
    );
    assert!(body.contains(r#""p":{"nonce":"1""#), "{body}");
    // A new profile has no id yet.
    assert!(new().request(&dialect).is_err());
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Z]{2,4}", ".+"]
}

fn kinds() -> impl Strategy<Value = Vec<KeyTypePriority>> {
    let kind = (text(), text(), text())
        .prop_map(|(kind, length, mechanism)| KeyTypePriority::new(kind.as_str(), length, mechanism));
    prop::collection::vec(kind, 1..4)
}

fn key_request() -> impl Strategy<Value = KeyRequest> {
    let rest = (
        prop::collection::vec(text(), 0..3),
        prop::option::of(text()),
        prop::option::of(prop::collection::vec(any::<u8>(), 1..40)),
    );
    (text(), text(), kinds(), rest).prop_map(|(id, usage, kinds, (storage, state, template))| {
        let mut key = KeyRequest::new(id, usage.as_str(), kinds).storage(storage.iter().map(String::as_str));
        key.state = state.map(|state| state.as_str().into());
        key.template = template.map(RequestTemplate::passthrough);
        key
    })
}

fn visual() -> impl Strategy<Value = VisualData> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..40);
    let side = (bytes(), bytes(), text(), text());
    (side, prop::option::of(text()), 0..3).prop_map(|((front, back, color, protection), id, form)| {
        let mut visual = match form {
            0 => VisualData::inline(&front, color.as_str()),
            1 => VisualData::inline(&front, "WHITE").back_jws("e30.e30.AAAA", color.as_str()),
            _ => VisualData::legacy(&front, &back, protection.as_str(), color.as_str()),
        };
        visual.content_id = id.map(ContentId::new);
        visual
    })
}

proptest! {
    #[test]
    fn what_is_asked_for_is_read_back(key in key_request(), visual in visual()) {
        let json = serde_json::to_string(&key).unwrap();
        prop_assert_eq!(serde_json::from_str::<KeyRequest>(&json).unwrap(), key);
        let json = serde_json::to_string(&visual).unwrap();
        prop_assert_eq!(serde_json::from_str::<VisualData>(&json).unwrap(), visual);
    }

    #[test]
    fn a_command_arrives_as_it_was_made(
        names in (".*\\S.*", ".*\\S.*", ".*\\S.*", ".+"),
        keys in prop::collection::vec(key_request(), 0..4),
        visual in prop::option::of(visual()),
    ) {
        let (user, server, name, nonce) = names;
        let mut command = Provision::new_profile(header(), user.as_str(), server, name).nonce(nonce.as_str());
        for (index, mut key) in keys.into_iter().enumerate() {
            key.key_id = format!("{index}{}", key.key_id).into();
            command = command.key(key);
        }
        command.profile.visual = visual;
        let request = command.request(&HermodDialect::default()).unwrap();
        let sent: serde_json::Value = serde_json::from_slice(request.body_bytes()).unwrap();
        let sent = &sent["provCommand"];
        prop_assert_eq!(sent["userid"].as_str(), Some(user.as_str()));
        prop_assert_eq!(sent["nonce"].as_str(), Some(nonce.as_str()));
        let profile: Profile = serde_json::from_value(sent["profile"].clone()).unwrap();
        prop_assert_eq!(&profile, &command.profile);
        // What is kept of it is read back too.
        let stored = serde_json::to_string(&command.expectation()).unwrap();
        prop_assert_eq!(serde_json::from_str::<ProvisionExpectation>(&stored).unwrap(), command.expectation());
    }
}
