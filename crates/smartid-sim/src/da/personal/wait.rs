//! The page that waits for the app: picture, QR code or link, looks now and then, and goes on when the app has answered. It works
//! without script.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder};

use super::super::Da;
use super::super::auth::escaped;
use super::super::form::Form;
use super::super::page::{Page, escape, refusal};
use super::super::session::cookie;
use super::{Login, State};
use crate::config::{DaConfig, DaMethod, DaMethodKind};
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::b64;

/// A QR code as markup; nothing when the text is too long for one.
fn qr(text: &str) -> String {
    match QRBuilder::new(text).ecl(ECL::M).build() {
        Ok(code) => format!("<div class=\"qr\">{}</div>", SvgBuilder::default().to_str(&code)),
        Err(_) => String::new(),
    }
}

/// What the person has to do.
fn instructions(method: &DaMethod, login: &Login) -> String {
    let picture = format!(
        "<img class=\"picture\" alt=\"picture to compare\" src=\"data:image/jpeg;base64,{}\">",
        b64::encode_standard(&login.picture)
    );
    let Some(link) = &login.link else {
        return format!("<p>Compare this picture with the one in your app.</p>{picture}");
    };
    let open = format!(
        "<a class=\"button\" id=\"app\" href=\"{}\">Open the app</a>",
        escape(link)
    );
    if method.kind == DaMethodKind::PersonalDesktop {
        format!("<p>Open Smart ID Desktop App and compare this picture.</p>{picture}{open}")
    } else if method.same_device {
        format!("<p>{}</p>{picture}{open}", escape(&method.redirect_text))
    } else {
        format!(
            "<p>Scan this code with your app, and compare the picture.</p>{}{picture}",
            qr(link)
        )
    }
}

impl Da {
    /// The login of this request's browser.
    fn with_login<T>(
        &self,
        config: &DaConfig,
        request: &Request,
        work: impl FnOnce(&mut Login) -> T,
    ) -> Option<T> {
        let form = Form::query(request).ok()?;
        let (id, browser) = (form.get("id")?, cookie(request, &Self::login_cookie(config))?);
        let mut logins = lock(&self.logins);
        let login = logins
            .iter_mut()
            .find(|login| login.id == id && login.browser == browser)?;
        login.state = login.state_at(self.clock.now());
        Some(work(login))
    }

    fn waiting(&self, config: &DaConfig, method: &DaMethod, login: &Login) -> Reply {
        let nonce = self.random.hex64("script");
        let seconds = config.personal.look_seconds.max(1);
        let open = if method.same_device && method.kind == DaMethodKind::PersonalMobile {
            format!(
                "setTimeout(function(){{var a=document.getElementById('app');if(a){{location.href=a.href}}}},{});",
                method.wait_seconds.saturating_mul(1000)
            )
        } else {
            String::new()
        };
        let script = format!(
            "(function(){{function again(){{setTimeout(look,{0})}}function look(){{\
             fetch('/wa/auth/state?id={1}',{{credentials:'same-origin'}}).then(function(r){{return r.json()}})\
             .then(function(s){{if(s.state==='started'||s.state==='delivered'){{again()}}else{{location.reload()}}}})\
             .catch(again)}}again();{open}}})();",
            seconds.saturating_mul(1000),
            login.id,
        );
        Page::new(&method.name)
            .html(&instructions(method, login))
            .html("<p><small>This page goes on by itself.</small></p>")
            .refresh(seconds)
            .script(&nonce, &script)
            .reply(200)
            .with_code(login.state.name())
    }

    pub(in crate::da) fn personal_wait(&self, config: &DaConfig, request: &Request) -> Reply {
        let found = self.with_login(config, request, |login| {
            let now = login.clone();
            if login.state == State::Accepted {
                login.state = State::Finished;
            }
            now
        });
        let Some(login) = found else {
            return refusal(404, "login_unknown", "There is no such login in this browser.");
        };
        let on = || Reply::empty(303).with_header("location", &login.target);
        let Some(method) = config.methods.iter().find(|method| method.id == login.method) else {
            return refusal(404, "method_unknown", "There is no such authentication method.");
        };
        match (login.state, &login.user) {
            (State::Started | State::Delivered, _) => self.waiting(config, method, &login),
            (State::Accepted, Some(user)) => self
                .log_in(config, request, on(), user, &method.name)
                .with_code("logged_in"),
            (State::Finished, _) => on().with_code("login_finished"),
            (state, _) => {
                let text = match state {
                    State::Rejected => "The login was declined in the app.",
                    State::Timeout => "Nobody has answered in the app.",
                    _ => "The login has failed.",
                };
                let again = format!(
                    "/wa/auth?authmech={}&location={}",
                    escaped(&method.name),
                    escaped(&login.target)
                );
                Page::new("Login not possible")
                    .html(&format!(
                        "<p class=\"error\">{text}</p><a class=\"button\" href=\"{}\">Try again</a>",
                        escape(&again)
                    ))
                    .reply(403)
                    .with_code(login.reason)
            }
        }
    }

    /// What the waiting page's script asks.
    pub(in crate::da) fn personal_state(&self, config: &DaConfig, request: &Request) -> Reply {
        match self.with_login(config, request, |login| login.state) {
            Some(state) => Reply::json(200, &serde_json::json!({"state": state.name()}))
                .with_header("cache-control", "no-store")
                .with_code(state.name()),
            None => Reply::json(404, &serde_json::json!({"state": "unknown"})).with_code("login_unknown"),
        }
    }
}
