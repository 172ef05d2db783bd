//! The listening side: accepts, reads each request completely, records it, plays the faults that are due, and only then (or not at
//! all) sends the reply. Services behind it see whole requests and give whole replies.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::message::{Reply, Request};
use crate::clock::SimClock;
use crate::faults::{FaultKind, Faults, Route};
use crate::record::{Party, Record, Recorder};

/// A part of the simulator that answers requests.
pub(crate) trait Service: Send + Sync + 'static {
    fn party(&self) -> Party;
    /// What the request is for, so that faults can be aimed.
    fn route(&self, request: &Request) -> Route;
    fn max_body(&self) -> usize;
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>>;
}

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) service: Arc<dyn Service>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) records: Arc<Recorder>,
    pub(crate) clock: SimClock,
    /// Each change closes all connections.
    pub(crate) restart: watch::Receiver<u64>,
    /// Becomes true when the simulator ends.
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// What stands between the socket and HTTP.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Nothing.
    Plain,
    /// The same settings for every connection.
    Fixed(Arc<ServerConfig>),
    /// Settings that are looked up for each connection, because they change or are not worth making before somebody connects. `None`
    /// when they cannot be made: the connection is closed.
    PerConnection(Arc<dyn Fn() -> Option<Arc<ServerConfig>> + Send + Sync>),
}

/// Accepts until shutdown.
pub(crate) async fn serve(listener: TcpListener, tls: Tls, context: Shared) {
    let mut shutdown = context.shutdown.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|ended| *ended) => return,
        };
        let Ok((tcp, address)) = accepted else { continue };
        let _ = tcp.set_nodelay(true);
        let context = context.clone();
        let tls = tls.clone();
        tokio::spawn(async move {
            let mut restart = context.restart.clone();
            restart.mark_unchanged();
            let mut shutdown = context.shutdown.clone();
            let serving = async {
                let settings = match &tls {
                    Tls::Plain => return connection(tcp, context, Peer::at(address, None)).await,
                    Tls::Fixed(settings) => Some(Arc::clone(settings)),
                    Tls::PerConnection(settings) => settings(),
                };
                let Some(settings) = settings else { return };
                match TlsAcceptor::from(settings).accept(tcp).await {
                    Ok(stream) => {
                        let shown = stream.get_ref().1.peer_certificates();
                        let peer = shown
                            .and_then(|chain| chain.first())
                            .map(|leaf| Bytes::copy_from_slice(leaf));
                        connection(stream, context, Peer::at(address, peer)).await;
                    }
                    Err(error) => tracing::debug!(%error, "TLS handshake failed"),
                }
            };
            tokio::select! {
                () = serving => (),
                _ = restart.changed() => (),
                _ = shutdown.wait_for(|ended| *ended) => (),
            }
        });
    }
}

/// The other end of a connection.
#[derive(Clone)]
struct Peer {
    address: IpAddr,
    certificate: Option<Bytes>,
}

impl Peer {
    fn at(address: SocketAddr, certificate: Option<Bytes>) -> Self {
        Self {
            address: address.ip().to_canonical(),
            certificate,
        }
    }
}

async fn connection<S>(stream: S, context: Shared, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (context, peer) = (context.clone(), peer.clone());
        async move { respond(&context, request, peer).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

/// The connection is closed instead of answered.
#[derive(Debug, thiserror::Error)]
#[error("connection closed by a fault")]
struct Abort;

async fn read(request: hyper::Request<Incoming>, limit: usize, peer: Peer) -> Result<Request, Abort> {
    let (parts, body) = request.into_parts();
    let (body, too_large) = match Limited::new(body, limit).collect().await {
        Ok(collected) => (collected.to_bytes(), false),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => (Bytes::new(), true),
        Err(_) => return Err(Abort),
    };
    Ok(Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
        too_large,
        peer: peer.certificate,
        from: Some(peer.address),
    })
}

async fn respond(
    context: &Shared,
    request: hyper::Request<Incoming>,
    peer: Peer,
) -> Result<hyper::Response<OutBody>, Abort> {
    let request = read(request, context.service.max_body(), peer).await?;
    let route = context.service.route(&request);
    let number = context.records.begin(Record {
        number: 0,
        at: context.clock.now(),
        party: context.service.party(),
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.header_list(),
        body: request.body.clone(),
        status: None,
        reply: Bytes::new(),
        code: None,
    });
    let faults = context.faults.take(route, &request.method, &request.path);
    let outcome = play(context, request, faults).await;
    match outcome {
        Outcome::Send(reply) => {
            context
                .records
                .finish(number, Some(reply.status), reply.body.clone(), reply.code.clone());
            response(reply, Cut::Whole)
        }
        Outcome::SendHalf(reply) => {
            context.records.finish(
                number,
                Some(reply.status),
                reply.body.clone(),
                Some("fault:reset_mid_body".into()),
            );
            response(reply, Cut::Half)
        }
        Outcome::Close(name) => {
            context
                .records
                .finish(number, None, Bytes::new(), Some(format!("fault:{name}")));
            Err(Abort)
        }
    }
}

enum Outcome {
    Send(Reply),
    SendHalf(Reply),
    Close(&'static str),
}

async fn play(context: &Shared, request: Request, faults: Vec<FaultKind>) -> Outcome {
    let mut decisive = None;
    for fault in faults {
        if let FaultKind::Latency { millis } = fault {
            context.clock.sleep(Duration::from_millis(millis)).await;
        } else if decisive.is_none() {
            decisive = Some(fault);
        }
    }
    let work = async || {
        if request.too_large {
            return Reply::text(413, "text/plain", "request body too large").with_code("body_too_large");
        }
        context.service.handle(request.clone()).await
    };
    let Some(fault) = decisive else {
        return Outcome::Send(work().await);
    };
    let code = format!("fault:{}", fault.name());
    match fault {
        FaultKind::Hang => std::future::pending().await,
        FaultKind::Reset => Outcome::Close("reset"),
        FaultKind::LostReply => {
            work().await;
            Outcome::Close("lost_reply")
        }
        FaultKind::ResetMidBody => {
            let mut reply = work().await;
            if reply.body.len() < 2 {
                // There must be something to cut.
                reply.body = Bytes::from_static(b"{\"cut\": true}");
                reply.status = if reply.status == 204 { 200 } else { reply.status };
            }
            Outcome::SendHalf(reply)
        }
        FaultKind::Respond {
            status,
            content_type,
            body,
            work: with_work,
            headers,
        } => {
            if with_work {
                work().await;
            }
            let mut reply = Reply::empty(status).with_body(body).with_code(code);
            if !content_type.is_empty() {
                reply = reply.with_header("content-type", &content_type);
            }
            reply.headers.extend(headers);
            Outcome::Send(reply)
        }
        FaultKind::Huge { bytes } => {
            let mut body = vec![b' '; bytes.saturating_sub(2)];
            body.extend_from_slice(b"{}");
            Outcome::Send(Reply::text(200, "application/json", body).with_code(code))
        }
        FaultKind::TruncatedBody => {
            let mut reply = work().await;
            reply.body.truncate(reply.body.len() / 2);
            reply.code = Some(code);
            Outcome::Send(reply)
        }
        FaultKind::DeepJson { depth } => {
            let body = "[".repeat(depth) + &"]".repeat(depth);
            Outcome::Send(Reply::text(200, "application/json", body).with_code(code))
        }
        FaultKind::CallbackBeforeReply => {
            let mut reply = work().await;
            if let Some(mut called_back) = reply.called_back.take() {
                let _ = called_back.wait_for(|count| *count > 0).await;
            }
            reply.code = Some(code);
            Outcome::Send(reply)
        }
        FaultKind::Latency { .. }
        | FaultKind::CallbackDuplicate { .. }
        | FaultKind::CallbackDrop
        | FaultKind::CallbackHold => Outcome::Send(work().await),
    }
}

fn response(reply: Reply, cut: Cut) -> Result<hyper::Response<OutBody>, Abort> {
    let mut builder = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(OutBody {
            bytes: Some(reply.body),
            cut,
            flushed: false,
        })
        .map_err(|_| Abort)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Whole,
    Half,
}

/// A body that can break off.
struct OutBody {
    bytes: Option<Bytes>,
    cut: Cut,
    flushed: bool,
}

impl hyper::body::Body for OutBody {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        match (self.bytes.take(), self.cut) {
            (Some(bytes), Cut::Whole) => {
                if bytes.is_empty() {
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            (Some(bytes), Cut::Half) => {
                let half = bytes.slice(..bytes.len() / 2);
                Poll::Ready(Some(Ok(Frame::data(half))))
            }
            (None, Cut::Whole) => Poll::Ready(None),
            (None, Cut::Half) if !self.flushed => {
                // Gives hyper one turn to put the first half on the wire before the body fails.
                self.flushed = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            (None, Cut::Half) => Poll::Ready(Some(Err(Abort))),
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        let length = self.bytes.as_ref().map_or(0, Bytes::len);
        hyper::body::SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }

    fn is_end_stream(&self) -> bool {
        self.cut == Cut::Whole && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }
}
