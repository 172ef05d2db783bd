//! AST: what comes back beside the token, what comes instead of it, and what does not come at all.

use std::time::Duration;

use http::header::SET_COOKIE;
use smartid::cm::ast::Redirected;
use smartid::cm::soft_token::SoftTokenProblem;
use smartid::core::CallPolicy;
use smartid::{Phase, Retry};
use smartid_sim::{Fault, FaultKind, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, kind};

use crate::ast::swede;
use crate::{AST, problem, unusable};

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_ready_for_the_users_browser() {
    for (cookies, expected) in [
        ("['downloaded=true; Path=/']", Some("downloaded=true; Path=/")),
        ("[]", None),
        ("['JSESSIONID=4711; Path=/pgwy; HttpOnly']", None),
        (
            "['JSESSIONID=4711; HttpOnly', 'downloaded=1; Path=/; Secure; SameSite=Lax', 'other=downloaded=2']",
            Some("downloaded=1; Path=/; Secure; SameSite=Lax"),
        ),
        (
            "['downloaded=a', 'downloaded=b; Max-Age=60']",
            Some("downloaded=b; Max-Age=60"),
        ),
        ("['downloadedby=somebody']", None),
        ("['downloaded=']", Some("downloaded=")),
    ] {
        let world = CmWorld::with(&format!("[cm.ast.answer]\ncookies = {cookies}")).await;
        let issued = world.cm.call_gateway(&swede()).await.unwrap();
        let Some(expected) = expected else {
            assert!(issued.downloaded.is_none(), "{cookies}");
            continue;
        };
        let cookie = issued.downloaded.unwrap();
        // The integrator's own answer to the browser.
        let answer = http::Response::builder()
            .header(SET_COOKIE, cookie.set_cookie())
            .body(())
            .unwrap();
        assert_eq!(answer.headers()[SET_COOKIE], expected, "{cookies}");
        assert!(!format!("{cookie:?}").contains("Path"), "{cookie:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_name_is_proposed_when_it_is_safe() {
    for (disposition, expected) in [
        ("attachment; filename=\"token.p12\"", Some("token.p12")),
        ("attachment; filename=alice.pfx", Some("alice.pfx")),
        ("inline", None),
        ("", None),
        (
            "attachment; filename=\"x.p12\"; filename*=UTF-8''J%C3%B6rg.p12",
            Some("J\u{f6}rg.p12"),
        ),
        ("attachment; filename=\"../../etc/passwd\"", None),
        ("attachment; filename=\"C:\\\\Windows\\\\token.p12\"", None),
        ("attachment; filename=\"\"", None),
        ("attachment; filename=\"..\"", None),
    ] {
        let quoted = toml::Value::String(disposition.to_owned());
        let world = CmWorld::with(&format!("[cm.ast.answer]\ndisposition = {quoted}")).await;
        let issued = world.cm.call_gateway(&swede()).await.unwrap();
        let name = issued.file_name.as_ref().map(|name| name.as_str().to_owned());
        match expected {
            Some(_) => assert_eq!(name.as_deref(), expected, "{disposition}"),
            None => assert!(
                name.as_deref().is_none_or(|name| !name.contains(['/', '\\'])
                    && !name.starts_with('.')
                    && !name.contains("..")),
                "{disposition}: {name:?}"
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_octets_decide_and_not_the_media_type() {
    for content_type in [
        "application/x-pkcs12",
        "application/pkcs12",
        "application/octet-stream",
        "text/html;charset=UTF-8",
        "application/json",
        "text/plain",
        "",
    ] {
        for encoding in ["der", "ber"] {
            let world = CmWorld::with(&format!(
                "[cm.ast.answer]\ncontent_type = '{content_type}'\n[cm.soft_tokens]\nencoding = '{encoding}'"
            ))
            .await;
            let issued = world
                .cm
                .call_gateway(&swede())
                .await
                .unwrap_or_else(|error| panic!("{content_type} {encoding}: {error}"));
            world
                .good_token(&issued.token, TOKEN_PASSWORD, "CN=Soft token,C=SE")
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_never_a_token_whatever_its_status() {
    // The password is too short for the service.
    let short = "[cm.soft_tokens]\npassword_min = 100\n[cm.ast.errors]\n";
    for (switches, expected) in [
        ("style = 'html'\nstatus = 200", SoftTokenProblem::WebPage),
        ("style = 'form'\nstatus = 200", SoftTokenProblem::WebPage),
        ("style = 'empty'\nstatus = 200", SoftTokenProblem::Empty),
        ("style = 'empty'\nstatus = 204", SoftTokenProblem::Empty),
    ] {
        let world = CmWorld::with(&format!("{short}{switches}")).await;
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden),
            "{switches}: {error}"
        );
        assert_eq!(problem(&error), expected, "{switches}: {error}");
        assert_eq!((world.count(AST), world.sim.cm().count()), (1, 0));
    }
    for style in ["html", "form", "empty"] {
        for status in [0, 400, 500] {
            let world = CmWorld::with(&format!("{short}style = '{style}'\nstatus = {status}")).await;
            let error = world.cm.call_gateway(&swede()).await.unwrap_err();
            let phase = if status == 500 {
                Phase::PerhapsDone
            } else {
                Phase::Refused
            };
            assert_eq!(error.phase(), phase, "{style} {status}: {error}");
            assert_eq!(kind(&error).name(), "status", "{style} {status}: {error}");
            let status = if status == 0 { 400 } else { status };
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            assert_eq!(world.count(AST), 1, "{style} {status}");
        }
    }
    let world = CmWorld::with(&format!(
        "{short}style = 'redirect'\nlogin_url = 'https://da.example.test/wa/auth?ticket=4711'"
    ))
    .await;
    let error = world.cm.call_gateway(&swede()).await.unwrap_err();
    let cause = error.unreadable_answer().unwrap().cause::<Redirected>().unwrap();
    let to = cause.to.as_deref().unwrap();
    assert!(to.starts_with("https://da.example.test/wa/auth"), "{to}");
    assert!(!format!("{error} {error:?} {to}").contains("4711"), "{error:?}");
    assert_eq!(world.sim.records().len(), 1, "it was not followed");
}

/// A patient client, who would repeat what may be repeated.
async fn patient() -> CmWorld {
    let mut setup = CmSetup::default();
    setup.policy = CallPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    CmWorld::start(setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_perhaps_done_and_one_token_was_made() {
    for (fault, done) in [
        (FaultKind::LostReply, 1),
        (FaultKind::ResetMidBody, 1),
        (FaultKind::Reset, 0),
    ] {
        let world = patient().await;
        let inject = Fault::new(Route::CmAst, fault.clone());
        world.sim.faults().inject(inject);
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::PerhapsDone, Retry::Forbidden),
            "{fault:?}: {error}"
        );
        assert_eq!(world.count(AST), 1, "{fault:?}: sent once");
        assert_eq!(world.sim.cm().soft_tokens().len(), done, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_container_is_told_apart_and_keeps_its_cookie() {
    for (setup, fault) in [
        (CmSetup::default(), Some(FaultKind::TruncatedBody)),
        (
            CmSetup::default().sim("[cm.soft_tokens]\nflaw = 'truncated'"),
            None,
        ),
    ] {
        let world = CmWorld::start(setup).await;
        if let Some(fault) = fault {
            world.sim.faults().inject(Fault::new(Route::CmAst, fault));
        }
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(error.phase(), Phase::Unreadable, "{error}");
        assert_eq!(problem(&error), SoftTokenProblem::Truncated, "{error}");
        // The page in the user's browser waits all the same.
        let cookie = unusable(&error).downloaded().unwrap();
        assert_eq!(cookie.set_cookie(), "downloaded=true; Path=/");
        assert_eq!(world.sim.cm().soft_tokens().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_an_error() {
    let world = patient().await;
    let huge = FaultKind::Huge { bytes: 20 << 20 };
    world.sim.faults().inject(Fault::new(Route::CmAst, huge));
    let error = world.cm.call_gateway(&swede()).await.unwrap_err();
    assert!(
        matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable),
        "{error}"
    );
    assert_eq!((error.retry(), world.count(AST)), (Retry::Forbidden, 1));
}
