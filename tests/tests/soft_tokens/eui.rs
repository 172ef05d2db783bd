//! EUI: a request for a certificate in, a page with the certificate out; and a soft token by fields of a form.

use std::time::Duration;

use http::header::SET_COOKIE;
use smartid::cm::ast::Redirected;
use smartid::cm::eui::{EuiCertificate, EuiSoftToken, NoCertificate, NoCertificateProblem};
use smartid::cm::operations::UnusableCertificate;
use smartid::cm::soft_token::SoftTokenProblem;
use smartid::cm::{FindIssued, HandlerName};
use smartid::core::CallPolicy;
use smartid::{Error, Phase, Retry, SecretString, Turn};
use smartid_core::base64::{Flavour, encode};
use smartid_sim::{Fault, FaultKind, Route, TokenOrigin};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, kind, new_csr};

use crate::problem;

const EUI: &str = "/pgwy/eui";

fn server() -> HandlerName {
    HandlerName::new("server").unwrap()
}

fn softtoken() -> EuiSoftToken {
    EuiSoftToken::new(TOKEN_PASSWORD)
        .handler(HandlerName::new("softtoken").unwrap())
        .field("commonname", "Alice & \u{c5}sa")
        .field("country", "SE")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_page_gives_the_certificate() {
    for element in [
        "name-first",
        "id-first",
        "single-quotes",
        "wrapped-value",
        "wrapped-tag",
        "value-first",
        "textarea",
        "pem",
    ] {
        for (certencoding, chain) in [("x509", 1), ("pkcs7", 3)] {
            let mut setup =
                CmSetup::default().dialect(&format!("eui.certificate_encoding = '{certencoding}'"));
            setup = setup.sim(&format!("[cm.eui]\nelement = '{element}'\nstrict_fields = true"));
            let world = CmWorld::start(setup).await;
            let at = format!("{element} {certencoding}");
            for (handler, procedure) in [(None, "User authentication"), (Some(server()), "TLS server")] {
                let mut ask = EuiCertificate::new(new_csr("C=SE,CN=From a page"));
                ask.handler = handler;
                let issued = world
                    .cm
                    .call_gateway(&ask)
                    .await
                    .unwrap_or_else(|error| panic!("{at}: {error}"));
                let stored = world.sim.cm().newest(1).remove(0);
                assert_eq!(stored.der.as_deref(), Some(&**issued.certificate.der()), "{at}");
                assert_eq!(stored.procedure.as_deref(), Some(procedure), "{at}");
                assert_eq!(stored.officer.as_deref(), Some("ra-officer"), "{at}");
                assert_eq!(issued.chain.len(), chain, "{at}");
                assert_eq!(issued.certificate.public_key().unwrap(), *ask.csr.public_key());
                assert!(issued.certid.is_none(), "EUI does not say it");
                world.verify(&issued.certificate, &issued.chain[1..]).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_is_that_of_the_scripts() {
    let world = CmWorld::with("").await;
    let ask = EuiCertificate::new(new_csr("C=SE,CN=Form")).handler(server());
    world.cm.call_gateway(&ask).await.unwrap();
    let sent = world.requests("/pgwy/eui/server").remove(0);
    assert_eq!(
        (sent.method.as_str(), sent.header("content-type")),
        ("POST", Some("application/x-www-form-urlencoded"))
    );
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    let begins = "certencoding=x509&pkcs10=-----BEGIN+CERTIFICATE+REQUEST-----%0";
    assert!(body.starts_with(begins), "{body}");
    assert_eq!(body.split('&').count(), 2);
}

/// What a page was instead of one with the certificate.
fn none(error: &Error) -> NoCertificateProblem {
    let unreadable = error.unreadable_answer().unwrap_or_else(|| panic!("{error}"));
    unreadable.cause::<NoCertificate>().unwrap().problem()
}

/// A page as EUI makes one.
fn page(value: &str) -> FaultKind {
    let page = format!(
        "<html><body><form>\n<input type=\"hidden\" name=\"response\" value=\"{value}\">\n</form></body></html>"
    );
    let mut fault = FaultKind::body("text/html;charset=UTF-8", page);
    if let FaultKind::Respond { work, .. } = &mut fault {
        *work = true;
    }
    fault
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_key_is_a_mismatch_and_is_kept() {
    let world = CmWorld::with("").await;
    let other = world.sim.officer("reader").unwrap().certificate_der().to_vec();
    let fault = Fault::new(Route::CmEui, page(&encode(Flavour::Standard, &other)));
    world.sim.faults().inject(fault);
    let ask = EuiCertificate::new(new_csr("C=SE,CN=Mine"));
    let error = world.cm.call_gateway(&ask).await.unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::Unreadable, Retry::Forbidden),
        "{error}"
    );
    let unreadable = error.unreadable_answer().unwrap();
    let unusable = unreadable.cause::<UnusableCertificate>().unwrap();
    let kept: Vec<_> = unusable
        .certificates()
        .iter()
        .map(|kept| kept.der().to_vec())
        .collect();
    assert_eq!(kept, [other]);
    // What was really issued is found by its key.
    let wanted = FindIssued::of_key(ask.csr.public_key()).subject_common_name("Mine");
    assert_eq!(world.cm.find_issued(&wanted).await.unwrap().found.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_certificate_is_none() {
    let der = {
        let world = CmWorld::with("").await;
        world.sim.officer("reader").unwrap().certificate_der().to_vec()
    };
    let cut = encode(Flavour::Standard, &der[..der.len() / 2]);
    for (fault, expected) in [
        (FaultKind::html(200), NoCertificateProblem::NoElement),
        (page(""), NoCertificateProblem::NoElement),
        (page("Access denied"), NoCertificateProblem::NotACertificate),
        (page(&cut), NoCertificateProblem::NotACertificate),
        (FaultKind::status(200), NoCertificateProblem::Empty),
        (
            FaultKind::body("application/json", "{\"error\":0}"),
            NoCertificateProblem::Document,
        ),
    ] {
        let world = CmWorld::with("").await;
        world.sim.faults().inject(Fault::new(Route::CmEui, fault.clone()));
        let ask = EuiCertificate::new(new_csr("C=SE,CN=None"));
        let error = world.cm.call_gateway(&ask).await.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden),
            "{fault:?}: {error}"
        );
        assert_eq!(none(&error), expected, "{fault:?}");
        assert_eq!(world.count(EUI), 1, "{fault:?}: sent once");
    }
    // The servlet's own pages for errors, with 200.
    for (style, expected) in [
        ("html", NoCertificateProblem::NoElement),
        ("form", NoCertificateProblem::NoElement),
        ("empty", NoCertificateProblem::Empty),
    ] {
        let switches =
            format!("[cm.eui]\nrequest_field = 'csr'\n[cm.eui.errors]\nstyle = '{style}'\nstatus = 200");
        let world = CmWorld::with(&switches).await;
        let ask = EuiCertificate::new(new_csr("C=SE,CN=None"));
        let error = world.cm.call_gateway(&ask).await.unwrap_err();
        assert_eq!(none(&error), expected, "{style}: {error}");
        assert_eq!(world.sim.cm().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_eui_refuses() {
    let ask = || EuiCertificate::new(new_csr("C=SE,CN=No"));
    let nobody = HandlerName::new("nobody").unwrap();
    for (switches, ask, name) in [
        ("", ask().handler(nobody), "no-such-path"),
        ("cm.eui.start = false", ask(), "no-such-path"),
        (
            "cm.eui.trust.requires_officer = true\ncm.eui.trust.roles = ['Tea']",
            ask(),
            "not-an-officer",
        ),
        ("cm.connected = false", ask(), "not-started"),
        ("cm.eui.certencodings = ['pkcs7']", ask(), "status"),
        (
            "cm.eui.strict_fields = true",
            ask().field("colour", "blue"),
            "status",
        ),
    ] {
        let world = CmWorld::with(switches).await;
        let error = world.cm.call_gateway(&ask).await.unwrap_err();
        // What was done before a 503 is not known.
        let phase = if name == "not-started" {
            Phase::PerhapsDone
        } else {
            Phase::Refused
        };
        assert_eq!(
            (error.phase(), kind(&error).name()),
            (phase, name),
            "{switches}: {error}"
        );
        assert_eq!(world.sim.cm().count(), 0);
        if name != "status" {
            assert_eq!(error.advice().turn, Turn::Administrator, "{switches}");
            let advice = error.advice().check.into_owned();
            assert!(
                advice.contains("eui") || advice.contains("EUI"),
                "{switches}: {advice}"
            );
        }
    }
    let login = "[cm.eui.trust]\nuntrusted = 'login'";
    let world = CmWorld::start(CmSetup::default().officer("no-officer").sim(login)).await;
    let error = world.cm.call_gateway(&ask()).await.unwrap_err();
    let unreadable = error.unreadable_answer().unwrap();
    let to = unreadable.cause::<Redirected>().unwrap().to.clone();
    assert_eq!(to.as_deref(), Some("/wa/auth"));
    // A field that the request has itself is not sent.
    let error = world
        .cm
        .call_gateway(&ask().field("PKCS10", "another"))
        .await
        .unwrap_err();
    assert_eq!((error.phase(), world.count(EUI)), (Phase::NotSent, 1), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_perhaps_done_and_the_key_finds_what_was_issued() {
    for (fault, done) in [
        (FaultKind::LostReply, 1),
        (FaultKind::ResetMidBody, 1),
        (FaultKind::Reset, 0),
    ] {
        let mut setup = CmSetup::default();
        setup.policy = CallPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
        let world = CmWorld::start(setup).await;
        world
            .sim
            .faults()
            .inject(Fault::new(Route::CmEui, fault.clone()).times(2));
        let ask = EuiCertificate::new(new_csr("C=SE,CN=Lost")).handler(server());
        let error = world.cm.call_gateway(&ask).await.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::PerhapsDone, Retry::Forbidden),
            "{fault:?}: {error}"
        );
        assert_eq!(world.count("/eui/server"), 1, "{fault:?}: sent once");
        let wanted = FindIssued::of_key(ask.csr.public_key()).subject_common_name("Lost");
        let found = world.cm.find_issued(&wanted).await.unwrap();
        assert_eq!((found.found.len(), world.sim.cm().count()), (done, done));
        // A token too; nobody can find its key.
        let error = world.cm.call_gateway(&softtoken()).await.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::PerhapsDone, Retry::Forbidden)
        );
        assert_eq!(world.sim.cm().soft_tokens().len(), done, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_token_by_the_fields_of_a_form() {
    for switches in ["", "[cm.soft_tokens]\nprofile = 'legacy'\nencoding = 'ber'"] {
        let world = CmWorld::with(&format!("{switches}\n[cm.eui]\nstrict_fields = true")).await;
        let issued = world.cm.call_gateway(&softtoken()).await.unwrap();
        let tokens = world.sim.cm().soft_tokens();
        let [token] = &tokens[..] else {
            panic!("{tokens:?}")
        };
        assert_eq!(
            (token.origin, token.handler.as_str()),
            (TokenOrigin::Eui, "softtoken")
        );
        assert!(token.has_password(TOKEN_PASSWORD));
        assert_eq!(token.file, issued.token.expose_octets());
        assert_eq!(issued.file_name.unwrap().as_str(), "token.p12");
        let cookie = issued.downloaded.unwrap();
        let answer = http::Response::builder()
            .header(SET_COOKIE, cookie.set_cookie())
            .body(())
            .unwrap();
        assert_eq!(answer.headers()[SET_COOKIE], "downloaded=true; Path=/");
        world
            .good_token(&issued.token, TOKEN_PASSWORD, "CN=Alice & \u{c5}sa,C=SE")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_eui_does_not_give_a_soft_token_for() {
    for (switches, ask, name) in [
        ("cm.eui.soft_tokens = false", softtoken(), "no-such-path"),
        ("[cm.soft_tokens]\npassword_min = 100", softtoken(), "status"),
        ("", softtoken().field("country", "Sweden"), ""),
        (
            "[cm.soft_tokens]\nrequired_attributes = ['surname']",
            softtoken(),
            "status",
        ),
    ] {
        let world = CmWorld::with(switches).await;
        let error = world.cm.call_gateway(&ask).await.unwrap_err();
        if name.is_empty() {
            // One field, two values.
            assert_eq!(error.phase(), Phase::NotSent, "{error}");
            continue;
        }
        assert_eq!(kind(&error).name(), name, "{switches}: {error}");
        assert_eq!(world.sim.cm().count(), 0);
    }
    // A handler that certifies requests says so on a page; with 200, that is no token.
    let world = CmWorld::with("[cm.eui.errors]\nstatus = 200").await;
    let mut ask = softtoken();
    ask.handler = Some(server());
    let error = world.cm.call_gateway(&ask).await.unwrap_err();
    assert_eq!(problem(&error), SoftTokenProblem::WebPage, "{error}");
    for password in ["", "a\0b"] {
        let mut ask = softtoken();
        ask.password = SecretString::new(password);
        let error = world.cm.call_gateway(&ask).await.unwrap_err();
        assert_eq!(error.phase(), Phase::NotSent, "{error}");
    }
}
