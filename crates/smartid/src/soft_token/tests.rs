//! The bytes that each way sends, and what none of them sends.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use smartid_cm::ast::PasswordProblem;
use smartid_cm::{CertificateManager, CmDialect};
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, Runtime, ServiceUrl, Transport, TransportError,
    TransportProblem,
};

use super::*;
use crate::SmartId;

/// Its password is `test-Passw0rd`.
const TOKEN: &[u8] = include_bytes!("../../../smartid-cm/tests/golden/pki/token.p12");
const PASSWORD: &str = "test-Passw0rd";

/// Answers everything with one answer, and keeps what it was sent.
#[derive(Debug)]
struct Line {
    answer: Result<Incoming, TransportError>,
    sent: Mutex<Vec<(String, HeaderMap, Bytes)>>,
}

impl Transport for Line {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let sent = (
            request.absolute(base),
            request.headers().clone(),
            request.body_bytes().clone(),
        );
        self.sent.lock().unwrap().push(sent);
        let answer = self.answer.clone();
        Box::pin(async move { answer })
    }
}

struct Bench {
    line: Arc<Line>,
    runtime: ManualRuntime,
    smartid: SmartId,
}

impl Bench {
    fn new(body: &'static [u8], dialect: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("certId", HeaderValue::from_static("4711"));
        headers.insert("set-cookie", HeaderValue::from_static("downloaded=true; Path=/"));
        headers.insert(
            "content-disposition",
            HeaderValue::from_static("attachment; filename=alice.p12"),
        );
        let answer = Incoming::new(StatusCode::OK, headers, Bytes::from_static(body));
        Self::answering(Ok(answer), dialect)
    }

    fn answering(answer: Result<Incoming, TransportError>, dialect: &str) -> Self {
        let sent = Mutex::default();
        let line = Arc::new(Line { answer, sent });
        let runtime = ManualRuntime::new(Timestamp::from_millis(1_790_000_000_000));
        let shared: Arc<dyn Runtime> = Arc::new(runtime.clone());
        let transport: Arc<dyn Transport> = Arc::<Line>::clone(&line);
        let cm = CertificateManager::builder("https://pgwy.example.test:8444/pgwy/api")
            .dialect(CmDialect::from_toml(dialect).unwrap())
            .build(transport, Arc::clone(&shared))
            .unwrap();
        let smartid = SmartId::builder(shared).certificate_manager(cm).build();
        Self {
            line,
            runtime,
            smartid,
        }
    }

    fn request(&self, way: Way, request: &SoftTokenRequest) -> Result<IssuedSoftToken, SoftTokenError> {
        let tokens = self.smartid.soft_tokens(way).unwrap();
        self.runtime.block_on(tokens.request(request)).unwrap()
    }

    /// The one request that went out.
    fn sent(&self) -> (String, HeaderMap, String) {
        let sent = self.line.sent.lock().unwrap();
        let [(url, headers, body)] = sent.as_slice() else {
            panic!("{} requests were sent", sent.len());
        };
        (
            url.clone(),
            headers.clone(),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    fn unfit(&self, way: Way, request: &SoftTokenRequest) -> Unfit {
        let error = self.request(way, request).unwrap_err();
        assert!(self.line.sent.lock().unwrap().is_empty(), "nothing may be sent");
        assert_eq!(
            (error.phase(), error.advice().turn),
            (Phase::NotSent, Turn::Caller)
        );
        let text = format!("{error} {error:?} {}", error.advice());
        assert!(!text.contains(PASSWORD) && !text.contains("canary"), "{text}");
        match error {
            SoftTokenError::Unfit(unfit) => unfit,
            SoftTokenError::Call(error) => panic!("{error}"),
        }
    }
}

fn rest() -> Way {
    Way::Rest {
        procedure: Some(ProcedureName::new("Soft token").unwrap()),
    }
}

fn ast() -> Way {
    Way::Ast {
        handler: Some(HandlerName::new("staff").unwrap()),
        headers: AttributeHeaders::new()
            .with(Attribute::COMMON_NAME, "x-name")
            .unwrap(),
    }
}

fn alice() -> SoftTokenRequest {
    SoftTokenRequest::new(PASSWORD)
        .attribute(Attribute::COUNTRY_NAME, "SE")
        .attribute(Attribute::COMMON_NAME, "Alice Example")
}

#[test]
fn the_same_request_goes_out_over_rest() {
    let bench = Bench::new(TOKEN, "[soft_token]\nencoding = 'form'");
    let request = alice()
        .valid_from(Timestamp::from_millis(1_790_000_000_000))
        .valid_to(Timestamp::from_millis(1_800_000_000_000));
    let issued = bench.request(rest(), &request).unwrap();
    let (url, headers, body) = bench.sent();
    assert_eq!(url, "https://pgwy.example.test:8444/pgwy/api/certificates/pkcs12");
    assert!(!headers.contains_key("country") && !headers.contains_key("x-name"));
    for field in [
        "procname=Soft+token",
        "password=test-Passw0rd",
        "commonname=Alice+Example",
        "countryname=SE",
        "validfrom=",
        "validto=",
    ] {
        assert!(
            body.split('&').any(|sent| sent.starts_with(field)),
            "{field}: {body}"
        );
    }
    assert_eq!(issued.token.expose_octets(), TOKEN);
    assert_eq!(issued.certid.unwrap().as_str(), "4711");
}

#[test]
fn the_same_request_goes_out_over_ast() {
    let bench = Bench::new(TOKEN, "");
    let issued = bench.request(ast(), &alice()).unwrap();
    let (url, headers, body) = bench.sent();
    assert_eq!(url, "https://pgwy.example.test:8444/pgwy/ast/staff");
    assert_eq!(
        (&headers["country"], &headers["x-name"]),
        (
            &HeaderValue::from_static("SE"),
            &HeaderValue::from_static("Alice Example")
        )
    );
    assert_eq!(body, "password=test-Passw0rd");
    assert_eq!(issued.token.expose_octets(), TOKEN);
    assert_eq!(issued.downloaded.unwrap().set_cookie(), "downloaded=true; Path=/");
    assert_eq!(issued.file_name.unwrap().as_str(), "alice.p12");
}

#[test]
fn what_a_way_cannot_say_is_refused_before_anything_is_sent() {
    let bench = Bench::new(TOKEN, "");
    let at = Timestamp::from_millis(1_800_000_000_000);
    assert_eq!(bench.unfit(ast(), &alice().valid_to(at)), Unfit::Validity);
    assert_eq!(bench.unfit(ast(), &alice().valid_from(at)), Unfit::Validity);
    let title = alice().attribute(Attribute::TITLE, "canary");
    assert_eq!(
        bench.unfit(ast(), &title),
        Unfit::Ast(AstProblem::Unmapped(Attribute::TITLE))
    );
    let broken = alice().attribute(Attribute::COMMON_NAME, "canary\r\nx-admin: yes");
    assert!(matches!(
        bench.unfit(ast(), &broken),
        Unfit::Ast(AstProblem::Value { .. })
    ));
    let mut nothing = alice();
    nothing.password = SecretString::new("");
    assert_eq!(
        bench.unfit(ast(), &nothing),
        Unfit::Ast(AstProblem::Password(PasswordProblem::Empty))
    );

    let tokens = bench.smartid.soft_tokens(ast()).unwrap();
    assert_eq!(tokens.check(&alice().valid_to(at)), Err(Unfit::Validity));
    assert_eq!(tokens.check(&alice()), Ok(()));
    assert!(matches!(tokens.way(), Way::Ast { .. }));
    // Over REST each of them has its place; a line end has none there either.
    let tokens = bench.smartid.soft_tokens(Way::default()).unwrap();
    assert_eq!(tokens.check(&title.valid_to(at)), Ok(()));
    let error = bench.request(Way::default(), &broken).unwrap_err();
    assert_eq!(
        (error.phase(), error.advice().turn),
        (Phase::NotSent, Turn::Caller)
    );
    assert!(bench.line.sent.lock().unwrap().is_empty());
}

#[test]
fn every_unfit_request_has_advice_of_its_own() {
    let problems = [
        Unfit::Validity,
        Unfit::Ast(AstProblem::Unmapped(Attribute::TITLE)),
        Unfit::Ast(AstProblem::Password(PasswordProblem::NonAscii)),
        Unfit::Ast(AstProblem::HeadTooLong),
    ];
    let mut advice: Vec<String> = problems.iter().map(|unfit| unfit.advice().to_string()).collect();
    advice.dedup();
    assert_eq!(advice.len(), problems.len());
    let off = Unfit::Ast(AstProblem::SwitchedOff(Attribute::TITLE));
    assert_eq!(
        off.advice().check,
        Unfit::Ast(AstProblem::Unmapped(Attribute::TITLE)).advice().check
    );
}

#[test]
fn a_page_instead_of_a_token_is_an_error_either_way() {
    let page = b"<html><title>Log in</title></html>";
    for way in [rest(), ast()] {
        let bench = Bench::new(page, "");
        let error = bench.request(way, &alice()).unwrap_err();
        assert_eq!(error.phase(), Phase::Unreadable);
        assert_eq!(error.advice().turn, Turn::Administrator);
        let SoftTokenError::Call(error) = &error else {
            panic!("{error}")
        };
        let cause = error
            .unreadable_answer()
            .and_then(|answer| answer.cause::<UnusableSoftToken>());
        assert_eq!(cause.unwrap().problem(), SoftTokenProblem::WebPage);
    }
}

#[test]
fn a_lost_answer_is_an_officers_turn_and_nothing_is_sent_again() {
    for way in [rest(), ast()] {
        let broken = TransportError::new(TransportProblem::Broken, "reset");
        let bench = Bench::answering(Err(broken), "");
        let error = bench.request(way, &alice()).unwrap_err();
        assert_eq!(
            (error.phase(), error.advice().turn),
            (Phase::PerhapsDone, Turn::Administrator)
        );
        assert!(
            error.advice().check.contains("before another is asked for"),
            "{}",
            error.advice()
        );
        let _once = bench.sent();
    }
}

#[test]
fn a_refusal_that_leaves_it_open_gives_its_own_advice() {
    let bench = Bench::new(br#"{"error":-18,"msg":"CM not connected"}"#, "");
    let error = bench.request(rest(), &alice()).unwrap_err();
    assert_eq!(error.phase(), Phase::PerhapsDone);
    let SoftTokenError::Call(inner) = &error else {
        panic!("{error}")
    };
    assert_eq!(error.advice(), inner.advice());
    assert_eq!(inner.code(), Some("-18"));
}

#[test]
fn without_a_client_there_is_no_way() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let smartid = SmartId::builder(Arc::new(runtime)).build();
    let missing = smartid.soft_tokens(Way::default()).unwrap_err();
    assert!(missing.to_string().contains("Certificate Manager"), "{missing}");
}

#[cfg(feature = "pkcs12")]
#[test]
fn what_was_issued_opens_with_the_password_of_the_request_and_no_other() {
    use smartid_trust::Reason;

    let bench = Bench::new(TOKEN, "");
    let issued = bench.request(rest(), &alice()).unwrap();
    let tokens = bench.smartid.soft_tokens(rest()).unwrap();
    let open = |password: &str| {
        let (password, policy) = (SecretString::new(password), Pkcs12Policy::default());
        bench
            .runtime
            .block_on(tokens.open(&issued.token, &password, &policy))
            .unwrap()
    };
    let opened = open(PASSWORD).unwrap();
    assert!(opened.the_one_key().unwrap().certificate().is_some());
    let Err(OpenError::Refused(refusal)) = open("another") else {
        panic!("it opened")
    };
    assert_eq!(refusal.reason(), Reason::WrongPassword);
}
