//! One visit to a message box: fetch, react, answer, until nothing is left to do. A temporary box is opened by a link and left after its
//! command; a profile's own mailbox is looked at when asked, or listened to.

use std::collections::HashSet;
use std::sync::Arc;

use super::client::MessageClient;
use super::store::Mailbox;
use super::{App, DeviceReport, Effect, Who};
use crate::sync::lock;
use crate::{Persona, SimError};

/// How a message was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handled {
    /// It was gone before it could be fetched.
    Gone,
    /// Answered; the box may be used again.
    Stay,
    /// Answered; nothing is left to do in this box.
    Leave,
}

impl App {
    /// Opens a temporary box with the link's token and stays until its command is done or the session ends.
    pub(crate) async fn visit(
        self: &Arc<Self>,
        box_url: &str,
        token: &str,
        who: Who,
        report: &mut DeviceReport,
    ) -> Result<(), SimError> {
        let (client, mut waiting) =
            MessageClient::open(&self.world.http, box_url, token, self.reconnects()).await?;
        report.opened = true;
        report.did("opened the link");
        let mut seen = HashSet::new();
        loop {
            for mid in std::mem::take(&mut waiting) {
                // A message whose answer was not taken stays in the box and must not be answered for ever.
                if !seen.insert(mid.clone()) {
                    return Ok(());
                }
                if self.handle(&client, &mid, who, None, report).await? == Handled::Leave {
                    return Ok(());
                }
            }
            match client.wait().await? {
                Some(messages) => waiting = messages,
                None => {
                    report.did("the session ended");
                    return Ok(());
                }
            }
        }
    }

    /// A message whose address a link gave; `false` when it is gone.
    pub(crate) async fn open_message(
        self: &Arc<Self>,
        client: &MessageClient,
        mid: &str,
        who: Who,
        report: &mut DeviceReport,
    ) -> Result<bool, SimError> {
        report.opened = true;
        report.did("opened the link");
        Ok(self.handle(client, mid, who, None, report).await? != Handled::Gone)
    }

    /// Fetches one message, reacts, answers, and keeps what follows from it.
    pub(crate) async fn handle(
        self: &Arc<Self>,
        client: &MessageClient,
        mid: &str,
        who: Who,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Result<Handled, SimError> {
        let Some(message) = client.message(mid).await? else {
            return Ok(Handled::Gone);
        };
        report.messages += 1;
        let reaction = self.react(who, &message, home, report).await;
        let answer = reaction.to_json();
        report.states.push(reaction.state.to_owned());
        let accepted = client.answer(mid, &answer).await?;
        report.accepted.push(accepted.status);
        report.did(format!("answered, the message server said {}", accepted.status));
        if reaction.again {
            let second = client.answer(mid, &answer).await?;
            report.accepted.push(second.status);
            report.did(format!(
                "answered again, the message server said {}",
                second.status
            ));
        }
        if (200..300).contains(&accepted.status) {
            match reaction.effect {
                Some(Effect::Keep(profile)) => {
                    let mut profile = *profile;
                    if let Some((bid, session)) = accepted.mailbox {
                        let url = client.sibling(&bid);
                        profile.mailbox = Some(Mailbox { url, session });
                    }
                    self.keep(profile, report);
                }
                Some(Effect::Forget(ids)) => self.forget(&ids, report),
                None => (),
            }
        } else if reaction.effect.is_some() {
            report.did("kept nothing of it");
        }
        Ok(if reaction.leave {
            Handled::Leave
        } else {
            Handled::Stay
        })
    }

    fn keep(self: &Arc<Self>, profile: super::Profile, report: &mut DeviceReport) {
        let id = profile.id.clone();
        report.profile_id = Some(id.clone());
        report.did("kept the profile");
        if self.side == super::Side::Desktop {
            self.tokens.enrol(&self.world.config.get().desktop, &profile);
        }
        let has_mailbox = profile.mailbox.is_some();
        {
            let mut profiles = lock(&self.profiles);
            match profiles.iter_mut().find(|held| held.id == id) {
                Some(held) => *held = profile,
                None => profiles.push(profile),
            }
        }
        if has_mailbox {
            self.listen(&id);
        }
    }

    fn forget(&self, ids: &[String], report: &mut DeviceReport) {
        lock(&self.profiles).retain(|profile| !ids.contains(&profile.id));
        report.did(format!("deleted {} profile(s)", ids.len()));
        self.world.wake();
    }

    /// Looks once into the mailboxes of all profiles and reacts to what lies there.
    pub(crate) async fn look(self: &Arc<Self>, who: Who, report: &mut DeviceReport) -> Result<(), SimError> {
        let ids: Vec<String> = lock(&self.profiles)
            .iter()
            .map(|profile| profile.id.clone())
            .collect();
        for id in ids {
            let Some(client) = self.mailbox_of(&id) else {
                continue;
            };
            let Some(waiting) = client.look().await? else {
                report.did("a mailbox is gone");
                continue;
            };
            if who == Who::Persona(Persona::NeverOpens) {
                if !waiting.is_empty() {
                    report.did(format!("let {} message(s) lie", waiting.len()));
                }
                continue;
            }
            for mid in waiting {
                report.opened = true;
                self.handle(&client, &mid, who, Some(&id), report).await?;
            }
        }
        Ok(())
    }
}
