//! A browser as far as the login pages need one: keeps cookies, follows redirects one by one, reads what stands in forms.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use crate::common::{Answer, Bench};

/// A browser with cookies of the access point.
pub struct Browser {
    http: reqwest::Client,
    origin: String,
    pub cookies: BTreeMap<String, String>,
}

/// What stands in `name="..." value="..."` of a page.
pub fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name}: {page}"))
        .1;
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

pub fn location(answer: &Answer) -> String {
    answer.headers["location"].to_str().unwrap().to_owned()
}

impl Browser {
    pub fn new(bench: &Bench) -> Self {
        Self {
            http: bench.http.clone(),
            origin: bench.sim.da_origin().to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let request = match self.cookie_header() {
            none if none.is_empty() => request,
            some => request.header("cookie", some),
        };
        let answer = Answer::of(request.send().await.unwrap()).await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with('/') {
            format!("{}{path}", self.origin)
        } else {
            path.to_owned()
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.http.get(self.url(path));
        self.send(request).await
    }

    pub async fn post(&mut self, path: &str, body: &str) -> Answer {
        let request = self
            .http
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        self.send(request).await
    }

    pub async fn post_json(&mut self, path: &str, body: &str) -> Answer {
        let request = self
            .http
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_owned());
        self.send(request).await
    }

    /// Fills the form of a login page.
    pub async fn submit(&mut self, page: &Answer, more: &str) -> Answer {
        let mut body = format!(
            "authmech={}&token={}",
            hidden(&page.text, "authmech"),
            hidden(&page.text, "token")
        );
        if page.text.contains("name=\"location\"") {
            let back: String =
                url::form_urlencoded::byte_serialize(hidden(&page.text, "location").as_bytes()).collect();
            body.push_str(&format!("&location={back}"));
        }
        self.post("/wa/auth", &format!("{body}&{more}")).await
    }
}
