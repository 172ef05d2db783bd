//! Which settings of one method fit together.
//!
//! Every rule looks at the whole method, and all of them run: who corrects a file wants to see everything at once. A method that is
//! not enabled is held to the same rules, because it would fail as soon as it is.

use smartid_trust::CertificateAttribute;

use super::document::{is_blank, reorders};
use super::filter_rules;
use super::finding::FindingCode as Code;
use super::finding::FindingLevel::{Error, Note, Warning};
use super::{Finding, Findings, PersonalMethod, PersonalMethodType, property};

/// Longer than anybody looks at an image, in seconds; the product's own limit is not public \[inferred\].
const LONG_WAIT: i64 = 300;

impl PersonalMethod {
    /// What does not fit together in these settings: errors, warnings and notes, all of them. Nothing is asked of a service.
    #[must_use]
    pub fn validate(&self) -> Findings {
        let mut found = Findings::default();
        self.general(&mut found);
        self.certificate(&mut found);
        match self.method_type() {
            PersonalMethodType::Mobile => self.check_mobile(&mut found),
            PersonalMethodType::Desktop => self.check_desktop(&mut found),
        }
        self.mapping_pair(&mut found);
        found.extend(filter_rules::check(self));
        self.names(&mut found);
        found
    }

    fn general(&self, found: &mut Findings) {
        let name = self.display_name();
        let hidden = |letter: char| letter.is_control() || reorders(letter);
        if is_blank(name) || name.chars().any(hidden) {
            let sentence = "The display name is missing, blank or has control characters.";
            found.add(Error, Code::DisplayName, "display_name", sentence);
        }
        let servers = self.servers();
        if servers.is_empty() || servers.iter().any(|name| is_blank(name)) {
            let member = "authentication_method_servers";
            let sentence = "There is no authentication method server, or one without a name.";
            found.add(Error, Code::ServerMissing, member, sentence);
        }
        if !self.is_enabled() {
            let member = "enable_authentication_method";
            found.add(Note, Code::NotEnabled, member, "The method is not enabled.");
        }
    }

    fn certificate(&self, found: &mut Findings) {
        let member = "certificate_authority";
        let authority = self.certificate_authority().is_some_and(|name| !is_blank(name));
        let desktop = self.method_type() == PersonalMethodType::Desktop;
        let (level, code, sentence) = match (self.uses_certificate(), authority) {
            (true, false) => (
                Error,
                Code::CertificateAuthorityMissing,
                "Certificate authentication is enabled and no certificate authority is selected.",
            ),
            (true, true) if desktop => (
                Warning,
                Code::CertificateAuthorityDoesNotFilter,
                "At Personal Desktop the certificate authority validates the answer and does not choose what the user is shown.",
            ),
            (false, true) => (
                Warning,
                Code::CertificateAuthorityUnused,
                "A certificate authority is selected and certificate authentication is not enabled.",
            ),
            (true, true) | (false, false) => return,
        };
        found.add(level, code, member, sentence);
    }

    fn check_desktop(&self, found: &mut Findings) {
        let settings = [
            (self.same_device(), "enable_authentication_on_same_device"),
            (self.has("wait_for_seconds"), "wait_for_seconds"),
            (self.has("redirect_text"), "redirect_text"),
        ];
        for (_, member) in settings.into_iter().filter(|(there, _)| *there) {
            let sentence = "Authentication on the same device is a setting of Personal Mobile, and this is Personal Desktop.";
            found.add(Error, Code::SameDeviceMobileOnly, member, sentence);
        }
    }

    fn check_mobile(&self, found: &mut Findings) {
        if !self.same_device() {
            for member in ["wait_for_seconds", "redirect_text"] {
                if self.has(member) {
                    let sentence = "The setting has no effect: authentication on the same device is off.";
                    found.add(Warning, Code::SameDeviceSettingUnused, member, sentence);
                }
            }
        }
        let (level, code, sentence) = match self.wait_for_seconds() {
            Some(i64::MIN..=-1) => (Error, Code::Wait, "The time to wait is negative."),
            Some(0) => (
                Note,
                Code::Wait,
                "The user is redirected at once, without seeing the image.",
            ),
            Some(seconds) if seconds > LONG_WAIT => (
                Warning,
                Code::WaitLong,
                "The image is shown for more than five minutes.",
            ),
            Some(_) | None => return,
        };
        found.add(level, code, "wait_for_seconds", sentence);
    }

    fn mapping_pair(&self, found: &mut Findings) {
        let attribute = self.certificate_attribute();
        let missing: Vec<&'static str> = [
            (self.user_attribute().is_some(), property::USER_ATTRIBUTE),
            (attribute.is_some(), property::CERTIFICATE_ATTRIBUTE),
        ]
        .into_iter()
        .filter_map(|(there, member)| (!there).then_some(member))
        .collect();
        if !self.uses_certificate() {
            if missing.len() < 2 {
                let sentence = "User Attribute and Certificate Attribute have no effect without certificate authentication.";
                let member = "extended_properties";
                found.add(Warning, Code::MappingUnused, member, sentence);
            }
            return;
        }
        let (level, code, sentence) = if self.needs_mapping() {
            (
                Error,
                Code::MandatoryPair,
                "Nobody types a user name here, so User Attribute and Certificate Attribute are both mandatory, and this one is missing.",
            )
        } else {
            (
                Warning,
                Code::PairIncomplete,
                "One of User Attribute and Certificate Attribute is set; without this other one it has no effect.",
            )
        };
        if self.needs_mapping() || missing.len() == 1 {
            found.extend(
                missing
                    .into_iter()
                    .map(|member| Finding::new(level, code, member, sentence)),
            );
        }
        if attribute.is_some_and(|attribute| !is_known(&attribute)) {
            let member = property::CERTIFICATE_ATTRIBUTE;
            let sentence = "The certificate attribute is not one that is known here.";
            found.add(Warning, Code::CertificateAttributeUnknown, member, sentence);
        }
    }

    fn names(&self, found: &mut Findings) {
        for name in self.extended_properties() {
            let (code, sentence) = if property::KNOWN.iter().any(|(known, _)| *known == name) {
                continue;
            } else if property::SIBLINGS.contains(&name) {
                (Code::SiblingProperty, "is documented for other methods only.")
            } else {
                (Code::UnknownProperty, "is not known.")
            };
            let sentence = format!("The extended property {name:?} {sentence}");
            found.add(Note, code, "extended_properties", sentence);
        }
        for name in self.unknown_members() {
            let sentence = format!("The member {name:?} is not known.");
            found.add(Note, Code::UnknownMember, None, sentence);
        }
    }
}

fn is_known(attribute: &CertificateAttribute) -> bool {
    CertificateAttribute::EVIDENCE
        .iter()
        .filter_map(|row| row.key.strip_prefix("certificate_attribute."))
        .any(|known| known.eq_ignore_ascii_case(attribute.as_str()))
}
