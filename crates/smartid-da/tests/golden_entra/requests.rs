//! What goes out, and what does not.

use smartid_core::Endpoint;
use smartid_da::UserId;
use smartid_da::entra::{CreateFido2Method, GetCreationOptions};
use smartid_da::relying_party::{DisplayName, NewCredential, RelyingParty};
use toml::Table;

use super::bench::{
    Bench, NOW, TOKEN, bench, fixtures, incoming, is_the_golden_request, list, minutes, only, registration,
    text, version,
};

/// Makes the call of the index as a program does; the error begins with the word of the reason.
fn send(bench: &Bench, call: &Table) -> Result<(), String> {
    let user = UserId::new(text(call, "user")).map_err(|error| format!("user: {error}"))?;
    let entra = &bench.entra;
    let outcome = match text(call, "operation") {
        "options" => bench
            .runtime
            .block_on(entra.creation_options(&user))
            .unwrap()
            .map(|_| ()),
        "store" => {
            let name = DisplayName::new(text(call, "display_name"))
                .map_err(|error| format!("display-name: {error}"))?;
            let credential = NewCredential::new(user, registration(text(call, "registration")));
            let credential = credential.display_name(Some(name));
            bench
                .runtime
                .block_on(entra.store(&credential))
                .unwrap()
                .map(|_| ())
        }
        other => panic!("{other}"),
    };
    match outcome {
        Err(error) if error.is_misconfigured() => {
            let reason = if error.summary().contains("attestation is of format") {
                "attestation-format"
            } else {
                "user"
            };
            Err(format!("{reason}: {error}"))
        }
        // The answer is no business of this test.
        _ => Ok(()),
    }
}

#[test]
fn what_goes_out() {
    for row in fixtures("request") {
        only(&row, &["call", "refuse", "reason"]);
        let file = text(&row, "file");
        let call = row["call"].as_table().unwrap();
        assert_eq!(list(&row, "secrets"), [TOKEN], "{file}");
        let bench = bench(call, vec![Some(incoming("error_409.http"))], NOW);
        let sent = bench.as_ref().map(|bench| send(bench, call).map(|()| bench));
        match sent.map_err(Clone::clone).and_then(|sent| sent) {
            Err(reason) => {
                assert!(row.contains_key("refuse"), "{file}: {reason}");
                assert!(
                    reason.starts_with(&format!("{}: ", text(&row, "reason"))),
                    "{file}: {reason}"
                );
                assert!(!reason.contains(TOKEN), "{file}: {reason}");
                let sent = bench.map(|bench| bench.script.sent.lock().unwrap().len());
                assert_eq!(sent.unwrap_or_default(), 0, "{file}: nothing goes out");
            }
            Ok(bench) => {
                assert!(!row.contains_key("refuse"), "{file}");
                is_the_golden_request(file, &bench.script.sent.lock().unwrap()[0]);
                assert!(!format!("{:?}", bench.entra).contains(TOKEN), "{file}");
            }
        }
    }
}

/// The endpoints refuse by themselves, too: whoever calls them without the client.
#[test]
fn what_does_not_go_out_is_refused_by_the_endpoint() {
    for row in fixtures("request") {
        let file = text(&row, "file");
        let call = row["call"].as_table().unwrap();
        let Ok(user) = UserId::new(text(call, "user")) else {
            continue;
        };
        let built = match (
            text(call, "operation"),
            DisplayName::new(text(call, "display_name")),
        ) {
            ("options", _) => GetCreationOptions::new(user)
                .version(version(call))
                .challenge_minutes(minutes(call))
                .request(&()),
            (_, Ok(name)) => CreateFido2Method::new(user, &registration(text(call, "registration")), name)
                .version(version(call))
                .request(&()),
            (_, Err(_)) => continue,
        };
        assert_eq!(built.is_err(), row.contains_key("refuse"), "{file}: {built:?}");
    }
}
