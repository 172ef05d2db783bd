//! How a callback is kept in an inbox: under which ids, and what tells repeats apart. Receiver and waiter share it.
//!
//! The ids have the service's name in them, so that other services may share the inbox. Two API users, or two messaging servers, that
//! share one are kept apart by a name of their own: command ids count up on each server, and an external id is whatever its sender chose.

use std::borrow::Cow;

use smartid_core::{ConfigError, CorrelationId};

use crate::ids::{CommandId, ExternalId};
use crate::key::Key;

/// Final reports.
pub(crate) const FINAL: &str = "hermod";
/// Reports that are not final, so that they never stand before one that is.
pub(crate) const PROGRESS: &str = "hermod-progress";

const NAME: &str = "hermod.inbox_name";

/// Takes a name by which outcomes are kept apart.
pub(crate) fn check_name(name: &str) -> Result<(), ConfigError> {
    let usable = |c: char| c.is_ascii_alphanumeric() || "._-+@:".contains(c);
    if (1..=64).contains(&name.len()) && name.chars().all(usable) {
        Ok(())
    } else {
        Err(ConfigError::new(
            NAME,
            "must have 1 to 64 of the letters, digits and ._-+@: of ASCII",
        ))
    }
}

/// The ids of a command: the external one first.
pub(crate) fn ids(
    kind: &str,
    inbox_name: Option<&str>,
    command_id: Option<&CommandId>,
    external_id: Option<&ExternalId>,
) -> Vec<CorrelationId> {
    let service = match inbox_name {
        None => Cow::Borrowed(kind),
        Some(name) => Cow::Owned([kind, "@", name].concat()),
    };
    let external = external_id.map(|id| CorrelationId::external(&service, id.as_str()));
    let command = command_id.map(|id| CorrelationId::command(&service, id.as_str()));
    // Exactly as large as needed: a hundred thousand commands may be waited for.
    let mut ids = Vec::with_capacity(usize::from(external.is_some()) + usize::from(command.is_some()));
    ids.extend(external);
    ids.extend(command);
    ids
}

/// What tells the reports of one command apart: state, message, and the command itself, because two commands may have one external id,
/// or one command id: that of another server, or of one whose numbers began anew.
pub(crate) fn message(key: &Key) -> String {
    let mid = key.mid.as_ref().map_or("", |mid| mid.as_str());
    let command = key.command_id.as_ref().map_or("", |id| id.as_str());
    let external = key.external_id.as_ref().map_or("", |id| id.as_str());
    [key.state.as_str(), "/", mid, "/", command, "/", external].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_ids_apart_and_without_one_they_stay_as_they_were() {
        let (command, external) = (CommandId::from("17"), ExternalId::from("e"));
        let of = |name| ids(FINAL, name, Some(&command), Some(&external));
        assert_eq!(
            of(None),
            [
                CorrelationId::external("hermod", "e"),
                CorrelationId::command("hermod", "17")
            ]
        );
        assert_eq!(of(Some("idm"))[1].as_str(), "hermod@idm/command/17");
        assert!(of(Some("idm")).iter().all(|id| !of(Some("da")).contains(id)));
    }

    #[test]
    fn a_name_that_could_be_taken_for_another_id_is_refused() {
        for name in ["idm", "idm@prod:20400", "A.b_c-1"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "a".repeat(65);
        for name in ["", "a/command/1", "a b", "é", "a\n", &long] {
            assert_eq!(check_name(name).unwrap_err().setting, NAME, "{name}");
        }
    }
}
