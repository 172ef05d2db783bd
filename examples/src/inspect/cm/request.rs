//! Requests to Certificate Manager: which operation, how its fields are encoded, what is in them, and which lines make this client's
//! requests look like that.

use smartid::CmDialect;
use smartid::cm::dialect::{self, CsrForm, Lists, WriteCall};
use smartid::core::base64::{Flavour, decode};

use super::fields::{self, Encoding, Field};
use super::operations::{Known, OPERATIONS, Operation, find};
use super::push::push;
use super::signature::signature;
use super::soft_token;
use crate::inspect::finding::quoted;
use crate::inspect::http::{Asked, credentials};
use crate::inspect::places::shown_text;
use crate::inspect::{Context, Finding, evidence, inspect};

/// A request; `None` when it is none to Certificate Manager.
pub(in crate::inspect) fn request(asked: &Asked<'_>, body: &[u8], context: &Context) -> Option<Finding> {
    if let Some(finding) = push(asked, body, context) {
        return Some(finding);
    }
    let segments: Vec<&str> = asked
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let dialect = &context.certificate_manager;
    if let Some(finding) = soft_token::request(asked, &segments, body, context) {
        return Some(finding);
    }
    let Some((operation, (before, behind))) = find(asked.method, &segments, dialect) else {
        return elsewhere(asked, &segments, body, context);
    };
    let mut finding = Finding::of(format!("request to Certificate Manager: {}", operation.what));
    let mut facts = Vec::new();
    credentials(asked, &mut facts, &mut finding);
    finding.facts.append(&mut facts);
    finding.fact("base URL up to", format!("/{}", before.join("/")));
    // The type of a registration may have a second part.
    let is_type = matches!(operation.table, "register" | "registrations");
    if let ([suffix], false) = (behind, is_type) {
        let known = dialect.requests.path_suffix.to_string();
        if known != *suffix {
            finding.fits_text("certificate_manager.requests", "path_suffix", suffix);
        }
    }
    let Known::Write(call) = (operation.call)(dialect) else {
        for field in asked.query().map(fields::pairs).unwrap_or_default() {
            parameter(&mut finding, operation, &field);
        }
        finding.verdict = Some(true);
        return Some(finding);
    };
    match fields::read(asked, body) {
        Some((encoding, fields)) => write(&mut finding, operation, call, encoding, &fields, context),
        None => finding
            .problem("its body is neither multipart nor a form nor JSON, or not what its Content-Type says"),
    }
    Some(finding)
}

/// A certification request at another path: a hosted service may have a shorter one.
fn elsewhere(asked: &Asked<'_>, segments: &[&str], body: &[u8], context: &Context) -> Option<Finding> {
    let operation = OPERATIONS.first()?;
    let (last, before) = segments.split_last()?;
    let (encoding, fields) = fields::read(asked, body).filter(|_| asked.method == "POST")?;
    fields.iter().find(|field| field.name == "pkcs10")?;
    let mut finding = Finding::of(format!("request to Certificate Manager: {}", operation.what));
    finding.fact("base URL up to", format!("/{}", before.join("/")));
    finding.fits_text("certificate_manager.issue", "path", last);
    write(
        &mut finding,
        operation,
        &context.certificate_manager.issue,
        encoding,
        &fields,
        context,
    );
    Some(finding)
}

fn parameter(finding: &mut Finding, operation: &Operation, field: &Field) {
    finding.fact(&field.name, shown_text(field.text().unwrap_or("(no text)")));
    if !operation.fields.contains(&field.name.as_str()) {
        finding.remark(format!("{} is no parameter that is known", field.name));
    }
}

fn write(
    finding: &mut Finding,
    operation: &Operation,
    call: &WriteCall,
    encoding: Encoding,
    fields: &[Field],
    context: &Context,
) {
    finding.fact("encoding", encoding.word());
    let dialect = &context.certificate_manager;
    let table = format!("certificate_manager.{}", operation.table);
    if word(call.encoding) != encoding.word() {
        finding.fits_text(&table, "encoding", encoding.word());
    }
    for field in fields {
        match field.name.as_str() {
            "pkcs10" => csr(finding, encoding, field, dialect, context),
            "signature" => match field.decoded() {
                Some(der) => {
                    finding.fact("step", "the second: it carries a signature");
                    signature(finding, &der, context);
                }
                None => finding.problem("its signature is not base64"),
            },
            name if name == "hmackey" || soft_token::is_password(name) => {
                finding.secret(&field.name, field.text().unwrap_or_default(), context)
            }
            name => {
                finding.fact(name, shown_text(field.text().unwrap_or("(no text)")));
                let renamed = call.rename.values().any(|known| known == name);
                if !operation.fields.is_empty() && !operation.fields.contains(&name) && !renamed {
                    finding.remark(format!(
                        "{name} is no field that is known; constants = {{ {name} = … }} in [{table}] would send it always"
                    ));
                }
            }
        }
    }
    names(finding, encoding, fields, dialect);
    if !fields.iter().any(|field| field.name == "signature") {
        finding.fact(
            "step",
            "the first, or the only one where Protocol Gateway signs itself",
        );
    }
    if finding.verdict.is_none() {
        finding.verdict = Some(true);
    }
}

/// The word in the dialect for an encoding.
fn word(encoding: dialect::Encoding) -> &'static str {
    match encoding {
        dialect::Encoding::Multipart => "multipart",
        dialect::Encoding::Form => "form",
        dialect::Encoding::Json => "json",
        _ => "",
    }
}

/// How certificates are called, and whether there is a file name.
fn names(finding: &mut Finding, encoding: Encoding, fields: &[Field], dialect: &CmDialect) {
    const REQUESTS: &str = "certificate_manager.requests";
    if let Some(field) = fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("certid"))
    {
        let (setting, known) = match encoding {
            Encoding::Json => ("certid_in_json", &dialect.requests.certid_in_json),
            _ => ("certid_in_forms", &dialect.requests.certid_in_forms),
        };
        if field.name != *known {
            finding.fits_text(REQUESTS, setting, &field.name);
        }
        let joined = encoding != Encoding::Json && field.text().is_some_and(|text| text.contains(','));
        if joined && dialect.requests.lists != Lists::Joined {
            finding.fits_text(REQUESTS, "lists", "joined");
        }
    }
    let file = fields
        .iter()
        .find(|field| matches!(field.name.as_str(), "pkcs10" | "signature"));
    if let Some(field) = file.filter(|_| encoding == Encoding::Multipart)
        && field.is_file != dialect.requests.file_parts
    {
        finding.fits(REQUESTS, format!("file_parts = {}", field.is_file));
    }
}

/// A certification request in one of its four forms.
fn csr(finding: &mut Finding, encoding: Encoding, field: &Field, dialect: &CmDialect, context: &Context) {
    let (form, word, der) = match field.text() {
        None => (CsrForm::Der, "der", Some(field.value.clone())),
        Some(text) if text.trim_start().starts_with("-----BEGIN") => (CsrForm::Pem, "pem", None),
        Some(text) if text.trim_end().contains('\n') => {
            (CsrForm::Base64Lines, "base64-lines", field.decoded())
        }
        Some(text) => (
            CsrForm::Base64,
            "base64",
            decode(Flavour::Standard, text.trim()).ok(),
        ),
    };
    finding.fact("request written as", word);
    // In JSON and in a form of one line there is but one way to write base64.
    let differs = form != dialect.requests.csr;
    if differs && (encoding != Encoding::Json || form == CsrForm::Pem) {
        finding.fits("certificate_manager.requests", format!("csr = {}", quoted(word)));
    }
    let read = match (der, field.text()) {
        (Some(der), _) => evidence::der(&der, context),
        (None, Some(text)) => inspect(text.as_bytes(), context),
        (None, None) => None,
    };
    match read.filter(|read| read.kind.starts_with("certification request")) {
        Some(read) => {
            for (name, value) in read
                .facts
                .iter()
                .filter(|(name, _)| name != "checked" && name != "version")
            {
                finding.fact(&format!("  {name}"), value);
            }
            for remark in &read.remarks {
                finding.remark(format!("certification request: {remark}"));
            }
            for problem in read.problems {
                finding.problem(format!("certification request: {problem}"));
            }
        }
        None => finding.problem("its pkcs10 is no certification request"),
    }
}
