//! The settings that every command has, against a simulator that is set the same way.

use smartid_tests::play::{Command, Play};

/// A difference between installations.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// What differs from the default in both runs, so that the setting matters.
    pub(crate) base: String,
    /// The setting.
    pub(crate) dialect: String,
    /// The simulator, set the same way.
    pub(crate) sim: String,
    /// What is played.
    pub(crate) play: Play,
    /// How it ends with the setting.
    pub(crate) with: &'static str,
    /// How it ends without. The same where the default is wider than the setting, which is then played for its own sake.
    pub(crate) without: &'static str,
}

/// What is known of a command.
struct Facts {
    /// Its table in the dialect.
    setting: &'static str,
    /// Its table in the simulator.
    verb: &'static str,
    wrapper: &'static str,
    play: Play,
    good: &'static str,
    /// A member that it needs, and how it ends without.
    member: &'static str,
    lacking: &'static str,
    /// What the play needs besides for changed answers.
    companion: &'static str,
}

const fn facts(
    setting: &'static str,
    verb: &'static str,
    wrapper: &'static str,
    play: Play,
    good: &'static str,
    (member, lacking): (&'static str, &'static str),
) -> Facts {
    Facts {
        setting,
        verb,
        wrapper,
        play,
        good,
        member,
        lacking,
        companion: "",
    }
}

const START: &str = "start_pin_reset.response = [{ move = '/id', to = '/commandId' }]\n";
const END: &str = "end_pin_reset.response = [{ move = '/id', to = '/commandId' }]\n";

/// The commands, the FIDO ones left out.
const COMMANDS: [Facts; 9] = [
    facts(
        "provision",
        "provision",
        "provCommand",
        Play::of(Command::Provision),
        "verified",
        ("userid", "refused"),
    ),
    facts(
        "certificate",
        "certificate",
        "certCommand",
        Play::of(Command::Certificate),
        "installed",
        ("certificates", "refused"),
    ),
    facts(
        "authenticate",
        "authenticate",
        "authCommand",
        Play::of(Command::Authenticate),
        "verified",
        ("params", "refused"),
    ),
    facts(
        "sign",
        "sign",
        "signCommand",
        Play::of(Command::Sign),
        "verified",
        ("params", "refused"),
    ),
    facts(
        "ping",
        "ping",
        "pingCommand",
        Play::of(Command::Ping),
        "info told",
        ("deviceinfo", "succeeded"),
    ),
    Facts {
        companion: END,
        ..facts(
            "start_pin_reset",
            "startpinreset",
            "spinCommand",
            Play::of(Command::PinReset),
            "PIN reset",
            ("smartcardid", "refused"),
        )
    },
    Facts {
        companion: START,
        ..facts(
            "end_pin_reset",
            "endpinreset",
            "epinCommand",
            Play::of(Command::PinReset),
            "PIN reset",
            ("encryptednonce", "refused"),
        )
    },
    facts(
        "delete_profile",
        "delete",
        "deleteCommand",
        Play::of(Command::DeleteProfile),
        "succeeded",
        ("userid", "refused"),
    ),
    facts(
        "delete_mailbox",
        "delete",
        "deleteCommand",
        Play::of(Command::DeleteMailbox),
        "succeeded",
        ("userid", "refused"),
    ),
];

/// Path, wrapper, verb, statuses and edits of each command.
pub(crate) fn of_every_command() -> Vec<Difference> {
    let mut all = Vec::new();
    for facts in &COMMANDS {
        let Facts {
            setting,
            verb,
            wrapper,
            play,
            good,
            member,
            lacking,
            companion,
        } = facts;
        let mut add = |base: &str, dialect: String, sim: String, with, without| {
            all.push(Difference {
                base: base.to_owned(),
                dialect,
                sim,
                play: play.clone(),
                with,
                without,
            });
        };
        let here = format!("[hermod.verbs.{verb}]\n");
        add(
            "",
            format!("{setting}.path = 'v9/other'"),
            format!("{here}path = 'v9/other'"),
            good,
            "refused",
        );
        add(
            "",
            format!("{setting}.wrapper = 'otherCommand'"),
            format!("{here}wrapper = 'otherCommand'"),
            good,
            "refused",
        );
        // The simulator takes nothing but POST.
        add(
            "",
            format!("{setting}.verb = 'PUT'"),
            String::new(),
            "refused",
            good,
        );
        let accepted = "[hermod]\naccepted_status = 202\n[hermod.delete]\nstatus = 202".to_owned();
        add("", format!("{setting}.success = [202]"), accepted, good, good);
        add(
            "",
            format!("{setting}.success = [202]"),
            String::new(),
            "refused",
            good,
        );
        add(
            "",
            format!(
                "{setting}.request = [{{ move = '/{wrapper}/{member}', to = '/{wrapper}/deep/{member}' }}]"
            ),
            format!(
                "[hermod]\nrequest_moves = [{{ from = '/{wrapper}/{member}' }}, \
                 {{ from = '/{wrapper}/deep/{member}', to = '/{wrapper}/{member}' }}, {{ from = '/{wrapper}/deep' }}]"
            ),
            good,
            lacking,
        );
        add(
            companion,
            format!("{setting}.response = [{{ move = '/id', to = '/commandId' }}]"),
            "[hermod]\nresponse_moves = [{ from = '/commandId', to = '/id' }]".to_owned(),
            good,
            "response-unreadable",
        );
    }
    all
}

fn difference(dialect: &str, sim: &str, play: Play, with: &'static str, without: &'static str) -> Difference {
    Difference {
        base: String::new(),
        dialect: dialect.to_owned(),
        sim: sim.to_owned(),
        play,
        with,
        without,
    }
}

/// A simulator that takes `to` from another member, and from nowhere else.
fn instead(wrapper: &str, from: &str, to: &str) -> String {
    format!(
        "[hermod]\nrequest_moves = [{{ from = '/{wrapper}/{to}' }}, {{ from = '/{wrapper}/{from}', to = '/{wrapper}/{to}' }}]"
    )
}

/// Constant members: each stands for something that the command has otherwise.
pub(crate) fn constants() -> Vec<Difference> {
    let of = Play::of;
    vec![
        difference(
            "provision.body = { person = 'alice@example.test' }",
            &instead("provCommand", "person", "userid"),
            of(Command::Provision),
            "verified",
            "refused",
        ),
        difference(
            "certificate.body = { desktopKeyProtectionLevel = 'CONSENT' }",
            "",
            of(Command::Certificate),
            "installed, CONSENT",
            "installed",
        ),
        // A phone signs JWS when nothing is asked for.
        difference(
            "authenticate.body = { form = 'pkcs7' }",
            &instead("authCommand", "form", "params/format"),
            of(Command::Authenticate).on_phone(),
            "verified",
            "format-differs",
        ),
        difference(
            "sign.body = { form = 'pkcs7' }",
            &instead("signCommand", "form", "params/format"),
            of(Command::Sign),
            "verified",
            "refused",
        ),
        difference(
            "ping.body = { tell = 'true' }",
            &instead("pingCommand", "tell", "deviceinfo"),
            of(Command::Ping),
            "info told",
            "succeeded",
        ),
        difference(
            "start_pin_reset.body = { token = 'card-1' }",
            &instead("spinCommand", "token", "smartcardid"),
            of(Command::PinReset),
            "PIN reset",
            "refused",
        ),
        // A constant wins over what the command says.
        difference(
            "end_pin_reset.body = { smartcardid = 'card-1' }",
            "",
            of(Command::PinReset).ending_with("another-card"),
            "PIN reset",
            "failed: CARD_MISMATCH",
        ),
        difference(
            "delete_profile.body = { forward = true }",
            &instead("deleteCommand", "forward", "confirmation"),
            of(Command::DeleteProfile),
            "succeeded",
            "refused",
        ),
        difference(
            "delete_mailbox.body = { forward = false }",
            &instead("deleteCommand", "forward", "confirmation"),
            of(Command::DeleteMailbox),
            "succeeded",
            "refused",
        ),
    ]
}

/// Destinations where the header has none.
pub(crate) fn destinations() -> Vec<Difference> {
    let of = Play::of;
    let user = |setting: &str| format!("{setting}.to = ['alice@example.test']");
    let mailbox =
        |setting: &str, play: Play, good| difference(&user(setting), "", play, good, "not-delivered");
    vec![
        difference(
            "provision.to = ['{user_id}']",
            "",
            of(Command::Update).unaddressed(),
            "verified",
            "not-delivered",
        ),
        difference(
            "certificate.to = ['{user_id}']",
            "",
            of(Command::Certificate).looking(),
            "installed",
            "not-delivered",
        ),
        mailbox(
            "authenticate",
            of(Command::Authenticate).on_phone().looking(),
            "verified",
        ),
        mailbox("sign", of(Command::Sign).on_phone().looking(), "verified"),
        mailbox("ping", of(Command::Ping).on_phone().looking(), "info told"),
        mailbox(
            "start_pin_reset",
            of(Command::PinReset).looking().with_desktop_profile(),
            "PIN reset",
        ),
        // The app does not stay for the second half, which therefore goes where the app looks later.
        difference(
            &user("end_pin_reset"),
            "[hermod.verbs.startpinreset]\nkeep_open = false",
            of(Command::PinReset).leaving().with_desktop_profile(),
            "PIN reset",
            "not-delivered",
        ),
        difference(
            "delete_profile.to = ['@tmp']",
            "",
            of(Command::DeleteProfile).linked(),
            "succeeded",
            "no-link",
        ),
        // All mailboxes of the user are more than what the command deletes.
        difference(
            "delete_mailbox.to = ['{profile_id}']",
            "[hermod.mailbox]\nto_profile_id = true\nnarrow_to_profile = []",
            of(Command::DeleteMailbox).with_second_phone(),
            "succeeded",
            "refused",
        ),
    ]
}
