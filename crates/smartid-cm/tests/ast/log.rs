//! Writes down all that is logged.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    /// Runs something, and gives back what it logged at any level.
    ///
    /// Whether a place in the code is logged at all is decided when it is come by for the first time, and another test in this process may
    /// be there at this very moment, with nobody listening. So it is run twice, and all places are decided anew in between.
    pub(crate) fn of(run: impl Fn()) -> String {
        let log = Self::default();
        tracing::subscriber::with_default(log.clone(), || {
            run();
            tracing::callsite::rebuild_interest_cache();
            run();
        });
        let text = log.0.lock().unwrap().clone();
        assert!(!text.is_empty(), "nothing was logged");
        text
    }
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
