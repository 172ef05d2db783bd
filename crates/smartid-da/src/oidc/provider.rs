//! What a provider says about itself: its discovery document.

use serde_json::{Map, Value};
use smartid_core::Lint;
use smartid_trust::jws::JwsAlgorithm;

use super::address::EndpointAddress;
use super::issuer::Issuer;
use super::reason::{OidcPlace, OidcReason};
use super::refusal::OidcRefusal;
use super::strict;

/// The longest document in bytes.
const LONGEST: usize = 128 * 1024;

/// The most entries of a list.
const MOST: usize = 1000;

/// Whether a provider takes part in PKCE (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkceSupport {
    /// It offers S256.
    S256,
    /// It says which methods it has, and S256 is not among them.
    None,
    /// It does not say.
    Unknown,
}

/// A way of client authentication that this crate has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticationForm {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Body,
    /// `tls_client_auth` or `self_signed_tls_client_auth`.
    Certificate,
}

/// A provider's discovery document (OpenID Connect Discovery 1.0, 3).
///
/// ```
/// use smartid_da::oidc::{Issuer, PkceSupport, Provider};
///
/// let issuer = Issuer::parse("https://login.example.test")?;
/// let provider = Provider::parse(
///     &issuer,
///     br#"{"issuer": "https://login.example.test",
///          "authorization_endpoint": "https://login.example.test/authorize",
///          "token_endpoint": "https://login.example.test/token",
///          "jwks_uri": "https://login.example.test/keys",
///          "response_types_supported": ["code"], "subject_types_supported": ["public"],
///          "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"]}"#,
/// )?;
/// assert_eq!(provider.pkce(), PkceSupport::S256);
/// assert_eq!(provider.token_endpoint().as_str(), "https://login.example.test/token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    issuer: Issuer,
    authorization: EndpointAddress,
    token: EndpointAddress,
    token_mtls: Option<EndpointAddress>,
    keys: EndpointAddress,
    user_info: Option<EndpointAddress>,
    pkce: PkceSupport,
    authentication: Vec<AuthenticationForm>,
    callback_iss: bool,
    acr: Vec<String>,
    algorithms: Option<Vec<JwsAlgorithm>>,
    lints: Vec<Lint>,
}

fn refuse(reason: OidcReason, detail: &str) -> OidcRefusal {
    OidcRefusal::because(OidcPlace::Document, reason, detail)
}

impl Provider {
    /// Reads the document that was fetched for `issuer`.
    ///
    /// # Errors
    /// [`OidcRefusal`] of [`OidcPlace::Document`]: it is no JSON object, a name stands in it twice, what is required is missing, it is of
    /// another issuer, an endpoint is no `https` address, there is no code flow, or ID tokens are not signed with a public key.
    /// A missing `response_types_supported`, `subject_types_supported` or `id_token_signing_alg_values_supported` is tolerated with a lint.
    pub fn parse(issuer: &Issuer, document: &[u8]) -> Result<Self, OidcRefusal> {
        if document.len() > LONGEST {
            return Err(refuse(OidcReason::Body, "longer than 128 KiB"));
        }
        let members =
            strict::object(document).map_err(|reason| OidcRefusal::new(OidcPlace::Document, reason))?;
        let endless = |value: &Value| value.as_array().is_some_and(|list| list.len() > MOST);
        if members.values().any(endless) {
            return Err(refuse(OidcReason::Body, "a list of more than 1000 entries"));
        }
        Reader {
            issuer,
            members,
            lints: Vec::new(),
        }
        .read()
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Where the browser is sent to.
    #[must_use]
    pub fn authorization_endpoint(&self) -> &EndpointAddress {
        &self.authorization
    }

    /// Where the code is exchanged.
    #[must_use]
    pub fn token_endpoint(&self) -> &EndpointAddress {
        &self.token
    }

    /// Where the code is exchanged with a client certificate, if that is another address (RFC 8705 5).
    #[must_use]
    pub fn token_endpoint_for_certificates(&self) -> Option<&EndpointAddress> {
        self.token_mtls.as_ref()
    }

    /// Where the keys are.
    #[must_use]
    pub fn key_set_address(&self) -> &EndpointAddress {
        &self.keys
    }

    /// Where the user's claims are, if there is such an endpoint.
    #[must_use]
    pub fn user_info_endpoint(&self) -> Option<&EndpointAddress> {
        self.user_info.as_ref()
    }

    /// Whether the provider takes part in PKCE.
    #[must_use]
    pub fn pkce(&self) -> PkceSupport {
        self.pkce
    }

    /// The ways of client authentication at the token endpoint that this crate has too, in the document's order; Basic when the document
    /// is silent.
    #[must_use]
    pub fn client_authentication(&self) -> &[AuthenticationForm] {
        &self.authentication
    }

    /// Whether the callback will carry `iss` (RFC 9207), so that one without it is refused.
    #[must_use]
    pub fn callback_carries_iss(&self) -> bool {
        self.callback_iss
    }

    /// The authentication contexts that the document names.
    #[must_use]
    pub fn acr_values(&self) -> &[String] {
        &self.acr
    }

    /// The algorithms for ID tokens that are known here, in the document's order; `None` when the document is silent.
    #[must_use]
    pub fn algorithms(&self) -> Option<&[JwsAlgorithm]> {
        self.algorithms.as_deref()
    }

    /// What was tolerated: `other-host` (an endpoint on another host or port than the issuer's), `client-authentication` (none that
    /// this crate has), `member` (a required list is missing).
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }
}

struct Reader<'a> {
    issuer: &'a Issuer,
    members: Map<String, Value>,
    lints: Vec<Lint>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Provider, OidcRefusal> {
        match self.text("issuer")? {
            Some(found) if found == self.issuer.as_str() => {}
            Some(_) => return Err(refuse(OidcReason::Issuer, "issuer")),
            None => return Err(refuse(OidcReason::Member, "issuer")),
        }
        let authorization = self.required("authorization_endpoint")?;
        let token = self.required("token_endpoint")?;
        let keys = self.required("jwks_uri")?;
        let user_info = self.endpoint("userinfo_endpoint")?;
        let token_mtls = match self.members.get("mtls_endpoint_aliases") {
            Some(Value::Object(aliases)) => match strict::text(aliases, "token_endpoint") {
                Ok(Some(address)) => Some(self.address("mtls_endpoint_aliases", address)?),
                Ok(None) => None,
                Err(reason) => return Err(refuse(reason, "mtls_endpoint_aliases")),
            },
            _ => None,
        };
        self.offers_the_code_flow()?;
        if self.texts("subject_types_supported")?.is_none() {
            self.lint("subject_types_supported", "member");
        }
        let algorithms = self.algorithms()?;
        let authentication = self.authentication()?;
        let pkce = match self.texts("code_challenge_methods_supported")? {
            None => PkceSupport::Unknown,
            Some(methods) if methods.iter().any(|method| method == "S256") => PkceSupport::S256,
            Some(_) => PkceSupport::None,
        };
        let callback_iss = match self.members.get("authorization_response_iss_parameter_supported") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(sent)) => *sent,
            Some(_) => {
                return Err(refuse(
                    OidcReason::Member,
                    "authorization_response_iss_parameter_supported",
                ));
            }
        };
        Ok(Provider {
            issuer: self.issuer.clone(),
            authorization,
            token,
            token_mtls,
            keys,
            user_info,
            pkce,
            authentication,
            callback_iss,
            acr: self.texts("acr_values_supported")?.unwrap_or_default(),
            algorithms,
            lints: self.lints,
        })
    }

    fn lint(&mut self, at: &str, what: &str) {
        self.lints.push(Lint::new(at, what));
    }

    fn text(&self, name: &str) -> Result<Option<&str>, OidcRefusal> {
        strict::text(&self.members, name).map_err(|reason| refuse(reason, name))
    }

    fn texts(&self, name: &str) -> Result<Option<Vec<String>>, OidcRefusal> {
        strict::texts(&self.members, name).map_err(|reason| refuse(reason, name))
    }

    fn address(&self, name: &str, text: &str) -> Result<EndpointAddress, OidcRefusal> {
        EndpointAddress::read(text, self.issuer.is_plain_http())
            .ok_or_else(|| refuse(OidcReason::Endpoint, name))
    }

    fn endpoint(&mut self, name: &str) -> Result<Option<EndpointAddress>, OidcRefusal> {
        let address = match self.text(name)? {
            Some(text) => self.address(name, text)?,
            None => return Ok(None),
        };
        let own = EndpointAddress::read(self.issuer.as_str(), true);
        if own.is_none_or(|own| own.origin() != address.origin()) {
            self.lint(name, "other-host");
        }
        Ok(Some(address))
    }

    fn required(&mut self, name: &str) -> Result<EndpointAddress, OidcRefusal> {
        self.endpoint(name)?
            .ok_or_else(|| refuse(OidcReason::Member, name))
    }

    fn offers_the_code_flow(&mut self) -> Result<(), OidcRefusal> {
        match self.texts("response_types_supported")? {
            None => self.lint("response_types_supported", "member"),
            Some(types) if types.iter().any(|kind| kind == "code") => {}
            Some(_) => return Err(refuse(OidcReason::ResponseType, "response_types_supported")),
        }
        Ok(())
    }

    fn algorithms(&mut self) -> Result<Option<Vec<JwsAlgorithm>>, OidcRefusal> {
        const NAME: &str = "id_token_signing_alg_values_supported";
        let Some(names) = self.texts(NAME)? else {
            self.lint(NAME, "member");
            return Ok(None);
        };
        let known: Vec<JwsAlgorithm> = names
            .iter()
            .filter_map(|name| JwsAlgorithm::from_name(name).ok())
            .collect();
        if known.is_empty() {
            return Err(refuse(OidcReason::Algorithm, NAME));
        }
        Ok(Some(known))
    }

    fn authentication(&mut self) -> Result<Vec<AuthenticationForm>, OidcRefusal> {
        const NAME: &str = "token_endpoint_auth_methods_supported";
        let Some(names) = self.texts(NAME)? else {
            return Ok(vec![AuthenticationForm::Basic]);
        };
        let mut forms = Vec::new();
        for name in names {
            let form = match &*name {
                "client_secret_basic" => AuthenticationForm::Basic,
                "client_secret_post" => AuthenticationForm::Body,
                "tls_client_auth" | "self_signed_tls_client_auth" => AuthenticationForm::Certificate,
                _ => continue,
            };
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        if forms.is_empty() {
            self.lint(NAME, "client-authentication");
        }
        Ok(forms)
    }
}
