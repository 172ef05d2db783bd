//! The portal and the portal user's own record (protocol notes: digital-access 3.2 and 3.3, O).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::page::{Page, escape};
use super::{Da, reply};
use crate::config::DaConfig;
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::Refused;

/// Where a browser is after a login without `location`.
pub(super) const DESKTOP: &str = "/wa/desktop.html";

/// Largest record that a user can write, in attributes and bytes.
const MAX_ATTRIBUTES: usize = 64;
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 4096;

/// A refusal with its reason as text.
fn no(status: u16, code: &str, text: &str) -> Reply {
    Reply::text(status, "text/plain;charset=UTF-8", text.to_owned()).with_code(code)
}

/// Flat texts, and no more than there may be.
fn flat(body: &[u8]) -> Result<BTreeMap<String, String>, Reply> {
    let unreadable = || {
        no(
            400,
            "attributes_json",
            "The body is no flat JSON object of strings.",
        )
    };
    let read: Map<String, Value> = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let mut out = BTreeMap::new();
    for (name, value) in read {
        let Value::String(value) = value else {
            return Err(unreadable());
        };
        if name.is_empty() || name.len() > MAX_NAME || value.len() > MAX_VALUE {
            return Err(no(400, "attributes_size", "An attribute is too long."));
        }
        out.insert(name, value);
    }
    Ok(out)
}

impl Da {
    /// The portal page.
    pub(super) fn desktop(&self, config: &DaConfig, request: &Request) -> Reply {
        let known = self.session(config, request);
        let Some((session, user)) = known.and_then(|known| {
            let user = self.user(&known.user)?;
            Some((known, user))
        }) else {
            let to = format!("/wa/auth?location={}", super::auth::escaped(DESKTOP));
            return Reply::empty(302)
                .with_header("location", &to)
                .with_code("unauthenticated");
        };
        let mut rows = String::new();
        for (name, value) in user.attributes.iter().chain(&user.free) {
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td></tr>",
                escape(name),
                escape(value)
            );
        }
        Page::new("Portal")
            .html(&format!(
                "<p>Logged in as <b>{}</b> by {}.</p><table>{rows}</table>\
                 <p><a href=\"{}\">Register a security key</a></p>\
                 <form method=\"post\" action=\"/wa/logout\"><button>Log out</button></form>",
                escape(&user.display_name),
                escape(&session.method),
                super::fido_page::SELF_SERVICE,
            ))
            .reply(200)
            .with_code("portal")
    }

    pub(super) fn logout(&self, config: &DaConfig, request: &Request) -> Reply {
        self.log_out(config, request);
        let gone = format!(
            "{}; Max-Age=0",
            super::session::set_cookie(&config.session.cookie, "", "/")
        );
        Reply::empty(303)
            .with_header("location", "/wa/auth")
            .with_header("set-cookie", &gone)
            .with_code("logged_out")
    }

    /// The record, and writing to it; `tail` is what follows the path.
    pub(super) fn me(&self, config: &DaConfig, request: &Request, tail: &str) -> Reply {
        let Some(session) = self.session(config, request) else {
            return reply::unauthenticated_as(config, config.session.me_unauthenticated);
        };
        match (request.method.as_str(), tail) {
            ("GET", "") => match self.user(&session.user) {
                Some(user) => {
                    let mut attributes = user.free;
                    attributes.extend(user.attributes);
                    let body = json!({
                        "username": user.name,
                        "displayName": user.display_name,
                        "attributes": attributes,
                    });
                    Reply::json(200, &body)
                        .with_header("cache-control", "no-store")
                        .with_code("me")
                }
                None => reply::unauthenticated_as(config, config.session.me_unauthenticated),
            },
            ("POST", "/attributes") => self.set_attributes(&session.user, request),
            (_, "" | "/attributes") => reply::refused(config, &Refused::new("method", "method not allowed")),
            _ => reply::refused(config, &Refused::new("path", "not found")),
        }
    }

    fn set_attributes(&self, user: &str, request: &Request) -> Reply {
        // Forms of other sites cannot send this media type, so they cannot write either.
        if !request.is_json() {
            return no(
                415,
                "attributes_content_type",
                "The body is not application/json.",
            );
        }
        let read = match flat(&request.body) {
            Ok(read) => read,
            Err(refused) => return refused,
        };
        let mut store = lock(&self.store);
        let Some(user) = store.user_mut(user) else {
            return no(404, "user_unknown", "No such user.");
        };
        // Whoever could write to the user storage could become who a certificate is mapped to.
        if read.keys().any(|name| user.config.attributes.contains_key(name)) {
            return no(
                403,
                "attributes_of_storage",
                "An attribute belongs to the user storage.",
            );
        }
        let mut free = user.free.clone();
        free.extend(read);
        if free.len() > MAX_ATTRIBUTES {
            return no(400, "attributes_count", "There are too many attributes.");
        }
        user.free = free;
        Reply::empty(204).with_code("attributes")
    }
}
