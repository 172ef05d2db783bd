//! Every golden message of Microsoft Graph: what goes out, what an answer means, and the calls one behind the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

mod answers;
mod bench;
mod exchanges;
mod requests;

use std::collections::BTreeSet;
use std::sync::Arc;

use bench::{BASE, NOW, Script, TOKEN, bench, folder, incoming, registration, rows, text, time};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use smartid_core::{Endpoint, Incoming, ManualRuntime, SecretString};
use smartid_da::auth::fixed_token;
use smartid_da::entra::{CreateFido2Method, GetCreationOptions};
use smartid_da::relying_party::{DisplayName, NewCredential, Provider, RelyingParty};
use smartid_da::{EntraFido, UserId};
use toml::Table;

#[test]
fn a_credential_without_a_name_is_called_by_its_id() {
    let bench = bench(&Table::new(), vec![Some(incoming("store_201.http"))], NOW).unwrap();
    let user = UserId::new("alice@example.test").unwrap();
    let path = "../attestation/packed-self-es256.registration.json";
    let credential = NewCredential::new(user, registration(path));
    bench
        .runtime
        .block_on(bench.entra.store(&credential))
        .unwrap()
        .unwrap();
    let sent = bench.script.sent.lock().unwrap();
    let body: serde_json::Value = serde_json::from_slice(sent[0].0.body_bytes()).unwrap();
    assert_eq!(body["displayName"], "Security key mn6LHC");
    assert_eq!(bench.entra.provider(), Provider::ENTRA);
}

#[test]
fn settings_are_checked_when_the_client_is_made() {
    let build = |url: &str| {
        let runtime = ManualRuntime::new(time(NOW));
        EntraFido::builder(fixed_token(SecretString::new(TOKEN)))
            .url(url)
            .build(Arc::new(Script::default()), Arc::new(runtime))
    };
    assert_eq!(build(BASE).unwrap().url().as_str(), BASE);
    for bad in ["http://graph.example.test", "graph.example.test", ""] {
        assert!(build(bad).unwrap_err().to_string().contains("entra.url"), "{bad}");
    }
    let builder = EntraFido::builder(fixed_token(SecretString::new(TOKEN)));
    assert!(!format!("{builder:?}").contains(TOKEN));
}

proptest! {
    /// Whatever answers, at either call and with any status: an answer or a typed refusal.
    #[test]
    fn any_answer_is_read_or_refused(status in 100_u16..600, text: String, bytes: Vec<u8>, json in any::<bool>()) {
        let user = UserId::new("alice").unwrap();
        let path = "../attestation/none-es256.registration.json";
        let store = CreateFido2Method::new(user.clone(), &registration(path), DisplayName::new("key").unwrap());
        let options = GetCreationOptions::new(user).asked(time(NOW));
        for body in [Bytes::from(text), Bytes::from(bytes)] {
            let mut headers = HeaderMap::new();
            let kind = if json { "application/json" } else { "text/plain" };
            headers.insert("content-type", HeaderValue::from_static(kind));
            let incoming = Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body);
            if let Ok(offer) = options.response(&(), incoming.clone()) {
                prop_assert!(offer.expires.is_some());
            }
            let stored = store.response(&(), incoming);
            prop_assert!(stored.is_err() || [200, 201, 204].contains(&status));
        }
    }
}

#[test]
fn every_file_is_in_the_index_and_read() {
    let fixtures = rows("fixture");
    let kinds: BTreeSet<&str> = fixtures.iter().map(|row| text(row, "kind")).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["request", "response"]);
    let mut named: BTreeSet<String> = fixtures.iter().map(|row| text(row, "file").to_owned()).collect();
    assert_eq!(named.len(), fixtures.len());
    named.insert("INDEX.toml".to_owned());
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, there);
}
