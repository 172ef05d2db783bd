//! Removing certificates from the database, and with them what the audit log has on them (protocol notes: cm 5.6: fields T, the path
//! inferred).

use super::revoke::{certids, failures, known, outcome, passed, said};
use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::Refusal;
use crate::pgwy::fields::Fields;
use crate::pgwy::values::boolean;
use crate::sync::lock;

const CLEAN: &str = "cleanAuditLog";

impl Cm {
    pub(in crate::pgwy) async fn remove(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let fields = Fields::of_body(config, request).await?;
        fields.only(&config.decode, &known(config, &[CLEAN]))?;
        let certids = certids(config, &fields)?;
        let clean = match fields.text(CLEAN)? {
            Some(text) => boolean(CLEAN, text)?,
            None => true,
        };
        let mut said = said(&certids);
        said.push((CLEAN.to_owned(), clean.to_string().into_bytes()));
        let officer = self.authorize(config, CmOperation::Remove, caller, &fields, &said)?;
        let mut store = lock(&self.store);
        let failed = failures(config, &store, &certids, |store, certid| {
            store
                .get(certid)
                .is_none()
                .then_some("There is no such certificate")
        });
        let passed = passed(config, &certids, &failed);
        store.remove(&passed.iter().copied().collect(), clean);
        for certid in passed {
            store.note("remove", certid, &officer);
        }
        drop(store);
        outcome(config, failed, "removed")
    }
}
