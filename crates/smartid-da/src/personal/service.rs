//! Where Digital Access is found from outside.
//!
//! Personal depends on the external DNS name and port of the distribution services: apps and browsers come in there, and links and
//! images are made of it (vendor page: Set up Smart ID (Personal) authentication \[documented\]). A phone is outside.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Findings;
use super::document::{Members, SettingsError, Shape};
use super::finding::FindingCode as Code;
use super::finding::FindingLevel::{Error, Note, Warning};

const DNS_NAME: &str = "external_dns_name";
const PORT: &str = "external_port";
const SETTINGS: &[(&str, Shape)] = &[(DNS_NAME, Shape::Text), (PORT, Shape::Whole)];

/// The global settings of the distribution services that Personal depends on.
///
/// ```
/// use smartid_da::personal::{DistributionService, FindingCode};
///
/// assert!(DistributionService::new("login.example.test", 443).validate().is_ok());
/// let findings = DistributionService::new("https://login.example.test", 443).validate();
/// assert_eq!(findings.iter().next().map(|finding| finding.code()), Some(FindingCode::ExternalDnsName));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DistributionService {
    members: Members,
}

impl DistributionService {
    /// External DNS name and external port.
    #[must_use]
    pub fn new(external_dns_name: impl Into<String>, external_port: u16) -> Self {
        let mut members = Members::default();
        members.set(DNS_NAME, external_dns_name.into());
        members.set(PORT, external_port);
        Self { members }
    }

    pub(super) fn from_members(mut members: Members) -> Result<Self, SettingsError> {
        members.check(SETTINGS)?;
        Ok(Self { members })
    }

    pub(super) fn map(&self) -> &Map<String, Value> {
        self.members.map()
    }

    /// The external DNS name, as it was written.
    #[must_use]
    pub fn external_dns_name(&self) -> Option<&str> {
        self.members.text(DNS_NAME)
    }

    /// The external port; `None` when it is missing or none.
    #[must_use]
    pub fn external_port(&self) -> Option<u16> {
        let port = u16::try_from(self.members.whole(PORT)?).ok()?;
        (port != 0).then_some(port)
    }

    /// What is missing or cannot be reached. Nothing is looked up.
    #[must_use]
    pub fn validate(&self) -> Findings {
        let mut found = Findings::default();
        let name = self.external_dns_name().unwrap_or_default();
        if name.trim().is_empty() {
            let sentence = "There is no external DNS name, and Personal depends on it.";
            found.add(Error, Code::ExternalDnsNameMissing, DNS_NAME, sentence);
        } else if let Some((level, sentence)) = about_host(name) {
            found.add(level, Code::ExternalDnsName, DNS_NAME, sentence);
        }
        if !self.members.has(PORT) {
            let sentence = "There is no external port, and Personal depends on it.";
            found.add(Error, Code::ExternalPortMissing, PORT, sentence);
        } else if self.external_port().is_none() {
            let sentence = "The external port is not one from 1 to 65535.";
            found.add(Error, Code::ExternalPort, PORT, sentence);
        }
        for name in self.members.names() {
            if SETTINGS.iter().all(|(known, _)| *known != name) {
                let sentence = format!("The member {name:?} of the distribution service is not known.");
                found.add(Note, Code::UnknownMember, None, sentence);
            }
        }
        found
    }
}

/// What is wrong with a host name, by the rules of RFC 1123.
fn about_host(name: &str) -> Option<(super::FindingLevel, &'static str)> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if name.parse::<IpAddr>().is_ok() || bare.is_some_and(|rest| rest.parse::<Ipv6Addr>().is_ok()) {
        return Some((
            Warning,
            "The external DNS name is an address, and clients check the name in the certificate.",
        ));
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels: Vec<&str> = name.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = labels.last().copied().unwrap_or_default();
    if name.len() > 253 || !labels.iter().all(fits) || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((Error, "The external DNS name is not a host name alone."));
    }
    if labels.len() == 1 || last.eq_ignore_ascii_case("localhost") {
        return Some((
            Warning,
            "The external DNS name is known inside only; phones do not get there.",
        ));
    }
    None
}

impl Serialize for DistributionService {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DistributionService {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(Members::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_stands_alone() {
        for good in [
            "login.example.test",
            "LOGIN.example.test.",
            "xn--bcher-kva.example.test",
            "a.1b",
        ] {
            assert_eq!(about_host(good), None, "{good}");
        }
        let long = "a".repeat(64) + ".test";
        let very_long = "a.".repeat(126) + "test";
        for bad in [
            "a..test",
            ".a.test",
            "-a.test",
            "a-.test",
            "a_b.test",
            "bücher.test",
            "a.test/",
            "a.test:443",
            "*.a.test",
            "u@a.test",
            "1.2.3",
            "192.0.2.256",
            "[::1",
            "a.test..",
            &long,
            &very_long,
        ] {
            assert_eq!(about_host(bad).map(|(level, _)| level), Some(Error), "{bad}");
        }
        for odd in [
            "login",
            "localhost",
            "a.localhost",
            "192.0.2.1",
            "2001:db8::1",
            "[2001:db8::1]",
        ] {
            assert_eq!(about_host(odd).map(|(level, _)| level), Some(Warning), "{odd}");
        }
    }
}
