//! The signature that a sign or an authenticate command brings: read, not believed, and then verified against exactly what was sent.
//!
//! Vendor pages: Example: Personal Desktop Client signing (`pkcs7`, documented example), API parameters specific to Smart ID Desktop App
//! (that there are JWS, XML and raw RSA signatures, documented), Smart ID Messaging API overview (that a response comes by callback,
//! documented). Everything about the answer's form is inferred or unknown and a setting, `answers.signature.*`. Messaging is said to have
//! validated what the device answered; what it checks is unknown, so [`SignatureAnswer::verify`] checks everything itself.

mod compare;
mod expectation;
mod item;
mod policy;
mod read;
mod refusal;
mod signer;
mod statement;
mod verify;

#[cfg(test)]
mod tests;

use smartid_core::Lint;
use smartid_trust::Certificate;

use crate::dialect::{HermodDialect, SignatureAnswerDialect};
use crate::outcome::Outcome;
use crate::report::CommandReport;
use crate::signature_kind::SignatureFormat;

pub use expectation::SignatureExpectation;
pub use item::{OtherSignature, SignatureData, SignatureItem};
pub use policy::{SignaturePolicy, Signers};
pub use refusal::SignatureRefusal;
pub use statement::{Binding, SignedStatement, VerifiedSignature, VerifiedSigner};

/// What a sign or an authenticate command brought. Nobody has checked it yet: [`verify`](Self::verify) does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignatureAnswer {
    /// The format that the answer names; `None` when it names none, and then the one that was asked for was assumed.
    pub format: Option<SignatureFormat>,
    /// What was let pass.
    pub lints: Vec<Lint>,
    items: Vec<SignatureItem>,
    /// Whether the signatures came as a list, one for each entry.
    list: bool,
    /// Those that stand beside the signatures.
    certificates: Vec<Certificate>,
    settings: SignatureAnswerDialect,
}

impl SignatureAnswer {
    /// The signatures: one, or one for each entry in the order of `tbs`. Never none.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureItem] {
        &self.items
    }

    /// Whether [`verify`](Self::verify) knows the form: XML signatures and unknown formats are handed on as they came.
    #[must_use]
    pub fn can_be_verified(&self) -> bool {
        !self
            .items
            .iter()
            .any(|item| matches!(item.data, SignatureData::Other(_)))
    }
}

impl CommandReport {
    /// What a sign command came to. `asked` is what was kept of it ([`Sign::expectation`](crate::commands::Sign::expectation)): it tells
    /// the format where the answer does not.
    ///
    /// ```
    /// # let root = include_str!("../../../../smartid-trust/doc/root.pem");
    /// # let message = include_str!("../../../../smartid-trust/doc/signed-message.pem").replace('\n', "\\n");
    /// # let officer = include_str!("../../../../smartid-trust/doc/officer-one.pem");
    /// # let header = smartid_hermod::CommandHeader::new(std::time::Duration::from_secs(30), std::time::Duration::from_secs(30))?;
    /// # let now = smartid_core::Timestamp::from_millis(1_800_000_000_000);
    /// use std::sync::Arc;
    ///
    /// use smartid_hermod::answers::{SignaturePolicy, Signers};
    /// use smartid_hermod::commands::Sign;
    /// use smartid_hermod::{CommandReport, Entry, HermodDialect, Outcome};
    /// use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
    /// use smartid_trust::{AttributeComparison, Certificate, CertificateAttribute, Check};
    ///
    /// // Made once and kept: whose signatures count.
    /// let verifier = WebpkiVerifier::builder().root(Certificate::from_pem(root)?).build()?;
    /// let chains = Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing()));
    /// let signers = Signers::certificates(chains);
    /// # let signers = signers.with_certificates(vec![Certificate::from_pem(officer)?]);
    ///
    /// // Kept of the command.
    /// let asked = Sign::new(header, Entry::text("tbs", "approve request 7")).expectation();
    ///
    /// let dialect = HermodDialect::default();
    /// let body = format!(r#"{{"commandId":"688","state":"SUCCESS","response":{{"format":"pkcs7","data":"{message}"}}}}"#);
    /// let report = CommandReport::read(body.into(), &dialect)?;
    /// let Outcome::Succeeded(answer) = report.sign(&dialect, &asked) else { panic!() };
    ///
    /// let policy = SignaturePolicy::new(asked, &signers)
    ///     .expecting_signer(CertificateAttribute::SUBJECT_ALT_NAME_EMAIL, "officer@example.com", AttributeComparison::Exact);
    /// let signed = answer.verify(&policy, now)?;
    /// assert_eq!(signed.fact().entries().next().unwrap().signed_bytes().unwrap(), "approve request 7");
    /// assert_eq!(signed.proof().signer().unwrap().subject().to_string(), "CN=Officer One,O=Example");
    /// assert!(signed.proof().was_checked(Check::ExpectedContent));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sign(&self, dialect: &HermodDialect, asked: &SignatureExpectation) -> Outcome<SignatureAnswer> {
        self.outcome(dialect, |report| {
            read::answer(report, &dialect.answers.signature, asked)
        })
    }

    /// What an authenticate command came to; see [`sign`](Self::sign). An answer without a signature, whoever it names, is
    /// [`Outcome::Unreadable`]: nobody but messaging says then who it was.
    #[must_use]
    pub fn authenticate(
        &self,
        dialect: &HermodDialect,
        asked: &SignatureExpectation,
    ) -> Outcome<SignatureAnswer> {
        self.sign(dialect, asked)
    }
}
