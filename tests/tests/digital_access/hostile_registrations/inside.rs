//! Key, attestation object and the JSON around them with one rule broken.

use serde_json::{Value, json};

use super::parts::{Parts, Row, bytes, ec, int, map, modulus, okp, row, rsa, text};

pub(super) fn inside() -> Vec<Row> {
    let mut rows = vec![
        row!("key: x of zero", "ok", "cose_key", |p: &mut Parts| p.key =
            ec(1, &[0; 32], &[0; 32])),
        row!("key: x above p", "ok", "cose_key", |p: &mut Parts| p.key =
            ec(1, &[0xff; 32], &[7; 32])),
        row!(
            "key: curve as text",
            "malformed-key",
            "cose_key",
            |p: &mut Parts| p.key = map(&[
                (int(1), int(2)),
                (int(3), int(-7)),
                (int(-1), text("P-256")),
                (int(-2), bytes(&[7; 32])),
                (int(-3), bytes(&[7; 32]))
            ])
        ),
        row!(
            "key: kty twice, in two lengths",
            "malformed-cbor",
            "authenticator_data",
            |p: &mut Parts| { p.key = [&[p.key[0] + 1][..], &p.key[1..], &[0x18, 0x01, 0x02]].concat() }
        ),
        row!("key: tagged", "malformed-key", "cose_key", |p: &mut Parts| p
            .key
            .insert(0, 0xc6)),
        row!("key: with its private half", "ok", "cose_key", |p: &mut Parts| {
            p.key = [&[p.key[0] + 1][..], &p.key[1..], &int(-4), &bytes(&[7; 32])].concat()
        }),
        row!(
            "key: y with a leading zero",
            "malformed-key",
            "cose_key",
            |p: &mut Parts| {
                let y = [&[0][..], &p.key[p.key.len() - 32..]].concat();
                let x = p.key[10..42].to_vec();
                p.key = ec(1, &x, &y)
            }
        ),
        row!(
            "key: Ed448 as EdDSA",
            "malformed-key",
            "cose_key",
            |p: &mut Parts| p.key = okp(7, &[7; 57])
        ),
        row!("key: X25519", "malformed-key", "cose_key", |p: &mut Parts| p
            .key =
            okp(4, &[7; 32])),
        row!(
            "key: Ed25519 of small order",
            "ok",
            "cose_key",
            |p: &mut Parts| p.key = okp(6, &[&[1][..], &[0; 31]].concat())
        ),
        row!("key: Ed25519 of zero", "ok", "cose_key", |p: &mut Parts| p.key =
            okp(6, &[0; 32])),
        row!(
            "key: Ed25519 not on the curve",
            "ok",
            "stored",
            |p: &mut Parts| p.key = okp(6, &[&[2][..], &[0; 31]].concat())
        ),
        row!("RSA: good", "ok", "stored", |p: &mut Parts| p.key =
            rsa(&modulus(), &[1, 0, 1])),
        row!("RSA: exponent 1", "malformed-key", "cose_key", |p: &mut Parts| {
            p.key = rsa(&modulus(), &[1])
        }),
        row!("RSA: exponent 0", "malformed-key", "cose_key", |p: &mut Parts| {
            p.key = rsa(&modulus(), &[0])
        }),
        row!(
            "RSA: exponent even",
            "malformed-key",
            "cose_key",
            |p: &mut Parts| p.key = rsa(&modulus(), &[1, 0, 0])
        ),
        row!("RSA: exponent huge", "ok", "cose_key", |p: &mut Parts| p.key =
            rsa(&modulus(), &modulus())),
        row!("RSA: exponent with zeros", "ok", "cose_key", |p: &mut Parts| p
            .key =
            rsa(&modulus(), &[0, 1, 0, 1])),
        row!(
            "RSA: modulus even",
            "malformed-key",
            "cose_key",
            |p: &mut Parts| {
                let mut n = modulus();
                n[255] = 0x0c;
                p.key = rsa(&n, &[1, 0, 1])
            }
        ),
        row!(
            "RSA: modulus with zero in front",
            "ok",
            "cose_key",
            |p: &mut Parts| p.key = rsa(&[&[0][..], &modulus()].concat(), &[1, 0, 1])
        ),
        row!("RSA: modulus of 1 octet", "ok", "cose_key", |p: &mut Parts| p
            .key =
            rsa(&[0x0f], &[1, 0, 1])),
        row!(
            "RSA: modulus of zeros",
            "malformed-key",
            "cose_key",
            |p: &mut Parts| p.key = rsa(&[0; 256], &[1, 0, 1])
        ),
        row!("format: empty", "ok", "stored", |p: &mut Parts| p.format =
            text("")),
        row!(
            "format: bytes",
            "malformed-cbor",
            "attestation_object",
            |p: &mut Parts| p.format = bytes(b"none")
        ),
        row!(
            "format: no UTF-8",
            "malformed-cbor",
            "attestation_object",
            |p: &mut Parts| p.format = vec![0x62, 0xff, 0xfe]
        ),
        row!("format: zero inside", "ok", "stored", |p: &mut Parts| p.format =
            text("none\0")),
        row!("format: long", "ok", "stored", |p: &mut Parts| p.format =
            text(&"n".repeat(300))),
        row!("format: control characters", "ok", "stored", |p: &mut Parts| p
            .format =
            text("no\x1b[31mne")),
        row!(
            "format: packed without statement",
            "attestation-statement",
            "attestation_statement",
            |p: &mut Parts| p.format = text("packed")
        ),
        row!(
            "format: u2f without statement",
            "attestation-statement",
            "attestation_statement",
            |p: &mut Parts| p.format = text("fido-u2f")
        ),
        row!(
            "format: tpm without statement",
            "ok, odd: attestationObject/attStmt",
            "attestation_statement",
            |p: &mut Parts| p.format = text("tpm")
        ),
        row!(
            "format: android-key without statement",
            "ok, odd: attestationObject/attStmt",
            "stored",
            |p: &mut Parts| p.format = text("android-key")
        ),
        row!(
            "format: apple without statement",
            "ok, odd: attestationObject/attStmt",
            "attestation_statement",
            |p: &mut Parts| p.format = text("apple")
        ),
        row!(
            "statement: null",
            "malformed-cbor",
            "attestation_object",
            |p: &mut Parts| p.statement = vec![0xf6]
        ),
        row!(
            "statement: array",
            "malformed-cbor",
            "attestation_object",
            |p: &mut Parts| p.statement = vec![0x80]
        ),
        row!(
            "statement: a member",
            "attestation-statement",
            "attestation_statement",
            |p: &mut Parts| p.statement = map(&[(text("sig"), bytes(&[]))])
        ),
        row!(
            "object: number as key",
            "malformed-cbor",
            "stored",
            |p: &mut Parts| p.more = (1, [int(1), int(2)].concat())
        ),
        row!("object: epAtt", "ok", "stored", |p: &mut Parts| p.more =
            (1, [text("epAtt"), vec![0xf5]].concat())),
        row!("object: ep as text", "ok", "stored", |p: &mut Parts| p.more =
            (1, [text("epAtt"), text("yes")].concat())),
        row!(
            "id: 1024",
            "credential-id-too-long",
            "credential_id_length",
            |p: &mut Parts| p.id = vec![7; 1024]
        ),
        row!("json: attachment unknown", "ok", "stored", |p: &mut Parts| p
            .json
            .push(("/authenticatorAttachment", json!("phone")))),
        row!("json: appid", "ok", "stored", |p: &mut Parts| p
            .json
            .push(("/clientExtensionResults", json!({"appid": true})))),
        row!("json: transports twice", "ok", "stored", |p: &mut Parts| p
            .json
            .push(("/response/transports", json!(["usb", "usb"])))),
        row!("json: transports many", "ok", "stored", |p: &mut Parts| p
            .json
            .push(("/response/transports", json!(vec!["usb"; 5000])))),
    ];
    // A member of the JSON, by its place.
    for (name, place, value, local, server) in [
        (
            "json: attachment number",
            "/authenticatorAttachment",
            json!(7),
            "ok, odd: /authenticatorAttachment",
            "json_wrong_type",
        ),
        (
            "json: extensions null",
            "/clientExtensionResults",
            Value::Null,
            "ok, odd: /clientExtensionResults",
            "json_wrong_type",
        ),
        (
            "json: extensions array",
            "/clientExtensionResults",
            json!([]),
            "malformed-json",
            "json_wrong_type",
        ),
        (
            "json: extension output number",
            "/clientExtensionResults",
            json!({"credProps": 7}),
            "ok",
            "json_wrong_type",
        ),
        (
            "json: prf secret",
            "/clientExtensionResults",
            json!({"prf": {"results": {"first": "AQID"}}}),
            "ok, odd: /clientExtensionResults/prf/results",
            "stored",
        ),
        (
            "json: transports object",
            "/response/transports",
            json!({}),
            "ok, odd: /response/transports",
            "json_wrong_type",
        ),
        (
            "json: transports numbers",
            "/response/transports",
            json!([1]),
            "ok, odd: /response/transports",
            "json_wrong_type",
        ),
        (
            "json: error beside",
            "/error",
            json!({"name": "NotAllowedError"}),
            "ok, odd: /error",
            "json_unknown_member",
        ),
        (
            "json: signature beside",
            "/response/signature",
            json!("AQID"),
            "ok, odd: /response/signature",
            "json_unknown_member",
        ),
        (
            "json: type array",
            "/type",
            json!(["public-key"]),
            "malformed-json",
            "credential_type",
        ),
        ("json: id number", "/id", json!(7), "encoding", "json_wrong_type"),
        (
            "json: raw id as numbers",
            "/rawId",
            json!([1, 2]),
            "encoding",
            "json_wrong_type",
        ),
        (
            "json: response string",
            "/response",
            json!("{}"),
            "malformed-json",
            "json_wrong_type",
        ),
        (
            "json: level 3 data of another",
            "/response/authenticatorData",
            json!("AQID"),
            "ok, odd: /response/authenticatorData",
            "json_unknown_member",
        ),
        (
            "json: level 3 key of another",
            "/response/publicKey",
            json!("AQID"),
            "ok",
            "response_copy",
        ),
        (
            "json: level 3 algorithm of another",
            "/response/publicKeyAlgorithm",
            json!(-257),
            "ok, odd: /response/publicKeyAlgorithm",
            "response_copy",
        ),
    ] {
        rows.push(Row {
            name,
            local,
            server,
            change: Box::new(move |p| p.json.push((place, value.clone()))),
        });
    }
    rows
}
