//! Settings of how answers are read that the simulated apps and server have one form for: the real answer is changed on its way, which
//! is then told in the place of the simulator's own.

use serde_json::{Value, json};
use smartid_core::base64::{Flavour, encode};
use smartid_sim::pki::{SigAlg, jws};
use smartid_tests::play::{Command, Play, Stage};

/// What differs in both runs, the setting, what is played, how it ends with the setting and without.
pub(crate) type Told = (&'static str, &'static str, Play, &'static str, &'static str);

const SIGN: Play = Play::of(Command::Sign);
const BARE: Play = SIGN.format("raw").mechanism("CKM_SHA256_RSA_PKCS");

fn named_cms(body: &mut Value, _: &Stage) {
    body["response"]["format"] = json!("CMS");
}

fn named_jose(body: &mut Value, _: &Stage) {
    body["response"]["format"] = json!("JOSE");
}

/// A bare signature with its certificates beside it.
fn with_certificates(body: &mut Value, stage: &Stage) {
    let text = |der: &Vec<u8>| encode(Flavour::Standard, der);
    body["response"]["cert"] = json!(text(&stage.chain[0]));
    body["response"]["issuers"] = json!([text(&stage.chain[1])]);
}

/// A bare signature that says that it is made with a key that nobody knows.
fn with_unknown_key(body: &mut Value, _: &Stage) {
    body["response"]["kid"] = json!("somebody-elses");
}

/// A list with one signature for each entry.
fn in_a_list(body: &mut Value, _: &Stage) {
    let data = body["response"]["data"].take();
    body["response"]["data"] = json!([{"signature": data}]);
}

/// A list in which the signature says that it is that of another entry.
fn in_a_list_for_another(body: &mut Value, _: &Stage) {
    let data = body["response"]["data"].take();
    body["response"]["data"] = json!([{"data": data, "entry": "attachment"}]);
}

/// What the command said, signed in another place of an object.
fn with_descriptions_elsewhere(body: &mut Value, stage: &Stage) {
    let sent = |record: &smartid_sim::Record| record.path.ends_with("/command/authenticate");
    let command = stage
        .bench
        .sim
        .records()
        .into_iter()
        .rfind(sent)
        .unwrap()
        .json()
        .unwrap();
    let descriptions = &command["authCommand"]["params"]["description"];
    let content = json!({"told": {"shown": descriptions}}).to_string();
    let header = jws::Header::new().x5c(&stage.chain);
    let signed = jws::sign_compact(content.as_bytes(), &stage.key, SigAlg::Es256, &header).unwrap();
    body["response"] = json!({"format": "jws", "data": signed});
}

/// The nonce of a token, signed.
fn sealed(body: &mut Value, stage: &Stage) {
    let content = body["response"].to_string();
    let header = jws::Header::new().kid("signer");
    let signed = jws::sign_compact(content.as_bytes(), &stage.key, SigAlg::Es256, &header).unwrap();
    body["response"] = json!({"sealed": signed});
}

pub(crate) const TOLD: &[Told] = &[
    (
        "",
        "answers.signature.formats.pkcs7 = ['CMS', 'pkcs7']",
        SIGN.told(named_cms),
        "verified",
        "format-not-verified",
    ),
    (
        "",
        "answers.signature.formats.jws = ['JOSE', 'jws']",
        SIGN.format("jws").told(named_jose),
        "verified",
        "format-not-verified",
    ),
    (
        "answers.signature.chain = '/response/issuers'",
        "answers.signature.certificate = '/response/cert'",
        BARE.told(with_certificates),
        "verified",
        "signature-refused",
    ),
    (
        "answers.signature.certificate = '/response/cert'",
        "answers.signature.chain = '/response/issuers'",
        BARE.told(with_certificates),
        "verified",
        "signature-refused",
    ),
    (
        "",
        "answers.signature.key_id = '/response/kid'",
        BARE.with_raw_key().told(with_unknown_key),
        "signature-refused",
        "verified",
    ),
    (
        "",
        "answers.signature.item_data = '/signature'",
        SIGN.told(in_a_list),
        "verified",
        "unreadable",
    ),
    (
        "",
        "answers.signature.item_key = '/entry'",
        SIGN.told(in_a_list_for_another),
        "entry-differs",
        "verified",
    ),
    (
        "answers.signature.covers_without_tbs = 'entries'",
        "answers.signature.payload.description = '/told/shown'",
        Play::of(Command::Authenticate)
            .format("jws")
            .with_nothing_to_sign()
            .told(with_descriptions_elsewhere),
        "verified, description bound",
        "description-differs",
    ),
    (
        "",
        "answers.pin_reset.signed = '/response/sealed'",
        Play::of(Command::PinReset).told(sealed),
        "PIN reset",
        "unreadable",
    ),
];
