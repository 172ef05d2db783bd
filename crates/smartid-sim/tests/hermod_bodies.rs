//! Bodies of commands: what is missing, of another type, unknown or contradictory is refused with 400 and a word of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use common::Bench;
use raw_device::{body, commands, entry, key_request, provision, sign};
use serde_json::{Value, json};

/// A change of a good body, and the word with which it is refused.
type Case = (&'static str, Value, &'static str);

const DROP: &str = "-";

async fn refuses(verb: &str, wrapper: &str, good: Value, cases: Vec<Case>) {
    let bench = Bench::from_toml("").await;
    let accepted = bench.command(verb, body(&["@tmp"], wrapper, good.clone())).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    for (pointer, value, code) in cases {
        let mut command = json!({"root": good});
        let whole = format!("/root{pointer}");
        let (parent, last) = whole.rsplit_once('/').unwrap();
        let parent = command.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match (parent, value == json!(DROP)) {
            (Value::Object(map), true) => drop(map.remove(last).unwrap()),
            (Value::Object(map), false) => drop(map.insert(last.into(), value.clone())),
            (Value::Array(list), _) => list[last.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer}"),
        }
        let shown: String = value.to_string().chars().take(60).collect();
        let answer = bench
            .command(verb, body(&["@tmp"], wrapper, command["root"].clone()))
            .await;
        assert_eq!(answer.status, 400, "{verb} {pointer} {shown}");
        assert_eq!(
            bench.code(&format!("/{verb}")).as_deref(),
            Some(code),
            "{verb} {pointer} {shown}"
        );
        assert!(!answer.text.contains("SECRET"), "{}", answer.text);
    }
}

#[tokio::test]
async fn provision_bodies() {
    let mut good = provision("u");
    good["profile"]["visualData"] = json!({
        "contentId": "PROV:1",
        "profileCard": {
            "front": {"data": "/9j/", "dataType": "IMAGE", "key": "front", "textColor": "WHITE"},
            "back": {"data": "YQ.YQ.YQ", "dataType": "JOSE", "key": "back", "textColor": "WHITE"},
        }
    });
    let keys = |list: Value| ("/profile/keygenrequests", list);
    let many: Vec<Value> = (0..257).map(|at| json!({"keyid": at.to_string()})).collect();
    let ((key_path, doubled), (_, long)) = (keys(json!([key_request(), key_request()])), keys(json!(many)));
    refuses(
        "provision",
        "provCommand",
        good,
        vec![
            ("/userid", json!(DROP), "member_missing"),
            ("/userid", json!(""), "member_empty"),
            ("/userid", json!(["SECRET"]), "member_type"),
            ("/nonce", json!(123), "member_type"),
            ("/nonce", json!(null), "member_type"),
            ("/responseformat", json!(1), "member_type"),
            ("/tenant", json!("SECRET"), "unknown_member"),
            ("/profile", json!(DROP), "member_missing"),
            ("/profile", json!([]), "member_type"),
            ("/profile/name", json!(DROP), "member_missing"),
            ("/profile/servername", json!(""), "member_empty"),
            ("/profile/profileid", json!(""), "member_empty"),
            ("/profile/profileId", json!("x"), "unknown_member"),
            ("/profile/keygenrequests", json!({}), "member_type"),
            ("/profile/keygenrequests", json!(["SECRET"]), "member_type"),
            (key_path, doubled, "keyid_repeated"),
            (key_path, long, "list_long"),
            ("/profile/keygenrequests/0/keyid", json!(DROP), "member_missing"),
            ("/profile/keygenrequests/0/usage", json!(DROP), "member_missing"),
            (
                "/profile/keygenrequests/0/keytypeprios",
                json!(DROP),
                "member_missing",
            ),
            (
                "/profile/keygenrequests/0/keytypeprios",
                json!([]),
                "member_missing",
            ),
            (
                "/profile/keygenrequests/0/keytypeprios/0/keytype",
                json!(DROP),
                "member_missing",
            ),
            (
                "/profile/keygenrequests/0/keytypeprios/0/keylength",
                json!(2048),
                "member_type",
            ),
            (
                "/profile/keygenrequests/0/keytypeprios/0/keylength",
                json!("2k"),
                "keylength",
            ),
            (
                "/profile/keygenrequests/0/keytypeprios/0/keylength",
                json!(""),
                "keylength",
            ),
            (
                "/profile/keygenrequests/0/keytypeprios/0/bits",
                json!("1"),
                "unknown_member",
            ),
            (
                "/profile/keygenrequests/0/storageprios",
                json!("APP"),
                "member_type",
            ),
            (
                "/profile/keygenrequests/0/storageprios",
                json!([1]),
                "member_type",
            ),
            (
                "/profile/keygenrequests/0/certreq",
                json!("SECRET%"),
                "member_der",
            ),
            (
                "/profile/keygenrequests/0/certreq",
                json!("-----BEGIN"),
                "member_der",
            ),
            ("/profile/keygenrequests/0/certreq", json!("AAAA"), "member_der"),
            ("/profile/keygenrequests/0/certreq", json!(""), "member_der"),
            ("/profile/visualData", json!({}), "visual_empty"),
            (
                "/profile/visualData",
                json!({"profileCard": {"front": {}}}),
                "visual_empty",
            ),
            ("/profile/visualData/contentId", json!(""), "visual_content_id"),
            ("/profile/visualData/contentId", json!(7), "member_type"),
            (
                "/profile/visualData/profileCard/middle",
                json!({}),
                "unknown_member",
            ),
            (
                "/profile/visualData/profileCard/front/data",
                json!("%"),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/front/data",
                json!(""),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/front/dataType",
                json!("JOSE"),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/front/key",
                json!("back"),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/front/colour",
                json!("x"),
                "unknown_member",
            ),
            (
                "/profile/visualData/profileCard/back/data",
                json!("YQ.YQ"),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/back/data",
                json!("YQ..YQ"),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/back/dataType",
                json!("IMAGE"),
                "visual_side",
            ),
            (
                "/profile/visualData/profileCard/back/textColor",
                json!(1),
                "member_type",
            ),
        ],
    )
    .await;
}

fn nested(depth: usize) -> Value {
    (1..depth).fold(
        json!({"op": "eq", "param": "key.type", "value": "RSA"}),
        |inner, _| json!({"op": "not", "value": inner}),
    )
}

#[tokio::test]
async fn sign_and_authenticate_bodies() {
    let wide: Vec<Value> = (0..200)
        .map(|_| json!({"op": "or", "value": [nested(1), nested(1), nested(1), nested(1), nested(1)]}))
        .collect();
    let params: Vec<Case> = vec![
        ("/params", json!(DROP), "member_missing"),
        ("/params", json!("SECRET"), "member_type"),
        ("/extra", json!(1), "unknown_member"),
        ("/params/nonce", json!("SECRET"), "unknown_member"),
        ("/params/format", json!(1), "member_type"),
        ("/params/mechanism", json!([]), "member_type"),
        ("/params/description", json!({}), "member_type"),
        (
            "/params/description/0/content_type",
            json!(DROP),
            "member_missing",
        ),
        ("/params/description/0/contentType", json!("x"), "unknown_member"),
        ("/params/description/0/data", json!(DROP), "member_missing"),
        ("/params/description/0/data", json!("SECRET!"), "entry_base64"),
        ("/params/description/0/data", json!("RXhhbXBsZQ"), "entry_base64"),
        (
            "/params/description/0/content_encoding",
            json!(DROP),
            "entry_encoding",
        ),
        (
            "/params/description/0/content_encoding",
            json!("hex"),
            "entry_encoding",
        ),
        ("/params/description/0/visible", json!("true"), "member_type"),
        ("/params/description/0/key", json!(1), "member_type"),
        (
            "/params/description/0/content_type",
            json!("application/hermod+content-id"),
            "entry_content_id",
        ),
        (
            "/params/description/0",
            json!({"content_type": "application/hermod+content-id", "data": ""}),
            "entry_content_id",
        ),
        ("/params/filter", json!("key.type"), "member_type"),
        ("/params/filter", json!({}), "member_missing"),
        ("/params/filter", json!({"op": "eq"}), "member_missing"),
        ("/params/filter", json!({"op": 1, "value": 1}), "member_type"),
        (
            "/params/filter",
            json!({"op": "and", "filters": []}),
            "unknown_member",
        ),
        (
            "/params/filter",
            json!({"op": "and", "value": [{"op": "eq", "param": 1, "value": 1}]}),
            "member_type",
        ),
        ("/params/filter", nested(65), "filter_depth"),
        (
            "/params/filter",
            json!({"op": "or", "value": wide}),
            "filter_size",
        ),
    ];
    refuses("authenticate", "authCommand", sign(), params.clone()).await;
    let mut more = params;
    more.extend([
        ("/params/tbs", json!(DROP), "tbs_missing"),
        ("/params/tbs", json!([]), "tbs_missing"),
        ("/params/tbs/0/data", json!("%"), "entry_base64"),
        ("/params/format", json!(DROP), "member_missing"),
        ("/params/format", json!(""), "member_empty"),
    ]);
    refuses("sign", "signCommand", sign(), more).await;
}

#[tokio::test]
async fn the_other_bodies() {
    refuses(
        "ping",
        "pingCommand",
        json!({"deviceinfo": "true"}),
        vec![
            ("/deviceinfo", json!(true), "member_type"),
            ("/deviceinfo", json!("yes"), "value_unknown"),
            ("/profileid", json!("x"), "unknown_member"),
        ],
    )
    .await;
    let start = json!({
        "smartcardid": "s", "profileid": "p", "operation": "pinreset", "driver": {"Name": "vsc", "Type": "minidriver"}
    });
    refuses(
        "startpinreset",
        "spinCommand",
        start,
        vec![
            ("/smartcardid", json!(""), "member_empty"),
            ("/profileid", json!(1), "member_type"),
            ("/operation", json!("unblock"), "value_unknown"),
            ("/driver", json!("vsc"), "member_type"),
            ("/driver/Name", json!("other"), "value_unknown"),
            ("/driver/Type", json!("ctk"), "value_unknown"),
            ("/driver/Type", json!(DROP), "member_missing"),
            (
                "/driver",
                json!({"name": "vsc", "type": "minidriver"}),
                "unknown_member",
            ),
            ("/pin", json!("SECRET"), "unknown_member"),
        ],
    )
    .await;
    let bench = Bench::from_toml("").await;
    for nothing in [json!({}), json!({"operation": "pinreset"})] {
        let answer = bench
            .command("startpinreset", body(&["@tmp"], "spinCommand", nothing))
            .await;
        assert_eq!(
            (answer.status, bench.code("/startpinreset").unwrap().as_str()),
            (400, "pin_target_missing")
        );
    }
    let key = "0f".repeat(24);
    let end = json!({"encryptednonce": "1dd438976365d734", "smartcardid": "s", "newadminkey": key});
    refuses(
        "endpinreset",
        "epinCommand",
        end,
        vec![
            ("/encryptednonce", json!(DROP), "proof_missing"),
            ("/encryptednonce", json!(""), "proof_missing"),
            ("/encryptednonce", json!(7), "member_type"),
            ("/newadminkey", json!("0F".repeat(24)), "admin_key"),
            ("/newadminkey", json!("0f".repeat(23)), "admin_key"),
            ("/newadminkey", json!("SECRET"), "admin_key"),
            ("/profileid", json!("p"), "unknown_member"),
        ],
    )
    .await;
    let certificate = json!({
        "userid": "u", "profileid": "p", "desktopKeyProtectionLevel": "NONE", "smartcardid": "s",
        "certificates": [{"keyid": "signer", "certificate": "MAA=", "chain": ["MAA="]}, {"pkcs12": "MAA=", "password": "SECRET"}]
    });
    refuses(
        "certificate",
        "certCommand",
        certificate,
        vec![
            ("/certificates", json!(DROP), "member_missing"),
            ("/certificates", json!([]), "member_missing"),
            ("/certificates", json!(["MAA="]), "member_type"),
            ("/certificates/0/certificate", json!(DROP), "member_missing"),
            (
                "/certificates/0/certificate",
                json!("-----BEGIN CERTIFICATE-----"),
                "member_der",
            ),
            ("/certificates/0/chain", json!("MAA="), "member_type"),
            ("/certificates/0/chain", json!(["SECRET"]), "member_der"),
            ("/certificates/1/password", json!(1), "member_type"),
            ("/certificates/1/pkcs12", json!("SECRET"), "member_der"),
            ("/desktopKeyProtectionLevel", json!(0), "member_type"),
            ("/desktopkeyprotectionlevel", json!("NONE"), "unknown_member"),
        ],
    )
    .await;
    refuses(
        "delete",
        "deleteCommand",
        json!({"userid": "u", "profileid": "p", "confirmation": true}),
        vec![
            ("/userid", json!(DROP), "member_missing"),
            ("/userid", json!(""), "member_empty"),
            ("/profileid", json!(""), "member_empty"),
            ("/confirmation", json!(DROP), "confirmation_missing"),
            ("/confirmation", json!("true"), "member_type"),
            ("/reason", json!("x"), "unknown_member"),
        ],
    )
    .await;
}

#[tokio::test]
async fn envelopes_of_every_command_are_checked_and_details_can_be_hidden() {
    let bench = Bench::from_toml("[hermod]\nhide_exceptions = true").await;
    for (verb, wrapper, ..) in commands() {
        for (wrong, code) in [
            (body(&[], "fidoCommand", json!({})), "command_missing"),
            (body(&[], wrapper, json!([])), "command_type"),
            (body(&[], wrapper, json!(null)), "command_type"),
            (json!({wrapper: {}}), "header_missing"),
        ] {
            let answer = bench.command(verb, wrong).await;
            assert_eq!(
                (answer.status, bench.code(&format!("/{verb}"))),
                (400, Some(code.into())),
                "{verb}"
            );
            assert!(answer.json().get("message").is_none());
        }
        let deep = format!(
            "{{\"commandHeader\":{{}},\"{wrapper}\":{}{}}}",
            "[".repeat(5000),
            "]".repeat(5000)
        );
        assert_eq!(bench.command_text(verb, deep).await.status, 400);
        assert_eq!(bench.code(&format!("/{verb}")).as_deref(), Some("json"));
        let mut late = body(&[], wrapper, json!({}));
        late["commandHeader"]["timeout"] = json!(301);
        assert_eq!(bench.command(verb, late).await.status, 400);
        assert_eq!(
            bench.code(&format!("/{verb}")).as_deref(),
            Some("timeout_after_lifespan")
        );
    }
    let mut forgotten = sign();
    forgotten["params"]["tbs"] = json!([entry("tbs"), {}]);
    let answer = bench.command("sign", body(&[], "signCommand", forgotten)).await;
    let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["error", "path", "status", "timestamp"]);
}
