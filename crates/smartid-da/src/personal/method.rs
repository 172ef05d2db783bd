//! The settings of one method.
//!
//! They are those of the pages that add Personal Mobile or Personal Desktop in Digital Access Admin (vendor page: Set up Smart ID
//! (Personal) authentication). The document's form is ours: one member for each setting, named after it.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use smartid_trust::CertificateAttribute;
use smartid_trust::filter::{CertificateFilter, FilterError};

use super::document::{Members, SettingsError, Shape, is_blank};
use super::property;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PersonalMethodType {
    /// Personal Mobile, the Smart ID Mobile App: `personal-mobile`.
    Mobile,
    /// Personal Desktop, the client on a computer: `personal-desktop`.
    Desktop,
}

impl PersonalMethodType {
    /// The type as it stands in a document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "personal-mobile",
            Self::Desktop => "personal-desktop",
        }
    }
}

/// Personal Mobile or Personal Desktop as authentication method, with every setting.
///
/// Reading keeps whatever the document holds, members that are not known among it; only a known member of another type, a member that
/// stands there twice and a missing or unknown type are refused. What the settings mean together is what
/// [`validate`](Self::validate) looks at. Two methods are equal when their documents are.
///
/// ```
/// use smartid_da::personal::{FindingCode, FindingLevel, PersonalMethod};
///
/// let json = r#"{
///     "method_type": "personal-desktop",
///     "display_name": "Personal Desktop",
///     "authentication_method_servers": ["Authentication Service 1"],
///     "enable_personal_certificate_authentication": true,
///     "certificate_authority": "Example Issuing CA",
///     "extended_properties": { "user_attribute": "mail" }
/// }"#;
/// let method = PersonalMethod::from_json(json)?;
/// let findings = method.validate();
/// let error = findings.of(FindingLevel::Error).next().ok_or("the pair is mandatory")?;
/// assert_eq!((error.code(), error.member()), (FindingCode::MandatoryPair, Some("certificate_attribute")));
/// println!("{} {}", error.sentence(), error.advice());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalMethod {
    kind: PersonalMethodType,
    members: Members,
    properties: Members,
}

/// The settings, and the type of each.
pub(super) const SETTINGS: &[(&str, Shape)] = &[
    ("method_type", Shape::Text),
    ("enable_authentication_method", Shape::Flag),
    ("visible_in_authentication_menu", Shape::Flag),
    ("display_name", Shape::Text),
    ("authentication_method_servers", Shape::Texts),
    ("enable_personal_certificate_authentication", Shape::Flag),
    ("certificate_authority", Shape::Text),
    ("enable_authentication_on_same_device", Shape::Flag),
    ("wait_for_seconds", Shape::Whole),
    ("redirect_text", Shape::Text),
    ("radius_replies", Shape::Texts),
    ("notification_mappings", Shape::Texts),
    ("authentication_method_id", Shape::Any),
    ("authentication_method_type", Shape::Any),
    ("extended_properties", Shape::Table),
];

impl PersonalMethod {
    fn new(kind: PersonalMethodType, display_name: String, server: String) -> Self {
        let mut members = Members::default();
        members.set("method_type", kind.as_str());
        members.set("display_name", display_name);
        members.set("authentication_method_servers", vec![server]);
        Self {
            kind,
            members,
            properties: Members::default(),
        }
    }

    /// A Personal Mobile on another device, with its display name and one authentication method server.
    #[must_use]
    pub fn mobile(display_name: impl Into<String>, server: impl Into<String>) -> Self {
        Self::new(PersonalMethodType::Mobile, display_name.into(), server.into())
    }

    /// A Personal Desktop, with its display name and one authentication method server.
    #[must_use]
    pub fn desktop(display_name: impl Into<String>, server: impl Into<String>) -> Self {
        Self::new(PersonalMethodType::Desktop, display_name.into(), server.into())
    }

    /// Reads JSON. TOML and other forms go through serde.
    ///
    /// # Errors
    /// [`SettingsError`] naming the member that cannot be read.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        Self::from_members(Members::from_json(json)?)
    }

    pub(super) fn from_members(mut members: Members) -> Result<Self, SettingsError> {
        members.check(SETTINGS)?;
        let kind = match members.text("method_type") {
            Some("personal-mobile") => PersonalMethodType::Mobile,
            Some("personal-desktop") => PersonalMethodType::Desktop,
            Some(_) => {
                let problem = "is neither personal-mobile nor personal-desktop";
                return Err(SettingsError::at("method_type", problem));
            }
            None => return Err(SettingsError::at("method_type", "is missing")),
        };
        let mut properties = match members.take("extended_properties") {
            Some(Value::Object(map)) => Members::from_map(map),
            _ => Members::default(),
        };
        properties.check(property::KNOWN)?;
        Ok(Self {
            kind,
            members,
            properties,
        })
    }

    pub(super) fn to_map(&self) -> Map<String, Value> {
        let mut map = self.members.map().clone();
        if !self.properties.map().is_empty() {
            let properties = Value::Object(self.properties.map().clone());
            map.insert("extended_properties".to_owned(), properties);
        }
        map
    }

    /// Writes JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.to_map()).to_string()
    }

    fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.set(name, value);
        self
    }

    /// Whether it can be used, and whether the authentication menu shows it; both are so unless said otherwise \[documented for sibling
    /// methods\].
    #[must_use]
    pub fn with_availability(self, enabled: bool, visible_in_menu: bool) -> Self {
        self.set("enable_authentication_method", enabled)
            .set("visible_in_authentication_menu", visible_in_menu)
    }

    /// One more authentication method server.
    #[must_use]
    pub fn with_server(self, name: impl Into<String>) -> Self {
        let mut servers: Vec<String> = self.servers().into_iter().map(str::to_owned).collect();
        servers.push(name.into());
        self.set("authentication_method_servers", servers)
    }

    /// Enables Personal certificate authentication: an answer is validated with this certificate authority \[documented\].
    #[must_use]
    pub fn with_certificate_authentication(self, authority: impl Into<String>) -> Self {
        self.set("enable_personal_certificate_authentication", true)
            .set("certificate_authority", authority.into())
    }

    /// Enables authentication on the same device: how long the image is shown, in whole seconds, and the text of the redirect
    /// \[documented, Mobile only\].
    #[must_use]
    pub fn with_same_device(self, wait: Duration, redirect_text: impl Into<String>) -> Self {
        self.set("enable_authentication_on_same_device", true)
            .set(
                "wait_for_seconds",
                i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            )
            .set("redirect_text", redirect_text.into())
    }

    /// The pair that maps a certificate to a user: User Attribute and Certificate Attribute \[documented\].
    #[must_use]
    pub fn with_mapping(
        mut self,
        user_attribute: &str,
        certificate_attribute: &CertificateAttribute,
    ) -> Self {
        self.properties.set(property::USER_ATTRIBUTE, user_attribute);
        let attribute = certificate_attribute.as_str();
        self.properties.set(property::CERTIFICATE_ATTRIBUTE, attribute);
        self
    }

    /// The filter that chooses among the user's certificates (vendor page: Certificate filtering for Smart ID authentication
    /// \[documented\]).
    ///
    /// # Errors
    /// [`FilterError`] when it cannot be written.
    pub fn with_certificate_filter(mut self, filter: &CertificateFilter) -> Result<Self, FilterError> {
        self.properties
            .set(property::CERTIFICATE_FILTER, filter.to_json()?);
        Ok(self)
    }

    /// Mobile or Desktop.
    #[must_use]
    pub const fn method_type(&self) -> PersonalMethodType {
        self.kind
    }

    /// Whether it can be used; yes when the document does not say \[documented for sibling methods\].
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.members.flag("enable_authentication_method", true)
    }

    /// Whether the authentication menu shows it; yes when the document does not say \[documented for sibling methods\].
    #[must_use]
    pub fn is_visible_in_menu(&self) -> bool {
        self.members.flag("visible_in_authentication_menu", true)
    }

    /// The name that users see; empty when there is none.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.members.text("display_name").unwrap_or_default()
    }

    /// The display name as the address of the login page has it, in `authmech`: every octet outside the unreserved set of RFC 3986
    /// percent-encoded.
    ///
    /// ```
    /// let method = smartid_da::personal::PersonalMethod::mobile("Mobile & Co", "Authentication Service 1");
    /// assert_eq!(method.authmech(), "Mobile%20%26%20Co");
    /// ```
    #[must_use]
    pub fn authmech(&self) -> String {
        let encoded = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        };
        self.display_name().bytes().map(encoded).collect()
    }

    /// The authentication services.
    #[must_use]
    pub fn servers(&self) -> Vec<&str> {
        self.members.texts("authentication_method_servers")
    }

    /// Whether an answer is validated with a certificate authority; no when the document does not say.
    #[must_use]
    pub fn uses_certificate(&self) -> bool {
        self.members
            .flag("enable_personal_certificate_authentication", false)
    }

    /// The certificate authority, whether it has an effect or not. At Personal Desktop it does not filter: users are shown certificates
    /// of every authority, and validation uses it \[documented\].
    #[must_use]
    pub fn certificate_authority(&self) -> Option<&str> {
        self.members.text("certificate_authority")
    }

    /// Whether authentication happens on the same device; no when the document does not say.
    #[must_use]
    pub fn same_device(&self) -> bool {
        self.members.flag("enable_authentication_on_same_device", false)
    }

    /// How long the image is shown before the redirect to the app. `None` when the document does not say (the default is not public)
    /// or says less than nothing.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        let seconds = u64::try_from(self.wait_for_seconds()?).ok()?;
        Some(Duration::from_secs(seconds))
    }

    pub(super) fn wait_for_seconds(&self) -> Option<i64> {
        self.members.whole("wait_for_seconds")
    }

    /// The text that is shown with the redirect: text, never markup.
    #[must_use]
    pub fn redirect_text(&self) -> Option<&str> {
        self.members.text("redirect_text")
    }

    /// RADIUS replies.
    #[must_use]
    pub fn radius_replies(&self) -> Vec<&str> {
        self.members.texts("radius_replies")
    }

    /// Notification mappings.
    #[must_use]
    pub fn notification_mappings(&self) -> Vec<&str> {
        self.members.texts("notification_mappings")
    }

    /// The Authentication Method ID that Digital Access assigned, if it is a text; nothing is concluded from it.
    #[must_use]
    pub fn assigned_id(&self) -> Option<&str> {
        self.members.text("authentication_method_id")
    }

    /// User Attribute: the attribute of the user storage that the certificate's value is looked up in. `None` when it is missing or
    /// blank.
    #[must_use]
    pub fn user_attribute(&self) -> Option<&str> {
        self.filled(property::USER_ATTRIBUTE)
    }

    /// Certificate Attribute: which part of the certificate names the user. `None` when it is missing or blank.
    #[must_use]
    pub fn certificate_attribute(&self) -> Option<CertificateAttribute> {
        self.filled(property::CERTIFICATE_ATTRIBUTE)
            .map(CertificateAttribute::new)
    }

    fn filled(&self, property: &str) -> Option<&str> {
        self.properties.text(property).filter(|text| !is_blank(text))
    }

    /// Certificate Filter, as it is written.
    #[must_use]
    pub fn certificate_filter_text(&self) -> Option<&str> {
        self.properties.text(property::CERTIFICATE_FILTER)
    }

    /// Certificate Filter.
    ///
    /// # Errors
    /// [`FilterError`] when the text is none.
    pub fn certificate_filter(&self) -> Result<Option<CertificateFilter>, FilterError> {
        self.certificate_filter_text()
            .map(CertificateFilter::from_json)
            .transpose()
    }

    /// Whether the pair of User Attribute and Certificate Attribute is mandatory: with certificate authentication, at Personal Desktop
    /// and on the same device \[documented\]. Nobody types a user name there, so the certificate has to name the user \[inferred\].
    #[must_use]
    pub fn needs_mapping(&self) -> bool {
        self.uses_certificate() && (self.kind == PersonalMethodType::Desktop || self.same_device())
    }

    /// Names of the extended properties that are there.
    pub fn extended_properties(&self) -> impl Iterator<Item = &str> {
        self.properties.names()
    }

    /// An extended property as JSON, known or not.
    #[must_use]
    pub fn extended_property(&self, name: &str) -> Option<String> {
        self.properties.json(name)
    }

    /// Members that are not known.
    pub fn unknown_members(&self) -> impl Iterator<Item = &str> {
        self.members
            .names()
            .filter(|name| SETTINGS.iter().all(|(known, _)| known != name))
    }

    /// A member as JSON, known or not, but for the extended properties.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<String> {
        self.members.json(name)
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.members.has(member)
    }
}

impl Serialize for PersonalMethod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PersonalMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(Members::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
