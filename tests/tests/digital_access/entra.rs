//! The enrolment at Microsoft Entra: the same flow, another relying party, over real HTTPS against the simulated Graph.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smartid::core::{BlockingWork, BoxFuture, Runtime, Timestamp, WorkLost};
use smartid::da::auth::fixed_token;
use smartid::da::entra::GraphVersion;
use smartid::da::relying_party::{DisplayName, Provider, RelyingParty};
use smartid::da::{EntraFido, UserId};
use smartid::flows::fido_enrolment::{Confirmation, End, NotBegun, StoredCredential};
use smartid::flows::{FidoEnrolment, FlowError, Service};
use smartid::{ReqwestTransport, SecretString, TokioRuntime};
use smartid_sim::{Fault, FaultKind, Party, Persona, Record, Route, RoutePattern, SimConfig};
use smartid_tests::{Setup, World};

/// A world with the flow of Entra in the place of that of Digital Access.
struct Tenant {
    world: World,
    entra: EntraFido,
    flow: FidoEnrolment,
    clock: Arc<Shifted>,
}

/// The system's clock, some milliseconds ahead.
#[derive(Debug)]
struct Shifted {
    inner: TokioRuntime,
    ahead: AtomicU64,
}

impl Runtime for Shifted {
    fn now(&self) -> Timestamp {
        self.inner.now() + Duration::from_millis(self.ahead.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.inner.fill_random(bytes);
    }

    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.inner.run_blocking(work)
    }
}

async fn tenant(toml: &str, version: GraphVersion) -> Tenant {
    let clock = Arc::new(Shifted {
        inner: TokioRuntime::new(),
        ahead: AtomicU64::new(0),
    });
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml(toml).unwrap();
    setup.runtime = Arc::clone(&clock) as Arc<dyn Runtime>;
    let world = World::start(setup).await;
    let transport = ReqwestTransport::builder()
        .root_pem(world.sim.ca_pem().as_bytes())
        .build()
        .unwrap();
    let entra = EntraFido::builder(fixed_token(SecretString::new(world.sim.graph_token())))
        .url(world.sim.graph_url())
        .version(version)
        .build(Arc::new(transport), Arc::clone(&clock) as Arc<dyn Runtime>)
        .unwrap();
    let flow = world
        .smartid
        .fido_enrolment_at(Arc::new(entra.clone()))
        .unwrap()
        .patience(Duration::from_secs(3));
    Tenant {
        world,
        entra,
        flow,
        clock,
    }
}

fn alice() -> UserId {
    UserId::new("alice@example.test").unwrap()
}

impl Tenant {
    /// Begins, lets the simulated person click the link, and completes.
    async fn enrol(&self) -> End {
        let begun = match self.flow.begin(&alice()).await {
            Ok(begun) => begun,
            Err(NotBegun::Ended { end, .. }) => return *end,
            Err(error) => panic!("{error}"),
        };
        let (desktop, link) = (self.world.sim.desktop(), begun.link.expose().to_owned());
        let person = tokio::spawn(async move {
            let _report = desktop.open(&link).await;
        });
        let end = tokio::time::timeout(Duration::from_secs(60), self.flow.complete(&begun.id))
            .await
            .unwrap()
            .unwrap();
        person.abort();
        end
    }

    fn fault(&self, route: Route, kind: FaultKind, times: u32) {
        let fault = Fault::new(RoutePattern::route(route), kind).times(times);
        self.world.sim.faults().inject(fault);
    }

    /// What was sent to Graph, by verb.
    fn sent(&self, method: &str) -> Vec<Record> {
        let mut records = self.world.sim.records();
        records.retain(|record| record.party == Party::Graph && record.method == method);
        records
    }

    fn stored(&self) -> usize {
        self.world.sim.graph_methods_of("alice").len()
    }
}

fn credential(end: End) -> StoredCredential {
    match end {
        End::Stored(credential) => credential,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_user_gets_a_passkey_with_a_name_and_the_model_is_told() {
    let mut tenant = tenant("", GraphVersion::V1).await;
    tenant.flow = tenant.flow.display_name(DisplayName::new("Blue key").unwrap());
    let credential = credential(tenant.enrol().await);
    assert_eq!(
        (credential.user.as_str(), credential.confirmation),
        ("alice@example.test", Confirmation::Answered)
    );
    // Direct attestation is asked for, and the simulated key signs it by itself.
    assert_eq!(
        [
            credential.attestation.as_str(),
            &credential.attestation_kind,
            &credential.attestation_check,
            &credential.attestation_signature
        ],
        ["packed", "self", "verified", "verified"]
    );
    let method = credential.method.unwrap();
    let known = &tenant.world.sim.graph_methods_of("alice")[0];
    assert_eq!(method.id.as_ref(), Some(&known.id));
    assert_eq!(method.display_name.as_deref(), Some("Blue key"));
    assert_eq!(known.display_name.as_deref(), Some("Blue key"));
    assert_eq!(method.model.as_deref(), Some("smartid-sim soft authenticator"));
    assert_eq!(method.aaguid.as_ref(), Some(&credential.aaguid));
    assert_eq!(method.attestation_level.as_deref(), Some("notAttested"));
    assert!(method.created.is_some());
    // The device got the value of publicKey with everything in it; Digital Access heard nothing.
    let records = tenant.world.sim.records();
    let command = records.iter().filter_map(|record| record.json());
    assert!(
        command
            .map(|json| json.to_string())
            .any(|text| text.contains("@odata"))
    );
    assert!(!records.iter().any(|record| record.party == Party::DigitalAccess));
}

#[tokio::test]
async fn each_version_and_every_place_of_odata_members_is_read() {
    let cases = ["everywhere", "top", "scattered", "last", "none"];
    let mut running = tokio::task::JoinSet::new();
    for (index, place) in cases.into_iter().enumerate() {
        running.spawn(async move {
            let wrapped = index % 2 == 0;
            let toml = format!("[graph]\nodata = \"{place}\"\nvalue_wrapper = {wrapped}");
            let version = if wrapped {
                GraphVersion::Beta
            } else {
                GraphVersion::V1
            };
            let tenant = tenant(&toml, version).await;
            let end = tenant.enrol().await;
            assert!(end.is_stored(), "{place}: {end:?}");
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_throttled_call_is_made_again_when_it_may() {
    let tenant = tenant("", GraphVersion::V1).await;
    let throttled = FaultKind::Respond {
        status: 429,
        content_type: "application/json".to_owned(),
        body: r#"{"error":{"code":"TooManyRequests","message":"Too many requests"}}"#.to_owned(),
        work: false,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
    };
    tenant.fault(Route::GraphOptions, throttled.clone(), 1);
    tenant.fault(Route::GraphCreate, throttled, 1);
    let before = TokioRuntime::new().now();
    let credential = credential(tenant.enrol().await);
    assert!(TokioRuntime::new().now().since(before) >= Duration::from_secs(2));
    assert_eq!(credential.confirmation, Confirmation::Answered);
    assert_eq!((tenant.sent("GET").len(), tenant.sent("POST").len()), (2, 2));
    assert_eq!(tenant.stored(), 1);
}

#[tokio::test]
async fn an_authenticator_that_is_registered_already_is_excluded() {
    for version in [GraphVersion::V1, GraphVersion::Beta] {
        // Padding counts are for Graph's clients; the simulated key reads none.
        let tenant = tenant("[graph]\nexclude_padding = \"never\"", version).await;
        assert!(tenant.enrol().await.is_stored());
        let end = tenant.enrol().await;
        assert_eq!(
            end,
            End::AlreadyRegistered {
                by: Service::Messaging
            }
        );
        assert_eq!(tenant.stored(), 1);
    }
}

#[tokio::test]
async fn a_challenge_that_has_run_out_is_told_from_a_refusal_in_time() {
    let tenant = tenant("[graph]\npending_per_user = 1", GraphVersion::V1).await;
    for (ahead, name) in [(0, "refused-after-creation"), (360_000, "options-expired")] {
        let begun = tenant.flow.begin(&alice()).await.unwrap();
        // Another challenge drops the first: Graph refuses as it refuses an expired one.
        tenant.entra.creation_options(&alice()).await.unwrap();
        let heard = || {
            let records = tenant.world.sim.records();
            let answered =
                |record: &&Record| record.path.ends_with("/callback/fido") && record.status.is_some();
            records.iter().filter(answered).count()
        };
        let before = heard();
        tenant
            .world
            .sim
            .desktop()
            .open(begun.link.expose())
            .await
            .unwrap();
        while heard() < before + 2 {
            tokio::task::yield_now().await;
        }
        tenant.clock.ahead.store(ahead, Ordering::SeqCst);
        let end = tenant.flow.complete(&begun.id).await.unwrap();
        tenant.clock.ahead.store(0, Ordering::SeqCst);
        assert_eq!(end.name(), name, "{end:?}");
        if let End::RefusedAfterCreation { service, failure } = &end {
            assert_eq!(*service, Service::Entra);
            assert_eq!(failure.operation, "entra.fido-credentials");
            assert!(failure.request_id.is_some());
            assert!(end.to_string().contains("Microsoft Entra refused"), "{end}");
        }
        assert_eq!(tenant.stored(), 0);
    }
}

#[tokio::test]
async fn who_may_not_gets_no_options_and_is_told_what_is_missing() {
    for (toml, code) in [
        (
            "[graph]\npermissions = [\"User.Read.All\"]",
            "Authorization_RequestDenied",
        ),
        ("[graph]\nsigned_in_user = \"alice\"", "accessDenied"),
        ("[graph.policy]\nself_service = false", "accessDenied"),
        ("[graph.policy]\nenabled = false", "accessDenied"),
    ] {
        let tenant = tenant(toml, GraphVersion::V1).await;
        let end = tenant.enrol().await;
        let End::OptionsRefused { service, failure } = &end else {
            panic!("{toml}: {end:?}")
        };
        assert_eq!((*service, failure.status), (Service::Entra, Some(403)), "{toml}");
        assert!(failure.message.contains(code), "{toml}: {failure}");
        assert!(failure.request_id.is_some(), "{toml}");
        assert!(
            end.advice()
                .unwrap()
                .check
                .contains("UserAuthMethod-Passkey.ReadWrite.All")
        );
        assert!(
            end.to_string()
                .starts_with("Microsoft Entra gave no creation options"),
            "{end}"
        );
        assert!(tenant.sent("POST").is_empty(), "{toml}");
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_token_of_somebody_else_are_refused() {
    let tenant = tenant("", GraphVersion::V1).await;
    let nobody = UserId::new("nobody@example.test").unwrap();
    let Err(NotBegun::Ended { end, .. }) = tenant.flow.begin(&nobody).await else {
        panic!("begun")
    };
    let End::OptionsRefused { failure, .. } = &*end else {
        panic!("{end:?}")
    };
    assert_eq!(
        (failure.status, failure.code.as_deref()),
        (Some(404), Some("resourceNotFound"))
    );

    let transport = ReqwestTransport::builder()
        .root_pem(tenant.world.sim.ca_pem().as_bytes())
        .build()
        .unwrap();
    let other = EntraFido::builder(fixed_token(SecretString::new("not-a-token-of-graph")))
        .url(tenant.world.sim.graph_url())
        .build(Arc::new(transport), Arc::new(TokioRuntime::new()))
        .unwrap();
    let error = other.creation_options(&alice()).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.code(), Some("InvalidAuthenticationToken"));
}

#[tokio::test]
async fn attestation_that_is_not_taken_is_not_sent() {
    for (attestation, check) in [
        ("fido-u2f", Some("attestation-format")),
        ("packed", None),
        ("packed-x5c", None),
        ("none", None),
    ] {
        let toml = format!("[desktop]\nattestation = \"{attestation}\"");
        let tenant = tenant(&toml, GraphVersion::V1).await;
        let end = tenant.enrol().await;
        match (check, &end) {
            (None, End::Stored(credential)) => {
                assert!(attestation.starts_with(&credential.attestation), "{end:?}");
            }
            (Some(check), End::CredentialRejected { check: found, .. }) => {
                assert_eq!(found, check);
                assert!(tenant.sent("POST").is_empty());
            }
            _ => panic!("{attestation}: {end:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_app_forges_is_not_sent() {
    for (persona, check) in [
        (Persona::ForgesSignature, "attestation-signature"),
        (Persona::WrongChallenge, "challenge-mismatch"),
        (Persona::WrongOrigin, "origin-mismatch"),
    ] {
        let tenant = tenant("", GraphVersion::V1).await;
        tenant.world.sim.set_persona(persona);
        let end = tenant.enrol().await;
        let End::CredentialRejected { check: found, .. } = &end else {
            panic!("{persona}: {end:?}")
        };
        assert_eq!(found, check);
        assert!(tenant.sent("POST").is_empty());
    }
}

/// In beta the ids have their padding counted, so only who reads that finds the credential again.
#[tokio::test]
async fn a_lost_answer_is_found_out_by_the_excluded_credentials() {
    for version in [GraphVersion::V1, GraphVersion::Beta] {
        for kind in [
            FaultKind::LostReply,
            FaultKind::ResetMidBody,
            after_work(503),
            after_work(500),
        ] {
            let tenant = tenant("", version).await;
            tenant.fault(Route::GraphCreate, kind.clone(), 1);
            let credential = credential(tenant.enrol().await);
            assert_eq!(
                credential.confirmation,
                Confirmation::ListedAsExcluded,
                "{kind:?}"
            );
            assert_eq!(credential.method, None, "nothing was told of it");
            assert_eq!((tenant.stored(), tenant.sent("POST").len()), (1, 1), "{kind:?}");
        }
    }
}

fn after_work(status: u16) -> FaultKind {
    FaultKind::Respond {
        status,
        content_type: "application/json".to_owned(),
        body: r#"{"error":{"code":"generalException","message":"no"}}"#.to_owned(),
        work: true,
        headers: Vec::new(),
    }
}

#[tokio::test]
async fn a_failure_before_the_work_is_mended_by_one_more_attempt() {
    let tenant = tenant("", GraphVersion::V1).await;
    tenant.fault(Route::GraphCreate, FaultKind::status(503), 1);
    assert!(tenant.enrol().await.is_stored());
    assert_eq!((tenant.stored(), tenant.sent("POST").len()), (1, 2));
}

#[tokio::test]
async fn hostile_answers_have_typed_ends_that_name_entra() {
    let kinds = [
        FaultKind::html(200),
        FaultKind::html(503),
        FaultKind::status(500),
        FaultKind::status(204),
        FaultKind::redirect(302, "https://elsewhere.example.test/signin"),
        FaultKind::body("application/json", "[]"),
        FaultKind::body("application/json", r#"{"publicKey":{"challenge":"AA"}}"#),
        FaultKind::DeepJson { depth: 100_000 },
        FaultKind::TruncatedBody,
        FaultKind::Reset,
    ];
    let mut running = tokio::task::JoinSet::new();
    for kind in kinds {
        running.spawn(async move {
            let tenant = tenant("", GraphVersion::V1).await;
            tenant.fault(Route::GraphOptions, kind.clone(), 0);
            (kind, tenant.enrol().await)
        });
    }
    while let Some(ended) = running.join_next().await {
        let (kind, end) = ended.unwrap();
        let service = match &end {
            End::OptionsUnusable { service, .. }
            | End::OptionsRefused { service, .. }
            | End::Unreachable { service, .. }
            | End::UnreadableAnswer { service, .. } => *service,
            other => panic!("{kind:?}: {other:?}"),
        };
        assert_eq!(service, Service::Entra, "{kind:?}");
        assert!(end.to_string().contains("Microsoft Entra"), "{end}");
        assert!(!end.advice().unwrap().check.is_empty());
    }
}

#[tokio::test]
async fn a_flow_is_carried_on_only_at_its_own_relying_party() {
    let tenant = tenant("", GraphVersion::V1).await;
    let begun = tenant.flow.begin(&alice()).await.unwrap();
    let other = &tenant.world.flow;
    for error in [
        other.complete(&begun.id).await.unwrap_err(),
        other.cancel(&begun.id).await.unwrap_err(),
    ] {
        let FlowError::OtherRelyingParty { begun_at, asked, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(begun_at, Provider::ENTRA.id());
        assert_eq!(asked, Provider::DIGITAL_ACCESS.id());
        assert!(!error.advice().check.is_empty());
    }
    assert!(matches!(
        other.resume(&begun.id).await,
        Err(NotBegun::Flow {
            error: FlowError::OtherRelyingParty { .. },
            ..
        })
    ));
    tenant.flow.cancel(&begun.id).await.unwrap();
    assert_eq!(tenant.flow.complete(&begun.id).await.unwrap(), End::Cancelled);
}
