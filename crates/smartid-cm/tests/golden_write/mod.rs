//! Plays the golden files of a write: its requests, its answers in either step, and its exchanges.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use http::header::ACCEPT;
use smartid_cm::operations::UnusableCertificate;
use smartid_cm::{
    Call, CertId, CertificatesError, CmDialect, Csr, ProcedureName, RequestSignature, SignedCall, Write,
};
use smartid_core::{Endpoint, Error, Outgoing, Timestamp};

use crate::common::compare;
use crate::common::golden::{Entry, Index};
use crate::common::verdict::{self, Verdict};

pub type Made<T> = Result<T, String>;

/// A write that the golden files speak of.
pub trait Golden: Write<Output: std::fmt::Debug> + Sized {
    /// Its table in the dialect.
    const TABLE: &'static str;
    /// Whether its answer may have several forms, so that `Accept` matters.
    const ACCEPT: bool = false;

    /// What the caller gives.
    fn make(fixture: &Entry) -> Made<Self>;
    /// What the caller gives where the entry of an answer does not say it.
    fn any(fixture: &Entry) -> Self;
    /// Compares what an answer came to that was no error.
    fn compare(fixture: &Entry, output: &Self::Output);
    /// What is special to the errors of this write.
    fn compare_error(_: &Entry, _: &Error) {}
}

/// The dialect that an entry describes in words; a word that is not known here is a failure.
pub fn dialect(fixture: &Entry, table: &str) -> CmDialect {
    let mut words = fixture.optional_text("dialect").unwrap_or_default().to_owned();
    let mut requests = String::new();
    let mut call = String::new();
    let mut take = |word: &str, setting: &str, into: &mut String| {
        if words.contains(word) {
            words = words.replacen(word, "", 1);
            into.push_str(setting);
            into.push('\n');
        }
    };
    for (word, setting) in [
        ("parts of writes: no file name", "file_parts = false"),
        (
            ", media type of pkcs10 application/pkcs10; charset=utf-8",
            "csr_type = 'application/pkcs10; charset=utf-8'",
        ),
        (
            ", of signature application/octet-stream; charset=utf-8",
            "binary_type = 'application/octet-stream; charset=utf-8'",
        ),
        (", base64 in lines", ""),
        ("signature on one line", "binary_lines = false"),
        ("pkcs10 as PEM", "csr = 'pem'"),
        ("pkcs10 in multipart: DER octets", "csr = 'der'"),
    ] {
        take(word, setting, &mut requests);
    }
    for (word, setting) in [
        (
            "path of issue: /certificates/pkcs10/verification",
            "path = 'certificates/pkcs10/verification'",
        ),
        ("path of issue: /pkcs10", "path = 'pkcs10'"),
        // Our defaults; they stand in the index because nobody knows them.
        (
            "path of attribute certificate: /certificates/attributecertificate",
            "",
        ),
        ("path of import: /certificates/import", ""),
        ("path of remove: /certificates/remove", ""),
        ("path of signing authority: /signingauthority/sign", ""),
        ("names of its members: hashalgorithm, hash, format, procname", ""),
        ("name of the signature in the answer: signeddata", ""),
        (
            "path of the operation: certificates/softtoken",
            "path = 'certificates/softtoken'",
        ),
        // The entry has them elsewhere, or the caller does.
        ("control characters in attributes are allowed", ""),
        ("encoding of the body: form", ""),
        ("encoding of the body: json", ""),
        ("encoding of writes: JSON", ""),
        ("encoding of writes: form", ""),
    ] {
        take(word, setting, &mut call);
    }
    let mut rest = words.trim_matches([';', ' ']);
    if let Some(names) = rest.strip_prefix("names of fields: ") {
        for name in names.split(", ") {
            let (ours, theirs) = name.split_once(" as ").unwrap();
            call.push_str(&format!("rename.{ours} = '{theirs}'\n"));
        }
        rest = "";
    }
    assert!(rest.is_empty(), "{fixture}: {rest:?} is not understood");
    if let Some(encoding) = fixture.optional_text("encoding") {
        call.push_str(&format!("encoding = '{encoding}'\n"));
    }
    CmDialect::from_toml(&format!("[requests]\n{requests}[{table}]\n{call}")).unwrap()
}

/// What the caller gives: a text, or the octets of a file.
pub fn given(fixture: &Entry, name: &str) -> Option<Vec<u8>> {
    Some(octets(fixture, fixture.call().get(name)?.as_str().unwrap()))
}

pub fn octets(fixture: &Entry, value: &str) -> Vec<u8> {
    match value.strip_prefix("file:") {
        Some(file) => fixture.octets(file),
        None => value.as_bytes().to_vec(),
    }
}

pub fn given_text(fixture: &Entry, name: &str) -> Option<String> {
    given(fixture, name).map(|text| String::from_utf8(text).unwrap())
}

pub fn given_time(fixture: &Entry, name: &str) -> Option<Timestamp> {
    given_text(fixture, name).map(|text| Timestamp::from_iso8601(&text).unwrap())
}

pub fn procedure(fixture: &Entry) -> Option<ProcedureName> {
    given_text(fixture, "procname").map(|name| ProcedureName::new(name).unwrap())
}

pub fn csr(fixture: &Entry) -> Made<Csr> {
    Csr::parse(&given(fixture, "pkcs10").unwrap()).map_err(|error| error.to_string())
}

pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    let octets = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]);
    octets.map(|octet| u8::try_from(octet).unwrap()).collect()
}

/// Whether this build reads archives.
pub fn reads_archives() -> bool {
    cfg!(feature = "zip")
}

/// Compares a request; `accept`: the header too.
pub fn same_request(fixture: &Entry, outgoing: &Outgoing, accept: bool) {
    if accept {
        let ours = outgoing
            .headers()
            .get(ACCEPT)
            .map(|value| value.to_str().unwrap().to_owned());
        let golden = fixture.message();
        assert_eq!(ours.as_deref(), golden.header("accept"), "{fixture}: Accept");
    }
    if fixture
        .optional_text("body_file")
        .is_some_and(|file| file.ends_with(".bin"))
    {
        return same_octets(fixture, outgoing);
    }
    compare::request(outgoing, fixture);
}

/// A multipart body whose part is no text: compared as octets, with the line ends and the boundary of the file.
fn same_octets(fixture: &Entry, outgoing: &Outgoing) {
    let replace = |body: Vec<u8>, from: &[u8], to: &[u8]| {
        let mut out = Vec::new();
        let mut rest = &body[..];
        while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(to);
            rest = &rest[at + from.len()..];
        }
        [&out, rest].concat()
    };
    let name = |body: Vec<u8>| {
        let at = body
            .windows(10)
            .position(|window| window == b"filename=\"")
            .unwrap()
            + 10;
        let length = body[at..].iter().position(|octet| *octet == b'"').unwrap();
        [&body[..at], &body[at + length..]].concat()
    };
    let content_type = outgoing.headers()["content-type"].to_str().unwrap();
    let boundary = content_type.split_once("boundary=").unwrap().1;
    let ours = replace(outgoing.body_bytes().to_vec(), boundary.as_bytes(), b"BOUNDARY");
    let expected = replace(fixture.message().body, b"\r\n", b"\n");
    assert_eq!(
        name(replace(ours, b"\r\n", b"\n")).trim_ascii_end(),
        name(expected).trim_ascii_end(),
        "{fixture}"
    );
}

fn signature(fixture: &Entry) -> RequestSignature {
    RequestSignature::from_cms(given(fixture, "signer_returns").unwrap())
}

/// The request of an entry, or why it is not made.
pub fn made<W: Golden>(fixture: &Entry) -> Made<Outgoing> {
    let dialect = dialect(fixture, W::TABLE);
    let write = W::make(fixture)?;
    let made = match fixture.number("step") {
        Some(2) => SignedCall::new(&write, &signature(fixture)).request(&dialect),
        _ => Call::new(&write).request(&dialect),
    };
    made.map_err(|error| error.to_string())
}

pub fn request<W: Golden>(fixture: &Entry) {
    let made = made::<W>(fixture);
    if fixture.flag("refuse") == Some(true) {
        assert!(!made.map(|_| ()).expect_err("refused").is_empty(), "{fixture}");
        return;
    }
    let outgoing = made.unwrap_or_else(|error| panic!("{fixture}: {error}"));
    same_request(fixture, &outgoing, W::ACCEPT);
}

pub fn response<W: Golden>(fixture: &Entry) {
    let write = match fixture.optional_text("answers") {
        // The request that the certificate must be for stands in the entry itself.
        Some(file) if fixture.get("csr").is_none() => W::make(&fixture.other(file)).unwrap(),
        _ => W::any(fixture),
    };
    let dialect = dialect(fixture, W::TABLE);
    if fixture.number("step") != Some(2) {
        let verdict = verdict::step(&write, &dialect, None, fixture.incoming());
        judge::<W>(fixture, &verdict);
    }
    if fixture.number("step") != Some(1) {
        let signature = RequestSignature::from_cms(vec![0x30, 0]);
        let verdict = verdict::step(&write, &dialect, Some(&signature), fixture.incoming());
        judge::<W>(fixture, &verdict);
    }
}

fn judge<W: Golden>(fixture: &Entry, verdict: &Verdict<W::Output>) {
    match verdict {
        Verdict::Ok(output) => W::compare(fixture, output),
        Verdict::Sign(data) => {
            assert!(fixture.allows("data-to-sign"), "{fixture}");
            assert_eq!(*data, fixture.octets(fixture.text("data_to_sign")), "{fixture}");
        }
        Verdict::Error(error) => {
            W::compare_error(fixture, error);
            let unreadable = error.unreadable_answer();
            let unusable = unreadable.and_then(|unreadable| unreadable.cause::<UnusableCertificate>());
            let Some(unusable) = unusable else {
                return verdict::judge(verdict, fixture, false);
            };
            assert!(verdict::perhaps_done(error), "{fixture}: {error}");
            assert!(error.to_string().contains("was issued"), "{fixture}: {error}");
            if unusable.problem() == &CertificatesError::ZipFeature {
                // A build that cannot read archives.
                assert!(!reads_archives(), "{fixture}");
                return;
            }
            let mismatch = unusable.problem() == &CertificatesError::OtherKey;
            let outcome = if mismatch { "mismatch" } else { "unreadable" };
            assert!(fixture.allows(outcome), "{fixture}: {error}");
            assert_eq!(
                mismatch,
                !unusable.certificates().is_empty(),
                "an error that keeps them"
            );
            assert_ne!(fixture.flag("perhaps_done"), Some(false), "{fixture}");
            if let Some(certid) = fixture.optional_text("certid") {
                assert_eq!(unusable.certid().map(CertId::as_str), Some(certid), "{fixture}");
                let check = error.advice().check;
                assert!(
                    check.contains(&format!("certificate {certid}")),
                    "{fixture}: {check}"
                );
            }
        }
    }
}

/// All of a folder but what `leave_out` names: every request, answer and exchange.
pub fn folder<W: Golden>(name: &str, leave_out: &[&str]) {
    let index = Index::of(name);
    for fixture in index.fixtures() {
        match fixture.text("kind") {
            _ if leave_out.contains(&fixture.text("file")) => {}
            "request" => request::<W>(&fixture),
            "response" => response::<W>(&fixture),
            other => panic!("{fixture}: {other}"),
        }
    }
    for exchange in index.exchanges() {
        play::<W>(&exchange);
    }
}

/// Plays an exchange: what was asked for is what is signed, sent again and answered.
fn play<W: Golden>(exchange: &Entry) {
    let steps = exchange.texts("steps");
    let (outcome, perhaps) = (exchange.text("outcome"), exchange.flag("perhaps_done"));
    let first = exchange.other(&steps[0]);
    let write = W::make(&first).unwrap();
    let dialect = dialect(&first, W::TABLE);
    same_request(&first, &Call::new(&write).request(&dialect).unwrap(), W::ACCEPT);
    let mut answer = exchange.other(&steps[1]);
    let mut verdict = verdict::step(&write, &dialect, None, answer.incoming());
    if let Verdict::Sign(data) = &verdict {
        let second = exchange.other(&steps[2]);
        if let Some(signs) = given(&second, "signs") {
            assert_eq!(*data, signs, "{exchange}");
        }
        let signature = signature(&second);
        // The entry of the first step need not say how a signature is written.
        let dialect = self::dialect(&second, W::TABLE);
        let signed = SignedCall::new(&write, &signature);
        same_request(&second, &signed.request(&dialect).unwrap(), W::ACCEPT);
        if steps[3] == "(none)" {
            // What the client makes of a lost answer is in write.rs; the search that follows is that of find_issued.
            assert_eq!((outcome, perhaps), ("unreadable", Some(true)), "{exchange}");
            return;
        }
        answer = exchange.other(&steps[3]);
        verdict = verdict::step(&write, &dialect, Some(&signature), answer.incoming());
    }
    assert!(answer.allows(outcome), "{exchange}: {outcome}");
    judge::<W>(&answer, &verdict);
    if let (Verdict::Error(error), Some(perhaps)) = (&verdict, perhaps) {
        assert_eq!(verdict::perhaps_done(error), perhaps, "{exchange}");
    }
}
