//! AST: who may send headers, what they become, and what comes back (vendor page: AST support in Certificate Manager).

use smartid_sim::config::{DefaultHeaders, HeaderEncoding, RepeatedHeader, Untrusted};
use smartid_sim::pki::{Certificate, p12};
use smartid_sim::{TokenCaller, TokenOrigin};

use crate::common::{Answer, Bench, Caller};

const FORM: &str = "password=test-Passw0rd";

/// The subject of the first certificate in a container.
#[track_caller]
fn subject(answer: &Answer, password: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let opened = p12::open(&answer.body, password).unwrap();
    let certificate = Certificate::parse(&opened[0].certificates[0]).unwrap();
    assert_eq!(certificate.spki_der(), opened[0].key.public_spki_der());
    smartid_sim::pki::name::text(certificate.subject_der()).unwrap()
}

/// An error: a page of HTML with this status, and the word of the record.
#[track_caller]
fn refused(bench: &Bench, answer: &Answer, status: u16, word: &str) {
    assert_eq!(
        (answer.status, bench.word().as_str()),
        (status, word),
        "{}",
        answer.text()
    );
    assert!(answer.kind().starts_with("text/html"), "{}", answer.kind());
    assert!(answer.text().contains("<h1>"));
    assert!(
        answer.header("set-cookie").is_none(),
        "the page would stop its animation"
    );
}

#[tokio::test]
async fn an_officer_gets_a_token_for_somebody() {
    let bench = Bench::new("").await;
    assert!(bench.sim.gateway_url().ends_with("/pgwy"));
    let answer = bench.ra.servlet("ast", &[("country", b"SE")], FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=Soft token, C=SE");
    assert_eq!(answer.kind(), "application/x-pkcs12");
    assert_eq!(
        answer.header("content-disposition").as_deref(),
        Some("attachment; filename=\"token.p12\"")
    );
    assert_eq!(
        answer.header("set-cookie").as_deref(),
        Some("downloaded=true; Path=/")
    );
    let tokens = bench.sim.cm().soft_tokens();
    let token = &tokens[0];
    assert_eq!((tokens.len(), token.origin), (1, TokenOrigin::Ast));
    assert_eq!(token.caller, TokenCaller::Officer("ra-officer".into()));
    assert_eq!(token.headers, [("country".to_owned(), "SE".to_owned())]);
    assert_eq!(
        (token.handler.as_str(), token.procedure.as_str()),
        ("", "Soft token")
    );
    assert_eq!(token.file, answer.body);
    assert!(token.has_password("test-Passw0rd") && !token.has_password("test-passw0rd"));
    let shown = format!("{token:?}");
    assert!(
        shown.contains("CN=Soft token") && !shown.contains("Passw0rd"),
        "{shown}"
    );
    // What was issued is in the database like everything else.
    let issued = bench.sim.cm().certificate(&token.certids[0]).unwrap();
    assert_eq!(issued.procedure.as_deref(), Some("Soft token"));
    assert_eq!(bench.sim.cm().audit_log()[0].officer, "ra-officer");
}

#[tokio::test]
async fn headers_are_accepted_from_officers_and_fronts_alone() {
    let bench = Bench::new("tls = {client_certificate = \"optional\"}").await;
    let headers: [(&str, &[u8]); 1] = [("country", b"SE")];
    for (name, word) in [
        ("no-officer", "not_officer"),
        ("revoked-officer", "certificate_state"),
    ] {
        let answer = Caller::new(&bench.sim, name).servlet("ast", &headers, FORM).await;
        refused(&bench, &answer, 403, word);
    }
    let anonymous = Caller::anonymous(&bench.sim);
    let answer = anonymous.servlet("ast", &headers, FORM).await;
    refused(&bench, &answer, 403, "no_certificate");
    let front = Caller::new(&bench.sim, "digital-access");
    let answer = front.servlet("ast", &headers, FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=Soft token, C=SE");
    let caller = |bench: &Bench| bench.sim.cm().soft_tokens().last().unwrap().caller.clone();
    assert_eq!(caller(&bench), TokenCaller::Front("digital-access".into()));
    // Another front, by the address it calls from.
    bench.sim.reconfigure(|config| {
        config.cm.ast.trust.front_certificates = vec!["no-officer".into()];
        config.cm.ast.trust.front_addresses = vec!["127.0.0.9".parse().unwrap()];
    });
    let answer = front.servlet("ast", &headers, FORM).await;
    refused(&bench, &answer, 403, "not_officer");
    let answer = Caller::new(&bench.sim, "no-officer")
        .servlet("ast", &headers, FORM)
        .await;
    assert_eq!(answer.status, 200);
    let answer = anonymous.servlet("ast", &headers, FORM).await;
    refused(&bench, &answer, 403, "no_certificate");
    bench.sim.reconfigure(|config| {
        config
            .cm
            .ast
            .trust
            .front_addresses
            .push("127.0.0.1".parse().unwrap())
    });
    assert_eq!(anonymous.servlet("ast", &headers, FORM).await.status, 200);
    assert_eq!(caller(&bench), TokenCaller::Front("127.0.0.1".into()));
    // From a trusted place, a certificate that is no good is still no good.
    let answer = Caller::new(&bench.sim, "revoked-officer")
        .servlet("ast", &headers, FORM)
        .await;
    refused(&bench, &answer, 403, "certificate_state");
    // An officer is an officer, whatever else is trusted.
    assert_eq!(bench.ra.servlet("ast", &headers, FORM).await.status, 200);
    assert_eq!(caller(&bench), TokenCaller::Officer("ra-officer".into()));
}

#[tokio::test]
async fn an_officers_certificate_can_be_required() {
    let toml = "[cm.tls]\nclient_certificate = \"optional\"\n[cm.ast.trust]\nrequires_officer = true\nroles = [\"Issue certificate\"]\n\
                front_certificates = [\"digital-access\"]\nfront_addresses = [\"127.0.0.1\"]";
    let bench = Bench::with(toml).await;
    for (caller, word) in [
        (Caller::anonymous(&bench.sim), "no_certificate"),
        (Caller::new(&bench.sim, "digital-access"), "not_officer"),
        (Caller::new(&bench.sim, "reader"), "role"),
    ] {
        let answer = caller.servlet("ast", &[], FORM).await;
        refused(&bench, &answer, 403, word);
    }
    assert_eq!(bench.ra.servlet("ast", &[], FORM).await.status, 200);
    assert_eq!(bench.sim.cm().soft_tokens().len(), 1);
    assert_eq!(bench.sim.cm().count(), 1);
}

#[tokio::test]
async fn whoever_is_not_trusted_is_answered_as_the_switch_says() {
    let bench = Bench::new("tls = {client_certificate = \"optional\"}").await;
    let anonymous = Caller::anonymous(&bench.sim);
    let untrusted = |how| {
        bench
            .sim
            .reconfigure(|config| config.cm.ast.trust.untrusted = how)
    };
    untrusted(Untrusted::OkPage);
    let answer = anonymous.servlet("ast", &[], FORM).await;
    refused(&bench, &answer, 200, "no_certificate");
    untrusted(Untrusted::Login);
    let answer = anonymous.servlet("ast", &[], FORM).await;
    assert_eq!(
        (answer.status, answer.header("location").as_deref()),
        (302, Some("/wa/auth"))
    );
    assert_eq!(bench.sim.cm().count(), 0);
    untrusted(Untrusted::Served);
    let answer = anonymous.servlet("ast", &[("country", b"SE")], FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=Soft token, C=SE");
    assert_eq!(bench.sim.cm().soft_tokens()[0].caller, TokenCaller::Anybody);
}

#[tokio::test]
async fn the_documented_lines_turn_one_header_off_and_another_on() {
    let toml = r#"
[cm.ast]
properties = """
handler.0.formatFields.4 = ast.valuetarget.countryname.value =
handler.0.formatFields.5 = ast.valuetarget.localityname.value = myheader
handler.7.formatFields.1 = ast.valuetarget.commonname.value = X-Cn
"""
[[cm.ast.handlers]]
number = "0"
procedure = "Soft token"
[[cm.ast.handlers]]
name = "seven"
number = "7"
procedure = "4"
"#;
    let bench = Bench::with(toml).await;
    let headers: [(&str, &[u8]); 3] = [
        ("Country", b"SE"),
        ("MyHeader", b"Kista"),
        ("x-cn", b"Anna, \\ A"),
    ];
    let answer = bench.ra.servlet("ast", &headers, FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=Soft token, L=Kista");
    let answer = bench.ra.servlet("ast/", &headers, FORM).await;
    assert_eq!(answer.status, 200);
    let answer = bench.ra.servlet("ast/seven", &headers, FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=\"Anna, \\\\ A\", C=SE");
    assert_eq!(bench.sim.cm().soft_tokens()[2].handler, "seven");
    for path in ["ast/eight", "ast/seven/", "ast/seven/x", "ast/Seven"] {
        let answer = bench.ra.servlet(path, &headers, FORM).await;
        refused(&bench, &answer, 404, "handler");
    }
}

#[tokio::test]
async fn more_headers_are_a_switch() {
    let bench = Bench::new("ast = {default_headers = \"plausible\"}").await;
    let headers: [(&str, &[u8]); 12] = [
        ("country", b"SE"),
        ("commonname", b"Anna Andersson"),
        ("givenname", b"Anna"),
        ("surname", b"Andersson"),
        ("serialnumber", b"SE123"),
        ("organizationname", b"Example AB"),
        ("organizationalunitname", b"R&D"),
        ("localityname", b"Kista"),
        ("stateorprovincename", b"Stockholm"),
        ("title", b"Dr."),
        ("rfc822name", b"anna@example.test"),
        ("upn", b"anna@corp.example.test"),
    ];
    let answer = bench.ra.servlet("ast", &headers, FORM).await;
    assert_eq!(
        subject(&answer, "test-Passw0rd"),
        "emailAddress=anna@example.test, CN=Anna Andersson, serialNumber=SE123, GN=Anna, SN=Andersson, title=Dr., OU=R&D, \
         O=Example AB, L=Kista, ST=Stockholm, C=SE"
    );
    let leaf = &p12::open(&answer.body, "test-Passw0rd").unwrap()[0].certificates[0];
    // otherName with 1.3.6.1.4.1.311.20.2.3, then the text.
    let upn = [
        b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0\x18\x0c\x16",
        b"anna@corp.example.test".as_slice(),
    ]
    .concat();
    assert!(leaf.windows(upn.len()).any(|part| part == upn));
    bench
        .sim
        .reconfigure(|config| config.cm.ast.default_headers = DefaultHeaders::None);
    let answer = bench.ra.servlet("ast", &headers, FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=Soft token");
    bench
        .sim
        .reconfigure(|config| config.cm.ast.default_headers = DefaultHeaders::Documented);
    let answer = bench.ra.servlet("ast", &headers, FORM).await;
    assert_eq!(subject(&answer, "test-Passw0rd"), "CN=Soft token, C=SE");
}

#[tokio::test]
async fn octets_of_headers_are_read_as_the_switch_says() {
    let toml = "[cm.ast]\nproperties = \"handler.0.formatFields.1=ast.valuetarget.commonname.value=cn\"";
    let bench = Bench::with(toml).await;
    let latin = HeaderEncoding::Iso8859;
    for (encoding, octets, wanted) in [
        (latin, b"J\xfcrgen".as_slice(), Ok("CN=Jürgen")),
        (latin, "Jürgen".as_bytes(), Ok("CN=JÃ¼rgen")),
        (latin, b"a%0D%0Ab", Ok("CN=a%0D%0Ab")),
        (latin, b"a\xc2\x85b", Err("header_control")),
        (HeaderEncoding::Utf8, "Jürgen".as_bytes(), Ok("CN=Jürgen")),
        (HeaderEncoding::Utf8, b"J\xfcrgen", Err("header_encoding")),
        (HeaderEncoding::Percent, b"J%C3%BCrgen", Ok("CN=Jürgen")),
        (HeaderEncoding::Percent, b"J%FCrgen", Err("header_encoding")),
        (HeaderEncoding::Percent, b"J\xfcrgen", Err("header_encoding")),
        (HeaderEncoding::Percent, b"a%0D%0ACN=b", Err("header_control")),
        (HeaderEncoding::Percent, b"a%00b", Err("header_control")),
        (HeaderEncoding::Percent, b"a\tb", Err("header_control")),
        (latin, b"   ", Ok("CN=Soft token")),
    ] {
        bench
            .sim
            .reconfigure(|config| config.cm.ast.header_encoding = encoding);
        let answer = bench.ra.servlet("ast", &[("cn", octets)], FORM).await;
        match wanted {
            Ok(text) => assert_eq!(subject(&answer, "test-Passw0rd"), text),
            Err(word) => refused(&bench, &answer, 400, word),
        }
    }
    // A comma does not begin another part of the subject.
    bench
        .sim
        .reconfigure(|config| config.cm.ast.header_encoding = latin);
    let answer = bench
        .ra
        .servlet("ast", &[("cn", b"a,O=Evil\\,CN=root")], FORM)
        .await;
    assert_eq!(
        subject(&answer, "test-Passw0rd"),
        "CN=\"a,O=Evil\\\\,CN=root\"",
        "one attribute"
    );
}

#[tokio::test]
async fn headers_that_come_twice() {
    let bench = Bench::new("").await;
    let headers: [(&str, &[u8]); 2] = [("country", b"SE"), ("Country", b"NO")];
    let answer = bench.ra.servlet("ast", &headers, FORM).await;
    refused(&bench, &answer, 400, "header_twice");
    for (which, country) in [(RepeatedHeader::First, "SE"), (RepeatedHeader::Last, "NO")] {
        bench
            .sim
            .reconfigure(|config| config.cm.ast.repeated_header = which);
        let answer = bench.ra.servlet("ast", &headers, FORM).await;
        assert_eq!(
            subject(&answer, "test-Passw0rd"),
            format!("CN=Soft token, C={country}")
        );
    }
}

#[tokio::test]
async fn values_that_no_name_can_hold_are_refused() {
    let toml = "[cm.ast]\nproperties = \"handler.0.formatFields.1=ast.valuetarget.commonname.value=cn\"";
    let bench = Bench::with(toml).await;
    let long = "a".repeat(1025);
    for (name, value) in [("country", b"\xd6st".as_slice()), ("cn", long.as_bytes())] {
        let answer = bench.ra.servlet("ast", &[(name, value)], FORM).await;
        refused(&bench, &answer, 400, "subject");
    }
    assert_eq!(bench.sim.cm().count(), 0, "nothing was issued");
    assert!(bench.sim.cm().soft_tokens().is_empty());
}

#[tokio::test]
async fn the_password_must_be_in_the_form_once() {
    let bench = Bench::new("").await;
    for (body, status, word) in [
        ("", 400, "field_missing"),
        ("Password=x", 400, "field_missing"),
        ("password=", 400, "password_short"),
        ("password", 400, "password_short"),
        ("password=a&password=b", 400, "field_twice"),
        ("password=a&p%61ssword=a", 400, "field_twice"),
        ("password=%FF", 400, "form_text"),
    ] {
        let answer = bench.ra.servlet("ast", &[], body).await;
        refused(&bench, &answer, status, word);
        assert!(!answer.text().contains("=a"), "what was sent is not repeated");
    }
    // Not in the query, and not as a header.
    let answer = bench
        .ra
        .servlet("ast?password=a", &[("password", b"a")], "")
        .await;
    refused(&bench, &answer, 400, "field_missing");
    let many = "a=b&".repeat(1001);
    let answer = bench.ra.servlet("ast", &[], many).await;
    refused(&bench, &answer, 400, "fields_too_many");
    assert_eq!(bench.sim.cm().count(), 0);
    // Everything that a form can hold.
    let answer = bench
        .ra
        .servlet("ast", &[], "x=1&&=&password=a%26b%3Dc%2Bd+e%25%C3%BC&password2=q")
        .await;
    subject(&answer, "a&b=c+d e%ü");
}

#[tokio::test]
async fn switches_of_the_form() {
    let toml = "[cm.ast]\npassword_field = \"pin\"\nform_charset = \"iso-8859-1\"\nmax_form_bytes = 40";
    let bench = Bench::with(toml).await;
    let answer = bench.ra.servlet("ast", &[], FORM).await;
    refused(&bench, &answer, 400, "field_missing");
    let answer = bench.ra.servlet("ast", &[], "pin=%FC%E4").await;
    subject(&answer, "üä");
    let answer = bench
        .ra
        .servlet("ast", &[], format!("pin={}", "a".repeat(37)))
        .await;
    refused(&bench, &answer, 413, "form_too_large");
    let url = format!("{}/ast", bench.sim.gateway_url());
    let post = async |kind: Option<&str>, body: &'static str| {
        let mut request = bench.ra.http.post(&url).body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        Answer::of(request.send().await.unwrap()).await
    };
    for kind in [
        None,
        Some("application/json"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form-urlencoded2"),
    ] {
        let answer = post(kind, "pin=a").await;
        refused(&bench, &answer, 415, "content_type");
    }
    let named = "application/x-www-form-urlencoded; charset=";
    let answer = post(Some(&format!("{named}\"UTF-8\"")), "pin=%C3%BC").await;
    subject(&answer, "ü");
    let answer = post(Some(&format!("{named}utf-16")), "pin=a").await;
    refused(&bench, &answer, 415, "charset");
}

#[tokio::test]
async fn a_properties_file_is_read_at_the_start() {
    let path = std::env::temp_dir().join(format!("smartid-sim-{}-ast.properties", std::process::id()));
    let lines = b"# J\xfcrgen's\nstart = true\nhandler.0.formatFields.4: ast.valuetarget.countryname.value=\\\n   land\r\n";
    std::fs::write(&path, lines).unwrap();
    let toml = format!(
        "[cm.ast]\nproperties_file = {:?}\nproperties = \"handler.0.formatFields.5 ast.valuetarget.title.value = t\"",
        path.display().to_string()
    );
    let bench = Bench::with(&toml).await;
    std::fs::remove_file(&path).unwrap();
    let headers: [(&str, &[u8]); 3] = [("land", b"SE"), ("t", b"Dr."), ("country", b"NO")];
    let answer = bench.ra.servlet("ast", &headers, FORM).await;
    assert_eq!(
        subject(&answer, "test-Passw0rd"),
        "CN=Soft token, title=Dr., C=SE"
    );
    let config = smartid_sim::SimConfig::from_toml(&toml).unwrap();
    let error = smartid_sim::Sim::builder()
        .config(config)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cm.ast.properties_file"), "{error}");
}
