//! The certificates among which a signer's is looked for.

use super::message::SignedData;
use super::policy::{CmsPolicy, Trust};
use crate::Certificate;

/// Certificates of the message and those that the verifier supplied, each once. None of them is trusted for being here.
pub(super) struct Pool {
    pub(super) certificates: Vec<Certificate>,
    /// How many of the message's cannot be read.
    pub(super) unreadable: usize,
}

impl Pool {
    /// Reads the message's certificates, except where the policy knows them already or does not want any.
    pub(super) fn new(message: &SignedData, policy: &CmsPolicy) -> Self {
        let mut pool = Self {
            certificates: Vec::new(),
            unreadable: 0,
        };
        match &policy.trust {
            Trust::Keys(_) => {}
            Trust::Certificates(named) => named.iter().cloned().for_each(|one| pool.add(one)),
            Trust::Chains(chains) => {
                pool.certificates.reserve(message.certificates.len());
                for der in &message.certificates {
                    if pool.has(der) {
                        continue;
                    }
                    let known = policy.supplied.iter().find(|supplied| supplied.der() == der);
                    let certificate = match known.cloned().or_else(|| chains.known(der)) {
                        Some(known) => Ok(known),
                        None => Certificate::from_der(der.clone()),
                    };
                    match certificate {
                        Ok(certificate) => pool.certificates.push(certificate),
                        Err(_) => pool.unreadable += 1,
                    }
                }
                policy.supplied.iter().cloned().for_each(|one| pool.add(one));
            }
        }
        pool
    }

    fn has(&self, der: &[u8]) -> bool {
        self.certificates.iter().any(|one| one.der() == der)
    }

    fn add(&mut self, certificate: Certificate) {
        if !self.has(certificate.der()) {
            self.certificates.push(certificate);
        }
    }

    /// Every certificate but `one`.
    pub(super) fn without(&self, one: &Certificate) -> Vec<Certificate> {
        let others = self.certificates.iter().filter(|other| *other != one);
        others.cloned().collect()
    }
}
