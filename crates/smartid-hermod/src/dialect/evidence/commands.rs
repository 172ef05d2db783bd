//! Where the defaults of how commands are sent come from.

use smartid_core::{Evidence, Tag};

const OVERVIEW: &str = "vendor page: Smart ID Messaging API overview";
const WRAPPER: &str = "vendor page: Smart ID Messaging API overview. The published wrappers are the four-letter type and Command; by analogy";
const DESKTOP: &str = "vendor page: API parameters specific to Smart ID Desktop App. The command is documented, its path is not";
const PROVISION: &str = "vendor page: Example: Smart ID Mobile App provisioning";
const AUTHENTICATE: &str = "vendor page: Use authentication images from a content provider service";
const SIGN: &str = "vendor page: Example: Personal Desktop Client signing";
const DELETE: &str = "vendor page: Smart ID Messaging - Standard service tasks in Identity Manager. That profiles or only mailboxes can be deleted is documented; nothing of the wire is";
const EDITS: &str = "nothing to change is known";
const STATUS: &str = "no page tells success statuses; any 2xx is HTTP's own meaning";

/// How well verb and path, wrapper, and destination of a command are known.
struct Known {
    path: Tag,
    path_source: &'static str,
    wrapper: Tag,
    wrapper_source: &'static str,
    to: Tag,
    to_source: &'static str,
    body: Tag,
}

macro_rules! rows {
    ($name:literal, $known:expr) => {{
        const KNOWN: Known = $known;
        &[
            Evidence::new(
                concat!($name, ".body"),
                KNOWN.body,
                EDITS,
                "constant members of the command",
            ),
            Evidence::new(
                concat!($name, ".path"),
                KNOWN.path,
                KNOWN.path_source,
                "path of the command below the command base",
            ),
            Evidence::new(
                concat!($name, ".request"),
                Tag::Inferred,
                EDITS,
                "changes of the command's body",
            ),
            Evidence::new(
                concat!($name, ".response"),
                Tag::Inferred,
                EDITS,
                "changes of the answer to the command",
            ),
            Evidence::new(
                concat!($name, ".success"),
                Tag::Inferred,
                STATUS,
                "success statuses of the command",
            ),
            Evidence::new(
                concat!($name, ".to"),
                KNOWN.to,
                KNOWN.to_source,
                "destinations of the command, where its header has none",
            ),
            Evidence::new(
                concat!($name, ".verb"),
                KNOWN.path,
                KNOWN.path_source,
                "HTTP verb of the command",
            ),
            Evidence::new(
                concat!($name, ".wrapper"),
                KNOWN.wrapper,
                KNOWN.wrapper_source,
                "name of the member beside commandHeader",
            ),
        ]
    }};
}

const fn known(
    (path, path_source): (Tag, &'static str),
    (wrapper, wrapper_source): (Tag, &'static str),
    (to, to_source): (Tag, &'static str),
) -> Known {
    Known {
        path,
        path_source,
        wrapper,
        wrapper_source,
        to,
        to_source,
        body: Tag::Inferred,
    }
}

const DOCUMENTED: (Tag, &str) = (Tag::Documented, OVERVIEW);
const ANALOGY: (Tag, &str) = (Tag::Inferred, WRAPPER);
const TEMPORARY: (Tag, &str) = (Tag::Inferred, SIGN);
const UNKNOWN: (Tag, &str) = (Tag::Unknown, DELETE);

const PROVISION_ROWS: &[Evidence; 8] = rows!(
    "provision",
    known(
        DOCUMENTED,
        (Tag::Documented, PROVISION),
        (Tag::Documented, PROVISION)
    )
);
const CERTIFICATE_ROWS: &[Evidence; 8] = rows!("certificate", known(DOCUMENTED, ANALOGY, TEMPORARY));
const AUTHENTICATE_ROWS: &[Evidence; 8] = rows!(
    "authenticate",
    known(DOCUMENTED, (Tag::Documented, AUTHENTICATE), TEMPORARY)
);
const SIGN_ROWS: &[Evidence; 8] = rows!(
    "sign",
    known(DOCUMENTED, (Tag::Documented, SIGN), (Tag::Documented, SIGN))
);
const PING_ROWS: &[Evidence; 8] = rows!("ping", known(DOCUMENTED, ANALOGY, TEMPORARY));
const START_ROWS: &[Evidence; 8] = rows!(
    "start_pin_reset",
    known((Tag::Inferred, DESKTOP), ANALOGY, TEMPORARY)
);
const END_ROWS: &[Evidence; 8] = rows!(
    "end_pin_reset",
    known((Tag::Inferred, DESKTOP), ANALOGY, (Tag::Inferred, DESKTOP))
);
const DELETE_PROFILE_ROWS: &[Evidence; 8] = rows!(
    "delete_profile",
    Known {
        body: Tag::Unknown,
        ..known(UNKNOWN, UNKNOWN, UNKNOWN)
    }
);
const DELETE_MAILBOX_ROWS: &[Evidence; 8] = rows!(
    "delete_mailbox",
    Known {
        body: Tag::Unknown,
        ..known(UNKNOWN, UNKNOWN, UNKNOWN)
    }
);

/// The rows, command by command.
pub(super) const GROUPS: &[&[Evidence]] = &[
    PROVISION_ROWS,
    CERTIFICATE_ROWS,
    AUTHENTICATE_ROWS,
    SIGN_ROWS,
    PING_ROWS,
    START_ROWS,
    END_ROWS,
    DELETE_PROFILE_ROWS,
    DELETE_MAILBOX_ROWS,
];
