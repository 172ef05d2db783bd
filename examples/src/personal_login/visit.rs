//! Who is at the browser: one visit for each, known by a cookie that scripts cannot read, with a token that a form must bring back.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::COOKIE;
use smartid::core::random_id;
use smartid::flows::personal_login::{LoggedIn, Showing};
use smartid::{FlowId, Runtime, SecretString, Timestamp};

/// How long a visit lasts without a request.
const IDLE: Duration = Duration::from_secs(3600);
/// The most visits at a time; one without a login goes first, the oldest of them.
const MOST: usize = 10_000;

/// A login that this browser has begun.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) method: usize,
    pub(super) id: FlowId,
    pub(super) showing: Showing,
    pub(super) picture: Bytes,
    pub(super) expires: Timestamp,
}

/// What is known of one browser.
#[derive(Clone)]
pub(super) struct Visit {
    /// What forms bring back.
    pub(super) token: SecretString,
    pub(super) attempt: Option<Attempt>,
    pub(super) user: Option<LoggedIn>,
    /// What happened last, for the page.
    pub(super) message: Option<String>,
    seen: Timestamp,
}

/// All visits. The cookie's value is a bearer secret: it is a key here, and printed nowhere.
pub(super) struct Visits {
    all: Mutex<HashMap<String, Visit>>,
    secure: bool,
}

impl Visits {
    /// With the attribute `Secure`, for a TLS front.
    pub(super) fn new(secure: bool) -> Self {
        Self {
            all: Mutex::default(),
            secure,
        }
    }

    fn name(&self) -> &'static str {
        // The prefix makes browsers take it from this very host over TLS only.
        if self.secure { "__Host-visit" } else { "visit" }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Visit>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of the cookie, when it is that of a visit.
    pub(super) fn known(&self, headers: &HeaderMap, now: Timestamp) -> Option<(String, Visit)> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let values = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name());
        let mut all = self.lock();
        for (_, value) in values {
            if let Some(visit) = all.get_mut(value) {
                if now.since(visit.seen) > IDLE {
                    all.remove(value);
                    return None;
                }
                visit.seen = now;
                return Some((value.to_owned(), visit.clone()));
            }
        }
        None
    }

    /// A new visit, with the line that sets its cookie.
    pub(super) fn begin(
        &self,
        runtime: &dyn Runtime,
        user: Option<LoggedIn>,
        message: Option<String>,
    ) -> (Visit, String) {
        self.open(runtime, user, message, None)
    }

    /// A new visit for a login that has begun; gives the line that sets its cookie.
    pub(super) fn begin_attempt(&self, runtime: &dyn Runtime, attempt: Attempt) -> String {
        self.open(runtime, None, None, Some(attempt)).1
    }

    fn open(
        &self,
        runtime: &dyn Runtime,
        user: Option<LoggedIn>,
        message: Option<String>,
        attempt: Option<Attempt>,
    ) -> (Visit, String) {
        let value = random_id(runtime);
        let now = runtime.now();
        let visit = Visit {
            token: SecretString::new(random_id(runtime)),
            attempt,
            user,
            message,
            seen: now,
        };
        let mut all = self.lock();
        all.retain(|_, visit| now.since(visit.seen) <= IDLE);
        if all.len() >= MOST {
            // Those who have only looked go first.
            let oldest = all
                .iter()
                .min_by_key(|(_, visit)| (visit.user.is_some() || visit.attempt.is_some(), visit.seen));
            if let Some(oldest) = oldest.map(|(value, _)| value.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(value.clone(), visit.clone());
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name());
        (visit, cookie)
    }

    /// Changes a visit, if it is still there.
    pub(super) fn change(&self, value: &str, change: impl FnOnce(&mut Visit)) {
        if let Some(visit) = self.lock().get_mut(value) {
            change(visit);
        }
    }

    /// Takes the attempt out: one login opens one session.
    pub(super) fn take_attempt(&self, value: &str) -> Option<Attempt> {
        self.lock().get_mut(value)?.attempt.take()
    }

    pub(super) fn end(&self, value: &str) {
        self.lock().remove(value);
    }
}

/// The fields of a form; escapes that are none make no field.
pub(super) fn fields(body: &[u8]) -> HashMap<String, String> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter_map(|(name, value)| Some((decoded(name)?, decoded(value)?)))
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let value = digit()? * 16 + digit()?;
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_broken_escapes_make_no_field() {
        let form = fields(b"a=b+c&d=%C3%A5%26&e=%4&f=%zz&g=%ff&h&i=");
        let mut names: Vec<&str> = form.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "d", "i"]);
        assert_eq!((form["a"].as_str(), form["d"].as_str()), ("b c", "å&"));
    }

    #[test]
    fn a_cookie_is_for_its_visit_and_for_an_hour() {
        let runtime = smartid::core::ManualRuntime::new(Timestamp::from_millis(0));
        let visits = Visits::new(false);
        let (_, cookie) = visits.begin(&runtime, None, None);
        assert!(cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"));
        let value = cookie.split(';').next().unwrap();
        let headers = |value: &str| HeaderMap::from_iter([(COOKIE, value.parse().unwrap())]);
        let known = |value: &str, seconds: u64| {
            let now = Timestamp::from_millis(seconds * 1000);
            visits.known(&headers(value), now).is_some()
        };
        assert!(known(&format!("other=1; {value}"), 3600));
        assert!(!known("visit=guess", 10) && !known(&value.replace("visit", "visitor"), 10));
        assert!(!known(value, 7201), "an hour after the last request");
        assert!(!known(value, 10), "and gone then");
        assert!(
            Visits::new(true)
                .begin(&runtime, None, None)
                .1
                .ends_with("; Secure")
        );
    }
}
