//! The settings of how answers are read, of PIN resets, of withdrawals and of our content provider, against a simulator that is set the
//! same way.

use smartid_sim::Persona;
use smartid_tests::play::{Command, Play};

use crate::commands::Difference;

fn all(rows: &[(&str, &str, &str, Play, &'static str, &'static str)]) -> Vec<Difference> {
    let row =
        |(base, dialect, sim, play, with, without): &(&str, &str, &str, Play, &'static str, &'static str)| {
            Difference {
                base: (*base).to_owned(),
                dialect: (*dialect).to_owned(),
                sim: (*sim).to_owned(),
                play: play.clone(),
                with,
                without,
            }
        };
    rows.iter().map(row).collect()
}

const PROVISION: Play = Play::of(Command::Provision);
const SIGN: Play = Play::of(Command::Sign);
const AUTHENTICATE: Play = Play::of(Command::Authenticate);
const PING: Play = Play::of(Command::Ping);
const PIN_RESET: Play = Play::of(Command::PinReset);
const CANCEL: Play = Play::of(Command::Cancel);
const TWO: &[&str] = &["one", "two"];

const DATA_ELSEWHERE: &str =
    "[hermod.callback]\nmoves = [{ from = '/response/data', to = '/answer/signed' }]";

/// Provisioning answers.
pub(crate) fn provisioning() -> Vec<Difference> {
    all(&[
        (
            "answers.provision.search = false",
            "answers.provision.data = '/answer/signed'",
            DATA_ELSEWHERE,
            PROVISION,
            "verified",
            "unreadable",
        ),
        (
            "",
            "answers.provision.search = false",
            DATA_ELSEWHERE,
            PROVISION,
            "unreadable",
            "verified",
        ),
        (
            "",
            "answers.provision.payload.nonce = '/challenge'",
            "[device.provision]\nnonce = 'challenge'",
            PROVISION,
            "verified",
            "nonce-missing",
        ),
        (
            "",
            "answers.provision.payload.user_id = '/person'",
            "[device.provision]\nuser_id = 'person'",
            PROVISION,
            "verified",
            "userid-missing",
        ),
        (
            "",
            "answers.provision.payload.profile_id = '/card'",
            "[device.provision]\nprofile_id = 'card'",
            PROVISION,
            "verified",
            "profileid-missing",
        ),
        (
            "",
            "answers.provision.payload.keys = '/made'",
            "[device.provision]\nkeys = 'made'",
            PROVISION,
            "verified",
            "key-missing",
        ),
        (
            "",
            "answers.provision.payload.key_id = '/id'",
            "[device.provision]\nkey_id = 'id'",
            PROVISION,
            "verified",
            "unreadable",
        ),
        (
            "",
            "answers.provision.payload.request = '/pkcs10'",
            "[device.provision]\ncertreq = 'pkcs10'",
            PROVISION,
            "verified",
            "request-refused",
        ),
        (
            "",
            "answers.provision.payload.public_key = '/public'",
            "[device.provision]\njwk = 'public'",
            PROVISION,
            "verified",
            "key-refused",
        ),
    ])
}

/// Signatures.
pub(crate) fn signatures() -> Vec<Difference> {
    all(&[
        (
            "answers.signature.search = false",
            "answers.signature.data = '/answer/signed'",
            DATA_ELSEWHERE,
            SIGN,
            "verified",
            "unreadable",
        ),
        (
            "",
            "answers.signature.search = false",
            DATA_ELSEWHERE,
            SIGN,
            "unreadable",
            "verified",
        ),
        // The app answers in another form than the one that was asked for, and says so.
        (
            "",
            "answers.signature.format = '/kind'",
            "[hermod.callback]\nmoves = [{ from = '/response/format', to = '/kind' }]",
            SIGN.format("jws").by(Persona::WrongFormat).in_any_format(),
            "verified",
            "unreadable",
        ),
        (
            "",
            "answers.signature.covers = 'concatenated'",
            "",
            SIGN.texts(TWO),
            "verified",
            "coverage-unknown",
        ),
        (
            "answers.signature.covers = 'entries'",
            "answers.signature.payload.tbs = ''",
            "[device.signature]\nseveral_tbs = 'entries-json'",
            SIGN.texts(TWO),
            "verified",
            "content-unreadable",
        ),
        (
            "",
            "answers.signature.covers_without_tbs = 'entries'",
            "[device.signature]\nwithout_tbs = 'description-json'",
            AUTHENTICATE.with_nothing_to_sign(),
            "verified, description bound",
            "verified",
        ),
        (
            "",
            "answers.signature.formats.raw = ['PLAIN-RSA']",
            "[device.signature]\nraw_format = 'PLAIN-RSA'",
            SIGN.format("PLAIN-RSA")
                .mechanism("CKM_SHA256_RSA_PKCS")
                .with_raw_key(),
            "verified",
            "format-not-verified",
        ),
        (
            "",
            "answers.signature.payload.nonce = '/challenge'",
            "[device.provision]\nnonce = 'challenge'\n[hermod.verbs.authenticate]\nextra_members = ['nonce']",
            AUTHENTICATE.with_nonce(),
            "verified, nonce bound",
            "nonce-missing",
        ),
        (
            "",
            "answers.signature.payload.user_id = '/person'",
            "[device.provision]\nuser_id = 'person'",
            AUTHENTICATE.with_nothing_to_sign().on_phone().by_the_user(),
            "verified, user bound",
            "verified",
        ),
    ])
}

const TRANSPORT: &str =
    "[desktop]\nversion = '1.12.1'\nadmin_key_transport = 'rsa-oaep'\n[hermod.body]\nany_admin_key = true\n";

/// PIN resets.
pub(crate) fn pin_resets() -> Vec<Difference> {
    let moved = format!(
        "{TRANSPORT}[hermod.callback]\nmoves = [{{ from = '/response/transportedkey', to = '/key' }}]"
    );
    let jwk = TRANSPORT.replace("version", "transported_key_encoding = 'jwk'\nversion");
    let pkcs1 = TRANSPORT.replace("rsa-oaep", "rsa-pkcs1");
    let changed = PIN_RESET.with_new_admin_key();
    all(&[
        (
            "",
            "answers.pin_reset.nonce = '/nonce'",
            "[hermod.callback]\nmoves = [{ from = '/response/nonce', to = '/nonce' }]",
            PIN_RESET,
            "PIN reset",
            "unreadable",
        ),
        (
            "pin_reset.proof = 'base64'",
            "answers.pin_reset.nonce_coding = 'base64'",
            "[desktop]\nnonce_encoding = 'base64'",
            PIN_RESET,
            "PIN reset",
            "unreadable",
        ),
        (
            "answers.pin_reset.nonce_coding = 'base64'",
            "pin_reset.proof = 'base64'",
            "[desktop]\nnonce_encoding = 'base64'",
            PIN_RESET,
            "PIN reset",
            "failed: ADMIN_KEY_WRONG",
        ),
        (
            "",
            "answers.pin_reset.transported_key = '/key'",
            &moved,
            changed.clone(),
            "admin key changed",
            "failed: ADMIN_KEY_FORMAT",
        ),
        (
            "",
            "answers.pin_reset.transported_key_form = 'jwk'",
            &jwk,
            changed.clone(),
            "admin key changed",
            "not-protected",
        ),
        (
            "",
            "pin_reset.key_transport = 'pkcs1'",
            &pkcs1,
            changed.clone(),
            "admin key changed",
            "failed: ADMIN_KEY_FORMAT",
        ),
        // The app offers a key and expects the new one in clear all the same.
        (
            "",
            "pin_reset.key_transport = 'clear'",
            "[desktop]\nversion = '1.12.1'",
            changed.clone(),
            "admin key changed",
            "refused",
        ),
        (
            "",
            "pin_reset.transported_admin_key = 'hex'",
            TRANSPORT,
            changed,
            "admin key changed",
            "admin key changed",
        ),
        (
            "",
            "pin_reset.driver = 'string'",
            "[desktop]\nversion = '1.12.1'\n[hermod.body]\nlenient_types = true",
            PIN_RESET.through_driver(),
            "PIN reset",
            "PIN reset",
        ),
    ])
}

/// Pings, error codes, withdrawals.
pub(crate) fn others() -> Vec<Difference> {
    let wrong_pin = SIGN.by(Persona::WrongPin);
    all(&[
        (
            "",
            "answers.ping.device_info = '/about'",
            "[hermod.callback]\nmoves = [{ from = '/response/deviceinfo', to = '/about' }]",
            PING,
            "info told",
            "succeeded",
        ),
        (
            "",
            "callback.declined_codes = ['WRONG_PIN']",
            "",
            wrong_pin.clone(),
            "declined",
            "failed: WRONG_PIN",
        ),
        (
            "",
            "callback.cancelled_codes = ['WRONG_PIN']",
            "",
            wrong_pin,
            "cancelled",
            "failed: WRONG_PIN",
        ),
        ("", "cancel.enabled = false", "", CANCEL, "not-sent", "CANCELLED"),
        (
            "",
            "cancel.path = 'cancel/{command_id}'",
            "[hermod.cancel]\npath = 'cancel/{commandId}'",
            CANCEL,
            "CANCELLED",
            "refused",
        ),
        (
            "",
            "cancel.success = [202]",
            "[hermod.cancel]\nstatus = 202",
            CANCEL,
            "CANCELLED",
            "CANCELLED",
        ),
        ("", "cancel.success = [202]", "", CANCEL, "refused", "CANCELLED"),
        ("", "cancel.verb = 'PATCH'", "", CANCEL, "refused", "CANCELLED"),
        (
            "",
            "cancel.response = [{ move = '/status', to = '/state' }]",
            "[hermod.poll]\nmoves = [{ from = '/state', to = '/status' }]",
            CANCEL,
            "CANCELLED",
            "",
        ),
    ])
}

/// Our content provider, as the simulator finds it.
pub(crate) fn content() -> Vec<Difference> {
    const PICTURE: Play = AUTHENTICATE.with_picture();
    const SHOWN: &str = "verified, picture shown";
    const FAILED: &str = "failed: CONTENT_PROVIDER";
    all(&[
        (
            "",
            "content.path = 'image'",
            "[hermod.content]\npath = 'image'",
            PICTURE,
            SHOWN,
            FAILED,
        ),
        // The simulator has one way to ask and to read the answer, so what changes either breaks it.
        (
            "",
            "content.request = [{ set = '/contentId', value = 'AUTH:none' }]",
            "",
            PICTURE,
            FAILED,
            SHOWN,
        ),
        (
            "",
            "content.response = [{ move = '/data', to = '/elements' }]",
            "",
            PICTURE,
            FAILED,
            SHOWN,
        ),
        (
            "",
            "content.image_form = 'bare'",
            "[hermod.content]\naccept_bare = true",
            PICTURE,
            SHOWN,
            SHOWN,
        ),
        ("", "content.image_form = 'bare'", "", PICTURE, FAILED, SHOWN),
    ])
}
