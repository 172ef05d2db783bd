//! The checksum of a container: MacData of RFC 7292, and PBMAC1 in its place (RFC 9579).

use crate::der::{self, DerError, Oid, Reader, tag};
use crate::pbe::{self, Budget, Derivation, Hash, Password, Purpose};
use crate::{Reason, Refusal};

use super::ber::BerReader;
use super::container::unsupported;

const PBMAC1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 14]);

/// Lengths of a key of PBMAC1 that are accepted, in octets. Shorter ones can be guessed without the password (RFC 9579 9); longer ones
/// than a block are digested again before they are used.
const KEY_LENS: std::ops::RangeInclusive<u64> = 20..=1024;

/// The form of the password that fits.
pub(super) struct Verified<'a> {
    pub(super) password: Password<'a>,
    /// Whether the form is one of those that the schemes of RFC 7292 take.
    pub(super) shows_the_form: bool,
}

/// MacData (RFC 7292 4).
pub(super) fn verify<'a>(
    mac: &[u8],
    safe: &[u8],
    password: Password<'a>,
    budget: &mut Budget,
) -> Result<Verified<'a>, Refusal> {
    let mut mac = BerReader::new(mac);
    let info = mac.expect(tag::SEQUENCE, "a checksum without its algorithm")?;
    let salt = mac.octet_string("a checksum without its salt")?.octets()?;
    let iterations = mac.optional(tag::INTEGER)?;
    mac.end()?;
    let mut info = info.reader();
    let identifier = info.expect(tag::SEQUENCE, "a checksum without its digest")?;
    let value = info.octet_string("a checksum without its octets")?.octets()?;
    info.end()?;
    let identifier = der::definite(identifier.whole)?;
    let mut identifier = Reader::only(&identifier, tag::SEQUENCE, "")?.reader();
    let oid = identifier.oid("a digest without its identifier")?;
    if oid == PBMAC1 {
        // Salt and iterations beside it are not used (RFC 9579 4).
        pbmac1(identifier, safe, &value, password, budget)?;
        return Ok(Verified {
            password,
            shows_the_form: false,
        });
    }
    let hash = Hash::from_digest(&oid).ok_or_else(|| unsupported("checksum with", &oid))?;
    identifier.optional(tag::NULL)?;
    identifier.end()?;
    let iterations = match iterations {
        None => 1,
        Some(count) => {
            let count = der::definite(count.whole)?;
            let count = Reader::only(&count, tag::INTEGER, "an iteration count that is no number")?;
            pbe::number_of_iterations(&count)?
        }
    };
    for password in password.wide_forms() {
        let length = hash.output_len;
        let job = pbe::pkcs12(hash, Purpose::Mac, password, &salt, iterations, length);
        let key = budget.derive(job)?;
        if hash.is_hmac(&key, safe, &value) {
            return Ok(Verified {
                password,
                shows_the_form: true,
            });
        }
    }
    Err(Reason::WrongPassword.into())
}

/// PBMAC1-params (RFC 8018 A.5).
fn pbmac1(
    mut identifier: Reader<'_>,
    safe: &[u8],
    value: &[u8],
    password: Password<'_>,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    let mut parameters = identifier
        .expect(tag::SEQUENCE, "PBMAC1 without its parameters")?
        .reader();
    identifier.end()?;
    let derivation = parameters.expect(tag::SEQUENCE, "PBMAC1 without its key derivation")?;
    let mut scheme = parameters
        .expect(tag::SEQUENCE, "PBMAC1 without its HMAC")?
        .reader();
    parameters.end()?;
    let oid = scheme.oid("an HMAC without its identifier")?;
    scheme.optional(tag::NULL)?;
    scheme.end()?;
    let hash = Hash::from_hmac(&oid).ok_or_else(|| unsupported("checksum with", &oid))?;
    let derivation = Derivation::parse(derivation.reader(), budget)?;
    // RFC 9579 demands that the length is there.
    let length = derivation
        .key_len()
        .ok_or(DerError("PBMAC1 without the length of its key"))?;
    if length > *KEY_LENS.end() {
        return Err(Refusal::new(
            Reason::KdfIterations,
            format!("for a key of {length} octets"),
        ));
    }
    let length = usize::try_from(length)
        .ok()
        .filter(|_| KEY_LENS.contains(&length));
    let length = length.ok_or(DerError("PBMAC1 with a key that is too short"))?;
    let key = budget.derive(derivation.job(password, length))?;
    if hash.is_hmac(&key, safe, value) {
        return Ok(());
    }
    Err(Reason::WrongPassword.into())
}
