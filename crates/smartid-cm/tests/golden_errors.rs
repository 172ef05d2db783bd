//! The golden files of refusals that any operation may meet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::golden::{Entry, Index};
use common::verdict::{Verdict, judge, read, step};
use smartid_cm::operations::experimental::{Import, ImportCertificates, Issuers, RemoveCertificates};
use smartid_cm::operations::{
    Details, Download, IssueCertificate, ItemResults, MediaType, Procedures, Register, RegistrationKind,
    Registrations, Reinstate, Revoke, Search,
};
use smartid_cm::{
    AccountId, CertId, CmDialect, Csr, ProcedureName, RequestSignature, RevocationReason, Write,
};
use smartid_core::Endpoint;
use smartid_trust::Certificate;

fn certid() -> CertId {
    CertId::new("4711").unwrap()
}

fn account() -> AccountId {
    AccountId::new("a").unwrap()
}

fn signature() -> RequestSignature {
    RequestSignature::from_cms(vec![0x30, 0])
}

/// A write's step that the fixture answers.
fn write<W: Write>(write: &W, fixture: &Entry) -> Verdict<W::Output> {
    let signature = signature();
    let signed = (fixture.number("step") == Some(2)).then_some(&signature);
    step(write, &CmDialect::default(), signed, fixture.incoming())
}

/// A write of certificates, some of which may have failed.
fn withdraw<W: Write<Output = ItemResults>>(call: &W, fixture: &Entry) {
    let verdict = write(call, fixture);
    match &verdict {
        Verdict::Ok(results) if !results.all_done() => {
            assert!(fixture.allows("partial"), "{fixture}: {results:?}")
        }
        _ => judge(&verdict, fixture, false),
    }
}

#[test]
fn the_operation_that_an_entry_names_finds_what_it_says() {
    let fixtures = Index::of("errors").fixtures();
    assert!(fixtures.len() >= 80);
    for fixture in fixtures {
        let dialect = CmDialect::default();
        match fixture.text("operation") {
            "search" => judge(
                &read(&Search::new(), &dialect, fixture.incoming()),
                &fixture,
                true,
            ),
            "details" => judge(
                &read(&Details::new(certid()), &dialect, fixture.incoming()),
                &fixture,
                true,
            ),
            "issue" => {
                let csr = Csr::from_der(fixture.octets("../pki/device-rsa.csr.der")).unwrap();
                judge(&write(&IssueCertificate::new(csr), &fixture), &fixture, false);
            }
            "revoke" => withdraw(&Revoke::new(certid(), RevocationReason::Superseded), &fixture),
            "remove" => {
                let remove = RemoveCertificates::new(certid()).and(CertId::new("4712").unwrap());
                withdraw(&remove, &fixture);
            }
            "import" => {
                let certificate = Certificate::from_der(fixture.octets("../pki/device-rsa.der")).unwrap();
                let procedure = ProcedureName::new("x").unwrap();
                let import = ImportCertificates::new(procedure, Import::new(certificate));
                judge(&write(&import, &fixture), &fixture, false);
            }
            other => panic!("{fixture}: {other}"),
        }
    }
}

#[test]
fn every_read_finds_the_same() {
    fn check<E>(endpoint: &E, fixture: &Entry)
    where
        E: Endpoint<Dialect = CmDialect>,
        E::Output: std::fmt::Debug,
    {
        judge(
            &read(endpoint, &CmDialect::default(), fixture.incoming()),
            fixture,
            true,
        );
    }
    for fixture in Index::of("errors").fixtures() {
        let is_read = matches!(fixture.text("operation"), "search" | "details");
        // What is JSON with a good code depends on what the operation asked for, and 64 MiB are tried once.
        if !is_read || fixture.get("body_fill").is_some() || fixture.text("file") == "code-0-status-500.http"
        {
            continue;
        }
        check(&Search::new(), &fixture);
        check(&Details::new(certid()), &fixture);
        check(&Download::new(certid()), &fixture);
        check(&Procedures::of(MediaType::Pkcs10), &fixture);
        check(&Registrations::new(account(), RegistrationKind::Est), &fixture);
        check(&Issuers::new(), &fixture);
    }
}

#[test]
fn no_write_takes_a_refusal_for_its_result() {
    for fixture in Index::of("errors").fixtures() {
        if fixture.get("body_fill").is_some() || fixture.text("file") == "code-0-status-500.http" {
            continue;
        }
        let certids = || Revoke::new(certid(), RevocationReason::Superseded);
        let register = Register::new(account(), RegistrationKind::Est);
        let csr = Csr::from_der(fixture.octets("../pki/device-rsa.csr.der")).unwrap();
        for outcome in [
            write(&certids(), &fixture).outcome(),
            write(&Reinstate::new(certid()), &fixture).outcome(),
            write(&register, &fixture).outcome(),
            write(&IssueCertificate::new(csr), &fixture).outcome(),
        ] {
            assert!(
                matches!(outcome, "refused" | "unreadable"),
                "{fixture}: {outcome}"
            );
        }
    }
}

/// The folders, and the test that reads all entries of each.
const FOLDERS: &[(&str, &str)] = &[
    ("search", "golden_search"),
    ("details", "golden_search"),
    ("procedures", "golden_lists"),
    ("registrations", "golden_lists, golden_exchanges"),
    ("issuers", "golden_lists"),
    ("raw", "golden_lists, hostile_reads"),
    ("errors", "golden_errors, hostile_reads"),
    ("revoke", "golden_withdraw, golden_exchanges"),
    ("hold", "golden_withdraw, golden_exchanges"),
    ("reinstate", "golden_withdraw, golden_exchanges"),
];

#[test]
fn no_file_of_these_folders_is_left_out_of_its_index() {
    for (folder, _) in FOLDERS {
        let named: Vec<String> = Index::of(folder)
            .fixtures()
            .iter()
            .flat_map(|fixture| {
                let body = fixture.optional_text("body_file").map(str::to_owned);
                [Some(fixture.text("file").to_owned()), body]
            })
            .flatten()
            .collect();
        for file in std::fs::read_dir(common::golden::root().join(folder)).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            assert!(
                file == "INDEX.toml" || named.contains(&file),
                "{folder}/{file} is in no index"
            );
        }
    }
}
