//! Which key signs: the filter rules keys out; among those that are left, one whose usage, algorithm and certificate fit comes first.

use super::command::{Command, Kind};
use super::filter::{self, Facts};
use super::store::{StoredKey, type_of};
use super::{App, Refusal};
use crate::pki::{Certificate, Key, SigAlg, name};
use crate::sync::lock;

/// A key that may sign, with where it is.
#[derive(Clone)]
pub(super) struct Candidate {
    /// Profile, or empty for a card without one.
    pub(super) profile: String,
    /// `smartcardid`, for the PIN.
    pub(super) card: String,
    pub(super) key: StoredKey,
}

impl Facts for Candidate {
    /// Documented is `key.type`; the others are plausible (hermod 3.7, I). A name is written whole, as `CN=...,O=...`, or by its common
    /// name alone.
    fn has(&self, param: &str, value: &str) -> Option<bool> {
        let certificate = || Certificate::parse(self.key.chain.first()?).ok();
        let names = |der: &[u8]| {
            name::common_name(der).as_deref() == Some(value)
                || name::encode(value).is_ok_and(|encoded| encoded == der)
        };
        Some(match param {
            "key.type" => type_of(&self.key.key) == value,
            "key.usage" => self.key.usage == value,
            "key.id" => self.key.id == value,
            "profile.id" => self.profile == value,
            "cert.issuer" => certificate().is_some_and(|found| names(found.issuer_der())),
            "cert.subject" => certificate().is_some_and(|found| names(found.subject_der())),
            _ => return None,
        })
    }
}

/// Whether a key can sign with an algorithm.
fn fits(key: &Key, alg: SigAlg) -> bool {
    let elliptic = matches!(alg, SigAlg::Es256 | SigAlg::Es384 | SigAlg::Es512);
    if key.kind().is_rsa() {
        !elliptic
    } else {
        key.default_alg() == alg
    }
}

impl App {
    fn candidates(&self, home: Option<&str>) -> Vec<Candidate> {
        let mut all = Vec::new();
        for profile in lock(&self.profiles).iter() {
            // A message in a profile's own mailbox is for that profile.
            if home.is_some_and(|home| home != profile.id) {
                continue;
            }
            all.extend(profile.keys.iter().map(|key| Candidate {
                profile: profile.id.clone(),
                card: profile.card().to_owned(),
                key: key.clone(),
            }));
        }
        if home.is_none() {
            all.extend(self.tokens.keys().into_iter().map(|(card, key)| Candidate {
                profile: String::new(),
                card,
                key,
            }));
        }
        all
    }

    pub(super) fn choose(
        &self,
        command: &Command,
        home: Option<&str>,
        alg: Option<SigAlg>,
        needs_certificate: bool,
    ) -> Result<Candidate, Refusal> {
        let filter = command.params().get("filter");
        let mut passing = Vec::new();
        let candidates = self.candidates(home);
        for candidate in candidates {
            if filter::passes(filter, &candidate)? {
                passing.push(candidate);
            }
        }
        let wanted: &[&str] = match command.kind {
            Kind::Authenticate => &["AUTH", "SIG"],
            _ => &["SIG", "AUTH"],
        };
        let rank = |candidate: &Candidate| {
            let usage = wanted
                .iter()
                .position(|usage| candidate.key.usage == *usage)
                .unwrap_or(wanted.len());
            let unfit = alg.is_some_and(|alg| !fits(&candidate.key.key, alg));
            let bare = needs_certificate && candidate.key.chain.is_empty();
            (unfit, bare, usage)
        };
        passing
            .into_iter()
            .min_by_key(rank)
            .ok_or_else(|| Refusal::new("NO_MATCHING_KEY", "no key passes the filter"))
    }
}
