//! Finds the JWS that a device answered with in a report.
//!
//! Its place is inferred, so what is found elsewhere counts only when the whole report has exactly one JWS, and then with a lint that
//! names the place. Nothing is verified here.

use smartid_core::Lint;
use smartid_core::json::Pointer;
use smartid_trust::Unverified;
use smartid_trust::jws::Jws;

use crate::read::{Document, text};
use crate::report::CommandReport;
use crate::search::search;

/// A JWS, taken apart and not believed.
pub(super) struct Found {
    pub(super) compact: String,
    pub(super) jws: Unverified<Jws>,
    pub(super) lints: Vec<Lint>,
}

/// The JWS at `place`, or the only one in the report; or why there is none. `setting` is the name of `place` in the dialect.
pub(super) fn find(
    report: &CommandReport,
    place: &Pointer,
    elsewhere: bool,
    setting: &str,
) -> Result<Found, String> {
    let problem = match report.at(place).as_deref().map(read) {
        Some(Ok(found)) => return Ok(found),
        Some(Err(problem)) => format!("what stands at {place} {problem}"),
        None => format!("there is nothing at {place}"),
    };
    if !elsewhere {
        return Err(problem);
    }
    let whole = std::str::from_utf8(report.edited()).unwrap_or_default().trim();
    let mut all = search(whole, |raw| read(raw).ok()).into_iter();
    match (all.next(), all.next()) {
        (Some((at, mut found)), None) => {
            found.lints.push(Lint::new(
                at,
                format!("the signed answer stands here and not at {place}; set {setting} to this place"),
            ));
            Ok(found)
        }
        (Some(_), Some(_)) => Err(format!("{problem}, and elsewhere there is more than one JWS")),
        (None, _) => Err(format!("{problem}, and nowhere else is a JWS")),
    }
}

/// A compact JWS, or the flattened form (RFC 7515 7.2.2), whose header that is not signed is passed over.
fn read(raw: &str) -> Result<Found, &'static str> {
    let (compact, lints) = if raw.starts_with('"') {
        (text(raw).unwrap_or_default().trim().to_owned(), Vec::new())
    } else {
        let document = Document::open(raw.as_bytes()).ok_or("is neither a text nor an object")?;
        let part = |name| document.member(name).and_then(text);
        let (Some(header), Some(payload), Some(signature)) =
            (part("protected"), part("payload"), part("signature"))
        else {
            return Err("is an object, but not a JWS in its flattened form");
        };
        let lint = Lint::new(
            "jws",
            "the signed answer is a JWS in its flattened JSON form, not a compact one",
        );
        (format!("{header}.{payload}.{signature}"), vec![lint])
    };
    let jws = Jws::parse(&compact).map_err(|_| "is not a JWS")?;
    let header = jws.danger_unverified().header_json().unwrap_or_default();
    if Document::open(&header).is_none_or(|header| header.member("alg").is_none()) {
        return Err("is not a JWS: its header names no algorithm");
    }
    Ok(Found { compact, jws, lints })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::HermodDialect;

    const JWS: &str = "eyJhbGciOiJub25lIn0.e30.AAAA";

    fn found(body: &str, elsewhere: bool) -> Result<(String, Vec<String>), String> {
        let dialect = HermodDialect::default();
        let report = CommandReport::read(format!(r#"{{"commandId":1,{body}}}"#).into(), &dialect).unwrap();
        let found = find(&report, &dialect.answers.provision.data, elsewhere, "x")?;
        let at = found.lints.into_iter().map(|lint| lint.at).collect();
        Ok((found.compact, at))
    }

    #[test]
    fn the_place_wins_and_elsewhere_it_must_be_alone() {
        let own = format!(r#""decoy":"{JWS}","response":{{"data":" {JWS}\n"}}"#);
        assert_eq!(found(&own, true), Ok((JWS.to_owned(), Vec::new())));
        let alone = format!(r#""x":[{{"y":"{JWS}"}}],"host":"a.b.c""#);
        assert_eq!(
            found(&alone, true),
            Ok((JWS.to_owned(), vec!["/x/0/y".to_owned()]))
        );
        assert!(
            found(&alone, false)
                .unwrap_err()
                .contains("nothing at /response/data")
        );
        let two = format!(r#""x":"{JWS}","y":"{JWS}""#);
        assert!(found(&two, true).unwrap_err().contains("more than one"));
    }

    #[test]
    fn what_is_no_jws_is_none() {
        for data in [
            "17",
            "\"\"",
            "\"a.b\"",
            "\"a.b.c\"",
            "\"e30.e30.AAAA\"",
            "\"MIIB\"",
            "[]",
            "{\"protected\":\"e30\",\"payload\":\"e30\"}",
            "{\"protected\":\"e30\",\"payload\":\"e30\",\"signature\":\"AAAA\"}",
        ] {
            assert!(
                found(&format!(r#""response":{{"data":{data}}}"#), true).is_err(),
                "{data}"
            );
        }
        let flat = r#""response":{"data":{"protected":"eyJhbGciOiJub25lIn0","payload":"e30","signature":"AAAA","header":{"kid":"x"}}}"#;
        assert_eq!(found(flat, true), Ok((JWS.to_owned(), vec!["jws".to_owned()])));
    }
}
