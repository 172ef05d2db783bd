//! Messaging from end to end: the program that is an API user, with its callbacks and its pictures served by axum.

mod bench;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use smartid::core::tower::InboundService;
use smartid::core::{Endpoint, Inbound, Inbox, MemoryInbox, Timestamp};
use smartid::hermod::auth;
use smartid::hermod::callback::CallbackReceiver;
use smartid::hermod::content::{ContentReceiver, MemoryContent};
use smartid::hermod::wait::PollPolicy;
use smartid::hermod::{CommandHeader, CommandReport, ImmediateResponse, Pending};
use smartid::{ApiKey, Hermod, HermodDialect, ReqwestTransport, Runtime, SecretString, Transport};
use smartid_sim::Sim;
use tokio::sync::watch;

pub use bench::{ADMIN_KEY, Bench, Enrolled, jpeg, shown, signer, template};

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
