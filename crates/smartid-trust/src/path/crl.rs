//! Certificate revocation lists, read (RFC 5280 5).
//!
//! Lists come from the operator's configuration. One that cannot be understood as a whole (a delta, an indirect list, an unknown
//! critical extension) is refused when it is read and not passed over, because what is on it would go unseen.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use smartid_core::Timestamp;

use super::points;
use crate::certificate::{self, Extensions};
use crate::der::{self, DerError, Oid, Reader, tag};
use crate::{
    AlgorithmSet, Certificate, DistinguishedName, PublicKey, Reason, Refusal, SerialNumber,
    SignatureAlgorithm,
};

/// Largest list that is read, in bytes.
const MAX_LIST_LEN: usize = 64 * 1024 * 1024;

const REASON_CODE: Oid = Oid::known(&[0x55, 0x1d, 21]);
const INVALIDITY_DATE: Oid = Oid::known(&[0x55, 0x1d, 24]);
const DELTA_INDICATOR: Oid = Oid::known(&[0x55, 0x1d, 27]);
const ISSUING_POINT: Oid = Oid::known(&[0x55, 0x1d, 28]);
const CERTIFICATE_ISSUER: Oid = Oid::known(&[0x55, 0x1d, 29]);

/// A certificate revocation list. Cloning is cheap.
///
/// Reading it believes nothing: its signature is checked against the issuer of a chain when a chain is validated.
#[derive(Clone)]
pub struct RevocationList(Arc<Parsed>);

struct Parsed {
    der: Bytes,
    to_be_signed: Bytes,
    issuer: Bytes,
    this_update: Timestamp,
    next_update: Timestamp,
    /// Serial numbers as they stand in the list, sorted.
    revoked: Vec<Bytes>,
    scope: Scope,
    signature_algorithm: Bytes,
    signature: Bytes,
    /// The key that it was found to be signed by.
    signed_by: OnceLock<PublicKey>,
}

/// Which certificates of its issuer a list covers (RFC 5280 5.2.5).
#[derive(Debug, Default)]
struct Scope {
    /// Names of the distribution point as GeneralName; `None`: not bound to one.
    points: Option<Vec<Vec<u8>>>,
    only_users: bool,
    only_cas: bool,
    /// Not all reasons for revocation: what is on it is revoked, what is not may be.
    only_some_reasons: bool,
}

impl RevocationList {
    /// Reads DER.
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::TooLarge`]; [`Reason::CrlUnsupported`] for delta and indirect lists, lists on attribute
    /// certificates and lists with critical extensions that are not known.
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, Refusal> {
        let der = der.into();
        if der.len() > MAX_LIST_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a revocation list"));
        }
        Ok(Self(Arc::new(parse(&der)?)))
    }

    /// Reads every `X509 CRL` of a PEM text, in order; other sections are passed over.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der); [`Reason::Malformed`] when there is none.
    pub fn list_from_pem(pem: &str) -> Result<Vec<Self>, Refusal> {
        let lists: Vec<_> = crate::pem::sections(pem, "X509 CRL")?
            .into_iter()
            .map(Self::from_der)
            .collect::<Result<_, _>>()?;
        if lists.is_empty() {
            return Err(Refusal::new(Reason::Malformed, "no X509 CRL in the PEM text"));
        }
        Ok(lists)
    }

    /// The list as DER, byte for byte as it was read.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.0.der
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> DistinguishedName {
        DistinguishedName::from_checked_der(self.0.issuer.clone())
    }

    /// When it was issued.
    #[must_use]
    pub fn this_update(&self) -> Timestamp {
        self.0.this_update
    }

    /// When the next one is due; from then on this one no longer counts.
    #[must_use]
    pub fn next_update(&self) -> Timestamp {
        self.0.next_update
    }

    /// How many certificates are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.revoked.len()
    }

    /// Whether no certificate is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.revoked.is_empty()
    }

    /// Whether this serial number is on it.
    #[must_use]
    pub fn contains(&self, serial: &SerialNumber) -> bool {
        self.contains_octets(&serial.to_der_contents())
    }

    /// Whether this list was signed by `issuer_key`. Only the signature: names and times are the chain verifier's part.
    ///
    /// # Errors
    /// [`Reason::CrlSignature`], and the reasons of [`Certificate::signature_algorithm`].
    pub fn is_signed_by(&self, issuer_key: &PublicKey) -> Result<(), Refusal> {
        self.check_signature(issuer_key, AlgorithmSet::default())
            .map_err(|refusal| match refusal.reason() {
                Reason::BadSignature => Reason::CrlSignature.into(),
                _ => refusal,
            })
    }

    fn contains_octets(&self, serial: &[u8]) -> bool {
        self.0
            .revoked
            .binary_search_by(|listed| listed.as_ref().cmp(serial))
            .is_ok()
    }

    /// Whether it is a list of this certificate's issuer, by name.
    pub(super) fn is_of_issuer(&self, certificate: &Certificate) -> bool {
        self.0.issuer.as_ref() == certificate.issuer_der()
    }

    /// Whether the certificate would be on this list if it was revoked.
    pub(super) fn covers(&self, certificate: &Certificate, is_ca: bool) -> Result<bool, Refusal> {
        let Scope {
            points,
            only_users,
            only_cas,
            only_some_reasons,
        } = &self.0.scope;
        if *only_some_reasons || (*only_users && is_ca) || (*only_cas && !is_ca) {
            return Ok(false);
        }
        let Some(points) = points else {
            return Ok(true);
        };
        let named = points::of_certificate(certificate)?;
        Ok(named.iter().any(|name| points.contains(name)))
    }

    /// Whether it was signed by this key, with an algorithm of `set`.
    pub(super) fn check_signature(&self, key: &PublicKey, set: AlgorithmSet) -> Result<(), Refusal> {
        let algorithm = SignatureAlgorithm::from_identifier(&self.0.signature_algorithm, None)?;
        set.check(algorithm)?;
        if self.0.signed_by.get() == Some(key) {
            return Ok(());
        }
        key.verify(algorithm, &self.0.to_be_signed, &self.0.signature)?;
        let _first_stays = self.0.signed_by.set(key.clone());
        Ok(())
    }
}

fn unsupported<T>(what: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Reason::CrlUnsupported, what))
}

fn parse(der: &Bytes) -> Result<Parsed, Refusal> {
    let mut outer = Reader::only(der, tag::SEQUENCE, "a revocation list that is no sequence")?.reader();
    let tbs = outer.expect(tag::SEQUENCE, "a revocation list without its body")?;
    let outer_algorithm = outer.expect(tag::SEQUENCE, "a revocation list without its signature algorithm")?;
    let signature = outer
        .expect(tag::BIT_STRING, "a revocation list without its signature")?
        .bit_string()?;
    outer.end()?;

    let mut body = tbs.reader();
    let version = match body.optional(tag::INTEGER)? {
        Some(version) => version.small_integer()?,
        None => 0,
    };
    if version > 1 {
        return unsupported("a version above 2");
    }
    let inner_algorithm = body.expect(
        tag::SEQUENCE,
        "a revocation list's body without its signature algorithm",
    )?;
    if inner_algorithm.whole != outer_algorithm.whole {
        return Err(DerError("a revocation list that names two signature algorithms").into());
    }
    let issuer = body.expect(tag::SEQUENCE, "a revocation list without its issuer")?;
    certificate::check_name(issuer.contents)?;
    let this_update = der::parse_time(&body.next()?)?;
    let next_update = match body.peek() {
        Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => der::parse_time(&body.next()?)?,
        // RFC 5280 5.1.2.5 demands it, and without it nobody could say when the list is too old.
        _ => return unsupported("no time of the next update"),
    };
    let revoked = match body.optional(tag::SEQUENCE)? {
        Some(entries) => parse_entries(der, entries.reader())?,
        None => Vec::new(),
    };
    let extensions = match body.optional(tag::context(0))? {
        Some(_) if version == 0 => {
            return Err(DerError("extensions in a revocation list of version 1").into());
        }
        Some(list) => {
            let list = Reader::only(list.contents, tag::SEQUENCE, "extensions that are no sequence")?;
            Extensions::parse(der, list.contents)?
        }
        None => Extensions::none(),
    };
    body.end()?;

    Ok(Parsed {
        to_be_signed: der.slice_ref(tbs.whole),
        issuer: der.slice_ref(issuer.whole),
        this_update,
        next_update,
        revoked,
        scope: scope(&extensions, issuer.contents)?,
        signature_algorithm: der.slice_ref(outer_algorithm.contents),
        signature: der.slice_ref(signature),
        signed_by: OnceLock::new(),
        der: der.clone(),
    })
}

fn parse_entries(owner: &Bytes, mut entries: Reader<'_>) -> Result<Vec<Bytes>, Refusal> {
    let mut revoked = Vec::new();
    while !entries.is_empty() {
        let mut entry = entries
            .expect(tag::SEQUENCE, "an entry that is no sequence")?
            .reader();
        let serial = entry
            .expect(tag::INTEGER, "an entry without its serial number")?
            .integer()?;
        der::parse_time(&entry.next()?)?;
        if let Some(extensions) = entry.optional(tag::SEQUENCE)? {
            let mut extensions = extensions.reader();
            while !extensions.is_empty() {
                let mut extension = extensions
                    .expect(tag::SEQUENCE, "an extension that is no sequence")?
                    .reader();
                let oid = extension.oid("an extension without its identifier")?;
                let critical = match extension.optional(tag::BOOLEAN)? {
                    Some(critical) => critical.boolean()?,
                    None => false,
                };
                extension.expect(tag::OCTET_STRING, "an extension without its value")?;
                extension.end()?;
                if oid == CERTIFICATE_ISSUER {
                    return unsupported("entries of other issuers");
                }
                if critical && oid != REASON_CODE && oid != INVALIDITY_DATE {
                    return unsupported("an unknown critical extension of an entry");
                }
            }
        }
        entry.end()?;
        revoked.push(owner.slice_ref(serial));
    }
    revoked.sort_unstable();
    Ok(revoked)
}

/// Looks at every extension of a list (RFC 5280 5.2).
fn scope(extensions: &Extensions, issuer: &[u8]) -> Result<Scope, Refusal> {
    let mut scope = Scope::default();
    for extension in extensions.all() {
        if extension.oid == DELTA_INDICATOR {
            return unsupported("a delta");
        } else if extension.oid == ISSUING_POINT {
            let value = Reader::only(
                &extension.value,
                tag::SEQUENCE,
                "an issuing distribution point that is no sequence",
            )?;
            scope = parse_scope(value.reader(), issuer)?;
        } else if extension.critical {
            // RFC 5280 5.2 has no other that may be critical.
            return unsupported("an unknown critical extension");
        }
    }
    Ok(scope)
}

fn parse_scope(mut value: Reader<'_>, issuer: &[u8]) -> Result<Scope, Refusal> {
    let mut scope = Scope::default();
    if let Some(point) = value.optional(tag::context(0))? {
        scope.points = Some(points::names(point.contents, issuer)?);
    }
    let mut flag = |number| -> Result<bool, DerError> {
        match value.optional(tag::context_primitive(number))? {
            Some(flag) => flag.boolean(),
            None => Ok(false),
        }
    };
    scope.only_users = flag(1)?;
    scope.only_cas = flag(2)?;
    if let Some(reasons) = value.optional(tag::context_primitive(3))? {
        reasons.named_bits()?;
        scope.only_some_reasons = true;
    }
    let mut flag = |number| -> Result<bool, DerError> {
        match value.optional(tag::context_primitive(number))? {
            Some(flag) => flag.boolean(),
            None => Ok(false),
        }
    };
    if flag(4)? {
        return unsupported("an indirect list");
    }
    if flag(5)? {
        return unsupported("a list of attribute certificates");
    }
    value.end()?;
    Ok(scope)
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("issuer", &self.issuer().to_string())
            .field("this_update", &self.0.this_update)
            .field("next_update", &self.0.next_update)
            .field("entries", &self.0.revoked.len())
            .finish_non_exhaustive()
    }
}
