//! Which token, and which key on it.

use crate::Certificate;

/// Which token. Everything that is set must fit.
///
/// ```
/// use smartid_trust::pkcs11::TokenSelector;
///
/// let card = TokenSelector::any().with_serial_number("1234567890");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenSelector {
    pub(super) label: Option<String>,
    pub(super) serial_number: Option<String>,
}

impl TokenSelector {
    /// The only token that is there.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// The token with this label, without the blanks behind it.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The token with this serial number, as the module shows it.
    #[must_use]
    pub fn with_serial_number(mut self, serial_number: impl Into<String>) -> Self {
        self.serial_number = Some(serial_number.into());
        self
    }

    pub(super) fn fits(&self, label: &str, serial_number: &str) -> bool {
        self.label.as_deref().is_none_or(|wanted| wanted == label)
            && self
                .serial_number
                .as_deref()
                .is_none_or(|wanted| wanted == serial_number)
    }
}

/// Which key of a token. Everything that is set must fit. Keys that are not for signing never fit.
///
/// ```
/// use smartid_trust::pkcs11::KeySelector;
///
/// let signing = KeySelector::any().with_id([0x45]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySelector {
    pub(super) label: Option<String>,
    pub(super) id: Option<Vec<u8>>,
    pub(super) certificate: Option<Certificate>,
    pub(super) certificates: Vec<Certificate>,
}

impl KeySelector {
    /// The only key of the token.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// The key with this label (CKA_LABEL).
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The key with this identifier (CKA_ID).
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Vec<u8>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The key of this certificate, which need not be on the token.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Certificates that belong into the chain and are not on the token, in any order.
    #[must_use]
    pub fn with_issuers(mut self, certificates: impl IntoIterator<Item = Certificate>) -> Self {
        self.certificates.extend(certificates);
        self
    }
}
