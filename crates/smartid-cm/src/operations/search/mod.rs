//! Searches the certificates in Certificate Manager's database.
//!
//! `GET certificates` \[documented; vendor page: Certificate Manager (CM) REST API, which lists the parameters up to
//! `publicationAllowed`; the others and the answer seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin\].
//! Changes nothing and may be repeated. The officer needs no role beyond those that Protocol Gateway demands of every caller (inferred:
//! "Use clients"; vendor page: Officers and roles in Certificate Manager).
//!
//! All parameters may be left out, and all that are given must hold. The answer is one page: how many there are in all, and those from
//! the offset on, at most 500 by default whatever limit is asked for. [`CertificateManager::pages`](crate::CertificateManager::pages)
//! goes through all of them.
//!
//! What can go wrong is a [`CmRefusal`]: -14 (the calling program's turn: a value), -15 (an administrator's: the role), -40 (time).

mod answer;
mod values;

use std::collections::BTreeMap;

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::RevocationReason;
use crate::auth::Officer;
use crate::body;
use crate::dialect::CmDialect;
use crate::record::{ExtendedField, KeyIdentifier, SubjectType};
use crate::refusal::CmRefusal;

pub use answer::SearchPage;
pub use values::{IssuerName, Period, SerialQuery};

/// The request; see the module's text for who may send it and when.
///
/// Whether texts may have wildcards, and how, is not published. A boolean that is set to `false` is sent, and means the opposite of
/// `true`, not "does not matter".
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming, Timestamp};
/// use smartid_cm::{CertificateStatus, CmDialect, RevocationReason};
/// use smartid_cm::operations::Search;
///
/// let dialect = CmDialect::default();
/// let since = Timestamp::from_iso8601("2024-01-01").unwrap();
/// let search = Search::new()
///     .subject_common_name("Türschloss Nord 7")
///     .expired(false)
///     .revocation_reasons([RevocationReason::KeyCompromise, RevocationReason::CertificateHold])
///     .valid_from(since..)
///     .limit(100);
/// assert_eq!(
///     search.request(&dialect)?.target(),
///     "certificates?searchLimit=100&subjectCommonName=T%C3%BCrschloss%20Nord%207&validFromTimeFrom=2024-01-01T00%3A00%3A00Z\
///      &isExpired=false&revocationReason=1,6"
/// );
///
/// let body = r#"{"error":0,"msg":"","searchHits":731,"certificates":[{"certid":"4711","status":"revoked","validto":2524607999000}]}"#;
/// let page = search.response(&dialect, Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body))).unwrap();
/// assert_eq!(page.hits, Some(731));
/// assert_eq!(page.certificates[0].status, Some(CertificateStatus::Revoked));
/// assert_eq!(page.certificates[0].valid_to.unwrap().to_iso8601(), "2049-12-31T23:59:59Z");
/// # Ok::<(), smartid_core::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Search {
    /// At most so many on the page (`searchLimit`). Protocol Gateway has a cap of its own, 500 by default.
    pub limit: Option<u32>,
    /// Without the first so many hits (`searchOffset`).
    pub offset: Option<u64>,
    /// Ordered by this (`orderBy`). The names that it takes are not published.
    pub order_by: Option<String>,
    /// In descending order (`orderDescending`).
    pub descending: Option<bool>,
    /// The serial number of the card that holds it (`cardSerialNumber`).
    pub card_serial_number: Option<String>,
    /// The certificate's serial number (`certificateSerialNumber`).
    pub serial_number: Option<SerialQuery>,
    /// When it was revoked (`revocationTimeFrom`, `revocationTimeTo`).
    pub revoked: Period,
    /// Why it was revoked or put on hold: one of these (`revocationReason`).
    pub revocation_reasons: Vec<RevocationReason>,
    /// Not revoked (`isNotRevoked`).
    pub not_revoked: Option<bool>,
    /// The subject's common name (`subjectCommonName`).
    pub subject_common_name: Option<String>,
    /// The subject's given name (`subjectGivenName`).
    pub subject_given_name: Option<String>,
    /// The subject's surname (`subjectSurName`).
    pub subject_surname: Option<String>,
    /// The subject's organisation (`subjectOrganisationName`).
    pub subject_organisation: Option<String>,
    /// The subject's organisational unit (`subjectOrganisationUnit`).
    pub subject_organisational_unit: Option<String>,
    /// The serial number in the subject's name: that of a person or a thing, not of the certificate (`subjectSerialNumber`).
    pub subject_serial_number: Option<String>,
    /// The subject's country (`subjectCountry`).
    pub subject_country: Option<String>,
    /// May be published (`publicationAllowed`).
    pub publication_allowed: Option<bool>,
    /// When it was or is to be published (`publicationTimeFrom`, `publicationTimeTo`).
    pub published: Period,
    /// When it was or is to be known to the OCSP responder (`ocspActivationTimeFrom`, `ocspActivationTimeTo`).
    pub ocsp_activated: Period,
    /// When its validity begins (`validFromTimeFrom`, `validFromTimeTo`).
    pub valid_from: Period,
    /// When its validity ends (`validToTimeFrom`, `validToTimeTo`).
    pub valid_to: Period,
    /// Its validity has not begun (`isNotYetValid`).
    pub not_yet_valid: Option<bool>,
    /// Its validity has ended (`isExpired`).
    pub expired: Option<bool>,
    /// The columns of the extended search (`field1` to `field6`).
    pub fields: BTreeMap<ExtendedField, String>,
    /// The key identifier of its issuer (`authorityKeyIdentifier`); hexadecimal is inferred.
    pub authority_key_id: Option<KeyIdentifier>,
    /// The key identifier of its key (`subjectKeyIdentifier`); hexadecimal is inferred.
    pub subject_key_id: Option<KeyIdentifier>,
    /// Whose it is: one of these (`subjectType`).
    pub subject_types: Vec<SubjectType>,
    /// Its issuer (`issuer`).
    pub issuer: Option<IssuerName>,
    /// Parameters that this library does not know, in their order.
    pub further: Vec<(String, String)>,
}

/// A chainable option for each parameter that is a number or a flag.
macro_rules! plain_options {
    ($($(#[$meta:meta])* $name:ident: $kind:ty;)+) => {
        $($(#[$meta])*
        #[must_use]
        pub fn $name(mut self, $name: $kind) -> Self {
            self.$name = Some($name);
            self
        })+
    };
}

/// A chainable option for each parameter that is a text, or is made into one.
macro_rules! options {
    ($($(#[$meta:meta])* $name:ident: $kind:ty;)+) => {
        $($(#[$meta])*
        #[must_use]
        pub fn $name(mut self, $name: impl Into<$kind>) -> Self {
            self.$name = Some($name.into());
            self
        })+
    };
}

/// A chainable option for each parameter that is a pair of times.
macro_rules! periods {
    ($($(#[$meta:meta])* $name:ident;)+) => {
        $($(#[$meta])*
        #[must_use]
        pub fn $name(mut self, period: impl Into<Period>) -> Self {
            self.$name = period.into();
            self
        })+
    };
}

impl Search {
    /// All certificates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    plain_options! {
        /// At most so many on the page.
        limit: u32;
        /// Without the first so many hits.
        offset: u64;
        /// In descending order, or ascending.
        descending: bool;
        /// Not revoked, or revoked.
        not_revoked: bool;
        /// That may be published, or may not.
        publication_allowed: bool;
        /// Whose validity has not begun, or has.
        not_yet_valid: bool;
        /// Whose validity has ended, or has not.
        expired: bool;
    }

    options! {
        /// Ordered by this; the names that it takes are not published.
        order_by: String;
        /// On the card with this serial number.
        card_serial_number: String;
        /// With this serial number: a [`SerialNumber`](smartid_trust::SerialNumber), or a text that is sent as it is.
        serial_number: SerialQuery;
        /// With this common name in the subject.
        subject_common_name: String;
        /// With this given name in the subject.
        subject_given_name: String;
        /// With this surname in the subject.
        subject_surname: String;
        /// With this organisation in the subject.
        subject_organisation: String;
        /// With this organisational unit in the subject.
        subject_organisational_unit: String;
        /// With this serial number in the subject.
        subject_serial_number: String;
        /// With this country in the subject.
        subject_country: String;
        /// Issued by the CA with this key identifier: its octets, or a [`KeyIdentifier`].
        authority_key_id: KeyIdentifier;
        /// For the key with this identifier: its octets, or a [`KeyIdentifier`].
        subject_key_id: KeyIdentifier;
        /// Issued by this CA: a [`DistinguishedName`](smartid_trust::DistinguishedName), or a text of RFC 1779 that is sent as it is.
        issuer: IssuerName;
    }

    periods! {
        /// Revoked or put on hold in this time: `from..`, `..=to`, `from..=to`, or a pair of options.
        revoked;
        /// Published in this time.
        published;
        /// Made known to the OCSP responder in this time.
        ocsp_activated;
        /// Whose validity begins in this time.
        valid_from;
        /// Whose validity ends in this time.
        valid_to;
    }

    /// Revoked or put on hold for one of these reasons.
    #[must_use]
    pub fn revocation_reasons(mut self, reasons: impl IntoIterator<Item = RevocationReason>) -> Self {
        self.revocation_reasons = reasons.into_iter().collect();
        self
    }

    /// Of one of these.
    #[must_use]
    pub fn subject_types(mut self, types: impl IntoIterator<Item = SubjectType>) -> Self {
        self.subject_types = types.into_iter().collect();
        self
    }

    /// With this text in this column of the extended search.
    #[must_use]
    pub fn field(mut self, field: ExtendedField, text: impl Into<String>) -> Self {
        self.fields.insert(field, text.into());
        self
    }

    /// A parameter that this library does not know.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.further.push((name.into(), value.into()));
        self
    }

    /// The parameters that are one value.
    fn query(&self, dialect: &CmDialect) -> Result<Vec<(&str, String)>, BuildError> {
        let mut query: Vec<(&str, Option<String>)> = vec![
            ("searchLimit", self.limit.map(|limit| limit.to_string())),
            ("searchOffset", self.offset.map(|offset| offset.to_string())),
            ("orderBy", self.order_by.clone()),
            ("orderDescending", flag(self.descending)),
            ("cardSerialNumber", self.card_serial_number.clone()),
            (
                "certificateSerialNumber",
                self.serial_number.as_ref().map(|serial| serial.to_text(dialect)),
            ),
            ("isNotRevoked", flag(self.not_revoked)),
            ("subjectCommonName", self.subject_common_name.clone()),
            ("subjectGivenName", self.subject_given_name.clone()),
            ("subjectSurName", self.subject_surname.clone()),
            ("subjectOrganisationName", self.subject_organisation.clone()),
            (
                "subjectOrganisationUnit",
                self.subject_organisational_unit.clone(),
            ),
            ("subjectSerialNumber", self.subject_serial_number.clone()),
            ("subjectCountry", self.subject_country.clone()),
            ("publicationAllowed", flag(self.publication_allowed)),
        ];
        let mut dates = Vec::new();
        for (period, names) in [
            (self.revoked, ["revocationTimeFrom", "revocationTimeTo"]),
            (self.published, ["publicationTimeFrom", "publicationTimeTo"]),
            (
                self.ocsp_activated,
                ["ocspActivationTimeFrom", "ocspActivationTimeTo"],
            ),
            (self.valid_from, ["validFromTimeFrom", "validFromTimeTo"]),
            (self.valid_to, ["validToTimeFrom", "validToTimeTo"]),
        ] {
            period.push(dialect, names, &mut dates)?;
        }
        query.extend(dates.into_iter().map(|(name, date)| (name, Some(date))));
        query.extend([
            ("isNotYetValid", flag(self.not_yet_valid)),
            ("isExpired", flag(self.expired)),
            (
                "authorityKeyIdentifier",
                self.authority_key_id.as_ref().map(ToString::to_string),
            ),
            (
                "subjectKeyIdentifier",
                self.subject_key_id.as_ref().map(ToString::to_string),
            ),
            (
                "issuer",
                self.issuer.as_ref().map(|name| name.as_str().to_owned()),
            ),
        ]);
        let fields = self.fields.iter();
        query.extend(fields.map(|(field, text)| (field.as_str(), Some(text.clone()))));
        let further = self.further.iter();
        query.extend(further.map(|(name, value)| (name.as_str(), Some(value.clone()))));
        Ok(query
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }

    /// The parameters that are lists.
    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        let reasons = self.revocation_reasons.iter();
        let types = self.subject_types.iter();
        let mut lists = vec![
            (
                "revocationReason",
                reasons.map(|reason| reason.number().to_string()).collect(),
            ),
            ("subjectType", types.map(ToString::to_string).collect::<Vec<_>>()),
        ];
        lists.retain(|(_, values)| !values.is_empty());
        lists
    }
}

fn flag(value: Option<bool>) -> Option<String> {
    value.map(|value| value.to_string())
}

impl Endpoint for Search {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = SearchPage;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.search";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        body::read_with_lists(
            dialect,
            &dialect.search,
            &[],
            &self.query(dialect)?,
            &self.lists(),
        )
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<SearchPage, ResponseError<CmRefusal>> {
        SearchPage::read(dialect, self.offset.unwrap_or(0), incoming)
    }
}
