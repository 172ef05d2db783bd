//! Has a text or a document signed by whoever opens a link in the Smart ID Desktop App, and says who signed what.
//!
//! Without `--config` it brings a simulated installation and a simulated person with a card along.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use smartid::hermod::answers::{SignaturePolicy, SignatureRefusal, SignedStatement, Signers};
use smartid::hermod::commands::Sign;
use smartid::hermod::filter::CertificateFilter;
use smartid::hermod::{Entry, Outcome};
use smartid::trust::Certificate;
use smartid::trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, program, read_roots, reason};
use smartid_examples::simulated::{authority, insert_signing_card};

/// Have something signed, and verify the signature.
///
/// Exit status: 0 it is signed and the signature is right; 1 it is not, and the output says why; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "desktop-sign", version)]
struct Arguments {
    /// The text to be signed
    #[arg(
        long,
        default_value = "Transfer 500 EUR to account 17 of Example Ltd.",
        conflicts_with = "pdf"
    )]
    text: String,

    /// A PDF document to be signed
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,

    /// Who asks, as the person is told
    #[arg(long, default_value = "Example Bank")]
    requester: String,

    /// Send it to this user's apps; left out, to whoever opens the link
    #[arg(long, value_name = "ID")]
    user: Option<String>,

    /// Certificates (PEM) that signers must lead to; needed with --config, may be repeated
    #[arg(long, value_name = "FILE")]
    root: Vec<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("desktop-sign", &arguments.common, async |desk| {
        run(desk, &arguments).await
    })
    .await
}

async fn run(desk: &Desk, arguments: &Arguments) -> Result<End, Problem> {
    let hermod = desk.hermod()?;
    let roots = roots(desk, arguments)?;
    desk.terminal.line(&format!("Signing at {}", desk.world.place));

    let entry = match &arguments.pdf {
        Some(file) => Entry::pdf(
            "tbs",
            &std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?,
        ),
        None => Entry::text("tbs", &arguments.text),
    };
    let mut header = hermod.header();
    if let Some(user) = &arguments.user {
        header = header.to([user]);
    }
    let command = Sign::new(header.clone(), entry.label("To be signed"))
        .description(Entry::text("requester", &arguments.requester).label("Request from"))
        .filter(CertificateFilter::eq("key.type", "RSA"));
    // Kept until the answer comes, here or in another process: what was sent is what must have been signed.
    let asked = command.expectation();
    let sent = desk.send(&command, &header).await?;

    let person = desk.show_desktop_link(
        "Open this link on the user's computer (Smart ID Desktop App):",
        &sent,
    );
    let Some(report) = desk.wait(&sent, "the signature").await? else {
        return Ok(End::no_answer());
    };
    desk.tell(person).await;

    let answer = match report.sign(hermod.dialect(), &asked) {
        Outcome::Succeeded(answer) => answer,
        other => return Ok(End::without_answer(&other)),
    };
    // Whose signatures count, and for what.
    let verifier = WebpkiVerifier::builder().roots(roots).build()?;
    let signers = Signers::certificates(Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing())));
    let policy = SignaturePolicy::new(asked, &signers);
    Ok(match answer.verify(&policy, desk.now()) {
        Ok(statement) => signed(statement.fact()),
        Err(refusal) => refused(&refusal),
    })
}

/// The certificates that signers must lead to: from files, or those of the simulated authority.
fn roots(desk: &Desk, arguments: &Arguments) -> Result<Vec<Certificate>, Problem> {
    let Some(sim) = &desk.world.sim else {
        return read_roots(&arguments.root);
    };
    let authority = authority(desk.now())?;
    insert_signing_card(sim, &authority, "CN=User One,O=Example Ltd.", desk.now())?;
    Ok(vec![Certificate::from_der(authority.root_der().to_vec())?])
}

fn signed(statement: &SignedStatement) -> End {
    let mut end = End::good("signed");
    for entry in statement.entries() {
        let bytes = entry.signed_bytes().unwrap_or_default();
        let what = match std::str::from_utf8(&bytes) {
            Ok(text) if entry.content_type().starts_with("text/") => text.escape_debug().to_string(),
            _ => format!("{} bytes of {}", bytes.len(), entry.content_type()),
        };
        end = end.fact("what was signed", what);
    }
    for signer in statement.signers() {
        if let Some(certificate) = signer.certificate() {
            end = end
                .fact("signer", certificate.subject())
                .fact("issued by", certificate.issuer());
        }
        end = end
            .fact("algorithm", format!("{:?}", signer.proof.algorithm))
            .fact("checked", format!("{:?}", signer.proof.checked))
            .fact("not checked", format!("{:?}", signer.proof.not_checked));
    }
    end
}

fn refused(refusal: &SignatureRefusal) -> End {
    End::bad("not-verified", refusal)
        .fact("reason", reason(refusal))
        .advised(refusal.advice())
}
