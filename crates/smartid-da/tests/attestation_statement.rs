//! Every golden attestation: what is read of it, and what is said about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use smartid_da::fido::preflight::{Preflight, PreflightError, StatementRule, check};
use smartid_da::fido::{
    Attestation, AttestationFormat, AttestationVerdict, ChainEntry, CreationOptions, Registration, Report,
    SignatureCheck, StatementNotChecked,
};
use smartid_trust::Certificate;

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/attestation")
}

fn index() -> Vec<toml::Table> {
    let table: toml::Table = toml::from_str(&read("INDEX.toml")).unwrap();
    let rows = table["fixture"].as_array().unwrap();
    rows.iter().map(|row| row.as_table().unwrap().clone()).collect()
}

fn get<'a>(row: &'a toml::Table, key: &str) -> &'a str {
    row.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

fn number(row: &toml::Table, key: &str) -> Option<i64> {
    row.get(key).and_then(toml::Value::as_integer)
}

/// Whether the list `key` has `value`.
fn also(row: &toml::Table, key: &str, value: &str) -> bool {
    row.get(key)
        .and_then(toml::Value::as_array)
        .is_some_and(|list| list.iter().any(|known| known.as_str() == Some(value)))
}

fn registrations() -> Vec<(String, toml::Table, Registration, Attestation)> {
    let rows = index();
    let registrations: Vec<_> = rows
        .into_iter()
        .filter(|row| get(row, "kind") == "registration")
        .map(|row| {
            let file = get(&row, "file").to_owned();
            let registration = Registration::parse(&read(&file)).unwrap();
            let attestation =
                Attestation::of(&registration).unwrap_or_else(|error| panic!("{file}: {error}"));
            (file, row, registration, attestation)
        })
        .collect();
    assert!(registrations.len() > 200, "{}", registrations.len());
    registrations
}

#[test]
fn every_statement_is_read() {
    for (file, row, _, attestation) in registrations() {
        assert_eq!(attestation.format().as_str(), get(&row, "format"), "{file}");
        assert_eq!(attestation.kind().name(), get(&row, "attestation"), "{file}");
        assert_eq!(attestation.aaguid().to_string(), get(&row, "aaguid"), "{file}");
        assert_eq!(
            Some(attestation.key_algorithm().0),
            number(&row, "key_algorithm"),
            "{file}"
        );
        assert_eq!(
            attestation.statement_algorithm().map(|algorithm| algorithm.0),
            number(&row, "statement_algorithm"),
            "{file}"
        );
        let certificates = attestation
            .certificates()
            .map(|list| i64::try_from(list.len()).unwrap());
        assert_eq!(certificates, number(&row, "certificates"), "{file}");
        assert!(!attestation.statement().is_empty(), "{file}");
        assert!(attestation.format().to_string().len() <= 40, "{file}");
        assert!(!format!("{attestation:?}").contains(['\n', '\u{202e}']), "{file}");
    }
}

#[test]
fn every_statement_has_the_verdict_of_the_index() {
    let mut wrong = Vec::new();
    let mut chosen = Vec::new();
    for (file, row, _, attestation) in registrations() {
        let check = get(&row, "check");
        let signature = match attestation.signature() {
            SignatureCheck::Verified => "verified",
            SignatureCheck::Wrong => "wrong",
            SignatureCheck::NotChecked => "not-checked",
            other => panic!("{other:?}"),
        };
        // A check that ends for another reason may end before the signature.
        let ends_before =
            check == "fails" && get(&row, "reason") != "signature" && signature == "not-checked";
        let mut right = signature == get(&row, "signature") || ends_before;
        let (said, reason) = match attestation.verdict() {
            AttestationVerdict::Verified => ("ok", ""),
            AttestationVerdict::Wrong(why) => ("fails", why.name()),
            AttestationVerdict::NotChecked(_) => ("not-checked", ""),
            other => panic!("{other:?}"),
        };
        right &= said == check || also(&row, "check_also", said);
        if said != check {
            chosen.push(file.clone());
        }
        right &= said != "fails" || reason == get(&row, "reason");
        // Nothing that a server takes is called wrong, nothing that it refuses verified.
        right &= match get(&row, "server") {
            "accept" => said != "fails",
            "refuse" => said != "ok" || also(&row, "check_also", "ok"),
            _ => true,
        };
        if !right {
            wrong.push(format!("{file}: {signature}, {}", attestation.verdict()));
        }
    }
    assert_eq!(wrong, [""; 0]);
    // No clock is read: the one choice of the index that is not its first.
    assert_eq!(chosen, ["bad-x5c-expired.registration.json"]);
}

/// Where the index leaves a choice, this is the one that was made: the whole rule, for formats that are known.
#[test]
fn nothing_that_can_be_checked_is_left_unchecked() {
    for (file, row, _, attestation) in registrations() {
        let AttestationVerdict::NotChecked(why) = attestation.verdict() else {
            continue;
        };
        assert_eq!(
            (why, get(&row, "check")),
            (StatementNotChecked::Format, "not-checked"),
            "{file}"
        );
        assert!(
            matches!(
                attestation.format(),
                AttestationFormat::AndroidSafetyNet
                    | AttestationFormat::Compound
                    | AttestationFormat::Other(_)
            ),
            "{file}"
        );
    }
}

#[test]
fn a_preflight_that_only_reports_lets_every_statement_pass_and_tells_what_is_wrong() {
    let rules = Preflight::new().attestation(StatementRule::Report);
    for (file, row, registration, attestation) in registrations() {
        let options = CreationOptions::parse(&read(get(&row, "options"))).unwrap();
        let checked = match (get(&row, "preflight"), check(&options, &registration, &rules)) {
            ("accept", Ok(checked)) => checked,
            ("accept", Err(_)) if also(&row, "preflight_also", "refuse") => continue,
            (expected, result) => panic!("{file}: {expected}, {result:?}"),
        };
        assert_eq!(checked.attestation.verdict(), attestation.verdict(), "{file}");
        assert_eq!(
            checked.attestation.kind().name(),
            get(&row, "attestation"),
            "{file}"
        );
        let wrong = matches!(attestation.verdict(), AttestationVerdict::Wrong(_));
        let reason = get(&row, "reason");
        assert!(
            !wrong || checked.report().codes().contains(reason),
            "{file}: {reason}"
        );
        assert!(
            !wrong || Report::of_registration(&registration).codes().contains(reason),
            "{file}: {reason}"
        );
    }
}

/// What is refused before it is sent, the server would refuse, too; what it takes passes.
#[test]
fn the_preflight_refuses_wrong_statements_of_the_formats_that_the_server_knows() {
    let mut refused = 0;
    for (file, row, registration, attestation) in registrations() {
        let options = CreationOptions::parse(&read(get(&row, "options"))).unwrap();
        let result = check(&options, &registration, &Preflight::new());
        let known = ["none", "packed", "fido-u2f"].contains(&get(&row, "format"));
        let wrong = matches!(attestation.verdict(), AttestationVerdict::Wrong(_));
        match result {
            Err(PreflightError::Statement(why)) => {
                assert!(known && wrong && get(&row, "server") != "accept", "{file}");
                assert_eq!(why.name(), get(&row, "reason"), "{file}");
                refused += 1;
            }
            Err(error) => assert!(also(&row, "preflight_also", "refuse"), "{file}: {error}"),
            Ok(_) => assert!(!(known && wrong), "{file}"),
        }
    }
    assert!(refused > 80, "{refused}");
}

#[test]
fn a_strict_preflight_takes_only_what_it_has_verified() {
    let rules = Preflight::new().attestation(StatementRule::Strict);
    for (file, row, registration, attestation) in registrations() {
        let options = CreationOptions::parse(&read(get(&row, "options"))).unwrap();
        let result = check(&options, &registration, &rules);
        match (attestation.verdict(), result) {
            (AttestationVerdict::Verified, Ok(_)) => {}
            (AttestationVerdict::Wrong(why), Err(PreflightError::Statement(said))) => {
                assert_eq!(why, said, "{file}");
            }
            (AttestationVerdict::NotChecked(why), Err(PreflightError::StatementNotChecked(said))) => {
                assert_eq!(why, said, "{file}");
            }
            (_, Err(error)) if also(&row, "preflight_also", "refuse") => drop(error),
            (verdict, result) => panic!("{file}: {verdict}, {result:?}"),
        }
    }
}

#[test]
fn formats_that_are_not_taken_are_refused_by_name() {
    let rules = Preflight::new()
        .attestation(StatementRule::Report)
        .formats([AttestationFormat::Packed, AttestationFormat::None]);
    for (file, row, registration, _) in registrations() {
        let options = CreationOptions::parse(&read(get(&row, "options"))).unwrap();
        let taken = ["none", "packed"].contains(&get(&row, "format"));
        match check(&options, &registration, &rules) {
            Ok(_) => assert!(taken, "{file}"),
            Err(PreflightError::Format(format)) => {
                assert!(!taken, "{file}");
                assert_eq!(format.as_str(), get(&row, "format"), "{file}");
            }
            Err(error) => assert!(also(&row, "preflight_also", "refuse"), "{file}: {error}"),
        }
    }
}

#[test]
fn chains_lead_to_the_anchor_of_the_index() {
    let anchor = Certificate::from_pem(&read("root.test.pem")).unwrap();
    let key = anchor.public_key().unwrap();
    let mut seen = 0;
    for (file, row, _, attestation) in registrations() {
        if get(&row, "check") != "ok" || get(&row, "anchor").is_empty() {
            continue;
        }
        seen += 1;
        let Some([.., ChainEntry::Certificate(last)]) = attestation.certificates() else {
            panic!("{file}");
        };
        assert_eq!(last.is_signed_by(&key), Ok(()), "{file}");
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn every_file_is_in_the_index_and_read() {
    let rows = index();
    let mut named: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| ["file", "options", "anchor"].map(|key| get(row, key).to_owned()))
        .filter(|file| !file.is_empty())
        .collect();
    for other in [
        "INDEX.toml",
        "check_simplewebauthn.mjs",
        "make_attestation.py",
        "verdicts.json",
    ] {
        named.insert(other.to_owned());
    }
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, there);
    let read: BTreeSet<&str> = rows
        .iter()
        .filter(|row| !matches!(get(row, "kind"), "registration" | "certificate"))
        .map(|row| get(row, "file"))
        .collect();
    assert!(read.is_empty(), "of a kind that no test reads: {read:?}");
}

#[test]
fn the_answers_of_other_libraries_are_those_that_were_recorded() {
    let verdicts: serde_json::Value = serde_json::from_str(&read("verdicts.json")).unwrap();
    for (file, row, _, _) in registrations() {
        for library in ["fido2", "simplewebauthn", "webauthn"] {
            assert_eq!(
                verdicts[&file][library].as_str(),
                Some(get(&row, library)),
                "{file}, {library}"
            );
        }
    }
}
