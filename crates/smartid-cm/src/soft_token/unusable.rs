//! A soft token was asked for, and what came is none.

use smartid_core::{Advice, Incoming, Turn, Unreadable};

use super::DownloadedCookie;
use crate::ids::CertId;

/// Why an answer that does not refuse is no soft token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoftTokenProblem {
    /// There is nothing in it.
    #[error("the body is empty")]
    Empty,
    /// A web page: an error in words for a person, the page that the request should have come from, or the login of a front.
    #[error("it is a web page")]
    WebPage,
    /// A JSON document without a container.
    #[error("it is a document without a container")]
    Document,
    /// A container that is cut off.
    #[error("it is a PKCS #12 container that ends before its length does")]
    Truncated,
    /// A container of more than 1 MiB.
    #[error("it is longer than 1 MiB")]
    TooLarge,
    /// A certificate, PKCS #7, a key, or another file of that kind.
    #[error("it is a certificate or another file that is no PKCS #12 container")]
    OtherFile,
    /// Anything else.
    #[error("it is no PKCS #12 container")]
    NoContainer,
}

/// A soft token was perhaps issued, and what came is none that can be used.
///
/// It is the [`cause`](smartid_core::Unreadable::cause) of an answer of phase [`Unreadable`](smartid_core::Phase::Unreadable). Keys may
/// have been made and certificates issued for them which nobody has; asking again makes more.
#[derive(Clone, Debug, thiserror::Error)]
#[error("a soft token was perhaps issued{}, and what came cannot be used: {problem}", shown(.certid.as_ref()))]
#[non_exhaustive]
pub struct UnusableSoftToken {
    certid: Option<CertId>,
    downloaded: Option<DownloadedCookie>,
    problem: SoftTokenProblem,
}

fn shown(certid: Option<&CertId>) -> String {
    certid.map_or_else(String::new, |certid| format!(" (certid {certid})"))
}

impl UnusableSoftToken {
    pub(super) const fn new(
        certid: Option<CertId>,
        downloaded: Option<DownloadedCookie>,
        problem: SoftTokenProblem,
    ) -> Self {
        Self {
            certid,
            downloaded,
            problem,
        }
    }

    /// The id of the certificate in it, when the answer says it.
    #[must_use]
    pub const fn certid(&self) -> Option<&CertId> {
        self.certid.as_ref()
    }

    /// The cookie for the end user's browser, when it came all the same: the page there waits for it.
    #[must_use]
    pub const fn downloaded(&self) -> Option<&DownloadedCookie> {
        self.downloaded.as_ref()
    }

    /// What is wrong with what came.
    #[must_use]
    pub const fn problem(&self) -> SoftTokenProblem {
        self.problem
    }

    /// `shown` is the answer as an error may show it.
    pub(super) fn into_unreadable(self, shown: &Incoming) -> Unreadable {
        let mut check = match &self.certid {
            Some(certid) => format!(
                "an officer should look at certificate {certid} in Certificate Manager, and revoke it: nobody has its key"
            ),
            None => "an officer should search Certificate Manager for what was issued to this subject at this time, and revoke what nobody has; \
                     do not ask for another before"
                .to_owned(),
        };
        if self.problem == SoftTokenProblem::WebPage {
            check.push_str(
                "; what the page says, and the log of Protocol Gateway, tell why: a handler that is not there, a subject that is refused, or a \
                 front that wants somebody to log in",
            );
        }
        Unreadable::because(shown, self, Advice::new(Turn::Administrator, check))
    }
}
