//! Soft tokens: requests to the servlets of Protocol Gateway beside the API (AST, EUI), what EUI answers, and AST's properties file.

use smartid::CmDialect;
use smartid::cm::ast::{AstProperties, AstRequest};
use smartid::cm::eui::EuiCertificate;
use smartid::cm::operations::{IssuedCertificate, UnusableCertificate};
use smartid::cm::soft_token::IssuedSoftToken;
use smartid::cm::{CmRefusal, Csr};
use smartid::core::{Endpoint as _, ResponseError};
use smartid::trust::Certificate;
use smartid::trust::request::{TemplateBuilder, ThrowAwayKey};

use super::answer::incoming;
use super::certificates::of_the_request;
use super::fields::{self, Encoding, Field};
use crate::inspect::evidence::{p12, x509};
use crate::inspect::http::{Asked, credentials};
use crate::inspect::places::shown_text;
use crate::inspect::{Context, Finding};

/// Headers of every HTTP client, which carry no attribute.
const USUAL: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "forwarded",
    "host",
    "origin",
    "referer",
    "te",
    "traceparent",
    "user-agent",
    "via",
];

/// So many lines of a properties file, or attributes, are told.
const TOLD: usize = 64;

/// Whether a field of this name holds what opens a soft token.
pub(super) fn is_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "pin", "secret"]
        .iter()
        .any(|word| name.contains(word))
}

/// Which servlet a path leads to: what stands before it, and the handler behind it.
fn servlet<'a>(segments: &'a [&'a str], path: &str) -> Option<(&'a [&'a str], Option<&'a str>)> {
    let wanted: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let behind = |behind: usize| {
        let end = segments.len().checked_sub(behind)?;
        let start = end.checked_sub(wanted.len())?;
        let fits = !wanted.is_empty() && segments.get(start..end) == Some(wanted.as_slice());
        fits.then(|| {
            (
                segments.get(..start).unwrap_or_default(),
                segments.get(end).copied(),
            )
        })
    };
    behind(1).or_else(|| behind(0))
}

/// A request to AST or EUI; `None` when it is none.
pub(super) fn request(
    asked: &Asked<'_>,
    segments: &[&str],
    body: &[u8],
    context: &Context,
) -> Option<Finding> {
    let dialect = &context.certificate_manager;
    if asked.method != "POST" {
        return None;
    }
    if let Some((before, handler)) = servlet(segments, &dialect.ast.path.to_string()) {
        let mut finding = Finding::of("request to Protocol Gateway: a soft token over AST");
        place(&mut finding, before, handler, asked);
        for (name, value) in asked.headers.iter().take(TOLD) {
            let known = USUAL.contains(&name.as_str()) || name.as_str().starts_with("x-forwarded-");
            if !known {
                let value = String::from_utf8_lossy(value.as_bytes());
                finding.fact(&format!("header {name}"), shown_text(&value));
            }
        }
        form(&mut finding, asked, body, &dialect.ast.password, context);
        return Some(finding);
    }
    let (before, handler) = servlet(segments, &dialect.eui.path_without_handler.to_string())?;
    let mut finding = Finding::of("request to Protocol Gateway: a soft token over EUI");
    place(&mut finding, before, handler, asked);
    let fields = form(&mut finding, asked, body, "password", context);
    if let Some(field) = fields.iter().find(|field| field.name == "pkcs10") {
        finding.kind = "request to Protocol Gateway: a certificate over EUI".to_owned();
        // A missing password is none of its problems.
        finding.problems.clear();
        finding.verdict = None;
        match Csr::parse(&field.value) {
            Ok(csr) => {
                finding.fact("subject", csr.subject().to_string());
                finding.verdict = Some(true);
            }
            Err(error) => finding.problem(format!("its pkcs10 is no certification request: {error}")),
        }
    }
    Some(finding)
}

fn place(finding: &mut Finding, before: &[&str], handler: Option<&str>, asked: &Asked<'_>) {
    let mut facts = Vec::new();
    credentials(asked, &mut facts, finding);
    finding.facts.append(&mut facts);
    finding.fact("gateway up to", format!("/{}", before.join("/")));
    finding.fact(
        "handler",
        handler.map_or_else(|| "none is named".to_owned(), shown_text),
    );
}

/// The fields of the form; the password among them is not shown.
fn form(
    finding: &mut Finding,
    asked: &Asked<'_>,
    body: &[u8],
    password: &str,
    context: &Context,
) -> Vec<Field> {
    let Some((encoding, fields)) = fields::read(asked, body) else {
        finding
            .problem("its body is neither multipart nor a form nor JSON, or not what its Content-Type says");
        return Vec::new();
    };
    if encoding != Encoding::Form {
        finding.remark(format!(
            "its fields come as {}; a web page sends a form",
            encoding.word()
        ));
    }
    for field in fields.iter().take(TOLD) {
        let value = field.text().unwrap_or("(no text)");
        if field.name == password || is_password(&field.name) {
            finding.secret(&field.name, value, context);
        } else if field.name != "pkcs10" {
            finding.fact(&field.name, shown_text(value));
        }
    }
    match fields.iter().find(|field| field.name == password) {
        Some(field) if !field.value.is_empty() => finding.verdict = finding.verdict.or(Some(true)),
        Some(_) => finding.problem(format!(
            "its {password} is empty: whoever gets the container has the keys"
        )),
        None => finding.problem(format!("it has no {password}")),
    }
    fields
}

/// A page of EUI with a certificate in it; `None` when there is none on it.
pub(in crate::inspect) fn page(text: &str, context: &Context) -> Option<Finding> {
    // What is on the page is found with any request; whether it is for the key is said below.
    let csr = match &context.csr {
        Some(csr) => csr.clone(),
        None => {
            let made = TemplateBuilder::new("CN=nobody".parse().ok()?)
                .build(ThrowAwayKey::P256)
                .ok()?;
            Csr::from_der(made.der().clone()).ok()?
        }
    };
    let answer = incoming(text.as_bytes().to_vec(), context);
    let read = EuiCertificate::new(csr).response(&context.certificate_manager, answer);
    let certificates = issued(&read)?;
    let (first, others) = certificates.split_first()?;
    let mut finding = x509::certificate(first, others, context);
    finding.kind = "page of EUI with a certificate".to_owned();
    of_the_request(&mut finding, &certificates, context);
    Some(finding)
}

fn issued(read: &Result<IssuedCertificate, ResponseError<CmRefusal>>) -> Option<Vec<Certificate>> {
    match read {
        Ok(issued) => Some(issued.chain.clone()),
        Err(ResponseError::Unreadable(unreadable)) => {
            let unusable = unreadable.cause::<UnusableCertificate>()?;
            Some(unusable.certificates().to_vec())
        }
        Err(_) => None,
    }
}

/// An answer with a container in it, wherever it is; `None` when there is none.
pub(in crate::inspect) fn token(body: &[u8], context: &Context) -> Option<Finding> {
    let issued = read(body, context)?;
    let mut finding = p12::container(issued.token.expose_octets(), context);
    finding.kind = "answer with a soft token (PKCS #12 container)".to_owned();
    told(&mut finding, &issued);
    Some(finding)
}

/// What the head of an answer says of the container that is its body.
pub(in crate::inspect) fn head_of_token(finding: &mut Finding, body: &[u8], context: &Context) {
    if let Some(issued) = read(body, context).filter(|_| finding.kind == p12::KIND) {
        told(finding, &issued);
    }
}

fn read(body: &[u8], context: &Context) -> Option<IssuedSoftToken> {
    let dialect: &CmDialect = &context.certificate_manager;
    AstRequest::new("unknown")
        .response(dialect, incoming(body.to_vec(), context))
        .ok()
}

fn told(finding: &mut Finding, issued: &IssuedSoftToken) {
    if let Some(name) = &issued.file_name {
        finding.fact("file name", name.as_str());
    }
    if issued.downloaded.is_some() {
        finding.fact("cookie", "downloaded, for the end user's browser");
    }
}

/// AST's properties file; `None` when no line of it is about AST.
pub(in crate::inspect) fn properties(bytes: &[u8]) -> Option<Finding> {
    let mentions = bytes.windows(15).any(|window| window == b"ast.valuetarget");
    let formats = bytes.windows(13).any(|window| window == b".formatFields");
    if !mentions && !formats {
        return None;
    }
    let mut finding = Finding::of("properties file of AST");
    let read = match AstProperties::parse(bytes) {
        Ok(read) => read,
        Err(error) => {
            finding.problem(error.to_string());
            return Some(finding);
        }
    };
    for (handler, headers) in read.handlers().take(TOLD) {
        for (attribute, header) in headers.as_map().iter().take(TOLD) {
            finding.fact(
                &format!("handler {handler}"),
                format!("{attribute} from the header {header}"),
            );
        }
        for attribute in headers.switched_off().take(TOLD) {
            finding.fact(
                &format!("handler {handler}"),
                format!("{attribute} is switched off"),
            );
        }
    }
    for passed in read.passed_over().iter().take(TOLD) {
        finding.remark(format!(
            "line {} does not count here: {:?}",
            passed.line, passed.why
        ));
    }
    finding.verdict = Some(true);
    Some(finding)
}
