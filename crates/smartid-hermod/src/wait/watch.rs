//! What a wait has told of, where somebody wants to hear of everything.

use std::collections::VecDeque;

use smartid_core::CorrelationId;

use super::PollHealth;
use super::states::StateChange;
use crate::letter;
use crate::pending::Pending;
use crate::report::CommandReport;
use crate::state::State;

#[derive(Default)]
pub(super) struct Watch {
    /// The ids of all reports, final or not.
    pub(super) ids: Vec<CorrelationId>,
    /// The ids of those that are not.
    pub(super) progress: Vec<CorrelationId>,
    /// What waits to be told.
    pub(super) changes: VecDeque<StateChange>,
    /// Which letters were told of, by what tells them apart.
    letters: Vec<String>,
    /// The last state that was told.
    state: Option<State>,
    /// How many mailboxes' answers were told.
    answers: usize,
    degraded: bool,
}

impl Watch {
    pub(super) fn new(pending: &Pending, health: &PollHealth) -> Self {
        let progress = pending.ids(letter::PROGRESS);
        let mut ids = pending.ids(letter::FINAL);
        ids.extend_from_slice(&progress);
        Self {
            ids,
            progress,
            degraded: health.is_degraded(),
            ..Self::default()
        }
    }

    /// A callback that is not final: each is told once.
    pub(super) fn letter(&mut self, message: String, report: CommandReport) {
        if !self.letters.contains(&message) {
            self.letters.push(message);
            self.unfinished(report);
        }
    }

    /// A poll's answer that is not final: told when the state is another than the last.
    pub(super) fn polled(&mut self, report: &CommandReport) {
        if self.state.as_ref() != Some(&report.state) {
            self.unfinished(report.clone());
        }
    }

    /// All mailboxes' answers so far, while they do not end the wait.
    pub(super) fn answers(&mut self, all: &[CommandReport]) {
        for report in all.iter().skip(self.answers) {
            let report = Box::new(report.clone());
            self.changes.push_back(StateChange::Answered(report));
        }
        self.answers = all.len();
    }

    pub(super) fn health(&mut self, health: &PollHealth) {
        if self.degraded != health.is_degraded() {
            self.degraded = health.is_degraded();
            self.changes.push_back(StateChange::Polling(health.clone()));
        }
    }

    fn unfinished(&mut self, report: CommandReport) {
        self.state = Some(report.state.clone());
        let report = Box::new(report);
        self.changes.push_back(StateChange::Unfinished(report));
    }
}
