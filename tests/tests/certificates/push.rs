//! Certificate Manager pushes to our receiver: over TLS, with HTTP Basic or with a client certificate, once or several times.

use std::sync::Arc;

use axum::Router;
use http::header::HeaderName;
use smartid::cm::push::{MemoryPushSink, PushReceiver, PushReceiverBuilder, Sender};
use smartid::core::tower::InboundService;
use smartid::trust::Certificate;
use smartid::{SecretString, TokioRuntime};
use smartid_sim::{CertificatePush, Fault, FaultKind, Front, Route, RoutePattern};
use smartid_tests::certificates::CmWorld;

const USER: &str = "cm-push";
const PASSWORD: &str = "lösenord: åäö";

struct Desk {
    world: CmWorld,
    sink: Arc<MemoryPushSink>,
    receiver: Arc<PushReceiver>,
    front: Front,
}

impl Desk {
    /// A receiver on axum behind TLS, which asks for a client certificate or does not.
    async fn new(
        switches: &str,
        client_certificate: bool,
        with: impl FnOnce(&CmWorld, PushReceiverBuilder) -> PushReceiverBuilder,
    ) -> Self {
        let world = CmWorld::with(switches).await;
        let (sink, runtime) = (Arc::new(MemoryPushSink::new()), Arc::new(TokioRuntime::new()));
        let builder = PushReceiver::builder(Arc::clone(&sink) as _, Arc::clone(&runtime) as _);
        let receiver = Arc::new(with(&world, builder).build().unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = format!("http://{}", listener.local_addr().unwrap());
        let service = InboundService::new(Arc::clone(&receiver) as _, runtime);
        let router = Router::new().fallback_service(service);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let front = world.sim.front(&upstream, client_certificate).await.unwrap();
        Self {
            world,
            sink,
            receiver,
            front,
        }
    }

    async fn basic(switches: &str) -> Self {
        Self::new(switches, false, |_, builder| {
            builder.basic_auth(USER, SecretString::new(PASSWORD))
        })
        .await
    }

    fn der(&self) -> Vec<u8> {
        self.world
            .sim
            .officer("reader")
            .unwrap()
            .certificate_der()
            .to_vec()
    }

    fn push(&self) -> CertificatePush {
        CertificatePush::new(self.front.url(), "Mall å", self.der()).basic(USER, PASSWORD)
    }

    /// How each of the pushes ended.
    async fn statuses(&self, push: &CertificatePush) -> Vec<Option<u16>> {
        let reports = self.world.sim.cm().push_certificate(push).await.unwrap();
        reports.into_iter().map(|report| report.status).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_basic_over_tls_the_certificate_arrives_with_template_process_and_tenant() {
    for body in ["base64", "base64-lines", "pem", "der"] {
        let desk = Desk::basic(&format!("[cm.push]\nbody = '{body}'")).await;
        let push = desk.push().process("Förnya 100%").tenant("tenant=1&2");
        assert_eq!(desk.statuses(&push).await, [Some(200)], "{body}");
        let pushed = desk.sink.take().pop().unwrap();
        assert_eq!(
            pushed.certificate.danger_unverified().der(),
            &desk.der(),
            "{body}"
        );
        assert_eq!(pushed.template.as_str(), "Mall å");
        assert_eq!(pushed.process.unwrap().as_str(), "Förnya 100%");
        assert_eq!(pushed.tenant.unwrap().as_str(), "tenant=1&2");
        assert_eq!(pushed.sender, Sender::User(USER.to_owned()));
        // Only base64 is documented.
        assert_eq!(
            pushed.lints.is_empty(),
            body.starts_with("base64"),
            "{body}: {:?}",
            pushed.lints
        );
        // Without process and tenant.
        assert_eq!(desk.statuses(&desk.push()).await, [Some(200)]);
        let pushed = desk.sink.take().pop().unwrap();
        assert!(pushed.process.is_none() && pushed.tenant.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_client_certificate_that_is_known_and_with_no_other() {
    let known = |world: &CmWorld| {
        let pem = world.sim.client_identity("Certificate Manager").unwrap();
        (Certificate::from_pem(&pem.certificate_pem).unwrap(), pem)
    };
    let mut identity = None;
    let desk = Desk::new("", true, |world, builder| {
        let (certificate, own) = known(world);
        identity = Some(own);
        builder
            .client_certificate(certificate)
            .danger_certificate_header(HeaderName::from_static("client-cert"))
    })
    .await;
    let push = |identity| {
        CertificatePush::new(desk.front.url(), "Template", desk.der()).client_certificate(identity)
    };
    let own = identity.unwrap();
    let certificate = Certificate::from_pem(&own.certificate_pem).unwrap();
    assert_eq!(desk.statuses(&push(own)).await, [Some(200)]);
    let pushed = desk.sink.take().pop().unwrap();
    assert_eq!(pushed.sender, Sender::Certificate(certificate.fingerprint()));
    // Another one of the same authority, and none at all, which the handshake refuses.
    let other = desk.world.sim.client_identity("Certificate Manager").unwrap();
    assert_eq!(desk.statuses(&push(other)).await, [Some(403)]);
    assert_eq!(desk.statuses(&desk.push()).await, [None]);
    assert!(desk.sink.take().is_empty());
    let counters = desk.receiver.counters();
    assert_eq!((counters.stored, counters.unauthenticated), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_again_is_stored_once() {
    let desk = Desk::basic("[cm.push]\ntimes = 3").await;
    assert_eq!(desk.statuses(&desk.push()).await, [Some(200); 3]);
    assert_eq!(desk.sink.take().len(), 1);
    let counters = desk.receiver.counters();
    assert_eq!(
        (counters.received, counters.stored, counters.duplicates),
        (3, 1, 2)
    );
    // The same certificate for another tenant is another push.
    desk.world.sim.reconfigure(|config| config.cm.push.times = 1);
    let copies = FaultKind::CallbackDuplicate { copies: 4 };
    desk.world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(Route::CmPush), copies));
    desk.statuses(&desk.push().tenant("t2")).await;
    assert_eq!(desk.sink.take().len(), 1);
    assert_eq!(desk.receiver.counters().received, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_push_and_what_is_no_certificate_is_refused() {
    let desk = Desk::basic("").await;
    let url = desk.front.url();
    for (push, status) in [
        (CertificatePush::new(url, "T", desk.der()), 401),
        (
            CertificatePush::new(url, "T", desk.der()).basic(USER, "another password"),
            401,
        ),
        (
            CertificatePush::new(url, "T", desk.der()).basic("another", PASSWORD),
            401,
        ),
        (
            CertificatePush::new(url, "T", Vec::new()).basic(USER, PASSWORD),
            400,
        ),
        (
            CertificatePush::new(url, "T", desk.der()[..200].to_vec()).basic(USER, PASSWORD),
            400,
        ),
        (
            CertificatePush::new(url, "T", vec![0x30; 600_000]).basic(USER, PASSWORD),
            413,
        ),
    ] {
        assert_eq!(desk.statuses(&push).await, [Some(status)], "{push:?}");
    }
    for (switch, status) in [("path = 'elsewhere'", 404), ("content_type = 'text/plain'", 415)] {
        let desk = Desk::basic(&format!("[cm.push]\n{switch}")).await;
        assert_eq!(desk.statuses(&desk.push()).await, [Some(status)], "{switch}");
        assert!(desk.sink.take().is_empty());
    }
    assert!(desk.sink.take().is_empty());
    assert_eq!(desk.receiver.counters().unauthenticated, 3);
}
