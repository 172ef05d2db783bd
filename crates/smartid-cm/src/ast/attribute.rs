//! Names of what can be certified, as `ast.properties` writes them behind `ast.valuetarget.`.
//!
//! The list of names is not public, so the type is open: the constants are those that are documented or plausible, and any other name of
//! the right form is one too.

use std::borrow::Cow;
use std::fmt;

use crate::ids::NameError;

const WHAT: &str = "the attribute";

/// The longest name in bytes.
const LONGEST: usize = 128;

/// A value target of AST: what a header's value becomes in the certificate.
///
/// Names are kept in lower case, in which all known ones are written; that Certificate Manager makes no difference is inferred.
///
/// ```
/// use smartid_cm::ast::Attribute;
///
/// assert_eq!(Attribute::new("CountryName")?, Attribute::COUNTRY_NAME);
/// assert_eq!(Attribute::new("dnsname")?.as_str(), "dnsname");
/// assert!(Attribute::new("a\r\nb").is_err());
/// # Ok::<(), smartid_cm::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute(Cow<'static, str>);

macro_rules! known {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
        impl Attribute {
            $($(#[$meta])* pub const $name: Self = Self(Cow::Borrowed($text));)*

            /// Those that have a constant.
            pub const KNOWN: &[Self] = &[$(Self::$name),*];
        }
    };
}

known! {
    /// The country, two letters (vendor page: AST support in Certificate Manager, documented). By default from the header `country`.
    COUNTRY_NAME = "countryname";
    /// The locality (vendor page: AST support in Certificate Manager, documented by its example).
    LOCALITY_NAME = "localityname";
    /// The common name (vendor page: Certificate request verifications in Protocol Gateway, documented for formats; for AST inferred).
    COMMON_NAME = "commonname";
    /// The given name (inferred).
    GIVEN_NAME = "givenname";
    /// The surname (inferred).
    SURNAME = "surname";
    /// The serial number of the subject, such as a personal number (inferred).
    SERIAL_NUMBER = "serialnumber";
    /// The organization (inferred; the vendor's prose speaks of the organization name where its example writes `localityname`).
    ORGANIZATION_NAME = "organizationname";
    /// The organizational unit (inferred).
    ORGANIZATIONAL_UNIT_NAME = "organizationalunitname";
    /// The state or province (inferred).
    STATE_OR_PROVINCE_NAME = "stateorprovincename";
    /// The title (inferred).
    TITLE = "title";
    /// The e-mail address (inferred).
    RFC822_NAME = "rfc822name";
    /// The user principal name (inferred).
    UPN = "upn";
}

impl Attribute {
    /// From a name: 1 to 128 letters and digits of ASCII, dots, hyphens and underscores.
    ///
    /// # Errors
    /// [`NameError`] when it is something else.
    pub fn new(name: impl AsRef<str>) -> Result<Self, NameError> {
        let name = name.as_ref();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let problem = match name {
            "" => "is empty",
            _ if name.len() > LONGEST => "is longer than 128 bytes",
            _ if !name.bytes().all(allowed) => {
                "must be letters and digits of ASCII, dots, hyphens and underscores"
            }
            _ => return Ok(Self(Cow::Owned(name.to_ascii_lowercase()))),
        };
        Err(NameError::of(WHAT, problem))
    }

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Attribute {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_is_a_name_that_could_be_given() {
        for known in Attribute::KNOWN {
            assert_eq!(Attribute::new(known.as_str()).as_ref(), Ok(known));
        }
        let mut names: Vec<_> = Attribute::KNOWN.iter().map(Attribute::as_str).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 12);
    }

    #[test]
    fn what_could_leave_its_place_in_a_line_is_no_name() {
        let long = "a".repeat(129);
        for bad in ["", " ", "a b", "a=b", "a:b", "a\r\nb", "a\0", "å", "a/b", &long] {
            assert!(Attribute::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Attribute::new("x.y-z_1").unwrap().to_string(), "x.y-z_1");
        assert!(Attribute::new("a".repeat(128)).is_ok());
    }
}
