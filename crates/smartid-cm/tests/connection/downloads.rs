//! Golden downloads from the servlet `dp`, and the settings for it.

use http::{HeaderMap, StatusCode};
use smartid_cm::operations::CaCertificate;
use smartid_cm::operations::experimental::DownloadRevocationList;
use smartid_cm::{CertificateManager, CmDialect, CmRefusal, CmRefusalKind};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Endpoint, Error, Incoming, ResponseError};
use smartid_trust::{Certificate, Fingerprint, Radix, Reason};

use super::messages::{Golden, is_outcome, text};
use super::script::{Always, answer, client, incoming, runtime};

const GOLDEN: Golden = Golden::of("ca-certificate");

fn fetch<E>(cm: &CertificateManager, endpoint: &E) -> Result<E::Output, Error>
where
    E: Endpoint<Auth = smartid_cm::auth::Nobody, Dialect = CmDialect>,
{
    runtime().block_on(cm.call_dp(endpoint)).unwrap()
}

#[test]
fn golden_requests_go_out_as_they_are_written() {
    let mut seen = (0, 0);
    for fixture in GOLDEN.fixtures() {
        if text(&fixture, "kind") != Some("request") {
            continue;
        }
        let about = text(&fixture, "file").unwrap();
        let base = text(&fixture, "base").unwrap();
        let transport = Always::new(Some(Ok(answer(404, ""))));
        let cm = client(&transport, |builder| match base.starts_with("https") {
            true => builder.dp_url(base),
            false => builder.danger_dp_url_plain_http(base),
        });
        let name = text(&fixture["call"], "name").unwrap();
        let error = fetch(&cm, &CaCertificate::new(name)).unwrap_err();
        let asked = transport.asked.lock().unwrap().clone();
        if fixture.get("refuse").is_some() {
            seen.1 += 1;
            assert!(error.is_misconfigured() && asked.is_empty(), "{about}: {error}");
            continue;
        }
        seen.0 += 1;
        let message = GOLDEN.message(&fixture);
        let scheme = base.split("//").next().unwrap();
        let host = message.headers["host"].to_str().unwrap();
        let expected = format!("{} {scheme}//{host}{}", message.first[0], message.first[1]);
        assert_eq!(asked, [expected], "{about}");
    }
    assert!(seen.0 >= 4 && seen.1 >= 3, "{seen:?}");
}

#[test]
fn golden_answers_are_read_as_they_say() {
    let mut seen = 0;
    for fixture in GOLDEN.fixtures() {
        if text(&fixture, "kind") != Some("response") {
            continue;
        }
        seen += 1;
        let about = text(&fixture, "file").unwrap();
        let read =
            CaCertificate::new("x").response(&CmDialect::default(), incoming(GOLDEN.message(&fixture)));
        let refused_status = |refusal: &CmRefusal| {
            let status = smartid_core::ServiceError::status(refusal).map(|status| i64::from(status.as_u16()));
            assert_eq!(
                fixture.get("status").and_then(toml::Value::as_integer),
                status,
                "{about}"
            );
        };
        let outcome = match &read {
            Ok(_) => "certificates",
            // A page with a status of success is not what was asked for, which an error must say; it says it as a refusal.
            Err(ResponseError::Refused(refusal)) if *refusal.kind() == CmRefusalKind::Page => "unreadable",
            Err(ResponseError::Refused(refusal)) => {
                refused_status(refusal);
                "refused"
            }
            Err(ResponseError::Unreadable(_)) => "unreadable",
        };
        assert!(is_outcome(&fixture, outcome), "{about}: {outcome}");
        let Ok(downloaded) = read else { continue };
        let chain = fixture["chain"].as_array().unwrap();
        let der = GOLDEN.file(chain[0].as_str().unwrap());
        let known = Fingerprint::of_der(&der);
        let certificate = downloaded.expect_fingerprint(known).unwrap();
        assert_eq!(certificate.der()[..], der[..], "{about}");
        if let Some(subject) = text(&fixture, "leaf_subject") {
            assert!(certificate.subject().to_string().contains(subject), "{about}");
        }
        if let Some(serial) = text(&fixture, "serial_hex") {
            let shown = certificate.serial_number().to_text(Radix::Hex).to_uppercase();
            assert_eq!(shown, serial, "{about}");
        }
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn the_address_is_a_setting_of_its_own_and_plain_http_has_a_dangerous_name() {
    let transport = Always::new(Some(Ok(answer(404, ""))));
    let cm = client(&transport, |builder| builder);
    let error = fetch(&cm, &CaCertificate::new("Root")).unwrap_err();
    assert!(error.to_string().contains("cm.dp_url"), "{error}");
    assert!(error.is_misconfigured() && transport.asked.lock().unwrap().is_empty());
    let refused = |url: &str| {
        CertificateManager::builder(super::script::API)
            .dp_url(url)
            .build(transport.clone(), std::sync::Arc::new(runtime()))
            .unwrap_err()
    };
    for url in [
        "http://pgwy.example.test:8080/pgwy/dp",
        "",
        "https://u:p@h/",
        "https://h/?q",
    ] {
        assert_eq!(refused(url).setting, "cm.dp_url", "{url}");
    }
    // One of its own, which alone is used for it.
    let other = Always::new(Some(Ok(answer(404, ""))));
    let cm = client(&transport, |builder| {
        builder
            .dp_url("https://pgwy.example.test/dp")
            .dp_transport(other.clone())
    });
    fetch(&cm, &CaCertificate::new("Root")).unwrap_err();
    assert_eq!(
        *other.asked.lock().unwrap(),
        ["GET https://pgwy.example.test/dp/ca/Root.cer"]
    );
    assert!(transport.asked.lock().unwrap().is_empty());
    let shown = format!("{cm:?}");
    assert!(shown.contains("/dp"), "{shown}");
}

#[test]
fn the_dialect_names_path_and_suffix_and_the_suffix_of_the_api_is_not_for_dp() {
    let dialect = CmDialect::from_toml(
        "requests.path_suffix = 'verification'\nca_certificate = { path = 'certs/{name}', suffix = '.crt' }\nrevocation_list = { path = 'x/{name}/y' }",
    )
    .unwrap();
    let target = |name: &str| CaCertificate::new(name).request(&dialect).unwrap().target();
    assert_eq!(target("Root"), "certs/Root.crt");
    assert_eq!(target("Root.crt"), "certs/Root.crt");
    assert_eq!(target("Root.cer"), "certs/Root.cer.crt");
    let list = DownloadRevocationList::new("Root")
        .request(&dialect)
        .unwrap()
        .target();
    assert_eq!(list, "x/Root.crl/y");
    // A path that cannot be filled is found when the client is built.
    for setting in ["ca_certificate", "revocation_list"] {
        let dialect = CmDialect::from_toml(&format!("[{setting}]\npath = '{{file}}'")).unwrap();
        let built = CertificateManager::builder(super::script::API).dialect(dialect);
        let error = built
            .build(Always::new(None), std::sync::Arc::new(runtime()))
            .unwrap_err();
        assert_eq!(error.setting, "cm.dialect", "{setting}");
    }
}

fn trust(path: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/tests/fixtures/");
    std::fs::read(format!("{root}{path}")).unwrap()
}

#[test]
fn a_revocation_list_is_believed_when_its_ca_has_signed_it() {
    let read = |body: Vec<u8>| {
        let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), body.into());
        DownloadRevocationList::new("x").response(&CmDialect::default(), incoming)
    };
    let root = trust("path/root.der");
    let root = Certificate::from_der(root).unwrap();
    let der = trust("crl/root-none.crl");
    let pem = format!(
        "-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n",
        encode(Flavour::Standard, &der)
    )
    .into_bytes();
    assert!(read(pem.clone()).unwrap().issued_by(&root).unwrap().is_empty());
    assert!(read(der.clone()).unwrap().issued_by(&root).is_ok());
    let mut forged = der.clone();
    *forged.last_mut().unwrap() ^= 1;
    let refused = read(forged).unwrap().issued_by(&root).unwrap_err();
    assert_eq!(refused.reason(), Reason::CrlSignature);
    let other = Certificate::from_der(GOLDEN.file("../pki/root.der")).unwrap();
    let refused = read(der.clone()).unwrap().issued_by(&other).unwrap_err();
    assert_eq!(refused.reason(), Reason::UnknownIssuer);
    let twice = [&pem[..], &pem[..]].concat();
    for bad in [
        &b""[..],
        b"hello",
        b"<html></html>",
        &der[..der.len() - 1],
        root.der(),
        &twice,
    ] {
        assert!(read(bad.to_vec()).is_err());
    }
}
