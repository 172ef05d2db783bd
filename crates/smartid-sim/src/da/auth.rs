//! The login page `/wa/auth` (protocol notes: digital-access 3.3): the method by display name or id, a menu without one, and the way
//! on to `location`. The plain password method is the simulator's own.

use std::fmt::Write;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Da;
use super::form::Form;
use super::page::{Page, escape, refusal};
use super::portal::DESKTOP;
use super::session::{cookie, set_cookie};
use crate::config::{DaConfig, DaMethod, DaMethodKind};
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::sha256;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text as it stands in a query.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// What a login page is asked for.
pub(super) struct Wanted<'c> {
    pub(super) method: Option<&'c DaMethod>,
    /// Where to go afterwards; allowed.
    pub(super) location: Option<String>,
    /// The location as it was asked for, for links.
    asked: Option<String>,
}

impl Wanted<'_> {
    /// Where to go afterwards.
    pub(super) fn target(&self) -> &str {
        self.location.as_deref().unwrap_or(DESKTOP)
    }
}

/// The method that `authmech` names, by display name or id.
pub(super) fn method<'c>(config: &'c DaConfig, name: &str) -> Option<&'c DaMethod> {
    config
        .methods
        .iter()
        .find(|method| method.name == name || method.id == name)
        .filter(|method| method.enabled)
}

impl Da {
    /// Name of the cookie that ties a login to the browser in which it began.
    pub(super) fn login_cookie(config: &DaConfig) -> String {
        format!("{}-LOGIN", config.session.cookie)
    }

    /// The browser's secret; a new one when it has none.
    pub(super) fn browser(&self, config: &DaConfig, request: &Request) -> (String, Option<String>) {
        let name = Self::login_cookie(config);
        match cookie(request, &name).filter(|value| value.len() == 64) {
            Some(value) => (value.to_owned(), None),
            None => {
                let value = self.random.hex64("browser");
                let line = set_cookie(&name, &value, "/wa");
                (value, Some(line))
            }
        }
    }

    /// What a form must repeat: other sites can make a browser send a form, but cannot know this.
    pub(super) fn form_token(browser: &str) -> String {
        sha256(format!("form:{browser}").as_bytes())
            .iter()
            .fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// Reads `authmech` and `location`, from a query or a form.
    pub(super) fn wanted<'c>(&self, config: &'c DaConfig, form: &Form) -> Result<Wanted<'c>, Reply> {
        let asked = form.get("location").map(str::to_owned);
        let location = match &asked {
            None => None,
            Some(text) => Some(
                self.allowed(config, text)
                    .ok_or_else(|| refusal(400, "location", "The address to return to is not allowed."))?,
            ),
        };
        let method =
            match form.get("authmech") {
                None => None,
                Some(name) => Some(method(config, name).ok_or_else(|| {
                    refusal(404, "method_unknown", "There is no such authentication method.")
                })?),
            };
        Ok(Wanted {
            method,
            location,
            asked,
        })
    }

    fn menu(config: &DaConfig, wanted: &Wanted<'_>) -> Reply {
        let location = wanted
            .asked
            .as_deref()
            .map_or_else(String::new, |text| format!("&location={}", escaped(text)));
        let mut items = String::new();
        for method in config
            .methods
            .iter()
            .filter(|method| method.enabled && method.visible)
        {
            let href = format!("/wa/auth?authmech={}{location}", escaped(&method.name));
            let _ = write!(
                items,
                "<li><a href=\"{}\">{}</a></li>",
                escape(&href),
                escape(&method.name)
            );
        }
        Page::new("Log in with")
            .html(&format!("<ul>{items}</ul>"))
            .reply(200)
            .with_code("menu")
    }

    /// The form of a method, with what was wrong with the last try.
    pub(super) fn login_form(
        &self,
        config: &DaConfig,
        request: &Request,
        wanted: &Wanted<'_>,
        method: &DaMethod,
        wrong: Option<&str>,
    ) -> Reply {
        let (browser, new) = self.browser(config, request);
        let hidden = |name: &str, value: &str| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                escape(value)
            )
        };
        let password = if method.kind == DaMethodKind::Password {
            "<label for=\"p\">Password</label>\
             <input id=\"p\" name=\"password\" type=\"password\" autocomplete=\"current-password\">"
        } else {
            ""
        };
        let markup = format!(
            "{}<form method=\"post\" action=\"/wa/auth\">{}{}{}<label for=\"u\">User name</label>\
             <input id=\"u\" name=\"username\" autocomplete=\"username\" autofocus required>{password}\
             <button>Log in</button></form>",
            wrong.map_or_else(String::new, |text| format!(
                "<p class=\"error\">{}</p>",
                escape(text)
            )),
            hidden("authmech", &method.id),
            wanted
                .asked
                .as_deref()
                .map_or_else(String::new, |text| hidden("location", text)),
            hidden("token", &Self::form_token(&browser)),
        );
        let status = if wrong.is_some() { 403 } else { 200 };
        let reply = Page::new(&method.name).html(&markup).reply(status);
        match new {
            Some(line) => reply.with_header("set-cookie", &line),
            None => reply,
        }
        .with_code("login_form")
    }

    pub(super) async fn get_auth(&self, config: &DaConfig, request: &Request) -> Reply {
        let wanted = match Form::query(request) {
            Ok(form) => self.wanted(config, &form),
            Err(wrong) => Err(refusal(400, wrong.code(), "The request cannot be read.")),
        };
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refused) => return refused,
        };
        match wanted.method {
            None => Self::menu(config, &wanted),
            Some(method) if method.is_personal() && !method.user_name => {
                self.begin_personal(config, request, &wanted, method, None).await
            }
            Some(method) if method.kind == DaMethodKind::Fido => {
                self.fido_login_page(config, &wanted, &method.name)
            }
            Some(method) => self.login_form(config, request, &wanted, method, None),
        }
    }

    pub(super) async fn post_auth(&self, config: &DaConfig, request: &Request) -> Reply {
        let form = match Form::body(request) {
            Ok(form) => form,
            Err(wrong) => return refusal(400, wrong.code(), "The request cannot be read."),
        };
        let wanted = match self.wanted(config, &form) {
            Ok(wanted) => wanted,
            Err(refused) => return refused,
        };
        let Some(method) = wanted.method else {
            return refusal(400, "method_missing", "No authentication method is named.");
        };
        let token = form.get("token").unwrap_or_default();
        let begun = cookie(request, &Self::login_cookie(config)).is_some_and(|browser| {
            verify_slices_are_equal(Self::form_token(browser).as_bytes(), token.as_bytes()).is_ok()
        });
        if !begun {
            return refusal(403, "form_token", "The login did not begin in this browser.");
        }
        match method.kind {
            DaMethodKind::Password => self.post_password(config, request, &form, &wanted, method),
            DaMethodKind::PersonalMobile | DaMethodKind::PersonalDesktop => match form.get("username") {
                Some(name) if method.user_name => {
                    self.begin_personal(config, request, &wanted, method, Some(name))
                        .await
                }
                _ => refusal(400, "user_missing", "No user name was typed."),
            },
            DaMethodKind::Fido => refusal(400, "method_kind", "This authentication method takes no form."),
        }
    }

    fn post_password(
        &self,
        config: &DaConfig,
        request: &Request,
        form: &Form,
        wanted: &Wanted<'_>,
        method: &DaMethod,
    ) -> Reply {
        let name = form.get("username").unwrap_or_default();
        let password = form.get("password").unwrap_or_default();
        let right = lock(&self.store).user(name).is_some_and(|user| {
            let known = &user.config.password;
            !known.is_empty() && verify_slices_are_equal(known.as_bytes(), password.as_bytes()).is_ok()
        });
        if !right {
            // The same words for an unknown user, who could be told apart otherwise.
            return self
                .login_form(
                    config,
                    request,
                    wanted,
                    method,
                    Some("User name or password is wrong."),
                )
                .with_code("password_wrong");
        }
        let reply = Reply::empty(303)
            .with_header("location", wanted.target())
            .with_header("cache-control", "no-store");
        self.log_in(config, request, reply, name, &method.name)
            .with_code("logged_in")
    }
}
