//! What the address of a push says: template and process in the path, the tenant in the query.
//!
//! These texts come from a URL that somebody wrote by hand, and end in the hands of an application, in its database and its log. So each
//! is decoded once and strictly, and what could be read as another path, or break a line of a log, is no name.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use smartid_core::Head;

use crate::dialect::PushDialect;
use crate::ids::{CoreTemplate, ProcessDefinitionId, TenantId};

use super::PushRefusal;

/// The longest name, in bytes.
const MAX_NAME: usize = 256;
/// The longest query, in bytes.
const MAX_QUERY: usize = 4096;

/// What the address says.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) template: CoreTemplate,
    pub(super) process: Option<ProcessDefinitionId>,
    pub(super) tenant: Option<TenantId>,
}

impl Place {
    pub(super) fn read(head: &Head, dialect: &PushDialect) -> Result<Self, PushRefusal> {
        let (template, process) = names(&head.path, &dialect.path).ok_or(PushRefusal::UnknownPath)?;
        let template = name(template).and_then(|name| CoreTemplate::new(name).ok());
        let process = match process {
            Some(process) => {
                let process = name(process).and_then(|name| ProcessDefinitionId::new(name).ok());
                Some(process.ok_or(PushRefusal::UnknownPath)?)
            }
            None => None,
        };
        Ok(Self {
            template: template.ok_or(PushRefusal::UnknownPath)?,
            process,
            tenant: tenant(&head.query, &dialect.tenant)?,
        })
    }
}

/// The one or two segments behind `below`, still encoded. What stands before `below` is where the receiver is mounted.
fn names<'p>(path: &'p str, below: &str) -> Option<(&'p str, Option<&'p str>)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let ends_there = |path: &str| {
        path.strip_suffix(below)
            .is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let (rest, last) = path.rsplit_once('/')?;
    if ends_there(rest) {
        return Some((last, None));
    }
    let (rest, first) = rest.rsplit_once('/')?;
    ends_there(rest).then_some((first, Some(last)))
}

/// A segment, decoded.
fn name(segment: &str) -> Option<String> {
    let text = decoded(segment.as_bytes()).filter(|text| text.len() <= MAX_NAME)?;
    let is_name = !matches!(&*text, "." | "..") && !text.contains(['/', '\\']);
    is_name.then_some(text)
}

/// Percent-decoded once; each `%` must stand before two hexadecimal digits, and what comes out must be UTF-8.
fn decoded(text: &[u8]) -> Option<String> {
    let is_encoded = |rest: &[u8]| {
        rest.get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split(|byte| *byte == b'%').skip(1).all(is_encoded) {
        return None;
    }
    percent_decode(text).decode_utf8().ok().map(Cow::into_owned)
}

/// The tenant, where there is one. An empty one is none.
fn tenant(query: &str, parameter: &str) -> Result<Option<TenantId>, PushRefusal> {
    let refused = |what| Err(PushRefusal::Query(what));
    if query.len() > MAX_QUERY {
        return refused("the query is longer than 4 KiB");
    }
    // As a servlet reads a query: `+` is a space.
    let decode = |text: &str| decoded(text.replace('+', " ").as_bytes());
    let mut tenant = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decode(name).as_deref() != Some(parameter) {
            continue;
        }
        if tenant.is_some() {
            return refused("the tenant stands there more than once");
        }
        match decode(value) {
            Some(value) if value.len() <= MAX_NAME => tenant = Some(value),
            _ => return refused("the tenant is not UTF-8, not percent-encoded, or too long"),
        }
    }
    match tenant.filter(|tenant| !tenant.is_empty()).map(TenantId::new) {
        None => Ok(None),
        Some(Ok(tenant)) => Ok(Some(tenant)),
        Some(Err(_)) => refused("the tenant is blank or has a control character"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use proptest::prelude::*;

    use super::*;

    fn read(path: &str, query: &str) -> Result<Place, PushRefusal> {
        let head = Head::new(Method::POST, path, HeaderMap::new()).with_query(query);
        Place::read(&head, &PushDialect::default())
    }

    #[test]
    fn the_receiver_may_be_mounted_below_any_path() {
        for mount in [
            "",
            "/",
            "/idm",
            "/idm/",
            "/ws/certificate",
            "/ws/certificate/register",
        ] {
            let path = format!("{mount}/ws/certificate/register/T/P");
            let place = read(&path, "").unwrap();
            assert_eq!(
                (place.template.as_str(), place.process.unwrap().as_str()),
                ("T", "P")
            );
        }
        for path in [
            "",
            "/",
            "/T",
            "/register/T",
            "/xws/certificate/register/T",
            "/ws/certificate/register",
            "/ws/certificate/register/",
            "/ws/certificate/register//",
            "/ws/certificate/register/T//",
            "/ws/certificate/register//T",
            "/ws/certificate/register/T/P/x",
            "/ws/certificate/Register/T",
            "/ws/certificate/register%2FT",
        ] {
            assert_eq!(read(path, ""), Err(PushRefusal::UnknownPath), "{path}");
        }
    }

    #[test]
    fn no_name_is_a_path_or_breaks_a_line() {
        for segment in [
            ".",
            "..",
            "%2e",
            "%2E%2e",
            "a%2Fb",
            "a%5Cb",
            "a\\b",
            "%00",
            "a%0Ab",
            "%7F",
            "%C2%85",
            "%zz",
            "%",
            "%4",
            "%FF",
            "%20",
            "+%",
            &"a".repeat(257),
        ] {
            let as_template = read(&format!("/ws/certificate/register/{segment}"), "");
            assert_eq!(as_template, Err(PushRefusal::UnknownPath), "{segment}");
            let as_process = read(&format!("/ws/certificate/register/T/{segment}"), "");
            assert_eq!(as_process, Err(PushRefusal::UnknownPath), "{segment}");
        }
        let longest = "a".repeat(256);
        let place = read(&format!("/ws/certificate/register/{longest}"), "").unwrap();
        assert_eq!(place.template.as_str(), longest);
        // Decoded once.
        let place = read("/ws/certificate/register/%252e%252E", "").unwrap();
        assert_eq!(place.template.as_str(), "%2e%2E");
    }

    #[test]
    fn a_tenant_is_one_readable_text_or_none() {
        let tenant = |query: &str| {
            read("/ws/certificate/register/T", query)
                .map(|place| place.tenant.map(|tenant| tenant.to_string()))
        };
        assert_eq!(tenant("tenantId=a+b%2B"), Ok(Some("a b+".to_owned())));
        assert_eq!(tenant("x=1&&tenant%49d=a&y"), Ok(Some("a".to_owned())));
        assert_eq!(tenant("tenantId"), Ok(None));
        assert_eq!(tenant("tenantid=a"), Ok(None));
        assert_eq!(tenant("x=%zz&%zz=1"), Ok(None));
        for query in [
            "tenantId=a&tenantId=a",
            "tenantId=&tenantId=a",
            "tenantId=%",
            "tenantId=%FF",
            "tenantId=%0A",
            "tenantId=+",
            &format!("tenantId={}", "a".repeat(257)),
            &format!("tenantId=a&{}", "x".repeat(4096)),
        ] {
            assert!(matches!(tenant(query), Err(PushRefusal::Query(_))), "{query}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_refused_or_has_clean_names(path in "[/%.a-zA-Z0-9\\\\ \\x00-\\x1f]{0,60}", query in ".{0,60}") {
            if let Ok(place) = read(&format!("/ws/certificate/register/{path}"), &query) {
                let names = [Some(place.template.to_string()), place.process.map(|name| name.to_string())];
                for name in names.into_iter().flatten() {
                    prop_assert!(!name.chars().any(|c| c.is_control() || c == '/' || c == '\\'));
                    prop_assert!(!matches!(&*name, "" | "." | ".."));
                }
            }
        }
    }
}
