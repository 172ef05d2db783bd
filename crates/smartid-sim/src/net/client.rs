//! The simulator as a caller: Smart ID Messaging when it calls back, the app when it fetches, the browser when it logs in. One
//! connection per request: what is played does not need more, and nothing is left open.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// Largest answer that is read.
const MAX_ANSWER: usize = 1 << 20;

#[derive(Clone)]
pub(crate) struct HttpClient {
    tls: Arc<ClientConfig>,
    timeout: Option<Duration>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A request to send.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: Bytes,
}

/// A request that is passed on: its headers may hold any octets.
pub(crate) struct Passed<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpClient {
    /// `timeout` is real time; `None` waits as long as the other side does.
    pub(crate) fn new(tls: Arc<ClientConfig>, timeout: Option<Duration>) -> Self {
        Self { tls, timeout }
    }

    /// Sends one request. The error text names no URL, because links and callback addresses may hold secrets.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Answer, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in call.headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            let value = http::HeaderValue::from_bytes(value.as_bytes()).map_err(|error| error.to_string())?;
            headers.append(name, value);
        }
        let Call {
            method, url, body, ..
        } = call;
        self.pass(Passed {
            method,
            url,
            headers: &headers,
            body,
        })
        .await
    }

    /// The same with headers of any octets.
    pub(crate) async fn pass(&self, call: Passed<'_>) -> Result<Answer, String> {
        match self.timeout {
            None => self.send_without_limit(call).await,
            Some(limit) => tokio::time::timeout(limit, self.send_without_limit(call))
                .await
                .map_err(|_| "no answer in time".to_owned())?,
        }
    }

    async fn send_without_limit(&self, call: Passed<'_>) -> Result<Answer, String> {
        let url = url::Url::parse(call.url).map_err(|error| format!("bad address: {error}"))?;
        let host = url.host_str().ok_or("the address has no host")?.to_owned();
        let port = url.port_or_known_default().ok_or("the address has no port")?;
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let mut request = http::Request::builder()
            .method(call.method)
            .uri(target)
            .header("host", authority)
            .body(Full::new(call.body))
            .map_err(|error| error.to_string())?;
        request.headers_mut().extend(call.headers.clone());
        let tcp = TcpStream::connect((bare.as_str(), port))
            .await
            .map_err(|error| error.to_string())?;
        match url.scheme() {
            "http" => exchange(tcp, request).await,
            "https" => {
                let name = ServerName::try_from(bare).map_err(|error| error.to_string())?;
                let stream = TlsConnector::from(Arc::clone(&self.tls))
                    .connect(name, tcp)
                    .await
                    .map_err(|error| error.to_string())?;
                exchange(stream, request).await
            }
            other => Err(format!("scheme {other} is not supported")),
        }
    }
}

async fn exchange<S>(stream: S, request: http::Request<Full<Bytes>>) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let result = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| format!("the answer could not be read: {error}"))?
            .to_bytes();
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
    .await;
    driver.abort();
    result
}
