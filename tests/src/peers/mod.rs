//! Registrations for verifiers that are not ours: what was made and sent, hostile copies of it, and the programs that judge it.
//!
//! A registration goes through here as the JSON object that `smartid_sim::sample_registrations` describes; a hostile copy of one has two
//! members more, `name` (what was changed) and `expect`, which is `refused`.

mod browser;
mod hostile;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use smartid::UserId;
use smartid_da::fido::preflight::{self, OriginRule, Preflight};
use smartid_da::fido::{Attestation, AttestationVerdict, CreationOptions, Registration};
use smartid_sim::SimConfig;

pub use browser::{Browser, Ceremony, Texts};
pub use hostile::{CHANGES, Change, hostile_copies};

use crate::{Setup, World};

/// Every algorithm with every attestation that it allows.
pub const KINDS: [(i64, &str); 22] = [
    (-7, "none"),
    (-7, "packed"),
    (-7, "packed-x5c"),
    (-7, "fido-u2f"),
    (-8, "none"),
    (-8, "packed"),
    (-8, "packed-x5c"),
    (-35, "none"),
    (-35, "packed"),
    (-35, "packed-x5c"),
    (-36, "none"),
    (-36, "packed"),
    (-36, "packed-x5c"),
    (-257, "none"),
    (-257, "packed"),
    (-257, "packed-x5c"),
    (-258, "none"),
    (-258, "packed"),
    (-258, "packed-x5c"),
    (-259, "none"),
    (-259, "packed"),
    (-259, "packed-x5c"),
];

/// What our client POSTs to Digital Access at the end of an enrolment: for every algorithm with every attestation that it allows. The
/// bytes are those that the simulator has received, and in `sent` the exact text.
pub async fn sent() -> Vec<Value> {
    let sim = SimConfig::from_toml("[desktop]\nlevel3_members = true").unwrap();
    let world = World::start(Setup {
        sim,
        ..Setup::default()
    })
    .await;
    let mut lines = Vec::new();
    for (algorithm, attestation) in KINDS {
        world.sim.reconfigure(|config| {
            config.desktop.algorithms = vec![algorithm];
            config.desktop.attestation = serde_json::from_value(json!(attestation)).unwrap();
            let conveyance = if attestation == "none" { "none" } else { "direct" };
            config.da.attestation = conveyance.to_owned();
        });
        world.sim.clear_records();
        world.sim.remove_credentials_of("alice");
        let begun = world.flow.begin(&UserId::new("alice").unwrap()).await.unwrap();
        let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
        let person = tokio::spawn(async move { desktop.open(&link).await });
        let end = world.flow.complete(&begun.id).await.unwrap();
        assert!(end.is_stored(), "{algorithm} {attestation}: {end:?}");
        person.abort();
        let records = world.sim.records();
        let of = |tail: &str| records.iter().find(|record| record.path.ends_with(tail)).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let sent = text(&of("/fido/credentials").body);
        let options: Value = serde_json::from_slice(&of("/fido/options").reply).unwrap();
        lines.push(json!({
            "algorithm": algorithm,
            "attestation": attestation,
            "name": "sent",
            "rpId": options["rp"]["id"],
            "origin": format!("https://{}", options["rp"]["id"].as_str().unwrap()),
            "options": options,
            "registration": serde_json::from_str::<Value>(&sent).unwrap(),
            "sent": sent,
            "caPem": world.sim.ca_pem(),
        }));
    }
    lines
}

/// What our checks say about a registration: those before it is sent, then those of its attestation.
///
/// # Errors
/// The short name of what is wrong.
pub fn ours(line: &Value) -> Result<(), &'static str> {
    let options = CreationOptions::parse(&line["options"].to_string()).map_err(|error| error.name())?;
    options.validate().map_err(|error| error.name())?;
    let registration =
        Registration::parse(&line["registration"].to_string()).map_err(|error| error.name())?;
    let origin = line["origin"].as_str().unwrap().to_owned();
    let rules = Preflight::new().origin(OriginRule::Listed(vec![origin]));
    preflight::check(&options, &registration, &rules).map_err(|error| error.name())?;
    match Attestation::of(&registration)
        .map_err(|error| error.name())?
        .verdict()
    {
        AttestationVerdict::Verified => Ok(()),
        AttestationVerdict::Wrong(why) => Err(why.name()),
        other => panic!("{other}"),
    }
}

/// python-fido2 and webauthn on these lines. `SMARTID_PYTHON` names a Python that has both; without it `python3` is asked.
#[must_use]
pub fn python_verifiers() -> Command {
    let mut command = tool("SMARTID_PYTHON", "python3");
    command.arg(repository().join("crates/smartid-sim/tests/peers/verify_registration.py"));
    command
}

/// @simplewebauthn/server on these lines. `SMARTID_NODE_MODULES` names the folder where `npm ci` was run with `tests/peers/package.json`;
/// without it that folder itself is taken. `SMARTID_NODE` names another program than `node`.
#[must_use]
pub fn node_verifier() -> Command {
    let peers = repository().join("tests/peers");
    let modules = std::env::var_os("SMARTID_NODE_MODULES").map_or_else(|| peers.clone(), PathBuf::from);
    let mut command = tool("SMARTID_NODE", "node");
    command.arg(peers.join("verify_simplewebauthn.mjs")).arg(modules);
    command
}

fn tool(variable: &str, program: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| program.into()))
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Gives the lines to a verifier, which must be content and have seen that many registrations and hostile copies. What it printed.
pub fn judged(mut verifier: Command, lines: &[Value]) -> String {
    let hostile = lines.iter().filter(|line| line["expect"] == "refused").count();
    let counts = [lines.len() - hostile, hostile].map(|count| count.to_string());
    let mut child = verifier
        .args(counts)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{verifier:?} is needed: {error}"));
    let mut input = child.stdin.take().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{verifier:?}\n{said}\n{complaint}");
    writer.join().unwrap().unwrap();
    said
}
