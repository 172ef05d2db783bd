//! Each switch that says what a device's answer means, changed by its TOML key: what is checked of it, whose mailbox it makes, and
//! what becomes of a second one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use common::{Bench, b64};
use raw_device::{Device, PROFILE, USER, body, entry, id, jws, mid, provision, provisioned, sign};
use serde_json::{Value, json};

#[tokio::test]
async fn the_answer_may_name_its_owner_otherwise() {
    let toml = "[hermod.mailbox]\nanswer_pointer = \"/signed/0\"\nuserid_member = \"sub\"\nprofileid_member = \"pid\"";
    let bench = Bench::from_toml(toml).await;
    let command = bench
        .command("provision", body(&[], "provCommand", provision("u")))
        .await
        .json();
    let device = Device::open(&bench, &command).await;
    let payload = json!({"sub": "u", "pid": "p", "userid": "x", "profileid": "y"});
    let answer = json!({"state": "SUCCESS", "response": {"signed": [jws(&payload)]}});
    assert_eq!(device.answer(&mid(&command, 0), &answer).await.status, 200);
    let owner = bench.sim.mailboxes().remove(0);
    assert_eq!((owner.user.as_str(), owner.profile.as_str()), ("u", "p"));
}

/// The state that a command has after a device answered it so.
async fn checked(bench: &Bench, verb: &str, wrapper: &str, command: Value, response: Value) -> String {
    let sent = bench
        .command(verb, body(&["@tmp"], wrapper, command))
        .await
        .json();
    let device = Device::open(bench, &sent).await;
    device
        .answer(&mid(&sent, 0), &json!({"state": "SUCCESS", "response": response}))
        .await;
    let state = bench.state(&id(&sent)).await.json();
    assert_eq!(
        state["state"] == "FAILED",
        state.get("response").is_none(),
        "{state}"
    );
    state["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_form_of_answers_may_be_checked() {
    let off = Bench::from_toml("").await;
    let shape = Bench::from_toml("[hermod]\ncheck_answers = \"shape\"").await;
    let with = |change: fn(&mut Value)| {
        let mut payload = json!({"nonce": "123456789", "userid": USER, "profileid": PROFILE});
        change(&mut payload);
        json!({"format": "jws", "data": jws(&payload)})
    };
    let mut other = sign();
    other["params"]["format"] = json!("jws");
    let mut raw = sign();
    raw["params"]["format"] = json!("raw");
    for (verb, wrapper, command, response, passes) in [
        ("provision", "provCommand", provision(USER), with(|_| ()), true),
        (
            "provision",
            "provCommand",
            provision(USER),
            with(|payload| payload["nonce"] = json!("1")),
            false,
        ),
        (
            "provision",
            "provCommand",
            provision(USER),
            with(|payload| payload["userid"] = json!("x")),
            false,
        ),
        (
            "provision",
            "provCommand",
            provision(USER),
            with(|payload| drop(payload.as_object_mut().unwrap().remove("nonce"))),
            false,
        ),
        (
            "provision",
            "provCommand",
            provision(USER),
            json!({"format": "cms", "data": jws(&json!({"nonce": "123456789"}))}),
            false,
        ),
        (
            "provision",
            "provCommand",
            provision(USER),
            json!({"format": "jws", "data": "x"}),
            false,
        ),
        (
            "sign",
            "signCommand",
            sign(),
            json!({"format": "pkcs7", "data": "MAA="}),
            true,
        ),
        (
            "sign",
            "signCommand",
            sign(),
            json!({"format": "pkcs7", "data": "AAAA"}),
            false,
        ),
        (
            "sign",
            "signCommand",
            sign(),
            json!({"format": "jws", "data": "YQ.YQ.YQ"}),
            false,
        ),
        (
            "sign",
            "signCommand",
            other.clone(),
            json!({"format": "jws", "data": "YQ.YQ.YQ"}),
            true,
        ),
        (
            "sign",
            "signCommand",
            other,
            json!({"format": "jws", "data": "YQ.YQ"}),
            false,
        ),
        (
            "sign",
            "signCommand",
            raw.clone(),
            json!({"format": "raw", "data": "anything"}),
            true,
        ),
        ("sign", "signCommand", raw, json!({"format": "raw"}), false),
        (
            "authenticate",
            "authCommand",
            sign(),
            json!({"format": "pkcs7", "data": "MAA="}),
            true,
        ),
        (
            "authenticate",
            "authCommand",
            sign(),
            json!({"format": "pkcs7"}),
            false,
        ),
        (
            "ping",
            "pingCommand",
            json!({"deviceinfo": "true"}),
            json!({"deviceinfo": {"operatingsystem": "x"}}),
            true,
        ),
        (
            "ping",
            "pingCommand",
            json!({"deviceinfo": "true"}),
            json!({"deviceinfo": "x"}),
            false,
        ),
        (
            "startpinreset",
            "spinCommand",
            json!({"smartcardid": "s"}),
            json!({"nonce": "8f"}),
            true,
        ),
        (
            "startpinreset",
            "spinCommand",
            json!({"smartcardid": "s"}),
            json!({"nonce": ""}),
            false,
        ),
        (
            "certificate",
            "certCommand",
            json!({"certificates": [{"certificate": "MAA="}]}),
            json!({"any": 1}),
            true,
        ),
    ] {
        let wanted = if passes { "SUCCESS" } else { "FAILED" };
        assert_eq!(
            checked(&shape, verb, wrapper, command.clone(), response.clone()).await,
            wanted,
            "{verb} {response}"
        );
        assert_eq!(checked(&off, verb, wrapper, command, response).await, "SUCCESS");
    }
    // An answer that failed the check makes no mailbox.
    assert_eq!(shape.sim.mailboxes().len(), 1);
}

#[tokio::test]
async fn the_signature_of_a_provisioning_answer_may_be_checked() {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    let rng = SystemRandom::new();
    let pair = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (trusted, foreign) = (pair(), pair());
    let jwk = |pair: &EcdsaKeyPair, kid: &str| {
        let point = pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(&point[1..33]), "y": b64(&point[33..])})
    };
    let signed = |pair: &EcdsaKeyPair, alg: &str, kid: &str| {
        let payload = json!({"nonce": "123456789", "userid": USER, "profileid": PROFILE});
        let header = json!({"alg": alg, "kid": kid});
        let message = format!(
            "{}.{}",
            b64(header.to_string().as_bytes()),
            b64(payload.to_string().as_bytes())
        );
        let signature = pair.sign(&rng, message.as_bytes()).unwrap();
        json!({"format": "jws", "data": format!("{message}.{}", b64(signature.as_ref()))})
    };
    let toml = format!(
        "[hermod]\ncheck_answers = \"signature\"\nattestation_keys = ['{}']",
        jwk(&trusted, "a:b")
    );
    let bench = Bench::from_toml(&toml).await;
    let state =
        async |response: Value| checked(&bench, "provision", "provCommand", provision(USER), response).await;
    assert_eq!(state(signed(&trusted, "ES256", "a:b")).await, "SUCCESS");
    assert_eq!(state(signed(&trusted, "ES256", "unknown")).await, "SUCCESS");
    assert_eq!(state(signed(&foreign, "ES256", "a:b")).await, "FAILED");
    assert_eq!(state(signed(&trusted, "RS256", "a:b")).await, "FAILED");
    assert_eq!(state(signed(&trusted, "none", "a:b")).await, "FAILED");
    assert_eq!(
        state(provisioned(USER, PROFILE)["response"].clone()).await,
        "FAILED"
    );
    // A key that is added later; the name then has to be its own.
    bench
        .sim
        .trust_attestation_key(&jwk(&foreign, "second").to_string())
        .unwrap();
    assert_eq!(state(signed(&foreign, "ES256", "second")).await, "SUCCESS");
    assert_eq!(state(signed(&foreign, "ES256", "a:b")).await, "FAILED");
    // Published keys are RSA: read as a whole, used with RS256 only.
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let public = rsa.public_key();
    let (n, e) = (
        public.modulus().big_endian_without_leading_zero().to_vec(),
        public.exponent().big_endian_without_leading_zero().to_vec(),
    );
    let jwk = json!({"alg": "RS256", "e": b64(&e), "keystate": "active", "kid": "attestation_2020", "kty": "RSA", "n": b64(&n), "use": "sig"});
    bench.sim.trust_attestation_key(&jwk.to_string()).unwrap();
    let message = jws(&json!({"nonce": "123456789", "userid": USER}));
    let message = message.rsplit_once('.').unwrap().0;
    let mut signature = vec![0; rsa.public_modulus_len()];
    rsa.sign(
        &aws_lc_rs::signature::RSA_PKCS1_SHA256,
        &rng,
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    assert_eq!(
        state(json!({"format": "jws", "data": format!("{message}.{}", b64(&signature))})).await,
        "SUCCESS"
    );
    signature[9] ^= 1;
    assert_eq!(
        state(json!({"format": "jws", "data": format!("{message}.{}", b64(&signature))})).await,
        "FAILED"
    );
    let mut private = jwk.clone();
    private["d"] = json!("AQAB");
    for wrong in [
        "",
        "[]",
        "{\"kty\":\"oct\",\"k\":\"AA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        &private.to_string(),
    ] {
        assert!(bench.sim.trust_attestation_key(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_second_answer_may_be_relayed_for_its_own_mailbox() {
    let (bench, mut receiver) = Bench::with_receiver("[hermod]\nsecond_answer = \"relay\"").await;
    let boxes = [
        bench.enrol("idm", USER, "one").await,
        bench.enrol("idm", USER, "two").await,
    ];
    let (_, _) = (receiver.next().await, receiver.next().await);
    let mut described = sign();
    described["params"]["description"] = json!([entry("requester")]);
    let sent = bench
        .command("sign", body(&[USER], "signCommand", described))
        .await
        .json();
    for (position, state, whole) in [
        (0, "REJECTED", "REJECTED"),
        (1, "SUCCESS", "REJECTED"),
        (1, "FAILED", "REJECTED"),
        (0, "CANCELLED", "CANCELLED"),
    ] {
        let app = Device::own(&bench, &boxes[position].0, &boxes[position].1);
        assert_eq!(
            app.answer(&mid(&sent, position), &json!({"state": state}))
                .await
                .status,
            204
        );
        assert_eq!(receiver.next().await.json()["state"], state);
        assert_eq!(bench.state(&id(&sent)).await.json()["state"], whole);
    }
}
