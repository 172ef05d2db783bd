//! Everything odd about options or a registration that was let pass, in one list.
//!
//! What is refused is an error and stops. What is tolerated would be forgotten if nobody wrote it down, and each of these oddities is a
//! ceremony that fails at the next server or the next browser: a report names them by code, member and reason, so that a program can count
//! them and a person can mend them.

use std::collections::BTreeSet;
use std::fmt;

use smartid_core::Lint;

use super::client_data::ClientData;
use super::{Attestation, AttestationVerdict, CreationOptions, Registration, SignatureCheck};

/// What was tolerated.
///
/// ```
/// use smartid_da::fido::{CreationOptions, Report};
///
/// let options = CreationOptions::parse(r#"{"rp": {"name": "Login"}, "user": {"id": "AQ==", "name": "anna", "displayName": "Anna"},
///     "challenge": "AAECAwQFBgcICQoLDA0ODw", "pubKeyCredParams": [{"type": "public-key", "alg": -7}], "timeout": 0}"#)?;
/// let report = Report::of_options(&options);
/// assert_eq!(report.codes().into_iter().collect::<Vec<_>>(), ["padding", "timeout"]);
/// assert_eq!(report.to_string().lines().next(), Some("padding at /user/id: base64url with padding"));
/// # Ok::<(), smartid_da::fido::OptionsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Lint>);

impl Report {
    /// What is odd about creation options.
    #[must_use]
    pub fn of_options(options: &CreationOptions) -> Self {
        Self(options.lints().to_vec())
    }

    /// What is odd about a registration: its JSON, its client data, its attestation. Nothing here compares it with options;
    /// [`preflight::check`](super::preflight::check) does, and its result has a report of its own.
    #[must_use]
    pub fn of_registration(registration: &Registration) -> Self {
        let mut lints = registration.lints().to_vec();
        match ClientData::parse(registration.client_data_json()) {
            Ok(client_data) => lints.extend(client_data.lints),
            Err(error) => lints.push(Lint::new("clientDataJSON", error.to_string()).code("unreadable")),
        }
        match Attestation::of(registration) {
            Ok(attestation) => lints.extend(of_attestation(&attestation)),
            Err(error) => lints.push(Lint::new("attestationObject", error.to_string()).code("unreadable")),
        }
        Self(lints)
    }

    /// One entry for each oddity.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.0
    }

    /// The codes that occur, each once.
    #[must_use]
    pub fn codes(&self) -> BTreeSet<&'static str> {
        self.0.iter().map(|lint| lint.code).collect()
    }

    /// Whether nothing is odd.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<Lint>> for Report {
    fn from(lints: Vec<Lint>) -> Self {
        Self(lints)
    }
}

impl fmt::Display for Report {
    /// One line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Lint { code, at, what, .. } in &self.0 {
            let at = if at.is_empty() { "the document" } else { at };
            writeln!(f, "{code} at {at}: {what}")?;
        }
        Ok(())
    }
}

/// What a statement's verdict is as an oddity.
pub(super) fn of_attestation(attestation: &Attestation) -> Option<Lint> {
    let at = "attestationObject/attStmt";
    match attestation.verdict() {
        AttestationVerdict::Wrong(why) => Some(Lint::new(at, why.to_string()).code(why.name())),
        _ if attestation.signature() == SignatureCheck::Wrong => {
            Some(Lint::new(at, "the signature is wrong").code("signature"))
        }
        _ => None,
    }
}
