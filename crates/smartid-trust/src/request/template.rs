//! The request that goes to the device: made here, or the integrator's own.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use smartid_core::BuildError;
use smartid_core::base64::{self, Flavour};

use super::parse::{EXTENSION_REQUEST, Wanted, alt_names_der, extension_der, leniently};
use super::throw_away::{ThrowAwayKey, failed};
use super::{MAX_REQUEST_LEN, der_of_pem, parse};
use crate::certificate::oids;
use crate::der::{self, Reader};
use crate::{DistinguishedName, GeneralName, Oid, PublicKey, Refusal};

/// A PKCS #10 template: the request that the provision command carries as `certreq`.
///
/// Keep it, or its DER, until the device answers: what comes back is compared with it.
#[derive(Clone)]
pub struct RequestTemplate(Arc<Inner>);

struct Inner {
    der: Bytes,
    wanted: Result<Wanted, Refusal>,
}

impl RequestTemplate {
    /// Takes an integrator's own template, as DER. It goes out byte for byte as it came in, whatever it is: the published example with
    /// version 2, a SHA-1 signature and a private identifier in its subject does too (vendor page: Example: Smart ID Mobile App
    /// certificate provisioning \[documented example\]). Version, signature and key type are not looked at. Subject, names and key
    /// are read for the comparison later; whether that went well says [`readable`](Self::readable).
    ///
    /// ```
    /// use smartid_trust::request::RequestTemplate;
    ///
    /// let odd = RequestTemplate::passthrough(b"not a request at all".to_vec());
    /// assert_eq!(odd.certreq_base64(), "bm90IGEgcmVxdWVzdCBhdCBhbGw=");
    /// assert!(odd.readable().is_err());
    /// ```
    #[must_use]
    pub fn passthrough(der: impl Into<Bytes>) -> Self {
        let der = der.into();
        let wanted = leniently(&der);
        if let Err(refusal) = &wanted {
            tracing::warn!(target: "smartid::trust", detail = refusal.detail(), "template cannot be read");
        }
        Self(Arc::new(Inner { der, wanted }))
    }

    /// As [`passthrough`](Self::passthrough), from the one `CERTIFICATE REQUEST` of a PEM text.
    ///
    /// # Errors
    /// [`Reason::Malformed`](crate::Reason::Malformed) when there is no such section or more than one.
    pub fn passthrough_pem(pem: &str) -> Result<Self, Refusal> {
        Ok(Self::passthrough(der_of_pem(pem)?))
    }

    /// The template as DER.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.0.der
    }

    /// The template as `certreq` has it: base64 without PEM boundaries and line breaks.
    #[must_use]
    pub fn certreq_base64(&self) -> String {
        base64::encode(Flavour::Standard, &self.0.der)
    }

    /// Whether subject, names and key could be read, so that a request can be compared with them. Always so for a template that a
    /// [`TemplateBuilder`] made.
    ///
    /// # Errors
    /// The [`Refusal`] that says what could not be read.
    pub fn readable(&self) -> Result<(), Refusal> {
        self.reading().map(|_| ()).map_err(Clone::clone)
    }

    /// The subject; `None` when the template cannot be read.
    #[must_use]
    pub fn subject(&self) -> Option<&DistinguishedName> {
        self.reading().ok().map(|wanted| &wanted.subject)
    }

    /// The alternative names, in order; `None` when the template cannot be read.
    #[must_use]
    pub fn subject_alt_names(&self) -> Option<&[GeneralName]> {
        self.reading().ok().map(|wanted| wanted.alt_names.as_slice())
    }

    /// The public half of the throw-away key; `None` when the template or the key cannot be read.
    #[must_use]
    pub fn throw_away_key(&self) -> Option<PublicKey> {
        let wanted = self.reading().ok()?;
        PublicKey::from_spki_der(&wanted.spki).ok()
    }

    pub(super) fn reading(&self) -> Result<&Wanted, &Refusal> {
        self.0.wanted.as_ref()
    }
}

impl fmt::Debug for RequestTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTemplate")
            .field("subject", &self.subject().map(ToString::to_string))
            .finish_non_exhaustive()
    }
}

/// Makes templates: subject and names in, no key in and none out.
///
/// Repeated parts of the subject (two `OU`s, several `DC`s) stay as they are: the subject is written byte for byte as it was given.
#[derive(Clone, Debug)]
#[must_use]
pub struct TemplateBuilder {
    subject: DistinguishedName,
    alt_names: Vec<GeneralName>,
    extensions: Vec<(Oid, bool, Bytes)>,
}

impl TemplateBuilder {
    /// A template for this subject.
    pub const fn new(subject: DistinguishedName) -> Self {
        Self {
            subject,
            alt_names: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// Adds an e-mail address to the alternative names.
    pub fn with_email(self, address: impl Into<String>) -> Self {
        self.with_alt_name(GeneralName::Email(address.into()))
    }

    /// Adds a user principal name to the alternative names.
    pub fn with_user_principal_name(self, upn: &str) -> Self {
        self.with_alt_name(GeneralName::from_user_principal_name(upn))
    }

    /// Adds a DNS name to the alternative names.
    pub fn with_dns(self, name: impl Into<String>) -> Self {
        self.with_alt_name(GeneralName::Dns(name.into()))
    }

    /// Adds a URI to the alternative names.
    pub fn with_uri(self, uri: impl Into<String>) -> Self {
        self.with_alt_name(GeneralName::Uri(uri.into()))
    }

    /// Adds any name to the alternative names; they are written in the order in which they were added.
    pub fn with_alt_name(mut self, name: GeneralName) -> Self {
        self.alt_names.push(name);
        self
    }

    /// Asks for an extension other than the alternative names. `value_der` is what goes into its octet string.
    pub fn with_extension(mut self, oid: Oid, critical: bool, value_der: impl Into<Bytes>) -> Self {
        self.extensions.push((oid, critical, value_der.into()));
        self
    }

    /// Makes a key, signs the template with it (SHA-256), and forgets it: the private half is wiped before this returns. Computes for
    /// some hundred milliseconds with RSA: call it through [`run_blocking`](smartid_core::run_blocking).
    ///
    /// # Errors
    /// [`BuildError::Invalid`]: neither subject nor names; an e-mail address, DNS name or URI that is empty or has letters other than
    /// visible ASCII; a name that cannot be read back; an extension twice, or the alternative names as an extension; a template above
    /// [`MAX_REQUEST_LEN`].
    pub fn build(&self, key: ThrowAwayKey) -> Result<RequestTemplate, BuildError> {
        let extensions = self.extensions_der()?;
        let attributes = if extensions.is_empty() {
            Vec::new()
        } else {
            let parts: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
            let value = der::set(&[&der::sequence(&parts)]);
            der::sequence(&[&der::oid(&EXTENSION_REQUEST), &value])
        };
        let key = key.generate()?;
        let algorithm = *key.algorithms().first().ok_or(()).map_err(failed)?;
        let info = der::sequence(&[
            &der::integer(&[]),
            self.subject.der(),
            key.public_key().spki_der(),
            &der::explicit(0, &attributes),
        ]);
        let signature = key.sign(algorithm, &info).map_err(failed)?;
        drop(key);
        let der = Bytes::from(der::sequence(&[
            &info,
            &algorithm.identifier(),
            &der::bit_string(&signature),
        ]));
        if der.len() > MAX_REQUEST_LEN {
            return Err(BuildError::Invalid(format!(
                "the template has more than {MAX_REQUEST_LEN} bytes"
            )));
        }
        // What went in must come out, or the comparison later would be with something else.
        let wanted = parse::request(&der)
            .map_err(|refusal| unwritable(refusal.detail()))?
            .names;
        if wanted.alt_names != self.alt_names {
            return Err(unwritable("an alternative name"));
        }
        let wanted = Ok(wanted);
        Ok(RequestTemplate(Arc::new(Inner { der, wanted })))
    }

    fn extensions_der(&self) -> Result<Vec<Vec<u8>>, BuildError> {
        let mut seen = vec![oids::SUBJECT_ALT_NAME];
        let mut all = Vec::new();
        if !self.alt_names.is_empty() {
            self.alt_names.iter().try_for_each(check_name)?;
            let (oid, value) = alt_names_der(&self.alt_names);
            // RFC 5280 4.2.1.6: critical when the subject is empty.
            all.push(extension_der(&oid, self.subject.is_empty(), &value));
        } else if self.subject.is_empty() {
            return Err(BuildError::Invalid(
                "a template needs a subject or an alternative name".to_owned(),
            ));
        }
        for (oid, critical, value) in &self.extensions {
            if seen.contains(oid) {
                return Err(BuildError::Invalid(format!(
                    "extension {oid} is given twice, or is the one of the alternative names"
                )));
            }
            seen.push(oid.clone());
            all.push(extension_der(oid, *critical, value));
        }
        Ok(all)
    }
}

fn unwritable(what: &str) -> BuildError {
    BuildError::Invalid(format!(
        "a template cannot be written so that it reads the same: {what}"
    ))
}

fn check_name(name: &GeneralName) -> Result<(), BuildError> {
    let good = match name {
        GeneralName::Email(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => {
            !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_graphic())
        }
        GeneralName::Ip(octets) => matches!(octets.len(), 4 | 16),
        GeneralName::Other { value_der, .. } => {
            let mut value = Reader::new(value_der);
            value.next().is_ok() && value.is_empty() && name.user_principal_name() != Some(String::new())
        }
        GeneralName::Directory(_) | GeneralName::RegisteredId(_) | GeneralName::Unread(_) => true,
    };
    if good {
        return Ok(());
    }
    Err(BuildError::Invalid(
        "an alternative name is empty, has letters other than visible ASCII, or is no address".to_owned(),
    ))
}
