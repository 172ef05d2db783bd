//! The golden files of issuing certificates and attribute certificates, and of downloading.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;
mod golden_write;

use common::golden::{Entry, Index};
use common::verdict::{self, Verdict};
use golden_write::*;
use smartid_cm::operations::experimental::{IssueAttributeCertificate, IssuedAttributeCertificate};
use smartid_cm::operations::{Download, IssueCertificate, IssuedCertificate};
use smartid_cm::{CertId, CertificateForm, Certificates, CertificatesError, Csr};
use smartid_core::Endpoint;
use smartid_trust::{Certificate, Radix};

fn form(fixture: &Entry) -> CertificateForm {
    match given_text(fixture, "accept").as_deref() {
        None => CertificateForm::Unspecified,
        Some("application/pkcs7-mime") => CertificateForm::Pkcs7,
        Some("application/pkix-cert") => CertificateForm::Certificate,
        Some("application/zip") => CertificateForm::Zip,
        Some(text) => {
            let depth = text.strip_prefix("application/pem-certificate-chain").unwrap();
            CertificateForm::PemChain(depth.strip_prefix(";depth=").map(|depth| depth.parse().unwrap()))
        }
    }
}

fn listed(fixture: &Entry, name: &str) -> Vec<Certificate> {
    let files = fixture.texts(name).into_iter();
    files
        .map(|file| Certificate::from_der(fixture.octets(&file)).unwrap())
        .collect()
}

/// Chain, rest, id, and what is said of the leaf.
fn same_certificates(fixture: &Entry, answer: &Certificates, chain: &[Certificate]) {
    assert!(fixture.allows("certificates"), "{fixture}: {chain:?}");
    assert_eq!(chain, listed(fixture, "chain"), "{fixture}");
    let all = answer.all().unwrap();
    let rest: Vec<Certificate> = all.iter().filter(|one| !chain.contains(one)).cloned().collect();
    assert_eq!(rest, listed(fixture, "rest"), "{fixture}");
    assert_eq!(
        answer.bytes(),
        fixture.incoming().body(),
        "{fixture}: the bytes are untouched"
    );
    let certid = fixture.optional_text("certid").filter(|certid| *certid != "none");
    assert_eq!(answer.certid().map(CertId::as_str), certid, "{fixture}");
    if let Some(subject) = fixture.optional_text("leaf_subject") {
        let shown = chain[0].subject().to_string();
        assert!(
            shown.split(',').any(|attribute| attribute == subject),
            "{fixture}: {shown}"
        );
    }
    if let Some(serial) = fixture.optional_text("serial_hex") {
        let shown = chain[0].serial_number().to_text(Radix::Hex).to_uppercase();
        assert_eq!(shown.trim_start_matches('0'), serial, "{fixture}");
    }
}

impl Golden for IssueCertificate {
    const TABLE: &'static str = "issue";
    const ACCEPT: bool = true;

    fn make(fixture: &Entry) -> Made<Self> {
        let mut issue = Self::new(csr(fixture)?).form(form(fixture));
        issue.procedure = procedure(fixture);
        issue.valid_from = given_time(fixture, "validfrom");
        issue.valid_to = given_time(fixture, "validto");
        Ok(issue)
    }

    fn any(fixture: &Entry) -> Self {
        let file = fixture
            .optional_text("csr")
            .unwrap_or("../pki/device-rsa.csr.der");
        Self::new(Csr::parse(&fixture.octets(file)).unwrap())
    }

    fn compare(fixture: &Entry, issued: &IssuedCertificate) {
        same_certificates(fixture, &issued.answer, &issued.chain);
        assert_eq!(issued.certificate, issued.chain[0]);
        assert_eq!(issued.certid.as_ref(), issued.answer.certid());
        assert!(issued.others.is_empty(), "{fixture}");
    }
}

#[test]
fn issuing() {
    // A build that cannot read archives asks for none: encodings.rs.
    let leave_out: &[&str] = if reads_archives() {
        &[]
    } else {
        &["request-accept-zip.http"]
    };
    folder::<IssueCertificate>("issue-pkcs10", leave_out);
}

impl Golden for IssueAttributeCertificate {
    const TABLE: &'static str = "attribute_certificate";
    const ACCEPT: bool = true;

    fn make(fixture: &Entry) -> Made<Self> {
        let mut issue = Self::new(csr(fixture)?);
        issue.procedure = procedure(fixture);
        issue.valid_from = given_time(fixture, "validfrom");
        issue.valid_to = given_time(fixture, "validto");
        Ok(issue)
    }

    fn any(fixture: &Entry) -> Self {
        Self::new(Csr::parse(&fixture.octets("../pki/device-rsa.csr.der")).unwrap())
    }

    fn compare(fixture: &Entry, issued: &IssuedAttributeCertificate) {
        assert!(fixture.allows("certificates"), "{fixture}");
        let expected = fixture.octets(fixture.text("attribute_certificate"));
        assert_eq!(issued.der, expected, "{fixture}");
        assert_eq!(&issued.bytes, fixture.incoming().body(), "{fixture}");
        let certid = issued.certid.as_ref().map(CertId::as_str);
        assert_eq!(certid, fixture.optional_text("certid"), "{fixture}");
        // Nothing of it is read; the numbers are there as they are said to be.
        for serial in ["serial_hex", "holder_serial_hex"] {
            let octets = hex(fixture.text(serial));
            let mut windows = issued.der.windows(octets.len());
            assert!(windows.any(|window| window == octets), "{fixture}: {serial}");
        }
    }
}

#[test]
fn attribute_certificates() {
    folder::<IssueAttributeCertificate>("attribute-certificate", &[]);
}

fn download(fixture: &Entry) -> Made<Download> {
    let certid = CertId::new(given_text(fixture, "certid").unwrap()).map_err(|error| error.to_string())?;
    Ok(Download::new(certid).form(form(fixture)))
}

#[test]
fn downloading() {
    let index = Index::of("download");
    assert!(index.exchanges().is_empty());
    for fixture in index.fixtures() {
        let dialect = dialect(&fixture, "download");
        if fixture.text("kind") == "request" {
            let call = download(&fixture);
            let made = call.and_then(|call| call.request(&dialect).map_err(|error| error.to_string()));
            assert_eq!(made.is_err(), fixture.flag("refuse") == Some(true), "{fixture}");
            if let Ok(outgoing) = made {
                same_request(&fixture, &outgoing, true);
            }
            continue;
        }
        let call = match fixture.optional_text("answers") {
            Some(file) => download(&fixture.other(file)).unwrap(),
            None => Download::new(CertId::new("4711").unwrap()),
        };
        match verdict::read(&call, &dialect, fixture.incoming()) {
            Verdict::Ok(answer) if answer.all() == Err(CertificatesError::ZipFeature) => {
                assert!(!reads_archives(), "{fixture}");
                assert_eq!(answer.bytes(), fixture.incoming().body(), "{fixture}");
            }
            Verdict::Ok(answer) => same_certificates(&fixture, &answer, &answer.chain().unwrap()),
            other => verdict::judge(&other, &fixture, true),
        }
    }
}
