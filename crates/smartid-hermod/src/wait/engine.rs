//! The engine of a wait: looks into the inbox, polls when that is due, sleeps until either may have changed, knows the end.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use smartid_core::{BoxFuture, CorrelationId, Either, Inbox, Lint, StoreError, Timestamp, race};

use super::lent::Lent;
use super::polling::{Polled, ask};
use super::reports::Reports;
use super::states::StateChange;
use super::watch::Watch;
use super::{By, PollHealth, PollPolicy, Step, Waited};
use crate::client::Hermod;
use crate::letter;
use crate::pending::Pending;
use crate::report::CommandReport;

/// How many letters of one command are looked at.
const MOST_LETTERS: usize = 256;

/// One wait. [`Hermod::wait`] runs it; the steps are for those who sleep in their own way.
pub struct Waiter<'a> {
    pub(super) hermod: Hermod,
    pub(super) inbox: Lent<'a, dyn Inbox + 'a>,
    pub(super) pending: Lent<'a, Pending>,
    pub(super) policy: PollPolicy,
    pub(super) ids: Vec<CorrelationId>,
    pub(super) reports: Reports,
    /// A poll's answer that is final but lacks what matters; the callback may still bring it.
    pub(super) held: Option<Box<CommandReport>>,
    pub(super) unfinished: Option<Box<CommandReport>>,
    pub(super) health: PollHealth,
    /// Sleeps until a poll is due, and polls.
    pub(super) cycle: Option<BoxFuture<'static, Polled>>,
    /// Sleeps until the deadline that stands beside it. It is not begun anew at each look, so that a clock that is set back does not
    /// lengthen the wait.
    timer: Option<(Timestamp, BoxFuture<'static, ()>)>,
    /// Whether that sleep is over.
    past: bool,
    /// What is needed only where somebody wants to hear of everything.
    pub(super) watch: Option<Box<Watch>>,
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
            timer: None,
            past: false,
            watch: None,
        }
    }

    /// Goes on with the health of an earlier wait for the same command.
    #[must_use]
    pub fn with_health(mut self, health: PollHealth) -> Self {
        if let Some(watch) = &mut self.watch {
            watch.health(&health);
        }
        self.health = health;
        self
    }

    /// Tells of all that happens, see [`advance`](Self::advance).
    pub(super) fn watching(mut self) -> Self {
        self.watch = Some(Box::new(Watch::new(&self.pending, &self.health)));
        self
    }

    /// How polling goes.
    #[must_use]
    pub fn health(&self) -> &PollHealth {
        &self.health
    }

    pub(super) fn now(&self) -> Timestamp {
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
            let over = self.look().await?;
            if self.watch.as_ref().is_some_and(|watch| !watch.changes.is_empty()) {
                continue;
            }
            if over {
                return Ok(self.ended(By::Callback));
            }
            let (now, deadline) = (self.now(), self.deadline());
            let left = deadline.since(now);
            if left.is_zero() || self.past {
                // Boxed, because it is needed once and is large.
                let by = Box::pin(self.give_up()).await?;
                return Ok(self.ended(by));
            }
            if self.cycle.is_none() {
                self.cycle = self.next_cycle(now);
            }
            let timer = match &mut self.timer {
                Some((until, timer)) if *until == deadline => timer,
                other => &mut other.insert((deadline, self.hermod.runtime().sleep(left))).1,
            };
            let cycle = &mut self.cycle;
            let poll = poll_fn(|context| match cycle {
                Some(cycle) => cycle.as_mut().poll(context),
                None => Poll::Pending,
            });
            match race(arrival, race(poll, timer)).await {
                Either::First(()) => {}
                Either::Second(Either::First(outcome)) => {
                    self.cycle = None;
                    if self.polled(outcome) {
                        return Ok(self.ended(By::Poll));
                    }
                }
                // Look once more, whatever the clock of the day says.
                Either::Second(Either::Second(())) => {
                    self.past = true;
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
                self.reports.decided_by(*report);
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
        let reports = letters(&self.hermod, &*self.inbox, &self.pending, &self.ids).await?;
        for (message, report) in reports {
            if report.is_final() {
                self.add(report);
                continue;
            }
            // The receiver knows a spelling that this dialect lacks.
            self.unfinished = Some(Box::new(report.clone()));
            if let Some(watch) = &mut self.watch {
                watch.letter(message, report);
            }
        }
        let over = self.reports.decide();
        if let Some(watch) = &mut self.watch {
            let unfinished = letters(&self.hermod, &*self.inbox, &self.pending, &watch.progress).await?;
            for (message, report) in unfinished {
                // One that is final only for this dialect counts at the end, as it does where nobody watches.
                if !report.is_final() {
                    watch.letter(message, report);
                }
            }
            if !over {
                watch.answers(self.reports.list());
            }
        }
        Ok(over)
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
