//! The program `personal-login` as a browser and as a script meets it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use smartid_examples::personal_login::{Browser, Seen};

/// The program while it serves; it ends with the test.
struct Program {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    printed: String,
    address: SocketAddr,
}

impl Program {
    fn start(more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_personal-login"))
            .args(["--listen", "127.0.0.1:0", "--json"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended: {printed}");
            printed.push_str(&line);
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if let Some(url) = event["url"].as_str() {
                break url
                    .trim_start_matches("http://")
                    .trim_end_matches('/')
                    .parse()
                    .unwrap();
            }
        };
        Self {
            child,
            output,
            printed,
            address,
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// Everything that it has printed; it is ended for that.
    fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.output.read_to_string(&mut self.printed).unwrap();
        let mut errors = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut errors)
            .unwrap();
        std::mem::take(&mut self.printed) + &errors
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn login(browser: &mut Browser, method: usize, user: &str) -> Seen {
    let page = browser.get("/").await.unwrap();
    let token = Browser::token(&page).unwrap();
    let form = format!("token={token}&method={method}&user={user}");
    browser.post("/login", &[], &form).await.unwrap()
}

async fn follow(browser: &mut Browser) -> Seen {
    while browser.get("/state").await.unwrap().text().contains("waiting") {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    browser.get("/wait").await.unwrap()
}

#[tokio::test]
async fn a_browser_is_logged_in_once_and_out_again_and_no_secret_is_printed() {
    let program = Program::start(&[]);
    let mut browser = program.browser();
    let first = browser.get("/").await.unwrap();
    let cookie = first.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let policy = first.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(first.header("cache-control"), Some("no-store"));
    // With "no-referrer" a browser would send `Origin: null` with our own forms.
    assert_eq!(first.header("referrer-policy"), Some("same-origin"));
    assert!(
        !first.text().contains("http://") && !first.text().contains("https://"),
        "nothing external"
    );

    // By the QR code of Personal Mobile.
    let planted = browser.cookie().unwrap().to_owned();
    assert_eq!(login(&mut browser, 0, "").await.header("location"), Some("/wait"));
    assert_ne!(browser.cookie(), Some(planted.as_str()));
    let mut thief = program.browser();
    let headers = [("cookie", planted.as_str())];
    let seen = thief.send("GET", "/picture", &headers, "").await.unwrap();
    assert_eq!(
        seen.status, 404,
        "whoever has planted a cookie has no part in the login"
    );
    let page = browser.get("/wait").await.unwrap();
    assert!(page.text().contains("<svg"), "the QR code");
    assert!(
        browser
            .get("/picture")
            .await
            .unwrap()
            .body
            .starts_with(&[0xff, 0xd8])
    );
    // Nobody else sees the picture, or the state.
    let mut other = program.browser();
    assert_eq!(other.get("/picture").await.unwrap().status, 404);
    assert!(other.get("/state").await.unwrap().text().contains("over"));

    let before = browser.cookie().unwrap().to_owned();
    assert_eq!(follow(&mut browser).await.header("location"), Some("/"));
    let after = browser.cookie().unwrap().to_owned();
    assert_ne!(before, after, "the cookie is a new one");
    let welcome = browser.get("/").await.unwrap();
    assert!(
        welcome
            .text()
            .contains("You are logged in as <strong>user1</strong>"),
        "{welcome:?}"
    );
    assert!(welcome.text().contains("CN=User One"));
    // The old cookie is worth nothing.
    let mut old = program.browser();
    let page = old.send("GET", "/", &[("cookie", &before)], "").await.unwrap();
    assert!(!page.text().contains("logged in as"));

    // The Desktop's link is on its own page only.
    let mut second = program.browser();
    login(&mut second, 2, "").await;
    let page = second.get("/wait").await.unwrap();
    let link = page.between("href=\"com.nexusgroup", "\"").unwrap();
    assert!(!link.contains("&token"), "escaped for HTML: {}", link.len());
    let secret = page
        .between("token%3d", "\"")
        .or_else(|| page.between("&amp;token=", "\""))
        .unwrap();
    follow(&mut second).await;

    let token = Browser::token(&browser.get("/").await.unwrap()).unwrap();
    let out = browser
        .post("/logout", &[], &format!("token={token}"))
        .await
        .unwrap();
    assert_eq!(out.header("location"), Some("/"));
    assert!(
        browser
            .get("/")
            .await
            .unwrap()
            .text()
            .contains("You are logged out.")
    );
    let gone = program
        .browser()
        .send("GET", "/", &[("cookie", &after)], "")
        .await
        .unwrap();
    assert!(!gone.text().contains("logged in as"));

    let printed = program.end();
    assert!(
        printed.contains("user1 is logged in, by certificate"),
        "{printed}"
    );
    for value in [before, after, secret, token] {
        let value = value.rsplit('=').next().unwrap();
        assert!(
            value.len() > 10 && !printed.contains(value),
            "a secret is printed: {printed}"
        );
    }
}

#[tokio::test]
async fn forms_of_other_pages_are_refused() {
    let program = Program::start(&["--persona", "never-opens"]);
    let mut browser = program.browser();
    let page = browser.get("/").await.unwrap();
    let token = Browser::token(&page).unwrap();
    let form = format!("token={token}&method=0&user=");
    let own = program.address.to_string();
    for (path, headers, form, status) in [
        ("/login", vec![], "method=0&user=".to_owned(), 403),
        ("/login", vec![], form.replace(&token, "guess"), 403),
        (
            "/login",
            vec![("origin", "https://evil.example.com")],
            form.clone(),
            403,
        ),
        ("/login", vec![("origin", "null")], form.clone(), 403),
        ("/login", vec![("host", "evil.example.com")], form.clone(), 403),
        ("/cancel", vec![], "token=".to_owned(), 403),
        ("/logout", vec![], String::new(), 403),
        ("/login", vec![], format!("token={token}&method=x"), 400),
        ("/login", vec![], format!("{form}{}", "x".repeat(9000)), 413),
        ("/wait", vec![], form.clone(), 405),
    ] {
        let seen = browser.post(path, &headers, &form).await.unwrap();
        assert_eq!(seen.status, status, "{path} {headers:?}");
    }
    let rebound = browser
        .send("GET", "/", &[("host", "evil.example.com")], "")
        .await
        .unwrap();
    assert_eq!((rebound.status, rebound.header("set-cookie")), (421, None));
    // A stranger's cookie with a right token.
    let stranger = program.browser().post("/login", &[], &form).await.unwrap();
    assert_eq!(stranger.status, 403);
    // Our own page's.
    let origin = format!("http://{own}");
    let seen = browser
        .post("/login", &[("origin", origin.as_str())], &form)
        .await
        .unwrap();
    assert_eq!(seen.header("location"), Some("/wait"));
    let waiting = browser.get("/wait").await.unwrap();
    assert!(
        waiting.text().contains("http-equiv=\"refresh\""),
        "without scripts"
    );
    // The token of the page before the login is none any more.
    let old = format!("token={token}");
    assert_eq!(browser.post("/cancel", &[], &old).await.unwrap().status, 403);
    let cancel = format!("token={}", Browser::token(&waiting).unwrap());
    browser.post("/cancel", &[], &cancel).await.unwrap();
    assert!(
        browser
            .get("/")
            .await
            .unwrap()
            .text()
            .contains("The login was cancelled.")
    );
    assert_eq!(browser.get("/wait").await.unwrap().header("location"), Some("/"));
}

#[tokio::test]
async fn who_exists_is_not_told_to_strangers() {
    let program = Program::start(&["--persona", "declines"]);
    let mut seen = Vec::new();
    for user in ["nobody", "%3Cscript%3E", "%20%00"] {
        let mut browser = program.browser();
        assert_eq!(login(&mut browser, 3, user).await.header("location"), Some("/"));
        let page = browser.get("/").await.unwrap();
        seen.push(page.between("role=\"alert\">", "<").unwrap());
    }
    assert!(
        seen.iter()
            .all(|message| message.starts_with("The login failed.")),
        "{seen:?}"
    );
    let mut browser = program.browser();
    assert_eq!(login(&mut browser, 3, "").await.header("location"), Some("/"));
    assert!(
        browser
            .get("/")
            .await
            .unwrap()
            .text()
            .contains("type your user name")
    );
    login(&mut browser, 3, "user1").await;
    assert_eq!(follow(&mut browser).await.header("location"), Some("/"));
    assert!(
        browser
            .get("/")
            .await
            .unwrap()
            .text()
            .contains("declined in the app")
    );
    let printed = program.end();
    assert!(
        printed.contains("unknown-user") && printed.contains("declined"),
        "{printed}"
    );
}

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_personal-login");
    Command::new(program).args(arguments).output().unwrap()
}

#[test]
fn by_itself_it_logs_in_with_a_method_or_says_why_not() {
    let good = run(&["--once", "--quiet", "--method", "Personal Desktop"]);
    let text = String::from_utf8(good.stdout).unwrap();
    assert_eq!(good.status.code(), Some(0), "{text}");
    assert!(text.contains("user1, Personal Desktop"), "{text}");
    let bad = run(&[
        "--once",
        "--quiet",
        "--method",
        "Personal Mobile",
        "--persona",
        "stranger",
    ]);
    let text = String::from_utf8(bad.stdout).unwrap();
    assert_eq!(bad.status.code(), Some(1), "{text}");
    assert!(text.contains("The login failed."), "{text}");
    for arguments in [
        &["--once", "--method", "None"][..],
        &["--config", "/does/not/exist.toml"],
        &["--once", "--config", "x.toml"],
        &["--methods", "/does/not/exist.toml", "--once"],
        &["--users", "x.toml"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn it_serves_an_installation_by_configuration() {
    let sim = smartid_sim::Sim::builder().seed(7).start().await.unwrap();
    let now = smartid::Timestamp::from_millis(sim.clock().unix_millis());
    let authority = smartid_examples::simulated::authority(now).unwrap();
    let subject = "CN=Alice Example";
    smartid_examples::simulated::insert_signing_card(&sim, &authority, subject, now).unwrap();
    let folder = std::env::temp_dir().join(format!("smartid-personal-login-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let key = format!("{}:{}", sim.hermod_client_id(), sim.hermod_key());
    let token = smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, key.as_bytes());
    let config = format!(
        "[messaging]\nurl = '{}'\ntoken_file = '{}'\n[tls]\nroots = ['{}']\n",
        sim.hermod_command_url(),
        file("token", &token),
        file("tls.pem", sim.ca_pem()),
    );
    let config = file("installation.toml", &config);
    let methods = include_str!("../personal-methods.toml");
    let methods = file("methods.toml", methods);
    let users = "[[users]]\nid = 'alice'\n[users.attributes]\ndisplayName = ['Alice Example']\n";
    let users = file("users.toml", users);
    let ca = format!("Example Issuing CA={}", file("ca.pem", &authority.root_pem()));
    let more = [
        "--config",
        &config,
        "--methods",
        &methods,
        "--users",
        &users,
        "--authority",
        &ca,
    ];
    let program = Program::start(&more);
    let mut browser = program.browser();
    login(&mut browser, 2, "").await;
    let page = browser.get("/wait").await.unwrap();
    let link = page
        .between("id=\"open\" href=\"", "\"")
        .unwrap()
        .replace("&amp;", "&");
    assert_eq!(
        follow_after(&sim, &mut browser, &link).await.header("location"),
        Some("/")
    );
    let welcome = browser.get("/").await.unwrap().text();
    assert!(
        welcome.contains("logged in as <strong>alice</strong>"),
        "{welcome}"
    );
    // Methods whose authority is not given are left out, and without any there is nothing to serve.
    let without = ["--config", &config, "--methods", &methods, "--users", &users];
    let left = Program::start(&without).end();
    assert!(!left.contains(&token), "the key is not printed");
    let names = run(&[&without[..], &["--authority", "no equals sign"]].concat());
    assert_eq!(names.status.code(), Some(2));
    assert_eq!(
        run(&["--config", &config]).status.code(),
        Some(2),
        "--methods is missing"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn follow_after(sim: &smartid_sim::Sim, browser: &mut Browser, link: &str) -> Seen {
    sim.desktop().open(link).await.unwrap();
    follow(browser).await
}
