//! The program: help, configuration errors, addresses, the control page, and a clean end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use smartid_sim::{Sim, SimClock, SimConfig};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_smartid-sim"))
}

#[test]
fn help_and_default_configuration() {
    let help = program().arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--config"));
    let toml = String::from_utf8(program().arg("default-config").output().unwrap().stdout).unwrap();
    assert!(SimConfig::from_toml(&toml).is_ok());
    assert!(toml.contains("[cm.signing]") && toml.contains("[cm.paths]"));
}

#[test]
fn unknown_keys_are_errors_that_name_them() {
    let path = std::env::temp_dir().join(format!("smartid-sim-{}.toml", std::process::id()));
    std::fs::write(&path, "[hermod]\necho_external = true\n").unwrap();
    let output = program().arg("--config").arg(&path).output().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("echo_external")
    );
    assert_eq!(
        program()
            .args(["--config", "/nonexistent"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        program()
            .args(["--persona", "asleep"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    for toml in [
        "[da]\nunknown = 1",
        "[hermod.fido.session]\nverbs = \"x\"",
        "[desktop]\npersona = \"asleep\"",
        "[[hermod.api_users]]\nclient_id = \"camel\"",
        "typo = 1",
    ] {
        assert!(SimConfig::from_toml(toml).is_err(), "{toml}");
    }
}

#[tokio::test]
async fn contradictions_are_found_at_the_start() {
    for (toml, named) in [
        (
            "[hermod.fido]\noptions_pointer = \"publicKey\"",
            "options_pointer",
        ),
        ("[hermod]\naccepted_status = 99", "accepted_status"),
        ("[[hermod.api_users]]\nclient-id = \"a:b\"", "client-id"),
        ("[[da.oauth.clients]]\nsecret = \"s\"", "da.oauth.clients"),
        ("[da.session]\ncookie = \"\"", "da.session.cookie"),
        (
            "[[da.methods]]\nname = \"M\"\nid = \"m\"\nkind = \"fido\"",
            "12 characters",
        ),
        (
            "[hermod.callback]\nextra_ca_pem = '''-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'''",
            "TLS",
        ),
    ] {
        let config = SimConfig::from_toml(toml).unwrap();
        let error = Sim::builder()
            .config(config)
            .start()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(named), "{error}");
    }
}

/// The running program and what it has printed, with `--json`.
fn started(command: &mut Command) -> (Child, serde_json::Value) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[cfg(unix)]
#[test]
fn it_prints_addresses_and_ends_on_interrupt() {
    let (mut child, facts) = started(program().args(["--json", "--seed", "3"]));
    assert!(
        facts["hermod"]["commandUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://localhost:")
    );
    assert!(
        facts["control"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    let graph = &facts["graph"];
    let origin = graph["url"].as_str().unwrap();
    assert_eq!(graph["scope"], format!("{origin}/.default"));
    assert!(graph["tokenUrl"].as_str().unwrap().starts_with(origin));
    assert_eq!(graph["clientSecret"].as_str().unwrap().len(), 64);
    let front = facts["digitalAccess"]["resources"]["pgwy"].as_str().unwrap();
    assert!(front.ends_with("/https/pgwy"), "{front}");
    assert_eq!(facts["persona"], "approves");
    let access = &facts["digitalAccess"];
    let origin = access["origin"].as_str().unwrap();
    assert_eq!(
        (&access["issuer"], access["loginUrl"].as_str()),
        (&access["origin"], Some(format!("{origin}/wa/auth").as_str()))
    );
    for address in ["tokenUrl", "revokeUrl", "meUrl", "baseUrl"] {
        assert!(
            access[address]
                .as_str()
                .unwrap()
                .starts_with(&format!("{origin}/https/api/rest/"))
        );
    }
    assert_eq!(access["clients"][0]["id"], "integrator");
    assert_eq!(
        (
            &access["users"][0]["name"],
            access["users"][0]["password"].as_str().unwrap().len()
        ),
        (&"alice".into(), 64)
    );
    // With the control page a person answers on the phone, too.
    assert_eq!(facts["phone"]["auto"], false);
    let attestation: serde_json::Value =
        serde_json::from_str(facts["attestationKey"].as_str().unwrap()).unwrap();
    assert_eq!(attestation["keystate"], "active");
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn it_writes_what_officers_need() {
    let folder = std::env::temp_dir().join(format!("smartid-sim-officers-{}", std::process::id()));
    let config = folder.with_extension("toml");
    std::fs::write(&config, "[cm]\nofficer_password = \"pa55\"\n").unwrap();
    let (mut child, facts) = started(
        program()
            .args(["--json", "--seed", "3", "--no-control", "--config"])
            .arg(&config)
            .arg("--officers")
            .arg(&folder),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let facts = &facts["certificateManager"];
    assert!(facts["baseUrl"].as_str().unwrap().ends_with("/pgwy/api"));
    assert!(facts["dpUrl"].as_str().unwrap().ends_with("/pgwy/dp"));
    assert_eq!(facts["password"], "pa55");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert_eq!(read("cm-root.pem"), facts["rootPem"].as_str().unwrap().as_bytes());
    for officer in facts["officers"].as_array().unwrap() {
        let name = officer.as_str().unwrap();
        let opened = smartid_sim::pki::p12::open(&read(&format!("{name}.p12")), "pa55").unwrap();
        assert_eq!(opened[0].certificates.len(), 3);
        assert!(read(&format!("{name}.pem")).starts_with(b"-----BEGIN CERTIFICATE-----"));
        assert!(read(&format!("{name}.key")).starts_with(b"-----BEGIN PRIVATE KEY-----"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::remove_file(&config).unwrap();
}

#[tokio::test]
async fn the_control_page_shows_the_certificate_manager() {
    let sim = Sim::builder()
        .seed(5)
        .configure(|c| c.control.enabled = true)
        .start()
        .await
        .unwrap();
    let key = smartid_sim::pki::Key::generate(smartid_sim::pki::KeyKind::P256).unwrap();
    let request = smartid_sim::pki::csr::make("CN=<b>&", &[], &key, key.default_alg()).unwrap();
    let issued = sim.cm().issue(&request, "User signing").unwrap();
    sim.cm().revoke(&issued.certid, 6).unwrap();
    let page = reqwest::get(sim.control_url().unwrap())
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for shown in [
        &issued.certid,
        &sim.cm_url(),
        "ra-officer",
        "User signing",
        "revoked (reason 6)",
        "&lt;b&gt;&amp;",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn a_person_plays_the_device_on_the_control_page() {
    let sim = Sim::builder()
        .seed(5)
        .clock(SimClock::manual())
        .configure(|c| c.control.enabled = true)
        .start()
        .await
        .unwrap();
    let url = sim.control_url().unwrap().to_owned();
    let http = reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(sim.ca_pem().as_bytes()).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let page = http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("No link waits"));
    // `ping` to a temporary box is a command that one click answers.
    use base64::Engine;
    let key =
        base64::prelude::BASE64_STANDARD.encode(format!("{}:{}", sim.hermod_client_id(), sim.hermod_key()));
    let body =
        r#"{"commandHeader": {"lifespan": 60, "timeout": 60, "externalId": "<b>&"}, "pingCommand": {}}"#;
    let sent: serde_json::Value = http
        .post(format!("{}/ping", sim.hermod_command_url()))
        .header("x-api-key", &key)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .map(|response| response.text())
        .unwrap()
        .await
        .map(|text| serde_json::from_str(&text).unwrap())
        .unwrap();
    let page = http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;b&gt;&amp;") && !page.contains("<b>&"));
    let secret = page
        .split("name=\"secret\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let link = page
        .split("name=\"link\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&");
    let form = |secret: &str, persona: &str| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("secret", secret)
            .append_pair("persona", persona)
            .append_pair("link", &link);
        http.post(format!("{url}open")).body(form.finish()).send()
    };
    assert_eq!(form("guess", "approves").await.unwrap().status(), 403);
    assert_eq!(form(secret, "asleep").await.unwrap().status(), 400);
    let foreign = http
        .get(&url)
        .header("host", "evil.example.test")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 421);
    assert_eq!(http.get(format!("{url}x")).send().await.unwrap().status(), 404);
    assert_eq!(form(secret, "approves").await.unwrap().status(), 303);
    let state = || {
        let request = http.get(format!(
            "{}/{}",
            sim.hermod_command_url(),
            sent["commandId"].as_str().unwrap()
        ));
        request.header("x-api-key", &key).send()
    };
    while !state().await.unwrap().text().await.unwrap().contains("SUCCESS") {
        tokio::task::yield_now().await;
    }
    assert!(
        http.get(&url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("No link waits")
    );
}
