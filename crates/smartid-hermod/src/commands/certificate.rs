//! `POST {command-base}/certificate`: installs certificates for the keys of a profile, or on a token.
//!
//! Vendor pages: Smart ID Messaging API overview (documented: the verb, "provisioning of certificate to token and device"), API parameters
//! specific to Personal Desktop App 1.1 (documented: `smartcardid`), API parameters specific to Smart ID Desktop App (documented:
//! `desktopKeyProtectionLevel`, `NONE` and `CONSENT`). Everything else of the body is inferred from the provision command; that there are
//! auxiliary certificates and recovered keys is documented (vendor page: Smart ID Messaging - Standard service tasks in Identity Manager,
//! Issue certificates to virtual smart card), their form is not. `certificate.request` of the dialect and [`Members`] change it.
//! Sent by an API user with its key. Never repeated by itself: a second command would ask the person twice. The outcome is
//! [`CommandReport::certificate`](crate::CommandReport::certificate). When it is refused, see [`HermodError`].

use serde::Serialize;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{BuildError, Endpoint, Incoming, Lint, Outgoing, Repeat, ResponseError};
use smartid_trust::Certificate;

use super::certificate_entry::CertificateEntry;
use super::provision::{ResponseFormat, SignatureKey};
use super::{Members, Nonce, request, response};
use crate::answers::{AttestationKeys, ProvisionExpectation, ProvisionPolicy};
use crate::api_key::auth;
use crate::dialect::{HermodDialect, Placeholders};
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::ids::{ProfileId, SmartCardId, UserId};
use crate::open::open_enum;
use crate::response::ImmediateResponse;

/// Most entries of one command.
pub const MAX_CERTIFICATES: usize = 64;

open_enum! {
    /// `desktopKeyProtectionLevel`: what the Desktop App asks before a key is used. At least one further value exists and is unknown.
    KeyProtection {
        /// Nothing (documented).
        None = "NONE",
        /// A consent dialogue of Windows (documented).
        Consent = "CONSENT",
    }
}

/// Installs certificates.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::commands::{CertificateEntry, InstallCertificates};
/// use smartid_hermod::{CommandHeader, HermodDialect};
/// use smartid_trust::Certificate;
/// # let pem = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/officer-one.pem"))?;
/// # let root = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/root.pem"))?;
///
/// let (certificate, issuer) = (Certificate::from_pem(&pem)?, Certificate::from_pem(&root)?);
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.to(["userA"]);
/// let command = InstallCertificates::new(header)
///     .user("userA")
///     .profile("70a1c6de")
///     .certificate(CertificateEntry::new("signer", certificate).chain([issuer]));
///
/// let dialect = HermodDialect::default();
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "certificate"));
/// let body = std::str::from_utf8(request.body_bytes())?;
/// let (before, certificates) = body.split_once(r#""certificates":"#).unwrap();
/// assert_eq!(
///     before,
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["userA"]},"certCommand":{"userid":"userA","profileid":"70a1c6de","#,
/// );
/// assert!(certificates.starts_with(r#"[{"keyid":"signer","certificate":"MII"#) && certificates.contains(r#"","chain":["MII"#));
///
/// let answer = r#"{"commandId":"5102","destinations":[{"to":"userA","bid":"b-1"}],"commandType":"CERT","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert!(command.response(&dialect, incoming).unwrap().link().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstallCertificates {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// The challenge of a signed confirmation.
    pub nonce: Option<Nonce>,
    /// The user.
    pub user_id: Option<UserId>,
    /// The profile.
    pub profile_id: Option<ProfileId>,
    /// The key that a confirmation is signed with; not sent unless set.
    pub signature_key: Option<SignatureKey>,
    /// The form of the confirmation; not sent unless set.
    pub response_format: Option<ResponseFormat>,
    /// What to install.
    pub certificates: Vec<CertificateEntry>,
    /// The token. Needed where its id is another than that of the profile (Desktop App 1.1 and later, documented).
    pub smart_card_id: Option<SmartCardId>,
    /// What the Desktop App asks before a key is used (after Desktop App 1.1).
    pub protection: Option<KeyProtection>,
    /// Further members of `certCommand`.
    pub members: Members,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a Nonce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userid: Option<&'a UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profileid: Option<&'a ProfileId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responsesignaturekey: Option<&'a SignatureKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responseformat: Option<&'a ResponseFormat>,
    certificates: &'a [CertificateEntry],
    #[serde(skip_serializing_if = "Option::is_none")]
    smartcardid: Option<&'a SmartCardId>,
    #[serde(rename = "desktopKeyProtectionLevel", skip_serializing_if = "Option::is_none")]
    protection: Option<&'a KeyProtection>,
}

impl InstallCertificates {
    /// Nothing yet: it needs a [profile](Self::profile) or a [token](Self::smart_card), and a [certificate](Self::certificate).
    #[must_use]
    pub fn new(header: CommandHeader) -> Self {
        Self {
            header,
            nonce: None,
            user_id: None,
            profile_id: None,
            signature_key: None,
            response_format: None,
            certificates: Vec::new(),
            smart_card_id: None,
            protection: None,
            members: Members::default(),
        }
    }

    /// Sets the challenge of a signed confirmation.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<Nonce>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: impl Into<UserId>) -> Self {
        self.user_id = Some(user.into());
        self
    }

    /// Sets the profile.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<ProfileId>) -> Self {
        self.profile_id = Some(profile.into());
        self
    }

    /// Sets the token.
    #[must_use]
    pub fn smart_card(mut self, card: impl Into<SmartCardId>) -> Self {
        self.smart_card_id = Some(card.into());
        self
    }

    /// Sets what the Desktop App asks before a key is used.
    #[must_use]
    pub fn protection(mut self, level: impl Into<KeyProtection>) -> Self {
        self.protection = Some(level.into());
        self
    }

    /// Asks for a confirmation that is signed with this key, as a JWS.
    #[must_use]
    pub fn confirmed_by(mut self, key: impl Into<SignatureKey>) -> Self {
        self.signature_key = Some(key.into());
        self.response_format = Some(ResponseFormat::Jws);
        self
    }

    /// Adds an entry.
    #[must_use]
    pub fn certificate(mut self, entry: CertificateEntry) -> Self {
        self.certificates.push(entry);
        self
    }

    /// What a signed confirmation must be: the same signature, nonce, user and profile as of a provisioning answer, and no keys. `None`
    /// without user and profile, which it is bound to.
    #[must_use]
    pub fn policy(&self, keys: &AttestationKeys) -> Option<ProvisionPolicy> {
        let signature_key = self.signature_key.clone().unwrap_or(SignatureKey::Attestation);
        let expectation = ProvisionExpectation::new(
            self.nonce.clone(),
            self.user_id.clone()?,
            Some(self.profile_id.clone()?),
            signature_key,
        );
        Some(ProvisionPolicy::new(expectation, keys))
    }

    /// What is odd, but not refused.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        let mut lints = self.header.lints();
        if self.signature_key.is_some() && self.nonce.is_none() {
            lints.push(Lint::new(
                "nonce",
                "nothing ties a signed confirmation to this command",
            ));
        }
        for (index, entry) in self.certificates.iter().enumerate() {
            entry.lints(&format!("certificates/{index}"), &mut lints);
        }
        lints
    }

    fn check(&self) -> Result<(), BuildError> {
        let refuse = |what: String| Err(BuildError::Invalid(what));
        let empty = [
            ("nonce", self.nonce.as_ref().map(Nonce::as_str)),
            ("user id", self.user_id.as_ref().map(UserId::as_str)),
            ("profile id", self.profile_id.as_ref().map(ProfileId::as_str)),
            (
                "smart card id",
                self.smart_card_id.as_ref().map(SmartCardId::as_str),
            ),
        ];
        if let Some((name, _)) = empty.iter().find(|(_, text)| *text == Some("")) {
            return refuse(format!("the {name} is empty"));
        }
        if self.profile_id.is_none() && self.smart_card_id.is_none() {
            return refuse(
                "there is neither a profile nor a smart card to install certificates in".to_owned(),
            );
        }
        if self.certificates.is_empty() {
            return refuse("there is no certificate to install".to_owned());
        }
        if self.certificates.len() > MAX_CERTIFICATES {
            let count = self.certificates.len();
            return refuse(format!("{count} certificates; the most is {MAX_CERTIFICATES}"));
        }
        for (index, entry) in self.certificates.iter().enumerate() {
            entry.check()?;
            let mut before = self.certificates.iter().take(index);
            if let Some(key) = &entry.key_id
                && before.any(|other| other.key_id.as_ref() == Some(key))
            {
                return refuse(format!("two entries are for the key {:?}", key.as_str()));
            }
        }
        Ok(())
    }
}

/// A certificate as it is sent: base64 without PEM boundaries (inferred, as the template of a provision command is).
pub(super) fn base64(certificate: &Certificate) -> String {
    encode(Flavour::Standard, certificate.der())
}

impl Endpoint for InstallCertificates {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.certificate";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        self.check()?;
        let body = Body {
            nonce: self.nonce.as_ref(),
            userid: self.user_id.as_ref(),
            profileid: self.profile_id.as_ref(),
            responsesignaturekey: self.signature_key.as_ref(),
            responseformat: self.response_format.as_ref(),
            certificates: &self.certificates,
            smartcardid: self.smart_card_id.as_ref(),
            protection: self.protection.as_ref(),
        };
        let values = Placeholders {
            user_id: self.user_id.as_ref().map(UserId::as_str),
            profile_id: self.profile_id.as_ref().map(ProfileId::as_str),
            smart_card_id: self.smart_card_id.as_ref().map(SmartCardId::as_str),
            ..Placeholders::default()
        };
        request(&dialect.certificate, &self.header, &values, &body, &self.members)
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.certificate, &dialect.states, incoming)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smartid_core::SecretBytes;

    use super::*;

    fn command() -> InstallCertificates {
        let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap();
        InstallCertificates::new(header)
    }

    fn entry(key: &str) -> CertificateEntry {
        CertificateEntry::pkcs12(key, SecretBytes::new(vec![1]))
    }

    fn refusal(command: &InstallCertificates) -> String {
        let request = command.request(&HermodDialect::default());
        request.map_or_else(|error| error.to_string(), |_| "sent".to_owned())
    }

    #[test]
    fn what_cannot_be_right_is_not_sent() {
        let many = |count| {
            (0..count).fold(command().profile("p"), |all, n: usize| {
                all.certificate(entry(&n.to_string()))
            })
        };
        for good in [
            many(MAX_CERTIFICATES),
            command().smart_card("c").certificate(entry("a")),
            // Auxiliary entries have no key, so any number of them is no contradiction.
            command()
                .profile("p")
                .certificate(CertificateEntry::json("{}"))
                .certificate(CertificateEntry::json("{}")),
        ] {
            assert_eq!(refusal(&good), "sent");
        }
        for (bad, says) in [
            (command().profile("p"), "no certificate"),
            (
                command().user("u").certificate(entry("a")),
                "neither a profile nor a smart card",
            ),
            (many(MAX_CERTIFICATES + 1), "65 certificates; the most is 64"),
            (
                many(2).certificate(entry("1")),
                "two entries are for the key \"1\"",
            ),
            (many(1).certificate(entry("")), "key id"),
            (many(1).user(""), "user id is empty"),
            (many(1).profile(""), "profile id is empty"),
            (many(1).smart_card(""), "smart card id is empty"),
            (many(1).nonce(""), "nonce is empty"),
        ] {
            assert!(refusal(&bad).contains(says), "{says}: {}", refusal(&bad));
        }
    }

    #[test]
    fn a_confirmation_without_nonce_leaves_a_lint() {
        let signed = command()
            .profile("p")
            .certificate(entry("a"))
            .confirmed_by("ATTESTATION");
        assert_eq!(signed.lints().len(), 1);
        assert!(signed.nonce("1").lints().is_empty());
    }

    #[test]
    fn placeholders_are_those_of_the_command() {
        let dialect =
            "certificate = { path = 'certificate/{smart_card_id}', to = ['{user_id}', '{profile_id}'] }";
        let dialect: HermodDialect = smartid_core::dialect::overlay(dialect).unwrap();
        let full = command()
            .user("u")
            .profile("p")
            .smart_card("c 1")
            .certificate(entry("a"));
        let request = full.request(&dialect).unwrap();
        assert_eq!(request.target(), "certificate/c%201");
        let body = std::str::from_utf8(request.body_bytes()).unwrap();
        assert!(body.contains(r#""to":["u","p"]"#), "{body}");
        assert!(
            command()
                .profile("p")
                .certificate(entry("a"))
                .request(&dialect)
                .is_err()
        );
    }
}
