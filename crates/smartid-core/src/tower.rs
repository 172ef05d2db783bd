//! The one adapter between an [`Inbound`] and a web server (feature `tower`).
//!
//! It refuses by the head before it reads a body, stops reading at the receiver's cap, and gives a slow sender a limited time. axum
//! mounts the service as it is: `Router::new().fallback_service(InboundService::new(receiver, runtime))`. A
//! [`ClientCertificate`](crate::ClientCertificate) among the extensions of a request is handed on to the receiver.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tracing::Instrument as _;

use crate::inbound::{Head, Inbound, Reply};
use crate::runtime::{Either, Runtime, race};

/// How long a sender may take for the body of a request.
const BODY_LIMIT: Duration = Duration::from_secs(15);

/// An [`Inbound`] as a `tower::Service` over `http` requests.
#[derive(Clone, Debug)]
pub struct InboundService {
    inbound: Arc<dyn Inbound>,
    runtime: Arc<dyn Runtime>,
    body_time: Duration,
}

impl InboundService {
    /// Serves `inbound`; a sender has 15 seconds for a request's body.
    #[must_use]
    pub fn new(inbound: Arc<dyn Inbound>, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            inbound,
            runtime,
            body_time: BODY_LIMIT,
        }
    }

    /// Sets how long a sender may take for the body of a request.
    #[must_use]
    pub fn with_body_time(mut self, limit: Duration) -> Self {
        self.body_time = limit;
        self
    }

    async fn answer<B>(self, request: Request<B>) -> Reply
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut parts, body) = request.into_parts();
        let mut head = Head::new(parts.method, parts.uri.path(), parts.headers)
            .with_query(parts.uri.query().unwrap_or_default());
        head.client_certificate = parts.extensions.remove();
        let admission = match self.inbound.admit(&head) {
            Ok(admission) => admission,
            Err(reply) => return *reply,
        };
        let body = Limited::new(body, admission.body_limit);
        let whole = match race(std::pin::pin!(body.collect()), self.runtime.sleep(self.body_time)).await {
            Either::First(Ok(collected)) => collected.to_bytes(),
            Either::First(Err(error)) if error.is::<LengthLimitError>() => {
                return Reply::empty(StatusCode::PAYLOAD_TOO_LARGE);
            }
            Either::First(Err(_)) => return Reply::empty(StatusCode::BAD_REQUEST),
            Either::Second(()) => return Reply::empty(StatusCode::REQUEST_TIMEOUT),
        };
        self.inbound.receive(&head, whole).await
    }
}

impl<B> tower_service::Service<Request<B>> for InboundService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        let span = tracing::info_span!(
            "smartid.inbound",
            receiver = self.inbound.name(),
            status = tracing::field::Empty
        );
        let answer = async move {
            let reply = service.answer(request).await;
            tracing::Span::current().record("status", reply.status.as_u16());
            let mut response = Response::new(Full::new(reply.body));
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        };
        Box::pin(answer.instrument(span))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::Method;
    use tower_service::Service as _;

    use super::*;
    use crate::Timestamp;
    use crate::inbound::{Admission, ClientCertificate};
    use crate::runtime::{BoxFuture, ManualRuntime};

    #[derive(Debug, Default)]
    struct Echo(Mutex<usize>);

    impl Inbound for Echo {
        fn name(&self) -> &'static str {
            "test.echo"
        }
        fn admit(&self, head: &Head) -> Result<Admission, Box<Reply>> {
            if head.method == Method::POST {
                Ok(Admission::new(4))
            } else {
                Err(Box::new(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)))
            }
        }
        fn receive<'a>(&'a self, head: &'a Head, body: Bytes) -> BoxFuture<'a, Reply> {
            *self.0.lock().unwrap() += 1;
            let mut reply = Reply::empty(StatusCode::OK);
            reply.body = format!("{} {} {}", head.path, head.query, body.len()).into();
            if let Some(certificate) = &head.client_certificate {
                reply.body = certificate.der().clone();
            }
            Box::pin(std::future::ready(reply))
        }
    }

    /// A body that never comes.
    struct Never;

    impl http_body::Body for Never {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    fn status<B>(method: Method, body: B) -> (StatusCode, usize)
    where
        B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let echo = Arc::new(Echo::default());
        let mut service =
            InboundService::new(Arc::clone(&echo) as Arc<dyn Inbound>, Arc::new(runtime.clone()));
        let request = Request::builder()
            .method(method)
            .uri("/a/b?c=d")
            .body(body)
            .unwrap();
        let response = runtime.block_on(service.call(request)).unwrap().unwrap();
        let received = *echo.0.lock().unwrap();
        (response.status(), received)
    }

    #[test]
    fn the_certificate_of_the_connection_reaches_the_receiver_and_no_header_does_instead() {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let echoed = |certificate: Option<ClientCertificate>| {
            let mut service = InboundService::new(Arc::new(Echo::default()), Arc::new(runtime.clone()));
            let mut request = Request::builder()
                .method(Method::POST)
                .uri("/a")
                .header("client-cert", "forged")
                .header("x-client-certificate", "forged")
                .body(Full::new(Bytes::new()))
                .unwrap();
            if let Some(certificate) = certificate {
                request.extensions_mut().insert(certificate);
            }
            let response = runtime.block_on(service.call(request)).unwrap().unwrap();
            runtime
                .block_on(response.into_body().collect())
                .unwrap()
                .unwrap()
                .to_bytes()
        };
        assert_eq!(echoed(Some(ClientCertificate::new(&b"der"[..]))), "der");
        assert_eq!(echoed(None), "/a  0");
    }

    #[test]
    fn the_head_decides_before_the_body_is_read() {
        assert_eq!(status(Method::GET, Never), (StatusCode::METHOD_NOT_ALLOWED, 0));
    }

    #[test]
    fn a_body_over_the_cap_or_too_slow_never_reaches_the_receiver() {
        assert_eq!(
            status(Method::POST, Full::new(Bytes::from_static(b"1234"))),
            (StatusCode::OK, 1)
        );
        assert_eq!(
            status(Method::POST, Full::new(Bytes::from_static(b"12345"))),
            (StatusCode::PAYLOAD_TOO_LARGE, 0)
        );
        assert_eq!(status(Method::POST, Never), (StatusCode::REQUEST_TIMEOUT, 0));
    }
}
