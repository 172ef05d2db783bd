//! Header forwarding: a browser with a session at Digital Access gets a soft token from AST behind it, in its own name and no other (vendor
//! page: AST support in Certificate Manager, documented). Our AST client goes the same way.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use smartid::cm::ast::{AstProperties, AstRequest, Redirected};
use smartid::cm::{Attribute, CertificateManager};
use smartid::core::{BoxFuture, ForwardedHeaders, Incoming, Outgoing, ServiceUrl, TransportError};
use smartid::trust::SoftToken;
use smartid::{ReqwestTransport, TokioRuntime, Transport};
use smartid_sim::TokenCaller;
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD};

/// The servlet behind the access point.
const AST: &str = "/pgwy/ast";

/// What AST reads its attributes from.
const PROPERTIES: &str = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User";

const SWITCHES: &str = "[cm.ast]\n\
    properties = 'handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User'\n\
    [[da.users]]\nname = 'alice'\npassword = 'right'\n[da.users.attributes]\nc = 'SE'\n\
    [[da.users]]\nname = 'mallory'\npassword = 'hers'\n";

/// A browser: it keeps cookies and shows no client certificate.
#[derive(Debug)]
struct Browser {
    transport: ReqwestTransport,
    base: ServiceUrl,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(world: &CmWorld) -> Self {
        Self {
            transport: plain(world),
            base: ServiceUrl::parse("da.url", world.sim.da_origin()).unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn send(&mut self, target: &str, form: Option<&str>, more: &[(&'static str, &str)]) -> Incoming {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = Outgoing::new(method, path.trim_start_matches('/').to_owned()).encoded_query(query);
        if let Some(form) = form {
            request = request.body("application/x-www-form-urlencoded", form.to_owned());
        }
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, HeaderValue::from_str(&self.cookie()).unwrap());
        }
        for (name, value) in more {
            request.headers_mut().append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let answer = self.transport.send(&self.base, request).await.unwrap();
        for line in answer.headers().get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Goes to the resource, is sent to the login, logs in by password, and is sent back.
    async fn log_in(&mut self, target: &str, user: &str, password: &str) -> String {
        let sent_away = self.send(target, None, &[]).await;
        assert_eq!(sent_away.status(), 302);
        let menu = location(&sent_away);
        let back = menu.strip_prefix("/wa/auth?").unwrap();
        let page = self
            .send(&format!("/wa/auth?authmech=Password&{back}"), None, &[])
            .await;
        let page = String::from_utf8(page.body().to_vec()).unwrap();
        let hidden = |name: &str| {
            let start = format!("name=\"{name}\" value=\"");
            let rest = page.split_once(&start).unwrap().1;
            rest.split('"').next().unwrap().to_owned()
        };
        let form = format!(
            "authmech={}&token={}&{back}&username={user}&password={password}",
            hidden("authmech"),
            hidden("token")
        );
        let answer = self.send("/wa/auth", Some(&form), &[]).await;
        assert_eq!(answer.status(), 303, "{}", answer.plain_text());
        location(&answer)
    }
}

fn location(answer: &Incoming) -> String {
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// Trusts the simulator and shows nobody's certificate.
fn plain(world: &CmWorld) -> ReqwestTransport {
    ReqwestTransport::builder()
        .root_pem(world.sim.ca_pem())
        .build()
        .unwrap()
}

/// A user's own client with the session of the browser.
#[derive(Debug)]
struct WithSession {
    inner: ReqwestTransport,
    cookie: String,
}

impl Transport for WithSession {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let cookie = HeaderValue::from_str(&self.cookie).unwrap();
        self.inner.send(base, request.header(COOKIE, cookie))
    }
}

/// Our client, with AST where the access point shows it.
fn client(world: &CmWorld, gateway: Arc<dyn Transport>) -> CertificateManager {
    CertificateManager::builder(world.sim.cm_url())
        .gateway_url(format!("{}/pgwy", world.sim.front_url("pgwy").unwrap()))
        .gateway_transport(gateway)
        .build(Arc::new(plain(world)), Arc::new(TokioRuntime::new()))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_token_in_its_own_name_whatever_it_says() {
    let world = CmWorld::start(CmSetup::default().sim(SWITCHES)).await;
    let mut browser = Browser::new(&world);
    let page = "/https/pgwy/pgwy/request/ast.html";
    assert_eq!(browser.log_in(page, "alice", "right").await, page);
    let shown = browser.send(page, None, &[]).await;
    assert!(String::from_utf8_lossy(shown.body()).contains("name=\"password\""));

    let form = "password=correct-Horse+7%26b%252B";
    let forged: [&[(&'static str, &str)]; 5] = [
        &[],
        &[("x-user", "mallory"), ("x-user", "root")],
        &[("x_user", "mallory")],
        &[("country", "XX"), ("x-user", "mallory")],
        &[("connection", "x-user, country"), ("x-user", "mallory")],
    ];
    for headers in forged {
        let answer = browser
            .send(&format!("/https/pgwy{AST}"), Some(form), headers)
            .await;
        assert_eq!(answer.status(), 200, "{headers:?}: {}", answer.plain_text());
        assert_eq!(answer.content_type(), "application/x-pkcs12");
        let token = SoftToken::new(answer.body().to_vec());
        world.good_token(&token, TOKEN_PASSWORD, "CN=alice,C=SE").await;
        // The page's animation waits for this cookie, at the path where the browser sees it.
        assert_eq!(answer.headers()[SET_COOKIE], "downloaded=true; Path=/https/pgwy/");
        let issued = world.sim.cm().soft_tokens().pop().unwrap();
        assert_eq!(issued.caller, TokenCaller::Front("digital-access".into()));
        // Neither copies nor the session arrived.
        let seen = world.requests(AST).pop().unwrap();
        let told = |name: &str| seen.headers.iter().filter(|(own, _)| own == name).count();
        assert_eq!((told("x-user"), told("x_user"), told("country")), (1, 0, 1));
        let cookies = seen.header("cookie").unwrap_or_default().to_owned();
        let session = world.sim.da_session_of("alice", "Password").unwrap();
        let name = session.split('=').next().unwrap();
        assert!(!cookies.contains(name), "{cookies}");
    }
    // Somebody else's session is somebody else's name; she has no country, and cannot lend herself one.
    let mut other = Browser::new(&world);
    other.log_in(page, "mallory", "hers").await;
    let headers = [("x-user", "alice"), ("country", "SE")];
    let answer = other
        .send(&format!("/https/pgwy{AST}"), Some(form), &headers)
        .await;
    let token = SoftToken::new(answer.body().to_vec());
    world.good_token(&token, TOKEN_PASSWORD, "CN=mallory").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_goes_through_the_front_with_a_session_and_is_sent_to_the_login_without() {
    let world = CmWorld::start(CmSetup::default().sim(SWITCHES)).await;
    let mapping = AstProperties::parse(PROPERTIES).unwrap().headers("0").clone();
    // What it says about itself goes no further: it may as well say nothing.
    let liar = AstRequest::new(TOKEN_PASSWORD)
        .headers(mapping)
        .attribute(Attribute::COMMON_NAME, "root")
        .attribute(Attribute::COUNTRY_NAME, "XX");
    let silent = AstRequest::new(TOKEN_PASSWORD);

    let nobody = client(&world, Arc::new(plain(&world)));
    for request in [&liar, &silent] {
        let error = nobody.call_gateway(request).await.unwrap_err();
        let cause = error.unreadable_answer().unwrap().cause::<Redirected>().unwrap();
        assert_eq!(cause.to.as_deref(), Some("/wa/auth"));
    }
    assert_eq!(world.count(AST), 0, "it never got there");

    let session = WithSession {
        inner: plain(&world),
        cookie: world.sim.da_session_of("alice", "Password").unwrap(),
    };
    let alice = client(&world, Arc::new(session));
    for request in [&liar, &silent] {
        let issued = alice.call_gateway(request).await.unwrap();
        world
            .good_token(&issued.token, TOKEN_PASSWORD, "CN=alice,C=SE")
            .await;
        assert!(issued.downloaded.is_some());
    }
    assert_eq!(world.count(AST), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_readings_of_the_rules_let_the_same_headers_pass() {
    let world = CmWorld::start(CmSetup::default().sim(SWITCHES)).await;
    let rules = ForwardedHeaders::new()
        .with("X-User", "username")
        .unwrap()
        .with("country", "country")
        .unwrap();
    let mut browser = Browser::new(&world);
    browser.log_in("/https/pgwy/pgwy/ast", "alice", "right").await;
    let user = ["alice".to_owned()];
    let country = ["SE".to_owned()];
    for names in [
        &["x-user", "x_user", "country", "x-kept"][..],
        &["x-users", "x--user", "xuser", "countries", "c"],
        &[
            "te",
            "keep-alive",
            "proxy-authorization",
            "upgrade-insecure-requests",
        ],
    ] {
        let sent: Vec<(&'static str, &str)> = names.iter().map(|name| (*name, "trailers")).collect();
        let mut theirs = HeaderMap::new();
        for (name, value) in &sent {
            theirs.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let ours = rules
            .forward(&theirs, |attribute| match attribute {
                "username" => &user,
                "country" => &country,
                _ => &[],
            })
            .unwrap();
        browser
            .send("/https/pgwy/pgwy/ast", Some("password=x"), &sent)
            .await;
        let seen = world.requests(AST).pop().unwrap();
        for name in names.iter().chain(&["x-user", "country"]) {
            let arrived: Vec<&str> = seen
                .headers
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, value)| value.as_str())
                .collect();
            let expected: Vec<&str> = ours
                .get_all(*name)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert_eq!(arrived, expected, "{name}");
        }
    }
}
