//! Which kind of registration: the part of the path that names the protocol by which a device enrols.

use smartid_core::{BuildError, PathTemplate};

use crate::open::open_words;

open_words! {
    /// By which protocol a registered device enrols (seen in public third-party code:
    /// Keyfactor/nexus-certificate-manager-caplugin). The word stands in the path; a slash in it parts segments.
    RegistrationKind {
        /// EST.
        Est = "est",
        /// CMP.
        Cmp = "cmp",
        /// SCEP.
        Scep = "scep",
        /// A device, whatever it enrols by.
        Device = "device",
        /// ACME: a key for external account binding.
        Acme = "acme",
        /// An ACME account.
        AcmeAccount = "acme/account",
        /// Intelligent transport systems.
        Itss = "itss",
    }
}

open_words! {
    /// Whether a registration can be used (seen in public third-party code: device-registration scripts for a hosted service).
    RegistrationStatus {
        /// It can.
        Open = "open",
        /// It cannot.
        Closed = "closed",
    }
}

/// The most segments that a kind has in a path.
const MOST_SEGMENTS: usize = 8;
/// The placeholders of the segments, by their number.
const SEGMENTS: [&str; MOST_SEGMENTS] = [
    "type_1", "type_2", "type_3", "type_4", "type_5", "type_6", "type_7", "type_8",
];

/// What stands for each placeholder.
type Values<'a> = Vec<(&'static str, &'a str)>;

/// A path that has `{type}`, with a placeholder for each of the kind's segments, and their values.
pub(super) fn path<'a>(
    template: &PathTemplate,
    account: &'a str,
    kind: &'a RegistrationKind,
) -> Result<(PathTemplate, Values<'a>), BuildError> {
    let segments: Vec<_> = SEGMENTS.into_iter().zip(kind.as_str().split('/')).collect();
    if kind.as_str().split('/').count() > MOST_SEGMENTS {
        let problem = format!("the kind of registration has more than {MOST_SEGMENTS} parts");
        return Err(BuildError::Invalid(problem));
    }
    let placeholders: Vec<String> = segments.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    let path = template
        .to_string()
        .replace("{type}", &placeholders.join("/"))
        .parse()?;
    let mut values = vec![("account", account), ("type", kind.as_str())];
    values.extend(segments);
    Ok((path, values))
}

impl RegistrationKind {
    /// The name of the protocol as other parts of the product write it, in capital letters, such as `EST`.
    #[must_use]
    pub fn protocol(&self) -> String {
        let protocol = self.as_str().split('/').next().unwrap_or_default();
        protocol.to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(kind: &str) -> Result<String, BuildError> {
        let template: PathTemplate = "registrations/{account}/{type}".parse().unwrap();
        let kind = RegistrationKind::from(kind);
        let (path, values) = path(&template, "a/b", &kind)?;
        Ok(path.expand(&values)?)
    }

    #[test]
    fn a_kind_may_have_several_segments_and_none_leads_elsewhere() {
        assert_eq!(expand("est").unwrap(), "registrations/a%2Fb/est");
        assert_eq!(
            expand("acme/account").unwrap(),
            "registrations/a%2Fb/acme/account"
        );
        assert_eq!(
            expand("new type/sub?x").unwrap(),
            "registrations/a%2Fb/new%20type/sub%3Fx"
        );
        for bad in ["", "/", "est/", "/est", "../../revoke", "est/..", ".", "a//b"] {
            assert!(expand(bad).is_err(), "{bad:?}");
        }
        assert!(expand("1/2/3/4/5/6/7/8").is_ok());
        assert!(matches!(expand("1/2/3/4/5/6/7/8/9"), Err(BuildError::Invalid(_))));
    }

    #[test]
    fn the_protocol_is_the_first_segment_in_capital_letters() {
        assert_eq!(RegistrationKind::AcmeAccount.protocol(), "ACME");
        assert_eq!(RegistrationKind::Itss.protocol(), "ITSS");
    }
}
