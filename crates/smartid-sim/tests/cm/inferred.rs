//! The operations whose path is only inferred: import, removal, issuers, attribute certificates, signing authority, soft tokens.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use smartid_sim::pki::{Certificate, Digest, Profile, PublicKey, SigAlg, Validity, cms, name, p12};
use smartid_sim::{CertificateState, TestCa};

use crate::common::{Bench, base64, csr_for, inside, key, signed};

#[tokio::test]
async fn certificates_of_others_are_imported() {
    let bench = Bench::with("[cm.import]\nlimit = 4").await;
    let other = TestCa::new(3, bench.now()).unwrap();
    let certificate = |subject: &str| {
        other
            .issue_for_key(subject, &key(), Profile::Signing, Validity::days(bench.now(), 30))
            .unwrap()
    };
    let (one, two) = (certificate("CN=one"), certificate("CN=two"));
    let body = json!({"procname": "User signing", "importdata": [
        {"certificate": base64(one.der())},
        {"certificate": "AAAA"},
        {"certificate": base64(two.der()), "reason": 4, "revocationtime": "2025-12-24T00:00:00Z"},
        {"certificate": base64(one.der())},
    ]});
    let answer = signed(&bench, "certificates/import", &body).await;
    let errors = answer.json()["errors"].clone();
    assert_eq!((answer.error(), errors.as_array().unwrap().len()), (-14, 2));
    assert_eq!(
        (&errors[0]["arrayindex"], &errors[0]["errorcode"]),
        (&json!(1), &json!(-8))
    );
    assert_eq!(
        (&errors[1]["arrayindex"], &errors[1]["errorcode"]),
        (&json!(3), &json!(-14))
    );
    let all = bench.sim.cm().certificates();
    assert_eq!(all.len(), 2);
    assert_eq!(
        all[1].state,
        CertificateState::Revoked {
            reason: 4,
            at: 1_766_534_400
        }
        .clone()
    );
    // Their issuer is now seen as one.
    let issuers = bench.ra.get("certificates/issuers").await.json();
    assert_eq!(issuers["searchHits"], 2);
    let wanted = name::text(one.issuer_der()).unwrap();
    let found = issuers["subjects"]
        .as_array()
        .unwrap()
        .iter()
        .find(|subject| subject["subjectDn"] == wanted.as_str())
        .unwrap();
    assert_eq!(found["subject"]["O"], "smartid-sim");
    // Without those above it: they are not here.
    let path = format!("certificates/{}/download", all[0].certid);
    let chain = bench.ra.get_as(&path, "application/pem-certificate-chain").await;
    assert_eq!(chain.text().matches("BEGIN").count(), 1);
    assert_eq!(
        bench
            .signed(
                "certificates/revoke",
                &[("certId", &all[0].certid), ("reason", "6")]
            )
            .await
            .error(),
        0
    );
    assert_eq!(
        bench
            .signed("certificates/reinstate", &[("certId", &all[0].certid)])
            .await
            .error(),
        0
    );
    let many: Vec<Value> = (0..5).map(|_| json!({"certificate": "AAAA"})).collect();
    let answer = bench
        .ra
        .post_json("certificates/import", &json!({"importdata": many}))
        .await;
    assert_eq!(
        (answer.error(), &answer.json()["errors"][0]["limit"]),
        (-14, &json!(4))
    );
    for (body, code) in [
        (json!({}), -7),
        (json!({"importdata": []}), -7),
        (json!({"importdata": [{}], "procname": "none"}), -14),
    ] {
        assert_eq!(
            bench.ra.post_json("certificates/import", &body).await.error(),
            code,
            "{body}"
        );
    }
    for wrong in [
        json!({}),
        json!(1),
        json!({"certificate": base64(one.der()), "reason": 2}),
        json!({"certificate": base64(one.der()), "revocationtime": 7}),
    ] {
        let answer = signed(&bench, "certificates/import", &json!({"importdata": [wrong]})).await;
        assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 1);
    }
    // As a form field that holds JSON.
    let three = json!([{"certificate": base64(certificate("CN=three").der())}]).to_string();
    assert_eq!(
        bench
            .signed("certificates/import", &[("importdata", &three)])
            .await
            .error(),
        0
    );
    assert_eq!(
        bench
            .ra
            .post_form("certificates/import", &[("importdata", "{")])
            .await
            .error(),
        -8
    );
    assert_eq!(bench.sim.cm().count(), 3);
}

#[tokio::test]
async fn certificates_are_removed_with_what_the_log_has_on_them() {
    let bench = Bench::new("").await;
    let ids: Vec<String> = (0..2)
        .map(|_| bench.sim.cm().issue(&csr_for("CN=a"), "1").unwrap().certid)
        .collect();
    let answer = signed(
        &bench,
        "certificates/remove",
        &json!({"certid": [ids[0], "0000FFFF"]}),
    )
    .await;
    assert_eq!(answer.json()["errors"][0]["certid"], "0000FFFF");
    assert_eq!(
        bench
            .ra
            .get(&format!("certificates/{}/details", ids[0]))
            .await
            .error(),
        -14
    );
    let body = json!({"certid": [ids[1]], "cleanAuditLog": false});
    assert_eq!(signed(&bench, "certificates/remove", &body).await.error(), 0);
    let log: Vec<(String, String)> = bench
        .sim
        .cm()
        .audit_log()
        .into_iter()
        .map(|entry| (entry.action, entry.certid))
        .collect();
    let entry = |action: &str, place: usize| (action.to_owned(), ids[place].clone());
    assert_eq!(log, [entry("issue", 1), entry("remove", 0), entry("remove", 1)]);
    let answer = bench
        .ra
        .post_json(
            "certificates/remove",
            &json!({"certid": ["1"], "cleanAuditLog": "maybe"}),
        )
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-14, "boolean"));
    assert_eq!(bench.sim.cm().count(), 0);
}

#[tokio::test]
async fn attribute_certificates_are_signed_by_the_authority() {
    let toml =
        "[cm.attribute_certificate]\ncontent_type = \"application/x-ac\"\nrole = \"urn:example:role:admin\"";
    let bench = Bench::with(toml).await;
    let request = base64(&csr_for("C=SE,CN=Anna"));
    let path = "certificates/attributecertificate";
    let fields = [("pkcs10", request.as_str()), ("validto", "2026-06-01T00:00:00Z")];
    let answer = bench.signed(path, &fields).await;
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (200, "application/x-ac"),
        "{}",
        answer.text()
    );
    let kept = bench.sim.cm().attribute_certificates();
    assert_eq!((kept.len(), kept[0].der.as_slice()), (1, answer.body.as_slice()));
    assert_eq!(
        (answer.header("certId"), kept[0].procedure.as_str()),
        (Some(kept[0].certid.clone()), "Role")
    );
    let parts = inside(&answer.body);
    let info = &parts[0].1;
    let authority = PublicKey::from_spki(bench.sim.cm().issuer().unwrap().spki_der()).unwrap();
    authority
        .verify(SigAlg::Es256, info, &inside(&answer.body)[2].1[3..])
        .unwrap();
    // RFC 5755 4.1: version 2, holder, issuer, algorithm, serial, validity, attributes, extensions.
    let members = inside(info);
    let tags: Vec<u8> = members.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [2, 0x30, 0xa0, 0x30, 2, 0x30, 0x30, 0x30]);
    assert_eq!(members[0].1, [2, 1, 1]);
    assert_eq!(members[3].1, parts[1].1, "both algorithms are the same");
    let subject = name::encode("C=SE,CN=Anna").unwrap();
    assert!(members[1].1.ends_with(&subject));
    assert!(members[5].1.windows(15).any(|time| time == b"20260601000000Z"));
    assert!(members[6].1.ends_with(b"urn:example:role:admin"));
    // It is no certificate, and not in the list of them.
    assert!(Certificate::parse(&answer.body).is_err());
    assert_eq!(bench.sim.cm().count(), 0);
    assert_eq!(
        bench
            .ra
            .post_form(path, &[("pkcs10", &request), ("procname", "TLS server")])
            .await
            .error(),
        -14
    );
    assert_eq!(bench.ra.post_form(path, &[]).await.error(), -7);
}

#[tokio::test]
async fn a_hash_is_signed() {
    let bench = Bench::new("").await;
    let path = "signingauthority/sign";
    let content = b"a document";
    for (algorithm, digest) in [
        ("SHA-256", Digest::Sha256),
        ("SHA-384", Digest::Sha384),
        ("SHA-512", Digest::Sha512),
    ] {
        let body = json!({"hash": base64(&digest.of(content)), "hashAlgorithm": algorithm, "signatureFormat": "SignedData"});
        let answer = signed(&bench, path, &body).await.json();
        let message = BASE64_STANDARD
            .decode(answer["signedData"].as_str().unwrap())
            .unwrap();
        let verified = cms::verify(&message, Some(content)).unwrap();
        bench
            .sim
            .cm()
            .ca()
            .unwrap()
            .verify(&verified.signers[0].certificate, bench.now())
            .unwrap();
        assert!(cms::verify(&message, Some(b"another")).is_err());
    }
    for (hash, algorithm, format, code, word) in [
        (base64(&[0; 32]), "SHA-1", "Signature", -14, "hash_algorithm"),
        (base64(&[0; 31]), "SHA-256", "Signature", -14, "hash"),
        ("!".into(), "SHA-256", "Signature", -8, "hash"),
        (base64(&[0; 32]), "SHA-256", "JWS", -14, "signature_format"),
        (String::new(), "SHA-256", "Signature", -7, "field_missing"),
    ] {
        let body = json!({"hash": hash, "hashAlgorithm": algorithm, "signatureFormat": format});
        let answer = bench.ra.post_json(path, &body).await;
        assert_eq!((answer.error(), bench.word().as_str()), (code, word), "{body}");
    }
}

#[tokio::test]
async fn switches_of_the_signing_authority() {
    let toml = "[cm.signing]\nmode = \"vro\"\n[cm.paths]\nsigning-authority = \"sa/hash\"\n[cm.signing_authority]\nhash_field = \"digest\"\n\
                algorithm_field = \"alg\"\nformat_field = \"format\"\nreply_name = \"sig\"";
    let bench = Bench::with(toml).await;
    let hash = Digest::Sha256.of(b"x");
    let body = json!({"digest": base64(&hash), "alg": "SHA-256", "format": "Signature"});
    let answer = bench.ra.post_json("sa/hash", &body).await.json();
    let signature = BASE64_STANDARD.decode(answer["sig"].as_str().unwrap()).unwrap();
    bench.sim.reconfigure(|config| {
        config.cm.signing_authority.reply = smartid_sim::config::SigningAuthorityReply::Bytes
    });
    let bytes = bench.ra.post_json("sa/hash", &body).await;
    assert_eq!(
        (bytes.kind().as_str(), bytes.body.as_slice()),
        ("application/octet-stream", signature.as_slice())
    );
    let mut body = body;
    body["format"] = json!("SignedData");
    let message = bench.ra.post_json("sa/hash", &body).await;
    assert_eq!(message.kind(), "application/pkcs7-signature");
    let signer = cms::verify(&message.body, Some(b"x")).unwrap().signers[0]
        .certificate
        .clone();
    let key = PublicKey::from_spki(signer.spki_der()).unwrap();
    key.verify(SigAlg::Rs256, b"x", &signature).unwrap();
    // A hash that no library here knows is signed as it is: SHA3-224 is 2.16.840.1.101.3.4.2.7.
    let odd = json!({"digest": base64(&[7; 28]), "alg": "SHA3-224", "format": "Signature"});
    let odd = bench.ra.post_json("sa/hash", &odd).await.body;
    let info = [
        b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x07\x05\x00\x04\x1c".as_slice(),
        &[7; 28],
    ]
    .concat();
    key.verify_unhashed(&info, &odd).unwrap();
}

#[tokio::test]
async fn a_soft_token_is_made() {
    let bench = Bench::new("soft_tokens = {required_attributes = [\"commonname\"]}").await;
    let path = "certificates/pkcs12";
    let fields = [
        ("password", "pä55, word"),
        ("commonname", "Anna, \\ Andersson"),
        ("countryname", "SE"),
        ("rfc822name", "a@example.com"),
    ];
    let first = bench.ra.post_form(path, &fields).await;
    assert!(
        !String::from_utf8_lossy(&first.data()).contains("55, word"),
        "the password is not handed out"
    );
    let mut all = fields.to_vec();
    let signature = bench.sign("ra-officer", &first.data());
    all.push(("signature", &signature));
    let other: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (*name, if *name == "password" { "other" } else { value }))
        .collect();
    assert_eq!(bench.ra.post_form(path, &other).await.error(), -17);
    let answer = bench.ra.post_form(path, &all).await;
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (200, "application/x-pkcs12"),
        "{}",
        answer.text()
    );
    let opened = p12::open(&answer.body, "pä55, word").unwrap();
    let certificate = Certificate::parse(&opened[0].certificates[0]).unwrap();
    assert_eq!(certificate.common_name().as_deref(), Some("Anna, \\ Andersson"));
    assert_eq!(certificate.spki_der(), opened[0].key.public_spki_der());
    assert_eq!(opened[0].certificates.len(), 3);
    assert_eq!(
        bench.sim.cm().certificates()[0].procedure.as_deref(),
        Some("Soft token")
    );
    for (fields, code) in [
        (vec![("commonname", "a")], -7),
        (vec![("password", "a")], -7),
        (
            vec![("password", "a"), ("commonname", "a"), ("colour", "red")],
            -14,
        ),
        (
            vec![("password", "a"), ("commonname", "a"), ("procname", "TLS server")],
            -14,
        ),
    ] {
        assert_eq!(
            bench.ra.post_form(path, &fields).await.error(),
            code,
            "{fields:?}"
        );
    }
    let toml = "[cm.signing]\nmode = \"vro\"\n[cm.pkcs12]\npassword_field = \"pin\"\ncontent_type = \"application/pkcs12\"\n\
                [cm.soft_tokens]\nchain = \"none\"\nkey = \"rsa2048\"";
    let bench = Bench::with(toml).await;
    let answer = bench
        .ra
        .post_form(path, &[("pin", "1"), ("commonname", "a")])
        .await;
    assert_eq!(answer.kind(), "application/pkcs12");
    let opened = p12::open(&answer.body, "1").unwrap();
    assert_eq!(opened[0].certificates.len(), 1);
    assert_eq!(opened[0].key.kind(), smartid_sim::pki::KeyKind::Rsa2048);
    // What no name can hold.
    let answer = bench
        .ra
        .post_form(path, &[("pin", "1"), ("commonname", "a"), ("countryname", "é")])
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-14, "subject"));
}
