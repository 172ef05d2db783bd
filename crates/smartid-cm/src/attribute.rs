//! Names of subject attributes, as Certificate Manager calls them in a request for a soft token.
//!
//! The vendor's pages show three of them and say that there are more; the format file that lists them is not published. So the type is
//! open: any name that can stand in a configuration line is one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smartid_core::Tag;

/// The longest name, in bytes.
const LONGEST: usize = 128;

/// A text that is no attribute's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of an attribute is 1 to 128 letters and digits of ASCII, dots, hyphens and underscores, with a letter or digit first"
)]
#[non_exhaustive]
pub struct AttributeError;

/// The name of a subject attribute in Certificate Manager: what stands for `<attribute>` in `ast.valuetarget.<attribute>.value` (vendor
/// page: AST support in Certificate Manager, documented), and the name of a form field over REST (inferred).
///
/// Whether letter case matters to Certificate Manager is unknown. Here two names that differ in nothing else are the same attribute, and
/// each keeps its own spelling.
///
/// ```
/// use smartid_cm::Attribute;
/// use smartid_core::Tag;
///
/// assert_eq!(Attribute::COUNTRY_NAME.as_str(), "countryname");
/// assert_eq!(Attribute::COUNTRY_NAME.tag(), Tag::Documented);
/// let other = Attribute::new("employeeNumber")?;
/// assert_eq!((other.as_str(), other.tag()), ("employeeNumber", Tag::Unknown));
/// assert!(Attribute::new("a\r\nb").is_err());
/// # Ok::<(), smartid_cm::AttributeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Attribute(Cow<'static, str>);

/// Names that somebody gives a reason for, and how good it is.
const KNOWN: [(Attribute, Tag); 12] = [
    (Attribute::COUNTRY_NAME, Tag::Documented),
    (Attribute::LOCALITY_NAME, Tag::Documented),
    (Attribute::COMMON_NAME, Tag::Documented),
    (Attribute::GIVEN_NAME, Tag::Inferred),
    (Attribute::SURNAME, Tag::Inferred),
    (Attribute::SERIAL_NUMBER, Tag::Inferred),
    (Attribute::ORGANIZATION_NAME, Tag::Inferred),
    (Attribute::ORGANIZATIONAL_UNIT_NAME, Tag::Inferred),
    (Attribute::STATE_OR_PROVINCE_NAME, Tag::Inferred),
    (Attribute::TITLE, Tag::Inferred),
    (Attribute::EMAIL, Tag::Inferred),
    (Attribute::UPN, Tag::Inferred),
];

impl Attribute {
    /// `countryname` (vendor page: AST support in Certificate Manager, documented).
    pub const COUNTRY_NAME: Self = Self(Cow::Borrowed("countryname"));
    /// `localityname` (vendor page: AST support in Certificate Manager, documented).
    pub const LOCALITY_NAME: Self = Self(Cow::Borrowed("localityname"));
    /// `commonname` (vendor page: Certificate request verifications in Protocol Gateway, documented).
    pub const COMMON_NAME: Self = Self(Cow::Borrowed("commonname"));
    /// `givenname` (inferred from the spelling of the documented ones, as are all that follow).
    pub const GIVEN_NAME: Self = Self(Cow::Borrowed("givenname"));
    /// `surname` (inferred).
    pub const SURNAME: Self = Self(Cow::Borrowed("surname"));
    /// `serialnumber`: that of the subject, not of the certificate (inferred).
    pub const SERIAL_NUMBER: Self = Self(Cow::Borrowed("serialnumber"));
    /// `organizationname` (inferred).
    pub const ORGANIZATION_NAME: Self = Self(Cow::Borrowed("organizationname"));
    /// `organizationalunitname` (inferred).
    pub const ORGANIZATIONAL_UNIT_NAME: Self = Self(Cow::Borrowed("organizationalunitname"));
    /// `stateorprovincename` (inferred).
    pub const STATE_OR_PROVINCE_NAME: Self = Self(Cow::Borrowed("stateorprovincename"));
    /// `title` (inferred).
    pub const TITLE: Self = Self(Cow::Borrowed("title"));
    /// `rfc822name`: the e-mail address (inferred).
    pub const EMAIL: Self = Self(Cow::Borrowed("rfc822name"));
    /// `upn`: the user principal name of Windows (inferred).
    pub const UPN: Self = Self(Cow::Borrowed("upn"));

    /// Any name: 1 to 128 letters and digits of ASCII, dots, hyphens and underscores, with a letter or digit first. Nothing else can
    /// stand in a format line, in a form's field name and in a header's place without meaning something there.
    ///
    /// # Errors
    /// [`AttributeError`].
    pub fn new(name: impl Into<String>) -> Result<Self, AttributeError> {
        let name = name.into();
        let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
        let begins = name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if !begins || name.len() > LONGEST || !name.bytes().all(allowed) {
            return Err(AttributeError);
        }
        Ok(Self(Cow::Owned(name)))
    }

    /// The name in the letter case it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How it is known that Certificate Manager has an attribute of this name: [`Tag::Unknown`] for one that has no constant here.
    #[must_use]
    pub fn tag(&self) -> Tag {
        let known = KNOWN.iter().find(|(known, _)| known == self);
        known.map_or(Tag::Unknown, |(_, tag)| *tag)
    }

    /// The attributes that have a constant here, the documented ones first.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.into_iter().map(|(attribute, _)| attribute)
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|octet| octet.to_ascii_lowercase())
    }
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Attribute {}

impl PartialOrd for Attribute {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Attribute {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl Hash for Attribute {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in self.folded() {
            state.write_u8(octet);
        }
        state.write_u8(0xff);
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Attribute {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Attribute {
    type Err = AttributeError;

    fn from_str(text: &str) -> Result<Self, AttributeError> {
        Self::new(text)
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;

    #[test]
    fn the_constants_are_names() {
        assert_eq!(Attribute::known().count(), KNOWN.len());
        for attribute in Attribute::known() {
            assert_eq!(Attribute::new(attribute.as_str()), Ok(attribute.clone()));
            assert_ne!(attribute.tag(), Tag::Unknown);
        }
        let all: HashSet<Attribute> = Attribute::known().collect();
        assert_eq!(all.len(), KNOWN.len());
    }

    #[test]
    fn what_would_leave_its_place_is_no_name() {
        for good in ["a", "7", "x.y-z_1", "CommonName", &"a".repeat(128)] {
            assert_eq!(Attribute::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            " ",
            "a b",
            "a=b",
            "a&b",
            "a\"b",
            "a\r\nb",
            "a\0",
            "å",
            "a:b",
            "a/b",
            ".a",
            "-a",
            "_a",
            "a;",
            "a%20b",
            &"a".repeat(129),
        ] {
            assert!(Attribute::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn letter_case_makes_no_other_attribute() {
        let mut map = BTreeMap::from([(Attribute::COUNTRY_NAME, 1)]);
        let other = Attribute::new("CountryName").unwrap();
        assert_eq!((other.as_str(), other.tag()), ("CountryName", Tag::Documented));
        map.insert(other.clone(), 2);
        assert_eq!(map.get(&Attribute::COUNTRY_NAME), Some(&2));
        assert_eq!(map.len(), 1);
        let set = HashSet::from([Attribute::COUNTRY_NAME]);
        assert!(set.contains(&other));
        assert!(Attribute::new("a").unwrap() < Attribute::new("B").unwrap());
    }
}
