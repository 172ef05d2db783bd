//! A key that takes its time, as a smart card does, or a person at a PIN pad: nobody else waits, limits hold, and nothing is sent
//! behind the back of whoever has given up. The keys here wait for a word of the test, so nothing depends on how fast the machine is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rcgen::KeyPair;
use rustls::SupportedProtocolVersion;
use smartid_core::{
    KeyKind, Phase, Retry, ServiceUrl, SignError, SignatureScheme, TlsIdentity, TransportProblem as P,
};
use smartid_reqwest::PemIdentity;
use support::{Ca, Reply, Server, TLS12, TLS13, answer, get, is, ok, read_request, tls, trusting};
use tokio::io::AsyncWriteExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// Long enough for every machine; whoever waits so long has waited in vain.
const NEVER: Duration = Duration::from_secs(30);

/// What the key does when it is asked.
#[derive(Debug)]
enum Manner {
    Signs,
    /// Says that it has been asked, and signs when it is told.
    Waits(UnboundedSender<()>, Mutex<Receiver<()>>),
    Panics,
}

#[derive(Debug)]
struct SlowKey {
    inner: PemIdentity,
    manner: Manner,
    signed: AtomicUsize,
}

impl SlowKey {
    fn new(ca: &Ca, manner: Manner) -> Arc<Self> {
        let leaf = ca.client(KeyPair::generate().unwrap());
        Arc::new(Self {
            inner: PemIdentity::from_pem(leaf.identity_pem().as_bytes()).unwrap(),
            manner,
            signed: AtomicUsize::new(0),
        })
    }

    /// The key, what tells that it has been asked, and what lets it sign.
    fn waiting(ca: &Ca) -> (Arc<Self>, UnboundedReceiver<()>, Sender<()>) {
        let (tells, asked) = unbounded_channel();
        let (lets, allowed) = channel();
        (
            Self::new(ca, Manner::Waits(tells, Mutex::new(allowed))),
            asked,
            lets,
        )
    }

    fn signed(&self) -> usize {
        self.signed.load(Ordering::SeqCst)
    }
}

impl TlsIdentity for SlowKey {
    fn chain(&self) -> &[Bytes] {
        self.inner.chain()
    }
    fn key_kind(&self) -> KeyKind {
        self.inner.key_kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        self.inner.schemes()
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.manner {
            Manner::Signs => {}
            Manner::Waits(tells, allowed) => {
                let _ = tells.send(());
                let allowed = allowed.lock().unwrap().recv_timeout(NEVER);
                allowed.map_err(|_| SignError::new("nobody let it sign"))?;
            }
            Manner::Panics => panic!("on purpose"),
        }
        self.signed.fetch_add(1, Ordering::SeqCst);
        self.inner.sign(scheme, message)
    }
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn runtimes() -> [Runtime; 2] {
    // The other with a single worker, so that a task that blocks it would stop everything.
    let several = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    [one_thread(), several.unwrap()]
}

async fn demanding(ca: &Ca, versions: &[&'static SupportedProtocolVersion]) -> Server {
    let config = tls(&ca.server(|_| {}), versions, Some(ca));
    Server::start(Some(config), |_| ok("{}")).await
}

/// Ends the test when `work` does not end.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tells, done) = channel();
    std::thread::spawn(move || tells.send(work()));
    done.recv_timeout(NEVER).expect("it hangs or has failed")
}

#[test]
fn while_the_key_signs_every_other_task_goes_on() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let ca = Ca::new();
            let other = Server::start(Some(tls(&ca.server(|_| {}), TLS13, None)), |_| ok("{}")).await;
            for versions in [TLS13, TLS12] {
                let server = demanding(&ca, versions).await;
                let (key, mut asked, lets) = SlowKey::waiting(&ca);
                let client = trusting(&ca).identity(key.clone()).build().unwrap();
                let call = tokio::spawn({
                    let (client, base) = (client.clone(), server.base());
                    async move { get(&client, &base).await }
                });
                asked.recv().await.unwrap();
                // Both by another transport and by the one whose key signs.
                for _ in 0..3 {
                    get(&trusting(&ca).build().unwrap(), &other.base()).await.unwrap();
                    get(&client, &other.base()).await.unwrap();
                }
                assert!(!call.is_finished() && server.requests().is_empty());
                lets.send(()).unwrap();
                call.await.unwrap().unwrap();
                // The connection is kept, the key is not asked again.
                get(&client, &server.base()).await.unwrap();
                assert_eq!((server.connections(), key.signed()), (1, 1));
            }
        });
    }
}

#[test]
fn several_connections_at_once_wait_for_the_key_and_for_nothing_else() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let ca = Ca::new();
            let server = demanding(&ca, TLS13).await;
            let (key, mut asked, lets) = SlowKey::waiting(&ca);
            let client = trusting(&ca).identity(key.clone()).build().unwrap();
            let calls: Vec<_> = (0..4)
                .map(|_| {
                    let (client, base) = (client.clone(), server.base());
                    tokio::spawn(async move { get(&client, &base).await })
                })
                .collect();
            for _ in 0..4 {
                asked.recv().await.unwrap();
            }
            (0..4).for_each(|_| lets.send(()).unwrap());
            for call in calls {
                call.await.unwrap().unwrap();
            }
            assert_eq!((server.connections(), key.signed()), (4, 4));
        });
    }
}

/// A server on threads of its own that reports what came of its only connection: a request, or none.
fn witness(ca: &Ca, runtime: &Runtime) -> (ServiceUrl, Receiver<Option<String>>) {
    let acceptor = TlsAcceptor::from(Arc::new(tls(&ca.server(|_| {}), TLS13, Some(ca))));
    let (tells, outcome) = channel();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let request = match acceptor.accept(stream).await {
            Ok(mut stream) => read_request(&mut stream).await,
            Err(_) => None,
        };
        tells.send(request).unwrap();
    });
    (ServiceUrl::parse("test.url", &base).unwrap(), outcome)
}

#[test]
fn the_limit_for_connecting_holds_while_the_key_signs_and_then_nothing_is_sent() {
    let servers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for whole in [true, false] {
        for runtime in runtimes() {
            let ca = Ca::new();
            let (base, came) = witness(&ca, &servers);
            let (key, mut asked, lets) = SlowKey::waiting(&ca);
            runtime.block_on(async {
                let client = trusting(&ca).identity(key.clone());
                let short = Duration::from_millis(100);
                // The limit for everything counts too where it is the shorter one.
                let client = if whole {
                    client.connect_timeout(2 * NEVER).total_timeout(short)
                } else {
                    client.connect_timeout(short)
                };
                let outcome = get(&client.build().unwrap(), &base).await;
                is(&outcome, P::ConnectTimeout, Phase::NotSent);
                let error = outcome.unwrap_err();
                assert_eq!(error.retry(), Retry::Yes { after: None });
                let says = "the client key had not signed when the time for connecting was over";
                assert!(error.to_string().contains(says), "{error}");
                asked.recv().await.unwrap();
            });
            lets.send(()).unwrap();
            assert_eq!(
                came.recv_timeout(NEVER).unwrap(),
                None,
                "it was said that nothing was sent"
            );
            in_time(move || drop(runtime));
            assert_eq!(key.signed(), 1);
        }
    }
}

#[test]
fn whoever_no_longer_waits_is_not_waited_for() {
    let servers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for with_the_runtime in [true, false] {
        for runtime in runtimes() {
            let ca = Ca::new();
            let (base, came) = witness(&ca, &servers);
            let (key, mut asked, lets) = SlowKey::waiting(&ca);
            runtime.block_on(async {
                let client = trusting(&ca).identity(key).build().unwrap();
                let call = tokio::spawn(async move { get(&client, &base).await });
                asked.recv().await.unwrap();
                if !with_the_runtime {
                    call.abort();
                    assert!(call.await.unwrap_err().is_cancelled());
                }
            });
            // The runtime waits for the signature and for nothing after it.
            let (tells, ended) = channel();
            let end = move || {
                drop(runtime);
                tells.send(())
            };
            if with_the_runtime {
                std::thread::spawn(end);
                assert!(ended.recv_timeout(Duration::from_millis(50)).is_err());
                lets.send(()).unwrap();
            } else {
                lets.send(()).unwrap();
                // What was given up is not sent although the runtime is there.
                assert_eq!(came.recv_timeout(NEVER).unwrap(), None);
                std::thread::spawn(end);
            }
            ended.recv_timeout(NEVER).unwrap();
        }
    }
}

#[test]
fn a_request_that_was_given_up_frees_its_thread() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let ca = Ca::new();
        let (tells, mut received) = unbounded_channel();
        let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
        let silent = Server::start(Some(config), move |_| {
            tells.send(()).unwrap();
            Reply::Silence
        })
        .await;
        let answers = demanding(&ca, TLS13).await;
        let client = trusting(&ca)
            .identity(SlowKey::new(&ca, Manner::Signs))
            .build()
            .unwrap();
        let call = tokio::spawn({
            let (client, base) = (client.clone(), silent.base());
            async move { get(&client, &base).await }
        });
        received.recv().await.unwrap();
        call.abort();
        // There is but one thread.
        get(&client, &answers.base()).await.unwrap();
    });
}

#[test]
fn a_runtime_ends_although_a_server_does_not_answer() {
    for cancelled in [true, false] {
        for runtime in runtimes() {
            runtime.block_on(async {
                let ca = Ca::new();
                let (tells, mut received) = unbounded_channel();
                let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
                let server = Server::start(Some(config), move |_| {
                    tells.send(()).unwrap();
                    Reply::Silence
                })
                .await;
                let key = SlowKey::new(&ca, Manner::Signs);
                let client = trusting(&ca).identity(key).build().unwrap();
                let base = server.base();
                let call = tokio::spawn(async move { get(&client, &base).await });
                received.recv().await.unwrap();
                if cancelled {
                    call.abort();
                }
            });
            in_time(move || drop(runtime));
        }
    }
}

#[test]
fn limits_are_those_of_other_identities_once_the_key_has_signed() {
    let ca = Ca::new();
    one_thread().block_on(async {
        let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
        let server = Server::start(Some(config), |_| Reply::Silence).await;
        let client = trusting(&ca).identity(SlowKey::new(&ca, Manner::Signs));
        let client = client.read_timeout(Duration::from_millis(100));
        let client = client.connect_timeout(Duration::from_millis(50)).build().unwrap();
        is(
            &get(&client, &server.base()).await,
            P::Timeout,
            Phase::PerhapsDone,
        );
        // And of those whose server never begins the handshake.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let base = ServiceUrl::parse("test.url", &base).unwrap();
        is(&get(&client, &base).await, P::ConnectTimeout, Phase::NotSent);
    });
}

#[test]
fn without_a_free_thread_the_request_ends_in_time_and_is_not_sent() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build();
    let runtime = runtime.unwrap();
    let (lets, allowed) = channel::<()>();
    let server = runtime.block_on(async {
        let ca = Ca::new();
        let server = demanding(&ca, TLS13).await;
        tokio::task::spawn_blocking(move || allowed.recv_timeout(NEVER));
        let client = trusting(&ca).identity(SlowKey::new(&ca, Manner::Signs));
        let client = client.connect_timeout(Duration::from_millis(50)).build().unwrap();
        let outcome = get(&client, &server.base()).await;
        is(&outcome, P::ConnectTimeout, Phase::NotSent);
        let says = "no thread of the runtime was free";
        assert!(outcome.unwrap_err().to_string().contains(says));
        server
    });
    lets.send(()).unwrap();
    in_time(move || drop(runtime));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_key_that_panics_ends_its_request_alone() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let ca = Ca::new();
            let server = demanding(&ca, TLS13).await;
            let client = trusting(&ca)
                .identity(SlowKey::new(&ca, Manner::Panics))
                .build()
                .unwrap();
            for _ in 0..2 {
                let outcome = get(&client, &server.base()).await;
                is(&outcome, P::ClientCertificate, Phase::NotSent);
                let says = "the client key ended abnormally while it signed";
                assert!(outcome.unwrap_err().to_string().contains(says));
            }
        });
    }
}

#[test]
fn a_connection_that_nobody_waits_for_does_not_ask_the_key() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let ca = Ca::new();
            let key = SlowKey::new(&ca, Manner::Signs);
            let client = trusting(&ca).identity(key.clone()).build().unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("https://{}", listener.local_addr().unwrap());
            let base = ServiceUrl::parse("test.url", &base).unwrap();
            let mut config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
            // A session that is continued needs no signature.
            config.send_tls13_tickets = 0;
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let call = || {
                let (client, base) = (client.clone(), base.clone());
                tokio::spawn(async move { get(&client, &base).await })
            };
            let Reply::Answer(answer) = answer("200 OK", &[], "") else {
                panic!("an answer was made");
            };

            let first = call();
            let (stream, _) = listener.accept().await.unwrap();
            let mut one = acceptor.accept(stream).await.unwrap();
            read_request(&mut one).await.unwrap();
            // The second request has begun a connection of its own when the first one becomes free, and takes that.
            let second = call();
            let (stream, _) = listener.accept().await.unwrap();
            one.write_all(&answer).await.unwrap();
            first.await.unwrap().unwrap();
            read_request(&mut one).await.unwrap();
            one.write_all(&answer).await.unwrap();
            second.await.unwrap().unwrap();
            // Now its own goes on, in the background.
            assert!(acceptor.accept(stream).await.is_err());
            assert_eq!(key.signed(), 1);
        });
    }
}
