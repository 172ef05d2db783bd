//! Prints, as JSON lines, what the client POSTs to Digital Access at the end of an enrolment, beside the options that it answers: for
//! verifiers that are not ours (`tests/peers/verify_sent.py`). The bytes are those that the simulator has received.
#![expect(
    clippy::unwrap_used,
    reason = "a program of the tests; a panic is how it fails"
)]

use serde_json::json;
use smartid::UserId;
use smartid_sim::SimConfig;
use smartid_tests::{Setup, World};

#[tokio::main]
async fn main() {
    for algorithm in [-7, -8, -35, -36, -257] {
        for (attestation, conveyance) in [("none", "none"), ("packed", "direct")] {
            let mut setup = Setup::default();
            setup.sim = SimConfig::from_toml(&format!(
                "[desktop]\nalgorithms = [{algorithm}]\nattestation = '{attestation}'\nlevel3_members = true\n\
                 [da]\nattestation = '{conveyance}'"
            ))
            .unwrap();
            let world = World::start(setup).await;
            let begun = world.flow.begin(&UserId::new("alice").unwrap()).await.unwrap();
            let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
            let person = tokio::spawn(async move { desktop.open(&link).await });
            let end = world.flow.complete(&begun.id).await.unwrap();
            assert!(end.is_stored(), "{algorithm} {attestation}: {end:?}");
            person.abort();
            let records = world.sim.records();
            let of = |tail: &str| records.iter().find(|record| record.path.ends_with(tail)).unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            println!(
                "{}",
                json!({
                    "algorithm": algorithm,
                    "attestation": attestation,
                    "options": text(&of("/fido/options").reply),
                    "sent": text(&of("/fido/credentials").body),
                })
            );
        }
    }
}
