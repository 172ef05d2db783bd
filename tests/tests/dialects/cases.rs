//! Whole installations that differ: the dialect of the client, and the simulator set the same way.

/// How an answer travels in a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum By {
    Either,
    Callback,
    Poll,
}

/// A difference between installations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The client's dialect of Messaging.
    pub(crate) messaging: &'static str,
    /// The client's dialect of Digital Access.
    pub(crate) digital_access: &'static str,
    /// The simulator, set the same way.
    pub(crate) sim: &'static str,
    pub(crate) by: By,
    /// The end with the dialect.
    pub(crate) with: &'static str,
    /// Whether the end without the dialect is another one. A setting that moves what may also be left out does not show by its end.
    pub(crate) needed: bool,
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

    const fn ends(mut self, end: &'static str) -> Self {
        self.with = end;
        self
    }
}

pub(crate) const CASES: &[Case] = &[
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
    messaging("a poll that is answered 200 is no answer", "status.success = [202]", "").by(By::Poll).ends("link-never-opened"),
    messaging("time over is spelled otherwise", "states.timeout = ['LATE']", "[hermod.states]\ntimeout = 'LATE'\n[desktop]\npersona = 'never-opens'")
        .ends("link-never-opened")
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
        .ends("unreadable-answer"),
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
    da(
        "the attestation statement is left to Digital Access",
        "preflight.attestation = 'report'",
        "[desktop]\nattestation = 'packed'\npersona = 'forges-signature'",
    )
    .ends("refused-after-creation"),
    da("origins are listed", "preflight.origin = 'listed'\npreflight.origins = ['https://portal.example.test']", "[da]\norigins = ['https://portal.example.test']\n[desktop]\norigin = 'https://portal.example.test'"),
];
