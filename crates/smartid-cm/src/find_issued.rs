//! Finds out whether a certificate was issued when the answer that would have told was lost.
//!
//! Issuing must not be repeated blindly: each time makes another certificate. What is known for sure is the key, so the database is asked
//! for certificates with the key's identifier. A CA may compute that identifier in its own way and how the search wants it written is
//! inferred, so hints can widen the search; and because neither an identifier nor a name proves anything, each certificate that comes up
//! is downloaded and its key compared.

use std::collections::HashSet;
use std::time::Duration;

use smartid_core::{Error, Phase, Timestamp};
use smartid_trust::{Certificate, PublicKey};

use crate::certificates::{CertificateForm, Certificates};
use crate::client::CertificateManager;
use crate::ids::CertId;
use crate::operations::{Download, Search};
use crate::record::CertificateRecord;
use crate::refusal::CmRefusal;

/// How much earlier than the request a certificate's validity may begin: CAs date back, so that clocks that are slow accept it.
const DATED_BACK: Duration = Duration::from_secs(24 * 60 * 60);
/// How many certificates are looked at, when the caller does not say.
const EXAMINED: u64 = 50;

/// What to look for.
///
/// ```
/// use smartid_cm::{CertificateManager, FindIssued};
/// use smartid_core::Timestamp;
/// use smartid_trust::PublicKey;
///
/// async fn was_it_issued(cm: &CertificateManager, key: &PublicKey, asked_at: Timestamp) -> Result<Option<bool>, smartid_core::Error> {
///     let wanted = FindIssued::of_key(key).subject_common_name("Türschloss Nord 7").issued_since(asked_at);
///     let found = cm.find_issued(&wanted).await?;
///     Ok(match found.found.is_empty() {
///         false => Some(true),
///         true if found.is_exhaustive() => Some(false),
///         true => None, // look at found.examined, or give better hints
///     })
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FindIssued {
    /// For this key.
    pub key: PublicKey,
    /// Hint: with this common name in the subject.
    pub subject_common_name: Option<String>,
    /// Hint: asked for at this time or later. Validity may begin up to a day earlier.
    pub issued_since: Option<Timestamp>,
    /// At most so many certificates are downloaded and looked at: 50 by default.
    pub examine_at_most: u64,
}

impl FindIssued {
    /// Certificates for this key, of a certification request for example.
    #[must_use]
    pub fn of_key(key: &PublicKey) -> Self {
        Self {
            key: key.clone(),
            subject_common_name: None,
            issued_since: None,
            examine_at_most: EXAMINED,
        }
    }

    /// Looks among certificates with this common name too, if none has the key's identifier.
    #[must_use]
    pub fn subject_common_name(mut self, name: impl Into<String>) -> Self {
        self.subject_common_name = Some(name.into());
        self
    }

    /// Looks among certificates that became valid since then too, if none has the key's identifier; with a common name, among those that
    /// have both.
    #[must_use]
    pub fn issued_since(mut self, time: Timestamp) -> Self {
        self.issued_since = Some(time);
        self
    }

    /// Looks at so many certificates at most.
    #[must_use]
    pub fn examine_at_most(mut self, certificates: u64) -> Self {
        self.examine_at_most = certificates;
        self
    }

    /// The search by the hints, when there is one.
    fn by_hints(&self) -> Option<Search> {
        let mut search = Search::new();
        if let Some(name) = &self.subject_common_name {
            search = search.subject_common_name(name.as_str());
        }
        if let Some(time) = self.issued_since {
            let back = u64::try_from(DATED_BACK.as_millis()).unwrap_or(0);
            search = search.valid_from(Timestamp::from_millis(time.as_millis().saturating_sub(back))..);
        }
        (search != Search::new()).then_some(search)
    }
}

/// A certificate for the key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundCertificate {
    /// Its id.
    pub certid: CertId,
    /// What the search told of it; it may have been revoked since it was issued.
    pub record: CertificateRecord,
    /// The certificate. Its key is the one that was looked for; nothing else of it has been checked.
    pub certificate: Certificate,
    /// The answer that it came in.
    pub download: Certificates,
}

/// What came of looking at one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Examination {
    /// It is for the key.
    SameKey,
    /// It is for another key.
    OtherKey,
    /// It could not be looked at: why. It may be the one.
    NotRead(String),
}

/// How far one search went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extent {
    /// How many certificates it found, when the server tells.
    pub hits: Option<u64>,
    /// Whether all of them were looked at.
    pub is_complete: bool,
}

/// What was found, and what it rests on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundIssued {
    /// The certificates for the key, in the order in which they came up. There may be several: an older one for the same key, or two from
    /// a request that was made twice.
    pub found: Vec<FoundCertificate>,
    /// Each certificate that was looked at, with its id where the search told one.
    pub examined: Vec<(Option<CertId>, Examination)>,
    /// The search by the key's identifier.
    pub by_key_id: Extent,
    /// The search by the hints; `None` when there were none, or none was needed.
    pub by_hints: Option<Extent>,
}

impl FoundIssued {
    /// Whether nothing that came up was left out: both searches were made, all that they found was looked at, and all of it could be
    /// read.
    ///
    /// Even then "none" means: none that these searches show to this officer at this moment. A request that waits for somebody's approval,
    /// or is still being worked on, shows up later.
    #[must_use]
    pub fn is_exhaustive(&self) -> bool {
        self.by_key_id.is_complete
            && self.by_hints.is_some_and(|extent| extent.is_complete)
            && !self
                .examined
                .iter()
                .any(|(_, examination)| matches!(examination, Examination::NotRead(_)))
    }

    /// The one whose validity begins last.
    #[must_use]
    pub fn newest(&self) -> Option<&FoundCertificate> {
        self.found
            .iter()
            .max_by_key(|found| found.certificate.not_before())
    }
}

impl CertificateManager {
    /// Finds out whether certificates for a key exist, after the answer to [`IssueCertificate`](crate::operations::IssueCertificate) was
    /// lost: its error is of phase [`PerhapsDone`](Phase::PerhapsDone), or an unreadable one.
    ///
    /// It searches by the key's identifier, then, when that shows none, by the hints; and compares the keys of what comes up. It changes
    /// nothing.
    ///
    /// # Errors
    /// [`Error`] of a search, or of a download that failed for another reason than that one certificate. A certificate that is refused or
    /// cannot be read is [told](Examination::NotRead) and no error.
    pub async fn find_issued(&self, wanted: &FindIssued) -> Result<FoundIssued, Error> {
        let mut looking = Looking {
            cm: self,
            wanted,
            seen: HashSet::new(),
            found: Vec::new(),
            examined: Vec::new(),
        };
        let by_key_id = looking
            .among(Search::new().subject_key_id(wanted.key.key_id()))
            .await?;
        let by_hints = match wanted.by_hints().filter(|_| looking.found.is_empty()) {
            Some(search) => Some(looking.among(search).await?),
            None => None,
        };
        Ok(FoundIssued {
            found: looking.found,
            examined: looking.examined,
            by_key_id,
            by_hints,
        })
    }
}

struct Looking<'a> {
    cm: &'a CertificateManager,
    wanted: &'a FindIssued,
    seen: HashSet<CertId>,
    found: Vec<FoundCertificate>,
    examined: Vec<(Option<CertId>, Examination)>,
}

impl Looking<'_> {
    /// How many may still be looked at.
    fn left(&self) -> u64 {
        let examined = u64::try_from(self.examined.len()).unwrap_or(u64::MAX);
        self.wanted.examine_at_most.saturating_sub(examined)
    }

    /// Looks at what a search finds.
    async fn among(&mut self, search: Search) -> Result<Extent, Error> {
        let mut pages = self.cm.pages(search);
        let mut is_complete = true;
        while let Some(page) = pages.next().await? {
            for record in page.certificates {
                let is_known = record
                    .certid
                    .as_ref()
                    .is_some_and(|certid| self.seen.contains(certid));
                if is_known {
                    continue;
                }
                if self.left() == 0 {
                    is_complete = false;
                    break;
                }
                self.examine(record).await?;
            }
            if !is_complete {
                break;
            }
        }
        Ok(Extent {
            hits: pages.hits(),
            is_complete: is_complete && !pages.shifted(),
        })
    }

    async fn examine(&mut self, record: CertificateRecord) -> Result<(), Error> {
        let Some(certid) = record.certid.clone() else {
            let why = "the search tells no id of it".to_owned();
            self.examined.push((None, Examination::NotRead(why)));
            return Ok(());
        };
        self.seen.insert(certid.clone());
        let download = Download::new(certid.clone()).form(CertificateForm::Certificate);
        let examination = match self.cm.call(&download).await {
            Ok(download) => match self.compare(&download) {
                Ok(Some(certificate)) => {
                    self.found.push(FoundCertificate {
                        certid: certid.clone(),
                        record,
                        certificate,
                        download,
                    });
                    Examination::SameKey
                }
                Ok(None) => Examination::OtherKey,
                Err(why) => Examination::NotRead(why),
            },
            Err(error) if concerns_one(&error) => Examination::NotRead(error.summary()),
            Err(error) => return Err(error),
        };
        self.examined.push((Some(certid), examination));
        Ok(())
    }

    /// The certificate for the key, when it is among these. Another one whose key cannot be read may be of a kind that this library does
    /// not know; the key that is looked for is of a kind that it does.
    fn compare(&self, download: &Certificates) -> Result<Option<Certificate>, String> {
        let same = download
            .of_key(&self.wanted.key)
            .map_err(|error| error.to_string())?;
        Ok(same.first().map(|certificate| (*certificate).clone()))
    }
}

/// Whether a failed download says something of that one certificate only. Too many requests would be said of the next one as well.
fn concerns_one(error: &Error) -> bool {
    let limited = error
        .refusal::<CmRefusal>()
        .is_some_and(CmRefusal::is_rate_limited);
    matches!(error.phase(), Phase::Refused | Phase::Unreadable) && !limited || error.is_misconfigured()
}
