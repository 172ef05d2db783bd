//! Listening addresses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use smartid_sim::{Sim, SimConfig};

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[tokio::test]
async fn ports_are_taken_as_told_and_a_taken_one_is_an_error() {
    let (hermod, da, control) = (free_port(), free_port(), free_port());
    let toml = format!(
        "[listen]\naddress = \"127.0.0.1\"\nhermod_port = {hermod}\nda_port = {da}\ncontrol_port = {control}\n[control]\nenabled = true"
    );
    let sim = Sim::builder()
        .config(SimConfig::from_toml(&toml).unwrap())
        .start()
        .await
        .unwrap();
    assert!(sim.hermod_command_url().contains(&format!(":{hermod}/")));
    assert!(sim.da_base_url().contains(&format!(":{da}/")));
    assert!(sim.control_url().unwrap().contains(&format!(":{control}/")));
    let config = SimConfig::from_toml(&format!("[listen]\nhermod_port = {hermod}")).unwrap();
    assert!(matches!(
        Sim::builder().config(config).start().await,
        Err(smartid_sim::SimError::Io(_))
    ));
    sim.shutdown().await;
}

#[tokio::test]
async fn the_seed_of_the_file_counts() {
    let ids = async |toml: &str| {
        let sim = Sim::builder()
            .config(SimConfig::from_toml(toml).unwrap())
            .start()
            .await
            .unwrap();
        sim.hermod_key().to_owned()
    };
    assert_eq!(ids("seed = 4").await, ids("seed = 4").await);
    assert_ne!(ids("").await, ids("").await);
}
