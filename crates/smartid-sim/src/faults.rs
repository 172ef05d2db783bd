//! Faults as a layer in front of what is played: a network and a server that fail in the ways in which real ones do, at a place and
//! a number of times that the test chooses. The parts behind the layer do not know about it.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sync::lock;

/// What a request is for, so that a fault can be aimed at "the create command" whatever its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Route {
    /// The command that opens a FIDO session.
    HermodSession,
    /// The command that carries creation options.
    HermodCreate,
    /// Any other command.
    HermodCommand,
    /// Asking for a state.
    HermodPoll,
    /// Cancelling.
    HermodCancel,
    /// The message server, where the app fetches and answers.
    MessageServer,
    /// `GET /fido/options`.
    DaOptions,
    /// `POST /fido/credentials`, and the self-service registration.
    DaCredentials,
    /// The login endpoint.
    DaLogin,
    /// The OAuth token and revocation endpoints of Digital Access.
    DaToken,
    /// The login pages, the portal and the authorization endpoint of Digital Access.
    DaPage,
    /// Discovery, key set and user information of the OpenID provider.
    DaOidc,
    /// What Smart ID Messaging asks of Digital Access: the callback and pictures.
    DaPersonal,
    /// The portal user's own record.
    DaMe,
    /// A request for a web resource behind Digital Access.
    DaFront,
    /// Microsoft Graph: creation options.
    GraphOptions,
    /// Microsoft Graph: registering a method.
    GraphCreate,
    /// Microsoft Graph: listing, reading and deleting methods.
    GraphMethods,
    /// The token endpoint of Microsoft Graph's tenant.
    GraphToken,
    /// The callback of a session command.
    CallbackSession,
    /// The callback of a create command.
    CallbackCreate,
    /// The callback of any other command.
    CallbackOther,
    /// The call to a content provider. Latency, another answer, a cut body and deep JSON are played; every other fault cuts the
    /// connection.
    ContentProvider,
    /// Certificate Manager: search.
    CmSearch,
    /// Certificate Manager: one record.
    CmDetails,
    /// Certificate Manager: the bytes of a certificate.
    CmDownload,
    /// Certificate Manager: issuing; both calls of a request that the caller signs.
    CmIssue,
    /// Certificate Manager: revoking and holding.
    CmRevoke,
    /// Certificate Manager: taking off hold.
    CmReinstate,
    /// Certificate Manager: token procedures.
    CmProcedures,
    /// Certificate Manager: registrations.
    CmRegistrations,
    /// Certificate Manager: every other operation.
    CmOther,
    /// The servlet `dp` of Protocol Gateway.
    CmDp,
    /// The servlet `ast` of Protocol Gateway.
    CmAst,
    /// The servlet `eui` of Protocol Gateway.
    CmEui,
    /// The pages of Protocol Gateway, below `request`.
    CmPage,
    /// The push of a certificate to Identity Manager. Latency, `callback-duplicate` and `callback-drop` are played.
    CmPush,
    /// None of these.
    Other,
}

impl Route {
    /// Whether this is a callback that the simulator sends.
    #[must_use]
    pub const fn is_callback(self) -> bool {
        matches!(
            self,
            Self::CallbackSession | Self::CallbackCreate | Self::CallbackOther
        )
    }
}

/// Which requests a fault meets. Every condition that is given must hold; without any, every request matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RoutePattern {
    /// The purpose.
    pub route: Option<Route>,
    /// The HTTP method.
    pub method: Option<String>,
    /// The path; `*` stands for any text.
    pub path: Option<String>,
}

impl RoutePattern {
    /// Everything.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// By purpose.
    #[must_use]
    pub fn route(route: Route) -> Self {
        Self {
            route: Some(route),
            ..Self::default()
        }
    }

    /// By path; `*` stands for any text.
    pub fn path(glob: impl Into<String>) -> Self {
        Self {
            path: Some(glob.into()),
            ..Self::default()
        }
    }

    /// Only with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    fn matches(&self, route: Route, method: &str, path: &str) -> bool {
        self.route.is_none_or(|wanted| wanted == route)
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|glob| glob_matches(glob, path))
    }
}

impl From<Route> for RoutePattern {
    fn from(route: Route) -> Self {
        Self::route(route)
    }
}

fn glob_matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            std::iter::once(0)
                .chain(rest.char_indices().map(|(at, c)| at + c.len_utf8()))
                .filter_map(|at| rest.get(at..))
                .any(|rest| glob_matches(tail, rest))
        }),
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FaultKind {
    /// The request (or callback) waits this long on the simulator's clock before anything happens.
    Latency {
        /// Milliseconds.
        millis: u64,
    },
    /// The request is read and never answered; the connection stays open until the simulator stops.
    Hang,
    /// The connection is closed before the work is done.
    Reset,
    /// The work is done, then the connection is closed without an answer.
    LostReply,
    /// The work is done, the head and half of the body are sent, then the connection is closed.
    ResetMidBody,
    /// Another answer instead of the right one.
    Respond {
        /// Status.
        status: u16,
        /// `Content-Type`; empty sends none.
        content_type: String,
        /// Body.
        body: String,
        /// Whether the work is done nevertheless.
        #[serde(default)]
        work: bool,
        /// More headers, as name and value.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// 200 with a body of this many bytes of JSON white space and one object: legal, and far too large.
    Huge {
        /// Size in bytes.
        bytes: usize,
    },
    /// The right answer, cut in half, with a matching `Content-Length`.
    TruncatedBody,
    /// 200 with JSON arrays nested this deeply.
    DeepJson {
        /// Depth.
        depth: usize,
    },
    /// The callback is sent this many times more.
    CallbackDuplicate {
        /// Additional copies.
        copies: u32,
    },
    /// The callback is never sent.
    CallbackDrop,
    /// The callback is held back until another one of the same API user has been sent.
    CallbackHold,
    /// The immediate response of this command is held back until its callback has been sent.
    CallbackBeforeReply,
}

impl FaultKind {
    /// A server error with an HTML page.
    pub fn html(status: u16) -> Self {
        Self::Respond {
            status,
            content_type: "text/html;charset=UTF-8".into(),
            body: format!("<!DOCTYPE html><html><body><h1>HTTP {status}</h1></body></html>"),
            work: false,
            headers: Vec::new(),
        }
    }

    /// A status with an empty body.
    pub fn status(status: u16) -> Self {
        Self::Respond {
            status,
            content_type: String::new(),
            body: String::new(),
            work: false,
            headers: Vec::new(),
        }
    }

    /// A redirect.
    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::Respond {
            status,
            content_type: String::new(),
            body: String::new(),
            work: false,
            headers: vec![("location".into(), location.into())],
        }
    }

    /// A body of this type with status 200.
    pub fn body(content_type: impl Into<String>, body: impl Into<String>) -> Self {
        Self::Respond {
            status: 200,
            content_type: content_type.into(),
            body: body.into(),
            work: false,
            headers: Vec::new(),
        }
    }

    /// A pause of the simulator's clock.
    #[must_use]
    pub fn latency(span: Duration) -> Self {
        Self::Latency {
            millis: u64::try_from(span.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The name in records, after `fault:`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::LostReply => "lost_reply",
            Self::ResetMidBody => "reset_mid_body",
            Self::Respond { .. } => "respond",
            Self::Huge { .. } => "huge",
            Self::TruncatedBody => "truncated_body",
            Self::DeepJson { .. } => "deep_json",
            Self::CallbackDuplicate { .. } => "callback_duplicate",
            Self::CallbackDrop => "callback_drop",
            Self::CallbackHold => "callback_hold",
            Self::CallbackBeforeReply => "callback_before_reply",
        }
    }
}

/// One fault: where, what, how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Where.
    pub on: RoutePattern,
    /// What.
    pub fault: FaultKind,
    /// How many times; 0 means always.
    #[serde(default = "once")]
    pub times: u32,
    /// How many matching requests pass untouched first.
    #[serde(default)]
    pub skip: u32,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault that happens once, at the first matching request.
    pub fn new(on: impl Into<RoutePattern>, fault: FaultKind) -> Self {
        Self {
            on: on.into(),
            fault,
            times: 1,
            skip: 0,
        }
    }

    /// How many times; 0 means always.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// How many matching requests pass untouched first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        lock(&self.0).push(fault);
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The faults that have not happened as often as they shall.
    #[must_use]
    pub fn pending(&self) -> Vec<Fault> {
        lock(&self.0).clone()
    }

    /// The faults that meet this request now, each counted.
    pub(crate) fn take(&self, route: Route, method: &str, path: &str) -> Vec<FaultKind> {
        let mut hit = Vec::new();
        lock(&self.0).retain_mut(|fault| {
            if !fault.on.matches(route, method, path) {
                return true;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return true;
            }
            hit.push(fault.fault.clone());
            match fault.times {
                0 => true,
                1 => false,
                _ => {
                    fault.times -= 1;
                    true
                }
            }
        });
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match() {
        assert!(RoutePattern::any().matches(Route::Other, "GET", "/x"));
        assert!(RoutePattern::path("/a/*/c").matches(Route::Other, "GET", "/a/b/c"));
        assert!(RoutePattern::path("*/é*").matches(Route::Other, "GET", "/ü/éa"));
        assert!(!RoutePattern::path("/a/*/c").matches(Route::Other, "GET", "/a/b/d"));
        assert!(
            !RoutePattern::path("/a")
                .method("POST")
                .matches(Route::Other, "GET", "/a")
        );
        assert!(!RoutePattern::route(Route::DaOptions).matches(Route::DaLogin, "GET", "/a"));
    }

    #[test]
    fn skip_and_times_count() {
        let faults = Faults::default();
        faults.inject(Fault::new(Route::DaOptions, FaultKind::Reset).skip(1).times(2));
        let hits: Vec<bool> = (0..4)
            .map(|_| !faults.take(Route::DaOptions, "GET", "/").is_empty())
            .collect();
        assert_eq!(hits, [false, true, true, false]);
        faults.inject(Fault::new(RoutePattern::any(), FaultKind::Hang).times(0));
        assert_eq!(faults.take(Route::Other, "GET", "/").len(), 1);
        assert_eq!(faults.take(Route::Other, "GET", "/").len(), 1);
        assert_eq!(faults.pending().len(), 1);
        faults.clear();
        assert!(faults.take(Route::Other, "GET", "/").is_empty());
    }
}
