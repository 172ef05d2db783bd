//! Settings whose effect is seen in one call: how a refusal is read, what is heard, what an error code means.

use smartid_sim::Record;

/// Settings of how refusals are recognised, against answers that are given in the place of the simulator's own.
pub(crate) const REFUSALS: &[(&str, u16, &str, &str, &str)] = &[
    (
        "errors.not_authenticated.status = [418]",
        418,
        "text/plain",
        "",
        "not-authenticated",
    ),
    (
        "errors.not_authenticated.codes = ['login']",
        400,
        "application/json",
        "{\"error\":\"LOGIN\"}",
        "not-authenticated",
    ),
    (
        "errors.forbidden.status = [418]",
        418,
        "text/plain",
        "",
        "forbidden",
    ),
    (
        "errors.forbidden.codes = ['no_right']",
        400,
        "application/json",
        "{\"error\":\"no_right\"}",
        "forbidden",
    ),
    (
        "errors.user_not_found.status = [418]",
        418,
        "text/plain",
        "",
        "user-not-found",
    ),
    (
        "errors.user_not_found.codes = ['who']",
        400,
        "application/json",
        "{\"error\":\"who\"}",
        "user-not-found",
    ),
    (
        "errors.duplicate.status = [418]",
        418,
        "text/plain",
        "",
        "duplicate",
    ),
    (
        "errors.duplicate.codes = ['twice']",
        400,
        "application/json",
        "{\"error\":\"twice\"}",
        "duplicate",
    ),
    ("errors.expired.status = [418]", 418, "text/plain", "", "expired"),
    (
        "errors.expired.codes = ['late']",
        400,
        "application/json",
        "{\"error\":\"late\"}",
        "expired",
    ),
    (
        "errors.not_configured.status = [418]",
        418,
        "text/plain",
        "",
        "not-configured",
    ),
    (
        "errors.not_configured.codes = ['off']",
        400,
        "application/json",
        "{\"error\":\"off\"}",
        "not-configured",
    ),
    (
        "errors.rejected.status = [418]",
        418,
        "text/plain",
        "",
        "rejected",
    ),
    (
        "errors.rejected.codes = ['bad']",
        404,
        "application/json",
        "{\"error\":\"bad\"}",
        "rejected",
    ),
    (
        "errors.rate_limited.status = [418]",
        418,
        "text/plain",
        "",
        "rate-limited",
    ),
    (
        "errors.rate_limited.codes = ['slowly']",
        400,
        "application/json",
        "{\"error\":\"slowly\"}",
        "rate-limited",
    ),
    (
        "errors.unavailable.status = [418]",
        418,
        "text/plain",
        "",
        "unavailable",
    ),
    (
        "errors.unavailable.codes = ['closed']",
        400,
        "application/json",
        "{\"error\":\"closed\"}",
        "unavailable",
    ),
    (
        "errors.code = ['/fault/id']\nerrors.forbidden.codes = ['x1']",
        400,
        "application/json",
        "{\"fault\":{\"id\":\"x1\"}}",
        "forbidden",
    ),
];

/// A client, its dialect, and what the simulator must then have heard.
pub(crate) type Heard = (&'static str, &'static str, fn(&Record) -> bool);

/// Settings that are seen in what the simulator has heard.
pub(crate) const HEARD: &[Heard] = &[
    ("messaging", "fido.session.verb = 'PUT'", |heard| {
        heard.method == "PUT" && heard.path.ends_with("/command/fido")
    }),
    ("messaging", "fido.create.verb = 'PUT'", |heard| {
        heard.method == "PUT"
            && heard
                .json()
                .is_some_and(|body| body.pointer("/fidoCommand/publicKey").is_some())
    }),
    ("messaging", "status.verb = 'POST'", |heard| {
        heard.method == "POST"
            && heard
                .path
                .rsplit('/')
                .next()
                .is_some_and(|last| last.parse::<u64>().is_ok())
    }),
    ("digital_access", "options.verb = 'POST'", |heard| {
        heard.method == "POST" && heard.path.ends_with("/fido/options")
    }),
    ("digital_access", "options.path = 'v4/options'", |heard| {
        heard.path.ends_with("/v3.0/v4/options")
    }),
    (
        "digital_access",
        "options.accept = 'application/webauthn+json'",
        |heard| {
            heard.path.ends_with("/fido/options")
                && heard.header("accept") == Some("application/webauthn+json")
        },
    ),
    ("digital_access", "credentials.verb = 'PUT'", |heard| {
        heard.method == "PUT" && heard.path.ends_with("/fido/credentials")
    }),
    ("digital_access", "credentials.path = 'v4/credentials'", |heard| {
        heard.path.ends_with("/v3.0/v4/credentials")
    }),
    (
        "digital_access",
        "credentials.content_type = 'application/webauthn+json'",
        |heard| {
            heard.path.ends_with("/fido/credentials")
                && heard.header("content-type") == Some("application/webauthn+json")
        },
    ),
];

/// Error codes of the app, by poll answers in the place of the simulator's own: the dialect, the code, and the end.
pub(crate) const APP_CODES: &[(&str, &str, &str)] = &[
    (
        "fido.already_registered = ['Known']",
        "Known",
        "already-registered",
    ),
    ("fido.user_declined_codes = ['Refused']", "Refused", "declined"),
    ("fido.user_cancelled_codes = ['Stopped']", "Stopped", "cancelled"),
];

/// Settings that the simulator has no switch for, and why; their effect on the bytes is shown by unit tests of the clients.
pub(crate) const NOT_PLAYED: &[&str] = &[
    // Seen in the detail of a refusal only.
    "digital_access.errors.message",
    // The simulated app writes base64url without padding, as the standard says.
    "digital_access.preflight.base64",
];
