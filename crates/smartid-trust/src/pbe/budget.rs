//! How much work a file may cause, and what it has caused.
//!
//! The file says how many iterations a derivation takes, so the cost is counted before anything is derived. Iterations differ in what
//! they cost by a factor of ten, so what is counted is work: one unit is about a nanosecond of one processor (see
//! `pkcs12::DEFAULT_MAX_WORK` for the machine). What is known beforehand to be needed is derived on two threads, and counts as long as
//! the longer of them takes: people wait for the clock.

use std::num::NonZeroU32;

use zeroize::Zeroizing;

use crate::{Reason, Refusal};

/// What is left for a file.
pub(crate) struct Budget {
    left: u64,
    max_iterations: u64,
    #[cfg(feature = "pkcs12")]
    scrypt_memory: Option<u64>,
    /// What was derived already: a container may have the same salt in many places.
    derived: Vec<Derived>,
}

struct Derived {
    from: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
}

/// A derivation that is not made yet.
pub(crate) struct Job<'a> {
    /// Everything that the key depends on.
    from: Zeroizing<Vec<u8>>,
    iterations: NonZeroU32,
    work: u64,
    derive: Box<dyn FnOnce() -> Zeroizing<Vec<u8>> + Send + 'a>,
}

/// So many derivations are remembered. A container that is meant to be opened has fewer.
const REMEMBERED: usize = 64;
/// Longest salt and password, together and in octets, for which that is done.
const REMEMBERED_LEN: usize = 4096;
/// Less work than this is not worth a thread.
#[cfg(feature = "pkcs12")]
const WORTH_A_THREAD: u64 = 2_000_000;

impl<'a> Job<'a> {
    /// `each` is what an iteration of one of `blocks` takes.
    pub(super) fn new(
        from: &[&[u8]],
        length: usize,
        iterations: NonZeroU32,
        blocks: usize,
        each: u64,
        derive: impl FnOnce() -> Zeroizing<Vec<u8>> + Send + 'a,
    ) -> Self {
        let len = from
            .iter()
            .map(|part| part.len() + size_of::<usize>())
            .sum::<usize>();
        let mut whole = Zeroizing::new(Vec::with_capacity(len + size_of::<usize>()));
        whole.extend_from_slice(&length.to_be_bytes());
        for part in from {
            whole.extend_from_slice(&part.len().to_be_bytes());
            whole.extend_from_slice(part);
        }
        let blocks = u64::try_from(blocks).unwrap_or(u64::MAX);
        Self {
            from: whole,
            iterations,
            work: u64::from(iterations.get())
                .saturating_mul(blocks)
                .saturating_mul(each),
            derive: Box::new(derive),
        }
    }

    /// What it takes beside its iterations.
    #[cfg(feature = "pkcs12")]
    pub(super) fn with_more(mut self, work: u64) -> Self {
        self.work = self.work.saturating_add(work);
        self
    }

    fn run(self) -> Derived {
        Derived {
            from: self.from,
            key: (self.derive)(),
        }
    }
}

impl Budget {
    /// `max_iterations` for each derivation, `work` for all of them together.
    pub(crate) const fn new(max_iterations: u64, work: u64) -> Self {
        Self {
            left: work,
            max_iterations,
            #[cfg(feature = "pkcs12")]
            scrypt_memory: None,
            derived: Vec::new(),
        }
    }

    /// Takes scrypt with so many octets of memory.
    #[cfg(feature = "pkcs12")]
    pub(crate) const fn with_scrypt(mut self, memory: Option<u64>) -> Self {
        self.scrypt_memory = memory;
        self
    }

    #[cfg(feature = "pkcs12")]
    pub(super) const fn scrypt_memory(&self) -> Option<u64> {
        self.scrypt_memory
    }

    /// The units that are left.
    #[cfg(all(test, feature = "pkcs12"))]
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    /// Takes `work` out.
    pub(crate) fn charge(&mut self, work: u64) -> Result<(), Refusal> {
        self.left = self
            .left
            .checked_sub(work)
            .ok_or_else(|| Refusal::new(Reason::KdfIterations, "for everything in it together"))?;
        Ok(())
    }

    /// The key, derived within the budget, or remembered.
    pub(crate) fn derive(&mut self, job: Job<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if u64::from(job.iterations.get()) > self.max_iterations {
            return Err(too_many(job.iterations));
        }
        if let Some(derived) = self.derived.iter().find(|derived| *derived.from == *job.from) {
            return Ok(derived.key.clone());
        }
        self.charge(job.work)?;
        let derived = job.run();
        let key = derived.key.clone();
        self.remember([derived]);
        Ok(key)
    }

    fn remember(&mut self, derived: impl IntoIterator<Item = Derived>) {
        let left = REMEMBERED.saturating_sub(self.derived.len());
        let short = derived
            .into_iter()
            .filter(|derived| derived.from.len() <= REMEMBERED_LEN);
        self.derived.extend(short.take(left));
    }

    /// Makes what will be asked for, on two threads if it is worth it. What cannot be made here is left to be refused where it is asked
    /// for, save for too much work: then nothing is begun.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn prepare(&mut self, jobs: Vec<Job<'_>>) -> Result<(), Refusal> {
        let mut wanted: Vec<Job<'_>> = Vec::new();
        for job in jobs {
            let known = self.derived.iter().any(|derived| *derived.from == *job.from)
                || wanted.iter().any(|other| *other.from == *job.from);
            let small = job.from.len() <= REMEMBERED_LEN && self.derived.len() + wanted.len() < REMEMBERED;
            if !known && small && u64::from(job.iterations.get()) <= self.max_iterations {
                wanted.push(job);
            }
        }
        let all = wanted.iter().fold(0_u64, |all, job| all.saturating_add(job.work));
        if wanted.len() < 2 || all < WORTH_A_THREAD {
            return Ok(());
        }
        // The longest first, each to where less is to do.
        wanted.sort_by_key(|job| std::cmp::Reverse(job.work));
        let (mut here, mut there) = ((0_u64, Vec::new()), (0_u64, Vec::new()));
        for job in wanted {
            let lane = if here.0 <= there.0 { &mut here } else { &mut there };
            lane.0 = lane.0.saturating_add(job.work);
            lane.1.push(job);
        }
        self.charge(here.0.max(there.0))?;
        let run = |jobs: Vec<Job<'_>>| jobs.into_iter().map(Job::run).collect::<Vec<_>>();
        let (here, there) = std::thread::scope(|scope| {
            // Without another thread those keys are derived, and counted, one by one.
            let other = std::thread::Builder::new().spawn_scoped(scope, move || run(there.1));
            (run(here.1), other.ok().and_then(|other| other.join().ok()))
        });
        self.remember(here.into_iter().chain(there.unwrap_or_default()));
        Ok(())
    }
}

/// The refusal of one derivation.
pub(super) fn too_many(iterations: impl std::fmt::Display) -> Refusal {
    Refusal::new(Reason::KdfIterations, format!("{iterations} iterations"))
}
