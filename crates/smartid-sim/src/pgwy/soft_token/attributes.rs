//! From what is said of a person or a thing to a subject and alternative names (protocol notes: cm 7.3).

use crate::config::SoftTokenConfig;
use crate::pgwy::errors::Refusal;
use crate::pki::{der, name};

/// Attributes that the simulated procedure knows (cm 7.3, I).
pub(in crate::pgwy) const ATTRIBUTES: [&str; 13] = [
    "countryname",
    "stateorprovincename",
    "localityname",
    "organizationname",
    "organizationalunitname",
    "title",
    "surname",
    "givenname",
    "serialnumber",
    "commonname",
    "rfc822name",
    "upn",
    "dnsname",
];

/// Those that stand in the subject, with the names they have there, in the order of the encoding.
const SUBJECT: [(&str, &str); 11] = [
    ("countryname", "C"),
    ("stateorprovincename", "ST"),
    ("localityname", "L"),
    ("organizationname", "O"),
    ("organizationalunitname", "OU"),
    ("title", "title"),
    ("surname", "SN"),
    ("givenname", "GN"),
    ("serialnumber", "serialNumber"),
    ("commonname", "CN"),
    ("rfc822name", "emailAddress"),
];

/// 1.3.6.1.4.1.311.20.2.3
const UPN: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03];

/// The attributes of the request with those of the common context that it lacks.
pub(super) fn completed(
    settings: &SoftTokenConfig,
    mut attributes: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, Refusal> {
    for name in &settings.required_attributes {
        if !attributes.iter().any(|(own, _)| own == name) {
            return Err(Refusal::missing(name));
        }
    }
    for (name, value) in &settings.common_context {
        if !attributes.iter().any(|(own, _)| own == name) {
            attributes.push((name.clone(), value.clone()));
        }
    }
    let control = |(_, value): &&(String, String)| value.chars().any(char::is_control);
    match attributes.iter().find(control) {
        Some((name, _)) => Err(Refusal::value(
            "attribute_control",
            format!("An attribute holds control characters: {name}"),
        )),
        None => Ok(attributes),
    }
}

/// The value of an attribute.
pub(super) fn value<'a>(attributes: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

/// The subject, as DER.
pub(super) fn subject(attributes: &[(String, String)]) -> Result<Vec<u8>, Refusal> {
    let parts = SUBJECT.iter().filter_map(|(attribute, short)| {
        let value = value(attributes, attribute)?;
        let value = value.replace('\\', "\\\\").replace(',', "\\,");
        Some(format!("{short}={value}"))
    });
    let parts: Vec<String> = parts.collect();
    name::encode(&parts.join(",")).map_err(|error| Refusal::value("subject", error.to_string()))
}

/// Alternative names (RFC 5280 4.2.1.6): a name of DNS, and the principal name that Windows knows.
pub(super) fn alternative_names(attributes: &[(String, String)]) -> Result<Option<Vec<u8>>, Refusal> {
    let mut names = Vec::new();
    if let Some(dns) = value(attributes, "dnsname") {
        if !dns.is_ascii() {
            return Err(Refusal::value("subject", "dnsname must be ASCII"));
        }
        names.push(der::tlv(0x82, &[dns.as_bytes()]));
    }
    if let Some(upn) = value(attributes, "upn") {
        let text = der::context(0, &[&der::tlv(0x0c, &[upn.as_bytes()])]);
        names.push(der::context(0, &[&der::oid(&UPN), &text]));
    }
    Ok((!names.is_empty()).then(|| der::seq(&[&names.concat()])))
}
