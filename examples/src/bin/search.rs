//! Searches the certificates of Certificate Manager, page by page, however many there are.
//!
//! Without `--config` or `--url` it brings a simulated installation, a simulated officer and some certificates along.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use serde_json::json;
use smartid::Timestamp;
use smartid::cm::operations::{IssuerName, Period, Search};
use smartid::cm::{CertificateRecord, ExtendedField, KeyIdentifier, RevocationReason, SubjectType};
use smartid::trust::{Radix, SerialNumber};
use smartid_examples::desk::{End, Problem};
use smartid_examples::office::{Common, Office, program};
use smartid_examples::terminal::printable;

/// Search certificates in Certificate Manager.
///
/// Everything that is asked for must hold. Whether texts may have wildcards is not published; the simulator knows `*`. Times are ISO 8601,
/// such as 2026-01-31 or 2026-01-31T12:00:00Z.
///
/// Exit status: 0 searched, also when nothing was found; 1 not, and the output says why and whose turn it is; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "search", version)]
struct Arguments {
    #[command(flatten)]
    subject: Subject,

    #[command(flatten)]
    certificate: Certificate,

    #[command(flatten)]
    times: Times,

    /// Print at most so many
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,

    /// Pass over the first so many
    #[arg(long, value_name = "NUMBER")]
    offset: Option<u64>,

    /// Ask for so many at a time; Protocol Gateway has a cap of its own, 500 by default
    #[arg(long, value_name = "NUMBER")]
    page: Option<u32>,

    /// Order by this; which names there are is not published
    #[arg(long, value_name = "NAME")]
    order_by: Option<String>,

    /// In descending order
    #[arg(long)]
    descending: bool,

    /// A parameter that this program does not know, NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,

    /// How many certificates the simulator has
    #[arg(long, value_name = "NUMBER", default_value_t = 40, conflicts_with_all = ["config", "url"])]
    preload: usize,

    #[command(flatten)]
    common: Common,
}

/// Whose certificate.
#[derive(Debug, clap::Args)]
struct Subject {
    /// Common name of the subject
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Given name of the subject
    #[arg(long, value_name = "TEXT")]
    given_name: Option<String>,

    /// Surname of the subject
    #[arg(long, value_name = "TEXT")]
    surname: Option<String>,

    /// Organisation of the subject
    #[arg(long, value_name = "TEXT")]
    organisation: Option<String>,

    /// Organisational unit of the subject
    #[arg(long, value_name = "TEXT")]
    unit: Option<String>,

    /// Serial number in the subject's name: of a person or a thing
    #[arg(long, value_name = "TEXT")]
    subject_serial: Option<String>,

    /// Country of the subject
    #[arg(long, value_name = "LETTERS")]
    country: Option<String>,

    /// EE for persons and things, CA for authorities; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

/// Which certificate, in which state.
#[derive(Debug, clap::Args)]
struct Certificate {
    /// Serial number, hexadecimal
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,

    /// Serial number, decimal
    #[arg(long, value_name = "NUMBER", conflicts_with = "serial")]
    serial_decimal: Option<String>,

    /// Serial number of the card
    #[arg(long, value_name = "TEXT")]
    card: Option<String>,

    /// Distinguished name of the issuer, such as CN=Issuing CA,O=Example,C=SE
    #[arg(long, value_name = "DN")]
    issuer: Option<String>,

    /// Key identifier of the certificate's key
    #[arg(long, value_name = "HEX")]
    subject_key_id: Option<String>,

    /// Key identifier of the issuer's key
    #[arg(long, value_name = "HEX")]
    authority_key_id: Option<String>,

    /// A column of the extended search, field1=TEXT to field6=TEXT; may be repeated
    #[arg(long, value_name = "NAME=TEXT", value_parser = pair)]
    field: Vec<(String, String)>,

    /// Not revoked (true), or revoked (false)
    #[arg(long, value_name = "BOOL")]
    not_revoked: Option<bool>,

    /// Revoked for this reason, by its number; 6 is on hold; may be repeated
    #[arg(long, value_name = "NUMBER")]
    reason: Vec<i64>,

    /// Expired (true), or not (false)
    #[arg(long, value_name = "BOOL")]
    expired: Option<bool>,

    /// Not valid yet (true), or valid already (false)
    #[arg(long, value_name = "BOOL")]
    not_yet_valid: Option<bool>,

    /// May be published (true), or not (false)
    #[arg(long, value_name = "BOOL")]
    publication_allowed: Option<bool>,
}

/// When.
#[derive(Debug, clap::Args)]
struct Times {
    /// Its validity begins at this time or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    valid_from_after: Option<Timestamp>,

    /// Its validity begins at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    valid_from_before: Option<Timestamp>,

    /// Its validity ends at this time or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    valid_to_after: Option<Timestamp>,

    /// Its validity ends at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    valid_to_before: Option<Timestamp>,

    /// Revoked at this time or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    revoked_after: Option<Timestamp>,

    /// Revoked at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    revoked_before: Option<Timestamp>,

    /// Published at this time or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    published_after: Option<Timestamp>,

    /// Published at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    published_before: Option<Timestamp>,

    /// Known to the OCSP responder at this time or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    ocsp_after: Option<Timestamp>,

    /// Known to the OCSP responder at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    ocsp_before: Option<Timestamp>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("has no = between name and value")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_iso8601(text)
        .ok_or_else(|| "is no time of ISO 8601, such as 2026-01-31T12:00:00Z".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("search", &arguments.common, async |office| {
        run(office, &arguments).await
    })
    .await
}

async fn run(office: &Office, arguments: &Arguments) -> Result<End, Problem> {
    if let Some(sim) = &office.sim {
        sim.cm().preload(arguments.preload)?;
    }
    let (terminal, search) = (&office.terminal, search(arguments)?);
    terminal.line(&format!("Searching at {}\n", office.place));
    terminal.line(&terminal.dim(&format!(
        "{:<12} {:<16} {:<10} {:<40} serial number",
        "certid", "status", "until", "subject"
    )));

    let (seen, total) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let spinner = {
        let (seen, total) = (Arc::clone(&seen), Arc::clone(&total));
        terminal.working(Arc::clone(office.cm.runtime()), move || {
            format!(
                "{} of {}",
                seen.load(Ordering::Relaxed),
                total.load(Ordering::Relaxed)
            )
        })
    };
    let mut pages = office.cm.pages(search);
    if let Some(limit) = arguments.limit {
        pages = pages.at_most(limit);
    }
    while let Some(page) = pages.next().await? {
        total.store(page.hits.unwrap_or_default(), Ordering::Relaxed);
        for record in &page.certificates {
            show(office, record);
            seen.fetch_add(1, Ordering::Relaxed);
        }
    }
    drop(spinner);
    let mut end = End::good("searched")
        .fact("hits", total.load(Ordering::Relaxed))
        .fact("shown", seen.load(Ordering::Relaxed));
    if pages.shifted() {
        end = end.fact(
            "remark",
            "certificates were issued or removed meanwhile; search again to be sure of all",
        );
    }
    Ok(end)
}

/// One line for each; one object for a script.
fn show(office: &Office, record: &CertificateRecord) {
    let terminal = &office.terminal;
    let certid = record.certid.as_ref().map_or("-", |certid| certid.as_str());
    let status = match (&record.status, &record.reason) {
        _ if record.is_on_hold() => "on hold".to_owned(),
        (Some(status), Some(reason)) if record.is_revoked() && !reason.as_str().is_empty() => {
            format!("{status}, {}", reason.as_str())
        }
        (Some(status), _) => status.to_string(),
        (None, _) => "-".to_owned(),
    };
    let until: String = record
        .valid_to
        .map(Timestamp::to_iso8601)
        .unwrap_or_default()
        .chars()
        .take(10)
        .collect();
    let serial = record.serial.as_ref().map_or("", |serial| serial.as_str());
    // Padded before it is painted: the codes of colours have no width.
    let padded = format!("{:<16}", printable(&status));
    let painted = if record.is_revoked() {
        terminal.bad(&padded)
    } else {
        padded
    };
    terminal.always(&format!(
        "{:<12} {painted} {until:<10} {:<40} {}",
        printable(certid),
        printable(record.subject.as_deref().unwrap_or("-")),
        terminal.dim(&printable(serial))
    ));
    terminal.json(&json!({ "event": "certificate", "certificate": record }));
}

/// The parameters as the library has them.
fn search(arguments: &Arguments) -> Result<Search, Problem> {
    let Arguments {
        subject,
        certificate,
        times,
        ..
    } = arguments;
    let mut search = Search::new();
    search.offset = arguments.offset;
    search.limit = arguments.page;
    search.order_by.clone_from(&arguments.order_by);
    search.descending = arguments.descending.then_some(true);
    search.further.clone_from(&arguments.parameter);

    search.subject_common_name.clone_from(&subject.name);
    search.subject_given_name.clone_from(&subject.given_name);
    search.subject_surname.clone_from(&subject.surname);
    search.subject_organisation.clone_from(&subject.organisation);
    search.subject_organisational_unit.clone_from(&subject.unit);
    search.subject_serial_number.clone_from(&subject.subject_serial);
    search.subject_country.clone_from(&subject.country);
    search.subject_types = subject
        .types
        .iter()
        .map(|name| SubjectType::from_name(name))
        .collect();

    search.serial_number = match (&certificate.serial, &certificate.serial_decimal) {
        (Some(text), _) => Some(SerialNumber::parse(text, Radix::Hex)?.into()),
        (None, Some(text)) => Some(SerialNumber::parse(text, Radix::Decimal)?.into()),
        (None, None) => None,
    };
    search.card_serial_number.clone_from(&certificate.card);
    search.issuer = certificate.issuer.as_deref().map(issuer).transpose()?;
    search.subject_key_id = certificate
        .subject_key_id
        .as_deref()
        .map(KeyIdentifier::from_text);
    search.authority_key_id = certificate
        .authority_key_id
        .as_deref()
        .map(KeyIdentifier::from_text);
    for (name, text) in &certificate.field {
        search = search.field(ExtendedField::from_name(name), text);
    }
    search.not_revoked = certificate.not_revoked;
    search.revocation_reasons = certificate
        .reason
        .iter()
        .map(|number| RevocationReason::from_number(*number))
        .collect();
    search.expired = certificate.expired;
    search.not_yet_valid = certificate.not_yet_valid;
    search.publication_allowed = certificate.publication_allowed;

    search.valid_from = Period::from((times.valid_from_after, times.valid_from_before));
    search.valid_to = Period::from((times.valid_to_after, times.valid_to_before));
    search.revoked = Period::from((times.revoked_after, times.revoked_before));
    search.published = Period::from((times.published_after, times.published_before));
    search.ocsp_activated = Period::from((times.ocsp_after, times.ocsp_before));
    Ok(search)
}

/// A name as RFC 4514 writes it becomes one as the search takes it.
fn issuer(text: &str) -> Result<IssuerName, Problem> {
    let name: smartid::trust::DistinguishedName = text.parse()?;
    Ok(IssuerName::from(&name))
}
