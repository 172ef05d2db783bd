//! Checks a request that came back.

use smartid_core::Timestamp;

use super::compare::{key_material, same_in_any_order, same_subject};
use super::parse::Wanted;
use super::{CertificationRequest, RequestPolicy, legacy};
use crate::certificate::oids;
use crate::{Check, Oid, Proof, PublicKey, Reason, Refusal, SignatureAlgorithm, Verified, Verify};

impl Verify for CertificationRequest {
    type Policy = RequestPolicy;
    type Fact = Self;

    /// A request has no times, so `at` only stands in the proof. [`Proof::key`] is the key of the request itself: that it belongs to
    /// anybody is not shown, so [`Check::KeyNamedByVerifier`] and [`Check::Chain`] are always among what was not checked.
    fn check(&self, policy: &RequestPolicy, at: Timestamp) -> Result<Verified<Self>, Refusal> {
        match self.version() {
            0 => {}
            2 if policy.version_2 => {}
            other => {
                return Err(Refusal::new(Reason::RequestVersion, format!("version {other}")));
            }
        }
        let key = self.public_key()?;
        let algorithm = self.signature_algorithm()?;
        if algorithm == SignatureAlgorithm::LegacyRsaPkcs1Sha1 {
            if !policy.sha1 {
                return Err(Reason::RequestSha1.into());
            }
            legacy::verify(&key, &self.0.to_be_signed, &self.0.signature)?;
        } else {
            policy.algorithms.check(algorithm)?;
            key.verify(algorithm, &self.0.to_be_signed, &self.0.signature)?;
        }
        let mut proof = Proof::new(key.clone(), algorithm, at);
        proof.not_checked = vec![Check::KeyNamedByVerifier, Check::Chain];
        match policy.template.as_ref().map(|template| template.reading()) {
            Some(Ok(template)) => {
                compare(&self.0.names, template, policy)?;
                not_thrown_away(&key, template)?;
                proof.checked.push(Check::Template);
            }
            Some(Err(refusal)) if !policy.unreadable_template => {
                let detail = refusal.detail().to_owned();
                return Err(Refusal::new(Reason::RequestTemplateUnreadable, detail));
            }
            Some(Err(_)) | None => proof.not_checked.push(Check::Template),
        }
        if !policy.key.accepts(key.key_type()) {
            return Err(Refusal::new(Reason::RequestKey, format!("{:?}", key.key_type())));
        }
        if policy.keys_in_use.iter().any(|used| used.is_same_key(&key)) {
            return Err(Reason::RequestKeyReused.into());
        }
        Ok(Verified::new(self.clone(), proof))
    }
}

/// Names, extensions and attributes against those of the template.
fn compare(request: &Wanted, template: &Wanted, policy: &RequestPolicy) -> Result<(), Refusal> {
    if !same_subject(&request.subject, &template.subject) {
        return Err(Reason::RequestSubject.into());
    }
    let left_out = request.extensions.get(&oids::SUBJECT_ALT_NAME).is_none() && policy.left_out_extensions;
    if !left_out && !same_in_any_order(&request.alt_names, &template.alt_names, |one, other| one == other) {
        return Err(Reason::RequestAltNames.into());
    }
    // The names were compared above, and the key id must be another: that of the device's key.
    let free = |oid: &Oid| {
        [oids::SUBJECT_ALT_NAME, oids::SUBJECT_KEY_ID].contains(oid)
            || policy.allowed_extensions.contains(oid)
    };
    for extension in request.extensions.all() {
        if !free(&extension.oid) && template.extensions.get(&extension.oid) != Some(extension) {
            return Err(Refusal::new(
                Reason::RequestExtension,
                format!("extension {}", extension.oid),
            ));
        }
    }
    for extension in template.extensions.all() {
        let gone = request.extensions.get(&extension.oid).is_none();
        if gone && !policy.left_out_extensions && !free(&extension.oid) {
            return Err(Refusal::new(
                Reason::RequestExtension,
                format!("extension {} is left out", extension.oid),
            ));
        }
    }
    for attribute in &request.attributes {
        let allowed = policy.allowed_attributes.contains(&attribute.oid);
        if !allowed && !template.attributes.contains(attribute) {
            return Err(Refusal::new(
                Reason::RequestAttribute,
                format!("attribute {}", attribute.oid),
            ));
        }
    }
    Ok(())
}

fn not_thrown_away(key: &PublicKey, template: &Wanted) -> Result<(), Refusal> {
    // A throw-away key that is too small to be used is compared as it stands.
    let thrown_away = match PublicKey::from_spki_der(&template.spki) {
        Ok(thrown_away) => thrown_away.is_same_key(key),
        Err(_) => key_material(&template.spki) == key_material(key.spki_der()),
    };
    if thrown_away {
        return Err(Reason::RequestThrowAwayKey.into());
    }
    Ok(())
}
