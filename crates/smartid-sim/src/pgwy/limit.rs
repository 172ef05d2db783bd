//! How many calls a caller has (protocol notes: cm 4.4: error -40 exists, its limits are not public).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::caller::Caller;
use super::errors::{Refusal, TOO_MANY_REQUESTS};
use crate::config::CmConfig;
use crate::sync::lock;

/// Calls of each caller in the current span of time: when it began, and how many.
#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<HashMap<Vec<u8>, (Duration, u32)>>);

impl Limiter {
    /// Counts a call, or refuses it.
    pub(super) fn count(&self, config: &CmConfig, caller: &Caller, now: Duration) -> Result<(), Refusal> {
        let rate = &config.rate;
        if rate.calls == 0 {
            return Ok(());
        }
        let mut calls = lock(&self.0);
        let (begun, count) = calls.entry(caller.serial.clone()).or_insert((now, 0));
        if now.saturating_sub(*begun) >= Duration::from_secs(rate.seconds) {
            (*begun, *count) = (now, 0);
        }
        if *count >= rate.calls {
            return Err(Refusal::new(TOO_MANY_REQUESTS, "rate", "Too many requests"));
        }
        *count += 1;
        Ok(())
    }
}
