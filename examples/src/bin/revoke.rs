//! Revokes certificates, puts them on hold, or takes them off hold, and says what became of each.
//!
//! Without `--config` or `--url` it brings a simulated installation and a simulated officer along.

use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use smartid::cm::operations::{Details, ItemResults, ItemState, Reinstate, Revoke, Search};
use smartid::cm::{CertId, CertificateRecord, CmRefusal, ItemError, RevocationReason};
use smartid::trust::{Radix, SerialNumber};
use smartid_examples::desk::{End, Problem};
use smartid_examples::office::{Common, Office, program};
use smartid_sim::Sim;

/// Revoke certificates of Certificate Manager, put them on hold, or reinstate them.
///
/// Exit status: 0 done for every certificate; 1 not, and the output says for which, why, and whose turn it is; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "revoke", version)]
struct Arguments {
    /// The ids of the certificates in Certificate Manager; simulated, there are some
    #[arg(value_name = "CERTID")]
    certids: Vec<CertId>,

    /// A certificate by its serial number, hexadecimal; may be repeated
    #[arg(long, value_name = "HEX")]
    serial: Vec<String>,

    /// A certificate by its serial number, decimal; may be repeated
    #[arg(long, value_name = "NUMBER")]
    serial_decimal: Vec<String>,

    /// Why: unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn, or a number
    #[arg(long, value_name = "WORD", default_value = "unspecified", value_parser = reason)]
    reason: RevocationReason,

    /// Put them on hold, which can be undone
    #[arg(long, conflicts_with_all = ["reason", "reinstate"])]
    hold: bool,

    /// Take them off hold
    #[arg(long, conflicts_with = "reason")]
    reinstate: bool,

    #[command(flatten)]
    common: Common,
}

/// The reasons by the words of RFC 5280, and by their numbers.
fn reason(word: &str) -> Result<RevocationReason, String> {
    let known = [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
        RevocationReason::CertificateHold,
        RevocationReason::PrivilegeWithdrawn,
    ];
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let named = known
        .into_iter()
        .find(|reason| reason.phrase().is_some_and(|phrase| plain(phrase) == plain(word)));
    match (named, word.parse()) {
        (Some(reason), _) => Ok(reason),
        (None, Ok(number)) => Ok(RevocationReason::from_number(number)),
        (None, Err(_)) => {
            let words: Vec<String> = known
                .iter()
                .filter_map(|reason| reason.phrase())
                .map(|phrase| phrase.replace(' ', "-"))
                .collect();
            Err(format!("is no number and none of {}", words.join(", ")))
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("revoke", &arguments.common, async |office| {
        run(office, &arguments).await
    })
    .await
}

async fn run(office: &Office, arguments: &Arguments) -> Result<End, Problem> {
    let mut certids = arguments.certids.clone();
    for (text, radix) in serials(arguments) {
        match by_serial(office, text, radix).await? {
            Ok(certid) => certids.push(certid),
            Err(end) => return Ok(end),
        }
    }
    if let (true, Some(sim)) = (certids.is_empty(), &office.sim) {
        certids = simulated(sim, arguments.reinstate)?;
    }
    let Some((first, others)) = certids.split_first() else {
        return Err("CERTID is missing: which certificate?".into());
    };
    let (doing, done) = match (arguments.reinstate, arguments.hold) {
        (true, _) => ("Reinstating", "reinstated"),
        (false, true) => ("Putting on hold", "on-hold"),
        (false, false) => ("Revoking", "revoked"),
    };
    office.terminal.line(&format!(
        "{doing} {} certificates at {}\n",
        certids.len(),
        office.place
    ));

    let written = {
        let _spinner = office.working("Waiting for Certificate Manager");
        if arguments.reinstate {
            let call = others
                .iter()
                .cloned()
                .fold(Reinstate::new(first.clone()), Reinstate::and);
            office.cm.write(&call).await
        } else {
            let call = match arguments.hold {
                true => Revoke::hold(first.clone()),
                false => Revoke::new(first.clone(), arguments.reason),
            };
            let call = others.iter().cloned().fold(call, Revoke::and);
            office.cm.write(&call).await
        }
    };
    let results = match written {
        Ok(results) => results,
        Err(failure) => {
            // Nothing was done, and the refusal may say why of each.
            let items = failure.refusal::<CmRefusal>().map_or(&[][..], CmRefusal::items);
            items.iter().for_each(|error| refused(office, error));
            return Err(failure.into());
        }
    };
    let mut count = results.done().count();
    show(office, done, &results);
    for certid in results.unclear() {
        count += usize::from(look(office, certid, done).await?);
    }
    Ok(if count == certids.len() && results.others.is_empty() {
        End::good(done).fact("certificates", count)
    } else {
        End::bad("partly", format!("{count} of {} are {done}", certids.len()))
    })
}

/// Looks what became of one of which the answer does not tell.
async fn look(office: &Office, certid: &CertId, done: &'static str) -> Result<bool, Problem> {
    let record = office.cm.call(&Details::new(certid.clone())).await?;
    let is_done = match done {
        "reinstated" => !record.is_revoked(),
        "on-hold" => record.is_on_hold(),
        _ => record.is_revoked() && !record.is_on_hold(),
    };
    let (terminal, state) = (&office.terminal, if is_done { done } else { "not done" });
    let painted = if is_done {
        terminal.good(state)
    } else {
        terminal.bad(state)
    };
    terminal.always(&format!(
        "  {:<16} {painted}, as its details say; the answer did not",
        certid.as_str()
    ));
    terminal.json(
        &json!({ "event": "certificate", "certid": certid, "state": state, "why": "its details say so" }),
    );
    Ok(is_done)
}

/// One that was refused.
fn refused(office: &Office, error: &ItemError) {
    let certid = error.certid.as_ref().map(CertId::as_str);
    let terminal = &office.terminal;
    terminal.always(&format!(
        "  {:<16} {} {error}",
        certid.unwrap_or("-"),
        terminal.bad("failed")
    ));
    terminal.json(
        &json!({ "event": "certificate", "certid": certid, "state": "failed", "why": error.to_string() }),
    );
}

/// What became of each of which the answer tells.
fn show(office: &Office, done: &str, results: &ItemResults) {
    let terminal = &office.terminal;
    for (certid, state) in &results.items {
        match state {
            ItemState::Done => {
                terminal.always(&format!("  {:<16} {}", certid.as_str(), terminal.good(done)));
                terminal
                    .json(&json!({ "event": "certificate", "certid": certid, "state": done, "why": null }));
            }
            ItemState::Failed(error) => refused(office, error),
            _ => {}
        }
    }
    results.others.iter().for_each(|error| refused(office, error));
}

fn serials(arguments: &Arguments) -> impl Iterator<Item = (&String, Radix)> {
    let hexadecimal = arguments.serial.iter().map(|text| (text, Radix::Hex));
    let decimal = arguments.serial_decimal.iter().map(|text| (text, Radix::Decimal));
    hexadecimal.chain(decimal)
}

/// The one certificate with this serial number. Serial numbers are unique for one issuer only.
async fn by_serial(office: &Office, text: &str, radix: Radix) -> Result<Result<CertId, End>, Problem> {
    let serial = SerialNumber::parse(text, radix)?;
    let page = office.cm.call(&Search::new().serial_number(serial)).await?;
    Ok(match page.certificates.as_slice() {
        [
            CertificateRecord {
                certid: Some(certid), ..
            },
        ] => {
            office.step(
                "found",
                &format!("certificate {certid} has the serial number {text}"),
            );
            Ok(certid.clone())
        }
        [] => Err(End::bad(
            "not-found",
            format!("no certificate has the serial number {text}"),
        )),
        several => {
            let ids: Vec<&str> = several
                .iter()
                .filter_map(|one| one.certid.as_ref())
                .map(CertId::as_str)
                .collect();
            Err(End::bad(
                "ambiguous",
                format!(
                    "certificates {} all have the serial number {text}; name one by its id",
                    ids.join(", ")
                ),
            ))
        }
    })
}

/// Certificates for an officer to revoke; on hold already when they are to be reinstated.
fn simulated(sim: &Sim, on_hold: bool) -> Result<Vec<CertId>, Problem> {
    sim.cm().preload(2)?;
    let mut certids = Vec::new();
    for issued in sim.cm().certificates() {
        if on_hold {
            sim.cm().revoke(&issued.certid, 6)?;
        }
        certids.push(CertId::new(issued.certid)?);
    }
    Ok(certids)
}
