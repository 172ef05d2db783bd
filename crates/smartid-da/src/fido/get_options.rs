//! Asks for creation options on behalf of a user.
//!
//! `GET /fido/options`, Digital Access 6.11 and later \[documented; vendor page: Fido credential provisioning with Digital Access\]. How
//! the user is named (query parameter `userId`), what success looks like (any 2xx) and the form of the answer (W3C creation options, bare
//! or in `publicKey`) are inferred and stand in the dialect under `user`, `options` and `errors`.
//!
//! Only a caller with the right to provision may call it. A second call does no harm: it issues another challenge, which may or may
//! not replace the first.
//!
//! What can go wrong is a [`DaRefusal`]: 401, 302 or a login page (an administrator's turn: token, access rule), 403 (administrator), 404
//! (the calling program's: the user id, or the base URL), 429 and 503 (nobody's: later). Options that came but cannot be used are an
//! administrator's matter. After success it is nobody's turn: hand the options on before their `timeout`.

use http::header::ACCEPT;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::options::CreationOptions;
use crate::auth::FidoProvisioning;
use crate::dialect::{DaDialect, Encoding};
use crate::refusal::{DaRefusal, accept};
use crate::request::{Target, header_value};
use crate::user::UserId;

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_da::{DaDialect, UserId, fido::GetOptions};
///
/// let dialect = DaDialect::default();
/// let call = GetOptions::new(UserId::new("anna å")?);
/// let request = call.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("GET", "fido/options?userId=anna%20%C3%A5"));
///
/// let body = br#"{"publicKey":{"rp":{"id":"login.example.test","name":"Login"},"user":{"id":"AQ","name":"anna","displayName":"Anna"},
///     "challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7}]}}"#;
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), bytes::Bytes::from_static(body));
/// let options = call.response(&dialect, answer).unwrap();
/// assert!(options.raw().starts_with(r#"{"rp":{"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOptions {
    /// Whose credential it will be.
    pub user: UserId,
}

impl GetOptions {
    /// Options for this user.
    #[must_use]
    pub fn new(user: UserId) -> Self {
        Self { user }
    }
}

impl Endpoint for GetOptions {
    type Auth = FidoProvisioning;
    type Dialect = DaDialect;
    type Output = CreationOptions;
    type Error = DaRefusal;

    const NAME: &'static str = "da.fido-options";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, dialect: &DaDialect) -> Result<Outgoing, BuildError> {
        let call = &dialect.options;
        let target = Target::new(&self.user, &call.verb, &call.path).named(
            &dialect.user,
            call.user_position,
            call.user_name.as_deref(),
        );
        let mut request = target.request()?;
        if let Some(body) = target.in_body("{}")? {
            if matches!(call.verb.method(), http::Method::GET | http::Method::DELETE) {
                return Err(BuildError::Invalid(String::from(
                    "dialect: the user cannot stand in the body of GET or DELETE; set options.verb or options.user_position",
                )));
            }
            request = request.body("application/json", body);
        }
        Ok(request.header(ACCEPT, header_value("options.accept", &call.accept)?))
    }

    fn response(
        &self,
        dialect: &DaDialect,
        incoming: Incoming,
    ) -> Result<CreationOptions, ResponseError<DaRefusal>> {
        let call = &dialect.options;
        accept(dialect, &call.success, &incoming)?;
        let incoming = call.response.apply_to_response(incoming);
        if incoming.body().trim_ascii().is_empty() {
            return Err(incoming
                .unreadable("no creation options, the body is empty")
                .into());
        }
        let text = std::str::from_utf8(incoming.body())
            .map_err(|_| incoming.unreadable("the creation options are not UTF-8"))?;
        let options =
            CreationOptions::parse(text).map_err(|error| incoming.unreadable(&error.to_string()))?;
        match options.irregular_encoding() {
            Some(at) if call.base64 == Encoding::Strict => Err(incoming
                .unreadable(
                    "not URL-safe base64 without padding; base64 = \"lenient\" under [options] in the dialect allows it",
                )
                .at(Some(at.to_owned()))
                .into()),
            _ => Ok(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn read(status: u16, body: &'static str) -> Result<CreationOptions, ResponseError<DaRefusal>> {
        let call = GetOptions::new(UserId::new("anna").unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let incoming = Incoming::new(status, HeaderMap::new(), Bytes::from_static(body.as_bytes()));
        call.response(&DaDialect::default(), incoming)
    }

    #[test]
    fn what_are_no_options_is_unreadable_and_says_why() {
        for (body, says) in [
            ("", "the body is empty"),
            ("null", "not a JSON object"),
            ("{}", "no rp"),
            (r#"{"error":"canary","message":"canary"}"#, "no rp"),
            (
                r#"{"rp":{},"user":{"id":"AQ"},"challenge":"AQ=="}"#,
                "under [options]",
            ),
            (
                r#"{"rp":{},"user":{"id":"AQ"},"challenge":"%"}"#,
                "/challenge of the creation options is not URL-safe base64",
            ),
        ] {
            let Err(ResponseError::Unreadable(error)) = read(200, body) else {
                panic!("{body}");
            };
            assert!(error.to_string().contains(says), "{body}: {error}");
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_status() {
        for (status, name) in [
            (302, "not-authenticated"),
            (401, "not-authenticated"),
            (403, "forbidden"),
            (404, "user-not-found"),
        ] {
            let Err(ResponseError::Refused(refusal)) = read(status, "") else {
                panic!("{status}");
            };
            assert_eq!(refusal.kind().name(), name);
        }
    }
}
