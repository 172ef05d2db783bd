//! The configuration while the simulator runs. Switches may be changed between two requests; each request sees one consistent tree.

use std::sync::{Arc, PoisonError, RwLock};

use super::SimConfig;

#[derive(Debug)]
pub(crate) struct LiveConfig(RwLock<Arc<SimConfig>>);

impl LiveConfig {
    pub(crate) fn new(config: SimConfig) -> Self {
        Self(RwLock::new(Arc::new(config)))
    }

    pub(crate) fn get(&self) -> Arc<SimConfig> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut SimConfig)) {
        let mut guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut guard));
    }
}
