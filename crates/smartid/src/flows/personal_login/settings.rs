//! A method that is fit to be used, with what its settings only name: the certificate authority itself, the users, the clients.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smartid_da::personal::{Findings, PersonalMethod, PersonalMethodType, UserMapping};
use smartid_hermod::filter::{CertificateFilter, FilterError};
use smartid_hermod::wait::PollPolicy;
use smartid_hermod::{Hermod, MobileLinkOptions, SignatureFormat};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::{AttributeComparison, Certificate, Refusal};

use super::PersonalLogin;
use super::directory::UserDirectory;
use crate::flows::journal::{Desk, Observer};

/// How long the picture is shown before the redirect when the method does not say. The product's own default is unknown; this is ours.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(3);

/// What the page says with the redirect when the method does not say. The product's own default is unknown; this is ours.
pub const DEFAULT_REDIRECT_TEXT: &str = "Opening the Smart ID app on this device …";

/// The certificate authority that a method names: the issuer of the users' certificates.
///
/// A method has its display name only. Digital Access validates an answer with the authority's certificate \[documented; vendor page: Set
/// up Smart ID (Personal) authentication\]; that the signer's chain has to lead to that very authority, and not just to its root, is
/// inferred: anything less would let certificates of its siblings in.
#[derive(Clone, Debug)]
pub struct CertificateAuthority {
    name: String,
    chains: Arc<ChainPolicy>,
}

impl CertificateAuthority {
    /// By its certificate, of an issuing authority or a root, for keys that may authenticate
    /// ([`Purpose::authentication`]). Nothing is known about revocation then, and a login says so in its remarks.
    ///
    /// # Errors
    /// [`Refusal`] when the certificate cannot be that of an authority.
    pub fn new(name: impl Into<String>, certificate: Certificate) -> Result<Self, Refusal> {
        let verifier = WebpkiVerifier::builder().root(certificate).build()?;
        let chains = ChainPolicy::new(Arc::new(verifier), Purpose::authentication());
        Ok(Self::with_policy(name, Arc::new(chains)))
    }

    /// With another policy: revocation lists, another purpose, another verifier. Every chain that it validates counts, so its roots should
    /// be the certificate of the authority and no others.
    #[must_use]
    pub fn with_policy(name: impl Into<String>, chains: Arc<ChainPolicy>) -> Self {
        Self {
            name: name.into(),
            chains,
        }
    }

    /// Its display name, as methods have it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn chains(&self) -> &Arc<ChainPolicy> {
        &self.chains
    }
}

/// Where the challenge of a login goes in the command: the answer must be signed over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengePlace {
    /// A hidden entry of `tbs`. That this command takes it is unknown; a signature over it is checked octet by octet.
    #[default]
    Tbs,
    /// The member `nonce`, by analogy with provisioning \[unknown\]. What an app signs then is a setting of the dialect
    /// (`answers.signature.payload`).
    Nonce,
}

/// Which mailbox of the messaging server is that of a user who was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailboxName {
    /// The user id \[inferred\].
    #[default]
    UserId,
    /// The one value of this attribute, such as `mail`: Identity Manager enrols phones under the e-mail address \[documented; vendor page:
    /// Mobile ID - Manage option to set properties related to the user\].
    Attribute(String),
}

/// A method that no login can be done with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MethodRefused {
    /// Settings that cannot work together: `validate()` finds errors.
    #[error("the method {name:?} cannot work: {}", first(.findings))]
    Findings {
        /// The method's display name.
        name: String,
        /// All findings.
        findings: Findings,
    },
    /// The method is not enabled.
    #[error("the method {name:?} is not enabled")]
    NotEnabled {
        /// The method's display name.
        name: String,
    },
    /// The method validates certificates, and the authority that it names was not given.
    #[error("the certificate authority {wanted:?} of the method was not given")]
    AuthorityMissing {
        /// The name in the method.
        wanted: String,
    },
    /// The certificate filter cannot be read.
    #[error("the certificate filter cannot be read: {0}")]
    Filter(FilterError),
}

fn first(findings: &Findings) -> String {
    use smartid_da::personal::FindingLevel::Error;
    let mut errors = findings.of(Error).map(ToString::to_string);
    let first = errors.next().unwrap_or_default();
    match errors.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

/// What a login is done with.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) method: PersonalMethod,
    /// The settings as text, to tell this method from others.
    pub(super) fingerprint: String,
    pub(super) authority: Option<CertificateAuthority>,
    pub(super) mapping: Option<UserMapping>,
    pub(super) filter: Option<CertificateFilter>,
    pub(super) directory: Arc<dyn UserDirectory>,
    pub(super) mailbox: MailboxName,
    pub(super) challenge: ChallengePlace,
    pub(super) format: Option<SignatureFormat>,
    pub(super) polling: PollPolicy,
    pub(super) start_link: MobileLinkOptions,
    pub(super) labels: Labels,
}

/// What stands beside the picture and the text in the app.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    pub(super) image: String,
    pub(super) description: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            fingerprint: _,
            authority,
            mapping,
            filter,
            directory: _,
            mailbox,
            challenge,
            format,
            polling,
            start_link,
            labels: _,
        } = self;
        f.debug_struct("Settings")
            .field("method", &method.display_name())
            .field("authority", &authority.as_ref().map(CertificateAuthority::name))
            .field("mapping", mapping)
            .field("filter", filter)
            .field("mailbox", mailbox)
            .field("challenge", challenge)
            .field("format", format)
            .field("polling", polling)
            .field("start_link", start_link)
            .finish_non_exhaustive()
    }
}

/// Puts a [`PersonalLogin`] together; made by [`SmartId::personal_login`](crate::SmartId::personal_login).
#[derive(Debug)]
pub struct PersonalLoginBuilder {
    hermod: Hermod,
    desk: Desk,
    settings: Settings,
    comparison: AttributeComparison,
    authorities: Vec<CertificateAuthority>,
    authority_filter: Option<CertificateFilter>,
}

impl PersonalLoginBuilder {
    pub(crate) fn new(
        hermod: Hermod,
        desk: Desk,
        method: PersonalMethod,
        directory: Arc<dyn UserDirectory>,
    ) -> Self {
        let settings = Settings {
            fingerprint: method.to_json(),
            method,
            authority: None,
            mapping: None,
            filter: None,
            directory,
            mailbox: MailboxName::default(),
            challenge: ChallengePlace::default(),
            format: None,
            polling: PollPolicy::default(),
            start_link: MobileLinkOptions::new(),
            labels: Labels {
                image: "Compare the pictures".to_owned(),
                description: "Request".to_owned(),
            },
        };
        Self {
            hermod,
            desk,
            settings,
            comparison: AttributeComparison::Exact,
            authorities: Vec::new(),
            authority_filter: None,
        }
    }

    /// A certificate authority that methods may name; the one of this method is taken.
    #[must_use]
    pub fn authority(mut self, authority: CertificateAuthority) -> Self {
        self.authorities.push(authority);
        self
    }

    /// Which mailbox is that of a user who was typed; that of the user id unless set.
    #[must_use]
    pub fn mailbox(mut self, name: MailboxName) -> Self {
        self.settings.mailbox = name;
        self
    }

    /// How values of certificates are compared with those of users; octet by octet unless set. What Digital Access does is unknown.
    #[must_use]
    pub fn comparison(mut self, comparison: AttributeComparison) -> Self {
        self.comparison = comparison;
        self
    }

    /// Where the challenge goes.
    #[must_use]
    pub fn challenge(mut self, place: ChallengePlace) -> Self {
        self.settings.challenge = place;
        self
    }

    /// Asks for this format of signature; the app chooses unless set.
    #[must_use]
    pub fn format(mut self, format: SignatureFormat) -> Self {
        self.settings.format = Some(format);
        self
    }

    /// For Personal Mobile: a filter that only certificates of the method's authority pass, such as
    /// `CertificateFilter::eq("cert.issuer", "Example Issuing CA")`. The app then offers no others.
    ///
    /// Of Personal Desktop it is documented that the authority does *not* filter, from which follows that it does at Mobile; how, and what
    /// the parameter is called, is unknown, so nothing is added unless set. Without effect at Desktop and without certificate
    /// authentication. A signer of whom it is certain that the filter does not let it pass is refused.
    #[must_use]
    pub fn filtering_by_authority(mut self, filter: CertificateFilter) -> Self {
        self.authority_filter = Some(filter);
        self
    }

    /// What stands beside the picture in the app.
    #[must_use]
    pub fn image_label(mut self, label: impl Into<String>) -> Self {
        self.settings.labels.image = label.into();
        self
    }

    /// What stands beside the text in the app.
    #[must_use]
    pub fn description_label(mut self, label: impl Into<String>) -> Self {
        self.settings.labels.description = label.into();
        self
    }

    /// Scheme, title and return address of the link that opens the Mobile App on the same device when a user name was typed.
    #[must_use]
    pub fn start_link(mut self, options: MobileLinkOptions) -> Self {
        self.settings.start_link = options;
        self
    }

    /// Sets how Messaging is polled beside the callbacks.
    #[must_use]
    pub fn polling(mut self, policy: PollPolicy) -> Self {
        self.settings.polling = policy;
        self
    }

    /// Hears every line of the journal as it is written.
    #[must_use]
    pub fn observe(mut self, observer: Arc<dyn Observer>) -> Self {
        self.desk.observer = Some(observer);
        self
    }

    /// The flow.
    ///
    /// # Errors
    /// [`MethodRefused`]: a method with findings of the level error is not used, whatever it is that would go wrong.
    pub fn build(self) -> Result<PersonalLogin, MethodRefused> {
        let Self {
            hermod,
            desk,
            mut settings,
            comparison,
            authorities,
            authority_filter,
        } = self;
        let method = &settings.method;
        let name = || method.display_name().to_owned();
        let findings = method.validate();
        if !findings.is_ok() {
            return Err(MethodRefused::Findings {
                name: name(),
                findings,
            });
        }
        if !method.is_enabled() {
            return Err(MethodRefused::NotEnabled { name: name() });
        }
        let authority = if method.uses_certificate() {
            let wanted = method.certificate_authority().unwrap_or_default();
            let given = authorities.into_iter().find(|authority| authority.name == wanted);
            Some(given.ok_or_else(|| MethodRefused::AuthorityMissing {
                wanted: wanted.to_owned(),
            })?)
        } else {
            None
        };
        let mut filter = method.certificate_filter().map_err(MethodRefused::Filter)?;
        if method.method_type() == PersonalMethodType::Mobile
            && authority.is_some()
            && let Some(issued) = authority_filter
        {
            filter = Some(match filter {
                None => issued,
                Some(own) => CertificateFilter::and([own, issued]),
            });
        }
        let mapping = UserMapping::of(method).map(|mapping| mapping.with_comparison(comparison));
        settings.authority = authority;
        settings.filter = filter;
        settings.mapping = mapping;
        Ok(PersonalLogin {
            hermod,
            desk,
            settings: Arc::new(settings),
        })
    }
}
