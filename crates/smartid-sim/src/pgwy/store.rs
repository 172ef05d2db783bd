//! The database of certificates: what was issued, imported or put there in numbers for tests of listings. Certificates of the last sort
//! are made when somebody wants their bytes; until then they are a number.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::SimError;
use crate::pki::{Certificate, name};

/// A number in the database, as clients see it: letters and digits (protocol notes: cm 3, D). It begins with a zero, so that a client
/// that takes it for a number does not find it again.
pub(super) fn certid(id: u64) -> String {
    format!("{id:08X}")
}

/// Withdrawn, why and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Withdrawn {
    pub(super) reason: u8,
    pub(super) at: u64,
}

/// What the search looks at, and lists show.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) serial: Vec<u8>,
    pub(super) not_before: u64,
    pub(super) not_after: u64,
    pub(super) issuer: Arc<str>,
    pub(super) subject_key: Option<Arc<[u8]>>,
    pub(super) authority_key: Option<Arc<[u8]>>,
    pub(super) usages: Arc<[&'static str]>,
    pub(super) is_authority: bool,
}

impl Facts {
    pub(super) fn of(certificate: &Certificate) -> Self {
        let (not_before, not_after) = certificate.validity();
        Self {
            serial: certificate.serial().to_vec(),
            not_before,
            not_after,
            issuer: name::text(certificate.issuer_der()).unwrap_or_default().into(),
            subject_key: certificate.subject_key_identifier().map(Into::into),
            authority_key: certificate.authority_key_identifier().map(Into::into),
            usages: certificate.key_usages().into(),
            is_authority: certificate.is_authority(),
        }
    }
}

/// Where the bytes are.
#[derive(Clone)]
pub(super) enum Body {
    Real {
        der: Arc<[u8]>,
        /// Attributes of the subject.
        subject: Vec<(String, String)>,
    },
    /// The n-th of those that were put there for listings.
    Preloaded(u64),
}

/// One certificate.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) body: Body,
    pub(super) facts: Facts,
    pub(super) withdrawn: Option<Withdrawn>,
    pub(super) procedure: Option<Arc<str>>,
    pub(super) officer: Option<Arc<str>>,
    /// `field1` to `field6`.
    pub(super) fields: Vec<(String, String)>,
    /// Issued by somebody else.
    pub(super) imported: bool,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The subject of the n-th certificate for listings, as attributes in the order of the encoding.
pub(super) fn preloaded_subject(number: u64) -> [(&'static str, String); 3] {
    [
        ("C", "SE".to_owned()),
        ("O", "smartid-sim".to_owned()),
        ("CN", format!("Preloaded {number:07}")),
    ]
}

impl Entry {
    pub(super) fn real(id: u64, certificate: &Certificate) -> Self {
        Self {
            id,
            body: Body::Real {
                der: certificate.der().into(),
                subject: name::attributes(certificate.subject_der()).unwrap_or_default(),
            },
            facts: Facts::of(certificate),
            withdrawn: None,
            procedure: None,
            officer: None,
            fields: Vec::new(),
            imported: false,
        }
    }

    pub(super) fn certid(&self) -> String {
        certid(self.id)
    }

    /// Whether an attribute of the subject fulfils a condition.
    pub(super) fn subject_has(&self, attribute: &str, holds: impl Fn(&str) -> bool) -> bool {
        match &self.body {
            Body::Real { subject, .. } => subject
                .iter()
                .any(|(name, value)| name == attribute && holds(value)),
            Body::Preloaded(number) => preloaded_subject(*number)
                .iter()
                .any(|(name, value)| *name == attribute && holds(value)),
        }
    }

    /// The subject as text (RFC 1779).
    pub(super) fn subject(&self) -> String {
        match &self.body {
            Body::Real { subject, .. } => name::join(
                subject
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            ),
            Body::Preloaded(number) => {
                let subject = preloaded_subject(*number);
                name::join(subject.iter().map(|(name, value)| (*name, value.as_str())))
            }
        }
    }

    /// One of `field1` to `field6`.
    pub(super) fn field(&self, wanted: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

/// What an administrator would find in the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// What was done, for example `issue`, `revoke`, `remove`.
    pub action: String,
    /// The certificate's number in the database.
    pub certid: String,
    /// Who answers for it.
    pub officer: String,
}

/// All certificates, by their number.
#[derive(Default)]
pub(super) struct Store {
    entries: Vec<Entry>,
    next: u64,
    pub(super) audit: Vec<AuditEntry>,
}

/// More audit entries than this are not kept.
const MAX_AUDIT: usize = 100_000;

impl Store {
    pub(super) fn new(first: u64) -> Self {
        Self {
            next: first,
            ..Self::default()
        }
    }

    pub(super) fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// A number that was not given out before.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.entries.reserve(count);
    }

    /// Adds an entry whose number is the highest so far.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    fn place(&self, wanted: &str) -> Option<usize> {
        let id = u64::from_str_radix(wanted, 16).ok()?;
        let place = self.entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
        // One number has one spelling.
        (certid(id) == wanted).then_some(place)
    }

    pub(super) fn get(&self, certid: &str) -> Option<&Entry> {
        self.place(certid).and_then(|place| self.entries.get(place))
    }

    pub(super) fn get_mut(&mut self, certid: &str) -> Option<&mut Entry> {
        self.place(certid).and_then(|place| self.entries.get_mut(place))
    }

    pub(super) fn by_der(&self, wanted: &[u8]) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| matches!(&entry.body, Body::Real { der, .. } if **der == *wanted))
    }

    /// Removes entries, with what the audit log has on them if that is wanted.
    pub(super) fn remove(&mut self, certids: &HashSet<&str>, clean: bool) {
        let gone: HashSet<u64> = certids
            .iter()
            .filter_map(|certid| self.get(certid).map(|entry| entry.id))
            .collect();
        self.entries.retain(|entry| !gone.contains(&entry.id));
        if clean {
            self.audit
                .retain(|entry| !certids.contains(entry.certid.as_str()));
        }
    }

    pub(super) fn note(&mut self, action: &str, certid: &str, officer: &str) {
        if self.audit.len() >= MAX_AUDIT {
            self.audit.drain(..MAX_AUDIT / 10);
        }
        self.audit.push(AuditEntry {
            action: action.to_owned(),
            certid: certid.to_owned(),
            officer: officer.to_owned(),
        });
    }
}

/// The state of a certificate in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateState {
    /// Neither revoked nor on hold.
    Active,
    /// Revoked; reason 6 is hold (protocol notes: cm 5.3).
    Revoked {
        /// Reason code.
        reason: u8,
        /// When, in seconds since 1970.
        at: u64,
    },
}

/// A certificate of the simulated Certificate Manager.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedCertificate {
    /// Its number in the database.
    pub certid: String,
    /// The certificate; `None` in lists for one that was preloaded, see [`CmHandle::certificate`](crate::CmHandle::certificate).
    pub der: Option<Vec<u8>>,
    /// Its state.
    pub state: CertificateState,
    /// The token procedure that it was issued by.
    pub procedure: Option<String>,
    /// The officer who answers for it.
    pub officer: Option<String>,
    /// The subject as text (RFC 1779).
    pub subject: String,
    /// The serial number, the content of its `INTEGER`.
    pub serial: Vec<u8>,
}

impl IssuedCertificate {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            certid: entry.certid(),
            der: match &entry.body {
                Body::Real { der, .. } => Some(der.to_vec()),
                Body::Preloaded(_) => None,
            },
            state: match entry.withdrawn {
                None => CertificateState::Active,
                Some(Withdrawn { reason, at }) => CertificateState::Revoked { reason, at },
            },
            procedure: entry.procedure.as_deref().map(str::to_owned),
            officer: entry.officer.as_deref().map(str::to_owned),
            subject: entry.subject(),
            serial: entry.facts.serial.clone(),
        }
    }

    /// The certificate, read.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it was preloaded and its bytes were not asked for yet.
    pub fn parse(&self) -> Result<Certificate, SimError> {
        let der = self.der.as_deref();
        Certificate::parse(der.ok_or_else(|| SimError::pki("the certificate was not made yet"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        let mut store = Store::new(0xa001);
        let facts = Facts {
            serial: vec![1],
            not_before: 0,
            not_after: 1,
            issuer: "".into(),
            subject_key: None,
            authority_key: None,
            usages: [].into(),
            is_authority: false,
        };
        for _ in 0..3 {
            let id = store.number();
            store.push(Entry {
                id,
                body: Body::Preloaded(id),
                facts: facts.clone(),
                withdrawn: None,
                procedure: None,
                officer: None,
                fields: Vec::new(),
                imported: false,
            });
        }
        assert_eq!(store.get("0000A002").unwrap().id, 0xa002);
        for wrong in ["A002", "0000a002", "+000A002", "0000A009", "", "x"] {
            assert!(store.get(wrong).is_none(), "{wrong}");
        }
        store.note("issue", "0000A002", "a");
        store.remove(&["0000A002", "A003", "x"].into(), false);
        assert!(store.get("0000A002").is_none());
        assert_eq!(store.audit.len(), 1);
        store.remove(&["0000A002"].into(), true);
        assert!(store.audit.is_empty());
        assert!(store.get("0000A003").is_some());
        let subject = store.get("0000A001").unwrap().subject();
        assert_eq!(subject, "CN=Preloaded 0040961, O=smartid-sim, C=SE");
    }
}
