//! The two halves of a Mobile ID: a profile with keys that the app makes, and certificates for them. `mobile-provisioning` shows them one
//! by one; `authenticate` needs a phone that has been through them.

use smartid::hermod::answers::{AttestationKeys, Provisioned};
use smartid::hermod::commands::provision::{KeyRequest, KeyTypePriority, Provision, Usage};
use smartid::hermod::commands::{CertificateEntry, InstallCertificates, Nonce};
use smartid::hermod::link::{MobileLink, MobileLinkOptions};
use smartid::hermod::{CommandHeader, Outcome};
use smartid::trust::Certificate;
use smartid::trust::request::{RequestTemplate, TemplateBuilder, ThrowAwayKey};

use crate::desk::{Desk, End, Problem, Sent};

/// Who gets a profile, and what it is called.
#[derive(Clone, Debug, clap::Args)]
#[non_exhaustive]
pub struct Person {
    /// The user on the messaging server; as a rule an e-mail address
    #[arg(long, value_name = "ID", default_value = "user-1@example.com")]
    pub user: String,

    /// The name that the certificates are for
    #[arg(long, value_name = "TEXT", default_value = "User One")]
    pub name: String,
}

/// A provision command on its way.
#[derive(Debug)]
#[non_exhaustive]
pub struct Asked {
    /// What was sent.
    pub command: Provision,
    /// Where its outcome is found.
    pub sent: Sent,
    /// The link for the phone.
    pub link: MobileLink,
}

/// Asks for a profile with a key for signatures and one for authentication.
///
/// # Errors
/// When a template cannot be made, or messaging does not take the command.
pub async fn ask(desk: &Desk, person: &Person) -> Result<Asked, Problem> {
    let hermod = desk.hermod()?;
    let header: CommandHeader = hermod.header();
    let key = |id: &str, usage: Usage| -> Result<KeyRequest, Problem> {
        let priorities = [KeyTypePriority::rsa(2048)];
        Ok(KeyRequest::new(id, usage, priorities).template(template(person)?))
    };
    let command = Provision::new_profile(
        header.clone(),
        person.user.as_str(),
        "Example Smart ID",
        format!("MobileID {}", person.name),
    )
    .nonce(Nonce::random(&**hermod.runtime()))
    .key(key("sign", Usage::Signature)?)
    .key(key("auth", Usage::Authentication)?);
    let sent = desk.send(&command, &header).await?;
    let link = sent
        .answer
        .mobile_link(&MobileLinkOptions::new().title("Example Smart ID"))?;
    Ok(Asked { command, sent, link })
}

/// What the certificate will say: the app puts its own key in the place of the throw-away one.
fn template(person: &Person) -> Result<RequestTemplate, Problem> {
    let subject = format!("CN={},O=Example Ltd.", person.name.replace([',', '+', '='], " "));
    Ok(TemplateBuilder::new(subject.parse()?)
        .with_email(&person.user)
        .build(ThrowAwayKey::default())?)
}

/// Waits for the app, and verifies what it answers: by its attestation key, and against what was asked.
///
/// # Errors
/// When the inbox cannot be read.
pub async fn verified(
    desk: &Desk,
    asked: &Asked,
    keys: &AttestationKeys,
) -> Result<Result<Provisioned, End>, Problem> {
    let Some(report) = desk.wait(&asked.sent, "the phone").await? else {
        return Ok(Err(End::no_answer()));
    };
    let answer = match report.provision(desk.hermod()?.dialect()) {
        Outcome::Succeeded(answer) => answer,
        other => return Ok(Err(End::without_answer(&other))),
    };
    Ok(match answer.verify(&asked.command.policy(keys), desk.now()) {
        Ok(verified) => {
            desk.step(
                "verified",
                "signed by an attestation key, for this user and this command",
            );
            Ok(verified.into_parts().0)
        }
        Err(refusal) => Err(End::bad("not-verified", &refusal).advised(refusal.advice())),
    })
}

/// Puts certificates into the profile, in the order of its keys.
///
/// # Errors
/// When a certificate is of another key, or messaging does not take the command.
pub async fn install(
    desk: &Desk,
    profile: &Provisioned,
    certificates: Vec<Certificate>,
    issuer: &Certificate,
) -> Result<Result<(), End>, Problem> {
    let hermod = desk.hermod()?;
    let header = hermod.header().to([profile.user_id.as_str()]);
    let mut command = InstallCertificates::new(header.clone())
        .user(profile.user_id.clone())
        .profile(profile.profile_id.clone())
        .nonce(Nonce::random(&**hermod.runtime()));
    for (key, certificate) in profile.keys.iter().zip(certificates) {
        let entry = CertificateEntry::for_key(key, certificate)?.chain([issuer.clone()]);
        command = command.certificate(entry);
    }
    let mut sent = desk.send(&command, &header).await?;
    sent.pending.expects_response = false;
    let Some(report) = desk.wait(&sent, "the phone to take the certificates").await? else {
        return Ok(Err(End::no_answer()));
    };
    Ok(match report.certificate(hermod.dialect()) {
        Outcome::Succeeded(_) => Ok(()),
        other => Err(End::without_answer(&other)),
    })
}
