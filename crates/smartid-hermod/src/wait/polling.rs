//! The part of a wait that asks: when, and what the answer means.

use smartid_core::{BoxFuture, CallPolicy, Error, Timestamp};

use super::PollPolicy;
use super::engine::Waiter;
use crate::client::Hermod;
use crate::commands::CommandStatus;
use crate::ids::CommandId;
use crate::report::CommandReport;
use crate::state::State;

pub(super) type Polled = Result<Box<CommandReport>, Error>;

impl Waiter<'_> {
    /// Takes a poll's outcome into account; whether it ends the wait.
    pub(super) fn polled(&mut self, outcome: Polled) -> bool {
        let now = self.now();
        self.health.polls = self.health.polls.saturating_add(1);
        self.health.next = self.policy.interval.map(|interval| now + interval);
        let over = match outcome {
            Err(error) => {
                self.health.failed(&error, &self.policy);
                false
            }
            Ok(report) => {
                self.health.failures = 0;
                self.answered(report, now)
            }
        };
        if let Some(watch) = &mut self.watch {
            watch.health(&self.health);
        }
        over
    }

    fn answered(&mut self, report: Box<CommandReport>, now: Timestamp) -> bool {
        if !report.is_final() {
            if let Some(watch) = &mut self.watch {
                watch.polled(&report);
            }
            self.unfinished = Some(report).filter(|report| report.state != State::InProgress);
            return false;
        }
        if !self.pending.expects_response || !report.is_bare() {
            self.reports.decided_by(*report);
            return true;
        }
        // The state is final but the answer is not there: the callback may bring it. Asking again brings nothing new.
        self.health.degraded = Some("the poll tells the state but not the outcome".to_owned());
        self.health.settles = Some(if report.opened() {
            self.policy.deadline(&self.pending)
        } else {
            now + self.policy.settle
        });
        self.held = Some(report);
        false
    }

    pub(super) fn command_id(&self) -> CommandId {
        let id = self.pending.command_id.clone();
        id.unwrap_or_else(|| CommandId::new(""))
    }

    /// Sleeps until a poll is due, and polls; `None` when there is no polling.
    pub(super) fn next_cycle(&mut self, now: Timestamp) -> Option<BoxFuture<'static, Polled>> {
        let due = self.health.due(&self.pending, &self.policy, now)?;
        let (hermod, id, policy) = (self.hermod.clone(), self.command_id(), self.policy);
        Some(Box::pin(async move {
            let left = due.since(now);
            if !left.is_zero() {
                hermod.runtime().sleep(left).await;
            }
            // Boxed, so that a flow that sleeps is small.
            Box::pin(ask(hermod, id, policy)).await
        }))
    }
}

/// Asks once.
pub(super) async fn ask(hermod: Hermod, id: CommandId, policy: PollPolicy) -> Polled {
    let limits = CallPolicy::default()
        .with_attempts(1)
        .with_attempt_limit(policy.attempt_limit)
        .with_total_limit(policy.attempt_limit);
    let poll = CommandStatus::new(id);
    Ok(Box::new(hermod.call_with(&poll, limits).await?))
}
