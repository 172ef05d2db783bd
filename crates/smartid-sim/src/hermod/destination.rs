//! What `to` means. The temporary box is documented; that mailboxes belong to users and profiles is, too; how they are written is not
//! (protocol notes: hermod 2.2, 12.5): a user id means all mailboxes of the user, a mailbox id means that one.

use super::errors::Refusal;
use super::store::Store;
use super::verbs::Asked;
use crate::config::{CommandVerb, HermodConfig};

/// Destinations that one command may name.
const MAX_NAMED: usize = 64;

/// Mailboxes that one command may reach.
const MAX_REACHED: usize = 256;

/// The temporary box (hermod 2.2, D-ex).
pub(super) const TEMPORARY: &str = "@tmp";

/// One mailbox that a command goes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Destination {
    /// As the client wrote it.
    pub(super) to: String,
    /// The mailbox; none means a new temporary one.
    pub(super) bid: Option<String>,
}

pub(super) fn unknown(config: &HermodConfig) -> Refusal {
    Refusal::new(
        config.mailbox.unknown_status,
        "box_unknown",
        "no such user or message box",
    )
}

/// The mailboxes of a command, in the order in which they were named, each once.
pub(super) fn resolve(
    config: &HermodConfig,
    store: &Store,
    group: &str,
    verb: CommandVerb,
    to: &[String],
    asked: &Asked,
) -> Result<Vec<Destination>, Refusal> {
    let many = || Refusal::bad("to_many", "too many destinations");
    if to.len() > MAX_NAMED {
        return Err(many());
    }
    let mut all: Vec<Destination> = Vec::new();
    for (position, name) in to.iter().enumerate() {
        if to.iter().take(position).any(|before| before == name) {
            return Err(Refusal::bad("to_repeated", "a destination is named twice"));
        }
        if name == TEMPORARY {
            all.push(Destination {
                to: name.clone(),
                bid: None,
            });
            continue;
        }
        let found = boxes(config, store, group, verb, name, asked);
        if found.is_empty() {
            return Err(unknown(config));
        }
        for bid in found {
            if all.iter().all(|one| one.bid.as_ref() != Some(&bid)) {
                all.push(Destination {
                    to: name.clone(),
                    bid: Some(bid),
                });
            }
        }
        if all.len() > MAX_REACHED {
            return Err(many());
        }
    }
    Ok(all)
}

fn boxes(
    config: &HermodConfig,
    store: &Store,
    group: &str,
    verb: CommandVerb,
    name: &str,
    asked: &Asked,
) -> Vec<String> {
    let settings = &config.mailbox;
    if store
        .boxes
        .get(name)
        .is_some_and(|mailbox| mailbox.group == group)
    {
        return vec![name.to_owned()];
    }
    let profile = asked
        .profile
        .as_deref()
        .filter(|_| settings.narrow_to_profile.contains(&verb));
    let of_user = store.owned(group, |owner| {
        owner.user == name && profile.is_none_or(|profile| owner.profile == profile)
    });
    if !of_user.is_empty() || !settings.to_profile_id {
        return of_user;
    }
    store.owned(group, |owner| owner.profile == name)
}

/// Where a command goes whose `to` was left out (hermod 2.2: `@tmp` for provision, D-ex; else U).
pub(super) fn default(config: &HermodConfig, verb: CommandVerb, asked: &Asked) -> String {
    let is_new = verb == CommandVerb::Provision && asked.profile.is_none();
    match &asked.user {
        Some(user) if !is_new && config.mailbox.to_default_user.contains(&verb) => user.clone(),
        _ => TEMPORARY.to_owned(),
    }
}
