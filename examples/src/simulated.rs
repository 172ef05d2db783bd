//! What the simulated people and authorities do in the examples: open links after a moment, hold cards, issue certificates.

use std::time::Duration;

use smartid::Timestamp;
use smartid::hermod::answers::Provisioned;
use smartid::hermod::commands::provision::Usage;
use smartid::trust::Certificate;
use smartid_sim::pki::{Key, KeyKind, Profile, Validity};
use smartid_sim::{Card, DeviceReport, Sim, SimError, TestCa};
use tokio::task::JoinHandle;

use crate::desk::Problem;

/// A simulated person who is about to open a link.
pub type Person = JoinHandle<Result<DeviceReport, SimError>>;

/// How long a simulated person looks at a link before opening it.
const MOMENT: Duration = Duration::from_millis(400);

/// The simulated person opens a link of the Desktop App.
#[must_use]
pub fn open_on_desktop(sim: &Sim, link: &str) -> Person {
    let (desktop, link) = (sim.desktop(), link.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(MOMENT).await;
        desktop.open(&link).await
    })
}

/// The simulated person scans the QR code of a mobile link.
#[must_use]
pub fn open_on_mobile(sim: &Sim, link: &str) -> Person {
    let (mobile, link) = (sim.mobile(), link.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(MOMENT).await;
        mobile.open(&link).await
    })
}

/// A certification authority of the simulated installation.
///
/// # Errors
/// When its keys cannot be made.
pub fn authority(now: Timestamp) -> Result<TestCa, SimError> {
    TestCa::new(17, now.as_millis() / 1000)
}

/// Has the keys of a profile certified, in their order: a signature key for signing, the others for authentication.
///
/// # Errors
/// When a request cannot be certified.
pub fn certify(
    authority: &TestCa,
    profile: &Provisioned,
    now: Timestamp,
) -> Result<Vec<Certificate>, Problem> {
    let validity = Validity::days(now.as_millis() / 1000, 365);
    let requests = profile
        .keys
        .iter()
        .filter_map(|key| Some((key, key.request.as_ref()?)));
    requests
        .map(|(key, request)| {
            let purpose = match key.usage {
                Usage::Signature => Profile::Signing,
                _ => Profile::Authentication,
            };
            let certificate = authority.issue(request.fact().der(), purpose, validity)?;
            Ok(Certificate::from_der(certificate.der().to_vec())?)
        })
        .collect()
}

/// Puts a card with a signature key and its certificate into the simulated computer.
///
/// # Errors
/// When key or certificate cannot be made.
pub fn insert_signing_card(
    sim: &Sim,
    authority: &TestCa,
    name: &str,
    now: Timestamp,
) -> Result<(), SimError> {
    let key = Key::generate(KeyKind::Rsa2048)?;
    let validity = Validity::days(now.as_millis() / 1000, 365);
    let certificate = authority.issue_for_key(name, &key, Profile::Signing, validity)?;
    let chain = [certificate.der().to_vec(), authority.issuer_der().to_vec()];
    sim.desktop()
        .insert_card(Card::new("example-card").key("signer", "SIG", &key, &chain));
    Ok(())
}

/// Waits a moment for the simulated app to finish, and says what it did.
pub async fn told(person: Option<Person>) -> Option<String> {
    let report = tokio::time::timeout(Duration::from_secs(1), person?)
        .await
        .ok()?
        .ok()?;
    Some(match report {
        Ok(report) => report.actions.join("; "),
        Err(problem) => problem.to_string(),
    })
}
