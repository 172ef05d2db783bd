//! Asks a person to authenticate with the Smart ID Mobile App, and says who it was.
//!
//! Without `--config` it brings a simulated installation and a simulated phone along, which is enrolled first.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use smartid::hermod::answers::{AttestationKeys, SignaturePolicy, Signers};
use smartid::hermod::commands::{Authenticate, Nonce};
use smartid::hermod::link::{MobileLink, MobileLinkOptions};
use smartid::hermod::{Entry, Outcome};
use smartid::trust::jws::JwkSet;
use smartid::trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid::trust::{AttributeComparison, Certificate, CertificateAttribute};
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, program, read_roots, reason};
use smartid_examples::enrolment::{Person, ask, install, verified};
use smartid_examples::simulated::{authority, certify};
use smartid_sim::{Persona, Sim};

/// Authenticate a person with the Smart ID Mobile App.
///
/// Exit status: 0 it is that person; 1 it is not, or nobody answered, and the output says why; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "authenticate", version)]
struct Arguments {
    #[command(flatten)]
    person: Person,

    /// What the person is told
    #[arg(long, default_value = "Log in to Example Bank")]
    reason: String,

    /// Certificates (PEM) that the person's certificate must lead to; needed with --config, may be repeated
    #[arg(long, value_name = "FILE")]
    root: Vec<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("authenticate", &arguments.common, async |desk| {
        run(desk, &arguments).await
    })
    .await
}

async fn run(desk: &Desk, arguments: &Arguments) -> Result<End, Problem> {
    let hermod = desk.hermod()?;
    let person = &arguments.person;
    let roots = match &desk.world.sim {
        Some(sim) => match enrolled(desk, sim, arguments).await? {
            Ok(root) => vec![root],
            Err(end) => return Ok(end),
        },
        None => read_roots(&arguments.root)?,
    };
    desk.terminal.line(&format!(
        "Authenticating {} at {}",
        desk.terminal.strong(&person.user),
        desk.world.place
    ));

    let header = hermod.header().to([person.user.as_str()]);
    let command = Authenticate::new(header.clone())
        .description(Entry::text("requester", &arguments.reason).label("Request"))
        // A signature over it answers this command and no other.
        .challenge(&Nonce::random(&**hermod.runtime()));
    let asked = command.expectation();
    let sent = desk.send(&command, &header).await?;
    // The command waits in the user's mailbox. Where the app does not look there by itself, this link wakes it.
    let link = MobileLink::start(&MobileLinkOptions::new().title("Example Bank"))?;
    desk.show("On the phone, this link opens the app:", link.expose(), link.qr());

    let Some(report) = desk.wait(&sent, "the phone").await? else {
        return Ok(End::no_answer());
    };
    let answer = match report.authenticate(hermod.dialect(), &asked) {
        Outcome::Succeeded(answer) => answer,
        other => return Ok(End::without_answer(&other)),
    };
    let verifier = WebpkiVerifier::builder().roots(roots).build()?;
    let chains = ChainPolicy::new(Arc::new(verifier), Purpose::authentication());
    let policy = SignaturePolicy::new(asked, &Signers::certificates(Arc::new(chains))).expecting_signer(
        CertificateAttribute::SUBJECT_ALT_NAME_EMAIL,
        &person.user,
        AttributeComparison::IgnoreAsciiCase,
    );
    let verified = match answer.verify(&policy, desk.now()) {
        Ok(verified) => verified,
        Err(refusal) => {
            return Ok(End::bad("not-verified", &refusal)
                .fact("reason", reason(&refusal))
                .advised(refusal.advice()));
        }
    };
    let mut end = End::good("authenticated").fact("user", &person.user);
    for signer in verified.fact().signers() {
        if let Some(certificate) = signer.certificate() {
            end = end.fact("certificate", certificate.subject());
        }
        end = end.fact("not checked", format!("{:?}", signer.proof.not_checked));
    }
    Ok(end)
}

/// Enrols the simulated phone, whose holder approves of that whatever the persona does later; gives the root of its certificates.
async fn enrolled(
    desk: &Desk,
    sim: &Sim,
    arguments: &Arguments,
) -> Result<Result<Certificate, End>, Problem> {
    desk.terminal
        .line(&desk.terminal.dim("Enrolling a simulated phone first."));
    sim.set_persona(Persona::Approves);
    let keys = AttestationKeys::new(JwkSet::from_json(sim.attestation_key_set()?)?);
    let asked = ask(desk, &arguments.person).await?;
    sim.mobile().open(asked.link.expose()).await?;
    let profile = match verified(desk, &asked, &keys).await? {
        Ok(profile) => profile,
        Err(end) => return Ok(Err(end)),
    };
    let now = desk.now();
    let authority = authority(now)?;
    let certificates = certify(&authority, &profile, now)?;
    let issuer = Certificate::from_der(authority.issuer_der().to_vec())?;
    if let Err(end) = install(desk, &profile, certificates, &issuer).await? {
        return Ok(Err(end));
    }
    sim.set_persona(arguments.common.persona.unwrap_or_default());
    Ok(Ok(Certificate::from_der(authority.root_der().to_vec())?))
}
