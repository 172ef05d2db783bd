//! What the fuzz targets do: give a parser any bytes, and check what must hold of every input. The functions are ordinary code, so that
//! the stable toolchain builds them and runs their seeds (`cargo test`); `cargo +nightly fuzz run --features fuzzing <target>` looks for more.

pub mod ast;
pub mod certificates;
pub mod messaging;
pub mod oauth;
pub mod oidc;
pub mod trust;

use std::hint::black_box;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use smartid_core::base64::{Flavour, decode, decode_lenient, encode};
use smartid_core::dialect::{Edits, overlay};
use smartid_core::json::{self, Pointer};
use smartid_core::{
    Endpoint as _, Head, Incoming, ManualRuntime, MemoryInbox, PathTemplate, SecretString, ServiceUrl,
    Timestamp,
};
use smartid_da::DaDialect;
use smartid_da::fido::preflight::{Preflight, check};
use smartid_da::fido::{AttestationObject, CreationOptions, GetOptions, Registration, StoreCredential};
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::commands::FidoSession;
use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, PlugoutLink};

/// Splits off the first byte as a choice.
fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first()
        .map_or((0, data), |(first, rest)| (*first, rest))
}

fn answer(data: &[u8]) -> Incoming {
    let (choice, body) = choice(data);
    let status = [200, 201, 204, 302, 400, 401, 404, 409, 410, 429, 500, 503][usize::from(choice) % 12];
    let mut headers = HeaderMap::new();
    let types = ["application/json", "text/html", "text/plain", ""];
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static(types[usize::from(choice) / 12 % 4]),
    );
    Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        headers,
        Bytes::copy_from_slice(body),
    )
}

/// A link that is read is built again as the same link.
pub fn plugout_link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(link) = PlugoutLink::parse(text) {
        assert_eq!(link.expose(), text.trim());
        let token = text
            .split("token=")
            .nth(1)
            .unwrap_or_default()
            .split('&')
            .next()
            .unwrap_or_default();
        if token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && text.matches("token=").count() == 1
        {
            let built =
                PlugoutLink::build(&link.box_url().to_string(), token).expect("what was read can be built");
            assert!(built.constant_time_eq(&link));
        }
        let _ = link.qr();
    }
}

/// Any answer to a command is read or refused.
pub fn hermod_response(data: &[u8]) {
    let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap();
    let _ = black_box(FidoSession::new(header).response(&HermodDialect::default(), answer(data)));
}

/// Any report is read or refused, and its outcome found.
pub fn hermod_report(data: &[u8]) {
    let dialect = HermodDialect::default();
    if let Ok(report) = CommandReport::read(Bytes::copy_from_slice(data), &dialect) {
        assert_eq!(report.raw, data);
        black_box(report.fido(&dialect));
    }
}

/// A callback is stored or refused; without the password it is always refused.
pub fn callback(data: &[u8]) {
    static RECEIVER: OnceLock<CallbackReceiver> = OnceLock::new();
    let receiver = RECEIVER.get_or_init(|| {
        let runtime = Arc::new(ManualRuntime::new(Timestamp::from_millis(0)));
        let builder = CallbackReceiver::builder(Arc::new(MemoryInbox::new()), runtime);
        builder
            .basic_auth("hermod", SecretString::new("p"))
            .build()
            .unwrap()
    });
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let head = Head::new(Method::POST, "/callback/fido", headers.clone());
    assert!(receiver.read(&head, data).is_err(), "there is no password");
    headers.insert(
        http::header::AUTHORIZATION,
        HeaderValue::from_static("Basic aGVybW9kOnA="),
    );
    let head = Head::new(Method::POST, "/callback/fido", headers);
    if let Ok(letter) = receiver.read(&head, data) {
        assert!(!letter.ids().is_empty());
        assert_eq!(letter.body(), data);
    }
}

/// Options that are read keep their text.
pub fn da_options(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(options) = CreationOptions::parse(text)
    {
        assert!(text.contains(options.raw()));
        let _ = options.validate();
        let stored = serde_json_round_trip(&options);
        assert_eq!(stored.raw(), options.raw());
    }
    let _ = black_box(
        GetOptions::new(smartid_da::UserId::new("a").unwrap()).response(&DaDialect::default(), answer(data)),
    );
}

fn serde_json_round_trip(options: &CreationOptions) -> CreationOptions {
    serde_json::from_str(&serde_json::to_string(options).unwrap()).unwrap()
}

/// A registration that is read keeps its text; one that passes the checks is sent in a form that reads as the same.
pub fn da_registration(data: &[u8]) {
    static OPTIONS: OnceLock<CreationOptions> = OnceLock::new();
    let options = OPTIONS.get_or_init(|| {
        let text = include_str!("../../crates/smartid-da/tests/golden/registrations/es256-none.options.json");
        CreationOptions::parse(text).unwrap()
    });
    let _ = black_box(AttestationObject::parse(data).and_then(|object| object.authenticator_data()));
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(registration) = Registration::parse(text)
    {
        let strict = Registration::parse(&registration.strict_body()).expect("what we send can be read");
        assert_eq!(
            (strict.id(), strict.client_data_json()),
            (registration.id(), registration.client_data_json())
        );
        assert_eq!(strict.attestation_object(), registration.attestation_object());
        let _ = black_box(check(options, &registration, &Preflight::default()));
    }
}

/// Any answer to the storing of a credential is a success or a refusal.
pub fn da_refusal(data: &[u8]) {
    static CALL: OnceLock<StoreCredential> = OnceLock::new();
    let call = CALL.get_or_init(|| {
        let text =
            include_str!("../../crates/smartid-da/tests/golden/registrations/es256-none.registration.json");
        StoreCredential::new(
            smartid_da::UserId::new("a").unwrap(),
            &Registration::parse(text).unwrap(),
        )
    });
    let _ = black_box(
        call.response(&DaDialect::default(), answer(data))
            .map_err(|error| format!("{error:?}")),
    );
}

/// A dialect is read or refused.
pub fn dialects(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = black_box(overlay::<HermodDialect>(text));
    let _ = black_box(overlay::<DaDialect>(text));
}

/// An edited document is JSON if it was, and what was put is found.
pub fn json_edit(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (pointer, document) = text.split_once('\n').unwrap_or(("/a/b", text));
    let Ok(pointer) = pointer.parse::<Pointer>() else {
        return;
    };
    assert_eq!(pointer.to_string().parse::<Pointer>().unwrap(), pointer);
    let _ = black_box(json::find(document, &pointer));
    if let Ok(edited) = json::put(document, &pointer, "[7]") {
        assert_eq!(json::find(&edited, &pointer), Some("[7]"));
        let removed = json::remove(&edited, &pointer);
        assert!(pointer.is_root() || removed.is_ok());
    }
    if let Ok(edits) = serde_json::from_str::<Edits>(document) {
        let _ = black_box(edits.apply(Bytes::from_static(b"{\"a\":{\"b\":1}}")));
    }
}

/// What is decoded strictly is canonical, and what is strict is lenient, too.
pub fn base64_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for flavour in [Flavour::Standard, Flavour::Url] {
        if let Ok(bytes) = decode(flavour, text) {
            assert_eq!(encode(flavour, &bytes), text);
            assert_eq!(decode_lenient(flavour, text), Ok((bytes, vec![])));
        } else if let Ok((_, forgiven)) = decode_lenient(flavour, text) {
            assert!(!forgiven.is_empty(), "{text:?}");
        }
    }
}

/// A service URL that is read reads as itself.
pub fn service_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(url) = ServiceUrl::parse("url", text) {
        assert!(url.is_https() && !url.host().is_empty() && url.port() != 0);
        assert_eq!(ServiceUrl::parse("url", url.as_str()).unwrap(), url);
    }
}

/// A value fills exactly one segment.
pub fn path_template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (template, value) = text.split_once('\n').unwrap_or((text, "v"));
    if let Ok(path) = template.parse::<PathTemplate>() {
        assert_eq!(path.to_string().parse::<PathTemplate>().unwrap(), path);
        if let Ok(expanded) = path.expand(&[("user", value)]) {
            assert_eq!(expanded.split('/').count(), template.split('/').count());
        }
    }
}
