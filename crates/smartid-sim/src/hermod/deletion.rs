//! Deletion. With confirmation the device is asked and the mailbox goes after its answer; without, only mailboxes go: one when a
//! profile is named, else all of the user (protocol notes: hermod 3.8, behaviour D).

use super::destination::{self, TEMPORARY};
use super::envelope::Envelope;
use super::errors::Refusal;
use super::store::{DeviceAnswer, State, Store, Target};
use super::verbs::Asked;
use super::{Hermod, body};
use crate::config::{ApiUser, CommandVerb, HermodConfig};
use crate::net::message::Reply;
use crate::sync::lock;

/// The mailboxes that a deletion names, within a group.
fn named(store: &Store, group: &str, asked: &Asked) -> Vec<String> {
    store.owned(group, |owner| {
        asked.user.as_ref() == Some(&owner.user)
            && asked
                .profile
                .as_ref()
                .is_none_or(|profile| *profile == owner.profile)
    })
}

impl Hermod {
    /// Deletes mailboxes without asking anybody. The profiles stay in the apps.
    pub(super) fn delete_mailboxes(
        &self,
        config: &HermodConfig,
        user: &ApiUser,
        envelope: Envelope,
    ) -> Result<Reply, Refusal> {
        let group = Store::group_of(user);
        let reply = {
            let mut store = lock(&self.store);
            let scope = named(&store, &group, &envelope.asked);
            if scope.is_empty() {
                return Err(destination::unknown(config));
            }
            // The body says what is deleted; a destination may repeat it, not say otherwise. No message is sent, so that @tmp means
            // nothing here.
            let to: Vec<String> = envelope
                .to
                .iter()
                .filter(|to| *to != TEMPORARY)
                .cloned()
                .collect();
            let reached =
                destination::resolve(config, &store, &group, CommandVerb::Delete, &to, &envelope.asked)?;
            if reached
                .iter()
                .any(|one| one.bid.as_ref().is_none_or(|bid| !scope.contains(bid)))
            {
                return Err(Refusal::bad(
                    "delete_scope",
                    "the destination is not what the command deletes",
                ));
            }
            let name = envelope.asked.user.clone().unwrap_or_default();
            let mut command = self.command(&mut store, user, envelope, State::Success);
            for bid in scope {
                store.boxes.remove(&bid);
                command.targets.push(Target {
                    to: name.clone(),
                    bid,
                    mid: self.random.uuid("mid"),
                    uri: None,
                    state: State::Success,
                    answer: DeviceAnswer::default(),
                });
            }
            let mut reply = if config.delete.status == 204 {
                Reply::empty(204)
            } else {
                Reply::json(
                    config.delete.status,
                    &body::immediate(config, &command, &self.public_url()),
                )
            };
            reply.called_back = Some(command.called_back.subscribe());
            let id = command.id;
            store.commands.insert(id, command);
            if config.delete.callback {
                self.call_back(config, &store, id, None);
            }
            reply
        };
        self.touch();
        Ok(reply.with_code("mailboxes_deleted"))
    }
}

/// The device has deleted: its mailbox goes; when it answered from a temporary box, what the body names.
pub(super) fn after_answer(store: &mut Store, group: &str, asked: &Asked, bid: &str) {
    let own = store
        .boxes
        .get(bid)
        .is_some_and(|mailbox| mailbox.owner.is_some());
    let gone = if own {
        vec![bid.to_owned()]
    } else {
        named(store, group, asked)
    };
    for bid in gone {
        store.boxes.remove(&bid);
    }
}
