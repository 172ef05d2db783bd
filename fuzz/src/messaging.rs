//! What comes from messaging, from devices and from operators: typed outcomes, links, configuration, content requests, push messages.

use std::hint::black_box;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Endpoint as _, Head, ManualRuntime, SecretString, Timestamp, json};
use smartid_hermod::answers::{
    AttestationKeys, ProvisionAnswer, ProvisionExpectation, ProvisionPolicy, SignatureExpectation,
    SignaturePolicy, Signers, TransportedKey,
};
use smartid_hermod::clients::{ApiClient, ClientList, Nesting, Spelling, UserPassword, YamlOptions};
use smartid_hermod::commands::Sign;
use smartid_hermod::commands::provision::SignatureKey;
use smartid_hermod::content::{ContentReceiver, MemoryContent};
use smartid_hermod::dialect::TransportedKeyForm;
use smartid_hermod::filter::CertificateFilter;
use smartid_hermod::link::{MAX_LINK, MobileLinkKind};
use smartid_hermod::push::{DeviceRegistration, PushNotification};
use smartid_hermod::{
    CommandHeader, CommandReport, Entry, HermodDialect, MobileLink, MobileLinkOptions, OctetCoding, Outcome,
    SignatureMechanism, State,
};
use smartid_trust::jws::JwkSet;

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn dialect() -> &'static HermodDialect {
    static DIALECT: OnceLock<HermodDialect> = OnceLock::new();
    DIALECT.get_or_init(HermodDialect::default)
}

fn report(data: &[u8]) -> Option<CommandReport> {
    CommandReport::read(Bytes::copy_from_slice(data), dialect()).ok()
}

/// Every outcome of a report says the same about its state, and a success of no other state is one.
pub fn command_report(data: &[u8]) {
    let Some(report) = report(data) else { return };
    let asked = SignatureExpectation::default();
    let names = [
        report.provision(dialect()).name(),
        report.certificate(dialect()).name(),
        report.sign(dialect(), &asked).name(),
        report.authenticate(dialect(), &asked).name(),
        report.ping(dialect()).name(),
        report.start_pin_reset(dialect()).name(),
        report.start_pin_reset_signed(dialect()).name(),
        report.end_pin_reset(dialect()).name(),
        report.delete_profile(dialect()).name(),
    ];
    for name in names {
        match report.state {
            State::Success => assert!(name == "succeeded" || name == "unreadable"),
            State::Failed => assert_eq!(name, "failed"),
            State::TimedOut => assert_eq!(name, "timed-out"),
            State::Rejected => assert_eq!(name, "declined"),
            State::Cancelled => assert_eq!(name, "cancelled"),
            _ => assert_eq!(name, "pending"),
        }
        assert_eq!(report.is_final(), name != "pending");
    }
    black_box((report.fido(dialect()), format!("{report:?}"), report.is_bare()));
}

/// A provisioning answer, as a report and as the payload of one: its claims are read or refused, and without keys nothing is verified.
pub fn provision_answer(data: &[u8]) {
    if let Some(report) = report(data) {
        if let Some(answer) = report.provision(dialect()).succeeded() {
            let kept = ProvisionAnswer::from_jws(answer.compact_jws(), dialect());
            claims(&kept.expect("what was found is read again"));
            claims(&answer);
        }
        black_box(report.certificate(dialect()));
    }
    let header = encode(Flavour::Url, br#"{"alg":"RS256"}"#);
    let compact = format!("{header}.{}.AAAA", encode(Flavour::Url, data));
    if let Ok(answer) = ProvisionAnswer::from_jws(compact, dialect()) {
        claims(&answer);
    }
}

fn claims(answer: &ProvisionAnswer) {
    static POLICIES: OnceLock<[ProvisionPolicy; 2]> = OnceLock::new();
    let policies = POLICIES.get_or_init(|| {
        [
            AttestationKeys::default(),
            AttestationKeys::new(JwkSet::default()),
        ]
        .map(|keys| {
            let asked =
                ProvisionExpectation::new(None, "user-1@example.com".into(), None, SignatureKey::Attestation);
            ProvisionPolicy::new(asked, &keys)
        })
    });
    for policy in policies {
        assert!(answer.verify(policy, AT).is_err(), "nobody's key verified it");
    }
    if let Ok(claims) = answer.danger_claims() {
        black_box(format!("{claims:?} {answer:?}"));
    }
}

/// A signature, in each form that may have been asked for: read or refused, and without signers nothing is verified.
pub fn signature_answer(data: &[u8]) {
    static ASKED: OnceLock<Vec<SignatureExpectation>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let text = || SignatureExpectation::of([Entry::text("tbs", "first line\r\nsecond line\r\n")]);
        let with = |format: &str| {
            let mut asked = text();
            asked.format = Some(format.into());
            asked.mechanism = Some(SignatureMechanism::Sha256RsaPkcs);
            asked
        };
        let formats = ["pkcs7", "jws", "raw", "xmldsig"];
        let mut all = vec![SignatureExpectation::default(), text()];
        all.extend(formats.map(with));
        all
    });
    let Some(report) = report(data) else { return };
    let nobody = Signers::keys(JwkSet::default());
    for asked in asked {
        let Outcome::Succeeded(answer) = report.sign(dialect(), asked) else {
            continue;
        };
        assert!(!answer.signatures().is_empty());
        let policy = SignaturePolicy::new(asked.clone(), &nobody)
            .accepting_any_format()
            .accepting_any_mechanism();
        assert!(answer.verify(&policy, AT).is_err(), "nobody signed it");
        black_box((answer.can_be_verified(), format!("{answer:?}")));
    }
}

/// A challenge, in each form that a transport key and a nonce can have. A key that cannot be used never lets an admin key out.
pub fn pin_reset_answer(data: &[u8]) {
    static DIALECTS: OnceLock<Vec<HermodDialect>> = OnceLock::new();
    let dialects = DIALECTS.get_or_init(|| {
        use TransportedKeyForm as Form;
        let forms = [
            Form::Spki,
            Form::SpkiHex,
            Form::Pem,
            Form::Jwk,
            Form::ModulusHex,
            Form::ModulusBase64,
        ];
        let codings = [OctetCoding::Hex, OctetCoding::Base64];
        let both = forms
            .into_iter()
            .flat_map(|form| codings.map(|coding| (form, coding)));
        both.map(|(form, coding)| {
            let mut dialect = HermodDialect::default();
            dialect.answers.pin_reset.transported_key_form = form;
            dialect.answers.pin_reset.nonce_coding = coding;
            dialect
        })
        .collect()
    });
    let Some(report) = report(data) else { return };
    for dialect in dialects {
        if let Outcome::Succeeded(challenge) = report.start_pin_reset(dialect) {
            let nonce = challenge.nonce.expose();
            assert!(!nonce.is_empty() && nonce.len() % 8 == 0 && nonce.len() <= 256);
            if let Some(TransportedKey::Usable(key)) = &challenge.transported_key {
                black_box(key.spki_der());
            }
            black_box(format!("{challenge:?}"));
        }
        black_box(report.start_pin_reset_signed(dialect).name());
    }
    black_box((report.end_pin_reset(dialect()), report.delete_profile(dialect())));
}

/// A link that is read is kept as it came, and built again as the same link.
pub fn mobile_link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(link) = MobileLink::parse(text) else { return };
    assert_eq!(link.expose(), text.trim_ascii());
    let mut options = MobileLinkOptions::new().scheme(link.scheme());
    if let Some(title) = link.title() {
        options = options.title(title);
    }
    if let Some(redirect) = link.redirect() {
        options = options.redirect(redirect.expose());
    }
    let built = match (link.kind(), link.location()) {
        (MobileLinkKind::Start, None) => MobileLink::start(&options),
        (MobileLinkKind::Provision, Some(location)) => MobileLink::provision(location.expose(), &options),
        (kind, location) => panic!("{kind:?} and {location:?}"),
    };
    match built {
        Ok(built) => {
            assert!(built.constant_time_eq(&link));
            assert!(MobileLink::parse(built.expose()).unwrap().constant_time_eq(&link));
        }
        // Our spelling has more escapes.
        Err(error) => assert!(text.len() > MAX_LINK / 3, "{error}"),
    }
    assert_eq!(format!("{link:?}"), "MobileLink(..)");
    let _ = black_box(link.qr());
}

/// Entries that are read are the same when they are written in either spelling, and read again.
pub fn client_yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(list) = ClientList::read(text) else { return };
    for spelling in [Spelling::Kebab, Spelling::Camel] {
        for nesting in [Nesting::List, Nesting::AllowedClients, Nesting::Application] {
            let options = YamlOptions::new().spelling(spelling).nesting(nesting);
            for options in [options, options.comments(false)] {
                let written = list.expose_yaml(&options);
                let again = ClientList::read(written.expose()).expect("what is written can be read");
                assert_eq!(again.clients.len(), list.clients.len());
                for (one, other) in again.clients.iter().zip(&list.clients) {
                    assert_eq!(fields(one), fields(other));
                }
                let told = again.lints.iter().find(|lint| !lint.what.contains("placeholder"));
                assert!(told.is_none() || !list.lints.is_empty(), "{told:?}");
            }
        }
    }
    black_box(format!("{list:?}"));
}

fn fields(client: &ApiClient) -> [Option<String>; 6] {
    let pair = |pair: &Option<UserPassword>| {
        let pair = pair.as_ref()?;
        Some(format!("{}:{}", pair.user(), pair.password().expose()))
    };
    [
        Some(client.api_key.header_value().expose().to_owned()),
        client.group.clone(),
        client.callback_url.clone(),
        pair(&client.callback_basic_auth),
        client.content_provider_url.clone(),
        pair(&client.content_provider_basic_auth),
    ]
}

/// A content request names one content or is refused; without the password it is always refused.
pub fn content_request(data: &[u8]) {
    static RECEIVER: OnceLock<ContentReceiver> = OnceLock::new();
    let receiver = RECEIVER.get_or_init(|| {
        let source = MemoryContent::new(Arc::new(ManualRuntime::new(AT)));
        let builder = ContentReceiver::builder(Arc::new(source));
        builder
            .basic_auth("hermod", SecretString::new("p"))
            .build()
            .unwrap()
    });
    let mut headers = HeaderMap::new();
    let head = Head::new(Method::POST, "/images/getcontent", headers.clone());
    assert!(receiver.read(&head, data).is_err(), "there is no password");
    headers.insert(
        http::header::AUTHORIZATION,
        HeaderValue::from_static("Basic aGVybW9kOnA="),
    );
    let head = Head::new(Method::POST, "/images/getcontent", headers);
    if let Ok(id) = receiver.read(&head, data) {
        assert!(!id.as_str().is_empty() && !id.as_str().contains(char::is_control));
        black_box(id.kind());
    }
}

/// A push message and a device registration are the same when they are written and read again.
pub fn push(data: &[u8]) {
    if let Ok(message) = PushNotification::read(data) {
        let again =
            PushNotification::read(message.to_json().as_bytes()).expect("what is written can be read");
        assert_eq!(again, message);
    }
    if let Ok(device) = DeviceRegistration::read(data) {
        let written = device.expose_json();
        let again =
            DeviceRegistration::read(written.expose().as_bytes()).expect("what is written can be read");
        assert_eq!(again.profile_ids, device.profile_ids);
        assert_eq!(again.os, device.os);
        assert_eq!(again.device_id.expose(), device.device_id.expose());
        assert_eq!(again.expose_json().expose(), written.expose());
        black_box(format!("{device:?}"));
    }
}

/// The entries and the filter of a sign or an authenticate command are the same when they are written and read again, and a command
/// that is made of them is JSON.
pub fn sign_command(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let at = |wrapper: &str, name: &str| {
        json::find(text, &format!("/{wrapper}/params/{name}").parse().unwrap()).map(str::to_owned)
    };
    let part = |name: &str| at("signCommand", name).or_else(|| at("authCommand", name));
    let filter = part("filter").unwrap_or_else(|| text.to_owned());
    let filter = CertificateFilter::from_json(&filter).ok();
    let mut entries = Vec::new();
    for name in ["tbs", "description"] {
        let raw = part(name).unwrap_or_else(|| text.to_owned());
        let read: Vec<Entry> = serde_json::from_str(&raw).unwrap_or_default();
        entries.extend(read);
    }
    entries.extend(serde_json::from_str::<Entry>(text));
    for entry in &entries {
        let written = serde_json::to_string(entry).unwrap();
        let again: Entry = serde_json::from_str(&written).expect("what is written can be read");
        assert_eq!(&again, entry);
        assert_eq!(again.signed_bytes(), entry.signed_bytes());
        black_box(format!("{entry:?}"));
    }
    let mut asked = SignatureExpectation::of(entries.iter().cloned());
    asked.filter = filter.clone();
    let kept = serde_json::to_string(&asked).unwrap();
    assert_eq!(
        serde_json::from_str::<SignatureExpectation>(&kept).unwrap(),
        asked
    );
    let Some((first, rest)) = entries.split_first() else {
        return;
    };
    let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap();
    let mut command = Sign::new(header, first.clone());
    for entry in rest {
        command = command.and(entry.clone());
    }
    if let Some(filter) = filter {
        command = command.filter(filter);
    }
    if let Ok(request) = command.request(dialect()) {
        assert!(serde_json::from_slice::<serde_json::Value>(request.body_bytes()).is_ok());
    }
}
