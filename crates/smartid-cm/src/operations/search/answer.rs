//! One page of what was found.

use smartid_core::{Incoming, ResponseError};

use crate::answer;
use crate::dialect::CmDialect;
use crate::record::CertificateRecord;
use crate::refusal::CmRefusal;
use crate::rows::{self, Total};

/// One page of what was found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SearchPage {
    /// How many there are in all, on this page and the others. `None` when the answer does not tell.
    pub hits: Option<u64>,
    /// How many were passed over before this page.
    pub offset: u64,
    /// Those on this page, in the order of the answer.
    pub certificates: Vec<CertificateRecord>,
}

impl SearchPage {
    pub(crate) fn read(
        dialect: &CmDialect,
        offset: u64,
        incoming: Incoming,
    ) -> Result<Self, ResponseError<CmRefusal>> {
        let incoming = dialect.search.response.apply_to_response(incoming);
        let incoming = answer::document(dialect, incoming)?;
        let (Total(hits), certificates) = rows::with_total(&incoming, "certificates")?;
        Ok(Self {
            hits,
            offset,
            certificates,
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn read(body: &str) -> Result<SearchPage, ResponseError<CmRefusal>> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        SearchPage::read(
            &CmDialect::default(),
            0,
            Incoming::new(StatusCode::OK, HeaderMap::new(), body),
        )
    }

    #[test]
    fn a_page_without_certificates_is_one_only_when_there_are_none() {
        for empty in [
            r#"{"error":0,"searchHits":0,"certificates":[]}"#,
            r#"{"error":0,"searchHits":0,"certificates":null}"#,
            r#"{"error":0,"searchHits":0}"#,
            r#"{"error":0,"searchHits":"0"}"#,
        ] {
            let page = read(empty).unwrap();
            assert_eq!((page.hits, page.certificates.len()), (Some(0), 0), "{empty}");
        }
        assert_eq!(read("[]").unwrap().hits, None);
        for bad in [
            r#"{"error":0}"#,
            r#"{"error":0,"searchHits":3}"#,
            r#"{"error":0,"searchHits":-1,"certificates":[]}"#,
            r#"{"error":0,"searchHits":[],"certificates":[]}"#,
            r#"{"error":0,"searchHits":0,"certificates":{}}"#,
            r#"{"error":0,"searchHits":0,"certificates":"none"}"#,
            r#"{"error":0,"searchHits":1,"certificates":[7]}"#,
            "7",
        ] {
            assert!(matches!(read(bad), Err(ResponseError::Unreadable(_))), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let path = |body: &str| match read(body) {
            Err(ResponseError::Unreadable(unreadable)) => unreadable.path().map(str::to_owned),
            other => panic!("{other:?}"),
        };
        let body = r#"{"error":0,"searchHits":2,"certificates":[{"certid":"1"},[]]}"#;
        assert_eq!(path(body).as_deref(), Some("certificates[1]"));
        let body = r#"{"error":0,"searchHits":"many","certificates":[]}"#;
        assert_eq!(path(body).as_deref(), Some("searchHits"));
    }

    #[test]
    fn ten_thousand_rows_are_one_page() {
        let mut body = String::from(r#"{"error":0,"searchHits":10000,"certificates":["#);
        for index in 0..10_000 {
            if index > 0 {
                body.push(',');
            }
            body.push_str(&format!(
                r#"{{"certid":"{index}","status":"active","subject":"CN=試験端末 {index}"}}"#
            ));
        }
        body.push_str("]}");
        let page = read(&body).unwrap();
        assert_eq!(page.certificates.len(), 10_000);
        let last = page.certificates.last().unwrap();
        assert_eq!(last.subject.as_deref(), Some("CN=試験端末 9999"));
    }
}
