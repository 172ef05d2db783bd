//! Where each default comes from.

use smartid_core::{Evidence, Tag};

/// The vendor's pages, by what they are cited for.
const FIDO: &str = "vendor pages: Fido passkey provisioning with Microsoft Entra; Fido credential provisioning with Digital Access. They name two commands, Start Connection and Create Credential, and no wire form";
const COMMANDS: &str = "vendor page: Smart ID Messaging API overview. The other commands are a POST of commandHeader and one <type>Command to a verb; by analogy";
const SIGN: &str = "vendor page: Example: Personal Desktop Client signing. By analogy with the published answer to a sign command";
const CALLBACK: &str = "vendor page: Smart ID Messaging API overview. Callback paths are documented, bodies are not; the immediate response again is the most economical guess";
const WEBAUTHN: &str =
    "W3C Web Authentication: the names of DOMExceptions of create(); that the app passes them on is a guess";
const STATES: &str = "vendor page: Smart ID Messaging API overview (callbacks for responses and timeouts). The spelling is a guess after IN_PROGRESS";
const POLL: &str = "vendor page: Integrate Identity Manager with Smart ID Messaging: a command is kept for polling until its lifespan is over; nothing more is said";
const STATUS: &str = "no page tells success statuses; any 2xx is HTTP's own meaning";
const EDITS: &str = "nothing to change is known";

const fn inferred(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Inferred, source, meaning)
}

const fn unknown(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Unknown, source, meaning)
}

/// One row per setting of [`HermodDialect`](super::HermodDialect).
pub const EVIDENCE: &[Evidence] = &[
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
    inferred(
        "callback.verbs",
        CALLBACK,
        "last path segments at which callbacks are taken, besides those that FIDO commands are sent to",
    ),
    inferred(
        "fido.already_registered",
        WEBAUTHN,
        "error codes: the authenticator holds one of excludeCredentials",
    ),
    unknown("fido.create.body", FIDO, "constant members of the create command"),
    inferred(
        "fido.create.options",
        FIDO,
        "where the creation options go in the create command's body",
    ),
    inferred(
        "fido.create.options_form",
        FIDO,
        "whether the creation options are sent as JSON or as a text that holds JSON",
    ),
    unknown(
        "fido.create.path",
        COMMANDS,
        "path of the create command below the command base",
    ),
    inferred(
        "fido.create.request",
        EDITS,
        "changes of the create command's body",
    ),
    inferred(
        "fido.create.response",
        EDITS,
        "changes of the answer to the create command",
    ),
    inferred(
        "fido.create.success",
        STATUS,
        "success statuses of the create command",
    ),
    inferred(
        "fido.create.to",
        FIDO,
        "destinations of the create command: the mailbox that the session command made",
    ),
    inferred("fido.create.verb", COMMANDS, "HTTP verb of the create command"),
    unknown(
        "fido.create.wrapper",
        COMMANDS,
        "name of the create command's member beside commandHeader",
    ),
    inferred(
        "fido.create_after_open",
        FIDO,
        "whether the create command waits for the callback of the session command; the vendor's process sends it at once",
    ),
    inferred(
        "fido.registration",
        FIDO,
        "where the registration stands in the report of the create command",
    ),
    inferred(
        "fido.search_registration",
        FIDO,
        "whether a registration that is not there is looked for elsewhere in the report",
    ),
    unknown(
        "fido.session.body",
        FIDO,
        "constant members of the session command",
    ),
    unknown(
        "fido.session.path",
        COMMANDS,
        "path of the session command below the command base",
    ),
    inferred(
        "fido.session.request",
        EDITS,
        "changes of the session command's body",
    ),
    inferred(
        "fido.session.response",
        EDITS,
        "changes of the answer to the session command",
    ),
    inferred(
        "fido.session.success",
        STATUS,
        "success statuses of the session command",
    ),
    inferred(
        "fido.session.to",
        SIGN,
        "destinations of the session command: a temporary mailbox, whose answer has the link",
    ),
    inferred("fido.session.verb", COMMANDS, "HTTP verb of the session command"),
    unknown(
        "fido.session.wrapper",
        COMMANDS,
        "name of the session command's member beside commandHeader",
    ),
    inferred(
        "fido.single_command",
        FIDO,
        "whether the create command goes to a temporary mailbox itself and there is no session command",
    ),
    inferred(
        "fido.user_cancelled_codes",
        WEBAUTHN,
        "error codes: the person began and then cancelled",
    ),
    inferred(
        "fido.user_declined_codes",
        WEBAUTHN,
        "error codes: the person declined, or let the time pass",
    ),
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
];
