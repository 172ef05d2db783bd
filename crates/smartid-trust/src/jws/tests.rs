//! Tests of what is not public: the memory of a policy, and ASN.1 signatures as two numbers.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use smartid_core::Timestamp;
use smartid_core::base64::{self, Flavour};

use super::header::JwsHeader;
use super::make::fixed_from_der;
use super::remembered::{Remembered, Resolved, Source};
use super::{JwkSet, Jws, JwsAlgorithm, JwsPolicy};
use crate::{Reason, der};

const NOW: Timestamp = Timestamp::from_millis(0);

fn resolved() -> Arc<Resolved> {
    let header = JwsHeader::parse(Bytes::from_static(br#"{"alg":"ES256"}"#)).unwrap();
    Arc::new(Resolved {
        header: Arc::new(header),
        source: Source::Named(Vec::new()),
    })
}

#[test]
fn the_memory_has_an_end_and_knows_texts_byte_for_byte() {
    let memory = Remembered::default();
    let text = |index: usize| format!("header-{index}");
    for index in 0..100 {
        memory.put(text(index).as_bytes(), resolved());
        memory.put(text(index).as_bytes(), resolved());
        assert_eq!(memory.len(), (index + 1).min(64));
    }
    for index in 0..100 {
        let known = memory.get(text(index).as_bytes(), NOW).is_some();
        assert_eq!(known, index >= 36, "{index}");
    }
    for other in ["", "header-9", "header-999", "Header-99", "header-99 "] {
        assert!(memory.get(other.as_bytes(), NOW).is_none(), "{other}");
    }
    memory.put(&vec![b'A'; 64 * 1024 + 1], resolved());
    assert!(memory.get(&vec![b'A'; 64 * 1024 + 1], NOW).is_none());
    memory.put(&vec![b'A'; 64 * 1024], resolved());
    assert!(memory.get(&vec![b'A'; 64 * 1024], NOW).is_some());
}

/// The key and the signed message of RFC 8037 A.2 and A.4.
#[test]
fn only_headers_of_messages_that_verified_are_kept() {
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let policy = JwsPolicy::keys(JwkSet::from_json(key).unwrap());
    let (header, rest) = (
        "eyJhbGciOiJFZERTQSJ9",
        "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    let verify = |policy: &JwsPolicy, header: &str| {
        let jws = Jws::parse(format!("{header}.{rest}")).unwrap();
        jws.verify(policy, NOW).is_ok()
    };
    for count in 0..100 {
        let others = format!(r#"{{"alg":"EdDSA","x":{count}}}"#);
        assert!(!verify(&policy, &base64::encode(Flavour::Url, others.as_bytes())));
    }
    assert_eq!(policy.remembered.len(), 0);
    assert!(verify(&policy, header) && verify(&policy, header));
    assert_eq!(policy.remembered.len(), 1);
    // And what is kept is no way round the list of algorithms, nor kept for other keys.
    let policy = policy.allowing([JwsAlgorithm::Es256]);
    assert!(!verify(&policy, header));
    let clone = policy.clone().expecting_payload("another");
    assert_eq!(clone.remembered.len(), 1);
    assert!(
        !verify(&clone, header),
        "what is remembered says nothing about the payload"
    );
    assert_eq!(policy.clone().trying_every_key().remembered.len(), 0);
    assert_eq!(policy.or_keys(JwkSet::default()).remembered.len(), 0);
}

fn asn1(r: &[u8], s: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::integer(r), &der::integer(s)])
}

#[test]
fn two_numbers_that_cannot_be_a_signature() {
    let reason = |bytes: &[u8]| fixed_from_der(bytes, 32).map_err(|refusal| refusal.reason());
    assert!(reason(&asn1(&[1], &[1])).is_ok());
    let zero = asn1(&[0], &[1]);
    assert_eq!(reason(&zero), Err(Reason::BadSignature));
    assert_eq!(reason(&asn1(&[1], &[0])), Err(Reason::BadSignature));
    let negative = [0x30, 6, 2, 1, 1, 2, 1, 0xff];
    assert_eq!(reason(&negative), Err(Reason::BadSignature));
    assert_eq!(reason(&asn1(&[1; 33], &[1])), Err(Reason::JwsSignatureLength));
    assert_eq!(reason(&asn1(&[1], &[0x80; 33])), Err(Reason::JwsSignatureLength));
    assert!(reason(&asn1(&[0xff; 32], &[0x80; 32])).is_ok());
    let three = der::sequence(&[&der::integer(&[1]), &der::integer(&[1]), &der::integer(&[1])]);
    let not_minimal = [0x30, 7, 2, 2, 0, 1, 2, 1, 1];
    for malformed in [
        &b""[..],
        &[0x30, 0],
        &[0x30, 3, 2, 1, 1],
        &three,
        &not_minimal,
        &[0; 64],
    ] {
        assert_eq!(reason(malformed), Err(Reason::Malformed), "{malformed:02x?}");
    }
    let good = asn1(&[7; 32], &[9; 32]);
    for cut in 0..good.len() {
        assert!(reason(good.get(..cut).unwrap()).is_err(), "{cut}");
    }
}

proptest! {
    #[test]
    fn numbers_come_back_at_their_length(r in proptest::collection::vec(any::<u8>(), 1..=66), s in proptest::collection::vec(any::<u8>(), 1..=66), length in 32usize..=66) {
        let fixed = fixed_from_der(&asn1(&r, &s), length);
        let significant = |number: &[u8]| number.iter().skip_while(|octet| **octet == 0).copied().collect::<Vec<_>>();
        let (r, s) = (significant(&r), significant(&s));
        if r.is_empty() || s.is_empty() || r.len() > length || s.len() > length {
            prop_assert!(fixed.is_err());
        } else {
            let fixed = fixed.unwrap();
            prop_assert_eq!(fixed.len(), 2 * length);
            let (left, right) = fixed.split_at(length);
            prop_assert_eq!(significant(left), r);
            prop_assert_eq!(significant(right), s);
        }
    }

    #[test]
    fn garbage_is_no_signature(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = fixed_from_der(&bytes, 32);
    }
}
