//! Settings of the OpenID provider (protocol notes: digital-access 6.2). That it exists, and the rules for its issuer, is documented;
//! paths, algorithms, claims and `acr` are not. The flaws play a provider that a relying party must not believe.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaOidcConfig {
    /// Whether it exists ("Enable OpenID Connect Provider", D).
    pub provider: bool,
    /// The issuer; the origin of the access point when empty. Begins with `https://` and does not end with a slash (D).
    pub issuer: String,
    /// The issuer that discovery names instead of the right one; empty for the right one.
    pub discovery_issuer: String,
    /// Path of the authorization endpoint (I).
    pub authorize_path: String,
    /// Path of the user information endpoint (I).
    pub userinfo_path: String,
    /// Path of the key set (I).
    pub jwks_path: String,
    /// Algorithm of ID tokens: `ES256`, `RS256` or `PS256` (U).
    pub id_token_alg: String,
    /// Life of a code in seconds.
    pub code_lifetime_seconds: u64,
    /// Life of an ID token in seconds.
    pub id_token_lifetime_seconds: u64,
    /// Whether PKCE is understood; its parameters are ignored otherwise (U).
    pub pkce: bool,
    /// Whether the PKCE method `plain` is taken as well.
    pub plain_pkce: bool,
    /// Send `iss` back beside the code (RFC 9207).
    pub issuer_in_callback: bool,
    /// User attribute that is `sub`; the user's name when empty.
    pub subject_attribute: String,
    /// Claims about users, with the user attribute that each is taken from.
    pub claims: BTreeMap<String, String>,
    /// Claims of ID tokens that are left out, for example `acr` and `auth_time`.
    pub left_out: Vec<String>,
    /// What is wrong with what it says.
    pub flaw: OidcFlaw,
    /// User information about somebody else than the ID token.
    pub userinfo_other_subject: bool,
    /// Keys in the set that sign nothing.
    pub decoy_keys: usize,
    /// How many former keys stay in the set after a rotation.
    pub former_keys: usize,
    /// Name the key in tokens and in the set.
    pub key_ids: bool,
}

impl Default for DaOidcConfig {
    fn default() -> Self {
        Self {
            provider: true,
            issuer: String::new(),
            discovery_issuer: String::new(),
            authorize_path: "/https/api/rest/v3.0/oauth2/authorize".into(),
            userinfo_path: "/https/api/rest/v3.0/oauth2/userinfo".into(),
            jwks_path: "/https/api/rest/v3.0/oauth2/jwks".into(),
            id_token_alg: "ES256".into(),
            code_lifetime_seconds: 60,
            id_token_lifetime_seconds: 300,
            pkce: true,
            plain_pkce: false,
            issuer_in_callback: false,
            subject_attribute: String::new(),
            claims: [("email".to_owned(), "mail".to_owned())].into(),
            left_out: Vec::new(),
            flaw: OidcFlaw::None,
            userinfo_other_subject: false,
            decoy_keys: 0,
            former_keys: 1,
            key_ids: true,
        }
    }
}

/// A provider that lies or is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OidcFlaw {
    /// Nothing.
    #[default]
    None,
    /// Another `state` comes back with the code.
    State,
    /// The ID token has another nonce.
    Nonce,
    /// The ID token is for another client.
    Audience,
    /// The ID token names another issuer.
    Issuer,
    /// The ID token expired an hour ago.
    Expired,
    /// The ID token was issued in an hour.
    Future,
    /// `at_hash` belongs to another token.
    AtHash,
    /// One bit of the signature is wrong.
    Signature,
    /// Signed with a key that is not in the set, under the name of one that is.
    ForeignKey,
    /// `alg` is `none`.
    AlgNone,
    /// What stands for the ID token is no JWS.
    Garbage,
}
