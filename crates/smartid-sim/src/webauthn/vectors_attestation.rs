//! One vector per refusal of an attestation statement: correct but for one thing.

use ciborium::Value as Cbor;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, KeyPair, SigningKey};
use serde_json::{Value, json};

use super::vectors::{AAGUID, Made, RP, refused, verify};
use super::{b64, cbor, cose, sha256};

#[test]
fn packed_self_attestation_is_checked() {
    let made = Made::new(-7);
    let signature = made.key.sign(&made.signed()).unwrap();
    let wrong = made.key.sign(b"something else").unwrap();
    let sig = |bytes: &[u8]| ("sig", Cbor::Bytes(bytes.to_vec()));
    refused(
        &made.json("none", vec![("alg", cbor::int(-7))]),
        "attestation_statement",
    );
    refused(
        &made.json("packed", vec![sig(&signature)]),
        "attestation_statement",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-7))]),
        "attestation_statement",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-7)), sig(&wrong)]),
        "attestation_signature",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-7)), sig(b"")]),
        "attestation_signature",
    );
    refused(
        &made.json("packed", vec![("alg", cbor::int(-35)), sig(&signature)]),
        "attestation_algorithm",
    );
    // The client data is part of what is signed.
    let mut body = made.packed();
    let spaced = [made.client_data(), b" ".to_vec()].concat();
    body["response"]["clientDataJSON"] = json!(b64::encode(&spaced));
    refused(&body, "attestation_signature");
}

/// A certificate for attestation with something changed.
pub(super) fn certificate(change: impl FnOnce(&mut CertificateParams)) -> (Vec<u8>, KeyPair) {
    let mut params = CertificateParams::default();
    for (kind, value) in [
        (DnType::CountryName, "SE"),
        (DnType::OrganizationName, "o"),
        (DnType::OrganizationalUnitName, "Authenticator Attestation"),
        (DnType::CommonName, "c"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.is_ca = IsCa::ExplicitNoCa;
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().der().to_vec(), key)
}

pub(super) fn aaguid_extension(aaguid: [u8; 16], critical: bool) -> CustomExtension {
    let value = [&[4, 16], aaguid.as_slice()].concat();
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], value);
    extension.set_criticality(critical);
    extension
}

pub(super) fn x5c(change: impl FnOnce(&mut CertificateParams)) -> Value {
    let (der, key) = certificate(change);
    let made = Made::new(-8);
    let signature = key.sign(&made.signed()).unwrap();
    made.json(
        "packed",
        vec![
            ("alg", cbor::int(cose::ES256)),
            ("sig", Cbor::Bytes(signature)),
            ("x5c", Cbor::Array(vec![Cbor::Bytes(der)])),
        ],
    )
}

#[test]
fn packed_certificate_attestation_is_checked() {
    assert!(verify(&x5c(|_| ())).is_ok());
    assert!(
        verify(&x5c(
            |params| params.custom_extensions = vec![aaguid_extension(AAGUID, false)]
        ))
        .is_ok()
    );
    let critical =
        |params: &mut CertificateParams| params.custom_extensions = vec![aaguid_extension(AAGUID, true)];
    refused(&x5c(critical), "attestation_certificate");
    let other =
        |params: &mut CertificateParams| params.custom_extensions = vec![aaguid_extension([8; 16], false)];
    refused(&x5c(other), "attestation_aaguid");
    let unit = |params: &mut CertificateParams| {
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, "Something Else");
    };
    refused(&x5c(unit), "attestation_certificate");
    let nameless =
        |params: &mut CertificateParams| assert!(params.distinguished_name.remove(DnType::CommonName));
    refused(&x5c(nameless), "attestation_certificate");
    let ca = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    refused(&x5c(ca), "attestation_certificate");

    let made = Made::new(-8);
    let (der, key) = certificate(|_| ());
    let sig = |message: &[u8]| ("sig", Cbor::Bytes(key.sign(message).unwrap()));
    let chain = |list: Vec<Cbor>| ("x5c", Cbor::Array(list));
    let alg = |number: i64| ("alg", cbor::int(number));
    let leaf = || Cbor::Bytes(der.clone());
    refused(
        &made.json("packed", vec![alg(-7), sig(b"x"), chain(vec![leaf()])]),
        "attestation_signature",
    );
    refused(
        &made.json("packed", vec![alg(-8), sig(&made.signed()), chain(vec![leaf()])]),
        "attestation_algorithm",
    );
    refused(
        &made.json("packed", vec![alg(-7), sig(&made.signed()), chain(vec![])]),
        "attestation_statement",
    );
    let garbage = Cbor::Bytes(vec![0x30, 0x03, 1, 2, 3]);
    refused(
        &made.json("packed", vec![alg(-7), sig(&made.signed()), chain(vec![garbage])]),
        "attestation_certificate",
    );
}

#[test]
fn fido_u2f_is_checked() {
    let (der, key) = certificate(|_| ());
    let leaf = || Cbor::Bytes(der.clone());
    let statement = |made: &Made, message: &[u8], chain: Vec<Cbor>| {
        made.json(
            "fido-u2f",
            vec![
                ("sig", Cbor::Bytes(key.sign(message).unwrap())),
                ("x5c", Cbor::Array(chain)),
            ],
        )
    };
    let message = |made: &Made| {
        let cose::Material::Ec(point) = made.key.public().unwrap().material else {
            panic!("not EC")
        };
        let hash = sha256(&made.client_data());
        [&[0_u8], sha256(RP.as_bytes()).as_slice(), &hash, &made.id, &point].concat()
    };
    let mut made = Made::new(-7);
    made.aaguid = [0; 16];
    let signed = message(&made);
    assert!(verify(&statement(&made, &signed, vec![leaf()])).is_ok());
    refused(&statement(&made, b"else", vec![leaf()]), "attestation_signature");
    refused(
        &statement(&made, &signed, vec![leaf(), leaf()]),
        "attestation_statement",
    );
    refused(
        &made.json("fido-u2f", vec![("sig", Cbor::Bytes(vec![]))]),
        "attestation_statement",
    );
    let mut named = Made::new(-7);
    named.aaguid = AAGUID;
    let signed = message(&named);
    refused(&statement(&named, &signed, vec![leaf()]), "attestation_aaguid");
    let mut other = Made::new(-35);
    other.aaguid = [0; 16];
    refused(&statement(&other, b"x", vec![leaf()]), "attestation_algorithm");
}
