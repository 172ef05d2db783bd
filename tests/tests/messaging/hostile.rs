//! What broken and dishonest apps and people answer to each command, and what becomes of it: a typed outcome or a refusal that names
//! the check. Nothing of it ever verifies.

use smartid::HermodDialect;
use smartid_sim::Persona;
use smartid_tests::play::{Command, Play, Stage};

/// Who answers, and how each command ends. `-` is where the persona's flaw means nothing for the command, so that it is done.
const TABLE: &str = "
                   | provision         | certificate       | sign              | authenticate       | PIN reset               | delete
approves           | -                 | -                 | -                 | -                  | -                       | -
slow               | -                 | -                 | -                 | -                  | -                       | -
answers-twice      | -                 | -                 | -                 | -                  | -                       | -
declines           | declined          | declined          | declined          | declined           | declined                | declined
cancels            | cancelled         | cancelled         | cancelled         | cancelled          | cancelled               | cancelled
never-opens        | timed-out         | timed-out         | timed-out         | timed-out          | timed-out               | timed-out
garbage            | unreadable        | unconfirmed       | unreadable        | unreadable         | unreadable              | succeeded, still there
wrong-nonce        | nonce-differs     | nonce-differs     | -                 | nonce-differs      | failed: ADMIN_KEY_WRONG | -
wrong-user         | userid-differs    | userid-differs    | -                 | userid-differs     | -                       | -
forges-signature   | signature-refused | signature-refused | signature-refused | signature-refused  | -                       | -
stranger           | signature-refused | signature-refused | signature-refused | signature-refused  | -                       | -
replays-old        | nonce-differs     | nonce-differs     | signature-refused | nonce-differs      | failed: ADMIN_KEY_WRONG | -
wrong-format       | unreadable        | unconfirmed       | format-differs    | format-differs     | -                       | -
signs-other        | -                 | -                 | signature-refused | content-unreadable | -                       | -
reorders-tbs       | -                 | -                 | signature-refused | -                  | -                       | -
wrong-pin          | -                 | -                 | failed: WRONG_PIN | failed: WRONG_PIN  | -                       | -
drops-key          | key-missing       | -                 | -                 | -                  | -                       | -
keeps-template-key | request-refused   | -                 | -                 | -                  | -                       | -
";

/// How each command ends when it is done.
const GOOD: [&str; 6] = [
    "verified",
    "installed",
    "verified",
    "verified, user bound, nonce bound",
    "PIN reset",
    "succeeded",
];

/// The rows: a persona, and its ends.
fn table() -> Vec<(Persona, Vec<&'static str>)> {
    let row = |line: &'static str| {
        let mut cells = line.split('|').map(str::trim);
        (cells.next().unwrap().parse().unwrap(), cells.collect())
    };
    TABLE.trim_matches('\n').lines().skip(1).map(row).collect()
}

/// Users and devices as the table wants them.
const SIM: &str = "[hermod.verbs.authenticate]\nextra_members = ['nonce']\n[desktop]\nslow_seconds = 7\n[mobile]\nslow_seconds = 7";

fn plays() -> [Play; 6] {
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
        Play::of(Command::DeleteProfile),
    ]
}

fn dialect() -> HermodDialect {
    smartid::core::dialect::overlay("answers.signature.covers = 'concatenated'").unwrap()
}

/// The end of one play. Who replays has to have said something before.
async fn end_of(play: Play) -> String {
    let stage = Stage::set(SIM, &dialect(), &play).await;
    if play.persona == Persona::ReplaysOld && play.command != Command::DeleteProfile {
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
    for (persona, ends) in table() {
        assert_eq!(ends.len(), GOOD.len(), "{persona}");
        for ((play, end), good) in plays().into_iter().zip(ends).zip(GOOD) {
            let expected = if end == "-" { good } else { end };
            running.spawn(async move {
                let command = play.command;
                (persona, command, expected, end_of(play.by(persona)).await)
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
    let honest = TABLE.split(['|', '\n']).filter(|cell| cell.trim() == "-").count();
    assert_eq!(verified, honest);
}

#[test]
fn every_persona_is_in_the_table() {
    let of_fido = [
        Persona::WrongChallenge,
        Persona::WrongOrigin,
        Persona::AlreadyRegistered,
    ];
    let rows: Vec<Persona> = table().into_iter().map(|(persona, _)| persona).collect();
    for persona in Persona::ALL {
        assert_ne!(rows.contains(persona), of_fido.contains(persona), "{persona}");
    }
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
