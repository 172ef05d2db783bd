//! Has Certificate Manager issue a certificate for a PKCS #10 request, and writes it to a file or to standard output.
//!
//! Without `--config` or `--url` it brings a simulated installation and a simulated officer along, and without a file a request.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use smartid::cm::operations::{Download, IssueCertificate};
use smartid::cm::{CertId, CertificateForm, Certificates, Csr, FindIssued, ProcedureName};
use smartid::trust::request::{TemplateBuilder, ThrowAwayKey};
use smartid::trust::{Certificate, Radix};
use smartid::{Error, Phase, Timestamp};
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
    #[arg(
        long,
        value_name = "DN",
        default_value = "CN=Example Device,O=Example Ltd.",
        conflicts_with = "csr"
    )]
    subject: String,

    /// The token procedure; left out, the one that Protocol Gateway is configured with
    #[arg(long, value_name = "NAME")]
    procedure: Option<ProcedureName>,

    /// Valid for so many days from now on; left out, as the procedure says
    #[arg(long, value_name = "DAYS")]
    valid_days: Option<u32>,

    /// The form to ask for and to write as it comes: pkcs7, certificate, pem, pem:DEPTH, zip; left out, the chain is written as PEM
    #[arg(long, value_name = "FORM", value_parser = form)]
    form: Option<CertificateForm>,

    /// Where to write the certificate; standard output when left out
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

/// A day: authorities let validity begin before they were asked, so that slow clocks accept a certificate.
const DATED_BACK: Duration = Duration::from_secs(24 * 60 * 60);

fn form(word: &str) -> Result<CertificateForm, String> {
    Ok(match word.split_once(':') {
        Some(("pem", depth)) => CertificateForm::PemChain(Some(
            depth.parse().map_err(|_| "the depth is no number".to_owned())?,
        )),
        _ => match word {
            "pkcs7" => CertificateForm::Pkcs7,
            "certificate" => CertificateForm::Certificate,
            "pem" => CertificateForm::PemChain(None),
            "zip" => CertificateForm::Zip,
            _ => return Err("is none of pkcs7, certificate, pem, pem:DEPTH, zip".to_owned()),
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
    if let Some(file) = &arguments.out {
        // Found out before something is issued that cannot be kept.
        let opened = OpenOptions::new().create(true).append(true).open(file);
        opened.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    office
        .terminal
        .line(&format!("Issuing for {} at {}\n", csr.subject(), office.place));
    let mut issue = IssueCertificate::new(csr.clone()).form(arguments.form.clone().unwrap_or_default());
    if let Some(procedure) = &arguments.procedure {
        issue = issue.procedure(procedure.clone());
    }
    if let Some(days) = arguments.valid_days {
        issue = issue.valid_to(office.now() + Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    }
    let since = office.now();
    let issued = {
        let _spinner = office.working("Waiting for Certificate Manager");
        office.cm.write(&issue).await
    };
    match issued {
        Ok(issued) => {
            let end = deliver(
                office,
                arguments,
                &Issued {
                    certid: issued.certid.as_ref(),
                    certificate: &issued.certificate,
                    chain: issued.chain.clone(),
                    answer: &issued.answer,
                },
            )?;
            Ok(match issued.others.len() {
                0 => end,
                others => end.fact("others", format!("{others} more for the same key")),
            })
        }
        // Asking again could issue a second certificate: look first.
        Err(failure) if matches!(failure.phase(), Phase::PerhapsDone | Phase::Unreadable) => {
            look(office, arguments, &csr, since, &failure).await
        }
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

/// What was issued, from the answer or found afterwards.
struct Issued<'a> {
    certid: Option<&'a CertId>,
    certificate: &'a Certificate,
    /// The certificate and its issuers.
    chain: Vec<Certificate>,
    /// As it came.
    answer: &'a Certificates,
}

/// Writes what was issued, and tells of it.
fn deliver(office: &Office, arguments: &Arguments, issued: &Issued<'_>) -> Result<End, Problem> {
    let bytes = match arguments.form {
        Some(_) => issued.answer.bytes().to_vec(),
        None => pem(&issued.chain).into_bytes(),
    };
    let certid = issued.certid.map_or("unknown", CertId::as_str);
    match &arguments.out {
        // It is issued already: how it is found again has to be told.
        Some(file) => std::fs::write(file, &bytes).map_err(|error| {
            format!(
                "{}: {error}; it was issued, with the certid {certid}",
                file.display()
            )
        })?,
        None => office.terminal.always(String::from_utf8_lossy(&bytes).trim_end()),
    }
    let certificate = issued.certificate;
    let serial = certificate.serial_number().to_text(Radix::Hex);
    office.terminal.json(&json!({
        "event": "issued",
        "certid": issued.certid,
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "serial": serial,
        "valid_from": certificate.not_before().to_iso8601(),
        "valid_to": certificate.not_after().to_iso8601(),
        "pem": pem(&issued.chain),
    }));
    let end = End::good("issued")
        .fact("certid", certid)
        .fact("subject", certificate.subject())
        .fact("issuer", certificate.issuer())
        .fact("serial number", serial)
        .fact("valid to", certificate.not_after().to_iso8601())
        .fact("issuers with it", issued.chain.len().saturating_sub(1));
    Ok(match &arguments.out {
        Some(file) => end.fact("written to", file.display()),
        None => end.shown(),
    })
}

/// An answer was lost, or cannot be used. The key of the request tells whether a certificate was issued.
async fn look(
    office: &Office,
    arguments: &Arguments,
    csr: &Csr,
    since: Timestamp,
    failure: &Error,
) -> Result<End, Problem> {
    office.step("perhaps done", &failure.summary());
    let mut wanted = FindIssued::of_key(csr.public_key()).issued_since(since);
    if let Some(name) = csr.subject().common_name() {
        wanted = wanted.subject_common_name(name);
    }
    let found = match office.cm.find_issued(&wanted).await {
        Ok(found) => found,
        Err(also) => {
            let end = End::bad("perhaps-issued", failure.summary()).fact("looking", also.summary());
            return Ok(end.advised(failure.advice()));
        }
    };
    // An older certificate for the same key is none that was asked for now.
    if let [one] = found.found.as_slice()
        && one.certificate.not_before() + DATED_BACK >= since
    {
        office.step("found", "a certificate for the key of the request");
        let form = arguments.form.clone().unwrap_or_default();
        let answer = office
            .cm
            .call(&Download::new(one.certid.clone()).form(form))
            .await?;
        let issued = Issued {
            certid: Some(&one.certid),
            certificate: &one.certificate,
            chain: answer.chain_for(csr.public_key())?,
            answer: &answer,
        };
        let end = deliver(office, arguments, &issued)?;
        return Ok(end.fact("remark", "its answer was lost; it was found by its key"));
    }
    let ids: Vec<&str> = found.found.iter().map(|one| one.certid.as_str()).collect();
    Ok(match ids.as_slice() {
        [] if found.is_exhaustive() => End::bad("not-issued", failure.summary())
            .fact("looking", "no certificate has the key: it may be asked for again"),
        [] => End::bad("perhaps-issued", failure.summary())
            .fact(
                "looking",
                "no certificate with the key was found, and not all could be looked at",
            )
            .advised(failure.advice()),
        ids => End::bad("answer-lost", failure.summary()).fact(
            "looking",
            format!(
                "{} have the key of the request; which one is new, their dates tell",
                ids.join(", ")
            ),
        ),
    })
}

fn pem(chain: &[Certificate]) -> String {
    chain.iter().map(Certificate::to_pem).collect()
}
