//! The default transport and runtime of the `smartid` client libraries: reqwest with rustls and AWS-LC, and tokio.
//!
//! The clients name neither an HTTP library nor an async runtime; they ask for a [`Transport`](smartid_core::Transport) and a
//! [`Runtime`](smartid_core::Runtime). This crate has one of each:
//!
//! * [`ReqwestTransport`], made by [`ReqwestTransportBuilder`]: whom to trust, who we are, how long to wait, how much to read.
//! * [`PemIdentity`]: a client certificate and key from a PEM text. Whatever else implements
//!   [`TlsIdentity`](smartid_core::TlsIdentity) serves as well: `smartid_trust::OfficerIdentity` has keys from encrypted PEM, PKCS #12 and
//!   PKCS #11 tokens.
//! * [`TokioRuntime`].
//!
//! ```
//! use std::sync::Arc;
//! use smartid_core::{Caller, ServiceUrl};
//! use smartid_reqwest::{PemIdentity, ReqwestTransport, TokioRuntime};
//!
//! # fn read(name: &str) -> Vec<u8> {
//! #     let made = rcgen::generate_simple_self_signed(vec!["officer.example.test".to_owned()]).unwrap();
//! #     let key = if name == "officer.pem" { made.signing_key.serialize_pem() } else { String::new() };
//! #     (made.cert.pem() + &key).into_bytes()
//! # }
//! let transport = ReqwestTransport::builder()
//!     .root_pem(read("ca.pem"))
//!     .identity(Arc::new(PemIdentity::from_pem(&read("officer.pem"))?))
//!     .build()?;
//! let base = ServiceUrl::parse("cm.url", "https://cm.example.test:8444/pgwy/api")?;
//! let caller = Caller::new(base, Arc::new(transport), Arc::new(TokioRuntime::new()));
//! # drop(caller);
//! # Ok::<(), smartid_core::ConfigError>(())
//! ```
//!
//! # Threat model
//!
//! Someone on the network answers in the place of the service, or reads on: TLS 1.2 or 1.3 with the roots that were configured, and no
//! others; revocation lists fail closed. Whoever answers may be hostile: the body has a cap, which holds for what is read and not for
//! what is announced, and there are limits for connecting, for silence and for the whole request. The answer may try to send our
//! secrets elsewhere: redirects are not followed, cookies are not kept. The environment of the process is not trusted either: proxies
//! in variables are ignored, and neither another TLS backend nor another provider of cryptography that some other crate brings in
//! changes anything. Errors show host and port, and neither the query of the URL nor the value of a header.
//!
//! Not covered: copies of headers, bodies and keys inside reqwest, hyper, rustls and AWS-LC; a proxy that was configured sees host and
//! port; the service learns our `User-Agent`.
//!
//! # Reasons for the defaults
//!
//! | setting | default | reason |
//! |---|---|---|
//! | roots | none; building without any is refused | the services stand behind private CAs, and whoever can get a certificate from a public CA is not meant |
//! | scheme | `https` only | an API key travels in a header of every request; [`danger_allow_plain_http`](ReqwestTransportBuilder::danger_allow_plain_http) is for loopback in tests |
//! | redirects | returned as answers | reqwest would forward `X-Api-Key` to another host after a 302, and post a password again after a 307 |
//! | proxy | none, the environment is ignored | `HTTPS_PROXY` in a unit file would send every request elsewhere |
//! | repetition | none here | whether a request may be sent twice is known where the operation is known |
//! | body | 8 MiB | far more than any documented answer has |
//! | connecting | 10 s | name look-up, TCP and TLS; a key on a card signs in this time |
//! | silence of the server | 30 s | what stands behind the service (a database, an HSM, a directory) takes seconds |
//! | whole request | 60 s | an answer that trickles is not read for ever |
//! | idle connection | 15 s | less than the 20 s of Tomcat, on which Messaging and Protocol Gateway run; see [`pool_idle`](ReqwestTransportBuilder::pool_idle) |
//! | HTTP/2 | off; feature `http2` | nothing that is documented needs it |
//!
//! The backend is always rustls with AWS-LC, in every build: reqwest gets a finished configuration, after it was told to use rustls.
//! (Without that, a build in which some other crate asks for `reqwest/native-tls` ignores revocation lists without a word. The
//! repository has a crate that is built so, and tests that it makes no difference: `tests/backend-switch`.)
//!
//! # What servers on premises may have to change
//!
//! rustls is stricter than OpenSSL, Java and browsers. These six are met in the field; each was tried against OpenSSL 3.0
//! (`tests/peers_openssl.rs`). An error text is preceded by what [`TransportProblem`](smartid_core::TransportProblem) says and by host
//! and port.
//!
//! | | the server | problem | the text of the error | what to do |
//! |---|---|---|---|---|
//! | 1 | has a self-signed certificate as `openssl req -x509` makes it (CA:TRUE), also when that is configured as the root | `ServerCertificateForm` | `invalid peer certificate: CaUsedAsEndEntity` | make it with `-addext basicConstraints=CA:FALSE`, or have a CA issue one |
//! | 2 | has a certificate with a common name only, without a subject alternative name | `ServerName` | `invalid peer certificate: certificate not valid for name "cm.example.test"; certificate is not valid for any names (according to its subjectAltName extension)` | have one issued with the DNS name or IP address in the subject alternative name |
//! | 3 | has a certificate of X.509 version 1 | `ServerCertificateForm` | `invalid peer certificate: UnsupportedCertVersion` | have one of version 3 issued |
//! | 4 | does TLS 1.2 with RSA key exchange only (`AES128-GCM-SHA256` and the like) | `Handshake` | `received fatal alert: HandshakeFailure` | allow an `ECDHE` suite, or TLS 1.3 |
//! | 5 | has a SHA-1 signature in its chain, a key of RSA-1024, a certificate for client authentication only, or ends at TLS 1.1 | `ServerCertificateForm`; for the short key `UntrustedServer`, for TLS 1.1 `Handshake` | `invalid peer certificate: it, or one of its issuers, is signed with an algorithm or a key that is not accepted (SHA-1, RSA shorter than 2048 bits)`; `invalid peer certificate: BadSignature (its issuer has the name of a configured root but another key, or the server's own key is too short)`; `invalid peer certificate: certificate does not allow extended key usage for server authentication, allows client authentication`; `received fatal alert: ProtocolVersion` | have one issued with SHA-256, RSA of 2048 bits or P-256, and server authentication; allow TLS 1.2 |
//! | 6 | asks for the client certificate after the first handshake, for one path (a security constraint `CLIENT-CERT` of Tomcat, `SSLVerifyClient` in a `Location` of Apache, IIS) | `LateClientCertificate` | TLS 1.2: `received fatal alert: HandshakeFailure (the server wanted to renegotiate)`; TLS 1.3, or a long request: `the answer 401 Unauthorized says that there is no client certificate (the server did not ask for one in the handshake)`, from Apache `the answer 403 Forbidden says that there is no client certificate (the server did not ask for one in the handshake)` | ask for it in the first handshake: in Tomcat `certificateVerification="required"`, on a connector of its own |
//!
//! # Keys that take their time, and certificates that are renewed
//!
//! A smart card signs in the middle of the handshake, and the TLS library waits for it. Requests of an identity that
//! [blocks](smartid_core::TlsIdentity::blocks) are therefore driven by a blocking thread of tokio until the answer begins: no other task
//! waits, with one thread and with several, and the limits hold. When the time for connecting is over while the key signs, the request
//! ends as `ConnectTimeout`, "not sent", and what the key then signs is thrown away. A runtime that shuts down waits for the signature
//! and for nothing else. Each request in flight takes a thread, of which tokio has 512 by default. Identities in memory do none of this.
//!
//! [`ReqwestTransport::set_identity`] changes the certificate while requests are in flight. They end on the connections that they have,
//! later ones are on new connections.
//!
//! # When a client certificate is missing
//!
//! Under TLS 1.2 the server says so in the handshake, often with no more than `HandshakeFailure`. Under TLS 1.3 it says so when our side
//! has finished its handshake and the request may be on its way. Both end as
//! [`TransportProblem::ClientCertificate`](smartid_core::TransportProblem::ClientCertificate), with "(the server asked for a client
//! certificate and none is configured)" in the text, also where the server closes before a long request has been written, and where the
//! alert got lost because the connection ended before it had taken the request ("connection was not ready"). What cannot be told: a server that asks for a certificate and then resets the connection without an alert, after it has got the whole request.
//! It could have done without a certificate and have carried the request out, so that is `Broken`, "perhaps done", with the same words.
//!
//! Under TLS 1.3 a server that asks late cannot ask at all: rustls does not offer authentication after the handshake. Tomcat and Apache
//! then answer with an error page, which is known by its sentence (Tomcat's in English, French, Japanese and Spanish) and ends as
//! [`LateClientCertificate`](smartid_core::TransportProblem::LateClientCertificate) too; in another language it is an ordinary answer
//! 401. Where the server had asked in the handshake and got nothing, the same page is `ClientCertificate`.
//!
//! An RSA key on an old card may know PKCS #1 v1.5 alone. TLS 1.3 demands PSS, so a server that takes TLS 1.3 cannot be satisfied, and
//! the error says so; [`tls_1_2_only`](ReqwestTransportBuilder::tls_1_2_only) offers it nothing else.
//!
//! A P-521 key can be used for TLS 1.3; under TLS 1.2 OpenSSL refuses it (`received fatal alert: IllegalParameter`), because the
//! client does not offer that curve for the key exchange.
//!
//! # Cost
//!
//! `cargo bench -p smartid-reqwest --bench typed_call` compares a typed call with the same call written by hand, in instructions and
//! allocations, and fails when it costs more than 10 % and 10 allocations on top.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod blocking;
mod builder;
mod client;
mod identity;
mod late;
mod making;
mod pem;
mod problem;
mod runtime;
mod tls;
mod transport;

pub use builder::ReqwestTransportBuilder;
pub use pem::PemIdentity;
pub use runtime::TokioRuntime;
pub use transport::ReqwestTransport;
