//! Settings of the authentication methods (protocol notes: digital-access 4.2 to 4.4). Names of the settings are documented; what a
//! method without them does is inferred.

use serde::{Deserialize, Serialize};

/// One authentication method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaMethod {
    /// Display name, unique; what `authmech` holds (D).
    pub name: String,
    /// The other thing that `authmech` may hold: 12 characters of `[0-9a-z]` (O).
    pub id: String,
    /// What kind it is.
    pub kind: DaMethodKind,
    /// Whether it can be used (D for sibling methods).
    pub enabled: bool,
    /// Whether the menu shows it (D for sibling methods).
    pub visible: bool,
    /// Whether the page asks for a user name. A Mobile method that does not is the QR-code variant, or that of the same device (D).
    pub user_name: bool,
    /// "Enable Personal Certificate Authentication": the answer must come with a certificate of `ca_pem` (D).
    pub certificate: bool,
    /// The certificate authority as PEM (D). Empty is the authority of the simulated Certificate Manager.
    pub ca_pem: String,
    /// "Enable authentication on same device"; Mobile only (D).
    pub same_device: bool,
    /// "Wait for": how many seconds the picture is shown before the app is opened (D, default U).
    pub wait_seconds: u64,
    /// "Redirect Text" (D, default U).
    pub redirect_text: String,
    /// Extended property "User Attribute" (D).
    pub user_attribute: String,
    /// Extended property "Certificate Attribute", for example `subjectaltname-emailaddress` (D).
    pub certificate_attribute: String,
    /// Extended property "Certificate Filter": JSON, empty for none. It goes into the command; without `op` it is `and` (D).
    pub certificate_filter: String,
    /// `acr` of ID tokens after this method; the id when empty (U).
    pub acr: String,
    /// `amr` of ID tokens after this method (U).
    pub amr: Vec<String>,
}

impl Default for DaMethod {
    fn default() -> Self {
        Self {
            name: String::new(),
            id: String::new(),
            kind: DaMethodKind::Password,
            enabled: true,
            visible: true,
            user_name: true,
            certificate: false,
            ca_pem: String::new(),
            same_device: false,
            wait_seconds: 5,
            redirect_text: "Opening the app ...".into(),
            user_attribute: String::new(),
            certificate_attribute: String::new(),
            certificate_filter: String::new(),
            acr: String::new(),
            amr: Vec::new(),
        }
    }
}

impl DaMethod {
    /// A method that asks for a user name.
    pub fn new(name: impl Into<String>, id: impl Into<String>, kind: DaMethodKind) -> Self {
        Self {
            name: name.into(),
            id: id.into(),
            kind,
            ..Self::default()
        }
    }

    /// With certificate authentication: issued by this authority (PEM; empty is the simulated Certificate Manager's), its certificate
    /// attribute equal to the user attribute of exactly one user.
    #[must_use]
    pub fn certificate(mut self, ca_pem: &str, certificate_attribute: &str, user_attribute: &str) -> Self {
        self.certificate = true;
        ca_pem.clone_into(&mut self.ca_pem);
        certificate_attribute.clone_into(&mut self.certificate_attribute);
        user_attribute.clone_into(&mut self.user_attribute);
        self
    }

    /// Does not ask for a user name.
    #[must_use]
    pub fn without_user_name(mut self) -> Self {
        self.user_name = false;
        self
    }

    /// On the same device.
    #[must_use]
    pub fn on_same_device(mut self) -> Self {
        self.same_device = true;
        self
    }

    /// What ID tokens call it.
    pub(crate) fn acr(&self) -> &String {
        if self.acr.is_empty() { &self.id } else { &self.acr }
    }

    pub(crate) fn is_personal(&self) -> bool {
        matches!(
            self.kind,
            DaMethodKind::PersonalMobile | DaMethodKind::PersonalDesktop
        )
    }

    /// What contradicts itself.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        let pair = (
            !self.user_attribute.is_empty(),
            !self.certificate_attribute.is_empty(),
        );
        let short = self.id.len() == 12
            && self
                .id
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        if self.name.is_empty() {
            return Some("name must not be empty");
        }
        if !short {
            return Some("id must be 12 characters of 0-9 and a-z");
        }
        if !self.is_personal() {
            return None;
        }
        if pair.0 != pair.1 {
            return Some("user_attribute and certificate_attribute belong together");
        }
        let desktop = self.kind == DaMethodKind::PersonalDesktop;
        if self.certificate && (desktop || self.same_device) && pair == (false, false) {
            return Some(
                "certificate authentication with the Desktop App or on the same device needs user_attribute and certificate_attribute",
            );
        }
        if desktop && self.same_device {
            return Some("same_device is for Mobile only");
        }
        if !self.user_name && !(self.certificate && pair.0) {
            return Some(
                "without user_name only a certificate with user_attribute and certificate_attribute tells who it is",
            );
        }
        if !self.certificate_filter.is_empty() && self.filter().is_none() {
            return Some("certificate_filter is no JSON object");
        }
        None
    }

    /// The filter as it goes into the command.
    pub(crate) fn filter(&self) -> Option<serde_json::Value> {
        let mut filter: serde_json::Value = serde_json::from_str(&self.certificate_filter).ok()?;
        let members = filter.as_object_mut()?;
        members
            .entry("op")
            .or_insert_with(|| serde_json::Value::String("and".into()));
        Some(filter)
    }
}

/// The kinds of methods that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DaMethodKind {
    /// User name and password; for the simulator's convenience.
    Password,
    /// Personal Mobile.
    PersonalMobile,
    /// Personal Desktop.
    PersonalDesktop,
    /// FIDO2.
    Fido,
}

/// The methods that are there by default.
pub(super) fn defaults() -> Vec<DaMethod> {
    let amr = |method: DaMethod, amr: &[&str]| DaMethod {
        amr: amr.iter().map(|one| (*one).to_owned()).collect(),
        ..method
    };
    vec![
        amr(
            DaMethod::new("Password", "pw0000000001", DaMethodKind::Password),
            &["pwd"],
        ),
        amr(
            DaMethod::new("Personal Mobile", "pm0000000001", DaMethodKind::PersonalMobile),
            &["swk", "mfa"],
        ),
        amr(
            DaMethod::new("Personal Desktop", "pd0000000001", DaMethodKind::PersonalDesktop)
                .certificate("", "subjectaltname-emailaddress", "mail")
                .without_user_name(),
            &["swk", "mfa"],
        ),
        amr(
            DaMethod::new("FIDO", "fi0000000001", DaMethodKind::Fido),
            &["hwk", "user"],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_found() {
        assert!(defaults().iter().all(|method| method.wrong().is_none()));
        let mobile = DaMethod::new("M", "m00000000001", DaMethodKind::PersonalMobile);
        let desktop = DaMethod::new("D", "d00000000001", DaMethodKind::PersonalDesktop);
        let filtered = |text: &str| DaMethod {
            certificate_filter: text.into(),
            ..mobile.clone()
        };
        assert!(filtered("{\"value\": []}").wrong().is_none());
        assert_eq!(filtered("{\"value\": []}").filter().unwrap()["op"], "and");
        for (method, part) in [
            (DaMethod::new("", "m00000000001", DaMethodKind::Fido), "name"),
            (
                DaMethod::new("x", "M00000000001", DaMethodKind::Fido),
                "12 characters",
            ),
            (mobile.clone().certificate("", "cn", ""), "belong together"),
            (desktop.clone().certificate("", "", ""), "needs"),
            (mobile.clone().certificate("", "", "").on_same_device(), "needs"),
            (desktop.clone().on_same_device(), "Mobile only"),
            (mobile.clone().without_user_name(), "tells who"),
            (filtered("[]"), "JSON object"),
        ] {
            assert!(method.wrong().is_some_and(|text| text.contains(part)), "{part}");
        }
        assert!(mobile.certificate("", "", "").wrong().is_none());
        assert!(desktop.wrong().is_none());
    }
}
