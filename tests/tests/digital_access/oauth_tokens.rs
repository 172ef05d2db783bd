//! The OAuth client against the simulated token endpoint: tokens that open `/fido`, end, are lost, and are given back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smartid_core::{
    BlockingWork, BoxFuture, ConfigError, Error, Retry, Runtime, SecretString, Timestamp, Transport, Turn,
    WorkLost,
};
use smartid_da::fido::GetOptions;
use smartid_da::oauth::{
    ClientAuthentication, OAuthBuilder, OAuthClient, OAuthDialect, OAuthError, OAuthErrorKind, Revocation,
    TokenProblem,
};
use smartid_da::{DaAuth, DigitalAccess, TokenProvider, UserId};
use smartid_reqwest::{PemIdentity, ReqwestTransport, TokioRuntime};
use smartid_sim::{Fault, FaultKind, Route, Sim, SimClock, SimConfig};

/// The clock of the client, which goes forward when it is told to.
#[derive(Debug, Default)]
struct Ahead {
    tokio: TokioRuntime,
    millis: AtomicU64,
}

impl Runtime for Ahead {
    fn now(&self) -> Timestamp {
        self.tokio.now() + Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.tokio.sleep(duration)
    }
    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.tokio.run_blocking(work)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        self.tokio.fill_random(bytes);
    }
}

struct Bench {
    sim: Sim,
    runtime: Arc<Ahead>,
}

const SECRET: &str = "s+e%c&r e:t";

impl Bench {
    /// `/fido` wants a token of the scope `WS`; the switches are those of `[da.oauth]`.
    async fn new(switches: &str) -> Self {
        let clients = format!(
            "[[da.oauth.clients]]\nid = 'idm 1'\nsecret = '{SECRET}'\nscopes = ['WS', 'other']\n\
             [[da.oauth.clients]]\nid = 'card'\nauthentication = ['certificate']\ncertificate_common_name = 'idm.example.test'\n"
        );
        let text = format!("[da]\nauth = 'oauth'\n[da.oauth]\n{switches}\n{clients}");
        let sim = Sim::builder()
            .config(SimConfig::from_toml(&text).unwrap())
            .clock(SimClock::manual())
            .start()
            .await
            .unwrap();
        Self {
            sim,
            runtime: Arc::default(),
        }
    }

    fn transport(&self, common_name: Option<&str>) -> Arc<dyn Transport> {
        let mut builder = ReqwestTransport::builder().root_pem(self.sim.ca_pem().as_bytes());
        if let Some(name) = common_name {
            let identity = self.sim.client_identity(name).unwrap();
            let pem = format!("{}{}", identity.certificate_pem, identity.key_pem);
            builder = builder.identity(Arc::new(PemIdentity::from_pem(pem.as_bytes()).unwrap()));
        }
        Arc::new(builder.build().unwrap())
    }

    fn settings(&self, id: &str, authentication: ClientAuthentication) -> OAuthBuilder {
        OAuthClient::builder(self.sim.da_token_url(), id, authentication)
            .revoke_endpoint(self.sim.da_revoke_url())
    }

    fn basic(&self) -> OAuthBuilder {
        self.settings("idm 1", ClientAuthentication::basic(SecretString::new(SECRET)))
    }

    fn client(&self, settings: OAuthBuilder) -> Result<OAuthClient, ConfigError> {
        settings.build(self.transport(None), self.runtime())
    }

    fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::clone(&self.runtime) as Arc<dyn Runtime>
    }

    fn digital_access(&self, tokens: &OAuthClient) -> DigitalAccess {
        let auth = DaAuth::provider(Arc::new(tokens.clone()));
        DigitalAccess::builder(self.sim.da_base_url(), auth)
            .build(self.transport(None), self.runtime())
            .unwrap()
    }

    /// Time passes for both.
    fn pass(&self, seconds: u64) {
        self.sim.advance(Duration::from_secs(seconds));
        self.runtime.millis.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// How often each answer was given since the last look, by the simulator's own words.
    fn answers(&self) -> BTreeMap<String, usize> {
        let mut answers = BTreeMap::new();
        for record in self.sim.records() {
            let end = record.path.rsplit('/').next().unwrap().to_owned();
            let status = record
                .status
                .map_or("none".to_owned(), |status| status.to_string());
            *answers.entry(format!("{end} {status}")).or_default() += 1;
        }
        self.sim.clear_records();
        answers
    }
}

fn counts(list: &[(&str, usize)]) -> BTreeMap<String, usize> {
    list.iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

async fn options(da: &DigitalAccess) -> Result<(), Error> {
    let call = GetOptions::new(UserId::new("alice").unwrap());
    da.call(&call).await.map(|options| options.validate().unwrap())
}

#[tokio::test]
async fn each_authentication_brings_a_token_that_opens_fido() {
    let bench = Bench::new("").await;
    let body = ClientAuthentication::body(SecretString::new(SECRET));
    let body = bench.settings("idm 1", body).scope("WS");
    for settings in [bench.basic(), bench.basic().scope("WS").scope("other"), body] {
        let tokens = bench.client(settings).unwrap();
        options(&bench.digital_access(&tokens)).await.unwrap();
        let token = tokens.access_token().await.unwrap();
        assert!(!token.lacks("WS") && token.lints().is_empty(), "{token:?}");
        assert_eq!(token.lifetime(), Some(Duration::from_secs(3600)));
    }
    let certificate = |name| {
        bench
            .settings("card", ClientAuthentication::certificate())
            .build(bench.transport(name), bench.runtime())
            .unwrap()
    };
    let tokens = certificate(Some("idm.example.test"));
    options(&bench.digital_access(&tokens)).await.unwrap();
    for wrong in [None, Some("other.example.test")] {
        let error = certificate(wrong).access_token().await.unwrap_err();
        assert_eq!(error.call().unwrap().code(), Some("invalid_client"));
        assert_eq!(error.retry(), Retry::No);
    }
    assert_eq!(bench.sim.oauth_tokens(), 4);
    assert_eq!(
        bench.answers(),
        counts(&[("token 200", 4), ("token 401", 2), ("options 200", 4)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_tasks_need_one_token_and_one_more_when_the_server_has_lost_it() {
    let bench = Bench::new("").await;
    let tokens = bench.client(bench.basic()).unwrap();
    let da = bench.digital_access(&tokens);
    let fifty = || async {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let da = da.clone();
                tokio::spawn(async move { options(&da).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    };
    fifty().await;
    assert_eq!(bench.answers(), counts(&[("token 200", 1), ("options 200", 50)]));

    bench.sim.forget_oauth_tokens();
    fifty().await;
    let answers = bench.answers();
    assert_eq!(answers["token 200"], 1, "{answers:?}");
    assert_eq!(answers["options 200"], 50);
    assert!(answers["options 401"] <= 50);
    assert_eq!(bench.sim.oauth_tokens(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_whatever_the_form_of_its_lifetime() {
    for (switches, kept) in [
        ("", 3500),
        ("expires_in = 'text'\ntoken_type = 'bearer'", 3500),
        ("expires_in = 'absent'", 50),
        ("token_lifetime_seconds = 100", 40),
    ] {
        let bench = Bench::new(switches).await;
        let tokens = bench.client(bench.basic()).unwrap();
        let da = bench.digital_access(&tokens);
        options(&da).await.unwrap();
        bench.pass(kept);
        options(&da).await.unwrap();
        assert_eq!(
            bench.answers(),
            counts(&[("token 200", 1), ("options 200", 2)]),
            "{switches}"
        );
        // The last minute, or the second half of its life: it would still be taken, and is renewed.
        bench.pass(45);
        options(&da).await.unwrap();
        assert_eq!(
            bench.answers(),
            counts(&[("token 200", 1), ("options 200", 1)]),
            "{switches}"
        );
    }
}

#[tokio::test]
async fn a_token_that_ended_early_is_renewed_by_the_call_that_finds_out() {
    let bench = Bench::new("").await;
    let tokens = bench.client(bench.basic()).unwrap();
    let da = bench.digital_access(&tokens);
    options(&da).await.unwrap();
    // The server's clock alone: its token has ended, ours not.
    bench.sim.advance(Duration::from_secs(3600));
    options(&da).await.unwrap();
    assert_eq!(
        bench.answers(),
        counts(&[("token 200", 2), ("options 200", 2), ("options 401", 1)])
    );
}

#[tokio::test]
async fn a_token_that_was_given_back_opens_nothing() {
    let bench = Bench::new("").await;
    let tokens = bench.client(bench.basic()).unwrap();
    let da = bench.digital_access(&tokens);
    let token = tokens.token().await.unwrap();
    options(&da).await.unwrap();
    tokens
        .revoke(Revocation::access_token(token.clone()))
        .await
        .unwrap();
    assert_eq!(bench.sim.oauth_tokens(), 0);
    // Again: it is not known any more, and that is no error.
    tokens.revoke(Revocation::new(token.clone())).await.unwrap();
    let held = DigitalAccess::builder(bench.sim.da_base_url(), DaAuth::bearer(token))
        .build(bench.transport(None), bench.runtime())
        .unwrap();
    assert_eq!(options(&held).await.unwrap_err().status().unwrap().as_u16(), 401);
    options(&da).await.unwrap();
    assert_eq!(bench.sim.oauth_tokens(), 1);
}

#[tokio::test]
async fn refusals_name_the_endpoint_and_whose_turn_it_is() {
    let bench = Bench::new("").await;
    let wrong = ClientAuthentication::basic(SecretString::new("canary-wrong"));
    let other = SecretString::new(SECRET);
    for (settings, code, says) in [
        (bench.settings("idm 1", wrong), "invalid_client", "client secret"),
        (
            bench.settings("nobody", ClientAuthentication::body(other)),
            "invalid_client",
            "client id",
        ),
        (bench.basic().scope("none"), "invalid_scope", "scopes"),
    ] {
        let tokens = bench.client(settings).unwrap();
        let error = options(&bench.digital_access(&tokens)).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&bench.sim.da_token_url()) && text.contains(code),
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(
            (error.retry(), error.advice().turn),
            (Retry::No, Turn::Administrator)
        );
        assert!(error.advice().check.contains(says), "{text}");
    }
    assert!(!bench.answers().contains_key("options 200"));
}

#[tokio::test]
async fn id_and_secret_are_encoded_as_the_server_reads_them() {
    let bench = Bench::new("basic_decoding = 'raw'").await;
    let error = bench.client(bench.basic()).unwrap().access_token().await;
    assert_eq!(error.unwrap_err().call().unwrap().code(), Some("invalid_client"));
    let raw = OAuthDialect::from_toml("basic = 'raw'").unwrap();
    let tokens = bench.client(bench.basic().dialect(raw)).unwrap();
    options(&bench.digital_access(&tokens)).await.unwrap();
}

#[tokio::test]
async fn what_stands_in_front_of_the_endpoint_is_told_apart() {
    for (switches, kind) in [
        (
            "token_endpoint = 'login-redirect'",
            OAuthErrorKind::NotAuthenticated,
        ),
        ("token_endpoint = 'login-page'", OAuthErrorKind::NotAuthenticated),
        ("enabled = false", OAuthErrorKind::Unexpected),
        (
            "token_type = 'mac'",
            OAuthErrorKind::Unreadable(TokenProblem::TokenType),
        ),
    ] {
        let bench = Bench::new(switches).await;
        let tokens = bench.client(bench.basic()).unwrap();
        let error = tokens.access_token().await.unwrap_err();
        let refusal: &OAuthError = error.call().unwrap().refusal().unwrap();
        assert_eq!(refusal.kind(), kind, "{switches}: {error}");
        assert_eq!(error.retry(), Retry::No, "{switches}");
    }
}

#[tokio::test]
async fn a_network_that_fails_costs_that_call_alone() {
    let bench = Bench::new("").await;
    let tokens = bench.client(bench.basic()).unwrap();
    for (fault, retry) in [
        (FaultKind::LostReply, Retry::Yes { after: None }),
        (FaultKind::ResetMidBody, Retry::Yes { after: None }),
        (FaultKind::TruncatedBody, Retry::No),
        (FaultKind::DeepJson { depth: 10_000 }, Retry::No),
        (FaultKind::Huge { bytes: 50_000_000 }, Retry::No),
        (FaultKind::status(503), Retry::Yes { after: None }),
        (FaultKind::html(502), Retry::Yes { after: None }),
        (FaultKind::html(404), Retry::No),
        (
            FaultKind::redirect(307, "https://evil.example.org/token"),
            Retry::No,
        ),
    ] {
        bench
            .sim
            .faults()
            .inject(Fault::new(Route::DaToken, fault.clone()));
        let error = tokens.access_token().await.unwrap_err();
        assert_eq!(error.retry(), retry, "{fault:?}: {error}");
        assert!(bench.sim.faults().pending().is_empty());
    }
    options(&bench.digital_access(&tokens)).await.unwrap();
}
