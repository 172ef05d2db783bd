//! One vector per refusal: each is a correct registration with exactly one thing changed, so that it fails for that reason alone.

use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::registration::{Expected, Registered, begin, finish};
use super::{b64, cbor, sha256};
use crate::desktop::key::PrivateKey;

pub(super) const RP: &str = "login.example.test";
pub(super) const AAGUID: [u8; 16] = [7; 16];

/// A registration in pieces.
pub(super) struct Made {
    pub(super) key: PrivateKey,
    pub(super) kind: &'static str,
    pub(super) challenge: String,
    pub(super) origin: String,
    pub(super) rp: &'static str,
    pub(super) flags: u8,
    pub(super) aaguid: [u8; 16],
    pub(super) id: Vec<u8>,
    pub(super) cose: Option<Vec<u8>>,
    pub(super) trailing: Vec<u8>,
    pub(super) client_data: Option<Vec<u8>>,
    pub(super) object: Option<Vec<u8>>,
}

impl Made {
    pub(super) fn new(algorithm: i64) -> Self {
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

    pub(super) fn client_data(&self) -> Vec<u8> {
        self.client_data.clone().unwrap_or_else(|| {
            json!({"type": self.kind, "challenge": self.challenge, "origin": self.origin})
                .to_string()
                .into_bytes()
        })
    }

    pub(super) fn auth_data(&self) -> Vec<u8> {
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

    pub(super) fn signed(&self) -> Vec<u8> {
        [self.auth_data(), sha256(&self.client_data()).to_vec()].concat()
    }

    pub(super) fn json(&self, format: &str, statement: Vec<(&str, Cbor)>) -> Value {
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

    pub(super) fn packed(&self) -> Value {
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
        top_origins: Vec::new(),
        algorithms: vec![-7, -8, -35, -36, -257, -53],
        user_verification_required: true,
    }
}

pub(super) fn verify(body: &Value) -> Result<Registered, &'static str> {
    let tolerated = vec!["publicKey".to_owned(), "publicKeyAlgorithm".to_owned()];
    let begun = begin(body, &tolerated).map_err(|refused| refused.code)?;
    finish(&begun, &expected(), |id| id == [3; 16]).map_err(|refused| refused.code)
}

#[track_caller]
pub(super) fn refused(body: &Value, code: &str) {
    assert_eq!(verify(body).map(|_| ()), Err(code));
}

pub(super) fn none(change: impl FnOnce(&mut Made)) -> Value {
    let mut made = Made::new(-7);
    change(&mut made);
    made.json("none", vec![])
}

pub(super) fn tweaked(change: impl FnOnce(&mut Value)) -> Value {
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
        // A point that is not on the curve; the wrong curve; the wrong kind.
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
    // The algorithm decides before the key is looked at; one that is offered may still be unknown here.
    let unknown = |algorithm: i64| key(vec![(1, int(2)), (3, int(algorithm))]);
    refused(
        &none(|made| made.cose = Some(unknown(-47))),
        "algorithm_not_offered",
    );
    refused(&none(|made| made.cose = Some(unknown(-53))), "cose_key");
    refused(&Made::new(-258).json("none", vec![]), "algorithm_not_offered");
}
