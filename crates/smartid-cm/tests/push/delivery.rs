//! At least once: what is stored, what is a duplicate, and what happens when the sink fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use proptest::prelude::*;
use smartid_cm::CmDialect;
use smartid_cm::push::{MemoryPushSink, PushReceiver, PushSink, PushedCertificate, Stored};
use smartid_core::{BoxFuture, Inbound, StoreError};

use super::support::*;

#[test]
fn the_same_push_is_stored_once_and_answered_as_success_each_time() {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = receiver(&sink);
    let send = |path: &str, query: &str, name: &str| {
        let mut head = post(&[BASIC, TYPE]).with_query(query);
        head.path = path.to_owned();
        assert_eq!(deliver(&receiver, &head, &base64(name)).status, StatusCode::OK);
    };
    send(PATH, "tenantId=a", "device-rsa");
    send(PATH, "tenantId=a", "device-rsa");
    assert_eq!(sink.take().len(), 1);
    // Also after it was taken out; and in another form.
    send(PATH, "x=1&tenantId=a", "device-rsa");
    assert!(sink.take().is_empty());
    // Another certificate, template, process or tenant is another push.
    send(PATH, "tenantId=a", "device-p256");
    send("/ws/certificate/register/Other", "tenantId=a", "device-rsa");
    send(&format!("{PATH}/Proc"), "tenantId=a", "device-rsa");
    send(PATH, "tenantId=b", "device-rsa");
    send(PATH, "", "device-rsa");
    let stored = sink.take();
    assert_eq!(stored.len(), 5);
    let mut keys: Vec<String> = stored.iter().map(|pushed| pushed.key().to_string()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    let counters = receiver.counters();
    assert_eq!(
        (counters.received, counters.stored, counters.duplicates),
        (8, 6, 2)
    );
}

#[test]
fn keys_as_text_cannot_be_confused() {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = receiver(&sink);
    for (path, query) in [
        ("/ws/certificate/register/a", "tenantId=b/c"),
        ("/ws/certificate/register/a/b", "tenantId=c"),
        ("/ws/certificate/register/a%25/b", "tenantId=c"),
    ] {
        let mut head = post(&[BASIC, TYPE]).with_query(query);
        head.path = path.to_owned();
        assert_eq!(
            deliver(&receiver, &head, &base64("device-rsa")).status,
            StatusCode::OK
        );
    }
    let keys: Vec<String> = sink
        .take()
        .iter()
        .map(|pushed| pushed.key().to_string())
        .collect();
    let fingerprint = certificate("device-rsa").fingerprint();
    assert_eq!(
        keys,
        [
            format!("{fingerprint}/a//b%2Fc"),
            format!("{fingerprint}/a/b/c"),
            format!("{fingerprint}/a%25/b/c")
        ]
    );
}

#[test]
fn a_full_sink_is_answered_503_and_the_repetition_is_stored() {
    let sink = Arc::new(MemoryPushSink::with_capacity(1));
    let receiver = receiver(&sink);
    let send = |name: &str| deliver(&receiver, &post(&[BASIC, TYPE]), &base64(name)).status;
    assert_eq!(send("device-rsa"), StatusCode::OK);
    assert_eq!(send("device-p256"), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(send("device-rsa"), StatusCode::OK);
    assert_eq!(sink.take().len(), 1);
    let counters = receiver.counters();
    assert_eq!(
        (counters.stored, counters.duplicates, counters.not_stored),
        (1, 1, 1)
    );
}

/// Fails, then waits for ever, then stores.
#[derive(Debug, Default)]
struct Moody(AtomicUsize);

impl PushSink for Moody {
    fn store(&self, _: PushedCertificate) -> BoxFuture<'_, Result<Stored, StoreError>> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Box::pin(std::future::ready(Err(StoreError::Unavailable(
                "canary".to_owned(),
            )))),
            1 => Box::pin(std::future::pending()),
            _ => Box::pin(std::future::ready(Ok(Stored::New))),
        }
    }
}

#[test]
fn a_sink_that_fails_or_hangs_is_answered_503_so_that_the_push_comes_again() {
    let clock = runtime();
    let receiver = PushReceiver::builder(Arc::new(Moody::default()), Arc::new(clock.clone()))
        .basic_auth("cmpush", password())
        .store_limit(Duration::from_secs(3))
        .build()
        .unwrap();
    let head = post(&[BASIC, TYPE]);
    let send = || {
        let reply = clock
            .block_on(receiver.receive(&head, base64("device-rsa").into()))
            .unwrap();
        assert!(reply.body.is_empty());
        reply.status
    };
    assert_eq!(send(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(send(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(send(), StatusCode::OK);
    let counters = receiver.counters();
    assert_eq!((counters.stored, counters.not_stored), (1, 2));
}

#[test]
fn what_was_not_admitted_is_not_received_either() {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = receiver(&sink);
    let clock = runtime();
    let receive = |head: &smartid_core::Head, body: Vec<u8>| {
        clock
            .block_on(receiver.receive(head, body.into()))
            .unwrap()
            .status
    };
    assert_eq!(
        receive(&post(&[TYPE]), base64("device-rsa")),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        receive(&post(&[BASIC, TYPE]), vec![b'A'; 1 << 20]),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert!(sink.take().is_empty());
}

#[test]
fn what_is_not_as_documented_is_noted() {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = receiver(&sink);
    let lints = |body: &[u8]| {
        let pushed = receiver.reader().read(
            &post(&[BASIC, TYPE]),
            body,
            smartid_core::Runtime::now(&runtime()),
        );
        pushed
            .unwrap()
            .lints
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let base64 = base64("officer-p256");
    assert_eq!(lints(&base64), [""; 0]);
    assert_eq!(lints(&pki("officer-p256.der")), ["body: DER instead of base64"]);
    let unpadded = base64.strip_suffix(b"=").unwrap();
    assert_eq!(
        lints(unpadded),
        ["body: base64 without its padding, or with too much of it"]
    );
    let pem = [
        b"-----BEGIN CERTIFICATE-----\n",
        &base64[..],
        b"\n-----END CERTIFICATE-----\n",
    ]
    .concat();
    assert_eq!(lints(&pem), ["body: PEM instead of base64"]);
}

#[test]
fn the_dialect_says_where_what_and_with_which_success() {
    let dialect = CmDialect::from_toml(
        "[push]\npath = 'in/box'\ntenant = 'mandant'\ncontent_types = ['text/plain', 'application/x-x509-ca-cert']\nsuccess = 204",
    )
    .unwrap();
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = builder(&sink)
        .basic_auth("cmpush", password())
        .dialect(&dialect)
        .build()
        .unwrap();
    let mut head = post(&[BASIC, ("content-type", "text/plain")]).with_query("mandant=m&tenantId=t");
    assert_eq!(
        deliver(&receiver, &head, &base64("device-rsa")).status,
        StatusCode::NOT_FOUND
    );
    head.path = "/x/in/box/T".to_owned();
    assert_eq!(
        deliver(&receiver, &head, &base64("device-rsa")).status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(sink.take()[0].tenant.as_ref().unwrap().as_str(), "m");
    head.headers = headers(&[BASIC, TYPE]);
    let reply = deliver(&receiver, &head, &base64("device-rsa"));
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[test]
fn a_compressed_body_is_not_taken_for_one_that_is_not() {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = receiver(&sink);
    let send = |encoding| {
        deliver(
            &receiver,
            &post(&[BASIC, TYPE, ("content-encoding", encoding)]),
            &base64("device-rsa"),
        )
        .status
    };
    assert_eq!(send("gzip"), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send("identity"), StatusCode::OK);
}

#[test]
fn nothing_shows_the_password_or_a_body() {
    let sink = Arc::new(MemoryPushSink::new());
    let builder = builder(&sink).basic_auth("cmpush", password());
    assert!(!format!("{builder:?}").contains("päss"));
    let receiver = builder.build().unwrap();
    assert!(!format!("{receiver:?} {:?}", receiver.reader()).contains("päss"));
    deliver(&receiver, &post(&[BASIC, TYPE]), &base64("device-rsa"));
    let shown = format!("{receiver:?} {:?}", sink.take());
    assert!(!shown.contains("rschloss"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn garbage_is_refused_and_never_stored(body: Vec<u8>, text in "[A-Za-z0-9+/=\\n -]{0,200}", at in 0_usize..500, with: u8) {
        let sink = Arc::new(MemoryPushSink::new());
        let receiver = receiver(&sink);
        let head = post(&[BASIC, TYPE]);
        for body in [&body[..], text.as_bytes()] {
            prop_assert_eq!(deliver(&receiver, &head, body).status, StatusCode::BAD_REQUEST);
        }
        // One octet of a good one: refused, or a certificate in its own right.
        let mut der = pki("device-p256.der");
        let at = at % der.len();
        der[at] = with;
        let reply = deliver(&receiver, &head, &der);
        prop_assert_eq!(reply.status.is_success(), sink.take().len() == 1);
        // Cut off anywhere.
        let cut = &base64("device-p256")[..at];
        prop_assert_eq!(deliver(&receiver, &head, cut).status, StatusCode::BAD_REQUEST);
    }
}
