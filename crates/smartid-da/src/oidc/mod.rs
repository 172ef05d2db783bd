//! Login with OpenID Connect: the front door for applications that want their users to log in with Digital Access.
//!
//! Digital Access has no public interface by which an application could start a Personal login itself; a browser logs in there and
//! comes back with a code. [`Issuer`] is the provider's name. Everything else needs the feature `oidc`: [`OidcClient`] begins a login,
//! completes it, and fetches the user's claims.
//!
//! # What is known
//!
//! Since Smart ID 20.06 Digital Access is an OpenID provider; the issuer begins with `https://`, has no slash at its end, and all
//! endpoints are derived from it \[documented; vendor page: Set up Digital Access component as OpenID provider\]. A client authenticates
//! with its secret in the header or the body, or with a certificate \[documented; vendor page: Configure OAuth 2.0 in Digital Access\].
//! That the discovery document stands at the well-known path is \[inferred\] from the standard. Scopes, claims, `acr_values`, PKCE and how
//! a client chooses the user's method are \[unknown\].
//!
//! # Threat model
//!
//! * **A callback that somebody else began.** The state is compared before anything else is believed; a [`Login`] is good for one
//!   callback and lives in the session of the browser that began it.
//! * **A code that was stolen.** It is bound to a code verifier that never leaves this machine but for the token endpoint.
//! * **Another provider that answers in the place of the one that was asked.** The callback's `iss` and the ID token's issuer are
//!   compared as texts; a login that was begun with another client is refused.
//! * **A forged ID token.** Only algorithms with public keys that the caller allows and the provider has announced; only keys of the
//!   provider's own set, never one from the token's header; two verifiers have to agree. An unknown key name leads to one new fetch of
//!   the set, and to no other within a minute.
//! * **A redirect or a login page** in the place of an answer is a refusal. Nothing is followed.
//!
//! No error, `Debug` or log holds a token, code, verifier, nonce, state or secret. The claims are a stranger's texts: never markup.
//!
//! # Who does what
//!
//! The crate `openidconnect` makes the requests and verifies the claims' values. It gets its keys as a type of this crate, which has
//! [`smartid_trust`] verify signatures; the implementations of RSA and others that it brings are compiled and not run. Its clock is the
//! [`Runtime`](smartid_core::Runtime), its HTTP the [`Transport`](smartid_core::Transport). What it is shown was checked before.

mod issuer;

#[cfg(feature = "oidc")]
mod address;
#[cfg(feature = "oidc")]
mod builder;
#[cfg(feature = "oidc")]
mod callback;
#[cfg(feature = "oidc")]
mod claims;
#[cfg(feature = "oidc")]
mod client;
#[cfg(feature = "oidc")]
mod exchange;
#[cfg(feature = "oidc")]
mod id_token;
#[cfg(feature = "oidc")]
mod inner;
#[cfg(feature = "oidc")]
mod keys;
#[cfg(feature = "oidc")]
mod login;
#[cfg(feature = "oidc")]
mod options;
#[cfg(feature = "oidc")]
mod outcome;
#[cfg(feature = "oidc")]
mod protocol;
#[cfg(feature = "oidc")]
mod provider;
#[cfg(feature = "oidc")]
mod reason;
#[cfg(feature = "oidc")]
mod refusal;
#[cfg(feature = "oidc")]
mod request;
#[cfg(feature = "oidc")]
mod strict;
#[cfg(feature = "oidc")]
mod trust_key;
#[cfg(feature = "oidc")]
mod user;

pub use issuer::{Issuer, IssuerError};

#[cfg(feature = "oidc")]
pub use {
    address::EndpointAddress,
    builder::{OidcBuilder, PkceUse},
    callback::CallbackCheck,
    client::OidcClient,
    id_token::IdTokenCheck,
    keys::KeySet,
    login::{Begun, Login},
    options::{LoginOptions, Prompt},
    outcome::{LoggedIn, UserInfo},
    provider::{AuthenticationForm, PkceSupport, Provider},
    reason::{OidcPlace, OidcReason},
    refusal::OidcRefusal,
    request::{AuthorizationError, AuthorizationRequest},
    user::IdToken,
};
