//! Creation options: the exact text that Digital Access sent, and what it says.
//!
//! The authenticator's side must get what the relying party wrote, so the text is kept; the view beside it is for reading and
//! checking. Reading is lenient, because browsers are; [`validate`](CreationOptions::validate) then applies the rules without which a
//! ceremony would be pointless or unsafe.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smartid_core::{Advice, Lint, Turn};

use super::excluded::ExcludedIds;
use super::options_read::view;
use super::options_view::OptionsView;
use super::reader::{Object, too_deep, without_bom};

/// Options that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The text is no JSON object.
    #[error("the creation options are not a JSON object")]
    NotAnObject,
    /// The document nests too deeply.
    #[error("the creation options nest more than 64 levels deep")]
    TooDeep,
    /// A member that must be there is absent or null.
    #[error("the creation options have no {0}")]
    Missing(&'static str),
    /// A member is there twice; two readers could take different ones.
    #[error("the creation options have {0} more than once")]
    Repeated(&'static str),
    /// A member is of another type, or not base64url.
    #[error("{at} of the creation options is not {expected}")]
    #[non_exhaustive]
    Type {
        /// The member, as a JSON pointer.
        at: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A list has more than 10 000 items.
    #[error("{0} of the creation options has more than 10000 items")]
    TooLong(&'static str),
    /// The challenge is shorter than 16 bytes.
    #[error("the challenge has {0} bytes; less than 16 can be guessed")]
    ShortChallenge(usize),
    /// The user handle is empty or longer than 64 bytes.
    #[error("user.id has {0} bytes; it must have 1 to 64")]
    UserIdLength(usize),
    /// The relying party id is no domain.
    #[error("rp.id is not a domain (no scheme, no port, no path, ASCII letters): {0:?}")]
    RpId(String),
    /// None of the algorithms is one that Digital Access documents.
    #[error("pubKeyCredParams offers none of ES256, EdDSA, ES384, ES512, RS256, RS384, RS512")]
    NoKnownAlgorithm,
}

impl OptionsError {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAnObject | Self::TooDeep | Self::Repeated(_) | Self::TooLong(_) => "malformed-json",
            Self::Missing(_) => "missing-member",
            Self::Type { .. } => "malformed-member",
            Self::ShortChallenge(_) => "short-challenge",
            Self::UserIdLength(_) => "user-id-length",
            Self::RpId(_) => "rp-id",
            Self::NoKnownAlgorithm => "no-known-algorithm",
        }
    }

    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        Advice::new(
            Turn::Administrator,
            match self {
                Self::RpId(_) => {
                    "the Relying Party ID of the FIDO method in Digital Access: it must be a plain domain, without scheme, port or path"
                }
                Self::NoKnownAlgorithm => "the algorithms of the FIDO method in Digital Access",
                _ => {
                    "that the base URL leads to Digital Access 6.11 or later; where its options look different, a dialect can describe \
                     the difference (options.response)"
                }
            },
        )
    }
}

/// Creation options as they came.
///
/// Serialised, they are a JSON string with the exact text, so that a stored flow keeps the bytes.
///
/// ```
/// use smartid_da::fido::CreationOptions;
///
/// let body = r#"{"publicKey": {"rp": {"id": "login.example.test", "name": "Login"},
///     "user": {"id": "AQ", "name": "anna", "displayName": "Anna"}, "challenge": "AAECAwQFBgcICQoLDA0ODw",
///     "pubKeyCredParams": [{"type": "public-key", "alg": -7}], "timeout": 6e4, "futureMember": 1.50}}"#;
/// let options = CreationOptions::parse(body)?;
/// options.validate()?;
/// assert_eq!(options.view().rp_id.as_deref(), Some("login.example.test"));
/// assert!(options.raw().starts_with(r#"{"rp": {"#) && options.raw().ends_with(r#""futureMember": 1.50}"#));
/// # Ok::<(), smartid_da::fido::OptionsError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CreationOptions {
    raw: String,
    view: OptionsView,
    irregular: Option<&'static str>,
    lints: Vec<Lint>,
}

impl CreationOptions {
    /// Reads options, bare or in a `publicKey` wrapper.
    ///
    /// # Errors
    /// [`OptionsError`] when a member that every ceremony needs is absent or cannot be read.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        Self::parse_with(text, ExcludedIds::Base64)
    }

    /// As [`parse`](Self::parse), with what is known of how this relying party writes the ids in `excludeCredentials`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_with(text: &str, ids: ExcludedIds) -> Result<Self, OptionsError> {
        let mut lints = Vec::new();
        let (text, bom) = without_bom(text);
        if bom {
            lints.push(Lint::new("", "a byte order mark in front of the document").code("byte-order-mark"));
        }
        if too_deep(text) {
            return Err(OptionsError::TooDeep);
        }
        let text = text.trim_matches(WHITE_SPACE);
        let outer = Object::read(text).ok_or(OptionsError::NotAnObject)?;
        if outer.repeated(&["publicKey"]).is_some() {
            return Err(OptionsError::Repeated("/publicKey"));
        }
        let raw = match outer.get("publicKey") {
            None => text,
            Some(inner) => {
                if outer.get("challenge").is_some() {
                    lints.push(
                        Lint::new(
                            "/publicKey",
                            "options inside and outside of publicKey; the inner ones count",
                        )
                        .code("wrapper"),
                    );
                }
                inner
            }
        };
        Self::bare(raw, ids, lints)
    }

    /// Options without a wrapper, after what stood around them.
    fn bare(raw: &str, ids: ExcludedIds, mut lints: Vec<Lint>) -> Result<Self, OptionsError> {
        let mut irregular = None;
        let view = view(raw, ids, &mut irregular, &mut lints)?;
        Ok(Self {
            raw: raw.to_owned(),
            view,
            irregular,
            lints,
        })
    }

    /// The same options with the ids in `excludeCredentials` read otherwise: for options that come from a store, which keeps the text
    /// alone. Lints about what stood around the options are gone then.
    #[must_use]
    pub fn read_ids(self, ids: ExcludedIds) -> Self {
        // What was read once is read again.
        Self::bare(&self.raw, ids, Vec::new()).unwrap_or(self)
    }

    /// The exact text of the options object, without a wrapper.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// What it says.
    #[must_use]
    pub fn view(&self) -> &OptionsView {
        &self.view
    }

    /// What was odd but let pass.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    /// The first of `challenge` and `user.id` that is written in another way than base64url without padding.
    #[must_use]
    pub fn irregular_encoding(&self) -> Option<&'static str> {
        self.irregular
    }

    /// Whether the options have an `excludeCredentials` array at all, be it empty; null equals absent.
    ///
    /// Only then does a credential that is not [excluded](Self::excludes) say that it is not stored: W3C lets a relying party leave the
    /// member out, and one that does so says nothing about what it knows.
    #[must_use]
    pub fn lists_exclusions(&self) -> bool {
        // What is there and no list was refused when the options were read.
        Object::read(&self.raw).is_some_and(|options| options.get("excludeCredentials").is_some())
    }

    /// Whether the user has this credential already: whether it is among `excludeCredentials`. What `false` means is told by
    /// [`lists_exclusions`](Self::lists_exclusions).
    #[must_use]
    pub fn excludes(&self, credential_id: &[u8]) -> bool {
        self.view.exclude.iter().any(|known| known.is(credential_id))
    }

    /// Which entries of `excludeCredentials` are this credential, counted from 0.
    #[must_use]
    pub fn excluded_at(&self, credential_id: &[u8]) -> Vec<usize> {
        let entries = self.view.exclude.iter().enumerate();
        entries
            .filter(|(_, known)| known.is(credential_id))
            .map(|(index, _)| index)
            .collect()
    }

    /// Checks what a ceremony cannot do without: a challenge of 16 bytes or more, a user handle of 1 to 64 bytes, a relying party id
    /// (if any) that is a domain, and an algorithm that Digital Access documents.
    ///
    /// # Errors
    /// [`OptionsError`] with the first rule that is broken.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let OptionsView {
            challenge,
            user_id,
            rp_id,
            algorithms,
            ..
        } = &self.view;
        if challenge.len() < 16 {
            return Err(OptionsError::ShortChallenge(challenge.len()));
        }
        if !(1..=64).contains(&user_id.len()) {
            return Err(OptionsError::UserIdLength(user_id.len()));
        }
        if let Some(rp_id) = rp_id.as_deref().filter(|id| !is_domain(id)) {
            let shown = rp_id.chars().take(80).collect();
            return Err(OptionsError::RpId(shown));
        }
        if !algorithms.iter().any(|algorithm| algorithm.is_documented()) {
            return Err(OptionsError::NoKnownAlgorithm);
        }
        Ok(())
    }
}

const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// A domain as it stands in a certificate: labels of letters, digits, hyphens and underscores. No address, no final dot.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    // A host that ends in a number is an IPv4 address to a browser, however it is written: 127.1, 0x7f.0.0.1.
    let number = |label: &str| {
        let digits = label
            .strip_prefix("0x")
            .or_else(|| label.strip_prefix("0X"))
            .map(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        digits.unwrap_or_else(|| label.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.len() <= 253 && text.split('.').all(label) && !text.rsplit('.').next().is_some_and(number)
}

impl fmt::Debug for CreationOptions {
    /// Without the text: it names a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            raw,
            view,
            irregular,
            lints,
        } = self;
        f.debug_struct("CreationOptions")
            .field("rp_id", &view.rp_id)
            .field("raw_bytes", &raw.len())
            .field("irregular", irregular)
            .field("lints", lints)
            .finish_non_exhaustive()
    }
}

impl Serialize for CreationOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.raw)
    }
}

impl<'de> Deserialize<'de> for CreationOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What was written had no wrapper any more; a member publicKey within it is none.
        let raw = String::deserialize(deserializer)?;
        if too_deep(&raw) {
            return Err(serde::de::Error::custom(OptionsError::TooDeep));
        }
        Self::bare(&raw, ExcludedIds::Base64, Vec::new()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_text_is_not_unwrapped_a_second_time() {
        let text = |challenge: &str, more: &str| {
            format!(
                r#"{{"rp":{{"name":"Login"}},"user":{{"id":"AQ","name":"a","displayName":"A"}},"challenge":"{challenge}","pubKeyCredParams":[]{more}}}"#
            )
        };
        let inner = text("BBECAwQFBgcICQoLDA0ODw", "");
        let outer = text("AAECAwQFBgcICQoLDA0ODw", &format!(r#","publicKey":{inner}"#));
        let options = CreationOptions::parse(&format!(r#"{{"publicKey":{outer}}}"#)).unwrap();
        let stored = serde_json::to_string(&options).unwrap();
        let back: CreationOptions = serde_json::from_str(&stored).unwrap();
        assert_eq!(back.view().challenge, options.view().challenge);
        let again = back.read_ids(ExcludedIds::PaddingCounted);
        assert_eq!(
            (again.raw(), &again.view().challenge),
            (options.raw(), &options.view().challenge)
        );
    }

    #[test]
    fn addresses_are_no_domains_however_they_are_written() {
        for domain in [
            "localhost",
            "login.example.test",
            "1.example.test",
            "x0x1",
            "127.test",
            "0xg.0xg",
        ] {
            assert!(is_domain(domain), "{domain}");
        }
        for address in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.0X1",
            "1.2.3.4.5",
            "a.0x",
            "a.7",
        ] {
            assert!(!is_domain(address), "{address}");
        }
    }

    #[test]
    fn what_stands_there_twice_is_refused_where_it_would_be_another_ceremony() {
        let text = r#"{"rp":{"name":"Login"},"user":{"id":"AQ"},"challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[],
            "attestation":"none","authenticatorSelection":{"residentKey":"required","authenticatorAttachment":"platform"},
            "excludeCredentials":[{"type":"public-key","id":"AQI"}]}"#;
        assert!(CreationOptions::parse(text).is_ok());
        for (once, at) in [
            ("\"attestation\":\"none\"", "/attestation"),
            (
                "\"residentKey\":\"required\"",
                "/authenticatorSelection/residentKey",
            ),
            (
                "\"authenticatorAttachment\":\"platform\"",
                "/authenticatorSelection/authenticatorAttachment",
            ),
            ("\"type\":\"public-key\"", "/excludeCredentials/…/type"),
        ] {
            let twice = text.replace(once, &format!("{once},{once}"));
            assert_eq!(CreationOptions::parse(&twice), Err(OptionsError::Repeated(at)));
        }
    }

    #[test]
    fn only_a_list_says_that_a_credential_is_not_stored() {
        let options = |exclude: &str| {
            let text = format!(
                r#"{{"rp":{{"name":"Login"}},"user":{{"id":"AQ","name":"a","displayName":"A"}},"challenge":"AAECAwQFBgcICQoLDA0ODw",
                    "pubKeyCredParams":[]{exclude}}}"#
            );
            CreationOptions::parse(&text).unwrap()
        };
        for (exclude, lists, excludes) in [
            ("", false, false),
            (r#","excludeCredentials":null"#, false, false),
            (r#","excludeCredentials": null "#, false, false),
            (r#","excludeCredentials":[]"#, true, false),
            (
                r#","excludeCredentials":[{"type":"public-key","id":"AQI"}]"#,
                true,
                true,
            ),
        ] {
            let options = options(exclude);
            assert_eq!(
                (options.lists_exclusions(), options.excludes(&[1, 2])),
                (lists, excludes),
                "{exclude:?}"
            );
        }
        assert!(CreationOptions::parse(r#"{"excludeCredentials":7}"#).is_err());
    }
}
