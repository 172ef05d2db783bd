//! Logins at a provider that is not ours: `oidc-provider` from npm, over HTTPS on this machine.
//!
//! Run by name: `cargo test -p smartid-da --features oidc --test peers_oidc_provider -- --ignored`, with `node` on the path and
//! `SMARTID_OIDC_PROVIDER` naming the folder in which `npm ci` was run with `tests/peers/package-lock.json`. Each test fails, and is not
//! skipped, when one of them is missing. A browser is played by a few lines that follow redirects, keep cookies and send one form.
#![cfg(feature = "oidc")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, Method};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Error, Incoming, Outgoing, ServiceUrl, Transport};
use smartid_da::oauth::ClientAuthentication;
use smartid_da::oidc::{
    Begun, Issuer, LoggedIn, Login, LoginOptions, OidcBuilder, OidcClient, OidcPlace, OidcReason,
    OidcRefusal, PkceSupport, PkceUse, Prompt,
};
use smartid_reqwest::{PemIdentity, ReqwestTransport, TokioRuntime};

const REDIRECT: &str = "https://app.example.test/callback?tenant=1";
const OTHER_REDIRECT: &str = "https://app.example.test/other";
const SECRET: &str = "a secret: of 100% + & =";

/// A key with its certificate, in PEM.
struct Pair {
    certificate: String,
    der: Vec<u8>,
    key: String,
}

fn parameters(name: &str, host: Option<&str>) -> CertificateParams {
    let mut parameters =
        CertificateParams::new(host.map(str::to_owned).into_iter().collect::<Vec<_>>()).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = parameters("CA of a test", None);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn issued(by: Option<&CertifiedIssuer<'static, KeyPair>>, name: &str, host: Option<&str>) -> Pair {
    let key = KeyPair::generate().unwrap();
    let parameters = parameters(name, host);
    let certificate = match by {
        Some(ca) => parameters.signed_by(&key, ca).unwrap(),
        None => parameters.self_signed(&key).unwrap(),
    };
    Pair {
        certificate: certificate.pem(),
        der: certificate.der().to_vec(),
        key: key.serialize_pem(),
    }
}

/// The public key of a certificate on P-256, as a JWK with the certificate.
fn jwk(pair: &Pair) -> Value {
    let key = KeyPair::from_pem(&pair.key).unwrap();
    let point = key.public_key_raw();
    assert_eq!((point.len(), point[0]), (65, 4));
    json!({
        "kty": "EC", "crv": "P-256", "kid": "client",
        "x": encode(Flavour::Url, &point[1..33]), "y": encode(Flavour::Url, &point[33..]),
        "x5c": [encode(Flavour::Standard, &pair.der)],
    })
}

/// The program and what it needs to be spoken to.
struct Provider {
    child: Child,
    input: Option<ChildStdin>,
    issuer: Issuer,
    ca: String,
    own: Pair,
    by_ca: Pair,
    stranger: Pair,
}

impl Provider {
    fn start() -> Self {
        let ca = authority();
        let server = issued(Some(&ca), "localhost", Some("localhost"));
        let by_ca = issued(Some(&ca), "portal", None);
        let stranger = issued(Some(&ca), "somebody", None);
        let own = issued(None, "own", None);
        let mut clients = Vec::new();
        for algorithm in ["RS256", "ES256", "PS256"] {
            for (name, method) in [
                ("basic", "client_secret_basic"),
                ("body", "client_secret_post"),
                ("tls", "tls_client_auth"),
                ("own", "self_signed_tls_client_auth"),
            ] {
                let mut client = json!({
                    "client_id": format!("{name}-{algorithm}"),
                    "token_endpoint_auth_method": method,
                    "id_token_signed_response_alg": algorithm,
                    "redirect_uris": [REDIRECT, OTHER_REDIRECT],
                    "response_types": ["code"],
                    "grant_types": ["authorization_code"],
                });
                match name {
                    "tls" => client["tls_client_auth_subject_dn"] = "CN=portal".into(),
                    "own" => client["jwks"] = json!({ "keys": [jwk(&own)] }),
                    _ => client["client_secret"] = SECRET.into(),
                }
                clients.push(client);
            }
        }
        let given = json!({
            "server": { "key": server.key, "certificate": server.certificate },
            "ca": ca.pem(),
            "clients": clients,
        });
        assert!(
            std::env::var_os("SMARTID_OIDC_PROVIDER").is_some(),
            "SMARTID_OIDC_PROVIDER must name the folder in which npm ci was run"
        );
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/oidc_provider.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program node is needed");
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{given}").unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let issuer = Issuer::parse(line.trim()).expect("the provider did not start");
        std::thread::spawn(move || output.lines().count());
        Self {
            child,
            input: Some(input),
            issuer,
            ca: ca.pem(),
            own,
            by_ca,
            stranger,
        }
    }

    fn transport(&self, identity: Option<&Pair>) -> Arc<dyn Transport> {
        let mut builder = ReqwestTransport::builder().root_pem(&self.ca);
        if let Some(pair) = identity {
            let pem = format!("{}{}", pair.certificate, pair.key);
            builder = builder.identity(Arc::new(PemIdentity::from_pem(pem.as_bytes()).unwrap()));
        }
        Arc::new(builder.build().unwrap())
    }

    fn client(
        &self,
        id: &str,
        authentication: ClientAuthentication,
        settings: impl FnOnce(OidcBuilder) -> OidcBuilder,
    ) -> OidcClient {
        let builder = OidcClient::builder(self.issuer.clone(), id, authentication, REDIRECT);
        settings(builder)
            .build(self.transport(None), Arc::new(TokioRuntime::new()))
            .unwrap()
    }

    fn basic(&self) -> OidcClient {
        self.client("basic-RS256", secret(ClientAuthentication::basic), |settings| {
            settings
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.input.take());
        self.child.wait().ok();
    }
}

fn secret(form: fn(smartid_core::SecretString) -> ClientAuthentication) -> ClientAuthentication {
    form(SECRET.into())
}

/// A browser without a screen.
struct Browser {
    base: ServiceUrl,
    transport: Arc<dyn Transport>,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(provider: &Provider) -> Self {
        Self {
            base: ServiceUrl::parse("test", provider.issuer.as_str()).unwrap(),
            transport: provider.transport(None),
            cookies: BTreeMap::new(),
        }
    }

    async fn load(&mut self, method: Method, address: &str, form: Option<&str>) -> Incoming {
        let target = address.strip_prefix(self.base.as_str()).unwrap_or(address);
        let mut request = Outgoing::new(method, target.trim_start_matches('/').to_owned());
        if let Some(form) = form {
            request = request.body("application/x-www-form-urlencoded", form.to_owned());
        }
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = HeaderValue::from_str(&cookies.join("; ")).unwrap();
        let answer = self
            .transport
            .send(&self.base, request.header(COOKIE, cookies))
            .await
            .unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = value.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Goes where it is sent, answers each form, and ends with the query of our redirect address; `Err` with the last page's status when
    /// it does not come back.
    async fn log_in(&mut self, address: &str, answer: &str) -> Result<String, u16> {
        let mut address = address.to_owned();
        let mut page = self.load(Method::GET, &address, None).await;
        for _ in 0..20 {
            let Some(to) = page
                .headers()
                .get(LOCATION)
                .map(|to| to.to_str().unwrap().to_owned())
            else {
                if page.status() != 200 {
                    return Err(page.status().as_u16());
                }
                let form = format!("answer={answer}");
                page = self.load(Method::POST, &address, Some(&form)).await;
                continue;
            };
            if let Some(query) = to.strip_prefix("https://app.example.test/") {
                return Ok(query.split_once('?').unwrap().1.to_owned());
            }
            page = self.load(Method::GET, &to, None).await;
            address = to;
        }
        panic!("the browser is sent round and round");
    }
}

async fn log_in(provider: &Provider, client: &OidcClient, options: &LoginOptions) -> Result<LoggedIn, Error> {
    let (begun, query) = back(provider, client, options).await;
    client.complete(begun.login, &query).await
}

/// A login whose browser is back.
async fn back(provider: &Provider, client: &OidcClient, options: &LoginOptions) -> (Begun, String) {
    let begun = client.begin(options).await.unwrap();
    let query = Browser::new(provider)
        .log_in(&begun.address, "yes")
        .await
        .unwrap();
    (begun, query)
}

fn refused(error: &Error) -> (OidcPlace, OidcReason, Option<String>) {
    let refusal = error
        .refusal::<OidcRefusal>()
        .unwrap_or_else(|| panic!("{error}"));
    for shown in [format!("{error}"), format!("{error:?}"), error.summary()] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    (refusal.place(), refusal.reason(), error.code().map(str::to_owned))
}

fn token_refused(error: &Error, code: &str) {
    assert_eq!(
        refused(error),
        (OidcPlace::Token, OidcReason::Refused, Some(code.to_owned()))
    );
}

#[tokio::test]
#[ignore = "needs node and oidc-provider"]
async fn all_client_authentications_and_algorithms() {
    let provider = Provider::start();
    for algorithm in ["RS256", "ES256", "PS256"] {
        for (name, authentication, identity) in [
            ("basic", secret(ClientAuthentication::basic), None),
            ("body", secret(ClientAuthentication::body), None),
            ("tls", ClientAuthentication::certificate(), Some(&provider.by_ca)),
            ("own", ClientAuthentication::certificate(), Some(&provider.own)),
        ] {
            let id = format!("{name}-{algorithm}");
            let transport = provider.transport(identity);
            let client = provider.client(&id, authentication, |settings| {
                settings.own_host_only().token_transport(transport)
            });
            let options = LoginOptions::new()
                .scope("profile")
                .scope("email")
                .acr("urn:example:personal-mobile")
                .require_acr()
                .max_age(Duration::from_secs(600))
                .ui_locale("sv")
                .login_hint("alice");
            let logged_in = log_in(&provider, &client, &options)
                .await
                .unwrap_or_else(|error| panic!("{id}: {error}"));
            let user = logged_in.user();
            assert_eq!(
                (user.subject(), user.issuer()),
                ("alice", &provider.issuer),
                "{id}"
            );
            assert_eq!(user.acr(), Some("urn:example:personal-mobile"), "{id}");
            assert!(
                user.auth_time().is_some() && user.expires() > user.issued(),
                "{id}"
            );
            let header = logged_in
                .id_token()
                .expose()
                .split('.')
                .next()
                .unwrap()
                .to_owned();
            let header = smartid_core::base64::decode(Flavour::Url, &header).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert_eq!(header["alg"], algorithm);

            let info = client.user_info(&logged_in).await.unwrap().unwrap();
            assert_eq!(
                info.claim::<String>("name").as_deref(),
                Some("Alice Exämple"),
                "{id}"
            );
            assert_eq!(
                info.claim::<String>("email").as_deref(),
                Some("alice@example.test"),
                "{id}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs node and oidc-provider"]
async fn what_the_provider_says_of_itself() {
    let provider = Provider::start();
    let document = provider.basic().provider().await.unwrap();
    assert_eq!(document.pkce(), PkceSupport::S256);
    assert!(document.callback_carries_iss());
    assert_eq!(document.lints(), []);
    assert!(
        document
            .acr_values()
            .iter()
            .any(|acr| acr == "urn:example:personal-mobile")
    );
    assert_eq!(document.client_authentication().len(), 3);
}

#[tokio::test]
#[ignore = "needs node and oidc-provider"]
async fn a_code_is_good_once_and_for_its_own_login() {
    let provider = Provider::start();
    let client = provider.basic();
    let plain = LoginOptions::new();

    // Replayed.
    let (begun, query) = back(&provider, &client, &plain).await;
    client.complete(begun.login.clone(), &query).await.unwrap();
    token_refused(
        &client.complete(begun.login, &query).await.unwrap_err(),
        "invalid_grant",
    );

    // With the verifier, or the redirect address, of another login.
    for (member, value) in [
        ("verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ("redirect_uri", OTHER_REDIRECT),
    ] {
        let (begun, query) = back(&provider, &client, &plain).await;
        let mut stored = serde_json::to_value(&begun.login).unwrap();
        stored[member] = value.into();
        let login: Login = serde_json::from_value(stored).unwrap();
        let redirect = login_redirect(&login);
        let other = OidcClient::builder(
            provider.issuer.clone(),
            "basic-RS256",
            secret(ClientAuthentication::basic),
            redirect,
        )
        .build(provider.transport(None), Arc::new(TokioRuntime::new()))
        .unwrap();
        token_refused(&other.complete(login, &query).await.unwrap_err(), "invalid_grant");
    }

    // Another client's code.
    let (begun, query) = back(&provider, &client, &plain).await;
    let mut stored = serde_json::to_value(&begun.login).unwrap();
    stored["client_id"] = "body-RS256".into();
    let thief = provider.client("body-RS256", secret(ClientAuthentication::body), |settings| {
        settings
    });
    let login: Login = serde_json::from_value(stored).unwrap();
    token_refused(&thief.complete(login, &query).await.unwrap_err(), "invalid_grant");

    // Another nonce: the ID token is of the login that was begun.
    let (begun, query) = back(&provider, &client, &plain).await;
    let mut stored = serde_json::to_value(&begun.login).unwrap();
    stored["nonce"] = "another".into();
    let login: Login = serde_json::from_value(stored).unwrap();
    let error = client.complete(login, &query).await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::IdToken, OidcReason::Nonce, None));
}

fn login_redirect(login: &Login) -> String {
    let stored = serde_json::to_value(login).unwrap();
    stored["redirect_uri"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs node and oidc-provider"]
async fn a_client_that_is_not_who_it_says_is_refused() {
    let provider = Provider::start();
    let plain = LoginOptions::new();
    let wrong = |form: fn(smartid_core::SecretString) -> ClientAuthentication| form("wrong".into());
    for (id, authentication, identity) in [
        ("basic-RS256", wrong(ClientAuthentication::basic), None),
        ("body-RS256", wrong(ClientAuthentication::body), None),
        // Registered for a certificate.
        ("tls-RS256", secret(ClientAuthentication::body), None),
        ("tls-RS256", ClientAuthentication::certificate(), None),
        (
            "tls-RS256",
            ClientAuthentication::certificate(),
            Some(&provider.stranger),
        ),
        (
            "tls-RS256",
            ClientAuthentication::certificate(),
            Some(&provider.own),
        ),
        (
            "own-RS256",
            ClientAuthentication::certificate(),
            Some(&provider.by_ca),
        ),
    ] {
        let transport = provider.transport(identity);
        let client = provider.client(id, authentication, |settings| settings.token_transport(transport));
        let error = log_in(&provider, &client, &plain).await.unwrap_err();
        token_refused(&error, "invalid_client");
    }
}

#[tokio::test]
#[ignore = "needs node and oidc-provider"]
async fn what_the_provider_refuses_at_the_authorization_endpoint() {
    let provider = Provider::start();
    let client = provider.basic();
    let denied = |error: Error, code: &str| {
        let wanted = (OidcPlace::Callback, OidcReason::Denied, Some(code.to_owned()));
        assert_eq!(refused(&error), wanted, "{error}");
    };

    // A redirect address that is not registered: the browser is not sent there.
    let builder = OidcClient::builder(
        provider.issuer.clone(),
        "basic-RS256",
        secret(ClientAuthentication::basic),
        "https://app.example.test/unregistered",
    );
    let unregistered = builder
        .build(provider.transport(None), Arc::new(TokioRuntime::new()))
        .unwrap();
    let begun = unregistered.begin(&LoginOptions::new()).await.unwrap();
    let page = Browser::new(&provider).log_in(&begun.address, "yes").await;
    assert_eq!(page, Err(400));

    // The user says no.
    let begun = client.begin(&LoginOptions::new()).await.unwrap();
    let query = Browser::new(&provider)
        .log_in(&begun.address, "no")
        .await
        .unwrap();
    let error = client.complete(begun.login, &query).await.unwrap_err();
    assert_eq!(
        error.refusal::<OidcRefusal>().unwrap().description(),
        Some("the user said no")
    );
    denied(error, "access_denied");

    // No session and nobody to ask.
    let (begun, query) = back(&provider, &client, &LoginOptions::new().prompt(Prompt::None)).await;
    denied(
        client.complete(begun.login, &query).await.unwrap_err(),
        "login_required",
    );

    // Without PKCE, which this provider demands.
    let without = provider.client("basic-RS256", secret(ClientAuthentication::basic), |settings| {
        settings.pkce(PkceUse::Never)
    });
    let (begun, query) = back(&provider, &without, &LoginOptions::new()).await;
    denied(
        without.complete(begun.login, &query).await.unwrap_err(),
        "invalid_request",
    );

    // The callback of one login for another, and one without `iss`.
    let (begun, query) = back(&provider, &client, &LoginOptions::new()).await;
    let (other, _) = back(&provider, &client, &LoginOptions::new()).await;
    let error = client.complete(other.login, &query).await.unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::Callback, OidcReason::State, None));
    let without_iss: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.starts_with("iss="))
        .collect();
    let error = client
        .complete(begun.login, &without_iss.join("&"))
        .await
        .unwrap_err();
    assert_eq!(refused(&error), (OidcPlace::Callback, OidcReason::Iss, None));
}
