//! How Graph says no: the error object with `innerError`, and the header `request-id` on every answer (documented: Microsoft Graph error
//! responses and resource types).

use serde_json::{Value, json};

use crate::clock::SimClock;
use crate::config::GraphConfig;
use crate::net::message::Reply;
use crate::pki::time::Civil;
use crate::webauthn::Refused;

/// The type that Graph gives its JSON.
pub(super) const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// A refusal that is not answered yet.
#[derive(Clone, Debug)]
pub(super) struct GraphError {
    status: u16,
    /// Graph's word.
    code: &'static str,
    message: String,
    /// The simulator's word, for the records.
    word: &'static str,
    retry_after: Option<u64>,
}

impl GraphError {
    pub(super) fn new(
        status: u16,
        code: &'static str,
        word: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            word,
            retry_after: None,
        }
    }

    pub(super) fn bad_request(word: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, "badRequest", word, message)
    }

    pub(super) fn token(word: &'static str, message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", word, message)
    }

    pub(super) fn not_found(word: &'static str, message: &str) -> Self {
        Self::new(404, "resourceNotFound", word, message)
    }

    /// The policy, or what may not be done to one's own account.
    pub(super) fn forbidden(config: &GraphConfig, word: &'static str, message: &str) -> Self {
        Self::new(config.status.policy, "accessDenied", word, message)
    }

    pub(super) fn throttled(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(429, "TooManyRequests", "throttled", "Please retry again later.")
        }
    }

    /// What the verifier says.
    pub(super) fn refused(config: &GraphConfig, refused: &Refused) -> Self {
        let (status, code) = match refused.code {
            "challenge_unknown" | "challenge_used" | "challenge_expired" | "challenge_superseded" => {
                (config.status.challenge, "badRequest")
            }
            "duplicate" => (config.status.duplicate, "conflict"),
            _ => (config.status.invalid, "badRequest"),
        };
        Self::new(status, code, refused.code, refused.message.clone())
    }

    pub(super) fn reply(&self, clock: &SimClock, ids: &Ids) -> Reply {
        let Self {
            status,
            code,
            message,
            word,
            retry_after,
        } = self;
        let mut inner = json!({
            "date": Civil::from_unix(clock.unix_millis() / 1000).iso(),
            "request-id": ids.request,
            "client-request-id": ids.client,
        });
        if *status == 429 {
            crate::json::put(&mut inner, "/code", json!("429"));
        }
        let body = json!({"error": {"code": code, "message": message, "innerError": inner}});
        let reply = Reply::text(*status, JSON, body.to_string()).with_code(*word);
        match retry_after {
            Some(seconds) => reply.with_header("retry-after", &seconds.to_string()),
            None => reply,
        }
    }
}

/// The ids of one call.
pub(super) struct Ids {
    pub(super) request: String,
    /// The caller's own, or the same.
    pub(super) client: String,
}

impl Ids {
    /// Every answer carries them.
    pub(super) fn on(&self, reply: Reply) -> Reply {
        reply
            .with_header("request-id", &self.request)
            .with_header("client-request-id", &self.client)
    }
}

/// The error object of the token endpoint (RFC 6749 5.2, with the members that Microsoft documents beside it).
pub(super) fn token_error(
    clock: &SimClock,
    ids: &Ids,
    (status, error, number): (u16, &'static str, u32),
    word: &'static str,
    text: &str,
) -> Reply {
    let stamp = Civil::from_unix(clock.unix_millis() / 1000)
        .iso()
        .replace('T', " ");
    let body: Value = json!({
        "error": error,
        "error_description": format!(
            "AADSTS{number}: {text} Trace ID: {} Correlation ID: {} Timestamp: {stamp}Z",
            ids.request, ids.client
        ),
        "error_codes": [number],
        "timestamp": format!("{stamp}Z"),
        "trace_id": ids.request,
        "correlation_id": ids.client,
    });
    Reply::text(status, "application/json; charset=utf-8", body.to_string()).with_code(word)
}
