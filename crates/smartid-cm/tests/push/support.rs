//! A receiver with a sink that can be looked into, and requests to it.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use smartid_cm::push::{MemoryPushSink, PushReceiver, PushReceiverBuilder};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Head, Inbound, ManualRuntime, Reply, SecretString, Timestamp};
use smartid_trust::Certificate;

pub(crate) const BASIC: (&str, &str) = ("authorization", "Basic Y21wdXNoOmdvbGRlbjpww6Rzcw==");
pub(crate) const TYPE: (&str, &str) = ("content-type", "application/pkix-cert");
pub(crate) const PATH: &str = "/ws/certificate/register/ServerCert";

/// The middle of the validity of the certificates in `golden/pki`.
pub(crate) fn runtime() -> ManualRuntime {
    ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000))
}

pub(crate) fn pki(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/pki/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn certificate(name: &str) -> Certificate {
    Certificate::from_der(pki(&format!("{name}.der"))).unwrap()
}

pub(crate) fn base64(name: &str) -> Vec<u8> {
    encode(Flavour::Standard, &pki(&format!("{name}.der"))).into_bytes()
}

pub(crate) fn password() -> SecretString {
    SecretString::new("golden:päss")
}

pub(crate) fn builder(sink: &Arc<MemoryPushSink>) -> PushReceiverBuilder {
    PushReceiver::builder(Arc::clone(sink) as _, Arc::new(runtime()))
}

pub(crate) fn receiver(sink: &Arc<MemoryPushSink>) -> PushReceiver {
    builder(sink).basic_auth("cmpush", password()).build().unwrap()
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

pub(crate) fn post(pairs: &[(&str, &str)]) -> Head {
    Head::new(Method::POST, PATH, headers(pairs)).with_query("tenantId=golden")
}

/// As an adapter does it: the body is not looked at before the head is admitted.
pub(crate) fn deliver(receiver: &PushReceiver, head: &Head, body: &[u8]) -> Reply {
    match receiver.admit(head) {
        Err(reply) => *reply,
        Ok(admission) if body.len() > admission.body_limit => Reply::empty(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(_) => runtime()
            .block_on(receiver.receive(head, body.to_vec().into()))
            .unwrap(),
    }
}
