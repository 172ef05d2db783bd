//! The servlets beside the REST API that hand out soft tokens and certificates: AST, whose user data comes in headers, and EUI, whose user
//! data comes in the form (protocol notes: cm 7 and 8; vendor page: AST support in Certificate Manager).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// AST (cm 7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmAstConfig {
    /// Whether the servlet is started.
    pub start: bool,
    /// Its path; a handler's name stands behind it (cm 7.2, I).
    pub prefix: String,
    /// Its handlers.
    pub handlers: Vec<ServletHandlerConfig>,
    /// The text of `ast.properties`: lines `handler.<x>.formatFields.<k> = ast.valuetarget.<attribute>.value = <header>`, which override
    /// and extend `default_headers`; an empty right side switches an attribute off (D). Other lines are passed over.
    pub properties: String,
    /// A file of that form, read at the start; its lines stand in front of those of `properties`. Empty for none.
    pub properties_file: String,
    /// The headers that are read without a line in `ast.properties`.
    pub default_headers: DefaultHeaders,
    /// How values of headers are understood.
    pub header_encoding: HeaderEncoding,
    /// What a header that comes several times means.
    pub repeated_header: RepeatedHeader,
    /// The form field with the password (D).
    pub password_field: String,
    /// Character set of the form (U).
    pub form_charset: FormCharset,
    /// Who may call.
    pub trust: CmTrustConfig,
    /// Largest form that is read, in bytes.
    pub max_form_bytes: usize,
    /// How a token is answered.
    pub answer: TokenAnswerConfig,
    /// How errors are answered.
    pub errors: ServletErrorConfig,
    /// Path of the example page (D; newer documentation has none). Empty for none.
    pub page: String,
}

impl Default for CmAstConfig {
    fn default() -> Self {
        Self {
            start: true,
            prefix: "/pgwy/ast".into(),
            handlers: vec![ServletHandlerConfig::new("", "0", "Soft token")],
            properties: String::new(),
            properties_file: String::new(),
            default_headers: DefaultHeaders::Documented,
            header_encoding: HeaderEncoding::Iso8859,
            repeated_header: RepeatedHeader::Refuse,
            password_field: "password".into(),
            form_charset: FormCharset::Utf8,
            trust: CmTrustConfig::default(),
            max_form_bytes: 64 << 10,
            answer: TokenAnswerConfig::default(),
            errors: ServletErrorConfig::default(),
            page: "/pgwy/request/ast.html".into(),
        }
    }
}

/// EUI (cm 8; all T or I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmEuiConfig {
    /// Whether the servlet is started.
    pub start: bool,
    /// Its path; a handler's name stands behind it (T).
    pub prefix: String,
    /// Its handlers. The media type of the procedure decides what a handler does: `pkcs10` certifies a request, `pkcs12` makes a soft
    /// token.
    pub handlers: Vec<ServletHandlerConfig>,
    /// The form field with the request (T).
    pub request_field: String,
    /// The form field with the encoding of the answer (T).
    pub certencoding_field: String,
    /// Encodings that are known (T: `x509`; `pkcs7` U). A form without the field means the first.
    pub certencodings: Vec<String>,
    /// Whether handlers that make soft tokens are there (D that EUI hands them out; form I).
    pub soft_tokens: bool,
    /// Names of form fields for attributes of soft tokens; an attribute that is not named here has its own name as the field's (I).
    pub fields: BTreeMap<String, String>,
    /// The form field with the password of a soft token (I, as in AST).
    pub password_field: String,
    /// Whether fields that nobody knows are refused.
    pub strict_fields: bool,
    /// Character set of the form (U).
    pub form_charset: FormCharset,
    /// Who may call (T: whoever has a TLS client certificate that is known; which, U).
    pub trust: CmTrustConfig,
    /// Largest form that is read, in bytes.
    pub max_form_bytes: usize,
    /// The element with the certificate.
    pub element: ResponseElement,
    /// Name of the element; it begins with `response` (T).
    pub element_name: String,
    /// How a soft token is answered.
    pub answer: TokenAnswerConfig,
    /// How errors are answered.
    pub errors: ServletErrorConfig,
    /// Path of the pages on which people paste a request; `{name}` is the handler's (T). Empty for none.
    pub page: String,
}

impl Default for CmEuiConfig {
    fn default() -> Self {
        Self {
            start: true,
            prefix: "/pgwy/eui".into(),
            handlers: vec![
                ServletHandlerConfig::new("", "0", "User authentication"),
                ServletHandlerConfig::new("server", "1", "TLS server"),
                ServletHandlerConfig::new("softtoken", "2", "Soft token"),
            ],
            request_field: "pkcs10".into(),
            certencoding_field: "certencoding".into(),
            certencodings: vec!["x509".into(), "pkcs7".into()],
            soft_tokens: true,
            fields: BTreeMap::from([("countryname".into(), "country".into())]),
            password_field: "password".into(),
            strict_fields: false,
            form_charset: FormCharset::Utf8,
            trust: CmTrustConfig::default(),
            max_form_bytes: 256 << 10,
            element: ResponseElement::NameFirst,
            element_name: "response".into(),
            answer: TokenAnswerConfig::default(),
            errors: ServletErrorConfig::default(),
            page: "/pgwy/request/{name}_base64.html".into(),
        }
    }
}

/// A handler of a servlet: `handler.<number>` of its properties file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServletHandlerConfig {
    /// The segment behind the servlet's path; empty for the path itself.
    #[serde(default)]
    pub name: String,
    /// `<x>` of the lines `handler.<x>.` in the properties file.
    #[serde(default)]
    pub number: String,
    /// The token procedure, by description or id (cm 3, D).
    pub procedure: String,
}

impl ServletHandlerConfig {
    /// A handler.
    pub fn new(name: impl Into<String>, number: impl Into<String>, procedure: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            number: number.into(),
            procedure: procedure.into(),
        }
    }
}

/// Who may send user data to a servlet. Whoever may, may ask for a token in anybody's name, therefore it is the officers and the
/// trusted front that authenticates users (cm 7.1, D).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmTrustConfig {
    /// The TLS client certificate must be an officer's (D: Protocol Gateway can require that); a front is then one of them.
    pub requires_officer: bool,
    /// Roles that the officer must have, all of them (U whether any).
    pub roles: Vec<String>,
    /// Names in `cm.officers` of fronts: their TLS client certificates are known, and they need not be officers.
    pub front_certificates: Vec<String>,
    /// Addresses of fronts, which need no certificate then. `cm.tls.client_certificate` must not be `handshake` for that, or the front
    /// comes over the port without TLS.
    pub front_addresses: Vec<IpAddr>,
    /// What happens to everybody else.
    pub untrusted: Untrusted,
}

impl Default for CmTrustConfig {
    fn default() -> Self {
        Self {
            requires_officer: false,
            roles: Vec::new(),
            front_certificates: vec!["digital-access".into()],
            front_addresses: Vec::new(),
            untrusted: Untrusted::Forbidden,
        }
    }
}

/// What happens to callers who are not trusted (U).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Untrusted {
    /// 403 with a page of HTML.
    #[default]
    Forbidden,
    /// 200 with a page of HTML.
    OkPage,
    /// A redirect to `login_url` of the errors.
    Login,
    /// They are served: an installation that can be reached past its front.
    Served,
}

/// The headers that are read without a line in `ast.properties` (cm 7.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DefaultHeaders {
    /// `countryname` from `country`: the one that is documented.
    #[default]
    Documented,
    /// That one, and the other usual attributes each from the header of its own name (I).
    Plausible,
    /// None.
    None,
}

/// How octets of a header become text (U).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HeaderEncoding {
    /// ISO-8859-1, as Tomcat reads them (I).
    #[default]
    #[serde(rename = "iso-8859-1")]
    Iso8859,
    /// UTF-8; anything else is refused.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Percent-encoded UTF-8; other octets beyond ASCII are refused.
    Percent,
}

/// What a header that comes several times means (U). Headers that a client sends beside those of the front are the classic way past it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RepeatedHeader {
    /// The request is refused.
    #[default]
    Refuse,
    /// The first counts, as `getHeader` of a servlet has it.
    First,
    /// The last counts.
    Last,
}

/// Character set of a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FormCharset {
    /// UTF-8; anything else is refused.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO-8859-1.
    #[serde(rename = "iso-8859-1")]
    Iso8859,
}

/// How a token is answered (cm 7.2; the cookie D, everything else U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenAnswerConfig {
    /// `Content-Type`; empty for none.
    pub content_type: String,
    /// `Content-Disposition`; empty for none.
    pub disposition: String,
    /// `Set-Cookie` headers, in this order. The page waits for the cookie `downloaded`; its value and attributes are not known.
    pub cookies: Vec<String>,
}

impl Default for TokenAnswerConfig {
    fn default() -> Self {
        Self {
            content_type: "application/x-pkcs12".into(),
            disposition: "attachment; filename=\"token.p12\"".into(),
            cookies: vec!["downloaded=true; Path=/".into()],
        }
    }
}

/// How a servlet answers errors (U; pages of HTML expected, with any status).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServletErrorConfig {
    /// Form.
    pub style: ServletErrorStyle,
    /// Status of every error, for example 200; 0 for that of the reason.
    pub status: u16,
    /// Where a redirect leads.
    pub login_url: String,
}

impl Default for ServletErrorConfig {
    fn default() -> Self {
        Self {
            style: ServletErrorStyle::Html,
            status: 0,
            login_url: "/wa/auth".into(),
        }
    }
}

/// Form of an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ServletErrorStyle {
    /// A page.
    #[default]
    Html,
    /// The page with the form, once more.
    Form,
    /// No body.
    Empty,
    /// A redirect to the login page.
    Redirect,
}

/// The element of EUI's answer that holds the certificate. The third quoted string on its line is the certificate in the first three
/// forms, as the scripts expect that were seen (T).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ResponseElement {
    /// `<input type="hidden" name="response" value="...">`
    #[default]
    NameFirst,
    /// `<input id="response" name="response" value="...">`
    IdFirst,
    /// As `name-first`, with single quotes.
    SingleQuotes,
    /// As `name-first`, the value in lines.
    WrappedValue,
    /// As `name-first`, each attribute on a line of its own.
    WrappedTag,
    /// `<input value="..." type="hidden" name="response">`
    ValueFirst,
    /// `<textarea name="response">...</textarea>`
    Textarea,
    /// As `wrapped-value`, with PEM armour.
    Pem,
}
