//! What comes from Certificate Manager and from those who push certificates: answers to every operation, certificates in every form,
//! requests that callers bring, dates.

use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use smartid_cm::ast::AstRequest;
use smartid_cm::dialect::CmDialect;
use smartid_cm::eui::{EuiCertificate, EuiSoftToken};
use smartid_cm::operations::experimental::{
    HashAlgorithm, Import, ImportCertificates, IssueAttributeCertificate, Issuers, RemoveCertificates,
    RequestSoftToken, SignHash,
};
use smartid_cm::operations::{
    Details, Download, IssueCertificate, MediaType, Procedures, Register, RegistrationKind, Registrations,
    Reinstate, RevocationReason, Revoke, Search,
};
use smartid_cm::push::{MemoryPushSink, PushReceiver};
use smartid_cm::soft_token::IssuedSoftToken;
use smartid_cm::{
    AccountId, Call, CertId, CertificateRecord, Certificates, CmRefusal, Csr, ProcedureName,
    RequestSignature, SignedCall, Step, Write,
};
use smartid_core::{
    Endpoint as _, Head, Incoming, ManualRuntime, ResponseError, ServiceError as _, Timestamp,
};
use smartid_trust::Certificate;

use crate::{answer, choice};

fn dialect() -> &'static CmDialect {
    static DIALECT: OnceLock<CmDialect> = OnceLock::new();
    DIALECT.get_or_init(CmDialect::default)
}

fn csr() -> Csr {
    static CSR: &[u8] = include_bytes!("../../crates/smartid-cm/tests/golden/pki/device-p256.csr.der");
    Csr::from_der(CSR).unwrap()
}

/// An answer out of any bytes. A golden message, which is text of HTTP, counts with its body.
fn incoming(data: &[u8]) -> Incoming {
    match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) if data.starts_with(b"HTTP/") => answer(&[&[0], &data[at + 2..]].concat()),
        _ => answer(data),
    }
}

fn certid(text: &str) -> CertId {
    CertId::new(text).unwrap()
}

/// Any answer to a read is read or refused; a record is written and read again as the same.
pub fn cm_read(data: &[u8]) {
    let (which, rest) = choice(data);
    let dialect = dialect();
    let message = if data.starts_with(b"HTTP/") { data } else { rest };
    let account = || AccountId::new("a").unwrap();
    let incoming = incoming(message);
    match which % 6 {
        0 | 2 => {
            let Ok(page) = Search::new().response(dialect, incoming) else {
                return;
            };
            for record in &page.certificates {
                let text = serde_json::to_string(record).unwrap();
                let again: CertificateRecord = serde_json::from_str(&text).unwrap();
                assert_eq!(serde_json::to_string(&again).unwrap(), text);
            }
        }
        1 => drop(black_box(Details::new(certid("1")).response(dialect, incoming))),
        3 => drop(black_box(
            Procedures::of(MediaType::Pkcs10).response(dialect, incoming),
        )),
        4 => drop(black_box(
            Registrations::new(account(), RegistrationKind::Est).response(dialect, incoming),
        )),
        _ => drop(black_box(Issuers::new().response(dialect, incoming))),
    }
}

/// One write: whatever comes, the second step never asks for a signature again, and a refusal shows nothing that it should not.
fn steps<W: Write>(write: &W, incoming: Incoming, check: impl Fn(&W::Output)) {
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    match Call::new(write).response(dialect(), incoming.clone()) {
        Ok(Step::Done(output)) => check(&output),
        Ok(Step::Sign(data)) => {
            assert!(!data.as_bytes().is_empty());
            let second = SignedCall::new(write, &signature).response(dialect(), incoming);
            assert!(
                second.is_err(),
                "the same demand again is no answer to a signature"
            );
            return;
        }
        Err(smartid_core::ResponseError::Refused(refusal)) => {
            let _ = black_box((refusal.to_string(), refusal.advice(), refusal.retry()));
        }
        Err(_) => {}
    }
    if let Ok(output) = SignedCall::new(write, &signature).response(dialect(), incoming) {
        check(&output);
    }
}

/// Any answer to a write is read or refused; each certificate that was named has its result.
pub fn cm_write(data: &[u8]) {
    let (which, rest) = choice(data);
    let message = if data.starts_with(b"HTTP/") { data } else { rest };
    let incoming = incoming(message);
    let procedure = || ProcedureName::new("p").unwrap();
    match which % 8 {
        0 | 2 => {
            let revoke = Revoke::new(certid("1"), RevocationReason::Superseded).and(certid("2"));
            steps(&revoke, incoming, |results| assert_eq!(results.items.len(), 2));
        }
        1 => steps(&Reinstate::new(certid("1")), incoming, |results| {
            assert!(results.all_done() || results.others.len() + results.failed().count() > 0);
        }),
        3 => {
            let certificate = Certificate::from_der(
                &include_bytes!("../../crates/smartid-cm/tests/golden/pki/device-p256.der")[..],
            );
            let import = ImportCertificates::new(procedure(), Import::new(certificate.unwrap()));
            steps(&import, incoming, |_| {});
        }
        4 => steps(&RemoveCertificates::new(certid("1")), incoming, |_| {}),
        5 => steps(&IssueAttributeCertificate::new(csr()), incoming, |_| {}),
        6 => steps(
            &SignHash::new(HashAlgorithm::Sha256, vec![0; 32]),
            incoming,
            |_| {},
        ),
        _ => {
            let account = AccountId::new("a").unwrap();
            steps(&Register::new(account, RegistrationKind::Est), incoming, |_| {});
        }
    }
}

/// A certificate that is accepted for a request is for its key, and its chain is ordered.
pub fn cm_certificates(data: &[u8]) {
    let issue = IssueCertificate::new(csr());
    let key = csr().public_key().clone();
    steps(&issue, incoming(data), |issued| {
        assert_eq!(issued.certificate.public_key().unwrap(), key);
    });
    let _ = black_box(Download::new(certid("1")).response(dialect(), incoming(data)));
    if let Ok(read) = Certificates::parse(data.to_vec()) {
        if let Ok(chain) = read.chain() {
            for pair in chain.windows(2) {
                assert_eq!(pair[0].issuer().der(), pair[1].subject().der());
            }
        }
        let _ = black_box(read.chain_for(&key));
    }
}

/// An answer with the headers of a golden message too, or with the first line as the name of a file.
fn with_headers(data: &[u8]) -> Incoming {
    let body = incoming(data);
    let mut headers = HeaderMap::new();
    let head = data
        .split(|octet| *octet == b'\n')
        .take_while(|line| !line.is_empty());
    for line in head.take(64) {
        let colon = line.iter().position(|octet| *octet == b':');
        let (name, value) = match colon {
            Some(colon) if data.starts_with(b"HTTP/") => (&line[..colon], line[colon + 1..].trim_ascii()),
            _ => (&b"content-disposition"[..], line),
        };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    Incoming::new(body.status(), headers, body.body().clone())
}

/// Any answer to a request for a soft token is a container, told by its octets, or an error that does not repeat the password; a file name
/// is one component of a path. A certificate out of a page is for the key of the request.
pub fn cm_soft_token(data: &[u8]) {
    const PASSWORD: &str = "a password of five words";
    let (which, rest) = choice(data);
    let message = if data.starts_with(b"HTTP/") { data } else { rest };
    let incoming = with_headers(message);
    let check = |issued: &IssuedSoftToken| {
        assert_eq!(issued.token.expose_octets()[0], 0x30);
        if let Some(name) = &issued.file_name {
            assert_eq!(std::path::Path::new(name.as_str()).components().count(), 1);
            assert!(
                !name.as_str().contains(['/', '\\', ':']) && !name.as_str().chars().any(char::is_control)
            );
        }
    };
    let refused = |error: ResponseError<CmRefusal>| {
        let shown = match error {
            ResponseError::Refused(refusal) => format!("{refusal} {refusal:?} {}", refusal.advice()),
            ResponseError::Unreadable(unreadable) => format!("{unreadable} {unreadable:?}"),
        };
        assert!(!shown.contains(PASSWORD));
    };
    match which % 4 {
        0 | 1 => match EuiCertificate::new(csr()).response(dialect(), incoming.clone()) {
            Ok(issued) => assert_eq!(issued.certificate.public_key().unwrap(), *csr().public_key()),
            Err(error) => refused(error),
        },
        2 => steps(&RequestSoftToken::new(PASSWORD), incoming.clone(), check),
        _ => match AstRequest::new(PASSWORD).response(dialect(), incoming.clone()) {
            Ok(issued) => check(&issued),
            Err(error) => refused(error),
        },
    }
    match EuiSoftToken::new(PASSWORD).response(dialect(), incoming) {
        Ok(issued) => check(&issued),
        Err(error) => refused(error),
    }
}

/// A request that is read is the same request when it is read again.
pub fn cm_csr(data: &[u8]) {
    if let Ok(csr) = Csr::parse(data) {
        let again = Csr::from_der(csr.der().clone()).expect("what was read is DER");
        assert_eq!(again.der(), csr.der());
    }
}

/// A pushed certificate has the fingerprint of its bytes.
pub fn cm_push(data: &[u8]) {
    static RECEIVER: OnceLock<PushReceiver> = OnceLock::new();
    let now = Timestamp::from_millis(1_767_225_600_000);
    let receiver = RECEIVER.get_or_init(|| {
        let runtime = Arc::new(ManualRuntime::new(now));
        PushReceiver::builder(Arc::new(MemoryPushSink::new()), runtime)
            .danger_without_auth()
            .build()
            .unwrap()
    });
    let (line, body) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (&b"ws/certificate/register/T?tenantId=t"[..], data),
    };
    let Ok(target) = std::str::from_utf8(line) else {
        return;
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/pkix-cert"));
    let head = Head::new(Method::POST, format!("/{path}"), headers).with_query(query);
    if let Ok(pushed) = receiver.reader().read(&head, body, now) {
        let certificate = pushed.certificate.danger_unverified();
        assert_eq!(certificate.fingerprint(), pushed.fingerprint);
    }
}

/// What is read as a date is written and read again as the same second.
pub fn iso_date(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(time) = Timestamp::from_iso8601(text) {
        let again = Timestamp::from_iso8601(&time.to_iso8601()).expect("what was written is read");
        assert_eq!(again.as_millis(), time.as_millis() - time.as_millis() % 1000);
    }
}
