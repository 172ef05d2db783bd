//! EUI answered with a page, and there is no certificate on it.

use std::fmt;

use smartid_core::{Advice, Incoming, Turn, Unreadable};

use super::{MAX_PAGE, page};

/// Why an answer that does not refuse has no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCertificateProblem {
    /// There is nothing in it.
    #[error("the body is empty")]
    Empty,
    /// The page has no element whose name or id begins with `response`, or none with anything in it.
    #[error("the page has no element for the answer, or an empty one")]
    NoElement,
    /// What is in the element is no certificate: not base64, cut off, or something else.
    #[error("what is in the page's element for the answer is no certificate, or not a whole one")]
    NotACertificate,
    /// More than 128 certificates.
    #[error("the page has more than 128 certificates")]
    TooMany,
    /// A page of more than 4 MiB.
    #[error("the page is longer than 4 MiB")]
    TooLarge,
    /// A JSON document, which EUI is not known to answer.
    #[error("it is a document where a page was expected")]
    Document,
}

/// A certificate was asked for, and what came has none. Whether one was issued is not known.
///
/// It is the [`cause`](smartid_core::Unreadable::cause) of an answer of phase [`Unreadable`](smartid_core::Phase::Unreadable). The key
/// is known, so [`find_issued`](crate::CertificateManager::find_issued) finds what was issued.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("no certificate came, and one was perhaps issued: {problem}")]
#[non_exhaustive]
pub struct NoCertificate {
    problem: NoCertificateProblem,
    text: Box<str>,
}

/// How many characters of a page are kept.
const KEPT: usize = 1000;

impl NoCertificate {
    pub(super) fn in_answer(incoming: &Incoming, problem: NoCertificateProblem) -> Unreadable {
        let head = incoming.body().get(..incoming.body().len().min(MAX_PAGE / 64));
        let head = String::from_utf8_lossy(head.unwrap_or_default());
        let text = page::text(&head, KEPT).into();
        let check = "what the page says (danger_page_text), and the log of Protocol Gateway: a handler that does not take PKCS #10, a request that \
                     is refused, or a front that wants somebody to log in; look for a certificate with the key of the request before asking again, \
                     and if the page has one under another name, a dialect can say so (eui.element)";
        Unreadable::because(
            incoming,
            Self { problem, text },
            Advice::new(Turn::Administrator, check),
        )
    }

    /// What is wrong with what came.
    #[must_use]
    pub const fn problem(&self) -> NoCertificateProblem {
        self.problem
    }

    /// Up to 1000 characters of what a person would read on the page. It may name persons or repeat what was sent: for a person who
    /// investigates, not for a log.
    #[must_use]
    pub const fn danger_page_text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for NoCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, text } = self;
        f.debug_struct("NoCertificate")
            .field("problem", problem)
            .field("text_bytes", &text.len())
            .finish()
    }
}
