//! Unpacks ZIP archives. Names and folders in them are not looked at: only contents count, and nothing is written anywhere.

use std::io::{Cursor, Read as _};

use bytes::Bytes;
use zip::ZipArchive;

use super::CertificatesError;

/// The most files of an archive.
const MAX_MEMBERS: usize = 256;
/// The longest file, in bytes, inflated.
const MAX_MEMBER: u64 = 1024 * 1024;
/// All of them, in bytes, inflated.
const MAX_INFLATED: u64 = 4 * 1024 * 1024;

const fn bad(what: &'static str) -> CertificatesError {
    CertificatesError::Unreadable(what)
}

const BROKEN: CertificatesError = bad("a file in the archive cannot be unpacked");

/// Gives the contents of each file.
pub(super) fn members(
    bytes: &Bytes,
    mut each: impl FnMut(Bytes) -> Result<(), CertificatesError>,
) -> Result<(), CertificatesError> {
    if bytes.len() > super::read::MAX_LEN {
        return Err(bad("the archive is too long"));
    }
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|_| bad("the archive is not well formed"))?;
    if archive.len() > MAX_MEMBERS {
        return Err(bad("the archive has more than 256 files"));
    }
    let mut inflated = 0_u64;
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|_| BROKEN)?;
        if !member.is_file() {
            continue;
        }
        let mut contents = Vec::new();
        // What the archive says of the size is not believed.
        let left = MAX_MEMBER.min(MAX_INFLATED.saturating_sub(inflated));
        let read = member
            .take(left + 1)
            .read_to_end(&mut contents)
            .map_err(|_| BROKEN)?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        if read > left {
            return Err(bad("the archive is too long when it is unpacked"));
        }
        inflated += read;
        each(contents.into())?;
    }
    Ok(())
}
