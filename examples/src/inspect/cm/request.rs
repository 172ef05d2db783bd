//! Requests to Certificate Manager: which operation, how its fields are encoded, what is in them, and which lines make this client's
//! requests look like that.

use std::cmp::Reverse;

use ::http::Method;
use smartid::CmDialect;
use smartid::cm::dialect::{self, CsrForm, Lists, ReadCall, WriteCall};
use smartid::core::base64::{Flavour, decode};

use super::fields::{self, Encoding, Field};
use super::push::push;
use super::signature::signature;
use crate::inspect::finding::quoted;
use crate::inspect::http::{Asked, credentials};
use crate::inspect::places::shown_text;
use crate::inspect::{Context, Finding, evidence, inspect};

/// What is known of an operation's requests.
struct Operation {
    /// The table of the dialect.
    table: &'static str,
    what: &'static str,
    /// Verb, path below the base, and encoding of the fields, as the dialect has them.
    call: fn(&CmDialect) -> Known<'_>,
    /// Fields or parameters that it is known to have.
    fields: &'static [&'static str],
}

/// The part of the dialect that an operation's requests are made by.
enum Known<'d> {
    Read(&'d ReadCall),
    Write(&'d WriteCall),
}

impl Known<'_> {
    fn verb(&self) -> Method {
        match self {
            Self::Read(call) => call.verb.method(),
            Self::Write(call) => call.verb.method(),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Read(call) => call.path.to_string(),
            Self::Write(call) => call.path.to_string(),
        }
    }
}

const ISSUING: &[&str] = &["pkcs10", "procname", "validfrom", "validto", "signature"];

const OPERATIONS: &[Operation] = &[
    Operation {
        table: "issue",
        what: "issue a certificate for a request",
        call: |dialect| Known::Write(&dialect.issue),
        fields: ISSUING,
    },
    Operation {
        table: "revoke",
        what: "revoke certificates, or put them on hold",
        call: |dialect| Known::Write(&dialect.revoke),
        fields: &["certid", "certId", "reason", "signature"],
    },
    Operation {
        table: "reinstate",
        what: "take certificates off hold",
        call: |dialect| Known::Write(&dialect.reinstate),
        fields: &["certid", "certId", "signature"],
    },
    Operation {
        table: "attribute_certificate",
        what: "issue an attribute certificate",
        call: |dialect| Known::Write(&dialect.attribute_certificate),
        fields: ISSUING,
    },
    Operation {
        table: "import",
        what: "import certificates of others",
        call: |dialect| Known::Write(&dialect.import),
        fields: &["procname", "importdata", "signature"],
    },
    Operation {
        table: "remove",
        what: "remove certificates from the database",
        call: |dialect| Known::Write(&dialect.remove),
        fields: &["certid", "certId", "cleanAuditLog", "signature"],
    },
    Operation {
        table: "signing_authority",
        what: "have a hash signed",
        call: |dialect| Known::Write(&dialect.signing_authority),
        fields: &[],
    },
    Operation {
        table: "details",
        what: "the details of a certificate",
        call: |dialect| Known::Read(&dialect.details),
        fields: &[],
    },
    Operation {
        table: "download",
        what: "download a certificate",
        call: |dialect| Known::Read(&dialect.download),
        fields: &[],
    },
    Operation {
        table: "issuers",
        what: "list the issuers",
        call: |dialect| Known::Read(&dialect.issuers),
        fields: &["searchLimit", "searchOffset"],
    },
    Operation {
        table: "register",
        what: "register something that will ask for a certificate",
        call: |dialect| Known::Write(&dialect.register),
        fields: &[
            "fqdn",
            "realm",
            "username",
            "password",
            "status",
            "validity",
            "hmackey",
            "keyid",
            "alloweddomains",
            "signature",
        ],
    },
    Operation {
        table: "registrations",
        what: "list registrations",
        call: |dialect| Known::Read(&dialect.registrations),
        fields: &[],
    },
    Operation {
        table: "procedures",
        what: "list procedures",
        call: |dialect| Known::Read(&dialect.procedures),
        fields: &["mediaType"],
    },
    Operation {
        table: "search",
        what: "search certificates",
        call: |dialect| Known::Read(&dialect.search),
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

/// Where in the path an operation stands: the segments before it, those behind it.
type Place<'a> = (&'a [&'a str], &'a [&'a str]);

/// The operation whose path this is. What stands before it is the base; behind it one segment may stand that an administrator chose.
fn find<'a>(
    method: &str,
    segments: &'a [&'a str],
    dialect: &CmDialect,
) -> Option<(&'static Operation, Place<'a>)> {
    let is_any = |segment: &str| segment.starts_with('{');
    let of = |operation: &'static Operation| {
        let known = (operation.call)(dialect);
        let path = known.path();
        let wanted: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if known.verb().as_str() != method || wanted.is_empty() {
            return None;
        }
        let last = segments.len().checked_sub(wanted.len())?;
        let (before, behind) = (0..=last).rev().find_map(|at| {
            let (before, rest) = segments.split_at_checked(at)?;
            let (middle, behind) = rest.split_at_checked(wanted.len())?;
            let fits = middle
                .iter()
                .zip(&wanted)
                .all(|(segment, wanted)| is_any(wanted) || segment == wanted);
            (fits && behind.len() <= 1).then_some((before, behind))
        })?;
        let fixed = wanted.iter().filter(|segment| !is_any(segment)).count();
        Some((Reverse(behind.len()), fixed, operation, (before, behind)))
    };
    // With nothing behind it, and the more of it that is not just any segment, the better.
    let best = OPERATIONS
        .iter()
        .filter_map(of)
        .max_by_key(|(behind, fixed, ..)| (*behind, *fixed));
    best.map(|(_, _, operation, place)| (operation, place))
}

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
            "password" | "hmackey" => finding.secret(&field.name, field.text().unwrap_or_default(), context),
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
