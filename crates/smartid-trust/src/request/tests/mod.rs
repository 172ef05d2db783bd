//! Each reason to refuse a request has an input here that is refused for that reason alone.

mod names;
mod structure;

use smartid_core::Timestamp;

use super::parse::{EXTENSION_REQUEST, alt_names_der, extension_der};
use super::*;
use crate::der::{self, Reader, tag};
use crate::{AlgorithmSet, Check, Curve, DigestAlgorithm, KeyType, Verified};

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
    key: crate::SigningKey,
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
            key: ThrowAwayKey::P256.generate().unwrap(),
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
        let spki = self
            .spki
            .clone()
            .unwrap_or_else(|| self.key.public_key().spki_der().to_vec());
        let info = der::sequence(&[
            &self.version,
            &self.subject,
            &spki,
            &der::explicit(0, &attributes),
        ]);
        let algorithm = self
            .algorithm
            .clone()
            .unwrap_or_else(|| self.key.algorithms()[0].identifier());
        let signature = self.key.sign(self.key.algorithms()[0], &info).unwrap();
        der::sequence(&[&info, &algorithm, &der::bit_string(&signature)])
    }

    fn read(&self) -> Unverified<CertificationRequest> {
        CertificationRequest::from_der(self.der()).unwrap()
    }

    fn key(&self) -> PublicKey {
        PublicKey::from_spki_der(self.key.public_key().spki_der()).unwrap()
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

fn oids_san() -> Oid {
    "2.5.29.17".parse().unwrap()
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
    assert_eq!(proof.not_checked, [Check::KeyNamedByVerifier, Check::Chain]);
    assert!(proof.chain.is_empty());
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
        answer.spki = Some(
            ThrowAwayKey::P256
                .generate()
                .unwrap()
                .public_key()
                .spki_der()
                .to_vec(),
        )
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
    let key = ThrowAwayKey::P256.generate().unwrap();
    let thrown = Answer::with(|answer| answer.key = key);
    let template = RequestTemplate::passthrough(thrown.der());
    assert_eq!(
        reason(&thrown, &policy_for(&template)),
        Reason::RequestThrowAwayKey
    );
    let without = RequestPolicy::without_template(KeyRequirement::any());
    assert!(verdict(&thrown, &without).is_ok());
    let spki = thrown.key.public_key().spki_der().to_vec();
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

    let rsa = Answer::with(|answer| answer.key = ThrowAwayKey::Rsa2048.generate().unwrap());
    let template = RequestTemplate::passthrough(rsa.der());
    let policy = RequestPolicy::from_template(&template, KeyRequirement::rsa(2048));
    assert_eq!(reason(&rsa, &policy), Reason::RequestThrowAwayKey);
    // The same modulus under the identifier of RSA-PSS.
    let pss: Oid = "1.2.840.113549.1.1.10".parse().unwrap();
    let spki = rsa.key.public_key().spki_der().to_vec();
    let pss = der::sequence(&[
        &der::sequence(&[&der::oid(&pss)]),
        &der::bit_string(compare::key_bits(&spki).unwrap()),
    ]);
    assert_eq!(compare::key_material(&pss), compare::key_material(&spki));
    assert_ne!(pss, spki);
    let [pss, plain] = [&pss, &spki].map(|spki| PublicKey::from_spki_der(spki).unwrap());
    assert!(pss != plain && pss.is_same_key(&plain) && plain.is_same_key(&pss));
    assert!(!plain.is_same_key(Answer::new().key.public_key()));
    // A template of somebody else's making may write the number with zeros before it.
    let bits = compare::key_bits(&spki).unwrap();
    let mut numbers = Reader::only(bits, tag::SEQUENCE, "").unwrap().reader();
    let modulus = numbers.next().unwrap().contents;
    let longer = der::tlv(tag::INTEGER, &[&[0, 0], modulus].concat());
    let odd = der::sequence(&[&longer, numbers.next().unwrap().whole]);
    let odd = der::sequence(&[&der::sequence(&[]), &der::bit_string(&odd)]);
    assert_eq!(compare::key_material(&odd), compare::key_material(&spki));
}

#[test]
fn without_a_template_nothing_is_said_about_the_names() {
    let policy = RequestPolicy::without_template(KeyRequirement::ec(Curve::P256));
    let proof = verdict(&Answer::new(), &policy).unwrap().into_parts().1;
    assert_eq!(
        (proof.checked, proof.not_checked),
        (
            vec![Check::Signature],
            vec![Check::KeyNamedByVerifier, Check::Chain, Check::Template]
        )
    );
    let rsa = RequestPolicy::without_template(KeyRequirement::rsa(2048));
    assert_eq!(reason(&Answer::new(), &rsa), Reason::RequestKey);
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
    let valid = ThrowAwayKey::P256
        .generate()
        .unwrap()
        .public_key()
        .spki_der()
        .to_vec();
    assert_eq!(
        reason(&key(der::sequence(&[&valid[2..23], &point])), &policy),
        Reason::KeyInvalid
    );
    assert_eq!(Answer::new().key().key_type(), KeyType::Ec(Curve::P256));
}
