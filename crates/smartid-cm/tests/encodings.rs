//! The fields of a write in each encoding, read back by decoders that know nothing of the encoder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod script;

use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use script::{Script, builder, csr, pki};
use smartid_cm::operations::experimental::{
    HashAlgorithm, Import, ImportCertificates, IssueAttributeCertificate, RemoveCertificates, SignHash,
};
use smartid_cm::operations::{IssueCertificate, Revoke};
use smartid_cm::{
    Call, CertId, CertificateForm, CmDialect, Csr, ProcedureName, RequestSignature, RevocationReason,
    SignedCall, Write,
};
use smartid_core::base64::{Flavour, decode, decode_lenient, encode};
use smartid_core::{BuildError, Endpoint, ManualRuntime, Outgoing, Timestamp};
use smartid_trust::Certificate;

/// Names and values, in their order.
type Pairs = Vec<(String, Vec<u8>)>;

/// A multipart body, taken apart by the boundary of the header (RFC 2046 5.1.1, RFC 7578).
fn multipart(outgoing: &Outgoing) -> Pairs {
    let content_type = outgoing.headers()["content-type"].to_str().unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    assert!((1..=70).contains(&boundary.len()));
    let body = [b"\r\n", &**outgoing.body_bytes()].concat();
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut starts: Vec<usize> = body
        .windows(delimiter.len())
        .enumerate()
        .filter(|(_, window)| *window == delimiter)
        .map(|(at, _)| at)
        .collect();
    let close = starts.pop().unwrap();
    assert_eq!(&body[close + delimiter.len()..], b"--\r\n");
    assert_eq!(starts[0], 0, "nothing before the first part");
    let ends = starts.iter().skip(1).copied().chain([close]);
    let parts = starts.iter().zip(ends).map(|(start, end)| {
        let part = &body[start + delimiter.len()..end];
        let part = part.strip_prefix(b"\r\n").unwrap();
        let cut = part.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&part[..cut]).unwrap();
        let (_, name) = head.split_once("form-data; name=\"").unwrap();
        (
            name.split('"').next().unwrap().to_owned(),
            part[cut + 4..].to_vec(),
        )
    });
    parts.collect()
}

fn form(outgoing: &Outgoing) -> Pairs {
    url::form_urlencoded::parse(outgoing.body_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned().into_bytes()))
        .collect()
}

fn json(outgoing: &Outgoing) -> Pairs {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(outgoing.body_bytes()).unwrap();
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text.into_bytes(),
        other => other.to_string().into_bytes(),
    };
    object
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

/// Reads a body.
type Decoder = fn(&Outgoing) -> Pairs;

const ENCODINGS: [(&str, Decoder); 3] = [("multipart", multipart), ("form", form), ("json", json)];

fn dialect(operation: &str, encoding: &str) -> CmDialect {
    CmDialect::from_toml(&format!("[{operation}]\nencoding = '{encoding}'")).unwrap()
}

fn find<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a [u8]> {
    let mut found = pairs.iter().filter(|(other, _)| other == name);
    let value = found.next().map(|(_, value)| &**value);
    assert!(found.next().is_none(), "{name} stands once");
    value
}

fn shared() -> &'static Csr {
    static CSR: OnceLock<Csr> = OnceLock::new();
    CSR.get_or_init(csr)
}

fn base64(value: Option<&[u8]>) -> Vec<u8> {
    decode_lenient(Flavour::Standard, std::str::from_utf8(value.unwrap()).unwrap())
        .unwrap()
        .0
}

fn second<W: Write>(write: &W, dialect: &CmDialect, cms: &[u8]) -> Outgoing {
    let signature = RequestSignature::from_cms(cms.to_vec());
    SignedCall::new(write, &signature).request(dialect).unwrap()
}

/// Texts with what separates things in each encoding, and with the boundaries that the multipart writer would take.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        Just("--smartid-boundary-00000000".to_owned()),
        Just("--smartid-boundary-00000001--".to_owned()),
        "[&=+% ,;\"\\\\/<>{}\\[\\]'\u{e5}\u{1f511}\u{2028}-]{1,8}",
    ];
    prop::collection::vec(piece, 1..6)
        .prop_map(|pieces| pieces.concat().replace(char::is_control, "-"))
        .prop_filter("a name", |text| !text.trim().is_empty() && text.len() <= 1024)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn issuing_is_read_back_from_every_encoding(
        name in text(),
        from in prop::option::of(0_u64..4_102_444_800),
        to in prop::option::of(4_102_444_801_u64..9_000_000_000),
        cms in prop::collection::vec(any::<u8>(), 1..400),
    ) {
        let mut issue = IssueCertificate::new(shared().clone()).procedure(ProcedureName::new(name.clone()).unwrap());
        issue.valid_from = from.map(|seconds| Timestamp::from_millis(seconds * 1000 + 999));
        issue.valid_to = to.map(|seconds| Timestamp::from_millis(seconds * 1000));
        for (encoding, read) in ENCODINGS {
            let dialect = dialect("issue", encoding);
            for (outgoing, signed) in [
                (Call::new(&issue).request(&dialect).unwrap(), false),
                (second(&issue, &dialect, &cms), true),
            ] {
                let pairs = read(&outgoing);
                prop_assert_eq!(&base64(find(&pairs, "pkcs10")), shared().der(), "{}", encoding);
                prop_assert_eq!(find(&pairs, "procname"), Some(name.as_bytes()), "{}", encoding);
                for (field, seconds) in [("validfrom", from), ("validto", to)] {
                    let date = find(&pairs, field).map(|value| String::from_utf8(value.to_vec()).unwrap());
                    prop_assert_eq!(date.is_some(), seconds.is_some());
                    if let Some((date, seconds)) = date.zip(seconds) {
                        prop_assert!(date.ends_with('Z') && !date.contains('.'), "{}", date);
                        prop_assert_eq!(Timestamp::from_iso8601(&date).unwrap().as_millis(), seconds * 1000);
                    }
                }
                prop_assert_eq!(find(&pairs, "signature").is_some(), signed);
                if signed {
                    prop_assert_eq!(&base64(find(&pairs, "signature")), &cms, "{}", encoding);
                }
                prop_assert_eq!(pairs.len(), 2 + usize::from(from.is_some()) + usize::from(to.is_some()) + usize::from(signed));
            }
        }
    }

    #[test]
    fn lists_of_ids_are_read_back_in_their_order(ids in prop::collection::vec("[A-Za-z0-9]{1,20}", 1..8), clean: Option<bool>) {
        let mut remove = RemoveCertificates::new(CertId::new(ids[0].clone()).unwrap());
        for id in &ids[1..] {
            remove = remove.and(CertId::new(id.clone()).unwrap());
        }
        remove.clean_audit_log = clean;
        for (encoding, read) in ENCODINGS {
            let pairs = read(&Call::new(&remove).request(&dialect("remove", encoding)).unwrap());
            let expected = clean.map(|clean| clean.to_string().into_bytes());
            prop_assert_eq!(find(&pairs, "cleanAuditLog").map(<[u8]>::to_vec), expected);
            let came: Vec<String> = if encoding == "json" {
                serde_json::from_slice(find(&pairs, "certid").unwrap()).unwrap()
            } else {
                let values = pairs.iter().filter(|(name, _)| name == "certId");
                values.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
            };
            prop_assert_eq!(&came, &ids, "{}", encoding);
        }
    }

    #[test]
    fn a_hash_is_read_back_from_every_encoding(hash in prop::collection::vec(any::<u8>(), 48)) {
        let sign = SignHash::new(HashAlgorithm::Sha384, hash.clone());
        for (encoding, read) in ENCODINGS {
            let pairs = read(&Call::new(&sign).request(&dialect("signing_authority", encoding)).unwrap());
            prop_assert_eq!(&base64(find(&pairs, "hash")), &hash);
            prop_assert_eq!(find(&pairs, "hashalgorithm"), Some(&b"SHA-384"[..]));
        }
    }
}

#[test]
fn names_beyond_ascii_say_how_they_are_encoded() {
    let issue = IssueCertificate::new(csr()).procedure(ProcedureName::new("Gerät").unwrap());
    let body = |encoding| {
        let outgoing = Call::new(&issue).request(&dialect("issue", encoding)).unwrap();
        let content_type = outgoing.headers()["content-type"].to_str().unwrap().to_owned();
        (
            content_type,
            String::from_utf8(outgoing.body_bytes().to_vec()).unwrap(),
        )
    };
    let (content_type, text) = body("form");
    assert_eq!(content_type, "application/x-www-form-urlencoded; charset=UTF-8");
    assert!(text.contains("procname=Ger%C3%A4t"));
    let (_, text) = body("multipart");
    assert!(text.contains("name=\"procname\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGerät\r\n"));
    let (content_type, text) = body("json");
    assert_eq!(content_type, "application/json");
    assert!(text.contains(r#""procname":"Gerät""#));
}

#[test]
fn the_id_has_the_name_that_the_encoding_has_for_it() {
    let revoke = Revoke::new(CertId::new("4711").unwrap(), RevocationReason::Superseded);
    for (toml, encoding, expected) in [
        ("", "form", "certId"),
        ("", "multipart", "certId"),
        ("", "json", "certid"),
        ("[requests]\ncertid_in_forms = 'certid'\n", "form", "certid"),
        ("[requests]\ncertid_in_json = 'certId'\n", "json", "certId"),
    ] {
        let dialect = CmDialect::from_toml(&format!("{toml}[revoke]\nencoding = '{encoding}'")).unwrap();
        let read = ENCODINGS.iter().find(|(name, _)| *name == encoding).unwrap().1;
        let pairs = read(&Call::new(&revoke).request(&dialect).unwrap());
        assert_eq!(
            (pairs[0].0.as_str(), pairs.len()),
            (expected, 2),
            "{toml}{encoding}"
        );
    }
}

#[test]
fn a_signature_in_multipart_has_lines_unless_the_dialect_says_otherwise() {
    let issue = IssueCertificate::new(csr());
    let cms = vec![7; 300];
    for (lines, longest) in [(true, 64), (false, 400)] {
        let dialect = CmDialect::from_toml(&format!("[requests]\nbinary_lines = {lines}")).unwrap();
        let pairs = multipart(&second(&issue, &dialect, &cms));
        let text = String::from_utf8(find(&pairs, "signature").unwrap().to_vec()).unwrap();
        assert_eq!(text.lines().map(str::len).max(), Some(longest));
        assert_eq!(base64(Some(text.as_bytes())), cms);
    }
}

#[test]
fn an_import_says_of_each_certificate_what_is_known() {
    let certificate = |name: &str| Certificate::from_der(pki(name)).unwrap();
    let time = Timestamp::from_iso8601("2021-12-20T09:01:30.9+01:00").unwrap();
    let import = ImportCertificates::new(
        ProcedureName::new("Import").unwrap(),
        Import::new(certificate("device-rsa.der")),
    )
    .and(Import::new(certificate("device-p256.der")).revoked(RevocationReason::Other(10), time));
    for (encoding, read) in ENCODINGS {
        let pairs = read(&Call::new(&import).request(&dialect("import", encoding)).unwrap());
        let list: serde_json::Value = serde_json::from_slice(find(&pairs, "importdata").unwrap()).unwrap();
        let first = encode(Flavour::Standard, &pki("device-rsa.der"));
        let second = encode(Flavour::Standard, &pki("device-p256.der"));
        let expected = serde_json::json!([
            { "certificate": first },
            { "certificate": second, "reason": 10, "revocationtime": "2021-12-20T08:01:30Z" },
        ]);
        assert_eq!(list, expected, "{encoding}");
    }
}

#[test]
fn what_must_not_be_sent_is_refused_before() {
    let dialect = CmDialect::default();
    let refused = |result: Result<Outgoing, BuildError>| match result {
        Err(BuildError::Invalid(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let time = Timestamp::from_millis;
    for (from, to) in [(2000, 1000), (2000, 2000)] {
        let issue = IssueCertificate::new(csr())
            .valid_from(time(from))
            .valid_to(time(to));
        assert!(refused(Call::new(&issue).request(&dialect)).contains("validto"));
        let issue = IssueAttributeCertificate::new(csr()).valid(time(from), time(to));
        assert!(refused(Call::new(&issue).request(&dialect)).contains("validto"));
    }
    let mut import = ImportCertificates::new(
        ProcedureName::new("Import").unwrap(),
        Import::new(Certificate::from_der(pki("root.der")).unwrap()),
    );
    import.certificates.clear();
    refused(Call::new(&import).request(&dialect));
    let mut remove = RemoveCertificates::new(CertId::new("1").unwrap());
    remove.certids.clear();
    refused(Call::new(&remove).request(&dialect));
    for length in [0, 20, 31, 33, 64] {
        refused(Call::new(&SignHash::new(HashAlgorithm::Sha256, vec![0; length])).request(&dialect));
    }
    let unknown = |length| SignHash::new(HashAlgorithm::from_name("SHAKE128"), vec![0; length]);
    for length in [0, 1025] {
        refused(Call::new(&unknown(length)).request(&dialect));
    }
    assert!(Call::new(&unknown(1024)).request(&dialect).is_ok());
    let form = IssueCertificate::new(csr()).form(CertificateForm::Other("a\r\nb".into()));
    assert!(matches!(
        Call::new(&form).request(&dialect),
        Err(BuildError::Header(_))
    ));
}

#[test]
fn an_archive_is_asked_for_where_it_can_be_read() {
    let issue = IssueCertificate::new(csr()).form(CertificateForm::Zip);
    let request = Call::new(&issue).request(&CmDialect::default());
    #[cfg(feature = "zip")]
    assert_eq!(request.unwrap().headers()["accept"], "application/zip");
    #[cfg(not(feature = "zip"))]
    assert!(request.unwrap_err().to_string().contains("feature `zip`"));
}

#[test]
fn a_dialect_that_cannot_be_sent_is_found_when_the_client_is_built() {
    let build = |toml: &str| {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        builder()
            .dialect(CmDialect::from_toml(toml).unwrap())
            .build(Arc::new(Script::default()), Arc::new(runtime))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    for table in [
        "issue",
        "download",
        "remove",
        "import",
        "attribute_certificate",
        "signing_authority",
    ] {
        let error = build(&format!("{table}.path = 'a/{{nobody}}'")).unwrap_err();
        assert!(error.contains(&format!("cm.{table} ")), "{error}");
    }
    for table in ["issue", "attribute_certificate"] {
        let error = build(&format!("requests.csr = 'der'\n{table}.encoding = 'json'")).unwrap_err();
        assert!(error.contains(&format!("cm.{table} ")), "{error}");
    }
    assert_eq!(build("requests.csr = 'der'"), Ok(()));
}

#[test]
fn a_request_goes_out_in_the_form_that_the_dialect_says() {
    let issue = IssueCertificate::new(csr());
    let value = |form: &str, encoding: &str| {
        let toml = format!("[requests]\ncsr = '{form}'\n[issue]\nencoding = '{encoding}'");
        let outgoing = Call::new(&issue).request(&CmDialect::from_toml(&toml).unwrap())?;
        let read = ENCODINGS.iter().find(|(name, _)| *name == encoding).unwrap().1;
        Ok::<_, BuildError>(find(&read(&outgoing), "pkcs10").unwrap().to_vec())
    };
    let der = csr().der().to_vec();
    for encoding in ["multipart", "form", "json"] {
        let text = |form| String::from_utf8(value(form, encoding).unwrap()).unwrap();
        assert_eq!(decode(Flavour::Standard, &text("base64")).unwrap(), der);
        let lines = text("base64-lines");
        let longest = lines.trim_end().split("\r\n").map(str::len).max().unwrap();
        assert_eq!(longest <= 64, encoding == "multipart", "{encoding}: {longest}");
        assert_eq!(base64(Some(lines.as_bytes())), der);
        assert_eq!(Csr::from_pem(&text("pem")).unwrap(), csr());
    }
    assert_eq!(value("der", "multipart").unwrap(), der);
    assert!(value("der", "form").is_err() && value("der", "json").is_err());
}

#[test]
fn dates_follow_the_dialect_in_every_write_that_has_one() {
    let at = |second: u64| Timestamp::from_millis(1_639_987_290_000 + second * 1000);
    let mut issue = IssueCertificate::new(shared().clone());
    (issue.valid_from, issue.valid_to) = (Some(at(0)), Some(at(1)));
    let attribute = IssueAttributeCertificate::new(shared().clone()).valid(at(0), at(1));
    let import = Import::new(Certificate::from_der(pki("device-rsa.der")).unwrap());
    let import = import.revoked(RevocationReason::Superseded, at(0));
    let import = ImportCertificates::new(ProcedureName::new("any").unwrap(), import);
    for (form, date) in [
        ("seconds", "\"2021-12-20T08:01:30Z\""),
        ("fraction", "\"2021-12-20T08:01:30.0000000Z\""),
    ] {
        let json = "issue.encoding = 'json'\nattribute_certificate.encoding = 'json'";
        let dialect = CmDialect::from_toml(&format!("requests.dates = '{form}'\n{json}")).unwrap();
        for outgoing in [
            Call::new(&issue).request(&dialect),
            Call::new(&attribute).request(&dialect),
            Call::new(&import).request(&dialect),
        ] {
            let body = String::from_utf8(outgoing.unwrap().body_bytes().to_vec()).unwrap();
            assert!(body.contains(date), "{form}: {body}");
        }
    }
}
