//! The golden files of importing and removing certificates, and of the signing authority.
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

use common::golden::Entry;
use common::verdict;
use golden_write::*;
use smartid_cm::operations::experimental::{
    HashAlgorithm, Import, ImportCertificates, ImportResults, RemoveCertificates, SignHash, SignatureFormat,
    SignedHash,
};
use smartid_cm::operations::{ItemResults, ItemState, RevocationReason};
use smartid_cm::{CertId, ItemError, ProcedureName};
use smartid_core::Timestamp;
use smartid_trust::Certificate;

/// Whether everything was done, or which errors there were.
fn same_results(fixture: &Entry, all_done: bool, errors: &[ItemError]) {
    let outcome = if all_done { "ok" } else { "partial" };
    assert!(fixture.allows(outcome), "{fixture}: {outcome}: {errors:?}");
    if let Some(expected) = fixture.tables("errors") {
        verdict::items(errors, &expected, fixture);
    }
}

impl Golden for RemoveCertificates {
    const TABLE: &'static str = "remove";

    fn make(fixture: &Entry) -> Made<Self> {
        let call = fixture.call();
        let mut remove = Self::new(CertId::new("1").unwrap());
        remove.certids.clear();
        for certid in call["certid"].as_array().unwrap() {
            let certid = CertId::new(certid.as_str().unwrap()).map_err(|error| error.to_string())?;
            remove = remove.and(certid);
        }
        remove.clean_audit_log = call.get("cleanAuditLog").map(|clean| clean.as_bool().unwrap());
        Ok(remove)
    }

    fn any(_: &Entry) -> Self {
        Self::new(CertId::new("4711").unwrap())
    }

    fn compare(fixture: &Entry, results: &ItemResults) {
        let errors: Vec<ItemError> = results.failed().chain(&results.others).cloned().collect();
        same_results(fixture, results.all_done(), &errors);
    }
}

#[test]
fn removing() {
    folder::<RemoveCertificates>("remove", &[]);
}

fn import(fixture: &Entry, element: &toml::Value) -> Made<Import> {
    let bytes = octets(fixture, element["certificate"].as_str().unwrap());
    let certificate = match std::str::from_utf8(&bytes) {
        Ok(pem) => Certificate::from_pem(pem),
        Err(_) => Certificate::from_der(bytes),
    };
    let mut import = Import::new(certificate.map_err(|refusal| refusal.to_string())?);
    let reason = element.get("reason").map(|reason| reason.as_integer().unwrap());
    import.reason = reason.map(RevocationReason::from_number);
    let time = element.get("revocationtime").map(|time| time.as_str().unwrap());
    import.revocation_time = time.map(|time| Timestamp::from_iso8601(time).unwrap());
    Ok(import)
}

impl Golden for ImportCertificates {
    const TABLE: &'static str = "import";

    fn make(fixture: &Entry) -> Made<Self> {
        let mut all = Self::any(fixture);
        all.procedure = procedure(fixture).unwrap();
        let elements = fixture.call();
        let elements = elements["importdata"].as_array().unwrap();
        let elements = elements.iter().map(|element| import(fixture, element));
        all.certificates = elements.collect::<Made<_>>()?;
        Ok(all)
    }

    fn any(fixture: &Entry) -> Self {
        let some = Certificate::from_der(fixture.octets("../pki/root.der")).unwrap();
        Self::new(ProcedureName::new("Import").unwrap(), Import::new(some))
    }

    fn compare(fixture: &Entry, results: &ImportResults) {
        let failed = results.elements.iter().filter_map(|state| match state {
            ItemState::Failed(error) => Some(error),
            _ => None,
        });
        let errors: Vec<ItemError> = failed.chain(&results.others).cloned().collect();
        same_results(fixture, results.all_done(), &errors);
        if fixture.number("code").is_some() {
            let done = results.elements.contains(&ItemState::Done);
            assert!(
                !done,
                "{fixture}: nothing is claimed for what is not named beside a code"
            );
        }
    }
}

#[test]
fn importing() {
    folder::<ImportCertificates>("import", &[]);
}

impl Golden for SignHash {
    const TABLE: &'static str = "signing_authority";

    fn make(fixture: &Entry) -> Made<Self> {
        let algorithm = HashAlgorithm::from_name(&given_text(fixture, "hashalgorithm").unwrap());
        assert!(algorithm.length().is_some(), "{algorithm} is known");
        let format = SignatureFormat::from_name(&given_text(fixture, "format").unwrap());
        assert!(!matches!(format, SignatureFormat::Other(_)), "{format} is known");
        let mut sign = Self::new(algorithm, hex(&given_text(fixture, "hash_hex").unwrap())).format(format);
        sign.procedure = procedure(fixture);
        Ok(sign)
    }

    fn any(_: &Entry) -> Self {
        Self::new(HashAlgorithm::Sha256, vec![0; 32])
    }

    fn compare(fixture: &Entry, signed: &SignedHash) {
        assert!(fixture.allows("ok"), "{fixture}");
        assert_eq!(
            signed.signature,
            fixture.octets(fixture.text("signed_data")),
            "{fixture}"
        );
    }
}

#[test]
fn signing_authority() {
    folder::<SignHash>("signing-authority", &[]);
}
