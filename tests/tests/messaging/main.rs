//! Every messaging command from end to end: the client, the simulated server, its devices and people, over real HTTPS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod authentication;
mod cancel;
mod deletion;
mod groups;
mod hostile;
mod lost;
mod pin_reset;
mod ping;
mod provisioning;
mod signing;
mod waiting;

use smartid::core::{ManualRuntime, Timestamp};
use smartid_sim::{SimClock, SimConfig};
use smartid_tests::Setup;
use std::sync::Arc;
use std::time::Duration;

/// The simulator's clock and the clients', which stand still.
struct Clocks {
    sim: SimClock,
    client: ManualRuntime,
}

impl Clocks {
    fn new() -> Self {
        let sim = SimClock::manual();
        let client = ManualRuntime::new(Timestamp::from_millis(sim.unix_millis()));
        Self { sim, client }
    }

    /// Moves both.
    fn advance(&self, by: Duration) {
        self.sim.advance(by);
        self.client.advance(by);
    }

    /// A simulator with these switches and one client, both with these clocks.
    fn setup(&self, sim: &str) -> Setup {
        let mut setup = Setup::default();
        setup.sim = SimConfig::from_toml(sim).unwrap();
        setup.clock = self.sim.clone();
        setup.runtime = Arc::new(self.client.clone());
        setup.timeout = Duration::from_secs(250);
        setup
    }
}
