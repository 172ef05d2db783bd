//! What webpki does not look at in the CA certificates of a chain.
//!
//! Key usage, extended key usage of CAs, e-mail addresses in subjects under a name constraint, and everything in the root's own
//! certificate. All of it runs on a chain whose signatures, times and constraints have passed, as another ground to refuse it and try
//! the next.

use smartid_core::Timestamp;

use super::{Purpose, policies};
use crate::certificate::oids;
use crate::der::{Oid, Reader, tag};
use crate::{AttributeType, Certificate, GeneralName, KeyUsage, Reason, Refusal};

const SMTP_UTF8_MAILBOX: Oid = Oid::known(&[0x2b, 6, 1, 5, 5, 7, 8, 9]);

fn about(reason: Reason, certificate: &Certificate) -> Refusal {
    Refusal::new(reason, certificate.subject().to_string())
}

/// Whether the key of this certificate may sign certificates (RFC 5280 4.2.1.3, 6.1.4 n).
fn may_sign(ca: &Certificate) -> Result<(), Refusal> {
    match ca.key_usage()? {
        Some(usage) if !usage.contains(KeyUsage::KeyCertSign) => Err(about(Reason::CaKeyUsage, ca)),
        _ => Ok(()),
    }
}

/// RFC 5280 4.1.2.6: without a name, any certificate without an issuer would be this CA's.
fn has_name(ca: &Certificate) -> Result<(), Refusal> {
    if ca.subject().is_empty() {
        return Err(Refusal::new(Reason::NotACa, "a CA without a name"));
    }
    Ok(())
}

/// Whether a certificate can be configured as a root: a CA's, or of version 1, which cannot say.
pub(super) fn check_root(root: &Certificate) -> Result<(), Refusal> {
    root.public_key()?;
    if root.version() == 3
        && !root
            .basic_constraints()?
            .is_some_and(|constraints| constraints.is_ca)
    {
        return Err(about(Reason::NotACa, root));
    }
    may_sign(root)?;
    has_name(root)?;
    let known = [
        oids::SUBJECT_KEY_ID,
        oids::KEY_USAGE,
        oids::SUBJECT_ALT_NAME,
        oids::BASIC_CONSTRAINTS,
        oids::NAME_CONSTRAINTS,
        oids::CRL_DISTRIBUTION_POINTS,
        oids::CERTIFICATE_POLICIES,
        oids::EXTENDED_KEY_USAGE,
    ];
    let unknown = |extension: &&crate::Extension| extension.critical && !known.contains(&extension.oid);
    match root.extensions().iter().find(unknown) {
        Some(extension) => Err(Refusal::new(
            Reason::CriticalExtension,
            format!("{} in the root {}", extension.oid, root.subject()),
        )),
        None => Ok(()),
    }
}

/// Checks a chain, the certificate in question first and the root last.
pub(super) fn check_chain(
    chain: &[&Certificate],
    purpose: &Purpose,
    root_may_be_expired: bool,
    at: Timestamp,
) -> Result<(), Refusal> {
    let [end_entity, cas @ ..] = chain else {
        return Err(Reason::UnknownIssuer.into());
    };
    let [intermediates @ .., root] = cas else {
        return Err(Reason::UnknownIssuer.into());
    };
    for ca in cas {
        may_sign(ca)?;
        has_name(ca)?;
    }
    if end_entity.extension(&oids::NAME_CONSTRAINTS).is_some() {
        return Err(Refusal::new(
            Reason::NameConstraint,
            format!("in a certificate that is no CA's: {}", end_entity.subject()),
        ));
    }
    if !root_may_be_expired {
        if at < root.not_before() {
            return Err(about(Reason::NotYetValid, root));
        }
        // To the second, as for the other certificates.
        if at.as_millis() / 1000 > root.not_after().as_millis() / 1000 {
            return Err(about(Reason::Expired, root));
        }
    }
    let depth = intermediates.iter().filter(|ca| !ca.is_self_issued()).count();
    if let Some(most) = root
        .basic_constraints()?
        .and_then(|constraints| constraints.path_length)
        && u64::try_from(depth).unwrap_or(u64::MAX) > most
    {
        return Err(about(Reason::PathTooLong, root));
    }
    purpose.check_chain(chain)?;
    policies::check(chain)?;
    for (index, ca) in chain.iter().enumerate().skip(1) {
        if constrains_email(ca)?
            && let Some(below) = chain.iter().take(index).find(|below| has_hidden_email(below))
        {
            return Err(Refusal::new(
                Reason::NameConstraint,
                format!("an e-mail address of {}", below.subject()),
            ));
        }
    }
    Ok(())
}

/// Whether there is an e-mail address where webpki does not look: it refuses every rfc822Name under a constraint on such names, but the
/// constraint also holds for addresses in the subject (RFC 5280 4.2.1.10) and for internationalised ones (RFC 9598 6).
fn has_hidden_email(certificate: &Certificate) -> bool {
    let in_subject = |attribute: &crate::Attribute| attribute.kind == AttributeType::Email;
    let is_mailbox =
        |name: &GeneralName| matches!(name, GeneralName::Other { oid, .. } if *oid == SMTP_UTF8_MAILBOX);
    certificate.subject().attributes().iter().any(in_subject)
        || certificate
            .subject_alt_names()
            .is_ok_and(|names| names.iter().any(is_mailbox))
}

fn constrains_email(ca: &Certificate) -> Result<bool, Refusal> {
    const RFC822_NAME: u8 = 0x81;
    let Some(extension) = ca.extension(&oids::NAME_CONSTRAINTS) else {
        return Ok(false);
    };
    let mut lists = Reader::only(
        &extension.value,
        tag::SEQUENCE,
        "name constraints that are no sequence",
    )?
    .reader();
    while !lists.is_empty() {
        let mut subtrees = lists.next()?.reader();
        while !subtrees.is_empty() {
            let subtree = subtrees.expect(tag::SEQUENCE, "a name constraint that is no sequence")?;
            if subtree.reader().peek() == Some(RFC822_NAME) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The first critical extension of a certificate that webpki does not process, for the refusal's detail.
pub(super) fn unprocessed(certificate: &Certificate) -> Option<Oid> {
    let processed = [
        oids::KEY_USAGE,
        oids::SUBJECT_ALT_NAME,
        oids::BASIC_CONSTRAINTS,
        oids::NAME_CONSTRAINTS,
        oids::CRL_DISTRIBUTION_POINTS,
        oids::EXTENDED_KEY_USAGE,
    ];
    certificate
        .extensions()
        .iter()
        .find(|extension| extension.critical && !processed.contains(&extension.oid))
        .map(|extension| extension.oid.clone())
}
