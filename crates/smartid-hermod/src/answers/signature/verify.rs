//! Verifies an answer: each signature over what it must cover, then what ties signers and content to the command.

use std::convert::Infallible;

use bytes::Bytes;
use smartid_core::Timestamp;
use smartid_trust::cms::{SignedContent, SignerReport};
use smartid_trust::{Certificate, Proof, Reason, Refusal, Verified};

use super::compare::{self, Entries};
use super::item::Form;
use super::signer::{self, Bindings};
use super::{
    Binding, SignatureAnswer, SignatureData, SignatureExpectation, SignatureItem, SignaturePolicy,
    SignatureRefusal, SignedStatement, VerifiedSignature, VerifiedSigner,
};
use crate::dialect::{CoversWithoutTbs, SignatureCovers};
use crate::entry::Entry;
use crate::signature_kind::SignatureFormat;

/// What one signature must be over.
struct Covered {
    entries: Vec<Entry>,
    /// The bytes; where they are not known, the content is looked into.
    bytes: Option<Bytes>,
    inside: Entries,
}

impl SignatureAnswer {
    /// Checks every signature, over exactly what was sent, as of `at`; then format, mechanism, filter, nonce, user and signer, as the
    /// policy says. The proof is that of the first signer of the first signature; [`SignedStatement::signers`] has all of them.
    ///
    /// [`Check::ExpectedContent`](smartid_trust::Check::ExpectedContent) is among what was checked when the signed bytes are those that
    /// were sent. Where the content was looked into instead, or nothing of the command is in it,
    /// [`SignedStatement::bound`] tells what it was compared with.
    ///
    /// # Errors
    /// The [`SignatureRefusal`] of the first check that failed.
    pub fn verify(
        &self,
        policy: &SignaturePolicy,
        at: Timestamp,
    ) -> Result<Verified<SignedStatement>, SignatureRefusal> {
        let result = self.check(policy, at);
        if let Err(refusal) = &result {
            tracing::warn!(target: "smartid::hermod", reason = refusal.code(), "signature refused");
        }
        result
    }

    fn check(
        &self,
        policy: &SignaturePolicy,
        at: Timestamp,
    ) -> Result<Verified<SignedStatement>, SignatureRefusal> {
        let asked = &policy.expectation;
        let mut bindings = Bindings::default();
        self.check_format(policy, &mut bindings)?;
        let covered = self.covered(asked)?;
        if asked.tbs.is_empty() {
            bindings.record(Binding::Tbs, false);
        }
        let mut first = None;
        let mut signatures = Vec::with_capacity(covered.len());
        for (item, covered) in self.items.iter().zip(covered) {
            let (verified, signers) = verify(item, &self.certificates, &covered, policy, at)?;
            let content = verified.fact().clone();
            if covered.bytes.is_none() {
                let places = &self.settings.payload;
                compare::check(&content, asked, covered.inside, places, &mut bindings)?;
            }
            first.get_or_insert(verified);
            signatures.push(VerifiedSignature {
                entries: covered.entries,
                content,
                signers,
            });
        }
        if !asked.tbs.is_empty() {
            bindings.record(Binding::Tbs, true);
        }
        // Of bytes that were compared as a whole, nothing is looked for inside.
        let inside = [
            (Binding::Nonce, asked.nonce.is_some()),
            (Binding::User, asked.user.is_some()),
        ];
        for (binding, _) in inside.into_iter().filter(|(_, sent)| *sent) {
            if ![&bindings.bound, &bindings.not_bound]
                .iter()
                .any(|list| list.contains(&binding))
            {
                bindings.record(binding, false);
            }
        }
        let signers = signatures.iter().flat_map(|signature| &signature.signers);
        signer::check(policy, signers, &mut bindings)?;

        let none = || SignatureRefusal::Signature(Reason::NoSigner.into());
        let statement = SignedStatement {
            signatures,
            bound: bindings.bound,
            not_bound: bindings.not_bound,
        };
        let verified = first.ok_or_else(none)?;
        verified.try_map(|_| Ok(statement))
    }

    /// Every signer of the CMS messages of the answer, one by one in their order, verified or refused. Of other forms there are none.
    /// For telling a person which of several signatures is wrong; [`verify`](Self::verify) demands all of them.
    #[must_use]
    pub fn signer_reports(&self, policy: &SignaturePolicy, at: Timestamp) -> Vec<SignerReport> {
        let covered = self.covered(&policy.expectation).unwrap_or_default();
        let bytes = covered.into_iter().map(|covered| covered.bytes);
        let messages = self.items.iter().zip(bytes.chain(std::iter::repeat(None)));
        messages
            .flat_map(|(item, bytes)| match &item.data {
                SignatureData::Pkcs7(message) => {
                    let mut cms = policy.signers.cms(&self.certificates);
                    let mut message = message.clone();
                    if let Some(bytes) = bytes {
                        cms = cms.expecting_content(bytes.clone());
                        message = supplied(&message, bytes);
                    }
                    message.reports(&cms, at)
                }
                _ => Vec::new(),
            })
            .collect()
    }

    fn check_format(
        &self,
        policy: &SignaturePolicy,
        bindings: &mut Bindings,
    ) -> Result<(), SignatureRefusal> {
        let names = &self.settings.formats;
        for item in &self.items {
            if let SignatureData::Other(other) = &item.data {
                // The name alone, which is a word of the answer.
                let format = other.danger_unverified().format.clone();
                return Err(SignatureRefusal::FormatNotVerified { format });
            }
        }
        let Some(asked) = &policy.expectation.format else {
            return Ok(());
        };
        let wanted = Form::of(asked, names);
        let other = self.items.iter().find(|item| item.data.form() != wanted);
        match other {
            Some(item) if !policy.any_format => Err(SignatureRefusal::FormatDiffers {
                asked: asked.clone(),
                came: self.format.clone().unwrap_or_else(|| item.data.format()),
            }),
            other => {
                bindings.record(Binding::Format, other.is_none());
                Ok(())
            }
        }
    }

    /// What each signature must be over.
    fn covered(&self, asked: &SignatureExpectation) -> Result<Vec<Covered>, SignatureRefusal> {
        let count = asked.tbs.len();
        let bytes = |index: usize| {
            asked
                .content(index)
                .ok_or(SignatureRefusal::EntryUnknown { index })
        };
        if self.list && count > 0 {
            if self.items.len() != count {
                return Err(self.count_differs(asked));
            }
            let pairs = self.items.iter().zip(&asked.tbs).enumerate();
            return pairs
                .map(|(index, (item, entry))| match &item.key {
                    Some(key) if key != entry.key() => Err(SignatureRefusal::EntryDiffers { index }),
                    _ => Ok(Covered {
                        entries: vec![entry.clone()],
                        bytes: Some(bytes(index)?),
                        inside: Entries::None,
                    }),
                })
                .collect();
        }
        if self.items.len() != 1 {
            return Err(self.count_differs(asked));
        }
        let (bytes, inside) = match (count, self.settings.covers, self.settings.covers_without_tbs) {
            (0, _, CoversWithoutTbs::Unbound) => (None, Entries::None),
            (0, _, CoversWithoutTbs::Entries) => (None, Entries::Description),
            (_, SignatureCovers::Entries, _) => (None, Entries::Tbs),
            (1, _, _) => (Some(bytes(0)?), Entries::None),
            (_, SignatureCovers::Only, _) => {
                return Err(SignatureRefusal::CoverageUnknown { entries: count });
            }
            (_, SignatureCovers::Concatenated, _) => {
                let parts = (0..count).map(bytes).collect::<Result<Vec<_>, _>>()?;
                (Some(Bytes::from(parts.concat())), Entries::None)
            }
        };
        Ok(vec![Covered {
            entries: asked.tbs.clone(),
            bytes,
            inside,
        }])
    }

    fn count_differs(&self, asked: &SignatureExpectation) -> SignatureRefusal {
        SignatureRefusal::CountDiffers {
            signatures: self.items.len(),
            entries: asked.tbs.len(),
        }
    }
}

impl SignatureData {
    fn form(&self) -> Form {
        match self {
            Self::Pkcs7(_) => Form::Pkcs7,
            Self::Jws(_) => Form::Jws,
            Self::Raw(_) => Form::Raw,
            Self::Other(_) => Form::Other,
        }
    }

    fn format(&self) -> SignatureFormat {
        match self {
            Self::Pkcs7(_) => SignatureFormat::Pkcs7,
            Self::Jws(_) => SignatureFormat::Jws,
            Self::Raw(_) => SignatureFormat::Raw,
            Self::Other(other) => other.danger_unverified().format.clone(),
        }
    }
}

/// A detached message with its content; one that has content of its own is left alone, and what is expected decides.
fn supplied(
    message: &smartid_trust::Unverified<smartid_trust::cms::SignedData>,
    bytes: Bytes,
) -> smartid_trust::Unverified<smartid_trust::cms::SignedData> {
    let message = message.clone();
    if message.danger_unverified().embedded_content().is_none() {
        message.with_content(bytes)
    } else {
        message
    }
}

type Checked = (Verified<Bytes>, Vec<VerifiedSigner>);

fn verify(
    item: &SignatureItem,
    beside: &[Certificate],
    covered: &Covered,
    policy: &SignaturePolicy,
    at: Timestamp,
) -> Result<Checked, SignatureRefusal> {
    match &item.data {
        SignatureData::Pkcs7(message) => {
            let mut cms = policy.signers.cms(beside);
            let mut message = message.clone();
            if let Some(bytes) = &covered.bytes {
                cms = cms.expecting_content(bytes.clone());
                message = supplied(&message, bytes.clone());
            }
            let verified = message.verify(&cms, at)?;
            let signers = cms_signers(verified.fact(), policy)?;
            Ok((content(verified, |fact| fact.content), signers))
        }
        SignatureData::Jws(message) => {
            let mut jws = policy.signers.jws();
            let mut message = message.clone();
            if let Some(bytes) = &covered.bytes {
                jws = jws.expecting_payload(bytes.clone());
                if message.danger_unverified().payload().is_empty() && !bytes.is_empty() {
                    message = message.with_payload(bytes.clone())?;
                }
            }
            let verified = message.verify(&jws, at)?;
            let signer = one_signer(verified.proof(), policy);
            Ok((content(verified, |fact| fact.payload), vec![signer]))
        }
        SignatureData::Raw(signature) => {
            let Some(bytes) = &covered.bytes else {
                return Err(Refusal::from(Reason::ContentMissing).into());
            };
            let asked = policy.expectation.mechanism.as_ref();
            let mechanism = asked
                .ok_or(SignatureRefusal::MechanismMissing)?
                .meaning()
                .map_err(SignatureRefusal::MechanismUnknown)?;
            let verified = signature.verify(&policy.signers.raw(mechanism, bytes.clone()), at)?;
            let signer = one_signer(verified.proof(), policy);
            Ok((content(verified, |fact| fact.content), vec![signer]))
        }
        SignatureData::Other(other) => Err(SignatureRefusal::FormatNotVerified {
            format: other.danger_unverified().format.clone(),
        }),
    }
}

fn content<T>(verified: Verified<T>, read: impl FnOnce(T) -> Bytes) -> Verified<Bytes> {
    match verified.try_map(|fact| Ok::<_, Infallible>(read(fact))) {
        Ok(verified) => verified,
        Err(never) => match never {},
    }
}

fn one_signer(proof: &Proof, policy: &SignaturePolicy) -> VerifiedSigner {
    VerifiedSigner {
        proof: proof.clone(),
        key_id: policy.signers.name_of(&proof.key),
        claimed_signing_time: None,
    }
}

/// All of them: the policy lets a message pass only when every signer verified.
fn cms_signers(
    content: &SignedContent,
    policy: &SignaturePolicy,
) -> Result<Vec<VerifiedSigner>, SignatureRefusal> {
    let signers = content.signers.iter().map(|report| {
        let signer = report.outcome.as_ref().map_err(Refusal::clone)?;
        Ok(VerifiedSigner {
            claimed_signing_time: signer.claimed_signing_time,
            ..one_signer(&signer.proof, policy)
        })
    });
    signers.collect()
}
