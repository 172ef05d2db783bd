//! The signature of a request: what the officer signed, and whether it is what was handed out.

use smartid::trust::cms::{CmsPolicy, SignedData};

use super::look::look;
use crate::inspect::{Context, Finding, evidence};

/// Reads a request's signature. Certificate Manager takes SignedData with the content inside and the signer's certificate (observed in
/// four public clients).
pub(in crate::inspect) fn signature(finding: &mut Finding, der: &[u8], context: &Context) {
    finding.fact("signature", format!("{} bytes", der.len()));
    let message = match SignedData::parse(der.to_vec()) {
        Ok(message) => message,
        Err(refusal) => {
            finding.problem(format!("its signature is no CMS message: {refusal}"));
            return;
        }
    };
    let read = message.danger_unverified();
    if read.signers().len() != 1 {
        finding.problem(format!("it has {} signers instead of one", read.signers().len()));
    }
    let own = |signer: &smartid::trust::cms::SignerIdentifier| {
        let certificates = read.certificates();
        certificates
            .into_iter()
            .find(|certificate| signer.matches(certificate))
    };
    let signers: Vec<_> = read.signers().filter_map(own).collect();
    for officer in &signers {
        finding.fact("signing officer", officer.subject().to_string());
        if !(officer.not_before()..=officer.not_after()).contains(&context.at) {
            finding.problem(format!(
                "the officer's certificate is valid from {} to {} only",
                officer.not_before(),
                officer.not_after()
            ));
        }
    }
    if signers.is_empty() {
        finding
            .problem("the signer's certificate is not in it, and Certificate Manager cannot know who signed");
    }
    match read.embedded_content() {
        None => finding.problem("its content is detached; Certificate Manager wants it embedded"),
        Some(content) => {
            look(finding, content, context);
            match &context.data_to_sign {
                None => finding.remark("whether that is what was handed out: give the answer of the first step with --data-to-sign"),
                Some(data) if data.as_slice() == content.as_ref() => {
                    finding.fact("against the first step", "the same bytes");
                }
                Some(data) => finding.problem(format!(
                    "its content is not what was handed out: {}",
                    difference(data, content)
                )),
            }
        }
    }
    if read.embedded_content().is_none() || signers.is_empty() {
        return;
    }
    let policy = match evidence::chains(context) {
        Some(Ok(chains)) => CmsPolicy::certificates(chains).with_certificates(context.intermediates.clone()),
        Some(Err(refusal)) => return evidence::refused(finding, &refusal),
        None => {
            finding.remark(
                "whether the signer is an officer nobody has checked: --root checks at least the chain",
            );
            CmsPolicy::keys(
                signers
                    .iter()
                    .filter_map(|officer| officer.public_key().ok())
                    .collect(),
            )
        }
    };
    let before = finding.verdict;
    match message.verify(&policy, context.at) {
        Ok(verified) => {
            let proof = verified.proof();
            finding.fact(
                "signed with",
                format!(
                    "{:?}, key {}",
                    proof.algorithm,
                    evidence::key_words(proof.key.key_type())
                ),
            );
            finding.verdict = before.or(Some(true));
        }
        Err(refusal) => evidence::refused(finding, &refusal),
    }
}

/// Where two texts of bytes part, in words.
fn difference(wanted: &[u8], found: &[u8]) -> String {
    let same = wanted
        .iter()
        .zip(found)
        .take_while(|(wanted, found)| wanted == found)
        .count();
    match (wanted.len(), found.len()) {
        (wanted, found) if wanted == found => format!("byte {same} differs"),
        (wanted, found) => format!("{found} bytes instead of {wanted}, and they differ from byte {same} on"),
    }
}
