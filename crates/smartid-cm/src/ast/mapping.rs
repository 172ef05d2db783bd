//! Which header tells Protocol Gateway which attribute.
//!
//! The service has a file for this, `ast.properties`, and what stands there must stand here: a header that the service does not know is
//! passed over in silence, and the certificate lacks what it was to say. So nothing is sent under a name that nobody has configured.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;
use serde::Deserialize;
use smartid_core::{ForwardedHeaders, ForwardingError};

use crate::attribute::{Attribute, AttributeError};

/// The longest name of a header in bytes.
const LONGEST: usize = 256;

/// The only default that is documented.
const COUNTRY: &str = "country";

/// A header that an attribute cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The attribute is none.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// A table names an attribute more than once, in two letter cases.
    #[error("{0} is mapped more than once")]
    Twice(Attribute),
    /// What should be the name of a header is none: HTTP allows letters, digits and `` !#$%&'*+-.^_`|~ ``, up to 256 of them.
    #[error("what should be the header of {0} is not the name of a header")]
    NotAName(Attribute),
    /// The header means something to HTTP itself, to a proxy, or is part of a login.
    #[error("the header {header} cannot carry {attribute}: it has a meaning of its own in HTTP")]
    #[non_exhaustive]
    Reserved {
        /// The attribute.
        attribute: Attribute,
        /// The header.
        header: HeaderName,
    },
}

/// The header of each attribute, as the handler's lines in `ast.properties` say.
///
/// Built in is the one pair that is documented: `countryname` from the header `country` (vendor page: AST support in Certificate Manager).
/// Several attributes may have one header; then a request must give them the same value. Names of headers are compared without letter case,
/// as HTTP does.
///
/// ```
/// use smartid_cm::Attribute;
/// use smartid_cm::ast::AttributeHeaders;
///
/// // As the vendor's example: country is off, and localityname comes from myheader.
/// let headers = AttributeHeaders::new()
///     .without(Attribute::COUNTRY_NAME)
///     .with(Attribute::LOCALITY_NAME, "myheader")?;
/// assert_eq!(headers.header(&Attribute::LOCALITY_NAME).unwrap(), "myheader");
/// assert!(headers.is_off(&Attribute::COUNTRY_NAME));
/// assert!(headers.with(Attribute::TITLE, "Cookie").is_err());
/// # Ok::<(), smartid_cm::ast::MappingError>(())
/// ```
///
/// From a configuration file it is read as a table of attribute and header, over the built-in pair; an empty header switches off:
///
/// ```
/// # use smartid_cm::{Attribute, ast::AttributeHeaders};
/// let headers: AttributeHeaders = serde_json::from_str(r#"{ "countryname": "", "localityname": "myheader" }"#)?;
/// assert!(headers.is_off(&Attribute::COUNTRY_NAME));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct AttributeHeaders {
    headers: BTreeMap<Attribute, HeaderName>,
    off: BTreeSet<Attribute>,
}

impl Default for AttributeHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl AttributeHeaders {
    /// The documented default: `countryname` from `country`.
    #[must_use]
    pub fn new() -> Self {
        let country = (Attribute::COUNTRY_NAME, HeaderName::from_static(COUNTRY));
        Self {
            headers: BTreeMap::from([country]),
            off: BTreeSet::new(),
        }
    }

    /// Maps an attribute to a header, in place of the one it had.
    ///
    /// # Errors
    /// [`MappingError`] when it is no header's name, or one that means something to HTTP.
    pub fn set(&mut self, attribute: Attribute, header: &str) -> Result<(), MappingError> {
        let name = Some(header.as_bytes()).filter(|name| name.len() <= LONGEST);
        let Some(header) = name.and_then(|name| HeaderName::from_bytes(name).ok()) else {
            return Err(MappingError::NotAName(attribute));
        };
        if ForwardedHeaders::is_reserved(&header) {
            return Err(MappingError::Reserved { attribute, header });
        }
        self.off.remove(&attribute);
        self.headers.insert(attribute, header);
        Ok(())
    }

    /// As [`set`](Self::set), in a chain.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn with(mut self, attribute: Attribute, header: &str) -> Result<Self, MappingError> {
        self.set(attribute, header)?;
        Ok(self)
    }

    /// Switches an attribute off, as an empty right side does in `ast.properties`: the service takes it from no header.
    pub fn switch_off(&mut self, attribute: Attribute) {
        self.headers.remove(&attribute);
        self.off.insert(attribute);
    }

    /// As [`switch_off`](Self::switch_off), in a chain.
    #[must_use]
    pub fn without(mut self, attribute: Attribute) -> Self {
        self.switch_off(attribute);
        self
    }

    /// The header of an attribute.
    #[must_use]
    pub fn header(&self, attribute: &Attribute) -> Option<&HeaderName> {
        self.headers.get(attribute)
    }

    /// Whether the attribute was switched off, which is something else than never having had a header.
    #[must_use]
    pub fn is_off(&self, attribute: &Attribute) -> bool {
        self.off.contains(attribute)
    }

    /// All that were switched off.
    pub fn switched_off(&self) -> impl Iterator<Item = &Attribute> {
        self.off.iter()
    }

    /// All that have a header.
    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<Attribute, HeaderName> {
        &self.headers
    }

    /// The rules of a front that stands where Digital Access stands: it takes its users' copies of each header of this mapping away,
    /// also those written with `_` for `-`, and adds its own from the attribute of the same name. Where several attributes have one
    /// header, it comes from the first of them. The documented default `country` is among the rules even where it is mapped otherwise or
    /// switched off, so that nobody else sets it. The service's other defaults are not public, so a front does best to let no header
    /// through that it does not know.
    ///
    /// ```
    /// use smartid_cm::Attribute;
    /// use smartid_cm::ast::AttributeHeaders;
    ///
    /// let headers = AttributeHeaders::new().with(Attribute::COMMON_NAME, "X-User")?;
    /// let mut theirs = http::HeaderMap::new();
    /// theirs.insert("x-user", "somebody else".parse()?);
    /// theirs.insert("X_User", "somebody else".parse()?);
    ///
    /// let alice = ["Alice Example".to_owned()];
    /// let forwarded = headers.front()?.forward(&theirs, |name| if name == "commonname" { &alice } else { &[] })?;
    /// assert_eq!(forwarded.len(), 1);
    /// assert_eq!(forwarded["x-user"], "Alice Example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ForwardingError`] when two headers differ in `_` and `-` alone, or when there are too many.
    pub fn front(&self) -> Result<ForwardedHeaders, ForwardingError> {
        let mut rules = ForwardedHeaders::new();
        let mut seen = BTreeSet::new();
        for (attribute, header) in &self.headers {
            if seen.insert(header.as_str()) {
                rules = rules.with(header.as_str(), attribute.as_str())?;
            }
        }
        if seen.contains(COUNTRY) {
            Ok(rules)
        } else {
            rules.with(COUNTRY, Attribute::COUNTRY_NAME.as_str())
        }
    }
}

impl TryFrom<BTreeMap<String, String>> for AttributeHeaders {
    type Error = MappingError;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, MappingError> {
        let mut mapping = Self::new();
        let mut seen = BTreeSet::new();
        for (attribute, header) in pairs {
            let attribute = Attribute::new(attribute)?;
            if !seen.insert(attribute.clone()) {
                return Err(MappingError::Twice(attribute));
            }
            match header.as_str() {
                "" => mapping.switch_off(attribute),
                header => mapping.set(attribute, header)?,
            }
        }
        Ok(mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(header: &str) -> Result<AttributeHeaders, MappingError> {
        AttributeHeaders::new().with(Attribute::TITLE, header)
    }

    #[test]
    fn only_the_documented_pair_is_built_in() {
        let headers = AttributeHeaders::default();
        let pairs: Vec<_> = headers.as_map().iter().collect();
        assert_eq!(
            pairs,
            [(&Attribute::COUNTRY_NAME, &HeaderName::from_static("country"))]
        );
        assert!(!headers.is_off(&Attribute::TITLE));
    }

    #[test]
    fn what_is_mapped_again_is_no_longer_off_and_the_other_way_round() {
        let mut headers = AttributeHeaders::new().without(Attribute::COUNTRY_NAME);
        assert_eq!(headers.header(&Attribute::COUNTRY_NAME), None);
        headers.set(Attribute::COUNTRY_NAME, "land").unwrap();
        assert!(!headers.is_off(&Attribute::COUNTRY_NAME));
        assert_eq!(headers.header(&Attribute::COUNTRY_NAME).unwrap(), "land");
        assert_eq!(
            headers.clone().without(Attribute::COUNTRY_NAME),
            AttributeHeaders::new().without(Attribute::COUNTRY_NAME)
        );
    }

    #[test]
    fn a_header_with_a_meaning_of_its_own_is_refused_in_any_letter_case() {
        for name in [
            "Accept",
            "authorization",
            "COOKIE",
            "Connection",
            "host",
            "TE",
            "user-agent",
            "User_Agent",
            "x-real-ip",
            "accept-encoding",
            "Content-MD5",
            "If-Match",
            "Proxy-Connection",
            "Sec-Fetch-Site",
            "X-Forwarded-For",
            "x-http-method-override",
        ] {
            assert!(matches!(set(name), Err(MappingError::Reserved { .. })), "{name}");
        }
        for name in ["from", "x-content-type", "title", "hostname", "cookie-jar"] {
            assert!(set(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_and_not_shown() {
        let long = "a".repeat(257);
        for bad in [
            "",
            " ",
            "x cn",
            "x:cn",
            "x-cn\r\nX-Role",
            "x\0cn",
            "x\tcn",
            "x-cñ",
            "\"x\"",
            &long,
        ] {
            let refused = set(bad).unwrap_err();
            assert_eq!(refused, MappingError::NotAName(Attribute::TITLE), "{bad:?}");
        }
        assert!(!set("se cret").unwrap_err().to_string().contains("cret"));
        assert!(set(&"a".repeat(256)).is_ok());
    }

    #[test]
    fn a_configuration_that_cannot_be_is_an_error() {
        for bad in [
            r#"{"a b":"x"}"#,
            r#"{"title":"x y"}"#,
            r#"{"title":"Host"}"#,
            r#"{"title":1}"#,
        ] {
            assert!(serde_json::from_str::<AttributeHeaders>(bad).is_err(), "{bad}");
        }
        let twice = serde_json::from_str::<AttributeHeaders>(r#"{"Title":"a","title":"b"}"#).unwrap_err();
        assert!(
            twice.to_string().contains("title is mapped more than once"),
            "{twice}"
        );
    }

    #[test]
    fn a_front_strips_each_header_once_and_the_default_always() {
        let headers = AttributeHeaders::new()
            .with(Attribute::COUNTRY_NAME, "X-Country")
            .and_then(|headers| headers.with(Attribute::UPN, "x-user"))
            .and_then(|headers| headers.with(Attribute::COMMON_NAME, "X-USER"))
            .unwrap();
        let rules = headers.front().unwrap();
        let rules: Vec<_> = rules
            .iter()
            .map(|(header, attribute)| (header.as_str(), attribute))
            .collect();
        let shared = rules.iter().find(|(header, _)| *header == "x-user").unwrap();
        assert_eq!(rules.len(), 3, "{rules:?}");
        assert!(rules.contains(&("x-country", "countryname")) && rules.contains(&("country", "countryname")));
        assert_eq!(shared.1, Attribute::COMMON_NAME.as_str());

        let off = AttributeHeaders::new()
            .without(Attribute::COUNTRY_NAME)
            .front()
            .unwrap();
        assert!(off.configures(&HeaderName::from_static("country")));
        let twins = AttributeHeaders::new()
            .with(Attribute::UPN, "x_user")
            .and_then(|headers| headers.with(Attribute::TITLE, "x-user"));
        assert!(matches!(twins.unwrap().front(), Err(ForwardingError::Twice(_))));
    }
}
