//! One piece of work that many tasks wait for.
//!
//! The first task begins it, all of them drive it: whichever is polled moves it on, so that a task that is given up, or that is kept
//! without being polled, does not stop the others. No runtime is needed for that, and nothing runs on when nobody waits any more: the
//! work is dropped with the last of those who wait.

use std::collections::BTreeMap;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use smartid_core::BoxFuture;

pub(super) struct Round<T> {
    work: Mutex<Work<T>>,
    waiting: Arc<Waiting>,
}

enum Work<T> {
    Running(BoxFuture<'static, T>),
    Done(T),
    /// It panicked while it was polled.
    Lost,
}

/// Those who wait. To wake this is to wake all of them.
#[derive(Default)]
struct Waiting(Mutex<Tickets>);

#[derive(Default)]
struct Tickets {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let wakers: Vec<Waker> = lock(&self.0).wakers.values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<T> Round<T> {
    pub(super) fn new(work: BoxFuture<'static, T>) -> Arc<Self> {
        Arc::new(Self {
            work: Mutex::new(Work::Running(work)),
            waiting: Arc::default(),
        })
    }

    /// Waits for the work, and does it; `None` when it panicked in another task.
    pub(super) fn join(self: Arc<Self>) -> Wait<T> {
        let mut tickets = lock(&self.waiting.0);
        let ticket = tickets.next;
        tickets.next += 1;
        drop(tickets);
        Wait {
            round: self,
            ticket,
            ended: false,
        }
    }
}

pub(super) struct Wait<T> {
    round: Arc<Round<T>>,
    ticket: u64,
    ended: bool,
}

impl<T: Clone> Future for Wait<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let round = Arc::clone(&self.round);
        let waker = context.waker().clone();
        lock(&round.waiting.0).wakers.insert(self.ticket, waker);
        let mut work = lock(&round.work);
        let outcome = match mem::replace(&mut *work, Work::Lost) {
            Work::Running(mut future) => {
                let all = Waker::from(Arc::clone(&round.waiting));
                match future.as_mut().poll(&mut Context::from_waker(&all)) {
                    Poll::Pending => {
                        *work = Work::Running(future);
                        return Poll::Pending;
                    }
                    Poll::Ready(value) => {
                        *work = Work::Done(value.clone());
                        drop(work);
                        Arc::clone(&round.waiting).wake();
                        Some(value)
                    }
                }
            }
            Work::Done(value) => {
                *work = Work::Done(value.clone());
                Some(value)
            }
            Work::Lost => None,
        };
        self.ended = true;
        Poll::Ready(outcome)
    }
}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        lock(&self.round.waiting.0).wakers.remove(&self.ticket);
        if !self.ended {
            // It may have been this one that was to go on.
            Arc::clone(&self.round.waiting).wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts how often it was woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll<T: Clone>(wait: &mut Wait<T>, task: &Arc<Task>) -> Poll<Option<T>> {
        Pin::new(wait).poll(&mut Context::from_waker(&Waker::from(Arc::clone(task))))
    }

    /// Ends when it is told to; counts its polls; tells when it is dropped.
    struct Gate {
        open: Arc<Mutex<(bool, Option<Waker>)>>,
        polled: Arc<AtomicUsize>,
        dropped: Arc<AtomicUsize>,
    }

    impl Future for Gate {
        type Output = u8;
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u8> {
            self.polled.fetch_add(1, Ordering::SeqCst);
            let mut open = lock(&self.open);
            if open.0 {
                Poll::Ready(7)
            } else {
                open.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    impl Drop for Gate {
        fn drop(&mut self) {
            self.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }

    struct Bench {
        round: Arc<Round<u8>>,
        open: Arc<Mutex<(bool, Option<Waker>)>>,
        polled: Arc<AtomicUsize>,
        dropped: Arc<AtomicUsize>,
    }

    fn bench() -> Bench {
        let (open, polled, dropped) = (Arc::default(), Arc::default(), Arc::default());
        let gate = Gate {
            open: Arc::clone(&open),
            polled: Arc::clone(&polled),
            dropped: Arc::clone(&dropped),
        };
        Bench {
            round: Round::new(Box::pin(gate)),
            open,
            polled,
            dropped,
        }
    }

    fn open(bench: &Bench) {
        let waker = {
            let mut open = lock(&bench.open);
            open.0 = true;
            open.1.take()
        };
        waker.unwrap().wake();
    }

    #[test]
    fn all_get_the_one_outcome() {
        let bench = bench();
        let task = Arc::new(Task::default());
        let mut waits: Vec<_> = (0..5).map(|_| Arc::clone(&bench.round).join()).collect();
        assert!(waits.iter_mut().all(|wait| poll(wait, &task).is_pending()));
        open(&bench);
        assert_eq!(task.0.load(Ordering::SeqCst), 5);
        for wait in &mut waits {
            assert_eq!(poll(wait, &task), Poll::Ready(Some(7)));
        }
        // Five that waited, and one that found it done.
        assert_eq!(bench.polled.load(Ordering::SeqCst), 6);
    }

    #[test]
    fn work_that_ends_by_itself_is_told_to_all() {
        let mut left = 2;
        let work = std::future::poll_fn(move |_| {
            left -= 1;
            if left < 0 {
                Poll::Ready(7_u8)
            } else {
                Poll::Pending
            }
        });
        let round = Round::new(Box::pin(work));
        let (first, second) = (Arc::new(Task::default()), Arc::new(Task::default()));
        let (mut one, mut two) = (Arc::clone(&round).join(), round.join());
        assert!(poll(&mut one, &first).is_pending() && poll(&mut two, &second).is_pending());
        assert_eq!(poll(&mut one, &first), Poll::Ready(Some(7)));
        assert_eq!(second.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(&mut two, &second), Poll::Ready(Some(7)));
    }

    #[test]
    fn the_first_may_go_or_sleep_and_the_others_go_on() {
        for gone in [true, false] {
            let bench = bench();
            let (first, second) = (Arc::new(Task::default()), Arc::new(Task::default()));
            let mut leader = Some(Arc::clone(&bench.round).join());
            let mut other = Arc::clone(&bench.round).join();
            assert!(poll(leader.as_mut().unwrap(), &first).is_pending());
            assert!(poll(&mut other, &second).is_pending());
            if gone {
                leader = None;
                assert_eq!(second.0.load(Ordering::SeqCst), 1, "it is told to look");
            }
            open(&bench);
            assert!(second.0.load(Ordering::SeqCst) >= 1);
            assert_eq!(poll(&mut other, &second), Poll::Ready(Some(7)));
            if let Some(mut leader) = leader {
                assert_eq!(poll(&mut leader, &first), Poll::Ready(Some(7)));
            }
        }
    }

    #[test]
    fn nothing_runs_on_when_nobody_waits() {
        let Bench { round, dropped, .. } = bench();
        let task = Arc::new(Task::default());
        let mut wait = round.join();
        assert!(poll(&mut wait, &task).is_pending());
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        drop(wait);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn work_that_panics_is_lost_and_the_others_are_told() {
        let round: Arc<Round<u8>> = Round::new(Box::pin(std::future::poll_fn(|_| panic!("a test"))));
        let task = Arc::new(Task::default());
        let (first, mut other) = (Arc::clone(&round).join(), round.join());
        lock(&other.round.waiting.0)
            .wakers
            .insert(other.ticket, Waker::from(Arc::clone(&task)));
        let thread = std::thread::spawn(move || {
            let mut first = first;
            let _ = poll(&mut first, &Arc::new(Task::default()));
        });
        assert!(thread.join().is_err());
        assert_eq!(task.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(&mut other, &task), Poll::Ready(None));
    }
}
