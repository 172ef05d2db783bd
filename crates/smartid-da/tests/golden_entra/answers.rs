//! What each answer means.

use std::time::Duration;

use http::HeaderValue;
use smartid_core::base64::{Flavour, decode};
use smartid_core::{Endpoint, Error, Incoming, Phase, Retry, Timestamp, Turn};
use smartid_da::UserId;
use smartid_da::entra::{EntraRefusal, GetCreationOptions};
use smartid_da::relying_party::{NewCredential, Offer, Refusal, RelyingParty, StoredMethod};
use toml::Table;

use super::bench::{
    BASE, Bench, NOW, TOKEN, agrees, bench, fixtures, incoming, list, message, only, registration, some,
    text, time,
};

enum Answer {
    Options(Box<Offer>),
    Stored(StoredMethod),
}

/// Reads an answer as the client does, which validates options before they go to a device.
fn read(file: &str, operation: &str, now: &str) -> (Bench, Result<Answer, Error>) {
    let call = Table::new();
    let answers = (0..3).map(|_| Some(incoming(file))).collect();
    let bench = bench(&call, answers, now).unwrap();
    let user = UserId::new("alice@example.test").unwrap();
    let runtime = &bench.runtime;
    let answer = if operation == "options" {
        let offer = runtime.block_on(bench.entra.creation_options(&user)).unwrap();
        offer.map(|offer| Answer::Options(Box::new(offer)))
    } else {
        let credential = NewCredential::new(
            user,
            registration("../attestation/packed-self-es256.registration.json"),
        );
        let stored = runtime.block_on(bench.entra.store(&credential)).unwrap();
        stored.map(Answer::Stored)
    };
    (bench, answer)
}

#[test]
fn what_an_answer_means() {
    for row in fixtures("response") {
        only(
            &row,
            &[
                "call",
                "status",
                "class",
                "class_also",
                "now",
                "challenge",
                "expires",
                "expires_also",
                "excluded",
                "code",
                "msg",
                "request_id",
                "request_id_also",
                "retry",
                "retry_after_seconds",
                "perhaps_done",
                "location",
                "id",
                "display_name",
                "created",
                "aaguid",
                "model",
                "attestation_level",
            ],
        );
        let file = text(&row, "file");
        let call = row["call"].as_table().unwrap();
        let operation = text(call, "operation");
        let status = u16::try_from(row["status"].as_integer().unwrap()).unwrap();
        assert_eq!(incoming(file).status(), status, "{file}");
        let now = some(&row, "now").unwrap_or(NOW);
        let (bench, answer) = read(file, operation, now);
        match answer {
            Ok(Answer::Options(offer)) => match offer.options.validate() {
                Ok(()) => offered(file, &row, &offer),
                Err(error) => assert!(agrees(&row, "class", "unexpected"), "{file}: {error}"),
            },
            Ok(Answer::Stored(method)) => stored(file, &row, &method),
            Err(error) => failed(file, &row, &bench, &error, operation),
        }
    }
}

fn offered(file: &str, row: &Table, offer: &Offer) {
    assert!(agrees(row, "class", "options"), "{file}");
    let view = offer.options.view();
    if let Some(challenge) = some(row, "challenge") {
        assert_eq!(view.challenge, decode(Flavour::Url, challenge).unwrap(), "{file}");
    }
    // The device is given the octets of the value of publicKey.
    let (_, _, body) = message(file);
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(offer.options.raw()), "{file}");
    let json: serde_json::Value = serde_json::from_str(body.trim_start_matches('\u{feff}')).unwrap();
    let sent: serde_json::Value = serde_json::from_str(offer.options.raw()).unwrap();
    let wrapped = json.get("value");
    let json = wrapped.unwrap_or(&json);
    assert_eq!(sent, json["publicKey"], "{file}");
    match some(row, "expires") {
        None => {}
        // Milliseconds are all that is kept.
        Some(expires) => assert_eq!(offer.expires, Some(time(expires)), "{file}"),
    }
    let excluded: Vec<String> = view.exclude.iter().map(|known| hex(&known.id)).collect();
    if row.contains_key("excluded") {
        assert_eq!(excluded, list(row, "excluded"), "{file}");
    }
    let limit = json
        .get("challengeTimeoutDateTime")
        .and_then(serde_json::Value::as_str);
    let codes: Vec<&str> = offer.lints.iter().map(|lint| lint.code).collect();
    let mut odd = match (limit.and_then(Timestamp::from_iso8601), some(row, "now")) {
        (None, _) => vec!["timeout"],
        (Some(end), Some(now)) if end <= time(now) => vec!["past"],
        _ => vec![],
    };
    if wrapped.is_some() {
        odd.insert(0, "wrapper");
    }
    assert_eq!(codes, odd, "{file}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stored(file: &str, row: &Table, method: &StoredMethod) {
    assert!(agrees(row, "class", "stored"), "{file}");
    let created = method.created.map(Timestamp::to_iso8601);
    for (key, found) in [
        ("id", &method.id),
        ("display_name", &method.display_name),
        ("created", &created),
        ("aaguid", &method.aaguid),
        ("model", &method.model),
        ("attestation_level", &method.attestation_level),
    ] {
        assert_eq!(found.as_deref(), some(row, key), "{file}: {key}");
    }
    assert!(!format!("{method:?}").contains(['\u{1b}', '\u{202e}']), "{file}");
}

fn failed(file: &str, row: &Table, bench: &Bench, error: &Error, operation: &str) {
    let refusal = error.refusal::<EntraRefusal>();
    let class = refusal.map_or("unexpected", |refusal| refusal.kind().name());
    assert!(agrees(row, "class", class), "{file}: {error}");
    assert!(error.status().is_some(), "{file}: {error}");
    let shown = format!("{error} {error:?} {} {refusal:?}", error.summary());
    assert!(
        !shown.contains(['\u{1b}', '\0', '\u{202e}', '\r']),
        "{file}: {shown}"
    );
    for secret in list(row, "secrets").into_iter().chain([TOKEN]) {
        assert!(!shown.contains(secret), "{file}: {shown}");
    }
    assert!(error.to_string().len() < 2000, "{file}: {error}");
    if let Some(code) = some(row, "code") {
        assert_eq!(error.code(), Some(code), "{file}");
        assert!(error.to_string().contains(code), "{file}: {error}");
    }
    if let Some(message) = some(row, "msg") {
        assert_eq!(refusal.unwrap().detail(), Some(message), "{file}");
        assert!(error.to_string().contains(message), "{file}: {error}");
    }
    match (some(row, "request_id"), list(row, "request_id_also")) {
        (_, also) if also == ["?"] => assert!(error.request_id().is_none_or(|id| id.len() <= 128), "{file}"),
        (Some(id), also) => {
            let found = error
                .request_id()
                .unwrap_or_else(|| panic!("{file}: no request id"));
            assert!(id == found || also.contains(&found), "{file}: {found}");
        }
        // The index leaves it away where nothing should be refused at all; what the header says is kept all the same.
        (None, _) => {
            let header = incoming(file).headers().get("request-id").cloned();
            let header = header.as_ref().map(|id| id.to_str().unwrap());
            assert_eq!(error.request_id(), header, "{file}");
        }
    }
    let later = matches!(error.retry(), Retry::Yes { .. }) || error.advice().turn == Turn::Time;
    assert_eq!(
        later,
        some(row, "retry") == Some("later"),
        "{file}: {:?}",
        error.retry()
    );
    let seconds = row.get("retry_after_seconds").and_then(toml::Value::as_integer);
    let after = refusal.and_then(EntraRefusal::retry_after);
    match seconds {
        Some(seconds) => assert_eq!(
            after,
            Some(Duration::from_secs(seconds.try_into().unwrap())),
            "{file}"
        ),
        // Of two headers the longer one.
        None if file == "error_429_twice.http" => assert_eq!(after, Some(Duration::from_secs(60))),
        None => assert_eq!(after, None, "{file}"),
    }
    let perhaps = matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable);
    if let Some(done) = row.get("perhaps_done").and_then(toml::Value::as_bool) {
        assert_eq!(perhaps, done, "{file}: {:?}", error.phase());
    }
    if operation == "store" && perhaps {
        assert_eq!(bench.script.sent.lock().unwrap().len(), 1, "{file}: sent once");
    }
    if let Some(location) = some(row, "location") {
        assert_eq!(refusal.unwrap().danger_location(), Some(location), "{file}");
        assert!(
            shown.contains(location.split('?').next().unwrap()),
            "{file}: {shown}"
        );
        assert!(!shown.contains(location), "{file}: {shown}");
        for (_, address) in &*bench.script.sent.lock().unwrap() {
            assert!(address.starts_with(BASE), "{file}: {address}");
        }
    }
    // A flow ends by the sort of the refusal.
    let sort = bench.entra.refusal(error);
    let expected = refusal.map(|refusal| match refusal.kind().name() {
        "not-authenticated" => Refusal::NotAuthenticated,
        "forbidden" => Refusal::Forbidden,
        "user-not-found" => Refusal::UserUnknown,
        "duplicate" => Refusal::Duplicate,
        "rejected" => Refusal::Rejected,
        "throttled" | "server-error" => Refusal::Busy,
        _ => Refusal::Other,
    });
    assert_eq!(sort, expected, "{file}");
}

/// The time counts from the answer's own date: a clock that is wrong here does no harm.
#[test]
fn a_wrong_clock_does_not_shorten_the_challenge() {
    let call = GetCreationOptions::new(UserId::new("alice").unwrap()).asked(time("2026-03-01T11:00:00Z"));
    let answer = incoming("options_200.http");
    let mut headers = answer.headers().clone();
    headers.insert("date", HeaderValue::from_static("Sun, 01 Mar 2026 10:00:30 GMT"));
    let answer = Incoming::new(answer.status(), headers, answer.body().clone());
    let offer = call.response(&(), answer).unwrap();
    assert_eq!(offer.expires, Some(time("2026-03-01T11:04:30Z")));
    assert_eq!(offer.lints, []);
}
