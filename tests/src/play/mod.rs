//! One command from its sending to what its answer proves, as one word: for tables of personas and of settings. Nothing waits for time
//! to pass: clocks stand still, the device acts when it is told to, and what has come by then counts.

mod commands;
mod pin_reset;
mod stage;

use serde_json::Value;
use smartid::hermod::{CommandHeader, Outcome};
use smartid_sim::Persona;

pub use stage::Stage;

use crate::messaging::{ALICE, ApiUser};

/// The card in the reader.
pub const CARD: &str = "card-1";

/// The content id of the picture.
pub const PICTURE: &str = "AUTH:11111111-0000-4000-8000-000000000001";

/// The content id of the card.
pub const PROFILE_CARD: &str = "PROV:11111111-0000-4000-8000-000000000002";

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// A new profile on a phone.
    Provision,
    /// New keys for the profile.
    Update,
    /// A certificate for its key.
    Certificate,
    /// Who holds the card.
    Authenticate,
    /// A signature with the card.
    Sign,
    /// Device information.
    Ping,
    /// Both halves of a PIN reset.
    PinReset,
    /// The profile is deleted on the phone.
    DeleteProfile,
    /// Its mailbox alone is deleted.
    DeleteMailbox,
    /// A sign command is withdrawn.
    Cancel,
}

/// How the device comes to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// By the link of the immediate response.
    Link,
    /// It looks into its mailboxes.
    Look,
}

/// What is played.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Play {
    /// What is sent.
    pub command: Command,
    /// Who answers.
    pub persona: Persona,
    /// How.
    pub way: Way,
    /// On a phone; on the Desktop App otherwise.
    pub phone: bool,
    /// The format that is asked for; none where empty.
    pub format: &'static str,
    /// The mechanism that is asked for; none where empty.
    pub mechanism: &'static str,
    /// What is to be signed.
    pub texts: &'static [&'static str],
    /// A nonce beside that.
    pub nonce: bool,
    /// Any format is taken.
    pub any_format: bool,
    /// The user must be named.
    pub user: bool,
    /// The key counts although no certificate is with it.
    pub raw_key: bool,
    /// A picture or card is named by its content id.
    pub picture: bool,
    /// The provider does not have it.
    pub no_content: bool,
    /// The admin key is changed.
    pub new_admin_key: bool,
    /// The token is named by its driver.
    pub driver: bool,
    /// The token that the second half names; the one of the first where empty.
    pub end_card: &'static str,
    /// The header names the user.
    pub addressed: bool,
    /// The Desktop App has a profile too, with a mailbox.
    pub desktop_profile: bool,
    /// Another phone has a profile of the same user.
    pub second_phone: bool,
    /// The app that was opened by a link leaves after the first command.
    pub leaves: bool,
    /// Changes the answer on its way, which is then told in the place of the simulator's own.
    pub told: Option<fn(&mut Value, &Stage)>,
}

impl Play {
    /// The usual way of that command.
    #[must_use]
    pub const fn of(command: Command) -> Self {
        let phone = matches!(
            command,
            Command::Provision
                | Command::Update
                | Command::Certificate
                | Command::DeleteProfile
                | Command::DeleteMailbox
        );
        let look = matches!(command, Command::Update | Command::DeleteProfile);
        let signs = matches!(command, Command::Sign | Command::Authenticate | Command::Cancel);
        Self {
            command,
            persona: Persona::Approves,
            way: if look { Way::Look } else { Way::Link },
            phone,
            format: if signs { "pkcs7" } else { "" },
            mechanism: "",
            texts: if signs { &["Order 17"] } else { &[] },
            nonce: false,
            any_format: false,
            user: false,
            raw_key: false,
            picture: false,
            no_content: false,
            new_admin_key: false,
            driver: false,
            end_card: "",
            addressed: matches!(command, Command::Update),
            desktop_profile: false,
            second_phone: false,
            leaves: false,
            told: None,
        }
    }

    fn header(&self, user: &ApiUser) -> CommandHeader {
        if self.addressed {
            user.to(ALICE)
        } else {
            user.hermod.header()
        }
    }
}

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty)?) { $($field:ident = $value:expr),+ })+) => {
        impl Play {
            $($(#[$doc])*
            #[must_use]
            pub const fn $name(mut self $(, $argument: $kind)?) -> Self {
                $(self.$field = $value;)+
                self
            })+
        }
    };
}

options! {
    /// With another person.
    by(persona: Persona) { persona = persona }
    /// In another format.
    format(format: &'static str) { format = format }
    /// By another mechanism.
    mechanism(mechanism: &'static str) { mechanism = mechanism }
    /// With other things to sign.
    texts(texts: &'static [&'static str]) { texts = texts }
    /// Found by looking into the mailboxes.
    looking() { way = Way::Look }
    /// With the link.
    linked() { way = Way::Link }
    /// On a phone, which has a profile.
    on_phone() { phone = true }
    /// With a picture from the content provider.
    with_picture() { picture = true }
    /// Where there is none.
    without_content() { no_content = true }
    /// Without anything to sign, but with a nonce.
    with_nonce() { nonce = true, texts = &[] }
    /// Without anything to sign, and without a nonce.
    with_nothing_to_sign() { nonce = false, texts = &[] }
    /// With a change of the admin key.
    with_new_admin_key() { new_admin_key = true }
    /// By a key that counts without a certificate.
    with_raw_key() { raw_key = true }
    /// Whatever the format is.
    in_any_format() { any_format = true }
    /// By the user, who must be named.
    by_the_user() { user = true }
    /// Of a token that a driver reaches.
    through_driver() { driver = true }
    /// To the user.
    addressed() { addressed = true }
    /// To where the dialect says.
    unaddressed() { addressed = false }
    /// With a profile on the Desktop App.
    with_desktop_profile() { desktop_profile = true }
    /// With another phone of the same user.
    with_second_phone() { second_phone = true }
    /// With an app that leaves after the first half.
    leaving() { leaves = true }
    /// With another token in the second half.
    ending_with(card: &'static str) { end_card = card }
    /// With another answer in the place of the device's.
    told(change: fn(&mut Value, &Stage)) { told = Some(change) }
}

fn word<T>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Failed { code, .. } => format!("failed: {}", code.as_deref().unwrap_or_default()),
        other => other.name().to_owned(),
    }
}
