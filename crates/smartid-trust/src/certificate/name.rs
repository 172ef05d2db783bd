//! Distinguished names: an ordered list of sets of attributes, read openly and shown as RFC 4514 says.

use std::fmt;

use bytes::Bytes;

use crate::der::{DerError, Oid, Reader, tag};

/// An attribute type of a name: those with a short name in RFC 4514 or in the vendor's pages, and any other by its identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AttributeType {
    /// Common name, `CN`.
    CommonName,
    /// Surname, `SN`.
    Surname,
    /// Serial number of the person or thing, `SERIALNUMBER`; not that of the certificate.
    SerialNumber,
    /// Country, `C`.
    Country,
    /// Locality, `L`.
    Locality,
    /// State or province, `ST`.
    State,
    /// Street, `STREET`.
    Street,
    /// Organisation, `O`.
    Organization,
    /// Organisational unit, `OU`.
    OrganizationalUnit,
    /// Title, `T`.
    Title,
    /// Given name, `GN`.
    GivenName,
    /// User id, `UID`.
    UserId,
    /// Domain component, `DC`.
    DomainComponent,
    /// E-mail address (PKCS #9), `E`.
    Email,
    /// Any other.
    Other(Oid),
}

const KNOWN: &[(AttributeType, &str, &[u8])] = &[
    (AttributeType::CommonName, "CN", &[0x55, 4, 3]),
    (AttributeType::Surname, "SN", &[0x55, 4, 4]),
    (AttributeType::SerialNumber, "SERIALNUMBER", &[0x55, 4, 5]),
    (AttributeType::Country, "C", &[0x55, 4, 6]),
    (AttributeType::Locality, "L", &[0x55, 4, 7]),
    (AttributeType::State, "ST", &[0x55, 4, 8]),
    (AttributeType::Street, "STREET", &[0x55, 4, 9]),
    (AttributeType::Organization, "O", &[0x55, 4, 10]),
    (AttributeType::OrganizationalUnit, "OU", &[0x55, 4, 11]),
    (AttributeType::Title, "T", &[0x55, 4, 12]),
    (AttributeType::GivenName, "GN", &[0x55, 4, 42]),
    (
        AttributeType::UserId,
        "UID",
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1],
    ),
    (
        AttributeType::DomainComponent,
        "DC",
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25],
    ),
    (
        AttributeType::Email,
        "E",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
    ),
];

impl AttributeType {
    /// By identifier.
    #[must_use]
    pub fn from_oid(oid: Oid) -> Self {
        let known = KNOWN.iter().find(|(_, _, octets)| *octets == oid.der_contents());
        known.map_or(Self::Other(oid), |(kind, _, _)| kind.clone())
    }

    /// By the short name that RFC 4514 and the vendor's pages use, in any case; or by a dotted identifier.
    #[must_use]
    pub fn from_short_name(name: &str) -> Option<Self> {
        let known = KNOWN
            .iter()
            .find(|(_, short, _)| short.eq_ignore_ascii_case(name));
        known
            .map(|(kind, _, _)| kind.clone())
            .or_else(|| name.parse().ok().map(Self::from_oid))
    }

    /// The identifier.
    #[must_use]
    pub fn oid(&self) -> Oid {
        match self {
            Self::Other(oid) => oid.clone(),
            kind => KNOWN
                .iter()
                .find(|(known, _, _)| known == kind)
                .map_or(Oid::known(&[0]), |(_, _, octets)| Oid::known(octets)),
        }
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (KNOWN.iter().find(|(known, _, _)| known == self), self) {
            (Some((_, short, _)), _) => f.write_str(short),
            (None, Self::Other(oid)) => write!(f, "{oid}"),
            (None, _) => f.write_str("?"),
        }
    }
}

/// One attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// What it is.
    pub kind: AttributeType,
    /// Its text; `None` when the value is of a type that is no text.
    pub text: Option<String>,
    /// The value as DER.
    pub value_der: Bytes,
}

/// A distinguished name.
///
/// Comparing two of them compares their encoding, as path building does. `Display` is RFC 4514: the most specific part first, special
/// letters escaped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DistinguishedName(Bytes);

impl DistinguishedName {
    /// `der` was checked by [`check`].
    pub(crate) const fn from_checked_der(der: Bytes) -> Self {
        Self(der)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// [`Reason::Malformed`](crate::Reason::Malformed).
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, crate::Refusal> {
        let der = der.into();
        check(Reader::only(&der, tag::SEQUENCE, "a name that is no sequence")?.contents)?;
        Ok(Self(der))
    }

    /// The name as DER.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.0
    }

    /// Whether there is no attribute at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len() <= 2
    }

    /// The relative distinguished names in the order of the encoding: the most general first. Most hold one attribute.
    #[must_use]
    pub fn rdns(&self) -> Vec<Vec<Attribute>> {
        let read = || -> Result<Vec<Vec<Attribute>>, DerError> {
            let mut sets = Reader::only(&self.0, tag::SEQUENCE, "name")?.reader();
            let mut rdns = Vec::new();
            while !sets.is_empty() {
                let mut set = sets.expect(tag::SET, "rdn")?.reader();
                let mut attributes = Vec::new();
                while !set.is_empty() {
                    let mut pair = set.expect(tag::SEQUENCE, "attribute")?.reader();
                    let kind = AttributeType::from_oid(pair.oid("attribute type")?);
                    let value = pair.next()?;
                    attributes.push(Attribute {
                        kind,
                        text: text_of(value.tag, value.contents),
                        value_der: self.0.slice_ref(value.whole),
                    });
                }
                rdns.push(attributes);
            }
            Ok(rdns)
        };
        // The structure was checked when the name was read.
        read().unwrap_or_default()
    }

    /// Every attribute in the order of the encoding.
    #[must_use]
    pub fn attributes(&self) -> Vec<Attribute> {
        self.rdns().into_iter().flatten().collect()
    }

    /// The texts of all attributes of one kind, in the order of the encoding.
    #[must_use]
    pub fn texts(&self, kind: &AttributeType) -> Vec<String> {
        self.attributes()
            .into_iter()
            .filter(|attribute| attribute.kind == *kind)
            .filter_map(|attribute| attribute.text)
            .collect()
    }

    /// The last (most specific) common name.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.texts(&AttributeType::CommonName).pop()
    }
}

/// Checks the structure of a name: a sequence of non-empty sets of pairs. At most 64 attributes in all.
pub(crate) fn check(contents: &[u8]) -> Result<(), DerError> {
    let mut sets = Reader::new(contents);
    let mut count = 0;
    while !sets.is_empty() {
        let mut set = sets.expect(tag::SET, "a part of a name that is no set")?.reader();
        if set.is_empty() {
            return Err(DerError("an empty part of a name"));
        }
        while !set.is_empty() {
            let mut pair = set
                .expect(tag::SEQUENCE, "an attribute of a name that is no sequence")?
                .reader();
            pair.oid("an attribute of a name without its type")?;
            pair.next()?;
            pair.end()?;
            count += 1;
            if count > 64 {
                return Err(DerError("a name with too many attributes"));
            }
        }
    }
    Ok(())
}

/// The text of a string type; `None` for other types and for octets that are not of the type's alphabet.
pub(crate) fn text_of(tag: u8, contents: &[u8]) -> Option<String> {
    match tag {
        tag::UTF8_STRING => String::from_utf8(contents.to_vec()).ok(),
        tag::PRINTABLE_STRING | tag::IA5_STRING | tag::NUMERIC_STRING | tag::VISIBLE_STRING => contents
            .is_ascii()
            .then(|| contents.iter().map(|octet| char::from(*octet)).collect()),
        // T.61 by the standard, Latin-1 in every producer that is known.
        tag::TELETEX_STRING => Some(contents.iter().map(|octet| char::from(*octet)).collect()),
        tag::BMP_STRING => {
            let (pairs, rest) = contents.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
        }
        tag::UNIVERSAL_STRING => {
            let (quads, rest) = contents.as_chunks::<4>();
            let letters = quads.iter().map(|quad| char::from_u32(u32::from_be_bytes(*quad)));
            rest.is_empty().then(|| letters.collect()).flatten()
        }
        _ => None,
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.rdns().iter().rev().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            for (position, attribute) in rdn.iter().enumerate() {
                if position > 0 {
                    f.write_str("+")?;
                }
                write!(f, "{}=", attribute.kind)?;
                match &attribute.text {
                    Some(text) => escape(text, f)?,
                    None => {
                        f.write_str("#")?;
                        attribute
                            .value_der
                            .iter()
                            .try_for_each(|octet| write!(f, "{octet:02x}"))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// RFC 4514 2.4.
fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (index, letter) in text.chars().enumerate() {
        match letter {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{letter}")?,
            ' ' if index == 0 || index == last => f.write_str("\\ ")?,
            '#' if index == 0 => f.write_str("\\#")?,
            control if control.is_control() => {
                let mut octets = [0; 4];
                control
                    .encode_utf8(&mut octets)
                    .bytes()
                    .try_for_each(|octet| write!(f, "\\{octet:02x}"))?;
            }
            other => write!(f, "{other}")?,
        }
    }
    Ok(())
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der;

    fn of(parts: &[&[(&str, Vec<u8>)]]) -> DistinguishedName {
        let sets: Vec<u8> = parts
            .iter()
            .flat_map(|part| {
                let pairs: Vec<u8> = part
                    .iter()
                    .flat_map(|(oid, value)| der::sequence(&[&der::oid(&oid.parse().unwrap()), value]))
                    .collect();
                der::tlv(tag::SET, &pairs)
            })
            .collect();
        DistinguishedName::from_der(der::tlv(tag::SEQUENCE, &sets)).unwrap()
    }

    const CN: &str = "2.5.4.3";

    fn common_name(tag: u8, contents: &[u8]) -> Option<String> {
        of(&[&[(CN, der::tlv(tag, contents))]]).common_name()
    }

    #[test]
    fn every_string_type_is_read() {
        assert_eq!(
            common_name(tag::UTF8_STRING, "Åsa 李".as_bytes()).unwrap(),
            "Åsa 李"
        );
        assert_eq!(common_name(tag::PRINTABLE_STRING, b"Asa").unwrap(), "Asa");
        assert_eq!(common_name(tag::IA5_STRING, b"a@b").unwrap(), "a@b");
        assert_eq!(common_name(tag::NUMERIC_STRING, b"12").unwrap(), "12");
        assert_eq!(common_name(tag::VISIBLE_STRING, b"v").unwrap(), "v");
        assert_eq!(
            common_name(tag::TELETEX_STRING, &[0xc5, b's', b'a']).unwrap(),
            "Åsa"
        );
        assert_eq!(
            common_name(tag::BMP_STRING, &[0, 0xc5, 0, b's', 0x67, 0x4e]).unwrap(),
            "Ås李"
        );
        assert_eq!(
            common_name(tag::BMP_STRING, &[0xd8, 0x3d, 0xde, 0x00]).unwrap(),
            "\u{1f600}"
        );
        assert_eq!(
            common_name(tag::UNIVERSAL_STRING, &[0, 1, 0xf6, 0]).unwrap(),
            "\u{1f600}"
        );
    }

    #[test]
    fn octets_outside_the_alphabet_are_no_text() {
        assert_eq!(common_name(tag::UTF8_STRING, &[0xff]), None);
        assert_eq!(common_name(tag::PRINTABLE_STRING, &[0xc5]), None);
        assert_eq!(common_name(tag::BMP_STRING, &[0]), None);
        assert_eq!(common_name(tag::BMP_STRING, &[0xd8, 0]), None);
        assert_eq!(common_name(tag::UNIVERSAL_STRING, &[0, 0, 0]), None);
        assert_eq!(common_name(tag::UNIVERSAL_STRING, &[0, 0x11, 0, 0]), None);
        assert_eq!(common_name(tag::OCTET_STRING, b"a"), None);
        let name = of(&[&[(CN, der::octet_string(b"a"))]]);
        assert_eq!(name.to_string(), "CN=#040161");
    }

    #[test]
    fn display_is_rfc_4514() {
        let name = of(&[
            &[("2.5.4.6", der::tlv(tag::PRINTABLE_STRING, b"SE"))],
            &[("1.2.3", der::utf8("x"))],
            &[
                (CN, der::utf8(" #a,b+c\"d\\e<f>g;h=i\n ")),
                ("2.5.4.4", der::utf8("#s")),
            ],
        ]);
        assert_eq!(
            name.to_string(),
            "CN=\\ #a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h=i\\0a\\ +SN=\\#s,1.2.3=x,C=SE"
        );
        assert_eq!(format!("{name:?}"), format!("DistinguishedName({name})"));
        assert_eq!(of(&[&[(CN, der::utf8(" "))]]).to_string(), "CN=\\ ");
        assert_eq!(of(&[&[(CN, der::utf8(""))]]).to_string(), "CN=");
    }

    #[test]
    fn parts_and_attributes() {
        let unit = "2.5.4.11";
        let name = of(&[
            &[(unit, der::utf8("A"))],
            &[(unit, der::utf8("B")), (CN, der::utf8("one"))],
            &[(CN, der::utf8("two"))],
        ]);
        assert_eq!(name.rdns().iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!(name.texts(&AttributeType::OrganizationalUnit), ["A", "B"]);
        assert_eq!(name.common_name().unwrap(), "two");
        assert_eq!(name, DistinguishedName::from_der(name.der().clone()).unwrap());
        assert!(DistinguishedName::from_der(vec![0x31, 0]).is_err());
        assert!(DistinguishedName::from_der(vec![0x30, 0, 0]).is_err());
    }

    #[test]
    fn short_names_in_any_case_and_identifiers() {
        for (kind, short, _) in KNOWN {
            assert_eq!(
                AttributeType::from_short_name(&short.to_lowercase()).as_ref(),
                Some(kind)
            );
            assert_eq!(
                AttributeType::from_short_name(&kind.oid().to_string()).as_ref(),
                Some(kind)
            );
            assert_eq!(kind.to_string(), *short);
        }
        let other = AttributeType::from_short_name("1.2.3").unwrap();
        assert_eq!(
            (other.to_string().as_str(), other.oid()),
            ("1.2.3", "1.2.3".parse().unwrap())
        );
        assert_eq!(AttributeType::from_short_name("XY"), None);
    }
}
