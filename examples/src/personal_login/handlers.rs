//! What each address answers.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use smartid::core::random_id;
use smartid::da::personal::{PersonalMethod, PersonalMethodType};
use smartid::flows::personal_login::{End, Status};

use super::pages::{self, Offered};
use super::visit::{Visit, fields};
use super::{App, FRESH};

type Shared = State<Arc<App>>;

/// The largest form that is read.
const MAX_FORM: usize = 8192;

/// What a person is told when a login did not come to its good end. The sentence does not say who exists; that a name which nobody has
/// leads to no picture does. A public service shows a picture for any name, and limits how often somebody may try.
fn sentence(end: Option<&End>) -> &'static str {
    match end {
        Some(End::Declined) => "The login was declined in the app.",
        Some(End::Cancelled) => "The login was cancelled.",
        Some(End::TimedOut | End::TooLate) => "Nobody answered in time. Please try again.",
        Some(End::AppFailed { .. }) => "The app could not do it. Please try again.",
        Some(End::NobodyNamed) => "Please type your user name for this method.",
        Some(End::Unreachable { .. } | End::UnreadableAnswer { .. }) => {
            "The login service cannot be reached at the moment. Please try again later."
        }
        _ => "The login failed. Please try again, or ask your help desk.",
    }
}

fn respond(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Not "no-referrer": with that, a browser sends `Origin: null` with the forms of these pages, and they would not be ours.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A page whose own style and script, known by the nonce, are the only ones.
fn html(nonce: &str, body: String) -> Response {
    let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", body);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    set(&mut response, CONTENT_SECURITY_POLICY, &policy);
    response
}

fn refuse(status: StatusCode) -> Response {
    respond(status, "text/plain; charset=utf-8", format!("{status}\n"))
}

fn to(place: &str) -> Response {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    set(&mut response, LOCATION, place);
    response
}

fn set(response: &mut Response, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}

impl App {
    /// Whether the browser means us: a page of another name that leads to this address is not ours.
    fn is_ours(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|value| value.to_str().ok());
        host.is_some_and(|host| self.hosts.contains(host))
    }

    /// The visit of a form that our own page has sent.
    fn posted(&self, headers: &HeaderMap, body: &[u8]) -> Result<(String, Visit), StatusCode> {
        if body.len() > MAX_FORM {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let origin = headers
            .get(ORIGIN)
            .map(|value| value.to_str().unwrap_or_default());
        if !self.is_ours(headers) || origin.is_some_and(|origin| !self.origins.contains(origin)) {
            return Err(StatusCode::FORBIDDEN);
        }
        let (value, visit) = self
            .visits
            .known(headers, self.now())
            .ok_or(StatusCode::FORBIDDEN)?;
        let form = fields(body);
        let token = form.get("token").map(String::as_bytes).unwrap_or_default();
        if visit.token.constant_time_eq(token) {
            Ok((value, visit))
        } else {
            Err(StatusCode::FORBIDDEN)
        }
    }

    fn choose(&self, visit: &Visit) -> Response {
        let nonce = random_id(&*self.runtime);
        let methods: Vec<Offered<'_>> = self
            .logins
            .iter()
            .map(|login| Offered {
                name: login.method().display_name(),
                hint: hint(login.method()),
            })
            .collect();
        let message = visit.message.as_deref();
        html(
            &nonce,
            pages::choose(&nonce, visit.token.expose(), &methods, message),
        )
    }
}

fn hint(method: &PersonalMethod) -> &'static str {
    match method.method_type() {
        PersonalMethodType::Desktop => "with a certificate on this computer",
        _ if method.same_device() => "with the app on this very device",
        _ if method.uses_certificate() => "with the app on your phone, by user name or QR code",
        _ => "with the app on your phone, by user name",
    }
}

/// The choice of methods, or who is logged in.
pub(super) async fn home(State(app): Shared, headers: HeaderMap) -> Response {
    if !app.is_ours(&headers) {
        return refuse(StatusCode::MISDIRECTED_REQUEST);
    }
    match app.visits.known(&headers, app.now()) {
        Some((_, visit)) => match &visit.user {
            Some(user) => {
                let nonce = random_id(&*app.runtime);
                html(&nonce, pages::welcome(&nonce, visit.token.expose(), user))
            }
            None => app.choose(&visit),
        },
        None => {
            let (visit, cookie) = app.visits.begin(&*app.runtime, None, None);
            let mut response = app.choose(&visit);
            set(&mut response, SET_COOKIE, &cookie);
            response
        }
    }
}

/// Begins.
pub(super) async fn login(State(app): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let (value, visit) = match app.posted(&headers, &body) {
        Ok(posted) => posted,
        Err(status) => return refuse(status),
    };
    if visit.user.is_some() {
        return to("/");
    }
    // One at a time: an older one of this browser is given up.
    if let Some(old) = app.visits.take_attempt(&value) {
        app.give_up(&old).await;
    }
    let form = fields(&body);
    let text = |name: &str| form.get(name).map(|text| text.trim()).unwrap_or_default();
    let Ok(method) = text("method").parse::<usize>() else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    match app.begin(method, text("user")).await {
        Ok(attempt) => {
            // A new cookie already here: whoever has planted or seen the old one cannot ask how this login ends.
            app.visits.end(&value);
            let cookie = app.visits.begin_attempt(&*app.runtime, attempt);
            let mut response = to("/wait");
            set(&mut response, SET_COOKIE, &cookie);
            response
        }
        Err(end) => {
            let message = sentence(end.as_ref()).to_owned();
            app.visits.change(&value, |visit| visit.message = Some(message));
            to("/")
        }
    }
}

/// The picture and the link; at the end, the session or the choice.
pub(super) async fn wait(State(app): Shared, headers: HeaderMap) -> Response {
    if !app.is_ours(&headers) {
        return refuse(StatusCode::MISDIRECTED_REQUEST);
    }
    let Some((value, visit)) = app.visits.known(&headers, app.now()) else {
        return to("/");
    };
    let Some(attempt) = &visit.attempt else {
        return to("/");
    };
    let Some(login) = app.logins.get(attempt.method) else {
        return to("/");
    };
    match login.status(&attempt.id).await {
        Ok(Status::Ended(end)) => {
            // Only the first request that sees the end opens a session.
            if app.visits.take_attempt(&value).is_none() {
                return to("/");
            }
            match end.logged_in() {
                Some(user) if app.now().since(user.at).as_secs() <= FRESH => {
                    // Another one for the session.
                    app.visits.end(&value);
                    let (_, cookie) = app.visits.begin(&*app.runtime, Some(user.clone()), None);
                    let mut response = to("/");
                    set(&mut response, SET_COOKIE, &cookie);
                    response
                }
                Some(_) => app.sorry(&value, Some(&End::TooLate)),
                None => app.sorry(&value, Some(&end)),
            }
        }
        Ok(_) => {
            let nonce = random_id(&*app.runtime);
            let left = attempt.expires.since(app.now()).as_secs();
            let name = login.method().display_name();
            html(
                &nonce,
                pages::wait(&nonce, visit.token.expose(), name, attempt, left),
            )
        }
        Err(error) => {
            app.terminal.always(&format!("the login cannot be read: {error}"));
            app.sorry(&value, None)
        }
    }
}

impl App {
    fn sorry(&self, value: &str, end: Option<&End>) -> Response {
        let message = sentence(end).to_owned();
        self.visits.change(value, |visit| {
            visit.attempt = None;
            visit.message = Some(message);
        });
        to("/")
    }

    async fn give_up(&self, attempt: &super::Attempt) {
        if let Some(login) = self.logins.get(attempt.method)
            && let Err(error) = login.cancel(&attempt.id).await
        {
            self.terminal
                .always(&format!("the login cannot be cancelled: {error}"));
        }
    }
}

/// How it stands, for the page.
pub(super) async fn state(State(app): Shared, headers: HeaderMap) -> Response {
    if !app.is_ours(&headers) {
        return refuse(StatusCode::MISDIRECTED_REQUEST);
    }
    let attempt = app
        .visits
        .known(&headers, app.now())
        .and_then(|(_, visit)| visit.attempt);
    let waiting = match &attempt {
        Some(attempt) => match app.logins.get(attempt.method) {
            Some(login) => matches!(login.status(&attempt.id).await, Ok(Status::Waiting { .. })),
            None => false,
        },
        None => false,
    };
    let body = match attempt {
        Some(attempt) if waiting => json!({
            "state": "waiting",
            "left": attempt.expires.since(app.now()).as_secs(),
        }),
        _ => json!({ "state": "over" }),
    };
    respond(StatusCode::OK, "application/json", body.to_string())
}

/// The picture of this browser's login.
pub(super) async fn picture(State(app): Shared, headers: HeaderMap) -> Response {
    if !app.is_ours(&headers) {
        return refuse(StatusCode::MISDIRECTED_REQUEST);
    }
    match app
        .visits
        .known(&headers, app.now())
        .and_then(|(_, visit)| visit.attempt)
    {
        Some(attempt) => respond(StatusCode::OK, "image/jpeg", attempt.picture),
        None => refuse(StatusCode::NOT_FOUND),
    }
}

/// Gives up.
pub(super) async fn cancel(State(app): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let value = match app.posted(&headers, &body) {
        Ok((value, _)) => value,
        Err(status) => return refuse(status),
    };
    if let Some(attempt) = app.visits.take_attempt(&value) {
        app.give_up(&attempt).await;
        return app.sorry(&value, Some(&End::Cancelled));
    }
    to("/")
}

/// Ends the session.
pub(super) async fn logout(State(app): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let value = match app.posted(&headers, &body) {
        Ok((value, _)) => value,
        Err(status) => return refuse(status),
    };
    app.visits.end(&value);
    let message = Some("You are logged out.".to_owned());
    let (_, cookie) = app.visits.begin(&*app.runtime, None, message);
    let mut response = to("/");
    set(&mut response, SET_COOKIE, &cookie);
    response
}
