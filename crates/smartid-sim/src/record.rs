//! What happened on the wire. Tests ask these records instead of guessing: each request the simulator received, each callback it
//! sent with the receiver's answer, and the verifier's reason where something was refused.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;

use crate::sync::lock;

/// Which part of the simulator a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Party {
    /// A request to Smart ID Messaging: commands, states, the message server.
    Hermod,
    /// A request to Digital Access.
    DigitalAccess,
    /// A request to Microsoft Graph, or to its tenant's token endpoint.
    Graph,
    /// A callback that Smart ID Messaging sent to the integrator.
    Callback,
    /// A call of Smart ID Messaging to an API user's content provider.
    ContentProvider,
    /// A request to Protocol Gateway: the REST API of Certificate Manager, and certificates of authorities.
    CertificateManager,
    /// A certificate that Certificate Manager pushed to Identity Manager.
    CertificatePush,
    /// A request to the control page.
    Control,
}

/// One exchange. Headers and bodies hold secrets, therefore `Debug` shows neither, nor the query.
#[derive(Clone)]
#[non_exhaustive]
pub struct Record {
    /// Position in the list, from 1.
    pub number: u64,
    /// Simulated time.
    pub at: Duration,
    /// Who received it (or, for callbacks, that it was one).
    pub party: Party,
    /// HTTP method.
    pub method: String,
    /// Path without the query. For callbacks and content providers the whole URL without the query.
    pub path: String,
    /// The query, without `?`.
    pub query: Option<String>,
    /// Request headers as received or sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Request body.
    pub body: Bytes,
    /// Status that was answered; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// Body that was answered.
    pub reply: Bytes,
    /// Why something was refused, as a stable word, or which fault was played (`fault:lost_reply`).
    pub code: Option<String>,
}

impl Record {
    /// The first value of a request header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The request body as JSON, if it is.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            at,
            party,
            method,
            path,
            query: _,
            headers: _,
            body,
            status,
            reply,
            code,
        } = self;
        f.debug_struct("Record")
            .field("number", number)
            .field("at", at)
            .field("party", party)
            .field("method", method)
            .field("path", path)
            .field("body_bytes", &body.len())
            .field("status", status)
            .field("reply_bytes", &reply.len())
            .field("code", code)
            .finish()
    }
}

/// So many are kept; the oldest go first. A simulator that runs for weeks must not fill the memory.
const MAX_RECORDS: usize = 20_000;

/// So many bytes of bodies and replies are kept; the oldest records go first.
const MAX_BYTES: usize = 64 << 20;

/// The growing list.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    all: Vec<Record>,
    /// Bodies and replies in `all`.
    bytes: usize,
}

impl Kept {
    /// Forgets the oldest.
    fn drop_first(&mut self, count: usize) {
        for gone in self.all.drain(..count.min(self.all.len())) {
            self.bytes = self.bytes.saturating_sub(gone.body.len() + gone.reply.len());
        }
    }

    /// Forgets the oldest until the rest fits; the newest stays, whatever its size is.
    fn shrink(&mut self) {
        while self.bytes > MAX_BYTES && self.all.len() > 1 {
            self.drop_first((self.all.len() / 10).max(1));
        }
    }
}

impl Recorder {
    /// Notes an exchange that has begun and returns its number.
    pub(crate) fn begin(&self, mut record: Record) -> u64 {
        let mut kept = lock(&self.0);
        kept.count += 1;
        record.number = kept.count;
        if kept.all.len() >= MAX_RECORDS {
            kept.drop_first(MAX_RECORDS / 10);
        }
        kept.bytes += record.body.len() + record.reply.len();
        kept.all.push(record);
        kept.shrink();
        kept.count
    }

    /// Notes how it ended.
    pub(crate) fn finish(&self, number: u64, status: Option<u16>, reply: Bytes, code: Option<String>) {
        let mut kept = lock(&self.0);
        if let Some(record) = kept.all.iter_mut().rev().find(|record| record.number == number) {
            record.status = status;
            let (more, less) = (reply.len(), record.reply.len());
            record.reply = reply;
            record.code = code;
            kept.bytes = kept.bytes.saturating_add(more).saturating_sub(less);
            kept.shrink();
        }
    }

    pub(crate) fn all(&self) -> Vec<Record> {
        lock(&self.0).all.clone()
    }

    pub(crate) fn clear(&self) {
        let mut kept = lock(&self.0);
        kept.all.clear();
        kept.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: usize) -> Record {
        Record {
            number: 0,
            at: Duration::ZERO,
            party: Party::Control,
            method: "GET".into(),
            path: "/".into(),
            query: None,
            headers: Vec::new(),
            body: Bytes::from(vec![0; bytes]),
            status: None,
            reply: Bytes::new(),
            code: None,
        }
    }

    #[test]
    fn large_bodies_push_out_the_oldest_records() {
        let recorder = Recorder::default();
        for _ in 0..10 {
            let number = recorder.begin(record(1 << 20));
            recorder.finish(number, Some(200), Bytes::from(vec![0; 7 << 20]), None);
        }
        let numbers: Vec<u64> = recorder.all().iter().map(|record| record.number).collect();
        assert_eq!(numbers, [3, 4, 5, 6, 7, 8, 9, 10]);
        recorder.clear();
        recorder.begin(record(MAX_BYTES + 1));
        assert_eq!(recorder.all().len(), 1, "the newest stays");
        recorder.begin(record(1));
        assert_eq!(recorder.all()[0].body.len(), 1);
    }
}
