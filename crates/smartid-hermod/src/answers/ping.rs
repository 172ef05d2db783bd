//! The answer to a ping: alive, and what the device tells about itself.
//!
//! Vendor page: API parameters specific to Personal Desktop App 1.1: a set `deviceinfo` whose first member begins with `operatingsyst`
//! (documented); the other members are unknown, so all of it is kept.

use smartid_core::json;

use crate::dialect::HermodDialect;
use crate::outcome::Outcome;
use crate::report::CommandReport;

/// What a device tells about itself: unchecked words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The exact JSON text: an object as a rule, but any kind is kept.
    pub json: String,
}

impl DeviceInfo {
    /// A text member, such as `operatingsystem` (inferred name).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let members = json::members(&self.json)?;
        let (_, raw) = members.iter().rev().find(|(known, _)| known == name)?;
        crate::read::shown(raw, 400)
    }
}

impl CommandReport {
    /// What a ping came to: a success brings the device information, when there is any.
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, HermodDialect, Outcome};
    ///
    /// let dialect = HermodDialect::default();
    /// let body = r#"{"commandId":"5105","state":"SUCCESS","response":{"deviceinfo":{"operatingsystem":"Golden OS 1"}}}"#;
    /// let Outcome::Succeeded(Some(info)) = CommandReport::read(body.into(), &dialect)?.ping(&dialect) else { panic!() };
    /// assert_eq!(info.get("operatingsystem").as_deref(), Some("Golden OS 1"));
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    #[must_use]
    pub fn ping(&self, dialect: &HermodDialect) -> Outcome<Option<DeviceInfo>> {
        self.outcome(dialect, |report| {
            Ok(report
                .at(&dialect.answers.ping.device_info)
                .map(|json| DeviceInfo { json }))
        })
    }
}
