//! The examples of RFC 7515, RFC 7520 section 4, RFC 7797, RFC 8037 and the name that RFC 9864 gives to Ed25519.
//!
//! What they have beyond compact messages with public keys is refused: HMAC (RFC 7515 A.1, RFC 7520 4.4 to 4.8), the JSON serialisations
//! (RFC 7515 A.6 and A.7, RFC 7520 4.6 to 4.8) and unencoded payloads (RFC 7797).
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
use smartid_trust::jws::{JwkSet, Jws, JwsAlgorithm, JwsPolicy};

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

/// RFC 8037 A.5 is the verification of A.4. RFC 9864 2.2 calls the same algorithm `Ed25519`, in messages and in keys.
#[test]
fn rfc_9864_ed25519_is_eddsa_by_another_name() {
    let key = Key::of(Kind::Ed25519);
    assert_eq!(JwsAlgorithm::from_name("Ed25519").unwrap(), JwsAlgorithm::EdDsa);
    let policy = |more: &str| {
        let keys = JwkSet::from_json(key.jwk(more)).unwrap();
        JwsPolicy::keys(keys).allowing([JwsAlgorithm::EdDsa])
    };
    for bound in ["", r#","alg":"EdDSA""#, r#","alg":"Ed25519""#] {
        for name in ["EdDSA", "Ed25519"] {
            let header = format!(r#"{{"alg":"{name}"}}"#);
            let message = key.token(&header, b"x", JwsAlgorithm::EdDsa);
            assert_eq!(
                verdict(&message, &policy(bound), NOW),
                Ok(b"x".to_vec()),
                "{name} {bound}"
            );
            let verified = Jws::parse(&message).unwrap().verify(&policy(bound), NOW).unwrap();
            let header = &verified.fact().header;
            assert_eq!(header.algorithm(), JwsAlgorithm::EdDsa);
            assert_eq!(header.member::<String>("alg").as_deref(), Some(name));
        }
    }
    let named = |kind: Kind, name: &str| {
        let key = Key::of(kind);
        let message = key.token(&format!(r#"{{"alg":"{name}"}}"#), b"x", key.native()[0]);
        verdict(message, &key.policy(), NOW).unwrap_err()
    };
    for name in ["ed25519", "ED25519", "Ed25519 ", "Ed25519ph", "Ed448", "ESP256"] {
        assert_eq!(named(Kind::Ed25519, name), Reason::AlgorithmUnknown, "{name}");
    }
    assert_eq!(named(Kind::P256, "Ed25519"), Reason::AlgorithmDoesNotFitKey);
}

/// RFC 7520 4: one payload for all of them.
const ADVICE: &str = "It\u{2019}s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your \
    feet, there\u{2019}s no knowing where you might be swept off to.";

fn hobbiton(key: &str, header: &str, signature: &str) {
    let kid = r#","kid":"bilbo.baggins@hobbiton.example""#;
    let message = format!(
        "{}.{}.{signature}",
        url(format!("{{{header}{kid}}}")),
        url(ADVICE)
    );
    check(&format!(r#"{{{key}{kid},"use":"sig"}}"#), &message, ADVICE);
}

/// RFC 7520 3.4.
const HOBBITON_RSA: &str = concat!(
    r#""kty":"RSA","e":"AQAB","n":""#,
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU",
    "_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhG",
    "qC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP",
    "5zw",
    "\"",
);

#[test]
fn rfc_7520_4_1_rs256() {
    let signature = concat!(
        "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA7",
        "8185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdL",
        "uW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDq",
        "uDg",
    );
    hobbiton(HOBBITON_RSA, r#""alg":"RS256""#, signature);
}

#[test]
fn rfc_7520_4_2_ps384() {
    let signature = concat!(
        "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbU",
        "rhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImU",
        "jvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72",
        "Eaw",
    );
    hobbiton(HOBBITON_RSA, r#""alg":"PS384""#, signature);
}

#[test]
fn rfc_7520_4_3_es512() {
    let key = r#""kty":"EC","crv":"P-521",
        "x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
        "y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1""#;
    let signature = concat!(
        "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXP",
        "n7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
    );
    hobbiton(key, r#""alg":"ES512""#, signature);
}

/// RFC 7515 A.1, RFC 7520 4.4, and the detached 4.5.
#[test]
fn hmac_is_refused() {
    let says = |message: &str| verdict(message, &Key::of(Kind::P256).policy(), NOW).unwrap_err();
    let a1 = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{ENCODED_CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    assert_eq!(says(&a1), Reason::JwsSymmetric);
    let header = url(r#"{"alg":"HS256","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"}"#);
    let signature = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
    assert_eq!(
        says(&format!("{header}.{}.{signature}", url(ADVICE))),
        Reason::JwsSymmetric
    );
    let detached = Jws::parse_detached(format!("{header}..{signature}"), ADVICE).unwrap();
    let refusal = detached.verify(&Key::of(Kind::P256).policy(), NOW).unwrap_err();
    assert_eq!(refusal.reason(), Reason::JwsSymmetric);
    let key =
        r#"{"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256","k":"AAAA"}"#;
    let keys = JwkSet::from_json(key).unwrap();
    assert_eq!(keys.refused().next().unwrap().1.reason(), Reason::JwsSymmetric);
}

/// RFC 7515 A.6 and A.7, RFC 7520 4.6 to 4.8: several signatures, and headers that nobody signed.
#[test]
fn json_serialisations_are_refused() {
    let key = Key::of(Kind::P256);
    let compact = key.message("", b"x");
    let mut parts = compact.split('.');
    let mut next = || parts.next().unwrap();
    let (header, payload, signature) = (next(), next(), next());
    let signed = format!(r#""protected":"{header}","header":{{"kid":"one"}},"signature":"{signature}""#);
    for (text, expected) in [
        (
            format!(r#"{{"payload":"{payload}","signatures":[{{{signed}}}]}}"#),
            Reason::JwsParts,
        ),
        (format!(r#"{{"payload":"{payload}",{signed}}}"#), Reason::JwsParts),
        (
            format!(r#"{{"payload": "{payload}", {signed}}}"#),
            Reason::JwsWhiteSpace,
        ),
        (
            format!(r#"{{"payload":"{payload}",{signed},"x":"{compact}"}}"#),
            Reason::NotBase64Url,
        ),
    ] {
        assert_eq!(verdict(&text, &key.policy(), NOW), Err(expected), "{text}");
    }
}

/// RFC 7797 4.2, detached, and the control of 4.1 with HMAC.
#[test]
fn rfc_7797_is_refused() {
    let policy = Key::of(Kind::P256).policy();
    let detached = |text: &str| {
        let jws = Jws::parse_detached(text, "$.02")?;
        jws.verify(&policy, NOW).map(|_| ())
    };
    let unencoded = url(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#);
    let signature = "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
    let refusal = detached(&format!("{unencoded}..{signature}")).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.detail()),
        (Reason::JwsCritical, "\"b64\"")
    );
    let control = detached("eyJhbGciOiJIUzI1NiJ9..5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ");
    assert_eq!(control.unwrap_err().reason(), Reason::JwsSymmetric);
}
