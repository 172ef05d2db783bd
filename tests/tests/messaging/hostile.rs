//! What broken and dishonest apps and people answer to each command, and what becomes of it: a typed outcome or a refusal that names
//! the check. Nothing of it ever verifies.

use smartid::HermodDialect;
use smartid_sim::Persona;
use smartid_tests::play::{Command, Play, Stage};

/// Several commands in one table: who answers, and how provision, certificate, sign, authenticate and a PIN reset end. `-` is where the
/// persona's flaw means nothing for the command, so that it approves.
const TABLE: &[(Persona, [&str; 5])] = &[
    (Persona::Approves, ["-", "-", "-", "-", "-"]),
    (Persona::Declines, ["declined"; 5]),
    (Persona::Cancels, ["cancelled"; 5]),
    (Persona::NeverOpens, ["timed-out"; 5]),
    (Persona::Slow, ["-", "-", "-", "-", "-"]),
    (Persona::AnswersTwice, ["-", "-", "-", "-", "-"]),
    (
        Persona::Garbage,
        [
            "unreadable",
            "unconfirmed",
            "unreadable",
            "unreadable",
            "unreadable",
        ],
    ),
    (
        Persona::WrongNonce,
        [
            "nonce-differs",
            "nonce-differs",
            "-",
            "nonce-differs",
            "failed: ADMIN_KEY_WRONG",
        ],
    ),
    (
        Persona::WrongUser,
        ["userid-differs", "userid-differs", "-", "userid-differs", "-"],
    ),
    (
        Persona::ForgesSignature,
        [
            "signature-refused",
            "signature-refused",
            "signature-refused",
            "signature-refused",
            "-",
        ],
    ),
    (
        Persona::Stranger,
        [
            "signature-refused",
            "signature-refused",
            "signature-refused",
            "signature-refused",
            "-",
        ],
    ),
    (
        Persona::ReplaysOld,
        [
            "nonce-differs",
            "nonce-differs",
            "signature-refused",
            "nonce-differs",
            "failed: ADMIN_KEY_WRONG",
        ],
    ),
    (
        Persona::WrongFormat,
        [
            "unreadable",
            "unconfirmed",
            "format-differs",
            "format-differs",
            "-",
        ],
    ),
    (
        Persona::SignsOther,
        ["-", "-", "signature-refused", "content-unreadable", "-"],
    ),
    (Persona::ReordersTbs, ["-", "-", "signature-refused", "-", "-"]),
    (
        Persona::WrongPin,
        ["-", "-", "failed: WRONG_PIN", "failed: WRONG_PIN", "-"],
    ),
    (Persona::DropsKey, ["key-missing", "-", "-", "-", "-"]),
    (Persona::KeepsTemplateKey, ["request-refused", "-", "-", "-", "-"]),
];

const GOOD: [&str; 5] = [
    "verified",
    "installed",
    "verified",
    "verified, user bound, nonce bound",
    "PIN reset",
];

/// Users and devices as the table wants them.
const SIM: &str = "[hermod.verbs.authenticate]\nextra_members = ['nonce']\n[desktop]\nslow_seconds = 7\n[mobile]\nslow_seconds = 7";

fn plays() -> [Play; 5] {
    const TEXTS: &[&str] = &["one", "two"];
    [
        Play::of(Command::Provision),
        Play::of(Command::Certificate),
        Play::of(Command::Sign).texts(TEXTS),
        Play::of(Command::Authenticate)
            .format("jws")
            .on_phone()
            .looking()
            .addressed()
            .with_nonce()
            .by_the_user(),
        Play::of(Command::PinReset),
    ]
}

fn dialect() -> HermodDialect {
    smartid::core::dialect::overlay("answers.signature.covers = 'concatenated'").unwrap()
}

/// The end of one play. Who replays has to have said something before.
async fn end_of(play: Play) -> String {
    let stage = Stage::set(SIM, &dialect(), &play).await;
    if play.persona == Persona::ReplaysOld {
        let mut honest = play.clone().by(Persona::Approves);
        if !play.texts.is_empty() {
            honest = honest.texts(&["an", "earlier order"]);
        }
        assert!(GOOD.contains(&stage.play(&honest).await.as_str()));
    }
    stage.play(&play).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_persona_on_every_command_has_its_end() {
    let mut running = tokio::task::JoinSet::new();
    for (persona, ends) in TABLE {
        for ((play, end), good) in plays().into_iter().zip(ends).zip(GOOD) {
            let expected = if *end == "-" { good } else { end };
            running.spawn(async move {
                let command = play.command;
                (*persona, command, expected, end_of(play.by(*persona)).await)
            });
        }
    }
    let mut wrong = Vec::new();
    let mut verified = 0;
    while let Some(ended) = running.join_next().await {
        let (persona, command, expected, found) = ended.unwrap();
        if found != expected {
            wrong.push(format!("{persona} {command:?}: {found}, not {expected}"));
        }
        verified += usize::from(GOOD.contains(&found.as_str()));
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The honest ones alone.
    let honest = TABLE
        .iter()
        .flat_map(|(_, ends)| ends)
        .filter(|end| **end == "-")
        .count();
    assert_eq!(verified, honest);
}

/// In the other format and on the other device, what is wrong is found as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_found_in_every_form() {
    let mut running = tokio::task::JoinSet::new();
    for persona in [
        Persona::ForgesSignature,
        Persona::Stranger,
        Persona::SignsOther,
        Persona::ReplaysOld,
    ] {
        for (sim, play) in [
            ("", Play::of(Command::Sign).format("jws")),
            (
                "[device.signature]\ndetached = true",
                Play::of(Command::Sign).format("jws"),
            ),
            ("[device.signature]\ndetached = true", Play::of(Command::Sign)),
            (
                "",
                Play::of(Command::Sign)
                    .format("raw")
                    .mechanism("CKM_SHA256_RSA_PKCS")
                    .with_raw_key(),
            ),
            (
                "[device.signature]\nx5c = false",
                Play::of(Command::Sign).format("jws").with_raw_key(),
            ),
            ("", Play::of(Command::Authenticate)),
        ] {
            running.spawn(async move {
                let stage = Stage::set(sim, &HermodDialect::default(), &play).await;
                let earlier = play.clone().texts(&["an earlier order"]);
                let honest = stage.play(&earlier).await;
                (
                    persona,
                    format!("{sim} {} {:?}", play.format, play.command),
                    honest,
                    stage.play(&play.by(persona)).await,
                )
            });
        }
    }
    while let Some(ended) = running.join_next().await {
        let (persona, play, honest, found) = ended.unwrap();
        assert_eq!(
            (honest.as_str(), found.as_str()),
            ("verified", "signature-refused"),
            "{persona}: {play}"
        );
    }
}

/// What messaging itself may check of an answer: then the command fails before anybody reads it.
#[tokio::test(flavor = "multi_thread")]
async fn messaging_may_refuse_the_answer_itself() {
    for (check, persona, end) in [
        ("shape", Persona::Approves, "verified"),
        ("shape", Persona::WrongNonce, "failed: INVALID_RESPONSE"),
        ("shape", Persona::Garbage, "failed: INVALID_RESPONSE"),
        ("shape", Persona::ForgesSignature, "signature-refused"),
        ("signature", Persona::Approves, "verified"),
        ("signature", Persona::ForgesSignature, "failed: INVALID_RESPONSE"),
        ("signature", Persona::Stranger, "failed: INVALID_RESPONSE"),
    ] {
        let play = Play::of(Command::Provision).by(persona);
        let stage = Stage::set(
            &format!("[hermod]\ncheck_answers = '{check}'"),
            &HermodDialect::default(),
            &play,
        )
        .await;
        let jwk = stage.bench.sim.attestation_jwk().unwrap();
        stage.bench.sim.trust_attestation_key(&jwk).unwrap();
        assert_eq!(stage.play(&play).await, end, "{check} {persona}");
    }
}
