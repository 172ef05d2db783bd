//! What the parameters of a search are made of.

use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};

use smartid_core::{BuildError, Timestamp};
use smartid_trust::{Attribute, AttributeType, DistinguishedName, SerialNumber};

use crate::date;
use crate::dialect::CmDialect;

/// A time between two points; either may be open. Whether the points themselves belong to it is not published.
///
/// ```
/// use smartid_cm::operations::Period;
/// use smartid_core::Timestamp;
///
/// let [begin, end] = ["2024-01-01T00:00:00Z", "2024-12-31T23:59:59Z"].map(|text| Timestamp::from_iso8601(text).unwrap());
/// assert_eq!(Period::from(begin..).to, None);
/// assert_eq!(Period::from(begin..=end), Period::from((Some(begin), Some(end))));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Period {
    /// Its beginning.
    pub from: Option<Timestamp>,
    /// Its end.
    pub to: Option<Timestamp>,
}

impl Period {
    /// The two parameters of a query, by the stem of their names.
    pub(super) fn push(
        self,
        dialect: &CmDialect,
        names: [&'static str; 2],
        query: &mut Vec<(&'static str, String)>,
    ) -> Result<(), BuildError> {
        if self.from.zip(self.to).is_some_and(|(from, to)| from > to) {
            let [from, to] = names;
            return Err(BuildError::Invalid(format!("{from} is later than {to}")));
        }
        let dates = [self.from, self.to];
        let dates = names
            .into_iter()
            .zip(dates)
            .filter_map(|(name, date)| Some((name, date::to_wire(dialect, date?))));
        query.extend(dates);
        Ok(())
    }
}

impl From<(Option<Timestamp>, Option<Timestamp>)> for Period {
    fn from((from, to): (Option<Timestamp>, Option<Timestamp>)) -> Self {
        Self { from, to }
    }
}

impl From<RangeFrom<Timestamp>> for Period {
    fn from(range: RangeFrom<Timestamp>) -> Self {
        (Some(range.start), None).into()
    }
}

impl From<RangeTo<Timestamp>> for Period {
    fn from(range: RangeTo<Timestamp>) -> Self {
        (None, Some(range.end)).into()
    }
}

impl From<RangeToInclusive<Timestamp>> for Period {
    fn from(range: RangeToInclusive<Timestamp>) -> Self {
        (None, Some(range.end)).into()
    }
}

impl From<Range<Timestamp>> for Period {
    fn from(range: Range<Timestamp>) -> Self {
        (Some(range.start), Some(range.end)).into()
    }
}

impl From<RangeInclusive<Timestamp>> for Period {
    fn from(range: RangeInclusive<Timestamp>) -> Self {
        let (start, end) = range.into_inner();
        (Some(start), Some(end)).into()
    }
}

/// A serial number to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SerialQuery {
    /// A number, written in the dialect's radix (`answers.serial_radix`): hexadecimal in lower case without leading zeros, by default.
    Number(SerialNumber),
    /// A text that is sent as it is.
    Text(String),
}

impl SerialQuery {
    pub(super) fn to_text(&self, dialect: &CmDialect) -> String {
        match self {
            Self::Number(number) => number.to_text(dialect.answers.serial_radix.into()),
            Self::Text(text) => text.clone(),
        }
    }
}

impl From<SerialNumber> for SerialQuery {
    fn from(number: SerialNumber) -> Self {
        Self::Number(number)
    }
}

impl From<&SerialNumber> for SerialQuery {
    fn from(number: &SerialNumber) -> Self {
        Self::Number(number.clone())
    }
}

impl From<&str> for SerialQuery {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SerialQuery {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A distinguished name as RFC 1779 writes it, which is how the search takes the issuer (seen in public third-party code:
/// Keyfactor/nexus-certificate-manager-caplugin): the most specific part first, `, ` between the parts, values with special letters in
/// quotation marks.
///
/// ```
/// use smartid_cm::operations::IssuerName;
/// use smartid_trust::DistinguishedName;
///
/// let name: DistinguishedName = "CN=Issuing CA,O=Prüfstelle\\, Åäö AB,C=SE".parse()?;
/// assert_eq!(IssuerName::from(&name).as_str(), r#"CN=Issuing CA, O="Prüfstelle, Åäö AB", C=SE"#);
/// # Ok::<(), smartid_trust::DistinguishedNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerName(String);

impl IssuerName {
    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for IssuerName {
    /// A text that is sent as it is.
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for IssuerName {
    /// A text that is sent as it is.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<DistinguishedName> for IssuerName {
    fn from(name: DistinguishedName) -> Self {
        Self::from(&name)
    }
}

impl From<&DistinguishedName> for IssuerName {
    fn from(name: &DistinguishedName) -> Self {
        let parts: Vec<String> = name
            .rdns()
            .iter()
            .rev()
            .map(|part| part.iter().map(attribute).collect::<Vec<_>>().join(" + "))
            .collect();
        Self(parts.join(", "))
    }
}

/// One attribute: of the short names those that RFC 1779 has, every other type as an identifier.
fn attribute(attribute: &Attribute) -> String {
    let kind = match &attribute.kind {
        AttributeType::CommonName
        | AttributeType::Locality
        | AttributeType::State
        | AttributeType::Organization
        | AttributeType::OrganizationalUnit
        | AttributeType::Country
        | AttributeType::Street => attribute.kind.to_string(),
        other => format!("OID.{}", other.oid()),
    };
    let value = match &attribute.text {
        Some(text) => quoted(text),
        None => {
            let hex = crate::record::KeyIdentifier::from_bytes(&attribute.value_der);
            format!("#{hex}")
        }
    };
    format!("{kind}={value}")
}

/// A value, in quotation marks where it would be read as something else without them.
fn quoted(text: &str) -> String {
    let special = text.is_empty()
        || text.starts_with([' ', '\n'])
        || text.ends_with([' ', '\n'])
        || text.contains("  ")
        || text.contains([',', '=', '\r', '\n', '+', '<', '>', '#', ';', '"', '\\']);
    if !special {
        return text.to_owned();
    }
    let mut value = String::with_capacity(text.len() + 2);
    value.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            value.push('\\');
        }
        value.push(letter);
    }
    value.push('"');
    value
}

#[cfg(test)]
mod tests {
    use smartid_trust::Radix;

    use super::*;

    fn name(text: &str) -> String {
        IssuerName::from(text.parse::<DistinguishedName>().unwrap()).0
    }

    #[test]
    fn names_are_written_as_rfc_1779_does() {
        assert_eq!(
            name("CN=Steve Kille,O=ISODE Consortium,C=GB"),
            "CN=Steve Kille, O=ISODE Consortium, C=GB"
        );
        assert_eq!(
            name("CN=L. Eagle,O=Sue\\, Grabbit and Runn,C=GB"),
            r#"CN=L. Eagle, O="Sue, Grabbit and Runn", C=GB"#
        );
        assert_eq!(name("OU=Sales+CN=J,L=Malmö"), "CN=J + OU=Sales, L=Malmö");
        assert_eq!(
            name("CN=a \\\"b\\\" \\\\c,E=a@b.c,SERIALNUMBER=7"),
            r#"CN="a \"b\" \\c", OID.1.2.840.113549.1.9.1=a@b.c, OID.2.5.4.5=7"#
        );
        assert_eq!(
            name("CN=a  b,OU=\\ c,O=d\\#,ST=e\\=f"),
            r#"CN="a  b", OU=" c", O="d#", ST="e=f""#
        );
        assert_eq!(
            name("1.3.6.1.4.1.1466.0=#04024869"),
            "OID.1.3.6.1.4.1.1466.0=#04024869"
        );
        assert_eq!(name(""), "");
    }

    #[test]
    fn a_number_is_written_in_the_dialects_radix_and_a_text_as_it_is() {
        let decimal = CmDialect::from_toml("[answers]\nserial_radix = 'decimal'").unwrap();
        let number = SerialNumber::parse("F1E2D3C4B5A69788", Radix::Hex).unwrap();
        let written = |query: SerialQuery, dialect: &CmDialect| query.to_text(dialect);
        assert_eq!(
            written((&number).into(), &CmDialect::default()),
            "f1e2d3c4b5a69788"
        );
        assert_eq!(written(number.into(), &decimal), "17429726349691885448");
        assert_eq!(written("00F1".into(), &decimal), "00F1");
    }
}
