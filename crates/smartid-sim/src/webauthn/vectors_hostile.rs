//! Vectors that a lax reader takes: each says one thing twice, in a longer form, beside the truth, or where nobody looks.

use ciborium::Value as Cbor;
use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, PublicKeyData};
use serde_json::{Value, json};

use super::registration::{Expected, begin, finish};
use super::vectors::{AAGUID, Made, RP, none, refused, tweaked, verify};
use super::vectors_attestation::{aaguid_extension, certificate, x5c};
use super::{b64, cbor, cose, sha256};

/// A registration of format none with this client data.
fn said(text: &str) -> Value {
    let challenge = b64::encode(&[1; 32]);
    let text = text
        .replace("CHALLENGE", &challenge)
        .replace("ORIGIN", &format!("https://{RP}"));
    none(|made| made.client_data = Some(text.into_bytes()))
}

#[test]
fn client_data_says_each_thing_once_and_in_its_type() {
    let core = r#""type":"webauthn.create","challenge":"CHALLENGE","origin":"ORIGIN""#;
    for (more, code) in [
        (r#","challenge":"CHALLENGE""#, "client_data_malformed"),
        (r#","origin":"https://evil.example""#, "client_data_malformed"),
        (r#","typ\u0065":"webauthn.get""#, "client_data_malformed"),
        (r#","x":{"y":1,"y":2}"#, "client_data_malformed"),
        (r#","crossOrigin":"false""#, "client_data_malformed"),
        (r#","crossOrigin":null"#, "client_data_malformed"),
        (r#","topOrigin":"ORIGIN""#, "client_data_malformed"),
        (
            r#","crossOrigin":false,"topOrigin":"ORIGIN""#,
            "client_data_malformed",
        ),
        (r#","crossOrigin":true,"topOrigin":5"#, "client_data_malformed"),
        (r#","tokenBinding":"present""#, "client_data_malformed"),
        (r#","tokenBinding":{}"#, "client_data_malformed"),
        (r#","tokenBinding":{"status":1}"#, "client_data_malformed"),
        (r#","crossOrigin":true"#, "cross_origin"),
        (r#","crossOrigin":true,"topOrigin":"ORIGIN""#, "cross_origin"),
        (
            r#","tokenBinding":{"status":"present","id":"AAAA"}"#,
            "token_binding",
        ),
    ] {
        let text = format!("{{{core}{more}}}");
        assert_eq!(verify(&said(&text)).map(|_| ()), Err(code), "{text}");
    }
    for more in [
        r#","crossOrigin":false"#,
        r#","tokenBinding":{"status":"supported"}"#,
        r#","other_keys_can_be_added_here":"do not compare clientDataJSON against a template""#,
    ] {
        assert!(verify(&said(&format!("{{{core}{more}}}"))).is_ok(), "{more}");
    }
    refused(&said(&format!("{{{core}}} ,")), "client_data_malformed");
    refused(&said(&format!("\u{feff}{{{core}}}")), "client_data_malformed");
    // The challenge's last character has bits that belong to nothing.
    let whole = b64::encode(&[1; 32]);
    let stray = format!("{}F", whole.strip_suffix('E').unwrap());
    let text = format!(r#"{{"type":"webauthn.create","challenge":"{stray}","origin":"ORIGIN"}}"#);
    refused(&said(&text), "client_data_malformed");
}

#[test]
fn frames_of_other_sites_may_be_allowed() {
    let text = r#"{"type":"webauthn.create","challenge":"CHALLENGE","origin":"ORIGIN","crossOrigin":true,"topOrigin":"SITE"}"#;
    let verdict = |site: &str| {
        let begun = begin(&said(&text.replace("SITE", site)), &[]).unwrap();
        let expected = Expected {
            rp_id: RP.into(),
            origins: vec![format!("https://{RP}")],
            top_origins: vec!["https://portal.example.test".into()],
            algorithms: vec![-7],
            user_verification_required: false,
        };
        finish(&begun, &expected, |_| false)
            .map(|_| ())
            .map_err(|refused| refused.code)
    };
    assert_eq!(verdict("https://portal.example.test"), Ok(()));
    assert_eq!(verdict("https://evil.example"), Err("top_origin"));
}

#[test]
fn the_object_is_one_canonical_item_with_single_keys() {
    let text = |name: &str| Cbor::Text(name.into());
    let object = |entries: Vec<(Cbor, Cbor)>| cbor::write(&Cbor::Map(entries));
    let data = Made::new(-7).auth_data();
    let parts = || {
        vec![
            (text("fmt"), text("none")),
            (text("attStmt"), Cbor::Map(vec![])),
            (text("authData"), Cbor::Bytes(data.clone())),
        ]
    };
    let with = |bytes: Vec<u8>| none(|made| made.object = Some(bytes));
    assert!(verify(&with(object(parts()))).is_ok());
    let mut twice = parts();
    twice.push((text("fmt"), text("packed")));
    refused(&with(object(twice)), "attestation_object");
    let mut twice = parts();
    twice.extend([(text("x"), cbor::int(1)), (text("x"), cbor::int(2))]);
    refused(&with(object(twice)), "attestation_object");
    let mut trailing = object(parts());
    trailing.push(0);
    refused(&with(trailing), "attestation_object");
    // The map's length left open, and a format's length in two bytes.
    let whole = object(parts());
    let open = [&[0xbf], &whole[1..], &[0xff]].concat();
    refused(&with(open), "attestation_object");
    let long = [&whole[..5], &[0x78, 4], &whole[6..]].concat();
    assert_eq!(&whole[5..6], [0x64]);
    refused(&with(long), "attestation_object");
    for missing in 0..3 {
        let mut entries = parts();
        entries.remove(missing);
        refused(&with(object(entries)), "attestation_object");
    }
    let mut typed = parts();
    typed[2].1 = text("authData");
    refused(&with(object(typed)), "attestation_object");
}

#[test]
fn the_public_key_holds_what_its_kind_needs_and_nothing_else() {
    let made = Made::new(-7);
    let Cbor::Map(good) = made.key.public().unwrap().to_cbor() else {
        panic!("a map")
    };
    let with = |entries: Vec<(Cbor, Cbor)>| none(|own| own.cose = Some(cbor::write(&Cbor::Map(entries))));
    assert!(verify(&with(good.clone())).is_ok());
    for more in [
        (cbor::int(-4), Cbor::Bytes(vec![1; 32])),
        (cbor::int(4), Cbor::Array(vec![cbor::int(1)])),
        (cbor::int(2), Cbor::Bytes(vec![1])),
    ] {
        let mut entries = good.clone();
        entries.push(more);
        refused(&with(entries), "cose_key");
    }
    // A doubled label cannot even be read: the data behind it is not what it seems.
    let mut entries = good.clone();
    entries.push((cbor::int(3), cbor::int(-8)));
    refused(&with(entries), "authenticator_data");
    // y as the sign bit of a compressed point.
    let mut entries = good.clone();
    entries[4].1 = Cbor::Bool(true);
    refused(&with(entries), "cose_key");
    let rsa = |e: &[u8]| {
        with(vec![
            (cbor::int(1), cbor::int(3)),
            (cbor::int(3), cbor::int(-257)),
            (cbor::int(-1), Cbor::Bytes(vec![0xc5; 256])),
            (cbor::int(-2), Cbor::Bytes(e.to_vec())),
        ])
    };
    assert!(verify(&rsa(&[1, 0, 1])).is_ok());
    refused(&rsa(&[1]), "cose_key");
    refused(&rsa(&[0, 1, 0, 1]), "cose_key");
}

#[test]
fn copies_beside_the_object_are_the_true_ones() {
    let tolerated: Vec<String> = ["authenticatorData", "publicKey", "publicKeyAlgorithm"]
        .map(str::to_owned)
        .to_vec();
    let made = Made::new(-7);
    let cose::Material::Ec(point) = made.key.public().unwrap().material else {
        panic!("EC")
    };
    let head = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let spki = [head.as_slice(), &point].concat();
    let other = KeyPair::generate().unwrap().subject_public_key_info();
    let verdict = |name: &str, value: Value| {
        let mut body = made.json("none", vec![]);
        body["response"][name] = value;
        let begun = begin(&body, &tolerated).map_err(|refused| refused.code)?;
        let expected = Expected {
            rp_id: RP.into(),
            origins: vec![format!("https://{RP}")],
            top_origins: Vec::new(),
            algorithms: vec![-7],
            user_verification_required: true,
        };
        finish(&begun, &expected, |_| false)
            .map(|_| ())
            .map_err(|refused| refused.code)
    };
    let bytes = |bytes: &[u8]| json!(b64::encode(bytes));
    for (name, value, expected) in [
        ("authenticatorData", bytes(&made.auth_data()), Ok(())),
        (
            "authenticatorData",
            bytes(&made.auth_data()[1..]),
            Err("response_copy"),
        ),
        ("authenticatorData", json!("AA=="), Err("base64url")),
        ("publicKey", bytes(&spki), Ok(())),
        ("publicKey", Value::Null, Ok(())),
        ("publicKey", bytes(&other), Err("response_copy")),
        ("publicKey", bytes(b"x"), Err("response_copy")),
        ("publicKeyAlgorithm", json!(-7), Ok(())),
        ("publicKeyAlgorithm", json!(-257), Err("response_copy")),
        ("publicKeyAlgorithm", json!("-7"), Err("json_wrong_type")),
    ] {
        assert_eq!(verdict(name, value.clone()), expected, "{name} {value}");
    }
}

#[test]
fn extension_results_have_their_types() {
    for wrong in [json!(true), json!([]), json!({"rk": "true"})] {
        refused(
            &tweaked(|body| body["clientExtensionResults"]["credProps"] = wrong.clone()),
            "json_wrong_type",
        );
    }
    for right in [json!({"rk": true}), json!({}), Value::Null] {
        assert!(
            verify(&tweaked(
                |body| body["clientExtensionResults"]["credProps"] = right.clone()
            ))
            .is_ok()
        );
    }
    // Bits behind the last byte, and the other alphabet.
    for id in [
        "CQkJCQkJCQkJCQkJCQkJCR",
        "CQkJCQkJCQkJCQkJCQkJ+Q",
        "CQkJCQkJ CQkJCQkJCQkJCQ",
    ] {
        refused(&tweaked(|body| body["id"] = json!(id)), "base64url");
    }
}

#[test]
fn attestation_certificates_are_whole_and_unambiguous() {
    let country = |code: &'static str| {
        move |params: &mut CertificateParams| {
            params.distinguished_name.remove(DnType::CountryName);
            params.distinguished_name.push(DnType::CountryName, code);
        }
    };
    refused(&x5c(country("Sweden")), "attestation_certificate");
    refused(&x5c(country("S1")), "attestation_certificate");
    // The AAGUID extension twice: the second one is the true one.
    refused(
        &x5c(|params| {
            params.custom_extensions =
                vec![aaguid_extension([8; 16], false), aaguid_extension(AAGUID, false)];
        }),
        "attestation_certificate",
    );
    // Not in an OCTET STRING of its own, or with something behind it.
    for value in [
        AAGUID.to_vec(),
        [&[4, 16], &AAGUID[..], &[0]].concat(),
        vec![4, 1, 7],
    ] {
        let oid = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];
        refused(
            &x5c(|params| {
                params.custom_extensions = vec![CustomExtension::from_oid_content(&oid, value.clone())];
            }),
            "attestation_certificate",
        );
    }
    let made = Made::new(-8);
    let (der, key) = certificate(|_| ());
    let (other, _) = certificate(|_| ());
    let statement = |chain: Vec<Vec<u8>>, more: Vec<(&'static str, Cbor)>| {
        let mut entries = vec![
            ("alg", cbor::int(-7)),
            (
                "sig",
                Cbor::Bytes(rcgen::SigningKey::sign(&key, &made.signed()).unwrap()),
            ),
            ("x5c", Cbor::Array(chain.into_iter().map(Cbor::Bytes).collect())),
        ];
        entries.extend(more);
        made.json("packed", entries)
    };
    // Several are fine, in whatever relation they stand; garbage among them is not, nor is the wrong one first.
    assert!(verify(&statement(vec![der.clone(), other.clone()], vec![])).is_ok());
    refused(
        &statement(vec![der.clone(), vec![0x30, 0]], vec![]),
        "attestation_certificate",
    );
    refused(
        &statement(vec![other.clone(), der.clone()], vec![]),
        "attestation_signature",
    );
    refused(&statement(vec![der.clone(); 11], vec![]), "attestation_statement");
    let trailing = [der.clone(), vec![0]].concat();
    refused(&statement(vec![trailing], vec![]), "attestation_certificate");
    let ecdaa = ("ecdaaKeyId", Cbor::Bytes(vec![1]));
    refused(&statement(vec![der], vec![ecdaa]), "attestation_statement");
    // A signature for the certificate's key, and nobody's certificate: self attestation with a foreign key.
    let foreign = vec![
        ("alg", cbor::int(-8)),
        (
            "sig",
            Cbor::Bytes(Made::new(-8).key.sign(&made.signed()).unwrap()),
        ),
    ];
    refused(&made.json("packed", foreign), "attestation_signature");
}

/// A certificate that holds a nonce, for the key of the caller.
fn apple_certificate(nonce: Option<&[u8]>, key: &KeyPair) -> Vec<u8> {
    let mut params = CertificateParams::default();
    if let Some(nonce) = nonce {
        let inner = [&[0x04, u8::try_from(nonce.len()).unwrap()], nonce].concat();
        let tagged = [&[0xa1, u8::try_from(inner.len()).unwrap()], inner.as_slice()].concat();
        let value = [&[0x30, u8::try_from(tagged.len()).unwrap()], tagged.as_slice()].concat();
        let oid = [1, 2, 840, 113_635, 100, 8, 2];
        params.custom_extensions = vec![CustomExtension::from_oid_content(&oid, value)];
    }
    params.self_signed(key).unwrap().der().to_vec()
}

#[test]
fn apple_is_a_certificate_for_this_key_over_this_nonce() {
    let key = KeyPair::generate().unwrap();
    let point = key.der_bytes();
    let mut made = Made::new(-7);
    made.cose = Some(cbor::write(
        &cose::CoseKey::new(-7, cose::Material::Ec(point.to_vec()))
            .unwrap()
            .to_cbor(),
    ));
    let nonce = sha256(&made.signed());
    let statement = |der: Vec<u8>| made.json("apple", vec![("x5c", Cbor::Array(vec![Cbor::Bytes(der)]))]);
    assert!(verify(&statement(apple_certificate(Some(&nonce), &key))).is_ok());
    refused(
        &statement(apple_certificate(Some(&[0; 32]), &key)),
        "attestation_signature",
    );
    refused(
        &statement(apple_certificate(None, &key)),
        "attestation_certificate",
    );
    let other = KeyPair::generate().unwrap();
    refused(
        &statement(apple_certificate(Some(&nonce), &other)),
        "attestation_certificate",
    );
    refused(&made.json("apple", vec![]), "attestation_statement");
}

#[test]
fn of_several_faults_the_first_in_order_decides() {
    let mut made = Made::new(-258);
    made.kind = "webauthn.get";
    made.origin = "https://evil.example".into();
    made.rp = "evil.example";
    made.flags = 0x50;
    made.id = vec![3; 16];
    let body = |made: &Made| {
        made.json(
            "packed",
            vec![
                ("alg", cbor::int(made.key.algorithm)),
                ("sig", Cbor::Bytes(vec![0; 8])),
            ],
        )
    };
    refused(&body(&made), "client_data_type");
    made.kind = "webauthn.create";
    refused(&body(&made), "origin");
    made.origin = format!("https://{RP}");
    refused(&body(&made), "rp_id_hash");
    made.rp = RP;
    refused(&body(&made), "user_presence");
    made.flags = 0x51;
    refused(&body(&made), "user_verification");
    made.flags = 0x55;
    refused(&body(&made), "backup_flags");
    made.flags = 0x5d;
    refused(&body(&made), "algorithm_not_offered");
    made.key = crate::desktop::key::PrivateKey::generate(-7).unwrap();
    refused(&body(&made), "attestation_signature");
    refused(&made.packed(), "duplicate");
    made.id = vec![4; 16];
    assert!(verify(&made.packed()).is_ok());
}
