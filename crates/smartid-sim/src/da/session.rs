//! Sessions of browsers (protocol notes: digital-access 3.3): cookies of the access point. Their values are always made here, at the
//! login; what a browser brings is looked up and never adopted, so a session cannot be planted before the login.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Da;
use crate::config::DaConfig;
use crate::net::message::{Reply, Request};
use crate::sync::lock;

/// So many are kept; the oldest go first.
const KEPT: usize = 4096;

/// A session. It cannot be printed.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) user: String,
    /// Display name of the method that opened it.
    pub(super) method: String,
    /// When, in seconds since 1970.
    pub(super) auth_time: u64,
    opened: Duration,
    used: Duration,
}

/// All of them.
#[derive(Default)]
pub(super) struct Sessions(Vec<Session>);

/// Who a request comes from.
#[derive(Clone)]
pub(crate) struct SessionUser {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// Those of the user storage.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Those that the user has set and can set: nothing may rest on them.
    pub(crate) free: BTreeMap<String, String>,
}

/// The values of all cookies of this name.
fn cookies<'r>(request: &'r Request, name: &str) -> Vec<&'r str> {
    let lines = request.headers.get_all("cookie").into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .collect()
}

/// A cookie that stands there once; two of one name are an attempt to be taken for another.
pub(super) fn cookie<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    match cookies(request, name).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// `Set-Cookie` for the whole host. `Lax`, because relying parties send browsers here from elsewhere.
pub(super) fn set_cookie(name: &str, value: &str, path: &str) -> String {
    format!("{name}={value}; Path={path}; HttpOnly; Secure; SameSite=Lax")
}

impl Da {
    /// The session of a request, which counts as used.
    pub(super) fn session(&self, config: &DaConfig, request: &Request) -> Option<Session> {
        let id = cookie(request, &config.session.cookie)?;
        self.session_by_id(config, id)
    }

    fn session_by_id(&self, config: &DaConfig, id: &str) -> Option<Session> {
        let now = self.clock.now();
        let mut sessions = lock(&self.sessions);
        let idle = Duration::from_secs(config.session.idle_seconds);
        let life = Duration::from_secs(config.session.life_seconds);
        sessions
            .0
            .retain(|one| now < one.used.saturating_add(idle) && now < one.opened.saturating_add(life));
        let found = sessions.0.iter_mut().find(|session| session.id == id)?;
        found.used = now;
        let found = found.clone();
        drop(sessions);
        // An administrator may have removed the user since.
        lock(&self.store).user(&found.user)?;
        Some(found)
    }

    pub(super) fn sessions_count(&self, config: &DaConfig) -> usize {
        self.session_by_id(config, "");
        lock(&self.sessions).0.len()
    }

    /// A new session; gives the value of its cookie.
    pub(super) fn open_session(&self, user: &str, method: &str) -> String {
        let (id, now) = (self.random.hex64("session"), self.clock.now());
        let session = Session {
            id: id.clone(),
            user: user.to_owned(),
            method: method.to_owned(),
            auth_time: self.unix(),
            opened: now,
            used: now,
        };
        let mut sessions = lock(&self.sessions);
        if sessions.0.len() >= KEPT {
            sessions.0.remove(0);
        }
        sessions.0.push(session);
        id
    }

    /// Adds the cookies of a new session to the answer of a login; the session that the browser had before ends.
    pub(super) fn log_in(
        &self,
        config: &DaConfig,
        request: &Request,
        reply: Reply,
        user: &str,
        method: &str,
    ) -> Reply {
        self.log_out(config, request);
        let id = self.open_session(user, method);
        let settings = &config.session;
        let reply = reply.with_header("set-cookie", &set_cookie(&settings.cookie, &id, "/"));
        settings
            .more_cookies
            .iter()
            .fold(reply, |reply, more| reply.with_header("set-cookie", more))
    }

    /// Ends the session of a request.
    pub(super) fn log_out(&self, config: &DaConfig, request: &Request) {
        let ids = cookies(request, &config.session.cookie);
        lock(&self.sessions)
            .0
            .retain(|session| !ids.contains(&session.id.as_str()));
    }

    pub(super) fn user(&self, name: &str) -> Option<SessionUser> {
        let store = lock(&self.store);
        let user = store.user(name)?;
        let display = &user.config.display_name;
        Some(SessionUser {
            name: user.config.name.clone(),
            display_name: if display.is_empty() { name } else { display }.to_owned(),
            attributes: user.config.attributes.clone(),
            free: user.free.clone(),
        })
    }

    /// Who a request comes from, by its session cookie: for what stands behind the access point.
    pub(crate) fn session_user(&self, request: &Request) -> Option<SessionUser> {
        let session = self.session(&self.config.get().da, request)?;
        self.user(&session.user)
    }
}
