//! The arrows between the crates, as `docs/src/architecture.md` draws them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The direct dependencies (not the dev-dependencies) of each crate of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
            "--manifest-path",
            manifest,
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let normal = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dep| dep["kind"] != "dev");
            (
                text(&package["name"]),
                normal.map(|dep| text(&dep["name"])).collect(),
            )
        })
        .collect()
}

#[test]
fn arrows_point_one_way() {
    let dependencies = dependencies();
    let none_of = |package: &str, forbidden: &[&str]| {
        let found: Vec<_> = forbidden
            .iter()
            .filter(|name| dependencies[package].contains(**name))
            .collect();
        assert!(found.is_empty(), "{package} depends on {found:?}");
    };
    let above = [
        "smartid",
        "smartid-sim",
        "smartid-reqwest",
        "reqwest",
        "tokio",
        "axum",
        "hyper",
    ];
    none_of("smartid-core", &above);
    none_of(
        "smartid-core",
        &["smartid-trust", "smartid-hermod", "smartid-cm", "smartid-da"],
    );
    none_of("smartid-trust", &above);
    none_of(
        "smartid-trust",
        &["smartid-hermod", "smartid-cm", "smartid-da", "openssl", "rsa"],
    );
    let clients = ["smartid-hermod", "smartid-cm", "smartid-da"];
    for client in clients {
        none_of(client, &above);
        none_of(client, &clients);
    }
    none_of(
        "smartid-reqwest",
        &[
            "smartid",
            "smartid-sim",
            "smartid-hermod",
            "smartid-cm",
            "smartid-da",
        ],
    );
    none_of("smartid", &["smartid-sim", "tokio", "axum"]);
}

#[test]
fn the_simulator_names_no_other_crate_of_the_workspace() {
    let dependencies = dependencies();
    let ours: BTreeSet<_> = dependencies.keys().cloned().collect();
    let named: Vec<_> = dependencies["smartid-sim"].intersection(&ours).collect();
    assert!(named.is_empty(), "{named:?}");
}
