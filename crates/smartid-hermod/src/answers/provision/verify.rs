//! Checks a provisioning answer against what the command asked for.

use smartid_core::base64::{Flavour, decode_lenient};
use smartid_core::{Lint, Timestamp};
use smartid_trust::jws::{Jwk, JwsContent};
use smartid_trust::request::{CertificationRequest, KeyRequirement, MAX_REQUEST_LEN};
use smartid_trust::{PublicKey, Reason, Refusal, Unverified, Verified};

use super::claims::{ClaimedKey, ProvisionClaims};
use super::{ProvisionAnswer, ProvisionPolicy, ProvisionRefusal, Provisioned, ProvisionedKey};
use crate::commands::provision::KeyRequest;
use crate::ids::{KeyId, ProfileId};

impl ProvisionAnswer {
    /// Checks everything that the policy demands, as of `at`; see [`ProvisionPolicy`].
    ///
    /// ```
    /// use smartid_core::Timestamp;
    /// use smartid_hermod::answers::{AttestationKeys, ProvisionAnswer, ProvisionPolicy};
    /// use smartid_hermod::HermodDialect;
    /// use smartid_trust::jws::JwkSet;
    ///
    /// let published = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","keystate":"active"}"#;
    /// let keys = AttestationKeys::new(JwkSet::from_json(published)?);
    /// let kept = r#"{"nonce":"83012264","user_id":"userA","profile_id":null,"signature_key":"ATTESTATION","keys":[]}"#;
    /// let policy = ProvisionPolicy::new(serde_json::from_str(kept)?, &keys);
    ///
    /// let answer = ProvisionAnswer::from_jws("eyJhbGciOiJub25lIn0.e30.", &HermodDialect::default())?;
    /// let refusal = answer.verify(&policy, Timestamp::from_millis(1_800_000_000_000)).unwrap_err();
    /// assert_eq!(refusal.code(), "signature-refused");
    /// assert!(refusal.to_string().contains("the message says that it is not signed"), "{refusal}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A whole flow stands on the [front page of the crate](crate).
    ///
    /// # Errors
    /// The [`ProvisionRefusal`] of the first check that failed.
    pub fn verify(
        &self,
        policy: &ProvisionPolicy,
        at: Timestamp,
    ) -> Result<Verified<Provisioned>, ProvisionRefusal> {
        let verified = policy
            .signature()
            .and_then(|signature| {
                self.jws
                    .verify(signature, at)
                    .map_err(ProvisionRefusal::Signature)
            })
            .and_then(|verified| verified.try_map(|content| self.check(&content, policy, at)));
        if let Err(refusal) = &verified {
            tracing::warn!(reason = refusal.code(), "provisioning answer refused");
        }
        verified
    }

    fn check(
        &self,
        content: &JwsContent,
        policy: &ProvisionPolicy,
        at: Timestamp,
    ) -> Result<Provisioned, ProvisionRefusal> {
        // Names that stand twice are refused at every depth, before anything is read.
        let unreadable = |refusal: Refusal| ProvisionRefusal::Unreadable {
            what: refusal.to_string(),
        };
        content.json::<serde::de::IgnoredAny>().map_err(unreadable)?;
        let claims = ProvisionClaims::read(&content.payload, &self.payload)?;
        let mut lints = self.lints.clone();
        let profile_id = check_names(&claims, policy, &mut lints)?;
        let keys = check_keys(&claims.keys, policy, at, &mut lints)?;
        Ok(Provisioned {
            user_id: policy.expectation.user_id.clone(),
            profile_id,
            keys,
            lints,
        })
    }
}

/// Nonce, user and profile.
fn check_names(
    claims: &ProvisionClaims,
    policy: &ProvisionPolicy,
    lints: &mut Vec<Lint>,
) -> Result<ProfileId, ProvisionRefusal> {
    let wanted = &policy.expectation;
    match (&wanted.nonce, &claims.nonce) {
        (Some(_), None) => return Err(ProvisionRefusal::NonceMissing),
        (Some(wanted), Some(found)) if wanted.as_str() != found => {
            return Err(ProvisionRefusal::NonceDiffers);
        }
        (Some(_), Some(_)) => {}
        (None, _) => lints.push(Lint::new(
            "nonce",
            "none was sent, so this may be an older answer",
        )),
    }
    match &claims.user_id {
        None => return Err(ProvisionRefusal::UserMissing),
        Some(found) if found != wanted.user_id.as_str() => return Err(ProvisionRefusal::UserDiffers),
        Some(_) => {}
    }
    match (&wanted.profile_id, &claims.profile_id) {
        (None, None) => Err(ProvisionRefusal::ProfileMissing),
        (None, Some(made)) => Ok(ProfileId::new(made.as_str())),
        (Some(wanted), Some(found)) if wanted.as_str() != found => Err(ProvisionRefusal::ProfileDiffers),
        (Some(wanted), Some(_)) => Ok(wanted.clone()),
        (Some(wanted), None) => {
            lints.push(Lint::new(
                "profileid",
                "the answer names no profile; it is taken for the one that was to be changed",
            ));
            Ok(wanted.clone())
        }
    }
}

/// Exactly the keys that were asked for, and each of them.
fn check_keys(
    claimed: &[ClaimedKey],
    policy: &ProvisionPolicy,
    at: Timestamp,
    lints: &mut Vec<Lint>,
) -> Result<Vec<ProvisionedKey>, ProvisionRefusal> {
    let wanted = &policy.expectation.keys;
    for (index, key) in claimed.iter().enumerate() {
        let id = || KeyId::new(key.key_id.chars().take(100).collect::<String>());
        if !wanted.iter().any(|wanted| wanted.key_id.as_str() == key.key_id) {
            return Err(ProvisionRefusal::KeyUnasked { key: id() });
        }
        if claimed.iter().take(index).any(|other| other.key_id == key.key_id) {
            return Err(ProvisionRefusal::KeyTwice { key: id() });
        }
    }
    let mut made: Vec<ProvisionedKey> = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let claimed = claimed
            .iter()
            .find(|claimed| claimed.key_id == wanted.key_id.as_str())
            .ok_or_else(|| ProvisionRefusal::KeyMissing {
                key: wanted.key_id.clone(),
            })?;
        let key = check_key(wanted, claimed, policy, at, lints)?;
        if let Some(same) = made
            .iter()
            .find(|made| made.public_key.is_same_key(&key.public_key))
        {
            if policy.refuse_shared_keys {
                return Err(ProvisionRefusal::KeyShared {
                    one: same.key_id.clone(),
                    other: key.key_id,
                });
            }
            lints.push(Lint::new(
                format!("keys/{}", key.key_id),
                format!("is the same key as {}", same.key_id),
            ));
        }
        made.push(key);
    }
    Ok(made)
}

/// One key, in either form or in both.
fn check_key(
    wanted: &KeyRequest,
    claimed: &ClaimedKey,
    policy: &ProvisionPolicy,
    at: Timestamp,
    lints: &mut Vec<Lint>,
) -> Result<ProvisionedKey, ProvisionRefusal> {
    let id = &wanted.key_id;
    let lint = |what: &str| Lint::new(format!("keys/{id}"), what);
    let request_refused = |refusal| ProvisionRefusal::Request {
        key: id.clone(),
        refusal,
    };
    let key_refused = |refusal| ProvisionRefusal::Key {
        key: id.clone(),
        refusal,
    };

    let raw = claimed
        .public_key
        .as_ref()
        .map(Jwk::public_key_from_json)
        .transpose();
    let raw = raw.map_err(key_refused)?;
    let request = match &claimed.request {
        None => None,
        Some(text) => {
            let request = read_request(text, || {
                lints.push(lint("the certification request is not plain base64"))
            });
            let verified = request.and_then(|request| request.verify(&policy.request(wanted), at));
            Some(verified.map_err(request_refused)?)
        }
    };
    let requested = match &request {
        Some(verified) => Some(verified.fact().public_key().map_err(request_refused)?),
        None => None,
    };
    let public_key = match (raw, requested) {
        (Some(raw), Some(requested)) if !raw.is_same_key(&requested) => {
            return Err(ProvisionRefusal::KeyContradicts { key: id.clone() });
        }
        (_, Some(requested)) => requested,
        (Some(_), None) if wanted.template.is_some() => {
            return Err(request_refused(Refusal::new(
                Reason::Malformed,
                "a raw key where a template was sent",
            )));
        }
        (Some(raw), None) => raw,
        (None, None) => {
            let refusal = Refusal::new(Reason::Malformed, "neither a certification request nor a JWK");
            return Err(if wanted.template.is_some() {
                request_refused(refusal)
            } else {
                key_refused(refusal)
            });
        }
    };

    let kind = wanted.requirement();
    if kind.is_none() {
        lints.push(lint(
            "the kind of the key was not checked, because the command names one that is not known here",
        ));
    }
    check_public_key(&public_key, &kind.unwrap_or_else(KeyRequirement::any), policy).map_err(|reason| {
        let refusal = Refusal::new(reason, format!("{:?}", public_key.key_type()));
        if request.is_some() {
            request_refused(refusal)
        } else {
            key_refused(refusal)
        }
    })?;
    if request.is_some() && wanted.template.is_none() {
        // The names in it are the device's own, so it is not handed on; that the device holds the key is all it shows.
        lints.push(lint(
            "a certification request came where none was asked for; its key was taken and its names were not",
        ));
    }
    Ok(ProvisionedKey {
        key_id: id.clone(),
        usage: wanted.usage.clone(),
        public_key,
        request: request.filter(|_| wanted.template.is_some()),
    })
}

/// Of the kind that was asked for, not in use, and no throw-away key of any template of the command.
fn check_public_key(key: &PublicKey, kind: &KeyRequirement, policy: &ProvisionPolicy) -> Result<(), Reason> {
    if !kind.accepts(key.key_type()) {
        return Err(Reason::RequestKey);
    }
    let mut templates = policy
        .expectation
        .keys
        .iter()
        .filter_map(|key| key.template.as_ref());
    if templates.any(|template| {
        template
            .throw_away_key()
            .is_some_and(|thrown| thrown.is_same_key(key))
    }) {
        return Err(Reason::RequestThrowAwayKey);
    }
    if policy.keys_in_use.iter().any(|used| used.is_same_key(key)) {
        return Err(Reason::RequestKeyReused);
    }
    Ok(())
}

/// A certification request in base64 of either alphabet, or in PEM; `odd` is called when it is not plain base64.
fn read_request(text: &str, odd: impl FnOnce()) -> Result<Unverified<CertificationRequest>, Refusal> {
    if text.contains("-----BEGIN") {
        odd();
        return CertificationRequest::from_pem(text);
    }
    if text.len() > 2 * MAX_REQUEST_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a certification request"));
    }
    let (der, forgiven) = decode_lenient(Flavour::Standard, text)
        .map_err(|_| Refusal::new(Reason::Malformed, "a certification request that is not base64"))?;
    if !forgiven.is_empty() {
        odd();
    }
    CertificationRequest::from_der(der)
}
