//! Carries one request over reqwest: once, to where the base URL says, and with a limit for what comes back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::{Bytes, BytesMut};
use reqwest::Url;
use smartid_core::{
    BoxFuture, ConfigError, Incoming, Outgoing, ServiceUrl, TlsIdentity, Transport, TransportError,
    TransportProblem,
};

use crate::builder::ReqwestTransportBuilder;
use crate::client::{Client, Settings};
use crate::making::Asked;
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
    settings: Settings,
    limits: Limits,
    /// What new requests use. Requests keep the one that they have begun with.
    client: RwLock<Arc<Client>>,
    /// The servers that asked for a client certificate in a handshake, by host and port, and what they got.
    asked: Mutex<BTreeMap<(String, u16), Asked>>,
}

impl ReqwestTransport {
    /// Settings with their defaults; at least one root must be added.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }

    pub(crate) fn new(
        settings: Settings,
        identity: Option<Arc<dyn TlsIdentity>>,
        limits: Limits,
    ) -> Result<Self, ConfigError> {
        let client = settings.client(identity)?;
        Ok(Self(Arc::new(Inner {
            settings,
            limits,
            client: RwLock::new(Arc::new(client)),
            asked: Mutex::default(),
        })))
    }

    /// Shows another certificate from now on, for instance a renewed one. Holds for every clone of this transport.
    ///
    /// Requests that have begun end on the connection that they have; every request that begins after this has returned is on a
    /// connection that was made with the new certificate. Kept connections and TLS sessions of the old one are given up.
    ///
    /// # Errors
    /// [`ConfigError`] for `tls.identity`, as when the transport is [built](ReqwestTransportBuilder::identity); the old certificate
    /// then stays.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use smartid_reqwest::{PemIdentity, ReqwestTransport};
    ///
    /// # let made = rcgen::generate_simple_self_signed(vec!["officer.example.test".to_owned()]).unwrap();
    /// # let (old, renewed) = (made.cert.pem() + &made.signing_key.serialize_pem(), made.cert.pem() + &made.signing_key.serialize_pem());
    /// # let ca_pem = made.cert.pem();
    /// let transport = ReqwestTransport::builder()
    ///     .root_pem(&ca_pem)
    ///     .identity(Arc::new(PemIdentity::from_pem(old.as_bytes())?))
    ///     .build()?;
    /// transport.set_identity(Arc::new(PemIdentity::from_pem(renewed.as_bytes())?))?;
    /// # Ok::<(), smartid_core::ConfigError>(())
    /// ```
    pub fn set_identity(&self, identity: Arc<dyn TlsIdentity>) -> Result<(), ConfigError> {
        self.0.change(Some(identity))
    }

    /// Shows no certificate any more, from now on as with [`set_identity`](Self::set_identity).
    ///
    /// # Errors
    /// [`ConfigError`] when the HTTP client cannot be made; the old certificate then stays.
    pub fn remove_identity(&self) -> Result<(), ConfigError> {
        self.0.change(None)
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            settings: _,
            client: _,
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
    fn change(&self, identity: Option<Arc<dyn TlsIdentity>>) -> Result<(), ConfigError> {
        let client = Arc::new(self.settings.client(identity)?);
        let old = {
            let mut current = self.client.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, client)
        };
        // Closes its connections, unless requests are still on them.
        drop(old);
        Ok(())
    }

    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }

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
        let (mut response, asked) = self.client().execute(http, base).await?;
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
