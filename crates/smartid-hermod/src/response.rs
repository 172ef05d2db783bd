//! What messaging answers at once when it has taken a command: ids, mailboxes and, for a temporary mailbox, the link.
//!
//! Vendor page: Example: Personal Desktop Client signing (documented example, complete). Read leniently: a destination that is not
//! temporary has no `uri`, a provisioning answer has been published with the first half only, and unknown members are kept.

use std::fmt;

use smartid_core::{Content, Incoming, Lint, SecretString, Unreadable, json};

use crate::dialect::StateSpellings;
use crate::ids::{Bid, CommandId, Fqdn, Mid};
use crate::link::{LinkError, MobileLink, MobileLinkOptions, PlugoutLink};
use crate::read::{Document, Extra, id, shown, text};
use crate::state::State;

/// The most destinations of one command that are read: more than anybody has mailboxes.
const MAX_DESTINATIONS: usize = 1000;

/// The answer to a command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImmediateResponse {
    /// The id of the command, for polling and for callbacks.
    pub command_id: CommandId,
    /// One per mailbox.
    pub destinations: Vec<Destination>,
    /// What kind of command it is, such as `SIGN` (documented example) or `FIDO` (inferred); information only.
    pub command_type: Option<String>,
    /// [`State::InProgress`] as a rule, also when the member is missing.
    pub state: State,
    /// The node that owns the command.
    pub fqdn: Option<Fqdn>,
    /// Unknown members.
    pub extra: Extra,
}

/// One mailbox that a command was put into.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Destination {
    /// The destination as it was given; empty when it is not echoed.
    pub to: String,
    /// The mailbox; of a destination with a link but without `bid`, the one that the link names.
    pub bid: Option<Bid>,
    /// The message.
    pub mid: Option<Mid>,
    /// The link that starts the Desktop App; only for a temporary mailbox.
    pub link: Option<PlugoutLink>,
    /// The address of the message, without a token.
    pub location: Option<MessageUrl>,
    /// Unknown members.
    pub extra: Extra,
}

/// `{public-url}/{bid}/{mid}`. A mobile app opens a message by nothing else, so it is treated as secret.
#[derive(Clone)]
pub struct MessageUrl(SecretString);

impl MessageUrl {
    pub(crate) fn new(text: String) -> Self {
        Self(SecretString::new(text))
    }

    /// The address. Do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for MessageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("MessageUrl(..)")
    }
}

impl ImmediateResponse {
    /// Reads the answer.
    ///
    /// # Errors
    /// [`Unreadable`], with the path of the member, when there is no command id or a member that counts is of another kind.
    pub fn read(incoming: &Incoming, states: &StateSpellings) -> Result<Self, Unreadable> {
        let document = open(incoming)?;
        let command_id = document
            .member("commandId")
            .and_then(id)
            .map(CommandId::new)
            .ok_or_else(|| {
                incoming
                    .unreadable(
                        "the answer to a command must have an id: text, or the digits of a whole number",
                    )
                    .at(Some("commandId".to_owned()))
            })?;
        let state = match document.member("state") {
            None => State::InProgress,
            Some(raw) if raw.starts_with(['{', '[']) => {
                return Err(incoming
                    .unreadable("a state is text")
                    .at(Some("state".to_owned())));
            }
            Some(raw) => State::read(&text(raw).unwrap_or_else(|| raw.to_owned()), states),
        };
        let destinations = match document.member("destinations") {
            None => Vec::new(),
            Some(raw) => Destination::list(raw).map_err(|(path, reason)| {
                incoming
                    .unreadable(&reason)
                    .at(Some(format!("destinations{path}")))
            })?,
        };
        Ok(Self {
            command_id,
            destinations,
            command_type: document.member("commandType").and_then(|raw| shown(raw, 100)),
            state,
            fqdn: document.member("fqdn").and_then(text).map(Fqdn::new),
            extra: document.into_extra(&["commandId", "destinations", "commandType", "state", "fqdn"]),
        })
    }

    /// The first destination that has a link.
    #[must_use]
    pub fn linked(&self) -> Option<&Destination> {
        self.destinations
            .iter()
            .find(|destination| destination.link.is_some())
    }

    /// The first link.
    #[must_use]
    pub fn link(&self) -> Option<&PlugoutLink> {
        self.linked()?.link.as_ref()
    }

    /// The provisioning link of the first destination that has a location; see [`Destination::mobile_link`].
    ///
    /// # Errors
    /// [`LinkError`] when no destination has a location, and as for [`Destination::mobile_link`].
    pub fn mobile_link(&self, options: &MobileLinkOptions) -> Result<MobileLink, LinkError> {
        let located = |destination: &&Destination| destination.location.is_some();
        match self.destinations.iter().find(located) {
            Some(destination) => destination.mobile_link(options),
            None => Err(LinkError::mobile("no destination of the answer has a location")),
        }
    }

    /// What was let pass.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        let differs = |destination: &&Destination| match (&destination.link, &destination.bid) {
            (Some(link), Some(bid)) => link.bid() != bid,
            _ => false,
        };
        let lint = |_| {
            Lint::new(
                "destinations",
                "a link names another mailbox than its destination; the destination's bid is used",
            )
        };
        self.destinations.iter().filter(differs).map(lint).collect()
    }
}

/// Opens an answer that should be a JSON object.
pub(crate) fn open(incoming: &Incoming) -> Result<Document<'_>, Unreadable> {
    Document::open(incoming.body()).ok_or_else(|| {
        incoming.unreadable(match incoming.content() {
            Content::Empty => "an empty body where a command's state was expected",
            Content::Html => "an HTML page where a command's state was expected",
            _ => "something that is no JSON object where a command's state was expected",
        })
    })
}

impl Destination {
    /// The link that opens this message in the Mobile App: the location without `https://`. **For provision commands only**: opening an
    /// authenticate or a sign command by such a link is documented as not implemented; use [`MobileLink::start`] for those (vendor page:
    /// Set up Smart ID Mobile App to start on same device).
    ///
    /// # Errors
    /// [`LinkError`] when there is no location, it is no `https` address of a message, or scheme, title or redirect cannot be used.
    pub fn mobile_link(&self, options: &MobileLinkOptions) -> Result<MobileLink, LinkError> {
        match &self.location {
            Some(location) => MobileLink::provision(location.expose(), options),
            None => Err(LinkError::mobile("the destination has no location")),
        }
    }

    /// The destinations, or the path and reason of the first that cannot be read. A single object counts as a list of one.
    pub(crate) fn list(raw: &str) -> Result<Vec<Self>, (String, String)> {
        if raw.starts_with('{') {
            return Ok(vec![
                Self::read(raw).map_err(|(name, reason)| (format!(".{name}"), reason))?,
            ]);
        }
        let items = json::items(raw).ok_or_else(|| (String::new(), "a list of destinations".to_owned()))?;
        if items.len() > MAX_DESTINATIONS {
            return Err((
                String::new(),
                format!("a list of more than {MAX_DESTINATIONS} destinations"),
            ));
        }
        let read = |(index, raw)| {
            Self::read(raw).map_err(|(name, reason)| {
                let dot = if name.is_empty() { "" } else { "." };
                (format!("[{index}]{dot}{name}"), reason)
            })
        };
        items.into_iter().enumerate().map(read).collect()
    }

    fn read(raw: &str) -> Result<Self, (&'static str, String)> {
        let document =
            Document::open(raw.as_bytes()).ok_or_else(|| ("", "a destination is an object".to_owned()))?;
        let name = |name: &'static str| match document.member(name) {
            None => Ok(None),
            Some(raw) => id(raw)
                .map(Some)
                .ok_or_else(|| (name, "an id is text that is not empty".to_owned())),
        };
        let (bid, mid) = (name("bid")?.map(Bid::new), name("mid")?.map(Mid::new));
        // An empty text is what some write where there is none.
        let filled = |name| document.member(name).filter(|raw| *raw != "\"\"");
        let link = match filled("uri") {
            None => None,
            Some(raw) => {
                let uri = SecretString::new(text(raw).ok_or_else(|| ("uri", "a link is text".to_owned()))?);
                Some(PlugoutLink::parse(uri.expose()).map_err(|error| ("uri", error.to_string()))?)
            }
        };
        let bid = bid.or_else(|| link.as_ref().map(|link| link.bid().clone()));
        let location = filled("location").and_then(text);
        Ok(Self {
            to: document.member("to").and_then(text).unwrap_or_default(),
            bid,
            mid,
            link,
            location: location.map(MessageUrl::new),
            extra: document.into_extra(&["to", "bid", "mid", "uri", "location"]),
        })
    }
}
