//! Answers of a device in every form, read as a caller reads them.

use serde_json::{Value, json};
use smartid_core::base64::{self, Flavour};
use smartid_hermod::answers::{
    SignatureAnswer, SignatureExpectation, SignaturePolicy, SignatureRefusal, SignedStatement, Signers,
};
use smartid_hermod::{CommandReport, Entry, HermodDialect, Outcome};
use smartid_trust::cms::SignOptions;
use smartid_trust::jws::{JwsAlgorithm, JwsOptions};
use smartid_trust::{
    AlgorithmSet, DigestAlgorithm, MemorySigner, OfficerSigner, Reason, SignatureAlgorithm, Verified,
};

use super::signature::{NOW, TRANSFER, signers, transfer};

pub type Checked = Result<Verified<SignedStatement>, SignatureRefusal>;

pub fn base64(octets: &[u8]) -> String {
    base64::encode(Flavour::Standard, octets)
}

/// CMS with the content inside.
pub fn cms(signer: &MemorySigner, content: &[u8]) -> String {
    cms_with(signer, content, &SignOptions::new())
}

pub fn cms_with(signer: &MemorySigner, content: &[u8], options: &SignOptions) -> String {
    base64(&smartid_trust::cms::sign(signer, content, options).unwrap())
}

/// CMS with RSA-PSS, which nobody asked for.
pub fn cms_pss(signer: &MemorySigner, content: &[u8]) -> String {
    cms_with(
        signer,
        content,
        &SignOptions::new().with_algorithms(AlgorithmSet::none().rsa_pss()),
    )
}

/// JWS with the signer's certificates.
pub fn jws(signer: &MemorySigner, payload: &[u8]) -> String {
    smartid_trust::jws::sign(signer, payload, &JwsOptions::new()).unwrap()
}

/// JWS with the name of a key.
pub fn jws_kid(signer: &MemorySigner, kid: &str, payload: &[u8]) -> String {
    smartid_trust::jws::sign(signer, payload, &JwsOptions::new().with_key_id(kid)).unwrap()
}

pub fn jws_detached(signer: &MemorySigner, payload: &[u8]) -> String {
    let options = JwsOptions::new().with_algorithm(JwsAlgorithm::Rs256);
    smartid_trust::jws::sign_detached(signer, payload, &options).unwrap()
}

/// A bare signature, RSA PKCS #1 v1.5 with SHA-256.
pub fn raw(signer: &MemorySigner, content: &[u8]) -> String {
    let algorithm = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    base64(&signer.sign(algorithm, content).unwrap())
}

/// The certificate and the chain of a signer, as they stand beside a bare signature.
pub fn beside(signer: &MemorySigner) -> (Value, Value) {
    let mut chain = signer
        .chain()
        .iter()
        .map(|certificate| json!(base64(certificate.der())));
    (chain.next().unwrap(), chain.collect())
}

/// What was asked: the transfer, in this format.
pub fn asked(format: &str) -> SignatureExpectation {
    let mut asked = SignatureExpectation::of([transfer()]);
    asked.format = Some(format.into());
    asked
}

/// Several texts to sign.
pub fn pages(format: &str, pages: &[&str]) -> SignatureExpectation {
    let entries = pages.iter().enumerate();
    let entries = entries.map(|(index, page)| Entry::text(format!("tbs{index}"), page));
    let mut asked = SignatureExpectation::of(entries);
    asked.format = Some(format.into());
    asked
}

pub fn outcome(response: &Value, settings: &str, asked: &SignatureExpectation) -> Outcome<SignatureAnswer> {
    let dialect: HermodDialect = super::dialect(settings);
    let body = json!({"commandId": "5104", "state": "SUCCESS", "response": response}).to_string();
    let report = CommandReport::read(body.into(), &dialect).unwrap();
    report.sign(&dialect, asked)
}

pub fn read(response: &Value, settings: &str, asked: &SignatureExpectation) -> SignatureAnswer {
    match outcome(response, settings, asked) {
        Outcome::Succeeded(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// An answer of the format that was asked for, verified against what was asked, with the fixtures' CA.
pub fn check(data: impl Into<Value>, asked: SignatureExpectation) -> Checked {
    check_by(data, asked, &signers())
}

pub fn check_by(data: impl Into<Value>, asked: SignatureExpectation, signers: &Signers) -> Checked {
    read(&json!({"data": data.into()}), "", &asked).verify(&SignaturePolicy::new(asked, signers), NOW)
}

/// As [`check`], where the dialect says something.
pub fn check_with(settings: &str, data: impl Into<Value>, asked: SignatureExpectation) -> Checked {
    let answer = read(&json!({"data": data.into()}), settings, &asked);
    answer.verify(&SignaturePolicy::new(asked, &signers()), NOW)
}

/// Why the trust of it was refused.
pub fn reason(checked: Checked) -> Reason {
    let refusal = checked.unwrap_err();
    refusal.refusal().unwrap_or_else(|| panic!("{refusal}")).reason()
}

pub fn code(checked: Checked) -> &'static str {
    checked.unwrap_err().code()
}

/// The three forms of a signature over `content` by Officer One, with what asks for them.
pub fn forms(content: &[u8]) -> [(&'static str, Value); 5] {
    let anna = &super::signature::ANNA;
    let detached = SignOptions::new().detached();
    let (certificate, chain) = beside(anna);
    [
        ("pkcs7", json!({"data": cms(anna, content)})),
        ("pkcs7", json!({"data": cms_with(anna, content, &detached)})),
        ("jws", json!({"data": jws(anna, content)})),
        ("jws", json!({"data": jws_detached(anna, content)})),
        (
            "raw",
            json!({"data": raw(anna, content), "certificate": certificate, "chain": chain}),
        ),
    ]
}

/// What was asked for one of the [`forms`].
pub fn asked_rsa(format: &str) -> SignatureExpectation {
    let mut asked = asked(format);
    asked.mechanism = Some("CKM_SHA256_RSA_PKCS".into());
    asked
}

pub const CONTENT: &[u8] = TRANSFER.as_bytes();
