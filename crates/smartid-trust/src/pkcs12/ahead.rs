//! Looks ahead for the derivations that a container will need.
//!
//! A container says in the clear how its contents and most of its keys are encrypted. Knowing all of that at once lets two derivations
//! run beside each other, and lets a container that asks for too much be refused before anything is derived. What is not well formed is
//! passed over here: it is refused in its place.

use super::bags::SHROUDED_KEY;
use super::ber::{self, BerReader};
use super::container::{DATA, ENCRYPTED_DATA, Opener, octets};
use crate::Refusal;
use crate::der::{self, DerError, Reader, tag};
use crate::pbe::Scheme;

/// AlgorithmIdentifiers, in DER.
type Algorithms = Vec<Vec<u8>>;

impl Opener<'_> {
    /// Derives for everything that is visible in an authenticated safe.
    pub(super) fn look_ahead(&mut self, safe: &[u8]) -> Result<(), Refusal> {
        let mut found = Algorithms::new();
        _ = contents(safe, &mut found);
        self.derive_for(&found)
    }

    /// Derives for everything that is visible in a list of bags.
    pub(super) fn look_ahead_in_bags(&mut self, list: &[u8]) -> Result<(), Refusal> {
        let mut found = Algorithms::new();
        _ = bags(list, &mut found);
        self.derive_for(&found)
    }

    fn derive_for(&mut self, algorithms: &Algorithms) -> Result<(), Refusal> {
        let schemes: Vec<Scheme<'_>> = algorithms
            .iter()
            .filter_map(|algorithm| {
                let algorithm = Reader::only(algorithm, tag::SEQUENCE, "").ok()?;
                Scheme::parse(algorithm.contents, &self.budget).ok()
            })
            .collect();
        let password = self.password;
        let jobs = schemes.iter().flat_map(|scheme| scheme.jobs(password)).collect();
        self.budget.prepare(jobs)
    }
}

/// AuthenticatedSafe.
fn contents(safe: &[u8], found: &mut Algorithms) -> Result<(), DerError> {
    let mut contents = ber::first(safe)?.reader();
    while !contents.is_empty() {
        let mut info = contents.next()?.reader();
        let oid = info.oid("")?;
        let content = info.next()?;
        if oid == DATA {
            bags(&octets(content.contents, "")?, found)?;
        } else if oid == ENCRYPTED_DATA {
            let mut data = content.reader().next()?.reader();
            data.next()?;
            let mut info = data.next()?.reader();
            info.next()?;
            algorithm(&mut info, found)?;
        }
    }
    Ok(())
}

/// SafeContents.
fn bags(list: &[u8], found: &mut Algorithms) -> Result<(), DerError> {
    let mut bags = ber::first(list)?.reader();
    while !bags.is_empty() {
        let mut bag = bags.next()?.reader();
        if bag.oid("")? == SHROUDED_KEY {
            algorithm(&mut bag.next()?.reader().next()?.reader(), found)?;
        }
    }
    Ok(())
}

fn algorithm(reader: &mut BerReader<'_>, found: &mut Algorithms) -> Result<(), DerError> {
    found.push(der::definite(reader.next()?.whole)?.into_owned());
    Ok(())
}
