//! Each switch of the Desktop App, changed by its TOML key, and what then differs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::{Bench, unb64};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn the_authenticator_is_as_told() {
    let toml = "[desktop]\nalgorithms = [-35]\nattestation = \"packed\"\nuser_verified = false\nbackup_eligible = true\nbackup_state = true\n\
                counts = false\nattachment = \"platform\"\ntransports = [\"internal\", \"hybrid\"]\ncross_origin_member = false";
    let bench = Bench::from_toml(toml).await;
    let registration = bench
        .sim
        .desktop()
        .register(&bench.options("alice").await.text)
        .unwrap();
    let body: Value = serde_json::from_str(&registration).unwrap();
    assert_eq!(body["authenticatorAttachment"], "platform");
    assert_eq!(body["response"]["transports"], json!(["internal", "hybrid"]));
    let client = String::from_utf8(unb64(body["response"]["clientDataJSON"].as_str().unwrap())).unwrap();
    assert!(!client.contains("crossOrigin"));
    assert_eq!(bench.credentials("alice", &registration).await.status, 201);
    let stored = &bench.sim.credentials_of("alice")[0];
    assert_eq!(
        (stored.algorithm, stored.format.as_str(), stored.sign_count),
        (-35, "packed", 0)
    );
    // A counter that never moves is legal as long as it is zero on both sides.
    assert_eq!(bench.sim.login("alice").await.unwrap().sign_count, 0);
    assert_eq!(bench.sim.login("alice").await.unwrap().sign_count, 0);
    let object = unb64(body["response"]["attestationObject"].as_str().unwrap());
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"login.example.test");
    let at = object
        .windows(32)
        .position(|window| window == hash.as_ref())
        .unwrap();
    assert_eq!(object[at + 32], 0x01 | 0x08 | 0x10 | 0x40);

    let bench = Bench::from_toml("[desktop]\nalgorithms = [-8]\nbackup_state = true").await;
    bench.sim.reconfigure(|config| config.da.algorithms = vec![-7]);
    let error = bench
        .sim
        .desktop()
        .register(&bench.options("alice").await.text)
        .unwrap_err()
        .to_string();
    assert!(error.contains("NotSupportedError"), "{error}");
    bench.sim.reconfigure(|config| {
        config.da.algorithms = vec![-8];
        config.da.user_verification = "required".into();
        config.desktop.user_verified = false;
    });
    let error = bench
        .sim
        .desktop()
        .register(&bench.options("alice").await.text)
        .unwrap_err()
        .to_string();
    assert!(error.contains("NotAllowedError"), "{error}");
    bench
        .sim
        .reconfigure(|config| config.desktop.user_verified = true);
    let registration = bench
        .sim
        .desktop()
        .register(&bench.options("alice").await.text)
        .unwrap();
    assert_eq!(
        bench.credentials("alice", &registration).await.json()["error"],
        "backup_flags"
    );
}

#[tokio::test]
async fn slow_seconds_and_reconnects_are_read() {
    let toml = "[desktop]\npersona = \"slow\"\nslow_seconds = 1\nstage = \"session\"\nreconnects = 0";
    let bench = Bench::from_toml(toml).await;
    let options = bench.options("alice").await.text;
    let (link, ..) = bench.begin(&options).await;
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open(&link).await });
    // Time moves in small steps, and the app gets plenty of turns between them.
    for _ in 0..200 {
        for _ in 0..20_000 {
            if app.is_finished() {
                break;
            }
            tokio::task::yield_now().await;
        }
        bench.sim.advance(Duration::from_secs(1));
    }
    let report = app.await.unwrap().unwrap();
    assert!(
        report.actions.contains(&"thought for 1 seconds".to_owned()),
        "{report:?}"
    );
}
