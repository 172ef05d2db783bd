//! What an app showed to its person and did, as a value that tests can ask.

use serde_json::Value;

use crate::Persona;

/// What the app saw and did. It holds neither the link nor its token, no PIN and no key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeviceReport {
    /// Who sat in front of it.
    pub persona: Persona,
    /// Whether the link was opened, or a message was looked at.
    pub opened: bool,
    /// How many messages were fetched.
    pub messages: u32,
    /// What was done, in order, in plain words.
    pub actions: Vec<String>,
    /// The creation options exactly as they reached the app (FIDO).
    pub options: Option<String>,
    /// The registration that was sent, as JSON (FIDO).
    pub registration: Option<String>,
    /// `title` of a mobile link, decoded.
    pub title: Option<String>,
    /// `redirect` of a mobile link, decoded: opened after the first confirmation, if there was one.
    pub redirect: Option<String>,
    /// Whether the redirect was opened.
    pub redirected: bool,
    /// What was on the screen, in order.
    pub shown: Vec<Shown>,
    /// Types of the commands that were fetched, for example `SIGN`.
    pub commands: Vec<String>,
    /// States that were answered, for example `SUCCESS`.
    pub states: Vec<String>,
    /// Statuses with which the message server took the answers.
    pub accepted: Vec<u16>,
    /// The profile that was made, changed, used or deleted last.
    pub profile_id: Option<String>,
}

/// One thing on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// What it is.
    pub role: ShownAs,
    /// Label of an entry, or the name of the fact.
    pub label: String,
    /// Machine name of an entry (`key`), empty otherwise.
    pub key: String,
    /// `content_type` of an entry; `text/plain` otherwise.
    pub content_type: String,
    /// The bytes as decoded.
    pub content: Vec<u8>,
}

impl Shown {
    /// The bytes as text, as far as they are.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// Why something was on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShownAs {
    /// The title of the link.
    Title,
    /// An entry of `description`.
    Description,
    /// An entry of `tbs`.
    ToBeSigned,
    /// A fact about the command that the app itself tells: the user id, the server's name, the card.
    Fact,
}

impl DeviceReport {
    pub(crate) fn new(persona: Persona) -> Self {
        Self {
            persona,
            opened: false,
            messages: 0,
            actions: Vec::new(),
            options: None,
            registration: None,
            title: None,
            redirect: None,
            redirected: false,
            shown: Vec::new(),
            commands: Vec::new(),
            states: Vec::new(),
            accepted: Vec::new(),
            profile_id: None,
        }
    }

    pub(crate) fn did(&mut self, what: impl Into<String>) {
        self.actions.push(what.into());
    }

    pub(crate) fn show(&mut self, role: ShownAs, label: &str, text: &str) {
        self.shown.push(Shown {
            role,
            label: label.to_owned(),
            key: String::new(),
            content_type: "text/plain".to_owned(),
            content: text.as_bytes().to_vec(),
        });
    }

    /// A fact about the command, if the command says it.
    pub(crate) fn fact(&mut self, label: &str, value: Option<&Value>) {
        if let Some(text) = value.and_then(Value::as_str) {
            self.show(ShownAs::Fact, label, text);
        }
    }
}
