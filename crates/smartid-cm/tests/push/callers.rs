//! Who may push, and who may not.

use std::sync::Arc;

use http::{HeaderName, StatusCode};
use smartid_cm::push::{MemoryPushSink, PushReceiverBuilder, Sender};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{ClientCertificate, Head, Timestamp};
use smartid_trust::DistinguishedName;
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};

use super::support::*;

fn with(build: impl FnOnce(PushReceiverBuilder) -> PushReceiverBuilder, head: &Head) -> Result<Sender, u16> {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = build(builder(&sink)).build().unwrap();
    let reply = deliver(&receiver, head, &base64("device-rsa"));
    if reply.status == StatusCode::OK {
        return Ok(sink.take().remove(0).sender);
    }
    assert!(sink.take().is_empty());
    assert_eq!(receiver.counters().unauthenticated, 1);
    Err(reply.status.as_u16())
}

fn shows(name: &str) -> Head {
    post(&[TYPE]).with_client_certificate(ClientCertificate::new(pki(&format!("{name}.der"))))
}

fn in_header(value: &str) -> Head {
    post(&[TYPE, ("client-cert", value)])
}

const HEADER: HeaderName = HeaderName::from_static("client-cert");

fn officer() -> Sender {
    Sender::Certificate(certificate("officer-p256").fingerprint())
}

#[test]
fn either_way_is_enough_and_the_sender_is_told() {
    let both = |builder: PushReceiverBuilder| {
        builder
            .basic_auth("cmpush", password())
            .client_certificate(certificate("officer-p256"))
    };
    assert_eq!(
        with(both, &post(&[BASIC, TYPE])),
        Ok(Sender::User("cmpush".to_owned()))
    );
    assert_eq!(with(both, &shows("officer-p256")), Ok(officer()));
    assert_eq!(with(both, &shows("unrelated")), Err(401));
    assert_eq!(with(both, &post(&[TYPE])), Err(401));
    // 401 must say how to log in, and there is no user here.
    let certificates = |builder: PushReceiverBuilder| builder.client_certificate(certificate("officer-p256"));
    assert_eq!(with(certificates, &post(&[BASIC, TYPE])), Err(403));
    assert_eq!(with(certificates, &shows("unrelated")), Err(403));
    let anybody = |builder: PushReceiverBuilder| builder.danger_without_auth();
    assert_eq!(with(anybody, &post(&[TYPE])), Ok(Sender::Anybody));
}

#[test]
fn a_header_is_no_certificate_unless_it_was_named() {
    let value = encode(Flavour::Standard, &pki("officer-p256.der"));
    let certificates = |builder: PushReceiverBuilder| builder.client_certificate(certificate("officer-p256"));
    assert_eq!(with(certificates, &in_header(&value)), Err(403));
    let named = |builder: PushReceiverBuilder| certificates(builder).danger_certificate_header(HEADER);
    assert_eq!(with(named, &in_header(&value)), Ok(officer()));
    // Then the connection is the proxy's, whatever certificate that has.
    assert_eq!(with(named, &shows("officer-p256")), Err(403));
    let twice = post(&[TYPE, ("client-cert", &value), ("client-cert", &value)]);
    assert_eq!(with(named, &twice), Err(403));
}

#[test]
fn proxies_write_certificates_in_several_forms() {
    let named = |builder: PushReceiverBuilder| {
        builder
            .client_certificate(certificate("officer-p256"))
            .danger_certificate_header(HEADER)
    };
    let base64 = encode(Flavour::Standard, &pki("officer-p256.der"));
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let pem = |end: &str| {
        let body = lines.join(end);
        format!("-----BEGIN CERTIFICATE-----{end}{body}{end}-----END CERTIFICATE-----{end}")
    };
    let encoded = pem("\n")
        .replace('\n', "%0A")
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace(' ', "%20");
    for good in [base64.clone(), format!(":{base64}:"), pem(" "), encoded] {
        assert_eq!(with(named, &in_header(&good)), Ok(officer()), "{good}");
    }
    let other = encode(Flavour::Standard, &pki("unrelated.der"));
    for bad in [
        "",
        ":",
        "%",
        "%FF",
        "-----BEGIN CERTIFICATE-----",
        &other,
        lines[0],
        &format!("{base64},{base64}"),
        &format!("{base64}{base64}"),
        &base64.replace('M', "-"),
    ] {
        assert_eq!(with(named, &in_header(bad)), Err(403), "{bad}");
    }
}

#[test]
fn a_named_certificate_counts_while_it_is_valid() {
    let known = certificate("officer-p256");
    for (at, known_then) in [
        (known.not_before().as_millis() - 1, false),
        (known.not_before().as_millis(), true),
        (known.not_after().as_millis(), true),
        (known.not_after().as_millis() + 1, false),
    ] {
        let receiver = builder(&Arc::new(MemoryPushSink::new()))
            .client_certificate(known.clone())
            .build()
            .unwrap();
        let admitted = receiver
            .reader()
            .admit(&shows("officer-p256"), Timestamp::from_millis(at));
        assert_eq!(admitted.is_ok(), known_then, "{at}");
    }
}

fn chain(purpose: Purpose) -> Arc<ChainPolicy> {
    let verifier = WebpkiVerifier::builder()
        .root(certificate("root"))
        .build()
        .unwrap();
    Arc::new(ChainPolicy::new(Arc::new(verifier), purpose))
}

#[test]
fn an_issued_certificate_needs_a_chain_a_purpose_and_a_subject() {
    let officer_subject = certificate("officer-p256").subject();
    let named = |builder: PushReceiverBuilder| {
        // The same name, as a person writes it.
        let subject: DistinguishedName = officer_subject.to_string().parse().unwrap();
        builder.client_chain(chain(Purpose::authentication()), [subject])
    };
    let issuer = if certificate("officer-p256").issuer() == certificate("issuing-p256").subject() {
        "issuing-p256"
    } else {
        "issuing-rsa"
    };
    let shows = |chain: &[&str]| {
        let chain = chain.iter().map(|name| pki(&format!("{name}.der")));
        post(&[TYPE]).with_client_certificate(ClientCertificate::from_chain(chain).unwrap())
    };
    assert_eq!(with(named, &shows(&["officer-p256", issuer])), Ok(officer()));
    assert_eq!(with(named, &shows(&["officer-p256"])), Err(403), "no issuer");
    assert_eq!(with(named, &shows(&["unrelated", issuer])), Err(403));
    let other = |builder: PushReceiverBuilder| {
        builder.client_chain(chain(Purpose::authentication()), [certificate("root").subject()])
    };
    assert_eq!(
        with(other, &shows(&["officer-p256", issuer])),
        Err(403),
        "another subject"
    );
    let any = |builder: PushReceiverBuilder| {
        builder.danger_client_chain_of_any_subject(chain(Purpose::authentication()))
    };
    assert_eq!(with(any, &shows(&["officer-p256", issuer])), Ok(officer()));
    // Certificates that can be read and cannot be used must not break anything.
    let many: Vec<&str> = std::iter::once("officer-p256").chain([issuer; 40]).collect();
    assert_eq!(with(any, &shows(&many)), Ok(officer()));
    let garbage =
        ClientCertificate::from_chain([pki("officer-p256.der"), vec![0x30], pki(&format!("{issuer}.der"))]);
    assert_eq!(
        with(any, &post(&[TYPE]).with_client_certificate(garbage.unwrap())),
        Ok(officer())
    );
    let garbage = ClientCertificate::new(&b"\x30\x80\xff"[..]);
    assert_eq!(
        with(any, &post(&[TYPE]).with_client_certificate(garbage)),
        Err(403)
    );
}

#[test]
fn who_is_not_known_learns_nothing() {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = builder(&sink)
        .basic_auth("cmpush", password())
        .templates(["ServerCert"])
        .build()
        .unwrap();
    for path in [
        PATH,
        "/",
        "/ws/certificate/register/Other",
        "/ws/certificate/register/%00",
    ] {
        for method in [http::Method::POST, http::Method::GET, http::Method::OPTIONS] {
            let head = Head::new(method, path, headers(&[("content-length", "99999999")]));
            let reply = deliver(&receiver, &head, b"");
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(reply.body.is_empty());
        }
    }
    assert_eq!(receiver.counters().unauthenticated, 12);
    assert_eq!(receiver.counters().received, 12);
}
