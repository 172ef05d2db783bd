//! All certificates that a search finds, page by page.
//!
//! Protocol Gateway hands out 500 certificates at most in one answer, by default, and a CA has hundreds of thousands. The way through
//! them is the one that public third-party code goes (Keyfactor/nexus-certificate-manager-caplugin): the offset is raised by what came
//! until it reaches the total. Between two answers certificates are issued and removed, so totals change and rows move; and a server
//! may be wrong about its total, or pass over the offset. A list that ends too early must not look complete, and none may go on for
//! ever.

mod guard;
mod records;

use smartid_core::{Advice, Endpoint, Error, Incoming, Outgoing, Repeat, ResponseError, Turn, Unreadable};

use crate::auth::Officer;
use crate::client::CertificateManager;
use crate::dialect::CmDialect;
use crate::operations::{Search, SearchPage};
use crate::record::CertificateRecord;
use crate::refusal::CmRefusal;

use guard::Guard;
pub use records::Records;

/// How many certificates are asked for at once: the server's own cap (seen in public third-party code:
/// Keyfactor/nexus-certificate-manager-caplugin).
const PAGE_SIZE: u32 = 500;

/// Why the pages cannot be gone on with. [`Error::unreadable_answer`] has it as its
/// [`cause`](smartid_core::Unreadable::cause).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PagesProblem {
    /// The page is empty although the total says that there are more. What was listed so far is not all.
    #[error("the page from {offset} on is empty, and there should be {hits} certificates")]
    #[non_exhaustive]
    EmptyPage {
        /// The offset of the page.
        offset: u64,
        /// The total that the page tells.
        hits: u64,
    },
    /// The page is one that came before: the server passes over `searchOffset`, or gives the same certificates again and again.
    #[error("the page from {offset} on is one that came before")]
    #[non_exhaustive]
    PageAgain {
        /// The offset of the page.
        offset: u64,
    },
}

impl PagesProblem {
    fn unreadable(self, incoming: &Incoming) -> Unreadable {
        let check = match self {
            Self::EmptyPage { .. } => {
                "whether the officer may see all that the search counts, and whether certificates were removed meanwhile; then list \
                 again, or ask for smaller pages"
            }
            Self::PageAgain { .. } => {
                "that nothing between here and Protocol Gateway drops the parameter searchOffset; a dialect can give it another name"
            }
        };
        Unreadable::because(incoming, self, Advice::new(Turn::Administrator, check))
    }
}

/// All certificates that a search finds, page by page. Made by [`CertificateManager::pages`].
///
/// It holds one page's ids and no certificates, however many there are. A call that fails, or is dropped, loses nothing: the next one
/// asks for the same page again.
///
/// Certificates that the page before already had are left out and [counted](Self::repeated): when one is issued meanwhile, those behind
/// it move on by one. When one is removed, those behind it move back, and one is missed; that the total changed is
/// [told](Self::shifted), and only listing again at a quieter time is sure to show all.
///
/// ```
/// use smartid_cm::operations::Search;
/// use smartid_cm::CertificateManager;
///
/// async fn list(cm: &CertificateManager) -> Result<(), smartid_core::Error> {
///     let mut pages = cm.pages(Search::new().expired(false));
///     while let Some(page) = pages.next().await? {
///         for certificate in page.certificates {
///             println!("{:?} {:?}", certificate.certid, certificate.subject);
///         }
///     }
///     if pages.shifted() {
///         eprintln!("the list changed while it was read");
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Pages {
    cm: CertificateManager,
    search: Search,
    page_size: u32,
    at_most: Option<u64>,
    next_offset: u64,
    given: u64,
    shifted: bool,
    repeated: u64,
    guard: Guard,
    is_over: bool,
}

impl Pages {
    pub(crate) fn new(cm: CertificateManager, search: Search) -> Self {
        Self {
            page_size: search.limit.unwrap_or(PAGE_SIZE).max(1),
            next_offset: search.offset.unwrap_or(0),
            cm,
            search,
            at_most: None,
            given: 0,
            shifted: false,
            repeated: 0,
            guard: Guard::default(),
            is_over: false,
        }
    }

    /// Asks for so many certificates at once: 500 by default, or the limit of the search. A server that gives fewer is gone along with.
    #[must_use]
    pub fn page_size(mut self, certificates: u32) -> Self {
        self.page_size = certificates.max(1);
        self
    }

    /// Ends after so many certificates.
    #[must_use]
    pub fn at_most(mut self, certificates: u64) -> Self {
        self.at_most = Some(certificates);
        self
    }

    /// The next page, without certificates that the page before already had; `None` after the last one. A page is never empty.
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`CmRefusal`], and [`PagesProblem`] is the cause of an unreadable answer. The next call asks for the same
    /// page again.
    pub async fn next(&mut self) -> Result<Option<SearchPage>, Error> {
        while !self.is_over {
            let Some(limit) = self.next_limit() else {
                self.is_over = true;
                break;
            };
            let call = NextPage {
                search: self.search.clone().limit(limit).offset(self.next_offset),
                guard: &self.guard,
            };
            let page = self.cm.call(&call).await?;
            if let Some(page) = self.take(page) {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// How many to ask for; `None` when there have been enough.
    fn next_limit(&self) -> Option<u32> {
        let left = match self.at_most {
            None => return Some(self.page_size),
            Some(at_most) => at_most.checked_sub(self.given).filter(|left| *left > 0)?,
        };
        Some(u32::try_from(left).map_or(self.page_size, |left| left.min(self.page_size)))
    }

    /// Goes on behind a page that was read; what is new on it.
    fn take(&mut self, mut page: SearchPage) -> Option<SearchPage> {
        let received = u64::try_from(page.certificates.len()).unwrap_or(u64::MAX);
        self.shifted |= self.guard.total_changed(page.hits);
        let repeated = self.guard.take(&mut page);
        self.repeated = self.repeated.saturating_add(repeated);
        self.shifted |= repeated > 0;
        self.next_offset = self.next_offset.saturating_add(received);
        self.is_over = received == 0 || self.guard.hits.is_some_and(|hits| self.next_offset >= hits);
        if let Some(at_most) = self.at_most {
            let left = usize::try_from(at_most.saturating_sub(self.given)).unwrap_or(usize::MAX);
            page.certificates.truncate(left);
        }
        self.given += u64::try_from(page.certificates.len()).unwrap_or(u64::MAX);
        (!page.certificates.is_empty()).then_some(page)
    }

    /// How many there are in all, as the last page told; `None` before the first page, or when the server does not tell.
    #[must_use]
    pub fn hits(&self) -> Option<u64> {
        self.guard.hits
    }

    /// How many certificates have been given.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Whether the list changed while it was read: the total did, or certificates came twice. Then some may have been missed.
    #[must_use]
    pub fn shifted(&self) -> bool {
        self.shifted
    }

    /// How many certificates were left out because they had been given before.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether nothing comes any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// All certificates, but at most so many, in one list.
    ///
    /// # Errors
    /// As [`next`](Self::next). What was read until then is lost; where that matters, take page by page.
    pub async fn collect_up_to(self, certificates: usize) -> Result<Collected, Error> {
        // The option may already be smaller.
        let at_most = u64::try_from(certificates).unwrap_or(u64::MAX);
        let at_most = self.at_most.map_or(at_most, |before| before.min(at_most));
        let mut pages = self.at_most(at_most);
        let mut collected = Vec::new();
        while let Some(page) = pages.next().await? {
            collected.extend(page.certificates);
        }
        Ok(Collected {
            is_complete: pages.guard.hits.is_some_and(|hits| pages.next_offset >= hits) && !pages.cut(),
            hits: pages.hits(),
            shifted: pages.shifted,
            certificates: collected,
        })
    }

    /// Whether there were more on the last page than were given.
    fn cut(&self) -> bool {
        let begin = self.search.offset.unwrap_or(0);
        self.given.saturating_add(self.repeated) < self.next_offset.saturating_sub(begin)
    }

    /// The certificates one by one. With the feature `stream` it is a `futures_core::Stream`.
    #[must_use]
    pub fn into_stream(self) -> Records {
        Records::new(self)
    }
}

/// What [`Pages::collect_up_to`] collected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Collected {
    /// The certificates.
    pub certificates: Vec<CertificateRecord>,
    /// How many there are in all, when the server tells.
    pub hits: Option<u64>,
    /// Whether these are all, by the server's total.
    pub is_complete: bool,
    /// Whether the list changed while it was read.
    pub shifted: bool,
}

/// A page of the search, read with what is known of those before.
struct NextPage<'a> {
    search: Search,
    guard: &'a Guard,
}

impl Endpoint for NextPage<'_> {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = SearchPage;
    type Error = CmRefusal;

    const NAME: &'static str = Search::NAME;
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, smartid_core::BuildError> {
        self.search.request(dialect)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<SearchPage, ResponseError<CmRefusal>> {
        let page = self.search.response(dialect, incoming.clone())?;
        match self.guard.problem(&page) {
            Some(problem) => Err(problem.unreadable(&incoming).into()),
            None => Ok(page),
        }
    }
}
