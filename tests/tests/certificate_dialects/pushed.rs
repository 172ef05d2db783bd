//! The settings of what is pushed to us, against a simulator that pushes so; and what is heard of settings that the simulator does not
//! mind.

use std::sync::Arc;

use axum::Router;
use smartid::cm::push::{MemoryPushSink, PushReceiver};
use smartid::core::dialect::overlay;
use smartid::core::tower::InboundService;
use smartid::{SecretString, TokioRuntime};
use smartid_sim::CertificatePush;
use smartid_tests::certificates::{CmSetup, CmWorld};

use super::run::{self, Op};

/// The settings that the tests of this file change.
pub(crate) const KEYS: &[&str] = &["push.path", "push.tenant", "push.content_types", "push.success"];

/// The status of a push, and the tenant and template that arrived.
async fn pushed(dialect: &str, switches: &str) -> (Option<u16>, Option<(String, Option<String>)>) {
    let world = CmWorld::with(switches).await;
    let (sink, runtime) = (Arc::new(MemoryPushSink::new()), Arc::new(TokioRuntime::new()));
    let receiver = PushReceiver::builder(Arc::clone(&sink) as _, Arc::clone(&runtime) as _)
        .basic_auth("cm", SecretString::new("push password"))
        .dialect(&overlay(dialect).unwrap())
        .build()
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback_service(InboundService::new(Arc::new(receiver), runtime));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let der = world.sim.officer("reader").unwrap().certificate_der().to_vec();
    let push = CertificatePush::new(url, "Mall å", der)
        .tenant("t1")
        .basic("cm", "push password");
    let report = world.sim.cm().push_certificate(&push).await.unwrap().remove(0);
    let arrived = sink.take().pop().map(|pushed| {
        let tenant = pushed.tenant.map(|tenant| tenant.as_str().to_owned());
        (pushed.template.as_str().to_owned(), tenant)
    });
    (report.status, arrived)
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_understood_as_the_dialect_says() {
    let arrived = |tenant: Option<&str>| Some(("Mall å".to_owned(), tenant.map(str::to_owned)));
    assert_eq!(pushed("", "").await, (Some(200), arrived(Some("t1"))));
    for (dialect, switches) in [
        ("push.path = 'idm/push'", "cm.push.path = 'idm/push'"),
        (
            "push.tenant = 'customer'",
            "cm.push.tenant_parameter = 'customer'",
        ),
        (
            "push.content_types = ['application/octet-stream']",
            "cm.push.content_type = 'application/octet-stream'",
        ),
    ] {
        assert_eq!(
            pushed(dialect, switches).await,
            (Some(200), arrived(Some("t1"))),
            "{dialect}"
        );
        let without = pushed("", switches).await;
        assert_ne!(without, (Some(200), arrived(Some("t1"))), "{dialect}");
        let other_way_round = pushed(dialect, "").await;
        assert_ne!(other_way_round, (Some(200), arrived(Some("t1"))), "{dialect}");
    }
    assert_eq!(
        pushed("push.success = 204", "").await,
        (Some(204), arrived(Some("t1")))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_simulator_does_not_mind_is_heard() {
    for (op, path, dialect, part, usual) in [
        (
            Op::Issue,
            "/pkcs10",
            "requests.dates = 'fraction'",
            ".0000000Z\r\n",
            "Z\r\n",
        ),
        (
            Op::Register,
            "/acme/account",
            "requests.registration_days = 'number'",
            "\"validity\":7",
            "\"validity\":\"7\"",
        ),
        (
            Op::Search,
            "/certificates",
            "requests.dates = 'fraction'",
            "0000Z",
            "Z",
        ),
    ] {
        for (dialect, as_wished) in [(dialect, true), ("", false)] {
            let world = CmWorld::start(CmSetup::default().dialect(dialect)).await;
            run::run(op, &world, dialect).await.unwrap();
            let request = world.requests(path).remove(0);
            let query = request.query.clone().unwrap_or_default().replace("%3A", ":");
            let heard = String::from_utf8_lossy(&request.body).into_owned() + &query;
            assert_eq!(heard.contains(part), as_wished, "{dialect}: {heard}");
            assert!(heard.contains(usual) || as_wished, "{dialect}: {heard}");
        }
    }
}
