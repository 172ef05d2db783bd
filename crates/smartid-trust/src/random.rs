//! Bytes that nobody can guess.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;

/// Fills with bytes that nobody can guess; tests fill with others.
pub(crate) type Random<'a> = dyn FnMut(&mut [u8]) -> Result<(), Unspecified> + 'a;

/// The secure source.
pub(crate) fn system_random(bytes: &mut [u8]) -> Result<(), Unspecified> {
    rand::fill(bytes)
}

/// So many random bytes.
pub(crate) fn draw<const N: usize>(random: &mut Random<'_>) -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    random(&mut bytes)?;
    Ok(bytes)
}
