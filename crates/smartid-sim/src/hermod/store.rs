//! What Smart ID Messaging remembers: commands by number, mailboxes by id. Times are the simulator's; nothing here talks to anyone.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::config::ApiUser;

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
    Session,
    Create,
    Other,
}

/// What the device answered, as far as callbacks and states carry it.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceAnswer {
    /// The registration of a create command.
    pub(crate) registration: Option<Value>,
    /// The response of any other command.
    pub(crate) response: Option<Value>,
    /// `{code, message}`.
    pub(crate) error: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) id: u64,
    pub(crate) client_id: String,
    pub(crate) kind: Kind,
    pub(crate) verb: String,
    pub(crate) command_type: String,
    pub(crate) external_id: Option<String>,
    pub(crate) to: String,
    pub(crate) bid: String,
    pub(crate) mid: String,
    pub(crate) uri: Option<String>,
    /// The command member as the client wrote it, name and value, for the device.
    pub(crate) message: (String, String),
    pub(crate) timeout_at: Duration,
    pub(crate) lifespan_at: Duration,
    pub(crate) state: State,
    pub(crate) answer: DeviceAnswer,
    /// How many callbacks of this command have been sent (or given up).
    pub(crate) called_back: watch::Sender<u32>,
}

/// A message box (protocol notes: hermod 2.3, 5.1, 5.2).
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) group: String,
    /// The link's token; taken by the first fetch, since links work once (hermod 5.1, "Features", D).
    pub(crate) token: Option<String>,
    /// What the app shows after it has opened the box.
    pub(crate) session: Option<String>,
    /// Until when the link can be opened.
    pub(crate) open_until: Duration,
    /// Until when the box exists.
    pub(crate) alive_until: Duration,
    pub(crate) commands: Vec<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) users: Vec<ApiUser>,
    pub(crate) commands: BTreeMap<u64, Command>,
    pub(crate) boxes: HashMap<String, Mailbox>,
    pub(crate) next_id: u64,
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
            if command.state == State::InProgress && command.timeout_at <= now {
                command.state = State::Timeout;
                timed_out.push(command.id);
            }
        }
        timed_out
    }

    /// Forgets what is past its lifespan. Apart from [`Store::expire`], so that a timeout callback can still read its command when a
    /// manual clock jumps over both moments at once.
    pub(crate) fn forget(&mut self, now: Duration) {
        self.commands.retain(|_, command| command.lifespan_at > now);
        self.boxes.retain(|_, mailbox| mailbox.alive_until > now);
    }

    /// The next moment at which something is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let commands = self.commands.values().map(|command| {
            if command.state == State::InProgress {
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
