//! Messaging from end to end: the program that is an API user, with its callbacks and its pictures served by axum, and what most flows
//! begin with: a phone whose profile has keys with certificates.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use smartid::core::tower::InboundService;
use smartid::core::{Endpoint, Inbound, Inbox, MemoryInbox, Timestamp};
use smartid::hermod::answers::{AttestationKeys, Provisioned, Signers};
use smartid::hermod::auth;
use smartid::hermod::callback::CallbackReceiver;
use smartid::hermod::commands::provision::{KeyRequest, KeyTypePriority, Provision, Usage};
use smartid::hermod::commands::{CertificateEntry, InstallCertificates, Nonce};
use smartid::hermod::content::{ContentReceiver, MemoryContent};
use smartid::hermod::wait::PollPolicy;
use smartid::hermod::{CommandHeader, CommandReport, ImmediateResponse, MobileLinkOptions, Pending};
use smartid::trust::jws::JwkSet;
use smartid::trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid::trust::request::{RequestTemplate, TemplateBuilder, ThrowAwayKey};
use smartid::trust::{Certificate, Curve};
use smartid::{ApiKey, Hermod, HermodDialect, ReqwestTransport, Runtime, SecretString, Transport};
use smartid_sim::pki::{Key, Profile, Validity};
use smartid_sim::{Card, Mobile, Persona, Sim, TestCa};
use tokio::sync::watch;

use crate::{CALLBACK_PASSWORD, Setup};

/// The user of most tests.
pub const ALICE: &str = "alice@example.test";

/// The password of the content provider's user.
pub const CONTENT_PASSWORD: &str = "content-password";

/// How long anything may take before a test has failed.
pub const GUARD: Duration = Duration::from_secs(60);

/// A callback or a content request that we have answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// Its path.
    pub path: String,
    /// What we answered.
    pub status: u16,
}

/// A program that is an API user of messaging.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiUser {
    /// The client.
    pub hermod: Hermod,
    /// Where outcomes go.
    pub inbox: Arc<dyn Inbox>,
    /// What takes callbacks.
    pub callbacks: Arc<CallbackReceiver>,
    /// The pictures that the content provider has.
    pub content: Arc<MemoryContent>,
    /// The content provider.
    pub provider: Arc<ContentReceiver>,
    /// How waits poll.
    pub polling: PollPolicy,
    calls: watch::Receiver<Vec<Call>>,
}

/// A command that was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sent {
    /// The immediate response.
    pub answer: ImmediateResponse,
    /// What is remembered of it.
    pub pending: Pending,
}

impl Sent {
    /// The plugout link.
    #[must_use]
    pub fn link(&self) -> String {
        self.answer.link().unwrap().expose().to_owned()
    }
}

async fn note(State(calls): State<watch::Sender<Vec<Call>>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    calls.send_modify(|all| all.push(Call { path, status }));
    response
}

/// Serves what messaging calls.
async fn serve(
    inbound: Arc<dyn Inbound>,
    runtime: &Arc<dyn Runtime>,
    calls: watch::Sender<Vec<Call>>,
) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = InboundService::new(inbound, Arc::clone(runtime));
    let router = Router::new()
        .fallback_service(service)
        .layer(middleware::from_fn_with_state(calls, note));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A transport to the simulator.
#[must_use]
pub fn transport(sim: &Sim) -> Arc<dyn Transport> {
    let transport = ReqwestTransport::builder().root_pem(sim.ca_pem().as_bytes());
    Arc::new(transport.build().unwrap())
}

impl ApiUser {
    /// With an inbox of its own.
    pub async fn start(sim: &Sim, client_id: &str, setup: &Setup) -> Self {
        Self::sharing(sim, client_id, setup, Arc::new(MemoryInbox::new()), None).await
    }

    /// With an inbox that others have too, under a name that keeps their outcomes apart, if there is one.
    pub async fn sharing(
        sim: &Sim,
        client_id: &str,
        setup: &Setup,
        inbox: Arc<dyn Inbox>,
        name: Option<&str>,
    ) -> Self {
        let key = sim.api_user(client_id).unwrap().key;
        let key = ApiKey::new(client_id, SecretString::new(key)).unwrap();
        let mut client = Hermod::builder(&sim.hermod_command_url(), key)
            .timeout(setup.timeout)
            .lifespan(setup.timeout + Duration::from_secs(50))
            .dialect(setup.messaging.clone());
        if let Some(name) = name {
            client = client.inbox_name(name);
        }
        let hermod = client.build(transport(sim), Arc::clone(&setup.runtime)).unwrap();
        let callbacks = hermod
            .callback_receiver(Arc::clone(&inbox))
            .basic_auth("hermod", SecretString::new(CALLBACK_PASSWORD))
            .build()
            .unwrap();
        let content = Arc::new(MemoryContent::new(Arc::clone(&setup.runtime)));
        let provider = ContentReceiver::builder(Arc::clone(&content) as _)
            .basic_auth("hermod", SecretString::new(CONTENT_PASSWORD))
            .dialect(&setup.messaging)
            .build()
            .unwrap();
        let (sender, calls) = watch::channel(Vec::new());
        let user = Self {
            callbacks: Arc::new(callbacks),
            provider: Arc::new(provider),
            hermod,
            inbox,
            content,
            polling: setup.polling,
            calls,
        };
        if setup.callbacks {
            let address = serve(Arc::clone(&user.callbacks) as _, &setup.runtime, sender.clone()).await;
            let url = format!("http://{address}/{client_id}");
            sim.set_callback_of(client_id, &url, Some(("hermod", CALLBACK_PASSWORD)));
        }
        let address = serve(Arc::clone(&user.provider) as _, &setup.runtime, sender).await;
        let url = format!("http://{address}/images");
        sim.set_content_provider(client_id, &url, Some(("hermod", CONTENT_PASSWORD)));
        user
    }

    /// A header for one command to a user.
    #[must_use]
    pub fn to(&self, user: &str) -> CommandHeader {
        self.hermod.header().to([user])
    }

    /// Sends a command with this header.
    pub async fn send<E>(&self, header: &CommandHeader, command: &E) -> Sent
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect, Output = ImmediateResponse>,
    {
        let pending = Pending::new(header, self.now());
        let answer = self.hermod.call(command).await.unwrap();
        let pending = pending.answered(&answer);
        Sent { answer, pending }
    }

    /// The clients' time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.hermod.runtime().now()
    }

    /// Waits for the end of a command that somebody answers.
    pub async fn report(&self, pending: &Pending) -> CommandReport {
        let waited = self.hermod.wait(&*self.inbox, pending, &self.polling);
        let waited = tokio::time::timeout(GUARD, waited).await.unwrap().unwrap();
        waited.report.unwrap()
    }

    /// What we have answered to messaging so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// Waits until so many callbacks were answered after the first `before` calls, whatever their path is, content requests left out.
    pub async fn called_back(&self, before: usize, times: usize) {
        let mut count = before;
        loop {
            let calls = self.called(count).await;
            let callbacks = calls
                .iter()
                .skip(before)
                .filter(|call| !call.path.starts_with("/images/"));
            if callbacks.count() >= times {
                return;
            }
            count = calls.len() + 1;
        }
    }

    /// Waits until we have answered messaging so many times.
    pub async fn called(&self, times: usize) -> Vec<Call> {
        let mut calls = self.calls.clone();
        let enough = calls.wait_for(|calls| calls.len() >= times);
        tokio::time::timeout(GUARD, enough)
            .await
            .unwrap()
            .unwrap()
            .clone()
    }
}

/// A simulator with one API user, and a certificate authority.
#[derive(Debug)]
#[non_exhaustive]
pub struct Bench {
    /// The simulator.
    pub sim: Sim,
    /// The API user.
    pub user: ApiUser,
    /// Issues certificates for the keys that devices make.
    pub ca: TestCa,
    /// What it was made with.
    pub setup: Setup,
}

/// A phone or a Desktop App that has answered a provision command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Enrolled {
    /// The command.
    pub command: Provision,
    /// What its answer brought, verified.
    pub provisioned: Provisioned,
}

impl Enrolled {
    /// From a command and its verified answer.
    #[must_use]
    pub fn new(command: Provision, provisioned: Provisioned) -> Self {
        Self { command, provisioned }
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> String {
        self.provisioned.profile_id.as_str().to_owned()
    }
}

/// A template for the certificate of Alice.
#[must_use]
pub fn template() -> RequestTemplate {
    let subject = "CN=Alice Example,O=Example,C=SE".parse().unwrap();
    let template = TemplateBuilder::new(subject).with_email(ALICE);
    template.build(ThrowAwayKey::P256).unwrap()
}

/// A key with the name `signer` that a certificate is wanted for.
#[must_use]
pub fn signer() -> KeyRequest {
    KeyRequest::new("signer", Usage::Signature, [KeyTypePriority::ec(Curve::P256)]).template(template())
}

/// Something that looks like a picture.
#[must_use]
pub fn jpeg(content: &str) -> Vec<u8> {
    [&[0xff, 0xd8, 0xff, 0xe0], content.as_bytes(), &[0xff, 0xd9]].concat()
}

impl Bench {
    /// Starts the simulator, and one API user on it.
    pub async fn start(mut setup: Setup) -> Self {
        // With a seed, keys that take long to make are shared.
        setup.sim.seed = setup.sim.seed.or(Some(7));
        // Phones react when they are told to, unless a test wants another thing.
        setup.sim.mobile.auto = setup.sim.mobile.auto.or(Some(false));
        let sim = Sim::builder()
            .config(setup.sim.clone())
            .clock(setup.clock.clone())
            .start()
            .await
            .unwrap();
        let user = ApiUser::start(&sim, sim.hermod_client_id(), &setup).await;
        let ca = TestCa::new(5, sim.clock().unix_millis() / 1000 - 60).unwrap();
        Self { sim, user, ca, setup }
    }

    /// With these switches of the simulator.
    pub async fn with(sim: &str) -> Self {
        let mut setup = Setup::default();
        setup.sim = smartid_sim::SimConfig::from_toml(sim).unwrap();
        Self::start(setup).await
    }

    /// The apps' attestation keys.
    #[must_use]
    pub fn attestation(&self) -> AttestationKeys {
        AttestationKeys::new(JwkSet::from_json(self.sim.attestation_key_set().unwrap()).unwrap())
    }

    /// Those whose certificate the authority has issued.
    #[must_use]
    pub fn signers(&self) -> Signers {
        let root = Certificate::from_der(self.ca.root_der().to_vec()).unwrap();
        let verifier = WebpkiVerifier::builder().root(root).build().unwrap();
        Signers::certificates(Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing())))
    }

    /// A certificate of the authority for a key of the device.
    #[must_use]
    pub fn issue(&self, enrolled: &Enrolled, key: &str, profile: Profile) -> CertificateEntry {
        let key = enrolled.provisioned.key(key).unwrap();
        let request = key.request.as_ref().unwrap().fact().der().clone();
        let now = self.sim.clock().unix_millis() / 1000;
        let issued = self
            .ca
            .issue(&request, profile, Validity::days(now - 30, 30))
            .unwrap();
        let certificate = Certificate::from_der(issued.der().to_vec()).unwrap();
        let issuer = Certificate::from_der(self.ca.issuer_der().to_vec()).unwrap();
        CertificateEntry::for_key(key, certificate)
            .unwrap()
            .chain([issuer])
    }

    /// A smart card with a key `signer` and its certificate, put into the Desktop App's reader; that certificate and the authority's.
    pub fn insert_card(&self, id: &str, key: &Key) -> Vec<Vec<u8>> {
        let now = self.sim.clock().unix_millis() / 1000;
        let validity = Validity::days(now - 30, 30);
        let issued = self
            .ca
            .issue_for_key("CN=Alice Example,O=Example", key, Profile::Signing, validity);
        let chain = [issued.unwrap().der().to_vec(), self.ca.issuer_der().to_vec()];
        let card = Card::new(id)
            .admin_key(ADMIN_KEY)
            .key("signer", "SIG", key, &chain);
        self.sim.desktop().insert_card(card);
        chain.to_vec()
    }

    /// Provisions a phone for Alice by the link of the immediate response.
    pub async fn enrol(&self, phone: &Mobile, keys: impl IntoIterator<Item = KeyRequest>) -> Enrolled {
        self.enrol_for(&self.user, phone, keys).await
    }

    /// The same, for another API user.
    pub async fn enrol_for(
        &self,
        user: &ApiUser,
        phone: &Mobile,
        keys: impl IntoIterator<Item = KeyRequest>,
    ) -> Enrolled {
        let (command, sent) = self.begin_enrolment(user, keys).await;
        let link = sent.answer.mobile_link(&MobileLinkOptions::new()).unwrap();
        phone.open_as(link.expose(), Persona::Approves).await.unwrap();
        self.end_enrolment(user, command, &sent).await
    }

    /// Provisions the Desktop App for Alice by the plugout link.
    pub async fn enrol_desktop(&self, keys: impl IntoIterator<Item = KeyRequest>) -> Enrolled {
        let (command, sent) = self.begin_enrolment(&self.user, keys).await;
        let desktop = self.sim.desktop();
        desktop.open_as(&sent.link(), Persona::Approves).await.unwrap();
        self.end_enrolment(&self.user, command, &sent).await
    }

    async fn begin_enrolment(
        &self,
        user: &ApiUser,
        keys: impl IntoIterator<Item = KeyRequest>,
    ) -> (Provision, Sent) {
        let header = user.hermod.header();
        let mut command = Provision::new_profile(header.clone(), ALICE, "Example Smart ID", "Work phone")
            .nonce(Nonce::random(&**user.hermod.runtime()));
        command.profile.keys.extend(keys);
        let sent = user.send(&header, &command).await;
        (command, sent)
    }

    async fn end_enrolment(&self, user: &ApiUser, command: Provision, sent: &Sent) -> Enrolled {
        let report = user.report(&sent.pending).await;
        let answer = report.provision(user.hermod.dialect()).succeeded().unwrap();
        let verified = answer.verify(&command.policy(&self.attestation()), user.now());
        let provisioned = verified.unwrap().into_parts().0;
        Enrolled { command, provisioned }
    }

    /// As [`enrol`](Self::enrol) with the key [`signer`], whose certificate is installed then. The phone is told to look.
    pub async fn enrol_with_certificate(&self, phone: &Mobile) -> Enrolled {
        let enrolled = self.enrol(phone, [signer()]).await;
        let header = self.user.to(ALICE);
        let command = InstallCertificates::new(header.clone())
            .user(ALICE)
            .profile(enrolled.provisioned.profile_id.clone())
            .certificate(self.issue(&enrolled, "signer", Profile::Signing));
        let sent = self.user.send(&header, &command).await;
        phone.check_as(Persona::Approves).await.unwrap();
        let report = self.user.report(&sent.pending).await;
        report
            .certificate(self.user.hermod.dialect())
            .succeeded()
            .unwrap();
        enrolled
    }
}

/// The admin key of the cards.
pub const ADMIN_KEY: [u8; 24] = *b"admin-key-0f-the-c4rds!!";

/// Where things stand that a device showed to its person, by their key.
#[must_use]
pub fn shown(report: &smartid_sim::DeviceReport) -> BTreeMap<String, Vec<u8>> {
    let entries = report.shown.iter().filter(|shown| !shown.key.is_empty());
    entries
        .map(|shown| (shown.key.clone(), shown.content.clone()))
        .collect()
}
