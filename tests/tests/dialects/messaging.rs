//! Every setting of the messaging commands: with it the command reaches its outcome against a simulator that is set the same way, and
//! without it the same simulator does not.

use std::collections::BTreeSet;

use smartid::HermodDialect;
use smartid::core::dialect::overlay;
use smartid_tests::play::{Play, Stage};

use crate::commands::Difference;
use crate::seen::SEEN;
use crate::told::TOLD;
use crate::{all_of, answers, commands, keys_of};

fn differences() -> Vec<Difference> {
    let groups = [
        commands::of_every_command(),
        commands::constants(),
        commands::destinations(),
        answers::provisioning(),
        answers::signatures(),
        answers::pin_resets(),
        answers::others(),
        answers::content(),
    ];
    let told = TOLD
        .iter()
        .map(|(base, dialect, play, with, without)| Difference {
            base: (*base).to_owned(),
            dialect: (*dialect).to_owned(),
            sim: String::new(),
            play: play.clone(),
            with,
            without,
        });
    groups.into_iter().flatten().chain(told).collect()
}

fn dialect(parts: [&str; 2]) -> HermodDialect {
    let toml = parts.join("\n");
    overlay(&toml).unwrap_or_else(|error| panic!("{toml}: {error}"))
}

/// The settings that are in a case here.
pub(crate) fn covered() -> BTreeSet<String> {
    let texts = differences().into_iter().map(|difference| difference.dialect);
    let seen = SEEN.iter().map(|(_, dialect, ..)| (*dialect).to_owned());
    texts.chain(seen).flat_map(|text| keys_of(&text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_its_outcome_with_the_setting_and_not_without() {
    let mut jobs = Vec::new();
    for difference in differences() {
        for with in [true, false] {
            let difference = difference.clone();
            jobs.push(async move {
                let Difference {
                    base,
                    dialect: setting,
                    sim,
                    play,
                    with: good,
                    without,
                } = difference;
                let dialect = dialect([&base, if with { &setting } else { "" }]);
                let end = Stage::set(&sim, &dialect, &play).await.play(&play).await;
                let expected = if with { good } else { without };
                (end != expected).then(|| {
                    let with = if with { "with" } else { "without" };
                    format!("{with} {setting}: {end}, not {expected}")
                })
            });
        }
    }
    let mut wrong: Vec<String> = all_of(jobs).await.into_iter().flatten().collect();
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_hears_what_the_settings_of_commands_say() {
    let mut jobs = Vec::new();
    for (base, setting, sim, play, says) in SEEN {
        for with in [true, false] {
            let (says, play): (_, &Play) = (*says, play);
            jobs.push(async move {
                let dialect = dialect([base, if with { setting } else { "" }]);
                let stage = Stage::set(sim, &dialect, play).await;
                let end = stage.play(play).await;
                let heard = stage.bench.sim.records().iter().any(says);
                (heard != with).then(|| format!("{setting}: heard {heard}, ended {end}"))
            });
        }
    }
    let wrong: Vec<String> = all_of(jobs).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
