//! All Personal methods of an installation, together.
//!
//! Some rules hold between methods: names that users tell them apart by, and the two methods that it takes to offer Personal Mobile
//! both on the same device and on another (vendor page: Set up Smart ID (Personal) authentication \[documented\]).

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::document::{Members, SettingsError, Shape, is_blank};
use super::finding::FindingCode as Code;
use super::finding::FindingLevel::{Error, Note, Warning};
use super::{DistributionService, Finding, Findings, PersonalMethod, PersonalMethodType};

/// Most methods of one document.
pub const MAX_METHODS: usize = 256;

const SERVICE: &str = "distribution_service";
const METHODS: &str = "methods";

/// A document of several methods, with the distribution service that all of them depend on.
///
/// ```
/// use std::time::Duration;
/// use smartid_da::personal::{DistributionService, FindingCode, PersonalMethod, PersonalMethods};
///
/// let service = DistributionService::new("login.example.test", 443);
/// let same = PersonalMethod::mobile("Personal Mobile, this device", "Authentication Service 1")
///     .with_same_device(Duration::from_secs(5), "You will be taken to the app.");
/// let methods = PersonalMethods::new(service, vec![same]);
/// let findings = methods.validate();
/// assert!(findings.iter().any(|finding| finding.code() == FindingCode::OtherDeviceNotOffered));
/// assert_eq!(PersonalMethods::from_json(&methods.to_json())?, methods);
/// # Ok::<(), smartid_da::personal::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalMethods {
    service: DistributionService,
    methods: Vec<PersonalMethod>,
    others: Members,
}

impl PersonalMethods {
    /// These methods.
    #[must_use]
    pub fn new(service: DistributionService, methods: Vec<PersonalMethod>) -> Self {
        Self {
            service,
            methods,
            others: Members::default(),
        }
    }

    /// Reads JSON. TOML and other forms go through serde.
    ///
    /// # Errors
    /// [`SettingsError`] naming the member that cannot be read.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        Self::from_members(Members::from_json(json)?)
    }

    fn from_members(mut members: Members) -> Result<Self, SettingsError> {
        members.check(&[(SERVICE, Shape::Table), (METHODS, Shape::Any)])?;
        let service = match members.take(SERVICE) {
            Some(Value::Object(map)) => DistributionService::from_members(Members::from_map(map))?,
            _ => DistributionService::default(),
        };
        let list = match members.take(METHODS) {
            Some(Value::Array(list)) => list,
            Some(_) => return Err(SettingsError::at(METHODS, "is not a list")),
            None => return Err(SettingsError::at(METHODS, "is missing")),
        };
        if list.len() > MAX_METHODS {
            return Err(SettingsError::at(METHODS, "has too many methods"));
        }
        let read = |value| match value {
            Value::Object(map) => PersonalMethod::from_members(Members::from_map(map)),
            _ => Err(SettingsError::at(METHODS, "has an entry that is not a table")),
        };
        Ok(Self {
            service,
            methods: list.into_iter().map(read).collect::<Result<_, _>>()?,
            others: members,
        })
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut map = self.others.map().clone();
        if !self.service.map().is_empty() {
            map.insert(SERVICE.to_owned(), Value::Object(self.service.map().clone()));
        }
        let methods = self.methods.iter().map(|method| Value::Object(method.to_map()));
        map.insert(METHODS.to_owned(), methods.collect());
        map
    }

    /// Writes JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.to_map()).to_string()
    }

    /// The distribution service; empty when the document says nothing of it.
    #[must_use]
    pub const fn distribution_service(&self) -> &DistributionService {
        &self.service
    }

    /// The methods, in the document's order.
    #[must_use]
    pub fn methods(&self) -> &[PersonalMethod] {
        &self.methods
    }

    /// What is wrong with each method, with the methods together ([`validate_all`]), and with the distribution service.
    #[must_use]
    pub fn validate(&self) -> Findings {
        let mut found = self.service.validate();
        found.extend(validate_all(&self.methods));
        for name in self.others.names() {
            let sentence = format!("The member {name:?} is not known.");
            found.add(Note, Code::UnknownMember, None, sentence);
        }
        found
    }
}

/// What is wrong with each of these methods, and with all of them together: names that are not unique, and Personal Mobile offered in
/// one way only. The distribution service is looked at by [`PersonalMethods::validate`] and [`DistributionService::validate`].
#[must_use]
pub fn validate_all(methods: &[PersonalMethod]) -> Findings {
    let mut found = Findings::default();
    for (index, method) in methods.iter().enumerate() {
        let own = method.validate();
        found.extend(own.into_iter().map(|finding| finding.of_method(index)));
    }
    names(methods, &mut found);
    both_ways(methods, &mut found);
    if methods.is_empty() {
        found.add(Note, Code::Empty, None, "There is no method.");
    }
    found
}

/// A name is unique among all methods, enabled or not.
fn names(methods: &[PersonalMethod], found: &mut Findings) {
    let mut seen = HashSet::new();
    let mut alike = HashMap::new();
    for (index, method) in methods.iter().enumerate() {
        let name = method.display_name();
        if is_blank(name) {
            continue;
        }
        let words: Vec<&str> = name.split_whitespace().collect();
        let first = *alike.entry(words.join(" ").to_lowercase()).or_insert(index);
        let (level, code, sentence) = if !seen.insert(name) {
            let sentence = "Another method has the same display name.";
            (Error, Code::DisplayNameNotUnique, sentence.to_owned())
        } else if first != index {
            let sentence = format!(
                "The display name differs from that of method {first} in letter case or white space only."
            );
            (Warning, Code::DisplayNameSimilar, sentence)
        } else {
            continue;
        };
        found.push(Finding::new(level, code, "display_name", sentence).of_method(index));
    }
}

/// To offer Personal Mobile on the same device and on another, two methods are needed; one that is not enabled is not offered.
fn both_ways(methods: &[PersonalMethod], found: &mut Findings) {
    let offered = |same_device| {
        methods.iter().any(|method| {
            let mobile = method.method_type() == PersonalMethodType::Mobile;
            mobile && method.is_enabled() && method.same_device() == same_device
        })
    };
    match (offered(true), offered(false)) {
        (true, false) => {
            let sentence = "Personal Mobile is offered on the same device only: users at a computer have no way to log in with it.";
            found.add(Warning, Code::OtherDeviceNotOffered, None, sentence);
        }
        (false, true) => {
            let sentence = "Personal Mobile is offered on another device only.";
            found.add(Note, Code::SameDeviceNotOffered, None, sentence);
        }
        (true, true) | (false, false) => {}
    }
}

impl Serialize for PersonalMethods {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PersonalMethods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(Members::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
