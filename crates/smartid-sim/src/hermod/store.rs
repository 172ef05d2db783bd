//! What Smart ID Messaging remembers: commands by number, mailboxes by id. Times are the simulator's; nothing here talks to anyone.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::verbs::Asked;
use crate::config::{ApiUser, CommandVerb};

/// Where a command stands (protocol notes: hermod 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    InProgress,
    Success,
    Failed,
    Timeout,
    Rejected,
    Cancelled,
}

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Opens a FIDO session.
    Session,
    /// Carries creation options.
    Create,
    /// One of hermod 2.1, or a deletion.
    Verb(CommandVerb),
}

/// What the device answered, as far as callbacks and states carry it.
#[derive(Clone, Default)]
pub(crate) struct DeviceAnswer {
    /// The registration of a create command.
    pub(crate) registration: Option<Value>,
    /// The response of any other command.
    pub(crate) response: Option<Value>,
    /// `{code, message}`.
    pub(crate) error: Option<Value>,
}

impl DeviceAnswer {
    /// An answer that is nothing but an error.
    pub(crate) fn error(code: &str, message: &str) -> Self {
        Self {
            error: Some(json!({"code": code, "message": message})),
            ..Self::default()
        }
    }
}

/// A command in one mailbox (protocol notes: hermod 2.3, `destinations[]`).
pub(crate) struct Target {
    /// The destination as the client wrote it.
    pub(crate) to: String,
    pub(crate) bid: String,
    pub(crate) mid: String,
    pub(crate) uri: Option<String>,
    /// In progress as long as this mailbox may answer.
    pub(crate) state: State,
    pub(crate) answer: DeviceAnswer,
}

/// A command. It holds links and what devices answered, therefore it cannot be printed.
pub(crate) struct Command {
    pub(crate) id: u64,
    pub(crate) client_id: String,
    pub(crate) kind: Kind,
    /// What stands at `{verb}` in the callback path.
    pub(crate) verb: String,
    pub(crate) command_type: String,
    pub(crate) external_id: Option<String>,
    pub(crate) targets: Vec<Target>,
    /// The command member as the client wrote it, name and value, for the device.
    pub(crate) message: (String, String),
    /// What its body says that matters later.
    pub(crate) asked: Asked,
    /// The app stays connected after its answer.
    pub(crate) keep_open: bool,
    /// The command member with the content that its provider gave, when that is kept.
    pub(crate) filled: Option<String>,
    pub(crate) timeout_at: Duration,
    pub(crate) lifespan_at: Duration,
    /// In progress until the first answer.
    pub(crate) state: State,
    /// The mailbox whose answer gave the command its state.
    pub(crate) decided_by: Option<usize>,
    /// How many callbacks of this command have been sent (or given up).
    pub(crate) called_back: watch::Sender<u32>,
}

impl Command {
    /// The position of a message.
    pub(crate) fn target(&self, bid: &str, mid: &str) -> Option<usize> {
        self.targets
            .iter()
            .position(|target| target.bid == bid && target.mid == mid)
    }

    /// Ends the command everywhere where it still waits.
    pub(crate) fn end(&mut self, state: State) {
        self.targets
            .iter_mut()
            .filter(|target| target.state == State::InProgress)
            .for_each(|target| target.state = state);
        if self.state == State::InProgress {
            self.state = state;
        }
    }

    fn waits(&self) -> bool {
        self.state == State::InProgress
            || self
                .targets
                .iter()
                .any(|target| target.state == State::InProgress)
    }
}

/// Whom a mailbox belongs to (hermod 3.8: "(user id, profile id)", D).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: String,
    pub(crate) profile: String,
}

/// A message box (protocol notes: hermod 2.3, 5.1, 5.2). It holds secrets, therefore it cannot be printed.
pub(crate) struct Mailbox {
    /// Counts up, so that mailboxes of a user stand in the order in which they were made.
    pub(crate) number: u64,
    pub(crate) group: String,
    /// A temporary box belongs to nobody.
    pub(crate) owner: Option<Owner>,
    /// The link's token; taken by the first fetch, since links work once (hermod 5.1, "Features", D).
    pub(crate) token: Option<String>,
    /// What the app shows after it has opened the box, or has been given it.
    pub(crate) session: Option<String>,
    /// Until when the link can be opened.
    pub(crate) open_until: Duration,
    /// Until when the box exists.
    pub(crate) alive_until: Duration,
    pub(crate) commands: Vec<u64>,
}

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) users: Vec<ApiUser>,
    pub(crate) commands: BTreeMap<u64, Command>,
    pub(crate) boxes: HashMap<String, Mailbox>,
    pub(crate) next_id: u64,
    pub(crate) next_box: u64,
}

impl Store {
    pub(crate) fn user(&self, client_id: &str) -> Option<&ApiUser> {
        self.users.iter().find(|user| user.client_id == client_id)
    }

    /// The sharing group of a user; a user without one is alone (hermod 1.4, D).
    pub(crate) fn group_of(user: &ApiUser) -> String {
        if user.group.is_empty() {
            format!("\u{0}{}", user.client_id)
        } else {
            user.group.clone()
        }
    }

    /// Moves everything that is due: unanswered commands to `TIMEOUT`, old commands and boxes out of history (hermod 2.2, D).
    /// Returns the commands that timed out just now.
    pub(crate) fn expire(&mut self, now: Duration) -> Vec<u64> {
        let mut timed_out = Vec::new();
        for command in self.commands.values_mut() {
            if command.timeout_at > now || !command.waits() {
                continue;
            }
            // Somebody else may have answered; then the command has its state, and only the silent mailboxes are closed.
            if command.state == State::InProgress {
                timed_out.push(command.id);
            }
            command.end(State::Timeout);
        }
        timed_out
    }

    /// Forgets what is past its lifespan. Apart from [`Store::expire`], so that a timeout callback can still read its command when a
    /// manual clock jumps over both moments at once.
    pub(crate) fn forget(&mut self, now: Duration) {
        self.commands.retain(|_, command| command.lifespan_at > now);
        self.boxes.retain(|_, mailbox| mailbox.alive_until > now);
        for mailbox in self.boxes.values_mut() {
            mailbox.commands.retain(|id| self.commands.contains_key(id));
        }
    }

    /// The mailboxes of a group that belong to somebody for whom `wanted` holds, oldest first.
    pub(crate) fn owned(&self, group: &str, wanted: impl Fn(&Owner) -> bool) -> Vec<String> {
        let mut found: Vec<_> = self
            .boxes
            .iter()
            .filter(|(_, mailbox)| mailbox.group == group && mailbox.owner.as_ref().is_some_and(&wanted))
            .map(|(bid, mailbox)| (mailbox.number, bid.clone()))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, bid)| bid).collect()
    }

    /// Adds a mailbox and gives it its number.
    pub(crate) fn add_box(&mut self, bid: String, mut mailbox: Mailbox) {
        self.next_box += 1;
        mailbox.number = self.next_box;
        self.boxes.insert(bid, mailbox);
    }

    /// The next moment at which something is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let commands = self.commands.values().map(|command| {
            if command.waits() {
                command.timeout_at
            } else {
                command.lifespan_at
            }
        });
        commands
            .chain(self.boxes.values().map(|mailbox| mailbox.alive_until))
            .min()
    }
}
