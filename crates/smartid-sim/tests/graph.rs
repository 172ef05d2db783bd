//! The simulated Microsoft Graph: challenges and what becomes of them, options and methods as the reference has them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod graph_client;

use std::time::Duration;

use common::{b64, unb64};
use graph_client::{ALICE, Graph, refused};
use serde_json::json;
use smartid_sim::config::AttestationChoice;
use smartid_sim::{Fault, FaultKind, Party, Route};

#[tokio::test]
async fn credentials_that_are_not_for_this_challenge_user_or_time() {
    let graph = Graph::new("").await;
    let register = |options: &str| graph.body(options);
    // Used twice.
    let body = register(&graph.options(ALICE).await.text);
    assert_eq!(graph.post(ALICE, &body).await.status, 201);
    refused(&graph.post(ALICE, &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "challenge_used");
    // Somebody else's.
    let body = register(&graph.options(ALICE).await.text);
    refused(&graph.post("bob@example.test", &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "user_mismatch");
    // An id with a padding count behind it, as options of beta write it.
    let mut body = register(&graph.options(ALICE).await.text);
    let id = format!("{}1", body["publicKeyCredential"]["id"].as_str().unwrap());
    body["publicKeyCredential"]["id"] = json!(id);
    refused(&graph.post(ALICE, &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "credential_id_mismatch");
    // Digital Access' challenge.
    let own = graph.0.options("alice").await.json();
    let body = register(&json!({"publicKey": own}).to_string());
    refused(&graph.post(ALICE, &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "challenge_unknown");
    // Too late: five minutes, to the second.
    let (early, late) = (
        register(&graph.options(ALICE).await.text),
        register(&graph.options(ALICE).await.text),
    );
    graph.0.sim.advance(Duration::from_secs(299));
    assert_eq!(graph.post(ALICE, &early).await.status, 201);
    graph.0.sim.advance(Duration::from_secs(1));
    assert_eq!(graph.post(ALICE, &late).await.status, 400);
    assert_eq!(graph.word(), "challenge_expired");
    // The same credential once more, for whomever.
    let stored = graph.0.sim.graph_methods_of("alice");
    assert_eq!(stored.len(), 2);
    let options = graph.options("bob@example.test").await.json();
    graph.attest(AttestationChoice::None);
    let mut body = register(&options.to_string());
    let response = &mut body["publicKeyCredential"]["response"];
    // Format none is signed by nobody: the id of a stored credential can be put in.
    let mut object = unb64(response["attestationObject"].as_str().unwrap());
    let own = unb64(body["publicKeyCredential"]["id"].as_str().unwrap());
    let at = object
        .windows(own.len())
        .position(|window| window == own)
        .unwrap();
    object.splice(at..at + own.len(), stored[0].credential_id.iter().copied());
    body["publicKeyCredential"]["response"]["attestationObject"] = json!(b64(&object));
    body["publicKeyCredential"]["id"] = json!(b64(&stored[0].credential_id));
    let answer = graph.post("bob@example.test", &body).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert_eq!(answer.json()["error"]["code"], "conflict");
    assert_eq!(graph.word(), "duplicate");
}

#[tokio::test]
async fn only_packed_and_none_are_taken() {
    let graph = Graph::new("").await;
    for (choice, level, certificates) in [
        (AttestationChoice::None, "notAttested", 0),
        (AttestationChoice::Packed, "notAttested", 0),
        (AttestationChoice::PackedX5c, "attested", 1),
    ] {
        graph.attest(choice);
        let answer = graph.register(ALICE).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let method = answer.json();
        assert_eq!(method["attestationLevel"], level);
        let thumbprints = method["attestationCertificates"].as_array().unwrap();
        assert_eq!(thumbprints.len(), certificates);
        assert!(
            thumbprints
                .iter()
                .all(|print| print.as_str().unwrap().len() == 40)
        );
    }
    graph.attest(AttestationChoice::FidoU2f);
    refused(&graph.register(ALICE).await, 400, "badRequest");
    assert_eq!(graph.word(), "attestation_format");
}

#[tokio::test]
async fn options_and_method_look_as_the_reference_says() {
    let graph = Graph::new("[[da.users]]\nname = \"alice\"\ndisplay_name = \"Alice A.\"").await;
    let user = graph.0.sim.graph_user("alice").unwrap();
    assert_eq!(user.user_principal_name, ALICE);
    assert_eq!(user.id.len(), 36);
    assert!(graph.0.sim.graph_user("nobody").is_none());
    let by_id = graph.options(&user.id.to_uppercase()).await;
    assert_eq!(by_id.status, 200);
    assert!(
        by_id.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/json;")
    );
    let options = by_id.json();
    assert_eq!(options["challengeTimeoutDateTime"], "2026-01-01T00:05:00Z");
    assert_eq!(
        options["@odata.type"],
        "#microsoft.graph.webauthnCredentialCreationOptions"
    );
    let inner = &options["publicKey"];
    assert_eq!(
        inner["rp"],
        json!({
            "@odata.type": "#microsoft.graph.webauthnPublicKeyCredentialRpEntity",
            "id": "login.microsoftonline.com", "name": "Microsoft",
        })
    );
    assert_eq!(inner["user"]["displayName"], "Alice A.");
    assert_eq!(inner["user"]["name"], ALICE);
    assert_eq!(unb64(inner["challenge"].as_str().unwrap()).len(), 32);
    assert_eq!(inner["timeout"], 60_000);
    assert_eq!(inner["excludeCredentials"], json!([]));
    assert_eq!(inner["authenticatorSelection"]["requireResidentKey"], true);

    let mut body = graph.body(&by_id.text);
    // Members of OData are part of every request, as in the documented example.
    body["@odata.type"] = json!("#microsoft.graph.fido2AuthenticationMethod");
    body["publicKeyCredential"]["clientExtensionResults"] = json!({});
    body["publicKeyCredential"]["response"]["@odata.type"] =
        json!("#microsoft.graph.webauthnAuthenticatorAttestationResponse");
    let answer = graph.post(ALICE, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let method = answer.json();
    assert_eq!(method["displayName"], "Red key");
    assert_eq!(method["createdDateTime"], "2026-01-01T00:00:00Z");
    assert_eq!(method["aaGuid"], "73696d75-6c61-7465-6400-000000000001");
    assert_eq!(method["model"], "smartid-sim soft authenticator");
    assert_eq!(method["passkeyType"], "deviceBound");
    let id = method["id"].as_str().unwrap();
    assert_eq!(
        answer.headers["location"].to_str().unwrap(),
        format!(
            "{}/v1.0/users/{}/authentication/fido2Methods/{id}",
            graph.0.sim.graph_url(),
            user.id
        )
    );

    // What is stored is excluded next time; beta counts the padding.
    let stored = &graph.0.sim.graph_methods_of("alice")[0];
    assert_eq!(stored.id, id);
    let plain = b64(&stored.credential_id);
    let again = graph.options(ALICE).await.json();
    assert_eq!(again["publicKey"]["excludeCredentials"][0]["id"], plain.as_str());
    let url = graph.url("beta", ALICE, "/creationOptions(challengeTimeoutInMinutes=10)");
    let beta = graph.get(&url).await.json();
    assert_eq!(beta["challengeTimeoutDateTime"], "2026-01-01T00:10:00Z");
    let padding = (4 - plain.len() % 4) % 4;
    assert_eq!(
        beta["publicKey"]["excludeCredentials"][0]["id"],
        format!("{plain}{padding}")
    );
    // The longer life is kept.
    let late = graph.body(&beta.to_string());
    graph.0.sim.advance(Duration::from_secs(599));
    assert_eq!(graph.post(ALICE, &late).await.status, 201);

    // Listing, reading, deleting.
    let list = graph.get(&graph.url("v1.0", ALICE, "")).await.json();
    assert_eq!(list["value"].as_array().unwrap().len(), 2);
    let one = graph.url("v1.0", ALICE, &format!("/{id}"));
    assert_eq!(graph.get(&one).await.json()["displayName"], "Red key");
    let gone = graph.call(graph.0.http.delete(&one)).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(graph.get(&one).await.status, 404);
    assert_eq!(graph.call(graph.0.http.delete(&one)).await.status, 404);
    assert_eq!(graph.0.sim.graph_methods_of("alice").len(), 1);
    // Digital Access has none of it.
    assert!(graph.0.sim.credentials_of("alice").is_empty());
}

#[tokio::test]
async fn ids_of_calls_are_on_every_answer_and_in_the_records() {
    let graph = Graph::new("").await;
    let url = graph.url("v1.0", ALICE, "/creationOptions");
    let answer = graph
        .call(graph.0.http.get(&url).header("client-request-id", "mine-1"))
        .await;
    assert_eq!(answer.headers["client-request-id"], "mine-1");
    assert_ne!(answer.headers["request-id"], "mine-1");
    let long = "x".repeat(65);
    let answer = graph
        .call(graph.0.http.get(&url).header("client-request-id", &long))
        .await;
    assert_eq!(answer.headers["client-request-id"], answer.headers["request-id"]);
    let records = graph.0.sim.records();
    assert!(records.iter().all(|record| record.party == Party::Graph));
    // Faults can be aimed at each call.
    for (route, method, tail) in [
        (Route::GraphOptions, "GET", "/creationOptions"),
        (Route::GraphCreate, "POST", ""),
        (Route::GraphMethods, "GET", ""),
        (Route::GraphMethods, "DELETE", "/x"),
    ] {
        graph
            .0
            .sim
            .faults()
            .inject(Fault::new(route, FaultKind::status(503)));
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = graph.0.http.request(method, graph.url("v1.0", ALICE, tail));
        assert_eq!(graph.call(request).await.status, 503);
        assert!(graph.0.sim.faults().pending().is_empty());
    }
    graph
        .0
        .sim
        .faults()
        .inject(Fault::new(Route::GraphToken, FaultKind::status(503)));
    let token = graph.0.http.post(graph.0.sim.graph_token_url()).send();
    assert_eq!(token.await.unwrap().status(), 503);
}
