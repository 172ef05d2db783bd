//! AST: who may send headers, which handler answers, and what is made of it.

use std::sync::Arc;

use smartid::cm::ast::{AstRequest, Redirected};
use smartid::cm::soft_token::SoftTokenProblem;
use smartid::cm::{Attribute, CertificateManager, HandlerName};
use smartid::{Phase, Retry, Turn};
use smartid_sim::{TokenCaller, TokenOrigin};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, ask, kind};

use crate::{AST, problem};

/// For somebody in Sweden; the country's header is the one that is documented.
pub(crate) fn swede() -> AstRequest {
    AstRequest::new(TOKEN_PASSWORD).attribute(Attribute::COUNTRY_NAME, "SE")
}

const OPTIONAL: &str = "[cm.tls]\nclient_certificate = 'optional'\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_gets_a_token_for_somebody() {
    let world = CmWorld::with("").await;
    let issued = world.cm.call_gateway(&swede()).await.unwrap();
    let tokens = world.sim.cm().soft_tokens();
    let [token] = &tokens[..] else {
        panic!("{tokens:?}")
    };
    assert_eq!(token.origin, TokenOrigin::Ast);
    assert_eq!(token.caller, TokenCaller::Officer("ra-officer".into()));
    assert_eq!(token.headers, [("country".to_owned(), "SE".to_owned())]);
    assert!(token.has_password(TOKEN_PASSWORD));
    assert_eq!(token.file, issued.token.expose_octets());
    assert!(issued.certid.is_none(), "AST does not say it");
    world
        .good_token(&issued.token, TOKEN_PASSWORD, "CN=Soft token,C=SE")
        .await;
    // One request; nobody signs.
    assert_eq!(world.count(AST), 1);
    assert!(world.sim.cm().seen_signatures().is_empty());
    let sent = world.requests(AST).remove(0);
    assert_eq!(
        sent.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        String::from_utf8_lossy(&sent.body),
        "password=correct-Horse+7%26b%252B"
    );
    assert!(sent.query.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_front_by_certificate_or_address() {
    let world = CmWorld::start(CmSetup::default().officer("digital-access")).await;
    world.cm.call_gateway(&swede()).await.unwrap();
    let caller = |world: &CmWorld| world.sim.cm().soft_tokens().pop().unwrap().caller;
    assert_eq!(caller(&world), TokenCaller::Front("digital-access".into()));
    // The front is no officer elsewhere.
    let error = world.token(&ask("Alice")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "not-an-officer", "{error}");

    let by_address = format!("{OPTIONAL}[cm.ast.trust]\nfront_addresses = ['127.0.0.1', '::1']");
    let world = CmWorld::start(CmSetup::default().nobody().sim(&by_address)).await;
    world.cm.call_gateway(&swede()).await.unwrap();
    assert!(matches!(caller(&world), TokenCaller::Front(address) if address.contains('1')));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_neither_is_refused_in_whichever_words() {
    let who = [
        CmSetup::default().officer("no-officer"),
        CmSetup::default().officer("revoked-officer"),
        CmSetup::default().nobody(),
    ];
    for setup in who {
        let world = CmWorld::start(setup.clone().sim(OPTIONAL)).await;
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(
            (error.phase(), kind(&error).name()),
            (Phase::Refused, "not-an-officer"),
            "{error}"
        );
        assert_eq!(error.advice().turn, Turn::Administrator);
        assert!(
            error.advice().check.contains("requiredRoRoles in ast.properties"),
            "{}",
            error.advice()
        );
        assert_eq!(world.sim.cm().count(), 0);

        let page = format!("{OPTIONAL}[cm.ast.trust]\nuntrusted = 'ok-page'");
        let world = CmWorld::start(setup.clone().sim(&page)).await;
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden),
            "{error}"
        );
        assert_eq!(problem(&error), SoftTokenProblem::WebPage, "{error}");
        assert_eq!((world.count(AST), world.sim.cm().count()), (1, 0));

        let login = format!("{OPTIONAL}[cm.ast.trust]\nuntrusted = 'login'");
        let world = CmWorld::start(setup.sim(&login)).await;
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(error.phase(), Phase::Unreadable, "{error}");
        let to = error.unreadable_answer().unwrap().cause::<Redirected>().unwrap();
        assert_eq!(to.to.as_deref(), Some("/wa/auth"));
        // It was not followed: the password would have gone along.
        let gateway = world.sim.records();
        assert_eq!(gateway.len(), 1, "{gateway:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servlet_can_demand_an_officer_with_roles() {
    let trust = "[cm.ast.trust]\nrequires_officer = true\nroles = ['Use clients', 'Issue certificate']";
    for (name, allowed) in [("ra-officer", true), ("reader", false), ("digital-access", false)] {
        let world = CmWorld::start(CmSetup::default().officer(name).sim(trust)).await;
        match world.cm.call_gateway(&swede()).await {
            Ok(_) => assert!(allowed, "{name}"),
            Err(error) => {
                assert!(!allowed, "{name}: {error}");
                assert_eq!(kind(&error).name(), "not-an-officer", "{error}");
            }
        }
        assert_eq!(world.sim.cm().count(), usize::from(allowed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_can_be_reached_past_its_front_serves_anybody() {
    let served = format!("{OPTIONAL}[cm.ast.trust]\nuntrusted = 'served'");
    let world = CmWorld::start(CmSetup::default().nobody().sim(&served)).await;
    world.cm.call_gateway(&swede()).await.unwrap();
    assert_eq!(world.sim.cm().soft_tokens()[0].caller, TokenCaller::Anybody);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_called_as_an_officer_and_the_servlet_as_the_front() {
    let world = CmWorld::with("[cm.signing]\nmode = 'vro'").await;
    let front = CmSetup::default().officer("digital-access").transport(&world.sim);
    let cm = CertificateManager::builder(world.sim.cm_url())
        .gateway_url(world.sim.gateway_url())
        .gateway_transport(Arc::new(front))
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap();
    cm.write(&ask("Alice")).await.unwrap();
    cm.call_gateway(&swede()).await.unwrap();
    let callers: Vec<TokenCaller> = world
        .sim
        .cm()
        .soft_tokens()
        .into_iter()
        .map(|token| token.caller)
        .collect();
    assert_eq!(
        callers,
        [
            TokenCaller::Officer("ra-officer".into()),
            TokenCaller::Front("digital-access".into())
        ]
    );
    // An address whose servlets nobody can guess.
    let elsewhere = CertificateManager::builder(format!("{}/", world.sim.cm_url().replace("/api", "/rest")))
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap();
    let error = elsewhere.call_gateway(&swede()).await.unwrap_err();
    assert_eq!(error.phase(), Phase::NotSent, "{error}");
    assert!(error.to_string().contains("cm.gateway_url"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_by_name() {
    let handlers = "[[cm.ast.handlers]]\nnumber = '0'\nprocedure = 'Soft token'\n\
                    [[cm.ast.handlers]]\nname = 'signing'\nnumber = '7'\nprocedure = 'Soft token'\n\
                    [[cm.ast.handlers]]\nname = 'server'\nnumber = '8'\nprocedure = 'TLS server'\n\
                    [cm.ast]\nproperties = 'handler.7.formatFields.1 = ast.valuetarget.title.value = X-Title'";
    let world = CmWorld::with(handlers).await;
    let by = |name: &str| swede().handler(HandlerName::new(name).unwrap());
    world.cm.call_gateway(&by("signing")).await.unwrap();
    world.cm.call_gateway(&swede()).await.unwrap();
    let names: Vec<String> = world
        .sim
        .cm()
        .soft_tokens()
        .into_iter()
        .map(|token| token.handler)
        .collect();
    assert_eq!(names, ["signing", ""]);
    let error = world.cm.call_gateway(&by("nobody")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "no-such-path", "{error}");
    assert_eq!(error.advice().turn, Turn::Administrator);
    // A handler whose procedure makes no soft tokens.
    let error = world.cm.call_gateway(&by("server")).await.unwrap_err();
    assert_eq!(error.phase(), Phase::Refused, "{error}");
    assert_eq!(world.sim.cm().soft_tokens().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servlet_that_is_not_there_or_not_ready() {
    let (no, open) = (Phase::Refused, Phase::PerhapsDone);
    for (switches, name, phase) in [
        ("cm.ast.start = false", "no-such-path", no),
        // What was done before a 503 is not known.
        (
            "cm.ast.start = false\ncm.stopped_status = 503",
            "not-started",
            open,
        ),
        ("cm.initialised = false", "not-started", open),
        ("cm.connected = false", "not-started", open),
        ("cm.ast.prefix = '/pgwy/softtoken'", "no-such-path", no),
    ] {
        let world = CmWorld::with(switches).await;
        let error = world.cm.call_gateway(&swede()).await.unwrap_err();
        assert_eq!(
            (error.phase(), kind(&error).name()),
            (phase, name),
            "{switches}: {error}"
        );
        assert_eq!(error.advice().turn, Turn::Administrator, "{switches}");
        assert_eq!(world.count(""), 1, "{switches}: sent once");
        assert_eq!(world.sim.cm().count(), 0);
    }
}
