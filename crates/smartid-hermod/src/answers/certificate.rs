//! The answer to a certificate command: the certificates are installed. Whether a device says more is unknown, so what it says is kept.
//!
//! Vendor page: Smart ID Messaging API overview (documented: that a response comes by callback; its body is not).

use std::fmt;

use super::ProvisionAnswer;
use crate::dialect::HermodDialect;
use crate::outcome::Outcome;
use crate::report::CommandReport;

/// What a certificate command came to. `Debug` shows the length of the response.
#[non_exhaustive]
pub struct CertificatesInstalled {
    /// The device's response, JSON text of any kind, when there is one.
    pub response: Option<String>,
    /// The signed confirmation, when there is one at the place of a provisioning answer or elsewhere in the report (inferred):
    /// [verify](ProvisionAnswer::verify) it with the policy of the command
    /// ([`InstallCertificates::policy`](crate::commands::InstallCertificates::policy)).
    pub confirmation: Option<ProvisionAnswer>,
}

impl CommandReport {
    /// What a certificate command came to. A success needs no response.
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, HermodDialect, Outcome};
    ///
    /// let dialect = HermodDialect::default();
    /// let report = CommandReport::read(r#"{"commandId":"5102","state":"SUCCESS"}"#.into(), &dialect)?;
    /// let Outcome::Succeeded(installed) = report.certificate(&dialect) else { panic!() };
    /// assert!(installed.response.is_none() && installed.confirmation.is_none());
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    #[must_use]
    pub fn certificate(&self, dialect: &HermodDialect) -> Outcome<CertificatesInstalled> {
        self.outcome(dialect, |report| {
            Ok(CertificatesInstalled {
                response: report.response.clone(),
                confirmation: ProvisionAnswer::find(report, dialect).ok(),
            })
        })
    }
}

impl fmt::Debug for CertificatesInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            response,
            confirmation,
        } = self;
        f.debug_struct("CertificatesInstalled")
            .field("response_bytes", &response.as_ref().map(String::len))
            .field("confirmation", confirmation)
            .finish()
    }
}
