//! Identifiers in and out, and what a list holds.

use super::*;
use crate::der;

const DIGESTS: [DigestAlgorithm; 3] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

fn every() -> Vec<SignatureAlgorithm> {
    let mut all = vec![SignatureAlgorithm::Ed25519];
    for digest in DIGESTS {
        all.extend([
            SignatureAlgorithm::RsaPkcs1(digest),
            SignatureAlgorithm::rsa_pss(digest),
            SignatureAlgorithm::RsaPss { digest, salt_len: 0 },
            SignatureAlgorithm::RsaPss {
                digest,
                salt_len: 222,
            },
            SignatureAlgorithm::Ecdsa(digest),
        ]);
    }
    all
}

fn read(der: &[u8], beside: Option<DigestAlgorithm>) -> Result<SignatureAlgorithm, Reason> {
    let contents = Reader::only(der, tag::SEQUENCE, "?").unwrap().contents;
    SignatureAlgorithm::from_identifier(contents, beside).map_err(|refusal| refusal.reason())
}

#[test]
fn identifiers_come_back() {
    for algorithm in every() {
        assert_eq!(read(&algorithm.identifier(), None), Ok(algorithm));
    }
    for digest in DIGESTS {
        let der = digest.identifier();
        let contents = Reader::only(&der, tag::SEQUENCE, "?").unwrap().contents;
        assert_eq!(DigestAlgorithm::from_identifier(contents), Ok(digest));
    }
}

#[test]
fn a_key_type_is_an_algorithm_only_beside_a_digest() {
    let rsa = der::sequence(&[&der::oid(&RSA_ENCRYPTION), &der::null()]);
    assert_eq!(read(&rsa, None), Err(Reason::AlgorithmUnknown));
    assert_eq!(
        read(&rsa, Some(DigestAlgorithm::Sha384)),
        Ok(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384))
    );
    let p256: Oid = "1.2.840.10045.3.1.7".parse().unwrap();
    let ec = der::sequence(&[&der::oid(&EC_PUBLIC_KEY), &der::oid(&p256)]);
    assert_eq!(read(&ec, None), Err(Reason::AlgorithmUnknown));
    assert_eq!(
        read(&ec, Some(DigestAlgorithm::Sha256)),
        Ok(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256))
    );
}

#[test]
fn sha1_is_unknown_wherever_it_hides() {
    let sha1: Oid = "1.3.14.3.2.26".parse().unwrap();
    let rsa_sha1: Oid = "1.2.840.113549.1.1.5".parse().unwrap();
    assert_eq!(
        read(&der::sequence(&[&der::oid(&rsa_sha1), &der::null()]), None),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        read(&der::sequence(&[&der::oid(&RSA_PSS)]), None),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        read(&der::sequence(&[&der::oid(&RSA_PSS), &der::sequence(&[])]), None),
        Err(Reason::AlgorithmUnknown)
    );
    let sha1 = der::sequence(&[&der::oid(&sha1)]);
    let sha256 = DigestAlgorithm::Sha256.identifier();
    let mask = |digest: &[u8]| der::explicit(1, &der::sequence(&[&der::oid(&MGF1), digest]));
    let pss = |parts: &[&[u8]]| der::sequence(&[&der::oid(&RSA_PSS), &der::sequence(parts)]);
    assert_eq!(
        read(&pss(&[&der::explicit(0, &sha1), &mask(&sha256)]), None),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        read(&pss(&[&der::explicit(0, &sha256), &mask(&sha1)]), None),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        read(&pss(&[&der::explicit(0, &sha256)]), None),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        read(&pss(&[&der::explicit(0, &sha256), &mask(&sha256)]), None),
        Ok(SignatureAlgorithm::RsaPss {
            digest: DigestAlgorithm::Sha256,
            salt_len: 20
        })
    );
}

#[test]
fn odd_pss_parameters_are_refused() {
    let sha256 = DigestAlgorithm::Sha256.identifier();
    let sha384 = DigestAlgorithm::Sha384.identifier();
    let head = der::explicit(0, &sha256);
    let mask = |oid: &Oid, digest: &[u8]| der::explicit(1, &der::sequence(&[&der::oid(oid), digest]));
    let pss = |parts: &[&[u8]]| {
        read(
            &der::sequence(&[&der::oid(&RSA_PSS), &der::sequence(parts)]),
            None,
        )
    };
    let good = mask(&MGF1, &sha256);
    assert_eq!(
        pss(&[&head, &mask(&MGF1, &sha384)]),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        pss(&[&head, &mask(&RSA_PSS, &sha256)]),
        Err(Reason::AlgorithmUnknown)
    );
    assert_eq!(
        pss(&[&head, &good, &der::explicit(2, &der::integer(&[4, 1]))]),
        Err(Reason::Malformed)
    );
    assert_eq!(
        pss(&[&head, &good, &der::explicit(3, &der::integer(&[2]))]),
        Err(Reason::Malformed)
    );
    assert!(pss(&[&head, &good, &der::explicit(3, &der::integer(&[1]))]).is_ok());
    assert_eq!(pss(&[&head, &good, &der::null()]), Err(Reason::Malformed));
}

#[test]
fn a_list_holds_what_was_put_on_it() {
    for algorithm in every() {
        assert!(AlgorithmSet::default().contains(algorithm));
        assert!(!AlgorithmSet::none().contains(algorithm));
    }
    let strict = AlgorithmSet::default().with_digest_at_least(DigestAlgorithm::Sha384);
    assert!(!strict.contains(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)));
    assert!(strict.contains(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512)));
    assert!(strict.contains(SignatureAlgorithm::Ed25519));
    let ecdsa = AlgorithmSet::none().ecdsa();
    assert_eq!(
        every()
            .into_iter()
            .filter(|algorithm| ecdsa.contains(*algorithm))
            .count(),
        3
    );
    assert_eq!(
        ecdsa.check(SignatureAlgorithm::Ed25519).unwrap_err().reason(),
        Reason::AlgorithmNotAllowed
    );
}

#[test]
fn the_least_digest_holds_for_digests_alone_too() {
    let strict = AlgorithmSet::default().with_digest_at_least(DigestAlgorithm::Sha384);
    assert_eq!(
        strict.check_digest(DigestAlgorithm::Sha256).unwrap_err().reason(),
        Reason::AlgorithmNotAllowed
    );
    assert_eq!(strict.check_digest(DigestAlgorithm::Sha384), Ok(()));
    assert_eq!(strict.check_digest(DigestAlgorithm::Sha512), Ok(()));
}
