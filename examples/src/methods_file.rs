//! A file with the settings of one Personal method or of several, as TOML or JSON.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use smartid::da::personal::{Findings, MAX_SETTINGS_LEN, PersonalMethod, PersonalMethods, SettingsError};

/// One method, or an installation's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MethodsFile {
    /// A document that is one method.
    One(Box<PersonalMethod>),
    /// A document with `methods`, and the distribution service that they depend on.
    Several(PersonalMethods),
}

/// The file cannot be used. Nothing of it is quoted but names of members.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unusable {
    /// It cannot be read.
    Unread(std::io::Error),
    /// It is longer than any settings are.
    TooLong,
    /// It is no text in UTF-8.
    NotText,
    /// It is neither TOML nor JSON.
    Syntax(String),
    /// A member is missing or of another kind.
    Settings(SettingsError),
    /// There is no such method in it.
    NoSuchMethod(String),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => write!(f, "cannot be read: {error}"),
            Self::TooLong => write!(f, "is longer than {MAX_SETTINGS_LEN} bytes"),
            Self::NotText => f.write_str("is no text in UTF-8"),
            Self::Syntax(problem) => write!(f, "cannot be read: {problem}"),
            Self::Settings(error) => write!(f, "cannot be used: {error}"),
            Self::NoSuchMethod(name) => write!(f, "has no method that is called {name:?}"),
        }
    }
}

impl std::error::Error for Unusable {}

impl MethodsFile {
    /// Reads a file, or standard input.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn read(path: Option<&Path>) -> Result<Self, Unusable> {
        let cap = u64::try_from(MAX_SETTINGS_LEN).unwrap_or(u64::MAX) + 1;
        let mut octets = Vec::new();
        match path {
            Some(path) => {
                let file = std::fs::File::open(path).map_err(Unusable::Unread)?;
                file.take(cap).read_to_end(&mut octets)
            }
            None => std::io::stdin().lock().take(cap).read_to_end(&mut octets),
        }
        .map_err(Unusable::Unread)?;
        if octets.len() > MAX_SETTINGS_LEN {
            return Err(Unusable::TooLong);
        }
        let text = String::from_utf8(octets).map_err(|_| Unusable::NotText)?;
        Self::parse(&text)
    }

    /// Reads a text: JSON when it begins as an object does, or else TOML.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        if text.trim_start().starts_with('{') {
            let members = smartid::core::json::members(text);
            let several = members.is_some_and(|all| all.iter().any(|(name, _)| name == "methods"));
            return if several {
                PersonalMethods::from_json(text).map(Self::Several)
            } else {
                PersonalMethod::from_json(text).map(|method| Self::One(Box::new(method)))
            }
            .map_err(Unusable::Settings);
        }
        let table: toml::Table = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        // The error of a member names it, and quotes nothing.
        let wrong = |error: toml::de::Error| Unusable::Syntax(error.message().to_owned());
        if table.contains_key("methods") {
            table.try_into().map(Self::Several).map_err(wrong)
        } else {
            let method = table.try_into().map_err(wrong)?;
            Ok(Self::One(Box::new(method)))
        }
    }

    /// The methods, in their order.
    #[must_use]
    pub fn methods(&self) -> &[PersonalMethod] {
        match self {
            Self::One(method) => std::slice::from_ref(method),
            Self::Several(methods) => methods.methods(),
        }
    }

    /// What does not fit together: everything, or in the one method with this display name.
    ///
    /// # Errors
    /// [`Unusable::NoSuchMethod`].
    pub fn validate(&self, only: Option<&str>) -> Result<Findings, Unusable> {
        let Some(name) = only else {
            return Ok(match self {
                // What else the installation has is not known.
                Self::One(method) => method.validate(),
                Self::Several(methods) => methods.validate(),
            });
        };
        let found = self.methods().iter().find(|method| method.display_name() == name);
        found
            .map(PersonalMethod::validate)
            .ok_or_else(|| Unusable::NoSuchMethod(name.to_owned()))
    }
}

/// The line and what is wrong; the error's own text quotes the line.
fn syntax(text: &str, error: &toml::de::Error) -> Unusable {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Unusable::Syntax(format!(
        "line {line}: {}",
        error.message().lines().next().unwrap_or_default()
    ))
}
