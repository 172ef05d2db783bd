//! Every switch of signing by the caller.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use smartid_sim::config::SignedAttributes;
use smartid_sim::pki::cms;

use crate::common::{Answer, Bench, Caller, csr_for, element, inside, lines};

const ISSUE: &str = "certificates/pkcs10";

async fn first(bench: &Bench, request: &str) -> Vec<u8> {
    bench.ra.post_form(ISSUE, &[("pkcs10", request)]).await.data()
}

async fn second(bench: &Bench, request: &str, signature: &str) -> Answer {
    bench
        .ra
        .post_form(ISSUE, &[("pkcs10", request), ("signature", signature)])
        .await
}

fn request() -> String {
    BASE64_STANDARD.encode(csr_for("CN=a"))
}

#[tokio::test]
async fn the_answer_that_asks_for_a_signature_can_look_otherwise() {
    let toml = "[cm.signing]\ncode = -20\nmessage = \"sign this\"\ndata_line_breaks = true\n[cm.status]\nsignature_required = 401";
    let bench = Bench::with(toml).await;
    let answer = bench.ra.post_form(ISSUE, &[("pkcs10", &request())]).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["error"], &body["msg"]),
        (401, &(-20).into(), &"sign this".into())
    );
    assert!(body["dataToSign"].as_str().unwrap().contains("\r\n"));
}

#[tokio::test]
async fn a_server_may_ask_for_ever() {
    let bench = Bench::with("[cm.signing]\nalways_again = true").await;
    let request = request();
    let data = first(&bench, &request).await;
    let again = second(&bench, &request, &bench.sign("ra-officer", &data)).await;
    assert_ne!(again.data(), data);
    assert_eq!(bench.sim.cm().count(), 0);
}

#[tokio::test]
async fn a_newer_call_may_close_the_one_before() {
    for supersede in [false, true] {
        let bench = Bench::with(&format!("[cm.signing]\nsupersede = {supersede}")).await;
        let request = request();
        let old = first(&bench, &request).await;
        // Another caller's and another operation's do not count.
        let other = Caller::new(&bench.sim, "rsa-officer")
            .post_form(ISSUE, &[("pkcs10", &request)])
            .await
            .data();
        bench
            .ra
            .post_form("certificates/revoke", &[("certId", "1"), ("reason", "1")])
            .await
            .data();
        let answer = second(&bench, &request, &bench.sign("ra-officer", &old)).await;
        assert_eq!(answer.status, 200);
        let old = first(&bench, &request).await;
        let new = first(&bench, &request).await;
        let answer = second(&bench, &request, &bench.sign("ra-officer", &old)).await;
        if supersede {
            assert_eq!(
                (answer.error(), bench.word().as_str()),
                (-17, "signature_superseded")
            );
        } else {
            assert_eq!(answer.status, 200);
        }
        for data in [new, other] {
            let answer = second(&bench, &request, &bench.sign("ra-officer", &data)).await;
            assert_eq!(answer.status, 200, "{supersede}");
        }
    }
}

#[tokio::test]
async fn fields_may_go_unread_and_signatures_count_twice() {
    let bench = Bench::with("[cm.signing]\ncompare_fields = false\nsingle_use = false").await;
    let data = first(&bench, &request()).await;
    let signature = bench.sign("ra-officer", &data);
    for count in 1..=3 {
        assert_eq!(second(&bench, &request(), &signature).await.status, 200);
        assert_eq!(bench.sim.cm().count(), count);
    }
}

#[tokio::test]
async fn another_officer_may_sign_unless_told_otherwise() {
    for same in [false, true] {
        let bench = Bench::with(&format!("[cm.signing]\nsame_officer = {same}")).await;
        let request = request();
        let data = first(&bench, &request).await;
        let answer = second(&bench, &request, &bench.sign("rsa-officer", &data)).await;
        if same {
            assert_eq!(
                (answer.error(), bench.word().as_str()),
                (-17, "signature_other_officer")
            );
        } else {
            assert_eq!(answer.status, 200);
            assert_eq!(
                bench.sim.cm().certificates()[0].officer.as_deref(),
                Some("rsa-officer")
            );
        }
    }
    // The caller then needs the required roles only.
    let bench = Bench::new("").await;
    let reader = Caller::new(&bench.sim, "reader");
    let request = request();
    let data = reader.post_form(ISSUE, &[("pkcs10", &request)]).await.data();
    let fields = [
        ("pkcs10", request.as_str()),
        ("signature", &bench.sign("ra-officer", &data)),
    ];
    assert_eq!(reader.post_form(ISSUE, &fields).await.status, 200);
}

#[tokio::test]
async fn signed_attributes_may_be_wanted_or_not() {
    for (wanted, with, without) in [
        (SignedAttributes::Either, true, true),
        (SignedAttributes::Required, true, false),
        (SignedAttributes::Forbidden, false, true),
    ] {
        let bench = Bench::new("").await;
        bench
            .sim
            .reconfigure(|config| config.cm.signing.signed_attributes = wanted);
        for (options, passes) in [
            (cms::Options::new(), with),
            (cms::Options::new().without_attributes(), without),
        ] {
            let request = request();
            let data = first(&bench, &request).await;
            let signer = bench.sim.officer("ra-officer").unwrap().signer();
            let message = cms::sign(&data, &[signer], &options).unwrap();
            let answer = second(&bench, &request, &BASE64_STANDARD.encode(message)).await;
            let word = if passes { "issued" } else { "signature_attributes" };
            assert_eq!((answer.status == 200, bench.word().as_str()), (passes, word));
        }
    }
}

#[tokio::test]
async fn encodings_of_the_signature() {
    let bench = Bench::with("[cm.signing]\nsingle_use = false").await;
    let request = request();
    let data = first(&bench, &request).await;
    let message = bench.sim.officer("ra-officer").unwrap().sign(&data).unwrap();
    let text = BASE64_STANDARD.encode(&message);
    let wrapped = lines(&text, 64, "\r\n");
    let fields = |signature: &[u8]| -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("pkcs10", request.clone().into_bytes()),
            ("signature*", signature.to_vec()),
        ]
    };
    let send = async |signature: &[u8]| {
        let fields = fields(signature);
        let fields: Vec<(&str, &[u8])> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_slice()))
            .collect();
        bench.ra.post_multipart(ISSUE, &fields).await
    };
    assert_eq!(send(wrapped.as_bytes()).await.status, 200);
    assert_eq!(send(&message).await.error(), -8);
    bench.sim.reconfigure(|config| {
        config.cm.signing.line_breaks = false;
        config.cm.signing.binary = true;
    });
    assert_eq!(send(wrapped.as_bytes()).await.error(), -8);
    assert_eq!(send(text.as_bytes()).await.status, 200);
    assert_eq!(send(&message).await.status, 200);
    // The outer length in more digits than it needs: BER, not DER.
    let mut ber = vec![0x30, 0x84, 0, 0];
    ber.extend_from_slice(&message[2..]);
    assert_eq!(message[1], 0x82);
    let ber = BASE64_STANDARD.encode(ber);
    assert_eq!(
        (send(ber.as_bytes()).await.error(), bench.word().as_str()),
        (-17, "signature_der")
    );
    bench
        .sim
        .reconfigure(|config| config.cm.signing.strict_der = false);
    assert_eq!(send(ber.as_bytes()).await.status, 200);
    let seen = bench.sim.cm().seen_signatures();
    let refused: Vec<_> = seen.iter().filter_map(|seen| seen.refused.as_deref()).collect();
    assert_eq!(refused, ["signature_der"]);
    assert!(!format!("{seen:?}").contains("message"));
}

#[tokio::test]
async fn the_signers_certificate_must_be_inside() {
    let bench = Bench::new("").await;
    let request = request();
    let data = first(&bench, &request).await;
    let message = bench.sim.officer("ra-officer").unwrap().sign(&data).unwrap();
    // ContentInfo { oid, [0] { SignedData { version, digests, content, [0] certificates, signers } } }, without the certificates.
    let outer = inside(&message);
    let signed_data = inside(&inside(&outer[1].1)[0].1);
    assert_eq!(signed_data[3].0, 0xa0);
    let kept: Vec<u8> = [0, 1, 2, 4]
        .iter()
        .flat_map(|place: &usize| signed_data[*place].1.clone())
        .collect();
    let wrapped = element(0xa0, &element(0x30, &kept));
    let without = element(0x30, &[outer[0].1.clone(), wrapped].concat());
    let answer = second(&bench, &request, &BASE64_STANDARD.encode(without)).await;
    assert_eq!(
        (answer.error(), bench.word().as_str()),
        (-17, "signature_certificate")
    );
    assert_eq!(
        second(&bench, &request, &BASE64_STANDARD.encode(message))
            .await
            .status,
        200
    );
}
