//! Personal Mobile and Personal Desktop (protocol notes: digital-access 4): Digital Access as a client of Smart ID Messaging, which it
//! calls over HTTP like any other, and the logins that wait for an answer from there.

mod callback;
mod evidence;
mod picture;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::Da;
use super::auth::{Wanted, escaped};
use crate::config::{ApiUser, DaConfig, DaMethod, DaMethodKind, PictureStyle, SimConfig};
use crate::net::client::{Call, HttpClient};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pki::attestation::BuiltIn;
use crate::random::Random;
use crate::sync::lock;
use crate::webauthn::b64;

/// So many logins are remembered; the oldest go first.
const KEPT: usize = 1000;

/// Real time after which a call to messaging counts as failed.
const CALL_LIMIT: Duration = Duration::from_secs(20);

/// The destination of a command to whoever opens its link.
const TEMPORARY: &str = "@tmp";

/// Whom Digital Access talks to.
pub(crate) struct Peers {
    pub(crate) http: HttpClient,
    /// Origin of messaging.
    pub(crate) messaging: String,
    /// Digital Access' own entry there.
    pub(crate) api: ApiUser,
    /// Whose authority methods trust that name none.
    pub(crate) cm: Arc<Cm>,
    /// Where keys come from.
    pub(crate) keys: Arc<BuiltIn>,
}

/// Digital Access' own entry among the API users: the one that the configuration has, or one that is made.
pub(crate) fn messaging_user(config: &SimConfig, random: &Random, first: &ApiUser, origin: &str) -> ApiUser {
    let settings = &config.da.personal;
    let known = config.hermod.api_users.iter();
    let mut user = known
        .clone()
        .find(|user| user.client_id == settings.client_id)
        .cloned()
        .unwrap_or_else(|| {
            let mut user = ApiUser::new(settings.client_id.clone(), settings.client_key.clone());
            user.group = if settings.client_group.is_empty() {
                crate::hermod::group_of(first)
            } else {
                settings.client_group.clone()
            };
            user
        });
    if user.key.is_empty() {
        user.key = random.hex64("da-api-key");
    }
    if settings.callback_password {
        let password = user
            .callback_basic_auth
            .get_or_insert_with(|| format!("messaging:{}", random.hex64("da-callback")));
        user.content_provider_basic_auth = Some(password.clone());
    }
    user.callback_url
        .get_or_insert_with(|| format!("{origin}{}", settings.callback_path));
    user.content_provider_url
        .get_or_insert_with(|| format!("{origin}{}", settings.picture_path));
    user
}

/// How far a login is (digital-access 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Started,
    Delivered,
    Accepted,
    Rejected,
    Timeout,
    Error,
    /// It has become a session.
    Finished,
}

impl State {
    fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Delivered)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Delivered => "delivered",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::Error => "error",
            Self::Finished => "finished",
        }
    }
}

/// A login by app. It cannot be printed.
#[derive(Clone)]
pub(super) struct Login {
    id: String,
    /// The secret of the browser in which it began.
    browser: String,
    /// Id of the method.
    method: String,
    /// The user name that was typed.
    typed: Option<String>,
    /// Where to go afterwards.
    target: String,
    state: State,
    /// Why it ended, for the records.
    reason: &'static str,
    /// What the app has to sign.
    tbs: Vec<u8>,
    picture_id: String,
    picture: Vec<u8>,
    command_id: Option<String>,
    /// What opens the app.
    link: Option<String>,
    /// Who has logged in.
    user: Option<String>,
    expires_at: Duration,
}

impl Login {
    /// Its state, which ends by itself.
    fn state_at(&self, now: Duration) -> State {
        if self.state.is_open() && now >= self.expires_at {
            State::Timeout
        } else {
            self.state
        }
    }

    fn end(&mut self, state: State, reason: &'static str) {
        self.state = state;
        self.reason = reason;
    }
}

/// What messaging is asked for.
fn command(config: &DaConfig, method: &DaMethod, login: &Login, to: &str) -> Value {
    let settings = &config.personal;
    let entry = |kind: &str, data: String, key: &str, description: &str, visible: bool| {
        json!({
            "content_type": kind,
            "content_encoding": "base64",
            "data": data,
            "key": key,
            "description": description,
            "visible": visible,
        })
    };
    let mut description = vec![entry(
        "text/plain",
        b64::encode_standard(config.rp_name.as_bytes()),
        "requester",
        "Log in to",
        true,
    )];
    match settings.picture {
        PictureStyle::Inline => description.push(entry(
            "image/jpeg",
            b64::encode_standard(&login.picture),
            "auth_image",
            "Compare this picture",
            true,
        )),
        PictureStyle::ContentId => description.push(json!({
            "content_type": "application/hermod+content-id",
            "data": format!("AUTH:{}", login.picture_id),
            "key": "auth_image",
            "description": "Compare this picture",
            "visible": true,
        })),
        PictureStyle::None => (),
    }
    let format = if method.certificate {
        settings.certificate_format.as_str()
    } else {
        "jws"
    };
    let mut params = json!({
        "description": description,
        "format": format,
        // A random text, so that an answer belongs to this login and no other.
        "tbs": [entry("text/plain", b64::encode_standard(&login.tbs), "tbs", "", false)],
    });
    if let Some(filter) = method.filter() {
        crate::json::put(&mut params, "/filter", filter);
    }
    json!({
        "commandHeader": {
            "lifespan": settings.command_lifespan_seconds,
            "timeout": settings.command_timeout_seconds,
            "to": [to],
            "externalId": login.id,
        },
        "authCommand": {"params": params},
    })
}

/// What opens the app. A command to nobody in particular is reached by the link that messaging gives, which phones read from QR codes,
/// too; on the same device, a command to a user's own mailbox is reached by starting the app (hermod 5.1, D: other mobile links are for
/// provisioning only).
fn app_link(method: &DaMethod, destination: &Value, back: &str) -> Option<String> {
    let member = |name: &str| destination.get(name).and_then(Value::as_str);
    if member("to") == Some(TEMPORARY) {
        return member("uri").map(str::to_owned);
    }
    let mobile = method.same_device && method.kind == DaMethodKind::PersonalMobile;
    mobile.then(|| {
        format!(
            "personal://start?title={}&redirect={}",
            escaped(&method.name),
            escaped(back)
        )
    })
}

impl Da {
    pub(crate) fn connect(&self, peers: Peers) {
        let _ = self.peers.set(peers);
    }

    fn peers(&self) -> Option<&Peers> {
        self.peers.get()
    }

    /// Whom the command goes to: `None` when nobody of this name may log in so.
    fn destination(&self, config: &DaConfig, method: &DaMethod, typed: Option<&str>) -> Option<String> {
        let Some(typed) = typed else {
            return Some(TEMPORARY.to_owned());
        };
        let store = lock(&self.store);
        let user = &store
            .user(typed)
            .filter(|user| user.config.personal_enabled)?
            .config;
        if method.kind == DaMethodKind::PersonalDesktop && method.certificate {
            return Some(TEMPORARY.to_owned());
        }
        let attribute = user.attributes.get(&config.personal.messaging_user_attribute);
        Some(
            attribute
                .filter(|value| !value.is_empty())
                .unwrap_or(&user.name)
                .clone(),
        )
    }

    /// Begins a login; the browser goes on to the page that waits.
    pub(super) async fn begin_personal(
        &self,
        config: &DaConfig,
        request: &Request,
        wanted: &Wanted<'_>,
        method: &DaMethod,
        typed: Option<&str>,
    ) -> Reply {
        let (browser, new) = self.browser(config, request);
        let life = Duration::from_secs(config.personal.command_timeout_seconds);
        let login = Login {
            id: self.random.hex64("login-id"),
            browser,
            method: method.id.clone(),
            typed: typed.map(str::to_owned),
            target: wanted.target().to_owned(),
            state: State::Started,
            reason: "not_answered",
            tbs: format!("Log in to {} {}", config.rp_name, self.random.hex64("login-tbs")).into_bytes(),
            picture_id: self.random.uuid("picture-id"),
            picture: picture::jpeg(&self.random.bytes32("picture")),
            command_id: None,
            link: None,
            user: None,
            expires_at: self.clock.now().saturating_add(life),
        };
        let id = login.id.clone();
        {
            let mut logins = lock(&self.logins);
            if logins.len() >= KEPT {
                logins.remove(0);
            }
            logins.push(login.clone());
        }
        let sent = match self.destination(config, method, typed) {
            Some(to) => self.post_command(&command(config, method, &login, &to)).await,
            None => Err("user_unknown"),
        };
        let wait = format!("/wa/auth/wait?id={id}");
        let mut logins = lock(&self.logins);
        if let Some(login) = logins.iter_mut().find(|login| login.id == id) {
            match sent {
                Ok(body) => {
                    let destination = body.pointer("/destinations/0").unwrap_or(&Value::Null);
                    login.link = app_link(method, destination, &format!("{}{wait}", self.origin()));
                    login.command_id = match body.get("commandId") {
                        Some(Value::String(text)) => Some(text.clone()),
                        Some(Value::Number(number)) => Some(number.to_string()),
                        _ => None,
                    };
                    if login.state == State::Started {
                        login.state = State::Delivered;
                    }
                }
                Err(reason) => login.end(State::Error, reason),
            }
        }
        drop(logins);
        let reply = Reply::empty(303)
            .with_header("location", &wait)
            .with_header("cache-control", "no-store")
            .with_code("login_started");
        match new {
            Some(line) => reply.with_header("set-cookie", &line),
            None => reply,
        }
    }

    async fn post_command(&self, body: &Value) -> Result<Value, &'static str> {
        let peers = self.peers().ok_or("messaging_unknown")?;
        let url = format!(
            "{}{}/command/authenticate",
            peers.messaging,
            crate::hermod::prefix(&self.config.get().hermod)
        );
        let key = b64::encode_standard(format!("{}:{}", peers.api.client_id, peers.api.key).as_bytes());
        let headers = [
            ("x-api-key".to_owned(), key),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let call = Call {
            method: "POST",
            url: &url,
            headers: &headers,
            body: Bytes::from(body.to_string()),
        };
        let sent = tokio::time::timeout(CALL_LIMIT, peers.http.send(call)).await;
        let answer = sent
            .map_err(|_| "messaging_silent")?
            .map_err(|_| "messaging_unreachable")?;
        if !(200..300).contains(&answer.status) {
            return Err("messaging_refused");
        }
        serde_json::from_slice::<Value>(&answer.body)
            .ok()
            .filter(|body| body.get("commandId").is_some())
            .ok_or("messaging_unreadable")
    }
}
