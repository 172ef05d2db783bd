//! The Public Key Interoperability Test Suite (PKITS) of NIST, the yardstick for path validation: 224 tests, each with its certificates
//! and revocation lists. What the suite calls invalid must never pass; what it calls valid and is refused must be refused for a reason
//! that the documentation of the verifier states.
//!
//! The certificates are no part of the repository. `SMARTID_PKITS_DIR` names the folder that has `certs` and `crls`; the Python package
//! `cryptography_vectors` brings it as `x509/PKITS_data`, and `pkits/fetch.sh` fetches it. `pkits/cases.txt` has a line for each test: its number in the suite, the
//! certificate, the CA certificates, the lists, what the suite says (with any policy as the initial set), and what is said here: `ok`
//! or the code of the reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test code"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use smartid_core::Timestamp;
use smartid_trust::path::{
    ChainRequest, ChainVerifier, Purpose, Revocation, RevocationList, RevocationStatus, WebpkiVerifier,
};
use smartid_trust::{Certificate, Refusal};

/// 1 January 2020; most certificates of the suite are valid from 2010 to 2030.
const AT: Timestamp = Timestamp::from_millis(1_577_836_800_000);

/// Reasons for which valid tests are refused: each is a limit that the documentation of [`WebpkiVerifier`] states.
const LIMITS: [&str; 12] = [
    "ca-as-end-entity",
    "critical-extension",
    "crl-signature",
    "crl-signer",
    "crl-unsupported",
    "key-unsupported",
    "name-constraint",
    "path-too-long",
    "revocation-unknown",
    "unique-identifiers",
    "unknown-issuer",
    "validity-invalid",
];

fn certificate(dir: &Path, name: &str) -> Result<Certificate, Refusal> {
    let path = dir.join("certs").join(format!("{name}.crt"));
    Certificate::from_der(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn run(dir: &Path, names: [&str; 3]) -> Result<(), Refusal> {
    let [end_entity, cas, lists] = names;
    let end_entity = certificate(dir, end_entity)?;
    let cas: Vec<_> = cas
        .split_whitespace()
        .map(|name| certificate(dir, name))
        .collect::<Result<_, _>>()?;
    let lists: Vec<_> = lists
        .split_whitespace()
        .map(|name| {
            let path = dir.join("crls").join(format!("{name}.crl"));
            RevocationList::from_der(
                std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            )
        })
        .collect::<Result<_, _>>()?;
    let verifier = WebpkiVerifier::builder()
        .root(certificate(dir, "TrustAnchorRootCertificate")?)
        .revocation_lists(lists)
        .revocation(Revocation::RequireForChain)
        .build()?;
    let request = ChainRequest::new(&end_entity, &cas, const { &Purpose::any() }, AT);
    let chain = verifier.verify_chain(&request)?;
    assert_eq!(chain.revocation_of_signer, RevocationStatus::NotRevoked);
    assert_eq!(chain.revocation_of_intermediates, RevocationStatus::NotRevoked);
    Ok(())
}

#[test]
#[ignore = "needs the certificates of the suite in SMARTID_PKITS_DIR"]
fn pkits() {
    let dir = PathBuf::from(std::env::var_os("SMARTID_PKITS_DIR").expect("SMARTID_PKITS_DIR is not set"));
    let mut wrong = Vec::new();
    let mut tally = BTreeMap::<(&str, String), usize>::new();
    for line in include_str!("pkits/cases.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [number, end_entity, cas, lists, verdict, expected] = columns[..] else {
            panic!("a line with {} columns: {line}", columns.len());
        };
        let outcome = run(&dir, [end_entity, cas, lists]);
        let said = match &outcome {
            Ok(()) => "ok",
            Err(refusal) => refusal.reason().code(),
        };
        *tally.entry((verdict, said.to_owned())).or_default() += 1;
        let fair = match (verdict, said) {
            ("valid", "ok") => true,
            ("valid", reason) => LIMITS.contains(&reason),
            ("invalid", said) => said != "ok",
            _ => panic!("{number}: the verdict is valid or invalid"),
        };
        if !fair || said != expected {
            let detail = outcome.err().map(|refusal| refusal.detail().to_owned());
            wrong.push(format!(
                "{number} | {end_entity} | {verdict} | {expected} | {said} | {}",
                detail.unwrap_or_default()
            ));
        }
    }
    let count: usize = tally.values().sum();
    println!("{count} tests");
    for ((verdict, said), count) in tally {
        println!("{verdict:8} {count:4} {said}");
    }
    assert!(wrong.is_empty(), "{}\n{} differ", wrong.join("\n"), wrong.len());
    assert_eq!(count, 224);
}
