//! What stands in front of an integrator's receiver in real installations: it takes HTTPS, asks for a client certificate if it shall, and
//! passes requests on as HTTP with that certificate in a header (RFC 9440). So a receiver can be tested over real TLS without a TLS
//! server of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::{Faults, Route};
use crate::net::client::{Call, HttpClient};
use crate::net::message::{Reply, Request};
use crate::net::server::{Service, Shared, Tls, serve};
use crate::record::{Party, Recorder};
use crate::{Sim, SimError};

/// The header with the client's certificate: base64 of DER between colons (RFC 9440 2.1).
const CLIENT_CERT: &str = "client-cert";

/// Headers that are of one connection only, or are made anew.
const OF_THE_CONNECTION: [&str; 6] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    CLIENT_CERT,
];

/// TLS in front of a receiver that speaks plain HTTP. Dropping it stops it.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let sim = smartid_sim::Sim::start().await?;
/// let front = sim.front("http://127.0.0.1:18080", true).await?;
/// assert!(front.url().starts_with("https://localhost:"));
/// # Ok::<(), smartid_sim::SimError>(())
/// # }).unwrap();
/// ```
pub struct Front {
    url: String,
    shutdown: watch::Sender<bool>,
    _restart: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Front {
    /// Where it listens. Its certificate is issued by [`Sim::ca_pem`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shutdown.send_replace(true);
        self.task.abort();
    }
}

impl Sim {
    /// Starts TLS in front of the receiver at `upstream`, an `http` address without a path. With `client_certificate` the handshake
    /// fails without a certificate of [`Sim::client_identity`], and the receiver finds it in the header `Client-Cert`; a header of that
    /// name that the caller has sent goes no further.
    ///
    /// # Errors
    /// [`SimError::Tls`], and [`SimError::Io`] when no port can be opened.
    pub async fn front(&self, upstream: &str, client_certificate: bool) -> Result<Front, SimError> {
        let authority = self.authority();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        let (shutdown, restart) = (watch::Sender::new(false), watch::Sender::new(0));
        let passing = Passing {
            upstream: upstream.trim_end_matches('/').to_owned(),
            http: HttpClient::new(authority.client_config("")?, None),
        };
        let shared = Shared {
            service: Arc::new(passing),
            faults: Arc::new(Faults::default()),
            records: Arc::new(Recorder::default()),
            clock: self.clock().clone(),
            restart: restart.subscribe(),
            shutdown: shutdown.subscribe(),
        };
        let tls = Tls::Fixed(authority.server_config(client_certificate)?);
        Ok(Front {
            url,
            shutdown,
            _restart: restart,
            task: tokio::spawn(serve(listener, tls, shared)),
        })
    }
}

/// Passes requests on.
struct Passing {
    upstream: String,
    http: HttpClient,
}

impl Passing {
    async fn pass(&self, request: Request) -> Reply {
        let mut headers = request.header_list();
        headers.retain(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()));
        if let Some(peer) = &request.peer {
            headers.push((
                CLIENT_CERT.to_owned(),
                format!(":{}:", BASE64_STANDARD.encode(peer)),
            ));
        }
        let query = request
            .query
            .as_ref()
            .map_or_else(String::new, |query| format!("?{query}"));
        let call = Call {
            method: &request.method,
            url: &format!("{}{}{query}", self.upstream, request.path),
            headers: &headers,
            body: request.body,
        };
        match self.http.send(call).await {
            Ok(answer) => Reply::empty(answer.status).with_body(answer.body),
            Err(_) => Reply::empty(502),
        }
    }
}

impl Service for Passing {
    fn party(&self) -> Party {
        Party::CertificatePush
    }

    fn route(&self, _: &Request) -> Route {
        Route::Other
    }

    fn max_body(&self) -> usize {
        1 << 20
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(self.pass(request))
    }
}
