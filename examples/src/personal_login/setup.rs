//! The methods, the users and the certificate authorities: simulated, or from files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use smartid::da::UserId;
use smartid::da::personal::{PersonalMethod, StoredUser};
use smartid::flows::personal_login::{
    CertificateAuthority, DirectoryUser, MailboxName, MemoryUserDirectory, PERSONAL_MESSAGING, PersonalLogin,
    PersonalMessagingReceiver, Showing, UserDirectory,
};
use smartid::hermod::answers::AttestationKeys;
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;
use smartid::{Runtime, SecretString, SmartId};
use smartid_sim::{Persona, Sim};

use crate::desk::{Desk, Problem};
use crate::enrolment::{Person, ask, install, verified};
use crate::methods_file::MethodsFile;
use crate::simulated::{authority, certify, insert_signing_card};

/// The methods of the simulated installation, and an example of such a file.
const METHODS: &str = include_str!("../../personal-methods.toml");
/// The certificate authority that they name.
const AUTHORITY: &str = "Example Issuing CA";
/// The user id of the simulated person.
const USER: &str = "user1";
const CALLBACK_PASSWORD: &str = "personal-messaging-password";
/// How long a simulated person looks at the page.
const MOMENT: Duration = Duration::from_millis(1500);

/// What the application is made of.
#[derive(Debug)]
#[non_exhaustive]
pub struct Installation {
    /// One flow for each method that can be used.
    pub logins: Vec<PersonalLogin>,
    /// The runtime of the clients.
    pub runtime: Arc<dyn Runtime>,
    /// The simulator and its person.
    pub sim: Option<(Sim, Persona)>,
}

/// Where a real installation is described.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct Files {
    /// Settings of the methods (TOML or JSON), as personal-method validates them; needed with --config
    #[arg(long, value_name = "FILE")]
    pub methods: Option<PathBuf>,

    /// The users: a TOML file of tables named `users`, each an id and a table of attributes with lists of values; needed with --config
    #[arg(long, value_name = "FILE", requires = "config")]
    pub users: Option<PathBuf>,

    /// A certificate authority that the methods name, and its certificate (PEM); may be repeated
    #[arg(long, value_name = "NAME=FILE", requires = "config")]
    pub authority: Vec<String>,

    /// The attribute that names a user's mailbox at the messaging server; the user id when left out
    #[arg(long, value_name = "NAME", requires = "config")]
    pub mailbox_attribute: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Users {
    users: Vec<StoredUser>,
}

impl Files {
    /// The flows of a real installation.
    ///
    /// # Errors
    /// When a file cannot be used, or no method can.
    pub fn open(&self, desk: &Desk) -> Result<Installation, Problem> {
        let methods = self.methods.as_deref().ok_or("--methods is missing")?;
        let users = self.users.as_deref().ok_or("--users is missing")?;
        let text = std::fs::read_to_string(users).map_err(|error| format!("{}: {error}", users.display()))?;
        let users: Users =
            toml::from_str(&text).map_err(|error| format!("{}: {}", users.display(), error.message()))?;
        let mut authorities = Vec::new();
        for named in &self.authority {
            let (name, file) = named
                .split_once('=')
                .ok_or("--authority takes the authority's name, an equals sign and a file")?;
            let pem = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
            authorities.push(CertificateAuthority::new(name, Certificate::from_pem(&pem)?)?);
        }
        let mailbox = match &self.mailbox_attribute {
            Some(name) => MailboxName::Attribute(name.clone()),
            None => MailboxName::UserId,
        };
        let users = users.users.into_iter().map(DirectoryUser::new);
        Ok(Installation {
            logins: logins(
                &desk.world.smartid,
                &read(methods)?,
                &(Arc::new(MemoryUserDirectory::new(users)) as Arc<dyn UserDirectory>),
                &authorities,
                &mailbox,
                desk,
            )?,
            runtime: Arc::clone(desk.world.smartid.runtime()),
            sim: None,
        })
    }
}

fn read(path: &Path) -> Result<MethodsFile, Problem> {
    MethodsFile::read(Some(path)).map_err(|problem| format!("{} {problem}", path.display()).into())
}

/// One flow for each method; those that cannot be used are named and left out.
fn logins(
    smartid: &SmartId,
    methods: &MethodsFile,
    users: &Arc<dyn UserDirectory>,
    authorities: &[CertificateAuthority],
    mailbox: &MailboxName,
    desk: &Desk,
) -> Result<Vec<PersonalLogin>, Problem> {
    let visible = |method: &&PersonalMethod| method.is_visible_in_menu();
    let mut usable = Vec::new();
    for method in methods.methods().iter().filter(visible) {
        let mut builder = smartid
            .personal_login(method.clone(), Arc::clone(users))?
            .mailbox(mailbox.clone());
        for authority in authorities {
            builder = builder.authority(authority.clone());
        }
        match builder.build() {
            Ok(login) => usable.push(login),
            Err(refused) => desk.terminal.always(&format!("left out: {refused}")),
        }
    }
    if usable.is_empty() {
        return Err("no method can be used".into());
    }
    Ok(usable)
}

/// A simulated installation: an enrolled phone, a card in the computer, one user, and its receiver of callbacks.
///
/// # Errors
/// When the simulated person cannot be enrolled, or the methods cannot be used.
pub async fn simulated(
    desk: &mut Desk,
    person: &Person,
    persona: Persona,
    methods: Option<&Path>,
) -> Result<(Installation, PersonalMessagingReceiver), Problem> {
    let authority = {
        let sim = desk.world.sim.as_ref().ok_or("there is no simulator")?;
        desk.terminal
            .line(&desk.terminal.dim("Enrolling a simulated phone and a card first."));
        sim.set_persona(Persona::Approves);
        let keys = AttestationKeys::new(JwkSet::from_json(sim.attestation_key_set()?)?);
        let asked = ask(desk, person).await?;
        sim.mobile().open(asked.link.expose()).await?;
        let failed = |end: crate::desk::End| format!("the simulated phone was not enrolled: {}", end.name);
        let profile = verified(desk, &asked, &keys).await?.map_err(failed)?;
        let now = desk.now();
        let authority = authority(now)?;
        let certificates = certify(&authority, &profile, now)?;
        let issuer = Certificate::from_der(authority.issuer_der().to_vec())?;
        install(desk, &profile, certificates, &issuer)
            .await?
            .map_err(failed)?;
        let subject = format!("CN={}", person.name.replace([',', '+', '='], " "));
        insert_signing_card(sim, &authority, &subject, now)?;
        // From now on the phone does nothing by itself: it reacts when somebody has looked at the page.
        sim.mobile().set_persona(Some(Persona::NeverOpens));
        CertificateAuthority::new(AUTHORITY, issuer)?
    };
    let methods = match methods {
        Some(path) => read(path)?,
        None => MethodsFile::parse(METHODS)?,
    };
    let user = StoredUser::new(UserId::new(USER)?)
        .with("mail", &person.user)
        .with("displayName", &person.name);
    let directory: Arc<dyn UserDirectory> = Arc::new(MemoryUserDirectory::new([DirectoryUser::new(user)]));
    let smartid = desk.world.smartid.clone();
    let mailbox = MailboxName::Attribute("mail".into());
    let logins = logins(&smartid, &methods, &directory, &[authority], &mailbox, desk)?;
    let path = PERSONAL_MESSAGING.parse()?;
    let receiver = smartid
        .personal_messaging_receiver(&path)?
        .basic_auth("hermod", SecretString::new(CALLBACK_PASSWORD))
        .build()?;
    let installation = Installation {
        logins,
        runtime: Arc::clone(smartid.runtime()),
        sim: desk.world.sim.take().map(|sim| (sim, persona)),
    };
    Ok((installation, PersonalMessagingReceiver::new(receiver, path)?))
}

/// From now on, simulated messaging calls back where Digital Access would stand.
pub(super) fn call_back(sim: &Sim, address: SocketAddr) {
    let url = format!("http://{address}{PERSONAL_MESSAGING}");
    sim.set_callback(&url, Some(("hermod", CALLBACK_PASSWORD)));
}

/// The simulated person looks at the page for a moment, and does what this persona does.
pub(super) fn answer(sim: &Sim, persona: Persona, showing: &Showing) {
    let (phone, computer) = (sim.mobile(), sim.desktop());
    let (at_computer, link, wait) = match showing {
        Showing::Desktop(link) => (true, Some(link.expose().to_owned()), MOMENT),
        Showing::SameDevice { link, after, .. } => (false, Some(link.expose().to_owned()), *after + MOMENT),
        other => (false, other.link().map(|link| link.expose().to_owned()), MOMENT),
    };
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        // What the app did is seen in how the login ends.
        let _done = match (at_computer, link) {
            (true, Some(link)) => computer.open_as(&link, persona).await,
            (false, Some(link)) => phone.open_as(&link, persona).await,
            (_, None) => phone.check_as(persona).await,
        };
    });
}
