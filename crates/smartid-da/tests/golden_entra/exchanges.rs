//! The calls one behind the other: renewed tokens, waiting, lost answers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use smartid_core::{Phase, Retry, Runtime};
use smartid_da::UserId;
use smartid_da::fido::{CreationOptions, preflight};
use smartid_da::relying_party::{DisplayName, NewCredential, Refusal, RelyingParty};
use toml::Table;

use super::bench::{
    Bench, NOW, bench, folder, incoming, is_the_golden_request, list, message, registration, rows, some, text,
};

#[test]
fn calls_one_behind_the_other() {
    let exchanges = rows("exchange");
    assert_eq!(exchanges.len(), 6);
    for row in exchanges {
        let name = text(&row, "name");
        for key in row.keys() {
            let known = [
                "name",
                "about",
                "steps",
                "outcome",
                "perhaps_done",
                "registration",
            ];
            assert!(known.contains(&key.as_str()), "{name}: {key}");
        }
        let steps = list(&row, "steps");
        let answers = steps.iter().skip(1).step_by(2);
        let answers = answers
            .map(|file| (*file != "(none)").then(|| incoming(file)))
            .collect();
        let bench = bench(&Table::new(), answers, NOW).unwrap();
        let started = bench.runtime.now();
        let (outcome, perhaps) = exchange(&bench, &row, &steps);
        assert_eq!(outcome, text(&row, "outcome"), "{name}");
        let expected = row.get("perhaps_done").and_then(toml::Value::as_bool);
        assert_eq!(perhaps, expected.unwrap_or_default(), "{name}");
        let sent = bench.script.sent.lock().unwrap();
        assert_eq!(sent.len(), steps.len() / 2, "{name}");
        for (request, file) in sent.iter().zip(steps.iter().step_by(2)) {
            is_the_golden_request(file, request);
        }
        let waited = bench.runtime.now().since(started);
        assert_eq!(
            waited >= Duration::from_secs(10),
            name == "throttled",
            "{name}: {waited:?}"
        );
        let renewed = bench.tokens.invalidated.load(Ordering::SeqCst);
        assert_eq!(renewed > 0, name.starts_with("token-"), "{name}: {renewed}");
        assert!(renewed <= 1, "{name}");
    }
}

/// What a program does: options, then, where the exchange goes on, the golden registration.
fn exchange(bench: &Bench, row: &Table, steps: &[&str]) -> (String, bool) {
    let user = UserId::new("7a1f0c52-3b0e-4d51-9a6e-0a4f5d2c9b10").unwrap();
    let (entra, runtime) = (&bench.entra, &bench.runtime);
    let mut outcome = String::from("options");
    if steps[0].starts_with("options_") {
        match runtime.block_on(entra.creation_options(&user)).unwrap() {
            Ok(offer) => {
                let body = String::from_utf8(message("options_200.http").2.to_vec()).unwrap();
                assert!(body.contains(offer.options.raw()));
            }
            Err(error) => return (entra.refusal(&error).map(sort).unwrap(), false),
        }
    }
    let credential = |path: &str| {
        NewCredential::new(user.clone(), registration(path))
            .display_name(Some(DisplayName::new("Golden key").unwrap()))
    };
    if let Some(path) = some(row, "registration") {
        let error = runtime
            .block_on(entra.store(&credential(path)))
            .unwrap()
            .unwrap_err();
        assert!(error.is_misconfigured(), "{error}");
        // And the check of a flow says it before that, by name.
        let options = CreationOptions::parse(
            &std::fs::read_to_string(folder().join("../attestation/direct.options.json")).unwrap(),
        )
        .unwrap();
        let rules = entra.preflight().origin(preflight::OriginRule::Report);
        let refused = preflight::check(&options, &registration(path), &rules).unwrap_err();
        assert_eq!(refused.name(), "attestation-format");
        return (String::from("refused-locally"), false);
    }
    if steps.iter().any(|step| step.starts_with("store_packed")) {
        let path = "../attestation/packed-self-es256.registration.json";
        match runtime.block_on(entra.store(&credential(path))).unwrap() {
            Ok(method) => {
                assert_eq!(method.id.as_deref(), Some("_jpuR-TGZgk6aQCLF3BQjA2"));
                outcome = String::from("stored");
            }
            Err(error) => {
                assert_eq!(entra.refusal(&error), None);
                assert_eq!(error.retry(), Retry::Forbidden);
                return (String::from("unexpected"), error.phase() == Phase::PerhapsDone);
            }
        }
    }
    (outcome, false)
}

fn sort(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotAuthenticated => String::from("not-authenticated"),
        other => format!("{other:?}"),
    }
}
