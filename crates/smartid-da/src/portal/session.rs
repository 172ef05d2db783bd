//! The session of a person at the access point: cookies, which are a credential like a password.
//!
//! Whoever has them is that person until the session ends. How they are named is not published \[unknown\], so whatever the access point
//! sets is kept and sent, as a browser would: for its own host only, renewed and taken away as it says.

use std::fmt;
use std::net::IpAddr;
use std::time::UNIX_EPOCH;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use smartid_core::{ConfigError, SecretString, Timestamp};

const SETTING: &str = "portal.cookie";

/// So many cookies, and so many bytes of each, are kept.
const MOST: usize = 64;
const LONGEST: usize = 4096;

/// The cookies of one session. `Debug` shows their names alone.
///
/// ```
/// use smartid_core::SecretString;
/// use smartid_da::portal::PortalSession;
///
/// let session = PortalSession::from_header(&SecretString::new("WASESSION=s3cret; WAROUTE=n1"))?;
/// assert_eq!(format!("{session:?}"), r#"PortalSession["WASESSION", "WAROUTE"]"#);
/// assert!(PortalSession::default().cookie("WASESSION", SecretString::new("a; WAADMIN=1")).is_err());
/// # Ok::<(), smartid_core::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct PortalSession(Vec<Cookie>);

#[derive(Clone)]
struct Cookie {
    name: String,
    value: SecretString,
}

impl PortalSession {
    /// The session with one more cookie, or another value of one that it has.
    ///
    /// # Errors
    /// [`ConfigError`] of setting `portal.cookie` when name or value cannot stand in a header or would be more than one cookie, when they
    /// are longer than 4096 bytes, or for a 65th cookie. The value is not in the error.
    pub fn cookie(mut self, name: impl Into<String>, value: SecretString) -> Result<Self, ConfigError> {
        let cookie = Cookie {
            name: name.into(),
            value,
        };
        if let Some(problem) = self.wrong(&cookie) {
            return Err(ConfigError::new(SETTING, problem));
        }
        self.put(cookie);
        Ok(self)
    }

    /// Reads the value of a header `Cookie`, as a browser or a proxy has it.
    ///
    /// # Errors
    /// As [`cookie`](Self::cookie); also when it has no cookie.
    pub fn from_header(header: &SecretString) -> Result<Self, ConfigError> {
        let mut session = Self::default();
        for part in header
            .expose()
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| ConfigError::new(SETTING, "is not name=value; name=value"))?;
            session = session.cookie(name, SecretString::new(value))?;
        }
        session.not_empty()?;
        Ok(session)
    }

    /// The value of the header `Cookie`: for keeping the session elsewhere.
    #[must_use]
    pub fn to_header(&self) -> SecretString {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value.expose()))
            .collect();
        SecretString::new(pairs.join("; "))
    }

    /// The names of the cookies, in the order in which they are sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|cookie| cookie.name.as_str())
    }

    pub(super) fn not_empty(&self) -> Result<(), ConfigError> {
        if self.0.is_empty() {
            return Err(ConfigError::new(SETTING, "there is no cookie"));
        }
        Ok(())
    }

    /// The header, marked sensitive; `None` when every cookie has been taken away.
    pub(super) fn header_value(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.to_header().expose()).ok()?;
        value.set_sensitive(true);
        (!self.0.is_empty()).then_some(value)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &SecretString> {
        self.0.iter().map(|cookie| &cookie.value)
    }

    fn wrong(&self, cookie: &Cookie) -> Option<&'static str> {
        let (name, value) = (cookie.name.as_str(), cookie.value.expose());
        let of_name = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(of_name) {
            return Some("the name of a cookie is empty or has a character that cannot stand there");
        }
        let of_value = |b: u8| (b' '..=b'~').contains(&b) && b != b';';
        if !value.bytes().all(of_value) || value.trim() != value {
            return Some("the value of a cookie has a semicolon or a character that cannot stand there");
        }
        if name.len() + value.len() > LONGEST {
            return Some("a cookie is longer than 4096 bytes");
        }
        if self.0.len() >= MOST && !self.0.iter().any(|known| known.name == name) {
            return Some("there are more than 64 cookies");
        }
        None
    }

    fn put(&mut self, cookie: Cookie) {
        match self.0.iter_mut().find(|known| known.name == cookie.name) {
            Some(known) => *known = cookie,
            None => self.0.push(cookie),
        }
    }

    /// Takes over what an answer sets, for a call of `path` on `host`. What is for another host or another path, or cannot be sent back,
    /// is left.
    pub(super) fn renew(&mut self, headers: &HeaderMap, host: &str, path: &str, now: Timestamp) {
        for value in headers.get_all(SET_COOKIE).iter().take(MOST) {
            let Some(set) = value.to_str().ok().and_then(|text| SetCookie::read(text, now)) else {
                continue;
            };
            if !set.is_for(host, path) {
                continue;
            }
            if set.ended {
                self.0.retain(|known| known.name != set.cookie.name);
            } else if self.wrong(&set.cookie).is_none() {
                self.put(set.cookie);
            }
        }
    }
}

impl fmt::Debug for PortalSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortalSession")?;
        f.debug_list().entries(self.names()).finish()
    }
}

/// One header `Set-Cookie` (RFC 6265, 5.2).
struct SetCookie {
    cookie: Cookie,
    domain: Option<String>,
    path: Option<String>,
    ended: bool,
}

impl SetCookie {
    fn read(text: &str, now: Timestamp) -> Option<Self> {
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let mut set = Self {
            cookie: Cookie {
                name: name.trim().to_owned(),
                value: SecretString::new(value.trim()),
            },
            domain: None,
            path: None,
            ended: false,
        };
        let (mut max_age, mut expires) = (None, None);
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "domain" if !value.is_empty() => {
                    set.domain = Some(value.trim_start_matches('.').to_ascii_lowercase());
                }
                "path" => set.path = Some(value.to_owned()).filter(|path| path.starts_with('/')),
                "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
                "expires" => expires = date(value).or(expires),
                _ => {}
            }
        }
        set.ended = match max_age {
            Some(seconds) => seconds <= 0,
            None => expires.is_some_and(|end| end <= now),
        };
        Some(set)
    }

    /// Whether a browser would send it back with the same call.
    fn is_for(&self, host: &str, path: &str) -> bool {
        let domain = self.domain.as_deref().is_none_or(|domain| {
            let below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
            host == domain || below && domain.contains('.') && host.parse::<IpAddr>().is_err()
        });
        let path = self.path.as_deref().is_none_or(|prefix| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'))
        });
        domain && path
    }
}

/// A date of HTTP, also with hyphens in it or with a year of two digits (RFC 6265 5.1.1), as older servers write it in cookies.
fn date(text: &str) -> Option<Timestamp> {
    let spaced = || {
        let text = text.replace('-', " ");
        let parts = text
            .split(' ')
            .enumerate()
            .map(|(place, part)| match part.parse() {
                Ok(year @ 0..=69) if place == 3 && part.len() == 2 => (2000_u16 + year).to_string(),
                Ok(year @ 70..=99) if place == 3 && part.len() == 2 => (1900_u16 + year).to_string(),
                _ => part.to_owned(),
            });
        parts.collect::<Vec<_>>().join(" ")
    };
    let read = httpdate::parse_http_date(text).or_else(|_| httpdate::parse_http_date(&spaced()));
    let since = read.ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn session() -> PortalSession {
        PortalSession::from_header(&SecretString::new("A=1; B=2")).unwrap()
    }

    fn after(set: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in set {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let mut session = session();
        session.renew(&headers, "da.example.test", "/https/api/rest/v1.0/me", NOW);
        session.to_header().expose().to_owned()
    }

    #[test]
    fn set_cookie_is_read_as_a_browser_does() {
        for (set, sent) in [
            (&["A=3"][..], "A=3; B=2"),
            (&["C=3; Secure; HttpOnly; SameSite=Lax"], "A=1; B=2; C=3"),
            (&["A=3", "A=4"], "A=4; B=2"),
            (&["A=", "C=x=y"], "A=; B=2; C=x=y"),
            (&["A=; Max-Age=0"], "B=2"),
            (&["A=3; max-age=-1"], "B=2"),
            (&["A=3; Max-Age=x"], "A=3; B=2"),
            (
                &["A=3; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
                "A=3; B=2",
            ),
            (&["A=3; Expires=Thu, 01-Jan-1970 00:00:00 GMT"], "B=2"),
            (&["A=3; Expires=Thu, 01-Jan-70 00:00:01 GMT"], "B=2"),
            (&["A=3; Expires=Thu, 01 Jan 70 00:00:01 GMT"], "B=2"),
            (&["A=3; Expires=Wed, 01-Jan-69 00:00:01 GMT"], "A=3; B=2"),
            (&["A=3; Expires=Thu, 01 Jan 2099 00:00:00 GMT"], "A=3; B=2"),
            (&["A=3; Expires=soon"], "A=3; B=2"),
            (&["A=3; Domain=da.example.test"], "A=3; B=2"),
            (&["A=3; Domain=.Example.test"], "A=3; B=2"),
            (&["A=3; Domain="], "A=3; B=2"),
            (&["A=3; Path=/https/api"], "A=3; B=2"),
            (&["A=3; Path=/"], "A=3; B=2"),
            (&["A=3; Path=wa"], "A=3; B=2"),
        ] {
            assert_eq!(after(set), sent, "{set:?}");
        }
        for left in [
            "A",
            "=3",
            "A=a\tb",
            "A=\u{e5}",
            "A B=3",
            "A=3; Domain=example.org",
            "A=3; Domain=test",
            "A=3; Domain=a.example.test",
            "A=3; Domain=xample.test",
            "A=3; Domain=evilda.example.test",
            "A=3; Path=/wa",
            "A=3; Path=/https/ap",
            "A=; Max-Age=0; Path=/wa",
        ] {
            assert_eq!(after(&[left]), "A=1; B=2", "{left}");
        }
        let long = format!("A={}", "x".repeat(LONGEST));
        assert_eq!(after(&[&long]), "A=1; B=2");
        let many: Vec<String> = (0..2 * MOST).map(|index| format!("C{index}=1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(after(&many).split("; ").count(), MOST);
        assert!(
            !SetCookie::read("A=3; Domain=0.0.1", NOW)
                .unwrap()
                .is_for("127.0.0.1", "/")
        );
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_its_value() {
        for (name, value) in [
            ("", "canary"),
            ("a b", "canary"),
            ("a=b", "canary"),
            ("a", "canary\r\nX: y"),
            ("a", "canary; b=1"),
            ("a", "canary\u{e5}"),
            ("a", " canary"),
        ] {
            let error = PortalSession::default()
                .cookie(name, SecretString::new(value))
                .unwrap_err();
            assert!(error.setting == SETTING && !error.to_string().contains("canary"));
        }
        for header in ["", " ; ", "canary", "a=b; canary"] {
            let error = PortalSession::from_header(&SecretString::new(header)).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        let most = (0..MOST).fold(PortalSession::default(), |session, index| {
            session
                .cookie(format!("C{index}"), SecretString::new("1"))
                .unwrap()
        });
        assert!(most.clone().cookie("C0", SecretString::new("2")).is_ok());
        assert!(most.cookie("D", SecretString::new("2")).is_err());
        assert!(session().header_value().unwrap().is_sensitive());
        assert!(PortalSession::default().header_value().is_none());
    }
}
