//! The engine of a wait: looks into the inbox, polls when that is due, sleeps until either may have changed, knows the end.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use smartid_core::{
    BoxFuture, CallPolicy, CorrelationId, Either, Error, Inbox, Lint, StoreError, Timestamp, race,
};

use super::lent::Lent;
use super::reports::Reports;
use super::states::StateChange;
use super::{By, PollHealth, PollPolicy, Step, Waited};
use crate::client::Hermod;
use crate::commands::CommandStatus;
use crate::ids::CommandId;
use crate::letter;
use crate::pending::Pending;
use crate::report::CommandReport;
use crate::state::State;

/// How many letters of one command are looked at.
const MOST_LETTERS: usize = 256;

type Polled = Result<Box<CommandReport>, Error>;

/// One wait. [`Hermod::wait`] runs it; the steps are for those who sleep in their own way.
pub struct Waiter<'a> {
    hermod: Hermod,
    inbox: Lent<'a, dyn Inbox + 'a>,
    pending: Lent<'a, Pending>,
    policy: PollPolicy,
    ids: Vec<CorrelationId>,
    reports: Reports,
    /// A poll's answer that is final but lacks what matters; the callback may still bring it.
    held: Option<Box<CommandReport>>,
    unfinished: Option<Box<CommandReport>>,
    health: PollHealth,
    /// Sleeps until a poll is due, and polls.
    cycle: Option<BoxFuture<'static, Polled>>,
    /// What is needed only where somebody wants to hear of everything.
    watch: Option<Box<Watch>>,
}

#[derive(Default)]
struct Watch {
    /// The ids of final reports and of those that are not.
    ids: Vec<CorrelationId>,
    progress: Vec<CorrelationId>,
    /// Which letters were told of, by what tells them apart.
    told: Vec<String>,
    /// The last state that was told.
    state: Option<State>,
    answers: usize,
    degraded: bool,
    changes: VecDeque<StateChange>,
}

impl std::fmt::Debug for Waiter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiter")
            .field("pending", &*self.pending)
            .field("policy", &self.policy)
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

impl<'a> Waiter<'a> {
    /// For one command.
    #[must_use]
    pub fn new(hermod: &'a Hermod, inbox: &'a dyn Inbox, pending: &'a Pending, policy: &PollPolicy) -> Self {
        Self::of(
            hermod.clone(),
            Lent::Borrowed(inbox),
            Lent::Borrowed(pending),
            *policy,
        )
    }

    fn of(
        hermod: Hermod,
        inbox: Lent<'a, dyn Inbox + 'a>,
        pending: Lent<'a, Pending>,
        policy: PollPolicy,
    ) -> Self {
        Self {
            ids: pending.ids(letter::FINAL),
            hermod,
            inbox,
            pending,
            policy,
            reports: Reports::default(),
            held: None,
            unfinished: None,
            health: PollHealth::default(),
            cycle: None,
            watch: None,
        }
    }

    /// Goes on with the health of an earlier wait for the same command.
    #[must_use]
    pub fn with_health(mut self, health: PollHealth) -> Self {
        if let Some(watch) = &mut self.watch {
            watch.degraded = health.is_degraded();
        }
        self.health = health;
        self
    }

    /// Tells of all that happens, see [`advance`](Self::advance).
    pub(super) fn watching(mut self) -> Self {
        let progress = self.pending.ids(letter::PROGRESS);
        self.watch = Some(Box::new(Watch {
            ids: self.ids.iter().chain(&progress).cloned().collect(),
            progress,
            degraded: self.health.is_degraded(),
            ..Watch::default()
        }));
        self
    }

    /// How polling goes.
    #[must_use]
    pub fn health(&self) -> &PollHealth {
        &self.health
    }

    fn now(&self) -> Timestamp {
        self.hermod.runtime().now()
    }

    fn deadline(&self) -> Timestamp {
        let deadline = self.policy.deadline(&self.pending);
        self.health
            .settles
            .map_or(deadline, |settles| settles.earlier(deadline))
    }

    /// Waits to the end.
    ///
    /// # Errors
    /// [`StoreError`] when the inbox cannot be read. Nothing is lost then: wait again.
    pub fn run(self) -> impl Future<Output = Result<Waited, StoreError>> + Send + 'a {
        // Boxed, as all that is seldom needed at the same time: a hundred thousand flows may be waiting.
        let mut this = Box::new(self);
        async move {
            loop {
                if let StateChange::Ended(waited) = this.advance().await? {
                    return Ok(*waited);
                }
            }
        }
    }

    /// Waits for the next change; without [`watching`](Self::watching) that is the end. It is not called after that.
    pub(super) async fn advance(&mut self) -> Result<StateChange, StoreError> {
        loop {
            let watch = self.watch.as_mut();
            if let Some(change) = watch.and_then(|watch| watch.changes.pop_front()) {
                return Ok(change);
            }
            let watched = self.watch.as_ref().map_or(&self.ids, |watch| &watch.ids);
            let arrival = self.inbox.arrival(watched);
            if self.look().await? {
                return Ok(self.ended(By::Callback));
            }
            if self.watch.as_ref().is_some_and(|watch| !watch.changes.is_empty()) {
                continue;
            }
            let now = self.now();
            let left = self.deadline().since(now);
            if left.is_zero() {
                // Boxed, because it is needed once and is large.
                let by = Box::pin(self.give_up()).await?;
                return Ok(self.ended(by));
            }
            if self.cycle.is_none() {
                self.cycle = self.next_cycle(now);
            }
            let timer = self.hermod.runtime().sleep(left);
            let cycle = &mut self.cycle;
            let poll = poll_fn(|context| match cycle {
                Some(cycle) => cycle.as_mut().poll(context),
                None => Poll::Pending,
            });
            // Anything else is a letter or the deadline: look.
            if let Either::Second(Either::First(outcome)) = race(arrival, race(poll, timer)).await {
                self.cycle = None;
                if self.polled(outcome) {
                    return Ok(self.ended(By::Poll));
                }
            }
        }
    }

    /// One step without sleeping: looks into the inbox, polls if that is due, says when to come again.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn step(mut self) -> Result<(Step, PollHealth), StoreError> {
        let now = self.now();
        let end = if self.look().await? {
            Some(By::Callback)
        } else if self.deadline().since(now).is_zero() {
            Some(self.give_up().await?)
        } else if self
            .health
            .due(&self.pending, &self.policy, now)
            .is_some_and(|due| due <= now)
        {
            let outcome = ask(self.hermod.clone(), self.command_id(), self.policy).await;
            self.polled(outcome).then_some(By::Poll)
        } else {
            None
        };
        if let Some(by) = end {
            let waited = self.waited(by);
            let health = waited.polling.clone();
            return Ok((Step::Done(Box::new(waited)), health));
        }
        let deadline = self.deadline();
        let until = self.health.next.filter(|_| !self.health.is_degraded());
        let until = until.map_or(deadline, |next| next.earlier(deadline));
        Ok((Step::Sleep { until }, self.health))
    }

    fn ended(&mut self, by: By) -> StateChange {
        StateChange::Ended(Box::new(self.waited(by)))
    }

    fn waited(&mut self, by: By) -> Waited {
        let (reports, report) = std::mem::take(&mut self.reports).end();
        let unfinished = self.unfinished.take().filter(|_| report.is_none());
        Waited {
            report,
            reports,
            by,
            polling: std::mem::take(&mut self.health),
            unfinished: unfinished.map(|report| *report),
        }
    }

    /// The time is over: what was held back counts now, and what a receiver did not take for final.
    async fn give_up(&mut self) -> Result<By, StoreError> {
        if self.health.settles.is_some() {
            // In another process than the one that heard it, it is asked for once more.
            let held = match self.held.take() {
                Some(held) => Some(held),
                None => ask(self.hermod.clone(), self.command_id(), self.policy)
                    .await
                    .ok(),
            };
            if let Some(report) = held.filter(|report| report.is_final()) {
                self.whole(*report);
                return Ok(By::Poll);
            }
        }
        let progress = self.pending.ids(letter::PROGRESS);
        for report in letters(&self.hermod, &*self.inbox, &self.pending, &progress)
            .await?
            .into_iter()
            .map(|(_, report)| report)
        {
            if report.is_final() {
                // Stored by a receiver whose dialect did not know the spelling.
                self.add(report);
                if self.reports.decide() {
                    return Ok(By::Callback);
                }
            } else {
                self.unfinished = Some(Box::new(report));
            }
        }
        Ok(By::Deadline)
    }

    /// Looks into the inbox; whether the wait is over.
    async fn look(&mut self) -> Result<bool, StoreError> {
        if let Some(progress) = self.watch.as_ref().map(|watch| watch.progress.clone()) {
            for (message, report) in letters(&self.hermod, &*self.inbox, &self.pending, &progress).await? {
                // One that is final only for this dialect counts at the end, as it does where nobody watches.
                if !report.is_final() {
                    self.tell_letter(message, report);
                }
            }
        }
        let letters = letters(&self.hermod, &*self.inbox, &self.pending, &self.ids).await?;
        for (message, report) in letters {
            if report.is_final() {
                self.add(report);
            } else {
                // The receiver knows a spelling that this dialect lacks.
                self.unfinished = Some(Box::new(report.clone()));
                self.tell_letter(message, report);
            }
        }
        if let Some(watch) = self.watch.as_mut().filter(|_| !self.reports.decide()) {
            let answers = self.reports.list();
            for report in answers.iter().skip(watch.answers) {
                watch
                    .changes
                    .push_back(StateChange::Answered(Box::new(report.clone())));
            }
            watch.answers = answers.len();
        }
        Ok(self.reports.decide())
    }

    fn add(&mut self, mut report: CommandReport) {
        let mids = &self.pending.mids;
        if report
            .mid
            .as_ref()
            .is_some_and(|mid| !mids.is_empty() && !mids.contains(mid))
        {
            let place = self.hermod.dialect().callback.mid.to_string();
            report.lints.push(Lint::new(
                place,
                "the report comes from a mailbox that the command was not put into",
            ));
        }
        self.reports.add(report, mids, self.policy.until());
    }

    /// Adds a report that tells of the command as a whole.
    fn whole(&mut self, report: CommandReport) {
        self.reports.decided_by(report);
    }

    fn tell_letter(&mut self, message: String, report: CommandReport) {
        let Some(watch) = &mut self.watch else { return };
        if !watch.told.contains(&message) {
            watch.told.push(message);
            watch.tell(report);
        }
    }

    /// Takes a poll's outcome into account; whether it ends the wait.
    fn polled(&mut self, outcome: Polled) -> bool {
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
        if let Some(watch) = self
            .watch
            .as_mut()
            .filter(|watch| watch.degraded != self.health.is_degraded())
        {
            watch.degraded = self.health.is_degraded();
            watch.changes.push_back(StateChange::Polling(self.health.clone()));
        }
        over
    }

    fn answered(&mut self, report: Box<CommandReport>, now: Timestamp) -> bool {
        if !report.is_final() {
            if let Some(watch) = self
                .watch
                .as_mut()
                .filter(|watch| watch.state.as_ref() != Some(&report.state))
            {
                watch.tell((*report).clone());
            }
            self.unfinished = Some(report).filter(|report| report.state != State::InProgress);
            return false;
        }
        if !self.pending.expects_response || !report.is_bare() {
            self.whole(*report);
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

    fn command_id(&self) -> CommandId {
        let id = self.pending.command_id.clone();
        id.unwrap_or_else(|| CommandId::new(""))
    }

    /// Sleeps until a poll is due, and polls; `None` when there is no polling.
    fn next_cycle(&mut self, now: Timestamp) -> Option<BoxFuture<'static, Polled>> {
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

impl Waiter<'static> {
    /// For one command; nothing is borrowed.
    #[must_use]
    pub fn owned(hermod: &Hermod, inbox: Arc<dyn Inbox>, pending: Pending, policy: &PollPolicy) -> Self {
        Self::of(
            hermod.clone(),
            Lent::Shared(inbox),
            Lent::Shared(Arc::new(pending)),
            *policy,
        )
    }
}

impl Watch {
    fn tell(&mut self, report: CommandReport) {
        self.state = Some(report.state.clone());
        self.changes.push_back(StateChange::Unfinished(Box::new(report)));
    }
}

/// The reports that the inbox has for a command, the oldest first, with what tells their letters apart. They stay there.
async fn letters(
    hermod: &Hermod,
    inbox: &dyn Inbox,
    pending: &Pending,
    ids: &[CorrelationId],
) -> Result<Vec<(String, CommandReport)>, StoreError> {
    let dialect = hermod.dialect();
    let letters = inbox.list(ids, MOST_LETTERS).await?;
    let reports = letters.iter().filter_map(|letter| {
        let report = CommandReport::from_letter(letter, dialect).ok()?;
        (!report.is_foreign_to(pending, dialect)).then(|| (letter.message().to_owned(), report))
    });
    Ok(reports.collect())
}

/// Asks once.
async fn ask(hermod: Hermod, id: CommandId, policy: PollPolicy) -> Polled {
    let limits = CallPolicy::default()
        .with_attempts(1)
        .with_attempt_limit(policy.attempt_limit)
        .with_total_limit(policy.attempt_limit);
    let poll = CommandStatus::new(id);
    Ok(Box::new(hermod.call_with(&poll, limits).await?))
}
