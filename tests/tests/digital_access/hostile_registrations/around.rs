//! Client data and authenticator data with one rule broken.

use super::parts::{Parts, Row, int, map, row, text};

pub(super) fn around() -> Vec<Row> {
    vec![
        row!("good", "ok", "stored", |_: &mut Parts| ()),
        row!(
            "origin: letter case",
            "origin-mismatch",
            "origin",
            |p: &mut Parts| p.client("https://login", "https://LOGIN")
        ),
        row!(
            "origin: default port",
            "origin-mismatch",
            "origin",
            |p: &mut Parts| p.client("example.test\"", "example.test:443\"")
        ),
        row!(
            "origin: final dot",
            "origin-mismatch",
            "origin",
            |p: &mut Parts| p.client("example.test\"", "example.test.\"")
        ),
        row!("origin: user", "origin-mismatch", "origin", |p: &mut Parts| p
            .client("https://login", "https://a@login")),
        row!("origin: null", "origin-mismatch", "origin", |p: &mut Parts| p
            .client("https://login.example.test", "null")),
        row!(
            "origin: white space",
            "origin-mismatch",
            "origin",
            |p: &mut Parts| p.client("https://login", " https://login")
        ),
        row!(
            "origin: array",
            "malformed-client-data",
            "client_data_malformed",
            |p: &mut Parts| p.client(
                "\"https://login.example.test\"",
                "[\"https://login.example.test\"]"
            )
        ),
        row!(
            "origin: half a pair",
            "malformed-client-data",
            "client_data_malformed",
            |p: &mut Parts| p.client("https://login.example.test", "https://login.example.test\\ud800")
        ),
        row!("origin: zero", "origin-mismatch", "origin", |p: &mut Parts| p
            .client("example.test\"", "example.test\\u0000\"")),
        row!(
            "type: white space",
            "type-mismatch",
            "client_data_type",
            |p: &mut Parts| p.client("webauthn.create", "webauthn.create ")
        ),
        row!(
            "type: payment",
            "type-mismatch",
            "client_data_type",
            |p: &mut Parts| p.client("webauthn.create", "payment.get")
        ),
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
            "challenge: white space",
            "encoding",
            "client_data_malformed",
            |p: &mut Parts| p.client("\"challenge\":\"", "\"challenge\":\" ")
        ),
        row!(
            "cross origin",
            "ok, odd: clientDataJSON/crossOrigin",
            "cross_origin",
            |p: &mut Parts| p.client("\"crossOrigin\":false", "\"crossOrigin\":true")
        ),
        row!(
            "cross origin: number",
            "malformed-client-data",
            "client_data_malformed",
            |p: &mut Parts| p.client("\"crossOrigin\":false", "\"crossOrigin\":1")
        ),
        row!(
            "top origin alone",
            "ok, odd: clientDataJSON/topOrigin",
            "client_data_malformed",
            |p: &mut Parts| p.client(
                "\"crossOrigin\":false",
                "\"topOrigin\":\"https://evil.example.org\""
            )
        ),
        row!(
            "top origin, not cross",
            "ok, odd: clientDataJSON/topOrigin",
            "client_data_malformed",
            |p: &mut Parts| p.client(
                "\"crossOrigin\":false",
                "\"crossOrigin\":false,\"topOrigin\":\"https://evil.example.org\""
            )
        ),
        row!(
            "top origin: number",
            "malformed-client-data",
            "client_data_malformed",
            |p: &mut Parts| p.client("\"crossOrigin\":false", "\"crossOrigin\":true,\"topOrigin\":7")
        ),
        row!(
            "token binding",
            "ok, odd: clientDataJSON/tokenBinding",
            "token_binding",
            |p: &mut Parts| p.client(
                "\"crossOrigin\":false",
                "\"tokenBinding\":{\"status\":\"present\",\"id\":\"AQI\"}"
            )
        ),
        row!(
            "client data: comment",
            "malformed-client-data",
            "client_data_malformed",
            |p: &mut Parts| p.client("{", "{/**/")
        ),
        row!(
            "client data: comma at the end",
            "malformed-client-data",
            "client_data_malformed",
            |p: &mut Parts| p.client("}", ",}")
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
    ]
}
