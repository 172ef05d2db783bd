//! Which of the reports of one command ends the wait for it.

use crate::ids::Mid;
use crate::report::CommandReport;
use crate::state::State;

use super::policy::Until;

/// The final reports of one command, the first of each mailbox, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Reports {
    list: Vec<CommandReport>,
    /// Which of them decides, once one does. What comes later changes nothing, so it does not matter when somebody looks.
    deciding: Option<usize>,
}

impl Reports {
    /// Adds a report, unless one of that mailbox is there.
    pub(super) fn add(&mut self, report: CommandReport, mids: &[Mid], until: Until) {
        if self.list.iter().any(|known| known.mid == report.mid) {
            return;
        }
        let (success, whole) = (report.state == State::Success, report.mid.is_none());
        self.list.push(report);
        if self.deciding.is_some() {
            return;
        }
        let all = whole || self.list.len() >= mids.len();
        if all || success && until == Until::FirstSuccess {
            self.deciding = self.foremost();
        }
    }

    /// Adds a report that tells of the command as a whole, and decides unless one has.
    pub(super) fn decided_by(&mut self, report: CommandReport) {
        self.deciding = self.deciding.or(Some(self.list.len()));
        self.list.push(report);
    }

    /// The first success, or else the first report.
    fn foremost(&self) -> Option<usize> {
        let success = self.list.iter().position(|report| report.state == State::Success);
        success.or((!self.list.is_empty()).then_some(0))
    }

    /// Whether they end the wait.
    pub(super) fn decide(&self) -> bool {
        self.deciding.is_some()
    }

    pub(super) fn list(&self) -> &[CommandReport] {
        &self.list
    }

    /// All of them, and the one that counts now.
    pub(super) fn end(self) -> (Vec<CommandReport>, Option<CommandReport>) {
        let chosen = self.deciding.or_else(|| self.foremost());
        let report = chosen.and_then(|index| self.list.get(index)).cloned();
        (self.list, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::HermodDialect;

    fn report(mid: &str, state: &str) -> CommandReport {
        let destinations = if mid.is_empty() {
            String::new()
        } else {
            format!(r#","destinations":[{{"mid":"{mid}"}}]"#)
        };
        let body = format!(r#"{{"commandId":"1","state":"{state}"{destinations}}}"#);
        CommandReport::read(body.into(), &HermodDialect::default()).unwrap()
    }

    /// How many reports end the wait, and the mailbox and state of the one that counts.
    fn end(mids: &[&str], until: Until, reports: &[(&str, &str)]) -> (Option<usize>, String) {
        let mids: Vec<Mid> = mids.iter().map(|mid| Mid::from(*mid)).collect();
        let mut all = Reports::default();
        let mut after = None;
        for (index, (mid, state)) in reports.iter().enumerate() {
            all.add(report(mid, state), &mids, until);
            if all.decide() && after.is_none() {
                after = Some(index + 1);
            }
        }
        let chosen = all.end().1.unwrap();
        let mid = chosen.mid.map(|mid| mid.as_str().to_owned()).unwrap_or_default();
        (after, format!("{mid}:{}", chosen.state))
    }

    #[test]
    fn one_mailbox_or_an_unknown_number_ends_with_the_first_report() {
        for mids in [&[][..], &["a"]] {
            for until in [Until::FirstSuccess, Until::AllMailboxes] {
                let reports = [
                    ("a", "TIMEOUT"),
                    ("a", "SUCCESS"),
                    ("z", "SUCCESS"),
                    ("", "SUCCESS"),
                ];
                assert_eq!(end(mids, until, &reports), (Some(1), "a:TIMEOUT".into()));
                let reports = [("z", "REJECTED"), ("a", "SUCCESS")];
                assert_eq!(end(mids, until, &reports), (Some(1), "z:REJECTED".into()));
            }
        }
    }

    #[test]
    fn of_several_mailboxes_the_first_success_or_the_last_answer_ends_it() {
        let mids = ["a", "b", "c"];
        let reports = [
            ("a", "REJECTED"),
            ("a", "SUCCESS"),
            ("b", "SUCCESS"),
            ("c", "TIMEOUT"),
        ];
        assert_eq!(
            end(&mids, Until::FirstSuccess, &reports),
            (Some(3), "b:SUCCESS".into())
        );
        assert_eq!(
            end(&mids, Until::AllMailboxes, &reports),
            (Some(4), "b:SUCCESS".into())
        );
        let none = [("c", "FAILED"), ("b", "REJECTED"), ("a", "TIMEOUT")];
        assert_eq!(
            end(&mids, Until::FirstSuccess, &none),
            (Some(3), "c:FAILED".into())
        );
        // The deadline comes before the others have answered.
        assert_eq!(
            end(&mids, Until::FirstSuccess, &none[..2]),
            (None, "c:FAILED".into())
        );
    }

    #[test]
    fn a_report_without_a_mailbox_is_about_all_of_them() {
        let reports = [("a", "REJECTED"), ("", "TIMEOUT")];
        assert_eq!(
            end(&["a", "b", "c"], Until::AllMailboxes, &reports),
            (Some(2), "a:REJECTED".into())
        );
    }
}
