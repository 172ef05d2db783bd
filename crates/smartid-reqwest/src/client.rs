//! The HTTP client of one identity.
//!
//! A certificate belongs to a connection and not to a request, and connections are kept. So another identity is another client, with
//! connections and TLS sessions of its own, made anew from the same settings.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use reqwest::{Request, Response};
use smartid_core::{ConfigError, ServiceUrl, TlsIdentity, TransportError, TransportProblem};

use crate::blocking::{self, Stuck};
use crate::making::{Asked, MAKING, Making, Step};
use crate::problem;
use crate::tls::TlsBase;

/// Everything but the identity.
pub(crate) struct Settings {
    pub(crate) tls: TlsBase,
    pub(crate) plain_http: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) total_timeout: Duration,
    pub(crate) pool_idle: Duration,
    pub(crate) proxy: Option<reqwest::Proxy>,
    pub(crate) user_agent: HeaderValue,
}

/// An HTTP client whose connections all have the same identity.
pub(crate) struct Client {
    http: reqwest::Client,
    /// For a key that blocks: how long it may keep the making of a connection waiting.
    blocks: Option<Duration>,
}

impl Settings {
    /// A client without connections.
    pub(crate) fn client(&self, identity: Option<Arc<dyn TlsIdentity>>) -> Result<Client, ConfigError> {
        let (config, blocks) = self.tls.config(identity)?;
        let mut client = reqwest::Client::builder()
            // In a build where some other crate turns on `reqwest/native-tls`, that would be the default. The finished configuration
            // decides alone; both calls say so.
            .tls_backend_rustls()
            .tls_backend_preconfigured(config)
            .https_only(!self.plain_http)
            // A redirect would carry API keys to another host, and passwords in a body.
            .redirect(reqwest::redirect::Policy::none())
            // What may be repeated is decided by those who know the operation.
            .retry(reqwest::retry::never())
            .referer(false)
            // The environment is not ours to obey: HTTPS_PROXY in a service's unit file would send credentials elsewhere.
            .no_proxy()
            // These are on in a build where some other crate turns on their feature.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .no_hickory_dns()
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.read_timeout)
            .timeout(self.total_timeout)
            .user_agent(self.user_agent.clone());
        client = if self.pool_idle.is_zero() {
            client.pool_max_idle_per_host(0)
        } else {
            client.pool_idle_timeout(self.pool_idle)
        };
        if cfg!(not(feature = "http2")) {
            client = client.http1_only();
        }
        if let Some(proxy) = &self.proxy {
            client = client.proxy(proxy.clone());
        }
        let http = client.build().map_err(|error| {
            ConfigError::new(
                "tls",
                format!("the HTTP client cannot be made: {}", error.without_url()),
            )
        })?;
        Ok(Client {
            http,
            blocks: blocks.then(|| self.connect_timeout.min(self.total_timeout)),
        })
    }
}

impl Client {
    /// Sends one request; beside the head of the answer, what the server asked for if a connection was made.
    pub(crate) async fn execute(
        &self,
        request: Request,
        base: &ServiceUrl,
    ) -> Result<(Response, Asked), TransportError> {
        let (answer, asked) = match self.blocks {
            None => {
                MAKING
                    .scope(Making::new(None), async {
                        let answer = self.http.execute(request).await;
                        (answer, MAKING.with(Making::asked))
                    })
                    .await
            }
            // Boxed: what it holds would make the future larger for those who never need it.
            Some(limit) => Box::pin(blocking::execute(self.http.clone(), request, limit))
                .await
                .map_err(|stuck| of_stuck(stuck, base))?,
        };
        match answer {
            Ok(response) => Ok((response, asked)),
            Err(error) => Err(problem::of(error, base, asked)),
        }
    }
}

fn of_stuck(stuck: Stuck, base: &ServiceUrl) -> TransportError {
    let (problem, text) = match stuck {
        Stuck::TooLong(Step::Waiting) => (
            TransportProblem::ConnectTimeout,
            "no thread of the runtime was free to connect, which may block with this client key",
        ),
        Stuck::TooLong(_) => (
            TransportProblem::ConnectTimeout,
            "the client key had not signed when the time for connecting was over",
        ),
        Stuck::Lost(Step::Signing) => (
            TransportProblem::ClientCertificate,
            "the client key ended abnormally while it signed",
        ),
        Stuck::Lost(Step::Waiting) => (TransportProblem::Connect, "the runtime is shutting down"),
        Stuck::Lost(_) => (TransportProblem::Broken, "the runtime did not finish the request"),
    };
    TransportError::new(problem, format!("{}:{}: {text}", base.host(), base.port()))
}
