//! Keys: names of kinds and algorithms, both forms of signatures, the bare RSA operation, encryption, JWK.

use serde_json::json;
use smartid_sim::pki::{Digest, Key, KeyKind, OaepDigest, PublicKey, SigAlg};

use crate::{ec, refused, rsa, rsa_keys};

const EC_ALGS: [(KeyKind, SigAlg, usize); 3] = [
    (KeyKind::P256, SigAlg::Es256, 64),
    (KeyKind::P384, SigAlg::Es384, 96),
    (KeyKind::P521, SigAlg::Es512, 132),
];

#[test]
fn kinds_are_known_by_the_names_of_the_command() {
    for (keytype, length, kind) in [
        ("RSA", "2048", KeyKind::Rsa2048),
        ("RSA", " 3072 ", KeyKind::Rsa3072),
        ("RSA", "4096", KeyKind::Rsa4096),
        ("EC", "256", KeyKind::P256),
        ("EC", "P-384", KeyKind::P384),
        ("EC", "secp521r1", KeyKind::P521),
    ] {
        assert_eq!(KeyKind::from_request(keytype, length).unwrap(), kind);
        assert_eq!(kind.is_rsa(), keytype == "RSA");
    }
    for (keytype, length) in [
        ("RSA", "1024"),
        ("RSA", ""),
        ("EC", "2048"),
        ("rsa", "2048"),
        ("DSA", "2048"),
    ] {
        refused(KeyKind::from_request(keytype, length), "can be made");
    }
    let endless = "x".repeat(1_000_000);
    let message = KeyKind::from_request(&endless, &endless).unwrap_err().to_string();
    assert!(message.len() < 200, "{}", message.len());
}

#[test]
fn algorithms_are_known_by_two_names() {
    assert_eq!(SigAlg::from_name("RS256"), Some(SigAlg::Rs256));
    assert_eq!(SigAlg::from_name("CKM_SHA256_RSA_PKCS"), Some(SigAlg::Rs256));
    assert_eq!(SigAlg::from_name("CKM_SHA512_RSA_PKCS_PSS"), Some(SigAlg::Ps512));
    assert_eq!(SigAlg::from_name("CKM_ECDSA_SHA384"), Some(SigAlg::Es384));
    assert_eq!(SigAlg::from_name("CKM_SHA1_RSA_PKCS"), Some(SigAlg::Rs1));
    for other in [
        "RS1",
        "EdDSA",
        "CKM_EDDSA",
        "CKM_RSA_PKCS",
        "none",
        "HS256",
        "rs256",
        "",
    ] {
        assert_eq!(SigAlg::from_name(other), None, "{other}");
    }
}

#[test]
fn rsa_signs_with_its_algorithms_and_no_other() {
    let [key, other] = rsa_keys();
    let fitting: Vec<SigAlg> = SigAlg::all().filter(|alg| alg.fits(key.kind())).collect();
    assert_eq!(fitting.len(), 7);
    for alg in fitting.iter().copied() {
        let signature = key.sign(alg, b"message").unwrap();
        assert_eq!(signature.len(), 256);
        let public = key.public_key();
        public.verify(alg, b"message", &signature).unwrap();
        public.verify_jose(alg, b"message", &signature).unwrap();
        refused(public.verify(alg, b"massage", &signature), "does not verify");
        refused(
            other.public_key().verify(alg, b"message", &signature),
            "does not verify",
        );
        for wrong in fitting.iter().copied().filter(|wrong| *wrong != alg) {
            assert!(
                public.verify(wrong, b"message", &signature).is_err(),
                "{alg} as {wrong}"
            );
        }
        for (.., wrong, _) in EC_ALGS {
            assert!(public.verify(wrong, b"message", &signature).is_err());
        }
    }
    for (.., alg, _) in EC_ALGS {
        refused(key.sign(alg, b"message"), "cannot sign with");
    }
}

#[test]
fn an_edwards_key_signs_and_is_read_back() {
    let key = ec(KeyKind::Ed25519);
    assert!(
        SigAlg::all()
            .filter(|alg| alg.fits(KeyKind::Ed25519))
            .eq([SigAlg::EdDsa])
    );
    let signature = key.sign(SigAlg::EdDsa, b"message").unwrap();
    assert_eq!(signature.len(), 64);
    let public = key.public_key();
    public.verify(SigAlg::EdDsa, b"message", &signature).unwrap();
    refused(
        public.verify(SigAlg::EdDsa, b"massage", &signature),
        "does not verify",
    );
    refused(
        public.verify(SigAlg::Es256, b"message", &signature),
        "does not verify",
    );
    refused(key.sign(SigAlg::Es256, b"message"), "cannot sign with");
    let again = Key::from_pkcs8(key.expose_pkcs8()).unwrap();
    assert_eq!(again.public_spki_der(), key.public_spki_der());
    assert_eq!(PublicKey::from_spki(public.spki_der()).unwrap(), *public);
    let jwk = key.jwk(None);
    assert_eq!(
        (&jwk["kty"], &jwk["crv"], &jwk["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert_eq!(PublicKey::from_jwk(&jwk).unwrap(), *public);
    // A key of another length is none.
    let mut short = public.spki_der().to_vec();
    short.truncate(short.len() - 1);
    refused(PublicKey::from_spki(&short), "no public key");
}

#[test]
fn a_curve_signs_with_its_algorithm_in_two_forms() {
    for (kind, alg, length) in EC_ALGS {
        let key = ec(kind);
        let public = key.public_key();
        assert!(SigAlg::all().filter(|alg| alg.fits(kind)).eq([alg]));
        // Often enough to meet numbers that are short of a byte.
        for round in 0..300_u16 {
            let message = round.to_be_bytes();
            let fixed = key.sign(alg, &message).unwrap();
            assert_eq!(fixed.len(), length);
            public.verify_jose(alg, &message, &fixed).unwrap();
        }
        let der = key.sign_der(alg, b"message").unwrap();
        public.verify(alg, b"message", &der).unwrap();
        // One form is not the other.
        refused(public.verify_jose(alg, b"message", &der), "does not verify");
        let fixed = key.sign(alg, b"message").unwrap();
        refused(public.verify(alg, b"message", &fixed), "does not verify");
        refused(
            public.verify_jose(alg, b"message", &fixed[1..]),
            "does not verify",
        );
        refused(
            public.verify_jose(alg, b"message", &[fixed.as_slice(), &[0]].concat()),
            "does not verify",
        );
        let zeros = vec![0; length];
        refused(public.verify_jose(alg, b"message", &zeros), "does not verify");
        for (.., wrong, _) in EC_ALGS {
            if wrong != alg {
                refused(key.sign(wrong, b"message"), "cannot sign with");
                assert!(public.verify(wrong, b"message", &der).is_err());
            }
        }
        refused(key.sign(SigAlg::Rs256, b"message"), "cannot sign with");
    }
}

#[test]
fn unhashed_signatures_hold_any_bytes_that_fit() {
    let [key, other] = rsa_keys();
    let public = key.public_key();
    for content in [
        &b""[..],
        b"abc",
        &[0; 32],
        &[0xff; 64],
        &[7; 245],
        // As long as a SHA-256 DigestInfo and not one.
        &[0x30; 51],
    ] {
        let signature = key.sign_unhashed(content).unwrap();
        public.verify_unhashed(content, &signature).unwrap();
        refused(public.verify_unhashed(b"other", &signature), "does not verify");
        refused(
            other.public_key().verify_unhashed(content, &signature),
            "does not verify",
        );
        refused(
            public.verify_unhashed(content, &signature[1..]),
            "does not verify",
        );
    }
    refused(key.sign_unhashed(&[7; 246]), "more than the key can hold");
    refused(ec(KeyKind::P256).sign_unhashed(b"abc"), "only an RSA key");
    refused(
        ec(KeyKind::P256).public_key().verify_unhashed(b"abc", &[0; 256]),
        "does not verify",
    );
    refused(public.verify_unhashed(b"abc", &[0xff; 256]), "does not verify");
}

#[test]
fn a_ready_digest_info_gives_the_signature_of_the_message() {
    // RFC 8017 9.2, note 1.
    let heads: [(Digest, SigAlg, &str); 4] = [
        (Digest::Sha1, SigAlg::Rs1, "3021300906052b0e03021a05000414"),
        (
            Digest::Sha256,
            SigAlg::Rs256,
            "3031300d060960864801650304020105000420",
        ),
        (
            Digest::Sha384,
            SigAlg::Rs384,
            "3041300d060960864801650304020205000430",
        ),
        (
            Digest::Sha512,
            SigAlg::Rs512,
            "3051300d060960864801650304020305000440",
        ),
    ];
    let key = rsa();
    for (digest, alg, head) in heads {
        let mut info = smartid_sim::pki::admin_key::from_hex(head).unwrap();
        info.extend(digest.of(b"message"));
        let signature = key.sign_unhashed(&info).unwrap();
        assert_eq!(signature, key.sign_der(alg, b"message").unwrap());
        key.public_key().verify(alg, b"message", &signature).unwrap();
        key.public_key().verify_unhashed(&info, &signature).unwrap();
    }
}

#[test]
fn what_is_encrypted_is_decrypted_in_the_same_way_only() {
    let [key, other] = rsa_keys();
    let secret = [0x5a; 24];
    let digests = [
        OaepDigest::Sha1,
        OaepDigest::Sha256,
        OaepDigest::Sha384,
        OaepDigest::Sha512,
    ];
    for digest in digests {
        let encrypted = key.public_key().encrypt_oaep(digest, &secret).unwrap();
        assert_eq!(key.decrypt_oaep(digest, &encrypted).unwrap(), secret);
        for wrong in digests.into_iter().filter(|wrong| *wrong != digest) {
            refused(key.decrypt_oaep(wrong, &encrypted), "another way");
        }
        refused(other.decrypt_oaep(digest, &encrypted), "another way");
        refused(key.decrypt_oaep(digest, &encrypted[1..]), "another way");
        refused(key.decrypt_oaep(digest, &[]), "another way");
    }
    let encrypted = key.public_key().encrypt_pkcs1(&secret).unwrap();
    assert_eq!(key.decrypt_pkcs1(&encrypted).unwrap(), secret);
    refused(key.decrypt_pkcs1(&encrypted[1..]), "another way");
    refused(key.public_key().encrypt_pkcs1(&[0; 246]), "cannot be encrypted");
    refused(
        key.public_key().encrypt_oaep(OaepDigest::Sha256, &[0; 191]),
        "cannot be encrypted",
    );
    let curve = ec(KeyKind::P256);
    refused(curve.decrypt_pkcs1(&encrypted), "only an RSA key");
    refused(
        curve.decrypt_oaep(OaepDigest::Sha1, &encrypted),
        "only an RSA key",
    );
    refused(curve.public_key().encrypt_pkcs1(&secret), "no public key");
    refused(
        curve.public_key().encrypt_oaep(OaepDigest::Sha1, &secret),
        "no public key",
    );
}

#[test]
fn keys_go_through_pkcs8_spki_and_jwk() {
    for key in [rsa(), ec(KeyKind::P256), ec(KeyKind::P384), ec(KeyKind::P521)] {
        let again = Key::from_pkcs8(key.expose_pkcs8()).unwrap();
        assert_eq!(again.kind(), key.kind());
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(
            &PublicKey::from_spki(&key.public_spki_der()).unwrap(),
            key.public_key()
        );
        assert_eq!(key.public_key().kind(), Some(key.kind()));
        let jwk = key.jwk(Some("one"));
        assert_eq!(&PublicKey::from_jwk(&jwk).unwrap(), key.public_key());
        assert_eq!(jwk["kid"], "one");
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["alg"], key.default_alg().name());
        assert!(jwk.get("keystate").is_none());
        let bare = key.jwk(None);
        assert!(bare.get("kid").is_none());
        for secret in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(bare.get(secret).is_none());
        }
    }
}

#[test]
fn the_keys_of_rfc_7517_are_read_and_written_alike() {
    // RFC 7517 Appendix A.1.
    let ec = json!({
        "kty": "EC", "crv": "P-256", "use": "enc", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    let rsa = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst\
              n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn\
              1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    });
    assert_eq!(PublicKey::from_jwk(&ec).unwrap().kind(), Some(KeyKind::P256));
    assert_eq!(PublicKey::from_jwk(&rsa).unwrap().kind(), Some(KeyKind::Rsa2048));
    for (name, value) in [
        ("kty", json!("OKP")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("x", json!("AAAA")),
        ("y", json!("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyN")),
        ("y", json!("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyA")),
        ("y", json!(7)),
        ("x", json!(null)),
    ] {
        let mut wrong = ec.clone();
        wrong[name] = value;
        refused(PublicKey::from_jwk(&wrong), "no public key");
    }
    for (name, value) in [
        ("n", json!("AQAB")),
        ("e", json!("")),
        ("e", json!("Ag")),
        ("e", json!("AQ")),
        ("n", json!("=")),
        ("e", json!("AQABAQAB")),
        // Even.
        (
            "n",
            json!(rsa["n"].as_str().unwrap().strip_suffix('w').unwrap().to_owned() + "g"),
        ),
    ] {
        let mut wrong = rsa.clone();
        wrong[name] = value;
        refused(PublicKey::from_jwk(&wrong), "no public key");
    }
    refused(PublicKey::from_jwk(&json!([])), "no public key");
}

#[test]
fn garbage_is_no_key() {
    let curve = ec(KeyKind::P256);
    let spki = curve.public_spki_der();
    for length in 0..spki.len() {
        refused(PublicKey::from_spki(&spki[..length]), "no public key");
    }
    refused(
        PublicKey::from_spki(&[spki.as_slice(), &[0]].concat()),
        "no public key",
    );
    for key in [curve, rsa()] {
        let pkcs8 = key.expose_pkcs8();
        for length in (0..pkcs8.len()).step_by(7) {
            refused(Key::from_pkcs8(&pkcs8[..length]), "no private key");
        }
    }
}

#[test]
fn debug_shows_the_kind_and_no_secret() {
    let key = ec(KeyKind::P256);
    assert_eq!(format!("{key:?}"), "Key { kind: P256, .. }");
}
