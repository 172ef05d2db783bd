//! Vectors of the attestation format `tpm`: correct but for one thing.

use ciborium::Value as Cbor;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, IsCa, KeyPair, SigningKey};
use serde_json::Value;

use super::vectors::{AAGUID, Made, refused, verify};
use super::vectors_attestation::aaguid_extension;
use super::{cbor, cose, sha256};
use crate::pki::der;

/// `subjectAltName` with a directory name of these attributes of a module.
fn module(parts: &[u8]) -> CustomExtension {
    let sets: Vec<Vec<u8>> = parts
        .iter()
        .map(|part| {
            let kind = der::oid(&[0x67, 0x81, 0x05, 0x02, *part]);
            let text = der::tlv(0x0c, &[b"id:00000001"]);
            der::tlv(der::SET, &[&der::seq(&[&kind, &text])])
        })
        .collect();
    let sets: Vec<&[u8]> = sets.iter().map(Vec::as_slice).collect();
    let name = der::tlv(0xa4, &[&der::seq(&sets)]);
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], der::seq(&[&name]));
    extension.set_criticality(true);
    extension
}

fn purpose(last: u8) -> CustomExtension {
    let oid = der::oid(&[0x67, 0x81, 0x05, 0x08, last]);
    CustomExtension::from_oid_content(&[2, 5, 29, 37], der::seq(&[&oid]))
}

fn certificate(key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.is_ca = IsCa::ExplicitNoCa;
    params.custom_extensions = vec![module(&[1, 2, 3]), purpose(3), aaguid_extension(AAGUID, false)];
    change(&mut params);
    params.self_signed(key).unwrap().der().to_vec()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// `TPMT_PUBLIC` of a P-256 or RSA key.
fn public_area(made: &Made) -> Vec<u8> {
    let head = |kind: u16| {
        [
            &kind.to_be_bytes()[..],
            &[0x00, 0x0b], // SHA-256
            &[0, 4, 0, 0x72],
            &[0, 0],
            &[0, 0x10],
            &[0, 0x10],
        ]
        .concat()
    };
    match made.key.public().unwrap().material {
        cose::Material::Ec(point) => {
            let (x, y) = point[1..].split_at(32);
            [head(0x23), vec![0, 3, 0, 0x10], sized(x), sized(y)].concat()
        }
        cose::Material::Rsa { n, .. } => [head(1), vec![8, 0, 0, 0, 0, 0], sized(&n)].concat(),
        cose::Material::Ed25519(_) => panic!("no such key in a TPM"),
    }
}

/// `TPMS_ATTEST`.
fn cert_info(extra_data: &[u8], name: &[u8]) -> Vec<u8> {
    [
        vec![0xff, 0x54, 0x43, 0x47, 0x80, 0x17],
        sized(b"signer"),
        sized(extra_data),
        vec![0; 25],
        sized(name),
        sized(b"qualified"),
    ]
    .concat()
}

fn name(area: &[u8]) -> Vec<u8> {
    [&[0x00, 0x0b], sha256(area).as_slice()].concat()
}

/// What a statement is made of.
struct Parts {
    ver: &'static str,
    alg: i64,
    area: Vec<u8>,
    info: Vec<u8>,
    certificate: Vec<u8>,
    signed: Option<Vec<u8>>,
}

fn statement(algorithm: i64, change: impl FnOnce(&Made, &KeyPair, &mut Parts)) -> Value {
    let made = Made::new(algorithm);
    let key = KeyPair::generate().unwrap();
    let area = public_area(&made);
    let mut parts = Parts {
        ver: "2.0",
        alg: cose::ES256,
        info: cert_info(&sha256(&made.signed()), &name(&area)),
        area,
        certificate: certificate(&key, |_| ()),
        signed: None,
    };
    change(&made, &key, &mut parts);
    let signature = key.sign(parts.signed.as_ref().unwrap_or(&parts.info)).unwrap();
    made.json(
        "tpm",
        vec![
            ("alg", cbor::int(parts.alg)),
            ("sig", Cbor::Bytes(signature)),
            ("ver", Cbor::Text(parts.ver.into())),
            ("x5c", Cbor::Array(vec![Cbor::Bytes(parts.certificate)])),
            ("pubArea", Cbor::Bytes(parts.area)),
            ("certInfo", Cbor::Bytes(parts.info)),
        ],
    )
}

#[test]
fn a_tpm_vouches_for_the_key_and_for_what_was_signed() {
    assert!(verify(&statement(-7, |_, _, _| ())).is_ok());
    assert!(verify(&statement(-257, |_, _, _| ())).is_ok());
    for (what, code, body) in [
        (
            "another version",
            "attestation_statement",
            statement(-7, |_, _, parts| parts.ver = "1.2"),
        ),
        (
            "an algorithm with another hash",
            "attestation_signature",
            statement(-7, |_, _, parts| parts.alg = cose::RS512),
        ),
        (
            "an algorithm that nobody knows",
            "attestation_algorithm",
            statement(-7, |_, _, parts| parts.alg = -47),
        ),
        (
            "somebody else's key",
            "attestation_key",
            statement(-7, |_, _, parts| parts.area = public_area(&Made::new(-7))),
        ),
        (
            "somebody else's key by name",
            "attestation_key",
            statement(-7, |made, _, parts| {
                let other = name(&public_area(&Made::new(-7)));
                parts.info = cert_info(&sha256(&made.signed()), &other);
            }),
        ),
        (
            "something else that was signed",
            "attestation_signature",
            statement(-7, |_, _, parts| {
                parts.info = cert_info(&sha256(b"else"), &name(&parts.area));
            }),
        ),
        (
            "a signature over something else",
            "attestation_signature",
            statement(-7, |_, _, parts| parts.signed = Some(b"else".to_vec())),
        ),
        (
            "no structure of the module",
            "attestation_statement",
            statement(-7, |_, _, parts| parts.info[0] = 0),
        ),
        (
            "a structure of another kind",
            "attestation_statement",
            statement(-7, |_, _, parts| parts.info[5] = 0x18),
        ),
        (
            "a structure with something behind it",
            "attestation_statement",
            statement(-7, |_, _, parts| parts.info.push(0)),
        ),
        (
            "an area with something behind it",
            "attestation_statement",
            statement(-7, |_, _, parts| parts.area.push(0)),
        ),
    ] {
        assert_eq!(verify(&body).map(|_| ()), Err(code), "{what}");
    }
    let made = Made::new(-7);
    refused(&made.json("tpm", vec![]), "attestation_statement");
}

#[test]
fn a_tpms_certificate_is_of_its_kind() {
    let with = |change: fn(&mut CertificateParams)| {
        statement(-7, |_, key, parts| parts.certificate = certificate(key, change))
    };
    for (what, body) in [
        (
            "a subject",
            with(|params| params.distinguished_name.push(rcgen::DnType::CommonName, "x")),
        ),
        (
            "no module",
            with(|params| drop(params.custom_extensions.remove(0))),
        ),
        (
            "a module without a version",
            with(|params| params.custom_extensions[0] = module(&[1, 2])),
        ),
        (
            "no purpose",
            with(|params| drop(params.custom_extensions.remove(1))),
        ),
        (
            "another purpose",
            with(|params| params.custom_extensions[1] = purpose(1)),
        ),
        (
            "an authority's",
            with(|params| params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained)),
        ),
    ] {
        assert_eq!(
            verify(&body).map(|_| ()),
            Err("attestation_certificate"),
            "{what}"
        );
    }
    refused(
        &with(|params| params.custom_extensions[2] = aaguid_extension([8; 16], false)),
        "attestation_aaguid",
    );
    assert!(verify(&with(|params| drop(params.custom_extensions.remove(2)))).is_ok());
}

#[test]
fn older_modules_sign_with_sha1() {
    let sha1 = |bytes: &[u8]| {
        let digest = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
        aws_lc_rs::digest::digest(digest, bytes).as_ref().to_vec()
    };
    let aik = crate::pki::Key::generate(crate::pki::KeyKind::Rsa2048).unwrap();
    let pair = KeyPair::try_from(aik.expose_pkcs8()).unwrap();
    let made = Made::new(-7);
    let area = public_area(&made);
    let made_of = |extra_data: &[u8], message: &[u8], der: Vec<u8>| {
        let info = cert_info(extra_data, &name(&area));
        let hash = sha1(if message.is_empty() { &info } else { message });
        // DigestInfo of SHA-1 (RFC 8017 9.2).
        let head = [
            0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
        ];
        let signature = aik.sign_unhashed(&[head.as_slice(), &hash].concat()).unwrap();
        made.json(
            "tpm",
            vec![
                ("alg", cbor::int(-65_535)),
                ("sig", Cbor::Bytes(signature)),
                ("ver", Cbor::Text("2.0".into())),
                ("x5c", Cbor::Array(vec![Cbor::Bytes(der)])),
                ("pubArea", Cbor::Bytes(area.clone())),
                ("certInfo", Cbor::Bytes(info)),
            ],
        )
    };
    let right = sha1(&made.signed());
    assert!(verify(&made_of(&right, b"", certificate(&pair, |_| ()))).is_ok());
    for body in [
        made_of(&right, b"else", certificate(&pair, |_| ())),
        made_of(&sha256(&made.signed()), b"", certificate(&pair, |_| ())),
        made_of(&right, b"", certificate(&KeyPair::generate().unwrap(), |_| ())),
    ] {
        refused(&body, "attestation_signature");
    }
}
