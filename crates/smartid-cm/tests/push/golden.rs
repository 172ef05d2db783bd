//! Every golden push is taken or refused as its entry says.

use std::sync::Arc;

use http::{Method, StatusCode};
use smartid_cm::push::{MemoryPushSink, PushReceiver};
use smartid_core::{ClientCertificate, Head};
use smartid_trust::{Certificate, Radix};
use toml::Value;

use super::messages::{Golden, is_outcome, text};
use super::support::{builder, deliver, password};

const PUSH: Golden = Golden::of("push");

fn file(name: &str) -> Vec<u8> {
    PUSH.file(name)
}

fn texts(of: Option<&Value>, name: &str) -> Option<Vec<String>> {
    let list = of?.get(name)?.as_array()?;
    Some(
        list.iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect(),
    )
}

/// Head and body of a fixture.
fn request(fixture: &Value) -> (Head, Vec<u8>) {
    let message = PUSH.message(fixture);
    let method = Method::from_bytes(message.first[0].as_bytes()).unwrap();
    let target = &message.first[1];
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut head = Head::new(method, path, message.headers).with_query(query);
    if let Some(peer) = text(fixture, "peer_certificate") {
        head = head.with_client_certificate(ClientCertificate::new(file(peer)));
    }
    (head, message.body)
}

fn receiver(sink: &Arc<MemoryPushSink>, fixture: &Value) -> PushReceiver {
    let config = fixture.get("config");
    let named = texts(config, "client_certificates").unwrap_or(vec!["../pki/officer-p256.der".to_owned()]);
    let mut builder = builder(sink).basic_auth("cmpush", password());
    for name in named {
        builder = builder.client_certificate(Certificate::from_der(file(&name)).unwrap());
    }
    if let Some(templates) = texts(config, "templates") {
        builder = builder.templates(templates);
    }
    if let Some(tenants) = texts(config, "tenants") {
        builder = builder.tenants(tenants);
    }
    builder.build().unwrap()
}

/// What is said must be what is stored.
fn check_stored(fixture: &Value, sink: &MemoryPushSink) {
    let about = text(fixture, "file").unwrap();
    let stored = sink.take();
    let [pushed] = &stored[..] else {
        panic!("{about}: {} are stored", stored.len())
    };
    let certificate = pushed.certificate.danger_unverified();
    let expected = file(text(fixture, "certificate").unwrap());
    assert_eq!(certificate.der()[..], expected[..], "{about}");
    assert_eq!(pushed.fingerprint, certificate.fingerprint(), "{about}");
    let none = |name: &Option<String>| name.clone().unwrap_or("none".to_owned());
    let of = |name: &str| text(fixture, name).unwrap().to_owned();
    assert_eq!(pushed.template.as_str(), of("template"), "{about}");
    assert_eq!(
        none(&pushed.process.as_ref().map(ToString::to_string)),
        of("process"),
        "{about}"
    );
    assert_eq!(
        none(&pushed.tenant.as_ref().map(ToString::to_string)),
        of("tenant"),
        "{about}"
    );
    if let Some(serial) = text(fixture, "serial_hex") {
        let shown = certificate.serial_number().to_text(Radix::Hex).to_uppercase();
        assert_eq!(shown, serial, "{about}");
    }
    if let Some(subject) = text(fixture, "leaf_subject") {
        assert!(certificate.subject().to_string().contains(subject), "{about}");
    }
}

#[test]
fn every_golden_push_is_taken_or_refused_as_it_says() {
    let fixtures = PUSH.fixtures();
    let (mut taken, mut refused) = (0, 0);
    for fixture in &fixtures {
        let about = text(fixture, "file").unwrap();
        assert_eq!(text(fixture, "kind"), Some("inbound"), "{about}");
        let sink = Arc::new(MemoryPushSink::new());
        let receiver = receiver(&sink, fixture);
        let mut after = 0;
        for before in texts(Some(fixture), "after").unwrap_or_default() {
            let before = fixtures
                .iter()
                .find(|other| text(other, "file") == Some(&before))
                .unwrap();
            let (head, body) = request(before);
            assert!(deliver(&receiver, &head, &body).status.is_success());
            after += 1;
        }
        let (head, body) = request(fixture);
        let reply = deliver(&receiver, &head, &body);
        let outcome = if reply.status.is_success() {
            "accepted"
        } else {
            "rejected"
        };
        assert!(is_outcome(fixture, outcome), "{about}: {}", reply.status);
        if text(fixture, "outcome") == Some(outcome) {
            let status = u16::try_from(fixture["reply_status"].as_integer().unwrap()).unwrap();
            assert_eq!(reply.status, StatusCode::from_u16(status).unwrap(), "{about}");
        }
        if let Some(header) = text(fixture, "reply_header") {
            let (name, begins) = header.split_once(": ").unwrap();
            assert!(
                reply.headers[name].to_str().unwrap().starts_with(begins),
                "{about}"
            );
        }
        let counters = receiver.counters();
        if outcome == "accepted" {
            taken += 1;
            check_stored(fixture, &sink);
            assert_eq!((counters.stored, counters.duplicates), (1, after), "{about}");
        } else {
            refused += 1;
            assert!(sink.take().is_empty(), "{about}");
            // Nothing of the body is told.
            let shown = String::from_utf8(reply.body.to_vec()).unwrap();
            for word in std::str::from_utf8(&body).unwrap_or_default().split(['\n', ' ']) {
                assert!(word.len() < 12 || !shown.contains(word), "{about}: {shown}");
            }
        }
    }
    assert_eq!((taken, refused), (taken, fixtures.len() - taken));
    assert!(taken > 20 && refused > 50, "{taken} {refused}");
}
