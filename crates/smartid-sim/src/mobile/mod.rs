//! Phones with the Mobile App. A phone is enrolled by a link, keeps its profiles and keys, and from then on answers what arrives in its
//! own mailboxes: by itself, or when it is told to look.

mod listen;

use std::fmt;
use std::sync::Arc;

use crate::device::link::{self, Extras, Link};
use crate::device::{App, DeviceProfile, DeviceReport, MessageClient, ShownAs, Side, Who, World};
use crate::{Persona, SimError};

/// A phone with the Mobile App and a person who holds it. Clones are the same phone.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use smartid_sim::{Persona, Sim};
///
/// let sim = Sim::builder().seed(7).start().await?;
/// // The phone that everybody means, and another one with another person:
/// let (phone, other) = (sim.mobile(), sim.new_mobile());
/// other.set_persona(Some(Persona::Declines));
/// // let report = phone.open(&link).await?;      // `personal://...`, as it stands in a QR code
/// assert!(phone.profiles().is_empty());
/// # Ok::<(), smartid_sim::SimError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Mobile {
    app: Arc<App>,
}

impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app } = self;
        f.debug_struct("Mobile")
            .field("name", &app.name)
            .finish_non_exhaustive()
    }
}

impl Mobile {
    pub(crate) fn new(world: Arc<World>, number: usize) -> Self {
        let name = format!("Mobile App {number}");
        Self {
            app: Arc::new(App::new(Side::Mobile, name, world, None)),
        }
    }

    /// What the control page calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.app.name
    }

    /// Opens a link: a provisioning or start link of the app's scheme, or the text of a plugout link from a QR code.
    ///
    /// # Errors
    /// [`SimError::Link`] when the app cannot follow it; [`SimError::Device`] when the message server cannot be reached or does not know
    /// the message (answered before, expired).
    pub async fn open(&self, link: &str) -> Result<DeviceReport, SimError> {
        self.open_as(link, self.app.persona()).await
    }

    /// As [`Mobile::open`], with a persona for this once.
    ///
    /// # Errors
    /// As [`Mobile::open`].
    pub async fn open_as(&self, link: &str, persona: Persona) -> Result<DeviceReport, SimError> {
        self.open_for(link, Who::Persona(persona)).await
    }

    pub(crate) async fn open_for(&self, link: &str, who: Who) -> Result<DeviceReport, SimError> {
        let config = self.app.world.config.get();
        let link = link::mobile(link, &config.mobile.schemes, config.mobile.plugout_links)?;
        let mut report = self.report(who);
        if who == Who::Persona(Persona::NeverOpens) {
            report.did("did not open the link");
            return Ok(report);
        }
        match link {
            Link::Plugout { box_url, token } => self.app.visit(&box_url, &token, who, &mut report).await?,
            Link::Start(extras) => {
                show(&mut report, extras);
                report.opened = true;
                report.did("opened the app");
                self.app.look(who, &mut report).await?;
            }
            Link::Message { box_url, mid, extras } => {
                show(&mut report, extras);
                let client =
                    MessageClient::known(&self.app.world.http, &box_url, None, config.mobile.reconnects);
                if !self.app.open_message(&client, &mid, who, &mut report).await? {
                    return Err(SimError::Device("the link's message is gone".into()));
                }
            }
        }
        Ok(report)
    }

    /// Looks once into the mailboxes of all profiles and reacts to what lies there.
    ///
    /// # Errors
    /// [`SimError::Device`] when the message server cannot be reached.
    pub async fn check(&self) -> Result<DeviceReport, SimError> {
        self.check_as(self.app.persona()).await
    }

    /// As [`Mobile::check`], with a persona for this once.
    ///
    /// # Errors
    /// As [`Mobile::check`].
    pub async fn check_as(&self, persona: Persona) -> Result<DeviceReport, SimError> {
        let who = Who::Persona(persona);
        let mut report = self.report(who);
        self.app.look(who, &mut report).await?;
        Ok(report)
    }

    /// From now on reacts to what arrives as its persona does, whatever `mobile.auto` says.
    pub fn serve(&self) {
        self.app.serve();
    }

    /// Who holds this phone from now on; `None` is whoever `mobile.persona` says.
    pub fn set_persona(&self, persona: Option<Persona>) {
        self.app.set_persona(persona);
    }

    /// What the phone keeps.
    #[must_use]
    pub fn profiles(&self) -> Vec<DeviceProfile> {
        self.app.views()
    }

    /// What the phone did by itself, one report for each message, the oldest first; at most 1000.
    #[must_use]
    pub fn reports(&self) -> Vec<DeviceReport> {
        self.app.reports()
    }

    fn report(&self, who: Who) -> DeviceReport {
        DeviceReport::new(match who {
            Who::Persona(persona) => persona,
            Who::Page => Persona::Approves,
        })
    }
}

/// The title is shown while the app waits, the redirect opened after the first confirmation (hermod 5.1, D).
fn show(report: &mut DeviceReport, extras: Extras) {
    if let Some(title) = &extras.title {
        report.show(ShownAs::Title, "title", title);
    }
    report.title = extras.title;
    report.redirect = extras.redirect;
}
