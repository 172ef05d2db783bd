//! A web application as it stands behind an access point: it notes what reaches it, octet for octet.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// What reached the back end.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Status and headers to answer with.
type Told = (u16, Vec<(&'static str, String)>);

/// A back end that notes everything and answers as it is told.
pub struct BackEnd {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Told>>,
}

impl BackEnd {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(Mutex::new((200, Vec::new())));
        let (notes, told) = (Arc::clone(&seen), Arc::clone(&answer));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (notes, told) = (Arc::clone(&notes), Arc::clone(&told));
                tokio::spawn(async move {
                    let service = service_fn(move |request: hyper::Request<Incoming>| {
                        let (notes, told) = (Arc::clone(&notes), Arc::clone(&told));
                        async move {
                            let (parts, body) = request.into_parts();
                            let body = body.collect().await?.to_bytes();
                            notes.lock().unwrap().push(Seen {
                                method: parts.method.to_string(),
                                target: parts.uri.to_string(),
                                headers: parts.headers,
                                body,
                            });
                            let (status, headers) = told.lock().unwrap().clone();
                            let mut reply = hyper::Response::builder().status(status);
                            for (name, value) in headers {
                                reply = reply.header(name, value);
                            }
                            Ok::<_, hyper::Error>(reply.body(Full::new(Bytes::from("from behind"))).unwrap())
                        }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(tcp), service)
                        .await;
                });
            }
        });
        Self { url, seen, answer }
    }

    pub fn answers(&self, status: u16, headers: &[(&'static str, &str)]) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        *self.answer.lock().unwrap() = (status, headers);
    }

    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}
