//! The access point in front of web resources (protocol notes: digital-access 0.3 and 5): a browser with a session gets through to the
//! back end, and the back end gets to know who it is by headers. So AST can be exercised as the vendor describes it: browser, Digital
//! Access, Protocol Gateway (vendor page: AST support in Certificate Manager).

mod headers;
mod rewrite;

use std::sync::Arc;
use std::time::Duration;

use http::header::{COOKIE, HOST, HeaderValue, LOCATION, SET_COOKIE};

use self::rewrite::Place;
use super::session::SessionUser;
use super::{Da, reply};
use crate::Sim;
use crate::config::{DaConfig, DaResource, Unauthenticated};
use crate::net::client::{Answer, HttpClient, Passed};
use crate::net::message::{Reply, Request, decode};
use crate::net::tls::Authority;
use crate::pgwy::Cm;

/// How long a back end may take, in real time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the front needs besides Digital Access.
pub(crate) struct Front {
    pub(crate) authority: Arc<Authority>,
    pub(crate) cm: Arc<Cm>,
}

/// A request for a resource.
pub(super) struct Hit {
    resource: DaResource,
    /// On the back end, undecoded, from its first slash on.
    path: String,
    /// Mapped by host name, therefore nothing is rewritten.
    by_host: bool,
}

impl Hit {
    pub(super) fn of(config: &DaConfig, request: &Request) -> Option<Self> {
        let own = request.path == "/wa" || request.path.starts_with("/wa/");
        if !own && let Some(resource) = by_host(config, request) {
            return Some(Self {
                resource: resource.clone(),
                path: request.path.clone(),
                by_host: true,
            });
        }
        // The access point's own interface.
        let base = super::base(config);
        if !base.is_empty() && request.below(&base).is_some() {
            return None;
        }
        let (scheme, rest) = request.path.strip_prefix('/')?.split_once('/')?;
        let (name, path) = match rest.split_once('/') {
            Some((name, path)) => (name, format!("/{path}")),
            None => (rest, String::new()),
        };
        let resource = config
            .resources
            .iter()
            .find(|resource| resource.scheme == scheme && resource.name == decode(name))?;
        Some(Self {
            resource: resource.clone(),
            path,
            by_host: false,
        })
    }
}

fn by_host<'c>(config: &'c DaConfig, request: &Request) -> Option<&'c DaResource> {
    let mut named = request.headers.get_all(HOST).iter();
    let host = named.next()?.to_str().ok()?;
    if named.next().is_some() {
        return None;
    }
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    config
        .resources
        .iter()
        .find(|resource| resource.hosts.iter().any(|own| own.eq_ignore_ascii_case(bare)))
}

/// Whether the path stays below where the resource is: no part of it means "up", in whatever way it is written.
fn stays(path: &str) -> bool {
    path.split('/').all(|segment| {
        let decoded = decode(segment);
        let twice = decode(&decoded);
        ![&decoded, &twice].iter().any(|text| {
            matches!(text.as_str(), "." | "..")
                || text.contains(['/', '\\'])
                || text.contains(char::is_control)
        })
    })
}

impl Da {
    pub(crate) fn set_front(&self, front: Front) {
        let _ = self.front.set(front);
    }

    /// Passes a request on, or says why not.
    pub(super) async fn serve_resource(&self, config: &DaConfig, hit: &Hit, request: &Request) -> Reply {
        if hit.path.is_empty() {
            // So that relative addresses on the page lead below it.
            let to = format!("{}/", rewrite::mapped(&hit.resource));
            return Reply::empty(302).with_header("location", &to).with_code("slash");
        }
        if !stays(&hit.path) {
            return Reply::empty(400).with_code("path");
        }
        let Some(user) = self.session_user(request) else {
            return self.to_login(config, hit, request);
        };
        match self.pass(config, hit, &user, request).await {
            Ok(reply) => reply,
            Err((status, word)) => Reply::text(
                status,
                "text/plain;charset=UTF-8",
                "The request was not passed on.",
            )
            .with_code(word),
        }
    }

    /// The login page, and from there back to the resource.
    fn to_login(&self, config: &DaConfig, hit: &Hit, request: &Request) -> Reply {
        if hit.resource.unauthenticated != Unauthenticated::Redirect {
            return reply::unauthenticated_as(config, hit.resource.unauthenticated);
        }
        let question = request
            .query
            .as_ref()
            .map_or_else(String::new, |query| format!("?{query}"));
        let back = format!("{}{}{question}", rewrite::mapped(&hit.resource), hit.path);
        let origin = if hit.by_host { self.origin() } else { "" };
        let to = format!("{origin}/wa/auth?location={}", super::auth::escaped(&back));
        Reply::empty(302)
            .with_header("location", &to)
            .with_code("unauthenticated")
    }

    async fn pass(
        &self,
        config: &DaConfig,
        hit: &Hit,
        user: &SessionUser,
        request: &Request,
    ) -> Result<Reply, (u16, &'static str)> {
        let resource = &hit.resource;
        let front = self.front.get().ok_or((503, "front"))?;
        let mut sent = headers::end_to_end(&request.headers);
        sent.remove(HOST);
        let lines: Vec<String> = sent
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| rewrite::cookies(line.to_str().ok()?, &config.session.cookie))
            .collect();
        sent.remove(COOKIE);
        if !lines.is_empty() {
            let value = HeaderValue::from_str(&lines.join("; ")).map_err(|_| (400, "cookie"))?;
            sent.insert(COOKIE, value);
        }
        headers::strip(resource, &mut sent);
        headers::add(resource, user, &mut sent).map_err(|word| (500, word))?;

        let base = if resource.backend.is_empty() {
            front.cm.origin().to_owned()
        } else {
            resource.backend.trim_end_matches('/').to_owned()
        };
        let identity = match resource.officer.as_str() {
            "" => None,
            name => Some(front.cm.officer(name).map_err(|_| (500, "officer"))?.identity()),
        };
        let tls = front
            .authority
            .client_config_as(&resource.ca_pem, identity.as_ref())
            .map_err(|_| (500, "officer"))?;
        let question = request
            .query
            .as_ref()
            .map_or_else(String::new, |query| format!("?{query}"));
        let answer = HttpClient::new(tls, Some(PATIENCE))
            .pass(Passed {
                method: &request.method,
                url: &format!("{base}{}{question}", hit.path),
                headers: &sent,
                body: request.body.clone(),
            })
            .await
            .map_err(|error| {
                tracing::debug!(%error, "back end");
                (502, "backend")
            })?;
        Ok(back(config, hit, &base, answer))
    }
}

/// The back end's answer for the browser.
fn back(config: &DaConfig, hit: &Hit, base: &str, answer: Answer) -> Reply {
    let prefix = if hit.by_host {
        String::new()
    } else {
        rewrite::mapped(&hit.resource)
    };
    let place = Place::new(base, &prefix);
    let mut reply = Reply::empty(answer.status)
        .with_body(answer.body)
        .with_code("forwarded");
    for (name, value) in &headers::end_to_end(&answer.headers) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match *name {
            SET_COOKIE => match place.set_cookie(&value, &config.session.cookie) {
                Some(moved) => moved,
                None => continue,
            },
            LOCATION => place.location(&value),
            _ => value.into_owned(),
        };
        reply = reply.with_header(name.as_str(), &value);
    }
    reply
}

impl Sim {
    /// Where a browser finds a resource of `da.resources` at the access point, without a slash at the end:
    /// `https://localhost:40124/https/pgwy`. A session is opened by the login page, or by [`Sim::da_session_of`].
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
    /// use smartid_sim::Sim;
    /// use smartid_sim::config::{DaHeader, DaResource};
    ///
    /// let sim = Sim::builder()
    ///     .configure(|config| {
    ///         let resource = DaResource::new("app", "http://127.0.0.1:18080").header(DaHeader::user_name("X-User"));
    ///         config.da.resources.push(resource);
    ///     })
    ///     .start()
    ///     .await?;
    /// assert_eq!(sim.front_url("app"), Some(format!("{}/https/app", sim.da_origin())));
    /// assert_eq!(sim.front_url("nothing"), None);
    /// # Ok::<(), smartid_sim::SimError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn front_url(&self, resource: &str) -> Option<String> {
        let mut all = self.front_urls().into_iter();
        all.find(|(name, _)| name == resource).map(|(_, url)| url)
    }

    /// The names of all resources, each with its [`Sim::front_url`].
    #[must_use]
    pub fn front_urls(&self) -> Vec<(String, String)> {
        let da = self.da_service();
        let config = da.config.get();
        let url = |resource: &DaResource| format!("{}{}", da.origin(), rewrite::mapped(resource));
        let resources = config.da.resources.iter();
        resources
            .map(|resource| (resource.name.clone(), url(resource)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_its_resource() {
        for path in ["/", "/a/b.c", "/a%20b", "/...", "/%C3%A4", "/a//b"] {
            assert!(stays(path), "{path}");
        }
        for path in [
            "/..",
            "/a/../b",
            "/.",
            "/%2e%2e/b",
            "/%2E./b",
            "/a%2fb",
            "/a%5cb",
            "/%252e%252e/",
            "/a%0d%0ab",
            "/a\\b",
        ] {
            assert!(!stays(path), "{path}");
        }
    }
}
