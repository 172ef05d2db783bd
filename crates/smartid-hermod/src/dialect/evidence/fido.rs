//! Where the defaults of the FIDO commands come from.

use smartid_core::Evidence;

use super::{inferred, unknown};

const FIDO: &str = "vendor pages: Fido passkey provisioning with Microsoft Entra; Fido credential provisioning with Digital Access. They name two commands, Start Connection and Create Credential, and no wire form";
const COMMANDS: &str = "vendor page: Smart ID Messaging API overview. The other commands are a POST of commandHeader and one <type>Command to a verb; by analogy";
const SIGN: &str = "vendor page: Example: Personal Desktop Client signing. By analogy with the published answer to a sign command";
const WEBAUTHN: &str =
    "W3C Web Authentication: the names of DOMExceptions of create(); that the app passes them on is a guess";
const STATUS: &str = "no page tells success statuses; any 2xx is HTTP's own meaning";
const EDITS: &str = "nothing to change is known";

pub(super) const ROWS: &[Evidence] = &[
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
];
