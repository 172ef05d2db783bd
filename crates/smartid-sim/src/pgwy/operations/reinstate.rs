//! `POST /certificates/reinstate`: takes certificates off hold (protocol notes: cm 5.3; the operation is documented, its fields inferred).

use super::revoke::{certids, failures, known, outcome, passed, said};
use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::Refusal;
use crate::pgwy::fields::Fields;
use crate::pgwy::listing::HOLD;
use crate::pgwy::store::Store;
use crate::sync::lock;

impl Cm {
    pub(in crate::pgwy) async fn reinstate(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let fields = Fields::of_body(config, request).await?;
        fields.only(&config.decode, &known(config, &[]))?;
        let certids = certids(config, &fields)?;
        let officer = self.authorize(config, CmOperation::Reinstate, caller, &fields, &said(&certids))?;
        let mut store = lock(&self.store);
        let failed = failures(config, &store, &certids, |store, certid| {
            let withdrawn = store.get(certid).map(|entry| entry.withdrawn);
            match withdrawn {
                None => Some("There is no such certificate"),
                Some(Some(withdrawn)) if withdrawn.reason == HOLD => None,
                Some(_) => Some("The certificate is not on hold"),
            }
        });
        for certid in passed(config, &certids, &failed) {
            self.give_back(&mut store, certid, &officer)?;
        }
        drop(store);
        outcome(config, failed, "reinstated")
    }

    /// Takes one certificate off hold.
    pub(in crate::pgwy) fn give_back(
        &self,
        store: &mut Store,
        certid: &str,
        officer: &str,
    ) -> Result<(), Refusal> {
        let Some(entry) = store.get_mut(certid) else {
            return Ok(());
        };
        if !entry.imported {
            self.ca()?.reinstate(&entry.facts.serial)?;
        }
        entry.withdrawn = None;
        store.note("reinstate", certid, officer);
        Ok(())
    }
}
