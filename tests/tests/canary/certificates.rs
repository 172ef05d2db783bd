//! Every flow of Certificate Manager with all that is secret in it: the officer's files and passwords, what is signed with his key, what
//! devices enrol with, and the password of pushes.

use std::sync::Arc;

use axum::Router;
use smartid::cm::operations::{
    Details, Download, IssueCertificate, RawCall, RawRead, RawWrite, Register, RegistrationKind,
    Registrations, Revoke, Search,
};
use smartid::cm::push::{MemoryPushSink, PushReceiver};
use smartid::cm::{
    AccountId, Call, CertId, CertificateManager, CmRefusal, FindIssued, RequestSignature, SignedCall, Step,
};
use smartid::core::tower::InboundService;
use smartid::core::{CallPolicy, Error};
use smartid::trust::cms::{SignOptions, sign};
use smartid::trust::pkcs11::{KeySelector, Pin, Pkcs11Module, TokenSelector};
use smartid::trust::{MemorySigner, OfficerIdentity, OfficerSigner};
use smartid::{ReqwestTransport, SecretString, TokioRuntime};
use smartid_core::base64::{Flavour, encode};
use smartid_sim::{CertificatePush, Fault, FaultKind, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, new_csr};

use crate::{Seen, echo, page};

const PASSWORD: &str = "canary-p12-password-2b7c";
const PIN: &str = "canary-pin-590817";
const DEVICE: &str = "canary-device-password-c4e1";
const HMAC: &str = "Y2FuYXJ5LWhtYWMta2V5LTgxNTU";
const PUSH: &str = "canary-push-password-0d3a";
const SEARCHED: &str = "canary-person-searched-for";
const RAW: &str = "canary-raw-value-7aa1";

/// Bytes that must be seen nowhere, not even a part of them: beginning and end, however they are written.
pub(crate) fn plant_bytes(seen: &mut Seen, bytes: &[u8]) {
    let end = (bytes.len() - 45) / 48 * 48;
    for part in [&bytes[..48.min(bytes.len())], &bytes[end..]] {
        seen.plant_octets(part);
    }
}

/// A client whose officer comes out of a PKCS #12 file.
fn client(seen: &mut Seen, world: &CmWorld) -> CertificateManager {
    let officer = world.sim.officer("ra-officer").unwrap();
    let p12 = officer.p12(PASSWORD).unwrap();
    // The beginning of a container is the same in all of them.
    plant_bytes(seen, &p12[96..]);
    plant_bytes(seen, &officer.key_pkcs8()[36..]);
    let refused = MemorySigner::from_pkcs12(&p12, &SecretString::new(format!("{PASSWORD}x"))).unwrap_err();
    seen.debug(&(&refused, refused.to_string()));
    let refused = MemorySigner::from_pkcs12(&p12[..400], &SecretString::new(PASSWORD)).unwrap_err();
    seen.debug(&(&refused, refused.to_string()));
    let signer = MemorySigner::from_pkcs12(&p12, &SecretString::new(PASSWORD)).unwrap();
    seen.debug(&(&signer, &officer));
    let signer: Arc<dyn OfficerSigner> = Arc::new(signer);
    let identity = OfficerIdentity::new(Arc::clone(&signer)).unwrap();
    seen.debug(&identity);
    let builder = ReqwestTransport::builder()
        .root_pem(world.sim.ca_pem())
        .identity(Arc::new(identity));
    seen.debug(&builder);
    let transport = builder.build().unwrap();
    let builder = CertificateManager::builder(world.sim.cm_url())
        .policy(CallPolicy::default().with_attempts(1))
        .signer(signer);
    seen.debug(&builder);
    let cm = builder
        .build(Arc::new(transport.clone()), Arc::new(TokioRuntime::new()))
        .unwrap();
    seen.debug(&(&cm, &transport));
    cm
}

pub(crate) fn error(seen: &mut Seen, error: &Error) {
    let texts = (error.to_string(), error.summary(), error.advice());
    seen.debug(&(error, texts));
    if let Some(refusal) = error.refusal::<CmRefusal>() {
        seen.debug(&(refusal, refusal.to_string(), refusal.message(), refusal.excerpt()));
        seen.debug(&refusal.items());
    }
    if let Some(unreadable) = error.unreadable_answer() {
        seen.debug(&(unreadable, unreadable.to_string()));
    }
}

fn registrations() -> [Register; 2] {
    let account = || AccountId::new("t1").unwrap();
    [
        Register::new(account(), RegistrationKind::Est)
            .fqdn("device.example.test")
            .realm("devices")
            .username("device")
            .password(SecretString::new(DEVICE)),
        Register::new(account(), RegistrationKind::Acme)
            .key_id("kid")
            .hmac_key(SecretString::new(HMAC))
            .field("extra", SecretString::new(RAW)),
    ]
}

fn raw() -> RawWrite {
    RawWrite::new("registrations/t1/est", smartid::cm::dialect::Encoding::Form)
        .field("fqdn", "raw.example.test")
        .field("username", "raw")
        .field("password", RAW)
}

pub(crate) async fn run(seen: &mut Seen) {
    for secret in [PASSWORD, PIN, DEVICE, HMAC, PUSH, SEARCHED, RAW] {
        seen.plant(secret);
    }
    for mode in ["caller", "vro"] {
        let world = CmWorld::with(&format!("[cm.signing]\nmode = '{mode}'")).await;
        let cm = client(seen, &world);
        good(seen, &world, &cm).await;
        bad(seen, &world, &cm).await;
        for signature in world.sim.cm().seen_signatures() {
            plant_bytes(seen, &signature.message);
        }
    }
    by_hand(seen).await;
    token(seen);
    pushed(seen).await;
}

async fn good(seen: &mut Seen, world: &CmWorld, cm: &CertificateManager) {
    let call = IssueCertificate::new(new_csr("C=SE,CN=Canary"));
    let issued = cm.write(&call).await.unwrap();
    seen.debug(&(&call, &issued));
    let certid = issued.certid.unwrap();
    for call in registrations() {
        let done = cm.write(&call).await.unwrap();
        seen.debug(&(&call, &done));
        let listed = cm
            .call(&Registrations::new(call.account.clone(), call.kind.clone()))
            .await;
        seen.debug(&listed);
    }
    let write = raw();
    let answer = cm.write(&write).await.unwrap();
    seen.debug(&(&write, &answer));
    let read = RawRead::new("certificates").query("subjectCommonName", SEARCHED);
    let answer = cm.call(&read).await.unwrap();
    seen.debug(&(&read, &answer));
    let body = format!("fqdn=a&username=a&password={RAW}");
    let step = RawCall::new(http::Method::POST, "registrations/t1/est")
        .body("application/x-www-form-urlencoded", body);
    let answer = cm.call(&step).await.unwrap();
    seen.debug(&(&step, &answer));
    let page = cm
        .call(&Search::new().subject_common_name(SEARCHED))
        .await
        .unwrap();
    seen.debug(&(&page, &cm.pages(Search::new())));
    seen.debug(&cm.call(&Details::new(certid.clone())).await);
    seen.debug(&cm.call(&Download::new(certid.clone())).await);
    let results = cm.write(&Revoke::hold(certid)).await.unwrap();
    seen.debug(&results);
    seen.debug(&cm.find_issued(&FindIssued::of_key(call.csr.public_key())).await);
    seen.debug(&(cm.check_connection().await, &world.sim.records()));
}

/// Each call, answered by what tells the secrets back, or not at all.
async fn bad(seen: &mut Seen, world: &CmWorld, cm: &CertificateManager) {
    let told_back = |status: u16| FaultKind::Respond {
        status,
        content_type: "application/json".to_owned(),
        body: format!(
            "{{\"error\":-14,\"msg\":\"password={DEVICE} hmackey={HMAC} are wrong\",\"password\":\"{DEVICE}\",\"{HMAC}\":\"{PASSWORD}\",\
             \"errors\":[{{\"certid\":\"1\",\"errorcode\":-14,\"errormessage\":\"password={DEVICE}\",\"x\":\"{RAW}\"}}]}}"
        ),
        work: false,
        headers: vec![(
            "location".to_owned(),
            format!("https://u:{PUSH}@h.example.test/a?ticket={RAW}"),
        )],
    };
    let one = CertId::new("1").unwrap();
    for (skip, kind) in [
        (0, told_back(200)),
        (0, told_back(400)),
        (0, told_back(302)),
        (0, echo(400)),
        (0, page()),
        (0, FaultKind::LostReply),
        (0, FaultKind::Reset),
        (0, FaultKind::DeepJson { depth: 5000 }),
        (1, told_back(200)),
        (1, page()),
        (1, FaultKind::LostReply),
        (1, FaultKind::TruncatedBody),
    ] {
        for route in [
            Route::CmSearch,
            Route::CmIssue,
            Route::CmRevoke,
            Route::CmRegistrations,
        ] {
            world.sim.faults().clear();
            world
                .sim
                .faults()
                .inject(Fault::new(route, kind.clone()).skip(skip).times(0));
            let mut errors = Vec::new();
            match route {
                Route::CmSearch => {
                    let search = Search::new().subject_common_name(SEARCHED);
                    errors.extend(cm.call(&search).await.err());
                    errors.extend(cm.pages(search).next().await.err());
                }
                Route::CmIssue => {
                    let call = IssueCertificate::new(new_csr("C=SE,CN=Canary"));
                    errors.extend(cm.write(&call).await.err());
                }
                Route::CmRevoke => errors.extend(cm.write(&Revoke::hold(one.clone())).await.err()),
                _ => {
                    for call in registrations() {
                        errors.extend(cm.write(&call).await.err());
                    }
                    errors.extend(cm.write(&raw()).await.err());
                }
            }
            assert!(!errors.is_empty() || skip > 0, "{route:?} {kind:?}");
            errors.iter().for_each(|found| error(seen, found));
        }
    }
    world.sim.faults().clear();
}

/// The two steps one by one, and their values.
async fn by_hand(seen: &mut Seen) {
    let world = CmWorld::start(CmSetup::default()).await;
    let [call, _] = registrations();
    let Step::Sign(data) = world.cm.call(&Call::new(&call)).await.unwrap() else {
        panic!("nothing to sign")
    };
    plant_bytes(seen, data.as_bytes());
    let signer = CmSetup::default().open(&world.sim, "ra-officer");
    let message = sign(&*signer, data.as_bytes(), &SignOptions::new()).unwrap();
    plant_bytes(seen, &message);
    let signature = RequestSignature::from_cms(message);
    seen.debug(&(&data, &signature, Call::new(&call)));
    let signed = SignedCall::new(&call, &signature);
    seen.debug(&signed);
    let done = world.cm.call(&signed).await.unwrap();
    let again = world.cm.call(&signed).await.unwrap_err();
    seen.debug(&done);
    error(seen, &again);
}

/// A token that is not there.
fn token(seen: &mut Seen) {
    let pin = Pin::known(SecretString::new(PIN));
    seen.debug(&pin);
    let found = Pkcs11Module::load("/nowhere/canary-module.so");
    if let Ok(module) = &found {
        seen.debug(&module.signer(TokenSelector::any(), KeySelector::any(), pin).err());
    }
    seen.debug(&found.map(drop));
}

async fn pushed(seen: &mut Seen) {
    let world = CmWorld::start(CmSetup::default()).await;
    let (sink, runtime) = (Arc::new(MemoryPushSink::new()), Arc::new(TokioRuntime::new()));
    seen.plant(&encode(Flavour::Standard, format!("cm:{PUSH}").as_bytes()));
    let builder = PushReceiver::builder(Arc::clone(&sink) as _, Arc::clone(&runtime) as _)
        .basic_auth("cm", SecretString::new(PUSH));
    seen.debug(&builder);
    let receiver = Arc::new(builder.build().unwrap());
    seen.debug(&receiver);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = InboundService::new(Arc::clone(&receiver) as _, runtime);
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback_service(service)).await });
    let der = world.sim.officer("reader").unwrap().certificate_der().to_vec();
    let other = format!("{PUSH}-of-another");
    seen.plant(&encode(Flavour::Standard, format!("cm:{other}").as_bytes()));
    for (password, body, status) in [
        (PUSH, der.clone(), 200),
        (other.as_str(), der, 401),
        (PUSH, vec![0; 9], 400),
    ] {
        let push = CertificatePush::new(&url, "Template", body)
            .tenant("t1")
            .basic("cm", password);
        let reports = world.sim.cm().push_certificate(&push).await.unwrap();
        assert_eq!(reports[0].status, Some(status));
        seen.debug(&(&push, &reports, &receiver, receiver.counters()));
        seen.text(&String::from_utf8_lossy(&reports[0].body));
    }
    seen.debug(&(&sink, sink.take()));
}
