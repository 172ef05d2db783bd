//! What validating found, for a person and for a program.
//!
//! The administration pages of Digital Access take settings that cannot work together, and the login fails later, in front of the
//! user. A finding says it beforehand: a code that stays the same, the setting it is about, a sentence, and what to do.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FindingLevel {
    /// It cannot work so.
    Error,
    /// It may work, but not as it seems to be meant.
    Warning,
    /// Worth knowing.
    Note,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $advice:literal;)*) => {
        /// What was found. The texts are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$doc])* $name,)*
        }

        impl FindingCode {
            /// The code as text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What to do about it.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)*
                }
            }
        }
    };
}

codes! {
    /// User Attribute or Certificate Attribute is missing where both are mandatory \[documented\].
    MandatoryPair = "mandatory-pair", "Add both User Attribute and Certificate Attribute to the extended properties.";
    /// A setting of the same device at Personal Desktop \[documented: Mobile only\].
    SameDeviceMobileOnly = "same-device-mobile-only", "Remove it, or make this method a Personal Mobile.";
    /// Certificate authentication without a certificate authority \[documented\].
    CertificateAuthorityMissing = "certificate-authority-missing",
        "Select the certificate authority that issued the users' certificates.";
    /// No usable display name \[documented: it is shown to users\].
    DisplayName = "display-name", "Give the method a display name of visible characters.";
    /// Two methods with one display name \[documented: unique\].
    DisplayNameNotUnique = "display-name-not-unique", "Give each method a display name of its own.";
    /// No authentication method server \[documented\].
    ServerMissing = "server-missing", "Add an authentication service as authentication method server.";
    /// A time to wait that cannot be, or that shows the image to nobody \[inferred\].
    Wait = "wait", "Enter the seconds that a user needs to look at the image.";
    /// A certificate filter that is none, or that no certificate can be sure to pass \[documented grammar\].
    Filter = "filter", "Correct the certificate filter: an object with op, param and value.";
    /// No external DNS name \[documented\].
    ExternalDnsNameMissing = "external-dns-name-missing",
        "Enter the DNS name in the global settings of the distribution services.";
    /// No external port \[documented\].
    ExternalPortMissing = "external-port-missing",
        "Enter the port in the global settings of the distribution services.";
    /// An external DNS name that is none, or that no phone reaches.
    ExternalDnsName = "external-dns-name", "Enter a host name that public DNS knows, alone: no scheme, port or path.";
    /// An external port that is none.
    ExternalPort = "external-port", "Enter a port from 1 to 65535, as a rule 443.";
    /// The certificate authority of Personal Desktop does not filter \[documented\].
    CertificateAuthorityDoesNotFilter = "certificate-authority-does-not-filter",
        "Expect users to be shown certificates of every authority; a certificate filter can narrow that.";
    /// A certificate authority without certificate authentication.
    CertificateAuthorityUnused = "certificate-authority-unused",
        "Enable Personal certificate authentication, or remove the certificate authority.";
    /// A setting of the same device though that is off.
    SameDeviceSettingUnused = "same-device-setting-unused",
        "Enable authentication on the same device, or remove the setting.";
    /// User Attribute or Certificate Attribute without certificate authentication.
    MappingUnused = "mapping-unused",
        "Enable Personal certificate authentication, or remove User Attribute and Certificate Attribute.";
    /// One of User Attribute and Certificate Attribute, where neither is mandatory.
    PairIncomplete = "pair-incomplete", "Add the other of User Attribute and Certificate Attribute, or remove this one.";
    /// A certificate attribute that cannot be read here; Digital Access may know it \[the list is unknown\].
    CertificateAttributeUnknown = "certificate-attribute-unknown",
        "Check the spelling, and try it with a certificate of one user.";
    /// The image is shown for very long.
    WaitLong = "wait-long", "Shorten the time: a login does not wait that long.";
    /// Two display names that people cannot tell apart.
    DisplayNameSimilar = "display-name-similar", "Choose names that users can tell apart.";
    /// Personal Mobile on the same device only \[documented: two methods are needed for both\].
    OtherDeviceNotOffered = "other-device-not-offered",
        "Add a second Personal Mobile without authentication on the same device.";
    /// Personal Mobile on another device only \[documented: two methods are needed for both\].
    SameDeviceNotOffered = "same-device-not-offered",
        "For users at the phone itself, add a second Personal Mobile with authentication on the same device.";
    /// The method is not enabled.
    NotEnabled = "not-enabled", "Enable the method when it is to be used.";
    /// An extended property that is documented for other methods only.
    SiblingProperty = "sibling-property", "Check on the installation that Personal knows it.";
    /// An extended property that is not known.
    UnknownProperty = "unknown-property", "Check the spelling.";
    /// A member that is not known.
    UnknownMember = "unknown-member", "Check the spelling.";
    /// A list without a method.
    Empty = "empty", "Add a method.";
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    level: FindingLevel,
    code: FindingCode,
    member: Option<&'static str>,
    method: Option<usize>,
    sentence: Cow<'static, str>,
    advice: &'static str,
}

impl Finding {
    pub(super) fn new(
        level: FindingLevel,
        code: FindingCode,
        member: impl Into<Option<&'static str>>,
        sentence: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            level,
            code,
            member: member.into(),
            method: None,
            sentence: sentence.into(),
            advice: code.advice(),
        }
    }

    pub(super) fn of_method(mut self, index: usize) -> Self {
        self.method = Some(index);
        self
    }

    /// How much it weighs.
    #[must_use]
    pub const fn level(&self) -> FindingLevel {
        self.level
    }

    /// What it is.
    #[must_use]
    pub const fn code(&self) -> FindingCode {
        self.code
    }

    /// The setting it is about, as it is named in the document; `None` when it is about the methods together.
    #[must_use]
    pub const fn member(&self) -> Option<&'static str> {
        self.member
    }

    /// Which method of a list, from 0.
    #[must_use]
    pub const fn method(&self) -> Option<usize> {
        self.method
    }

    /// What is so, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        self.advice
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.code, self.sentence, self.advice)
    }
}

/// Everything that validating found: errors, warnings and notes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub(super) fn add(
        &mut self,
        level: FindingLevel,
        code: FindingCode,
        member: impl Into<Option<&'static str>>,
        sentence: impl Into<Cow<'static, str>>,
    ) {
        self.push(Finding::new(level, code, member, sentence));
    }

    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.0.extend(findings);
    }

    /// All of them, in the order of the settings.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }

    /// Those of one level.
    pub fn of(&self, level: FindingLevel) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(move |finding| finding.level == level)
    }

    /// Whether nothing stands in the way: there may be warnings and notes.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.of(FindingLevel::Error).next().is_none()
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
