//! The signed answer to a provision command: what it claims, whose signature it has, and whether each certification request is signed
//! with its own key.

use smartid::HermodDialect;
use smartid::core::json::{self, Pointer};
use smartid::hermod::CommandReport;
use smartid::hermod::answers::{
    AttestationKeys, ClaimedKey, ProvisionAnswer, ProvisionClaims, ProvisionPolicy,
};
use smartid::hermod::dialect::PayloadDialect;
use smartid::trust::jws::{Jwk, Jws, JwsPolicy};
use smartid::trust::request::{CertificationRequest, KeyRequirement, RequestPolicy};

use super::{signature, told};
use crate::inspect::command::{Sent, sent};
use crate::inspect::places::{self, Place, folded, shown_text};
use crate::inspect::{Context, Finding, evidence};

const TABLE: &str = "messaging.answers.provision";
const PAYLOAD: &str = "messaging.answers.provision.payload";

pub(super) fn provision(
    finding: &mut Finding,
    report: &CommandReport,
    dialect: &HermodDialect,
    context: &Context,
) {
    match told(finding, report.provision(dialect)) {
        Ok(answer) => {
            finding.fact("outcome", "the profile is provisioned, says a signed answer");
            self::answer(finding, answer, dialect, context);
        }
        Err(Some(reason)) => {
            finding.problem(reason);
            let text = std::str::from_utf8(&report.raw).unwrap_or_default();
            let found = signature::known(text, dialect);
            if found.len() > 1 {
                finding.fits(TABLE, "# one of these, whichever is the answer of the app:");
                for known in &found {
                    let line = format!("# data = {}", crate::inspect::finding::quoted(&known.at));
                    finding.fits(TABLE, line);
                }
            } else if let Some(known) = found.first().filter(|known| known.form != "JWS") {
                finding.remark(format!(
                    "at {} stands a {}, which a provision command is not known to bring",
                    known.at, known.form
                ));
            }
        }
        Err(None) => {}
    }
}

/// Whether a payload looks like that of a provisioning answer.
pub(super) fn is_payload(payload: &[u8], dialect: &HermodDialect) -> bool {
    let Ok(text) = std::str::from_utf8(payload) else {
        return false;
    };
    let mut places = dialect.answers.provision.payload.clone();
    fit(text, &mut places);
    json::find(text, &places.keys).is_some()
        && (json::find(text, &places.profile_id).is_some() || json::find(text, &places.user_id).is_some())
}

pub(super) fn answer(
    finding: &mut Finding,
    answer: ProvisionAnswer,
    dialect: &HermodDialect,
    context: &Context,
) {
    for lint in answer.lints() {
        if lint.at.starts_with('/') {
            finding.problem(format!(
                "the signed answer stands at {} and not at {}; it is found only because it is alone",
                lint.at, dialect.answers.provision.data
            ));
            finding.fits_text(TABLE, "data", &lint.at);
        } else {
            finding.remark(lint.to_string());
        }
    }
    let Ok(jws) = Jws::parse(answer.compact_jws()) else {
        return finding.problem("it is no JWS");
    };
    evidence::header(finding, jws.danger_unverified());
    let payload = jws.danger_unverified().payload().clone();
    let payload = std::str::from_utf8(&payload).unwrap_or_default();
    let mut fitted = dialect.clone();
    for (setting, pointer) in fit(payload, &mut fitted.answers.provision.payload) {
        finding.problem(format!("its payload has {setting} at another place: {pointer}"));
        finding.fits_text(PAYLOAD, setting, &pointer);
    }
    let read = ProvisionAnswer::from_jws(answer.compact_jws(), &fitted);
    match read.map(|answer| answer.danger_claims()) {
        Ok(Ok(claims)) => self::claims(finding, &claims, context),
        Ok(Err(refusal)) => finding.problem(format!("{}: {refusal}", refusal.code())),
        Err(refusal) => evidence::refused(finding, &refusal),
    }
    verify(finding, &answer, jws, &fitted, context);
}

/// The signature, and everything else where the command is known.
fn verify(
    finding: &mut Finding,
    answer: &ProvisionAnswer,
    jws: smartid::trust::Unverified<Jws>,
    dialect: &HermodDialect,
    context: &Context,
) {
    let Some(keys) = context.keys.clone() else {
        return finding.remark(
            "nobody has checked the signature of the answer, so these are claims of whoever posted it: give the attestation keys with --keys",
        );
    };
    if let Some(Sent::Provision(asked)) = sent(context) {
        let keys = AttestationKeys::default().with(asked.signature_key.clone(), keys);
        let policy = ProvisionPolicy::new(asked, &keys);
        let again = ProvisionAnswer::from_jws(answer.compact_jws(), dialect);
        match again.map(|answer| answer.verify(&policy, context.at)) {
            Ok(Ok(verified)) => {
                evidence::proof(finding, verified.proof());
                finding.fact(
                    "against the command",
                    "signature, nonce, user, profile, keys and requests are right",
                );
                for lint in &verified.fact().lints {
                    finding.remark(lint.to_string());
                }
            }
            Ok(Err(refusal)) => finding.problem(format!("{}: {refusal}", refusal.code())),
            Err(refusal) => evidence::refused(finding, &refusal),
        }
        return;
    }
    let right = finding.verdict != Some(false);
    match jws.verify(&JwsPolicy::keys(keys).trying_every_key(), context.at) {
        Ok(verified) => {
            evidence::proof(finding, verified.proof());
            finding.remark("not compared with the command: give the body that was sent with --sent");
            finding.verdict = Some(right);
        }
        Err(refusal) => evidence::refused(finding, &refusal),
    }
}

fn claims(finding: &mut Finding, claims: &ProvisionClaims, context: &Context) {
    let quoted = |text: &Option<String>| match text {
        Some(text) => shown_text(text),
        None => "(none)".to_owned(),
    };
    finding.fact("claimed nonce", quoted(&claims.nonce));
    finding.fact("claimed user", quoted(&claims.user_id));
    finding.fact("claimed profile", quoted(&claims.profile_id));
    if claims.keys.is_empty() {
        finding.remark("it has no keys");
    }
    for key in &claims.keys {
        let name = shown_text(&key.key_id);
        self::key(finding, &name, key, context);
    }
}

fn key(finding: &mut Finding, name: &str, key: &ClaimedKey, context: &Context) {
    finding.fact("claimed key", name);
    if let Some(text) = &key.request {
        let read = if text.contains("-----BEGIN") {
            CertificationRequest::from_pem(text)
        } else {
            CertificationRequest::from_base64(text)
        };
        match read {
            Ok(request) => self::request(finding, name, &request, context),
            Err(refusal) => finding.problem(format!(
                "{name}: what stands for its certification request is none: {refusal}"
            )),
        }
    }
    if let Some(jwk) = &key.public_key {
        match Jwk::public_key_from_json(jwk) {
            Ok(public) => finding.fact(
                "  public key",
                format!("{}, without a request", evidence::key_words(public.key_type())),
            ),
            Err(refusal) => finding.problem(format!("{name}: its public key cannot be used: {refusal}")),
        }
    }
    match (&key.request, &key.public_key) {
        (None, None) => finding.problem(format!("{name}: it has neither a request nor a public key")),
        (Some(_), Some(_)) => finding.remark(format!("{name}: it has a request and a public key")),
        _ => {}
    }
}

fn request(
    finding: &mut Finding,
    name: &str,
    request: &smartid::trust::Unverified<CertificationRequest>,
    context: &Context,
) {
    let read = request.danger_unverified();
    finding.fact("  subject", read.subject().to_string());
    match read.public_key() {
        Ok(key) => finding.fact("  public key", evidence::key_words(key.key_type())),
        Err(refusal) => finding.problem(format!("{name}: its key cannot be used: {refusal}")),
    }
    let strict = RequestPolicy::without_template(KeyRequirement::any());
    let lenient = strict.clone().accept_version_2().accept_sha1_self_signature();
    match request.verify(&strict, context.at) {
        Ok(_) => finding.fact("  self-signature", "right: the app has the private key"),
        Err(_) if request.verify(&lenient, context.at).is_ok() => {
            finding.fact("  self-signature", "right, with the quirks of its template");
            finding.remark(format!(
                "{name}: it has version 2 or is signed with SHA-1; that is accepted only where the template of the command is so"
            ));
        }
        Err(refusal) => {
            finding.fact("  self-signature", "wrong");
            finding.problem(format!("{name}: {}: {refusal}", refusal.reason().code()));
        }
    }
}

/// Moves the pointers that lead to nothing to where such a thing stands, and tells which.
fn fit(payload: &str, places: &mut PayloadDialect) -> Vec<(&'static str, String)> {
    let mut moved = Vec::new();
    let mut simple = |slot: &mut Pointer, setting: &'static str, names: &[&str]| {
        if json::find(payload, slot).is_none()
            && let Some(place) = places::named(payload, names)
            && let Ok(pointer) = place.at.parse()
        {
            *slot = pointer;
            moved.push((setting, place.at));
        }
    };
    simple(&mut places.nonce, "nonce", &["nonce", "challenge"]);
    simple(
        &mut places.user_id,
        "user_id",
        &["userid", "user", "username", "sub"],
    );
    simple(&mut places.profile_id, "profile_id", &["profileid"]);
    if json::find(payload, &places.keys).is_none() {
        let is_list = |place: &Place<'_>| {
            let items = json::items(place.raw).unwrap_or_default();
            !items.is_empty() && items.iter().all(|item| has_key(item))
        };
        if let Some(place) = places::find(payload, is_list).into_iter().next()
            && let Ok(pointer) = place.at.parse()
        {
            places.keys = pointer;
            moved.push(("keys", place.at));
        }
    }
    let keys = json::find(payload, &places.keys).unwrap_or("[]");
    let Some(key) = json::items(keys).unwrap_or_default().into_iter().next() else {
        return moved;
    };
    let mut inside = |slot: &mut Pointer, setting: &'static str, found: Option<String>| {
        if json::find(key, slot).is_none()
            && let Some(at) = found
            && let Ok(pointer) = at.parse()
        {
            *slot = pointer;
            moved.push((setting, at));
        }
    };
    let first = |found: Vec<Place<'_>>| found.into_iter().next().map(|place| place.at);
    let request = first(places::find(key, |place| is_request(place.raw)));
    let has_request = request.is_some();
    inside(&mut places.request, "request", request);
    let id = places::named(key, &["keyid", "id", "kid", "name"]).map(|place| place.at);
    inside(&mut places.key_id, "key_id", id);
    if !has_request {
        // A JWK that is the entry itself has the pointer of the entry.
        let jwk = if is_jwk(key) {
            Some(String::new())
        } else {
            first(places::find(key, |place| is_jwk(place.raw)))
        };
        inside(&mut places.public_key, "public_key", jwk);
    }
    moved
}

fn has_key(item: &str) -> bool {
    is_jwk(item) || !places::find(item, |place| is_request(place.raw) || is_jwk(place.raw)).is_empty()
}

fn is_request(raw: &str) -> bool {
    let Some(text) = places::text(raw) else {
        return false;
    };
    CertificationRequest::from_base64(&text).is_ok() || CertificationRequest::from_pem(&text).is_ok()
}

fn is_jwk(raw: &str) -> bool {
    json::members(raw).is_some_and(|members| members.iter().any(|(name, _)| folded(name) == "kty"))
}
