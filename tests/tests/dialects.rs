//! Every setting of the dialects against a simulator that is set the same way: with the setting the credential is stored, without it
//! the same simulator does not get one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use smartid::core::dialect::{overlay, settings};
use smartid::da::DaRefusal;
use smartid::da::fido::GetOptions;
use smartid::flows::fido_enrolment::{End, NotBegun};
use smartid::hermod::wait::PollPolicy;
use smartid::{DaDialect, HermodDialect, MemoryFlowStore, UserId};
use smartid_sim::{Fault, FaultKind, Record, Route, RoutePattern, SimConfig};
use smartid_tests::{Setup, World, clients};

/// How an answer travels in a case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Either,
    Callback,
    Poll,
}

/// A difference between installations.
#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    /// The client's dialect of Messaging.
    messaging: &'static str,
    /// The client's dialect of Digital Access.
    digital_access: &'static str,
    /// The simulator, set the same way.
    sim: &'static str,
    by: By,
    /// The end with the dialect.
    with: &'static str,
    /// Whether the end without the dialect is another one. A setting that moves what may also be left out does not show by its end.
    needed: bool,
    /// How many seconds the command can be answered.
    seconds: u64,
}

const fn messaging(name: &'static str, messaging: &'static str, sim: &'static str) -> Case {
    Case {
        name,
        messaging,
        digital_access: "",
        sim,
        by: By::Either,
        with: "stored",
        needed: true,
        seconds: 20,
    }
}

const fn da(name: &'static str, digital_access: &'static str, sim: &'static str) -> Case {
    Case {
        name,
        messaging: "",
        digital_access,
        sim,
        by: By::Either,
        with: "stored",
        needed: true,
        seconds: 20,
    }
}

impl Case {
    const fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// The default takes it, too, because it is wider.
    const fn optional(mut self) -> Self {
        self.needed = false;
        self
    }

    const fn within(mut self, seconds: u64) -> Self {
        self.seconds = seconds;
        self
    }

    const fn ends(mut self, end: &'static str) -> Self {
        self.with = end;
        self
    }
}

const CASES: &[Case] = &[
    messaging(
        "the session is opened by a ping",
        "fido.session.path = 'ping'\nfido.session.wrapper = 'pingCommand'\nfido.session.body = { deviceinfo = 'true' }",
        "[hermod.fido.session]\nverb = 'ping'\nwrapper = 'pingCommand'\noperation_member = ''",
    ),
    messaging("one command instead of two", "fido.single_command = true", "[hermod.fido]\nmode = 'single'"),
    messaging(
        "the create command waits for the app",
        "fido.create_after_open = true",
        "[hermod.fido]\nrefuse_create_until_open = 409",
    ),
    messaging(
        "other operation names",
        "fido.session.body = { kind = 'open' }\nfido.create.body = { kind = 'make' }",
        "[hermod.fido.session]\noperation_member = 'kind'\noperation = 'open'\n[hermod.fido.create]\noperation_member = 'kind'\noperation = 'make'",
    ),
    messaging(
        "create has a verb and a wrapper of its own",
        "fido.create.path = 'webauthn'\nfido.create.wrapper = 'webauthnCommand'\nfido.create.options = '/webauthnCommand/publicKey'",
        "[hermod.fido.create]\nverb = 'webauthn'\nwrapper = 'webauthnCommand'",
    ),
    messaging("options nested elsewhere", "fido.create.options = '/fidoCommand/params/options'", "[hermod.fido]\noptions_pointer = '/params/options'"),
    messaging("options as a text", "fido.create.options_form = 'string'", "[hermod.fido]\noptions_encoding = 'string'"),
    messaging("the box is named by the command", "fido.create.to = ['{command_id}']", "[hermod.fido]\naddress = '{commandId}'"),
    messaging(
        "the session command names no destination",
        "fido.session.to = []\nfido.session.request = [{ set = '/commandHeader/box', value = 'new' }]",
        "[hermod]\nrequest_moves = [{ from = '/commandHeader/box' }]",
    )
    .optional(),
    messaging(
        "request members moved",
        "fido.session.request = [{ move = '/fidoCommand/operation', to = '/fidoCommand/deep/operation' }]\n\
         fido.create.request = [{ move = '/fidoCommand/operation', to = '/fidoCommand/deep/operation' }, { move = '/fidoCommand/publicKey', to = '/fidoCommand/deep/publicKey' }]",
        "[hermod]\nrequest_moves = [{ from = '/fidoCommand/deep/operation', to = '/fidoCommand/operation' }, { from = '/fidoCommand/deep/publicKey', to = '/fidoCommand/publicKey' }, { from = '/fidoCommand/deep' }]",
    )
    .optional(),
    messaging(
        "answer members moved",
        "fido.session.response = [{ move = '/boxes', to = '/destinations' }]\nfido.create.response = [{ move = '/boxes', to = '/destinations' }]",
        "[hermod]\nresponse_moves = [{ from = '/destinations', to = '/boxes' }]",
    ),
    messaging(
        "only 202 is success",
        "fido.session.success = [202]\nfido.create.success = [202]",
        "[hermod]\naccepted_status = 202",
    )
    .optional(),
    messaging("200 is no success", "fido.session.success = [202]", "").ends("command-refused"),
    messaging("200 is no success of the create command", "fido.create.success = [202]", "").ends("command-refused"),
    messaging("a poll that is answered 200 is no answer", "status.success = [202]", "").by(By::Poll).ends("link-never-opened").within(1),
    messaging("time over is spelled otherwise", "states.timeout = ['LATE']", "[hermod.states]\ntimeout = 'LATE'\n[desktop]\npersona = 'never-opens'")
        .ends("link-never-opened")
        .within(1)
        .optional(),
    messaging(
        "states are spelled otherwise",
        "states.in_progress = ['PENDING']\nstates.success = ['DONE']",
        "[hermod.states]\nin_progress = 'PENDING'\nsuccess = 'DONE'",
    ),
    messaging("failed is spelled otherwise", "states.failed = ['BROKEN']", "[hermod.states]\nfailed = 'BROKEN'\n[desktop]\npersona = 'already-registered'")
        .ends("already-registered"),
    messaging("rejected is spelled otherwise", "states.rejected = ['NO']", "[hermod.states]\nrejected = 'NO'\n[desktop]\npersona = 'declines'").ends("declined"),
    messaging("cancelled is spelled otherwise", "states.cancelled = ['AWAY']", "[hermod.states]\ncancelled = 'AWAY'\n[desktop]\npersona = 'cancels'").ends("cancelled"),
    messaging(
        "the poll path is another one",
        "status.path = 'state/{command_id}'",
        "[hermod.poll]\npath = 'state/{commandId}'",
    )
    .by(By::Poll),
    messaging(
        "poll members moved",
        "status.response = [{ move = '/status', to = '/state' }]",
        "[hermod.poll]\nmoves = [{ from = '/state', to = '/status' }]\n[desktop]\npersona = 'declines'",
    )
    .by(By::Poll)
    .ends("declined"),
    messaging(
        "callbacks come in elsewhere",
        "callback.verbs = ['webauthn']",
        "[hermod.callback]\npath = 'callback/webauthn'",
    )
    .by(By::Callback),
    messaging(
        "callback members moved",
        "callback.edits = [{ move = '/result/state', to = '/state' }]",
        "[hermod.callback]\nmoves = [{ from = '/state', to = '/result/state' }]\n[desktop]\npersona = 'declines'",
    )
    .by(By::Callback)
    .ends("declined"),
    messaging(
        "ids and state stand elsewhere in callbacks",
        "callback.command_id = '/command/id'\ncallback.external_id = '/command/ref'\ncallback.state = '/command/state'\ncallback.mid = '/command/mid'",
        "[hermod.callback]\nmoves = [{ from = '/commandId', to = '/command/id' }, { from = '/externalId', to = '/command/ref' }, { from = '/state', to = '/command/state' }, { from = '/destinations/0/mid', to = '/command/mid' }]",
    )
    .by(By::Callback),
    messaging(
        "the registration stands elsewhere, and is not searched for",
        "fido.registration = '/answer/credential'\nfido.search_registration = false\ncallback.response = '/answer'",
        "[hermod.callback]\nregistration_pointer = '/answer/credential'\nmoves = [{ from = '/response' }]",
    )
    .by(By::Callback)
    .optional(),
    messaging("a registration elsewhere is not searched for", "fido.search_registration = false", "[hermod.callback]\nregistration_pointer = '/answer/credential'")
        .by(By::Callback)
        .ends("app-failed"),
    messaging(
        "the error stands elsewhere",
        "callback.error = '/fault'\ncallback.error_code = '/kind'\ncallback.error_message = '/text'",
        "[hermod.callback]\nmoves = [{ from = '/error', to = '/fault' }, { from = '/fault/code', to = '/fault/kind' }, { from = '/fault/message', to = '/fault/text' }]\n[desktop]\npersona = 'already-registered'",
    )
    .by(By::Callback)
    .ends("already-registered"),
    da("the user is named in a header", "user.position = 'header'\nuser.name = 'X-User'", "[da]\nuser_parameter = 'X-User'\noptions_user = 'header'\ncredentials_user = 'header'"),
    da("the user is a path segment", "user.position = 'path'", "[da]\noptions_user = 'path'\ncredentials_user = 'path'"),
    da("another query parameter", "user.name = 'username'", "[da]\nuser_parameter = 'username'"),
    da(
        "options by header, credentials in the body",
        "options.user_position = 'header'\noptions.user_name = 'X-User'\ncredentials.user_position = 'body'\ncredentials.user_name = '/X-User'\ncredentials.credential = '/credential'",
        "[da]\nuser_parameter = 'X-User'\noptions_user = 'header'\ncredentials_user = 'body'\ncredential_pointer = '/credential'",
    ),
    da("the credential is nested", "credentials.credential = '/publicKeyCredential'", "[da]\ncredential_pointer = '/publicKeyCredential'"),
    da(
        "the credential is moved",
        "credentials.request = [{ move = '', to = '/outer/inner' }]",
        "[da]\ncredential_pointer = '/outer/inner'",
    ),
    da("another status is success", "credentials.success = [202]", "[da]\nsuccess_status = 202").optional(),
    da("200 is no success of the options", "options.success = [203]", "").ends("unreadable-answer"),
    da(
        "the options are wrapped deeper",
        "options.response = [{ move = '/answer/options', to = '' }]",
        "[da]\noptions_raw = '{\"answer\":{\"options\":{\"rp\":{\"id\":\"{{rp_id}}\",\"name\":\"n\"},\"user\":{\"id\":\"{{user_id}}\",\"name\":\"a\",\"displayName\":\"\"},\"challenge\":\"{{challenge}}\",\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7}]}}}'",
    ),
    da(
        "a strict server does not take everything that the app sends",
        "credentials.body = 'as_received'",
        "[desktop]\nlevel3_members = true",
    )
    .ends("refused-after-creation"),
    da(
        "padding is tolerated",
        "options.base64 = 'lenient'",
        "[da]\noptions_raw = '{\"rp\":{\"id\":\"{{rp_id}}\",\"name\":\"n\"},\"user\":{\"id\":\"{{user_id}}\",\"name\":\"a\",\"displayName\":\"\"},\"challenge\":\"{{challenge}}=\",\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7}]}'",
    )
    // The simulated app is strict where our client was told not to be; without the setting, the options do not get as far.
    .ends("app-failed"),
    da("origins are listed", "preflight.origin = 'listed'\npreflight.origins = ['https://portal.example.test']", "[da]\norigins = ['https://portal.example.test']\n[desktop]\norigin = 'https://portal.example.test'"),
];

/// Settings of how refusals are recognised, against answers that are given in the place of the simulator's own.
const REFUSALS: &[(&str, u16, &str, &str, &str)] = &[
    (
        "errors.not_authenticated.status = [418]",
        418,
        "text/plain",
        "",
        "not-authenticated",
    ),
    (
        "errors.not_authenticated.codes = ['login']",
        400,
        "application/json",
        "{\"error\":\"LOGIN\"}",
        "not-authenticated",
    ),
    (
        "errors.forbidden.status = [418]",
        418,
        "text/plain",
        "",
        "forbidden",
    ),
    (
        "errors.forbidden.codes = ['no_right']",
        400,
        "application/json",
        "{\"error\":\"no_right\"}",
        "forbidden",
    ),
    (
        "errors.user_not_found.status = [418]",
        418,
        "text/plain",
        "",
        "user-not-found",
    ),
    (
        "errors.user_not_found.codes = ['who']",
        400,
        "application/json",
        "{\"error\":\"who\"}",
        "user-not-found",
    ),
    (
        "errors.duplicate.status = [418]",
        418,
        "text/plain",
        "",
        "duplicate",
    ),
    (
        "errors.duplicate.codes = ['twice']",
        400,
        "application/json",
        "{\"error\":\"twice\"}",
        "duplicate",
    ),
    ("errors.expired.status = [418]", 418, "text/plain", "", "expired"),
    (
        "errors.expired.codes = ['late']",
        400,
        "application/json",
        "{\"error\":\"late\"}",
        "expired",
    ),
    (
        "errors.not_configured.status = [418]",
        418,
        "text/plain",
        "",
        "not-configured",
    ),
    (
        "errors.not_configured.codes = ['off']",
        400,
        "application/json",
        "{\"error\":\"off\"}",
        "not-configured",
    ),
    (
        "errors.rejected.status = [418]",
        418,
        "text/plain",
        "",
        "rejected",
    ),
    (
        "errors.rejected.codes = ['bad']",
        404,
        "application/json",
        "{\"error\":\"bad\"}",
        "rejected",
    ),
    (
        "errors.rate_limited.status = [418]",
        418,
        "text/plain",
        "",
        "rate-limited",
    ),
    (
        "errors.rate_limited.codes = ['slowly']",
        400,
        "application/json",
        "{\"error\":\"slowly\"}",
        "rate-limited",
    ),
    (
        "errors.unavailable.status = [418]",
        418,
        "text/plain",
        "",
        "unavailable",
    ),
    (
        "errors.unavailable.codes = ['closed']",
        400,
        "application/json",
        "{\"error\":\"closed\"}",
        "unavailable",
    ),
    (
        "errors.code = ['/fault/id']\nerrors.forbidden.codes = ['x1']",
        400,
        "application/json",
        "{\"fault\":{\"id\":\"x1\"}}",
        "forbidden",
    ),
];

/// A client, its dialect, and what the simulator must then have heard.
type Heard = (&'static str, &'static str, fn(&Record) -> bool);

/// Settings that are seen in what the simulator has heard.
const HEARD: &[Heard] = &[
    ("messaging", "fido.session.verb = 'PUT'", |heard| {
        heard.method == "PUT" && heard.path.ends_with("/command/fido")
    }),
    ("messaging", "fido.create.verb = 'PUT'", |heard| {
        heard.method == "PUT"
            && heard
                .json()
                .is_some_and(|body| body.pointer("/fidoCommand/publicKey").is_some())
    }),
    ("messaging", "status.verb = 'POST'", |heard| {
        heard.method == "POST"
            && heard
                .path
                .rsplit('/')
                .next()
                .is_some_and(|last| last.parse::<u64>().is_ok())
    }),
    ("digital_access", "options.verb = 'POST'", |heard| {
        heard.method == "POST" && heard.path.ends_with("/fido/options")
    }),
    ("digital_access", "options.path = 'v4/options'", |heard| {
        heard.path.ends_with("/v3.0/v4/options")
    }),
    (
        "digital_access",
        "options.accept = 'application/webauthn+json'",
        |heard| {
            heard.path.ends_with("/fido/options")
                && heard.header("accept") == Some("application/webauthn+json")
        },
    ),
    ("digital_access", "credentials.verb = 'PUT'", |heard| {
        heard.method == "PUT" && heard.path.ends_with("/fido/credentials")
    }),
    ("digital_access", "credentials.path = 'v4/credentials'", |heard| {
        heard.path.ends_with("/v3.0/v4/credentials")
    }),
    (
        "digital_access",
        "credentials.content_type = 'application/webauthn+json'",
        |heard| {
            heard.path.ends_with("/fido/credentials")
                && heard.header("content-type") == Some("application/webauthn+json")
        },
    ),
];

/// Error codes of the app, by poll answers in the place of the simulator's own: the dialect, the code, and the end.
const APP_CODES: &[(&str, &str, &str)] = &[
    (
        "fido.already_registered = ['Known']",
        "Known",
        "already-registered",
    ),
    ("fido.user_declined_codes = ['Refused']", "Refused", "declined"),
    ("fido.user_cancelled_codes = ['Stopped']", "Stopped", "cancelled"),
];

/// Settings that the simulator has no switch for, and why; their effect on the bytes is shown by unit tests of the clients.
const NOT_PLAYED: &[&str] = &[
    // Seen in the detail of a refusal only.
    "digital_access.errors.message",
    // The simulated app writes base64url without padding, as the standard says.
    "digital_access.preflight.base64",
];

fn keys_of(text: &str) -> BTreeSet<String> {
    fn walk(prefix: &str, value: &toml::Value, keys: &mut BTreeSet<String>) {
        match value {
            toml::Value::Table(table) if !prefix.ends_with(".body") => {
                for (name, value) in table {
                    let key = if prefix.is_empty() {
                        name.clone()
                    } else {
                        format!("{prefix}.{name}")
                    };
                    walk(&key, value, keys);
                }
            }
            _ => {
                keys.insert(prefix.to_owned());
            }
        }
    }
    let mut keys = BTreeSet::new();
    walk("", &toml::Value::Table(toml::from_str(text).unwrap()), &mut keys);
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_recognised_as_the_dialect_says() {
    let world = World::start(Setup::default()).await;
    for (dialect, status, content_type, body, kind) in REFUSALS {
        let answer = FaultKind::Respond {
            status: *status,
            content_type: (*content_type).to_owned(),
            body: (*body).to_owned(),
            work: false,
            headers: Vec::new(),
        };
        world.sim.faults().clear();
        world
            .sim
            .faults()
            .inject(Fault::new(RoutePattern::route(Route::DaOptions), answer).times(0));
        for (text, as_wished) in [(*dialect, true), ("", false)] {
            let smartid = clients(
                &world.sim,
                HermodDialect::default(),
                overlay::<DaDialect>(text).unwrap(),
                Duration::from_secs(1),
                Arc::new(MemoryFlowStore::new()),
            );
            let da = smartid.digital_access().unwrap();
            let once = GetOptions::new(UserId::new("alice").unwrap());
            let error = tokio::time::timeout(Duration::from_secs(20), da.call(&once))
                .await
                .unwrap()
                .unwrap_err();
            let found = error
                .refusal::<DaRefusal>()
                .unwrap_or_else(|| panic!("{error:?}"))
                .kind()
                .name();
            assert_eq!(found == *kind, as_wished, "{text:?}: {found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_a_login_page_unless_the_dialect_says_otherwise() {
    let world = World::start(Setup::default()).await;
    world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(Route::DaOptions), FaultKind::html(200)).times(0));
    for (text, login) in [("", true), ("errors.html_is_login = false", false)] {
        let dialect = overlay::<DaDialect>(text).unwrap();
        let store = Arc::new(MemoryFlowStore::new());
        let smartid = clients(
            &world.sim,
            HermodDialect::default(),
            dialect,
            Duration::from_secs(1),
            store,
        );
        let call = GetOptions::new(UserId::new("alice").unwrap());
        let error = smartid.digital_access().unwrap().call(&call).await.unwrap_err();
        let refusal = error.refusal::<DaRefusal>();
        assert_eq!(
            refusal.is_some_and(DaRefusal::is_not_authenticated),
            login,
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_hears_what_the_dialect_says() {
    for (client, dialect, says) in HEARD {
        for (text, as_wished) in [(*dialect, true), ("", false)] {
            let mut setup = Setup::default();
            setup.timeout = Duration::from_secs(1);
            setup.polling =
                PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100));
            match *client {
                "messaging" => setup.messaging = overlay(text).unwrap(),
                _ => setup.digital_access = overlay(text).unwrap(),
            }
            let world = World::start(setup).await;
            if let Ok(begun) = world.flow.begin(&UserId::new("alice").unwrap()).await {
                let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
                // The poll is heard before anybody clicks.
                tokio::time::sleep(Duration::from_millis(1)).await;
                let waiting = world.flow.complete(&begun.id);
                let person = async {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    let _report = desktop.open(&link).await;
                };
                let _both = tokio::join!(waiting, person);
            }
            assert_eq!(
                world.sim.records().iter().any(says),
                as_wished,
                "{client} {text:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_codes_are_read_as_the_dialect_says() {
    for (dialect, code, end) in APP_CODES {
        for (text, as_wished) in [(*dialect, true), ("", false)] {
            let mut setup = Setup::default();
            setup.sim = SimConfig::from_toml("[hermod]\nfirst_command_id = 1000").unwrap();
            setup.messaging = overlay(text).unwrap();
            setup.polling =
                PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100));
            setup.callbacks = false;
            let world = World::start(setup).await;
            let answer =
                format!("{{\"commandId\":\"1001\",\"state\":\"FAILED\",\"error\":{{\"code\":\"{code}\"}}}}");
            let kind = FaultKind::body("application/json", answer);
            world
                .sim
                .faults()
                .inject(Fault::new(RoutePattern::path("*/command/1001"), kind).times(0));
            let begun = world.flow.begin(&UserId::new("alice").unwrap()).await.unwrap();
            let found = world.flow.complete(&begun.id).await.unwrap();
            assert_eq!(found.name() == *end, as_wished, "{text:?}: {found:?}");
        }
    }
}

/// The end of an enrolment in that world.
async fn end_of(case: &Case, with_dialect: bool) -> String {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml(case.sim).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    if with_dialect {
        setup.messaging =
            overlay::<HermodDialect>(case.messaging).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        setup.digital_access = overlay::<DaDialect>(case.digital_access)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
    // Without the dialect some cases wait in vain until the command's time is over.
    setup.timeout = Duration::from_secs(if with_dialect { case.seconds } else { 1 });
    setup.callbacks = case.by != By::Poll;
    setup.polling = match case.by {
        By::Callback => PollPolicy::off(),
        By::Poll | By::Either => {
            PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100))
        }
    };
    let world = World::start(setup).await;
    let rules = if with_dialect {
        overlay::<DaDialect>(case.digital_access).unwrap()
    } else {
        DaDialect::default()
    };
    let flow = world.flow.clone().preflight(rules.preflight());
    let begun = match flow.begin(&UserId::new("alice").unwrap()).await {
        Ok(begun) => begun,
        Err(NotBegun::Ended { end, .. }) => return describe(&end),
        Err(error) => panic!("{}: {error}", case.name),
    };
    let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
    let person = tokio::spawn(async move {
        let _report = desktop.open(&link).await;
    });
    let end = flow.complete(&begun.id).await.unwrap();
    person.abort();
    describe(&end)
}

fn describe(end: &End) -> String {
    if end.is_stored() {
        end.name().to_owned()
    } else {
        format!("{} ({end})", end.name())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_setting_it_works_and_without_it_does_not() {
    let mut running = tokio::task::JoinSet::new();
    for case in CASES {
        running.spawn(async move { (case, true, end_of(case, true).await) });
        if case.needed {
            running.spawn(async move { (case, false, end_of(case, false).await) });
        }
    }
    let mut wrong = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (case, with_dialect, end) = ended.unwrap();
        let as_wished = end.split(' ').next() == Some(case.with);
        if as_wished != with_dialect {
            wrong.push(format!(
                "{}: {} the dialect it ended {end}",
                case.name,
                if with_dialect { "with" } else { "without" }
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_setting_is_in_a_case() {
    let mut covered: BTreeSet<String> = NOT_PLAYED.iter().map(|key| (*key).to_owned()).collect();
    let mut all = BTreeSet::new();
    for case in CASES {
        covered.extend(
            keys_of(case.messaging)
                .into_iter()
                .map(|key| format!("messaging.{key}")),
        );
        covered.extend(
            keys_of(case.digital_access)
                .into_iter()
                .map(|key| format!("digital_access.{key}")),
        );
    }
    for (dialect, ..) in REFUSALS {
        covered.extend(
            keys_of(dialect)
                .into_iter()
                .map(|key| format!("digital_access.{key}")),
        );
    }
    covered.insert("digital_access.errors.html_is_login".to_owned());
    for (client, dialect, _) in HEARD {
        covered.extend(keys_of(dialect).into_iter().map(|key| format!("{client}.{key}")));
    }
    for (dialect, ..) in APP_CODES {
        covered.extend(keys_of(dialect).into_iter().map(|key| format!("messaging.{key}")));
    }
    all.extend(
        settings::<HermodDialect>()
            .into_iter()
            .map(|(key, _)| format!("messaging.{key}")),
    );
    all.extend(
        settings::<DaDialect>()
            .into_iter()
            .map(|(key, _)| format!("digital_access.{key}")),
    );
    let missing: Vec<_> = all.difference(&covered).collect();
    let unknown: Vec<_> = covered.difference(&all).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not in a case: {missing:#?}; no such setting: {unknown:#?}"
    );
}
