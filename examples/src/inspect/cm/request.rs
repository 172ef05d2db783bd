//! Requests to Certificate Manager: which operation, how its fields are encoded, what is in them, and which lines make this client's
//! requests look like that.

use smartid::cm::{CmDialect, dialect::CsrForm};
use smartid::core::base64::{Flavour, decode};

use super::fields::{self, Encoding, Field};
use super::signature;
use crate::inspect::finding::quoted;
use crate::inspect::http::{Asked, credentials};
use crate::inspect::places::shown_text;
use crate::inspect::{Context, Finding, evidence, inspect};

/// An operation by what its path ends in: below the base, with the placeholder of the middle.
struct Operation {
    /// The table of the dialect.
    table: &'static str,
    verb: &'static str,
    /// The segments; `*` is any.
    path: &'static [&'static str],
    what: &'static str,
    /// Fields that it is known to have.
    fields: &'static [&'static str],
}

const OPERATIONS: &[Operation] = &[
    Operation {
        table: "issue",
        verb: "POST",
        path: &["certificates", "pkcs10"],
        what: "issue a certificate for a request",
        fields: &["pkcs10", "procname", "validfrom", "validto", "signature"],
    },
    Operation {
        table: "revoke",
        verb: "POST",
        path: &["certificates", "revoke"],
        what: "revoke certificates, or put them on hold",
        fields: &["certid", "certId", "reason", "signature"],
    },
    Operation {
        table: "reinstate",
        verb: "POST",
        path: &["certificates", "reinstate"],
        what: "take certificates off hold",
        fields: &["certid", "certId", "signature"],
    },
    Operation {
        table: "details",
        verb: "GET",
        path: &["certificates", "*", "details"],
        what: "the details of a certificate",
        fields: &[],
    },
    Operation {
        table: "download",
        verb: "GET",
        path: &["certificates", "*", "download"],
        what: "download a certificate",
        fields: &[],
    },
    Operation {
        table: "register",
        verb: "POST",
        path: &["registrations", "*", "*"],
        what: "register something that will ask for a certificate",
        fields: &[
            "fqdn", "realm", "username", "password", "status", "validity", "hmackey", "keyid", "alloweddomains",
            "signature",
        ],
    },
    Operation {
        table: "registrations",
        verb: "GET",
        path: &["registrations", "*", "*"],
        what: "list registrations",
        fields: &[],
    },
    Operation {
        table: "procedures",
        verb: "GET",
        path: &["procedures"],
        what: "list procedures",
        fields: &["mediaType"],
    },
    Operation {
        table: "search",
        verb: "GET",
        path: &["certificates"],
        what: "search certificates",
        fields: SEARCH,
    },
];

/// The parameters of the search (the first ones documented, the others seen in public third-party code).
const SEARCH: &[&str] = &[
    "searchLimit",
    "searchOffset",
    "orderBy",
    "orderDescending",
    "cardSerialNumber",
    "certificateSerialNumber",
    "revocationTimeFrom",
    "revocationTimeTo",
    "revocationReason",
    "isNotRevoked",
    "subjectCommonName",
    "subjectGivenName",
    "subjectSurName",
    "subjectOrganisationName",
    "subjectOrganisationUnit",
    "subjectSerialNumber",
    "subjectCountry",
    "publicationAllowed",
    "publicationTimeFrom",
    "publicationTimeTo",
    "ocspActivationTimeFrom",
    "ocspActivationTimeTo",
    "validFromTimeFrom",
    "validFromTimeTo",
    "validToTimeFrom",
    "validToTimeTo",
    "isNotYetValid",
    "isExpired",
    "field1",
    "field2",
    "field3",
    "field4",
    "field5",
    "field6",
    "authorityKeyIdentifier",
    "subjectKeyIdentifier",
    "subjectType",
    "issuer",
];

/// Where in the path the operation stands: the segments before it, those behind it.
fn place<'a>(operation: &Operation, segments: &'a [&'a str]) -> Option<(&'a [&'a str], &'a [&'a str])> {
    let length = operation.path.len();
    (0..=segments.len().checked_sub(length)?).rev().find_map(|at| {
        let (before, rest) = segments.split_at_checked(at)?;
        let (middle, behind) = rest.split_at_checked(length)?;
        let fits = middle.iter().zip(operation.path).all(|(segment, known)| *known == "*" || segment == known);
        // What stands behind is one segment that an administrator chose; more is another operation.
        (fits && behind.len() <= 1).then_some((before, behind))
    })
}

/// A request; `None` when it is none to Certificate Manager.
pub(in crate::inspect) fn request(asked: &Asked<'_>, body: &[u8], context: &Context) -> Option<Finding> {
    let segments: Vec<&str> = asked.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let (operation, before, behind) = OPERATIONS
        .iter()
        .filter(|operation| operation.verb == asked.method)
        .find_map(|operation| place(operation, &segments).map(|(before, behind)| (operation, before, behind)))?;
    let mut finding = Finding::of(format!("request to Certificate Manager: {}", operation.what));
    let mut facts = Vec::new();
    credentials(asked, &mut facts, &mut finding);
    finding.facts.append(&mut facts);
    finding.fact("base URL up to", format!("/{}", before.join("/")));
    if let [suffix] = behind {
        let known = context.certificate_manager.requests.path_suffix.to_string();
        if known != *suffix {
            finding.fits_text("certificate_manager.requests", "path_suffix", suffix);
        }
    }
    if operation.verb == "GET" {
        for field in asked.query().map(fields::pairs).unwrap_or_default() {
            parameter(&mut finding, operation, &field);
        }
        finding.verdict = Some(true);
        return Some(finding);
    }
    match fields::read(asked, body) {
        Some((encoding, fields)) => write(&mut finding, operation, encoding, &fields, context),
        None => finding.problem("its body is neither multipart nor a form nor JSON, or not what its Content-Type says"),
    }
    Some(finding)
}

fn parameter(finding: &mut Finding, operation: &Operation, field: &Field) {
    finding.fact(&field.name, shown_text(field.text().unwrap_or("(no text)")));
    if !operation.fields.contains(&field.name.as_str()) {
        finding.remark(format!("{} is no parameter that is known", field.name));
    }
}

fn write(finding: &mut Finding, operation: &Operation, encoding: Encoding, fields: &[Field], context: &Context) {
    finding.fact("encoding", encoding.word());
    let dialect = &context.certificate_manager;
    let table = format!("certificate_manager.{}", operation.table);
    if configured(dialect, operation) != Some(encoding.word()) {
        finding.fits_text(&table, "encoding", encoding.word());
    }
    for field in fields {
        match field.name.as_str() {
            "pkcs10" => csr(finding, encoding, field, dialect, context),
            "signature" => match field.decoded() {
                Some(der) => {
                    finding.fact("step", "the second: it carries a signature");
                    signature::signature(finding, &der, context);
                }
                None => finding.problem("its signature is not base64"),
            },
            "password" | "hmackey" => finding.secret(&field.name, field.text().unwrap_or_default(), context),
            name => {
                finding.fact(name, shown_text(field.text().unwrap_or("(no text)")));
                if !operation.fields.contains(&name) {
                    finding.remark(format!(
                        "{name} is no field that is known; constants = {{ {name} = … }} in [{table}] would send it always"
                    ));
                }
            }
        }
    }
    names(finding, encoding, fields, dialect);
    if !fields.iter().any(|field| field.name == "signature") {
        finding.fact("step", "the first, or the only one where Protocol Gateway signs itself");
    }
    if finding.verdict.is_none() {
        finding.verdict = Some(true);
    }
}

/// The encoding that the dialect gives to an operation.
fn configured(dialect: &CmDialect, operation: &Operation) -> Option<&'static str> {
    use smartid::cm::dialect::Encoding as Known;
    let call = match operation.table {
        "issue" => &dialect.issue,
        "revoke" => &dialect.revoke,
        "reinstate" => &dialect.reinstate,
        "register" => &dialect.register,
        _ => return None,
    };
    Some(match call.encoding {
        Known::Multipart => "multipart",
        Known::Form => "form",
        Known::Json => "json",
        _ => return None,
    })
}

/// How certificates are called, and whether there is a file name.
fn names(finding: &mut Finding, encoding: Encoding, fields: &[Field], dialect: &CmDialect) {
    const REQUESTS: &str = "certificate_manager.requests";
    if let Some(field) = fields.iter().find(|field| field.name.eq_ignore_ascii_case("certid")) {
        let (setting, known) = match encoding {
            Encoding::Json => ("certid_in_json", &dialect.requests.certid_in_json),
            _ => ("certid_in_forms", &dialect.requests.certid_in_forms),
        };
        if field.name != *known {
            finding.fits_text(REQUESTS, setting, &field.name);
        }
        if encoding != Encoding::Json && field.text().is_some_and(|text| text.contains(',')) {
            finding.fits_text(REQUESTS, "lists", "joined");
        }
    }
    let file = fields.iter().find(|field| matches!(field.name.as_str(), "pkcs10" | "signature"));
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
        Some(text) if text.trim_end().contains('\n') => (CsrForm::Base64Lines, "base64-lines", field.decoded()),
        Some(text) => (CsrForm::Base64, "base64", decode(Flavour::Standard, text.trim()).ok()),
    };
    finding.fact("certification request as", word);
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
            for (name, value) in read.facts.iter().filter(|(name, _)| name != "checked" && name != "version") {
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
