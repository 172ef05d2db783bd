//! `android-key`: the key store certifies the credential key and describes it in the certificate (W3C Web Authentication section 8.4).

use super::ceremony::Ceremony;
use super::certificate::{self, Chain};
use super::der::{CONTEXT, Element, Reader};
use super::key;
use super::reason::{AttestationWrong as Wrong, Stop};

/// The key store's description of the key.
const DESCRIPTION: &str = "1.3.6.1.4.1.11129.2.1.17";

/// Fields of an authorisation list, by tag.
const PURPOSE: u32 = 1;
const ALL_APPLICATIONS: u32 = 600;
const ORIGIN: u32 = 702;

/// `KM_PURPOSE_SIGN` and `KM_ORIGIN_GENERATED`.
const SIGN: &[u8] = &[2];
const GENERATED: &[u8] = &[0];

pub(super) fn check(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    let chain = Chain::read(ceremony.statement)?;
    ceremony.verify_statement(&chain.key, &ceremony.message())?;
    if !chain
        .key
        .is_same_key(&key::credential_key(&ceremony.credential.key)?)
    {
        return Err(Wrong::KeyDiffers.into());
    }
    let extension = certificate::extension(&chain.leaf, DESCRIPTION).ok_or(Wrong::AndroidDescription)?;
    let description = Description::read(&extension.value).ok_or(Wrong::AndroidDescription)?;
    if description.challenge != ceremony.client_data_hash {
        return Err(Wrong::AndroidChallenge.into());
    }
    description.authorisations()?;
    chain.links()
}

/// What of the description the rules are about.
struct Description<'a> {
    challenge: &'a [u8],
    /// Both lists: a relying party that does not ask for hardware takes what either says.
    fields: Vec<Element<'a>>,
}

impl<'a> Description<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(Reader::only(value, 0x30)?);
        // Version and security level of the attestation, then of the key store.
        for tag in [0x02, 0x0a, 0x02, 0x0a] {
            reader.expect(tag)?;
        }
        let challenge = reader.expect(0x04)?;
        // The unique id of the device, empty for WebAuthn.
        reader.expect(0x04)?;
        let mut fields = Vec::new();
        for _ in 0..2 {
            let mut list = Reader::new(reader.expect(0x30)?);
            while !list.is_empty() {
                fields.push(list.next()?);
            }
        }
        reader.is_empty().then_some(Self { challenge, fields })
    }

    fn values(&self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| field.class == CONTEXT && field.number == number)
            .map(|field| field.contents)
    }

    fn authorisations(&self) -> Result<(), Wrong> {
        let wrong = |what| Err(Wrong::AndroidAuthorizations(what));
        if self.values(ALL_APPLICATIONS).next().is_some() {
            return wrong("the key is for all applications");
        }
        let mut origins = self.values(ORIGIN).peekable();
        if origins.peek().is_none() || origins.any(|origin| Reader::only(origin, 0x02) != Some(GENERATED)) {
            return wrong("the key was not made in the key store");
        }
        let mut purposes = self.values(PURPOSE).peekable();
        if purposes.peek().is_none() || purposes.any(|purpose| !signs(purpose)) {
            return wrong("the key is not for signing");
        }
        Ok(())
    }
}

/// Whether a set of purposes has signing.
fn signs(set: &[u8]) -> bool {
    let Some(purposes) = Reader::only(set, 0x31) else {
        return false;
    };
    let mut purposes = Reader::new(purposes);
    let mut found = false;
    while !purposes.is_empty() {
        match purposes.expect(0x02) {
            Some(purpose) => found |= purpose == SIGN,
            None => return false,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSES: &[u8] = &[0xa1, 8, 0x31, 6, 2, 1, 2, 2, 1, 3];
    const ORIGIN_GENERATED: &[u8] = &[0xbf, 0x85, 0x3e, 3, 2, 1, 0];

    /// A description with this hardware list.
    fn description(list: &[u8]) -> Vec<u8> {
        let short = |length: usize| u8::try_from(length).unwrap();
        let head = [
            2,
            1,
            3,
            0x0a,
            1,
            1,
            2,
            1,
            4,
            0x0a,
            1,
            1,
            4,
            1,
            9,
            4,
            0,
            0x30,
            0,
            0x30,
            short(list.len()),
        ];
        let length = short(head.len() + list.len());
        [&[0x30, length], head.as_slice(), list].concat()
    }

    fn said(list: &[&[u8]]) -> Option<Result<(), Wrong>> {
        let description = description(&list.concat());
        Description::read(&description).map(|description| description.authorisations())
    }

    #[test]
    fn a_key_signs_and_was_made_in_the_store() {
        assert_eq!(said(&[PURPOSES, ORIGIN_GENERATED]), Some(Ok(())));
        let verify_only: &[u8] = &[0xa1, 5, 0x31, 3, 2, 1, 3];
        let no_set: &[u8] = &[0xa1, 3, 2, 1, 2];
        let imported: &[u8] = &[0xbf, 0x85, 0x3e, 3, 2, 1, 2];
        let wrong: [&[&[u8]]; 6] = [
            &[PURPOSES],
            &[ORIGIN_GENERATED],
            &[verify_only, ORIGIN_GENERATED],
            &[no_set, ORIGIN_GENERATED],
            // Two lists that disagree.
            &[PURPOSES, ORIGIN_GENERATED, imported],
            &[PURPOSES, verify_only, ORIGIN_GENERATED],
        ];
        for list in wrong {
            let said = said(list);
            assert!(
                matches!(said, Some(Err(Wrong::AndroidAuthorizations(_)))),
                "{list:02x?}: {said:?}"
            );
        }
    }

    #[test]
    fn a_description_is_whole() {
        let whole = description(&[PURPOSES, ORIGIN_GENERATED].concat());
        assert_eq!(Description::read(&whole).unwrap().challenge, [9]);
        for end in 0..whole.len() {
            assert!(Description::read(&whole[..end]).is_none(), "{end}");
        }
        assert!(Description::read(&[whole, vec![0]].concat()).is_none());
        assert!(said(&[PURPOSES, &[0xa1]]).is_none());
    }
}
