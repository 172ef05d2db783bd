//! What verifying a message costs over the primitive itself, in instructions.
//!
//! The primitive is aws-lc-rs with a parsed key over the very bytes that were signed. Ours is everything: reading the message from its
//! text or its bytes, finding the signer, the chain (validated once, then remembered), the policy, the proof. Each variant runs under
//! valgrind's callgrind with 20 and with 120 verifications, and the difference divided by 100 is what one costs.
//!
//! Run it with `cargo bench -p smartid-trust --bench verification`. It ends with status 1 when a budget is exceeded, and with 2 when it
//! could not measure, for example because valgrind is not installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench is a test"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

use aws_lc_rs::signature::{self as aws, ParsedPublicKey};
use bytes::Bytes;
use smartid_core::Timestamp;
use smartid_core::base64::{Flavour, decode};
use smartid_trust::cms::{CmsPolicy, SignOptions, SignedData};
use smartid_trust::jws::{Jws, JwsOptions, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::{Certificate, KeyType, MemorySigner, OfficerSigner as _};

/// Verification may cost so much more than the primitive.
const PERCENT: f64 = 15.0;
const FEW: u64 = 20;
const MANY: u64 = 120;
const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A message of a kilobyte, signed, with the signer's certificate and its issuer in it.
struct Case {
    signer: MemorySigner,
    content: Vec<u8>,
    chains: Arc<ChainPolicy>,
}

impl Case {
    fn new(key: &str) -> Self {
        let text = |name: String| String::from_utf8(fixture(&name)).unwrap();
        let pem = text(format!("keys/officer-{key}.pem"));
        let mut chain = vec![Certificate::from_der(fixture(&format!("certs/signer-{key}.der"))).unwrap()];
        chain.push(Certificate::from_der(fixture("certs/issuer.der")).unwrap());
        let root = Certificate::from_der(fixture("certs/root.der")).unwrap();
        let key = smartid_trust::SigningKey::from_pem(&pem, None).unwrap();
        let verifier = WebpkiVerifier::builder().root(root).build().unwrap();
        Self {
            signer: MemorySigner::new(key, chain).unwrap(),
            content: br#"{"text":"to be signed"}"#.iter().copied().cycle().take(1024).collect(),
            chains: Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing())),
        }
    }

    fn parsed(&self, jose: bool) -> ParsedPublicKey {
        let spki = self.signer.key().public_key();
        let algorithm: &'static dyn aws::VerificationAlgorithm = match (spki.key_type(), jose) {
            (KeyType::Rsa { .. }, _) => &aws::RSA_PKCS1_2048_8192_SHA256,
            (_, true) => &aws::ECDSA_P256_SHA256_FIXED,
            (_, false) => &aws::ECDSA_P256_SHA256_ASN1,
        };
        ParsedPublicKey::new(algorithm, spki.spki_der()).unwrap()
    }

    fn jws(&self) -> String {
        smartid_trust::jws::sign(
            &self.signer,
            &self.content,
            &JwsOptions::new().with_certificates(true),
        )
        .unwrap()
    }

    fn cms(&self) -> Bytes {
        smartid_trust::cms::sign(&self.signer, &self.content, &SignOptions::new().with_chain())
            .unwrap()
            .into()
    }
}

/// The name by which callgrind knows when to count.
const COUNTED: &str = "counted_verifications";

#[inline(never)]
fn counted_verifications(count: u64, verify: &dyn Fn()) {
    for _ in 0..count {
        verify();
    }
}

fn run(variant: &str, key: &str, count: u64) {
    let case = Case::new(key);
    let measured = |verify: &dyn Fn()| {
        for _ in 0..5 {
            verify();
        }
        counted_verifications(count, verify);
    };
    match variant {
        "jws primitive" => {
            let text = case.jws();
            let (input, signature) = text.rsplit_once('.').unwrap();
            let (key, signature) = (case.parsed(true), decode(Flavour::Url, signature).unwrap());
            measured(&|| key.verify_sig(black_box(input.as_bytes()), &signature).unwrap());
        }
        "jws" => {
            let text = case.jws();
            let policy = JwsPolicy::certificates(Arc::clone(&case.chains));
            measured(&|| {
                let verified = Jws::parse(black_box(&text)).unwrap().verify(&policy, AT).unwrap();
                assert_eq!(verified.fact().payload.len(), case.content.len());
            });
        }
        "cms primitive" => {
            // The content is hashed, then the signed attributes; 107 bytes is what they have here.
            let attributes = vec![7; 107];
            let key = case.parsed(false);
            let algorithm = case.signer.algorithms()[0];
            let signature = case.signer.key().sign(algorithm, &attributes).unwrap();
            measured(&|| {
                black_box(aws_lc_rs::digest::digest(
                    &aws_lc_rs::digest::SHA256,
                    black_box(&case.content),
                ));
                key.verify_sig(black_box(&attributes), &signature).unwrap();
            });
        }
        _ => {
            let message = case.cms();
            let policy = CmsPolicy::certificates(Arc::clone(&case.chains));
            measured(&|| {
                let verified = SignedData::parse(black_box(message.clone()))
                    .unwrap()
                    .verify(&policy, AT)
                    .unwrap();
                assert_eq!(verified.fact().content.len(), case.content.len());
            });
        }
    }
}

fn instructions(variant: &str, key: &str, count: u64) -> Result<u64, String> {
    smartid_callgrind::instructions(COUNTED, &["run", variant, key, &count.to_string()], &[])
}

fn each(variant: &str, key: &str) -> Result<f64, String> {
    let (few, many) = (
        instructions(variant, key, FEW)?,
        instructions(variant, key, MANY)?,
    );
    Ok((many - few) as f64 / (MANY - FEW) as f64)
}

fn compare() -> Result<bool, String> {
    let mut within = true;
    println!(
        "one verification, 1 KiB of content, 2 certificates in the message, chain remembered; instructions"
    );
    println!(
        "{:<20}{:>12}{:>12}{:>10}{:>10}",
        "", "primitive", "ours", "more", "budget"
    );
    for (message, key, name) in [
        ("jws", "rsa", "JWS RS256"),
        ("jws", "p256", "JWS ES256"),
        ("cms", "rsa", "CMS RSA SHA-256"),
        ("cms", "p256", "CMS ECDSA P-256"),
    ] {
        let (primitive, ours) = (each(&format!("{message} primitive"), key)?, each(message, key)?);
        let percent = (ours - primitive) * 100.0 / primitive;
        within &= percent <= PERCENT;
        println!(
            "{name:<20}{primitive:>12.0}{ours:>12.0}{:>10}{:>10}",
            format!("{percent:+.1} %"),
            format!("+{PERCENT} %")
        );
    }
    println!("{}", if within { "within budget" } else { "OVER BUDGET" });
    Ok(within)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["run", variant, key, count] => {
            run(variant, key, count.parse().unwrap());
            ExitCode::SUCCESS
        }
        arguments if arguments.contains(&"--bench") => smartid_callgrind::verdict(compare()),
        _ => {
            eprintln!("nothing is measured unless this is run by cargo bench");
            ExitCode::SUCCESS
        }
    }
}
