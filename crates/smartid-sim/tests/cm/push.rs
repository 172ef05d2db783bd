//! Certificates that Certificate Manager pushes to Identity Manager.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use smartid_sim::{CertificatePush, Fault, FaultKind, Party, Route};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::common::{Bench, csr_for, lines};

/// What arrived: target, headers, body.
type Arrived = Arc<Mutex<Vec<(String, http::HeaderMap, Vec<u8>)>>>;

async fn take(
    arrived: Arrived,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    arrived
        .lock()
        .unwrap()
        .push((parts.uri.to_string(), parts.headers, body));
    Ok(hyper::Response::builder()
        .status(202)
        .body(Full::new(Bytes::from_static(b"taken")))
        .unwrap())
}

async fn receiver(tls: Option<Arc<ServerConfig>>) -> (u16, Arrived) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let arrived = Arrived::default();
    let all = Arc::clone(&arrived);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            let service = service_fn(move |request| take(Arc::clone(&all), request));
            let http = hyper::server::conn::http1::Builder::new();
            match &tls {
                None => drop(http.serve_connection(TokioIo::new(tcp), service).await),
                Some(tls) => {
                    if let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(tcp).await {
                        drop(http.serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            }
        }
    });
    (port, arrived)
}

#[tokio::test]
async fn a_certificate_arrives_as_documented() {
    let bench = Bench::new("").await;
    let (port, arrived) = receiver(None).await;
    let issued = bench.sim.cm().issue(&csr_for("CN=a"), "1").unwrap();
    let der = issued.der.unwrap();
    let push = CertificatePush::new(format!("http://127.0.0.1:{port}/"), "Server cert", der.clone())
        .process("Proc/1")
        .tenant("a&b")
        .basic("cm", "p:w");
    let reports = bench.sim.cm().push_certificate(&push).await.unwrap();
    assert_eq!(
        (reports.len(), reports[0].status, reports[0].body.as_slice()),
        (1, Some(202), b"taken".as_slice())
    );
    let arrived = arrived.lock().unwrap().clone();
    let (target, headers, body) = &arrived[0];
    assert_eq!(
        target,
        "/ws/certificate/register/Server%20cert/Proc%2F1?tenantId=a%26b"
    );
    assert_eq!(headers["content-type"], "application/pkix-cert");
    assert_eq!(
        headers["authorization"],
        format!("Basic {}", BASE64_STANDARD.encode("cm:p:w"))
    );
    assert_eq!(body, BASE64_STANDARD.encode(&der).as_bytes());
    let records = bench.sim.records();
    let record = records.last().unwrap();
    assert_eq!(
        (record.party, record.status, record.query.as_deref()),
        (Party::CertificatePush, Some(202), Some("tenantId=a%26b"))
    );
    assert!(!format!("{push:?}").contains("p:w"));
}

#[tokio::test]
async fn bodies_and_repetitions_are_switches() {
    let toml = "[cm.push]\npath = \"in\"\nbody = \"base64-lines\"\ncontent_type = \"text/plain\"\ntenant_parameter = \"t\"\ntimes = 2\ntimeout_seconds = 5";
    let bench = Bench::with(toml).await;
    let (port, arrived) = receiver(None).await;
    let url = format!("http://127.0.0.1:{port}");
    let push = CertificatePush::new(&url, "T", vec![7; 100]).tenant("x");
    assert_eq!(bench.sim.cm().push_certificate(&push).await.unwrap().len(), 2);
    for (body, wanted) in [
        (
            smartid_sim::config::PushBody::Base64Lines,
            lines(&BASE64_STANDARD.encode([7; 100]), 64, "\r\n").into_bytes(),
        ),
        (smartid_sim::config::PushBody::Der, vec![7; 100]),
        (
            smartid_sim::config::PushBody::Pem,
            format!(
                "-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
                lines(&BASE64_STANDARD.encode([7; 100]), 64, "\n")
            )
            .into_bytes(),
        ),
    ] {
        bench.sim.reconfigure(|config| config.cm.push.body = body);
        bench.sim.cm().push_certificate(&push).await.unwrap();
        let (target, headers, got) = arrived.lock().unwrap().last().unwrap().clone();
        assert_eq!(
            (target.as_str(), &headers["content-type"]),
            ("/in/T?t=x", &http::HeaderValue::from_static("text/plain"))
        );
        assert_eq!(got, wanted, "{body:?}");
    }
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::CmPush, FaultKind::CallbackDrop));
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::CmPush, FaultKind::CallbackDuplicate { copies: 3 }).skip(1));
    assert_eq!(bench.sim.cm().push_certificate(&push).await.unwrap().len(), 0);
    assert_eq!(bench.sim.cm().push_certificate(&push).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_client_certificate_proves_who_pushes() {
    let bench = Bench::with("[cm.push]\nextra_ca_pem = \"\"").await;
    let server = bench.sim.officer("ra-officer").unwrap();
    // The receiver's own authority, and a server certificate for localhost that it has issued.
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = rcgen::CertifiedIssuer::self_signed(authority, rcgen::KeyPair::generate().unwrap()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(bench.sim.cm_root_pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .unwrap();
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let (port, arrived) = receiver(Some(Arc::new(tls))).await;
    let url = format!("https://localhost:{port}");
    let push = CertificatePush::new(&url, "T", vec![1]).client_certificate(server.identity());
    // The receiver is not trusted yet.
    let report = bench.sim.cm().push_certificate(&push).await.unwrap();
    assert!(report[0].status.is_none() && report[0].error.is_some());
    assert!(
        bench
            .sim
            .records()
            .last()
            .unwrap()
            .code
            .as_ref()
            .unwrap()
            .starts_with("push_failed")
    );
    bench.sim.cm().trust_for_pushes(&issuer.pem()).unwrap();
    assert_eq!(
        bench.sim.cm().push_certificate(&push).await.unwrap()[0].status,
        Some(202)
    );
    // Without a certificate it is not let in.
    let anonymous = CertificatePush::new(&url, "T", vec![1]);
    assert_eq!(
        bench.sim.cm().push_certificate(&anonymous).await.unwrap()[0].status,
        None
    );
    assert_eq!(arrived.lock().unwrap().len(), 1);
    assert!(
        bench
            .sim
            .cm()
            .trust_for_pushes("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
            .is_err()
    );
}
