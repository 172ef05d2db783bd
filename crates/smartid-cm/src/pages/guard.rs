//! What is remembered of the pages before, so that none is taken twice and the way through them ends: one page's ids, and two numbers
//! for pages that lie further back.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::PagesProblem;
use crate::ids::CertId;
use crate::operations::SearchPage;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Guard {
    /// The total, as the last page that told one said it.
    pub(super) hits: Option<u64>,
    /// The ids on the page before.
    before: HashSet<CertId>,
    /// What the page before held, as a number.
    last: Option<u64>,
    /// As `last`, of a page further back: the first, the second, the fourth, and so on, so that any circle is found.
    anchor: Option<u64>,
    /// How many pages there were.
    pages: u64,
    /// The page before brought nothing new.
    stalled: bool,
}

/// What a page holds, as a number.
fn fingerprint(page: &SearchPage) -> u64 {
    let mut hasher = DefaultHasher::new();
    for record in &page.certificates {
        (&record.certid, &record.serial, &record.issuer, &record.subject).hash(&mut hasher);
    }
    hasher.finish()
}

impl Guard {
    /// Whether a page tells another total than the one before.
    pub(super) fn total_changed(&self, hits: Option<u64>) -> bool {
        self.hits.zip(hits).is_some_and(|(before, now)| before != now)
    }

    /// Why this page cannot be gone on with.
    pub(super) fn problem(&self, page: &SearchPage) -> Option<PagesProblem> {
        let offset = page.offset;
        if page.certificates.is_empty() {
            return page
                .hits
                .filter(|hits| offset < *hits)
                .map(|hits| PagesProblem::EmptyPage { offset, hits });
        }
        let again = Some(PagesProblem::PageAgain { offset });
        let print = Some(fingerprint(page));
        let known = |certid: &Option<CertId>| {
            let certid = certid.as_ref();
            certid.is_some_and(|certid| self.before.contains(certid))
        };
        if print == self.last || page.certificates.iter().all(|record| known(&record.certid)) {
            // As many new ones before it would push a whole page on, once.
            let grown = self
                .hits
                .zip(page.hits)
                .map_or(0, |(before, now)| now.saturating_sub(before));
            let received = u64::try_from(page.certificates.len()).unwrap_or(u64::MAX);
            return again.filter(|_| self.stalled || grown < received);
        }
        again.filter(|_| print == self.anchor)
    }

    /// Remembers a page and takes from it what was on the page before, or stands on it twice; how many that were.
    pub(super) fn take(&mut self, page: &mut SearchPage) -> u64 {
        let print = Some(fingerprint(page));
        let received = page.certificates.len();
        let before = std::mem::take(&mut self.before);
        self.before.reserve(received);
        page.certificates.retain(|record| {
            let Some(certid) = &record.certid else {
                return true;
            };
            let is_new = self.before.insert(certid.clone());
            is_new && !before.contains(certid)
        });
        self.hits = page.hits.or(self.hits);
        self.stalled = page.certificates.is_empty();
        self.pages += 1;
        if self.pages.is_power_of_two() {
            self.anchor = print;
        }
        self.last = print;
        u64::try_from(received - page.certificates.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(offset: u64, hits: u64, ids: impl IntoIterator<Item = u64>) -> SearchPage {
        let rows: Vec<String> = ids
            .into_iter()
            .map(|id| format!(r#"{{"certid":"{id}"}}"#))
            .collect();
        SearchPage {
            hits: Some(hits),
            offset,
            certificates: serde_json::from_str(&format!("[{}]", rows.join(","))).unwrap(),
        }
    }

    #[test]
    fn any_circle_of_pages_is_found() {
        for length in 1..20_u64 {
            let mut guard = Guard::default();
            let mut found = None;
            for index in 0..100_u64 {
                let mut page = page(index * 2, 1_000_000, [index % length * 2, index % length * 2 + 1]);
                if guard.problem(&page).is_some() {
                    found = Some(index);
                    break;
                }
                guard.take(&mut page);
            }
            let found = found.unwrap_or_else(|| panic!("a circle of {length} was not found"));
            assert!(
                found >= length && found <= length * 3 + 1,
                "{length}: found at {found}"
            );
        }
    }

    #[test]
    fn a_page_that_was_pushed_on_by_new_certificates_is_no_circle_but_only_once() {
        let mut guard = Guard::default();
        assert_eq!(guard.take(&mut page(0, 10, [1, 2])), 0);
        assert!(
            guard.problem(&page(2, 11, [1, 2])).is_some(),
            "one new one pushes by one"
        );
        let mut pushed = page(2, 12, [1, 2]);
        assert!(guard.problem(&pushed).is_none());
        assert_eq!(guard.take(&mut pushed), 2);
        assert!(guard.problem(&page(4, 14, [1, 2])).is_some());
        assert!(guard.problem(&page(4, 12, [3, 4])).is_none());
    }

    #[test]
    fn pages_without_ids_are_told_by_what_they_hold() {
        let nameless = |text: &str| {
            let mut page = page(0, 100, []);
            page.certificates = serde_json::from_str(text).unwrap();
            page
        };
        let mut guard = Guard::default();
        let mut first = nameless(r#"[{"subject":"a"},{"subject":"a"}]"#);
        assert_eq!(guard.take(&mut first), 0);
        assert_eq!(
            first.certificates.len(),
            2,
            "nobody knows whether they are the same"
        );
        assert!(
            guard
                .problem(&nameless(r#"[{"subject":"a"},{"subject":"a"}]"#))
                .is_some()
        );
        assert!(
            guard
                .problem(&nameless(r#"[{"subject":"a"},{"subject":"b"}]"#))
                .is_none()
        );
    }

    #[test]
    fn one_that_stands_twice_on_a_page_is_taken_once() {
        let mut guard = Guard::default();
        let mut twice = page(0, 3, [1, 2, 1]);
        assert_eq!(guard.take(&mut twice), 1);
        assert_eq!(twice.certificates.len(), 2);
    }
}
