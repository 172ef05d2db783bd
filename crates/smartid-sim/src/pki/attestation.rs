//! The apps' attestation key: it signs the answer to a provisioning command, and the integrator verifies that with the public half,
//! which the vendor publishes as a JWK on one line (protocol notes: hermod 5.4, "Configure custom attestation keys", D-ex).

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Key, KeyKind, KeySource};
use crate::SimError;
use crate::clock::SimClock;

/// An attestation key with its name.
#[derive(Clone, Debug)]
pub struct AttestationKey {
    key: Key,
    kid: String,
}

impl AttestationKey {
    /// A key that carries the name of the published form: `attestation_`, date and time, `GMT`.
    #[must_use]
    pub fn new(key: Key, created_unix: u64) -> Self {
        Self::named(key, &kid(created_unix))
    }

    /// A key with any name.
    #[must_use]
    pub fn named(key: Key, kid: &str) -> Self {
        Self {
            key,
            kid: kid.to_owned(),
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half with the published members: those of a JWK and `keystate`, which is `active`.
    #[must_use]
    pub fn jwk(&self) -> Value {
        self.key.jwk_with(Some(&self.kid), Some("active"))
    }

    /// The public half on one line, its members in the published order: `alg`, `e`, `keystate`, `kid`, `kty`, `n`, `use`.
    #[must_use]
    pub fn jwk_line(&self) -> String {
        let jwk = self.jwk();
        let mut members: Vec<_> = jwk.as_object().into_iter().flatten().collect();
        members.sort_unstable_by_key(|(name, _)| name.as_str());
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    /// A JWK set (RFC 7517 5) of this key alone.
    #[must_use]
    pub fn key_set(&self) -> Value {
        json!({"keys": [self.jwk()]})
    }
}

/// The key that comes with every installation of the apps: RSA of 2048 bits, made when it is first wanted, because most simulators
/// never need it.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    keys: KeySource,
    created: u64,
    made: OnceLock<AttestationKey>,
}

impl BuiltIn {
    pub(crate) fn new(seed: Option<u64>, clock: &SimClock) -> Self {
        Self {
            keys: KeySource::new(seed),
            created: clock.unix_millis() / 1000,
            made: OnceLock::new(),
        }
    }

    /// Where the apps take their keys from: the same source, so that none of them is this one.
    pub(crate) fn source(&self) -> &KeySource {
        &self.keys
    }

    pub(crate) fn get(&self) -> Result<&AttestationKey, SimError> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = AttestationKey::new(self.keys.key(KeyKind::Rsa2048)?, self.created);
        Ok(self.made.get_or_init(|| made))
    }
}

fn kid(unix: u64) -> String {
    let time = super::time::Civil::from_unix(unix);
    format!("attestation_{}GMT", time.iso())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_published_form() {
        let key = AttestationKey::new(Key::generate(KeyKind::Rsa2048).unwrap(), 1_767_225_600);
        assert_eq!(key.kid(), "attestation_2026-01-01T00:00:00GMT");
        let line = key.jwk_line();
        let head = r#"{"alg":"RS256","e":"AQAB","keystate":"active","kid":"attestation_2026-01-01T00:00:00GMT","kty":"RSA","n":""#;
        assert!(line.starts_with(head), "{line}");
        assert!(line.ends_with(r#"","use":"sig"}"#), "{line}");
        assert!(!line.contains('\n'));
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read, key.jwk());
        assert_eq!(key.key_set()["keys"], json!([read]));
        assert_eq!(
            super::super::PublicKey::from_jwk(&read).unwrap(),
            *key.key().public_key()
        );
    }

    #[test]
    fn the_built_in_key_is_made_once() {
        let built_in = BuiltIn::new(Some(1), &SimClock::manual());
        let first = built_in.get().unwrap().jwk_line();
        assert_eq!(built_in.get().unwrap().jwk_line(), first);
    }
}
