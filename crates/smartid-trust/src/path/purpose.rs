//! What a key is used for, and which certificates allow that.

use crate::{Certificate, KeyUsage, Oid, Reason, Refusal};

/// Which extended key usages are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedUse {
    /// Not looked at.
    Any,
    /// One of these, or anyExtendedKeyUsage, or no extension at all (RFC 5280 4.2.1.12: without it every use is allowed).
    OneOfIfPresent(Vec<Oid>),
    /// One of these must be there; neither absence nor anyExtendedKeyUsage will do.
    OneOf(Vec<Oid>),
}

/// What a key is used for: key usage and extended key usage that its certificate must allow.
///
/// ```
/// use smartid_trust::path::{ExtendedUse, Purpose};
///
/// let smart_card_logon = "1.3.6.1.4.1.311.20.2.2".parse()?;
/// let purpose = Purpose::authentication().with_extended_use(ExtendedUse::OneOf(vec![smart_card_logon]));
/// # Ok::<(), smartid_trust::OidError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    any_of: Vec<KeyUsage>,
    extended: ExtendedUse,
}

pub(crate) const CLIENT_AUTH: Oid = Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 2]);
const EMAIL_PROTECTION: Oid = Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 4]);
const DOCUMENT_SIGNING: Oid = Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 36]);
const MS_DOCUMENT_SIGNING: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 12]);
const SMART_CARD_LOGON: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2]);
const ANY_EXTENDED_KEY_USAGE: Oid = Oid::known(&[0x55, 0x1d, 37, 0]);

impl Purpose {
    /// Authenticating a person or a client: digitalSignature; if extended key usages are listed, clientAuth or smart card logon among
    /// them.
    #[must_use]
    pub fn authentication() -> Self {
        Self {
            any_of: vec![KeyUsage::DigitalSignature],
            extended: ExtendedUse::OneOfIfPresent(vec![CLIENT_AUTH, SMART_CARD_LOGON]),
        }
    }

    /// Signing data: digitalSignature or nonRepudiation; if extended key usages are listed, one that a person signs with among them
    /// (e-mail protection, document signing, clientAuth, smart card logon), so that a TLS server's certificate does not sign for a
    /// person.
    #[must_use]
    pub fn signing() -> Self {
        Self {
            any_of: vec![KeyUsage::DigitalSignature, KeyUsage::NonRepudiation],
            extended: ExtendedUse::OneOfIfPresent(vec![
                EMAIL_PROTECTION,
                DOCUMENT_SIGNING,
                MS_DOCUMENT_SIGNING,
                CLIENT_AUTH,
                SMART_CARD_LOGON,
            ]),
        }
    }

    /// Any use: neither extension is looked at, and a proof has [`Check::Purpose`](crate::Check::Purpose) among what was not checked.
    #[must_use]
    pub const fn any() -> Self {
        Self {
            any_of: Vec::new(),
            extended: ExtendedUse::Any,
        }
    }

    /// Demands one of these key usages (when the extension is there at all); an empty list does not look.
    #[must_use]
    pub fn with_key_usage(mut self, any_of: Vec<KeyUsage>) -> Self {
        self.any_of = any_of;
        self
    }

    /// Demands these extended key usages.
    #[must_use]
    pub fn with_extended_use(mut self, extended: ExtendedUse) -> Self {
        self.extended = extended;
        self
    }

    /// Whether either extension is looked at.
    pub(super) fn demands(&self) -> bool {
        !self.any_of.is_empty() || self.extended != ExtendedUse::Any
    }

    /// Whether the end entity's certificate allows this purpose. For implementations of
    /// [`ChainVerifier`](super::ChainVerifier).
    ///
    /// # Errors
    /// [`Reason::KeyUsage`], [`Reason::ExtendedKeyUsage`] and [`Reason::Malformed`].
    pub fn check(&self, certificate: &Certificate) -> Result<(), Refusal> {
        if !self.any_of.is_empty()
            && let Some(allowed) = certificate.key_usage()?
            && !self.any_of.iter().any(|usage| allowed.contains(*usage))
        {
            return Err(Refusal::new(Reason::KeyUsage, format!("{allowed:?}")));
        }
        let present = certificate.extended_key_usage()?;
        let allowed = match (&self.extended, &present) {
            (ExtendedUse::Any, _) | (ExtendedUse::OneOfIfPresent(_), None) => true,
            (ExtendedUse::OneOf(_), None) => false,
            (ExtendedUse::OneOfIfPresent(wanted), Some(present)) => present
                .iter()
                .any(|oid| *oid == ANY_EXTENDED_KEY_USAGE || wanted.contains(oid)),
            (ExtendedUse::OneOf(wanted), Some(present)) => present.iter().any(|oid| wanted.contains(oid)),
        };
        if allowed {
            return Ok(());
        }
        Err(Refusal::new(
            Reason::ExtendedKeyUsage,
            format!("{:?}", present.unwrap_or_default()),
        ))
    }

    /// Whether the certificates of a whole chain, the one in question first, leave room for this purpose. Key usage is a matter of the
    /// first. Of the extended key usages, one that is accepted must be allowed by every certificate before the root that lists any: RFC
    /// 5280 says nothing about CAs here, practice confines a CA by its own list. For implementations of
    /// [`ChainVerifier`](super::ChainVerifier).
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_chain(&self, chain: &[&Certificate]) -> Result<(), Refusal> {
        let Some(end_entity) = chain.first() else {
            return Ok(());
        };
        self.check(end_entity)?;
        let (ExtendedUse::OneOfIfPresent(wanted) | ExtendedUse::OneOf(wanted)) = &self.extended else {
            return Ok(());
        };
        let mut left: Vec<&Oid> = wanted.iter().collect();
        let strict = matches!(self.extended, ExtendedUse::OneOf(_));
        for (index, certificate) in chain.iter().enumerate().rev().skip(1) {
            let Some(present) = certificate.extended_key_usage()? else {
                continue;
            };
            // In the certificate in question, anyExtendedKeyUsage does not stand for what must be there itself.
            if present.contains(&ANY_EXTENDED_KEY_USAGE) && !(strict && index == 0) {
                continue;
            }
            left.retain(|oid| present.contains(oid));
            if left.is_empty() {
                return Err(Refusal::new(
                    Reason::ExtendedKeyUsage,
                    format!("{}: {present:?}", certificate.subject()),
                ));
            }
        }
        Ok(())
    }
}
