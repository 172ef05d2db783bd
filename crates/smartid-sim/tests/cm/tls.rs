//! Who gets in: TLS with client certificates, officers, roles.

use std::time::Duration;

use serde_json::json;
use smartid_sim::config::OfficerConfig;
use smartid_sim::pki::{Profile, Validity};
use smartid_sim::{ClientIdentity, Sim, TestCa};

use crate::common::{Bench, Caller, key};

const LIST: &str = "certificates";

fn pem(officer: &smartid_sim::Officer) -> String {
    format!("{}{}", officer.key_pem(), officer.certificate_pem())
}

/// Whether the handshake, or the first exchange after it, ends without HTTP.
async fn is_cut(caller: &Caller) -> bool {
    caller.request("GET", LIST).send().await.is_err()
}

#[tokio::test]
async fn the_handshake_tells_apart_who_is_known() {
    let bench = Bench::new("").await;
    let sim = &bench.sim;
    assert_eq!(bench.ra.get(LIST).await.status, 200);
    assert!(is_cut(&Caller::anonymous(sim)).await, "without a certificate");
    let stranger = TestCa::new(1, bench.now()).unwrap();
    let strange_key = key();
    let validity = Validity::days(bench.now(), 30);
    let strange = stranger
        .issue_for_key("CN=ra-officer", &strange_key, Profile::Officer, validity)
        .unwrap();
    let strange_pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n{}{}",
        crate::common::lines(&crate::common::base64(strange_key.expose_pkcs8()), 64, "\n"),
        strange.pem(),
        stranger.chain_pem()
    );
    assert!(
        is_cut(&Caller::with_identity(sim, &strange_pem)).await,
        "of an unknown authority"
    );
    // A certificate of the authority that signs the servers' is not one of the Certificate Manager.
    let ClientIdentity {
        certificate_pem,
        key_pem,
        ..
    } = sim.client_identity("ra-officer").unwrap();
    assert!(
        is_cut(&Caller::with_identity(
            sim,
            &format!("{key_pem}{certificate_pem}")
        ))
        .await
    );
    assert!(is_cut(&Caller::new(sim, "expired-officer")).await);
    assert!(is_cut(&Caller::new(sim, "future-officer")).await);
    assert!(!is_cut(&Caller::new(sim, "revoked-officer")).await);
}

#[tokio::test]
async fn officers_and_roles_are_told_apart() {
    let bench = Bench::new("").await;
    for (name, word) in [
        ("no-officer", "not_officer"),
        ("revoked-officer", "certificate_state"),
    ] {
        let caller = Caller::new(&bench.sim, name);
        let answer = caller.get(LIST).await;
        assert_eq!(answer.status, 403, "{name}");
        assert!(answer.kind().starts_with("text/html") && answer.text().contains("HTTP Status 403"));
        assert_eq!(bench.word(), word);
    }
    bench
        .sim
        .reconfigure(|config| config.cm.tls.not_officer = smartid_sim::config::NotOfficer::Error);
    let answer = Caller::new(&bench.sim, "no-officer").get(LIST).await;
    assert_eq!((answer.status, answer.error()), (403, -15));
    let answer = Caller::new(&bench.sim, "without-roles").get(LIST).await;
    assert_eq!(
        (answer.status, answer.error(), bench.word().as_str()),
        (403, -15, "role")
    );
    let reader = Caller::new(&bench.sim, "reader");
    assert_eq!(reader.get(LIST).await.status, 200);
    assert_eq!(reader.get("procedures").await.status, 200);
}

#[tokio::test]
async fn required_roles_are_all_required() {
    let bench = Bench::new("required_ro_roles = [\"Use clients\", \"Create batch\"]").await;
    assert_eq!(bench.ra.get(LIST).await.status, 200);
    assert_eq!(Caller::new(&bench.sim, "reader").get(LIST).await.error(), -15);
    // `none`: whoever has a certificate of the authority.
    bench
        .sim
        .reconfigure(|config| config.cm.required_ro_roles = vec!["none".into()]);
    assert_eq!(Caller::new(&bench.sim, "no-officer").get(LIST).await.status, 200);
    assert_eq!(
        Caller::new(&bench.sim, "revoked-officer").get(LIST).await.status,
        403
    );
}

#[tokio::test]
async fn roles_of_operations_can_be_changed() {
    let toml = "[cm.roles]\nsearch = \"Export search results\"\nprocedures = \"\"\ndetails = \"x\"\ndownload = \"x\"";
    let bench = Bench::with(toml).await;
    let reader = Caller::new(&bench.sim, "reader");
    assert_eq!(reader.get(LIST).await.error(), -15);
    assert_eq!(bench.ra.get(LIST).await.status, 200);
    assert_eq!(reader.get("procedures").await.status, 200);
    assert_eq!(bench.ra.get("certificates/1/details").await.error(), -15);
    assert_eq!(bench.ra.get("certificates/1/download").await.error(), -15);
    // What the file does not name stays as it was.
    assert_eq!(reader.get("certificates/issuers").await.status, 200);
}

#[tokio::test]
async fn a_client_certificate_may_be_optional_or_never_asked_for() {
    for (mode, with) in [("optional", 200), ("none", 403)] {
        let bench = Bench::new(&format!("[cm.tls]\nclient_certificate = \"{mode}\"")).await;
        let answer = Caller::anonymous(&bench.sim).get(LIST).await;
        assert_eq!(
            (answer.status, bench.word().as_str()),
            (403, "no_certificate"),
            "{mode}"
        );
        assert_eq!(bench.ra.get(LIST).await.status, with, "{mode}");
        // One that is shown is looked at all the same.
        let cut = is_cut(&Caller::new(&bench.sim, "expired-officer")).await;
        assert_eq!(cut, mode == "optional");
    }
}

#[tokio::test]
async fn versions_of_tls() {
    for (only, good, bad) in [
        (
            "1.2",
            reqwest::tls::Version::TLS_1_2,
            reqwest::tls::Version::TLS_1_3,
        ),
        (
            "1.3",
            reqwest::tls::Version::TLS_1_3,
            reqwest::tls::Version::TLS_1_2,
        ),
    ] {
        let bench = Bench::new(&format!("[cm.tls]\nversions = [\"{only}\"]")).await;
        assert_eq!(bench.ra.get(LIST).await.status, 200);
        for (version, passes) in [(good, true), (bad, false)] {
            let identity = bench.sim.officer("ra-officer").unwrap().identity_pem();
            let http = crate::common::builder(&bench.sim)
                .identity(reqwest::Identity::from_pem(identity.as_bytes()).unwrap())
                .tls_version_min(version)
                .tls_version_max(version)
                .build()
                .unwrap();
            let sent = http.get(format!("{}/{LIST}", bench.sim.cm_url())).send().await;
            assert_eq!(sent.is_ok(), passes, "{only}");
        }
    }
}

#[tokio::test]
async fn the_chain_may_have_to_be_sent() {
    let bench = Bench::new("").await;
    let alone = pem(&bench.sim.officer("reader").unwrap());
    assert_eq!(
        Caller::with_identity(&bench.sim, &alone).get(LIST).await.status,
        200
    );
    bench
        .sim
        .reconfigure(|config| config.cm.tls.trust_issuing_ca = false);
    assert!(is_cut(&Caller::with_identity(&bench.sim, &alone)).await);
    assert_eq!(Caller::new(&bench.sim, "reader").get(LIST).await.status, 200);
}

#[tokio::test]
async fn revocation_may_be_looked_at_in_the_handshake() {
    let bench = Bench::new("[cm.tls]\ncheck_revocation = true").await;
    assert!(is_cut(&Caller::new(&bench.sim, "revoked-officer")).await);
    assert_eq!(Caller::new(&bench.sim, "reader").get(LIST).await.status, 200);
    bench.sim.cm().revoke_officer("reader").unwrap();
    assert!(is_cut(&Caller::new(&bench.sim, "reader")).await);
}

#[tokio::test]
async fn an_officer_expires_by_the_simulators_clock_and_is_renewed() {
    let bench = Bench::new("").await;
    assert_eq!(bench.ra.get(LIST).await.status, 200);
    bench.sim.advance(Duration::from_secs(3001 * 86_400));
    // The open connection is refused by the REST API, a new one by the handshake.
    assert_eq!(bench.ra.get(LIST).await.status, 403);
    assert!(is_cut(&Caller::new(&bench.sim, "ra-officer")).await);

    let bench = Bench::new("").await;
    let before = bench.sim.officer("ra-officer").unwrap();
    let renewed = bench.sim.cm().renew_officer("ra-officer").unwrap();
    assert_ne!(before.certificate_der(), renewed.certificate_der());
    assert_ne!(before.key_pkcs8(), renewed.key_pkcs8());
    assert_eq!(
        bench.sim.officer("ra-officer").unwrap().certificate_der(),
        renewed.certificate_der()
    );
    for officer in [&before, &renewed] {
        let caller = Caller::with_identity(&bench.sim, &officer.identity_pem());
        assert_eq!(caller.get(LIST).await.status, 200);
    }
    bench.sim.cm().revoke_officer("ra-officer").unwrap();
    assert_eq!(
        Caller::with_identity(&bench.sim, &before.identity_pem())
            .get(LIST)
            .await
            .status,
        200
    );
    assert_eq!(
        Caller::with_identity(&bench.sim, &renewed.identity_pem())
            .get(LIST)
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn officers_come_from_the_configuration() {
    let toml = "[[cm.officers]]\nname = \"me\"\nroles = [\"Use clients\"]\nkey = \"p384\"\n[[cm.officers]]\nname = \"old\"\nstate = \"expired\"\nofficer = false";
    let sim = Sim::builder()
        .config(smartid_sim::SimConfig::from_toml(toml).unwrap())
        .start()
        .await
        .unwrap();
    assert_eq!(sim.cm().officers(), ["me", "old"]);
    let officer = sim.officer("me").unwrap();
    assert_eq!(
        (officer.name(), officer.key().kind()),
        ("me", smartid_sim::pki::KeyKind::P384)
    );
    assert_eq!(officer.certificate().common_name().as_deref(), Some("me"));
    assert_eq!(officer.chain_der().len(), 2);
    assert!(officer.chain_pem().contains(&sim.cm_root_pem()));
    assert_eq!(Caller::new(&sim, "me").get(LIST).await.status, 200);
    assert!(sim.officer("nobody").is_err());
    assert!(sim.cm().renew_officer("nobody").is_err());
    let text = format!("{officer:?}");
    assert!(!text.contains("key_pem") && text.contains("P384"), "{text}");
    // Roles can be taken away while it runs.
    sim.reconfigure(|config| config.cm.officers = vec![OfficerConfig::new("me", [""; 0])]);
    assert_eq!(Caller::new(&sim, "me").get(LIST).await.error(), -15);
}

#[tokio::test]
async fn every_kind_of_key_is_in_a_p12_that_opens() {
    let bench = Bench::new("").await;
    for name in ["ra-officer", "rsa-officer", "ed25519-officer"] {
        let officer = bench.sim.officer(name).unwrap();
        let opened = smartid_sim::pki::p12::open(&officer.p12("pa55").unwrap(), "pa55").unwrap();
        assert_eq!(opened[0].key.public_key(), officer.key().public_key());
        assert_eq!(opened[0].certificates[0], officer.certificate_der());
        assert_eq!(opened[0].certificates.len(), 3);
    }
}

#[tokio::test]
async fn every_operation_asks_for_its_role() {
    let roles = "search = \"r\"\ndetails = \"r\"\ndownload = \"r\"\nissue = \"r\"\nrevoke = \"r\"\nreinstate = \"r\"\n\
                 procedures = \"r\"\nregistrations = \"r\"\nregister = \"r\"\nissuers = \"r\"\nimport = \"r\"\nremove = \"r\"\n\
                 attribute-certificate = \"r\"\nsigning-authority = \"r\"\npkcs12 = \"r\"\n";
    let bench = Bench::with(&format!(
        "[cm.signing]\nmode = \"vro\"\n[cm.roles]\n{roles}[[cm.officers]]\nname = \"ra-officer\"\nroles = [\"Use clients\"]\n\
         [[cm.officers]]\nname = \"other\"\nroles = [\"Use clients\", \"r\"]"
    ))
    .await;
    let other = Caller::new(&bench.sim, "other");
    let request = crate::common::base64(&crate::common::csr_for("CN=a"));
    let hash = crate::common::base64(&[0; 32]);
    for (method, path, body) in [
        ("GET", "certificates", json!({})),
        ("GET", "certificates/1/details", json!({})),
        ("GET", "certificates/1/download", json!({})),
        ("GET", "procedures", json!({})),
        ("GET", "registrations/a/scep", json!({})),
        ("GET", "certificates/issuers", json!({})),
        ("POST", "registrations/a/scep", json!({"fqdn": "x"})),
        ("POST", "certificates/pkcs10", json!({"pkcs10": request})),
        (
            "POST",
            "certificates/revoke",
            json!({"certid": ["1"], "reason": 1}),
        ),
        ("POST", "certificates/reinstate", json!({"certid": ["1"]})),
        ("POST", "certificates/import", json!({"importdata": [{}]})),
        ("POST", "certificates/remove", json!({"certid": ["1"]})),
        (
            "POST",
            "certificates/attributecertificate",
            json!({"pkcs10": request}),
        ),
        (
            "POST",
            "signingauthority/sign",
            json!({"hash": hash, "hashAlgorithm": "SHA-256", "signatureFormat": "Signature"}),
        ),
        (
            "POST",
            "certificates/pkcs12",
            json!({"password": "p", "commonname": "a"}),
        ),
    ] {
        let send = async |caller: &Caller| match method {
            "GET" => caller.get(path).await,
            _ => caller.post_json(path, &body).await,
        };
        let refused = send(&bench.ra).await;
        assert_eq!(
            (refused.status, refused.error(), bench.word().as_str()),
            (403, -15, "role"),
            "{method} {path}"
        );
        let _ = send(&other).await;
        assert_ne!(bench.word(), "role", "{method} {path}");
    }
}
