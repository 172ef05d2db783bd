//! The access point in front of web resources: what a client cannot say, and what the back end is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod back_end;
mod browser;
mod common;

use std::sync::Arc;

use back_end::BackEnd;
use browser::{Browser, location};
use common::{Answer, Bench};
use hyper::header::HeaderValue;
use smartid_sim::config::{DaHeader, DaResource, HeaderEncoding};
use smartid_sim::{Fault, FaultKind, Party, Route};

const USERS: &str = "[[da.users]]\nname = \"alice\"\ndisplay_name = \"Zo\u{eb} A.\"\npassword = \"right\"\n\
    [da.users.attributes]\nc = \"SE\"\nmail = \"alice@example.test\"\n\
    [[da.users]]\nname = \"bob\"\n";

struct Front {
    bench: Bench,
    back: BackEnd,
    cookie: String,
}

impl Front {
    /// A resource `app` in front of a back end, with the headers that the tests forge.
    async fn new(change: impl FnOnce(&mut DaResource)) -> Self {
        let bench = Bench::from_toml(USERS).await;
        let back = BackEnd::start().await;
        let mut resource = DaResource::new("app", &back.url)
            .header(DaHeader::user_name("X-User"))
            .header(DaHeader::display_name("X-Name"))
            .header(DaHeader::attribute("X-Mail", "mail"))
            .header(DaHeader::fixed("X-Front", "digital access"));
        change(&mut resource);
        bench.sim.reconfigure(|config| config.da.resources.push(resource));
        let cookie = bench.sim.da_session_of("alice", "Password").unwrap();
        Self { bench, back, cookie }
    }

    fn request(&self, tail: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{tail}", self.bench.sim.front_url("app").unwrap());
        self.bench.http.get(url).header("cookie", &self.cookie)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    fn word(&self) -> String {
        let records = self.bench.sim.records();
        let party = |record: &&smartid_sim::Record| record.party == Party::DigitalAccess;
        let last = records.iter().rev().find(party);
        last.unwrap().code.clone().unwrap()
    }
}

#[tokio::test]
async fn a_clients_own_headers_do_not_get_through_in_any_spelling() {
    let front = Front::new(|_| ()).await;
    for name in [
        "X-User", "x-user", "X_User", "x_USER", "X.User", "X-Name", "X_Name", "x-mail", "X_MAIL", "x-front",
    ] {
        let request = front
            .request("/")
            .header(name, "root")
            .header(name, "admin")
            .header("X-Other", "kept");
        assert_eq!(front.send(request).await.status, 200, "{name}");
        let seen = front.back.last().headers;
        assert_eq!(seen["x-user"], "alice");
        assert_eq!(seen["x-name"].as_bytes(), "Zo\u{eb} A.".as_bytes());
        assert_eq!(seen["x-mail"], "alice@example.test");
        assert_eq!(seen["x-front"], "digital access");
        assert_eq!(seen["x-other"], "kept");
        for value in seen.values() {
            assert!(value != "root" && value != "admin", "{name}");
        }
        for own in ["x-user", "x-name", "x-mail", "x-front"] {
            assert_eq!(seen.get_all(own).iter().count(), 1, "{name}");
        }
    }
    // A header for which this user has no value is not left to the client either.
    let bob = front.bench.sim.da_session_of("bob", "Password").unwrap();
    let url = format!("{}/", front.bench.sim.front_url("app").unwrap());
    let request = front.bench.http.get(url).header("cookie", bob);
    front.send(request.header("X-Mail", "alice@example.test")).await;
    let seen = front.back.last().headers;
    assert_eq!(seen["x-user"], "bob");
    assert_eq!(seen["x-name"], "bob");
    assert!(seen.get("x-mail").is_none());
    // What is of the connection stays, and `Connection` cannot take the front's headers away.
    let request = front
        .request("/")
        .header("Connection", "close, X-User, X-Trace")
        .header("X-Trace", "1")
        .header("TE", "trailers")
        .header("Proxy-Authorization", "Basic AAAA");
    front.send(request).await;
    let seen = front.back.last().headers;
    assert_eq!(seen["x-user"], "alice");
    for gone in ["x-trace", "te", "proxy-authorization", "connection"] {
        assert!(seen.get(gone).is_none(), "{gone}");
    }
}

#[tokio::test]
async fn what_users_write_about_themselves_proves_nothing() {
    let front = Front::new(|resource| {
        resource.headers.push(DaHeader::attribute("X-Role", "role"));
    })
    .await;
    let record = front
        .bench
        .http
        .post(format!("{}/attributes", front.bench.sim.da_me_url()));
    let record = record
        .header("cookie", &front.cookie)
        .header("content-type", "application/json")
        .body("{\"role\":\"officer\"}");
    assert_eq!(front.send(record).await.status, 204);
    front.send(front.request("/")).await;
    assert!(front.back.last().headers.get("x-role").is_none());
}

#[tokio::test]
async fn nobody_passes_without_a_session() {
    let front = Front::new(|_| ()).await;
    let url = format!("{}/a/b?x=1&y=%20", front.bench.sim.front_url("app").unwrap());
    let name = front.cookie.split('=').next().unwrap();
    for cookie in [
        String::new(),
        format!("{name}="),
        format!("{name}=0"),
        format!("{}0", front.cookie),
        format!("{0}; {0}", front.cookie),
        front.cookie.replace(name, "other"),
    ] {
        let mut request = front.bench.http.get(&url).header("X-User", "alice");
        if !cookie.is_empty() {
            request = request.header("cookie", &cookie);
        }
        let answer = front.send(request).await;
        assert_eq!(answer.status, 302, "{cookie}");
        assert_eq!(
            location(&answer),
            "/wa/auth?location=%2Fhttps%2Fapp%2Fa%2Fb%3Fx%3D1%26y%3D%2520"
        );
        assert_eq!(front.word(), "unauthenticated");
    }
    assert_eq!(front.back.count(), 0);
    // The session ends in time; other forms of refusal.
    front.bench.sim.advance(std::time::Duration::from_secs(1800));
    assert_eq!(front.send(front.request("/")).await.status, 302);
    for (form, status) in [("401", 401), ("403", 403), ("login-page", 200)] {
        let toml = format!(
            "[[da.resources]]\nname = \"app\"\nbackend = \"{}\"\nunauthenticated = \"{form}\"",
            front.back.url
        );
        let bench = Bench::from_toml(&toml).await;
        let url = format!("{}/", bench.sim.front_url("app").unwrap());
        assert_eq!(bench.http.get(url).send().await.unwrap().status(), status);
    }
    assert_eq!(front.back.count(), 0);
}

#[tokio::test]
async fn a_person_is_led_to_the_login_and_back() {
    let front = Front::new(|_| ()).await;
    let mut browser = Browser::new(&front.bench);
    let answer = browser.get("/https/app/page?x=1").await;
    assert_eq!(answer.status, 302);
    let menu = browser.get(&location(&answer)).await;
    assert_eq!(menu.status, 200);
    let back = location(&answer).split_once("location=").unwrap().1.to_owned();
    let page = browser
        .get(&format!("/wa/auth?authmech=Password&location={back}"))
        .await;
    let answer = browser.submit(&page, "username=alice&password=right").await;
    assert_eq!(
        (answer.status, location(&answer).as_str()),
        (303, "/https/app/page?x=1")
    );
    assert_eq!(browser.get("/https/app/page?x=1").await.text, "from behind");
    assert_eq!(front.back.last().target, "/page?x=1");
    // Without the last slash relative addresses would lead elsewhere.
    let answer = browser.get("/https/app").await;
    assert_eq!((answer.status, location(&answer).as_str()), (302, "/https/app/"));
    browser.post("/wa/logout", "").await;
    assert_eq!(browser.get("/https/app/page").await.status, 302);
}

#[tokio::test]
async fn the_request_arrives_whole_and_the_answer_returns() {
    let front = Front::new(|_| ()).await;
    front.back.answers(
        418,
        &[
            ("content-type", "text/x"),
            ("set-cookie", "downloaded=true; Path=/"),
            (
                "set-cookie",
                "b=2; Path=/deep; Domain=back.example.test; HttpOnly",
            ),
            ("set-cookie", "WASESSION=planted; Path=/"),
            ("location", "/next?x"),
            ("keep-alive", "timeout=5"),
            ("x-more", "1"),
        ],
    );
    let url = format!(
        "{}/a%20b/%C3%A4;v=1?q=%2F&q=+",
        front.bench.sim.front_url("app").unwrap()
    );
    let request = front
        .bench
        .http
        .request(reqwest::Method::from_bytes(b"PATCH").unwrap(), url)
        .header("cookie", format!("a=1; {}; b=2", front.cookie))
        .header("content-type", "text/plain")
        .header("authorization", "Basic QQ==")
        .header("x-raw", HeaderValue::from_bytes(b"\xe4\xff").unwrap())
        .body("body \u{0}\u{ff}");
    let answer = front.send(request).await;
    let seen = front.back.last();
    assert_eq!(seen.method, "PATCH");
    assert_eq!(seen.target, "/a%20b/%C3%A4;v=1?q=%2F&q=+");
    assert_eq!(seen.body, "body \u{0}\u{ff}".as_bytes());
    assert_eq!(seen.headers["content-type"], "text/plain");
    assert_eq!(seen.headers["authorization"], "Basic QQ==");
    assert_eq!(seen.headers["x-raw"].as_bytes(), b"\xe4\xff");
    assert_eq!(
        seen.headers["cookie"], "a=1; b=2",
        "the session is the access point's own"
    );
    assert_eq!(
        seen.headers["host"],
        front.back.url.strip_prefix("http://").unwrap()
    );
    assert_eq!((answer.status, answer.text.as_str()), (418, "from behind"));
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(
        cookies,
        [
            "downloaded=true; Path=/https/app/",
            "b=2; Path=/https/app/deep; HttpOnly"
        ]
    );
    assert_eq!(location(&answer), "/https/app/next?x");
    assert_eq!(answer.headers["x-more"], "1");
    assert!(answer.headers.get("keep-alive").is_none());
    assert_eq!(front.word(), "forwarded");
}

#[tokio::test]
async fn paths_that_would_leave_the_resource_are_refused() {
    let front = Front::new(|resource| resource.backend.push_str("/base/")).await;
    front.send(front.request("/x")).await;
    assert_eq!(front.back.last().target, "/base/x");
    let before = front.back.count();
    let origin = front.bench.sim.da_origin();
    let port: u16 = origin.rsplit_once(':').unwrap().1.parse().unwrap();
    for path in [
        "/https/app/%2e%2e/secret",
        "/https/app/../secret",
        "/https/app/a/./../../secret",
        "/https/app/..%2fsecret",
        "/https/app/..%5csecret",
        "/https/app/%252e%252e/secret",
    ] {
        // A client that leaves the path as it is.
        let status = raw_status(&front, port, path).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(front.word(), "path");
    }
    for path in ["/https/nothing/x", "/http/app/x", "/https//x", "/https/APP/x"] {
        assert_eq!(raw_status(&front, port, path).await, 404, "{path}");
    }
    assert_eq!(front.back.count(), before);
}

/// The status of a GET whose path nobody has tidied up.
async fn raw_status(front: &Front, port: u16, path: &str) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    let pem = front.bench.sim.ca_pem().as_bytes();
    let authority = tokio_rustls::rustls::pki_types::CertificateDer::from_pem_slice(pem).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = tokio_rustls::rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, tcp).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nConnection: close\r\n\r\n",
        front.cookie
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn values_are_written_in_the_chosen_encoding_or_not_at_all() {
    for (encoding, octets) in [
        (HeaderEncoding::Utf8, &b"Zo\xc3\xab A."[..]),
        (HeaderEncoding::Iso8859, b"Zo\xeb A."),
        (HeaderEncoding::Percent, b"Zo%C3%AB%20A%2E"),
    ] {
        let front = Front::new(|resource| resource.encoding = encoding).await;
        front.send(front.request("/")).await;
        assert_eq!(front.back.last().headers["x-name"].as_bytes(), octets);
    }
    for (mail, encoding, word) in [
        ("a@x\r\nX-User: root", HeaderEncoding::Utf8, "header_control"),
        ("a@x\nX-User: root", HeaderEncoding::Iso8859, "header_control"),
        ("a\u{0}b", HeaderEncoding::Percent, "header_control"),
        ("\u{20ac}", HeaderEncoding::Iso8859, "header_encoding"),
    ] {
        let front = Front::new(|resource| resource.encoding = encoding).await;
        let mut alice = front.bench.sim.da_users()[0].clone();
        alice.attributes.insert("mail".into(), mail.into());
        front.bench.sim.put_user(alice);
        assert_eq!(front.send(front.request("/")).await.status, 500);
        assert_eq!(front.word(), word);
        assert_eq!(front.back.count(), 0);
    }
}

#[tokio::test]
async fn a_host_may_be_mapped_as_well() {
    let front = Front::new(|resource| resource.hosts = vec!["app.example.test".into()]).await;
    front
        .back
        .answers(200, &[("set-cookie", "a=1; Path=/"), ("location", "/next")]);
    let get = |path: &str, host: &str, cookie: &str| {
        let url = format!("{}{path}", front.bench.sim.da_origin());
        let request = front.bench.http.get(url).header("host", host);
        front.send(request.header("cookie", cookie).header("X-User", "root"))
    };
    let answer = get("/x?y", "APP.example.test:8443", &front.cookie).await;
    assert_eq!(answer.status, 200);
    assert_eq!(front.back.last().target, "/x?y");
    assert_eq!(front.back.last().headers["x-user"], "alice");
    assert_eq!(answer.headers["set-cookie"], "a=1; Path=/");
    assert_eq!(location(&answer), "/next");
    // The login stays the access point's, and is found from there.
    let answer = get("/x?y", "app.example.test", "a=1").await;
    assert_eq!(
        location(&answer),
        format!(
            "{}/wa/auth?location=%2Fhttps%2Fapp%2Fx%3Fy",
            front.bench.sim.da_origin()
        )
    );
    assert_eq!(get("/wa/auth", "app.example.test", "a=1").await.status, 200);
    assert_eq!(get("/x", "other.example.test", &front.cookie).await.status, 404);
    assert_eq!(front.back.count(), 1);
}

#[tokio::test]
async fn back_ends_that_do_not_answer_and_faults() {
    let front = Front::new(|resource| resource.backend = "http://127.0.0.1:1".into()).await;
    assert_eq!(front.send(front.request("/")).await.status, 502);
    assert_eq!(front.word(), "backend");
    let front = Front::new(|resource| resource.officer = "nobody-of-this-name".into()).await;
    assert_eq!(front.send(front.request("/")).await.status, 500);
    assert_eq!(front.word(), "officer");
    assert_eq!(front.back.count(), 0);
    let front = Front::new(|_| ()).await;
    front
        .bench
        .sim
        .faults()
        .inject(Fault::new(Route::DaFront, FaultKind::status(503)));
    assert_eq!(front.send(front.request("/")).await.status, 503);
    assert_eq!(front.back.count(), 0);
    for toml in [
        "name = \"a b\"",
        "name = \"a\"\nscheme = \"ftp\"",
        "name = \"a\"\nbackend = \"somewhere\"",
        "name = \"a\"\nheaders = [{ name = \"Host\", from = \"user-name\" }]",
        "name = \"a\"\n[[da.resources]]\nname = \"a\"",
    ] {
        let config = smartid_sim::SimConfig::from_toml(&format!("[[da.resources]]\n{toml}")).unwrap();
        let error = smartid_sim::Sim::builder()
            .config(config)
            .start()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("da.resources"), "{error}");
    }
    // An authority that is no certificate.
    let front = Front::new(|resource| {
        resource.ca_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into();
    })
    .await;
    assert_eq!(front.send(front.request("/")).await.status, 500);
}
