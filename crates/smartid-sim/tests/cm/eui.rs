//! EUI: a request in a form, a certificate in a page, as public scripts read it; and soft tokens.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use smartid_sim::config::{ResponseElement, Untrusted};
use smartid_sim::pki::{Certificate, KeyKind, p12};
use smartid_sim::{TokenCaller, TokenOrigin};

use crate::common::{Answer, Bench, Caller, base64, csr_for, form, inside, lines};

/// What the scripts do: of the line with a quoted string that begins with `response`, the third quoted string.
fn third_string(page: &str) -> Option<String> {
    let quoted =
        |line: &str| -> Vec<String> { line.split('"').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut found = page
        .lines()
        .map(quoted)
        .filter(|all| all.iter().any(|text| text.starts_with("response")));
    let only = found.next()?;
    assert!(found.next().is_none(), "two such lines");
    only.get(2).cloned()
}

fn armoured(request: &[u8]) -> String {
    format!(
        "-----BEGIN CERTIFICATE REQUEST-----\n{}-----END CERTIFICATE REQUEST-----\n",
        lines(&base64(request), 64, "\n")
    )
}

async fn post(bench: &Bench, handler: &str, fields: &[(&str, &str)]) -> Answer {
    bench.ra.servlet(handler, &[], form(fields)).await
}

#[tokio::test]
async fn the_certificate_is_the_third_quoted_string() {
    let bench = Bench::new("").await;
    let request = csr_for("C=SE,CN=www.example.test");
    let pem = armoured(&request);
    let answer = post(
        &bench,
        "eui/server",
        &[("certencoding", "x509"), ("pkcs10", &pem)],
    )
    .await;
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (200, "text/html;charset=UTF-8")
    );
    let value = third_string(&answer.text()).unwrap();
    let certificate = Certificate::parse(&BASE64_STANDARD.decode(value).unwrap()).unwrap();
    assert_eq!(certificate.common_name().as_deref(), Some("www.example.test"));
    let cm = bench.sim.cm();
    cm.ca().unwrap().verify(&certificate, bench.now()).unwrap();
    let kept = &cm.certificates()[0];
    assert_eq!(kept.procedure.as_deref(), Some("TLS server"));
    assert_eq!(bench.word(), "issued");
    // Other forms of the request, and the handler without a name.
    let base = base64(&request);
    for sent in [base.as_str(), &lines(&base, 76, "\r\n")] {
        let answer = post(&bench, "eui", &[("pkcs10", sent)]).await;
        assert!(third_string(&answer.text()).is_some(), "{}", answer.text());
    }
    assert_eq!(
        cm.certificates()[2].procedure.as_deref(),
        Some("User authentication")
    );
}

#[tokio::test]
async fn the_element_has_many_forms() {
    let bench = Bench::new("eui = {element_name = \"responseCert\"}").await;
    let pem = armoured(&csr_for("CN=a"));
    let fields = [("certencoding", "x509"), ("pkcs10", pem.as_str())];
    for (element, begins, third) in [
        (
            ResponseElement::NameFirst,
            "<input type=\"hidden\" name=\"responseCert\" value=\"MII",
            true,
        ),
        (
            ResponseElement::IdFirst,
            "<input id=\"responseCert\" name=\"responseCert\" value=\"MII",
            true,
        ),
        (
            ResponseElement::SingleQuotes,
            "<input type='hidden' name='responseCert' value='MII",
            false,
        ),
        (
            ResponseElement::WrappedValue,
            "<input type=\"hidden\" name=\"responseCert\" value=\"MII",
            false,
        ),
        (
            ResponseElement::WrappedTag,
            "<input\n  type=\"hidden\"\n  name=\"responseCert\"\n  value=\"MII",
            false,
        ),
        (ResponseElement::ValueFirst, "<input value=\"MII", false),
        (
            ResponseElement::Textarea,
            "<textarea name=\"responseCert\">MII",
            false,
        ),
        (
            ResponseElement::Pem,
            "<input type=\"hidden\" name=\"responseCert\" value=\"-----BEGIN CERTIFICATE-----\nMII",
            false,
        ),
    ] {
        bench.sim.reconfigure(|config| config.cm.eui.element = element);
        let page = post(&bench, "eui/server", &fields).await.text();
        let (_, rest) = page
            .split_once(begins)
            .unwrap_or_else(|| panic!("{element:?}: {page}"));
        let rest = format!("MII{rest}");
        let value = rest.split(['"', '\'', '<', '-']).next().unwrap();
        let clean: String = value.split_whitespace().collect();
        Certificate::parse(&BASE64_STANDARD.decode(clean).unwrap()).unwrap();
        if element == ResponseElement::WrappedValue {
            assert!(value.contains('\n'));
        }
        let found = std::panic::catch_unwind(|| third_string(&page)).ok().flatten();
        assert_eq!(
            found.is_some_and(|value| value.starts_with("MII") && value.len() > 100),
            third,
            "{element:?}"
        );
    }
}

#[tokio::test]
async fn encodings_of_the_answer() {
    let bench = Bench::new("").await;
    let pem = armoured(&csr_for("CN=a"));
    let answer = post(
        &bench,
        "eui/server",
        &[("certencoding", "pkcs7"), ("pkcs10", &pem)],
    )
    .await;
    let octets = BASE64_STANDARD
        .decode(third_string(&answer.text()).unwrap())
        .unwrap();
    // 1.2.840.113549.1.7.2
    assert!(
        inside(&octets)[0]
            .1
            .ends_with(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02])
    );
    let answer = post(
        &bench,
        "eui/server",
        &[("certencoding", "X509"), ("pkcs10", &pem)],
    )
    .await;
    assert_eq!((answer.status, bench.word().as_str()), (400, "certencoding"));
    bench
        .sim
        .reconfigure(|config| config.cm.eui.certencodings = vec!["pem".into()]);
    let answer = post(
        &bench,
        "eui/server",
        &[("certencoding", "x509"), ("pkcs10", &pem)],
    )
    .await;
    assert_eq!((answer.status, bench.word().as_str()), (400, "certencoding"));
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let bench = Bench::new("").await;
    let good = csr_for("CN=a");
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let (good, forged, cut) = (base64(&good), base64(&forged), base64(&good[..good.len() - 5]));
    for (fields, word) in [
        (vec![("certencoding", "x509")], "field_missing"),
        (vec![("pkcs10", "")], "pkcs10_encoding"),
        (vec![("pkcs10", "<script>alert(1)</script>")], "pkcs10_encoding"),
        (vec![("pkcs10", cut.as_str())], "pkcs10"),
        (vec![("pkcs10", forged.as_str())], "pkcs10_signature"),
        (
            vec![("pkcs10", good.as_str()), ("pkcs10", good.as_str())],
            "field_twice",
        ),
        (
            vec![
                ("pkcs10", good.as_str()),
                ("certencoding", "x509"),
                ("certencoding", "x509"),
            ],
            "field_twice",
        ),
    ] {
        let answer = post(&bench, "eui/server", &fields).await;
        let seen = bench.word();
        assert_eq!(answer.status, 400, "{fields:?} {seen}");
        assert!(
            seen == word || (word == "pkcs10" && seen == "pkcs10_encoding"),
            "{fields:?} {seen}"
        );
        assert!(!answer.text().contains("<script>"));
        assert!(third_string(&answer.text()).is_none());
    }
    assert_eq!(bench.sim.cm().count(), 0);
    for handler in ["eui/none", "eui/server/x", "eui/Server"] {
        let answer = post(&bench, handler, &[("pkcs10", &good)]).await;
        assert_eq!(
            (answer.status, bench.word().as_str()),
            (404, "handler"),
            "{handler}"
        );
    }
}

#[tokio::test]
async fn fields_and_handlers_are_configured() {
    let toml = "[cm.eui]\nrequest_field = \"csr\"\ncertencoding_field = \"enc\"\nstrict_fields = true\nmax_form_bytes = 2000\n\
                form_charset = \"iso-8859-1\"\nfields = {commonname = \"cn\", countryname = \"c\"}\npassword_field = \"pin\"\n\
                [[cm.eui.handlers]]\nname = \"web server ä\"\nprocedure = \"3\"\n[[cm.eui.handlers]]\nname = \"t\"\nprocedure = \"Soft token\"\n\
                [[cm.eui.handlers]]\nname = \"card\"\nprocedure = \"Employee card\"\n[[cm.eui.handlers]]\nname = \"lost\"\nprocedure = \"x\"";
    let bench = Bench::with(toml).await;
    let pem = armoured(&csr_for("CN=a"));
    let path = "eui/web%20server%20%C3%A4";
    let answer = post(&bench, path, &[("csr", &pem), ("enc", "x509")]).await;
    assert!(third_string(&answer.text()).is_some(), "{}", answer.text());
    for (fields, status, word) in [
        (vec![("csr", pem.as_str()), ("pkcs10", "x")], 400, "field_unknown"),
        (vec![("csr", &"a".repeat(2000))], 413, "form_too_large"),
    ] {
        let answer = post(&bench, path, &fields).await;
        assert_eq!((answer.status, bench.word().as_str()), (status, word));
    }
    let answer = bench.ra.servlet("eui/t", &[], "pin=1&cn=J%FCrgen&c=SE").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(bench.sim.cm().soft_tokens()[0].subject, "CN=Jürgen, C=SE");
    let answer = post(&bench, "eui/t", &[("pin", "1"), ("commonname", "a")]).await;
    assert_eq!((answer.status, bench.word().as_str()), (400, "field_unknown"));
    let answer = post(&bench, "eui/card", &[]).await;
    assert_eq!((answer.status, bench.word().as_str()), (404, "handler"));
    let answer = post(&bench, "eui/lost", &[]).await;
    assert_eq!((answer.status, bench.word().as_str()), (400, "procedure"));
}

#[tokio::test]
async fn soft_tokens_come_from_the_form() {
    let bench = Bench::new("soft_tokens = {key = \"rsa2048\"}").await;
    let fields = [
        ("password", "a&b=c+d e%"),
        ("commonname", "A & B = C + D"),
        ("country", "SE"),
        ("colour", "red"),
    ];
    let answer = post(&bench, "eui/softtoken", &fields).await;
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (200, "application/x-pkcs12")
    );
    let opened = p12::open(&answer.body, "a&b=c+d e%").unwrap();
    assert_eq!(opened[0].key.kind(), KeyKind::Rsa2048);
    let token = &bench.sim.cm().soft_tokens()[0];
    assert_eq!(
        (token.origin, token.handler.as_str()),
        (TokenOrigin::Eui, "softtoken")
    );
    assert_eq!(token.subject, "CN=\"A & B = C + D\", C=SE");
    assert!(token.headers.is_empty());
    // Headers do not count here.
    let answer = bench
        .ra
        .servlet("eui/softtoken", &[("country", b"NO")], "password=a")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(bench.sim.cm().soft_tokens()[1].subject, "CN=Soft token");
    for (fields, word) in [
        (vec![("commonname", "a")], "field_missing"),
        (
            vec![("password", "a"), ("commonname", "a"), ("commonname", "b")],
            "field_twice",
        ),
        (
            vec![("password", "a"), ("commonname", "a\r\nb")],
            "attribute_control",
        ),
    ] {
        let answer = post(&bench, "eui/softtoken", &fields).await;
        assert_eq!((answer.status, bench.word().as_str()), (400, word));
    }
    bench.sim.reconfigure(|config| config.cm.eui.soft_tokens = false);
    let answer = post(&bench, "eui/softtoken", &fields).await;
    assert_eq!((answer.status, bench.word().as_str()), (404, "handler"));
}

#[tokio::test]
async fn strangers_get_no_certificate() {
    let toml = "[cm.tls]\nclient_certificate = \"optional\"\n[cm.eui.trust]\nrequires_officer = true";
    let bench = Bench::with(toml).await;
    let pem = armoured(&csr_for("CN=a"));
    let body = form(&[("pkcs10", &pem)]);
    for (caller, word) in [
        (Caller::anonymous(&bench.sim), "no_certificate"),
        (Caller::new(&bench.sim, "no-officer"), "not_officer"),
        (Caller::new(&bench.sim, "digital-access"), "not_officer"),
    ] {
        let answer = caller.servlet("eui/server", &[], body.clone()).await;
        assert_eq!((answer.status, bench.word().as_str()), (403, word));
    }
    assert_eq!(bench.sim.cm().count(), 0);
    bench.sim.reconfigure(|config| {
        config.cm.eui.trust.requires_officer = false;
        config.cm.eui.trust.untrusted = Untrusted::Served;
    });
    let anonymous = Caller::anonymous(&bench.sim);
    assert_eq!(anonymous.servlet("eui/server", &[], body).await.status, 200);
    let answer = anonymous.servlet("eui/softtoken", &[], "password=a").await;
    assert_eq!(answer.status, 200);
    assert_eq!(bench.sim.cm().soft_tokens()[0].caller, TokenCaller::Anybody);
}
