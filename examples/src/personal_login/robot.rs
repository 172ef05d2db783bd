//! A browser that a test can use: one request at a time, one cookie, no scripts.

use std::fmt;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::desk::Problem;

/// Larger answers are none of ours.
const MOST: u64 = 1 << 20;

/// What came back.
#[derive(Clone)]
#[non_exhaustive]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The headers, as they came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = pairs.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// What stands between two texts of the page.
    #[must_use]
    pub fn between(&self, start: &str, end: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(start)?;
        Some(rest.split_once(end)?.0.to_owned())
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            head: _cookie,
            body: _link,
        } = self;
        f.debug_struct("Seen")
            .field("status", status)
            .finish_non_exhaustive()
    }
}

/// A browser.
pub struct Browser {
    address: SocketAddr,
    cookie: Option<String>,
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            cookie: _blind,
        } = self;
        f.debug_struct("Browser")
            .field("address", address)
            .finish_non_exhaustive()
    }
}

impl Browser {
    /// Without a cookie.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookie: None,
        }
    }

    /// The cookie that it has. Do not log it.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Gets a page.
    ///
    /// # Errors
    /// When the application cannot be reached.
    pub async fn get(&mut self, path: &str) -> Result<Seen, Problem> {
        self.send("GET", path, &[], "").await
    }

    /// Sends a form, with further headers.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], form: &str) -> Result<Seen, Problem> {
        self.send("POST", path, headers, form).await
    }

    /// Any request.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Seen, Problem> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.push_str(&format!("host: {}\r\n", self.address));
        }
        if let Some(cookie) = &self.cookie {
            request.push_str(&format!("cookie: {cookie}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" {
            request.push_str("content-type: application/x-www-form-urlencoded\r\n");
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(body);
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer).await?;
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .ok_or("the answer has no head")?;
        let body = answer.split_off(end + 4);
        let head = String::from_utf8_lossy(&answer).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or("the answer has no status")?;
        let seen = Seen { status, head, body };
        if let Some(cookie) = seen.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Ok(seen)
    }

    /// The token that the forms of a page bring back.
    ///
    /// # Errors
    /// When the page has none.
    pub fn token(page: &Seen) -> Result<String, Problem> {
        let token = page.between("name=\"token\" value=\"", "\"");
        Ok(token.ok_or("the page has no form")?)
    }
}
