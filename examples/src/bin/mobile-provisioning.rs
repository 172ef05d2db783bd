//! Gives a person a Mobile ID: a profile in the Smart ID Mobile App with keys that the app makes, verified, and certificates for them.
//!
//! Without `--config` it brings a simulated installation, a simulated phone and a simulated certification authority along. With
//! `--config` it stops after the verified certification requests, which go to the authority of the installation.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use smartid::hermod::answers::{AttestationKeys, Provisioned};
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, program};
use smartid_examples::enrolment::{Person, ask, install, verified};
use smartid_examples::simulated::{authority, certify, open_on_mobile};

/// Provision a profile in the Smart ID Mobile App.
///
/// Exit status: 0 the profile is there and verified (and, simulated, has its certificates); 1 it is not, and the output says why; 2 usage
/// or configuration.
#[derive(Debug, Parser)]
#[command(name = "mobile-provisioning", version)]
struct Arguments {
    #[command(flatten)]
    person: Person,

    /// The public attestation keys of the apps, a JWK or a JWK set; needed with --config
    #[arg(long, value_name = "FILE")]
    attestation_keys: Option<PathBuf>,

    /// Write the certification requests into this folder, each named after its key, with .csr (DER)
    #[arg(long, value_name = "FOLDER")]
    requests: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("mobile-provisioning", &arguments.common, async |desk| {
        run(desk, &arguments).await
    })
    .await
}

async fn run(desk: &Desk, arguments: &Arguments) -> Result<End, Problem> {
    let keys = attestation_keys(desk, arguments)?;
    let (person, terminal) = (&arguments.person, &desk.terminal);
    terminal.line(&format!(
        "Provisioning {} at {}",
        terminal.strong(&person.user),
        desk.world.place
    ));

    let asked = ask(desk, person).await?;
    let link = &asked.link;
    desk.show(
        "Open this link on the phone, or scan it (Smart ID Mobile App):",
        link.expose(),
        link.qr(),
    );
    let phone = desk
        .world
        .sim
        .as_ref()
        .map(|sim| open_on_mobile(sim, link.expose()));

    let provisioned = match verified(desk, &asked, &keys).await? {
        Ok(provisioned) => provisioned,
        Err(end) => return Ok(end),
    };
    desk.tell(phone).await;
    write_requests(arguments, &provisioned)?;
    if desk.world.sim.is_some()
        && let Err(end) = certified(desk, &provisioned).await?
    {
        return Ok(end);
    }
    Ok(told_of(&provisioned))
}

/// The keys that the apps sign their answers with: the simulated app's, or those of the file.
fn attestation_keys(desk: &Desk, arguments: &Arguments) -> Result<AttestationKeys, Problem> {
    let text = match (&desk.world.sim, &arguments.attestation_keys) {
        (_, Some(file)) => {
            std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?
        }
        (Some(sim), None) => sim.attestation_key_set()?,
        (None, None) => {
            return Err("--attestation-keys is missing: without it no app's answer can be believed".into());
        }
    };
    Ok(AttestationKeys::new(JwkSet::from_json(text)?))
}

fn write_requests(arguments: &Arguments, provisioned: &Provisioned) -> Result<(), Problem> {
    let Some(folder) = &arguments.requests else {
        return Ok(());
    };
    for key in &provisioned.keys {
        if let Some(request) = &key.request {
            let file = folder.join(format!("{}.csr", key.key_id));
            std::fs::write(&file, request.fact().der())
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}

/// The simulated authority certifies the keys, and the phone gets the certificates.
async fn certified(desk: &Desk, provisioned: &Provisioned) -> Result<Result<(), End>, Problem> {
    let now = desk.now();
    let authority = authority(now)?;
    let certificates = certify(&authority, provisioned, now)?;
    desk.step("certified", &format!("{} certificates", certificates.len()));
    let issuer = Certificate::from_der(authority.issuer_der().to_vec())?;
    install(desk, provisioned, certificates, &issuer).await
}

fn told_of(provisioned: &Provisioned) -> End {
    let mut end = End::good("provisioned")
        .fact("user", &provisioned.user_id)
        .fact("profile", &provisioned.profile_id);
    for key in &provisioned.keys {
        let what = match &key.request {
            Some(request) => format!(
                "{}, {:?}, request for {}",
                key.key_id,
                key.public_key.key_type(),
                request.fact().subject()
            ),
            None => format!("{}, {:?}, a raw key", key.key_id, key.public_key.key_type()),
        };
        end = end.fact("key", what);
    }
    for lint in &provisioned.lints {
        end = end.fact("remark", lint);
    }
    end
}
