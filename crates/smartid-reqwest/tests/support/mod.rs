//! A certificate authority and a small HTTPS server on loopback, in which everything can be wrong on purpose.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    missing_debug_implementations,
    reason = "support of several test files, none of which uses all of it"
)]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue, Method};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use smartid_core::{Incoming, Outgoing, Phase, ServiceUrl, Transport, TransportError, TransportProblem};
use smartid_reqwest::{ReqwestTransport, ReqwestTransportBuilder};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// A certificate authority made for one test.
pub struct Ca(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub struct Leaf {
    pub der: CertificateDer<'static>,
    pub pem: String,
    pub key: KeyPair,
}

impl Ca {
    pub fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Names differ: with equal ones another authority's certificate has a "bad signature" and not an "unknown issuer".
        params
            .distinguished_name
            .push(DnType::CommonName, format!("Test CA {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A server certificate for loopback, changed by `change`.
    pub fn server(&self, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        self.leaf(&["localhost", "127.0.0.1"], KeyPair::generate().unwrap(), change)
    }

    pub fn client(&self, key: KeyPair) -> Leaf {
        self.leaf(&["officer.example.test"], key, |_| {})
    }

    fn leaf(&self, names: &[&str], key: KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.use_authority_key_identifier_extension = true;
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Leaf {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    /// A list that revokes these serial numbers; outdated or not.
    pub fn crl(&self, revoked: &[u64], outdated: bool) -> String {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(if outdated { 2021 } else { 3000 }, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from(*serial),
                    revocation_time: date_time_ymd(2020, 1, 1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).unwrap().pem().unwrap()
    }
}

impl Leaf {
    /// Certificate and key as one PEM text.
    pub fn identity_pem(&self) -> String {
        format!("{}{}", self.pem, self.key.serialize_pem())
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

pub static TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
pub static TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

/// The server's side of TLS; with `clients` it demands a certificate that this authority has issued.
pub fn tls(
    leaf: &Leaf,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Ca>,
) -> ServerConfig {
    tls_asking(leaf, versions, clients, true)
}

/// As [`tls`]; whether it demands the certificate that it asks for is up to the caller.
pub fn tls_asking(
    leaf: &Leaf,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Ca>,
    demands: bool,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match clients {
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if demands {
                verifier
            } else {
                verifier.allow_unauthenticated()
            };
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    builder
        .with_single_cert(vec![leaf.der.clone()], leaf.private_key())
        .unwrap()
}

/// What the server does with a request.
pub enum Reply {
    /// Answers and waits for the next request.
    Answer(Vec<u8>),
    /// Answers and closes the connection in good order.
    AnswerAndClose(Vec<u8>),
    /// Answers and breaks the connection off.
    AnswerAndReset(Vec<u8>),
    /// Sends this head, then a mebibyte again and again, for as long as the client reads.
    Endless(Vec<u8>),
    /// Keeps the connection and says nothing.
    Silence,
    /// Answers with the client's certificate, as this connection has seen it; without one with an empty body.
    Peer,
    /// As `Peer`, when it is let.
    PeerWhen(Arc<Notify>),
}

/// `200` with a JSON body.
pub fn ok(body: &str) -> Reply {
    answer("200 OK", &[("content-type", "application/json")], body)
}

pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    Reply::Answer(format!("{head}\r\n{body}").into_bytes())
}

pub type Handler = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// A server on a free port of loopback. It ends with the runtime of its test.
pub struct Server {
    pub address: SocketAddr,
    secure: bool,
    pub connections: Arc<AtomicUsize>,
    /// Each request as it came: head and body.
    pub requests: Arc<Mutex<Vec<String>>>,
    /// How many bytes of endless bodies the kernel took.
    pub poured: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(
        tls: Option<ServerConfig>,
        handler: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            secure: tls.is_some(),
            connections: Arc::default(),
            requests: Arc::default(),
            poured: Arc::default(),
        };
        let (connections, requests, poured) = (
            Arc::clone(&server.connections),
            Arc::clone(&server.requests),
            Arc::clone(&server.poured),
        );
        let handler: Handler = Arc::new(handler);
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                stream.set_nodelay(true).unwrap();
                let (acceptor, handler, requests, poured) = (
                    acceptor.clone(),
                    Arc::clone(&handler),
                    Arc::clone(&requests),
                    Arc::clone(&poured),
                );
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                let reset = |stream: &tokio_rustls::server::TlsStream<TcpStream>| {
                                    stream.get_ref().0.set_zero_linger().unwrap();
                                };
                                let chain = stream.get_ref().1.peer_certificates();
                                let peer = chain.map_or(Vec::new(), |chain| chain[0].to_vec());
                                converse(stream, reset, &handler, &requests, &poured, &peer).await;
                            }
                        }
                        None => {
                            let reset = |stream: &TcpStream| stream.set_zero_linger().unwrap();
                            converse(stream, reset, &handler, &requests, &poured, &[]).await;
                        }
                    }
                });
            }
        });
        server
    }

    pub fn base(&self) -> ServiceUrl {
        if self.secure {
            ServiceUrl::parse("test.url", &format!("https://{}/base", self.address)).unwrap()
        } else {
            ServiceUrl::danger_parse_plain_http("test.url", &format!("http://{}/base", self.address)).unwrap()
        }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    reset: impl Fn(&S),
    handler: &Handler,
    requests: &Mutex<Vec<String>>,
    poured: &AtomicUsize,
    peer: &[u8],
) {
    while let Some(request) = read_request(&mut stream).await {
        requests.lock().unwrap().push(request.clone());
        let reply = handler(&request);
        if let Reply::PeerWhen(allowed) = &reply {
            allowed.notified().await;
        }
        match reply {
            Reply::Peer | Reply::PeerWhen(_) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", peer.len());
                let bytes = [head.as_bytes(), peer].concat();
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Reply::Answer(bytes) => {
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Reply::AnswerAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::AnswerAndReset(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                // Let the client read what was sent, then break off.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                reset(&stream);
                return;
            }
            Reply::Endless(head) => {
                let _ = stream.write_all(&head).await;
                let piece = vec![b'x'; 1 << 20];
                while let Ok(written) = stream.write(&piece).await {
                    poured.fetch_add(written, Ordering::SeqCst);
                }
                return;
            }
            Reply::Silence => std::future::pending().await,
        }
    }
}

pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length: usize = text
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next())
                .map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= head + 4 + length {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A transport that trusts this authority.
pub fn trusting(ca: &Ca) -> ReqwestTransportBuilder {
    ReqwestTransport::builder().root_pem(ca.pem())
}

/// A GET with an API key and a query, both of which are to be seen nowhere.
pub fn secretive_get(path: &str) -> Outgoing {
    Outgoing::new(Method::GET, path.to_owned())
        .query("ticket", "canary-in-query")
        .header(
            HeaderName::from_static("x-api-key"),
            HeaderValue::from_static("canary-in-header"),
        )
}

/// Sends [`secretive_get`] and checks that an error shows neither secret.
pub async fn get(transport: &ReqwestTransport, base: &ServiceUrl) -> Result<Incoming, TransportError> {
    let result = transport.send(base, secretive_get("op")).await;
    if let Err(error) = &result {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("canary"), "{text}");
    }
    result
}

/// A server with a certificate of this authority.
pub async fn secure(ca: &Ca, handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(Some(tls(&ca.server(|_| {}), TLS13, None)), handler).await
}

/// A server that answers each request so, and what comes of it.
pub async fn meet(
    reply: fn() -> Reply,
    change: impl FnOnce(ReqwestTransportBuilder) -> ReqwestTransportBuilder,
) -> (Result<Incoming, TransportError>, Server) {
    let ca = Ca::new();
    let server = secure(&ca, move |_| reply()).await;
    let outcome = get(&change(trusting(&ca)).build().unwrap(), &server.base()).await;
    (outcome, server)
}

#[track_caller]
pub fn is(outcome: &Result<Incoming, TransportError>, problem: TransportProblem, phase: Phase) {
    let error = outcome.as_ref().expect_err("must fail");
    assert_eq!((error.problem(), error.phase()), (problem, phase), "{error}");
}
