//! How we know the default of each setting.

use smartid_core::{Evidence, Tag};

const FIDO: &str = "vendor page: Fido credential provisioning with Digital Access";
const STATUS: &str = "the meaning that HTTP gives to the status; vendor page: Fido credential provisioning with Digital Access names none";
const CODES: &str =
    "no code is published, so none is listed; vendor page: Fido credential provisioning with Digital Access";
const SELECTOR: &str = "the call is made \"for a given user\" and no name is published; vendor page: Fido credential provisioning with Digital Access";
const LIBRARY: &str = "the documented algorithm list is the default of a public WebAuthn server library, whose JSON form and strictness are taken as the \
     best guess; vendor page: Set up FIDO2 authentication";
const LOGIN: &str = "an access point answers a caller without a session with its login page; vendor page: Set up FIDO2 authentication (resource api)";

/// One row for each setting of [`DaDialect`](super::DaDialect).
pub const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "user.position",
        Tag::Inferred,
        SELECTOR,
        "part of the request that names the user: query, path, header, body or none",
    ),
    Evidence::new(
        "user.name",
        Tag::Inferred,
        SELECTOR,
        "name of the query parameter, of the header, or of the body's member",
    ),
    Evidence::new(
        "options.verb",
        Tag::Documented,
        FIDO,
        "verb of the call for creation options",
    ),
    Evidence::new(
        "options.path",
        Tag::Documented,
        FIDO,
        "path of the call for creation options, below the base URL; {user} is the user id",
    ),
    Evidence::new(
        "options.accept",
        Tag::Inferred,
        LIBRARY,
        "content type that the call for creation options asks for",
    ),
    Evidence::new(
        "options.success",
        Tag::Inferred,
        STATUS,
        "statuses that mean that options were issued",
    ),
    Evidence::new(
        "options.response",
        Tag::Inferred,
        LIBRARY,
        "changes of the answer before it is read; bare options and a publicKey wrapper need none",
    ),
    Evidence::new(
        "options.base64",
        Tag::Inferred,
        LIBRARY,
        "strict: challenge and user.id are base64url without padding; lenient: any base64, with a lint",
    ),
    Evidence::new(
        "options.user_position",
        Tag::Inferred,
        SELECTOR,
        "in place of user.position, for this call only",
    ),
    Evidence::new(
        "options.user_name",
        Tag::Inferred,
        SELECTOR,
        "in place of user.name, for this call only",
    ),
    Evidence::new(
        "credentials.verb",
        Tag::Documented,
        FIDO,
        "verb of the call that stores a credential",
    ),
    Evidence::new(
        "credentials.path",
        Tag::Documented,
        FIDO,
        "path of the call that stores a credential, below the base URL; {user} is the user id",
    ),
    Evidence::new(
        "credentials.content_type",
        Tag::Inferred,
        LIBRARY,
        "content type of the body",
    ),
    Evidence::new(
        "credentials.success",
        Tag::Inferred,
        STATUS,
        "statuses that mean that the credential is stored",
    ),
    Evidence::new(
        "credentials.credential",
        Tag::Inferred,
        FIDO,
        "JSON pointer to the registration in the body; empty for the whole body",
    ),
    Evidence::new(
        "credentials.body",
        Tag::Inferred,
        LIBRARY,
        "strict: only the members that a strict server takes; as_received: the text as it came from the app",
    ),
    Evidence::new(
        "credentials.request",
        Tag::Inferred,
        LIBRARY,
        "changes of the body before it is sent",
    ),
    Evidence::new(
        "credentials.user_position",
        Tag::Inferred,
        SELECTOR,
        "in place of user.position, for this call only",
    ),
    Evidence::new(
        "credentials.user_name",
        Tag::Inferred,
        SELECTOR,
        "in place of user.name, for this call only",
    ),
    Evidence::new(
        "errors.code",
        Tag::Unknown,
        FIDO,
        "JSON pointers to the code of an error body; the first that is there",
    ),
    Evidence::new(
        "errors.message",
        Tag::Unknown,
        FIDO,
        "JSON pointers to the text of an error body; the first that is there",
    ),
    Evidence::new(
        "errors.html_is_login",
        Tag::Inferred,
        LOGIN,
        "whether a web page with a success status means not authenticated",
    ),
    Evidence::new(
        "errors.not_authenticated.status",
        Tag::Inferred,
        LOGIN,
        "statuses that mean not authenticated; redirects are never followed",
    ),
    Evidence::new(
        "errors.not_authenticated.codes",
        Tag::Unknown,
        CODES,
        "codes that mean not authenticated",
    ),
    Evidence::new(
        "errors.forbidden.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean that the caller has no right",
    ),
    Evidence::new(
        "errors.forbidden.codes",
        Tag::Unknown,
        CODES,
        "codes that mean that the caller has no right",
    ),
    Evidence::new(
        "errors.user_not_found.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean that there is no such user",
    ),
    Evidence::new(
        "errors.user_not_found.codes",
        Tag::Unknown,
        CODES,
        "codes that mean that there is no such user",
    ),
    Evidence::new(
        "errors.duplicate.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean that the credential is registered already",
    ),
    Evidence::new(
        "errors.duplicate.codes",
        Tag::Unknown,
        CODES,
        "codes that mean that the credential is registered already",
    ),
    Evidence::new(
        "errors.expired.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean that the challenge is unknown, used or expired",
    ),
    Evidence::new(
        "errors.expired.codes",
        Tag::Unknown,
        CODES,
        "codes that mean that the challenge is unknown, used or expired",
    ),
    Evidence::new(
        "errors.not_configured.status",
        Tag::Unknown,
        FIDO,
        "statuses that mean that FIDO is not configured for the user",
    ),
    Evidence::new(
        "errors.not_configured.codes",
        Tag::Unknown,
        CODES,
        "codes that mean that FIDO is not configured for the user",
    ),
    Evidence::new(
        "errors.rejected.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean that the request or the credential was not accepted",
    ),
    Evidence::new(
        "errors.rejected.codes",
        Tag::Unknown,
        CODES,
        "codes that mean that the request or the credential was not accepted",
    ),
    Evidence::new(
        "errors.rate_limited.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean too many calls",
    ),
    Evidence::new(
        "errors.rate_limited.codes",
        Tag::Unknown,
        CODES,
        "codes that mean too many calls",
    ),
    Evidence::new(
        "errors.unavailable.status",
        Tag::Inferred,
        STATUS,
        "statuses that mean not available for now",
    ),
    Evidence::new(
        "errors.unavailable.codes",
        Tag::Unknown,
        CODES,
        "codes that mean not available for now",
    ),
    Evidence::new(
        "preflight.origin",
        Tag::Inferred,
        LIBRARY,
        "rp_id: the origin is exactly https://<rp.id>; listed: one of preflight.origins; report: any",
    ),
    Evidence::new(
        "preflight.origins",
        Tag::Inferred,
        LIBRARY,
        "origins that are right where preflight.origin is listed; compared exactly",
    ),
    Evidence::new(
        "preflight.base64",
        Tag::Inferred,
        LIBRARY,
        "strict: a registration's binary members are base64url without padding; lenient: any base64, with a lint",
    ),
    Evidence::new(
        "preflight.attestation",
        Tag::Inferred,
        LIBRARY,
        "known: a wrong statement of format none, packed or fido-u2f is refused, others are reported; report: none is refused; strict: any \
         format, and what cannot be checked is refused too",
    ),
];
