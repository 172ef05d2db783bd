//! Where the defaults of callbacks, states, polls and cancels come from.

use smartid_core::{Evidence, Tag};

use super::{inferred, unknown};

const CALLBACK: &str = "vendor page: Smart ID Messaging API overview. Callback paths are documented, bodies are not; the immediate response again is the most economical guess";
const STATES: &str = "vendor page: Smart ID Messaging API overview (callbacks for responses and timeouts). The spelling is a guess after IN_PROGRESS";
const POLL: &str = "vendor page: Integrate Identity Manager with Smart ID Messaging: a command is kept for polling until its lifespan is over; nothing more is said";
const STATUS: &str = "no page tells success statuses; any 2xx is HTTP's own meaning";
const EDITS: &str = "nothing to change is known";
const CANCEL: &str = "no page tells of a cancel by the client; DELETE on the path of the poll is a guess";

pub(super) const ROWS: &[Evidence] = &[
    inferred(
        "callback.command_id",
        CALLBACK,
        "where the command id stands in a report",
    ),
    inferred("callback.edits", EDITS, "changes of a report before it is read"),
    inferred(
        "callback.error",
        CALLBACK,
        "where the error stands in a report: an object, or a text that is the code",
    ),
    inferred(
        "callback.error_code",
        CALLBACK,
        "where the code stands in the error",
    ),
    inferred(
        "callback.error_message",
        CALLBACK,
        "where the message stands in the error",
    ),
    inferred(
        "callback.external_id",
        CALLBACK,
        "where the id that we chose stands in a report",
    ),
    inferred(
        "callback.mid",
        CALLBACK,
        "where the message id stands in a report; it tells callbacks of one command apart",
    ),
    inferred(
        "callback.response",
        CALLBACK,
        "where the device's answer stands in a report",
    ),
    inferred("callback.state", CALLBACK, "where the state stands in a report"),
    inferred("states.cancelled", STATES, "spellings of: cancelled"),
    inferred(
        "states.failed",
        STATES,
        "spellings of: the answer was invalid, or the app refused",
    ),
    Evidence::new(
        "states.in_progress",
        Tag::Documented,
        "vendor page: Example: Personal Desktop Client signing",
        "spellings of: waiting for the device",
    ),
    inferred("states.rejected", STATES, "spellings of: the person declined"),
    inferred(
        "states.success",
        STATES,
        "spellings of: the device answered and the answer is valid",
    ),
    inferred(
        "states.timeout",
        STATES,
        "spellings of: nobody answered within timeout",
    ),
    inferred("status.path", POLL, "path of the poll below the command base"),
    inferred(
        "status.response",
        EDITS,
        "changes of the answer to a poll, before callback.edits",
    ),
    inferred("status.success", STATUS, "success statuses of the poll"),
    inferred("status.verb", POLL, "HTTP verb of the poll"),
    Evidence::new(
        "callback.verbs",
        Tag::Documented,
        "vendor page: Smart ID Messaging API overview",
        "last path segments at which callbacks are taken, besides those that commands are sent to",
    ),
    unknown(
        "callback.declined_codes",
        CALLBACK,
        "error codes of any command: the person declined",
    ),
    unknown(
        "callback.cancelled_codes",
        CALLBACK,
        "error codes of any command: the person began and then cancelled",
    ),
    inferred("cancel.enabled", CANCEL, "whether there is a cancel at all"),
    inferred("cancel.path", CANCEL, "path of the cancel below the command base"),
    inferred("cancel.response", EDITS, "changes of the answer to a cancel"),
    inferred("cancel.success", STATUS, "success statuses of the cancel"),
    inferred("cancel.verb", CANCEL, "HTTP verb of the cancel"),
];
