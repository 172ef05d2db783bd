//! An app that signs provisioning answers, and one who verifies them.

use std::sync::OnceLock;

use smartid_core::base64::{Flavour, encode};
use smartid_core::{Timestamp, json};
use smartid_hermod::answers::{
    AttestationKeys, ProvisionAnswer, ProvisionPolicy, ProvisionRefusal, Provisioned,
};
use smartid_hermod::commands::provision::Provision;
use smartid_hermod::{CommandReport, HermodDialect, Outcome};
use smartid_trust::jws::{Jwk, JwkSet, JwsOptions, sign};
use smartid_trust::{MemorySigner, PublicKey, Verified};

use super::provision::{command, trust};

pub const KID: &str = "attestation_2026-01-15T10:00:00GMT";

pub fn now() -> Timestamp {
    Timestamp::from_millis(1_768_471_205_000)
}

/// The attestation key: any key that is not in a fixture of this folder.
pub fn attestation() -> &'static MemorySigner {
    static KEY: OnceLock<MemorySigner> = OnceLock::new();
    KEY.get_or_init(|| {
        let text = |name: &str| String::from_utf8(trust(name)).unwrap();
        MemorySigner::from_pem(&[&text("keys/officer-rsa-with-chain.pem")], None).unwrap()
    })
}

pub fn public() -> PublicKey {
    attestation().key().public_key().clone()
}

pub fn keys() -> AttestationKeys {
    AttestationKeys::new(JwkSet::new([Jwk::from_public_key(public()).with_id(KID)]))
}

pub fn jws(payload: &[u8]) -> String {
    sign(attestation(), payload, &JwsOptions::new().with_key_id(KID)).unwrap()
}

/// An answer as it comes: by a callback.
pub fn answer(payload: &[u8], dialect: &HermodDialect) -> Outcome<ProvisionAnswer> {
    let body = format!(
        r#"{{"commandId":"5101","state":"SUCCESS","response":{{"format":"jws","data":"{}"}}}}"#,
        jws(payload)
    );
    CommandReport::read(body.into(), dialect)
        .unwrap()
        .provision(dialect)
}

pub fn verify(
    payload: impl AsRef<[u8]>,
    policy: &ProvisionPolicy,
) -> Result<Verified<Provisioned>, ProvisionRefusal> {
    let dialect = HermodDialect::default();
    match answer(payload.as_ref(), &dialect) {
        Outcome::Succeeded(answer) => answer.verify(policy, now()),
        other => panic!("{other:?}"),
    }
}

pub fn made(name: &str) -> Provision {
    command(name).unwrap().command
}

pub fn one_key() -> ProvisionPolicy {
    made("request_new_one_key.json").policy(&keys())
}

pub fn payload(name: &str) -> Vec<u8> {
    super::golden(&format!("provision/{name}"))
}

/// The payload of the ordinary case with another value at a place.
pub fn changed(at: &str, value: &str) -> String {
    let text = String::from_utf8(payload("payload_one_key.json")).unwrap();
    json::put(&text, &at.parse().unwrap(), value).unwrap()
}

/// A payload of the ordinary names with these keys.
pub fn with_keys(keys: &str) -> String {
    changed("/keys", keys)
}

/// The certification request of the ordinary case.
pub fn certreq() -> String {
    encode(Flavour::Standard, &trust("request/openssl-rsa2048.der"))
}

pub fn ec_jwk() -> String {
    let text = String::from_utf8(payload("payload_raw_ec.json")).unwrap();
    json::find(&text, &"/keys/0/jwk".parse().unwrap())
        .unwrap()
        .to_owned()
}
