//! Tells a refusal from an answer, and reads what it says.

use smartid_core::dialect::SuccessStatus;
use smartid_core::json::{self, Pointer};
use smartid_core::{Content, Incoming, ResponseError, redact};

use super::{DaRefusal, DaRefusalKind};
use crate::dialect::{DaDialect, Meaning};

/// Sorts an answer: `Ok` when it claims success and is no login page, else the refusal.
pub(crate) fn accept(
    dialect: &DaDialect,
    success: &SuccessStatus,
    incoming: &Incoming,
) -> Result<(), ResponseError<DaRefusal>> {
    let errors = &dialect.errors;
    let status = incoming.status();
    let refuse = |kind, told| Err(ResponseError::Refused(DaRefusal::new(kind, incoming, told)));
    let login = incoming.content() == Content::Html && errors.html_is_login;
    let success = success.accepts(status);
    if success && !login && !errors.lists_codes() {
        // The usual case: nobody needs to look for an error in it.
        return Ok(());
    }
    let told = Told::read(dialect, incoming);
    if let Some(meaning) = told.code.as_deref().and_then(|code| errors.by_code(code)) {
        return refuse(meaning.kind(), told);
    }
    match (success, login) {
        (true, true) => return refuse(Meaning::NotAuthenticated.kind(), told),
        (true, false) => return Ok(()),
        (false, _) => {}
    }
    if let Some(meaning) = errors.by_status(status) {
        return refuse(meaning.kind(), told);
    }
    if status.is_success() {
        // It says that it was done; that the dialect does not expect this status is no refusal.
        return Err(incoming
            .unreadable("a success status that the dialect does not list")
            .into());
    }
    refuse(DaRefusalKind::Unexpected, told)
}

/// The refusal that an answer is although its status claims success.
pub(crate) fn rejection(dialect: &DaDialect, incoming: &Incoming) -> DaRefusal {
    DaRefusal::new(Meaning::Rejected.kind(), incoming, Told::read(dialect, incoming))
}

/// The code and the message of an error body, as far as there are any.
#[derive(Default)]
pub(super) struct Told {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

impl Told {
    fn read(dialect: &DaDialect, incoming: &Incoming) -> Self {
        match incoming.content() {
            Content::Empty => Self::default(),
            Content::Html => Self {
                code: None,
                message: redact::html_title(incoming.body()).filter(|title| !title.is_empty()),
            },
            Content::Json => {
                let Ok(text) = std::str::from_utf8(incoming.body()) else {
                    return Self::default();
                };
                Self {
                    // Kept as it is, so that it can be compared; shown redacted.
                    code: first(text, &dialect.errors.code).map(|code| code.chars().take(128).collect()),
                    message: first(text, &dialect.errors.message).map(|text| redact::message(&text)),
                }
            }
            _ => Self {
                code: None,
                message: Some(redact::message(&incoming.plain_text())),
            },
        }
    }
}

/// The first of these members that is a text or a number.
fn first(body: &str, pointers: &[Pointer]) -> Option<String> {
    pointers.iter().find_map(|pointer| {
        let value = json::find(body, pointer)?;
        let text = match serde_json::from_str::<serde_json::Value>(value).ok()? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::{DATE, LOCATION, RETRY_AFTER};
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
    use smartid_core::ServiceError as _;

    use std::time::Duration;

    use super::*;

    fn with(status: u16, headers: &[(HeaderName, &'static str)], body: &'static str) -> Incoming {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        Incoming::new(
            StatusCode::from_u16(status).unwrap(),
            headers,
            Bytes::from_static(body.as_bytes()),
        )
    }

    fn own(incoming: &Incoming) -> Option<Duration> {
        incoming.retry_after_by_own_date()
    }

    #[test]
    fn a_date_to_wait_for_is_counted_from_the_answers_own_date() {
        let at = (RETRY_AFTER, "Sat, 05 Apr 2031 06:08:08 GMT");
        let now = (DATE, "Sat, 05 Apr 2031 06:07:08 GMT");
        assert_eq!(
            own(&with(503, &[at.clone(), now.clone()], "")),
            Some(Duration::from_secs(60))
        );
        assert_eq!(own(&with(503, &[at], "")), None);
        assert_eq!(
            own(&with(503, &[(RETRY_AFTER, "7")], "")),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            own(&with(503, &[(RETRY_AFTER, "7"), now], "")),
            Some(Duration::from_secs(7))
        );
        assert_eq!(own(&with(503, &[(RETRY_AFTER, "soon")], "")), None);
    }

    #[test]
    fn only_addresses_that_may_be_shown_are_kept() {
        let to = |address| with(302, &[(LOCATION, address)], "").redirect_to_show();
        assert_eq!(
            to("https://h/wa/auth?x=canary").as_deref(),
            Some("https://h/wa/auth")
        );
        assert_eq!(to("/wa/auth?x=canary").as_deref(), Some("/wa/auth"));
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "com.nexusgroup.plugout:///?x",
            "?canary",
            "",
        ] {
            assert_eq!(to(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_code_is_compared_as_it_is_and_shown_redacted() {
        let code = "canary0123456789abcdefghijklmnopqrstuv";
        let body = r#"{"error":"canary0123456789abcdefghijklmnopqrstuv"}"#;
        let text = format!("[errors.expired]\ncodes = ['{code}']");
        let dialect = DaDialect::from_toml(&text).unwrap();
        let success = &dialect.credentials.success;
        let Err(ResponseError::Refused(refusal)) = accept(&dialect, success, &with(400, &[], body)) else {
            panic!("refused");
        };
        assert!(refusal.is_expired());
        assert_eq!(refusal.code(), Some(code));
        assert!(
            !format!("{refusal} {refusal:?} {}", refusal.advice()).contains("canary"),
            "{refusal:?}"
        );
    }
}
