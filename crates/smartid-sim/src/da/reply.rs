//! How Digital Access says no. Status and form are unknown (protocol notes: digital-access 1.3 and 1.4), so both are switches; the
//! word for the reason is always in the simulator's records.

use serde_json::json;

use crate::config::{DaConfig, ErrorBody, Unauthenticated};
use crate::net::message::Reply;
use crate::webauthn::Refused;

const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Log in</title></head><body>\
<form method=\"post\" action=\"/wa/auth\"><input name=\"username\"></form></body></html>";

/// What an unauthenticated caller gets. Access rules of the `api` web resource may send a browser's answer (digital-access 0.3).
pub(crate) fn unauthenticated(config: &DaConfig) -> Reply {
    unauthenticated_as(config, config.unauthenticated)
}

/// The same in another form.
pub(crate) fn unauthenticated_as(config: &DaConfig, form: Unauthenticated) -> Reply {
    let reply = match form {
        Unauthenticated::Status401 => refusal(
            config,
            401,
            &Refused::new("unauthenticated", "authentication required"),
        ),
        Unauthenticated::Status403 => refusal(config, 403, &Refused::new("unauthenticated", "forbidden")),
        Unauthenticated::Redirect => to_login(),
        Unauthenticated::LoginPage => login_page(),
    };
    reply.with_code("unauthenticated")
}

/// The way to the login page.
pub(crate) fn to_login() -> Reply {
    Reply::empty(302).with_header("location", "/wa/auth?authmech=Password")
}

/// A login page where none is expected.
pub(crate) fn login_page() -> Reply {
    Reply::text(200, "text/html;charset=UTF-8", LOGIN_PAGE)
}

/// The status that belongs to a reason.
pub(crate) fn status(config: &DaConfig, code: &str) -> u16 {
    let status = &config.status;
    match code {
        "challenge_unknown" | "challenge_used" | "challenge_expired" | "challenge_superseded" => {
            status.challenge
        }
        "user_unknown" => status.user,
        "user_disabled" => status.disabled,
        "duplicate" => status.duplicate,
        "content_type" => 415,
        "path" => 404,
        "method" => 405,
        _ => status.invalid,
    }
}

pub(crate) fn refused(config: &DaConfig, refused: &Refused) -> Reply {
    refusal(config, status(config, refused.code), refused)
}

/// With a status of its own.
pub(crate) fn refused_with(config: &DaConfig, status: u16, refused: &Refused) -> Reply {
    refusal(config, status, refused)
}

fn refusal(config: &DaConfig, status: u16, refused: &Refused) -> Reply {
    let (code, message) = (refused.code, refused.message.as_str());
    let reply = match config.error_body {
        ErrorBody::Json => Reply::json(status, &json!({"error": code, "message": message})),
        ErrorBody::Plain => Reply::text(status, "text/plain;charset=UTF-8", format!("{code}: {message}")),
        ErrorBody::Html => {
            // Reasons are this simulator's own words, without markup.
            let page =
                format!("<!DOCTYPE html><html><body><h1>Error {status}</h1><p>{code}</p></body></html>");
            Reply::text(status, "text/html;charset=UTF-8", page)
        }
    };
    reply.with_code(code)
}
