//! Who is told that a mailbox has a message. In the product a phone is woken by a push service that Smart ID Messaging does not run
//! (protocol notes: hermod 5.3, D); here whoever plays a phone listens in the same process.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Hermod;

/// News that a slow listener may fall behind by.
pub(super) const BACKLOG: usize = 1024;

/// A message was put into a mailbox that belongs to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoxNotice {
    /// User id of the mailbox.
    pub user: String,
    /// Profile id of the mailbox; a push service knows devices by it (hermod 5.3, D).
    pub profile: String,
    /// Mailbox id.
    pub bid: String,
    /// Message id.
    pub mid: String,
    /// Type of the command, for example `AUTH`.
    pub command_type: String,
}

/// The notices from the moment on at which this was made.
#[derive(Debug)]
pub struct BoxNotices(broadcast::Receiver<BoxNotice>);

impl BoxNotices {
    /// The next notice; `None` when the simulator has stopped. A listener that is more than a thousand notices late misses the oldest,
    /// as it would with a push service.
    pub async fn next(&mut self) -> Option<BoxNotice> {
        loop {
            match self.0.recv().await {
                Ok(notice) => return Some(notice),
                Err(RecvError::Lagged(_)) => (),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

impl Hermod {
    /// Listens for messages in mailboxes that belong to somebody.
    pub(crate) fn subscribe_boxes(&self) -> BoxNotices {
        BoxNotices(self.notices.subscribe())
    }

    pub(super) fn push(&self, notices: Vec<BoxNotice>) {
        for notice in notices {
            // Nobody needs to listen.
            let _ = self.notices.send(notice);
        }
    }
}
