//! AST behind the access point, as the vendor describes it: browser, Digital Access, Protocol Gateway (vendor page: AST support in
//! Certificate Manager).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod browser;
mod common;

use browser::Browser;
use common::Bench;
use smartid_sim::TokenCaller;
use smartid_sim::pki::{Certificate, p12};

const USERS: &str = "[[da.users]]\nname = \"alice\"\ndisplay_name = \"Zo\u{eb} A.\"\npassword = \"right\"\n\
    [da.users.attributes]\nc = \"SE\"\nmail = \"alice@example.test\"\n\
    [[da.users]]\nname = \"bob\"\n";

/// AST with the user's name from the header of the front.
const AST: &str =
    "[cm.ast]\nproperties = \"handler.0.formatFields.1 = ast.valuetarget.commonname.value = x-user\"\n";

#[tokio::test]
async fn ast_serves_whom_digital_access_has_authenticated() {
    let bench = Bench::from_toml(&format!("{AST}{USERS}")).await;
    let mut browser = Browser::new(&bench);
    let page = browser.get("/wa/auth?authmech=Password").await;
    browser.submit(&page, "username=alice&password=right").await;
    // The page that is bundled with AST, and the form on it.
    let page = browser.get("/https/pgwy/pgwy/request/ast.html").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("name=\"password\""), "{}", page.text);
    let url = format!("{}/pgwy/ast", bench.sim.front_url("pgwy").unwrap());
    let cookie = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("; ");
    let answer = bench
        .http
        .post(&url)
        .header("cookie", &cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("X-User", "root")
        .header("X_User", "root")
        .header("country", "XX")
        .body("password=test-Passw0rd")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-pkcs12");
    assert_eq!(
        answer.headers()["set-cookie"],
        "downloaded=true; Path=/https/pgwy/"
    );
    let opened = p12::open(&answer.bytes().await.unwrap(), "test-Passw0rd").unwrap();
    let certificate = Certificate::parse(&opened[0].certificates[0]).unwrap();
    let subject = smartid_sim::pki::name::text(certificate.subject_der()).unwrap();
    assert_eq!(subject, "CN=alice, C=SE");
    let token = &bench.sim.cm().soft_tokens()[0];
    assert_eq!(token.caller, TokenCaller::Front("digital-access".into()));
    // Without a session there is none; without the front's certificate AST would not believe it.
    let anonymous = bench.http.post(&url).body("password=x").send().await.unwrap();
    assert_eq!(anonymous.status(), 302);
    bench.sim.reconfigure(|config| {
        config.da.resources[0].officer = "no-officer".into();
        config.cm.tls.client_certificate = smartid_sim::config::ClientCertificate::Optional;
    });
    let refused = bench.http.post(&url).header("cookie", &cookie).body("password=x");
    assert_eq!(refused.send().await.unwrap().status(), 403);
    // As an officer of Certificate Manager, which AST can demand.
    bench.sim.reconfigure(|config| {
        config.da.resources[0].officer = "ra-officer".into();
        config.cm.ast.trust.requires_officer = true;
    });
    let served = bench
        .http
        .post(&url)
        .header("cookie", &cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("password=test-Passw0rd");
    assert_eq!(served.send().await.unwrap().status(), 200);
    let token = bench.sim.cm().soft_tokens().last().unwrap().clone();
    assert_eq!(token.caller, TokenCaller::Officer("ra-officer".into()));
    assert_eq!(bench.sim.cm().soft_tokens().len(), 2);
}

#[tokio::test]
async fn both_sides_must_agree_about_text_beyond_ascii() {
    for (front, ast, common_name) in [
        ("utf-8", "utf-8", "Zo\u{eb} A."),
        ("iso-8859-1", "iso-8859-1", "Zo\u{eb} A."),
        ("utf-8", "iso-8859-1", "Zo\u{c3}\u{ab} A."),
    ] {
        let toml = format!(
            "[cm.ast]\nheader_encoding = \"{ast}\"\nproperties = \"handler.0.formatFields.1 = ast.valuetarget.commonname.value = x-name\"\n{USERS}\
             [[da.resources]]\nname = \"pgwy\"\nofficer = \"digital-access\"\nencoding = \"{front}\"\n\
             headers = [{{ name = \"X-Name\", from = \"display-name\" }}]\n"
        );
        let bench = Bench::from_toml(&toml).await;
        let cookie = bench.sim.da_session_of("alice", "Password").unwrap();
        let answer = bench
            .http
            .post(format!("{}/pgwy/ast", bench.sim.front_url("pgwy").unwrap()))
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("password=test-Passw0rd")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let opened = p12::open(&answer.bytes().await.unwrap(), "test-Passw0rd").unwrap();
        let certificate = Certificate::parse(&opened[0].certificates[0]).unwrap();
        assert_eq!(certificate.common_name().as_deref(), Some(common_name));
    }
}
