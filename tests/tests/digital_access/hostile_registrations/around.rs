//! Client data and authenticator data with one rule broken.

use super::parts::{Parts, Row, int, map, row, text};

/// What is written in the client data in place of what: the name, what is replaced, by what, what the two say.
const CLIENT_DATA: [[&str; 5]; 20] = [
    [
        "origin: letter case",
        "https://login",
        "https://LOGIN",
        "origin-mismatch",
        "origin",
    ],
    [
        "origin: default port",
        "example.test\"",
        "example.test:443\"",
        "origin-mismatch",
        "origin",
    ],
    [
        "origin: final dot",
        "example.test\"",
        "example.test.\"",
        "origin-mismatch",
        "origin",
    ],
    [
        "origin: user",
        "https://login",
        "https://a@login",
        "origin-mismatch",
        "origin",
    ],
    [
        "origin: null",
        "https://login.example.test",
        "null",
        "origin-mismatch",
        "origin",
    ],
    [
        "origin: white space",
        "https://login",
        " https://login",
        "origin-mismatch",
        "origin",
    ],
    [
        "origin: array",
        "\"https://login.example.test\"",
        "[\"https://login.example.test\"]",
        "malformed-client-data",
        "client_data_malformed",
    ],
    [
        "origin: half a pair",
        "https://login.example.test",
        "https://login.example.test\\ud800",
        "malformed-client-data",
        "client_data_malformed",
    ],
    [
        "origin: zero",
        "example.test\"",
        "example.test\\u0000\"",
        "origin-mismatch",
        "origin",
    ],
    [
        "type: white space",
        "webauthn.create",
        "webauthn.create ",
        "type-mismatch",
        "client_data_type",
    ],
    [
        "type: payment",
        "webauthn.create",
        "payment.get",
        "type-mismatch",
        "client_data_type",
    ],
    [
        "challenge: white space",
        "\"challenge\":\"",
        "\"challenge\":\" ",
        "encoding",
        "client_data_malformed",
    ],
    [
        "cross origin",
        "\"crossOrigin\":false",
        "\"crossOrigin\":true",
        "ok, odd: clientDataJSON/crossOrigin",
        "cross_origin",
    ],
    [
        "cross origin: number",
        "\"crossOrigin\":false",
        "\"crossOrigin\":1",
        "malformed-client-data",
        "client_data_malformed",
    ],
    [
        "top origin alone",
        "\"crossOrigin\":false",
        "\"topOrigin\":\"https://evil.example.org\"",
        "ok, odd: clientDataJSON/topOrigin",
        "client_data_malformed",
    ],
    [
        "top origin, not cross",
        "\"crossOrigin\":false",
        "\"crossOrigin\":false,\"topOrigin\":\"https://evil.example.org\"",
        "ok, odd: clientDataJSON/topOrigin",
        "client_data_malformed",
    ],
    [
        "top origin: number",
        "\"crossOrigin\":false",
        "\"crossOrigin\":true,\"topOrigin\":7",
        "malformed-client-data",
        "client_data_malformed",
    ],
    [
        "token binding",
        "\"crossOrigin\":false",
        "\"tokenBinding\":{\"status\":\"present\",\"id\":\"AQI\"}",
        "ok, odd: clientDataJSON/tokenBinding",
        "token_binding",
    ],
    [
        "client data: comment",
        "{",
        "{/**/",
        "malformed-client-data",
        "client_data_malformed",
    ],
    [
        "client data: comma at the end",
        "}",
        ",}",
        "malformed-client-data",
        "client_data_malformed",
    ],
];

pub(super) fn around() -> Vec<Row> {
    let edited = CLIENT_DATA.map(|[name, from, to, local, server]| Row {
        name,
        local,
        server,
        change: Box::new(move |p| p.client(from, to)),
    });
    let others = vec![
        row!("good", "ok", "stored", |_: &mut Parts| ()),
        row!(
            "challenge: unused bits",
            "challenge-mismatch",
            "client_data_malformed",
            |p: &mut Parts| {
                let at = p.client_data.find("\"challenge\":\"").unwrap() + 13 + 42;
                let last = p.client_data.as_bytes()[at];
                let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                let place = alphabet.iter().position(|letter| *letter == last).unwrap();
                let other = char::from(alphabet[place ^ 1]);
                p.client_data.replace_range(at..=at, &other.to_string());
            }
        ),
        row!(
            "relying party: all zero",
            "rp-id-mismatch",
            "rp_id_hash",
            |p: &mut Parts| p.relying_party = vec![0; 32]
        ),
        row!(
            "relying party: reversed",
            "rp-id-mismatch",
            "rp_id_hash",
            |p: &mut Parts| p.relying_party.reverse()
        ),
        row!(
            "flags: none but AT",
            "user-presence-missing",
            "user_presence",
            |p: &mut Parts| p.flags = 0x40
        ),
        row!(
            "flags: BS alone beside UP, AT",
            "backup-flags",
            "backup_flags",
            |p: &mut Parts| p.flags = 0x51
        ),
        row!(
            "flags: ED, two maps",
            "trailing-data",
            "authenticator_data",
            |p: &mut Parts| {
                p.flags |= 0x80;
                p.behind = vec![0xa0, 0xa0]
            }
        ),
        row!(
            "flags: ED, array",
            "malformed-auth-data",
            "authenticator_data",
            |p: &mut Parts| {
                p.flags |= 0x80;
                p.behind = vec![0x80]
            }
        ),
        row!(
            "flags: ED, a key twice",
            "malformed-cbor",
            "authenticator_data",
            |p: &mut Parts| {
                p.flags |= 0x80;
                p.behind = map(&[(text("a"), int(1)), (text("a"), int(2))])
            }
        ),
        row!(
            "flags: ED, number as key",
            "malformed-auth-data",
            "authenticator_data",
            |p: &mut Parts| {
                p.flags |= 0x80;
                p.behind = map(&[(int(1), int(1))])
            }
        ),
        row!("flags: ED, unsolicited", "ok", "stored", |p: &mut Parts| {
            p.flags |= 0x80;
            p.behind = map(&[(text("hmac-secret"), vec![0xf5])])
        }),
    ];
    edited.into_iter().chain(others).collect()
}
