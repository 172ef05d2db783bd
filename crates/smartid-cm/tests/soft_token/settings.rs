//! Each setting of `[soft_token]` and `[eui]` changes what is sent or how an answer is read, and what cannot be sent is found when the client
//! is built.

use std::collections::BTreeMap;

use proptest::prelude::*;
use smartid_cm::dialect::EVIDENCE;
use smartid_cm::eui::{EuiCertificate, EuiSoftToken, NoCertificate};
use smartid_cm::operations::FieldValue;
use smartid_cm::operations::experimental::RequestSoftToken;
use smartid_cm::{
    Attribute, Call, CertificateManager, HandlerName, ProcedureName, RequestSignature, SignedCall, Step,
};
use smartid_core::{Endpoint, Outgoing, SecretString, Tag, Timestamp};

use crate::CONTAINER;
use crate::common::dialect;
use crate::script::{answer, csr, json, pki, run};

fn request() -> RequestSoftToken {
    RequestSoftToken::new("secret").attribute(Attribute::COMMON_NAME, "A")
}

fn line(outgoing: &Outgoing) -> String {
    let body = String::from_utf8(outgoing.body_bytes().to_vec()).unwrap();
    format!("{} {} {body}", outgoing.method(), outgoing.target())
}

fn sent(toml: &str) -> String {
    line(
        &Call::new(&request())
            .request(&dialect(toml))
            .unwrap_or_else(|error| panic!("{toml}: {error}")),
    )
}

#[test]
fn every_setting_of_the_rest_request_changes_it() {
    const FORM: &str = "[soft_token]\nencoding = 'form'\n";
    assert_eq!(
        sent(FORM),
        "POST certificates/pkcs12 password=secret&commonname=A"
    );
    for (setting, expected) in [
        (
            "verb = 'PUT'",
            "PUT certificates/pkcs12 password=secret&commonname=A",
        ),
        ("path = 'a/b'", "POST a/b password=secret&commonname=A"),
        (
            "rename = { commonname = 'cn', password = 'pin' }",
            "POST certificates/pkcs12 pin=secret&cn=A",
        ),
        (
            "constants = { procname = 'P' }",
            "POST certificates/pkcs12 password=secret&commonname=A&procname=P",
        ),
    ] {
        assert_eq!(sent(&format!("{FORM}{setting}")), expected);
    }
    let json = "[soft_token]\nencoding = 'json'\n";
    assert_eq!(
        sent(json),
        r#"POST certificates/pkcs12 {"password":"secret","commonname":"A"}"#
    );
    let moved = format!("{json}[[soft_token.request]]\nmove = '/commonname'\nto = '/subject/cn'");
    assert_eq!(
        sent(&moved),
        r#"POST certificates/pkcs12 {"password":"secret","subject":{"cn":"A"}}"#
    );
    assert!(sent("").contains("form-data; name=\"password\"\r\n\r\nsecret\r\n"));
    assert!(sent("[requests]\npath_suffix = 'x'").starts_with("POST certificates/pkcs12/x "));
    let times = request()
        .valid_from(Timestamp::from_millis(1000))
        .valid_to(Timestamp::from_millis(2000));
    let dialect = dialect(&format!("[requests]\ndates = 'fraction'\n{FORM}"));
    let times = line(&Call::new(&times).request(&dialect).unwrap());
    assert!(
        times.ends_with(
            "&validfrom=1970-01-01T00%3A00%3A01.0000000Z&validto=1970-01-01T00%3A00%3A02.0000000Z"
        ),
        "{times}"
    );
}

#[test]
fn a_container_in_a_document_is_found_where_the_dialect_says() {
    use smartid_core::base64::{Flavour, encode};
    let container = encode(Flavour::Standard, CONTAINER);
    let document = || json(format!(r#"{{"error":0,"result":{{"file":"{container}"}}}}"#));
    let read = |toml: &str| Call::new(&request()).response(&dialect(toml), document());
    assert!(read("").is_err());
    let moved = "[[soft_token.response]]\nmove = '/result/file'\nto = '/pkcs12'";
    let Step::Done(issued) = read(moved).unwrap() else {
        panic!()
    };
    assert_eq!(issued.token.expose_octets(), CONTAINER);
    let ask = EuiSoftToken::new("x");
    assert!(ask.response(&dialect(""), document()).is_err());
    let moved = "[[eui.soft_token.response]]\nmove = '/result/file'\nto = '/pkcs12'";
    let issued = ask.response(&dialect(moved), document()).unwrap();
    assert_eq!(issued.token.expose_octets(), CONTAINER);
}

fn eui() -> EuiCertificate {
    EuiCertificate::new(csr())
        .handler(HandlerName::new("a b").unwrap())
        .field("cn", "A")
}

fn eui_token() -> EuiSoftToken {
    EuiSoftToken::new("secret")
        .handler(HandlerName::new("a b").unwrap())
        .field("cn", "A")
}

#[test]
fn every_setting_of_eui_changes_its_requests() {
    let of = |toml: &str| {
        let dialect = dialect(toml);
        [
            eui().request(&dialect).unwrap(),
            eui_token().request(&dialect).unwrap(),
        ]
        .map(|outgoing| line(&outgoing))
    };
    let [usual, usual_token] = of("");
    assert!(
        usual.starts_with("POST eui/a%20b certencoding=x509&pkcs10=-----BEGIN+") && usual.ends_with("&cn=A"),
        "{usual}"
    );
    assert_eq!(usual_token, "POST eui/a%20b password=secret&cn=A");
    let [changed, token] = of("[eui]\ncertificate_encoding = 'pkcs7'");
    assert_eq!(
        (changed, token),
        (usual.replace("x509", "pkcs7"), usual_token.clone())
    );
    for (setting, from, to) in [
        ("verb = 'PUT'", "POST ", "PUT "),
        ("path = 'x/{handler}/y'", "eui/a%20b", "x/a%20b/y"),
        (
            "rename = { cn = 'subject', password = 'pin', pkcs10 = 'csr', certencoding = 'form' }",
            "",
            "",
        ),
        ("constants = { go = '1' }", "cn=A", "cn=A&go=1"),
    ] {
        let [changed, same] = of(&format!("[eui.certificate]\n{setting}"));
        assert_eq!(same, usual_token, "{setting}");
        let [other, changed_token] = of(&format!("[eui.soft_token]\n{setting}"));
        assert_eq!(other, usual, "{setting}");
        if from.is_empty() {
            let renamed = usual
                .replace("cn=", "subject=")
                .replace("pkcs10=", "csr=")
                .replace("certencoding=", "form=");
            assert_eq!(changed, renamed);
            assert_eq!(changed_token, "POST eui/a%20b pin=secret&subject=A");
        } else {
            assert_eq!(changed, usual.replace(from, to));
            assert_eq!(changed_token, usual_token.replace(from, to));
        }
    }
    let json = "[eui.certificate]\nencoding = 'json'\n[[eui.certificate.request]]\nset = '/cn'\nvalue = 'B'\n\
        [eui.soft_token]\nencoding = 'json'\n[[eui.soft_token.request]]\nset = '/cn'\nvalue = 'B'";
    let [certificate, token] = of(json);
    assert!(certificate.ends_with(r#","cn":"B"}"#), "{certificate}");
    assert_eq!(token, r#"POST eui/a%20b {"password":"secret","cn":"B"}"#);
    // Without a handler, and not with the suffix of the API's paths.
    let dialect = dialect("[eui]\npath_without_handler = 'request/eui'\n[requests]\npath_suffix = 'x'");
    assert_eq!(
        EuiCertificate::new(csr()).request(&dialect).unwrap().target(),
        "request/eui"
    );
    assert_eq!(
        EuiSoftToken::new("x").request(&dialect).unwrap().target(),
        "request/eui"
    );
    assert_eq!(eui().request(&dialect).unwrap().target(), "eui/a%20b");
}

#[test]
fn the_element_of_the_answer_is_the_one_that_the_dialect_names() {
    use smartid_core::base64::{Flavour, encode};
    let page = |octets: &[u8]| {
        let value = encode(Flavour::Standard, octets);
        answer(
            200,
            &[("content-type", "text/html")],
            format!("<input id='outcome1' value='{value}'>"),
        )
    };
    let named = dialect("[eui]\nelement = 'outcome'");
    let certificate = pki("device-rsa.der");
    assert!(eui().response(&dialect(""), page(&certificate)).is_err());
    let issued = eui().response(&named, page(&certificate)).unwrap();
    assert_eq!(issued.certificate.der()[..], certificate);
    assert_eq!(issued.answer.bytes()[..], certificate);
    assert!(eui_token().response(&dialect(""), page(CONTAINER)).is_err());
    let issued = eui_token().response(&named, page(CONTAINER)).unwrap();
    assert_eq!(issued.token.expose_octets(), CONTAINER);
    // A member of a document is none of its elements, but an edit of the answer is one of its settings.
    let document = || json(r#"{"error":-15,"msg":"no"}"#);
    let code = |toml: &str| eui().response(&dialect(toml), document());
    let smartid_core::ResponseError::Refused(refusal) = code("").unwrap_err() else {
        panic!()
    };
    assert_eq!(refusal.cm_code().unwrap().number(), -15);
    let edited = "[[eui.certificate.response]]\nset = '/error'\nvalue = 0";
    let smartid_core::ResponseError::Unreadable(unreadable) = code(edited).unwrap_err() else {
        panic!()
    };
    assert!(unreadable.cause::<NoCertificate>().is_some());
}

#[test]
fn what_makes_no_request_is_found_when_the_client_is_built() {
    let build = |toml: &str| {
        let builder =
            CertificateManager::builder("https://pgwy.example.test/pgwy/api").dialect(dialect(toml));
        let runtime = smartid_core::ManualRuntime::new(Timestamp::from_millis(0));
        let transport = std::sync::Arc::new(crate::script::Script::default());
        builder
            .build(transport, std::sync::Arc::new(runtime))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    for (toml, name) in [
        ("[soft_token]\npath = 'a/{nobody}'", "cm.soft_token "),
        (
            "[soft_token]\nrename = { surname = 'password' }",
            "cm.soft_token ",
        ),
        ("[soft_token]\nrename = { title = 'upn' }", "cm.soft_token "),
        ("[soft_token]\nrename = { title = 'Signature' }", "cm.soft_token "),
        ("[soft_token]\nconstants = { signature = 'x' }", "cm.soft_token "),
        ("[eui.certificate]\npath = 'eui'", "cm.eui_certificate "),
        (
            "[eui.certificate]\nrename = { pkcs10 = 'certencoding' }",
            "cm.eui_certificate ",
        ),
        ("[eui.soft_token]\npath = 'eui/{name}'", "cm.eui_soft_token "),
        (
            "[eui]\npath_without_handler = 'eui/{handler}'",
            "cm.eui_certificate ",
        ),
    ] {
        let error = build(toml).unwrap_err();
        assert!(error.contains(name), "{toml}: {error}");
    }
    assert_eq!(build("[soft_token]\nrename = { title = 'x' }"), Ok(()));
    for toml in [
        "[eui]\nhandler = 'x'",
        "[eui.soft_token]\npath = '/eui'",
        "[soft_token]\nfields = {}",
    ] {
        assert!(smartid_cm::CmDialect::from_toml(toml).is_err(), "{toml}");
    }
}

#[test]
fn nothing_of_this_is_called_documented() {
    let rows = EVIDENCE
        .iter()
        .filter(|row| row.key.starts_with("soft_token.") || row.key.starts_with("eui."));
    let mut count = 0;
    for row in rows {
        assert_ne!(row.tag, Tag::Documented, "{}", row.key);
        count += 1;
    }
    assert_eq!(count, 7 + 2 * 7 + 3);
}

#[test]
fn the_servlets_have_another_address_than_the_api() {
    let page = || answer(200, &[], "").into();
    let ran = run(
        crate::script::builder(),
        vec![page(), page(), page()],
        async |client| {
            let _ = client.call_gateway(&eui()).await;
            let _ = client.call_gateway(&eui_token()).await;
            let _ = client.write(&request()).await;
            Ok(())
        },
    );
    let urls: Vec<&str> = ran.sent.iter().map(|sent| sent.url.as_str()).collect();
    let base = "https://pgwy.example.test:8444/pgwy";
    assert_eq!(
        urls,
        [
            format!("{base}/eui/a%20b"),
            format!("{base}/eui/a%20b"),
            format!("{base}/api/certificates/pkcs12"),
        ]
    );
}

fn of_form(outgoing: &Outgoing) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(outgoing.body_bytes())
        .into_owned()
        .collect()
}

fn of_json(outgoing: &Outgoing) -> BTreeMap<String, String> {
    serde_json::from_slice(outgoing.body_bytes()).unwrap()
}

fn of_multipart(outgoing: &Outgoing) -> BTreeMap<String, String> {
    let kind = outgoing.headers()["content-type"].to_str().unwrap();
    let boundary = kind.split_once("boundary=").unwrap().1;
    let body = String::from_utf8(outgoing.body_bytes().to_vec()).unwrap();
    let start = format!("--{boundary}\r\n");
    let parts = body.split(&start).skip(1);
    parts
        .map(|part| {
            let (head, value) = part.split_once("\r\n\r\n").unwrap();
            let name = head.split_once("name=\"").unwrap().1.split('"').next().unwrap();
            let value = value
                .strip_suffix(&format!("--{boundary}--\r\n"))
                .unwrap_or(value);
            (name.to_owned(), value.strip_suffix("\r\n").unwrap().to_owned())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_asked_for_is_read_back_from_every_encoding(
        password in "[^\\x00]{1,20}",
        name in "\\PC{0,20}",
        open in "[a-z][a-zA-Z0-9._-]{0,12}",
        value in "[^\\x00-\\x1f\\x7f-\\u{9f}]{0,20}",
    ) {
        let own = ["procname", "password", "validfrom", "validto", "signature", "commonname"];
        prop_assume!(!own.iter().any(|own| open.eq_ignore_ascii_case(own)));
        prop_assume!(!name.chars().any(char::is_control));
        let request = RequestSoftToken::new(password.clone())
            .procedure(ProcedureName::new("P & Q").unwrap())
            .attribute(Attribute::COMMON_NAME, name.clone())
            .attribute(Attribute::new(open.clone()).unwrap(), value.clone());
        let mut expected = BTreeMap::from([
            ("procname".to_owned(), "P & Q".to_owned()),
            ("password".to_owned(), password),
            ("commonname".to_owned(), name),
            (open, value),
        ]);
        type Read = fn(&Outgoing) -> BTreeMap<String, String>;
        let reads: [(&str, Read); 3] = [("form", of_form), ("json", of_json), ("multipart", of_multipart)];
        for (encoding, read) in reads {
            let dialect = dialect(&format!("[requests]\nbinary_lines = false\n[soft_token]\nencoding = '{encoding}'"));
            prop_assert_eq!(&read(&Call::new(&request).request(&dialect).unwrap()), &expected);
            let signature = RequestSignature::from_cms(vec![1, 2, 3]);
            let signed = SignedCall::new(&request, &signature).request(&dialect).unwrap();
            expected.insert("signature".to_owned(), "AQID".to_owned());
            prop_assert_eq!(&read(&signed), &expected, "all of it again, and the signature");
            expected.remove("signature");
        }
    }

    #[test]
    fn fields_of_the_caller_are_read_back_from_a_form(name in "\\PC{1,30}", value in any::<String>()) {
        let own = ["certencoding", "pkcs10", "password"];
        prop_assume!(!own.iter().any(|own| name.eq_ignore_ascii_case(own)));
        prop_assume!(name.len() <= 128 && !name.chars().any(char::is_control));
        let ask = EuiSoftToken::new("p").field(name.clone(), FieldValue::Secret(SecretString::new(value.clone())));
        let shown = format!("{ask:?}");
        prop_assert!(value.len() < 8 || !shown.contains(&value));
        let sent = of_form(&ask.request(&dialect("")).unwrap());
        prop_assert_eq!(sent, BTreeMap::from([("password".to_owned(), "p".to_owned()), (name, value)]));
    }
}
