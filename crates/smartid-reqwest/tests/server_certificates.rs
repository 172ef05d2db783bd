//! Whom the transport believes: each way in which a server's certificate can be wrong has its own problem and says what it is.
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

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use smartid_core::{Phase, Retry, TransportError, TransportProblem as P};
use smartid_reqwest::ReqwestTransportBuilder;
use support::{Ca, Leaf, Server, TLS12, TLS13, get, ok, tls, trusting};

async fn meet(leaf: &Leaf, client: ReqwestTransportBuilder) -> Result<(), TransportError> {
    let mut outcomes = Vec::new();
    let client = client.build().unwrap();
    for versions in [TLS13, TLS12] {
        let server = Server::start(Some(tls(leaf, versions, None)), |_| ok("{}")).await;
        let outcome = get(&client, &server.base()).await.map(|_| ());
        if outcome.is_err() {
            assert!(
                server.requests().is_empty(),
                "nothing may be sent to a server that is not trusted"
            );
        }
        // Host and port differ between the two, and rustls says how many seconds ago a certificate ended.
        outcomes.push(outcome.map_err(|error| {
            let text = error.to_string().replace(&server.address.to_string(), "HOST");
            (error, text.replace(|c: char| c.is_ascii_digit(), ""))
        }));
    }
    let same = match (&outcomes[0], &outcomes[1]) {
        (Ok(()), Ok(())) => true,
        (Err((_, a)), Err((_, b))) => a == b,
        _ => false,
    };
    assert!(same, "TLS 1.3 and 1.2 must agree: {outcomes:?}");
    outcomes.remove(0).map_err(|(error, _)| error)
}

#[track_caller]
fn refused(outcome: Result<(), TransportError>, problem: P, says: &str) {
    let error = outcome.expect_err("must be refused");
    assert_eq!(error.problem(), problem, "{error}");
    assert_eq!((error.phase(), error.retry()), (Phase::NotSent, Retry::No));
    assert!(error.to_string().contains(says), "{error}");
}

fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.self_signed(&key).unwrap();
    Leaf {
        der: certificate.der().clone(),
        pem: certificate.pem(),
        key,
    }
}

#[tokio::test]
async fn a_server_of_the_private_root_is_trusted() {
    let ca = Ca::new();
    meet(&ca.server(|_| {}), trusting(&ca)).await.unwrap();
}

#[tokio::test]
async fn several_roots_in_one_pem_and_repeated_calls_add_up() {
    let (one, two, three) = (Ca::new(), Ca::new(), Ca::new());
    for ca in [&one, &two, &three] {
        let client = smartid_reqwest::ReqwestTransport::builder()
            .root_pem(format!("a comment\n{}\n{}", one.pem(), two.pem()))
            .root_der(three.der().to_vec());
        meet(&ca.server(|_| {}), client).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_of_another_root_is_not_trusted() {
    let outcome = meet(&Ca::new().server(|_| {}), trusting(&Ca::new())).await;
    refused(
        outcome,
        P::UntrustedServer,
        "invalid peer certificate: UnknownIssuer",
    );
}

#[tokio::test]
async fn system_roots_are_not_trusted_unless_asked_for_and_private_roots_stay_trusted_beside_them() {
    let ca = Ca::new();
    meet(&ca.server(|_| {}), trusting(&ca).system_roots())
        .await
        .unwrap();
    let outcome = meet(&Ca::new().server(|_| {}), trusting(&ca).system_roots()).await;
    refused(outcome, P::UntrustedServer, "UnknownIssuer");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let ca = Ca::new();
    let leaf = ca.server(|params| {
        params.subject_alt_names.clear();
        params
            .subject_alt_names
            .push(rcgen::SanType::DnsName("other.example.test".try_into().unwrap()));
    });
    refused(
        meet(&leaf, trusting(&ca)).await,
        P::ServerName,
        "certificate not valid for name \"127.0.0.1\"",
    );
}

#[tokio::test]
async fn a_certificate_with_a_common_name_only_is_refused() {
    let ca = Ca::new();
    let leaf = ca.server(|params| {
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, "127.0.0.1");
    });
    refused(
        meet(&leaf, trusting(&ca)).await,
        P::ServerName,
        "certificate not valid for name",
    );
}

#[tokio::test]
async fn an_expired_certificate_and_one_from_the_future_are_refused() {
    let ca = Ca::new();
    let expired = ca.server(|params| params.not_after = date_time_ymd(2001, 1, 1));
    refused(
        meet(&expired, trusting(&ca)).await,
        P::ServerCertificateTime,
        "certificate expired",
    );
    let future = ca.server(|params| params.not_before = date_time_ymd(3001, 1, 1));
    refused(
        meet(&future, trusting(&ca)).await,
        P::ServerCertificateTime,
        "certificate not valid yet",
    );
}

#[tokio::test]
async fn a_self_signed_ca_certificate_as_server_certificate_is_refused_even_as_its_own_root() {
    let leaf = self_signed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let client = smartid_reqwest::ReqwestTransport::builder().root_pem(&leaf.pem);
    refused(
        meet(&leaf, client).await,
        P::ServerCertificateForm,
        "invalid peer certificate: CaUsedAsEndEntity",
    );
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_no_ca_can_be_its_own_root() {
    let leaf = self_signed(|params| params.is_ca = IsCa::ExplicitNoCa);
    let client = smartid_reqwest::ReqwestTransport::builder().root_pem(&leaf.pem);
    meet(&leaf, client).await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_clients_only_is_refused() {
    let ca = Ca::new();
    let leaf = ca.server(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    refused(
        meet(&leaf, trusting(&ca)).await,
        P::ServerCertificateForm,
        "certificate does not allow extended key usage",
    );
}

#[tokio::test]
async fn a_revoked_certificate_is_refused() {
    let ca = Ca::new();
    let leaf = ca.server(|params| params.serial_number = Some(77_u64.into()));
    meet(&leaf, trusting(&ca).crl_pem(ca.crl(&[76], false)))
        .await
        .unwrap();
    let outcome = meet(&leaf, trusting(&ca).crl_pem(ca.crl(&[76, 77], false))).await;
    refused(
        outcome,
        P::ServerCertificateRevoked,
        "invalid peer certificate: Revoked",
    );
}

#[tokio::test]
async fn with_lists_an_unknown_status_is_refused() {
    let (ca, other) = (Ca::new(), Ca::new());
    let leaf = ca.server(|_| {});
    let outcome = meet(&leaf, trusting(&ca).crl_pem(other.crl(&[], false))).await;
    refused(outcome, P::ServerCertificateRevoked, "UnknownRevocationStatus");
}

#[tokio::test]
async fn an_outdated_list_says_nothing() {
    let ca = Ca::new();
    let leaf = ca.server(|_| {});
    let outcome = meet(&leaf, trusting(&ca).crl_pem(ca.crl(&[], true))).await;
    refused(
        outcome,
        P::ServerCertificateRevoked,
        "certificate revocation list expired",
    );
}

#[test]
fn revocation_lists_and_system_roots_together_are_refused_when_built() {
    let ca = Ca::new();
    let error = trusting(&ca)
        .system_roots()
        .crl_pem(ca.crl(&[], false))
        .build()
        .unwrap_err();
    assert!(error.to_string().starts_with("setting tls.crls: "), "{error}");
}
