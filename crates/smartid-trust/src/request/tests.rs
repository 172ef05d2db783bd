//! Each reason to refuse a request has an input here that is refused for that reason alone.

use smartid_core::Timestamp;

use super::parse::{EXTENSION_REQUEST, alt_names_der, extension_der};
use super::throw_away::KeyPair;
use super::*;
use crate::der::{self, tag};
use crate::{AlgorithmSet, AttributeType, Check, Curve, DigestAlgorithm, KeyType, Verified};

const SUBJECT: &str = "CN=Test User,OU=Two,OU=One,O=Example";
const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

fn key_usage() -> Oid {
    "2.5.29.15".parse().unwrap()
}

fn eku() -> Oid {
    "2.5.29.37".parse().unwrap()
}

fn challenge() -> Oid {
    "1.2.840.113549.1.9.7".parse().unwrap()
}

fn names() -> Vec<GeneralName> {
    vec![
        GeneralName::Email("user@example.com".to_owned()),
        GeneralName::from_user_principal_name("user@corp.example"),
    ]
}

const SIGNATURE_ONLY: &[u8] = &[3, 2, 7, 0x80];
const CLIENT_AUTH: &[u8] = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];

fn template() -> RequestTemplate {
    names()
        .into_iter()
        .fold(
            TemplateBuilder::new(name(SUBJECT)),
            TemplateBuilder::with_alt_name,
        )
        .with_extension(key_usage(), true, SIGNATURE_ONLY)
        .build(ThrowAwayKey::P256)
        .unwrap()
}

fn attribute(oid: &Oid, values: &[&[u8]]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &der::set(values)])
}

fn extension_request(oid: &Oid, extensions: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
    attribute(oid, &[&der::sequence(&parts)])
}

/// What a device sends; the default is what it should.
struct Answer {
    version: Vec<u8>,
    subject: Vec<u8>,
    extensions: Vec<Vec<u8>>,
    extension_request: Oid,
    attributes: Vec<Vec<u8>>,
    key: KeyPair,
    spki: Option<Vec<u8>>,
    algorithm: Option<Vec<u8>>,
}

impl Answer {
    fn new() -> Self {
        let (san, value) = alt_names_der(&names());
        Self {
            version: vec![2, 1, 0],
            subject: name(SUBJECT).der().to_vec(),
            extensions: vec![
                extension_der(&san, false, &value),
                extension_der(&key_usage(), true, SIGNATURE_ONLY),
            ],
            extension_request: EXTENSION_REQUEST,
            attributes: Vec::new(),
            key: KeyPair::generate(ThrowAwayKey::P256).unwrap(),
            spki: None,
            algorithm: None,
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut answer = Self::new();
        change(&mut answer);
        answer
    }

    fn alt_names(&mut self, names: &[GeneralName]) {
        let (san, value) = alt_names_der(names);
        self.extensions[0] = extension_der(&san, false, &value);
    }

    fn der(&self) -> Vec<u8> {
        let mut attributes = Vec::new();
        if !self.extensions.is_empty() {
            attributes.extend(extension_request(&self.extension_request, &self.extensions));
        }
        attributes.extend(self.attributes.concat());
        let spki = self.spki.clone().unwrap_or_else(|| self.key.spki().unwrap());
        let info = der::sequence(&[
            &self.version,
            &self.subject,
            &spki,
            &der::explicit(0, &attributes),
        ]);
        let algorithm = self
            .algorithm
            .clone()
            .unwrap_or_else(|| self.key.algorithm().identifier());
        let signature = self.key.sign(&info).unwrap();
        der::sequence(&[&info, &algorithm, &der::bit_string(&signature)])
    }

    fn read(&self) -> Unverified<CertificationRequest> {
        CertificationRequest::from_der(self.der()).unwrap()
    }

    fn key(&self) -> PublicKey {
        PublicKey::from_spki_der(&self.key.spki().unwrap()).unwrap()
    }
}

fn policy_for(template: &RequestTemplate) -> RequestPolicy {
    RequestPolicy::from_template(template, KeyRequirement::ec(Curve::P256))
}

fn verdict(answer: &Answer, policy: &RequestPolicy) -> Result<Verified<CertificationRequest>, Reason> {
    answer
        .read()
        .verify(policy, AT)
        .map_err(|refusal| refusal.reason())
}

fn reason(answer: &Answer, policy: &RequestPolicy) -> Reason {
    verdict(answer, policy).unwrap_err()
}

#[test]
fn what_a_device_should_send_verifies() {
    let template = template();
    let answer = Answer::new();
    let verified = verdict(&answer, &policy_for(&template)).unwrap();
    let (fact, proof) = (verified.fact(), verified.proof());
    assert_eq!(proof.key, answer.key());
    assert_eq!(
        proof.algorithm,
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)
    );
    assert_eq!(proof.at, AT);
    assert_eq!(proof.checked, [Check::Signature, Check::Template]);
    assert!(proof.not_checked.is_empty() && proof.chain.is_empty());
    assert_eq!(fact.version(), 0);
    assert_eq!(fact.subject(), template.subject().unwrap());
    assert_eq!(fact.subject_alt_names(), template.subject_alt_names().unwrap());
    assert_eq!(fact.requested_extensions().len(), 2);
    assert!(fact.attributes().is_empty());
    assert_eq!(fact.public_key().unwrap(), answer.key());
    assert_eq!(
        CertificationRequest::from_der(fact.der().clone())
            .unwrap()
            .danger_unverified(),
        fact
    );
    assert!(!fact.signature().is_empty());
}

#[test]
fn versions() {
    let template = template();
    let at = |version: &[u8]| Answer::with(|answer| answer.version = version.to_vec());
    let (strict, lenient) = (policy_for(&template), policy_for(&template).accept_version_2());
    assert!(verdict(&at(&[2, 1, 0]), &lenient).is_ok());
    assert_eq!(reason(&at(&[2, 1, 2]), &strict), Reason::RequestVersion);
    assert!(verdict(&at(&[2, 1, 2]), &lenient).is_ok());
    for other in [1, 3, 127] {
        assert_eq!(reason(&at(&[2, 1, other]), &lenient), Reason::RequestVersion);
    }
    for bad in [&[2, 1, 0xff][..], &[2, 2, 0, 0], &[2, 0], &[1, 1, 0], &[]] {
        let refusal = CertificationRequest::from_der(at(bad).der()).unwrap_err();
        assert_eq!(refusal.reason(), Reason::Malformed, "{bad:?}");
    }
}

#[test]
fn signatures() {
    let template = template();
    let answer = Answer::new();
    let policy = policy_for(&template);
    let mut der = answer.der();
    let last = der.len() - 1;
    der[last] ^= 1;
    let refusal = CertificationRequest::from_der(der)
        .unwrap()
        .verify(&policy, AT)
        .unwrap_err();
    assert_eq!(refusal.reason(), Reason::BadSignature);
    // Another key than the one that signed: proof of possession fails.
    let other = Answer::with(|answer| {
        answer.spki = Some(KeyPair::generate(ThrowAwayKey::P256).unwrap().spki().unwrap())
    });
    assert_eq!(reason(&other, &policy), Reason::BadSignature);
    let only_rsa = policy.clone().with_algorithms(AlgorithmSet::none().rsa_pkcs1());
    assert_eq!(reason(&answer, &only_rsa), Reason::AlgorithmNotAllowed);
    let claims = |algorithm: SignatureAlgorithm| {
        Answer::with(|answer| answer.algorithm = Some(algorithm.identifier()))
    };
    assert_eq!(
        reason(
            &claims(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)),
            &policy
        ),
        Reason::AlgorithmDoesNotFitKey
    );
    assert_eq!(
        reason(
            &claims(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)),
            &policy
        ),
        Reason::BadSignature
    );
    assert_eq!(
        reason(
            &claims(SignatureAlgorithm::LegacyRsaPkcs1Sha1),
            &policy.clone().accept_sha1_self_signature()
        ),
        Reason::AlgorithmDoesNotFitKey
    );
    let ecdsa_sha1: Oid = "1.2.840.10045.4.1".parse().unwrap();
    let sha1 = Answer::with(|answer| answer.algorithm = Some(der::sequence(&[&der::oid(&ecdsa_sha1)])));
    for policy in [policy.clone(), policy.accept_sha1_self_signature()] {
        assert_eq!(reason(&sha1, &policy), Reason::AlgorithmUnknown);
    }
}

#[test]
fn subjects() {
    let template = template();
    let policy = policy_for(&template);
    let named = |text: &str| Answer::with(|answer| answer.subject = name(text).der().to_vec());
    assert!(verdict(&named(SUBJECT), &policy).is_ok());
    for other in [
        "CN=Test Usér,OU=Two,OU=One,O=Example",
        "CN=test user,OU=Two,OU=One,O=Example",
        "CN=Test User ,OU=Two,OU=One,O=Example\\ ",
        "CN=Test User,OU=One,OU=Two,O=Example",
        "CN=Test User,OU=Two,O=Example",
        "CN=Test User,OU=Two,OU=Two,OU=One,O=Example",
        "CN=Test User+OU=Two,OU=One,O=Example",
        "UID=Test User,OU=Two,OU=One,O=Example",
        "CN=Other,CN=Test User,OU=Two,OU=One,O=Example",
    ] {
        assert_eq!(reason(&named(other), &policy), Reason::RequestSubject, "{other}");
    }
    let empty = Answer::with(|answer| answer.subject = vec![tag::SEQUENCE, 0]);
    assert_eq!(reason(&empty, &policy), Reason::RequestSubject);
}

#[test]
fn a_subject_in_other_string_types_is_the_same() {
    let attribute = |kind: &AttributeType, tag: u8, octets: &[u8]| {
        der::sequence(&[&der::oid(&kind.oid()), &der::tlv(tag, octets)])
    };
    let one = |tag: u8, octets: &[u8]| {
        let der = der::sequence(&[&der::set(&[&attribute(&AttributeType::CommonName, tag, octets)])]);
        DistinguishedName::from_der(der).unwrap()
    };
    let utf8 = one(tag::UTF8_STRING, "Ek".as_bytes());
    for (tag, octets) in [
        (tag::PRINTABLE_STRING, &b"Ek"[..]),
        (tag::IA5_STRING, b"Ek"),
        (tag::BMP_STRING, &[0, b'E', 0, b'k']),
        (tag::UNIVERSAL_STRING, &[0, 0, 0, b'E', 0, 0, 0, b'k']),
    ] {
        assert!(compare::same_subject(&utf8, &one(tag, octets)), "{tag}");
    }
    for (tag, octets) in [
        (tag::PRINTABLE_STRING, &b"ek"[..]),
        (tag::PRINTABLE_STRING, b"Ek "),
        (tag::UTF8_STRING, b"Ek\0"),
        (tag::TELETEX_STRING, b"Ek"),
        (tag::OCTET_STRING, b"Ek"),
        (tag::BMP_STRING, b"E"),
    ] {
        assert!(!compare::same_subject(&utf8, &one(tag, octets)), "{tag}");
    }
    // Values that are no text are the same only when their bytes are.
    assert!(!compare::same_subject(
        &one(tag::BMP_STRING, b"E"),
        &one(tag::BMP_STRING, b"F")
    ));
    assert!(!compare::same_subject(
        &one(tag::OCTET_STRING, b"E"),
        &one(tag::OCTET_STRING, b"F")
    ));

    // Within one part the order follows the encoding and says nothing.
    let (cn, uid) = (
        attribute(&AttributeType::CommonName, tag::UTF8_STRING, b"Ek"),
        attribute(&AttributeType::UserId, tag::UTF8_STRING, b"e1"),
    );
    let printable = attribute(&AttributeType::CommonName, tag::PRINTABLE_STRING, b"Ek");
    let multi = |parts: &[&[u8]]| DistinguishedName::from_der(der::sequence(&[&der::set(parts)])).unwrap();
    assert!(compare::same_subject(
        &multi(&[&cn, &uid]),
        &multi(&[&uid, &printable])
    ));
    assert!(!compare::same_subject(
        &multi(&[&cn, &uid]),
        &multi(&[&printable, &cn])
    ));
    assert!(!compare::same_subject(&multi(&[&cn, &uid]), &multi(&[&cn])));
}

#[test]
fn alternative_names() {
    let template = template();
    let policy = policy_for(&template);
    let with = |names: Vec<GeneralName>| Answer::with(|answer| answer.alt_names(&names));
    let [email, upn] = [names()[0].clone(), names()[1].clone()];
    assert!(verdict(&with(vec![upn.clone(), email.clone()]), &policy).is_ok());
    for other in [
        vec![email.clone()],
        vec![email.clone(), upn.clone(), upn.clone()],
        vec![
            email.clone(),
            upn.clone(),
            GeneralName::Dns("dc.example.com".to_owned()),
        ],
        vec![
            email.clone(),
            GeneralName::from_user_principal_name("admin@corp.example"),
        ],
        vec![GeneralName::Email("User@example.com".to_owned()), upn.clone()],
        vec![email.clone(), email],
    ] {
        assert_eq!(
            reason(&with(other.clone()), &policy),
            Reason::RequestAltNames,
            "{other:?}"
        );
    }
    let allowed = policy.clone().allow_extension(oids_san());
    assert_eq!(reason(&with(vec![upn]), &allowed), Reason::RequestAltNames);
    let none = Answer::with(|answer| drop(answer.extensions.remove(0)));
    assert_eq!(reason(&none, &policy), Reason::RequestAltNames);
    assert!(verdict(&none, &policy.accept_left_out_extensions()).is_ok());
    // A template without names is answered by one with names.
    let bare = TemplateBuilder::new(name(SUBJECT))
        .build(ThrowAwayKey::P256)
        .unwrap();
    let bare = policy_for(&bare)
        .accept_left_out_extensions()
        .allow_extension(key_usage());
    assert_eq!(reason(&Answer::new(), &bare), Reason::RequestAltNames);
}

fn oids_san() -> Oid {
    "2.5.29.17".parse().unwrap()
}

#[test]
fn extensions() {
    let template = template();
    let policy = policy_for(&template);
    let added = Answer::with(|answer| answer.extensions.push(extension_der(&eku(), false, CLIENT_AUTH)));
    assert_eq!(reason(&added, &policy), Reason::RequestExtension);
    assert!(verdict(&added, &policy.clone().allow_extension(eku())).is_ok());
    let changed =
        Answer::with(|answer| answer.extensions[1] = extension_der(&key_usage(), true, &[3, 2, 2, 4]));
    assert_eq!(reason(&changed, &policy), Reason::RequestExtension);
    let weaker =
        Answer::with(|answer| answer.extensions[1] = extension_der(&key_usage(), false, SIGNATURE_ONLY));
    assert_eq!(reason(&weaker, &policy), Reason::RequestExtension);
    assert_eq!(
        reason(&weaker, &policy.clone().accept_left_out_extensions()),
        Reason::RequestExtension
    );
    let gone = Answer::with(|answer| drop(answer.extensions.pop()));
    assert_eq!(reason(&gone, &policy), Reason::RequestExtension);
    assert!(verdict(&gone, &policy.clone().allow_extension(key_usage())).is_ok());
    assert!(verdict(&gone, &policy.clone().accept_left_out_extensions()).is_ok());
    // A key id goes with the key, so the template's cannot be right.
    let key_id: Oid = "2.5.29.14".parse().unwrap();
    let with_key_id = Answer::with(|answer| {
        answer
            .extensions
            .push(extension_der(&key_id, false, &der::octet_string(&[7; 20])));
    });
    assert!(verdict(&with_key_id, &policy).is_ok());
    assert!(
        verdict(
            &Answer::new(),
            &policy_for(&RequestTemplate::passthrough(with_key_id.der()))
        )
        .is_ok()
    );
    // Microsoft's identifier for the same is no way around.
    let microsoft: Oid = "1.3.6.1.4.1.311.2.1.14".parse().unwrap();
    let same = Answer::with(|answer| answer.extension_request = microsoft.clone());
    assert!(verdict(&same, &policy).is_ok());
    let second = extension_request(&microsoft, &[extension_der(&eku(), false, CLIENT_AUTH)]);
    let two = Answer::with(|answer| answer.attributes.push(second));
    assert_eq!(
        CertificationRequest::from_der(two.der()).unwrap_err().reason(),
        Reason::Malformed
    );
}

#[test]
fn attributes() {
    let template = template();
    let policy = policy_for(&template);
    let added = Answer::with(|answer| {
        answer
            .attributes
            .push(attribute(&challenge(), &[&der::utf8("x")]))
    });
    assert_eq!(reason(&added, &policy), Reason::RequestAttribute);
    let verified = verdict(&added, &policy.allow_attribute(challenge())).unwrap();
    assert_eq!(verified.fact().attributes()[0].values_der, [der::utf8("x")]);
    // The template has it: the same is good, another value is not.
    let own = RequestTemplate::passthrough(added.der());
    let policy = policy_for(&own);
    let with = |text: &str| {
        Answer::with(|answer| {
            answer
                .attributes
                .push(attribute(&challenge(), &[&der::utf8(text)]))
        })
    };
    assert!(verdict(&with("x"), &policy).is_ok());
    assert_eq!(reason(&with("y"), &policy), Reason::RequestAttribute);
    assert!(verdict(&Answer::new(), &policy).is_ok());
}

#[test]
fn keys() {
    let template = template();
    let answer = Answer::new();
    let asked = |key| verdict(&answer, &RequestPolicy::from_template(&template, key));
    assert!(asked(KeyRequirement::any()).is_ok());
    assert!(asked(KeyRequirement::rsa(2048).or(KeyRequirement::ec(Curve::P256))).is_ok());
    assert!(asked(KeyRequirement::rsa(2048).or(KeyRequirement::any())).is_ok());
    for other in [
        KeyRequirement::rsa(2048),
        KeyRequirement::ec(Curve::P384),
        KeyRequirement::ed25519(),
        KeyRequirement::ed25519().or(KeyRequirement::rsa(4096)),
    ] {
        assert_eq!(asked(other.clone()).unwrap_err(), Reason::RequestKey, "{other:?}");
    }
    let in_use = policy_for(&template).with_keys_in_use([template.throw_away_key().unwrap(), answer.key()]);
    assert_eq!(reason(&answer, &in_use), Reason::RequestKeyReused);
    assert!(verdict(&Answer::new(), &in_use).is_ok());
}

#[test]
fn the_throw_away_key_is_recognised_in_every_form() {
    let key = KeyPair::generate(ThrowAwayKey::P256).unwrap();
    let thrown = Answer::with(|answer| answer.key = key);
    let template = RequestTemplate::passthrough(thrown.der());
    assert_eq!(
        reason(&thrown, &policy_for(&template)),
        Reason::RequestThrowAwayKey
    );
    let without = RequestPolicy::without_template(KeyRequirement::any());
    assert!(verdict(&thrown, &without).is_ok());
    let spki = thrown.key.spki().unwrap();
    let bits = compare::key_bits(&spki).unwrap();
    let mut compressed = vec![2 + (bits[64] & 1)];
    compressed.extend(&bits[1..33]);
    let algorithm = &spki[2..23];
    let compressed = der::sequence(&[algorithm, &der::bit_string(&compressed)]);
    let disguised = Answer {
        spki: Some(compressed),
        key: thrown.key,
        ..Answer::new()
    };
    assert_eq!(
        reason(&disguised, &policy_for(&template)),
        Reason::RequestThrowAwayKey
    );

    let rsa = Answer::with(|answer| answer.key = KeyPair::generate(ThrowAwayKey::Rsa2048).unwrap());
    let template = RequestTemplate::passthrough(rsa.der());
    let policy = RequestPolicy::from_template(&template, KeyRequirement::rsa(2048));
    assert_eq!(reason(&rsa, &policy), Reason::RequestThrowAwayKey);
    // The same modulus under the identifier of RSA-PSS.
    let pss: Oid = "1.2.840.113549.1.1.10".parse().unwrap();
    let spki = rsa.key.spki().unwrap();
    let pss = der::sequence(&[
        &der::sequence(&[&der::oid(&pss)]),
        &der::bit_string(compare::key_bits(&spki).unwrap()),
    ]);
    assert_eq!(compare::key_material(&pss), compare::key_material(&spki));
    assert_ne!(pss, spki);
}

#[test]
fn without_a_template_nothing_is_said_about_the_names() {
    let policy = RequestPolicy::without_template(KeyRequirement::ec(Curve::P256));
    let proof = verdict(&Answer::new(), &policy).unwrap().into_parts().1;
    assert_eq!(
        (proof.checked, proof.not_checked),
        (vec![Check::Signature], vec![Check::Template])
    );
    let rsa = RequestPolicy::without_template(KeyRequirement::rsa(2048));
    assert_eq!(reason(&Answer::new(), &rsa), Reason::RequestKey);
}

#[test]
fn an_unreadable_template_is_never_silent() {
    let template = RequestTemplate::passthrough(b"no request".to_vec());
    assert!(template.readable().is_err() && template.subject().is_none());
    assert!(template.subject_alt_names().is_none() && template.throw_away_key().is_none());
    assert_eq!(
        reason(&Answer::new(), &policy_for(&template)),
        Reason::RequestTemplateUnreadable
    );
    let proof = verdict(
        &Answer::new(),
        &policy_for(&template).accept_unreadable_template(),
    )
    .unwrap()
    .into_parts()
    .1;
    assert_eq!(proof.not_checked, [Check::Template]);
}

#[test]
fn a_template_is_read_however_odd_it_is() {
    let odd = Answer::with(|answer| {
        answer.version = vec![2, 1, 0xff];
        answer.algorithm = Some(vec![0x30, 0]);
    });
    let mut der = odd.der();
    let subject = Some(name(SUBJECT));
    let template = RequestTemplate::passthrough(der.clone());
    assert_eq!(template.subject(), subject.as_ref());
    assert!(verdict(&Answer::new(), &policy_for(&template)).is_ok());
    assert_eq!(template.der(), &der);
    // Indefinite length.
    let contents = der::Reader::only(&der, tag::SEQUENCE, "?")
        .unwrap()
        .contents
        .to_vec();
    der = [&[0x30, 0x80][..], &contents, &[0, 0]].concat();
    let template = RequestTemplate::passthrough(der.clone());
    assert_eq!(
        (template.subject(), template.der()),
        (subject.as_ref(), &Bytes::from(der))
    );
    let huge = RequestTemplate::passthrough(vec![0x30; 1 << 21]);
    assert_eq!(huge.readable().unwrap_err().reason(), Reason::TooLarge);
    assert_eq!(huge.der().len(), 1 << 21);
    // A throw-away key that is too small to be used can still be thrown away.
    let small = der::sequence(&[&der::integer(&[0xc1; 128]), &der::integer(&[1, 0, 1])]);
    let rsa = KeyPair::generate(ThrowAwayKey::Rsa2048).unwrap().spki().unwrap();
    let small = der::sequence(&[&rsa[4..19], &der::bit_string(&small)]);
    let template = RequestTemplate::passthrough(Answer::with(|answer| answer.spki = Some(small)).der());
    assert!(template.readable().is_ok() && template.throw_away_key().is_none());
    assert!(verdict(&Answer::new(), &policy_for(&template)).is_ok());
}

#[test]
fn structure_is_read_strictly() {
    let broken = |change: fn(&mut Answer)| {
        CertificationRequest::from_der(Answer::with(change).der()).map_err(|refusal| refusal.reason())
    };
    assert!(broken(|_| {}).is_ok());
    let cases: [fn(&mut Answer); 9] = [
        |answer| answer.attributes.push(attribute(&challenge(), &[])),
        |answer| {
            for text in ["a", "b"] {
                answer
                    .attributes
                    .push(attribute(&challenge(), &[&der::utf8(text)]));
            }
        },
        |answer| {
            answer
                .attributes
                .push(extension_request(&EXTENSION_REQUEST, &answer.extensions))
        },
        |answer| {
            let value = der::sequence(&[&answer.extensions.concat()]);
            answer.extensions.clear();
            answer
                .attributes
                .push(attribute(&EXTENSION_REQUEST, &[&value, &value]));
        },
        |answer| answer.extensions.push(answer.extensions[0].clone()),
        |answer| answer.extensions[0] = extension_der(&oids_san(), false, b"\x30\x02\x81"),
        |answer| answer.attributes.push(vec![5, 0]),
        |answer| answer.subject = vec![tag::SEQUENCE, 2, tag::SET, 0],
        |answer| answer.subject = vec![tag::SET, 0],
    ];
    for (index, case) in cases.into_iter().enumerate() {
        assert_eq!(broken(case).unwrap_err(), Reason::Malformed, "{index}");
    }
    let many: fn(&mut Answer) = |answer| {
        for last in 0..65_u8 {
            let oid: Oid = format!("1.2.3.{last}").parse().unwrap();
            answer.attributes.push(attribute(&oid, &[&der::null()]));
        }
    };
    assert_eq!(broken(many).unwrap_err(), Reason::TooLarge);
    // RFC 2986 wants the attributes there even when there are none; leaving them out is common.
    let bare = Answer::with(|answer| answer.extensions.clear());
    let info = der::sequence(&[&bare.version, &bare.subject, &bare.key.spki().unwrap()]);
    let signature = bare.key.sign(&info).unwrap();
    let der = der::sequence(&[
        &info,
        &bare.key.algorithm().identifier(),
        &der::bit_string(&signature),
    ]);
    let policy = RequestPolicy::without_template(KeyRequirement::any());
    assert!(
        CertificationRequest::from_der(der)
            .unwrap()
            .verify(&policy, AT)
            .is_ok()
    );
}

#[test]
fn keys_that_cannot_be_used_are_refused_when_verified() {
    let key = |spki: Vec<u8>| Answer::with(|answer| answer.spki = Some(spki));
    let policy = RequestPolicy::without_template(KeyRequirement::any());
    let x25519: Oid = "1.3.101.110".parse().unwrap();
    let unsupported = der::sequence(&[&der::sequence(&[&der::oid(&x25519)]), &der::bit_string(&[1; 32])]);
    assert_eq!(reason(&key(unsupported), &policy), Reason::KeyUnsupported);
    assert_eq!(reason(&key(vec![tag::SEQUENCE, 0]), &policy), Reason::Malformed);
    let point = der::bit_string(&[4; 65]);
    let valid = KeyPair::generate(ThrowAwayKey::P256).unwrap().spki().unwrap();
    assert_eq!(
        reason(&key(der::sequence(&[&valid[2..23], &point])), &policy),
        Reason::KeyInvalid
    );
    assert_eq!(Answer::new().key().key_type(), KeyType::Ec(Curve::P256));
}
