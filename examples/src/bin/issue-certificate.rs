//! Has Certificate Manager issue a certificate for a PKCS #10 request, and writes it to a file or to standard output.
//!
//! Without `--config` or `--url` it brings a simulated installation and a simulated officer along, and without a file a request.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use smartid::cm::operations::{IssueCertificate, IssuedCertificate};
use smartid::cm::{CertificateForm, Csr, ProcedureName};
use smartid::core::base64::{Flavour, encode};
use smartid::trust::request::{TemplateBuilder, ThrowAwayKey};
use smartid::trust::{Certificate, Radix};
use smartid::{Error, Phase};
use smartid_examples::desk::{End, Problem};
use smartid_examples::office::{Common, Office, program};

/// Issue a certificate with Certificate Manager.
///
/// Exit status: 0 issued; 1 not, or not known, and the output says why and whose turn it is; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "issue-certificate", version)]
struct Arguments {
    /// The certification request (PEM, DER or base64), as openssl req -new makes it; simulated, one is made on the spot
    #[arg(value_name = "FILE")]
    csr: Option<PathBuf>,

    /// The subject of a request that is made on the spot; its key is thrown away
    #[arg(long, value_name = "DN", default_value = "CN=Example Device,O=Example Ltd.", conflicts_with = "csr")]
    subject: String,

    /// The token procedure; left out, the one that Protocol Gateway is configured with
    #[arg(long, value_name = "NAME")]
    procedure: Option<ProcedureName>,

    /// Valid for so many days from now on; left out, as the procedure says
    #[arg(long, value_name = "DAYS")]
    valid_days: Option<u32>,

    /// The form to ask for and to write as it comes: pkcs7, certificate, pem, pem:<DEPTH>, zip; left out, the chain is written as PEM
    #[arg(long, value_name = "FORM", value_parser = form)]
    form: Option<CertificateForm>,

    /// Where to write the certificate; standard output when left out
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

fn form(word: &str) -> Result<CertificateForm, String> {
    Ok(match word.split_once(':') {
        Some(("pem", depth)) => {
            CertificateForm::PemChain(Some(depth.parse().map_err(|_| "the depth is no number".to_owned())?))
        }
        _ => match word {
            "pkcs7" => CertificateForm::Pkcs7,
            "certificate" => CertificateForm::Certificate,
            "pem" => CertificateForm::PemChain(None),
            "zip" => CertificateForm::Zip,
            _ => return Err("is none of pkcs7, certificate, pem, pem:<DEPTH>, zip".to_owned()),
        },
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("issue-certificate", &arguments.common, async |office| {
        run(office, &arguments).await
    })
    .await
}

async fn run(office: &Office, arguments: &Arguments) -> Result<End, Problem> {
    if arguments.form.as_ref().is_some_and(|form| !is_text(form)) && arguments.out.is_none() {
        return Err("--out is missing: this form is not for a terminal".into());
    }
    let csr = request(office, arguments)?;
    office.terminal.line(&format!("Issuing for {} at {}\n", csr.subject(), office.place));
    let mut issue = IssueCertificate::new(csr.clone()).form(arguments.form.clone().unwrap_or_default());
    if let Some(procedure) = &arguments.procedure {
        issue = issue.procedure(procedure.clone());
    }
    if let Some(days) = arguments.valid_days {
        issue = issue.valid_to(office.now() + Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    }
    let issued = {
        let _spinner = office.working("Waiting for Certificate Manager");
        office.cm.write(&issue).await
    };
    match issued {
        Ok(issued) => deliver(office, arguments, &issued),
        // Asking again could issue a second certificate: look first.
        Err(failure) if failure.phase() == Phase::PerhapsDone => look(office, &csr, &failure).await,
        Err(failure) => Err(failure.into()),
    }
}

/// The request of the file, or one of a key that is not kept.
fn request(office: &Office, arguments: &Arguments) -> Result<Csr, Problem> {
    match &arguments.csr {
        Some(file) => {
            let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            Ok(Csr::parse(&bytes).map_err(|error| format!("{}: {error}", file.display()))?)
        }
        None if office.sim.is_some() => {
            let made = TemplateBuilder::new(arguments.subject.parse()?).build(ThrowAwayKey::P256)?;
            office.step("made", "a certification request, whose key is thrown away");
            Ok(Csr::from_der(made.der().clone())?)
        }
        None => Err("FILE is missing: a certification request, such as openssl req -new makes".into()),
    }
}

fn is_text(form: &CertificateForm) -> bool {
    matches!(form, CertificateForm::PemChain(_))
}

/// Writes what was issued, and tells of it.
fn deliver(office: &Office, arguments: &Arguments, issued: &IssuedCertificate) -> Result<End, Problem> {
    let bytes = match arguments.form {
        Some(_) => issued.answer.bytes().to_vec(),
        None => pem(&issued.chain).into_bytes(),
    };
    match &arguments.out {
        Some(file) => write(file, &bytes)?,
        None => office.terminal.always(String::from_utf8_lossy(&bytes).trim_end()),
    }
    let certificate = &issued.certificate;
    office.terminal.json(&json!({
        "event": "issued",
        "certid": issued.certid,
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "serial": certificate.serial_number().to_text(Radix::Hex),
        "valid_from": certificate.not_before().to_iso8601(),
        "valid_to": certificate.not_after().to_iso8601(),
        "pem": pem(&issued.chain),
    }));
    let mut end = End::good("issued");
    if let Some(certid) = &issued.certid {
        end = end.fact("certid", certid);
    }
    end = end
        .fact("subject", certificate.subject())
        .fact("issuer", certificate.issuer())
        .fact("serial number", certificate.serial_number().to_text(Radix::Hex))
        .fact("valid to", certificate.not_after().to_iso8601())
        .fact("chain", format!("{} certificates", issued.chain.len()));
    if !issued.others.is_empty() {
        end = end.fact("others", format!("{} more for the same key", issued.others.len()));
    }
    if let Some(file) = &arguments.out {
        end = end.fact("written to", file.display());
    }
    Ok(end)
}

/// An answer was lost. The key of the request tells whether a certificate was issued.
async fn look(office: &Office, csr: &Csr, failure: &Error) -> Result<End, Problem> {
    office.step("perhaps done", &failure.summary());
    let found = office.cm.find_issued(csr.public_key()).await?;
    let end = match found.as_slice() {
        [] => End::bad("not-issued", failure.summary()).fact("certificates", "none has the key of the request: it may be asked for again"),
        found => {
            let ids: Vec<&str> = found.iter().filter_map(|one| one.certid.as_ref()).map(|certid| certid.as_str()).collect();
            End::bad("answer-lost", failure.summary()).fact("certificates", format!("{} have the key of the request", ids.join(", ")))
        }
    };
    Ok(end.advised(failure.advice()))
}

fn pem(chain: &[Certificate]) -> String {
    let mut text = String::new();
    for certificate in chain {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let base64 = encode(Flavour::Standard, certificate.der());
        for line in base64.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Problem> {
    std::fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()).into())
}
