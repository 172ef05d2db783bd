//! Issuing through the REST API of Certificate Manager: both signing modes, every form of a request and of an answer, and refusals.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use serde_json::json;
use smartid_sim::pki::{Certificate, SigAlg, cms, csr};

use crate::common::{self, Bench, Caller, csr_for, key, lines};

const ISSUE: &str = "certificates/pkcs10";

#[tokio::test]
async fn a_certificate_is_issued_in_two_calls() {
    let bench = Bench::new("").await;
    let key = key();
    let request = csr::make(
        "C=SE,O=Example\\, Ltd,CN=Åsa Öberg",
        &["asa@example.com"],
        &key,
        SigAlg::Es256,
    )
    .unwrap();
    let fields: [(&str, &[u8]); 2] = [("pkcs10*", &request), ("procname", b"TLS server")];
    let first = bench.ra.post_multipart(ISSUE, &fields).await;
    assert_eq!((first.status, first.kind().as_str()), (200, "application/json"));
    assert_eq!(first.json()["msg"], "Sign request and send again");
    assert!(
        !first.json()["dataToSign"]
            .as_str()
            .unwrap()
            .contains(['\r', '\n'])
    );
    assert_eq!(bench.word(), "sign");
    assert_eq!(bench.sim.cm().count(), 0);

    let signature = bench.sign("ra-officer", &first.data());
    let fields: [(&str, &[u8]); 3] = [fields[0], fields[1], ("signature*", signature.as_bytes())];
    let kind = format!("multipart/form-data; boundary={}", common::BOUNDARY);
    let request = bench
        .ra
        .request("POST", ISSUE)
        .header("content-type", kind)
        .header("accept", "application/pkix-cert");
    let second = common::Answer::of(request.body(common::multipart(&fields)).send().await.unwrap()).await;
    assert_eq!(
        (second.status, second.kind().as_str()),
        (200, "application/pkix-cert"),
        "{}",
        second.text()
    );
    let certificate = Certificate::parse(&second.body).unwrap();
    assert_eq!(certificate.spki_der(), key.public_spki_der());
    assert_eq!(certificate.common_name().as_deref(), Some("Åsa Öberg"));
    bench
        .sim
        .cm()
        .ca()
        .unwrap()
        .verify(&certificate, bench.now())
        .unwrap();
    let issued = bench
        .sim
        .cm()
        .certificate(&second.header("certid").unwrap())
        .unwrap();
    assert_eq!(issued.der.as_deref(), Some(second.body.as_slice()));
    assert_eq!(issued.procedure.as_deref(), Some("TLS server"));
    assert_eq!(issued.officer.as_deref(), Some("ra-officer"));
    assert_eq!(issued.subject, "CN=Åsa Öberg, O=\"Example, Ltd\", C=SE");
    let seen = bench.sim.cm().seen_signatures();
    assert_eq!(
        (seen.len(), seen[0].refused.as_deref(), seen[0].officer.as_deref()),
        (1, None, Some("ra-officer"))
    );
    assert_eq!(seen[0].content, first.data());
}

#[tokio::test]
async fn the_server_signs_in_vro_mode() {
    let bench = Bench::new("[cm.signing]\nmode = \"vro\"").await;
    let request = BASE64_STANDARD.encode(csr_for("CN=a"));
    let answer = bench.ra.post_form(ISSUE, &[("pkcs10", &request)]).await;
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (200, "application/pkcs7-mime")
    );
    assert!(answer.header("certId").is_some());
    // The caller needs the role, unless the switch says otherwise.
    let reader = Caller::new(&bench.sim, "reader");
    let refused = reader.post_form(ISSUE, &[("pkcs10", &request)]).await;
    assert_eq!((refused.status, refused.error()), (403, -15));
    bench
        .sim
        .reconfigure(|config| config.cm.signing.vro_checks_caller = false);
    assert_eq!(reader.post_form(ISSUE, &[("pkcs10", &request)]).await.status, 200);
    let mixed = Bench::new("[cm.signing.operations]\nissue = \"vro\"").await;
    assert_eq!(
        mixed.ra.post_form(ISSUE, &[("pkcs10", &request)]).await.status,
        200
    );
    let revoke = mixed
        .ra
        .post_form("certificates/revoke", &[("certId", "1"), ("reason", "1")])
        .await;
    assert_eq!(revoke.error(), -19);
}

#[tokio::test]
async fn a_request_is_understood_in_every_form_that_was_seen() {
    let bench = Bench::new("[cm.signing]\nmode = \"vro\"").await;
    let der = csr_for("CN=a");
    let text = BASE64_STANDARD.encode(&der);
    let wrapped = lines(&text, 64, "\n");
    let windows = lines(&text, 76, "\r\n");
    let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{wrapped}-----END CERTIFICATE REQUEST-----\n");
    let new = pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
    for (form, value) in [
        ("der", der.as_slice()),
        ("base64", text.as_bytes()),
        ("wrapped", wrapped.as_bytes()),
        ("wrapped", windows.as_bytes()),
        ("pem", pem.as_bytes()),
        ("pem", new.as_bytes()),
    ] {
        for name in ["pkcs10", "pkcs10*"] {
            let answer = bench.ra.post_multipart(ISSUE, &[(name, value)]).await;
            assert_eq!(answer.status, 200, "{form} {}", answer.text());
        }
        if form != "der" {
            let value = std::str::from_utf8(value).unwrap();
            assert_eq!(bench.ra.post_form(ISSUE, &[("pkcs10", value)]).await.status, 200);
            assert_eq!(
                bench.ra.post_json(ISSUE, &json!({"pkcs10": value})).await.status,
                200
            );
        }
        // A server that does not take this one form.
        bench.sim.reconfigure(|config| {
            let decode = &mut config.cm.decode;
            decode.pkcs10_der = form != "der";
            decode.pkcs10_base64 = form != "base64";
            decode.pkcs10_wrapped = form != "wrapped";
            decode.pkcs10_pem = form != "pem";
        });
        let answer = bench.ra.post_multipart(ISSUE, &[("pkcs10", value)]).await;
        assert_eq!((answer.status, answer.error()), (400, -8), "{form}");
        assert_eq!(bench.word(), "pkcs10_form");
        bench
            .sim
            .reconfigure(|config| config.cm.decode = smartid_sim::config::CmDecodeConfig::default());
    }
}

#[tokio::test]
async fn encodings_can_be_turned_off_one_by_one() {
    let text = BASE64_STANDARD.encode(csr_for("CN=a"));
    for switch in [
        "multipart = false",
        "multipart_files = false",
        "urlencoded = false",
        "json = false",
    ] {
        let off = switch.trim_end_matches(" = false");
        let bench = Bench::new(&format!("[cm.signing]\nmode = \"vro\"\n[cm.decode]\n{switch}")).await;
        let value = text.as_bytes();
        for (name, answer) in [
            (
                "multipart",
                bench.ra.post_multipart(ISSUE, &[("pkcs10", value)]).await,
            ),
            (
                "multipart_files",
                bench.ra.post_multipart(ISSUE, &[("pkcs10*", value)]).await,
            ),
            (
                "urlencoded",
                bench.ra.post_form(ISSUE, &[("pkcs10", &text)]).await,
            ),
            ("json", bench.ra.post_json(ISSUE, &json!({"pkcs10": text})).await),
        ] {
            if name == off {
                assert_eq!((answer.status, answer.error()), (400, -8), "{off}");
            } else {
                assert_eq!(answer.status, 200, "{off} {name}");
            }
        }
    }
}

#[tokio::test]
async fn signatures_are_verified_to_the_end() {
    let bench = Bench::new("").await;
    let request = BASE64_STANDARD.encode(csr_for("CN=a"));
    let other = BASE64_STANDARD.encode(csr_for("CN=b"));
    let data = bench.ra.post_form(ISSUE, &[("pkcs10", &request)]).await.data();
    let ra = bench.sim.officer("ra-officer").unwrap();
    let with = |data: &[u8], signers: &[cms::Signer], options: &cms::Options| {
        cms::sign(data, signers, options).unwrap()
    };
    let plain = cms::Options::new();
    let good = with(&data, &[ra.signer()], &plain);
    let mut broken = good.clone();
    *broken.last_mut().unwrap() ^= 1;
    let stranger = smartid_sim::TestCa::new(9, bench.now()).unwrap();
    let strange_key = key();
    let strange = stranger
        .issue_for_key(
            "CN=ra-officer",
            &strange_key,
            smartid_sim::pki::Profile::Officer,
            smartid_sim::pki::Validity::days(bench.now(), 30),
        )
        .unwrap();
    let by = |officer: &str| bench.sim.officer(officer).unwrap().sign(&data).unwrap();
    for (message, code, word) in [
        (b"\x30\x03\x02\x01\x00".to_vec(), -17, "signature_cms"),
        (b"no DER".to_vec(), -17, "signature_der"),
        (good[..good.len() - 1].to_vec(), -17, "signature_der"),
        (broken, -17, "signature_cms"),
        (
            with(&data, &[ra.signer()], &cms::Options::new().detached()),
            -17,
            "signature_detached",
        ),
        (
            with(b"other data", &[ra.signer()], &plain),
            -17,
            "signature_content",
        ),
        (with(&data[1..], &[ra.signer()], &plain), -17, "signature_content"),
        (
            with(&data, &[cms::Signer::new(&strange_key, strange.der())], &plain),
            -17,
            "signature_signer",
        ),
        // The officer's certificate, another key.
        (
            with(
                &data,
                &[cms::Signer::new(&strange_key, ra.certificate_der())],
                &plain,
            ),
            -17,
            "signature_cms",
        ),
        (by("revoked-officer"), -17, "signature_signer"),
        (by("expired-officer"), -17, "signature_signer"),
        (by("future-officer"), -17, "signature_signer"),
        (by("no-officer"), -17, "signature_not_officer"),
        (by("reader"), -15, "role"),
        // One good signer among two is not enough.
        (
            with(
                &data,
                &[ra.signer(), bench.sim.officer("reader").unwrap().signer()],
                &plain,
            ),
            -15,
            "role",
        ),
    ] {
        let signature = BASE64_STANDARD.encode(message);
        let answer = bench
            .ra
            .post_form(ISSUE, &[("pkcs10", &request), ("signature", &signature)])
            .await;
        assert_eq!(answer.error(), code, "{word}: {}", answer.text());
        assert_eq!(bench.word(), word);
        assert_eq!(answer.status, if code == -15 { 403 } else { 400 });
    }
    let answer = bench
        .ra
        .post_form(ISSUE, &[("pkcs10", &request), ("signature", "not base64!")])
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-8, "signature_base64"));
    assert_eq!(bench.sim.cm().count(), 0);
    let good = BASE64_STANDARD.encode(good);
    // Other fields than those that were signed; the same signature then still counts for the right ones, once.
    let answer = bench
        .ra
        .post_form(ISSUE, &[("pkcs10", &other), ("signature", &good)])
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-17, "signature_fields"));
    // An operation's data is not another's.
    let answer = bench
        .ra
        .post_form(
            "certificates/revoke",
            &[("certId", "1"), ("reason", "1"), ("signature", &good)],
        )
        .await;
    assert_eq!(
        (answer.error(), bench.word().as_str()),
        (-17, "signature_content")
    );
    let answer = bench
        .ra
        .post_form(ISSUE, &[("pkcs10", &request), ("signature", &good)])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = bench
        .ra
        .post_form(ISSUE, &[("pkcs10", &request), ("signature", &good)])
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-17, "signature_used"));
    assert_eq!(bench.sim.cm().count(), 1);
}

#[tokio::test]
async fn officers_with_every_kind_of_key_sign_and_log_in() {
    let bench = Bench::new("").await;
    for officer in ["rsa-officer", "ed25519-officer", "ra-officer"] {
        let caller = Caller::new(&bench.sim, officer);
        let request = BASE64_STANDARD.encode(csr_for("CN=a"));
        let data = caller.post_form(ISSUE, &[("pkcs10", &request)]).await.data();
        for options in [
            cms::Options::new().signing_time(bench.now()),
            cms::Options::new().without_attributes(),
        ] {
            let signer = bench.sim.officer(officer).unwrap().signer();
            let signature = BASE64_STANDARD.encode(cms::sign(&data, &[signer], &options).unwrap());
            let answer = caller
                .post_form(ISSUE, &[("pkcs10", &request), ("signature", &signature)])
                .await;
            let used = options.signing_time.is_none();
            assert_eq!(
                answer.status,
                if used { 400 } else { 200 },
                "{officer} {}",
                answer.text()
            );
            assert_eq!(bench.word(), if used { "signature_used" } else { "issued" });
        }
    }
}

#[tokio::test]
async fn time_closes_what_was_handed_out() {
    let bench = Bench::new("[cm.signing]\nlifetime_seconds = 30").await;
    let request = BASE64_STANDARD.encode(csr_for("CN=a"));
    let data = bench.ra.post_form(ISSUE, &[("pkcs10", &request)]).await.data();
    let signature = bench.sign("ra-officer", &data);
    bench.sim.advance(Duration::from_secs(30));
    let answer = bench
        .ra
        .post_form(ISSUE, &[("pkcs10", &request), ("signature", &signature)])
        .await;
    assert_eq!(
        (answer.error(), bench.word().as_str()),
        (-17, "signature_expired")
    );
}
