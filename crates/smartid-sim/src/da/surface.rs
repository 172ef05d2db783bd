//! What Digital Access is besides FIDO provisioning: which address belongs to which part.

use super::{Da, oauth, oidc};
use crate::config::DaConfig;
use crate::faults::Route;
use crate::net::message::{Reply, Request};

/// A part that answers at an address of its own.
pub(super) enum Surface {
    Oauth(oauth::Endpoint),
    Oidc(oidc::Endpoint),
    Auth,
    Desktop,
    Logout,
    FidoPage,
    FidoRegistration,
    Wait,
    State,
    /// What follows the path of the callback.
    Callback(String),
    Content,
    /// What follows the path of the record.
    Me(String),
}

impl Surface {
    pub(super) fn of(config: &DaConfig, request: &Request) -> Option<Self> {
        if let Some(endpoint) = oauth::Endpoint::of(&config.oauth, request) {
            return Some(Self::Oauth(endpoint));
        }
        if let Some(endpoint) = oidc::Endpoint::of(config, request) {
            return Some(Self::Oidc(endpoint));
        }
        if let Some(tail) = request.path.strip_prefix(config.session.me_path.as_str())
            && (tail.is_empty() || tail.starts_with('/'))
        {
            return Some(Self::Me(tail.to_owned()));
        }
        let personal = &config.personal;
        if let Some(tail) = request.path.strip_prefix(personal.callback_path.as_str())
            && (tail.is_empty() || tail.starts_with('/'))
        {
            return Some(Self::Callback(tail.to_owned()));
        }
        if request.path.strip_prefix(personal.picture_path.as_str()) == Some("/getcontent") {
            return Some(Self::Content);
        }
        match request.path.as_str() {
            super::fido_page::SELF_SERVICE => Some(Self::FidoPage),
            path if path == config.session.registration_path => Some(Self::FidoRegistration),
            "/wa/auth/wait" => Some(Self::Wait),
            "/wa/auth/state" => Some(Self::State),
            "/wa/auth" | "/wa/auth/" => Some(Self::Auth),
            "/wa/desktop.html" => Some(Self::Desktop),
            "/wa/logout" => Some(Self::Logout),
            _ => None,
        }
    }

    pub(super) fn route(&self) -> Route {
        match self {
            Self::Oauth(_) => Route::DaToken,
            Self::Oidc(oidc::Endpoint::Authorize) => Route::DaPage,
            Self::Oidc(_) => Route::DaOidc,
            Self::Me(_) => Route::DaMe,
            Self::Callback(_) | Self::Content => Route::DaPersonal,
            Self::FidoRegistration => Route::DaCredentials,
            Self::FidoPage | Self::Auth | Self::Desktop | Self::Logout | Self::Wait | Self::State => {
                Route::DaPage
            }
        }
    }
}

fn only(allowed: &str) -> Reply {
    Reply::empty(405)
        .with_header("allow", allowed)
        .with_code("method")
}

impl Da {
    pub(super) async fn serve_surface(
        &self,
        config: &DaConfig,
        surface: &Surface,
        request: &Request,
    ) -> Reply {
        match (surface, request.method.as_str()) {
            (Surface::Oauth(endpoint), _) => self.oauth(config, *endpoint, request),
            (Surface::Oidc(endpoint), _) => self.oidc(config, *endpoint, request),
            (Surface::Me(tail), _) => self.me(config, request, tail),
            (Surface::Auth, "GET") => self.get_auth(config, request).await,
            (Surface::Auth, "POST") => self.post_auth(config, request).await,
            (Surface::Auth, _) => only("GET, POST"),
            (Surface::Desktop, "GET") => self.desktop(config, request),
            (Surface::Desktop, _) => only("GET"),
            (Surface::Logout, "POST") => self.logout(config, request),
            (Surface::FidoPage, "GET") => self.fido_self_service(config, request),
            (Surface::FidoPage, _) => only("GET"),
            (Surface::FidoRegistration, _) => self
                .fido_self_registration(config, request)
                .unwrap_or_else(|refused| super::reply::refused(config, &refused)),
            (Surface::Wait, "GET") => self.personal_wait(config, request),
            (Surface::State, "GET") => self.personal_state(config, request),
            (Surface::Wait | Surface::State, _) => only("GET"),
            (Surface::Callback(tail), "POST") => self.personal_callback(request, tail),
            (Surface::Content, "POST") => self.personal_content(request),
            (Surface::Logout | Surface::Callback(_) | Surface::Content, _) => only("POST"),
        }
    }
}
