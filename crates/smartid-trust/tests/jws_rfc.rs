//! The examples of RFC 7515 and RFC 8037.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod jws_support;

use jws_support::*;
use smartid_trust::Reason;
use smartid_trust::jws::{JwkSet, JwsPolicy};

const CLAIMS: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
const ENCODED_CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn check(jwk: &str, message: &str, payload: &str) {
    let policy = JwsPolicy::keys(JwkSet::from_json(jwk).unwrap());
    assert_eq!(verdict(message, &policy, NOW), Ok(payload.as_bytes().to_vec()));
    let mut parts: Vec<_> = message.split('.').map(str::to_owned).collect();
    parts[1] = url("another");
    assert_eq!(verdict(parts.join("."), &policy, NOW), Err(Reason::BadSignature));
}

#[test]
fn rfc_7515_a2_rs256() {
    let jwk = concat!(
        r#"{"kty":"RSA","e":"AQAB","n":"#,
        "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ",
        "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Ca",
        "pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h",
        "4FRWyuXpoQ\"}",
    );
    let signature = concat!(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1",
        "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzD",
        "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7",
        "7Rw",
    );
    check(
        jwk,
        &format!("eyJhbGciOiJSUzI1NiJ9.{ENCODED_CLAIMS}.{signature}"),
        CLAIMS,
    );
}

#[test]
fn rfc_7515_a3_es256() {
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    check(
        jwk,
        &format!("eyJhbGciOiJFUzI1NiJ9.{ENCODED_CLAIMS}.{signature}"),
        CLAIMS,
    );
}

#[test]
fn rfc_7515_a4_es512() {
    let jwk = r#"{"kty":"EC","crv":"P-521",
        "x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
    let message = concat!(
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.",
        "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCP",
        "EX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    );
    check(jwk, message, "Payload");
}

#[test]
fn rfc_7515_a5_is_not_signed() {
    let policy = Key::of(Kind::P256).policy();
    let message = format!("eyJhbGciOiJub25lIn0.{ENCODED_CLAIMS}.");
    assert_eq!(verdict(message, &policy, NOW), Err(Reason::JwsNotSigned));
}

/// Its payload is UTF-8 text, its `crit` names an extension that nobody knows.
#[test]
fn rfc_7515_e_must_be_refused() {
    let message = format!(
        "{}.{}.{}",
        url(
            r#"{"alg":"none","crit":["http://example.invalid/UNDEFINED"],"http://example.invalid/UNDEFINED":true}"#
        ),
        url("FAIL"),
        ""
    );
    assert_eq!(
        verdict(message, &Key::of(Kind::P256).policy(), NOW),
        Err(Reason::JwsCritical)
    );
}

#[test]
fn rfc_8037_a4_ed25519() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let message = concat!(
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    check(jwk, message, "Example of Ed25519 signing");
}
