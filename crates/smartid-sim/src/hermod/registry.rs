//! Whose mailboxes there are. A mailbox is made when an app has answered a provision command: it belongs to the user and the profile
//! of the answer, within the group of the API user who asked (protocol notes: hermod 3.8, 1.4, D; that the answer makes it is I).

use std::time::Duration;

use serde_json::{Value, json};

use super::jwk::AttestationKey;
use super::store::{Command, Mailbox, Owner, Store};
use super::{Hermod, check};
use crate::config::{CommandVerb, HermodConfig, MailboxConfig};
use crate::random::Random;
use crate::sync::lock;

/// Mailboxes that belong to somebody. A simulator that runs for weeks must not fill the memory.
const MAX_OWNED: usize = 100_000;

/// One mailbox, for tests and for whoever plays a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxEntry {
    /// User id.
    pub user: String,
    /// Profile id.
    pub profile: String,
    /// Mailbox id.
    pub bid: String,
    /// `group` of the API users who share it; empty for an API user without one.
    pub group: String,
    /// How many messages wait in it.
    pub waiting: usize,
}

fn owned_box(group: &str, owner: Owner, session: String) -> Mailbox {
    Mailbox {
        number: 0,
        group: group.to_owned(),
        owner: Some(owner),
        token: None,
        session: Some(session),
        open_until: Duration::ZERO,
        alive_until: Duration::MAX,
        commands: Vec::new(),
    }
}

/// Adds the mailboxes of the configuration.
pub(super) fn add_existing(config: &MailboxConfig, random: &Random, store: &mut Store) {
    for one in &config.existing {
        let owner = if one.client_id.is_empty() {
            store.users.first()
        } else {
            store.user(&one.client_id)
        };
        let Some(group) = owner.map(Store::group_of) else {
            continue;
        };
        let or = |text: &str, other: String| if text.is_empty() { other } else { text.to_owned() };
        let owner = Owner {
            user: one.user.clone(),
            profile: one.profile.clone(),
        };
        let mailbox = owned_box(&group, owner, or(&one.session, random.hex64("session")));
        store.add_box(or(&one.bid, random.uuid("bid")), mailbox);
    }
}

/// Makes or renews the mailbox of a profile after its app has answered; gives what the app needs to open it. `None` when the answer
/// does not say whose it would be, says another user than the command did, or there are too many already.
pub(super) fn register(
    config: &MailboxConfig,
    random: &Random,
    store: &mut Store,
    group: &str,
    command: &Command,
    answered: usize,
) -> Option<Value> {
    let owner = owner_of(config, command, answered)?;
    if let Some(bid) = store.owned(group, |one| *one == owner).into_iter().next() {
        let mailbox = store.boxes.get_mut(&bid)?;
        // Who answers from elsewhere is a new installation: the old one is shut out.
        if command.targets.get(answered)?.bid != bid {
            mailbox.session = Some(random.hex64("session"));
        }
        return Some(json!({"bid": bid, "session": mailbox.session}));
    }
    if store.boxes.values().filter(|one| one.owner.is_some()).count() >= MAX_OWNED {
        return None;
    }
    let (bid, session) = (random.uuid("bid"), random.hex64("session"));
    let answer = json!({"bid": bid, "session": session});
    store.add_box(bid, owned_box(group, owner, session));
    Some(answer)
}

fn owner_of(config: &MailboxConfig, command: &Command, answered: usize) -> Option<Owner> {
    let response = command.targets.get(answered)?.answer.response.as_ref()?;
    let payload = check::payload(response.pointer(&config.answer_pointer)?.as_str()?)?;
    let said = |member: &str| match payload.get(member) {
        None => Some(None),
        Some(Value::String(text)) if !text.is_empty() => Some(Some(text.clone())),
        Some(_) => None,
    };
    let asked = &command.asked;
    let user = match said(&config.userid_member)? {
        Some(user) if asked.user.as_ref().is_some_and(|wanted| *wanted != user) => return None,
        Some(user) => user,
        None => asked.user.clone()?,
    };
    let profile = match said(&config.profileid_member)? {
        Some(profile) if asked.profile.as_ref().is_some_and(|wanted| *wanted != profile) => return None,
        Some(profile) => profile,
        None => asked.profile.clone()?,
    };
    Some(Owner { user, profile })
}

impl Hermod {
    /// The mailboxes that belong to somebody, oldest first.
    pub(crate) fn mailboxes(&self) -> Vec<MailboxEntry> {
        self.expire();
        let store = lock(&self.store);
        let mut all: Vec<_> = store
            .boxes
            .iter()
            .filter_map(|(bid, mailbox)| {
                let owner = mailbox.owner.clone()?;
                let entry = MailboxEntry {
                    user: owner.user,
                    profile: owner.profile,
                    bid: bid.clone(),
                    group: mailbox
                        .group
                        .strip_prefix('\0')
                        .map_or_else(|| mailbox.group.clone(), |_| String::new()),
                    waiting: super::message_server::waiting(&store, bid, mailbox).len(),
                };
                Some((mailbox.number, entry))
            })
            .collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, entry)| entry).collect()
    }
}

/// What of the settings cannot be.
pub(crate) fn wrong_settings(config: &HermodConfig) -> Option<String> {
    let mut bids: Vec<&str> = Vec::new();
    for one in &config.mailbox.existing {
        if one.user.is_empty() || one.profile.is_empty() {
            return Some("hermod.mailbox.existing: user and profile must not be empty".into());
        }
        if !one.client_id.is_empty()
            && config
                .api_users
                .iter()
                .all(|user| user.client_id != one.client_id)
        {
            return Some("hermod.mailbox.existing: client_id is no API user".into());
        }
        if !one.bid.is_empty() && bids.contains(&one.bid.as_str()) {
            return Some("hermod.mailbox.existing: two mailboxes have the same bid".into());
        }
        bids.push(&one.bid);
    }
    if config
        .attestation_keys
        .iter()
        .any(|text| AttestationKey::read(text).is_none())
    {
        return Some("hermod.attestation_keys: not a public JWK of kind RSA or EC P-256".into());
    }
    CommandVerb::ALL
        .into_iter()
        .map(|verb| config.verbs.get(verb))
        .any(|verb| {
            verb.path.split('/').any(str::is_empty)
                || verb.wrapper.is_empty()
                || verb.wrapper == "commandHeader"
        })
        .then(|| "hermod.verbs: path and wrapper must not be empty, nor the wrapper commandHeader".into())
}

#[cfg(test)]
mod tests {
    use super::super::store::{DeviceAnswer, Kind, State, Target};
    use super::super::verbs::Asked;
    use super::*;
    use crate::webauthn::b64;

    fn answered(user: &str, profile: &str) -> Command {
        let payload = json!({"userid": user, "profileid": profile}).to_string();
        let data = format!("e30.{}.AA", b64::encode(payload.as_bytes()));
        Command {
            id: 1,
            client_id: "idm".into(),
            kind: Kind::Verb(CommandVerb::Provision),
            verb: String::new(),
            command_type: String::new(),
            external_id: None,
            targets: vec![Target {
                to: "@tmp".into(),
                bid: "temporary".into(),
                mid: "mid".into(),
                uri: None,
                state: State::Success,
                answer: DeviceAnswer {
                    response: Some(json!({"data": data})),
                    ..DeviceAnswer::default()
                },
            }],
            message: (String::new(), String::new()),
            asked: Asked::default(),
            keep_open: false,
            filled: None,
            timeout_at: Duration::ZERO,
            lifespan_at: Duration::ZERO,
            state: State::Success,
            decided_by: Some(0),
            called_back: tokio::sync::watch::Sender::new(0),
        }
    }

    #[test]
    fn there_is_a_last_mailbox_but_old_ones_can_be_renewed() {
        let (config, random, mut store) = (MailboxConfig::default(), Random::new(Some(1)), Store::default());
        let mut add =
            |user: &str| register(&config, &random, &mut store, "g", &answered(user, "p"), 0).is_some();
        assert!(add("first"));
        for number in 1..MAX_OWNED {
            let owner = Owner {
                user: String::new(),
                profile: String::new(),
            };
            store.add_box(number.to_string(), owned_box("g", owner, String::new()));
        }
        let mut add =
            |user: &str| register(&config, &random, &mut store, "g", &answered(user, "p"), 0).is_some();
        assert!(!add("one too many"));
        assert!(add("first"));
        assert_eq!(store.boxes.len(), MAX_OWNED);
    }
}
