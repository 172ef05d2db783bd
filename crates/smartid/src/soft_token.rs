//! Soft tokens: keys that Certificate Manager makes, handed out with their certificates in one PKCS #12 container.
//!
//! There are two ways to ask for the same thing. The vendor has marked the older one, AST, for deletion and sends its users to the REST
//! API (vendor page: AST support in Certificate Manager, documented), so an installation changes from one to the other one day. Here both
//! stand behind one call: a [`SoftTokenRequest`] says who gets a token, a [`Way`] is the installation's, and only the way is exchanged.
//!
//! ```
//! use smartid::cm::{Attribute, ProcedureName};
//! use smartid::soft_token::{AstProperties, PasswordPolicy, SoftTokenRequest, Way};
//! use smartid::SmartId;
//!
//! # async fn example(smartid: SmartId, file: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let password = PasswordPolicy::default().generate()?.into_secret();
//! let request = SoftTokenRequest::new(password.clone())
//!     .attribute(Attribute::COUNTRY_NAME, "SE")
//!     .attribute(Attribute::COMMON_NAME, "Alice Example");
//!
//! // Today over AST, with the mapping of the service's own file …
//! let way = Way::Ast { handler: None, headers: AstProperties::parse(file)?.headers("0").clone() };
//! // … and from tomorrow on over REST.
//! let way = if file.is_empty() { Way::Rest { procedure: Some(ProcedureName::new("Soft token")?) } } else { way };
//!
//! let tokens = smartid.soft_tokens(way)?;
//! match tokens.request(&request).await {
//!     // The container goes one way, the password another.
//!     Ok(issued) => println!("{} octets, certid {:?}", issued.token.len(), issued.certid),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok(()) }
//! ```
//!
//! # What the ways can say
//!
//! | | REST | AST |
//! |---|---|---|
//! | evidence | that it exists is documented, its path and fields are inferred: [`RequestSoftToken`] is experimental | method, `password`, headers and cookie are documented, its path is inferred |
//! | who makes the keys, and of which kind | the token procedure | the procedure of the handler |
//! | which attributes | any; the procedure says which are allowed | those that have a header on both sides |
//! | validity | in the request, or the procedure's | the procedure's only |
//! | who may ask | an officer, who signs | whoever the servlet trusts: see [`ast`](smartid_cm::ast) |
//! | says the certid | in the header of issuing (inferred) | no |
//!
//! What a way has no place for is an [`Unfit`] before anything is sent; it is never left out in silence.
//!
//! # A lost answer
//!
//! A second request makes a second token. A token has a key that nobody knows beforehand, so nothing finds it for sure: after an error of
//! phase [`PerhapsDone`](crate::Phase::PerhapsDone) or [`Unreadable`](crate::Phase::Unreadable) an officer looks for the subject first. No
//! request is repeated by itself.

use std::collections::BTreeMap;
use std::fmt;

use smartid_cm::ast::AstRequest;
use smartid_cm::operations::experimental::RequestSoftToken;
use smartid_cm::{CertificateManager, CmRefusal};
use smartid_core::{Advice, Error, Phase, SecretString, Timestamp, Turn};

pub use smartid_cm::ast::{AstProblem, AstProperties, AttributeHeaders, MappingError, NonAscii};
pub use smartid_cm::soft_token::{
    DownloadedCookie, FileName, IssuedSoftToken, SoftTokenProblem, UnusableSoftToken,
};
pub use smartid_cm::{Attribute, HandlerName, ProcedureName};
pub use smartid_trust::SoftToken;
pub use smartid_trust::password::{GeneratedPassword, PasswordError, PasswordPolicy};
#[cfg(feature = "pkcs12")]
#[cfg_attr(docsrs, doc(cfg(feature = "pkcs12")))]
pub use smartid_trust::pkcs12::{OpenError, OpenedToken, Pkcs12Policy, TokenKey};

/// What is asked for, whichever way.
///
/// ```
/// use smartid::soft_token::{Attribute, SoftTokenRequest};
///
/// let request = SoftTokenRequest::new("correct horse").attribute(Attribute::COMMON_NAME, "Alice Example");
/// let shown = format!("{request:?}");
/// assert!(shown.contains("commonname") && !shown.contains("horse") && !shown.contains("Alice"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SoftTokenRequest {
    /// What the container will be encrypted with; [`PasswordPolicy`] makes one. The service is told it, so that it protects the container
    /// on its way to its owner and not against the service. Printable ASCII is what every program reads, Java's among them.
    pub password: SecretString,
    /// What the certificate is to say.
    pub attributes: BTreeMap<Attribute, String>,
    /// From when on it is to be valid, in whole seconds; the procedure's rule if none.
    pub valid_from: Option<Timestamp>,
    /// Until when, as above.
    pub valid_to: Option<Timestamp>,
}

impl SoftTokenRequest {
    /// Under this password, without attributes, with the validity of the procedure.
    #[must_use]
    pub fn new(password: impl Into<SecretString>) -> Self {
        Self {
            password: password.into(),
            attributes: BTreeMap::new(),
            valid_from: None,
            valid_to: None,
        }
    }

    /// With this attribute in the certificate, in place of one that was given before.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.attributes.insert(attribute, value.into());
        self
    }

    /// Valid from then on. Only [`Way::Rest`] can say that.
    #[must_use]
    pub fn valid_from(mut self, time: Timestamp) -> Self {
        self.valid_from = Some(time);
        self
    }

    /// Valid until then. Only [`Way::Rest`] can say that.
    #[must_use]
    pub fn valid_to(mut self, time: Timestamp) -> Self {
        self.valid_to = Some(time);
        self
    }
}

impl fmt::Debug for SoftTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            password,
            attributes,
            valid_from,
            valid_to,
        } = self;
        // What the attributes say is personal data.
        f.debug_struct("SoftTokenRequest")
            .field("password", password)
            .field(
                "attributes",
                &attributes.keys().map(Attribute::as_str).collect::<Vec<_>>(),
            )
            .field("valid_from", valid_from)
            .field("valid_to", valid_to)
            .finish()
    }
}

/// How an installation hands out soft tokens. EUI does it too, by fields that an integrator has to name because nobody has published them:
/// [`smartid_cm::eui`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Way {
    /// Over the REST API, as an officer: [`RequestSoftToken`]. The way to go (documented); experimental, because its path and its fields
    /// are inferences that the dialect can correct (`[soft_token]`).
    Rest {
        /// The token procedure, one for `pkcs12`; that of the API's handler if none.
        procedure: Option<ProcedureName>,
    },
    /// Over AST, as a trusted front or an officer: [`AstRequest`]. **Marked for deletion by the vendor**, for installations that have it
    /// (settings of the dialect: `[ast]`).
    Ast {
        /// The handler; that of the servlet's own path if none.
        handler: Option<HandlerName>,
        /// Which header carries which attribute: that of the handler's lines in `ast.properties`.
        headers: AttributeHeaders,
    },
}

impl Default for Way {
    /// Over REST, by the procedure of the API's handler.
    fn default() -> Self {
        Self::Rest { procedure: None }
    }
}

/// A request that its way cannot express. Nothing was sent; neither the password nor a value is said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// AST has no place for dates.
    #[error("AST has no place for the validity of a certificate, which its handler's procedure decides")]
    Validity,
    /// An attribute without a header, a value that cannot stand in one, a password that a form of AST cannot carry.
    #[error(transparent)]
    Ast(#[from] AstProblem),
}

impl Unfit {
    /// Always the calling program's turn.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let check = match self {
            Self::Validity => {
                "whether the dates can be left out: the token procedure has a validity of its own; over the REST API they can be asked for"
            }
            Self::Ast(AstProblem::Unmapped(_) | AstProblem::SwitchedOff(_)) => {
                "ast.properties of the service: the header that stands there for this attribute must stand here too, or it is not to be asked for"
            }
            Self::Ast(AstProblem::Password(_)) => {
                "the password: printable ASCII, as the password generator makes"
            }
            Self::Ast(_) => "the attribute's value, and the settings [ast] of the dialect",
        };
        Advice::new(Turn::Caller, check)
    }
}

/// No soft token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoftTokenError {
    /// The way cannot express the request.
    #[error("not sent: {0}")]
    Unfit(#[from] Unfit),
    /// The call did not end with a token. Where one was perhaps made, the [`cause`](smartid_core::Unreadable::cause) is an
    /// [`UnusableSoftToken`].
    #[error(transparent)]
    Call(#[from] Error),
}

impl SoftTokenError {
    /// How far the request came.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Unfit(_) => Phase::NotSent,
            Self::Call(error) => error.phase(),
        }
    }

    /// Whose turn it is, and what to check. Of a lost answer it is an officer's: the container does not come a second time.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Unfit(unfit) => unfit.advice(),
            // A refusal that leaves it open knows more.
            Self::Call(error)
                if error.phase() == Phase::PerhapsDone && error.refusal::<CmRefusal>().is_none() =>
            {
                Advice::new(
                    Turn::Administrator,
                    "whether a token was made, before another is asked for: an officer searches Certificate Manager for this subject and this \
                 time, and revokes what nobody has",
                )
            }
            Self::Call(error) => error.advice(),
        }
    }
}

/// Asks for soft tokens one way; [`SmartId::soft_tokens`](crate::SmartId::soft_tokens) makes it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SoftTokens {
    cm: CertificateManager,
    way: Way,
}

/// A request in the form of its way.
enum Prepared {
    Rest(RequestSoftToken),
    Ast(AstRequest),
}

impl SoftTokens {
    pub(crate) fn new(cm: CertificateManager, way: Way) -> Self {
        Self { cm, way }
    }

    /// The way.
    #[must_use]
    pub const fn way(&self) -> &Way {
        &self.way
    }

    /// Whether the way can express the request, for a form that is still open. [`request`](Self::request) asks this first.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn check(&self, request: &SoftTokenRequest) -> Result<(), Unfit> {
        self.prepare(request).map(|_| ())
    }

    fn prepare(&self, request: &SoftTokenRequest) -> Result<Prepared, Unfit> {
        let SoftTokenRequest {
            password,
            attributes,
            valid_from,
            valid_to,
        } = request;
        match &self.way {
            Way::Rest { procedure } => {
                let mut rest = RequestSoftToken::new(password.clone());
                rest.procedure.clone_from(procedure);
                rest.attributes.clone_from(attributes);
                (rest.valid_from, rest.valid_to) = (*valid_from, *valid_to);
                Ok(Prepared::Rest(rest))
            }
            Way::Ast { handler, headers } => {
                if valid_from.is_some() || valid_to.is_some() {
                    return Err(Unfit::Validity);
                }
                let mut ast = AstRequest::new(password.clone()).headers(headers.clone());
                ast.handler.clone_from(handler);
                ast.attributes.clone_from(attributes);
                ast.check(self.cm.dialect())?;
                Ok(Prepared::Ast(ast))
            }
        }
    }

    /// Asks for a token, once. Over REST the officer signs in between where Certificate Manager wants that.
    ///
    /// The container comes closed. Its password is the one of the request and goes to the owner by another way than the container;
    /// [`IssuedSoftToken::downloaded`], where it came, goes to the browser of the person who asked.
    ///
    /// # Errors
    /// [`SoftTokenError`].
    pub async fn request(&self, request: &SoftTokenRequest) -> Result<IssuedSoftToken, SoftTokenError> {
        Ok(match self.prepare(request)? {
            Prepared::Rest(rest) => self.cm.write(&rest).await?,
            Prepared::Ast(ast) => self.cm.call_gateway(&ast).await?,
        })
    }

    /// Opens a token: keys with their certificates and chains. Deriving its keys is work for a good part of a second, which the runtime
    /// does where it stalls no other task.
    ///
    /// A service that makes tokens may be hostile, and knows the password: every octet is read under the caps of `policy`. What is opened
    /// is not verified: that the chain leads to your authority is for [`trust::path`](smartid_trust::path) to say.
    ///
    /// ```
    /// use smartid::soft_token::{Pkcs12Policy, SoftTokenRequest, SoftTokens};
    ///
    /// # async fn example(tokens: SoftTokens, request: SoftTokenRequest) -> Result<(), Box<dyn std::error::Error>> {
    /// let issued = tokens.request(&request).await?;
    /// let opened = tokens.open(&issued.token, &request.password, &Pkcs12Policy::default()).await?;
    /// for key in opened.keys() {
    ///     println!("{:?}, {} certificates", key.friendly_name(), key.chain().len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`OpenError`], whose [`Refusal`](smartid_trust::Refusal) has the reason and the advice.
    #[cfg(feature = "pkcs12")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pkcs12")))]
    pub async fn open(
        &self,
        token: &SoftToken,
        password: &SecretString,
        policy: &Pkcs12Policy,
    ) -> Result<OpenedToken, OpenError> {
        token.open_on(&**self.cm.runtime(), password, policy).await
    }
}

#[cfg(test)]
mod tests;
