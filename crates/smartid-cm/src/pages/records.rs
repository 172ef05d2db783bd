//! The certificates of all pages, one by one.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use smartid_core::{BoxFuture, Error};

use super::Pages;
use crate::operations::SearchPage;
use crate::record::CertificateRecord;

type Asked = (Box<Pages>, Result<Option<SearchPage>, Error>);

enum Progress {
    Idle(Box<Pages>),
    Asking(BoxFuture<'static, Asked>),
    Over,
}

/// The certificates that a search finds, one by one. Made by [`Pages::into_stream`].
///
/// With the feature `stream` it is a `futures_core::Stream`. It does nothing while it is not polled. An error is the last item; to go on
/// after one, take [`Pages`] page by page.
///
/// ```
/// use smartid_cm::operations::Search;
/// use smartid_cm::CertificateManager;
///
/// async fn subjects(cm: &CertificateManager) -> Result<Vec<String>, smartid_core::Error> {
///     let mut records = cm.pages(Search::new().expired(false)).at_most(10_000).into_stream();
///     let mut subjects = Vec::new();
///     while let Some(record) = records.next().await {
///         subjects.extend(record?.subject);
///     }
///     Ok(subjects)
/// }
/// ```
pub struct Records {
    rows: std::vec::IntoIter<CertificateRecord>,
    progress: Progress,
}

impl Records {
    pub(super) fn new(pages: Pages) -> Self {
        Self {
            rows: Vec::new().into_iter(),
            progress: Progress::Idle(Box::new(pages)),
        }
    }

    /// The next certificate; `None` after the last one, or after an error. A call that is dropped loses nothing.
    ///
    /// # Errors
    /// As [`Pages::next`]; it is the last item.
    pub async fn next(&mut self) -> Option<Result<CertificateRecord, Error>> {
        poll_fn(|context| self.poll_record(context)).await
    }

    fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<CertificateRecord, Error>>> {
        loop {
            if let Some(record) = self.rows.next() {
                return Poll::Ready(Some(Ok(record)));
            }
            let mut asking = match std::mem::replace(&mut self.progress, Progress::Over) {
                Progress::Over => return Poll::Ready(None),
                Progress::Asking(asking) => asking,
                Progress::Idle(mut pages) => Box::pin(async move {
                    let page = pages.next().await;
                    (pages, page)
                }),
            };
            match asking.as_mut().poll(context) {
                Poll::Pending => {
                    self.progress = Progress::Asking(asking);
                    return Poll::Pending;
                }
                Poll::Ready((_, Ok(None))) => return Poll::Ready(None),
                Poll::Ready((_, Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready((pages, Ok(Some(page)))) => {
                    self.rows = page.certificates.into_iter();
                    self.progress = Progress::Idle(pages);
                }
            }
        }
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for Records {
    type Item = Result<CertificateRecord, Error>;

    fn poll_next(self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_record(context)
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, progress } = self;
        let progress = match progress {
            Progress::Idle(_) => "idle",
            Progress::Asking(_) => "asking",
            Progress::Over => "over",
        };
        f.debug_struct("Records")
            .field("rows", &rows.len())
            .field("progress", &progress)
            .finish()
    }
}
