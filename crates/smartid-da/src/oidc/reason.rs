//! Where a login is refused, and for which one thing.

/// Where a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OidcPlace {
    /// The discovery document.
    Document,
    /// The provider's key set.
    Keys,
    /// The query that the browser came back with.
    Callback,
    /// The answer of the token endpoint.
    Token,
    /// The ID token.
    IdToken,
    /// The answer of the user info endpoint.
    UserInfo,
}

impl OidcPlace {
    /// The place in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "the discovery document",
            Self::Keys => "the key set",
            Self::Callback => "the callback",
            Self::Token => "the answer of the token endpoint",
            Self::IdToken => "the ID token",
            Self::UserInfo => "the user info",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $sentence:literal,)*) => {
        /// The one thing that was wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum OidcReason {
            $($(#[$doc])* $name,)*
        }

        impl OidcReason {
            /// A short name, for metrics and machines.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            pub(super) const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

reasons! {
    /// It is no JSON object, too large, a web page, or encrypted or signed where that was not agreed on.
    Body "body" "it is not the JSON that it should be",
    /// A name stands twice.
    Duplicate "duplicate" "a name stands in it twice",
    /// A member is missing or of the wrong type.
    Member "member" "a member is missing or of the wrong type",
    /// A status that is no success.
    Status "status" "the status is no success",
    /// The document is of another issuer.
    Issuer "issuer" "it is of another issuer",
    /// An endpoint is no `https` address.
    Endpoint "endpoint" "an endpoint is no https address",
    /// The provider has no code flow.
    ResponseType "response-type" "the provider does not offer the code flow",
    /// An algorithm that is not allowed, not known, or not the key's. Of a document: it offers none that is allowed.
    Algorithm "algorithm" "the signature algorithm is not allowed",
    /// The state is not the login's.
    State "state" "the state is not that of this login",
    /// The issuer of an answer is not the one that was asked.
    Iss "iss" "the issuer is not the one that was asked",
    /// It does not have the form of what it should be.
    Shape "shape" "it does not have the form that it should have",
    /// The provider said no; its code is kept.
    Denied "denied" "the provider said no",
    /// The login was begun too long ago.
    LoginExpired "login-expired" "the login was begun too long ago",
    /// The login was begun with another provider or another client.
    OtherLogin "other-login" "the login was begun with another provider or client",
    /// No key of the provider's may have made the signature.
    Key "key" "no key of the provider fits",
    /// The header of the ID token.
    Header "header" "its header is not that of an ID token",
    /// The signature is wrong.
    Signature "signature" "the signature is wrong",
    /// The payload is not a JSON object of claims.
    Payload "payload" "its claims cannot be read",
    /// It is for somebody else.
    Aud "aud" "it is for another audience",
    /// It was issued to another client.
    Azp "azp" "it was issued to another client",
    /// The nonce is not the login's.
    Nonce "nonce" "the nonce is not that of this login",
    /// It is expired, or does not say when it will be.
    Exp "exp" "it is expired",
    /// It was issued in the future, or does not say when it was.
    Iat "iat" "its time of issue is missing or in the future",
    /// It is not valid yet.
    Nbf "nbf" "it is not valid yet",
    /// The subject is missing, or another one.
    Sub "sub" "the subject is missing or another one",
    /// The access token is another one.
    AtHash "at-hash" "it does not belong to the access token",
    /// The code was another one.
    CHash "c-hash" "it does not belong to the code",
    /// The user's login is older than was asked for, or it is not said how old.
    AuthTime "auth-time" "the user's login is older than was asked for, or its time is missing",
    /// The required authentication context is missing.
    Acr "acr" "the authentication context is not the required one",
    /// There is no ID token.
    IdToken "id-token" "there is no ID token in it",
    /// There is no access token, or it cannot stand in a header.
    Token "token" "there is no usable access token in it",
    /// The access token is not a bearer token.
    TokenType "token-type" "the access token is no bearer token",
    /// The token endpoint said no; its code is kept.
    Refused "refused" "the provider said no",
    /// The access token is not accepted, or a login page answered.
    NotAuthenticated "not-authenticated" "the access token is not accepted",
    /// The scope is not enough.
    Forbidden "forbidden" "the access token does not allow it",
    /// The provider failed.
    ServerError "server-error" "the provider failed",
}
