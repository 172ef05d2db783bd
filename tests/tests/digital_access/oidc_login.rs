//! Login with OpenID Connect at the simulated Digital Access: the whole way, and a provider that lies.

use std::sync::Arc;

use http::header::{COOKIE, LOCATION};
use http::{HeaderValue, Method};
use smartid_core::{Error, Outgoing, SecretString, ServiceError as _, ServiceUrl, Transport};
use smartid_da::oauth::ClientAuthentication;
use smartid_da::oidc::{
    Issuer, LoggedIn, LoginOptions, OidcClient, OidcPlace, OidcReason, OidcRefusal, PkceSupport,
};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use smartid_sim::config::{OauthClient, OidcFlaw};
use smartid_sim::{Sim, SimConfig};

const BACK: &str = "https://app.example.test/callback";
const SECRET: &str = "s+e%c&r e:t";

struct Bench {
    sim: Sim,
    transport: Arc<dyn Transport>,
}

impl Bench {
    async fn new(switches: &str) -> Self {
        let config = SimConfig::from_toml(switches).unwrap();
        let sim = Sim::builder().config(config).start().await.unwrap();
        sim.put_oauth_client(OauthClient::new("portal", SECRET).redirect_uri(BACK));
        let transport = ReqwestTransport::builder()
            .root_pem(sim.ca_pem())
            .build()
            .unwrap();
        Self {
            sim,
            transport: Arc::new(transport),
        }
    }

    fn client(&self, secret: &str, form: fn(SecretString) -> ClientAuthentication) -> OidcClient {
        let issuer = Issuer::parse(&self.sim.da_issuer()).unwrap();
        OidcClient::builder(issuer, "portal", form(secret.into()), BACK)
            .own_host_only()
            .build(Arc::clone(&self.transport), Arc::new(TokioRuntime::new()))
            .unwrap()
    }

    /// A browser in which alice has a session goes to the address; the query that it comes back with.
    async fn back(&self, address: &str) -> String {
        let cookie = self.sim.da_session_of("alice", "Password").unwrap();
        let base = ServiceUrl::parse("test", self.sim.da_origin()).unwrap();
        let target = address
            .strip_prefix(base.as_str())
            .unwrap()
            .trim_start_matches('/');
        let request = Outgoing::new(Method::GET, target.to_owned())
            .header(COOKIE, HeaderValue::from_str(&cookie).unwrap());
        let answer = self.transport.send(&base, request).await.unwrap();
        let to = answer.headers()[LOCATION].to_str().unwrap();
        to.strip_prefix(BACK).unwrap().to_owned()
    }

    async fn log_in(&self, client: &OidcClient, options: &LoginOptions) -> Result<LoggedIn, Error> {
        let begun = client.begin(options).await?;
        let query = self.back(&begun.address).await;
        client.complete(begun.login, &query).await
    }

    async fn plain(&self) -> Result<LoggedIn, Error> {
        let client = self.client(SECRET, ClientAuthentication::basic);
        self.log_in(&client, &LoginOptions::new()).await
    }
}

fn refused(error: &Error) -> (OidcPlace, OidcReason) {
    let refusal = error
        .refusal::<OidcRefusal>()
        .unwrap_or_else(|| panic!("{error}"));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(SECRET) && !shown.contains("eyJ"), "{shown}");
    (refusal.place(), refusal.reason())
}

#[tokio::test]
async fn a_user_logs_in_with_every_algorithm() {
    for algorithm in ["ES256", "RS256", "PS256"] {
        for form in [ClientAuthentication::basic, ClientAuthentication::body] {
            let bench = Bench::new(&format!(
                "[da.oidc]\nid_token_alg = '{algorithm}'\nissuer_in_callback = true"
            ))
            .await;
            let client = bench.client(SECRET, form);
            let document = client.provider().await.unwrap();
            assert_eq!(document.pkce(), PkceSupport::S256);
            assert!(document.callback_carries_iss() && document.lints().is_empty());
            let options = LoginOptions::new().scope("profile");
            let logged_in = bench.log_in(&client, &options).await.unwrap();
            assert_eq!(logged_in.user().subject(), "alice");
            assert_eq!(logged_in.user().issuer().as_str(), bench.sim.da_issuer());
            assert!(logged_in.user().acr().is_some());
            let info = client.user_info(&logged_in).await.unwrap().unwrap();
            assert_eq!(info.subject(), "alice");
            assert!(info.claim::<String>("name").is_some());
        }
    }
}

#[tokio::test]
async fn a_provider_that_lies_is_not_believed() {
    use OidcPlace::{Callback, IdToken};
    for (flaw, place, reason) in [
        (OidcFlaw::State, Callback, OidcReason::State),
        (OidcFlaw::Nonce, IdToken, OidcReason::Nonce),
        (OidcFlaw::Audience, IdToken, OidcReason::Aud),
        (OidcFlaw::Issuer, IdToken, OidcReason::Iss),
        (OidcFlaw::Expired, IdToken, OidcReason::Exp),
        (OidcFlaw::Future, IdToken, OidcReason::Iat),
        (OidcFlaw::AtHash, IdToken, OidcReason::AtHash),
        (OidcFlaw::Signature, IdToken, OidcReason::Signature),
        (OidcFlaw::ForeignKey, IdToken, OidcReason::Signature),
        (OidcFlaw::AlgNone, IdToken, OidcReason::Algorithm),
        (OidcFlaw::Garbage, IdToken, OidcReason::Shape),
    ] {
        let bench = Bench::new("").await;
        bench.sim.reconfigure(|config| config.da.oidc.flaw = flaw);
        let error = bench.plain().await.unwrap_err();
        assert_eq!(refused(&error), (place, reason), "{flaw:?}: {error}");
    }
}

#[tokio::test]
async fn another_issuer_another_subject_another_secret() {
    let bench = Bench::new("[da.oidc]\ndiscovery_issuer = 'https://evil.example.org'").await;
    let error = bench.plain().await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::Document, OidcReason::Issuer));

    let bench = Bench::new("[da.oidc]\nuserinfo_other_subject = true").await;
    let client = bench.client(SECRET, ClientAuthentication::basic);
    let logged_in = bench.log_in(&client, &LoginOptions::new()).await.unwrap();
    let error = client.user_info(&logged_in).await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::UserInfo, OidcReason::Sub));

    let client = bench.client("another", ClientAuthentication::basic);
    let error = bench.log_in(&client, &LoginOptions::new()).await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::Token, OidcReason::Refused));
    assert_eq!(error.code(), Some("invalid_client"));

    let bench = Bench::new("[da.oidc]\nprovider = false").await;
    let error = bench.plain().await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::Document, OidcReason::Status));
}

#[tokio::test]
async fn a_code_is_good_once_and_with_its_verifier() {
    let bench = Bench::new("").await;
    let client = bench.client(SECRET, ClientAuthentication::basic);
    let begun = client.begin(&LoginOptions::new()).await.unwrap();
    let query = bench.back(&begun.address).await;
    client.complete(begun.login.clone(), &query).await.unwrap();
    let error = client.complete(begun.login, &query).await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::Token, OidcReason::Refused));
    assert_eq!(
        error.refusal::<OidcRefusal>().unwrap().code(),
        Some("invalid_grant")
    );

    let begun = client.begin(&LoginOptions::new()).await.unwrap();
    let query = bench.back(&begun.address).await;
    let mut stored = serde_json::to_value(&begun.login).unwrap();
    stored["verifier"] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
    let thief = serde_json::from_value(stored).unwrap();
    let error = client.complete(thief, &query).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_grant"));
}
