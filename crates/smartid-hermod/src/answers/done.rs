//! The answer of a device that did what it was told and has nothing to say: endpinreset, and deleting a profile. No parameters of these
//! answers are published, so whatever comes is kept.

use std::fmt;

use crate::dialect::HermodDialect;
use crate::outcome::Outcome;
use crate::report::CommandReport;

/// The device did it. `Debug` does not show its words.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// What the device says besides, as exact JSON text.
    pub response: Option<String>,
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { response } = self;
        f.debug_struct("Done")
            .field("response_bytes", &response.as_ref().map(String::len))
            .finish()
    }
}

impl CommandReport {
    /// What an endpinreset command came to: the PIN is reset, or what the start command's operation says is done.
    ///
    /// A failure may mean that the token did not accept the proof, and that may count towards blocking its admin key: look before a
    /// second try.
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, HermodDialect, Outcome};
    ///
    /// let dialect = HermodDialect::default();
    /// let body = r#"{"commandId":"5107","commandType":"EPIN","state":"SUCCESS"}"#;
    /// let outcome = CommandReport::read(body.into(), &dialect)?.end_pin_reset(&dialect);
    /// assert!(matches!(outcome, Outcome::Succeeded(done) if done.response.is_none()));
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    #[must_use]
    pub fn end_pin_reset(&self, dialect: &HermodDialect) -> Outcome<Done> {
        self.done(dialect)
    }

    /// What deleting a profile on a device came to. One report for each device, where there are several.
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, HermodDialect, Outcome};
    ///
    /// let dialect = HermodDialect::default();
    /// let body = r#"{"commandId":"5108","state":"FAILED","error":{"code":"PROFILE_NOT_FOUND"}}"#;
    /// let outcome = CommandReport::read(body.into(), &dialect)?.delete_profile(&dialect);
    /// assert!(matches!(outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("PROFILE_NOT_FOUND")));
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    #[must_use]
    pub fn delete_profile(&self, dialect: &HermodDialect) -> Outcome<Done> {
        self.done(dialect)
    }

    fn done(&self, dialect: &HermodDialect) -> Outcome<Done> {
        self.outcome(dialect, |report| {
            Ok(Done {
                response: report.response.clone(),
            })
        })
    }
}
