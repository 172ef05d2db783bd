//! Soft tokens as they come out of an answer, whichever of the three ways they were asked for.
//!
//! The REST API, [`ast`](crate::ast) and [`eui`](crate::eui)
//! answer with a PKCS #12 container (vendor page: AST support in Certificate Manager, documented). Under which media type, with which
//! file name and with what instead of it is not published, so the octets decide: a page with status 200 is an error, a container without
//! a label is a container. It is handed over as it came, closed; opening it is [`smartid_trust`]'s, with the feature `pkcs12`.

mod container;
mod cookie;
mod disposition;
mod file_name;
mod unusable;

use smartid_core::json::{self, Pointer};
use smartid_core::{BuildError, Content, Incoming, ResponseError, SecretString};
use smartid_trust::SoftToken;

use crate::answer;
use crate::certificates;
use crate::dialect::CmDialect;
use crate::hide;
use crate::ids::CertId;
use crate::refusal::CmRefusal;

pub use cookie::DownloadedCookie;
pub use file_name::{FileName, FileNameError};
pub use unusable::{SoftTokenProblem, UnusableSoftToken};

/// The member of a JSON answer that has the container as base64, should one come; a dialect can move another member there.
const MEMBER: &str = "pkcs12";

/// A soft token that was issued: keys that the service has made, and their certificates.
///
/// The container and the password that was sent for it are two secrets. Whoever has both has the keys, so they are meant to reach their
/// owner by two ways; this type holds the container alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedSoftToken {
    /// The container as it came.
    pub token: SoftToken,
    /// The id of the certificate in it, by which it is revoked. Only the REST API is known to say one, in the header of issuing
    /// (inferred); none where it says several.
    pub certid: Option<CertId>,
    /// The name that the service proposes for the file, if it proposes one that is safe (unknown whether it does).
    pub file_name: Option<FileName>,
    /// The cookie for the end user's browser (AST).
    pub downloaded: Option<DownloadedCookie>,
}

/// Whether a password can be asked for: not none, because then whoever gets the container has the keys, and without NUL, which ends a
/// text in some programs and is a character in others.
pub(crate) fn check_password(password: &SecretString) -> Result<(), BuildError> {
    let problem = match password.expose() {
        "" => "the password of a soft token must not be empty",
        password if password.contains('\0') => "the password of a soft token must not contain NUL",
        _ => return Ok(()),
    };
    Err(BuildError::Invalid(problem.to_owned()))
}

/// Reads the answer to a request for a soft token; `password` is what was sent, which no error repeats.
pub(crate) fn read(
    dialect: &CmDialect,
    incoming: Incoming,
    password: &SecretString,
) -> Result<IssuedSoftToken, ResponseError<CmRefusal>> {
    read_or_find(dialect, incoming, password, |_| None)
}

/// The container in a text: base64 or PEM.
pub(crate) fn in_text(text: &str) -> Option<SoftToken> {
    container::text(text.as_bytes()).ok()
}

/// As [`read`]; `find` looks for the container in a body that is a page or something else.
pub(crate) fn read_or_find(
    dialect: &CmDialect,
    incoming: Incoming,
    password: &SecretString,
    find: impl FnOnce(&[u8]) -> Option<SoftToken>,
) -> Result<IssuedSoftToken, ResponseError<CmRefusal>> {
    let success = incoming.status().is_success();
    let found = match container::read(incoming.body()) {
        Ok(token) if success => Ok(token),
        found => {
            let shown = hide::in_answer(&incoming, password);
            let found = match incoming.content() {
                Content::Json => in_document(dialect, &incoming, password)?,
                _ if !success => return Err(ResponseError::Refused(CmRefusal::of_status(&shown))),
                Content::Empty => Err(SoftTokenProblem::Empty),
                Content::Html => find(incoming.body()).ok_or(SoftTokenProblem::WebPage),
                _ => found.or_else(|problem| find(incoming.body()).ok_or(problem)),
            };
            found.map_err(|problem| (problem, shown))
        }
    };
    let certid = certificates::certid(dialect, &incoming);
    let downloaded = DownloadedCookie::of(incoming.headers());
    match found {
        Ok(token) => Ok(IssuedSoftToken {
            token,
            certid,
            file_name: disposition::file_name(incoming.headers()),
            downloaded,
        }),
        Err((problem, shown)) => {
            let unusable = UnusableSoftToken::new(certid, downloaded, problem);
            Err(unusable.into_unreadable(&shown).into())
        }
    }
}

/// An envelope that refuses is a refusal; one that does not may have the container.
fn in_document(
    dialect: &CmDialect,
    incoming: &Incoming,
    password: &SecretString,
) -> Result<Result<SoftToken, SoftTokenProblem>, ResponseError<CmRefusal>> {
    match answer::document(dialect, incoming.clone()) {
        Ok(document) => {
            let text = std::str::from_utf8(document.body()).unwrap_or_default();
            let member = json::find(text, &Pointer::of([MEMBER]));
            let member = member.and_then(|member| serde_json::from_str::<String>(member).ok());
            Ok(match member {
                Some(member) => container::text(member.as_bytes()),
                None => Err(SoftTokenProblem::Document),
            })
        }
        Err(ResponseError::Refused(refusal)) => Err(ResponseError::Refused(refusal.hiding(password))),
        // Not JSON, or an envelope that contradicts its status.
        Err(ResponseError::Unreadable(_)) => Ok(Err(SoftTokenProblem::Document)),
    }
}
