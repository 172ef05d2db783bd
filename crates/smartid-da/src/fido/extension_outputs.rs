//! What the client answers beside the credential, and what of it is nobody else's business.
//!
//! The outputs of the extension `prf` are keys for the application in the browser, not for the relying party (W3C Web Authentication
//! Level 3, extension prf, documented): whoever has them can decrypt what the application encrypts. A browser leaves them out of
//! `toJSON()`; a program that copies members by hand does not.

use smartid_core::json::{self, Pointer};

/// Where the keys stand in `clientExtensionResults`.
const KEYS: &str = "/prf/results";

/// The text without the keys, exactly as it was otherwise; `None` when there are none in it.
pub(super) fn without_keys(results: &str) -> Option<String> {
    without(results, KEYS)
}

/// The same of a whole registration.
pub(super) fn without_keys_of_registration(registration: &str) -> Option<String> {
    without(registration, &format!("/clientExtensionResults{KEYS}"))
}

fn without(text: &str, keys: &str) -> Option<String> {
    let keys: Pointer = keys.parse().ok()?;
    json::find(text, &keys)?;
    json::remove(text, &keys).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Registration;
    use super::*;

    #[test]
    fn keys_are_left_out_and_nothing_else() {
        for (results, left) in [
            (
                r#"{"prf":{"enabled":true,"results":{"first":"AQ"}},"credProps":{"rk": true}}"#,
                Some(r#"{"prf":{"enabled":true},"credProps":{"rk": true}}"#),
            ),
            (r#"{"prf":{"results":null}}"#, Some(r#"{"prf":{}}"#)),
            (
                r#"{"prf":{"results":1,"results":{"first":"AQ"}}}"#,
                Some(r#"{"prf":{}}"#),
            ),
            (r#"{"prf":{"enabled":true}}"#, None),
            (r#"{"results":{"first":"AQ"}}"#, None),
            (r#"{"prf":[{"results":1}]}"#, None),
            ("{}", None),
        ] {
            assert_eq!(without_keys(results).as_deref(), left, "{results}");
        }
    }

    #[test]
    fn what_is_sent_holds_no_keys_and_a_lint_tells() {
        let text = r#"{"id":"AQ","rawId":"AQ","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"clientExtensionResults":{"prf":{"enabled":true,"results":{"first":"Y2FuYXJ5"}}}}"#;
        let registration = Registration::parse(text).unwrap();
        assert!(!registration.strict_body().contains("Y2FuYXJ5"));
        assert!(
            registration
                .strict_body()
                .ends_with(r#""clientExtensionResults":{"prf":{"enabled":true}}}"#)
        );
        let lint = registration
            .lints()
            .iter()
            .find(|lint| lint.code == "key-material")
            .unwrap();
        assert_eq!(lint.at, "/clientExtensionResults/prf/results");
        assert!(!format!("{registration:?}").contains("Y2FuYXJ5"));
        assert_eq!(registration.raw(), text, "the text itself stays as it came");
        let kept = registration.raw_without_keys();
        assert_eq!(kept, text.replace(r#","results":{"first":"Y2FuYXJ5"}"#, ""));
        assert_eq!(Registration::parse(&kept).unwrap().raw_without_keys(), kept);
    }
}
