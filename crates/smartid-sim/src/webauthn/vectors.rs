//! One vector per refusal: each is a correct registration with exactly one thing changed, so that it fails for that reason alone.

use ciborium::Value as Cbor;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, KeyPair, SigningKey};
use serde_json::{Value, json};

use super::registration::{Expected, Registered, begin, finish};
use super::{assertion, b64, cbor, cose, sha256};
use crate::desktop::key::PrivateKey;

const RP: &str = "login.example.test";
const AAGUID: [u8; 16] = [7; 16];

/// A registration in pieces.
struct Made {
    key: PrivateKey,
    kind: &'static str,
    challenge: String,
    origin: String,
    rp: &'static str,
    flags: u8,
    aaguid: [u8; 16],
    id: Vec<u8>,
    cose: Option<Vec<u8>>,
    trailing: Vec<u8>,
    client_data: Option<Vec<u8>>,
    object: Option<Vec<u8>>,
}

impl Made {
    fn new(algorithm: i64) -> Self {
        Self {
            key: PrivateKey::generate(algorithm).unwrap(),
            kind: "webauthn.create",
            challenge: b64::encode(&[1; 32]),
            origin: format!("https://{RP}"),
            rp: RP,
            flags: 0x45,
            aaguid: AAGUID,
            id: vec![9; 16],
            cose: None,
            trailing: Vec::new(),
            client_data: None,
            object: None,
        }
    }

    fn client_data(&self) -> Vec<u8> {
        self.client_data.clone().unwrap_or_else(|| {
            json!({"type": self.kind, "challenge": self.challenge, "origin": self.origin})
                .to_string()
                .into_bytes()
        })
    }

    fn auth_data(&self) -> Vec<u8> {
        let mut out = sha256(self.rp.as_bytes()).to_vec();
        out.push(self.flags);
        out.extend([0, 0, 0, 1]);
        if self.flags & 0x40 != 0 {
            out.extend(self.aaguid);
            out.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            out.extend(&self.id);
            out.extend(
                self.cose
                    .clone()
                    .unwrap_or_else(|| cbor::write(&self.key.public().unwrap().to_cbor())),
            );
        }
        out.extend(&self.trailing);
        out
    }

    fn signed(&self) -> Vec<u8> {
        [self.auth_data(), sha256(&self.client_data()).to_vec()].concat()
    }

    fn json(&self, format: &str, statement: Vec<(&str, Cbor)>) -> Value {
        let statement = statement
            .into_iter()
            .map(|(name, value)| (Cbor::Text(name.into()), value))
            .collect();
        let object = self.object.clone().unwrap_or_else(|| {
            cbor::write(&Cbor::Map(vec![
                (Cbor::Text("fmt".into()), Cbor::Text(format.into())),
                (Cbor::Text("attStmt".into()), Cbor::Map(statement)),
                (Cbor::Text("authData".into()), Cbor::Bytes(self.auth_data())),
            ]))
        });
        json!({
            "id": b64::encode(&self.id),
            "rawId": b64::encode(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64::encode(&self.client_data()),
                "attestationObject": b64::encode(&object),
                "transports": ["usb", "something-new"],
            },
            "clientExtensionResults": {},
        })
    }

    fn packed(&self) -> Value {
        let signature = self.key.sign(&self.signed()).unwrap();
        self.json(
            "packed",
            vec![
                ("alg", cbor::int(self.key.algorithm)),
                ("sig", Cbor::Bytes(signature)),
            ],
        )
    }
}

fn expected() -> Expected {
    Expected {
        rp_id: RP.into(),
        origins: vec![format!("https://{RP}")],
        algorithms: vec![-7, -8, -35, -36, -257],
        user_verification_required: true,
    }
}

fn verify(body: &Value) -> Result<Registered, &'static str> {
    let tolerated = vec!["publicKey".to_owned(), "publicKeyAlgorithm".to_owned()];
    let begun = begin(body, &tolerated).map_err(|refused| refused.code)?;
    finish(&begun, &expected(), |id| id == [3; 16]).map_err(|refused| refused.code)
}

#[track_caller]
fn refused(body: &Value, code: &str) {
    assert_eq!(verify(body).map(|_| ()), Err(code));
}

fn none(change: impl FnOnce(&mut Made)) -> Value {
    let mut made = Made::new(-7);
    change(&mut made);
    made.json("none", vec![])
}

fn tweaked(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = Made::new(-7).json("none", vec![]);
    change(&mut body);
    body
}

#[test]
fn the_unchanged_registration_is_accepted() {
    let registered = verify(&none(|_| ())).unwrap();
    assert_eq!(
        (
            registered.sign_count,
            registered.aaguid,
            registered.format.as_str()
        ),
        (1, AAGUID, "none")
    );
    assert_eq!(registered.transports, ["usb", "something-new"]);
    for algorithm in [-7, -8, -35, -36, -257] {
        assert_eq!(
            verify(&Made::new(algorithm).packed()).unwrap().key.algorithm,
            algorithm
        );
    }
    // Legal, and not to be refused: extension data, an unknown format, the tolerated members, null where optional.
    assert!(verify(&none(|made| (made.flags, made.trailing) = (0xc5, vec![0xa0]))).is_ok());
    assert!(verify(&Made::new(-7).json("tpm-next", vec![("x", Cbor::Null)])).is_ok());
    assert!(verify(&tweaked(|body| body["response"]["publicKey"] = Value::Null)).is_ok());
    assert!(verify(&tweaked(|body| body["response"]["transports"] = Value::Null)).is_ok());
    assert!(
        verify(&tweaked(
            |body| body["authenticatorAttachment"] = json!("platform")
        ))
        .is_ok()
    );
}

#[test]
fn the_json_is_read_strictly() {
    for (change, code) in [
        (
            Box::new(|body: &mut Value| body["extra"] = json!(1)) as Box<dyn Fn(&mut Value)>,
            "json_unknown_member",
        ),
        (
            Box::new(|body| body["extensions"] = json!({})),
            "json_unknown_member",
        ),
        (
            Box::new(|body| body["response"]["extra"] = json!(1)),
            "json_unknown_member",
        ),
        (
            Box::new(|body| body["response"]["authenticatorData"] = json!("AA")),
            "json_unknown_member",
        ),
        (Box::new(|body| body["rawId"] = json!("AAAA")), "id_mismatch"),
        (
            Box::new(|body| body["type"] = json!("password")),
            "credential_type",
        ),
        (
            Box::new(|body| body["id"] = json!("CQkJCQkJCQkJCQkJCQkJCQ==")),
            "base64url",
        ),
        (
            Box::new(|body| body["response"]["attestationObject"] = json!("a+/=")),
            "base64url",
        ),
        (Box::new(|body| body["id"] = json!(5)), "json_wrong_type"),
        (Box::new(|body| body["response"] = json!([])), "json_wrong_type"),
        (
            Box::new(|body| body["clientExtensionResults"] = Value::Null),
            "json_wrong_type",
        ),
        (
            Box::new(|body| body["response"]["transports"] = json!("usb")),
            "json_wrong_type",
        ),
        (
            Box::new(|body| body["response"]["transports"] = json!([1])),
            "json_wrong_type",
        ),
        (
            Box::new(|body| body["authenticatorAttachment"] = json!(1)),
            "json_wrong_type",
        ),
        (Box::new(|body| *body = json!("text")), "json_wrong_type"),
    ] {
        refused(&tweaked(change), code);
    }
    for (pointer, code) in [
        ("/id", "json_missing_member"),
        ("/rawId", "json_missing_member"),
        ("/type", "json_missing_member"),
        ("/response", "json_missing_member"),
        ("/response/clientDataJSON", "json_missing_member"),
        ("/response/attestationObject", "json_missing_member"),
        ("/clientExtensionResults", "client_extension_results_missing"),
    ] {
        refused(&tweaked(|body| drop(crate::json::take(body, pointer))), code);
    }
}

#[test]
fn client_data_is_checked() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"type":"webauthn.create","challenge":"+/","origin":"x"}"#,
        r#"{"type":1}"#,
    ] {
        refused(
            &none(|made| made.client_data = Some(text.as_bytes().to_vec())),
            "client_data_malformed",
        );
    }
    refused(&none(|made| made.kind = "webauthn.get"), "client_data_type");
    for origin in [
        "http://login.example.test",
        "https://login.example.test:8443",
        "https://a.login.example.test",
        "https://login.example.test/",
    ] {
        refused(&none(|made| made.origin = origin.into()), "origin");
    }
}

#[test]
fn authenticator_data_is_checked() {
    refused(&none(|made| made.object = Some(vec![0xff])), "attestation_object");
    refused(&none(|made| made.object = Some(vec![0xa0])), "attestation_object");
    refused(&none(|made| made.trailing = vec![0]), "authenticator_data");
    refused(&none(|made| made.flags = 0xc5), "authenticator_data");
    refused(&none(|made| made.flags = 0x05), "attested_data_missing");
    refused(&none(|made| made.rp = "other.example.test"), "rp_id_hash");
    refused(&none(|made| made.flags = 0x44), "user_presence");
    refused(&none(|made| made.flags = 0x41), "user_verification");
    refused(&none(|made| made.flags = 0x55), "backup_flags");
    assert!(verify(&none(|made| made.flags = 0x5d)).is_ok());
    refused(&none(|made| made.id = vec![3; 16]), "duplicate");
    refused(&none(|made| made.id = vec![]), "credential_id_length");
    refused(&none(|made| made.id = vec![1; 1024]), "credential_id_length");
    let other = |body: &mut Value| (body["id"], body["rawId"]) = (json!("AAAA"), json!("AAAA"));
    refused(&tweaked(other), "credential_id_mismatch");
}

#[test]
fn keys_are_checked() {
    let key = |entries: Vec<(i64, Cbor)>| {
        cbor::write(&Cbor::Map(
            entries
                .into_iter()
                .map(|(name, value)| (cbor::int(name), value))
                .collect(),
        ))
    };
    let bytes = |byte: u8, length: usize| Cbor::Bytes(vec![byte; length]);
    let int = cbor::int;
    for cose in [
        key(vec![]),
        // A point that is not on the curve; the wrong curve; the wrong kind; an algorithm nobody knows.
        key(vec![
            (1, int(2)),
            (3, int(-7)),
            (-1, int(1)),
            (-2, bytes(1, 32)),
            (-3, bytes(1, 32)),
        ]),
        key(vec![
            (1, int(2)),
            (3, int(-7)),
            (-1, int(2)),
            (-2, bytes(1, 48)),
            (-3, bytes(1, 48)),
        ]),
        key(vec![
            (1, int(3)),
            (3, int(-7)),
            (-1, bytes(1, 256)),
            (-2, bytes(1, 3)),
        ]),
        key(vec![
            (1, int(2)),
            (3, int(-47)),
            (-1, int(1)),
            (-2, bytes(1, 32)),
            (-3, bytes(1, 32)),
        ]),
        // RSA: too short, even exponent.
        key(vec![
            (1, int(3)),
            (3, int(-257)),
            (-1, bytes(1, 128)),
            (-2, Cbor::Bytes(vec![1, 0, 1])),
        ]),
        key(vec![
            (1, int(3)),
            (3, int(-257)),
            (-1, bytes(1, 256)),
            (-2, Cbor::Bytes(vec![2])),
        ]),
        cbor::write(&Cbor::Text("no key".into())),
    ] {
        refused(&none(|made| made.cose = Some(cose)), "cose_key");
    }
    refused(&Made::new(-258).json("none", vec![]), "algorithm_not_offered");
}

#[test]
fn packed_self_attestation_is_checked() {
    let made = Made::new(-7);
    let signature = made.key.sign(&made.signed()).unwrap();
    let wrong = made.key.sign(b"something else").unwrap();
    let sig = |bytes: &[u8]| ("sig", Cbor::Bytes(bytes.to_vec()));
    refused(
        &made.json("none", vec![("alg", cbor::int(-7))]),
        "attestation_statement",
    );
    refused(
        &made.json("packed", vec![sig(&signature)]),
        "attestation_statement",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-7))]),
        "attestation_statement",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-7)), sig(&wrong)]),
        "attestation_signature",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-7)), sig(b"")]),
        "attestation_signature",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-35)), sig(&signature)]),
        "attestation_algorithm",
    );
    // The client data is part of what is signed.
    let mut body = made.packed();
    let spaced = [made.client_data(), b" ".to_vec()].concat();
    body["response"]["clientDataJSON"] = json!(b64::encode(&spaced));
    refused(&body, "attestation_signature");
}

/// A certificate for attestation with something changed.
fn certificate(change: impl FnOnce(&mut CertificateParams)) -> (Vec<u8>, KeyPair) {
    let mut params = CertificateParams::default();
    for (kind, value) in [
        (DnType::CountryName, "SE"),
        (DnType::OrganizationName, "o"),
        (DnType::OrganizationalUnitName, "Authenticator Attestation"),
        (DnType::CommonName, "c"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.is_ca = IsCa::ExplicitNoCa;
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().der().to_vec(), key)
}

fn aaguid_extension(aaguid: [u8; 16], critical: bool) -> CustomExtension {
    let value = [&[4, 16], aaguid.as_slice()].concat();
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], value);
    extension.set_criticality(critical);
    extension
}

fn x5c(change: impl FnOnce(&mut CertificateParams)) -> Value {
    let (der, key) = certificate(change);
    let made = Made::new(-8);
    let signature = key.sign(&made.signed()).unwrap();
    made.json(
        "packed",
        vec![
            ("alg", cbor::int(cose::ES256)),
            ("sig", Cbor::Bytes(signature)),
            ("x5c", Cbor::Array(vec![Cbor::Bytes(der)])),
        ],
    )
}

#[test]
fn packed_certificate_attestation_is_checked() {
    assert!(verify(&x5c(|_| ())).is_ok());
    assert!(
        verify(&x5c(
            |params| params.custom_extensions = vec![aaguid_extension(AAGUID, false)]
        ))
        .is_ok()
    );
    let critical =
        |params: &mut CertificateParams| params.custom_extensions = vec![aaguid_extension(AAGUID, true)];
    refused(&x5c(critical), "attestation_certificate");
    let other =
        |params: &mut CertificateParams| params.custom_extensions = vec![aaguid_extension([8; 16], false)];
    refused(&x5c(other), "attestation_aaguid");
    let unit = |params: &mut CertificateParams| {
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, "Something Else");
    };
    refused(&x5c(unit), "attestation_certificate");
    let nameless =
        |params: &mut CertificateParams| drop(params.distinguished_name.remove(DnType::CommonName));
    refused(&x5c(nameless), "attestation_certificate");
    let ca = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    refused(&x5c(ca), "attestation_certificate");

    let made = Made::new(-8);
    let (der, key) = certificate(|_| ());
    let sig = |message: &[u8]| ("sig", Cbor::Bytes(key.sign(message).unwrap()));
    let chain = |list: Vec<Cbor>| ("x5c", Cbor::Array(list));
    let alg = |number: i64| ("alg", cbor::int(number));
    let leaf = || Cbor::Bytes(der.clone());
    refused(
        &made.json("packed", vec![alg(-7), sig(b"x"), chain(vec![leaf()])]),
        "attestation_signature",
    );
    refused(
        &made.json("packed", vec![alg(-8), sig(&made.signed()), chain(vec![leaf()])]),
        "attestation_algorithm",
    );
    refused(
        &made.json("packed", vec![alg(-7), sig(&made.signed()), chain(vec![])]),
        "attestation_statement",
    );
    let garbage = Cbor::Bytes(vec![0x30, 0x03, 1, 2, 3]);
    refused(
        &made.json("packed", vec![alg(-7), sig(&made.signed()), chain(vec![garbage])]),
        "attestation_certificate",
    );
}

#[test]
fn fido_u2f_is_checked() {
    let (der, key) = certificate(|_| ());
    let leaf = || Cbor::Bytes(der.clone());
    let statement = |made: &Made, message: &[u8], chain: Vec<Cbor>| {
        made.json(
            "fido-u2f",
            vec![
                ("sig", Cbor::Bytes(key.sign(message).unwrap())),
                ("x5c", Cbor::Array(chain)),
            ],
        )
    };
    let message = |made: &Made| {
        let cose::Material::Ec(point) = made.key.public().unwrap().material else {
            panic!("not EC")
        };
        let hash = sha256(&made.client_data());
        [&[0_u8], sha256(RP.as_bytes()).as_slice(), &hash, &made.id, &point].concat()
    };
    let mut made = Made::new(-7);
    made.aaguid = [0; 16];
    let signed = message(&made);
    assert!(verify(&statement(&made, &signed, vec![leaf()])).is_ok());
    refused(&statement(&made, b"else", vec![leaf()]), "attestation_signature");
    refused(
        &statement(&made, &signed, vec![leaf(), leaf()]),
        "attestation_statement",
    );
    refused(
        &made.json("fido-u2f", vec![("sig", Cbor::Bytes(vec![]))]),
        "attestation_statement",
    );
    let mut named = Made::new(-7);
    named.aaguid = AAGUID;
    let signed = message(&named);
    refused(&statement(&named, &signed, vec![leaf()]), "attestation_aaguid");
    let mut other = Made::new(-35);
    other.aaguid = [0; 16];
    refused(&statement(&other, b"x", vec![leaf()]), "attestation_algorithm");
}

/// An assertion with one thing changed.
fn login(
    change: impl FnOnce(&mut Value, &PrivateKey),
    flags: u8,
    count: u32,
    rp: &str,
    stored: u32,
) -> Result<u32, &'static str> {
    let key = PrivateKey::generate(-7).unwrap();
    let client =
        json!({"type": "webauthn.get", "challenge": "AQ", "origin": format!("https://{RP}")}).to_string();
    let mut data = sha256(rp.as_bytes()).to_vec();
    data.push(flags);
    data.extend(count.to_be_bytes());
    let signature = key
        .sign(&[data.as_slice(), &sha256(client.as_bytes())].concat())
        .unwrap();
    let mut body = json!({
        "id": "CQ", "rawId": "CQ", "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": b64::encode(client.as_bytes()),
            "authenticatorData": b64::encode(&data),
            "signature": b64::encode(&signature),
            "userHandle": "AQ",
        },
    });
    change(&mut body, &key);
    let begun = assertion::begin(&body).map_err(|refused| refused.code)?;
    let public = key.public().unwrap();
    let stored = assertion::Stored {
        key: &public,
        user_handle: &[1],
        sign_count: stored,
    };
    assertion::finish(&begun, RP, &[format!("https://{RP}")], true, &stored).map_err(|refused| refused.code)
}

#[test]
fn assertions_are_checked() {
    let keep = |_: &mut Value, _: &PrivateKey| ();
    assert_eq!(login(keep, 5, 2, RP, 1), Ok(2));
    assert_eq!(login(keep, 5, 0, RP, 0), Ok(0));
    assert_eq!(login(keep, 5, 2, RP, 2), Err("sign_count"));
    assert_eq!(login(keep, 5, 0, RP, 1), Err("sign_count"));
    assert_eq!(login(keep, 4, 2, RP, 1), Err("user_presence"));
    assert_eq!(login(keep, 1, 2, RP, 1), Err("user_verification"));
    assert_eq!(login(keep, 5, 2, "other.test", 1), Err("rp_id_hash"));
    let set = |pointer: &'static str, value: Value| {
        move |body: &mut Value, _: &PrivateKey| crate::json::put(body, pointer, value)
    };
    assert_eq!(
        login(set("/response/userHandle", json!("Ag")), 5, 2, RP, 1),
        Err("user_handle")
    );
    assert_eq!(
        login(set("/response/userHandle", Value::Null), 5, 2, RP, 1),
        Ok(2)
    );
    assert_eq!(
        login(set("/response/signature", json!("AAAA")), 5, 2, RP, 1),
        Err("signature")
    );
    assert_eq!(
        login(set("/response/authenticatorData", json!("AAAA")), 5, 2, RP, 1),
        Err("authenticator_data")
    );
    assert_eq!(
        login(set("/response/extra", json!(1)), 5, 2, RP, 1),
        Err("json_unknown_member")
    );
    assert_eq!(login(set("/rawId", json!("Cg")), 5, 2, RP, 1), Err("id_mismatch"));
    for (member, value, code) in [
        ("type", "webauthn.create", "client_data_type"),
        ("origin", "https://other.test", "origin"),
        ("challenge", "%", "client_data_malformed"),
    ] {
        let change = |body: &mut Value, key: &PrivateKey| {
            let mut client =
                json!({"type": "webauthn.get", "challenge": "AQ", "origin": format!("https://{RP}")});
            client[member] = json!(value);
            let client = client.to_string();
            let data = b64::decode(body["response"]["authenticatorData"].as_str().unwrap()).unwrap();
            let signature = key
                .sign(&[data, sha256(client.as_bytes()).to_vec()].concat())
                .unwrap();
            body["response"]["clientDataJSON"] = json!(b64::encode(client.as_bytes()));
            body["response"]["signature"] = json!(b64::encode(&signature));
        };
        assert_eq!(login(change, 5, 2, RP, 1), Err(code));
    }
}
