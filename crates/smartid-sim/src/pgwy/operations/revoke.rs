//! `POST /certificates/revoke`: revokes certificates, or puts them on hold (protocol notes: cm 5.3). Each certificate succeeds or fails by
//! itself; what failed is in `errors`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::{BAD_VALUE, Refusal, element, success};
use crate::pgwy::fields::Fields;
use crate::pgwy::listing::{HOLD, REASONS};
use crate::pgwy::signing::{SIGNATURE, Said};
use crate::pgwy::store::{Store, Withdrawn};
use crate::pgwy::values::number;
use crate::sync::lock;

/// Certificates that a call names; at least one, each once.
pub(in crate::pgwy) fn certids(config: &CmConfig, fields: &Fields) -> Result<Vec<String>, Refusal> {
    let decode = &config.decode;
    let mut certids = fields.list(decode, &decode.certid_names)?;
    if certids.is_empty() {
        return Err(Refusal::missing("certid"));
    }
    let mut seen = HashSet::new();
    certids.retain(|certid| seen.insert(certid.clone()));
    Ok(certids)
}

/// Names of fields that such a call may have.
pub(in crate::pgwy) fn known<'c>(config: &'c CmConfig, others: &[&'c str]) -> Vec<&'c str> {
    let names = config.decode.certid_names.iter().map(String::as_str);
    names.chain(others.iter().copied()).chain([SIGNATURE]).collect()
}

pub(in crate::pgwy) fn said(certids: &[String]) -> Said {
    let one = |certid: &String| ("certid".to_owned(), certid.clone().into_bytes());
    certids.iter().map(one).collect()
}

/// What is wrong with each certificate of a list.
pub(in crate::pgwy) fn failures(
    config: &CmConfig,
    store: &Store,
    certids: &[String],
    wrong: impl Fn(&Store, &str) -> Option<&'static str>,
) -> Vec<(String, Value)> {
    let failed = |certid: &String| {
        let text = wrong(store, certid)?;
        let place = (config.answers.certid_name.as_str(), json!(certid));
        Some((certid.clone(), element(place, BAD_VALUE, text)))
    };
    certids.iter().filter_map(failed).collect()
}

/// The certificates that nothing is wrong with; none, when one failure is to undo all.
pub(in crate::pgwy) fn passed<'c>(
    config: &CmConfig,
    certids: &'c [String],
    failed: &[(String, Value)],
) -> Vec<&'c str> {
    if !failed.is_empty() && config.revocation.all_or_nothing {
        return Vec::new();
    }
    let failed: HashSet<&str> = failed.iter().map(|(certid, _)| certid.as_str()).collect();
    let all = certids.iter().map(String::as_str);
    all.filter(|certid| !failed.contains(certid)).collect()
}

/// The end of a call on several certificates.
pub(in crate::pgwy) fn outcome(
    config: &CmConfig,
    failed: Vec<(String, Value)>,
    word: &str,
) -> Result<Reply, Refusal> {
    if failed.is_empty() {
        return Ok(success(config, json!({})).with_code(word));
    }
    let errors = failed.into_iter().map(|(_, error)| error).collect();
    Err(Refusal::partial(config.revocation.partial_code, errors))
}

impl Cm {
    pub(in crate::pgwy) async fn revoke(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let fields = Fields::of_body(config, request).await?;
        fields.only(&config.decode, &known(config, &["reason"]))?;
        let certids = certids(config, &fields)?;
        let reason: u8 = match fields.text("reason")? {
            Some(text) => number("reason", text)?,
            None if config.revocation.reason_required => return Err(Refusal::missing("reason")),
            None => 0,
        };
        if !REASONS.iter().any(|(known, _)| *known == reason) {
            return Err(Refusal::value("reason", format!("There is no reason {reason}")));
        }
        let mut said = said(&certids);
        said.push(("reason".to_owned(), reason.to_string().into_bytes()));
        let officer = self.authorize(config, CmOperation::Revoke, caller, &fields, &said)?;
        let mut store = lock(&self.store);
        let failed = failures(config, &store, &certids, |store, certid| {
            let Some(entry) = store.get(certid) else {
                return Some("There is no such certificate");
            };
            let on_hold = entry.withdrawn.is_some_and(|withdrawn| withdrawn.reason == HOLD);
            let again = entry.withdrawn.is_some() && !(on_hold && reason != HOLD);
            (again && config.revocation.again_is_error).then_some("The certificate is revoked already")
        });
        for certid in passed(config, &certids, &failed) {
            self.withdraw(&mut store, certid, reason, &officer)?;
        }
        drop(store);
        outcome(config, failed, "revoked")
    }

    /// Withdraws one certificate; what is withdrawn for good stays as it is.
    pub(in crate::pgwy) fn withdraw(
        &self,
        store: &mut Store,
        certid: &str,
        reason: u8,
        officer: &str,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let Some(entry) = store.get_mut(certid) else {
            return Ok(());
        };
        if entry.withdrawn.is_some_and(|withdrawn| withdrawn.reason != HOLD) {
            return Ok(());
        }
        entry.withdrawn = Some(Withdrawn { reason, at: now });
        if !entry.imported {
            let ca = self.ca()?;
            ca.reserve(&entry.facts.serial);
            ca.revoke_with_reason(&entry.facts.serial, reason, now)?;
        }
        let action = if reason == HOLD { "hold" } else { "revoke" };
        store.note(action, certid, officer);
        Ok(())
    }
}
