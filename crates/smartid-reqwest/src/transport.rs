//! Carries one request over reqwest: once, to where the base URL says, and with a limit for what comes back.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use reqwest::Url;
use smartid_core::{BoxFuture, Incoming, Outgoing, ServiceUrl, Transport, TransportError, TransportProblem};

use crate::builder::ReqwestTransportBuilder;
use crate::identity::{ASKED, Asked};
use crate::{late, problem};

/// What each request is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest body in bytes.
    pub(crate) response: usize,
    /// Whether `http` URLs are allowed.
    pub(crate) plain_http: bool,
}

/// The default [`Transport`]: reqwest with rustls and AWS-LC. Clones share their connections.
///
/// Made by [`builder`](Self::builder); see there and the [crate's front page](crate) for what it trusts, waits for and refuses.
#[derive(Clone)]
pub struct ReqwestTransport(Arc<Inner>);

struct Inner {
    client: reqwest::Client,
    limits: Limits,
    /// The servers that asked for a client certificate in a handshake, by host and port, and what they got.
    asked: Mutex<BTreeMap<(String, u16), Asked>>,
}

impl ReqwestTransport {
    /// Settings with their defaults; at least one root must be added.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }

    pub(crate) fn new(client: reqwest::Client, limits: Limits) -> Self {
        Self(Arc::new(Inner {
            client,
            limits,
            asked: Mutex::default(),
        }))
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            client: _blind,
            asked: _,
            limits: Limits { response, plain_http },
        } = &*self.0;
        f.debug_struct("ReqwestTransport")
            .field("response_limit", response)
            .field("plain_http", plain_http)
            .finish_non_exhaustive()
    }
}

impl Transport for ReqwestTransport {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        Box::pin(self.0.send(base, request))
    }
}

impl Inner {
    fn asked(&self) -> MutexGuard<'_, BTreeMap<(String, u16), Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, base: &ServiceUrl, request: Outgoing) -> Result<Incoming, TransportError> {
        if !base.is_https() && !self.limits.plain_http {
            return Err(TransportError::new(
                TransportProblem::Invalid,
                "the URL is plain http, which this transport was not allowed to use",
            ));
        }
        let url = Url::parse(&request.absolute(base)).map_err(|error| {
            TransportError::new(
                TransportProblem::Invalid,
                format!("base URL and path together are not a URL: {error}"),
            )
        })?;
        let (method, headers, body) = request.into_parts();
        let mut http = reqwest::Request::new(method, url);
        *http.headers_mut() = headers;
        if !body.is_empty() {
            *http.body_mut() = Some(body.into());
        }
        let (answer, asked) = ASKED
            .scope(Cell::new(Asked::No), async {
                let answer = self.client.execute(http).await;
                (answer, ASKED.with(Cell::get))
            })
            .await;
        let mut response = answer.map_err(|error| problem::of(error, base, asked))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = self.body(response, base, asked).await?;
        if asked != Asked::No {
            self.asked().insert((base.host().to_owned(), base.port()), asked);
        }
        if late::is_missing_certificate(status, &headers, &body) {
            // The handshake may have been that of an earlier request.
            let asked = self.asked().get(&(base.host().to_owned(), base.port())).copied();
            return Err(problem::of_missing_certificate(
                status,
                base,
                asked.unwrap_or(Asked::No),
            ));
        }
        Ok(Incoming::new(status, headers, body))
    }

    /// Reads the body as far as the limit. An answer that says beforehand that it is larger is not read at all.
    async fn body(
        &self,
        mut response: reqwest::Response,
        base: &ServiceUrl,
        asked: Asked,
    ) -> Result<Bytes, TransportError> {
        let limit = self.limits.response;
        let announced = response.content_length();
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        let Some(first) = chunk(&mut response, base, asked).await? else {
            return Ok(Bytes::new());
        };
        if first.len() > limit {
            return Err(too_large(limit));
        }
        // Most answers are one piece, which is handed on as it is.
        if announced == Some(first.len() as u64) {
            // The end still has to be read: only then the connection can carry the next request.
            chunk(&mut response, base, asked).await?;
            return Ok(first);
        }
        let Some(mut next) = chunk(&mut response, base, asked).await? else {
            return Ok(first);
        };
        // Not more than has been seen is set aside beforehand: the announced length may be a lie.
        let mut whole = BytesMut::with_capacity((first.len() + next.len()).saturating_mul(2).min(limit));
        whole.extend_from_slice(&first);
        drop(first);
        loop {
            if next.len() > limit - whole.len() {
                return Err(too_large(limit));
            }
            whole.extend_from_slice(&next);
            match chunk(&mut response, base, asked).await? {
                Some(more) => next = more,
                None => return Ok(whole.freeze()),
            }
        }
    }
}

async fn chunk(
    response: &mut reqwest::Response,
    base: &ServiceUrl,
    asked: Asked,
) -> Result<Option<Bytes>, TransportError> {
    response
        .chunk()
        .await
        .map_err(|error| problem::of(error, base, asked))
}

fn too_large(limit: usize) -> TransportError {
    TransportError::new(
        TransportProblem::TooLarge,
        format!("it has more than {limit} bytes"),
    )
}
