//! Certificates: nothing can be changed in one without notice, and garbage is none. And the attestation key of a running simulator.

use serde_json::Value;
use smartid_sim::pki::{Certificate, KeyKind, Profile, PublicKey, Validity};
use smartid_sim::{Sim, SimClock, TestCa};

use crate::{NOW, ec, refused, spoilt};

#[test]
fn a_changed_certificate_does_not_verify() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = ec(KeyKind::P256);
    let certificate = ca
        .issue_for_key("CN=Anna", &key, Profile::Signing, Validity::days(NOW, 30))
        .unwrap();
    ca.verify(&certificate, NOW).unwrap();
    for wrong in spoilt(certificate.der()) {
        if let Ok(parsed) = Certificate::parse(&wrong) {
            assert!(ca.verify(&parsed, NOW).is_err(), "{wrong:02x?}");
        }
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let ca = TestCa::new(1, NOW).unwrap();
    let der = ca.root_der();
    for length in 0..der.len() {
        refused(Certificate::parse(&der[..length]), "no certificate");
    }
    refused(Certificate::parse(&[der, &[0]].concat()), "no certificate");
    // The algorithm inside is not the one outside.
    let mut other = der.to_vec();
    let es256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let place = other.windows(8).rposition(|part| part == es256).unwrap();
    other[place + 7] = 0x03;
    refused(Certificate::parse(&other), "no certificate");
    let many = vec![format!("OU={}", "x".repeat(1000)); 70].join(",");
    refused(
        ca.issue_for_key(
            &many,
            &ec(KeyKind::P256),
            Profile::Signing,
            Validity::days(NOW, 1),
        ),
        "no certificate",
    );
}

#[test]
fn pem_has_lines_of_64_characters() {
    let pem = TestCa::new(1, NOW).unwrap().root_pem();
    let lines: Vec<&str> = pem.lines().collect();
    assert_eq!(lines[0], "-----BEGIN CERTIFICATE-----");
    assert_eq!(lines[lines.len() - 1], "-----END CERTIFICATE-----");
    let body = &lines[1..lines.len() - 1];
    assert!(body[..body.len() - 1].iter().all(|line| line.len() == 64));
    assert!((1..=64).contains(&body[body.len() - 1].len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulator_publishes_its_attestation_key() {
    let start = |seed: Option<u64>| async move {
        let mut builder = Sim::builder().clock(SimClock::manual());
        if let Some(seed) = seed {
            builder = builder.seed(seed);
        }
        builder.start().await.unwrap()
    };
    let (one, two, other) = (start(Some(1)).await, start(Some(2)).await, start(None).await);
    let line = one.attestation_jwk().unwrap();
    assert_eq!(one.attestation_jwk().unwrap(), line);
    assert_eq!(
        two.attestation_jwk().unwrap(),
        line,
        "seeded simulators share the key"
    );
    assert_ne!(other.attestation_jwk().unwrap(), line);
    let jwk: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(jwk["kid"], "attestation_2026-01-01T00:00:00GMT");
    assert_eq!(jwk["keystate"], "active");
    assert_eq!(PublicKey::from_jwk(&jwk).unwrap().kind(), Some(KeyKind::Rsa2048));
    let set: Value = serde_json::from_str(&one.attestation_key_set().unwrap()).unwrap();
    assert_eq!(set, serde_json::json!({"keys": [jwk]}));
}
