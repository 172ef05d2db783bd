//! Which headers are one header to somebody, and which can never be an attribute's.

use http::HeaderName;

/// Headers that mean something to HTTP itself, to a proxy on the way, or to the login of whoever asks.
const RESERVED: &[&str] = &[
    "age",
    "alt-used",
    "authentication-info",
    "authorization",
    "cache-control",
    "cookie",
    "cookie2",
    "date",
    "early-data",
    "expect",
    "forwarded",
    "host",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "set-cookie",
    "set-cookie2",
    "user-agent",
    "upgrade-insecure-requests",
    "via",
    "warning",
    "www-authenticate",
    "x-real-ip",
];

/// Beginnings of such names.
const RESERVED_FAMILIES: &[&str] = &[
    "accept",
    "access-control-",
    "content-",
    "http2-",
    "if-",
    "proxy-",
    "sec-",
    "x-forwarded-",
    "x-http-method",
];

/// Headers for one hop only (RFC 9110, section 7.6.1).
const BETWEEN_HOPS: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The name as the servers see it that hand headers on in variables, CGI and WSGI among them: hyphen and underscore are one.
pub(super) fn canonical(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// Whether the header is for one hop only.
pub(super) fn is_between_hops(name: &HeaderName) -> bool {
    BETWEEN_HOPS.contains(&name.as_str())
}

/// Whether the header has a meaning of its own, also written with underscores.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    let name = canonical(name);
    let name = name.as_str();
    RESERVED.contains(&name)
        || BETWEEN_HOPS.contains(&name)
        || RESERVED_FAMILIES.iter().any(|family| name.starts_with(family))
}
