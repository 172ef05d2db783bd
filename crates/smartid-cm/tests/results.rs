//! Answers of the writing operations that partly agree, contradict themselves, or come under a wrong label.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod script;

use proptest::prelude::*;
use script::*;
use smartid_cm::operations::experimental::{
    HashAlgorithm, Import, ImportCertificates, ImportResults, IssueAttributeCertificate, RemoveCertificates,
    SignHash, SignatureFormat,
};
use smartid_cm::operations::{Download, IssueCertificate, ItemResults, ItemState, UnusableCertificate};
use smartid_cm::{
    Call, CertId, Certificates, CertificatesError, CmDialect, CmRefusal, CmRefusalKind, ProcedureName, Step,
    Write,
};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Endpoint, Incoming, ResponseError};

type Answered<T> = Result<T, ResponseError<CmRefusal>>;

fn step<W: Write>(write: &W, dialect: &CmDialect, incoming: Incoming) -> Answered<W::Output> {
    match Call::new(write).response(dialect, incoming)? {
        Step::Done(output) => Ok(output),
        Step::Sign(_) => panic!("data to sign"),
    }
}

fn first<W: Write>(write: &W, incoming: Incoming) -> Answered<W::Output> {
    step(write, &CmDialect::default(), incoming)
}

fn import(count: usize) -> ImportCertificates {
    let one = || Import::new(certificate("root.der"));
    let mut all = ImportCertificates::new(ProcedureName::new("Import").unwrap(), one());
    all.certificates.resize_with(count, one);
    all
}

fn remove(ids: &[&str]) -> RemoveCertificates {
    let mut ids = ids.iter().map(|id| CertId::new(*id).unwrap());
    let first = RemoveCertificates::new(ids.next().unwrap());
    ids.fold(first, RemoveCertificates::and)
}

/// `d`one, `f`ailed, `?`.
fn shown<'a>(states: impl IntoIterator<Item = &'a ItemState>) -> String {
    let letter = |state: &ItemState| match state {
        ItemState::Done => 'd',
        ItemState::Failed(_) => 'f',
        ItemState::Unclear => '?',
        other => panic!("{other:?}"),
    };
    states.into_iter().map(letter).collect()
}

#[test]
fn an_import_tells_of_each_element_what_the_answer_tells() {
    let results = |dialect: &str, count, body: &str| -> Answered<ImportResults> {
        step(
            &import(count),
            &CmDialect::from_toml(dialect).unwrap(),
            json(body),
        )
    };
    let one_of = |code: i64, index: &str| {
        format!(r#"{{"error":{code},"errors":[{{"arrayindex":{index},"errorcode":-8}}]}}"#)
    };
    for (dialect, body, expected, others) in [
        ("", r#"{"error":0}"#.to_owned(), "ddd", 0),
        ("", one_of(0, "1"), "dfd", 0),
        ("", one_of(0, "\"1\""), "dfd", 0),
        ("", one_of(-1, "1"), "?f?", 0),
        ("answers.unlisted = 'done'", one_of(-1, "1"), "dfd", 0),
        ("answers.first_index = 1", one_of(0, "1"), "fdd", 0),
        ("answers.first_index = 1", one_of(0, "3"), "ddf", 0),
        // An error of no element that is known may be anybody's.
        ("answers.first_index = 1", one_of(0, "0"), "???", 1),
        ("", one_of(0, "3"), "???", 1),
        ("", one_of(0, "-1"), "???", 1),
        ("", one_of(0, "1.5"), "???", 1),
        ("", one_of(0, "null"), "???", 1),
        ("", one_of(0, "[1]"), "???", 1),
        ("", one_of(0, "18446744073709551616"), "???", 1),
        // So may one that cannot be read.
        ("", r#"{"error":0,"errors":["broken"]}"#.to_owned(), "???", 0),
        ("", r#"{"error":0,"errors":{"0":"broken"}}"#.to_owned(), "???", 0),
        ("", r#"{"error":0,"errors":null}"#.to_owned(), "ddd", 0),
        ("", r#"{"error":0,"errors":[]}"#.to_owned(), "ddd", 0),
    ] {
        let results = results(dialect, 3, &body).unwrap_or_else(|error| panic!("{body}: {error:?}"));
        assert_eq!(
            (&*shown(&results.elements), results.others.len()),
            (expected, others),
            "{dialect} {body}"
        );
        assert_eq!(results.all_done(), expected == "ddd");
    }
    for (count, body) in [
        (1, one_of(-1, "0")),
        (1, one_of(-1, "5")),
        (3, r#"{"error":-1}"#.to_owned()),
        (3, r#"{"error":-1,"errors":[{"arrayindex":0,"errorcode":-8},{"arrayindex":1,"errorcode":-8},{"arrayindex":2,"errorcode":-8}]}"#.to_owned()),
    ] {
        let Err(ResponseError::Refused(_)) = results("", count, &body) else { panic!("{body}") };
    }
}

#[test]
fn too_many_at_once_are_refused_as_a_whole_and_told_the_limit() {
    let body = r#"{"error":-14,"errors":[{"arrayindex":100,"errorcode":-14,"limit":100}]}"#;
    let Err(ResponseError::Refused(refusal)) = first(&import(150), json(body)) else {
        panic!()
    };
    assert_eq!(refusal.items()[0].limit, Some(100));
    assert!(
        refusal.to_string().contains("at most 100 in one call"),
        "{refusal}"
    );
}

#[test]
fn a_removal_tells_of_each_certificate_what_the_answer_tells() {
    let results = |ids: &[&str], body: &str| -> ItemResults { first(&remove(ids), json(body)).unwrap() };
    let states = |results: &ItemResults| shown(results.items.iter().map(|(_, state)| state));
    let body = r#"{"error":0,"errors":[{"certid":"2","errorcode":-14},{"certid":"2","errorcode":-15}]}"#;
    let some = results(&["1", "2", "3"], body);
    assert_eq!(
        (&*states(&some), some.others.len()),
        ("dfd", 1),
        "what is said twice is kept twice"
    );
    // An id that is named twice failed twice, and not once.
    let twice = results(
        &["2", "2", "3"],
        r#"{"error":0,"errors":[{"certid":"2","errorcode":-14}]}"#,
    );
    assert_eq!((&*states(&twice), twice.others.len()), ("ffd", 0));
    let strange = results(
        &["1", "2"],
        r#"{"error":0,"errors":[{"certid":"9","errorcode":-14}]}"#,
    );
    assert_eq!((&*states(&strange), strange.unclear().count()), ("??", 2));
    assert!(!strange.all_done());
    let bare = results(
        &["1", "2"],
        r#"{"error":0,"errors":[{"certid":{},"errorcode":-14}]}"#,
    );
    assert_eq!((&*states(&bare), bare.others.len()), ("??", 1));
}

#[test]
fn done_is_what_a_code_says() {
    for body in [
        "{}",
        "[]",
        r#"{"errors":[]}"#,
        r#"{"error":null}"#,
        r#"{"msg":"OK"}"#,
    ] {
        for result in [
            first(&import(1), json(body)).map(|_| ()),
            first(&remove(&["1"]), json(body)).map(|_| ()),
        ] {
            assert!(matches!(result, Err(ResponseError::Unreadable(_))), "{body}");
        }
    }
}

#[test]
fn certificates_are_taken_whatever_label_and_status_they_have() {
    let issue = IssueCertificate::new(csr());
    for (status, content_type) in [
        (200, "text/html"),
        (200, "application/json"),
        (200, "text/plain;charset=ISO-8859-1"),
        (201, "x"),
        (500, "application/octet-stream"),
        (302, "application/pkcs7-mime"),
    ] {
        let came = answer(status, &[("content-type", content_type)], pki("chain.p7"));
        let issued =
            first(&issue, came.clone()).unwrap_or_else(|error| panic!("{status} {content_type}: {error:?}"));
        assert_eq!(issued.certificate, certificate("device-rsa.der"));
        assert_eq!(
            issued.answer.content_type(),
            content_type.split(';').next().unwrap()
        );
        let download = Download::new(CertId::new("1").unwrap());
        assert!(download.response(&CmDialect::default(), came).is_ok());
    }
}

#[test]
fn a_header_that_is_no_id_is_no_id() {
    let certid = |headers: &[(&str, &str)]| {
        let issued = first(
            &IssueCertificate::new(csr()),
            answer(200, headers, pki("chain.p7")),
        )
        .unwrap();
        issued.certid.map(|certid| certid.to_string())
    };
    assert_eq!(certid(&[("CERTID", " 4711 ")]).as_deref(), Some("4711"));
    assert_eq!(certid(&[("certid", "1"), ("certid", "1")]).as_deref(), Some("1"));
    for none in [
        &[][..],
        &[("certid", "")],
        &[("certid", "../1")],
        &[("certid", "1, 2")],
        &[("certid", "å")],
        &[("certid", "1"), ("certid", "2")],
    ] {
        assert_eq!(certid(none), None, "{none:?}");
    }
    let other = CmDialect::from_toml("answers.certid_header = 'X-Id'").unwrap();
    let issued = step(
        &IssueCertificate::new(csr()),
        &other,
        answer(200, &[("x-id", "7")], pki("chain.p7")),
    )
    .unwrap();
    assert_eq!(issued.certid.unwrap().as_str(), "7");
}

#[test]
fn several_certificates_for_the_key_are_all_handed_out() {
    let pem = |file: &str| {
        let text = encode(Flavour::Standard, &pki(file));
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    };
    let body = ["issuing-rsa.der", "device-rsa.der", "other-subject.der"]
        .map(pem)
        .concat();
    let issued = first(&IssueCertificate::new(csr()), answer(200, &[], body)).unwrap();
    assert_eq!(issued.certificate, certificate("device-rsa.der"));
    assert_eq!(
        issued.chain,
        ["device-rsa.der", "issuing-rsa.der"].map(certificate)
    );
    assert_eq!(issued.others, [certificate("other-subject.der")]);
}

#[test]
fn a_certificate_that_cannot_be_used_is_for_an_officer_to_look_at() {
    let unusable = |headers: &[(&str, &str)], body: Vec<u8>| {
        let ran = write(
            builder(),
            vec![answer(200, headers, body).into()],
            &IssueCertificate::new(csr()),
        );
        let error = ran.result.unwrap_err();
        let cause = error
            .unreadable_answer()
            .unwrap()
            .cause::<UnusableCertificate>()
            .unwrap()
            .clone();
        (error, cause)
    };
    let (error, cause) = unusable(&[("certid", "4711")], pki("chain-other-key.p7"));
    assert_eq!(
        (cause.problem(), cause.certificates().len()),
        (&CertificatesError::OtherKey, 3)
    );
    assert!(error.to_string().contains("certid 4711"), "{error}");
    assert!(error.advice().check.contains("certificate 4711") && error.advice().check.contains("revoke"));
    let (error, cause) = unusable(&[], pki("chain-truncated.p7"));
    assert!(matches!(cause.problem(), CertificatesError::Unreadable(_)));
    assert!(
        error.advice().check.contains("subject key identifier"),
        "{}",
        error.advice()
    );
}

/// The elements of a sequence, each whole.
fn elements(sequence: &[u8]) -> Vec<Vec<u8>> {
    let extent = |bytes: &[u8]| match usize::from(bytes[1]) {
        long @ 0x81.. => {
            let octets = &bytes[2..2 + (long & 0x7f)];
            let length = octets
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet));
            (2 + octets.len(), length)
        }
        short => (2, short),
    };
    let mut rest = &sequence[extent(sequence).0..];
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (header, length) = extent(rest);
        elements.push(rest[..header + length].to_vec());
        rest = &rest[header + length..];
    }
    elements
}

fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    let contents = elements.concat();
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[0x30, 0x82], &length[..], &contents].concat()
}

/// A certificate of version 1 with serial number 1, which begins as an attribute certificate does.
fn version_1() -> Vec<u8> {
    let mut whole = elements(&pki("root.der"));
    let mut body = elements(&whole[0]);
    body.remove(0);
    body.pop();
    whole[0] = sequence(&body);
    sequence(&whole)
}

#[test]
fn an_attribute_certificate_is_nothing_else() {
    let issue = IssueAttributeCertificate::new(csr());
    let der = pki("attribute.der");
    let text = encode(Flavour::Standard, &der);
    for bytes in [
        der.clone(),
        text.clone().into_bytes(),
        format!("-----BEGIN ATTRIBUTE CERTIFICATE-----\n{text}\n-----END ATTRIBUTE CERTIFICATE-----")
            .into_bytes(),
        [&der[..], b"\n"].concat(),
        pki("attribute.p7"),
    ] {
        assert_eq!(first(&issue, answer(200, &[], bytes)).unwrap().der, der);
    }
    let x509 = pki("device-rsa.der");
    assert!(version_1()[4..].starts_with(&[0x30, 0x82]) && version_1()[8..].starts_with(&[2, 1, 1]));
    let mut later = der.clone();
    let version = later.windows(3).position(|window| window == [2, 1, 1]).unwrap();
    later[version + 2] = 2;
    for (what, bytes) in [
        ("X.509", x509.clone()),
        ("X.509 of version 1", version_1()),
        ("X.509 cut off", x509[..500].to_vec()),
        ("PKCS #7 without one", pki("chain.p7")),
        ("cut off", der[..der.len() - 1].to_vec()),
        ("with something behind it", [&der[..], b"x"].concat()),
        ("another version", later),
        (
            "under another label",
            format!("-----BEGIN X-----\n{text}\n-----END X-----").into_bytes(),
        ),
        ("an archive", pki("chain.zip")),
    ] {
        let Err(ResponseError::Unreadable(unreadable)) =
            first(&issue, answer(200, &[("certid", "5")], bytes))
        else {
            panic!("{what}")
        };
        let cause = unreadable.cause::<UnusableCertificate>().unwrap();
        assert_eq!(cause.certid().unwrap().as_str(), "5", "{what}");
    }
    for length in 0..der.len() {
        assert!(
            first(&issue, answer(200, &[], der[..length].to_vec())).is_err(),
            "cut at {length}"
        );
    }
}

#[test]
fn the_signing_authority_gives_what_was_asked_for() {
    let sign = |format| SignHash::new(HashAlgorithm::Sha256, vec![0; 32]).format(format);
    let cms = pki("signature-signing-authority.der");
    let body = |text: &str| json(format!(r#"{{"error":0,"signeddata":"{text}"}}"#));
    let text = encode(Flavour::Standard, &cms);
    for incoming in [body(&text), answer(200, &[], cms.clone())] {
        assert_eq!(
            first(&sign(SignatureFormat::SignedData), incoming)
                .unwrap()
                .signature,
            cms
        );
    }
    assert_eq!(
        first(&sign(SignatureFormat::Signature), body("AQID"))
            .unwrap()
            .signature,
        [1, 2, 3][..]
    );
    for (format, incoming) in [
        (SignatureFormat::SignedData, body("AQID")),
        (
            SignatureFormat::SignedData,
            body(&encode(Flavour::Standard, &cms[..300])),
        ),
        (SignatureFormat::SignedData, answer(200, &[], cms[..400].to_vec())),
        (SignatureFormat::Signature, body("")),
        (SignatureFormat::Signature, body("***")),
        (SignatureFormat::Signature, json(r#"{"error":0,"signeddata":7}"#)),
        (SignatureFormat::Signature, json(r#"{"error":0}"#)),
        (SignatureFormat::Signature, answer(200, &[], "AQID")),
    ] {
        let answered = first(&sign(format), incoming.clone());
        assert!(
            matches!(answered, Err(ResponseError::Unreadable(_))),
            "{incoming:?}: {answered:?}"
        );
    }
    let moved = "[[signing_authority.response]]\nmove = '/result/cms'\nto = '/signeddata'";
    let dialect = CmDialect::from_toml(moved).unwrap();
    let incoming = json(format!(r#"{{"error":0,"result":{{"cms":"{text}"}}}}"#));
    let signed = step(&sign(SignatureFormat::SignedData), &dialect, incoming).unwrap();
    assert_eq!(signed.signature, cms);
}

#[test]
fn a_refusal_under_the_label_of_a_certificate_is_a_refusal() {
    let labels = [("content-type", "application/pkcs7-mime")];
    let no = answer(200, &labels, r#"{"error":-15,"msg":"Privilege error"}"#);
    let issue = first(&IssueCertificate::new(csr()), no.clone()).map(|_| ());
    let download = Download::new(CertId::new("1").unwrap()).response(&CmDialect::default(), no);
    for answered in [issue, download.map(|_| ())] {
        let Err(ResponseError::Refused(refusal)) = answered else {
            panic!()
        };
        assert!(refusal.is_privilege());
    }
    let page = answer(
        404,
        &[("content-type", "text/html")],
        "<html><title>Not Found</title>",
    );
    let Err(ResponseError::Refused(refusal)) = first(&IssueCertificate::new(csr()), page) else {
        panic!()
    };
    assert_eq!(refusal.kind(), &CmRefusalKind::NoSuchPath);
}

proptest! {
    #[test]
    fn no_answer_makes_anything_panic(status in 100_u16..600, body: Vec<u8>, label in "[a-z/+-]{0,20}") {
        let incoming = || answer(status, &[("content-type", &label), ("certid", &label)], body.clone());
        let _ = first(&IssueCertificate::new(csr()), incoming());
        let _ = first(&IssueAttributeCertificate::new(csr()), incoming());
        let _ = first(&import(2), incoming());
        let _ = first(&remove(&["1", "2"]), incoming());
        let _ = first(&SignHash::new(HashAlgorithm::Sha256, vec![0; 32]), incoming());
        let _ = Certificates::parse(body.clone());
    }
}
