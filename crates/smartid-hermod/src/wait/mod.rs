//! Waiting for a person: callback or poll, whichever comes first.
//!
//! A callback may be lost (it may be tried only once), and the poll path is a guess. So both are used, and neither ends the wait by
//! failing: polls that fail several times in a row are given up, with a warning that says why, and the callback is waited for alone. The
//! wait itself ends soon after the command's `timeout`, and never after its `lifespan`. A wait that is dropped loses nothing: outcomes
//! stay in the inbox until [`Hermod::acknowledge`] takes them.

use std::future::Future;

use smartid_core::{BoxFuture, CallPolicy, CorrelationId, Either, Error, Inbox, StoreError, Timestamp, race};

use crate::client::Hermod;
use crate::commands::CommandStatus;
use crate::dialect::HermodDialect;
use crate::ids::CommandId;
use crate::pending::{PROGRESS, Pending, SERVICE, correlation_ids};
use crate::report::CommandReport;
use crate::state::State;

mod policy;

pub use policy::{PollHealth, PollPolicy};

/// Who brought the end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum By {
    /// A callback.
    Callback,
    /// A poll.
    Poll,
    /// The clock.
    Deadline,
}

/// The end of a wait.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waited {
    /// The final report; `None` when the deadline passed without one.
    pub report: Option<CommandReport>,
    /// Who brought it.
    pub by: By,
    /// How polling went.
    pub polling: PollHealth,
    /// When there is no final report: the last one that was not final, for diagnosis. Its state may be a spelling that the dialect lacks.
    pub unfinished: Option<CommandReport>,
}

/// What one step of a wait came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// The wait is over.
    Done(Box<Waited>),
    /// Nothing to do before this time, unless a letter arrives.
    Sleep {
        /// When to take the next step.
        until: Timestamp,
    },
}

/// One wait. [`Hermod::wait`] runs it; the steps are for those who sleep in their own way.
pub struct Waiter<'a> {
    hermod: &'a Hermod,
    inbox: &'a dyn Inbox,
    pending: &'a Pending,
    policy: PollPolicy,
    command: Vec<CorrelationId>,
    external: Vec<CorrelationId>,
    /// A poll's answer that is final but lacks what matters; the callback may still bring it.
    held: Option<Box<CommandReport>>,
    unfinished: Option<Box<CommandReport>>,
    health: PollHealth,
}

impl std::fmt::Debug for Waiter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiter")
            .field("pending", self.pending)
            .field("policy", &self.policy)
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

impl<'a> Waiter<'a> {
    /// For one command.
    #[must_use]
    pub fn new(hermod: &'a Hermod, inbox: &'a dyn Inbox, pending: &'a Pending, policy: &PollPolicy) -> Self {
        Self {
            hermod,
            inbox,
            pending,
            policy: *policy,
            command: correlation_ids(SERVICE, pending.command_id.as_ref(), None),
            external: correlation_ids(SERVICE, None, pending.external_id.as_ref()),
            held: None,
            unfinished: None,
            health: PollHealth::default(),
        }
    }

    /// Goes on with the health of an earlier wait for the same command.
    #[must_use]
    pub fn with_health(mut self, health: PollHealth) -> Self {
        self.health = health;
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
        let deadline = self.policy.deadline(self.pending);
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
            let ids = this.pending.correlation_ids();
            loop {
                let now = this.now();
                let next = this.health.due(this.pending, &this.policy, now);
                let mut cycle = cycle(this.hermod, this.pending, this.policy, next, now);
                let outcome = loop {
                    let arrival = this.inbox.arrival(&ids);
                    if let Some(report) = this.look().await? {
                        return Ok(this.done(Some(report), By::Callback));
                    }
                    let left = this.deadline().since(this.now());
                    if left.is_zero() {
                        return Box::pin(this.give_up()).await;
                    }
                    let timer = this.hermod.runtime().sleep(left);
                    // Anything else is a letter or the deadline: look.
                    if let Either::Second(Either::First(outcome)) =
                        race(arrival, race(cycle.as_mut(), timer)).await
                    {
                        break outcome;
                    }
                };
                drop(cycle);
                if let Some(report) = this.polled(outcome) {
                    return Ok(this.done(Some(report), By::Poll));
                }
            }
        }
    }

    /// One step without sleeping: looks into the inbox, polls if that is due, says when to come again.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn step(mut self) -> Result<(Step, PollHealth), StoreError> {
        if let Some(report) = self.look().await? {
            let waited = self.done(Some(report), By::Callback);
            return Ok(Self::ended(waited));
        }
        if self.deadline().since(self.now()).is_zero() {
            let waited = self.give_up().await?;
            return Ok(Self::ended(waited));
        }
        let now = self.now();
        let due = self.health.due(self.pending, &self.policy, now);
        if due.is_some_and(|due| due <= now) {
            let outcome = poll(self.hermod, self.pending, self.policy).await;
            if let Some(report) = self.polled(outcome) {
                let waited = self.done(Some(report), By::Poll);
                return Ok(Self::ended(waited));
            }
        }
        let deadline = self.deadline();
        let until = self.health.next.filter(|_| !self.health.is_degraded());
        let until = until.map_or(deadline, |next| next.earlier(deadline));
        Ok((Step::Sleep { until }, self.health))
    }

    fn ended(waited: Waited) -> (Step, PollHealth) {
        let health = waited.polling.clone();
        (Step::Done(Box::new(waited)), health)
    }

    fn done(self, report: Option<Box<CommandReport>>, by: By) -> Waited {
        Waited {
            unfinished: self.unfinished.filter(|_| report.is_none()).map(|report| *report),
            report: report.map(|report| *report),
            by,
            polling: self.health,
        }
    }

    /// The time is over: what was held back counts now.
    async fn give_up(mut self) -> Result<Waited, StoreError> {
        if self.health.settles.is_some() {
            // In another process than the one that heard it, it is asked for once more.
            let held = match self.held.take() {
                Some(held) => Some(held),
                None => poll(self.hermod, self.pending, self.policy).await.ok(),
            };
            if let Some(report) = held.filter(|report| report.is_final()) {
                return Ok(self.done(Some(report), By::Poll));
            }
        }
        let ids = correlation_ids(
            PROGRESS,
            self.pending.command_id.as_ref(),
            self.pending.external_id.as_ref(),
        );
        if let Some(letter) = self.inbox.peek(&ids).await? {
            match CommandReport::read(letter.body().clone(), self.hermod.dialect()) {
                // Stored by a receiver whose dialect did not know the spelling.
                Ok(report) if report.is_final() => {
                    return Ok(self.done(Some(Box::new(report)), By::Callback));
                }
                Ok(report) => self.unfinished = Some(Box::new(report)),
                Err(_) => {}
            }
        }
        Ok(self.done(None, By::Deadline))
    }

    /// The final report that the inbox has for this command. It stays there.
    async fn look(&mut self) -> Result<Option<Box<CommandReport>>, StoreError> {
        // Under the command id first, because that is what tells two commands with one external id apart.
        for ids in [&self.command, &self.external] {
            while let Some(letter) = self.inbox.peek(ids).await? {
                match verdict(letter.body(), self.pending, self.hermod.dialect()) {
                    Verdict::Final(report) => return Ok(Some(report)),
                    Verdict::Foreign => break,
                    // It stands before what is awaited, and tells nothing that would be missed.
                    Verdict::Unfinished(report) => self.unfinished = report,
                }
                if self.inbox.take(ids).await?.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// Takes a poll's outcome into account; a report that ends the wait is returned.
    fn polled(&mut self, outcome: Polled) -> Option<Box<CommandReport>> {
        let now = self.now();
        self.health.polls = self.health.polls.saturating_add(1);
        self.health.next = self.policy.interval.map(|interval| now + interval);
        let report = match outcome {
            Err(error) => {
                self.health.failed(&error, &self.policy);
                return None;
            }
            Ok(report) => report,
        };
        self.health.failures = 0;
        if !report.is_final() {
            self.unfinished = Some(report).filter(|report| report.state != State::InProgress);
            return None;
        }
        if !self.pending.expects_response || !report.is_bare() {
            return Some(report);
        }
        // The state is final but the answer is not there: the callback may bring it. Asking again brings nothing new.
        self.health.degraded = Some("the poll tells the state but not the outcome".to_owned());
        self.health.settles = Some(if report.opened() {
            self.policy.deadline(self.pending)
        } else {
            now + self.policy.settle
        });
        self.held = Some(report);
        None
    }
}

type Polled = Result<Box<CommandReport>, Error>;

/// Asks once.
async fn poll(hermod: &Hermod, pending: &Pending, policy: PollPolicy) -> Polled {
    let id = pending
        .command_id
        .as_ref()
        .map(CommandId::as_str)
        .unwrap_or_default();
    let limits = CallPolicy::default()
        .with_attempts(1)
        .with_attempt_limit(policy.attempt_limit)
        .with_total_limit(policy.attempt_limit);
    let poll = CommandStatus::new(id);
    // Boxed, so that a flow that sleeps is small.
    let report = Box::pin(hermod.call_with(&poll, limits)).await?;
    Ok(Box::new(report))
}

/// Sleeps until a poll is due, and polls. Without anything due it never ends.
fn cycle<'a>(
    hermod: &'a Hermod,
    pending: &'a Pending,
    policy: PollPolicy,
    next: Option<Timestamp>,
    now: Timestamp,
) -> BoxFuture<'a, Polled> {
    let Some(next) = next else {
        return Box::pin(std::future::pending());
    };
    Box::pin(async move {
        let left = next.since(now);
        if !left.is_zero() {
            hermod.runtime().sleep(left).await;
        }
        poll(hermod, pending, policy).await
    })
}

enum Verdict {
    Final(Box<CommandReport>),
    Foreign,
    Unfinished(Option<Box<CommandReport>>),
}

fn verdict(body: &bytes::Bytes, pending: &Pending, dialect: &HermodDialect) -> Verdict {
    let Ok(report) = CommandReport::read(body.clone(), dialect) else {
        return Verdict::Unfinished(None);
    };
    let differs = match (&report.command_id, &pending.command_id) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    if differs {
        Verdict::Foreign
    } else if report.is_final() {
        Verdict::Final(Box::new(report))
    } else {
        Verdict::Unfinished(Some(Box::new(report)))
    }
}

impl Hermod {
    /// Waits for the end of a command, by callback or poll, whichever comes first.
    ///
    /// It ends with a final report, or some time after the command's `timeout` without one. The outcome stays in the inbox, so nothing
    /// is lost when this future is dropped; [`acknowledge`](Self::acknowledge) takes it once it has been dealt with.
    ///
    /// # Errors
    /// [`StoreError`] when the inbox cannot be read. Nothing is lost then: wait again.
    pub async fn wait(
        &self,
        inbox: &dyn Inbox,
        pending: &Pending,
        policy: &PollPolicy,
    ) -> Result<Waited, StoreError> {
        Waiter::new(self, inbox, pending, policy).run().await
    }

    /// One step of a wait, without sleeping. `health` is what the step before returned, or the default.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn wait_step(
        &self,
        inbox: &dyn Inbox,
        pending: &Pending,
        policy: &PollPolicy,
        health: PollHealth,
    ) -> Result<(Step, PollHealth), StoreError> {
        Waiter::new(self, inbox, pending, policy)
            .with_health(health)
            .step()
            .await
    }

    /// Takes the command's letters out of the inbox, when its outcome has been dealt with.
    ///
    /// # Errors
    /// [`StoreError`] when the inbox cannot be read.
    pub async fn acknowledge(&self, inbox: &dyn Inbox, pending: &Pending) -> Result<(), StoreError> {
        for ids in [
            correlation_ids(SERVICE, pending.command_id.as_ref(), None),
            correlation_ids(SERVICE, None, pending.external_id.as_ref()),
        ] {
            while let Some(letter) = inbox.peek(&ids).await? {
                let foreign = matches!(verdict(letter.body(), pending, self.dialect()), Verdict::Foreign);
                if foreign || inbox.take(&ids).await?.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}
